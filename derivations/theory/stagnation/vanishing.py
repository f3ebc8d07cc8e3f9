"""Vanishing alignment: perfect directions and threshold steps, yet the progress is bounded."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction as Q
from functools import cache
from typing import NamedTuple

from derivations import calculus
from derivations.calculus import differentiate
from derivations.expectation import WITHIN, Run
from derivations.kernel.terms import (
    Term,
    beta,
    both,
    derivative,
    eq,
    forall,
    function,
    lam,
    le,
    lt,
    nat,
    num,
    real,
    sqrt,
)
from derivations.kernel.theorem import Theorem
from derivations.library import Proof, state
from derivations.square_roots import root_monotone, root_of, root_positive
from derivations.tactics import (
    apply,
    assume,
    by_cases,
    conjunction,
    discharge,
    fold,
    have,
    induct,
    instance,
    intro,
    part,
    rewrite,
    where,
)
from derivations.theory.lines import EXPLICIT
from derivations.theory.setting import log_odds_of
from derivations.theory.stagnation.landscape import LOGISTIC, X
from derivations.theory.trajectory.one_step import G as SCORE
from derivations.theory.trajectory.one_step import L as HESSIAN
from derivations.theory.trajectory.pairs import (
    logistic_log_odds,
    pair_probabilities,
    pair_run,
    realised,
)
from derivations.theory.trajectory.runs import positive_part

k, K, i = nat("k"), nat("K"), nat("i")
x, y, t, u = real("x"), real("y"), real("t"), real("u")
f = function("f", "R")

ONE, L_o, KAPPA_HERE = num(1), num(Q(5, 4)), num(Q(7, 2))


@dataclass(frozen=True)
class Hill:
    """Log-odds on the real line that rise for ever, less and less steeply, below a level.

    `value`, `slope` and `bend` are the function and its derivatives; the level is `rise` above
    its value at 0.
    """

    value: Term
    slope: Term
    bend: Term
    level: Term
    rise: int

    @property
    def functions(self) -> tuple[Term, Term, Term]:
        """The function and its derivatives."""
        return self.value, self.slope, self.bend

    def steepness(self, number: Term) -> Term:
        """The slope where step `number` starts."""
        return beta(self.slope, [X(number)])

    @property
    def run(self) -> Run:
        """Steps in the direction of growth: the critical one every time."""
        return pair_run(lam(k, X(k)), *self.functions, self.steepness(k) / KAPPA_HERE)

    @property
    def top(self) -> Term:
        """The success rate at the level."""
        return LOGISTIC(self.level)

    @property
    def moves(self) -> list[Term]:
        """The run starts at 0, and step k is that of `run`."""
        size = self.steepness(k) / KAPPA_HERE
        return [eq(X(0), 0), forall(k, eq(X(k + 1), X(k) + size))]

    @property
    def stagnates(self) -> Term:
        """Every direction is perfect, every step the critical one, and J stays below `top`."""
        run = self.run
        aligned = run.alignment(k)
        return both(
            run.run,
            run.regular(ONE, L_o),
            forall(
                k,
                both(
                    eq(aligned, self.steepness(k)),
                    lt(0, aligned),
                    eq(run.size(k), positive_part(aligned) / (2 * L_o + ONE**2)),
                ),
            ),
            forall(K, le(run.progress(K), 2 * self.rise)),
            forall(K, both(le(run.success(K), self.top), lt(self.top, 1))),
            forall(K, le(K * run.alignment(K) ** 2, 7 * self.rise)),
        )


# An arctangent ----------------------------------------------------------------------------------
ARCTAN = Hill(
    lam(x, f(x)), lam(x, 1 / (1 + x**2)), lam(x, -2 * x / (1 + x**2) ** 2), f(0) + 2, 2
)
"""f(x) - f(0) is at most 2 x/(1 + x)."""


@state(
    "corollary",
    "stagnation.vanishing",
    "Vanishing alignment stagnates",
    provenance="reconstructed",
    given=[forall(x, derivative(u, f(u), x, beta(ARCTAN.slope, [x]))), *ARCTAN.moves],
    claim=ARCTAN.stagnates,
    words="The log-odds are an arctangent, that is a function with $f'(x)=1/(1+x^2)$: that there "
    "is one is a hypothesis, which `stagnation.vanishing-instance` does without. Every direction "
    "is perfect and every step the critical one, yet $M(\\infty)\\le 4$.",
)
def vanishing(proof: Proof) -> Theorem:
    slope, bend = (beta(h, [x]) for h in (ARCTAN.slope, ARCTAN.bend))
    smooth = apply(proof.given[0], at=[x])
    turning = differentiate(u, beta(ARCTAN.slope, [u]), x, value=bend)
    root = have(le(2 * x, 1 + x**2)), have(le(-2 * x, 1 + x**2))
    square = have(le(1 + x**2, (1 + x**2) ** 2))
    bounds = have(both(WITHIN(slope, ONE), WITHIN(bend, ONE)), *root, square)
    ahead, further = assume(le(0, x)), assume(le(x, y))
    falls = have(le(beta(ARCTAN.slope, [y]), slope), ahead, further)
    return _stagnates(proof, ARCTAN, Shape(
        smooth, turning, bounds, have(lt(0, slope)),
        intro(falls, (x, y), ahead.conclusion, further.conclusion),
        intro(_below(proof, ahead), x, ahead.conclusion),
    ))  # fmt: skip


def _below(proof: Proof, ahead: Theorem) -> Theorem:
    """f(x) <= f(0) + 2 for 0 <= x."""
    inside = assume(le(0, u)), assume(le(u, x))
    shape = 2 * u / (1 + u) - f(u)
    value = 2 / (1 + u) ** 2 - beta(ARCTAN.slope, [u])
    rise = differentiate(u, shape, u, proof.given[0], have(lt(0, 1 + u), inside[0]), value=value)
    sign = have(le(0, value), inside[0])
    rule = where(calculus.monotone(), a=num(0), b=x, f=lam(u, shape), g=lam(u, value))
    interval = tuple(r.conclusion for r in inside)
    grown = discharge(rule, ahead, intro(rise, u, *interval), intro(sign, u, *interval))
    return have(le(f(x), f(0) + 2), grown, ahead)


# Without a hypothesis on the log-odds -----------------------------------------------------------
_root = sqrt(1 + x**2)
ROOT = Hill(lam(x, x / _root), lam(x, 1 / _root**3), lam(x, -3 * x / _root**5), num(1), 1)


@state(
    "corollary",
    "stagnation.vanishing-instance",
    "Vanishing alignment stagnates, for explicit log-odds",
    provenance="extension",
    given=ROOT.moves,
    claim=ROOT.stagnates,
    words="The log-odds are $x/\\sqrt{1+x^2}$, and nothing is assumed of them. As in "
    "`stagnation.vanishing` every direction is perfect and every step the critical one, yet "
    "$M(\\infty)\\le 2$ and $J$ stays below $\\sigma(1)$.",
)
def vanishing_instance(proof: Proof) -> Theorem:
    value, slope, bend = (beta(h, [x]) for h in ROOT.functions)
    inside = have(lt(0, 1 + x**2))
    root = root_of(1 + x**2, inside)
    positive = discharge(where(root_positive(), x=1 + x**2), inside)
    at_least = have(le(1, _root), root, positive)
    known = [root, positive, inside]
    smooth = differentiate(u, beta(ROOT.value, [u]), x, *known, value=slope)
    turning = differentiate(u, beta(ROOT.slope, [u]), x, *known, value=bend)
    fourth = have(eq(_root**4, (1 + x**2) ** 2), root)
    cubes = [have(le(sign * x, _root**4), fourth, have(le(sign * x, (1 + x**2) ** 2)))
             for sign in (3, -3)]  # fmt: skip
    small = discharge(where(_small(), {x: _root, u: -3 * x}), *cubes, at_least)
    bounds = have(both(WITHIN(slope, ONE), WITHIN(bend, ONE)), small, at_least)
    ahead, further = assume(le(0, x)), assume(le(x, y))
    roots = discharge(
        where(root_monotone(), {x: 1 + x**2, y: 1 + y**2}), have(le(0, 1 + x**2)),
        have(le(1 + x**2, 1 + y**2), ahead, further),
    )  # fmt: skip
    falls = discharge(where(_larger(), {x: _root, y: sqrt(1 + y**2)}), roots, at_least)
    below = have(le(value, 1), root, positive)
    return _stagnates(proof, ROOT, Shape(
        smooth, turning, bounds, have(lt(0, slope), *known),
        intro(falls, (x, y), ahead.conclusion, further.conclusion),
        intro(below, x, ahead.conclusion),
    ))  # fmt: skip


@cache
def _small() -> Theorem:
    """-1 <= u/x**5 <= 1 for -x**4 <= u <= x**4 and 1 <= x."""
    one = assume(le(1, x))
    grown = have(le(x**4, x**5), one)
    known = [have(le(v, x**5), grown, assume(le(v, x**4))) for v in (u, -u)]
    return have(WITHIN(u / x**5, ONE), one, *known)


@cache
def _larger() -> Theorem:
    """1/y**3 <= 1/x**3 for 1 <= x <= y."""
    known = [assume(le(1, x)), assume(le(x, y))]
    return have(le(1 / y**3, 1 / x**3), *known, have(le(x**3, y**3), *known))


# Moves of the proofs ----------------------------------------------------------------------------


class Shape(NamedTuple):
    """What the proofs know of a hill, at x: its derivatives, their bounds, the sign of the slope.

    The last two are general: the slope falls from 0 on, and the hill stays below its level there.
    """

    smooth: Theorem
    turning: Theorem
    bounds: Theorem
    steep: Theorem
    falls: Theorem
    below: Theorem


def _stagnates(proof: Proof, hill: Hill, shape: Shape) -> Theorem:
    """The claim about a hill, from its shape; the last two hypotheses are its moves."""
    start, moves = proof.given[-2:]
    run_, here = hill.run, X(k)
    steep = where(shape.steep, x=here)
    arrives = apply(moves, at=[k])
    made, values, regular = realised(
        proof, run_, lam(k, X(k)), hill.functions, (shape.bounds, ONE, ONE),
        (shape.smooth, shape.turning), have(le(0, run_.size(k)), steep), arrives,
    )  # fmt: skip
    proof.note(made, "two responses realise the log-odds")
    regular = rewrite(regular, have(eq(ONE + ONE**2 / 4, L_o)))
    odds, aligned = (part(apply(values, at=[0]), side) for side in (0, 1))
    aligned = have(eq(run_.alignment(k), hill.steepness(k)), aligned)
    positive = have(lt(0, run_.alignment(k)), aligned, steep)
    gain = positive_part(run_.alignment(k))
    whole = by_cases(
        instance("maximum.cases", x=run_.alignment(k), y=num(0)),
        *([lambda case: have(eq(gain, hill.steepness(k)), case, aligned, steep)] * 2),
    )
    critical = have(eq(run_.size(k), gain / (2 * L_o + ONE**2)), whole)
    each = intro(conjunction(aligned, positive, critical), k)
    ahead = induct(
        k, le(0, X(k)), have(le(0, X(0)), start),
        lambda known: have(le(0, X(k + 1)), known, arrives, steep),
    )  # fmt: skip
    low, below = _ceiling(hill, apply(shape.below, apply(ahead, at=[K]), at=[X(K)]))
    tops = intro(conjunction(low, below), K)
    proof.note(tops, "the log-odds stay below their level")
    begin = have(eq(run_.log_odds(0), beta(hill.value, [num(0)])), where(odds, {k: num(0)}), start)
    bounded = _bounded(proof, hill, (made, regular, intro(critical, k)), (low, below), begin)
    fades = _fading(proof, hill, shape, ahead, aligned, whole, bounded)
    return conjunction(made, regular, each, bounded, tops, fades)


def _ceiling(hill: Hill, below: Theorem) -> tuple[Theorem, Theorem]:
    """J_K <= sigma(level) < 1."""
    value, level = below.conclusion.args
    rate = have(eq(hill.run.success(K), LOGISTIC(value)), *pair_probabilities(value),
                unfold=("mass", "logistic", *EXPLICIT))  # fmt: skip
    falls = discharge(where(calculus.exp_monotone(), a=-level, b=-value),
                      have(le(-level, -value), below))  # fmt: skip
    return (
        have(le(hill.run.success(K), hill.top), rate, falls, unfold=("logistic",)),
        have(lt(hill.top, 1), unfold=("logistic",)),
    )


def _bounded(
    proof: Proof,
    hill: Hill,
    run_: tuple[Theorem, Theorem, Theorem],
    tops: tuple[Theorem, Theorem],
    begin: Theorem,
) -> Theorem:
    """M(K) <= 2 rise, by `trajectory.ceiling`."""
    made, regular, critical = run_
    low, below = tops
    steps, size = hill.run, apply(critical, at=[k])
    safe = intro(have(le(steps.size(k), size.conclusion.args[1]), size), k)
    mapping = {
        nat("n"): steps.count, function("r", "N"): steps.reward,
        function("lp", "N", "R", "N"): steps.log_policy,
        function("s", "N", "R", "N"): steps.score,
        function("h", "N", "R", "N"): steps.hessian,
        function("eta", "N"): steps.steps, SCORE: ONE, HESSIAN: L_o,
    }  # fmt: skip
    bound = proof.use(
        "trajectory.ceiling", made, regular, have(lt(0, L_o)), safe, below, intro(low, K),
        mapping=mapping, p=hill.top,
    )  # fmt: skip
    odds = fold(logistic_log_odds(hill.level), eq(log_odds_of(hill.top), hill.level))
    goal = le(steps.progress(K), 2 * hill.rise)
    return intro(
        proof.have(goal, apply(bound, at=[K]), odds, begin, why="`trajectory.ceiling`"), K
    )


def _fading(
    proof: Proof,
    hill: Hill,
    shape: Shape,
    ahead: Theorem,
    aligned: Theorem,
    whole: Theorem,
    bounded: Theorem,
) -> Theorem:
    """K Delta mu_K**2 <= kappa M(K), since the alignment decreases."""
    run_ = hill.run
    claim = le(K * hill.steepness(K) ** 2, KAPPA_HERE * run_.progress(K))
    here, steep = apply(ahead, at=[K]), where(shape.steep, x=X(K))
    rises = have(le(X(K), X(K + 1)), apply(proof.given[-1], at=[K]), steep)
    flatter = apply(shape.falls, here, rises, at=[X(K), X(K + 1)])
    scaled = discharge(
        where(_squares(), {x: hill.steepness(K), y: hill.steepness(K + 1)}), flatter,
        where(shape.steep, x=X(K + 1)),
    )  # fmt: skip
    term = run_.size(K) * positive_part(run_.alignment(K))
    last = have(eq(KAPPA_HERE * term, hill.steepness(K) ** 2), where(whole, {k: K}))

    def step(known: Theorem) -> Theorem:
        grown = have(eq(run_.progress(K + 1), run_.progress(K) + term), unfold=("progress",))
        return have(beta(lam(K, claim), [K + 1]), scaled, known, last, grown)

    base = have(beta(lam(K, claim), [num(0)]), unfold=("progress",))
    rule = apply(induct(K, claim, base, step), at=[K])
    made = have(le(K * run_.alignment(K) ** 2, 7 * hill.rise), rule, apply(bounded, at=[K]),
                where(aligned, {k: K}))  # fmt: skip
    return intro(proof.note(made, "and the alignment decreases"), K)


@cache
def _squares() -> Theorem:
    """(K + 1) y**2 <= (K + 1) x**2 from y <= x and 0 < y."""
    less = have(le(y**2, x**2), assume(le(y, x)), assume(lt(0, y)))
    return have(le((K + 1) * y**2, (K + 1) * x**2), less)
