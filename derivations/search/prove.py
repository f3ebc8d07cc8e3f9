"""Decides claims: a kernel theorem, an exact counterexample, or an honest "unknown".

A claim holds where its terms are defined.  So `prove` first shows that the hypotheses,
and then the claim, are defined; that the hypotheses do not contradict each other (some
exact point satisfies them all); and only then looks for a counterexample and a proof.
Nothing here is trusted: theorems come from the kernel, counterexamples are substituted
exactly.

>>> prove("x**2 + 1 >= 2*x").verdict
'proved'
>>> prove("x**2 >= x").counterexample
{'x': '1/2'}
"""

from __future__ import annotations

import importlib
import itertools
import math
import random
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Literal, NoReturn

from derivations.kernel.algebra import Algebra
from derivations.kernel.certificate import serialise
from derivations.kernel.terms import (
    RELATIONS,
    KernelError,
    Term,
    app,
    both,
    eq,
    free_variables,
    lam,
    lt,
    num,
    undefined,
)
from derivations.kernel.theorem import Theorem, difference, infer
from derivations.search.arithmetic import instance, prove_relation, symmetric
from derivations.search.claims import ClaimError, evaluate, relation_terms, show_claim
from derivations.search.polynomial import Constraint, Kind
from derivations.search.refute import Algebraic, Value, find_point
from derivations.tactics import absurd, assume, by_cases, fresh, part, replace, rewrite

Verdict = Literal["proved", "refuted", "unknown"]
Point = dict[Term, Value]

_MOST_TERMS = 20_000  # of an expanded polynomial that the kernel is asked to check
_MOST_SEARCHED = 2_000  # of all the polynomials that a search is started on
_MOST_BITS = 20_000  # of a coefficient
_ARITHMETIC = frozenset({"+", "-", "*", "/", "^", "neg", *RELATIONS})
_PIECEWISE = ("abs", "max", "min")
_SCALARS = _ARITHMETIC | {"sqrt", *_PIECEWISE}
_SHORTEST = 0.7  # seconds
_ZERO = num(0)


@dataclass(frozen=True)
class Answer:
    """What became of a claim.  `theorem` is the kernel's theorem of a proved claim.

    `certificate` is JSON data that `derivations.kernel.certificate.replay` checks: the
    theorem is called ``claim`` there, and ``defined 1``, ``defined 2``, ... say that the
    terms are defined.  `counterexample` maps names to exact values, as text.
    """

    verdict: Verdict
    claim: str
    given: tuple[str, ...]
    method: str
    certificate: dict[str, Any] | None
    counterexample: dict[str, str] | None
    seconds: float
    reason: str
    theorem: Theorem | None = None

    def as_json(self) -> dict[str, Any]:
        """The answer as plain data, without the theorem object.

        >>> sorted(prove("1 < 2").as_json())[:4]
        ['certificate', 'claim', 'counterexample', 'given']
        """
        return {
            "verdict": self.verdict,
            "claim": self.claim,
            "given": list(self.given),
            "method": self.method,
            "certificate": self.certificate,
            "counterexample": self.counterexample,
            "seconds": self.seconds,
            "reason": self.reason,
        }


class UndecidedError(Exception):
    """The reason why a claim stays undecided; never leaves `prove`."""


@dataclass(frozen=True)
class _Refuted:
    """A point where the hypotheses hold and the claim does not."""

    point: Point


@dataclass(frozen=True)
class _Proved:
    """The theorem of the claim, how it was found, and that its terms are defined."""

    theorem: Theorem
    method: str
    defined: tuple[Theorem, ...]


@dataclass(frozen=True)
class Situation:
    """Hypotheses known to be defined and consistent: theorems to use, and a point.

    `facts` are the assumed hypotheses and what was proved on the way, `witness` is a
    point that satisfies them all, `defined` the theorems that their terms are defined.
    """

    facts: tuple[Theorem, ...]
    defined: tuple[Theorem, ...]
    witness: Point


def prove(claim: str | Term, given: Sequence[str | Term] = (), *, timeout: float = 20.0) -> Answer:
    """Decide a claim under hypotheses, within `timeout` seconds.

    Polynomial and rational claims, with abs, min, max and sqrt, are proved or refuted as
    far as the search goes.  Other functions are opaque: what follows whatever their values
    is proved, nothing about them is refuted.  Raises `ClaimError` for text that is no
    claim, hypotheses that contradict each other, and terms that may be undefined.

    >>> prove("x > 0", ["x > 1"]).theorem
    x > 1 |- x > 0
    """
    start = time.monotonic()
    goals = relation_terms(claim)
    hypotheses = tuple(h for g in given for h in relation_terms(g))
    shown = claim if isinstance(claim, str) else show_claim(claim)
    texts = tuple(g if isinstance(g, str) else show_claim(g) for g in given)
    result: _Proved | _Refuted | str
    try:
        result = _decide(goals, hypotheses, start + timeout)
    except UndecidedError as undecided:
        result = str(undecided)
    except RecursionError:
        result = "the claim is nested too deeply"
    except ClaimError as error:
        raise _placed(error, shown, texts) from None
    seconds = round(time.monotonic() - start, 3)
    if isinstance(result, str):
        return Answer("unknown", shown, texts, "", None, None, seconds, result)
    if isinstance(result, _Refuted):
        method, reason = "exact substitution", "the claim fails at the counterexample"
        return Answer(
            "refuted", shown, texts, method, None, show_point(result.point), seconds, reason
        )
    named = {"claim": result.theorem}
    named.update({f"defined {i + 1}": t for i, t in enumerate(result.defined)})
    certificate = serialise(named)
    seconds = round(time.monotonic() - start, 3)
    reason = "checked by the kernel"
    theorem = result.theorem
    return Answer(
        "proved", shown, texts, result.method, certificate, None, seconds, reason, theorem
    )


def _placed(error: ClaimError, claim: str, given: Sequence[str]) -> ClaimError:
    """The error with the text that it is about, found by the term that it names."""
    for text in (error.text, claim, *given):
        position = text.find(error.text) if error.text else -1
        if position >= 0 and text is not error.text:
            return ClaimError(str(error), text, position)
    return ClaimError(str(error), claim, 0)


