"""The first check of the paper: what it computes, and that it catches what is wrong."""

from __future__ import annotations

import json
import random
from dataclasses import FrozenInstanceError
from fractions import Fraction
from typing import Any

import mpmath
import pytest

from derivations.library import theorem
from paper_checks import __main__ as command
from paper_checks.softmax import Constants, Local, LogLinear, ThreeResponses, precision
from paper_checks.trajectory import (
    ABOVE,
    CLAIMS,
    KAPPA,
    PAPER,
    SUCCESS,
    Check,
    Claim,
    Threshold,
    VacuousError,
    at_least_half,
    at_most_three_halves,
    curvature_ratios,
    descent_ratios,
    judge,
    kappa_limit,
    paper_limit,
    random_instance,
    random_ratios,
    sharp_ratios,
)

CTX = precision(50)
THRESHOLDS = {"paper": PAPER, "kappa": KAPPA, "success": SUCCESS, "above": ABOVE}
FEW: Any = {"samples": 40, "climbs": 2, "tries": 100}


def policies(count: int = 10) -> list[tuple[LogLinear, list[Any], list[Any]]]:
    """Random policies in 50 digits, each with a point and a unit direction."""
    rng, found = random.Random(5), []
    for _ in range(count):
        instance = random_instance(rng)
        direction = [CTX.mpf(x) for x in instance.directions[0]]
        length = CTX.sqrt(sum(x * x for x in direction))
        theta = [CTX.mpf(x) for x in instance.start]
        found.append((instance.policy(CTX), theta, [x / length for x in direction]))
    return found


def line(policy: Any, theta: Any, direction: Any, t: Any) -> Local:
    """The policy at theta + t direction."""
    moved = [x + t * w for x, w in zip(theta, direction, strict=True)]
    result: Local = policy.at(moved, direction)
    return result


def cases() -> list[tuple[Any, Any, Any]]:
    """Policies of both families."""
    shapes = [(CTX.mpf(G), CTX.mpf(L), m) for G, L in ((1, 1), (3, 1)) for m in (False, True)]
    three = [ThreeResponses(G, L, CTX, m) for G, L, m in shapes]
    return [*policies(), *((p, [CTX.mpf("0.3")], [CTX.mpf(1)]) for p in three)]


# What is computed -----------------------------------------------------------------------------


@pytest.mark.parametrize("policy, theta, direction", cases())
def test_alignment_and_curvature_are_derivatives(policy: Any, theta: Any, direction: Any) -> None:
    """They agree with finite differences of the log-odds in 50 digits."""
    here = policy.at(theta, direction)
    step = CTX.mpf(10) ** -12
    ahead, behind = (line(policy, theta, direction, t).log_odds for t in (step, -step))
    slope = (ahead - behind) / (2 * step)
    bend = (ahead - 2 * here.log_odds + behind) / step**2
    assert abs(slope - here.alignment) < 1e-20
    assert abs(bend - here.curvature) < 1e-20


@pytest.mark.parametrize("policy, theta, direction", cases())
def test_success_and_failure(policy: Any, theta: Any, direction: Any) -> None:
    here = policy.at(theta, direction)
    assert here.success > 0 and here.failure > 0
    assert abs(here.success + here.failure - 1) < 1e-45
    assert abs(CTX.log(here.success / here.failure) - here.log_odds) < 1e-45


def test_failure_keeps_its_digits_near_success() -> None:
    """1 - J is computed apart: it is right when J rounds to 1."""
    numbers = (CTX.mpf(0), CTX.mpf(0)), (CTX.mpf(300), CTX.mpf(0))
    policy = LogLinear(((numbers[0][0],), (numbers[0][1],)), numbers[1], (True, False), CTX)
    here = policy.at([CTX.mpf(0)], [CTX.mpf(1)])
    assert here.success == 1
    assert abs(here.failure / CTX.exp(-300) - 1) < 1e-45
    assert here.log_odds == 300


@pytest.mark.parametrize("policy, theta, direction", policies())
def test_log_linear_constants(policy: LogLinear, theta: Any, direction: Any) -> None:
    """|s| <= G and |h| <= L at random points and in every direction tried."""
    rng, bounds = random.Random(1), policy.constants()
    for _ in range(20):
        raw = [CTX.mpf(rng.gauss(0, 1)) for _ in theta]
        length = CTX.sqrt(sum(x * x for x in raw))
        at = [CTX.mpf(rng.gauss(0, 5)) for _ in theta]
        scores, hessian = policy.scores(at, [x / length for x in raw])
        assert max(map(abs, scores)) <= bounds.score
        assert abs(hessian) <= bounds.hessian


def test_log_linear_constants_are_not_loose() -> None:
    """Two features at distance 3, equally likely: the variance is D^2/4, scores approach D."""
    one = CTX.mpf(1)
    policy = LogLinear(((0 * one,), (3 * one,)), (0 * one, 0 * one), (True, False), CTX)
    scores, hessian = policy.scores([0 * one], [one])
    assert policy.constants() == Constants(3, CTX.mpf(9) / 4)
    assert hessian == -CTX.mpf(9) / 4 and scores == (CTX.mpf(-3) / 2, CTX.mpf(3) / 2)
    far, _ = policy.scores([100 * one], [one])
    assert abs(far[0] + 3) < 1e-45


