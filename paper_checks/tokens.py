r"""The token level: what holds of responses drawn token by token, bound by bound.

Instances are token trees (`trees`), random and made worse by a search; independent signs at
lengths up to 1000, where sums are nearly normal and most bounds nearly attained; and policies at
the top of their log-odds, where the critical step is.  Events are classes of a verifier, or any
weights in [0, 1].  Bounds at a point use the bounds G_p, L_p of the tokens there, those about a
step what holds on its segment.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cache, partial
from typing import TypeAlias

from derivations.policies import Constants, IidTokens, at, at_least, regularity
from derivations.policies.arithmetic import Arithmetic, Real
from derivations.policies.finite import Response
from paper_checks.claims import EXACTLY, Claim, Plain, Trial, apart, by_index, over
from paper_checks.families import ROUGHLY
from paper_checks.scaling import gain_of, gained, measured, tau_for
from paper_checks.search import climb
from paper_checks.trees import SIGNS, Here, Tree, signs_here

Pairs: TypeAlias = Sequence[tuple[Real, Real]]
"""Both sides of each inequality left <= right that a claim comes to; none if it says nothing."""

Sides: TypeAlias = Callable[[Tree, Arithmetic], Pairs]
AtPoint: TypeAlias = Callable[[Here], Pairs]
Verifier: TypeAlias = Callable[[int], bool]


# Sources ----------------------------------------------------------------------------------------


def worst(pairs: Pairs) -> Real | None:
    """The largest ratio left/right."""
    return max((over(*pair) for pair in pairs), default=None)


def trial(pairs: Pairs, instance: Mapping[str, Plain]) -> Iterator[Trial]:
    """One trial, or none if the claim says nothing of the instance."""
    ratio = worst(pairs)
    if ratio is not None:
        yield Trial(ratio, instance)


def trees(
    sides: Sides, *extremes: Tree, samples: int = 60, searches: int = 2, tries: int = 1500
) -> dict[str, Callable[[int], Iterator[Trial]]]:
    """Random and searched trees, and those given."""

    def tried(tree: Tree) -> Trial | None:
        return next(trial(sides(tree, EXACTLY), tree.plain()), None)

    def roughly(tree: Tree) -> float | None:
        # A side that doubles do not resolve says nothing.
        return worst([pair for pair in sides(tree, ROUGHLY) if pair[1] > 1e-9])

    def searched(index: int) -> Trial | None:
        rng = random.Random(index)
        return tried(climb(Tree.drawn, roughly, rng, starts=60, tries=tries))

    def given(seed: int) -> Iterator[Trial]:
        for tree in extremes:
            yield from trial(sides(tree, EXACTLY), tree.plain())

    found = {"random": by_index(lambda index: tried(Tree.drawn(random.Random(index))), samples)}
    for k in range(searches):
        found[f"search {k}"] = by_index(
            lambda index, k=k: searched(searches * index + k), 1  # type: ignore[misc]
        )
    return {**found, "extremal trees": given} if extremes else found


def _not_beyond(tau: int, total: int) -> bool:
    return abs(total) < tau


@cache
def signs() -> tuple[tuple[Here, Mapping[str, Plain]], ...]:
    r"""T signs at 0, correct if \|S\| < tau or if S > -tau, from common to rare failures."""
    found = []
    for length in (1, 2, 10, 100, 1000):
        root = math.isqrt(length)
        taus = {1, 2 * root, 4 * root, 8 * root, length // 2, length} & {*range(1, length + 1)}
        for tau in sorted(taus):
            verifiers: dict[str, Verifier] = {"S > -tau": at_least(1 - tau)}
            if length > 1:  # or the other one accepts nothing
                verifiers["|S| < tau"] = partial(_not_beyond, tau)
            for name, accepts in verifiers.items():
                instance = {"family": "independent signs", "T": length, "correct": name, "tau": tau}
                found.append((signs_here(length, accepts, EXACTLY), instance))
    return tuple(found)


def points(sides: AtPoint, *extremes: Tree) -> dict[str, Callable[[int], Iterator[Trial]]]:
    """Instances of a claim about a point."""
    found = trees(partial(_at_start, sides), *extremes)
    return {**found, "extremal signs": partial(_of_signs, sides)}


def _at_start(sides: AtPoint, tree: Tree, arithmetic: Arithmetic) -> Pairs:
    return sides(tree.here(arithmetic))


def _of_signs(sides: AtPoint, seed: int) -> Iterator[Trial]:
    for here, instance in signs():
        yield from trial(sides(here), instance)


# Functions ----------------------------------------------------------------------------------------


def lambert(surprise: Real, arithmetic: Arithmetic) -> Real:
    """V(p) from log(1/p), the root >= 1 of V - log V = 1 + 2 log(1/p), by Newton from above.

    >>> print(EXACTLY.context.nstr(lambert(EXACTLY.number(2), EXACTLY), 12))
    6.93684740722
    """
    if not surprise > 0:
        return arithmetic.number(1)
    value = 1 + 2 * arithmetic.call("sqrt", surprise) + 2 * surprise
    while True:
        excess = value - arithmetic.call("log", value) - 1 - 2 * surprise
        lower = value - excess / (1 - 1 / value)
        # Convex: the iteration falls until rounding stops it.
        if not 1 < lower < value:
            return value
        value = lower


def surprise(rate: Real, arithmetic: Arithmetic) -> Real:
    """log(1/p)."""
    return -arithmetic.call("log", rate)


def plain_bound(x: Real, rate: Real, arithmetic: Arithmetic) -> Real:
    """(2 log(1/p) - log(1-x))/x."""
    return (2 * surprise(rate, arithmetic) - arithmetic.call("log", 1 - x)) / x


def joint_bound(x: Real, rate: Real, arithmetic: Arithmetic) -> Real:
    """(2/x) log(1 + ((1-x)^(-1/2) - 1)/p)."""
    ratio = 1 / arithmetic.call("sqrt", 1 - x)
    return 2 / x * arithmetic.call("log", 1 + (ratio - 1) / rate)


def joint(rate: Real, arithmetic: Arithmetic) -> Real:
    """The infimum over x, by golden section in log(1-x); at x -> 0 the bound tends to 1/p."""
    exp, number = partial(arithmetic.call, "exp"), arithmetic.number

    def value(y: Real) -> Real:
        return joint_bound(1 - exp(-y), rate, arithmetic)

    # The minimum of the plain bound is at 1/(1-x) = V.
    far = lambert(arithmetic.largest(surprise(rate, arithmetic), number(0)), arithmetic)
    low, high = number(Fraction(1, 10**4)), arithmetic.call("log", far) + 5
    share = number(Fraction(382, 1000))
    for _ in range(70):
        left, right = low + share * (high - low), high - share * (high - low)
        low, high = (low, right) if value(left) < value(right) else (left, high)
    return arithmetic.smallest(value((low + high) / 2), 1 / rate)


def logistic(value: float, arithmetic: Arithmetic) -> Real:
    """A number in (0, 1)."""
    return 1 / (1 + arithmetic.call("exp", -arithmetic.number(Fraction(value))))


# Moments ----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Event:
    """A set of responses with weights, by the sums that the claims need."""

    arithmetic: Arithmetic
    sigma2: Real
    rate: Real
    square: Real
    length: Real

    @property
    def surprise(self) -> Real:
        """log(1/P(A))."""
        return surprise(self.rate, self.arithmetic)


def chances(responses: Sequence[Response], arithmetic: Arithmetic) -> list[Real]:
    """The probabilities of responses."""
    return [arithmetic.call("exp", r.log_weight) for r in responses]


def event(tree: Tree, arithmetic: Arithmetic) -> Event | None:
    """The event whose weights are the tree's values, cut to [0, 1]; None if it is impossible."""
    number, here = arithmetic.number, tree.here(arithmetic)
    responses = tree.responses(arithmetic)
    weights = [number(Fraction(min(1.0, max(0.0, x)))) for x in tree.values]
    masses = [w * p for w, p in zip(weights, chances(responses, arithmetic), strict=True)]
    rate = sum(masses, start=number(0))
    if not rate > 0:
        return None
    square = sum(m * r.score[0] ** 2 for m, r in zip(masses, responses, strict=True)) / rate
    length = sum(m * r.length for m, r in zip(masses, responses, strict=True)) / rate
    return Event(arithmetic, here.sigma2, rate, square, length)


