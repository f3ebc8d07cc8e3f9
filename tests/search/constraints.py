"""Constraints from text, for tests."""

from __future__ import annotations

from fractions import Fraction

import sympy

from derivations.search.polynomial import Constraint, Kind, Poly


def poly(text: str, names: str) -> Poly:
    symbols = sympy.symbols(names.split())
    expression = sympy.sympify(text, locals={str(s): s for s in symbols})
    terms = sympy.Poly(sympy.expand(expression), *symbols).terms()
    return {m: Fraction(int(c.p), int(c.q)) for m, c in terms if c}


def constraint(text: str, names: str) -> Constraint:
    kinds: tuple[Kind, ...] = (">=", "!=", ">", "=")
    kind = next(kind for kind in kinds if kind in text)
    return Constraint(poly(text.split(kind)[0], names), kind)


def parse(names: str, texts: list[str]) -> list[Constraint]:
    return [constraint(text, names) for text in texts]
