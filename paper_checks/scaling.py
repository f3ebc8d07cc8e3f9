r"""The critical step against the response length T and against 1-J, at the token level.

Responses are T independent tokens -1, 0 or 1, equally likely at theta = 0, with score their sum
S; a response is correct if \|S\| < tau (`token.length-necessary`).  The log-odds are even in
theta, so that from theta = -delta every step beyond 2 delta lowers J: the step at which the gain
is used up is exactly 2 delta, and 2 delta/Delta mu is its size per unit of alignment.

These are statements about this family, exact at every T.  That the critical step of *every*
token-level policy is at least (1-J) Delta mu/(L_p T) is `token.threshold-inverse`; it is tried
here through the proved `trajectory.one-step`, whose L_o is at most L_p T for such policies.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cache, partial
from itertools import pairwise

from derivations.policies import (
    Constants,
    IidTokens,
    Numbers,
    Point,
    Policy,
    ScoredToken,
    at,
    regularity,
)
from derivations.policies.arithmetic import Arithmetic
from paper_checks.claims import EXACTLY, Claim, Plain, Real, Trial, apart, over

TOKENS = (ScoredToken(-1, -1), ScoredToken(0, 0), ScoredToken(1, 1))
LENGTHS = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000)


def _inside(tau: int, total: int) -> bool:
    return abs(total) < tau


def inside(length: int, tau: int) -> IidTokens:
    r"""T tokens, correct if \|S\| < tau."""
    return IidTokens(length, TOKENS, partial(_inside, tau))


def tau_for(length: int, failure: Fraction) -> int:
    """The smallest tau in 1, ..., T at which 1-J at theta = 0 is at most `failure`, or T."""
    weights = [1]
    for _ in range(length):
        padded = [0, 0, *weights, 0, 0]
        weights = [sum(padded[i : i + 3]) for i in range(len(weights) + 2)]
    tail, total = 0, 3**length
    for tau in range(length, 0, -1):
        tail += 2 * weights[length + tau]
        if Fraction(tail, total) > failure:
            return min(tau + 1, length)
    return 1


@dataclass(frozen=True)
class Measured:
    """The start, and the constants on the segment up to the step 2 delta."""

    length: int
    tau: int
    delta: Fraction
    start: Point
    constants: Constants

    @property
    def critical(self) -> Real:
        """The step at which the gain is used up, per unit of alignment."""
        return 2 * self.start.arithmetic.number(self.delta) / self.start.gap[0]

    def plain(self) -> dict[str, Plain]:
        """The instance as plain data."""
        return {
            "family": "iid tokens", "T": self.length, "tau": self.tau, "theta": str(-self.delta),
            "1-J": _short(self.start.failure),
        }  # fmt: skip


def _short(value: Real) -> str:
    return str(EXACTLY.context.nstr(value, 10))


@cache
def measured(length: int, tau: int, arithmetic: Arithmetic = EXACTLY) -> Measured:
    """From theta = -delta, delta = 1/(1000 T): close to the top, where the threshold is tight."""
    delta = Fraction(1, 1000 * length)
    policy = inside(length, tau)
    constants = regularity(policy, (-delta,), (2 * delta,), arithmetic, pieces=2)
    return Measured(length, tau, delta, at(policy, (-delta,), arithmetic), constants)


def cases() -> Iterator[Measured]:
    """All lengths, with 1-J near 1/2, 1/100, ..., down to the last tau."""
    for length in LENGTHS:
        levels = (Fraction(1, 2), *(Fraction(1, 100**k) for k in (1, 2, 5, 20, 50, 150)))
        for tau in sorted({tau_for(length, level) for level in levels}):
            yield measured(length, tau)


def gained(policy: Policy, theta: Fraction, eta: Real) -> Real:
    """The gain of a step; with more digits for a small step, whose gain is a small difference."""
    digits = EXACTLY.digits - 2 * min(0, int(EXACTLY.context.log10(eta)))
    finely = Numbers(digits)
    start = finely.number(theta)
    before, after = (at(policy, (start + x,), finely) for x in (finely.number(0), eta))
    return EXACTLY.number(after.log_odds - before.log_odds)


def gain_of(case: Measured, eta: Real) -> Real:
    """The gain of a step in a case."""
    return gained(inside(case.length, case.tau), -case.delta, eta)


def _inverse(seed: int) -> Iterator[Trial]:
    """The step (1-J) Delta mu/L_o keeps half of its alignment."""
    for case in cases():
        eta = min(
            case.start.failure * case.start.gap[0] / case.constants.hessian,
            2 * EXACTLY.number(case.delta),
        )
        yield Trial(over(eta * case.start.gap[0] / 2, gain_of(case, eta)), case.plain())


def _guaranteed(seed: int) -> Iterator[Trial]:
    """2/K(J) <= 2 delta/Delta mu: no step that the theory allows uses up the gain."""
    for case in cases():
        yield Trial(2 / case.constants.at_success(case.start) / case.critical, case.plain())


def _used_up(seed: int) -> Iterator[Trial]:
    """The gain of the step 2 delta is 0, compared with the gain of delta."""
    for case in cases():
        delta = EXACTLY.number(case.delta)
        top = gain_of(case, delta)
        yield Trial(apart([top + gain_of(case, 2 * delta)], [top]), case.plain())


def _beyond(seed: int) -> Iterator[Trial]:
    """A step that is longer by 1/1000 lowers J."""
    for case in cases():
        eta = 2 * EXACTLY.number(case.delta) * EXACTLY.number("1.001")
        yield Trial(EXACTLY.call("exp", gain_of(case, eta)), case.plain())


def _falling(chain: Sequence[Measured]) -> Iterator[Trial]:
    for before, after in pairwise(chain):
        yield Trial(after.critical / before.critical, after.plain())


def _by_length(seed: int) -> Iterator[Trial]:
    for level in (Fraction(1, 2), Fraction(1, 100), Fraction(1, 10**4)):
        lengths = [n for n in LENGTHS if n == 1 or Fraction(2, 3**n) <= level]
        yield from _falling([measured(n, tau_for(n, level)) for n in lengths])


def _by_success(seed: int) -> Iterator[Trial]:
    for length in (10, 100, 1000):
        taus = sorted({1 + (length - 1) * k // 12 for k in range(13)})
        yield from _falling([measured(length, tau) for tau in taus])


CLAIMS = (
    Claim(
        "scaling.inverse",
        "iid tokens, T = 1..1000: eta <= (1-J) Dmu/(L_p T) keeps half of its alignment",
        ("trajectory.one-step", "token.threshold-inverse"),
        {"extremal": _inverse},
    ),
    Claim(
        "scaling.guaranteed",
        "iid tokens: 2 Dmu/K(J) <= the step at which the gain is used up",
        ("trajectory.threshold-success",),
        {"extremal": _guaranteed},
    ),
    Claim(
        "scaling.used-up",
        "iid tokens, |S| < tau, from -delta: that step is 2 delta",
        ("token.length-necessary",),
        {"extremal": _used_up},
    ),
    Claim(
        "scaling.beyond",
        "iid tokens: a step 1/1000 longer lowers J",
        ("token.length-necessary",),
        {"extremal": _beyond},
    ),
    Claim(
        "scaling.length",
        "iid tokens, 1-J below 1/2, 1e-2, 1e-4: it shrinks with each larger T",
        ("token.length-necessary",),
        {"extremal": _by_length},
    ),
    Claim(
        "scaling.success",
        "iid tokens, T = 10, 100, 1000: it shrinks with each smaller 1-J",
        ("token.length-necessary",),
        {"extremal": _by_success},
    ),
)
