"""False variants of section 5: length normalisation."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction as Q
from functools import cache
from typing import Any

from derivations.kernel.terms import nat, num
from derivations.theory.token.prefixes import T_max

from .evaluation import Instance, digits, mp
from .token import _PAIRS, _instance, _sign
from .variants import Mutant, claims, drops, edits, exchanged, headed

m, N = nat("m"), nat("N")

_REWARDS = (1, 1, 0, 0)
_QUARTERS = (-mp.log(4),) * 4
Update = Callable[[Any, Any, Any], Any]


def _drawn(
    logs: Sequence[Any], rewards: Sequence[int], x: Sequence[Any], update: Update
) -> Callable[..., Any]:
    """The expected update after m more responses, by drawing them one after another."""
    weights = [mp.exp(digits(l)) for l in logs]

    @cache
    def value(m: int, c: Any, A: Any, B: Any) -> Any:
        if m == 0:
            return update(c, A, B)
        after = zip(weights, rewards, x, strict=True)
        return mp.fsum(p * digits(value(m - 1, c + r, A + x, B + r * x)) for p, r, x in after)

    return lambda m, c, A, B: value(int(m), Q(c), Q(A), Q(B))


def _totals(logs: Sequence[Any]) -> Instance:
    """Two responses, and updates 2 B - c A."""
    rewards, x = (1, 0), (Q(2), Q(-1))
    values = {
        "n": 2, "r": lambda i: rewards[int(i)], "l": lambda i: logs[int(i)],
        "X": lambda i: x[int(i)], "u": Q(2), "v": Q(-1),
        "V": _drawn(logs, rewards, x, lambda c, A, B: 2 * B - c * A),
    }  # fmt: skip
    return Instance(values, (Q(0), Q(1)), naturals=3)


def _group(update: Update, size: int = 2) -> Instance:
    """The four responses of `length.misaligned` in groups, their scores over their lengths."""
    scores, lengths = (3, -1, -1, -1), (30, 1, 20, 20)
    x = [Q(s, t) for s, t in zip(scores, lengths, strict=True)]
    drawn = _drawn(_QUARTERS, _REWARDS, x, update)
    values = {
        "n": 4, "d": 1, "N": size, "r": lambda i: _REWARDS[int(i)],
        "l": lambda i: _QUARTERS[int(i)], "S": lambda i, j: Q(scores[int(i)]),
        "T": lambda i: Q(lengths[int(i)]), "V": lambda j, *rest: drawn(*rest),
    }  # fmt: skip
    return Instance(values, (Q(0), Q(1)), naturals=4)


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
        "length.group-draw", "m for m - 1", "m (m - 1) becomes m m",
        claims(m - 1, m), _totals((-mp.log(2),) * 2), "a response is no companion of its own",
    ),
    Mutant(
        "length.group-draw", "not normalised", "sum exp(l) = 1 is dropped",
        drops(0), _totals((Q(0), Q(0))), "every draw doubles what was there",
    ),
    Mutant(
        "length.alignment", "mean baseline", "the factor (N - 1)/N is left out",
        claims((N - 1) / N, 1), _group(lambda c, A, B: (B - c * A / 2) / 2), "N = 2",
    ),
    Mutant(
        "length.alignment", "leave one out", "the update is twice as large",
        edits((1, 0, 1, 1, 0, 0, 0, 1), lambda update: 2 * update),
        _group(lambda c, A, B: (B - (c * A - B)) / 2), "it is -1/10",
    ),
    Mutant(
        "length.alignment", "no baseline", "J E[s/T] is left out",
        edits((1, 1, 1, 1, 0, 0, 1), lambda whole: whole.args[0]),
        _group(lambda c, A, B: B / 2), "it is -9/40, not -1/10",
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