def _decide(
    goals: Sequence[Term], hypotheses: Sequence[Term], deadline: float
) -> _Proved | _Refuted:
    if not fits([*goals, *hypotheses], _MOST_TERMS):
        return _decide_large(goals, hypotheses, deadline)
    situation = examine(hypotheses, deadline)
    conditions: list[Theorem] = []
    for goal in goals:
        conditions += _defined(goal, (*situation.facts, *conditions), situation.witness, deadline)
    facts = (*situation.facts, *conditions)
    kept = (*hypotheses, *dict.fromkeys(c.conclusion for c in conditions))
    opaque = any(_is_opaque(t) for t in (*goals, *kept))
    found: list[Theorem] = []
    methods: list[str] = []
    open_: list[Term] = []
    for i, goal in enumerate(goals):
        until = share(deadline, len(goals) - i)
        result = _settle(goal, facts, kept, situation.witness, until, opaque)
        if isinstance(result, _Refuted):
            return result
        if result is None:
            open_.append(goal)
        else:
            found.append(result[0])
            methods.append(result[1])
    if open_:
        _give_up(open_[0], deadline, any(_is_opaque(t) for t in (*open_, *hypotheses)))
    theorem = found[-1]
    for other in reversed(found[:-1]):
        theorem = infer("conjoin", other, theorem)
    _check(theorem, goals, hypotheses)
    defined = (*situation.defined, *conditions)
    return _Proved(theorem, ", ".join(dict.fromkeys(methods)), defined)


def _check(theorem: Theorem, goals: Sequence[Term], hypotheses: Sequence[Term]) -> None:
    """Make sure that what was proved is what was asked."""
    wanted = both(*goals)
    if theorem.conclusion != wanted or not theorem.hypotheses <= set(hypotheses):
        raise UndecidedError("the proof that was found is not one of this claim")


def _give_up(goal: Term, deadline: float, opaque: bool) -> NoReturn:
    late = time.monotonic() >= deadline - 0.2
    if opaque:
        raise UndecidedError(
            "transcendental claims are not decided yet: exp, log, sin, cos and pi are taken as "
            f"unknown numbers, and {_brief(goal)} does not follow so"
        )
    if late:
        raise UndecidedError(f"neither proof nor counterexample in time: {_brief(goal)}")
    raise UndecidedError(f"neither proof nor counterexample was found: {_brief(goal)}")


def _brief(term: Term) -> str:
    text = show_claim(term)
    return text if len(text) <= 100 else text[:97] + "..."


def share(deadline: float, parts: float) -> float:
    """A deadline after one of so many parts of the time that is left, but not too short.

    The floor keeps the first use of a solver, which has to be loaded, from using up a share.
    """
    now = time.monotonic()
    return min(deadline, now + max(_SHORTEST, (deadline - now) / parts))


# How large things get ------------------------------------------------------------------


@dataclass(frozen=True)
class _Size:
    """Bounds for an expanded numerator, and the divisors that its denominator multiplies."""

    terms: int
    degree: int
    bits: int
    divisors: Mapping[Term, int]


class _TooLargeError(Exception):
    """Expanding would take too much room."""


class _Estimate:
    """Bounds on the expanded size of terms in so many atoms, without expanding them."""

    def __init__(self, atoms: int, limit: int) -> None:
        self.atoms = atoms
        self.limit = limit
        self.memo: dict[Term, _Size] = {}

    def size(self, term: Term) -> _Size:
        if term not in self.memo:
            self.memo[term] = self._bounded(self._size(term))
        return self.memo[term]

    def _bounded(self, size: _Size) -> _Size:
        terms = min(size.terms, math.comb(self.atoms + min(size.degree, 10**4), self.atoms))
        if terms > self.limit or size.bits > _MOST_BITS or size.degree > 10**4:
            raise _TooLargeError
        return _Size(terms, size.degree, size.bits, size.divisors)

    def whole(self, term: Term) -> int:
        """The number of terms of numerator and denominator together."""
        size = self.size(term)
        return size.terms + self.product(size.divisors).terms

    def product(self, divisors: Mapping[Term, int]) -> _Size:
        result = _Size(1, 0, 1, {})
        for divisor, exponent in divisors.items():
            result = self._times(result, self._power(self.size(divisor), exponent))
        return _Size(result.terms, result.degree, result.bits, {})

    def _times(self, a: _Size, b: _Size) -> _Size:
        divisors = dict(a.divisors)
        for divisor, exponent in b.divisors.items():
            divisors[divisor] = divisors.get(divisor, 0) + exponent
        made = _Size(a.terms * b.terms, a.degree + b.degree, a.bits + b.bits, divisors)
        return self._bounded(made)

    def _power(self, a: _Size, exponent: int) -> _Size:
        divisors = {d: e * exponent for d, e in a.divisors.items()}
        many = math.comb(a.terms + min(exponent, 10**4) - 1, exponent) if a.terms > 1 else 1
        return self._bounded(_Size(many, a.degree * exponent, a.bits * exponent, divisors))

    def _size(self, term: Term) -> _Size:
        if term.kind == "num":
            bits = term.head.numerator.bit_length() + term.head.denominator.bit_length()
            return _Size(1, 0, bits, {})
        if term.head in RELATIONS or term.head in ("+", "-"):
            return self._sum(self.size(term.args[0]), self.size(term.args[1]))
        if term.head == "neg":
            return self.size(term.args[0])
        if term.head == "*":
            return self._times(self.size(term.args[0]), self.size(term.args[1]))
        if term.head == "/":
            return self._times(self.size(term.args[0]), self._inverse(term.args[1], 1))
        if term.head == "^":
            exponent = int(term.args[1].head)
            if exponent < 0:
                return self._inverse(term.args[0], -exponent)
            return self._power(self.size(term.args[0]), exponent)
        for argument in term.args:
            if not argument.loose and argument.kind != "lam":
                self.whole(argument)
        return _Size(1, 1, 1, {})

    def _inverse(self, term: Term, exponent: int) -> _Size:
        above = self.product(self.size(term).divisors)
        raised = self._power(above, exponent)
        return _Size(raised.terms, raised.degree, raised.bits, {term: exponent})

    def _sum(self, a: _Size, b: _Size) -> _Size:
        common = {
            d: max(a.divisors.get(d, 0), b.divisors.get(d, 0)) for d in {**a.divisors, **b.divisors}
        }
        scaled = []
        for side in (a, b):
            rest = {d: e - side.divisors.get(d, 0) for d, e in common.items()}
            scaled.append(
                self._times(
                    _Size(side.terms, side.degree, side.bits, {}),
                    self.product({d: e for d, e in rest.items() if e}),
                )
            )
        left, right = scaled
        return _Size(
            left.terms + right.terms,
            max(left.degree, right.degree),
            max(left.bits, right.bits) + 1,
            common,
        )


