"""Critical step sizes and learning rates, with their formulas read off the library's statements.

A statement that limits the step says ``eta <= limit`` (below it the promised rate holds) or
``eta < limit`` (below it J rises); the limit is found there, not typed in again.  Where a
statement says instead what a step gains, the limit is derived from that.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any, Literal, TypeAlias

from derivations import library
from derivations.kernel.terms import Definition, Term, free_variables, nat, num, real, unfold
from derivations.library import Statement
from derivations.render.latex.structure import opened, tidied, within

Promise: TypeAlias = Literal["keeps half of its alignment", "raises J"]
_PROMISES: Mapping[str, Promise] = {"<=": "keeps half of its alignment", "<": "raises J"}

ALIGNMENT, SCORE, HESSIAN, SUCCESS, RATE = (real(name) for name in ("Dmu", "G", "L", "J", "c"))
TOKEN_SCORE, TOKEN_HESSIAN, LENGTH = real("G_p"), real("L_p"), nat("T_max")


@dataclass(frozen=True)
class Level:
    """What is known of a policy: bounds on responses, or on tokens.

    `constants` are those bounds, `sources` the statements that limit the step in terms of them.
    """

    constants: tuple[Term, ...]
    sources: tuple[str, ...]

    @property
    def allowed(self) -> frozenset[Term]:
        """What a limit may depend on."""
        return frozenset({ALIGNMENT, SUCCESS, *self.constants})


LEVELS: Mapping[str, Level] = {
    "trajectory": Level(
        (SCORE, HESSIAN),
        (
            "trajectory.threshold-paper",
            "trajectory.threshold",
            "trajectory.threshold-success",
            "trajectory.monotone",
        ),
    ),
    "token": Level(
        (TOKEN_SCORE, TOKEN_HESSIAN, LENGTH), ("token.threshold-inverse", "token.threshold")
    ),
}
"""The levels, by name."""

GAIN = "trajectory.one-step"
"""The statement that says what a step gains without a bound on the score."""

NAIVE = "token.naive"
"""The statement that bounds a response by its tokens."""


@dataclass(frozen=True)
class Limit:
    """A limit on the step, with the statement that gives it.

    `step` is a term in Dmu (the alignment), J and the constants of the level; for an update
    c gamma with the learning rate eta the limit on eta is `rate`, a term in c, J and those
    constants: the step is then eta c |gamma|, and its alignment |gamma|.
    """

    statement: str
    provenance: str
    promise: Promise
    step: Term
    rate: Term

    def needs(self, name: str) -> bool:
        """Whether the formulas contain a variable."""
        return real(name) in free_variables(self.step)


def limits(level: str = "trajectory") -> list[Limit]:
    """All of them, the paper's first; ValueError for a level that is not in `LEVELS`.

    >>> paper = limits()[0]
    >>> paper.statement, paper.step
    ('trajectory.threshold-paper', Dmu/(2*(L + 8*G**2)))
    """
    if level not in LEVELS:
        raise ValueError(f"no level is called {level!r}; there are {', '.join(LEVELS)}")
    known = LEVELS[level]
    found = [limit for id in known.sources for limit in _read(library.theorem(id), known)]
    return [*found, *_derived()] if level == "trajectory" else [*_naive(), *found]


def _read(statement: Statement, level: Level) -> list[Limit]:
    stated = {
        relation: limit
        for formula in (*statement.hypotheses, statement.conclusion)
        for relation, limit in _stated(formula, level)
    }
    if not stated:
        said = f"{statement.id} no longer limits the step by eta <= ... or eta < ..."
        raise library.LibraryError(said)
    return [_limit(statement, _PROMISES[r], stated[r]) for r in ("<=", "<") if r in stated]


def _naive() -> list[Limit]:
    """The limits of the trajectory level, with the bounds that the tokens give a response."""
    statement = library.theorem(NAIVE)
    score, hessian = next(
        part.args[3:5]
        for part in _everywhere(statement.conclusion)
        if isinstance(part.head, Definition) and part.head.name == "regular"
    )
    bounds = {SCORE: score, HESSIAN: hessian}
    return [
        replace(
            limit,
            statement=f"{limit.statement}, {NAIVE}",
            provenance=statement.provenance,
            step=_replaced(limit.step, bounds),
            rate=_replaced(limit.rate, bounds),
        )
        for limit in limits()
        if limit.statement != GAIN
    ]


def _limit(statement: Statement, promise: Promise, step: Term) -> Limit:
    top, bottom = step.args
    rate = tidied(_replaced(top, {ALIGNMENT: num(1)}) / (RATE * bottom))
    return Limit(statement.id, statement.provenance, promise, step, rate)


def _stated(formula: Term, level: Level) -> Iterator[tuple[str, Term]]:
    """The relation and the limit of each ``eta <= a/b`` and ``eta < a/b`` in a formula."""
    for part in _everywhere(formula):
        if part.head in _PROMISES and _is_step(part.args[0]) and part.args[1].head == "/":
            limit = _scalar(part.args[1])
            if ALIGNMENT in free_variables(limit) <= level.allowed:
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


_KEPT = frozenset({"lambert_root"})  # has a name of its own in formulas


def _scalar(term: Term) -> Term:
    """The term with J and Dmu for the success rate and the alignment at the start of the step.

    The positive part of the alignment is the alignment where the limit is positive.
    """
    if isinstance(term.head, Definition):
        named = {"mass": SUCCESS, "alignment": ALIGNMENT}.get(term.head.name)
        if named is not None:
            return named
        if term.head.name not in _KEPT:
            return _scalar(unfold(term, frozenset({term.head.name})))
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


@dataclass(frozen=True)
class Number:
    """The value of a formula: a ball around it, and itself if it is rational."""

    ball: Any
    exact: Fraction | None

    def decimal(self, digits: int = 12) -> str:
        """It in decimals, correctly rounded if it is rational, else as far as the ball goes.

        >>> Number(None, Fraction(1, 3)).decimal(4)
        '0.3333'
        """
        if self.exact is None:
            return str(self.ball.str(digits, radius=False))
        from decimal import Context, Decimal

        context = Context(prec=digits)
        return str(context.divide(Decimal(self.exact.numerator), Decimal(self.exact.denominator)))


def value(term: Term, values: Mapping[str, Fraction], bits: int = 128) -> Number | None:
    """The value of a formula; None if a variable has none."""
    from derivations.kernel.balls import ball, compiled
    from derivations.kernel.terms import substitute
    from derivations.policies import Balls
    from derivations.search.claims import evaluate

    variables = {v: values.get(str(v.head)) for v in free_variables(term)}
    known = {v: x for v, x in variables.items() if x is not None}
    if len(known) < len(variables):
        return None
    closed = unfold(substitute(term, {v: num(x) for v, x in known.items()}))
    exact = evaluate(closed, {})
    with Balls(bits).working():
        around = compiled(closed, [])() if exact is None else ball((exact, exact))
    return Number(around, exact)


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
