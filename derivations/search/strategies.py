"""The search for a proof of a relation from facts: which method is tried, and for how long."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

from derivations.kernel.terms import RELATIONS, Term, app, free_variables, lam, lt, substitute
from derivations.kernel.theorem import Theorem, infer
from derivations.search.analysis import prove_inequality, usable
from derivations.search.arithmetic import instance, symmetric
from derivations.search.cases import (
    Found,
    by_contradiction,
    by_differences,
    by_order,
    by_pieces,
    by_ranking,
    by_weight,
    find_piecewise,
    split_on,
)
from derivations.search.direct import by_factors, contradict, prove_directly, solved_for
from derivations.search.formulas import fits, is_transcendental, subterms, variables_in
from derivations.search.inverses import by_inverses, by_powers
from derivations.search.limits import TRIED, share
from derivations.search.radicals import by_radicals
from derivations.search.real_roots import by_real_roots
from derivations.search.witness import MOST_SEARCHED, Point
from derivations.tactics import absurd, fresh, replace

_Strategy = Callable[[Term, Sequence[Theorem], float], Theorem | None]


def search_proof(
    goal: Term, facts: Sequence[Theorem], witness: Point | None, deadline: float, depth: int = 0
) -> Found | None:
    """A theorem of the goal from the facts, and the name of the method that found it."""
    for fact in facts:
        if fact.conclusion == goal:
            return fact, "hypothesis"
    if not fits([goal, *(f.conclusion for f in facts)], MOST_SEARCHED):
        found = by_generalising(goal, deadline)
        return None if found is None else (found, "instance")
    atom = find_piecewise([goal, *(f.conclusion for f in facts)])
    if atom is not None and depth < 8:

        def deeper(goal: Term, facts: Sequence[Theorem], deadline: float) -> Found | None:
            return search_proof(goal, facts, None, deadline, depth + 1)

        return by_pieces(atom, goal, facts, deadline, deeper)
    if any(is_transcendental(t) for t in (goal, *(f.conclusion for f in facts))):
        inverse = by_inverses(goal, facts, share(deadline, 1.5), _deeper)
        if inverse is not None:
            return inverse, "roots as variables"
        elementary = _elementary(goal, facts, share(deadline, 1.2))
        if elementary is not None:
            return elementary, "analysis"
    elif (power := next(filter(_is_power, facts), None)) is not None and goal.head in RELATIONS:
        rest = [f for f in facts if f is not power]
        made = _replaced(goal, symmetric(power), rest, share(deadline, 1.5))
        if made is not None:
            return made, "roots as variables"
    elif (along := by_real_roots(goal, facts, share(deadline, 2))) is not None:
        return along, "real roots"
    elif any(p.head == "sqrt" for p in subterms(goal)):
        rooted = by_radicals(goal, facts, share(deadline, 2))
        if rooted is not None:
            return rooted, "squaring"
    powers = by_powers(goal, facts, share(deadline, 2), _deeper)
    if powers is not None:
        return powers, "powers of both sides"
    quick = prove_directly(goal, facts, share(deadline, 4), 2)
    if quick is not None:
        return quick, "arithmetic"
    if goal.head not in RELATIONS:  # what has to hold for every index of a sum
        return None
    # An elementary function is just one more variable here.
    brief = time.monotonic() + (2 if is_transcendental(goal) else 20)
    signs = by_radicals(goal, facts, min(share(deadline, 4), brief))
    if signs is not None:
        return signs, "signs of the factors"
    if len(variables_in([goal])) == 1 and goal.head in ("<=", "<", ">=", ">"):
        relations = [f for f in facts if f.conclusion.head in RELATIONS]
        along, _ = prove_inequality(goal, relations, share(deadline, 3))
        if along is not None:
            return along, "analysis"
    return _strategies(goal, _enriched(goal, facts, deadline), witness, deadline)


def _is_power(fact: Theorem) -> bool:
    """Whether a fact says which power of a variable another variable is."""
    if fact.conclusion.head != "=":
        return False
    power, value = fact.conclusion.args
    return bool(power.head == "^" and power.args[0].kind == value.kind == "var"
                and power.args[0] != value)  # fmt: skip


def _deeper(goal: Term, facts: Sequence[Theorem], deadline: float) -> Theorem | None:
    found = search_proof(goal, facts, None, deadline)
    return None if found is None else found[0]


def by_generalising(goal: Term, deadline: float) -> Theorem | None:
    """The goal as an instance of one that says less about the base of a power.

    So ``(x + y + z)**40 >= 0`` is proved as ``u**40 >= 0``, without multiplying out.
    """
    bases = (p.args[0] for p in subterms(goal) if p.head == "^" and p.args[0].kind == "app")
    for base in sorted(dict.fromkeys(bases), key=lambda b: -len(repr(b))):
        hole = fresh("base", "R", goal)
        simpler = replace(goal, base, hole)
        if fits([simpler], MOST_SEARCHED):
            found = prove_directly(simpler, [], share(deadline, 3), 1)
            if found is not None:
                return infer("instantiate", found, mapping=((hole, base),))
    return None


def _elementary(goal: Term, facts: Sequence[Theorem], deadline: float) -> Theorem | None:
    """The goal by what is known of exp, log, sin and cos."""
    if goal.head not in RELATIONS:
        return None
    for fact in facts:
        solved = solved_for(fact, facts)
        for equation in (solved, symmetric(solved)) if fact.conclusion.head == "=" else ():
            v, value = equation.conclusion.args
            if v.kind == "var" and v not in free_variables(value) and v in free_variables(goal):
                return _replaced(goal, equation, [f for f in facts if f is not fact], deadline)
    relations = [f for f in facts if f.conclusion.head in RELATIONS]
    open_ = next((f for f in relations if _leaves_open(f.conclusion, goal, relations)), None)
    if open_ is not None:
        a, b = open_.conclusion.args
        rest = [f for f in facts if f is not open_]

        def use(case: Theorem, until: float) -> Theorem | None:
            return _elementary(goal, [*rest, case], until)

        return split_on(infer("detach", instance("order.differs", x=a, y=b), open_), use, deadline)
    found, tried = prove_inequality(goal, relations, share(deadline, 1.2))
    TRIED.get({}).update(dict.fromkeys(tried))
    return found or _by_contraposition(goal, relations, deadline)


def _leaves_open(relation: Term, goal: Term, facts: Sequence[Theorem]) -> bool:
    """Whether ``v != number`` leaves a variable of the goal numbers on both sides."""
    if relation.head != "!=" or relation.args[1].kind != "num":
        return False
    v, place = relation.args
    if v.kind != "var" or v not in free_variables(goal):
        return False
    known = {f.conclusion for f in usable(facts)}
    return not any(app(h, *s) in known for h in ("<", "<=") for s in ((v, place), (place, v)))


def _replaced(
    goal: Term, equation: Theorem, facts: Sequence[Theorem], deadline: float
) -> Theorem | None:
    """The goal with a variable replaced by what a hypothesis says it is."""
    v, value = equation.conclusion.args
    hole = fresh("hole", "R", goal, value, *(f.conclusion for f in facts))
    changed = []
    for fact in facts:
        template = lam(hole, substitute(fact.conclusion, {v: hole}))
        changed.append(infer("rewrite", equation, fact, template=template))
    found = search_proof(substitute(goal, {v: value}), changed, None, deadline)
    if found is None:
        return None
    template = lam(hole, substitute(goal, {v: hole}))
    return infer("rewrite", symmetric(equation), found[0], template=template)


def _by_contraposition(goal: Term, facts: Sequence[Theorem], deadline: float) -> Theorem | None:
    """The goal, because its negation contradicts a hypothesis about an elementary function."""
    hypotheses = [f for f in facts if is_transcendental(f.conclusion)
                  and f.conclusion.head in ("<=", "<", ">=", ">", "=")]  # fmt: skip
    if not hypotheses or goal.head in ("=", "!=") or goal == lt(0, 0):
        return contradict(facts, deadline) if goal == lt(0, 0) and hypotheses else None
    a, b = goal.args
    low, high = (a, b) if goal.head in ("<=", "<") else (b, a)
    strict = goal.head in ("<", ">")
    split = (
        instance("order.total", x=high, y=low) if strict else instance("order.total", x=low, y=high)
    )

    def use(case: Theorem, until: float) -> Theorem | None:
        if (case.conclusion.head == "<") == strict:
            return prove_directly(goal, [case], until, 1)
        contradiction = contradict([*facts, case], until)
        return None if contradiction is None else absurd(contradiction, goal)

    return split_on(split, use, deadline)


def _strategies(
    goal: Term, facts: Sequence[Theorem], witness: Point | None, deadline: float
) -> Found | None:
    def signs(goal: Term, facts: Sequence[Theorem], deadline: float) -> Theorem | None:
        return by_factors(goal, facts, witness, deadline)

    def plain(degree: int) -> _Strategy:
        return lambda goal, facts, deadline: prove_directly(goal, facts, deadline, degree)

    plan: list[tuple[str, _Strategy]] = [
        ("arithmetic", plain(1)),
        ("signs of the factors", signs),
        ("arithmetic", plain(2)),
        ("cases of a ranking", by_ranking),
        ("cases of a difference", by_differences),
        ("contradiction", by_contradiction),
        ("sums of squares with a weight", by_weight),
        ("cases of an order", by_order),
        ("arithmetic", plain(3)),
        ("arithmetic", plain(4)),
    ]
    for i, (name, strategy) in enumerate(plan):
        if time.monotonic() >= deadline:
            return None
        found = strategy(goal, facts, share(deadline, min(len(plan) - i, 3)))
        if found is not None:
            return found, name
    return None


def _enriched(goal: Term, facts: Sequence[Theorem], deadline: float) -> list[Theorem]:
    """The facts with equations solved for a variable, and what is known of square roots."""
    result = [solved_for(f, facts) for f in facts]
    formulas = [goal, *(f.conclusion for f in facts)]
    roots = dict.fromkeys(p for f in formulas for p in subterms(f) if p.head == "sqrt")
    for root in roots:
        inside = root.args[0]
        known = prove_directly(app("<=", 0, inside), result, share(deadline, 8), 2)
        if known is not None:
            for name in ("root.nonnegative", "root.square"):
                result.append(infer("detach", instance(name, x=inside), known))
            positive = prove_directly(lt(0, inside), result, share(deadline, 8), 1)
            if positive is not None:
                stronger = by_contradiction(lt(0, root), result, share(deadline, 8))
                result += [stronger] if stronger is not None else []
    return result
