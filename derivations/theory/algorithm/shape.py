"""Section 4: the shape of a coefficient, from what groups contribute.

Which fixed learning rate is safe depends on whether c(J)/J falls and c(J)/(1 - J) rises.  For a
mean over groups that can be read off its values group by group.
"""

from __future__ import annotations

from functools import cache

from derivations import binomial, calculus
from derivations.binomial import BINOMIAL, mean
from derivations.calculus import differentiate
from derivations.kernel.terms import (
    Term,
    beta,
    both,
    derivative,
    eq,
    forall,
    function,
    implies,
    lam,
    le,
    lt,
    nat,
    num,
    real,
    substitute,
)
from derivations.kernel.theorem import Theorem
from derivations.library import Proof, state
from derivations.tactics import (
    apply,
    assume,
    by_cases,
    conjunction,
    discharge,
    have,
    induct,
    intro,
    order,
    specialise,
    where,
)
from derivations.theory.algorithm.groups import G, N
from derivations.theory.algorithm.rates import RAYS, c, p, q
from derivations.theory.algorithm.table import trials

k = nat("k")
x, u, t = (real(name) for name in ("x", "u", "t"))
F, s = function("F", "R"), function("s", "R")


def rays_of(coefficient: Term) -> Term:
    """`RAYS` for a coefficient, a function of the success rate."""
    return substitute(RAYS, {c: coefficient})


BY_GROUP = [
    forall(k, le(k, G), le(0, F(k))),
    forall(k, lt(k, G), both(le(k * F(k + 1), (k + 1) * F(k)),
                             le((G - (k + 1)) * F(k), (G - k) * F(k + 1)))),
]  # fmt: skip
"""F is not negative, F(k)/k does not increase and F(k)/(G - k) does not fall."""


@state(
    "lemma",
    "algorithm.shape",
    "The shape of a coefficient, group by group",
    provenance="extension",
    given=BY_GROUP,
    claim=rays_of(lam(x, mean(G, x, lambda k: F(k)))),
    words="The coefficient is the mean of $F(k)$ over groups of $G = N + 1$, $k$ the number of "
    "correct responses. If $F(k)/k$ falls and $F(k)/(G-k)$ rises, then $c(J)/J$ falls and "
    "$c(J)/(1-J)$ rises, as `algorithm.largest-curvature` asks for.",
)
def shape(proof: Proof) -> Theorem:
    sign, falls, rises = (proof.note(made, why) for made, why in (
        (summed(lam(k, num(0)), lam(k, F(k)), apply(proof.given[0], assume(le(k, G)), at=[k])),
         "no group counts against"),
        (falling(proof), "J c'(J) is the mean of k (F(k) - F(k - 1)), at most that of F(k)"),
        (rising(proof), "(1 - J) c'(J) is the mean of (G - k) (F(k + 1) - F(k)), at least -F(k)"),
    ))  # fmt: skip
    low, between, high = assume(lt(0, p)), assume(le(p, q)), assume(lt(q, 1))
    near, far = assume(le(p, u)), assume(le(u, q))
    inside = have(lt(0, u), low, near), have(lt(u, 1), far, high)
    ranged = u, near.conclusion, far.conclusion
    smooth = trials(N, where(binomial.slope(), {function("F", "N"): lam(k, F(k))}))
    change = smooth.conclusion.args[2]
    facts = [intro(at_rate(f, u, *inside), *ranged) for f in (falls, rises)]
    smooth = intro(where(smooth, {x: u}), *ranged)
    rule = where(along_rays(), {c: lam(x, C(x)), s: lam(x, change)})
    ordered = discharge(rule, low, between, high, smooth, *facts)
    above = at_rate(sign, p, low, have(lt(p, 1), between, high))
    positive = have(le(0, C(p)), above, where(trials(G, binomial.constant(num(0))), {x: p}))
    made = conjunction(positive, ordered)
    return intro(made, (p, q), low.conclusion, between.conclusion, high.conclusion)


def C(rate: Term) -> Term:
    """The mean over groups."""
    return BINOMIAL(G, rate, lam(k, F(k)))


def at_rate(theorem: Theorem, rate: Term, *inside: Theorem) -> Theorem:
    """A fact about 0 <= x <= 1 at one success rate."""
    closed = have(le(0, rate), *inside), have(le(rate, 1), *inside)
    return apply(intro(theorem, x, le(0, x), le(x, 1)), *closed, at=[rate])


def summed(lower: Term, upper: Term, each: Theorem) -> Theorem:
    """``mean(lower) <= mean(upper)`` at x in [0, 1], from one group."""
    names = {function("F", "N"): lower, function("H", "N"): upper}
    rule = trials(G, where(binomial.monotone(), names))
    closed = [assume(f) for f in (le(0, x), le(x, 1))]
    return discharge(rule, *closed, intro(each, k, le(k, G)))


