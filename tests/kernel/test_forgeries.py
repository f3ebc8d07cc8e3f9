"""Attempts to prove something false.  Each must end in a `KernelError`.

Every test asks for the theorem ``|- 1 <= 0`` and checks that it does not come out.
The first part uses nothing but the public interface, or nothing but JSON; these must
fail in a fresh process too.  The second part lies to the kernel with Python objects.
"""

from __future__ import annotations

import json
import pickle
from collections.abc import Iterator
from fractions import Fraction
from typing import Any

import pytest

from derivations.kernel.axioms import AXIOMS
from derivations.kernel.certificate import FORMAT, replay
from derivations.kernel.terms import (
    PI,
    Definition,
    KernelError,
    Term,
    _rebuild,
    app,
    eq,
    lam,
    le,
    lt,
    nat,
    num,
    real,
    var,
)
from derivations.kernel.theorem import Theorem, infer

FALSEHOOD = le(1, 0)
ONCE = [(Fraction(1), [(0, 1)], [])]
x, n = real("x"), nat("n")


def nonnegative(value: Term) -> Theorem:
    """What `natural.nonnegative` says of a term."""
    return infer("instantiate", infer("axiom", name="natural.nonnegative"), mapping=[(n, value)])


def falsehood(theorem: Theorem) -> Theorem:
    """``1 <= 0`` from ``-1 >= 0``."""
    return infer("arithmetic", theorem, goal=FALSEHOOD, products=ONCE)


# A name that is also the name of a builtin function ------------------------------------------


def test_a_variable_called_exp_may_be_zero() -> None:
    zero = real("exp")
    with pytest.raises(KernelError):
        quotient = infer("arithmetic", goal=eq(zero / zero, 1))
        wrong = infer("instantiate", quotient, mapping=[(zero, num(0))])
        infer("arithmetic", wrong, goal=FALSEHOOD, multipliers=[(0, num(1))])


@pytest.mark.parametrize("name", ["exp", "<=", "forall", "", "two words", "#0", 5])
def test_a_definition_cannot_pose_as_a_builtin(name: Any) -> None:
    # Otherwise "|- exp(x) = -1" can be had, and shown, for a definition called exp.
    with pytest.raises(KernelError):
        Definition(name, lam(x, -1))


# Ill-formed terms in a certificate -----------------------------------------------------------


class Sheet:
    """A certificate written by hand."""

    def __init__(self) -> None:
        self.terms: list[Any] = []
        self.definitions: list[Any] = []
        self.steps: list[Any] = []

    def term(self, *row: Any) -> int:
        self.terms.append(list(row))
        return len(self.terms) - 1

    def app(self, head: Any, *arguments: int) -> int:
        return self.term("app", head, list(arguments))

    def step(self, rule: str, *premises: int, **arguments: Any) -> int:
        self.steps.append([rule, list(premises), arguments])
        return len(self.steps) - 1

    def replay(self, step: int, conclusion: int) -> dict[str, Theorem]:
        named = {"false": {"step": step, "hypotheses": [], "conclusion": conclusion}}
        data = {"format": FORMAT, "terms": self.terms, "definitions": self.definitions}
        text = json.dumps({**data, "steps": self.steps, "theorems": named})
        return replay(json.loads(text))


def once() -> list[Any]:
    return [[{"number": "1"}, [[0, 1]], []]]


def ill_sorted(hints: list[str], bound: int | float, sort: str) -> dict[str, Theorem]:
    """Instantiate f(-1) >= 0, where f has natural values, by ``u |-> u``."""
    sheet = Sheet()
    one, zero, minus = (sheet.term("num", s) for s in ("1", "0", "-1"))
    natural = sheet.term("var", "n", "N")
    f = sheet.term("var", "f", [["R"], "N"])
    value = sheet.app(["term", f], minus)
    identity = sheet.term("lam", hints, ["R"], sheet.term("bound", bound, sort))
    false = sheet.app("<=", one, zero)
    known = sheet.step("axiom", name="natural.nonnegative")
    general = sheet.step("instantiate", known, mapping=[[{"term": natural}, {"term": value}]])
    wrong = sheet.step("instantiate", general, mapping=[[{"term": f}, {"term": identity}]])
    last = sheet.step("arithmetic", wrong, goal={"term": false}, products=once())
    return sheet.replay(last, false)


