"""Roots and values of Lambert's function as variables, so that powers become polynomials.

A power ``exp(2/3*log(x))`` is the square of ``r = exp(1/3*log(x))``: with r as the variable, x is
``r**3``.  In the same way ``lambertw(x)`` is -u, and x is ``-u*exp(-u)``.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction

from derivations.elementary import exp_power, lambert_compared, ordered_powers, resolve
from derivations.kernel.algebra import Algebra
from derivations.kernel.terms import (
    KernelError,
    Term,
    app,
    eq,
    exp,
    free_variables,
    lam,
    le,
    log,
    lt,
    num,
    real,
    substitute,
)
from derivations.kernel.theorem import Theorem, difference, infer
from derivations.search.arithmetic import symmetric
from derivations.search.balls import enclose, interval
from derivations.search.claims import power_of
from derivations.search.formulas import subterms
from derivations.search.limits import share
from derivations.search.numeric import to_float
from derivations.tactics import ProofError, assume, by_cases, fresh, instance, order, replace, where

_ONCE = ((Fraction(1), ((0, 1),), ()),)
Prove = Callable[[Term, Sequence[Theorem], float], Theorem | None]


@dataclass(frozen=True)
class _Inverse:
    """A term that becomes a variable, and what is known of it.

    `images` are equations of terms that go away with terms in the root, in the order in which they
    are replaced; `said` are facts about the root, `implied` are facts that follow from those.
    """

    root: Term
    images: tuple[Theorem, ...]
    said: tuple[Theorem, ...]
    implied: frozenset[Term]


def by_inverses(
    goal: Term, facts: Sequence[Theorem], deadline: float, prove: Prove
) -> Theorem | None:
    """A relation with a root, or a value of Lambert's function, as a variable; None if no way."""
    parts = list(dict.fromkeys(p for f in (goal, *(f.conclusion for f in facts))
                               for p in subterms(f)))  # fmt: skip
    for part in parts:
        inverse = _root(part, parts, facts, deadline, prove)
        inverse = inverse or _lambert(part, facts, deadline, prove)
        if inverse is not None:
            return _exchanged(goal, inverse, facts, deadline, prove)
    if goal.head not in ("<=", "<", ">=", ">"):
        return None
    for part in (p for p in subterms(goal) if p.head == "lambertw"):
        found = _compared(goal, part, facts, deadline, prove)
        if found is not None:
            return found
    return None


# The exchange of variables ----------------------------------------------------------------


