"""Powers with rational exponents and Lambert's function: proved, refuted, and what is no claim."""

from __future__ import annotations

import time
from fractions import Fraction

import mpmath
import numpy
import pytest

from derivations.kernel.certificate import replay
from derivations.kernel.terms import Term, exp, lambertw, le, log, lt, num, real
from derivations.search.claims import (
    ClaimError,
    from_sympy,
    parse_claim,
    parse_expression,
    power_of,
    show_claim,
    to_sympy,
)
from derivations.search.inverses import by_inverses
from derivations.search.numeric import rounded, slope
from derivations.search.prove import prove
from derivations.tactics import assume

X = real("x")
POSITIVE = ("x > 0", "y > 0")

TRUE = [
    ("x**(2/3) <= (2*x + 1)/3", ("x > 0",)),
    ("x*y <= x**3/3 + 2/3*y**(3/2)", ("x >= 0", "y >= 0")),
    ("x*y <= 2/5*x**(5/2) + 3/5*y**(5/3)", POSITIVE),
    ("(1 + x)**(3/5) <= 1 + 3/5*x", ("x > -1",)),
    ("x**(-1/3) >= (4 - x)/3", ("x > 0",)),
    ("(x + y)**(1/3) <= x**(1/3) + y**(1/3)", POSITIVE),
    ("x**(2/3)*x**(1/3) == x", ("x > 0",)),
    ("2**x >= 1 + x", ("x >= 1",)),
    ("x**y > 0", ("x > 0",)),
    ("lambertw(x, -1) <= -1", ("-0.3 < x < 0",)),
    ("lambertw(x, -1) <= -1.5", ("-0.3 < x < 0",)),
    ("lambertw(x, -1) >= -9", ("-0.3 < x < -0.01",)),
    ("lambertw(x, -1)*exp(lambertw(x, -1)) == x", ("-0.3 < x < 0",)),
    ("lambertw(x, -1) <= log(-x)", ("-0.3 < x < 0",)),
    ("lambertw(x, -1) <= lambertw(y, -1)", ("-0.3 < y < x < -0.01",)),
    ("x <= -lambertw(-x*exp(-x), -1)", ("x > 0",)),
    ("lambertw(-x*exp(-x), -1) == -x", ("x >= 1",)),
    ("lambertw(-2*exp(-2), -1) == -2", ()),
    ("lambertw(-y, -1) <= log(y) - log(-log(y))", ("0 < y <= exp(-1)",)),
    ("-lambertw(-p**2*exp(-1), -1) >= 1 + 2*sqrt(log(1/p)) + 4*log(1/p)/3", ("0 < p <= 1",)),
    ("-lambertw(-p**2*exp(-1), -1) < 1 + 2*sqrt(log(1/p)) + 2*log(1/p)", ("0 < p < 1",)),
    ("lambertw(-p**2*exp(-1), -1) <= lambertw(-q**2*exp(-1), -1)", ("0 < p", "p <= q", "q <= 1")),
    ("-lambertw(-p**2*exp(-1), -1) - log(-lambertw(-p**2*exp(-1), -1)) == 1 + 2*log(1/p)",
     ("0 < p <= 1",)),
    ("-lambertw(-p**2*exp(-1), -1) < 1/p", ("0 < p <= 0.148",)),
    ("lambertw(-3*v**3, -1) <= 3*log(v) + log(3)", ("0 < v < 0.4",)),
    ("lambertw(x/2, -1) < -1", ("-1/2 <= x < 0",)),
]
FALSE = [
    ("x**(2/3) <= (2*x + 0.9999)/3", ("x > 0",)),
    ("x*y <= x**3/3 + 0.666*y**(3/2)", ("x >= 0", "y >= 0")),
    ("x*y <= 2/5*x**(5/2) + 0.599*y**(5/3)", POSITIVE),
    ("(1 + x)**(3/5) <= 1 + 0.601*x", ("x > -1",)),
    ("x**(-1/3) >= (4.001 - x)/3", ("x > 0",)),
    ("(x + y)**(4/3) <= x**(4/3) + y**(4/3)", POSITIVE),
    ("x**(2/3)*x**(1/3) < x", ("x > 0",)),
    ("2**x >= 1 + 1.001*x", ("x >= 1",)),
    ("x**y > 1", ("x > 0",)),
    ("lambertw(x, -1) < -1.8", ("-0.3 < x < 0",)),
    ("lambertw(x, -1) >= -4", ("-0.3 < x < -0.01",)),
    ("lambertw(x, -1)*exp(lambertw(x, -1)) >= x + 1e-6", ("-0.3 < x < 0",)),
    ("lambertw(x, -1) <= 2*log(-x)", ("-0.3 < x < 0",)),
    ("lambertw(x, -1) >= lambertw(y, -1)", ("-0.3 < y < x < -0.01",)),
    ("x >= -lambertw(-x*exp(-x), -1)", ("x > 0",)),
    ("lambertw(-x*exp(-x), -1) == -x", ("x >= 0.999",)),
    ("lambertw(-2*exp(-2), -1) == -2.000001", ()),
    ("lambertw(-y, -1) < log(y) - log(-log(y))", ("0 < y <= exp(-1)",)),
    ("-lambertw(-p**2*exp(-1), -1) >= 1 + 2*sqrt(log(1/p)) + 1.334*log(1/p)", ("0 < p <= 1",)),
    ("-lambertw(-p**2*exp(-1), -1) < 1 + 2*sqrt(log(1/p)) + 2*log(1/p)", ("0 < p <= 1",)),
    ("lambertw(-p**2*exp(-1), -1) < lambertw(-q**2*exp(-1), -1)", ("0 < p", "p <= q", "q <= 1")),
    ("-lambertw(-p**2*exp(-1), -1) < 1/p", ("0 < p <= 0.149",)),
    ("-1 - sqrt(2*u) - u < lambertw(-exp(-u - 1), -1)", ("u >= 0",)),
    ("lambertw(x, -1) < -1", ("-exp(-1) <= x < 0",)),
]


