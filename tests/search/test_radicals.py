"""Square roots eliminated by squaring: what holds is proved, what is a little too strong is not."""

from __future__ import annotations

import time
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from derivations.kernel.certificate import replay, serialise
from derivations.kernel.terms import Term, real, sqrt
from derivations.kernel.theorem import Theorem
from derivations.search.claims import parse_claim
from derivations.search.points import holds
from derivations.search.radicals import by_radicals
from derivations.tactics import assume

_TWO = ("a >= 0", "b >= 0")
_FOUR = (*_TWO, "c >= 0", "d >= 0")

# True, false by little, hypotheses.
PAIRS = [
    ("sqrt(1 + x**2) <= 1 + x**2/2", "sqrt(1 + x**2) <= 1 + 0.499999*x**2", ()),
    ("sqrt(a + b) <= sqrt(a) + sqrt(b)", "sqrt(a + b) < sqrt(a) + sqrt(b)", _TWO),
    ("sqrt(a)*sqrt(b) == sqrt(a*b)", "sqrt(a)*sqrt(b) == sqrt(a*b) + 1e-6*a", _TWO),
    ("sqrt(a*b) + sqrt(c*d) <= sqrt((a + c)*(b + d))",
     "sqrt(a*b) + sqrt(c*d) < sqrt((a + c)*(b + d))", _FOUR),
    ("sqrt((a + x)**2 + (b + y)**2) <= sqrt(a**2 + b**2) + sqrt(x**2 + y**2)",
     "sqrt((a + x)**2 + (b + y)**2) <= sqrt(a**2 + b**2) + 0.999999*sqrt(x**2 + y**2)", ()),
    ("sqrt(x + sqrt(x)) <= sqrt(x) + 1/2", "sqrt(x + sqrt(x)) <= sqrt(x) + 0.49", ("x >= 0",)),
    ("x**3 - 2*x + 4*sqrt(6)/9 >= 0", "x**3 - 2*x + 4*sqrt(6)/9 > 0", ("x >= 0",)),
    ("x**2 >= 2*sqrt(2)*x - 2", "x**2 > 2*sqrt(2)*x - 2", ()),
    ("sqrt(3 - x) - sqrt(x + 1) > 1/2", "sqrt(3 - x) - sqrt(x + 1) > 0.500001",
     ("-1 <= x", "x < 1 - sqrt(31)/8")),
    ("sqrt(x + 1) - sqrt(x) >= 1/(2*sqrt(x + 1))", "sqrt(x + 1) - sqrt(x) >= 1/(2*sqrt(x))",
     ("x > 0",)),
    ("(1 - sqrt(1 + 2*x))**2 != 0", "(1 - sqrt(1 + 2*x))**2 > 1e-6", ("-1/2 <= x", "x != 0")),
    ("3*J*(1 - J)*sqrt(2) <= sqrt(9*J*(1 - J)/2)", "3*J*(1 - J)*sqrt(2) <= sqrt(4.4*J*(1 - J))",
     ("0 <= J", "J <= 1")),
    ("sqrt(x**2) >= x", "sqrt(x**2) > x", ()),
    ("sqrt(8) == 2*sqrt(2)", "sqrt(8) > 2*sqrt(2)", ()),
]  # fmt: skip


def attempt(text: str, hypotheses: tuple[str, ...], seconds: float) -> tuple[Term, Theorem | None]:
    (goal,) = parse_claim(text)
    facts = [assume(h) for g in hypotheses for h in parse_claim(g)]
    found = by_radicals(goal, facts, time.monotonic() + seconds)
    if found is not None:
        assert found.conclusion == goal
        assert found.hypotheses <= {f.conclusion for f in facts}
    return goal, found


@pytest.mark.parametrize(("true", "false", "hypotheses"), PAIRS, ids=[p[0] for p in PAIRS])
def test_true_and_not_what_is_a_little_stronger(
    true: str, false: str, hypotheses: tuple[str, ...]
) -> None:
    goal, found = attempt(true, hypotheses, 15)
    assert found is not None
    assert replay(serialise({"claim": found}))["claim"].conclusion == goal
    assert attempt(false, hypotheses, 1.5)[1] is None


def test_roots_that_may_be_undefined_are_left_alone() -> None:
    assert attempt("sqrt(x) >= 0", (), 2)[1] is None
    assert attempt("sqrt(x) >= 0", ("x >= 0",), 2)[1] is not None
    assert attempt("sqrt(x - 1) <= x/2", ("x >= 0",), 2)[1] is None


def test_the_time_is_kept() -> None:
    start = time.monotonic()
    text = "a/sqrt(a**2 + 8*b*c) + b/sqrt(b**2 + 8*c*a) + c/sqrt(c**2 + 8*a*b) >= 1"
    attempt(text, ("a > 0", "b > 0", "c > 0"), 1.0)
    assert time.monotonic() - start < 4


_SMALL = st.integers(-3, 3)
_ROOTS = st.tuples(_SMALL, st.integers(0, 3), st.integers(0, 3))


@settings(max_examples=60, deadline=None)
@given(st.lists(_ROOTS, min_size=1, max_size=2), _SMALL, _SMALL, st.booleans())
def test_random_sums_of_roots(
    roots: list[tuple[int, int, int]], slope: int, constant: int, strict: bool
) -> None:
    """What is proved of a sum of roots holds wherever it is looked at."""
    x = real("x")
    term = slope * x + constant
    for weight, a, b in roots:
        term = term + weight * sqrt(a * x + b)
    goal = term > 0 if strict else term >= 0
    found = by_radicals(goal, [assume(x >= 0)], time.monotonic() + 1)
    for n in (0, 1, 2, 3, 5, 7, 11, 100, 10**6):
        for q in (Fraction(n), Fraction(n, 13), Fraction(1, n + 2)):
            assert found is None or holds(goal, {x: q}) is not False


@settings(max_examples=30, deadline=None)
@given(st.integers(1, 5), st.integers(0, 5), st.integers(1, 5), st.integers(0, 5))
def test_the_mean_of_two_roots(a: int, b: int, c: int, d: int) -> None:
    """The geometric mean of two roots is at most the arithmetic one, and not a little less."""
    x = real("x")
    p, q = sqrt(a * x + b), sqrt(c * x + d)
    facts = [assume(x >= 0)]
    goal = sqrt((a * x + b) * (c * x + d)) <= (p**2 + q**2) / 2
    assert by_radicals(goal, facts, time.monotonic() + 10) is not None
    wrong = (p + q) ** 2 <= Fraction(199, 100) * (p**2 + q**2)
    if (a, b) == (c, d):
        assert by_radicals(wrong, facts, time.monotonic() + 1) is None
