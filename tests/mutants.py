"""False variants of the library's statements, and an evaluator that shows that they are false.

A *mutant* changes one thing in a statement: a constant, a sign, an inequality, a hypothesis.
That it is false is shown on an *instance*: exact data for the free variables, on which all of
its hypotheses hold and its conclusion fails by a clear margin.  The evaluator knows nothing of
the kernel's rules: it computes, with fractions where it can and with 80 digits where it must.

Statements are only looked up by id; their parts are named by terms built here.
"""

from __future__ import annotations

import itertools
import operator
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction as Q
from typing import Any

from mpmath import MPContext

from derivations.expectation import (
    ARBITRARY,
    ARBITRARY_RUN,
    MEAN,
    VARIANCE,
    WITHIN,
)
from derivations.kernel.terms import (
    RELATIONS,
    Definition,
    Term,
    app,
    beta,
    eq,
    exp,
    free_variables,
    function,
    lam,
    le,
    log,
    lt,
    maximum,
    nat,
    num,
    real,
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
    "+": lambda x, y: operator.add(*_aligned(x, y)),
    "-": lambda x, y: operator.sub(*_aligned(x, y)),
    "*": lambda x, y: operator.mul(*_aligned(x, y)),
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
}


def _summed(n: Any, f: Callable[[int], Any]) -> Any:
    """The sum, exact as long as its terms are."""
    result: Any = Q(0)
    for k in range(int(n)):
        result = _FUNCTIONS["+"](result, f(k))
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

    def run(self, size: Any, forever: bool) -> dict[str, Any]:
        """A run along the line: one step, or that step again and again; else steps of zero."""

        def start(k: Any) -> Any:
            return digits(size) * (int(k) if forever else min(int(k), 1))

        return {
            "n": len(self.rewards),
            "r": lambda i: self.rewards[int(i)],
            "lp": lambda k, t, i: self.at(start(k) + digits(t))[int(i)][0],
            "s": lambda k, t, i: self.at(start(k) + digits(t))[int(i)][1],
            "h": lambda k, t, i: self.at(start(k) + digits(t))[int(i)][2],
            "eta": lambda k: size if forever or k == 0 else Q(0),
        }


def _policy(line: Softmax, *reals: Any, **values: Any) -> Instance:
    """A line, with points where quantifiers are tried."""
    return Instance({**line.functions(), **values}, (Q(0), *reals))


def _segment(line: Softmax, eta: Any, G: Any, L: Any, **values: Any) -> Instance:
    """One step of size eta along a line."""
    reals = tuple(dict.fromkeys((Q(0), _divide(eta, 2), eta)))
    return Instance({**line.functions(), "eta": eta, "G": G, "L": L, **values}, reals)


def _run(line: Softmax, size: Any, G: Any, L: Any, **values: Any) -> Instance:
    """A run of one step that then stays, with points on that step."""
    reals = tuple(dict.fromkeys((Q(0), _divide(size, 2), size)))
    return Instance({**line.run(size, False), "G": G, "L": L, **values}, reals)


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
    return _run(line, _step(line, multiple, bound), WIDE, WIDE, **values)

CLIMB = Instance(
    {**LOGIT.run(Q(2, 3), True), "G": Q(1), "L": Q(1, 4)}, (Q(0), Q(1, 3), Q(2, 3)), 13
)
"""Steps of 2/3 for ever, from log-odds 0, where the log-odds are the position."""

# Terms -----------------------------------------------------------------------------------------

line, run = ARBITRARY, ARBITRARY_RUN
n, i, j, k, K = (nat(name) for name in ("n", "i", "j", "k", "K"))
t, u, p, q, c, y = (real(name) for name in ("t", "u", "p", "q", "c", "y"))
G, L, eta, a, b, g, B = (real(name) for name in ("G", "L", "eta", "a", "b", "g", "B"))
omega, rho, h0, delta = (real(name) for name in ("omega", "rho", "h0", "delta"))
D_, K_ = real("D"), real("K")
r, w, l_, X = (function(name, "N") for name in ("r", "w", "l", "X"))
XX, YY = function("X", "R", "N"), function("Y", "R", "N")
f1 = function("f1", "R")

J, ell, gap, bend = line.success, line.log_odds, line.alignment, line.curvature
KAPPA = 2 * L + G**2
Jk, ellk, Dk, sk, M = run.success, run.log_odds, run.alignment, run.size, run.progress
rising = maximum(Dk(k), 0)
share = sk(k) * (Jk(k) * (1 - Jk(k)) * rising)


def percent(value: int) -> Term:
    """A number of hundredths."""
    return num(Q(value, 100))


def odds(rate: Term) -> Term:
    """The log-odds of a success rate."""
    return log(rate / (1 - rate))


_mean_x = MEAN(n, lam(i, w(i)), lam(i, l_(i)), lam(i, X(i)))
_variance_x = VARIANCE(n, lam(i, w(i)), lam(i, l_(i)), lam(i, X(i)))
_exponent = exp(-c)


def _weighted(weights: Sequence[Any], variable: Sequence[Any], **values: Any) -> Instance:
    """Weights that are exact (logarithms zero) and a random variable."""
    functions = {
        "n": len(weights), "w": lambda i: Q(weights[int(i)]), "l": lambda i: Q(0),
        "X": lambda i: Q(variable[int(i)]),
    }  # fmt: skip
    return Instance({**functions, **values}, (Q(0), Q(1), Q(-1)))


