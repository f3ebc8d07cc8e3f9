"""What occurs in formulas: subterms, variables, divisors, and how large they get multiplied out."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from derivations.kernel.terms import RELATIONS, Term, app, free_variables
from derivations.search.claims import show_claim

_ARITHMETIC = frozenset({"+", "-", "*", "/", "^", "neg", *RELATIONS})
PIECEWISE = ("abs", "max", "min")
SCALARS = _ARITHMETIC | {"sqrt", *PIECEWISE}
_TRANSCENDENTAL = frozenset({"exp", "log", "sin", "cos", "lambertw", "pi"})
_ELEMENTARY = SCALARS | _TRANSCENDENTAL
_MOST_BITS = 20_000  # of a coefficient
_OPPOSITE = {"<=": ">", "<": ">=", ">=": "<", ">": "<=", "!=": "="}


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


def variables_in(relations: Iterable[Term]) -> list[Term]:
    """The free variables, in a fixed order."""
    return sorted({v for r in relations for v in free_variables(r)}, key=repr)


def divisors_in(term: Term) -> Iterator[Term]:
    """Every term that another one is divided by."""
    for piece in subterms(term):
        if piece.head == "/":
            yield piece.args[1]
        elif piece.head == "^" and piece.args[1].head < 0:
            yield piece.args[0]


def is_opaque(term: Term) -> bool:
    """Whether a function occurs of which nothing is known here."""
    return any(
        piece.head not in _ELEMENTARY and (piece.kind != "var" or piece.sort not in ("R", "N"))
        for piece in subterms(term)
        if piece.kind not in ("num", "bound")
    )


def is_transcendental(term: Term) -> bool:
    """Whether exp, log, sin, cos, lambertw or pi occurs."""
    return any(p.kind == "app" and p.head in _TRANSCENDENTAL for p in subterms(term))


def negations(relation: Term) -> list[Term]:
    """The relations of which one holds exactly where the given one fails."""
    a, b = relation.args
    if relation.head == "=":
        return [a < b, a > b]
    return [app(_OPPOSITE[relation.head], a, b)]


def brief(term: Term) -> str:
    """A formula as text, shortened to a hundred characters."""
    text = show_claim(term)
    return text if len(text) <= 100 else text[:97] + "..."


# How large things get -------------------------------------------------------------------


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
