"""What a claim is, how it is tried, and the verdict on it.

Every claim is brought to the form left <= right, and tried through its ratio left/right.  An
identity is two inequalities: its ratio is 1 plus the relative difference.  Ratios are computed
with guard digits and rounded to `DIGITS`, so that equality reads as 1.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from derivations.policies import Numbers

Real: TypeAlias = Any
"""A number of the arithmetic in use, see `derivations.policies.arithmetic`."""

Plain: TypeAlias = Any
"""Data that JSON can hold."""

DIGITS = 50
EXACTLY = Numbers(DIGITS + 10)
"""The arithmetic of verdicts; it carries ten more guard digits of its own."""

Verdict: TypeAlias = Literal["holds", "violated"]


class VacuousError(Exception):
    """A claim that no instance put to the test: its hypotheses left nothing to show."""


@dataclass(frozen=True)
class Trial:
    """A claim on one instance: the ratio left/right and the instance as plain data."""

    ratio: Real
    instance: Mapping[str, Plain]


@dataclass(frozen=True)
class Claim:
    """A claim that can be tried.

    `sources` maps names to functions of a seed that yield trials; the first word of a name says
    where the instances come from: ``random``, ``search`` (made as bad as a search can) or
    ``extremal`` (bad by construction).  `statements` are the ids of those that it tries,
    `known` the worst ratio on record from before, as text, None if there is none.
    """

    id: str
    text: str
    statements: tuple[str, ...]
    sources: Mapping[str, Callable[[int], Iterable[Trial]]]
    known: str | None = None


@dataclass(frozen=True)
class Outcome:
    """What one source of one claim gave, as plain data that any process can send.

    `worst` is a decimal with `DIGITS` digits, or ``+inf``; None if nothing was tried.
    """

    claim: str
    source: str
    instances: int
    worst: str | None
    instance: Mapping[str, Plain]


@dataclass(frozen=True)
class Check:
    """What became of one claim.

    `instances` counts the trials by where they come from, `worst` is the largest ratio
    left/right as a decimal of `digits` digits, `instance` where it was met; `known` is what
    the claim has.
    """

    claim: str
    text: str
    statements: tuple[str, ...]
    instances: Mapping[str, int]
    worst: str
    digits: int
    verdict: Verdict
    instance: Mapping[str, Plain]
    known: str | None = None

    @property
    def holds(self) -> bool:
        """Whether the claim held on every instance."""
        return self.verdict == "holds"


_ROUNDING = Numbers(DIGITS - 10).context  # of DIGITS digits: see `Numbers`


def rounded(ratio: Real) -> Real:
    """The ratio with `DIGITS` digits; ArithmeticError if it is not a number."""
    value = _ROUNDING.mpf(EXACTLY.number(ratio) if not hasattr(ratio, "_mpf_") else ratio)
    if _ROUNDING.isnan(value):
        raise ArithmeticError("the ratio of an instance is not a number")
    return value


def worst_of(claim: str, source: str, trials: Iterable[Trial]) -> Outcome:
    """Go through the trials of one source."""
    count, worst, instance = 0, None, {}
    for trial in trials:
        ratio = rounded(trial.ratio)
        if worst is None or ratio > worst:
            worst, instance = ratio, dict(trial.instance)
        count += 1
    shown = None if worst is None else _ROUNDING.nstr(worst, DIGITS)
    return Outcome(claim, source, count, shown, instance)


def judge(claim: Claim, outcomes: Iterable[Outcome]) -> Check:
    """The verdict: the claim holds if no ratio exceeds 1; `VacuousError` if nothing was tried.

    >>> claim = Claim("doc", "1/3 <= 1", ("doc.example",), {})
    >>> trial = Trial(EXACTLY.number(1) / 3, {"x": "1/3"})
    >>> made = judge(claim, [worst_of("doc", "random", [trial])])
    >>> made.worst[:8], made.verdict, made.instances
    ('0.333333', 'holds', {'random': 1})
    """
    counts: dict[str, int] = {}
    worst, instance = None, {}
    for outcome in outcomes:
        origin = outcome.source.split()[0]
        counts[origin] = counts.get(origin, 0) + outcome.instances
        if outcome.worst is None:
            continue
        ratio = _ROUNDING.mpf(outcome.worst)
        if worst is None or ratio > worst:
            worst, instance = ratio, dict(outcome.instance)
    if worst is None:
        raise VacuousError(f"{claim.id}: no instance puts it to the test")
    verdict: Verdict = "holds" if worst <= 1 else "violated"
    shown = _ROUNDING.nstr(worst, DIGITS)
    return Check(
        claim.id, claim.text, claim.statements, counts, shown, DIGITS, verdict, instance,
        claim.known,
    )  # fmt: skip


def over(left: Real, right: Real) -> Real:
    """left/right; infinite if the right side is not positive though the left one is.

    Two sides of zero, or a left side that is not positive, hold: 0.
    """
    if right > 0:
        return left / right
    return EXACTLY.context.inf if left > right else EXACTLY.number(0)


def apart(left: Iterable[Real], right: Iterable[Real]) -> Real:
    """1 + |left - right|/|right|, the ratio of an identity between two vectors."""
    pairs = list(zip(left, right, strict=True))
    size = sum((abs(b) for _, b in pairs), start=EXACTLY.number(0))
    difference = sum((abs(a - b) for a, b in pairs), start=EXACTLY.number(0))
    return 1 + (difference / size if size > 0 else over(difference, size))


def by_index(
    try_one: Callable[[int], Trial | None], count: int
) -> Callable[[int], Iterator[Trial]]:
    """A source of `count` instances, each from a number of its own; None is left out."""

    def source(seed: int) -> Iterator[Trial]:
        for index in range(count):
            trial = try_one(1_000_003 * seed + index)
            if trial is not None:
                yield trial

    return source
