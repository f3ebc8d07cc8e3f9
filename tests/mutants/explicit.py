"""False variants of section 2: explicit policies."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction as Q
from functools import partial
from typing import Any

from derivations.kernel.terms import PI, Term, num

from .evaluation import Instance, digits, mp
from .instances import PEAK, STILL, TURN, Softmax, segment
from .symbols import KAPPA, G, L, b, g, percent
from .variants import Mutant, claims, drops, edits, exchanged, headed, swapped


def _logits(start: Any, **values: Any) -> Instance:
    """`trajectory.realisable` for f(t) = start + t."""
    functions = {
        "f": lambda x: digits(x) + start, "f1": lambda x: Q(1), "f2": lambda x: Q(0),
        "g": Q(1), "b": Q(0), "eta": Q(1), **values,
    }  # fmt: skip
    return Instance(functions, (Q(0), Q(1, 2), Q(1)))


def _around(line: Softmax, tau: Any) -> Instance:
    """The segment from -tau to tau."""
    return Instance(
        {**line.functions(), "tau": tau, "L": Q(2)},
        (Q(0), tau, -tau),
        largest=partial(line.starting_at(-tau).largest, 2 * tau),
    )


_CUBE = (Q(0), Q(1, 1000), Q(-1, 1000))
_WAVES = Instance(
    {"a": Q(1), "b": Q(2), "omega": Q(1), "f0": Q(0)}, (Q(0), Q(1, 10), Q(1), +mp.pi, 2 * mp.pi)
)
_STEADY = Instance({}, (Q(0), Q(1, 3), Q(2, 3)), naturals=13)
_ONES = segment(PEAK, Q(0), Q(1), Q(1), Q(1, 3), Q(3, 4))
_CUBES = Instance({"G": Q(1), "L": Q(1)}, _CUBE)
_ACROSS = Instance({"G": Q(1), "L": Q(1)}, (*_CUBE, Q(1, 7), Q(3, 4), Q(1), Q(3, 2)))
_THIRDS = Instance(
    {"n": 3, "r": lambda i: (1, 0, 0)[int(i)], "A": lambda i: -mp.log(3),
     "D": lambda i, j: Q(int(i == j))},
    (Q(0), Q(1, 10)),
)  # fmt: skip
_SLOW = {"a": Q(1, 1000), "b": Q(1), "f0": Q(-10)}
_FAST_WAVES, _SLOW_WAVES = (
    Instance({**_SLOW, "omega": Q(omega)}, (Q(0), Q(1, 10))) for omega in (1000, 32)
)
_LIMIT = (1, 1, 1, 1, 1, 1, 0, 0, 1, 1, 1)
"""The way past three premises to the last one and the limit in `trajectory.collapse`."""
_PAST = (1, 1, 1, 1, 1, 0, 0, 1, 0, 0)
"""The way to the body of ``exists epsilon, delta`` in `trajectory.tight-step`."""


def _once(body: Term) -> Term:
    """rho times the critical step, instead of twice that."""
    aligned = body.args[1].args[1].args[1].args[0].args[1]
    return swapped(body, 2 * aligned, aligned)


MUTANTS: list[Mutant] = [
    Mutant(
        "trajectory.realisable", "1/5", "b + g**2/4 becomes b + g**2/5",
        claims(b + g**2 / 4, b + g**2 / 5), _logits(0), "h = -1/4 for f = t at t = 0",
    ),
    Mutant(
        "trajectory.realisable", "99/100", "the bound g on the score becomes 99/100 g",
        edits((1, 1, 3), lambda bound: percent(99) * bound), _logits(-10),
        "a rare response has nearly the whole score f' = 1",
    ),
    Mutant(
        "trajectory.realisable", "sign", "the alignment is -f'",
        edits((1, 0, 0, 0, 1, 1), lambda slope: -slope), _logits(0), "it is 1 for f = t",
    ),
    Mutant(
        "trajectory.realisable", "no bounds", "the bounds on f' and f'' are dropped",
        drops(2), _logits(0, g=Q(1, 4)), "the scores are 1/2 for f = t at t = 0",
    ),
    Mutant(
        "trajectory.collapse", "alignment", "the alignment b - a becomes b + a",
        edits((1, 1, 0, 0, 0, 0, 1), headed("+")), _WAVES, "it is 1 for a = 1, b = 2",
    ),
    Mutant(
        "trajectory.collapse", "reversed", "J rises at every step",
        edits((1, 1, 0, 0, 0, 1, 1), exchanged), _WAVES, "it falls",
    ),
    Mutant(
        "trajectory.collapse", "no drift", "0 < a is dropped",
        drops(0), replace(_WAVES, values={**_WAVES.values, "a": Q(-1)}), "J rises for a = -1",
    ),
    Mutant(
        "trajectory.collapse", "5 pi", "the steps are more than 5 pi times the critical one",
        edits((1, 1, 1, 1, 1, 0, 0), lambda _: 5 * PI), _FAST_WAVES, "4.01 pi times",
    ),
    Mutant(
        "trajectory.collapse", "3 pi", "the limit is 3 pi",
        edits((*_LIMIT, 1, 1), lambda limit: limit - PI), _FAST_WAVES, "4.01 pi is not near it",
    ),
    Mutant(
        "trajectory.collapse", "slower", "27 pi b <= epsilon omega becomes pi b <= epsilon omega",
        edits((*_LIMIT, 0, 0), lambda _: PI * b), _SLOW_WAVES, "it is 4 pi + 0.31 for omega = 32",
    ),
    Mutant(
        "trajectory.gradient-sum-instance", "17/100", "the lower bound 1/6 becomes 17/100",
        edits((1, 1, 1, 1, 0, 0, 0, 0), lambda _: percent(17)), _STEADY,
        "the first term is 2/3 * 1/4 = 1/6",
    ),
    Mutant(
        "trajectory.gradient-sum-instance", "half", "the upper bound 1 becomes 1/2",
        edits((1, 1, 1, 1, 0, 0, 1, 1), lambda _: num(Q(1, 2))), _STEADY,
        "the sum of decreasing terms exceeds the integral, 1/2",
    ),
    Mutant(
        "trajectory.success-curvature", "99/100", "-ell'' <= 99/100 K(J)",
        edits((0, 0, 0, 1, 1, 0, 1), lambda bound: percent(99) * bound), _ONES,
        "-ell'' = K(J) = 3 at the top of PEAK",
    ),
    Mutant(
        "trajectory.success-curvature", "strict", "K(J) <= kappa becomes K(J) < kappa",
        edits((0, 0, 0, 1, 1, 1), headed("<")), _ONES, "J = 2/3 at G = L = 1: both are 3",
    ),
    Mutant(
        "trajectory.success-curvature", "peak", "the maximum is at L/(2 L + G**2)",
        edits((1, 0, 0, 2), lambda _: L / KAPPA), _ONES, "K(1/3) = 3/2 at G = L = 1",
    ),
    Mutant(
        "trajectory.sharp", "199/100", "the curvature is -(199/100 L + G**2)",
        edits((1, 1, 1, 1, 0, 1), lambda _: -(percent(199) * L + G**2)), _CUBES, "it is -3",
    ),
    Mutant(
        "trajectory.sharp", "one score", "both incorrect responses have the score G",
        edits((1, 1, 1, 1, 1, 0, 0, 0, 0, 1, 0, 1, 3), lambda _: G), _CUBES, "one has -G",
    ),
    Mutant(
        "trajectory.sharp", "no score", "0 < G is dropped",
        drops(1), replace(_CUBES, values={"G": Q(0), "L": Q(1)}),
        "for G = 0 the bound on the score is 0, but the score vanishes at t = 0 only",
    ),
    Mutant(
        "trajectory.silent-score", "no segment", "0 < tau is dropped",
        drops(1), _around(TURN, Q(0)),
        "tau = 0: the score vanishes at t = 0 only, and the curvature there is -2",
    ),
    Mutant(
        "trajectory.silent-score", "-2 L", "the curvature is -2 L, as in `trajectory.sharp`",
        edits((1,), lambda _: -2 * L),
        _around(STILL, Q(1, 1000)),
        "a policy that stands still has no curvature",
    ),
    Mutant(
        "trajectory.silent-score", "no bound", "the bound on the score is dropped",
        drops(2), _around(TURN, Q(1, 1000)),
        "the curvature at t = 0 is -2",
    ),
    Mutant(
        "trajectory.tight-step", "rho > 1/2", "rho > 1 becomes rho > 1/2",
        edits((*_PAST[:7], 0, 0), lambda _: num(Q(1, 2))), _ACROSS,
        "rho = 3/4: Delta mu(-delta) = 2 delta + tanh(delta) <= 3 delta and kappa >= 3, so the "
        "step is at most 3/2 delta, and the even log-odds rise up to 2 delta",
    ),
    Mutant(
        "trajectory.tight-step", "one critical step", "2 Delta mu/kappa becomes Delta mu/kappa",
        edits(_PAST, _once), _ACROSS, "rho = 3/2: that is the other mutant at rho = 3/4",
    ),
    Mutant(
        "trajectory.tight-step", "sign", "the alignment is negative",
        edits((*_PAST, 1, 1, 1, 0), exchanged), _ACROSS,
        "Delta mu(-delta) = 2 delta + tanh(delta) is positive for every delta > 0",
    ),
    Mutant(
        "trajectory.tight-step", "twice", "the log-odds are twice as large",
        edits((1, 0, 0, 0, 1), lambda closed: 2 * closed), _ACROSS, "ell(0) = log(2)",
    ),
    Mutant(
        "trajectory.tight-step", "delta", "every step of more than delta lowers J",
        edits((1, 1, 1, 0, 0, 0, 1, 0, 0), lambda twice: twice.args[1]), _ACROSS,
        "the step 1 from -3/4 leads to 1/4, nearer to the top",
    ),
    Mutant(
        "trajectory.tight-step", "no limit", "kappa delta <= Delta mu for small delta",
        edits((1, 1, 1, 1, 0, 0, 0, 1, 0, 0, 1, 0, 0, 1, 1, 1, 1, 1, 1), lambda m: m.args[1]),
        _ACROSS, "Delta mu(-delta) = 2 delta + tanh(delta) is less than 3 delta",
    ),
    Mutant(
        "trajectory.tabular", "twice", "the gain is at least twice as large",
        edits((1, 1, 0, 0, 1, 0, 0), lambda least: 2 * least), _THIRDS,
        "|gamma|**2 = 3/2 for one correct and two incorrect, equally likely responses",
    ),
    Mutant(
        "trajectory.tabular", "2/N", "1/N <= sum pi_+**2 becomes 2/N <= sum pi_+**2",
        edits((1, 1, 0, 0, 1, 1, 0, 0, 0), lambda _: num(2)), _THIRDS, "N = 1",
    ),
    Mutant(
        "trajectory.tabular", "sign", "gamma = pi_+ + pi_-",
        edits((0, 0, 0, 1, 1), headed("+")), _THIRDS, "it is -1/2 on incorrect responses",
    ),
    Mutant(
        "trajectory.tabular", "not normalised", "sum exp(A) = 1 is dropped",
        drops(3),
        replace(_THIRDS, values={**_THIRDS.values, "A": lambda i: -mp.log(2) * (i == 0)}),
        "weights 1/2, 1, 1: 1 - J is not the mass of the incorrect responses",
    ),
]  # fmt: skip
