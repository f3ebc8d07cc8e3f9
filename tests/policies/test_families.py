"""Every family against brute force: listed strings, explicit probabilities, differences.

The brute force knows nothing of class laws: it lists log pi(o) along the line as functions of t,
differentiates them numerically, and takes conditional expectations by definition.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import product
from random import Random
from typing import Any

import pytest
from flint import arb
from hypothesis import given, settings
from hypothesis import strategies as st
from mpmath.ctx_mp import MPContext

from derivations.policies import (
    Balls,
    Constants,
    IidTokens,
    Leaf,
    LogLinear,
    Numbers,
    Point,
    Policy,
    ScoredToken,
    Token,
    TokenTree,
    TwoResponses,
    at,
    at_least,
    below,
    grow,
    regularity,
    softmax_bandit,
)

FINE: Any = MPContext()
FINE.dps = 90
FIFTY = FINE.mpf(10) ** -50


@dataclass(frozen=True)
class Listed:
    """One response by brute force: log pi along the line, its length and verdict."""

    log_pi: Callable[[Any], Any]
    length: int
    correct: bool


@dataclass(frozen=True)
class Case:
    """A policy, a point, a direction, and the same written out by hand."""

    policy: Policy
    theta: tuple[Any, ...]
    w: tuple[Any, ...]
    listed: Sequence[Listed]


def number(x: Any) -> Any:
    x = Fraction(x)
    return FINE.mpf(x.numerator) / x.denominator


def line(case_theta: Sequence[Any], w: Sequence[Any]) -> Callable[[Any], list[Any]]:
    return lambda t: [number(a) + t * number(b) for a, b in zip(case_theta, w, strict=True)]


def softmax_list(logits: Sequence[Callable[[Any], Any]]) -> list[Callable[[Any], Any]]:
    def log_pi(i: int) -> Callable[[Any], Any]:
        return lambda t: logits[i](t) - FINE.log(sum(FINE.exp(f(t)) for f in logits))

    return [log_pi(i) for i in range(len(logits))]


def loglinear_case(policy: LogLinear, theta: Sequence[Any], w: Sequence[Any]) -> Case:
    path = line(theta, w)
    logits = [
        lambda t, phi=phi, a=a: (
            number(a) + sum(number(x) * y for x, y in zip(phi, path(t), strict=True))
        )
        for phi, a in zip(policy.features, policy.offsets, strict=True)
    ]
    listed = [Listed(f, 1, c) for f, c in zip(softmax_list(logits), policy.correct, strict=True)]
    return Case(policy, tuple(theta), tuple(w), listed)


def two_case() -> Case:
    policy = TwoResponses(lambda x, y: x * y + 2 * (x - y).sin() - x**2, 2)
    theta, w = (Fraction(1, 3), Fraction(-2, 5)), (Fraction(3, 5), Fraction(4, 5))
    path = line(theta, w)

    def f(t: Any) -> Any:
        x, y = path(t)
        return x * y + 2 * FINE.sin(x - y) - x**2

    return Case(
        policy,
        theta,
        w,
        [
            Listed(lambda t: -FINE.log1p(FINE.exp(-f(t))), 1, True),
            Listed(lambda t: -FINE.log1p(FINE.exp(f(t))), 1, False),
        ],
    )


def tree_features(prefix: tuple[int, ...], token: int) -> tuple[Fraction, ...]:
    depth = len(prefix)
    return (
        Fraction(token, depth + 1),
        Fraction((sum(prefix) + token) % 3),
        Fraction(depth - token),
    )


def tree_case() -> Case:
    """Three tokens, 0 ends the response, at most four tokens; 31 responses of lengths 1 to 4."""
    theta = (Fraction(1, 2), Fraction(-1, 3), Fraction(1, 5))
    w = (Fraction(2, 3), Fraction(-1, 3), Fraction(2, 3))
    path = line(theta, w)

    def verdict(response: tuple[int, ...]) -> bool:
        return sum(response) % 3 == 1

    def log_pi(response: tuple[int, ...]) -> Callable[[Any], Any]:
        def value(t: Any) -> Any:
            total = FINE.mpf(0)
            for n, chosen in enumerate(response):
                prefix = response[:n]
                logits = [
                    sum(
                        number(x) * y
                        for x, y in zip(tree_features(prefix, v), path(t), strict=True)
                    )
                    for v in range(3)
                ]
                total += logits[chosen] - FINE.log(sum(map(FINE.exp, logits)))
            return total

        return value

    listed = []
    for length in (1, 2, 3, 4):
        for string in product((0, 1, 2), repeat=length):
            inside, last = string[:-1], string[-1]
            if 0 not in inside and (last == 0 or length == 4):
                listed.append(Listed(log_pi(string), length, verdict(string)))
    return Case(grow((0, 1, 2), 0, 4, tree_features, verdict), theta, w, listed)


def iid_case(
    tokens: Sequence[ScoredToken], length: int, accepts: Callable[[int], bool], theta: Fraction
) -> Case:
    w = (Fraction(-3, 4),)
    path = line((theta,), w)
    logits = [
        lambda t, token=token: number(token.slope) * path(t)[0] + number(token.offset)
        for token in tokens
    ]
    single = softmax_list(logits)
    # Strings with the same tokens are alike: one entry per multiset, with its multiplicity.
    counts: dict[tuple[int, ...], int] = {}
    for string in product(range(len(tokens)), repeat=length):
        key = tuple(sorted(string))
        counts[key] = counts.get(key, 0) + 1
    listed = [
        Listed(
            lambda t, key=key, many=many: FINE.log(many) + sum(single[i](t) for i in key),
            length,
            accepts(sum(tokens[i].value for i in key)),
        )
        for key, many in counts.items()
    ]
    return Case(IidTokens(length, tuple(tokens), accepts), (theta,), w, listed)


SIGNS = (ScoredToken(1, 1), ScoredToken(-1, -1))
MIXED = (
    ScoredToken(0, "0.3", "0.1"),
    ScoredToken(3, -1),
    ScoredToken(3, Fraction(5, 7), "-0.4"),
    ScoredToken(5, 2, -1),
)


CASES = {
    "bandit": loglinear_case(
        softmax_bandit((True, False, True, False)),
        (Fraction(1, 2), 0, -1, Fraction(1, 3)),
        (Fraction(1, 2), Fraction(1, 2), Fraction(-1, 2), Fraction(1, 2)),
    ),
    "log-linear": loglinear_case(
        LogLinear(
            ((1, 0), ("0.5", -2), (Fraction(1, 3), 1), (0, 0), (-1, 1)),
            (False, True, True, False, False),
            (0, "-0.7", 1, 2, "0.01"),
        ),
        (Fraction(7, 10), Fraction(-1, 5)),
        (Fraction(3, 5), Fraction(-4, 5)),
    ),
    "two": two_case(),
    "tree": tree_case(),
    "signs": iid_case(SIGNS, 6, range(-3, 4).__contains__, Fraction(1, 3)),
    "mixed": iid_case(MIXED, 4, at_least(9), Fraction(-1, 4)),
    "mixed-rare": iid_case(MIXED, 4, below(20), Fraction(1, 9)),
    "one-token": iid_case(MIXED, 1, below(3), Fraction(1, 2)),
}


@dataclass(frozen=True)
class Brute:
    """Rows (pi, s, h, length, correct); conditional moments by definition."""

    rows: list[tuple[Any, Any, Any, int, bool]]

    def mass(self, correct: bool) -> Any:
        return sum(p for p, *_, c in self.rows if c is correct)

    def mean(self, correct: bool, f: Callable[[Any, Any, int], Any]) -> Any:
        total = sum(p * f(s, h, n) for p, s, h, n, c in self.rows if c is correct)
        return total / self.mass(correct)


def brute(case: Case) -> Brute:
    rows = []
    before = FINE.dps
    FINE.dps = 200  # differences lose two thirds of them
    try:
        for o in case.listed:
            value, slope, bend = FINE.taylor(o.log_pi, 0, 2)
            rows.append((FINE.exp(value), slope, 2 * bend, o.length, o.correct))
    finally:
        FINE.dps = before
    return Brute(rows)


def near(found: Any, wanted: Any, tolerance: Any = FIFTY) -> bool:
    return abs(found - wanted) <= tolerance * (1 + abs(wanted))


@pytest.fixture(scope="module", params=CASES)
def case(request: pytest.FixtureRequest) -> Case:
    return CASES[request.param]


@pytest.fixture(scope="module")
def rows(case: Case) -> Brute:
    return brute(case)


def test_brute_force_is_a_policy(rows: Brute) -> None:
    assert near(rows.mass(True) + rows.mass(False), 1)


def test_everything_agrees_with_brute_force_to_fifty_digits(case: Case, rows: Brute) -> None:
    point = at(case.policy, case.theta, Numbers(60))
    J, F = rows.mass(True), rows.mass(False)
    assert near(point.success, J) and near(point.failure, F)
    assert near(point.log_odds, FINE.log(J / F))
    means = {c: rows.mean(c, lambda s, h, n: s) for c in (True, False)}
    assert near(point.alignment(case.w), means[True] - means[False])
    bends = {
        c: rows.mean(c, lambda s, h, n: h) + rows.mean(c, lambda s, h, n: s * s) - means[c] ** 2
        for c in (True, False)
    }
    assert near(point.curvature(case.w), bends[True] - bends[False])
    for correct in (True, False):
        along = sum(number(x) * g for x, g in zip(case.w, point.mean_score(correct), strict=True))
        assert near(along, means[correct])
        for p, q, r in product((0, 1, 2, 3, 4), (0, 1, 2), (-1, 0, 1, 2)):
            wanted = rows.mean(correct, lambda s, h, n: s**p * h**q * FINE.mpf(n) ** r)
            assert near(point.moment(correct, case.w, p, q, r), wanted), (correct, p, q, r)
            m = rows.mean(correct, lambda s, h, n: h)
            wanted = rows.mean(
                correct,
                lambda s, h, n: (s - means[correct]) ** p * (h - m) ** q * FINE.mpf(n) ** r,
            )
            assert near(point.central(correct, case.w, p, q, r), wanted), (correct, p, q, r)


def test_the_comparison_can_fail(rows: Brute, case: Case) -> None:
    first, *rest = case.theta
    J = rows.mass(True)
    for shift, tolerance in ((2, 2), (20, 20), (45, 45)):
        moved = at(case.policy, (first + Fraction(1, 10**shift), *rest), Numbers(60))
        assert not near(moved.success, J, FINE.mpf(10) ** -(tolerance + 6))
    assert not near(moved.success, J)


def test_differences_of_the_log_odds_at_sixty_digits(case: Case) -> None:
    """The gap is the gradient of ell, the curvature its second derivative along w."""
    arithmetic = Numbers(100)
    point = at(case.policy, case.theta, arithmetic)

    def ell(step: Fraction, w: Sequence[Any]) -> Any:
        theta = [Fraction(x) + step * Fraction(y) for x, y in zip(case.theta, w, strict=True)]
        return at(case.policy, tuple(theta), arithmetic).log_odds

    h = Fraction(1, 10**20)
    up, middle, down = (ell(s, case.w) for s in (h, Fraction(0), -h))
    scale = arithmetic.number(h)
    error = arithmetic.number(Fraction(1, 10**35))
    assert abs((up - down) / (2 * scale) - point.alignment(case.w)) < error
    assert abs((up - 2 * middle + down) / scale**2 - point.curvature(case.w)) < error
    for i, component in enumerate(point.gap):
        axis = [int(i == j) for j in range(len(case.theta))]
        assert abs((ell(h, axis) - ell(-h, axis)) / (2 * scale) - component) < error


def test_identities_of_the_theory_hold_in_balls(case: Case) -> None:
    """`gap.score-identity`, `gap.bartlett`, `gap.curvature-one-sided`."""
    balls = Balls(150)
    point = at(case.policy, case.theta, balls)
    w = case.w
    score, bend, square = (point.moment(None, w, p, q) for p, q in ((1, 0), (0, 1), (2, 0)))
    with balls.working():
        J, F, mu = point.success, point.failure, point.alignment(w)
        pairs = {
            "sum": (J + F, arb(1)),
            "score": (score, arb(0)),
            "bartlett": (bend + square, arb(0)),
            "from the right": (
                point.curvature(w),
                (point.moment(True, w, hessian=1) + point.central(True, w, 2)) / F + J * mu * mu,
            ),
            "from the wrong": (
                point.curvature(w),
                -(point.moment(False, w, hessian=1) + point.central(False, w, 2)) / J - F * mu * mu,
            ),
        }
        for name, (a, b) in pairs.items():
            assert a.overlaps(b), name
            assert (a - b).abs_upper() < arb("1e-35"), name
        assert not (bend - square).contains(0)


def test_balls_contain_five_hundred_digits(case: Case) -> None:
    coarse, fine = at(case.policy, case.theta, Balls(60)), at(case.policy, case.theta, Numbers(500))
    pairs = [
        (coarse.success, fine.success),
        (coarse.failure, fine.failure),
        (coarse.log_odds, fine.log_odds),
        (coarse.alignment(case.w), fine.alignment(case.w)),
        (coarse.curvature(case.w), fine.curvature(case.w)),
        (coarse.moment(False, case.w, 3, 1, -1), fine.moment(False, case.w, 3, 1, -1)),
        *zip(coarse.gap, fine.gap, strict=True),
    ]
    for ball, value in pairs:
        assert ball.contains(arb(value))
        assert ball.rad() < arb("1e-15")


@settings(max_examples=40, deadline=None)
@given(
    st.lists(
        st.tuples(st.fractions(-3, 3, max_denominator=20), st.fractions(-3, 3, max_denominator=20)),
        min_size=2,
        max_size=6,
    ),
    st.integers(1, 62),
    st.fractions(-2, 2, max_denominator=10),
)
def test_random_bandits(
    features: list[tuple[Fraction, Fraction]], mask: int, angle: Fraction
) -> None:
    """Balls contain 500-digit values, and the definitions, written out, agree with them."""
    correct = tuple(bool(mask >> i & 1) for i in range(len(features)))
    policy = LogLinear(tuple(features), correct)
    theta = (Fraction(1, 3), Fraction(-1, 2))
    if len(set(correct)) < 2:
        with pytest.raises(ValueError, match="accept a response and reject one"):
            at(policy, theta, Balls(60))
        return
    c = (1 - angle**2) / (1 + angle**2)
    w = (c, 2 * angle / (1 + angle**2))
    coarse, fine = at(policy, theta, Balls(60)), at(policy, theta, Numbers(500))
    by_hand = softmax_by_hand(features, correct, theta, w)
    for name, ball, value in (
        ("success", coarse.success, fine.success),
        ("failure", coarse.failure, fine.failure),
        ("log_odds", coarse.log_odds, fine.log_odds),
        ("alignment", coarse.alignment(w), fine.alignment(w)),
        ("curvature", coarse.curvature(w), fine.curvature(w)),
    ):
        assert ball.contains(arb(value))
        assert abs(by_hand[name] - value) < FINE.mpf(10) ** -35


def softmax_by_hand(features: Any, correct: Any, theta: Any, w: Any) -> dict[str, Any]:
    """The same quantities straight from their definitions, in 90 digits."""

    def dot(a: Any, b: Any) -> Any:
        exact = sum(Fraction(x) * Fraction(y) for x, y in zip(a, b, strict=True))
        return FINE.mpf(exact.numerator) / exact.denominator

    listed = [
        (FINE.exp(dot(theta, f)), dot(w, f), c) for f, c in zip(features, correct, strict=True)
    ]
    means, spreads, masses = [], [], []
    for side in (True, False):
        mine = [(p, x) for p, x, c in listed if c is side]
        masses.append(sum(p for p, _ in mine))
        means.append(sum(p * x for p, x in mine) / masses[-1])
        spreads.append(sum(p * (x - means[-1]) ** 2 for p, x in mine) / masses[-1])
    return {
        "success": masses[0] / sum(masses), "failure": masses[1] / sum(masses),
        "log_odds": FINE.log(masses[0] / masses[1]), "alignment": means[0] - means[1],
        "curvature": spreads[0] - spreads[1],
    }  # fmt: skip


def rare(policy: str) -> tuple[Policy, tuple[Any, ...], tuple[Any, ...]]:
    """Policies with 1 - J near 1e-300."""
    if policy == "log-linear":
        features = ((1, 0), (0, 1), ("0.5", 0), (0, 0))
        offsets = (0, "-691", "-690", "-692")
        return LogLinear(features, (True, False, True, False), offsets), (0, 0), (1, 2)
    if policy == "two":
        return TwoResponses(lambda x: x + x.sin(), 1), ("690.8",), (1,)
    if policy == "tree":
        tree = grow(
            (0, 1),
            0,
            3,
            lambda prefix, v: (v, v * len(prefix)),
            lambda response: 0 not in response,
        )
        return tree, (690, 1), (1, 1)
    return IidTokens(820, SIGNS, at_least(-818)), (Fraction(1, 7),), (1,)


@pytest.mark.parametrize("name", ["log-linear", "two", "tree", "iid"])
@pytest.mark.parametrize("arithmetic", [Balls(200), Numbers(60)])
def test_nothing_is_lost_at_failure_rates_of_1e_minus_300(
    name: str, arithmetic: Balls | Numbers
) -> None:
    policy, theta, w = rare(name)
    point, fine = at(policy, theta, arithmetic), at(policy, theta, Numbers(1500))
    assert FINE.mpf(10) ** -330 < fine.failure < FINE.mpf(10) ** -290

    def quantities(p: Point) -> list[Any]:
        found = [p.success, p.failure, p.log_odds, p.alignment(w), p.curvature(w)]
        found += [p.moment(True, w, score=1), p.moment(False, w, score=2)]
        found += [p.moment(True, w, score=2), p.moment(True, w, hessian=1)]
        found += [p.moment(True, w, hessian=1), p.moment(None, w, score=2)]
        return found

    for value, exact in zip(quantities(point), quantities(fine), strict=True):
        if isinstance(arithmetic, Balls):
            assert value.contains(arb(exact))
            assert value.rel_accuracy_bits() > 200
        else:
            assert abs(value / exact - 1) < FINE.mpf(10) ** -60


def test_realisable_scores_of_two_responses() -> None:
    """s(correct) = (1-p) f', s(incorrect) = -p f', and the Hessians of `trajectory.realisable`."""
    case = CASES["two"]
    point = at(case.policy, case.theta, Numbers(60))
    f1, f2 = point.alignment(case.w), point.curvature(case.w)
    p, q = point.success, point.failure
    assert near(point.moment(True, case.w, 1), q * f1)
    assert near(point.moment(False, case.w, 1), -p * f1)
    assert near(point.moment(True, case.w, 0, 1), q * f2 - p * q * f1**2)
    assert near(point.moment(False, case.w, 0, 1), -p * f2 - p * q * f1**2)
    assert point.central(True, case.w, 2) == 0


def pointwise(policy: Policy, theta: Sequence[Any], w: Sequence[Any], t: Fraction) -> Constants:
    arithmetic = Numbers(30)
    moved = tuple(Fraction(x) + t * Fraction(y) for x, y in zip(theta, w, strict=True))
    return policy.extremes(moved, tuple(w), arithmetic)


def test_extremes_are_those_of_the_listed_responses(case: Case, rows: Brute) -> None:
    found = case.policy.extremes(case.theta, case.w, Numbers(60))
    assert near(found.score, max(abs(s) for _, s, *_ in rows.rows))
    assert near(found.hessian, max(abs(h) for _, _, h, *_ in rows.rows))


def test_regularity_bounds_the_whole_segment_and_is_tight(case: Case) -> None:
    step = tuple(Fraction(x) / 2 for x in case.w)
    # `along` the step, not normalised, so that it compares with the case's own direction.
    bounds = regularity(case.policy, case.theta, step, Numbers(30), along=case.w, pieces=256)
    unit = regularity(case.policy, case.theta, step, Balls(60), pieces=64)
    seen = [pointwise(case.policy, case.theta, case.w, Fraction(n, 60)) for n in range(0, 31)]
    for name in ("score", "hessian"):
        largest = max(getattr(c, name) for c in seen)
        bound = getattr(bounds, name)
        assert largest <= bound <= largest * FINE.mpf("1.07")
    length = FINE.sqrt(sum(number(x) ** 2 for x in case.w))
    for power, name in ((1, "score"), (2, "hessian")):
        largest = max(getattr(c, name) for c in seen) / length**power
        assert arb(largest) <= getattr(unit, name)
        assert getattr(unit, name) < arb(largest) * arb("1.25")


def test_regularity_of_the_curvature_bound(case: Case) -> None:
    """`trajectory.curvature` with the constants of a segment, on that segment."""
    constants = regularity(case.policy, case.theta, case.w, Numbers(30), along=case.w)
    for n in range(0, 11):
        theta = tuple(
            Fraction(x) + Fraction(n, 10) * Fraction(y)
            for x, y in zip(case.theta, case.w, strict=True)
        )
        point = at(case.policy, theta, Numbers(30))
        assert abs(point.curvature(case.w)) <= constants.kappa
        assert (
            -point.curvature(case.w)
            <= constants.at_success(point)
            <= constants.kappa * (1 + FIFTY ** Fraction(1, 2))
        )


def test_regularity_says_what_is_wrong() -> None:
    case = CASES["two"]
    with pytest.raises(ValueError, match="no direction"):
        regularity(case.policy, case.theta, (0, 0), Numbers(20))
    with pytest.raises(ValueError, match="dimension 2, not 1"):
        regularity(case.policy, case.theta, (1,), Numbers(20))
    pole = TwoResponses(lambda x: 1 / x, 1)
    with pytest.raises(ValueError, match="take more pieces"):
        regularity(pole, (-1,), (2,), Numbers(20))


def test_constants() -> None:
    point = at(softmax_bandit((True, False, False, False)), (0, 0, 0, 0), Numbers(30))
    constants = Constants(score=2, hessian=3)
    assert near(constants.at_success(point), FINE.mpf(4), FINE.mpf(10) ** -30)
    assert constants.kappa == 10


def test_draws_follow_the_policy(case: Case) -> None:
    point = at(case.policy, case.theta, Numbers(30))
    draws = case.policy.draws(case.theta, Random(20), Numbers(30))
    sample = [next(draws) for _ in range(4000)]
    J = float(point.success)
    rate = sum(d.correct for d in sample) / len(sample)
    assert abs(rate - J) < 4.5 * (J * (1 - J) / len(sample)) ** 0.5
    for i, g in enumerate(point.mean_score(True)):
        scores = [float(d.score[i]) for d in sample if d.correct]
        axis = tuple(int(i == j) for j in range(len(case.theta)))
        deviation = float(point.central(True, axis, 2)) ** 0.5
        error = abs(sum(scores) / len(scores) - float(g))
        assert error <= 4.5 * deviation / len(scores) ** 0.5 + 1e-12
    again = case.policy.draws(case.theta, Random(20), Numbers(30))
    assert [next(again) for _ in range(50)] == sample[:50]
    other = case.policy.draws(case.theta, Random(21), Numbers(30))
    assert [next(other) for _ in range(50)] != sample[:50]
    mean = sum(float(d.length) for d in sample) / len(sample)
    wanted = float(point.moment(None, case.w, length=1))
    spread = float(point.moment(None, case.w, length=2)) - wanted**2
    assert abs(mean - wanted) <= 4.5 * (max(spread, 0) / len(sample)) ** 0.5 + 1e-12


def test_draws_in_balls_are_those_in_numbers() -> None:
    case = CASES["tree"]
    digits, balls = Numbers(19), Balls(Numbers(19).bits)
    left, right = (case.policy.draws(case.theta, Random(3), a) for a in (digits, balls))
    for _ in range(200):
        a, b = next(left), next(right)
        assert a.correct is b.correct
        assert all(y.contains(arb(x)) or abs(y - arb(x)) < 1e-18 for x, y in
                   zip(a.score, b.score, strict=True))  # fmt: skip


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: LogLinear(((1,), (2,)), (True,)), "as many features"),
        (lambda: LogLinear(((1,), (2, 3)), (True, False)), "one dimension"),
        (lambda: LogLinear((), ()), "at least one feature"),
        (lambda: LogLinear(((1,), (2,)), (True, False), (1,)), "as many features"),
        (lambda: TokenTree(()), "has a branch"),
        (lambda: TokenTree(((),)), "every branch a token"),
        (lambda: TokenTree(((Token((1,), 0), Token((0,), Leaf(True))),)), "0 is no later branch"),
        (lambda: TokenTree(((Token((1,), 1), Token((0,), Leaf(True))),)), "1 is no later branch"),
        (
            lambda: TokenTree(((Token((1,), Leaf(False)), Token((0, 1), Leaf(True))),)),
            "another dimension",
        ),
        (lambda: grow((0, 1), 0, 0, tree_features, bool), "longest >= 1"),
        (lambda: IidTokens(0, SIGNS, bool), "length >= 1"),
        (lambda: IidTokens(3, (ScoredToken(1, 0), ScoredToken(1, 1)), bool), "two values"),
        (
            lambda: at(IidTokens(2, MIXED, range(1, 2).__contains__), (0,), Balls(60)),
            "accepts no response",
        ),
        (lambda: at(IidTokens(2, MIXED, at_least(0)), (0,), Balls(60)), "rejects no response"),
        (lambda: at(softmax_bandit((True, False)), (0,), Balls(60)), "dimension 2, not 1"),
    ],
)
def test_bad_policies_are_refused(make: Callable[[], object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        make()


def test_log_odds_must_depend_on_theta() -> None:
    with pytest.raises(TypeError, match="not a function of its arguments"):
        at(TwoResponses(lambda x: 3, 1), (0,), Numbers(20))  # type: ignore[arg-type,return-value]


def test_long_chains_of_tokens() -> None:
    """Response length up to 1,000: at each step a response ends or goes on."""
    longest = 1000
    branches = [
        (
            Token((1,), n + 1 if n + 1 < longest else Leaf(True)),
            Token((0,), Leaf(False)),
        )
        for n in range(longest)
    ]
    point = at(TokenTree(tuple(branches)), (5,), Balls(100))
    with Balls(100).working():
        q = 1 / (1 + arb(-5).exp())
        wanted = q**1000
        assert point.success.overlaps(wanted)
        assert point.success.rel_accuracy_bits() > 90
        # s(all) = T (1 - q): the score of the one correct response.
        assert point.moment(True, (1,), score=1).overlaps(1000 * (1 - q))


def test_replacing_a_verdict_changes_the_answer() -> None:
    """Brute force with one verdict flipped no longer agrees."""
    case = CASES["tree"]
    flipped = replace(case.listed[0], correct=not case.listed[0].correct)
    rows = brute(replace(case, listed=[flipped, *case.listed[1:]]))
    point = at(case.policy, case.theta, Numbers(60))
    assert not near(point.success, rows.mass(True), FINE.mpf(10) ** -3)
