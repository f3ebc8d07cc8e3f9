"""Independent tokens at great length: exact tails, time, and honest errors."""

from __future__ import annotations

import time
from collections.abc import Callable
from fractions import Fraction
from math import comb
from typing import Any

import pytest
from flint import arb, fmpq, fmpz, fmpz_poly
from hypothesis import given, settings
from hypothesis import strategies as st

from derivations.policies import (
    Balls,
    IidTokens,
    Numbers,
    ScoredToken,
    at,
    at_least,
    below,
)
from derivations.policies.iid import _attainable, _Law, _members, _parts, _power, _times

COINS = (ScoredToken(1, 1), ScoredToken(0, 0))
LONG = 100_000


def tail(length: int, threshold: int) -> Fraction:
    """P(S >= threshold) for fair coins, exactly."""
    term, total = fmpz(comb(length, threshold)), fmpz(0)
    for k in range(threshold, length + 1):
        total += term
        term = term * (length - k) // (k + 1)
    return Fraction(int(total), 1 << length)


def holds(ball: Any, value: Fraction) -> bool:
    with Balls(1000).working():
        return bool(ball.contains(arb(fmpq(value.numerator, value.denominator))))


@pytest.mark.parametrize("threshold", [0, 1, 499, 500, 501, 503, 750, 999, 1000])
def test_tails_of_fair_coins_are_exact(threshold: int) -> None:
    if threshold == 0:
        with pytest.raises(ValueError, match="rejects no response of 1000 tokens"):
            at(IidTokens(1000, COINS, at_least(threshold)), (0,), Balls(200))
        return
    wanted = tail(1000, threshold)
    point = at(IidTokens(1000, COINS, at_least(threshold)), (0,), Balls(200))
    assert holds(point.success, wanted) and holds(point.failure, 1 - wanted)
    wrong = tail(1000, threshold - 1)
    assert not (holds(point.success, wrong) and holds(point.failure, 1 - wrong))
    mirror = at(IidTokens(1000, COINS, below(threshold)), (0,), Balls(200))
    assert holds(mirror.failure, wanted) and holds(mirror.success, 1 - wanted)
    for ball in (point.success, point.failure, mirror.success, mirror.failure):
        assert ball.rel_accuracy_bits() >= 200


def test_a_hundred_thousand_tokens_at_two_hundred_bits() -> None:
    """Under ten seconds with gap and curvature, a tail of 1e-877 to 200 bits, and right."""
    start = time.process_time()
    point = at(IidTokens(LONG, COINS, below(60_000)), (0,), Balls(200))
    gap, curvature = point.alignment((1,)), point.curvature((1,))
    moments = [point.moment(False, (1,), score=n) for n in (1, 2, 3, 4)]
    assert time.process_time() - start < 10
    wanted = tail(LONG, 60_000)
    assert holds(point.failure, wanted)
    assert wanted < Fraction(1, 10**876)
    for ball in (point.failure, point.success, point.log_odds, gap, curvature, *moments):
        assert ball.rel_accuracy_bits() >= 200
    # k C(T,k) = T C(T-1,k-1): E_-[S], and so the gap, from a tail of one token less.
    mean = Fraction(LONG, 2) * tail(LONG - 1, 59_999) / wanted
    rest = (Fraction(LONG, 2) - mean * wanted) / (1 - wanted)
    assert holds(gap, rest - mean)


def test_many_values_at_great_length() -> None:
    tokens = (
        ScoredToken(1, 1, "0.3"),
        ScoredToken(-2, Fraction(1, 3)),
        ScoredToken(3, -1),
        ScoredToken(0, 2),
    )
    start = time.process_time()
    point = at(IidTokens(LONG, tokens, below(LONG)), (0,), Balls(200))
    curvature = point.curvature((1,))
    assert time.process_time() - start < 20
    assert point.failure.rel_accuracy_bits() >= 200 and curvature.rel_accuracy_bits() >= 200


