"""The adversary: an instance is made worse by random moves, in doubles.

What it finds is only a candidate; the verdict on it comes from the arithmetic of `claims`.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Any, Protocol, Self, TypeVar


@dataclass(frozen=True)
class Doubles:
    """Floats, in which a search is quick (an `Arithmetic` of `derivations.policies`)."""

    bits: int = 53

    def working(self) -> AbstractContextManager[None]:
        """Nothing to do."""
        return nullcontext()

    def number(self, value: Any) -> float:
        """The nearest double."""
        return float(value)

    def call(self, name: str, value: float) -> float:
        """An elementary function by name; OverflowError beyond the range of doubles."""
        return float(getattr(math, name)(value))

    def largest(self, first: float, *rest: float) -> float:
        """The maximum."""
        return max((first, *rest))

    def smallest(self, first: float, *rest: float) -> float:
        """The minimum."""
        return min((first, *rest))


class Movable(Protocol):
    """An instance that a search can move."""

    def moved(self, rng: random.Random, scale: float) -> Self:
        """A valid instance nearby."""


Instance = TypeVar("Instance", bound=Movable)


def climb(
    start: Callable[[random.Random], Instance],
    value: Callable[[Instance], float | None],
    rng: random.Random,
    *,
    starts: int,
    tries: int,
) -> Instance:
    """The worst of `starts` random instances, moved `tries` times as long as that makes it worse.

    Moves grow on success and shrink on failure, down to a scale from which they start again.
    A value of None, or one beyond the range of doubles, is no value.
    """

    def reached(instance: Instance) -> float:
        try:
            found = value(instance)
        except (ArithmeticError, ValueError):
            return -math.inf
        return -math.inf if found is None or math.isnan(found) else found

    instance = max((start(rng) for _ in range(starts)), key=reached)
    best, scale = reached(instance), 0.5
    for _ in range(tries):
        other = instance.moved(rng, scale)
        gained = reached(other)
        if gained > best:
            instance, best, scale = other, gained, scale * 2
        else:
            scale = scale * 0.93 if scale > 1e-7 else 0.5
    return instance


def nudged(
    vector: tuple[float, ...], rng: random.Random, scale: float, share: float = 0.5
) -> tuple[float, ...]:
    """The vector with some of its numbers moved a little."""
    return tuple(x + rng.gauss(0, scale) if rng.random() < share else x for x in vector)
