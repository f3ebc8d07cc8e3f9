"""Thresholds and best steps come out in closed form, with theorems that say they are right."""

from __future__ import annotations

import json

import pytest

from derivations.kernel.certificate import replay
from derivations.kernel.terms import eq, real, substitute
from derivations.search.claims import ClaimError, parse_claim, parse_expression
from derivations.search.derive import DeriveError, best_step, derive
from derivations.search.formulas import negations
from derivations.search.prove import prove

eta = real("eta")
STEP = "eta*D - K*eta**2/2 >= eta*D/2"
POSITIVE = ["eta > 0", "D > 0", "K > 0"]
SUCCESS = ["0 < J < 1", "L > 0", "D > 0"]

# Claim, hypotheses, interval, where the claim starts to hold again.
LARGEST = [
    (STEP, POSITIVE, "(0, D/K]", None),
    (STEP, ["D > 0", "0 < K"], "(0, D/K]", None),
    ("eta*D/2 <= eta*D - K*eta**2/2", POSITIVE, "(0, D/K]", None),
    ("eta*D - K*eta**2/2 > 0", POSITIVE, "(0, 2*D/K)", None),
    ("eta*D - K*eta**2/2 >= 0", POSITIVE, "(0, 2*D/K]", None),
    ("eta*D - K*eta**2/2 >= eta*D/3", POSITIVE, "(0, 4*D/(3*K)]", None),
    ("0.1*eta - eta**2 > 0", [], "(0, 1/10)", None),
    (
        "eta*D - (2*L + G**2)*eta**2/2 >= eta*D/2",
        ["D > 0", "L > 0", "G >= 0"],
        "(0, D/(G**2 + 2*L)]",
        None,
    ),
    (
        "eta*D - (2*L + G**2)*eta**2/2 > 0",
        ["D > 0", "L > 0", "G >= 0"],
        "(0, 2*D/(G**2 + 2*L))",
        None,
    ),
    (STEP, ["K == 2*L + G**2", "L > 0", "D > 0"], "(0, D/K]", None),
    ("eta*D - L*eta**2/(2*(1-J)) >= eta*D/2", SUCCESS, "(0, D*(1 - J)/L]", None),
    ("eta*D - L*eta**2/(2*(1-J)) > 0", SUCCESS, "(0, 2*D*(1 - J)/L)", None),
    ("eta*D - (L + G**2)*eta**2/(2*J) > 0", SUCCESS, "(0, 2*D*J/(G**2 + L))", None),
    ("1/(1 + eta) >= c", ["0 < c < 1"], "(0, (1 - c)/c]", None),
    ("eta**2 <= 2", [], "(0, sqrt(2)]", None),
    ("eta**2 < 2", [], "(0, sqrt(2))", None),
    ("(eta - 1)*(eta - 2) >= 0", [], "(0, 1]", "2"),
    ("(eta - 1)**2*(3 - eta) >= 0", [], "(0, 3]", None),
    ("(eta - 1)**2*(3 - eta) > 0", [], "(0, 1)", None),
]


@pytest.mark.parametrize(("claim", "given", "interval", "until"), LARGEST)
def test_largest(claim: str, given: list[str], interval: str, until: str | None) -> None:
    found = derive(claim, given, "eta")
    assert found.interval == interval
    assert repr(found.until) == str(until)
    (goal,) = parse_claim(claim)
    hypotheses = {t for g in given for t in parse_claim(g)} | {eta > 0}
    inside = eta <= found.value if found.closed else eta < found.value
    assert found.theorem.conclusion == goal
    assert found.theorem.hypotheses <= hypotheses | {inside}
    assert found.optimality.conclusion == negations(goal)[0]
    outside = eta > found.value if found.closed else eta >= found.value
    limits = set() if found.until is None else {eta < found.until}
    allowed = {outside, eq(eta, found.value)} | limits
    assert found.optimality.hypotheses & allowed
    assert found.optimality.hypotheses <= hypotheses | allowed
    assert repr(found.positive.conclusion) == f"0 < {found.value!r}"
    assert found.positive.hypotheses <= hypotheses - {eta > 0}
    assert (found.further is None) == (found.until is None)
    data = json.loads(json.dumps(found.as_json()))
    again = replay(data["certificate"])
    assert again["claim"].conclusion == goal
    assert again["optimality"].hypotheses == found.optimality.hypotheses
    assert data["value"] == repr(found.value) and data["interval"] == interval


def test_a_value_slightly_larger_fails() -> None:
    """The same claim with a bound 1.000001 times as large is refuted."""
    for claim, given, _, _ in LARGEST[:4]:
        found = derive(claim, given, "eta")
        end = f"eta <= 1.000001*({found.value!r})"
        answer = prove(claim, [*given, "eta > 0", end])
        assert answer.verdict == "refuted"


