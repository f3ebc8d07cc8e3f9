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
from derivations.library import Proof, prove, state
from derivations.tactics import (
    apply,
    assume,
    by_cases,
    conjunction,
    discharge,
    have,
    induct,
    instance,
    intro,
    order,
    part,
    rewrite,
    specialise,
    symmetric,
    where,
)
from derivations.theory.algorithm.groups import G, N, a, b
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


# From the advantages ------------------------------------------------------------------------------

g = function("g", "R")
BY_GAIN = [
    forall(k, le(k, N), le(0, g(k))),
    forall(k, lt(k, N), both(le((N - k) * g(k + 1), (N + 1 - k) * g(k)),
                             le((k + 1) * g(k), (k + 2) * g(k + 1)))),
]  # fmt: skip
"""What a correct response gains, k of its N companions being correct, is not negative and changes
slowly enough."""


@cache
def by_gain() -> Theorem:
    """The rays of ``x (1 - x) mean(N, x, g)``, under `BY_GAIN`: the same as a mean over two
    responses more."""
    size, scale = N + 2, (N + 1) * (N + 2)
    sign, slow = map(assume, BY_GAIN)
    value = lam(x, x * (size - x) / scale * g(x - 1))
    positive = have(lt(0, scale), have(lt(0, N + 1)), have(lt(0, N + 2)))
    names = {N: N + 1, F: value}
    start = apply(sign, have(le(0, N)), at=[0])

    def at_next(shape_: Term) -> tuple[Term, Theorem]:
        """The goal for k + 1, under its premise."""
        premise, goal = beta(shape_, [k + 1]).args
        return goal, assume(premise)

    def every(shape_: Term, next_: Theorem, premise: Theorem) -> Theorem:
        """For all k, from what holds at 0 anyway and the goal for k + 1."""
        first, goal = beta(shape_, [num(0)]).args
        base = intro(have(goal, start, positive), (), first)
        step = intro(next_, (), premise.conclusion)
        return induct(k, beta(shape_, [k]), base, lambda _: step)

    shapes = [where(assume(f), names).conclusion.args[0] for f in BY_GROUP]
    goal, inside = at_next(shapes[0])

    def last(case: Theorem, goal: Term = goal, inside: Theorem = inside) -> Theorem:
        step = apply(instance("natural.discrete", m=N, n=k), case)
        return have(goal, have(eq(N + 1 - k, 0), step, inside))

    def before(case: Theorem, goal: Term = goal) -> Theorem:
        share = (k + 1) * (N + 1 - k) / scale
        return have(goal, times(share, apply(sign, case, at=[k]), positive, case), positive)

    signs = every(shapes[0], by_cases(order(k, N), before, last), inside)
    goals, inside = at_next(shapes[1])
    among = have(le(k, N), apply(instance("natural.discrete", m=k, n=N + 1),
                                 have(lt(k, N + 1), inside)))  # fmt: skip
    share = (k + 1) * (k + 2) / scale, (N - k) * (N + 1 - k) / scale

    def end(case: Theorem) -> Theorem:
        none, whole = have(eq(N - k, 0), case, among), apply(sign, among, at=[k])
        first = have(goals.args[0], times((k + 1) * (k + 2) / scale, whole, positive), none,
                     positive)  # fmt: skip
        return conjunction(first, have(goals.args[1], none))

    def middle(case: Theorem) -> Theorem:
        facts = [times(w, part(apply(slow, case, at=[k]), j), positive, case)
                 for j, w in enumerate(share)]  # fmt: skip
        return conjunction(*(have(goal, f, positive)
                             for goal, f in zip(goals.args, facts, strict=True)))  # fmt: skip

    slowly = every(shapes[1], by_cases(order(N, k), end, middle), inside)
    made = discharge(where(prove("algorithm.shape"), names), signs, slowly)
    biased = trials(N, where(binomial.twice_biased(), {function("F", "N"): lam(k, g(k - 1))}))
    same = have(eq(x * (1 - x) * mean(N, x, lambda k: g(k)),
                   mean(N + 1 + 1, x, lambda k: beta(value, [k]))), biased, positive)
    return moved_rays(made, same)


