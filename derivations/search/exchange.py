"""A term as the variable: a relation is proved with a variable in its place."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction

from derivations.elementary import resolve
from derivations.kernel.algebra import Algebra
from derivations.kernel.terms import KernelError, Term, free_variables, lam, num, substitute
from derivations.kernel.theorem import Theorem, difference, infer
from derivations.search.arithmetic import symmetric
from derivations.tactics import assume, fresh, replace

Prove = Callable[[Term, Sequence[Theorem], float], Theorem | None]


@dataclass(frozen=True)
class Inverse:
    """A term that becomes a variable, and what is known of it.

    `images` are equations of terms that go away with terms in the root, in the order in which they
    are replaced; `said` are facts about the root, `implied` are facts that follow from those.
    """

    root: Term
    images: tuple[Theorem, ...]
    said: tuple[Theorem, ...]
    implied: frozenset[Term]


def exchanged(
    goal: Term, inverse: Inverse, facts: Sequence[Theorem], deadline: float, prove: Prove
) -> Theorem | None:
    """The goal, from the goal in which a variable stands for the root."""
    kept = [f for f in facts if f.conclusion not in inverse.implied]
    used = [goal, *(f.conclusion for f in kept), *(i.conclusion for i in inverse.images)]
    w = fresh("r", "R", *used)
    markers = [fresh(f"m{i}", "R", *used) for i in range(len(inverse.images))]
    pairs = [i.conclusion.args for i in inverse.images]

    def marked(formula: Term) -> Term:
        for (old, _), marker in zip(pairs, markers, strict=True):
            formula = replace(formula, old, marker)
        return formula

    def moved(formula: Term) -> Term:
        there = {m: replace(n, inverse.root, w) for m, (_, n) in zip(markers, pairs, strict=True)}
        return substitute(marked(formula), there)

    shown = [*inverse.said, *(_rewritten(f, marked(f.conclusion), markers, inverse.images)
                              for f in kept)]  # fmt: skip
    assumed = [replace(s.conclusion, inverse.root, w) for s in inverse.said]
    assumed += [moved(f.conclusion) for f in kept]
    found = prove(moved(goal), [assume(a) for a in assumed], deadline)
    if found is None:
        return None
    found = resolve(infer("instantiate", found, mapping=((w, inverse.root),)), *shown)
    back = tuple(map(symmetric, inverse.images))
    return _rewritten(found, marked(goal), markers, back)


def _rewritten(
    theorem: Theorem, pattern: Term, markers: Sequence[Term], equations: Sequence[Theorem]
) -> Theorem:
    """The theorem with the left sides at the places of the markers replaced by the right ones."""
    sides = [e.conclusion.args for e in equations]
    hole = fresh("hole", "R", pattern, *(s for pair in sides for s in pair))
    values = {m: a for m, (a, _) in zip(markers, sides, strict=True)}
    for marker, equation in zip(markers, equations, strict=True):
        if marker in free_variables(pattern):
            template = lam(hole, substitute(pattern, {**values, marker: hole}))
            theorem = infer("rewrite", equation, theorem, template=template)
        values[marker] = equation.conclusion.args[1]
    return theorem


def solved_in(goal: Term, part: Term) -> tuple[Term, bool, Fraction] | None:
    """The goal as ``part <= c`` or ``c <= part``: c, whether it is above, and a factor."""
    algebra, hole = Algebra(), fresh("hole", "R", goal)
    shown = replace(goal, part, hole)
    try:
        numerator, denominator = algebra.normal(difference(shown))
    except KernelError:
        return None
    if hole not in algebra.atoms or not denominator.is_constant():
        return None
    i = algebra.atoms.index(hole)
    if numerator.degrees()[i] != 1 or not numerator.derivative(i).is_constant():
        return None
    if any(hole in free_variables(a) for a in algebra.atoms if a != hole):
        return None
    slope = numerator.derivative(i)
    one = algebra.number(1)[0]
    rest = slope * algebra.normal(hole)[0] - numerator
    factor = Fraction(int(slope.leading_coefficient()))
    c = algebra.term((rest if factor > 0 else -rest, one))
    c = c if abs(factor) == 1 else c / num(abs(factor))
    scale = factor / int(denominator.leading_coefficient())
    return c, scale < 0, abs(scale)
