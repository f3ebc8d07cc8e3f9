"""False variants of section 4: algorithms that draw groups, and GRPO's coefficient."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction as Q
from functools import cache
from typing import Any

from derivations.binomial import DIFFERENCE
from derivations.kernel.terms import Term, lam, lt, nat, num, real, sqrt
from derivations.theory.algorithm import degree
from derivations.theory.algorithm.groups import G, a, b, deviation, m

from .evaluation import Instance, digits, mp
from .instances import LOGIT
from .symbols import J, gap, percent, t
from .variants import Mutant, claims, drops, edits, exchanged, headed, swapped

Final = Callable[[Any, Any, Any], Any]
x = real("x")


def drawn(shares: Sequence[Any], scores: Sequence[Any], chances: Sequence[Any], end: Final) -> Any:
    """V: the mean of what a group contributes, response after response."""
    rows = list(zip(shares, scores, chances, strict=True))

    @cache
    def value(left: int, k: Any, right: Any, wrong: Any) -> Any:
        if left == 0:
            return end(k, right, wrong)
        return mp.fsum(
            digits(p) * (digits(q) * digits(value(left - 1, k + 1, right + s, wrong))
                         + digits(1 - q) * digits(value(left - 1, k, right, wrong + s)))
            for p, s, q in rows
        )  # fmt: skip

    return lambda left, k, right, wrong: value(int(left), k, right, wrong)


PLACES = (Q(1, 2), Q(3, 2))
"""Where the quantifiers over k, S and T are tried; at 0 a deviation vanishes."""


def urn(
    end: Final,
    shares: Sequence[Any] = (Q(3, 4), Q(1, 4)),
    scores: Sequence[Any] = (Q(1), Q(-3)),
    **values: Any,
) -> Instance:
    """Two responses, the first one correct, with probabilities and scores given directly."""
    first = shares[0]
    plain = {
        "n": 2, "l": lambda i: mp.log(digits(shares[int(i)])), "s": lambda i: scores[int(i)],
        "q": lambda i: Q(1 - int(i)), "V": drawn(shares, scores, (1, 0), end), "N": Q(2),
        "p": first, "v": first * scores[0],
    }  # fmt: skip
    return Instance({**plain, **values}, PLACES, naturals=2)


def _rates() -> tuple[Any, Any]:
    return LOGIT.success(mp.log(3)), LOGIT.alignment(mp.log(3))


def groups(
    end: Final,
    kept: Final | None = None,
    accepted: Sequence[Any] = (1, 0),
    places: Sequence[Any] = PLACES,
    naturals: int = 3,
    **values: Any,
) -> Instance:
    """Groups drawn from two responses whose log-odds are t, at t = log 3, where J = 3/4."""
    at = mp.log(3)
    rows = LOGIT.at(at)
    shares, scores = [mp.exp(row[0]) for row in rows], [row[1] for row in rows]
    plain = {
        **LOGIT.functions(), "t": at, "N": Q(1), "M": Q(1), "b": Q(1, 3), "epsilon": Q(1, 5),
        "delta": Q(1), "V": drawn(shares, scores, accepted, end),
        "P": drawn(shares, scores, accepted, kept or end),
        "phi": lambda u: 2 * mp.asin(mp.sqrt(digits(u))),
        "psi": lambda u: 1 / mp.sqrt(digits(u) * (1 - digits(u))),
    }  # fmt: skip
    return Instance({**plain, **values}, tuple(places), naturals)


def grouped(up: Callable[[Any], Any], down: Callable[[Any], Any], size: Any = 2) -> Final:
    """The mean over a group of advantage times score."""
    return lambda k, right, wrong: (
        digits(up(k)) * digits(right) + digits(down(k)) * digits(wrong)
    ) / size


def _standard(size: int, epsilon: Any = 0, ddof: int = 0) -> Final:
    """Standardised rewards; advantage 0 where all rewards agree."""

    def scale(k: Any) -> Any:
        return mp.sqrt(digits(k * (size - k)) / (size * (size - ddof))) + digits(epsilon)

    def up(k: Any) -> Any:
        return 0 if k in (0, size) else digits(1 - Q(k) / size) / scale(k)

    def down(k: Any) -> Any:
        return 0 if k in (0, size) else -digits(Q(k) / size) / scale(k)

    return grouped(up, down, size)


_INSIDE = (Q(1, 2), Q(3, 4))
"""Values of k in a group of three, success rates, and a scale that is not zero."""

_counted = urn(lambda k, right, wrong: k, d=lambda k: k)
_plain = grouped(lambda k: k, lambda k: 1, 3)
_updated = urn(_plain, a=lambda k: k, b=lambda k: Q(1))
_policy_updated = groups(_plain, N=Q(2), a=lambda k: k, b=lambda k: Q(1))
_forms = Instance({"N": Q(2), "x": Q(1, 3), "a": lambda k: k, "b": lambda k: Q(1)})
_indicator = {"d": lambda k: Q(k == 1)}
_given_one = groups(
    lambda k, right, wrong: _standard(2)(k, right, wrong) * (k == 1),
    lambda k, right, wrong: Q(k == 1), places=(Q(1, 2), Q(3, 2)), **_indicator,
)  # fmt: skip
_kept = groups(lambda k, right, wrong: k, d=lambda k: k, N=Q(2))


def row(number: int, *path: int) -> tuple[int, ...]:
    """The way to a part of a row of the table."""
    return (*(1,) * number, 0, *path)


_REINFORCE = groups(grouped(lambda k: Q(2, 3), lambda k: Q(-1, 3)), places=_INSIDE)
_DR = groups(grouped(lambda k: 1 - Q(k) / 2, lambda k: -Q(k) / 2), places=_INSIDE)
_GRPO = groups(_standard(3), places=_INSIDE)
_STEADIED = groups(_standard(3, Q(1, 5), 1), places=_INSIDE)


def _mixed(k: Any) -> Any:
    return min(Q(1), Q(k) * (3 - Q(k)))


_DAPO = groups(
    lambda k, right, wrong: _mixed(k) * _standard(3)(k, right, wrong) if _mixed(k) else 0,
    lambda k, right, wrong: _mixed(k), places=_INSIDE,
)  # fmt: skip
_RAFT = groups(lambda k, right, wrong: k * digits(right), lambda k, right, wrong: k, places=_INSIDE)

_unit = Instance({"N": Q(1), "x": Q(1, 4)}, (Q(1, 2), Q(1, 4), Q(3, 4)), naturals=9)
_c, _k, _M = real("c"), nat("k"), nat("M")
_square = _c**2 - (x + _k) ** 2
_nodes = Instance({"c": Q(3), "x": Q(-2), "m": 1})
_sizes = Instance({"N": Q(2), "M": 1}, (Q(1, 2), Q(1, 4), Q(3, 4)))
"""G = 4 for even and G = 5 for odd groups."""

_third = Instance({"x": Q(1, 3)})
_near = Q(1, 10**6)
_steady = Instance(
    {"N": Q(2), "a": lambda k: Q(1), "b": lambda k: Q(0)}, (Q(1, 4), _near, 1 - _near)
)
_edges = Instance({"N": Q(1)}, (Q(1, 4), 1 - _near))
_pairs = Instance({"N": Q(0)}, (Q(1, 4), _near, 1 - _near))


def noisy(wrong: Any, missed: Any, end: Final, **values: Any) -> Instance:
    """Accepted with probability 1 - missed if correct, `wrong` if not."""
    success, _ = _rates()
    rate = digits(wrong) + digits(1 - wrong - missed) * success
    return groups(end, accepted=(1 - missed, wrong), a=wrong, J_n=rate, **{**values, "b": missed})


# The baseline is called b, like the rate of missed responses.
_slightly = noisy(Q(1, 4), Q(1, 3), grouped(lambda k: Q(2, 3), lambda k: Q(-1, 3)))
_mostly = noisy(Q(3, 4), Q(2, 3), _standard(3))


def _without_own(values: Term) -> Term:
    """``k -> a(k) - b(k)`` for ``k -> a(k + 1) - b(k)``."""
    k = nat("k")
    return lam(k, a(k) - b(k))


def _twice(values: Term, name: Term) -> Term:
    """The function with twice a variable in it."""
    return swapped(values, name, 2 * name)


MUTANTS: list[Mutant] = [
    Mutant(
        "algorithm.group-law", "failures", "p becomes 1 - p",
        claims(real("p"), 1 - real("p")), _counted, "the mean of k is 3/2, not 1/2",
    ),
    Mutant(
        "algorithm.group-law", "not normalised", "sum exp(l) = 1 is dropped",
        drops(0),
        urn(lambda k, right, wrong: Q(1), (Q(1), Q(1)), (Q(1), Q(-1)), d=lambda k: Q(1)),
        "weights that add up to 2: the mean of 1 is 4",
    ),
    Mutant(
        "algorithm.group-update", "own reward", "a(k + 1) becomes a(k)",
        edits((1, 1, 2), lambda f: _without_own(f)), _updated,
        "a correct response is one of the correct ones itself",
    ),
    Mutant(
        "algorithm.group-update", "sign", "a(k + 1) - b(k) becomes a(k + 1) + b(k)",
        edits((1, 1, 2, 0), headed("+")), _updated, "b = 1",
    ),
    Mutant(
        "algorithm.group-update", "not centred", "sum exp(l) s = 0 is dropped",
        drops(1), urn(_plain, scores=(Q(1), Q(1)), a=lambda k: k, b=lambda k: Q(1)),
        "a baseline matters if the mean score is not zero",
    ),
    Mutant(
        "algorithm.expected-update", "sign", "gamma becomes -gamma",
        claims(gap(t), -gap(t)), _policy_updated, "gamma = 1",
    ),
    Mutant(
        "algorithm.expected-update", "one companion more", "N companions become N + 1",
        edits((1, 0, 0), lambda n: n + 1), _policy_updated, "a(k) = k grows with them",
    ),
    Mutant(
        "algorithm.coefficient-by-group", "J and 1 - J", "1 - x becomes x in the first summand",
        edits((1, 2, 0, 0, 0), lambda _: x), _forms, "x = 1/3",
    ),
    Mutant(
        "algorithm.coefficient-by-group", "sign", "the difference becomes a sum",
        edits((1, 2, 0), headed("+")), _forms, "b = 1",
    ),
    Mutant(
        "algorithm.kept-groups", "one more", "groups of N become groups of N + 1",
        edits((1, 0), lambda n: n + 1), _kept, "the mean of k is N J",
    ),
    Mutant(
        "algorithm.kept-groups", "failures", "J becomes 1 - J",
        edits((1, 1), lambda rate: 1 - rate), _kept, "J = 3/4",
    ),
    Mutant(
        "algorithm.group-gradient", "half", "sqrt(k(G-k))/G is halved in the mean",
        edits((0, 1, 0), lambda term: term / 2), _given_one, "it is 1/2 at k = 1, G = 2",
    ),
    Mutant(
        "algorithm.group-gradient", "variance", "given k = m, the square of the deviation",
        edits((1, 0, 0, 1, 1, 1, 1, 1), lambda term: deviation(m, G) * term), _given_one,
        "at k = 1, G = 2 that is 1/4, not 1/2",
    ),
    Mutant(
        "algorithm.group-gradient", "certain", "given k = m has probability above 1/2",
        edits((1, 0, 0, 1, 1, 1, 0, 0), lambda _: num(Q(1, 2))), _given_one,
        "one of two correct has probability 3/8",
    ),
    Mutant(
        "algorithm.coefficient", "REINFORCE: J", "J (1-J) becomes J",
        edits(row(0, 0, 1, 1, 0), lambda c: c.args[0]), _REINFORCE, "J = 3/4",
    ),
    Mutant(
        "algorithm.coefficient", "RLOO: G - 1", "J (1-J) becomes twice that",
        edits(row(1, 0, 1, 1, 0), lambda c: 2 * c),
        groups(grouped(lambda k: 1 - (Q(k) - 1) / 2, lambda k: -Q(k) / 2, 3), places=_INSIDE),
        "a leave-one-out baseline changes nothing",
    ),
    Mutant(
        "algorithm.coefficient", "Dr. GRPO: no G", "(G-1)/G J (1-J) becomes J (1-J)",
        edits(row(2, 0, 1, 1, 0), lambda c: c.args[1]), _DR, "(G-1)/G = 1/2",
    ),
    Mutant(
        "algorithm.coefficient", "population: no root", "the root is left out",
        edits(row(3, 0, 1, 1, 0), lambda c: c.args[0]),
        groups(lambda k, right, wrong: (digits(right) / 4 - digits(wrong) * 3 / 4)
               / mp.sqrt(digits(Q(3, 16))), places=_INSIDE),
        "sqrt(3/16) is not 3/16",
    ),
    Mutant(
        "algorithm.coefficient", "GRPO: one more", "c_G becomes c_(G+1)",
        edits(row(4, 0, 1, 1, 0, 0), lambda size: size + 1), _GRPO, "c_G increases with G",
    ),
    Mutant(
        "algorithm.coefficient", "GRPO: objective", "f' becomes twice as large",
        edits(row(4, 1, 0, 0, 1, 1, 2), lambda slope: 2 * slope), _GRPO, "c_G is positive",
    ),
    Mutant(
        "algorithm.coefficient", "epsilon", "epsilon in the denominator becomes 2 epsilon",
        edits(row(5, 0, 1, 1, 0, 2), lambda f: _twice(f, real("epsilon"))), _STEADIED,
        "epsilon = 1/5",
    ),
    Mutant(
        "algorithm.coefficient", "DAPO: all groups", "the probability of a mixed group is left out",
        edits(row(6, 1, 1, 0), lambda c: c.args[0]), _DAPO, "it is 9/16 for groups of three",
    ),
    Mutant(
        "algorithm.coefficient", "RAFT: J", "1 - J becomes J",
        edits(row(7, 0, 1, 1, 0), lambda c: c.args[1]), _RAFT, "J = 3/4",
    ),
    Mutant(
        "algorithm.coefficient", "log-odds: J", "gamma becomes J gamma",
        edits(row(8, 0, 1, 1, 0), lambda _: J(t)),
        groups(lambda k, right, wrong: digits(right) / digits(Q(3, 4)) - digits(wrong) * 4,
               places=_INSIDE),
        "J = 3/4",
    ),
    Mutant(
        "algorithm.grpo-small-groups", "1/3", "the constant 1/2 becomes 1/3",
        edits((1, 1, 0, 1), lambda _: num(Q(1, 3))), _third, "J (1-J) over 2 J (1-J)",
    ),
    Mutant(
        "algorithm.grpo-small-groups", "3/2", "sqrt(2) becomes 3/2 for groups of three",
        edits((1, 0, 1, 0), lambda _: num(Q(3, 2))), _third, "the deviation is sqrt(2)/3",
    ),
    Mutant(
        "algorithm.grpo-bounds", "201/100", "2 becomes 201/100 in the lower bound",
        edits((0, 0, 0, 0), lambda _: percent(201)), _unit, "attained for groups of two",
    ),
    Mutant(
        "algorithm.grpo-bounds", "no root", "the root is left out in the upper bound",
        edits((1, 1), lambda root: root.args[0]), _unit, "c_2 = J (1-J) is above half of that",
    ),
    Mutant(
        "algorithm.grpo-bernstein", "convex", "the inequality of concavity is turned round",
        edits((1, 0, 0, 0, *(1,) * 6), exchanged), _unit, "c_2 = J (1-J)",
    ),
    Mutant(
        "algorithm.grpo-bernstein", "decreasing", "c_G falls with the group size",
        edits((1, 1, 1, 0, 0, 0, 1, 1), exchanged), _unit, "c_2 < c_3",
    ),
    Mutant(
        "algorithm.grpo-bernstein", "rising", "c_G does not decrease on [0, 1]",
        edits((1, 1, 1, 1, 0, 0, 0, 0, 0), lambda _: num(0)), _unit,
        "c_2(1/2) > c_2(1/4)",
    ),
    Mutant(
        "algorithm.grpo-bernstein", "half the slope", "sqrt(N) becomes sqrt(N)/2",
        edits((1, 1, 1, 1, 1, 1, 0, 0, 0, 1, 1, 1, 0), lambda slope: slope / 2), _unit,
        "c_2(1/4) = 3/16 > 1/8",
    ),
    Mutant(
        "algorithm.grpo-bernstein", "rate", "the rate is divided by ten",
        edits((1, 1, 1, 1, 1, 1, 1, 0, 0, 1, 1, 0, 1), lambda bound: bound / 10), _unit,
        "1/2 - c_2(1/2) = 1/4",
    ),
    Mutant(
        "algorithm.even-differences", "odd", "2 m becomes 2 m + 1",
        edits((1,), lambda _: DIFFERENCE(2 * m + 1, lam(_k, 1 / sqrt(_square)))), _nodes,
        "third differences are negative where most values are before 0",
    ),
    Mutant(
        "algorithm.even-differences", "root", "a square root instead of its inverse",
        edits((1,), lambda _: DIFFERENCE(2 * m, lam(_k, sqrt(_square)))), _nodes,
        "sqrt(5) - 2 sqrt(8) + 3 < 0",
    ),
    Mutant(
        "algorithm.grpo-degree", "other slope", "f_G' is half as large",
        edits((0, 0, 0, 1, 1, 2), lambda slope: slope / 2), _sizes,
        "f_4' x (1-x) is c_4",
    ),
    Mutant(
        "algorithm.grpo-degree", "even, lower", "the last power is left out for even G",
        edits((1, 0, 0, 0, 0, 1), lambda sum_: sum_.args[0]), _sizes, "f_4 has the degree 3",
    ),
    Mutant(
        "algorithm.grpo-degree", "odd, higher", "f_G has the degree G - 1 for odd G",
        edits((1, 1, 1), lambda _: lt(0, degree.POWERS(2 * _M + 1, 2 * _M + 1))), _sizes,
        "the coefficient of x**4 in f_5 is zero",
    ),
    Mutant(
        "algorithm.grpo-degree", "sign", "the last coefficient is negative for odd G",
        edits((1, 1, 1), exchanged), _sizes, "the coefficient of x**3 in f_5 is positive",
    ),
    Mutant(
        "algorithm.edge", "own reward", "the limit a(N + 1) - b(N) is halved",
        edits((0, 2), lambda limit: limit / 2), _steady, "a = 1, b = 0",
    ),
    Mutant(
        "algorithm.edge", "failure", "the limit at 0 is 0",
        edits((1, 2), lambda _: num(0)), _steady, "a = 1, b = 0",
    ),
    Mutant(
        "algorithm.grpo-edge", "half", "the limit sqrt(N) is halved",
        edits((1, 0, 2), lambda limit: limit / 2), _edges, "c_2/(1-J) = J",
    ),
    Mutant(
        "algorithm.grpo-edge", "REINFORCE", "the ratio to REINFORCE tends to twice that",
        edits((1, 1, 2), lambda limit: 2 * limit), _edges, "c_2 = J (1-J)",
    ),
    Mutant(
        "algorithm.dapo-edge", "vanishing", "the limit at J = 1 is 0",
        edits((1, 0, 2), lambda _: num(0)), _pairs, "the coefficient is 1/2 for groups of two",
    ),
    Mutant(
        "algorithm.dapo-edge", "failure", "the limit at J = 0 is halved",
        edits((1, 1, 0, 2), lambda limit: limit / 2), _pairs,
        "the coefficient is 1/2 for groups of two",
    ),
    Mutant(
        "algorithm.noisy-verifier", "no noise", "1 - a - b becomes 1 for REINFORCE",
        edits((1, 0, 1, 1, 0), lambda slope: slope.args[1]), _slightly, "1 - a - b = 5/12",
    ),
    Mutant(
        "algorithm.noisy-verifier", "aligned", "GRPO stays aligned for a + b > 1",
        edits((1, 1, 1, 1, 1, 1, 1), exchanged), _mostly, "a + b = 17/12",
    ),
    Mutant(
        "algorithm.noisy-verifier", "clean rate", "c_G is taken at J",
        edits((1, 1, 0, 1, 1, 0, 0, 0, 1), lambda _: J(t)), _mostly, "J_n = 7/16",
    ),
]  # fmt: skip
