"""False variants of section 6: stagnation."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction as Q
from functools import cache
from typing import Any

from derivations.kernel.terms import app, function, le, lt, nat, num, real

from .evaluation import Instance, digits, mp
from .instances import CLIMB, RISING, STILL, Softmax
from .rates import _ROOMY, _root, _token_of_step, _training
from .symbols import Dk, K, M, k, percent
from .variants import Mutant, claims, drops, edits, exchanged, headed

alpha, L_p, T_max = real("alpha"), real("L_p"), nat("T_max")
X = function("X", "N")

Coefficient = Callable[[Any], Any]


def _logistic(x: Any) -> Any:
    return 1 / (1 + mp.exp(-digits(x)))


_SLOPE = 4 * _logistic(-1) * (1 - _logistic(-1))
"""alpha of the theory."""


def _height(x: Any, y: Any, slope: Any = _SLOPE) -> Any:
    return slope * x + mp.mpf("1.5") - 20 * _logistic(x) * y**2 / (1 + y**2)


def _gradient(x: Any, y: Any, slope: Any = _SLOPE) -> tuple[Any, Any]:
    share = _logistic(x)
    return (
        slope - 20 * share * (1 - share) * y**2 / (1 + y**2), -40 * share * y / (1 + y**2) ** 2
    )  # fmt: skip


def _grpo(p: Any) -> Any:
    return mp.sqrt(p * (1 - p))


def _reinforce(p: Any) -> Any:
    return p * (1 - p)


def _jump(c: Coefficient) -> Any:
    """The stagnating rate."""
    half = mp.mpf("0.5")
    return 1 / (c(_logistic(_height(-1, half))) * abs(_gradient(-1, half)[1]))


def _trained(
    rate: Any, start: tuple[Any, Any], c: Coefficient = _grpo, slope: Any = _SLOPE, **values: Any
) -> dict[str, Any]:
    """Values for a run in the valley."""

    @cache
    def at(k: int) -> tuple[Any, Any]:
        if k == 0:
            return digits(start[0]), digits(start[1])
        x, y = at(k - 1)
        size = digits(rate) * c(_logistic(_height(x, y, slope)))
        along, across = _gradient(x, y, slope)
        return x + size * along, y + size * across

    return {
        "alpha": slope, "eta": rate, "c": c, "X": lambda k: at(int(k))[0],
        "Y": lambda k: at(int(k))[1], **values,
    }  # fmt: skip


_START = (Q(-1), Q(1, 2))


def _cycle(share: Any = 1, start: tuple[Any, Any] = _START) -> Instance:
    """Population GRPO at a share of the stagnating rate; `eta` is the whole of it."""
    values = _trained(share * _jump(_grpo), start)
    return Instance({**values, "eta": _jump(_grpo)}, (Q(0), Q(1, 3)), naturals=3)


def _point(*reals: Any, **values: Any) -> Instance:
    """A point in the valley and a direction."""
    return Instance({"alpha": _SLOPE, **values}, (Q(0), *reals))


def _near(c: Coefficient, skew: Any, size: Any, rate: Any = 1, b: Any = None) -> Instance:
    """A run that starts at a distance from the cycle, along the direction that shrinks least."""
    b = size if b is None else b
    start = digits(Q(-1) + skew * b), digits(Q(1, 2) + b)
    return Instance(_trained(rate * _jump(c), start, c), (size,), naturals=4)


_FAR = _point(x=Q(20), y=Q(577, 1000), v=Q(0), w=Q(1))
_TOP = _point(x=Q(20), y=Q(0), v=Q(0), w=Q(1))
_SLANTED = _point(Q(1, 3), x=Q(1, 2), y=Q(1, 5), v=Q(1), w=Q(2))
_RUN = Instance(_trained(Q(1, 10), _START), (Q(0), Q(1, 3)), naturals=2)
_LEVEL = Instance(_trained(Q(1, 10), (Q(0), Q(0)), slope=mp.mpf(0)), (Q(0), Q(1, 3)), naturals=2)


def _sequence(x: Callable[[int], Any], g: Callable[[Any], Any]) -> Instance:
    """A sequence and a lower bound on its increments."""
    return Instance({"X": lambda k: x(int(k)), "g": g}, (Q(0), Q(1, 2), Q(1)))


_UP = _sequence(lambda k: Q(k), lambda x: Q(1, 2))
_HALVES = _sequence(lambda k: 1 - Q(1, 2**k), lambda x: (1 - Q(x)) / 2 if x < 1 else Q(1))
_FLOOR = Instance(_trained(Q(1, 10), (Q(-1), Q(1, 4))), (Q(1, 3),))
_WALLS = Instance(_trained(_jump(_grpo), _START), (Q(1, 3),))
_HASTY = Instance(_trained(Q(2), (Q(-1), Q(1, 4))), (Q(1, 3),))
_DEEP = _point(Q(30), x=Q(1), y=Q(1), v=Q(1), w=Q(0))


def _uphill(slope: Callable[[Any], Any], **values: Any) -> Instance:
    """Critical steps from 0 up log-odds of this slope, for kappa = 7/2."""

    @cache
    def at(k: int) -> Any:
        return digits(0) if k == 0 else at(k - 1) + slope(at(k - 1)) * 2 / 7

    return Instance({"X": lambda k: at(int(k)), **values}, (Q(0), Q(1, 10)), naturals=3)


_ARCTAN = _uphill(lambda x: 1 / (1 + x**2), f=lambda x: mp.atan(digits(x)))
_ROOT = _uphill(lambda x: (1 + x**2) ** mp.mpf("-1.5"))


def _rates(rate: Any, *reals: Any, **values: Any) -> Instance:
    """Token constants 1, and a run of another rate."""
    given = {
        **CLIMB.values, "L_p": Q(1), "G_p": Q(1), "T_max": 2, "alpha": rate, "N": 3, **values
    }  # fmt: skip
    return replace(CLIMB, values=given, reals=(Q(0), *reals), naturals=3)


def _run(line: Softmax, coefficient: Coefficient, size: int) -> Instance:
    """A run with the fixed rate that is safe for population GRPO, every response one token."""
    rate = 1 / mp.sqrt(digits(_ROOMY * (_ROOMY + _ROOMY**2)))
    made = _training(line, rate, coefficient, (_ROOMY, _ROOMY), Q(3, 4))
    tokens = {f"{name}_tok": _token_of_step(made.values[name]) for name in ("lp", "s", "h")}
    values = {
        **made.values, **tokens, "N": size - 1, "T_max": 1, "T": lambda i: 1,
        "same": lambda k, i, j: Q(int(k == 0 or i == j)),
    }  # fmt: skip
    return replace(made, values=values, naturals=4)


_half = num(Q(1, 2))

MUTANTS: list[Mutant] = [
    Mutant(
        "stagnation.valley-derivatives", "sign", "the derivative is v f_x - w f_y",
        edits((0, 0, 0, 0, 2), headed("-")), _SLANTED, "f_y is not 0 there",
    ),
    Mutant(
        "stagnation.valley-derivatives", "gradient", "675/4 becomes 675/5",
        claims(num(Q(675, 4)), num(135)), _FAR, "|f_y| is 12.99 far out, where y**2 = 1/3",
    ),
    Mutant(
        "stagnation.valley-derivatives", "Hessian", "40 becomes 39",
        claims(num(40), num(39)), _TOP, "it tends to -40 on the floor",
    ),
    Mutant(
        "stagnation.valley-run", "twice", "the alignment is twice the length of the gradient",
        edits((1, 1, 0, 0, 1, 0, 1), lambda size: 2 * size), _RUN, "it is that length",
    ),
    Mutant(
        "stagnation.valley-run", "level", "0 < alpha is dropped",
        drops(0), _LEVEL, "for alpha = 0 the floor is level",
    ),
    Mutant(
        "stagnation.climbs", "downwards", "X tends to minus infinity",
        edits((0, 0), lambda x: -x), _UP, "X(k) = k",
    ),
    Mutant(
        "stagnation.climbs", "any bound", "the bound on the increments need not decrease",
        drops(2), _HALVES, "X(k) = 1 - 1/2**k, and g jumps at 1",
    ),
    Mutant(
        "stagnation.valley-floor", "1/4", "the success rate tends to 1/4",
        edits((1,), lambda _: num(Q(1, 4))), _FLOOR, "it starts at 2/3 and rises",
    ),
    Mutant(
        "stagnation.valley-floor", "walls", "the run may be anywhere",
        drops(3), _WALLS, "J = 0.41 for ever in the cycle",
    ),
    Mutant(
        "stagnation.valley-confined", "1/5", "|y| <= 1/5",
        edits((0, 0, 1, 1), lambda _: num(Q(1, 5))), _FLOOR, "y_0 = 1/4",
    ),
    Mutant(
        "stagnation.valley-confined", "any rate", "eta <= 3/20 is dropped",
        drops(2), _HASTY, "eta = 2: the first step leads far up the other wall",
    ),
    Mutant(
        "stagnation.valley-regularity", "14", "13 becomes 14",
        claims(num(13), num(14)), _DEEP, "the gradient is at most 13.015",
    ),
    Mutant(
        "stagnation.valley-regularity", "13", "13.02 becomes 13",
        edits((1, 1, 0, 1, 1), lambda _: num(13)), _DEEP, "the bound is 13.014",
    ),
    Mutant(
        "stagnation.valley", "0.410426", "J = 0.410426",
        edits((1, 0, 0, 1), lambda _: num(Q(410426, 10**6))), _cycle(), "J = 0.4104238...",
    ),
    Mutant(
        "stagnation.valley", "half of it", "half of the rate leads to 1/4",
        edits((1, 1, 0, 1, 1, 1, 1), lambda _: num(Q(1, 4))), _cycle(Q(1, 2)),
        "J is 0.67 after one step, and rises",
    ),
    Mutant(
        "stagnation.valley", "98", "97 times becomes 98 times",
        edits((1, 1, 1, 1, 0, 0), lambda _: num(98)), _cycle(), "it is 97.04 times",
    ),
    Mutant(
        "stagnation.valley", "any start", "y_0 = 1/2 is dropped",
        drops(3), _cycle(1, (Q(-1), Q(0))), "on the floor x grows",
    ),
    Mutant(
        "stagnation.attractor", "1/2", "the boxes of GRPO shrink by one half",
        claims(num(Q(83, 100)), num(Q(1, 2))), _near(_grpo, Q(1, 2), Q(1, 100)),
        "the larger eigenvalue is -0.534",
    ),
    Mutant(
        "stagnation.attractor", "0.9", "the boxes of REINFORCE shrink by a tenth",
        claims(num(Q(97, 100)), num(Q(9, 10))), _near(_reinforce, Q(2, 5), Q(1, 1000)),
        "the larger eigenvalue is -0.923",
    ),
    Mutant(
        "stagnation.attractor", "other rates", "rates up to twice as large or small",
        edits((0, 1, 1, 1, 0, 1), lambda _: _half), _near(_grpo, Q(1, 2), Q(1, 100), Q(1, 2), 0),
        "half of the rate ends on the floor",
    ),
    Mutant(
        "stagnation.vanishing", "1/4", "M(K) <= 1/4",
        edits((1, 1, 1, 0, 0, 0, 1), lambda _: num(Q(1, 4))), _ARCTAN, "M(1) = 2/7",
    ),
    Mutant(
        "stagnation.vanishing", "opposed", "the alignment is negative",
        edits((1, 1, 0, 0, 0, 1, 0), exchanged), _ARCTAN, "it is 1/(1 + x**2)",
    ),
    Mutant(
        "stagnation.vanishing-instance", "1/4", "M(K) <= 1/4",
        edits((1, 1, 1, 0, 0, 0, 1), lambda _: num(Q(1, 4))), _ROOT, "M(1) = 2/7",
    ),
    Mutant(
        "stagnation.vanishing-instance", "1/2", "sigma(1) becomes sigma(0)",
        edits((1, 1, 1, 1, 0, 0, 0, 0, 1), lambda top: app(top.head, num(0))), _ROOT,
        "J_0 = 1/2, and J rises",
    ),
    Mutant(
        "stagnation.vanishing-instance", "slope", "the alignment is 1/(1 + x**2)",
        edits((1, 1, 0, 0, 0, 0, 1), lambda _: 1 / (1 + X(k) ** 2)), _ROOT,
        "it is (1 + x**2)**(-3/2)",
    ),
    Mutant(
        "stagnation.inverse-bound", "no square", "the edge is 1/(1 + alpha L T)",
        claims(1 / (1 + (alpha * L_p * T_max) ** 2), 1 / (1 + alpha * L_p * T_max)),
        _rates(Q(1), Q(1, 4)), "alpha L T = 2: it is 1/5, and 1/4 lies beyond",
    ),
    Mutant(
        "stagnation.inverse-bound", "no root", "sqrt(G - 1) is left out",
        edits((1, 0, 0, 0), lambda product: product.args[0]), _rates(Q(1, 2), Q(99, 100)),
        "c_4(J)/(1 - J) is nearly sqrt(3) there",
    ),
    Mutant(
        "stagnation.inverse-bound", "scores", "the token scores do not matter",
        edits((1, 1, 0, 0, 0, 1), lambda whole: whole.args[0]), _rates(Q(1, 2), Q(9, 10)),
        "c kappa_tok = 6 at J = 9/10",
    ),
    Mutant(
        "stagnation.inverse-bound", "53/100", "exp(-M(K)/2) becomes exp(-53/100 M(K))",
        claims(M(K) / 2, percent(53) * M(K)), _run(RISING, _root, 4),
        "near the top of PEAK a step of population GRPO gains less",
    ),
    Mutant(
        "stagnation.inverse-bound", "groups of one", "0 < N is left out",
        edits((1, 1, 1, 1, 1, 0, 1), lambda steps: steps.args[1]),
        _run(RISING, lambda p: Q(0), 1), "c_1 = 0: nothing moves, though Delta mu > 0",
    ),
    Mutant(
        "stagnation.inverse-bound", "always", "J increases where the gap vanishes, too",
        claims(lt(0, Dk(k)), le(0, Dk(k))), _run(STILL, lambda p: p * (1 - p), 2),
        "groups of two, nothing moves",
    ),
]  # fmt: skip
