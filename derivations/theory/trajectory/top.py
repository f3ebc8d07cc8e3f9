"""Section 2: a step that starts before a maximum of the log-odds and ends beyond it."""

from __future__ import annotations

from fractions import Fraction
from functools import cache

from derivations import calculus
from derivations.calculus import differentiate, restate
from derivations.expectation import ARBITRARY
from derivations.kernel.terms import (
    Term,
    absolute,
    both,
    derivative,
    eq,
    exists,
    forall,
    function,
    lam,
    le,
    lt,
    num,
    real,
)
from derivations.kernel.theorem import Theorem, infer
from derivations.library import Proof, state
from derivations.tactics import (
    apply,
    assume,
    by_cases,
    conjunction,
    discharge,
    fold,
    have,
    instance,
    intro,
    obtain,
    part,
    rewrite,
    where,
)

line = ARBITRARY
J, Dmu, ell, ell2 = line.success, line.alignment, line.log_odds, line.curvature
K, rho, delta = (real(name) for name in ("K", "rho", "delta"))
C, d, u, v = (real(name) for name in ("C", "d", "u", "v"))
a, b, c, x, y, z = (real(name) for name in ("a", "b", "c", "x", "y", "z"))
f, g = function("f", "R"), function("g", "R")


SHARE = (rho - 1) / (4 * rho)
"""How far from a parabola the log-odds may be, relative to its curvature."""


def too_far(start: Term, ratio: Term, bound: Term) -> Term:
    """From `start` the step of `ratio` times 2 Delta mu/`bound` lowers the success rate."""
    end = start + ratio * (2 * Dmu(start) / bound)
    return both(lt(0, Dmu(start)), lt(J(end), J(start)))


@state(
    "lemma",
    "trajectory.past-the-top",
    "Steps across a maximum of the log-odds",
    provenance="extension",
    given=[line.policy, eq(Dmu(0), 0), lt(0, K), le(K, -ell2(0))],
    claim=forall(
        rho, lt(1, rho), exists(delta, both(lt(0, delta), too_far(-delta, rho, K)))
    ),
    words="Where the log-odds have a maximum with curvature at least $K$, steps of more than twice "
    "$\\Delta\\mu/K$ lower the success rate from some points before it.",
)
def past_the_top(proof: Proof) -> Theorem:
    large = assume(lt(1, rho))
    bend = -ell2(0)
    known = [large, *proof.given[1:]]
    curved = have(lt(0, bend), *known)
    slack = SHARE * bend
    slope = restate(proof.use("gap.curvature", at=[0]), ell2(0), unfold=("curvature",))
    slope = restate(slope, -bend)
    meaning = instance("derivative.meaning", f=lam(u, Dmu(u)), t=num(0), x=-bend, y=slack)
    near = apply(
        meaning, fold(slope, derivative(u, Dmu(u), 0, -bend)),
        have(lt(0, slack), have(lt(0, SHARE), large), curved),
    )  # fmt: skip
    goal = exists(delta, both(lt(0, delta), too_far(-delta, rho, K)))
    rising = proof.use("gap.log-odds-gradient")

    def step(close: Theorem) -> Theorem:
        start = d * K / (8 * rho * bend)
        wide = part(close, 0)
        whole = have(lt(0, start), wide, curved, *known)
        exact = have(eq(8 * rho * bend * start, d * K), curved, large)
        values = {f: lam(u, ell(u)), g: lam(u, Dmu(u)), C: bend, delta: start}
        made = discharge(
            where(across(), values), close, rising, whole, exact, *known
        )
        end = -start + rho * (2 * Dmu(-start) / K)
        rates = [proof.use("setting.success-rate", at=[at]) for at in (end, -start)]
        ordered = proof.use("setting.log-odds-order", *rates, p=J(end), q=J(-start))
        falls = apply(part(ordered, 0), part(made, 1))
        shown = conjunction(whole, part(made, 0), falls)
        return infer("witness", shown, formula=goal, terms=(start,))

    proof.note(slope, "near the top the log-odds are a parabola: start just before it")
    return intro(obtain(near, [d], step), rho, large.conclusion)


def changes(at: Term) -> Term:
    """|g(u) - g(0) + C u| <= share C |u|."""
    return le(absolute(g(at) - g(num(0)) - -C * (at - 0)), SHARE * C * absolute(at - 0))


