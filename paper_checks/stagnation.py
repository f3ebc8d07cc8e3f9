"""Stagnation: with a fixed learning rate the success rate can stay strictly below 100 %.

The instance is that of `stagnation.valley`: under population GRPO one learning rate repeats a
cycle of two points for ever, half and a quarter of it climb on from the same start.  The second
way to stagnate is vanishing alignment (`stagnation.vanishing`).
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from functools import partial
from itertools import islice
from math import comb

from derivations.policies import (
    ALGORITHMS,
    Constants,
    Jet,
    Point,
    TwoResponses,
    at,
    expected,
    fixed,
    run,
    threshold,
)
from derivations.policies.arithmetic import Arithmetic, Real
from paper_checks.algorithms import grpo
from paper_checks.claims import EXACTLY, Claim, Trial, apart, by_index, over
from paper_checks.families import Run
from paper_checks.learning import RATES, rising

START = (Fraction(-1), Fraction(1, 2))
BETA, OFFSET = 20, Fraction(3, 2)
SHRINKS = Fraction(83, 100)
"""The factor of `stagnation.attractor` for population GRPO."""
GRPO = ALGORITHMS["grpo-population"]


def _height(alpha: Real, x: Jet, y: Jet) -> Jet:
    found: Jet = alpha * x + OFFSET - BETA * x.logistic() * y**2 / (1 + y**2)
    return found


def valley(arithmetic: Arithmetic) -> tuple[TwoResponses, Real]:
    """The two responses of `stagnation.valley`, and the rate that stagnates."""
    x0, y0 = START
    with arithmetic.working():
        number = arithmetic.number
        p = 1 / (1 + arithmetic.call("exp", number(-x0)))  # sigma(x_0)
        alpha = BETA * p * (1 - p) * number(y0**2 / (1 + y0**2))
    policy = TwoResponses(partial(_height, alpha), 2)
    start = at(policy, START, arithmetic)
    with arithmetic.working():
        c = arithmetic.call("sqrt", start.success * start.failure)
        return policy, 2 * number(y0) / (c * abs(start.gap[1]))


def descent(share: Fraction, steps: int, arithmetic: Arithmetic) -> list[Point]:
    """The run with a share of the stagnating rate."""
    policy, rate = valley(arithmetic)
    with arithmetic.working():
        rule = fixed(rate * arithmetic.number(share))
    return list(islice(run(policy, START, expected(GRPO), rule, arithmetic), steps + 1))


def _cycle(seed: int) -> Iterator[Trial]:
    points = descent(Fraction(1), 200, EXACTLY)
    y0 = EXACTLY.number(START[1])
    for k, point in enumerate(points):
        wanted = (EXACTLY.number(START[0]), -y0 if k % 2 else y0, points[0].success)
        found = (*point.theta, point.success)
        yield Trial(apart(found, wanted), {"family": "valley", "rate": "eta", "step": k})


def _below_one(seed: int) -> Iterator[Trial]:
    for k, point in enumerate(descent(Fraction(1), 200, EXACTLY)):
        bound = EXACTLY.number("0.410425")
        yield Trial(point.success / bound, {"family": "valley", "rate": "eta", "step": k})


def _smaller(seed: int) -> Iterator[Trial]:
    for share in (Fraction(1, 2), Fraction(1, 4)):
        last = descent(share, 1000, EXACTLY)[-1]
        instance = {"family": "valley", "rate": f"{share} eta", "steps": 1000}
        yield Trial(last.failure / EXACTLY.number("0.01"), instance)


def _steep(index: int) -> Trial:
    """|grad f|^2 <= alpha^2 + 675/4 and |f''| <= 40 in every direction, for any alpha >= 0."""
    rng = random.Random(index)
    alpha = Fraction(rng.randint(0, 400), 100)
    x = Fraction(rng.choice((rng.uniform(-6, 6), 60)))
    y = Fraction(rng.choice((rng.gauss(0, 2), 0, 3**-0.5)))
    v = [Fraction(rng.gauss(0, 1)), Fraction(rng.gauss(0, 1))]
    v[0] *= rng.choice((0, 1))
    point = at(TwoResponses(partial(_height, alpha), 2), (x, y), EXACTLY)
    bound = EXACTLY.number(alpha**2 + Fraction(675, 4))
    ratios = [
        sum(g * g for g in point.gap) / bound,
        over(abs(point.curvature(tuple(v))), EXACTLY.number(40 * sum(a * a for a in v))),
    ]
    return Trial(max(ratios), {"family": "valley", "alpha": str(alpha), "x": str(x), "y": str(y)})


def _regular(index: int) -> Trial:
    """|s| <= g, |h| <= 40 + g^2/4 along the gradient, g^2 = alpha^2 + 675/4; g < 13.02."""
    rng = random.Random(index)
    x, y = Fraction(rng.uniform(-5, 5)), Fraction(rng.choice((rng.gauss(0, 1), 3**-0.5)))
    policy, _ = valley(EXACTLY)
    point = at(policy, (x, y), EXACTLY)
    size = EXACTLY.call("sqrt", sum(g * g for g in point.gap))
    found = policy.extremes((x, y), tuple(g / size for g in point.gap), EXACTLY)
    p = 1 / (1 + EXACTLY.call("exp", EXACTLY.number(1)))
    square = (BETA * p * (1 - p) / 5) ** 2 + EXACTLY.number(Fraction(675, 4))
    ratios = [found.score**2 / square, found.hessian / (40 + square / 4),
              square / EXACTLY.number(Fraction("13.02")) ** 2]  # fmt: skip
    return Trial(max(ratios), {"family": "valley", "x": str(x), "y": str(y)})


def _confined(index: int) -> Trial:
    """Rates up to 3/20, a start with x >= -1, |y| <= 1/4: so it stays; 1 - J falls below 1/20."""
    rng = random.Random(index)
    theta = Fraction(rng.uniform(-1, 2)), Fraction(rng.choice((-1, 1, rng.uniform(-1, 1)))) / 4
    rate = Fraction(3, 20) / rng.randint(1, 2)
    policy, _ = valley(EXACTLY)
    rule = fixed(EXACTLY.number(rate))
    points = list(islice(run(policy, theta, expected(GRPO), rule, EXACTLY), 150))
    ratios = [max(4 * abs(p.theta[1]), -p.theta[0]) for p in points]
    ratios.append(20 * points[-1].failure)
    instance = {"family": "valley", "x": str(theta[0]), "y": str(theta[1]), "rate": str(rate)}
    return Trial(max(ratios), instance)


def _size(point: Point, skew: Fraction) -> Real:
    """How far (x, |y|) is from the cycle, in the coordinates of `stagnation.near-cycle`."""
    x, y = (value - at_ for value, at_ in zip(map(abs, point.theta), map(abs, START), strict=True))
    x, h = -x, EXACTLY.number(skew)  # x is negative there
    return max(abs(x - h * y), abs(y - h * x)) / (1 - h * h)


def _contracts(index: int) -> Trial:
    """A start in the box of `stagnation.attractor`: one step multiplies its size by 0.83."""
    rng, radius, h = random.Random(index), Fraction(1, 100), Fraction(1, 2)
    a, b = (radius * Fraction(rng.choice((-100, 100, rng.randint(-100, 100))), 100) for _ in "ab")
    theta = (START[0] + a + h * b, START[1] + h * a + b)
    policy, rate = valley(EXACTLY)
    first, second = islice(run(policy, theta, expected(GRPO), fixed(rate), EXACTLY), 2)
    bound = EXACTLY.number(SHRINKS) * _size(first, h)
    return Trial(over(_size(second, h), bound), {"family": "valley", "a": str(a), "b": str(b)})


def _meets_inverse(index: int) -> Trial:
    """Groups of G with alpha L T = 1/sqrt(G - 1): alpha c_G(J) L T <= 1 - J."""
    rng = random.Random(index)
    size, failure = rng.randint(2, 16), Fraction(1, rng.choice((2, 10, 10**3, 10**6, 10**12)))
    p = EXACTLY.number(1 - failure)
    root = EXACTLY.call("sqrt", EXACTLY.number(size - 1))
    mean = sum(
        comb(size, k) * p**k * (1 - p) ** (size - k)
        * EXACTLY.call("sqrt", EXACTLY.number(k * (size - k)))
        for k in range(1, size)
    ) / size  # fmt: skip
    instance = {"family": "groups", "size": size, "failure": str(failure)}
    return Trial(over(mean / root, EXACTLY.number(failure)), instance)


def _groups_rise(times: Fraction, index: int) -> Trial:
    """A run of GRPO with groups of G at `times` the rate that is safe for population GRPO."""
    rng = random.Random(index)
    size, safe = rng.randint(2, 16), RATES["grpo"]
    groups = replace(
        safe,
        coefficient=lambda J, F, root: grpo(J, F, size),
        fixed=lambda L, square, root: EXACTLY.number(times) * safe.fixed(L, square, root),
    )
    instance = Run.drawn(rng)
    return Trial(rising(groups, instance), {**instance.plain(), "group": size})


def _arctan(scale: Fraction, x: Jet) -> Jet:
    return (scale * x).atan()


def _vanishing(index: int) -> Trial:
    """f = atan(a x): below the threshold, in the best direction, J < 1/(1 + exp(-pi/2))."""
    scale = Fraction(random.Random(index).randint(1, 500), 100)
    policy = TwoResponses(partial(_arctan, scale), 1)
    # |f'| <= a and |f''| < a^2 (the maximum is 3 sqrt(3)/8 a^2), so L_o = a^2 + a^2/4.
    constants = Constants(
        EXACTLY.number(scale), EXACTLY.number(scale**2 + scale**2 / 4)
    )  # fmt: skip
    update = expected(ALGORITHMS["reinforce"])
    points = run(policy, (0,), update, threshold(lambda p: constants.kappa), EXACTLY)
    last = list(islice(points, 200))[-1]
    limit = 2 * EXACTLY.call("atan", EXACTLY.number(1))
    instance = {"family": "arctan", "scale": str(scale), "steps": 200}
    return Trial(over(last.log_odds, limit), instance)


def _root(x: Jet) -> Jet:
    return x / (1 + x**2).sqrt()


def _explicit(seed: int) -> Iterator[Trial]:
    """M(K) <= 2 along the run of `stagnation.vanishing-instance`, kappa = 7/2."""
    steps = threshold(lambda p: EXACTLY.number(Fraction(7, 2)))
    points = run(TwoResponses(_root, 1), (0,), expected(ALGORITHMS["reinforce"]), steps, EXACTLY)
    progress = EXACTLY.number(0)
    for k, point in enumerate(islice(points, 400)):
        progress += point.gap[0] ** 2 * Fraction(2, 7)
        yield Trial(over(progress, EXACTLY.number(2)), {"family": "x/sqrt(1 + x^2)", "steps": k})


CLAIMS = (
    Claim(
        "stagnation.cycle",
        "valley, GRPO with a fixed rate: a cycle of two points, the same J at each of 200 steps",
        ("stagnation.valley",),
        {"extremal": _cycle},
    ),
    Claim(
        "stagnation.below-one",
        "there J <= 0.410425 at each of 200 steps",
        ("stagnation.valley",),
        {"extremal": _below_one},
    ),
    Claim(
        "stagnation.smaller-rate",
        "with half and a quarter of that rate 1-J <= 0.01 after 1000 steps from the same start",
        ("stagnation.valley",),
        {"extremal": _smaller},
    ),
    Claim(
        "stagnation.steepness",
        "valley, any alpha: |grad f|^2 <= alpha^2 + 675/4, |f''| <= 40",
        ("stagnation.valley-derivatives",),
        {"random": by_index(_steep, 200)},
    ),
    Claim(
        "stagnation.regular",
        "there |s| <= g, |h| <= 40 + g^2/4 along the Gradient Gap, g = 13.01..",
        ("stagnation.valley-regularity", "stagnation.valley-run"),
        {"random": by_index(_regular, 100)},
    ),
    Claim(
        "stagnation.confined",
        "GRPO at a rate of 3/20 or less stays near the floor, x >= -1, |y| <= 1/4, and climbs",
        ("stagnation.valley-confined", "stagnation.valley-floor"),
        {"random": by_index(_confined, 20)},
    ),
    Claim(
        "stagnation.contraction",
        "in the box around the cycle one update leaves at most 0.83 of the distance",
        ("stagnation.attractor",),
        {"random": by_index(_contracts, 60)},
    ),
    Claim(
        "stagnation.groups",
        "groups of G, alpha L_p T = 1/sqrt(G-1): alpha c_G(J) <= (1-J)/(L_p T) at every J",
        ("stagnation.inverse-bound",),
        {"random": by_index(_meets_inverse, 60)},
    ),
    Claim(
        "stagnation.groups-rise",
        "runs of GRPO, groups of G, at the rate that is safe for population GRPO: J rises, "
        "M(k)/2 <= ell_k - ell_0",
        ("stagnation.inverse-bound",),
        {"random": by_index(partial(_groups_rise, Fraction(1)), 20)},
    ),
    Claim(
        "stagnation.vanishing",
        "log-odds arctan, any run below the threshold: ell <= pi/2 at perfect direction",
        ("stagnation.vanishing",),
        {"random": by_index(_vanishing, 20)},
    ),
    Claim(
        "stagnation.explicit",
        "log-odds x/sqrt(1+x^2), critical steps for kappa = 7/2 from 0: M(K) <= 2",
        ("stagnation.vanishing-instance",),
        {"extremal": _explicit},
    ),
)