def _rates(J: Callable[[int], Any], M: Callable[[int], Any], **values: Any) -> Instance:
    """Sequences of success rates and progress; what they do goes on beyond the range."""
    return Instance({"J": J, "M": M, **values}, (Q(1, 10), Q(1, 4), Q(1)), 12)


def _logistic(x: Any) -> Any:
    return 1 / (1 + mp.exp(-digits(x)))


_NOT_A_POLICY = Instance(
    {
        "n": 2, "r": lambda i: (1, 0)[int(i)], "lp": lambda t, i: Q(0), "s": lambda t, i: Q(1),
        "h": lambda t, i: Q(0), "G": Q(1), "L": Q(1), "eta": Q(1), "t": Q(0),
    },
    (Q(0), Q(1)),
)  # fmt: skip
"""Two responses of probability one each, with scores one: no policy."""

_SPREAD = Instance(
    {**GENERIC.functions(), "X": lambda t, i: digits(t) * i, "Y": lambda t, i: Q(i),
     "w": lambda i: Q(1, 1 + int(i))},
    (Q(0), Q(1, 2)),
)  # fmt: skip

_PLACES = (Q(0), Q(1, 3), Q(-1, 2))
_GENERIC = _policy(GENERIC, *_PLACES[1:])
_HALF = _policy(LOGIT, G=Q(1, 2), t=Q(0))
_THREE_QUARTERS = _policy(LOGIT, mp.log(3), G=Q(3, 4), t=mp.log(3))
_SQUARE = {"f": lambda x: digits(x) ** 2}

SETTING = [
    Mutant(
        "setting.success-rate", "half", "J < 1 becomes J < 1/2",
        claims(lt(J(t), 1), lt(J(t), Q(1, 2))), _THREE_QUARTERS, "J = 3/4 at t = log 3",
    ),
    Mutant(
        "setting.success-rate", "no policy", "the assumption that this is a policy is dropped",
        drops(0), _NOT_A_POLICY, "the masses of both sides are 1",
    ),
    Mutant(
        "setting.mean-score", "square", "the score becomes its square",
        claims(line.score(t, i), line.score(t, i) ** 2), _GENERIC, "a sum of squares is positive",
    ),
    Mutant(
        "setting.mean-score", "no policy", "the assumption that this is a policy is dropped",
        drops(0), _NOT_A_POLICY, "the scores are all 1",
    ),
    Mutant(
        "setting.mean-bounds", "signed weights", "the weights may be negative",
        drops(0), _weighted((2, -1), (1, 0), c=Q(1)), "the mean of 1 and 0 is then 2",
    ),
    Mutant(
        "setting.mean-bounds", "no bound", "the bound on the variable is dropped",
        drops(2), _weighted((1, 1), (1, 2), c=Q(1)), "the mean is 3/2",
    ),
    Mutant(
        "setting.mean-bounds", "strict", "<= becomes <",
        edits((), headed("<")), _weighted((1, 1), (1, 1), c=Q(1)), "a constant is its mean",
    ),
    Mutant(
        "setting.mean-within", "signed weights", "the weights may be negative",
        drops(0), _weighted((2, -1), (1, -1), c=Q(1)), "the mean of 1 and -1 is then 3",
    ),
    Mutant(
        "setting.mean-within", "half", "the bound on the mean becomes c/2",
        claims(WITHIN(_mean_x, c), WITHIN(_mean_x, c / 2)), _weighted((1, 1), (1, 1), c=Q(1)),
        "a constant is its mean",
    ),
    Mutant(
        "setting.variance-sign", "signed weights", "the weights may be negative",
        drops(0), _weighted((2, -1), (1, 0)), "the mean is 2 and the variance -2",
    ),
    Mutant(
        "setting.variance-sign", "strict", "<= becomes <",
        edits((), headed("<")), _weighted((1, 1), (1, 1)), "a constant has variance zero",
    ),
    Mutant(
        "setting.variance-bounds", "99/100", "c**2 becomes 99/100 c**2",
        claims(c**2, percent(99) * c**2), _weighted((1, 1), (1, -1), c=Q(1)),
        "1 and -1 have variance 1",
    ),
    Mutant(
        "setting.variance-bounds", "no bound", "the bound on the variable is dropped",
        drops(2), _weighted((1, 1), (2, -2), c=Q(1)), "2 and -2 have variance 4",
    ),
    Mutant(
        "setting.log-odds-order", "reversed", "p < q becomes q < p in the first part",
        edits((0, 1), exchanged), Instance({"p": Q(1, 3), "q": Q(1, 2)}), "1/3 < 1/2",
    ),
    Mutant(
        "setting.log-odds-order", "strict", "<= becomes < in the last conclusion",
        edits((1, 1, 1), headed("<")), Instance({"p": Q(1, 3), "q": Q(1, 3)}), "p = q",
    ),
    Mutant(
        "setting.rate", "reversed", "<= is turned round in the first conclusion",
        edits((0, 1), exchanged), Instance({"p": Q(1, 2), "q": Q(2, 3), "c": Q(1, 10)}),
        "the gain is log 2, more than 1/10",
    ),
    Mutant(
        "setting.rate", "J and 1 - J", "p and 1 - p are exchanged in the denominator",
        claims(p + (1 - p) * _exponent, (1 - p) + p * _exponent),
        Instance({"p": Q(1, 3), "q": Q(1, 2), "c": mp.log(2)}),
        "from 1/3 to 1/2 the log-odds gain log 2",
    ),
    Mutant(
        "setting.rate-to-one", "no factor", "0 < a is dropped",
        drops(1), _rates(lambda k: Q(1, 2), Q, a=Q(0)), "a = 0: J = 1/2 for ever, M(K) = K",
    ),
    Mutant(
        "setting.rate-to-one", "half", "the limit 1 becomes 1/2",
        edits((1,), lambda _: num(Q(1, 2))), _rates(_logistic, Q, a=Q(1)), "J(K) tends to 1",
    ),
    Mutant(
        "setting.progress-diverges", "no factor", "0 < c is dropped",
        drops(1), _rates(_logistic, lambda k: Q(-int(k)), c=Q(-1)), "c = -1 and M(K) = -K",
    ),
    Mutant(
        "setting.progress-diverges", "no limit", "the limit of J is dropped",
        drops(3), _rates(lambda k: Q(1, 2), lambda k: Q(0), c=Q(1)), "J = 1/2 and M = 0",
    ),
    Mutant(
        "setting.progress-diverges", "sign", "M becomes -M in the conclusion",
        edits((0, 0), lambda progress: -progress), _rates(_logistic, Q, c=Q(1)), "M(K) = K",
    ),
    Mutant(
        "setting.softmax-line", "sign", "the score is negated",
        edits((3, 0), lambda score: -score),
        Instance({"n": 2, "r": lambda i: (1, 0)[int(i)], "A": lambda i: Q(0),
                  "b": lambda i: Q((1, 0)[int(i)]), "c": lambda i: Q(0)}, _PLACES),
        "d/dt log pi = 1/2 for log-weights t and 0 at t = 0",
    ),
    Mutant(
        "setting.softmax-line", "none correct",
        "that some response is correct becomes once more that one is incorrect",
        assumes(1, eq(r(i), 1), eq(r(i), 0)),
        Instance({"n": 2, "r": lambda i: 0, "A": lambda i: Q(0), "b": lambda i: Q(i),
                  "c": lambda i: Q(0)}, _PLACES),
        "a policy of this setting has a correct response",
    ),
    Mutant(
        "setting.two-jet", "not normalised", "sum exp(A) = 1 is dropped",
        drops(0),
        Instance({"n": 2, "A": lambda i: Q(0), "b": lambda i: Q(1 - 2 * int(i)),
                  "c": lambda i: Q(-1)}, _PLACES),
        "log pi = -log 2, not 0",
    ),
    Mutant(
        "setting.two-jet", "mean score", "sum exp(A) b = 0 is dropped",
        drops(1),
        Instance({"n": 1, "A": lambda i: Q(0), "b": lambda i: Q(1), "c": lambda i: Q(-1)}, _PLACES),
        "the score of the only response is 0, not 1",
    ),
    Mutant(
        "setting.two-jet", "half", "the second derivative becomes c/2",
        edits((0, 0, 1, 1, 1), lambda bend: bend / 2),
        Instance({"n": 2, "A": lambda i: -mp.log(2), "b": lambda i: Q(1 - 2 * int(i)),
                  "c": lambda i: Q(-1)}, _PLACES),
        "it is -1",
    ),
    Mutant(
        "setting.three-responses", "sign", "the curvature h0 + rho h0 becomes h0 - rho h0",
        claims(h0 + rho * h0, h0 - rho * h0),
        Instance({"rho": Q(2), "v": Q(1), "h0": Q(-1)}, _PLACES), "it is -3",
    ),
    Mutant(
        "setting.three-responses", "J and 1 - J", "rho/(1 + rho) becomes 1/(1 + rho)",
        claims(rho / (1 + rho), 1 / (1 + rho)),
        Instance({"rho": Q(2), "v": Q(1), "h0": Q(-1)}, _PLACES), "J = 2/3",
    ),
]  # fmt: skip

