"""Polynomials in one variable are decided: proved where they hold, else with an exact point."""

from __future__ import annotations

import time
from fractions import Fraction

import flint
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from derivations.kernel.certificate import replay
from derivations.kernel.terms import Term, le, lt, num, real
from derivations.search.algebraic import Algebraic, satisfies
from derivations.search.claims import parse_claim
from derivations.search.polynomial import Constraint
from derivations.search.prove import prove
from derivations.search.real_roots import by_real_roots, point_on_line
from derivations.tactics import assume

X = real("x")


def soon() -> float:
    return time.monotonic() + 20


def term(coefficients: list[int]) -> Term:
    total = num(0)
    for i, c in enumerate(coefficients):
        total = total + c * X**i
    return total


def times(*factors: list[int]) -> list[int]:
    product = flint.fmpz_poly([1])
    for factor in factors:
        product *= flint.fmpz_poly(factor)
    return [int(c) for c in product.coeffs()]


TRUE = [
    ("(x**2 - 2)**2*(x**2 + x + 1) >= 0", ()),
    ("(x**2 - 2)**2*(x**2 + x + 1) > 0", ("x > 1.5",)),
    ("x**30 - 3*x**29 + 3.1*x**28 + x**2 - 0.01*x + 1 > 0", ()),
    ("((x - 1/3)**2 - 0.01)**6 + 1e-20 > 0", ()),
    ("x**6*(1 - x)**5 <= 1", ("0 <= x <= 1",)),
    ("(x**3 - 2)**2*(x + 1) >= 0", ("x >= -1",)),
    ("(x**3 - 2)**2*(x + 1)/(x + 2) >= 0", ("x >= -1",)),
    ("2*x**3 <= x - 0.5", ("-10 <= 2*x", "x < -1.2")),
    ("(x**5 - x - 1)**2*(x - 7)*(x - 8) >= 0", ("x >= 8",)),
    ("x**7 - 3*x + 3 > 0", ("x >= 0",)),
]
FALSE = [
    ("(x**2 - 2)**2*(x**2 + x + 1) > 0", ()),
    ("(x**2 - 2)**2*(x**2 + x + 1) > 0", ("x > 1.4",)),
    ("((x - 1/3)**2 - 0.01)**6 > 1e-20", ()),
    ("x**30 - 3*x**29 + 3.1*x**28 + x**2 - 0.01*x > 0", ()),
    ("(x**3 - 2)**2*(x + 1) >= 0", ("x >= -1.0000001",)),
    ("(x**3 - 2)**2*(x + 1) > 0", ("x >= -0.9",)),
    ("(x**5 - x - 1)**2*(x - 7)*(x - 8) >= 0", ("x >= 7.9999999",)),
    ("x**7 - 3*x + 1.8 > 0", ("x >= 0",)),
    ("x**5 - x - 1 != 0", ()),
    ("x**5 - x == 1", ("x > 0",)),
]


@pytest.mark.parametrize(("claim", "bounds"), TRUE)
def test_what_holds_is_proved(claim: str, bounds: tuple[str, ...]) -> None:
    answer = prove(claim, bounds)
    assert answer.verdict == "proved"
    assert answer.seconds < 5
    assert answer.certificate is not None
    assert replay(answer.certificate)["claim"].conclusion == parse_claim(claim)[0]


@pytest.mark.parametrize(("claim", "bounds"), FALSE)
def test_what_fails_is_refuted(claim: str, bounds: tuple[str, ...]) -> None:
    answer = prove(claim, bounds)
    assert answer.verdict == "refuted"
    assert answer.seconds < 5


FACTORS = st.lists(st.integers(-5, 5), min_size=2, max_size=5).filter(lambda f: f[-1] != 0)
ENDS = st.one_of(st.none(), st.fractions(-4, 4, max_denominator=6))


@settings(max_examples=40, deadline=None)
@given(st.lists(FACTORS, min_size=1, max_size=6), st.booleans(), ENDS, ENDS)
def test_a_proof_or_a_point_and_never_both(
    factors: list[list[int]], strict: bool, low: Fraction | None, high: Fraction | None
) -> None:
    if low is not None and high is not None and low >= high:
        return
    coefficients = times(*factors, *factors[1:])
    bounds = [] if low is None else [lt(num(low), X)]
    bounds += [] if high is None else [le(X, num(high))]
    goal = lt(0, term(coefficients)) if strict else le(0, term(coefficients))
    found = by_real_roots(goal, [assume(b) for b in bounds], soon())
    fails = {(i,): Fraction(-c) for i, c in enumerate(coefficients) if c}
    constraints = [Constraint(fails, ">=" if strict else ">")]
    for end, sign, kind in ((low, 1, ">"), (high, -1, ">=")):
        if end is not None:
            constraints.append(Constraint({(1,): Fraction(sign), (0,): -sign * end}, kind))
    point = point_on_line(constraints)
    assert (found is None) == (point is not None)
    if found is not None:
        assert found.conclusion == goal
        assert found.hypotheses <= set(bounds)
    elif isinstance(point, Fraction):
        assert satisfies(constraints, [point])


@settings(max_examples=15, deadline=None)
@given(st.lists(st.integers(-9, 9), min_size=28, max_size=31))
def test_random_polynomials_of_high_degree_are_decided_at_once(coefficients: list[int]) -> None:
    coefficients = [*coefficients, 1]
    start = time.monotonic()
    above = by_real_roots(le(0, term(coefficients)), [], soon())
    fails = {(i,): Fraction(-c) for i, c in enumerate(coefficients) if c}
    below = point_on_line([Constraint(fails, ">")])
    assert (above is None) == (below is not None)
    assert time.monotonic() - start < 5


def test_the_only_point_may_be_an_irrational_root() -> None:
    square = times([-2, 0, 1], [-2, 0, 1])
    at_most = Constraint({(i,): Fraction(-c) for i, c in enumerate(square)}, ">=")
    point = point_on_line([at_most, Constraint({(1,): Fraction(1)}, ">")])
    assert isinstance(point, Algebraic)
    assert satisfies([at_most], [point])
    assert point.lower > 1
    beyond = Constraint({(1,): Fraction(1), (0,): Fraction(-3, 2)}, ">=")
    assert point_on_line([at_most, beyond]) is None


def test_other_claims_are_left_alone() -> None:
    y = real("y")
    assert by_real_roots(le(0, X * y), [], soon()) is None
    assert by_real_roots(le(0, X**3), [assume(y > 0)], soon()) is None
    assert by_real_roots(le(0, X), [assume(lt(y, X)), assume(lt(0, y))], soon()) is None
