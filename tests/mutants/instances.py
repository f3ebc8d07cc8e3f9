"""Policies and runs whose every quantity can be computed: where the mutants are false."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction as Q
from functools import partial
from typing import Any

from .evaluation import Instance, digits, divide, mp


class Softmax:
    """Softmax with log-weights ``A + b x + c x**2/2`` at x = start + t: a policy along a line."""

    def __init__(
        self, rewards: Sequence[int], levels: Sequence[Any], slopes: Sequence[Any],
        bends: Sequence[Any], start: Any = 0,
    ) -> None:  # fmt: skip
        self.rewards, self.start = rewards, digits(start)
        self.rows = [tuple(map(digits, row)) for row in zip(levels, slopes, bends, strict=True)]
        self._known: dict[Any, list[tuple[Any, Any, Any]]] = {}

    def starting_at(self, start: Any) -> Softmax:
        """The same policy, with t counted from another point."""
        return Softmax(self.rewards, *zip(*self.rows, strict=True), start=start)

    def mirrored(self) -> Softmax:
        """Correct and incorrect responses exchanged."""
        rewards = [1 - r for r in self.rewards]
        return Softmax(rewards, *zip(*self.rows, strict=True), start=self.start)

    def at(self, t: Any) -> list[tuple[Any, Any, Any]]:
        """Log-probability, score and its derivative, for every response."""
        x = self.start + digits(t)
        if x not in self._known:
            weights = [mp.exp(a + b * x + c * x**2 / 2) for a, b, c in self.rows]
            drifts = self._drifts(t)
            bends = [c for _, _, c in self.rows]
            shares = [w / mp.fsum(weights) for w in weights]
            mean, bend = mp.fdot(shares, drifts), mp.fdot(shares, bends)
            spread = mp.fdot(shares, ((d - mean) ** 2 for d in drifts))
            self._known[x] = [
                (mp.log(p), d - mean, c - bend - spread)
                for p, d, c in zip(shares, drifts, bends, strict=True)
            ]
        return self._known[x]

    def _drifts(self, t: Any) -> list[Any]:
        return [b + c * (self.start + digits(t)) for _, b, c in self.rows]

    def largest(self, length: Any) -> tuple[Any, Any]:
        """Upper bounds of |s| and |h| on the whole of [0, length].

        With d the drift b + c x, R the range of d and C that of c, |s'| <= C + R**2 and
        |h'| = |kappa_3(d) + 3 Cov(c, d)| <= R**3 + 3 C R.  So neither exceeds its largest
        value on a grid by more than that times half of the mesh.
        """
        cells = 16
        bends = [c for _, _, c in self.rows]
        C = max(bends) - min(bends)
        # The range of linear functions is convex: it is largest at an end.
        R = max(max(d) - min(d) for d in map(self._drifts, (0, length)))
        half = digits(length) / (2 * cells)
        grid = [row for k in range(cells + 1) for row in self.at(2 * half * k)]
        score, hessian = (max(abs(row[part]) for row in grid) for part in (1, 2))
        return score + half * (C + R**2), hessian + half * (R**3 + 3 * C * R)

    def success(self, t: Any) -> Any:
        """J."""
        rows = zip(self.at(t), self.rewards, strict=True)
        return mp.fsum(mp.exp(row[0]) for row, r in rows if r)

    def alignment(self, t: Any) -> Any:
        """E_+[s] - E_-[s], with J E_+[s] = -(1 - J) E_-[s]."""
        J = self.success(t)
        rows = zip(self.at(t), self.rewards, strict=True)
        return mp.fsum(mp.exp(row[0]) * row[1] for row, r in rows if r) / (J * (1 - J))

    def functions(self) -> dict[str, Any]:
        """Values for n, r, lp, s and h."""
        return {
            "n": len(self.rewards),
            "r": lambda i: self.rewards[int(i)],
            "lp": lambda t, i: self.at(t)[int(i)][0],
            "s": lambda t, i: self.at(t)[int(i)][1],
            "h": lambda t, i: self.at(t)[int(i)][2],
        }

    def run(self, size: Callable[[int], Any]) -> dict[str, Any]:
        """Values for a run along the line, given the size of every step."""

        def at(k: Any, t: Any, i: Any) -> tuple[Any, Any, Any]:
            return self.at(sum((digits(size(j)) for j in range(int(k))), digits(t)))[int(i)]

        return {
            "n": len(self.rewards),
            "r": lambda i: self.rewards[int(i)],
            "lp": lambda k, t, i: at(k, t, i)[0],
            "s": lambda k, t, i: at(k, t, i)[1],
            "h": lambda k, t, i: at(k, t, i)[2],
            "eta": lambda k: size(int(k)),
        }


def policy(line: Softmax, *reals: Any, **values: Any) -> Instance:
    """A line, with points where quantifiers are tried."""
    return Instance({**line.functions(), **values}, (Q(0), *reals))


def segment(line: Softmax, eta: Any, G: Any, L: Any, *reals: Any, **values: Any) -> Instance:
    """One step of size eta along a line."""
    return Instance(
        {**line.functions(), "eta": eta, "G": G, "L": L, **values},
        tuple(dict.fromkeys((Q(0), divide(eta, 2), eta, *reals))),
        largest=partial(line.largest, eta),
    )


def single(line: Softmax, size: Any, G: Any, L: Any, **values: Any) -> Instance:
    """A run of one step that then stays, with points on that step."""
    return Instance(
        {**line.run(lambda k: Q(0) if k else size), "G": G, "L": L, **values},
        tuple(dict.fromkeys((Q(0), divide(size, 2), size))),
        largest=partial(line.largest, size),
    )


GENERIC = Softmax(
    (1, 0, 1, 0), (0, Q(1, 2), Q(-1, 3), Q(1, 5)), (1, Q(-1, 2), Q(1, 4), Q(2, 3)),
    (Q(1, 3), Q(-1, 5), Q(1, 2), Q(-1, 4)),
)  # fmt: skip
"""Four responses, nothing special."""

LOGIT = Softmax((1, 0), (0, 0), (1, 0), (0, 0))
"""Two responses whose log-odds are t."""

STILL = Softmax((1, 0), (0, 0), (0, 0), (0, 0))
"""Two equally likely responses; nothing moves."""

TURN = Softmax((1, 0), (0, 0), (0, 0), (-1, 1))
"""The score vanishes at t = 0 only; the curvature there is -2."""

PEAK = Softmax((1, 0, 0), (mp.log(4), 0, 0), (0, 1, -1), (-1, 1, 1))
"""The policy of `trajectory.sharp` for G = L = 1: at t = 0 the curvature is -3."""

POINT = segment(PEAK, Q(0), Q(1), Q(1))
"""That policy on the segment that is only the point 0, where its constants are exactly 1."""

DELTA = Q(1, 10000)
WIDE = Q(1001, 1000)
"""Near 0, between -3 DELTA and 3 DELTA, the constants of PEAK are less than this."""

RISING = PEAK.starting_at(-DELTA)
"""Just below the top of the log-odds: ell' = 3 DELTA, ell'' = -3, nearly."""

