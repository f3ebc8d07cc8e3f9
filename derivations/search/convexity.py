"""Sums of exponentials by their tangents at one centre, as in Jensen's and Young's inequalities.

The tangent ``exp(c) (1 + a - c) <= exp(a)`` may have an exponential of the goal at its centre, or
what a logarithm of the goal is taken of: exp(c) is then that, and c the logarithm.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction

from derivations.elementary import by_equations, exp_above
from derivations.kernel.terms import Term, eq, exp, free_variables, le, log
from derivations.kernel.theorem import Theorem, difference, infer
from derivations.search.attempt import Search
from derivations.search.normal import atoms
from derivations.tactics import instance, where

_MOST_CENTRES = 6
_ONCE = ((Fraction(1), ((0, 1),), ()),)


@dataclass(frozen=True)
class _Centre:
    """A positive term, its logarithm, and that it is exp of that (or that exp is positive)."""

    value: Term
    log: Term
    known: Theorem


def by_convexity(
    search: Search, goal: Term, facts: Sequence[Theorem], depth: int
) -> Theorem | None:
    """An inequality with exponentials in several variables, by their tangents at one centre.

    >>> import time
    >>> from derivations.search.analysis import relation
    >>> from derivations.kernel.terms import real
    >>> from derivations.tactics import assume
    >>> x, y, p = (real(n) for n in "xyp")
    >>> goal = exp(p*x + (1 - p)*y) <= p*exp(x) + (1 - p)*exp(y)
    >>> search = Search(time.monotonic() + 5, relation)
    >>> by_convexity(search, goal, [assume(le(0, p)), assume(le(p, 1))], 0)
    0 <= p, p <= 1 |- exp(p*x + (1 - p)*y) <= p*exp(x) + (1 - p)*exp(y)
    """
    wanted = difference(goal)
    exponents = list(dict.fromkeys(a.args[0] for a in atoms([wanted]) if a.head == "exp"))
    if not 0 < len(exponents) < 6:
        return None
    search.tried["tangents of exponentials"] = None
    names = free_variables(wanted)
    near = [f for f in facts if free_variables(f.conclusion) <= names][:10]
    centres = _centres(search, wanted, exponents, facts, depth)
    for centre in itertools.islice(centres, _MOST_CENTRES):
        tangents = [_tangent(a, centre) for a in exponents if a != centre.log]
        if not tangents:
            continue
        for degree in (1, 2):
            pool = [*near, centre.known, *tangents]
            found = search.arithmetic(goal, pool, degree, 0.3 * degree)
            if found is not None:
                return found
    return None


def _centres(
    search: Search, wanted: Term, exponents: Sequence[Term], facts: Sequence[Theorem], depth: int
) -> Iterator[_Centre]:
    """Exponentials, what logarithms are taken of, and products of two of these."""
    known: list[_Centre] = []
    for t in dict.fromkeys(a.args[0] for a in atoms([wanted]) if a.head == "log"):
        positive = search.positive(t, facts, depth) if len(known) < 3 else None
        if positive is not None:
            inverse = infer("detach", instance("exp.log", x=t), positive)
            known.append(_Centre(t, log(t), inverse))
    yield from known
    yield from (_Centre(exp(c), c, instance("exp.positive", x=c)) for c in exponents)
    for one, other in itertools.combinations(known, 2):
        law = instance("exp.sum", x=one.log, y=other.log)
        total, value = one.log + other.log, one.value * other.value
        whole = by_equations(eq(exp(total), value), law, one.known, other.known)
        yield _Centre(value, total, whole)


def _tangent(a: Term, centre: _Centre) -> Theorem:
    """``value (1 + a - log) <= exp(a)``."""
    line = where(exp_above(), x=a, y=centre.log)
    goal = le(centre.value * (1 + a - centre.log), exp(a))
    equations = (1,) if centre.known.conclusion.head == "=" else ()
    return infer("arithmetic", line, centre.known, goal=goal, equations=equations, products=_ONCE)
