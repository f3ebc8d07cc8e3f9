r"""Length normalisation: what dividing by \|o\| does to the step, and to its direction.

With equal lengths it makes the safe rate independent of T (`length.invariance`).  With unequal
lengths the update is no multiple of the Gradient Gap, and can even point the other way
(`length.misaligned`); how far it can turn is bounded by the ratio of the lengths
(`length.safe-ratio`).
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from fractions import Fraction

from derivations.policies import ALGORITHMS, Point, at, coefficient, expected_update
from derivations.policies.arithmetic import Arithmetic
from paper_checks.algorithms import grpo
from paper_checks.claims import EXACTLY, Claim, Plain, Real, Trial, apart, by_index, over
from paper_checks.families import ROUGHLY, SecondDegree, gaussian, numbers, verdicts
from paper_checks.groups import Verified, drawn, exactly, mean, standardised
from paper_checks.scaling import LENGTHS, inside, measured, tau_for
from paper_checks.search import climb, nudged

GROUP = 8
PLAIN = ALGORITHMS["grpo"]
DIVIDED = replace(PLAIN, name="grpo/|o|", length_power=-1)
CENTRED = ALGORITHMS["dr-grpo"]
CENTRED_DIVIDED = replace(CENTRED, name="dr-grpo/|o|", length_power=-1)


def _invariance(seed: int) -> Iterator[Trial]:
    """The rate (1-J)/(c L_p) with the update divided by T: step (1-J) gamma/(L_p T)."""
    for length in LENGTHS:
        case = measured(length, tau_for(length, Fraction(1, 2)))
        token = case.constants.hessian / length
        rate = case.start.failure / (coefficient(PLAIN, case.start, GROUP) * token)
        step = rate * expected_update(DIVIDED, case.start, GROUP)[0]
        step = min(step, 2 * EXACTLY.number(case.delta))
        after = at(inside(length, case.tau), (case.start.theta[0] + step,), EXACTLY)
        gain = after.log_odds - case.start.log_odds
        yield Trial(over(step * case.start.gap[0] / 2, gain), case.plain())


BASELINES: Mapping[str, Callable[[int, int], tuple[Real, Real]]] = {
    "mean": lambda size, k: (1 - Fraction(k, size), -Fraction(k, size)),
    "leave-one-out": lambda size, k: (1 - Fraction(k - 1, size - 1), -Fraction(k, size - 1)),
    "grpo": standardised,
    "none": lambda size, k: (Fraction(1), Fraction(0)),
}
"""The advantages of a correct and of an incorrect response in a group with k correct ones."""

FACTORS: Mapping[str, Callable[[int, Real], Real]] = {
    "mean": lambda size, J: J * (1 - J) * (size - 1) / size,
    "leave-one-out": lambda size, J: J * (1 - J),
    "grpo": lambda size, J: grpo(J, 1 - J, size),
    "none": lambda size, J: J * (1 - J),
}
"""What multiplies E_+[s/T] - E_-[s/T]."""


def _divided(rng: random.Random) -> tuple[Verified, dict[str, Plain], Real, Real]:
    """Scores over lengths, E_+[s/T] - E_-[s/T] and E[s/T]."""
    right, instance = drawn(rng, exactly)
    lengths = [rng.randint(1, 40) for _ in right.chances]
    scores = tuple(s / T for s, T in zip(right.scores, lengths, strict=True))
    divided, J = replace(right, scores=scores), right.rate
    whole = sum(p * x for p, x in zip(divided.chances, scores, strict=True))
    gap = (divided.moment - J * whole) / (J * (1 - J))
    return divided, {**instance, "lengths": lengths}, gap, whole


def _expected(index: int) -> Trial:
    """Over all groups: c times E_+[s/T] - E_-[s/T]; and J E[s/T] if there is no baseline."""
    rng = random.Random(index)
    divided, instance, gap, whole = _divided(rng)
    size, J, found, said = rng.randint(2, 4), divided.rate, [], []
    for name, advantages in BASELINES.items():
        table = [tuple(map(EXACTLY.number, advantages(size, k))) for k in range(size + 1)]
        found.append(sum(u for _, u in divided.by_number(size, table.__getitem__)))
        said.append(FACTORS[name](size, J) * gap + (J * whole if name == "none" else 0))
    return Trial(apart(found, said), {**instance, "group": size})


def _whatever(index: int) -> Trial:
    """Any advantages: c (E_+[s/T] - E_-[s/T]) and the mean advantage times E[s/T]."""
    rng = random.Random(index)
    divided, instance, gap, whole = _divided(rng)
    size, J = rng.randint(1, 3), divided.rate
    right, wrong = (
        [EXACTLY.number(Fraction(x)) for x in gaussian(rng, size + 1)] for _ in "+-"
    )
    found = sum(u for _, u in divided.by_number(size, lambda k: (right[k], wrong[k])))
    factor = J * (1 - J) * mean(size - 1, J, lambda k: right[k + 1] - wrong[k])
    paid = mean(size, J, lambda k: (k * right[k] + (size - k) * wrong[k]) / size)
    return Trial(apart([found], [factor * gap + paid * whole]), {**instance, "group": size})


@dataclass(frozen=True)
class Lengths:
    """n responses on a line with slopes, levels and lengths (n each)."""

    slopes: tuple[float, ...]
    levels: tuple[float, ...]
    lengths: tuple[int, ...]
    correct: tuple[bool, ...]

    @classmethod
    def drawn(cls, rng: random.Random) -> Lengths:
        """Two to six responses of 1 to 40 tokens."""
        n = rng.randint(2, 6)
        lengths = tuple(rng.randint(1, 40) for _ in range(n))
        return cls(gaussian(rng, n), gaussian(rng, n), lengths, verdicts(rng, n))

    def moved(self, rng: random.Random, scale: float) -> Lengths:
        """Numbers moved a little, and at times a length redrawn."""
        lengths = list(self.lengths)
        if rng.random() < 0.3:
            lengths[rng.randrange(len(lengths))] = rng.randint(1, 40)
        return replace(
            self,
            slopes=nudged(self.slopes, rng, scale),
            levels=nudged(self.levels, rng, scale),
            lengths=tuple(lengths),
        )

    def plain(self) -> dict[str, Plain]:
        """The instance as plain data."""
        return {"family": "lengths", **asdict(self)}

    def point(self, arithmetic: Arithmetic) -> Point:
        """The policy at 0."""
        zeros = (0,) * len(self.correct)
        levels, slopes = (numbers(x, arithmetic) for x in (self.levels, self.slopes))
        policy = SecondDegree(levels, slopes, zeros, self.correct, self.lengths)
        return at(policy, (0,), arithmetic)

    def turned(self, arithmetic: Arithmetic) -> tuple[Real, Real] | None:
        """|E_+[s/T] - E_-[s/T] - m gamma| <= r (E_+|s| + E_-|s|).

        m and r are the middle and half the width of the interval that holds 1/T; positive
        alignment follows where m |gamma| exceeds the right side, as `length.safe-ratio` says.
        """
        least, most = min(self.lengths), max(self.lengths)
        if least == most:
            return None
        m = arithmetic.number(Fraction(least + most, 2 * least * most))
        r = arithmetic.number(Fraction(most - least, 2 * least * most))
        point = self.point(arithmetic)
        plus, minus = (point.moment(c, (1,), score=1, length=-1) for c in (True, False))
        sizes = sum(self._mean_size(point, c, arithmetic) for c in (True, False))
        return abs(plus - minus - m * point.gap[0]), r * sizes

    def _mean_size(self, point: Point, correct: bool, arithmetic: Arithmetic) -> Real:
        """E_±|s|, summed over the listed responses."""
        law, g = point.laws[not correct], point.mean_score(correct)[0]
        slopes = [
            arithmetic.number(Fraction(b))
            for b, c in zip(self.slopes, self.correct, strict=True)
            if c is correct
        ]
        weights = [
            arithmetic.call("exp", arithmetic.number(Fraction(a)) - law.log_mass)
            for a, c in zip(self.levels, self.correct, strict=True)
            if c is correct
        ]
        return sum(
            p * abs(b - law.score[0] + g) for p, b in zip(weights, slopes, strict=True)
        )  # fmt: skip


def _sampled(index: int) -> Trial | None:
    instance = Lengths.drawn(random.Random(index))
    found = instance.turned(EXACTLY)
    return None if found is None else Trial(over(*found), instance.plain())


def _searched(index: int) -> Trial | None:
    def roughly(instance: Lengths) -> float | None:
        found = instance.turned(ROUGHLY)
        return found[0] / found[1] if found is not None and found[1] > 1e-9 else None

    instance = climb(Lengths.drawn, roughly, random.Random(index), starts=60, tries=2000)
    found = instance.turned(EXACTLY)
    return None if found is None else Trial(over(*found), instance.plain())


TURNED = Lengths((3.0, -1.0, -1.0, -1.0), (0.0,) * 4, (30, 1, 20, 20), (True, True, False, False))
"""(T, s) = (30, 3), (1, -1) correct and (20, -1) twice incorrect, each with probability 1/4."""


def _misaligned(seed: int) -> Iterator[Trial]:
    point = TURNED.point(EXACTLY)
    plus, minus, whole = (
        point.moment(c, (1,), score=1, length=-1) for c in (True, False, None)
    )  # fmt: skip
    said = map(EXACTLY.number, (2, Fraction(-2, 5), Fraction(-1, 4)))
    yield Trial(apart((point.gap[0], plus - minus, whole), said), TURNED.plain())


def _after(point: Point, divided: bool, rate: Fraction) -> Point:
    update = expected_update(CENTRED_DIVIDED if divided else CENTRED, point, GROUP)
    zeros = (0,) * len(TURNED.correct)
    policy = SecondDegree(
        tuple(map(Fraction, TURNED.levels)), tuple(map(Fraction, TURNED.slopes)), zeros,
        TURNED.correct, TURNED.lengths,
    )  # fmt: skip
    return at(policy, (EXACTLY.number(rate) * update[0],), EXACTLY)


def _lowers(seed: int) -> Iterator[Trial]:
    """J after a divided step over J before it, and J before an undivided one over J after it."""
    point = TURNED.point(EXACTLY)
    for rate in (Fraction(1, 10**k) for k in range(1, 7)):
        divided, undivided = (_after(point, x, rate).success for x in (True, False))
        ratio = max(divided / point.success, point.success / undivided)
        yield Trial(ratio, {**TURNED.plain(), "rate": str(rate)})


CLAIMS = (
    Claim(
        "normalisation.invariance",
        "equal lengths, T = 1..1000: the rate (1-J)/(c L_p), update divided by T, is safe",
        ("length.invariance", "trajectory.one-step"),
        {"extremal": _invariance},
    ),
    Claim(
        "normalisation.expected",
        "scores over lengths, GRPO, with and without a baseline: the update, over all groups",
        ("length.alignment",),
        {"random": by_index(_expected, 30)},
    ),
    Claim(
        "normalisation.mean-advantage",
        "scores over lengths, any advantages: what their mean adds, over all groups",
        ("length.group-draw", "length.alignment"),
        {"random": by_index(_whatever, 40)},
    ),
    Claim(
        "normalisation.safe-ratio",
        "dividing by lengths in [T_min, T_max] turns the update no further than said",
        ("length.safe-ratio", "length.alignment"),
        {
            "random": by_index(_sampled, 300),
            "search 0": by_index(lambda index: _searched(2 * index), 1),
            "search 1": by_index(lambda index: _searched(2 * index + 1), 1),
        },
    ),
    Claim(
        "normalisation.misaligned",
        "unequal lengths: gamma = 2, the divided update -2/5 times c, E[s/T] = -1/4",
        ("length.misaligned", "length.alignment", "length.four-responses"),
        {"extremal": _misaligned},
    ),
    Claim(
        "normalisation.lowers",
        "there dividing by |o| lowers J, where Dr. GRPO's update raises it",
        ("length.misaligned",),
        {"extremal": _lowers},
    ),
)
