"""Polynomials on an interval in Bernstein's basis."""

from __future__ import annotations

import time
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from derivations.kernel.terms import Term, num, real
from derivations.kernel.theorem import Theorem
from derivations.search.bernstein import by_bernstein
from derivations.search.claims import parse_claim
from derivations.tactics import assume

x = real("x")


def attempt(goal: Term, *bounds: Term) -> Theorem | None:
    found = by_bernstein(goal, [assume(b) for b in bounds], [], time.monotonic() + 3)
    if found is not None:
        assert found.conclusion == goal
        assert found.hypotheses <= set(bounds)
    return found


@pytest.mark.parametrize(
    ("true", "false"),
    [
        ("x**2 + 1 > x", "x**2 + 0.25 > x"),
        ("x*(1 - x) < 0.2500001", "x*(1 - x) < 0.2499999"),
        ("16*x**5 - 20*x**3 + 5*x < 1.000001", "16*x**5 - 20*x**3 + 5*x < 0.999999"),
        ("(x - 1/3)**2 + 1e-6 >= 0", "(x - 1/3)**2 - 1e-6 >= 0"),
        ("x > -1e-9", "x > 1e-9"),
    ],
)
def test_near_misses(true: str, false: str) -> None:
    bounds = [f for t in ("0 <= x", "x <= 1") for f in parse_claim(t)]
    assert attempt(parse_claim(true)[0], *bounds) is not None
    assert attempt(parse_claim(false)[0], *bounds) is None


def test_bounds_are_needed() -> None:
    goal = x**2 + 1 > x
    assert attempt(goal, x >= 0) is None
    assert attempt(goal, x >= 0, x < 2) is not None
    assert attempt(2 - x > 0, x >= 0, x < 2) is None  # no margin


def test_constants_known_by_bounds() -> None:
    r = real("r")
    close = [assume(f) for f in (r > Fraction("1.732"), r < Fraction("1.7321"))]
    bounds = [assume(f) for f in (x >= 0, x <= 1)]

    def made(least: str) -> Theorem | None:
        goal = r * x**2 - x + Fraction(least) > 0
        return by_bernstein(goal, bounds, close, time.monotonic() + 3)

    # The minimum is at 1/(2 r), and it is -1/(4 r) = -0.1443...
    assert made("0.1445") is not None
    assert made("0.1443") is None


@settings(max_examples=80, deadline=None)
@given(st.lists(st.integers(-5, 5), min_size=2, max_size=7), st.integers(-3, 2), st.integers(1, 4))
def test_random_polynomials(coefficients: list[int], low: int, width: int) -> None:
    term = num(0)
    for i, c in enumerate(coefficients):
        term = term + c * x**i
    found = attempt(term > 0, x >= low, x <= low + width)
    points = [low + Fraction(width * k, 200) for k in range(201)]
    values = [sum((c * p**i for i, c in enumerate(coefficients)), Fraction(0)) for p in points]
    if min(values) <= 0:
        assert found is None
    # Between the points the value changes by less than this.
    size = max(abs(low), abs(low + width), 1)
    rate = sum(abs(c) * i * size ** max(i - 1, 0) for i, c in enumerate(coefficients))
    if min(values) > Fraction(rate * width, 200) and any(coefficients[1:]):
        assert found is not None
