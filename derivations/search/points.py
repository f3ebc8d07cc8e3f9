"""Points where given relations hold: found in floats, verified in exact numbers or balls.

A coordinate is a rational or a closed term such as ``log(2)``.  What is returned was substituted
into every relation, and into the conditions under which its terms are defined.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from fractions import Fraction
from functools import cache
from typing import Any

import flint
import numpy

from derivations.kernel.algebra import Algebra
from derivations.kernel.balls import compiled
from derivations.kernel.terms import (
    KernelError,
    Term,
    app,
    eq,
    exp,
    free_variables,
    log,
    num,
    sqrt,
    substitute,
    undefined,
)
from derivations.kernel.theorem import difference
from derivations.search.claims import evaluate
from derivations.search.formulas import subterms
from derivations.search.numeric import Range, rounded, samples, simple_near

Coordinate = Fraction | Term
_CLEAR = 1e-14  # a height, relative to what was added up, that is no rounding error
_PRECISIONS = (64, 160, 400, 1200)
_SIMPLE = [Fraction(text) for text in (
    "1 0 2 -1 3 -2 5 10 -3 -5 -10 4 6 8 20 50 100 -100 1000 1/2 -1/2 1/3 2/3 1/4 3/4 1/10 9/10 3/2 "
    "5/2 1/100 99/100 -1/10 1/1000 -1/3"
).split()]  # fmt: skip
_STEPS = [Fraction(text) for text in "0 1e-9 1e-6 1/1000 1/100 1/10 1/2 1 2".split()]
_DENOMINATORS = (1, 2, 3, 4, 5, 6, 8, 10, 12, 20, 50, 100, 1000, 10**4, 10**6, 10**9, 10**12)


# Verification ------------------------------------------------------------------------------


def holds(relation: Term, point: Mapping[Term, Coordinate]) -> bool | None:
    """Whether a relation holds at a point; None if it is undefined there or too hard to tell.

    >>> from derivations.kernel.terms import real
    >>> x = real("x")
    >>> holds(exp(x) > 2, {x: Fraction(1)}), holds(log(x) > 0, {x: Fraction(-1)})
    (True, None)
    """
    rational = {v: q for v, q in point.items() if isinstance(q, Fraction)}
    if len(rational) == len(point):
        values = [evaluate(side, rational) for side in relation.args]
        if values[0] is not None and values[1] is not None:
            return _compare(relation.head, values[0] - values[1])
    return _closed(substitute(relation, {v: _term(q) for v, q in point.items()}))


def _term(value: Coordinate) -> Term:
    return value if isinstance(value, Term) else num(value)


def _compare(head: str, sign: Fraction) -> bool:
    return {
        "<=": sign <= 0, "<": sign < 0, ">=": sign >= 0, ">": sign > 0, "=": sign == 0,
        "!=": sign != 0,
    }[head]  # fmt: skip


def _closed(relation: Term) -> bool | None:
    """Whether a relation between numbers holds: balls that are apart, or exact arithmetic."""
    if free_variables(relation):
        return None
    before = flint.ctx.prec
    try:
        for bits in _PRECISIONS:
            flint.ctx.prec = bits
            value = _value(difference(relation))
            if value is None:
                return _at_the_branch_point(relation)
            # Undecided comparisons of balls are False, so only a True one says anything.
            if value > 0:
                return bool(relation.head != "=")
            if value < 0:
                return bool(relation.head == "!=")
            if bits == 160 and relation.head in ("<=", ">=", "=") and _vanishes(relation):
                return True
    finally:
        flint.ctx.prec = before
    return None


def _at_the_branch_point(relation: Term) -> bool | None:
    """Whether a relation holds whose sides are equal, where lambertw has no enclosure."""
    if relation.head not in ("<=", ">=", "=") or not _has_lambert(relation):
        return None
    conditions = undefined(relation)
    defined = all(not _has_lambert(c) and _closed(c) for c in conditions)
    return True if defined and _vanishes(relation) else None


def _has_lambert(term: Term) -> bool:
    return any(p.head == "lambertw" for p in subterms(term))


def _value(term: Term) -> Any:
    """A ball round a closed term, None where it may be undefined."""
    try:
        value = compiled(term, ())()
    except (KernelError, ZeroDivisionError):
        return None
    return value if value.is_finite() else None


@cache
def _vanishes(relation: Term) -> bool:
    """Whether exact arithmetic shows that the sides of a relation are equal numbers."""
    from derivations.search.strategies import search_proof

    return search_proof(eq(*relation.args), [], None, time.monotonic() + 2) is not None


def satisfied(relations: Sequence[Term], point: Mapping[Term, Coordinate]) -> bool:
    """Whether all the relations hold at a point, and are defined there."""
    conditions = dict.fromkeys(c for r in relations for c in undefined(r))
    return all(holds(r, point) is True for r in (*conditions, *relations))


# Search ------------------------------------------------------------------------------------


def find_real_point(
    relations: Sequence[Term], deadline: float, seed: int = 0, *, brief: bool = False
) -> dict[Term, Coordinate] | None:
    """A verified point where the relations hold, None if none was found.

    The last relation is taken for the one that holds least often: it is what the search climbs.
    A `brief` search climbs once, and stops at what rounding errors might explain.

    >>> from derivations.kernel.terms import real
    >>> x = real("x")
    >>> find_real_point([x > 0, exp(x) < 1 + 2 * x], time.monotonic() + 5)
    {x: Fraction(1, 1)}
    """
    variables = sorted({v for r in relations for v in free_variables(r)}, key=repr)
    if any(v.sort not in ("R", "N") for v in variables) or not relations:
        return None
    edges = [] if brief else list(_on_edges(relations))
    for system in (list(relations), *edges):
        shortly = brief or system in edges
        for solved, rest in _eliminated(system):
            for found in _candidates(rest, variables, solved, deadline, seed, shortly):
                point = _completed(found, solved, variables)
                if point is not None and satisfied(relations, point):
                    return point
                if time.monotonic() >= deadline:
                    return None
    return None


def _on_edges(relations: Sequence[Term]) -> Iterator[list[Term]]:
    """The relations with one of the bounds attained that no random or simple point attains.

    These are bounds between variables, and by numbers that are not rational.  What fails by little
    may do so close to such an edge of what is allowed only.
    """
    *given, goal = relations
    for i, bound in enumerate(given):
        ends = [s for s in bound.args if not free_variables(s) and evaluate(s, {}) is None]
        if bound.head in ("<=", ">=") and (len(free_variables(bound)) > 1 or ends):
            yield [*given[:i], eq(*bound.args), *given[i + 1 :], goal]


def _completed(
    found: Mapping[Term, Coordinate], solved: Sequence[tuple[Term, Term]], variables: Sequence[Term]
) -> dict[Term, Coordinate] | None:
    point: dict[Term, Coordinate] = dict(found)
    for v, term in reversed(solved):
        free = free_variables(term)
        for w in free:
            point.setdefault(w, Fraction(0))
        rational = {w: q for w, q in point.items() if isinstance(q, Fraction)}
        value = evaluate(term, rational)
        if value is None:
            point[v] = substitute(term, {w: _term(q) for w, q in point.items() if w in free})
        else:
            point[v] = value
    for v in variables:
        point.setdefault(v, Fraction(0))
        found_value = point[v]
        natural = isinstance(found_value, Fraction) and found_value.denominator == 1
        if v.sort == "N" and not (natural and found_value >= 0):
            return None
    return {v: point[v] for v in variables}


def _eliminated(
    relations: list[Term],
) -> Iterator[tuple[list[tuple[Term, Term]], list[Term]]]:
    """Solutions of the equations for a variable each, and the other relations in the rest."""
    equation = next((r for r in relations if r.head == "="), None)
    if equation is None:
        yield [], relations
        return
    others = [r for r in relations if r is not equation]
    for v, term in _solutions(equation):
        rest = [substitute(r, {v: term}) for r in others]
        for solved, left in _eliminated(rest):
            yield [(v, term), *solved], left


def _solutions(equation: Term) -> Iterator[tuple[Term, Term]]:
    """Ways to write an equation as variable = term."""
    a, b = equation.args
    names = sorted(free_variables(equation), key=repr)
    for v in names:
        for side, other in ((a, b), (b, a)):
            if v not in free_variables(other):
                for term in _inverted(side, other, v):
                    yield v, term
    algebra = Algebra(nonzero=[])
    try:
        numerator, denominator = algebra.normal(app("-", a, b))
    except KernelError:
        return
    one = algebra.number(1)[0]
    for i, atom in enumerate(algebra.atoms):
        if atom.kind != "var" or numerator.degrees()[i] != 1:
            continue
        if any(atom in free_variables(o) for o in algebra.atoms if o != atom):
            continue
        part = numerator.derivative(i)
        rest = part * algebra.normal(atom)[0] - numerator
        yield atom, algebra.term((rest, one)) / algebra.term((part, one))
    del denominator


def _inverted(side: Term, value: Term, v: Term) -> Iterator[Term]:
    """The terms t with v = t whenever side = value, v occurring once."""
    if side == v:
        yield value
        return
    if side.kind != "app" or not isinstance(side.head, str):
        return
    places = [i for i, a in enumerate(side.args) if v in free_variables(a)]
    if len(places) != 1:
        return
    (i,) = places
    other = side.args[1 - i] if len(side.args) == 2 else num(0)
    undo: Mapping[str, Callable[[], list[Term]]] = {
        "+": lambda: [value - other],
        "-": lambda: [value + other] if i == 0 else [other - value],
        "neg": lambda: [-value],
        "*": lambda: [value / other],
        "/": lambda: [value * other] if i == 0 else [other / value],
        "exp": lambda: [log(value)],
        "log": lambda: [exp(value)],
        "sqrt": lambda: [value**2],
        "^": lambda: [sqrt(value), -sqrt(value)] if side.args[1].head == 2 else [],
        "abs": lambda: [value, -value],
    }
    for term in undo[side.head]() if side.head in undo else ():
        yield from _inverted(side.args[i], term, v)


def _ranges(relations: Sequence[Term], variables: Sequence[Term]) -> dict[Term, Range]:
    low = dict.fromkeys(variables, -math.inf)
    high = dict.fromkeys(variables, math.inf)
    for r in relations:
        for side, other in ((0, 1), (1, 0)):
            v, term = r.args[side], r.args[other]
            if v not in low or free_variables(term) or r.head == "!=":
                continue
            value = float(rounded(term, {}).value)
            if math.isnan(value):
                continue
            if (r.head in (">", ">=")) == (side == 0):
                low[v] = max(low[v], value)
            else:
                high[v] = min(high[v], value)
    return {v: Range(low[v], max(low[v], high[v])) for v in variables}


def _candidates(
    relations: list[Term],
    variables: Sequence[Term],
    solved: Sequence[tuple[Term, Term]],
    deadline: float,
    seed: int,
    brief: bool,
) -> Iterator[dict[Term, Coordinate]]:
    """Points that look right in floats, the simplest first."""
    gone = {v for v, _ in solved}
    names = [v for v in variables if v not in gone]
    if not names:
        yield {}
        return
    ranges = _ranges(relations, names)
    *given, goal = relations if relations else [eq(num(0), num(0))]
    given = [*given, *dict.fromkeys(c for r in relations for c in undefined(r))]
    height = difference(goal) if goal.head != "=" else num(0)
    source = numpy.random.default_rng(seed + 1)
    whole = [v.sort == "N" for v in names]
    simple = _simple_columns(ranges, names, source, whole)
    yield from _looked_at(simple, names, given, height, goal, 6 if brief else 80)
    for row in _beside(simple, names, ranges, given, height, goal, source):
        yield from _near(row, names, whole, given, height, goal, _CLEAR)
    # Then climb from the highest of many points, near and far.
    for attempt in range(1 if brief else 4):
        if time.monotonic() >= deadline:
            return
        plain = attempt == 0 and not brief
        count = 600 if brief else 1500
        columns = (
            samples(ranges, [], count) if plain else _random(ranges, names, source, count)
        )
        table = numpy.stack([columns[v] for v in names], axis=1)
        for row in _climb(table, names, ranges, given, height, goal, source, deadline):
            least = _CLEAR if brief else -_CLEAR
            yield from _near(row, names, whole, given, height, goal, least)


def _near(
    row: Any, names: Sequence[Term], whole: Sequence[bool], given: Sequence[Term], height: Term,
    goal: Term, least: float,
) -> Iterator[dict[Term, Coordinate]]:  # fmt: skip
    """Simple points near a row of floats that are higher than the least."""
    points = list(_roundings(row, names, whole))
    table = numpy.array([[_double(p[v]) for v in names] for p in points])
    heights = _score(table, names, given, height, goal)
    yield from (p for p, h in zip(points, heights, strict=True) if h > least)


def _beside(
    rows: Sequence[tuple[Fraction, ...]], names: Sequence[Term], ranges: Mapping[Term, Range],
    given: Sequence[Term], height: Term, goal: Term, source: Any,
) -> list[Any]:  # fmt: skip
    """The highest rows close to simple points where things touch, at every distance.

    What fails by little often does so there only, in a region that no random point meets.
    """
    if not rows:
        return []
    table = numpy.array([[float(q) for q in row] for row in rows])
    heights = _score(table, names, given, height, goal)
    touching = [row for row, h in zip(rows, heights, strict=True) if abs(h) <= _CLEAR]
    touching.sort(key=lambda row: sum(abs(q.numerator) + q.denominator for q in row))
    if not touching:
        return []
    centres = numpy.array([[float(q) for q in row] for row in touching[:8]])
    shape = (len(centres), 200, len(names))
    moves = source.normal(0, 1, shape) * 10 ** source.uniform(-6, -1, (*shape[:2], 1))
    low = numpy.array([ranges[v].low for v in names])
    high = numpy.array([ranges[v].high for v in names])
    around = numpy.clip(centres[:, None, :] + moves, low, high).reshape(-1, len(names))
    found = _score(around, names, given, height, goal)
    return [around[i] for i in numpy.argsort(-found, kind="stable")[:3] if found[i] > _CLEAR]


def _looked_at(
    rows: Sequence[tuple[Fraction, ...]], names: Sequence[Term], given: Sequence[Term],
    height: Term, goal: Term, most: int,
) -> Iterator[dict[Term, Coordinate]]:  # fmt: skip
    """The simplest of the rows that look right, then of those where things touch."""
    if not rows:
        return
    table = numpy.array([[float(q) for q in row] for row in rows])
    heights = _score(table, names, given, height, goal)
    for low, high in ((_CLEAR, math.inf), (-_CLEAR, _CLEAR)):
        likely = [row for row, h in zip(rows, heights, strict=True) if low < h <= high]
        likely.sort(key=lambda row: sum(abs(q.numerator) + q.denominator for q in row))
        for row in likely[:most]:
            yield dict(zip(names, row, strict=True))


def _simple_columns(
    ranges: Mapping[Term, Range], names: Sequence[Term], source: Any, whole: Sequence[bool]
) -> list[tuple[Fraction, ...]]:
    pools = []
    for v, natural in zip(names, whole, strict=True):
        r = ranges[v]
        pool = [q for q in _SIMPLE if r.low <= q <= r.high]
        for end, sign in ((r.low, 1), (r.high, -1)):
            if math.isfinite(end):
                exact = Fraction(end).limit_denominator(10**6)
                pool += [q for s in _STEPS for q in (exact + sign * s,) if r.low <= q <= r.high]
        if math.isfinite(r.low) and math.isfinite(r.high):
            width = Fraction(r.high - r.low).limit_denominator(10**6)
            start = Fraction(r.low).limit_denominator(10**6)
            pool += [start + width * Fraction(k, 10) for k in range(1, 10)]
        if natural:
            pool = [q for q in pool if q.denominator == 1 and q >= 0]
        pools.append(list(dict.fromkeys(pool)) or [Fraction(0)])
    if len(names) == 1:
        return [(q,) for q in pools[0]]
    rows = [tuple(pool[min(int(k), len(pool) - 1)] for pool, k in zip(pools, picks, strict=True))
            for picks in source.geometric(0.25, (300, len(names))) - 1]  # fmt: skip
    rows += [tuple(pool[int(source.integers(len(pool)))] for pool in pools) for _ in range(1200)]
    return list(dict.fromkeys(rows))


def _double(value: Coordinate) -> float:
    return float(value) if isinstance(value, Fraction) else float(rounded(value, {}).value)


def _random(
    ranges: Mapping[Term, Range], names: Sequence[Term], source: Any, count: int
) -> dict[Term, Any]:
    """Random points of every size: a fault may show far away only, or close to an end only."""
    columns = {}
    reach = numpy.where(source.random(count) < 0.5, 4.0, 9.0)
    for v in names:
        r = ranges[v]
        size = 10 ** (reach * source.uniform(-1, 1, count))
        if math.isfinite(r.low) and math.isfinite(r.high):
            t = numpy.where(reach < 5, source.beta(0.4, 0.4, count), 1 / (1 + size))
            columns[v] = r.low + (r.high - r.low) * t
        elif math.isfinite(r.low):
            columns[v] = r.low + size
        elif math.isfinite(r.high):
            columns[v] = r.high - size
        else:
            columns[v] = source.choice([-1, 1], count) * size
    if len(names) > 1:  # where things touch, variables are often equal
        same = source.random(count) < 0.1
        first = columns[names[0]]
        for v in names[1:]:
            inside = same & (first >= ranges[v].low) & (first <= ranges[v].high)
            nearly = first * (1 + source.choice([0, 1e-3, 0.1], count))
            columns[v] = numpy.where(inside, nearly, columns[v])
    return columns


def _score(
    table: Any, names: Sequence[Term], given: Sequence[Term], height: Term, goal: Term
) -> Any:
    """How high the goal's difference is, relative to its parts, where the others hold."""
    columns = {v: table[:, i] for i, v in enumerate(names)}
    memo: dict[Term, Any] = {}
    size = len(table)
    ok = numpy.ones(size, dtype=bool)
    for relation in given:
        sign = numpy.broadcast_to(rounded(difference(relation), columns, memo).signs(), (size,))
        if relation.head == "!=":
            ok &= ~numpy.isnan(sign)
        elif relation.head in ("<", ">"):
            ok &= sign > 0
        else:
            ok &= sign >= 0
    value = rounded(height, columns, memo)
    with numpy.errstate(all="ignore"):
        scale = numpy.broadcast_to(value.error, (size,)) / 2.3e-16 + 1e-300
        result = numpy.broadcast_to(value.value, (size,)) / scale
    if goal.head == "!=":
        result = numpy.abs(result)
    return numpy.where(ok & numpy.isfinite(result), result, -numpy.inf)


