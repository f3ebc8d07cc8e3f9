"""Exact points that satisfy polynomial constraints: counterexamples to false claims.

Rational sampling comes first, then the solvers of `derivations.search.smt`.  The search is
untrusted, so every point is checked in exact arithmetic before it is returned.
"""

from __future__ import annotations

import importlib
import itertools
import math
import random
import time
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from derivations.search.algebraic import Algebraic, Value, near, satisfies, shorten
from derivations.search.polynomial import (
    Constraint,
    Poly,
    count_variables,
    evaluate,
    holds,
)
from derivations.search.smt import SOLVERS, propose

__all__ = ["find_point"]


# Rational sampling --------------------------------------------------------------------------


@dataclass(frozen=True)
class _Task:
    constraints: tuple[Constraint, ...]
    nvars: int
    integer: tuple[bool, ...]
    seed: int
    deadline: float | None

    def expired(self) -> bool:
        """Whether the deadline has passed."""
        return self.deadline is not None and time.monotonic() >= self.deadline

    def accepts(self, point: Sequence[Fraction]) -> bool:
        """Whether a rational point satisfies everything, integrality included."""
        whole = all(
            value.denominator == 1 for value, flag in zip(point, self.integer, strict=True) if flag
        )
        return whole and all(holds(evaluate(c.poly, point), c.kind) for c in self.constraints)


_SMALL = (0, 1, -1, 2, -2, 3, -3, 4, 5, -5, 10, -10, 100, -100, 1000)
_FRACTIONS = tuple(
    Fraction(sign * n, d)
    for n, d in (
        (1, 2),
        (1, 3),
        (2, 3),
        (1, 4),
        (3, 4),
        (3, 2),
        (3, 5),
        (4, 5),
        (1, 10),
        (9, 10),
        (1, 100),
    )
    for sign in (1, -1)
)


def _values(task: _Task) -> list[list[Fraction]]:
    """For each variable candidate values, simple ones first, within its explicit bounds."""
    lists = []
    for variable in range(task.nvars):
        low, high = _bounds(task, variable)
        values = [Fraction(n) for n in _SMALL]
        if not task.integer[variable]:
            values += _FRACTIONS
        special: list[Fraction] = []
        for end, sign in ((low, 1), (high, -1)):
            if end is not None:
                steps = (0, Fraction(1, 100), Fraction(1, 10), Fraction(1, 2), 1, 2, 10, 1000)
                special += [end + sign * step for step in steps]
        if low is not None and high is not None:
            special += [low + (high - low) * Fraction(n, 10) for n in range(1, 10)]
        if task.integer[variable]:
            special = [Fraction(round(value)) for value in special]
        inside = [
            value
            for value in dict.fromkeys(values + special)
            if (low is None or value >= low) and (high is None or value <= high)
        ]
        lists.append(inside or [Fraction(0)])
    return lists


def _bounds(task: _Task, variable: int) -> tuple[Fraction | None, Fraction | None]:
    """Explicit bounds on one variable, from constraints that are linear in it alone."""
    low: Fraction | None = None
    high: Fraction | None = None
    zero = (0,) * task.nvars
    unit = tuple(int(i == variable) for i in range(task.nvars))
    for constraint in task.constraints:
        slope = constraint.poly.get(unit)
        if not slope or set(constraint.poly) - {zero, unit} or constraint.kind == "!=":
            continue
        end = -constraint.poly.get(zero, Fraction(0)) / slope
        if constraint.kind == "=" or slope > 0:
            low = end if low is None else max(low, end)
        if constraint.kind == "=" or slope < 0:
            high = end if high is None else min(high, end)
    return low, high


def _sample(task: _Task) -> tuple[Fraction, ...] | None:
    """Simple rational points: a grid if it is small, else random; filtered in floats first."""
    numpy = importlib.import_module("numpy")
    source = numpy.random.default_rng(task.seed)
    lists = _values(task)
    total = 1
    for values in lists:
        total *= len(values)
    count = 4000
    for attempt in range(3):
        if task.expired():
            return None
        if attempt == 0:
            width = max(2, int(count ** (1 / max(1, task.nvars))))
            grid = itertools.product(*(range(min(width, len(values))) for values in lists))
            picks = numpy.array(list(itertools.islice(grid, 2 * count)), dtype=int)
        else:
            columns = [source.integers(0, len(values), count) for values in lists]
            picks = numpy.stack(columns, axis=1) if columns else numpy.zeros((1, 0), dtype=int)
        floats = (
            numpy.stack(
                [
                    numpy.array([float(v) for v in values])[picks[:, i]]
                    for i, values in enumerate(lists)
                ],
                axis=1,
            )
            if lists
            else numpy.zeros((1, 0))
        )
        good = _float_filter(task, floats)
        for row in picks[good][:60]:
            point = tuple(values[int(i)] for values, i in zip(lists, row, strict=True))
            if task.accepts(point):
                return point
        if total <= count:
            return None
    return None


def _float_filter(task: _Task, floats: Any) -> Any:
    """Row mask of the float points that satisfy all constraints up to rounding."""
    numpy = importlib.import_module("numpy")
    good = numpy.ones(len(floats), dtype=bool)
    with numpy.errstate(all="ignore"):
        for constraint in task.constraints:
            value = numpy.zeros(len(floats))
            size = numpy.full(len(floats), 1e-300)
            for monomial, coefficient in constraint.poly.items():
                term = numpy.full(len(floats), float(coefficient))
                for i, exponent in enumerate(monomial):
                    if exponent:
                        term = term * floats[:, i] ** exponent
                value += term
                size += abs(term)
            if constraint.kind in (">", ">="):
                good &= value >= -1e-12 * size
            elif constraint.kind == "=":
                good &= abs(value) <= 1e-12 * size
    return good


