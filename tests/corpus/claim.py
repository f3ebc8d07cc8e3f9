"""One claim of the corpus, with what its label rests on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from .numeric import PIECEWISE, TRANSCENDENTAL, Point, Region, exact, expression, region, relations

KINDS = (
    "polynomial", "rational", "piecewise", "sqrt",
    "transcendental, one variable", "transcendental, several variables",
)  # fmt: skip


@dataclass(frozen=True)
class Claim:
    """A claim in the language of claims, its source, and whether it is true.

    A true claim gives the `reason` in a line.  A false one gives a `witness`: values, as texts
    without variables, at which the hypotheses hold and the claim does not.  `touching`: equality
    is attained or approached, so that no margin is left.  `near`: false, but true at most
    points, or wrong by little.
    """

    name: str
    source: str
    claim: str
    given: tuple[str, ...] = ()
    reason: str = ""
    witness: Mapping[str, str] | None = None
    touching: bool = False
    near: bool = False

    @property
    def truth(self) -> bool:
        return self.witness is None

    @property
    def region(self) -> Region:
        """Where the hypotheses hold."""
        return region(self.claim, self.given)

    @property
    def counterexample(self) -> Point:
        """The values of the witness."""
        return {v: exact(expression(text), {}) for v, text in (self.witness or {}).items()}

    @property
    def kind(self) -> str:
        """One of `KINDS`, by the functions in claim and hypotheses."""
        found = [r for text in (self.claim, *self.given) for r in relations(text)]
        sides = [s for r in found for s in (r.left, r.right)]
        names = frozenset(n for s in sides for n in s.names)
        if names & TRANSCENDENTAL:
            several = len(frozenset(v for s in sides for v in s.variables)) > 1
            return KINDS[5] if several else KINDS[4]
        if "sqrt" in names:
            return KINDS[3]
        if names & PIECEWISE:
            return KINDS[2]
        return KINDS[1] if any(s.divides for s in sides) else KINDS[0]
