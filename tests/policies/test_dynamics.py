"""Runs: exact recursions, the threshold's guarantee, collapse and stagnation."""

from __future__ import annotations

from fractions import Fraction
from itertools import islice, pairwise
from typing import Any

import pytest
from flint import arb, ctx

from derivations.policies import (
    ALGORITHMS,
    Balls,
    Constants,
    Jet,
    LogLinear,
    Numbers,
    Point,
    TwoResponses,
    at,
    expected,
    fixed,
    normalised,
    run,
    sampled,
    threshold,
)
from derivations.policies.dynamics import Rule

BANDIT = LogLinear(((1, 0), (0, 1), (-1, 0), ("0.5", "0.5")), (True, False, False, True))
LINE = TwoResponses(lambda x: x, 1)


def take(points: Any, count: int) -> list[Point]:
    return list(islice(points, count))


def test_fixed_rates_follow_the_recursion_by_hand() -> None:
    """Log-odds x, so gamma = 1: x_{k+1} = x_k + eta c(J_k)."""
    m = Numbers(40).context
    forms = {
        "raft": lambda J: 1 - J,
        "reinforce": lambda J: J * (1 - J),
        "log-odds": lambda J: 1,
        "grpo-population": lambda J: m.sqrt(J * (1 - J)),
    }
    for name, c in forms.items():
        x = m.mpf(-1)
        update = expected(ALGORITHMS[name])
        for point in take(run(LINE, (-1,), update, fixed("0.7"), Numbers(40)), 12):
            assert abs(point.log_odds - x) < m.mpf(10) ** -39
            x += m.mpf("0.7") * c(1 / (1 + m.exp(-x)))


@pytest.mark.parametrize("arithmetic", [Numbers(30), Balls(150)])
def test_the_threshold_keeps_its_promise(arithmetic: Any) -> None:
    """`trajectory.threshold` and `trajectory.two-sided` along a run, with global constants."""
    constants = Constants(arithmetic.number(2), arithmetic.number(1))  # D = 2 for BANDIT
    for rule, low, high in (
        (threshold(lambda p: constants.kappa), "0.5", "1.5"),
        (threshold(constants.at_success), "0.5", "2"),
        (threshold(lambda p: constants.kappa, "0.1"), "0.95", "1.05"),
    ):
        points = take(
            run(BANDIT, (0, "0.3"), expected(ALGORITHMS["grpo"], 8), rule, arithmetic), 15
        )
        for before, after in pairwise(points):
            with arithmetic.working():
                step = tuple(b - a for a, b in zip(before.theta, after.theta, strict=True))
                progress = before.alignment(step)  # eta Delta mu
                gain = after.log_odds - before.log_odds
                assert arithmetic.number(low) * progress < gain < arithmetic.number(high) * progress
                assert progress > 0


def test_normalised_steps_have_their_length() -> None:
    points = take(
        run(BANDIT, (0, 0), expected(ALGORITHMS["raft"]), normalised("0.25"), Balls(100)), 4
    )
    for before, after in pairwise(points):
        with Balls(100).working():
            moved = sum((b - a) ** 2 for a, b in zip(before.theta, after.theta, strict=True))
            assert moved.contains(arb(1) / 16)
            # Along gamma: the cross product vanishes.
            step = [b - a for a, b in zip(before.theta, after.theta, strict=True)]
            assert (step[0] * before.gap[1] - step[1] * before.gap[0]).contains(0)
            assert step[0] * before.gap[0] > 0


def collapse(a: Fraction, b: Fraction, omega: int) -> TwoResponses:
    return TwoResponses(lambda x: -a * x + (b / omega) * (omega * x).sin(), 1)


def test_catastrophic_failure() -> None:
    """`trajectory.collapse`: aligned at every step, and J falls at every step by exactly that."""
    a, b, omega = Fraction(1, 4), Fraction(1), 3
    balls = Balls(200)
    with balls.working():
        length = 2 * arb.pi() / omega
        fall = length * balls.number(a)
    update, policy = expected(ALGORITHMS["grpo"], 4), collapse(a, b, omega)
    points = take(run(policy, (0,), update, normalised(length), balls), 30)
    with balls.working():
        for k, point in enumerate(points):
            assert point.gap[0].contains(arb(3) / 4) and point.gap[0] > 0
            assert (point.log_odds + k * fall).contains(0)
            assert point.log_odds.rad() < 1e-30
        assert points[-1].success < arb("1e-6")
    # A step a hundred times smaller raises J instead.
    with balls.working():
        small = length / 100
    start, after = take(run(policy, (0,), update, normalised(small), balls), 2)
    assert after.success > start.success