def _linear_in(poly: Poly) -> list[int]:
    """The variables in which the polynomial has degree one."""
    width = count_variables([poly])
    return [i for i in range(width) if max(monomial[i] for monomial in poly) == 1]


def _solve_for(poly: Poly, variable: int, point: list[Fraction]) -> Fraction | None:
    """The value of one variable that makes the polynomial zero, given the other coordinates."""
    slope = rest = Fraction(0)
    for monomial, coefficient in poly.items():
        term = coefficient
        for i, exponent in enumerate(monomial):
            if i != variable and exponent:
                term *= point[i] ** exponent
        if monomial[variable]:
            slope += term
        else:
            rest += term
    return -rest / slope if slope else None


def _boundary(task: _Task) -> tuple[Fraction, ...] | None:
    """Random points moved onto constraint boundaries, by solving linear variables exactly."""
    source = random.Random(task.seed)
    lists = _values(task)
    usable = [(c, _linear_in(c.poly)) for c in task.constraints if c.poly and c.kind != "!="]
    equations = [(c, v) for c, v in usable if c.kind == "="]
    borders = [(c, v) for c, v in usable if c.kind != "=" and v]
    if any(not variables for _, variables in equations) or not (equations or borders):
        return None
    for trial in range(600 if equations else 200):
        if task.expired():
            return None
        # Few distinct small values first: coincidences between them are what is often needed.
        width = 4 if trial % 2 else 40
        point = [source.choice(values[:width]) for values in lists]
        steps = list(equations)
        source.shuffle(steps)
        if borders and (not equations or trial % 3 == 0):
            steps.insert(0, source.choice(borders))
        solved: set[int] = set()
        for constraint, variables in steps:
            choice = [v for v in variables if v not in solved]
            if not choice:
                break
            variable = source.choice(choice)
            value = _solve_for(constraint.poly, variable, point)
            if value is None:
                break
            point[variable] = value
            solved.add(variable)
        if task.accepts(point):
            return tuple(point)
        if not equations and steps:
            variable = min(solved, default=0)
            middle = point[variable]
            for shift in (Fraction(1, 100), Fraction(-1, 100), Fraction(1), Fraction(-1)):
                point[variable] = middle + shift
                if task.accepts(point):
                    return tuple(point)
    return None


# What solvers propose -----------------------------------------------------------------------


def _near_rational(task: _Task, point: Sequence[Value]) -> tuple[Fraction, ...] | None:
    """Try simple rational points near a point with algebraic coordinates."""
    for limit in (1, 2, 5, 10, 100, 1000, 10**6, 10**12):
        guess = tuple(
            value if isinstance(value, Fraction) else near(value).limit_denominator(limit)
            for value in point
        )
        if task.accepts(guess):
            return guess
    return None


def _verified(task: _Task, proposal: Sequence[Value]) -> tuple[Value, ...] | None:
    """A solver's point if it is one (or a rational neighbour if one will do), else None."""
    rational = _near_rational(task, proposal)
    if rational is not None:
        return rational
    whole = all(
        isinstance(value, Fraction) and value.denominator == 1
        for value, flag in zip(proposal, task.integer, strict=True)
        if flag
    )
    point = tuple(shorten(v) if isinstance(v, Algebraic) else v for v in proposal)
    size = math.prod(len(value.poly) - 1 for value in point if isinstance(value, Algebraic))
    # The exact zero test eliminates all the roots, so its cost grows with the product of degrees.
    return point if whole and size <= 100 and satisfies(task.constraints, point) else None


# The search ---------------------------------------------------------------------------------


def find_point(
    constraints: Sequence[Constraint],
    nvars: int,
    integer: Sequence[bool] = (),
    *,
    seed: int = 0,
    deadline: float | None = None,
) -> tuple[Value, ...] | None:
    """A point that satisfies all the constraints, exactly verified, or None.

    ``integer`` flags the variables that must be integers (empty: none); ``deadline`` is a
    time.monotonic() value (without one the solvers have ten seconds).  ValueError if the lengths
    do not match.

    >>> find_point([Constraint({(2,): Fraction(-1), (0,): Fraction(4)}, "=")], 1)
    (Fraction(2, 1),)
    """
    flags = tuple(integer) or (False,) * nvars
    if len(flags) != nvars or any(len(m) != nvars for c in constraints for m in c.poly):
        raise ValueError(f"constraints and integer flags must be about {nvars} variables")
    cleaned = tuple(
        Constraint({m: Fraction(v) for m, v in c.poly.items() if v}, c.kind) for c in constraints
    )
    task = _Task(cleaned, nvars, flags, seed, deadline)
    point: tuple[Value, ...] | None
    for method in (_sample, _boundary):
        point = None if task.expired() else method(task)
        if point is not None:
            return point
    end = time.monotonic() + 10 if deadline is None else deadline
    for left, solver in zip(range(len(SOLVERS), 0, -1), SOLVERS, strict=True):
        seconds = (end - time.monotonic()) / left
        if seconds < _LEAST:
            continue
        answer = propose(solver, task.constraints, task.integer, seconds, task.seed)
        point = None if answer.point is None else _verified(task, answer.point)
        if point is not None or answer.none:
            return point
    return None


_LEAST = 0.2
"""Seconds in which a solver would not even have started."""
