r"""The cycle in the valley attracts: perturbed starts and nearby learning rates stagnate too.

In the coordinates a and b of

    x = x_0 + a + h b,     y = y_0 + h a + b

one update followed by the reflection y -> -y, which maps the cycle to a fixed point, is nearly
diagonal there.  Its derivatives are enclosed on a box around the fixed point.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction as Q
from functools import cache

from derivations.calculus import differentiate
from derivations.enclosures import bracketed, enclosed
from derivations.expectation import WITHIN
from derivations.kernel.terms import (
    Definition,
    Term,
    absolute,
    beta,
    both,
    derivative,
    eq,
    exp,
    forall,
    function,
    implies,
    lam,
    le,
    lt,
    num,
    real,
    substitute,
    unfold,
)
from derivations.kernel.theorem import Theorem
from derivations.library import Proof, state
from derivations.tactics import (
    apply,
    assume,
    by_cases,
    conjunction,
    discharge,
    fold,
    have,
    induct,
    instance,
    intro,
    obtain,
    order,
    part,
    replace,
    where,
)
from derivations.theory.setting import CONVERGES
from derivations.theory.stagnation.landscape import (
    ASCENDS,
    LOGISTIC,
    PARTS,
    VALLEY,
    VALLEY_X,
    VALLEY_Y,
    X,
    Y,
    ZERO,
    alpha,
    eta,
    k,
    p,
    success_at,
    t,
    u,
    x,
    y,
)
from derivations.theory.stagnation.valley import (
    ALPHA,
    GRPO,
    SLOPE,
    START,
    X0,
    Y0,
    K,
    N,
    alpha_bounds,
    coefficient,
    epsilon,
    opposite,
    positive_root,
    put_in,
    start_inside,
)
from derivations.theory.trajectory.one_step import premises_of

a, b, h, r, z, jump, bound = (real(name) for name in ("a", "b", "h", "r", "z", "e", "M"))
f, g = function("f", "R"), function("g", "R")

REINFORCE = lam(p, p * (1 - p))
"""The coefficient of REINFORCE."""

NEAR = Definition(
    "near_cycle",
    lam(
        (h, x, y, z),
        both(
            WITHIN((x - X0) - h * (y - Y0), (1 - h**2) * z),
            WITHIN((y - Y0) - h * (x - X0), (1 - h**2) * z),
        ),
    ),
)
"""``near_cycle(h, x, y, z)``: the coordinates a and b of (x, y) are at most z in size."""


@dataclass(frozen=True)
class Attractor:
    """An algorithm, and what is claimed of its cycle.

    `explicit` is c as a function of the log-odds.  In the coordinates with the number `skew` for
    h, the box |a|, |b| <= `radius` is mapped into itself; at the stagnating rate any smaller box
    is mapped into one `factor` times as large.  Other rates may differ from it by the part
    `change`.  `slopes` bound the derivatives, rows first, `shifts` those in the rate.
    """

    coefficient: Term
    explicit: Term
    skew: Term
    radius: Term
    factor: Term
    change: Term
    slopes: tuple[tuple[Term, Term], tuple[Term, Term]]
    shifts: tuple[Term, Term]

    @property
    def jump(self) -> Term:
        """The stagnating learning rate."""
        return 2 * Y0 / (beta(self.coefficient, [START]) * absolute(VALLEY_Y(X0, Y0)))

    def same(self, value: Term) -> Theorem:
        """c(J) = `explicit`(f) for J = sigma(f)."""
        given, wanted = beta(self.coefficient, [LOGISTIC(value)]), beta(self.explicit, [value])
        if self.coefficient == GRPO:
            return where(coefficient(), z=value)
        return have(eq(given, wanted))

    def positive(self) -> Theorem:
        """0 < c(J) at the start."""
        if self.coefficient == GRPO:
            return positive_root()
        return have(lt(0, beta(self.coefficient, [START])), start_inside())

    def follows(self) -> Term:
        """The points follow the updates of the algorithm with the learning rate eta."""
        return ASCENDS(alpha, eta, self.coefficient, lam(k, X(k)), lam(k, Y(k)))

    def near(self, at: Term, size: Term) -> Term:
        """The point (X(k), |Y(k)|) is near the cycle."""
        return NEAR(self.skew, X(at), absolute(Y(at)), size)

    def at(self, first: Term, second: Term) -> tuple[Term, Term]:
        """The point with the coordinates (a, b)."""
        return X0 + first + self.skew * second, Y0 + self.skew * first + second

    def update(self, *point: Term) -> tuple[Term, Term]:
        """c(J) times the gradient, c as a function of the log-odds."""
        factor = beta(self.explicit, [VALLEY(alpha, *point)])
        return factor * VALLEY_X(alpha, *point), factor * VALLEY_Y(*point)

    def skewed(self, along: Term, across: Term) -> tuple[Term, Term]:
        """The coordinates of a displacement."""
        scale = 1 - self.skew**2
        return (along - self.skew * across) / scale, (across - self.skew * along) / scale

    def image(self, first: Term, second: Term) -> tuple[Term, Term]:
        """The coordinates after one update at the rate `jump` and the reflection."""
        point = self.at(first, second)
        update = self.update(*point)
        return self.skewed(point[0] + jump * update[0] - X0, -(point[1] + jump * update[1]) - Y0)

    def shift(self, first: Term, second: Term) -> tuple[Term, Term]:
        """The derivatives of the image in the rate, times the rate."""
        update = self.update(*self.at(first, second))
        return self.skewed(jump * update[0], -(jump * update[1]))


def _number(text: str) -> Term:
    return num(Q(text))


GROUPS = Attractor(
    GRPO,
    lam(z, 1 / (exp(z / 2) + exp(-z / 2))),
    _number("1/2"), _number("1/100"), _number("0.83"), _number("1/1000"),
    ((_number("0.57"), _number("0.1")), (_number("0.1"), _number("0.73"))),
    (_number("0.8"), _number("1.5")),
)  # fmt: skip
PLAIN = Attractor(
    REINFORCE,
    lam(z, LOGISTIC(z) * (1 - LOGISTIC(z))),
    _number("2/5"), _number("1/1000"), _number("0.97"), _number("1/50000"),
    ((_number("0.61"), _number("0.02")), (_number("0.02"), _number("0.95"))),
    (_number("0.6"), _number("1.3")),
)  # fmt: skip

BELOW = _number("0.43")


# One step ------------------------------------------------------------------------------------


@cache
def mean_value_bound() -> Theorem:
    """|f(x) - f(0)| <= M z where |x| <= z <= r and |f'| <= M on [-r, r]."""
    inside = le(-r, u), le(u, r)
    smooth = assume(forall(u, *inside, derivative(t, f(t), u, g(u))))
    slope = assume(forall(u, *inside, WITHIN(g(u), bound)))
    small, size = assume(WITHIN(x, z)), assume(le(z, r))
    goal = WITHIN(f(x) - f(ZERO), bound * z)
    within = have(both(le(-r, x), le(x, r), le(0, r)), small, size)
    c = real("c")

    def between(start: Term, end: Term, ordered: Theorem) -> Theorem:
        low, high = assume(le(start, u)), assume(le(u, end))
        there = apply(smooth, have(inside[0], low, within), have(inside[1], high, within), at=[u])
        rule = instance("mean-value", a=start, b=end, f=lam(u, f(u)), g=lam(u, g(u)))
        found = apply(rule, ordered, intro(there, u, low.conclusion, high.conclusion))

        def use(point: Theorem) -> Theorem:
            steep = apply(slope, have(le(-r, c), point, within), have(le(c, r), point, within),
                          at=[c])  # fmt: skip
            return have(goal, point, steep, small, ordered)

        return obtain(found, [c], use)

    def left(case: Theorem) -> Theorem:
        def still(other: Theorem) -> Theorem:
            steep = apply(slope, have(le(-r, 0), within), have(le(0, r), within), at=[0])
            return have(goal, have(eq(x, 0), case, other), steep, small)

        return by_cases(order(ZERO, x), still, lambda lower: between(x, ZERO, lower))

    return by_cases(order(x, ZERO), left, lambda case: between(ZERO, x, case))


