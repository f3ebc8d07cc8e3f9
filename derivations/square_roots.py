"""Derived rules for square roots: order, products, the tangent and a parabola below.

Each is a kernel theorem about arbitrary reals, proved once and then instantiated.
"""

from __future__ import annotations

from functools import cache

from derivations.kernel.terms import Term, both, eq, le, lt, num, real, sqrt
from derivations.kernel.theorem import Theorem
from derivations.tactics import (
    apply,
    assume,
    by_cases,
    discharge,
    have,
    instance,
    order,
    part,
    rewrite,
    symmetric,
    where,
)

_x, _y, _s, _r = (real(name) for name in "xysr")


def root_of(x: Term, *facts: Theorem) -> Theorem:
    """``0 <= sqrt(x) and sqrt(x)**2 = x``, for an x that the facts prove non-negative."""
    sign = have(le(0, x), *facts)
    return have(
        both(le(0, sqrt(x)), eq(sqrt(x) ** 2, x)),
        apply(instance("root.nonnegative", x=x), sign), apply(instance("root.square", x=x), sign),
    )  # fmt: skip


@cache
def root_positive() -> Theorem:
    """``0 < sqrt(x)`` for 0 < x."""
    positive = assume(lt(0, _x))
    root = root_of(_x, positive)
    goal = lt(0, sqrt(_x))
    return by_cases(
        order(sqrt(_x), num(0)),
        lambda case: have(goal, have(eq(sqrt(_x), 0), case, root), root, positive),
        lambda case: case,
    )


@cache
def root_unique() -> Theorem:
    """``sqrt(x) = y`` for 0 <= y and x = y**2."""
    sign, square = assume(le(0, _y)), assume(eq(_x, _y**2))
    root = root_of(_x, square)
    product = have(eq((sqrt(_x) - _y) * (sqrt(_x) + _y), 0), root, square)
    goal = eq(sqrt(_x), _y)
    return by_cases(
        order(sqrt(_x) + _y, num(0)),
        lambda case: have(goal, have(eq(sqrt(_x), 0), case, root, sign),
                          have(eq(_y, 0), case, root, sign)),
        lambda case: have(goal, case, product),
    )  # fmt: skip


@cache
def root_monotone() -> Theorem:
    """``sqrt(x) <= sqrt(y)`` for 0 <= x <= y."""
    sign, ordered = assume(le(0, _x)), assume(le(_x, _y))
    small, large = root_of(_x, sign), root_of(_y, sign, ordered)
    goal = le(sqrt(_x), sqrt(_y))
    return by_cases(
        order(sqrt(_x), sqrt(_y)),
        lambda case: case,
        lambda case: have(goal, case, small, large, ordered),
    )


@cache
def over_root() -> Theorem:
    """``x/sqrt(x) = sqrt(x)`` for 0 <= x; at x = 0 both sides are 0."""
    sign = assume(le(0, _x))
    root = root_of(_x, sign)
    goal = eq(_x / sqrt(_x), sqrt(_x))

    def zero(case: Theorem) -> Theorem:
        nothing = have(eq(sqrt(_x), 0), case, root)
        return have(goal, have(eq(_x, 0), nothing, root), nothing)

    return by_cases(order(sqrt(_x), num(0)), zero, lambda case: have(goal, case, root))


@cache
def root_of_scaled() -> Theorem:
    """``sqrt(x y**2) = sqrt(x) y`` for 0 <= x and 0 <= y."""
    sign, factor = assume(le(0, _x)), assume(le(0, _y))
    root = root_of(_x, sign)
    rule = where(root_unique(), {_x: _x * _y**2, _y: sqrt(_x) * _y})
    return discharge(rule, have(le(0, sqrt(_x) * _y), root, factor),
                     have(eq(_x * _y**2, (sqrt(_x) * _y) ** 2), root))  # fmt: skip


@cache
def root_tangent(strict: bool = False) -> Theorem:
    """``sqrt(x) <= (x + y)/(2 sqrt(y))`` for 0 <= x and 0 < y; < for x < y if `strict`."""
    sign, positive = assume(le(0, _x)), assume(lt(0, _y))
    small, large = root_of(_x, sign), root_of(_y, positive)
    above = discharge(where(root_positive(), {_x: _y}), positive)
    s, r = assume(lt(0, _s)), assume(le(0, _r))
    goal = (_r**2 + _s**2) / (2 * _s)
    if not strict:
        scalar = have(le(_r, goal), s, r, have(le(0, (_s - _r) ** 2)))
        made = discharge(where(scalar, {_s: sqrt(_y), _r: sqrt(_x)}), above, small)
    else:
        smaller = assume(lt(_r**2, _s**2))
        apart = by_cases(order(_s, _r), lambda case: have(lt(_r, _s), case, smaller, s),
                         lambda case: case)  # fmt: skip
        scalar = have(lt(_r, goal), s, r, have(lt(0, (_s - _r) ** 2), apart))
        known = have(lt(sqrt(_x) ** 2, sqrt(_y) ** 2), assume(lt(_x, _y)), small, large)
        made = discharge(where(scalar, {_s: sqrt(_y), _r: sqrt(_x)}), above, small, known)
    return rewrite(made, part(small, 1), part(large, 1))


@cache
def root_parabola() -> Theorem:
    """``sqrt(y) (1 + z/2 - z**2/2) <= sqrt(x)``, z = (x - y)/y, for 0 <= x and 0 < y."""
    sign, positive = assume(le(0, _x)), assume(lt(0, _y))
    small, large = root_of(_x, sign), root_of(_y, positive)
    strict = discharge(where(root_positive(), {_x: _y}), positive)
    s, r = assume(lt(0, _s)), assume(le(0, _r))
    gap = _r**2 - _s**2
    ratio = gap / _s**2
    below = _s * (1 + ratio / 2 - ratio**2 / 2)
    # With w = r/s: w - 1 - (w**2 - 1)/2 + (w**2 - 1)**2/2 = (w - 1)**2 w (w + 2)/2.
    square, rest = (_r - _s) ** 2, _r * (_r + 2 * _s) / (2 * _s**3)
    excess = have(eq(_r - below, square * rest), s)
    product = have(le(0, _x * _y), assume(le(0, _x)), assume(le(0, _y)))
    signs = have(le(0, square)), have(le(0, rest), s, r)
    sign_ = discharge(where(product, {_x: square, _y: rest}), *signs)
    moved = where(have(le(_x, _y), assume(le(0, _y - _x))), {_x: below, _y: _r})
    scalar = discharge(moved, rewrite(sign_, symmetric(excess)))
    made = discharge(where(scalar, {_s: sqrt(_y), _r: sqrt(_x)}), strict, small)
    return rewrite(made, part(small, 1), part(large, 1))
