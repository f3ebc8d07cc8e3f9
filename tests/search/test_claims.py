"""The language of claims: what is read, what is refused and where the caret points."""

from __future__ import annotations

from fractions import Fraction

import pytest
import sympy
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from derivations.kernel.terms import (
    PI,
    Term,
    absolute,
    app,
    eq,
    exp,
    le,
    log,
    lt,
    maximum,
    minimum,
    nat,
    ne,
    num,
    real,
    sqrt,
)
from derivations.search.claims import (
    ClaimError,
    evaluate,
    from_sympy,
    parse_claim,
    parse_expression,
    relation_terms,
    show_claim,
    to_sympy,
)

x, y, z = (real(s) for s in "xyz")

READ = {
    "x + y*z": x + y * z,
    "x - y - z": (x - y) - z,
    "x/y*z": (x / y) * z,
    "-x**2": -(x**2),
    "-x*y": (-x) * y,
    "2*-x": 2 * -x,
    "x - -y": x - (-y),
    "+x": x,
    "x**-2": x**-2,
    "x**(1 + 1)": x**2,
    "x**2**3": x**8,
    "x**(1/2)": sqrt(x),
    "x**0.5": sqrt(x),
    "((x))": x,
    "0.1": num(Fraction(1, 10)),
    ".5": num(Fraction(1, 2)),
    "2.": num(2),
    "1e-6": num(Fraction(1, 10**6)),
    "2.5E+1": num(25),
    "max(x, y, z)": maximum(x, maximum(y, z)),
    "min(x, 1)": minimum(x, 1),
    "abs(x) + pi": absolute(x) + PI,
    "exp(log(x))": exp(log(x)),
    "cosh(x)": (exp(x) + exp(-x)) / 2,
    "λ_1 + Δμ": real("λ_1") + real("Δμ"),
    "lambda": real("lambda"),
    "  x\t*\ny ": x * y,
}


@pytest.mark.parametrize("text", READ)
def test_expressions(text: str) -> None:
    assert parse_expression(text) == READ[text]


def test_other_functions_are_written_out() -> None:
    for name in ("tan", "sinh", "tanh", "sin", "cos"):
        term = parse_expression(f"{name}(x)")
        assert term.kind == "app"
        wanted = getattr(sympy, name)(to_sympy(x)).rewrite(sympy.exp)
        assert sympy.simplify(to_sympy(term).rewrite(sympy.exp) - wanted) == 0


def test_claims_keep_the_orientation() -> None:
    assert parse_claim("0 < x <= y") == (lt(0, x), le(x, y))
    assert parse_claim("x == y != z") == (eq(x, y), ne(y, z))
    assert parse_claim("x > 1 >= y") == (x > 1, app(">=", num(1), y))
    assert [show_claim(t) for t in parse_claim("x == y")] == ["x == y"]


