"""Certificates with given products: linear programs, solved in floats and rebuilt exactly."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction
from typing import Any

from derivations.search.candidates import (
    Column,
    Problem,
    linear_columns,
    loaded,
    unpack,
    usable_columns,
)
from derivations.search.polynomial import Certificate, Poly, Product, add, freeze

# A row that is no monomial: it carries the normalisation of the strictly positive products.
NORM = -1
_SMALL = 24  # columns of a linear program that is first solved by elimination


def linear_stage(problem: Problem, level: int, degree: int) -> Certificate | None:
    """A certificate from the products of one stage of the search, None if there is none."""
    columns = linear_columns(problem, level, degree)
    if len(columns) > 2500:
        return None
    target: dict[int, int] = dict(problem.goal)
    if problem.contradiction:
        return _linear_solve(problem, normalised(columns), {**target, NORM: 1})
    pruned = usable_columns(columns, target)
    if pruned is None:
        return None
    basic = _basic_solution(problem, pruned, target)
    if basic is not None:
        return basic
    if not problem.strict:
        return _linear_solve(problem, pruned, target)
    floats = _linprog(problem, pruned, target, reward=False)
    plain = None if floats is None else _rounded(problem, pruned, floats, target)
    if floats is None or (plain is not None and _is_strict(problem, plain)):
        return plain
    # Otherwise: how much of the strictly positive products fits in?  Take half of that.
    weighed = normalised(pruned)
    floats = _linprog(problem, weighed, target, reward=True)
    if floats is None:
        return None
    amount = sum(
        value * column.poly.get(NORM, 0)
        for column, value in zip(weighed, floats, strict=True)
    )
    if amount < 1e-9:
        return None
    exact = Fraction(1, 2 * math.ceil(1 / amount))
    scaled = {key: value * exact.denominator for key, value in target.items()}
    answer = _linear_solve(problem, weighed, {**scaled, NORM: exact.numerator}, exact.denominator)
    return answer


def _is_strict(problem: Problem, found: Certificate) -> bool:
    """Whether a product of strict constraints, or a positive number, has a part in it."""
    return any(
        not p.squares and all(problem.kinds[i] == ">" for i, _ in p.powers) for p in found.products
    )


def _basic_solution(
    problem: Problem, columns: list[Column], target: Mapping[int, int]
) -> Certificate | None:
    """Of a small program the solution in the first independent columns, if its signs are right.

    To eliminate takes less time than to start a solver.
    """
    if len(columns) > _SMALL:
        return None
    weights = _exact_weights([(column, 0.0) for column in columns], target)
    if weights is None:
        return None
    terms = [pair for pair in zip(weights, columns, strict=True) if pair[0]]
    if problem.strict and not any(column.strict for _, column in terms):
        return None
    return assemble(problem, terms)


def normalised(columns: list[Column]) -> list[Column]:
    """Give every strictly positive column an entry in the normalisation row."""
    weighed = []
    for column in columns:
        if column.strict:
            size = max((abs(value) for value in column.poly.values()), default=1)
            column = Column(
                {**column.poly, NORM: size}, column.powers, column.square, strict=True
            )
        weighed.append(column)
    return weighed


def _linear_solve(
    problem: Problem, columns: list[Column], target: Mapping[int, int], divisor: int = 1
) -> Certificate | None:
    """A certificate whose terms are weighted columns, with sum == target / divisor."""
    pruned = usable_columns(columns, target)
    if pruned is None:
        return None
    floats = _linprog(problem, pruned, target, reward=False)
    return None if floats is None else _rounded(problem, pruned, floats, target, divisor)


def _rounded(
    problem: Problem, columns: list[Column], floats: list[float], target: Mapping[int, int],
    divisor: int = 1,
) -> Certificate | None:  # fmt: skip
    """The certificate with exact weights near the floats, if there is one."""
    chosen = [
        (column, value)
        for column, value in zip(columns, floats, strict=True)
        if abs(value) * max(map(abs, column.poly.values()), default=1) > 1e-10
    ]
    chosen.sort(key=lambda pair: -abs(pair[1]))
    weights = _exact_weights(chosen, target)
    if weights is None:
        return None
    terms = [
        (weight / divisor, column)
        for weight, (column, _) in zip(weights, chosen, strict=True)
        if weight
    ]
    return assemble(problem, terms)


def _linprog(
    problem: Problem, columns: list[Column], target: Mapping[int, int], *, reward: bool
) -> list[float] | None:
    """Float weights of a cheap combination of columns; with ``reward`` as strict as possible."""
    if problem.expired():
        return None
    keys = {key for column in columns for key in column.poly} | set(target)
    if reward:
        keys.discard(NORM)
    if not columns or not keys:
        return [0.0] * len(columns) if not columns or not reward else None
    rows = {key: number for number, key in enumerate(sorted(keys))}
    numpy = loaded("numpy")
    # One extra column per equality: free weights are split, so that their size costs too.
    signs = [(j, 1) for j in range(len(columns))]
    signs += [(j, -1) for j, column in enumerate(columns) if column.equality >= 0]
    scales = [float(max(map(abs, column.poly.values()), default=1)) for column in columns]
    matrix = numpy.zeros((len(rows), len(signs)))
    costs = numpy.ones(len(signs))
    cap = numpy.zeros((1, len(signs)))
    for position, (j, sign) in enumerate(signs):
        column = columns[j]
        costs[position] += 0.1 * len(column.poly) + 0.3 * sum(e for _, e in column.powers)
        for key, value in column.poly.items():
            if key in rows:
                matrix[rows[key], position] = sign * value / scales[j]
        if reward and column.strict:
            costs[position], cap[0, position] = -1.0, 1.0
        elif reward:
            costs[position] = 0.0
    wanted = numpy.array([float(target.get(key, 0)) for key in rows])
    size = max(abs(wanted).max(initial=0.0), 1e-300) if abs(wanted).any() else 1.0
    extra = {"A_ub": cap, "b_ub": numpy.array([1.0])} if reward else {}
    result = loaded("scipy.optimize").linprog(
        costs,
        A_eq=matrix,
        b_eq=wanted / size,
        method="highs",
        options={"time_limit": problem.seconds()},
        **extra,
    )
    if result.status != 0 or result.x is None:
        return None
    floats = [0.0] * len(columns)
    for (j, sign), value in zip(signs, result.x, strict=True):
        floats[j] += sign * float(value) * float(size) / scales[j]
    return floats


def _exact_weights(
    chosen: Sequence[tuple[Column, float]], target: Mapping[int, int]
) -> list[Fraction] | None:
    """Exact weights near the floats that solve the system and respect the signs, or None."""
    keys = {key for column, _ in chosen for key in column.poly} | set(target)
    rows = sorted(keys)
    width = len(chosen)
    table = [[column.poly.get(key, 0) for column, _ in chosen] + [target.get(key, 0)]
             for key in rows]
    if not table:
        return [Fraction(0)] * width
    flint = loaded("flint")
    reduced, rank = flint.fmpq_mat(flint.fmpz_mat(table)).rref()
    solved = [[fraction_of(reduced[i, j]) for j in range(width + 1)] for i in range(rank)]
    pivots = [next(j for j, value in enumerate(row) if value) for row in solved]
    if width in pivots:
        return None
    others = [j for j in range(width) if j not in set(pivots)]
    for limit in (12, 1000, 10**9):
        weights = [Fraction(0)] * width
        for j in others:
            weights[j] = Fraction(chosen[j][1]).limit_denominator(limit)
        for pivot, row in zip(pivots, solved, strict=True):
            weights[pivot] = row[width] - sum(row[j] * weights[j] for j in others)
        if all(
            weight >= 0 or column.equality >= 0
            for weight, (column, _) in zip(weights, chosen, strict=True)
        ):
            return weights
        if not others:
            return None
    return None


def fraction_of(value: Any) -> Fraction:
    """A rational number of python-flint."""
    return Fraction(int(value.p), int(value.q))


def assemble(
    problem: Problem,
    terms: Iterable[tuple[Fraction, Column]],
) -> Certificate:
    """Translate weighted integer columns back to the caller's polynomials."""
    products: list[Product] = []
    multipliers: dict[int, Poly] = {}
    for weight, column in terms:
        weight *= problem.goal_scale
        root = {
            unpack(key, problem.nvars): Fraction(value)
            for key, value in (column.square or {}).items()
        }
        if column.equality >= 0:
            factor = weight / problem.scales[column.equality]
            known = multipliers.get(column.equality, {})
            multipliers[column.equality] = add(known, root, factor)
            continue
        for index, exponent in column.powers:
            weight /= problem.scales[index] ** exponent
        products.append(Product(weight, column.powers, (freeze(root),) if root else ()))
    kept = tuple((index, poly) for index, poly in sorted(multipliers.items()) if poly)
    return Certificate(tuple(products), kept)
