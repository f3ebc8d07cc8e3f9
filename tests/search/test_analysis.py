"""Claims about elementary functions: each yes beside a false neighbour that must not be one."""

from __future__ import annotations

import json
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from derivations.kernel.certificate import replay
from derivations.kernel.terms import Term, both, real
from derivations.kernel.theorem import infer
from derivations.search.analysis import prove_inequality, usable
from derivations.search.claims import ClaimError, parse_claim, relation_terms
from derivations.search.formulas import negations
from derivations.search.points import find_real_point, holds, satisfied
from derivations.search.prove import Answer, certify, prove, refute
from derivations.tactics import assume

# A true claim, what is given, and what is put for what to make it false.
PAIRS: list[tuple[str, list[str], str, str]] = [
    ("exp(x) >= 1 + x", [], ">=", ">"),
    ("exp(x) >= 1 + 1*x", [], "1*x", "1.000001*x"),
    ("exp(x) <= 1/(1 - x)", ["x < 1"], "1 - x)", "1 - 0.999999*x)"),
    ("exp(x) > x**2", ["x >= 0"], "x**2", "1.85*x**2"),
    ("exp(-x) <= 1 - x + x**2/2", ["x >= 0"], "x**2/2", "0.499999*x**2"),
    ("exp(1)*x <= exp(x)", [], "exp(1)", "2.718282"),
    ("x*exp(-x) <= exp(-1)", [], "exp(-1)", "0.367879"),
    ("exp(y - (x + y)) >= 1 + (y - (x + y))", [], ">= 1", "> 1"),
    ("log(1 + x) <= x", ["x > -1"], "<=", "<"),
    ("log(1 + x) >= x/(1 + x)", ["x > -1"], ">= x", ">= 1.000001*x"),
    ("log(1 + x) >= 2*x/(2 + x)", ["x >= 0"], "2*x/", "2.000001*x/"),
    ("log(1 + 1/x) > 2/(2*x + 1)", ["x > 0"], "2/(", "2.01/("),
    ("x*log(x) >= x - 1", ["x > 0"], "- 1", "- 0.999999"),
    ("x*log(x) >= -exp(-1)", ["x > 0"], "-exp(-1)", "-0.3678794"),
    ("log(x) <= sqrt(x)", ["x > 0"], "sqrt(x)", "0.73*sqrt(x)"),
    ("log(x) <= 2*(sqrt(x) - 1)", ["x > 0"], "2*", "1.99999*"),
    ("sqrt(1 + x) <= 1 + x/2", ["x >= -1"], "x/2", "0.499999*x"),
    ("log(1/(1 - J)) >= J", ["0 < J < 1"], ">= J", ">= 1.000001*J"),
    ("log(J/(1 - J)) >= 0", ["1/2 <= J < 1"], ">= 0", "> 0"),
    ("-x*log(x) - (1 - x)*log(1 - x) <= log(2)", ["0 < x < 1"], "log(2)", "0.693147"),
    ("sin(x) <= x", ["x >= 0"], "<= x", "<= 0.999999*x"),
    ("sin(x) < x", ["x > 0"], "< x", "< 0.999999*x"),
    ("sin(x) >= x - x**3/6", ["x >= 0"], "x**3/6", "0.166666*x**3"),
    ("sin(x) >= 2*x/pi", ["0 <= x <= pi/2"], "2*x/pi", "0.63662*x"),
    ("cos(x) >= 1 - x**2/2", [], "x**2/2", "0.499999*x**2"),
    ("tan(x) >= x", ["0 <= x <= 1.5"], ">= x", ">= 1.000001*x"),
    ("sin(x)*cos(x) <= 1/2", [], "1/2", "0.499999"),
    ("sin(x)**2 <= 1", [], "<=", "<"),
    ("abs(cos(x)) <= 1", [], "<= 1", "<= 0.999999"),
    ("sin(x) + cos(x) <= sqrt(2)", [], "sqrt(2)", "1.414213"),
    ("(1 + 1/n)**n < exp(1)", ["n > 0"], "exp(1)", "2.718281"),
    ("(1 + 1/n)**(n + 1) > exp(1)", ["n > 0"], "n + 1)", "n + 0.4999)"),
    ("(1 + 1/n)**(n + 1/2) > exp(1)", ["n > 0"], "n + 1/2", "n + 0.4999"),
    ("n**(1/n) <= exp(exp(-1))", ["n > 0"], "exp(-1)", "0.3678"),
    ("x**x >= exp(-exp(-1))", ["x > 0"], "-exp(-1)", "-0.3678"),
    ("(1 - p)**n <= exp(-n*p)", ["0 <= p < 1", "n >= 0"], "-n*p", "-1.000001*n*p"),
    ("x*y <= exp(x - 1) + y*log(y)", ["y > 0"], "x - 1", "x - 1.000001"),
    ("x*y <= x**p/p + (p - 1)/p*y**(p/(p - 1))", ["x > 0", "y > 0", "p > 1"], "x**p/p",
     "0.999*x**p/p"),
    ("p*exp(x) + (1 - p)*exp(y) >= exp(p*x + (1 - p)*y)", ["0 <= p <= 1"], ">=", ">"),
    ("p*exp(e*p) + (1 - p)*exp(e*(1 - p)) > 0", ["0 <= p <= 1"], "(1 - p)*", "(0.999 - p)*"),
    ("tanh(x) <= x", ["x >= 0"], "<= x", "<= 0.999999*x"),
    ("tanh(x)**2 < 1", [], "< 1", "< 0.9999"),
    ("sinh(x) >= x", ["x >= 0"], ">= x", ">= 1.000001*x"),
    ("cosh(x) >= 1 + x**2/2", [], "x**2/2", "0.500001*x**2"),
    ("cosh(x) <= exp(x**2/2)", [], "x**2/2", "0.49999*x**2"),
    ("1/(1 + exp(-x)) < 1", [], "< 1", "< 0.999999"),
    ("log(1 + exp(x)) > x", [], "> x", "> x + 0.000001"),
    ("log(1 + exp(x)) >= x/2 + log(2)", [], "log(2)", "0.693148"),
    ("log(x/y) <= x/y - 1", ["x > 0", "y > 0"], "- 1", "- 1.000001"),
    ("x*log(x/y) >= x - y", ["x > 0", "y > 0"], ">=", ">"),
    ("log((x + y)/2) >= (log(x) + log(y))/2", ["x > 0", "y > 0"], "/2)", "/2.00001)"),
    ("exp(x) + exp(y) >= 2*exp((x + y)/2)", [], ">= 2*", ">= 2.000001*"),
    ("exp(x) >= exp(y)", ["x >= y"], ">=", ">"),
    ("log(x) < log(y)", ["0 < x < y"], "log(y)", "0.999*log(y)"),
    ("(x - y)*(exp(x) - exp(y)) >= 0", [], ">= 0", "> 0"),
    ("x*y <= x*log(x) - x + exp(y)", ["x > 0"], "- x ", "- 1.000001*x "),
    ("log(1 + x) + log(1 + y) >= log(1 + x + y)", ["x >= 0", "y >= 0"], ">=", ">"),
    ("J/(J + (1 - J)*exp(-M)) >= J", ["0 < J < 1", "M >= 0"], ">= J", ">= 1.000001*J"),
    ("p*log(p/q) + (1 - p)*log((1 - p)/(1 - q)) >= 0", ["0 < p < 1", "0 < q < 1"], ">=", ">"),
    ("x < 5", ["exp(x) < 100"], "< 5", "< 4.6"),
    ("exp(x)*log(y) <= 60", ["0 <= x <= 3", "1 <= y <= 10"], "60", "46"),
    ("sin(x) + cos(y) < 2.1", ["0 <= x <= 9", "0 <= y <= 1"], "2.1", "1.9999"),
    ("max(exp(x), exp(-x)) >= 1", [], ">= 1", ">= 1.000001"),
    ("abs(x)*exp(-abs(x)) <= 1", [], "<= 1", "<= 0.3678"),
    ("pi < 22/7", [], "22/7", "3.14159265358979323846264338327950288"),
    ("exp(pi) > 23", [], "23", "23.1406926327792690058"),
    ("x**8 - 8*x + 7 >= 0", [], "+ 7", "+ 6.999999"),
    ("16*x**5 - 20*x**3 + 5*x <= 1", ["-1 <= x <= 1"], "<= 1", "<= 0.999999"),
    ("exp(x + y) == exp(x)*exp(y)", [], "exp(y)", "exp(2*y)"),
    ("log(x*y) == log(x) + log(y)", ["x > 0", "y > 0"], "+ log(y)", "+ 1.000001*log(y)"),
    ("sin(x)**2 + cos(x)**2 == 1", [], "sin(x)**2", "sin(x)**4"),
    ("cos(2*x) == 1 - 2*sin(x)**2", [], "- 2*", "- 1.999999*"),
    ("cosh(x)**2 - sinh(x)**2 == 1", [], "**2 -", "**2 - 0.000001 -"),
    ("exp(x) != 0", [], "!= 0", "!= 3"),
]


