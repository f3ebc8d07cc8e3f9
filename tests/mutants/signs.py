"""False variants of what is said of independent signs, and of steps across a maximum."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from fractions import Fraction as Q
from typing import Any

from derivations.kernel.terms import exp, log, lt, num
from derivations.theory.token import necessary, signs
from derivations.theory.token.tails import SIGMA2, lam_, mean
from derivations.theory.trajectory import top

from .evaluation import Instance
from .token import _instance, _sign
from .variants import Mutant, claims, drops


def vectors(length: int, least: int, *reals: Any, **values: Any) -> Instance:
    """All sign vectors of a length, those with |sum| < `least` being correct; b = tau = `least`."""
    labels: Sequence[tuple[int, ...]] = list(itertools.product((1, -1), repeat=length))
    rewards = [int(abs(sum(label)) < least) for label in labels]
    given = {
        "b": Q(least), "tau": Q(least), "G": Q(1), "f": lambda z: z**3 + z**2,
        "o": lambda k, i: labels[int(i)][int(k)], **values,
    }  # fmt: skip
    return _instance(labels, _sign, length, rewards, *reals, **given)


PAIRS = vectors(2, 1, Q(1))
TILTED = vectors(2, 1, Q(1), t=Q(1))
"""At t = 1 the signs are not fair: most of them are 1."""

STEPS = vectors(2, 1, Q(1, 100), Q(2), K=Q(1))
THREE = vectors(3, 2, Q(1, 100), Q(2))
"""Three signs: P(O-) = 1/4, and the curvature is -8."""

T_max, x, rho, delta = signs.T_max, signs.x, top.rho, top.delta
score, J, K = signs.line.score(signs.t, signs.i), top.J, top.K
_end = -delta + rho * (2 * top.Dmu(-delta) / K)
_falls = lt(J(_end), J(-delta))
_order = necessary._order

MUTANTS: list[Mutant] = [
    Mutant(
        "trajectory.past-the-top", "short steps", "rho > 1 becomes rho > 0",
        claims(lt(1, rho), lt(0, rho)), STEPS, "a short step raises J",
    ),
    Mutant(
        "trajectory.past-the-top", "rises", "J rises", claims(_falls, lt(J(-delta), J(_end))),
        STEPS, "the step goes far across the top",
    ),
    Mutant(
        "trajectory.past-the-top", "no curvature", "K need not be below the curvature", drops(3),
        vectors(2, 1, Q(1, 100), Q(2), K=Q(400)), "the step ends before the top",
    ),
    Mutant(
        "token.sign-law", "unfair", "the signs need not be fair", drops(3), TILTED,
        "the mean of s^3 is not 0",
    ),
    Mutant(
        "token.sign-law", "twice", "E[f(s)] = 2 E[f(-s)]",
        claims(mean(signs.f(-score)), 2 * mean(signs.f(-score))), PAIRS, "both are 2",
    ),
    Mutant(
        "token.sign-moments", "Gaussian", "the fourth moment is 3 sigma^4",
        claims(3 * T_max**2 - 2 * T_max, 3 * T_max**2), PAIRS, "it is 8",
    ),
    Mutant(
        "token.sign-moments", "exponent", "lambda^2 sigma^2/4 becomes lambda^2 sigma^2",
        claims(exp(lam_**2 * SIGMA2 / 4), exp(lam_**2 * SIGMA2)), PAIRS,
        "cosh(1)^2 = 2.38 against 7.39",
    ),
    Mutant(
        "token.sign-tail", "third", "T log 2 becomes T log(2)/3",
        claims(T_max * log(2), T_max * log(2) / 3), PAIRS, "P(O-) = 1/2 and T = 2",
    ),
    Mutant(
        "token.sign-tail", "1/5", "40 becomes 1/5", claims(num(40), num(Q(1, 5))), PAIRS,
        "1.39 against 3/5",
    ),
    Mutant(
        "token.sign-spread", "half", "9 becomes 1/2", claims(num(9), num(Q(1, 2))), PAIRS,
        "the second moments are 4 and 0",
    ),
    Mutant(
        "token.sign-spread", "any event", "the incorrect responses need not be rare", drops(4),
        vectors(2, 1, Q(1), r=lambda i: (1, 0, 0, 1)[int(i)]),
        "the correct responses are those with large scores",
    ),
    Mutant(
        "token.length-necessary", "third", "T log 2 becomes T log(2)/3",
        claims(T_max * log(2), T_max * log(2) / 3), STEPS, "P(O-) = 1/2 and T = 2",
    ),
    Mutant(
        "token.length-necessary", "four times", "the lower bound is 4 G^2 T log(1/P)",
        claims(_order / 360, 4 * _order), STEPS, "the curvature is -4",
    ),
    Mutant(
        "token.length-necessary", "once", "the upper bound is G^2 T log(1/P)",
        claims(5 * _order, _order), THREE, "8 against 4.16",
    ),
]  # fmt: skip
