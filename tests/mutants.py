"""False variants of the library's statements, and an evaluator that shows that they are false.

A *mutant* changes one thing in a statement: a constant, a sign, an inequality, a hypothesis.
That it is false is shown on an *instance*: exact data for the free variables, on which all of
its hypotheses hold and its conclusion fails by a clear margin.  The evaluator knows nothing of
the kernel's rules: it computes, with fractions where it can and with 80 digits where it must.

Statements are only looked up by id; their parts are named by terms built here.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction as Q
from typing import Any

from mpmath import MPContext

from derivations.expectation import (
    ARBITRARY,
    ARBITRARY_RUN,
    COVARIANCE,
    MEAN,
    VARIANCE,
    WITHIN,
    Run,
)
from derivations.kernel.terms import (
    RELATIONS,
    Definition,
    Term,
    app,
    beta,
    derivative,
    eq,
    exp,
    free_variables,
    function,
    lam,
    le,
    log,
    lt,
    maximum,
    minimum,
    nat,
    num,
    real,
    total,
    var,
)
from derivations.library import Statement

# Evaluation ------------------------------------------------------------------------------------

mp = MPContext()
mp.dps = 80
_SAME, _CLEAR = mp.mpf("1e-40"), mp.mpf("1e-20")
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
    those over naturals through 0, ..., `naturals` - 1.
    """

    values: Mapping[str, Any]
    reals: tuple[Any, ...] = ()
    naturals: int = 4


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


def _divide(x: Any, y: Any) -> Any:
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
        if abs(difference) < _SAME:
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


_FUNCTIONS: Mapping[str, Callable[..., Any]] = {
    "+": lambda x, y: sum(_aligned(x, y)),
    "-": lambda x, y: _aligned(x, y)[0] - _aligned(x, y)[1],
    "*": lambda x, y: _aligned(x, y)[0] * _aligned(x, y)[1],
    "/": _divide,
    "^": lambda x, n: _divide(1, x ** -int(n)) if n < 0 else x ** int(n),
    "neg": lambda x: -x,
    "max": lambda x, y: max(_aligned(x, y)),
    "min": lambda x, y: min(_aligned(x, y)),
    "abs": abs,
    "exp": lambda x: mp.exp(digits(x)),
    "log": _log,
    "sqrt": _root,
    "sin": lambda x: mp.sin(digits(x)),
    "cos": lambda x: mp.cos(digits(x)),
    "pi": lambda: +mp.pi,
    "Sum": lambda n, f: sum((f(k) for k in range(int(n))), Q(0)),
}


def _summed(n: Any, f: Callable[[int], Any]) -> Any:
    """The sum, exact as long as its terms are."""
    result: Any = Q(0)
    for k in range(int(n)):
        x, y = _aligned(result, f(k))
        result = x + y
    return result


def value(term: Term, instance: Instance, bound: tuple[Any, ...] = ()) -> Any:
    """The value of a term or formula: a number, a truth value or a Python function."""
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
    return _summed(*parts) if head == "Sum" else _FUNCTIONS[head](*parts)


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


# Changing statements ---------------------------------------------------------------------------

Change = Callable[[Statement], Statement]


def _opened(function_: Term) -> tuple[list[Term], Term]:
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
            variables, body = _opened(part)
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
        statement, conclusion=swapped(statement.conclusion, num_or(old), num_or(new), only)
    )


def assumes(position: int, old: Any, new: Any) -> Change:
    """Replace a subterm of one hypothesis."""

    def change(statement: Statement) -> Statement:
        given = list(statement.hypotheses)
        given[position] = swapped(given[position], num_or(old), num_or(new))
        return replace(statement, hypotheses=tuple(given))

    return change


def drops(position: int) -> Change:
    """Leave out one hypothesis; 0 = 0 takes its place, so that the others keep theirs."""

    def change(statement: Statement) -> Statement:
        given = list(statement.hypotheses)
        given[position] = eq(0, 0)
        return replace(statement, hypotheses=tuple(given))

    return change


