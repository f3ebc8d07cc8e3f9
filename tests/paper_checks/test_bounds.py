"""Every claim holds, and claims that are a little too strong are caught."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from fractions import Fraction
from functools import partial
from itertools import islice
from multiprocessing import get_context
from typing import Any

import pytest

from derivations.library import statements, theorem
from derivations.policies import at
from paper_checks import (
    algorithms,
    convergence,
    failure,
    normalisation,
    one_step,
    scaling,
    stagnation,
    table,
)
from paper_checks.claims import EXACTLY, Check, Claim, Trial, judge, worst_of
from paper_checks.families import kappa, paper, sharp
from paper_checks.one_step import keeps_half, limited

NEARLY = Fraction(99, 100)
ALL = Fraction(1)
mpf = EXACTLY.context.mpf


def tried(sources: Mapping[str, Callable[[int], Iterable[Trial]]], *origins: str) -> Check:
    """The verdict on a claim from its sources of some origins, all if none is named."""
    claim = Claim("test", "test", ("trajectory.curvature",), sources)
    chosen = [n for n in sources if not origins or n.split()[0] in origins]
    return judge(claim, (worst_of("test", n, sources[n](0)) for n in chosen))


# All of them ------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def checks() -> list[Check]:
    """The whole table."""
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool:
        return table.check(table.claims(), executor=pool)


@pytest.mark.slow
def test_every_claim_holds(checks: list[Check]) -> None:
    assert [made.claim for made in checks] == [claim.id for claim in table.claims()]
    for made in checks:
        assert made.holds, made
        assert made.digits == 50 and sum(made.instances.values()) >= 1 and made.instance
        assert 0 < mpf(made.worst) <= 1


@pytest.mark.slow
def test_bounds_that_cannot_be_improved_are_nearly_attained(checks: list[Check]) -> None:
    worst = {made.claim: mpf(made.worst) for made in checks}
    for name in ("kappa", "success", "two-sided"):
        assert worst[f"convergence.{name}"] > mpf("0.9999"), name
    for name in ("curvature", "success-curvature", "descent", "below", "above", "best"):
        assert worst[f"one-step.{name}"] > mpf("0.9999"), name


def test_claims_have_names_of_their_own_and_statements() -> None:
    claims = table.claims()
    assert len({claim.id for claim in claims}) == len(claims)
    known = {statement.id for statement in statements()}
    for claim in claims:
        assert claim.statements and claim.sources
        assert known.issuperset(claim.statements)
        assert all(name.split()[0] in table.ORIGINS for name in claim.sources)


def test_every_statement_of_the_trajectory_level_is_tried() -> None:
    """But those that say of one instance what the kernel computes, or that there is a step."""
    left_out = {
        "trajectory.silent-score", "trajectory.gradient-sum-instance", "trajectory.past-the-top"
    }  # fmt: skip
    for statement in statements("trajectory"):
        if statement.kind not in ("definition", "assumption") and statement.id not in left_out:
            assert table.about(statement.id), statement.id
    assert theorem("trajectory.threshold-paper").provenance == "paper"


# What is too strong is caught ---------------------------------------------------------------------


@pytest.mark.parametrize(
    "sides",
    [
        partial(one_step.curvature, NEARLY),
        partial(one_step.whole, partial(one_step.descent, NEARLY)),
    ],
    ids=["curvature", "descent"],
)
def test_the_search_finds_that_kappa_cannot_be_lowered(sides: Any) -> None:
    """kappa lowered by 1 %: violated on a policy that the search made from random ones."""
    made = tried(one_step.sources(sides), "search")
    assert made.verdict == "violated" and set(made.instances) == {"search"}
    assert 1 < mpf(made.worst) < mpf("1.0102")
    assert made.instance["family"] == "second degree"
    assert tried(one_step.sources(sides), "random").holds


def test_even_a_little_lower_is_too_low() -> None:
    share = 1 - Fraction(1, 10**8)
    wrong, right = (
        one_step.sources(partial(one_step.curvature, x), searches=0, samples=1)
        for x in (share, ALL)
    )
    assert not tried(wrong).holds and tried(right).holds
    at_its_peak = sharp(1, 1, Fraction(1, 10**45))  # up to the rounding of its odds
    for share, holds in ((1 - Fraction(1, 10**16), False), (ALL, True)):
        bend, bound = one_step.curvature(share, at_its_peak, EXACTLY)
        assert (bend <= bound) is holds


def scaled(factor: str, bound: Any) -> Any:
    return lambda constants, point: bound(constants, point) * point.arithmetic.number(factor)


@pytest.mark.parametrize(
    "sides",
    [
        partial(limited, scaled("0.99", kappa), ALL, keeps_half),
        partial(limited, scaled("0.99", kappa), ALL, one_step.at_most_three_halves),
        partial(limited, kappa, Fraction(201, 100), one_step.rises),
        partial(limited, kappa, ALL, lambda gain, a, loss: (a * mpf("0.51"), gain)),
        partial(limited, kappa, ALL, lambda gain, a, loss: (gain, a * mpf("1.49"))),
        partial(limited, lambda c, p: 2 * c.hessian + c.score**2 / 2, ALL, keeps_half),
        partial(limited, scaled("0.1", paper), ALL, keeps_half),
    ],
    ids=["larger step", "larger step, above", "more than twice", "more than half",
         "less than 3/2", "half of G^2", "a tenth of the paper's"],
)  # fmt: skip
def test_wrong_thresholds_are_caught(sides: Any) -> None:
    assert not tried(one_step.sources(sides, searches=0, samples=1)).holds


@pytest.mark.parametrize("step", [one_step.below, one_step.above, one_step.log_success])
def test_wrong_one_step_bounds_are_caught(step: Any) -> None:
    def smaller(*arguments: Any) -> Any:
        left, right = step(*arguments)
        return left, right * arguments[2].arithmetic.number("0.99")

    wrong = partial(one_step.whole, smaller)
    assert not tried(one_step.sources(wrong, searches=0, samples=1)).holds


def test_wrong_claims_about_runs_are_caught() -> None:
    for sides, holds in (
        (convergence.half, True),
        (lambda run: (2 * run.progress, run.gain), False),
        (lambda run: (run.gain, run.progress / 2), False),
    ):
        assert tried(convergence.runs(kappa, sides, samples=20, searches=0)).holds is holds


def test_runs_of_log_linear_policies_stay_below_six_elevenths() -> None:
    """In that family the curvature is at most kappa/6, and the search comes near."""
    made = tried(convergence.runs(kappa, convergence.half, samples=10))
    assert 0.54 < mpf(made.worst) <= EXACTLY.number(Fraction(6, 11))


def test_collapse_needs_the_long_steps() -> None:
    """With steps a hundred times smaller J rises."""
    a, b, omega = failure._shape(1)
    for times, falls in ((ALL, True), (Fraction(1, 100), False)):
        before, after = islice(failure.collapse(a, b, omega, times, EXACTLY), 2)
        assert (after.success < before.success) is falls


def test_wrong_coefficients_are_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    wrong: dict[str, Any] = {
        "dr-grpo": lambda J, F, G: J * F,
        "grpo": lambda J, F, G: J * F,
        "dapo": algorithms.grpo,
        "raft": lambda J, F, G: J,
    }
    for name, formula in wrong.items():
        (claim,) = (c for c in algorithms.CLAIMS if c.id == f"algorithms.{name}")
        assert tried(claim.sources).holds
        monkeypatch.setitem(algorithms.CLOSED, name, formula)  # type: ignore[arg-type]
        assert not tried(claim.sources).holds


def test_rates_far_beyond_the_critical_one_are_caught() -> None:
    """Twenty times the rate loses half of its alignment even on log-linear policies."""
    ratios = [algorithms._rate("grpo", 4, scaled("0.05", kappa), k).ratio for k in range(30)]
    assert max(ratios) > 1


def test_wrong_scaling_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    small = [scaling.measured(n, scaling.tau_for(n, Fraction(1, 2))) for n in (1, 2, 10)]
    monkeypatch.setattr(scaling, "cases", lambda: iter(small))
    for source in (scaling._inverse, scaling._guaranteed, scaling._used_up, scaling._beyond):
        assert tried({"extremal": source}).holds
    # Were the second derivatives half as large, the guaranteed step would be too long.
    halved = [
        replace(c, constants=replace(c.constants, hessian=c.constants.hessian / 2.1))
        for c in small
    ]  # fmt: skip
    monkeypatch.setattr(scaling, "cases", lambda: iter(halved))
    assert not tried({"extremal": scaling._guaranteed}).holds
    assert not tried({"extremal": scaling._inverse}).holds


def test_the_step_of_a_short_response_does_not_serve_a_long_one() -> None:
    """Half the critical step of T = 10 lowers J at T = 1000, for the same alignment."""
    ten, thousand = (
        scaling.measured(n, scaling.tau_for(n, Fraction(1, 2))) for n in (10, 1000)
    )  # fmt: skip
    assert scaling.gain_of(thousand, ten.critical * thousand.start.gap[0] / 2) < 0
    assert scaling.gain_of(thousand, thousand.critical * thousand.start.gap[0] / 2) > 0


def test_thresholds_of_tau() -> None:
    """tau_for and the policy against the law of S, counted."""
    assert [scaling.tau_for(2, Fraction(x)) for x in ("0.7", "0.5", "0.1")] == [1, 2, 2]
    for length, tau in ((2, 1), (2, 2), (5, 3)):
        law = {0: 1}
        for _ in range(length):
            law = {s: sum(law.get(s - t, 0) for t in (-1, 0, 1)) for s in range(-9, 10)}
        tail = Fraction(sum(n for s, n in law.items() if abs(s) >= tau), 3**length)
        point = at(scaling.inside(length, tau), (0,), EXACTLY)
        assert abs(point.failure - EXACTLY.number(tail)) < mpf("1e-55")
        assert scaling.tau_for(length, tail) == tau


def test_wrong_turns_are_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    (claim,) = (c for c in normalisation.CLAIMS if c.id == "normalisation.safe-ratio")
    source = claim.sources["random"]
    assert tried({"random": source}).holds
    plain = normalisation.Lengths.turned

    def narrower(self: Any, arithmetic: Any) -> Any:
        found = plain(self, arithmetic)
        return None if found is None else (found[0], found[1] * arithmetic.number("0.99"))

    monkeypatch.setattr(normalisation.Lengths, "turned", narrower)
    assert not tried({"random": source}).holds


def test_half_the_rate_leaves_the_valley() -> None:
    """That J stays below 0.410425 is false of half the rate."""
    low = EXACTLY.number("0.410425")
    assert all(p.success < low for p in stagnation.descent(ALL, 20, EXACTLY))
    assert any(p.success > low for p in stagnation.descent(Fraction(1, 2), 20, EXACTLY))


def test_a_stronger_contraction_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    (claim,) = (c for c in stagnation.CLAIMS if c.id == "stagnation.contraction")
    assert tried(claim.sources).holds
    monkeypatch.setattr(stagnation, "SHRINKS", Fraction(64, 100))
    assert not tried(claim.sources).holds


@pytest.mark.parametrize("id", ["convergence.paper", "gradient.definition", "one-step.best"])
def test_seeds(id: str) -> None:
    """A seed fixes every instance; another one gives others."""
    (claim,) = (c for c in table.claims() if c.id == id)
    first, again, other = (list(islice(claim.sources["random"](s), 5)) for s in (3, 3, 4))
    assert first == again
    assert [t.instance for t in first] != [t.instance for t in other]
