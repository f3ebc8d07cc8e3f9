"""The language: what can be written, what it means, what is refused."""

from __future__ import annotations

import copy
import dataclasses
import pickle
import sys
from fractions import Fraction
from typing import Any

import pytest

from derivations.kernel.terms import (
    PI,
    SIGNATURES,
    Definition,
    Hint,
    KernelError,
    Term,
    _shift,
    absolute,
    app,
    beta,
    bind,
    both,
    definitions,
    either,
    eq,
    exists,
    exp,
    forall,
    free_variables,
    function,
    genuine,
    implies,
    lam,
    lambertw,
    le,
    lift,
    log,
    lt,
    maximum,
    nat,
    num,
    product,
    real,
    sin,
    sqrt,
    substitute,
    total,
    undefined,
    unfold,
    var,
)

x, y, z, n, m = real("x"), real("y"), real("z"), nat("n"), nat("m")
k, h2 = nat("k"), function("h", "R", "R")
f, g2 = function("f", "R"), function("g", "N", "R")
square = Definition("square", lam(x, x * x))
SAMPLES = [
    num(3), num(Fraction(-1, 2)), x, n, f, x + 1, -x, x / y, x**-2, exp(x), f(x), g2(n, x),
    PI, lam(x, f(x) + y), lam((n, x), g2(n, x)), lam(x, lam(y, x + y)(x)), total(n, m, f(m)),
    forall(x, x <= y), exists((n, x), both(x <= n, either(eq(x, 0), n > 0))),
    forall(x, exists(y, forall(z, implies(x < y, f(z) <= g2(n, x * y))))), square(x),
]  # fmt: skip


# Building ------------------------------------------------------------------------------------


def test_sorts_of_results() -> None:
    assert num(3).sort == n.sort == (n + 1).sort == (n * m).sort == "N"
    assert num(-3).sort == num(Fraction(1, 2)).sort == (n - 1).sort == (-n).sort == "R"
    assert (n + x).sort == total(n, m, m).sort == (n**2).sort == (n / 1).sort == "R"
    assert (x <= y).sort == forall(x, x <= y).sort == "B"
    assert lam((n, x), x).sort == (("N", "R"), "R")
    assert square(x).sort == "R"


@pytest.mark.parametrize("term", SAMPLES, ids=repr)
def test_copies_are_the_same_object(term: Term) -> None:
    assert copy.copy(term) is copy.deepcopy(term) is pickle.loads(pickle.dumps(term)) is term


def test_inside_a_binder_too() -> None:
    inner = forall(x, x <= y).args[0].args[0]
    assert inner.loose == 1 and pickle.loads(pickle.dumps(inner)) is inner


def test_bound_names_do_not_matter() -> None:
    assert forall(x, x <= z) == forall(y, y <= z) and forall(x, x <= z) != forall(x, x <= y)
    assert hash(forall(x, x <= z)) == hash(forall(y, y <= z))
    # Yet each is shown as it was written.
    assert repr(forall(x, x <= z)) == "forall x. x <= z" != repr(forall(y, y <= z))
    assert Hint("a") == Hint("b") and not Hint("a") != Hint("b") and Hint("a") != "a"


def test_functions_are_equal_to_their_expansion() -> None:
    assert app("Sum", n, function("h", "N")) == total(n, m, function("h", "N")(m))
    assert beta(lam(x, f(x)), [y]) == f(y) and lam(x, x + 1)(y) == y + 1
    assert f.sort != lam(x, f(x)).kind


@pytest.mark.parametrize("value", [0.5, True, "1", None, 1j, [x], float("nan")])
def test_only_exact_numbers(value: Any) -> None:
    for build in (num, lift, lambda v: x + v, lambda v: v * x, lambda v: exp(v), lambda v: f(v)):
        with pytest.raises((KernelError, TypeError)):
            build(value)


