"""Terms taken apart and rewritten for display, without a change of what they mean."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Collection, Iterator
from fractions import Fraction
from functools import reduce
from typing import cast

from derivations.kernel.terms import (
    RELATIONS,
    Definition,
    Term,
    app,
    beta,
    free_variables,
    lam,
    num,
    var,
)
from derivations.render.latex.symbols import PRIME

_ZERO, _ONE = num(0), num(1)


def conjuncts(formula: Term) -> list[Term]:
    """The parts of a conjunction."""
    return _joined_by("and", formula)


def disjuncts(formula: Term) -> list[Term]:
    """The parts of a disjunction."""
    return _joined_by("or", formula)


def _joined_by(head: str, formula: Term) -> list[Term]:
    if formula.head != head:
        return [formula]
    return [part for side in formula.args for part in _joined_by(head, side)]


def is_variable(term: Term, name: str) -> bool:
    """Whether a term is the variable of that name."""
    return bool(term.kind == "var" and term.head == name)


def is_call(term: Term, name: str) -> bool:
    """Whether a term is a value of the function variable of that name."""
    return isinstance(term.head, Term) and is_variable(term.head, name)


def defined(term: Term) -> str:
    """The name of the definition that a term applies, or nothing."""
    return term.head.name if isinstance(term.head, Definition) else ""


def is_choice(term: Term) -> bool:
    """Whether a term is ``choice2(i, a, b)`` or the like: a value for each response."""
    return bool(re.fullmatch(r"choice\d", defined(term)))


def opened(function_: Term, taken: Collection[str] = ()) -> tuple[tuple[Term, ...], Term]:
    """Variables for those that a lambda term binds, not called as in `taken`, and its body."""
    names = {*taken, *(v.head for v in free_variables(function_))}
    chosen = []
    for hint, sort in zip(function_.head, function_.sort[0], strict=True):
        name = str.__str__(hint)
        while name in names:
            name += PRIME
        names.add(name)
        chosen.append(var(name, sort))
    return tuple(chosen), beta(function_, chosen)


def reduced(function_: Term) -> tuple[Term, tuple[Term, ...]] | None:
    """The function variable, and its first arguments, that a lambda term stands for."""
    variables, body = opened(function_)
    if body.kind != "app" or not isinstance(body.head, Term) or body.head.kind != "var":
        return None
    cut = len(body.args) - len(variables)
    prefix = body.args[:cut]
    used = {v for a in prefix for v in free_variables(a)}
    if cut < 0 or body.args[cut:] != variables or used & set(variables):
        return None
    return body.head, prefix


def within(term: Term, change: Callable[[Term], Term]) -> Term:
    """The term with a change made in its immediate parts, where no variable is bound."""
    if term.kind == "lam":
        variables, body = opened(term)
        return lam(variables, change(body))
    return app(term.head, *map(change, term.args)) if term.kind == "app" else term


def parts(term: Term) -> Iterator[Term]:
    """The compound expressions in a term, outside of what it binds."""
    if term.kind == "app":
        yield term
        for argument in term.args:
            yield from parts(argument)


def size(term: Term) -> int:
    """How many symbols a term has."""
    return 1 + sum(map(size, term.args))


def replaced(term: Term, old: Term, new: Term) -> Term:
    """The term with `new` for `old`, outside of what it binds."""
    if term == old:
        return new
    return within(term, lambda part: replaced(part, old, new)) if term.kind == "app" else term


def unrolled(term: Term) -> Term:
    """The term for known responses: choices made, short sums written out."""
    if term.kind != "app":
        return term
    if is_choice(term) and term.args[0].kind == "num":
        return unrolled(term.args[1 + int(term.args[0].head)])
    if term.head == "Sum" and term.args[0].kind == "num" and 1 <= term.args[0].head <= 3:
        count, summand = term.args
        values = [unrolled(beta(summand, [num(k)])) for k in range(int(count.head))]
        return reduce(lambda a, b: app("+", a, b), values)
    return within(term, unrolled)


def tidied(term: Term) -> Term:
    """The term without ``x + 0``, ``1*x``, ``0 - x`` and the like.

    >>> from derivations.kernel.terms import real
    >>> x = real("x")
    >>> tidied(0 * x + 1 * x / 1 <= 1 + num(1))
    x <= 2
    >>> tidied(x + 0 <= x)
    x + 0 <= x
    """
    tidy = within(term, tidied)
    if tidy.kind != "app":
        return tidy
    if tidy.head in RELATIONS:  # one that says nothing any more is left as it was written
        return term if tidy.args[0] == tidy.args[1] else tidy
    return _simpler(tidy)


_ARITHMETIC = {"+": operator.add, "-": operator.sub, "*": operator.mul}


def _simpler(term: Term) -> Term:
    """A sum, product or function of numbers or of differences in fewer signs."""
    a: Term
    b: Term
    a, b = (*term.args, _ZERO, _ZERO)[:2]
    match term.head:
        case "+" | "-" | "*" if a.kind == b.kind == "num":
            return num(_ARITHMETIC[term.head](a.head, b.head))
        case "/" if a.kind == b.kind == "num" and b != _ZERO:
            return num(Fraction(a.head) / b.head)
        case "neg" if a.kind == "num":
            return num(-a.head)
        case "+" if a == _ZERO:
            return b
        case "+" | "-" if b == _ZERO:
            return a
        case "-" if a == _ZERO:
            return app("neg", b)
        case "*" if _ZERO in (a, b):
            return _ZERO
        case "*" if a == _ONE:
            return b
        case "*" if num(-1) in (a, b):
            return _simpler(app("neg", b if a == num(-1) else a))
        case "-" if b.head == "neg":
            return app("+", a, b.args[0])
        case "neg" if a.head == "neg":
            return cast(Term, a.args[0])
        case "*" | "/" if a.head == "neg":
            return _simpler(app("neg", _simpler(app(term.head, a.args[0], b))))
        case "*" if b.head == "neg":
            return _simpler(app("neg", _simpler(app("*", a, b.args[0]))))
        case "*" | "/" if b == _ONE:
            return a
        case "/" | "neg" if a == _ZERO:
            return a
        case "^" if a == _ONE or a == _ZERO and b.head > 0:
            return a
        case "exp" if a == _ZERO:
            return _ONE
        case "log" if a == _ONE:
            return _ZERO
    return term
