"""Groups of responses: what they contribute on average, and the coefficient of finite groups.

Means over groups are taken by brute force, over all groups, with every outcome of the verifier;
beside them stand the closed forms of `algorithm.group-update` and its consequences.  The
coefficient c_G is tried for groups of up to 40, at log-odds up to 30.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import partial
from itertools import product

from derivations.policies.arithmetic import Real, softmax
from paper_checks.algorithms import CLOSED, grpo
from paper_checks.claims import EXACTLY, Claim, Plain, Trial, apart, by_index, over
from paper_checks.families import gaussian, verdicts
from paper_checks.scalars import Given, numbers
from paper_checks.tokens import Pairs

Advantages = Callable[[int], tuple[Real, Real]]
"""The advantages of a response verified as correct and of another, from k."""


# Means over all groups --------------------------------------------------------------------------


@dataclass(frozen=True)
class Verified:
    """n responses: probabilities, scores of mean 0, and how often each is verified as correct."""

    chances: tuple[Real, ...]
    scores: tuple[Real, ...]
    accepted: tuple[Real, ...]

    @property
    def rate(self) -> Real:
        """How often a response is verified as correct."""
        return sum(p * q for p, q in zip(self.chances, self.accepted, strict=True))

    @property
    def moment(self) -> Real:
        """The mean of q s, for a verifier that makes no mistakes J(1-J) gamma."""
        return sum(
            p * q * s for p, q, s in zip(self.chances, self.accepted, self.scores, strict=True)
        )

    def by_number(self, size: int, advantages: Advantages) -> list[tuple[Real, Real]]:
        """For each k, its probability and the part of the expected update that comes from it."""
        outcomes = [
            (p * share, s, seen)
            for p, q, s in zip(self.chances, self.accepted, self.scores, strict=True)
            for share, seen in ((q, True), (1 - q, False))
        ]
        zero = EXACTLY.number(0)
        found = [(zero, zero)] * (size + 1)
        for group in product(outcomes, repeat=size):
            mass = math.prod(p for p, _, _ in group)
            if mass == 0:
                continue
            k = sum(seen for _, _, seen in group)
            plus, minus = advantages(k)
            update = sum(s * (plus if seen else minus) for _, s, seen in group) / size
            before, part = found[k]
            found[k] = before + mass, part + mass * update
        return found


def drawn(
    rng: random.Random, accepted: Callable[[bool], Real]
) -> tuple[Verified, dict[str, Plain]]:
    """Two to four responses; `accepted` maps whether one is correct to how often it passes."""
    n = rng.randint(2, 4)
    logits, features, correct = gaussian(rng, n, 1.5), gaussian(rng, n), verdicts(rng, n)
    _, chances = softmax([EXACTLY.number(Fraction(x)) for x in logits], EXACTLY)
    values = [EXACTLY.number(Fraction(x)) for x in features]
    mean = sum(p * x for p, x in zip(chances, values, strict=True))
    instance: dict[str, Plain] = {
        "family": "verified", "logits": logits, "features": features, "correct": correct,
    }  # fmt: skip
    made = Verified(tuple(chances), tuple(x - mean for x in values), tuple(map(accepted, correct)))
    return made, instance


def exactly(correct: bool) -> Real:
    """A verifier that makes no mistakes."""
    return EXACTLY.number(int(correct))


def mean(size: int, rate: Real, body: Callable[[int], Real]) -> Real:
    """The binomial mean."""
    return sum(
        math.comb(size, k) * rate**k * (1 - rate) ** (size - k) * body(k) for k in range(size + 1)
    )


def _number(rng: random.Random, low: float = -2, high: float = 2) -> Real:
    return EXACTLY.number(Fraction(rng.uniform(low, high)))


def _table(rng: random.Random, size: int) -> Advantages:
    rows = [(_number(rng), _number(rng)) for _ in range(size + 1)]
    return lambda k: rows[k]


def _law(index: int) -> Trial:
    """P(k), by brute force, is binomial, whatever the verifier."""
    rng = random.Random(index)
    shares = {side: _number(rng, 0, 1) for side in (True, False)}
    verified, instance = drawn(rng, shares.__getitem__)
    size = rng.randint(1, 3)
    found = [p for p, _ in verified.by_number(size, _table(rng, size))]
    p = verified.rate
    said = [math.comb(size, k) * p**k * (1 - p) ** (size - k) for k in range(size + 1)]
    return Trial(apart(found, said), {**instance, "group": size, "seed": index})


def _update(index: int) -> Trial:
    """Any advantages a(k), b(k): the update is E[q s] E_(G-1)[a(k+1) - b(k)]."""
    rng = random.Random(index)
    shares = {side: _number(rng, 0, 1) for side in (True, False)}
    verified, instance = drawn(rng, shares.__getitem__)
    size = rng.randint(1, 3)
    table = _table(rng, size)
    found = sum(u for _, u in verified.by_number(size, table))
    p = verified.rate
    gain = mean(size - 1, p, lambda k: table(k + 1)[0] - table(k)[1])
    by_group = mean(
        size, p, lambda k: (1 - p) * k * table(k)[0] / size - p * (size - k) * table(k)[1] / size
    )
    said = [verified.moment * gain, p * (1 - p) * gain]
    return Trial(apart([found, by_group], said), {**instance, "group": size, "seed": index})


def standardised(size: int, k: int) -> tuple[Real, Real]:
    """GRPO's advantages; 0 where all rewards agree."""
    if k in (0, size):
        return EXACTLY.number(0), EXACTLY.number(0)
    root = EXACTLY.call("sqrt", EXACTLY.number(k * (size - k)))
    return (size - k) / root, -k / root


