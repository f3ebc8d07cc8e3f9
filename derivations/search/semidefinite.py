"""Certificates with sums of squares: semidefinite programs, rounded to exact solutions."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from typing import Any

from derivations.search.candidates import (
    Column,
    Packed,
    Problem,
    degree_of,
    equality_columns,
    exponent_box,
    loaded,
    monomials_up_to,
    pack,
    product_of,
    times,
    top_degree,
)
from derivations.search.linear_programs import NORM, assemble, fraction_of, normalised
from derivations.search.polynomial import Certificate


@dataclass(frozen=True)
class _Block:
    """``column.poly * (basis^T Q basis)`` with an unknown positive semidefinite Q."""

    column: Column
    basis: tuple[Packed, ...]

    def pairs(self) -> Iterator[tuple[int, int]]:
        """The upper triangle, column by column: the order that clarabel wants."""
        return ((a, b) for b in range(len(self.basis)) for a in range(b + 1))


@dataclass(frozen=True)
class _Program:
    """Linear rows: sum over block entries and free columns == target."""

    blocks: tuple[_Block, ...]
    free: tuple[Column, ...]
    target: dict[int, int]

    def entries(self) -> list[Packed]:
        """The polynomial that each unknown multiplies: upper triangles, then free columns."""
        found = []
        for block in self.blocks:
            for a, b in block.pairs():
                poly = times(block.basis[a], block.basis[b])
                if len(block.column.poly) > 1 or block.column.poly.get(0) != 1:
                    poly = times(poly, block.column.poly)
                found.append(poly if a == b else {k: 2 * v for k, v in poly.items()})
        return found + [column.poly for column in self.free]


def square_stage(
    problem: Problem, degree: int, extra: int, sizes: range
) -> Certificate | None:
    """Search goal = sum of (sums of squares) * (products of constraints) up to total degree.

    Only programs with a number of unknowns in ``sizes`` are tried; ``extra`` raises the degree.
    """
    program = _square_program(problem, degree, extra)
    if program is None:
        return None
    size = sum(len(block.basis) * (len(block.basis) + 1) // 2 for block in program.blocks)
    if size + len(program.free) not in sizes:
        return None
    for dual, threshold in ((True, 1e-3), (True, 1e-5), (False, 1e-4), (False, 1e-6)):
        found = _facial_search(problem, program, dual, threshold)
        if found is not None or problem.expired():
            return found
    return None


def _square_program(problem: Problem, degree: int, extra: int) -> _Program | None:
    top = top_degree(problem)
    bound = max(2, top + top % 2) + extra
    limits = [limit + limit % 2 + extra for limit in exponent_box(problem)]
    if math.prod(limit // 2 + 1 for limit in limits) > 20000 and bound > 4:
        return None
    multipliers = [Column({0: 1}, strict=True)]
    for size in range(1, min(degree, 2) + 1):
        for indices in itertools.combinations(problem.inequalities, size):
            column = product_of(problem, indices)
            if len(multipliers) < 40 and (size == 1 or degree_of(column.poly) <= bound):
                multipliers.append(column)
    target = dict(problem.goal)
    blocks = []
    room = tuple(limit // 2 for limit in limits)
    for column in multipliers:
        half = max(0, (bound - degree_of(column.poly)) // 2)
        found = monomials_up_to(room, half, (1,) * problem.nvars, 200)
        # The constant goes last, so that elimination leaves a pure constant square.
        basis = tuple({pack(m): 1} for m in sorted(found, key=lambda m: (-sum(m), m)))
        blocks.append(_Block(column, basis))
    if problem.strict:
        scalars = [column for column in multipliers if column.strict]
        if problem.contradiction:
            scalars = normalised(scalars)
            target[NORM] = 1
        blocks += [_Block(column, ({0: 1},)) for column in scalars]
    # Without products of constraints the sum of squares is one of the goal alone.
    free = equality_columns(problem, bound, limits, 120) if degree else []
    return _trim(_Program(tuple(blocks), tuple(free), target))


def _trim(program: _Program) -> _Program | None:
    """Drop basis monomials whose diagonal entry must vanish, until nothing changes."""
    blocks = list(program.blocks)
    rows = [_rows(block) for block in blocks]
    free = {row for column in program.free for row in column.poly}
    while True:
        mixed = free.union(*(signs[0] for signs in rows))
        rises, falls = (set[int]().union(*(signs[k] for signs in rows)) for k in (1, 2))
        for row, value in program.target.items():
            if value and row not in mixed and row not in (rises if value > 0 else falls):
                return None
        bad = {row for row in (rises ^ falls) - mixed if not program.target.get(row)}
        if not bad:
            return _Program(tuple(blocks), program.free, program.target)
        kept = []
        for block, signs in zip(blocks, rows, strict=True):
            if bad.isdisjoint(signs[1]) and bad.isdisjoint(signs[2]):
                kept.append((block, signs))
                continue
            basis = tuple(
                root
                for root in block.basis
                if not any(
                    key != NORM and key + 2 * next(iter(root)) in bad for key in block.column.poly
                )
            )
            if basis:
                smaller = _Block(block.column, basis)
                kept.append((smaller, _rows(smaller)))
        if [block for block, _ in kept] == blocks:
            return _Program(tuple(blocks), program.free, program.target)
        blocks, rows = [block for block, _ in kept], [signs for _, signs in kept]


def _rows(block: _Block) -> tuple[set[int], set[int], set[int]]:
    """The rows of a block: in mixed entries, in diagonal ones with a positive or negative sign."""
    squares, products = _sums(tuple(next(iter(root)) for root in block.basis))
    mixed, rises, falls = set[int](), set[int](), set[int]()
    for key, value in block.column.poly.items():
        diagonal = rises if value > 0 else falls
        if key == NORM:
            diagonal.add(key)
            mixed.update([key] if products else [])
        else:
            diagonal.update([key + other for other in squares])
            mixed.update([key + other for other in products])
    return mixed, rises, falls


@lru_cache(maxsize=512)
def _sums(keys: tuple[int, ...]) -> tuple[frozenset[int], frozenset[int]]:
    """The products of basis monomials: the squares, and those of two different ones."""
    squares = frozenset(2 * key for key in keys)
    return squares, frozenset(a + b for a, b in itertools.combinations(keys, 2))


def _facial_search(
    problem: Problem, program: _Program, dual: bool, threshold: float
) -> Certificate | None:
    """Solve; if the answer is interior round it, else shrink to the face it lies on and repeat."""
    for _ in range(10):
        if problem.expired() or not (program.blocks or program.free):
            return None
        entries = program.entries()
        solved = _solve_sdp(problem, program, entries)
        if solved is None:
            return None
        slack, grams, moments, floats = solved
        if slack < -1e-5:
            return None
        if slack > 1e-9:
            found = _round(problem, program, entries, floats)
            if found is not None:
                return found
        smaller = _shrink(program, moments if dual else grams, dual, threshold)
        if smaller is None:
            return None if slack > 1e-9 else _round(problem, program, entries, floats)
        program = smaller
    return None


def _solve_sdp(
    problem: Problem, program: _Program, entries: list[Packed]
) -> tuple[float, list[Any], list[Any], list[float]] | None:
    """Maximise t <= 1 with every Gram matrix >= t * identity.

    Returns t, the scaled Gram matrices, their dual matrices, and the unscaled unknowns in the
    order of ``entries``.
    """
    numpy = loaded("numpy")
    sparse = loaded("scipy.sparse")
    clarabel = loaded("clarabel")
    keys = {key for poly in entries for key in poly} | set(program.target)
    rows = {key: number for number, key in enumerate(sorted(keys))}
    size = float(max((abs(v) for v in program.target.values()), default=1) or 1)
    scales: list[float] = []
    for block in program.blocks:
        scale = float(max((abs(v) for v in block.column.poly.values()), default=1))
        scales += [scale] * (len(block.basis) * (len(block.basis) + 1) // 2)
    scales += [float(max(map(abs, column.poly.values()))) for column in program.free]
    across: list[int] = []
    down: list[int] = []
    values: list[float] = []

    def put(row: int, column: int, value: float) -> None:
        down.append(row)
        across.append(column)
        values.append(value)

    for number, poly in enumerate(entries):
        for key, value in poly.items():
            put(rows[key], number + 1, value / scales[number])
    height = len(rows)
    put(height, 0, 1.0)
    height += 1
    right = [program.target.get(key, 0) / size for key in rows] + [1.0]
    cones = [clarabel.ZeroConeT(len(rows)), clarabel.NonnegativeConeT(1)]
    number = 1
    for block in program.blocks:
        for a, b in block.pairs():
            put(height, number, -1.0 if a == b else -math.sqrt(2))
            if a == b:
                put(height, 0, 1.0)
            number += 1
            height += 1
            right.append(0.0)
        cones.append(clarabel.PSDTriangleConeT(len(block.basis)))
    width = len(entries) + 1
    matrix = sparse.csc_matrix((values, (down, across)), shape=(height, width))
    costs = numpy.zeros(width)
    costs[0] = -1.0
    quadratic = sparse.csc_matrix((width, width))
    # On a face the rows depend on each other, which more regularisation gets over.
    for regularisation in (1e-8, 1e-6):
        settings = clarabel.DefaultSettings()
        settings.verbose = False
        settings.max_threads = 1
        settings.time_limit = problem.seconds()
        settings.static_regularization_constant = regularisation
        answer = clarabel.DefaultSolver(
            quadratic, costs, matrix, numpy.array(right), cones, settings
        ).solve()
        if str(answer.status) not in ("NumericalError", "InsufficientProgress"):
            break
    if "Infeasible" in str(answer.status) or "MaxTime" in str(answer.status):
        return None
    unknown = numpy.array(answer.x)
    shadow = numpy.array(answer.z)[len(rows) + 1 :]
    # A diverging answer is no better than none (and NaN compares false).
    if not (abs(unknown).max() < 1e12 and abs(shadow).max(initial=0.0) < 1e12):
        return None
    grams = []
    moments = []
    start = 0
    for block in program.blocks:
        gram = numpy.zeros((len(block.basis), len(block.basis)))
        moment = numpy.zeros_like(gram)
        for a, b in block.pairs():
            gram[a, b] = gram[b, a] = unknown[start + 1]
            moment[a, b] = moment[b, a] = shadow[start] / (1 if a == b else math.sqrt(2))
            start += 1
        grams.append(gram)
        moments.append(moment)
    floats = [float(v) * size / s for v, s in zip(unknown[1:], scales, strict=True)]
    return float(unknown[0]), grams, moments, floats


def _shrink(
    program: _Program, grams: list[Any], dual: bool, threshold: float
) -> _Program | None:
    """Restrict every basis to the range of its (nearly singular) Gram matrix; None: no kernel.

    The kernel is read off the Gram matrix or, more reliably, off its dual matrix: all feasible
    Gram matrices vanish on the range of that.
    """
    numpy = loaded("numpy")
    largest = max((float(abs(gram).max()) for gram in grams), default=1.0)
    changed = False
    blocks = []
    for block, gram in zip(program.blocks, grams, strict=True):
        values, vectors = numpy.linalg.eigh(gram)
        small = [(value < threshold * (largest if dual else max(1, largest))) for value in values]
        kernel = [vectors[:, i] for i, flag in enumerate(small) if flag != dual]
        if not kernel:
            blocks.append(block)
            continue
        rounded = _rational_rows([[float(v) for v in vector] for vector in kernel])
        if rounded is None:
            blocks.append(block)
            continue
        changed = True
        basis = _complement(rounded, block.basis)
        if basis:
            blocks.append(_Block(block.column, basis))
    return _Program(tuple(blocks), program.free, program.target) if changed else None


def _rational_rows(rows: list[list[float]]) -> list[list[Fraction]] | None:
    """Row-reduce float rows and round to simple fractions; None if an entry is not near one."""
    width = len(rows[0])
    free = list(range(width))
    for number, row in enumerate(rows):
        pivot = max(free, key=lambda j: abs(row[j]))
        free.remove(pivot)
        lead = row[pivot]
        if abs(lead) < 1e-7:
            return None
        rows[number] = row = [value / lead for value in row]
        for other, line in enumerate(rows):
            if other != number:
                factor = line[pivot]
                rows[other] = [x - factor * y for x, y in zip(line, row, strict=True)]
    result = []
    for row in rows:
        exact = [_simple(value) for value in row]
        if None in exact:
            return None
        result.append([value for value in exact if value is not None])
    return result


def _simple(value: float) -> Fraction | None:
    """A nearby simple fraction, or None: large denominators have to match more closely."""
    exact = Fraction(value)
    for limit, tolerance in ((1, 1e-3), (4, 1e-3), (12, 1e-4), (100, 1e-6), (1000, 1e-8)):
        guess = exact.limit_denominator(limit)
        if abs(float(guess) - value) <= tolerance * max(1.0, abs(value)):
            return guess
    return None


def _complement(kernel: list[list[Fraction]], basis: tuple[Packed, ...]) -> tuple[Packed, ...]:
    """Integer polynomials that span {u . basis : u orthogonal to the kernel}, constants last."""
    flint = loaded("flint")
    width = len(basis)
    # Reduce with the columns reversed: the free columns (which stay as leads) come first.
    table = [[_rational(value) for value in reversed(row)] for row in kernel]
    reduced, rank = flint.fmpq_mat(table).rref()
    lines = [[fraction_of(reduced[i, j]) for j in range(width)] for i in range(rank)]
    pivots = [next(j for j, value in enumerate(line) if value) for line in lines]
    span = []
    for j in (j for j in range(width) if j not in set(pivots)):
        vector = [Fraction(0)] * width
        vector[j] = Fraction(1)
        for pivot, line in zip(pivots, lines, strict=True):
            vector[pivot] = -line[j]
        span.append(vector[::-1])
    if not span:
        return ()
    # The row echelon form puts the constant alone in the last row whenever it is in the span.
    echelon, rank = flint.fmpq_mat([[_rational(v) for v in vector] for vector in span]).rref()
    result = []
    for i in range(rank):
        row = [fraction_of(echelon[i, j]) for j in range(width)]
        scale = math.lcm(*(value.denominator for value in row))
        poly: Packed = {}
        for value, root in zip(row, basis, strict=True):
            for key, coefficient in root.items():
                poly[key] = poly.get(key, 0) + int(value * scale) * coefficient
        result.append({key: value for key, value in poly.items() if value})
    return tuple(result)


def _rational(value: Fraction) -> Any:
    return loaded("flint").fmpq(value.numerator, value.denominator)


def _round(
    problem: Problem, program: _Program, entries: list[Packed], floats: list[float]
) -> Certificate | None:
    """Round the unknowns, restore the linear equations exactly, and factor the Gram matrices."""
    numpy = loaded("numpy")
    linalg = loaded("scipy.linalg")
    flint = loaded("flint")
    keys = sorted({key for poly in entries for key in poly} | set(program.target))
    if len(keys) > 400 or problem.expired():
        return None
    rows = {key: number for number, key in enumerate(keys)}
    dense = numpy.zeros((len(keys), len(entries)))
    for number, poly in enumerate(entries):
        for key, value in poly.items():
            dense[rows[key], number] = value
    scale = numpy.maximum(abs(dense).max(axis=0), 1e-300)
    triangle, order = linalg.qr(dense / scale, mode="r", pivoting=True)
    diagonal = abs(numpy.diag(triangle))
    rank = int((diagonal > 1e-9 * max(float(diagonal.max(initial=0.0)), 1e-300)).sum())
    pivots = [int(j) for j in order[:rank]]
    _, row_order = linalg.qr((dense / scale)[:, pivots].T, mode="r", pivoting=True)
    used = [keys[int(i)] for i in row_order[:rank]]
    others = [j for j in range(len(entries)) if j not in set(pivots)]
    steps = [1, 2, 4, 12, 60, 2**10, 2**16, 2**24, 2**34]
    guesses = [[Fraction(round(floats[j] * step), step) for j in others] for step in steps]
    right = [
        [_rational(Fraction(program.target.get(key, 0)) - _dot(entries, others, guess, key))
         for guess in guesses]
        for key in used
    ]
    if not used:
        return None
    square = flint.fmpq_mat(flint.fmpz_mat([[entries[j].get(key, 0) for j in pivots]
                                            for key in used]))
    try:
        solution = square.solve(flint.fmpq_mat(right))
    except ZeroDivisionError:
        return None
    for number, guess in enumerate(guesses):
        exact = [Fraction(0)] * len(entries)
        for j, rounded in zip(others, guess, strict=True):
            exact[j] = rounded
        for position, j in enumerate(pivots):
            exact[j] = fraction_of(solution[position, number])
        found = _factor(problem, program, exact)
        if found is not None:
            return found
        if problem.expired():
            return None
    return None


def _dot(
    entries: list[Packed], others: list[int], guess: list[Fraction], key: int
) -> Fraction:
    total = Fraction(0)
    for j, value in zip(others, guess, strict=True):
        entry = entries[j].get(key)
        if entry and value:
            total += entry * value
    return total


def _factor(problem: Problem, program: _Program, exact: list[Fraction]) -> Certificate | None:
    """The certificate with the given exact unknowns, if all Gram matrices are semidefinite."""
    terms: list[tuple[Fraction, Column]] = []
    start = 0
    for block in program.blocks:
        width = len(block.basis)
        gram = [[Fraction(0)] * width for _ in range(width)]
        for a, b in block.pairs():
            gram[a][b] = gram[b][a] = exact[start]
            start += 1
        factors = ldl(gram)
        if factors is None:
            return None
        for pivot, vector in factors:
            scale = math.lcm(*(value.denominator for value in vector))
            root: Packed = {}
            for value, poly in zip(vector, block.basis, strict=True):
                for key, coefficient in poly.items():
                    root[key] = root.get(key, 0) + int(value * scale) * coefficient
            root = {key: value for key, value in root.items() if value}
            weight = pivot / scale**2
            if set(root) == {0}:
                weight, root = weight * root[0] ** 2, {}
            powers, strict = block.column.powers, block.column.strict
            terms.append((weight, Column({}, powers, root or None, strict=strict)))
    if problem.strict and not any(c.strict and c.square is None for _, c in terms):
        return None  # a rounding to a singular matrix may lose the strictly positive part
    terms += zip(exact[start:], program.free, strict=True)
    return assemble(problem, terms)


def ldl(matrix: list[list[Fraction]]) -> list[tuple[Fraction, list[Fraction]]] | None:
    """Pairs (d > 0, v) with matrix == sum d * v v^T, or None if it is not semidefinite.

    >>> ldl([[Fraction(1), Fraction(-1)], [Fraction(-1), Fraction(1)]])
    [(Fraction(1, 1), [Fraction(1, 1), Fraction(-1, 1)])]
    """
    rest = [row[:] for row in matrix]
    size = len(rest)
    factors = []
    for k in range(size):
        pivot = rest[k][k]
        if pivot < 0 or (pivot == 0 and any(rest[k][k:])):
            return None
        if pivot == 0:
            continue
        vector = [Fraction(0)] * k + [rest[k][j] / pivot for j in range(k, size)]
        for i in range(k + 1, size):
            if rest[k][i]:
                factor = rest[k][i]
                for j in range(i, size):
                    rest[i][j] -= factor * vector[j]
                    rest[j][i] = rest[i][j]
        factors.append((pivot, vector))
    return factors
