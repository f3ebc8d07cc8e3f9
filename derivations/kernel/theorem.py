"""Theorems and the rules that make them.

A theorem is a *sequent*: finitely many hypotheses and a conclusion.  Its free variables
stand for arbitrary values (or functions) of their sorts.  The only way to a theorem is
`infer`: it applies a rule of the table `RULES` to earlier theorems.  What a theorem says
is kept here, keyed by the theorem object, never in the object; so an object that was
copied, unpickled, subclassed or built by hand says nothing and is refused.

>>> from derivations.kernel.terms import real
>>> x = real("x")
>>> infer("axiom", name="exp.positive")
|- 0 < exp(x)
>>> infer("discharge", infer("assume", formula=x > 0), formula=x > 0)
|- x > 0 -> x > 0
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from fractions import Fraction
from types import MappingProxyType
from typing import Any, NamedTuple
from weakref import WeakKeyDictionary

import flint

from derivations.kernel.algebra import Algebra
from derivations.kernel.axioms import AXIOMS
from derivations.kernel.balls import Interval, ball, compiled, leaves
from derivations.kernel.terms import (
    FALSE,
    MALFORMED,
    RELATIONS,
    KernelError,
    Term,
    app,
    beta,
    forall,
    free_variables,
    implies,
    lift,
    nat,
    num,
    substitute,
    unfold,
)


class Sequent(NamedTuple):
    """What a theorem says: under all the hypotheses, the conclusion holds."""

    hypotheses: frozenset[Term]
    conclusion: Term


class Step(NamedTuple):
    """How a theorem was inferred: rule, premises and the rule's arguments."""

    rule: str
    premises: tuple[Theorem, ...]
    arguments: Mapping[str, Any]


class Theorem:
    """A proved sequent.  Cannot be constructed, copied, pickled or subclassed."""

    __slots__ = ("__weakref__",)

    def __new__(cls, *_: Any, **__: Any) -> Theorem:
        raise KernelError("a theorem is made by an inference only")

    def __init_subclass__(cls, **_: Any) -> None:
        raise KernelError("Theorem cannot be subclassed")

    def __reduce_ex__(self, _: Any) -> Any:
        raise KernelError("a theorem cannot be copied or pickled; serialise its certificate")

    @property
    def hypotheses(self) -> frozenset[Term]:
        """The formulas it depends on."""
        return sequent(self).hypotheses

    @property
    def conclusion(self) -> Term:
        """The formula it proves."""
        return sequent(self).conclusion

    def __repr__(self) -> str:
        shown = ", ".join(sorted(repr(h) for h in self.hypotheses))
        return f"{shown} |- {self.conclusion!r}".strip()


def _frozen(value: Any) -> Any:
    """A copy of an argument that cannot change; only plain data and genuine terms are accepted."""
    if type(value) is Term:
        return lift(value)
    if type(value) is Fraction:
        return num(value).head
    if type(value) in (int, str):
        return value
    if isinstance(value, (list, tuple)):
        return tuple(_frozen(v) for v in tuple(value))
    raise KernelError(f"not an argument of a rule: {type(value).__name__}")


def _need(condition: bool, message: str) -> None:
    if not condition:
        raise KernelError(message)


def _formula(term: Any) -> Term:
    _need(type(term) is Term and term.sort == "B" and not term.loose, "not a formula")
    _need(all(v.head.isidentifier() for v in free_variables(term)), "a reserved variable")
    return term  # type: ignore[no-any-return]


def _union(premises: Iterable[Sequent]) -> frozenset[Term]:
    return frozenset().union(*(p.hypotheses for p in premises))


def _parts(formula: Term, head: str) -> tuple[Term, ...]:
    if formula.head != head:
        raise KernelError(f"{formula!r} is not of the form {head!r}")
    return formula.args  # type: ignore[no-any-return]


def assume(premises: Sequence[Sequent], formula: Term) -> Sequent:
    """``p |- p``."""
    _need(not premises, "takes no premise")
    return Sequent(frozenset((_formula(formula),)), formula)


def axiom(premises: Sequence[Sequent], name: str) -> Sequent:
    """An entry of the table of axioms."""
    _need(not premises, "takes no premise")
    _need(name in AXIOMS, "no axiom has this name")
    return Sequent(frozenset(), AXIOMS[name])


def instantiate(premises: Sequence[Sequent], mapping: Sequence[tuple[Term, Term]]) -> Sequent:
    """Replace free variables by terms, function variables by functions, everywhere."""
    (given,) = premises
    values = dict(mapping)
    return Sequent(
        frozenset(_formula(substitute(h, values)) for h in given.hypotheses),
        _formula(substitute(given.conclusion, values)),
    )


