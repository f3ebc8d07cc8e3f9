"""The table of algorithms: every group of responses enumerated, and the closed forms."""

from __future__ import annotations

import pickle
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import product
from math import comb
from random import Random
from typing import Any

import pytest
from flint import arb
from hypothesis import given, settings
from hypothesis import strategies as st

from derivations.policies import (
    ALGORITHMS,
    Algorithm,
    Balls,
    IidTokens,
    LogLinear,
    Numbers,
    ScoredToken,
    TwoResponses,
    at,
    at_least,
    coefficient,
    expected_update,
    grow,
    grpo,
    pass_at,
    reinforce,
    sampled_update,
)
from derivations.policies.arithmetic import Arithmetic, Vector
from derivations.policies.finite import FinitePolicy, Response

DIGITS = Numbers(60)
M = DIGITS.context
TINY = DIGITS.number("1e-55")

BANDIT = LogLinear(
    ((1, 0), (0, 2), (-1, 1), ("0.5", "-1.5")), (True, False, True, False), (0, "0.3", -1, "0.2")
)
THETA = (Fraction(1, 3), Fraction(-1, 4))


@dataclass(frozen=True)
class WithLengths(FinitePolicy):
    """Responses at theta = 0 with equal probability, by feature, length and verdict."""

    table: tuple[tuple[int, int, bool], ...]

    @property
    def dimension(self) -> int:
        return 1

    def responses(self, theta: Vector, arithmetic: Arithmetic) -> tuple[Response, ...]:
        found = []
        for feature, length, correct in self.table:
            score = arithmetic.number(feature)
            found.append(Response(score * theta[0], (score,), {}, length, correct))
        return tuple(found)


MISALIGNED = WithLengths(((3, 30, True), (-1, 1, True), (-1, 20, False), (-1, 20, False)))

# Advantages as the papers define them, from the list of a group's rewards: independent of k.
Rewards = Sequence[int]


def mean(rewards: Rewards) -> Any:
    return M.mpf(sum(rewards)) / len(rewards)


def deviation(rewards: Rewards, ddof: int = 0) -> Any:
    m = mean(rewards)
    return M.sqrt(sum((r - m) ** 2 for r in rewards) / (len(rewards) - ddof))


def standardised(rewards: Rewards, epsilon: str = "0", ddof: int = 0) -> list[Any]:
    scale = deviation(rewards, ddof) + M.mpf(epsilon)
    return [(r - mean(rewards)) / scale if scale else M.mpf(0) for r in rewards]


def leave_one_out(rewards: Rewards) -> list[Any]:
    n = len(rewards)
    return [r - M.mpf(sum(rewards) - r) / (n - 1) for r in rewards]


DEFINITIONS: dict[str, tuple[Algorithm, Callable[[Rewards, Any], list[Any]], int]] = {
    "reinforce": (ALGORITHMS["reinforce"], lambda rs, J: [M.mpf(r) for r in rs], 1),
    "reinforce-baseline": (
        reinforce(Fraction(1, 3)),
        lambda rs, J: [r - M.mpf(1) / 3 for r in rs],
        1,
    ),
    "rloo": (ALGORITHMS["rloo"], lambda rs, J: leave_one_out(rs), 2),
    "dr-grpo": (ALGORITHMS["dr-grpo"], lambda rs, J: [r - mean(rs) for r in rs], 1),
    "grpo": (ALGORITHMS["grpo"], lambda rs, J: standardised(rs), 1),
    "grpo-epsilon": (grpo(epsilon="0.01"), lambda rs, J: standardised(rs, "0.01"), 1),
    "grpo-ddof": (grpo(ddof=1), lambda rs, J: standardised(rs, ddof=1), 2),
    "grpo-both": (grpo("0.1", ddof=1), lambda rs, J: standardised(rs, "0.1", 1), 2),
    "dapo": (ALGORITHMS["dapo"], lambda rs, J: standardised(rs), 2),
    "grpo-population": (
        ALGORITHMS["grpo-population"],
        lambda rs, J: [(r - J) / M.sqrt(J * (1 - J)) for r in rs],
        1,
    ),
    "raft": (ALGORITHMS["raft"], lambda rs, J: [r / J for r in rs], 1),
    "log-odds": (
        ALGORITHMS["log-odds"],
        lambda rs, J: [r / J - (1 - r) / (1 - J) for r in rs],
        1,
    ),
    "pass@2": (ALGORITHMS["pass@2"], lambda rs, J: [2 * r * (1 - J) for r in rs], 1),
    "pass@5": (pass_at(5), lambda rs, J: [5 * r * (1 - J) ** 4 for r in rs], 1),
}


