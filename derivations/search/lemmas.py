"""Exact arithmetic from instances of lemmas about exp, log, sin, cos and roots."""

from __future__ import annotations

import itertools
import time
from collections.abc import Iterator, Sequence
from fractions import Fraction

from derivations.calculus import exp_monotone, log_tangent
from derivations.elementary import bounded, exp_above, exp_square
from derivations.kernel.terms import KernelError, Term, app, exp, free_variables, le, log, lt, num
from derivations.kernel.theorem import Theorem, difference, infer
from derivations.search.attempt import Search
from derivations.search.bounds import INEQUALITIES, chained
from derivations.search.factors import factored
from derivations.search.normal import atoms, normalise
from derivations.search.numeric import signs
from derivations.tactics import ProofError, instance, replace, where

_ONE = Fraction(1)


def by_lemmas(
    search: Search, goal: Term, facts: Sequence[Theorem], depth: int, seconds: float
) -> Theorem | None:
    """Exact arithmetic from instances of lemmas at the arguments that occur."""
    try:
        return _by_lemmas(search, goal, facts, depth, seconds)
    except (KernelError, ProofError):
        return None


def _by_lemmas(
    search: Search, goal: Term, facts: Sequence[Theorem], depth: int, seconds: float
) -> Theorem | None:
    search.tried["lemmas about exp, log, sin and cos"] = None
    raised = list(exponentials(search, facts, depth))
    found = search.arithmetic(goal, [*facts, *raised], 1, seconds / 2) if raised else None
    if found is not None:
        return found
    made = [*instances(search, [goal, *(f.conclusion for f in facts)], facts, depth), *raised]
    strict = [f for f in facts if f.conclusion.head in ("<", ">", "!=")]
    terms = [difference(goal), *(difference(m.conclusion) for m in made)]
    divisors: list[Theorem] = []
    for term in terms:
        divisors += search.divisors(term, [*facts, *divisors], depth)

    def positive(term: Term) -> Theorem | None:
        return search.positive(term, [*facts, *divisors], depth)

    equations = normalise(terms, [*strict, *divisors], positive)
    pool = list(dict.fromkeys([*facts, *divisors, *made, *equations]))
    seconds = min(seconds, (search.deadline - time.monotonic()) / 4)
    for degree in (1, 2):
        found = search.arithmetic(goal, pool, degree, seconds / 2)
        if found is not None:
            return found
    for root in atoms([goal]):
        sign = search.positive(root, facts, depth) if root.head == "sqrt" else None
        if sign is None:
            continue
        scaled = app(goal.head, 0, root * difference(goal))
        if goal.head not in ("<=", "<"):
            continue
        found = search.arithmetic(scaled, [*pool, sign], 2, seconds)
        if found is not None:
            return infer("arithmetic", found, sign, goal=goal,
                         products=((_ONE, ((0, 1), (1, -1)), ()),))  # fmt: skip
    return None


def instances(
    search: Search, formulas: Sequence[Term], facts: Sequence[Theorem], depth: int
) -> Iterator[Theorem]:
    """Instances of the lemmas about the functions in formulas, at the arguments there."""
    found = list(atoms(formulas))
    exps = list(dict.fromkeys(a.args[0] for a in found if a.head == "exp"))[:4]
    for s, t in itertools.permutations([*exps, num(0)], 2):
        yield where(exp_above(), x=s, y=t)
    for s in exps:
        if search.quick(le(0, s), facts) is not None:
            made = where(exp_square(), x=s)
            yield _given(made, le(0, s), search.quick(le(0, s), facts))
    logs: list[tuple[Term, Theorem]] = []
    for a in found:
        if a.head == "log" and len(logs) < 4:
            known = search.positive(a.args[0], facts, depth)
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
    yield from waves(formulas)
    for a in dict.fromkeys(a for a in found if a.head == "sqrt"):
        weak = search.quick(le(0, a.args[0]), facts)
        if weak is not None:
            yield infer("detach", instance("root.nonnegative", x=a.args[0]), weak)
            yield infer("detach", instance("root.square", x=a.args[0]), weak)