BEST = [
    ("eta*D - K*eta**2/2", ["K > 0"], "D/K", "D**2/(2*K)"),
    ("eta*D - K*eta**2/2", POSITIVE, "D/K", "D**2/(2*K)"),
    ("eta*D - (2*L + G**2)*eta**2/2", ["L > 0"], "D/(G**2 + 2*L)", "D**2/(2*G**2 + 4*L)"),
    ("eta*D - L*eta**2/(2*(1-J))", SUCCESS, "D*(1 - J)/L", "D**2*(1 - J)/(2*L)"),
    ("a*eta*(1 - eta)", ["a > 0"], "1/2", "a/4"),
    ("eta/(1 + eta**2)", [], "1", "1/2"),
    ("3*eta - eta**3", ["eta > 0"], "1", "2"),
    ("-(eta + D)**2", [], "-D", "0"),
]


@pytest.mark.parametrize(("gain", "given", "value", "best"), BEST)
def test_best(gain: str, given: list[str], value: str, best: str) -> None:
    found = best_step(gain, "eta", given)
    assert (repr(found.value), repr(found.gain)) == (value, best)
    term = parse_expression(gain)
    hypotheses = {t for g in given for t in parse_claim(g)}
    assert found.theorem.conclusion == (term <= found.gain)
    assert found.theorem.hypotheses <= hypotheses
    assert found.equality.conclusion == eq(substitute(term, {eta: found.value}), found.gain)
    assert found.equality.hypotheses <= {h for h in hypotheses if h != (eta > 0)}
    data = json.loads(json.dumps(found.as_json()))
    assert replay(data["certificate"])["claim"].conclusion == found.theorem.conclusion
    assert (data["value"], data["gain"]) == (value, best)


WRONG = [
    (STEP, ["K > 0", "D < 0"], "eta", "holds for no eta > 0"),
    ("eta*D + K*eta**2/2 >= eta*D/2", ["K > 0", "D > 0"], "eta", "holds for every eta > 0"),
    ("eta**2 >= -1", [], "eta", "holds for every eta > 0"),
    ("eta**2 < 0", [], "eta", "holds for no eta > 0"),
    (STEP, ["K > 0"], "eta", "are the signs of all parameters given"),
    (STEP, [], "eta", "no largest eta was found"),
    ("eta**3 <= 2", [], "eta", "no largest eta was found"),
    ("exp(eta) <= 2", [], "eta", "no largest eta was found"),
    ("x > 0", [], "eta", "eta does not occur in x > 0"),
    (STEP, POSITIVE, "kappa", "kappa does not occur"),
    (STEP, POSITIVE, "eta x", "not the name of a variable"),
    ("eta == D", ["D > 0"], "eta", "should be one inequality"),
    ("0 < eta < D", ["D > 0"], "eta", "should be one inequality"),
    ("eta <= D", ["D > 0", "eta > 1"], "eta", "may only say that it is positive, not eta > 1"),
    ("(eta + a + b + c + d)**40 <= 1", [], "eta", "too large"),
    ("eta <= D", ["D > 0", "exp(D) < exp(1)*0"], "eta", "could not|no point|contradict"),
]


@pytest.mark.parametrize(("claim", "given", "name", "message"), WRONG)
def test_wrong_requests(claim: str, given: list[str], name: str, message: str) -> None:
    with pytest.raises((DeriveError, ClaimError), match=message) as caught:
        derive(claim, given, name, timeout=5)
    assert "\n" not in str(caught.value)


def test_bad_claims_are_claim_errors() -> None:
    for claim, given, message in (
        ("eta >", [], "ends where"),
        ("eta <= D/K", ["D > 0"], "division by K, which may be zero"),
        ("eta <= D", ["D > 0", "D < 0"], "contradict"),
        ("eta + 1", [], "needs a relation"),
    ):
        with pytest.raises(ClaimError, match=message):
            derive(claim, given, "eta")


@pytest.mark.parametrize(
    ("gain", "given"),
    [
        ("eta*D", []),
        ("eta**2", []),
        ("eta**3 - eta", []),
        ("eta*D - K*eta**2/2", []),
        ("eta*D - K*eta**2/2", ["K > 0", "eta > 0"]),
        ("1 - exp(eta)", []),
    ],
)
def test_no_best_step(gain: str, given: list[str]) -> None:
    with pytest.raises(DeriveError, match="no maximum over eta"):
        best_step(gain, "eta", given, timeout=5)


def test_best_step_of_nonsense() -> None:
    with pytest.raises(ClaimError):
        best_step("eta +", "eta")
    with pytest.raises(DeriveError, match="does not occur"):
        best_step("x", "eta")
    deep = eta
    for _ in range(3000):
        deep = deep + 1
    with pytest.raises((DeriveError, ClaimError), match="deep|nest"):
        best_step(deep, "eta")
    with pytest.raises((DeriveError, ClaimError), match="deep|nest"):
        derive(deep > 0, [], "eta")


def test_terms_are_accepted() -> None:
    D, K = real("D"), real("K")
    assert derive(eta * D >= K * eta**2, [D > 0, K > 0], "eta").given == ("D > 0", "K > 0")
    assert best_step(2 * eta - eta**2, "eta").expression == "2*eta - eta**2"
