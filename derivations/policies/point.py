r"""What the theory says of a policy at one point, from the laws of its two classes.

A policy is pi(o) = exp(u(o)) / Z with log-weights u(o) that move with theta.  Write b = grad u
and c = Hess u; the score is s = b - grad log Z and H = c - Hess log Z.  Conditioned on a class
(O+, the correct responses, or O-) only the shape of u in that class matters, so a policy gives,
for each class, its mass in logarithm and moments of b and c *about their class means*
(`ClassLaw`).  Everything else follows without cancellation, with A = log mass:

* ell = A_+ - A_-, J = 1/(1 + exp(-ell)), 1 - J = 1/(1 + exp(ell));
* gamma = E_+[b] - E_-[b] (`gap.definition`), g+ = (1-J) gamma, g- = -J gamma
  (`gap.score-identity`);
* s = (b - E_±[b]) + g±, and likewise h = (c - E_±[c]) + E_±[h].

J, 1 - J and the log-odds are computed apart: none loses digits however small another is.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from math import comb
from random import Random
from typing import Protocol

from flint import arb

from derivations.policies.arithmetic import Arithmetic, Balls, Real, Vector, dot, power


class ClassLaw(Protocol):
    """The policy conditioned on one class, O+ or O-."""

    @property
    def log_mass(self) -> Real:
        """log of the sum of exp(u) over the class."""

    @property
    def score(self) -> Vector:
        """E[b], a vector (d)."""

    def hessian(self, w: Vector) -> Real:
        """E[c] along the direction w (d)."""

    def moment(self, w: Vector, score: int = 0, hessian: int = 0, length: int = 0) -> Real:
        """E[(b - E[b])^score (c - E[c])^hessian T^length] along w, T the response's length.

        The first two exponents are natural numbers, that of the length is any integer.
        """


@dataclass(frozen=True)
class Draw:
    """One sampled response: its verdict, its score s (d) and its length."""

    correct: bool
    score: Vector
    length: Real


class Policy(Protocol):
    """A policy on R^d with a verifier: what the families of this package offer."""

    @property
    def dimension(self) -> int:
        """d."""

    def classes(self, theta: Vector, arithmetic: Arithmetic) -> tuple[ClassLaw, ClassLaw]:
        """The laws of O+ and of O- at theta (d)."""

    def extremes(self, theta: Vector, w: Vector, arithmetic: Arithmetic) -> Constants:
        """The largest |s| and |h| of a response at theta (d) along w (d)."""

    def draws(self, theta: Vector, random: Random, arithmetic: Arithmetic) -> Iterator[Draw]:
        """Responses sampled at theta (d), for ever."""


@dataclass(frozen=True)
class Constants:
    """Bounds G_o on |s| (`score`) and L_o on |h| (`hessian`) (`trajectory.regularity`).

    >>> Constants(score=2, hessian=3).kappa
    10
    """

    score: Real
    hessian: Real

    @property
    def kappa(self) -> Real:
        """2 L_o + G_o^2 (`trajectory.curvature`)."""
        return 2 * self.hessian + self.score * self.score

    def at_success(self, point: Point) -> Real:
        """K(J) = min{(L_o + G_o^2)/J, L_o/(1-J)} (`trajectory.success-curvature`)."""
        with point.arithmetic.working():
            return point.arithmetic.smallest(
                (self.hessian + self.score * self.score) / point.success,
                self.hessian / point.failure,
            )


@dataclass(frozen=True, eq=False)
class Point:
    """J, 1 - J, the log-odds and the Gradient Gap (d) at theta (d), and moments along lines.

    Directions w are vectors (d); they are not normalised.
    """

    arithmetic: Arithmetic
    theta: Vector
    success: Real
    failure: Real
    log_odds: Real
    gap: Vector
    laws: tuple[ClassLaw, ClassLaw]

    @classmethod
    def of(cls, theta: Vector, laws: tuple[ClassLaw, ClassLaw], arithmetic: Arithmetic) -> Point:
        """The point whose classes O+ and O- have these laws."""
        plus, minus = laws
        with arithmetic.working():
            log_odds = plus.log_mass - minus.log_mass
            return cls(
                arithmetic,
                theta,
                1 / (1 + arithmetic.call("exp", -log_odds)),
                1 / (1 + arithmetic.call("exp", log_odds)),
                log_odds,
                tuple(a - b for a, b in zip(plus.score, minus.score, strict=True)),
                laws,
            )

    def direction(self, w: Vector) -> Vector:
        """A direction in this point's arithmetic; ValueError for a wrong dimension."""
        return _vector(w, len(self.theta), "direction", self.arithmetic)

    def mean_score(self, correct: bool) -> Vector:
        """g+ or g-, the conditional mean (d) of the score (`gap.score-identity`)."""
        with self.arithmetic.working():
            factor = self.failure if correct else -self.success
            return tuple(factor * x for x in self.gap)

    def alignment(self, w: Vector) -> Real:
        """Delta mu = <w, gamma> (`gap.alignment`)."""
        with self.arithmetic.working():
            return dot(self.direction(w), self.gap)

    def curvature(self, w: Vector) -> Real:
        """ell'' along w (`gap.curvature`)."""
        w = self.direction(w)
        with self.arithmetic.working():
            plus, minus = (law.hessian(w) + law.moment(w, score=2) for law in self.laws)
            return plus - minus

    def central(
        self, correct: bool, w: Vector, score: int = 0, hessian: int = 0, length: int = 0
    ) -> Real:
        """E_±[(s - E_±[s])^score (h - E_±[h])^hessian T^length] along w."""
        w = self.direction(w)
        with self.arithmetic.working():
            return self.laws[not correct].moment(w, score, hessian, length)

    def moment(
        self,
        correct: bool | None,
        w: Vector,
        score: int = 0,
        hessian: int = 0,
        length: int = 0,
    ) -> Real:
        """E_±[s^score h^hessian T^length] along w; for `correct` None, under pi itself."""
        w = self.direction(w)
        with self.arithmetic.working():
            if correct is None:
                plus, minus = (self.moment(c, w, score, hessian, length) for c in (True, False))
                return self.success * plus + self.failure * minus
            law = self.laws[not correct]
            g = dot(w, self.mean_score(correct)) if score else 0
            m = self._mean_hessian(correct, w) if hessian else 0
            return sum(
                (
                    comb(score, i)
                    * comb(hessian, j)
                    * power(g, score - i)
                    * power(m, hessian - j)
                    * law.moment(w, i, j, length)
                    for i in range(score + 1)
                    for j in range(hessian + 1)
                ),
                start=self.arithmetic.number(0),
            )

    def _mean_hessian(self, correct: bool, w: Vector) -> Real:
        """E_±[h] = E_±[c] - (log Z)'', and (log Z)'' = E[c] + Var(b) split over the classes."""
        plus, minus = self.laws
        away = minus.hessian(w) - plus.hessian(w)
        rise = -self.failure * away if correct else self.success * away
        spread = (
            self.success * plus.moment(w, score=2)
            + self.failure * minus.moment(w, score=2)
            + self.success * self.failure * power(dot(w, self.gap), 2)
        )
        return rise - spread


