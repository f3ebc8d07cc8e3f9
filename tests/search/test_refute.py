"""Exact points: found, verified, and refused when they are wrong."""

from __future__ import annotations

import time
from fractions import Fraction

import pytest

from derivations.search import refute
from derivations.search.algebraic import Algebraic, Value, satisfies
from derivations.search.polynomial import Constraint
from derivations.search.refute import find_point
from derivations.search.smt import Answer

from .constraints import parse


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
    point = find_point(constraints, len(names.split()), deadline=soon())
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
    point = find_point(constraints, len(names.split()), deadline=soon())
    assert point is not None
    assert any(isinstance(value, Algebraic) for value in point)
    assert satisfies(constraints, point)


def test_integers() -> None:
    constraints = parse("x y z", ["x**2+y**2-z**2 = 0", "x-y > 0", "y > 0"])
    point = find_point(constraints, 3, (True, True, True), deadline=soon())
    assert point is not None
    assert all(isinstance(value, Fraction) and value.denominator == 1 for value in point)
    assert find_point(parse("x", ["x > 0", "1-x > 0"]), 1, (True,), deadline=soon()) is None


def test_unsatisfiable() -> None:
    assert find_point(parse("x y", ["-1-x**2-y**2 >= 0"]), 2, deadline=soon()) is None


def test_no_variables() -> None:
    assert find_point([], 0) == ()
    assert find_point([Constraint({(): Fraction(-1)}, ">")], 0, deadline=soon()) is None


def test_same_seed_same_answer() -> None:
    constraints = parse("x y z", ["x*y*z-1 = 0", "x-7 > 0", "y-z > 0"])
    first, second = (find_point(constraints, 3, seed=5, deadline=soon()) for _ in range(2))
    assert first == second


@pytest.mark.parametrize(
    "lie",
    [
        (Fraction(3), Fraction(1)),
        (Algebraic((-2, 0, 1), Fraction(1), Fraction(2)), Fraction(2)),
        (Algebraic((-2, 0, 1), Fraction(-2), Fraction(2)), Fraction(1)),  # two roots
        (Algebraic((-3, 0, 1), Fraction(1), Fraction(2)), Fraction(1)),
    ],
)
def test_what_a_solver_proposes_is_checked(
    monkeypatch: pytest.MonkeyPatch, lie: tuple[Value, ...]
) -> None:
    hard = parse("x y", ["x**2-2 = 0", "y-1 = 0"])
    asked = []

    def proposed(solver: str, *_: object) -> Answer:
        asked.append(solver)
        return Answer(lie)

    monkeypatch.setattr(refute, "propose", proposed)
    assert find_point(hard, 2, deadline=soon()) is None
    assert asked == ["z3", "cvc5"]


def test_the_second_solver_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    root = Algebraic((-2, 0, 1), Fraction(1), Fraction(2))
    answers = {"z3": Answer(None), "cvc5": Answer((root, Fraction(1)))}
    monkeypatch.setattr(refute, "propose", lambda solver, *_: answers[solver])
    found = find_point(parse("x y", ["x**2-2 = 0", "y-1 = 0"]), 2, deadline=soon())
    assert found == (root, Fraction(1))


def test_who_says_that_there_is_none_ends_the_search(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    def denied(solver: str, *_: object) -> Answer:
        asked.append(solver)
        return Answer(None, True)

    monkeypatch.setattr(refute, "propose", denied)
    assert find_point(parse("x y", ["x**2-2 = 0", "y-1 = 0"]), 2, deadline=soon()) is None
    assert asked == ["z3"]


def test_integers_are_checked(monkeypatch: pytest.MonkeyPatch) -> None:
    constraints = parse("x y", ["3*x-6*y-1 = 0"])  # has no integers
    monkeypatch.setattr(refute, "propose", lambda *_: Answer((Fraction(1, 3), Fraction(0))))
    assert find_point(constraints, 2, (True, True), deadline=soon()) is None


def test_deadline_is_kept() -> None:
    hard = parse("x y z", ["x**3+y**3+z**3-42 = 0", "x-1000 > 0"])
    start = time.monotonic()
    assert find_point(hard, 3, (True, True, True), deadline=start + 1) is None
    assert time.monotonic() - start < 3
    assert find_point(parse("x", ["x > 0"]), 1, deadline=start) is None


def test_wrong_lengths_are_an_error() -> None:
    with pytest.raises(ValueError, match="1 variables"):
        find_point(parse("x y", ["x > 0"]), 1)
    with pytest.raises(ValueError, match="flags"):
        find_point([], 2, (True,))
