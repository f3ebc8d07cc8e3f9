"""Length normalisation and stagnation: instances of all hypotheses, and misused rules."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from itertools import product

import pytest

from derivations.calculus import differentiate
from derivations.enclosures import bracketed, enclosed
from derivations.expectation import WITHIN
from derivations.kernel.terms import (
    PI,
    beta,
    eq,
    exp,
    function,
    lam,
    le,
    lt,
    nat,
    num,
    real,
    total,
    unfold,
)
from derivations.kernel.theorem import Theorem
from derivations.tactics import (
    ProofError,
    assume,
    discharge,
    fold,
    have,
    intro,
    where,
)
from derivations.theory import length
from derivations.theory.algorithm import groups
from derivations.theory.stagnation import attractor, valley

x, z = real("x"), real("z")
i, n, m = nat("i"), nat("n"), nat("m")


def test_there_is_an_expectation_over_a_drawn_group() -> None:
    """V(m, k, S, T) = (S + m b)/G is one, for the advantages 1 and 0: the statements on drawn
    groups are about something, whatever the mean of the scores."""
    r, l, s = (function(name, "N") for name in ("r", "l", "s"))
    G, k, S, T = (real(name) for name in ("G", "k", "S", "T"))
    won = total(n, i, exp(l(i)) * r(i) * s(i))
    value = lam((m, k, S, T), (S + m * won) / G)
    normal = assume(eq(total(n, i, exp(l(i))), 1))
    one, none = lam(k, num(1)), lam(k, num(0))
    drawn = groups.DRAWN(n, lam(i, l(i)), lam(i, r(i)), lam(i, s(i)), value)
    rewarded = groups.ADVANTAGES(G, one, none, value)
    bodies = [unfold(f, frozenset({"drawn", "advantages"})).args[0] for f in (drawn, rewarded)]
    for formula, body, names in zip(
        (drawn, rewarded), bodies, ((m, k, S, T), (k, S, T)), strict=True
    ):
        made = intro(have(beta(body, names), normal), names)
        assert fold(made, formula).conclusion == formula
    # Without the normalisation it is none.
    with pytest.raises(ProofError):
        have(beta(bodies[0], (m, k, S, T)))


def test_enclosures_refuse_what_is_false_or_not_bounded() -> None:
    box = [assume(le(0, x)), assume(le(x, 1))]
    assert enclosed(lt(exp(x), 3), *box).conclusion == lt(exp(x), 3)
    with pytest.raises(ProofError, match="no enclosure"):
        enclosed(lt(exp(x), 2), *box)
    with pytest.raises(ProofError, match="no enclosure"):
        enclosed(lt(exp(x), 3), box[0])


def test_brackets() -> None:
    low, high = bracketed(PI, 6)
    assert (low.conclusion.args[0], high.conclusion.args[1]) == (
        num(length.Fraction(3141592, 10**6)), num(length.Fraction(3141594, 10**6)),
    )  # fmt: skip
    assert low.hypotheses == high.hypotheses == frozenset()


def test_the_mean_value_bound_needs_the_bound_on_the_slope() -> None:
    """For f = 2 u it gives |f(x)| <= 2 z; that it gives |f(x)| <= z cannot be had."""
    u, r, x, M = attractor.u, attractor.r, attractor.x, attractor.bound
    double = {attractor.f: lam(u, 2 * u), attractor.g: lam(u, num(2))}

    def bounded_by(slope: int) -> Theorem:
        rule = where(attractor.mean_value_bound(), {**double, M: num(slope)})
        facts = [assume(h) for h in rule.hypotheses if h.head != "forall"]
        for hypothesis in (h for h in rule.hypotheses if h.head == "forall"):
            low, high = assume(le(-r, u)), assume(le(u, r))
            body = beta(hypothesis.args[0], [u]).args[1].args[1]
            if body.head == "derivative":
                shown = differentiate(attractor.t, 2 * attractor.t, u, value=num(2))
            else:
                shown = have(body)
            facts.append(intro(shown, u, low.conclusion, high.conclusion))
        return discharge(rule, *facts)

    made = bounded_by(2)
    assert made.conclusion == WITHIN(2 * x - 2 * num(0), 2 * attractor.z)
    assert all(h.head != "forall" for h in made.hypotheses)
    with pytest.raises(ProofError):
        bounded_by(1)


def test_without_a_baseline_the_update_is_another() -> None:
    """The four responses of `length.misaligned`: -9/40, where the baseline gives -1/10."""
    scores, lengths, rewards = (3, -1, -1, -1), (30, 1, 20, 20), (1, 1, 0, 0)
    parts = [Fraction(s, T) for s, T in zip(scores, lengths, strict=True)]

    def update(baseline: Callable[[int, int], Fraction], size: int = 2) -> Fraction:
        """The mean over every group of two."""
        total = Fraction(0)
        for group in product(range(4), repeat=size):
            won = sum(rewards[o] for o in group)
            total += sum((rewards[o] - baseline(won, rewards[o])) * parts[o] for o in group) / size
        return total / 4**size

    assert update(lambda won, own: Fraction(won - own)) == Fraction(-1, 10)
    assert update(lambda won, own: Fraction(0)) == Fraction(-9, 40)
    # As `length.alignment` says: J E[s/T] is left over.
    whole = sum(parts) / 4
    assert Fraction(-1, 10) + whole / 2 == Fraction(-9, 40)


def test_the_stagnating_rate_is_not_safe_near_the_floor() -> None:
    """The lemma on the floor of the valley asks for a rate that the cycle does not have."""
    from derivations.library import theorem

    confined = theorem("stagnation.valley-confined")
    slope, rate = assume(valley.SLOPE), assume(eq(valley.eta, valley.JUMP))
    limit = confined.hypotheses[2]
    with pytest.raises(ProofError):
        valley.put_in(slope, limit, {valley.eta: rate})
    quarter = le(valley.eta / 4, limit.args[1])
    assert valley.put_in(slope, quarter, {valley.eta: rate}).conclusion == quarter
