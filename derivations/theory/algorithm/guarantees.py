"""Section 4: what the coefficient of an algorithm guarantees, for rows that nobody foresaw.

From c(J) alone `fixed_rate` finds a fixed learning rate that is safe at every success rate,
`FixedRate.run` what a run with it does, and `iterations` how long it takes.  SymPy and sampling
make proposals; what is returned are theorems of the kernel.
"""

from __future__ import annotations

import importlib
import itertools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

from derivations import binomial, calculus, square_roots
from derivations.binomial import mean
from derivations.calculus import differentiate
from derivations.expectation import WITHIN
from derivations.kernel.terms import (
    Term,
    app,
    beta,
    both,
    eq,
    free_variables,
    function,
    lam,
    le,
    lt,
    nat,
    ne,
    num,
    real,
    sqrt,
    substitute,
    unfold,
)
from derivations.kernel.theorem import Theorem, infer
from derivations.library import prove
from derivations.search.claims import ClaimError, evaluate, from_sympy, to_sympy
from derivations.search.prove import prove as decide
from derivations.tactics import (
    ProofError,
    apply,
    assume,
    by_cases,
    conjunction,
    discharge,
    each_below,
    fold,
    have,
    instance,
    intro,
    obtain,
    part,
    rewrite,
    symmetric,
    transitive,
    where,
)
from derivations.tactics import replace as replaced
from derivations.theory.algorithm.bernstein import written_out
from derivations.theory.algorithm.edges import EDGE
from derivations.theory.algorithm.groups import N
from derivations.theory.algorithm.iterations import (
    COUNTS,
    END,
    SAFE,
    TRAINING,
    TRAJECTORY,
    Count,
    F,
    Jk,
    alpha,
    epsilon,
    m,
    run,
    while_safe,
)
from derivations.theory.algorithm.rates import (
    PEAK,
    RAYS,
    c,
    critical,
    curvature_positive,
    p,
    q,
)
from derivations.theory.algorithm.shape import by_gain, g, kept_between, moved_rays
from derivations.theory.algorithm.table import (
    INSIDE,
    Algorithm,
    Row,
    Value,
    elementary,
    polynomial_objective,
    restate_objective,
)
from derivations.theory.trajectory.one_step import KAPPA, SUCCESS, G, L
from derivations.theory.trajectory.runs import k

x, y, u = (real(name) for name in "xyu")

_AT_PEAK = (L + G**2) / KAPPA
_SMOOTH = assume(lt(0, L))
_SECONDS = 20.0  # for each scalar claim


def _sympy() -> Any:
    return importlib.import_module("sympy")


def _shown(goal: Term, *facts: Theorem) -> Theorem:
    """A scalar claim, by arithmetic from the facts or else by the prover."""
    try:
        return have(goal, *facts)
    except ProofError:
        answer = decide(goal, [f.conclusion for f in facts], timeout=_SECONDS)
    if answer.theorem is None:
        raise ProofError(f"cannot prove {goal!r}: {answer.reason}", goal)
    return discharge(answer.theorem, *facts)


def _given(theorem: Theorem, *facts: Theorem) -> Theorem:
    """The theorem without the hypotheses that are facts; the others stay."""
    for fact in facts:
        theorem = infer("detach", infer("discharge", theorem, formula=fact.conclusion), fact)
    return theorem


# The coefficient ----------------------------------------------------------------------------------


def row_of(algorithm: Algorithm) -> Row:
    """The row of an algorithm with groups of a fixed number of responses: its coefficient is
    written out, and its objective is `polynomial_objective`, or else what SymPy finds.

    Raises `ValueError` for a symbolic group size.

    >>> pairs = Algorithm("pairs", num(2), lambda k, J: 1 - k / 2, lambda k, J: -(k / 2))
    >>> row_of(pairs).coefficient(x)
    x*(1 - x)/2
    """
    if algorithm.size.kind != "num":
        raise ValueError(f"{algorithm.name}: write the coefficient for groups of {algorithm.size}")
    closed = _written(algorithm)
    value = closed.conclusion.args[1]

    def coefficient(at: Term) -> Term:
        return substitute(value, {x: at})

    plain = Row(algorithm, coefficient, lambda row: closed)
    try:
        objective, slope = polynomial_objective(algorithm)
    except ValueError:
        found = _objective(plain)
        return replace(plain, objective=found) if found else plain
    ascent = restate_objective(slope, plain, closed)
    return replace(plain, objective=objective, ascent=lambda row: ascent)


def _objective(row: Row) -> Value | None:
    """An elementary objective of a coefficient that is rational up to a factor; None if none is
    found."""
    sympy, slope = _sympy(), _sympy().together(to_sympy(row.slope))
    factor, rest = slope.as_independent(_point(), as_Add=False)
    if not rest.is_rational_function(_point()) or _roots(rest):
        return None
    found = sympy.integrate(sympy.apart(rest, _point()), _point())
    found = sympy.Add(*(factor * a for a in sympy.Add.make_args(_real_logarithms(found))))
    if found.has(sympy.RootSum, sympy.atan, sympy.Integral, sympy.I):
        return None
    value = from_sympy(found)
    try:
        elementary(row, lambda at: substitute(value, {x: at}))
    except ProofError:
        return None
    return lambda at: substitute(value, {x: at})


def _roots(expression: Any) -> set[Any]:
    """What roots are taken of in an expression."""
    return {p.base for p in expression.atoms(_sympy().Pow) if not p.exp.is_Integer}


def _real_logarithms(expression: Any) -> Any:
    """The expression with logarithms of what is positive at 1/2."""
    half, log_ = _sympy().Rational(1, 2), _sympy().log
    return expression.replace(log_, lambda a: log_(a if a.subs(_point(), half) > 0 else -a))


def _written(algorithm: Algorithm) -> Theorem:
    """``derived(x) = an elementary expression``, for 0 < x < 1."""
    size = int(algorithm.size.head)
    up, down = algorithm.weighted(x)
    means = [_mean(size - 1, lambda j: beta(up, [j + 1]) - beta(down, [j]))]
    opened = x * (1 - x) * means[0].conclusion.args[0]
    if algorithm.kept is not None:
        means.append(_mean(size, algorithm.kept))
        opened = opened / means[1].conclusion.args[0]
    made = have(eq(algorithm.derived(x), opened), unfold=("coefficient",))
    for mean_ in means:
        plain = replaced(opened, mean_.conclusion.args[0], u)
        made = infer("rewrite", mean_, made, template=lam(u, eq(algorithm.derived(x), plain)))
        opened = substitute(plain, {u: mean_.conclusion.args[1]})
    plain = made.conclusion.args[1]
    value = _tidy(plain)
    if value == plain:
        return made
    return transitive(made, have(eq(plain, value), *INSIDE, *_square_roots(plain)))


