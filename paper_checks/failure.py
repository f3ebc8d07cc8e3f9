"""Catastrophic failure: perfectly aligned steps that are too long make J fall, every time, to 0.

The instance is that of `trajectory.collapse`: two responses with log-odds
``f(x) = -a x + (b/omega) sin(omega x)``, 0 < a < b, and steps of length 2 pi/omega along the
Gradient Gap.  Beside it stands what cannot fail: tabular softmax has no threshold at all.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from fractions import Fraction
from functools import partial
from itertools import islice, pairwise

from derivations.policies import (
    ALGORITHMS,
    Constants,
    Jet,
    Point,
    TwoResponses,
    at,
    expected,
    normalised,
    run,
    softmax_bandit,
)
from derivations.policies.arithmetic import Arithmetic
from derivations.policies.dynamics import Rule
from paper_checks.claims import EXACTLY, Claim, Plain, Trial, apart, by_index, over
from paper_checks.families import ROUGHLY, verdicts

STEPS = 60


def _log_odds(a: Fraction, b: Fraction, omega: Fraction, x: Jet) -> Jet:
    return -a * x + b / omega * (omega * x).sin()


def waves(a: Fraction, b: Fraction, omega: Fraction) -> TwoResponses:
    """The two responses with log-odds f (`trajectory.collapse`)."""
    return TwoResponses(partial(_log_odds, a, b, omega), 1)


def wave_constants(
    a: Fraction, b: Fraction, omega: Fraction, arithmetic: Arithmetic
) -> Constants:  # fmt: skip
    """G = a + b and L = b omega + (a+b)^2/4, everywhere (`trajectory.realisable`)."""
    return Constants(arithmetic.number(a + b), arithmetic.number(b * omega + (a + b) ** 2 / 4))


def collapse(
    a: Fraction, b: Fraction, omega: Fraction, times: Fraction, arithmetic: Arithmetic
) -> Iterator[Point]:
    """The run from 0 with steps of length times 2 pi/omega along the update of GRPO."""
    with arithmetic.working():
        # pi = 4 atan 1
        turn = 8 * arithmetic.call("atan", arithmetic.number(1)) / arithmetic.number(omega)
        rule: Rule = normalised(arithmetic.number(times) * turn)
    update = expected(ALGORITHMS["grpo"], 4)
    return run(waves(a, b, omega), (0,), update, rule, arithmetic)


def _shape(index: int) -> tuple[Fraction, Fraction, Fraction]:
    rng = random.Random(index)
    b = Fraction(rng.randint(1, 400), 100)
    return b * Fraction(rng.randint(1, 99), 100), b, Fraction(rng.randint(1, 2000), 100)


def _plain(a: Fraction, b: Fraction, omega: Fraction) -> dict[str, Plain]:
    return {"family": "collapse", "a": str(a), "b": str(b), "omega": str(omega), "steps": STEPS}


def _falls(index: int) -> Trial:
    points = list(islice(collapse(*_shape(index), Fraction(1), EXACTLY), STEPS + 1))
    worst = max(after.success / before.success for before, after in pairwise(points))
    return Trial(worst, _plain(*_shape(index)))


def _aligned(index: int) -> Trial:
    a, b, omega = _shape(index)
    points = list(islice(collapse(a, b, omega, Fraction(1), EXACTLY), STEPS + 1))
    update = expected(ALGORITHMS["grpo"], 4)
    cosines = [(update(p)[0] / abs(update(p)[0])) * (p.gap[0] / abs(p.gap[0])) for p in points]
    gaps = [p.gap[0] for p in points]
    wanted = [EXACTLY.number(b - a)] * len(points)
    return Trial(apart([*cosines, *gaps], [1] * len(points) + wanted), _plain(a, b, omega))


def _linear(index: int) -> Trial:
    a, b, omega = _shape(index)
    points = list(islice(collapse(a, b, omega, Fraction(1), EXACTLY), STEPS + 1))
    fall = 8 * EXACTLY.call("atan", EXACTLY.number(1)) * EXACTLY.number(a / omega)
    return Trial(
        apart([p.log_odds for p in points[1:]], [-k * fall for k in range(1, STEPS + 1)]),
        _plain(a, b, omega),
    )


def _times_threshold(index: int) -> Trial:
    """The step is [4 pi b + 3 pi (a+b)^2/omega]/(b-a) times Delta mu/kappa: more than 4 pi."""
    a, b, omega = _shape(index)
    number = EXACTLY.number
    pi = 4 * EXACTLY.call("atan", number(1))
    step = 2 * pi / number(omega)
    threshold = number(b - a) / wave_constants(a, b, omega, EXACTLY).kappa
    said = (4 * pi * number(b) + 3 * pi * number((a + b) ** 2 / omega)) / number(b - a)
    return Trial(apart([step / threshold], [said]), _plain(a, b, omega))


def _limit(index: int) -> Trial:
    """That multiple exceeds 4 pi by at most max(16 pi a/b, 27 pi b/omega), for a <= b/2."""
    _, b, omega = _shape(index)
    a = b * Fraction(random.Random(index).randint(1, 50), 100)
    return _excess(a, b, omega)


def _excess(a: Fraction, b: Fraction, omega: Fraction) -> Trial:
    pi = 4 * EXACTLY.call("atan", EXACTLY.number(1))
    times = (4 * b + 3 * (a + b) ** 2 / omega) / (b - a)
    bound = max(16 * a / b, 27 * b / omega)
    excess = pi * EXACTLY.number(times - 4)
    return Trial(over(excess, pi * EXACTLY.number(bound)), _plain(a, b, omega))


def _worst_excess(seed: int) -> Iterator[Trial]:
    """Both terms of the excess at their bounds: a = b/2 and omega = 27 b/8."""
    yield _excess(Fraction(1), Fraction(2), Fraction(27, 4))


def _realised(index: int) -> Trial:
    a, b, omega = _shape(index)
    rng = random.Random(-index)
    bounds = wave_constants(a, b, omega, ROUGHLY)
    worst, where = -1.0, Fraction(0)
    for _ in range(200):
        x = Fraction(rng.uniform(-10, 10))
        found = waves(a, b, omega).extremes((x,), (1,), ROUGHLY)
        ratio = max(found.score / bounds.score, found.hessian / bounds.hessian)
        worst, where = max((worst, where), (ratio, x))
    exact = waves(a, b, omega).extremes((where,), (1,), EXACTLY)
    bounds = wave_constants(a, b, omega, EXACTLY)
    ratio = max(exact.score / bounds.score, exact.hessian / bounds.hessian)
    return Trial(ratio, {**_plain(a, b, omega), "x": str(where)})


def _tabular(index: int) -> Trial:
    """Delta ell >= eta sum over O+ of pi_+(o)^2, for steps eta gamma of any size."""
    rng = random.Random(index)
    n = rng.randint(2, 8)
    bandit = softmax_bandit(verdicts(rng, n))
    offsets = tuple(Fraction(rng.gauss(0, 2)) for _ in range(n))
    eta = Fraction(10) ** rng.randint(-6, 3) * rng.randint(1, 9)
    before = at(bandit, offsets, EXACTLY)
    rate = EXACTLY.number(eta)
    theta = tuple(x + rate * g for x, g in zip(before.theta, before.gap, strict=True))
    after = at(bandit, theta, EXACTLY)
    squares = sum(
        g * g for g, correct in zip(before.gap, bandit.correct, strict=True) if correct
    )  # gamma(o) = pi_+(o) on O+
    instance = {
        "family": "tabular", "correct": list(bandit.correct), "theta": list(map(str, offsets)),
        "eta": str(eta),
    }  # fmt: skip
    return Trial(over(rate * squares, after.log_odds - before.log_odds), instance)


CLAIMS = (
    Claim(
        "failure.falls",
        "steps 2 pi/omega along gamma: J_(k+1) < J_k for every k",
        ("trajectory.collapse",),
        {"random": by_index(_falls, 20)},
    ),
    Claim(
        "failure.aligned",
        "there the alignment is perfect: cos = 1 and Dmu_k = b - a for every k",
        ("trajectory.collapse",),
        {"random": by_index(_aligned, 20)},
    ),
    Claim(
        "failure.linear",
        "there ell_k = ell_0 - 2 pi a k/omega, so J_k -> 0",
        ("trajectory.collapse",),
        {"random": by_index(_linear, 20)},
    ),
    Claim(
        "failure.times-threshold",
        "that step is [4 pi b + 3 pi (a+b)^2/omega]/(b-a) times Dmu/kappa",
        ("trajectory.collapse",),
        {"random": by_index(_times_threshold, 100)},
    ),
    Claim(
        "failure.limit",
        "a <= b/2: that multiple exceeds 4 pi by at most max(16 pi a/b, 27 pi b/omega)",
        ("trajectory.collapse",),
        {"random": by_index(_limit, 100), "extremal": _worst_excess},
    ),
    Claim(
        "failure.realisable",
        "two responses with log-odds f: |s| <= g, |h| <= b + g^2/4",
        ("trajectory.realisable",),
        {"random": by_index(_realised, 40)},
    ),
    Claim(
        "failure.tabular",
        "tabular softmax, any step eta gamma: gain >= eta sum_(O+) pi_+^2",
        ("trajectory.tabular",),
        {"random": by_index(_tabular, 300)},
    ),
)
