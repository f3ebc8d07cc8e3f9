"""Exact points: found, verified, and refused when they are wrong."""

from __future__ import annotations

import time
from fractions import Fraction

import pytest
import sympy

from derivations.search.polynomial import Constraint, Kind, Poly
from derivations.search.refute import (
    Algebraic,
    Value,
    evaluate,
    find_counterexample,
    find_point,
    negations,
    satisfies,
)


def poly(text: str, names: str) -> Poly:
    symbols = sympy.symbols(names.split())
    expression = sympy.sympify(text, locals={str(s): s for s in symbols})
    terms = sympy.Poly(sympy.expand(expression), *symbols).terms()
    return {m: Fraction(int(c.p), int(c.q)) for m, c in terms if c}


def constraint(text: str, names: str) -> Constraint:
    kinds: tuple[Kind, ...] = (">=", "!=", ">", "=")
    kind = next(kind for kind in kinds if kind in text)
    return Constraint(poly(text.split(kind)[0], names), kind)


def parse(names: str, texts: list[str]) -> list[Constraint]:
    return [constraint(text, names) for text in texts]


def soon(seconds: float = 20) -> float:
    return time.monotonic() + seconds


RATIONAL = {
    "simple": ("x", ["x > 0"]),
    "near miss": ("x y", ["2000001*x*y/1000000-x**2-y**2 > 0"]),
    "line": ("x y", ["3*x+7*y-2/11 = 0", "x-y > 0"]),
    "hyperbola": ("x y", ["x*y-1 = 0", "x-7 > 0"]),
    "circle": ("x y", ["x**2+y**2-1 = 0", "x > 0", "y > 0"]),
    "touch": ("x y", ["-(x**4*y**2+x**2*y**4-3*x**2*y**2+1) >= 0"]),
    "unequal": ("x", ["x**2-1 = 0", "x-1 != 0"]),
    "narrow": ("x", ["x**2-2 > 0", "2000001-1000000*x**2 > 0"]),
    "narrow box": ("x y", ["x-123456789 > 0", "123456790-x > 0", "y-x = 0"]),
}


@pytest.mark.parametrize("name", RATIONAL)
def test_rational_points(name: str) -> None:
    names, texts = RATIONAL[name]
    constraints = parse(names, texts)
    point = find_point(constraints, len(names.split()), deadline=soon()).point
    assert point is not None
    assert all(isinstance(value, Fraction) for value in point)
    assert satisfies(constraints, point)


@pytest.mark.parametrize(
    ("names", "texts"),
    [
        ("x", ["x**2-2 = 0"]),
        ("x y", ["x**2+y**2-1 = 0", "x-y = 0"]),
        ("x y z", ["x**2-2 = 0", "y**2-3 = 0", "z-x*y = 0"]),
        ("x", ["x**2-x-1 = 0", "x > 0", "x**3-2*x-1 = 0"]),
    ],
)
def test_algebraic_points(names: str, texts: list[str]) -> None:
    constraints = parse(names, texts)
    point = find_point(constraints, len(names.split()), deadline=soon()).point
    assert point is not None
    assert any(isinstance(value, Algebraic) for value in point)
    assert satisfies(constraints, point)


def test_integers() -> None:
    constraints = parse("x y z", ["x**2+y**2-z**2 = 0", "x-y > 0", "y > 0"])
    point = find_point(constraints, 3, (True, True, True), deadline=soon()).point
    assert point is not None
    assert all(isinstance(value, Fraction) and value.denominator == 1 for value in point)
    none = find_point(parse("x", ["x > 0", "1-x > 0"]), 1, (True,), deadline=soon())
    assert none.point is None
    assert none.says_unsat


def test_unsatisfiable() -> None:
    found = find_point(parse("x y", ["-1-x**2-y**2 >= 0"]), 2, deadline=soon())
    assert found.point is None
    assert found.says_unsat
    assert found.tried == ("sample", "boundary", "z3")


def test_no_variables() -> None:
    assert find_point([], 0).point == ()
    assert find_point([Constraint({(): Fraction(-1)}, ">")], 0, deadline=soon()).point is None