_plus, _minus = line.mean_score("+", t), line.mean_score("-", t)
_curved = line.mean("+", lam(i, line.hessian(t, i) + line.score(t, i) ** 2), t)

GAP = [
    Mutant(
        "gap.score-identity", "sign", "J g+ + (1-J) g- = 0 becomes J g+ - (1-J) g- = 0",
        edits((0, 0, 0, 0), headed("-")), _GENERIC, "both terms are half of a nonzero number",
    ),
    Mutant(
        "gap.score-identity", "J and 1 - J", "g+ = (1-J) gamma becomes g+ = J gamma",
        claims((1 - J(t)) * gap(t), J(t) * gap(t)), _GENERIC, "J is not 1/2",
    ),
    Mutant(
        "gap.score-identity", "no policy", "the assumption that this is a policy is dropped",
        drops(0), _NOT_A_POLICY, "with scores 1 the sum is 1",
    ),
    Mutant(
        "gap.policy-gradient", "one factor", "J (1-J) gamma becomes J gamma",
        claims(J(t) * (1 - J(t)) * gap(t), J(t) * gap(t)), _GENERIC, "gamma is not zero",
    ),
    Mutant(
        "gap.policy-gradient", "51/50", "the gradient is multiplied by 51/50",
        claims(J(t) * (1 - J(t)) * gap(t), percent(102) * (J(t) * (1 - J(t)) * gap(t))),
        _GENERIC, "gamma is not zero",
    ),
    Mutant(
        "gap.log-odds-gradient", "g+", "gamma becomes g+",
        claims(gap(t), _plus), _GENERIC, "g- is not zero",
    ),
    Mutant(
        "gap.log-odds-gradient", "sign", "gamma becomes -gamma",
        claims(gap(t), -gap(t)), _GENERIC, "gamma is not zero",
    ),
    Mutant(
        "gap.objective", "one factor", "f'(J) J (1-J) gamma becomes f'(J) J gamma",
        claims(y * J(t) * (1 - J(t)) * gap(t), y * J(t) * gap(t)),
        _policy(GENERIC, t=Q(0), y=2 * GENERIC.success(0), **_SQUARE), "gamma is not zero",
    ),
    Mutant(
        "gap.objective", "no derivative", "y need not be the derivative of f",
        drops(1), _policy(GENERIC, t=Q(0), y=Q(0), **_SQUARE), "f(J) = J**2 is not constant",
    ),
    Mutant(
        "gap.norm", "99/100", "G/max(J, 1-J) becomes 99/100 G/max(J, 1-J)",
        claims(G / maximum(J(t), 1 - J(t)), percent(99) * G / maximum(J(t), 1 - J(t))),
        _THREE_QUARTERS, "scores 1/4 and -3/4 = -G at J = 3/4: gamma = 1 = G/J",
    ),
    Mutant(
        "gap.norm", "199/100", "2 G becomes 199/100 G",
        claims(2 * G, percent(199) * G), _HALF, "G/max(J, 1-J) = 2 G at J = 1/2",
    ),
    Mutant(
        "gap.norm", "no bound", "the bound on the score is dropped",
        drops(1), _policy(LOGIT, G=Q(1, 4), t=Q(0)), "gamma = 1 at J = 1/2",
    ),
    Mutant(
        "gap.score-derivative", "sign", "the covariance is subtracted",
        edits((0, 0, 2), headed("-")), _SPREAD, "the covariance of X and s is not zero",
    ),
    Mutant(
        "gap.score-derivative", "mean only", "the covariance is left out",
        edits((0, 0, 2), lambda term: term.args[0]), _SPREAD,
        "the covariance of X and s is not zero",
    ),
    Mutant(
        "gap.score-derivative", "no derivative", "Y need not be the derivative of X",
        drops(2), replace(_SPREAD, values={**_SPREAD.values, "Y": lambda t, i: Q(0)}),
        "Y = 0 loses the mean of the derivative",
    ),
    Mutant(
        "gap.curvature", "sign", "Var_-(s) changes its sign",
        claims(line.mean_hessian("-", t) + line.variance("-", t),
               line.mean_hessian("-", t) - line.variance("-", t)),
        _GENERIC, "Var_-(s) is not zero",
    ),
    Mutant(
        "gap.curvature", "second moment", "Var_+(s) becomes Var_+(s) + g+**2",
        claims(line.variance("+", t), line.variance("+", t) + _plus**2), _GENERIC,
        "g+ is not zero",
    ),
    Mutant(
        "gap.bartlett", "sign", "E[h] = -E[s**2] becomes E[h] = E[s**2]",
        edits((0, 0, 0, 1), lambda term: term.args[0]), _GENERIC, "the score is not zero",
    ),
    Mutant(
        "gap.bartlett", "J and 1 - J", "J E_+ becomes (1-J) E_+",
        claims(J(t) * _curved, (1 - J(t)) * _curved), _GENERIC, "J is not 1/2",
    ),
    Mutant(
        "gap.curvature-one-sided", "J and 1 - J", "/(1-J) becomes /J on the correct side",
        edits((0, 0, 0, 1, 0, 1), lambda _: J(t)), _GENERIC, "J is not 1/2",
    ),
    Mutant(
        "gap.curvature-one-sided", "sign", "+ J gamma**2 becomes - J gamma**2",
        edits((0, 0, 0, 1), headed("-")), _GENERIC, "gamma is not zero",
    ),
    Mutant(
        "gap.curvature-one-sided", "minus side", "(1-J) gamma**2 is left out on the other side",
        edits((0, 0, 1, 1), lambda term: term.args[0]), _GENERIC, "gamma is not zero",
    ),
]  # fmt: skip

