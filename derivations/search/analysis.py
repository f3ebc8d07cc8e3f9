"""Proofs of inequalities between elementary functions, by monotonicity and known lemmas.

A goal is brought to a product of factors (`normal`).  A factor is shown to have its sign by
exact arithmetic, by enclosures on a box, by instances of lemmas, or because it has it at one
point of an interval and its derivative, recursively, has the right sign on either side.  Floats
(`numeric`) choose what to try; theorems come from the kernel only.
"""

from __future__ import annotations

import itertools
import math
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

import numpy

from derivations.calculus import differentiate, increasing, log_reflects, log_tangent, monotone
from derivations.elementary import (
    bounded,
    exp_above,
    exp_square,
    log_reflects_strictly,
    resolve,
)
from derivations.kernel.algebra import Algebra
from derivations.kernel.terms import (
    KernelError,
    Term,
    app,
    eq,
    exp,
    free_variables,
    function,
    lam,
    le,
    log,
    lt,
    num,
    real,
    substitute,
    undefined,
)
from derivations.kernel.theorem import Theorem, difference, infer
from derivations.search.arithmetic import prove_relation, symmetric
from derivations.search.balls import enclose
from derivations.search.normal import atoms, normalise
from derivations.search.numeric import Columns, Range, rounded, samples, signs, slope
from derivations.tactics import (
    ProofError,
    absurd,
    assume,
    by_cases,
    fresh,
    instance,
    intro,
    order,
    where,
)

_F, _G = function("f", "R"), function("g", "R")
_A, _B = real("a"), real("b")
_INEQUALITIES = ("<=", "<", ">=", ">")
_TRANSCENDENTAL = ("exp", "log", "sin", "cos", "pi")
_ONE = Fraction(1)
_DEEPEST = 9
_PLAIN = [Fraction(n, d) for d in (1, 2, 3, 4) for n in range(-6, 7) if math.gcd(n, d) == 1]


@dataclass(frozen=True)
class Bound:
    """A bound of a variable: the term, whether it is strict, and the fact that says so."""

    term: Term
    strict: bool
    fact: Theorem


@dataclass(frozen=True)
class Factored:
    """The difference of a goal as a constant times powers of irreducible terms."""

    constant: Fraction
    factors: tuple[tuple[Term, int], ...]
    equations: tuple[Theorem, ...]
    strict: tuple[Theorem, ...]


def prove_inequality(
    goal: Term, facts: Sequence[Theorem], deadline: float
) -> tuple[Theorem | None, tuple[str, ...]]:
    """A theorem of an inequality between elementary functions or None, and what was tried.

    >>> x = real("x")
    >>> prove_inequality(exp(x) >= 1 + x, [], time.monotonic() + 5)[0]
    |- exp(x) >= 1 + x
    """
    search = _Search(deadline)
    found = search.prove(goal, usable(facts))
    return found, tuple(search.tried)


def usable(facts: Sequence[Theorem]) -> list[Theorem]:
    """The facts, and those bounds of single variables that they say in other words."""
    result: dict[Term, Theorem] = {}
    for fact in facts:
        made = {m.conclusion: m for m in _as_bound(fact)}
        same = any(_turned(fact.conclusion) == said for said in made)
        if not same:
            result.setdefault(fact.conclusion, fact)
        for said, theorem in made.items():
            result.setdefault(said, theorem)
    for different in [f for f in result.values() if f.conclusion.head == "!="]:
        for sharper in _sharper(different, result):
            result.setdefault(sharper.conclusion, sharper)
    return list(result.values())


def _sharper(different: Theorem, known: Mapping[Term, Theorem]) -> Iterator[Theorem]:
    """``a < b`` from ``a <= b`` and ``a != b``."""
    a, b = different.conclusion.args
    split = infer("detach", instance("order.differs", x=a, y=b), different)
    for low, high in ((a, b), (b, a)):
        weak = known.get(le(low, high))
        if weak is None:
            continue
        goal = lt(low, high)

        def use(case: Theorem, goal: Term = goal, weak: Theorem = weak) -> Theorem:
            if case.conclusion == goal:
                return case
            none = infer("arithmetic", case, weak, goal=lt(0, 0),
                         products=((_ONE, ((0, 1),), ()), (_ONE, ((1, 1),), ())))  # fmt: skip
            return absurd(none, goal)

        yield by_cases(split, use, use)


def _turned(relation: Term) -> Term:
    """``b <= a`` for ``a >= b``."""
    if relation.head not in (">=", ">"):
        return relation
    return app(relation.head.replace(">", "<"), *reversed(relation.args))


def _as_bound(fact: Theorem) -> Iterator[Theorem]:
    """``v <= term`` from a relation that is linear in a variable, for each such variable."""
    relation = fact.conclusion
    if relation.head not in (*_INEQUALITIES, "="):
        return
    algebra = Algebra()
    numerator, denominator = algebra.normal(difference(relation))
    if not denominator.is_constant() or len(algebra.atoms) > 3 or numerator == 0:
        return
    below, one = int(denominator.leading_coefficient()), algebra.number(1)[0]
    for i, v in enumerate(algebra.atoms):
        part_ = numerator.derivative(i)
        if v.kind != "var" or not part_.is_constant() or part_ == 0:
            continue
        if any(v in free_variables(a) for a in algebra.atoms if a != v):
            continue
        rate = int(part_.leading_coefficient())
        rest = numerator - part_ * algebra.normal(v)[0]
        end = algebra.term((-rest, one))
        if end.kind == "num":
            end = num(Fraction(end.head, rate))
        elif rate == -1:
            end = algebra.term((rest, one))
        elif rate != 1:
            end = end / rate
        scale = Fraction(below, rate)
        head = relation.head.replace(">", "<")
        if head == "=":
            goal = eq(v, end)
        else:
            goal = app(head, end, v) if rate > 0 else app(head, v, end)
        if goal == relation:
            continue
        try:
            if head == "=":
                yield infer("arithmetic", fact, goal=goal, multipliers=((0, num(scale)),))
            else:
                yield infer("arithmetic", fact, goal=goal, products=((abs(scale), ((0, 1),), ()),))
        except KernelError:
            continue


