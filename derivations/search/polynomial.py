"""Polynomials with rational coefficients, and certificates that one is non-negative.

A certificate writes a polynomial, under constraints, as a sum that is visibly non-negative::

    goal == sum_j c_j * prod_i p_i**e_ij * prod_s q_s**2  +  sum_k m_k * p_k

with ``c_j > 0``, the ``p_i`` from '>=' and '>' constraints and the ``p_k`` from '=' constraints.
`verify_certificate` checks that in exact arithmetic; `positivity` searches for it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

Monomial = tuple[int, ...]
Poly = dict[Monomial, Fraction]
FrozenPoly = tuple[tuple[Monomial, Fraction], ...]
Kind = Literal[">=", ">", "=", "!="]


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


# Arithmetic ----------------------------------------------------------------------------------


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


# Verification --------------------------------------------------------------------------------


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