def enumerated(
    policy: FinitePolicy,
    theta: Vector,
    advantages: Callable[[Rewards, Any], list[Any]],
    size: int,
    only_mixed: bool = False,
    length_power: int = 0,
) -> list[Any]:
    """The expected update by listing all n^G groups of responses."""
    responses = policy.responses(tuple(map(DIGITS.number, theta)), DIGITS)
    weights = [M.exp(r.log_weight) for r in responses]
    probabilities = [w / sum(weights) for w in weights]
    d = len(theta)
    centre = [
        sum((p * r.score[i] for p, r in zip(probabilities, responses, strict=True)), M.mpf(0))
        for i in range(d)
    ]
    J = sum(p for p, r in zip(probabilities, responses, strict=True) if r.correct)
    total, kept = [M.mpf(0)] * d, M.mpf(0)
    for group in product(range(len(responses)), repeat=size):
        rewards = [int(responses[i].correct) for i in group]
        if only_mixed and len(set(rewards)) == 1:
            continue
        p = M.mpf(1)
        for i in group:
            p *= probabilities[i]
        kept += p
        for a, i in zip(advantages(rewards, J), group, strict=True):
            factor = p * a * M.mpf(responses[i].length) ** length_power / size
            for axis in range(d):
                total[axis] += factor * (responses[i].score[axis] - centre[axis])
    return [x / kept for x in total]


@pytest.mark.parametrize("name", DEFINITIONS)
@pytest.mark.parametrize("size", [1, 2, 3, 4])
def test_expected_updates_against_all_groups_of_responses(name: str, size: int) -> None:
    algorithm, advantages, least = DEFINITIONS[name]
    point = at(BANDIT, THETA, DIGITS)
    if size < least:
        with pytest.raises(ValueError, match=f"needs groups of {least} or more, not {size}"):
            expected_update(algorithm, point, size)
        with pytest.raises(ValueError, match="needs groups of"):
            coefficient(algorithm, point, size)
        with pytest.raises(ValueError, match="needs groups of"):
            sampled_update(algorithm, BANDIT, point, Random(0), size)
        return
    wanted = enumerated(BANDIT, THETA, advantages, size, only_mixed=name == "dapo")
    c = coefficient(algorithm, point, size)
    found = expected_update(algorithm, point, size)
    for x, y, g in zip(found, wanted, point.gap, strict=True):
        assert abs(x - y) < TINY
        assert abs(c * g - y) < TINY
    if size > 1:
        off = enumerated(BANDIT, (Fraction(1, 3), Fraction(1, 4)), advantages, size, name == "dapo")
        assert max(abs(x - y) for x, y in zip(found, off, strict=True)) > DIGITS.number("1e-3")