def fits(terms: Sequence[Term], limit: int) -> bool:
    """Whether the terms, expanded, have at most so many terms altogether."""
    atoms = len({a for t in terms for a in _atoms(t)})
    estimate = _Estimate(atoms, limit)
    try:
        return sum(estimate.whole(t) for t in terms) <= limit
    except _TooLargeError:
        return False


def _atoms(term: Term) -> Iterator[Term]:
    """The subterms that no arithmetic takes apart."""
    for piece in subterms(term):
        if piece.kind == "var" and piece.sort in ("R", "N"):
            yield piece
        if piece.kind == "app" and piece.head not in _ARITHMETIC:
            yield piece


def subterms(term: Term) -> Iterator[Term]:
    """The closed subterms, innermost first, each once."""
    seen: set[Term] = set()
    stack = [(term, False)]
    while stack:
        piece, ready = stack.pop()
        if piece in seen:
            continue
        if ready:
            seen.add(piece)
            if not piece.loose and piece.kind != "lam":
                yield piece
        else:
            stack.append((piece, True))
            stack.extend((a, False) for a in reversed(piece.args))


def _is_opaque(term: Term) -> bool:
    """Whether a function occurs of which only some values are known here."""
    return any(
        piece.head not in _SCALARS and (piece.kind != "var" or piece.sort not in ("R", "N"))
        for piece in subterms(term)
        if piece.kind not in ("num", "bound")
    )


# Exact points --------------------------------------------------------------------------

_KINDS: Mapping[str, Kind] = {
    "<=": ">=", "<": ">", ">=": ">=", ">": ">", "=": "=", "!=": "!=",
}  # fmt: skip
_OPPOSITE = {"<=": ">", "<": ">=", ">=": "<", ">": "<=", "!=": "="}


def negations(relation: Term) -> list[Term]:
    """The relations of which one holds exactly where the given one fails."""
    a, b = relation.args
    if relation.head == "=":
        return [a < b, a > b]
    return [app(_OPPOSITE[relation.head], a, b)]


def _divisors(term: Term) -> Iterator[Term]:
    for piece in subterms(term):
        if piece.head == "/":
            yield piece.args[1]
        elif piece.head == "^" and piece.args[1].head < 0:
            yield piece.args[0]


def _describing(atom: Term) -> list[Term]:
    """Relations that determine the value of an atom from those of its arguments."""
    if atom.head == "abs":
        return [atom >= 0, eq(atom**2, atom.args[0] ** 2)]
    if atom.head == "sqrt":
        return [atom >= 0, eq(atom**2, atom.args[0])]
    if atom.head in ("max", "min"):
        a, b = atom.args
        order = ">=" if atom.head == "max" else "<="
        return [app(order, atom, a), app(order, atom, b), eq((atom - a) * (atom - b), 0)]
    return [atom >= 0] if atom.sort == "N" else []


@dataclass(frozen=True)
class _Encoded:
    """Relations as polynomial constraints in the numbered atoms."""

    constraints: tuple[Constraint, ...]
    atoms: tuple[Term, ...]


def _encode(relations: Sequence[Term]) -> _Encoded | None:
    """Clear the denominators of relations; None if an atom or a size stands in the way.

    The constraints hold exactly where the relations hold and all their terms are defined.
    """
    formulas = list(dict.fromkeys(relations))
    for relation in relations:
        formulas += [c for c in undefined(relation) if c not in formulas]
    pieces = list(dict.fromkeys(p for f in formulas for p in subterms(f)))
    for piece in pieces:
        formulas += [d for d in _describing(piece) if d not in formulas]
    if any(_is_opaque(f) for f in formulas) or not fits(formulas, _MOST_SEARCHED):
        return None
    divisors = list(dict.fromkeys(d for f in formulas for d in _divisors(f)))
    algebra = Algebra(nonzero=divisors)
    try:
        normals = algebra.normals([difference(f) for f in formulas])
    except KernelError:
        return None
    if any(a.kind != "var" and a not in pieces and _describing(a) == [] for a in algebra.atoms):
        return None
    constraints = []
    for formula, (numerator, denominator) in zip(formulas, normals, strict=True):
        whole = numerator if formula.head in ("=", "!=") else numerator * denominator
        poly = {m: Fraction(c) for m, c in algebra.dictionary(whole).items()}
        constraints.append(Constraint(poly, _KINDS[formula.head]))
    return _Encoded(tuple(constraints), tuple(algebra.atoms))


def find_witness(relations: Sequence[Term], deadline: float) -> Point | None:
    """An exact point that satisfies all the relations and where they are defined, or None.

    The point gives a value to every free variable; it was substituted exactly.

    >>> from derivations.kernel.terms import real
    >>> find_witness([real("x") ** 2 > 4, real("x") < 0], time.monotonic() + 5)
    {x: Fraction(-3, 1)}
    """
    variables = _variables(relations)
    simple = _sample(relations, variables, min(deadline, time.monotonic() + 0.3))
    if simple is not None:
        return simple
    encoded = _encode(relations)
    if encoded is None:
        return _sample(relations, variables, share(deadline, 4), seed=1)
    # A canonical atom may differ from the one that was described, so it counts as unknown.
    width = len(encoded.atoms)
    padded = [
        Constraint({m + (0,) * (width - len(m)): c for m, c in k.poly.items()}, k.kind)
        for k in encoded.constraints
    ]
    whole = [a.sort == "N" for a in encoded.atoms]
    if not width:
        return None
    found = find_point(padded, width, whole, deadline=deadline).point
    if found is None:
        return None
    values = dict(zip(encoded.atoms, found, strict=True))
    point: Point = {v: values.get(v, Fraction(0)) for v in variables}
    return point if _verified(relations, point, padded, encoded.atoms) else None


