"""The value of a kernel term on a concrete instance.

Nothing here knows the kernel's rules: numbers are fractions where they can be and have 80
digits where they must, and two of them are told apart only by a clear margin.

Quantifiers are tried on finitely many values.  So a universal claim that comes out false and
an existential one that comes out true are really so; the other way round it is up to the
instance that what was not tried makes no difference.
"""

from __future__ import annotations

import itertools
import operator
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from fractions import Fraction as Q
from typing import Any

from mpmath import MPContext

from derivations.kernel.terms import RELATIONS, Definition, Term
from derivations.library import Statement

mp = MPContext()
mp.dps = 80
SAME, _CLEAR = mp.mpf("1e-40"), mp.mpf("1e-20")
_STEP = mp.mpf("1e-25")
_RELATION: Mapping[str, Callable[[int], bool]] = {
    "=": lambda sign: sign == 0,
    "!=": lambda sign: sign != 0,
    "<=": lambda sign: sign <= 0,
    "<": lambda sign: sign < 0,
    ">=": lambda sign: sign >= 0,
    ">": lambda sign: sign > 0,
}


class UnclearError(Exception):
    """A value that 80 digits do not decide, or that the kernel's rules do not determine."""


@dataclass(frozen=True)
class Instance:
    """Data for the free variables of a statement, and where its quantifiers are tried.

    `values` maps names to numbers or callables; quantifiers over reals run through `reals`,
    those over naturals through 0, ..., `naturals` - 1.  `largest` bounds |s| and |h| on the
    whole of the segment, or of all segments of the run.
    """

    values: Mapping[str, Any]
    reals: tuple[Any, ...] = ()
    naturals: int = 4
    largest: Callable[[], tuple[Any, Any]] | None = None
    known: dict[Any, Any] = field(default_factory=dict, init=False, repr=False, compare=False)


def is_exact(x: Any) -> bool:
    """Whether a number is a fraction rather than 80 digits."""
    return isinstance(x, (int, Q))


def digits(x: Any) -> Any:
    """The number with 80 digits."""
    return mp.mpf(Q(x).numerator) / Q(x).denominator if is_exact(x) else x


def _aligned(x: Any, y: Any) -> tuple[Any, Any]:
    """Both as fractions, or both with 80 digits."""
    if is_exact(x) and is_exact(y):
        return Q(x), Q(y)
    return digits(x), digits(y)


def divide(x: Any, y: Any) -> Any:
    """The quotient; raises `UnclearError` where the kernel leaves it open."""
    x, y = _aligned(x, y)
    if y != 0:
        return x / y
    if x == 0:  # x/0 is x times some number
        return Q(0)
    raise UnclearError("division by zero")


def _sign(x: Any, y: Any) -> int:
    """The sign of x - y; raises `UnclearError` when it is small but not zero."""
    x, y = _aligned(x, y)
    difference = x - y
    if not is_exact(difference):
        if abs(difference) < SAME:
            return 0
        if abs(difference) < _CLEAR:
            raise UnclearError(f"no clear margin: {difference}")
    return (difference > 0) - (difference < 0)


def _log(x: Any) -> Any:
    if x <= 0:
        raise UnclearError("logarithm of a number that is not positive")
    return mp.log(digits(x))


def _root(x: Any) -> Any:
    if x < 0:
        raise UnclearError("square root of a negative number")
    return mp.sqrt(digits(x))


def _lower_branch(x: Any) -> Any:
    inside = digits(x)
    if not -mp.exp(-1) - SAME <= inside < 0:
        raise UnclearError("W of a number outside of its domain")
    return mp.lambertw(inside, -1).real


_FUNCTIONS: Mapping[str, Callable[..., Any]] = {
    "+": lambda x, y: operator.add(*_aligned(x, y)),
    "-": lambda x, y: operator.sub(*_aligned(x, y)),
    "*": lambda x, y: operator.mul(*_aligned(x, y)),
    "/": divide,
    "^": lambda x, n: divide(1, x ** -int(n)) if n < 0 else x ** int(n),
    "neg": lambda x: -x,
    "max": lambda x, y: max(_aligned(x, y)),
    "min": lambda x, y: min(_aligned(x, y)),
    "abs": abs,
    "exp": lambda x: mp.exp(digits(x)),
    "log": _log,
    "sqrt": _root,
    "sin": lambda x: mp.sin(digits(x)),
    "cos": lambda x: mp.cos(digits(x)),
    "lambertw": _lower_branch,
    "pi": lambda: +mp.pi,
}


def _repeated(head: str, n: Any, f: Callable[[int], Any]) -> Any:
    """The sum or the product, exact as long as its terms are."""
    result: Any = Q(head == "Prod")
    for k in range(int(n)):
        result = _FUNCTIONS["*" if head == "Prod" else "+"](result, f(k))
    return result


def value(term: Term, instance: Instance, bound: tuple[Any, ...] = ()) -> Any:
    """The value of a term or formula: a number, a truth value or a Python function."""
    key = term, bound[len(bound) - term.loose :]
    if key not in instance.known:
        instance.known[key] = _value(term, instance, bound)
    return instance.known[key]


def _value(term: Term, instance: Instance, bound: tuple[Any, ...]) -> Any:
    kind, head, args = term.kind, term.head, term.args
    if kind == "num":
        return head
    if kind == "var":
        return instance.values[head]
    if kind == "bound":
        return bound[-1 - head]
    if kind == "lam":
        return lambda *given: value(args[0], instance, (*bound, *given))
    if isinstance(head, Definition):
        return value(head.meaning, instance)(*(value(a, instance, bound) for a in args))
    if isinstance(head, Term):
        return value(head, instance, bound)(*(value(a, instance, bound) for a in args))
    if head in ("and", "or", "imp"):  # from left to right, as far as necessary
        first = value(args[0], instance, bound)
        if first == (head == "or"):
            return head != "and"
        return value(args[1], instance, bound)
    if head in ("forall", "exists"):
        cases = _tried(args[0], instance)
        found = (value(args[0], instance, bound)(*case) for case in cases)
        return all(found) if head == "forall" else any(found)
    parts = [value(a, instance, bound) for a in args]
    if head in RELATIONS:
        return _RELATION[head](_sign(*parts))
    if head == "derivative":
        return _sign(_slope(parts[0], digits(parts[1])), digits(parts[2])) == 0
    if head in ("Sum", "Prod"):
        return _repeated(head, *parts)
    return _FUNCTIONS[head](*parts)


def _tried(function_: Term, instance: Instance) -> Iterator[tuple[Any, ...]]:
    """The values that a quantifier runs through."""
    return itertools.product(
        *(instance.reals if sort == "R" else range(instance.naturals)
          for sort in function_.sort[0])
    )  # fmt: skip


def _slope(f: Callable[[Any], Any], at: Any) -> Any:
    """The derivative, by a central difference; its error is far below 1e-40."""
    return (digits(f(at + _STEP)) - digits(f(at - _STEP))) / (2 * _STEP)


def hypotheses_hold(statement: Statement, instance: Instance) -> bool:
    """Whether every hypothesis holds on the instance."""
    return all(value(h, instance) for h in statement.hypotheses)


def statement_holds(statement: Statement, instance: Instance) -> bool:
    """Whether the statement holds on the instance: its hypotheses imply its conclusion."""
    return not hypotheses_hold(statement, instance) or value(statement.conclusion, instance)
