"""Relations between numbers and on boxes, by ball arithmetic."""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction

from derivations.kernel.terms import Term, eq, free_variables, le, lt, num
from derivations.kernel.theorem import Theorem, infer
from derivations.search.attempt import Search
from derivations.search.balls import enclose
from derivations.search.bounds import INEQUALITIES, Bound, bounds_of, chained
from derivations.search.factors import assembled, factored, on_circles
from derivations.search.numeric import to_float, transcendental


def closed(search: Search, goal: Term, facts: Sequence[Theorem], depth: int) -> Theorem | None:
    """A relation between numbers."""
    search.tried["enclosure"] = None
    # Numbers that are equal are told apart by no precision: first a little, later more.
    for bits in ((64, 256), (512, 4096)):
        found = enclose(goal, [], search.until(1), bits=bits[0], most_bits=bits[1])
        if found is not None:
            return found
        shape = factored(search, goal, [], depth)
        if shape is not None and shape.constant == 0 and goal.head in ("<=", ">="):
            return assembled(search, goal, shape, [])
        if shape is not None and goal.head in ("<=", ">="):
            same = on_circles(eq(*goal.args), shape)
            if same is not None:
                sign = num(-1 if goal.head == "<=" else 1)
                return infer("arithmetic", same, goal=goal, multipliers=((0, sign),))
        if shape is not None and all(not transcendental(f) for f, _ in shape.factors):
            return search.arithmetic(goal, facts, 2, 0.5)
    return None


def enclosed(
    search: Search, goal: Term, facts: Sequence[Theorem], parts: int, seconds: float
) -> Theorem | None:
    """The goal by branch and bound, if every variable lies between numbers."""
    search.tried["enclosure on boxes"] = None
    known = [f for f in facts if f.conclusion.head in (*INEQUALITIES, "=")]
    extra: list[Theorem] = []
    for v in sorted(free_variables(goal), key=repr):
        for bounds, up in zip(bounds_of(v, known), (False, True), strict=True):
            made = numeral(search, v, bounds, up)
            if made is None:
                return None
            extra.append(made)
    return enclose(goal, [*extra, *known], search.until(seconds), most_parts=parts)


def numeral(search: Search, v: Term, bounds: Sequence[Bound], up: bool) -> Theorem | None:
    """A bound of a variable by a numeral."""
    for bound in bounds:
        if bound.term.kind == "num":
            return bound.fact
        if free_variables(bound.term):
            continue
        value = to_float(bound.term)
        if not math.isfinite(value):
            continue
        near = Fraction(value + (1 if up else -1) * 1e-9 * (1 + abs(value)))
        near = near.limit_denominator(10**12)
        goal = lt(bound.term, num(near)) if up else lt(num(near), bound.term)
        known = closed(search, goal, [], 0)
        if known is None:
            continue
        weak = le(v, num(near)) if up else le(num(near), v)
        return chained(weak, bound.fact, known)
    return None
