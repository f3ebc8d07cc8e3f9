"""Every rule of inference: what it gives, and every way in which it must refuse."""

from __future__ import annotations

import itertools
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from derivations.kernel.terms import (
    FALSE,
    Definition,
    KernelError,
    Term,
    both,
    either,
    eq,
    exists,
    exp,
    forall,
    function,
    implies,
    lam,
    le,
    lt,
    nat,
    ne,
    num,
    real,
    total,
    var,
)
from derivations.kernel.theorem import RULES, Theorem, infer

x, y, z, n, m = real("x"), real("y"), real("z"), nat("n"), nat("m")
f, to_natural = function("f", "R"), var("c", (("R",), "N"))
p, q, r = x > 0, y > 0, z > 0
TRUE = infer("arithmetic", goal=eq(0, 0))


def assume(formula: Term) -> Theorem:
    return infer("assume", formula=formula)


def axiom(name: str) -> Theorem:
    return infer("axiom", name=name)


def says(theorem: Theorem, conclusion: Term, *hypotheses: Term) -> None:
    assert theorem.conclusion == conclusion
    assert theorem.hypotheses == frozenset(hypotheses)


def refused(reason: str, rule: str, *premises: Any, **arguments: Any) -> None:
    with pytest.raises(KernelError, match=reason):
        infer(rule, *premises, **arguments)


# What every rule refuses ---------------------------------------------------------------------


@pytest.mark.parametrize("rule", sorted(RULES))
def test_a_rule_needs_its_premises_and_arguments(rule: str) -> None:
    with pytest.raises(KernelError):
        infer(rule)
    with pytest.raises(KernelError):
        infer(rule, *[TRUE] * 5)
    with pytest.raises(KernelError):
        infer(rule, TRUE, believe=True)
    with pytest.raises(KernelError):
        infer(rule, TRUE, believe=1)


@pytest.mark.parametrize("rule", ["believe", "", "_vault", None, ["assume"], 3])
def test_there_are_no_other_rules(rule: Any) -> None:
    refused("no rule is called", rule)


@pytest.mark.parametrize("premise", [None, "theorem", p, object(), RULES])
def test_premises_are_theorems(premise: Any) -> None:
    refused("not a theorem of this kernel", "conjoin", TRUE, premise)


@pytest.mark.parametrize("value", [0.5, True, None, {"a": 1}, {1}, b"x", lambda: 1, TRUE])
def test_arguments_are_exact_data(value: Any) -> None:
    refused("not an argument of a rule", "assume", formula=value)
    refused("not an argument of a rule", "specialise", TRUE, terms=[[value]])


@pytest.mark.parametrize(
    ("rule", "arguments"),
    [
        ("assume", {}),
        ("discharge", {}),
        ("weaken", {}),
        ("absurd", {}),
        ("convert", {}),
        ("excluded-middle", {}),
        ("arithmetic", {}),
    ],
)
@pytest.mark.parametrize("formula", [x, n, lam(x, p), f, "x > 0", 1, Fraction(1, 2)])
def test_a_formula_is_a_formula(rule: str, arguments: dict[str, Any], formula: Any) -> None:
    premises = [] if rule in ("assume", "excluded-middle", "arithmetic") else [assume(FALSE)]
    name = "goal" if rule == "arithmetic" else "formula"
    refused("not a formula", rule, *premises, **{name: formula}, **arguments)


def test_a_formula_is_closed() -> None:
    inside = forall(x, p).args[0].args[0]
    assert inside.loose
    refused("not a formula", "assume", formula=inside)


# One rule after the other --------------------------------------------------------------------


def test_assume() -> None:
    says(assume(p), p, p)
    refused("takes no premise", "assume", TRUE, formula=p)


def test_axiom() -> None:
    says(axiom("exp.zero"), eq(exp(0), 1))
    refused("no axiom", "axiom", name="exp.one")
    refused("takes no premise", "axiom", TRUE, name="exp.zero")