def valley(arithmetic: Any) -> tuple[TwoResponses, Any]:
    """The instance of `stagnation.valley` and its stagnating rate."""
    with arithmetic.working():
        number = arithmetic.number
        p = 1 / (1 + arithmetic.call("exp", number(1)))  # sigma(-1)
        y0 = number(Fraction(1, 2))
        bump = y0 * y0 / (1 + y0 * y0)
        alpha = 20 * p * (1 - p) * bump
    f0 = Fraction(3, 2)

    def log_odds(x: Jet, y: Jet) -> Jet:
        return alpha * x + f0 - 20 * x.logistic() * y**2 / (1 + y**2)

    policy = TwoResponses(log_odds, 2)
    start = at(policy, (-1, "0.5"), arithmetic)
    with arithmetic.working():
        c = arithmetic.call("sqrt", start.success * start.failure)
        return policy, 2 * y0 / (c * abs(start.gap[1]))


def test_a_fixed_rate_stagnates_where_half_of_it_succeeds() -> None:
    """`stagnation.valley`: the exact 2-cycle, enclosed; and J -> 1 at half the rate."""
    balls = Balls(300)
    policy, rate = valley(balls)
    update = expected(ALGORITHMS["grpo-population"])
    points = take(run(policy, (-1, "0.5"), update, fixed(rate), balls), 9)
    for k, point in enumerate(points):
        assert point.theta[0].contains(-1)
        assert point.theta[1].contains(arb("0.5") * (-1) ** k)
        assert abs(point.success - arb("0.410424")) < arb("1e-6")
    digits = Numbers(30)
    policy, rate = valley(digits)
    for share in (2, 4):
        last = take(run(policy, (-1, "0.5"), update, fixed(rate / share), digits), 400)[-1]
        assert last.failure < digits.number("0.05")
    stuck = take(run(policy, (-1, "0.5"), update, fixed(rate), digits), 20)[-1]
    assert abs(stuck.success - digits.number("0.410424")) < digits.number("1e-6")


def test_sampled_runs_are_decided_by_the_seed() -> None:
    def thetas(seed: int) -> list[Any]:
        update = sampled(ALGORITHMS["grpo"], BANDIT, seed, size=4, groups=2)
        return [p.theta for p in take(run(BANDIT, (0, 0), update, fixed(1), Numbers(20)), 6)]

    assert thetas(5) == thetas(5)
    assert thetas(5) != thetas(6)


def test_sampled_runs_drift_as_expected() -> None:
    """Many groups a step: the run stays near that of the expected update."""
    noisy = sampled(ALGORITHMS["dr-grpo"], BANDIT, 11, size=8, groups=200)
    exact = expected(ALGORITHMS["dr-grpo"], 8)
    a, b = (
        take(run(BANDIT, (0, 0), update, fixed(1), Numbers(15)), 8)[-1] for update in (noisy, exact)
    )
    assert abs(a.log_odds - b.log_odds) < 0.15
    assert b.success > take(run(BANDIT, (0, 0), exact, fixed(1), Numbers(15)), 1)[0].success


@pytest.mark.parametrize("rule", [fixed(1), normalised(1), threshold(lambda p: 1)])
def test_a_zero_update_moves_nothing(rule: Rule) -> None:
    points = take(run(LINE, (2,), lambda p: (p.arithmetic.number(0),), rule, Numbers(20)), 3)
    assert [p.theta for p in points] == [points[0].theta] * 3


def test_a_step_against_the_gap_is_not_taken_under_a_threshold() -> None:
    backwards = lambda p: tuple(-g for g in p.gap)
    points = take(run(LINE, (2,), backwards, threshold(lambda p: 1), Numbers(20)), 2)
    assert points[0].theta == points[1].theta


def test_a_direction_lost_in_its_error_is_an_error() -> None:
    blurred = lambda p: (arb(0, 1),)
    with pytest.raises(ValueError, match="take more bits"):
        take(run(LINE, (2,), blurred, normalised(1), Balls(60)), 2)


def test_precision_is_not_held_between_points() -> None:
    before = ctx.prec
    points = run(LINE, (0,), expected(ALGORITHMS["raft"]), fixed(1), Balls(900))
    for _ in range(3):
        next(points)
        assert ctx.prec == before