@pytest.mark.parametrize("score, hessian", [(1, 1), (3, 1), (1, 5)])
def test_three_responses_are_those_of_sharp(score: int, hessian: int) -> None:
    """At t = 0: J, the constants G and L, no alignment, and curvature -(2 L + G^2)."""
    policy = ThreeResponses(CTX.mpf(score), CTX.mpf(hessian), CTX)
    here, bounds = policy.at((0,), (1,)), policy.constants_at(CTX.mpf(0))
    kappa = 2 * hessian + score**2
    assert abs(here.success - CTX.mpf(hessian + score**2) / kappa) < 1e-45
    assert abs(here.alignment) < 1e-45 and abs(here.curvature + kappa) < 1e-45
    assert abs(bounds.score - score) < 1e-45 and abs(bounds.hessian - hessian) < 1e-45
    # theory.md: ell(t) = c - L t^2 - log cosh(G t)
    t = CTX.mpf("0.7")
    fall = hessian * t**2 + CTX.log(CTX.cosh(score * t))
    assert abs(policy.at((t,), (1,)).log_odds - here.log_odds + fall) < 1e-45


def test_constants_on_a_segment_hold_at_its_points() -> None:
    policy = ThreeResponses(CTX.mpf(2), CTX.mpf(1), CTX)
    for reach in (CTX.mpf("0.5"), CTX.mpf("0.01")):
        bounds = policy.constants_on(reach)
        for k in range(-20, 21):
            here = policy.constants_at(reach * k / 20)
            assert here.score <= bounds.score and here.hessian <= bounds.hessian
    assert policy.constants_on(CTX.mpf(0)) == Constants(2, 1)


def test_success_curvature_has_the_maximum_kappa() -> None:
    """K(J) touches kappa at J = (L + G^2)/(2 L + G^2) and is smaller elsewhere."""
    bounds = Constants(CTX.mpf(2), CTX.mpf(1))
    peak = CTX.mpf(5) / 6
    assert abs(bounds.at_success(peak, 1 - peak) - bounds.kappa) < 1e-45
    for k in range(1, 100):
        assert bounds.at_success(CTX.mpf(k) / 100, 1 - CTX.mpf(k) / 100) < bounds.kappa
    assert bounds.kappa == 6 and bounds.paper == 66


# Verdicts -------------------------------------------------------------------------------------


@pytest.mark.parametrize("claim", CLAIMS, ids=lambda c: f"{c.statements[0]}")
def test_every_claim_holds(claim: Claim) -> None:
    made = claim.check()
    assert made.holds and made.verdict == "holds"
    assert made.instances >= 30 and made.digits == 50
    assert 0.9 < CTX.mpf(made.worst) <= 1


@pytest.mark.parametrize("claim", CLAIMS, ids=lambda c: f"{c.statements[0]}")
def test_claims_name_statements_of_the_library(claim: Claim) -> None:
    for id in claim.statements:
        assert theorem(id).id == id
    if "8G^2" in claim.text:
        assert theorem(claim.statements[0]).provenance == "paper"


@pytest.mark.parametrize("ratios", [curvature_ratios, descent_ratios])
def test_a_lowered_kappa_is_caught(ratios: Any) -> None:
    """|ell''| <= 0.99 kappa fails on the three responses near t = 0, and so does the descent."""
    made = judge("wrong", ("trajectory.sharp",), ratios(Fraction(99, 100)))
    assert made.verdict == "violated" and not made.holds
    assert 1.01 < CTX.mpf(made.worst) < 1.0102
    assert judge("right", ("trajectory.sharp",), ratios()).holds


def test_even_a_little_lower_is_too_low() -> None:
    share = 1 - Fraction(1, 10**40)
    assert not judge("wrong", ("trajectory.sharp",), curvature_ratios(share, samples=1)).holds


@pytest.mark.parametrize(
    "wrong",
    [
        Threshold(lambda c, here: 1 / (c.kappa * 99 / 100), at_least_half),
        Threshold(lambda c, here: 1 / (c.kappa * 99 / 100), at_most_three_halves),
        Threshold(lambda c, here: 1 / (2 * c.hessian + c.score**2 / 2), at_least_half),
        Threshold(kappa_limit, lambda run: (run.progress * 51 / 100, run.gain)),
        Threshold(kappa_limit, lambda run: (run.gain, run.progress * 149 / 100)),
    ],
    ids=["larger step", "larger step, above", "half of G^2", "more than half", "less than 3/2"],
)
def test_wrong_thresholds_are_caught(wrong: Threshold) -> None:
    assert not judge("wrong", ("trajectory.threshold",), sharp_ratios(wrong)).holds


