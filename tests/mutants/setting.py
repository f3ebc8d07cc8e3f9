"""False variants of the statements about expectations, rates and explicit lines."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction as Q
from typing import Any

from derivations.expectation import MEAN, VARIANCE, WITHIN
from derivations.kernel.terms import eq, exp, lam, lt, num

from .evaluation import Instance, digits, mp
from .instances import GENERIC, LOGIT, NOT_A_POLICY, policy
from .symbols import J, X, c, h0, i, l_, line, n, p, percent, r, rho, t, w
from .variants import Mutant, assumes, claims, drops, edits, exchanged, headed

_mean_x = MEAN(n, lam(i, w(i)), lam(i, l_(i)), lam(i, X(i)))
_variance_x = VARIANCE(n, lam(i, w(i)), lam(i, l_(i)), lam(i, X(i)))
_exponent = exp(-c)

_PLACES = (Q(0), Q(1, 3), Q(-1, 2))


def _weighted(weights: Sequence[Any], variable: Sequence[Any], **values: Any) -> Instance:
    """Weights that are exact (logarithms zero) and a random variable."""
    functions = {
        "n": len(weights), "w": lambda i: Q(weights[int(i)]), "l": lambda i: Q(0),
        "X": lambda i: Q(variable[int(i)]),
    }  # fmt: skip
    return Instance({**functions, **values}, (Q(0), Q(1), Q(-1)))


def _rates(J: Callable[[int], Any], M: Callable[[int], Any], **values: Any) -> Instance:
    """Sequences of success rates and progress; what they do goes on beyond the range."""
    return Instance({"J": J, "M": M, **values}, (Q(1, 10), Q(1, 4), Q(1)), naturals=12)


def _logistic(x: Any) -> Any:
    return 1 / (1 + mp.exp(-digits(x)))


MUTANTS: list[Mutant] = [
    Mutant(
        "setting.success-rate", "half", "J < 1 becomes J < 1/2",
        claims(lt(J(t), 1), lt(J(t), Q(1, 2))), policy(LOGIT, mp.log(3), t=mp.log(3)),
        "J = 3/4 at t = log 3",
    ),
    Mutant(
        "setting.success-rate", "no policy", "the assumption that this is a policy is dropped",
        drops(0), NOT_A_POLICY, "the masses of both sides are 1",
    ),
    Mutant(
        "setting.mean-score", "square", "the score becomes its square",
        claims(line.score(t, i), line.score(t, i) ** 2), policy(GENERIC, *_PLACES[1:]),
        "a sum of squares is positive",
    ),
    Mutant(
        "setting.mean-score", "no policy", "the assumption that this is a policy is dropped",
        drops(0), NOT_A_POLICY, "the scores are all 1",
    ),
    Mutant(
        "setting.mean-bounds", "signed weights", "the weights may be negative",
        drops(0), _weighted((2, -1), (1, 0), c=Q(1)), "the mean of 1 and 0 is then 2",
    ),
    Mutant(
        "setting.mean-bounds", "no bound", "the bound on the variable is dropped",
        drops(2), _weighted((1, 1), (1, 2), c=Q(1)), "the mean is 3/2",
    ),
    Mutant(
        "setting.mean-bounds", "strict", "<= becomes <",
        edits((), headed("<")), _weighted((1, 1), (1, 1), c=Q(1)), "a constant is its mean",
    ),
    Mutant(
        "setting.mean-within", "signed weights", "the weights may be negative",
        drops(0), _weighted((2, -1), (1, -1), c=Q(1)), "the mean of 1 and -1 is then 3",
    ),
    Mutant(
        "setting.mean-within", "half", "the bound on the mean becomes c/2",
        claims(WITHIN(_mean_x, c), WITHIN(_mean_x, c / 2)), _weighted((1, 1), (1, 1), c=Q(1)),
        "a constant is its mean",
    ),
    Mutant(
        "setting.variance-sign", "signed weights", "the weights may be negative",
        drops(0), _weighted((2, -1), (1, 0)), "the mean is 2 and the variance -2",
    ),
    Mutant(
        "setting.variance-sign", "strict", "<= becomes <",
        edits((), headed("<")), _weighted((1, 1), (1, 1)), "a constant has variance zero",
    ),
    Mutant(
        "setting.variance-bounds", "99/100", "c**2 becomes 99/100 c**2",
        claims(c**2, percent(99) * c**2), _weighted((1, 1), (1, -1), c=Q(1)),
        "1 and -1 have variance 1",
    ),
    Mutant(
        "setting.variance-bounds", "no bound", "the bound on the variable is dropped",
        drops(2), _weighted((1, 1), (2, -2), c=Q(1)), "2 and -2 have variance 4",
    ),
    Mutant(
        "setting.log-odds-order", "reversed", "p < q becomes q < p in the first part",
        edits((0, 1), exchanged), Instance({"p": Q(1, 3), "q": Q(1, 2)}), "1/3 < 1/2",
    ),
    Mutant(
        "setting.log-odds-order", "strict", "<= becomes < in the last conclusion",
        edits((1, 1, 1), headed("<")), Instance({"p": Q(1, 3), "q": Q(1, 3)}), "p = q",
    ),
    Mutant(
        "setting.rate", "reversed", "<= is turned round in the first conclusion",
        edits((0, 1), exchanged), Instance({"p": Q(1, 2), "q": Q(2, 3), "c": Q(1, 10)}),
        "the gain is log 2, more than 1/10",
    ),
    Mutant(
        "setting.rate", "J and 1 - J", "p and 1 - p are exchanged in the denominator",
        claims(p + (1 - p) * _exponent, (1 - p) + p * _exponent),
        Instance({"p": Q(1, 3), "q": Q(1, 2), "c": mp.log(2)}),
        "from 1/3 to 1/2 the log-odds gain log 2",
    ),
    Mutant(
        "setting.rate-to-one", "no factor", "0 < a is dropped",
        drops(1), _rates(lambda k: Q(1, 2), Q, a=Q(0)), "a = 0: J = 1/2 for ever, M(K) = K",
    ),
    Mutant(
        "setting.rate-to-one", "half", "the limit 1 becomes 1/2",
        edits((1,), lambda _: num(Q(1, 2))), _rates(_logistic, Q, a=Q(1)), "J(K) tends to 1",
    ),
    Mutant(
        "setting.progress-diverges", "no factor", "0 < c is dropped",
        drops(1), _rates(_logistic, lambda k: Q(-int(k)), c=Q(-1)), "c = -1 and M(K) = -K",
    ),
    Mutant(
        "setting.progress-diverges", "no limit", "the limit of J is dropped",
        drops(3), _rates(lambda k: Q(1, 2), lambda k: Q(0), c=Q(1)), "J = 1/2 and M = 0",
    ),
    Mutant(
        "setting.progress-diverges", "sign", "M becomes -M in the conclusion",
        edits((0, 0), lambda progress: -progress), _rates(_logistic, Q, c=Q(1)), "M(K) = K",
    ),
    Mutant(
        "setting.softmax-line", "sign", "the score is negated",
        edits((3, 0), lambda score: -score),
        Instance({"n": 2, "r": lambda i: (1, 0)[int(i)], "A": lambda i: Q(0),
                  "b": lambda i: Q((1, 0)[int(i)]), "c": lambda i: Q(0)}, _PLACES),
        "d/dt log pi = 1/2 for log-weights t and 0 at t = 0",
    ),
    Mutant(
        "setting.softmax-line", "none correct",
        "that some response is correct becomes once more that one is incorrect",
        assumes(1, eq(r(i), 1), eq(r(i), 0)),
        Instance({"n": 2, "r": lambda i: 0, "A": lambda i: Q(0), "b": lambda i: Q(i),
                  "c": lambda i: Q(0)}, _PLACES),
        "a policy of this setting has a correct response",
    ),
    Mutant(
        "setting.two-jet", "not normalised", "sum exp(A) = 1 is dropped",
        drops(0),
        Instance({"n": 2, "A": lambda i: Q(0), "b": lambda i: Q(1 - 2 * int(i)),
                  "c": lambda i: Q(-1)}, _PLACES),
        "log pi = -log 2, not 0",
    ),
    Mutant(
        "setting.two-jet", "mean score", "sum exp(A) b = 0 is dropped",
        drops(1),
        Instance({"n": 1, "A": lambda i: Q(0), "b": lambda i: Q(1), "c": lambda i: Q(-1)}, _PLACES),
        "the score of the only response is 0, not 1",
    ),
    Mutant(
        "setting.two-jet", "half", "the second derivative becomes c/2",
        edits((0, 0, 1, 1, 1), lambda bend: bend / 2),
        Instance({"n": 2, "A": lambda i: -mp.log(2), "b": lambda i: Q(1 - 2 * int(i)),
                  "c": lambda i: Q(-1)}, _PLACES),
        "it is -1",
    ),
    Mutant(
        "setting.three-responses", "sign", "the curvature h0 + rho h0 becomes h0 - rho h0",
        claims(h0 + rho * h0, h0 - rho * h0),
        Instance({"rho": Q(2), "v": Q(1), "h0": Q(-1)}, _PLACES), "it is -3",
    ),
    Mutant(
        "setting.three-responses", "J and 1 - J", "rho/(1 + rho) becomes 1/(1 + rho)",
        claims(rho / (1 + rho), 1 / (1 + rho)),
        Instance({"rho": Q(2), "v": Q(1), "h0": Q(-1)}, _PLACES), "J = 2/3",
    ),
]  # fmt: skip
