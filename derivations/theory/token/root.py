r"""The function V(p) = -W_{-1}(-p**2/e), the root V >= 1 of V - log V = 1 + 2 log(1/p)."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from functools import cache

from derivations import calculus, elementary
from derivations.elementary import resolve
from derivations.kernel.terms import (
    Definition,
    Term,
    both,
    eq,
    exists,
    exp,
    forall,
    implies,
    lam,
    lambertw,
    le,
    log,
    lt,
    num,
    real,
    sqrt,
)
from derivations.kernel.theorem import Theorem, infer
from derivations.library import Proof, define, state
from derivations.tactics import (
    absurd,
    apply,
    assume,
    by_cases,
    conjunction,
    discharge,
    have,
    instance,
    intro,
    order,
    part,
    rewrite,
    symmetric,
    where,
)

p, q, u, v, x, z, a, b = (real(name) for name in ("p", "q", "u", "v", "x", "z", "a", "b"))
y = real("y")

LAMBERT = Definition("lambert_root", lam(p, -lambertw(-(p**2 * exp(-1)))))
"""``lambert_root(p)``: V(p) = -W_{-1}(-p**2/e)."""

V = LAMBERT(p)

define(
    "definition",
    "token.lambert-definition",
    "The function V",
    LAMBERT,
    provenance="extension",
    claim=eq(V, -lambertw(-(p**2 * exp(-1)))),
    module=__name__,
)

RATE = [lt(0, p), le(p, 1)]


def surprise(rate: Term) -> Term:
    """log(1/p)."""
    return log(1 / rate)


def height(value: Term) -> Term:
    """v - log v."""
    return value - log(value)


@cache
def height_increasing() -> Theorem:
    """a - log a < b - log b for 1 <= a < b."""
    start, ordered = assume(le(1, a)), assume(lt(a, b))
    positive, other = have(lt(0, a), start), have(lt(0, b), start, ordered)
    ratio = have(lt(0, b / a), positive, other)
    above = have(lt(1, b / a), ordered, positive)
    rule = where(calculus.log_increasing(), x=num(1), y=b / a)
    rise = have(lt(0, log(b / a)), discharge(rule, above, have(lt(0, num(1)))), log_one())
    square = resolve(where(elementary.exp_square(), x=log(b / a)), have(le(0, log(b / a)), rise))
    inverse = apply(instance("exp.log", x=b / a), ratio)
    parted = discharge(where(calculus.log_of_quotient(), x=b, y=a), other, positive)
    gain = have(lt(1 + log(b / a), b / a), square, inverse, rise)
    gain = have(lt(log(b / a), b - a), gain, rise, start)
    return have(lt(height(a), height(b)), gain, parted)


@cache
def height_reflects() -> Theorem:
    """a <= b from a - log a <= b - log b, for b >= 1."""
    other, ordered = assume(le(1, b)), assume(le(height(a), height(b)))

    def beyond(case: Theorem) -> Theorem:
        rises = discharge(where(height_increasing(), a=b, b=a), other, case)
        return have(le(a, b), rises, ordered)

    return by_cases(order(a, b), lambda case: case, beyond)


@cache
def height_reflects_strictly() -> Theorem:
    """a < b from a - log a < b - log b, for b >= 1."""
    other, ordered = assume(le(1, b)), assume(lt(height(a), height(b)))

    def beyond(case: Theorem) -> Theorem:
        def apart(less: Theorem) -> Theorem:
            rises = discharge(where(height_increasing(), a=b, b=a), other, less)
            return have(lt(a, b), rises, ordered)

        def together(more: Theorem) -> Theorem:
            equal = have(eq(a, b), case, more)
            return absurd(rewrite(ordered, equal), lt(a, b))

        return by_cases(order(a, b), together, apart)

    return by_cases(order(b, a), beyond, lambda case: case)


@cache
def log_one() -> Theorem:
    """log(1) = 0."""
    return have(eq(log(1), 0), rewrite(instance("log.exp", x=num(0)), instance("exp.zero")))


@cache
def log_inverse() -> Theorem:
    """log(1/x) = -log(x) for x > 0."""
    positive = assume(lt(0, x))
    one = have(lt(0, num(1)))
    made = discharge(where(calculus.log_of_quotient(), x=num(1), y=x), positive, one)
    return have(eq(log(1 / x), -log(x)), made, log_one())


_equation = eq(height(V), 1 + 2 * surprise(p))


@state(
    "lemma",
    "token.lambert-root",
    "V is the root of its equation",
    provenance="classical",
    given=RATE,
    claim=both(
        le(1, V),
        _equation,
        forall(v, le(1, v), eq(height(v), 1 + 2 * surprise(p)), eq(v, V)),
    ),
)
def lambert_root(proof: Proof) -> Theorem:
    at = -(p**2 * exp(-1))
    known = proof.given
    small = have(le(p**2 * exp(-1), exp(-1)), have(le(p**2, 1), *known))
    domain = have(le(-exp(-1), at), small), have(lt(at, 0), have(lt(0, p**2), *known))
    branch = apply(instance("lambertw.branch", x=at), *domain)
    equation = apply(instance("lambertw.equation", x=at), *domain)
    above = proof.have(le(1, V), branch, unfold=("lambert_root",), why="the lower branch")
    value = -lambertw(at)
    minus = where(calculus.exp_minus(), x=lambertw(at))
    made = have(eq(value, p**2 * exp(-1) * exp(value)), equation, minus)
    proof.note(made, "the equation of W")
    logs = elementary.log_of_product(
        [(2, p), (1, exp(-1)), (1, exp(value))],
        [known[0], *(instance("exp.positive", x=e) for e in (num(-1), value))],
    )
    inside = logs.conclusion.args[0].args[0]
    logs = rewrite(logs, have(eq(inside, value), made))
    inverses = [instance("log.exp", x=e) for e in (num(-1), value)]
    turned = discharge(where(log_inverse(), x=p), known[0])
    root = proof.have(
        _equation, logs, *inverses, turned, unfold=("lambert_root",), why="take logarithms"
    )
    start, same = assume(le(1, v)), assume(eq(height(v), 1 + 2 * surprise(p)))
    sides = []
    for first, second, low in ((v, V, above), (V, v, start)):
        rule = where(height_reflects(), a=first, b=second)
        sides.append(discharge(rule, low, have(le(height(first), height(second)), same, root)))
    unique = have(eq(v, V), *sides)
    proof.note(unique, "v - log v increases for v >= 1")
    return conjunction(above, root, intro(unique, v, start.conclusion, same.conclusion))


def value_facts(proof: Proof, rate: Term, *known: Theorem) -> tuple[Theorem, Theorem, Theorem]:
    """1 <= V(p), its equation, and that it is the only root, at a rate."""
    made = proof.use("token.lambert-root", *known, p=rate)
    return part(made, 0), part(made, 1, 0), part(made, 1, 1)


def lambert_falls(
    proof: Proof,
    low: Term,
    high: Term,
    ordered: Theorem,
    low_rate: Sequence[Theorem],
    high_rate: Sequence[Theorem],
) -> Theorem:
    """V(q) <= V(p) from p <= q, where 0 < p, q <= 1."""
    first, second = value_facts(proof, low, *low_rate), value_facts(proof, high, *high_rate)
    logs = discharge(where(log_monotone(), x=low, y=high), low_rate[0], ordered)
    turned = [
        discharge(where(log_inverse(), x=rate), known[0])
        for rate, known in ((low, low_rate), (high, high_rate))
    ]
    rule = where(height_reflects(), a=LAMBERT(high), b=LAMBERT(low))
    heights = have(
        le(height(LAMBERT(high)), height(LAMBERT(low))), first[1], second[1], logs, *turned
    )
    return discharge(rule, first[0], heights)


def exponent_bound(rate: Term, share: Term) -> Term:
    """(2 log(1/p) - log(1 - x))/x."""
    return (2 * surprise(rate) - log(1 - share)) / share


@state(
    "lemma",
    "token.lambert-minimum",
    "V as a minimum",
    provenance="extension",
    given=RATE,
    claim=both(
        forall(x, lt(0, x), lt(x, 1), le(V, exponent_bound(p, x))),
        implies(lt(p, 1), both(lt(1, V), eq(exponent_bound(p, 1 - 1 / V), V))),
    ),
)
def lambert_minimum(proof: Proof) -> Theorem:
    above, root, _ = value_facts(proof, p)
    positive = have(lt(0, V), above)
    some, below = assume(lt(0, x)), assume(lt(x, 1))
    rest = have(lt(0, 1 - x), below)
    product = have(lt(0, V * (1 - x)), positive, rest)
    tangent = discharge(where(calculus.log_tangent(), x=V * (1 - x)), product)
    parted = elementary.log_of_product([(1, V), (1, 1 - x)], [positive, rest])
    parted = rewrite(parted, have(eq(parted.conclusion.args[0].args[0], V * (1 - x))))
    bound = proof.have(
        le(V, exponent_bound(p, x)), tangent, parted, root, some, why="log z <= z - 1 at V (1 - x)"
    )
    inside = assume(lt(p, 1))
    surprising = positive_surprise(proof.given[0], inside)

    def together(case: Theorem) -> Theorem:
        same = have(eq(V, 1), case, above)
        return have(lt(1, V), rewrite(root, same), log_one(), surprising)

    strict = by_cases(order(V, num(1)), together, lambda case: case)
    turned = discharge(where(log_inverse(), x=V), positive)
    value = eq(exponent_bound(p, 1 - 1 / V), V)
    last = rewrite(turned, have(eq(1 / V, 1 - (1 - 1 / V)), positive))
    attained = proof.have(value, root, last, strict, positive, why="there 1/(1 - x) = V")
    return conjunction(
        intro(bound, x, some.conclusion, below.conclusion),
        intro(conjunction(strict, attained), (), inside.conclusion),
    )


def positive_surprise(positive: Theorem, below: Theorem) -> Theorem:
    """0 < log(1/p) from 0 < p and p < 1."""
    rate = below.conclusion.args[0]
    rise = discharge(where(calculus.log_increasing(), x=rate, y=num(1)), positive, below)
    turned = discharge(where(log_inverse(), x=rate), positive)
    return have(lt(0, surprise(rate)), rise, turned, log_one())


_u = surprise(p)
_third = num(Fraction(1, 3))
CROSSING = -1 / (3 * lambertw(-(exp(-_third) / 3)))
"""p*, where V(p) = 1/p."""

DIGITS = Fraction(14899929651, 10**11), Fraction(14899929652, 10**11)
"""p* lies between these."""


def crossing_at(rate: Term) -> Term:
    """V(p) < 1/p exactly below this rate, p*, whose equation and first digits are known."""
    return both(
        eq(1 / rate, 1 + 3 * surprise(rate)),
        lt(num(DIGITS[0]), rate),
        lt(rate, num(DIGITS[1])),
        forall(
            p, *RATE,
            both(implies(lt(p, rate), lt(V, 1 / p)), implies(lt(V, 1 / p), lt(p, rate))),
        ),
    )


@state(
    "lemma",
    "token.lambert-properties",
    "Size of V",
    provenance="classical",
    claim=both(
        eq(LAMBERT(1), 1),
        forall((p, q), lt(0, p), lt(p, q), le(q, 1), lt(LAMBERT(q), V)),
        forall(
            p, *RATE,
            both(
                le(1 + 2 * sqrt(_u) + 4 * _u / 3, V),
                le(V, 1 + 2 * sqrt(_u) + 2 * _u),
            ),
        ),
        exists(q, crossing_at(q)),
    ),
    words="The bounds are those of Chatzigeorgiou (2013) for $W_{-1}$.",
)  # fmt: skip
def lambert_properties(proof: Proof) -> Theorem:
    one = num(1)
    only = value_facts(proof, one, have(lt(0, one)), have(le(one, one)))[2]
    flat = have(eq(height(one), 1 + 2 * surprise(one)), log_one())
    at_one = symmetric(apply(only, have(le(1, one)), flat, at=[1]))
    proof.note(at_one, "1 solves the equation")
    crossing = crossing_root(proof)
    known = conjunction(*(part(crossing, *path) for path in ((0,), (1, 0), (1, 1))),
                        crosses(proof, crossing))  # fmt: skip
    star = infer("witness", known, formula=exists(q, crossing_at(q)), terms=(CROSSING,))
    return conjunction(at_one, decreasing(proof), bounds(proof), star)


def decreasing(proof: Proof) -> Theorem:
    """V decreases."""
    known = [assume(f) for f in (lt(0, p), lt(p, q), le(q, 1))]
    first = value_facts(proof, p, known[0], have(le(p, 1), *known))
    second = value_facts(proof, q, have(lt(0, q), *known), known[2])
    logs = discharge(where(calculus.log_increasing(), x=p, y=q), *known)
    turned = [
        discharge(where(log_inverse(), x=rate), have(lt(0, rate), *known)) for rate in (p, q)
    ]
    higher = have(lt(height(LAMBERT(q)), height(V)), first[1], second[1], logs, *turned)
    rule = where(height_reflects_strictly(), a=LAMBERT(q), b=V)
    made = discharge(rule, higher, first[0], second[0])
    return intro(proof.note(made, "so does log(1/p)"), (p, q), *(f.conclusion for f in known))


def bounds(proof: Proof) -> Theorem:
    """Chatzigeorgiou's bounds."""
    known = [assume(f) for f in RATE]
    above, root, _ = value_facts(proof, p, *known)
    ratio = have(le(1, 1 / p), *known)
    rise = discharge(
        where(log_monotone(), x=num(1), y=1 / p), have(lt(0, num(1))), ratio
    )
    sign = have(le(0, _u), rise, log_one())
    z = sqrt(_u)
    start = have(le(0, z), apply(instance("root.nonnegative", x=_u), sign))
    square = apply(instance("root.square", x=_u), sign)
    results = []
    for value, bound in ((1 + 2 * z + 4 * _u / 3, log_lower), (1 + 2 * z + 2 * _u, log_upper)):
        scalar = bound(z, start, square, value)
        big = have(le(1, value), start, sign)
        if bound is log_lower:
            rule, low = where(height_reflects(), a=value, b=V), above
            compared = have(le(height(value), height(V)), scalar, root, square)
        else:
            rule, low = where(height_reflects(), a=V, b=value), big
            compared = have(le(height(V), height(value)), scalar, root, square)
        results.append(proof.note(discharge(rule, low, compared), "compare v - log v"))
    return intro(conjunction(*results), p, *(f.conclusion for f in known))


