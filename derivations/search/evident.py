"""Signs that are seen term by term: sums of products of things whose signs are known."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Any

from derivations.kernel.algebra import Algebra
from derivations.kernel.terms import KernelError, Term, app, le, num
from derivations.kernel.theorem import Theorem, difference, infer
from derivations.search.bounds import bounds_of
from derivations.tactics import instance

_MOST_TERMS = 40


def evident(goal: Term, facts: Sequence[Theorem]) -> Theorem | None:
    """The goal, an inequality, if every monomial of its difference has the right sign.

    >>> from derivations.kernel.terms import exp, lt, real
    >>> x = real("x")
    >>> evident(lt(0, 1 + x**2 * exp(-x)), [])
    |- 0 < 1 + x**2*exp(-x)
    """
    try:
        return _by_monomials(goal, facts)
    except KernelError:
        return None


def _by_monomials(goal: Term, facts: Sequence[Theorem]) -> Theorem | None:
    algebra = Algebra()
    numerator, denominator = algebra.normal(difference(goal))
    if not denominator.is_constant() or not 0 < len(numerator) <= _MOST_TERMS:
        return None
    below = int(denominator.leading_coefficient())
    known: dict[int, Theorem | None] = {}
    premises: dict[int, int] = {}
    used: list[Theorem] = []
    products: list[Any] = []
    strict = False
    for exponents, coefficient in numerator.terms():
        value = Fraction(int(coefficient), below)
        powers: list[tuple[int, int]] = []
        squares: list[Term] = []
        for i, e in enumerate(map(int, exponents)):
            if not e:
                continue
            if i not in known:
                known[i] = _sign(algebra.atoms[i], facts)
            fact = known[i]
            if fact is None or fact.conclusion.head == "<=" and e % 2 == 0:
                if e % 2:
                    return None
                squares.append(algebra.atoms[i] ** (e // 2))
                continue
            if i not in premises:
                premises[i] = len(used)
                used.append(fact)
            if fact.conclusion.args[0] == algebra.atoms[i]:
                value *= (-1) ** e
            powers.append((premises[i], e))
        if value < 0:
            return None
        heads = {used[i].conclusion.head for i, _ in powers}
        strict = strict or not squares and heads <= {"<"}
        products.append((value, tuple(powers), tuple(squares)))
    if goal.head in ("<", ">") and not strict:
        return None
    return infer("arithmetic", *used, goal=goal, products=tuple(products))


def _sign(atom: Term, facts: Sequence[Theorem]) -> Theorem | None:
    """``0 < a``, ``0 <= a``, ``a < 0`` or ``a <= 0``, if that is known of an atom."""
    if atom.head == "exp":
        return instance("exp.positive", x=atom.args[0])
    if atom.head == "pi":
        return instance("pi.positive")
    if atom.head == "sqrt":
        inside = evident(le(0, atom.args[0]), facts)
        if inside is None:
            return None
        above = infer("detach", instance("root.nonnegative", x=atom.args[0]), inside)
        once = (Fraction(1), ((0, 1),), ())
        return infer("arithmetic", above, goal=le(0, atom), products=(once,))
    for up, bounds in zip((True, False), bounds_of(atom, facts), strict=True):
        for bound in bounds:
            if bound.term.kind != "num" or bound.fact.conclusion.head == "=":
                continue
            end = bound.term.head if up else -bound.term.head
            if end < 0:
                continue
            strict = bound.strict or end > 0
            sides = (num(0), atom) if up else (atom, num(0))
            goal = app("<" if strict else "<=", *sides)
            if bound.fact.conclusion == goal:
                return bound.fact
            rest = ((end, (), ()),) if end else ()
            return infer("arithmetic", bound.fact, goal=goal,
                         products=((Fraction(1), ((0, 1),), ()), *rest))  # fmt: skip
    return None