def test_same_seed_same_answer() -> None:
    constraints = parse("x y z", ["x*y*z-1 = 0", "x-7 > 0", "y-z > 0"])
    first, second = (find_point(constraints, 3, seed=5, deadline=soon()) for _ in range(2))
    assert first == second


ROOT2 = Algebraic((-2, 0, 1), Fraction(1), Fraction(2))
ROOT3 = Algebraic((-3, 0, 1), Fraction(1), Fraction(2))
ROOT6 = Algebraic((-6, 0, 1), Fraction(2), Fraction(3))


def test_exact_algebraic_signs() -> None:
    product: list[Value] = [ROOT2, ROOT3, ROOT6]
    assert satisfies(parse("x y z", ["z-x*y = 0"]), product)
    assert not satisfies(parse("x y z", ["z-x*y > 0"]), product)
    assert not satisfies(parse("x y z", ["z-x*y != 0"]), product)
    close = "x-1414213562373095048801688724209698078569671875376948073176679737990732478/10**72"
    assert satisfies(parse("x", [f"{close} > 0"]), [ROOT2])
    assert not satisfies(parse("x", [f"{close} = 0"]), [ROOT2])
    assert satisfies(parse("x y", ["2*x**2*y-4*y = 0", "y > 0"]), [ROOT2, Fraction(5)])


@pytest.mark.parametrize(
    "value",
    [
        Algebraic((-2, 0, 1), Fraction(-2), Fraction(2)),  # two roots
        Algebraic((-2, 0, 1), Fraction(2), Fraction(3)),  # none
        Algebraic((-2, 0, 1), Fraction(2), Fraction(1)),
        Algebraic((4, 0, -4, 0, 1), Fraction(1), Fraction(2)),  # a double root
        Algebraic((-1, 1), Fraction(1), Fraction(2)),  # the root is on the border
        Algebraic((3,), Fraction(1), Fraction(2)),
        Algebraic((), Fraction(1), Fraction(2)),
    ],
)
def test_bad_isolating_intervals(value: Algebraic) -> None:
    assert not satisfies([], [value])


def test_counterexamples() -> None:
    goal = constraint("x**2+y**2-2000001*x*y/1000000 >= 0", "x y")
    point = find_counterexample(goal, [], 2, deadline=soon()).point
    assert point is not None
    assert evaluate(goal.poly, [v for v in point if isinstance(v, Fraction)]) < 0
    for text in ("x-y = 0", "x-y > 0", "x-y != 0"):
        wrong = constraint(text, "x y")
        found = find_counterexample(wrong, parse("x y", ["x > 0"]), 2, deadline=soon())
        assert found.point is not None
        assert not satisfies([wrong], found.point)
    true = constraint("x**2+y**2-2*x*y >= 0", "x y")
    assert find_counterexample(true, [], 2, deadline=soon()).says_unsat
    equal = constraint("x-y = 0", "x y")
    both = find_counterexample(equal, parse("x y", ["x-y >= 0", "y-x >= 0"]), 2, deadline=soon())
    assert both.point is None
    assert both.says_unsat


def test_negations() -> None:
    one = {(0,): Fraction(1)}
    kinds: tuple[Kind, ...] = (">=", ">", "=", "!=")
    assert [[c.kind for c in negations(Constraint(one, k))] for k in kinds] == [
        [">"],
        [">="],
        [">", ">"],
        ["="],
    ]


def test_deadline_is_kept() -> None:
    hard = parse("x y z", ["x**3+y**3+z**3-42 = 0", "x-1000 > 0"])
    start = time.monotonic()
    found = find_point(hard, 3, (True, True, True), deadline=start + 1)
    assert found.point is None
    assert not found.says_unsat
    assert time.monotonic() - start < 3
    assert find_point(hard, 3, deadline=start).tried == ()


def test_wrong_lengths_are_an_error() -> None:
    with pytest.raises(ValueError, match="1 variables"):
        find_point(parse("x y", ["x > 0"]), 1)
    with pytest.raises(ValueError, match="flags"):
        find_point([], 2, (True,))