@cache
def log_monotone() -> Theorem:
    """0 < x and x <= y give log(x) <= log(y)."""
    positive, ordered = assume(lt(0, x)), assume(le(x, y))
    other = have(lt(0, y), positive, ordered)
    inverses = [apply(instance("exp.log", x=w), f) for w, f in ((x, positive), (y, other))]
    rule = where(calculus.exp_reflects(), x=log(x), y=log(y))
    return discharge(rule, have(le(exp(log(x)), exp(log(y))), ordered, *inverses))


def log_upper(z: Term, start: Theorem, square: Theorem, value: Term) -> Theorem:
    """log(1 + 2 z + 2 z**2) <= 2 z."""
    grown = discharge(where(elementary.exp_square(), x=2 * z), have(le(0, 2 * z), start))
    polynomial = have(le(value, exp(2 * z)), grown, square)
    positive = have(lt(0, value), start, square)
    rise = discharge(where(log_monotone(), x=value, y=exp(2 * z)), positive, polynomial)
    return have(le(log(value), 2 * z), rise, instance("log.exp", x=2 * z))


@cache
def _log_lower() -> Theorem:
    """2 z - 2 z**2/3 <= log(1 + 2 z + 4 z**2/3) for z >= 0."""
    inner = 1 + 2 * u + 4 * u**2 / 3
    shape = log(inner) - 2 * u + 2 * u**2 / 3
    low, high, start = assume(le(0, u)), assume(le(u, z)), assume(le(0, z))
    positive = have(lt(0, inner), low)
    slope = Fraction(16, 9) * num(1) * u**3 / inner
    smooth = calculus.differentiate(u, shape, u, positive, value=slope)
    sign = have(le(0, slope), low, positive)
    rule = where(calculus.monotone(), a=num(0), b=z, f=lam(u, shape), g=lam(u, slope))
    made = discharge(
        rule, start,
        intro(smooth, u, low.conclusion, high.conclusion),
        intro(sign, u, low.conclusion, high.conclusion),
    )  # fmt: skip
    return have(le(2 * z - 2 * z**2 / 3, log(1 + 2 * z + 4 * z**2 / 3)), made, log_one())