def edits(path: Sequence[int], change: Callable[[Term], Term]) -> Change:
    """Change the subterm of the conclusion at the end of a path of argument numbers."""

    def walk(term: Term, rest: Sequence[int]) -> Term:
        if not rest:
            return change(term)
        if term.kind == "lam":
            variables, body = _opened(term)
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


def num_or(term: Any) -> Term:
    """A term, or the numeral of a number."""
    return term if isinstance(term, Term) else num(term)


@dataclass(frozen=True)
class Mutant:
    """A false variant of a statement.

    `changed` says what differs, `false` why it is false; `instance` is the counterexample.
    """

    statement: str
    name: str
    changed: str
    change: Change
    instance: Instance
    false: str

    def of(self, statement: Statement) -> Statement:
        """The mutated statement; it is not registered."""
        return self.change(statement)


@dataclass(frozen=True)
class Scalar:
    """The scalar core of a statement, and a false variant of it, as texts of claims."""

    statement: str
    name: str
    true: str
    false: str
    given: tuple[str, ...] = ()
    false_given: tuple[str, ...] | None = None


# Instances -------------------------------------------------------------------------------------


class Softmax:
    """Softmax with log-weights ``A + b x + c x**2/2`` at x = start + t: a policy along a line."""

    def __init__(
        self, rewards: Sequence[int], levels: Sequence[Any], slopes: Sequence[Any],
        bends: Sequence[Any], start: Any = 0,
    ) -> None:  # fmt: skip
        self.rewards, self.start = rewards, digits(start)
        self.rows = [tuple(map(digits, row)) for row in zip(levels, slopes, bends, strict=True)]
        self._known: dict[Any, list[tuple[Any, Any, Any]]] = {}

    def starting_at(self, start: Any) -> Softmax:
        """The same policy, with t counted from another point."""
        return Softmax(self.rewards, *zip(*self.rows, strict=True), start=start)

    def mirrored(self) -> Softmax:
        """Correct and incorrect responses exchanged."""
        rewards = [1 - r for r in self.rewards]
        return Softmax(rewards, *zip(*self.rows, strict=True), start=self.start)

    def at(self, t: Any) -> list[tuple[Any, Any, Any]]:
        """Log-probability, score and its derivative, for every response."""
        x = self.start + digits(t)
        if x not in self._known:
            weights = [mp.exp(a + b * x + c * x**2 / 2) for a, b, c in self.rows]
            drifts = [b + c * x for _, b, c in self.rows]
            whole = mp.fsum(weights)
            shares = [w / whole for w in weights]
            mean = mp.fdot(shares, drifts)
            bend = mp.fdot(shares, (d**2 + c for d, (_, _, c) in zip(drifts, self.rows)))  # noqa: B905
            self._known[x] = [
                (mp.log(p), d - mean, c - (bend - mean**2))
                for p, d, (_, _, c) in zip(shares, drifts, self.rows, strict=True)
            ]
        return self._known[x]

    def success(self, t: Any) -> Any:
        """J."""
        rows = zip(self.at(t), self.rewards, strict=True)
        return mp.fsum(mp.exp(row[0]) for row, r in rows if r)

    def gap(self, t: Any) -> Any:
        """The alignment: E_+[s] - E_-[s], with J E_+[s] = -(1 - J) E_-[s]."""
        J = self.success(t)
        rows = zip(self.at(t), self.rewards, strict=True)
        return mp.fsum(mp.exp(row[0]) * row[1] for row, r in rows if r) / (J * (1 - J))

    def functions(self) -> dict[str, Any]:
        """Values for n, r, lp, s and h."""
        return {
            "n": len(self.rewards),
            "r": lambda i: self.rewards[int(i)],
            "lp": lambda t, i: self.at(t)[int(i)][0],
            "s": lambda t, i: self.at(t)[int(i)][1],
            "h": lambda t, i: self.at(t)[int(i)][2],
        }

    def run(self, *sizes: Any) -> dict[str, Any]:
        """A run along the line with the given steps, and steps of size zero ever after."""
        ends = [Q(0)]
        for size in sizes:
            ends.append(_FUNCTIONS["+"](ends[-1], size))

        def start(k: Any) -> Any:
            return digits(ends[min(int(k), len(sizes))])

        return {
            "n": len(self.rewards),
            "r": lambda i: self.rewards[int(i)],
            "lp": lambda k, t, i: self.at(start(k) + digits(t))[int(i)][0],
            "s": lambda k, t, i: self.at(start(k) + digits(t))[int(i)][1],
            "h": lambda k, t, i: self.at(start(k) + digits(t))[int(i)][2],
            "eta": lambda k: sizes[int(k)] if int(k) < len(sizes) else Q(0),
        }