def _mean(trials: int, body: Callable[[Term], Term]) -> Theorem:
    """The binomial mean of a function of k, written out."""
    values = [number(body(num(j))) for j in range(trials + 1)]
    return written_out(lam(k, body(k)), values)


def number(value: Term) -> Theorem:
    """``value = a tidy expression``, for what a group contributes; with several roots in it, only
    what is rational is evaluated."""
    if x not in free_variables(value) and len(_roots(to_sympy(_without_zeros(value)))) > 1:
        return have(eq(value, _evaluated(value)), *_extremes(value))
    inside = INSIDE if x in free_variables(value) else []
    return have(eq(value, _tidy(value)), *_extremes(value), *_square_roots(value), *inside)


def _evaluated(term: Term) -> Term:
    """The term with its rational parts as numbers, products with 0 as 0."""
    exact = evaluate(term, {})
    if exact is not None:
        return num(exact)
    if term.kind != "app":
        return term
    args = [_evaluated(a) for a in term.args]
    if term.head in ("*", "/") and num(0) in args:
        return num(0)
    return app(term.head, *args)


def _extremes(term: Term) -> list[Theorem]:
    """The values of the minima and maxima of numbers in a term."""
    if term.kind != "app":
        return []
    found = [fact for a in term.args for fact in _extremes(a)]
    value = evaluate(term, {}) if term.head in ("min", "max") else None
    if value is None:
        return found
    name = "minimum.cases" if term.head == "min" else "maximum.cases"
    split = instance(name, x=term.args[0], y=term.args[1])
    return [*found, by_cases(split, *([lambda case: have(eq(term, value), case)] * 2))]


def _square_roots(term: Term) -> list[Theorem]:
    """The signs and squares of the roots of positive numbers, and of x (1 - x), in a term."""
    if term.kind != "app":
        return []
    found = [fact for a in term.args for fact in _square_roots(a)]
    if term == DEVIATION:
        return [*found, *_root(x * (1 - x), *INSIDE)]
    number_ = evaluate(term.args[0], {}) if term.head == "sqrt" else None
    if number_ is None or number_ <= 0:
        return found
    found += _root(num(number_))
    simple = from_sympy(to_sympy(sqrt(num(number_))))  # 2 sqrt(2) for sqrt(8)
    parts = [root for factor in (simple, *simple.args) if isinstance(factor, Term)
             and factor.head == "sqrt" for root in _root(factor.args[0])]  # fmt: skip
    rule = where(square_roots.root_unique(), {x: num(number_), y: simple})
    equal = discharge(rule, have(le(0, simple), *parts), have(eq(num(number_), simple**2), *parts))
    return [*found, *parts, equal]


def _root(value: Term, *facts: Theorem) -> list[Theorem]:
    """The sign and the square of the root of a positive expression."""
    positive = have(lt(0, value), *facts)
    sign = discharge(where(square_roots.root_positive(), {x: value}), positive)
    return [sign, square_roots.root_of(value, positive)]


DEVIATION = sqrt(x * (1 - x))


