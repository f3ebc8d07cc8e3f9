r"""What one step does, and what bounds the curvature: the ground under the thresholds.

Every bound is tried on `Line` instances, random, made worse by a search, and near the policy of
`trajectory.sharp`, where the curvature is kappa.  The constants G and L are valid on the segment
of the step (those of a single point, for a bound on the curvature at that point).
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Mapping
from fractions import Fraction
from functools import partial
from typing import TypeAlias

from derivations.policies import Constants, Point
from derivations.policies.arithmetic import Arithmetic
from paper_checks.claims import EXACTLY, Claim, Real, Trial, by_index, over
from paper_checks.families import ROUGHLY, Bound, Line, at_success, kappa, paper, sharp
from paper_checks.search import climb

Sides: TypeAlias = Callable[[Line, Arithmetic], tuple[Real, Real] | None]
"""Both sides of a claim left <= right on an instance; None where it says nothing."""

DELTAS = tuple(Fraction(1, 10**k) for k in range(1, 10))
SHAPES = ((1, 1), (3, 1), (1, 5), (1, 200))
"""Pairs G, L of the extremal policies."""


def sources(
    sides: Sides, *, samples: int = 120, searches: int = 4, starts: int = 60, tries: int = 4000
) -> Mapping[str, Callable[[int], Iterator[Trial]]]:
    """Random, searched and extremal instances of a claim about a line."""

    def tried(line: Line) -> Trial | None:
        found = sides(line, EXACTLY)
        return None if found is None else Trial(over(*found), line.plain())

    def sampled(index: int) -> Trial | None:
        return tried(Line.drawn(random.Random(index)))

    def roughly(line: Line) -> float | None:
        found = sides(line, ROUGHLY)
        # A side that doubles do not resolve says nothing.
        return found[0] / found[1] if found is not None and found[1] > 1e-9 else None

    def searched(index: int) -> Trial | None:
        rng = random.Random(index)
        return tried(climb(Line.drawn, roughly, rng, starts=starts, tries=tries))

    def extremal(seed: int) -> Iterator[Trial]:
        for G, L in SHAPES:
            for delta in DELTAS:
                for mirrored in (False, True):
                    trial = tried(sharp(G, L, delta, mirrored))
                    if trial is not None:
                        yield trial

    return {
        "random": by_index(sampled, samples),
        **{
            f"search {k}": by_index(lambda index, k=k: searched(searches * index + k), 1)  # type: ignore[misc]
            for k in range(searches)
        },
        "extremal": extremal,
    }


def curvature(share: Fraction, line: Line, arithmetic: Arithmetic) -> tuple[Real, Real]:
    """|ell''| <= share * kappa, at the start of the segment."""
    bound = line.here(arithmetic).kappa * arithmetic.number(share)
    return abs(line.at(0, arithmetic).curvature((1,))), bound


def success_curvature(line: Line, arithmetic: Arithmetic) -> tuple[Real, Real]:
    """-ell'' <= K(J), at the start of the segment."""
    point = line.at(0, arithmetic)
    return -point.curvature((1,)), line.here(arithmetic).at_success(point)


def gap_norm(line: Line, arithmetic: Arithmetic) -> tuple[Real, Real]:
    """|gamma| <= G/max(J, 1-J), at the start of the segment."""
    point = line.at(0, arithmetic)
    return abs(point.gap[0]), line.here(arithmetic).score / max(point.success, point.failure)


Step: TypeAlias = Callable[[Constants, Real, Point, Point], tuple[Real, Real]]
"""Both sides from the constants, the step, and the points before and after it."""


def whole(step: Step, line: Line, arithmetic: Arithmetic) -> tuple[Real, Real]:
    """A claim about the step that is the whole segment."""
    reach = Fraction(line.reach)
    before, after = line.at(0, arithmetic), line.at(reach, arithmetic)
    return step(line.constants(arithmetic), arithmetic.number(reach), before, after)


def descent(
    share: Fraction, constants: Constants, eta: Real, before: Point, after: Point
) -> tuple[Real, Real]:
    """|ell(eta) - ell(0) - eta Delta mu| <= share * kappa eta^2/2."""
    change = after.log_odds - before.log_odds - eta * before.gap[0]
    factor = before.arithmetic.number(share)
    return abs(change), factor * constants.kappa * eta * eta / 2


def below(constants: Constants, eta: Real, before: Point, after: Point) -> tuple[Real, Real]:
    """eta Delta mu - (ell(eta) - ell(0)) <= L eta^2/(2 (1-J))."""
    lost = eta * before.gap[0] - (after.log_odds - before.log_odds)
    return lost, constants.hessian * eta * eta / (2 * before.failure)


def above(constants: Constants, eta: Real, before: Point, after: Point) -> tuple[Real, Real]:
    """ell(eta) - ell(0) - eta Delta mu <= L eta^2/(2 J)."""
    won = after.log_odds - before.log_odds - eta * before.gap[0]
    return won, constants.hessian * eta * eta / (2 * before.success)


def log_success(constants: Constants, eta: Real, before: Point, after: Point) -> tuple[Real, Real]:
    """log J + eta (1-J) Delta mu - log J(eta) <= L eta^2/2."""
    log = partial(before.arithmetic.call, "log")
    lost = log(before.success / after.success) + eta * before.failure * before.gap[0]
    return lost, constants.hessian * eta * eta / 2


def limited(
    bound: Bound,
    times: Fraction,
    sides: Callable[[Real, Real, Real], tuple[Real, Real]],
    line: Line,
    arithmetic: Arithmetic,
) -> tuple[Real, Real] | None:
    """A claim about the step `times` Delta mu/bound, or the whole segment if that is shorter.

    `sides` has both sides from the gain ell(eta) - ell(0), from eta Delta mu, and from the part
    of eta Delta mu that the step may lose, bound eta^2/2.
    """
    found = step(bound, times, line, arithmetic)
    if found is None:
        return None
    eta, limit, before, after = found
    gain = after.log_odds - before.log_odds
    return sides(gain, eta * before.gap[0], limit * eta * eta / 2)


def step(
    bound: Bound, times: Fraction, line: Line, arithmetic: Arithmetic
) -> tuple[Real, Real, Point, Point] | None:
    """The step `times` Delta mu/bound, or the whole segment if that is shorter.

    Its length, the bound, and the points before and after it; None if Delta mu <= 0.
    """
    before = line.at(0, arithmetic)
    if not before.gap[0] > 0:
        return None
    limit = bound(line.constants(arithmetic), before)
    reach = arithmetic.number(Fraction(line.reach))
    eta = min(arithmetic.number(times) * before.gap[0] / limit, reach)
    return eta, limit, before, line.at(eta, arithmetic)


def keeps_half(gain: Real, aligned: Real, loss: Real) -> tuple[Real, Real]:
    """eta Delta mu/2 <= gain."""
    return aligned / 2, gain


def at_most_three_halves(gain: Real, aligned: Real, loss: Real) -> tuple[Real, Real]:
    """gain <= 3 eta Delta mu/2."""
    return gain, 3 * aligned / 2


def rises(gain: Real, aligned: Real, loss: Real) -> tuple[Real, Real]:
    """0 < gain, as what is lost is less than all: eta Delta mu - gain <= eta Delta mu."""
    return aligned - gain, aligned


def best_gain(gain: Real, aligned: Real, loss: Real) -> tuple[Real, Real]:
    """What is guaranteed, eta Delta mu - bound eta^2/2, is gained."""
    return aligned - loss, gain


def below_top(share: Fraction, seed: int) -> Iterator[Trial]:
    """A step 2 delta leads from -delta over the top of ell to delta: Delta mu <= kappa delta."""
    for G, L in SHAPES:
        for delta in DELTAS:
            line = sharp(G, L, delta)
            bound = EXACTLY.number(share * delta) * line.constants(EXACTLY).kappa
            yield Trial(over(line.at(0, EXACTLY).gap[0], bound), line.plain())


ALL = Fraction(1)
ALMOST_TWICE = Fraction(199_999, 100_000)

CLAIMS = (
    Claim(
        "one-step.curvature",
        "|ell''| <= kappa",
        ("trajectory.curvature", "trajectory.sharp"),
        sources(partial(curvature, ALL)),
    ),
    Claim(
        "one-step.success-curvature",
        "-ell'' <= K(J)",
        ("trajectory.success-curvature",),
        sources(success_curvature),
    ),
    Claim("one-step.gap-norm", "|gamma| <= G/max(J, 1-J)", ("gap.norm",), sources(gap_norm)),
    Claim(
        "one-step.descent",
        "|ell(eta) - ell(0) - eta Dmu| <= kappa eta^2/2",
        ("trajectory.descent", "trajectory.sharp"),
        sources(partial(whole, partial(descent, ALL))),
    ),
    Claim(
        "one-step.log-success",
        "log J(eta) >= log J + eta (1-J) Dmu - L eta^2/2",
        ("trajectory.log-success",),
        sources(partial(whole, log_success)),
    ),
    Claim(
        "one-step.below",
        "ell(eta) - ell(0) >= eta Dmu - L eta^2/(2(1-J))",
        ("trajectory.one-step",),
        sources(partial(whole, below)),
    ),
    Claim(
        "one-step.above",
        "ell(eta) - ell(0) <= eta Dmu + L eta^2/(2J)",
        ("trajectory.one-step",),
        sources(partial(whole, above)),
    ),
    Claim(
        "one-step.monotone",
        "eta < 2 Dmu/kappa raises J",
        ("trajectory.monotone", "trajectory.tight-step"),
        sources(partial(limited, kappa, ALMOST_TWICE, rises)),
    ),
    Claim(
        "one-step.below-top",
        "delta before the top of ell: Dmu <= kappa delta, so that 2 delta is nearly 2 Dmu/kappa",
        ("trajectory.tight-step",),
        {"extremal": partial(below_top, ALL)},
        "0.99993",
    ),
    Claim(
        "one-step.monotone-success",
        "eta < 2 Dmu/K(J) raises J",
        ("trajectory.threshold-success", "trajectory.success-step"),
        sources(partial(limited, at_success, ALMOST_TWICE, rises)),
    ),
    Claim(
        "one-step.best",
        "eta = Dmu/kappa gains Dmu^2/(2 kappa)",
        ("trajectory.best-step", "trajectory.step-sizes"),
        sources(partial(limited, kappa, ALL, best_gain)),
    ),
)
"""kappa = 2 L + G^2, K(J) = min((L + G^2)/J, L/(1-J)), Dmu the alignment."""

THRESHOLDS: Mapping[str, Bound] = {"paper": paper, "kappa": kappa, "success": at_success}
