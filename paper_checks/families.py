"""Instances: policies with runs, as plain numbers that a search can move.

`Run` is a log-linear policy with a run of several steps in R^d.  `Line` is a policy on a line,
with log-weights of the second degree, on a segment: rich enough for every bound on one step to
be nearly attained, which no log-linear policy does (there all responses share one H, so that
ell'' = Var_+ - Var_- is at most kappa/6).  All numbers are doubles, hence exact.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from fractions import Fraction
from typing import Any

from derivations.policies import Constants, LogLinear, Point, at, regularity
from derivations.policies.arithmetic import Arithmetic, Vector, dot
from derivations.policies.finite import FinitePolicy, Response
from paper_checks.claims import Plain, Real
from paper_checks.search import Doubles, nudged

ROUGHLY = Doubles()

Bound = Callable[[Constants, Point], Real]
"""A bound on the curvature, from the constants and where the step starts."""


def kappa(constants: Constants, point: Point) -> Real:
    """2 L_o + G_o^2 (`trajectory.threshold`)."""
    return constants.kappa


def paper(constants: Constants, point: Point) -> Real:
    """2 (L_o + 8 G_o^2) (`trajectory.threshold-paper`)."""
    return 2 * (constants.hessian + 8 * constants.score**2)


def at_success(constants: Constants, point: Point) -> Real:
    """K(J) at the start of the step (`trajectory.threshold-success`)."""
    return constants.at_success(point)


@dataclass(frozen=True)
class Taken:
    """A run that was carried out: its points (K + 1), its steps' lengths (K) and M(K)."""

    points: tuple[Point, ...]
    sizes: tuple[Real, ...]
    alignments: tuple[Real, ...]

    @property
    def progress(self) -> Real:
        """M(K) of `gap.progress`."""
        return dot(self.sizes, tuple(max(x, x * 0) for x in self.alignments))

    @property
    def gain(self) -> Real:
        """ell_K - ell_0."""
        return self.points[-1].log_odds - self.points[0].log_odds


def verdicts(rng: random.Random, responses: int) -> tuple[bool, ...]:
    """Random verdicts, at least one of each."""
    return (True, False, *(rng.random() < 0.5 for _ in range(responses - 2)))


def gaussian(rng: random.Random, size: int, scale: float = 1.0) -> tuple[float, ...]:
    """Independent normal numbers."""
    return tuple(rng.gauss(0, scale) for _ in range(size))


def numbers(vector: Sequence[float], arithmetic: Arithmetic) -> Vector:
    """Doubles as exact numbers of an arithmetic."""
    return tuple(arithmetic.number(Fraction(x)) for x in vector)


