"""Claims are proved, refuted or left open; never the wrong one, and always in time."""

from __future__ import annotations

import importlib
import json
import re
import sys
import time
from collections.abc import Mapping
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from derivations.kernel.certificate import replay
from derivations.kernel.terms import (
    Term,
    both,
    eq,
    exp,
    free_variables,
    function,
    le,
    log,
    lt,
    nat,
    ne,
    real,
    total,
    undefined,
)
from derivations.search.algebraic import Algebraic
from derivations.search.arithmetic import prove_relation
from derivations.search.claims import ClaimError, evaluate, parse_claim, relation_terms
from derivations.search.limits import OutOfTimeError, time_limit
from derivations.search.points import holds as exactly_or_in_balls
from derivations.search.prove import Answer, prove
from derivations.search.witness import find_witness, show_value
from derivations.tactics import assume

STEP = "eta*D - kappa*eta**2/2 >= eta*D/2"
LONG = [f"x{i}" for i in range(12)]


def soon(seconds: float = 10) -> float:
    return time.monotonic() + seconds


def check(answer: Answer) -> None:
    """What has to be true of every answer, whatever it says."""
    data = answer.as_json()
    assert list(data) == [
        "verdict", "claim", "given", "method", "certificate", "counterexample", "seconds",
        "reason",
    ]  # fmt: skip
    assert "\n" not in answer.reason
    hypotheses = {h for g in answer.given for h in relation_terms(g)}
    goals = relation_terms(answer.claim)
    if answer.verdict == "proved":
        certificate = json.loads(json.dumps(data))["certificate"]
        theorems = replay(certificate)
        assert theorems["claim"].conclusion == both(*goals)
        assert theorems["claim"].hypotheses <= hypotheses
        assert all(t.hypotheses <= hypotheses for t in theorems.values())
        shown = {t.conclusion for t in theorems.values()}
        needed = {c for f in (*goals, *hypotheses) for c in undefined(f)}
        assert all(c in shown or not free_variables(c) for c in needed)
        assert answer.theorem is not None and answer.counterexample is None
    else:
        assert answer.theorem is None and answer.certificate is None
    if answer.verdict == "refuted":
        assert answer.counterexample is not None
        if all("sqrt" not in v and "root" not in v for v in answer.counterexample.values()):
            point = {real(n): Fraction(v) for n, v in answer.counterexample.items()}
            for formula in (*goals, *hypotheses):
                assert all(_holds(c, point) for c in undefined(formula))
            assert all(_holds(h, point) for h in hypotheses)
            assert not all(_holds(g, point) for g in goals)
    if answer.verdict == "unknown":
        assert answer.reason


def _holds(relation: Term, point: Mapping[Term, Fraction]) -> bool:
    left, right = (evaluate(s, point) for s in relation.args)
    if left is None or right is None:
        return exactly_or_in_balls(relation, point) is True
    return {
        "<=": left <= right, "<": left < right, ">=": left >= right, ">": left > right,
        "=": left == right, "!=": left != right,
    }[relation.head]  # fmt: skip