def _verified(
    relations: Sequence[Term],
    point: Point,
    constraints: Sequence[Constraint],
    atoms: Sequence[Term],
) -> bool:
    """Substitute a rational point into the relations themselves.

    A point with algebraic coordinates was substituted into the polynomials already, which
    are equivalent as long as every atom is a variable or described by them.
    """
    rational = {v: x for v, x in point.items() if isinstance(x, Fraction)}
    if len(rational) == len(point):
        checks = [_holds(r, rational) for r in relations]
        if all(checks):
            return True
        if any(c is False for c in checks):
            return False
    known = {p for r in relations for p in subterms(r)}
    return all(a.kind == "var" or a in known for a in atoms) and bool(constraints)


def _variables(relations: Iterable[Term]) -> list[Term]:
    return sorted({v for r in relations for v in free_variables(r)}, key=repr)


def _holds(relation: Term, point: Mapping[Term, Fraction]) -> bool | None:
    """Whether a relation holds at a rational point; None if it is undefined or too hard."""
    values = [evaluate(side, point) for side in relation.args]
    if values[0] is None or values[1] is None:
        return _holds_in_balls(relation, point)
    return _compare(relation.head, values[0] - values[1])


def _compare(head: str, sign: Fraction) -> bool:
    return {
        "<=": sign <= 0, "<": sign < 0, ">=": sign >= 0, ">": sign > 0, "=": sign == 0,
        "!=": sign != 0,
    }[head]  # fmt: skip


def _holds_in_balls(relation: Term, point: Mapping[Term, Fraction]) -> bool | None:
    """Whether balls round both sides are apart, and on the right sides of each other."""
    left, right = (_ball(side, point) for side in relation.args)
    if left is None or right is None:
        return None
    # Undecided ball comparisons are False, so only a True one says anything.
    if left < right:
        return relation.head in ("<=", "<", "!=")
    if left > right:
        return relation.head in (">=", ">", "!=")
    return None


def _ball(term: Term, point: Mapping[Term, Fraction]) -> Any:
    """A ball that contains the value of a term, None where it may be undefined."""
    flint = importlib.import_module("flint")
    value = evaluate(term, point)
    if value is not None:
        return flint.arb(flint.fmpq(value.numerator, value.denominator))
    if term.kind != "app" or not isinstance(term.head, str):
        return None
    if term.head == "pi":
        return flint.arb.pi()
    if term.head not in _BALLS:
        return None
    arguments = [_ball(a, point) for a in term.args]
    if any(a is None for a in arguments):
        return None
    ball = _BALLS[term.head](*arguments)
    return ball if ball is not None and ball.is_finite() else None


def _ball_power(base: Any, exponent: Any) -> Any:
    whole = int(exponent.unique_fmpz())
    if whole < 0:
        return None if base.contains(0) else 1 / base**-whole
    return base**whole


_BALLS: Mapping[str, Callable[..., Any]] = {
    "+": lambda a, b: a + b,
    "-": lambda a, b: a - b,
    "*": lambda a, b: a * b,
    "/": lambda a, b: None if b.contains(0) else a / b,
    "neg": lambda a: -a,
    "^": _ball_power,
    "abs": abs,
    "max": lambda a, b: a.max(b),
    "min": lambda a, b: a.min(b),
    "exp": lambda a: a.exp(),
    "sin": lambda a: a.sin(),
    "cos": lambda a: a.cos(),
    "log": lambda a: a.log() if a > 0 else None,
    "sqrt": lambda a: a.sqrt() if a > 0 else None,
}

_NUMBERS = [Fraction(n) for n in (1, 0, 2, -1)] + [Fraction(1, 2)]
_NUMBERS += [Fraction(n) for n in (3, -2, 5, 10, -3, 100)]
_NUMBERS += [Fraction(n, d) for n, d in ((-1, 2), (1, 3), (1, 10), (3, 4), (9, 10), (3, 2))]
_NATURALS = [Fraction(n) for n in (1, 0, 2, 3, 5, 10)]


def _sample(
    relations: Sequence[Term], variables: Sequence[Term], deadline: float, seed: int = 0
) -> Point | None:
    """A simple rational point with all the relations, by trial; the terms are not expanded."""
    source = random.Random(seed)
    conditions = list(dict.fromkeys(c for r in relations for c in undefined(r)))
    wanted = [*conditions, *relations]
    pools = [_NATURALS if v.sort == "N" else _NUMBERS for v in variables]
    if any(v.sort not in ("R", "N") for v in variables):
        return None
    for trial in range(4000):
        if trial and (time.monotonic() >= deadline or not variables):
            return None
        width = (1, 5, 5, 5)[trial] if trial < 4 else (5, 5, 17)[trial % 3]
        point = {v: source.choice(pool[:width]) for v, pool in zip(variables, pools, strict=True)}
        if all(_holds(r, point) for r in wanted):
            return dict(point)
    return None


def show_point(point: Point) -> dict[str, str]:
    """Names and exact values as text; quadratic irrationals as such.

    >>> from derivations.kernel.terms import real
    >>> show_point({real("x"): Algebraic((-2, 0, 1), Fraction(1), Fraction(2))})
    {'x': 'sqrt(2)'}
    """
    return {repr(v): show_value(x) for v, x in sorted(point.items(), key=lambda i: repr(i[0]))}


def show_value(value: Value) -> str:
    """One exact coordinate as text."""
    if isinstance(value, Fraction):
        return str(value)
    if len(value.poly) == 3:
        return _show_quadratic(value)
    terms = [f"{c}*t**{i}" if i else str(c) for i, c in enumerate(value.poly) if c]
    shown = " + ".join(reversed(terms)).replace("+ -", "- ").replace("t**1 ", "t ")
    return f"the root of {shown} between {value.lower} and {value.upper}"


