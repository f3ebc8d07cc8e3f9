"""Ways to build proofs out of the kernel's rules.  Nothing here is trusted.

Every function returns a kernel theorem, or raises `ProofError` saying what is missing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from derivations.kernel.terms import (
    FALSE,
    RELATIONS,
    Definition,
    Term,
    app,
    beta,
    eq,
    free_variables,
    lam,
    le,
    lt,
    num,
    unfold,
    var,
)
from derivations.kernel.theorem import Theorem, infer
from derivations.search.arithmetic import instance, prove_relation, relations, symmetric

__all__ = [
    "ProofError",
    "absurd",
    "apply",
    "assume",
    "by_cases",
    "conjunction",
    "equal",
    "fold",
    "fresh",
    "have",
    "induct",
    "instance",
    "intro",
    "obtain",
    "part",
    "provide",
    "replace",
    "rewrite",
    "specialise",
    "symmetric",
    "where",
]


class ProofError(Exception):
    """A step that could not be proved; `goal` is what was left to show."""

    def __init__(self, message: str, goal: Term | None = None) -> None:
        super().__init__(message)
        self.goal = goal


def assume(formula: Term) -> Theorem:
    """The formula, under itself as a hypothesis."""
    return infer("assume", formula=formula)


def have(goal: Term, *facts: Theorem, unfold: Sequence[str] = (), degree: int = 3) -> Theorem:
    """The goal by exact arithmetic from the facts, with the named definitions unfolded.

    Conjunctive goals are proved part by part; a goal that is one of the facts is taken.
    Raises `ProofError` with the goal when no certificate is found.
    """
    for fact in facts:
        if fact.conclusion == goal:
            return fact
    if goal.head == "and":
        sides = [have(g, *facts, unfold=unfold, degree=degree) for g in goal.args]
        return infer("conjoin", *sides)
    opened = open_relations(goal)
    if opened is not goal:
        return fold(have(opened, *facts, unfold=unfold, degree=degree), goal)
    facts = tuple(fold(f, open_relations(f.conclusion)) for f in _leaves(facts))
    for fact in facts:
        if fact.conclusion == goal:
            return fact
    found = prove_relation(goal, facts, unfold, degree=degree)
    if found is None:
        shown = "; ".join(repr(f.conclusion) for f in relations(facts))
        raise ProofError(f"cannot prove {goal!r} from: {shown or 'nothing'}", goal)
    return found


def open_relations(formula: Term) -> Term:
    """The meaning of a defined formula that only abbreviates relations, else the formula.

    >>> from derivations.expectation import WITHIN
    >>> from derivations.kernel.terms import real
    >>> open_relations(WITHIN(real("x"), 1))
    -1 <= x and x <= 1
    """
    if not isinstance(formula.head, Definition):
        return formula
    meaning = _unfold(formula, frozenset({formula.head.name}))
    waiting = [meaning]
    while waiting:
        part_ = waiting.pop()
        if part_.head == "and":
            waiting.extend(part_.args)
        elif part_.head not in RELATIONS:
            return formula
    return meaning


def where(
    theorem: Theorem, mapping: Mapping[Term, Any] | None = None, /, **values: Any
) -> Theorem:
    """The theorem with free variables replaced, by variable or by name."""
    given = {v: t if isinstance(t, Term) else num(t) for v, t in (mapping or {}).items()}
    free = free_variables(theorem.conclusion).union(*map(free_variables, theorem.hypotheses))
    for name, value in values.items():
        matching = [v for v in free if v.head == name]
        if len(matching) != 1:
            raise ProofError(f"no single free variable is called {name!r}")
        given[matching[0]] = value if isinstance(value, Term) else num(value)
    return infer("instantiate", theorem, mapping=tuple(given.items())) if given else theorem


def specialise(theorem: Theorem, *terms: Any) -> Theorem:
    """A universal statement at the given terms."""
    lifted = tuple(t if isinstance(t, Term) else num(t) for t in terms)
    return infer("specialise", theorem, terms=lifted)


def provide(goal: Term, facts: Sequence[Theorem], unfold: Sequence[str] = ()) -> Theorem:
    """The goal as one of the facts (definitions apart), a part of one, or by arithmetic."""
    plain = _unfold(goal)
    for fact in _parts(facts):
        if fact.conclusion == goal:
            return fact
        if _unfold(fact.conclusion) == plain:
            return infer("convert", fact, formula=goal)
    if goal.head == "and":
        return infer("conjoin", *(provide(g, facts, unfold) for g in goal.args))
    return have(goal, *facts, unfold=unfold)


def _unfold(term: Term, names: frozenset[str] | None = None) -> Term:
    return unfold(term, names)


def _leaves(facts: Iterable[Theorem]) -> Iterable[Theorem]:
    """The facts, conjunctions taken apart."""
    for fact in facts:
        if fact.conclusion.head == "and":
            yield from _leaves([part(fact, 0), part(fact, 1)])
        else:
            yield fact


def _parts(facts: Iterable[Theorem]) -> Iterable[Theorem]:
    for fact in facts:
        yield fact
        if fact.conclusion.head == "and":
            yield from _parts([part(fact, 0), part(fact, 1)])


def apply(
    theorem: Theorem, *facts: Theorem, at: Sequence[Any] = (), unfold: Sequence[str] = ()
) -> Theorem:
    """Use a theorem: specialise it `at` terms and discharge its premises with the facts."""
    if at:
        theorem = specialise(theorem, *at)
    while theorem.conclusion.head == "imp":
        premise = provide(theorem.conclusion.args[0], facts, unfold)
        theorem = infer("detach", theorem, premise)
    return theorem


def discharge(theorem: Theorem, *facts: Theorem, unfold: Sequence[str] = ()) -> Theorem:
    """Prove the hypotheses of a theorem from the facts, and so get rid of them.

    Hypotheses that the facts themselves rest on are kept.
    """
    kept: set[Term] = set()
    for fact in facts:
        kept |= fact.hypotheses
    for hypothesis in sorted(theorem.hypotheses - kept, key=repr):
        proof = provide(hypothesis, facts, unfold)
        theorem = infer("detach", infer("discharge", theorem, formula=hypothesis), proof)
    return theorem


def intro(theorem: Theorem, variables: Term | Sequence[Term] = (), *premises: Term) -> Theorem:
    """``for all variables, premises -> conclusion``."""
    for premise in reversed(premises):
        theorem = infer("discharge", theorem, formula=premise)
    names = (variables,) if isinstance(variables, Term) else tuple(variables)
    return infer("generalise", theorem, variables=names) if names else theorem


def part(theorem: Theorem, *sides: int) -> Theorem:
    """A part of a nested conjunction, by the sides to take."""
    for side in sides:
        theorem = infer("part", theorem, side=side)
    return theorem


def conjunction(*theorems: Theorem) -> Theorem:
    """All the theorems in one, nested to the right."""
    result = theorems[-1]
    for theorem in reversed(theorems[:-1]):
        result = infer("conjoin", theorem, result)
    return result


def by_cases(split: Theorem, *branches: Callable[[Theorem], Theorem]) -> Theorem:
    """From ``p or q or ...``: one function for each case, from the case to the conclusion."""
    left, right = split.conclusion.args
    first = branches[0](assume(left))
    if len(branches) == 2:
        second = branches[1](assume(right))
    else:
        second = by_cases(assume(right), *branches[1:])
    return infer("cases", split, first, second)


def order(a: Any, b: Any) -> Theorem:
    """``a <= b or b < a``."""
    return instance("order.total", x=_lift(a), y=_lift(b))


def _lift(value: Any) -> Term:
    return value if isinstance(value, Term) else num(value)


def obtain(existence: Theorem, names: Sequence[Term], use: Callable[[Theorem], Theorem]) -> Theorem:
    """From ``there is x with p(x)``: give x a name, use p(x), reach a conclusion without x."""
    (body,) = existence.conclusion.args
    consequence = use(assume(beta(body, names)))
    return infer("choose", existence, consequence, variables=tuple(names))


def each_below(index: Term, count: int, formula: Term, use: Callable[[int], Theorem]) -> Theorem:
    """``formula``, under ``index < count`` for a numeral, from a proof for every value.

    `use` maps a value to the theorem in which the index has that value.
    """
    inside, template = assume(lt(index, count)), lam(index, formula)

    def reached(value: int, same: Theorem) -> Theorem:
        there = fold(use(value), beta(template, [num(value)]))
        return infer("rewrite", symmetric(same), there, template=template)

    def rest(value: int, low: Theorem) -> Theorem:
        if value == count - 1:
            top = apply(instance("natural.discrete", m=index, n=num(count)), inside)
            return reached(value, have(eq(index, value), low, top))

        def above(case: Theorem) -> Theorem:
            step = apply(instance("natural.discrete", m=num(value), n=index), case)
            return rest(value + 1, have(le(value + 1, index), step))

        return by_cases(
            order(index, num(value)),
            lambda case: reached(value, have(eq(index, value), case, low)),
            above,
        )

    return rest(0, have(le(0, index)))


def absurd(contradiction: Theorem, goal: Term) -> Theorem:
    """Anything, from a theorem ``a < a`` or ``false``."""
    if contradiction.conclusion != FALSE:
        (a, b) = contradiction.conclusion.args
        if a != b:
            raise ProofError("no contradiction", contradiction.conclusion)
        contradiction = infer("detach", instance("order.irreflexive", x=a), contradiction)
    return infer("absurd", contradiction, formula=goal)


def fold(theorem: Theorem, formula: Term) -> Theorem:
    """The same theorem in other words: both sides agree once definitions are unfolded."""
    return theorem if theorem.conclusion == formula else infer("convert", theorem, formula=formula)


def fresh(name: str, sort: str, *avoid: Term) -> Term:
    """A variable of that name, with underscores until it occurs in none of the terms."""
    taken = {v.head for t in avoid for v in free_variables(t)}
    while name in taken:
        name += "_"
    return var(name, sort)


def replace(term: Term, old: Term, new: Term) -> Term:
    """The term with every occurrence of a closed subterm replaced."""
    if term == old:
        return new
    if term.kind == "app":
        head = replace(term.head, old, new) if isinstance(term.head, Term) else term.head
        return app(head, *(replace(a, old, new) for a in term.args))
    if term.kind == "lam":
        names = [fresh("v", s, term, old, new) for s in term.sort[0]]
        names = [var(f"{v.head}{'_' * i}", v.sort) for i, v in enumerate(names)]
        return _rehint(lam(names, replace(beta(term, names), old, new)), term)
    return term


def _rehint(made: Term, like: Term) -> Term:
    from derivations.kernel.terms import _lam

    return _lam(like.head, made.sort[0], made.args[0])


def rewrite(theorem: Theorem, *equations: Theorem) -> Theorem:
    """The theorem with the left side of each equation replaced by the right side."""
    for equation in equations:
        left, right = equation.conclusion.args
        hole = fresh(
            "hole", "R" if right.sort == "R" else left.sort, theorem.conclusion, left, right
        )
        template = lam(hole, replace(theorem.conclusion, left, hole))
        theorem = infer("rewrite", equation, theorem, template=template)
    return theorem


def transitive(first: Theorem, second: Theorem) -> Theorem:
    """From a = b and b = c infer a = c."""
    left, right = first.conclusion.args[0], second.conclusion.args[1]
    hole = fresh("hole", "R", left, right)
    return infer("rewrite", second, first, template=lam(hole, eq(left, hole)))


def equal(a: Any, b: Any, *facts: Theorem, unfold: Sequence[str] = ()) -> Theorem:
    """``a = b`` by exact arithmetic from the facts."""
    return have(eq(a, b), *facts, unfold=unfold)


def induct(
    variable: Term, formula: Term, base: Theorem, step: Callable[[Theorem], Theorem]
) -> Theorem:
    """``for all n, p(n)`` from ``p(0)`` and a function from the hypothesis p(n) to p(n + 1).

    Raises `ProofError` when the variable is no natural.
    """
    if variable.sort != "N":
        raise ProofError("induction needs a natural variable", formula)
    body = lam(variable, formula)
    hypothesis = beta(body, [variable])
    next_one = fold(step(assume(hypothesis)), beta(body, [variable + 1]))
    done = intro(next_one, variable, hypothesis)
    return infer("induction", fold(base, beta(body, [num(0)])), done, body=body)
