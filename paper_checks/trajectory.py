r"""The step-size thresholds of the trajectory level, tried on softmax policies.

The paper's publicly stated claim of convergence (`trajectory.threshold-paper`): if every
step obeys ``eta_k <= [Delta mu_k]_+ / (2 (L_o + 8 G_o^2))`` then
``J_K >= J_0 / (J_0 + (1 - J_0) exp(-M(K)/2))``.  Beside it stand the sharper thresholds and
the bounds they rest on, which are this project's.

Every claim is brought to the form left <= right.  A bound on the success rate becomes one on
the gain in log-odds, which says the same because the log-odds increase with J: the claim of
convergence holds exactly if ``M(K)/2 <= ell_K - ell_0``.

Runs are tried on `LogLinear` policies along random unit directions, the worst of them made
worse by a search, and on `ThreeResponses` near the point where its curvature is kappa.  The
search works in doubles; verdicts come from `DIGITS` digits.  Every ratio is computed with
`GUARD` digits more and then rounded, so that equality reads as 1.

In the log-linear family H is the same for all responses, so ell'' = Var_+ - Var_- is at most
D^2/4 = kappa/6 in absolute value: there, a step up to Delta mu/kappa gains at least 11/12 of
its alignment, and the ratio of `trajectory.threshold` stays below 6/11.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any, Literal, TypeAlias

from paper_checks.softmax import (
    Constants,
    Local,
    LogLinear,
    Policy,
    Real,
    ThreeResponses,
    Vector,
    dot,
    precision,
)

DIGITS = 50
GUARD = 20

_RESOLVED = 1e-6  # a progress M(K) that doubles resolve well

Verdict: TypeAlias = Literal["holds", "violated"]


class VacuousError(Exception):
    """A claim that no instance put to the test: its hypotheses never left anything to show."""


@dataclass(frozen=True)
class Check:
    """What became of one claim.

    `statements` are the ids of the statements it tries, `instances` how many policies and
    runs it was tried on, `worst` the largest ratio left/right as a decimal of `digits` digits.
    """

    claim: str
    statements: tuple[str, ...]
    instances: int
    worst: str
    digits: int
    verdict: Verdict

    @property
    def holds(self) -> bool:
        """Whether the claim held on every instance."""
        return self.verdict == "holds"


def judge(
    claim: str, statements: tuple[str, ...], ratios: Iterator[Real], digits: int = DIGITS
) -> Check:
    """The verdict on a claim from its ratios left/right: it holds if none exceeds 1.

    Ratios are rounded to `digits` digits before they are compared; an infinite one (right
    side not positive, left side positive) is a violation.  Raises `VacuousError` if there are
    none, and `ArithmeticError` for one that is not a number.

    >>> made = judge("1/3 <= 1", ("doc.example",), iter([precision(70).mpf(1) / 3]), 5)
    >>> made.worst, made.verdict
    ('0.33333', 'holds')
    """
    rounding = precision(digits)
    count, worst = 0, None
    for ratio in ratios:
        rounded = rounding.mpf(ratio)
        if rounding.isnan(rounded):
            raise ArithmeticError(f"{claim}: the ratio of an instance is not a number")
        worst = rounded if worst is None or rounded > worst else worst
        count += 1
    if worst is None:
        raise VacuousError(f"{claim}: no instance puts it to the test")
    verdict: Verdict = "holds" if worst <= 1 else "violated"
    return Check(claim, statements, count, rounding.nstr(worst, digits), digits, verdict)


# Runs ----------------------------------------------------------------------------------------

Limit: TypeAlias = Callable[[Constants, Local], Real]
"""The largest allowed step over [Delta mu]_+, from the constants and where the step starts."""


@dataclass(frozen=True)
class Run:
    """A run that was carried out: the log-odds before step 0 and after the last, and M(K).

    `points` holds the policy at the start of each step, `sizes` the steps, `end` the last
    theta; `progress` is M(K) of `gap.progress`.
    """

    first: Real
    last: Real
    progress: Real
    points: tuple[Local, ...]
    sizes: tuple[Real, ...]
    end: tuple[Real, ...]

    @property
    def gain(self) -> Real:
        """ell_K - ell_0."""
        return self.last - self.first


def carry_out(
    policy: Policy,
    constants: Constants,
    start: Vector,
    directions: Sequence[Vector],
    fractions: Vector,
    limit: Limit,
) -> Run:
    """The run from `start` (d) along unit `directions` (K x d), K at least 1.

    Step k is its share `fractions[k]` of `limit` times [Delta mu_k]_+, so that one whose
    direction is not aligned with the Gradient Gap has size 0, as every threshold demands.
    """
    theta, unit = tuple(start), directions[0]
    points, sizes, progress = [], [], 0
    for unit, fraction in zip(directions, fractions, strict=True):
        here = policy.at(theta, unit)
        aligned = max(here.alignment, 0)
        size = fraction * limit(constants, here) * aligned
        theta = tuple(x + size * w for x, w in zip(theta, unit, strict=True))
        points.append(here)
        sizes.append(size)
        progress += size * aligned
    last = policy.at(theta, unit).log_odds
    return Run(points[0].log_odds, last, progress, tuple(points), tuple(sizes), theta)


def paper_limit(constants: Constants, here: Local) -> Real:
    """1/(2 (L_o + 8 G_o^2)): `trajectory.threshold-paper`."""
    return 1 / constants.paper


def kappa_limit(constants: Constants, here: Local) -> Real:
    """1/(2 L_o + G_o^2): `trajectory.threshold`."""
    return 1 / constants.kappa


def success_limit(constants: Constants, here: Local) -> Real:
    """1/K(J) at the start of the step: `trajectory.threshold-success`."""
    return 1 / constants.at_success(here.success, here.failure)


def at_least_half(run: Run) -> tuple[Real, Real]:
    """M(K)/2 <= ell_K - ell_0, that is J_K >= J_0/(J_0 + (1 - J_0) exp(-M(K)/2))."""
    return run.progress / 2, run.gain


def at_most_three_halves(run: Run) -> tuple[Real, Real]:
    """ell_K - ell_0 <= 3 M(K)/2, that is J_K <= J_0/(J_0 + (1 - J_0) exp(-3 M(K)/2))."""
    return run.gain, 3 * run.progress / 2


@dataclass(frozen=True)
class Threshold:
    """A claim about runs: steps up to `limit` imply left <= right for both `sides` of a run."""

    limit: Limit
    sides: Callable[[Run], tuple[Real, Real]]

    def ratio(self, run: Run, ctx: Any) -> Real:
        """Left over right; infinite if the right side is not positive, though M(K) is."""
        left, right = self.sides(run)
        return left / right if right > 0 else ctx.inf


# Random runs of the log-linear family -----------------------------------------------------------


@dataclass(frozen=True)
class Instance:
    """A log-linear policy and a run, all in doubles (exact numbers for any arithmetic).

    n responses with `features` (n x d), `offsets` (n) and `correct` (n); `start` in R^d;
    `directions` (K x d), normalised before use; `fractions` (K) in (0, 1], each step's share
    of the largest step that the hypothesis of a claim allows.
    """

    features: tuple[tuple[float, ...], ...]
    offsets: tuple[float, ...]
    correct: tuple[bool, ...]
    start: tuple[float, ...]
    directions: tuple[tuple[float, ...], ...]
    fractions: tuple[float, ...]

    def policy(self, ctx: Any) -> LogLinear:
        """The policy, in the arithmetic `ctx`."""
        features = tuple(_exact(f, ctx) for f in self.features)
        return LogLinear(features, _exact(self.offsets, ctx), self.correct, ctx)

    def run(self, limit: Limit, ctx: Any) -> Run:
        """The run, in the arithmetic `ctx`."""
        policy = self.policy(ctx)
        units = [_unit(d, ctx) for d in self.directions]
        fractions, start = _exact(self.fractions, ctx), _exact(self.start, ctx)
        return carry_out(policy, policy.constants(), start, units, fractions, limit)


def _exact(vector: Sequence[float], ctx: Any) -> tuple[Real, ...]:
    return tuple(map(ctx.mpf, vector))


def _unit(direction: Sequence[float], ctx: Any) -> tuple[Real, ...]:
    exact = _exact(direction, ctx)
    length = ctx.sqrt(dot(exact, exact))
    return tuple(x / length for x in exact)


def random_instance(rng: random.Random) -> Instance:
    """Two to six responses, features in R^1 to R^3, one to eight steps in random directions."""
    responses, dimension, steps = rng.randint(2, 6), rng.randint(1, 3), rng.randint(1, 8)
    correct = [True, False, *(rng.random() < 0.5 for _ in range(responses - 2))]

    def vector(size: int, scale: float = 1.0) -> tuple[float, ...]:
        return tuple(rng.gauss(0, scale) for _ in range(size))

    return Instance(
        tuple(vector(dimension) for _ in range(responses)),
        vector(responses, rng.choice((0.5, 3.0))),
        tuple(correct),
        vector(dimension),
        tuple(vector(dimension) for _ in range(steps)),
        tuple(rng.choice((1.0, 1.0, 1.0 - rng.random())) for _ in range(steps)),
    )


def nearby(instance: Instance, rng: random.Random, scale: float) -> Instance:
    """The instance with every number moved a little; fractions stay in (0, 1]."""

    def moved(vector: tuple[float, ...]) -> tuple[float, ...]:
        return tuple(x + rng.gauss(0, scale) for x in vector)

    return replace(
        instance,
        features=tuple(map(moved, instance.features)),
        offsets=moved(instance.offsets),
        start=moved(instance.start),
        directions=tuple(map(moved, instance.directions)),
        fractions=tuple(min(1.0, max(1e-3, x)) for x in moved(instance.fractions)),
    )


def random_ratios(
    claim: Threshold,
    *,
    seed: int = 0,
    samples: int = 300,
    climbs: int = 6,
    tries: int = 1000,
    digits: int = DIGITS,
) -> Iterator[Real]:
    """The ratios of a claim on log-linear policies, with `digits` + `GUARD` digits.

    First `samples` random runs with M(K) > 0, then the `climbs` worst of them, each after
    `tries` attempts to make it worse by moving its numbers.  A seed fixes them all.
    """
    from mpmath import fp

    rng, ctx = random.Random(seed), precision(digits + GUARD)

    def exactly(instance: Instance) -> Real | None:
        run = instance.run(claim.limit, ctx)
        return claim.ratio(run, ctx) if run.progress > 0 else None

    def roughly(instance: Instance) -> float | None:
        run = instance.run(claim.limit, fp)
        return float(claim.ratio(run, fp)) if run.progress > _RESOLVED else None

    tried: list[tuple[Real, Instance]] = []
    for _ in range(20 * samples):
        instance = random_instance(rng)
        ratio = exactly(instance)
        if ratio is not None:
            tried.append((ratio, instance))
            yield ratio
        if len(tried) == samples:
            break
    for _, instance in sorted(tried, key=lambda pair: -pair[0])[:climbs]:
        ratio = exactly(climb(instance, roughly, rng, tries))
        if ratio is not None:
            yield ratio


def climb(
    instance: Instance,
    value: Callable[[Instance], float | None],
    rng: random.Random,
    tries: int,
) -> Instance:
    """Random moves, kept when the value rises; they grow on success and shrink on failure."""
    best, scale = value(instance) or 0.0, 0.5
    for _ in range(tries):
        other = nearby(instance, rng, scale)
        try:
            reached = value(other)
        except (ArithmeticError, ValueError):
            reached = None  # beyond the range of doubles
        if reached is not None and reached > best:
            instance, best, scale = other, reached, scale * 1.5
        else:
            scale = max(scale * 0.95, 1e-4)
    return instance


# The three responses of `trajectory.sharp` --------------------------------------------------------

_SHAPES = ((1, 1), (3, 1), (1, 5), (1, 200))
"""Pairs G_o, L_o."""


def sharp_ratios(claim: Threshold, *, digits: int = DIGITS) -> Iterator[Real]:
    """The ratios of a claim on short runs of `ThreeResponses` near the extreme curvature.

    A run of one, two or three steps starts at distance delta from t = 0, on the side from
    which the Gradient Gap leads up to a maximum of the log-odds (or, for the mirror image,
    away from a minimum).  The constants are valid on [-16 delta, 16 delta]; a run that leaves
    it says nothing and is left out.
    """
    ctx = precision(digits + GUARD)
    for score, hessian in _SHAPES:
        for mirrored in (False, True):
            policy = ThreeResponses(ctx.mpf(score), ctx.mpf(hessian), ctx, mirrored)
            for exponent in range(2, 10):
                delta = ctx.mpf(10) ** -exponent
                constants = policy.constants_on(16 * delta)
                for steps in (1, 2, 3):
                    start = (delta if mirrored else -delta,)
                    ahead = [(1,)] * steps
                    run = carry_out(policy, constants, start, ahead, [1] * steps, claim.limit)
                    if abs(run.end[0]) <= 16 * delta and run.progress > 0:
                        yield claim.ratio(run, ctx)


def run_ratios(claim: Threshold, seed: int = 0) -> Iterator[Real]:
    """The ratios of a claim about runs on both families."""
    yield from random_ratios(claim, seed=seed)
    yield from sharp_ratios(claim)


def curvature_ratios(
    share: Fraction = Fraction(1), *, seed: int = 0, samples: int = 300, digits: int = DIGITS
) -> Iterator[Real]:
    """|ell''| / (share * kappa), on random policies and on the three responses.

    The latter come as close to kappa near t = 0 as one likes, and attain it at t = 0; their
    constants are those of the point alone, which is all the bound needs.
    """
    rng, ctx = random.Random(seed), precision(digits + GUARD)
    factor = ctx.mpf(share.numerator) / share.denominator
    for _ in range(samples):
        instance = random_instance(rng)
        kappa = instance.policy(ctx).constants().kappa
        points = instance.run(kappa_limit, ctx).points
        yield max(abs(point.curvature) for point in points) / (factor * kappa)
    for score, hessian in _SHAPES:
        policy = ThreeResponses(ctx.mpf(score), ctx.mpf(hessian), ctx)
        for t in (ctx.mpf(0), *(ctx.mpf(10) ** -k for k in range(1, 10))):
            kappa = policy.constants_at(t).kappa
            yield abs(policy.at((t,), (1,)).curvature) / (factor * kappa)


def descent_ratios(share: Fraction = Fraction(1), *, digits: int = DIGITS) -> Iterator[Real]:
    """|ell(eta) - ell(0) - eta Delta mu| / (share * kappa eta^2/2) on the three responses.

    The constants are valid on the whole segment [0, eta] (`ThreeResponses.constants_on`).
    """
    ctx = precision(digits + GUARD)
    factor = ctx.mpf(share.numerator) / share.denominator
    for score, hessian in _SHAPES:
        policy = ThreeResponses(ctx.mpf(score), ctx.mpf(hessian), ctx)
        start = policy.at((ctx.mpf(0),), (1,))
        for eta in (ctx.mpf(10) ** -k for k in range(1, 10)):
            change = policy.at((eta,), (1,)).log_odds - start.log_odds - eta * start.alignment
            yield abs(change) / (factor * policy.constants_on(eta).kappa * eta**2 / 2)


# The table -----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Claim:
    """A claim that can be tried: its text, the statements behind it, and its ratios by seed."""

    text: str
    statements: tuple[str, ...]
    ratios: Callable[[int], Iterator[Real]]

    def check(self, seed: int = 0) -> Check:
        """Try it, to `DIGITS` digits."""
        return judge(self.text, self.statements, self.ratios(seed))


PAPER = Threshold(paper_limit, at_least_half)
KAPPA = Threshold(kappa_limit, at_least_half)
SUCCESS = Threshold(success_limit, at_least_half)
ABOVE = Threshold(kappa_limit, at_most_three_halves)

CLAIMS = (
    Claim(
        "J_K >= J_0/(J_0 + (1-J_0) exp(-M/2)) if eta_k <= [Dmu_k]_+/(2(L+8G^2))",
        ("trajectory.threshold-paper",),
        lambda seed: run_ratios(PAPER, seed),
    ),
    Claim(
        "J_K >= J_0/(J_0 + (1-J_0) exp(-M/2)) if eta_k <= [Dmu_k]_+/kappa",
        ("trajectory.threshold",),
        lambda seed: run_ratios(KAPPA, seed),
    ),
    Claim(
        "J_K >= J_0/(J_0 + (1-J_0) exp(-M/2)) if eta_k <= [Dmu_k]_+/K(J_k)",
        ("trajectory.threshold-success",),
        lambda seed: run_ratios(SUCCESS, seed),
    ),
    Claim(
        "J_K <= J_0/(J_0 + (1-J_0) exp(-3M/2)) if eta_k <= [Dmu_k]_+/kappa",
        ("trajectory.two-sided",),
        lambda seed: run_ratios(ABOVE, seed),
    ),
    Claim(
        "|ell''| <= kappa",
        ("trajectory.curvature", "trajectory.sharp"),
        lambda seed: curvature_ratios(seed=seed),
    ),
    Claim(
        "|ell(eta) - ell(0) - eta Dmu| <= kappa eta^2/2",
        ("trajectory.descent", "trajectory.sharp"),
        lambda seed: descent_ratios(),
    ),
)
"""The claims of this module, the paper's first; kappa = 2 L + G^2."""