def _show_quadratic(value: Algebraic) -> str:
    c, b, a = value.poly
    middle = Fraction(-b, 2 * a)
    square = Fraction(b * b - 4 * a * c, 4 * a * a)
    # The interval holds one root only, so it lies on the root's side of the middle or
    # contains the middle; then the end that is further away decides.
    above = value.upper - middle > middle - value.lower
    scale = Fraction(1, square.denominator)
    inside = square.numerator * square.denominator
    root, rest = _square_part(inside)
    factor = root * scale
    surd = f"sqrt({rest})"
    top = "" if factor.numerator == 1 else f"{factor.numerator}*"
    bottom = "" if factor.denominator == 1 else f"/{factor.denominator}"
    shown = f"{top}{surd}{bottom}"
    if not middle:
        return shown if above else f"-{shown}"
    return f"{middle} {'+' if above else '-'} {shown}"


def _square_part(value: int) -> tuple[int, int]:
    """Write a positive integer as r**2 * s, with the small square factors in r."""
    root = 1
    for prime in itertools.chain((2,), range(3, 1000, 2)):
        while value % (prime * prime) == 0:
            value //= prime * prime
            root *= prime
    return root, value


# Definedness and consistency -----------------------------------------------------------


def examine(hypotheses: Sequence[Term], deadline: float) -> Situation:
    """Show that hypotheses are defined and have a common point.

    Raises `ClaimError` when a term may be undefined or the hypotheses contradict each
    other, `UndecidedError` when neither that nor the opposite can be shown.
    """
    facts, defined = _admit(hypotheses, deadline)
    witness = _consistent(facts, hypotheses, deadline) if hypotheses else {}
    return Situation(tuple(facts), tuple(defined), witness)


def _admit(hypotheses: Sequence[Term], deadline: float) -> tuple[list[Theorem], list[Theorem]]:
    """The hypotheses as theorems, each once those before it show that it is defined."""
    facts: list[Theorem] = []
    defined: list[Theorem] = []
    waiting = list(dict.fromkeys(hypotheses))
    while waiting:
        late: list[Term] = []
        for hypothesis in waiting:
            try:
                shown = definedness(hypothesis, facts, None, share(deadline, 4))
            except OpenConditionError:
                late.append(hypothesis)
                continue
            facts += [*shown, assume(hypothesis)]
            defined += shown
        if len(late) == len(waiting):
            shown = complain(late[0], facts, deadline)
            facts += [*shown, assume(late.pop(0))]
            defined += shown
        waiting = late
    return facts, defined


class OpenConditionError(Exception):
    """A condition of definedness that could not be proved."""

    def __init__(self, condition: Term) -> None:
        super().__init__(condition)
        self.condition = condition


def definedness(
    formula: Term, facts: Sequence[Theorem], witness: Point | None, deadline: float
) -> list[Theorem]:
    """Theorems that a formula is defined; raises `OpenConditionError` at the first failure."""
    shown: list[Theorem] = []
    for condition in dict.fromkeys(undefined(formula)):
        if _trivial(condition):
            continue
        proof = search_proof(condition, [*facts, *shown], witness, share(deadline, 2))
        if proof is None:
            raise OpenConditionError(condition)
        shown.append(proof[0])
    return shown


def _trivial(condition: Term) -> bool:
    """Whether a condition says of a number what everybody sees."""
    return (
        not free_variables(condition)
        and all(p.head in _SCALARS or p.kind == "num" for p in subterms(condition))
        and bool(_holds(condition, {}))
    )


def _defined(
    goal: Term, facts: Sequence[Theorem], witness: Point | None, deadline: float
) -> list[Theorem]:
    try:
        return definedness(goal, facts, witness, share(deadline, 2))
    except OpenConditionError:
        return complain(goal, facts, deadline)


def complain(formula: Term, facts: Sequence[Theorem], deadline: float) -> list[Theorem]:
    """Raise an error that names the term of a formula that may be undefined.

    `ClaimError` with the remedy when an exact point shows it, `UndecidedError` otherwise.
    Should every condition be proved in this second attempt, the proofs come back.
    """
    known = list(facts)
    for condition in dict.fromkeys(undefined(formula)):
        if _trivial(condition):
            continue
        proof = search_proof(condition, known, None, share(deadline, 4))
        if proof is not None:
            known.append(proof[0])
            continue
        relations = [f.conclusion for f in known]
        for negation in negations(condition) if condition.head in RELATIONS else ():
            if _is_opaque(negation):
                break
            point = find_witness([*relations, negation], share(deadline, 2))
            if point is not None:
                raise _undefined_error(condition, formula, point)
        raise UndecidedError(
            f"could not show that {_brief(condition)}, without which {_brief(formula)} has no "
            "meaning: add it as a hypothesis"
        )
    return known[len(facts) :]


def _undefined_error(condition: Term, formula: Term, point: Point) -> ClaimError:
    term = condition.args[0]
    shown = show_claim(term)
    if condition.head == "!=" and Algebra().is_zero(term):
        return ClaimError(f"division by {shown}, which is zero", shown)
    remedy = f"add --given '{show_claim(condition)}'"
    trouble = {
        "!=": f"division by {shown}, which may be zero",
        ">": f"log of {shown}, which may be zero or negative",
        ">=": f"sqrt of {shown}, which may be negative",
    }[condition.head]
    place = ", ".join(f"{n} = {v}" for n, v in show_point(point).items() if v)
    where = f" (at {place})" if 0 < len(place) <= 60 else ""
    return ClaimError(f"{trouble}{where}: {remedy}", shown)


def _consistent(facts: Sequence[Theorem], hypotheses: Sequence[Term], deadline: float) -> Point:
    """A point that satisfies the hypotheses; raises when they contradict each other."""
    relations = [f.conclusion for f in facts]
    point = find_witness(relations, min(share(deadline, 4), time.monotonic() + 1.5))
    if point is not None:
        return point
    contradiction = search_proof(lt(0, 0), facts, None, share(deadline, 3))
    if contradiction is not None:
        raise _contradiction_error(contradiction[0], hypotheses, deadline)
    point = find_witness(relations, share(deadline, 2))
    if point is None:
        raise UndecidedError("no point satisfying the hypotheses was found (vacuous?)")
    return point