def test_a_bound_variable_has_the_sort_it_was_bound_with() -> None:
    with pytest.raises(KernelError):
        ill_sorted(["u"], 0, "N")


def test_the_same_through_pickle() -> None:
    f = var("f", (("R",), "N"))
    with pytest.raises(KernelError):
        inner = _rebuild("bound", "N", 0, ())
        identity = _rebuild("lam", (("R",), "N"), lam(x, x).head, (inner,))
        identity = pickle.loads(pickle.dumps(identity))
        general = nonnegative(f(num(-1)))
        falsehood(infer("instantiate", general, mapping=[(f, identity)]))


def test_the_sort_is_checked_where_a_definition_is_made() -> None:
    sheet = Sheet()
    one, zero, minus = (sheet.term("num", s) for s in ("1", "0", "-1"))
    natural = sheet.term("var", "n", "N")
    sheet.definitions.append(["D", sheet.term("lam", ["u"], ["R"], sheet.term("bound", 0, "N"))])
    value = sheet.app(["definition", 0], minus)
    false = sheet.app("<=", one, zero)
    known = sheet.step("axiom", name="natural.nonnegative")
    wrong = sheet.step("instantiate", known, mapping=[[{"term": natural}, {"term": value}]])
    last = sheet.step("arithmetic", wrong, goal={"term": false}, products=once(), names=["D"])
    with pytest.raises(KernelError):
        sheet.replay(last, false)


@pytest.mark.parametrize("hints", [[], ["u", "v"]])
def test_a_lambda_has_as_many_names_as_sorts(hints: list[str]) -> None:
    # The depth of a substitution was counted in names, looseness in sorts: x was captured,
    # so that "for all x there is z with x + 1 <= z" became "there is z with z + 1 <= z".
    sheet = Sheet()
    one, zero = sheet.term("num", "1"), sheet.term("num", "0")
    real_x, natural = sheet.term("var", "x", "R"), sheet.term("var", "n", "N")
    z = sheet.term("bound", 0, "N")
    next_x, next_n = sheet.app("+", real_x, one), sheet.app("+", natural, one)
    bad = sheet.term("lam", hints, ["N"], sheet.app("<=", next_x, z))
    exists, false = sheet.app("exists", bad), sheet.app("<=", one, zero)
    known = sheet.step("axiom", name="natural.archimedes")
    above = sheet.step("instantiate", known, mapping=[[{"term": real_x}, {"term": next_x}]])
    given = sheet.step("assume", formula={"term": sheet.app("<=", next_x, natural)})
    seen = sheet.step("witness", given, formula={"term": exists}, terms=[{"term": natural}])
    some = sheet.step("choose", above, seen, variables=[{"term": natural}])
    every = sheet.step("generalise", some, variables=[{"term": real_x}])
    wrong = sheet.step("specialise", every, terms=[{"term": zero}])
    absurd = sheet.step("assume", formula={"term": sheet.app("<=", next_n, natural)})
    no = sheet.step("arithmetic", absurd, goal={"term": false}, products=once())
    last = sheet.step("choose", wrong, no, variables=[{"term": natural}])
    with pytest.raises(KernelError):
        sheet.replay(last, false)


# Python objects that lie ---------------------------------------------------------------------


class Shifty(list):  # type: ignore[type-arg]
    """A list that says something else each time it is read."""

    def __init__(self, *readings: list[Any]) -> None:
        super().__init__(readings[0])
        self.readings = [*readings]

    def __iter__(self) -> Iterator[Any]:
        return iter(self.readings.pop(0) if len(self.readings) > 1 else self.readings[0])


@pytest.mark.parametrize("honest", [0, 1, 2, 3])
def test_products_that_change_while_they_are_checked(honest: int) -> None:
    products = Shifty(*[[(Fraction(1), [], [])]] * honest, [(Fraction(-1), [], [])])
    with pytest.raises(KernelError):
        infer("arithmetic", goal=FALSEHOOD, products=products)