def _tidy(term: Term) -> Term:
    """The expression in factors that are positive at 1/2, where they are about x alone; the caller
    proves that it is equal.  A sum over groups with several roots in it is left as it is."""
    sympy = _sympy()
    root, variance = sympy.Symbol("root", positive=True), _point() * (1 - _point())
    positive = {sympy.Symbol("L", real=True): sympy.Symbol("L", positive=True)}
    expression = to_sympy(_without_zeros(term)).subs(sympy.sqrt(variance), root).subs(positive)
    if expression.free_symbols == {_point()} and len(_roots(expression)) > 1:
        return term
    factored = sympy.factor(expression)
    power = factored.as_independent(root)[1]
    odd = power.as_base_exp()[1] if power.as_base_exp()[0] == root else 0
    if odd % 2:
        factored = sympy.factor(factored / power * variance ** ((odd - 1) // 2))
    else:
        factored = factored.subs(root, sympy.sqrt(variance))
    top, bottom = sympy.fraction(factored)
    (over, above), (under, below) = _factors(top), _factors(bottom)
    over, under = sympy.fraction(over / under)
    if odd % 2:
        above.append(DEVIATION)
    value = _product(over, above)
    return value if under == 1 and not below else value / _product(under, below)


def _factors(expression: Any) -> tuple[Any, list[Term]]:
    """The number and the other factors of a product, the factor 1 - x written so."""
    sympy = _sympy()
    number_, factors = sympy.Integer(1), []
    for factor in sympy.Mul.make_args(expression):
        base, exponent = factor.as_base_exp()
        if base.free_symbols == {_point()} and base.subs(_point(), sympy.Rational(1, 2)) < 0:
            number_, base = number_ * (-1) ** exponent, sympy.expand(-base)
        if factor.is_number:
            number_ = number_ * factor
        else:
            factors.append(from_sympy(base**exponent))
    return number_, factors


def _product(number_: Any, factors: Sequence[Term]) -> Term:
    """The factors and the number in front of them, unless it is 1."""
    terms = [*([] if number_ == 1 and factors else [from_sympy(number_)]), *factors]
    product = terms[0]
    for factor in terms[1:]:
        product = product * factor
    return product


def _point() -> Any:
    """The success rate, for SymPy."""
    return _sympy().Symbol("x", real=True)


def _without_zeros(term: Term, symbols: bool = False) -> Term:
    """The term with 0 for products and quotients with a factor 0, whatever the others are: groups
    with equal rewards have advantages 0/0, which is 0 to the kernel."""
    if term.kind != "app":
        return term
    args = [_without_zeros(a, symbols) for a in term.args]
    if term.head in ("*", "/") and any(_vanishes(a, symbols) for a in args):
        return num(0)
    return app(term.head, *args)


def _vanishes(term: Term, symbols: bool) -> bool:
    """Whether a term is 0, for all values of its variables if `symbols`."""
    return evaluate(term, {}) == 0 or symbols and _sympy().cancel(to_sympy(term)) == 0


# The edges ----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Edges:
    """What a coefficient does near success and near failure: limits of c(J) or of c(J)/(1 - J) as
    J -> 1, of c(J) or of c(J)/J as J -> 0."""

    success: Theorem
    failure: Theorem


def edges_of(row: Row | Algorithm) -> Edges:
    """The edges of an algorithm (`algorithm.edge`, `algorithm.edge-kept`), in terms of its
    advantages, or for a row in terms of its coefficient.

    Raises `ValueError` for an algorithm whose advantages depend on the success rate, or that drops
    nearly uniform groups, too.

    >>> halves = Algorithm("halves", num(2), lambda k, J: 1 - k / 2, lambda k, J: -(k / 2))
    >>> edges_of(row_of(halves)).success.conclusion
    edge_limit(x |-> x*(1 - x)/2/(1 - x), 1, 1/2)
    """
    algorithm = row.algorithm if isinstance(row, Row) else row
    if any(x in free_variables(a) for a in algorithm.weighted(x)):
        raise ValueError(f"{algorithm.name}: its advantages depend on the success rate")
    up, down = algorithm.advantages(x)
    names = {N: algorithm.companions, function("a", "R"): up, function("b", "R"): down}
    if algorithm.kept is None:
        made = where(prove("algorithm.edge"), names)
        limits = [part(made, 0), part(made, 1)]
    else:
        made = where(prove("algorithm.edge-kept"),
                     {**names, function("d", "R"): lam(x, algorithm.kept(x))})  # fmt: skip
        cases = [part(made, 0), part(made, 1, 0), part(made, 1, 1, 0), part(made, 1, 1, 1)]
        limits = [_first_that_holds(algorithm, cases[:2]), _first_that_holds(algorithm, cases[2:])]
    closed = row.closing(row) if isinstance(row, Row) else None
    success, failure = (_edge_of(algorithm, limit, closed) for limit in limits)
    return Edges(success, failure)


def _first_that_holds(algorithm: Algorithm, cases: Sequence[Theorem]) -> Theorem:
    """The case whose premises about the weights can be proved."""
    for case in cases:
        try:
            while case.conclusion.head == "imp":
                case = infer("detach", case, _about_weights(case.conclusion.args[0]))
        except ProofError:
            continue
        return case
    raise ValueError(f"{algorithm.name}: groups at the edge are neither kept nor the only ones "
                     "that are dropped")  # fmt: skip


def _about_weights(goal: Term) -> Theorem:
    """A relation about weights, minima and maxima case by case."""
    inner = _extremum(goal)
    if inner is None:
        return have(goal, have(le(0, N)))
    name = "minimum.cases" if inner.head == "min" else "maximum.cases"
    split = instance(name, x=inner.args[0], y=inner.args[1])
    return by_cases(split, *([lambda case: have(goal, case, have(le(0, N)))] * 2))


def _extremum(term: Term) -> Term | None:
    """A minimum or maximum in a term."""
    if term.kind != "app" or term.head in ("min", "max"):
        return term if term.kind == "app" else None
    return next((found for a in term.args if (found := _extremum(a)) is not None), None)


def _edge_of(algorithm: Algorithm, limit: Theorem, closed: Theorem | None) -> Theorem:
    """The limit with its value in short, and with the coefficient in closed form."""
    ratio, at, old = limit.conclusion.args
    same = _short(old)
    new, body = same.conclusion.args[1], beta(ratio, [x])
    over = algorithm.kept is None or body.args[0].head == "/"
    named = algorithm.derived(x)
    plain = have(eq(body, named / body.args[1] if over else named))
    if closed is not None:
        plain = transitive(plain, _within_ratio(plain.conclusion.args[1], named, closed))
    opened = fold(limit, unfold(limit.conclusion, frozenset({"edge_limit"})))
    small, delta = assume(lt(0, epsilon)), real("delta")
    near = apply(opened, small, at=[epsilon])
    goal = EDGE(lam(x, plain.conclusion.args[1]), at, new)
    claim = beta(unfold(goal, frozenset({"edge_limit"})).args[0], [epsilon]).args[1]
    value = beta(goal.args[0], [u])

    def use(chosen: Theorem) -> Theorem:
        low, high = assume(lt(0, u)), assume(lt(u, 1))
        close = assume(WITHIN(u - at, delta))
        inner = apply(part(chosen, 1), low, high, close, at=[u])
        inner = fold(inner, WITHIN(beta(ratio, [u]) - old, epsilon))
        moved = discharge(where(plain, {x: u}), low, high)
        inner = infer("rewrite", moved, inner, template=lam(y, WITHIN(y - old, epsilon)))
        inner = infer("rewrite", same, inner, template=lam(y, WITHIN(value - y, epsilon)))
        inner = intro(inner, u, low.conclusion, high.conclusion, close.conclusion)
        return infer("witness", conjunction(part(chosen, 0), inner), formula=claim, terms=(delta,))

    return fold(intro(obtain(near, [delta], use), epsilon, small.conclusion), goal)


def _within_ratio(ratio: Term, old: Term, same: Theorem) -> Theorem:
    """``old = new``, or that over something, from ``old = new``."""
    if ratio == old:
        return same
    equal, below = have(eq(ratio, ratio)), ratio.args[1]
    return infer("rewrite", same, equal, template=lam(y, eq(ratio, y / below)))


def _short(value: Term) -> Theorem:
    """``value = a tidy expression``, or itself."""
    try:
        if not free_variables(value):
            return number(value)
        tidy = from_sympy(_sympy().factor(to_sympy(_without_zeros(value, symbols=True))))
        tidy = substitute(tidy, {real("N"): N})
        roots = [square_roots.root_of(term.args[0], have(le(0, term.args[0])))
                 for term in _subterms(tidy) if term.head == "sqrt"]  # fmt: skip
        positive = [have(lt(0, N + j)) for j in (1, 2)]
        return have(eq(value, tidy), *roots, *positive)
    except (ClaimError, ProofError):
        return have(eq(value, value))


def _subterms(term: Term) -> Iterator[Term]:
    yield term
    if term.kind == "app":
        for argument in term.args:
            yield from _subterms(argument)


# The shape of a coefficient -----------------------------------------------------------------------


@dataclass(frozen=True)
class Ceiling:
    """c(J) <= b (1 - J), or c(J) <= b if `flat`, for 0 < J < 1.

    `attained` holds a place of equality, that it is at most 1/2, and the equation, where known.
    """

    b: Term
    below: Theorem
    flat: bool = False
    attained: tuple[Term, Theorem, Theorem] | None = None

    def form(self, rate: Term) -> Term:
        """1 - J or 1."""
        return num(1) if self.flat else 1 - rate


@dataclass(frozen=True)
class Floor:
    """m f(J) <= c(J) for 0 < J < 1, and 0 < m; f is the coefficient in one of the `COUNTS`."""

    count: Count
    m: Term
    positive: Theorem
    below: Theorem


@dataclass(frozen=True)
class Shape:
    """What is known of a coefficient: it is positive on (0, 1), and it has `RAYS` or a ceiling.

    The theorems may rest on hypotheses about parameters, such as the group size.
    """

    coefficient: Value
    positive: Theorem
    rays: Theorem | None = None
    ceiling: Ceiling | None = None
    floor: Floor | None = None


def shape_of(row: Row) -> Shape:
    """The shape of a row's coefficient: for the rows of the table as in `fixed`, outcome by outcome
    for groups of a fixed number of responses, by the prover for other elementary coefficients."""
    from derivations.theory.algorithm.fixed import SHAPES

    algorithm = row.algorithm
    for known, shape in SHAPES:
        if known is row:
            return shape()
    if algorithm.size.kind != "num" or any(x in free_variables(a) for a in algorithm.weighted(x)):
        return searched(row.coefficient)
    try:
        return by_outcome(row) if algorithm.kept is None else by_kept_outcome(row)
    except ProofError:
        return searched(row.coefficient)


def searched(coefficient: Value, *facts: Theorem) -> Shape:
    """The shape of an elementary coefficient; the facts are about its parameters.

    Raises `ProofError` if it is not seen to be positive, or has neither rays nor a ceiling.
    """
    low, high = _open(p)
    sign = _shown(lt(0, coefficient(p)), low, high, *facts)
    positive = intro(sign, p, low.conclusion, high.conclusion)
    try:
        return Shape(coefficient, positive, _rays(coefficient, positive, facts))
    except ProofError:
        return Shape(coefficient, positive, ceiling=_ceiling(coefficient, facts))


def by_outcome(row: Row) -> Shape:
    """The shape from what each outcome of a group gains."""
    size = int(row.algorithm.size.head)
    up, down = row.algorithm.weighted(x)
    gain = lam(y, beta(up, [y + 1]) - beta(down, [y]))
    mean_ = x * (1 - x) * mean(num(size - 1), x, lambda k: beta(gain, [k]))
    same = have(eq(row.algorithm.derived(x), mean_), unfold=("coefficient",))
    same = transitive(symmetric(row.closing(row)), same)
    values = [number(beta(gain, [num(j)])).conclusion.args[1] for j in range(size)]
    least = min(values, key=_decimal)
    bound = _every(k, size, le(least, beta(gain, [k])))
    low, high = _open(p)
    positive, below = _above(size, gain, least, bound, same)
    positive = discharge(where(positive, {x: p}), low, high)
    floor = Floor(COUNTS[0], least, _numeric(lt(0, least)), below)
    shape = Shape(row.coefficient, intro(positive, p, low.conclusion, high.conclusion), floor=floor)
    try:
        return replace(shape, rays=_rays_by_outcome(size, gain, same))
    except ProofError:
        return replace(searched(row.coefficient), floor=floor)


def by_kept_outcome(row: Row) -> Shape:
    """The shape from what each outcome of a group that is kept gains: between m and M."""
    algorithm, size = row.algorithm, int(row.algorithm.size.head)
    kept = algorithm.kept or (lambda k: num(1))
    up, down = algorithm.advantages(x)
    seen = [j for j in range(size + 1) if _decimal(number(kept(num(j))).conclusion.args[1]) > 0]
    gains = [f for j in seen for f in (j * beta(up, [num(j)]), (j - size) * beta(down, [num(j)]))]
    values = [number(gain / size).conclusion.args[1] for gain in gains]
    low, high = min(values, key=_decimal), max(values, key=_decimal)
    if _decimal(low) <= 0:
        raise ProofError("the coefficient is no mean of positive gains", low)
    rule = where(kept_between(), {
        N: num(size - 1), function("d", "R"): lam(x, kept(x)), function("a", "R"): up,
        function("b", "R"): down, real("m"): low, real("M"): high,
    })  # fmt: skip
    (limits,) = (h for h in rule.hypotheses if h.head == "forall")
    premise, goal = beta(limits.args[0], [k]).args
    bound = discharge(_every(k, size + 1, goal), have(lt(k, size + 1), assume(premise)))
    made = discharge(rule, intro(bound, k, premise), _sometimes(size, kept, seen[0]), *INSIDE)
    both_ = have(eq(row.algorithm.derived(x), made.conclusion.args[0].args[1]))
    made = rewrite(made, symmetric(transitive(symmetric(row.closing(row)), both_)))
    inside = _open(p)
    ranged = (p, *(f.conclusion for f in inside))
    small = _numeric(lt(0, low))
    here = discharge(where(made, {x: p}), *inside)
    v, w = real("v"), real("w")
    strict = have(lt(0, w), assume(lt(0, v)), assume(le(v, w)))
    sign = discharge(where(strict, {v: low, w: row.coefficient(p)}), small, part(here, 0))
    one = real("r")
    plain = have(le(v, one * 1), assume(le(v, one)))
    top = discharge(where(plain, {v: row.coefficient(p), one: high}), part(here, 1))
    least = have(le(one * 1, v), assume(le(one, v)))
    below = discharge(where(least, {v: row.coefficient(x), one: low}), part(made, 0))
    floor = Floor(COUNTS[3], low, small, below)
    if x not in free_variables(row.coefficient(x)):
        return replace(searched(row.coefficient), floor=floor)
    return Shape(row.coefficient, intro(sign, *ranged), None, Ceiling(high, top, flat=True), floor)


def _open(rate: Term) -> tuple[Theorem, Theorem]:
    """0 < J and J < 1."""
    return assume(lt(0, rate)), assume(lt(rate, 1))


def _decimal(value: Term) -> float:
    return float(to_sympy(value))


def _numeric(goal: Term) -> Theorem:
    """Relations between numbers, such as outcomes contribute."""
    if goal.head == "and":
        return conjunction(*map(_numeric, goal.args))
    left, right = (number(side) for side in goal.args)
    plain = app(goal.head, left.conclusion.args[1], right.conclusion.args[1])
    made = _shown(plain, *_square_roots(plain))
    template = lam(u, app(goal.head, u, plain.args[1]))
    made = infer("rewrite", symmetric(left), made, template=template)
    template = lam(u, app(goal.head, goal.args[0], u))
    return infer("rewrite", symmetric(right), made, template=template)


def _every(index: Term, count: int, goal: Term) -> Theorem:
    """Relations between numbers for every index below a number."""
    return each_below(index, count, goal, lambda j: _numeric(beta(lam(index, goal), [num(j)])))


def _above(
    size: int, gain: Term, least: Term, bound: Theorem, same: Theorem
) -> tuple[Theorem, Theorem]:
    """``0 < c(x)`` and ``m x (1 - x) <= c(x)``, where every outcome gains at least m."""
    among = assume(le(k, size - 1))
    each = discharge(bound, have(lt(k, size), among))
    at = {nat("n"): num(size - 1), real("p"): x}
    steps = lam(k, beta(gain, [k]))
    names = {function("F", "N"): lam(k, least), function("H", "N"): steps, **at}
    closed = [have(le(*f.conclusion.args), f) for f in INSIDE]
    made = discharge(where(binomial.monotone(), names), *closed, intro(each, k, among.conclusion))
    made = rewrite(made, where(binomial.constant(least), at))
    v, w = real("v"), real("w")
    scaled = have(le(v * (x * (1 - x)), x * (1 - x) * w), assume(le(v, w)), *INSIDE)
    scaled = discharge(where(scaled, {v: least, w: made.conclusion.args[1]}), made, *INSIDE)
    below = rewrite(scaled, symmetric(same))
    strict = have(lt(0, w), assume(le(v * (x * (1 - x)), w)), have(lt(0, v * (x * (1 - x))),
                  assume(lt(0, v)), *INSIDE))  # fmt: skip
    strict = where(strict, {v: least, w: below.conclusion.args[1]})
    return discharge(strict, below, _numeric(lt(0, least)), *INSIDE), below


def _rays_by_outcome(size: int, gain: Term, same: Theorem) -> Theorem:
    """`RAYS` from comparisons of numbers."""
    if size == 1:
        raise ProofError("a group of one has no companions", gain)
    rule = where(by_gain(), {N: num(size - 1), g: gain})
    made = []
    for hypothesis in rule.hypotheses:
        premise, goal = beta(hypothesis.args[0], [k]).args
        count = size if premise.head == "<=" else size - 1
        each = discharge(_every(k, count, goal), have(lt(k, count), assume(premise)))
        made.append(intro(each, k, premise))
    return moved_rays(discharge(rule, *made), same)


def _sometimes(size: int, kept: Value, seen: int) -> Theorem:
    """A group is kept with positive probability, for 0 < x < 1."""
    weight = lam(k, kept(k))
    at = {nat("n"): num(size), real("p"): x}
    names = {function("F", "N"): lam(k, num(0)), function("H", "N"): weight, nat("m"): num(seen)}
    among = assume(le(k, size))
    each = discharge(_every(k, size + 1, le(0, kept(k))), have(lt(k, size + 1), among))
    strict = _numeric(lt(0, beta(weight, [num(seen)])))
    rule = where(binomial.increasing(), {**names, **at})
    made = discharge(rule, *INSIDE, have(le(seen, num(size))), intro(each, k, among.conclusion),
                     strict)  # fmt: skip
    made = rewrite(made, where(binomial.constant(num(0)), at))
    return have(lt(0, mean(num(size - 1) + 1, x, kept)), made)


# Learning rates -----------------------------------------------------------------------------------


@dataclass(frozen=True)
class FixedRate:
    """A fixed learning rate that is safe at every success rate.

    `theorem` says that rate c(J) K(J) <= 1 on (0, 1).  `attained` says that there is equality
    somewhere, mostly at J* = (L + G**2)/(2 L + G**2), so that no larger rate is safe by that
    criterion; None where the rate is only known to be safe.
    """

    shape: Shape
    rate: Term
    theorem: Theorem
    attained: Theorem | None = None

    @property
    def coefficient(self) -> Value:
        """c."""
        return self.shape.coefficient

    @property
    def positive(self) -> Theorem:
        """0 < c on (0, 1)."""
        return self.shape.positive

    def run(self) -> Theorem:
        """A run with a learning rate up to this one: every step keeps half of its alignment, and
        the run never saturates (`algorithm.safe-run`)."""
        made = where(prove("algorithm.safe-run"), {c: lam(p, self.coefficient(p))})
        return _given(made, *self.training())

    def training(self) -> tuple[Theorem, Theorem, Theorem]:
        """Of a run with such a learning rate: the coefficient and the learning rate are positive,
        and the rate is safe."""
        low, high = assume(le(Jk(0), p)), assume(lt(p, 1))
        small, positive_rate = assume(le(alpha, self.rate)), assume(TRAINING[1])
        inside = [have(lt(0, p), low, _started()), high]
        ranged = (p, low.conclusion, high.conclusion)
        sign = apply(self.positive, *inside, at=[p])
        limit = apply(self.theorem, *inside, at=[p])
        curve = curvature_positive(p, conjunction(*inside), _SMOOTH)
        # The coefficient and the rate may be long: as numbers they are only factors.
        v, w, r = real("v"), real("w"), real("r")
        known = [assume(f) for f in (lt(0, v), lt(0, w), le(alpha, r), le(r * v * w, 1))]
        product = have(lt(0, v * w), *known[:2])
        rule = have(le(alpha * v * w, 1), have(le(alpha * (v * w), r * (v * w)), known[2], product),
                    known[3])  # fmt: skip
        names = {v: self.coefficient(p), w: critical(p), r: self.rate}
        below = discharge(where(rule, names), small, sign, curve, limit)
        safe = conjunction(*map(assume, TRAJECTORY), intro(below, *ranged))
        either = where(assume(SAFE), {c: lam(p, self.coefficient(p))}).conclusion
        chosen = infer("weaken", safe, formula=either)
        return intro(sign, *ranged), positive_rate, chosen


def fixed_rate(given: Row | Shape | Value, *facts: Theorem) -> FixedRate:
    """A fixed learning rate that is safe at every J, for a row, or any coefficient on (0, 1).

    It is the largest, 1/(c(J*) kappa), where c is such as `algorithm.largest-curvature` asks for,
    say concave; otherwise it comes from a bound c(J) <= b (1 - J), or c(J) <= b.  The facts are
    about parameters of c.  Raises `ProofError` if neither can be proved.

    >>> fixed_rate(lambda J: J * (1 - J)).rate
    (G**2 + 2*L)/(L*(G**2 + L))
    """
    if isinstance(given, Row):
        given = shape_of(given)
    shape = given if isinstance(given, Shape) else searched(given, *facts)
    return _below_ceiling(shape) if shape.rays is None else _at_peak(shape, shape.rays, facts)


def _at_peak(shape: Shape, rays: Theorem, facts: Sequence[Theorem]) -> FixedRate:
    """The largest rate, by `algorithm.largest-curvature`."""
    coefficient, low, high = shape.coefficient, *_open(p)
    mapping = {c: lam(p, coefficient(p)), PEAK: _AT_PEAK}
    same = have(eq(_AT_PEAK, _AT_PEAK))
    made = _given(where(prove("algorithm.largest-curvature"), mapping), rays, same, _SMOOTH)
    inside = part(made, 0), part(made, 1, 0)
    largest = coefficient(_AT_PEAK) * KAPPA
    sign = apply(shape.positive, *inside, at=[_AT_PEAK])
    short = _reciprocal(largest, sign, *facts)
    rate = short.conclusion.args[1]
    product = have(lt(0, _A * _B), assume(lt(0, _A)), assume(lt(0, _B)))
    product = where(product, {_A: coefficient(_AT_PEAK), _B: KAPPA})
    size = discharge(product, sign, have(lt(0, KAPPA), _SMOOTH))
    limit = apply(part(made, 1, 1, 0), low, high, at=[p])
    below, equal = _inverse_rates()
    there = {_A: coefficient(_AT_PEAK), _B: critical(_AT_PEAK), _V: largest, _R: rate}
    top = have(eq(_A * _B, _A * _K), assume(eq(_B, _K)))
    top = discharge(where(top, {_A: there[_A], _B: there[_B], _K: KAPPA}), part(made, 1, 1, 1))
    here = {_A: coefficient(p), _B: critical(p), _V: largest, _R: rate}
    theorem = discharge(where(below, here), size, short, limit)
    theorem = intro(theorem, p, low.conclusion, high.conclusion)
    return FixedRate(shape, rate, theorem, discharge(where(equal, there), size, short, top))


_A, _B, _K, _R, _V = (real(name) for name in "abkrv")


def _inverse_rates() -> tuple[Theorem, Theorem]:
    """For r = 1/v, 0 < v: ``r a b <= 1`` from ``a b <= v``, ``r a b = 1`` from ``a b = v``."""
    size, short = assume(lt(0, _V)), assume(eq(1 / _V, _R))
    inverse = have(both(lt(0, _R), eq(_R * _V, 1)), size, short)
    product = have(le(_R * (_A * _B), _R * _V), assume(le(_A * _B, _V)), inverse)
    return (
        have(le(_R * _A * _B, 1), product, inverse),
        have(eq(_R * _A * _B, 1), assume(eq(_A * _B, _V)), inverse),
    )


def _rays(coefficient: Value, positive: Theorem, facts: Sequence[Theorem]) -> Theorem:
    """What `algorithm.largest-curvature` asks of a coefficient."""
    if not _looks_so(coefficient):
        raise ProofError("c(J)/J rises or c(J)/(1 - J) falls somewhere", coefficient(p))
    goal = beta(where(assume(RAYS), {c: lam(p, coefficient(p))}).conclusion.args[0], [p, q])
    ordered = []
    while goal.head == "imp":
        ordered.append(assume(goal.args[0]))
        goal = goal.args[1]
    low, between, high = ordered
    whole = [low, have(lt(p, 1), between, high), have(lt(0, q), low, between), high, between]
    signs = [apply(positive, *whole, at=[at]) for at in (p, q)]
    first, rest = goal.args
    made = [have(first, *signs), *(_shown(g, *whole, *facts) for g in rest.args)]
    return intro(conjunction(*made), (p, q), *(f.conclusion for f in ordered))


def _looks_so(coefficient: Value) -> bool:
    """Whether c(J)/J does not rise and c(J)/(1 - J) does not fall, on a grid; True if there are
    parameters."""
    value = to_sympy(coefficient(x))
    if value.free_symbols - {_point()}:
        return True
    c_ = _sympy().lambdify(_point(), value, "math")
    places = [(j / 64, c_(j / 64)) for j in range(1, 64)]
    return all(
        f / b_ <= e / a_ + 1e-9 and e / (1 - a_) <= f / (1 - b_) + 1e-9
        for (a_, e), (b_, f) in itertools.pairwise(places)
    )


def _reciprocal(largest: Term, sign: Theorem, *facts: Theorem) -> Theorem:
    """``1/largest = rate``, the rate in factors where arithmetic can follow."""
    plain = 1 / largest
    try:
        tidy = _tidy(plain) if len(_roots(to_sympy(plain))) < 2 else plain
        return _shown(eq(plain, tidy), sign, _SMOOTH, *facts)
    except (ClaimError, ProofError):
        return have(eq(plain, plain))


def _ceiling(coefficient: Value, facts: Sequence[Theorem]) -> Ceiling:
    """A bound on c(J)/(1 - J), or else on c(J), by sampling and the prover."""
    low, high = _open(p)
    for flat in (False, True):
        form = num(1) if flat else 1 - p
        for b, place in _ceilings(coefficient(p) / form):
            try:
                below = _shown(le(coefficient(p), b * form), low, high, *facts)
            except ProofError:
                continue
            at = num(place)
            equal = eq(coefficient(at), b * (num(1) if flat else 1 - at))
            try:
                known = (at, have(_early(at)), have(equal)) if not flat else None
            except ProofError:
                known = None
            return Ceiling(b, below, flat, known)
    raise ProofError(f"no bound on {coefficient(p)!r} is proved for 0 < p < 1", coefficient(p))


def _early(at: Term) -> Term:
    """0 < J <= 1/2."""
    return both(lt(0, at), le(at, num(Fraction(1, 2))))


def _below_ceiling(shape: Shape) -> FixedRate:
    """A safe rate from a bound; the largest one where the bound is attained before J*."""
    ceiling, coefficient, (low, high) = shape.ceiling, shape.coefficient, _open(p)
    if ceiling is None:
        raise ProofError("neither the rays of the coefficient nor a bound are known")
    sign = apply(shape.positive, low, high, at=[p])
    scale = KAPPA if ceiling.flat else L
    product = _below_branch(coefficient(p), ceiling, sign)
    inverse = 1 / ceiling.b
    rate = (_tidy(inverse) if not free_variables(inverse) else inverse) / scale
    positive = _ceiling_sign(ceiling, shape)
    size = have(lt(0, _A * _B), assume(lt(0, _A)), assume(lt(0, _B)))
    size = discharge(where(size, {_A: ceiling.b, _B: scale}), positive,
                     have(lt(0, scale), _SMOOTH))  # fmt: skip
    short = _shown(eq(1 / (ceiling.b * scale), rate), positive, _SMOOTH,
                   *_square_roots(ceiling.b))  # fmt: skip
    below, equal = _inverse_rates()
    names = {_A: coefficient(p), _B: critical(p), _V: ceiling.b * scale, _R: rate}
    theorem = discharge(where(below, names), size, short, product)
    theorem = intro(theorem, p, low.conclusion, high.conclusion)
    if ceiling.attained is None:
        return FixedRate(shape, rate, theorem)
    at, early, same = ceiling.attained
    top = _first_branch(at, early, same, ceiling.b)
    names = {_A: coefficient(at), _B: critical(at), _V: ceiling.b * scale, _R: rate}
    return FixedRate(shape, rate, theorem, discharge(where(equal, names), size, short, top))


def _ceiling_sign(ceiling: Ceiling, shape: Shape) -> Theorem:
    """0 < b, as c(1/2) is positive."""
    half = num(Fraction(1, 2))
    inside = have(lt(0, half)), have(lt(half, 1))
    sign = apply(shape.positive, *inside, at=[half])
    below = _given(where(ceiling.below, {p: half}), *inside)
    v, w, r = real("v"), real("w"), real("r")
    rule = have(lt(0, w), assume(lt(0, v)), assume(le(v, w * r)), assume(lt(0, r)))
    form = ceiling.form(half)
    return discharge(where(rule, {v: shape.coefficient(half), w: ceiling.b, r: form}), sign, below,
                     have(lt(0, form)))  # fmt: skip


def _first_branch(at: Term, early: Theorem, same: Theorem, b: Term) -> Theorem:
    """``c K = b L`` where ``c = b (1 - J)``, for a success rate that is at most 1/2."""
    less = have(le(L / (1 - at), (L + G**2) / at), early, _SMOOTH)
    curvature = by_cases(
        instance("minimum.cases", x=(L + G**2) / at, y=L / (1 - at)),
        *([lambda case: have(eq(critical(at), L / (1 - at)), case, less, unfold=(SUCCESS,))] * 2),
    )
    return have(eq(same.conclusion.args[0] * critical(at), b * L), curvature, same, early)


def _below_branch(value: Term, ceiling: Ceiling, sign: Theorem) -> Theorem:
    """``c K <= b L`` from ``c <= b (1 - J)``, or ``c K <= b kappa`` from ``c <= b``."""
    low, high = _open(p)
    v, w = real("v"), real("w")
    names = {v: value, w: ceiling.b}
    curve = curvature_positive(p, conjunction(low, high), _SMOOTH)
    if ceiling.flat:
        known = [assume(le(v, w * 1)), assume(lt(0, v))]
        limit = have(le(critical(p), KAPPA), *_log_odds_bound(low, high))
        made = have(le(v * critical(p), w * KAPPA), *known, limit, curve)
        return discharge(where(made, names), ceiling.below, sign, low, high, _SMOOTH)
    branch = L / (1 - p)
    smaller = by_cases(
        instance("minimum.cases", x=(L + G**2) / p, y=branch),
        *([lambda case: have(le(critical(p), branch), case, unfold=(SUCCESS,))] * 2),
    )
    first = have(le(v * critical(p), v * branch), smaller, assume(lt(0, v)))
    second = have(le(v * branch, w * L), assume(le(v, w * (1 - p))), _SMOOTH, high)
    made = have(le(v * critical(p), w * L), first, second)
    return discharge(where(made, names), ceiling.below, sign, low, high, _SMOOTH)


def _log_odds_bound(low: Theorem, high: Theorem) -> list[Theorem]:
    """K(J) <= kappa, as for log-odds ascent."""
    made = fixed_rate(lambda J: num(1))
    return [apply(made.theorem, low, high, at=[p]), have(lt(0, KAPPA), _SMOOTH)]


def _ceilings(ratio: Term) -> list[tuple[Term, Fraction]]:
    """Numbers that may bound the ratio on (0, 1), the best first, with a place where it is large;
    none if it seems to grow without bound."""
    sympy = _sympy()
    if len(free_variables(ratio)) != 1:
        return []
    (at,) = free_variables(ratio)
    value = sympy.lambdify(sympy.Symbol(at.head, real=True), to_sympy(ratio), "math")
    peak, top = max((value(j / 2000), j) for j in range(1, 2000))
    if value(1 - 1e-7) > 2 * peak or value(1e-7) > 2 * peak:
        return []
    place = Fraction(top, 2000).limit_denominator(32)
    exact = evaluate(ratio, {at: place})
    near = Fraction(peak).limit_denominator(64)
    step = (Fraction(peak).limit_denominator(10**6) * Fraction(1001, 1000)).limit_denominator(10**4)
    found = [b for b in (exact, near, step, 2 * near) if b is not None and b >= peak * (1 - 1e-12)]
    return [(num(b), place) for b in dict.fromkeys(found)]


# Iterations ---------------------------------------------------------------------------------------


def primitive(coefficient: Value) -> Value:
    """A primitive of 1/(J (1 - J) c(J)), for c rational in J and sqrt(J (1 - J)).

    A proposal of SymPy's, which `iterations` certifies.  Raises `ValueError` where none is found
    in logarithms, roots and rational functions.

    >>> primitive(lambda J: num(1))(x)
    log(x) - log(1 - x)
    """
    sympy = _sympy()
    none = f"no primitive of 1/(J (1 - J) c(J)) is found for c(J) = {coefficient(real('J'))!r}"
    at, odds = sympy.Symbol("x", real=True), sympy.Symbol("w", real=True)
    integrand = 1 / (at * (1 - at) * to_sympy(coefficient(x)))
    variable = at
    if _roots(integrand.subs(sympy.sqrt(at * (1 - at)), odds)):
        raise ValueError(none)
    if not integrand.is_rational_function(at):
        # J = 1/(1 + w**2) makes sqrt(J (1 - J)) rational.
        root = sympy.sqrt(at * (1 - at))
        integrand = integrand.subs(root, odds / (1 + odds**2)).subs(at, 1 / (1 + odds**2))
        variable, integrand = odds, sympy.factor(integrand * -2 * odds / (1 + odds**2) ** 2)
    if not integrand.is_rational_function(variable):
        raise ValueError(none)
    try:
        found = sympy.integrate(sympy.apart(integrand, variable), variable)
    except sympy.PolynomialError:
        raise ValueError(none) from None
    found = found.subs(odds, sympy.sqrt(at * (1 - at)) / at)
    found = sympy.Add(*(sympy.apart(a) if a.is_rational_function(at) else a
                        for a in sympy.Add.make_args(found)))  # fmt: skip
    half = sympy.Rational(1, 2)
    found = found.replace(sympy.log, lambda a: sympy.log(a if a.subs(at, half) > 0 else -a))
    if found.has(sympy.RootSum, sympy.atan, sympy.Integral, sympy.I):
        raise ValueError(none)
    value = from_sympy(found)
    return lambda J: substitute(value, {x: J})


def iterations(safe: FixedRate, potential: Value | None = None) -> Theorem:
    """The iterations of a run with that learning rate from J_0 to 1 - epsilon (`algorithm.rate`).

    `potential` is a primitive of 1/(J (1 - J) c(J)), by default what `primitive` finds; it is
    certified by differentiation.  For a coefficient that rises first there is the hypothesis
    1/2 <= J_0.  Raises `ProofError` if c is not seen to fall, or the primitive is none.
    """
    value = potential or primitive(safe.coefficient)
    made = where(
        prove("algorithm.rate"), {c: lam(p, safe.coefficient(p)), F: lam(x, value(x))}
    )  # fmt: skip
    return _given(made, _falls(safe), _slope(safe, value), *safe.training())


def iterations_at_most(safe: FixedRate) -> Theorem:
    """The same from a bound m f(J) <= c(J), where f is the coefficient of log-odds ascent,
    population GRPO, RAFT or REINFORCE: for a coefficient without an elementary primitive.

    N counts the iterations and epsilon is the target: parameters of the algorithm that have these
    names are called N_ and epsilon_.  Raises `ProofError` if there is no such bound.
    """
    safe = _without_clashes(safe)
    floor = safe.shape.floor or _floor(safe.coefficient)
    low, high, inside = _within(x)
    made = where(prove(f"algorithm.rate-{floor.count.name}"),
                 {c: lam(p, safe.coefficient(p)), m: floor.m})  # fmt: skip
    below = _given(floor.below, part(inside, 0), part(inside, 1))
    positive, *_ = safe.training()
    made = _given(made, floor.positive, intro(below, x, low.conclusion, high.conclusion), positive)
    return conjunction(while_safe(part(made, 0), safe.run()), part(made, 1))


def _without_clashes(safe: FixedRate) -> FixedRate:
    """The rate with other names for N and epsilon."""
    names = {N: nat("N_"), epsilon: real("epsilon_")}
    shape = safe.shape
    if not free_variables(shape.coefficient(x)) & names.keys():
        return safe

    def coefficient(at: Term) -> Term:
        return substitute(substitute(shape.coefficient(x), names), {x: at})

    floor = shape.floor
    if floor is not None:
        floor = replace(floor, m=substitute(floor.m, names), positive=where(floor.positive, names),
                        below=where(floor.below, names))  # fmt: skip
    made = Shape(coefficient, where(shape.positive, names), floor=floor)
    return FixedRate(made, substitute(safe.rate, names), where(safe.theorem, names))


def _floor(coefficient: Value) -> Floor:
    """A lower bound on an elementary coefficient, by sampling and the prover."""
    for count in reversed(COUNTS):
        form = count.coefficient(x)
        for b, _ in _ceilings(form / coefficient(x)):
            m_ = num(1 / Fraction(b.head))
            try:
                below = _shown(le(m_ * form, coefficient(x)), *INSIDE)
            except ProofError:
                continue
            return Floor(count, m_, have(lt(0, m_)), below)
    raise ProofError("no lower bound on the coefficient is proved", coefficient(x))


def _started() -> Theorem:
    """0 < J_0, for a run."""
    running = assume(run.run)
    opened = fold(running, unfold(run.run, frozenset({"run"})))
    made = where(prove("setting.success-rate"), run.at(num(0)).substitution())
    made = discharge(made, apply(part(opened, 0), at=[0]))
    return have(lt(0, Jk(0)), apply(made, at=[0]))


def _within(variable: Term) -> tuple[Theorem, Theorem, Theorem]:
    """J_0 <= J <= 1 - epsilon, assumed, and 0 < J < 1."""
    low, high = assume(le(Jk(0), variable)), assume(le(variable, END))
    small = assume(lt(0, epsilon))
    return low, high, conjunction(have(lt(0, variable), low, _started()),
                                  have(lt(variable, 1), high, small))  # fmt: skip


def _falls(safe: FixedRate) -> Theorem:
    """The coefficient does not increase from J_0 on, or from J_0 >= 1/2 on."""
    low, ordered, high = assume(le(Jk(0), x)), assume(le(x, y)), assume(le(y, END))
    above = have(lt(0, x), low, _started())
    below = have(lt(y, 1), high, assume(lt(0, epsilon)))
    plain = [above, ordered, below, have(lt(x, 1), ordered, below), have(lt(0, y), above, ordered)]
    half = le(num(Fraction(1, 2)), Jk(0))
    made = _decreasing(safe.coefficient, plain)
    if made is None:
        start = have(le(num(Fraction(1, 2)), x), assume(half), low)
        made = _decreasing(safe.coefficient, [*plain, start], start)
    if made is None:
        raise ProofError("the coefficient is not seen to fall", safe.coefficient(x))
    return intro(made, (x, y), low.conclusion, ordered.conclusion, high.conclusion)


def _decreasing(
    coefficient: Value, known: Sequence[Theorem], *start: Theorem
) -> Theorem | None:
    """``c(y) <= c(x)``: by arithmetic, from the sign of the derivative, or by the prover; None if
    it fails."""
    goal = le(coefficient(y), coefficient(x))
    value = to_sympy(coefficient(x))
    if not value.free_symbols - {_point()}:
        c_, first = _sympy().lambdify(_point(), value, "math"), 0.5 if start else 1 / 64
        places = [c_(first + (1 - first) * j / 64) for j in range(64)]
        if any(b_ > a_ + 1e-9 for a_, b_ in itertools.pairwise(places)):
            return None
    try:
        return _by_slope(coefficient, known, *start)
    except (ProofError, ClaimError):
        pass
    try:
        return _shown(goal, *known)
    except ProofError:
        return None


def _by_slope(coefficient: Value, known: Sequence[Theorem], *start: Theorem) -> Theorem:
    """``c(y) <= c(x)``, the derivative of a rational coefficient not being positive."""
    t = real("t")
    slope = from_sympy(_sympy().factor(_sympy().diff(-to_sympy(coefficient(t)), to_sympy(t))))
    low, high = assume(le(x, t)), assume(le(t, y))
    inside = [have(lt(0, t), low, *known), have(lt(t, 1), high, *known)]
    inside += [have(le(num(Fraction(1, 2)), t), low, *start)] if start else []
    made = differentiate(u, -coefficient(u), t, *inside, value=slope)
    sign = _shown(le(0, slope), *inside)
    ranged = t, low.conclusion, high.conclusion
    rule = where(calculus.monotone(), {
        function("f", "R"): lam(u, -coefficient(u)), function("g", "R"): lam(t, slope),
        real("a"): x, real("b"): y,
    })  # fmt: skip
    grown = discharge(rule, known[1], intro(made, *ranged), intro(sign, *ranged))
    return have(le(coefficient(y), coefficient(x)), grown)


def _slope(safe: FixedRate, value: Value) -> Theorem:
    """The primitive, differentiated."""
    low, high, inside = _within(x)
    spread = have(lt(0, x * (1 - x)), inside)
    sign = apply(safe.positive, inside, at=[x])
    known = [inside, have(lt(0, 1 - x), inside), have(lt(0, x / (1 - x)), inside), spread, sign]
    root = discharge(where(square_roots.root_positive(), {x: x * (1 - x)}), spread)
    known += [root, square_roots.root_of(x * (1 - x), spread), have(ne(root.conclusion.args[1], 0),
              root)]  # fmt: skip
    goal = 1 / (x * (1 - x) * safe.coefficient(x))
    made = differentiate(u, value(u), x, *known, value=goal)
    return intro(made, x, low.conclusion, high.conclusion)