def test_instantiate() -> None:
    says(infer("instantiate", axiom("exp.positive"), mapping=[(x, y)]), lt(0, exp(y)))
    says(infer("instantiate", assume(p), mapping=[(x, y + 1)]), y + 1 > 0, y + 1 > 0)
    # Simultaneously: the x inside the new f is not the x that is replaced.
    new = infer("instantiate", assume(f(x) > 0), mapping=[(f, lam(z, z + x)), (x, y)])
    says(new, y + x > 0, y + x > 0)
    # Without capture: the x that is put in is not the x that is bound.
    bound = assume(forall(x, x <= y))
    new = infer("instantiate", bound, mapping=[(y, x)])
    assert new.conclusion == forall(z, z <= x)
    natural = axiom("natural.nonnegative")
    says(infer("instantiate", natural, mapping=[(n, n + m)]), n + m >= 0)
    for value in (x, n - 1, num(-1), num(Fraction(1, 2)), -n):
        refused("cannot substitute", "instantiate", natural, mapping=[(n, value)])
    refused("cannot substitute", "instantiate", assume(f(x) > 0), mapping=[(f, y)])
    refused("cannot substitute", "instantiate", assume(p), mapping=[(x, lam(y, y))])
    refused("cannot substitute", "instantiate", assume(p), mapping=[(x + 0, y)])
    refused("cannot substitute", "instantiate", assume(p), mapping=[(num(0), y)])
    refused(".", "instantiate", assume(p), mapping=[(x,)])
    refused(".", "instantiate", assume(p), mapping=[("x", y)])


def test_discharge_and_detach() -> None:
    says(infer("discharge", assume(p), formula=p), implies(p, p))
    says(infer("discharge", assume(p), formula=q), implies(q, p), p)
    says(infer("detach", assume(implies(p, q)), assume(p)), q, implies(p, q), p)
    refused("should be", "detach", assume(implies(p, q)), assume(q))
    refused("not of the form", "detach", assume(p), assume(p))
    refused("not of the form", "detach", assume(both(p, q)), assume(p))


def test_generalise() -> None:
    every = infer("generalise", axiom("exp.positive"), variables=[x])
    says(every, forall(x, lt(0, exp(x))))
    says(infer("generalise", assume(p), variables=[y]), forall(y, p), p)
    refused("occurs in a hypothesis", "generalise", assume(p), variables=[x])
    refused("occurs in a hypothesis", "generalise", assume(f(x) > 0), variables=[y, x])
    refused("quantifiers range", "generalise", TRUE, variables=[f])
    refused("distinct", "generalise", TRUE, variables=[y, y])
    refused("distinct", "generalise", TRUE, variables=[])
    refused("distinct", "generalise", TRUE, variables=[x + 1])


def test_specialise() -> None:
    every = assume(forall((x, n), x <= n))
    says(infer("specialise", every, terms=[y, m + 1]), y <= m + 1, *every.hypotheses)
    # Without capture, under a second quantifier.
    nested = assume(forall(x, exists(y, x < y)))
    assert infer("specialise", nested, terms=[y]).conclusion == exists(z, y < z)
    refused("has sort", "specialise", every, terms=[n, x])
    refused("takes 2 arguments", "specialise", every, terms=[y])
    refused("not of the form", "specialise", assume(exists(x, p)), terms=[y])
    refused(
        "not a formula",
        "specialise",
        nested,
        terms=[nested.conclusion.args[0].args[0].args[0].args[0].args[0]],
    )


def test_witness() -> None:
    some = exists(n, y <= n)
    says(infer("witness", assume(y <= 2), formula=some, terms=[num(2)]), some, y <= 2)
    refused("not that instance", "witness", assume(y <= 2), formula=some, terms=[num(3)])
    refused("has sort", "witness", assume(y <= x), formula=some, terms=[x])
    refused("not of the form", "witness", assume(y <= 2), formula=forall(n, y <= n), terms=[num(2)])


def test_choose() -> None:
    some, seen = assume(exists(x, both(p, q))), infer("part", assume(both(p, q)), side=1)
    says(infer("choose", some, seen, variables=[x]), q, exists(x, both(p, q)))
    first = infer("part", assume(both(p, q)), side=0)
    refused("not fresh", "choose", some, first, variables=[x])
    with_x = infer("conjoin", seen, assume(x <= 5))
    again = infer("part", with_x, side=0)
    refused("not fresh", "choose", some, again, variables=[x])
    free = assume(exists(y, x <= y))
    refused("not fresh", "choose", free, assume(q), variables=[x])
    refused("sorts differ", "choose", assume(exists(x, q)), assume(q), variables=[n])
    refused("sorts differ", "choose", assume(exists(x, q)), assume(q), variables=[x, z])
    refused("must differ", "choose", assume(exists((x, z), q)), assume(q), variables=[x, x])
    refused("only variables", "choose", some, seen, variables=[x + 0])
    refused("not of the form", "choose", assume(forall(x, q)), assume(q), variables=[x])


