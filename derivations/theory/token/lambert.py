r"""The function V(p) = -W_{-1}(-p**2/e), the root V >= 1 of V - log V = 1 + 2 log(1/p)."""

from __future__ import annotations

from fractions import Fraction
from functools import cache

from derivations import calculus, elementary
from derivations.elementary import resolve
from derivations.kernel.terms import (
    Definition,
    Term,
    app,
    both,
    eq,
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
    apply,
    assume,
    by_cases,
    conjunction,
    discharge,
    fold,
    have,
    instance,
    intro,
    order,
    part,
    rewrite,
    where,
)

p, q, u, v, x, z, a, b = (real(name) for name in ("p", "q", "u", "v", "x", "z", "a", "b"))

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
    one = have(eq(log(1), 0), rewrite(instance("log.exp", x=num(0)), instance("exp.zero")))
    rise = discharge(where(calculus.log_increasing(), x=num(1), y=b / a), above, have(lt(0, num(1))))
    rise = have(lt(0, log(b / a)), rise, one)
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
    """a < b from a - log a < b - log b, for a, b >= 1."""
    first, other = assume(le(1, a)), assume(le(1, b))
    ordered = assume(lt(height(a), height(b)))

    def beyond(case: Theorem) -> Theorem:
        def apart(less: Theorem) -> Theorem:
            rises = discharge(where(height_increasing(), a=b, b=a), other, less)
            return have(lt(a, b), rises, ordered)

        def together(more: Theorem) -> Theorem:
            equal = have(eq(a, b), case, more)
            return have(lt(a, b), rewrite(ordered, equal))

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
    made = discharge(where(calculus.log_of_quotient(), x=num(1), y=x), positive, have(lt(0, num(1))))
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
    positive = have(lt(0, value), branch)
    minus = where(elementary.exp_minus(), x=lambertw(at))
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
    back = have(eq(1 - (1 - 1 / V), 1 / V), positive)
    turned = discharge(where(log_inverse(), x=V), positive)
    value = eq(exponent_bound(p, 1 - 1 / V), V)
    last = rewrite(turned, have(eq(1 / V, 1 - (1 - 1 / V)), positive))
    del back
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
