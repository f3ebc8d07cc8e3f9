"""The instances: what is computed of them, and that the search makes them worse."""

from __future__ import annotations

import random
from fractions import Fraction
from typing import Any

import mpmath
import pytest
from flint import ctx

from derivations.policies import Constants, at
from paper_checks.claims import EXACTLY
from paper_checks.families import ROUGHLY, Line, Run, SecondDegree, kappa, numbers, paper, sharp
from paper_checks.search import climb

SMALL = EXACTLY.context.mpf("1e-45")


@pytest.mark.parametrize("index", range(8))
def test_alignment_and_curvature_of_a_line_are_derivatives(index: int) -> None:
    """They agree with finite differences of the log-odds."""
    line = Line.drawn(random.Random(index))
    step = EXACTLY.context.mpf("1e-15")
    here, ahead, behind = (line.at(x, EXACTLY) for x in (0, step, -step))
    slope = (ahead.log_odds - behind.log_odds) / (2 * step)
    bend = (ahead.log_odds - 2 * here.log_odds + behind.log_odds) / step**2
    assert abs(slope - here.gap[0]) < 1e-25
    assert abs(bend - here.curvature((1,))) < 1e-25


@pytest.mark.parametrize("index", range(6))
def test_constants_hold_on_the_segment(index: int) -> None:
    line = Line.drawn(random.Random(index))
    bounds, policy = line.constants(EXACTLY), line.policy(EXACTLY)
    for k in range(21):
        place = EXACTLY.number(Fraction(line.start) + Fraction(line.reach) * k / 20)
        found = policy.extremes((place,), (1,), EXACTLY)
        assert found.score <= bounds.score and found.hessian <= bounds.hessian


@pytest.mark.parametrize("index", range(6))
def test_constants_of_a_run_hold_everywhere(index: int) -> None:
    rng = random.Random(index)
    instance = Run.drawn(rng)
    bounds, policy = instance.constants(EXACTLY), instance.policy(EXACTLY)
    for _ in range(10):
        raw = numbers([rng.gauss(0, 1) for _ in instance.start], EXACTLY)
        size = EXACTLY.call("sqrt", sum(x * x for x in raw))
        place = numbers([rng.gauss(0, 5) for _ in instance.start], EXACTLY)
        found = policy.extremes(place, tuple(x / size for x in raw), EXACTLY)
        assert found.score <= bounds.score and found.hessian <= bounds.hessian


@pytest.mark.parametrize("index", range(6))
def test_doubles_agree(index: int) -> None:
    line, run = Line.drawn(random.Random(index)), Run.drawn(random.Random(index))
    rough, exact = (line.at(0, arithmetic) for arithmetic in (ROUGHLY, EXACTLY))
    assert abs(rough.log_odds - exact.log_odds) < 1e-10
    assert abs(rough.curvature((1,)) - exact.curvature((1,))) < 1e-10
    taken = [run.taken(kappa, arithmetic) for arithmetic in (ROUGHLY, EXACTLY)]
    assert abs(taken[0].gain - taken[1].gain) < 1e-8


@pytest.mark.parametrize("score, hessian", [(1, 1), (3, 1), (1, 5)])
def test_sharp_is_the_policy_of_the_statement(score: int, hessian: int) -> None:
    """At t = 0: J, the constants G and L, no alignment, and curvature -(2 L + G^2)."""
    line = sharp(score, hessian, Fraction(1, 100))
    here = at(line.policy(EXACTLY), (0,), EXACTLY)
    bounds = line.policy(EXACTLY).extremes((EXACTLY.number(0),), (1,), EXACTLY)
    top = 2 * hessian + score**2
    # The odds are those of a double.
    assert abs(here.success - EXACTLY.number(Fraction(hessian + score**2, top))) < 1e-15
    assert here.gap[0] == 0 and abs(here.curvature((1,)) + top) < SMALL
    assert abs(bounds.score - score) < 1e-14 and abs(bounds.hessian - hessian) < 1e-14
    t = EXACTLY.number("0.7")
    fall = hessian * t**2 + EXACTLY.call("log", EXACTLY.call("cosh", score * t))
    after = at(line.policy(EXACTLY), (t,), EXACTLY)
    assert abs(after.log_odds - here.log_odds + fall) < SMALL


def test_lengths_enter_the_second_degree() -> None:
    policy = SecondDegree((0, 0, 0), (0, 1, 3), (0, 0, 0), (True, False, False), (1, 2, 4))
    point = at(policy, (0,), EXACTLY)
    assert abs(point.moment(False, (1,), length=-1) - EXACTLY.number("0.375")) < SMALL


def test_a_step_that_is_not_aligned_has_size_zero() -> None:
    runs = [Run.drawn(random.Random(k)).taken(paper, EXACTLY) for k in range(20)]
    pairs = [pair for run in runs for pair in zip(run.alignments, run.sizes, strict=True)]
    assert any(alignment < 0 for alignment, _ in pairs)
    assert all((size > 0) == (alignment > 0) for alignment, size in pairs)
    assert all(run.progress >= 0 for run in runs)


def test_paper_and_kappa() -> None:
    point: Any = None
    assert kappa(Constants(2, 1), point) == 6 and paper(Constants(2, 1), point) == 66


def test_the_search_makes_it_worse() -> None:
    """Curvature over kappa, in doubles."""

    def value(line: Line) -> float:
        return float(abs(line.at(0, ROUGHLY).curvature((1,))) / line.here(ROUGHLY).kappa)

    plain, searched = (
        value(climb(Line.drawn, value, random.Random(1), starts=30, tries=tries))
        for tries in (0, 500)
    )
    assert searched > plain + 0.1


def test_a_search_survives_what_doubles_cannot_hold() -> None:
    def value(line: Line) -> float | None:
        if line.start > 0:
            raise OverflowError
        return None if line.start < -1 else line.start

    found = climb(Line.drawn, value, random.Random(1), starts=30, tries=200)
    assert -0.1 < found.start <= 0


def test_global_precisions_are_left_alone() -> None:
    before = mpmath.mp.dps, ctx.prec
    Line.drawn(random.Random(0)).constants(EXACTLY)
    Run.drawn(random.Random(0)).taken(kappa, EXACTLY)
    assert (mpmath.mp.dps, ctx.prec) == before
