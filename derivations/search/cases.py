"""Proofs by cases: of a piecewise function, of a difference, of an order, of the goal itself."""

from __future__ import annotations

import functools
import itertools
import operator
import time
from collections.abc import Callable, Iterable, Sequence
from fractions import Fraction

from derivations.kernel.terms import RELATIONS, Term, app, eq, lam, lt, num
from derivations.kernel.theorem import Theorem, infer
from derivations.search.arithmetic import instance, prove_relation, symmetric
from derivations.search.direct import (
    by_impossibility,
    contradict,
    prove_case,
    prove_directly,
    solved_for,
)
from derivations.search.formulas import PIECEWISE, is_transcendental, subterms, variables_in
from derivations.search.limits import share
from derivations.tactics import absurd, assume, by_cases, fresh, part, replace, rewrite

_ZERO = num(0)
Found = tuple[Theorem, str]
Search = Callable[[Term, Sequence[Theorem], float], Found | None]


class _BranchError(Exception):
    """One case of a split that could not be proved."""


def split_on(
    split: Theorem, use: Callable[[Theorem, float], Theorem | None], deadline: float
) -> Theorem | None:
    """The conclusion of both cases of a disjunction, None if one of them fails."""
    remaining = [2, 1]

    def branch(case: Theorem) -> Theorem:
        found = use(case, share(deadline, remaining.pop(0)))
        if found is None:
            raise _BranchError
        return found

    try:
        return by_cases(split, branch, branch)
    except _BranchError:
        return None


def find_piecewise(formulas: Iterable[Term]) -> Term | None:
    """An abs, min or max without another one inside, of arithmetic terms if there is one."""
    found = [
        piece for formula in formulas for piece in subterms(formula) if piece.head in PIECEWISE
    ]
    return next((p for p in found if not is_transcendental(p)), found[0] if found else None)


def by_pieces(
    atom: Term, goal: Term, facts: Sequence[Theorem], deadline: float, search: Search
) -> Found | None:
    """Cases of an abs, min or max; in each of them it is replaced by its value."""
    if atom.head == "abs":
        split = instance("absolute.cases", x=atom.args[0])
    else:
        name = "maximum.cases" if atom.head == "max" else "minimum.cases"
        split = instance(name, x=atom.args[0], y=atom.args[1])

    def use(case: Theorem, until: float) -> Theorem | None:
        condition, value = part(case, 0), part(case, 1)
        shown = [rewrite(f, value) for f in facts]
        simpler = replace(goal, atom, value.conclusion.args[1])
        if is_transcendental(condition.conclusion):
            impossible = contradict([*shown, condition], share(until, 4))
            if impossible is not None:
                return absurd(impossible, goal)
        found = search(simpler, [*shown, condition], until)
        proof = found[0] if found else by_impossibility(simpler, [*shown, condition], until)
        return None if proof is None else unwritten(proof, goal, atom, value)

    found = split_on(split, use, deadline)
    return None if found is None else (found, f"cases of {atom.head}")


def unwritten(proof: Theorem, goal: Term, atom: Term, value: Theorem) -> Theorem:
    """Put the atom back where its value was written for it."""

    hole = fresh("hole", "R", goal, *value.conclusion.args)
    template = lam(hole, replace(goal, atom, hole))
    return infer("rewrite", symmetric(value), proof, template=template)


def by_differences(goal: Term, facts: Sequence[Theorem], deadline: float) -> Theorem | None:
    """Cases of the hypotheses ``a != b``: less or greater."""
    fact = next((f for f in facts if f.conclusion.head == "!="), None)
    if fact is None or sum(f.conclusion.head == "!=" for f in facts) > 5:
        return None
    a, b = fact.conclusion.args
    split = infer("detach", instance("order.differs", x=a, y=b), fact)
    rest = [f for f in facts if f.conclusion != fact.conclusion]

    def use(case: Theorem, until: float) -> Theorem | None:
        if any(f.conclusion.head == "!=" for f in rest):
            return by_differences(goal, [*rest, case], until)
        return prove_case(goal, [*rest, case], until)

    return split_on(split, use, deadline)


def by_contradiction(goal: Term, facts: Sequence[Theorem], deadline: float) -> Theorem | None:
    """The goal, because its negation contradicts the facts."""
    a, b = goal.args
    if goal.head == "=":
        halves = [
            by_contradiction(half, facts, share(deadline, 2 - i))
            for i, half in enumerate((app("<=", a, b), app("<=", b, a)))
        ]
        if halves[0] is None or halves[1] is None:
            return None
        rule = instance("order.antisymmetric", x=a, y=b)
        return infer("detach", infer("detach", rule, halves[0]), halves[1])
    if goal.head == "!=":
        return _different_by_contradiction(goal, facts, deadline)
    if goal == lt(0, 0):
        return None
    low, high = (a, b) if goal.head in ("<=", "<") else (b, a)
    strict = goal.head in ("<", ">")
    # The first case of order.total is the weak one.
    split = (
        instance("order.total", x=high, y=low) if strict else instance("order.total", x=low, y=high)
    )

    def use(case: Theorem, until: float) -> Theorem | None:
        if (case.conclusion.head == "<") == strict:
            return prove_directly(goal, [case], until, 1)
        contradiction = prove_directly(lt(0, 0), [*facts, case], until, 3)
        return None if contradiction is None else absurd(contradiction, goal)

    return split_on(split, use, deadline)