def _policy(line: Softmax, *reals: Any, **values: Any) -> Instance:
    """A line, with points where quantifiers are tried."""
    return Instance({**line.functions(), **values}, (Q(0), *reals))


def _segment(line: Softmax, eta: Any, G: Any, L: Any, **values: Any) -> Instance:
    """One step of size eta along a line."""
    _, half = eta, _divide(eta, 2)
    reals = tuple(dict.fromkeys((Q(0), half, eta)))
    return Instance({**line.functions(), "eta": eta, "G": G, "L": L, **values}, reals)


def _run(line: Softmax, sizes: Sequence[Any], G: Any, L: Any, **values: Any) -> Instance:
    """A run, with points on its first step."""
    size = sizes[0]
    reals = tuple(dict.fromkeys((Q(0), _divide(size, 2), size)))
    naturals = max(4, len(sizes) + 1)
    return Instance({**line.run(*sizes), "G": G, "L": L, **values}, reals, naturals)


GENERIC = Softmax(
    (1, 0, 1, 0), (0, Q(1, 2), Q(-1, 3), Q(1, 5)), (1, Q(-1, 2), Q(1, 4), Q(2, 3)),
    (Q(1, 3), Q(-1, 5), Q(1, 2), Q(-1, 4)),
)  # fmt: skip
"""Four responses, nothing special."""

LOGIT = Softmax((1, 0), (0, 0), (1, 0), (0, 0))
"""Two responses whose log-odds are t."""

STILL = Softmax((1, 0), (0, 0), (0, 0), (0, 0))
"""Two equally likely responses; nothing moves."""

PEAK = Softmax((1, 0, 0), (mp.log(4), 0, 0), (0, 1, -1), (-1, 1, 1))
"""The policy of `trajectory.sharp` for G = L = 1: at t = 0 the curvature is -3."""

POINT = _segment(PEAK, Q(0), Q(1), Q(1))
"""That policy on the segment that is only the point 0, where its constants are exactly 1."""

DELTA = Q(1, 10000)
WIDE = Q(10002, 10000)
"""Near 0, between -3 DELTA and 3 DELTA, the constants of PEAK are less than this."""

RISING = PEAK.starting_at(-DELTA)
"""Just below the top of the log-odds: ell' = 3 DELTA, ell'' = -3."""

SINKING = PEAK.mirrored().starting_at(DELTA)
"""The log-odds bend upwards: ell' = 3 DELTA, ell'' = 3, J = 1/3."""

_KAPPA = 2 * WIDE + WIDE**2


def _step(line: Softmax, multiple: Any, bound: Any = _KAPPA) -> Any:
    """A multiple of the critical step at the start of the line."""
    return digits(multiple) * line.gap(0) / digits(bound)


def _tight(multiple: Any, line: Softmax = RISING, **values: Any) -> Instance:
    """One step, a multiple of the critical one."""
    return _segment(line, _step(line, multiple), WIDE, WIDE, **values)


def _tight_run(multiple: Any, line: Softmax = RISING, bound: Any = _KAPPA,
               **values: Any) -> Instance:  # fmt: skip
    """A run that is one step, a multiple of the critical one, and then stays."""
    return _run(line, [_step(line, multiple, bound)], WIDE, WIDE, **values)
