"""Section 4: what the hypotheses are for, and misuse of the rules about vectors."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import nullcontext
from fractions import Fraction as Q
from typing import Any

import pytest

import derivations as dv
from derivations import cones, vectors
from derivations.kernel.terms import (
    KernelError,
    Term,
    eq,
    exists,
    forall,
    function,
    lam,
    le,
    lt,
    nat,
    num,
    substitute,
)
from derivations.library import theorem
from derivations.tactics import ProofError, assume, discharge, have, where
from derivations.theory.algorithm import directions, iterations, rates

from ..mutants.evaluation import Instance, hypotheses_hold, mp, value
from ..mutants.instances import Softmax
from ..mutants.rates import LEAP

# A curvature bound that holds at the start only --------------------------------------------------

RARE = Q(1, 10**6)
"""The probability of failure: (1 - q, 0.95 q, 0.05 q) with the logits (0, -t, t)."""

SHARES, SLOPES = (1 - RARE, Q(95, 100) * RARE, Q(5, 100) * RARE), (0, -1, 1)


def start() -> tuple[Q, Q]:
    """Delta mu and -ell'' at t = 0, exactly: the second derivatives of log pi are all equal."""
    mean = sum(p * s for p, s in zip(SHARES, SLOPES, strict=True))
    scores = [s - mean for s in SLOPES]
    failures = list(zip(SHARES, scores, strict=True))[1:]
    below = sum(p * s for p, s in failures) / RARE
    spread = sum(p * (s - below) ** 2 for p, s in failures) / RARE
    return scores[0] - below, spread


def test_a_bound_that_holds_only_at_the_start_is_not_enough() -> None:
    gap, curvature = start()
    assert (gap, curvature) == (Q(9, 10), Q(19, 100))
    # With alpha c K = 1 for K = -ell''(0) the step is gap/curvature = 90/19, and J falls:
    # J(t) = (1 - q)/(1 - q + q (0.95 exp(-t) + 0.05 exp(t))).
    assert gap / curvature == Q(90, 19)
    fails = "19/20*exp(-90/19) + 1/20*exp(90/19)"
    assert dv.prove(f"{fails} > 1").verdict == "proved"
    # It is not for want of regularity: |h| = Var(s) <= 6.8e-6 on the whole step.
    assert dv.prove(f"({fails})/10**6 <= 68/10**7").verdict == "proved"
    line = Softmax((1, 0, 0), [mp.log(mp.mpf(p.numerator) / p.denominator) for p in SHARES],
                   SLOPES, (0, 0, 0))  # fmt: skip
    assert line.success(mp.mpf(90) / 19) < line.success(0)
    assert max(abs(row[2]) for k in range(20) for row in line.at(Q(90, 19) * k / 19)) < 7e-6


def test_the_critical_rate_is_lower_there() -> None:
    """K(J) = L/(1 - J) is 35 times the curvature at the start, and its step raises J."""
    gap, curvature = start()
    limit = Q(68, 10**7) / RARE
    assert limit > 35 * curvature
    line = Softmax((1, 0, 0), [mp.log(mp.mpf(p.numerator) / p.denominator) for p in SHARES],
                   SLOPES, (0, 0, 0))  # fmt: skip
    assert line.success(gap / limit) > line.success(0)


# Iterations from a small success rate ------------------------------------------------------------


def test_the_plain_bound_fails_for_a_small_start() -> None:
    statement = theorem("algorithm.rate-reinforce")
    half = statement.hypotheses[-1]
    assert half == le(num(Q(1, 2)), iterations.Jk(0))
    others = [h for h in statement.hypotheses if h != half]
    assert all(value(h, LEAP) for h in others) and not hypotheses_hold(statement, LEAP)
    # Two steps are needed, the bound is less than two.
    bound = iterations.COUNTS[0].bound
    assert value(lt(iterations.Jk(1), iterations.END), LEAP)
    assert not value(lt(iterations.Jk(2), iterations.END), LEAP)
    assert value(lt(bound, 2), LEAP)


def test_the_bound_for_small_starts_holds_there() -> None:
    """`algorithm.rate-log-odds` with the least coefficient on the way."""
    least = value(iterations.Jk(0) * (1 - iterations.Jk(0)), LEAP)
    at = LEAP.values | {"m": least}
    assert value(iterations.COUNTS[3].bound, type(LEAP)(at, LEAP.reals)) > 2


# Iterations at a safe learning rate --------------------------------------------------------------


def test_the_gap_may_vanish_once_the_target_is_reached() -> None:
    """Log-odds ascent at 2/3 with Delta mu = 1 for four steps, beyond the target 0.9; then 0."""
    rate = Q(2, 3)
    lines = [Softmax((1, 0), (rate * min(k, 4), 0), (int(k < 4), 0), (0, 0)) for k in range(8)]

    def along(part: int) -> Callable[[Any, Any, Any], Any]:
        return lambda k, t, i: lines[int(k)].at(t)[int(i)][part]

    values = {
        "n": 2, "r": lambda i: 1 - int(i), "lp": along(0), "s": along(1), "h": along(2),
        "eta": lambda k: rate if k < 4 else Q(0), "alpha": rate, "c": lambda x: Q(1), "g": Q(1),
        "G": Q(1), "L": Q(1, 4), "epsilon": Q(1, 10),
        "F": lambda x: mp.log(mp.mpf(1) * x / (1 - x)) if x != 0 else mp.mpf(0),
    }  # fmt: skip
    at = Instance(values, (Q(1, 2), Q(3, 4), Q(9, 10)), naturals=7,
                  largest=lambda: (Q(1), Q(1, 4)))  # fmt: skip
    statement = theorem("algorithm.rate")
    assert hypotheses_hold(statement, at) and value(statement.conclusion, at)
    always = forall(nat("k"), le(iterations.g, iterations.Dk(nat("k"))))
    assert not value(always, at)
    waiting = iterations.on_the_way(target=iterations.END)
    assert [value(substitute(waiting, {nat("N"): num(k)}), at) for k in range(6)] == [
        True, True, True, True, True, False,
    ]  # fmt: skip


# Closed forms ------------------------------------------------------------------------------------


def test_the_peak_of_the_curvature_is_derived(monkeypatch: pytest.MonkeyPatch) -> None:
    assert rates.crossing().conclusion.head == "<="
    monkeypatch.setattr(rates, "_PEAK", rates.L / (2 * rates.L + rates.G**2))
    with pytest.raises(ProofError):
        rates.crossing()


@pytest.mark.parametrize("algorithm", rates.COEFFICIENTS, ids=lambda a: a.name)
def test_no_larger_fixed_rate_is_safe_at_every_success_rate(algorithm: rates.Coefficient) -> None:
    peak = Instance({"G": Q(1), "L": Q(1), "J_star": Q(2, 3)})
    condition = algorithm.rate * algorithm.of(rates.PEAK) * rates.critical(rates.PEAK)
    assert value(eq(condition, 1), peak)
    assert value(lt(1, num(Q(101, 100)) * condition), peak)


# Vectors -----------------------------------------------------------------------------------------

d, j, k = nat("d"), nat("j"), nat("k")
x, y = (lam(j, function(name, "N")(j)) for name in "xy")
P = lam((j, k), function("P", "N", "N")(j, k))


def test_cauchy_schwarz() -> None:
    inner, whole = vectors.pair(x, y), vectors.square(x) * vectors.square(y)
    made = vectors.cauchy_schwarz()
    assert made.conclusion == le(inner**2, whole) and not made.hypotheses
    with pytest.raises(ProofError):
        have(le(inner**2, num(Q(99, 100)) * whole), made)
    at = vectors.at(made, lam(j, j + 0), lam(j, num(1)), num(3))
    # <(0, 1, 2), (1, 1, 1)>**2 = 9 <= 5 * 3
    assert have(le(9, 15), at, unfold=vectors.PRODUCTS)


def test_the_bound_of_an_image_needs_a_symmetric_matrix() -> None:
    made = vectors.image_bound()
    assert vectors.symmetric(P) in made.hypotheses
    # (0, 1; -1, 0) turns every vector by a right angle: <x, P x> = 0, but |P x| = |x|.
    turn = lam((j, k), k - j)
    rule = where(vectors.self_adjoint(), {function("P", "N", "N"): turn, d: num(2)})
    with pytest.raises((ProofError, KernelError)):
        discharge(rule, have(eq(num(0), num(0))))


def entries(values: tuple[int, ...]) -> Term:
    """A vector with these coordinates."""
    first, second = values
    return lam(j, (1 - j) * first + j * second)


def test_the_length_of_a_vector() -> None:
    made = vectors.at(vectors.length_facts(), entries((3, 4)), None, num(2))
    size = vectors.length(entries((3, 4)), num(2))
    assert have(eq(size**2, 25), made, unfold=("inner",))
    with pytest.raises(ProofError):
        have(eq(size**2, 24), made, unfold=("inner",))


# The point of least norm -------------------------------------------------------------------------


def test_the_definition_asks_for_a_point_that_is_not_zero() -> None:
    meaning = dv.theorem("algorithm.shortest").conclusion.args[1]
    last = meaning
    while last.head == "and":
        last = last.args[1]
    assert last == lt(0, vectors.square(directions._M))


@pytest.mark.parametrize("count", [1, 4])
def test_there_is_a_shortest_point_for_any_number_of_vectors(count: int) -> None:
    made = cones.least_norm(count)
    weights = cones.names("x", count)
    assert made.hypotheses == frozenset()
    assert made.conclusion == exists(weights, cones.least(weights))


def test_a_projection_has_no_other_weights() -> None:
    """The projection of v on the cone of v is v, not 2 v and not -v."""
    v, one = cones.generator(num(0)), num(1)
    along = {cones.b: v.below, cones.e: v.last}  # the target is the generator itself
    for weight, right in ((one, True), (num(2), False), (num(-1), False)):
        claim = where(assume(cones.solved([weight])), along).conclusion
        with nullcontext() if right else pytest.raises(ProofError):
            assert cones.bilinear(claim).conclusion == claim
