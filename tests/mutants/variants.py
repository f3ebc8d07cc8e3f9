"""What a mutant is, and the ways to make one: a statement with one thing changed."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from derivations.kernel.terms import Term, app, beta, eq, free_variables, lam, lift, var
from derivations.library import Statement

from .evaluation import Instance

Change = Callable[[Statement], Statement]


def opened(function_: Term) -> tuple[list[Term], Term]:
    """Variables for what a lambda term binds, named as displayed, and its body."""
    taken = {v.head for v in free_variables(function_)}
    variables: list[Term] = []
    for hint, sort in zip(function_.head, function_.sort[0], strict=True):
        name = str.__str__(hint)
        while name in taken:
            name += "_"
        taken.add(name)
        variables.append(var(name, sort))
    return variables, beta(function_, variables)


def swapped(term: Term, old: Term, new: Term, only: int | None = None) -> Term:
    """The term with a subterm replaced: everywhere, or only its occurrence of that number.

    Bound variables go by the names under which they are displayed.
    """
    seen = itertools.count()

    def walk(part: Term) -> Term:
        if part == old:
            return new if only in (None, next(seen)) else part
        if part.kind == "lam":
            variables, body = opened(part)
            changed = walk(body)
            return part if changed == body else lam(variables, changed)
        if part.kind != "app":
            return part
        args = [walk(a) for a in part.args]
        return part if args == list(part.args) else app(part.head, *args)

    result = walk(term)
    if result == term:
        raise ValueError(f"{old!r} does not occur in {term!r}")
    return result


def claims(old: Any, new: Any, only: int | None = None) -> Change:
    """Replace a subterm of the conclusion."""
    return lambda statement: replace(
        statement, conclusion=swapped(statement.conclusion, lift(old), lift(new), only)
    )


def _given(position: int, change: Callable[[Term], Term]) -> Change:
    def changed(statement: Statement) -> Statement:
        given = list(statement.hypotheses)
        given[position] = change(given[position])
        return replace(statement, hypotheses=tuple(given))

    return changed


def assumes(position: int, old: Any, new: Any) -> Change:
    """Replace a subterm of one hypothesis."""
    return _given(position, lambda formula: swapped(formula, lift(old), lift(new)))


def drops(position: int) -> Change:
    """Leave out one hypothesis; 0 = 0 takes its place, so that the others keep theirs."""
    return _given(position, lambda _: eq(0, 0))


def edits(path: Sequence[int], change: Callable[[Term], Term]) -> Change:
    """Change the subterm of the conclusion at the end of a path of argument numbers."""

    def walk(term: Term, rest: Sequence[int]) -> Term:
        if not rest:
            return change(term)
        if term.kind == "lam":
            variables, body = opened(term)
            return lam(variables, walk(body, rest[1:]))
        args = list(term.args)
        args[rest[0]] = walk(args[rest[0]], rest[1:])
        return app(term.head, *args)

    return lambda statement: replace(statement, conclusion=walk(statement.conclusion, path))


def headed(head: str) -> Callable[[Term], Term]:
    """The same arguments under another symbol."""
    return lambda term: app(head, *term.args)


def exchanged(term: Term) -> Term:
    """The two sides of a relation exchanged."""
    return app(term.head, *reversed(term.args))


@dataclass(frozen=True)
class Mutant:
    """A false variant of a statement.

    `changed` says what differs, `false` why it is false, `instance` where; `change` makes it.
    """

    statement: str
    name: str
    changed: str
    change: Change
    instance: Instance
    false: str


@dataclass(frozen=True)
class Scalar:
    """The scalar core of a statement, and a false variant of it, as texts of claims.

    `true` follows from `given`; `false` does not follow from `false_given`, which is `given`
    unless a hypothesis was changed.
    """

    statement: str
    name: str
    given: tuple[str, ...]
    true: str
    false: str
    false_given: tuple[str, ...] = ()