def discharge(premises: Sequence[Sequent], formula: Term) -> Sequent:
    """From ``H, p |- q`` infer ``H |- p -> q``."""
    (given,) = premises
    return Sequent(given.hypotheses - {formula}, implies(_formula(formula), given.conclusion))


def detach(premises: Sequence[Sequent]) -> Sequent:
    """From ``p -> q`` and ``p`` infer ``q``."""
    implication, antecedent = premises
    left, right = _parts(implication.conclusion, "imp")
    if left != antecedent.conclusion:
        raise KernelError(f"the premise should be {left!r}")
    return Sequent(_union(premises), right)


def generalise(premises: Sequence[Sequent], variables: Sequence[Term]) -> Sequent:
    """From ``p`` infer ``for all x, p``, when no hypothesis mentions x."""
    (given,) = premises
    for hypothesis in given.hypotheses:
        clash = free_variables(hypothesis) & frozenset(variables)
        if clash:
            raise KernelError(f"{min(map(repr, clash))} occurs in a hypothesis")
    return Sequent(given.hypotheses, forall(tuple(variables), given.conclusion))


def specialise(premises: Sequence[Sequent], terms: Sequence[Term]) -> Sequent:
    """From ``for all x, p(x)`` infer ``p(t)``."""
    (given,) = premises
    (body,) = _parts(given.conclusion, "forall")
    return Sequent(given.hypotheses, _formula(beta(body, terms)))


def witness(premises: Sequence[Sequent], formula: Term, terms: Sequence[Term]) -> Sequent:
    """From ``p(t)`` infer ``there is x with p(x)``."""
    (given,) = premises
    (body,) = _parts(_formula(formula), "exists")
    _need(beta(body, terms) == given.conclusion, "the premise is not that instance")
    return Sequent(given.hypotheses, formula)


def choose(premises: Sequence[Sequent], variables: Sequence[Term]) -> Sequent:
    """From ``there is x with p(x)`` and ``H, p(x) |- q``, x fresh, infer ``H |- q``."""
    existence, consequence = premises
    (body,) = _parts(existence.conclusion, "exists")
    _need(all(v.kind == "var" for v in variables), "only variables can be chosen")
    # Exactly the bound sorts: a natural would be a stronger choice than a real.
    _need(tuple(v.sort for v in variables) == body.sort[0], "the sorts differ")
    _need(len(set(variables)) == len(variables), "the chosen variables must differ")
    rest = consequence.hypotheses - {beta(body, variables)}
    for formula in (*rest, consequence.conclusion, existence.conclusion):
        _need(not free_variables(formula) & frozenset(variables), "the variable is not fresh")
    return Sequent(existence.hypotheses | rest, consequence.conclusion)


def conjoin(premises: Sequence[Sequent]) -> Sequent:
    """From ``p`` and ``q`` infer ``p and q``."""
    left, right = premises
    return Sequent(_union(premises), app("and", left.conclusion, right.conclusion))


def part(premises: Sequence[Sequent], side: int) -> Sequent:
    """From ``p and q`` infer ``p`` (side 0) or ``q`` (side 1)."""
    (given,) = premises
    _need(side in (0, 1), "a conjunction has sides 0 and 1")
    return Sequent(given.hypotheses, _parts(given.conclusion, "and")[side])


def weaken(premises: Sequence[Sequent], formula: Term) -> Sequent:
    """From ``p`` infer the disjunction ``p or q`` or ``q or p``."""
    (given,) = premises
    _need(given.conclusion in _parts(_formula(formula), "or"), "not one of its sides")
    return Sequent(given.hypotheses, formula)


def cases(premises: Sequence[Sequent]) -> Sequent:
    """From ``p or q``, ``p |- r`` and ``q |- r`` infer ``r``."""
    split, first, second = premises
    left, right = _parts(split.conclusion, "or")
    _need(first.conclusion == second.conclusion, "the cases end differently")
    rest = (first.hypotheses - {left}) | (second.hypotheses - {right})
    return Sequent(split.hypotheses | rest, first.conclusion)


def absurd(premises: Sequence[Sequent], formula: Term) -> Sequent:
    """From a contradiction infer anything."""
    (given,) = premises
    _need(given.conclusion == FALSE, "the premise is no contradiction")
    return Sequent(given.hypotheses, _formula(formula))


def excluded_middle(premises: Sequence[Sequent], formula: Term) -> Sequent:
    """``p or (p -> false)``."""
    _need(not premises, "takes no premise")
    return Sequent(frozenset(), app("or", _formula(formula), implies(formula, FALSE)))


def rewrite(premises: Sequence[Sequent], template: Term) -> Sequent:
    """From ``a = b`` and ``p(a)`` infer ``p(b)``, p given as a function."""
    equation, given = premises
    left, right = _parts(equation.conclusion, "=")
    _need(beta(template, [left]) == given.conclusion, "the template does not fit")
    return Sequent(_union(premises), _formula(beta(template, [right])))


