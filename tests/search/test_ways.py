"""Each way to prove an inequality: what it proves, and a false neighbour that it must not."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Sequence

import pytest

from derivations.elementary import special_angle
from derivations.kernel.certificate import replay, serialise
from derivations.kernel.terms import Term, free_variables, real
from derivations.kernel.theorem import Theorem
from derivations.search.analysis import relation
from derivations.search.attempt import Search
from derivations.search.bounds import linear_bound, usable
from derivations.search.claims import relation_terms
from derivations.search.evident import evident
from derivations.search.lemmas import by_lemmas, by_waves
from derivations.search.prove import prove
from derivations.search.several_variables import as_written, by_ends
from derivations.search.squares import by_squares
from derivations.search.substitutions import (
    with_argument,
    with_product,
    without_exponential,
    without_waves,
)
from derivations.search.vanishing import between
from derivations.search.weighted import by_exponentials, by_tangents
from derivations.tactics import assume

Way = Callable[[Search, Term, Sequence[Theorem]], Theorem | None]


def _variable(goal: Term) -> Term:
    (v,) = free_variables(goal)
    return v


WAYS: dict[str, Way] = {
    "between": lambda s, g, f: between(s, g, _variable(g), f, 0),
    "tangents": lambda s, g, f: by_tangents(s, g, f, 0),
    "exponentials": lambda s, g, f: by_exponentials(s, g, f, 0),
    "squares": lambda s, g, f: by_squares(s, g, f, 0),
    "waves": lambda s, g, f: by_waves(s, g, f, 0),
    "no waves": lambda s, g, f: without_waves(s, g, _variable(g), f, 0),
    "no exponential": lambda s, g, f: without_exponential(s, g, _variable(g), f, 0),
    "argument": lambda s, g, f: with_argument(s, g, f, 0),
    "as written": lambda s, g, f: as_written(s, g, f, 0),
    "product": lambda s, g, f: with_product(s, g, f, 0),
    "ends": lambda s, g, f: by_ends(s, g, f, 0),
    "lemmas": lambda s, g, f: by_lemmas(s, g, f, 0, 2.0),
    "evident": lambda s, g, f: evident(g, f),
}

# The way, a goal, what is given, what is put for what to make it false.
CASES: list[tuple[str, str, list[str], str, str]] = [
    # Zeros of order 2 and 1 at the ends, of order 7 at one, inside none.
    ("between", "0 <= 1 - cos(x)", ["0 <= x", "x <= 6"], "1 -", "0.999 -"),
    ("between", "0 < sin(x)", ["0 < x", "x < pi"], "sin(x)", "sin(x) - x/1000000"),
    ("between", "0 < sin(x)", ["0 < x", "x < pi"], "< sin", "< -sin"),
    ("between", "0 < sin(x)**3 - x**3*cos(x)", ["0 < x", "x <= pi/2"], "cos(x)", "1.001*cos(x)"),
    ("between", "0 <= exp(x) - 1 - x - x**2/2", ["0 <= x", "x <= 1"], "x**2/2", "0.51*x**2"),
    ("between", "0 <= 1 - x**2 - log(2 - x**2)", ["-1 <= x", "x <= 1"], "0 <=", "0 <"),
    # Weighted tangents.
    ("tangents", "0 <= p*log(p/q) + (1 - p)*log((1 - p)/(1 - q))",
     ["0 < p", "p < 1", "0 < q", "q < 1"], "0 <=", "0 <"),
    ("tangents", "a*log(a/c) + b*log(b/d) >= (a + b)*log((a + b)/(c + d))",
     ["a > 0", "b > 0", "c > 0", "d > 0"], "(a + b)*log", "1.001*(a + b)*log"),
    ("tangents", "log(x) + log(y) <= 2*log((x + y)/2)", ["x > 0", "y > 0"], "/2)", "/2.001)"),
    ("exponentials", "log(1 + x) - log(1 - x) >= 2*x", ["0 < x", "x < 1"], "2*x", "2.001*x"),
    ("tangents", "log(1 - p + p*exp(x)) <= p*(exp(x) - 1)", ["0 <= p", "p <= 1"],
     "<= p*", "<= 0.999*p*"),
    ("exponentials", "log(exp(x) - 1) - log(x) >= x/2", ["0 < x"], "x/2", "0.51*x"),
    # A root against the rest, and against it with the other sign.
    ("squares", "log(x) <= sqrt(2*(x - 1 - log(x)))", ["x >= 1"], "sqrt(2*", "sqrt(1.9*"),
    ("squares", "exp(x) >= sqrt(1 + 2*x)", ["x >= 0"], "2*x", "2.01*x"),
    ("squares", "exp(x) > sqrt(1 + 2*x)", ["x > 0"], "2*x", "2.01*x"),
    ("squares", "x >= log(x)*sqrt(x)", ["x >= 1"], "x >= log", "x >= 1.4*log"),
    # Sines and cosines as numbers on the circle.
    ("waves", "sin(x)*cos(y) + cos(x)*sin(y) <= sin(x) + sin(y)",
     ["0 <= x", "x <= pi", "0 <= y", "y <= pi"], "sin(x)*cos(y)", "1.1*sin(x)*cos(y)"),
    ("no waves", "0 <= x**2 - 3 - sin(x)*cos(x)", ["x >= 2"], "- 3", "- 5"),
    ("no exponential", "exp(x)/(1 + exp(x))**2 <= 1/4", [], "1/4", "0.2499"),
    ("no exponential", "exp(x) > 1", ["x > 0"], "exp(x) >", "2 >= exp(x) + 0*"),
    ("argument", "cos((x + y)/2) >= 0", ["-1 <= x", "x <= 1", "-2 <= y", "y <= 2"],
     "/2)", ")"),
    ("as written", "1/(1 + exp(-x)) - 1/(1 + exp(-y)) <= (x - y)/4", ["y <= x"], "/4", "/4.001"),
    ("as written", "x*log(x/y) >= x - y", ["x > 0", "y > 0"], ">=", ">"),
    ("product", "(1 - a*b)**2 <= exp(-2*a*b)", ["0 < a", "0 < b", "a*b <= 1"], "exp(-2*",
     "exp(-2.1*"),
    ("product", "exp(x/y) >= 1 + x/y", ["x > 0", "y > 0"], "1 + x/y", "1 + 1.1*x/y"),
    ("ends", "0 < 1 - p + p*exp(x)", ["0 <= p", "p <= 1"], "1 -", "0.999 -"),
    ("ends", "p*x + (1 - p)*x**2 >= -1/4", ["0 <= p", "p <= 1", "x >= -1/4"], "-1/4", "-0.2499"),
    # A hypothesis about logarithms; one that is too weak.
    ("lemmas", "q*(1 - p) >= p*(1 - q)*exp(x)",
     ["log(q/(1 - q)) - log(p/(1 - p)) >= x", "0 < p", "p < 1", "0 < q", "q < 1"],
     "exp(x)", "exp(1.001*x)"),
    ("evident", "0 < 2 + x**2*exp(-y) + 3*x*z", ["x >= 0", "z > 1"], "+ 3*x*z", "- 3*x*z"),
    ("evident", "0 < x*exp(y)", ["x > 0"], "x*", "(x - 1)*"),
    ("evident", "x*y <= 0", ["x <= 0", "y >= 1"], "x*y", "x*y**2 + 1"),
]  # fmt: skip


def _facts(given: Sequence[str]) -> list[Theorem]:
    return usable([assume(r) for text in given for r in relation_terms(text)])


def _tried(way: str, text: str, given: Sequence[str]) -> Theorem | None:
    (goal,) = relation_terms(text)
    return WAYS[way](Search(time.monotonic() + 8, relation), goal, _facts(given))


@pytest.mark.parametrize("case", CASES, ids=[f"{c[0]}: {c[1][:40]}" for c in CASES])
def test_a_way_and_a_false_neighbour(case: tuple[str, str, list[str], str, str]) -> None:
    way, text, given, old, new = case
    found = _tried(way, text, given)
    assert found is not None
    (goal,) = relation_terms(text)
    assert found.conclusion == goal
    assert found.hypotheses <= {r for g in given for r in relation_terms(g)}
    data = json.loads(json.dumps(serialise({"claim": found})))
    assert replay(data)["claim"].conclusion == goal
    false = text.replace(old, new, 1)
    assert false != text
    assert _tried(way, false, given) is None
    assert prove(false, given, timeout=5).verdict == "refuted"


def test_orders_that_do_not_fit() -> None:
    # Not strict at an end that belongs to the interval; singular at an end; no end.
    assert _tried("between", "0 < sin(x)", ["0 <= x", "x <= 1"]) is None
    assert _tried("between", "0 <= x*log(x) + 1", ["0 < x", "x <= 1"]) is None
    assert _tried("between", "0 <= exp(x) - 1", ["0 <= x"]) is None


def test_linear_bounds() -> None:
    (term,) = {t.args[0] for t in relation_terms("x/2 - 3*y + 1 >= 0")}
    facts = _facts(["1 <= x", "x < 5", "0 <= y", "y <= 2"])
    low, high = (linear_bound(term, facts, up) for up in (False, True))
    assert low is not None and high is not None
    assert low.hypotheses == set(relation_terms("1 <= x")) | set(relation_terms("y <= 2"))
    assert high.conclusion.head == "<" and low.conclusion.head == "<="
    assert linear_bound(real("x") * real("y"), facts, True) is None
    assert linear_bound(term, _facts(["1 <= x"]), True) is None


def test_bounds_through_another_variable() -> None:
    said = {repr(f.conclusion) for f in _facts(["x <= y", "y < 3"])}
    assert "x < 3" in said
    assert not any(s.startswith("y ") and "x" in s and "3" in s for s in said)
    assert not any("3" in s for s in {repr(f.conclusion) for f in _facts(["y <= x", "y < 3"])}
                   if s.startswith("x"))  # fmt: skip


@pytest.mark.parametrize("d", [3, 4, 6])
def test_special_angles(d: int) -> None:
    values = {3: ("sqrt(3)/2", "1/2"), 4: ("sqrt(2)/2", "sqrt(2)/2"), 6: ("1/2", "sqrt(3)/2")}
    for known, value in zip(special_angle(d), values[d], strict=True):
        assert not known.hypotheses
        assert repr(known.conclusion.args[1]) == value
    for name, value in zip(("sin", "cos"), values[d], strict=True):
        assert prove(f"{name}(pi/{d}) == {value}").verdict == "proved"
        assert prove(f"{name}(pi/{d}) == {value} + 1e-9").verdict == "refuted"
    with pytest.raises(ValueError, match="3, 4 and 6"):
        special_angle(5)


def test_multiples_of_special_angles() -> None:
    assert prove("sin(5*pi/6) + cos(2*pi/3) == 0").verdict == "proved"
    assert prove("sin(3*pi/4) == cos(pi/4)").verdict == "proved"
    assert prove("sin(5*pi/6) > cos(pi/3)").verdict == "refuted"


def test_absolute_values_of_numbers() -> None:
    for claim in ("abs(log(1/2)) == log(2)", "max(pi, 3) == pi", "min(exp(1), 3) == exp(1)"):
        assert prove(claim).verdict == "proved"
    for claim in ("abs(log(1/2)) == -log(2)", "max(pi, 3) == 3", "min(exp(1), 3) == 3"):
        assert prove(claim).verdict == "refuted"
    strict = prove("abs(log(1 + x)) < -log(1 - abs(x))", ["-1 < x < 1", "x != 0"])
    assert strict.verdict == "refuted"