def check(answer: Answer) -> None:
    """A proof replays to the claim; a counterexample satisfies the hypotheses only."""
    goals = relation_terms(answer.claim)
    hypotheses = [h for g in answer.given for h in relation_terms(g)]
    if answer.verdict == "proved":
        claim = replay(json.loads(json.dumps(answer.certificate)))["claim"]
        assert claim.conclusion == both(*goals) and claim.hypotheses <= set(hypotheses)
    if answer.verdict == "refuted":
        assert answer.counterexample is not None
        point = {real(n): _value(v) for n, v in answer.counterexample.items()}
        assert satisfied(hypotheses, point)
        assert any(holds(n, point) is True for g in goals for n in negations(g))


def _value(text: str) -> Term:
    (relation,) = parse_claim(f"{text} == 0")
    return relation.args[0]


@pytest.mark.parametrize("pair", PAIRS, ids=[p[0][:44] for p in PAIRS])
def test_true_claims_and_false_neighbours(pair: tuple[str, list[str], str, str]) -> None:
    claim, given_, old, new = pair
    false = claim.replace(old, new, 1)
    assert false != claim
    proved = prove(claim, given_)
    check(proved)
    assert proved.verdict == "proved", proved.reason
    assert proved.seconds < 20
    refuted = prove(false, given_)
    check(refuted)
    assert refuted.verdict == "refuted", (false, refuted.reason)