PROVED = [
    (STEP, ["eta > 0", "kappa > 0", "eta <= D/kappa"]),
    ("eta*D - kappa*eta**2/2 > 0", ["0 < eta < 2*D/kappa", "kappa > 0"]),
    ("eta*D - L*eta**2/(2*(1-J)) >= eta*D/2", ["0 < J < 1", "L > 0", "0 < eta <= (1-J)*D/L"]),
    ("kappa == 2*L + G**2", ["2*L + G**2 == kappa"]),
    (STEP, ["eta > 0", "kappa == 2*L + G**2", "L > 0", "eta <= D/(2*L + G**2)"]),
    ("K <= 2*L + G**2", ["K == min((L + G**2)/J, L/(1-J))", "L > 0", "G >= 0", "0 < J < 1"]),
    ("x/y >= 1", ["x >= y", "y > 0"]),
    ("x/y >= 1", ["y > 0", "x/y >= 2"]),
    ("x/y >= 1", ["x/y >= 2", "y > 0"]),
    ("x/x == 1", ["x != 0"]),
    ("x*y != 0", ["x != 0", "y != 0"]),
    ("1/(x*y) != 0", ["x != 0", "y != 0"]),
    ("x**2 > 0", ["x != 0"]),
    ("x != 0", ["x**2 == 2"]),
    ("x != y", ["x > y"]),
    ("x != y", ["x*z == 1", "y*z == 2"]),
    ("x == 2", ["x**2 == 4", "x > 0"]),
    ("x <= 1.5", ["x**2 == 2"]),
    ("a*b <= 1/4", ["a + b == 1"]),
    ("x**2 + y**2 >= 2*K", ["x*y == K"]),
    ("0 < x*y < 1", ["0 < x < 1", "0 < y < 1"]),
    ("x**3 >= y**3", ["x >= y"]),
    ("a/(b+c) + b/(a+c) + c/(a+b) >= 3/2", ["a > 0", "b > 0", "c > 0"]),
    ("x**4*y**2 + x**2*y**4 - 3*x**2*y**2 + 1 >= 0", []),
    ("*".join(LONG) + " >= 0", [f"{v} >= 0" for v in LONG]),
    ("1/(" + "*".join(LONG) + ") > 0", [f"{v} > 0" for v in LONG]),
    ("(" + "+".join(LONG) + ")**8 >= 0", []),
    ("(x + y + z + w)**40 >= 0", []),
    ("abs(x + y) <= abs(x) + abs(y)", []),
    ("max(x, y) + min(x, y) == x + y", []),
    ("max(x, max(y, z)) == max(max(x, y), z)", []),
    ("abs(x) <= 2", ["-2 <= x <= 2"]),
    ("x <= 2", ["abs(x) <= 2"]),
    ("sqrt(x*y) <= (x + y)/2", ["x >= 0", "y >= 0"]),
    ("1/sqrt(x) <= 1", ["x >= 1"]),
    ("sqrt(x**2 + 1) > 0", []),
    ("sqrt(x + sqrt(y)) >= 0", ["x > 0", "y > 0"]),
    ("exp(x) + exp(-x) > 0", []),
    ("tanh(x) < 1", []),
    ("log(x)**2 + 1 >= 2*log(x)", ["x > 0"]),
    ("x > 1", ["exp(x) > 3", "x > 2"]),
    ("1 < 2", []),
    ("x == x", []),
]


@pytest.mark.parametrize(("claim", "given_"), PROVED, ids=[c[0][:40] for c in PROVED])
def test_proved(claim: str, given_: list[str]) -> None:
    answer = prove(claim, given_)
    check(answer)
    assert answer.verdict == "proved", answer.reason
    assert answer.seconds < 10


REFUTED = [
    (STEP, ["eta > 0", "kappa > 0", "eta <= 2*D/kappa"]),
    (STEP, ["eta > 0", "kappa > 0", "eta <= 1.000001*D/kappa"]),
    ("eta*D - 1.000001*kappa*eta**2/2 >= eta*D/2", ["eta > 0", "kappa > 0", "eta <= D/kappa"]),
    ("eta*D - kappa*eta**2/2 > eta*D/2", ["eta > 0", "kappa > 0", "eta <= D/kappa"]),
    ("eta*D - kappa*eta**2/2 > 0", ["0 < eta <= 2*D/kappa", "kappa > 0"]),
    ("a/(b+c) + b/(a+c) + c/(a+b) >= 1.500001", ["a > 0", "b > 0", "c > 0"]),
    ("x**2 + 1 >= 2.000001*x", []),
    ("0 < x*y < 0.999", ["0 < x < 1", "0 < y < 1"]),
    ("a*b <= 0.249999", ["a + b == 1"]),
    ("x < 1.4", ["x**2 == 2"]),
    ("x == 2", ["x**2 == 4"]),
    ("x != 2", ["x**2 == 4"]),
    ("x/y >= 1", ["x >= y", "y != 0"]),
    ("abs(x + y) >= abs(x) + abs(y)", []),
    ("max(x, y) <= x + y", []),
    ("sqrt(x*y) >= (x + y)/2", ["x >= 0", "y >= 0"]),
    ("sqrt(x) <= x", ["x >= 0"]),
    ("x**2 > 0", []),
    ("(x + y + z + w)**40 >= 1", []),
    ("x == x + 1", []),
    ("2 < 1", []),
    ("x > 0", ["sqrt(x) < 1", "x >= 0"]),
]


@pytest.mark.parametrize(("claim", "given_"), REFUTED, ids=[c[0][:40] for c in REFUTED])
def test_refuted(claim: str, given_: list[str]) -> None:
    answer = prove(claim, given_)
    check(answer)
    assert answer.verdict == "refuted", answer.reason