@dataclass(frozen=True)
class Run:
    """A log-linear policy and a run of K steps.

    n responses with `features` (n x d), `offsets` (n) and `correct` (n); `start` (d);
    `directions` (K x d), normalised before use; `fractions` (K) in (0, 1], each step's share of
    the largest step that the hypothesis of a claim allows.
    """

    features: tuple[tuple[float, ...], ...]
    offsets: tuple[float, ...]
    correct: tuple[bool, ...]
    start: tuple[float, ...]
    directions: tuple[tuple[float, ...], ...]
    fractions: tuple[float, ...]

    @classmethod
    def drawn(cls, rng: random.Random) -> Run:
        """Two to six responses, features in R^1 to R^3, one to eight steps."""
        responses, dimension, steps = rng.randint(2, 6), rng.randint(1, 3), rng.randint(1, 8)
        return cls(
            tuple(gaussian(rng, dimension) for _ in range(responses)),
            gaussian(rng, responses, rng.choice((0.5, 3.0))),
            verdicts(rng, responses),
            gaussian(rng, dimension),
            tuple(gaussian(rng, dimension) for _ in range(steps)),
            tuple(rng.choice((1.0, 1.0, 1.0 - rng.random())) for _ in range(steps)),
        )

    def moved(self, rng: random.Random, scale: float) -> Run:
        """Every vector moved a little; fractions stay in (0, 1]."""
        return replace(
            self,
            features=tuple(nudged(f, rng, scale) for f in self.features),
            offsets=nudged(self.offsets, rng, scale),
            start=nudged(self.start, rng, scale),
            directions=tuple(nudged(d, rng, scale) for d in self.directions),
            fractions=tuple(min(1.0, max(1e-3, x)) for x in nudged(self.fractions, rng, scale)),
        )

    def plain(self) -> dict[str, Plain]:
        """The instance as plain data."""
        return {"family": "log-linear", **asdict(self)}

    def policy(self, arithmetic: Arithmetic) -> LogLinear:
        """The policy, its numbers in the arithmetic."""
        features = tuple(numbers(f, arithmetic) for f in self.features)
        return LogLinear(features, self.correct, numbers(self.offsets, arithmetic))

    def constants(self, arithmetic: Arithmetic) -> Constants:
        r"""G_o = D and L_o = D^2/4, D the largest distance between two features, everywhere.

        * \|s(o)\| = \|sum_p pi(p) (phi(o) - phi(p))\| <= D, a mean of vectors no longer than D.
        * \|H\| = max over unit w of Var(<w, phi>), and a variance is at most a quarter of the
          squared length of an interval that holds its variable (Popoviciu).
        """
        features = [numbers(f, arithmetic) for f in self.features]
        squares = [
            sum((x - y) ** 2 for x, y in zip(p, q, strict=True))
            for k, p in enumerate(features)
            for q in features[:k]
        ]
        largest = max(squares)
        return Constants(arithmetic.call("sqrt", largest), largest / 4)

    def taken(self, bound: Bound, arithmetic: Arithmetic) -> Taken:
        """The run: step k is its fraction of [Delta mu_k]_+/bound."""
        policy, constants = self.policy(arithmetic), self.constants(arithmetic)
        points = [at(policy, numbers(self.start, arithmetic), arithmetic)]
        sizes, alignments = [], []
        for direction, fraction in zip(self.directions, self.fractions, strict=True):
            raw = numbers(direction, arithmetic)
            length = arithmetic.call("sqrt", dot(raw, raw))
            here = points[-1]
            unit = tuple(x / length for x in raw)
            alignment = here.alignment(unit)
            size = (
                arithmetic.number(Fraction(fraction))
                * max(alignment, alignment * 0)
                / bound(constants, here)
            )
            theta = tuple(x + size * w for x, w in zip(here.theta, unit, strict=True))
            points.append(at(policy, theta, arithmetic))
            sizes.append(size)
            alignments.append(alignment)
        return Taken(tuple(points), tuple(sizes), tuple(alignments))


@dataclass(frozen=True)
class SecondDegree(FinitePolicy):
    """Log-weights levels + slopes t + bends t^2/2 on a line, and lengths of the responses.

    >>> from derivations.policies import Numbers
    >>> policy = SecondDegree((0, 0, 0), (0, 1, -1), (-1, 1, 1), (True, False, False))
    >>> print(at(policy, (0,), Numbers(15)).curvature((1,)))
    -3.0
    """

    levels: tuple[Any, ...]
    slopes: tuple[Any, ...]
    bends: tuple[Any, ...]
    correct: tuple[bool, ...]
    lengths: tuple[int, ...] = ()

    @property
    def dimension(self) -> int:
        """1."""
        return 1

    def responses(self, theta: Vector, arithmetic: Arithmetic) -> tuple[Response, ...]:
        """b = slope + bend t and c = bend."""
        t, number = theta[0], arithmetic.number
        lengths = self.lengths or (1,) * len(self.correct)
        found = []
        for level, slope, bend, correct, length in zip(
            self.levels, self.slopes, self.bends, self.correct, lengths, strict=True
        ):
            a, b, c = number(level), number(slope), number(bend)
            weight = a + b * t + c * t * t / 2
            found.append(Response(weight, (b + c * t,), {(0, 0): c}, length, correct))
        return tuple(found)