def _vector(values: Vector, dimension: int, role: str, arithmetic: Arithmetic) -> Vector:
    if len(values) != dimension:
        raise ValueError(f"a {role} of this policy has dimension {dimension}, not {len(values)}")
    return tuple(arithmetic.number(x) for x in values)


def at(policy: Policy, theta: Vector, arithmetic: Arithmetic) -> Point:
    """The policy at theta (d); ValueError for a wrong dimension, TypeError for floats."""
    theta = _vector(theta, policy.dimension, "parameter", arithmetic)
    with arithmetic.working():
        return Point.of(theta, policy.classes(theta, arithmetic), arithmetic)


def regularity(
    policy: Policy,
    theta: Vector,
    step: Vector,
    arithmetic: Arithmetic,
    *,
    along: Vector | None = None,
    pieces: int = 32,
) -> Constants:
    """Proved bounds on |s| and |h| along the segment from theta to theta + step, all (d).

    They are taken along the direction `along`, that of `step` (normalised) if not given, and
    returned as numbers no smaller than the suprema. The segment is covered by `pieces` balls,
    whatever the arithmetic; the excess of the bounds falls with their number. On a piece |h| is
    bounded by ball arithmetic and |s|, whose derivative along the unit step is h, by its value
    in the middle and the length of the piece.
    Source: `trajectory.regularity`.
    """
    balls = Balls(arithmetic.bits)
    with balls.working():
        start, full = (
            _vector(v, policy.dimension, role, balls)
            for v, role in ((theta, "parameter"), (step, "step"))
        )
        size = dot(full, full).sqrt()
        if along is None and not size > 0:
            raise ValueError("a step of length 0 has no direction: give one as `along`")
        w = (
            tuple(x / size for x in full)
            if along is None
            else _vector(along, policy.dimension, "direction", balls)
        )
        half = balls.number(Fraction(1, 2 * pieces))
        score = hessian = arb(0)
        for piece in range(pieces):
            at_middle, on_piece = (
                policy.extremes(
                    tuple(x + share * y for x, y in zip(start, full, strict=True)), w, balls
                )
                for share in ((2 * piece + 1) * half, (2 * piece + 1) * half + arb(0, half.upper()))
            )
            within = on_piece.score
            if along is None:
                within = within.min(at_middle.score + size * half * on_piece.hessian)
            score, hessian = score.max(within), hessian.max(on_piece.hessian)
        bounds = score.upper(), hessian.upper()
    if not all(x.is_finite() for x in bounds):
        raise ValueError(f"no finite bound with {pieces} pieces of the segment: take more pieces")
    return Constants(*(arithmetic.number(x) for x in bounds))