_CUBE = (Q(0), Q(1, 1000), Q(-1, 1000))
_CRITICAL = {"D": Q(1), "K": Q(1)}
_LIMITS = Instance(_CRITICAL, (Q(1), Q(101, 100), Q(2), Q(401, 200)))
_SMALL = Q(1, 10)
_NARROW = _segment(RISING, 3 * DELTA, _SMALL, _SMALL)
"""A step of 3 DELTA, where twice the critical one is 2 DELTA; the constants are far too small."""
_TURN = Softmax((1, 0), (0, 0), (0, 0), (-1, 1))
"""The score vanishes at t = 0 only; the curvature there is -2."""

_gained = ell(eta) - ell(0)
_best = gap(0) ** 2 / (2 * KAPPA)
_far = L * eta**2 / (2 * (1 - J(0)))

ONE_STEP = [
    Mutant(
        "trajectory.step-sizes", "101/100", "the largest safe step becomes 101/100 D/K",
        claims(le(eta, D_ / K_), le(eta, percent(101) * D_ / K_)), _LIMITS,
        "D = K = 1, eta = 101/100",
    ),
    Mutant(
        "trajectory.step-sizes", "201/100", "the monotone limit becomes 201/100 D/K",
        claims(lt(eta, 2 * D_ / K_), lt(eta, percent(201) * D_ / K_)), _LIMITS,
        "D = K = 1, eta = 401/200",
    ),
    Mutant(
        "trajectory.step-sizes", "best gain", "the best gain becomes D**2/(201/100 K)",
        claims(D_**2 / (2 * K_), D_**2 / (percent(201) * K_)), _LIMITS, "D = K = eta = 1",
    ),
    Mutant(
        "trajectory.step-sizes", "no alignment", "D > 0 is dropped",
        drops(0), Instance({"D": Q(-1), "K": Q(1)}, (Q(-1, 2), Q(1))),
        "D = -1, eta = -1/2: a step beyond D/K that keeps more than half",
    ),
    Mutant(
        "trajectory.curvature", "99/100 of G**2", "kappa becomes 2 L + 99/100 G**2",
        claims(KAPPA, 2 * L + percent(99) * G**2), POINT, "the curvature is -3 at G = L = 1",
    ),
    Mutant(
        "trajectory.curvature", "199/100 of L", "kappa becomes 199/100 L + G**2",
        claims(KAPPA, percent(199) * L + G**2), POINT, "the curvature is -3 at G = L = 1",
    ),
    Mutant(
        "trajectory.curvature", "no regularity", "the bounds on s and h are dropped",
        drops(1), _segment(PEAK, Q(0), Q(1, 2), Q(1, 2)), "the curvature is -3",
    ),
    Mutant(
        "trajectory.descent", "49/100", "kappa eta**2/2 becomes 49/100 kappa eta**2",
        claims(KAPPA * eta**2 / 2, percent(49) * (KAPPA * eta**2)), _tight(1),
        "near the top of PEAK the curvature is -3",
    ),
    Mutant(
        "trajectory.descent", "sign", "- eta Delta mu becomes + eta Delta mu",
        claims(_gained - eta * gap(0), _gained + eta * gap(0)), _tight(1),
        "the step gains about half of eta Delta mu",
    ),
    Mutant(
        "trajectory.descent", "no regularity", "the bounds on s and h are dropped",
        drops(1), _NARROW, "the curvature is -3",
    ),
    Mutant(
        "trajectory.monotone", "201/100", "2 Delta mu/kappa becomes 201/100 Delta mu/kappa",
        assumes(5, 2 * gap(0), percent(201) * gap(0)), _tight(Q(401, 200)),
        "a step across the top of PEAK and further down on the other side",
    ),
    Mutant(
        "trajectory.monotone", "no step", "0 < eta is dropped",
        drops(4), _tight(0), "eta = 0 leaves J as it is",
    ),
    Mutant(
        "trajectory.monotone", "reversed", "J falls",
        edits((), exchanged), _tight(1), "it rises",
    ),
    Mutant(
        "trajectory.monotone", "no regularity", "the bounds on s and h are dropped",
        drops(1), _NARROW, "a step of 3 DELTA across the top",
    ),
    Mutant(
        "trajectory.best-step", "201/100", "the largest gain becomes Delta mu**2/(201/100 kappa)",
        claims(_best, gap(0) ** 2 / (percent(201) * KAPPA), 0), _tight(1), "u = Delta mu/kappa",
    ),
    Mutant(
        "trajectory.best-step", "51/100", "the step gains 51/100 Delta mu**2/kappa",
        claims(_best, percent(51) * gap(0) ** 2 / KAPPA, 2), _tight(1),
        "near the top of PEAK it gains little more than half",
    ),
    Mutant(
        "trajectory.best-step", "sign", "the guaranteed gain becomes u Delta mu + kappa u**2/2",
        edits((0, 0, 0, 0), headed("+")), _tight(1), "u = Delta mu/kappa",
    ),
    Mutant(
        "trajectory.log-success", "49/100", "L eta**2/2 becomes 49/100 L eta**2",
        claims(L * eta**2 / 2, percent(49) * (L * eta**2)), _tight(1),
        "the only correct response of PEAK has h = -L at the top",
    ),
    Mutant(
        "trajectory.log-success", "J and 1 - J", "(1-J) Delta mu becomes J Delta mu",
        claims(eta * (1 - J(0)) * gap(0), eta * J(0) * gap(0)), _tight(1), "J = 2/3",
    ),
    Mutant(
        "trajectory.log-success", "99/100", "-L becomes -99/100 L",
        claims(-L, -(percent(99) * L)), POINT, "E_+[h] + Var_+(s) = -L",
    ),
    Mutant(
        "trajectory.log-success", "other side", "log J has the derivative E_-[s]",
        edits((0, 0, 0, 1, 1, 0, 2), lambda _: _minus), _tight(1), "E_+[s] is another number",
    ),
    Mutant(
        "trajectory.log-success", "no bound", "the bound on h is dropped",
        drops(1), _segment(PEAK, Q(0), Q(1), Q(1, 2)), "h = -1 on the correct response",
    ),
    Mutant(
        "trajectory.one-step", "1 - J to J", "L eta**2/(2 (1-J)) becomes L eta**2/(2 J)",
        claims(2 * (1 - J(0)), 2 * J(0)), _tight(1), "J = 2/3: half of the bound that is needed",
    ),
    Mutant(
        "trajectory.one-step", "J to 1 - J", "L eta**2/(2 J) becomes L eta**2/(2 (1-J))",
        claims(2 * J(0), 2 * (1 - J(0))), _tight(1, SINKING),
        "J = 1/3: half of the bound that is needed",
    ),
    Mutant(
        "trajectory.one-step", "99/100", "the lower bound is tightened by 99/100",
        claims(_far, percent(99) * _far), _tight(1), "the curvature at the top is -L/(1-J)",
    ),
    Mutant(
        "trajectory.one-step", "no bound", "the bound on h is dropped",
        drops(1), _NARROW, "the curvature at the top is -1/(1-J)",
    ),
    Mutant(
        "trajectory.success-step", "201/100", "2 Delta mu/K(J) becomes 201/100 Delta mu/K(J)",
        claims(2 * gap(0), percent(201) * gap(0)), _tight(Q(401, 200)),
        "a step across the top of PEAK, where K(J) = kappa",
    ),
    Mutant(
        "trajectory.success-step", "51/100", "the gain eta Delta mu/2 becomes 51/100 eta Delta mu",
        claims(eta * gap(0) / 2, percent(51) * (eta * gap(0))), _tight(1),
        "near the top of PEAK the step gains little more than half",
    ),
    Mutant(
        "trajectory.success-step", "51/100 of J", "J rises by 51/100 eta J (1-J) Delta mu",
        claims(eta * J(0) * (1 - J(0)) * gap(0) / 2,
               percent(51) * (eta * J(0) * (1 - J(0)) * gap(0))),
        _tight(1), "near the top of PEAK the step gains little more than half",
    ),
]  # fmt: skip