def _sides(radius: Term, *variables: Term) -> list[Term]:
    """-r <= v and v <= r."""
    return [side for v in variables for side in (le(-radius, v), le(v, radius))]


def _boxed(case: Attractor, slope: Theorem, rate: Theorem) -> list[Theorem]:
    """Bounds by numerals on a, b, alpha and the stagnating rate."""
    low = num(-Q(case.radius.head))
    sides = [
        side
        for v in (a, b)
        for side in (
            have(le(low, v), assume(le(-case.radius, v))), assume(le(v, case.radius))
        )
    ]
    values = {alpha: slope, jump: rate}
    for variable, used in ((alpha, {}), (jump, {jump: rate})):
        number = substitute(substitute(variable, {jump: case.jump}), {alpha: ALPHA})
        for relation in bracketed(number, 9, PARTS):
            one, other = relation.conclusion.args
            goal = lt(one, variable) if one.kind == "num" else lt(variable, other)
            sides.append(put_in(slope, goal, used))
    del values
    return sides


def _derivative(case: Attractor, body: Term, at: Term) -> Theorem:
    """The derivative of a coordinate of the image at a or b; the body is a function of u."""
    height = case.at(*((u, b) if at == a else (ZERO, u)))[1]
    signs = []
    for square in (1 + x**2, (1 + x**2) ** 2):
        signs.append(where(have(lt(0, square)), {x: beta(lam(u, height), [at])}))
    return differentiate(u, body, at, *signs)


