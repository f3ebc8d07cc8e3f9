"""The axioms, tried with numbers: each is true at many points, and none is idle."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import mpmath
import pytest

from derivations.kernel.axioms import AXIOMS
from derivations.kernel.terms import Term, free_variables, substitute, undefined

mp = mpmath.mp.clone()
mp.dps = 60
CLOSE = mp.mpf(10) ** -40

Value = Any
Scope = tuple[Value, ...]
POINTS = [mp.mpf(p) for p in ("-7/2", "-1", "-1/3", "-1/50", "0", "1/4", "1", "5/2")]
NATURALS = [0, 1, 2, 5]
# Functions with their derivatives and where these exist; the rules speak of any.
FUNCTIONS: list[tuple[Callable[[Value], Value], Callable[[Value], Value]]] = [
    (lambda u: u**3 - 2 * u, lambda u: 3 * u**2 - 2),
    (lambda u: mp.exp(u / 2), lambda u: mp.exp(u / 2) / 2),
    (lambda u: mp.sin(3 * u), lambda u: 3 * mp.cos(3 * u)),
]
BUILTINS: Mapping[str, Callable[..., Value]] = {
    "+": lambda a, b: a + b,
    "-": lambda a, b: a - b,
    "*": lambda a, b: a * b,
    # Any total function that inverts what is not zero, and extends log and the root.
    "/": lambda a, b: a / b if b else a * 17,
    "^": lambda a, b: a ** int(b) if a or b >= 0 else mp.mpf(17),
    "neg": lambda a: -a,
    "max": max,
    "min": min,
    "abs": abs,
    "exp": mp.exp,
    "log": lambda a: mp.log(a) if a > 0 else mp.mpf(-13),
    "sqrt": lambda a: mp.sqrt(a) if a >= 0 else mp.mpf(-11),
    "lambertw": lambda a: (
        mp.re(mp.lambertw(a, -1)) if -mp.exp(-1) <= a < 0 else mp.mpf(-7)
    ),
    "sin": mp.sin,
    "cos": mp.cos,
    "pi": lambda: +mp.pi,
}
RELATIONS: Mapping[str, Callable[[Value, Value], bool]] = {
    "=": lambda a, b: abs(a - b) <= CLOSE * (1 + abs(a)),
    "!=": lambda a, b: abs(a - b) > CLOSE * (1 + abs(a)),
    "<=": lambda a, b: a <= b + CLOSE * (1 + abs(a)),
    "<": lambda a, b: a < b,
    ">=": lambda a, b: a + CLOSE * (1 + abs(a)) >= b,
    ">": lambda a, b: a > b,
}


def number(term: Term, at: Mapping[Term, Value], scope: Scope) -> Value:
    if term.kind == "num":
        return mp.mpf(term.head.numerator) / term.head.denominator
    if term.kind == "var":
        return at[term]
    if term.kind == "bound":
        return scope[-1 - term.head]
    if isinstance(term.head, Term):
        return at[term.head](*(number(a, at, scope) for a in term.args))
    return BUILTINS[term.head](*(number(a, at, scope) for a in term.args))


def differentiates(term: Term, at: Mapping[Term, Value], scope: Scope) -> bool:
    """Whether a central difference agrees with the derivative that is claimed."""
    body, point, slope = term.args
    t, step = number(point, at, scope), mp.mpf(10) ** -20
    f = lambda u: number(body.args[0], at, (*scope, u))
    found = (f(t + step) - f(t - step)) / (2 * step)
    claimed = number(slope, at, scope)
    return bool(abs(found - claimed) <= mp.mpf(10) ** -15 * (1 + abs(claimed)))


def holds(term: Term, at: Mapping[Term, Value], scope: Scope = ()) -> bool:
    """Whether a formula holds; quantified variables run over some points."""
    if term.head in RELATIONS:
        return RELATIONS[term.head](*(number(a, at, scope) for a in term.args))
    if term.head == "derivative":
        return differentiates(term, at, scope)
    if term.head in ("forall", "exists"):
        body = term.args[0]
        tried = (holds(body.args[0], at, (*scope, *v)) for v in values(body.sort[0]))
        return all(tried) if term.head == "forall" else any(tried)
    if term.head == "false":
        return False
    first = holds(term.args[0], at, scope)
    if term.head == "imp":
        return not first or holds(term.args[1], at, scope)
    if term.head == "and":
        return first and holds(term.args[1], at, scope)
    assert term.head == "or"
    return first or holds(term.args[1], at, scope)


FINE = [mp.mpf(i) / 64 for i in range(-4 * 64, 4 * 64)] + [mp.mpf(10) ** -6, mp.mpf(10)]


def values(sorts: tuple[str, ...]) -> Iterator[Scope]:
    return itertools.product(*(NATURALS if s == "N" else FINE for s in sorts))


def instances(formula: Term) -> Iterator[dict[Term, Value]]:
    """Values of the free variables; a function named in a derivative comes with its slope."""
    free = sorted(free_variables(formula), key=repr)
    scalars = [v for v in free if isinstance(v.sort, str)]
    functions = [v for v in free if not isinstance(v.sort, str)]
    for choice in itertools.product(FUNCTIONS, repeat=len(functions)):
        for point in itertools.product(
            *(NATURALS if v.sort == "N" else POINTS for v in scalars)
        ):
            at = dict(zip(scalars, point, strict=True))
            yield at | {v: f for v, (f, _) in zip(functions, choice, strict=True)}


def thinned(cases: Iterator[dict[Term, Value]], most: int) -> list[dict[Term, Value]]:
    everything = list(cases)
    return everything[:: len(everything) // most + 1]


ANALYTIC = {name for name in AXIOMS if name.startswith("derivative.") or name == "mean-value"}


@pytest.mark.parametrize("name", sorted(set(AXIOMS) - ANALYTIC))
def test_true_at_every_point(name: str) -> None:
    formula = AXIOMS[name]
    cases = thinned(instances(formula), 400)
    assert cases and all(holds(formula, at) for at in cases)


@pytest.mark.parametrize("name", sorted(ANALYTIC - {"mean-value", "derivative.chain"}))
def test_derivatives(name: str) -> None:
    """With the slopes that are right, premises hold and so does the conclusion."""
    formula = AXIOMS[name]
    used = 0
    for at in thinned(instances(formula), 300):
        premises, conclusion = [], formula
        at = {**at, **slopes(at)}
        while conclusion.head == "imp":
            premises.append(conclusion.args[0])
            conclusion = conclusion.args[1]
        if all(holds(p, at) for p in premises):
            used += 1
            assert holds(conclusion, at)
    assert used


def slopes(at: Mapping[Term, Value]) -> dict[Term, Value]:
    """x and y as the derivatives of f and g at t, where the axiom has them."""
    named, derivative_of = {repr(v): v for v in at}, dict(FUNCTIONS)
    pairs = [(named[s], named[f]) for s, f in ("xf", "yg") if s in named and f in named]
    return {slope: derivative_of[at[f]](at[named["t"]]) for slope, f in pairs}


def test_the_chain_rule() -> None:
    formula = AXIOMS["derivative.chain"]
    named = {repr(v): v for v in free_variables(formula)}
    for (f, df), (g, dg), t in itertools.product(FUNCTIONS, FUNCTIONS, POINTS):
        at = {named["f"]: f, named["g"]: g, named["t"]: t}
        at |= {named["x"]: df(g(t)), named["y"]: dg(t)}
        outer, rest = formula.args
        inner, conclusion = rest.args
        assert holds(outer, at) and holds(inner, at) and holds(conclusion, at)
        assert not holds(conclusion, {**at, named["x"]: df(g(t)) + 1}) or dg(t) == 0


def test_locality_needs_a_neighbourhood() -> None:
    formula = AXIOMS["derivative.local"]
    named = {repr(v): v for v in free_variables(formula)}
    f, df = FUNCTIONS[0]
    t = mp.mpf(1)
    at = {named["f"]: f, named["g"]: lambda u: f(u) if u == t else f(u) + u - t}
    at |= {named["t"]: t, named["x"]: df(t), named["d"]: mp.mpf(1) / 2}
    # g agrees with f at t only: the third premise holds, the conclusion does not, and what
    # keeps the axiom true is the second one.
    positive, rest = formula.args
    agree, rest = rest.args
    slope, conclusion = rest.args
    assert holds(positive, at) and holds(slope, at) and not holds(conclusion, at)
    assert not holds(agree, at)


def test_the_mean_value_theorem() -> None:
    formula = AXIOMS["mean-value"]
    named = {repr(v): v for v in free_variables(formula)}
    for f, df in FUNCTIONS:
        a, b = mp.mpf(-1) / 2, mp.mpf(3) / 4
        at = {named["f"]: f, named["g"]: df, named["a"]: a, named["b"]: b}
        slope = (f(b) - f(a)) / (b - a)
        signs = [mp.sign(df(a + (b - a) * i / 200) - slope) for i in range(201)]
        # The point that is promised lies strictly between, where df - slope changes its sign.
        assert -1 in signs[1:-1] and 1 in signs[1:-1]
        assert holds(formula.args[0], at)


def test_axioms_are_about_defined_values() -> None:
    """Wherever log or the root occurs, the axiom's own hypotheses make it defined."""
    for name, formula in AXIOMS.items():
        if name.startswith(("root", "exp.log", "log.")):
            conditions = [c for c in undefined(formula) if free_variables(c)]
            for at in thinned(instances(formula), 50):
                premise = formula.args[0] if formula.head == "imp" else None
                if premise is None or holds(premise, at):
                    assert all(holds(c, at) for c in conditions)


def test_substitution_makes_instances() -> None:
    from derivations.kernel.terms import real

    formula = AXIOMS["exp.sum"]
    x = real("x")
    assert holds(substitute(formula, {x: x * x}), {x: mp.mpf(2), real("y"): mp.mpf(-1)})
