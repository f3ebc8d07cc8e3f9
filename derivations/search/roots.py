"""Powers such as ``x**(1/3)`` of an x that may be zero: a root becomes a variable.

Such a power is read as ``exp(1/3*log(x))``, which has no value at 0.  Where x is known not to be
negative, the root is a variable r with ``0 <= r`` and ``r**3 = x`` instead, of which there is
exactly one for each x: the claim with these two hypotheses says the same, at 0 as well.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction

from derivations.kernel.terms import Term, eq, le, num, real
from derivations.search.claims import power, power_of, show_claim
from derivations.search.formulas import subterms, variables_in
from derivations.tactics import replace


@dataclass(frozen=True)
class Root:
    """The variable that stands for ``base**(1/degree)``."""

    variable: Term
    base: Term
    degree: int

    @property
    def relations(self) -> tuple[Term, Term]:
        """The two that define it."""
        return le(0, self.variable), eq(self.variable**self.degree, self.base)

    def __str__(self) -> str:
        """The root as a user writes it.

        >>> x, r = real("x"), real("r")
        >>> print(Root(r, x + 1, 3))
        r = (x + 1)**(1/3)
        """
        base = show_claim(self.base)
        shown = base if self.base.kind == "var" else f"({base})"
        return f"{show_claim(self.variable)} = {shown}**(1/{self.degree})"


def roots_of(base: Term, formulas: Sequence[Term]) -> Iterator[Root]:
    """Roots of which the positive powers of a base are powers: of a variable in it, of the whole.

    >>> x, y = real("x"), real("y")
    >>> formulas = [power(x, Fraction(1, 3)) + power(x, Fraction(2, 5)) <= 2]
    >>> [str(root) for root in roots_of(x, formulas)]
    ['root = x**(1/15)']
    >>> [str(root) for root in roots_of(x * y, [power(x * y, Fraction(1, 3)) <= 2])]
    ['root = x**(1/3)', 'root = y**(1/3)', 'root = (x*y)**(1/3)']
    """
    taken = {show_claim(v) for v in variables_in(formulas)}
    name = "root"
    while name in taken:
        name += "_"
    factors = [v for v, _ in _variables(base)] if base.kind == "app" else []
    for whole in (*factors, base):
        exponents = [c for c, _ in _powers(whole, formulas).values()]
        if exponents:
            yield Root(real(name), whole, math.lcm(*(c.denominator for c in exponents)))


def with_root(root: Root, formulas: Sequence[Term]) -> tuple[Term, ...]:
    """The formulas, the positive powers of a base written as powers of its root.

    >>> x, y, r = real("x"), real("y"), real("r")
    >>> with_root(Root(r, x, 3), [power(x, Fraction(2, 3)) <= x + 1])
    (r**2 <= x + 1,)
    >>> with_root(Root(r, x, 3), [power(x**2 * y, Fraction(1, 3)) <= 1])
    (r**2*exp(1/3*log(y)) <= 1,)
    """
    written = list(formulas)
    for term, (exponent, rest) in _powers(root.base, formulas).items():
        whole = exponent * root.degree
        value = root.variable if whole == 1 else root.variable ** num(whole)
        value = value if rest is None else value * rest
        written = [replace(f, term, value) for f in written]
    return tuple(written)


def _powers(base: Term, formulas: Sequence[Term]) -> dict[Term, tuple[Fraction, Term | None]]:
    """The positive powers of a base in formulas, as the language of claims reads them.

    Each comes with the exponent of the base in it and with its other factor, if there is one.
    """
    found: dict[Term, tuple[Fraction, Term | None]] = {}
    for term in dict.fromkeys(p for f in formulas for p in subterms(f)):
        made = power_of(term)
        if made is None or made[1] <= 0 or term != power(*made):
            continue
        inside, exponent = made
        if inside == base:
            found[term] = exponent, None
            continue
        factors = dict(_variables(inside))
        if base in factors:
            others = [v**e if e > 1 else v for v, e in factors.items() if v != base]
            rest = power(_product(others), exponent) if others else None
            found[term] = exponent * factors[base], rest
    return found


def _variables(term: Term) -> list[tuple[Term, int]]:
    """The variables of which a term is the product, with exponents; none if it is no such one."""
    if term.kind == "var":
        return [(term, 1)]
    if term.head == "^" and term.args[0].kind == "var" and term.args[1].head > 0:
        return [(term.args[0], int(term.args[1].head))]
    if term.head != "*":
        return []
    parts = [_variables(a) for a in term.args]
    total: Counter[Term] = Counter()
    for part in parts:
        total.update(dict(part))
    return list(total.items()) if all(parts) else []


def _product(terms: Sequence[Term]) -> Term:
    made, *rest = terms
    for term in rest:
        made = made * term
    return made