def test_numerals_have_a_length_that_can_be_written() -> None:
    assert str(2**9000) in repr(num(2**9000))
    for value in (10**4300, -(10**4300), Fraction(1, 10**4300)):
        with pytest.raises(KernelError, match="bits"):
            num(value)


@pytest.mark.parametrize("name", ["", "1x", "a b", "#0", "x\n", "x(", None, 3, ("x",)])
def test_names_are_identifiers(name: Any) -> None:
    with pytest.raises(KernelError):
        var(name)


@pytest.mark.parametrize(
    "sort",
    ["Q", "", None, 0, ["R"], (), ("R",), ((), "R"), (("Q",), "R"), (["R"], "R"), ("R", "R")],
)
def test_sorts_are_sorts(sort: Any) -> None:
    with pytest.raises(KernelError):
        var("v", sort)


@pytest.mark.parametrize(
    ("head", "arguments"),
    [
        ("believe", (x,)),
        ("+", (x,)),
        ("+", (x, y, z)),
        ("+", (x, x <= y)),
        ("and", (x, y)),
        ("imp", (x <= y, 1)),
        ("exp", (lam(x, x),)),
        ("Sum", (x, lam(n, n))),
        ("Sum", (n, lam(x, x))),
        ("Sum", (n, 1)),
        ("Prod", (x, lam(n, n))),
        ("lambertw", (x, num(-1))),
        ("forall", (x <= y,)),
        ("forall", (lam(x, x),)),
        ("exists", (lam(x, x <= y), x)),
        ("forall", (lam(f, f(x) <= y),)),
        ("derivative", (x, x, x)),
        ("^", (x, y)),
        ("^", (x, Fraction(1, 2))),
        (f, (x <= y,)),
        (f, (x, y)),
        (g2, (x, x)),
        (square, ()),
        (square, (lam(x, x),)),
        (x, (y,)),
        (x + y, (y,)),
        (3, (y,)),
        (None, ()),
    ],
    ids=repr,
)
def test_applications_are_checked(head: Any, arguments: tuple[Any, ...]) -> None:
    with pytest.raises(KernelError):
        app(head, *arguments)


def test_a_natural_where_a_real_is_asked_and_not_conversely() -> None:
    natural, real_ = var("c", (("R",), "N")), function("d", "R")
    assert lift(f(n)).sort == "R"
    assert substitute(real_(x), {real_: lam(x, natural(x))}) == natural(x)
    with pytest.raises(KernelError):
        substitute(natural(x), {natural: lam(x, real_(x))})
    with pytest.raises(KernelError):
        substitute(natural(x), {natural: lam(n, n)})


@pytest.mark.parametrize(
    ("variables", "body"),
    [((), x), ((x, x), x), ((x + 1,), x), ((num(1),), x), ((square(x),), x)],
)
def test_what_lambda_binds(variables: Any, body: Any) -> None:
    with pytest.raises(KernelError):
        lam(variables, body)


def test_lambda_does_not_capture_an_open_index() -> None:
    with pytest.raises(KernelError, match="closed"):
        lam(y, forall(x, x <= z).args[0].args[0])


@pytest.mark.parametrize(
    ("hints", "sorts"),
    [
        ((), ()),
        ((Hint("u"),), ("R", "R")),
        (("u",), ("R",)),
        ((Hint("u"),), ("Q",)),
        ((Hint("u"),), ("N",)),
    ],
)
def test_a_lambda_from_its_parts(hints: Any, sorts: Any) -> None:
    body = forall(x, x <= z).args[0].args[0]
    assert bind((Hint("u"),), ("R",), body) == lam(x, x <= z)
    with pytest.raises(KernelError):
        bind(hints, sorts, body)


def test_indices_under_two_binders() -> None:
    nested = lam(x, x <= total(n, m, f(x) + m))
    assert bind(nested.head, ("R",), nested.args[0]) == nested
    with pytest.raises(KernelError):
        bind(nested.head, ("N",), nested.args[0])
    h = function("h", "R")
    through_head = lam(h, h(x))
    assert bind(through_head.head, (h.sort,), through_head.args[0]) == through_head
    with pytest.raises(KernelError):
        bind(through_head.head, ((("N",), "R"),), through_head.args[0])


