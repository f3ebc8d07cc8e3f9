"""False variants of section 2: one step along a line."""

from __future__ import annotations

from fractions import Fraction as Q

from derivations.kernel.terms import le, lt

from .evaluation import Instance
from .instances import DELTA, PEAK, POINT, RISING, SINKING, segment, tight
from .symbols import D_, K_, KAPPA, G, J, L, ell, eta, gap, line, percent, t
from .variants import Mutant, assumes, claims, drops, edits, exchanged, headed

_LIMITS = Instance({"D": Q(1), "K": Q(1)}, (Q(1), Q(101, 100), Q(2), Q(401, 200)))
_NARROW = segment(RISING, 3 * DELTA, Q(1, 10), Q(1, 10))
"""A step of 3 DELTA, where twice the critical one is 2 DELTA; the constants are far too small."""

_gained = ell(eta) - ell(0)
_best = gap(0) ** 2 / (2 * KAPPA)

MUTANTS: list[Mutant] = [
    Mutant(
        "trajectory.step-sizes", "101/100", "the largest safe step becomes 101/100 D/K",
        claims(le(eta, D_ / K_), le(eta, percent(101) * D_ / K_)), _LIMITS,
        "D = K = 1, eta = 101/100",
    ),
    Mutant(
        "trajectory.step-sizes", "201/100", "the monotone limit becomes 201/100 D/K",
        claims(lt(eta, 2 * D_ / K_), lt(eta, percent(201) * D_ / K_)), _LIMITS,
        "D = K = 1, eta = 401/200",
    ),
    Mutant(
        "trajectory.step-sizes", "best gain", "the best gain becomes D**2/(201/100 K)",
        claims(D_**2 / (2 * K_), D_**2 / (percent(201) * K_)), _LIMITS, "D = K = eta = 1",
    ),
    Mutant(
        "trajectory.step-sizes", "no alignment", "D > 0 is dropped",
        drops(0), Instance({"D": Q(-1), "K": Q(1)}, (Q(-1, 2), Q(1))),
        "D = -1, eta = -1/2: a step beyond D/K that keeps more than half",
    ),
    Mutant(
        "trajectory.curvature", "99/100 of G**2", "kappa becomes 2 L + 99/100 G**2",
        claims(KAPPA, 2 * L + percent(99) * G**2), POINT, "the curvature is -3 at G = L = 1",
    ),
    Mutant(
        "trajectory.curvature", "199/100 of L", "kappa becomes 199/100 L + G**2",
        claims(KAPPA, percent(199) * L + G**2), POINT, "the curvature is -3 at G = L = 1",
    ),
    Mutant(
        "trajectory.curvature", "no regularity", "the bounds on s and h are dropped",
        drops(1), segment(PEAK, Q(0), Q(1, 2), Q(1, 2)), "the curvature is -3",
    ),
    Mutant(
        "trajectory.descent", "49/100", "kappa eta**2/2 becomes 49/100 kappa eta**2",
        claims(KAPPA * eta**2 / 2, percent(49) * (KAPPA * eta**2)), tight(1),
        "near the top of PEAK the curvature is -3",
    ),
    Mutant(
        "trajectory.descent", "sign", "- eta Delta mu becomes + eta Delta mu",
        claims(_gained - eta * gap(0), _gained + eta * gap(0)), tight(1),
        "the step gains about half of eta Delta mu",
    ),
    Mutant(
        "trajectory.descent", "no regularity", "the bounds on s and h are dropped",
        drops(1), _NARROW, "the curvature is -3",
    ),
    Mutant(
        "trajectory.monotone", "201/100", "2 Delta mu/kappa becomes 201/100 Delta mu/kappa",
        assumes(5, 2 * gap(0), percent(201) * gap(0)), tight(Q(401, 200)),
        "a step across the top of PEAK and further down on the other side",
    ),
    Mutant(
        "trajectory.monotone", "no step", "0 < eta is dropped",
        drops(4), tight(0), "eta = 0 leaves J as it is",
    ),
    Mutant(
        "trajectory.monotone", "reversed", "J falls",
        edits((), exchanged), tight(1), "it rises",
    ),
    Mutant(
        "trajectory.monotone", "no regularity", "the bounds on s and h are dropped",
        drops(1), _NARROW, "a step of 3 DELTA across the top",
    ),
    Mutant(
        "trajectory.best-step", "201/100", "the largest gain becomes Delta mu**2/(201/100 kappa)",
        claims(_best, gap(0) ** 2 / (percent(201) * KAPPA), 0), tight(1), "u = Delta mu/kappa",
    ),
    Mutant(
        "trajectory.best-step", "51/100", "the step gains 51/100 Delta mu**2/kappa",
        claims(_best, percent(51) * gap(0) ** 2 / KAPPA, 2), tight(1),
        "near the top of PEAK it gains little more than half",
    ),
    Mutant(
        "trajectory.best-step", "sign", "the guaranteed gain becomes u Delta mu + kappa u**2/2",
        edits((0, 0, 0, 0), headed("+")), tight(1), "u = Delta mu/kappa",
    ),
    Mutant(
        "trajectory.log-success", "49/100", "L eta**2/2 becomes 49/100 L eta**2",
        claims(L * eta**2 / 2, percent(49) * (L * eta**2)), tight(1),
        "the only correct response of PEAK has h = -L at the top",
    ),
    Mutant(
        "trajectory.log-success", "J and 1 - J", "(1-J) Delta mu becomes J Delta mu",
        claims(eta * (1 - J(0)) * gap(0), eta * J(0) * gap(0)), tight(1), "J = 2/3",
    ),
    Mutant(
        "trajectory.log-success", "99/100", "-L becomes -99/100 L",
        claims(-L, -(percent(99) * L)), POINT, "E_+[h] + Var_+(s) = -L",
    ),
    Mutant(
        "trajectory.log-success", "other side", "log J has the derivative E_-[s]",
        edits((0, 0, 0, 1, 1, 0, 2), lambda _: line.mean_score("-", t)), tight(1),
        "E_+[s] is another number",
    ),
    Mutant(
        "trajectory.log-success", "no bound", "the bound on h is dropped",
        drops(1), segment(PEAK, Q(0), Q(1), Q(1, 2)), "h = -1 on the correct response",
    ),
    Mutant(
        "trajectory.one-step", "1 - J to J", "L eta**2/(2 (1-J)) becomes L eta**2/(2 J)",
        claims(2 * (1 - J(0)), 2 * J(0)), tight(1), "J = 2/3: half of the bound that is needed",
    ),
    Mutant(
        "trajectory.one-step", "J to 1 - J", "L eta**2/(2 J) becomes L eta**2/(2 (1-J))",
        claims(2 * J(0), 2 * (1 - J(0))), tight(1, SINKING),
        "J = 1/3: half of the bound that is needed",
    ),
    Mutant(
        "trajectory.one-step", "no bound", "the bound on h is dropped",
        drops(1), _NARROW, "the curvature at the top is -1/(1-J)",
    ),
    Mutant(
        "trajectory.success-step", "reversed", "J falls below twice the critical step",
        edits((0, 1, 1), exchanged), tight(1), "it rises",
    ),
    Mutant(
        "trajectory.success-step", "no regularity", "the bounds on s and h are dropped",
        drops(1), _NARROW, "a step of 3 DELTA across the top of PEAK",
    ),
    Mutant(
        "trajectory.success-step", "51/100", "the gain eta Delta mu/2 becomes 51/100 eta Delta mu",
        claims(eta * gap(0) / 2, percent(51) * (eta * gap(0))), tight(1),
        "near the top of PEAK the step gains little more than half",
    ),
    Mutant(
        "trajectory.success-step", "51/100 of J", "J rises by 51/100 eta J (1-J) Delta mu",
        claims(eta * J(0) * (1 - J(0)) * gap(0) / 2,
               percent(51) * (eta * J(0) * (1 - J(0)) * gap(0))),
        tight(1), "near the top of PEAK the step gains little more than half",
    ),
]  # fmt: skip
