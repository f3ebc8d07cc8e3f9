"""False variants of section 3: the token level."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction as Q
from typing import Any

from derivations.kernel.terms import eq, le, log, num, sqrt, total
from derivations.theory.token import curvature, events, martingale, prefixes, root, tails
from derivations.theory.token.root import LAMBERT

from .evaluation import Instance, digits, mp
from .symbols import percent
from .variants import Mutant, claims, drops, edits, exchanged, headed

Label = tuple[int, ...]


def _instance(
    labels: Sequence[Label], log_token: Callable[[int, Any, Label], Sequence[Any]],
    longest: int, rewards: Sequence[int], *reals: Any, **values: Any,
) -> Instance:  # fmt: skip
    """Responses by their tokens; `log_token` is a token's log-probability and its derivatives."""

    def token(order: int) -> Callable[[Any, Any, Any], Any]:
        def at(k: Any, t: Any, i: Any) -> Any:
            label = labels[int(i)]
            return log_token(int(k), digits(t), label)[order] if k < len(label) else Q(0)

        return at

    def whole(order: int) -> Callable[[Any, Any], Any]:
        one = token(order)
        return lambda t, i: sum((one(k, t, i) for k in range(longest)), Q(0))

    def same(k: Any, i: Any, j: Any) -> int:
        return int(labels[int(i)][: int(k)] == labels[int(j)][: int(k)])

    given = {
        "n": len(labels), "r": lambda i: rewards[int(i)],
        "lp": whole(0), "s": whole(1), "h": whole(2),
        "lp_tok": token(0), "s_tok": token(1), "h_tok": token(2),
        "T_max": longest, "T": lambda i: len(labels[int(i)]), "same": same,
        "G_p": Q(1), "L_p": Q(1), "t": Q(0), "eta": Q(0), "k": 1,
    }  # fmt: skip
    return Instance({**given, **values}, (Q(0), *reals), naturals=len(labels))


def _sign(k: int, t: Any, label: Label) -> Sequence[Any]:
    """A sign with probability proportional to exp(+t) or exp(-t)."""
    sign = label[k]
    tanh = mp.tanh(t)
    return sign * t - mp.log(2 * mp.cosh(t)), sign - tanh, -(1 - tanh**2)


_PAIRS = [(1, 1), (1, -1), (-1, 1), (-1, -1)]
_ABOVE = (1, 0, 0, 0)
_MIDDLE = (0, 1, 1, 0)
_FIRST = (1, 1, 0, 0)


def signs(rewards: Sequence[int] = _ABOVE, *reals: Any, **values: Any) -> Instance:
    """Two independent signs; at t = 0 their scores are 1 or -1, their second derivatives -1."""
    return _instance(_PAIRS, _sign, 2, rewards, *reals, **values)


def stopping(**values: Any) -> Instance:
    """One sign, and a second one if the first is 1."""
    return _instance([(-1,), (1, 1), (1, -1)], _sign, 2, (1, 0, 0), **values)


def _doubled(k: Any, t: Any, i: Any) -> Any:
    return 2 * _sign(int(k), digits(t), _PAIRS[int(i)])[1] if k < 2 else Q(0)


JUNK = signs(s_tok=_doubled)
"""Token scores that are twice those of the policy."""

STEP = signs(_ABOVE, Q(1, 200), Q(1, 100), eta=Q(1, 100), G_p=Q(2))
"""A small step that raises J, from J = 1/4."""


def _listed(**lists: Sequence[Any]) -> dict[str, Any]:
    return {name: (lambda i, row=row: row[int(i)]) for name, row in lists.items()}


def scalars(*reals: Any, **values: Any) -> Instance:
    """Numbers only."""
    return Instance(values, tuple(reals))


def weighted(w: Sequence[Any], x: Sequence[Any], **lists: Sequence[Any]) -> Instance:
    """Equally likely responses, weights and a random variable."""
    level = -mp.log(len(w))
    return Instance(
        {"n": len(w), **_listed(w=w, X=x, **lists), "l": lambda i: level}, naturals=len(w)
    )


def classes(e: Sequence[Sequence[int]], **lists: Sequence[Any]) -> Instance:
    """Two equally likely responses, and which of them count as equivalent."""
    return Instance(
        {"n": 2, **_listed(**lists), "l": lambda i: -mp.log(2),
         "e": lambda i, j: e[int(i)][int(j)]},
        naturals=2,
    )  # fmt: skip


def event(*w: Any, **values: Any) -> Instance:
    """Two signs and an event, with values of x and epsilon to try."""
    return signs(_ABOVE, Q(1, 100), Q(1, 2), _BEST, **_listed(w=w), **values)


