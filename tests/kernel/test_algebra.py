"""Normal forms: equal terms agree, different terms do not, and 1/0 is nobody's business."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from derivations.kernel.algebra import Algebra
from derivations.kernel.terms import (
    PI,
    KernelError,
    Term,
    absolute,
    app,
    eq,
    exp,
    function,
    lam,
    log,
    nat,
    num,
    product,
    real,
    sin,
    total,
)

x, y, z, n, m, k = real("x"), real("y"), real("z"), nat("n"), nat("m"), nat("k")
x_ = nat("x")
f, g, w = function("f", "R"), function("g", "N"), function("w", "N", "N")


def same(a: Any, b: Any, nonzero: list[Term] | None = None) -> bool:
    return Algebra(nonzero=nonzero or []).is_zero(app("-", a, b))


@pytest.mark.parametrize(
    ("a", "b"),
    [
        ((x + y) ** 3, x**3 + 3 * x**2 * y + 3 * x * y**2 + y**3),
        ((x - y) * (x + y), x**2 - y**2),
        (x / 3 + x / 6, x / 2),
        (0 - (-x), x),
        (x / 7 * 7, x),
        (exp(x + y - y), exp(x)),
        (exp(x) / exp(x), num(1)),
        (x**0, num(1)),
        (f((x + y) ** 2), f(x**2 + 2 * x * y + y**2)),
        (f(1 / (x * y)), f(1 / (y * x))),
        (total(n, m, g(m) + 1), total(n, m, g(m)) + n),
        (total(n, m, x * g(m)), x * total(n, m, g(m))),
        (total(n + 1, m, g(m)), total(n, m, g(m)) + g(n)),
        (total(n + 2, m, g(m)), total(n, m, g(m)) + g(n) + g(n + 1)),
        (total(3, m, m**2), num(5)),
        (total(0, m, g(m)), num(0)),
        (total(n, m, 0), num(0)),
        (total(n, m, total(k, x_, g(m) * g(x_))), total(n, m, g(m)) * total(k, m, g(m))),
        (total(n, m, total(k, nat("j"), w(m, nat("j")))), total(n, x_, total(k, m, w(x_, m)))),
        (total(n, m, (g(m) - x) ** 2), total(n, m, g(m) ** 2 - 2 * x * g(m)) + n * x**2),
        (total(n, m, x / exp(g(m) + y)), x * total(n, m, 1 / exp(g(m) + y))),
        (total(n, m, 1 / (exp(x) * exp(g(m)))), total(n, m, 1 / exp(g(m))) / exp(x)),
        (total(n, m, exp(x + g(m))), total(n, m, exp(g(m) + x))),
        (product(0, m, g(m)), num(1)),
        (product(3, m, m + 2), num(24)),
        (product(n + 2, m, g(m)), product(n, m, g(m)) * g(n) * g(n + 1)),
        (product(n, m, g(m) * 2 + x), product(n, k, x + g(k) + g(k))),
        (total(n, m, x * product(m, k, g(k))), x * total(n, k, product(k, m, g(m)))),
        (total(2, m, product(n + m, k, g(k))), product(n, m, g(m)) * (1 + g(n))),
        (product(3, m, total(m, k, g(k))), num(0)),
        (g(n + m), g(m + n)),
        (g(n + 1 + 1), g(n + 2)),
    ],
    ids=repr,
)  # fmt: skip
def test_equal(a: Term, b: Term) -> None:
    assert same(a, b)
    assert not same(a, b + 1) and not same(a, 2 * b + 1)


@pytest.mark.parametrize(
    ("a", "b"),
    [
        ((x + y) ** 2, x**2 + y**2),
        (x - y, y - x),
        (f(x), f(y)),
        (f(x), real("f")),
        (exp(x + y), exp(x) * exp(y)),
        (total(n, m, g(m)), total(k, m, g(m))),
        (total(n, m, g(m) ** 2), total(n, m, g(m)) ** 2),
        (total(n + 1, m, g(m)), total(n, m, g(m)) + g(n + 1)),
        (product(n, m, x * g(m)), x * product(n, m, g(m))),
        (product(n, m, num(1)), total(n, m, num(1))),
        (product(n + 1, m, g(m)), product(n, m, g(m)) * g(n + 1)),
        (product(n, m, g(m)), product(k, m, g(m))),
        (product(n, m, num(0)), num(0)),
        (total(n, m, w(n, m)), total(n, m, w(m, n))),
        (total(n, m, total(n, k, w(m, k))), total(n, m, total(n, k, w(k, m)))),
        (g(n + 1), g(n) + 1),
        (absolute(-x), absolute(x)),
        (sin(-x), -sin(x)),
        (PI, num(Fraction(22, 7))),
        (log(x * y), log(x) + log(y)),
        (real("n"), nat("n")),
        (x, nat("x")),
    ],
    ids=repr,
)
def test_not_identified(a: Term, b: Term) -> None:
    assert not same(a, b)


# Denominators --------------------------------------------------------------------------------


def test_a_quotient_needs_a_nonzero_denominator() -> None:
    for quotient in (x / x, x * x**-1, (x * y) / (x * y), x**2 / x**2):
        assert not same(quotient, 1)
    assert same(x / x, 1, [x]) and same(x * x**-1, 1, [x])
    assert same(x * y / (x * y), 1, [x, y]) and same(x * y / (x * y), 1, [x * y])
    assert not same(x * y / (x * y), 1, [x])
    # A product that is nonzero says so of its factors only together.
    assert not same(x / x, 1, [x * y])
    assert same((x - y) / (2 * y - 2 * x), Fraction(-1, 2), [x - y])
    assert same(1 / (1 / x), x, [x]) and not same(1 / (1 / x), x)
    assert same(1 / exp(x) * exp(x), 1) and same(1 / (exp(x) ** 2 * exp(y)) * exp(y), exp(x) ** -2)


def test_division_by_zero_stays_what_it_is() -> None:
    # 1/0 is some number; 0 * (1/0) is 0, as for every number, and nothing else is known.
    assert same(0 * (1 / num(0)), 0) and same(1 / num(0), 1 / (x - x))
    assert not same(num(0) / num(0), 1) and not same(1 / num(0), 0)
    assert not same(1 / (x - x) * (x - x), 1)


def test_a_name_is_no_reason_to_be_nonzero() -> None:
    for fake in (real("exp"), function("exp", "R")(x), nat("exp") + 0):
        assert not same(fake / fake, 1)


def test_a_fact_may_need_another_fact() -> None:
    # x/y is nonzero, and only with y nonzero is it a quotient; both orders.
    for facts in ([x / y, y], [y, x / y]):
        assert same(x / x, 1, facts)
    assert not Algebra(nonzero=[x]).is_nonzero(x + 1)
    assert Algebra(nonzero=[x]).is_nonzero(3 * x**2) and not Algebra().is_nonzero(x)
    assert Algebra().is_nonzero(exp(x) * exp(y)) and not Algebra().is_nonzero(x - x)
    assert not Algebra().is_nonzero(exp(x) + 1)
    # A fact that says 0 is nonzero is contradictory; it is not used.
    assert not same(num(0) / num(0), 1, [x - x])


# Equations -----------------------------------------------------------------------------------


def test_equations_replace_atoms() -> None:
    assert Algebra(equations=[(x, y + 1)]).is_zero(exp(x) - exp(y + 1))
    assert Algebra(equations=[(f(x), y), (x, z)]).is_zero(f(z) - y)
    assert Algebra(equations=[(total(n, m, g(m)), num(1))]).is_zero(total(n, m, 2 * g(m)) - 2)
    assert Algebra(nonzero=[x], equations=[(x, y)]).is_zero(1 / y * y - 1)
    assert not Algebra(equations=[(x, y)]).is_zero(x - z)
    for wrong in (x + y, 2 * x, num(0), x * y, x / y, x - x + 1):
        with pytest.raises(KernelError, match="not a single atom"):
            Algebra(equations=[(wrong, num(1))])


# Limits --------------------------------------------------------------------------------------


def test_as_many_atoms_as_it_takes() -> None:
    many = sum((real(f"a{i}") for i in range(1, 100)), real("a0"))
    algebra = Algebra(nonzero=[real("a7")], equations=[(real("a3"), real("b"))])
    assert algebra.is_zero(many - real("a3") - (many - real("b")))
    assert algebra.is_zero(real("a7") / real("a7") - 1)
    forty = [real(f"a{i}") for i in range(40)]
    assert Algebra(nonzero=forty).is_zero(real("a39") / real("a39") - 1)
    assert algebra.is_combination(many * many, [(Fraction(1), [(many, 2)])])


def test_terms_that_need_more_room_than_the_one_before() -> None:
    more = sum((real(f"b{i}") for i in range(1, 40)), real("b0"))
    combination = [(Fraction(1), [(x, 1)]), (Fraction(2), [(more, 1)])]
    assert Algebra().is_combination(x + 2 * more, combination)
    assert Algebra().is_combination(x, [(Fraction(1), [(x - more, 1)]), (Fraction(1), [(more, 1)])])
    assert not Algebra().is_combination(x + more, combination)


def test_what_would_take_for_ever_is_refused() -> None:
    with pytest.raises(KernelError, match="exponent"):
        Algebra().is_zero((x + 1) ** 100_000)
    with pytest.raises(KernelError, match="exponent"):
        Algebra(nonzero=[x]).is_zero(x**-100_000)
    with pytest.raises(KernelError, match="too long"):
        Algebra().is_zero(total(n + 1000, m, g(m)))
    with pytest.raises(KernelError, match="too long"):
        Algebra().is_zero(product(1000, m, g(m)))
    with pytest.raises(KernelError, match="division by zero"):
        Algebra().power(Algebra().number(0), -1)


def test_combinations() -> None:
    algebra = Algebra(nonzero=[y])
    half = Fraction(1, 2)
    assert algebra.is_combination(x / 2 + 3, [(half, [(x, 1)]), (Fraction(3), [])])
    assert algebra.is_combination(x**2 / y, [(Fraction(1), [(x, 2), (y, -1)])])
    assert not algebra.is_combination(x / 2 + 3, [(half, [(x, 1)])])
    assert not algebra.is_combination(x, [])
    assert algebra.is_combination(x - x, [])


def test_bound_variables_of_other_kinds() -> None:
    # A function of a real is compared as written: it is no finite sum.
    derivative = app("derivative", lam(x, x + x), y, num(2))
    assert derivative.args[0] == lam(z, z + z)
    h = function("h", (("R",), "R"), "R")
    assert same(h(lam(x, x + x), y), h(lam(z, z + z), y + 0))
    assert not same(h(lam(x, x + x), y), h(lam(x, 2 * x), y))


# At random -----------------------------------------------------------------------------------

leaves = st.one_of(
    st.sampled_from([x, y, z, n]), st.fractions(-3, 3, max_denominator=3).map(num)
)


def _grown(terms: st.SearchStrategy[Term]) -> st.SearchStrategy[Term]:
    pairs = st.tuples(st.sampled_from("+-*/"), terms, terms)
    powers = st.tuples(terms, st.integers(-2, 3))
    return st.one_of(
        pairs.map(lambda p: app(*p)), powers.map(lambda p: p[0] ** p[1]), terms.map(lambda t: -t)
    )


terms = st.recursive(leaves, _grown, max_leaves=10)


def value(term: Term, at: dict[Term, Fraction]) -> Fraction:
    """The value by Python's own arithmetic; raises `ZeroDivisionError` where there is none."""
    if term.kind == "num":
        return Fraction(term.head)
    if term.kind == "var":
        return at[term]
    args = [value(a, at) for a in term.args]
    if term.head == "^":
        return args[0] ** int(args[1])
    if term.head == "neg":
        return -args[0]
    if term.head == "/":
        return args[0] / args[1]
    return {"+": lambda a, b: a + b, "-": lambda a, b: a - b, "*": lambda a, b: a * b}[term.head](
        *args
    )


numbers = st.fractions(-5, 5, max_denominator=7)


@given(terms, numbers, numbers, numbers, st.integers(0, 9))
def test_the_normal_form_has_the_same_value(
    term: Term, a: Fraction, b: Fraction, c: Fraction, natural: int
) -> None:
    at = {x: a, y: b, z: c, n: Fraction(natural)}
    nonzero = [v for v in (x, y, z) if at[v]]
    algebra = Algebra(nonzero=nonzero)
    try:
        before, normal = value(term, at), algebra.term(algebra.normal(term))
    except (ZeroDivisionError, OverflowError):
        return
    assert value(normal, at) == before
    assert algebra.term(algebra.normal(normal)) == normal
    assert algebra.is_zero(eq(term, normal).args[0] - normal)


@given(terms, terms, st.lists(numbers, min_size=3, max_size=3))
def test_what_is_identified_is_equal(a: Term, b: Term, point: list[Fraction]) -> None:
    if Algebra().is_zero(a - b):
        at = {x: point[0], y: point[1], z: point[2], n: Fraction(2)}
        try:
            assert value(a, at) == value(b, at)
        except ZeroDivisionError:
            return
