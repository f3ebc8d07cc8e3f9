"""Instances at token level: responses of random length, drawn token by token, on a line.

A token's logit is of the second degree in the parameter, so that second derivatives of either
sign occur; with logits of the first degree (`derivations.policies.TokenTree`) each is minus a
variance, and most bounds of the token level are out of reach.  All numbers are doubles, hence
exact.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from fractions import Fraction
from typing import Any, TypeAlias

from derivations.policies import Constants, IidTokens, Point, ScoredToken, at, regularity
from derivations.policies.arithmetic import Arithmetic, Exact, Vector, centred, softmax
from derivations.policies.finite import FinitePolicy, Response
from paper_checks.claims import Plain, Real
from paper_checks.families import gaussian
from paper_checks.search import Doubles, nudged

Rows: TypeAlias = tuple[tuple[Any, ...], ...]
"""One number for each token of each branch."""


@dataclass(frozen=True)
class BentTree(FinitePolicy):
    """A tree whose tokens have logits levels + slopes t + bends t^2/2.

    `then` holds, for each token of each branch (the root is branch 0), the branch that follows
    it, or 0 if the response ends there; `correct` has the verdicts, in the order of the ends.

    >>> from derivations.policies import Numbers
    >>> tree = BentTree(((0, 0),), ((1, -1),), ((0, 0),), ((1, 0),), (True, False))
    Traceback (most recent call last):
      ...
    ValueError: branch 0: 1 is no later branch
    >>> tree = BentTree(((0, 0),), ((1, -1),), ((0, 0),), ((0, 0),), (True, False))
    >>> print(at(tree, (0,), Numbers(15)).gap)
    (mpf('2.0'),)
    """

    levels: Rows
    slopes: Rows
    bends: Rows
    then: tuple[tuple[int, ...], ...]
    correct: tuple[bool, ...]

    def __post_init__(self) -> None:
        for position, branch in enumerate(self.then):
            for follower in branch:
                if follower and not position < follower < len(self.then):
                    raise ValueError(f"branch {position}: {follower} is no later branch")

    @property
    def dimension(self) -> int:
        """1."""
        return 1

    def tokens(self, theta: Vector, arithmetic: Arithmetic) -> list[list[tuple[Real, Real, Real]]]:
        """log p, s and h of every token, given what comes before it."""
        t, number = theta[0], arithmetic.number
        found = []
        for levels, slopes, bends in zip(self.levels, self.slopes, self.bends, strict=True):
            curves = [number(c) for c in bends]
            tilts = [number(b) + c * t for b, c in zip(slopes, curves, strict=True)]
            logits = [
                number(a) + number(b) * t + c * t * t / 2
                for a, b, c in zip(levels, slopes, curves, strict=True)
            ]
            log_total, shares = softmax(logits, arithmetic)
            _, scores = centred(shares, tilts)
            _, bent = centred(shares, curves)
            spread = sum((p * s * s for p, s in zip(shares, scores, strict=True)), start=number(0))
            found.append(
                [(z - log_total, s, c - spread)
                 for z, s, c in zip(logits, scores, bent, strict=True)]
            )  # fmt: skip
        return found

    def responses(self, theta: Vector, arithmetic: Arithmetic) -> tuple[Response, ...]:
        """Log-probability, score and second derivative: the sums of those of the tokens."""
        tokens, zero = self.tokens(theta, arithmetic), arithmetic.number(0)
        found: list[Response] = []

        def follow(position: int, log_p: Real, s: Real, h: Real, length: int) -> None:
            for then, token in zip(self.then[position], tokens[position], strict=True):
                sums = log_p + token[0], s + token[1], h + token[2]
                if then:
                    follow(then, *sums, length + 1)
                else:
                    verdict = self.correct[len(found)]
                    found.append(
                        Response(sums[0], (sums[1],), {(0, 0): sums[2]}, length + 1, verdict)
                    )

        follow(0, zero, zero, zero, 0)
        return tuple(found)

    @property
    def longest(self) -> int:
        """T_max."""
        depth = [1] * len(self.then)
        for position, branch in enumerate(self.then):
            for follower in filter(None, branch):
                depth[follower] = depth[position] + 1
        return max(depth)


class TokenBounds(BentTree):
    """The same tree, bounded token by token."""

    def extremes(self, theta: Vector, w: Vector, arithmetic: Arithmetic) -> Constants:
        """The largest |s_t| and |h_t| of a token at theta (1) along w (1)."""
        along, number = arithmetic.number(w[0]), arithmetic.number
        with arithmetic.working():
            tokens = [x for branch in self.tokens((number(theta[0]),), arithmetic) for x in branch]
            return Constants(
                abs(along) * arithmetic.largest(*(abs(s) for _, s, _ in tokens)),
                along * along * arithmetic.largest(*(abs(h) for _, _, h in tokens)),
            )


@dataclass(frozen=True)
class Here:
    """A policy at a point, with bounds G_p, L_p of its tokens there (or on a segment) and T_max."""

    point: Point
    tokens: Constants
    longest: int

    @property
    def sigma2(self) -> Real:
        """sigma^2 = G_p^2 T_max."""
        return self.tokens.score**2 * self.longest

    @property
    def hessian(self) -> Real:
        """L_p T_max."""
        return self.tokens.hessian * self.longest

    @property
    def alignment(self) -> Real:
        """Delta mu."""
        return self.point.gap[0]

    def square(self, correct: bool | None) -> Real:
        """E_±[s^2], or E[s^2]."""
        return self.point.moment(correct, (1,), score=2)

    def length(self, correct: bool | None) -> Real:
        """E_±[T], or E[T]."""
        return self.point.moment(correct, (1,), length=1)


@dataclass(frozen=True)
class Tree:
    """A `BentTree`, a segment [start, start + 2^-halvings], and what a claim may ask besides.

    `values` has a number for each response (a random variable, or the weights of an event),
    `rate` is an exponent.
    """

    levels: tuple[tuple[float, ...], ...]
    slopes: tuple[tuple[float, ...], ...]
    bends: tuple[tuple[float, ...], ...]
    then: tuple[tuple[int, ...], ...]
    correct: tuple[bool, ...]
    values: tuple[float, ...]
    rate: float
    start: float
    halvings: float

    @classmethod
    def drawn(cls, rng: random.Random) -> Tree:
        """One to four branches of two or three tokens, at most three tokens deep."""
        shape, depth = [[0] * rng.randint(2, 3)], [1]
        for position in range(rng.randint(0, 3)):
            free = [(b, k) for b, row in enumerate(shape) for k, x in enumerate(row)
                    if not x and depth[b] < 3]  # fmt: skip
            branch, token = rng.choice(free)
            shape[branch][token] = position + 1
            shape.append([0] * rng.randint(2, 3))
            depth.append(depth[branch] + 1)
        ends = sum(not x for row in shape for x in row)
        levels, slopes, bends = (
            tuple(gaussian(rng, len(row)) for row in shape) for _ in range(3)
        )  # fmt: skip
        if rng.random() < 0.3:
            bends = tuple(tuple(0.0 for _ in row) for row in shape)
        return cls(
            levels, slopes, bends, tuple(map(tuple, shape)), _verdicts(rng, ends),
            gaussian(rng, ends), rng.gauss(0, 1), rng.gauss(0, 0.5), rng.uniform(0, 12),
        )  # fmt: skip

    def moved(self, rng: random.Random, scale: float) -> Tree:
        """Some of the numbers moved a little, and at times a verdict turned round."""
        correct = list(self.correct)
        if rng.random() < 0.1:
            place = rng.randrange(len(correct))
            correct[place] = not correct[place]
        return replace(
            self,
            levels=tuple(nudged(row, rng, scale) for row in self.levels),
            slopes=tuple(nudged(row, rng, scale) for row in self.slopes),
            bends=tuple(nudged(row, rng, scale) for row in self.bends),
            correct=tuple(correct) if len(set(correct)) == 2 else self.correct,
            values=nudged(self.values, rng, scale),
            rate=nudged((self.rate,), rng, scale)[0],
            start=nudged((self.start,), rng, scale)[0],
            halvings=min(24.0, max(0.0, self.halvings + rng.gauss(0, 4 * scale))),
        )

    def plain(self) -> dict[str, Plain]:
        """The instance as plain data."""
        return {"family": "token tree", **asdict(self)}

    @property
    def reach(self) -> float:
        """The length of the segment."""
        return float(2.0**-self.halvings)

    def policy(self, number: Callable[[Fraction], Real]) -> TokenBounds:
        """The policy, its numbers made by `number`."""

        def exactly(rows: Sequence[Sequence[float]]) -> Rows:
            return tuple(tuple(number(Fraction(x)) for x in row) for row in rows)

        levels, slopes, bends = map(exactly, (self.levels, self.slopes, self.bends))
        return TokenBounds(levels, slopes, bends, self.then, self.correct)

    def responses(self, arithmetic: Arithmetic) -> tuple[Response, ...]:
        """All responses at the start."""
        return self.policy(arithmetic.number).responses((self._start(arithmetic),), arithmetic)

    def _start(self, arithmetic: Arithmetic) -> Real:
        return arithmetic.number(Fraction(self.start))

    def at(self, offset: Exact, arithmetic: Arithmetic) -> Point:
        """The policy at start + offset."""
        theta = self._start(arithmetic) + arithmetic.number(offset)
        return at(self.policy(arithmetic.number), (theta,), arithmetic)

    def here(self, arithmetic: Arithmetic) -> Here:
        """The start, with the bounds that hold there."""
        policy, start = self.policy(arithmetic.number), self._start(arithmetic)
        bounds = policy.extremes((start,), (1,), arithmetic)
        return Here(at(policy, (start,), arithmetic), bounds, policy.longest)

    def segment(self, arithmetic: Arithmetic) -> Here:
        """The start, with bounds on the segment: proved ones, but in doubles of five points."""
        policy, start = self.policy(arithmetic.number), self._start(arithmetic)
        if isinstance(arithmetic, Doubles):
            found = [
                policy.extremes((start + self.reach * k / 4,), (1,), arithmetic) for k in range(5)
            ]
            bounds = Constants(max(c.score for c in found), max(c.hessian for c in found))
        else:
            rational = self.policy(lambda x: x)  # for the balls in which the segment is covered
            ends = Fraction(self.start), Fraction(self.reach)
            bounds = regularity(rational, ends[:1], ends[1:], arithmetic, pieces=8)
        return Here(at(policy, (start,), arithmetic), bounds, policy.longest)


def _verdicts(rng: random.Random, responses: int) -> tuple[bool, ...]:
    found = [True, False, *(rng.random() < 0.5 for _ in range(responses - 2))]
    rng.shuffle(found)
    return tuple(found)


SIGNS = (ScoredToken(-1, -1), ScoredToken(1, 1))
"""Tokens -1 and 1, equally likely at 0: there |s_t| = 1 and h_t = -1."""


def signs_here(length: int, accepts: Callable[[int], bool], arithmetic: Arithmetic) -> Here:
    """T independent signs at 0, judged by their sum."""
    point = at(IidTokens(length, SIGNS, accepts), (0,), arithmetic)
    one = arithmetic.number(1)
    return Here(point, Constants(one, one), length)
