"""Algorithms, lengths and stagnation: every statement is tried, and stronger claims are caught."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from fractions import Fraction
from functools import partial
from typing import Any

import pytest

from derivations.library import statements
from paper_checks import groups, learning, normalisation, one_step, stagnation, table, tokens
from paper_checks.claims import EXACTLY, Check, Claim, Trial, by_index, judge, worst_of
from paper_checks.families import ROUGHLY, Run
from paper_checks.scalars import Given, Scalars, numbers

mpf = EXACTLY.context.mpf
NEARLY = Fraction(99, 100)


def tried(sources: Mapping[str, Callable[[int], Iterable[Trial]]], *origins: str) -> Check:
    """The verdict on a claim from its sources of some origins, all if none is named."""
    claim = Claim("test", "test", ("algorithm.rate",), sources)
    chosen = [n for n in sources if not origins or n.split()[0] in origins]
    return judge(claim, (worst_of("test", n, sources[n](0)) for n in chosen))


def spoilt(share: Fraction, sides: Callable[..., Any]) -> Callable[..., Any]:
    """The right sides times a factor."""

    def stronger(*arguments: Any) -> Any:
        found, factor = sides(*arguments), EXACTLY.number(share)
        if isinstance(found, tuple):
            return found[0], found[1] * factor
        return found and [(x, y * factor) for x, y in found]

    return stronger


@pytest.mark.parametrize("section", ["algorithm", "length", "stagnation"])
def test_every_statement_is_tried(section: str) -> None:
    """But the one that a sequence has no limit, whatever it is."""
    left_out = {"stagnation.climbs"}
    for statement in statements(section):
        if statement.kind not in ("definition", "assumption") and statement.id not in left_out:
            assert table.about(statement.id), statement.id


# Numbers ----------------------------------------------------------------------------------------

BY_NUMBERS: dict[str, tuple[Any, int, Fraction]] = {
    "bounds": (groups.bounds, 2, NEARLY),
    "limits": (groups.limits, 2, NEARLY),
    "concave": (groups.concave, 4, NEARLY),
    "falling": (groups.falling, 3, NEARLY),
    "batch size": (learning.batch_size, 6, NEARLY),
    "min norm": (learning.shortest, 10, NEARLY),
    "nearest": (learning.nearest, 9, NEARLY),
    "ceiling": (learning.ceiling, 4, NEARLY),
    "groups": (learning.largest_of_groups, 7, NEARLY),
    **{
        f"largest, {name}": (partial(learning.largest, name), 3, NEARLY)
        for name in learning.RATES
    },
    "order, reinforce": (partial(learning.order, "reinforce"), 2, Fraction(2, 5)),
    "order, grpo": (partial(learning.order, "grpo"), 2, NEARLY),
    "order, raft": (partial(learning.order, "raft"), 2, Fraction(9, 10)),
    "order, log-odds": (partial(learning.order, "log-odds"), 2, NEARLY),
}


@pytest.mark.parametrize("name", BY_NUMBERS)
def test_stronger_bounds_on_numbers_are_caught(name: str) -> None:
    sides, count, share = BY_NUMBERS[name]
    right, wrong = (
        numbers(f, count, samples=60, tries=600) for f in (sides, spoilt(share, sides))
    )
    assert tried(right).holds and not tried(wrong).holds


def test_the_search_finds_more_than_chance() -> None:
    sources = numbers(learning.ceiling, 4)
    assert mpf(tried(sources, "search").worst) > mpf(tried(sources, "random").worst)


def test_numbers() -> None:
    """What instances are made into: rates that sum to one, sizes, whole numbers; moves stay."""
    rng = random.Random(0)
    instance = Scalars.drawn(4, rng)
    assert all(abs(x) <= 1 for x in instance.moved(rng, 9.0).values)
    for arithmetic in (EXACTLY, ROUGHLY):
        given = Given((1.0, -1.0, 0.0, 0.5), arithmetic)
        assert abs(sum(given.rates(3)) - 1) < 1e-15 and given.rates(2)[0] == 0.5
        assert [given.share(k) for k in (0, 1, 2)] == [1, 0, 0.5]
        assert [given.whole(k, 2, 40) for k in (0, 1, 2)] == [40, 2, 21]
        assert given.size(2) == 1 and abs(given.size(0) * given.size(1) - 1) < 1e-12


# Groups -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "right, wrong",
    [
        (partial(groups.grpo_edge, lambda G: groups._root_of(G - 1)),
         partial(groups.grpo_edge, lambda G: groups._root_of(G))),
        (partial(groups.dapo_edge, lambda G: groups._root_of(G - 1) / G),
         partial(groups.dapo_edge, lambda G: groups._root_of(G - 1) / (G - 1))),
    ],
    ids=["GRPO", "DAPO"],
)  # fmt: skip
def test_wrong_limits_are_caught(right: Any, wrong: Any) -> None:
    assert tried({"random": by_index(right, 20)}).holds
    assert not tried({"random": by_index(wrong, 20)}).holds


def test_odd_differences_are_caught() -> None:
    for more, holds in ((0, True), (1, False)):
        source = partial(groups.even_differences, lambda m: 2 * m + more)  # noqa: B023
        assert tried({"random": by_index(source, 60)}).holds is holds


def of(module: Any, id: str) -> Any:
    """The sources of a claim."""
    (claim,) = (c for c in module.CLAIMS if c.id == id)
    return claim.sources


@pytest.mark.parametrize(
    "id, name, wrong",
    [
        ("groups.gradient", "standardised", lambda G, k: (mpf(G - k), mpf(-k))),
        ("groups.update", "mean", lambda size, rate, body: body(0)),
        ("groups.edge", "mean", lambda size, rate, body: body(0)),
        ("groups.noise-grpo", "grpo", lambda J, F, G: J * F),
        ("groups.degree", "grpo", lambda J, F, G: J * F),
        ("groups.degree", "least_difference", lambda order, c: 1),
        ("groups.small", "grpo", lambda J, F, G: J * F),
        ("groups.bernstein", "grpo", lambda J, F, G: J * F),
    ],
)
def test_wrong_means_are_caught(
    id: str, name: str, wrong: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert tried(of(groups, id)).holds
    monkeypatch.setattr(groups, name, wrong)
    assert not tried(of(groups, id)).holds


@pytest.mark.parametrize("id", ["groups.law", "groups.noise-reinforce"])
def test_a_verifier_that_errs_otherwise_is_caught(id: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The law of k, and the update, for responses that are accepted a little more often."""
    assert tried(of(groups, id)).holds
    plain = groups.Verified.by_number

    def other(self: Any, size: int, advantages: Any) -> Any:
        accepted = tuple((1 + q) / 2 for q in self.accepted)
        return plain(replace(self, accepted=accepted), size, advantages)

    monkeypatch.setattr(groups.Verified, "by_number", other)
    assert not tried(of(groups, id)).holds


