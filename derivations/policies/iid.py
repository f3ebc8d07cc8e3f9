"""Independent tokens with an additive score: exact class laws at any length.

A response is T tokens drawn independently, token v with probability p_v proportional to
exp(theta a_v + b_v).  The verifier looks at S, the sum of the tokens' integer values.  The laws
of the two classes follow by convolution on the lattice of S, without listing responses.

A class must keep its digits when its probability is 1e-300.  It is therefore cut at the mean of
S into a lower and an upper part, and each part is summed under a change of measure (Cramer):
with q_v = p_v exp(lambda v)/Z, P(S = k) = Z^T exp(-lambda k) Q(S = k), where lambda puts the mean
of S at the point of the part next to the cut.  Under Q the part is no rare event, and
convolution in fixed point with a bound on its error loses nothing.  lambda is found in doubles:
it decides how wide the balls are, never whether they are true.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import accumulate, repeat
from operator import gt, le, mul
from random import Random

from flint import arb, arb_poly, fmpz, fmpz_poly

from derivations.policies.arithmetic import (
    Arithmetic,
    Balls,
    Exact,
    Real,
    Vector,
    centred,
    exact,
    middle,
    power,
    share,
    softmax,
)
from derivations.policies.point import Constants, Draw


@dataclass(frozen=True)
class ScoredToken:
    """A token with value v (what the verifier adds up), slope a and offset b of its logit."""

    value: int
    slope: Exact
    offset: Exact = 0


def at_least(threshold: int) -> Callable[[int], bool]:
    """The verifier that accepts S >= threshold.

    >>> at_least(3)(3), at_least(3)(2)
    (True, False)
    """
    return partial(le, threshold)


def below(threshold: int) -> Callable[[int], bool]:
    """The verifier that accepts S < threshold.

    >>> below(3)(3), below(3)(2)
    (False, True)
    """
    return partial(gt, threshold)


@dataclass(frozen=True)
class IidTokens:
    """T independent tokens and a verifier of the sum S of their values; theta is one number.

    `accepts` maps S to the verdict: `at_least`, `below`, or any function of an integer.

    >>> from derivations.policies import Balls, at
    >>> tokens = (ScoredToken(value=1, slope=1), ScoredToken(value=0, slope=0))
    >>> policy = IidTokens(length=1000, tokens=tokens, accepts=below(1000))
    >>> at(policy, (0,), Balls(64)).failure.str(10)
    '[9.332636185e-302 +/- 3.23e-313]'
    """

    length: int
    tokens: tuple[ScoredToken, ...]
    accepts: Callable[[int], bool]

    def __post_init__(self) -> None:
        if self.length < 1:
            raise ValueError("responses have at least one token: give length >= 1")
        if len({token.value for token in self.tokens}) < 2:
            raise ValueError("give tokens of at least two values, or every response is alike")

    @property
    def dimension(self) -> int:
        """1."""
        return 1

    def classes(self, theta: Vector, arithmetic: Arithmetic) -> tuple[AdditiveClass, AdditiveClass]:
        """The laws of O+ and of O- at theta (1); ValueError if one of them is empty."""
        plus, minus = (_class(self, theta, side, 2, arithmetic) for side in (True, False))
        return plus, minus

    def probabilities(self, theta: Vector, arithmetic: Arithmetic) -> tuple[Real, ...]:
        """p_v of every token at theta (1)."""
        number = arithmetic.number
        logits = [number(t.slope) * number(theta[0]) + number(t.offset) for t in self.tokens]
        return softmax(logits, arithmetic)[1]

    def slopes(self, theta: Vector, arithmetic: Arithmetic) -> tuple[tuple[Real, ...], Real]:
        """a_v - E[a] of every token at theta (1), and Var(a)."""
        weights = self.probabilities(theta, arithmetic)
        slopes = [arithmetic.number(token.slope) for token in self.tokens]
        _, apart = centred(weights, slopes)
        return apart, sum((p * x * x for p, x in zip(weights, apart, strict=True)), start=0)

    def extremes(self, theta: Vector, w: Vector, arithmetic: Arithmetic) -> Constants:
        """The largest |s|, attained by T equal tokens, and |h| = T Var(a), along w (1)."""
        with arithmetic.working():
            apart, variance = self.slopes(theta, arithmetic)
            along = arithmetic.number(w[0])
            return Constants(
                self.length * abs(along) * arithmetic.largest(*map(abs, apart)),
                self.length * along * along * variance,
            )

    def draws(self, theta: Vector, random: Random, arithmetic: Arithmetic) -> Iterator[Draw]:
        """Responses sampled at theta (1), for ever."""
        bits = arithmetic.bits
        with arithmetic.working():
            apart, _ = self.slopes(theta, arithmetic)
            shares = [share(p, bits) for p in self.probabilities(theta, arithmetic)]
            length = arithmetic.number(self.length)
        # What rounding lost of the last share falls to the last token.
        steps = list(accumulate(shares))[:-1]
        while True:
            counts = Counter(
                bisect_right(steps, random.getrandbits(bits)) for _ in range(self.length)
            )
            total = sum(n * self.tokens[i].value for i, n in counts.items())
            with arithmetic.working():
                score = sum((n * apart[i] for i, n in counts.items()), start=0)
            yield Draw(self.accepts(total), (score,), length)


@dataclass(frozen=True, eq=False)
class AdditiveClass:
    """The law of a class: b is the sum of the slopes, c = 0, the length is constant.

    `central` holds E[(b - E[b])^n] for n = 0, 1, ...; higher ones are computed on demand.
    """

    log_mass: Real
    score: Vector
    central: tuple[Real, ...]
    length: Real
    extend: Callable[..., AdditiveClass]

    def hessian(self, w: Vector) -> Real:
        """Zero: log-weights are linear in theta."""
        return 0 * self.length

    def moment(self, w: Vector, score: int = 0, hessian: int = 0, length: int = 0) -> Real:
        """E[(b - E[b])^score (c - E[c])^hessian T^length] along w (1)."""
        if hessian:
            return 0 * self.length
        if score >= len(self.central):
            return self.extend(order=score).moment(w, score, hessian, length)
        return power(w[0], score) * self.central[score] * power(self.length, length)


@dataclass(frozen=True)
class _Part:
    """A part of a class: exp(log_scale) times E[(A - centre)^n; part], n = 0, 1, ..."""

    log_scale: arb
    centre: arb
    moments: tuple[arb, ...]


def _class(
    policy: IidTokens, theta: Vector, correct: bool, order: int, arithmetic: Arithmetic
) -> AdditiveClass:
    """The law of a class with its central moments up to an order."""
    steps, members = _members(policy, correct)
    if not members:
        verb = "accepts" if correct else "rejects"
        raise ValueError(f"the verifier {verb} no response of {policy.length} tokens")
    # Sums of T terms to the given order cancel no more than these many bits, unless nearly all
    # of the class has the same sum of slopes; then the precision is raised while that helps.
    guard = 64 + (2 * order + 4) * policy.length.bit_length()
    law = _law(policy, theta, steps, members, order, Balls(arithmetic.bits + guard))
    constant = _constant_sum(policy, steps, members)
    enough = order < 2 or constant
    while not enough and guard < 4096 and law[2][2].rel_accuracy_bits() < arithmetic.bits:
        guard *= 4
        finer = _law(policy, theta, steps, members, order, Balls(arithmetic.bits + guard))
        enough = not 2 * finer[2][2].rad() < law[2][2].rad()
        law = finer
    log_mass, mean, central = law
    if not log_mass.is_finite():
        raise ValueError("the classes are not resolved: give theta as a narrower ball")
    if constant:
        central = (arb(1), *(arb(0) for _ in range(order)))
    number = arithmetic.number
    return AdditiveClass(
        number(log_mass),
        (number(mean),),
        tuple(map(number, central)),
        number(policy.length),
        partial(_class, policy, theta, correct, arithmetic=arithmetic),
    )


def _members(policy: IidTokens, correct: bool) -> tuple[list[int], list[int]]:
    """Steps u_v of the tokens, and the sums of T of them that belong to the class.

    S is T times the least value plus the sum times the greatest common divisor of the steps.
    """
    least = min(token.value for token in policy.tokens)
    grid = math.gcd(*(token.value - least for token in policy.tokens))
    steps = [(token.value - least) // grid for token in policy.tokens]
    base = policy.length * least
    members = [
        k
        for k in _attainable(steps, policy.length)
        if bool(policy.accepts(base + grid * k)) is correct
    ]
    return steps, members


def _constant_sum(policy: IidTokens, steps: Sequence[int], members: Sequence[int]) -> bool:
    """Whether all responses of the class are seen to have the same sum of slopes."""
    slopes = [exact(token.slope) for token in policy.tokens]
    low, high = steps.index(0), steps.index(max(steps))
    rise = (slopes[high] - slopes[low]) / steps[high]
    affine = all(a == slopes[low] + rise * u for a, u in zip(slopes, steps, strict=True))
    ends = {
        policy.length * u
        for u in (0, max(steps))
        if len({a for a, v in zip(slopes, steps, strict=True) if u == v}) == 1
    }
    return len(members) == 1 and (affine or members[0] in ends)


def _law(
    policy: IidTokens,
    theta: Vector,
    steps: Sequence[int],
    members: Sequence[int],
    order: int,
    balls: Balls,
) -> tuple[arb, arb, tuple[arb, ...]]:
    """log mass, mean, and central moments up to an order, from the parts of the class."""
    with balls.working():
        parts = tuple(_parts(policy, theta, steps, members, order, balls))
        logs = [part.log_scale + part.moments[0].log() for part in parts]
        log_mass, shares = softmax(logs, balls)
        main = max(zip(map(middle, logs), parts, strict=True), key=lambda pair: pair[0])[1]
        raw = [
            sum(
                (
                    weight / part.moments[0] * _about(part.moments, part.centre - main.centre, n)
                    for weight, part in zip(shares, parts, strict=True)
                ),
                start=arb(0),
            )
            for n in range(order + 1)
        ]
        central = (arb(1), arb(0), *(_about(raw, -raw[1], n) for n in range(2, order + 1)))
        return log_mass, main.centre + raw[1], central


def _about(moments: Sequence[arb], shift: arb, order: int) -> arb:
    """E[(X + shift)^order] from the moments of X."""
    return sum(
        (math.comb(order, j) * power(shift, order - j) * moments[j] for j in range(order + 1)),
        start=arb(0),
    )


def _parts(
    policy: IidTokens,
    theta: Vector,
    steps: Sequence[int],
    members: Sequence[int],
    order: int,
    balls: Balls,
) -> Iterator[_Part]:
    """The two parts of a class, below and above the mean of S, where they are not empty."""
    weights = policy.probabilities(theta, balls)
    length = policy.length
    logs = [float(middle(p.log())) for p in weights]
    cut = bisect_right(members, length * _tilted_mean(logs, steps, 0.0))
    slopes = [balls.number(token.slope) for token in policy.tokens]
    for side, sign in ((members[:cut][::-1], -1), (members[cut:], 1)):
        if side:
            tilt = _tilt(logs, steps, side[0] / length, length)
            tilt = sign * max(sign * tilt, 0.0)
            yield _part(weights, steps, slopes, length, side, tilt, order, balls)


def _part(
    weights: Sequence[arb],
    steps: Sequence[int],
    slopes: Sequence[arb],
    length: int,
    members: Sequence[int],
    tilt: float,
    order: int,
    balls: Balls,
) -> _Part:
    """Sums over `members`, ordered away from the cut, under the measure tilted by `tilt`."""
    slant = arb(tilt)
    raised = [p * (slant * u).exp() for p, u in zip(weights, steps, strict=True)]
    total = sum(raised, start=arb(0))
    tilted = [x / total for x in raised]
    if not all(q > 0 for q in tilted):
        raise ValueError("the classes are not resolved: give theta as a narrower ball")
    mean = sum((q * a for q, a in zip(tilted, slopes, strict=True)), start=arb(0))
    free = min(order, length)
    levels = []
    for n in range(order + 1):
        values = [q * power(a - mean, n) for q, a in zip(tilted, slopes, strict=True)]
        levels.append(arb_poly([x / math.factorial(n) for x in _column(values, steps)]))
    law = _power(levels[0].coeffs(), length - free, balls.bits)
    lattice = arb_poly([law.ball(n) for n in law.numerators.coeffs()])
    first = members[0]
    stored = range(law.start, law.start + len(lattice.coeffs()) + free * max(steps))
    near = [k for k in members if k in stored]
    reach = max((abs(k - first) for k in near), default=0)
    powers = list(accumulate(repeat((-abs(slant)).exp(), reach), mul, initial=arb(1)))
    moments = []
    for factor in _factors(levels, length, free):
        terms = (lattice * factor).coeffs()
        found = sum(
            (
                powers[abs(k - first)] * terms[k - law.start]
                for k in near
                if k - law.start < len(terms)
            ),
            start=arb(0),
        )
        # Where nothing is stored the law is not zero but small; each point of the part enters
        # with a power of at most 1 and with |factor|_1.
        norm = sum((abs(x) for x in factor.coeffs()), start=arb(0))
        moments.append(found + norm * law.ball(0) * len(members))
    scale = arb(2) ** -balls.bits
    return _Part(
        length * total.log() - slant * first, length * mean, tuple(scale * m for m in moments)
    )


def _column(values: Sequence[arb], steps: Sequence[int]) -> list[arb]:
    """The coefficients of the polynomial with the sum of the values of step u at x^u."""
    column = [arb(0)] * (max(steps) + 1)
    for value, u in zip(values, steps, strict=True):
        column[u] += value
    return column


def _factors(levels: Sequence[arb_poly], length: int, free: int) -> list[arb_poly]:
    """The polynomials in x that turn the law of T - `free` tokens into moments of T tokens.

    With P(x, t) = sum_v q_v exp(t a_v) x^v = P_0 + Q, Q = O(t), the n-th moment of the sum of
    slopes on the event S = k is n! [x^k t^n] P^T; and P^T is the sum over j <= n of
    C(T, j) P_0^(T-j) Q^j, from which P_0^(T-free) factors out.  `levels` holds [t^n] P.
    """
    order = len(levels) - 1
    zero = arb_poly([0])
    series = [arb_poly([1]), *[zero] * order]  # [t^n] Q^j
    factors = [zero] * (order + 1)
    for j in range(free + 1):
        rest = levels[0] ** (free - j) * math.comb(length, j)
        factors = [f + rest * math.factorial(n) * series[n] for n, f in enumerate(factors)]
        series = [
            sum((series[i] * levels[n - i] for i in range(n)), start=zero) for n in range(order + 1)
        ]
    return factors


@dataclass(frozen=True)
class _Law:
    """A law on 0, ..., `span` in fixed point, up to a relative error `spread`.

    The probability of `start` + i lies between numerators[i] and numerators[i] + error, in units
    of 2^-bits; where no numerator is stored, between 0 and error.
    """

    start: int
    numerators: fmpz_poly
    error: int
    span: int
    spread: arb

    def ball(self, numerator: fmpz) -> arb:
        """The probability in units of 2^-bits."""
        return (arb(numerator) + arb(0, 1) * self.error) * (1 + arb(0, 1) * self.spread)


def _times(a: _Law, b: _Law, bits: int) -> _Law:
    """The law of the sum of two independent variables."""
    found = [c >> bits for c in (a.numerators * b.numerators).coeffs()]
    zeros = next((i for i, c in enumerate(found) if c), 0)
    lost = (
        a.error * b.numerators(1)
        + b.error * a.numerators(1)
        + (min(a.span, b.span) + 1) * a.error * b.error
    )
    return _Law(
        a.start + b.start + zeros,
        fmpz_poly(found[zeros:]),
        int(lost >> bits) + 2,
        a.span + b.span,
        (1 + a.spread) * (1 + b.spread) - 1,
    )


def _power(column: Sequence[arb], exponent: int, bits: int) -> _Law:
    """The law of the sum of `exponent` independent variables, each with the law `column`.

    Radii of the column act on every product alike and are kept apart, as `spread`: all terms
    are positive, so that what is relative to a factor is relative to the sum.
    """
    scale = arb(2) ** bits
    floors = [(x.mid() * scale).floor().unique_fmpz() for x in column]
    spread = arb(0)
    for x in column:
        if not x.is_zero():
            spread = spread.max(x.rad() / x.mid())
    factor = _Law(0, fmpz_poly(floors), 1, len(column) - 1, spread)
    law = _Law(0, fmpz_poly([fmpz(1) << bits]), 0, 0, arb(0))
    while exponent:
        if exponent & 1:
            law = _times(law, factor, bits)
        exponent >>= 1
        if exponent:
            factor = _times(factor, factor, bits)
    return law


def _attainable(steps: Sequence[int], length: int) -> list[int]:
    """The sums of `length` steps, in increasing order.

    >>> _attainable((0, 3, 5), 2)
    [0, 3, 5, 6, 8, 10]
    """
    steps = sorted(set(steps))
    if len(steps) == steps[-1] + 1:
        return list(range(length * steps[-1] + 1))
    power = fmpz_poly([int(u in steps) for u in range(steps[-1] + 1)])
    found = fmpz_poly([1])
    while length:
        if length & 1:
            found = _indicator(found * power)
        power = _indicator(power * power)
        length >>= 1
    return [k for k, c in enumerate(found.coeffs()) if c]


def _indicator(poly: fmpz_poly) -> fmpz_poly:
    return fmpz_poly([int(c != 0) for c in poly.coeffs()])


def _tilted_mean(logs: Sequence[float], steps: Sequence[int], tilt: float) -> float:
    """The mean step under the measure tilted by `tilt`."""
    logits = [x + tilt * u for x, u in zip(logs, steps, strict=True)]
    top = max(logits)
    weights = [math.exp(x - top) for x in logits]
    return sum(w * u for w, u in zip(weights, steps, strict=True)) / sum(weights)


def _tilt(logs: Sequence[float], steps: Sequence[int], mean: float, length: int) -> float:
    """The tilt under which the mean step is as wanted, half a step of S inside the extremes."""
    mean = min(max(mean, 0.5 / length), max(steps) - 0.5 / length)
    low, high = -1.0, 1.0
    while _tilted_mean(logs, steps, low) > mean:
        low *= 2
    while _tilted_mean(logs, steps, high) < mean:
        high *= 2
    while low < (centre := (low + high) / 2) < high:
        if _tilted_mean(logs, steps, centre) < mean:
            low = centre
        else:
            high = centre
    return low
