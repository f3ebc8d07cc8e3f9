"""Exact signs of polynomials at algebraic points."""

from __future__ import annotations

from fractions import Fraction

import pytest

from derivations.search.algebraic import Algebraic, Value, near, satisfies, shorten

from .constraints import parse

ROOT2 = Algebraic((-2, 0, 1), Fraction(1), Fraction(2))
ROOT3 = Algebraic((-3, 0, 1), Fraction(1), Fraction(2))
ROOT6 = Algebraic((-6, 0, 1), Fraction(2), Fraction(3))


def test_exact_algebraic_signs() -> None:
    product: list[Value] = [ROOT2, ROOT3, ROOT6]
    assert satisfies(parse("x y z", ["z-x*y = 0"]), product)
    assert not satisfies(parse("x y z", ["z-x*y > 0"]), product)
    assert not satisfies(parse("x y z", ["z-x*y != 0"]), product)
    close = "x-1414213562373095048801688724209698078569671875376948073176679737990732478/10**72"
    assert satisfies(parse("x", [f"{close} > 0"]), [ROOT2])
    assert not satisfies(parse("x", [f"{close} = 0"]), [ROOT2])
    assert satisfies(parse("x y", ["2*x**2*y-4*y = 0", "y > 0"]), [ROOT2, Fraction(5)])


@pytest.mark.parametrize(
    "value",
    [
        Algebraic((-2, 0, 1), Fraction(-2), Fraction(2)),  # two roots
        Algebraic((-2, 0, 1), Fraction(2), Fraction(3)),  # none
        Algebraic((-2, 0, 1), Fraction(2), Fraction(1)),
        Algebraic((4, 0, -4, 0, 1), Fraction(1), Fraction(2)),  # a double root
        Algebraic((-1, 1), Fraction(1), Fraction(2)),  # the root is on the border
        Algebraic((3,), Fraction(1), Fraction(2)),
        Algebraic((), Fraction(1), Fraction(2)),
    ],
)
def test_bad_isolating_intervals(value: Algebraic) -> None:
    assert not satisfies([], [value])


def test_other_bounds_of_the_same_root() -> None:
    coarse = Algebraic((-2, 0, 1), Fraction(5, 4), Fraction(3, 2))
    assert abs(near(coarse) ** 2 - 2) < Fraction(1, 10**20)
    fine = Algebraic((-2, 0, 1), near(coarse) - Fraction(1, 10**9), near(coarse) + 1)
    for root in (coarse, fine):
        short = shorten(root)
        assert short.poly == root.poly and satisfies([], [short])
        assert short.lower < near(root) < short.upper
    assert shorten(ROOT2) == ROOT2