def _gradient(index: int) -> Trial:
    """Given k correct responses: sqrt(k(G-k))/G gamma."""
    rng = random.Random(index)
    verified, instance = drawn(rng, exactly)
    size = rng.randint(2, 4)
    p = verified.rate
    gap = verified.moment / (p * (1 - p))
    found = verified.by_number(size, partial(standardised, size))
    roots = [EXACTLY.call("sqrt", EXACTLY.number(k * (size - k))) for k in range(size + 1)]
    return Trial(
        apart([u / mass for mass, u in found], [root / size * gap for root in roots]),
        {**instance, "group": size},
    )  # fmt: skip


def _noise(name: str, index: int) -> Trial:
    """False positives a, false negatives b: c(Jn)/(Jn(1-Jn)) (1-a-b) J(1-J) gamma."""
    rng = random.Random(index)
    size = rng.randint(2, 3)
    wrong = [Fraction(rng.randint(0, 20), 20) for _ in "ab"]
    a, b = map(EXACTLY.number, wrong)
    verified, instance = drawn(rng, lambda correct: 1 - b if correct else a)
    right = Verified(verified.chances, verified.scores, tuple(map(exactly, instance["correct"])))
    J, Jn = right.rate, a + (1 - a - b) * right.rate
    instance = {**instance, "group": size, "a": str(wrong[0]), "b": str(wrong[1])}
    advantages: Advantages = partial(standardised, size)
    if name == "reinforce":
        baseline = _number(rng)
        advantages = lambda k: (1 - baseline, -baseline)  # noqa: E731
    found = sum(u for _, u in verified.by_number(size, advantages))
    gap = right.moment / (J * (1 - J))
    said = (1 - a - b) * J * (1 - J) * gap
    if name == "grpo" and a + b != 1:
        said *= grpo(Jn, 1 - Jn, size) / (Jn * (1 - Jn))
    return Trial(apart([verified.rate, found], [Jn, said]), instance)


# The coefficient of finite groups -----------------------------------------------------------------


def c_G(given: Given, J: Real, F: Real, size: int) -> Real:
    """c_G(J), in any arithmetic."""
    number = given.arithmetic.number
    return sum(
        math.comb(size, k) * J**k * F ** (size - k) * given.root(number(k * (size - k))) / size
        for k in range(1, size)
    )


def _around(value: Real, said: Real) -> Pairs:
    """An identity."""
    return [(value, said), (said, value)]


def bounds(given: Given) -> Pairs:
    """2 (G-1)/G J(1-J) <= c_G(J) <= sqrt((G-1)/G J(1-J))."""
    (J, F), size = given.rates(0), given.whole(1, 2, 40)
    c, share = c_G(given, J, F, size), given.arithmetic.number(Fraction(size - 1, size))
    return [(2 * share * J * F, c), (c, given.root(share * J * F))]


def limits(given: Given) -> Pairs:
    """c_G <= c_(G+1) <= sqrt(J(1-J)), c_G <= sqrt(G-1) min(J, 1-J), and how far from the limit."""
    (J, F), size = given.rates(0), given.whole(1, 2, 40)
    c, deviation = c_G(given, J, F, size), given.root(J * F)
    line = given.root(given.arithmetic.number(size - 1)) * min(J, F)
    far = (1 + J * F) / (2 * size * deviation)
    return [
        (c, c_G(given, J, F, size + 1)), (c, deviation), (c, line), (deviation - c, far),
    ]  # fmt: skip