def log_lower(root: Term, start: Theorem, square: Theorem, value: Term) -> Theorem:
    """2 z - 2 z**2/3 <= log(1 + 2 z + 4 z**2/3)."""
    made = discharge(where(_log_lower(), z=root), start)
    same = have(eq(1 + 2 * root + 4 * root**2 / 3, value), square)
    return rewrite(made, same)


def crossing_root(proof: Proof) -> Theorem:
    """The equation of p*, and its first digits."""
    at = -(exp(-_third) / 3)
    enclosed = [
        infer("enclosure", goal=g, coordinates=(), tree=(-1,), bits=128)
        for g in (
            le(-exp(-1), at), lt(at, 0), lt(num(DIGITS[0]), CROSSING), lt(CROSSING, num(DIGITS[1])),
        )
    ]  # fmt: skip
    W = lambertw(at)
    branch = apply(instance("lambertw.branch", x=at), *enclosed[:2])
    equation = apply(instance("lambertw.equation", x=at), *enclosed[:2])
    v = -3 * W
    positive = have(lt(0, v), branch)
    joined = instance("exp.sum", x=-_third, y=-W)
    minus = where(calculus.exp_minus(), x=W)
    power = have(eq(v, exp(-_third + -W)), joined, minus, equation)
    logs = rewrite(instance("log.exp", x=-_third + -W), symmetric(power))
    back = have(eq(1 / CROSSING, v), positive)
    goal = eq(1 / CROSSING, 1 + 3 * surprise(CROSSING))
    inner = have(eq(log(1 / CROSSING), log(v)), congruent_log(back))
    root = have(goal, back, inner, logs)
    return proof.note(conjunction(root, *enclosed[2:]), "p* by Lambert's W, enclosed")


