"""False variants of section 5: length normalisation."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction as Q
from typing import Any

from derivations.kernel.terms import nat, num, real
from derivations.theory import length
from derivations.theory.algorithm.table import GRPO
from derivations.theory.token.prefixes import T_max

from .algorithms import Final, _standard, drawn, grouped, row, urn
from .evaluation import Instance, mp
from .token import _PAIRS, _instance, _sign
from .variants import Mutant, claims, drops, edits, exchanged, headed, swapped

N, mu = nat("N"), real("mu")

_REWARDS = (1, 1, 0, 0)
_QUARTERS = (-mp.log(4),) * 4

_paid = urn(
    grouped(lambda k: k, lambda k: Q(1), 3), scores=(Q(1), Q(2)), mu=Q(5, 4), a=lambda k: k,
    b=lambda k: Q(1),
)  # fmt: skip
"""Scores 1 and 2 with probabilities 3/4 and 1/4: their mean is 5/4."""


def _group(end: Final, companions: int = 1, **values: Any) -> Instance:
    """The four responses of `length.misaligned` in groups, their scores over their lengths."""
    scores, lengths = (3, -1, -1, -1), (30, 1, 20, 20)
    x = [Q(s, t) for s, t in zip(scores, lengths, strict=True)]
    value = drawn((Q(1, 4),) * 4, x, _REWARDS, end)
    plain = {
        "n": 4, "d": 1, "N": companions, "r": lambda i: _REWARDS[int(i)],
        "l": lambda i: _QUARTERS[int(i)], "S": lambda i, j: Q(scores[int(i)]),
        "T": lambda i: Q(lengths[int(i)]), "V": lambda j, *rest: value(*rest),
        "alpha": lambda k: Q(2), "beta": lambda k: Q(2), "b": Q(7), "epsilon": Q(1, 5),
        "delta": Q(1),
    }  # fmt: skip
    return Instance({**plain, **values}, (Q(1, 4), Q(1, 2)), naturals=4)


_ROW = (0, 0, 1, 1)
"""The way from a row of `length.alignment` to the coordinate of its update."""

_centred = grouped(lambda k: 1 - Q(k) / 2, lambda k: -Q(k) / 2)
_others = _group(grouped(lambda k: 2 - Q(k), lambda k: -Q(k)), 0)
_plain = _group(grouped(lambda k: Q(1), lambda k: Q(0)), alpha=lambda k: Q(1),
                beta=lambda k: Q(0), b=Q(0))  # fmt: skip
"""Groups of two without a baseline."""


_FOUR = Instance({"a": Q(5), "b": Q(2)}, (Q(0), Q(1, 2)))
_TURNED = Instance({}, (Q(0), Q(1, 3)))
_LONG = (Q(6), Q(2), Q(6), Q(6))


def _edge() -> Instance:
    """The policy that attains the bound for lengths between 2 and 6."""
    scores = (Q(4), Q(-2), Q(-1), Q(-1))
    values = {
        "n": 4, "d": 1, "T_min": Q(2), "T_max": Q(6), "r": lambda i: _REWARDS[int(i)],
        "l": lambda i: _QUARTERS[int(i)], "S": lambda i, j: scores[int(i)],
        "T": lambda i: _LONG[int(i)],
    }  # fmt: skip
    return Instance(values, (Q(0), Q(1, 2)))


_STOPPING = [(-1,), (1, 1), (1, -1)]
"""One sign, and a second one if the first is 1."""


def _step(labels: Sequence[tuple[int, ...]], longest: int) -> Instance:
    """Signs as tokens at t = 0; the reward is 1 if the first one is positive, and no step."""
    rewards = tuple(int(label[0] > 0) for label in labels)
    return _instance(labels, _sign, longest, rewards, c_J=Q(1, 2), rate=Q(1, 10))


MUTANTS: list[Mutant] = [
    Mutant(
        "length.group-draw", "mean advantage", "mu times the mean advantage is left out",
        edits((1,), lambda whole: whole.args[0]), _paid, "mu = 5/4, and the advantages are >= 0",
    ),
    Mutant(
        "length.group-draw", "p mu", "v - p mu becomes v",
        claims(real("v") - real("p") * mu, real("v")), _paid, "a(k + 1) - b(k) = k",
    ),
    Mutant(
        "length.group-draw", "not normalised", "sum exp(l) = 1 is dropped",
        drops(0),
        urn(lambda k, right, wrong: right / 3, (Q(1), Q(1)), (Q(1), Q(-1)), mu=Q(0),
            a=lambda k: Q(1), b=lambda k: Q(0)),
        "every draw doubles what was there",
    ),
    Mutant(
        "length.alignment", "any advantages", "the mean advantage is left out",
        edits(row(0, *_ROW), lambda whole: whole.args[0]), _plain, "it is 1/2, times E[s/T]",
    ),
    Mutant(
        "length.alignment", "mean baseline", "the factor (G - 1)/G is left out",
        claims(N / (N + 1), 1), _group(_centred), "G = 2",
    ),
    Mutant(
        "length.alignment", "leave one out", "the update is twice as large",
        edits(row(2, *_ROW), lambda update: 2 * update), _others, "it is -1/10",
    ),
    Mutant(
        "length.alignment", "GRPO", "c_G becomes J (1 - J)",
        claims(GRPO(N + 2, length.J), length.J * (1 - length.J)), _group(_standard(3)),
        "c_3 is sqrt(2) J (1 - J)",
    ),
    Mutant(
        "length.alignment", "GRPO with epsilon", "epsilon is left out of the coefficient",
        edits(row(4, *_ROW, 0), lambda mean: swapped(mean, real("epsilon"), num(0))),
        _group(_standard(3, Q(1, 5), 1)), "epsilon = 1/5",
    ),
    Mutant(
        "length.alignment", "no baseline", "(J - b) E[s/T] is left out",
        edits(row(6, *_ROW), lambda whole: whole.args[0]), _plain, "it is -9/40, not -1/10",
    ),
    Mutant(
        "length.alignment", "twice", "the alignment is twice as large",
        edits((*(1,) * 7, *_ROW), lambda product: 2 * product), _others, "c = 1/4",
    ),
    Mutant(
        "length.four-responses", "1/3", "J = 1/3",
        edits((1, 0, 1), lambda _: num(Q(1, 3))), _FOUR, "two of four responses are correct",
    ),
    Mutant(
        "length.four-responses", "sum", "the alignment is a + b",
        edits((1, 1, 0, 1), headed("+")), _FOUR, "it is 3 for a = 5, b = 2",
    ),
    Mutant(
        "length.misaligned", "2/5", "the normalised update is 2/5",
        edits((1, 1, 1, 1, 0, 1), lambda _: num(Q(2, 5))), _TURNED, "it is -2/5",
    ),
    Mutant(
        "length.misaligned", "rises", "J rises along the normalised update",
        edits((1, 1, 1, 1, 1, 1, 0, 0, 1, 0), exchanged), _TURNED, "it falls",
    ),
    Mutant(
        "length.misaligned", "no baseline needed", "the mean of s/T vanishes",
        edits((1, 1, 1, 1, 1, 0, 1), lambda _: num(0)), _TURNED, "it is -1/4",
    ),
    Mutant(
        "length.safe-ratio", "half", "half of the bound suffices",
        edits((0, 1, 0, 0), lambda bound: bound / 2), _edge(), "there the alignment is 0",
    ),
    Mutant(
        "length.safe-ratio", "weak", "equality suffices",
        edits((0, 1, 0), headed("<=")), _edge(), "there the alignment is 0",
    ),
    Mutant(
        "length.invariance", "not divided", "the divided scores have the whole gap",
        edits((0, 1), lambda quotient: quotient.args[0]), _step(_PAIRS, 2), "it is half of it",
    ),
    Mutant(
        "length.invariance", "T**2", "kappa_tok grows like T**2",
        edits((1, 0, 1), lambda product: T_max * product), _step(_PAIRS, 2), "T = 2",
    ),
    Mutant(
        "length.invariance", "unequal", "the lengths may differ",
        drops(2), _step(_STOPPING, 2), "the longer responses count half",
    ),
]  # fmt: skip