@settings(max_examples=40, deadline=None)
@given(
    st.lists(
        st.tuples(st.integers(-4, 6), st.fractions(-2, 2, max_denominator=4), st.integers(1, 5)),
        min_size=2,
        max_size=4,
        unique_by=lambda t: t[0],
    ),
    st.integers(1, 14),
    st.integers(-20, 40),
)
def test_classes_against_a_table_of_both_sums(
    rows: list[tuple[int, Fraction, int]], length: int, threshold: int
) -> None:
    """E[A^n; S] by dynamic programming over tokens, in rational arithmetic.

    At theta = 0, with offsets log(q), the weight of a token is the integer q.
    """
    weights = [q for _, _, q in rows]
    balls = Balls(120)
    with balls.working():
        tokens = tuple(
            ScoredToken(v, a, balls.number(q).log())
            for (v, a, _), q in zip(rows, weights, strict=True)
        )
    total = sum(weights)
    # table[S] = (P(S), E[A; S], E[A^2; S], E[A^3; S])
    table = {0: (Fraction(1), Fraction(0), Fraction(0), Fraction(0))}
    for _ in range(length):
        following: dict[int, tuple[Fraction, ...]] = {}
        for s, m in table.items():
            for (v, a, _), q in zip(rows, weights, strict=True):
                p = Fraction(q, total)
                add = tuple(
                    p * sum(comb(n, j) * a ** (n - j) * m[j] for j in range(n + 1))
                    for n in range(4)
                )
                old = following.get(s + v, (Fraction(0),) * 4)
                following[s + v] = tuple(x + y for x, y in zip(old, add, strict=True))
        table = following  # type: ignore[assignment]
    policy = IidTokens(length, tokens, at_least(threshold))
    sides = {c: [m for s, m in table.items() if (s >= threshold) is c] for c in (True, False)}
    if not all(sides.values()):
        with pytest.raises(ValueError, match="no response of"):
            at(policy, (0,), balls)
        return
    point = at(policy, (0,), balls)
    for correct, ball in ((True, point.success), (False, point.failure)):
        sums = [sum(m[n] for m in sides[correct]) for n in range(4)]
        assert holds(ball, sums[0])
        assert ball.rel_accuracy_bits() > 110
        mean = sums[1] / sums[0]
        second = sums[2] / sums[0] - mean**2
        third = sums[3] / sums[0] - 3 * mean * sums[2] / sums[0] + 2 * mean**3
        assert holds(point.central(correct, (1,), 2), second)
        assert holds(point.central(correct, (1,), 3), third)
        assert point.central(correct, (1,), 2).rad() < arb(2) ** -90
    means = {c: sum(m[1] for m in v) / sum(m[0] for m in v) for c, v in sides.items()}
    assert holds(point.gap[0], means[True] - means[False])


@pytest.mark.parametrize(
    "accepts", [below(1), below(2), at_least(1), at_least(10), range(3, 9).__contains__]
)
@pytest.mark.parametrize("theta", ["-700", "700", "-3000"])
def test_variances_of_nearly_certain_classes(accepts: Callable[[int], bool], theta: str) -> None:
    policy = IidTokens(10, COINS, accepts)
    coarse, fine = at(policy, (theta,), Balls(100)), at(policy, (theta,), Numbers(9000))
    for correct in (True, False):
        ball, value = (p.central(correct, (1,), 2) for p in (coarse, fine))
        assert ball.contains(arb(value))
        assert (value == 0 and ball == 0) or ball.rel_accuracy_bits() >= 100
    assert coarse.curvature((1,)).contains(arb(fine.curvature((1,))))
    assert coarse.curvature((1,)).rel_accuracy_bits() >= 95


def test_two_tails_of_equal_size() -> None:
    """O- = {|S| >= tau} of `token.length-necessary`: both tails count."""
    signs = (ScoredToken(1, 1), ScoredToken(-1, -1))
    both = at(IidTokens(1000, signs, range(-199, 200).__contains__), (0,), Balls(200))
    one = at(IidTokens(1000, signs, below(200)), (0,), Balls(200))
    with Balls(200).working():
        assert both.failure.overlaps(2 * one.failure)
        assert both.gap[0].contains(0)
    assert holds(both.failure, 2 * tail(1000, 600))


