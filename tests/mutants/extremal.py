"""False variants of what is said of the squared score under an event, exactly."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction as Q
from typing import Any

from derivations.kernel.terms import le, lt
from derivations.theory.token import extremal
from derivations.theory.token.signs import mean

from .evaluation import Instance
from .signs import PAIRS, TILTED
from .symbols import percent
from .token import HALF, _instance, _sign, scalars, signs
from .variants import Mutant, claims, drops, edits, exchanged, swapped

_POINTS = (Q(1, 2), Q(1))
"""Where quantifiers over reals are tried besides 0: so -x^2 is seen not to be convex."""


def square(x: Any) -> Any:
    """A convex function."""
    return x**2


def upper(x: Any) -> Any:
    """The chance of the top half of two signs, S^2 = 4."""
    return Q(x > 2)


def lower(x: Any) -> Any:
    """The chance of the other half."""
    return Q(x <= 2)


def stopping(f: Any) -> Instance:
    """One sign, and a second one if the first is 1: the second moment is 3/2."""
    labels = [(-1,), (1, 1), (1, -1)]
    return _instance(labels, _sign, 2, (1, 0, 0), *_POINTS, f=f)


def _signs(weights: Sequence[Any], v: Any, *, p: Any, c: Any, **values: Any) -> Instance:
    """Two signs, an event, and the top fraction of S^2 with its quantile."""
    return signs((1, 0, 0, 0), w=lambda i: weights[int(i)], v=v, p=p, c=c, **values)


BOTH = _signs(HALF, upper, p=Q(1, 2), c=Q(4))
"""The event that both signs agree, of probability 1/2: the mean of S^2 is 4."""

THIRD = scalars(
    *(Q(-1, 2), Q(0), Q(1), Q(4)), N=2, p=Q(3, 4), c=Q(0), v=lambda x: Q(1) if x > 0 else Q(1, 2)
)
"""Of two signs all S = 2, -2, and every other S = 0: the mean of S^2 is 8/3."""

line, i, K, N, p = extremal.line, extremal.i, extremal.K, extremal.N, extremal.p
T_max, x, f = extremal.T_max, extremal.x, extremal.f
_score, _tail = line.score(extremal.t, i), extremal.tail(N, x)

MUTANTS: list[Mutant] = [
    Mutant(
        "token.convex-order", "no bound", "the bound on the scores is dropped", drops(2),
        signs((1, 0, 0, 0), *_POINTS, f=square, G_p=Q(1, 10)), "the scores are 1 and -1",
    ),
    Mutant(
        "token.convex-order", "any function", "f need not be convex", drops(3),
        stopping(lambda x: -(x**2)), "-3/2 against -2",
    ),
    Mutant(
        "token.convex-order", "reversed", "<= is turned round", edits((), exchanged),
        stopping(square), "3/2 against 2",
    ),
    Mutant(
        "token.sign-binomial", "unfair", "the signs need not be fair", drops(3), TILTED,
        "the second moment is 2 (1 - tanh(1)^2)",
    ),
    Mutant(
        "token.sign-binomial", "one more", "2K - T becomes 2K + 1 - T",
        claims(2 * K - T_max, 2 * K + 1 - T_max), PAIRS, "S is even",
    ),
    Mutant(
        "token.sign-binomial", "never all", "K < T", claims(le(K, T_max), lt(K, T_max)), PAIRS,
        "both signs may be positive",
    ),
    Mutant(
        "token.sign-binomial", "twice", "E[f(s)] becomes 2 E[f(s)]",
        claims(mean(f(_score)), 2 * mean(f(_score))), PAIRS, "the mean of s^3 + s^2 is 2",
    ),
    Mutant(
        "token.top-mean", "more than all", "p <= 1 becomes p <= 2", claims(le(p, 1), le(p, 2)),
        scalars(*(Q(-1, 2), Q(0), Q(1), Q(4)), N=2, p=Q(3, 2), c=Q(0), v=lambda x: Q(1)),
        "there is no fraction 3/2",
    ),
    Mutant(
        "token.top-mean", "half of the tail", "the tail counts only half",
        edits((1, 1), lambda part: swapped(part, extremal.tail(N, extremal.c) / p,
                                           extremal.tail(N, extremal.c) / p / 2)),
        THIRD, "8/3 against 4/3",
    ),
    Mutant(
        "token.top-mean", "reversed", "the mean is the largest value", edits((1, 1, 1, 0, 0),
        exchanged), THIRD, "at x = 1 it is 3 against 8/3",
    ),
    Mutant(
        "token.extremal", "99/100", "the bound becomes 99/100 of it",
        edits((0,), lambda part: swapped(part, extremal._top, percent(99) * extremal._top)),
        BOTH, "4 against 3.96",
    ),
    Mutant(
        "token.extremal", "no bound", "the bound on the scores is dropped",
        edits((0,), lambda part: part.args[1]),
        _signs(HALF, upper, p=Q(1, 2), c=Q(4), G_p=Q(1, 10)), "the scores are 1 and -1",
    ),
    Mutant(
        "token.extremal", "signed weights", "the weights need not be between 0 and 1",
        edits((0, 1), lambda part: part.args[1]), _signs((4, -1, -1, 0), upper, p=Q(1, 2), c=Q(4)),
        "the mean is then 8",
    ),
    Mutant(
        "token.extremal", "rare event", "the event may be less likely than the top fraction",
        edits((0, 1, 1), lambda part: part.args[1]), _signs(HALF, lambda x: Q(1), p=Q(1), c=Q(0)),
        "4 against the mean 2 of all S^2",
    ),
    Mutant(
        "token.extremal", "any fraction", "the fraction need not be the top one", drops(3),
        _signs(HALF, lower, p=Q(1, 2), c=Q(4)), "4 against 0",
    ),
    Mutant(
        "token.extremal", "unfair", "the signs need not be fair",
        edits((1, 1), lambda part: part.args[1]),
        _signs(HALF, upper, p=Q(1, 2), c=Q(4), t=Q(1)), "the chance that s^2 > 2 is 0.22",
    ),
    Mutant(
        "token.extremal", "99/100 attained", "the mean is 99/100 of the bound",
        edits((1,), lambda part: swapped(part, extremal._top, percent(99) * extremal._top)),
        BOTH, "it is 4",
    ),
]  # fmt: skip
