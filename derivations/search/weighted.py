"""Sums of logarithms with weights: ``w log(t) <= w (t - 1)`` for each of a few weights w >= 0.

This is how Gibbs' and the log-sum inequality, weighted means and bounds of relative entropies are
proved.  A goal ``0 <= r - c_1 log(t_1) - ...`` is brought to weights of which every coefficient is
an integer combination; the logarithms of one weight become that of a product.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import flint
import numpy

from derivations.calculus import log_tangent
from derivations.elementary import log_of_product, log_of_root
from derivations.kernel.algebra import Algebra
from derivations.kernel.terms import Term, app, exp, le, log, lt, num, sqrt
from derivations.kernel.theorem import Theorem, difference, infer
from derivations.search.attempt import Search
from derivations.search.normal import atoms
from derivations.search.numeric import rounded, signs, transcendental
from derivations.tactics import instance, where

_MOST_LOGARITHMS = 9
_MOST_WEIGHTS = 3
_LARGEST_POWER = 3


@dataclass(frozen=True)
class _Sum:
    """A term as ``rest + sum of coefficient*log(argument)``."""

    rest: Term
    coefficients: tuple[Term, ...]
    arguments: tuple[Term, ...]


def by_tangents(
    search: Search, goal: Term, facts: Sequence[Theorem], depth: int
) -> Theorem | None:
    """The goal, an inequality that is linear in logarithms, by their tangents at 1."""
    search.tried["weighted tangents of logarithms"] = None
    apart = _logarithms(difference(goal))
    found = _by_weights(search, goal, apart, facts, depth)
    if found is None and apart is not None and _has_root(goal):
        return _by_weights(search, goal, _halved(apart), facts, depth)
    return found


def _has_root(goal: Term) -> bool:
    return any(a.head == "sqrt" for a in atoms([goal]))


def _halved(apart: _Sum) -> _Sum:
    """The same with logarithms of square roots: ``log(t) = 2 log(sqrt(t))``."""
    plain = [a.head not in ("exp", "sqrt") for a in apart.arguments]
    return _Sum(
        apart.rest,
        tuple(2 * c if p else c for c, p in zip(apart.coefficients, plain, strict=True)),
        tuple(sqrt(a) if p else a for a, p in zip(apart.arguments, plain, strict=True)),
    )


def by_exponentials(
    search: Search, goal: Term, facts: Sequence[Theorem], depth: int
) -> Theorem | None:
    """``0 <= r + log(s) - log(t)`` from ``t <= s exp(r)``, the coefficients being numbers."""
    apart = _logarithms(difference(goal), linear=False)
    rates = [Algebra().normal(c) for c in apart.coefficients] if apart is not None else []
    if apart is None or not all(a.is_constant() and b.is_constant() for a, b in rates):
        return None
    numbers = [Fraction(int(a.leading_coefficient()), int(b.leading_coefficient()))
               for a, b in rates]  # fmt: skip
    step = num(Fraction(
        math.gcd(*(n.numerator for n in numbers)), math.lcm(*(n.denominator for n in numbers))
    ))  # fmt: skip
    last = exp(apart.rest / step)
    whole = _Sum(num(0), (*apart.coefficients, step), (*apart.arguments, last))
    return _by_weights(search, goal, whole, facts, depth)


def _by_weights(
    search: Search, goal: Term, apart: _Sum | None, facts: Sequence[Theorem], depth: int
) -> Theorem | None:
    if apart is None or depth > 4:
        return None
    columns = search.points([difference(goal)], facts)
    if not columns:
        return None
    ready: list[_Choice] = []
    for weights, powers in _weights(apart, columns):
        products = [
            _product([(n, t) for n, t in zip(row, apart.arguments, strict=True) if n])
            for row in powers
        ]
        left = apart.rest
        for w, t in zip(weights, products, strict=True):
            left = left - w * (t - 1)
        found = signs(left, columns)
        if not (found < 0).any():
            ready.append(_Choice(weights, powers, products, left, bool((found != 0).any())))
    # Where the tangents leave nothing over, there is least to prove.
    for choice in sorted(ready, key=lambda c: c.open):
        proved = _proved(search, goal, apart, choice, facts, depth)
        if proved is not None:
            return proved
    return None


@dataclass(frozen=True)
class _Choice:
    """Weights, the logarithms of each as powers, their products, and what is left to prove."""

    weights: tuple[Term, ...]
    powers: list[list[int]]
    products: list[Term]
    left: Term
    open: bool


def _logarithms(wanted: Term, linear: bool = True) -> _Sum | None:
    """A term in its logarithms, and if `linear` in the x of which exp(x) occurs."""
    algebra = Algebra()
    numerator, denominator = algebra.normal(wanted)
    one = algebra.number(1)[0]
    below = algebra.term((denominator, one))
    if not denominator.is_constant():
        return None
    inner = {a.args[0] for a in atoms([wanted]) if a.head == "exp" and linear}
    coefficients, arguments, rest = [], [], numerator
    for i, atom in enumerate(algebra.atoms):
        degree = int(numerator.degrees()[i])
        if atom.head != "log" and atom not in inner or degree == 0:
            continue
        part = numerator.derivative(i)
        term = algebra.term((part, one))
        if degree > 1 or transcendental(term):
            if atom.head == "log":
                return None
            continue
        rest = rest - part * algebra.normal(atom)[0]
        coefficients.append(term / below)
        arguments.append(atom.args[0] if atom.head == "log" else exp(atom))
    if not any(a.head != "exp" for a in arguments) or len(arguments) > _MOST_LOGARITHMS:
        return None
    return _Sum(algebra.term((rest, one)) / below, tuple(coefficients), tuple(arguments))


def _weights(
    apart: _Sum, columns: Mapping[Term, Any]
) -> Iterator[tuple[tuple[Term, ...], list[list[int]]]]:
    """Weights that are not negative, and the coefficients as integer combinations of them."""
    algebra = Algebra()
    normals = algebra.normals(list(apart.coefficients))
    if not all(d.is_constant() for _, d in normals):
        return
    vectors = [
        {m: Fraction(int(c), int(d.leading_coefficient()))
         for m, c in algebra.dictionary(n).items()}
        for n, d in normals
    ]
    plain = _distinct(vectors)
    extra = [
        _minus(a, b) for a, b in itertools.permutations([*plain, *map(_negative, plain)], 2)
    ]
    candidates = []
    for vector in _distinct([*plain, *map(_negative, plain), *extra]):
        term = _term(algebra, vector)
        value = rounded(term, columns).value
        good = numpy.asarray(value)[numpy.isfinite(value)]
        if len(vector) and good.size and (good >= 0).all() and (good > 0).any():
            candidates.append((vector, term))
    for size in range(1, _MOST_WEIGHTS + 1):
        for chosen in itertools.combinations(candidates[:12], size):
            powers = _combinations([v for v, _ in chosen], vectors)
            if powers is not None:
                yield tuple(t for _, t in chosen), powers


_Vector = dict[tuple[int, ...], Fraction]


def _negative(vector: _Vector) -> _Vector:
    return {m: -c for m, c in vector.items()}


def _minus(a: _Vector, b: _Vector) -> _Vector:
    made = {m: a.get(m, Fraction(0)) - b.get(m, Fraction(0)) for m in {**a, **b}}
    return {m: c for m, c in made.items() if c}


def _distinct(vectors: Sequence[_Vector]) -> list[_Vector]:
    made: list[_Vector] = []
    for vector in vectors:
        if vector and vector not in made:
            made.append(vector)
    return made


def _term(algebra: Algebra, vector: _Vector) -> Term:
    whole = algebra.number(0)
    for monomial, c in vector.items():
        power = (algebra._monomial(list(monomial)), algebra.number(1)[0])
        whole = algebra.add(whole, algebra.multiply(algebra.number(c), power))
    return algebra.term(whole)


def _combinations(
    weights: Sequence[_Vector], vectors: Sequence[_Vector]
) -> list[list[int]] | None:
    """For each weight the integers by which the vectors are minus the sum of its multiples."""
    keys = sorted({m for v in (*weights, *vectors) for m in v})
    table = [
        [_rational(w.get(m, Fraction(0))) for w in weights]
        + [_rational(-v.get(m, Fraction(0))) for v in vectors]
        for m in keys
    ]
    if not table:
        return None
    reduced, rank = flint.fmpq_mat(table).rref()
    width = len(weights)
    if rank != width or any(reduced[i, i] != 1 for i in range(width)):
        return None
    powers = [[reduced[k, width + j] for j in range(len(vectors))] for k in range(width)]
    if any(n.q != 1 or abs(n.p) > _LARGEST_POWER for row in powers for n in row):
        return None
    return [[int(n.p) for n in row] for row in powers]


def _rational(value: Fraction) -> Any:
    return flint.fmpq(value.numerator, value.denominator)


def _product(parts: Sequence[tuple[int, Term]]) -> Term:
    made = parts[0][1] ** parts[0][0] if parts else num(1)
    for n, t in parts[1:]:
        made = made * t**n
    return made


def _proved(
    search: Search,
    goal: Term,
    apart: _Sum,
    choice: _Choice,
    facts: Sequence[Theorem],
    depth: int,
) -> Theorem | None:
    """The goal from the tangents at the products, if what is left can be proved."""
    positive: dict[Term, Theorem] = {}
    for t in apart.arguments:
        known = search.positive(t, facts, depth)
        if known is None:
            return None
        positive[t] = known
        if t.head == "sqrt":
            inside = search.positive(t.args[0], facts, depth)
            if inside is None:
                return None
            positive[t.args[0]] = inside
    proofs = (search.prove(le(0, w), facts, depth + 1) for w in choice.weights)
    not_negative = [p for p in proofs if p is not None]
    strict = goal.head in ("<", ">")
    known_ = [*facts, *(p for p in positive.values() if p not in facts)]
    rest = search.prove(app("<" if strict else "<=", 0, choice.left), known_, depth + 1)
    if rest is None or len(not_negative) < len(choice.weights):
        return None
    premises: list[Theorem] = [*positive.values(), rest]
    one = Fraction(1)
    made: list[Any] = [(one, ((len(positive), 1),), ())]
    for t, row, sign in zip(choice.products, choice.powers, not_negative, strict=True):
        parts = [(n, a) for n, a in zip(row, apart.arguments, strict=True) if n]
        premises += [_tangent(t, parts, positive), sign]
        made.append((one, ((len(premises) - 2, 1), (len(premises) - 1, 1)), ()))
    return infer("arithmetic", *premises, goal=goal, products=tuple(made))


def _logarithm(term: Term) -> Term:
    """The logarithm of a term, as it is written here."""
    if term.kind != "app" or term.head not in ("exp", "sqrt"):
        return log(term)
    inside: Term = term.args[0]
    return inside if term.head == "exp" else log(inside) / 2


def _tangent(
    t: Term, parts: Sequence[tuple[int, Term]], positive: Mapping[Term, Theorem]
) -> Theorem:
    """``sum of n log(a) <= t - 1`` where t is the product of the a**n."""
    known = [positive[a] for _, a in parts]
    factors = tuple((i, n) for i, (n, _) in enumerate(parts))
    above = infer(
        "arithmetic", *known, goal=lt(0, t), products=((Fraction(1), factors, ()),)
    )
    line = where(log_tangent(), x=t)
    line = infer("detach", infer("discharge", line, formula=lt(0, t)), above)
    whole = num(0)
    for n, a in parts:
        whole = whole + n * _logarithm(a)
    single = len(parts) == 1 and parts[0][0] == 1
    equations = [] if single else [log_of_product(parts, known)]
    equations += [instance("log.exp", x=a.args[0]) for _, a in parts if a.head == "exp"]
    for _, a in parts:
        if a.head == "sqrt":
            inside = lt(0, a.args[0])
            rule = infer("discharge", where(log_of_root(), x=a.args[0]), formula=inside)
            equations.append(infer("detach", rule, positive[a.args[0]]))
    return infer(
        "arithmetic", *equations, line, *known, goal=le(whole, t - 1),
        products=((Fraction(1), ((len(equations), 1),), ()),),
        equations=tuple(range(len(equations))),
    )  # fmt: skip
