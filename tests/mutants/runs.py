"""False variants of section 2: runs of many steps."""

from __future__ import annotations

from fractions import Fraction as Q

from derivations.kernel.terms import num

from .instances import CLIMB, DELTA, RISING, SINKING, STILL, WIDE, single, step, tight_run
from .symbols import KAPPA, B, Dk, G, Jk, K, L, M, ellk, k, odds, p, percent, rising, share, sk
from .variants import Mutant, assumes, claims, drops, edits, exchanged, headed

_kept = sk(k) * rising / 2
_amount = SINKING.alignment(0) * step(SINKING, 1)

MUTANTS: list[Mutant] = [
    Mutant(
        "trajectory.gain", "51/100", "a step gains at least 51/100 of its alignment",
        claims(_kept, percent(51) * (sk(k) * rising)), tight_run(1),
        "near the top of PEAK it gains little more than half",
    ),
    Mutant(
        "trajectory.gain", "149/100", "a step gains at most 149/100 of its alignment",
        claims(3 * (sk(k) * rising) / 2, percent(149) * (sk(k) * rising)), tight_run(1, SINKING),
        "where the log-odds bend upwards it gains 3/2, nearly",
    ),
    Mutant(
        "trajectory.gain", "no threshold", "the bound on the steps is dropped",
        drops(3), tight_run(Q(3, 2)), "3/2 of the critical step gains a quarter",
    ),
    Mutant(
        "trajectory.threshold", "51/100", "exp(-M(K)/2) becomes exp(-51/100 M(K))",
        claims(M(K) / 2, percent(51) * M(K)), tight_run(1),
        "near the top of PEAK a step gains little more than half",
    ),
    Mutant(
        "trajectory.threshold", "L + G**2", "kappa becomes L + G**2: longer steps",
        assumes(3, KAPPA, L + G**2), tight_run(1, bound=WIDE + WIDE**2),
        "3/2 of the critical step gains a quarter",
    ),
    Mutant(
        "trajectory.threshold", "no regularity", "the bounds on s and h are dropped",
        drops(1), single(RISING, 3 * DELTA, Q(1, 10), Q(1, 10)), "J falls",
    ),
    Mutant(
        "trajectory.threshold", "strict", "1 <= factor becomes 1 < factor",
        edits((1, 0), headed("<")), single(STILL, Q(0), Q(0), Q(1)), "the factor is 1 for G = 0",
    ),
    Mutant(
        "trajectory.threshold", "15", "factor < 16 becomes factor < 15",
        edits((1, 1, 1), lambda _: num(15)), single(STILL, Q(0), Q(10), Q(1)),
        "the factor is 1602/102 for G = 10, L = 1",
    ),
    Mutant(
        "trajectory.threshold", "no L", "0 < L is dropped",
        drops(2), single(STILL, Q(0), Q(1), Q(0)), "the factor is 16 for G = 1, L = 0",
    ),
    Mutant(
        "trajectory.threshold-paper", "all of M(K)", "exp(-M(K)/2) becomes exp(-M(K))",
        claims(M(K) / 2, M(K)), tight_run(1, bound=2 * (WIDE + 8 * WIDE**2)),
        "the log-odds are strictly concave on the step",
    ),
    Mutant(
        "trajectory.threshold-paper", "L/16", "its constant is a sixteenth: longer steps",
        assumes(3, 2 * (L + 8 * G**2), (L + 8 * G**2) / 8),
        tight_run(1, bound=(WIDE + 8 * WIDE**2) / 8), "8/3 of the critical step lowers J",
    ),
    Mutant(
        "trajectory.two-sided", "149/100", "exp(-3 M(K)/2) becomes exp(-149/100 M(K))",
        claims(3 * M(K) / 2, percent(149) * M(K)), tight_run(1, SINKING),
        "where the log-odds bend upwards a step gains 3/2, nearly",
    ),
    Mutant(
        "trajectory.two-sided", "reversed", "the upper bound becomes a lower one",
        edits((0, 0, 0), exchanged), tight_run(1), "the step gains half, not 3/2",
    ),
    Mutant(
        "trajectory.two-sided", "half", "J_K tends to 1/2 when M(K) diverges",
        edits((1, 1, 1, 1), lambda _: num(Q(1, 2))), CLIMB,
        "the log-odds are 2 K/3 and tend to infinity",
    ),
    Mutant(
        "trajectory.stagnation", "149/100", "exp(-3 B/2) becomes exp(-149/100 B)",
        claims(3 * B / 2, percent(149) * B), tight_run(1, SINKING, B=_amount),
        "where the log-odds bend upwards a step gains 3/2, nearly",
    ),
    Mutant(
        "trajectory.stagnation", "half", "the bound on J is less than 1/2",
        edits((1, 1), lambda _: num(Q(1, 2))), tight_run(1, B=_amount), "J_0 is 2/3",
    ),
    Mutant(
        "trajectory.stagnation", "no bound", "the bound on M(K) is dropped",
        drops(4), tight_run(1, B=Q(0)), "B = 0, but J rises",
    ),
    Mutant(
        "trajectory.ceiling", "199/100", "2 (ell* - ell_0) becomes 199/100 (ell* - ell_0)",
        claims(2 * (odds(p) - ellk(0)), percent(199) * (odds(p) - ellk(0))),
        tight_run(1, p=RISING.success(step(RISING, 1))),
        "one step to the ceiling that gains little more than half",
    ),
    Mutant(
        "trajectory.ceiling", "no ceiling", "the bound on J is dropped",
        drops(5), tight_run(1, p=Q(1, 2)), "J_0 is 2/3: the bound on M(K) is negative",
    ),
    Mutant(
        "trajectory.threshold-success", "201/100", "2 Delta mu/K(J) becomes 201/100 Delta mu/K(J)",
        claims(2 * Dk(k), percent(201) * Dk(k)), tight_run(Q(401, 200)),
        "a step across the top of PEAK, where K(J) = kappa",
    ),
    Mutant(
        "trajectory.threshold-success", "51/100", "eta Delta mu/2 becomes 51/100 eta Delta mu",
        claims(sk(k) * Dk(k) / 2, percent(51) * (sk(k) * Dk(k))), tight_run(1),
        "near the top of PEAK the step gains little more than half",
    ),
    Mutant(
        "trajectory.threshold-success", "51/100 of M", "exp(-M(K)/2) becomes exp(-51/100 M(K))",
        claims(M(K) / 2, percent(51) * M(K)), tight_run(1),
        "near the top of PEAK the step gains little more than half",
    ),
    Mutant(
        "trajectory.gradient-sum", "51/100", "J rises by 51/100 of the share of the gradient sum",
        claims(share / 2, percent(51) * share), tight_run(1),
        "near the top of PEAK the step gains little more than half",
    ),
    Mutant(
        "trajectory.gradient-sum", "1 - J_0", "2 (1 - J_0) becomes 1 - J_0",
        claims(2 * (1 - Jk(0)), 1 - Jk(0)), CLIMB,
        "the sum of decreasing terms exceeds the integral, 1/2",
    ),
    Mutant(
        "trajectory.gradient-sum", "no threshold", "the bound on the steps is dropped",
        drops(3), tight_run(Q(3, 2)), "3/2 of the critical step gains a quarter",
    ),
]  # fmt: skip
