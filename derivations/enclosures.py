"""Inequalities proved by ball arithmetic on boxes, as steps of a proof."""

from __future__ import annotations

import time
from collections.abc import Sequence
from fractions import Fraction

from derivations.kernel.balls import compiled
from derivations.kernel.terms import Term, lt, num, unfold
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


def bracketed(number: Term, digits: int, names: Sequence[str] = ()) -> tuple[Theorem, Theorem]:
    """Bounds on a closed term, from below and above, that differ by two units of the last digit.

    >>> from derivations.kernel.terms import PI
    >>> bracketed(PI, 2)[0]
    |- 313/100 < pi
    """
    middle = compiled(unfold(number, frozenset(names)), ())().mid()
    scaled = round(float(middle) * 10**digits)
    low, high = (num(Fraction(scaled + shift, 10**digits)) for shift in (-1, 1))
    return enclosed(lt(low, number), names=names), enclosed(lt(number, high), names=names)