# Tampering -----------------------------------------------------------------------------------


def test_terms_are_built_by_their_constructors_only() -> None:
    with pytest.raises(KernelError):
        Term("num", 1)
    with pytest.raises(KernelError):

        class Mine(Term):
            pass

    with pytest.raises(KernelError):

        class MyDefinition(Definition):
            pass

    with pytest.raises((TypeError, AttributeError)):
        dataclasses.replace(x, kind="num")  # type: ignore[type-var]
    for name in ("kind", "sort", "head", "args", "loose", "key", "anything"):
        with pytest.raises((AttributeError, TypeError)):
            object.__setattr__(x, name, "N")
        with pytest.raises((AttributeError, TypeError)):
            setattr(square, name, "N")
    with pytest.raises(TypeError):
        x.__class__ = tuple  # type: ignore[assignment]
    with pytest.raises(TypeError):
        SIGNATURES["believe"] = ((), "B")  # type: ignore[index]


ILL_SORTED = tuple.__new__(Term, (hash(num(7)), "app", "N", "neg", (num(1),), 0, 2))


@pytest.mark.parametrize(
    "use",
    [
        genuine,
        lift,
        lambda t: t + 1,
        lambda t: 1 <= t,
        lambda t: f(t),
        lambda t: app(t, x),
        lambda t: beta(t, [x]),
        lambda t: beta(lam(x, x), [t]),
        lambda t: lam(x, t),
        lambda t: lam(t, x),
        lambda t: forall(x, t),
        lambda t: total(t, n, x),
        lambda t: bind((Hint("u"),), ("R",), t),
        lambda t: substitute(x + 1, {x: t}),
        lambda t: app(t, x),
        lambda t: substitute(lam(n, x), {x: t}),
    ],
)
def test_a_term_of_another_make_is_refused_everywhere(use: Any) -> None:
    with pytest.raises(KernelError):
        use(ILL_SORTED)
    # Also when it says what a genuine one says, and is equal to it.
    twin = tuple.__new__(Term, tuple(x + 1))
    assert twin == x + 1
    with pytest.raises(KernelError):
        genuine(twin)


def test_a_head_of_another_make_is_refused() -> None:
    class Same(str):
        """A text that equals every other."""

        __hash__ = str.__hash__

        def __eq__(self, other: object) -> bool:
            return True

    sort = (("R",), Same("N"))
    with pytest.raises(KernelError):
        app(tuple.__new__(Term, (hash(f), "var", sort, "f", (), 0, 1)), x)
    open_ = tuple.__new__(Definition, ("d", lam(y, x)))
    with pytest.raises(KernelError, match="closed"):
        app(open_, 0)


def test_containers_are_read_once() -> None:
    class Shifty(tuple):  # type: ignore[type-arg]
        def __getitem__(self, index: Any) -> Any:
            return "N"

    with pytest.raises(KernelError):
        bind((Hint("u"),), Shifty(("R",)), lam(n, n).args[0])
    with pytest.raises(KernelError):
        bind(Shifty((Hint("u"),)), ("R",), lam(x, x).args[0])

    class Changing(dict):  # type: ignore[type-arg]
        reads = 0

        def items(self) -> Any:
            self.reads += 1
            return [(x, y if self.reads == 1 else forall(z, z <= y).args[0].args[0])]

    assert substitute(lam(n, x), Changing({x: y})) == lam(n, y)


def test_an_unusual_fraction_is_made_usual() -> None:
    minus = Fraction(1, -1, _normalize=False)
    assert num(minus) == num(-1) and num(Fraction(2, 4, _normalize=False)) == num(Fraction(1, 2))


def test_terms_have_a_size_that_can_be_written() -> None:
    term = x
    with pytest.raises(KernelError, match="parts"):
        for _ in range(60):
            term = term + term
    assert (x + y * x).size == 5 and lam(x, x + 1).size == 4 and f(x + 1).size == 5