# Text, part of the message, position of the caret.
BAD = [
    ("", "empty", 0),
    ("   ", "empty", 0),
    ("x + 1", "a claim needs a relation: <= < >= > == !=", 5),
    ("(x + 1", "never closed", 0),
    ("x) > 0", "closes nothing", 1),
    ("x > (y + 2))", "closes nothing", 11),
    ("2x > 1", "operator is missing", 1),
    ("x y > 1", "operator is missing", 2),
    ("(x)(y) > 1", "operator is missing", 3),
    ("(x y) > 1", "operator is missing", 3),
    ("foo(x) > 1", "unknown function 'foo'; known are sqrt, exp, log", 0),
    ("lambertw(x) > 1", "lambertw takes an argument and the branch", 0),
    ("x(y + 1) > 1", "a product needs '*'", 0),
    ("__import__('os') > 0", "strings are not part", 11),
    ("__import__(os) > 0", "unknown function '__import__'", 0),
    ("eval(x) > 0", "unknown function", 0),
    ("x.real > 1", "attributes", 1),
    ("x[0] > 1", "brackets are round", 1),
    ("{x} > 1", "brackets are round", 0),
    ("x; y > 1", "unexpected character ';'", 1),
    ("lambda: 3", "unexpected character ':'", 6),
    ("x if y else z", "operator is missing", 2),
    ("x = 1", "write '=='", 2),
    ("x === 1", "write '=='", 4),
    ("x ! 1", "write '!='", 2),
    ("x^2 > 1", "write '**'", 1),
    ("x ≤ 1", "write '<='", 2),
    ("x · y > 0", "write '*'", 2),
    ("x <> y", "should come here, not '>'", 3),
    ("> 1", "should come here, not '>'", 0),
    ("x >", "ends where", 3),
    ("x > 1 +", "ends where", 7),
    ("x * / y > 0", "should come here, not '/'", 4),
    ("() > 0", "should come here, not ')'", 1),
    ("(x > 1)", "inside brackets", 3),
    ("abs(x > 1) > 0", "inside brackets", 6),
    ("x > 0, y > 0", "claim of its own", 5),
    ("(x, y) > 0", "separates arguments", 2),
    ("x > 0 and y > 0", "of its own", 6),
    ("exp > 1", "exp is a function: write exp(...)", 0),
    ("max > 1", "max is a function", 0),
    ("exp() > 1", "exp needs an argument", 4),
    ("exp(x, y) > 1", "exp takes 1 argument, not 2", 0),
    ("max(x) > 1", "max takes two or more", 0),
    ("pi(2) > 1", "pi is a number", 0),
    ("1/0 > 1", "division by zero", 2),
    ("x/(1 - 1) > 1", "division by zero", 2),
    ("x/0.0 > 1", "division by zero", 2),
    ("0**-1 > 1", "division by zero", 0),
    ("x**(1/65) > 1", "an exponent is at most 64", 3),
    ("(-2)**x > 1", "a base is positive", 0),
    ("x**65 > 1", "an exponent is at most 64", 3),
    ("x**-65 > 1", "an exponent is at most 64", 3),
    ("x**1e9 > 1", "an exponent is at most 64", 3),
    ("9**9**9**9 > 1", "an exponent is", 6),
    ("1e5000 > 0", "at most 1000 digits", 0),
    ("1e-99999999 > 0", "at most 1000 digits", 0),
    ("x > " + "1" * 1001, "at most 1000 digits", 4),
    ("x\0 > 1", r"unexpected character '\x00'", 1),
    ("x \x1b[31m> 1", r"unexpected character '\x1b'", 2),
    ("２ > 0", "digits are 0 to 9", 0),
    ("x > 1_000", "operator is missing", 5),
    ("x > 0x10", "operator is missing", 5),
    ("x > 1.2.3", "operator is missing", 7),
    ("x @ y > 0", "unexpected character '@'", 2),
    ("(" * 5000 + "x" + ")" * 4000 + " > 0", "levels of nesting", 80),
    ("-" * 9000 + "x > 0", "levels of nesting", 80),
    ("x > " + "abs(" * 2000, "levels of nesting", 327),
    ("2" + "**1" * 3000 + " > 0", "levels of nesting", None),
    ("+".join(["x"] * 4000) + " > 0", "operations in a row", None),
    ("tanh(" * 12 + "x" + ")" * 12 + " > 0", "too large", None),
]


@pytest.mark.parametrize(("text", "message", "position"), BAD, ids=[b[0][:20] for b in BAD])
def test_bad_claims(text: str, message: str, position: int | None) -> None:
    with pytest.raises(ClaimError) as caught:
        parse_claim(text)
    error = caught.value
    assert message in str(error)
    assert "\n" not in str(error) and str(error).isprintable()
    assert error.text == text
    if position is not None:
        assert error.position == position
    excerpt, caret = error.caret().split("\n")
    assert len(excerpt) <= 70 and excerpt.isprintable()
    assert caret.strip() == "^" and len(caret) <= 71
    if error.position is not None and error.position < len(text) and text[error.position] > " ":
        assert excerpt[len(caret) - 1] == text[error.position]


@pytest.mark.parametrize("length", [10_001, 100_000])
def test_a_long_claim_is_not_parsed(length: int) -> None:
    with pytest.raises(ClaimError, match=f"{length:,} characters"):
        parse_claim("(" * length)


