"""Certificates of polynomial inequalities: found, verified, and refused when wrong."""

from __future__ import annotations

import dataclasses
import random
import time
from fractions import Fraction

import pytest
import sympy

from derivations.search.polynomial import (
    Certificate,
    Constraint,
    Kind,
    Poly,
    Product,
    add,
    freeze,
    multiply,
    verify_certificate,
)
from derivations.search.positivity import find_certificate, find_certificate_with_multiplier
from derivations.search.semidefinite import ldl


def poly(text: str, names: str) -> Poly:
    """Parse with sympy; ``names`` are the variables, separated by blanks."""
    symbols = sympy.symbols(names.split())
    expression = sympy.sympify(text, locals={str(s): s for s in symbols})
    terms = sympy.Poly(sympy.expand(expression), *symbols).terms()
    return {m: Fraction(int(c.p), int(c.q)) for m, c in terms if c}


def hypothesis(text: str, names: str) -> Constraint:
    kinds: tuple[Kind, ...] = (">=", "!=", ">", "=")
    kind = next(kind for kind in kinds if kind in text)
    return Constraint(poly(text.split(kind)[0], names), kind)


def parse(names: str, goal: str, hypotheses: list[str]) -> tuple[Poly, list[Constraint]]:
    return poly(goal, names), [hypothesis(text, names) for text in hypotheses]


TRUE = {
    "square": ("x y", "x**2+y**2-2*x*y", [], False),
    "am-gm 2": ("x y", "(x+y)**2-4*x*y", ["x >= 0", "y >= 0"], False),
    "am-gm 3": ("x y z", "x**3+y**3+z**3-3*x*y*z", ["x >= 0", "y >= 0", "z >= 0"], False),
    "am-gm 4": ("x y z w", "x**4+y**4+z**4+w**4-4*x*y*z*w", [], False),
    "step": ("e D k", "2*e*D-k*e**2-e*D", ["D-k*e >= 0", "e > 0", "k > 0"], False),
    "step strict": ("e D k", "2*e*D-k*e**2-e*D", ["D-k*e > 0", "e > 0", "k > 0"], True),
    "quarter": ("J", "1/4-J*(1-J)", [], False),
    "quarter strict": ("J", "1/3-J*(1-J)", [], True),
    "cauchy 2": ("a b c d", "(a**2+b**2)*(c**2+d**2)-(a*c+b*d)**2", [], False),
    "cauchy 3": (
        "a b c d e f",
        "(a**2+b**2+c**2)*(d**2+e**2+f**2)-(a*d+b*e+c*f)**2",
        [],
        False,
    ),
    "motzkin": ("x y", "(x**4*y**2+x**2*y**4-3*x**2*y**2+1)*(x**2+y**2)", [], False),
    "quartic": ("x", "x**4-x+1", [], True),
    "quartic close": ("x", "x**4-x+1/2", [], True),
    "two roots": ("x", "(x-1)**2*(3*x-2)**2", [], False),
    "touching": ("x y", "(3*x-7*y+1/3)**2+(y-5/11)**2*y**2", [], False),
    "nesbitt": (
        "x y z",
        "2*(x*(x+z)*(x+y)+y*(y+z)*(x+y)+z*(y+z)*(x+z))-3*(x+y)*(y+z)*(x+z)",
        ["x > 0", "y > 0", "z > 0"],
        False,
    ),
    "box": ("x y", "1-x*y", ["1-x >= 0", "1-y >= 0", "x >= 0", "y >= 0"], False),
    "strict constant": ("x y", "x+y-1", ["x-1 >= 0", "y-1 >= 0"], True),
    "equality": ("x y", "x**2+y**2-1/2", ["x+y-1 = 0"], False),
    "circle": ("x y", "1-2*x*y", ["x**2+y**2-1 = 0"], False),
    "nothing": ("x", "0", [], False),
    "scales": ("x y", "x/1000000-y*1000", ["x-1000000000*y >= 0"], False),
    "no >0": ("x y", "0", ["x-y > 0", "y-x >= 0"], True),
    "no cycle": ("x y z", "0", ["x-y > 0", "y-z > 0", "z-x >= 0"], True),
    "no product": ("x y", "0", ["x > 0", "y > 0", "-x*y >= 0"], True),
    "no disc": ("x y", "0", ["1-x**2-y**2 >= 0", "x+y-2 >= 0"], True),
    "no root": ("x", "0", ["x**2+1 = 0"], True),
    "no inverse": ("x y", "0", ["x*y-1 = 0", "x > 0", "-y >= 0"], True),
    "no constant": ("x", "0", ["0*x-1 >= 0"], True),
    "no zero > 0": ("x", "0", ["0*x > 0"], True),
}