def congruent_log(equation: Theorem) -> Theorem:
    """log(a) = log(b) from a = b."""
    left, right = equation.conclusion.args
    hole = real("hole")
    same = have(eq(log(left), log(left)))
    return infer("rewrite", equation, same, template=lam(hole, eq(log(left), log(hole))))


@cache
def inverses() -> Theorem:
    """1/y < 1/x for 0 < x < y."""
    known = [assume(f) for f in (lt(0, x), lt(0, y), lt(x, y))]
    return have(lt(1 / y, 1 / x), *known)


def crosses(proof: Proof, crossing: Theorem) -> Theorem:
    """V(p) < 1/p exactly for p < p*."""
    known = [assume(f) for f in RATE]
    above, root, _ = value_facts(proof, p, *known)
    star, *digits = part(crossing, 0), part(crossing, 1, 0), part(crossing, 1, 1)
    positive = have(lt(0, CROSSING), digits[0])
    ratio = have(le(1, 1 / p), *known)
    steep = infer("enclosure", goal=lt(3, 1 / CROSSING), coordinates=(), tree=(-1,), bits=64)
    smaller = assume(lt(p, CROSSING))
    rule = where(beyond_crossing(), v=1 / p, w=1 / CROSSING)
    above_it = discharge(where(inverses(), x=p, y=CROSSING), known[0], positive, smaller)
    beyond = discharge(rule, star, steep, above_it)
    proof.note(beyond, "1/p > 1 + 3 log(1/p) below p*")
    heights = have(lt(height(V), height(1 / p)), root, beyond)
    first = discharge(where(height_reflects_strictly(), a=V, b=1 / p), above, ratio, heights)
    larger = assume(le(CROSSING, p))
    rule = where(before_crossing(), v=1 / p, w=1 / CROSSING)
    before = discharge(
        rule, star, steep, ratio, have(le(1 / p, 1 / CROSSING), larger, known[0], positive)
    )
    proof.note(before, "and 1/p <= 1 + 3 log(1/p) from p* on, the logarithm being concave")
    heights = have(le(height(1 / p), height(V)), root, before)
    other = discharge(where(height_reflects(), a=1 / p, b=V), above, heights)
    contrary = assume(lt(V, 1 / p))
    other = intro(other, (), larger.conclusion)
    second = by_cases(
        order(CROSSING, p),
        lambda case: absurd(have(lt(0, 0), apply(other, case), contrary), lt(p, CROSSING)),
        lambda case: case,
    )
    pair = conjunction(
        intro(first, (), smaller.conclusion), intro(second, (), contrary.conclusion)
    )
    return intro(pair, p, *(f.conclusion for f in known))


