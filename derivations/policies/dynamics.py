"""Runs: a parameter iterated with an update and a step-size rule.

An update maps a point to a vector (the expected update of an algorithm, or a sampled one); a
rule maps the point and that vector to the step.  Both are plain functions.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from random import Random
from typing import TypeAlias

from derivations.policies.algorithms import Algorithm, expected_update, sampled_update
from derivations.policies.arithmetic import Arithmetic, Exact, Real, Vector, dot
from derivations.policies.point import Point, Policy, at

Update: TypeAlias = Callable[[Point], Vector]
"""A point to an update (d)."""

Rule: TypeAlias = Callable[[Point, Vector], Vector]
"""A point and an update (d) to the step (d)."""


def expected(algorithm: Algorithm, size: int = 1) -> Update:
    """The exact expected update of an algorithm with groups of `size`."""
    return partial(_expected, algorithm, size)


def _expected(algorithm: Algorithm, size: int, point: Point) -> Vector:
    return expected_update(algorithm, point, size)


def sampled(
    algorithm: Algorithm, policy: Policy, seed: int, size: int = 1, groups: int = 1
) -> Update:
    """Sampled updates, a fresh one at each call; the sequence is decided by the seed."""
    random = Random(seed)
    return partial(sampled_update, algorithm, policy, random=random, size=size, groups=groups)


def fixed(rate: Exact) -> Rule:
    """A fixed learning rate: the step is rate times the update."""
    return partial(_fixed, rate)


def _fixed(rate: Exact, point: Point, update: Vector) -> Vector:
    return tuple(point.arithmetic.number(rate) * x for x in update)


def _unit(point: Point, update: Vector) -> Vector:
    """The direction of an update; a zero update, which has none, stays zero."""
    if all(x == 0 for x in update):
        return update
    size = point.arithmetic.call("sqrt", dot(update, update))
    if not size > 0:
        raise ValueError("the update's direction is lost in its error: take more bits")
    return tuple(x / size for x in update)


def normalised(length: Exact) -> Rule:
    """Steps of a fixed length along the update."""
    return partial(_normalised, length)


def _normalised(length: Exact, point: Point, update: Vector) -> Vector:
    return tuple(point.arithmetic.number(length) * x for x in _unit(point, update))


def threshold(curvature: Callable[[Point], Real], fraction: Exact = 1) -> Rule:
    """Steps along the update's direction w of length fraction * max(Delta mu, 0)/curvature.

    `curvature` maps the point to kappa, K(J), or any other bound: with fraction 1 that of
    `trajectory.threshold`, respectively `trajectory.threshold-success`.
    """
    return partial(_threshold, curvature, fraction)


def _threshold(
    curvature: Callable[[Point], Real], fraction: Exact, point: Point, update: Vector
) -> Vector:
    arithmetic = point.arithmetic
    w = _unit(point, update)
    alignment = arithmetic.largest(dot(w, point.gap), arithmetic.number(0))
    length = arithmetic.number(fraction) * alignment / curvature(point)
    return tuple(length * x for x in w)


def run(
    policy: Policy, theta: Vector, update: Update, rule: Rule, arithmetic: Arithmetic
) -> Iterator[Point]:
    """The points of a run from theta (d), for ever: take as many as needed.

    >>> from itertools import islice
    >>> from derivations.policies import ALGORITHMS, Numbers, softmax_bandit
    >>> raft = expected(ALGORITHMS["raft"])
    >>> points = run(softmax_bandit((True, False)), (0, 0), raft, fixed(1), Numbers(15))
    >>> print(*(point.log_odds for point in islice(points, 2)))
    0.0 1.0
    """
    point = at(policy, theta, arithmetic)
    while True:
        yield point
        with arithmetic.working():
            step = rule(point, update(point))
            theta = tuple(x + y for x, y in zip(point.theta, step, strict=True))
        point = at(policy, theta, arithmetic)