@dataclass(frozen=True)
class Line:
    """A policy `SecondDegree` and the segment [start, start + reach], reach = 2^-halvings.

    A claim about one step uses the constants of that segment, in which the step must stay.
    """

    levels: tuple[float, ...]
    slopes: tuple[float, ...]
    bends: tuple[float, ...]
    correct: tuple[bool, ...]
    start: float
    halvings: float

    @classmethod
    def drawn(cls, rng: random.Random) -> Line:
        """Three to five responses, and a segment of length 1 to 2^-12."""
        n = rng.randint(3, 5)
        return cls(
            gaussian(rng, n), gaussian(rng, n), gaussian(rng, n), verdicts(rng, n),
            rng.gauss(0, 1), rng.uniform(0, 12),
        )  # fmt: skip

    def moved(self, rng: random.Random, scale: float) -> Line:
        """Some of the numbers moved a little; the segment stays longer than 2^-24."""
        return replace(
            self,
            levels=nudged(self.levels, rng, scale),
            slopes=nudged(self.slopes, rng, scale),
            bends=nudged(self.bends, rng, scale),
            start=nudged((self.start,), rng, scale)[0],
            halvings=min(24.0, max(0.0, self.halvings + rng.gauss(0, 4 * scale))),
        )

    def plain(self) -> dict[str, Plain]:
        """The instance as plain data."""
        return {"family": "second degree", **asdict(self)}

    @property
    def reach(self) -> float:
        """The length of the segment."""
        return float(2.0**-self.halvings)

    def policy(self, arithmetic: Arithmetic) -> SecondDegree:
        """The policy, its numbers in the arithmetic."""
        return self._with(arithmetic.number)

    def _with(self, number: Callable[[Fraction], Real]) -> SecondDegree:
        levels, slopes, bends = (
            tuple(number(Fraction(x)) for x in c) for c in (self.levels, self.slopes, self.bends)
        )
        return SecondDegree(levels, slopes, bends, self.correct)

    def at(self, offset: Real, arithmetic: Arithmetic) -> Point:
        """The policy at start + offset."""
        return at(
            self.policy(arithmetic),
            (arithmetic.number(Fraction(self.start)) + arithmetic.number(offset),),
            arithmetic,
        )

    def here(self, arithmetic: Arithmetic) -> Constants:
        """The largest |s| and |h| at the start alone."""
        start = arithmetic.number(Fraction(self.start))
        return self.policy(arithmetic).extremes((start,), (1,), arithmetic)

    def constants(self, arithmetic: Arithmetic) -> Constants:
        """Bounds on the segment: proved ones, but for doubles those of five of its points."""
        policy, start = self.policy(arithmetic), arithmetic.number(Fraction(self.start))
        if isinstance(arithmetic, Doubles):
            found = [
                policy.extremes((start + self.reach * k / 4,), (1,), arithmetic) for k in range(5)
            ]
            return Constants(max(c.score for c in found), max(c.hessian for c in found))
        exact = tuple(map(Fraction, (self.start, self.reach)))
        rational = self._with(lambda x: x)  # for the balls in which the segment is covered
        return regularity(rational, (exact[0],), (exact[1],), arithmetic, pieces=8)


def sharp(score: int, hessian: int, delta: Fraction, mirrored: bool = False) -> Line:
    """The policy of `trajectory.sharp`, on a segment that reaches over its extreme curvature.

    One response with bend -L against two with slopes G and -G and bend L, with odds
    (L + G^2)/L at 0: there every |s| <= G and |h| <= L, and ell'' = -(2 L + G^2), all up to the
    rounding of the odds to a double.  The segment is [-delta, delta], along which ell rises and
    falls; for the policy with correct and incorrect responses exchanged (`mirrored`) it is
    [delta, 3 delta], along which ell rises ever faster.
    """
    level = math.log(2 * (hessian + score**2) / hessian)
    return Line(
        (level, 0.0, 0.0),
        (0.0, float(score), float(-score)),
        (float(-hessian), float(hessian), float(hessian)),
        (not mirrored, mirrored, mirrored),
        float(delta if mirrored else -delta),
        -math.log2(2 * delta),
    )