def _value(p: Any) -> Any:
    return -mp.lambertw(-(digits(p) ** 2) * mp.exp(-1), -1).real


_BEST = 1 - 1 / _value(Q(1, 2))
_CROSSING = -1 / (3 * mp.lambertw(-mp.exp(digits(Q(-1, 3))) / 3, -1).real)
_LOW = mp.exp(-(digits(Q(1, 4)) + mp.log(4) - 1) / 2)
HALF = (1, 0, 0, 1)
"""The event that both signs agree: probability 1/2, mean square 4."""

T_max, T, G_p, L_p = prefixes.T_max, prefixes.T, tails.G_p, martingale.L_p
k, m, t, i, n = prefixes.k, prefixes.m, prefixes.t, prefixes.i, prefixes.n
s_tok, h_tok, line, x, p = prefixes.s_tok, prefixes.h_tok, prefixes.line, tails.x, root.p
SIGMA2, lam_, V = tails.SIGMA2, tails.lam_, root.V
J, Dmu, ell, eta = martingale.J, martingale.Dmu, martingale.ell, martingale.eta
_length, _P = curvature.length_under, events.P
_gain = le(eta * Dmu(0) / 2, ell(eta) - ell(0))
_steep = le(2 * eta * Dmu(0), ell(eta) - ell(0))
_wrong = "the step gains about eta Delta mu"

