"""The symbols of the statements, by the names they have there."""

from __future__ import annotations

from fractions import Fraction as Q

from derivations.expectation import ARBITRARY, ARBITRARY_RUN
from derivations.kernel.terms import Term, function, log, maximum, nat, num, real

line, run = ARBITRARY, ARBITRARY_RUN
n, i, k, K = (nat(name) for name in ("n", "i", "k", "K"))
t, p, c, y, b, g, B = (real(name) for name in ("t", "p", "c", "y", "b", "g", "B"))
G, L, eta, rho, h0 = (real(name) for name in ("G", "L", "eta", "rho", "h0"))
D_, K_ = real("D"), real("K")
r, w, l_, X = (function(name, "N") for name in ("r", "w", "l", "X"))

J, ell, gap = line.success, line.log_odds, line.alignment
KAPPA = 2 * L + G**2
Jk, ellk, Dk, sk, M = run.success, run.log_odds, run.alignment, run.size, run.progress
rising = maximum(Dk(k), 0)
share = sk(k) * (Jk(k) * (1 - Jk(k)) * rising)


def percent(value: int) -> Term:
    """A number of hundredths."""
    return num(Q(value, 100))


def odds(rate: Term) -> Term:
    """The log-odds of a success rate."""
    return log(rate / (1 - rate))
