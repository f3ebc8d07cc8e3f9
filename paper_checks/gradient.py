"""The policy gradient is J(1-J) times the Gradient Gap.

The gradient is computed in two ways that know nothing of the gap: from the definition, as
the sum over all responses of pi(o) r(o) grad log pi(o), and as the difference quotient of J in
twice the digits.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from fractions import Fraction

from derivations.policies import Numbers, at
from derivations.policies.arithmetic import Vector, dot, softmax
from paper_checks.claims import DIGITS, EXACTLY, Claim, Real, Trial, apart, by_index, over
from paper_checks.families import Run, numbers

FINELY = Numbers(3 * DIGITS)


def _listed(instance: Run) -> tuple[Sequence[Real], Sequence[Vector]]:
    """Probabilities (n) and scores (n x d) of the responses, straight from the definition."""
    features = [numbers(f, EXACTLY) for f in instance.features]
    theta = numbers(instance.start, EXACTLY)
    logits = [
        EXACTLY.number(Fraction(a)) + sum(x * y for x, y in zip(theta, f, strict=True))
        for a, f in zip(instance.offsets, features, strict=True)
    ]
    _, probabilities = softmax(logits, EXACTLY)
    mean = [
        sum(p * f[i] for p, f in zip(probabilities, features, strict=True))
        for i in range(len(theta))
    ]
    return probabilities, [tuple(x - m for x, m in zip(f, mean, strict=True)) for f in features]


def _definition(index: int) -> Trial:
    instance = Run.drawn(random.Random(index))
    point = at(instance.policy(EXACTLY), numbers(instance.start, EXACTLY), EXACTLY)
    listed = list(zip(*_listed(instance), instance.correct, strict=True))
    gradient = [
        sum(p * s[i] for p, s, correct in listed if correct) for i in range(len(point.theta))
    ]
    return Trial(
        apart(gradient, [point.success * point.failure * g for g in point.gap]), instance.plain()
    )


def _quotient(index: int) -> Trial:
    """The error of the quotient is of the order of the step squared: far below 10^-DIGITS."""
    instance = Run.drawn(random.Random(index))
    policy, theta = instance.policy(FINELY), numbers(instance.start, FINELY)
    step = FINELY.number(Fraction(1, 10 ** (DIGITS - 5)))
    point = at(policy, theta, FINELY)
    gradient, slopes = [], []
    for i in range(len(theta)):
        ahead, behind = (
            at(policy, tuple(x + sign * step * (i == j) for j, x in enumerate(theta)), FINELY)
            for sign in (1, -1)
        )
        gradient.append((ahead.success - behind.success) / (2 * step))
        slopes.append((ahead.log_odds - behind.log_odds) / (2 * step))
    wanted = [point.success * point.failure * g for g in point.gap]
    ratio = max(apart(gradient, wanted), apart(slopes, point.gap))
    return Trial(ratio, instance.plain())


def _score_identity(index: int) -> Trial:
    instance = Run.drawn(random.Random(index))
    listed = list(zip(*_listed(instance), instance.correct, strict=True))
    columns = range(len(instance.start))
    plus, minus = (
        [sum(p * s[i] for p, s, correct in listed if correct is side) for i in columns]
        for side in (True, False)
    )
    return Trial(apart(plus, [-x for x in minus]), instance.plain())


def _length(index: int) -> Trial:
    """The length of gamma, over the largest length of a score and over max(J, 1-J)."""
    instance = Run.drawn(random.Random(index))
    point = at(instance.policy(EXACTLY), numbers(instance.start, EXACTLY), EXACTLY)
    _, scores = _listed(instance)
    largest = max(dot(s, s) for s in scores) / max(point.success, point.failure) ** 2
    return Trial(over(dot(point.gap, point.gap), largest), instance.plain())


CLAIMS = (
    Claim(
        "gradient.definition",
        "grad J = E[r grad log pi] = J(1-J) gamma",
        ("gap.policy-gradient",),
        {"random": by_index(_definition, 300)},
    ),
    Claim(
        "gradient.quotient",
        "difference quotients of J and ell are J(1-J) gamma and gamma",
        ("gap.policy-gradient", "gap.log-odds-gradient", "gap.gradient"),
        {"random": by_index(_quotient, 100)},
    ),
    Claim(
        "gradient.score-identity",
        "J g+ + (1-J) g- = 0",
        ("gap.score-identity",),
        {"random": by_index(_score_identity, 300)},
    ),
    Claim(
        "gradient.length",
        "|s| <= G: |gamma| <= G/max(J, 1-J), of vectors",
        ("gap.length",),
        {"random": by_index(_length, 300)},
    ),
)