MUTANTS: list[Mutant] = [
    Mutant(
        "token.tower", "no equivalence", "e need not be an equivalence", drops(0),
        classes(((1, 1), (0, 1)), X=(1, 0), Y=(1, 1), Z=(Q(1, 2), 0)), "1/2 against 1/4",
    ),
    Mutant(
        "token.tower", "unknown", "Y need not be known given the class", drops(1),
        classes(((1, 1), (1, 1)), X=(1, 0), Y=(1, 0), Z=(Q(1, 2), Q(1, 2))), "1/2 against 1/4",
    ),
    Mutant(
        "token.tower", "one more", "the right side is larger by one",
        edits((1,), lambda right: right + 1),
        classes(((1, 1), (1, 1)), X=(1, 0), Y=(1, 1), Z=(Q(1, 2), Q(1, 2))), "both are 1/2",
    ),
    Mutant(
        "token.score-sum", "derivative", "the score becomes the sum of the second derivatives",
        claims(total(T_max, k, s_tok(k, t, i)), total(T_max, k, h_tok(k, t, i))), signs(),
        "the second derivatives are -1",
    ),
    Mutant(
        "token.score-sum", "no tokens", "the assumption on tokens is dropped", drops(1), JUNK,
        "token scores twice as large",
    ),
    Mutant(
        "token.prefix-score", "one more", "the prefix has one more token",
        claims(total(k, m, s_tok(m, t, i)), total(k + 1, m, s_tok(m, t, i)), 0), signs(),
        "the next score is 1 or -1",
    ),
    Mutant(
        "token.prefix-score", "no tokens", "the assumption on tokens is dropped", drops(1), JUNK,
        "token scores twice as large",
    ),
    Mutant(
        "token.orthogonal", "unknown", "Y need not be known before the token", drops(3),
        signs(k=1, Y=lambda i: _PAIRS[int(i)][1]), "Y is the score of that token",
    ),
    Mutant(
        "token.orthogonal", "no tokens", "the assumption on tokens is dropped", drops(1),
        signs(s_tok=lambda k, t, i: Q(1), Y=lambda i: Q(1)), "token scores that are all 1",
    ),
    Mutant(
        "token.orthogonal", "one", "the mean is 1", edits((1,), lambda _: num(1)),
        signs(Y=lambda i: _PAIRS[int(i)][0]), "it is 0",
    ),
    Mutant(
        "token.drift", "strict", "<= becomes <", edits((), headed("<")),
        signs(Y=lambda i: _PAIRS[int(i)][0], V=lambda i: Q(0),
              W=lambda i: _PAIRS[int(i)][0] * _PAIRS[int(i)][1]),
        "the means are both 0",
    ),
    Mutant(
        "token.drift", "unknown", "Y need not be known before the token", drops(3),
        signs(k=1, Y=lambda i: _PAIRS[int(i)][1], V=lambda i: Q(0), W=lambda i: Q(1)),
        "Y is the score of that token",
    ),
    Mutant(
        "token.drift", "no bound", "the pointwise bound is dropped", drops(4),
        signs(Y=lambda i: Q(0), V=lambda i: Q(0), W=lambda i: Q(1)), "1 against 0",
    ),
    Mutant(
        "token.padding", "one", "the score after the end is 1",
        claims(eq(s_tok(k, t, i), 0), eq(s_tok(k, t, i), 1)), stopping(), "it is 0",
    ),
    Mutant(
        "token.padding", "before", "T(i) <= k becomes T(i) <= k + 1",
        claims(le(T(i), k), le(T(i), k + 1)), stopping(), "the last token has a score",
    ),
    Mutant(
        "token.sizes", "half", "G_p**2 T becomes G_p**2 T/2",
        claims(G_p**2 * T(i), G_p**2 * T(i) / 2), signs(), "every token score is 1 or -1",
    ),
    Mutant(
        "token.sizes", "half of L", "L_p T becomes L_p T/2",
        claims(L_p * T(i), L_p * T(i) / 2), signs(), "every second derivative is -1",
    ),
    Mutant(
        "token.second-moment", "99/100", "G_p**2 E[T] becomes 99/100 of it",
        claims(G_p**2 * martingale.MEAN_LENGTH, percent(99) * G_p**2 * martingale.MEAN_LENGTH),
        signs(), "two independent signs",
    ),
    Mutant(
        "token.second-moment", "99/100 of L", "L_p E[T] becomes 99/100 of it",
        claims(L_p * martingale.MEAN_LENGTH, percent(99) * L_p * martingale.MEAN_LENGTH),
        signs(), "two independent signs",
    ),
    Mutant(
        "token.martingale", "drift", "the mean of a token score is 1",
        edits((0, 0, 0, 1, 1, 1), lambda _: num(1)), signs(), "it is 0",
    ),
    Mutant(
        "token.martingale", "99/100", "the second moment is at most 99/100 of the bound",
        claims(martingale.MEAN_LENGTH, percent(99) * martingale.MEAN_LENGTH), signs(),
        "two independent signs",
    ),
    Mutant(
        "token.naive", "one token", "the curvature is bounded by T L",
        claims(2 * T_max * L_p + T_max**2 * G_p**2, T_max * L_p), signs(_MIDDLE),
        "the curvature is -4",
    ),
    Mutant(
        "token.naive", "score of one token", "the score is bounded by G_p",
        claims(T_max * G_p, G_p), signs(_MIDDLE), "both signs add up to 2",
    ),
    Mutant(
        "token.threshold-inverse", "four times", "the gain is 2 eta Delta mu",
        claims(eta * Dmu(0) / 2, 2 * eta * Dmu(0)), STEP, _wrong,
    ),
    Mutant(
        "token.threshold-inverse", "reversed", "the gain is at most half", edits((), exchanged),
        STEP, _wrong,
    ),
    Mutant(
        "token.two-points", "half", "lambda**2 G_p**2/2 becomes lambda**2 G_p**2/4",
        claims(lam_**2 * G_p**2 / 2, lam_**2 * G_p**2 / 4),
        scalars(G_p=Q(1), x=Q(1), a=Q(0), lam=Q(1, 10)), "cosh(1/10) is 1.005",
    ),
    Mutant(
        "token.two-points", "no bound", "|x| <= G_p is dropped", drops(1),
        scalars(G_p=Q(1), x=Q(3), a=Q(0), lam=Q(1)), "far outside, the chord is below",
    ),
    Mutant(
        "token.two-points-square", "half", "1 - 2 lambda G_p**2 becomes 1 - lambda G_p**2/2",
        claims(sqrt(1 - 2 * lam_ * G_p**2), sqrt(1 - lam_ * G_p**2 / 2)),
        scalars(G_p=Q(1), x=Q(1), a=Q(0), lam=Q(1, 10)), "exp(1/10) is more than 1/sqrt(0.95)",
    ),
    Mutant(
        "token.two-points-square", "no bound", "|x| <= G_p is dropped", drops(1),
        scalars(G_p=Q(1), x=Q(4), a=Q(0), lam=Q(1, 4)), "far outside, the chord is below",
    ),
    Mutant(
        "token.azuma", "half", "lambda**2 sigma**2/2 becomes lambda**2 sigma**2/4",
        claims(lam_**2 * SIGMA2 / 2, lam_**2 * SIGMA2 / 4), signs(lam=Q(1, 10)),
        "cosh(1/10)**2 is 1.01",
    ),
    Mutant(
        "token.azuma", "no bound", "the bound on the scores is dropped", drops(2),
        signs(lam=Q(1, 10), G_p=Q(1, 10)), "the scores are 1 and -1",
    ),
    Mutant(
        "token.square-mgf", "half", "1 - 2 lambda sigma**2 becomes 1 - lambda sigma**2",
        claims(1 - 2 * lam_ * SIGMA2, 1 - lam_ * SIGMA2), signs(lam=Q(1, 10)),
        "the moment is 1.246",
    ),
    Mutant(
        "token.square-mgf", "no bound", "the bound on the scores is dropped", drops(2),
        signs(lam=Q(1, 10), G_p=Q(1, 10)), "the scores are 1 and -1",
    ),
    Mutant(
        "token.lambert-root", "half", "1 + 2 log(1/p) becomes 1 + log(1/p)",
        claims(1 + 2 * root.surprise(p), 1 + root.surprise(p), 0), scalars(Q(1), p=Q(1, 2)),
        "p = 1/2",
    ),
    Mutant(
        "token.lambert-root", "other root", "v may be less than 1",
        claims(le(1, root.v), le(0, root.v)), scalars(Q(1, 4), p=_LOW), "the root 1/4",
    ),
    Mutant(
        "token.lambert-minimum", "reversed", "V becomes an upper bound",
        edits((0, 0, 0, 1, 1), exchanged), scalars(Q(1, 10), p=Q(1, 2)), "x = 1/10",
    ),
    Mutant(
        "token.lambert-minimum", "other minimiser", "x = 1 - 1/V becomes x = 1/V",
        claims(1 - 1 / V, 1 / V), scalars(Q(1, 10), p=Q(1, 2)), "V(1/2) is not 2",
    ),
    Mutant(
        "token.lambert-properties", "lower bound", "4/3 log(1/p) becomes 2 log(1/p)",
        claims(4 * root.surprise(p) / 3, 2 * root.surprise(p)),
        scalars(_CROSSING, Q(1, 10), Q(1, 2), Q(1)), "p = 1/2",
    ),
    Mutant(
        "token.lambert-properties", "increasing", "V increases",
        edits((1, 0, 0, 0, 1, 1, 1), exchanged), scalars(_CROSSING, Q(1, 10), Q(1, 2), Q(1)),
        "V(1) = 1 < V(1/2)",
    ),
    Mutant(
        "token.mean-order", "signed weights", "the weights may be negative", drops(0),
        weighted((2, -1), (0, 0), Y=(0, 1)), "the mean of Y is then -1",
    ),
    Mutant(
        "token.mean-order", "reversed", "<= is turned round", edits((), exchanged),
        weighted((1, 1), (0, 0), Y=(0, 1)), "0 against 1/2",
    ),
    Mutant(
        "token.jensen", "signed weights", "the weights may be negative", drops(0),
        weighted((2, -1), (0, 2)), "the mean of the exponential is then negative",
    ),
    Mutant(
        "token.jensen", "reversed", "<= is turned round", edits((), exchanged),
        weighted((1, 1), (0, 2)), "strictly convex",
    ),
    Mutant(
        "token.gibbs-moment", "signed variable", "f may be negative in the second bound",
        edits((1, 0), lambda second: second.args[1]), weighted((1, 0), (0, -2)),
        "exp(-2) outside of the event",
    ),
    Mutant(
        "token.gibbs-moment", "large weights", "the weights may exceed 1", drops(1),
        weighted((3, 3), (0, 0)), "P(A) = 3",
    ),
    Mutant(
        "token.gibbs", "no surprise", "log(1/P) becomes log(P)",
        claims(log(1 / events._P), log(events._P)), weighted((1, 0), (0, 0)), "P(A) = 1/2, f = 0",
    ),
    Mutant(
        "token.gibbs", "large weights", "the weights may exceed 1", drops(1),
        weighted((3, 3), (0, 0)), "log(1/P) = -log 3",
    ),
    Mutant(
        "token.event-square", "half", "sigma**2 becomes sigma**2/2",
        claims(SIGMA2, SIGMA2 / 2), event(*HALF), "the mean square is 4, sigma**2 V is 7.4",
    ),
    Mutant(
        "token.event-square", "no bound", "the bound on the scores is dropped", drops(2),
        event(*HALF, G_p=Q(1, 10)), "the scores are 1 and -1",
    ),
    Mutant(
        "token.lambert", "half", "sigma**2 becomes sigma**2/2", claims(SIGMA2, SIGMA2 / 2),
        event(*HALF), "the mean square is 4, sigma**2 V is 7.4",
    ),
    Mutant(
        "token.lambert", "half of log", "1 + 2 log(1/p) becomes 1 + log(1/p)",
        claims(1 + 2 * root.surprise(_P), 1 + root.surprise(_P)), event(*HALF), "P(A) = 1/2",
    ),
    Mutant(
        "token.lambert", "no bound", "the bound on the scores is dropped", drops(2),
        event(*HALF, G_p=Q(1, 10)), "the scores are 1 and -1",
    ),
    Mutant(
        "token.joint-infimum", "tenth of V", "V(p) becomes V(p)/10",
        claims(LAMBERT(p), LAMBERT(p) / 10), scalars(Q(1, 100), Q(1, 2), _BEST, p=Q(1, 2)),
        "the infimum is not that small",
    ),
    Mutant(
        "token.joint-infimum", "tenth of 1/p", "1/p becomes 1/(10 p)",
        edits((1, 0, 0, 1, 0, 0, 1, 1, 1, 0), lambda term: term / 10),
        scalars(Q(1, 100), Q(1, 2), _BEST, p=Q(1, 2)), "the infimum is not that small",
    ),
    Mutant(
        "token.joint", "third", "sigma**2 becomes sigma**2/3", claims(SIGMA2, SIGMA2 / 3),
        event(*HALF), "the mean square is 4, the bound is 4.02",
    ),
    Mutant(
        "token.joint", "no bound", "the bound on the scores is dropped", drops(2),
        event(*HALF, G_p=Q(1, 10)), "the scores are 1 and -1",
    ),
    Mutant(
        "token.spread", "twice", "the spread becomes twice as large",
        claims(events.SPREAD, 2 * events.SPREAD), signs(), "4/3 of 2",
    ),
    Mutant(
        "token.spread", "reversed", "<= is turned round", edits((), exchanged), signs(),
        "4/3 of 2",
    ),
    Mutant(
        "token.gap", "half", "2 sigma**2 becomes sigma**2",
        claims(2 * SIGMA2 * ell(t), SIGMA2 * ell(t)), signs(), "the gap is 8/3",
    ),
    Mutant(
        "token.gap", "quarter", "4 sigma**2 becomes sigma**2 at J = 1/2",
        claims(4 * SIGMA2, 1 * SIGMA2), signs(_FIRST), "the gap is 2",
    ),
    Mutant(
        "token.length", "half", "T_max becomes T_max/2",
        edits((1, 0), lambda _: T_max / 2), event(*HALF, psi=2 / mp.log(2) + 1),
        "every response has two tokens",
    ),
    Mutant(
        "token.length", "log(1/P)", "log(2/P) becomes log(1/P)",
        claims(log(2 / _P), log(1 / _P)), event(1, 1, 1, 1, psi=2 / mp.log(2) + 1), "P(A) = 1",
    ),
    Mutant(
        "token.side-means", "half", "no response is longer than T_max/2",
        edits((0, 0, 1), lambda _: T_max / 2), signs(), "every response has two tokens",
    ),
    Mutant(
        "token.side-means", "quarter", "sigma**2 V becomes sigma**2 V/4",
        claims(SIGMA2 * LAMBERT(1 - J(t)), SIGMA2 * LAMBERT(1 - J(t)) / 4), signs(_MIDDLE),
        "the mean square is 4, sigma**2 V is 7.4",
    ),
    Mutant(
        "token.curvature", "one side", "the second term is dropped, and half of the first",
        edits((1,), lambda _: L_p * _length("+")), signs(_MIDDLE), "the curvature is -4",
    ),
    Mutant(
        "token.curvature", "no bounds", "the bound on second derivatives is dropped", drops(3),
        signs(_MIDDLE, L_p=Q(1, 10)), "the curvature is -4",
    ),
    Mutant(
        "token.curvature-one-sided", "99/100", "the first bound becomes 99/100 L_p ...",
        claims(L_p * _length("+"), percent(99) * L_p * _length("+")), signs(_MIDDLE),
        "the curvature is exactly -4",
    ),
    Mutant(
        "token.curvature-one-sided", "sign", "sigma**2 V is subtracted",
        edits((1, 1, 1, 0), headed("-")), signs(_MIDDLE), "the curvature is -4",
    ),
    Mutant(
        "token.threshold", "four times", "the gain is 2 eta Delta mu", claims(_gain, _steep),
        STEP, _wrong,
    ),
    Mutant(
        "token.threshold", "J and 1 - J", "below 1/2 it is L T/J",
        claims(L_p * T_max / (1 - J(0)), L_p * T_max / J(0), 0), STEP, "J = 1/4",
    ),
]  # fmt: skip