FALSE = {
    "near miss": ("x y", "x**2+y**2-2000001*x*y/1000000", [], False),
    "strict touch": ("x", "(x-1)**2", [], True),
    "motzkin": ("x y", "x**4*y**2+x**2*y**4-3*x**2*y**2+9/10", [], False),
    "sign": ("x y", "x*y", ["x > 0"], False),
    "consistent": ("x y", "0", ["x*y-1 = 0", "x > 0", "y >= 0"], True),
    "cubic": ("x", "x**3", [], False),
    "linear": ("x y z", "x-z", ["x-y >= 0", "y-z+1 >= 0"], False),
    "strict linear": ("x y", "x-y", ["x-y >= 0"], True),
    "unequal": ("x", "x**2", ["x != 0", "x >= 0"], True),
}


@pytest.mark.parametrize("name", TRUE)
def test_true_claims(name: str) -> None:
    names, text, hypotheses, strict = TRUE[name]
    goal, constraints = parse(names, text, hypotheses)
    found = find_certificate(goal, constraints, strict, deadline=time.monotonic() + 20)
    assert found is not None
    assert verify_certificate(goal, constraints, strict, found)


@pytest.mark.parametrize("name", FALSE)
def test_false_claims(name: str) -> None:
    names, text, hypotheses, strict = FALSE[name]
    goal, constraints = parse(names, text, hypotheses)
    assert find_certificate(goal, constraints, strict, deadline=time.monotonic() + 3) is None


def test_motzkin_needs_a_multiplier() -> None:
    goal, constraints = parse("x y", "x**4*y**2+x**2*y**4-3*x**2*y**2+1", ["x**2+y**2 > 0"])
    found = find_certificate_with_multiplier(goal, constraints, False)
    assert found is not None
    certificate, factors = found
    product = goal
    for index, power in factors.items():
        for _ in range(power):
            product = multiply(product, constraints[index].poly)
    assert factors
    assert verify_certificate(product, constraints, False, certificate)


def test_division_by_a_positive_factor() -> None:
    goal, constraints = parse("x y", "y", ["x > 0", "x*y >= 0"])
    assert find_certificate(goal, constraints, False, deadline=time.monotonic() + 2) is None
    found = find_certificate_with_multiplier(goal, constraints, False)
    assert found is not None
    assert found[1] == {0: 1}


@pytest.mark.parametrize("seed", range(12))
def test_random_combinations(seed: int) -> None:
    """A random non-negative combination of products of the constraints is recovered."""
    source = random.Random(seed)
    count = source.randint(2, 6)
    units = [tuple(int(i == j) for j in range(count)) for i in range(count)]
    constraints = [Constraint({unit: Fraction(1)}, ">=") for unit in units[::2]]
    for _ in range(6):
        entries = {source.choice(units): Fraction(source.randint(1, 4), source.randint(1, 3))
                   for _ in range(2)}
        entries[(0,) * count] = Fraction(source.randint(-3, 3) or 1)
        constraints.append(Constraint(entries, ">"))
    goal: Poly = {}
    for _ in range(3):
        pair = multiply(source.choice(constraints).poly, source.choice(constraints).poly)
        goal = add(goal, pair, Fraction(source.randint(1, 5)))
    found = find_certificate(goal, constraints, False, deadline=time.monotonic() + 10)
    assert found is not None
    assert verify_certificate(goal, constraints, False, found)


