"""Every fact about numbers, functions and derivatives that the kernel takes as given.

An axiom is a formula; its free variables, function variables included, may be replaced
by any terms of their sorts.  This table, the inference rules in `theorem`, the exact
arithmetic in `algebra` and the enclosures in `balls` are all that a proof finally rests on.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from derivations.kernel.terms import (
    FALSE,
    PI,
    Term,
    absolute,
    both,
    cos,
    derivative,
    either,
    eq,
    exists,
    exp,
    forall,
    function,
    implies,
    lambertw,
    le,
    log,
    lt,
    maximum,
    minimum,
    nat,
    ne,
    real,
    sin,
    sqrt,
)

x, y, a, b, c, t = (real(s) for s in "xyabct")
u, v, d = real("u"), real("v"), real("d")
m, n = nat("m"), nat("n")
f, g = function("f", "R"), function("g", "R")


def _inside(u: Term) -> tuple[Term, Term]:
    return a <= u, u <= b


_TABLE: dict[str, Term] = {
    # Order.
    "order.total": either(x <= y, y < x),
    "order.antisymmetric": implies(x <= y, y <= x, eq(x, y)),
    "order.irreflexive": implies(x < x, FALSE),
    "order.less-differs": implies(x < y, ne(x, y)),
    "order.greater-differs": implies(y < x, ne(x, y)),
    "order.differs": implies(ne(x, y), either(x < y, y < x)),
    # Natural numbers.
    "natural.nonnegative": n >= 0,
    "natural.discrete": implies(m < n, m + 1 <= n),
    "natural.archimedes": exists(n, x <= n),
    # Functions, by what determines them.
    "absolute.cases": either(both(le(0, x), eq(absolute(x), x)), both(x <= 0, eq(absolute(x), -x))),
    "maximum.cases": either(both(y <= x, eq(maximum(x, y), x)), both(x <= y, eq(maximum(x, y), y))),
    "minimum.cases": either(both(x <= y, eq(minimum(x, y), x)), both(y <= x, eq(minimum(x, y), y))),
    "root.nonnegative": implies(le(0, x), sqrt(x) >= 0),
    "root.square": implies(le(0, x), eq(sqrt(x) ** 2, x)),
    "exp.zero": eq(exp(0), 1),
    "exp.positive": lt(0, exp(x)),
    "exp.sum": eq(exp(x + y), exp(x) * exp(y)),
    "exp.log": implies(lt(0, x), eq(exp(log(x)), x)),
    "log.exp": eq(log(exp(x)), x),
    "lambertw.branch": implies(-exp(-1) <= x, x < 0, lambertw(x) <= -1),
    "lambertw.equation": implies(-exp(-1) <= x, x < 0, eq(lambertw(x) * exp(lambertw(x)), x)),
    "circle": eq(sin(x) ** 2 + cos(x) ** 2, 1),
    "sin.zero": eq(sin(0), 0),
    "cos.zero": eq(cos(0), 1),
    "sin.period": eq(sin(x + 2 * PI), sin(x)),
    "cos.period": eq(cos(x + 2 * PI), cos(x)),
    "pi.positive": lt(0, PI),
    # Derivatives (two-sided, at a point).
    "derivative.constant": derivative(u, c, t, 0),
    "derivative.identity": derivative(u, u, t, 1),
    "derivative.sum": implies(
        derivative(u, f(u), t, x), derivative(u, g(u), t, y), derivative(u, f(u) + g(u), t, x + y)
    ),
    "derivative.product": implies(
        derivative(u, f(u), t, x),
        derivative(u, g(u), t, y),
        derivative(u, f(u) * g(u), t, x * g(t) + f(t) * y),
    ),
    "derivative.inverse": implies(ne(t, 0), derivative(u, 1 / u, t, -1 / t**2)),
    "derivative.exp": derivative(u, exp(u), t, exp(t)),
    "derivative.log": implies(lt(0, t), derivative(u, log(u), t, 1 / t)),
    "derivative.sqrt": implies(lt(0, t), derivative(u, sqrt(u), t, 1 / (2 * sqrt(t)))),
    "derivative.sin": derivative(u, sin(u), t, cos(t)),
    "derivative.cos": derivative(u, cos(u), t, -sin(t)),
    "derivative.chain": implies(
        derivative(u, f(u), g(t), x), derivative(u, g(u), t, y), derivative(u, f(g(u)), t, x * y)
    ),
    "derivative.unique": implies(derivative(u, f(u), t, x), derivative(u, f(u), t, y), eq(x, y)),
    "derivative.local": implies(
        lt(0, d),
        forall(u, t - d < u, u < t + d, eq(f(u), g(u))),
        derivative(u, f(u), t, x),
        derivative(u, g(u), t, x),
    ),
    "derivative.meaning": implies(
        derivative(u, f(u), t, x),
        lt(0, y),
        exists(
            d,
            both(
                lt(0, d),
                forall(
                    u,
                    t - d < u,
                    u < t + d,
                    absolute(f(u) - f(t) - x * (u - t)) <= y * absolute(u - t),
                ),
            ),
        ),
    ),
    "mean-value": implies(
        a < b,
        forall(u, *_inside(u), derivative(v, f(v), u, g(u))),
        exists(c, both(a < c, c < b, eq(f(b) - f(a), (b - a) * g(c)))),
    ),
}

AXIOMS: Mapping[str, Term] = MappingProxyType(_TABLE)
"""Name of each axiom and its formula.

>>> AXIOMS["exp.sum"]
exp(x + y) = exp(x)*exp(y)
"""
del _TABLE  # what is left of it can be read only