SINKING = PEAK.mirrored().starting_at(DELTA)
"""The log-odds bend upwards: ell' = 3 DELTA, ell'' = 3, J = 1/3, nearly."""

_KAPPA = 2 * WIDE + WIDE**2


def step(line: Softmax, multiple: Any, bound: Any = _KAPPA) -> Any:
    """A multiple of the critical step at the start of the line."""
    return digits(multiple) * line.alignment(0) / digits(bound)


def tight(multiple: Any, line: Softmax = RISING) -> Instance:
    """One step, a multiple of the critical one."""
    return segment(line, step(line, multiple), WIDE, WIDE)


def tight_run(
    multiple: Any, line: Softmax = RISING, bound: Any = _KAPPA, **values: Any
) -> Instance:
    """A run that is one step, a multiple of the critical one, and then stays."""
    return single(line, step(line, multiple, bound), WIDE, WIDE, **values)


CLIMB = Instance(
    {**LOGIT.run(lambda k: Q(2, 3)), "G": Q(1), "L": Q(1, 4)},
    (Q(0), Q(1, 3), Q(2, 3)),
    naturals=13,
    largest=lambda: (1, Q(1, 4)),
)
"""Steps of 2/3 for ever, from log-odds 0, where the log-odds are the position.

The scores 1 - J and -J are at most 1, their derivative -J(1 - J) at most 1/4."""

NOT_A_POLICY = Instance(
    {
        "n": 2, "r": lambda i: (1, 0)[int(i)], "lp": lambda t, i: Q(0), "s": lambda t, i: Q(1),
        "h": lambda t, i: Q(0), "G": Q(1), "L": Q(1), "eta": Q(1), "t": Q(0),
    },
    (Q(0), Q(1)),
)  # fmt: skip
"""Two responses of probability one each, with scores one."""