@dataclass
class _Search:
    """One search: its deadline, what failed, and the names of the methods that were tried."""

    deadline: float
    tried: dict[str, None] = field(default_factory=dict)
    failed: set[Any] = field(default_factory=set)
    pending: set[Any] = field(default_factory=set)
    proved: dict[Term, list[Theorem]] = field(default_factory=dict)

    def late(self) -> bool:
        return time.monotonic() >= self.deadline

    def until(self, seconds: float) -> float:
        return min(self.deadline, time.monotonic() + seconds)

    # Goals --------------------------------------------------------------------------------

    def prove(self, goal: Term, facts: Sequence[Theorem], depth: int = 0) -> Theorem | None:
        """A theorem of a relation from the facts, or None."""
        for fact in facts:
            if fact.conclusion == goal:
                return fact
        if goal in self.proved:
            allowed = frozenset().union(*(f.hypotheses for f in facts))
            for known in self.proved[goal]:
                if known.hypotheses <= allowed:
                    return known
        key = (goal, frozenset(f.conclusion for f in facts))
        facts = list({f.conclusion: f for f in reversed(facts)}.values())[::-1]
        if self.late() or depth > _DEEPEST or key in self.failed or key in self.pending:
            return None
        self.pending.add(key)
        try:
            found = self._relation(goal, facts, depth)
        except (KernelError, ProofError, OverflowError, ZeroDivisionError):
            found = None
        finally:
            self.pending.discard(key)
        if found is not None:
            self.proved.setdefault(goal, []).append(found)
        elif not self.late():
            self.failed.add(key)
        return found

    def _relation(self, goal: Term, facts: Sequence[Theorem], depth: int) -> Theorem | None:
        if goal.head in _INEQUALITIES:
            return self._inequality(goal, facts, depth)
        a, b = goal.args
        if goal.head == "=":
            found = self._identity(goal, facts, depth)
            if found is not None:
                return found
            low, high = (self.prove(g, facts, depth) for g in (le(a, b), le(b, a)))
            if low is None or high is None:
                return None
            rule = instance("order.antisymmetric", x=a, y=b)
            return infer("detach", infer("detach", rule, low), high)
        for rule_name, less in (("order.less-differs", lt(a, b)),
                                ("order.greater-differs", lt(b, a))):  # fmt: skip
            found = self.prove(less, facts, depth)
            if found is not None:
                return infer("detach", instance(rule_name, x=a, y=b), found)
        return None

    def _identity(self, goal: Term, facts: Sequence[Theorem], depth: int) -> Theorem | None:
        made = self.factored(goal, facts, depth)
        if made is None or made.constant != 0:
            return None if made is None else self.on_circles(goal, made)
        return self.assembled(goal, made, [])

    def on_circles(self, goal: Term, shape: Factored) -> Theorem | None:
        """An equation that follows from sin(t)**2 + cos(t)**2 = 1."""
        angles = [a.args[0] for f, _ in shape.factors for a in atoms([f]) if a.head == "sin"]
        circles = [instance("circle", x=t) for t in dict.fromkeys(angles)]
        algebra = Algebra(
            nonzero=[difference(f.conclusion) for f in shape.strict],
            equations=[e.conclusion.args for e in shape.equations],
        )
        terms = [difference(goal), *(difference(c.conclusion) for c in circles)]
        (rest, denominator), *others = algebra.normals(terms)
        one, multipliers = algebra.number(1)[0], []
        for i, (circle, _) in enumerate(others):
            quotient, rest = divmod(rest, circle)
            if quotient != 0:
                place = len(shape.equations) + len(shape.strict) + i
                multipliers.append((place, algebra.term((quotient, denominator))))
        if rest != 0:
            return None
        del one
        return infer(
            "arithmetic", *shape.equations, *shape.strict, *circles, goal=goal,
            multipliers=tuple(multipliers), equations=tuple(range(len(shape.equations))),
        )  # fmt: skip

    def points(self, terms: Sequence[Term], facts: Sequence[Theorem]) -> Columns:
        """Sample points for the free variables of terms, within what the facts allow."""
        names = set().union(*(free_variables(t) for t in terms)) if terms else set()
        relations = [f.conclusion for f in facts if f.conclusion.head in (*_INEQUALITIES, "=")]
        while True:
            linked = [r for r in relations if free_variables(r) & names]
            more = set().union(*(free_variables(r) for r in linked)) - names
            if not more:
                break
            names |= more
        scalars = sorted((v for v in names if v.sort in ("R", "N")), key=repr)
        ranges = {v: self.range(v, facts) for v in scalars}
        found = samples(ranges, linked)
        plain = [r for r in linked if not _transcendental(r)]
        if len(plain) < len(linked) and all(len(column) < 5 for column in found.values()):
            return samples(ranges, plain)  # too few points to tell a sign by
        return found

    def range(self, v: Term, facts: Sequence[Theorem]) -> Range:
        lows, highs = self.bounds(v, facts)
        low = max((_float(b.term) for b in lows if not free_variables(b.term)), default=-math.inf)
        high = min((_float(b.term) for b in highs if not free_variables(b.term)), default=math.inf)
        return Range(low, high)

    def bounds(self, v: Term, facts: Sequence[Theorem]) -> tuple[list[Bound], list[Bound]]:
        """What bounds a variable from below and from above, the tightest numbers first."""
        lows: list[Bound] = []
        highs: list[Bound] = []
        for fact in facts:
            relation = fact.conclusion
            if relation.head not in (*_INEQUALITIES, "="):
                continue
            for side, other in ((0, 1), (1, 0)):
                term = relation.args[other]
                if relation.args[side] != v or v in free_variables(term):
                    continue
                strict = relation.head in ("<", ">")
                below = (relation.head in (">=", ">")) == (side == 0)
                if relation.head == "=" or below:
                    lows.append(Bound(term, strict, fact))
                if relation.head == "=" or not below:
                    highs.append(Bound(term, strict, fact))
        def key(sign: int) -> Any:
            def measure(b: Bound) -> tuple[bool, float, bool]:
                closed = not free_variables(b.term)
                return (not closed, sign * _float(b.term) if closed else 0.0, not b.strict)
            return measure
        return sorted(lows, key=key(-1)), sorted(highs, key=key(1))

    # One inequality -----------------------------------------------------------------------

    def _inequality(self, goal: Term, facts: Sequence[Theorem], depth: int) -> Theorem | None:
        wanted = difference(goal)
        variables = sorted(free_variables(wanted), key=repr)
        if not variables:
            return self.closed(goal, facts, depth)
        easy = self.by_bounds(goal, facts)
        if easy is not None:
            return easy
        columns = self.points([wanted], facts)
        found = signs(wanted, columns)
        if (found < 0).any():
            return None
        if len(variables) > 1 or not _transcendental(wanted):
            made = self.arithmetic(goal, facts, 2 if len(facts) < 12 else 1, 0.15)
            if made is not None:
                return made
        if not (found == 0).any():
            made = self.enclosed(goal, facts, 1500, 0.3)
            if made is not None:
                return made
        rooted = self.without_root(goal, variables, facts, depth)
        if rooted is not None:
            return rooted
        shape = self.factored(goal, facts, depth)
        if shape is None:
            return None
        if shape.constant == 0:
            return None if goal.head in ("<", ">") else self.assembled(goal, shape, [])
        simple = len(shape.factors) == 1 and shape.factors[0][1] == 1
        proofs: list[Theorem | None] = []
        for factor, exponent in shape.factors:
            if exponent % 2 == 0 and exponent > 0 and goal.head in ("<=", ">="):
                proofs.append(None)
                continue
            strict = exponent < 0 or goal.head in ("<", ">")
            proof = self.signed(factor, strict, facts, shape, depth, simple)
            if proof is None and depth < 3:
                found = self.as_given(goal, variables, [*facts, *shape.strict], depth)
                return found or self.split(goal, shape, facts, columns, depth)
            if proof is None:
                return self.split(goal, shape, facts, columns, depth)
            proofs.append(proof)
        return self.assembled(goal, shape, proofs)

    def by_bounds(self, goal: Term, facts: Sequence[Theorem]) -> Theorem | None:
        """A linear inequality from the bounds of its variables by numbers."""
        algebra = Algebra()
        numerator, denominator = algebra.normal(difference(goal))
        if not denominator.is_constant() or any(a.kind != "var" for a in algebra.atoms):
            return None
        poly = algebra.dictionary(numerator)
        if any(sum(m) > 1 for m in poly) or len(poly) > 8:
            return None
        scale = int(denominator.leading_coefficient())
        total = Fraction(poly.get((0,) * len(algebra.atoms), 0), scale)
        premises: list[Theorem] = []
        products: list[Any] = []
        multipliers: list[Any] = []
        strict = False
        width = len(algebra.atoms)
        for i, v in enumerate(algebra.atoms):
            rate = Fraction(poly.get(tuple(int(j == i) for j in range(width)), 0), scale)
            if not rate:
                continue
            ends = [b for b in self.bounds(v, facts)[0 if rate > 0 else 1] if b.term.kind == "num"]
            if not ends:
                return None
            total += rate * ends[0].term.head
            if ends[0].fact.conclusion.head == "=":
                left = ends[0].fact.conclusion.args[0] == v
                multipliers.append((len(premises), num(rate if left else -rate)))
            else:
                products.append((abs(rate), ((len(premises), 1),), ()))
                strict = strict or ends[0].strict
            premises.append(ends[0].fact)
        if total < 0 or (total == 0 and goal.head in ("<", ">") and not strict):
            return None
        if total > 0:
            products.append((total, (), ()))
        return infer(
            "arithmetic", *premises, goal=goal, products=tuple(products),
            multipliers=tuple(multipliers),
        )  # fmt: skip

    def as_given(
        self, goal: Term, variables: Sequence[Term], facts: Sequence[Theorem], depth: int
    ) -> Theorem | None:
        """The goal by the slope of its difference as it is written, not multiplied out."""
        low, high = goal.args if goal.head in ("<=", "<") else reversed(goal.args)
        shown = app(goal.head.replace(">", "<"), 0, app("-", high, low))
        if len(variables) == 1:
            found = self.along(shown, variables[0], facts, depth + 1)
        else:
            found = self.parametric(shown, facts, depth + 1)
        if found is None:
            return None
        return infer("arithmetic", found, goal=goal, products=((_ONE, ((0, 1),), ()),))

    def signed(
        self, factor: Term, strict: bool, facts: Sequence[Theorem], shape: Factored, depth: int,
        simple: bool,
    ) -> Theorem | None:  # fmt: skip
        """A theorem that a factor is positive or negative (or zero, if not strict)."""
        sign = signs(factor, self.points([factor], facts))
        positive, negative = (sign > 0).any(), (sign < 0).any()
        if positive and negative:
            return None
        goals = []
        for up in ((True,) if positive else (False,) if negative else (True, False)):
            heads = ("<",) if strict else ("<=",)
            goals += [app(h, 0, factor) if up else app(h, factor, 0) for h in heads]
        for goal in goals:
            found = self.single(goal, facts, shape, depth + (0 if simple else 1))
            if found is not None:
                return found
        return None

    def factored(self, goal: Term, facts: Sequence[Theorem], depth: int) -> Factored | None:
        """The difference of a goal in factors, its divisors being known not to vanish."""
        wanted = difference(goal)
        strict = [f for f in facts if f.conclusion.head in ("<", ">", "!=")]
        strict += self.divisors(wanted, [*facts, *strict], depth)
        known = [*facts, *strict]

        def positive(term: Term) -> Theorem | None:
            if term == goal.args[1] and goal == lt(0, term):
                return None
            return self.positive(term, known, depth)

        equations = normalise([wanted], strict, positive)
        equations += self.solved(facts, wanted)
        more = []
        for equation in equations:
            more += self.divisors(equation.conclusion.args[1], known, depth)
        strict += more
        algebra = Algebra(
            nonzero=[difference(f.conclusion) for f in strict],
            equations=[e.conclusion.args for e in equations],
        )
        numerator, denominator = algebra.normal(wanted)
        if numerator == 0:
            return Factored(Fraction(0), (), tuple(equations), tuple(strict))
        if len(numerator) > 400 or len(denominator) > 200:
            return None
        one = algebra.number(1)[0]
        (above, first), (below, second) = numerator.factor(), denominator.factor()
        parts = [(algebra.term((f, one)), int(e)) for f, e in first]
        parts += [(algebra.term((f, one)), -int(e)) for f, e in second]
        return Factored(
            Fraction(int(above), int(below)), tuple(parts), tuple(equations), tuple(strict)
        )

    def solved(self, facts: Sequence[Theorem], wanted: Term) -> list[Theorem]:
        """Equations ``variable = term`` among the facts that say something of the goal."""
        made: list[Theorem] = []
        for fact in facts:
            relation = fact.conclusion
            if relation.head != "=":
                continue
            for this in (fact, symmetric(fact)):
                left, right = this.conclusion.args
                if left.kind == "var" and left not in free_variables(right) and not any(
                    left in free_variables(m.conclusion) for m in made
                ):
                    made.append(this)
                    break
        return made

    def divisors(self, term: Term, facts: Sequence[Theorem], depth: int) -> list[Theorem]:
        """Signs of the divisors in a term that nothing else says are not zero."""
        made: list[Theorem] = []
        for divisor in dict.fromkeys(_divisors(term)):
            while divisor.head == "^":
                divisor = divisor.args[0]
            strict = [f for f in (*facts, *made) if f.conclusion.head in ("<", ">", "!=")]
            algebra = Algebra(nonzero=[difference(f.conclusion) for f in strict])
            if algebra.is_nonzero(divisor):
                continue
            sign = signs(divisor, self.points([divisor], facts))
            up = not (sign < 0).any()
            goal = lt(0, divisor) if up else lt(divisor, 0)
            found = self.prove(goal, [*facts, *made], depth + 1)
            if found is not None:
                made.append(found)
        return made

    def positive(self, term: Term, facts: Sequence[Theorem], depth: int) -> Theorem | None:
        if term.head == "exp":
            return instance("exp.positive", x=term.args[0])
        sign = signs(term, self.points([term], facts))
        if (sign < 0).any() or not (sign > 0).any():
            return None
        if term.head == "sqrt":
            inside = self.positive(term.args[0], facts, depth)
            return None if inside is None else root_positive(inside)
        return self.prove(lt(0, term), facts, depth + 1)

    def assembled(
        self, goal: Term, shape: Factored, proofs: Sequence[Theorem | None]
    ) -> Theorem | None:
        """The goal from the signs of its factors."""
        coefficient = shape.constant
        premises = [*shape.equations, *shape.strict]
        powers: list[tuple[int, int]] = []
        squares: list[Term] = []
        for proof, (factor, exponent) in zip(proofs, shape.factors, strict=True):
            if proof is None:
                squares.append(factor ** (exponent // 2))
                continue
            if proof.conclusion.args[0] == factor and exponent % 2:
                coefficient = -coefficient
            powers.append((len(premises), exponent))
            premises.append(proof)
        equations = tuple(range(len(shape.equations)))
        if shape.constant == 0:
            return infer("arithmetic", *premises, goal=goal, equations=equations)
        if coefficient <= 0:
            return None
        product = (coefficient, tuple(powers), tuple(squares))
        return infer("arithmetic", *premises, goal=goal, products=(product,), equations=equations)

    # Ways to prove one --------------------------------------------------------------------

    def closed(self, goal: Term, facts: Sequence[Theorem], depth: int) -> Theorem | None:
        """A relation between numbers."""
        self.tried["enclosure"] = None
        # Numbers that are equal are told apart by no precision: first a little, later more.
        for bits in ((64, 256), (512, 4096)):
            found = enclose(goal, [], self.until(1), bits=bits[0], most_bits=bits[1])
            if found is not None:
                return found
            shape = self.factored(goal, [], depth)
            if shape is not None and shape.constant == 0 and goal.head in ("<=", ">="):
                return self.assembled(goal, shape, [])
            if shape is not None and all(not _transcendental(f) for f, _ in shape.factors):
                return self.arithmetic(goal, facts, 2, 0.5)
        return None

    def arithmetic(
        self, goal: Term, facts: Sequence[Theorem], degree: int, seconds: float
    ) -> Theorem | None:
        """The goal by exact arithmetic from facts about unknown numbers."""
        self.tried["arithmetic"] = None
        if len(facts) > 40:
            return None
        try:
            return prove_relation(goal, facts, degree=degree, deadline=self.until(seconds))
        except (KernelError, OverflowError, ValueError):
            return None

    def enclosed(
        self, goal: Term, facts: Sequence[Theorem], parts: int, seconds: float
    ) -> Theorem | None:
        """The goal by branch and bound, if every variable lies between numbers."""
        self.tried["enclosure on boxes"] = None
        known = [f for f in facts if f.conclusion.head in (*_INEQUALITIES, "=")]
        extra: list[Theorem] = []
        for v in sorted(free_variables(goal), key=repr):
            for bounds, up in zip(self.bounds(v, known), (False, True), strict=True):
                made = self.numeral(v, bounds, up)
                if made is None:
                    return None
                extra.append(made)
        return enclose(goal, [*extra, *known], self.until(seconds), most_parts=parts)

    def numeral(self, v: Term, bounds: Sequence[Bound], up: bool) -> Theorem | None:
        """A bound of a variable by a numeral."""
        for bound in bounds:
            if bound.term.kind == "num":
                return bound.fact
            if free_variables(bound.term):
                continue
            value = _float(bound.term)
            if not math.isfinite(value):
                continue
            near = Fraction(value + (1 if up else -1) * 1e-9 * (1 + abs(value)))
            near = near.limit_denominator(10**12)
            goal = lt(bound.term, num(near)) if up else lt(num(near), bound.term)
            known = self.closed(goal, [], 0)
            if known is None:
                continue
            weak = le(v, num(near)) if up else le(num(near), v)
            return _chained(weak, bound.fact, known)
        return None

    def single(
        self, goal: Term, facts: Sequence[Theorem], shape: Factored, depth: int
    ) -> Theorem | None:
        """The sign of one factor."""
        wanted = difference(goal)
        variables = sorted(free_variables(wanted), key=repr)
        if not variables:
            return self.closed(goal, facts, depth)
        known = [*facts, *(s for s in shape.strict if s not in facts)]
        if wanted.args[0].head == "sqrt" and wanted.args[1] == num(0) and goal.head == "<":
            return self.positive(wanted.args[0], known, depth)
        known_sign = _exponential_sign(goal)
        if known_sign is not None:
            return known_sign
        plain = not _transcendental(wanted)
        if plain and not any(True for _ in atoms([wanted])):
            polynomial = [f for f in facts if not _transcendental(f.conclusion)]
            found = self.arithmetic(goal, polynomial, 2, 0.4)
            if found is not None or len(variables) > 1:
                return found or self.parametric(goal, known, depth)
        if any(a.head in ("sin", "cos") for a in atoms([wanted])):
            found = self.arithmetic(goal, [*known, *_waves([wanted])], 1, 0.2)
            if found is not None:
                return found
        values = rounded(wanted, self.points([wanted], facts))
        clear = bool((values.signs() > 0).all())
        if clear:
            found = self.enclosed(goal, facts, 3000, 0.4)
            if found is not None:
                return found
        if len(variables) == 1:
            found = self.along(goal, variables[0], known, depth)
            if found is None and depth < 2 and not plain:
                found = self.by_lemmas(goal, known, depth, 1.0)
        else:
            found = self.arithmetic(goal, known, 2, 0.2)
            if found is None and depth < 4:
                found = self.by_lemmas(goal, known, depth, 1.5)
            found = found or self.parametric(goal, known, depth)
        if found is None and clear:
            seconds = max(1.0, (self.deadline - time.monotonic()) / 3)
            found = self.enclosed(goal, facts, 100_000, seconds)
        return found

    def without_root(
        self, goal: Term, variables: Sequence[Term], facts: Sequence[Theorem], depth: int
    ) -> Theorem | None:
        """The goal with a root of a linear term as the variable."""
        if len(variables) != 1 or depth > 5:
            return None
        (v,) = variables
        for atom in atoms([difference(goal)]):
            line = _line(atom.args[0], v) if atom.head == "sqrt" else None
            if line is None:
                continue
            a, b = line
            inside = atom.args[0]
            weak = self.prove(le(0, inside), facts, depth + 1)
            if weak is None:
                return None
            w = fresh("w", "R", goal, *(f.conclusion for f in facts))
            value = (w**2 - num(b)) / num(a)
            roots = [instance(n, x=inside) for n in ("root.nonnegative", "root.square")]
            above, square = (infer("detach", r, weak) for r in roots)
            signs_ = [
                infer("arithmetic", above, goal=le(0, atom), products=((_ONE, ((0, 1),), ()),))
            ]
            there = substitute(value, {w: atom})
            same = infer(
                "arithmetic", square, goal=eq(there, v), multipliers=((0, num(1 / a)),)
            )
            strict = self.quick(lt(0, inside), facts)
            if strict is not None:
                signs_.append(root_positive(strict))
            found = self.changed(goal, v, w, value, same, signs_, facts, depth)
            return found
        return None

    def inverted(
        self, goal: Term, v: Term, facts: Sequence[Theorem], depth: int
    ) -> Theorem | None:
        """The goal with the variable's inverse as the variable, so that infinity becomes 0."""
        positive = self.quick(lt(0, v), facts)
        if positive is None:
            return None
        w = fresh("w", "R", goal, *(f.conclusion for f in facts))
        inverse = app("/", 1, v)
        same = infer("arithmetic", positive, goal=eq(app("/", 1, inverse), v))
        sign = infer(
            "arithmetic", positive, goal=lt(0, inverse), products=((_ONE, ((0, -1),), ()),)
        )
        return self.changed(goal, v, w, app("/", 1, w), same, [sign], facts, depth)

    def changed(
        self, goal: Term, v: Term, w: Term, value: Term, same: Theorem, signs_: Sequence[Theorem],
        facts: Sequence[Theorem], depth: int,
    ) -> Theorem | None:  # fmt: skip
        """The goal from the one with v = value(w), where `same` says value(t) = v of a term t.

        `signs_` are theorems about t that may be used of w.
        """
        t = signs_[0].conclusion.args[1]
        back = symmetric(same)
        given = [f for f in facts if f.conclusion.head in (*_INEQUALITIES, "=")
                 and v in free_variables(f.conclusion)]  # fmt: skip
        rest = [f for f in facts if v not in free_variables(f.conclusion)]
        moved = [assume(substitute(f.conclusion, {v: value})) for f in given]
        said = [assume(app(s.conclusion.head, 0, w)) for s in signs_]
        region = [*rest, *moved, *said]
        region += self.new_bounds(w, value, v, facts, [*moved, *said])
        found = self.prove(substitute(goal, {v: value}), usable(region), depth + 1)
        if found is None:
            return None
        found = infer("instantiate", found, mapping=((w, t),))
        hole = fresh("hole", "R", goal, t, *(f.conclusion for f in facts))
        for f in given:
            template = lam(hole, substitute(f.conclusion, {v: hole}))
            found = resolve(found, infer("rewrite", back, f, template=template))
        found = resolve(found, *signs_)
        template = lam(hole, substitute(goal, {v: hole}))
        return infer("rewrite", same, found, template=template)

    def new_bounds(
        self, w: Term, value: Term, v: Term, facts: Sequence[Theorem], region: Sequence[Theorem]
    ) -> list[Theorem]:
        """Bounds of w by numbers, where value(w) = v and v has some."""
        made = []
        span = self.range(v, facts)
        scale = numpy.concatenate([[0.0], numpy.geomspace(1e-6, 1e6, 2000)])
        with numpy.errstate(all="ignore"):
            there = rounded(value, {w: scale}).value
            good = scale[(there >= span.low) & (there <= span.high)]
        if not len(good):
            return []
        for place, up in ((good[0], False), (good[-1], True)):
            i = int(numpy.searchsorted(scale, place))
            j = i + 1 if up else i - 1
            if not 0 <= j < len(scale):
                continue
            inside, outside = float(scale[i]), float(scale[j])
            for _ in range(60):
                middle = (inside + outside) / 2
                at = float(rounded(value, {w: numpy.array([middle])}).value[0])
                within = span.low <= at <= span.high
                inside, outside = (middle, outside) if within else (inside, middle)
            exact = Fraction(inside).limit_denominator(200)
            rough = Fraction(inside * (1.01 if up else 0.99)).limit_denominator(10**6)
            for near, strict in ((exact, True), (exact, False), (rough, False)):
                if abs(float(near) - inside) > 1e-9 and near == exact:
                    continue
                low, high = (w, num(near)) if up else (num(near), w)
                goal = lt(low, high) if strict else le(low, high)
                split = order(high, low) if strict else order(low, high)

                def use(case: Theorem, goal: Term = goal) -> Theorem:
                    if case.conclusion == goal:
                        return case
                    found = self.arithmetic(lt(0, 0), [*region, case], 2, 0.2)
                    if found is None:
                        raise ProofError("no bound")
                    return absurd(found, goal)

                try:
                    made.append(by_cases(split, use, use))
                    break
                except ProofError:
                    continue
        return made

    def by_logarithms(
        self, goal: Term, facts: Sequence[Theorem], depth: int
    ) -> Theorem | None:
        """A <= B from log(A) <= log(B), the two positive parts of a difference."""
        algebra = Algebra()
        numerator, denominator = algebra.normal(difference(goal))
        if not denominator.is_constant() or goal.head not in ("<=", "<"):
            return None
        one, zero = algebra.number(1)[0], algebra.number(0)[0]
        plus, minus = zero, zero
        for exponents, coefficient in numerator.terms():
            monomial = algebra._monomial([int(e) for e in exponents]) * int(coefficient)
            plus, minus = (plus + monomial, minus) if coefficient > 0 else (plus, minus - monomial)
        large, small = algebra.term((plus, one)), algebra.term((minus, one))
        if sum(1 for a in atoms([large, small]) if a.head == "exp") < 2:
            return None
        below = self.positive(small, facts, depth)
        above = self.positive(large, facts, depth) if below is not None else None
        if below is None or above is None:
            return None
        strict = goal.head == "<"
        wanted = app(goal.head, log(small), log(large))
        found = self.prove(wanted, [*facts, below, above], depth + 1)
        if found is None:
            return None
        x, y = real("x"), real("y")
        rule = infer(
            "instantiate", log_reflects_strictly() if strict else log_reflects(),
            mapping=((x, small), (y, large)),
        )  # fmt: skip
        rule = resolve(rule, below, above, found)
        scale = Fraction(1, int(denominator.leading_coefficient()))
        return infer("arithmetic", rule, goal=goal, products=((abs(scale), ((0, 1),), ()),))

    # Lemmas -------------------------------------------------------------------------------

    def by_lemmas(
        self, goal: Term, facts: Sequence[Theorem], depth: int, seconds: float
    ) -> Theorem | None:
        """Exact arithmetic from instances of lemmas at the arguments that occur."""
        try:
            return self._by_lemmas(goal, facts, depth, seconds)
        except (KernelError, ProofError):
            return None

    def _by_lemmas(
        self, goal: Term, facts: Sequence[Theorem], depth: int, seconds: float
    ) -> Theorem | None:
        self.tried["lemmas about exp, log, sin and cos"] = None
        made = list(self.instances([goal, *(f.conclusion for f in facts)], facts, depth))
        strict = [f for f in facts if f.conclusion.head in ("<", ">", "!=")]
        terms = [difference(goal), *(difference(m.conclusion) for m in made)]
        divisors: list[Theorem] = []
        for term in terms:
            divisors += self.divisors(term, [*facts, *divisors], depth)

        def positive(term: Term) -> Theorem | None:
            return self.positive(term, [*facts, *divisors], depth)

        equations = normalise(terms, [*strict, *divisors], positive)
        pool = list(dict.fromkeys([*facts, *divisors, *made, *equations]))
        seconds = min(seconds, (self.deadline - time.monotonic()) / 4)
        for degree in (1, 2):
            found = self.arithmetic(goal, pool, degree, seconds / 2)
            if found is not None:
                return found
        for root in atoms([goal]):
            sign = self.positive(root, facts, depth) if root.head == "sqrt" else None
            if sign is None:
                continue
            scaled = app(goal.head, 0, root * difference(goal))
            if goal.head not in ("<=", "<"):
                continue
            found = self.arithmetic(scaled, [*pool, sign], 2, seconds)
            if found is not None:
                return infer("arithmetic", found, sign, goal=goal,
                             products=((_ONE, ((0, 1), (1, -1)), ()),))  # fmt: skip
        return None

    def instances(
        self, formulas: Sequence[Term], facts: Sequence[Theorem], depth: int
    ) -> Iterator[Theorem]:
        found = list(atoms(formulas))
        exps = list(dict.fromkeys(a.args[0] for a in found if a.head == "exp"))[:4]
        for s, t in itertools.permutations([*exps, num(0)], 2):
            yield where(exp_above(), x=s, y=t)
        for s in exps:
            if self.quick(le(0, s), facts) is not None:
                made = where(exp_square(), x=s)
                yield _given(made, le(0, s), self.quick(le(0, s), facts))
        logs: list[tuple[Term, Theorem]] = []
        for a in found:
            if a.head == "log" and len(logs) < 4:
                known = self.positive(a.args[0], facts, depth)
                if known is not None and all(t != a.args[0] for t, _ in logs):
                    logs.append((a.args[0], known))
        for s in exps:
            for t, _ in logs:
                yield where(exp_above(), x=s, y=log(t))
        if logs:
            logs += [(exp(s), instance("exp.positive", x=s)) for s in exps][:2]
        for s, p in logs:
            yield _given(where(log_tangent(), x=s), lt(0, s), p)
            inverse = app("/", 1, s)
            ready = infer("arithmetic", p, goal=lt(0, inverse), products=((_ONE, ((0, -1),), ()),))
            yield _given(where(log_tangent(), x=inverse), lt(0, inverse), ready)
        for (s, p), (t, q) in itertools.permutations(logs, 2):
            ratio = s / t
            ready = infer(
                "arithmetic", p, q, goal=lt(0, ratio), products=((_ONE, ((0, 1), (1, -1)), ()),)
            )
            yield _given(where(log_tangent(), x=ratio), lt(0, ratio), ready)
        yield from _waves(formulas)
        for a in dict.fromkeys(a for a in found if a.head == "sqrt"):
            weak = self.quick(le(0, a.args[0]), facts)
            if weak is not None:
                yield infer("detach", instance("root.nonnegative", x=a.args[0]), weak)
                yield infer("detach", instance("root.square", x=a.args[0]), weak)

    def quick(self, goal: Term, facts: Sequence[Theorem]) -> Theorem | None:
        """A simple goal by arithmetic, unless a sample point speaks against it."""
        easy = self.by_bounds(goal, facts)
        if easy is not None:
            return easy
        wanted = difference(goal)
        sign = signs(wanted, self.points([wanted], facts))
        if (sign < 0).any():
            return None
        return self.arithmetic(goal, facts, 1, 0.1)

    # Splitting ----------------------------------------------------------------------------

    def split(
        self, goal: Term, shape: Factored, facts: Sequence[Theorem], columns: Columns, depth: int
    ) -> Theorem | None:
        """Cases of the sign of a factor that has both signs."""
        if depth > 4:
            return None
        for factor, _ in shape.factors:
            if _transcendental(factor) or not free_variables(factor):
                continue
            sign = signs(factor, columns)
            if not ((sign > 0).any() and (sign < 0).any()):
                continue
            split = order(num(0), factor)

            def use(case: Theorem) -> Theorem:
                found = self.prove(goal, usable([*facts, case]), depth + 1)
                if found is None:
                    raise ProofError("a case stays open")
                return found

            try:
                return by_cases(split, use, use)
            except ProofError:
                continue
        return None

    # One variable -------------------------------------------------------------------------

    def along(self, goal: Term, v: Term, facts: Sequence[Theorem], depth: int) -> Theorem | None:
        """An inequality in one variable, on the interval that the facts leave it."""
        self.tried["monotonicity"] = None
        if depth > _DEEPEST or self.late():
            return None
        wanted = difference(goal)
        span = self.range(v, facts)
        xs = span.spread()
        values = rounded(wanted, {v: xs})
        sign = numpy.broadcast_to(values.signs(), xs.shape)
        inside = numpy.isfinite(sign)
        if (sign[inside] < 0).any() or not inside.any():
            return None
        touching = self.touching(wanted, v, xs, values, span)
        if touching is not None and goal.head in ("<", ">"):
            return None
        if touching is not None:
            return self.cut(goal, v, touching, facts, depth)
        bounded_ = math.isfinite(span.low) and math.isfinite(span.high)
        if bounded_ and (sign > 0).all():
            found = self.enclosed(goal, facts, 400, 0.2)
            if found is not None:
                return found
        trials = list(self.scaled(goal, v, {v: xs}, facts, depth))
        vague = any(s[i] == 0 for _, _, _, s in trials[:1] for i in (0, -1))
        if goal.head in ("<", ">") and bounded_ and vague and span.high - span.low > 0.6:
            # A slope that vanishes at an end is not strict there: first cut that end off.
            place = _halfway(span)
            found = self.cut(goal, v, place, facts, depth) if place is not None else None
            if found is not None:
                return found
        for scale, shape, derivative, slopes in trials:
            for low in (True, False):
                good = slopes[numpy.isfinite(slopes)]
                if len(good) and ((good >= 0).all() if low else (good <= 0).all()):
                    found = self.anchored(goal, v, scale, shape, derivative, low, facts, depth)
                    if found is not None:
                        return found
        if not math.isfinite(span.high) and depth < 3:
            shown = numpy.broadcast_to(values.value, xs.shape)[inside]
            if shown[-1] < 0.01 * numpy.max(shown):  # it may well vanish at infinity
                found = self.inverted(goal, v, facts, depth)
                if found is not None:
                    return found
        for _, _, _, slopes in trials[:2]:
            place = self.cutting_point(span, xs, slopes, sign) if depth <= 6 else None
            if place is not None:
                found = self.cut(goal, v, place, facts, depth)
                if found is not None:
                    return found
        if bounded_ and (sign > 0).all():
            return self.enclosed(goal, facts, 20_000, 2.0)
        if goal.head in ("<", ">") and depth < 4 and not (
            any(f.conclusion.head == "<" and f.conclusion.args[0] == v for f in facts)
            and any(f.conclusion.args[-1] == v for f in facts)
        ):
            place = _halfway(span)
            if place is not None:
                return self.cut(goal, v, place, facts, depth + 1)
        found = None
        if not math.isfinite(span.high) and depth < 3:
            found = self.inverted(goal, v, facts, depth)
        if found is None and depth < 3:
            found = self.by_logarithms(goal, facts, depth)
        return found

    def touching(self, wanted: Term, v: Term, xs: Any, values: Any, span: Range) -> Term | None:
        """A simple number inside the interval where the term is zero."""
        height = numpy.broadcast_to(values.value, xs.shape)
        for i in range(1, len(xs) - 1):
            if not (height[i] <= height[i - 1] and height[i] <= height[i + 1]):
                continue
            low, high = float(xs[i - 1]), float(xs[i + 1])
            plain = [num(q) for q in _PLAIN if low < q < high]
            for _ in range(60):
                a, b = low + (high - low) / 3, high - (high - low) / 3
                fa, fb = (float(rounded(wanted, {v: numpy.array([p])}).value[0]) for p in (a, b))
                low, high = (low, b) if fa <= fb else (a, high)
            middle = (low + high) / 2
            near = list(_simple_near(middle, 1e-5 * (1 + abs(middle))))
            for candidate in dict.fromkeys([*plain, *near]):
                place = _float(candidate)
                if not span.low < place < span.high:
                    continue
                at = substitute(wanted, {v: candidate})
                if signs(at, {})[0] == 0:
                    shape = self.factored(le(0, at), [], _DEEPEST - 1)
                    if shape is not None and shape.constant == 0:
                        return candidate
        return None

    def cut(
        self, goal: Term, v: Term, place: Term, facts: Sequence[Theorem], depth: int
    ) -> Theorem | None:
        """The two cases v <= place and place < v."""
        split = order(v, place)

        def use(case: Theorem) -> Theorem:
            found = self.along(goal, v, [*facts, case], depth + 1)
            if found is None:
                raise ProofError("a case stays open")
            return found

        try:
            return by_cases(split, use, use)
        except ProofError:
            return None

    def cutting_point(self, span: Range, xs: Any, slopes: Any, sign: Any) -> Term | None:
        """Where to cut off a piece at an end on which the slope has one sign."""
        good = numpy.isfinite(slopes) & (slopes != 0)
        places = numpy.nonzero(good)[0]
        if not len(places):
            return None
        changes = [
            (places[k], places[k + 1])
            for k in range(len(places) - 1)
            if slopes[places[k]] != slopes[places[k + 1]]
        ]
        if not changes:
            return None
        # An end is easy if it is a number where the term is positive.
        easy_low = math.isfinite(span.low) and sign[0] > 0
        easy_high = math.isfinite(span.high) and sign[-1] > 0
        if not easy_low:
            i, _ = changes[0]
            inner = [j for j in places if j <= i and xs[j] > span.low]
            if len(inner) >= 2:
                return _simplest(float(xs[inner[len(inner) // 2 - 1]]), float(xs[inner[-1]]))
        if not easy_high:
            _, i = changes[-1]
            outer = [j for j in places if j >= i and xs[j] < span.high]
            if len(outer) >= 2:
                return _simplest(float(xs[outer[0]]), float(xs[outer[(len(outer) + 1) // 2]]))
        return None

    def scaled(
        self, goal: Term, v: Term, columns: Columns, facts: Sequence[Theorem], depth: int
    ) -> Iterator[tuple[Theorem | None, Term, Term, Any]]:
        """The term, or the term divided by a positive one, with the derivative and its signs."""
        wanted = difference(goal)
        candidates: list[tuple[Term | None, Term]] = [(None, wanted)]
        algebra = Algebra()
        numerator, denominator = algebra.normal(wanted)
        one = algebra.number(1)[0]
        if denominator.is_constant():
            for i, atom in enumerate(algebra.atoms):
                degree = int(numerator.degrees()[i])
                if not degree or v not in free_variables(atom) or atom.kind != "app":
                    continue
                if atom.head == "exp":
                    for j in range(1, min(degree, 3) + 1):
                        candidates.append((atom**j, wanted))
                elif degree == 1:
                    part = algebra.term((numerator.derivative(i), one))
                    if part.kind != "num":
                        candidates.append((part, wanted))
        ready: list[tuple[int, Theorem | None, Term, Term, Any]] = []
        if v not in columns:  # a function: nothing is sampled of it
            return None
        size = len(columns[v])
        for scale, shape in candidates:
            if scale is None:
                new, theorem = shape, None
            else:
                theorem = self.unmixed(scale, columns, facts, depth)
                if theorem is None:
                    continue
                scale = difference(theorem.conclusion)
                new = _divided(shape, scale)
            derivative = slope(new, v)
            if derivative is None:
                continue
            slopes = numpy.broadcast_to(signs(derivative, columns), (size,))
            good = slopes[numpy.isfinite(slopes)]
            mixed = bool((good > 0).any() and (good < 0).any())
            plain = sum(1 for _ in atoms([derivative]))
            ready.append((mixed * 100 + plain, theorem, new, derivative, slopes))
        ready.sort(key=lambda r: r[0])
        for _, theorem, new, derivative, slopes in ready:
            yield theorem, new, derivative, slopes

    def unmixed(
        self, scale: Term, columns: Columns, facts: Sequence[Theorem], depth: int
    ) -> Theorem | None:
        """A theorem ``0 < scale`` or ``0 < -scale``."""
        if scale.head == "exp" or (scale.head == "^" and scale.args[0].head == "exp"):
            base = scale if scale.head == "exp" else scale.args[0]
            known = instance("exp.positive", x=base.args[0])
            power = 1 if scale.head == "exp" else int(scale.args[1].head)
            return infer("arithmetic", known, goal=lt(0, scale),
                         products=((_ONE, ((0, power),), ()),))  # fmt: skip
        sign = signs(scale, columns)
        inner = sign[1:-1][numpy.isfinite(sign[1:-1])]
        if (inner > 0).all():
            return self.prove(lt(0, scale), facts, depth + 1)
        if (inner < 0).all():
            return self.prove(lt(0, -scale), facts, depth + 1)
        return None

    def anchored(
        self,
        goal: Term,
        v: Term,
        scale: Theorem | None,
        shape: Term,
        derivative: Term,
        low: bool,
        facts: Sequence[Theorem],
        depth: int,
        anchor: Bound | None = None,
    ) -> Theorem | None:
        """The sign of `shape` from the one at an end and that of its derivative."""
        lows, highs = self.bounds(v, facts)
        ends = lows if low else highs
        if anchor is None:
            if not ends:
                return None
            anchor = ends[0]
        elsewhere = [f for f in facts if v not in free_variables(f.conclusion)]
        strict = goal.head in ("<", ">")
        there = substitute(shape, {v: anchor.term})
        closed = not free_variables(there)
        at_end = None
        kept = [*elsewhere]
        if not closed:
            kept += self.consequences(v, facts)
        if strict:
            at_end = self.prove(lt(0, there), kept, depth + 1)
        rising = at_end is None and strict
        if at_end is None:
            if strict and not anchor.strict:
                return None
            at_end = self.prove(le(0, there), kept, depth + 1)
        if at_end is None:
            return None
        if any(not _sure(c) for c in undefined(there)) and not all(
            _sure(c) or self.prove(c, kept, depth + 1) is not None for c in undefined(there)
        ):
            return None
        if closed and not math.isfinite(_float(substitute(derivative, {v: anchor.term}))):
            return None
        moved = self.moved(goal, v, shape, derivative, anchor, low, rising, facts, depth)
        if moved is None:
            return None
        head = "<" if strict else "<="
        if rising:
            head = "<"
        positive = infer(
            "arithmetic", at_end, moved, goal=app(head, 0, shape),
            products=((_ONE, ((0, 1),), ()), (_ONE, ((1, 1),), ())),
        )  # fmt: skip
        if scale is None:
            if positive.conclusion == goal:
                return positive
            return infer("arithmetic", positive, goal=goal, products=((_ONE, ((0, 1),), ()),))
        return infer(
            "arithmetic", positive, scale, goal=goal, products=((_ONE, ((0, 1), (1, 1)), ()),)
        )

    def consequences(self, v: Term, facts: Sequence[Theorem]) -> list[Theorem]:
        """What follows from the bounds of a variable for the other variables."""
        lows, highs = self.bounds(v, facts)
        made = []
        for a, b in itertools.product(lows[:3], highs[:3]):
            if free_variables(a.term) or free_variables(b.term):
                head = "<" if a.strict or b.strict else "<="
                if a.term != b.term:
                    made.append(_chained(app(head, a.term, b.term), a.fact, b.fact))
        return made

    def moved(
        self, goal: Term, v: Term, shape: Term, derivative: Term, anchor: Bound, low: bool,
        rising: bool, facts: Sequence[Theorem], depth: int,
    ) -> Theorem | None:  # fmt: skip
        """``shape(anchor) <= shape(v)`` (``<`` if rising), v on one side of the anchor."""
        lows, highs = self.bounds(v, facts)
        others = [f for f in facts if v not in free_variables(f.conclusion)]
        near = assume(le(anchor.term, v) if low else le(v, anchor.term))
        inner = assume(lt(anchor.term, v) if low else lt(v, anchor.term))
        beyond = [b.fact for b in (highs if low else lows)
                  if b.fact.conclusion.head != "="]  # fmt: skip
        if low and not others:
            beyond = beyond[:2]
        # Beyond a strict step from v, whatever bounds v weakly is a strict bound.
        far = [_strictly(f.conclusion) if rising else f.conclusion for f in beyond]
        fixed = [assume(c) for c in (*(f.conclusion for f in others), *far)]
        turned = derivative if low else -derivative
        if rising:
            sign = self.prove(lt(0, turned), usable([*fixed, inner]), depth + 1)
        else:
            sign = self.prove(le(0, turned), usable([*fixed, near]), depth + 1)
        if sign is None:
            return None
        region = usable([assume(f.conclusion) for f in (*others, *beyond)] + [near])
        smooth = self.smooth(v, shape if low else -shape, turned, region, depth)
        if smooth is None:
            return None
        u = fresh("u", "R", shape, v, anchor.term, *(f.conclusion for f in facts))
        smooth, sign = (infer("instantiate", t, mapping=((v, u),)) for t in (smooth, sign))
        start, stop = (anchor.term, v) if low else (v, anchor.term)
        first, second = assume(le(start, u)), assume(le(u, stop))
        limit = second if low else first
        carried: list[Theorem] = list(others)
        for fact in beyond:
            said = substitute(fact.conclusion, {v: u})
            carried.append(_chained(said, limit, fact))
        smooth = resolve(smooth, *carried)
        if not rising:
            sign = resolve(sign, *carried)
        smooth = intro(smooth, u, first.conclusion, second.conclusion)
        if rising:
            strictly = [assume(lt(start, u)), assume(lt(u, stop))]
            weakly = [_chained(le(start, u), strictly[0]), _chained(le(u, stop), strictly[1])]
            step = strictly[1] if low else strictly[0]
            farther = [
                _chained(substitute(c, {v: u}), step, f) for c, f in zip(far, beyond, strict=True)
            ]
            sign = resolve(sign, *others, *farther, *weakly)
            sign = intro(sign, u, strictly[0].conclusion, strictly[1].conclusion)
        else:
            sign = intro(sign, u, first.conclusion, second.conclusion)
        rule = where(
            increasing() if rising else monotone(),
            {_A: start, _B: stop, _F: lam(v, shape if low else -shape), _G: lam(v, turned)},
        )
        ordered = app("<" if rising else "<=", start, stop)
        there = _chained(ordered, anchor.fact)
        for premise in (there, smooth, sign):
            rule = infer("detach", infer("discharge", rule, formula=premise.conclusion), premise)
        at = substitute(shape, {v: anchor.term})
        wanted = app("<" if rising else "<=", at, shape)
        if rule.conclusion == wanted:
            return rule
        return infer("arithmetic", rule, goal=wanted, products=((_ONE, ((0, 1),), ()),))

    def smooth(
        self, v: Term, shape: Term, value: Term, facts: Sequence[Theorem], depth: int
    ) -> Theorem | None:
        """The derivative of a term, proved to be the value."""
        known = list(facts)
        needed = list(dict.fromkeys(undefined(shape)))
        needed += [lt(0, a.args[0]) for a in atoms([shape]) if a.head == "sqrt"]
        for condition in needed:
            if _sure(condition) or not free_variables(condition):
                continue
            if condition.head == ">":
                condition = lt(0, condition.args[0])
            if condition.head == ">=":
                continue
            if any(f.conclusion == condition for f in known):
                continue
            found = self.prove(condition, known, depth + 1)
            if found is None:
                return None
            known.append(found)
        known += [n for n in (self.not_zero(f) for f in known) if n is not None]
        made = differentiate(v, shape, v, *known)
        if made.conclusion.args[2] == value:
            return made
        strict = [f for f in known if f.conclusion.head in ("<", ">", "!=")]
        for a in atoms([shape]):
            if a.head == "sqrt":
                inside = next((f for f in known if f.conclusion == lt(0, a.args[0])), None)
                if inside is not None:
                    strict.append(root_positive(inside))
        old = made.conclusion.args[2]
        same = infer("arithmetic", *strict, goal=eq(old, value))
        hole = fresh("hole", "R", made.conclusion, value)
        body, at, _ = made.conclusion.args
        template = lam(hole, app("derivative", body, at, hole))
        return infer("rewrite", same, made, template=template)

    def not_zero(self, fact: Theorem) -> Theorem | None:
        """``a != b`` from ``a < b``, for divisors."""
        if fact.conclusion.head not in ("<", ">"):
            return None
        a, b = fact.conclusion.args
        low, high = (a, b) if fact.conclusion.head == "<" else (b, a)
        less = fact if fact.conclusion.head == "<" else _chained(lt(low, high), fact)
        if low == num(0):
            return infer("detach", instance("order.greater-differs", x=high, y=low), less)
        if high == num(0):
            return infer("detach", instance("order.less-differs", x=low, y=high), less)
        return None

    # Several variables --------------------------------------------------------------------

    def parametric(self, goal: Term, facts: Sequence[Theorem], depth: int) -> Theorem | None:
        """One variable at a time, the others being parameters."""
        if depth > 4 or self.late():
            return None
        self.tried["monotonicity in one of the variables"] = None
        wanted = difference(goal)
        columns = self.points([wanted], facts)
        names = sorted(free_variables(wanted), key=repr)
        for v in names:
            lows, highs = self.bounds(v, facts)
            for scale, shape, derivative, slopes in self.scaled(goal, v, columns, facts, depth):
                good = slopes[numpy.isfinite(slopes)]
                if not len(good):
                    continue
                for low, ends in ((True, lows), (False, highs)):
                    if not ((good >= 0).all() if low else (good <= 0).all()):
                        continue
                    for end in ends[:4]:
                        found = self.anchored(
                            goal, v, scale, shape, derivative, low, facts, depth + 1, end
                        )
                        if found is not None:
                            return found
        return self.diagonal(goal, wanted, names, columns, facts, depth)

    def diagonal(
        self, goal: Term, wanted: Term, names: Sequence[Term], columns: Columns,
        facts: Sequence[Theorem], depth: int,
    ) -> Theorem | None:  # fmt: skip
        """Cases of the order of a variable and a value at which the term vanishes."""
        if depth > 2:
            return None
        for v in names:
            derivative = slope(wanted, v)
            if derivative is None:
                continue
            for place in (*(w for w in names if w != v), num(0), num(1)):
                slopes = signs(derivative, columns) * signs(v - place, columns)
                good = slopes[numpy.isfinite(slopes)]
                if not len(good) or (good < 0).any():
                    continue

                def use(case: Theorem, v: Term = v, d: Term = derivative) -> Theorem:
                    low = case.conclusion.head == "<"
                    end = case.conclusion.args[0] if low else case.conclusion.args[1]
                    anchor = Bound(end, low, case)
                    found = self.anchored(
                        goal, v, None, wanted, d, low, [*facts, case], depth + 1, anchor
                    )
                    if found is None:
                        raise ProofError("a case stays open")
                    return found

                try:
                    return by_cases(order(v, place), use, use)
                except ProofError:
                    continue
        return None


# Small things -------------------------------------------------------------------------------------


def _line(term: Term, v: Term) -> tuple[Fraction, Fraction] | None:
    """The coefficients of a linear polynomial in one variable."""
    algebra = Algebra()
    numerator, denominator = algebra.normal(term)
    if algebra.atoms != [v] or not denominator.is_constant():
        return None
    poly = algebra.dictionary(numerator)
    if set(poly) - {(0,), (1,)} or (1,) not in poly:
        return None
    scale = int(denominator.leading_coefficient())
    return Fraction(poly[1,], scale), Fraction(poly.get((0,), 0), scale)


def root_positive(inside: Theorem) -> Theorem:
    """``0 < sqrt(t)`` from ``0 < t``."""
    t = inside.conclusion.args[1]
    root = app("sqrt", t)
    weak = infer("arithmetic", inside, goal=le(0, t), products=((_ONE, ((0, 1),), ()),))
    square = infer("detach", instance("root.square", x=t), weak)
    above = infer("detach", instance("root.nonnegative", x=t), weak)

    def zero(case: Theorem) -> Theorem:
        found = prove_relation(lt(0, root), [_antisymmetric(case, above), square, inside])
        if found is None:
            raise ProofError("a root is positive")
        return found

    return by_cases(order(root, num(0)), zero, lambda case: case)


def _antisymmetric(below: Theorem, above: Theorem) -> Theorem:
    root = below.conclusion.args[0]
    rule = instance("order.antisymmetric", x=root, y=num(0))
    turned = infer("arithmetic", above, goal=le(0, root), products=((_ONE, ((0, 1),), ()),))
    return infer("detach", infer("detach", rule, below), turned)


def _exponential_sign(goal: Term) -> Theorem | None:
    """``0 < exp(t)`` or ``0 <= exp(t)``."""
    low, high = goal.args
    if goal.head not in ("<", "<=") or low != num(0) or high.head != "exp":
        return None
    known = instance("exp.positive", x=high.args[0])
    if goal == known.conclusion:
        return known
    return infer("arithmetic", known, goal=goal, products=((_ONE, ((0, 1),), ()),))


def _waves(terms: Sequence[Term]) -> Iterator[Theorem]:
    """What bounds the sines and cosines in terms."""
    for angle in dict.fromkeys(a.args[0] for a in atoms(terms) if a.head in ("sin", "cos")):
        for rule in bounded():
            yield where(rule, x=angle)
        yield instance("circle", x=angle)


def _given(theorem: Theorem, hypothesis: Term, proof: Theorem | None) -> Theorem:
    if proof is None:
        raise ProofError("a premise is missing")
    if hypothesis not in theorem.hypotheses:
        return theorem
    return infer("detach", infer("discharge", theorem, formula=hypothesis), proof)


def _chained(goal: Term, *facts: Theorem) -> Theorem:
    """A goal whose difference is the sum of those of the facts."""
    if len(facts) == 1 and facts[0].conclusion == goal:
        return facts[0]
    products = []
    multipliers = []
    for i, fact in enumerate(facts):
        if fact.conclusion.head == "=":
            sign = 1 if goal.args[0] in fact.conclusion.args[:1] else -1
            multipliers.append((i, num(-sign if goal.head in ("<=", "<") else sign)))
        else:
            products.append((_ONE, ((i, 1),), ()))
    return infer(
        "arithmetic", *facts, goal=goal, products=tuple(products), multipliers=tuple(multipliers)
    )


def _strictly(relation: Term) -> Term:
    heads = {"<=": "<", ">=": ">"}
    return app(heads.get(relation.head, relation.head), *relation.args)


def _divided(term: Term, scale: Term) -> Term:
    """term/scale, the division carried out where it goes."""
    if term.head in ("+", "-"):
        return app(term.head, *(_divided(a, scale) for a in term.args))
    algebra = Algebra(nonzero=[scale])
    return algebra.term(algebra.normal(term / scale))


def _divisors(term: Term) -> Iterator[Term]:
    for argument in term.args:
        yield from _divisors(argument)
    if term.head == "/" and not term.args[1].loose:
        yield term.args[1]
    elif term.head == "^" and term.args[1].head < 0 and not term.loose:
        yield term.args[0]


def _transcendental(term: Term) -> bool:
    return term.head in _TRANSCENDENTAL or any(_transcendental(a) for a in term.args)


def _sure(condition: Term) -> bool:
    term = condition.args[0]
    return term.kind == "num" and bool(term.head > 0 or (term.head != 0 and condition.head == "!="))


def _float(term: Term) -> float:
    if term.kind == "num":
        return float(term.head)
    return float(rounded(term, {}).value)


def _simple_near(value: float, radius: float) -> Iterator[Term]:
    """Simple numbers near a value: rationals, then multiples of pi, logarithms and exponentials."""
    for unit, name in ((1.0, num(1)), (math.pi, app("pi"))):
        guess = Fraction(value / unit).limit_denominator(12 if unit != 1.0 else 1000)
        for denominator in (1, 2, 3, 4, 6, 10, 12, 100, 1000):
            rough = Fraction(value / unit).limit_denominator(denominator)
            if abs(float(rough) * unit - value) <= radius:
                guess = rough
                break
        if abs(float(guess) * unit - value) <= radius:
            yield num(guess) if unit == 1.0 else num(guess) * name
    if 0.01 < abs(value) < 5:
        raised = Fraction(math.exp(value)).limit_denominator(60)
        if raised > 0 and abs(math.log(raised) - value) <= radius:
            yield app("log", num(raised))
    if value > 0.01:
        lowered = Fraction(math.log(value)).limit_denominator(12)
        if abs(lowered) <= 3 and abs(math.exp(lowered) - value) <= radius:
            yield exp(num(lowered))
        squared = Fraction(value * value).limit_denominator(60)
        if abs(math.sqrt(squared) - value) <= radius:
            yield app("sqrt", num(squared))


def _halfway(span: Range) -> Term | None:
    """A number inside, not far from a finite end."""
    if math.isfinite(span.low) and math.isfinite(span.high):
        return _simplest(span.low + 0.3 * (span.high - span.low), span.high)
    if math.isfinite(span.low):
        return num(Fraction(math.floor(span.low)) + Fraction(3, 2))
    if math.isfinite(span.high):
        return num(Fraction(math.ceil(span.high)) - Fraction(3, 2))
    return None


def _simplest(low: float, high: float) -> Term:
    """A simple rational strictly between two doubles."""
    a, b = Fraction(low), Fraction(high)
    for digits in range(-3, 30):
        scale = Fraction(10) ** digits
        value = Fraction(math.ceil((a + b) / 2 * scale), 1) / scale
        if a < value < b:
            return num(value)
    return num((a + b) / 2)