def _contradiction_error(
    theorem: Theorem, hypotheses: Sequence[Term], deadline: float
) -> ClaimError:
    """Name a set of contradicting hypotheses that is as small as easily found."""
    used = [h for h in dict.fromkeys(hypotheses) if h in theorem.hypotheses]
    for hypothesis in list(used):
        rest = [h for h in used if h != hypothesis]
        end = min(share(deadline, 4), time.monotonic() + 0.5)
        if rest and time.monotonic() < end and not any(True for h in rest for _ in undefined(h)):
            found = prove_relation(lt(0, 0), [assume(h) for h in rest], degree=2, deadline=end)
            used = [h for h in rest if found is None or h in found.hypotheses] if found else used
    shown = "; ".join(_brief(h) for h in used[:6]) + ("; ..." if len(used) > 6 else "")
    return ClaimError(f"the hypotheses contradict each other: {shown}", show_claim(used[-1]))


# Settling one relation -----------------------------------------------------------------


def _settle(
    goal: Term,
    facts: Sequence[Theorem],
    kept: Sequence[Term],
    witness: Point | None,
    deadline: float,
    opaque: bool,
) -> tuple[Theorem, str] | _Refuted | None:
    """A theorem of the goal and its method, a counterexample, or None."""
    if opaque:
        return search_proof(goal, facts, witness, deadline)
    failures = negations(goal)
    variables = _variables([goal, *kept])
    for negation in failures:
        point = _sample([*kept, negation], variables, time.monotonic() + 0.15)
        if point is not None:
            return _Refuted(point)
    if not fits([goal, *kept], _MOST_SEARCHED):
        return search_proof(goal, facts, witness, deadline)
    quick = _direct(goal, facts, min(share(deadline, 4), time.monotonic() + 1.5), 2)
    if quick is not None:
        return quick, "arithmetic"
    for i, negation in enumerate(failures):
        point = find_witness([*kept, negation], share(deadline, 3 + len(failures) - 1 - i))
        if point is not None:
            everything = {v: Fraction(0) for v in variables}
            return _Refuted({**everything, **point})
    return search_proof(goal, facts, witness, deadline)


def _decide_large(
    goals: Sequence[Term], hypotheses: Sequence[Term], deadline: float
) -> _Refuted | _Proved:
    """Decide a claim that is too large to expand, by trial or as an instance, or say so."""
    terms = [*goals, *hypotheses]
    if not any(_is_opaque(t) for t in terms):
        conditions = list(dict.fromkeys(c for t in terms for c in undefined(t)))
        for goal in goals:
            for negation in negations(goal):
                wanted = [*conditions, *hypotheses, negation]
                point = _sample(
                    wanted, _variables(terms), min(share(deadline, 2), time.monotonic() + 2)
                )
                if point is not None and not conditions:
                    return _Refuted(point)
        if not hypotheses and not conditions and len(goals) == 1:
            found = _generalised(goals[0], deadline)
            if found is not None:
                return _Proved(found, "instance", ())
    raise UndecidedError("the claim is too large once multiplied out")


# Proofs --------------------------------------------------------------------------------


def _generalised(goal: Term, deadline: float) -> Theorem | None:
    """The goal as an instance of one that says less about the base of a power.

    So ``(x + y + z)**40 >= 0`` is proved as ``u**40 >= 0``, without multiplying out.
    """
    bases = (p.args[0] for p in subterms(goal) if p.head == "^" and p.args[0].kind == "app")
    for base in sorted(dict.fromkeys(bases), key=lambda b: -len(repr(b))):
        hole = fresh("base", "R", goal)
        simpler = replace(goal, base, hole)
        if fits([simpler], _MOST_SEARCHED):
            found = _direct(simpler, [], share(deadline, 3), 1)
            if found is not None:
                return infer("instantiate", found, mapping=((hole, base),))
    return None


def _direct(goal: Term, facts: Sequence[Theorem], deadline: float, degree: int) -> Theorem | None:
    """One certificate from the facts as they are."""
    if time.monotonic() >= deadline:
        return None
    if goal.head == "!=":
        return _different(goal, facts, deadline, degree)
    try:
        return prove_relation(goal, facts, degree=degree, deadline=deadline)
    except (KernelError, OverflowError, ValueError):  # sizes that the search does not take on
        return None


def _different(
    goal: Term, facts: Sequence[Theorem], deadline: float, degree: int
) -> Theorem | None:
    for fact in facts:
        if fact.conclusion == goal:
            return fact
    a, b = goal.args
    sides = (("order.greater-differs", lt(b, a)), ("order.less-differs", lt(a, b)))
    for i, (rule, less) in enumerate(sides):
        found = _direct(less, facts, share(deadline, len(sides) - i), degree)
        if found is not None:
            return infer("detach", instance(rule, x=a, y=b), found)
    return None


Found = tuple[Theorem, str]
_Strategy = Callable[[Term, Sequence[Theorem], float], Theorem | None]


def search_proof(
    goal: Term, facts: Sequence[Theorem], witness: Point | None, deadline: float, depth: int = 0
) -> Found | None:
    """A theorem of the goal from the facts, and the name of the method that found it."""
    for fact in facts:
        if fact.conclusion == goal:
            return fact, "hypothesis"
    if not fits([goal, *(f.conclusion for f in facts)], _MOST_SEARCHED):
        found = _generalised(goal, deadline)
        return None if found is None else (found, "instance")
    atom = _piecewise([goal, *(f.conclusion for f in facts)])
    if atom is not None and depth < 8:
        return _by_pieces(atom, goal, facts, deadline, depth)
    quick = _direct(goal, facts, share(deadline, 4), 2)
    if quick is not None:
        return quick, "arithmetic"
    if goal.head not in RELATIONS:  # what has to hold for every index of a sum
        return None
    return _strategies(goal, _enriched(goal, facts, deadline), witness, deadline)