def convert(premises: Sequence[Sequent], formula: Term) -> Sequent:
    """From ``p`` infer ``q`` when both read the same with every definition unfolded."""
    (given,) = premises
    _need(unfold(given.conclusion) == unfold(_formula(formula)), "they differ by more than names")
    return Sequent(given.hypotheses, formula)


def induction(premises: Sequence[Sequent], body: Term) -> Sequent:
    """From ``p(0)`` and ``for all n, p(n) -> p(n + 1)`` infer ``for all n, p(n)``."""
    base, step = premises
    _need(body.kind == "lam" and body.sort == (("N",), "B"), "needs a property of naturals")
    _need(base.conclusion == beta(body, [num(0)]), "the base case differs")
    n = nat("n")
    while n in free_variables(body):
        n = nat(n.head + "_")
    wanted = forall(n, beta(body, [n]), beta(body, [n + 1]))
    _need(step.conclusion == wanted, "the induction step differs")
    return Sequent(_union(premises), app("forall", body))


def arithmetic(
    premises: Sequence[Sequent],
    goal: Term,
    products: Sequence[tuple[Fraction, Sequence[tuple[int, int]], Sequence[Term]]] = (),
    multipliers: Sequence[tuple[int, Term]] = (),
    equations: Sequence[int] = (),
    names: Sequence[str] = (),
) -> Sequent:
    """A relation that follows from relations by an identity of rational functions.

    With d(p) the difference ``b - a`` of ``a <= b`` or ``a < b``, it is checked that

        d(goal) = sum of c * d(p)**e * ... * q**2 * ...  +  sum of m * d(equality)

    where c > 0, each p is an inequality among the premises (strict where e < 0), q and m
    are any terms.  A strict goal needs a summand of strict factors only; an equality
    needs the second sum alone.  `equations` are premises ``atom = term`` used as
    replacements, in that order, `names` the definitions to unfold.  A denominator counts
    as nonzero where a premise says so.
    """
    unfolded = [unfold(p.conclusion, frozenset(names)) for p in premises]
    wanted = unfold(_formula(goal), frozenset(names))
    _need(all(p.head in RELATIONS for p in (*unfolded, wanted)), "not a relation")
    _need(wanted.head != "!=", "prove a strict inequality instead")
    _need(wanted.head != "=" or not products, "an equality needs an identity")
    used = [*equations, *(i for i, _ in multipliers), *(i for _, p, _ in products for i, _ in p)]
    _need(all(0 <= i < len(unfolded) for i in used), "no such premise")
    algebra = Algebra(
        nonzero=[difference(p) for p in unfolded if p.head in ("<", ">", "!=")],
        equations=[_equation(unfolded[i]) for i in equations],
    )
    factors = [[(difference(unfolded[i]), e) for i, e in p] for _, p, _ in products]
    strict = [_sign(unfolded, *product) for product in products]
    _need(wanted.head not in ("<", ">") or any(strict), "nothing makes the inequality strict")
    summands = [
        (c, [*powers, *((q, 2) for q in squares)])
        for (c, _, squares), powers in zip(products, factors, strict=True)
    ] + [(Fraction(1), [(difference(unfolded[i]), 1), (m, 1)]) for i, m in multipliers]
    _need(all(unfolded[i].head == "=" for i, _ in multipliers), "only equalities are multiplied")
    _need(algebra.is_combination(difference(wanted), summands), "the identity does not hold")
    return Sequent(_union(premises), goal)


def enclosure(
    premises: Sequence[Sequent],
    goal: Term,
    coordinates: Sequence[Term],
    tree: Sequence[int],
    bits: int,
) -> Sequent:
    """An inequality that holds on a box, by ball arithmetic on finitely many parts of it.

    Premises bound each coordinate, a term, by rational numbers.  `tree` cuts the box in
    halves (see `balls.leaves`).  On a part marked -1 the enclosure of d(goal) must be positive
    (non-negative if the goal is not strict); on one marked -2-i, d of the i-th premise must be
    negative (for an equation, not zero), so that no point of the part satisfies the premises.
    """
    formulas = [p.conclusion for p in premises]
    _need(all(p.head in RELATIONS for p in (*formulas, _formula(goal))), "not a relation")
    _need(goal.head not in ("=", "!="), "only inequalities are enclosed")
    _need(type(bits) is int and 1 < bits <= 10_000, "a precision is between 2 and 10,000 bits")
    sides = [_interval(formulas, c) for c in coordinates]
    before = flint.ctx.prec
    try:
        flint.ctx.prec = bits
        wanted = compiled(difference(goal), coordinates)
        excluding: dict[int, Callable[..., Any]] = {}
        for point, code in leaves(tuple(map(ball, sides)), tree):
            if code == -1:
                value = wanted(*point)
                _need(value > 0 if goal.head in ("<", ">") else value >= 0, "not enclosed")
                continue
            index = -2 - code
            _need(index < len(formulas) and formulas[index].head != "!=", "no such premise")
            if index not in excluding:
                excluding[index] = compiled(difference(formulas[index]), coordinates)
            value = excluding[index](*point)
            _need(value < 0 or (formulas[index].head == "=" and value > 0), "not excluded")
    finally:
        flint.ctx.prec = before
    return Sequent(_union(premises), goal)