def test_brute_force_by_hand() -> None:
    """Two responses with probability 1/2, scores +-1, groups of two: half of them are mixed."""
    half = mpf("0.5")
    verified = groups.Verified((half, half), (mpf(1), mpf(-1)), (mpf(1), mpf(0)))
    found = verified.by_number(2, partial(groups.standardised, 2))
    assert [p for p, _ in found] == [half / 2, half, half / 2]
    assert [u for _, u in found] == [0, half, 0]  # advantages +-1, scores +-1


# Learning rates -----------------------------------------------------------------------------------


@pytest.mark.parametrize("name", learning.RATES)
def test_a_larger_fixed_rate_is_caught(name: str) -> None:
    for times, holds in ((Fraction(1), True), (Fraction(51, 50), False)):
        step = partial(
            learning.first_step, name, times, partial(learning.half, learning.RATES[name])
        )
        assert tried(one_step.sources(step, samples=5, searches=0)).holds is holds


@pytest.mark.parametrize("name", learning.RATES)
def test_fewer_iterations_are_caught(name: str) -> None:
    """The potential gains no more than half of alpha g^2, at steps that nearly attain it."""
    rates = learning.RATES[name]
    for share, holds in ((Fraction(1), True), (Fraction(49, 50), False)):
        sides = spoilt(share, partial(learning.climbs, rates))
        step = partial(learning.first_step, name, Fraction(1), sides)
        assert tried(one_step.sources(step, samples=5, searches=0)).holds is holds


def test_the_count_fails_from_a_small_start() -> None:
    """REINFORCE from J_0 < 1/2, where its coefficient rises: F gains less than alpha g^2/2.

    The log-odds are linear, so that every step keeps all of its alignment.
    """
    plain = learning.RATES["reinforce"]
    instance = Run(((0.5,), (-0.5,)), (0.0, 0.0), (True, False), (-6.0,), (), ())
    run = learning.trained(replace(plain, fixed=lambda L, square, root: 8000 * L), instance, 1)
    first, second = run.points
    assert first.success < 0.003 and 0.2 < second.success < 0.5
    aligned = run.rate * run.coefficients[0] * run.gaps[0]
    assert abs(second.log_odds - first.log_odds - aligned) < mpf("1e-40")
    gained = learning.potential(plain, second) - learning.potential(plain, first)
    assert run.rate * run.gaps[0] / 2 > 2 * gained