def waves(terms: Sequence[Term]) -> Iterator[Theorem]:
    """What bounds the sines and cosines in terms."""
    for angle in dict.fromkeys(a.args[0] for a in atoms(terms) if a.head in ("sin", "cos")):
        for rule in bounded():
            yield where(rule, x=angle)
        yield instance("circle", x=angle)


def exponentials(
    search: Search, facts: Sequence[Theorem], depth: int
) -> Iterator[Theorem]:
    """``exp(a) <= exp(b)``, without denominators, for facts ``a <= b`` that speak of logarithms."""
    for fact in facts:
        relation = fact.conclusion
        if relation.head not in INEQUALITIES or not any(a.head == "log" for a in atoms([relation])):
            continue
        low, high = relation.args if relation.head in ("<=", "<") else reversed(relation.args)
        weak = le(low, high)
        if weak != relation:
            fact = chained(weak, fact)
        rule = where(exp_monotone(), a=low, b=high)
        made = infer("detach", infer("discharge", rule, formula=weak), fact)
        cleared = _cleared(search, made, [f for f in facts if f is not fact], depth)
        yield made if cleared is None else cleared


def _cleared(
    search: Search, fact: Theorem, facts: Sequence[Theorem], depth: int
) -> Theorem | None:
    """``0 <= p`` from ``0 <= p/q`` and the signs of the factors of q."""
    shape = factored(search, fact.conclusion, facts, depth)
    if shape is None:
        return None
    left: Term = num(shape.constant)
    premises, powers = [*shape.equations, *shape.strict, fact], []
    powers.append((len(premises) - 1, 1))
    for factor, exponent in shape.factors:
        if exponent > 0:
            left = left * factor**exponent
            continue
        known = search.positive(factor, facts, depth)
        if known is None:
            known = search.prove(lt(0, -factor), facts, depth + 1)
            left = left * num((-1) ** abs(exponent))
        if known is None:
            return None
        premises.append(known)
        powers.append((len(premises) - 1, -exponent))
    return infer(
        "arithmetic", *premises, goal=le(0, left), products=((_ONE, tuple(powers), ()),),
        equations=tuple(range(len(shape.equations))),
    )  # fmt: skip


def still(term: Term) -> Term:
    """The term with 0 for its sines and cosines."""
    for wave in [a for a in atoms([term]) if a.head in ("sin", "cos")]:
        term = replace(term, wave, num(0))
    return term


def by_waves(
    search: Search, goal: Term, facts: Sequence[Theorem], depth: int
) -> Theorem | None:
    """Exact arithmetic from the circle and from the signs of sines and cosines."""
    signed = wave_signs(search, [difference(goal)], facts, depth)
    pool = [*facts, *waves([difference(goal)]), *signed]
    for degree in (1, 2) if signed else (1,):
        found = search.arithmetic(goal, pool, degree, 0.2)
        if found is not None:
            return found
    return None


def wave_signs(
    search: Search, terms: Sequence[Term], facts: Sequence[Theorem], depth: int
) -> list[Theorem]:
    """The signs of the sines and cosines in terms that have one."""
    made = []
    for wave in dict.fromkeys(a for a in atoms(terms) if a.head in ("sin", "cos")):
        sign = signs(wave, search.points([wave], facts))
        for goal, wrong in ((le(0, wave), sign < 0), (le(wave, 0), sign > 0)):
            if not wrong.any() and free_variables(wave) and depth < 5:
                found = search.prove(goal, facts, depth + 3)
                made += [found] if found is not None else []
    return made


def _given(theorem: Theorem, hypothesis: Term, proof: Theorem | None) -> Theorem:
    if proof is None:
        raise ProofError("a premise is missing")
    if hypothesis not in theorem.hypotheses:
        return theorem
    return infer("detach", infer("discharge", theorem, formula=hypothesis), proof)
