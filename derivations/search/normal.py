"""Equations that bring elementary functions to a common form.

``exp(2*x + y)`` becomes ``exp(x)**2*exp(y)``, ``log(x/y)`` becomes ``log(x) - log(y)``, and the
sines and cosines of multiples of an angle those of the angle, so that exact arithmetic sees what
they have to do with each other.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cache

from derivations.elementary import (
    angle_of_sum,
    angles,
    exp_of_sum,
    log_of_product,
    log_of_root,
    root_of_its_square,
    root_of_square,
    special_angle,
)
from derivations.kernel.algebra import Algebra
from derivations.kernel.terms import PI, KernelError, Term, eq, exp, le, log, lt, num, real, sqrt
from derivations.kernel.theorem import Theorem, difference, infer
from derivations.tactics import instance, rewrite, where

_MOST_MULTIPLE = 8
_ONCE = ((Fraction(1), ((0, 1),), ()),)
Positive = Callable[[Term], Theorem | None]


def atoms(terms: Sequence[Term]) -> Iterator[Term]:
    """The applications of exp, log, sqrt, sin and cos in terms, innermost first, each once."""
    seen: set[Term] = set()

    def visit(term: Term) -> Iterator[Term]:
        if term in seen or term.kind != "app":
            return
        seen.add(term)
        for argument in term.args:
            yield from visit(argument)
        if term.head in ("exp", "log", "sqrt", "sin", "cos") and not term.loose:
            yield term

    for term in terms:
        yield from visit(term)


@cache
def log_of_one() -> Theorem:
    """log(1) = 0."""
    return rewrite(instance("log.exp", x=num(0)), instance("exp.zero"))


@dataclass
class _Normaliser:
    """The atoms of some terms and the pieces of their arguments."""

    algebra: Algebra
    positive: Positive
    strict: Sequence[Theorem]
    units: dict[tuple[str, Term], Fraction] = field(default_factory=dict)
    equations: list[Theorem] = field(default_factory=list)
    done: set[Term] = field(default_factory=set)
    radicands: Counter[Term] = field(default_factory=Counter)

    def pieces(self, argument: Term) -> list[tuple[Fraction, Term]]:
        """An argument as a combination of monomials with rational coefficients."""
        numerator, denominator = self.algebra.normal(argument)
        one = self.algebra.number(1)[0]
        if denominator.is_constant():
            scale = int(denominator.leading_coefficient())
            made = []
            for exponents, coefficient in numerator.terms():
                key = self.algebra.term((self.algebra._monomial([int(e) for e in exponents]), one))
                made.append((Fraction(int(coefficient), scale), key))
            return made
        content = int(numerator.content())
        if numerator.leading_coefficient() < 0:
            content = -content
        below = int(denominator.content())
        key = self.algebra.term((numerator / content, denominator / below))
        return [(Fraction(content, below), key)]

    def note(self, atom: Term) -> None:
        head = "exp" if atom.head == "exp" else "angle"
        for coefficient, key in self.pieces(atom.args[0]):
            old = self.units.get((head, key))
            self.units[head, key] = abs(coefficient) if old is None else _gcd(old, coefficient)

    def split(self, atom: Term) -> list[tuple[int, Term]]:
        head = "exp" if atom.head == "exp" else "angle"
        made = []
        for coefficient, key in self.pieces(atom.args[0]):
            unit = self.units[head, key]
            if unit.denominator == 1 and key.head == "log":
                unit = Fraction(1)
            if key == PI and coefficient.denominator in (1, 2, 3, 4, 6):
                unit = Fraction(1, coefficient.denominator)
            base = key if unit == 1 else num(unit) * key
            made.append((int(coefficient / unit), base))
        return made

    def add(
        self, atom: Term, theorem: Theorem, *strict: Theorem, simpler: Sequence[Theorem] = ()
    ) -> None:
        """Keep an equation, its left side written as the atom itself.

        `simpler` are the equations by which the argument of the atom was written anew.
        """
        goal = eq(atom, theorem.conclusion.args[1])
        if theorem.conclusion != goal:
            theorem = infer(
                "arithmetic", *simpler, theorem, *strict, *self.strict, goal=goal,
                equations=tuple(range(len(simpler) + 1)),
            )  # fmt: skip
        if theorem.conclusion.args[0] != theorem.conclusion.args[1]:
            self.equations.append(theorem)

    def exponential(self, atom: Term) -> None:
        parts = self.split(atom)
        if not parts:
            self.add(atom, instance("exp.zero"))
            return
        if sum(abs(k) for k, _ in parts) > 200:
            return
        if len(parts) > 1 or parts[0][0] != 1:
            self.add(atom, exp_of_sum(parts))
        for _, base in parts:
            if base.head == "log" and exp(base) not in self.done:
                self.done.add(exp(base))
                known = self.positive(base.args[0])
                if known is not None:
                    rule = instance("exp.log", x=base.args[0])
                    self.equations.append(infer("detach", rule, known))

    def angle(self, atom: Term) -> None:
        parts = self.split(atom)
        place = 0 if atom.head == "sin" else 1
        if not parts:
            self.add(atom, instance("sin.zero" if place == 0 else "cos.zero"))
            return
        if len(parts) > 3 or sum(abs(k) for k, _ in parts) > _MOST_MULTIPLE:
            return
        if len(parts) > 1 or parts[0][0] != 1:
            self.add(atom, angle_of_sum(parts)[place])
        for _, base in parts:
            for known in _special(base):
                if known.conclusion.args[0] not in self.done:
                    self.done.add(known.conclusion.args[0])
                    self.equations.append(known)

    def logarithm(self, atom: Term) -> None:
        simpler = [e for e in self.equations if e.conclusion.args[0].head != "log"]
        algebra = self.algebra
        if any(a.head == "exp" for a in atoms([atom.args[0]])):
            algebra = Algebra(
                nonzero=[difference(f.conclusion) for f in self.strict],
                equations=[e.conclusion.args for e in simpler],
            )
        else:
            simpler = []
        numerator, denominator = algebra.normal(atom.args[0])
        (above, first), (below, second) = numerator.factor(), denominator.factor()
        constant, one = Fraction(int(above), int(below)), algebra.number(1)[0]
        parts: list[tuple[int, Term]] = []
        known: list[Theorem] = []
        for factor, e in [(f, int(e)) for f, e in first] + [(f, -int(e)) for f, e in second]:
            term = algebra.term((factor, one))
            proof = self.positive(term)
            if proof is None:
                term = algebra.term((-factor, one))
                proof = self.positive(term)
                constant *= (-1) ** (e % 2)
            if proof is None:
                return
            parts.append((e, term))
            known.append(proof)
        if constant <= 0:
            return
        for prime, e in _primes(constant):
            parts.append((e, num(prime)))
            known.append(infer("arithmetic", goal=lt(0, num(prime)),
                               products=((Fraction(prime), (), ()),)))  # fmt: skip
        if not parts:
            self.add(atom, log_of_one(), simpler=simpler)
            return
        if len(parts) > 1 or parts[0][0] != 1:
            self.add(atom, log_of_product(parts, known), *known, simpler=simpler)
        for (_, term), proof in zip(parts, known, strict=True):
            if log(term) in self.done:
                continue
            self.done.add(log(term))
            if term.head == "exp":
                self.equations.append(instance("log.exp", x=term.args[0]))
            if term.head == "sqrt":
                inside = self.positive(term.args[0])
                if inside is not None:
                    made = where(log_of_root(), x=term.args[0])
                    made = infer("discharge", made, formula=lt(0, term.args[0]))
                    self.equations.append(infer("detach", made, inside))
            del proof

    def root(self, atom: Term) -> None:
        """sqrt(0) = 0, and what comes out of a root or is a root of its own."""
        numerator, denominator = self.algebra.normal(atom.args[0])
        if numerator == 0:
            self.add(atom, root_of_square(num(0), None))
            return
        constant, factors = self.factors(atom.args[0])
        if not factors:
            self.number_root(atom, constant)
            return
        top, bottom = math.isqrt(abs(constant.numerator)), math.isqrt(constant.denominator)
        if Fraction(top, bottom) ** 2 != abs(constant):
            return
        if any(e % 2 for _, e in factors):
            self.product_root(atom, Fraction(top, bottom), factors)
            return
        if constant < 0:
            return
        side = num(Fraction(top, bottom))
        for factor, e in factors:
            side = side * factor ** (e // 2)
        for base in (side, -side):
            known = self.positive(base)
            if known is not None:
                self.add(atom, root_of_square(base, known))
                return

    def factors(self, inside: Term) -> tuple[Fraction, list[tuple[Term, int]]]:
        """The factors of a term: a number, and terms with exponents."""
        numerator, denominator = self.algebra.normal(inside)
        (above, first), (below, second) = numerator.factor(), denominator.factor()
        one = self.algebra.number(1)[0]
        made = [(self.algebra.term((f, one)), int(e)) for f, e in first]
        made += [(self.algebra.term((f, one)), -int(e)) for f, e in second]
        return Fraction(int(above), int(below)), made

    def product_root(
        self, atom: Term, outside: Fraction, factors: Sequence[tuple[Term, int]]
    ) -> None:
        """sqrt(s*t) = sqrt(s)*sqrt(t) where the root of s, or one that it is in, occurs as well."""
        if len(factors) < 2 or all(self.radicands[t] < 2 for t, e in factors if e % 2):
            return
        found = ((self.positive(t) or self.positive(-t), e) for t, e in factors)
        positive = [k for k, _ in found if k is not None]
        if len(positive) < len(factors):
            return
        factors = [(k.conclusion.args[1], e) for k, (_, e) in zip(positive, factors, strict=True)]
        odd = [t for t, e in factors if e % 2]
        base: Term = num(outside)
        for t, e in factors:
            base = base * t ** (e // 2) * (sqrt(t) if e % 2 else num(1))
        weak = [infer("arithmetic", k, goal=le(0, k.conclusion.args[1]), products=_ONCE)
                for k, (_, e) in zip(positive, factors, strict=True) if e % 2]  # fmt: skip
        squares, roots = (
            [infer("detach", instance(f"root.{name}", x=t), w)
             for t, w in zip(odd, weak, strict=True)]
            for name in ("square", "nonnegative")
        )
        size = len(positive)
        powers = [(i, e // 2) for i, (_, e) in enumerate(factors) if e // 2]
        powers += [(size + i, 1) for i in range(len(odd))]
        above = infer("arithmetic", *positive, *roots, goal=le(0, base),
                      products=((outside, tuple(powers), ()),))  # fmt: skip
        common: Term = num(outside * outside)
        for t, e in factors:
            common = common * t ** (2 * (e // 2))
        multipliers = []
        for i in range(len(odd)):
            rest = common
            for j, t in enumerate(odd):
                rest = rest * (t if j < i else sqrt(t) ** 2 if j > i else num(1))
            multipliers.append((i, rest))
        same = infer("arithmetic", *squares, *positive, goal=eq(base**2, atom.args[0]),
                     multipliers=tuple(multipliers))  # fmt: skip
        made = where(root_of_its_square(), x=base)
        made = infer("detach", infer("discharge", made, formula=le(0, base)), above)
        self.add(atom, rewrite(made, same), *positive)

    def number_root(self, atom: Term, value: Fraction) -> None:
        """sqrt(8) = 2*sqrt(2), sqrt(1/2) = sqrt(2)/2, and so on."""
        if value <= 0:
            return
        # sqrt(p/q) = sqrt(p*q)/q, and the squares among the divisors of p*q come out.
        outside, inside = Fraction(1, value.denominator), 1
        for prime, e in _primes(Fraction(value.numerator * value.denominator)):
            outside *= Fraction(prime) ** (e // 2)
            inside *= prime ** (e % 2)
        small = math.isqrt(inside)
        if small * small == inside:
            outside, inside = outside * small, 1
        base = num(outside) if inside == 1 else num(outside) * sqrt(num(inside))
        if base == atom or (outside == 1 and sqrt(num(value)) == sqrt(num(inside))):
            return
        weak = infer("arithmetic", goal=le(0, num(inside)),
                     products=((Fraction(inside), (), ()),))  # fmt: skip
        square = infer("detach", instance("root.square", x=num(inside)), weak)
        root = infer("detach", instance("root.nonnegative", x=num(inside)), weak)
        if inside == 1:
            positive = infer("arithmetic", goal=lt(0, base), products=((outside, (), ()),))
            self.add(atom, root_of_square(base, positive))
            return
        above = infer("arithmetic", root, goal=le(0, base), products=((outside, ((0, 1),), ()),))
        made = infer("instantiate", root_of_its_square(), mapping=((real("x"), base),))
        made = infer("detach", infer("discharge", made, formula=le(0, base)), above)
        same = infer("arithmetic", square, goal=eq(base**2, num(value)),
                     multipliers=((0, num(outside * outside)),))  # fmt: skip
        self.add(atom, rewrite(made, same))


def _special(angle: Term) -> tuple[Theorem, ...]:
    """Values of sin and cos at an angle that is pi over 1, 2, 3, 4 or 6."""
    if angle == PI or angle == num(Fraction(1, 2)) * PI:
        return angles()
    return next((special_angle(d) for d in (3, 4, 6) if angle == num(Fraction(1, d)) * PI), ())


def _gcd(a: Fraction, b: Fraction) -> Fraction:
    scale = math.lcm(a.denominator, b.denominator)
    return Fraction(math.gcd(int(a * scale), int(abs(b) * scale)), scale)


def _primes(value: Fraction) -> list[tuple[int, int]]:
    """The factors of a positive rational, small primes taken apart."""
    made: list[tuple[int, int]] = []
    for number, sign in ((value.numerator, 1), (value.denominator, -1)):
        prime = 2
        while number > 1 and prime < 100:
            e = 0
            while number % prime == 0:
                number, e = number // prime, e + 1
            if e:
                made.append((prime, sign * e))
            prime += 1
        if number > 1:
            made.append((number, sign))
    return made


def normalise(
    terms: Sequence[Term], strict: Sequence[Theorem], positive: Positive
) -> list[Theorem]:
    """Equations ``atom = term`` for the atoms of the terms that a simpler form is known of.

    `strict` are theorems whose differences are not zero, `positive` proves ``0 < t`` or fails.
    The equations are in the order in which exact arithmetic is to use them.
    """
    algebra = Algebra(nonzero=[difference(f.conclusion) for f in strict])
    made = _Normaliser(algebra, positive, strict)
    found = list(atoms(terms))
    for atom in found:
        if atom.head in ("exp", "sin", "cos"):
            made.note(atom)
    insides = (algebra.normal(a.args[0]) for a in found if a.head == "sqrt")
    for inside in dict.fromkeys(algebra.term(i) for i in insides if i[0] != 0):
        made.radicands.update(t for t, e in made.factors(inside)[1] if e % 2)
    rules = {
        "exp": made.exponential, "sin": made.angle, "cos": made.angle, "log": made.logarithm,
        "sqrt": made.root,
    }  # fmt: skip
    for atom in sorted(found, key=lambda a: a.head == "log"):
        try:
            rules[atom.head](atom)
        except (KernelError, OverflowError):
            continue
    # Outer atoms first: what they are replaced by may hold inner ones.  Atoms that differ in the
    # way their arguments are written are one.
    kept: dict[Term, Theorem] = {}
    for equation in reversed(made.equations):
        kept.setdefault(algebra.term(algebra.normal(equation.conclusion.args[0])), equation)
    return list(kept.values())