def concave(given: Given) -> Pairs:
    """Chords lie below c_G."""
    (J, F), (P, Q), t = given.rates(0), given.rates(1), given.share(2)
    size = given.whole(3, 2, 40)
    chord = t * c_G(given, J, F, size) + (1 - t) * c_G(given, P, Q, size)
    return [(chord, c_G(given, t * J + (1 - t) * P, t * F + (1 - t) * Q, size))]


def mixed(given: Given, J: Real, F: Real, size: int) -> Real:
    """How often a group has correct and incorrect responses."""
    return sum(math.comb(size, k) * J**k * F ** (size - k) for k in range(1, size))


def dapo_bounds(given: Given) -> Pairs:
    """sqrt(G-1)/G <= c_G/(1 - J^G - (1-J)^G) <= 1/2."""
    (J, F), size = given.rates(0), given.whole(1, 2, 40)
    often, c = mixed(given, J, F, size), c_G(given, J, F, size)
    least = given.root(given.arithmetic.number(size - 1)) / size
    return [(least * often, c), (c, often / 2)]


def shape(given: Given) -> Pairs:
    """F the least of a k + b (G-k), a, b >= 0: c(J)/J falls and c(J)/(1-J) rises."""
    (J, Q), (P, R), size = given.rates(0), given.rates(1), given.whole(2, 2, 20)
    if P < J:
        (J, Q), (P, R) = (P, R), (J, Q)
    lines = [(given.share(j), given.share(j + 1)) for j in (3, 5, 7)]

    def mean_of(p: Real, q: Real) -> Real:
        return sum(
            math.comb(size, k) * p**k * q ** (size - k)
            * min(a * k + b * (size - k) for a, b in lines)
            for k in range(size + 1)
        )  # fmt: skip

    first, second = mean_of(J, Q), mean_of(P, R)
    return [(J * second, P * first), (R * first, Q * second)]


def falling(given: Given) -> Pairs:
    """c_G does not increase on [1/2, 1]."""
    size = given.whole(2, 2, 40)
    ends = sorted(max(given.rates(k)) for k in (0, 1))
    low, high = (c_G(given, J, 1 - J, size) for J in ends)
    return [(high, low)]


def _bernstein(index: int) -> Trial:
    """c_G is the mean of sqrt(k/G (1 - k/G)), and symmetric."""
    rng = random.Random(index)
    size, J = rng.randint(2, 40), _number(rng, 0, 1)
    root = partial(EXACTLY.call, "sqrt")
    said = mean(size, J, lambda k: root(EXACTLY.number(Fraction(k * (size - k), size**2))))
    found = [grpo(J, 1 - J, size), grpo(1 - J, J, size)]
    return Trial(apart(found, [said, said]), {"group": size, "J": str(J)})


def _small(index: int) -> Trial:
    """c_2 = J(1-J) and c_3 = sqrt(2) J(1-J); DAPO: 1/2 and sqrt(2)/3."""
    J = _number(random.Random(index), 0, 1)
    two = EXACTLY.call("sqrt", EXACTLY.number(2))
    found = [f(J, 1 - J, G) for f in (grpo, CLOSED["dapo"]) for G in (2, 3)]
    return Trial(
        apart(found, [J * (1 - J), two * J * (1 - J), EXACTLY.number(1) / 2, two / 3]),
        {"J": str(J)},
    )  # fmt: skip


def difference(values: Sequence[Real]) -> Real:
    """The forward difference of the order that the number of values allows."""
    order = len(values) - 1
    return sum((-1) ** (order - k) * math.comb(order, k) * v for k, v in enumerate(values))


def least_difference(order: int, c: Real) -> Real:
    """The derivative of 1/sqrt(c^2 - x^2) of an even order at 0, where it is least."""
    return math.prod(range(1, order, 2)) ** 2 / c ** (order + 1)


def even_differences(order: Callable[[int], int], index: int) -> Trial:
    """The differences of order 2m of 1/sqrt(c^2 - x^2) exceed that derivative, so they are > 0."""
    rng = random.Random(index)
    m = rng.randint(0, 5)
    c = m + EXACTLY.number(1) / 2 + _number(rng, 0.01, 30) ** rng.choice((1, 3))
    x = -c + (2 * c - 2 * m - 1) * _number(rng, 0.001, 0.999)
    values = [1 / EXACTLY.call("sqrt", c * c - (x + k) ** 2) for k in range(order(m) + 1)]
    instance = {"c": str(c), "x": str(x), "m": m}
    return Trial(over(least_difference(2 * m, c), difference(values)), instance)