def test_runs_with_rates_far_too_large_are_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    right = learning.RATES["log-odds"]
    wrong = replace(right, fixed=lambda L, square, root: 40 * right.fixed(L, square, root))
    for rates, holds in ((right, True), (wrong, False)):
        monkeypatch.setitem(learning.RATES, "log-odds", rates)  # type: ignore[arg-type]
        assert tried(of(learning, "learning.run-log-odds")).holds is holds
        sources = {"random": of(learning, "learning.iterations-log-odds")["random"]}
        assert tried(sources).holds is holds


def test_token_steps_far_beyond_the_ceiling_are_caught() -> None:
    for times, holds in ((1, True), (40, False)):
        bound = lambda here: learning.token_rate("raft", here) / times  # noqa: B023, E731
        assert tried({"extremal": partial(tokens.long_steps, bound)}).holds is holds


def test_a_smaller_loss_of_a_batch_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    sources = {"extremal": of(learning, "learning.batch")["extremal"]}
    assert tried(sources).holds
    plain = learning.over
    monkeypatch.setattr(learning, "over", lambda x, y: plain(x, y * mpf("0.99")))
    assert not tried(sources).holds


def test_samples_that_are_biased_are_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    sources = of(learning, "learning.batch-moments")
    assert tried(sources).holds
    monkeypatch.setattr(learning.Sampled, "factor", property(lambda self: self.point.success))
    assert not tried(sources).holds


@pytest.mark.parametrize(
    "id", ["learning.preconditioned-norm", "learning.preconditioned", "learning.prompts"]
)
def test_stronger_claims_about_directions_are_caught(
    id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Twice of what is kept, or 1 % less than the largest Rayleigh quotient."""
    sources = {"random": of(learning, id)["random"]}
    assert tried(sources).holds
    plain, factor = learning.over, mpf("0.99" if id.endswith("norm") else "0.5")
    monkeypatch.setattr(learning, "over", lambda x, y: plain(x, y * factor))
    assert not tried(sources).holds


def test_a_wrong_direction_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    sources = of(learning, "learning.direction")
    assert tried(sources).holds
    monkeypatch.setattr(learning, "root", lambda x: x)
    assert not tried(sources).holds


def test_reflected_matrices_have_the_eigenvalues() -> None:
    axis = (mpf(1), mpf(2), mpf(-1))
    rows = learning.preconditioned(EXACTLY, [mpf(1), mpf(4), mpf(9)], axis)
    assert abs(sum(rows[i][i] for i in range(3)) - 14) < mpf("1e-50")
    assert all(abs(rows[i][j] - rows[j][i]) < mpf("1e-50") for i in range(3) for j in range(i))
    square = sum(x * x for row in rows for x in row)
    assert abs(square - (1 + 16 + 81)) < mpf("1e-50")


# Lengths and stagnation ---------------------------------------------------------------------------


def test_a_mean_advantage_that_is_left_out_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    sources = of(normalisation, "normalisation.mean-advantage")
    assert tried(sources).holds
    plain = normalisation._divided
    monkeypatch.setattr(normalisation, "_divided", lambda rng: (*plain(rng)[:3], 0))
    assert not tried(sources).holds


def test_groups_at_a_rate_that_is_not_safe_are_caught() -> None:
    assert tried({"random": by_index(partial(stagnation._groups_rise, Fraction(1)), 8)}).holds
    assert not tried({"random": by_index(partial(stagnation._groups_rise, Fraction(30)), 8)}).holds


def test_a_wrong_baseline_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    sources = of(normalisation, "normalisation.expected")
    assert tried(sources).holds
    right = normalisation.BASELINES
    for name, other in (("leave-one-out", "mean"), ("grpo", "leave-one-out"), ("none", "mean")):
        monkeypatch.setattr(normalisation, "BASELINES", {**right, name: right[other]})
        assert not tried(sources).holds


@pytest.mark.parametrize(
    "id, times", [("stagnation.steepness", "1.01"), ("stagnation.regular", "1.5")]
)
def test_a_steeper_valley_is_caught(
    id: str, times: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert tried(of(stagnation, id)).holds
    plain = stagnation._height

    def steeper(alpha: Any, x: Any, y: Any) -> Any:
        return plain(alpha, x, y) * Fraction(times)

    monkeypatch.setattr(stagnation, "_height", steeper)
    assert not tried(of(stagnation, id)).holds


def test_a_rate_that_leaves_the_floor_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    sources = of(stagnation, "stagnation.confined")
    plain = stagnation.fixed
    monkeypatch.setattr(stagnation, "fixed", lambda rate: plain(rate * 8))
    assert not tried(sources).holds


def test_the_step_over_the_top_is_not_shorter() -> None:
    for share, holds in ((Fraction(1), True), (Fraction(999, 1000), False)):
        assert tried({"extremal": partial(one_step.below_top, share)}).holds is holds
