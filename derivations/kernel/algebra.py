"""Exact normal forms: every real term is a rational function of its atoms.

An *atom* is a real term that is not built by ``+ - * /`` or an integer power: a
variable, ``exp(...)``, ``f(t)``, a finite sum, ...  Atoms are compared after their
own arguments were normalised.  A quotient ``x/y`` is a quotient of polynomials only
where ``y`` is known to be nonzero; otherwise ``1/y`` is one more atom, about which
nothing is known.  Finite sums are normalised by linearity, by peeling off the last
terms of ``Sum(n + 3, f)``, and by taking factors without the index out of the sum; of a
finite product, only the last factors are peeled off.

Polynomials are python-flint's, with integer coefficients, so every answer is exact.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from functools import cache
from math import comb
from typing import Any

import flint

from derivations.kernel.terms import (
    KernelError,
    Term,
    _index_variable,
    app,
    beta,
    free_variables,
    lam,
    num,
)

Fractional = tuple[Any, Any]  # numerator and nonzero denominator, in lowest terms
_LONGEST_SUM = 64
_HIGHEST_POWER = 200
_MOST_TERMS = 1_000_000
_MOST_BITS = 1_000_000


@cache
def _written(atom: Term) -> str:
    return repr(atom)


class _Full(Exception):
    """More atoms than the polynomial context has room for."""


class Algebra:
    """Normal forms of terms, given some nonzero terms and some equations.

    `nonzero` lists terms that are not zero, `equations` pairs (atom, value): wherever
    the atom occurs, it is replaced by the value.  Both are used in the order given.

    >>> from derivations.kernel.terms import real, exp
    >>> x, y = real("x"), real("y")
    >>> Algebra().is_zero((x + y)**2 - x**2 - 2*x*y - y**2)
    True
    >>> Algebra().is_zero(x/x - 1), Algebra(nonzero=[x]).is_zero(x/x - 1)
    (False, True)
    """

    def __init__(
        self, nonzero: Sequence[Term] = (), equations: Sequence[tuple[Term, Term]] = ()
    ) -> None:
        self._given = (tuple(nonzero), tuple(equations))
        self._grow(32)

    def _grow(self, room: int) -> None:
        """Start afresh, in a ring with room for at least so many atoms."""
        while True:
            try:
                self._start(room)
                return
            except _Full:
                room *= 2

    def _start(self, room: int) -> None:
        names = tuple(f"x{i}" for i in range(room))
        self._context = flint.fmpz_mpoly_ctx.get(names, "degrevlex")
        self._gens = self._context.gens()
        self._one: Any = self._context.constant(1)
        self.atoms: list[Term] = []
        self._number: dict[Term, int] = {}
        self._values: dict[Term, Fractional] = {}
        self._memo: dict[tuple[Term, int], Fractional] = {}
        self._nonzero: list[Any] = []
        self._note_nonzero()
        for atom, value in self._given[1]:
            self._replace(atom, value)
        # Again: a denominator may be nonzero by a later term or by an equation, and an equation
        # may have something to say inside the atom or the value of an earlier one.
        self._note_nonzero()
        for atom, value in self._given[1]:
            self._memo.clear()
            self._values[self._canonical(atom, 0)] = self._normal(value, 0)
        self._memo.clear()

    def _note_nonzero(self) -> None:
        for term in self._given[0]:
            numerator, _ = self._normal(term, 0)
            if numerator != 0:
                self._nonzero.append(self._monic(numerator))
                # Only what contains an inverse may read differently now.
                if any(atom.head == "/" for atom in self.atoms):
                    self._memo.clear()

    def _replace(self, atom: Term, value: Term) -> None:
        shown, new = self._normal(atom, 0), self._normal(value, 0)
        index = next((i for i, g in enumerate(self._gens) if shown == (g, self._one)), None)
        if index is None:
            raise KernelError(f"not a single atom: {atom!r}")
        self._values[self.atoms[index]] = new
        self._memo.clear()

    def normal(self, term: Term) -> Fractional:
        """The normal form of a real term: a reduced fraction of integer polynomials.

        Two terms with the same normal form are equal wherever the given terms are nonzero
        and the given equations hold.
        """
        try:
            return self._normal(term, 0)
        except _Full:
            self._grow(2 * len(self._gens))
            return self.normal(term)

    def is_zero(self, term: Term) -> bool:
        """Whether the term is zero identically."""
        return bool(self.normal(term)[0] == 0)

    def normals(self, terms: Sequence[Term]) -> list[Fractional]:
        """The normal forms of several terms, in one polynomial ring."""
        while True:
            room = len(self._gens)
            values = [self.normal(term) for term in terms]
            if len(self._gens) == room:
                return values

    def is_combination(
        self, goal: Term, summands: Sequence[tuple[Fraction, Sequence[tuple[Term, int]]]]
    ) -> bool:
        """Whether `goal` is the sum of the products ``c * t**e * ...``, identically.

        >>> from derivations.kernel.terms import real
        >>> x = real("x")
        >>> Algebra().is_combination(x**2 - 1, [(Fraction(1), [(x - 1, 1), (x + 1, 1)])])
        True
        """
        normal, *values = self.normals([goal, *(t for _, ts in summands for t, _ in ts)])
        value, result = iter(values), self.number(0)
        for coefficient, factors in summands:
            product = self.number(coefficient)
            for _, exponent in factors:
                product = self.multiply(product, self.power(next(value), exponent))
            result = self.add(result, product)
        return bool(normal == result)

    def dictionary(self, polynomial: Any) -> dict[tuple[int, ...], int]:
        """A polynomial as a map from exponents of `atoms` to coefficients."""
        width = len(self.atoms)
        return {tuple(map(int, m))[:width]: int(c) for m, c in polynomial.terms()}

    def number(self, value: Fraction | int) -> Fractional:
        """The normal form of a rational number."""
        value = Fraction(value)
        return self._context.constant(value.numerator), self._context.constant(value.denominator)

    def add(self, a: Fractional, b: Fractional) -> Fractional:
        """The sum of two normal forms."""
        if a[1] == b[1]:
            return self._reduce(a[0] + b[0], a[1])
        return self._reduce(a[0] * b[1] + b[0] * a[1], a[1] * b[1])

    def multiply(self, a: Fractional, b: Fractional) -> Fractional:
        """The product of two normal forms."""
        if max(len(a[0]) * len(b[0]), len(a[1]) * len(b[1])) > _MOST_TERMS:
            raise KernelError("a product is too large to write out")
        return self._reduce(a[0] * b[0], a[1] * b[1])

    def power(self, a: Fractional, exponent: int) -> Fractional:
        """An integer power of a normal form, whose base is nonzero if the exponent is negative."""
        if exponent < 0:
            a, exponent = self._reduce(a[1], a[0]), -exponent
        if exponent > _HIGHEST_POWER:
            raise KernelError(f"the exponent {exponent} is beyond {_HIGHEST_POWER}")
        for polynomial in a:
            # No library survives a number or a polynomial that fills the memory.
            bits = max((int(c).bit_length() for c in polynomial.coeffs()), default=0)
            if comb(max(len(polynomial), 1) + exponent - 1, exponent) > _MOST_TERMS or (
                bits * exponent > _MOST_BITS
            ):
                raise KernelError("a power is too large to write out")
        return a[0] ** exponent, a[1] ** exponent

    def _reduce(self, numerator: Any, denominator: Any) -> Fractional:
        if denominator == 0:
            raise KernelError("division by zero")
        if numerator == 0:
            return numerator, self._one
        common = numerator.gcd(denominator)
        if denominator.leading_coefficient() < 0:
            common = -common
        return numerator / common, denominator / common

    def _monic(self, polynomial: Any) -> Any:
        """One representative of a polynomial up to rational factors."""
        content = polynomial.content()
        return polynomial / (content if polynomial.leading_coefficient() > 0 else -content)

    def _normal(self, term: Term, depth: int) -> Fractional:
        key = (term, depth)
        if key not in self._memo:
            self._memo[key] = self._compute(term, depth)
        return self._memo[key]

    def _compute(self, term: Term, depth: int) -> Fractional:
        if term.kind == "num":
            return self.number(term.head)
        if term.kind == "app" and isinstance(term.head, str):
            args = term.args
            if term.head in ("Sum", "Prod"):
                return self._repeated(term.head, args[0], args[1], depth)
            if term.head == "^":
                return self._power(args[0], int(args[1].head), depth)
            if term.head in ("+", "-", "*", "/", "neg"):
                return self._arithmetic(term.head, [self._normal(a, depth) for a in args], term)
        return self._atom(self._canonical(term, depth))

    def _arithmetic(self, head: str, values: list[Fractional], term: Term) -> Fractional:
        if head == "+":
            return self.add(values[0], values[1])
        if head == "-":
            return self.add(values[0], (-values[1][0], values[1][1]))
        if head == "neg":
            return -values[0][0], values[0][1]
        if head == "*":
            return self.multiply(values[0], values[1])
        return self.multiply(values[0], self._inverse(values[1]))

    def _power(self, base: Term, exponent: int, depth: int) -> Fractional:
        value = self._normal(base, depth)
        return self.power(value if exponent >= 0 else self._inverse(value), abs(exponent))

    def _inverse(self, value: Fractional) -> Fractional:
        """1/value: a fraction where value is known to be nonzero, else an atom."""
        if value[0] != 0 and self._is_nonzero(value[0]):
            return self._reduce(value[1], value[0])
        return self._atom(app("/", 1, self.term(value)))

    def is_nonzero(self, term: Term) -> bool:
        """Whether the term is known to be nonzero: a number, or a product of known factors."""
        numerator, _ = self.normal(term)
        return bool(numerator != 0) and self._is_nonzero(numerator)

    def _is_nonzero(self, polynomial: Any) -> bool:
        if self._monic(polynomial) in self._nonzero or polynomial.is_constant():
            return True
        _, factors = polynomial.factor()
        return all(self._known_factor(factor) for factor, _ in factors)

    def _known_factor(self, factor: Any) -> bool:
        if self._monic(factor) in self._nonzero:
            return True
        index = next((i for i, g in enumerate(self._gens) if g == factor), None)
        if index is None:
            return False
        # An application of the builtin: a variable may be called exp, too.
        return bool(self.atoms[index].kind == "app" and self.atoms[index].head == "exp")

    def _repeated(self, head: str, count: Term, body: Term, depth: int) -> Fractional:
        """Peel the last terms off a sum or product; the rest of a sum is linear."""
        rest, peeled = self._peel(count, depth)
        if peeled > _LONGEST_SUM:
            raise KernelError(f"a sum or product of {peeled} terms is too long to write out")
        join = self.add if head == "Sum" else self.multiply
        if rest == num(0):
            result = self.number(0 if head == "Sum" else 1)
        elif head == "Sum":
            result = self._linear(rest, body, depth)
        else:
            result = self._atom(app(head, rest, self._canonical_function(body, depth)))
        for j in range(peeled):
            point = self._natural(rest + num(j), depth)
            result = join(result, self._normal(beta(body, [point]), depth))
        return result

    def _peel(self, count: Term, depth: int) -> tuple[Term, int]:
        """Write a natural as another one plus the largest constant."""
        numerator, denominator = self._normal(count, depth)
        constant = self.dictionary(numerator).get((0,) * len(self.atoms), 0)
        rest = self.term((numerator - constant, denominator))
        return (rest, constant) if constant >= 0 and rest.sort == "N" else (count, 0)

    def _linear(self, count: Term, body: Term, depth: int) -> Fractional:
        """Sum of a combination of monomials: each factor without the index comes out."""
        index = _index_variable(depth)
        numerator, denominator = self._normal(beta(body, [index]), depth + 1)
        dependent = [index in free_variables(atom) for atom in self.atoms]
        outside, inside = self._split(denominator, dependent)
        result = self.number(0)
        for exponents, coefficient in numerator.terms():
            free = [0 if d else e for e, d in zip(exponents, dependent, strict=False)]
            bound = [e if d else 0 for e, d in zip(exponents, dependent, strict=False)]
            one = self.term((self._monomial(bound), inside))
            part = self._monomial(free) * coefficient, outside
            value = self._normal(count, depth) if one == num(1) else self._summed(count, index, one)
            result = self.add(result, self.multiply(self._reduce(*part), value))
        return result

    def _summed(self, count: Term, index: Term, body: Term) -> Fractional:
        return self._atom(app("Sum", count, lam(index, body)))

    def _split(self, denominator: Any, dependent: list[bool]) -> tuple[Any, Any]:
        """A factorisation of a denominator into a part without and a part with the index."""
        constant, factors = denominator.factor()
        outside, inside = self._one * constant, self._one
        for factor, exponent in factors:
            used = factor.degrees()
            if any(d and used[i] for i, d in enumerate(dependent)):
                inside *= factor**exponent
            else:
                outside *= factor**exponent
        return outside, inside

    def _monomial(self, exponents: Sequence[int]) -> Any:
        result = self._one
        for generator, exponent in zip(self._gens, exponents, strict=False):
            if exponent:
                result *= generator**exponent
        return result

    def _canonical(self, term: Term, depth: int) -> Term:
        """An atom with its arguments brought to normal form."""
        if term.kind != "app":
            return term
        args = []
        for argument in term.args:
            if argument.kind == "lam":
                args.append(self._canonical_function(argument, depth))
            elif argument.sort == "N":
                args.append(self._natural(argument, depth))
            else:
                args.append(self.term(self._normal(argument, depth)))
        return app(term.head, *args)

    def _canonical_function(self, function: Term, depth: int) -> Term:
        """A function of the response or step index, its value brought to normal form."""
        if function.sort[0] != ("N",):
            return function
        index = _index_variable(depth)
        return lam(index, self.term(self._normal(beta(function, [index]), depth + 1)))

    def _natural(self, term: Term, depth: int) -> Term:
        shown = self.term(self._normal(term, depth))
        return shown if shown.sort == "N" else term

    def _atom(self, atom: Term) -> Fractional:
        if atom in self._values:
            return self._values[atom]
        if atom not in self._number:
            if len(self.atoms) == len(self._gens):
                raise _Full
            self._number[atom] = len(self.atoms)
            self.atoms.append(atom)
        return self._gens[self._number[atom]], self._one

    def term(self, value: Fractional) -> Term:
        """A term with the given normal form; equal values give equal terms."""
        numerator, denominator = (self._polynomial_term(p) for p in value)
        return numerator if denominator == num(1) else app("/", numerator, denominator)

    def _polynomial_term(self, polynomial: Any) -> Term:
        # Sorted by what is written, not by the numbering of atoms, which depends on history.
        written = [self._monomial_term(m, int(c)) for m, c in polynomial.terms()]
        written.sort(key=lambda pair: pair[0])
        result = num(0)
        for i, (_, term) in enumerate(written):
            result = app("+", result, term) if i else term
        return result

    def _monomial_term(self, exponents: Sequence[int], coefficient: int) -> tuple[Any, Term]:
        """A monomial as a term, and the key that gives it its place in a sum."""
        powers = sorted((_written(self.atoms[i]), int(e), i) for i, e in enumerate(exponents) if e)
        factors = [self.atoms[i] if e == 1 else self.atoms[i] ** e for _, e, i in powers]
        if coefficient != 1 or not factors:
            factors.insert(0, num(coefficient))
        result = factors[0]
        for factor in factors[1:]:
            result = app("*", result, factor)
        return [(name, e) for name, e, _ in powers], result