def of_event(bound: Callable[[Event], Real], tree: Tree, arithmetic: Arithmetic) -> Pairs:
    """E_A[s^2] <= bound."""
    found = event(tree, arithmetic)
    return [] if found is None else [(found.square, bound(found))]


def of_classes(bound: Callable[[Event], Real], here: Here) -> Pairs:
    """The same for O+ and O-."""
    rates = {True: here.point.success, False: here.point.failure}
    return [
        (here.square(side), bound(Event(here.point.arithmetic, here.sigma2, rate, here.square(side),
                                        here.length(side))))
        for side, rate in rates.items()
    ]  # fmt: skip


def by_lambert(found: Event) -> Real:
    """sigma^2 V(P(A))."""
    return found.sigma2 * lambert(found.surprise, found.arithmetic)


def by_joint(found: Event) -> Real:
    """sigma^2 times the infimum of `token.joint`."""
    return found.sigma2 * joint(found.rate, found.arithmetic)


def for_every_exponent(tree: Tree, arithmetic: Arithmetic) -> Pairs:
    """E_A[s^2] <= sigma^2 times either bound at an x of its own."""
    found, x = event(tree, arithmetic), logistic(tree.rate, arithmetic)
    if found is None:
        return []
    bounds = (plain_bound, joint_bound)
    return [(found.square, found.sigma2 * f(x, found.rate, arithmetic)) for f in bounds]