UNKNOWN = [
    ("1/cos(x) > 0", [], "could not show that cos\\(x\\) != 0|which may be zero"),
    ("(((x**64 + 1)**64 + 1)**64) > 0", [], "too large"),
    ("((9**64)**64)**64 > 0", [], "too large"),
]


@pytest.mark.parametrize(("claim", "given_", "reason"), UNKNOWN, ids=[c[0] for c in UNKNOWN])
def test_unknown(claim: str, given_: list[str], reason: str) -> None:
    answer = prove(claim, given_, timeout=5)
    check(answer)
    assert answer.verdict == "unknown"
    assert re.search(reason, answer.reason)


ERRORS = [
    (STEP, ["eta > 0", "kappa > 0", "eta <= D/kappa", "eta < 0"],
     "contradict each other: eta > 0; eta < 0"),
    ("x > 0", ["x**2 < 0"], "contradict each other: x\\*\\*2 < 0"),
    ("x > 0", ["x > 0", "y > 0", "x*y == -1"], "contradict"),
    ("x > 0", ["x == 1", "x == 2"], "contradict"),
    ("x > 0", ["x != x"], "contradict"),
    ("x > 0", ["x != 0", "x**2 <= 0"], "contradict"),
    ("x > 0", ["abs(x) < 0"], "contradict"),
    ("x > 0", ["1 > 2"], "contradict"),
    ("x > 0", ["x > 0", "-1/x > 0"], "contradict"),
    ("x > 0", ["exp(y) < 0"], "contradict"),
    (STEP, ["eta > 0", "eta <= D/kappa"], "division by kappa, which may be zero"),
    ("x > 0", ["x/y > 1"], "division by y, which may be zero.*: add --given 'y != 0'"),
    ("x/y > 1", ["y >= 0"], "division by y, which may be zero"),
    ("x/(x - y) > 1", ["x > 0"], "division by x - y, which may be zero"),
    ("x/(x - x) == 1", [], "division by x - x, which is zero"),
    ("x**-2 > 0", [], "division by x, which may be zero"),
    ("log(x) == log(x)", [], "log of x, which may be zero or negative"),
    ("sqrt(x) >= 0", [], "sqrt of x, which may be negative.*add --given 'x >= 0'"),
    ("1/x > 0", ["1/x > 0"], "division by x"),
    ("1/x > y", ["x > 1/y"], "division by y"),
]  # fmt: skip


@pytest.mark.parametrize(("claim", "given_", "message"), ERRORS, ids=[c[2][:40] for c in ERRORS])
def test_errors(claim: str, given_: list[str], message: str) -> None:
    with pytest.raises(ClaimError, match=message) as caught:
        prove(claim, given_)
    assert "\n" not in str(caught.value)
    assert caught.value.text in (claim, *given_)
    assert len(caught.value.caret().split("\n")) == 2


def test_the_caret_stands_below_the_divisor() -> None:
    with pytest.raises(ClaimError) as caught:
        prove("x > 0", ["x/y > 1"])
    assert caught.value.caret() == "x/y > 1\n  ^"


def test_bad_text_is_an_error() -> None:
    for claim, given_ in (("x +", []), ("x > 1", ["y ="]), ("x", [])):
        with pytest.raises(ClaimError):
            prove(claim, given_)


def test_terms_are_claims_too() -> None:
    x, n = real("x"), nat("n")
    assert prove(x**2 >= 0, [x > 1]).claim == "x**2 >= 0"
    assert prove(both(x > 0, x > -1), [x > 1]).verdict == "proved"
    assert prove(n >= 0).verdict == "proved"
    refuted = prove(n > 0)
    assert refuted.counterexample == {"n": "0"}
    assert prove(2 * n >= n).verdict == "proved"
    f = function("f", "R")
    answer = prove(f(x) > 0)
    assert answer.verdict == "unknown"
    assert prove(f(x) ** 2 >= 0).verdict == "proved"


def test_a_deep_term_is_no_crash() -> None:
    term = real("x")
    for _ in range(2000):
        term = term + 1
    with pytest.raises(ClaimError, match="levels of nesting"):
        prove(term > 0)
    x = real("x")
    for _ in range(200):
        x = x / 2
    assert prove(x > 0, timeout=3).verdict == "refuted"


