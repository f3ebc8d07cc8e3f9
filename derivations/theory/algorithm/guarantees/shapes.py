"""What is to be known of a coefficient for a rate: positive, c/J falls, c/(1 - J) rises."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

from derivations import binomial
from derivations.binomial import mean
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
    num,
    real,
)
from derivations.kernel.theorem import Theorem, infer
from derivations.search.claims import evaluate, to_sympy
from derivations.tactics import (
    ProofError,
    apply,
    assume,
    conjunction,
    discharge,
    each_below,
    have,
    intro,
    part,
    rewrite,
    symmetric,
    transitive,
    where,
)
from derivations.theory.algorithm.groups import N
from derivations.theory.algorithm.guarantees.claims import scalar_claim, sympy_module, u, x, y
from derivations.theory.algorithm.guarantees.rows import number, root_values, sympy_point
from derivations.theory.algorithm.iterations import COUNTS, Count
from derivations.theory.algorithm.rates import RAYS, c, p, q
from derivations.theory.algorithm.shape import by_gain, g, kept_between, moved_rays
from derivations.theory.algorithm.table import INSIDE, Row, Value
from derivations.theory.trajectory.runs import k


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
    low, high = open_unit(p)
    sign = scalar_claim(lt(0, coefficient(p)), low, high, *facts)
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
    low, high = open_unit(p)
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
    inside = open_unit(p)
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


def open_unit(rate: Term) -> tuple[Theorem, Theorem]:
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
    made = scalar_claim(plain, *root_values(plain))
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
    made = [have(first, *signs), *(scalar_claim(g, *whole, *facts) for g in rest.args)]
    return intro(conjunction(*made), (p, q), *(f.conclusion for f in ordered))


def _looks_so(coefficient: Value) -> bool:
    """Whether c(J)/J does not rise and c(J)/(1 - J) does not fall, on a grid; True if there are
    parameters."""
    value = to_sympy(coefficient(x))
    if value.free_symbols - {sympy_point()}:
        return True
    c_ = sympy_module().lambdify(sympy_point(), value, "math")
    places = [(j / 64, c_(j / 64)) for j in range(1, 64)]
    return all(
        f / b_ <= e / a_ + 1e-9 and e / (1 - a_) <= f / (1 - b_) + 1e-9
        for (a_, e), (b_, f) in itertools.pairwise(places)
    )


def _ceiling(coefficient: Value, facts: Sequence[Theorem]) -> Ceiling:
    """A bound on c(J)/(1 - J), or else on c(J), by sampling and the prover."""
    low, high = open_unit(p)
    for flat in (False, True):
        form = num(1) if flat else 1 - p
        for b, place in candidate_ceilings(coefficient(p) / form):
            try:
                below = scalar_claim(le(coefficient(p), b * form), low, high, *facts)
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


def candidate_ceilings(ratio: Term) -> list[tuple[Term, Fraction]]:
    """Numbers that may bound the ratio on (0, 1), the best first, with a place where it is large;
    none if it seems to grow without bound."""
    sympy = sympy_module()
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


def _early(at: Term) -> Term:
    """0 < J <= 1/2."""
    return both(lt(0, at), le(at, num(Fraction(1, 2))))
