"""False variants of section 1: the Gradient Gap."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction as Q
from typing import Any

from derivations.kernel.terms import lam, maximum

from .evaluation import Instance, digits, mp
from .instances import GENERIC, LOGIT, NOT_A_POLICY, policy
from .symbols import G, J, gap, i, line, percent, t, y
from .variants import Mutant, claims, drops, edits, headed

_GENERIC = policy(GENERIC, Q(1, 3), Q(-1, 2))
_HALF = policy(LOGIT, G=Q(1, 2), t=Q(0))
_THREE_QUARTERS = policy(LOGIT, mp.log(3), G=Q(3, 4), t=mp.log(3))
_SQUARE = {"f": lambda x: digits(x) ** 2}
_SPREAD = Instance(
    {**GENERIC.functions(), "X": lambda t, i: digits(t) * i, "Y": lambda t, i: Q(i),
     "w": lambda i: Q(1, 1 + int(i))},
    (Q(0), Q(1, 2)),
)  # fmt: skip

_PLANE = policy(
    GENERIC, Q(1, 3), t=Q(0), d=2, w=lambda j: Q(2 - 3 * int(j)), y=2 * GENERIC.success(0),
    S=lambda i, j: Q(int(i)) if j else (GENERIC.at(0)[int(i)][1] + int(i)) / 2, **_SQUARE,
)  # fmt: skip
"""The line passes 0 in the direction w = (2, -1): S(i, 1) = i, and s = 2 S(i, 0) - S(i, 1)."""


def _climbing(place: Any, bound: Any) -> Instance:
    """Two responses whose log-odds are t: the Gradient Gap is 1, in one dimension."""
    scores = [row[1] for row in LOGIT.at(place)]
    return policy(LOGIT, place, t=place, G=bound, d=1, S=lambda i, j: scores[int(i)])


_plus, _minus = line.mean_score("+", t), line.mean_score("-", t)
_curved = line.mean("+", lam(i, line.hessian(t, i) + line.score(t, i) ** 2), t)

MUTANTS: list[Mutant] = [
    Mutant(
        "gap.score-identity", "sign", "J g+ + (1-J) g- = 0 becomes J g+ - (1-J) g- = 0",
        edits((0, 0, 0, 0), headed("-")), _GENERIC, "both terms are half of a nonzero number",
    ),
    Mutant(
        "gap.score-identity", "J and 1 - J", "g+ = (1-J) gamma becomes g+ = J gamma",
        claims((1 - J(t)) * gap(t), J(t) * gap(t)), _GENERIC, "J is not 1/2",
    ),
    Mutant(
        "gap.score-identity", "no policy", "the assumption that this is a policy is dropped",
        drops(0), NOT_A_POLICY, "with scores 1 the sum is 1",
    ),
    Mutant(
        "gap.policy-gradient", "one factor", "J (1-J) gamma becomes J gamma",
        claims(J(t) * (1 - J(t)) * gap(t), J(t) * gap(t)), _GENERIC, "gamma is not zero",
    ),
    Mutant(
        "gap.policy-gradient", "51/50", "the gradient is multiplied by 51/50",
        claims(J(t) * (1 - J(t)) * gap(t), percent(102) * (J(t) * (1 - J(t)) * gap(t))),
        _GENERIC, "gamma is not zero",
    ),
    Mutant(
        "gap.log-odds-gradient", "g+", "gamma becomes g+",
        claims(gap(t), _plus), _GENERIC, "g- is not zero",
    ),
    Mutant(
        "gap.log-odds-gradient", "sign", "gamma becomes -gamma",
        claims(gap(t), -gap(t)), _GENERIC, "gamma is not zero",
    ),
    Mutant(
        "gap.objective", "one factor", "f'(J) J (1-J) gamma becomes f'(J) J gamma",
        claims(y * J(t) * (1 - J(t)) * gap(t), y * J(t) * gap(t)),
        policy(GENERIC, t=Q(0), y=2 * GENERIC.success(0), **_SQUARE), "gamma is not zero",
    ),
    Mutant(
        "gap.objective", "no derivative", "y need not be the derivative of f",
        drops(1), policy(GENERIC, t=Q(0), y=Q(0), **_SQUARE), "f(J) = J**2 is not constant",
    ),
    Mutant(
        "gap.norm", "99/100", "G/max(J, 1-J) becomes 99/100 G/max(J, 1-J)",
        claims(G / maximum(J(t), 1 - J(t)), percent(99) * G / maximum(J(t), 1 - J(t))),
        _THREE_QUARTERS, "scores 1/4 and -3/4 = -G at J = 3/4: gamma = 1 = G/J",
    ),
    Mutant(
        "gap.norm", "199/100", "2 G becomes 199/100 G",
        claims(2 * G, percent(199) * G), _HALF, "G/max(J, 1-J) = 2 G at J = 1/2",
    ),
    Mutant(
        "gap.norm", "no bound", "the bound on the score is dropped",
        drops(1), policy(LOGIT, G=Q(1, 4), t=Q(0)), "gamma = 1 at J = 1/2",
    ),
    Mutant(
        "gap.gradient", "one factor", "grad J = J gamma",
        edits((0, 2), lambda product: J(t) * product.args[1]), _PLANE, "<w, gamma> is not 0",
    ),
    Mutant(
        "gap.gradient", "half", "the log-odds rise half as fast",
        edits((1, 0, 2), lambda inner: inner / 2), _PLANE, "<w, gamma> is not 0",
    ),
    Mutant(
        "gap.gradient", "another direction", "the line need not pass in the direction w",
        drops(1), replace(_PLANE, values={**_PLANE.values, "w": lambda j: Q(0)}),
        "w = 0, but J moves",
    ),
    Mutant(
        "gap.length", "99/100", "G/max(J, 1-J) becomes 99/100 G/max(J, 1-J)",
        edits((0, 1), lambda bound: percent(99) * bound), _climbing(mp.log(3), Q(3, 4)),
        "scores 1/4 and -3/4 = -G at J = 3/4: gamma = 1 = G/J",
    ),
    Mutant(
        "gap.length", "199/100", "2 G becomes 199/100 G",
        edits((1, 1), lambda bound: percent(199) / 2 * bound), _climbing(Q(0), Q(1, 2)),
        "G/max(J, 1-J) = 2 G at J = 1/2",
    ),
    Mutant(
        "gap.length", "no bound", "the bound on the score is dropped",
        drops(2), _climbing(Q(0), Q(1, 4)), "gamma = 1 at J = 1/2",
    ),
    Mutant(
        "gap.score-derivative", "sign", "the covariance is subtracted",
        edits((0, 0, 2), headed("-")), _SPREAD, "the covariance of X and s is not zero",
    ),
    Mutant(
        "gap.score-derivative", "mean only", "the covariance is left out",
        edits((0, 0, 2), lambda term: term.args[0]), _SPREAD,
        "the covariance of X and s is not zero",
    ),
    Mutant(
        "gap.score-derivative", "no derivative", "Y need not be the derivative of X",
        drops(2), replace(_SPREAD, values={**_SPREAD.values, "Y": lambda t, i: Q(0)}),
        "Y = 0 loses the mean of the derivative",
    ),
    Mutant(
        "gap.curvature", "sign", "Var_-(s) changes its sign",
        claims(line.mean_hessian("-", t) + line.variance("-", t),
               line.mean_hessian("-", t) - line.variance("-", t)),
        _GENERIC, "Var_-(s) is not zero",
    ),
    Mutant(
        "gap.curvature", "second moment", "Var_+(s) becomes Var_+(s) + g+**2",
        claims(line.variance("+", t), line.variance("+", t) + _plus**2), _GENERIC,
        "g+ is not zero",
    ),
    Mutant(
        "gap.bartlett", "sign", "E[h] = -E[s**2] becomes E[h] = E[s**2]",
        edits((0, 0, 0, 1), lambda term: term.args[0]), _GENERIC, "the score is not zero",
    ),
    Mutant(
        "gap.bartlett", "J and 1 - J", "J E_+ becomes (1-J) E_+",
        claims(J(t) * _curved, (1 - J(t)) * _curved), _GENERIC, "J is not 1/2",
    ),
    Mutant(
        "gap.curvature-one-sided", "J and 1 - J", "/(1-J) becomes /J on the correct side",
        edits((0, 0, 0, 1, 0, 1), lambda _: J(t)), _GENERIC, "J is not 1/2",
    ),
    Mutant(
        "gap.curvature-one-sided", "sign", "+ J gamma**2 becomes - J gamma**2",
        edits((0, 0, 0, 1), headed("-")), _GENERIC, "gamma is not zero",
    ),
    Mutant(
        "gap.curvature-one-sided", "minus side", "(1-J) gamma**2 is left out on the other side",
        edits((0, 0, 1, 1), lambda term: term.args[0]), _GENERIC, "gamma is not zero",
    ),
]  # fmt: skip