_kept = sk(k) * rising / 2
_amount = SINKING.gap(0) * _step(SINKING, 1)

RUNS = [
    Mutant(
        "trajectory.gain", "51/100", "a step gains at least 51/100 of its alignment",
        claims(_kept, percent(51) * (sk(k) * rising)), _tight_run(1),
        "near the top of PEAK it gains little more than half",
    ),
    Mutant(
        "trajectory.gain", "149/100", "a step gains at most 149/100 of its alignment",
        claims(3 * (sk(k) * rising) / 2, percent(149) * (sk(k) * rising)), _tight_run(1, SINKING),
        "where the log-odds bend upwards it gains 3/2, nearly",
    ),
    Mutant(
        "trajectory.gain", "no threshold", "the bound on the steps is dropped",
        drops(3), _tight_run(Q(3, 2)), "3/2 of the critical step gains a quarter",
    ),
    Mutant(
        "trajectory.threshold", "51/100", "exp(-M(K)/2) becomes exp(-51/100 M(K))",
        claims(M(K) / 2, percent(51) * M(K)), _tight_run(1),
        "near the top of PEAK a step gains little more than half",
    ),
    Mutant(
        "trajectory.threshold", "L + G**2", "kappa becomes L + G**2: longer steps",
        assumes(3, KAPPA, L + G**2), _tight_run(1, bound=WIDE + WIDE**2),
        "3/2 of the critical step gains a quarter",
    ),
    Mutant(
        "trajectory.threshold", "no regularity", "the bounds on s and h are dropped",
        drops(1), _run(RISING, 3 * DELTA, Q(1, 10), Q(1, 10)), "J falls",
    ),
    Mutant(
        "trajectory.threshold-paper", "all of M(K)", "exp(-M(K)/2) becomes exp(-M(K))",
        claims(M(K) / 2, M(K)), _tight_run(1, bound=2 * (WIDE + 8 * WIDE**2)),
        "the log-odds are strictly concave on the step",
    ),
    Mutant(
        "trajectory.threshold-paper", "strict", "1 <= factor becomes 1 < factor",
        edits((1, 0), headed("<")), _run(STILL, Q(0), Q(0), Q(1)), "the factor is 1 for G = 0",
    ),
    Mutant(
        "trajectory.threshold-paper", "15", "factor < 16 becomes factor < 15",
        edits((1, 1, 1), lambda _: num(15)), _run(STILL, Q(0), Q(10), Q(1)),
        "the factor is 1602/102 for G = 10, L = 1",
    ),
    Mutant(
        "trajectory.threshold-paper", "no L", "0 < L is dropped",
        drops(2), _run(STILL, Q(0), Q(1), Q(0)), "the factor is 16 for G = 1, L = 0",
    ),
    Mutant(
        "trajectory.two-sided", "149/100", "exp(-3 M(K)/2) becomes exp(-149/100 M(K))",
        claims(3 * M(K) / 2, percent(149) * M(K)), _tight_run(1, SINKING),
        "where the log-odds bend upwards a step gains 3/2, nearly",
    ),
    Mutant(
        "trajectory.two-sided", "reversed", "the upper bound becomes a lower one",
        edits((0, 0, 0), exchanged), _tight_run(1), "the step gains half, not 3/2",
    ),
    Mutant(
        "trajectory.two-sided", "half", "J_K tends to 1/2 when M(K) diverges",
        edits((1, 1, 1, 1), lambda _: num(Q(1, 2))), CLIMB,
        "the log-odds are 2 K/3 and tend to infinity",
    ),
    Mutant(
        "trajectory.stagnation", "149/100", "exp(-3 B/2) becomes exp(-149/100 B)",
        claims(3 * B / 2, percent(149) * B), _tight_run(1, SINKING, B=_amount),
        "where the log-odds bend upwards a step gains 3/2, nearly",
    ),
    Mutant(
        "trajectory.stagnation", "half", "the bound on J is less than 1/2",
        edits((1, 1), lambda _: num(Q(1, 2))), _tight_run(1, B=_amount), "J_0 is 2/3",
    ),
    Mutant(
        "trajectory.stagnation", "no bound", "the bound on M(K) is dropped",
        drops(4), _tight_run(1, B=Q(0)), "B = 0, but J rises",
    ),
    Mutant(
        "trajectory.ceiling", "199/100", "2 (ell* - ell_0) becomes 199/100 (ell* - ell_0)",
        claims(2 * (odds(p) - ellk(0)), percent(199) * (odds(p) - ellk(0))),
        _tight_run(1, p=RISING.success(_step(RISING, 1))),
        "one step to the ceiling that gains little more than half",
    ),
    Mutant(
        "trajectory.ceiling", "no ceiling", "the bound on J is dropped",
        drops(5), _tight_run(1, p=Q(1, 2)), "J_0 is 2/3: the bound on M(K) is negative",
    ),
    Mutant(
        "trajectory.threshold-success", "201/100", "2 Delta mu/K(J) becomes 201/100 Delta mu/K(J)",
        claims(2 * Dk(k), percent(201) * Dk(k)), _tight_run(Q(401, 200)),
        "a step across the top of PEAK, where K(J) = kappa",
    ),
    Mutant(
        "trajectory.threshold-success", "51/100", "eta Delta mu/2 becomes 51/100 eta Delta mu",
        claims(sk(k) * Dk(k) / 2, percent(51) * (sk(k) * Dk(k))), _tight_run(1),
        "near the top of PEAK the step gains little more than half",
    ),
    Mutant(
        "trajectory.threshold-success", "51/100 of M", "exp(-M(K)/2) becomes exp(-51/100 M(K))",
        claims(M(K) / 2, percent(51) * M(K)), _tight_run(1),
        "near the top of PEAK the step gains little more than half",
    ),
    Mutant(
        "trajectory.gradient-sum", "51/100", "J rises by 51/100 of the share of the gradient sum",
        claims(share / 2, percent(51) * share), _tight_run(1),
        "near the top of PEAK the step gains little more than half",
    ),
    Mutant(
        "trajectory.gradient-sum", "1 - J_0", "2 (1 - J_0) becomes 1 - J_0",
        claims(2 * (1 - Jk(0)), 1 - Jk(0)), CLIMB,
        "the sum of decreasing terms exceeds the integral, 1/2",
    ),
    Mutant(
        "trajectory.gradient-sum", "no threshold", "the bound on the steps is dropped",
        drops(3), _tight_run(Q(3, 2)), "3/2 of the critical step gains a quarter",
    ),
]  # fmt: skip


