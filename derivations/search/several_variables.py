"""One variable at a time, the others being parameters."""

from __future__ import annotations

from collections.abc import Sequence

import numpy

from derivations.kernel.terms import Term, free_variables, num
from derivations.kernel.theorem import Theorem, difference
from derivations.search.attempt import Search
from derivations.search.bounds import Bound, bounds_of
from derivations.search.monotone import anchored, scaled
from derivations.search.numeric import Columns, signs, slope
from derivations.tactics import ProofError, by_cases, order


def parametric(search: Search, goal: Term, facts: Sequence[Theorem], depth: int) -> Theorem | None:
    """One variable at a time, the others being parameters."""
    if depth > 4 or search.late():
        return None
    search.tried["monotonicity in one of the variables"] = None
    wanted = difference(goal)
    columns = search.points([wanted], facts)
    names = sorted(free_variables(wanted), key=repr)
    for v in names:
        lows, highs = bounds_of(v, facts)
        for scale, shape, derivative, slopes in scaled(search, goal, v, columns, facts, depth):
            good = slopes[numpy.isfinite(slopes)]
            if not len(good):
                continue
            for low, ends in ((True, lows), (False, highs)):
                if not ((good >= 0).all() if low else (good <= 0).all()):
                    continue
                for end in ends[:4]:
                    found = anchored(
                        search, goal, v, scale, shape, derivative, low, facts, depth + 1, end
                    )
                    if found is not None:
                        return found
    return diagonal(search, goal, wanted, names, columns, facts, depth)


def diagonal(
    search: Search,
    goal: Term,
    wanted: Term,
    names: Sequence[Term],
    columns: Columns,
    facts: Sequence[Theorem],
    depth: int,
) -> Theorem | None:
    """Cases of the order of a variable and a value at which the term vanishes."""
    if depth > 2:
        return None
    for v in names:
        derivative = slope(wanted, v)
        if derivative is None:
            continue
        for place in (*(w for w in names if w != v), num(0), num(1)):
            slopes = signs(derivative, columns) * signs(v - place, columns)
            good = slopes[numpy.isfinite(slopes)]
            if not len(good) or (good < 0).any():
                continue

            def use(case: Theorem, v: Term = v, d: Term = derivative) -> Theorem:
                low = case.conclusion.head == "<"
                end = case.conclusion.args[0] if low else case.conclusion.args[1]
                anchor = Bound(end, low, case)
                found = anchored(
                    search, goal, v, None, wanted, d, low, [*facts, case], depth + 1, anchor
                )
                if found is None:
                    raise ProofError("a case stays open")
                return found

            try:
                return by_cases(order(v, place), use, use)
            except ProofError:
                continue
    return None