def test_threads_make_one_object() -> None:
    from concurrent.futures import ThreadPoolExecutor

    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        with ThreadPoolExecutor(8) as pool:
            for start in range(10**6, 10**6 + 2000):
                made = list(pool.map(num, [start] * 4))
                assert all(m is made[0] for m in made)
    finally:
        sys.setswitchinterval(before)


def test_a_definition_is_closed_and_has_a_name_of_its_own() -> None:
    for name in ("+", "exp", "", "a b", None, 3):
        with pytest.raises(KernelError):
            Definition(name, lam(x, x))  # type: ignore[arg-type]
    for meaning in (x, x + 1, lam(x, x + y), lam(x, f(x)), 3, None, ILL_SORTED):
        with pytest.raises(KernelError):
            Definition("d", meaning)  # type: ignore[arg-type]
    assert copy.deepcopy(square) == square and repr(square) == "Definition('square')"
    assert square == Definition("square", lam(y, y * y)) != Definition("square", lam(y, y + y))


def test_terms_have_no_truth_value() -> None:
    with pytest.raises(TypeError, match="ask the prover"):
        bool(x <= y)
    with pytest.raises(TypeError, match="ask the prover"):
        0 < x < y  # type: ignore[comparison-overlap]  # noqa: B015


# Substitution --------------------------------------------------------------------------------


def test_substitution_does_not_capture() -> None:
    assert substitute(forall(x, x <= y), {y: x}) == forall(z, z <= x)
    assert substitute(total(n, m, f(m)), {f: lam(x, x + m)}) == total(n, nat("k"), nat("k") + m)
    assert substitute(forall(x, f(x) <= y), {f: lam(z, z * x), y: x}) == forall(z, z * x <= x)
    nested = forall(x, exists(y, x < y))
    assert beta(nested.args[0], [y]) == exists(z, y < z)


def test_beta_reaches_function_variables_under_binders() -> None:
    h = function("h", "R")
    apply_twice = lam((h, x), h(h(x)))
    assert beta(apply_twice, [lam(z, z + n), y]) == (y + n) + n
    assert beta(apply_twice, [f, y]) == f(f(y))
    under = lam((h, n), total(n, m, h(m)))
    assert beta(under, [lam(z, z * n), n]) == total(n, m, m * n)
    with pytest.raises(KernelError):
        beta(apply_twice, [y, y])


def test_beta_of_a_function_that_mentions_an_outer_index() -> None:
    at = function("at", (("R",), "R"))
    inside = total(n, m, at(lam(z, z + m)))
    assert substitute(inside, {at: lam(f, f(x))}) == total(n, m, x + m)
    assert beta(f, [x]) == f(x) and 1 + x == num(1) + x


def test_shift() -> None:
    inner = forall(x, forall(y, x <= y)).args[0].args[0]
    assert _shift(inner, 0) is inner and _shift(x, 5) is x
    assert _shift(inner, 2).loose == 3
    with pytest.raises(KernelError, match="captured"):
        _shift(inner, -1)


def test_free_variables_and_definitions() -> None:
    assert free_variables(forall(x, f(x) <= y + total(n, m, m))) == {f, y, n}
    assert list(definitions(square(x) + square(square(y)))) == [square] * 3


def test_unfold() -> None:
    fourth = Definition("fourth", lam(x, square(square(x))))
    assert unfold(fourth(y)) == (y * y) * (y * y)
    assert unfold(fourth(y), frozenset({"fourth"})) == square(square(y))
    assert unfold(fourth(y), frozenset({"square"})) == fourth(y)
    assert unfold(forall(x, square(x) >= 0)) == forall(x, x * x >= 0)
    assert unfold(total(n, m, square(m))) == total(n, m, m * m)


