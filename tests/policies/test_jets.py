"""Jets agree with numerical differentiation at 60 digits, and with exact derivatives."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from derivations.policies import Balls, Jet, Numbers
from derivations.policies.jets import variables

DIGITS = Numbers(60)
NEAR = DIGITS.number("1e-45")

# Each function twice: on jets, and on plain numbers with the functions of mpmath.
FUNCTIONS: dict[str, tuple[Callable[..., Jet], Callable[..., Any]]] = {
    "polynomial": (
        lambda x, y: 3 * x**3 * y - x * y**2 + 1 - x,
        lambda m, x, y: 3 * x**3 * y - x * y**2 + 1 - x,
    ),
    "quotient": (
        lambda x, y: (x - y) / (1 + x**2) + 2 / (3 + y**2) - y**-2,
        lambda m, x, y: (x - y) / (1 + x**2) + 2 / (3 + y**2) - y**-2,
    ),
    "exponential": (
        lambda x, y: (x * y).exp() + (2 + x**2).log() + (1 + y**2).sqrt(),
        lambda m, x, y: m.exp(x * y) + m.log(2 + x**2) + m.sqrt(1 + y**2),
    ),
    "circular": (
        lambda x, y: (x + 2 * y).sin() * (x * y).cos() + (x - y).atan(),
        lambda m, x, y: m.sin(x + 2 * y) * m.cos(x * y) + m.atan(x - y),
    ),
    "logistic": (
        lambda x, y: 5 - (x * 2).logistic() * y,
        lambda m, x, y: 5 - y / (1 + m.exp(-2 * x)),
    ),
}
POINTS = st.fractions(min_value=Fraction(1, 4), max_value=2, max_denominator=64)


@pytest.mark.parametrize("name", FUNCTIONS)
@settings(max_examples=10, deadline=None)
@given(x=POINTS, y=POINTS)
def test_gradient_and_hessian_against_differences(name: str, x: Fraction, y: Fraction) -> None:
    on_jets, on_numbers = FUNCTIONS[name]
    m = DIGITS.context
    jet = on_jets(*variables((x, y), DIGITS))
    at = (DIGITS.number(x), DIGITS.number(y))
    orders = {(0, 0): jet.value, (1, 0): jet.gradient[0], (0, 1): jet.gradient[1]}
    orders |= {(2, 0): jet.hessian[0][0], (1, 1): jet.hessian[0][1], (0, 2): jet.hessian[1][1]}
    assert abs(jet.hessian[0][1] - jet.hessian[1][0]) < NEAR * (1 + abs(jet.hessian[0][1]))
    for order, value in orders.items():
        found = (
            m.diff(lambda a, b: on_numbers(m, a, b), at, order)
            if any(order)
            else on_numbers(m, *at)
        )
        assert abs(found - value) < NEAR * (1 + abs(value)), order


@settings(max_examples=20, deadline=None)
@given(POINTS, POINTS)
def test_balls_contain_what_more_digits_find(x: Fraction, y: Fraction) -> None:
    balls, fine = Balls(60), Numbers(120)
    for on_jets, _ in FUNCTIONS.values():
        with balls.working():
            coarse = on_jets(*variables((x, y), balls))
        exact = on_jets(*variables((x, y), fine))
        pairs = [(coarse.value, exact.value), *zip(coarse.gradient, exact.gradient, strict=True)]
        pairs += zip(coarse.hessian[0], exact.hessian[0], strict=True)
        for ball, number in pairs:
            assert ball.contains(Balls(120).number(number))


def test_polynomials_at_zero() -> None:
    (x,) = variables((0,), DIGITS)
    assert [(x**n).value for n in range(4)] == [1, 0, 0, 0]
    assert [(x**n).gradient[0] for n in range(4)] == [0, 1, 0, 0]
    assert [(x**n).hessian[0][0] for n in range(4)] == [0, 0, 2, 0]


def test_the_logistic_function_keeps_its_digits() -> None:
    (x,) = variables((800,), DIGITS)
    m = DIGITS.context
    assert abs(x.logistic().gradient[0] / m.exp(-800) - 1) < NEAR


def test_what_is_not_exact_is_refused() -> None:
    (x,) = variables((1,), DIGITS)
    with pytest.raises(TypeError, match="0.5 is not an exact number"):
        x * 0.5
    with pytest.raises(TypeError, match="power 0.5 is not an integer"):
        x**0.5  # type: ignore[operator]
    with pytest.raises(ZeroDivisionError):
        1 / (x - 1)