def _strategies(
    goal: Term, facts: Sequence[Theorem], witness: Point | None, deadline: float
) -> Found | None:
    def signs(goal: Term, facts: Sequence[Theorem], deadline: float) -> Theorem | None:
        return _by_factors(goal, facts, witness, deadline)

    def plain(degree: int) -> _Strategy:
        return lambda goal, facts, deadline: _direct(goal, facts, deadline, degree)

    plan: list[tuple[str, _Strategy]] = [
        ("arithmetic", plain(1)),
        ("signs of the factors", signs),
        ("arithmetic", plain(2)),
        ("cases of a difference", _by_differences),
        ("contradiction", _by_contradiction),
        ("cases of an order", _by_order),
        ("arithmetic", plain(3)),
        ("arithmetic", plain(4)),
    ]
    for i, (name, strategy) in enumerate(plan):
        if time.monotonic() >= deadline:
            return None
        found = strategy(goal, facts, share(deadline, min(len(plan) - i, 3)))
        if found is not None:
            return found, name
    return None


def _enriched(goal: Term, facts: Sequence[Theorem], deadline: float) -> list[Theorem]:
    """The facts with equations solved for a variable, and what is known of square roots."""
    result = [_solved(f, facts) for f in facts]
    formulas = [goal, *(f.conclusion for f in facts)]
    roots = dict.fromkeys(p for f in formulas for p in subterms(f) if p.head == "sqrt")
    for root in roots:
        inside = root.args[0]
        known = _direct(app("<=", 0, inside), result, share(deadline, 8), 2)
        if known is not None:
            for name in ("root.nonnegative", "root.square"):
                result.append(infer("detach", instance(name, x=inside), known))
            positive = _direct(lt(0, inside), result, share(deadline, 8), 1)
            if positive is not None:
                stronger = _by_contradiction(lt(0, root), result, share(deadline, 8))
                result += [stronger] if stronger is not None else []
    return result


def _solved(fact: Theorem, facts: Sequence[Theorem]) -> Theorem:
    """An equation solved for a variable that occurs linearly; other facts as they are."""
    if fact.conclusion.head != "=" or any(s.kind == "var" for s in fact.conclusion.args):
        return fact
    strict = [f for f in facts if f.conclusion.head in ("<", ">", "!=")]
    try:
        algebra = Algebra(nonzero=[difference(f.conclusion) for f in strict])
        numerator, denominator = algebra.normal(difference(fact.conclusion))
        one = algebra.number(1)[0]
        for i, atom in enumerate(algebra.atoms):
            if atom.kind != "var" or numerator.degrees()[i] != 1:
                continue
            if any(atom in free_variables(a) for a in algebra.atoms if a != atom):
                continue
            slope = numerator.derivative(i)
            rest = slope * algebra.normal(atom)[0] - numerator
            divisor = algebra.term((slope, one))
            if not algebra.is_nonzero(divisor):
                continue
            goal = eq(atom, algebra.term((rest, one)) / divisor)
            factor = algebra.term((denominator, one)) / divisor
            return infer("arithmetic", fact, *strict, goal=goal, multipliers=((0, factor),))
    except KernelError:
        return fact
    return fact


def _impossible(goal: Term, facts: Sequence[Theorem], deadline: float) -> Theorem | None:
    """The goal because the facts contradict each other."""
    if goal == lt(0, 0):
        return None
    found = _direct(lt(0, 0), facts, deadline, 2)
    return None if found is None else absurd(found, goal)


def _core(goal: Term, facts: Sequence[Theorem], deadline: float) -> Theorem | None:
    """The goal in one case of a split."""
    found = _direct(goal, facts, share(deadline, 2), 2)
    found = found or _impossible(goal, facts, share(deadline, 2))
    return found or _by_factors(goal, facts, None, deadline)


class _BranchError(Exception):
    """One case of a split that could not be proved."""


def _split(
    split: Theorem, use: Callable[[Theorem, float], Theorem | None], deadline: float
) -> Theorem | None:
    """The conclusion of both cases of a disjunction, None if one of them fails."""
    remaining = [2, 1]

    def branch(case: Theorem) -> Theorem:
        found = use(case, share(deadline, remaining.pop(0)))
        if found is None:
            raise _BranchError
        return found

    try:
        return by_cases(split, branch, branch)
    except _BranchError:
        return None


def _piecewise(formulas: Iterable[Term]) -> Term | None:
    """An abs, min or max without another one inside."""
    for formula in formulas:
        for piece in subterms(formula):
            if piece.head in _PIECEWISE:
                return piece
    return None


def _by_pieces(
    atom: Term, goal: Term, facts: Sequence[Theorem], deadline: float, depth: int
) -> Found | None:
    """Cases of an abs, min or max; in each of them it is replaced by its value."""
    if atom.head == "abs":
        split = instance("absolute.cases", x=atom.args[0])
    else:
        name = "maximum.cases" if atom.head == "max" else "minimum.cases"
        split = instance(name, x=atom.args[0], y=atom.args[1])

    def use(case: Theorem, until: float) -> Theorem | None:
        condition, value = part(case, 0), part(case, 1)
        shown = [rewrite(f, value) for f in facts]
        simpler = replace(goal, atom, value.conclusion.args[1])
        found = search_proof(simpler, [*shown, condition], None, until, depth + 1)
        proof = found[0] if found else _impossible(simpler, [*shown, condition], until)
        return None if proof is None else _unwritten(proof, goal, atom, value)

    found = _split(split, use, deadline)
    return None if found is None else (found, f"cases of {atom.head}")


def _unwritten(proof: Theorem, goal: Term, atom: Term, value: Theorem) -> Theorem:
    """Put the atom back where its value was written for it."""

    hole = fresh("hole", "R", goal, *value.conclusion.args)
    template = lam(hole, replace(goal, atom, hole))
    return infer("rewrite", symmetric(value), proof, template=template)


def _by_differences(goal: Term, facts: Sequence[Theorem], deadline: float) -> Theorem | None:
    """Cases of the hypotheses ``a != b``: less or greater."""
    fact = next((f for f in facts if f.conclusion.head == "!="), None)
    if fact is None or sum(f.conclusion.head == "!=" for f in facts) > 5:
        return None
    a, b = fact.conclusion.args
    split = infer("detach", instance("order.differs", x=a, y=b), fact)
    rest = [f for f in facts if f.conclusion != fact.conclusion]

    def use(case: Theorem, until: float) -> Theorem | None:
        if any(f.conclusion.head == "!=" for f in rest):
            return _by_differences(goal, [*rest, case], until)
        return _core(goal, [*rest, case], until)

    return _split(split, use, deadline)