def falling(proof: Proof) -> Theorem:
    """``x c'(x) <= c(x)``: k (F(k) - F(k - 1)) <= F(k)."""
    gain = lam(k, F(k) - F(k - 1))
    product = lam(k, k * beta(gain, [k]))

    def at(index: Term) -> Term:
        return implies(le(index, G), le(beta(product, [index]), F(index)))

    def step(_: Theorem) -> Theorem:
        inside = assume(le(k + 1, G))
        limit = apply(proof.given[1], have(lt(k, G), inside), at=[k])
        return intro(have(le(beta(product, [k + 1]), F(k + 1)), limit), (), inside.conclusion)

    start = apply(proof.given[0], have(le(0, G)), at=[0])
    start = intro(have(le(beta(product, [num(0)]), F(num(0))), start), (), le(num(0), G))
    every = specialise(induct(k, at(k), start, step), k)
    made = summed(product, lam(k, F(k)), apply(every, assume(le(k, G))))
    biased = trials(N, where(binomial.size_bias()[0], {function("F", "N"): gain}))
    linear = times_size(lam(k, k / G * beta(gain, [k])), product)
    return have(le(x * slope_of(x), C(x)), made, biased, linear)


def rising(proof: Proof) -> Theorem:
    """``-c(x) <= (1 - x) c'(x)``: -F(k) <= (G - k) (F(k + 1) - F(k))."""
    gain = lam(k, F(k + 1) - F(k))
    product, below = lam(k, (G - k) * beta(gain, [k])), lam(k, -F(k))
    inside = assume(le(k, G))
    sign = apply(proof.given[0], inside, at=[k])

    def last(case: Theorem) -> Theorem:
        return have(le(-F(k), beta(product, [k])), have(eq(G - k, 0), case, inside), sign)

    def before(case: Theorem) -> Theorem:
        return have(le(-F(k), beta(product, [k])), apply(proof.given[1], case, at=[k]))

    made = summed(below, product, by_cases(order(G, k), last, before))
    biased = trials(N, where(binomial.size_bias()[1], {function("F", "N"): gain}))
    linear = times_size(lam(k, (G - k) / G * beta(gain, [k])), product)
    less = have(eq(mean(G, x, lambda k: -F(k)), -C(x)), unfold=binomial.FORMS)
    return have(le(-C(x), (1 - x) * slope_of(x)), made, biased, linear, less)


def times_size(share: Term, whole: Term) -> Theorem:
    """``G mean(share) = mean(whole)``."""
    goal = eq(G * mean(G, x, lambda k: beta(share, [k])), mean(G, x, lambda k: beta(whole, [k])))
    return have(goal, have(lt(0, G)), unfold=binomial.FORMS)


def slope_of(rate: Term) -> Term:
    """c'."""
    return (N + 1) * mean(N, rate, lambda k: F(k + 1) - F(k))


@cache
def along_rays() -> Theorem:
    """``p c(q) <= q c(p)`` and ``(1 - q) c(p) <= (1 - p) c(q)`` where c' = s, u s(u) <= c(u) and
    -c(u) <= (1 - u) s(u) for p <= u <= q."""
    low, between, high = assume(lt(0, p)), assume(le(p, q)), assume(lt(q, 1))
    near, far = assume(le(p, u)), assume(le(u, q))
    inside = have(lt(0, u), low, near), have(lt(0, 1 - u), far, high)

    def known(formula: Term) -> Theorem:
        return apply(assume(forall(u, near.conclusion, far.conclusion, formula)), near, far, at=[u])

    smooth = known(derivative(t, c(t), u, s(u)))
    bounds = known(le(u * s(u), c(u))), known(le(-c(u), (1 - u) * s(u)))
    ordered = []
    for value, slope_, bound in (
        (-(c(t) / t), (c(u) - u * s(u)) / u**2, bounds[0]),
        (c(t) / (1 - t), ((1 - u) * s(u) + c(u)) / (1 - u) ** 2, bounds[1]),
    ):
        made = differentiate(t, value, u, smooth, *inside, value=slope_)
        sign = have(le(0, slope_), bound, *inside)
        names = {function("f", "R"): lam(t, value), function("g", "R"): lam(u, slope_),
                 real("a"): p, real("b"): q}  # fmt: skip
        ranged = u, near.conclusion, far.conclusion
        ordered.append(discharge(where(calculus.monotone(), names), between, intro(made, *ranged),
                                 intro(sign, *ranged)))  # fmt: skip
    ends = have(lt(p, 1), between, high), have(lt(0, q), low, between)
    return conjunction(
        have(le(p * c(q), q * c(p)), ordered[0], low, *ends),
        have(le((1 - q) * c(p), (1 - p) * c(q)), ordered[1], high, *ends),
    )