def test_conjunction() -> None:
    pair = infer("conjoin", assume(p), assume(q))
    says(pair, both(p, q), p, q)
    says(infer("part", pair, side=0), p, p, q)
    says(infer("part", pair, side=1), q, p, q)
    refused("sides 0 and 1", "part", pair, side=2)
    refused("sides 0 and 1", "part", pair, side=-1)
    refused(".", "part", pair, side=Fraction(1))
    refused("not of the form", "part", assume(either(p, q)), side=0)


def test_disjunction() -> None:
    for wanted in (either(p, q), either(q, p)):
        says(infer("weaken", assume(p), formula=wanted), wanted, p)
    refused("not one of its sides", "weaken", assume(p), formula=either(q, r))
    refused("not of the form", "weaken", assume(p), formula=both(p, q))
    split = assume(either(p, q))
    first = infer("detach", assume(implies(p, r)), assume(p))
    second = infer("detach", assume(implies(q, r)), assume(q))
    joined = infer("cases", split, first, second)
    says(joined, r, either(p, q), implies(p, r), implies(q, r))
    # Exchanged, each case keeps the assumption that the split does not give it.
    crossed = infer("cases", split, second, first)
    assert crossed.hypotheses >= {p, q}
    refused("end differently", "cases", split, first, assume(q))
    refused("not of the form", "cases", assume(both(p, q)), first, second)


def test_contradiction_and_excluded_middle() -> None:
    says(infer("absurd", assume(FALSE), formula=p), p, FALSE)
    refused("no contradiction", "absurd", assume(p), formula=q)
    refused("no contradiction", "absurd", assume(lt(1, 0)), formula=q)
    says(infer("excluded-middle", formula=p), either(p, implies(p, FALSE)))
    refused("takes no premise", "excluded-middle", TRUE, formula=p)


def test_rewrite() -> None:
    equal = assume(eq(x, y))
    says(infer("rewrite", equal, assume(x <= z), template=lam(x, x <= z)), y <= z, eq(x, y), x <= z)
    once = infer("rewrite", equal, assume(x <= x), template=lam(z, x <= z))
    assert once.conclusion == le(x, y)
    refused("does not fit", "rewrite", equal, assume(y <= z), template=lam(x, x <= z))
    refused("not of the form", "rewrite", assume(x <= y), assume(x <= z), template=lam(x, x <= z))
    refused("does not fit", "rewrite", equal, assume(x <= z), template=lam(x, x + z))
    # A real that equals a natural is not put where a natural belongs.
    known = infer("instantiate", axiom("natural.nonnegative"), mapping=[(n, m)])
    refused("has sort", "rewrite", assume(eq(m, x)), known, template=lam(n, n >= 0))


def test_convert() -> None:
    square = Definition("square", lam(x, x * x))
    says(infer("convert", assume(square(y) > 0), formula=y * y > 0), y * y > 0, square(y) > 0)
    says(infer("convert", assume(y * y > 0), formula=square(y) > 0), square(y) > 0, y * y > 0)
    refused("more than names", "convert", assume(square(y) > 0), formula=y**2 > 0)
    other = Definition("square", lam(x, x + x))
    refused("more than names", "convert", assume(square(y) > 0), formula=other(y) > 0)


