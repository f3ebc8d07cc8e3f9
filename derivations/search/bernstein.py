"""Positive polynomials in one variable on an interval, by their coefficients in Bernstein's basis.

On ``[l, h]`` with ``u = (v - l)/(h - l)`` a polynomial of degree n is the sum of
``b_k * C(n, k) * u**k * (1 - u)**(n - k)``, so it is positive where all the b_k are.  The interval
is halved until they are.  The b_k may hold constants, such as a variable for ``sqrt(3)``, that are
known by rational bounds.
"""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from fractions import Fraction
from typing import Any

from derivations.kernel.algebra import Algebra
from derivations.kernel.terms import KernelError, Term, free_variables, le, num
from derivations.kernel.theorem import Theorem, difference, infer
from derivations.search.arithmetic import prove_relation
from derivations.search.balls import enclose, interval
from derivations.search.cases import split_on
from derivations.tactics import order

_HALVINGS = 20
_HIGHEST = 40
_Interval = tuple[Fraction, Fraction]


def by_bernstein(
    goal: Term, facts: Sequence[Theorem], constants: Sequence[Theorem], deadline: float
) -> Theorem | None:
    """An inequality in one variable that facts bound by numerals, where it holds with a margin.

    `constants` are bounds by numerals of the other variables that occur.

    >>> from derivations.kernel.terms import real
    >>> x = real("x")
    >>> bounds = [infer("assume", formula=f) for f in (x >= 0, x <= 1)]
    >>> by_bernstein(x**2 + 1 > x, bounds, [], time.monotonic() + 1)
    x <= 1, x >= 0 |- x**2 + 1 > x
    """
    fixed = {v for f in constants for v in free_variables(f.conclusion)}
    names = free_variables(goal) - fixed
    if len(names) != 1 or goal.head in ("=", "!="):
        return None
    (v,) = names
    formulas = [f.conclusion for f in facts]
    low, high = interval(formulas, v)
    if low is None or high is None or low >= high:
        return None
    middles = {}
    for w in free_variables(goal) & fixed:
        ends = interval([f.conclusion for f in constants], w)
        if ends[0] is None or ends[1] is None:
            return None
        middles[w] = (ends[0] + ends[1]) / 2
    try:
        coefficients = _coefficients(difference(goal), v)
    except KernelError:
        return None
    if coefficients is None or not 1 <= len(coefficients) <= _HIGHEST:
        return None
    rates = [_value(c, middles) for c in coefficients]
    if any(sum(r * end**i for i, r in enumerate(rates)) <= 0 for end in (low, high)):
        return None
    known = [f for f in facts if free_variables(f.conclusion) == {v}]
    return _on((low, high), v, goal, known, constants, coefficients, rates, deadline, 0)


def _coefficients(term: Term, v: Term) -> list[Term] | None:
    """The coefficients of a polynomial in v, as terms, from the constant one upwards."""
    algebra = Algebra()
    numerator, denominator = algebra.normal(term)
    if not denominator.is_constant() or v not in algebra.atoms:
        return None
    scale, place = int(denominator.leading_coefficient()), algebra.atoms.index(v)
    parts: dict[int, Term] = {}
    for exponents, coefficient in algebra.dictionary(numerator).items():
        monomial = num(Fraction(coefficient, scale))
        for atom, e in zip(algebra.atoms, exponents, strict=False):
            if e and atom != v:
                monomial = monomial * atom**e
        parts[exponents[place]] = parts.get(exponents[place], num(0)) + monomial
    return [parts.get(i, num(0)) for i in range(max(parts, default=0) + 1)]


def _value(term: Term, values: dict[Term, Fraction]) -> Fraction:
    """The exact value of a polynomial."""
    if term.kind == "num":
        return Fraction(term.head)
    if term in values:
        return values[term]
    if term.kind != "app" or term.head not in ("+", "*", "^"):
        raise KernelError("not a polynomial in the constants")
    if term.head == "^":
        return _value(term.args[0], values) ** int(term.args[1].head)
    a, b = (_value(t, values) for t in term.args)
    return a + b if term.head == "+" else a * b


def _weights(span: _Interval, degree: int) -> list[list[Fraction]]:
    """The matrix that takes coefficients to those in Bernstein's basis on an interval."""
    low, width = span[0], span[1] - span[0]
    moved = [
        [math.comb(i, j) * low ** (i - j) * width**j if j <= i else Fraction(0)
         for i in range(degree + 1)]
        for j in range(degree + 1)
    ]  # fmt: skip
    return [
        [sum((Fraction(math.comb(k, j), math.comb(degree, j)) * moved[j][i]
              for j in range(k + 1)), Fraction(0)) for i in range(degree + 1)]
        for k in range(degree + 1)
    ]  # fmt: skip


def _on(
    span: _Interval, v: Term, goal: Term, facts: Sequence[Theorem], constants: Sequence[Theorem],
    coefficients: Sequence[Term], rates: Sequence[Fraction], deadline: float, depth: int,
) -> Theorem | None:  # fmt: skip
    """The goal for v in an interval, to whose ends the facts keep it."""
    degree = len(coefficients) - 1
    middle = (span[0] + span[1]) / 2
    if time.monotonic() >= deadline or sum(r * middle**i for i, r in enumerate(rates)) <= 0:
        return None
    weights = _weights(span, degree)
    least = min(sum((w * r for w, r in zip(row, rates, strict=True)), Fraction(0))
                for row in weights)  # fmt: skip
    if least > 0:
        return _assembled(span, v, goal, facts, constants, coefficients, weights, least / 2)
    if depth == _HALVINGS:
        return None

    def use(case: Theorem, until: float) -> Theorem | None:
        half = (span[0], middle) if case.conclusion.head == "<=" else (middle, span[1])
        return _on(half, v, goal, [*facts, case], constants, coefficients, rates, until, depth + 1)

    return split_on(order(v, middle), use, deadline)


def _assembled(
    span: _Interval, v: Term, goal: Term, facts: Sequence[Theorem], constants: Sequence[Theorem],
    coefficients: Sequence[Term], weights: Sequence[Sequence[Fraction]], margin: Fraction,
) -> Theorem | None:  # fmt: skip
    """The goal as the margin and a sum of Bernstein's polynomials."""
    low, high = span
    ends = [prove_relation(g, facts, degree=1) for g in (le(low, v), le(v, high))]
    if ends[0] is None or ends[1] is None:
        return None
    premises: list[Theorem] = [ends[0], ends[1]]
    degree = len(weights) - 1
    # The polynomials have the sum 1, so the margin comes off every coefficient.
    products: list[Any] = [(margin, (), ())]
    for k, row in enumerate(weights):
        weight = math.comb(degree, k) / (high - low) ** degree
        powers = tuple((i, e) for i, e in ((0, k), (1, degree - k)) if e)
        number = sum((w * c.head for w, c in zip(row, coefficients, strict=True)
                      if c.kind == "num"), Fraction(0)) - margin  # fmt: skip
        rest = [num(w) * c for w, c in zip(row, coefficients, strict=True)
                if c.kind != "num" and w]  # fmt: skip
        if not rest:
            products += [(weight * number, powers, ())] if number else []
            continue
        total = num(number)
        for part in rest:
            total = total + part
        sign = enclose(le(0, total), constants, time.monotonic() + 1)
        if sign is None:
            return None
        products.append((weight, (*powers, (len(premises), 1)), ()))
        premises.append(sign)
    try:
        return infer("arithmetic", *premises, goal=goal, products=tuple(products))
    except KernelError:
        return None
