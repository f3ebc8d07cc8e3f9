"""Powers such as ``x**(1/3)`` of an x that may be zero: a root becomes a variable.

Such a power is read as ``exp(1/3*log(x))``, which has no value at 0.  Where x is known not to be
negative, the root is a variable r with ``0 <= r`` and ``r**3 = x`` instead, of which there is
exactly one for each x: the claim with these two hypotheses says the same, at 0 as well.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
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


def root_of(base: Term, formulas: Sequence[Term]) -> Root | None:
    """The root of a base that its positive powers in formulas are powers of; None without any.

    >>> x = real("x")
    >>> print(root_of(x, [power(x, Fraction(1, 3)) + power(x, Fraction(2, 5)) <= 2]))
    root = x**(1/15)
    """
    exponents = [c for c in _powers(base, formulas).values() if c > 0]
    if not exponents:
        return None
    taken = {show_claim(v) for v in variables_in(formulas)}
    name = "root"
    while name in taken:
        name += "_"
    return Root(real(name), base, math.lcm(*(c.denominator for c in exponents)))


def with_root(root: Root, formulas: Sequence[Term]) -> tuple[Term, ...]:
    """The formulas, the positive powers of a base written as powers of its root.

    >>> x, r = real("x"), real("r")
    >>> with_root(Root(r, x, 3), [power(x, Fraction(2, 3)) <= x + 1])
    (r**2 <= x + 1,)
    """
    written = list(formulas)
    for term, exponent in _powers(root.base, formulas).items():
        if exponent > 0:
            whole = exponent * root.degree
            value = root.variable if whole == 1 else root.variable ** num(whole)
            written = [replace(f, term, value) for f in written]
    return tuple(written)


def _powers(base: Term, formulas: Sequence[Term]) -> dict[Term, Fraction]:
    """The powers of a base in formulas, as the language of claims reads them, and exponents."""
    found = {}
    for term in dict.fromkeys(p for f in formulas for p in subterms(f)):
        made = power_of(term)
        if made is not None and term == power(base, made[1]):
            found[term] = made[1]
    return found
