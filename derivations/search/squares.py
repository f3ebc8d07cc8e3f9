"""Square roots: exact arithmetic with their squares, and ``0 <= a + b sqrt(s)`` squared."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Any

from derivations.kernel.algebra import Algebra
from derivations.kernel.terms import Term, app, le, lt, num
from derivations.kernel.theorem import Theorem, difference, infer
from derivations.search.attempt import Search
from derivations.search.normal import atoms
from derivations.search.numeric import signs, transcendental
from derivations.tactics import absurd, by_cases, instance, order

_ONE = Fraction(1)


def with_roots(
    search: Search, goal: Term, facts: Sequence[Theorem], depth: int
) -> Theorem | None:
    """The goal by exact arithmetic from what several roots are: not negative, and their squares."""
    known: list[Theorem] = []
    for root in (a for a in atoms([difference(goal)]) if a.head == "sqrt"):
        weak = search.quick(le(0, root.args[0]), facts)
        if weak is not None:
            laws = ("root.nonnegative", "root.square")
            known += [infer("detach", instance(n, x=root.args[0]), weak) for n in laws]
    plain = [f for f in facts if not transcendental(f.conclusion)]
    return search.arithmetic(goal, [*plain, *known], 1, 0.3) if len(known) > 2 else None


def by_squares(search: Search, goal: Term, facts: Sequence[Theorem], depth: int) -> Theorem | None:
    """The goal, linear in a root, from one without that root."""
    if depth > 5:
        return None
    algebra = Algebra()
    numerator, denominator = algebra.normal(difference(goal))
    if not denominator.is_constant():
        return None
    for i, root in enumerate(algebra.atoms):
        if root.head != "sqrt" or int(numerator.degrees()[i]) != 1:
            continue
        slope = numerator.derivative(i)
        rest = numerator - slope * algebra.normal(root)[0]
        parts = [algebra.term((p, denominator)) for p in (rest, slope)]
        found = _compared(search, goal, root, parts[0], parts[1], facts, depth)
        if found is not None:
            return found
    return None


def _compared(
    search: Search, goal: Term, root: Term, a: Term, b: Term, facts: Sequence[Theorem], depth: int
) -> Theorem | None:
    """The goal, whose difference is a + b*root."""
    columns = search.points([difference(goal)], facts)
    sign_a, sign_b = (signs(t, columns) for t in (a, b))
    rises = not (sign_b < 0).any()
    if (not rises and (sign_b > 0).any()) or (not rises and (sign_a < 0).any()):
        return None
    inside = root.args[0]
    weak = search.prove(le(0, inside), facts, depth + 1)
    if weak is None:
        return None
    above, square = (
        infer("detach", instance(n, x=inside), weak) for n in ("root.nonnegative", "root.square")
    )
    strict = goal.head in ("<", ">")
    head = "<" if strict else "<="
    if rises and not (sign_a < 0).any():
        return None  # two terms of one sign: nothing is gained by squares
    kept = search.prove(le(0, b if rises else a), facts, depth + 1)
    if kept is None:
        return None
    low, high = (a**2, b**2 * inside) if rises else (b**2 * inside, a**2)
    key = search.prove(app(head, low, high), [*facts, weak], depth + 1)
    if key is None:
        return None
    # If the term t = a + b root is negative, then t**2 - 2 t b root = a**2 - b**2 root**2 where b
    # is not negative, and t**2 - 2 t a = b**2 root**2 - a**2 where a is not.
    term = a + b * root
    wanted = app(head, 0, term)
    two = Fraction(2)

    def other(case: Theorem) -> Theorem:
        steps: list[Any] = [(_ONE, ((0, 2),), ()), (_ONE, ((4, 1),), ())]
        steps.append((two, ((0, 1), (3, 1), *(((1, 1),) if rises else ())), ()))
        factor = b**2 if rises else -(b**2)
        none = infer(
            "arithmetic", case, above, square, kept, key, goal=lt(0, 0), products=tuple(steps),
            multipliers=((2, factor),),
        )  # fmt: skip
        return absurd(none, wanted)

    if strict:
        made = by_cases(order(term, num(0)), other, lambda case: case)
    else:
        made = by_cases(order(num(0), term), lambda case: case, other)
    return infer("arithmetic", made, goal=goal, products=((_ONE, ((0, 1),), ()),))