def test_errors_are_value_errors_and_inputs_must_be_text() -> None:
    assert issubclass(ClaimError, ValueError)
    with pytest.raises(ClaimError, match="not int"):
        parse_claim(3)  # type: ignore[arg-type]
    with pytest.raises(ClaimError, match="not a relation"):
        parse_expression("x > 1")
    with pytest.raises(ClaimError, match="needs a relation"):
        relation_terms(x)
    with pytest.raises(ClaimError, match="not float"):
        relation_terms(1.5)  # type: ignore[arg-type]
    assert relation_terms(app("and", x > 1, y > 1)) == (x > 1, y > 1)
    assert ClaimError("no place").caret() == "\n^"


def test_the_caret_of_wide_text() -> None:
    with pytest.raises(ClaimError) as caught:
        parse_claim("Δ" * 100 + " + 中 ? 1" + " + x" * 100)
    excerpt, caret = caught.value.caret().split("\n")
    wide = excerpt[: excerpt.index("?")]
    assert len(caret) - 1 == len(wide) + wide.count("中")


# Round trips ---------------------------------------------------------------------------

names = st.sampled_from(["x", "y", "z", "eta", "λ", "D_0"])
numbers = st.fractions(min_value=-50, max_value=50, max_denominator=30)
leaves = st.one_of(names.map(real), numbers.map(num))


def grow(inner: st.SearchStrategy[Term]) -> st.SearchStrategy[Term]:
    binary = st.tuples(st.sampled_from(["+", "-", "*", "/", "max", "min"]), inner, inner)
    powers = st.tuples(inner, st.integers(-3, 5))
    unary = st.tuples(st.sampled_from(["neg", "abs", "sqrt", "exp", "log"]), inner)
    return st.one_of(
        binary.map(lambda t: app(*t)),
        powers.map(lambda t: t[0] ** num(t[1])),
        unary.map(lambda t: app(*t)),
    )


terms = st.recursive(leaves, grow, max_leaves=12)
points = st.fixed_dictionaries(
    {real(n): st.fractions(-5, 5, max_denominator=6) for n in ("x", "y", "z", "eta", "λ", "D_0")}
)


def read_again(text: str) -> Term:
    try:
        return parse_expression(text)
    except ClaimError as error:
        assume("division by zero" not in str(error))
        raise


@settings(max_examples=300, deadline=None)
@given(terms, points)
def test_text_is_read_back(term: Term, point: dict[Term, Fraction]) -> None:
    again = read_again(repr(term))
    # The numeral -1 and minus the numeral 1 have one text, so the first reading may differ.
    assert read_again(repr(again)) == again
    assert evaluate(again, point) == evaluate(term, point)


@settings(max_examples=150, deadline=None)
@given(terms, terms, st.sampled_from(["<=", "<", ">=", ">", "=", "!="]))
def test_claims_are_read_back(left: Term, right: Term, head: str) -> None:
    relation = app(head, left, right)
    read_again(repr(left)), read_again(repr(right))
    (again,) = parse_claim(show_claim(relation))
    assert again.head == head
    assert parse_claim(show_claim(again)) == (again,)


@settings(max_examples=300, deadline=None)
@given(st.text(alphabet="xy12.()+-*/<=>!, esqrtpi\0^'\n", max_size=30))
def test_any_text_is_read_or_refused_in_one_line(text: str) -> None:
    try:
        parse_claim(text)
    except ClaimError as error:
        assert "\n" not in str(error)
        assert len(error.caret().split("\n")) == 2


# Values --------------------------------------------------------------------------------


@settings(max_examples=150, deadline=None)
@given(terms, points)
def test_exact_values_agree_with_sympy(term: Term, point: dict[Term, Fraction]) -> None:
    value = evaluate(term, point)
    assume(value is not None and value.numerator.bit_length() < 200)
    assert value is not None
    shown = to_sympy(term).subs(
        {to_sympy(v): sympy.Rational(q.numerator, q.denominator) for v, q in point.items()}
    )
    assert sympy.simplify(shown - sympy.Rational(value.numerator, value.denominator)) == 0