def test_induction() -> None:
    base, step = f(0) >= 0, forall(n, f(n) >= 0, f(n + 1) >= 0)
    proved = infer("induction", assume(base), assume(step), body=lam(m, f(m) >= 0))
    says(proved, forall(n, f(n) >= 0), base, step)
    # The variable of the step must not clash with one of the property.
    base, step = f(n + 0) >= 0, forall(m, f(n + m) >= 0, f(n + (m + 1)) >= 0)
    proved = infer("induction", assume(base), assume(step), body=lam(m, f(n + m) >= 0))
    says(proved, forall(m, f(n + m) >= 0), base, step)
    body = lam(m, f(m) >= 0)
    one = assume(f(1) >= 0)
    step_ = assume(forall(n, f(n) >= 0, f(n + 1) >= 0))
    refused("base case differs", "induction", one, step_, body=body)
    backwards = assume(forall(n, f(n + 1) >= 0, f(n) >= 0))
    refused("step differs", "induction", assume(f(0) >= 0), backwards, body=body)
    over_reals = assume(forall(x, f(x) >= 0, f(x + 1) >= 0))
    refused("step differs", "induction", assume(f(0) >= 0), over_reals, body=body)
    for wrong in (lam(x, f(x) >= 0), lam(n, f(n)), lam((n, m), f(n) >= 0), p):
        refused("property of naturals", "induction", assume(f(0) >= 0), step_, body=wrong)


# Arithmetic ----------------------------------------------------------------------------------


def arithmetic(*formulas: Term, goal: Term, **certificate: Any) -> Theorem:
    return infer("arithmetic", *map(assume, formulas), goal=goal, **certificate)


def no(reason: str, *formulas: Term, goal: Term, **certificate: Any) -> None:
    with pytest.raises(KernelError, match=reason):
        arithmetic(*formulas, goal=goal, **certificate)


ONE = Fraction(1)


def test_identities() -> None:
    says(arithmetic(goal=eq((x + 1) ** 2, x**2 + 2 * x + 1)), eq((x + 1) ** 2, x**2 + 2 * x + 1))
    arithmetic(ne(x, 0), goal=eq(x / x, 1))
    arithmetic(lt(0, x), goal=eq(x / x, 1))
    arithmetic(total(n, m, f(m)) > 0, goal=eq(total(n, m, 2 * f(m)), 2 * total(n, m, f(m))))
    no("identity", goal=eq((x + 1) ** 2, x**2 + 2 * x + 2))
    no("identity", goal=eq(x / x, 1))
    no("identity", le(0, x), goal=eq(x / x, 1))
    no("identity", ne(x, 1), goal=eq(x / x, 1))
    no("not a relation", p, goal=both(p, p))
    no("not a relation", both(p, p), goal=p)
    no("strict inequality instead", lt(x, y), goal=ne(x, y))


def test_products_of_inequalities_and_squares() -> None:
    arithmetic(goal=(x - y) ** 2 >= 0, products=[(ONE, [], [x - y])])
    arithmetic(goal=lt(0, 3), products=[(Fraction(3), [], [])])
    arithmetic(x >= 0, y >= 0, goal=x * y >= 0, products=[(1, [(0, 1), (1, 1)], [])])
    arithmetic(x > 0, goal=1 / x > 0, products=[(ONE, [(0, -1)], [])])
    arithmetic(x > 0, y >= 0, goal=y / x >= 0, products=[(ONE, [(0, -1), (1, 1)], [])])
    no("identity", goal=(x - y) ** 2 >= 1, products=[(ONE, [], [x - y])])
    no("identity", goal=(x - y) ** 2 >= 0, products=[(2, [], [x - y])])
    no("must be positive", x >= 0, goal=-x >= 0, products=[(-ONE, [(0, 1)], [])])
    no("must be positive", x >= 0, goal=le(0, 0), products=[(Fraction(0), [(0, 1)], [])])
    no("exact number", goal=lt(0, 3), products=[("3", [], [])])
    no("only a positive factor", x >= 0, goal=1 / x >= 0, products=[(ONE, [(0, -1)], [])])
    no("only inequalities", eq(x, 0), goal=x >= 0, products=[(ONE, [(0, 1)], [])])
    no("only inequalities", ne(x, 0), goal=x >= 0, products=[(ONE, [(0, 1)], [])])
    no("an equality needs", x >= 0, goal=eq(x, 0), products=[(ONE, [(0, 1)], [])])
    no("no such premise", x >= 0, goal=x >= 0, products=[(ONE, [(1, 1)], [])])
    no("no such premise", x >= 0, goal=x >= 0, products=[(ONE, [(-1, 1)], [])])
    no(".", x >= 0, goal=x >= 0, products=[(ONE, [(0, Fraction(1, 2))], [])])
    no(".", x >= 0, goal=x >= 0, products=[(ONE, [("0", 1)], [])])
    no("exponent", x >= 1, goal=x >= 0, products=[(ONE, [(0, 10**6)], [])])


