"""Learning rates: which are safe, how long a run takes, and what else moves the parameters.

The coefficient c(J) of an algorithm multiplies the Gradient Gap, so a learning rate alpha makes
steps of length alpha c(J) |gamma| along it.  Steps are tried on `Line`, where the bounds can be
attained, runs on log-linear policies; the bounds on coefficients and numbers by themselves.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import partial
from itertools import product

from derivations.policies import Constants, Point, at
from derivations.policies.arithmetic import Arithmetic, Real, Vector, dot, softmax
from paper_checks import tokens
from paper_checks.algorithms import root
from paper_checks.claims import EXACTLY, Claim, Plain, Trial, apart, by_index, over
from paper_checks.families import Line, Run, gaussian, numbers, sharp, verdicts
from paper_checks.families import kappa as kappa_of
from paper_checks.groups import c_G, mixed
from paper_checks.one_step import ALL, DELTAS, SHAPES, keeps_half, limited, sources
from paper_checks.scalars import Given
from paper_checks.scalars import numbers as of_numbers
from paper_checks.tokens import Pairs
from paper_checks.trees import Here

# Algorithms by their coefficient ------------------------------------------------------------------

Root = Callable[[Real], Real]


@dataclass(frozen=True)
class Rates:
    """A row of `algorithm.fixed-rate` and of `algorithm.rate-...`, whose end is its name.

    `coefficient` and `potential`, a primitive of 1/(J(1-J) c), are functions of J, 1-J and the
    square root (and the logarithm); `fixed` is the safe rate from L, G^2 and the root; `order`
    bounds the potential's increase from J_0 to 1 - epsilon.  `from_half` says that the
    coefficient falls only from 1/2 on.
    """

    coefficient: Callable[[Real, Real, Root], Real]
    fixed: Callable[[Real, Real, Root], Real]
    potential: Callable[[Real, Real, Root, Root], Real]
    order: Callable[[Real, Real, Root, Root], Real]
    from_half: bool = False


TITLES = {"reinforce": "REINFORCE", "grpo": "population GRPO", "raft": "RAFT"}

RATES: Mapping[str, Rates] = {
    "reinforce": Rates(
        lambda J, F, root: J * F,
        lambda L, square, root: 1 / L + 1 / (L + square),
        lambda J, F, root, log: 2 * log(J / F) - 1 / J + 1 / F,
        lambda J, epsilon, root, log: 3 / epsilon,
        True,
    ),
    "grpo": Rates(
        lambda J, F, root: root(J * F),
        lambda L, square, root: 1 / root(L * (L + square)),
        lambda J, F, root, log: 2 * (J - F) / root(J * F),
        lambda J, epsilon, root, log: 2 / root(epsilon),
        True,
    ),
    "raft": Rates(
        lambda J, F, root: F,
        lambda L, square, root: 1 / L,
        lambda J, F, root, log: log(J / F) + 1 / F,
        lambda J, epsilon, root, log: 2 / epsilon + log(1 / J),
    ),
    "log-odds": Rates(
        lambda J, F, root: J / J,
        lambda L, square, root: 1 / (2 * L + square),
        lambda J, F, root, log: log(J / F),
        lambda J, epsilon, root, log: log(1 / epsilon) + log(1 / J),
    ),
}


def fixed(rates: Rates, constants: Constants, arithmetic: Arithmetic) -> Real:
    """The safe fixed learning rate."""
    return rates.fixed(constants.hessian, constants.score**2, partial(arithmetic.call, "sqrt"))


def coefficient(rates: Rates, point: Point) -> Real:
    """c(J)."""
    return rates.coefficient(point.success, point.failure, partial(point.arithmetic.call, "sqrt"))


def potential(rates: Rates, point: Point) -> Real:
    """F(J)."""
    functions = (partial(point.arithmetic.call, name) for name in ("sqrt", "log"))
    return rates.potential(point.success, point.failure, *functions)


# Where c(J) K(J) is largest -----------------------------------------------------------------------


def curvature(L: Real, square: Real, J: Real, F: Real) -> Real:
    """K(J)."""
    return min((L + square) / J, L / F)


def largest(name: str, given: Given) -> Pairs:
    """The fixed rate times c(J) K(J) is at most 1, and equal to it at J*."""
    L, square, (J, F) = given.size(0), given.size(1), given.rates(2)
    rates, kappa = RATES[name], 2 * L + square
    rate = rates.fixed(L, square, given.root)
    top = rate * rates.coefficient((L + square) / kappa, L / kappa, given.root) * kappa
    return [
        (rate * rates.coefficient(J, F, given.root) * curvature(L, square, J, F), top / top),
        (top, top / top), (top / top, top),
    ]  # fmt: skip


def largest_of_groups(given: Given) -> Pairs:
    """c_G(J) K(J) <= c_G(J*) kappa, and the same for a mixture with other concave functions."""
    L, square, (J, F) = given.size(0), given.size(1), given.rates(2)
    size, kappa = given.whole(3, 2, 16), 2 * L + square
    shares = [given.share(k) for k in (4, 5, 6)]

    def mixed(x: Real, y: Real) -> Real:
        return shares[0] * c_G(given, x, y, size) + shares[1] * min(x, y) + shares[2] * y

    value = curvature(L, square, J, F)
    return [
        (f(J, F) * value, f((L + square) / kappa, L / kappa) * kappa)
        for f in (partial(c_G, given, size=size), mixed)
    ]  # fmt: skip


def group_rates(given: Given) -> Pairs:
    """The fixed rates for groups of every size, of DAPO and of pass@k."""
    L, square, (J, F) = given.size(0), given.size(1), given.rates(2)
    size, kappa, value = given.whole(3, 2, 16), 2 * L + square, curvature(L, square, J, F)
    epsilon, number = given.size(4), given.arithmetic.number
    scales = {k: given.root(number(Fraction(k * (size - k), size * (size - 1)))) + epsilon
              for k in range(1, size)}  # fmt: skip

    def steadied(x: Real, y: Real) -> Real:
        return sum(math.comb(size, k) * x**k * y ** (size - k) * (k * (size - k)) / size**2 / scale
                   for k, scale in scales.items())  # fmt: skip

    share = number(Fraction(size - 1, size))
    top = share ** (size - 1)
    rates = 1 / L + 1 / (L + square)
    return [
        (J * F * value * rates, value / value),
        (steadied(J, F) * value, steadied((L + square) / kappa, L / kappa) * kappa),
        (2 * c_G(given, J, F, size) * value, mixed(given, J, F, size) * kappa),
        (size * J * F**size * value, top * L),
    ]  # fmt: skip


def ceiling(given: Given) -> Pairs:
    """c(J) kappa_tok(J) <= L_p T + 10 sigma^2, for the largest c that is allowed and for c_G."""
    L, sigma2, (J, F) = given.size(0), given.size(1), given.rates(2, 500)
    inverse, late = L / F, not J < F
    c = given.root(J * F) if late else F
    beyond = tokens.surprise(F, given.arithmetic) + given.arithmetic.number(Fraction(3, 2))
    far = (L + sigma2 * tokens.lambert(beyond, given.arithmetic)) / J
    kappa, most = min(inverse, far) if late else inverse, L + 10 * sigma2
    return [(c * kappa, most), (c_G(given, J, F, given.whole(3, 2, 16)) * kappa, most)]


# Steps and runs with a fixed learning rate -------------------------------------------------------


def first_step(
    name: str,
    times: Fraction,
    sides: Callable[[Point, Point, Real], tuple[Real, Real] | None],
    line: Line,
    arithmetic: Arithmetic,
) -> tuple[Real, Real] | None:
    """A step at `times` the fixed rate, or at a smaller one that stays on the segment.

    `sides` has both sides from the points before and after it and the learning rate.
    """
    before = line.at(0, arithmetic)
    if not before.gap[0] > 0:
        return None
    rate = arithmetic.number(times) * fixed(RATES[name], line.constants(arithmetic), arithmetic)
    aligned = coefficient(RATES[name], before) * before.gap[0]
    rate = min(rate, arithmetic.number(Fraction(line.reach)) / aligned)
    return sides(before, line.at(rate * aligned, arithmetic), rate)


def half(rates: Rates, before: Point, after: Point, rate: Real) -> tuple[Real, Real]:
    """Half of the alignment is gained."""
    aligned = rate * coefficient(rates, before) * before.gap[0] ** 2
    return aligned / 2, after.log_odds - before.log_odds


def climbs(rates: Rates, before: Point, after: Point, rate: Real) -> tuple[Real, Real] | None:
    """The potential grows by alpha |gamma|^2/2."""
    if rates.from_half and before.log_odds < 0:
        return None
    return rate * before.gap[0] ** 2 / 2, potential(rates, after) - potential(rates, before)


@dataclass(frozen=True)
class Trained:
    """The points of a run with a fixed learning rate."""

    points: tuple[Point, ...]
    coefficients: tuple[Real, ...]
    rate: Real

    @property
    def gaps(self) -> list[Real]:
        """The squared lengths of the Gradient Gap at the steps."""
        return [dot(p.gap, p.gap) for p in self.points[:-1]]


def trained(rates: Rates, instance: Run, steps: int) -> Trained:
    """A run with the fixed rate of `algorithm.fixed-rate`."""
    policy, constants = instance.policy(EXACTLY), instance.constants(EXACTLY)
    points = [at(policy, numbers(instance.start, EXACTLY), EXACTLY)]
    rate, sizes = fixed(rates, constants, EXACTLY), []
    for _ in range(steps):
        here = points[-1]
        sizes.append(coefficient(rates, here))
        moved = tuple(x + rate * sizes[-1] * g for x, g in zip(here.theta, here.gap, strict=True))
        points.append(at(policy, moved, EXACTLY))
    return Trained(tuple(points), tuple(sizes), rate)


def rising(rates: Rates, instance: Run) -> Real:
    """J never falls, and M(k)/2 <= ell_k - ell_0 at every k: the worst ratio."""
    run = trained(rates, instance, 8)
    start, progress, ratios = run.points[0].log_odds, EXACTLY.number(0), []
    for k, (c, square) in enumerate(zip(run.coefficients, run.gaps, strict=True)):
        progress += run.rate * c * square
        before, after = run.points[k : k + 2]
        ratios += [over(progress / 2, after.log_odds - start), before.success / after.success]
    return max(ratios)


def _never_saturates(name: str, index: int) -> Trial:
    instance = Run.drawn(random.Random(index))
    return Trial(rising(RATES[name], instance), {**instance.plain(), "algorithm": name})


def _counted(name: str, index: int) -> Trial | None:
    """k alpha g^2/2 <= F(J_k) - F(J_0), g the least length of the Gradient Gap so far.

    That is the number of iterations of `algorithm.rate` for every target between J_k and J_(k+1).
    """
    instance = Run.drawn(random.Random(index))
    rates = RATES[name]
    run = trained(rates, instance, 12)
    if rates.from_half and run.points[0].log_odds < 0:
        return None
    first, ratios = potential(rates, run.points[0]), []
    for k, point in enumerate(run.points[1:], 1):
        least = min(run.gaps[:k])
        ratios.append(over(k * run.rate * least / 2, potential(rates, point) - first))
    return Trial(max(ratios), {**instance.plain(), "algorithm": name})


def order(name: str, given: Given) -> Pairs:
    """F(1 - epsilon) - F(J_0) is at most its order."""
    rates, log = RATES[name], partial(given.arithmetic.call, "log")
    (J, F), (end, epsilon) = sorted((given.rates(0), given.rates(1)))
    if rates.from_half and J < F:
        J, F = given.arithmetic.number(1) / 2, given.arithmetic.number(1) / 2
    if not J < end:
        return []
    value = rates.potential(end, epsilon, given.root, log) - rates.potential(J, F, given.root, log)
    return [(value, rates.order(J, epsilon, given.root, log))]


def token_rate(name: str, here: Here) -> Real:
    """The bound on the curvature for which Delta mu/bound is a step at 1/(L_p T + 10 sigma^2)."""
    return (here.hessian + 10 * here.sigma2) / coefficient(RATES[name], here.point)


def token_steps(name: str) -> Mapping[str, Callable[[int], Iterator[Trial]]]:
    """Steps at the fixed rate of `algorithm.token-rates`."""
    bound = partial(token_rate, name)
    return {
        **tokens.trees(partial(tokens.keeps_half, bound), samples=20, searches=0),
        "extremal tops": partial(tokens.long_steps, bound),
    }


# Batches ------------------------------------------------------------------------------------------


def guaranteed(c: Real, gap: Real, v: Real, kappa: Real, rate: Real, size: Real) -> Real:
    """alpha c |gamma|^2 - kappa alpha^2 (c^2 |gamma|^2 + v/N)/2."""
    return rate * c * gap - kappa * rate**2 * (c**2 * gap + v / size) / 2


def batch_size(given: Given) -> Pairs:
    """The best rate and gain, and the critical batch size."""
    c, gap, v, kappa, rate, size = (given.size(k) for k in range(6))
    noise = v / (c * c * gap)
    best = gap / (2 * kappa) * (size / (size + noise))
    there = guaranteed(c, gap, v, kappa, size / (c * kappa * (size + noise)), size)
    half_ = gap / (4 * kappa)
    kept = (half_, best) if size >= noise else (best, half_)
    return [
        (guaranteed(c, gap, v, kappa, rate, size), best), (there, best), (best, there), kept
    ]  # fmt: skip


@dataclass(frozen=True)
class Sampled:
    """Single responses as samples: what each proposes, (r - b) s, with its probability."""

    chances: tuple[Real, ...]
    proposals: tuple[Vector, ...]
    point: Point

    @classmethod
    def of(cls, instance: Run, baseline: Real) -> Sampled:
        """REINFORCE with a baseline."""
        policy = instance.policy(EXACTLY)
        point = at(policy, numbers(instance.start, EXACTLY), EXACTLY)
        responses = policy.responses(point.theta, EXACTLY)
        _, chances = softmax([r.log_weight for r in responses], EXACTLY)
        axes = range(len(point.theta))
        mean = [sum(p * r.score[i] for p, r in zip(chances, responses, strict=True)) for i in axes]
        return cls(
            tuple(chances),
            tuple(tuple((r.correct - baseline) * (r.score[i] - mean[i]) for i in axes)
                  for r in responses),
            point,
        )  # fmt: skip

    @property
    def factor(self) -> Real:
        """c = J(1-J)."""
        return self.point.success * self.point.failure

    @property
    def variance(self) -> Real:
        """v = E|X - c gamma|^2."""
        mean = [self.factor * g for g in self.point.gap]
        return sum(
            p * sum((x - m) ** 2 for x, m in zip(proposal, mean, strict=True))
            for p, proposal in zip(self.chances, self.proposals, strict=True)
        )

    def outcomes(self, size: int) -> Iterator[tuple[Real, Vector]]:
        """Every batch with its probability and the mean of its samples."""
        pairs = list(zip(self.chances, self.proposals, strict=True))
        for batch in product(pairs, repeat=size):
            mass = EXACTLY.number(1)
            for p, _ in batch:
                mass = mass * p
            yield mass, tuple(sum(xs) / size for xs in zip(*(x for _, x in batch), strict=True))


def _small_run(rng: random.Random) -> Run:
    instance = Run.drawn(rng)
    while len(instance.correct) > 4:
        instance = Run.drawn(rng)
    return instance


def _square(vector: Vector) -> Real:
    return dot(vector, vector)


def _moments(index: int) -> Trial:
    """E<gamma, u> = c |gamma|^2 and E|u|^2 = c^2 |gamma|^2 + v/N, over all batches."""
    rng = random.Random(index)
    instance, size, baseline = _small_run(rng), rng.randint(1, 3), Fraction(rng.randint(-4, 8), 4)
    made = Sampled.of(instance, EXACTLY.number(baseline))
    gap, c = dot(made.point.gap, made.point.gap), made.factor
    mean, square = (
        sum(p * f(u) for p, u in made.outcomes(size))
        for f in (partial(dot, made.point.gap), _square)
    )
    said = [c * gap, c**2 * gap + made.variance / size]
    instance_data = {**instance.plain(), "batch": size, "baseline": str(baseline)}
    return Trial(apart([mean, square], said), instance_data)


def _batch(index: int) -> Trial:
    """alpha c |gamma|^2 - E[gain] <= kappa alpha^2 (c^2 |gamma|^2 + v/N)/2, over all batches."""
    rng = random.Random(index)
    instance, size, baseline = _small_run(rng), rng.randint(1, 2), Fraction(rng.randint(-4, 8), 4)
    made, policy = Sampled.of(instance, EXACTLY.number(baseline)), instance.policy(EXACTLY)
    kappa = instance.constants(EXACTLY).kappa
    gap, c, start = dot(made.point.gap, made.point.gap), made.factor, made.point
    rate = EXACTLY.number(Fraction(10) ** rng.randint(-6, 2)) / kappa
    gain = EXACTLY.number(0)
    for mass, u in made.outcomes(size):
        moved = tuple(x + rate * y for x, y in zip(start.theta, u, strict=True))
        gain += mass * (at(policy, moved, EXACTLY).log_odds - start.log_odds)
    lost = kappa * rate**2 * (c**2 * gap + made.variance / size) / 2
    return Trial(over(rate * c * gap - gain, lost), {**instance.plain(), "batch": size})


def attained(seed: int) -> Iterator[Trial]:
    """Two equally likely updates, c gamma (1 +- nu), from below the top of `trajectory.sharp`."""
    for G, L in SHAPES:
        for delta in DELTAS:
            line = sharp(G, L, delta)
            start, kappa, reach = line.at(0, EXACTLY), line.constants(EXACTLY).kappa, delta
            for noise in (0, Fraction(1, 2), 1):
                ends = [line.at(reach * (1 + sign * noise), EXACTLY) for sign in (1, -1)]
                gain = sum(p.log_odds - start.log_odds for p in ends) / 2
                lost = kappa * EXACTLY.number(reach**2 * (1 + Fraction(noise) ** 2)) / 2
                aligned = EXACTLY.number(reach) * start.gap[0]
                yield Trial(over(aligned - gain, lost), {**line.plain(), "noise": str(noise)})


# Other directions ---------------------------------------------------------------------------------


def _direction(index: int) -> Trial:
    """|v| Delta mu = <v, gamma> along v, and Delta mu = |gamma| along a multiple of gamma."""
    rng = random.Random(index)
    instance = Run.drawn(rng)
    point = at(instance.policy(EXACTLY), numbers(instance.start, EXACTLY), EXACTLY)
    v = numbers(instance.directions[0], EXACTLY)
    found, factor = [], EXACTLY.number(rng.randint(1, 9))
    for update in (v, tuple(factor * g for g in point.gap)):
        size = root(dot(update, update))
        unit = tuple(x / size for x in update)
        plus, minus = (point.moment(side, unit, score=1) for side in (True, False))
        found.append(plus - minus)
    said = [dot(v, point.gap) / root(dot(v, v)), root(dot(point.gap, point.gap))]
    return Trial(apart(found, said), instance.plain())


def preconditioned(arithmetic: Arithmetic, values: Sequence[Real], axis: Vector) -> list[Vector]:
    """The rows of a symmetric matrix with these eigenvalues: a diagonal one, reflected."""
    square, indices = dot(axis, axis), range(len(axis))
    mirror = [
        [arithmetic.number(int(i == j)) - 2 * axis[i] * axis[j] / square for j in indices]
        for i in indices
    ]
    return [
        tuple(sum(mirror[i][k] * values[k] * mirror[j][k] for k in indices) for j in indices)
        for i in indices
    ]


def _preconditioned(step: bool, index: int) -> Trial:
    """Either |P gamma|^2 <= h <gamma, P gamma>, or the gain of the step at alpha c h kappa = 1."""
    rng = random.Random(index)
    instance = Run.drawn(rng)
    policy, kappa = instance.policy(EXACTLY), instance.constants(EXACTLY).kappa
    point = at(policy, numbers(instance.start, EXACTLY), EXACTLY)
    dimension, gap = len(point.theta), point.gap
    values = sorted(EXACTLY.number(Fraction(rng.uniform(0.01, 3))) for _ in range(dimension))
    if rng.random() < 0.2:  # a multiple of the identity
        values = [values[0]] * dimension
    axis = numbers(gaussian(rng, dimension), EXACTLY)
    update = tuple(dot(r, gap) for r in preconditioned(EXACTLY, values, axis))
    aligned, low, high = dot(gap, update), values[0], values[-1]
    if not step:
        return Trial(over(dot(update, update), high * aligned), instance.plain())
    rate = 1 / (high * kappa)
    moved = tuple(x + rate * y for x, y in zip(point.theta, update, strict=True))
    gain = at(policy, moved, EXACTLY).log_odds - point.log_odds
    sides = (rate * aligned / 2, rate * low * dot(gap, gap) / 2)
    return Trial(max(over(side, gain) for side in sides), instance.plain())


def weight(A: Real, B: Real, C: Real) -> Real:
    """The weight of the first of two vectors in the shortest point of the segment between them."""
    if not B < A:
        return A / A
    return C - C if not B < C else (C - B) / (A - 2 * B + C)


def between(x: Real, A: Real, B: Real, C: Real) -> Real:
    """The squared length of the point with that weight."""
    return x**2 * A + 2 * x * (1 - x) * B + (1 - x) ** 2 * C


def shortest(given: Given) -> Pairs:
    """Two vectors: no point between them is shorter than m, and none is better aligned."""
    one, two, other = (tuple(given.number(3 * k + j) for j in range(3)) for k in range(3))
    A, B, C = dot(one, one), dot(one, two), dot(two, two)
    x = weight(A, B, C)
    m = tuple(x * a + (1 - x) * b for a, b in zip(one, two, strict=True))
    square, size = dot(m, m), given.root(dot(other, other))
    if not (square > 0 and size > 0):
        return []
    least = min(dot(other, v) for v in (one, two)) / size
    return [
        (square, dot(m, one)), (square, dot(m, two)), (least, given.root(square)),
        (square, between(given.share(9), A, B, C)), *((square, end) for end in (A, C)),
    ]  # fmt: skip


def nearest(given: Given) -> Pairs:
    """Three vectors: the shortest of the points that are shortest on a vertex, an edge or the
    triangle makes no obtuse angle beyond itself: |m|^2 <= <m, v> for each."""
    vectors = [tuple(given.number(3 * k + j) for j in range(3)) for k in range(3)]
    A, B, C = vectors
    points = list(vectors)
    for one, two in ((A, B), (B, C), (C, A)):
        x = weight(dot(one, one), dot(one, two), dot(two, two))
        points.append(tuple(x * a + (1 - x) * b for a, b in zip(one, two, strict=True)))
    # On the plane of the triangle the shortest point is a multiple of its normal.
    (p, q, r), (u, v, w) = (
        tuple(a - b for a, b in zip(x, C, strict=True)) for x in (A, B)
    )
    normal = (q * w - r * v, r * u - p * w, p * v - q * u)
    size = dot(normal, normal)
    if not size > 0:
        return []
    foot = tuple(dot(normal, C) / size * a for a in normal)
    edges = ((A, B), (B, C), (C, A))
    turns = [_turn(normal, one, two, foot) for one, two in edges]
    if all(x > 0 for x in turns):
        points.append(foot)
    m = min(points, key=lambda z: dot(z, z))
    return [(dot(m, m), dot(m, v)) for v in vectors]


def _turn(normal: Vector, one: Vector, two: Vector, point: Vector) -> Real:
    """Positive if the point lies on the inner side of the edge."""
    (a, b, c), (x, y, z) = (
        tuple(s - t for s, t in zip(end, one, strict=True)) for end in (two, point)
    )
    return dot(normal, (b * z - c * y, c * x - a * z, a * y - b * x))


def _prompts(index: int) -> Trial | None:
    """Two prompts: the step min_q delta_q/kappa_q along m gains eta delta_q/2 on each."""
    rng = random.Random(index)
    dimension = rng.randint(1, 3)
    runs = [_prompt(rng, dimension) for _ in range(2)]
    theta = numbers(runs[0].start, EXACTLY)
    policies = [run.policy(EXACTLY) for run in runs]
    points = [at(policy, theta, EXACTLY) for policy in policies]
    one, two = (p.gap for p in points)
    x = weight(dot(one, one), dot(one, two), dot(two, two))
    m = tuple(x * a + (1 - x) * b for a, b in zip(one, two, strict=True))
    if not dot(m, m) > EXACTLY.number(Fraction(1, 10**6)):  # zero is nearly in the hull
        return None
    unit = tuple(a / root(dot(m, m)) for a in m)
    deltas = [p.alignment(unit) for p in points]
    kappas = [run.constants(EXACTLY).kappa for run in runs]
    eta = min(d / k for d, k in zip(deltas, kappas, strict=True))
    moved = tuple(a + eta * b for a, b in zip(theta, unit, strict=True))
    after = [at(policy, moved, EXACTLY) for policy in policies]
    ratios = [
        over(eta * d / 2, b.log_odds - a.log_odds)
        for d, a, b in zip(deltas, points, after, strict=True)
    ]
    instance: dict[str, Plain] = {"family": "prompts", "prompts": [run.plain() for run in runs]}
    return Trial(max(ratios), instance)


def _prompt(rng: random.Random, dimension: int) -> Run:
    n = rng.randint(2, 6)
    return Run(
        tuple(gaussian(rng, dimension) for _ in range(n)), gaussian(rng, n), verdicts(rng, n),
        gaussian(rng, dimension), (), (),
    )  # fmt: skip


ONE_STEP = sources(partial(limited, kappa_of, ALL, keeps_half))["extremal"]
"""In one dimension both are steps Delta mu/kappa, on the policies of `trajectory.sharp`."""

# Claims -------------------------------------------------------------------------------------------

_SAFE = (
    "algorithm.fixed-rate", "algorithm.safe-run", "algorithm.no-saturation",
    "algorithm.gaining-run",
)  # fmt: skip

CLAIMS = (
    *(
        Claim(
            f"learning.largest-{name}",
            f"{TITLES.get(name, name)}: the fixed rate times c(J) K(J) is at most 1, and 1 at J*",
            ("algorithm.fixed-rate", "algorithm.largest-curvature"),
            of_numbers(partial(largest, name), 3),
        )
        for name in RATES
    ),
    Claim(
        "learning.largest-groups",
        "c concave, c_G among them: c(J) K(J) <= c(J*) kappa",
        ("algorithm.largest-curvature",),
        of_numbers(largest_of_groups, 7),
    ),
    Claim(
        "learning.group-rates",
        "Dr. GRPO, GRPO with epsilon, DAPO, pass@k: the fixed rate times c(J) K(J) is at most 1",
        ("algorithm.group-rates",),
        of_numbers(group_rates, 5),
    ),
    *(
        Claim(
            f"learning.step-{name}",
            f"{TITLES.get(name, name)}: a step at the fixed rate keeps half of its alignment",
            ("algorithm.fixed-rate", "algorithm.critical-rate"),
            sources(partial(first_step, name, ALL, partial(half, rates)),
                    samples=60, searches=1, tries=1500),
        )
        for name, rates in RATES.items()
    ),
    *(
        Claim(
            f"learning.run-{name}",
            f"{TITLES.get(name, name)} at the fixed rate: J never falls, M(k)/2 <= ell_k - ell_0",
            _SAFE,
            {"random": by_index(partial(_never_saturates, name), 30)},
        )
        for name in RATES
    ),
    *(
        Claim(
            f"learning.iterations-{name}",
            f"{TITLES.get(name, name)} at the fixed rate: k alpha g^2/2 <= F(J_k) - F(J_0)",
            ("algorithm.rate", "algorithm.iterations", f"algorithm.rate-{name}"),
            {
                "random": by_index(partial(_counted, name), 30),
                **{
                    f"{source.split()[0]} one step {source}": tried
                    for source, tried in sources(
                        partial(first_step, name, ALL, partial(climbs, RATES[name])),
                        samples=60, searches=1, tries=1500,
                    ).items()
                },
            },
        )
        for name in RATES
    ),
    *(
        Claim(
            f"learning.order-{name}",
            f"{TITLES.get(name, name)}: F(1 - epsilon) - F(J_0) is at most its order",
            (f"algorithm.rate-{name}",),
            of_numbers(partial(order, name), 2, samples=100),
        )
        for name in RATES
    ),
    Claim(
        "learning.token-ceiling",
        "c(J) kappa_tok(J) <= L_p T + 10 sigma^2",
        ("algorithm.token-supremum", "algorithm.token-rates"),
        of_numbers(ceiling, 4),
    ),
    *(
        Claim(
            f"learning.token-{name}",
            f"{TITLES.get(name, name)}: a step at 1/(L_p T + 10 sigma^2) keeps half of its "
            "alignment",
            ("algorithm.token-rates", "algorithm.no-saturation"),
            token_steps(name),
        )
        for name in ("grpo", "raft")
    ),
    Claim(
        "learning.batch-moments",
        "N samples: E<gamma, u> = c |gamma|^2, E|u|^2 = c^2 |gamma|^2 + v/N, over all batches",
        ("algorithm.batch-moments",),
        {"random": by_index(_moments, 20)},
    ),
    Claim(
        "learning.batch",
        "alpha c |gamma|^2 - E[gain] <= kappa alpha^2 (c^2 |gamma|^2 + v/N)/2, over all batches",
        ("algorithm.batch",),
        {"random": by_index(_batch, 40), "extremal": attained},
    ),
    Claim(
        "learning.batch-size",
        "the best rate for a batch, its gain, and the batch that keeps half of the gain",
        ("algorithm.critical-batch", "algorithm.batch"),
        of_numbers(batch_size, 6),
    ),
    Claim(
        "learning.direction",
        "|v| Dmu = <v, gamma>; along gamma Dmu = |gamma|",
        ("algorithm.direction",),
        {"random": by_index(_direction, 60)},
    ),
    Claim(
        "learning.preconditioned-norm",
        "P symmetric, at most h: |P gamma|^2 <= h <gamma, P gamma>",
        ("algorithm.preconditioned",),
        {"random": by_index(partial(_preconditioned, False), 60)},
    ),
    Claim(
        "learning.preconditioned",
        "a step c alpha P gamma, alpha c h kappa = 1, gains half of alpha c l |gamma|^2",
        ("algorithm.preconditioned",),
        {"random": by_index(partial(_preconditioned, True), 60), "extremal": ONE_STEP},
    ),
    Claim(
        "learning.min-norm",
        "two vectors, m the shortest point between them: |m|^2 <= <m, v>, |m| the best alignment",
        ("algorithm.min-norm", "algorithm.min-norm-pair"),
        of_numbers(shortest, 10),
    ),
    Claim(
        "learning.shortest",
        "three vectors, m the shortest of the points that are so on a face: |m|^2 <= <m, v>",
        ("algorithm.shortest-point",),
        of_numbers(nearest, 9),
    ),
    Claim(
        "learning.prompts",
        "two prompts: eta = min delta/kappa along m gains eta delta/2 on each",
        ("algorithm.prompts",),
        {"random": by_index(_prompts, 60), "extremal": ONE_STEP},
    ),
)
