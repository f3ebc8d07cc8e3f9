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
    forall,
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
_k = nat("k")
_x, _y = function("x", "N"), function("y", "N")
_P = function("P", "N", "N")
_s = real("s")

INNER = Definition("inner", lam((_d, _x, _y), total(_d, _j, _x(_j) * _y(_j))))
"""``inner(d, x, y)``: the inner product of two vectors in R^d."""

NORM = Definition("norm", lam((_d, _x), sqrt(INNER(_d, _x, _x))))
"""``norm(d, x)``: the length of a vector in R^d."""

IMAGE = Definition(
    "image", lam((_d, _P, _x, _j), total(_d, _k, _P(_j, _k) * _x(_k)))
)
"""``image(d, P, x, j)``: coordinate j of the vector P x, for a matrix P."""

PRODUCTS = ("inner", "norm", "image")
"""The definitions to unfold for arithmetic with vectors."""


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


@cache
def inner_within() -> Theorem:
    """-|x| |y| <= <x, y> <= |x| |y|."""
    turned = lam(_j, -_x(_j))
    sides = [inner_below(), where(inner_below(), {_x: turned})]
    same = have(eq(square(turned), square(_x)), unfold=PRODUCTS)
    inner, size = pair(_x, _y), length(_x) * length(_y)
    return have(both(le(-size, inner), le(inner, size)), *sides, same, unfold=PRODUCTS)


def at(theorem: Theorem, x: Term, y: Term | None = None, dimension: Term = _d) -> Theorem:
    """A rule of this module for given vectors (functions of the index) in that dimension."""
    mapping = {_x: x, _d: dimension} if y is None else {_x: x, _y: y, _d: dimension}
    return where(theorem, mapping)


# Symmetric matrices ------------------------------------------------------------------------------

_low, _high, _u, _v = real("low"), real("high"), real("u"), real("v")


def image(matrix: Term, x: Term, dimension: Term = _d) -> Term:
    """The vector ``P x``, for a matrix given as a function of row and column."""
    return lam(_j, IMAGE(dimension, matrix, x, _j))


def symmetric(matrix: Term, dimension: Term = _d) -> Term:
    """P(j, k) = P(k, j) for j, k < d."""
    entries = beta(matrix, [_j, _k]), beta(matrix, [_k, _j])
    return forall((_j, _k), lt(_j, dimension), lt(_k, dimension), eq(*entries))


def rayleigh(matrix: Term, x: Term, low: Term, high: Term, dimension: Term = _d) -> Term:
    """low |z|**2 <= <z, P z> <= high |z|**2 for every vector z = u x + v P x."""
    combined = lam(_j, _u * beta(x, [_j]) + _v * beta(image(matrix, x, dimension), [_j]))
    form = pair(combined, image(matrix, combined, dimension), dimension)
    whole = square(combined, dimension)
    return forall((_u, _v), both(le(low * whole, form), le(form, high * whole)))


@cache
def self_adjoint() -> Theorem:
    """<x, P y> = <P x, y> for a symmetric matrix P."""
    matrix = lam((_j, _k), _P(_j, _k))
    x, y = lam(_j, _x(_j)), lam(_j, _y(_j))
    rule = where(
        sums.exchange(), n=_d, m=_d, a=lam(_j, _x(_j)), b=lam(_k, _y(_k)),
        F=lam((_j, _k), _P(_j, _k)),
    )  # fmt: skip
    row, column = assume(lt(_k, _d)), assume(lt(_j, _d))
    flipped = apply(assume(symmetric(matrix)), column, row, at=[_j, _k])
    inner = [lam(_j, _x(_j) * entry) for entry in (_P(_j, _k), _P(_k, _j))]
    each = _congruent(inner, have(eq(*(beta(f, [_j]) for f in inner)), flipped), _j)
    outer = [lam(_k, _y(_k) * total(_d, _j, beta(f, [_j]))) for f in inner]
    summed = _congruent(outer, have(eq(*(beta(f, [_k]) for f in outer)), each), _k)
    return have(
        eq(pair(x, image(matrix, y)), pair(image(matrix, x), y)), rule, summed, unfold=PRODUCTS
    )


def _congruent(sides: list[Term], each: Theorem, index: Term) -> Theorem:
    """The sums over the index agree, from the equation of their terms below d."""
    names = {function(name, "N"): side for name, side in zip("fg", sides, strict=True)}
    return discharge(where(sums.congruent(), names, n=_d), intro(each, index, lt(index, _d)))


@cache
def image_bound() -> Theorem:
    """low |x|**2 <= <x, P x> and |P x|**2 <= high <x, P x>, 0 <= low and 0 < high.

    The matrix is symmetric and its Rayleigh quotients lie between low and high, on the span of x
    and P x: for 0 <= <z, P z> with z = x - P x/high, and <P x, P P x> <= high |P x|**2.
    """
    matrix, x = lam((_j, _k), _P(_j, _k)), lam(_j, _x(_j))
    moved = image(matrix, x)
    bounds = assume(rayleigh(matrix, x, _low, _high))
    signs = [assume(le(0, _low)), assume(lt(0, _high))]
    flipped = where(self_adjoint(), {_y: moved})
    here, there = (apply(bounds, at=place) for place in ([1, 0], [0, 1]))
    second = pair(moved, image(matrix, moved))
    first = have(le(_low * square(x), pair(x, moved)), here, unfold=PRODUCTS)
    upper = have(le(second, _high * square(moved)), there, unfold=PRODUCTS)
    shifted = apply(bounds, at=[1, -1 / _high])
    combined = square(lam(_j, _x(_j) - 1 / _high * beta(moved, [_j])))
    sign = have(le(0, combined), at(square_sign(), lam(_j, _x(_j) - 1 / _high * beta(moved, [_j]))))
    lower = have(
        le(0, pair(x, moved) - 2 * square(moved) / _high + second / _high**2),
        shifted, sign, flipped, *signs, unfold=PRODUCTS,
    )  # fmt: skip
    goal = le(square(moved), _high * pair(x, moved))
    return have(both(first.conclusion, goal), first, lower, upper, *signs)
