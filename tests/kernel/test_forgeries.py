"""Attempts to prove something false.  Each must end in a `KernelError`.

Every test asks for the theorem ``|- 1 <= 0`` and checks that it does not come out.
The first part uses nothing but the public interface, or nothing but JSON; these must
fail in a fresh process too.  The second part lies to the kernel with Python objects.
"""

from __future__ import annotations

import copy
import dataclasses
import json
import pickle
import subprocess
import sys
from collections.abc import Iterator
from fractions import Fraction
from typing import Any

import pytest

from derivations.kernel.axioms import AXIOMS
from derivations.kernel.certificate import FORMAT, replay, serialise
from derivations.kernel.terms import (
    PI,
    SIGNATURES,
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
from derivations.kernel.theorem import RULES, Sequent, Theorem, infer, sequent, step

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
            kind, sort, head, args, loose, size = tuple(FALSEHOOD)[1:]

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


@pytest.mark.parametrize("sort", ["R", "N"])
@pytest.mark.parametrize("name", sorted(n for n in SIGNATURES if n.isidentifier()))
def test_a_variable_may_have_the_name_of_a_builtin(name: str, sort: str) -> None:
    """It is a variable all the same: whatever holds of it holds of every number."""
    fake = var(name, sort)
    bounds = [le(fake, 4), le(0, fake)]
    assumed = [infer("assume", formula=b) for b in bounds]
    for claim in (fake > 3, fake > 2, fake < 4, le(1, fake), lt(0, fake), eq(fake / fake, 1)):
        for rule in ("arithmetic", "enclosure"):
            for coordinates in ([], [fake]):
                extra: dict[str, Any] = {"products": ONCE} if rule == "arithmetic" else {}
                if rule == "enclosure":
                    extra = {"coordinates": coordinates, "tree": [-1], "bits": 64}
                with pytest.raises(KernelError):
                    infer(rule, *assumed, goal=claim, **extra)


@pytest.mark.parametrize("numerator", [1, 2])
def test_a_fraction_with_its_sign_below(numerator: int) -> None:
    coefficient = Fraction(numerator, -numerator, _normalize=False)
    with pytest.raises(KernelError, match="positive"):
        infer("arithmetic", goal=FALSEHOOD, products=[(coefficient, [], [])])


# The objects of the kernel itself ------------------------------------------------------------

TRUTH = infer("axiom", name="pi.positive")


def test_a_theorem_is_made_by_an_inference_only() -> None:
    for make in (
        lambda: Theorem(),
        lambda: Theorem(frozenset(), FALSEHOOD),
        lambda: copy.copy(TRUTH),
        lambda: copy.deepcopy(TRUTH),
        lambda: pickle.dumps(TRUTH),
        lambda: type("Mine", (Theorem,), {}),
        lambda: TRUTH.__reduce__(),
        lambda: TRUTH.__reduce_ex__(4),
    ):
        with pytest.raises((KernelError, TypeError)):
            make()
    with pytest.raises((TypeError, AttributeError)):
        dataclasses.replace(TRUTH, conclusion=FALSEHOOD)  # type: ignore[type-var]


def test_an_empty_theorem_says_nothing() -> None:
    hollow = object.__new__(Theorem)
    for use in (
        lambda: hollow.conclusion,
        lambda: hollow.hypotheses,
        lambda: repr(hollow),
        lambda: infer("conjoin", hollow, TRUTH),
        lambda: step(hollow),
        lambda: serialise({"hollow": hollow}),
    ):
        with pytest.raises(KernelError, match="not a theorem"):
            use()


def test_what_a_theorem_says_cannot_be_set() -> None:
    for name in ("conclusion", "hypotheses", "_sequent", "__dict__", "__class__"):
        for set_ in (setattr, object.__setattr__):
            with pytest.raises((AttributeError, TypeError)):
                set_(TRUTH, name, FALSEHOOD)
    with pytest.raises(AttributeError):
        sequent(TRUTH).conclusion = FALSEHOOD  # type: ignore[misc]
    with pytest.raises(TypeError):
        step(TRUTH).arguments["name"] = "exp.zero"  # type: ignore[index]
    assert TRUTH.conclusion == lt(0, PI)


def test_lists_changed_after_the_inference() -> None:
    products: list[Any] = [(Fraction(1), [], [x])]
    square = infer("arithmetic", goal=le(0, x**2), products=products)
    products[0] = (Fraction(1), [], [])
    assert step(square).arguments["products"] == ((Fraction(1), (), (x,)),)
    assert replay(serialise({"square": square}))["square"].conclusion == le(0, x**2)


def test_the_tables_cannot_be_written() -> None:
    for table in (AXIOMS, RULES, SIGNATURES):
        with pytest.raises(TypeError):
            table["believe"] = FALSEHOOD  # type: ignore[index]
        with pytest.raises((TypeError, AttributeError)):
            table.clear()  # type: ignore[attr-defined]


def test_a_rule_put_into_the_module_is_no_rule(monkeypatch: pytest.MonkeyPatch) -> None:
    believe = lambda premises, formula: Sequent(frozenset(), formula)
    monkeypatch.setattr("derivations.kernel.theorem.RULES", {"believe": believe})
    monkeypatch.setattr("derivations.kernel.theorem.absurd", believe)
    for rule, premises in (("believe", ()), ("absurd", (TRUTH,))):
        with pytest.raises(KernelError):
            infer(rule, *premises, formula=FALSEHOOD)


def test_a_premise_that_looks_like_a_theorem() -> None:
    class Fake:
        __class__ = Theorem  # type: ignore[assignment]
        conclusion, hypotheses = FALSEHOOD, frozenset[Term]()

        def __eq__(self, other: object) -> bool:
            return True

        def __hash__(self) -> int:
            return hash(TRUTH)

    fake: Any = Fake()
    with pytest.raises(KernelError, match="not a theorem"):
        infer("conjoin", fake, TRUTH)


def test_an_ill_formed_term_of_ones_own_making() -> None:
    minus = tuple.__new__(Term, (hash(num(1)), "app", "N", "neg", (num(1),), 0, 2))
    with pytest.raises(KernelError, match="not a term built"):
        falsehood(nonnegative(minus))
    with pytest.raises(KernelError, match="not a term built"):
        falsehood(infer("assume", formula=tuple.__new__(Term, tuple(FALSEHOOD))))


def test_in_a_fresh_process_only_certificates_count() -> None:
    """What gets past this process by its private parts does not get past another one."""
    program = """
import json, sys
from derivations.kernel import terms, theorem
from derivations.kernel.certificate import serialise
from derivations.kernel.terms import le, nat, num
from derivations.kernel.theorem import infer
n = nat("n")
way = sys.argv[1]
if way == "ill-sorted":
    minus = terms._make("app", "N", "neg", (num(1),), 0)
    made = infer("axiom", name="natural.nonnegative")
    made = infer("instantiate", made, mapping=[(n, minus)])
    made = infer("arithmetic", made, goal=le(1, 0), products=[(1, [(0, 1)], [])])
elif way == "no checks":
    theorem._need = lambda condition, message: None
    made = infer("arithmetic", goal=le(1, 0))
else:
    one = num(1)
    one.head._numerator = 0
    made = infer("arithmetic", goal=le(one, num(0)))
    one.head._numerator = 1
print(json.dumps(serialise({"false": made})))
"""
    for way in ("ill-sorted", "no checks", "another number"):
        command = [sys.executable, "-c", program, way]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        with pytest.raises(KernelError):
            replay(json.loads(done.stdout))


def test_a_statement_in_its_own_proof() -> None:
    """A step is made from earlier ones, so a proof never rests on itself."""
    sheet = Sheet()
    one, zero = sheet.term("num", "1"), sheet.term("num", "0")
    false = sheet.app("<=", one, zero)
    sheet.step("part", 1, side=0)
    sheet.step("conjoin", 0, 0)
    with pytest.raises(KernelError, match="comes later"):
        sheet.replay(0, false)
