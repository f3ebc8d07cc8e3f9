"""Section 4: safe fixed learning rates for groups of every size."""

from __future__ import annotations

from collections.abc import Callable
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
    minimum,
    num,
    real,
    sqrt,
)
from derivations.kernel.theorem import Theorem
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
    where,
)
from derivations.theory.algorithm.bernstein import variance_mean
from derivations.theory.algorithm.groups import N, deviation, deviation_sign
from derivations.theory.algorithm.guarantees import Ceiling, Floor, Shape, fixed_rate, searched
from derivations.theory.algorithm.iterations import COUNTS
from derivations.theory.algorithm.rates import L, p
from derivations.theory.algorithm.shape import F, k, moved_rays, summed, times, x
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
    mixed_cases,
    trials,
)

_size = N + 2
_companion, _failures = assume(lt(0, N)), assume(lt(0, M))
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
    positive = have(lt(0, GRPO(_size, x)), below, have(lt(0, level * (x * (1 - x))), small, *INSIDE))
    inside = assume(le(k, N + 1 + 1))
    root = square_roots.root_of(k * (_size - k), deviation_sign(k, _size, have(le(k, _size), inside)))
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
    larger = have(le(scale.conclusion.args[1], most), discharge(where(rule, names), root, top, squares))
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
