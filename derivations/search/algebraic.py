"""Points with algebraic coordinates, and exact signs of polynomials at them."""

from __future__ import annotations

import importlib
import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from derivations.search.polynomial import Constraint, Poly, holds

__all__ = ["Algebraic", "Value", "near", "satisfies", "shorten"]

_Interval = tuple[Fraction, Fraction]


@dataclass(frozen=True)
class Algebraic:
    """The one real root of ``poly`` (integers, low to high) strictly between the bounds."""

    poly: tuple[int, ...]
    lower: Fraction
    upper: Fraction


Value = Fraction | Algebraic


def satisfies(constraints: Sequence[Constraint], point: Sequence[Value]) -> bool:
    """Whether the point satisfies every constraint, in exact arithmetic.

    >>> root2 = Algebraic((-2, 0, 1), Fraction(1), Fraction(2))
    >>> satisfies([Constraint({(2,): Fraction(1), (0,): Fraction(-2)}, "=")], [root2])
    True
    """
    roots = [value for value in point if isinstance(value, Algebraic)]
    if not all(_isolates(root) for root in roots):
        return False
    return all(holds(_sign(c.poly, point), c.kind) for c in constraints)


def _isolates(root: Algebraic) -> bool:
    """Whether exactly one root lies strictly between the bounds, and none on them (Sturm)."""
    if root.lower >= root.upper or len(root.poly) < 2 or not root.poly[-1]:
        return False
    chain = [[Fraction(c) for c in root.poly], [i * Fraction(c) for i, c in enumerate(root.poly)]]
    chain[1] = chain[1][1:]
    while any(chain[-1]):
        chain.append([-c for c in _remainder(chain[-2], chain[-1])])
    low = [_horner(poly, root.lower) for poly in chain[:-1]]
    high = [_horner(poly, root.upper) for poly in chain[:-1]]
    # A change of sign as well: a root of even multiplicity could not be bisected.
    return low[0] * high[0] < 0 and _changes(low) - _changes(high) == 1


def _remainder(dividend: list[Fraction], divisor: list[Fraction]) -> list[Fraction]:
    rest = dividend[:]
    while len(rest) >= len(divisor):
        factor = rest[-1] / divisor[-1]
        for i in range(1, len(divisor) + 1):
            rest[-i] -= factor * divisor[-i]
        rest.pop()
    while rest and not rest[-1]:
        rest.pop()
    return rest


def _changes(values: Sequence[Fraction]) -> int:
    signs = [value > 0 for value in values if value]
    return sum(a != b for a, b in itertools.pairwise(signs))


def _horner(poly: Sequence[int | Fraction], at: Fraction) -> Fraction:
    total = Fraction(0)
    for coefficient in reversed(poly):
        total = total * at + coefficient
    return total


def _sign(poly: Poly, point: Sequence[Value]) -> Fraction:
    """A number with the sign of ``poly`` at the point (the value itself for rational points)."""
    fixed = _substitute(poly, point)
    roots = [value for value in point if isinstance(value, Algebraic)]
    if not any(any(monomial) for monomial in fixed):
        return sum(fixed.values(), Fraction(0))
    boxes: list[_Interval] = [(root.lower, root.upper) for root in roots]
    for _ in range(8):
        boxes = [_refine(root, box, 6) for root, box in zip(roots, boxes, strict=True)]
        low, high = _range(fixed, boxes)
        if low > 0 or high < 0:
            return low if low > 0 else high
    # Perhaps zero: any other root of the eliminant is at least this far away from zero.
    gap = _root_gap(fixed, roots)
    if gap is None:
        zero_possible, gap = False, Fraction(0)
    else:
        zero_possible = True
    while True:
        boxes = [_refine(root, box, 8) for root, box in zip(roots, boxes, strict=True)]
        low, high = _range(fixed, boxes)
        if low > 0 or high < 0:
            return low if low > 0 else high
        if zero_possible and -gap < low and high < gap:
            return Fraction(0)