def sums_of_signs(count: int, arithmetic: Arithmetic) -> list[tuple[Real, int]]:
    """The values of the sum S of fair signs with their probabilities, from the largest on."""
    number = arithmetic.number
    return [
        (number(Fraction(math.comb(count, k), 2**count)), count - 2 * k) for k in range(count + 1)
    ]


def top_mean(rate: Real, count: int, arithmetic: Arithmetic) -> tuple[Real, int]:
    """The mean of S^2 over its top fraction of that probability, and the quantile it ends at."""
    squares = sorted(((s * s, p) for p, s in sums_of_signs(count, arithmetic)), reverse=True)
    left, total, quantile = rate, arithmetic.number(0), 0
    for square, mass in squares:
        if not left > 0:
            break
        taken, quantile = arithmetic.smallest(left, mass), square
        total, left = total + taken * square, left - taken
    return total / rate, quantile


def top_share(found: Event, longest: int) -> Real:
    """G_p^2 times the mean of the top P(A)-fraction of S^2, S the sum of T_max signs."""
    return found.sigma2 / longest * top_mean(found.rate, longest, found.arithmetic)[0]


def least_value(index: int) -> Trial:
    """That mean is the least x + E[(S^2 - x)_+]/p, which it is at the quantile."""
    rng = random.Random(index)
    count, p = rng.randint(1, 40), EXACTLY.call("exp", EXACTLY.number(Fraction(-4 * rng.random())))
    x = EXACTLY.number(Fraction(rng.uniform(-1, count**2 / 4)))
    mean, quantile = top_mean(p, count, EXACTLY)

    def value(level: Real) -> Real:
        beyond = EXACTLY.number(0)
        for mass, s in sums_of_signs(count, EXACTLY):
            beyond += mass * EXACTLY.largest(s * s - level, EXACTLY.number(0))
        return level + beyond / p

    ratio = max(over(mean, value(x)), apart([mean], [value(EXACTLY.number(quantile))]))
    return Trial(ratio, {"N": count, "p": _digits(p), "x": _digits(x)})


def convex_order(tree: Tree, arithmetic: Arithmetic) -> Pairs:
    r"""E f(s) <= E f(G_p S) for \|x - a\| and (x - a)_+, a the tree's rate, and x^4."""
    number, here = arithmetic.number, tree.here(arithmetic)
    a, zero = number(Fraction(tree.rate)), number(0)
    responses = tree.responses(arithmetic)
    scores = [(p, r.score[0]) for p, r in
              zip(chances(responses, arithmetic), responses, strict=True)]  # fmt: skip
    signs_ = [(p, here.tokens.score * s) for p, s in sums_of_signs(here.longest, arithmetic)]
    functions: list[Callable[[Real], Real]] = [
        lambda x: abs(x - a), lambda x: arithmetic.largest(x - a, zero), lambda x: x**4,
    ]  # fmt: skip
    return [tuple(sum(p * f(x) for p, x in law) for law in (scores, signs_)) for f in functions]


def sign_tree() -> Tree:
    """Three fair signs at 0, as a tree, with the event that all of them agree."""
    pairs = ((0.0, 0.0),) * 7
    then = ((1, 2), (3, 4), (5, 6), (0, 0), (0, 0), (0, 0), (0, 0))
    return Tree(
        pairs, ((1.0, -1.0),) * 7, pairs, then, (True,) + (False,) * 7,
        (1.0, *(0.0,) * 6, 1.0), 0.5, 0.0, 6.0,
    )  # fmt: skip


def by_top_share(tree: Tree, arithmetic: Arithmetic) -> Pairs:
    """E_A[s^2] against `top_share`."""
    found = event(tree, arithmetic)
    longest = tree.policy(arithmetic.number).longest
    return [] if found is None else [(found.square, top_share(found, longest))]


def top_share_of_signs(here: Here) -> Pairs:
    """The same for signs: attained where the class is a tail."""
    return of_classes(lambda found: top_share(found, here.longest), here)


def exponential(tree: Tree, arithmetic: Arithmetic) -> Pairs:
    """E exp(lambda s) <= exp(lambda^2 sigma^2/2), lambda the tree's rate."""
    exp, rate = partial(arithmetic.call, "exp"), arithmetic.number(Fraction(tree.rate))
    responses = tree.responses(arithmetic)
    moment = sum(
        p * exp(rate * r.score[0])
        for p, r in zip(chances(responses, arithmetic), responses, strict=True)
    )
    return [(moment, exp(rate * rate * tree.here(arithmetic).sigma2 / 2))]