def test_an_algorithm_that_is_not_in_the_table() -> None:
    """A new row: reward minus the group's median, weighted by 1/(1 + k)."""

    def advantage(group: Any) -> tuple[Any, Any]:
        k, n = group.correct, group.size
        median = 1 if 2 * k > n else 0 if 2 * k < n else Fraction(1, 2)
        number = group.arithmetic.number
        return number((1 - median) / Fraction(1 + k)), number(-median / Fraction(1 + k))

    def by_definition(rewards: Rewards, J: Any) -> list[Any]:
        ordered, n = sorted(rewards), len(rewards)
        median = M.mpf(ordered[(n - 1) // 2] + ordered[n // 2]) / 2
        return [(r - median) / (1 + sum(rewards)) for r in rewards]

    algorithm = Algorithm("median", advantage)
    point = at(BANDIT, THETA, DIGITS)
    for size in (1, 2, 3, 4):
        wanted = enumerated(BANDIT, THETA, by_definition, size)
        c = coefficient(algorithm, point, size)
        assert all(abs(c * g - y) < TINY for g, y in zip(point.gap, wanted, strict=True))


def c_group(J: Any, size: int) -> Any:
    return sum(
        comb(size, k) * J**k * (1 - J) ** (size - k) * M.sqrt(k * (size - k)) / size
        for k in range(1, size)
    )


CLOSED: dict[str, Callable[[Any, int], Any]] = {
    "reinforce": lambda J, G: J * (1 - J),
    "reinforce-baseline": lambda J, G: J * (1 - J),
    "rloo": lambda J, G: J * (1 - J),
    "dr-grpo": lambda J, G: M.mpf(G - 1) / G * J * (1 - J),
    "grpo": c_group,
    "grpo-epsilon": lambda J, G: sum(
        comb(G, k) * J**k * (1 - J) ** (G - k)
        * (M.mpf(k * (G - k)) / G**2 / (M.sqrt(k * (G - k)) / G + M.mpf("0.01")))
        for k in range(1, G)
    ),
    "grpo-ddof": lambda J, G: c_group(J, G) * M.sqrt(M.mpf(G - 1) / G),
    "grpo-population": lambda J, G: M.sqrt(J * (1 - J)),
    "dapo": lambda J, G: c_group(J, G) / (1 - J**G - (1 - J) ** G),
    "raft": lambda J, G: 1 - J,
    "log-odds": lambda J, G: M.mpf(1),
    "pass@2": lambda J, G: 2 * J * (1 - J) ** 2,
    "pass@5": lambda J, G: 5 * J * (1 - J) ** 5,
}  # fmt: skip


@settings(max_examples=25, deadline=None)
@given(log_odds=st.fractions(-20, 20, max_denominator=50), size=st.integers(2, 24))
def test_coefficients_of_the_table(log_odds: Fraction, size: int) -> None:
    """The column c(J) of section 4, in numbers and inside balls."""
    policy = TwoResponses(lambda x: x, 1)
    point, ball = at(policy, (log_odds,), DIGITS), at(policy, (log_odds,), Balls(120))
    for name, closed in CLOSED.items():
        algorithm = DEFINITIONS[name][0]
        wanted = closed(point.success, size)
        assert abs(coefficient(algorithm, point, size) - wanted) < TINY * (1 + wanted)
        enclosure = coefficient(algorithm, ball, size)
        # Closed forms cancel where the sum does not; 30 of 60 digits are left at 1 - J = 1e-9.
        assert abs(enclosure.mid() - arb(wanted)) < arb(wanted) * arb("1e-30")
        assert enclosure.rel_accuracy_bits() > 110


def test_small_groups() -> None:
    """c_2 = J(1-J) and c_3 = sqrt(2) J(1-J); DAPO is log-odds ascent."""
    point = at(BANDIT, THETA, DIGITS)
    J, F = point.success, point.failure
    # std = 1/2 for G = 2, so that c_2 is 2 * (1/2) J(1-J).
    assert abs(coefficient(grpo(), point, 2) - J * F) < TINY
    assert abs(coefficient(grpo(), point, 3) - M.sqrt(2) * J * F) < TINY
    assert abs(coefficient(ALGORITHMS["dapo"], point, 2) - M.mpf(1) / 2) < TINY
    assert abs(coefficient(ALGORITHMS["dapo"], point, 3) - M.sqrt(2) / 3) < TINY


@pytest.mark.parametrize("size", [2, 3, 8, 16])
def test_the_edges_at_failure_rates_of_1e_minus_300(size: int) -> None:
    """`algorithm.grpo-edge` and `algorithm.dapo-edge`, where 1 - J is 1e-300."""
    for arithmetic in (DIGITS, Balls(200)):
        for log_odds in (691, -691):
            point = at(TwoResponses(lambda x: x, 1), (log_odds,), arithmetic)
            with arithmetic.working():
                rare = point.failure if log_odds > 0 else point.success
                edge = coefficient(grpo(), point, size) / rare
                root = arithmetic.call("sqrt", arithmetic.number(size - 1))
                kept = coefficient(ALGORITHMS["dapo"], point, size)
                one = coefficient(ALGORITHMS["log-odds"], point, size)
                small = arithmetic.number("1e-50")
                assert abs(edge - root) < small
                assert abs(kept - root / size) < small
                assert abs(one - 1) < small


def test_length_normalisation_misaligns() -> None:
    """`length.misaligned`: gamma = 2, and the update over |o| is -2/5 of the coefficient."""
    point = at(MISALIGNED, (0,), DIGITS)
    assert point.gap == (2,)
    plain = ALGORITHMS["dr-grpo"]
    over_length = replace(plain, length_power=-1)
    c = coefficient(plain, point, 4)
    assert abs(expected_update(plain, point, 4)[0] - 2 * c) < TINY
    assert abs(expected_update(over_length, point, 4)[0] + c * 2 / 5) < TINY
    wanted = enumerated(
        MISALIGNED, (0,), lambda rs, J: [r - mean(rs) for r in rs], 4, length_power=-1
    )
    assert abs(expected_update(over_length, point, 4)[0] - wanted[0]) < TINY
    with pytest.raises(ValueError, match="no multiple of the gap"):
        coefficient(over_length, point, 4)


POLICIES = {
    "bandit": (BANDIT, THETA),
    "tree": (
        grow((0, 1, 2), 0, 2, lambda p, v: (v, v * len(p)), lambda r: sum(r) % 2 == 1),
        (Fraction(1, 5), Fraction(-1, 3)),
    ),
    "iid": (
        IidTokens(9, (ScoredToken(1, 1), ScoredToken(0, 0), ScoredToken(2, -1)), at_least(8)),
        (Fraction(1, 4),),
    ),
    "lengths": (MISALIGNED, (0,)),
}


@pytest.mark.parametrize("policy", POLICIES)
@pytest.mark.parametrize("name", ["reinforce", "rloo", "grpo", "dapo", "raft", "grpo-over-length"])
def test_sampled_groups_average_to_the_expected_update(policy: str, name: str) -> None:
    family, theta = POLICIES[policy]
    algorithm = ALGORITHMS.get(name) or replace(grpo(), length_power=-1)
    point = at(family, theta, Numbers(20))
    random = Random(f"{policy} {name}")
    samples = [sampled_update(algorithm, family, point, random, 4) for _ in range(600)]
    for axis, wanted in enumerate(expected_update(algorithm, point, 4)):
        values = [float(s[axis]) for s in samples]
        average = sum(values) / len(values)
        spread = (sum((v - average) ** 2 for v in values) / len(values)) ** 0.5
        assert spread > 0
        assert abs(average - float(wanted)) < 4.5 * spread / len(values) ** 0.5


def test_sampling_is_decided_by_the_seed() -> None:
    point = at(BANDIT, THETA, Numbers(20))

    def sample(seed: int, groups: int) -> Vector:
        return sampled_update(grpo(), BANDIT, point, Random(seed), 4, groups)

    assert sample(1, 3) == sample(1, 3)
    assert sample(1, 3) != sample(2, 3)
    random = Random(1)
    singles = [sampled_update(grpo(), BANDIT, point, random, 4) for _ in range(3)]
    for axis, together in enumerate(sample(1, 3)):
        assert abs(sum(s[axis] for s in singles) / 3 - together) < DIGITS.number("1e-18")


def test_dropping_for_ever_is_an_error() -> None:
    policy = TwoResponses(lambda x: x, 1)
    point = at(policy, (700,), Numbers(20))
    with pytest.raises(RuntimeError, match="dapo dropped 50 groups of 4 in a row"):
        sampled_update(ALGORITHMS["dapo"], policy, point, Random(0), 4, attempts=50)


def test_rows_cross_processes() -> None:
    point = at(BANDIT, THETA, DIGITS)
    for algorithm, _, least in DEFINITIONS.values():
        again = pickle.loads(pickle.dumps(algorithm))
        size = max(least, 3)
        assert coefficient(again, point, size) == coefficient(algorithm, point, size)


def test_the_table_cannot_be_changed_by_accident() -> None:
    with pytest.raises(TypeError):
        ALGORITHMS["grpo"] = reinforce()  # type: ignore[index]
    with pytest.raises(ValueError, match="tries >= 1"):
        pass_at(0)
