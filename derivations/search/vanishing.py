"""An inequality in one variable between two numbers, where both sides may be equal at the ends.

At an end where the difference vanishes to the order k its k-th derivative has a sign: that is
enclosed near the end, and the difference rises from there.  Between, the difference is enclosed.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache

import numpy

from derivations.kernel.algebra import Algebra
from derivations.kernel.terms import KernelError, Term, le, lt, substitute
from derivations.kernel.theorem import Theorem, infer
from derivations.search.attempt import Search
from derivations.search.bounds import Bound, bounds_of
from derivations.search.enclosures import closed, enclosed
from derivations.search.monotone import ONCE, moved
from derivations.search.numeric import rounded, signs, simplest, slope, to_float
from derivations.tactics import ProofError, by_cases, order

_HIGHEST = 9  # order of a zero
_MOST_TERMS = 150  # of a derivative that is multiplied out


def between(
    search: Search, goal: Term, v: Term, facts: Sequence[Theorem], depth: int
) -> Theorem | None:
    """The goal, ``0 <= f`` or ``0 < f``, on a bounded interval with f smooth at its ends."""
    shape, strict = goal.args[1], goal.head == "<"
    lows, highs = (_finite(b) for b in bounds_of(v, facts))
    if not lows or not highs:
        return None
    low, high = lows[0], highs[0]
    orders = [_order(shape, v, end.term, up) for end, up in ((low, True), (high, False))]
    if None in orders or any(
        strict and k and not end.strict for k, end in zip(orders, (low, high), strict=True)
    ):
        return None
    first, last = orders
    start, stop = to_float(low.term), to_float(high.term)
    left = _reach(shape, v, start, stop, first) if first else start
    right = _reach(shape, v, stop, start, last) if last else stop

    def piece(*ends: Theorem) -> Theorem:
        known = bounds_of(v, ends)
        found = None
        if first and known[0][0].term == low.term:
            found = climbed(search, goal, v, low.term, first, ends, depth)
        elif last and known[1][0].term == high.term:
            found = climbed(search, goal, v, high.term, last, ends, depth)
        else:
            found = enclosed(search, goal, ends, 20_000, 3.0)
        if found is None:
            raise ProofError("a part stays open", goal)
        return found

    cuts = []
    if not (first and left >= stop or last and right <= start):
        if first and last and left >= right:
            cuts = [simplest(right, left)]
        else:
            cuts = [simplest(*side) for side, k in
                    (((start + 0.75 * (left - start), left), first),
                     ((right, right + 0.25 * (stop - right)), last)) if k]  # fmt: skip
    elif not (first and left >= stop):
        first = 0

    def cut(places: Sequence[Term], lower: Theorem) -> Theorem:
        if not places:
            return piece(lower, high.fact)
        return by_cases(
            order(v, places[0]), lambda case: piece(lower, case), lambda case: cut(places[1:], case)
        )

    try:
        return cut(cuts, low.fact)
    except ProofError:
        return None


def _finite(bounds: Sequence[Bound]) -> list[Bound]:
    return [b for b in bounds if math.isfinite(to_float(b.term)) and b.fact.conclusion.head != "="]


@lru_cache(maxsize=2048)
def derived(term: Term, v: Term) -> Term | None:
    """The derivative, multiplied out if it is a polynomial in its functions."""
    made = slope(term, v)
    if made is None:
        return None
    algebra = Algebra()
    try:
        numerator, denominator = algebra.normal(made)
    except KernelError:
        return None
    if denominator.is_constant() and len(numerator) <= _MOST_TERMS:
        return algebra.term((numerator, denominator))
    return made


def _order(shape: Term, v: Term, end: Term, low: bool) -> int | None:
    """The order of the zero at an end, 0 for none; None if the term turns negative there."""
    term: Term | None = shape
    for k in range(_HIGHEST):
        if term is None:
            return None
        sign = signs(substitute(term, {v: end}), {})[0]
        if not math.isfinite(sign):
            return None
        if sign:
            return k if sign * (1 if low else -1) ** k > 0 else None
        term = derived(term, v)
    return None


def _reach(shape: Term, v: Term, start: float, stop: float, k: int) -> float:
    """How far from the start the k-th derivative, if it has one, is well away from zero."""
    term: Term | None = shape
    for _ in range(k):
        term = None if term is None else derived(term, v)
    if term is None:
        return start
    places = start + (stop - start) * numpy.linspace(0, 1, 129)
    values = rounded(term, {v: places}).value * (1 if stop > start else (-1) ** k)
    values = numpy.broadcast_to(values, places.shape)
    good = values > 0.1 * values[0]
    if good.all():
        return stop
    return float(places[max(1, int(numpy.argmin(good)) - 1)])


def climbed(
    search: Search, goal: Term, v: Term, end: Term, k: int, facts: Sequence[Theorem], depth: int
) -> Theorem | None:
    """The goal, ``0 <= f`` or ``0 < f``, from the zero of order k that f has at an end."""
    if k == 0:
        return enclosed(search, goal, facts, 5000, 1.0)
    shape, rising = goal.args[1], goal.head == "<"
    lows, highs = bounds_of(v, facts)
    anchor = next((b for b in (*lows[:1], *highs[:1]) if b.term == end), None)
    derivative = derived(shape, v)
    at_end = closed(search, le(0, substitute(shape, {v: end})), [], depth)
    if anchor is None or derivative is None or at_end is None:
        return None

    def sign(needed: Term, known: Sequence[Theorem]) -> Theorem | None:
        return climbed(search, needed, v, end, k - 1, known, depth)

    low = lows[0].term == end
    risen = moved(search, v, shape, derivative, anchor, low, rising, facts, depth, sign)
    if risen is None:
        return None
    relation = lt(0, shape) if rising else le(0, shape)
    return infer("arithmetic", at_end, risen, goal=relation, products=(ONCE[0], ONCE[1]))