def test_a_step_beyond_twice_the_threshold_falls() -> None:
    """Then the right side is negative: the ratio is infinite, the claim violated."""
    wild = Threshold(lambda c, here: CTX.mpf("2.1") / c.kappa, at_least_half)
    made = judge("wrong", ("trajectory.monotone",), sharp_ratios(wild))
    assert not made.holds and made.worst == "+inf"


def test_log_linear_runs_stay_below_six_elevenths() -> None:
    """In that family the curvature is at most kappa/6, and the search comes near."""
    worst = max(random_ratios(KAPPA, samples=60, climbs=2, tries=600))
    assert 0.54 < worst <= CTX.mpf(6) / 11


def test_the_search_makes_runs_worse() -> None:
    options: Any = {"samples": 30, "tries": 300}
    plain = max(random_ratios(SUCCESS, **options, climbs=0))
    assert max(random_ratios(SUCCESS, **options, climbs=2)) > plain + CTX.mpf("0.01")


@pytest.mark.parametrize("name", THRESHOLDS)
def test_seeds(name: str) -> None:
    """A seed fixes every ratio; another one gives other instances."""
    first, again, other = (list(random_ratios(THRESHOLDS[name], seed=s, **FEW)) for s in (3, 3, 4))
    assert first == again and first != other


def test_a_step_that_is_not_aligned_has_size_zero() -> None:
    rng = random.Random(2)
    runs = [random_instance(rng).run(paper_limit, CTX) for _ in range(20)]
    pairs = [p for run in runs for p in zip(run.points, run.sizes, strict=True)]
    assert any(point.alignment < 0 for point, _ in pairs)
    assert all((size > 0) == (point.alignment > 0) for point, size in pairs)
    assert all(run.progress >= 0 for run in runs)


def test_the_global_precision_is_left_alone() -> None:
    before = mpmath.mp.dps
    max(random_ratios(KAPPA, **FEW))
    assert mpmath.mp.dps == before


# Judging ----------------------------------------------------------------------------------------


def test_rounding_and_equality() -> None:
    """Equality up to the guard digits is 1; what exceeds 1 in the last digit is a violation."""
    wide = precision(70)
    assert judge("x", ("x",), iter([1 + wide.mpf(10) ** -60])).worst == "1.0"
    assert judge("x", ("x",), iter([1 + wide.mpf(10) ** -60])).holds
    assert not judge("x", ("x",), iter([1 + wide.mpf(10) ** -48])).holds


def test_nothing_tried_is_an_error() -> None:
    with pytest.raises(VacuousError, match="no instance"):
        judge("x", ("x",), iter([]))


def test_not_a_number_is_an_error() -> None:
    with pytest.raises(ArithmeticError, match="not a number"):
        judge("x", ("x",), iter([CTX.nan]))


def test_results_are_frozen() -> None:
    made = judge("x", ("x",), iter([CTX.mpf(1)]))
    with pytest.raises(FrozenInstanceError):
        made.verdict = "violated"  # type: ignore[misc]


# The command ------------------------------------------------------------------------------------

FINE = Claim("1 <= 2", ("trajectory.curvature",), lambda seed: iter([CTX.mpf("0.5")]))
WRONG = Claim("2 <= 1", ("trajectory.sharp",), lambda seed: iter([CTX.mpf(2)]))


def test_table(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(command, "CLAIMS", (FINE,))
    assert command.run([]) == 0
    out, err = capsys.readouterr()
    assert "trajectory.curvature" in out and "0.500000000" in out and "holds" in out and not err


def test_one_violation_decides(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(command, "CLAIMS", (FINE, WRONG))
    assert command.run([]) == 1
    assert "violated" in capsys.readouterr().out
    assert command.run(["--json"]) == 1
    answer = json.loads(capsys.readouterr().out)
    assert answer["ok"] is False
    assert [c["verdict"] for c in answer["checks"]] == ["holds", "violated"]
    assert answer["checks"][1]["worst"] == "2.0"


def test_seed_reaches_the_claims(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    seeded = Claim("seeded", ("x",), lambda seed: iter([CTX.mpf(seed) / 100]))
    monkeypatch.setattr(command, "CLAIMS", (seeded,))
    assert command.run(["--json", "--seed", "42"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert answer["seed"] == 42 and answer["checks"][0]["worst"] == "0.42"


@pytest.mark.parametrize("arguments", [["--seed", "x"], ["--seed", "-1"], ["extra"], ["--nope"]])
def test_bad_input(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """One line, exit code 3."""
    assert command.run(arguments) == 3
    out, err = capsys.readouterr()
    assert not out and len(err.splitlines()) == 1


def test_shown_ratios_are_never_too_small(capsys: pytest.CaptureFixture[str]) -> None:
    assert command.rounded_up("0.9999999999999") == "1.000000000"
    assert command.rounded_up(f"1.{'0' * 48}1") == "1.000000001"
    command.show([Check("c", ("s",), 1, "+inf", 50, "violated")])
    assert "infinite" in capsys.readouterr().out