def test_strictness() -> None:
    arithmetic(x > 0, y >= 0, goal=x + y > 0, products=[(ONE, [(0, 1)], []), (ONE, [(1, 1)], [])])
    no("strict", x >= 0, y >= 0, goal=x + y > 0, products=[(ONE, [(i, 1)], []) for i in (0, 1)])
    # A square may vanish, also beside a positive factor.
    no("strict", goal=x**2 > 0, products=[(ONE, [], [x])])
    no("strict", p, goal=x**3 > 0, products=[(ONE, [(0, 1)], [x])])
    arithmetic(p, goal=x**3 > 0, products=[(ONE, [(0, 3)], [])])
    no("strict", x >= 0, p, goal=x**2 > 0, products=[(ONE, [(0, 1), (1, 1)], [])])
    no("strict", goal=lt(0, 0))


def test_multiples_of_equalities() -> None:
    arithmetic(eq(x, y), goal=eq(x * z, y * z), multipliers=[(0, z)])
    arithmetic(eq(x, y), p, goal=y > 0, products=[(ONE, [(1, 1)], [])], multipliers=[(0, num(-1))])
    no("only equalities", le(x, y), goal=eq(x, y), multipliers=[(0, num(1))])
    no("only equalities", le(x, y), goal=le(x, y), multipliers=[(0, num(-1))])
    no("no such premise", eq(x, y), goal=eq(x, y), multipliers=[(-1, num(1))])
    no("identity", eq(x, y), goal=eq(x, z), multipliers=[(0, num(1))])


def test_replacements() -> None:
    arithmetic(eq(x, y + 1), goal=eq(exp(x), exp(y + 1)), equations=[0])
    arithmetic(eq(f(x), z), eq(x, y), goal=eq(f(y), z), equations=[1, 0])
    no("identity", eq(x, y + 1), goal=eq(exp(x), exp(y)), equations=[0])
    no("not a single atom", eq(x + y, 1), goal=eq(x, 1 - y), equations=[0])
    no("not of the form", le(x, y), goal=eq(x, y), equations=[0])
    no("no such premise", eq(x, y), goal=eq(x, y), equations=[-1])


def test_definitions_are_opened_by_name() -> None:
    square = Definition("square", lam(x, x * x))
    arithmetic(goal=eq(square(y), y**2), names=["square"])
    no("identity", goal=eq(square(y), y**2))
    no("identity", goal=eq(square(y), y**2), names=["cube"])


small = st.fractions(min_value=-4, max_value=4, max_denominator=4)


@given(st.lists(small, min_size=6, max_size=6), small)
def test_a_linear_combination_is_checked_exactly(rows: list[Fraction], slip: Fraction) -> None:
    """From a*x + b*y >= c and d*x + e*y >= f: their sum follows, and nothing that is stronger."""
    a, b, c, d, e, g = rows
    first, second = a * x + b * y >= c, d * x + e * y >= g
    certificate = [(ONE, [(0, 1)], []), (ONE, [(1, 1)], [])]
    total_ = (a + d) * x + (b + e) * y
    arithmetic(first, second, goal=total_ >= c + g, products=certificate)
    if slip:
        no("identity", first, second, goal=total_ >= c + g + slip, products=certificate)


points = list(
    itertools.product([Fraction(-3, 2), Fraction(0), Fraction(1, 2), Fraction(2)], repeat=2)
)


@given(
    st.lists(
        st.tuples(small, st.lists(st.tuples(st.integers(0, 1), st.integers(-2, 3)), max_size=3)),
        min_size=1,
        max_size=3,
    ),
    st.lists(small, min_size=3, max_size=3),
)
def test_whatever_is_accepted_holds(
    products: list[tuple[Fraction, list[tuple[int, int]]]], goal: list[Fraction]
) -> None:
    """x > 0 and y >= 0, any certificate: a goal that is accepted is true wherever they are."""
    claim = goal[0] * x + goal[1] * y + goal[2] >= 0
    shape = [(c, powers, []) for c, powers in products]
    try:
        arithmetic(p, y >= 0, goal=claim, products=shape)
    except KernelError:
        return
    for at, beside in points:
        if at > 0 and beside >= 0:
            assert goal[0] * at + goal[1] * beside + goal[2] >= 0