@cache
def across() -> Theorem:
    """0 < g(-delta), and f is lower at the end of the step from -delta than at its start.

    Where f' = g, g(0) = 0 and g'(0) = -C, as far as `changes` says on (-d, d), and
    delta = d K/(8 rho C).
    """
    large, flat, some, most = (
        assume(r) for r in (lt(1, rho), eq(g(num(0)), 0), lt(0, K), le(K, C))
    )
    close = assume(
        both(lt(0, d), forall(u, lt(0 - d, u), lt(u, 0 + d), changes(u)))
    )
    rising = assume(forall(v, derivative(u, f(u), v, g(v))))
    tiny = [assume(r) for r in (lt(0, delta), eq(8 * rho * C * delta, d * K))]
    wide = part(close, 0)
    curved = have(lt(0, C), some, most)
    small = have(both(lt(0, SHARE), lt(SHARE, num(Fraction(1, 4)))), large)

    def bounds(at: Term, sign: int, *facts: Theorem) -> Theorem:
        """-share C |u| <= g(u) + C u <= share C |u|, the sign of u known."""
        there = apply(part(close, 1), have(lt(0 - d, at), *facts), have(lt(at, 0 + d), *facts),
                      at=[at])  # fmt: skip
        inner, outer = changes(at).args[0], absolute(at - 0)
        value = sign * at
        size = by_cases(
            instance("absolute.cases", x=outer.args[0]),
            *([lambda case: have(eq(outer, value), case, have(le(0, value), *facts))] * 2),
        )
        goal = both(
            le(-(SHARE * C * value), g(at) + C * at), le(g(at) + C * at, SHARE * C * value)
        )
        there = rewrite(there, size)
        return by_cases(
            instance("absolute.cases", x=inner.args[0]),
            *([lambda case: have(goal, case, there, flat)] * 2),
        )

    rest = have(le(K, rho * C), large, most, curved)
    near = have(le(0, delta * (rho * C - K)), rest, tiny[0])
    near = have(le(8 * delta * K, d * K), near, tiny[1])
    near = have(lt(delta, d), have(le(8 * delta, d), near, some), tiny[0])
    before = bounds(-delta, -1, tiny[0], near, wide)
    made = _end(before, tiny, [large, some, most, wide, curved], small)
    aligned, far, near_end = made
    end = -delta + rho * (2 * g(-delta) / K)
    ratio = (3 * rho - 1) / 2
    positive = have(lt(0, end), far, have(lt(0, ratio * delta), tiny[0], large))

    def fall(from_: Term, to: Term, bend: Term, sign: int, *facts: Theorem) -> Theorem:
        """f + bend u**2/2 does not rise between the two points."""
        inside = [assume(le(from_, u)), assume(le(u, to))]
        shape, value = -f(u) - bend * u**2 / 2, -g(v) - bend * v
        smooth = differentiate(u, shape, v, rising, value=value)
        falls = have(le(0, -g(u) - bend * u), bounds(u, sign, *inside, *facts))
        rule = where(calculus.monotone(), a=from_, b=to, f=lam(u, shape), g=lam(v, value))
        for premise in (
            have(le(from_, to), *facts),
            intro(where(smooth, {v: u}), u, *(r.conclusion for r in inside)),
            intro(falls, u, *(r.conclusion for r in inside)),
        ):
            rule = infer("detach", infer("discharge", rule, formula=premise.conclusion), premise)
        return rule

    after = fall(num(0), end, (1 - SHARE) * C, 1, positive, near_end, wide)
    ahead = fall(-delta, num(0), (1 + SHARE) * C, -1, tiny[0], near, wide)
    wins = have(lt(1 + SHARE, (1 - SHARE) * ratio**2), large)
    values = {x: SHARE, y: ratio, z: end, a: f(end), b: f(num(0)), c: f(-delta)}
    lower = discharge(
        where(parabola(), values), wins, small, far, tiny[0], have(lt(0, ratio), large), curved,
        have(le((1 - SHARE) * C * end**2 / 2, f(num(0)) - f(end)), after),
        have(le(f(num(0)) - f(-delta), (1 + SHARE) * C * delta**2 / 2), ahead),
    )  # fmt: skip
    return conjunction(aligned, lower)


@cache
def parabola() -> Theorem:
    """a < c from (1 - x) C z**2/2 <= b - a, b - c <= (1 + x) C delta**2/2 and y delta <= z.

    Where 1 + x < (1 - x) y**2 and 0 < y.
    """
    positive, bent, room = (assume(r) for r in (lt(0, delta), lt(0, C), lt(x, Fraction(1, 4))))
    far, side = assume(le(y * delta, z)), assume(lt(0, y))
    squares = have(le((y * delta) ** 2, z**2), far, have(lt(0, y * delta), positive, side))
    wins = have(lt((1 + x) * delta**2, (1 - x) * y**2 * delta**2),
                assume(lt(1 + x, (1 - x) * y**2)), positive)  # fmt: skip
    wins = have(lt((1 + x) * delta**2, (1 - x) * z**2), wins, have(
        le((1 - x) * (y * delta) ** 2, (1 - x) * z**2), squares, room))  # fmt: skip
    gain = have(lt(0, C * ((1 - x) * z**2 - (1 + x) * delta**2)), wins, bent)
    after = assume(le((1 - x) * C * z**2 / 2, b - a))
    ahead = assume(le(b - c, (1 + x) * C * delta**2 / 2))
    return have(lt(a, c), gain, after, ahead)


def _end(
    before: Theorem, tiny: list[Theorem], known: list[Theorem], small: Theorem
) -> tuple[Theorem, Theorem, Theorem]:
    """0 < g(-delta), and the end of the step lies between (3 rho - 1)/2 delta and d."""
    large, some, most, wide, curved = known
    here = g(-delta)
    end = -delta + rho * (2 * here / K)
    low = have(le((1 - SHARE) * (C * delta), here), before)
    weight = have(lt(0, C * delta), curved, tiny[0])
    aligned = have(lt(0, here), low, small, weight)
    high = have(le(here, 2 * (C * delta)), before, small, weight)
    steep = have(le((1 - SHARE) * (K * delta), (1 - SHARE) * (C * delta)), small, tiny[0], most)
    steep = have(le((1 - SHARE) * (K * delta), here), low, steep)
    ratio = (3 * rho - 1) / 2
    share = have(le((1 - SHARE) * delta, here / K), steep, some)
    far = have(le(ratio * delta, end), have(
        le(rho * ((1 - SHARE) * delta), rho * (here / K)), share, large), large)  # fmt: skip
    over = have(le(here / K, 2 * (C * delta) / K), high, some)
    over = have(le(rho * (here / K), rho * (2 * (C * delta) / K)), over, large)
    quarter = have(eq(rho * (2 * (C * delta) / K), d / 4), tiny[1], some)
    return aligned, far, have(lt(end, d), over, quarter, tiny[0], wide)
