"""Critical step sizes and learning rates, with their formulas read off the library's statements.

A statement that limits the step says ``eta <= limit`` (below it the promised rate holds) or
``eta < limit`` (below it J rises); the limit is found there, not typed in again.  Where a
statement says instead what a step gains, the limit is derived from that.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Literal, TypeAlias

from derivations import library
from derivations.kernel.terms import Definition, Term, free_variables, num, real, unfold
from derivations.library import Statement
from derivations.render.latex.structure import opened, tidied, within

Promise: TypeAlias = Literal["keeps half of its alignment", "raises J"]
_PROMISES: Mapping[str, Promise] = {"<=": "keeps half of its alignment", "<": "raises J"}

ALIGNMENT, SCORE, HESSIAN, SUCCESS, RATE = (real(name) for name in ("Dmu", "G", "L", "J", "c"))
_ALLOWED = {ALIGNMENT, SCORE, HESSIAN, SUCCESS}

SOURCES = (
    "trajectory.threshold-paper",
    "trajectory.threshold",
    "trajectory.threshold-success",
    "trajectory.monotone",
)
"""Statements that limit the step."""

GAIN = "trajectory.one-step"
"""The statement that says what a step gains without a bound on the score."""


@dataclass(frozen=True)
class Limit:
    """A limit on the step, with the statement that gives it.

    `step` is a term in Dmu (the alignment), G, L and J; for an update c gamma with the learning
    rate eta the limit on eta is `rate`, a term in c, G, L and J: the step is then eta c |gamma|,
    and its alignment |gamma|.
    """

    statement: str
    provenance: str
    promise: Promise
    step: Term
    rate: Term

    def needs(self, name: str) -> bool:
        """Whether the formulas contain a variable."""
        return real(name) in free_variables(self.step)


def limits() -> list[Limit]:
    """All of them, the paper's first.

    >>> paper = limits()[0]
    >>> paper.statement, paper.step
    ('trajectory.threshold-paper', Dmu/(2*(L + 8*G**2)))
    """
    found = []
    for id in SOURCES:
        statement = library.theorem(id)
        stated = {
            relation: limit
            for formula in (*statement.hypotheses, statement.conclusion)
            for relation, limit in _stated(formula)
        }
        found += [_limit(statement, _PROMISES[r], stated[r]) for r in ("<=", "<") if r in stated]
        if not stated:
            raise library.LibraryError(f"{id} no longer limits the step by eta <= ... or eta < ...")
    return [*found, *_derived()]


def _limit(statement: Statement, promise: Promise, step: Term) -> Limit:
    top, bottom = step.args
    rate = tidied(_replaced(top, {ALIGNMENT: num(1)}) / (RATE * bottom))
    return Limit(statement.id, statement.provenance, promise, step, rate)


def _stated(formula: Term) -> Iterator[tuple[str, Term]]:
    """The relation and the limit of each ``eta <= a/b`` and ``eta < a/b`` in a formula."""
    for part in _everywhere(formula):
        if part.head in _PROMISES and _is_step(part.args[0]) and part.args[1].head == "/":
            limit = _scalar(part.args[1])
            if ALIGNMENT in free_variables(limit) <= _ALLOWED:
                yield part.head, limit


def _everywhere(term: Term) -> Iterator[Term]:
    """The applications in a term, also inside of what it binds."""
    if term.kind == "lam":
        yield from _everywhere(opened(term)[1])
    elif term.kind == "app":
        yield term
        for argument in term.args:
            yield from _everywhere(argument)


def _is_step(term: Term) -> bool:
    """Whether a term is eta or eta(k)."""
    name = term.head.head if isinstance(term.head, Term) else term.head
    return term.kind in ("var", "app") and name == "eta"


def _scalar(term: Term) -> Term:
    """The term with J and Dmu for the success rate and the alignment at the start of the step.

    The positive part of the alignment is the alignment where the limit is positive.
    """
    if isinstance(term.head, Definition):
        named = {"mass": SUCCESS, "alignment": ALIGNMENT}.get(term.head.name)
        return _scalar(unfold(term, frozenset({term.head.name}))) if named is None else named
    made = within(term, _scalar) if term.kind == "app" else term
    if made.head == "max" and made.args == (ALIGNMENT, num(0)):
        return ALIGNMENT
    return made


def _replaced(term: Term, values: Mapping[Term, Term]) -> Term:
    if term in values:
        return values[term]
    return within(term, lambda part: _replaced(part, values)) if term.kind == "app" else term


def _derived() -> Iterator[Limit]:
    """The largest step that keeps half of its alignment by `GAIN`, derived and certified."""
    from derivations.search.derive import derive

    statement, eta = library.theorem(GAIN), real("eta")
    gained = next(
        part.args[0]
        for part in _everywhere(statement.conclusion)
        if part.head == "<=" and eta in free_variables(part.args[0])
    )
    given = [ALIGNMENT > 0, HESSIAN > 0, SUCCESS > 0, SUCCESS < 1]
    found = derive(eta * ALIGNMENT / 2 <= _scalar(gained), given, "eta")
    yield _limit(statement, "keeps half of its alignment", found.value)


# Values ---------------------------------------------------------------------------------------


def value(term: Term, values: Mapping[str, Fraction]) -> Fraction | None:
    """The exact value of a formula; None if a variable has none."""
    from derivations.search.claims import evaluate

    known = {real(name): x for name, x in values.items()}
    return evaluate(term, known) if free_variables(term) <= known.keys() else None


def coefficient(algorithm: str, group: int, success: Fraction, bits: int = 128) -> Any:
    """A ball around c(J) of an algorithm of `policies.ALGORITHMS` with groups of that size.

    ValueError for an algorithm that is not in the table, or a group that is too small.

    >>> coefficient("reinforce", 1, Fraction(1, 2)).str(10)
    '0.2500000000'
    """
    from derivations.policies import ALGORITHMS, Balls, TwoResponses, at
    from derivations.policies import coefficient as of_point

    if algorithm not in ALGORITHMS:
        raise ValueError(f"no algorithm is called {algorithm!r}; there are {', '.join(ALGORITHMS)}")
    balls = Balls(bits)
    with balls.working():
        odds = balls.number(success / (1 - success)).log()
        point = at(TwoResponses(lambda x: x, 1), (odds,), balls)
        return of_point(ALGORITHMS[algorithm], point, group)
