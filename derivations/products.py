"""Derived rules for finite products: powers and binomial coefficients with symbolic exponents.

Each is a kernel theorem about an arbitrary number of factors, by induction.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from derivations.calculus import differentiate, restate, same_function
from derivations.kernel.terms import (
    Definition,
    Term,
    beta,
    both,
    derivative,
    eq,
    function,
    implies,
    lam,
    le,
    lt,
    maximum,
    minimum,
    nat,
    num,
    product,
    real,
    total,
)
from derivations.kernel.theorem import Theorem
from derivations.tactics import (
    apply,
    assume,
    by_cases,
    discharge,
    have,
    induct,
    instance,
    intro,
    order,
    specialise,
    where,
)

_j, _k, _m, _n = (nat(name) for name in "jkmn")
_x, _y = real("x"), real("y")
_f = function("f", "N")

POWER = Definition("power", lam((_x, _n), product(_n, _j, _x)))
"""``power(x, n)``: x to the power n; 1 for n = 0."""

CHOOSE = Definition("choose", lam((_x, _k), product(_k, _j, (_x - _j) / (_j + 1))))
"""``choose(x, k)``: the binomial coefficient, a polynomial of degree k in x."""

COMPLEMENT = Definition(
    "complement",
    lam((_y, _n, _k), product(_n, _j, 1 + (_y - 1) * minimum(1, maximum(0, _j + 1 - _k)))),
)
"""``complement(y, n, k)``: y to the power n - k for k <= n: a factor y for each j, k <= j < n."""

PRODUCTS = ("power", "choose", "complement")
"""The definitions to unfold for arithmetic with powers and binomial coefficients."""


# Peeling the first term ----------------------------------------------------------------------


@cache
def first_factor() -> Theorem:
    """``Prod(n + 1, f) = f(0) Prod(n, f(. + 1))``; f and n are free."""

    def claim(count: Term) -> Term:
        rest = product(count, _j, _f(_j + 1))
        return eq(product(count + 1, _j, _f(_j)), _f(num(0)) * rest)

    rule = induct(_n, claim(_n), have(claim(num(0))), lambda given: have(claim(_n + 1), given))
    return specialise(rule, _n)


@cache
def first_term() -> Theorem:
    """``Sum(n + 1, f) = f(0) + Sum(n, f(. + 1))``; f and n are free."""

    def claim(count: Term) -> Term:
        rest = total(count, _j, _f(_j + 1))
        return eq(total(count + 1, _j, _f(_j)), _f(num(0)) + rest)

    rule = induct(_n, claim(_n), have(claim(num(0))), lambda given: have(claim(_n + 1), given))
    return specialise(rule, _n)


# Powers ----------------------------------------------------------------------------------------


@cache
def power_next() -> Theorem:
    """``power(x, n + 1) = x power(x, n)``."""
    return have(eq(POWER(_x, _n + 1), _x * POWER(_x, _n)), unfold=("power",))


@cache
def power_sign(strict: bool) -> Theorem:
    """``0 <= power(x, n)`` for 0 <= x; with < for <= if `strict`."""
    relation = lt if strict else le
    base = assume(relation(0, _x))

    def claim(exponent: Any) -> Term:
        return relation(0, POWER(_x, exponent))

    start = have(claim(num(0)), unfold=PRODUCTS)
    rule = induct(_n, claim(_n), start, lambda g: have(claim(_n + 1), g, base, unfold=PRODUCTS))
    return specialise(rule, _n)


@cache
def power_slope() -> Theorem:
    """``d/dx power(x, n + 1) = (n + 1) power(x, n)``."""
    u, a, d = real("u"), function("a", "R"), real("d")

    def claim(exponent: Any) -> Term:
        return derivative(u, POWER(u, exponent + 1), _x, (exponent + 1) * POWER(_x, exponent))

    rule = differentiate(u, u * a(u), _x, assume(derivative(u, a(u), _x, d)))

    def step(given: Theorem) -> Theorem:
        shape, _, value = given.conclusion.args
        made = discharge(where(rule, {a: shape, d: value}), given)
        goal = claim(_n + 1)
        longer = where(power_next(), {_x: u, _n: _n + 1})
        made = same_function(made, u, beta(goal.args[0], [u]), longer)
        return restate(made, goal.args[2], power_next())

    goal = claim(num(0))
    alone = have(eq(POWER(u, num(0) + 1), u), unfold=("power",))
    line = same_function(
        instance("derivative.identity", t=_x), u, beta(goal.args[0], [u]), alone
    )
    base = restate(line, goal.args[2], have(eq(POWER(_x, 0), 1), unfold=("power",)))
    return specialise(induct(_n, claim(_n), base, step), _n)


@cache
def bernoulli() -> Theorem:
    """``1 - n (1 - x) <= power(x, n) <= 1`` for 0 <= x <= 1."""
    low, high = assume(le(0, _x)), assume(le(_x, 1))

    def claim(exponent: Any) -> Term:
        value = POWER(_x, exponent)
        return both(le(1 - exponent * (1 - _x), value), le(value, 1))

    def step(given: Theorem) -> Theorem:
        known = (given, specialise(intro(power_sign(False), _n), _n), low, high)
        return have(claim(_n + 1), *known, unfold=PRODUCTS)

    rule = induct(_n, claim(_n), have(claim(num(0)), unfold=PRODUCTS), step)
    return specialise(rule, _n)


@cache
def complement_last() -> Theorem:
    """``complement(y, n + 1, k) = y complement(y, n, k)`` for k <= n."""
    inside = assume(le(_k, _n))
    gap = _n + 1 - _k
    large = by_cases(
        instance("maximum.cases", x=num(0), y=gap),
        lambda case: have(eq(maximum(0, gap), gap), case, inside),
        lambda case: have(eq(maximum(0, gap), gap), case),
    )
    one = minimum(1, maximum(0, gap))
    full = by_cases(
        instance("minimum.cases", x=num(1), y=maximum(0, gap)),
        lambda case: have(eq(one, 1), case),
        lambda case: have(eq(one, 1), case, large, inside),
    )
    goal = eq(COMPLEMENT(_y, _n + 1, _k), _y * COMPLEMENT(_y, _n, _k))
    return have(goal, full, unfold=PRODUCTS)


@cache
def complement_shift() -> Theorem:
    """``complement(y, n + 1, k + 1) = complement(y, n, k)``."""
    zero = by_cases(
        instance("maximum.cases", x=num(0), y=-_k),
        lambda case: have(eq(maximum(0, -_k), 0), case),
        lambda case: have(eq(maximum(0, -_k), 0), case),
    )
    none = by_cases(
        instance("minimum.cases", x=num(1), y=num(0)),
        lambda case: have(eq(minimum(1, 0), 0), case),
        lambda case: have(eq(minimum(1, 0), 0), case),
    )
    factor = lam(_j, 1 + (_y - 1) * minimum(1, maximum(0, _j + 1 - (_k + 1))))
    split = where(first_factor(), {_f: factor})
    goal = eq(COMPLEMENT(_y, _n + 1, _k + 1), COMPLEMENT(_y, _n, _k))
    return have(goal, split, zero, none, unfold=PRODUCTS)


@cache
def complement_end() -> Theorem:
    """``complement(y, n, n) = 1``."""
    claim = eq(COMPLEMENT(_y, _n, _n), 1)
    rule = induct(
        _n, claim, have(eq(COMPLEMENT(_y, 0, 0), 1), unfold=PRODUCTS),
        lambda given: have(eq(COMPLEMENT(_y, _n + 1, _n + 1), 1), given,
                           where(complement_shift(), {_k: _n})),
    )  # fmt: skip
    return specialise(rule, _n)


@cache
def complement_one() -> Theorem:
    """``complement(1, n, k) = 1``."""

    def claim(count: Any) -> Term:
        return eq(COMPLEMENT(1, count, _k), 1)

    rule = induct(_n, claim(_n), have(claim(num(0)), unfold=PRODUCTS),
                  lambda given: have(claim(_n + 1), given, unfold=PRODUCTS))  # fmt: skip
    return specialise(rule, _n)


@cache
def complement_none() -> Theorem:
    """``complement(y, n, 0) = power(y, n)``."""

    def claim(count: Any) -> Term:
        return eq(COMPLEMENT(_y, count, 0), POWER(_y, count))

    def step(given: Theorem) -> Theorem:
        last = discharge(where(complement_last(), {_k: num(0)}), have(le(0, _n)))
        return have(claim(_n + 1), last, given, where(power_next(), {_x: _y}))

    rule = induct(_n, claim(_n), have(claim(num(0)), unfold=PRODUCTS), step)
    return specialise(rule, _n)


@cache
def complement_sign(strict: bool) -> Theorem:
    """``0 <= complement(y, n, k)`` for 0 <= y; with < for <= if `strict`."""
    relation = lt if strict else le
    base = assume(relation(0, _y))
    share = minimum(1, maximum(0, _n + 1 - _k))
    goal = both(le(0, share), le(share, 1))

    def clipped(above: Theorem) -> Theorem:
        split = instance("minimum.cases", x=num(1), y=maximum(0, _n + 1 - _k))
        return by_cases(split, *([lambda case: have(goal, case, above)] * 2))

    split = instance("maximum.cases", x=num(0), y=_n + 1 - _k)
    between = by_cases(split, clipped, clipped)

    def claim(count: Any) -> Term:
        return relation(0, COMPLEMENT(_y, count, _k))

    wanted = relation(0, 1 + (_y - 1) * share)
    factor = by_cases(
        order(1, share),
        lambda case: have(wanted, have(eq(share, 1), case, between), base),
        lambda case: have(wanted, case, between, base),
    )
    start = have(claim(num(0)), unfold=PRODUCTS)
    rule = induct(_n, claim(_n), start, lambda g: have(claim(_n + 1), g, factor, unfold=PRODUCTS))
    return specialise(rule, _n)


# Binomial coefficients -----------------------------------------------------------------------


@cache
def absorption() -> Theorem:
    """``choose(x + 1, k + 1) = (x + 1)/(k + 1) choose(x, k)``."""

    def claim(index: Any) -> Term:
        ratio = (_x + 1) / (index + 1)
        return eq(CHOOSE(_x + 1, index + 1), ratio * CHOOSE(_x, index))

    def step(given: Theorem) -> Theorem:
        last = where(choose_next(), {_x: _x + 1, _k: _k + 1})
        return have(claim(_k + 1), last, given, choose_next())

    start = have(claim(num(0)), unfold=PRODUCTS)
    return specialise(induct(_k, claim(_k), start, step), _k)


@cache
def choose_next() -> Theorem:
    """``choose(x, k + 1) = choose(x, k) (x - k)/(k + 1)``."""
    return have(eq(CHOOSE(_x, _k + 1), CHOOSE(_x, _k) * (_x - _k) / (_k + 1)), unfold=PRODUCTS)


@cache
def pascal() -> Theorem:
    """``choose(x + 1, k + 1) = choose(x, k + 1) + choose(x, k)``."""
    goal = eq(CHOOSE(_x + 1, _k + 1), CHOOSE(_x, _k + 1) + CHOOSE(_x, _k))
    return have(goal, absorption(), choose_next())


@cache
def choose_all() -> Theorem:
    """``choose(n, n) = 1``."""
    rule = induct(
        _n, eq(CHOOSE(_n, _n), 1), have(eq(CHOOSE(0, 0), 1), unfold=PRODUCTS),
        lambda given: have(eq(CHOOSE(_n + 1, _n + 1), 1), given,
                           where(absorption(), {_k: _n, _x: _n})),
    )  # fmt: skip
    return specialise(rule, _n)


@cache
def choose_positive() -> Theorem:
    """``0 < choose(n, k)`` for k <= n."""
    inside = assume(le(_k, _n))

    def claim(index: Any) -> Term:
        return implies(le(index, _n), lt(0, CHOOSE(_n, index)))

    def step(given: Theorem) -> Theorem:
        further = assume(le(_k + 1, _n))
        before = apply(given, have(le(_k, _n), further))
        next_ = where(choose_next(), {_x: _n})
        return intro(have(lt(0, CHOOSE(_n, _k + 1)), before, next_, further), (),
                     further.conclusion)  # fmt: skip

    start = intro(have(lt(0, CHOOSE(_n, 0)), unfold=PRODUCTS), (), le(0, _n))
    return apply(induct(_k, claim(_k), start, step), inside, at=[_k])
