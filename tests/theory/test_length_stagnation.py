"""Length normalisation and stagnation: instances of all hypotheses, and misused rules."""

from __future__ import annotations

import pytest

from derivations.enclosures import bracketed, enclosed
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
from derivations.tactics import ProofError, assume, conjunction, fold, have, intro, where
from derivations.theory import length
from derivations.theory.stagnation import attractor, valley

x, z = real("x"), real("z")
i, n, m = nat("i"), nat("n"), nat("m")


def test_there_is_an_expectation_over_a_drawn_group() -> None:
    """V(m, c, A, B) = B + m b is one, for the update B: `length.group-draw` is about something."""
    r, l, X = (function(name, "N") for name in ("r", "l", "X"))
    c, A, B = real("c"), real("A"), real("B")
    won = total(n, i, r(i) * exp(l(i)) * X(i))
    value = lam((m, c, A, B), B + m * won)
    normal = assume(eq(total(n, i, exp(l(i))), 1))
    drawn = length.DRAWN(n, lam(i, r(i)), lam(i, l(i)), lam(i, X(i)), lam((c, A, B), B), value)
    first, second = unfold(drawn, frozenset({"group_drawn"})).args
    proofs = [
        intro(have(beta(formula.args[0], names), normal), names)
        for formula, names in ((first, (c, A, B)), (second, (m, c, A, B)))
    ]
    assert fold(conjunction(*proofs), drawn).conclusion == drawn
    # Without the normalisation it is none.
    with pytest.raises(ProofError):
        have(beta(second.args[0], (m, c, A, B)))


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
    u, r, M = attractor.u, attractor.r, attractor.bound
    rule = attractor.mean_value_bound()
    slopes = [h for h in rule.hypotheses if "derivative" not in repr(h) and h.head == "forall"]
    (slope,) = slopes
    steep = where(assume(slope), {attractor.g: lam(x, num(2)), M: num(1)}).conclusion
    with pytest.raises(ProofError):
        intro(have(beta(steep.args[0], [u]).args[1].args[1]), u, le(-r, u), le(u, r))


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
