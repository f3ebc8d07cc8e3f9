"""Section 4: what the coefficient of an algorithm guarantees, for rows that nobody foresaw.

From c(J) alone `fixed_rate` finds a fixed learning rate that is safe at every success rate,
`FixedRate.run` what a run with it does, and `iterations` how long it takes.  SymPy and sampling
make proposals; what is returned are theorems of the kernel.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

from derivations import square_roots
from derivations.calculus import differentiate
from derivations.kernel.terms import (
    Term,
    app,
    beta,
    both,
    eq,
    free_variables,
    lam,
    le,
    lt,
    ne,
    num,
    real,
    sqrt,
    substitute,
    unfold,
)
from derivations.kernel.theorem import Theorem, infer
from derivations.library import prove
from derivations.search.claims import evaluate, from_sympy, to_sympy
from derivations.search.prove import prove as decide
from derivations.tactics import (
    ProofError,
    apply,
    assume,
    by_cases,
    conjunction,
    discharge,
    fold,
    have,
    instance,
    intro,
    part,
    rewrite,
    transitive,
    where,
)
from derivations.theory.algorithm.bernstein import written_out
from derivations.theory.algorithm.iterations import (
    COUNTS,
    END,
    SAFE,
    TRAINING,
    TRAJECTORY,
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
    made = rewrite(have(eq(algorithm.derived(x), opened), unfold=("coefficient",)), *means)
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
    """``value = a tidy expression``, for what a group contributes."""
    inside = INSIDE if x in free_variables(value) else []
    return have(eq(value, _tidy(value)), *_extremes(value), *_square_roots(value), *inside)


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


def _without_zeros(term: Term) -> Term:
    """The term with 0 for products and quotients with a factor 0, whatever the others are: groups
    with equal rewards have advantages 0/0, which is 0 to the kernel."""
    if term.kind != "app":
        return term
    args = [_without_zeros(a) for a in term.args]
    if term.head in ("*", "/") and any(evaluate(a, {}) == 0 for a in args):
        return num(0)
    return app(term.head, *args)


# Learning rates -----------------------------------------------------------------------------------


@dataclass(frozen=True)
class FixedRate:
    """A fixed learning rate that is safe at every success rate.

    `positive` says that the coefficient is, on (0, 1); `theorem` that rate c(J) K(J) <= 1 there.
    `attained` says that there is equality at J* = (L + G**2)/(2 L + G**2), so that no larger rate
    is safe by that criterion; None where the rate is only known to be safe.
    """

    coefficient: Value
    rate: Term
    positive: Theorem
    theorem: Theorem
    attained: Theorem | None = None

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
        product = have(lt(0, self.coefficient(p) * critical(p)), sign, curve)
        goal = le(alpha * self.coefficient(p) * critical(p), 1)
        below = have(goal, limit, have(le(alpha * (self.coefficient(p) * critical(p)),
                     self.rate * (self.coefficient(p) * critical(p))), small, product))  # fmt: skip
        safe = conjunction(*map(assume, TRAJECTORY), intro(below, *ranged))
        either = where(assume(SAFE), {c: lam(p, self.coefficient(p))}).conclusion
        chosen = infer("weaken", safe, formula=either)
        return intro(sign, *ranged), positive_rate, chosen


def fixed_rate(coefficient: Value, *facts: Theorem) -> FixedRate:
    """A fixed learning rate that is safe at every J, for any coefficient on (0, 1).

    It is the largest, 1/(c(J*) kappa), where c is such as `algorithm.largest-curvature` asks for,
    say concave; otherwise it comes from a bound c(J) <= b (1 - J), or c(J) <= b, with a number b.
    The facts are about parameters of c.  Raises `ProofError` if neither can be proved.

    >>> fixed_rate(lambda J: J * (1 - J)).rate
    (G**2 + 2*L)/(L*(G**2 + L))
    """
    low, high = assume(lt(0, p)), assume(lt(p, 1))
    ranged = (p, low.conclusion, high.conclusion)
    positive = intro(_shown(lt(0, coefficient(p)), low, high, *facts), *ranged)
    try:
        rays = _rays(coefficient, positive, facts)
    except ProofError:
        return _bounded(coefficient, positive, facts)
    mapping = {c: lam(p, coefficient(p)), PEAK: _AT_PEAK}
    same = have(eq(_AT_PEAK, _AT_PEAK))
    made = discharge(where(prove("algorithm.largest-curvature"), mapping), rays, same, _SMOOTH)
    inside = part(made, 0), part(made, 1, 0)
    largest = coefficient(_AT_PEAK) * KAPPA
    sign = apply(positive, *inside, at=[_AT_PEAK])
    short = _reciprocal(largest, sign, *facts)
    rate = short.conclusion.args[1]
    size = have(lt(0, largest), sign, have(lt(0, KAPPA), _SMOOTH))
    limit = apply(part(made, 1, 1, 0), low, high, at=[p])
    below, equal = _inverse_rates()
    there = {_A: coefficient(_AT_PEAK), _B: critical(_AT_PEAK), _V: largest, _R: rate}
    top = have(eq(_A * _B, _A * _K), assume(eq(_B, _K)))
    top = discharge(where(top, {_A: there[_A], _B: there[_B], _K: KAPPA}), part(made, 1, 1, 1))
    here = {_A: coefficient(p), _B: critical(p), _V: largest, _R: rate}
    theorem = intro(discharge(where(below, here), size, short, limit), *ranged)
    peak = discharge(where(equal, there), size, short, top)
    return FixedRate(coefficient, rate, positive, theorem, peak)


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


def _reciprocal(largest: Term, sign: Theorem, *facts: Theorem) -> Theorem:
    """``1/largest = rate``, the rate in factors where arithmetic can follow."""
    plain = 1 / largest
    try:
        tidy = _tidy(plain)
        return _shown(eq(plain, tidy), sign, _SMOOTH, *facts)
    except ProofError:
        return have(eq(plain, plain))


def _bounded(coefficient: Value, positive: Theorem, facts: Sequence[Theorem]) -> FixedRate:
    """A safe rate from a bound on c(J)/(1 - J), or else on c(J)."""
    low, high = assume(lt(0, p)), assume(lt(p, 1))
    sign = apply(positive, low, high, at=[p])
    for form, curvature in ((1 - p, L), (num(1), KAPPA)):
        for b in _ceilings(coefficient(p) / form):
            try:
                below = _shown(le(coefficient(p), b * form), low, high, *facts)
            except ProofError:
                continue
            product = _below_branch(coefficient(p), form, b, below, sign)
            rate = num(1 / Fraction(b.head)) / curvature
            goal = le(rate * coefficient(p) * critical(p), 1)
            theorem = intro(have(goal, product, _SMOOTH), p, low.conclusion, high.conclusion)
            return FixedRate(coefficient, rate, positive, theorem)
    raise ProofError(f"no bound on {coefficient(p)!r} is proved for 0 < p < 1", coefficient(p))


def _below_branch(value: Term, form: Term, b: Term, below: Theorem, sign: Theorem) -> Theorem:
    """``c K <= b L`` from ``c <= b (1 - J)``, or ``c K <= b kappa`` from ``c <= b``."""
    low, high = assume(lt(0, p)), assume(lt(p, 1))
    if form == num(1):
        limit = have(le(critical(p), KAPPA), *_log_odds_bound(low, high))
        return have(le(value * critical(p), b * KAPPA), below, limit, sign,
                    curvature_positive(p, conjunction(low, high), _SMOOTH))  # fmt: skip
    branch = L / (1 - p)
    smaller = by_cases(
        instance("minimum.cases", x=(L + G**2) / p, y=branch),
        *([lambda case: have(le(critical(p), branch), case, unfold=(SUCCESS,))] * 2),
    )
    first = have(le(value * critical(p), value * branch), smaller, sign)
    second = have(le(value * branch, b * L), below, _SMOOTH, high)
    return have(le(value * critical(p), b * L), first, second)


def _log_odds_bound(low: Theorem, high: Theorem) -> list[Theorem]:
    """K(J) <= kappa, as for log-odds ascent."""
    made = fixed_rate(lambda J: num(1))
    return [apply(made.theorem, low, high, at=[p]), have(lt(0, KAPPA), _SMOOTH)]


def _ceilings(ratio: Term) -> list[Term]:
    """Numbers that may bound the ratio on (0, 1), the smallest first; none if it seems to grow
    without bound."""
    sympy = _sympy()
    if len(free_variables(ratio)) != 1:
        return []
    (at,) = free_variables(ratio)
    value = sympy.lambdify(sympy.Symbol(at.head, real=True), to_sympy(ratio), "math")
    peak = max(value(j / 2000) for j in range(1, 2000))
    if value(1 - 1e-7) > 2 * peak or value(1e-7) > 2 * peak:
        return []
    near = Fraction(peak).limit_denominator(64)
    step = Fraction(peak).limit_denominator(10**6) * Fraction(1001, 1000)
    least = peak * (1 - 1e-12)
    return [num(b) for b in (near, step.limit_denominator(10**4), 2 * near) if b >= least]


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
    population GRPO, RAFT or REINFORCE, and m a number: for a coefficient without an elementary
    primitive.  Raises `ProofError` if there is no such bound.
    """
    low, high, inside = _within(x)
    for count in reversed(COUNTS):
        form = count.coefficient(x)
        for b in _ceilings(form / safe.coefficient(x)):
            m_ = num(1 / Fraction(b.head))
            try:
                below = _shown(le(m_ * form, safe.coefficient(x)), part(inside, 0), part(inside, 1))
            except ProofError:
                continue
            made = where(prove(f"algorithm.rate-{count.name}"),
                         {c: lam(p, safe.coefficient(p)), m: m_})  # fmt: skip
            lower = intro(below, x, low.conclusion, high.conclusion)
            positive, *_ = safe.training()
            made = _given(made, have(lt(0, m_)), lower, positive)
            return conjunction(while_safe(part(made, 0), safe.run()), part(made, 1))
    raise ProofError("no lower bound on the coefficient is proved", safe.coefficient(x))


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
    goal = le(safe.coefficient(y), safe.coefficient(x))
    try:
        made = _shown(goal, *plain)
    except ProofError:
        half = assume(le(num(Fraction(1, 2)), Jk(0)))
        made = _shown(goal, *plain, have(le(num(Fraction(1, 2)), x), half, low))
    return intro(made, (x, y), low.conclusion, ordered.conclusion, high.conclusion)


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