def _degree(index: int) -> Trial:
    """c_G = x(1-x) f_G', f_G of the degree G-1 or G-2; its last coefficient is positive."""
    rng = random.Random(index)
    size, x = rng.randint(2, 14), _number(rng, 0, 1)
    degree = size - 1 if size % 2 == 0 else size - 2
    values = [(size - 1) / _root_of(k * (size - k)) for k in range(1, size)]
    powers = [math.comb(size - 2, k) * difference(values[: k + 1]) for k in range(degree)]
    slope = sum(a * x**k for k, a in enumerate(powers))
    least = least_difference(degree - 1, EXACTLY.number(size) / 2) * (size - 1)
    last = over(math.comb(size - 2, degree - 1) * least, powers[-1])
    ratio = max(apart([x * (1 - x) * slope], [grpo(x, 1 - x, size)]), last)
    return Trial(ratio, {"group": size, "J": str(x)})


# Near success and near failure --------------------------------------------------------------------


def edge(rng: random.Random) -> tuple[int, Fraction]:
    """A group size, and how far J is from 1."""
    return rng.randint(2, 12), Fraction(1, 10 ** rng.randint(3, 15))


def _edge(index: int) -> Trial:
    """Any advantages, |a|, |b| <= 2: c(J)/(1-J) is within 4 (2N+1) (1-J) of a(N+1) - b(N)."""
    rng = random.Random(index)
    size, near = edge(rng)
    table, F = _table(rng, size), EXACTLY.number(near)
    gain = mean(size - 1, 1 - F, lambda k: table(k + 1)[0] - table(k)[1])
    mirrored = mean(size - 1, F, lambda k: table(k + 1)[0] - table(k)[1])
    top, bottom = table(size)[0] - table(size - 1)[1], table(1)[0] - table(0)[1]
    far = max(abs((1 - F) * gain - top), abs((1 - F) * mirrored - bottom))
    return Trial(far / (4 * (2 * size - 1) * F), {"group": size, "1-J": str(near), "seed": index})


def _kept_edge(index: int) -> Trial:
    """Groups with equal rewards dropped, |a|, |b| <= 2: c(J) is within 24 G (1-J) of its limit."""
    rng = random.Random(index)
    size, near = edge(rng)
    table, F = _table(rng, size), EXACTLY.number(near)

    def c(J: Real, rest: Real) -> Real:
        rows = [(math.comb(size, k) * J ** (k - 1) * rest ** (size - k - 1), k, table(k))
                for k in range(1, size)]  # fmt: skip
        gains = (w * (rest * k * a - J * (size - k) * b) for w, k, (a, b) in rows)
        return sum(gains) / (size * sum(w for w, _, _ in rows))

    limits = -table(size - 1)[1] / size, table(1)[0] / size
    far = max(abs(c(1 - F, F) - limits[0]), abs(c(F, 1 - F) - limits[1]))
    return Trial(far / (24 * size * F), {"group": size, "1-J": str(near), "seed": index})


def grpo_edge(limit: Callable[[int], Real], index: int) -> Trial:
    """c_G(J)/(1-J) is within (2G-1) (G-1) (1-J) of its limit."""
    size, near = edge(random.Random(index))
    F = EXACTLY.number(near)
    far = abs(grpo(1 - F, F, size) / F - limit(size))
    return Trial(far / ((2 * size - 1) * (size - 1) * F), {"group": size, "1-J": str(near)})


def dapo_edge(limit: Callable[[int], Real], index: int) -> Trial:
    """DAPO's coefficient is within 3 G (1-J) of its limit, near success and near failure."""
    size, near = edge(random.Random(index))
    F = EXACTLY.number(near)
    found = [CLOSED["dapo"](*ends, size) for ends in ((1 - F, F), (F, 1 - F))]
    far = max(abs(c - limit(size)) for c in found)
    return Trial(far / (3 * size * F), {"group": size, "1-J": str(near)})


def _root_of(value: int) -> Real:
    return EXACTLY.call("sqrt", EXACTLY.number(value))


