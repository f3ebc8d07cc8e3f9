"""The sign of a term from the one at an end of an interval and that of its derivative."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction
from typing import Any

import numpy

from derivations.calculus import differentiate, increasing, monotone
from derivations.elementary import resolve
from derivations.kernel.algebra import Algebra
from derivations.kernel.terms import (
    Term,
    app,
    eq,
    free_variables,
    function,
    lam,
    le,
    lt,
    num,
    real,
    substitute,
    undefined,
)
from derivations.kernel.theorem import Theorem, difference, infer
from derivations.search.attempt import Search, root_positive
from derivations.search.bounds import Bound, bounds_of, chained, consequences, strictly, usable
from derivations.search.normal import atoms
from derivations.search.numeric import Columns, signs, slope, to_float
from derivations.tactics import assume, fresh, instance, intro, where

_F, _G = function("f", "R"), function("g", "R")
_A, _B = real("a"), real("b")
_ONE = Fraction(1)
ONCE = tuple((_ONE, ((i, 1),), ()) for i in range(2))
"""The first and the second premise, each once, as products for the rule ``arithmetic``."""
Prover = Callable[[Term, Sequence[Theorem]], Theorem | None]


def scaled(
    search: Search, goal: Term, v: Term, columns: Columns, facts: Sequence[Theorem], depth: int
) -> Iterator[tuple[Theorem | None, Term, Term, Any]]:
    """The term, or the term divided by a positive one, with the derivative and its signs."""
    wanted = difference(goal)
    candidates: list[tuple[Term | None, Term]] = [(None, wanted)]
    algebra = Algebra()
    numerator, denominator = algebra.normal(wanted)
    one = algebra.number(1)[0]
    if denominator.is_constant():
        for i, atom in enumerate(algebra.atoms):
            degree = int(numerator.degrees()[i])
            if not degree or v not in free_variables(atom) or atom.kind != "app":
                continue
            if atom.head == "exp":
                for j in range(1, min(degree, 3) + 1):
                    candidates.append((atom**j, wanted))
            elif degree == 1:
                part = algebra.term((numerator.derivative(i), one))
                if part.kind != "num":
                    candidates.append((part, wanted))
    ready: list[tuple[int, Theorem | None, Term, Term, Any]] = []
    if v not in columns:  # a function: nothing is sampled of it
        return None
    size = len(columns[v])
    for scale, shape in candidates:
        if scale is None:
            new, theorem = shape, None
        else:
            theorem = unmixed(search, scale, columns, facts, depth)
            if theorem is None:
                continue
            scale = difference(theorem.conclusion)
            new = _divided(shape, scale)
        derivative = slope(new, v)
        if derivative is None:
            continue
        slopes = numpy.broadcast_to(signs(derivative, columns), (size,))
        good = slopes[numpy.isfinite(slopes)]
        mixed = bool((good > 0).any() and (good < 0).any())
        plain = sum(1 for _ in atoms([derivative]))
        ready.append((mixed * 100 + plain, theorem, new, derivative, slopes))
    ready.sort(key=lambda r: r[0])
    for _, theorem, new, derivative, slopes in ready:
        yield theorem, new, derivative, slopes


def unmixed(
    search: Search, scale: Term, columns: Columns, facts: Sequence[Theorem], depth: int
) -> Theorem | None:
    """A theorem ``0 < scale`` or ``0 < -scale``."""
    if scale.head == "exp" or (scale.head == "^" and scale.args[0].head == "exp"):
        base = scale if scale.head == "exp" else scale.args[0]
        known = instance("exp.positive", x=base.args[0])
        power = 1 if scale.head == "exp" else int(scale.args[1].head)
        return infer("arithmetic", known, goal=lt(0, scale),
                     products=((_ONE, ((0, power),), ()),))  # fmt: skip
    sign = signs(scale, columns)
    inner = sign[1:-1][numpy.isfinite(sign[1:-1])]
    if (inner > 0).all():
        return search.prove(lt(0, scale), facts, depth + 1)
    if (inner < 0).all():
        return search.prove(lt(0, -scale), facts, depth + 1)
    return None


def anchored(
    search: Search,
    goal: Term,
    v: Term,
    scale: Theorem | None,
    shape: Term,
    derivative: Term,
    low: bool,
    facts: Sequence[Theorem],
    depth: int,
    anchor: Bound | None = None,
) -> Theorem | None:
    """The sign of `shape` from the one at an end and that of its derivative."""
    lows, highs = bounds_of(v, facts)
    ends = lows if low else highs
    if anchor is None:
        if not ends:
            return None
        anchor = ends[0]
    elsewhere = [f for f in facts if v not in free_variables(f.conclusion)]
    strict = goal.head in ("<", ">")
    there = substitute(shape, {v: anchor.term})
    closed = not free_variables(there)
    at_end = None
    kept = [*elsewhere]
    if not closed:
        kept += consequences(v, facts)
    if strict:
        at_end = search.prove(lt(0, there), kept, depth + 1)
    rising = at_end is None and strict
    if at_end is None:
        if strict and not anchor.strict:
            return None
        at_end = search.prove(le(0, there), kept, depth + 1)
    if at_end is None:
        return None
    if any(not sure(c) for c in undefined(there)) and not all(
        sure(c) or search.prove(c, kept, depth + 1) is not None for c in undefined(there)
    ):
        return None
    if closed and not math.isfinite(to_float(substitute(derivative, {v: anchor.term}))):
        return None

    def sign(needed: Term, known: Sequence[Theorem]) -> Theorem | None:
        return search.prove(needed, known, depth + 1)

    risen = moved(search, v, shape, derivative, anchor, low, rising, facts, depth, sign)
    if risen is None:
        return None
    head = "<" if strict else "<="
    if rising:
        head = "<"
    positive = infer(
        "arithmetic", at_end, risen, goal=app(head, 0, shape),
        products=((_ONE, ((0, 1),), ()), (_ONE, ((1, 1),), ())),
    )  # fmt: skip
    if scale is None:
        if positive.conclusion == goal:
            return positive
        return infer("arithmetic", positive, goal=goal, products=((_ONE, ((0, 1),), ()),))
    return infer("arithmetic", positive, scale, goal=goal, products=((_ONE, ((0, 1), (1, 1)), ()),))


def moved(
    search: Search,
    v: Term,
    shape: Term,
    derivative: Term,
    anchor: Bound,
    low: bool,
    rising: bool,
    facts: Sequence[Theorem],
    depth: int,
    sign_of: Prover,
) -> Theorem | None:
    """``shape(anchor) <= shape(v)`` (``<`` if rising), v on one side of the anchor.

    `sign_of` proves the sign of the derivative, turned so that it is not negative.
    """
    lows, highs = bounds_of(v, facts)
    others = [f for f in facts if v not in free_variables(f.conclusion)]
    near = assume(le(anchor.term, v) if low else le(v, anchor.term))
    inner = assume(lt(anchor.term, v) if low else lt(v, anchor.term))
    beyond = [b.fact for b in (highs if low else lows)
              if b.fact.conclusion.head != "="]  # fmt: skip
    if low and not others:
        beyond = beyond[:2]
    # Beyond a strict step from v, whatever bounds v weakly is a strict bound.
    far = [strictly(f.conclusion) if rising else f.conclusion for f in beyond]
    fixed = [assume(c) for c in (*(f.conclusion for f in others), *far)]
    turned = derivative if low else -derivative
    if rising:
        sign = sign_of(lt(0, turned), usable([*fixed, inner]))
    else:
        sign = sign_of(le(0, turned), usable([*fixed, near]))
    if sign is None:
        return None
    region = usable([assume(f.conclusion) for f in (*others, *beyond)] + [near])
    known = smooth(search, v, shape if low else -shape, turned, region, depth)
    if known is None:
        return None
    u = fresh("u", "R", shape, v, anchor.term, *(f.conclusion for f in facts))
    known, sign = (infer("instantiate", t, mapping=((v, u),)) for t in (known, sign))
    start, stop = (anchor.term, v) if low else (v, anchor.term)
    first, second = assume(le(start, u)), assume(le(u, stop))
    limit = second if low else first
    carried: list[Theorem] = list(others)
    for fact in beyond:
        said = substitute(fact.conclusion, {v: u})
        carried.append(chained(said, limit, fact))
    known = resolve(known, *carried)
    if not rising:
        sign = resolve(sign, *carried)
    known = intro(known, u, first.conclusion, second.conclusion)
    if rising:
        steps = [assume(lt(start, u)), assume(lt(u, stop))]
        weakly = [chained(le(start, u), steps[0]), chained(le(u, stop), steps[1])]
        step = steps[1] if low else steps[0]
        farther = [
            chained(substitute(c, {v: u}), step, f) for c, f in zip(far, beyond, strict=True)
        ]
        sign = resolve(sign, *others, *farther, *weakly)
        sign = intro(sign, u, steps[0].conclusion, steps[1].conclusion)
    else:
        sign = intro(sign, u, first.conclusion, second.conclusion)
    rule = where(
        increasing() if rising else monotone(),
        {_A: start, _B: stop, _F: lam(v, shape if low else -shape), _G: lam(v, turned)},
    )
    ordered = app("<" if rising else "<=", start, stop)
    there = chained(ordered, anchor.fact)
    for premise in (there, known, sign):
        rule = infer("detach", infer("discharge", rule, formula=premise.conclusion), premise)
    at = substitute(shape, {v: anchor.term})
    wanted = app("<" if rising else "<=", at, shape)
    if rule.conclusion == wanted:
        return rule
    return infer("arithmetic", rule, goal=wanted, products=((_ONE, ((0, 1),), ()),))


def smooth(
    search: Search, v: Term, shape: Term, value: Term, facts: Sequence[Theorem], depth: int
) -> Theorem | None:
    """The derivative of a term, proved to be the value."""
    known = list(facts)
    needed = list(dict.fromkeys(undefined(shape)))
    needed += [lt(0, a.args[0]) for a in atoms([shape]) if a.head == "sqrt"]
    for condition in needed:
        if sure(condition) or not free_variables(condition):
            continue
        if condition.head == ">":
            condition = lt(0, condition.args[0])
        if condition.head == ">=":
            continue
        if any(f.conclusion == condition for f in known):
            continue
        found = search.prove(condition, known, depth + 1)
        if found is None:
            return None
        known.append(found)
    known += [n for n in (not_zero(f) for f in known) if n is not None]
    made = differentiate(v, shape, v, *known)
    if made.conclusion.args[2] == value:
        return made
    strict = [f for f in known if f.conclusion.head in ("<", ">", "!=")]
    for a in atoms([shape]):
        if a.head == "sqrt":
            inside = next((f for f in known if f.conclusion == lt(0, a.args[0])), None)
            if inside is not None:
                strict.append(root_positive(inside))
    old = made.conclusion.args[2]
    same = infer("arithmetic", *strict, goal=eq(old, value))
    hole = fresh("hole", "R", made.conclusion, value)
    body, at, _ = made.conclusion.args
    template = lam(hole, app("derivative", body, at, hole))
    return infer("rewrite", same, made, template=template)


def not_zero(fact: Theorem) -> Theorem | None:
    """``a != b`` from ``a < b``, for divisors."""
    if fact.conclusion.head not in ("<", ">"):
        return None
    a, b = fact.conclusion.args
    low, high = (a, b) if fact.conclusion.head == "<" else (b, a)
    less = fact if fact.conclusion.head == "<" else chained(lt(low, high), fact)
    if low == num(0):
        return infer("detach", instance("order.greater-differs", x=high, y=low), less)
    if high == num(0):
        return infer("detach", instance("order.less-differs", x=low, y=high), less)
    return None


def _divided(term: Term, scale: Term) -> Term:
    """term/scale, the division carried out where it goes."""
    if term.head in ("+", "-"):
        return app(term.head, *(_divided(a, scale) for a in term.args))
    algebra = Algebra(nonzero=[scale])
    return algebra.term(algebra.normal(term / scale))


def sure(condition: Term) -> bool:
    """Whether a condition of definedness says of a number what is plain to see."""
    term = condition.args[0]
    return term.kind == "num" and bool(term.head > 0 or (term.head != 0 and condition.head == "!="))