def _by_contradiction(goal: Term, facts: Sequence[Theorem], deadline: float) -> Theorem | None:
    """The goal, because its negation contradicts the facts."""
    a, b = goal.args
    if goal.head == "=":
        halves = [
            _by_contradiction(half, facts, share(deadline, 2 - i))
            for i, half in enumerate((app("<=", a, b), app("<=", b, a)))
        ]
        if halves[0] is None or halves[1] is None:
            return None
        rule = instance("order.antisymmetric", x=a, y=b)
        return infer("detach", infer("detach", rule, halves[0]), halves[1])
    if goal.head == "!=":
        return _different_by_contradiction(goal, facts, deadline)
    if goal == lt(0, 0):
        return None
    low, high = (a, b) if goal.head in ("<=", "<") else (b, a)
    strict = goal.head in ("<", ">")
    # The first case of order.total is the weak one.
    split = (
        instance("order.total", x=high, y=low) if strict else instance("order.total", x=low, y=high)
    )

    def use(case: Theorem, until: float) -> Theorem | None:
        if (case.conclusion.head == "<") == strict:
            return _direct(goal, [case], until, 1)
        contradiction = _direct(lt(0, 0), [*facts, case], until, 3)
        return None if contradiction is None else absurd(contradiction, goal)

    return _split(split, use, deadline)


def _different_by_contradiction(
    goal: Term, facts: Sequence[Theorem], deadline: float
) -> Theorem | None:
    """``a != b``, because ``a = b`` contradicts the facts."""
    a, b = goal.args
    same = assume(eq(a, b))
    contradiction = _direct(lt(0, 0), [*facts, _solved(same, facts)], share(deadline, 2), 2)
    if contradiction is None:
        return None
    impossible = infer("discharge", absurd(contradiction, goal), formula=eq(a, b))
    rule = instance("order.antisymmetric", x=a, y=b)

    def at_most(below: Theorem) -> Theorem:
        def at_least(above: Theorem) -> Theorem:
            return infer("detach", impossible, infer("detach", infer("detach", rule, below), above))

        def less(case: Theorem) -> Theorem:
            return infer("detach", instance("order.less-differs", x=a, y=b), case)

        return by_cases(instance("order.total", x=b, y=a), at_least, less)

    def greater(case: Theorem) -> Theorem:
        return infer("detach", instance("order.greater-differs", x=a, y=b), case)

    return by_cases(instance("order.total", x=a, y=b), at_most, greater)


def _by_order(goal: Term, facts: Sequence[Theorem], deadline: float) -> Theorem | None:
    """Cases of the sign of a variable, or of the order of two of them."""
    relations = [f.conclusion for f in facts]
    names = [v for v in _variables([goal, *relations]) if v.sort in ("R", "N")][:6]
    known = {t for r in relations for t in r.args if r.head in RELATIONS and _ZERO in r.args}
    pairs = [(_ZERO, v) for v in names if v not in known]
    pairs += itertools.combinations(names, 2)
    pairs += [(num(1), v) for v in names]
    for i, (low, high) in enumerate(pairs[:12]):
        if time.monotonic() >= deadline:
            return None

        def use(case: Theorem, until: float) -> Theorem | None:
            return _core(goal, [*facts, case], until)

        end = share(deadline, min(len(pairs), 12) - i)
        found = _split(instance("order.total", x=low, y=high), use, end)
        if found is not None:
            return found
    return None


def _by_factors(
    goal: Term, facts: Sequence[Theorem], witness: Point | None, deadline: float
) -> Theorem | None:
    """The goal as a product of factors whose signs are proved one by one."""
    if goal.head not in ("<=", "<", ">=", ">"):
        return None
    strict = [f for f in facts if f.conclusion.head in ("<", ">", "!=")]
    algebra = Algebra(nonzero=[difference(f.conclusion) for f in strict])
    try:
        numerator, denominator = algebra.normal(difference(goal))
    except KernelError:
        return None
    if numerator == 0 or len(numerator) > 300 or len(denominator) > 300:
        return None
    above, below = numerator.factor(), denominator.factor()
    parts = [(f, int(e)) for f, e in above[1]] + [(f, -int(e)) for f, e in below[1]]
    if len(parts) < 2 and not any(abs(e) > 1 for _, e in parts):
        return None
    coefficient = Fraction(int(above[0]), int(below[0]))
    one, premises, powers, squares = algebra.number(1)[0], list(strict), [], []
    for i, (factor, exponent) in enumerate(parts):
        term = algebra.term((factor, one))
        needed = exponent < 0 or goal.head in ("<", ">")
        if exponent > 0 and exponent % 2 == 0 and not needed:
            squares.append(term ** (exponent // 2))
            continue
        proof = _sign_of(term, facts, witness, needed, share(deadline, len(parts) - i))
        if proof is None:
            return None
        if proof.conclusion.args[1] == _ZERO and exponent % 2:
            coefficient = -coefficient
        powers.append((len(premises), exponent))
        premises.append(proof)
    if coefficient <= 0:
        return None
    product = (coefficient, tuple(powers), tuple(squares))
    try:
        return infer("arithmetic", *premises, goal=goal, products=(product,))
    except KernelError:
        return None


def _sign_of(
    term: Term, facts: Sequence[Theorem], witness: Point | None, strict: bool, deadline: float
) -> Theorem | None:
    """A theorem ``0 < t``, ``t < 0`` or, if not strict, ``0 <= t`` or ``t <= 0``."""
    heads = ["<"] if strict else ["<", "<="]
    goals = [app(h, *s) for h in heads for s in ((_ZERO, term), (term, _ZERO))]
    rational = {v: x for v, x in (witness or {}).items() if isinstance(x, Fraction)}
    if rational:
        goals = [g for g in goals if _holds(g, rational) is not False]
    for i, goal in enumerate(goals):
        found = _direct(goal, facts, share(deadline, len(goals) - i), 2)
        if found is not None:
            return found
    return None
