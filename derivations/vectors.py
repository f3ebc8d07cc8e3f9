"""Vectors in R^d: functions of an index j < d, their inner product and their length.

Each rule is a kernel theorem about arbitrary vectors of an arbitrary dimension.
"""

from __future__ import annotations

from functools import cache

from derivations import sums
from derivations.kernel.terms import (
    Definition,
    Term,
    beta,
    both,
    eq,
    function,
    lam,
    le,
    lt,
    nat,
    num,
    real,
    sqrt,
    total,
)
from derivations.kernel.theorem import Theorem
from derivations.tactics import (
    apply,
    assume,
    by_cases,
    discharge,
    have,
    instance,
    intro,
    order,
    where,
)

_d, _j = nat("d"), nat("j")
_x, _y = function("x", "N"), function("y", "N")
_s = real("s")

INNER = Definition("inner", lam((_d, _x, _y), total(_d, _j, _x(_j) * _y(_j))))
"""``inner(d, x, y)``: the inner product of two vectors in R^d."""

NORM = Definition("norm", lam((_d, _x), sqrt(INNER(_d, _x, _x))))
"""``norm(d, x)``: the length of a vector in R^d."""

PRODUCTS = ("inner", "norm")
"""The definitions to unfold for arithmetic with vectors."""


def vector(body: Term, index: Term = _j) -> Term:
    """The vector whose coordinate at the index is the body."""
    return lam(index, body)


def pair(x: Term, y: Term, dimension: Term = _d) -> Term:
    """The inner product of two vectors."""
    return INNER(dimension, x, y)


def square(x: Term, dimension: Term = _d) -> Term:
    """The squared length of a vector."""
    return INNER(dimension, x, x)


def length(x: Term, dimension: Term = _d) -> Term:
    """The length of a vector."""
    return NORM(dimension, x)


@cache
def square_sign() -> Theorem:
    """0 <= <x, x>; the vector and its dimension are free."""
    rule = where(sums.monotone(), f=lam(_j, num(0)), g=lam(_j, _x(_j) * _x(_j)), n=_d)
    each = intro(have(le(num(0), _x(_j) * _x(_j))), _j, lt(_j, _d))
    return have(le(0, square(_x)), discharge(rule, each), unfold=PRODUCTS)


@cache
def cauchy_schwarz() -> Theorem:
    """<x, y>**2 <= <x, x> <y, y>."""
    xx, xy, yy = pair(_x, _x), pair(_x, _y), pair(_y, _y)
    shifted = where(square_sign(), {_x: lam(_j, _x(_j) - _s * _y(_j))})
    expanded = have(le(0, xx - 2 * _s * xy + _s**2 * yy), shifted, unfold=PRODUCTS)
    goal = le(xy**2, xx * yy)

    def regular(case: Theorem) -> Theorem:
        best = where(expanded, {_s: xy / yy})
        return have(goal, have(le(0, xx - xy**2 / yy), best, case), case)

    def zero(case: Theorem) -> Theorem:
        flat = have(eq(yy, 0), case, where(square_sign(), {_x: lam(_j, _y(_j))}))

        def apart(positive: Theorem) -> Theorem:
            # 0 <= <x, x> - 2 s <x, y> for every s, which fails for a large one.
            far = where(expanded, {_s: (xx + 1) / (2 * xy**2) * xy})
            return have(goal, have(le(0, xx - (xx + 1)), far, flat, positive))

        return by_cases(order(xy**2, num(0)), lambda none: have(goal, none, flat), apart)

    return by_cases(order(yy, num(0)), zero, regular)


@cache
def length_facts() -> Theorem:
    """0 <= |x| and |x|**2 = <x, x>."""
    sign = have(le(0, total(_d, _j, _x(_j) * _x(_j))), square_sign(), unfold=PRODUCTS)
    root = apply(instance("root.square", x=sign.conclusion.args[1]), sign)
    above = apply(instance("root.nonnegative", x=sign.conclusion.args[1]), sign)
    goal = both(le(0, length(_x)), eq(length(_x) ** 2, square(_x)))
    return have(goal, root, above, unfold=PRODUCTS)


@cache
def inner_below() -> Theorem:
    """<x, y> <= |x| |y|."""
    cauchy = cauchy_schwarz()
    sizes = [length_facts(), where(length_facts(), {_x: lam(_j, _y(_j))})]
    goal = le(pair(_x, _y), length(_x) * length(_y))
    p, a, b, u, v = (real(name) for name in "pabuv")

    def beyond(case: Theorem) -> Theorem:
        return have(le(p, u * v), case, *plain)

    plain = [
        assume(le(p**2, a * b)), assume(both(le(0, u), eq(u**2, a))),
        assume(both(le(0, v), eq(v**2, b))),
    ]  # fmt: skip
    scalar = by_cases(order(p, u * v), lambda case: case, beyond)
    values = {
        p: pair(_x, _y), a: square(_x), b: square(_y), u: length(_x), v: length(_y)
    }  # fmt: skip
    made = where(scalar, values)
    return have(goal, discharge(made, cauchy, *sizes))


def at(theorem: Theorem, x: Term, y: Term | None = None, dimension: Term = _d) -> Theorem:
    """A rule of this module for given vectors (functions of the index) in that dimension."""
    mapping = {_x: x, _d: dimension} if y is None else {_x: x, _y: y, _d: dimension}
    return where(theorem, mapping)


def coordinate(x: Term, index: Term) -> Term:
    """One coordinate of a vector."""
    return beta(x, [index])