def _substitute(poly: Poly, point: Sequence[Value]) -> Poly:
    """Insert the rational coordinates; what remains is a polynomial in the algebraic ones."""
    result: Poly = {}
    for monomial, coefficient in poly.items():
        term = coefficient
        rest: list[int] = []
        for value, exponent in zip(point, monomial, strict=True):
            if isinstance(value, Algebraic):
                rest.append(exponent)
            else:
                term *= value**exponent
        key = tuple(rest)
        result[key] = result.get(key, Fraction(0)) + term
    return {monomial: value for monomial, value in result.items() if value}


def _refine(root: Algebraic, box: _Interval, steps: int) -> _Interval:
    """Bisect an isolating interval; it becomes a single point if the root is met exactly."""
    low, high = box
    if low == high:
        return box
    below = _horner(root.poly, low) > 0
    for _ in range(steps):
        middle = (low + high) / 2
        value = _horner(root.poly, middle)
        if not value:
            return middle, middle
        if (value > 0) == below:
            low = middle
        else:
            high = middle
    return low, high


def _range(poly: Poly, boxes: Sequence[_Interval]) -> _Interval:
    """An interval that contains all values of the polynomial on the box."""
    low = high = Fraction(0)
    for monomial, coefficient in poly.items():
        ends = (coefficient, coefficient)
        for (a, b), exponent in zip(boxes, monomial, strict=True):
            powers = [a**exponent, b**exponent]
            if exponent and exponent % 2 == 0 and a < 0 < b:
                powers.append(Fraction(0))
            corners = [end * power for end in ends for power in (min(powers), max(powers))]
            ends = (min(corners), max(corners))
        low += ends[0]
        high += ends[1]
    return low, high


def _root_gap(poly: Poly, roots: Sequence[Algebraic]) -> Fraction | None:
    """A lower bound on the non-zero values |poly| can have at these roots; None if never zero.

    Eliminates the roots from t - poly by resultants: the value is a root of what remains.
    """
    flint = importlib.import_module("flint")
    names = ["t", *(f"x{i}" for i in range(len(roots)))]
    context = flint.fmpz_mpoly_ctx.get(names, flint.Ordering.lex)
    scale = 1
    for value in poly.values():
        scale *= value.denominator
    terms = {(0, *monomial): int(-value * scale) for monomial, value in poly.items()}
    terms[(1, *[0] * len(roots))] = scale
    eliminant = context.from_dict(terms)
    for number, root in enumerate(roots):
        powers = {
            (0, *(power if i == number else 0 for i in range(len(roots)))): coefficient
            for power, coefficient in enumerate(root.poly)
            if coefficient
        }
        if any(key[number + 1] for key in eliminant.to_dict()):
            eliminant = eliminant.resultant(context.from_dict(powers), names[number + 1])
    coefficients = {int(key[0]): abs(int(value)) for key, value in eliminant.to_dict().items()}
    lowest = min(coefficients)
    if lowest == 0:
        return None
    # Cauchy's bound for the reversed polynomial.
    least = coefficients[lowest]
    return Fraction(least, least + max(coefficients.values()))


def near(root: Algebraic) -> Fraction:
    """A rational number close to a root: its interval is halved eighty times.

    >>> round(float(near(Algebraic((-2, 0, 1), Fraction(1), Fraction(2)))), 15)
    1.414213562373095
    """
    low, high = _refine(root, (root.lower, root.upper), 80)
    return (low + high) / 2


def shorten(root: Algebraic) -> Algebraic:
    """The same root with decimal bounds that are as short as possible."""
    middle = (root.lower + root.upper) / 2
    for digits in (0, 1, 2, 3, 4, 6, 8, 12, 16, 20):
        scale = 10**digits
        low = Fraction(math.floor(middle * scale), scale)
        short = Algebraic(root.poly, low, low + Fraction(1, scale))
        if short.lower < root.lower and root.upper < short.upper and _isolates(short):
            return short
    return root
