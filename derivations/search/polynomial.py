"""Certificates that a polynomial is non-negative (or positive) under polynomial constraints.

A certificate writes the goal as a sum of products that are visibly non-negative::

    goal == sum_j c_j * prod_i p_i**e_ij * prod_s q_s**2  +  sum_k m_k * p_k

with ``c_j > 0``, the ``p_i`` from '>=' and '>' constraints and the ``p_k`` from '=' constraints.
The search uses floating point (linear and semidefinite programs), but every answer is rebuilt in
exact rational arithmetic and checked with `verify_certificate` before it is returned.
"""

from __future__ import annotations

import importlib
import itertools
import math
import random
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from typing import Any, Literal

Monomial = tuple[int, ...]
Poly = dict[Monomial, Fraction]
FrozenPoly = tuple[tuple[Monomial, Fraction], ...]
Kind = Literal[">=", ">", "=", "!="]

# A monomial packed into one integer (16 bits per exponent), so multiplying is adding.
_BITS = 16
_MASK = (1 << _BITS) - 1
_Packed = dict[int, int]
# A row that is no monomial: it carries the normalisation of the strictly positive products.
_NORM = -1
_SMALL = 24  # columns of a linear program that is first solved by elimination


@dataclass(frozen=True)
class Constraint:
    """The hypothesis ``poly kind 0``; ``kind`` is one of '>=', '>', '=' and '!='."""

    poly: Poly
    kind: Kind


@dataclass(frozen=True)
class Product:
    """``coefficient * prod p_i**e_i * prod q**2``, with ``coefficient > 0``.

    ``powers`` holds pairs (constraint index, exponent >= 1); ``squares`` the polynomials q.
    """

    coefficient: Fraction
    powers: tuple[tuple[int, int], ...] = ()
    squares: tuple[FrozenPoly, ...] = ()


@dataclass(frozen=True)
class Certificate:
    """A sum of `Product` terms plus polynomial ``multipliers`` of '=' constraints (by index)."""

    products: tuple[Product, ...]
    multipliers: tuple[tuple[int, Poly], ...] = ()


# --------------------------------------------------------------------------------------------
# Exact polynomial arithmetic


def freeze(poly: Mapping[Monomial, Fraction]) -> FrozenPoly:
    """The hashable form of a polynomial: its items sorted by exponents.

    >>> freeze({(1,): Fraction(2), (0,): Fraction(1)})
    (((0,), Fraction(1, 1)), ((1,), Fraction(2, 1)))
    """
    return tuple(sorted(poly.items()))


def add(left: Poly, right: Poly, factor: Fraction = Fraction(1)) -> Poly:
    """``left + factor * right``, without zero coefficients."""
    total = dict(left)
    for monomial, coefficient in right.items():
        total[monomial] = total.get(monomial, Fraction(0)) + factor * coefficient
    return {monomial: value for monomial, value in total.items() if value}


def multiply(left: Poly, right: Poly) -> Poly:
    """The product of two polynomials in the same number of variables."""
    total: Poly = {}
    for first, a in left.items():
        for second, b in right.items():
            key = tuple(i + j for i, j in zip(first, second, strict=True))
            total[key] = total.get(key, Fraction(0)) + a * b
    return {monomial: value for monomial, value in total.items() if value}


def evaluate(poly: Mapping[Monomial, Fraction], point: Sequence[Fraction]) -> Fraction:
    """The exact value of ``poly`` at a rational point.

    >>> evaluate({(2, 0): Fraction(1), (0, 1): Fraction(-3)}, (Fraction(2), Fraction(1)))
    Fraction(1, 1)
    """
    total = Fraction(0)
    for monomial, coefficient in poly.items():
        term = coefficient
        for base, exponent in zip(point, monomial, strict=True):
            if exponent:
                term *= base**exponent
        total += term
    return total


def holds(value: Fraction | int, kind: Kind) -> bool:
    """Whether ``value kind 0``."""
    if kind == ">=":
        return value >= 0
    if kind == ">":
        return value > 0
    return (value == 0) == (kind == "=")


def count_variables(polys: Iterable[Mapping[Monomial, Fraction]]) -> int:
    """The common length of all exponent tuples (0 when there is none); ValueError if mixed."""
    lengths = {len(monomial) for poly in polys for monomial in poly}
    if len(lengths) > 1:
        raise ValueError(f"exponent tuples of different lengths: {sorted(lengths)}")
    return lengths.pop() if lengths else 0