def test_mutants_are_not_proved() -> None:
    """Every constant of true claims, made a little worse."""
    claims = [
        ("x**2 + y**2 >= {}*x*y", "2", "2.000001", []),
        ("x + 1/x >= {}", "2", "2.000001", ["x > 0"]),
        ("x*(1 - x) <= {}", "0.25", "0.249999", []),
        ("(x + y + z)**2 <= {}*(x**2 + y**2 + z**2)", "3", "2.999999", []),
        ("1/(1 + x) >= 1 - {}*x", "1", "0.999999", ["x >= 0"]),
    ]
    for claim, good, bad, given_ in claims:
        assert prove(claim.format(good), given_).verdict == "proved"
        answer = prove(claim.format(bad), given_)
        check(answer)
        assert answer.verdict == "refuted"


coefficients = st.integers(-3, 3)


@settings(max_examples=40, deadline=None)
@given(st.lists(coefficients, min_size=6, max_size=6), st.sampled_from([">=", ">", "!="]))
def test_quadratic_forms_are_decided(c: list[int], head: str) -> None:
    a, b, d, e, f, g = c
    claim = f"({a})*x**2 + ({b})*x*y + ({d})*y**2 + ({e})*x + ({f})*y + ({g}) {head} 0"
    answer = prove(claim, ["-1 <= x <= 1", "0 <= y <= 2"], timeout=6)
    check(answer)
    if head == ">=":
        assert answer.verdict != "unknown", claim


HARD = [
    ("(x + y + z + w)**40 >= 0.1*x**40", []),
    ("+".join(f"{v}**8" for v in LONG) + " >= 8*" + "*".join(LONG[:8]), []),
    ("*".join(f"(x{i} + 1)" for i in range(30)) + " >= 1", [f"x{i} >= 0" for i in range(30)]),
    ("*".join(f"(x - {i})" for i in range(30)) + " >= -10**30", []),
    (
        "x0 + x1 >= 0",
        [f"x{i} + x{(7 * i + 3) % 13}*x{(5 * i) % 11} >= {i} - 30" for i in range(60)],
    ),
    ("x0 <= 30", [f"x{i % 8}**2 + x{(7 * i + 3) % 8} <= {100 + i}" for i in range(60)]),
    ("1/(" + "+".join(LONG) + ")**4 + 1/(x0*x1 + 1)**5 >= 0", ["x0 > 0", "x1 > 0"]),
    (
        "+".join(f"1/(x + {i + 1}*y + z)" for i in range(12)) + " >= 0.0001/(x + y + z)",
        ["x > 0", "y > 0", "z > 0"],
    ),
    ("+".join(f"abs(x{i} - x{i + 1})" for i in range(11)) + " >= abs(x0 - x11)", []),
    ("max(" + ",".join(LONG) + ") >= min(" + ",".join(LONG) + ")", []),
    ("x**64 + y**64 >= x**32*y**32", []),
    ("(x - y)**64 + 1 > 0", []),
    ("x0*x1*x2*x3*x4*x5*x6*x7 < 2", ["+".join(f"x{i}**2" for i in range(8)) + " <= 1"]),
    ("sqrt(x + sqrt(y + sqrt(z + sqrt(w)))) <= x + y + z + w + 1", ["x>0", "y>0", "z>0", "w>0"]),
]  # fmt: skip


@pytest.mark.parametrize(("claim", "given_"), HARD, ids=[c[0][:40] for c in HARD])
def test_the_time_limit_is_kept(claim: str, given_: list[str]) -> None:
    start = time.monotonic()
    try:
        answer = prove(claim, given_, timeout=3)
        check(answer)
    except ClaimError as error:
        assert "may be zero" in str(error)
    assert time.monotonic() - start < 3 + 2 + 0.5  # checking takes a moment, too


def test_no_time_at_all() -> None:
    answer = prove("a**4 + b**4 >= a**3*b + a*b**3", ["a > b"], timeout=0)
    assert answer.verdict in ("unknown", "proved", "refuted")
    assert answer.seconds < 2


# Points --------------------------------------------------------------------------------


def test_witnesses_satisfy_everything() -> None:
    for texts in (
        ["x**2 > 4", "x < 0"],
        ["x/y > 3", "y > 0"],
        ["abs(x) == 3", "x < y < -1"],
        ["sqrt(x) == 7/3"],
        ["max(x, y) == 2", "min(x, y) == -10"],
    ):
        relations = [t for text in texts for t in parse_claim(text)]
        point = find_witness(relations, soon())
        assert point is not None
        rational = {v: x for v, x in point.items() if isinstance(x, Fraction)}
        assert all(_holds(r, rational) for r in relations)
    assert find_witness(list(parse_claim("x**2 < 0")), soon(2)) is None
    assert find_witness(list(parse_claim("sqrt(x) < 0")), soon(2)) is None
    assert find_witness(list(parse_claim("2 < 1")), soon(2)) is None


