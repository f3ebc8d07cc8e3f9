"""One claim of the corpus, with what its label rests on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


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