def _interval(formulas: Sequence[Term], coordinate: Term) -> Interval:
    """The closed interval in which relations with numerals keep a term."""
    lower, upper = list[Fraction](), list[Fraction]()
    for head, left, right in ((f.head, *f.args) for f in formulas):
        if left == coordinate and right.kind == "num":
            lower += [right.head] if head in (">=", ">", "=") else []
            upper += [right.head] if head in ("<=", "<", "=") else []
        if right == coordinate and left.kind == "num":
            lower += [left.head] if head in ("<=", "<", "=") else []
            upper += [left.head] if head in (">=", ">", "=") else []
    _need(bool(lower and upper), "a coordinate needs bounds")
    # An empty interval would do no harm, but no ball says so.
    _need(max(lower) <= min(upper), "the bounds of a coordinate contradict each other")
    return max(lower), min(upper)


def difference(relation: Term) -> Term:
    """The term that a relation says is zero, non-negative or positive."""
    left, right = relation.args
    swapped = relation.head in ("<=", "<")
    return app("-", right, left) if swapped else app("-", left, right)


def _equation(relation: Term) -> tuple[Term, Term]:
    left, right = _parts(relation, "=")
    return left, right


def _sign(
    premises: Sequence[Term],
    coefficient: Fraction,
    powers: Sequence[tuple[int, int]],
    squares: Sequence[Term],
) -> bool:
    """Check that a product is non-negative; answer whether it is positive."""
    _need(type(coefficient) in (int, Fraction), "a coefficient is an exact number")
    _need(coefficient > 0, "a coefficient must be positive")
    strict = not squares
    for i, exponent in powers:
        head = premises[i].head
        _need(head in ("<=", "<", ">=", ">"), "only inequalities can be multiplied")
        _need(exponent > 0 or head in ("<", ">"), "only a positive factor can be divided by")
        strict = strict and head in ("<", ">")
    return strict


Rule = Callable[..., Sequent]

RULES: Mapping[str, Rule] = MappingProxyType(
    {
        "assume": assume,
        "axiom": axiom,
        "instantiate": instantiate,
        "discharge": discharge,
        "detach": detach,
        "generalise": generalise,
        "specialise": specialise,
        "witness": witness,
        "choose": choose,
        "conjoin": conjoin,
        "part": part,
        "weaken": weaken,
        "cases": cases,
        "absurd": absurd,
        "excluded-middle": excluded_middle,
        "rewrite": rewrite,
        "convert": convert,
        "induction": induction,
        "arithmetic": arithmetic,
        "enclosure": enclosure,
    }
)
"""The inference rules, all of them."""


def _vault(
    rules: Mapping[str, Rule],
) -> tuple[Callable[..., Theorem], Callable[[Theorem], Sequent], Callable[[Theorem], Step]]:
    """The only place where theorems come into being and where what they say is kept."""
    # The table is copied: replacing it from outside changes nothing here.
    rules = dict(rules)
    minted: WeakKeyDictionary[Theorem, tuple[Sequent, Step]] = WeakKeyDictionary()

    def record(theorem: Theorem) -> tuple[Sequent, Step]:
        if type(theorem) is not Theorem or theorem not in minted:
            raise KernelError("not a theorem of this kernel")
        return minted[theorem]

    def infer(rule: str, /, *premises: Theorem, **arguments: Any) -> Theorem:
        """Apply a rule to theorems; raises `KernelError` unless every condition holds."""
        if type(rule) is not str or rule not in rules:
            raise KernelError(f"no rule is called {rule!r}")
        given = tuple(record(p)[0] for p in premises)
        try:
            # Read once: what is checked is what is used and what is kept.
            arguments = {name: _frozen(value) for name, value in arguments.items()}
            result = rules[rule](given, **arguments)
        except MALFORMED as error:
            raise KernelError(f"{rule}: {error}") from error
        theorem = object.__new__(Theorem)
        minted[theorem] = (result, Step(rule, premises, MappingProxyType(arguments)))
        return theorem

    return infer, lambda theorem: record(theorem)[0], lambda theorem: record(theorem)[1]


infer, sequent, step = _vault(RULES)
