"""Claims about real numbers alone: instances are vectors of doubles that a search can move."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import partial
from typing import TypeAlias

from derivations.policies.arithmetic import Arithmetic, Real
from paper_checks.claims import EXACTLY, Plain, Trial, by_index
from paper_checks.families import ROUGHLY
from paper_checks.search import climb, nudged
from paper_checks.tokens import Pairs, trial, worst


@dataclass(frozen=True)
class Scalars:
    """Numbers between -1 and 1, from which a claim makes its own."""

    values: tuple[float, ...]

    @classmethod
    def drawn(cls, count: int, rng: random.Random) -> Scalars:
        """`count` uniform numbers."""
        return cls(tuple(rng.uniform(-1, 1) for _ in range(count)))

    def moved(self, rng: random.Random, scale: float) -> Scalars:
        """Some of the numbers moved a little; they stay between -1 and 1."""
        return Scalars(tuple(min(1.0, max(-1.0, x)) for x in nudged(self.values, rng, scale)))

    def plain(self) -> dict[str, Plain]:
        """The instance as plain data."""
        return {"family": "numbers", "values": list(self.values)}


@dataclass(frozen=True)
class Given:
    """The numbers of an instance, made into what a claim needs."""

    values: tuple[float, ...]
    arithmetic: Arithmetic

    def number(self, index: int) -> Real:
        """One of the numbers."""
        return self.arithmetic.number(Fraction(self.values[index]))

    def size(self, index: int, reach: int = 5) -> Real:
        """A positive number, between e^-reach and e^reach."""
        return self.arithmetic.call("exp", reach * self.number(index))

    def rates(self, index: int, largest: int = 30) -> tuple[Real, Real]:
        """J and 1 - J, the log-odds between -largest and largest."""
        ell, exp = largest * self.number(index), partial(self.arithmetic.call, "exp")
        return 1 / (1 + exp(-ell)), 1 / (1 + exp(ell))

    def share(self, index: int) -> Real:
        """A number in [0, 1]."""
        return (1 + self.number(index)) / 2

    def whole(self, index: int, low: int, high: int) -> int:
        """A whole number from low to high."""
        return low + round((1 + self.values[index]) / 2 * (high - low))

    def root(self, value: Real) -> Real:
        """The square root."""
        return self.arithmetic.call("sqrt", value)


Sides: TypeAlias = Callable[[Given], Pairs]


def numbers(
    sides: Sides,
    count: int,
    *extremes: Sequence[float],
    samples: int = 200,
    searches: int = 1,
    tries: int = 1500,
) -> Mapping[str, Callable[[int], Iterator[Trial]]]:
    """Random and searched numbers, `count` of them, and those given."""

    def tried(instance: Scalars) -> Iterator[Trial]:
        return trial(sides(Given(instance.values, EXACTLY)), instance.plain())

    def roughly(instance: Scalars) -> float | None:
        # A side that doubles do not resolve says nothing.
        return worst([p for p in sides(Given(instance.values, ROUGHLY)) if p[1] > 1e-9])

    def sampled(index: int) -> Trial | None:
        return next(tried(Scalars.drawn(count, random.Random(index))), None)

    def searched(index: int) -> Trial | None:
        start = partial(Scalars.drawn, count)
        made = climb(start, roughly, random.Random(index), starts=60, tries=tries)
        return next(tried(made), None)

    def given(seed: int) -> Iterator[Trial]:
        for values in extremes:
            yield from tried(Scalars(tuple(values)))

    found = {"random": by_index(sampled, samples)}
    for k in range(searches):
        found[f"search {k}"] = by_index(
            lambda index, k=k: searched(searches * index + k), 1  # type: ignore[misc]
        )
    return {**found, "extremal": given} if extremes else found
