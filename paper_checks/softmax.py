r"""Concrete policies whose scores, curvatures and regularity constants are known exactly.

`LogLinear` is softmax over features in R^d, for runs of many steps.  `ThreeResponses` is the
policy of `trajectory.sharp`, on which the bound on the curvature is attained.

Both compute in the arithmetic they are given: an mpmath context of its own precision
(`precision`), or ``mpmath.fp`` (doubles), in which a search is quick.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol, TypeAlias

Real: TypeAlias = Any
"""A number of the arithmetic in use: an ``mpf``, or a double."""

Vector: TypeAlias = Sequence[Real]


def precision(digits: int) -> Any:
    """An mpmath context of its own with that many decimal digits; the global one stays as it is.

    >>> precision(30).mpf(1) / 3
    mpf('0.333333333333333333333333333333317')
    """
    from mpmath.ctx_mp import MPContext

    context = MPContext()
    context.dps = digits
    return context


def dot(a: Vector, b: Vector) -> Real:
    """The inner product of two vectors of one length."""
    return sum((x * y for x, y in zip(a, b, strict=True)), start=0)


@dataclass(frozen=True)
class Constants:
    """Bounds on the score (`score`, G_o) and on the second derivative (`hessian`, L_o).

    The score is in units of 1/length of theta, the second derivative in 1/length squared.
    Source: `trajectory.regularity`.
    """

    score: Real
    hessian: Real

    @property
    def kappa(self) -> Real:
        """2 L_o + G_o^2, the bound of `trajectory.curvature`."""
        return 2 * self.hessian + self.score**2

    @property
    def paper(self) -> Real:
        """2 (L_o + 8 G_o^2), the denominator of `trajectory.threshold-paper`."""
        return 2 * (self.hessian + 8 * self.score**2)

    def at_success(self, success: Real, failure: Real) -> Real:
        """K(J), from J and 1 - J (`trajectory.success-curvature`)."""
        return min((self.hessian + self.score**2) / success, self.hessian / failure)


@dataclass(frozen=True)
class Local:
    """What the theory says of a policy at one point of a line, all numbers.

    `success` and `failure` are J and 1 - J, computed apart; `alignment` is Delta mu and
    `curvature` is ell'' along the line (`gap.curvature`).
    """

    success: Real
    failure: Real
    log_odds: Real
    alignment: Real
    curvature: Real


class Policy(Protocol):
    """A policy on R^d that can say what the theory says of it."""

    def at(self, theta: Vector, direction: Vector) -> Local:
        """J, the log-odds, the alignment and the curvature at theta along a unit direction."""


def _local(weights: Vector, scores: Vector, hessians: Vector, correct: Sequence[bool],
           ctx: Any) -> Local:  # fmt: skip
    """From positive weights, and scores and second derivatives up to a common constant.

    A constant that all responses share drops out of the alignment and of the curvature.
    """
    masses, means, bends = [], [], []
    for side in (True, False):
        mine = [i for i, c in enumerate(correct) if c is side]
        mass = sum((weights[i] for i in mine), start=0)
        mean = sum((weights[i] * scores[i] for i in mine), start=0) / mass
        spread = sum((weights[i] * (scores[i] - mean) ** 2 for i in mine), start=0) / mass
        bend = sum((weights[i] * hessians[i] for i in mine), start=0) / mass
        masses.append(mass)
        means.append(mean)
        bends.append(bend + spread)
    whole = masses[0] + masses[1]
    return Local(
        masses[0] / whole,
        masses[1] / whole,
        ctx.log(masses[0]) - ctx.log(masses[1]),
        means[0] - means[1],
        bends[0] - bends[1],
    )


@dataclass(frozen=True)
class LogLinear:
    """Softmax over features: pi_theta(o) is proportional to exp(a(o) + <theta, phi(o)>).

    `features` holds phi(o) in R^d for each of n responses, `offsets` the n numbers a(o), and
    `correct` says which responses the verifier accepts (at least one, and not all).

    The score is phi(o) - E[phi] and the second derivative is -Cov(phi), for every response.
    """

    features: tuple[tuple[Real, ...], ...]
    offsets: tuple[Real, ...]
    correct: tuple[bool, ...]
    ctx: Any

    def constants(self) -> Constants:
        r"""G_o = D and L_o = D^2/4, D the largest distance between two features.

        Both hold for every theta, hence on every segment (`trajectory.regularity`):

        * \|s(o)\| = \|sum_p pi(p) (phi(o) - phi(p))\| <= D, a mean of vectors no longer than D.
        * \|H\| = max over unit w of Var(<w, phi>), since Cov(phi) is positive semidefinite.
          The numbers <w, phi(o)> lie in an interval of length at most D, and a variance is
          at most a quarter of the squared length of an interval that holds its variable
          (Popoviciu): Var(X) <= E[(X - m)^2] <= (D/2)^2 with m the middle.
        """
        squares = [
            sum(((x - y) ** 2 for x, y in zip(p, q, strict=True)), start=self.ctx.mpf(0))
            for k, p in enumerate(self.features)
            for q in self.features[:k]
        ]
        largest = max(squares)
        return Constants(self.ctx.sqrt(largest), largest / 4)

    def at(self, theta: Vector, direction: Vector) -> Local:
        """J, the log-odds, the alignment and the curvature at theta (d) along direction (d)."""
        logits = [a + dot(theta, f) for a, f in zip(self.offsets, self.features, strict=True)]
        top = max(logits)
        weights = [self.ctx.exp(x - top) for x in logits]
        along = [dot(direction, f) for f in self.features]
        return _local(weights, along, [0] * len(along), self.correct, self.ctx)

    def scores(self, theta: Vector, direction: Vector) -> tuple[tuple[Real, ...], Real]:
        """The n scores along a unit direction, and the second derivative that all share."""
        logits = [a + dot(theta, f) for a, f in zip(self.offsets, self.features, strict=True)]
        top = max(logits)
        weights = [self.ctx.exp(x - top) for x in logits]
        along = [dot(direction, f) for f in self.features]
        mean = dot(weights, along) / sum(weights)
        scores = tuple(x - mean for x in along)
        return scores, -dot(weights, [s**2 for s in scores]) / sum(weights)


@dataclass(frozen=True)
class ThreeResponses:
    """The policy of `trajectory.sharp` along its line, by log-weights A + b t + c t^2/2.

    One correct response (b = 0, c = -L) and two incorrect ones (b = G and -G, c = L), with
    odds (L + G^2)/L at t = 0.  There every |s| <= G and |h| <= L, and ell'' = -(2 L + G^2).

    The line is R^1: theta is a vector of one number t, and directions are (1,) and (-1,).
    `mirrored` exchanges correct and incorrect responses, and so the sign of ell.
    """

    score: Real
    hessian: Real
    ctx: Any
    mirrored: bool = False

    def _jets(self, t: Real) -> tuple[list[Real], list[Real], list[Real]]:
        """Log-weights, and their first and second derivatives, of the three responses."""
        G, L = self.score, self.hessian
        levels = (self.ctx.log(2 * (L + G**2) / L), 0, 0)
        slopes, bends = (0, G, -G), (-L, L, L)
        logits = [a + b * t + c * t**2 / 2 for a, b, c in zip(levels, slopes, bends, strict=True)]
        return logits, [b + c * t for b, c in zip(slopes, bends, strict=True)], list(bends)

    def at(self, theta: Vector, direction: Vector) -> Local:
        """J, the log-odds, the alignment and the curvature at a point of the line."""
        logits, drifts, bends = self._jets(theta[0])
        weights = [self.ctx.exp(x) for x in logits]
        scores = [direction[0] * b for b in drifts]
        correct = [c is not self.mirrored for c in (True, False, False)]
        return _local(weights, scores, bends, correct, self.ctx)

    def constants_at(self, t: Real) -> Constants:
        """The largest |s| and |h| of the three responses at the point t alone."""
        logits, drifts, bends = self._jets(t)
        weights = [self.ctx.exp(x) for x in logits]
        whole = sum(weights)
        mean = dot(weights, drifts) / whole
        turn = dot(weights, [c + (b - mean) ** 2 for b, c in zip(drifts, bends, strict=True)])
        return Constants(
            max(abs(b - mean) for b in drifts), max(abs(c - turn / whole) for c in bends)
        )

    def constants_on(self, reach: Real) -> Constants:
        """Valid bounds G_o and L_o on the segment [-reach, reach].

        There the drifts b + c t lie within R = 2 (G + L reach) of one another and the bends c
        within 2 L.  The derivative of s is h, that of h is minus the third derivative of the
        log-partition function, E[(b - E b)^3] + 3 Cov(b, c), which is at most R^3 + 6 L R in
        absolute value.  So |h| <= L_o = L + reach (R^3 + 6 L R) and |s| <= G + reach L_o.
        """
        G, L = self.score, self.hessian
        width = 2 * (G + L * reach)
        bend = L + reach * (width**3 + 6 * L * width)
        return Constants(G + reach * bend, bend)