CLAIMS = (
    Claim(
        "groups.law",
        "k is binomial, whatever the verifier: over all groups",
        ("algorithm.group-law", "algorithm.kept-groups"),
        {"random": by_index(_law, 40)},
    ),
    Claim(
        "groups.update",
        "any advantages: the update is E[q s] E_(G-1)[a(k+1) - b(k)], over all groups",
        ("algorithm.group-update", "algorithm.expected-update", "algorithm.coefficient-by-group"),
        {"random": by_index(_update, 40)},
    ),
    Claim(
        "groups.gradient",
        "GRPO, given k correct responses: sqrt(k(G-k))/G gamma, over all groups",
        ("algorithm.group-gradient",),
        {"random": by_index(_gradient, 30)},
    ),
    *(
        Claim(
            f"groups.noise-{name}",
            f"{name}, verifier with errors a, b: {said}, over all groups",
            ("algorithm.noisy-verifier",),
            {"random": by_index(partial(_noise, name), 30)},
        )
        for name, said in (
            ("reinforce", "(1-a-b) J(1-J) gamma"),
            ("grpo", "c_G(Jn)/(Jn(1-Jn)) (1-a-b) J(1-J) gamma"),
        )
    ),
    Claim(
        "groups.small",
        "c_2 = J(1-J), c_3 = sqrt(2) J(1-J); DAPO: 1/2, sqrt(2)/3",
        ("algorithm.grpo-small-groups",),
        {"random": by_index(_small, 60)},
    ),
    Claim(
        "groups.bernstein",
        "c_G is the Bernstein polynomial of sqrt(x(1-x)), and symmetric",
        ("algorithm.grpo-bernstein",),
        {"random": by_index(_bernstein, 60)},
    ),
    Claim(
        "groups.bounds",
        "2 (G-1)/G J(1-J) <= c_G(J) <= sqrt((G-1)/G J(1-J))",
        ("algorithm.grpo-bounds",),
        numbers(bounds, 2),
    ),
    Claim(
        "groups.limits",
        "c_G <= c_(G+1), sqrt(v), sqrt(G-1) min(J, 1-J); sqrt(v) - c_G <= (1+v)/(2G sqrt(v)), "
        "v = J(1-J)",
        ("algorithm.grpo-bernstein",),
        numbers(limits, 2),
    ),
    Claim(
        "groups.dapo-bounds",
        "DAPO: sqrt(G-1)/G <= c(J) <= 1/2",
        ("algorithm.dapo-bounds",),
        numbers(dapo_bounds, 2),
    ),
    Claim(
        "groups.shape",
        "F(k)/k falls and F(k)/(G-k) rises: c(J)/J falls and c(J)/(1-J) rises",
        ("algorithm.shape",),
        numbers(shape, 9),
    ),
    Claim(
        "groups.concave", "chords lie below c_G", ("algorithm.grpo-bernstein",), numbers(concave, 4)
    ),
    Claim(
        "groups.falling",
        "c_G does not increase on [1/2, 1]",
        ("algorithm.grpo-bernstein",),
        numbers(falling, 3),
    ),
    Claim(
        "groups.even-differences",
        "even differences of 1/sqrt(c^2 - x^2) exceed its derivative at 0, so they are positive",
        ("algorithm.even-differences",),
        {"random": by_index(partial(even_differences, lambda m: 2 * m), 100)},
    ),
    Claim(
        "groups.degree",
        "c_G = x(1-x) f_G', f_G of degree G-1 (G even), G-2 (G odd), its last coefficient > 0",
        ("algorithm.grpo-degree",),
        {"random": by_index(_degree, 60)},
    ),
    Claim(
        "groups.edge",
        "any advantages, J -> 1: c(J)/(1-J) -> a(G) - b(G-1); J -> 0: c(J)/J -> a(1) - b(0)",
        ("algorithm.edge",),
        {"random": by_index(_edge, 60)},
    ),
    Claim(
        "groups.kept-edge",
        "groups with equal rewards dropped: c(J) -> -b(G-1)/G as J -> 1, a(1)/G as J -> 0",
        ("algorithm.edge-kept",),
        {"random": by_index(_kept_edge, 60)},
    ),
    Claim(
        "groups.grpo-edge",
        "J -> 1: c_G(J)/(1-J) -> sqrt(G-1)",
        ("algorithm.grpo-edge",),
        {"random": by_index(partial(grpo_edge, lambda G: _root_of(G - 1)), 60)},
    ),
    Claim(
        "groups.dapo-edge",
        "J -> 1, J -> 0: DAPO's coefficient -> sqrt(G-1)/G",
        ("algorithm.dapo-edge",),
        {"random": by_index(partial(dapo_edge, lambda G: _root_of(G - 1) / G), 60)},
    ),
)
