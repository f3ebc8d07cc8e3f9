"""Numbers and balls: exact input, precision that is put back, digits that are kept."""

from __future__ import annotations

from fractions import Fraction

import mpmath
import pytest
from flint import arb, ctx, fmpq
from hypothesis import given
from hypothesis import strategies as st

from derivations.policies import Balls, LogLinear, Numbers, at, softmax_bandit
from derivations.policies.arithmetic import centred, power, share, softmax

FRACTIONS = st.fractions(min_value=-50, max_value=50, max_denominator=1000)


@pytest.mark.parametrize("arithmetic", [Numbers(30), Balls(100)])
def test_floats_are_refused_everywhere(arithmetic: Numbers | Balls) -> None:
    bandit = softmax_bandit((True, False))
    point = at(bandit, (0, 0), arithmetic)
    with pytest.raises(TypeError, match="0.5 is not an exact number"):
        arithmetic.number(0.5)
    with pytest.raises(TypeError, match="write Fraction"):
        at(bandit, (0.5, 0), arithmetic)
    with pytest.raises(TypeError, match="write Fraction"):
        point.alignment((0.5, 0))
    with pytest.raises(TypeError, match="write Fraction"):
        at(LogLinear(((0.5,), (1,)), (True, False)), (0,), arithmetic)  # type: ignore[arg-type]


def test_precision_is_put_back_whatever_happens() -> None:
    before = ctx.prec
    at(softmax_bandit((True, False)), (0, 0), Balls(777))
    assert ctx.prec == before
    with pytest.raises(ValueError, match="reject"):
        at(softmax_bandit((True, True)), (0, 0), Balls(777))
    assert ctx.prec == before
    with pytest.raises(ZeroDivisionError), Balls(300).working():
        assert ctx.prec > 300
        raise ZeroDivisionError
    assert ctx.prec == before


@given(FRACTIONS, st.fractions(0, 2, max_denominator=100), st.integers(0, 9))
def test_powers_of_balls_contain_the_powers(x: Fraction, radius: Fraction, n: int) -> None:
    centre, reach = (fmpq(v.numerator, v.denominator) for v in (x, radius))
    ball = arb(centre, arb(reach))
    for inside in (centre, centre + reach, centre - reach):
        raised = power(ball, n)
        with Balls(500).working():  # where a fraction is rounded to a ball, it is a small one
            assert raised == 1 if n == 0 else raised.contains(arb(inside**n))


def test_negative_powers() -> None:
    assert power(arb(4), -3) == arb(1) / 64
    assert power(Fraction(2, 3), -2) == Fraction(9, 4)


@given(FRACTIONS)
def test_balls_contain_the_fraction_and_numbers_are_near_it(x: Fraction) -> None:
    ball = Balls(80).number(x)
    with Balls(500).working():
        assert ball.contains(arb(fmpq(x.numerator, x.denominator)))
    assert abs(Numbers(40).number(x) * x.denominator - x.numerator) < mpmath.mpf(10) ** -40
    assert Numbers(40).number(Numbers(25).number(x)) == Numbers(25).number(x)
    assert Numbers(40).number(Balls(100).number(x).mid()) == Numbers(40).number(
        Balls(100).number(x)
    )


def test_a_ball_from_an_mpf_is_exact() -> None:
    third = Numbers(50).number(Fraction(1, 3))
    ball = Balls(400).number(third)
    assert ball.is_exact()
    assert Numbers(50).number(ball) == third


def test_the_likeliest_value_keeps_the_digits_of_its_deviation() -> None:
    tiny = Numbers(30).number("1e-300")
    mean, apart = centred((1 - tiny, tiny), (Numbers(30).number(7), Numbers(30).number(9)))
    assert abs(apart[0] / (-2 * tiny) - 1) < mpmath.mpf(10) ** -30
    assert (mean, apart[1]) == (7, 2)


def test_softmax_of_logits_that_overflow_doubles() -> None:
    balls = Balls(100)
    with balls.working():
        log_total, (p, q) = softmax((arb(10**6), arb(10**6 - 2000)), balls)
        assert p.contains(1)
        assert abs(q.log() + 2000) < arb("1e-30")
        assert log_total.contains(10**6)


def test_shares_are_floors() -> None:
    assert share(Numbers(20).number(Fraction(1, 3)), 4) == 5
    assert share(Balls(64).number(Fraction(1, 3)), 4) == 5
    assert share(Numbers(20).number("1e-300"), 64) == 0


def test_extremes_of_balls_enclose() -> None:
    a, b = arb(1, "0.5"), arb("1.2")
    assert Balls(64).largest(a, b).contains(arb("1.5").mid())
    assert Balls(64).smallest(a, b).contains(arb("0.5").mid())
    assert Numbers(15).largest(1, 3, 2) == 3 and Numbers(15).smallest(2) == 2