def test_witnesses_of_transcendental_hypotheses_are_enclosed() -> None:
    for text in (
        "exp(x) > 2",
        "log(x) < -0.5",
        "sin(x) > 0.8",
        "pi < x < 3.2*pi",
        "cos(x) != 1",
        "max(exp(x), min(1, x)) > 1",
        "sqrt(x) > 1.3",
        "exp(x)**-1 + abs(-x) / 2 > 1",
    ):
        assert find_witness(list(parse_claim(text)), soon()) is not None, text
    two = find_witness(list(parse_claim("exp(x) == 2")), soon())
    assert two == {real("x"): log(2)}
    for text in ("exp(x) < 0", "log(-x**2) > 0", "exp(x) == -2"):
        assert find_witness(list(parse_claim(text)), soon(1)) is None


def test_algebraic_values_as_text() -> None:
    def root(poly: tuple[int, ...], low: int, high: int) -> str:
        return show_value(Algebraic(poly, Fraction(low), Fraction(high)))

    assert root((-2, 0, 1), 1, 2) == "sqrt(2)"
    assert root((-2, 0, 1), -2, -1) == "-sqrt(2)"
    assert root((-8, 0, 1), -3, -2) == "-2*sqrt(2)"
    assert root((-1, -1, 1), 1, 2) == "1/2 + sqrt(5)/2"
    assert root((-1, -1, 1), -1, 0) == "1/2 - sqrt(5)/2"
    assert root((-1, 0, 3), 0, 1) == "sqrt(3)/3"
    assert root((1, 1, -1), 1, 2) == "1/2 + sqrt(5)/2"
    assert root((-2, 0, 0, 1), 1, 2) == "the root of 1*t**3 - 2 between 1 and 2"


def test_a_fact_that_is_a_false_number_gives_a_contradiction() -> None:
    """``x*y = -1`` solved for x makes ``x > 0`` the statement ``-1 > 0``: it must be kept."""
    facts = [assume(t) for text in ("y > 0", "x > 0", "x == -1/y") for t in parse_claim(text)]
    found = prove_relation(lt(0, 0), facts)
    assert found is not None
    assert found.hypotheses <= {f.conclusion for f in facts}


def test_a_division_under_a_sum_is_undecided() -> None:
    n, k = nat("n"), nat("k")
    for divisor in (k - real("x"), 1 + exp(-k)):
        answer = prove(le(0, total(n, k, 1 / divisor)))
        assert answer.verdict == "unknown" and "has no meaning" in answer.reason


def test_from_a_term_less_than_itself_follows_everything() -> None:
    x, y, z = real("x"), real("y"), real("z")
    for facts in ([lt(x, x)], [lt(x * y, y * x)], [lt(x, y), eq(x, y)], [x > x]):
        for goal in (z > 5, eq(z, 5), ne(z, 5), 1 / z > 5):
            found = prove_relation(goal, [assume(f) for f in facts])
            assert found is not None
            assert found.conclusion == goal
            assert found.hypotheses <= set(facts)
    for weak in (le(x, x), le(x * y, y * x), ne(y, z)):
        assert prove_relation(z > 5, [assume(weak)]) is None


class _Disposed:
    """Takes a while to be disposed of, once the time is up."""

    def __del__(self) -> None:
        end = time.monotonic() + 0.15
        while time.monotonic() < end:
            pass


def test_a_time_limit_waits_for_a_module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One that is half loaded could not be loaded again by whoever comes next."""
    slow = ["import time", "start = time.monotonic()", "while time.monotonic() < start + 0.3: pass",
            "X = 1"]  # fmt: skip
    (tmp_path / "slow_module.py").write_text("\n".join(slow))
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(OutOfTimeError), time_limit(0.05):
        importlib.import_module("slow_module")
        while True:
            pass
    assert sys.modules.pop("slow_module").X == 1


def test_a_time_limit_is_not_lost_in_disposing() -> None:
    with pytest.raises(OutOfTimeError), time_limit(0.05):
        thing = _Disposed()
        del thing
        end = time.monotonic() + 2
        while time.monotonic() < end:
            pass
