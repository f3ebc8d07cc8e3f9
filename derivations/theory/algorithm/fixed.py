"""Section 4: safe fixed learning rates for groups of every size."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import cache

from derivations import square_roots
from derivations.binomial import FORMS, mean, monotone
from derivations.kernel.terms import (
    Term,
    beta,
    both,
    eq,
    forall,
    function,
    lam,
    le,
    lt,
    nat,
    num,
    real,
    sqrt,
)
from derivations.kernel.theorem import Theorem, infer
from derivations.library import Proof, prove, state
from derivations.products import POWER, power_next, power_sign
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
from derivations.theory.algorithm.bernstein import variance_mean
from derivations.theory.algorithm.edges import mixed_groups
from derivations.theory.algorithm.groups import N, deviation, deviation_sign
from derivations.theory.algorithm.guarantees import Ceiling, Floor, Shape, fixed_rate, searched
from derivations.theory.algorithm.iterations import COUNTS
from derivations.theory.algorithm.rates import critical, p
from derivations.theory.algorithm.shape import F, k, moved_rays, times, x
from derivations.theory.algorithm.table import (
    DAPO,
    DR_GRPO,
    GRPO,
    GRPO_ROW,
    INSIDE,
    PASS,
    STEADIED,
    M,
    Row,
    Value,
    chance_of_mixed,
    ddof,
    epsilon,
    mixed,
    trials,
)
from derivations.theory.trajectory.one_step import KAPPA, G, L

_size = N + 2
_AT_PEAK = (L + G**2) / KAPPA
_companion, _failures = assume(lt(0, N)), assume(lt(0, M))
_SMOOTH = assume(lt(0, L))
_steady = assume(lt(0, epsilon)), assume(lt(ddof, _size))
CLOSED = [have(le(0, x), INSIDE[0]), have(le(x, 1), INSIDE[1])]


def _over_steadied(k: Term) -> Term:
    """The variance of k correct responses over their standard deviation plus epsilon."""
    return k * (_size - k) / _size**2 / (sqrt(k * (_size - k) / (_size * (_size - ddof))) + epsilon)


def _everywhere(positive: Theorem) -> Theorem:
    """``for all p, 0 < p < 1``, from a fact about x."""
    low, high = assume(lt(0, p)), assume(lt(p, 1))
    made = apply(intro(positive, x, *(f.conclusion for f in INSIDE)), low, high, at=[p])
    return intro(made, p, low.conclusion, high.conclusion)


# Standardised rewards -----------------------------------------------------------------------------


def _root_slopes(scale: Term | None = None, *facts: Theorem) -> Theorem:
    """``k s(k + 1) <= (k + 1) s(k)`` and ``(G - k - 1) s(k) <= (G - k) s(k + 1)`` for k < G, s the
    root of k (G - k), over the scale."""
    inside = assume(lt(k, _size))
    next_ = apply(instance("natural.discrete", m=k, n=_size), inside)
    known = [inside, next_, have(le(0, k))]
    plain = k * (_size - k), (k + 1) * (_size - (k + 1))
    here, there = (v if scale is None else v / scale for v in plain)
    a, b, r, s, v, w, d = (real(name) for name in "abrsvwd")
    over = have(le(a * (v / d), b * (w / d)), assume(le(a * v, b * w)), assume(lt(0, d)))
    sign = have(le(0, v / d), assume(le(0, v)), assume(lt(0, d)))
    roots = []
    for value, inner in zip((here, there), plain, strict=True):
        above = have(le(0, inner), *known)
        if scale is not None:
            above = discharge(where(sign, {v: inner, d: scale}), above, *facts)
        roots.append(square_roots.root_of(value, above))
    given = [assume(f) for f in (le(0, a), le(0, b), le(0, r), le(0, s), eq(r**2, v), eq(s**2, w),
                                 le(a**2 * v, b**2 * w))]  # fmt: skip
    squares = have(le((a * r) ** 2, (b * s) ** 2), *given)
    other = have(le(0, b * s), *given)
    rule = by_cases(order(a * r, b * s), lambda case: case,
                    lambda case: have(le(a * r, b * s), case, squares, other))  # fmt: skip
    found = []
    for left, right, low in ((k, k + 1, 1), (_size - (k + 1), _size - k, 0)):
        bound = have(le(left**2 * plain[low], right**2 * plain[1 - low]), *known)
        lower, upper = ((here, there)[j] for j in (low, 1 - low))
        if scale is not None:
            names = {a: left**2, b: right**2, v: plain[low], w: plain[1 - low], d: scale}
            bound = discharge(where(over, names), bound, *facts)
        names = {a: left, b: right, r: sqrt(lower), s: sqrt(upper), v: lower, w: upper}
        found.append(discharge(
            where(rule, names), have(le(0, left), *known), have(le(0, right), *known),
            roots[low], roots[1 - low], bound))  # fmt: skip
    return conjunction(*found)


@cache
def grpo_shape() -> Shape:
    """GRPO with groups of N + 2: k sqrt(G/k - 1) rises, over k it falls."""
    bounds = prove("algorithm.grpo-bounds")
    lower = discharge(part(where(bounds, {N: N + 1}), 0), *CLOSED)
    level = 2 * ((N + 1) / _size)
    below = have(le(level * (x * (1 - x)), GRPO(_size, x)), lower)
    small = have(lt(0, level), have(lt(0, N + 1)), have(lt(0, _size)))
    product = have(lt(0, level * (x * (1 - x))), small, *INSIDE)
    positive = have(lt(0, GRPO(_size, x)), below, product)
    inside = assume(le(k, N + 1 + 1))
    sign = deviation_sign(k, _size, have(le(k, _size), inside))
    root = square_roots.root_of(k * (_size - k), sign)
    each = have(le(0, deviation(k, _size)), root, have(lt(0, _size)))
    among = assume(lt(k, N + 1 + 1))
    slopes = discharge(_root_slopes(), have(lt(k, _size), among))
    rays = _by_group(lambda k: deviation(k, _size), each, slopes, have(lt(0, _size)))
    same = have(eq(GRPO(_size, x), mean(N + 1 + 1, x, lambda k: deviation(k, _size))),
                unfold=("grpo",))  # fmt: skip
    floor = Floor(COUNTS[0], level, small, below)
    return Shape(GRPO_ROW.coefficient, _everywhere(positive), moved_rays(rays, same), floor=floor)


def _by_group(value: Value, sign: Theorem, slopes: Theorem, *facts: Theorem) -> Theorem:
    """`algorithm.shape` for groups of N + 2."""
    rule = where(prove("algorithm.shape"), {N: N + 1, F: lam(x, value(x))})
    made = []
    for hypothesis in rule.hypotheses:
        premise, goal = beta(hypothesis.args[0], [k]).args
        known = [sign] if premise.head == "<=" else [slopes, assume(premise), *facts]
        made.append(intro(have(goal, *known), k, premise))
    return discharge(rule, *made)


@cache
def steadied_shape() -> Shape:
    """The same with epsilon > 0 in the denominator."""
    spread, rest = _size * (_size - ddof), have(lt(0, _size - ddof), _steady[1])
    wide = have(lt(0, spread), have(lt(0, _size)), rest)
    inside, among = assume(le(k, N + 1 + 1)), assume(lt(k, N + 1 + 1))
    here = k * (_size - k)
    v, d, r = real("v"), real("d"), real("r")
    over = have(le(0, v / d), assume(le(0, v)), assume(lt(0, d)))
    within = have(le(k, _size), inside)
    above = discharge(where(over, {v: here, d: spread}), deviation_sign(k, _size, within), wide)
    root = square_roots.root_of(here / spread, above)
    scale = have(lt(0, sqrt(here / spread) + epsilon), root, _steady[0])
    ratio = have(le(0, v / d), assume(le(0, v)), assume(lt(0, d)))
    share = have(le(0, here / _size**2), deviation_sign(k, _size, within), have(lt(0, _size)))
    sign = discharge(where(ratio, {v: here / _size**2, d: scale.conclusion.args[1]}), share, scale)
    slopes = discharge(_root_slopes(spread, wide), have(lt(k, _size), among), _steady[1])
    value = lam(x, _over_steadied(x))
    next_ = apply(instance("natural.discrete", m=k, n=N + 1 + 1), among)
    after = have(le(k + 1, N + 1 + 1), next_)
    moved = intro(scale, k, inside.conclusion)
    scales = [apply(moved, f, at=[at]) for f, at in ((have(le(k, N + 1 + 1), among), k),
                                                     (after, k + 1))]  # fmt: skip
    rays = _steady_rays(value, sign, slopes, scales, among)
    same = have(eq(STEADIED.coefficient(x), mean(N + 1 + 1, x, lambda k: beta(value, [k]))))
    floor = _steady_floor(root, scale, wide, rest)
    positive = have(lt(0, r), assume(le(v * (x * (1 - x)), r)),
                    have(lt(0, v * (x * (1 - x))), assume(lt(0, v)), *INSIDE))  # fmt: skip
    positive = discharge(where(positive, {v: floor.m, r: STEADIED.coefficient(x)}), floor.below,
                         floor.positive, *INSIDE)  # fmt: skip
    return Shape(STEADIED.coefficient, _everywhere(positive), moved_rays(rays, same), floor=floor)


def not_negative(ratio: Term, below: Theorem, *facts: Theorem) -> Theorem:
    """``0 <= a/b``, from 0 < b and what makes a so."""
    v, d = real("v"), real("d")
    rule = have(le(0, v / d), assume(le(0, v)), assume(lt(0, d)))
    above, under = ratio.args
    return discharge(where(rule, {v: above, d: under}), have(le(0, above), *facts), below)


@cache
def _over_scale() -> Theorem:
    """``k F(k + 1) <= (k + 1) F(k)`` and ``(n - k - 1) F(k) <= (n - k) F(k + 1)`` for F(k) =
    k (n - k)/n**2 over the scale, s at k and t at k + 1, from the slopes of the scale."""
    j, n, s, t = (real(name) for name in "jnst")
    steady = [assume(le((n - (j + 1)) * s, (n - j) * t)), assume(le(j * t, (j + 1) * s))]
    known = [assume(f) for f in (lt(0, s), lt(0, t), lt(0, n), le(0, j), le(j + 1, n))]
    first, second = j * (n - j) / n**2 / s, (j + 1) * (n - (j + 1)) / n**2 / t
    unit = have(lt(0, n**2 * s * t), *known)
    weights = j * (j + 1) / (n**2 * s * t), (n - j) * (n - (j + 1)) / (n**2 * s * t)
    signs = [not_negative(w, unit, *known) for w in weights]
    goals = le(j * second, (j + 1) * first), le((n - (j + 1)) * first, (n - j) * second)
    return conjunction(*(
        have(goal, times(w, bound, sign), *known[:3])
        for goal, w, bound, sign in zip(goals, weights, steady, signs, strict=True)
    ))  # fmt: skip


def _steady_rays(
    value: Term, sign: Theorem, slopes: Theorem, scales: list[Theorem], among: Theorem
) -> Theorem:
    """`algorithm.shape` for k (G - k)/G**2 over a scale with the slopes of a root, plus epsilon."""
    low, high = (s.conclusion.args[1] for s in scales)
    j, n, s, t, e = (real(name) for name in "jnste")
    known = [assume(f) for f in (lt(0, e), le(j * t, (j + 1) * s),
                                 le((n - (j + 1)) * s, (n - j) * t))]  # fmt: skip
    raised = conjunction(have(le((n - (j + 1)) * (s + e), (n - j) * (t + e)), *known),
                         have(le(j * (t + e), (j + 1) * (s + e)), *known))  # fmt: skip
    names = {j: k, n: _size, s: low.args[0], t: high.args[0], e: epsilon}
    raised = discharge(where(raised, names), slopes, _steady[0])
    names = {j: k, n: _size, s: low, t: high}
    next_ = apply(instance("natural.discrete", m=k, n=N + 1 + 1), among)
    bounds = discharge(where(_over_scale(), names), raised, *scales, have(lt(0, _size)),
                       have(le(0, k)), have(le(k + 1, _size), next_))  # fmt: skip
    rule = where(prove("algorithm.shape"), {N: N + 1, F: lam(x, beta(value, [x]))})
    made = []
    for hypothesis in rule.hypotheses:
        premise, goal = beta(hypothesis.args[0], [k]).args
        facts = sign if premise.head == "<=" else conjunction(*(
            have(g, b) for g, b in zip(goal.args, (part(bounds, 0), part(bounds, 1)), strict=True)))
        made.append(intro(have(goal, facts), k, premise))
    return discharge(rule, *made)


def _steady_floor(root: Theorem, scale: Theorem, wide: Theorem, rest: Theorem) -> Floor:
    """(G-1)/G over the largest scale there can be, that of groups half of them correct."""
    here, ratio = k * (_size - k), _size / (_size - ddof)
    spread, size = _size * (_size - ddof), have(lt(0, _size))
    top = square_roots.root_of(ratio, not_negative(ratio, rest, size))
    r, s, v, w, d, e = (real(name) for name in "rsvwde")
    quarter = have(le(v / d, w / d / 4), assume(le(v, w / 4)), assume(lt(0, d)))
    quarter = discharge(where(quarter, {v: here, w: _size**2, d: spread}),
                        have(le(here, _size**2 / 4)), wide)  # fmt: skip
    same = have(eq(_size**2 / spread, ratio), size, rest)
    squares = have(le(here / spread, ratio / 4), quarter, same)
    known = [assume(f) for f in (eq(r**2, v), eq(s**2, w), le(0, r), le(0, s), le(v, w / 4))]
    rule = by_cases(order(r, s / 2), lambda case: case,
                    lambda case: have(le(r, s / 2), case, *known))  # fmt: skip
    names = {r: sqrt(here / spread), s: sqrt(ratio), v: here / spread, w: ratio}
    most = sqrt(ratio) / 2 + epsilon
    half = discharge(where(rule, names), root, top, squares)
    larger = have(le(scale.conclusion.args[1], most), half)
    large = have(lt(0, most), top, _steady[0])
    inverse = have(le(w / e, w / d), assume(le(d, e)), assume(lt(0, d)), assume(lt(0, e)),
                   assume(le(0, w)))  # fmt: skip
    inside = assume(le(k, N + 1 + 1))
    share = have(le(0, here / _size**2), deviation_sign(k, _size, have(le(k, _size), inside)), size)
    names = {w: here / _size**2, d: scale.conclusion.args[1], e: most}
    each = discharge(where(inverse, names), larger, scale, large, share)
    rule = trials(N + 1 + 1, where(monotone(), {
        function("F", "N"): lam(k, each.conclusion.args[0]),
        function("H", "N"): lam(k, each.conclusion.args[1]),
    }))  # fmt: skip
    made = discharge(rule, *CLOSED, intro(each, k, inside.conclusion))
    linear = have(eq(mean(_size, x, lambda k: k * (_size - k) / _size**2 / e),
                     mean(_size, x, lambda k: k * (_size - k) / _size**2) / e),
                  assume(lt(0, e)), unfold=FORMS)  # fmt: skip
    linear = discharge(where(linear, {e: most}), large)
    m = (N + 1) / _size / most
    variance = where(variance_mean(), {N: N + 1})
    below = have(le(m * (x * (1 - x)), STEADIED.coefficient(x)), made, linear, variance, large)
    positive = have(lt(0, w / e), assume(lt(0, w)), assume(lt(0, e)))
    above = have(lt(0, (N + 1) / _size), have(lt(0, N + 1)), size)
    positive = discharge(where(positive, {w: (N + 1) / _size, e: most}), above, large)
    return Floor(COUNTS[0], m, positive, below)


@cache
def dr_grpo_shape() -> Shape:
    """Dr. GRPO with groups of N + 1, 0 < N: REINFORCE up to a constant."""
    level = N / (N + 1)
    below = have(le(level * (x * (1 - x)), DR_GRPO.coefficient(x)))
    floor = Floor(COUNTS[0], level, have(lt(0, level), _companion), below)
    return replace(searched(DR_GRPO.coefficient, _companion), floor=floor)


# DAPO ---------------------------------------------------------------------------------------------

_least = sqrt(N + 1) / _size


@state(
    "proposition",
    "algorithm.dapo-bounds",
    "DAPO's coefficient between two numbers",
    provenance="extension",
    given=[lt(0, x), lt(x, 1)],
    claim=both(le(_least, DAPO.coefficient(x)), le(DAPO.coefficient(x), num(1) / 2)),
    words="For groups of $G = N + 2$: the standard deviation of rewards that do not all agree is "
    "at least $\\sqrt{G-1}/G$ and at most $1/2$. So every learning rate up to $2/\\kappa$ is safe, "
    "and `algorithm.rate-log-odds` bounds the iterations with $m = \\sqrt{G-1}/G$.",
)
def dapo_bounds(proof: Proof) -> Theorem:
    each = proof.note(_each_deviation(), "for every number of correct responses")
    closed = [have(le(0, x), proof.given[0]), have(le(x, 1), proof.given[1])]
    bounds = []
    for side in (0, 1):
        lower, upper = (lam(k, s) for s in part(each, side).conclusion.args)
        rule = where(monotone(), {function("F", "N"): lower, function("H", "N"): upper})
        bounds.append(discharge(trials(_size, rule), *closed,
                                intro(part(each, side), k, le(k, _size))))  # fmt: skip
    r = real("r")
    often = mean(_size, x, mixed)
    linear = have(eq(mean(_size, x, lambda k: r * mixed(k)), r * often), unfold=FORMS)
    halved = have(eq(mean(_size, x, lambda k: mixed(k) / 2), often / 2), unfold=FORMS)
    known = [*bounds, where(linear, {r: _least}), halved, chance_of_mixed(),
             have(eq(GRPO(_size, x), mean(_size, x, lambda k: deviation(k, _size))),
                  unfold=("grpo",))]  # fmt: skip
    chance = DAPO.coefficient(x).args[1]
    positive = part(mixed_groups(), 0)
    share = discharge(where(power_sign(True), {real("x"): x, nat("n"): N + 1}), proof.given[0])
    positive = have(lt(0, chance), positive, have(lt(0, _size * (POWER(x, N + 1) * (1 - x))), share,
                    proof.given[1], have(lt(0, _size))))  # fmt: skip
    products = [have(le(_least * chance, GRPO(_size, x)), *known),
                have(le(GRPO(_size, x), chance / 2), *known)]  # fmt: skip
    goals = proof.statement.conclusion.args
    why = "divide by the chance of a group that is not uniform"
    return conjunction(*(proof.have(goal, bound, positive, why=why)
                         for goal, bound in zip(goals, products, strict=True)))  # fmt: skip


def _each_deviation() -> Theorem:
    """``L mixed(k) <= std(k) <= mixed(k)/2`` for k <= G, L = sqrt(G - 1)/G."""
    inside, size = assume(le(k, _size)), have(lt(0, _size))
    product = k * (_size - k)
    root = square_roots.root_of(product, deviation_sign(k, _size, inside))
    top = square_roots.root_of(N + 1)
    split = instance("minimum.cases", x=num(1), y=product)
    goal = both(le(_least * mixed(k), deviation(k, _size)), le(deviation(k, _size), mixed(k) / 2))
    r, s, v, w = (real(name) for name in "rsvw")
    known = [assume(f) for f in (eq(r**2, v), eq(s**2, w), le(0, r), le(0, s), le(w, v))]
    ordered = by_cases(order(s, r), lambda case: case, lambda case: have(le(s, r), case, *known))

    def uniform(none: Theorem) -> Theorem:
        flat = by_cases(split, *([lambda case: have(eq(mixed(k), 0), case, none)] * 2))
        nothing = by_cases(
            order(sqrt(product), num(0)), lambda case: have(eq(sqrt(product), 0), case, root),
            lambda case: have(eq(sqrt(product), 0), case, root, none),
        )  # fmt: skip
        still = have(eq(deviation(k, _size), 0), nothing, size)
        return have(goal, flat, still)

    def several(low: Theorem, high: Theorem) -> Theorem:
        one = apply(instance("natural.discrete", m=num(0), n=k), low)
        other = apply(instance("natural.discrete", m=k, n=_size), high)
        large = have(le(N + 1, product), have(le(0, (k - 1) * (N + 1 - k)), one, other))
        least = discharge(where(ordered, {r: sqrt(product), s: sqrt(N + 1), v: product, w: N + 1}),
                          root, top, large)  # fmt: skip
        half = discharge(
            where(ordered, {r: _size / 2, s: sqrt(product), v: _size**2 / 4, w: product}), root,
            have(eq((_size / 2) ** 2, _size**2 / 4)), have(le(0, _size / 2)),
            have(le(product, _size**2 / 4)))  # fmt: skip
        known = large, have(le(0, N))
        flat = by_cases(split, *([lambda case: have(eq(mixed(k), 1), case, *known)] * 2))
        sides = have(le(_least, deviation(k, _size)), least, size), have(
            le(deviation(k, _size), num(1) / 2), half, size)  # fmt: skip
        return have(goal, flat, *sides)

    return by_cases(
        order(k, num(0)),
        lambda case: uniform(have(eq(product, 0), have(eq(k, 0), case, have(le(0, k))))),
        lambda low: by_cases(
            order(_size, k),
            lambda case: uniform(have(eq(product, 0), have(eq(_size - k, 0), case, inside))),
            lambda high: several(low, high),
        ),
    )


@cache
def dapo_shape() -> Shape:
    """DAPO: a coefficient between two numbers."""
    bounds = prove("algorithm.dapo-bounds")
    small = have(lt(0, _least), discharge(where(square_roots.root_positive(), {x: N + 1}),
                 have(lt(0, N + 1))), have(lt(0, _size)))  # fmt: skip
    positive = have(lt(0, DAPO.coefficient(x)), bounds, small)
    half = num(1) / 2
    top = have(le(DAPO.coefficient(p), half * 1), where(part(bounds, 1), {x: p}))
    below = have(le(_least * 1, DAPO.coefficient(x)), bounds)
    return Shape(DAPO.coefficient, _everywhere(positive), None, Ceiling(half, top, flat=True),
                 Floor(COUNTS[3], _least, small, below))  # fmt: skip


# pass@k -------------------------------------------------------------------------------------------


@cache
def _tangent() -> Theorem:
    """``s**M (M + 1 - M s) <= 1`` for 0 <= s."""
    s, v = real("s"), real("v")
    sign = assume(le(0, s))

    def claim(n: Term) -> Term:
        return le(POWER(s, n) * (n + 1 - n * s), 1)

    lost = have(le(v * s * (M + 2 - (M + 1) * s), v * (M + 1 - M * s)), have(
        le(0, v * ((M + 1) * (s - 1) ** 2)), assume(le(0, v)), have(le(0, (M + 1) * (s - 1) ** 2))))

    def step(given: Theorem) -> Theorem:
        power = where(power_next(), {real("x"): s, nat("n"): M})
        above = discharge(where(power_sign(False), {real("x"): s, nat("n"): M}), sign)
        less = discharge(where(lost, {v: POWER(s, M)}), above)
        return have(claim(M + 1), given, less, power)

    base = have(claim(num(0)), unfold=("power",))
    return specialise(induct(M, claim(M), base, step), M)


@cache
def _power_of_product() -> Theorem:
    """``(a b)**M = a**M b**M``."""
    a, b = real("a"), real("b")

    def claim(n: Term) -> Term:
        return eq(POWER(a * b, n), POWER(a, n) * POWER(b, n))

    def step(given: Theorem) -> Theorem:
        next_ = [where(power_next(), {real("x"): v, nat("n"): M}) for v in (a * b, a, b)]
        return have(claim(M + 1), given, *next_)

    base = have(claim(num(0)), unfold=("power",))
    return specialise(induct(M, claim(M), base, step), M)


@cache
def pass_shape() -> Shape:
    """pass@k, k = M + 1: J (1 - J)**(k - 1) is largest at 1/k."""
    high = assume(lt(p, 1))
    share, size = M / (M + 1), have(lt(0, M + 1))
    s = (1 - p) * ((M + 1) / M)
    b = POWER(share, M)
    cut = have(eq(1 - p, s * share), _failures, size)
    a_, b_ = real("a"), real("b")
    product = where(_power_of_product(), {a_: s, b_: share})
    power = rewrite(product, symmetric(cut))
    tangent = discharge(where(_tangent(), {real("s"): s}), have(le(0, s), high, _failures, size))
    sign = discharge(where(power_sign(True), {real("x"): share, nat("n"): M}),
                     have(lt(0, share), _failures, size))  # fmt: skip
    line = have(eq(M + 1 - M * s, (M + 1) * p), _failures, size)
    v, w, d = real("v"), real("w"), real("d")
    rule = have(le(v * w * d, w), assume(le(v * d, 1)), assume(lt(0, w)))
    names = {v: POWER(s, M), w: b, d: M + 1 - M * s}
    made = discharge(where(rule, names), tangent, sign)
    next_ = where(power_next(), {real("x"): 1 - p, nat("n"): M})
    whole = have(le((M + 1) * p * POWER(1 - p, M), b), made, power, line)
    below = have(le(PASS.coefficient(p), b * (1 - p)), have(
        le((M + 1) * p * POWER(1 - p, M) * (1 - p), b * (1 - p)), whole, high), next_)
    at = 1 / (M + 1)
    rest = have(eq(1 - at, share), size)
    last = where(power_next(), {real("x"): share, nat("n"): M})
    same = infer("rewrite", symmetric(rest), have(
        eq((M + 1) * (at * POWER(share, M + 1)), b * share), last, size),
        template=lam(v, eq((M + 1) * (at * POWER(v, M + 1)), b * v)))
    one = apply(instance("natural.discrete", m=num(0), n=M), _failures)
    early = have(both(lt(0, at), le(at, num(1) / 2)), one, size)
    power_ = discharge(where(power_sign(True), {real("x"): 1 - x, nat("n"): M + 1}),
                       have(lt(0, 1 - x), INSIDE[1]))  # fmt: skip
    positive = have(lt(0, PASS.coefficient(x)), power_, INSIDE[0], size)
    return Shape(PASS.coefficient, _everywhere(positive), None, Ceiling(b, below, False,
                 (at, early, same)))  # fmt: skip


# The rows of the table ----------------------------------------------------------------------------

SHAPES: tuple[tuple[Row, Callable[[], Shape]], ...] = (
    (DR_GRPO, dr_grpo_shape),
    (GRPO_ROW, grpo_shape),
    (STEADIED, steadied_shape),
    (DAPO, dapo_shape),
    (PASS, pass_shape),
)
"""The rows whose coefficient depends on a group size or an exponent, with its shape."""


def _safe(row: Row, rate: Term, at: Term | None = None) -> Term:
    """``rate * c(J) * K(J) <= 1`` for every J, with equality at one if it is given."""
    every = forall(p, lt(0, p), lt(p, 1), le(rate * row.coefficient(p) * critical(p), 1))
    return every if at is None else both(every, eq(rate * row.coefficient(at) * critical(at), 1))


_RATES = (
    (DR_GRPO, (N + 1) / N * (1 / L + 1 / (L + G**2)), _AT_PEAK),
    (GRPO_ROW, 1 / (GRPO_ROW.coefficient(_AT_PEAK) * KAPPA), _AT_PEAK),
    (STEADIED, 1 / (STEADIED.coefficient(_AT_PEAK) * KAPPA), _AT_PEAK),
    (DAPO, 2 / KAPPA, None),
    (PASS, 1 / POWER(M / (M + 1), M) / L, 1 / (M + 1)),
)


def _largest(row: Row) -> Term:
    """``c(J) K(J) <= c(J*) kappa`` for every J, with equality at J*: the rate is their inverse."""
    top = row.coefficient(_AT_PEAK) * KAPPA
    below = le(row.coefficient(p) * critical(p), top)
    return both(
        forall(p, lt(0, p), lt(p, 1), below),
        eq(row.coefficient(_AT_PEAK) * critical(_AT_PEAK), top),
    )


def _as_largest(made: Theorem, row: Row, positive: Theorem) -> Theorem:
    """The same from `_safe` for the rate ``1/(c(J*) kappa)``."""
    v, w, d = real("v"), real("w"), real("d")
    low, high = assume(lt(0, p)), assume(lt(p, 1))
    at = {v: row.coefficient(p), w: critical(p), d: row.coefficient(_AT_PEAK) * KAPPA}
    peak = {**at, v: row.coefficient(_AT_PEAK), w: critical(_AT_PEAK)}
    inside = have(lt(0, _AT_PEAK), _SMOOTH), have(lt(_AT_PEAK, 1), _SMOOTH)
    sign = have(lt(0, at[d]), apply(positive, *inside, at=[_AT_PEAK]), have(lt(0, KAPPA), _SMOOTH))
    below = have(le(v * w, d), assume(le(1 / d * v * w, 1)), assume(lt(0, d)))
    equal = have(eq(v * w, d), assume(eq(1 / d * v * w, 1)), assume(lt(0, d)))
    every = discharge(where(below, at), apply(part(made, 0), low, high, at=[p]), sign)
    return conjunction(
        intro(every, p, low.conclusion, high.conclusion),
        discharge(where(equal, peak), part(made, 1), sign),
    )


@state(
    "corollary",
    "algorithm.group-rates",
    "Safe fixed learning rates for groups of every size, and for pass@k",
    provenance="extension",
    given=[lt(0, L), lt(0, N), lt(0, epsilon), lt(ddof, _size), lt(0, M)],
    claim=both(*(_largest(row) if row is STEADIED else _safe(row, rate, at)
                 for row, rate, at in _RATES)),
    words="Dr. GRPO with groups of $N + 1$; GRPO with groups of $N + 2$, without and with "
    "$\\epsilon$ in the denominator, where the rate is $1/(c(J^*)\\kappa)$; DAPO with such "
    "groups; pass@k for $k = M + 1$. All but that of DAPO are the largest: there is equality at "
    "$J^* = (L + G^2)/(2L + G^2)$, for pass@k at $1/k$.",
)  # fmt: skip
def group_rates(proof: Proof) -> Theorem:
    parts = []
    for row, rate, at in _RATES:
        safe = fixed_rate(row)
        known = [safe.theorem, *([safe.attained] if at is not None and safe.attained else [])]
        goal = _safe(row, rate, at)
        made = conjunction(*known)
        if made.conclusion != goal:
            same = have(eq(safe.rate, rate), *proof.given)
            made = rewrite(made, same)
        if row is STEADIED:
            made = _as_largest(made, row, steadied_shape().positive)
        parts.append(proof.note(made, f"{row.algorithm.name}"))
    return conjunction(*parts)