@pytest.mark.parametrize(("claim", "given"), TRUE)
def test_what_is_true_is_proved(claim: str, given: tuple[str, ...]) -> None:
    answer = prove(claim, given)
    assert answer.verdict == "proved"
    assert answer.claim == claim
    assert answer.certificate is not None
    assert replay(answer.certificate)["claim"].conclusion == parse_claim(claim)[0]


@pytest.mark.parametrize(("claim", "given"), FALSE)
def test_what_is_false_is_refuted(claim: str, given: tuple[str, ...]) -> None:
    assert prove(claim, given).verdict == "refuted"


def test_powers_are_roots_or_exponentials() -> None:
    assert parse_expression("x**(3/4)") == parse_expression("sqrt(sqrt(x))**3")
    assert parse_expression("x**(2/3)") == exp(num(Fraction(2, 3)) * log(X))
    assert parse_expression("2**x") == parse_expression("exp(x*log(2))")


@pytest.mark.parametrize(("text", "words"), [
    ("lambertw(x, 0) < 1", "the branch of lambertw is -1"),
    ("lambertw(x) < 1", "lambertw takes an argument and the branch"),
    ("lambertw < 1", "lambertw is a function"),
    ("lambertw(1, -1, 2) < 1", "lambertw takes an argument and the branch"),
    ("(-8)**(1/3) < 1", "a base is positive"),
    ("0**x < 1", "a base is positive"),
    ("(-4)**(1/4) < 1", "of a number that is not negative"),
    ("x**(1/65) < 1", "an exponent is at most 64"),
])  # fmt: skip
def test_the_message_names_the_trouble(text: str, words: str) -> None:
    with pytest.raises(ClaimError, match=words):
        parse_claim(text)


@pytest.mark.parametrize(("claim", "given", "words"), [
    ("x**(2/3) >= 0", (), "a power with an exponent that is no integer of x"),
    ("x**(3/4) >= 0", (), "sqrt of x, which may be negative"),
    ("lambertw(x, -1) < 0", ("x < 0",), "lambertw of x, which may be less than -exp"),
    ("lambertw(x, -1) < 0", ("x > -0.1",), "lambertw of x, which may be zero or positive"),
])  # fmt: skip
def test_where_powers_and_values_are_not_defined(
    claim: str, given: tuple[str, ...], words: str
) -> None:
    with pytest.raises(ClaimError, match=words):
        prove(claim, given)


@pytest.mark.parametrize("text", [
    "lambertw(x, -1)", "lambertw(-exp(lambertw(x, -1) - 1), -1)*lambertw(y, -1)",
    "x**(2/3)", "2**x",
])  # fmt: skip
def test_what_is_shown_is_read_again(text: str) -> None:
    shown = show_claim(parse_expression(text))
    assert show_claim(parse_expression(shown)) == shown
    assert ("lambertw" in text) == (", -1)" in shown)


def test_sympy_has_the_same_values() -> None:
    import sympy

    x = sympy.Symbol("x", real=True)
    assert from_sympy(sympy.LambertW(x, -1)) == lambertw(X)
    assert to_sympy(lambertw(X)) == sympy.LambertW(x, -1)
    assert from_sympy(x ** sympy.Rational(2, 3)) == parse_expression("x**(2/3)")
    with pytest.raises(ClaimError, match="branch -1 only"):
        from_sympy(sympy.LambertW(x))
    for text in ("x**(2/3)", "x**(-5/4)", "3**x"):
        value = to_sympy(parse_expression(text)).subs(x, 2)
        assert abs(float(value) - float(eval(text, {"x": 2.0}))) < 1e-12  # noqa: S307


def test_values_and_slopes_of_lambertw() -> None:
    places = numpy.array([-0.36, -0.2, -1e-9, 0.1, -0.5])
    found = rounded(lambertw(X), {X: places})
    for place, value in zip(places[:3], found.value[:3], strict=True):
        assert abs(value - float(mpmath.lambertw(place, -1).real)) < 1e-12 * abs(value) + 1e-12
    assert numpy.isnan(found.value[3:]).all()
    derivative = slope(lambertw(X), X)
    assert isinstance(derivative, Term)
    h = 1e-6
    beside = rounded(lambertw(X), {X: numpy.array([-0.2 - h, -0.2 + h])}).value
    there = rounded(derivative, {X: numpy.array([-0.2])}).value[0]
    assert abs((beside[1] - beside[0]) / (2 * h) - there) < 1e-6


def test_the_root_becomes_the_variable() -> None:
    seen: list[tuple[Term, set[Term]]] = []

    def prove_nothing(goal: Term, facts: object, deadline: float) -> None:
        seen.append((goal, {f.conclusion for f in facts}))  # type: ignore[attr-defined]

    goal = le(parse_expression("x**(2/3)"), X + 1)
    assert by_inverses(goal, [assume(lt(0, X))], time.monotonic() + 1, prove_nothing) is None
    r = real("r")
    assert seen == [(le(r**2, r**3 + 1), {lt(0, r)})]


def test_the_exponent_is_read_from_any_way_of_writing_it() -> None:
    third = Fraction(1, 3)
    for text in ("exp(log(x)/3)", "exp(1/3*log(x))", "exp(log(x)*(1/3))", "exp(-(-1/3)*log(x))"):
        term = parse_expression(text)
        assert power_of(term) == (X, third)
    assert power_of(exp(log(X) / 3)) == (X, third)
    assert power_of(exp(X)) is None
