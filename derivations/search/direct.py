"""Proofs of a relation from facts by one certificate, or by the signs of its factors."""

from __future__ import annotations

import time
from collections.abc import Sequence
from fractions import Fraction

from derivations.kernel.algebra import Algebra
from derivations.kernel.terms import RELATIONS, KernelError, Term, app, eq, free_variables, lt, num
from derivations.kernel.theorem import Theorem, difference, infer
from derivations.search.analysis import prove_inequality
from derivations.search.arithmetic import instance, prove_relation
from derivations.search.formulas import is_transcendental, negations
from derivations.search.limits import share
from derivations.search.points import holds
from derivations.search.witness import Point
from derivations.tactics import absurd

_ZERO = num(0)


def prove_directly(
    goal: Term, facts: Sequence[Theorem], deadline: float, degree: int
) -> Theorem | None:
    """One certificate from the facts as they are."""
    if time.monotonic() >= deadline:
        return None
    if goal.head == "!=":
        return _different(goal, facts, deadline, degree)
    try:
        return prove_relation(goal, facts, degree=degree, deadline=deadline)
    except (KernelError, OverflowError, ValueError):  # sizes that the search does not take on
        return None


def _different(
    goal: Term, facts: Sequence[Theorem], deadline: float, degree: int
) -> Theorem | None:
    for fact in facts:
        if fact.conclusion == goal:
            return fact
    a, b = goal.args
    sides = (("order.greater-differs", lt(b, a)), ("order.less-differs", lt(a, b)))
    for i, (rule, less) in enumerate(sides):
        found = prove_directly(less, facts, share(deadline, len(sides) - i), degree)
        if found is not None:
            return infer("detach", instance(rule, x=a, y=b), found)
    return None


def solved_for(fact: Theorem, facts: Sequence[Theorem]) -> Theorem:
    """An equation solved for a variable that occurs linearly; other facts as they are."""
    if fact.conclusion.head != "=" or any(s.kind == "var" for s in fact.conclusion.args):
        return fact
    strict = [f for f in facts if f.conclusion.head in ("<", ">", "!=")]
    try:
        algebra = Algebra(nonzero=[difference(f.conclusion) for f in strict])
        numerator, denominator = algebra.normal(difference(fact.conclusion))
        one = algebra.number(1)[0]
        for i, atom in enumerate(algebra.atoms):
            if atom.kind != "var" or numerator.degrees()[i] != 1:
                continue
            if any(atom in free_variables(a) for a in algebra.atoms if a != atom):
                continue
            slope = numerator.derivative(i)
            rest = slope * algebra.normal(atom)[0] - numerator
            divisor = algebra.term((slope, one))
            if not algebra.is_nonzero(divisor):
                continue
            goal = eq(atom, algebra.term((rest, one)) / divisor)
            factor = algebra.term((denominator, one)) / divisor
            return infer("arithmetic", fact, *strict, goal=goal, multipliers=((0, factor),))
    except KernelError:
        return fact
    return fact


def by_impossibility(goal: Term, facts: Sequence[Theorem], deadline: float) -> Theorem | None:
    """The goal because the facts contradict each other."""
    if goal == lt(0, 0):
        return None
    found = prove_directly(lt(0, 0), facts, deadline, 2)
    return None if found is None else absurd(found, goal)


def prove_case(goal: Term, facts: Sequence[Theorem], deadline: float) -> Theorem | None:
    """The goal in one case of a split."""
    found = prove_directly(goal, facts, share(deadline, 2), 2)
    found = found or by_impossibility(goal, facts, share(deadline, 2))
    return found or by_factors(goal, facts, None, deadline)


def by_factors(
    goal: Term, facts: Sequence[Theorem], witness: Point | None, deadline: float
) -> Theorem | None:
    """The goal as a product of factors whose signs are proved one by one."""
    if goal.head not in ("<=", "<", ">=", ">"):
        return None
    strict = [f for f in facts if f.conclusion.head in ("<", ">", "!=")]
    algebra = Algebra(nonzero=[difference(f.conclusion) for f in strict])
    try:
        numerator, denominator = algebra.normal(difference(goal))
    except KernelError:
        return None
    if numerator == 0 or len(numerator) > 300 or len(denominator) > 300:
        return None
    above, below = numerator.factor(), denominator.factor()
    parts = [(f, int(e)) for f, e in above[1]] + [(f, -int(e)) for f, e in below[1]]
    if len(parts) < 2 and not any(abs(e) > 1 for _, e in parts):
        return None
    coefficient = Fraction(int(above[0]), int(below[0]))
    one, premises, powers, squares = algebra.number(1)[0], list(strict), [], []
    for i, (factor, exponent) in enumerate(parts):
        term = algebra.term((factor, one))
        needed = exponent < 0 or goal.head in ("<", ">")
        if exponent > 0 and exponent % 2 == 0 and not needed:
            squares.append(term ** (exponent // 2))
            continue
        proof = _sign_of(term, facts, witness, needed, share(deadline, len(parts) - i))
        if proof is None:
            return None
        if proof.conclusion.args[1] == _ZERO and exponent % 2:
            coefficient = -coefficient
        powers.append((len(premises), exponent))
        premises.append(proof)
    if coefficient <= 0:
        return None
    product = (coefficient, tuple(powers), tuple(squares))
    try:
        return infer("arithmetic", *premises, goal=goal, products=(product,))
    except KernelError:
        return None


def _sign_of(
    term: Term, facts: Sequence[Theorem], witness: Point | None, strict: bool, deadline: float
) -> Theorem | None:
    """A theorem ``0 < t``, ``t < 0`` or, if not strict, ``0 <= t`` or ``t <= 0``."""
    heads = ["<"] if strict else ["<", "<="]
    goals = [app(h, *s) for h in heads for s in ((_ZERO, term), (term, _ZERO))]
    rational = {v: x for v, x in (witness or {}).items() if isinstance(x, Fraction)}
    if rational:
        goals = [g for g in goals if holds(g, rational) is not False]
    for i, goal in enumerate(goals):
        found = prove_directly(goal, facts, share(deadline, len(goals) - i), 2)
        if found is not None:
            return found
    return None


def contradict(facts: Sequence[Theorem], deadline: float) -> Theorem | None:
    """``0 < 0``, because the others refute a hypothesis about an elementary function."""
    for fact in facts:
        relation = fact.conclusion
        if not is_transcendental(relation) or relation.head not in RELATIONS - {"!="}:
            continue
        rest = [f for f in facts if f is not fact]
        for opposite in negations(relation):
            found, _ = prove_inequality(opposite, rest, share(deadline, 3))
            if found is not None:
                return prove_relation(lt(0, 0), [fact, found], degree=1)
    return None
