"""What facts say of single variables: their bounds, and what follows from those alone."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from derivations.kernel.algebra import Algebra
from derivations.kernel.terms import KernelError, Term, app, eq, free_variables, le, lt, num
from derivations.kernel.theorem import Theorem, difference, infer
from derivations.search.numeric import Range, to_float
from derivations.tactics import absurd, by_cases, instance

_ONE = Fraction(1)
INEQUALITIES = ("<=", "<", ">=", ">")


@dataclass(frozen=True)
class Bound:
    """A bound of a variable: the term, whether it is strict, and the fact that says so."""

    term: Term
    strict: bool
    fact: Theorem


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
    for linked in _linked(list(result.values())):
        result.setdefault(linked.conclusion, linked)
    return list(result.values())


def _linked(facts: Sequence[Theorem]) -> Iterator[Theorem]:
    """``v <= c`` from ``v <= w`` and ``w <= c``, for variables that no number bounds."""
    for fact in facts:
        if fact.conclusion.head not in ("<=", "<"):
            continue
        for v, w, up in ((*fact.conclusion.args, True), (*reversed(fact.conclusion.args), False)):
            if v.kind != "var" or w.kind != "var":
                continue
            own, others = (
                [b for b in bounds_of(x, facts)[up] if not free_variables(b.term)] for x in (v, w)
            )
            others = [b for b in others if b.fact.conclusion.head != "="]
            if not own and others:
                head = "<" if others[0].strict or fact.conclusion.head == "<" else "<="
                sides = (v, others[0].term) if up else (others[0].term, v)
                yield chained(app(head, *sides), fact, others[0].fact)


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
    if relation.head not in (*INEQUALITIES, "="):
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


def bounds_of(v: Term, facts: Sequence[Theorem]) -> tuple[list[Bound], list[Bound]]:
    """What bounds a variable from below and from above, the tightest numbers first."""
    lows: list[Bound] = []
    highs: list[Bound] = []
    for fact in facts:
        relation = fact.conclusion
        if relation.head not in (*INEQUALITIES, "="):
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
            return (not closed, sign * to_float(b.term) if closed else 0.0, not b.strict)

        return measure

    return sorted(lows, key=key(-1)), sorted(highs, key=key(1))


def span_of(v: Term, facts: Sequence[Theorem]) -> Range:
    """The numbers between which facts put a variable, as doubles."""
    lows, highs = bounds_of(v, facts)
    low = max((to_float(b.term) for b in lows if not free_variables(b.term)), default=-math.inf)
    high = min((to_float(b.term) for b in highs if not free_variables(b.term)), default=math.inf)
    return Range(low, high)


def by_bounds(goal: Term, facts: Sequence[Theorem]) -> Theorem | None:
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
        ends = [b for b in bounds_of(v, facts)[0 if rate > 0 else 1] if b.term.kind == "num"]
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


def consequences(v: Term, facts: Sequence[Theorem]) -> list[Theorem]:
    """What follows from the bounds of a variable for the other variables."""
    lows, highs = bounds_of(v, facts)
    made = []
    for a, b in itertools.product(lows[:3], highs[:3]):
        if free_variables(a.term) or free_variables(b.term):
            head = "<" if a.strict or b.strict else "<="
            if a.term != b.term:
                made.append(chained(app(head, a.term, b.term), a.fact, b.fact))
    return made


def chained(goal: Term, *facts: Theorem) -> Theorem:
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


def strictly(relation: Term) -> Term:
    """An inequality, made strict."""
    heads = {"<=": "<", ">=": ">"}
    return app(heads.get(relation.head, relation.head), *relation.args)


def linear_bound(term: Term, facts: Sequence[Theorem], up: bool) -> Theorem | None:
    """A bound of a linear term by a number, from those of its variables."""
    algebra = Algebra()
    numerator, denominator = algebra.normal(term)
    poly = algebra.dictionary(numerator)
    linear = all(sum(m) <= 1 for m in poly) and all(a.kind == "var" for a in algebra.atoms)
    if not linear or not denominator.is_constant():
        return None
    scale = int(denominator.leading_coefficient())
    end: Term = num(Fraction(poly.get((0,) * len(algebra.atoms), 0), scale))
    premises, strict = list[Theorem](), False
    rates: list[Fraction] = []
    for i, v in enumerate(algebra.atoms):
        power = tuple(int(j == i) for j in range(len(algebra.atoms)))
        if power not in poly:  # it cancelled
            continue
        rate = Fraction(poly[power], scale)
        found = [
            b for b in bounds_of(v, facts)[1 if (rate > 0) == up else 0]
            if not free_variables(b.term) and b.fact.conclusion.head != "="
        ]  # fmt: skip
        if not found:
            return None
        end = end + num(rate) * found[0].term
        strict = strict or found[0].strict
        premises.append(found[0].fact)
        rates.append(abs(rate))
    sides = (term, end) if up else (end, term)
    return infer(
        "arithmetic", *premises, goal=app("<" if strict else "<=", *sides),
        products=tuple((r, ((i, 1),), ()) for i, r in enumerate(rates)),
    )  # fmt: skip
