"""False variants of section 4: learning rates, iterations, batches and directions."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from fractions import Fraction as Q
from typing import Any

from derivations.kernel.terms import (
    Term,
    beta,
    forall,
    lam,
    le,
    log,
    lt,
    num,
    real,
    sqrt,
)
from derivations.theory.algorithm import batch, directions, iterations, rates, tokens
from derivations.vectors import pair, square

from .evaluation import Instance, digits, mp
from .instances import LOGIT, RISING, STILL, WIDE, Softmax, segment, step, tight
from .symbols import Dk, K, M, ell, gap, k, percent, sk
from .variants import Mutant, claims, drops, edits, headed, swapped

alpha, eta, epsilon, a = (real(name) for name in ("alpha", "eta", "epsilon", "a"))
_kappa = 2 * WIDE + WIDE**2


# One step ----------------------------------------------------------------------------------------


def _update(multiple: Any) -> Instance:
    """A step of log-odds ascent on RISING, the learning rate a multiple of 1/kappa."""
    at = tight(multiple)
    rate = digits(multiple) / digits(_kappa)
    values = {**at.values, **_whole_response(RISING), "alpha": rate, "c": _one}
    return replace(at, values=values)


def _one(x: Any) -> Any:
    return Q(1)


def _whole_response(line: Softmax) -> dict[str, Any]:
    """The response as one token."""
    return {
        "T_max": 1, "T": lambda i: 1, "G_p": WIDE, "L_p": WIDE,
        "same": lambda k, i, j: Q(int(k == 0 or i == j)),
        **{f"{name}_tok": _first_token(value) for name, value in line.functions().items()
           if name in ("lp", "s", "h")},
    }  # fmt: skip


def _first_token(value: Callable[[Any, Any], Any]) -> Callable[[Any, Any, Any], Any]:
    return lambda k, t, i: value(t, i)


def _peaked(**values: Any) -> Instance:
    """A small step of REINFORCE, at G = L = 1, where K(J) is largest at 2/3."""
    size = Q(1, 10) * LOGIT.success(0) * (1 - LOGIT.success(0))
    return segment(
        LOGIT, size, Q(1), Q(1), Q(2, 3), alpha=Q(1, 10), J_star=Q(2, 3), **values
    )  # fmt: skip


def _weighed(coefficient: Callable[[Any], Any]) -> Instance:
    """G = L = 1, so that K(J) is largest at 2/3."""
    values = {"L": Q(1), "G": Q(1), "J_star": Q(2, 3), "c": coefficient}
    return Instance(values, (Q(1, 3), Q(1, 2), Q(2, 3), Q(9, 10)))


_sized = Instance(
    {"L": Q(1), "G": Q(1), "N": Q(1), "M": Q(1), "epsilon": Q(1, 5), "delta": Q(1)},
    (Q(1, 3), Q(1, 2), Q(2, 3), Q(9, 10)),
)  # fmt: skip
"""Groups of two and of three, and pass@2, at G = L = 1."""


def _along(update: Any, multiple: Any = Q(2)) -> Instance:
    """The log-odds are t; the score is a vector of one coordinate, along the line."""
    values = {
        **LOGIT.functions(), "d": 1, "v": lambda j: update, "a": multiple,
        "S": lambda i, j: LOGIT.at(0)[int(i)][1],
    }  # fmt: skip
    return Instance(values, (Q(0),))


_top = rates.c(rates.PEAK) * rates.KAPPA
_gained = le(eta * gap(0) / 2, ell(eta) - ell(0))
_STEPS = [
    Mutant(
        "algorithm.direction", "twice", "|v| Delta mu = 2 <v, gamma>",
        edits((0, 1), lambda inner: 2 * inner), _along(Q(2)), "both are 2",
    ),
    Mutant(
        "algorithm.direction", "not a multiple", "v = a gamma is dropped",
        edits((1, 1), lambda formula: formula.args[1]), _along(Q(3)),
        "v = 3, but a |gamma| = 2",
    ),
    Mutant(
        "algorithm.critical-rate", "51/100", "the step keeps 51/100 of the alignment",
        claims(eta * gap(0) / 2, percent(51) * (eta * gap(0))), _update(1),
        "near the top of PEAK it keeps little more than half",
    ),
    Mutant(
        "algorithm.critical-rate", "201/100", "J rises while alpha c K < 201/100",
        edits((0, 1, 1, 1, 0, 0, 1), lambda _: percent(201)), _update(Q(401, 200)),
        "a step across the top of PEAK and further down on the other side",
    ),
    Mutant(
        "algorithm.critical-rate", "token level", "kappa_tok keeps 51/100 of the alignment",
        edits((1, 1, 1, 0), lambda half: percent(102) * half), _update(1),
        "near the top of PEAK it keeps little more than half",
    ),
    Mutant(
        "algorithm.critical-rate", "another step", "the size of the step is dropped",
        drops(4), replace(_update(Q(3, 2)), values={**_update(Q(3, 2)).values, "alpha": Q(1, 9)}),
        "3/2 of the critical step gains a quarter",
    ),
    Mutant(
        "algorithm.largest-curvature", "99/100", "c(J) K(J) is at most 99/100 of its value at J*",
        claims(_top, percent(99) * _top),
        _weighed(lambda x: x * (1 - x)), "J = 2/3 at G = L = 1",
    ),
    Mutant(
        "algorithm.largest-curvature", "any coefficient", "c may be any function",
        drops(2), _weighed(lambda x: (1 - x) ** 4),
        "c(J) = (1 - J)**4: c K is 8/27 at 1/3 and 1/27 at 2/3",
    ),
    Mutant(
        "algorithm.group-rates", "Dr. GRPO", "101/100 of the rate of Dr. GRPO",
        edits((0, 0, 0, 0, 1, 1, 0), lambda product: percent(101) * product), _sized,
        "J = 2/3 at G = L = 1",
    ),
    Mutant(
        "algorithm.group-rates", "pass@k", "101/100 of the rate of pass@k",
        edits((1, 1, 1, 1, 0, 0, 0, 1, 1, 0), lambda product: percent(101) * product), _sized,
        "pass@2 at J = 1/2",
    ),
    Mutant(
        "algorithm.group-rates", "DAPO", "9/8 of the rate of DAPO",
        edits((1, 1, 1, 0, 0, 0, 1, 1, 0), lambda product: Q(9, 8) * product), _sized,
        "sqrt(2)/3 9/4 is more than 1: groups of three, J = 2/3",
    ),
    Mutant(
        "algorithm.fixed-rate", "REINFORCE", "101/100 of the rate of REINFORCE",
        edits((1, 1, 0, 0, 0, 0, 0, 1, 1, 0), lambda product: percent(101) * product), _peaked(),
        "J = 2/3 at G = L = 1",
    ),
    Mutant(
        "algorithm.fixed-rate", "other peak", "J* is any success rate",
        drops(5), replace(_peaked(), values={**_peaked().values, "J_star": Q(1, 2)}),
        "J* = 1/2: K is not largest there",
    ),
    Mutant(
        "algorithm.fixed-rate", "twice", "the steps keep all of the alignment",
        claims(eta * gap(0) / 2, eta * gap(0)), replace(
            _update(1), values={**_update(1).values, "J_star": (WIDE + WIDE**2) / _kappa}),
        "near the top of PEAK log-odds ascent keeps little more than half",
    ),
]  # fmt: skip


# Runs --------------------------------------------------------------------------------------------


def _training(
    line: Softmax, rate: Any, coefficient: Callable[[Any], Any], bounds: tuple[Any, Any],
    *reals: Any, **values: Any,
) -> Instance:  # fmt: skip
    """A run along a line with a fixed learning rate."""
    sizes: list[Any] = []
    for _ in range(14):
        place = sum(sizes, digits(0))
        factor = digits(rate) * digits(coefficient(line.success(place)))
        sizes.append(factor * line.alignment(place))
    score, hessian = bounds
    return Instance(
        {**line.run(lambda k: sizes[k]), "G": score, "L": hessian, "alpha": rate,
         "c": coefficient, "T_max": 0, "G_p": score, "L_p": hessian, **values},
        (Q(0), line.success(0), *reals), naturals=12, largest=lambda: (score, hessian),
    )  # fmt: skip


def _spread(x: Any) -> Any:
    return x * (1 - x)


def _root(x: Any) -> Any:
    return mp.sqrt(digits(x * (1 - x)))


def _odds(x: Any) -> Any:
    return mp.log(digits(x) / (1 - digits(x)))


_LOGIT = (Q(1), Q(1, 4))
"""Bounds on the scores 1 - J, -J and on -J(1 - J)."""

_ASCENT = _training(LOGIT, Q(2, 3), _one, _LOGIT, Q(1, 3), Q(5, 6))
"""Log-odds ascent with the largest safe rate, 1/(2 L + G**2): the log-odds of step k are 2k/3."""

_ROOMY = Q(103, 100)


def _token_of_step(value: Callable[[Any, Any, Any], Any]) -> Callable[..., Any]:
    return lambda k, m, t, i: value(k, t, i)


_NEAR_TOP = replace(
    _training(RISING, 1 / (2 * _ROOMY + _ROOMY**2), _one, (_ROOMY, _ROOMY), Q(3, 4), Q(9, 10)),
    naturals=4,
)
"""Log-odds ascent towards the top of PEAK: a step gains 52/100 of its alignment, nearly."""

_LIKELY = replace(
    _training(RISING, 1 / _ROOMY, lambda x: 1 - x, (_ROOMY, _ROOMY), Q(3, 4)), naturals=2
)
_SPELLED = replace(
    _LIKELY,
    values={
        **_LIKELY.values, "T_max": 1, "T": lambda i: 1,
        "same": lambda k, i, j: Q(int(k == 0 or i == j)),
        **{f"{name}_tok": _token_of_step(_LIKELY.values[name]) for name in ("lp", "s", "h")},
    },
)  # fmt: skip
"""RAFT towards the top of PEAK with the largest safe rate, every response being one token."""


def _counted(q: Any, **values: Any) -> Instance:
    """Log-odds ascent towards the success rate q, with its potential."""
    functions = {"b": _one, "F": _odds, "g": Q(1), "q": q, "epsilon": 1 - q, "m": Q(1)}
    at = _training(LOGIT, Q(2, 3), _one, _LOGIT, q, Q(5, 6), **{**functions, **values})
    return replace(at, reals=at.reals[1:])


def _closed(
    coefficient: Callable[[Any], Any], rate: Any, q: Any, start: Any = 0, **values: Any
) -> Instance:
    """A run of an algorithm towards the success rate q."""
    line = LOGIT.starting_at(start)
    at = _training(line, rate, coefficient, _LOGIT, q, Q(5, 6), g=Q(1), m=Q(1),
                   epsilon=1 - q, **values)  # fmt: skip
    return replace(at, reals=at.reals[1:])


def _bent(q: Any) -> Instance:
    """Log-odds ascent with the rate 1, every line with log-odds ell + t - 19/20 t**2: a step of
    size 1, at Delta mu = 1, gains 1/20."""
    lines = [Softmax((1, 0), (Q(k, 20), 0), (1, 0), (-Q(19, 10), 0)) for k in range(16)]

    def along(part: int) -> Callable[[Any, Any, Any], Any]:
        return lambda k, t, i: lines[int(k)].at(t)[int(i)][part]

    values = {
        **LOGIT.run(lambda k: Q(1)), "lp": along(0), "s": along(1), "h": along(2), "alpha": Q(1),
        "c": _one, "b": _one, "F": _odds, "g": Q(1), "q": q, "epsilon": 1 - q, "G": Q(1),
        "L": Q(2), "T_max": 0, "G_p": Q(1), "L_p": Q(2),
    }  # fmt: skip
    return Instance(values, (Q(0), Q(1, 2), q), naturals=5, largest=lambda: (Q(1), Q(2)))


def _unreached(x: Any) -> Any:
    return 1 - x


_close, _far = Q(11, 20), Q(9, 10)


LEAP = _closed(_spread, Q(3 * 10**6), _far, -6 * mp.log(10))
"""REINFORCE from J_0 = 1e-6, nearly, where the log-odds are linear and every step gains all of its
alignment: log-odds -13.8, -10.8 and 50."""

_share = sk(k) * Dk(k)
_rate = 2 / (alpha * iterations.g**2)
_scaled = 2 / (alpha * iterations.g**2 * iterations.m)
_first = (0, 0, 0)
_on_the_way = (0, 0, 0, 0, 0, 1)
"""The ways to ``N <= bound`` in the first part of a corollary on iterations, and to what holds
of every step in `algorithm.rate`."""


def _no_one(formula: Term) -> Term:
    """N <= bound instead of N <= bound + 1."""
    return le(formula.args[0], formula.args[1].args[0])


def _order(part: Term) -> Callable[[Term], Term]:
    """``bound <= order`` with another order."""
    return lambda formula: le(formula.args[0], _scaled * part + 1)


_RUNS = [
    Mutant(
        "algorithm.gaining-run", "53/100", "exp(-M(K)/2) becomes exp(-53/100 M(K))",
        claims(M(K) / 2, percent(53) * M(K)), _NEAR_TOP,
        "near the top of PEAK a step gains less",
    ),
    Mutant(
        "algorithm.gaining-run", "no coefficient", "0 < c is dropped",
        drops(2), _training(LOGIT, Q(1), lambda x: Q(0), _LOGIT, Q(3, 4)),
        "c = 0: nothing moves, though Delta mu = 1",
    ),
    Mutant(
        "algorithm.safe-run", "53/100", "exp(-M(K)/2) becomes exp(-53/100 M(K))",
        claims(M(K) / 2, percent(53) * M(K)), _NEAR_TOP,
        "near the top of PEAK a step gains less",
    ),
    Mutant(
        "algorithm.safe-run", "unsafe", "the learning rate need not be safe",
        drops(5), _bent(_close), "every step gains a twentieth of its alignment",
    ),
    Mutant(
        "algorithm.safe-run", "always", "J increases where the gap vanishes, too",
        claims(lt(0, Dk(k)), le(0, Dk(k))),
        _training(STILL, Q(1), _one, (Q(0), Q(1, 9)), Q(2, 3), Q(3, 4)), "nothing moves",
    ),
    Mutant(
        "algorithm.no-saturation", "53/100", "exp(-M(K)/2) becomes exp(-53/100 M(K))",
        claims(M(K) / 2, percent(53) * M(K)), _NEAR_TOP,
        "near the top of PEAK a step gains less",
    ),
    Mutant(
        "algorithm.no-saturation", "token level", "the same with kappa_tok",
        edits((1, 1, 1), lambda rate: swapped(rate, M(K) / 2, percent(53) * M(K))),
        _SPELLED, "near the top of PEAK a step gains less",
    ),
    Mutant(
        "algorithm.no-saturation", "half", "J_K tends to 1/2 when M(K) diverges",
        edits((0, 1, 1, 0, 1, 1, 1, 1, 1), lambda _: num(Q(1, 2))), _ASCENT,
        "the log-odds are 2 K/3 and tend to infinity",
    ),
    Mutant(
        "algorithm.no-saturation", "always", "J increases where the gap vanishes, too",
        claims(lt(0, Dk(k)), le(0, Dk(k))),
        _training(STILL, Q(1), _one, (Q(0), Q(1, 9)), Q(2, 3), Q(3, 4)), "nothing moves",
    ),
    Mutant(
        "algorithm.iterations", "no one", "the bound less one",
        edits((0, 0, 1), _no_one), _counted(_close), "one step is needed for log-odds of 0.2",
    ),
    Mutant(
        "algorithm.iterations", "a fifth", "2/(alpha g**2) becomes 2/(5 alpha g**2)",
        claims(_rate, _rate / 5), _counted(_far), "four steps of 2/3 for log-odds of 2.2",
    ),
    Mutant(
        "algorithm.iterations", "no gap", "g <= Delta mu_k is dropped",
        edits((*_on_the_way, 1), lambda kept: kept.args[1]), _counted(_far, g=Q(10)),
        "Delta mu = 1, but g = 10",
    ),
    Mutant(
        "algorithm.iterations", "not half", "steps need not keep half of their alignment",
        edits((*_on_the_way, 1), lambda kept: kept.args[0]), _bent(_close),
        "every step gains a twentieth of its alignment",
    ),
    Mutant(
        "algorithm.rate", "no one", "the bound less one",
        edits((0, 0, 1), _no_one), _counted(_close), "one step is needed for log-odds of 0.2",
    ),
    Mutant(
        "algorithm.rate", "a fifth", "2/(alpha g**2) becomes 2/(5 alpha g**2)",
        claims(_rate, _rate / 5), _counted(_far), "four steps of 2/3 for log-odds of 2.2",
    ),
    Mutant(
        "algorithm.rate", "no gap", "g <= Delta mu_k is dropped",
        edits(_on_the_way, lambda kept: kept.args[0]), _counted(_far, g=Q(10)),
        "Delta mu = 1, but g = 10",
    ),
    Mutant(
        "algorithm.rate", "unsafe", "the learning rate need not be safe",
        drops(5), _bent(_close), "every step gains a twentieth of its alignment",
    ),
    Mutant(
        "algorithm.rate", "no potential", "F' = 1/(J (1 - J) c(J)) is dropped",
        drops(10), _counted(_far, F=lambda x: Q(0)), "F = 0",
    ),
    Mutant(
        "algorithm.rate-reinforce", "no one", "the bound less one",
        edits((*_first, 1), _no_one), _closed(_spread, Q(24, 5), _close),
        "one step is needed from 1/2 to 0.55",
    ),
    Mutant(
        "algorithm.rate-reinforce", "1/epsilon", "3/epsilon becomes 1/epsilon",
        edits((1,), _order(1 / epsilon)), _closed(_spread, Q(24, 5), _far),
        "the primitive at 9/10 is 2 log 9 - 10/9 + 10",
    ),
    Mutant(
        "algorithm.rate-reinforce", "no lower bound", "m J (1 - J) <= c(J) is dropped",
        drops(9), replace(
            _closed(_spread, Q(24, 5), _far),
            values={**_closed(_spread, Q(24, 5), _far).values, "m": Q(100)}),
        "m = 100",
    ),
    Mutant(
        "algorithm.rate-reinforce", "small start", "1/2 <= J_0 is dropped",
        drops(10), LEAP, "J_0 is 1e-6: the first step is short, the integral counts on a long one",
    ),
    Mutant(
        "algorithm.rate-grpo", "no one", "the bound less one",
        edits((*_first, 1), _no_one), _closed(_root, Q(7, 4), _close),
        "one step is needed from 1/2 to 0.55",
    ),
    Mutant(
        "algorithm.rate-grpo", "1/sqrt(epsilon)", "2/sqrt(epsilon) becomes 1/sqrt(epsilon)",
        edits((1,), _order(1 / sqrt(epsilon))), _closed(_root, Q(7, 4), _far),
        "the primitive at 9/10 is 16/3",
    ),
    Mutant(
        "algorithm.rate-raft", "no one", "the bound less one",
        edits((*_first, 1), _no_one), _closed(_unreached, Q(4), _close),
        "one step is needed from 1/2 to 0.55",
    ),
    Mutant(
        "algorithm.rate-raft", "no start", "log(1/J_0) is left out of the order",
        edits((1,), _order(2 / epsilon - 1 / epsilon)), _closed(_unreached, Q(4), _far, -2),
        "the primitive rises by log 9 + 10 + 2 - (1 + exp(-2))",
    ),
    Mutant(
        "algorithm.rate-log-odds", "no one", "the bound less one",
        edits((*_first, 1), _no_one), _closed(_one, Q(2, 3), _close),
        "one step is needed from 1/2 to 0.55",
    ),
    Mutant(
        "algorithm.rate-log-odds", "no start", "log(1/J_0) is left out of the order",
        edits((1,), _order(log(1 / epsilon))), _closed(_one, Q(2, 3), _far, -2),
        "the log-odds rise from -2 to log 9",
    ),
]  # fmt: skip


# Token level -----------------------------------------------------------------------------------

_TOKEN = {"L_p": Q(1), "G_p": Q(1), "T_max": 1, "m": Q(1, 2), "N": 3}
_PLACES = (Q(1, 3), Q(1, 2), Q(9, 10), Q(9999, 10000))
_few = tokens.L_p * tokens.T_max + tokens.SIGMA2
_TOKENS = [
    Mutant(
        "algorithm.token-supremum", "one", "10 sigma**2 becomes sigma**2",
        claims(tokens.CEILING, _few), Instance({**_TOKEN, "c": _root}, _PLACES),
        "c(9/10) kappa_tok(9/10) = 3 for L_p = G_p = T_max = 1",
    ),
    Mutant(
        "algorithm.token-supremum", "late", "c**2 <= J (1 - J) is dropped",
        drops(4), Instance({**_TOKEN, "c": lambda x: x / 2}, _PLACES),
        "c(J) = J/2: V((1 - J) exp(-3/2)) grows without bound",
    ),
    Mutant(
        "algorithm.token-rates", "one", "10 sigma**2 becomes sigma**2",
        claims(tokens.CEILING, _few), Instance(_TOKEN, _PLACES),
        "GRPO: c(9/10) kappa_tok(9/10) = 3 for L_p = G_p = T_max = 1",
    ),
    Mutant(
        "algorithm.token-rates", "log-odds", "log-odds ascent instead of RAFT",
        edits((0, 0, 1, 1, 1, 1, 1, 1, 0, 0), lambda _: num(1)), Instance(_TOKEN, _PLACES),
        "c = 1: kappa_tok grows without bound",
    ),
    Mutant(
        "algorithm.token-rates", "groups", "ten times c_G instead of c_G",
        edits((0, 0, 1, 1, 1, 1, 1, 0, 0, 0), lambda c_G: 10 * c_G), Instance(_TOKEN, _PLACES),
        "c_4(9/10) is more than 1/5: ten times the product is more than 11",
    ),
]  # fmt: skip


# Batches ---------------------------------------------------------------------------------------


def _signs(sample: Any, outcome: Any) -> int:
    """Two independent fair signs."""
    return 1 - 2 * (int(outcome) >> int(sample) & 1)


def _batch(sign: Callable[[Any, Any], int] = _signs, **values: Any) -> Instance:
    """Two samples 1 + a sign, of the gap 1 of LOGIT; the updates are 2, 1, 1 and 0."""
    run = LOGIT.run(lambda k: Q(0))
    functions = {
        **{name: run[name] for name in ("n", "r")},
        **{name: _each_outcome(number) for number, name in enumerate(("lp", "s", "h"))},
        "S": lambda i, j: LOGIT.at(0)[int(i)][1],
        "m": 4, "N": 2, "d": 1, "P": lambda o: Q(1, 4), "c": Q(1), "v": Q(1), "G": Q(1),
        "L": Q(1, 4), "gamma": lambda j: Q(1), "X": lambda a, o, j: Q(1 + sign(a, o)),
        "alpha": Q(4, 9), **values,
    }  # fmt: skip
    return Instance(functions, (Q(0), Q(1, 3)), largest=lambda: (Q(1), Q(1, 4)))


def _each_outcome(number: int) -> Callable[[Any, Any, Any], Any]:
    return lambda o, t, i: LOGIT.at(t)[int(i)][number]


_SIZES = Instance({"D": Q(1), "K": Q(1), "c": Q(1), "v": Q(1)},
                  (Q(1), Q(1, 2), Q(995, 1000), Q(2)))  # fmt: skip
_whole = square(batch.GAMMA)
_spent = batch.KAPPA * alpha**2 * (batch.c**2 * _whole + batch.v / batch.N) / 2
_BATCHES = [
    Mutant(
        "algorithm.batch-moments", "v", "v/N becomes v",
        claims(batch.v / batch.N, batch.v), _batch(), "the variance of the mean is 1/2",
    ),
    Mutant(
        "algorithm.batch-moments", "no variance", "E|g|**2 = c**2 |gamma|**2",
        edits((1, 1), lambda sum_: sum_.args[0]), _batch(), "the variance of the mean is 1/2",
    ),
    Mutant(
        "algorithm.batch-moments", "correlated", "the samples need not be uncorrelated",
        drops(5), _batch(lambda a, o: _signs(0, o)), "twice the same sample: the variance is 1",
    ),
    Mutant(
        "algorithm.critical-batch", "201/100", "the best gain becomes D/(201/100 K) times ...",
        claims(2 * batch.K, percent(201) * batch.K), _SIZES, "D = K = c = v = 1",
    ),
    Mutant(
        "algorithm.critical-batch", "99/100", "99/100 of the critical batch size is enough",
        edits((1, 1, 0, 0, 0, 1, 0, 1), lambda size: percent(99) * size), _SIZES,
        "995/1000 of the critical size keep less than half",
    ),
    Mutant(
        "algorithm.batch", "sign", "the curvature is added",
        edits((0, 0), headed("+")), _batch(), "the gain is alpha: log-odds are t",
    ),
    Mutant(
        "algorithm.batch", "201/100", "the best gain is less",
        edits((1, 0, 1, 0, 1), lambda sum_: percent(101) * sum_), _batch(), "the best rate",
    ),
    Mutant(
        "algorithm.batch", "four times", "the best rate gains four times as much",
        edits((1, 1, 1, 0), lambda gain: 4 * gain), _batch(), "it gains 4/9, the bound is 2/9",
    ),
]  # fmt: skip


# Directions --------------------------------------------------------------------------------------


def _conditioned(line: Softmax, rate: Any, factor: Any, bounds: tuple[Any, Any]) -> Instance:
    """One parameter and the matrix `factor`; `bounds` hold on the step."""
    size = digits(rate) * digits(factor) * line.alignment(0)
    values = {
        **line.functions(), "d": 1, "P": lambda j, k: factor, "c": Q(1), "alpha": rate,
        "lambda_min": factor, "lambda_max": factor, "S": lambda i, j: line.at(0)[int(i)][1],
        "G": bounds[0], "L": bounds[1],
    }  # fmt: skip
    return Instance(values, (Q(0), Q(1), Q(-2), size), largest=lambda: bounds)


def _prompts(line: Softmax, size: Any, bounds: tuple[Any, Any], **values: Any) -> Instance:
    """Twice the same prompt, and one parameter."""
    def each(number: int) -> Callable[[Any, Any, Any], Any]:
        return lambda q, t, i: line.at(t)[int(i)][number]

    functions = {
        "n": lambda q: len(line.rewards), "r": lambda q, i: line.rewards[int(i)], "lp": each(0),
        "s": each(1), "h": each(2), "Q": 2, "d": 1, "v": lambda j: Q(1), "w": lambda j: Q(1),
        "S": lambda q, i, j: line.at(0)[int(i)][1], "G": lambda q: bounds[0],
        "L": lambda q: bounds[1], "delta": lambda q: line.alignment(0), "eta": size,
        "a": lambda q: Q(1, 2), "b": lambda q: Q(1, 2), "m": lambda j: line.alignment(0),
        **values,
    }  # fmt: skip
    return Instance(functions, (Q(0), Q(1, 2), digits(size), line.alignment(0)),
                    largest=lambda: bounds)  # fmt: skip


def _corner(vectors: Sequence[Sequence[Any]], **values: Any) -> Instance:
    """Two vectors in the plane and the middle between them."""
    diagonal = 1 / mp.sqrt(2)
    functions = {
        "Q": 2, "d": 2, "gamma": lambda q, j: vectors[int(q)][int(j)], "a": lambda q: Q(1, 2),
        "b": lambda q: Q(1, 2), "m": lambda j: Q(1, 2), "w": lambda j: diagonal, **values,
    }  # fmt: skip
    return Instance(functions, (Q(0), Q(1, 3), Q(1), diagonal))


_AXES = _corner([(Q(1), Q(0)), (Q(0), Q(1))])
_PLAIN = _conditioned(LOGIT, Q(1, 3), Q(2), _LOGIT)
_SHARED = _prompts(LOGIT, Q(2, 3), _LOGIT)
_FORM = Instance(
    {"A": Q(1), "B": Q(0), "C": Q(4)}, (Q(0), Q(1), Q(4, 5), Q(1, 5), Q(1, 2))
)  # fmt: skip
_m = directions._M
_one_q = pair(_m, directions.row(directions._VECTORS, directions.q))
def _other_weight(each: Term) -> Term:
    """The best weight, for the vectors exchanged."""
    A, B, C, y = directions.A, directions.B, directions.C, directions.y
    wrong = (A - B) / (A - 2 * B + C)
    return forall(y, le(directions.two_mix(wrong), directions.two_mix(y)))


def _hull(*vectors: Sequence[int]) -> Instance:
    """Three vectors in the plane; weights are tried in quarters."""
    quarters = tuple(Q(k, 4) for k in range(5))
    return Instance({"d": 2, "gamma": lambda q, j: Q(vectors[int(q)][int(j)])}, quarters)


def _doubled(point: Term) -> Term:
    """Twice a vector."""
    return lam(directions.j, 2 * beta(point, [directions.j]))


_DIRECTIONS = [
    Mutant(
        "algorithm.preconditioned", "99/100", "|P gamma|**2 <= 99/100 lambda_max <gamma, P gamma>",
        edits((0, 1), lambda bound: percent(99) * bound), _PLAIN, "P = 2, gamma = 1",
    ),
    Mutant(
        "algorithm.preconditioned", "twice", "more than all of the alignment is kept",
        edits((1, 0, 0), lambda half: percent(201) * half), _PLAIN, "the log-odds are t",
    ),
    Mutant(
        "algorithm.preconditioned", "not safe", "alpha c lambda_max kappa <= 1 is dropped",
        drops(10), _conditioned(RISING, digits(Q(3, 2)) / digits(_kappa), Q(1), (WIDE, WIDE)),
        "3/2 of the critical step gains a quarter",
    ),
    Mutant(
        "algorithm.min-norm", "strict", "|m|**2 < <m, gamma_q>",
        edits((0, 0, 0, 1), headed("<")), _AXES, "both are 1/2",
    ),
    Mutant(
        "algorithm.min-norm", "99/100", "every least alignment is at most 99/100 |m|",
        edits((1, 1, 1, 1, 0, 0, 1, 1), lambda size: percent(99) * size), _AXES,
        "w = m/|m| has the alignments |m|",
    ),
    Mutant(
        "algorithm.min-norm", "any point", "m is any vector",
        drops(0), _corner([(Q(1), Q(0)), (Q(0), Q(1))], m=lambda j: Q(1 - int(j))),
        "m is the first of two orthogonal vectors",
    ),
    Mutant(
        "algorithm.shortest-point", "anywhere", "0 may be in the hull of two vectors",
        edits((0,), lambda claim: claim.args[1]), _hull((1, 0), (-1, 0), (1, 1)),
        "the shortest point between two opposite vectors is 0",
    ),
    Mutant(
        "algorithm.shortest-point", "twice", "m is twice as long",
        edits((1, 1, 0, 0, 4), lambda m: _doubled(m)), _hull((1, 0), (0, 1), (1, 1)),
        "the point is half of (1, 1)",
    ),
    Mutant(
        "algorithm.min-norm-pair", "exchanged", "the weight is that of the other vector",
        edits((1, 1, 1, 1, 1), _other_weight), _FORM,
        "squared lengths 1 and 4, orthogonal: the weight of the first is 4/5",
    ),
    Mutant(
        "algorithm.min-norm-pair", "strict", "all other points are longer, and m itself",
        edits((0, 0, 0, 1, 1, 0, 0, 1, 1), headed("<")), _FORM, "m is as long as m",
    ),
    Mutant(
        "algorithm.prompts", "201/100", "201/200 eta delta is gained",
        edits((0, 0, 0, 1, 1, 0), lambda half: percent(201) * half), _SHARED, "the log-odds are t",
    ),
    Mutant(
        "algorithm.prompts", "too far", "the bound on eta is dropped",
        drops(7), _prompts(RISING, step(RISING, Q(3, 2)), (WIDE, WIDE)),
        "3/2 of the critical step gains a quarter",
    ),
    Mutant(
        "algorithm.prompts", "99/100", "every least alignment is at most 99/100 |m|",
        edits((1, 1, 1, 1, 1, 1, 0, 0, 1, 1), lambda size: percent(99) * size), _SHARED,
        "w = m/|m| has the alignments |m|",
    ),
]  # fmt: skip


MUTANTS: list[Mutant] = [*_STEPS, *_RUNS, *_TOKENS, *_BATCHES, *_DIRECTIONS]
