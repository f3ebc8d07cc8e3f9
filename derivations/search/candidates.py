"""Products of constraints that a certificate of non-negativity may be made of.

The search works on primitive integer polynomials, whose monomials are packed into integers.
"""

from __future__ import annotations

import importlib
import itertools
import math
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from typing import Any

from derivations.search.polynomial import Constraint, Kind, Monomial, Poly, count_variables

# A monomial packed into one integer (16 bits per exponent), so multiplying is adding.
_BITS = 16
_MASK = (1 << _BITS) - 1
Packed = dict[int, int]


# The problem --------------------------------------------------------------------------------


@dataclass(frozen=True)
class Problem:
    """The search's view: primitive integer polynomials, each a positive multiple of its origin."""

    nvars: int
    goal: Packed
    goal_scale: Fraction
    polys: tuple[Packed, ...]
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
class Column:
    """``poly = prod p_i**e_i * square**2``; or ``square * p_k`` (free sign) if equality = k."""

    poly: Packed
    powers: tuple[tuple[int, int], ...] = ()
    square: Packed | None = None
    equality: int = -1
    strict: bool = False


def loaded(name: str) -> Any:
    """Import lazily: scipy and clarabel take longer to load than most searches take."""
    return importlib.import_module(name)


def pack(monomial: Monomial) -> int:
    """A monomial as one integer: the exponents of a product are the sum of those integers."""
    key = 0
    for exponent in reversed(monomial):
        key = (key << _BITS) | exponent
    return key


def unpack(key: int, nvars: int) -> Monomial:
    """The monomial that was packed.

    >>> unpack(pack((2, 0, 1)), 3)
    (2, 0, 1)
    """
    return tuple((key >> (_BITS * i)) & _MASK for i in range(nvars))


def _degree_of_key(key: int) -> int:
    total = 0
    while key > 0:
        total += key & _MASK
        key >>= _BITS
    return total


def degree_of(poly: Packed) -> int:
    """The total degree, 0 for no polynomial at all."""
    return max((_degree_of_key(key) for key in poly), default=0)


def times(left: Packed, right: Packed) -> Packed:
    """The product, without zero coefficients."""
    total: Packed = {}
    for first, a in left.items():
        for second, b in right.items():
            key = first + second
            total[key] = total.get(key, 0) + a * b
    return {key: value for key, value in total.items() if value}


def _shift(poly: Packed, key: int) -> Packed:
    return {key + other: value for other, value in poly.items()}