def _exchanged(
    goal: Term, inverse: _Inverse, facts: Sequence[Theorem], deadline: float, prove: Prove
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


# Powers -----------------------------------------------------------------------------------


def _root(
    part: Term, parts: Sequence[Term], facts: Sequence[Theorem], deadline: float, prove: Prove
) -> _Inverse | None:
    """The root of a base of which powers with rational exponents occur."""
    found = power_of(part)
    if found is None:
        return None
    base = found[0]
    powers = {p: e[1] for p in parts if (e := power_of(p)) is not None and e[0] == base}
    q = math.lcm(*(c.denominator for c in powers.values()))
    if q == 1 or q > 64 or any(abs(c * q) > 64 for c in powers.values()):
        return None
    known = next((f for f in facts if f.conclusion in (lt(0, base), app(">", base, 0))), None)
    known = known or prove(lt(0, base), facts, share(deadline, 8))
    if known is None:
        return None
    positive = infer("arithmetic", known, goal=lt(0, base), products=_ONCE)
    inside = num(Fraction(1, q)) * log(base)
    root = exp(inside)
    images = []
    for atom, exponent in powers.items():
        n = int(exponent * q)
        law = where(exp_power(n), x=inside)
        goal = eq(atom, root**n)
        images.append(infer("arithmetic", law, goal=goal, multipliers=((0, num(1)),)))
    law = where(exp_power(q), x=inside)
    inverse = infer("detach", instance("exp.log", x=base), positive)
    whole = infer(
        "arithmetic", law, inverse, goal=eq(base, root**q),
        multipliers=((0, num(1)), (1, num(-1))),
    )  # fmt: skip
    above = instance("exp.positive", x=inside)
    if base.kind == "var":
        implied = frozenset({lt(0, base), app(">", base, 0)})
        return _Inverse(root, (*images, whole), (above,), implied)
    return _Inverse(root, tuple(images), (above, symmetric(whole)), frozenset())


def by_powers(
    goal: Term, facts: Sequence[Theorem], deadline: float, prove: Prove
) -> Theorem | None:
    """``r <= s`` from ``r**n <= s**n`` where a fact says what r**n is; None if no way.

    >>> import time
    >>> from derivations.search.strategies import search_proof
    >>> r, a, b = (real(name) for name in ("r", "a", "b"))
    >>> facts = [assume(f) for f in (le(0, r), eq(r**2, a * b), le(0, a), le(0, b))]
    >>> def prove(goal, facts, until):
    ...     return search_proof(goal, facts, None, until)[0]
    >>> by_powers(le(r, (a + b) / 2), facts, time.monotonic() + 5, prove)
    0 <= a, 0 <= b, r**2 = a*b |- r <= (a + b)/2
    """
    if goal.head not in ("<=", "<", ">=", ">"):
        return None
    for fact in facts:
        found = _raised(goal, fact, facts, deadline, prove)
        if found is not None:
            return found
    return None


def _raised(
    goal: Term, fact: Theorem, facts: Sequence[Theorem], deadline: float, prove: Prove
) -> Theorem | None:
    """The goal from the powers of its sides, if the fact is about the power of a variable."""
    if fact.conclusion.head != "=" or fact.conclusion.args[0].head != "^":
        return None
    root, exponent = fact.conclusion.args[0].args
    inside = fact.conclusion.args[1]
    if root.kind != "var" or exponent.kind != "num" or root in free_variables(inside):
        return None
    n, solved = exponent.head, _solved(goal, root)
    if n < 2 or n.denominator > 1 or solved is None or root in free_variables(solved[0]):
        return None
    c, below, scale = solved
    head = "<" if goal.head in ("<", ">") else "<="
    low, high = (root, c) if below else (c, root)
    powers = (inside, c**exponent) if below else (c**exponent, inside)
    rest = [f for f in facts if root not in free_variables(f.conclusion)]
    above = prove(le(0, high), facts if high == root else rest, share(deadline, 4))
    compared = None if above is None else prove(app(head, *powers), rest, deadline)
    if above is None or compared is None:
        return None
    # The powers of both sides, with the root where the fact has its power.
    hole = fresh("hole", "R", *powers)
    template = lam(hole, app(head, *(hole if p == inside else p for p in powers)))
    compared = infer("rewrite", symmetric(fact), compared, template=template)
    x, y = real("x"), real("y")
    rule = infer("instantiate", ordered_powers(int(n), head), mapping=((x, low), (y, high)))
    made = resolve(rule, above, compared)
    return infer("arithmetic", made, goal=goal, products=((scale, ((0, 1),), ()),))


# Lambert's function ----------------------------------------------------------------------


def _lambert(
    part: Term, facts: Sequence[Theorem], deadline: float, prove: Prove
) -> _Inverse | None:
    """Minus the value of Lambert's function at a variable."""
    if part.head != "lambertw" or part.args[0].kind != "var":
        return None
    v = part.args[0]
    domain = _domain(v, facts, deadline, prove)
    if domain is None:
        return None
    branch, equation = (
        infer("detach", infer("detach", instance(f"lambertw.{name}", x=v), domain[0]), domain[1])
        for name in ("branch", "equation")
    )
    root = -part
    images = (
        infer("arithmetic", goal=eq(part, -root)),
        infer("arithmetic", equation, goal=eq(v, -root * exp(-root)),
              multipliers=((0, num(-1)),)),
    )  # fmt: skip
    above = infer("arithmetic", branch, goal=le(1, root), products=_ONCE)
    bounds = _bounds(part, domain, facts, deadline)
    return _Inverse(root, images, (*bounds, above), frozenset(d.conclusion for d in domain))


def _domain(
    t: Term, facts: Sequence[Theorem], deadline: float, prove: Prove
) -> tuple[Theorem, Theorem] | None:
    """Theorems that ``-exp(-1) <= t`` and ``t < 0``."""
    made = []
    for goal in (le(-exp(num(-1)), t), lt(t, 0)):
        found = next((f for f in facts if f.conclusion == goal), None)
        found = found or prove(goal, facts, share(deadline, 8))
        if found is None:
            return None
        made.append(found)
    return made[0], made[1]


def _bounds(
    part: Term, domain: Sequence[Theorem], facts: Sequence[Theorem], deadline: float
) -> list[Theorem]:
    """Bounds by numbers of minus Lambert's function, from those of its argument."""
    v, made = part.args[0], []
    low, high = interval([f.conclusion for f in facts], v)
    for end, up in ((low, True), (high, False)):
        if end is None or not -1 / math.e < end < 0:
            continue
        value = to_float(app("lambertw", num(end)))
        scale = 10**6
        c = Fraction(math.ceil(value * scale) if up else math.floor(value * scale), scale)
        there = num(c) * exp(num(c))
        closed = enclose(le(there, num(end)) if up else le(num(end), there), [], deadline)
        if closed is None or c > -1:
            continue
        sides = (there, v) if up else (v, there)
        beside = next(f for f in facts if interval([f.conclusion], v)[0 if up else 1] == end)
        chain = infer("arithmetic", closed, beside, goal=le(*sides), products=(
            *_ONCE, (Fraction(1), ((1, 1),), ())))  # fmt: skip
        below = infer("arithmetic", goal=le(num(c), -1), products=((-1 - c, (), ()),))
        goal = le(part, num(c)) if up else le(num(c), part)
        shown = lambert_compared(goal, domain, below, chain)
        turned = le(num(-c), -part) if up else le(-part, num(-c))
        made.append(infer("arithmetic", shown, goal=turned, products=_ONCE))
    return made


def _compared(
    goal: Term, part: Term, facts: Sequence[Theorem], deadline: float, prove: Prove
) -> Theorem | None:
    """A bound c of a value at t, from c exp(c) and t, or since the value is at most -1."""
    solved = _solved(goal, part)
    if solved is None:
        return None
    c, below, scale = solved
    t = part.args[0]
    domain = _domain(t, facts, deadline, prove)
    if domain is None:
        return None
    head = "<" if goal.head in ("<", ">") else "<="
    wanted = app(head, part, c) if below else app(head, c, part)
    known = [*facts, *(d for d in domain if d not in facts)]

    def inside(case: Theorem) -> Theorem:
        there = c * exp(c)
        relation = app(head, there, t) if below else app(head, t, there)
        found = prove(relation, [*known, case] if free_variables(c) else known, share(deadline, 2))
        if found is None:
            raise ProofError("no comparison")
        return lambert_compared(wanted, domain, case, found)

    def outside(case: Theorem) -> Theorem:
        if not below:
            raise ProofError("a bound from below is at most -1")
        rule = instance("lambertw.branch", x=t)
        branch = infer("detach", infer("detach", rule, domain[0]), domain[1])
        return infer("arithmetic", branch, case, goal=wanted,
                     products=(*_ONCE, (Fraction(1), ((1, 1),), ())))  # fmt: skip

    try:
        apart = prove(le(c, -1), facts, share(deadline, 4))
        shown = inside(apart) if apart else by_cases(order(c, num(-1)), inside, outside)
    except (ProofError, KernelError):
        return None
    return infer("arithmetic", shown, goal=goal, products=((scale, ((0, 1),), ()),))


def _solved(goal: Term, part: Term) -> tuple[Term, bool, Fraction] | None:
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
