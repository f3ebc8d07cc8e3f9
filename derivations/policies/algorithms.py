"""The algorithms of section 4 as data: a row is a name and an advantage.

An algorithm draws groups of G responses.  A group in which k are correct gives every correct
response one advantage and every incorrect one another; the update is the mean over the group of
advantage times score.  Given k, the correct responses are independent draws from pi+ and the
others from pi-, so the expected update is a sum over k alone:

    E_k[ k/G A+(k) g+ + (G-k)/G A-(k) g- ] = c(J) gamma,

by `gap.score-identity`.  The coefficient c(J) of `algorithm.coefficient` is not typed in: it is
that sum.  A new algorithm is a new `Algorithm`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from functools import partial
from itertools import islice
from random import Random
from types import MappingProxyType

from derivations.policies.arithmetic import Arithmetic, Exact, Real, Vector, power
from derivations.policies.point import Draw, Point, Policy


@dataclass(frozen=True)
class Group:
    """What an advantage may depend on: G, k, and J, 1 - J for population statistics.

    An advantage that uses only J, not k, is that of an algorithm with exact statistics.
    """

    size: int
    correct: int
    success: Real
    failure: Real
    arithmetic: Arithmetic


def _every(size: int, correct: int) -> bool:
    return True


@dataclass(frozen=True)
class Algorithm:
    """A row of the table.

    `advantage` maps a group to the advantages of a correct and of an incorrect response; `keeps`
    says of (G, k) whether the group counts; `smallest_group` is the least G that makes sense.
    The score of a response of length T enters with the factor T^length_power (-1: GRPO's 1/|o|).
    """

    name: str
    advantage: Callable[[Group], tuple[Real, Real]]
    keeps: Callable[[int, int], bool] = _every
    smallest_group: int = 1
    length_power: int = 0


def _constant(plus: Exact, minus: Exact, group: Group) -> tuple[Real, Real]:
    number = group.arithmetic.number
    return number(plus), number(minus)


def reinforce(baseline: Exact = 0) -> Algorithm:
    """REINFORCE: reward minus a constant baseline; c = J(1-J) whatever the baseline."""
    return Algorithm("reinforce", partial(_constant, 1 - Fraction(baseline), -Fraction(baseline)))


def _leave_one_out(group: Group) -> tuple[Real, Real]:
    number, others = group.arithmetic.number, group.size - 1
    return (
        number(Fraction(group.size - group.correct, others)),
        number(Fraction(-group.correct, others)),
    )


def _centred(group: Group) -> tuple[Real, Real]:
    mean = Fraction(group.correct, group.size)
    return group.arithmetic.number(1 - mean), group.arithmetic.number(-mean)


def _standardised(epsilon: Exact, ddof: int, group: Group) -> tuple[Real, Real]:
    k, size = group.correct, group.size
    if k in (0, size):
        return _constant(0, 0, group)  # all advantages of the group are zero
    number = group.arithmetic.number
    deviation = group.arithmetic.call(
        "sqrt", number(Fraction(k * (size - k), size * (size - ddof)))
    )
    plus, minus = _centred(group)
    return plus / (deviation + number(epsilon)), minus / (deviation + number(epsilon))


def grpo(epsilon: Exact = 0, ddof: int = 0) -> Algorithm:
    """GRPO: centred rewards over the group's standard deviation plus epsilon.

    Groups with equal rewards have advantage 0, also for epsilon = 0 (`algorithm.coefficient`).
    """
    return Algorithm("grpo", partial(_standardised, epsilon, ddof), smallest_group=1 + ddof)


def _mixed(size: int, correct: int) -> bool:
    return 0 < correct < size


def _population(group: Group) -> tuple[Real, Real]:
    root = group.arithmetic.call("sqrt", group.success * group.failure)
    return group.failure / root, -group.success / root


def _likelihood(group: Group) -> tuple[Real, Real]:
    return 1 / group.success, group.arithmetic.number(0)


def _log_odds(group: Group) -> tuple[Real, Real]:
    return 1 / group.success, -1 / group.failure


def _pass_at(tries: int, group: Group) -> tuple[Real, Real]:
    return tries * power(group.failure, tries - 1), group.arithmetic.number(0)


def pass_at(tries: int) -> Algorithm:
    """Ascent of the probability that one of `tries` responses is correct: c = k J (1-J)^k."""
    if tries < 1:
        raise ValueError(f"pass@{tries}: give a number of tries >= 1")
    return Algorithm(f"pass@{tries}", partial(_pass_at, tries))


ALGORITHMS = MappingProxyType(
    {
        row.name: row
        for row in (
            reinforce(),
            Algorithm("rloo", _leave_one_out, smallest_group=2),
            Algorithm("dr-grpo", _centred),
            grpo(),
            Algorithm("grpo-population", _population),
            Algorithm("dapo", partial(_standardised, 0, 0), _mixed, smallest_group=2),
            Algorithm("raft", _likelihood),
            Algorithm("log-odds", _log_odds),
            pass_at(2),
        )
    }
)
"""The table of section 4 by name (`algorithm.coefficient`)."""


def _check(algorithm: Algorithm, size: int) -> None:
    if size < algorithm.smallest_group:
        raise ValueError(
            f"{algorithm.name} needs groups of {algorithm.smallest_group} or more, not {size}"
        )


def _outcomes(algorithm: Algorithm, point: Point, size: int) -> Iterator[tuple[Real, Real]]:
    """For each kept k, P(k | kept) k/G A+(k) and P(k | kept) (G-k)/G A-(k)."""
    _check(algorithm, size)
    J, F = point.success, point.failure
    kept = [k for k in range(size + 1) if algorithm.keeps(size, k)]
    weights = [math.comb(size, k) * power(J, k) * power(F, size - k) for k in kept]
    total = sum(weights, start=point.arithmetic.number(0))
    for k, weight in zip(kept, weights, strict=True):
        plus, minus = algorithm.advantage(Group(size, k, J, F, point.arithmetic))
        share = weight / total / size
        yield share * k * plus, share * (size - k) * minus


def coefficient(algorithm: Algorithm, point: Point, size: int = 1) -> Real:
    """c(J) for groups of `size`, by summing over the outcomes of a group.

    ValueError if the group is too small, or if scores have length weights: such an update is not
    a multiple of gamma (`length.alignment`).

    >>> from derivations.policies import Numbers, at, softmax_bandit
    >>> point = at(softmax_bandit((True, False, False, False)), (0, 0, 0, 0), Numbers(15))
    >>> print(coefficient(ALGORITHMS["dr-grpo"], point, size=4) * 64)
    9.0
    """
    if algorithm.length_power:
        raise ValueError(
            f"{algorithm.name} weights scores by length: its update is no multiple of the gap"
        )
    with point.arithmetic.working():
        return sum(
            (
                plus * point.failure - minus * point.success
                for plus, minus in _outcomes(algorithm, point, size)
            ),
            start=point.arithmetic.number(0),
        )


def expected_update(algorithm: Algorithm, point: Point, size: int = 1) -> Vector:
    """The expected update (d) for groups of `size`, by summing over the outcomes of a group."""
    with point.arithmetic.working():
        plus, minus = (
            _weighted_score(point, side, algorithm.length_power) for side in (True, False)
        )
        outcomes = list(_outcomes(algorithm, point, size))
        return tuple(
            sum((a * x + b * y for a, b in outcomes), start=point.arithmetic.number(0))
            for x, y in zip(plus, minus, strict=True)
        )


def _weighted_score(point: Point, correct: bool, length_power: int) -> Vector:
    """E_±[s T^length_power], a vector (d)."""
    if length_power == 0:
        return point.mean_score(correct)
    d = len(point.theta)
    axes = [tuple(int(i == j) for j in range(d)) for i in range(d)]
    return tuple(point.moment(correct, w, score=1, length=length_power) for w in axes)


def sampled_update(
    algorithm: Algorithm,
    policy: Policy,
    point: Point,
    random: Random,
    size: int = 1,
    groups: int = 1,
    attempts: int = 10_000,
) -> Vector:
    """The mean update (d) of `groups` sampled groups of `size`, given a seeded `random`.

    Groups that the algorithm drops are drawn anew, at most `attempts` times in a row;
    RuntimeError beyond, as for a policy that is nearly always right.
    """
    _check(algorithm, size)
    arithmetic = point.arithmetic
    draws = policy.draws(point.theta, random, arithmetic)
    total = tuple(arithmetic.number(0) for _ in point.theta)
    for _ in range(groups):
        group = _kept_group(algorithm, draws, size, attempts)
        k = sum(draw.correct for draw in group)
        with arithmetic.working():
            advantages = algorithm.advantage(
                Group(size, k, point.success, point.failure, arithmetic)
            )
            for draw in group:
                factor = advantages[not draw.correct] * power(draw.length, algorithm.length_power)
                total = tuple(x + factor * s for x, s in zip(total, draw.score, strict=True))
    with arithmetic.working():
        return tuple(x / (size * groups) for x in total)


def _kept_group(
    algorithm: Algorithm, draws: Iterator[Draw], size: int, attempts: int
) -> list[Draw]:
    for _ in range(attempts):
        group = list(islice(draws, size))
        if algorithm.keeps(size, sum(draw.correct for draw in group)):
            return group
    raise RuntimeError(
        f"{algorithm.name} dropped {attempts} groups of {size} in a row: "
        "take larger groups, or the expected update"
    )