def _logits(start: Any, **values: Any) -> Instance:
    """`trajectory.realisable` for f(t) = start + t."""
    functions = {
        "f": lambda x: digits(x) + start, "f1": lambda x: Q(1), "f2": lambda x: Q(0),
        "g": Q(1), "b": Q(0), "eta": Q(1), **values,
    }  # fmt: skip
    return Instance(functions, (Q(0), Q(1, 2), Q(1)))


_WAVES = Instance(
    {"a": Q(1), "b": Q(2), "omega": Q(1), "f0": Q(0)}, (Q(0), Q(1, 10), Q(1), +mp.pi, 2 * mp.pi)
)
_STEADY = Instance({}, (Q(0), Q(1, 3), Q(2, 3)), 13)
_ONES = Instance({"G": Q(1), "L": Q(1), "eta": Q(0), **PEAK.functions()}, (Q(0), Q(1, 3), Q(3, 4)))
_CUBES = Instance({"G": Q(1), "L": Q(1)}, _CUBE)
_ACROSS = Instance({}, (*_CUBE, Q(1, 7), Q(3, 4), Q(3, 2)))
_THIRDS = Instance(
    {"n": 3, "r": lambda i: (1, 0, 0)[int(i)], "A": lambda i: -mp.log(3),
     "D": lambda i, j: Q(int(i == j))},
    (Q(0), Q(1, 10)),
)  # fmt: skip
_PAST = (1, 0, 0, 1, 0, 0)
"""The way to the body of ``exists epsilon, delta`` in `trajectory.tight-step`."""