def moved_rays(rays: Theorem, same: Theorem) -> Theorem:
    """The rays of a coefficient in other words, from ``new(x) = old(x)``."""
    new, old = (lam(x, side) for side in same.conclusion.args)
    wanted = rays_of(new)
    low, between, high = (assume(f) for f in _premises(wanted))
    known = [low, between, high, have(lt(p, 1), between, high), have(lt(0, q), low, between)]
    made = apply(rays, *known, at=[p, q])
    back = [discharge(where(symmetric(same), {x: at}), *known) for at in (p, q)]
    return intro(rewrite(made, *back), (p, q), *(f.conclusion for f in (low, between, high)))


def _premises(rays: Term) -> list[Term]:
    """0 < p, p <= q and q < 1."""
    found, formula = [], beta(rays.args[0], [p, q])
    while formula.head == "imp":
        found.append(formula.args[0])
        formula = formula.args[1]
    return found


def times(factor: Term, bound: Theorem, *facts: Theorem) -> Theorem:
    """``factor a <= factor b`` from ``a <= b``."""
    w, a, b = real("w"), real("a"), real("b")
    rule = have(le(w * a, w * b), assume(le(0, w)), assume(le(a, b)))
    left, right = bound.conclusion.args
    rule = where(rule, {w: factor, a: left, b: right})
    return discharge(rule, have(le(0, factor), *facts), bound)


d = function("d", "R")
m, M = real("m"), real("M")


@cache
def kept_between() -> Theorem:
    """``m <= c(x) <= M`` where groups are kept with the weight d(k), if that is so of k a(k)/G and
    of -(G - k) b(k)/G in every group that is kept."""
    inside, closed = [assume(f) for f in (lt(0, x), lt(x, 1))], assume(le(k, G))
    up, down = d(k) * (k / G * a(k)), -(d(k) * ((G - k) / G * b(k)))
    limits = assume(forall(k, le(k, G), both(between(up), between(down))))
    here = apply(limits, closed, at=[k])
    whole = (1 - x) * up + x * down
    v, w, y, z, r = (real(name) for name in ("v", "w", "y", "z", "r"))
    known = [assume(f) for f in (le(v, y), le(y, w), le(v, z), le(z, w))]
    mixture = (1 - x) * y + x * z
    low = have(le(v, mixture), have(le((1 - x) * v, (1 - x) * y), *known, *inside),
               have(le(x * v, x * z), *known, *inside))  # fmt: skip
    high = have(le(mixture, w), have(le((1 - x) * y, (1 - x) * w), *known, *inside),
                have(le(x * z, x * w), *known, *inside))  # fmt: skip
    values = {v: m * d(k), w: M * d(k), y: up, z: down}
    sides = [discharge(where(side, values), here, *inside) for side in (low, high)]
    ends = [have(le(0, x), inside[0]), have(le(x, 1), inside[1])]
    bounds = []
    for side in sides:
        names = {function("F", "N"): lam(k, side.conclusion.args[0]),
                 function("H", "N"): lam(k, side.conclusion.args[1])}  # fmt: skip
        rule = trials(G, where(binomial.monotone(), names))
        bounds.append(discharge(rule, *ends, intro(side, k, closed.conclusion)))
    size = have(lt(0, G))
    weighted = {function("a", "R"): lam(x, d(x) * a(x)), function("b", "R"): lam(x, d(x) * b(x))}
    group = where(prove("algorithm.coefficient-by-group"), weighted)
    numerator, chance = group.conclusion.args[0], mean(G, x, lambda k: d(k))
    same = have(eq(numerator, mean(G, x, lambda k: beta(lam(k, whole), [k]))), group, size,
                unfold=binomial.FORMS)  # fmt: skip
    linear = [have(eq(mean(G, x, lambda k: r * d(k)), r * chance), unfold=binomial.FORMS)]
    positive = assume(lt(0, chance))
    known = [*bounds, same, *(where(linear[0], {r: s}) for s in (m, M))]
    products = [have(le(m * chance, numerator), *known), have(le(numerator, M * chance), *known)]
    return conjunction(have(le(m, numerator / chance), products[0], positive),
                       have(le(numerator / chance, M), products[1], positive))  # fmt: skip


def between(value: Term) -> Term:
    """m d(k) <= value <= M d(k)."""
    return both(le(m * d(k), value), le(value, M * d(k)))