def exponential_square(tree: Tree, arithmetic: Arithmetic) -> Pairs:
    """E exp(lambda s^2) <= (1-x)^(-1/2), x = 2 lambda sigma^2."""
    exp, x = partial(arithmetic.call, "exp"), logistic(tree.rate, arithmetic)
    responses, rate = tree.responses(arithmetic), x / (2 * tree.here(arithmetic).sigma2)
    moment = sum(
        p * exp(rate * r.score[0] ** 2)
        for p, r in zip(chances(responses, arithmetic), responses, strict=True)
    )
    return [(moment, 1 / arithmetic.call("sqrt", 1 - x))]


def gibbs(tree: Tree, arithmetic: Arithmetic) -> Pairs:
    """exp(E_A[f]) P(A) <= E exp(f), f the values, A = O+; 1-P(A) is kept for |f|; Jensen."""
    exp, number = partial(arithmetic.call, "exp"), arithmetic.number
    masses, pairs = chances(tree.responses(arithmetic), arithmetic), []
    rate = sum((p for p, c in zip(masses, tree.correct, strict=True) if c), start=number(0))
    for values, kept in ((tree.values, 0), (tuple(map(abs, tree.values)), 1)):
        f = [number(Fraction(x)) for x in values]
        inside = [(p / rate, x) for p, x, c in zip(masses, f, tree.correct, strict=True) if c]
        mean = exp(sum(p * x for p, x in inside))
        moment = sum(p * exp(x) for p, x in zip(masses, f, strict=True))
        pairs += [
            (mean * rate + kept * (1 - rate), moment),
            (mean, sum(p * exp(x) for p, x in inside)),
        ]
    return pairs


def mean_order(tree: Tree, arithmetic: Arithmetic) -> Pairs:
    """E_±[s^2] <= E_±[s^2 + f^2], f the values."""
    number, responses, pairs = arithmetic.number, tree.responses(arithmetic), []
    masses = chances(responses, arithmetic)
    for side in (True, False):
        chosen = [(p, r.score[0] ** 2, number(Fraction(f)) ** 2)
                  for p, r, f in zip(masses, responses, tree.values, strict=True)
                  if r.correct is side]  # fmt: skip
        rate = sum(p for p, _, _ in chosen)
        left, right = (sum(p * x for p, x in c) / rate for c in (
            [(p, s) for p, s, _ in chosen], [(p, s + f) for p, s, f in chosen],
        ))  # fmt: skip
        pairs.append((left, right))
    return pairs


def orthogonal(index: int) -> Trial:
    """E[s] = 0 and E[s^2] = E[sum_t s_t^2], the mean over all prefixes of what comes next."""
    tree = Tree.drawn(random.Random(index))
    policy, exp = tree.policy(EXACTLY.number), partial(EXACTLY.call, "exp")
    tokens = policy.tokens((EXACTLY.number(Fraction(tree.start)),), EXACTLY)
    reached = [EXACTLY.number(1)] + [EXACTLY.number(0)] * (len(tokens) - 1)
    added = EXACTLY.number(0)
    for position, (branch, followers) in enumerate(zip(tokens, policy.then, strict=True)):
        for (log_p, s, _), then in zip(branch, followers, strict=True):
            mass = reached[position] * exp(log_p)
            added += mass * s * s
            if then:
                reached[then] += mass
    responses = tree.responses(EXACTLY)
    pairs = list(zip(chances(responses, EXACTLY), responses, strict=True))
    mean, square = (sum(p * r.score[0] ** k for p, r in pairs) for k in (1, 2))
    return Trial(apart([1 + mean, square], [EXACTLY.number(1), added]), tree.plain())


def sizes(tree: Tree, arithmetic: Arithmetic) -> Pairs:
    """|h| <= L_p T and |s| <= G_p T for every response."""
    bounds = tree.here(arithmetic).tokens
    return [
        pair
        for r in tree.responses(arithmetic)
        for pair in (
            (abs(r.score[0]), bounds.score * r.length),
            (abs(r.hessian[0, 0]), bounds.hessian * r.length),
        )
    ]


def length_norm(lengths: Sequence[tuple[Real, int]], arithmetic: Arithmetic) -> Real:
    """The norm of T: the least psi with E exp(T/psi) <= 2, or a little more."""
    exp, number = partial(arithmetic.call, "exp"), arithmetic.number
    longest = max(t for _, t in lengths)
    # E exp(T/psi) > 2 at 1/log 2 unless T = 1, and <= 2 at T_max/log 2.
    log2 = arithmetic.call("log", number(2))
    low, high = 1 / log2, longest / log2
    for _ in range(60):
        middle = (low + high) / 2
        fits = sum(p * exp(t / middle) for p, t in lengths) <= 2
        low, high = (low, middle) if fits else (middle, high)
    return high


