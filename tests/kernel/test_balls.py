"""Enclosures by ball arithmetic: what is proved on a box, and what must not be."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import flint
import mpmath
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from derivations.kernel.balls import Interval, ball, compiled, halves, leaves
from derivations.kernel.terms import (
    PI,
    KernelError,
    Term,
    absolute,
    app,
    cos,
    exp,
    forall,
    function,
    le,
    log,
    lt,
    maximum,
    minimum,
    nat,
    ne,
    num,
    real,
    sin,
    sqrt,
    total,
)
from derivations.kernel.theorem import Theorem, infer

x, y, n = real("x"), real("y"), nat("n")
Q = Fraction
exact = st.fractions(-6, 6, max_denominator=50)


def enclosed(
    goal: Term, *bounds: Term, over: tuple[Term, ...] = (x,), tree: Any = (-1,), bits: Any = 64
) -> Theorem:
    premises = [infer("assume", formula=b) for b in bounds]
    return infer("enclosure", *premises, goal=goal, coordinates=over, tree=tree, bits=bits)


def refused(reason: str, goal: Term, *bounds: Term, **rest: Any) -> None:
    with pytest.raises(KernelError, match=reason):
        enclosed(goal, *bounds, **rest)


UNIT = (le(0, x), le(x, 1))


def test_what_it_says() -> None:
    proved = enclosed(exp(x) > 0, *UNIT)
    assert proved.conclusion == (exp(x) > 0) and proved.hypotheses == frozenset(UNIT)
    enclosed(lt(Q(314, 100), PI), over=())
    enclosed(lt(exp(PI), 24), over=())
    enclosed(-exp(x) - sqrt(x + 1) + cos(x) < maximum(sin(x), log(x + 1)) + minimum(x, 1), *UNIT)
    refused("not enclosed", lt(exp(PI), 23), over=())


@pytest.mark.parametrize(
    "bounds",
    [
        (x >= 0, x <= 1),
        (x > 0, x < 1),
        (le(0, x), app(">=", 1, x)),
        (lt(0, x), app(">", 1, x)),
        (le(-3, x), x >= 0, x <= 7, x <= 1),
    ],
)
def test_bounds_are_read_in_every_direction(bounds: tuple[Term, ...]) -> None:
    enclosed(x**2 - 2 * x > -3, *bounds)
    enclosed(x + 1 < Q(201, 100), *bounds)
    refused("not enclosed", x < Q(99, 100), *bounds)
    refused("not enclosed", x > Q(1, 100), *bounds)


def test_a_coordinate_may_be_fixed_and_may_be_any_term() -> None:
    enclosed(exp(x) > 7, app("=", x, num(2)))
    enclosed(exp(x) > 7, app("=", num(2), x))
    total_ = total(n, nat("k"), function("g", "N")(nat("k")))
    enclosed(exp(total_) > Q(9, 10), le(0, total_), le(total_, 5), over=(total_,))
    # The same term inside another one stays what it is.
    enclosed(exp(x) * y > 1, exp(x) >= 2, exp(x) <= 3, y >= 1, y <= 2, over=(exp(x), y))


def test_bounds_that_are_missing() -> None:
    refused("needs bounds", exp(x) > 0, le(0, x))
    refused("needs bounds", exp(x) > 0, le(x, 1))
    refused("needs bounds", exp(x) > 0, ne(x, 0), ne(x, 1))
    refused("needs bounds", exp(x) > 0, le(0, x), le(x, y), le(y, 1))
    refused("contradict", x > 5, le(1, x), le(x, 0))
    refused("cannot be enclosed", x + y > 0, *UNIT)
    refused("cannot be enclosed", total(n, nat("k"), x) > 0, *UNIT)
    refused("cannot be enclosed", total(n, nat("k"), x) + x > 0, le(0, n), le(n, 1), over=(n,))
    refused("cannot be enclosed", function("f", "R")(x) > 0, *UNIT)
    refused("not a relation", forall(y, x <= y), *UNIT)
    refused("not a relation", exp(x) > 0, forall(y, x <= y), *UNIT)
    refused("only inequalities", app("=", x, x), *UNIT)
    refused("only inequalities", ne(x, 5), *UNIT)
    for bits in (1, 0, -5, 10**6):
        refused("precision", exp(x) > 0, *UNIT, bits=bits)
    for bits in ("64", Q(129, 2)):
        refused(".", exp(x) > 0, *UNIT, bits=bits)


def test_outside_the_domain_nothing_is_concluded() -> None:
    half = sqrt(x - Q(1, 2))
    for wrong in (1 / x, 1 / x**2, log(x), half, x**-1, log(x - 2), 1 / (x - x), x / 0):
        for goal in (wrong > -(10**9), wrong < 10**9, wrong >= -(10**9), wrong <= 10**9):
            refused("not enclosed", goal, *UNIT)
    # Nor where it is multiplied by nothing.
    refused("not enclosed", 0 * log(x - 2) < 1, *UNIT)
    refused("not enclosed", maximum(log(x - 2), 0) >= 0, *UNIT)
    refused("not enclosed", minimum(log(x - 2), 0) <= 0, *UNIT)
    refused("not enclosed", absolute(log(x - 2)) >= -1, *UNIT)


def test_powers_on_a_ball_that_contains_zero() -> None:
    wide = (le(-1, x), le(x, 2))
    for goal in (x**2 > -Q(1, 10), x**4 > Q(-1, 10), x**3 > -9, x**3 < 9, x**0 >= 1, x**5 + 33 > 0):
        enclosed(goal, *wide)
    for goal in (x**3 > 0, x**3 > Q(-1, 2), x**2 > 0, x**2 < 3, x**1 > 0, x**-2 > 0, x**-1 < 99):
        refused("not enclosed", goal, *wide)
    enclosed(x**3 - x**-3 < 2, le(1, x), le(x, Q(5, 4)))
    enclosed(x**-2 > Q(1, 2), le(Q(-5, 4), x), le(x, -1))


def test_bisection() -> None:
    goal = x * (1 - x) < Q(3, 10)
    refused("not enclosed", goal, *UNIT)
    found = None
    for depth in range(1, 8):
        tree = [-1]
        for _ in range(depth):
            tree = [0, *tree, *tree]
        try:
            found = enclosed(goal, *UNIT, tree=tree)
            break
        except KernelError:
            continue
    assert found is not None and found.conclusion == goal
    refused("not a tree", exp(x) > 0, *UNIT, tree=[-1, -1])
    refused("not a tree", goal, *UNIT, tree=[1, -1, -1])
    refused("left over", exp(x) > 0, *UNIT, tree=[0, -1])
    refused("left over", exp(x) > 0, *UNIT, tree=[])
    refused(".", exp(x) > 0, *UNIT, tree=["-1"])


def test_parts_without_a_point() -> None:
    # On x <= 1/4 or x >= 1/2 only: the right half is excluded by the third premise.
    goal = 10 * x - 1 <= Q(16, 10)
    refused("not enclosed", goal, *UNIT, tree=[0, -1, -1])
    outside = (x * x <= Q(1, 16),)
    edge = [-1]
    for _ in range(6):
        edge = [0, *edge, -4]
    enclosed(goal, *UNIT, *outside, tree=[0, 0, -1, *edge, -4])
    refused("not excluded", goal, *UNIT, *outside, tree=[0, -4, -1])
    refused("no such premise", goal, *UNIT, *outside, tree=[0, -5, -1])
    refused("no such premise", goal, *UNIT, ne(x, 0), tree=[0, -4, -1])
    # An equation excludes on either side.
    enclosed(y > 2, *UNIT, le(0, y), le(y, 9), app("=", y, x + 3), over=(x, y),
             tree=[1, 1, -6, -1, -6])  # fmt: skip
    refused("not excluded", y > 2, *UNIT, le(0, y), le(y, 9), app("=", y, x + 3), over=(x, y),
            tree=[1, -6, -6])  # fmt: skip


def test_the_precision_is_given_back() -> None:
    before = flint.ctx.prec
    enclosed(exp(x) > 0, *UNIT, bits=333)
    refused("not enclosed", exp(x) > 2, *UNIT, bits=333)
    assert flint.ctx.prec == before


def test_precision_decides_close_cases() -> None:
    # pi against a fraction that agrees in 40 digits.
    mpmath.mp.dps = 60
    close = Q(int(mpmath.floor(mpmath.pi * 10**40)), 10**40)
    mpmath.mp.dps = 15
    refused("not enclosed", lt(close, PI), over=(), bits=64)
    enclosed(lt(close, PI), over=(), bits=200)
    refused("not enclosed", lt(close + Q(1, 10**40), PI), over=(), bits=200)


def test_trees_and_halves() -> None:
    square = (ball((Q(0), Q(1))), ball((Q(2), Q(4))))
    first, second = halves(square, 1)
    assert first[0] is square[0] and first[1].contains(2) and first[1].contains(3)
    assert second[1].contains(3) and second[1].contains(4) and not second[1].contains(2)
    found = [(str(b), code) for b, code in leaves(square, [0, -1, -2])]
    assert found == [(str(b), code) for b, code in zip(halves(square, 0), (-1, -2), strict=True)]


def ends(of: Any) -> Interval:
    """The ends of a ball, as exact rationals."""
    pairs = (tuple(map(int, e.man_exp())) for e in (of.lower(), of.upper()))
    low, high = (Q(m) * Q(2) ** e for m, e in pairs)
    return low, high


@given(st.tuples(exact, exact), st.lists(st.booleans(), max_size=80), st.fractions(0, 1))
def test_the_halves_cover_the_whole(
    sides: tuple[Fraction, Fraction], turns: list[bool], weight: Fraction
) -> None:
    """Whichever half a point is in, it stays in one of the two, however small they are."""
    low, high = min(sides), max(sides)
    point, box = low + weight * (high - low), (ball((low, high)),)
    for left_first in turns:
        pair = halves(box, 0)
        both = [(h, *ends(h[0])) for h in (pair if left_first else pair[::-1])]
        hits = [h for h, a, b in both if a <= point <= b]
        assert hits
        box = hits[0]


# Against another arithmetic, in 500 digits ------------------------------------------------------


_UNARY = ("exp", "log", "sqrt", "sin", "cos", "abs", "neg", "lambertw")


def _grown(terms: st.SearchStrategy[Term]) -> st.SearchStrategy[Term]:
    binary = st.tuples(st.sampled_from(["+", "-", "*", "/", "max", "min"]), terms, terms)
    unary = st.tuples(st.sampled_from([*_UNARY]), terms)
    powers = st.tuples(terms, st.integers(-3, 4)).map(lambda p: p[0] ** p[1])
    return st.one_of(binary.map(lambda b: app(*b)), unary.map(lambda u: app(*u)), powers)


terms = st.recursive(
    st.one_of(st.sampled_from([x, y, PI]), exact.map(num)), _grown, max_leaves=8
)
FUNCTIONS = {
    "exp": mpmath.exp, "log": mpmath.log, "sqrt": mpmath.sqrt, "sin": mpmath.sin,
    "cos": mpmath.cos, "abs": abs, "neg": lambda a: -a, "max": max, "min": min,
    "pi": lambda: +mpmath.pi, "lambertw": lambda a: mpmath.re(mpmath.lambertw(a, -1)),
    "+": lambda a, b: a + b, "-": lambda a, b: a - b,
    "*": lambda a, b: a * b, "/": lambda a, b: a / b, "^": lambda a, b: a ** int(b),
}  # fmt: skip


def value(term: Term, at: dict[Term, Any]) -> Any:
    if term.kind == "num":
        return mpmath.mpf(term.head.numerator) / term.head.denominator
    if term.kind == "var":
        return at[term]
    args = [value(a, at) for a in term.args]
    if term.head in ("log", "sqrt") and args[0] <= 0:
        raise ZeroDivisionError
    if term.head == "lambertw" and not -mpmath.exp(-1) <= args[0] < 0:
        raise ZeroDivisionError
    if term.head == "exp" and abs(args[0]) > 10**6:
        raise OverflowError
    return FUNCTIONS[term.head](*args)


weight = st.fractions(0, 1)


def number(text: str) -> Any:
    return mpmath.mpf(text)


@settings(deadline=None)
@given(terms, st.tuples(exact, exact), st.tuples(exact, exact), weight, weight)
def test_every_value_is_enclosed(
    term: Term, first: tuple[Fraction, Fraction], second: tuple[Fraction, Fraction],
    s: Fraction, t: Fraction,
) -> None:  # fmt: skip
    sides = [(min(p), max(p)) for p in (first, second)]
    inside = [low + w * (high - low) for (low, high), w in zip(sides, (s, t), strict=True)]
    found = compiled(term, [x, y])(*map(ball, sides))
    if not found.is_finite():
        return
    with mpmath.workdps(500):
        point = [mpmath.mpf(p.numerator) / p.denominator for p in inside]
        try:
            true = value(term, dict(zip((x, y), point, strict=True)))
        except (ZeroDivisionError, OverflowError):
            return
        lower, upper = (number(e.str(100, radius=False)) for e in (found.lower(), found.upper()))
        slack = mpmath.mpf(10) ** -95 * (1 + abs(lower) + abs(upper))
        assert lower - slack <= true <= upper + slack