def _climb(
    table: Any, names: Sequence[Term], ranges: Mapping[Term, Range], given: Sequence[Term],
    height: Term, goal: Term, source: Any, deadline: float,
) -> list[Any]:  # fmt: skip
    """Rows that are as high as random steps of shrinking size bring them."""
    scores = _score(table, names, given, height, goal)
    order = numpy.argsort(-scores, kind="stable")
    rows = [table[i] for i in order[:40] if numpy.isfinite(scores[i])]
    positive = [table[i] for i in order[:8] if scores[i] > 8e-16]
    if positive or not rows:
        return positive
    low = numpy.array([ranges[v].low for v in names])
    high = numpy.array([ranges[v].high for v in names])
    best = numpy.array(rows[:: max(1, len(rows) // 5)][:5])
    top = numpy.full(len(best), -numpy.inf)
    width = numpy.full((len(best), 1, 1), 0.3)
    shape = (len(best), 60, len(names))
    for _ in range(35):
        if time.monotonic() >= deadline:
            break
        moves = source.normal(0, 1, shape) * width * (source.random(shape) < 0.7)
        scale = numpy.abs(best)[:, None, :] + numpy.where(width > 0.05, 0.3, 0.0)
        around = numpy.clip(best[:, None, :] + moves * scale, low, high)
        around[:, 0, :] = best
        found = _score(around.reshape(-1, len(names)), names, given, height, goal)
        found = found.reshape(shape[:2])
        choice = found.argmax(axis=1)
        highest = found[numpy.arange(len(best)), choice]
        better = highest > top
        best = numpy.where(better[:, None], around[numpy.arange(len(best)), choice], best)
        top = numpy.maximum(top, highest)
        width *= numpy.where(better, 0.85, 0.5)[:, None, None]
    ranked = numpy.argsort(-top, kind="stable")
    return [best[i] for i in ranked if top[i] > -1e-5]


def _roundings(
    row: Any, names: Sequence[Term], whole: Sequence[bool]
) -> Iterator[dict[Term, Coordinate]]:
    """Simple rational points near a row of floats, then special numbers near it."""
    seen = set()
    for denominator in _DENOMINATORS:
        point = tuple(
            Fraction(round(x)) if natural else Fraction(float(x)).limit_denominator(denominator)
            for x, natural in zip(row, whole, strict=True)
        )
        if point not in seen:
            seen.add(point)
            yield dict(zip(names, point, strict=True))
    if len(names) == 1:
        for term in simple_near(float(row[0]), 1e-4 * (1 + abs(float(row[0])))):
            yield {names[0]: term.head if term.kind == "num" else term}