def mean_length(tree: Tree, arithmetic: Arithmetic) -> Pairs:
    """E_A[T] <= min{T_max, E[T]/P(A), psi log(2/P(A))}."""
    found, responses = event(tree, arithmetic), tree.responses(arithmetic)
    if found is None:
        return []
    masses = chances(responses, arithmetic)
    lengths = [(p, r.length) for p, r in zip(masses, responses, strict=True)]
    mean = sum(p * t for p, t in lengths)
    log = partial(arithmetic.call, "log")
    psi = length_norm(lengths, arithmetic) * log(2 / found.rate)
    longest = arithmetic.number(max(t for _, t in lengths))
    return [(found.length, arithmetic.smallest(longest, mean / found.rate, psi))]


# At a point -------------------------------------------------------------------------------------


def second_moment(here: Here) -> Pairs:
    """E[s^2] <= min{G_p^2, L_p} E[T], and E[T] <= T_max."""
    point, square = here.point, here.square(None)
    rate = point.arithmetic.smallest(here.tokens.score**2, here.tokens.hessian)
    return [
        (square, rate * here.length(None)),
        (here.length(None), point.arithmetic.number(here.longest)),
    ]


def spread(here: Here) -> Pairs:
    """J (1-J) Delta mu^2 <= E[s^2]."""
    point = here.point
    return [(point.success * point.failure * here.alignment**2, here.square(None))]


def naive(here: Here) -> Pairs:
    """|ell''| <= 2 T L_p + T^2 G_p^2."""
    bound = 2 * here.hessian + here.longest * here.sigma2
    return [(abs(here.point.curvature((1,))), bound)]


def gap(here: Here) -> Pairs:
    """Delta mu^2 <= 2 sigma^2 ell/(2J-1), 4 sigma^2 at J = 1/2."""
    point = here.point
    difference = point.success - point.failure
    factor = 2 * point.log_odds / difference if difference != 0 else 4
    return [(here.alignment**2, here.sigma2 * factor)]


def side_means(here: Here) -> Pairs:
    """E_±[T] <= T_max, |E_±[h]| <= L_p E_±[T], (1-J) E_-[s^2] <= E[s^2]."""
    point, longest = here.point, here.point.arithmetic.number(here.longest)
    pairs = [(point.failure * here.square(False), here.square(None))]
    for side in (True, False):
        mean = point.moment(side, (1,), hessian=1)
        length = here.length(side)
        pairs += [(length, longest), (abs(mean), here.tokens.hessian * length)]
    return pairs


def variance_of_failures(here: Here) -> Real:
    """sigma^2 V(1-J)."""
    point = here.point
    return here.sigma2 * lambert(surprise(point.failure, point.arithmetic), point.arithmetic)


def curvature(here: Here) -> Pairs:
    """The bound of `token.curvature`."""
    point = here.point
    rate = point.arithmetic.smallest(here.tokens.score**2, here.tokens.hessian)
    plain = rate * here.length(None) / point.failure
    lengths = here.length(True) + here.length(False)
    spread = point.arithmetic.smallest(plain, variance_of_failures(here))
    return [(-point.curvature((1,)), here.tokens.hessian * lengths + spread)]


def from_success(here: Here) -> Pairs:
    """-ell'' + J Delta mu^2 <= L_p E_+[T]/(1-J)."""
    point = here.point
    left = -point.curvature((1,)) + point.success * here.alignment**2
    return [(left, here.tokens.hessian * here.length(True) / point.failure)]


def from_failure(here: Here) -> Pairs:
    """-ell'' <= (L_p E_-[T] + sigma^2 V(1-J))/J for J >= 1/2."""
    point = here.point
    if not point.log_odds >= 0:
        return []
    bound = here.tokens.hessian * here.length(False) + variance_of_failures(here)
    return [(-point.curvature((1,)), bound / point.success)]


# The critical step --------------------------------------------------------------------------------


def inverse(here: Here) -> Real:
    """L_p T/(1-J)."""
    return here.hessian / here.point.failure


def logarithmic(here: Here) -> Real:
    """(L_p T + sigma^2 V((1-J) e^(-3/2)))/J."""
    point = here.point
    beyond = surprise(point.failure, point.arithmetic) + point.arithmetic.number(Fraction(3, 2))
    return (here.hessian + here.sigma2 * lambert(beyond, point.arithmetic)) / point.success


def critical(here: Here) -> Real:
    """kappa_tok(J)."""
    if here.point.log_odds < 0:
        return inverse(here)
    return here.point.arithmetic.smallest(inverse(here), logarithmic(here))


def branches(here: Here) -> Pairs:
    """Below J = 1/2 the first branch is the smaller one."""
    return [(inverse(here), logarithmic(here))] if here.point.log_odds < 0 else []


def rise(here: Here) -> Pairs:
    """eta Delta mu + L_p T eta^2/(2J) <= 3/2 at eta = Delta mu/kappa_tok, second branch."""
    point = here.point
    if not (point.log_odds >= 0 and here.alignment > 0 and logarithmic(here) < inverse(here)):
        return []
    eta = here.alignment / logarithmic(here)
    risen = eta * here.alignment + here.hessian * eta * eta / (2 * point.success)
    return [(risen, point.arithmetic.number(Fraction(3, 2)))]


