"""One variable at a time, the others being parameters."""

from __future__ import annotations

from collections.abc import Sequence

import numpy

from derivations.kernel.algebra import Algebra
from derivations.kernel.terms import Term, app, free_variables, lt, num, substitute
from derivations.kernel.theorem import Theorem, difference, infer
from derivations.search.attempt import Search
from derivations.search.bounds import Bound, bounds_of
from derivations.search.monotone import ONCE, anchored, scaled
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


def as_written(search: Search, goal: Term, facts: Sequence[Theorem], depth: int) -> Theorem | None:
    """The goal by the slope of its difference as it stands, from an end where nothing speaks
    against it, or on either side of a value at which the difference vanishes."""
    low, high = goal.args if goal.head in ("<=", "<") else reversed(goal.args)
    shape = high if low == num(0) else app("-", high, low)
    shown = app(goal.head.replace(">", "<"), 0, shape)
    columns = search.points([shape], facts)
    names = sorted(free_variables(shape), key=repr)
    if any(v not in columns for v in names):
        return None
    found = None
    for v in names:
        derivative = slope(shape, v)
        if derivative is None:
            return None
        slopes = signs(derivative, columns)
        good = slopes[numpy.isfinite(slopes)]
        for up, ends in zip((True, False), bounds_of(v, facts), strict=True):
            if found is not None or not len(good) or ((good < 0) if up else (good > 0)).any():
                continue
            for end in ends[:4]:
                there = signs(substitute(shape, {v: end.term}), columns)
                if (there < 0).any() or not numpy.isfinite(there).any():
                    continue
                found = found or anchored(
                    search, shown, v, None, shape, derivative, up, facts, depth + 1, end
                )
    found = found or diagonal(search, shown, shape, names, columns, facts, depth)
    if found is None:
        return None
    return infer("arithmetic", found, goal=goal, products=ONCE[:1])


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
    if depth > 4:
        return None
    for v in names:
        derivative = slope(wanted, v)
        if derivative is None:
            continue
        for place in (*(w for w in names if w != v), num(0), num(1)):
            if (signs(substitute(wanted, {v: place}), columns) != 0).any():
                continue
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


def by_ends(search: Search, goal: Term, facts: Sequence[Theorem], depth: int) -> Theorem | None:
    """The goal, linear in a variable between two numbers, from the values at those."""
    wanted = difference(goal)
    algebra = Algebra()
    numerator, denominator = algebra.normal(wanted)
    if not denominator.is_constant():
        return None
    for i, v in enumerate(algebra.atoms):
        inner = any(v in free_variables(a) for a in algebra.atoms if a != v)
        if v.kind != "var" or inner or int(numerator.degrees()[i]) != 1:
            continue
        low, high = (
            next((b for b in ends if b.term.kind == "num" and b.fact.conclusion.head != "="), None)
            for ends in bounds_of(v, facts)
        )
        if low is None or high is None or not low.term.head < high.term.head:
            continue
        found = _from_ends(search, goal, v, low, high, facts, depth)
        if found is not None:
            return found
    return None


def _from_ends(
    search: Search,
    goal: Term,
    v: Term,
    low: Bound,
    high: Bound,
    facts: Sequence[Theorem],
    depth: int,
) -> Theorem | None:
    a, b = low.term.head, high.term.head
    strict = goal.head in ("<", ">")
    kept = [f for f in facts if v not in free_variables(f.conclusion)]
    there = [substitute(difference(goal), {v: end.term}) for end in (low, high)]
    if any((signs(t, search.points([t], kept)) < 0).any() for t in there):
        return None
    values = list[Theorem]()
    for t in there:
        value = search.prove(app("<" if strict else "<=", 0, t), kept, depth + 1)
        if value is None:
            return None
        values.append(value)
    share = 1 / (b - a)

    # The chord: (b - a) t(v) = (b - v) t(a) + (v - a) t(b).
    def chord(below: Theorem, above: Theorem) -> Theorem:
        products = ((share, ((0, 1), (3, 1)), ()), (share, ((1, 1), (2, 1)), ()))
        return infer("arithmetic", *values, below, above, goal=goal, products=products)

    if not strict:
        return chord(low.fact, high.fact)
    middle = (a + b) / 2

    def lower(case: Theorem) -> Theorem:
        rest = ((b - middle, (), ()),)
        apart = infer("arithmetic", case, goal=lt(v, b), products=(ONCE[0], *rest))
        return chord(low.fact, apart)

    def upper(case: Theorem) -> Theorem:
        rest = ((middle - a, (), ()),)
        apart = infer("arithmetic", case, goal=lt(a, v), products=(ONCE[0], *rest))
        return chord(apart, high.fact)

    return by_cases(order(v, num(middle)), lower, upper)