# --------------------------------------------------------------------------------------------
# Exact verification


def verify_certificate(
    goal: Poly, constraints: Sequence[Constraint], strict: bool, cert: Certificate
) -> bool:
    """Whether ``cert`` proves ``goal >= 0`` (``goal > 0`` if strict); exact, False if malformed."""
    try:
        nvars = count_variables([goal, *(constraint.poly for constraint in constraints)])
        one: Poly = {(0,) * nvars: Fraction(1)}
        total: Poly = {}
        for product in cert.products:
            if not _admissible(product, constraints):
                return False
            term = {(0,) * nvars: product.coefficient}
            for index, exponent in product.powers:
                for _ in range(exponent):
                    term = multiply(term, constraints[index].poly)
            for square in product.squares:
                term = multiply(term, multiply(_thaw(square), _thaw(square)))
            total = add(total, term)
        for index, multiplier in cert.multipliers:
            if not 0 <= index < len(constraints) or constraints[index].kind != "=":
                return False
            total = add(total, multiply(dict(multiplier), constraints[index].poly))
        if add(total, multiply(one, goal), Fraction(-1)):
            return False
    except (TypeError, ValueError):
        return False
    return not strict or any(_is_strict(product, constraints) for product in cert.products)


def _thaw(square: FrozenPoly) -> Poly:
    poly = dict(square)
    if len(poly) != len(square):
        raise ValueError("a monomial occurs twice")
    return poly


def _admissible(product: Product, constraints: Sequence[Constraint]) -> bool:
    return product.coefficient > 0 and all(
        0 <= index < len(constraints)
        and constraints[index].kind in (">=", ">")
        and isinstance(exponent, int)
        and exponent >= 1
        for index, exponent in product.powers
    )


def _is_strict(product: Product, constraints: Sequence[Constraint]) -> bool:
    constants = all(
        any(value for _, value in square) and not any(any(m) for m, value in square if value)
        for square in product.squares
    )
    return constants and all(constraints[index].kind == ">" for index, _ in product.powers)


# --------------------------------------------------------------------------------------------
# The prepared problem: integer coefficients and packed monomials


@dataclass(frozen=True)
class _Problem:
    """The search's view: primitive integer polynomials, each a positive multiple of its origin."""

    nvars: int
    goal: _Packed
    goal_scale: Fraction
    polys: tuple[_Packed, ...]
    scales: tuple[Fraction, ...]
    kinds: tuple[Kind, ...]
    inequalities: tuple[int, ...]
    equalities: tuple[int, ...]
    signed: dict[int, int]  # variable -> index of the constraint "c * variable >= 0"
    strict: bool
    deadline: float | None

    @property
    def contradiction(self) -> bool:
        """Whether the goal is to show that the constraints are inconsistent."""
        return self.strict and not self.goal

    def expired(self) -> bool:
        """Whether the deadline has passed."""
        return self.deadline is not None and time.monotonic() >= self.deadline

    def seconds(self) -> float:
        """The time that is left, for a solver's own limit."""
        return 60.0 if self.deadline is None else max(0.01, self.deadline - time.monotonic())


@dataclass(frozen=True)
class _Column:
    """``poly = prod p_i**e_i * square**2``; or ``square * p_k`` (free sign) if equality = k."""

    poly: _Packed
    powers: tuple[tuple[int, int], ...] = ()
    square: _Packed | None = None
    equality: int = -1
    strict: bool = False


def _module(name: str) -> Any:
    """Import lazily: scipy and clarabel take longer to load than most searches take."""
    return importlib.import_module(name)


def _pack(monomial: Monomial) -> int:
    key = 0
    for exponent in reversed(monomial):
        key = (key << _BITS) | exponent
    return key


def _unpack(key: int, nvars: int) -> Monomial:
    return tuple((key >> (_BITS * i)) & _MASK for i in range(nvars))


def _degree_of_key(key: int) -> int:
    total = 0
    while key > 0:
        total += key & _MASK
        key >>= _BITS
    return total


def _degree(poly: _Packed) -> int:
    return max((_degree_of_key(key) for key in poly), default=0)


def _times(left: _Packed, right: _Packed) -> _Packed:
    total: _Packed = {}
    for first, a in left.items():
        for second, b in right.items():
            key = first + second
            total[key] = total.get(key, 0) + a * b
    return {key: value for key, value in total.items() if value}


