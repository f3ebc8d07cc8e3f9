"""REINFORCE and GRPO alike: the expected update of each is c(J) gamma, and only c differs.

The expected update is computed by brute force over all groups of responses, from the
definition of each algorithm's advantages, and compared with the closed forms of c(J) in
`algorithm.coefficient`.  Runs below the critical learning rate 1/(c(J) K) then gain half of
their alignment, whatever the algorithm (`algorithm.critical-rate`).
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Mapping
from fractions import Fraction
from functools import partial
from itertools import product

from derivations.policies import ALGORITHMS, Group, Point, at, coefficient, expected_update
from derivations.policies.arithmetic import Real, softmax
from paper_checks.claims import EXACTLY, Claim, Trial, apart, by_index, over
from paper_checks.families import Bound, Run, at_success, kappa, numbers

SIZES = {"reinforce": (1, 3), "rloo": (2, 3), "raft": (1,), "grpo-population": (1,)}
"""Group sizes of the brute force; 2, 3 and 4 for the others."""


def root(value: Real) -> Real:
    """The square root."""
    return EXACTLY.call("sqrt", value)


def grpo(J: Real, F: Real, G: int) -> Real:
    """c_G(J), the Bernstein polynomial of the square root of x(1-x)."""
    return sum(
        math.comb(G, k) * J**k * F ** (G - k) * root(EXACTLY.number(k * (G - k))) / G
        for k in range(1, G)
    )


CLOSED: Mapping[str, Callable[[Real, Real, int], Real]] = {
    "reinforce": lambda J, F, G: J * F,
    "rloo": lambda J, F, G: J * F,
    "dr-grpo": lambda J, F, G: J * F * (G - 1) / G,
    "grpo": grpo,
    "grpo-population": lambda J, F, G: root(J * F),
    "dapo": lambda J, F, G: grpo(J, F, G) / (1 - J**G - F**G),
    "raft": lambda J, F, G: F,
    "log-odds": lambda J, F, G: EXACTLY.number(1),
    "pass@2": lambda J, F, G: 2 * J * F**2,
}
"""c(J) from J, 1-J and G, as `algorithm.coefficient` states it."""


def _brute_force(name: str, size: int, instance: Run, point: Point) -> list[Real]:
    """The mean update over all n^G groups, those that the algorithm drops left out."""
    algorithm = ALGORITHMS[name]
    features = [numbers(f, EXACTLY) for f in instance.features]
    logits = [
        EXACTLY.number(Fraction(a)) + sum(x * y for x, y in zip(point.theta, f, strict=True))
        for a, f in zip(instance.offsets, features, strict=True)
    ]
    _, weights = softmax(logits, EXACTLY)
    dimension = range(len(point.theta))
    mean = [sum(p * f[i] for p, f in zip(weights, features, strict=True)) for i in dimension]
    update, mass = [EXACTLY.number(0) for _ in dimension], EXACTLY.number(0)
    for group in product(range(len(weights)), repeat=size):
        k = sum(instance.correct[o] for o in group)
        if not algorithm.keeps(size, k):
            continue
        probability = math.prod(weights[o] for o in group)
        advantages = algorithm.advantage(Group(size, k, point.success, point.failure, EXACTLY))
        mass += probability
        for o in group:
            factor = probability * advantages[not instance.correct[o]] / size
            for i in dimension:
                update[i] += factor * (features[o][i] - mean[i])
    return [x / mass for x in update]


def _coefficient(name: str, index: int) -> Trial:
    rng = random.Random(index)
    size = rng.choice(SIZES.get(name, (2, 3, 4)))
    instance = Run.drawn(rng)
    while len(instance.correct) ** size > 200:
        instance = Run.drawn(rng)
    point = at(instance.policy(EXACTLY), numbers(instance.start, EXACTLY), EXACTLY)
    c = CLOSED[name](point.success, point.failure, size)
    found = _brute_force(name, size, instance, point)
    ratio = apart(found, [c * g for g in point.gap])
    return Trial(ratio, {**instance.plain(), "algorithm": name, "group": size})


RATES = (
    ("reinforce", 1), ("grpo", 2), ("grpo", 4), ("grpo", 8), ("grpo", 16), ("dr-grpo", 8),
    ("dapo", 8), ("grpo-population", 1), ("raft", 1), ("log-odds", 1),
)  # fmt: skip


def _rate(name: str, size: int, bound: Bound, index: int) -> Trial:
    """Eight steps at the critical learning rate 1/(c(J) bound): M/2 <= ell_K - ell_0."""
    rng = random.Random(index)
    instance = Run.drawn(rng)
    policy, constants = instance.policy(EXACTLY), instance.constants(EXACTLY)
    first = point = at(policy, numbers(instance.start, EXACTLY), EXACTLY)
    progress = EXACTLY.number(0)
    for _ in range(8):
        c = coefficient(ALGORITHMS[name], point, size)
        rate = 1 / (c * bound(constants, point))
        update = expected_update(ALGORITHMS[name], point, size)
        progress += rate * sum(x * g for x, g in zip(update, point.gap, strict=True))
        theta = tuple(x + rate * y for x, y in zip(point.theta, update, strict=True))
        point = at(policy, theta, EXACTLY)
    instance_data = {**instance.plain(), "algorithm": name, "group": size}
    return Trial(over(progress / 2, point.log_odds - first.log_odds), instance_data)


CLAIMS = (
    *(
        Claim(
            f"algorithms.{name}",
            f"{name}: the expected update, over all groups, is c(J) gamma",
            ("algorithm.coefficient",),
            {"random": by_index(partial(_coefficient, name), 20)},
        )
        for name in CLOSED
    ),
    Claim(
        "algorithms.rate",
        "each algorithm, learning rate 1/(c(J) kappa): ell_K - ell_0 >= M/2",
        ("trajectory.threshold", "algorithm.critical-rate"),
        {
            f"random {name} {size}": by_index(partial(_rate, name, size, kappa), 20)
            for name, size in RATES
        },
    ),
    Claim(
        "algorithms.rate-success",
        "each algorithm, learning rate 1/(c(J) K(J)): ell_K - ell_0 >= M/2",
        ("trajectory.threshold-success", "algorithm.critical-rate"),
        {
            f"random {name} {size}": by_index(partial(_rate, name, size, at_success), 20)
            for name, size in RATES
        },
    ),
)