def keeps_half(bound: Callable[[Here], Real], tree: Tree, arithmetic: Arithmetic) -> Pairs:
    """The step Delta mu/bound, or the segment if that is shorter, keeps half of its alignment."""
    here = tree.segment(arithmetic)
    if not here.alignment > 0:
        return []
    eta = min(here.alignment / bound(here), arithmetic.number(Fraction(tree.reach)))
    gain = tree.at(eta, arithmetic).log_odds - here.point.log_odds
    return [(eta * here.alignment / 2, gain)]


def tops() -> Iterator[Tree]:
    """One token, correct or not, with log-odds a - b t^2/2, from a little below the top."""
    for level in (-20.0, -3.0, -1e-3, 0.5, 5.0):
        for size in range(1, 8, 2):
            start = -(10.0**-size)
            yield Tree(
                ((level, 0.0),), ((0.0, 0.0),), ((-1.0, 0.0),), ((0, 0),), (True, False),
                (1.0, 0.0), 0.0, start, -math.log2(-2 * start),
            )  # fmt: skip


def sharp_token(score: int, hessian: int) -> Tree:
    """The policy of `trajectory.sharp`, as responses of one token."""
    level = math.log(2 * (hessian + score**2) / hessian)
    G, L = float(score), float(hessian)
    return Tree(
        ((level, 0.0, 0.0),), ((0.0, G, -G),), ((-L, L, L),), ((0, 0, 0),),
        (True, False, False), (0.0, 1.0, 1.0), 0.0, 0.0, 12.0,
    )  # fmt: skip


def long_steps(bound: Callable[[Here], Real], seed: int) -> Iterator[Trial]:
    r"""Independent tokens, correct if \|S\| < tau, from a little below the top of the log-odds."""
    for length in (10, 100, 1000):
        for level in (Fraction(1, 2), Fraction(1, 100), Fraction(1, 10**10), Fraction(1, 10**40)):
            case = measured(length, tau_for(length, level))
            bounds = Constants(case.constants.score / length, case.constants.hessian / length)
            here = Here(case.start, bounds, length)
            eta = min(here.alignment / bound(here), 2 * EXACTLY.number(case.delta))
            yield Trial(over(eta * here.alignment / 2, gain_of(case, eta)), case.plain())


def aligned_steps(bound: Callable[[Here], Real], seed: int) -> Iterator[Trial]:
    """T signs, correct if S > -tau, from 0: failures are rare and the alignment is large."""
    reach = Fraction(1, 64)
    for length, tau in ((100, 30), (100, 100), (1000, 100), (1000, 250), (1000, 1000)):
        policy = IidTokens(length, SIGNS, at_least(1 - tau))
        start = at(policy, (0,), EXACTLY)
        whole = regularity(policy, (0,), (reach,), EXACTLY, pieces=8)
        here = Here(start, Constants(whole.score / length, whole.hessian / length), length)
        eta = min(here.alignment / bound(here), EXACTLY.number(reach))
        gain = gained(policy, Fraction(0), eta)
        instance = {"family": "independent signs", "T": length, "correct": "S > -tau", "tau": tau}
        yield Trial(over(eta * here.alignment / 2, gain), instance)


def steps(bound: Callable[[Here], Real]) -> dict[str, Callable[[int], Iterator[Trial]]]:
    """Instances of a claim that Delta mu/bound keeps half of its alignment."""
    found = trees(partial(keeps_half, bound), *tops(), samples=30)
    return {
        **found,
        "extremal tops": partial(long_steps, bound),
        "extremal signs": partial(aligned_steps, bound),
    }


# Numbers ----------------------------------------------------------------------------------------


def _rate(rng: random.Random) -> Real:
    """A probability, common or as rare as 1e-300."""
    return EXACTLY.call("exp", EXACTLY.number(Fraction(-(rng.uniform(0, 5.2) ** 4))))


def root(index: int) -> Trial:
    """V solves its equation, and is what mpmath says of the branch W_{-1}."""
    p = _rate(random.Random(index))
    u = surprise(p, EXACTLY)
    value = lambert(u, EXACTLY)
    other = -EXACTLY.context.lambertw(-p * p * EXACTLY.call("exp", EXACTLY.number(-1)), -1).real
    height = value - EXACTLY.call("log", value)
    return Trial(apart([value, height], [other, 1 + 2 * u]), {"p": _digits(p)})


