"""Inequalities proved by ball arithmetic on boxes, as steps of a proof."""

from __future__ import annotations

import time
from collections.abc import Sequence

from derivations.kernel.terms import Term, unfold
from derivations.kernel.theorem import Theorem
from derivations.search.balls import enclose
from derivations.tactics import ProofError, fold

_SECONDS = 60.0


def enclosed(goal: Term, *facts: Theorem, names: Sequence[str] = ()) -> Theorem:
    """A strict inequality on the box in which the facts keep its variables.

    The facts bound every variable of the goal by numerals; `names` are the definitions to unfold.
    Raises `ProofError` when no cover of the box by small parts proves the goal.

    >>> from derivations.kernel.terms import exp, le, lt, real
    >>> from derivations.tactics import assume
    >>> x = real("x")
    >>> enclosed(lt(exp(x), 3), assume(le(0, x)), assume(le(x, 1)))
    0 <= x, x <= 1 |- exp(x) < 3
    """
    opened = unfold(goal, frozenset(names))
    made = enclose(opened, facts, time.monotonic() + _SECONDS)
    if made is None:
        raise ProofError(f"no enclosure proves {goal!r}", goal)
    return fold(made, goal)