def _primitive(poly: Poly) -> tuple[Packed, Fraction]:
    """(integer polynomial, positive scale) with poly == scale * integer polynomial."""
    if not poly:
        return {}, Fraction(1)
    denominator = math.lcm(*(Fraction(value).denominator for value in poly.values()))
    whole = {pack(monomial): int(value * denominator) for monomial, value in poly.items()}
    content = math.gcd(*whole.values())
    return {key: value // content for key, value in whole.items()}, Fraction(content, denominator)


def prepared(
    goal: Poly, constraints: Sequence[Constraint], strict: bool, deadline: float | None
) -> Problem:
    """The problem of writing a goal as a sum of products of constraints.

    Raises `ValueError` for exponents that cannot be packed.
    """
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
        if len(poly) == 1 and degree_of(poly) == 1:
            variable = (next(iter(poly)).bit_length() - 1) // _BITS
            signed.setdefault(variable, index)
    return Problem(
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


# Products -----------------------------------------------------------------------------------


def product_of(problem: Problem, indices: Sequence[int]) -> Column:
    """The column of a product of inequality constraints (indices may repeat)."""
    poly: Packed = {0: 1}
    for index in indices:
        poly = times(poly, problem.polys[index])
    powers = tuple((index, len(list(run))) for index, run in itertools.groupby(sorted(indices)))
    return Column(
        poly, powers, strict=all(problem.kinds[index] == ">" for index, _ in powers)
    )


def _with_monomial(problem: Problem, column: Column, monomial: Monomial) -> Column:
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
    square = {pack(tuple(half)): 1} if any(half) else None
    return Column(poly, tuple(sorted(powers.items())), square, strict=strict)


@lru_cache(maxsize=512)
def monomials_up_to(
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


def exponent_box(problem: Problem) -> list[int]:
    """For each variable its highest exponent in the goal and the constraints."""
    highest = [0] * problem.nvars
    used = [problem.goal, *(problem.polys[i] for i in problem.inequalities + problem.equalities)]
    for poly in used:
        for key in poly:
            highest = [max(pair) for pair in zip(highest, unpack(key, problem.nvars), strict=True)]
    return highest


def top_degree(problem: Problem) -> int:
    """The highest total degree among the goal and the constraints that count."""
    used = [problem.goal, *(problem.polys[i] for i in problem.inequalities + problem.equalities)]
    return max((degree_of(poly) for poly in used), default=0)


def _definite(
    problem: Problem, degree: int, limits: Sequence[int], cap: int
) -> tuple[Monomial, ...]:
    """Monomials that are non-negative under the constraints, by degree, at most ``cap``."""
    steps = tuple(1 if i in problem.signed else 2 for i in range(problem.nvars))
    return monomials_up_to(tuple(limits), degree, steps, cap)


def _fitting(
    problem: Problem, poly: Packed, cap: int, *, definite: bool = True
) -> list[Monomial]:
    """The (non-negative) monomials that take a term of a polynomial to one of the goal."""
    wanted = [unpack(key, problem.nvars) for key in problem.goal]
    given = [unpack(key, problem.nvars) for key in poly]
    found: dict[Monomial, None] = {}
    for goal, term in itertools.product(wanted[:cap], given[:20]):
        shift = tuple(a - b for a, b in zip(goal, term, strict=True))
        if all(e >= 0 and (i in problem.signed or e % 2 == 0 or not definite)
               for i, e in enumerate(shift)):  # fmt: skip
            found[shift] = None
    return list(found)[:cap]


def equality_columns(
    problem: Problem, degree: int, limits: Sequence[int], cap: int
) -> list[Column]:
    """Monomial multiples of the equations, up to a total degree, at most `cap` for each."""
    columns = []
    for index in problem.equalities:
        poly = problem.polys[index]
        room = max(0, degree - degree_of(poly))
        generic = monomials_up_to(tuple(limits), room, (1,) * problem.nvars, cap)
        fitting = _fitting(problem, poly, cap, definite=False) if room else []
        for monomial in dict.fromkeys((*fitting, *generic)):
            key = pack(monomial)
            columns.append(Column(_shift(poly, key), square={key: 1}, equality=index))
    return columns


def _binomial_squares(
    problem: Problem, degree: int, limits: Sequence[int], cap: int
) -> list[Column]:
    """(a - b)**2 and (a + b)**2 for monomials a, b: a cheap part of the sums of squares."""
    half = tuple(limit // 2 for limit in limits)
    basis = monomials_up_to(half, degree // 2, (1,) * problem.nvars, cap)
    keys = [pack(monomial) for monomial in basis]
    columns = []
    for first, second in itertools.combinations(keys, 2):
        for sign in (-1, 1):
            root = {first: 1, second: sign}
            columns.append(Column(times(root, root), square=root))
    return columns


def linear_columns(problem: Problem, level: int, degree: int) -> list[Column]:
    """The columns of one stage of the linear search; level 0 is linear combinations only."""
    one = Column({0: 1}, strict=True)
    columns = [one, *(product_of(problem, (index,)) for index in problem.inequalities)]
    if level == 0:
        return columns + equality_columns(problem, 0, [0] * problem.nvars, 1)
    top = top_degree(problem)
    limits = exponent_box(problem)
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
            base = product_of(problem, indices)
            if size > 1:
                columns.append(base)
            if plain_only:
                continue
            room = bound - degree_of(base.poly)
            chosen = dict.fromkeys((*_fitting(problem, base.poly, cap), *monomials))
            columns += [_with_monomial(problem, base, m) for m in chosen if 0 < sum(m) <= room]
    if level >= 2:
        columns += _binomial_squares(problem, bound, wide, 14)
    return columns + equality_columns(problem, bound, wide, cap)


def usable_columns(columns: list[Column], target: Mapping[int, int]) -> list[Column] | None:
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