w = real("w")


@cache
def beyond_crossing() -> Theorem:
    """1 + 3 log(v) < v beyond the root w > 3 of w = 1 + 3 log(w)."""
    root, steep, beyond = (assume(f) for f in (eq(w, 1 + 3 * log(w)), lt(3, w), lt(w, v)))
    tangent = log_ratio(v, w, have(lt(0, v), steep, beyond), have(lt(0, w), steep))
    slope = have(lt(3 * (v / w - 1), v - w), steep, beyond)
    return have(lt(1 + 3 * log(v), v), tangent, slope, root)


@cache
def before_crossing() -> Theorem:
    """v <= 1 + 3 log(v) between 1 and the root w of w = 1 + 3 log(w)."""
    root, steep = assume(eq(w, 1 + 3 * log(w))), assume(lt(3, w))
    low, high = assume(le(1, v)), assume(le(v, w))
    positive, other = have(lt(0, v), low), have(lt(0, w), steep)
    left = log_ratio(num(1), v, have(lt(0, num(1))), positive)
    right = log_ratio(w, v, other, positive)
    left = have(le((w - v) * -log(v), (w - v) * (1 / v - 1)), left, log_one(), high)
    right = have(le((v - 1) * (log(w) - log(v)), (v - 1) * (w / v - 1)), right, low)
    chord = have(le((v - 1) * log(w), (w - 1) * log(v)), left, right, positive)
    scaled = have(le((w - 1) * (v - 1), (w - 1) * (3 * log(v))), chord, root)
    return have(le(v, 1 + 3 * log(v)), scaled, have(lt(0, w - 1), steep))


def log_ratio(first: Term, second: Term, *positive: Theorem) -> Theorem:
    """log(a) - log(b) <= a/b - 1, from 0 < a and 0 < b."""
    bound = discharge(
        where(calculus.log_tangent(), x=first / second), have(lt(0, first / second), *positive)
    )
    parted = discharge(where(calculus.log_of_quotient(), x=first, y=second), *positive)
    return have(le(log(first) - log(second), first / second - 1), bound, parted)