@pytest.mark.parametrize("name", ["am-gm 3", "step strict", "circle", "no inverse", "box"])
def test_mutants_are_rejected(name: str) -> None:
    names, text, hypotheses, strict = TRUE[name]
    goal, constraints = parse(names, text, hypotheses)
    found = find_certificate(goal, constraints, strict)
    assert found is not None
    for number, product in enumerate(found.products):
        changes = [
            dataclasses.replace(product, coefficient=product.coefficient + Fraction(1, 10**9)),
            dataclasses.replace(product, coefficient=-product.coefficient),
            dataclasses.replace(product, powers=(*product.powers, (0, 1))),
            dataclasses.replace(product, powers=((99, 1),)),
            dataclasses.replace(product, squares=(*product.squares, freeze(poly("2", names)))),
        ]
        for change in changes:
            products = (*found.products[:number], change, *found.products[number + 1 :])
            mutant = Certificate(products, found.multipliers)
            assert not verify_certificate(goal, constraints, strict, mutant)
    for number in range(len(found.products)):
        products = found.products[:number] + found.products[number + 1 :]
        mutant = Certificate(products, found.multipliers)
        assert not verify_certificate(goal, constraints, strict, mutant)


def test_verification_checks_the_kinds() -> None:
    goal, constraints = parse("x", "x", ["x = 0", "x != 0", "x >= 0"])
    one = {(0,): Fraction(1)}
    product = Certificate((Product(Fraction(1), ((2, 1),)),))
    assert verify_certificate(goal, constraints, False, product)
    assert not verify_certificate(goal, constraints, True, product)
    for index in (0, 1, -1):
        wrong = Certificate((Product(Fraction(1), ((index, 1),)),))
        assert not verify_certificate(goal, constraints, False, wrong)
    assert verify_certificate(goal, constraints, False, Certificate((), ((0, one),)))
    assert not verify_certificate(goal, constraints, False, Certificate((), ((2, one),)))
    assert not verify_certificate(goal, constraints, True, Certificate((), ((0, one),)))


def test_a_square_is_not_strict_unless_constant() -> None:
    goal, _ = parse("x", "x**2", [])
    square = Product(Fraction(1), (), (freeze(poly("x", "x")),))
    assert verify_certificate(goal, [], False, Certificate((square,)))
    assert not verify_certificate(goal, [], True, Certificate((square,)))
    constant = Product(Fraction(1), (), (freeze(poly("3", "x")),))
    assert verify_certificate(poly("9", "x"), [], True, Certificate((constant,)))
    zero = Product(Fraction(1), (), ((((0,), Fraction(0)),),))
    assert not verify_certificate({}, [], True, Certificate((zero,)))


def test_mixed_lengths_are_an_error() -> None:
    with pytest.raises(ValueError, match="different lengths"):
        find_certificate({(1,): Fraction(1)}, [Constraint({(1, 0): Fraction(1)}, ">")], False)


def test_bad_exponents_are_an_error() -> None:
    for exponent in (-1, 70000):
        with pytest.raises(ValueError, match="exponents"):
            find_certificate({(exponent,): Fraction(1)}, [], False)


def test_enormous_coefficients() -> None:
    goal = {(2,): Fraction(10) ** 400, (0,): Fraction(1)}
    found = find_certificate(goal, [], False, deadline=time.monotonic() + 5)
    assert found is None or verify_certificate(goal, [], False, found)


def test_deadline_is_kept() -> None:
    names = "a b c d e f g h"
    text = "a**4+b**4+c**4+d**4+e**4+f**4+g**4+h**4+a*b*c*d-7*e*f*g*h+a*e*h-b*c+1"
    hypotheses = ["a+b-c*d >= 0", "1+e*f-g >= 0", "3-h*a >= 0", "c*g-d*h+1 > 0"]
    goal, constraints = parse(names, text, hypotheses)
    start = time.monotonic()
    find_certificate(goal, constraints, False, deadline=start + 1)
    assert time.monotonic() - start < 4
    past = time.monotonic() - 1
    assert find_certificate(goal, constraints, False, deadline=past) is None


def test_ldl_refuses_indefinite_matrices() -> None:
    def matrix(*rows: tuple[int, ...]) -> list[list[Fraction]]:
        return [[Fraction(value) for value in row] for row in rows]

    assert ldl(matrix((1, 2), (2, 1))) is None
    assert ldl(matrix((0, 1), (1, 0))) is None
    assert ldl(matrix((0, 0), (0, -1))) is None
    assert ldl(matrix((0, 0), (0, 0))) == []
    factors = ldl(matrix((4, 2, 0), (2, 1, 0), (0, 0, 3)))
    assert factors is not None
    rebuilt = [[sum(d * v[i] * v[j] for d, v in factors) for j in range(3)] for i in range(3)]
    assert rebuilt == matrix((4, 2, 0), (2, 1, 0), (0, 0, 3))
