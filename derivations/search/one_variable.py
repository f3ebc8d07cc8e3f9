"""An inequality in one variable, on the interval that the facts leave it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction
from typing import Any

import numpy

from derivations.kernel.terms import Term, app, cos, free_variables, le, num, sin, substitute
from derivations.kernel.theorem import Theorem, difference, infer
from derivations.search.attempt import Search
from derivations.search.bounds import span_of
from derivations.search.enclosures import closed, enclosed
from derivations.search.monotone import ONCE, anchored, scaled
from derivations.search.normal import atoms
from derivations.search.numeric import Range, rounded, signs, simple_near, simplest, to_float
from derivations.search.substitutions import by_logarithms, inverted, without_waves
from derivations.search.vanishing import between
from derivations.tactics import ProofError, by_cases, order

_DEEPEST = 9
_PLAIN = [Fraction(n, d) for d in (1, 2, 3, 4) for n in range(-6, 7) if math.gcd(n, d) == 1]


def along(
    search: Search, goal: Term, v: Term, facts: Sequence[Theorem], depth: int
) -> Theorem | None:
    """An inequality in one variable, on the interval that the facts leave it."""
    search.tried["monotonicity"] = None
    if depth > _DEEPEST or search.late():
        return None
    wanted = difference(goal)
    span = span_of(v, facts)
    xs = span.spread()
    values = rounded(wanted, {v: xs})
    sign = numpy.broadcast_to(values.signs(), xs.shape)
    inside = numpy.isfinite(sign)
    if (sign[inside] < 0).any() or not inside.any():
        return None
    zero = touching(search, wanted, v, xs, values, span)
    if zero is not None and goal.head in ("<", ">"):
        return None
    if zero is not None:
        return cut(search, goal, v, zero, facts, depth)
    bounded_ = math.isfinite(span.low) and math.isfinite(span.high)
    if bounded_ and (sign > 0).all():
        found = enclosed(search, goal, facts, 400, 0.2)
        if found is not None:
            return found
    if bounded_:
        plain = goal.head in ("<=", "<") and goal.args[0] == num(0)
        shown = goal if plain else app(goal.head.replace(">", "<"), 0, wanted)
        found = between(search, shown, v, facts, depth)
        if found is not None:
            return found if plain else infer("arithmetic", found, goal=goal, products=ONCE[:1])
    far = _beyond(wanted, v, span)
    if far is not None:
        if math.isfinite(span.low) and span.low >= to_float(far):
            return without_waves(search, goal, v, facts, depth)
        found = cut(search, goal, v, far, facts, depth)
        if found is not None:
            return found
    trials = list(scaled(search, goal, v, {v: xs}, facts, depth))
    vague = any(s[i] == 0 for _, _, _, s in trials[:1] for i in (0, -1))
    if goal.head in ("<", ">") and bounded_ and vague and span.high - span.low > 0.6:
        # A slope that vanishes at an end is not strict there: first cut that end off.
        place = halfway(span)
        found = cut(search, goal, v, place, facts, depth) if place is not None else None
        if found is not None:
            return found
    for scale, shape, derivative, slopes in trials:
        for low in (True, False):
            good = slopes[numpy.isfinite(slopes)]
            if len(good) and ((good >= 0).all() if low else (good <= 0).all()):
                found = anchored(search, goal, v, scale, shape, derivative, low, facts, depth)
                if found is not None:
                    return found
    if not math.isfinite(span.high) and depth < 3:
        shown = numpy.broadcast_to(values.value, xs.shape)[inside]
        if shown[-1] < 0.01 * numpy.max(shown):  # it may well vanish at infinity
            found = inverted(search, goal, v, facts, depth)
            if found is not None:
                return found
    for _, _, _, slopes in trials[:2]:
        place = cutting_point(span, xs, slopes, sign) if depth <= 6 else None
        if place is not None:
            found = cut(search, goal, v, place, facts, depth)
            if found is not None:
                return found
    if bounded_ and (sign > 0).all():
        return enclosed(search, goal, facts, 20_000, 2.0)
    if (
        goal.head in ("<", ">")
        and depth < 4
        and not (
            any(f.conclusion.head == "<" and f.conclusion.args[0] == v for f in facts)
            and any(f.conclusion.args[-1] == v for f in facts)
        )
    ):
        place = halfway(span)
        if place is not None:
            return cut(search, goal, v, place, facts, depth + 1)
    found = None
    if not math.isfinite(span.high) and depth < 3:
        found = inverted(search, goal, v, facts, depth)
    if found is None and depth < 3:
        found = by_logarithms(search, goal, facts, depth)
    return found


def _beyond(wanted: Term, v: Term, span: Range) -> Term | None:
    """A number beyond which the term is positive for any sines and cosines in it."""
    if math.isfinite(span.high) or not math.isfinite(span.low):
        return None
    waves = dict.fromkeys(
        a.args[0] for a in atoms([wanted]) if a.head in ("sin", "cos") and v in free_variables(a)
    )
    if len(waves) != 1:
        return None
    (angle,) = waves
    turn = numpy.linspace(0, 2 * math.pi, 33)
    for place in (1, 2, 3, 5, 10, 30):
        if place < span.low:
            continue
        xs = numpy.repeat(float(place) * numpy.array([1, 1.001, 1.1, 1.5, 3, 10, 100]), len(turn))
        ts = numpy.tile(turn, 7)
        columns = {v: xs, sin(angle): numpy.sin(ts), cos(angle): numpy.cos(ts)}
        if (signs(wanted, columns)[: 6 * len(turn)] > 0).all():
            return num(place)
    return None


def touching(
    search: Search, wanted: Term, v: Term, xs: Any, values: Any, span: Range
) -> Term | None:
    """A simple number inside the interval where the term is zero."""
    height = numpy.broadcast_to(values.value, xs.shape)
    for i in range(1, len(xs) - 1):
        if not (height[i] <= height[i - 1] and height[i] <= height[i + 1]):
            continue
        low, high = float(xs[i - 1]), float(xs[i + 1])
        plain = [num(q) for q in _PLAIN if low < q < high]
        for _ in range(60):
            a, b = low + (high - low) / 3, high - (high - low) / 3
            fa, fb = (float(rounded(wanted, {v: numpy.array([p])}).value[0]) for p in (a, b))
            low, high = (low, b) if fa <= fb else (a, high)
        middle = (low + high) / 2
        near = list(simple_near(middle, 1e-5 * (1 + abs(middle))))
        for candidate in dict.fromkeys([*plain, *near]):
            place = to_float(candidate)
            if not span.low < place < span.high:
                continue
            at = substitute(wanted, {v: candidate})
            if signs(at, {})[0] == 0 and closed(search, le(at, 0), [], _DEEPEST - 1) is not None:
                return candidate
    return None


def cut(
    search: Search, goal: Term, v: Term, place: Term, facts: Sequence[Theorem], depth: int
) -> Theorem | None:
    """The two cases v <= place and place < v."""
    split = order(v, place)

    def use(case: Theorem) -> Theorem:
        found = along(search, goal, v, [*facts, case], depth + 1)
        if found is None:
            raise ProofError("a case stays open")
        return found

    try:
        return by_cases(split, use, use)
    except ProofError:
        return None


def cutting_point(span: Range, xs: Any, slopes: Any, sign: Any) -> Term | None:
    """Where to cut off a piece at an end on which the slope has one sign."""
    good = numpy.isfinite(slopes) & (slopes != 0)
    places = numpy.nonzero(good)[0]
    if not len(places):
        return None
    changes = [
        (places[k], places[k + 1])
        for k in range(len(places) - 1)
        if slopes[places[k]] != slopes[places[k + 1]]
    ]
    if not changes:
        return None
    # An end is easy if it is a number where the term is positive.
    easy_low = math.isfinite(span.low) and sign[0] > 0
    easy_high = math.isfinite(span.high) and sign[-1] > 0
    if not easy_low:
        i, _ = changes[0]
        inner = [j for j in places if j <= i and xs[j] > span.low]
        if len(inner) >= 2:
            return simplest(float(xs[inner[len(inner) // 2 - 1]]), float(xs[inner[-1]]))
    if not easy_high:
        _, i = changes[-1]
        outer = [j for j in places if j >= i and xs[j] < span.high]
        if len(outer) >= 2:
            return simplest(float(xs[outer[0]]), float(xs[outer[(len(outer) + 1) // 2]]))
    return None


def halfway(span: Range) -> Term | None:
    """A number inside, not far from a finite end."""
    if math.isfinite(span.low) and math.isfinite(span.high):
        return simplest(span.low + 0.3 * (span.high - span.low), span.high)
    if math.isfinite(span.low):
        return num(Fraction(math.floor(span.low)) + Fraction(3, 2))
    if math.isfinite(span.high):
        return num(Fraction(math.ceil(span.high)) - Fraction(3, 2))
    return None