def test_a_ball_of_parameters_encloses_every_member() -> None:
    policy = IidTokens(60, COINS, at_least(50))
    balls = Balls(150)
    with balls.working():
        wide = arb("0.25", "1e-20")
    point = at(policy, (wide,), balls)
    for theta in ("0.25", "0.250000000000000000009", "0.249999999999999999991"):
        inside = at(policy, (theta,), balls)
        assert point.success.contains(inside.success)
        assert point.curvature((1,)).contains(inside.curvature((1,)))
    assert point.success.rel_accuracy_bits() > 50
    outside = at(policy, ("0.2500001",), balls)
    assert not point.success.overlaps(outside.success)


@pytest.mark.parametrize("radius", [40, "0.05"])
def test_a_ball_too_wide_is_an_error(radius: int | str) -> None:
    with pytest.raises(ValueError, match="narrower ball"):
        at(IidTokens(1000, COINS, at_least(990)), (arb(0, radius),), Balls(100))


def test_numbers_are_the_midpoints_of_balls() -> None:
    policy = IidTokens(500, COINS, at_least(400))
    number, ball = at(policy, ("0.1",), Numbers(50)), at(policy, ("0.1",), Balls(400))
    with Balls(400).working():
        assert abs(arb(number.success) / ball.success - 1) < arb("1e-50")
        assert abs(arb(number.curvature((1,))) / ball.curvature((1,)) - 1) < arb("1e-50")


@given(st.sets(st.integers(0, 9), min_size=1, max_size=4), st.integers(1, 6))
def test_attainable_sums(steps: set[int], length: int) -> None:
    steps |= {0}
    if steps == {0}:
        return
    sums = {0}
    for _ in range(length):
        sums = {s + u for s in sums for u in steps}
    assert _attainable(sorted(steps), length) == sorted(sums)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.integers(0, 9), min_size=2, max_size=4).filter(any),
    st.integers(0, 12),
    st.integers(4, 24),
    st.booleans(),
)
def test_fixed_point_laws_enclose_the_law_at_few_bits(
    weights: list[int], exponent: int, bits: int, blurred: bool
) -> None:
    """With so few bits rounding is most of the value, and the bounds must still hold."""
    total = sum(weights)
    column = [arb(fmpq(w, total)) for w in weights]
    if blurred:
        column = [x * arb(1, "0.01") for x in column]
    law = _power(column, exponent, bits)
    wanted = [Fraction(1)]
    for _ in range(exponent):
        longer = [Fraction(0)] * (len(wanted) + len(weights) - 1)
        for i, p in enumerate(wanted):
            for j, w in enumerate(weights):
                longer[i + j] += p * w / total
        wanted = longer
    stored = law.numerators.coeffs()
    for k, p in enumerate(wanted):
        inside = 0 <= k - law.start < len(stored)
        ball = law.ball(stored[k - law.start] if inside else fmpz(0))
        if blurred:
            # Every member of the ball of columns is enclosed: here one scaled by 1.009.
            assert holds(ball, p * 2**bits * Fraction(1009, 1000) ** exponent)
        assert holds(ball, p * 2**bits)


def test_products_of_laws_that_are_all_error() -> None:
    """Four coefficients of up to 100/16 each, nothing stored: products reach 4 * 10^4/16."""
    unknown = _Law(0, fmpz_poly([]), 100, 3, arb(0))
    assert _times(unknown, unknown, 4).ball(fmpz(0)).contains(2500)


@pytest.mark.parametrize("bits", [1, 2, 4, 8, 16])
@pytest.mark.parametrize("length", [5, 60])
def test_parts_enclose_their_mass_at_few_bits(bits: int, length: int) -> None:
    """Most of the law is too small to be stored; its share of the error must be counted."""
    balls = Balls(bits)
    for threshold in range(1, length + 1, 1 + length // 10):
        policy = IidTokens(length, COINS, at_least(threshold))
        with balls.working():
            parts = _parts(policy, (0,), *_members(policy, True), 2, balls)
            mass = sum((p.log_scale.exp() * p.moments[0] for p in parts), start=arb(0))
        assert holds(mass, tail(length, threshold))