def _different_by_contradiction(
    goal: Term, facts: Sequence[Theorem], deadline: float
) -> Theorem | None:
    """``a != b``, because ``a = b`` contradicts the facts."""
    a, b = goal.args
    same = assume(eq(a, b))
    contradiction = prove_directly(
        lt(0, 0), [*facts, solved_for(same, facts)], share(deadline, 2), 2
    )
    if contradiction is None:
        return None
    impossible = infer("discharge", absurd(contradiction, goal), formula=eq(a, b))
    rule = instance("order.antisymmetric", x=a, y=b)

    def at_most(below: Theorem) -> Theorem:
        def at_least(above: Theorem) -> Theorem:
            return infer("detach", impossible, infer("detach", infer("detach", rule, below), above))

        def less(case: Theorem) -> Theorem:
            return infer("detach", instance("order.less-differs", x=a, y=b), case)

        return by_cases(instance("order.total", x=b, y=a), at_least, less)

    def greater(case: Theorem) -> Theorem:
        return infer("detach", instance("order.greater-differs", x=a, y=b), case)

    return by_cases(instance("order.total", x=a, y=b), at_most, greater)


def by_order(goal: Term, facts: Sequence[Theorem], deadline: float) -> Theorem | None:
    """Cases of the sign of a variable, or of the order of two of them."""
    relations = [f.conclusion for f in facts]
    names = [v for v in variables_in([goal, *relations]) if v.sort in ("R", "N")][:6]
    known = {t for r in relations for t in r.args if r.head in RELATIONS and _ZERO in r.args}
    pairs = [(_ZERO, v) for v in names if v not in known]
    pairs += itertools.combinations(names, 2)
    pairs += [(num(n), v) for n in (1, Fraction(1, 2)) for v in names]
    for i, (low, high) in enumerate(pairs[:12]):
        if time.monotonic() >= deadline:
            return None

        def use(case: Theorem, until: float) -> Theorem | None:
            return prove_case(goal, [*facts, case], until)

        end = share(deadline, min(len(pairs), 12) - i)
        found = split_on(instance("order.total", x=low, y=high), use, end)
        if found is not None:
            return found
    return None


def _scalar(names: Sequence[Term]) -> bool:
    return all(v.sort in ("R", "N") for v in names)


def by_ranking(goal: Term, facts: Sequence[Theorem], deadline: float) -> Theorem | None:
    """Cases of the order of all variables, three or four of them.

    In each case the differences of neighbours are what is known to be non-negative.
    """
    names = variables_in([goal])
    if not 3 <= len(names) <= 4 or not _scalar(names) or goal.head not in ("<=", "<", ">=", ">"):
        return None

    def ranked(
        ranks: list[Term], links: list[Theorem], rest: list[Term], until: float
    ) -> Theorem | None:
        if not rest:
            return _along(goal, facts, ranks, links, until)
        return inserted(ranks, links, rest, 0, None, until)

    def inserted(
        ranks: list[Term], links: list[Theorem], rest: list[Term], place: int,
        below: Theorem | None, until: float,
    ) -> Theorem | None:  # fmt: skip
        v = rest[0]
        before = [*links[: max(0, place - 1)], *([below] if below is not None else [])]
        if place == len(ranks):
            return ranked([*ranks, v], before, rest[1:], until)

        def use(case: Theorem, until: float) -> Theorem | None:
            if case.conclusion.head == "<=":
                more = [*ranks[:place], v, *ranks[place:]]
                return ranked(more, [*before, case, *links[place:]], rest[1:], until)
            return inserted(ranks, links, rest, place + 1, case, until)

        return split_on(instance("order.total", x=v, y=ranks[place]), use, until)

    return ranked(names[:1], [], names[1:], deadline)


def _along(
    goal: Term, facts: Sequence[Theorem], ranks: Sequence[Term], links: Sequence[Theorem],
    deadline: float,
) -> Theorem | None:  # fmt: skip
    """The goal where variables are ordered; a lower bound is kept of the least one only."""
    least, *others = ranks
    kept = [f for f in facts if not any(
        f.conclusion in (v >= _ZERO, v > _ZERO, app("<=", _ZERO, v), lt(_ZERO, v)) for v in others
    )]  # fmt: skip
    until = share(deadline, 3)
    known = [*kept, *links]
    return prove_relation(goal, known, degree=3, deadline=until, effort=4) or prove_relation(
        goal, known, degree=3, deadline=until
    )


def by_weight(goal: Term, facts: Sequence[Theorem], deadline: float) -> Theorem | None:
    """The goal times a sum of squares: a form may be one only after that.

    Where the weight vanishes, its variables do, and the goal is simpler.
    """
    names = variables_in([goal])
    if not 2 <= len(names) <= 4 or not _scalar(names) or goal.head not in ("<=", "<", ">=", ">"):
        return None
    weights = [functools.reduce(operator.add, (v**2 for v in chosen))
               for size in range(2, len(names) + 1)
               for chosen in itertools.combinations(names, size)][:5]  # fmt: skip
    for i, weight in enumerate(weights):

        def use(case: Theorem, until: float) -> Theorem | None:
            return prove_directly(goal, [*facts, case], until, 2)

        end = share(deadline, len(weights) - i)
        found = split_on(instance("order.total", x=weight, y=_ZERO), use, end)
        if found is not None:
            return found
    return None
