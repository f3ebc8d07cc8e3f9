"""The search for certificates that a polynomial is non-negative (or positive) under constraints.

It uses floating point (linear and semidefinite programs), but every answer is rebuilt in exact
rational arithmetic and checked with `verify_certificate` before it is returned.
"""

from __future__ import annotations

import itertools
import math
import random
import time
from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction

from derivations.search.candidates import prepared
from derivations.search.linear_programs import linear_stage
from derivations.search.polynomial import (
    Certificate,
    Constraint,
    Monomial,
    Poly,
    count_variables,
    holds,
    multiply,
    verify_certificate,
)
from derivations.search.semidefinite import square_stage


def _sampled_counterexample(goal: Poly, constraints: Sequence[Constraint], strict: bool) -> bool:
    """Whether a few simple points already refute the claim (so that searching is pointless)."""
    nvars = count_variables([goal, *(c.poly for c in constraints)])
    if any(c.kind == "=" and c.poly for c in constraints):
        return False
    wanted = _Signed(goal)
    known = [(_Signed(c.poly), c.kind) for c in constraints]
    source = random.Random(0)
    values = [n * _GRID // d for n in (-3, -2, -1, 0, 1, 2, 3, 10) for d in (1, 2, 7)]
    positive = [value for value in values if value > 0]
    for trial in range(60):
        pool = positive if trial % 2 else values
        point = [source.choice(pool) for _ in range(nvars)]
        value = wanted.at(point)
        if value < 0 or (strict and value == 0):
            if all(holds(poly.at(point), kind) for poly, kind in known):
                return True
    return False


_GRID = 14  # the samples are integers over this


class _Signed:
    """A polynomial whose sign at x/_GRID is found in integers."""

    def __init__(self, poly: Mapping[Monomial, Fraction]) -> None:
        whole = math.lcm(*(Fraction(value).denominator for value in poly.values()))
        degree = max(map(sum, poly), default=0)
        self._terms = [
            (
                int(value * whole) * _GRID ** (degree - sum(monomial)),
                [(i, e) for i, e in enumerate(monomial) if e],
            )
            for monomial, value in poly.items()
        ]

    def at(self, point: Sequence[int]) -> int:
        """A positive multiple of the value at the point divided by the grid."""
        total = 0
        for coefficient, powers in self._terms:
            for i, exponent in powers:
                coefficient *= point[i] ** exponent
            total += coefficient
        return total


def find_certificate(
    goal: Poly,
    constraints: Sequence[Constraint],
    strict: bool,
    *,
    degree: int = 3,
    effort: int = 9,
    deadline: float | None = None,
) -> Certificate | None:
    """A verified certificate of ``goal >= 0`` (``goal > 0`` if strict), or None.

    For a contradiction between the constraints pass the zero polynomial with strict=True.
    ``degree`` is the largest number of constraints multiplied together (1 is the cheapest);
    ``effort`` the number of stages tried, from linear programs (2) to large semidefinite ones
    (9); ``deadline`` is a time.monotonic() value.
    ValueError if exponent tuples differ in length or hold exponents outside 0..4095.

    >>> x, y = (1, 0), (0, 1)
    >>> goal = {(2, 0): Fraction(1), (1, 1): Fraction(-2), (0, 2): Fraction(1)}
    >>> find_certificate(goal, [], False) is not None
    True
    """
    problem = prepared(goal, constraints, strict, deadline)
    if not problem.goal and not strict:
        return Certificate((), ())
    stages: list[Callable[[], Certificate | None]] = [
        lambda: linear_stage(problem, 0, degree),
        lambda: linear_stage(problem, 1, degree),
        lambda: square_stage(problem, 0, 0, range(161)),
        lambda: square_stage(problem, degree, 0, range(161)),
        lambda: linear_stage(problem, 2, degree),
        lambda: square_stage(problem, 0, 0, range(161, 801)),
        lambda: square_stage(problem, degree, 0, range(161, 2501)),
        lambda: linear_stage(problem, 3, degree),
        lambda: square_stage(problem, degree, 2, range(2501)),
    ]
    for number, stage in enumerate(stages[:effort]):
        if problem.expired():
            return None
        if number == 2 and _sampled_counterexample(goal, constraints, strict):
            return None
        try:
            found = stage()
        except OverflowError:  # a coefficient that no float can hold
            continue
        if found is not None and verify_certificate(goal, constraints, strict, found):
            return found
    return None


def find_certificate_with_multiplier(
    goal: Poly,
    constraints: Sequence[Constraint],
    strict: bool,
    *,
    degree: int = 3,
    effort: int = 9,
    deadline: float | None = None,
) -> tuple[Certificate, dict[int, int]] | None:
    """A certificate for ``goal * prod p_i**f_i`` with '>' constraints p_i, and the map i -> f_i.

    Tries no factor, then one, then products of two; each attempt has its share of the time left.
    """
    positive = [index for index, constraint in enumerate(constraints) if constraint.kind == ">"]
    choices: list[tuple[int, ...]] = [()]
    choices += [(index,) for index in positive]
    choices += list(itertools.combinations_with_replacement(positive, 2))
    for number, choice in enumerate(choices):
        now = time.monotonic()
        if deadline is not None and now >= deadline:
            return None
        share = None
        if deadline is not None:
            share = now + (deadline - now) / min(len(choices) - number, 4)
        product = goal
        for index in choice:
            product = multiply(product, constraints[index].poly)
        found = find_certificate(
            product, constraints, strict, degree=degree, effort=effort, deadline=share
        )
        if found is not None:
            return found, {index: choice.count(index) for index in choice}
        # What is false at a point stays false when multiplied with positive constraints.
        if not choice and _sampled_counterexample(goal, constraints, strict):
            return None
    return None
