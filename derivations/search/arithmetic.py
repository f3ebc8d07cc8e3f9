"""Proofs of a relation from relations: finds the certificate that the kernel checks.

Everything is brought to polynomials in atoms; `polynomial.find_certificate` looks for a
non-negative combination; the result is handed to the kernel's rule ``arithmetic``.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

from derivations.kernel.algebra import Algebra
from derivations.kernel.terms import (
    RELATIONS,
    KernelError,
    Term,
    app,
    eq,
    free_variables,
    lam,
    lt,
    num,
    real,
    unfold,
)
from derivations.kernel.theorem import Theorem, difference, infer
from derivations.search.polynomial import (
    Certificate,
    Constraint,
    Kind,
    Poly,
    holds,
)
from derivations.search.positivity import find_certificate_with_multiplier

_KINDS: dict[str, Kind] = {"<=": ">=", "<": ">", ">=": ">=", ">": ">", "=": "="}
_LINEAR, _QUICK = 2, 4  # stages of the search: linear programs, and small semidefinite ones
_DEPTH = 3  # how deep the proof of a denominator's sign may itself need one


def prove_relation(
    goal: Term,
    facts: Iterable[Theorem] = (),
    names: Sequence[str] = (),
    *,
    degree: int = 3,
    deadline: float | None = None,
    effort: int = 9,
) -> Theorem | None:
    """A theorem with conclusion `goal`, from the conclusions of `facts`; None if none is found.

    Facts that are conjunctions are taken apart; those that are no relations are ignored.
    `names` are the definitions to unfold; `deadline` is a ``time.monotonic()`` value; `degree`
    and `effort` are those of `find_certificate`.

    >>> x = real("x")
    >>> prove_relation(x**2 + 1 > 0)
    |- x**2 + 1 > 0
    """
    if goal.head == "!=":
        return _prove_different(goal, list(facts), names, degree, deadline, effort)
    if goal.head not in RELATIONS:
        return None
    known = list(relations(facts))
    for fact in known:
        if fact.conclusion == goal:
            return fact
    attempt = _Attempt(known, tuple(names), degree, deadline, effort)
    attempt.use_terms([goal])
    return attempt.prove(goal)


def _prove_different(
    goal: Term,
    facts: list[Theorem],
    names: Sequence[str],
    degree: int,
    deadline: float | None,
    effort: int,
) -> Theorem | None:
    for fact in facts:
        if fact.conclusion == goal:
            return fact
    a, b = goal.args
    # A divisor is positive more often than negative, and a search in vain is a long one.
    known = {f.conclusion for f in relations(facts)}
    ways = [("order.greater-differs", lt(b, a)), ("order.less-differs", lt(a, b))]
    for rule, less in sorted(ways, key=lambda way: way[1] not in known):
        found = prove_relation(
            less, facts, names, degree=degree, deadline=deadline, effort=effort
        )
        if found is not None:
            return infer("detach", instance(rule, x=a, y=b), found)
    return None


def instance(name: str, **values: Term) -> Theorem:
    """An axiom with its free variables replaced by name.

    >>> instance("exp.zero")
    |- exp(0) = 1
    """
    theorem = infer("axiom", name=name)
    free = {v.head: v for v in free_variables(theorem.conclusion)}
    mapping = tuple((free[key], value) for key, value in values.items())
    return infer("instantiate", theorem, mapping=mapping) if mapping else theorem


def relations(facts: Iterable[Theorem]) -> Iterator[Theorem]:
    """The facts that are relations, conjunctions taken apart."""
    for fact in facts:
        if fact.conclusion.head == "and":
            yield from relations(
                [infer("part", fact, side=0), infer("part", fact, side=1)]
            )
        elif fact.conclusion.head in RELATIONS:
            yield fact


def symmetric(equation: Theorem) -> Theorem:
    """From a = b infer b = a."""
    a, b = equation.conclusion.args
    x, hole = real("x"), real("hole")
    while hole in free_variables(a):
        hole = real(hole.head + "_")
    same = infer("instantiate", infer("arithmetic", goal=eq(x, x)), mapping=((x, a),))
    return infer("rewrite", equation, same, template=lam(hole, eq(hole, a)))


def _subterms(term: Term, closed: bool = True) -> Iterator[Term]:
    """The subterms, innermost first; only those without loose bound variables if `closed`."""
    for argument in term.args:
        yield from _subterms(argument, closed)
    if not (closed and term.loose):
        yield term


def _divisors(term: Term, closed: bool = True) -> Iterator[Term]:
    for part in _subterms(term, closed):
        if part.head == "/":
            yield part.args[1]
        elif part.head == "^" and part.args[1].head < 0:
            yield part.args[0]


@dataclass(frozen=True)
class _FactProduct:
    """A positive constant times powers of facts (by index)."""

    coefficient: Fraction
    exponents: dict[int, int]

    def scaled(self, factor: Fraction) -> _FactProduct:
        return _FactProduct(self.coefficient * factor, self.exponents)

    def times(self, powers: dict[int, int], exponent: int) -> _FactProduct:
        merged = dict(self.exponents)
        for i, e in powers.items():
            merged[i] = merged.get(i, 0) + exponent * e
        return _FactProduct(self.coefficient, merged)

    def over(self, other: _FactProduct, exponent: int) -> _FactProduct:
        return self.scaled(other.coefficient**-exponent).times(
            other.exponents, -exponent
        )

    def kept(self) -> tuple[tuple[int, int], ...]:
        return tuple((i, e) for i, e in self.exponents.items() if e)


@dataclass
class _Attempt:
    """The facts at hand and their polynomials, while one goal is being proved."""

    facts: list[Theorem]
    names: tuple[str, ...]
    degree: int
    deadline: float | None
    effort: int = 9
    depth: int = 0
    equations: list[int] = field(default_factory=list)
    algebra: Algebra = field(default_factory=Algebra)
    _sides: dict[Any, tuple[int, int] | None] = field(default_factory=dict)

    def unfolded(self, formula: Term) -> Term:
        return unfold(formula, frozenset(self.names))

    def use_terms(self, goals: Sequence[Term]) -> None:
        """Add the facts that the terms call for, orient equations, find nonzero divisors."""
        formulas = [
            self.unfolded(f) for f in [*goals, *(t.conclusion for t in self.facts)]
        ]
        parts = list(dict.fromkeys(p for f in formulas for p in _subterms(f)))
        known = {self.unfolded(f.conclusion) for f in self.facts}
        for automatic in _automatic(parts):
            if automatic.conclusion not in known:
                self.facts.append(automatic)
        self._orient()
        for divisor in dict.fromkeys(d for f in formulas for d in _divisors(f)):
            if self.depth < _DEPTH and not self.algebra.is_nonzero(divisor):
                self._prove_sign(divisor)

    def rebuild(self) -> None:
        shown = [self.unfolded(f.conclusion) for f in self.facts]
        self.algebra = Algebra(
            nonzero=[difference(s) for s in shown if s.head in ("<", ">", "!=")],
            equations=[(shown[i].args[0], shown[i].args[1]) for i in self.equations],
        )
        self._sides = {}

    def _orient(self) -> None:
        """Choose the equations ``atom = term`` that serve as replacements, in a fitting order."""
        chosen: dict[int, tuple[Term, Term]] = {}
        for i, fact in enumerate(self.facts):
            shown = self.unfolded(fact.conclusion)
            if shown.head != "=":
                continue
            left, right = shown.args
            if not _is_atom(left) and _is_atom(right):
                self.facts[i] = symmetric(fact)
                left, right = right, left
            taken = any(left == other for other, _ in chosen.values())
            if _is_atom(left) and not taken and left not in set(_subterms(right)):
                chosen[i] = (left, right)
        self.equations = []
        while chosen:
            # An equation goes first when no other one that is left has something to say of it.
            free = [
                i
                for i, (_, right) in chosen.items()
                if not any(
                    other[0] in set(_subterms(right)) for other in chosen.values()
                )
            ]
            first = free[0] if free else next(iter(chosen))
            self.equations.append(first)
            del chosen[first]
        self._drop_useless()

    def _drop_useless(self) -> None:
        try:
            self.rebuild()
            return
        except KernelError:
            pass
        kept: list[int] = []
        for i in self.equations:
            try:
                self.equations = [*kept, i]
                self.rebuild()
            except KernelError:
                continue
            kept.append(i)
        self.equations = kept
        self.rebuild()

    def _prove_sign(self, divisor: Term) -> None:
        """Prove that a divisor is positive, or negative, and keep it as a fact."""
        for goal in (lt(0, divisor), lt(divisor, 0)):
            inner = _Attempt(
                list(self.facts),
                self.names,
                2,
                self.deadline,
                _QUICK,
                self.depth + 1,
                self.equations,
                # The same facts, and no polynomial of this attempt is in use.
                self.algebra,
            )
            found = inner.prove(goal)
            if found is not None:
                self.facts.append(found)
                self.rebuild()
                return

    def prove(self, goal: Term) -> Theorem | None:
        """Search for a certificate of the goal from the facts."""
        shown = self.unfolded(goal)
        # All of them at once, so that the polynomials below belong to one ring.
        every = [self._fact_term(i) for i in range(len(self.facts))]
        (numerator, denominator), *others = self.algebra.normals([difference(shown), *every])
        for i, (above, _) in enumerate(others):
            if above == 0 and self.unfolded(self.facts[i].conclusion).head in ("<", ">"):
                return self._absurd(goal, i)
        if shown.head == "=" and numerator == 0:
            return self._infer(goal, (), ())
        cleared = self._clear(denominator)
        if cleared is None:
            return None
        sign, powers = cleared
        constraints, origins = self._constraints()
        if shown.head == "=":
            return self._prove_equal(goal, constraints)
        # goal = numerator / denominator, |denominator| = a constant times positive facts.
        rest, reduced = self._strip(numerator * sign)
        polys, used = _compact([self._polynomial(rest), *(c.poly for c in constraints)])
        found = self._search(
            polys[0],
            [
                Constraint(p, c.kind)
                for p, c in zip(polys[1:], constraints, strict=True)
            ],
            shown.head in ("<", ">"),
        )
        if found is None:
            return None
        certificate, extra = found
        outer = _FactProduct(1 / self._scale(denominator, powers), {}).times(powers, -1)
        outer = outer.times(reduced, 1)
        for j, exponent in extra.items():
            outer = outer.over(origins[j], exponent)
        products = []
        for product in certificate.products:
            value = outer.scaled(product.coefficient)
            for j, exponent in product.powers:
                value = value.over(origins[j], -exponent)
            squares = tuple(self._term(dict(q), used) for q in product.squares)
            products.append((value.coefficient, value.kept(), squares))
        multipliers = [
            self._multiplier(outer.over(origins[j], -1), self._term(poly, used))
            for j, poly in certificate.multipliers
        ]
        return self._infer(goal, products, multipliers)

    def _absurd(self, goal: Term, i: int) -> Theorem:
        """Anything, from the strict fact i, whose sides are equal."""
        none = self._infer(lt(0, 0), ((Fraction(1), ((i, 1),), ()),), ())
        none = infer("detach", instance("order.irreflexive", x=num(0)), none)
        return infer("absurd", none, formula=goal)

    def _search(
        self, goal: Poly, constraints: list[Constraint], strict: bool
    ) -> tuple[Certificate, dict[int, int]] | None:
        # Linear programs first: they settle most steps in a millisecond.
        for effort in sorted({min(e, self.effort) for e in (_LINEAR, _QUICK, self.effort)}):
            found = find_certificate_with_multiplier(
                goal,
                constraints,
                strict,
                degree=self.degree,
                effort=effort,
                deadline=self.deadline,
            )
            if found is not None:
                return found
        return None

    def _multiplier(self, value: _FactProduct, factor: Term) -> tuple[int, Term]:
        """An equality among the facts, and what it is multiplied by."""
        (index,) = (i for i in value.exponents if self._is_equality(i))
        term = factor * num(value.coefficient)
        for i, exponent in value.kept():
            if i != index:
                term = term * self._fact_term(i) ** exponent
        return index, term

    def _is_equality(self, i: int) -> bool:
        return bool(self.facts[i].conclusion.head == "=")

    def _fact_term(self, i: int) -> Term:
        return difference(self.unfolded(self.facts[i].conclusion))

    def _infer(
        self, goal: Term, products: Sequence[Any], multipliers: Sequence[Any]
    ) -> Theorem:
        """Ask the kernel, passing on only the facts that matter."""
        needed = {i for _, powers, _ in products for i, _ in powers}
        needed |= {i for i, _ in multipliers} | set(self.equations)
        terms = [goal, *(self.facts[i].conclusion for i in needed), *(m for _, m in multipliers)]
        if any(True for t in terms for _ in _divisors(self.unfolded(t), closed=False)):
            strict = ("<", ">", "!=")
            needed |= {i for i, f in enumerate(self.facts) if f.conclusion.head in strict}
        order = sorted(needed)
        place = {i: j for j, i in enumerate(order)}
        return infer(
            "arithmetic",
            *(self.facts[i] for i in order),
            goal=goal,
            products=tuple(
                (c, tuple((place[i], e) for i, e in powers), squares)
                for c, powers, squares in products
            ),
            multipliers=tuple((place[i], m) for i, m in multipliers),
            equations=tuple(place[i] for i in self.equations),
            names=self.names,
        )

    def _prove_equal(self, goal: Term, constraints: list[Constraint]) -> Theorem | None:
        """An equality from equalities that are no replacements, or from both inequalities."""
        a, b = goal.args
        halves = []
        if not any(c.kind in ("=", ">=") for c in constraints):
            return None
        for half in (app("<=", a, b), app("<=", b, a)):
            found = self.prove(half)
            if found is None:
                return None
            halves.append(found)
        rule = instance("order.antisymmetric", x=a, y=b)
        return infer("detach", infer("detach", rule, halves[0]), halves[1])

    def _constraints(self) -> tuple[list[Constraint], list[_FactProduct]]:
        """The facts as polynomial constraints, and each constraint as a product of facts."""
        constraints: list[Constraint] = []
        origins: list[_FactProduct] = []
        for i, fact in enumerate(self.facts):
            head = self.unfolded(fact.conclusion).head
            if i in self.equations or head == "!=":
                continue
            numerator, denominator = self.algebra.normal(self._fact_term(i))
            cleared = self._clear(denominator)
            if cleared is None:
                continue
            sign, powers = cleared
            kind = _KINDS[head]
            # A number says nothing, unless what it says is false: then everything follows.
            number = int(numerator.leading_coefficient()) if numerator != 0 else 0
            if numerator.is_constant() and holds(Fraction(sign * number), kind):
                continue
            # fact = numerator / denominator, and |denominator| is a product of facts.
            origin = _FactProduct(self._scale(denominator, powers), {i: 1}).times(
                powers, 1
            )
            constraints.append(Constraint(self._polynomial(numerator * sign), kind))
            origins.append(origin)
        return constraints, origins

    def _clear(self, denominator: Any) -> tuple[int, dict[int, int]] | None:
        """Write a denominator as sign * constant * powers of positive facts; None if it fails."""
        constant, factors = denominator.factor()
        sign = 1 if constant > 0 else -1
        powers: dict[int, int] = {}
        for factor, exponent in factors:
            side = self._side(factor)
            if side is None:
                return None
            i, direction = side
            powers[i] = powers.get(i, 0) + int(exponent)
            sign *= direction ** int(exponent)
        return sign, powers

    def _scale(self, polynomial: Any, powers: dict[int, int]) -> Fraction:
        """The positive constant with |polynomial| = constant * product of the facts."""
        value = self.algebra.number(1)
        for i, exponent in powers.items():
            fact = self.algebra.normal(self._fact_term(i))
            value = self.algebra.multiply(value, self.algebra.power(fact, exponent))
        whole = (polynomial, self.algebra.number(1)[0])
        quotient = self.algebra.multiply(whole, self.algebra.power(value, -1))
        top, bottom = (self.algebra.dictionary(q) for q in quotient)
        return abs(Fraction(next(iter(top.values())), next(iter(bottom.values()))))

    def _side(self, factor: Any) -> tuple[int, int] | None:
        """A strict fact that is the factor up to a constant, and the constant's sign."""
        key = str(factor)
        if key not in self._sides:
            self._sides[key] = self._find_side(factor)
        return self._sides[key]

    def _find_side(self, factor: Any) -> tuple[int, int] | None:
        for i, fact in enumerate(self.facts):
            if self.unfolded(fact.conclusion).head not in ("<", ">"):
                continue
            numerator, denominator = self.algebra.normal(self._fact_term(i))
            if denominator.is_constant() and numerator != 0:
                quotient, rest = divmod(
                    numerator * factor.leading_coefficient(), factor
                )
                if rest == 0 and quotient.is_constant():
                    same = (
                        numerator.leading_coefficient() * factor.leading_coefficient()
                        > 0
                    )
                    return i, (1 if same else -1)
        return self._new_side(factor)

    def _new_side(self, factor: Any) -> tuple[int, int] | None:
        """Prove the sign of a factor from the facts without denominators."""
        if self.depth >= _DEPTH:
            return None
        term = self.algebra.term((factor, self.algebra.number(1)[0]))
        for goal, direction in ((lt(0, term), 1), (lt(term, 0), -1)):
            inner = _Attempt(
                list(self.facts),
                self.names,
                2,
                self.deadline,
                _QUICK,
                self.depth + 1,
                self.equations,
            )
            inner.rebuild()
            found = inner.prove(goal)
            if found is not None:
                self.facts.append(found)
                return len(self.facts) - 1, direction
        return None

    def _strip(self, numerator: Any) -> tuple[Any, dict[int, int]]:
        """Divide out the factors of a polynomial that are positive facts."""
        powers: dict[int, int] = {}
        if numerator == 0:
            return numerator, powers
        for i, fact in enumerate(self.facts):
            if self.unfolded(fact.conclusion).head not in ("<", ">"):
                continue
            top, bottom = self.algebra.normal(self._fact_term(i))
            if not bottom.is_constant() or top.is_constant():
                continue
            while True:
                quotient, rest = divmod(numerator, top)
                if rest != 0 or quotient == 0:
                    break
                # numerator = quotient * top, and top = fact * bottom.
                numerator = quotient * bottom
                powers[i] = powers.get(i, 0) + 1
                if bottom != 1:
                    break
        return numerator, powers

    def _polynomial(self, polynomial: Any) -> Poly:
        return {m: Fraction(c) for m, c in self.algebra.dictionary(polynomial).items()}

    def _term(self, poly: Any, used: Sequence[int]) -> Term:
        """The term of a polynomial in the used atoms."""
        result = num(0)
        for exponents, coefficient in sorted(dict(poly).items()):
            term = num(Fraction(coefficient))
            for i, e in zip(used, exponents, strict=True):
                if e:
                    term = term * self.algebra.atoms[i] ** e
            result = result + term
        return result


def _is_atom(term: Term) -> bool:
    return term.kind == "var" or (
        term.kind == "app" and term.head not in ("+", "-", "*", "/", "^", "neg")
    )


def _compact(polys: Sequence[Poly]) -> tuple[list[Poly], list[int]]:
    """The same polynomials without the variables that none of them uses."""
    width = max((len(m) for p in polys for m in p), default=0)
    used = [
        i for i in range(width) if any(i < len(m) and m[i] for p in polys for m in p)
    ]
    return [
        {tuple(m[i] if i < len(m) else 0 for i in used): c for m, c in p.items()}
        for p in polys
    ], used


def _automatic(parts: Iterable[Term]) -> Iterator[Theorem]:
    """Facts that always hold of the terms: exp is positive, naturals are non-negative."""
    for part in parts:
        if part.head == "exp":
            yield instance("exp.positive", x=part.args[0])
        elif part.sort == "N" and part.kind in ("var", "app"):
            yield instance("natural.nonnegative", n=part)
