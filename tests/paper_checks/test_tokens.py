"""The token level: instances are what they say, bounds hold, and stronger ones are caught."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Iterable, Mapping
from fractions import Fraction
from functools import partial
from typing import Any

import pytest

from derivations.library import statements
from derivations.policies import Leaf, Token, TokenTree, at
from paper_checks import table, tokens, trees
from paper_checks.claims import EXACTLY, Check, Claim, Trial, judge, worst_of
from paper_checks.families import ROUGHLY

mpf = EXACTLY.context.mpf
SMALL = mpf("1e-45")


def tried(sources: Mapping[str, Callable[[int], Iterable[Trial]]], *origins: str) -> Check:
    """The verdict on a claim from its sources of some origins, all if none is named."""
    claim = Claim("test", "test", ("token.lambert",), sources)
    chosen = [n for n in sources if not origins or n.split()[0] in origins]
    return judge(claim, (worst_of("test", n, sources[n](0)) for n in chosen))


def spoilt(factor: str, sides: Callable[..., tokens.Pairs]) -> Callable[..., tokens.Pairs]:
    """The claim with its right sides times a factor."""

    def stronger(*arguments: Any) -> tokens.Pairs:
        return [(x, y * EXACTLY.number(Fraction(factor))) for x, y in sides(*arguments)]

    return stronger


# What holds (that every claim does is for `test_bounds`) ------------------------------------------


def test_every_bound_of_the_token_level_is_tried() -> None:
    """But the rules by which means are taken apart, which hold by construction of a tree, and
    the steps towards `token.length-necessary`."""
    left_out = {"token.tower", "token.padding", "token.drift"}
    for statement in statements("token"):
        left_out |= {statement.id} if statement.id.startswith("token.sign-") else set()
        if statement.kind not in ("definition", "assumption") and statement.id not in left_out:
            assert table.about(statement.id), statement.id


# What is too strong is caught ---------------------------------------------------------------------

BY_TREES: dict[str, tuple[Any, str]] = {
    "sizes": (tokens.sizes, "0.99"),
    "azuma": (tokens.exponential, "0.9999"),
    "square-mgf": (tokens.exponential_square, "0.99"),
    "gibbs": (tokens.gibbs, "0.9999"),
    "mean-order": (tokens.mean_order, "0.99"),
    "lambert": (partial(tokens.of_event, tokens.by_lambert), "0.99"),
    "every exponent": (tokens.for_every_exponent, "0.9"),
    "joint": (partial(tokens.of_event, tokens.by_joint), "0.9"),
    "extremal": (tokens.by_top_share, "0.99"),
    "convex order": (tokens.convex_order, "0.99"),
    "length": (tokens.mean_length, "0.99"),
}


@pytest.mark.parametrize("name", BY_TREES)
def test_stronger_bounds_are_caught(name: str) -> None:
    sides, factor = BY_TREES[name]
    assert tried(tokens.trees(sides, samples=20), "random").holds
    assert not tried(tokens.trees(spoilt(factor, sides), samples=30)).holds


BY_POINTS: dict[str, tuple[Any, str, str]] = {
    "second moment": (tokens.second_moment, "0.9999", "extremal"),
    "spread": (tokens.spread, "0.9999", "extremal"),
    "naive": (tokens.naive, "0.9999", "search"),
    "gap": (tokens.gap, "0.9999", "extremal"),
    "side means": (tokens.side_means, "0.9999", "extremal"),
    "lambert": (partial(tokens.of_classes, tokens.by_lambert), "0.9999", "extremal"),
    "extremal": (tokens.top_share_of_signs, "0.9999", "extremal"),
    "curvature": (tokens.curvature, "0.999", "search"),
    "from success": (tokens.from_success, "0.9999", "extremal"),
    "from failure": (tokens.from_failure, "0.9999", "search"),
    "branches": (tokens.branches, "0.99", "search"),
    "rise": (tokens.rise, "0.6", "extremal"),
}
"""A bound, a factor with which it fails, and which instances show that."""


@pytest.mark.parametrize("name", BY_POINTS)
def test_stronger_bounds_at_a_point_are_caught(name: str) -> None:
    sides, factor, origin = BY_POINTS[name]
    assert tried(tokens.points(sides), "extremal").holds
    assert not tried(tokens.points(spoilt(factor, sides)), origin).holds


@pytest.mark.parametrize("bound", [tokens.inverse, tokens.critical])
def test_longer_steps_are_caught(bound: Any) -> None:
    def lower(here: trees.Here) -> Any:
        return bound(here) * EXACTLY.number(Fraction(99, 100))

    right, wrong = ({"extremal": tokens.steps(x)["extremal trees"]} for x in (bound, lower))
    assert tried(right).holds and not tried(wrong).holds


def test_either_branch_of_the_critical_step_is_met_and_needed() -> None:
    """With rare failures the step is longer than (1-J) Delta mu/(L_p T), and rightly so."""
    found = [here for here, _ in tokens.signs()]
    assert any(tokens.critical(here) < tokens.inverse(here) / 1000 for here in found)
    assert any(tokens.critical(here) == tokens.inverse(here) for here in found)
    # With half of that branch some step would be too long.
    half = lambda here: tokens.logarithmic(here) / 2
    assert not tried({"extremal": partial(tokens.long_steps, half)}).holds
    assert tried({"extremal": partial(tokens.aligned_steps, tokens.critical)}).holds


def test_the_naive_bound_is_quadratic_and_the_other_is_not() -> None:
    """At T = 1000 the bound of `token.curvature` is far below that of `token.naive`."""
    for here, instance in tokens.signs():
        if instance["T"] == 1000 and here.point.failure > mpf("1e-10"):
            ((_, naive),), ((_, linear),) = tokens.naive(here), tokens.curvature(here)
            assert naive > mpf("1e6") and linear < mpf("6e4")


# The functions --------------------------------------------------------------------------------


def test_lambert_in_doubles_and_at_the_ends() -> None:
    for u in (0.0, 1e-12, 0.3, 2.0, 50.0, 700.0):
        value = tokens.lambert(u, ROUGHLY)
        assert value >= 1 and abs(value - math.log(value) - 1 - 2 * u) < 1e-10 * (1 + u)
    assert tokens.lambert(EXACTLY.number(0), EXACTLY) == 1


def test_wrong_roots_are_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    good = tokens.lambert
    monkeypatch.setattr(tokens, "lambert", lambda u, a: good(u, a) * mpf("1.001"))
    wrong = [tokens.root(k).ratio for k in range(10)]
    assert min(wrong) > 1
    assert max(tokens.properties(k).ratio for k in range(40)) > 1
    assert any(t.ratio > 1 for t in tokens.crossing(0))


def test_the_top_share_is_that_of_sorted_responses() -> None:
    """Five signs, the event of the responses with the largest squares, counted one by one."""
    squares = sorted(sum((-1) ** (k >> b & 1) for b in range(5)) ** 2 for k in range(32))[::-1]
    for count in (1, 2, 3, 12, 20, 32):
        rate = EXACTLY.number(Fraction(count, 32))
        event = tokens.Event(EXACTLY, EXACTLY.number(5), rate, rate, rate)
        mean = EXACTLY.number(Fraction(sum(squares[:count]), count))
        assert abs(tokens.top_share(event, 5) - mean) < SMALL


def test_a_wrong_top_fraction_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    """Another level than the quantile, or a mean that is not the least value."""
    good = tokens.top_mean
    assert max(tokens.least_value(k).ratio for k in range(20)) < 1 + SMALL
    for factor, shift in ((1, 1), (mpf("1.0001"), 0)):

        def wrong(p: Any, n: int, a: Any, factor: Any = factor, shift: int = shift) -> Any:
            mean, quantile = good(p, n, a)
            return mean * factor, quantile + shift

        monkeypatch.setattr(tokens, "top_mean", wrong)
        assert max(tokens.least_value(k).ratio for k in range(20)) > 1 + mpf("1e-9")


def test_the_tree_of_signs_attains_the_bound() -> None:
    """Eight equally likely responses; the two with |s| = 3 are the top quarter."""
    tree = tokens.sign_tree()
    responses = tree.responses(EXACTLY)
    assert sorted(int(r.score[0]) for r in responses) == [-3, -1, -1, -1, 1, 1, 1, 3]
    assert all(abs(x - mpf("0.125")) < SMALL for x in tokens.chances(responses, EXACTLY))
    ((left, right),) = tokens.by_top_share(tree, EXACTLY)
    assert abs(left - 9) < SMALL and abs(right - 9) < SMALL


def test_the_norm_of_the_length() -> None:
    lengths = [(mpf("0.25"), 1), (mpf("0.75"), 3)]
    psi = tokens.length_norm(lengths, EXACTLY)
    moment = lambda x: sum(p * EXACTLY.call("exp", t / x) for p, t in lengths)
    assert moment(psi) <= 2 < moment(psi * mpf("0.999999"))
    assert abs(tokens.length_norm([(mpf(1), 4)], EXACTLY) * EXACTLY.call("log", mpf(2)) - 4) < SMALL


# The instances --------------------------------------------------------------------------------


def drawn(index: int) -> trees.Tree:
    return trees.Tree.drawn(random.Random(index))


@pytest.mark.parametrize("index", range(8))
def test_scores_and_second_derivatives_are_derivatives(index: int) -> None:
    """Of log-probabilities that sum to one; and those of the log-odds agree."""
    tree, step = drawn(index), mpf("1e-15")
    policy, start = tree.policy(EXACTLY.number), EXACTLY.number(Fraction(tree.start))
    behind, here, ahead = (policy.responses((start + x,), EXACTLY) for x in (-step, 0, step))
    assert abs(sum(EXACTLY.call("exp", r.log_weight) for r in here) - 1) < SMALL
    for before, at_start, after in zip(behind, here, ahead, strict=True):
        slope = (after.log_weight - before.log_weight) / (2 * step)
        bend = (after.score[0] - before.score[0]) / (2 * step)
        assert abs(slope - at_start.score[0]) < 1e-24
        assert abs(bend - at_start.hessian[0, 0]) < 1e-24
    odds = [tree.at(x, EXACTLY).log_odds for x in (-step, 0, step)]
    assert abs((odds[2] - odds[0]) / (2 * step) - tree.here(EXACTLY).alignment) < 1e-24


def test_a_tree_without_bends_is_a_token_tree() -> None:
    bent = trees.BentTree(
        ((0, 1, 0), (2, 0)), ((1, -1, 3), (2, 5)), ((0, 0, 0), (0, 0)), ((0, 1, 0), (0, 0)),
        (True, False, True, False),
    )  # fmt: skip
    plain = TokenTree(
        (
            (Token((1,), Leaf(True)), Token((-1,), 1, 1), Token((3,), Leaf(False))),
            (Token((2,), Leaf(False), 2), Token((5,), Leaf(True))),
        )
    )
    for theta in (Fraction(0), Fraction(2, 7)):
        one, other = (at(policy, (theta,), EXACTLY) for policy in (bent, plain))
        assert abs(one.log_odds - other.log_odds) < SMALL
        assert abs(one.gap[0] - other.gap[0]) < SMALL
        assert abs(one.curvature((1,)) - other.curvature((1,))) < SMALL
        assert abs(one.moment(False, (1,), length=1) - other.moment(False, (1,), length=1)) < SMALL
    assert bent.longest == 2


@pytest.mark.parametrize("index", range(6))
def test_token_bounds_hold_on_the_segment(index: int) -> None:
    tree = drawn(index)
    bounds, policy = tree.segment(EXACTLY).tokens, tree.policy(EXACTLY.number)
    for k in range(11):
        place = EXACTLY.number(Fraction(tree.start) + Fraction(tree.reach) * k / 10)
        found = policy.extremes((place,), (1,), EXACTLY)
        assert found.score <= bounds.score and found.hessian <= bounds.hessian


@pytest.mark.parametrize("index", range(6))
def test_doubles_agree(index: int) -> None:
    rough, exact = (drawn(index).here(a) for a in (ROUGHLY, EXACTLY))
    assert abs(rough.alignment - exact.alignment) < 1e-10
    assert abs(rough.sigma2 - exact.sigma2) < 1e-10 and rough.longest == exact.longest
    assert abs(rough.square(None) - exact.square(None)) < 1e-10


def test_trees_are_of_many_shapes_and_moves_keep_them_valid() -> None:
    rng = random.Random(0)
    found = [trees.Tree.drawn(rng) for _ in range(60)]
    assert {tree.policy(Fraction).longest for tree in found} == {1, 2, 3}
    for tree in found:
        other = tree.moved(rng, 0.5)
        assert other != tree and other.then == tree.then
        assert len(set(other.correct)) == 2 and len(other.values) == len(other.correct)


def test_signs_are_what_they_say() -> None:
    r"""Two signs, correct if \|S\| < 2: half of the responses, each failure with \|s\| = 2."""
    here = trees.signs_here(2, partial(tokens._not_beyond, 2), EXACTLY)
    assert abs(here.point.success - mpf("0.5")) < SMALL
    assert abs(here.square(False) - 4) < SMALL and abs(here.square(True)) < SMALL
    assert abs(here.length(None) - 2) < SMALL
