"""One search for a proof: its deadline, what it tried, what it proved and what failed.

The ways to prove an inequality are functions that take a `Search`; where one of them leaves
another relation to prove, it asks the search.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import Any

from derivations.kernel.algebra import Algebra
from derivations.kernel.terms import KernelError, Term, app, free_variables, le, lt, num
from derivations.kernel.theorem import Theorem, difference, infer
from derivations.search.arithmetic import prove_relation
from derivations.search.bounds import INEQUALITIES, by_bounds, span_of
from derivations.search.evident import evident
from derivations.search.numeric import Columns, samples, signs, transcendental
from derivations.tactics import ProofError, by_cases, instance, order

_ONE = Fraction(1)
_DEEPEST = 9


Relation = Callable[["Search", Term, Sequence[Theorem], int], Theorem | None]


@dataclass
class Search:
    """A search: its deadline, how a relation is proved, the methods tried, and what came of it."""

    deadline: float
    relation: Relation
    tried: dict[str, None] = field(default_factory=dict)
    failed: set[Any] = field(default_factory=set)
    pending: set[Any] = field(default_factory=set)
    proved: dict[Term, list[Theorem]] = field(default_factory=dict)

    def late(self) -> bool:
        """Whether the deadline has passed."""
        return time.monotonic() >= self.deadline

    def until(self, seconds: float) -> float:
        """The time after so many seconds, at most the deadline."""
        return min(self.deadline, time.monotonic() + seconds)

    def limited(self, seconds: float) -> Search:
        """The same search, what it knows shared, with a deadline after so many seconds."""
        return replace(self, deadline=self.until(seconds))

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
            found = self.relation(self, goal, facts, depth)
        except (KernelError, ProofError, OverflowError, ZeroDivisionError, RecursionError):
            found = None
        finally:
            self.pending.discard(key)
        if found is not None:
            self.proved.setdefault(goal, []).append(found)
        elif not self.late():
            self.failed.add(key)
        return found

    def points(self, terms: Sequence[Term], facts: Sequence[Theorem]) -> Columns:
        """Sample points for the free variables of terms, within what the facts allow."""
        names = set().union(*(free_variables(t) for t in terms)) if terms else set()
        relations = [f.conclusion for f in facts if f.conclusion.head in (*INEQUALITIES, "=")]
        while True:
            linked = [r for r in relations if free_variables(r) & names]
            more = set().union(*(free_variables(r) for r in linked)) - names
            if not more:
                break
            names |= more
        scalars = sorted((v for v in names if v.sort in ("R", "N")), key=repr)
        ranges = {v: span_of(v, facts) for v in scalars}
        found = samples(ranges, linked)
        plain = [r for r in linked if not transcendental(r)]
        if len(plain) < len(linked) and all(len(column) < 5 for column in found.values()):
            return samples(ranges, plain)  # too few points to tell a sign by
        return found

    def quick(self, goal: Term, facts: Sequence[Theorem]) -> Theorem | None:
        """A simple goal by arithmetic, unless a sample point speaks against it."""
        easy = by_bounds(goal, facts) or evident(goal, facts)
        if easy is not None:
            return easy
        wanted = difference(goal)
        sign = signs(wanted, self.points([wanted], facts))
        if (sign < 0).any():
            return None
        return self.arithmetic(goal, facts, 1, 0.1)

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

    def divisors(self, term: Term, facts: Sequence[Theorem], depth: int) -> list[Theorem]:
        """Signs of the divisors in a term that nothing else says are not zero."""
        made: list[Theorem] = []
        for divisor in dict.fromkeys(divisors_of(term)):
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
        """A theorem that a term is positive, None where a sample point or the search denies it."""
        if term.head == "exp":
            return instance("exp.positive", x=term.args[0])
        sign = signs(term, self.points([term], facts))
        if (sign < 0).any() or not (sign > 0).any():
            return None
        if term.head == "sqrt":
            inside = self.positive(term.args[0], facts, depth)
            return None if inside is None else root_positive(inside)
        return self.prove(lt(0, term), facts, depth + 1)


def divisors_of(term: Term) -> Iterator[Term]:
    """The closed terms that a term divides by, innermost first."""
    for argument in term.args:
        yield from divisors_of(argument)
    if term.head == "/" and not term.args[1].loose:
        yield term.args[1]
    elif term.head == "^" and term.args[1].head < 0 and not term.loose:
        yield term.args[0]


def exponential_sign(goal: Term) -> Theorem | None:
    """``0 < exp(t)`` or ``0 <= exp(t)``."""
    low, high = goal.args
    if goal.head not in ("<", "<=") or low != num(0) or high.head != "exp":
        return None
    known = instance("exp.positive", x=high.args[0])
    if goal == known.conclusion:
        return known
    return infer("arithmetic", known, goal=goal, products=((_ONE, ((0, 1),), ()),))


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