def properties(index: int) -> Trial:
    """Chatzigeorgiou's bounds, V decreasing, and V <= every (2u - log(1-x))/x, = at 1 - 1/V."""
    rng = random.Random(index)
    p, x = _rate(rng), EXACTLY.number(Fraction(rng.random()))
    u = surprise(p, EXACTLY)
    value, r = lambert(u, EXACTLY), EXACTLY.call("sqrt", u)
    smaller = lambert(u + EXACTLY.number(Fraction(rng.random())), EXACTLY)
    ratios = [
        (1 + 2 * r + 4 * u / 3) / value,
        value / (1 + 2 * r + 2 * u),
        value / smaller,
        value / plain_bound(x, p, EXACTLY),
        apart([plain_bound(1 - 1 / value, p, EXACTLY)], [value]),
    ]
    return Trial(max(ratios), {"p": _digits(p), "x": _digits(x)})


def crossing(seed: int) -> Iterator[Trial]:
    """V(p) < 1/p at p = 0.14899929651 and not at 0.14899929652."""
    for digits, is_below in (("0.14899929651", True), ("0.14899929652", False)):
        p = EXACTLY.number(Fraction(digits))
        product = p * lambert(surprise(p, EXACTLY), EXACTLY)
        yield Trial(product if is_below else 1 / product, {"p": digits})


def infimum(index: int) -> Trial:
    """The infimum of `token.joint` is at most V(p) and 1/p."""
    p = _rate(random.Random(index))
    value = joint(p, EXACTLY)
    return Trial(
        max(value / lambert(surprise(p, EXACTLY), EXACTLY), value * p), {"p": _digits(p)}
    )  # fmt: skip


def chords(index: int) -> Trial:
    """The two chords of `token.two-points` and `token.two-points-square`."""
    rng = random.Random(index)
    a, G, rate = (EXACTLY.number(Fraction(rng.uniform(*ends))) for ends in (
        (-3, 3), (0.01, 3), (-2, 2),
    ))  # fmt: skip
    x = G * EXACTLY.number(Fraction(rng.choice((rng.uniform(-1, 1), -1, 1))))
    share = EXACTLY.number(Fraction(rng.random()))
    exp, square = partial(EXACTLY.call, "exp"), share / (2 * G * G)

    def ratio(f: Callable[[Real], Real], bound: Real) -> Real:
        slope = (f(a + G) - f(a - G)) / (2 * G)
        return over(f(a + x), bound + x * slope)

    ratios = [
        ratio(lambda z: exp(rate * z), exp(rate**2 * G**2 / 2 + rate * a)),
        ratio(
            lambda z: exp(square * z * z),
            exp(square / (1 - share) * a * a) / EXACTLY.call("sqrt", 1 - share),
        ),
    ]
    names = {"a": a, "G": G, "x": x, "lambda": rate, "share": share}
    return Trial(max(ratios), {k: _digits(v) for k, v in names.items()})


def _digits(value: Real) -> str:
    return str(EXACTLY.context.nstr(value, 17))


# Claims -----------------------------------------------------------------------------------------

EVENTS = ("token.lambert", "token.event-square")