@pytest.mark.parametrize("honest", [0, 1, 2])
def test_variables_that_change_while_they_are_checked(honest: int) -> None:
    variables = Shifty(*[[real("y")]] * honest, [x])
    try:
        given = infer("assume", formula=le(x, 0))
        every = infer("generalise", given, variables=variables)
        wrong = infer("specialise", every, terms=[num(1)])
        open_ = infer("discharge", wrong, formula=le(x, 0))
        closed = infer("instantiate", open_, mapping=[(x, num(0))])
        result = infer("detach", closed, infer("arithmetic", goal=le(0, 0)))
    except KernelError:
        return
    # Read once, as [y], the list is harmless: nothing was specialised.
    assert result.conclusion == le(0, 0)


@pytest.mark.parametrize("base", [int, Fraction])
@pytest.mark.parametrize("honest", [1, 2, 3])
def test_a_coefficient_that_changes_its_sign(base: type, honest: int) -> None:
    reads: list[int] = []

    def numerator(_: Any) -> int:
        reads.append(1)
        return 1 if len(reads) <= honest else -1

    members = {"numerator": property(numerator), "denominator": property(lambda _: 1)}
    coefficient = type("Flip", (base,), members)(1)
    with pytest.raises(KernelError):
        infer("arithmetic", goal=FALSEHOOD, products=[(coefficient, [], [])])


class Same(str):
    """A text that equals every other."""

    def __eq__(self, other: object) -> bool:
        return True

    def __ne__(self, other: object) -> bool:
        return False

    __hash__ = str.__hash__


def test_a_sort_that_equals_every_sort() -> None:
    with pytest.raises(KernelError):
        chameleon = var("v", Same("R"))
        general = nonnegative(chameleon)
        falsehood(infer("instantiate", general, mapping=[(chameleon, num(-1))]))


def test_a_definition_that_is_changed_afterwards() -> None:
    with pytest.raises((KernelError, AttributeError)):
        constant, y = Definition("D", lam(x, 0)), real("y")
        zero = infer("arithmetic", goal=eq(constant(x), 0), names=["D"])
        object.__setattr__(constant, "meaning", lam(x, 1))
        one = infer("arithmetic", goal=eq(constant(y), 1), names=["D"])
        zero = infer("instantiate", zero, mapping=[(x, y)])
        both = [(0, num(-1)), (1, num(1))]
        infer("arithmetic", zero, one, goal=FALSEHOOD, multipliers=both)



@pytest.mark.parametrize("way", ["class", "bases"])
def test_an_object_that_pretends_to_be_a_term(way: str) -> None:
    # It equals every formula with its hash, so discharging a true one would remove it.
    truth = infer("axiom", name="pi.positive")

    class Plain(tuple):  # type: ignore[type-arg]
        __slots__ = ()

    class Fake(Plain):
        __slots__ = ()
        if way == "class":
            __class__ = Term  # type: ignore[assignment]
            kind, sort, head, args, loose = tuple(FALSEHOOD)[1:]

        def __eq__(self, other: object) -> bool:
            return True

        def __ne__(self, other: object) -> bool:
            return False

        def __hash__(self) -> int:
            return hash(lt(0, PI))

    assert AXIOMS["pi.positive"] == lt(0, PI)
    with pytest.raises((KernelError, TypeError)):
        if way == "bases":
            Fake.__bases__ = (Term,)
        fake: Any = tuple.__new__(Fake, tuple(FALSEHOOD))
        given = infer("assume", formula=fake)
        wrong = infer("arithmetic", given, goal=FALSEHOOD, products=ONCE)
        infer("detach", infer("discharge", wrong, formula=lt(0, PI)), truth)


def test_a_pretender_inside_a_term() -> None:
    class Fake:
        __class__ = Term  # type: ignore[assignment]
        kind, sort, head, args, loose = "app", "N", "neg", (num(1),), 0

    fake: Any = Fake()
    with pytest.raises(KernelError):
        app("+", fake, 1)
