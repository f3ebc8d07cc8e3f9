"""Roots as variables, so that powers become polynomials.

A power ``exp(2/3*log(x))`` is the square of ``r = exp(1/3*log(x))``: with r as the variable, x is
``r**3``.  Values of Lambert's function become variables too (`derivations.search.lambert`).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction

from derivations.elementary import exp_power, ordered_powers, resolve
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
)
from derivations.kernel.theorem import Theorem, infer
from derivations.search.arithmetic import symmetric
from derivations.search.claims import power_of
from derivations.search.exchange import Inverse, Prove, exchanged, solved_in
from derivations.search.formulas import subterms
from derivations.search.lambert import by_lambert
from derivations.search.limits import share
from derivations.tactics import fresh, instance, where

_ONCE = ((Fraction(1), ((0, 1),), ()),)


def by_inverses(
    goal: Term, facts: Sequence[Theorem], deadline: float, prove: Prove
) -> Theorem | None:
    """A relation with a root, or a value of Lambert's function, as a variable; None if no way."""
    parts = list(dict.fromkeys(p for f in (goal, *(f.conclusion for f in facts))
                               for p in subterms(f)))  # fmt: skip
    for part in parts:
        try:
            inverse = _root(part, parts, facts, deadline, prove)
        except KernelError:  # an exponent such as sqrt(1/4) is a number to us only
            continue
        if inverse is not None:
            return exchanged(goal, inverse, facts, deadline, prove)
    return by_lambert(goal, facts, deadline, prove)


# Powers -----------------------------------------------------------------------------------


def _root(
    part: Term, parts: Sequence[Term], facts: Sequence[Theorem], deadline: float, prove: Prove
) -> Inverse | None:
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
        return Inverse(root, (*images, whole), (above,), implied)
    return Inverse(root, tuple(images), (above, symmetric(whole)), frozenset())


def by_powers(
    goal: Term, facts: Sequence[Theorem], deadline: float, prove: Prove
) -> Theorem | None:
    """``r <= s`` from ``r**n <= s**n`` where a fact says what r**n is; None if no way.

    >>> import time
    >>> from derivations.search.strategies import search_proof
    >>> from derivations.tactics import assume
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
    n, solved = exponent.head, solved_in(goal, root)
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