def _once(body: Term) -> Term:
    """rho times the critical step, instead of twice that."""
    aligned = body.args[1].args[1].args[1].args[0].args[1]
    return swapped(body, 2 * aligned, aligned)


INSTANCES = [
    Mutant(
        "trajectory.realisable", "1/5", "b + g**2/4 becomes b + g**2/5",
        claims(b + g**2 / 4, b + g**2 / 5), _logits(0), "h = -1/4 for f = t at t = 0",
    ),
    Mutant(
        "trajectory.realisable", "99/100", "the bound g on the score becomes 99/100 g",
        edits((1, 1, 3), lambda bound: percent(99) * bound), _logits(-10),
        "a rare response has nearly the whole score f' = 1",
    ),
    Mutant(
        "trajectory.realisable", "sign", "the alignment is -f'",
        edits((1, 0, 0, 0, 1, 1), lambda slope: -slope), _logits(0), "it is 1 for f = t",
    ),
    Mutant(
        "trajectory.realisable", "no bounds", "the bounds on f' and f'' are dropped",
        drops(2), _logits(0, g=Q(1, 4)), "the scores are 1/2 for f = t at t = 0",
    ),
    Mutant(
        "trajectory.collapse", "alignment", "the alignment b - a becomes b + a",
        edits((1, 1, 0, 0, 0, 0, 1), headed("+")), _WAVES, "it is 1 for a = 1, b = 2",
    ),
    Mutant(
        "trajectory.collapse", "sign", "ell_k = ell_0 + 2 pi a k/omega",
        edits((1, 1, 0, 0, 0, 1, 0, 1), headed("+")), _WAVES, "the log-odds fall",
    ),
    Mutant(
        "trajectory.collapse", "reversed", "J rises at every step",
        edits((1, 1, 0, 0, 0, 1, 1), exchanged), _WAVES, "it falls",
    ),
    Mutant(
        "trajectory.collapse", "no drift", "0 < a is dropped",
        drops(0), replace(_WAVES, values={**_WAVES.values, "a": Q(-1)}), "J rises for a = -1",
    ),
    Mutant(
        "trajectory.gradient-sum-instance", "17/100", "the lower bound 1/6 becomes 17/100",
        edits((1, 1, 1, 1, 0, 0, 0, 0), lambda _: percent(17)), _STEADY,
        "the first term is 2/3 * 1/4 = 1/6",
    ),
    Mutant(
        "trajectory.gradient-sum-instance", "half", "the upper bound 1 becomes 1/2",
        edits((1, 1, 1, 1, 0, 0, 1, 1), lambda _: num(Q(1, 2))), _STEADY,
        "the sum of decreasing terms exceeds the integral, 1/2",
    ),
    Mutant(
        "trajectory.success-curvature", "99/100", "-ell'' <= 99/100 K(J)",
        edits((0, 0, 0, 1, 1, 0, 1), lambda bound: percent(99) * bound), _ONES,
        "-ell'' = K(J) = 3 at the top of PEAK",
    ),
    Mutant(
        "trajectory.success-curvature", "strict", "K(J) <= kappa becomes K(J) < kappa",
        edits((0, 0, 0, 1, 1, 1), headed("<")), _ONES, "J = 2/3 at G = L = 1: both are 3",
    ),
    Mutant(
        "trajectory.success-curvature", "peak", "the maximum is at L/(2 L + G**2)",
        edits((1, 0, 0, 2), lambda _: L / KAPPA), _ONES, "K(1/3) = 3/2 at G = L = 1",
    ),
    Mutant(
        "trajectory.sharp", "199/100", "the curvature is -(199/100 L + G**2)",
        edits((1, 1, 1, 1, 0, 1), lambda _: -(percent(199) * L + G**2)), _CUBES, "it is -3",
    ),
    Mutant(
        "trajectory.sharp", "success rate", "J = L/(2 L + G**2)",
        edits((1, 0, 1), lambda _: L / KAPPA), _CUBES, "J = 2/3 at G = L = 1",
    ),
    Mutant(
        "trajectory.sharp", "no score", "0 < G is dropped",
        drops(1), replace(_CUBES, values={"G": Q(0), "L": Q(1)}),
        "for G = 0 the bound on the score is 0, but the score vanishes at t = 0 only",
    ),
    Mutant(
        "trajectory.silent-score", "no segment", "0 < tau is dropped",
        drops(1), Instance({**_TURN.functions(), "tau": Q(0), "L": Q(1)}, _CUBE),
        "tau = 0: the score vanishes at t = 0 only, and the curvature there is -2",
    ),
    Mutant(
        "trajectory.silent-score", "-2 L", "the curvature is -2 L, as in `trajectory.sharp`",
        edits((1,), lambda _: -2 * L),
        Instance({**STILL.functions(), "tau": Q(1, 1000), "L": Q(1)}, _CUBE),
        "a policy that stands still has no curvature",
    ),
    Mutant(
        "trajectory.silent-score", "no bound", "the bound on the score is dropped",
        drops(2), Instance({**_TURN.functions(), "tau": Q(1, 1000), "L": Q(1)}, _CUBE),
        "the curvature at t = 0 is -2",
    ),
    Mutant(
        "trajectory.tight-step", "rho > 1/2", "rho > 1 becomes rho > 1/2",
        edits((1, 0, 0, 0, 0), lambda _: num(Q(1, 2))), _ACROSS,
        "rho = 3/4: Delta mu(-delta) = 2 delta + tanh(delta) <= 3 delta and kappa >= 3, so the "
        "step is at most 3/2 delta, and the even log-odds rise up to 2 delta",
    ),
    Mutant(
        "trajectory.tight-step", "one critical step", "2 Delta mu/kappa becomes Delta mu/kappa",
        edits(_PAST, _once), _ACROSS, "rho = 3/2: that is the other mutant at rho = 3/4",
    ),
    Mutant(
        "trajectory.tight-step", "sign", "the alignment is negative",
        edits((*_PAST, 1, 1, 1, 0), exchanged), _ACROSS,
        "Delta mu(-delta) = 2 delta + tanh(delta) is positive for every delta > 0",
    ),
    Mutant(
        "trajectory.tabular", "twice", "the gain is at least twice as large",
        edits((1, 1, 0, 0, 1, 0, 0), lambda least: 2 * least), _THIRDS,
        "|gamma|**2 = 3/2 for one correct and two incorrect, equally likely responses",
    ),
    Mutant(
        "trajectory.tabular", "2/N", "1/N <= sum pi_+**2 becomes 2/N <= sum pi_+**2",
        edits((1, 1, 0, 0, 1, 1, 0, 0, 0), lambda _: num(2)), _THIRDS, "N = 1",
    ),
    Mutant(
        "trajectory.tabular", "sign", "gamma = pi_+ + pi_-",
        edits((0, 0, 0, 1, 1), headed("+")), _THIRDS, "it is -1/2 on incorrect responses",
    ),
    Mutant(
        "trajectory.tabular", "not normalised", "sum exp(A) = 1 is dropped",
        drops(3),
        replace(_THIRDS, values={**_THIRDS.values, "A": lambda i: -mp.log(2) * (i == 0)}),
        "weights 1/2, 1, 1: 1 - J is not the mass of the incorrect responses",
    ),
]  # fmt: skip

MUTANTS: tuple[Mutant, ...] = (*SETTING, *GAP, *ONE_STEP, *RUNS, *INSTANCES)