UNKNOWN = ["1/(x - x)", "sqrt(2)", "sqrt(-4)", "exp(1)", "log(0)", "pi", "w", "(9**64)**64*9**64"]


@pytest.mark.parametrize("text", UNKNOWN)
def test_values_that_are_not_known(text: str) -> None:
    known = evaluate(parse_expression(text), {x: Fraction(2)})
    assert known is None or text.startswith("(9")


def test_known_values() -> None:
    point = {x: Fraction(-9, 4)}
    assert evaluate(parse_expression("sqrt(-x) + exp(0) + log(1) + cos(0)"), point) == Fraction(
        7, 2
    )
    assert evaluate(parse_expression("max(x, -x, 1) - min(x, 1)"), point) == Fraction(9, 2)
    huge = parse_expression("((9**64)**64)**64")
    assert evaluate(huge, {}) is None


# SymPy ---------------------------------------------------------------------------------


@settings(max_examples=100, deadline=None)
@given(terms, points)
def test_through_sympy_and_back(term: Term, point: dict[Term, Fraction]) -> None:
    value = evaluate(term, point)
    assume(value is not None)
    try:
        again = evaluate(from_sympy(to_sympy(term)), point)
    except ClaimError:
        return  # SymPy may bring forms that the language does not have, such as zoo
    assert again is None or again == value


def test_sympy_forms() -> None:
    a, b = sympy.symbols("a b", positive=True)
    for e in (
        a / b,
        -a,
        2 * a / 3,
        sympy.sqrt(a) ** 3,
        1 / sympy.sqrt(a),
        sympy.exp(a - b),
        sympy.E,
        sympy.pi * a,
        abs(a - b),
        sympy.Max(a, b, 1),
        sympy.tanh(a),
        -a / (2 * b),
    ):
        again = to_sympy(from_sympy(e))
        same = {s: t for s in again.free_symbols for t in (a, b) if s.name == t.name}
        assert sympy.simplify((again.subs(same) - e).rewrite(sympy.exp)) == 0
    assert from_sympy(sympy.Le(a, b)) == (real("a") <= real("b"))
    assert repr(from_sympy(a / (2 * b))) == "a/(2*b)"
    assert from_sympy(3) == num(3)
    assert to_sympy(x < y) == sympy.Lt(to_sympy(x), to_sympy(y))


def refused() -> list[tuple[object, str]]:
    a = sympy.Symbol("a")
    deep = a
    for _ in range(600):
        deep = sympy.exp(deep, evaluate=False)
    return [
        (0.5 * a, "not exact"),
        (sympy.Float(1), "not exact"),
        (sympy.Symbol("a") + sympy.Symbol("a", positive=True), "same name"),
        (sympy.Dummy("a"), "dummy"),
        (sympy.Symbol("x_{1}"), "cannot be the name"),
        (sympy.Symbol("exp"), "cannot be the name"),
        (a ** sympy.Rational(1, 65), "at most 64"),
        (sympy.LambertW(a), "branch -1 only"),
        (a**100, "at most 64"),
        (sympy.gamma(a), "has no gamma"),
        (sympy.true, "has no"),
        (sympy.zoo, "has no"),
        (sympy.I, "has no"),
        (sympy.Integer(10) ** 5000, "digits"),
        ("a", "not a SymPy expression"),
        (1.5, "not a SymPy expression"),
        (deep, "too deeply"),
    ]


@pytest.mark.parametrize("case", range(len(refused())))
def test_sympy_that_is_refused(case: int) -> None:
    expression, message = refused()[case]
    with pytest.raises(ClaimError, match=message):
        from_sympy(expression)


def test_what_sympy_cannot_show() -> None:
    from derivations.kernel.terms import function, total

    n = nat("n")
    for term in (total(n, nat("k"), nat("k")), function("f", "R")(x), app("false")):
        with pytest.raises(ClaimError, match="not a scalar"):
            to_sympy(term)
