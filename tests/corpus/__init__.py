"""Claims with known truth, from named sources; half of them are false."""

from __future__ import annotations

from . import algebraic, classical, elementary, further, independent, theory
from .claim import Claim

CLAIMS: tuple[Claim, ...] = (
    *classical.CLAIMS, *elementary.CLAIMS, *theory.CLAIMS, *algebraic.CLAIMS, *further.CLAIMS,
    *independent.CLAIMS,
)  # fmt: skip
