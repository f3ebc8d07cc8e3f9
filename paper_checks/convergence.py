"""The paper's claim of convergence, and the sharper thresholds.

``eta_k <= [Delta mu_k]_+/(2 (L_o + 8 G_o^2))`` for all k implies
``J_K >= J_0/(J_0 + (1-J_0) exp(-M(K)/2))`` (`trajectory.threshold-paper`).  A bound on the
success rate becomes one on the gain in log-odds, which says the same because the log-odds
increase with J: here ``M(K)/2 <= ell_K - ell_0``.

Runs of several steps are tried on log-linear policies (`Run`), single steps on `Line`, on which
the bounds can be attained.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import TypeAlias

from derivations.policies import Point
from derivations.policies.arithmetic import Arithmetic
from paper_checks.claims import EXACTLY, Claim, Real, Trial, by_index, over
from paper_checks.families import ROUGHLY, Bound, Line, Run, Taken, at_success, kappa, paper
from paper_checks.one_step import ALL, at_most_three_halves, keeps_half, limited, step
from paper_checks.one_step import sources as one_step
from paper_checks.search import climb

Sides: TypeAlias = Callable[[Taken], tuple[Real, Real]]
"""Both sides of a claim left <= right about a run."""

_RESOLVED = 1e-6  # a progress M(K) that doubles resolve well


def half(run: Taken) -> tuple[Real, Real]:
    """M(K)/2 <= ell_K - ell_0, that is J_K >= J_0/(J_0 + (1-J_0) exp(-M(K)/2))."""
    return run.progress / 2, run.gain


def three_halves(run: Taken) -> tuple[Real, Real]:
    """ell_K - ell_0 <= 3 M(K)/2, that is J_K <= J_0/(J_0 + (1-J_0) exp(-3M(K)/2))."""
    return run.gain, 3 * run.progress / 2


def below_ceiling(run: Taken) -> tuple[Real, Real]:
    """M(K) <= 2 (ell* - ell_0), ell* the largest log-odds of the run."""
    top = max(point.log_odds for point in run.points)
    return run.progress, 2 * (top - run.points[0].log_odds)


def gradient_sum(run: Taken) -> tuple[Real, Real]:
    """sum of eta_k J_k (1-J_k) [Delta mu_k]_+/2 <= J_K - J_0.

    The latter is J_0 (1-J_K) (exp(ell_K - ell_0) - 1), which loses no digits near 0 and 1.
    """
    steps = zip(run.points, run.sizes, run.alignments, strict=False)
    left = sum(p.success * p.failure * size * max(a, a * 0) for p, size, a in steps) / 2
    return left, _rise(run.points[0], run.points[-1])


def _rise(first: Point, last: Point) -> Real:
    gain = first.arithmetic.call("expm1", last.log_odds - first.log_odds)
    return first.success * last.failure * gain


def gradient_step(line: Line, arithmetic: Arithmetic) -> tuple[Real, Real] | None:
    """The same for the step Delta mu/K(J): eta J (1-J) Delta mu/2 <= J(eta) - J."""
    found = step(at_success, ALL, line, arithmetic)
    if found is None:
        return None
    eta, _, before, after = found
    left = eta * before.success * before.failure * before.gap[0] / 2
    return left, _rise(before, after)


def runs(
    bound: Bound,
    sides: Sides,
    *,
    samples: int = 120,
    searches: int = 2,
    starts: int = 40,
    tries: int = 500,
) -> Mapping[str, Callable[[int], Iterator[Trial]]]:
    """Random and searched runs below a threshold."""

    def ratio(instance: Run, arithmetic: Arithmetic, resolved: float) -> Real | None:
        run = instance.taken(bound, arithmetic)
        return over(*sides(run)) if run.progress > resolved else None

    def tried(instance: Run) -> Trial | None:
        found = ratio(instance, EXACTLY, 0)
        return None if found is None else Trial(found, instance.plain())

    def sampled(index: int) -> Trial | None:
        return tried(Run.drawn(random.Random(index)))

    def searched(index: int) -> Trial | None:
        value = partial(ratio, arithmetic=ROUGHLY, resolved=_RESOLVED)
        return tried(climb(Run.drawn, value, random.Random(index), starts=starts, tries=tries))

    return {
        "random": by_index(sampled, samples),
        **{
            f"search {k}": by_index(lambda index, k=k: searched(searches * index + k), 1)  # type: ignore[misc]
            for k in range(searches)
        },
    }


def both(
    bound: Bound, sides: Sides, line: Callable[[Line, Arithmetic], tuple[Real, Real] | None]
) -> Mapping[str, Callable[[int], Iterator[Trial]]]:
    """Runs of `Run`, and single steps of `Line`."""
    lines = one_step(line)
    return {
        **runs(bound, sides),
        **{
            " ".join((name.split()[0], "one step", *name.split()[1:])): source
            for name, source in lines.items()
        },
    }


_RATE = "J_K >= J_0/(J_0 + (1-J_0) exp(-M/2)) if eta_k <= [Dmu_k]_+/"

CLAIMS = (
    Claim(
        "convergence.paper",
        f"{_RATE}(2(L+8G^2))",
        ("trajectory.threshold-paper",),
        both(paper, half, partial(limited, paper, ALL, keeps_half)),
    ),
    Claim(
        "convergence.kappa",
        f"{_RATE}kappa",
        ("trajectory.threshold", "trajectory.gain"),
        both(kappa, half, partial(limited, kappa, ALL, keeps_half)),
    ),
    Claim(
        "convergence.success",
        f"{_RATE}K(J_k)",
        ("trajectory.threshold-success", "trajectory.success-step"),
        both(at_success, half, partial(limited, at_success, ALL, keeps_half)),
        "0.9998",
    ),
    Claim(
        "convergence.two-sided",
        "J_K <= J_0/(J_0 + (1-J_0) exp(-3M/2)) if eta_k <= [Dmu_k]_+/kappa",
        ("trajectory.two-sided", "trajectory.gain", "trajectory.stagnation"),
        both(kappa, three_halves, partial(limited, kappa, ALL, at_most_three_halves)),
    ),
    Claim(
        "convergence.ceiling",
        "M <= 2 (ell* - ell_0) if J <= J* and eta_k <= [Dmu_k]_+/kappa",
        ("trajectory.ceiling",),
        both(kappa, below_ceiling, partial(limited, kappa, ALL, keeps_half)),
    ),
    Claim(
        "convergence.gradient-sum",
        "sum eta_k J_k (1-J_k) [Dmu_k]_+/2 <= J_K - J_0 if eta_k <= [Dmu_k]_+/K(J_k)",
        ("trajectory.gradient-sum",),
        both(at_success, gradient_sum, gradient_step),
    ),
)