def _bounded(case: Attractor, body: Term, at: Term, slope: Term, box: list[Theorem]) -> Theorem:
    """|body(at) - body(0)| <= slope * z, by `mean_value_bound` and an enclosure."""
    smooth = _derivative(case, body, at)
    value = smooth.conclusion.args[2]
    names = {t: at}
    steep = conjunction(
        enclosed(lt(num(-Q(slope.head)), value), *box), enclosed(lt(value, slope), *box)
    )
    within = have(WITHIN(value, slope), steep)
    sides = _sides(case.radius, at)
    ready = [intro(theorem, at, *sides) for theorem in (smooth, within)]
    rule = where(
        mean_value_bound(), f=lam(u, body), g=lam(at, value), r=case.radius, x=at, M=slope
    )
    del names
    small = assume(WITHIN(at, z))
    return discharge(rule, *ready, small, assume(le(z, case.radius)))


def contraction(case: Attractor, slope: Theorem, rate: Theorem) -> list[Theorem]:
    """The coordinates of the image of (a, b) are at most `factor` z where |a|, |b| <= z <= r."""
    box = _boxed(case, slope, rate)
    results = []
    fixed = [have(eq(value, 0), *_fixed(case, slope, rate)) for value in case.image(ZERO, ZERO)]
    for row, (value, flat) in enumerate(zip(case.image(a, b), fixed, strict=True)):
        first = _bounded(case, replace(value, a, u), a, case.slopes[row][0], box)
        second = _bounded(
            case, replace(replace(value, a, ZERO), b, u), b, case.slopes[row][1], box
        )
        results.append(have(WITHIN(value, case.factor * z), first, second, flat))
    return results


def _fixed(case: Attractor, slope: Theorem, rate: Theorem) -> list[Theorem]:
    """At the cycle the gradient points across, and the update leads to the point opposite."""
    value = VALLEY(alpha, X0, Y0)
    flat = have(eq(VALLEY_X(alpha, X0, Y0), 0), slope, unfold=PARTS[2:3])
    same = case.same(value)
    return [flat, have(eq(jump * same.conclusion.args[1] * VALLEY_Y(X0, Y0), -1), same,
                       opposite(rate, case.positive()))]  # fmt: skip