def _shift(poly: _Packed, key: int) -> _Packed:
    return {key + other: value for other, value in poly.items()}


def _primitive(poly: Poly) -> tuple[_Packed, Fraction]:
    """(integer polynomial, positive scale) with poly == scale * integer polynomial."""
    if not poly:
        return {}, Fraction(1)
    denominator = math.lcm(*(Fraction(value).denominator for value in poly.values()))
    whole = {_pack(monomial): int(value * denominator) for monomial, value in poly.items()}
    content = math.gcd(*whole.values())
    return {key: value // content for key, value in whole.items()}, Fraction(content, denominator)


def _prepare(
    goal: Poly, constraints: Sequence[Constraint], strict: bool, deadline: float | None
) -> _Problem:
    polys = [goal, *(constraint.poly for constraint in constraints)]
    nvars = count_variables(polys)
    if any(not 0 <= e < 4096 for poly in polys for monomial in poly for e in monomial):
        raise ValueError("exponents must lie in 0..4095")
    packed, scale = _primitive({m: c for m, c in goal.items() if c})
    pairs = [_primitive({m: v for m, v in c.poly.items() if v}) for c in constraints]
    kinds = tuple(constraint.kind for constraint in constraints)
    seen: dict[tuple[tuple[int, int], ...], int] = {}
    equalities: list[int] = []
    for index, (poly, _) in enumerate(pairs):
        if kinds[index] == "=" and poly:
            equalities.append(index)
        elif kinds[index] == ">" or (kinds[index] == ">=" and poly):
            form = tuple(sorted(poly.items()))
            # Of two copies of one constraint only the stronger is of use.
            if form not in seen or (kinds[index] == ">" and kinds[seen[form]] == ">="):
                seen[form] = index
    inequalities = sorted(seen.values())
    signed: dict[int, int] = {}
    for index in inequalities:
        poly = pairs[index][0]
        if len(poly) == 1 and _degree(poly) == 1:
            variable = (next(iter(poly)).bit_length() - 1) // _BITS
            signed.setdefault(variable, index)
    return _Problem(
        nvars,
        packed,
        scale,
        tuple(poly for poly, _ in pairs),
        tuple(s for _, s in pairs),
        kinds,
        tuple(inequalities),
        tuple(equalities),
        signed,
        strict,
        deadline,
    )


# --------------------------------------------------------------------------------------------
# Candidate products


def _product(problem: _Problem, indices: Sequence[int]) -> _Column:
    """The column of a product of inequality constraints (indices may repeat)."""
    poly: _Packed = {0: 1}
    for index in indices:
        poly = _times(poly, problem.polys[index])
    powers = tuple((index, len(list(run))) for index, run in itertools.groupby(sorted(indices)))
    return _Column(
        poly, powers, strict=all(problem.kinds[index] == ">" for index, _ in powers)
    )


def _with_monomial(problem: _Problem, column: _Column, monomial: Monomial) -> _Column:
    """Multiply a column by a monomial known to be non-negative (odd powers: signed variables)."""
    poly = column.poly
    powers = dict(column.powers)
    half: list[int] = [0] * problem.nvars
    strict = column.strict
    for variable, exponent in enumerate(monomial):
        if not exponent:
            continue
        index = problem.signed.get(variable)
        key = exponent << (_BITS * variable)
        if index is None:
            half[variable] = exponent // 2
            strict = False
            poly = _shift(poly, key)
        else:
            powers[index] = powers.get(index, 0) + exponent
            strict = strict and problem.kinds[index] == ">"
            poly = _shift(poly, key)
            sign = next(iter(problem.polys[index].values()))
            if sign < 0 and exponent % 2:
                poly = {k: -v for k, v in poly.items()}
    square = {_pack(tuple(half)): 1} if any(half) else None
    return _Column(poly, tuple(sorted(powers.items())), square, strict=strict)


@lru_cache(maxsize=512)
def _bounded(
    limits: tuple[int, ...], degree: int, steps: tuple[int, ...], cap: int
) -> tuple[Monomial, ...]:
    """Exponent tuples with e_i <= limits[i] divisible by steps[i], by sum from 0 to degree.

    At most `cap` of them.
    """
    totals = range(min(degree, sum(limits)) + 1)
    found = (m for total in totals for m in _exactly(limits, total, steps))
    return tuple(itertools.islice(found, cap))


def _exactly(limits: Sequence[int], total: int, steps: Sequence[int]) -> Iterator[Monomial]:
    if not limits:
        if total == 0:
            yield ()
        return
    # What the other variables cannot take, this one must.
    least = max(0, total - sum(limits[1:]))
    for exponent in range(least + -least % steps[0], min(limits[0], total) + 1, steps[0]):
        for rest in _exactly(limits[1:], total - exponent, steps[1:]):
            yield (exponent, *rest)


def _box(problem: _Problem) -> list[int]:
    """For each variable its highest exponent in the goal and the constraints."""
    highest = [0] * problem.nvars
    used = [problem.goal, *(problem.polys[i] for i in problem.inequalities + problem.equalities)]
    for poly in used:
        for key in poly:
            highest = [max(pair) for pair in zip(highest, _unpack(key, problem.nvars), strict=True)]
    return highest


def _top_degree(problem: _Problem) -> int:
    used = [problem.goal, *(problem.polys[i] for i in problem.inequalities + problem.equalities)]
    return max((_degree(poly) for poly in used), default=0)


def _definite(
    problem: _Problem, degree: int, limits: Sequence[int], cap: int
) -> tuple[Monomial, ...]:
    """Monomials that are non-negative under the constraints, by degree, at most ``cap``."""
    steps = tuple(1 if i in problem.signed else 2 for i in range(problem.nvars))
    return _bounded(tuple(limits), degree, steps, cap)


def _fitting(
    problem: _Problem, poly: _Packed, cap: int, *, definite: bool = True
) -> list[Monomial]:
    """The (non-negative) monomials that take a term of a polynomial to one of the goal."""
    wanted = [_unpack(key, problem.nvars) for key in problem.goal]
    given = [_unpack(key, problem.nvars) for key in poly]
    found: dict[Monomial, None] = {}
    for goal, term in itertools.product(wanted[:cap], given[:20]):
        shift = tuple(a - b for a, b in zip(goal, term, strict=True))
        if all(e >= 0 and (i in problem.signed or e % 2 == 0 or not definite)
               for i, e in enumerate(shift)):  # fmt: skip
            found[shift] = None
    return list(found)[:cap]


def _equality_columns(
    problem: _Problem, degree: int, limits: Sequence[int], cap: int
) -> list[_Column]:
    columns = []
    for index in problem.equalities:
        poly = problem.polys[index]
        room = max(0, degree - _degree(poly))
        generic = _bounded(tuple(limits), room, (1,) * problem.nvars, cap)
        fitting = _fitting(problem, poly, cap, definite=False) if room else []
        for monomial in dict.fromkeys((*fitting, *generic)):
            key = _pack(monomial)
            columns.append(_Column(_shift(poly, key), square={key: 1}, equality=index))
    return columns


def _binomial_squares(
    problem: _Problem, degree: int, limits: Sequence[int], cap: int
) -> list[_Column]:
    """(a - b)**2 and (a + b)**2 for monomials a, b: a cheap part of the sums of squares."""
    half = tuple(limit // 2 for limit in limits)
    basis = _bounded(half, degree // 2, (1,) * problem.nvars, cap)
    keys = [_pack(monomial) for monomial in basis]
    columns = []
    for first, second in itertools.combinations(keys, 2):
        for sign in (-1, 1):
            root = {first: 1, second: sign}
            columns.append(_Column(_times(root, root), square=root))
    return columns


def _linear_columns(problem: _Problem, level: int, degree: int) -> list[_Column]:
    """The columns of one stage of the linear search; level 0 is linear combinations only."""
    one = _Column({0: 1}, strict=True)
    columns = [one, *(_product(problem, (index,)) for index in problem.inequalities)]
    if level == 0:
        return columns + _equality_columns(problem, 0, [0] * problem.nvars, 1)
    top = _top_degree(problem)
    limits = _box(problem)
    if level == 1:
        bound, cap, wide = max(top, 2), 60, limits
    elif level == 2:
        bound, cap, wide = max(top + top % 2, 2), 120, [max(2, limit) for limit in limits]
    else:
        bound, cap, wide = top + 2, 250, [limit + 2 for limit in limits]
    special = set(problem.signed.values())
    composites = [index for index in problem.inequalities if index not in special]
    monomials = _definite(problem, bound, wide, cap)
    chosen = dict.fromkeys((*_fitting(problem, one.poly, cap), *monomials))
    columns += [_with_monomial(problem, one, m) for m in chosen if any(m)]
    for size in range(1, min(degree, level + 1) + 1):
        plain_only = size > level
        for indices in itertools.combinations_with_replacement(composites, size):
            if len(columns) > 500 * level:
                break
            base = _product(problem, indices)
            if size > 1:
                columns.append(base)
            if plain_only:
                continue
            room = bound - _degree(base.poly)
            chosen = dict.fromkeys((*_fitting(problem, base.poly, cap), *monomials))
            columns += [_with_monomial(problem, base, m) for m in chosen if 0 < sum(m) <= room]
    if level >= 2:
        columns += _binomial_squares(problem, bound, wide, 14)
    return columns + _equality_columns(problem, bound, wide, cap)


def _prune(columns: list[_Column], target: Mapping[int, int]) -> list[_Column] | None:
    """Drop columns whose monomials cannot cancel; None when some target row is out of reach."""
    alive = columns
    while True:
        signs: dict[int, int] = {}
        counts: dict[int, int] = {}
        for column in alive:
            for key, value in column.poly.items():
                bits = 3 if column.equality >= 0 else (1 if value > 0 else 2)
                signs[key] = signs.get(key, 0) | bits
                counts[key] = counts.get(key, 0) + 1
        dead = set()
        for key, bits in signs.items():
            value = target.get(key, 0)
            if value == 0 and (bits != 3 or counts[key] == 1):
                dead.add(key)
            elif value and not bits & (1 if value > 0 else 2):
                return None
        if any(value and key not in signs for key, value in target.items()):
            return None
        if not dead:
            return alive
        alive = [column for column in alive if dead.isdisjoint(column.poly)]


# --------------------------------------------------------------------------------------------
# Stage 1: linear programs


def _linear_stage(problem: _Problem, level: int, degree: int) -> Certificate | None:
    columns = _linear_columns(problem, level, degree)
    if len(columns) > 2500:
        return None
    target: dict[int, int] = dict(problem.goal)
    if problem.contradiction:
        return _linear_solve(problem, _normalised(columns), {**target, _NORM: 1})
    pruned = _prune(columns, target)
    if pruned is None:
        return None
    basic = _basic_solution(problem, pruned, target)
    if basic is not None:
        return basic
    if not problem.strict:
        return _linear_solve(problem, pruned, target)
    # Strict goals: how much of the strictly positive products fits in?  Take half of that.
    weighed = _normalised(pruned)
    floats = _linprog(problem, weighed, target, reward=True)
    if floats is None:
        return None
    amount = sum(
        value * column.poly.get(_NORM, 0)
        for column, value in zip(weighed, floats, strict=True)
    )
    if amount < 1e-9:
        return None
    exact = Fraction(1, 2 * math.ceil(1 / amount))
    scaled = {key: value * exact.denominator for key, value in target.items()}
    answer = _linear_solve(problem, weighed, {**scaled, _NORM: exact.numerator}, exact.denominator)
    return answer


def _basic_solution(
    problem: _Problem, columns: list[_Column], target: Mapping[int, int]
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
    return _assemble(problem, terms)


def _normalised(columns: list[_Column]) -> list[_Column]:
    """Give every strictly positive column an entry in the normalisation row."""
    weighed = []
    for column in columns:
        if column.strict:
            size = max((abs(value) for value in column.poly.values()), default=1)
            column = _Column(
                {**column.poly, _NORM: size}, column.powers, column.square, strict=True
            )
        weighed.append(column)
    return weighed


def _linear_solve(
    problem: _Problem, columns: list[_Column], target: Mapping[int, int], divisor: int = 1
) -> Certificate | None:
    """A certificate whose terms are weighted columns, with sum == target / divisor."""
    pruned = _prune(columns, target)
    if pruned is None:
        return None
    floats = _linprog(problem, pruned, target, reward=False)
    if floats is None:
        return None
    chosen = [
        (column, value)
        for column, value in zip(pruned, floats, strict=True)
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
    return _assemble(problem, terms)


def _linprog(
    problem: _Problem, columns: list[_Column], target: Mapping[int, int], *, reward: bool
) -> list[float] | None:
    """Float weights of a cheap combination of columns; with ``reward`` as strict as possible."""
    if problem.expired():
        return None
    keys = {key for column in columns for key in column.poly} | set(target)
    if reward:
        keys.discard(_NORM)
    if not columns or not keys:
        return [0.0] * len(columns) if not columns or not reward else None
    rows = {key: number for number, key in enumerate(sorted(keys))}
    numpy = _module("numpy")
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
    result = _module("scipy.optimize").linprog(
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
    chosen: Sequence[tuple[_Column, float]], target: Mapping[int, int]
) -> list[Fraction] | None:
    """Exact weights near the floats that solve the system and respect the signs, or None."""
    keys = {key for column, _ in chosen for key in column.poly} | set(target)
    rows = sorted(keys)
    width = len(chosen)
    table = [[column.poly.get(key, 0) for column, _ in chosen] + [target.get(key, 0)]
             for key in rows]
    if not table:
        return [Fraction(0)] * width
    flint = _module("flint")
    reduced, rank = flint.fmpq_mat(flint.fmpz_mat(table)).rref()
    solved = [[_fraction(reduced[i, j]) for j in range(width + 1)] for i in range(rank)]
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


def _fraction(value: Any) -> Fraction:
    return Fraction(int(value.p), int(value.q))


def _assemble(
    problem: _Problem,
    terms: Iterable[tuple[Fraction, _Column]],
) -> Certificate:
    """Translate weighted integer columns back to the caller's polynomials."""
    products: list[Product] = []
    multipliers: dict[int, Poly] = {}
    for weight, column in terms:
        weight *= problem.goal_scale
        root = {
            _unpack(key, problem.nvars): Fraction(value)
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


# --------------------------------------------------------------------------------------------
# Stage 2: sums of squares by semidefinite programming


@dataclass(frozen=True)
class _Block:
    """``column.poly * (basis^T Q basis)`` with an unknown positive semidefinite Q."""

    column: _Column
    basis: tuple[_Packed, ...]

    def pairs(self) -> Iterator[tuple[int, int]]:
        """The upper triangle, column by column: the order that clarabel wants."""
        return ((a, b) for b in range(len(self.basis)) for a in range(b + 1))


@dataclass(frozen=True)
class _Program:
    """Linear rows: sum over block entries and free columns == target."""

    blocks: tuple[_Block, ...]
    free: tuple[_Column, ...]
    target: dict[int, int]

    def entries(self) -> list[_Packed]:
        """The polynomial that each unknown multiplies: upper triangles, then free columns."""
        found = []
        for block in self.blocks:
            for a, b in block.pairs():
                poly = _times(block.basis[a], block.basis[b])
                if len(block.column.poly) > 1 or block.column.poly.get(0) != 1:
                    poly = _times(poly, block.column.poly)
                found.append(poly if a == b else {k: 2 * v for k, v in poly.items()})
        return found + [column.poly for column in self.free]


def _square_stage(
    problem: _Problem, degree: int, extra: int, sizes: range
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


def _square_program(problem: _Problem, degree: int, extra: int) -> _Program | None:
    top = _top_degree(problem)
    bound = max(2, top + top % 2) + extra
    limits = [limit + limit % 2 + extra for limit in _box(problem)]
    if math.prod(limit // 2 + 1 for limit in limits) > 20000 and bound > 4:
        return None
    multipliers = [_Column({0: 1}, strict=True)]
    for size in range(1, min(degree, 2) + 1):
        for indices in itertools.combinations(problem.inequalities, size):
            column = _product(problem, indices)
            if len(multipliers) < 40 and (size == 1 or _degree(column.poly) <= bound):
                multipliers.append(column)
    target = dict(problem.goal)
    blocks = []
    room = tuple(limit // 2 for limit in limits)
    for column in multipliers:
        half = max(0, (bound - _degree(column.poly)) // 2)
        found = _bounded(room, half, (1,) * problem.nvars, 200)
        # The constant goes last, so that elimination leaves a pure constant square.
        basis = tuple({_pack(m): 1} for m in sorted(found, key=lambda m: (-sum(m), m)))
        blocks.append(_Block(column, basis))
    if problem.strict:
        scalars = [column for column in multipliers if column.strict]
        if problem.contradiction:
            scalars = _normalised(scalars)
            target[_NORM] = 1
        blocks += [_Block(column, ({0: 1},)) for column in scalars]
    # Without products of constraints the sum of squares is one of the goal alone.
    free = _equality_columns(problem, bound, limits, 120) if degree else []
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
                    key != _NORM and key + 2 * next(iter(root)) in bad for key in block.column.poly
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
        if key == _NORM:
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
    problem: _Problem, program: _Program, dual: bool, threshold: float
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
    problem: _Problem, program: _Program, entries: list[_Packed]
) -> tuple[float, list[Any], list[Any], list[float]] | None:
    """Maximise t <= 1 with every Gram matrix >= t * identity.

    Returns t, the scaled Gram matrices, their dual matrices, and the unscaled unknowns in the
    order of ``entries``.
    """
    numpy = _module("numpy")
    sparse = _module("scipy.sparse")
    clarabel = _module("clarabel")
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
    numpy = _module("numpy")
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


def _complement(kernel: list[list[Fraction]], basis: tuple[_Packed, ...]) -> tuple[_Packed, ...]:
    """Integer polynomials that span {u . basis : u orthogonal to the kernel}, constants last."""
    flint = _module("flint")
    width = len(basis)
    # Reduce with the columns reversed: the free columns (which stay as leads) come first.
    table = [[_rational(value) for value in reversed(row)] for row in kernel]
    reduced, rank = flint.fmpq_mat(table).rref()
    lines = [[_fraction(reduced[i, j]) for j in range(width)] for i in range(rank)]
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
        row = [_fraction(echelon[i, j]) for j in range(width)]
        scale = math.lcm(*(value.denominator for value in row))
        poly: _Packed = {}
        for value, root in zip(row, basis, strict=True):
            for key, coefficient in root.items():
                poly[key] = poly.get(key, 0) + int(value * scale) * coefficient
        result.append({key: value for key, value in poly.items() if value})
    return tuple(result)


def _rational(value: Fraction) -> Any:
    return _module("flint").fmpq(value.numerator, value.denominator)


def _round(
    problem: _Problem, program: _Program, entries: list[_Packed], floats: list[float]
) -> Certificate | None:
    """Round the unknowns, restore the linear equations exactly, and factor the Gram matrices."""
    numpy = _module("numpy")
    linalg = _module("scipy.linalg")
    flint = _module("flint")
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
            exact[j] = _fraction(solution[position, number])
        found = _factor(problem, program, exact)
        if found is not None:
            return found
        if problem.expired():
            return None
    return None


def _dot(
    entries: list[_Packed], others: list[int], guess: list[Fraction], key: int
) -> Fraction:
    total = Fraction(0)
    for j, value in zip(others, guess, strict=True):
        entry = entries[j].get(key)
        if entry and value:
            total += entry * value
    return total


def _factor(problem: _Problem, program: _Program, exact: list[Fraction]) -> Certificate | None:
    """The certificate with the given exact unknowns, if all Gram matrices are semidefinite."""
    terms: list[tuple[Fraction, _Column]] = []
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
            root: _Packed = {}
            for value, poly in zip(vector, block.basis, strict=True):
                for key, coefficient in poly.items():
                    root[key] = root.get(key, 0) + int(value * scale) * coefficient
            root = {key: value for key, value in root.items() if value}
            weight = pivot / scale**2
            if set(root) == {0}:
                weight, root = weight * root[0] ** 2, {}
            powers, strict = block.column.powers, block.column.strict
            terms.append((weight, _Column({}, powers, root or None, strict=strict)))
    if problem.strict and not any(c.strict and c.square is None for _, c in terms):
        return None  # a rounding to a singular matrix may lose the strictly positive part
    terms += zip(exact[start:], program.free, strict=True)
    return _assemble(problem, terms)


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


# --------------------------------------------------------------------------------------------
# The search


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
    problem = _prepare(goal, constraints, strict, deadline)
    if not problem.goal and not strict:
        return Certificate((), ())
    stages: list[Callable[[], Certificate | None]] = [
        lambda: _linear_stage(problem, 0, degree),
        lambda: _linear_stage(problem, 1, degree),
        lambda: _square_stage(problem, 0, 0, range(161)),
        lambda: _square_stage(problem, degree, 0, range(161)),
        lambda: _linear_stage(problem, 2, degree),
        lambda: _square_stage(problem, 0, 0, range(161, 801)),
        lambda: _square_stage(problem, degree, 0, range(161, 2501)),
        lambda: _linear_stage(problem, 3, degree),
        lambda: _square_stage(problem, degree, 2, range(2501)),
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
