"""The solvers propose points, in time, and nothing else comes from them."""

from __future__ import annotations

import sys
import time
from fractions import Fraction

import pytest

from derivations.search.algebraic import Algebraic, satisfies
from derivations.search.smt import SOLVERS, Answer, propose

from .constraints import parse

NONE = Answer(None, True)
REALS = [
    ("x", ["x**2-2 = 0", "x > 0"]),
    ("x y", ["x**2+y**2-1 = 0", "x-y = 0"]),
    ("x", ["x**5-x-1 = 0"]),
    ("x y", ["x**2*y-5/2 > 0", "x-y >= 0", "x-3 != 0"]),
    ("x", ["2/3*x-1/7 = 0"]),
]


@pytest.mark.parametrize("solver", SOLVERS)
@pytest.mark.parametrize(("names", "texts"), REALS)
def test_real_points(solver: str, names: str, texts: list[str]) -> None:
    constraints = parse(names, texts)
    point = propose(solver, constraints, [False] * len(names.split()), 20).point
    assert point is not None and satisfies(constraints, point)


@pytest.mark.parametrize("solver", SOLVERS)
def test_integer_points(solver: str) -> None:
    constraints = parse("x y z", ["x*y-12 = 0", "x-3 > 0", "y-2 > 0", "z-y > 0"])
    point = propose(solver, constraints, [True, True, True], 20).point
    assert point is not None and satisfies(constraints, point)
    assert all(isinstance(v, Fraction) and v.denominator == 1 for v in point)
    mixed = propose(solver, parse("x y", ["x*y-1 = 0", "x-2 > 0"]), [True, False], 20).point
    assert mixed is not None and satisfies(parse("x y", ["x*y-1 = 0", "x-2 > 0"]), mixed)


@pytest.mark.parametrize("solver", SOLVERS)
def test_there_is_none(solver: str) -> None:
    assert propose(solver, parse("x y", ["-1-x**2-y**2 >= 0"]), [False, False], 20) == NONE
    assert propose(solver, parse("x", ["x > 0", "1-x > 0"]), [True], 20) == NONE


@pytest.mark.parametrize("solver", SOLVERS)
def test_the_time_is_kept(solver: str) -> None:
    hard = parse("x y z", ["x**3+y**3+z**3-42 = 0", "x-1000 > 0"])
    start = time.monotonic()
    assert propose(solver, hard, [True] * 3, 1) == Answer(None)
    assert time.monotonic() - start < 3


@pytest.mark.parametrize("solver", SOLVERS)
def test_a_solver_that_cannot_run_says_nothing(
    solver: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for interpreter in ("/bin/false", "/nowhere"):
        monkeypatch.setattr(sys, "executable", interpreter)
        assert propose(solver, parse("x", ["x > 0"]), [False], 5) == Answer(None)


def test_algebraic_numbers_are_described_alike() -> None:
    constraints = parse("x", ["x**3-3*x+1 = 0", "x > 0", "1-x > 0"])
    z3, cvc5 = (propose(solver, constraints, [False], 20).point for solver in SOLVERS)
    assert z3 is not None and cvc5 is not None
    assert isinstance(z3[0], Algebraic) and isinstance(cvc5[0], Algebraic)
    assert z3[0].poly in (cvc5[0].poly, tuple(-c for c in cvc5[0].poly))
    assert cvc5[0].lower < z3[0].upper and z3[0].lower < cvc5[0].upper
