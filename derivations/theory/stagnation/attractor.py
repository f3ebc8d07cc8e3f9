r"""The cycle in the valley attracts: perturbed starts and nearby learning rates stagnate too.

In the coordinates a and b of

    x = x_0 + a + h b,     y = y_0 + h a + b

one update followed by the reflection y -> -y, which maps the cycle to a fixed point, is nearly
diagonal there.  Its derivatives are enclosed on a box around the fixed point.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction as Q
from functools import cache

from derivations.calculus import differentiate
from derivations.elementary import resolve
from derivations.enclosures import bracketed, enclosed
from derivations.expectation import WITHIN
from derivations.kernel.terms import (
    Definition,
    Term,
    absolute,
    app,
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
from derivations.kernel.theorem import Theorem, infer
from derivations.library import Proof, define, state
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
    rewrite,
    symmetric,
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
    ZERO,
    X,
    Y,
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


define(
    "definition",
    "stagnation.near-cycle",
    "How far a point is from the cycle",
    NEAR,
    provenance="extension",
    claim=app("imp", NEAR(h, x, y, z), unfold(NEAR(h, x, y, z), frozenset({"near_cycle"}))),
    words="For $|h|<1$: the point is $(-1+a+h b,\\ 1/2+h a+b)$ with $|a|,|b|\\le z$.",
    module=__name__,
)


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
    for variable, used in ((alpha, {}), (jump, {jump: rate})):
        number = substitute(substitute(variable, {jump: case.jump}), {alpha: ALPHA})
        for relation in bracketed(number, 9, PARTS):
            one, other = relation.conclusion.args
            goal = lt(one, variable) if one.kind == "num" else lt(variable, other)
            sides.append(put_in(slope, goal, used))
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
    within = _within(value, slope, box)
    sides = _sides(case.radius, at)
    ready = [intro(theorem, at, *sides) for theorem in (smooth, within)]
    rule = where(
        mean_value_bound(), f=lam(u, body), g=lam(at, value), r=case.radius, x=at, M=slope
    )
    small = assume(WITHIN(at, z))
    return discharge(rule, *ready, small, assume(le(z, case.radius)))


def _within(value: Term, limit: Term, box: list[Theorem]) -> Theorem:
    """|value| <= limit on the box, by enclosures."""
    v, low = real("v"), num(-Q(limit.head))
    strict = [assume(lt(low, v)), assume(lt(v, limit))]
    plain = where(have(WITHIN(v, limit), *strict), {v: value})
    sides = [enclosed(goal, *box, names=PARTS) for goal in (lt(low, value), lt(value, limit))]
    return discharge(plain, *sides)


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
        results.append(_added(case, row, value, first, second, flat))
    return results


def _added(
    case: Attractor, row: int, value: Term, first: Theorem, second: Theorem, flat: Theorem
) -> Theorem:
    """|image| <= factor * z from what changes with a and what changes with b."""
    v, v0, v1 = (real(name) for name in ("v", "v0", "v1"))
    one, two = case.slopes[row]
    known = [assume(WITHIN(v - v0, one * z)), assume(WITHIN(v0 - v1, two * z)), assume(eq(v1, 0))]
    plain = have(WITHIN(v, case.factor * z), *known)
    middle, start = second.conclusion.args[0].args
    made = where(plain, {v: value, v0: middle, v1: start})
    return discharge(made, first, second, flat)


def _fixed(case: Attractor, slope: Theorem, rate: Theorem) -> list[Theorem]:
    """At the cycle the gradient points across, and the update leads to the point opposite."""
    value = VALLEY(alpha, X0, Y0)
    flat = have(eq(VALLEY_X(alpha, X0, Y0), 0), slope, unfold=PARTS[2:3])
    same = case.same(value)
    return [flat, have(eq(jump * same.conclusion.args[1] * VALLEY_Y(X0, Y0), -1), same,
                       opposite(rate, case.positive()))]  # fmt: skip


# Steps in the plane --------------------------------------------------------------------------

_U, _V, _s1, _s2, _m = (real(name) for name in ("U", "V", "s1", "s2", "m"))


def _at_point(case: Attractor, theorem: Theorem) -> Theorem:
    """A theorem about the point with coordinates a and b as one about the point (x, y)."""
    along, across = case.skewed(x - X0, y - Y0)
    values = where(theorem, {a: along, b: across})
    for old, new in zip(case.at(along, across), (x, y), strict=True):
        same, hole = have(eq(old, new)), real("hole")
        template = lam(hole, replace(values.conclusion, old, hole))
        values = infer("rewrite", same, values, template=template)
    near = assume(NEAR(case.skew, x, y, z))
    opened = fold(near, unfold(near.conclusion, frozenset({"near_cycle"})))
    within = have(both(WITHIN(along, z), WITHIN(across, z)), opened)
    size = assume(le(z, case.radius))
    return discharge_near(values, within, size)


def discharge_near(theorem: Theorem, within: Theorem, size: Theorem) -> Theorem:
    """Without the hypotheses on the coordinates, which the size of the box bounds."""
    for hypothesis in theorem.hypotheses:
        if hypothesis.head == "=" or hypothesis == size.conclusion:
            continue
        proof = have(hypothesis, within, size)
        theorem = infer("detach", infer("discharge", theorem, formula=hypothesis), proof)
    return theorem


def _shifts(case: Attractor, slope: Theorem, rate: Theorem) -> list[Theorem]:
    """How much the coordinates of the image change with the rate, on the box."""
    box = _boxed(case, slope, rate)
    return [
        _within(value, limit, box)
        for value, limit in zip(case.shift(a, b), case.shifts, strict=True)
    ]


def _moved_near(case: Attractor, steps: list[Theorem], shifts: list[Theorem]) -> Theorem:
    """The next point is near the cycle, for rates e (1 - d) <= eta <= e (1 + d)."""
    update = case.update(x, y)
    images = case.skewed(x + jump * _U - X0, -(y + jump * _V) - Y0)
    changes = case.skewed(jump * _U, -(jump * _V))
    d = real("d")
    limits = zip((*images, *changes), (case.factor * z,) * 2 + case.shifts, strict=True)
    known = [
        *(assume(WITHIN(value, limit)) for value, limit in limits),
        assume(WITHIN(eta - jump, d * jump)), assume(lt(0, jump)),
    ]  # fmt: skip
    share = have(WITHIN((eta - jump) / jump, d), *known[4:])
    sizes: list[Theorem] = []
    for image, change, limit in zip(images, changes, case.shifts, strict=True):
        s, e = real("s"), real("w")
        product = have(WITHIN(e * s, d * limit), assume(WITHIN(s, limit)), assume(WITHIN(e, d)))
        product = where(product, {s: change, e: (eta - jump) / jump})
        product = discharge(product, known[2 + len(sizes)], share)
        sizes.append(
            have(WITHIN(image + (eta - jump) / jump * change, case.factor * z + d * limit),
                 product, known[len(sizes)])
        )  # fmt: skip
    largest = case.shifts[1]
    goal = NEAR(
        case.skew, x + eta * _U, -(y + eta * _V), case.factor * z + d * largest
    )  # fmt: skip
    opened = unfold(goal, frozenset({"near_cycle"}))
    shown = have(opened, *sizes, share, known[-1])
    made = where(fold(shown, goal), {_U: update[0], _V: update[1]})
    return resolve(made, *steps, *shifts)


# Runs ----------------------------------------------------------------------------------------


def _attracts(case: Attractor) -> Term:
    """What is claimed of one algorithm."""
    exact, start = eq(eta, case.jump), case.near(ZERO, case.radius)
    return both(
        implies(
            case.follows(), exact,
            forall(
                (k, z),
                le(z, case.radius), case.near(k, z), case.near(k + 1, case.factor * z),
            ),
        ),
        implies(
            case.follows(), exact, start,
            both(CONVERGES(lam(K, X(K)), X0), CONVERGES(lam(K, absolute(Y(K))), Y0)),
        ),
        implies(
            case.follows(), WITHIN(eta - case.jump, case.change * case.jump), start,
            forall(
                k,
                both(
                    case.near(k, case.radius),
                    lt(Y(k) * Y(k + 1), 0),
                    lt(success_at(X(k), Y(k)), BELOW),
                ),
            ),
        ),
    )  # fmt: skip


@state(
    "theorem",
    "stagnation.attractor",
    "The cycle in the valley attracts",
    provenance="extension",
    given=[SLOPE],
    claim=both(_attracts(GROUPS), _attracts(PLAIN)),
    words="First for population GRPO, then for REINFORCE: the box around the cycle is mapped into "
    "itself and shrinks at the stagnating rate, so runs that start in it tend to the cycle; and "
    "at every rate nearby they keep jumping across the valley, with $J<0.43$ for ever.",
)
def attractor(proof: Proof) -> Theorem:
    return conjunction(*(_attraction(proof, case) for case in (GROUPS, PLAIN)))


def _attraction(proof: Proof, case: Attractor) -> Theorem:
    """`_attracts`, proved."""
    slope, rate = proof.given[0], assume(eq(jump, case.jump))
    images = [_at_point(case, theorem) for theorem in contraction(case, slope, rate)]
    shifts = [_at_point(case, theorem) for theorem in _shifts(case, slope, rate)]
    moved_ = _moved_near(case, images, shifts)
    positive = have(lt(0, jump), *_boxed(case, slope, rate)[-2:])
    moved_ = resolve(moved_, positive)
    low = _at_point(case, _below(case, slope))
    follows = assume(case.follows())
    step = _next_point(case, follows, moved_)
    shrinks = _shrinks(case, step)
    tends = _tends(case, shrinks)
    exact, ascends = eq(eta, case.jump), follows.conclusion
    means = "the mean value theorem, with enclosures of the derivatives: boxes shrink"
    limit = "and the run tends to the cycle; other rates change little, and there is room for that"
    return conjunction(
        intro(proof.note(shrinks, means), (), ascends, exact),
        intro(proof.note(tends, limit), (), ascends, exact),
        intro(_stays(case, step, low), (), ascends),
    )


def _below(case: Attractor, slope: Theorem) -> Theorem:
    """J < 0.43 on the box."""
    rate = assume(eq(jump, case.jump))
    box = _boxed(case, slope, rate)[:6]
    return enclosed(lt(success_at(*case.at(a, b)), BELOW), *box, names=PARTS)


def _next_point(case: Attractor, follows: Theorem, moved_: Theorem) -> Theorem:
    """The next point is near the cycle, and on the other side of the valley.

    Under: (X(k), |Y(k)|) is near of size z <= r, the rate differs by the part d, and the next
    point's size is at most r.
    """
    height = absolute(Y(k))
    there = where(moved_, {x: X(k), y: height})
    opened = fold(follows, unfold(follows.conclusion, frozenset({"ascends"})))
    update = apply(opened, at=[k])
    value, size = VALLEY(alpha, X(k), height), there.conclusion.args[3]
    same = case.same(value)
    next_x, next_y = there.conclusion.args[1], there.conclusion.args[2]
    near = fold(there, unfold(there.conclusion, frozenset({"near_cycle"})))
    bounded = assume(le(size, case.radius))
    across = have(lt(0, next_y), near, bounded)
    here = assume(case.near(k, z))
    above = have(lt(0, height), fold(here, unfold(here.conclusion, frozenset({"near_cycle"}))),
                 assume(le(z, case.radius)))  # fmt: skip

    def side(case_: Theorem) -> Theorem:
        sign = 1 if case_.conclusion.args[1].args[1] == Y(k) else -1
        even = [
            have(eq(VALLEY(alpha, X(k), Y(k)), value), case_, unfold=PARTS[1:2]),
            have(eq(VALLEY_X(alpha, X(k), Y(k)), VALLEY_X(alpha, X(k), height)), case_,
                 unfold=PARTS[2:3]),
            have(eq(VALLEY_Y(X(k), Y(k)), sign * VALLEY_Y(X(k), height)), case_,
                 unfold=PARTS[3:4]),
            have(eq(Y(k), sign * height), case_),
        ]  # fmt: skip
        along = have(eq(X(k + 1), next_x), part(update, 0), same, *even)
        jumped = have(eq(Y(k + 1), -sign * next_y), part(update, 1), same, *even)
        opposite_ = have(lt(Y(k) * Y(k + 1), 0), _signs(sign, even[3], jumped, above, across))
        high = _size(jumped, across)
        reached = NEAR(case.skew, X(k + 1), absolute(Y(k + 1)), size)
        whole = _renamed(there, along, high)
        rate_ = have(eq(success_at(X(k), Y(k)), success_at(X(k), height)), even[0])
        return conjunction(fold(whole, reached), opposite_, rate_)

    return by_cases(instance("absolute.cases", x=Y(k)), side, side)


def _signs(
    sign: int, here: Theorem, there: Theorem, above: Theorem, across: Theorem
) -> Theorem:
    """Y(k) Y(k + 1) < 0 from their sizes and signs."""
    v, w = real("v"), real("w")
    plain = [assume(eq(Y(k), sign * v)), assume(eq(Y(k + 1), -sign * w)), assume(lt(0, v)),
             assume(lt(0, w))]  # fmt: skip
    made = have(lt(Y(k) * Y(k + 1), 0), have(lt(0, v * w), *plain[2:]), *plain[:2])
    return resolve(
        where(made, {v: above.conclusion.args[1], w: across.conclusion.args[1]}),
        here, there, above, across,
    )  # fmt: skip


def _size(jumped: Theorem, across: Theorem) -> Theorem:
    """|Y(k + 1)| is the positive one of the two numbers that Y(k + 1) can be."""
    w = real("w")
    sign = jumped.conclusion.args[1].args[0]
    known = assume(eq(Y(k + 1), sign * w)), assume(lt(0, w))
    goal = eq(absolute(Y(k + 1)), w)
    made = by_cases(
        instance("absolute.cases", x=Y(k + 1)),
        *([lambda case: have(goal, case, *known)] * 2),
    )
    return resolve(where(made, {w: across.conclusion.args[1]}), jumped, across)


def _renamed(theorem: Theorem, *equations: Theorem) -> Theorem:
    """The theorem with the right side of each equation replaced by the left one."""
    for equation in equations:
        theorem = rewrite(theorem, symmetric(equation))
    return theorem


def _known(case: Attractor, step: Theorem, difference: Term) -> Theorem:
    """The step for rates that differ by a part of the stagnating one."""
    made = where(step, {jump: case.jump, real("d"): difference})
    return resolve(made, have(eq(case.jump, case.jump)))


def _wider(case: Attractor, at: Term, size: Term, larger: Term, *facts: Theorem) -> Theorem:
    """Near within `larger`, from near within `size`."""
    first, second, v, w = X(at), absolute(Y(at)), real("v"), real("w")
    given = assume(NEAR(case.skew, x, y, v))
    opened = fold(given, unfold(given.conclusion, frozenset({"near_cycle"})))
    goal = NEAR(case.skew, x, y, w)
    inner = have(unfold(goal, frozenset({"near_cycle"})), opened, assume(le(v, w)))
    values = {x: first, y: second, v: size, w: larger}
    return resolve(where(fold(inner, goal), values), *facts)


def _shrinks(case: Attractor, step: Theorem) -> Theorem:
    """At the stagnating rate a box is mapped into a smaller one."""
    exact, size = assume(eq(eta, case.jump)), assume(le(z, case.radius))
    made = resolve(
        _known(case, step, ZERO),
        have(WITHIN(eta - case.jump, 0 * case.jump), exact),
        have(le(case.factor * z + 0 * case.shifts[1], case.radius), size),
    )
    near = part(made, 0)
    same = have(eq(near.conclusion.args[3], case.factor * z))
    return intro(rewrite(near, same), (k, z), size.conclusion, case.near(k, z))


def _tends(case: Attractor, shrinks: Theorem) -> Theorem:
    """X(k) -> x_0 and |Y(k)| -> y_0."""
    loss = num(1 - Q(case.factor.head))

    def size(at: Term) -> Term:
        return case.radius / (1 + loss * at)

    start = assume(case.near(ZERO, case.radius))
    base = rewrite(start, have(eq(case.radius, size(ZERO))))

    def closer(known: Theorem) -> Theorem:
        small = have(le(size(k), case.radius))
        there = apply(shrinks, small, known, at=[k, size(k)])
        less = have(le(case.factor * size(k), size(k + 1)))
        return _wider(case, k + 1, case.factor * size(k), size(k + 1), there, less)

    sizes = apply(induct(k, case.near(k, size(k)), base, closer), at=[K])
    opened = fold(sizes, unfold(sizes.conclusion, frozenset({"near_cycle"})))
    limits = []
    for path, end in ((X(K), X0), (absolute(Y(K)), Y0)):
        close = have(WITHIN(path - end, (1 + case.skew) * size(K)), opened)
        limits.append(_limit(case, close, CONVERGES(lam(K, path), end), loss))
    return intro(conjunction(*limits), (), start.conclusion)


def _limit(case: Attractor, close: Theorem, wanted: Term, loss: Term) -> Theorem:
    """Convergence from the bound (1 + h) r/(1 + loss k)."""
    small, after = assume(lt(0, epsilon)), assume(le(N, K))
    goal = premises_of(beta(unfold(wanted, frozenset({"converges"})).args[0], [epsilon]))[1]
    top = (1 + case.skew) * case.radius

    def late(chosen: Theorem) -> Theorem:
        below = have(le(top / epsilon, loss * K), chosen, after, small)
        size = have(le((1 + case.skew) * (case.radius / (1 + loss * K)), epsilon), below, small)
        path = close.conclusion.args[0]
        near = have(WITHIN(path, epsilon), close, size)
        return infer("witness", intro(near, K, after.conclusion), formula=goal, terms=(N,))

    far = instance("natural.archimedes", x=top / (loss * epsilon))
    return fold(intro(obtain(far, [N], late), epsilon, small.conclusion), wanted)


def _stays(case: Attractor, step: Theorem, low: Theorem) -> Theorem:
    """At nearby rates the run stays in the box, and J below 0.43."""
    nearby = assume(WITHIN(eta - case.jump, case.change * case.jump))
    start = assume(case.near(ZERO, case.radius))
    size = case.factor * case.radius + case.change * case.shifts[1]
    room = have(le(size, case.radius))
    made = resolve(
        where(_known(case, step, case.change), {z: case.radius}), nearby, room,
        have(le(case.radius, case.radius)),
    )  # fmt: skip

    def again(known: Theorem) -> Theorem:
        there = part(resolve(made, known), 0)
        return _wider(case, k + 1, size, case.radius, there, room)

    stays = apply(induct(k, case.near(k, case.radius), start, again), at=[k])
    now = resolve(made, stays)
    rate = where(low, {x: X(k), y: absolute(Y(k)), z: case.radius})
    rate = resolve(rate, stays, have(le(case.radius, case.radius)))
    below = have(lt(success_at(X(k), Y(k)), BELOW), part(now, 1, 1), rate)
    cycle = intro(conjunction(stays, part(now, 1, 0), below), k)
    return intro(cycle, (), nearby.conclusion, start.conclusion)