CLAIMS = (
    Claim(
        "tokens.orthogonal",
        "E[s] = 0 and E[s^2] = E[sum s_t^2]",
        ("token.martingale", "token.orthogonal", "token.prefix-score", "token.score-sum"),
        {"random": by_index(orthogonal, 100)},
    ),
    Claim(
        "tokens.sizes",
        "every response: |s| <= G_p T, |h| <= L_p T",
        ("token.sizes",),
        trees(sizes, searches=1),
    ),
    Claim(
        "tokens.second-moment",
        "E[s^2] <= min(G_p^2, L_p) E[T], E[T] <= T_max",
        ("token.martingale", "token.second-moment"),
        points(second_moment),
    ),
    Claim("tokens.spread", "J(1-J) Dmu^2 <= E[s^2]", ("token.spread",), points(spread)),
    Claim(
        "tokens.naive",
        "|ell''| <= 2 T L_p + T^2 G_p^2",
        ("token.naive",),
        points(naive, sharp_token(1, 1), sharp_token(3, 1), sharp_token(1, 5)),
    ),
    Claim(
        "tokens.inverse",
        "eta = (1-J) Dmu/(L_p T) keeps half of its alignment",
        ("token.threshold-inverse",),
        steps(inverse),
    ),
    Claim(
        "tokens.azuma", "E exp(c s) <= exp(c^2 sigma^2/2)", ("token.azuma",), trees(exponential)
    ),
    Claim(
        "tokens.square-mgf",
        "E exp(c s^2) <= (1 - 2 c sigma^2)^(-1/2)",
        ("token.square-mgf",),
        trees(exponential_square),
    ),
    Claim(
        "tokens.gibbs",
        "exp(E_A f) P(A) <= E exp(f); f >= 0: 1 - P(A) more",
        ("token.gibbs", "token.gibbs-moment", "token.jensen"),
        trees(gibbs),
    ),
    Claim(
        "tokens.mean-order",
        "s^2 <= s^2 + f^2 keeps its order under O+ and O-",
        ("token.mean-order",),
        trees(mean_order, searches=0),
    ),
    Claim(
        "tokens.lambert",
        "E_A[s^2] <= sigma^2 V(P(A)), A with any weights",
        EVENTS,
        trees(partial(of_event, by_lambert)),
    ),
    Claim(
        "tokens.lambert-classes",
        "E_A[s^2] <= sigma^2 V(P(A)), A = O+ or O-",
        EVENTS,
        points(partial(of_classes, by_lambert)),
    ),
    Claim(
        "tokens.every-exponent",
        "E_A[s^2] <= sigma^2 times either bound, at any x",
        ("token.event-square",),
        trees(for_every_exponent),
    ),
    Claim(
        "tokens.joint",
        "E_A[s^2] <= sigma^2 inf (2/x) log(1 + ((1-x)^(-1/2) - 1)/P(A))",
        ("token.joint",),
        trees(partial(of_event, by_joint), searches=1, tries=300)
        | {"extremal signs": partial(_of_signs, partial(of_classes, by_joint))},
    ),
    Claim(
        "tokens.extremal",
        "E_A[s^2] <= G_p^2 times the mean of the top share of S^2, S a sum of signs",
        ("token.extremal",),
        trees(by_top_share, sign_tree())
        | {"extremal signs": partial(_of_signs, top_share_of_signs)},
    ),
    Claim(
        "tokens.top-mean",
        "the mean of the top share p of S^2 is the least x + E[(S^2 - x)_+]/p",
        ("token.top-mean",),
        {"random": by_index(least_value, 100)},
    ),
    Claim(
        "tokens.convex-order",
        "E f(s) <= E f(G_p S), f convex, S a sum of signs",
        ("token.convex-order",),
        trees(convex_order, sign_tree()),
    ),
    Claim("tokens.gap", "Dmu^2 <= 2 sigma^2 ell/(2J-1)", ("token.gap",), points(gap)),
    Claim(
        "tokens.length",
        "E_A[T] <= min(T_max, E[T]/P(A), psi log(2/P(A)))",
        ("token.length",),
        trees(mean_length),
    ),
    Claim(
        "tokens.side-means",
        "E_+[T], E_-[T] <= T_max, and the bounds on the sides that they give",
        ("token.side-means",),
        points(side_means),
    ),
    Claim(
        "tokens.curvature",
        "-ell'' <= L_p (E_+[T] + E_-[T]) + min(min(G_p^2, L_p) E[T]/(1-J), sigma^2 V(1-J))",
        ("token.curvature",),
        points(curvature, *tops()),
    ),
    Claim(
        "tokens.from-success",
        "-ell'' + J Dmu^2 <= L_p E_+[T]/(1-J)",
        ("token.curvature-one-sided",),
        points(from_success, *tops()),
    ),
    Claim(
        "tokens.from-failure",
        "J >= 1/2: -ell'' <= (L_p E_-[T] + sigma^2 V(1-J))/J",
        ("token.curvature-one-sided",),
        points(from_failure, *tops()),
    ),
    Claim(
        "tokens.threshold",
        "eta = Dmu/kappa_tok(J) keeps half of its alignment",
        ("token.threshold",),
        steps(critical),
        "0.9996",
    ),
    Claim(
        "tokens.branches",
        "J < 1/2: L_p T/(1-J) is the smaller of the two in kappa_tok",
        ("token.threshold",),
        points(branches),
    ),
    Claim(
        "tokens.rise",
        "J >= 1/2: eta Dmu + L_p T eta^2/(2J) <= 3/2 at eta = Dmu/kappa_tok",
        ("token.threshold",),
        points(rise),
        "0.581",  # .872 of 3/2
    ),
    Claim(
        "tokens.root",
        "V(p) = -W_{-1}(-p^2/e) is the root of V - log V = 1 + 2 log(1/p)",
        ("token.lambert-root",),
        {"random": by_index(root, 100)},
    ),
    Claim(
        "tokens.properties",
        "1 + 2 sqrt(u) + 4u/3 <= V <= 1 + 2 sqrt(u) + 2u, V decreasing, V a minimum",
        ("token.lambert-properties", "token.lambert-minimum"),
        {"random": by_index(properties, 200)},
    ),
    Claim(
        "tokens.crossing",
        "V(p) < 1/p at p = 0.14899929651, not at 0.14899929652",
        ("token.lambert-properties",),
        {"extremal": crossing},
    ),
    Claim(
        "tokens.infimum",
        "the infimum of token.joint is at most V(p) and 1/p",
        ("token.joint-infimum",),
        {"random": by_index(infimum, 60)},
    ),
    Claim(
        "tokens.chords",
        "the chords of exp(c x) and exp(c x^2) on [-G, G]",
        ("token.two-points", "token.two-points-square"),
        {"random": by_index(chords, 300)},
    ),
)
"""V(p) = -W_{-1}(-p^2/e), sigma^2 = G_p^2 T_max, kappa_tok of `token.critical-curvature`."""