# Where a term is defined ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("term", "conditions"),
    [
        (x + exp(y) - sin(z) * PI, []),
        (1 / x, ["x != 0"]),
        (x**-1, ["x != 0"]),
        (x**2, []),
        (log(x), ["x > 0"]),
        (sqrt(x - 1), ["x - 1 >= 0"]),
        (maximum(log(x), 1 / y), ["x > 0", "y != 0"]),
        (le(1 / (1 / x), 0), ["x != 0", "1/x != 0"]),
        (absolute(x), []),
        (real("log"), []),
        (function("sqrt", "R")(x), []),
        (square(1 / x), ["x != 0"]),
        (total(n, m, x / (m - x) + 1 / x), ["forall m. m - x != 0", "x != 0"]),
        (total(n, m, total(k, n, log(m + n))), ["forall m. forall n. m + n > 0"]),
        (lambertw(2 * x), ["-exp(-1) <= 2*x", "2*x < 0"]),
    ],
    ids=str,
)
def test_undefined(term: Term, conditions: list[str]) -> None:
    assert [repr(c) for c in undefined(term)] == conditions


# How terms are shown -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("term", "text"),
    [
        (x - (y - z), "x - (y - z)"),
        ((x - y) - z, "x - y - z"),
        (x / (y * z), "x/(y*z)"),
        ((x / y) * z, "x/y*z"),
        (-((x + y) ** 2), "-(x + y)**2"),
        ((-x) ** 2, "(-x)**2"),
        (num(-2) * x, "-2*x"),
        (num(Fraction(1, 2)) ** 2, "(1/2)**2"),
        ((x**2) ** 3, "(x**2)**3"),
        (implies(implies(x < y, y < z), x < z), "(x < y -> y < z) -> x < z"),
        (implies(x < y, y < z, x < z), "x < y -> y < z -> x < z"),
        (both(either(x < y, y < z), x < z), "(x < y or y < z) and x < z"),
        (either(both(x < y, y < z), x < z), "x < y and y < z or x < z"),
        (forall(x, exists(y, x < y)), "forall x. exists y. x < y"),
        (both(forall(x, x < y), y < z), "(forall x. x < y) and y < z"),
        (total(n, m, m), "Sum(n, m |-> m)"),
        (product(n, m, lambertw(x)), "Prod(n, m |-> lambertw(x))"),
        (forall(x, f(x) <= y), "forall x. f(x) <= y"),
        # Names that would be read wrongly get a prime.
        (substitute(forall(x, x <= y), {y: x}), "forall x'. x' <= x"),
        (lam(x, lam(y, x + y)(x)), "x |-> x + x"),
        (forall(x, total(n, nat("x"), nat("x")) <= x), "forall x. Sum(n, x' |-> x') <= x"),
        (lt(0, PI), "0 < pi"),
        (lam(function("h", "R"), function("h", "R")(x)), "h |-> h(x)"),
        (lam((x, y), x + y), "(x, y) |-> x + y"),
        # A function that only passes its arguments on is read as that function.
        (lam(x, f(x)), "f"),
        (lam(x, g2(n, x)), "g(n, _)"),
        (lam((n, x), g2(n, x)), "g"),
        (lam(n, g2(n, x)), "n |-> g(n, x)"),
        (lam((x, n), g2(n, x)), "(x, n) |-> g(n, x)"),
        (lam(x, h2(total(n, m, x), x)), "x |-> h(Sum(n, m |-> x), x)"),
        (lam(x, h2(total(n, m, m), x)), "h(Sum(n, m |-> m), _)"),
        (forall(m, total(k, n, g2(m, n)) > n), "forall m. Sum(k, g(m, _)) > n"),
        (lam((function("h", "R"), x), function("h", "R")(x)), "(h, x) |-> h(x)"),
    ],
    ids=str,
)
def test_text(term: Term, text: str) -> None:
    assert repr(term) == text


def test_text_of_an_open_term() -> None:
    assert repr(forall(x, x <= y).args[0].args[0]) == "_0 <= y"