MISSING = [
    ("log(1 + x) <= x - x**2/2 + x**3/3", ["x > -1"], []),
    ("x/(1 + x) <= log(1 + x)", ["x >= 0"], []),
    ("tanh(x) <= x", ["x >= 0"], ["x >= -1/10"]),
    ("exp(-2*x) <= 1 - x", ["0 <= x <= 0.75"], ["0 <= x <= 0.8"]),
    ("sin(x) >= 2*x/pi", ["0 <= x <= pi/2"], ["0 <= x <= 1.5708"]),
    ("log(x) <= (x - 1)/sqrt(x)", ["x >= 1"], ["x > 0.999"]),
]


@pytest.mark.parametrize(("claim", "given_", "weaker"), MISSING, ids=[m[0] for m in MISSING])
def test_hypotheses_that_matter_at_an_edge(
    claim: str, given_: list[str], weaker: list[str]
) -> None:
    answer = prove(claim, given_)
    check(answer)
    assert answer.verdict == "proved", answer.reason
    try:
        without = prove(claim, weaker)
    except ClaimError as error:
        assert "which may be" in str(error)
        return
    check(without)
    assert without.verdict == "refuted", without.reason


def test_exact_points_that_are_no_rationals() -> None:
    assert prove("sin(x) < 1", ["1 < x < 2"]).counterexample == {"x": "1/2*pi"}
    assert prove("exp(x) != 2").counterexample == {"x": "log(2)"}
    found = refute("x < 1.0986122", ["exp(x) == 3"])
    check(found)
    assert found.counterexample == {"x": "log(3)"}
    assert prove("x < 1.0986123", ["exp(x) == 3"]).verdict == "proved"


def test_refute_proves_nothing() -> None:
    for claim in ("exp(x) >= 1 + x", "x**2 >= 0"):
        answer = refute(claim, timeout=3)
        assert answer.verdict == "unknown" and answer.certificate is None
        assert "no counterexample" in answer.reason
    assert refute("x**2 >= 0.000001").verdict == "refuted"
    with pytest.raises(ClaimError, match="contradict"):
        refute("x > 0", ["x > 1", "x < 0"])
    with pytest.raises(ClaimError, match="may be zero"):
        refute("1/x > 0")


def test_certify() -> None:
    answer = certify("log(1/(1-J)) >= J", ["0.01 <= J <= 0.99"], bits=256)
    check(answer)
    assert answer.verdict == "proved" and answer.method == "enclosure with 256 bits"
    # No margin, no bounds, a false claim: no enclosure.
    for claim, given_ in (
        ("log(1/(1-J)) >= J", ["0 <= J <= 0.99"]),
        ("exp(x) > 0", ["x >= 0"]),
        ("exp(x) < 2.7", ["0 <= x <= 1"]),
        ("exp(x) == exp(x)", ["0 <= x <= 1"]),
    ):
        assert certify(claim, given_, timeout=5).verdict == "unknown"
    tight = "3.14159265358979323846264338327950288 < pi"
    assert certify(tight, bits=64).verdict == "unknown"
    assert certify(tight, bits=160).verdict == "proved"
    assert certify("exp(x) != 3", ["0 <= x <= 1"]).verdict == "proved"
    parts = certify("x*y < 1.01", ["0 <= x <= 2", "0 <= y <= 3", "x**2 + y**2 <= 2"])
    check(parts)
    assert parts.verdict == "proved"
    for bits in (1, 10_001):
        with pytest.raises(ValueError, match="precision"):
            certify("1 < 2", bits=bits)


SLOW = [
    ("sin(x*y) + cos(x*y*z) <= 2*exp(x**2*sin(z))", ["x > 0", "y > 0", "z > 0"]),
    ("exp(sin(x) + cos(y)) + log(1 + exp(x*y)) >= 0.3678", []),
    ("+".join(f"exp(x{i})" for i in range(8)) + " >= 8*exp((" +
     "+".join(f"x{i}" for i in range(8)) + ")/8)", []),
    ("abs(sin(x) - sin(y)) <= abs(sin(x - z)) + abs(sin(z) - sin(y)) + 2*abs(x - z)", []),
    ("x*y*exp(-x-y) <= 0.13533529", ["0 <= x <= 5", "0 <= y <= 5"]),
    ("log(1 + exp(exp(exp(x)))) >= 0.9", []),
    ("sin(exp(x)) <= 0.99999999999", ["0 <= x <= 30"]),
]  # fmt: skip


@pytest.mark.parametrize(("claim", "given_"), SLOW, ids=[c[0][:40] for c in SLOW])
def test_the_time_limit_is_kept(claim: str, given_: list[str]) -> None:
    start = time.monotonic()
    check(prove(claim, given_, timeout=2))
    assert time.monotonic() - start < 2 + 1 + 1  # the answer is checked as well


def test_unknown_says_what_was_tried() -> None:
    answer = prove("sin(sin(x) + x**2) + cos(x**3) < 1.99999999", timeout=1.5)
    if answer.verdict == "unknown":
        assert "tried: " in answer.reason and "\n" not in answer.reason


def test_contradictory_hypotheses() -> None:
    for given_ in (["exp(x) < 0"], ["exp(x) < 1", "x > 0"], ["log(x) > x", "x > 0"]):
        with pytest.raises(ClaimError, match="contradict"):
            prove("x > 5", given_)


def test_facts_in_other_words() -> None:
    x, y = real("x"), real("y")
    said = {f.conclusion for f in usable([assume(f) for f in parse_claim("3*x - 6 <= 0")])}
    assert any(repr(c) == "x <= 2" for c in said)
    said = {f.conclusion for f in usable([assume(x - y >= 0)])}
    assert {"y <= x"} <= {repr(c) for c in said}
    found, tried = prove_inequality(x > y, [infer("assume", formula=x > 0)], time.monotonic() + 1)
    assert found is None and tried == ()  # a point speaks against it
    found, tried = prove_inequality(x > -1, [infer("assume", formula=x > y)], time.monotonic() + 1)
    assert found is None


def test_points_are_verified() -> None:
    x = real("x")
    deadline = time.monotonic() + 5
    for texts in (["exp(x) < 1 + 1.000001*x"], ["x*log(x) < -0.36787", "x > 0"]):
        relations = [r for t in texts for r in parse_claim(t)]
        point = find_real_point(relations, deadline)
        assert point is not None and satisfied(relations, point)
    assert find_real_point(list(parse_claim("exp(x) < 1 + x")), time.monotonic() + 1) is None
    assert not satisfied(list(parse_claim("log(x) < 1")), {x: _value("-1")})
    assert holds(parse_claim("exp(log(2)) == 2")[0], {}) is True
    assert holds(parse_claim("exp(log(2)) > 2")[0], {}) is not True
    assert holds(parse_claim("1/(sin(pi)) > 2")[0], {}) is None


constants = st.integers(-3, 3)


@settings(max_examples=30, deadline=None)
@given(st.lists(constants, min_size=5, max_size=5), st.sampled_from([">=", "<"]))
def test_no_wrong_verdict_on_random_claims(c: list[int], head: str) -> None:
    claim = f"{c[0]}*exp(x) + {c[1]}*sin(x) + {c[2]}*x**2 + {c[3]}*x + {c[4]} {head} 0"
    check(prove(claim, ["0 <= x <= 2"], timeout=3))
