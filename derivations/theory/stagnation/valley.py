"""A fixed learning rate stagnates in the valley; half and a quarter of it reach 100 %."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction as Q
from functools import cache

from derivations import calculus
from derivations.enclosures import enclosed
from derivations.expectation import WITHIN
from derivations.kernel.terms import (
    Term,
    absolute,
    beta,
    both,
    either,
    eq,
    exists,
    exp,
    forall,
    function,
    implies,
    lam,
    le,
    lt,
    nat,
    num,
    real,
    sqrt,
    substitute,
    unfold,
)
from derivations.kernel.theorem import Theorem, infer
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
    open_relations,
    order,
    part,
    symmetric,
    where,
)
from derivations.theory.algorithm.rates import equal_squares, root_facts
from derivations.theory.setting import CONVERGES, DIVERGES
from derivations.theory.stagnation.landscape import (
    ASCENDS,
    BENDING,
    LOGISTIC,
    PARTS,
    STEEPEST,
    STEEPNESS,
    VALLEY,
    VALLEY_BEND,
    VALLEY_X,
    VALLEY_Y,
    ZERO,
    X,
    Y,
    alpha,
    c,
    eta,
    k,
    p,
    steepness,
    success_at,
    training,
    v,
    w,
    x,
    y,
)
from derivations.theory.trajectory.one_step import conjuncts, premises_of

K, N = nat("K"), nat("N")
B, epsilon, z = real("B"), real("epsilon"), real("z")
g, J = function("g", "R"), function("J", "N")

GRPO = lam(p, sqrt(p * (1 - p)))
"""The coefficient of population GRPO."""

X0, Y0 = num(-1), num(Q(1, 2))
FLOOR = num(Q(1, 4))
THIRD = num(Q(1, 3))


# Sequences -----------------------------------------------------------------------------------


@state(
    "lemma",
    "stagnation.climbs",
    "Positive increments that depend on the height alone, and decrease in it, climb to infinity",
    provenance="classical",
    given=[
        forall(k, le(g(X(k)), X(k + 1) - X(k))),
        forall(x, lt(0, g(x))),
        forall((x, y), le(x, y), le(g(y), g(x))),
    ],
    claim=DIVERGES(lam(K, X(K))),
)
def climbs(proof: Proof) -> Theorem:
    increments, positive, falls = proof.given
    least = apply(positive, at=[B])
    far = le(X(ZERO) + k * g(B), X(k))
    claim = either(le(B, X(k)), far)
    base = infer("weaken", have(beta(lam(k, far), [ZERO])), formula=beta(lam(k, claim), [ZERO]))
    step, sign = apply(increments, at=[k]), apply(positive, at=[X(k)])
    after = beta(lam(k, claim), [k + 1])

    def reached(case: Theorem) -> Theorem:
        return infer("weaken", have(after.args[0], case, step, sign), formula=after)

    def below(case: Theorem, low: Theorem) -> Theorem:
        slope = apply(falls, have(le(X(k), B), low), at=[X(k), B])
        return infer("weaken", have(after.args[1], case, step, slope), formula=after)

    def next_one(hypothesis: Theorem) -> Theorem:
        return by_cases(
            hypothesis, reached,
            lambda case: by_cases(order(B, X(k)), reached, lambda low: below(case, low)),
        )  # fmt: skip

    rule = proof.note(
        induct(k, claim, base, next_one), "below B every step climbs by at least g(B)"
    )
    there, late = apply(rule, at=[K]), assume(le(N, K))
    goal = beta(unfold(proof.statement.conclusion, frozenset({"diverges"})).args[0], [B])

    def enough(chosen: Theorem) -> Theorem:
        done = by_cases(
            there, lambda case: case, lambda case: have(le(B, X(K)), case, late, chosen, least)
        )
        return infer("witness", intro(done, K, late.conclusion), formula=goal, terms=(N,))

    made = obtain(instance("natural.archimedes", x=(B - X(ZERO)) / g(B)), [N], enough)
    return fold(intro(made, B), proof.statement.conclusion)


# The way out of the valley ---------------------------------------------------------------------

ALPHA = 4 * LOGISTIC(X0) * (1 - LOGISTIC(X0))
SLOPE = eq(alpha, ALPHA)
"""alpha = beta sigma'(x_0) y_0**2/(1 + y_0**2), 20/5 = 4: f_x vanishes at the start."""


def _near_floor(at: Term) -> Term:
    """x >= -1 and |y| <= 1/4."""
    return both(le(-1, X(at)), WITHIN(Y(at), FLOOR))


def _follows(rate: Term) -> Term:
    return ASCENDS(alpha, rate, GRPO, lam(k, X(k)), lam(k, Y(k)))


def alpha_bounds(slope: Theorem) -> list[Theorem]:
    """0.7864 <= alpha <= 0.7865, from its value."""
    low, high = _ALPHA_BOUNDS[0].args[0], _ALPHA_BOUNDS[1].args[1]
    return [
        have(le(low, alpha), slope, enclosed(lt(low, ALPHA), names=PARTS)),
        have(le(alpha, high), slope, enclosed(lt(ALPHA, high), names=PARTS)),
    ]


_ALPHA_BOUNDS = [le(num(Q(7864, 10000)), alpha), le(alpha, num(Q(7865, 10000)))]


@cache
def coefficient() -> Theorem:
    """sqrt(J (1 - J)) = 1/(exp(z/2) + exp(-z/2)) for J = sigma(z)."""
    rate, halves = LOGISTIC(z), (exp(z / 2), exp(-z / 2))
    unit = have(
        eq(halves[0] * halves[1], 1),
        instance("exp.sum", x=z / 2, y=-z / 2), instance("exp.zero"),
    )
    double = instance("exp.sum", x=-z / 2, y=-z / 2)
    spread = rate * (1 - rate)
    whole = 1 / (halves[0] + halves[1])
    inverse = have(eq(halves[0], 1 / halves[1]), unit)
    squares = have(eq(spread, whole**2), inverse, double, unfold=PARTS[:1])
    root, square = root_facts(spread, have(lt(0, spread), squares))
    return discharge(
        equal_squares(sqrt(spread), whole, have(eq(sqrt(spread) ** 2, whole**2), square, squares),
                      have(le(0, sqrt(spread)), root), have(lt(0, whole)))
    )  # fmt: skip


def climb_rate(at: Term, rate: Term) -> Term:
    """A lower bound on the step in x at height x, positive and decreasing in x."""
    return rate / 3 / (exp(alpha * at / 2 + num(Q(3, 4))) + 3)


@state(
    "lemma",
    "stagnation.valley-floor",
    "Near the floor of the valley the success rate tends to one",
    provenance="extension",
    given=[SLOPE, lt(0, eta), _follows(eta), forall(k, _near_floor(k))],
    claim=CONVERGES(lam(K, success_at(X(K), Y(K))), num(1)),
    words="Every run that stays where $x\\ge -1$ and $|y|\\le 1/4$ climbs without bound.",
)
def valley_floor(proof: Proof) -> Theorem:
    slope, positive, follows, near = proof.given
    bounds = alpha_bounds(slope)
    here, step = apply(near, at=[k]), part(_step(follows), 0)
    floor = [discharge(where(f, {x: X(k), y: Y(k)}), *bounds, here) for f in on_floor()]
    coefficient_ = _coefficient_below(floor[1], floor[2])
    increment = proof.note(
        have(le(climb_rate(X(k), eta), X(k + 1) - X(k)), step, floor[0], coefficient_, positive),
        "the step in x is bounded below at every height",
    )
    sign = have(lt(0, climb_rate(x, eta)), positive)
    rises = proof.use(
        "stagnation.climbs", intro(increment, k), intro(sign, x), _decreasing(positive, bounds),
        g=lam(x, climb_rate(x, eta)),
    )  # fmt: skip
    proof.note(rises, "so x grows without bound")
    small = assume(lt(0, epsilon))
    far = fold(rises, unfold(rises.conclusion, frozenset({"diverges"})))
    wanted = unfold(proof.statement.conclusion, frozenset({"converges"}))
    goal = premises_of(beta(wanted.args[0], [epsilon]))[1]

    def late(chosen: Theorem) -> Theorem:
        after = assume(le(N, K))
        high = apply(chosen, after, at=[K])
        steep = where(floor[1], {k: K})
        value = VALLEY(alpha, X(K), Y(K))
        climbed = have(le(X(K) / 2, value), steep, *bounds, have(lt(0, X(K)), high, small))
        enough = have(le(1 / epsilon, value), climbed, high)
        close = discharge(where(_near_one(), z=value), enough, small)
        return infer("witness", intro(close, K, after.conclusion), formula=goal, terms=(N,))

    made = intro(obtain(apply(far, at=[2 / epsilon]), [N], late), epsilon, small.conclusion)
    return proof.note(fold(made, proof.statement.conclusion), "and with it the log-odds")


@cache
def _near_one() -> Theorem:
    """|J - 1| <= epsilon where f >= 1/epsilon > 0."""
    high, small = assume(le(1 / epsilon, z)), assume(lt(0, epsilon))
    tangent = where(calculus.exp_tangent(), x=z)
    value = have(eq(LOGISTIC(z), exp(z) / (1 + exp(z))), where(calculus.exp_minus(), x=z),
                 unfold=PARTS[:1])  # fmt: skip
    far = have(le(1 / epsilon, exp(z)), high, tangent)
    below = have(le(1 - LOGISTIC(z), epsilon), value, far, small)
    return have(WITHIN(LOGISTIC(z) - 1, epsilon), below, value, small)



@state(
    "lemma",
    "stagnation.valley-confined",
    "A small learning rate does not leave the floor of the valley",
    provenance="extension",
    given=[SLOPE, lt(0, eta), le(eta, num(Q(3, 20))), _follows(eta), _near_floor(ZERO)],
    claim=forall(k, _near_floor(k)),
)
def valley_confined(proof: Proof) -> Theorem:
    slope, positive, small, follows, start = proof.given
    bounds, step = alpha_bounds(slope), _step(follows)
    here = assume(_near_floor(k))
    point = {x: X(k), y: Y(k)}
    steep = discharge(where(on_floor()[0], point), *bounds, here)
    thin, weight = (discharge(where(f, point), *bounds, here) for f in _thin())
    proof.note(thin, "c(J) sigma(x) is at most 1/3, by enclosures up to x = 5")
    c_, s_, m_, y_ = (real(name) for name in ("c", "s", "m", "y"))
    plain = [assume(f) for f in (
        le(c_ * s_, THIRD), le(0, c_), lt(0, s_), lt(0, eta), le(eta, num(Q(3, 20))),
        WITHIN(y_, FLOOR),
    )]  # fmt: skip
    factor = eta * c_ * 40 * s_ / (1 + y_**2) ** 2
    contracts = have(both(le(0, factor), le(factor, 2)), have(
        both(le(0, eta * c_ * 40 * s_), le(eta * c_ * 40 * s_, 2)), *plain
    ), *plain)  # fmt: skip
    kept = have(WITHIN(y_ - m_ * y_, FLOOR), assume(both(le(0, m_), le(m_, 2))), plain[-1])
    kept = discharge(where(kept, {m_: factor}), contracts, *plain)
    values = {c_: beta(GRPO, [success_at(X(k), Y(k))]), s_: LOGISTIC(X(k)), y_: Y(k)}
    kept = discharge(where(kept, values), thin, weight, positive, small, here)
    proof.note(kept, "so y is multiplied by a number between -1 and 1")
    next_one = have(
        _near_floor(k + 1), step, kept, have(le(-1, X(k + 1)), step, steep, weight, positive, here),
        unfold=("valley_y",),
    )  # fmt: skip
    return induct(k, _near_floor(k), start, lambda _: next_one)


@cache
def _thin() -> tuple[Theorem, Theorem]:
    """c(J) sigma(x) <= 1/3 for x >= -1 and |y| <= 1/4; 0 <= c(J) and 0 < sigma(x)."""
    known = [assume(f) for f in (*_ALPHA_BOUNDS, le(-1, x), WITHIN(y, FLOOR))]
    value = VALLEY(alpha, x, y)
    ratio = 1 / (exp(value / 2) + exp(-value / 2))
    goal = le(LOGISTIC(x) * ratio, THIRD)
    share = [have(lt(0, LOGISTIC(x)), unfold=PARTS[:1]), have(lt(LOGISTIC(x), 1), unfold=PARTS[:1])]

    def far(case: Theorem) -> Theorem:
        high = have(le(4, value), on_floor()[1], case, known[0])
        tangent = where(calculus.exp_tangent(), x=value / 2)
        root = have(le(ratio, THIRD), tangent, high)
        return have(goal, root, *share, have(le(0, ratio)))

    def close(case: Theorem) -> Theorem:
        walls = have(both(le(num(Q(-1, 4)), y), le(y, FLOOR)), known[3])
        box = [*known[:3], case, part(walls, 0), part(walls, 1)]
        strict = enclosed(lt(LOGISTIC(x) * ratio, THIRD), *box, names=PARTS)
        return have(goal, strict)

    small = by_cases(order(x, num(5)), close, far)
    same = where(coefficient(), z=value)
    root = same.conclusion.args[0]
    return (
        have(le(root * LOGISTIC(x), THIRD), small, same),
        have(both(le(0, root), lt(0, LOGISTIC(x))), same, *share),
    )




# How regular the valley is ---------------------------------------------------------------------

_steep_place = num(20), num(Q(577, 1000))
_level = real("b")


@state(
    "lemma",
    "stagnation.valley-regularity",
    "The regularity of the valley, and that it is no better",
    provenance="extension",
    given=[SLOPE],
    claim=both(
        le(VALLEY_X(alpha, x, y) ** 2 + VALLEY_Y(x, y) ** 2, STEEPEST),
        WITHIN(VALLEY_BEND(x, y, v, w), 40 * (v**2 + w**2)),
        both(lt(num(13), steepness(*_steep_place)), lt(STEEPNESS, num(Q(1302, 100)))),
        forall(_level, lt(_level, 40), exists(x, lt(VALLEY_BEND(x, 0, 0, 1), -_level))),
    ),
    words="The gradient is about 13.0 at most, and the Hessian $2\\beta=40$.",
)
def valley_regularity(proof: Proof) -> Theorem:
    weak = have(le(0, alpha), *alpha_bounds(proof.given[0]))
    bounds = part(proof.use("stagnation.valley-derivatives", weak), 1)
    sizes = [
        proof.note(put_in(proof.given[0], goal, {}), "by enclosure")
        for goal in proof.statement.conclusion.args[1].args[1].args[0].args
    ]
    bent = assume(lt(_level, 40))
    (body,) = proof.statement.conclusion.args[1].args[1].args[1].args
    goal = premises_of(beta(body, [_level]))[1]
    far = 40 / (40 - _level)
    tangent = where(calculus.exp_tangent(), x=far)
    share = have(eq(LOGISTIC(far), 1 - 1 / (1 + exp(far))), where(calculus.exp_minus(), x=far),
                 unfold=PARTS[:1])  # fmt: skip
    small = have(lt(1 / (1 + exp(far)), (40 - _level) / 40), tangent, bent)
    steep = have(lt(VALLEY_BEND(far, 0, 0, 1), -_level), share, small, unfold=PARTS[4:])
    made = infer("witness", steep, formula=goal, terms=(far,))
    proof.note(made, "on the floor, far out, the second derivative across tends to -40")
    return conjunction(
        part(bounds, 0), part(bounds, 1), conjunction(*sizes),
        intro(made, _level, bent.conclusion),
    )  # fmt: skip


def put_in(slope: Theorem, goal: Term, values: Mapping[Term, Theorem]) -> Theorem:
    """A relation between numbers by enclosure; alpha, and what else has a value, put in."""
    a_, b_ = goal.args
    steps = [(alpha, slope), *values.items()]
    plain = [lt(a_, b_)]
    for variable, equation in reversed(steps):
        plain.append(substitute(plain[-1], {variable: equation.conclusion.args[1]}))
    made = enclosed(plain.pop(), names=PARTS)
    for variable, equation in steps:
        made = infer(
            "rewrite", symmetric(equation), made, template=lam(variable, plain.pop())
        )
    return have(goal, made)


# The two cases ---------------------------------------------------------------------------------

START = success_at(X0, Y0)
JUMP = 2 * Y0 / (beta(GRPO, [START]) * absolute(VALLEY_Y(X0, Y0)))
"""The learning rate whose step from the start leads to the point opposite."""

CURVATURE = 2 * BENDING + STEEPNESS**2
"""kappa = 2 L_o + G_o**2 of the valley."""


def _trained(rate: Term, *claims: Term) -> Term:
    """What holds of every run with a learning rate: it is a regular run, and the claims."""
    run = training(rate, GRPO)
    return implies(_follows(rate), both(run.run, run.regular(STEEPNESS, BENDING), *claims))


def _success(rate: Term, at: Term) -> Term:
    """J_k."""
    return training(rate, GRPO).success(at)


def _reaches(rate: Term) -> Term:
    return _trained(rate, CONVERGES(lam(K, _success(rate, K)), num(1)))


_cycle = both(
    eq(X(k), X0),
    either(eq(Y(k), Y0), eq(Y(k), -Y0)),
    eq(Y(k + 1), -Y(k)),
    eq(_success(eta, k), START),
    lt(0, training(eta, GRPO).alignment(k)),
)


@state(
    "theorem",
    "stagnation.valley",
    "A fixed learning rate stagnates where smaller ones reach 100 %",
    provenance="extension",
    given=[SLOPE, eq(eta, JUMP), eq(X(ZERO), X0), eq(Y(ZERO), Y0)],
    claim=both(
        _trained(eta, forall(k, _cycle)),
        WITHIN(START - num(Q(410424, 10**6)), num(Q(1, 2 * 10**6))),
        _reaches(eta / 2),
        _reaches(eta / 4),
        le(num(97), eta * beta(GRPO, [START]) * CURVATURE),
        le(eta * beta(GRPO, [START]) * CURVATURE, num(Q(971, 10))),
        le(num(85), eta * sqrt(BENDING * (BENDING + STEEPNESS**2))),
        le(eta * sqrt(BENDING * (BENDING + STEEPNESS**2)), num(Q(851, 10))),
    ),
    words="That a fixed rate can stagnate is the paper's; the instance is ours: two responses with "
    "log-odds $f$, population GRPO, every update along the Gradient Gap, $\\alpha$ such that $f_x$ "
    "vanishes at the start $(-1, 1/2)$. The stagnating rate is 97 times the critical one there, "
    "$1/(c(J)\\,\\kappa)$, and 85 times the fixed rate that is safe at every $J$.",
)
def valley(proof: Proof) -> Theorem:
    bounds = alpha_bounds(proof.given[0])
    rate, *ratios = _numbers(proof)
    return conjunction(
        _stagnates(proof, bounds), rate,
        _escapes(proof, bounds, 2), _escapes(proof, bounds, 4), *ratios,
    )  # fmt: skip


def _numbers(proof: Proof) -> list[Theorem]:
    """The success rate of the cycle, and the ratios of the rates, by enclosures."""
    goals = conjuncts(proof.statement.conclusion)
    made = []
    for goal in (goals[1], *goals[4:]):
        sides = [_closed(proof, side) for side in conjuncts(open_relations(goal))]
        made.append(proof.note(fold(conjunction(*sides), goal), "by enclosure"))
    return made


def _closed(proof: Proof, goal: Term) -> Theorem:
    """A relation between numbers, alpha and eta put in."""
    return put_in(proof.given[0], goal, {eta: proof.given[1]})


MIRRORED = num(-Q(1, 2))
"""-y_0."""


def start_inside() -> Theorem:
    """0 < J < 1 at the start."""
    return have(both(lt(0, START), lt(START, 1)), unfold=PARTS[:1])


def falling_across() -> Theorem:
    """f_y < 0 at the start."""
    share = have(lt(0, LOGISTIC(X0)), unfold=PARTS[:1])
    return have(lt(VALLEY_Y(X0, Y0), 0), share, unfold=PARTS[3:4])


def opposite(rate: Theorem, positive: Theorem) -> Theorem:
    """rate * c(J) * f_y = -1 at the start, for the stagnating rate: an update leads across.

    `rate` is the equation that gives the rate its value, `positive` says 0 < c(J).
    """
    falls = falling_across()
    size = by_cases(
        instance("absolute.cases", x=VALLEY_Y(X0, Y0)),
        *([lambda case: have(eq(absolute(VALLEY_Y(X0, Y0)), -VALLEY_Y(X0, Y0)), case, falls)] * 2),
    )
    name, coefficient_ = rate.conclusion.args[0], positive.conclusion.args[1]
    goal = eq(name * coefficient_ * VALLEY_Y(X0, Y0), -1)
    return have(goal, rate, positive, size, falls)


def positive_root() -> Theorem:
    """0 < sqrt(J (1 - J)) at the start."""
    spread = START * (1 - START)
    return root_facts(spread, have(lt(0, spread), start_inside()))[0]


def facing(proof: Proof) -> list[Theorem]:
    """At both points of the cycle the gradient points across the valley, and c(J) is the same.

    The stagnating rate times c(J) times the gradient leads from either point to the other one.
    """
    slope, rate = proof.given[:2]
    return [
        opposite(rate, positive_root()),
        positive_root(),
        have(eq(VALLEY_Y(X0, MIRRORED), -VALLEY_Y(X0, Y0)), unfold=PARTS[3:4]),
        have(eq(VALLEY(alpha, X0, MIRRORED), VALLEY(alpha, X0, Y0)), unfold=PARTS[1:2]),
        *(
            have(eq(VALLEY_X(alpha, X0, side), 0), slope, unfold=PARTS[2:3])
            for side in (Y0, MIRRORED)
        ),
    ]


def _run_facts(proof: Proof, bounds: list[Theorem], rate: Term, follows: Theorem) -> Theorem:
    """`stagnation.valley-run` for population GRPO."""
    low, high = assume(lt(0, p)), assume(lt(p, 1))
    root, _ = root_facts(p * (1 - p), have(lt(0, p * (1 - p)), low, high))
    sign = intro(have(le(0, beta(GRPO, [p])), root), p, low.conclusion, high.conclusion)
    positive = have(lt(0, alpha), bounds[0])
    forward = have(le(0, rate), _rate_sign(proof))
    return proof.use(
        "stagnation.valley-run", positive, forward, sign, follows,
        mapping={c: GRPO, eta: rate, X: lam(k, X(k)), Y: lam(k, Y(k))},
    )  # fmt: skip


def _rate_sign(proof: Proof) -> Theorem:
    """0 < eta."""
    falls, root = falling_across(), positive_root()
    jump = opposite(proof.given[1], root)
    shown = have(eq(eta, -1 / (beta(GRPO, [START]) * VALLEY_Y(X0, Y0))), jump, root, falls)
    return have(lt(0, eta), shown, root, falls)


def _stagnates(proof: Proof, bounds: list[Theorem]) -> Theorem:
    """The cycle: every step leads to the point opposite."""
    follows = assume(_follows(eta))
    facts, step = facing(proof), _step(follows)
    sides = either(eq(Y(k), Y0), eq(Y(k), -Y0))
    claim = both(eq(X(k), X0), sides)
    begin = have(eq(Y(ZERO), Y0), proof.given[3])
    base = conjunction(
        have(eq(X(ZERO), X0), proof.given[2]),
        infer("weaken", begin, formula=beta(lam(k, sides), [ZERO])),
    )

    def across(case: Theorem, flat: Theorem) -> Theorem:
        side = have(eq(Y(k), Y0 if case.conclusion.args[1] == Y0 else MIRRORED), case)
        return have(both(eq(X(k + 1), X0), eq(Y(k + 1), -Y(k))), step, flat, side, *facts)

    after = beta(lam(k, claim), [k + 1])

    def stays(known: Theorem) -> Theorem:
        def opposite(case: Theorem) -> Theorem:
            there = across(case, part(known, 0))
            value = have(eq(Y(k + 1), -Y0 if case.conclusion.args[1] == Y0 else Y0), there, case)
            side = infer("weaken", value, formula=after.args[1])
            return conjunction(part(there, 0), side)

        return by_cases(part(known, 1), opposite, opposite)

    rule = proof.note(induct(k, claim, base, stays), "f_x vanishes, and y changes its sign")
    now = apply(rule, at=[k])
    run_ = _run_facts(proof, bounds, eta, follows)
    values = apply(part(run_, 1, 1), at=[k])

    def at_point(case: Theorem) -> Theorem:
        there = across(case, part(now, 0))
        side = have(eq(Y(k), Y0 if case.conclusion.args[1] == Y0 else MIRRORED), case)
        rate = have(eq(_success(eta, k), START), part(values, 0), side, part(now, 0), *facts)
        return conjunction(part(there, 1), rate)

    moved_ = by_cases(part(now, 1), at_point, at_point)
    aligned = have(lt(0, training(eta, GRPO).alignment(k)), part(values, 1))
    cycle = conjunction(part(now, 0), part(now, 1), part(moved_, 0), part(moved_, 1), aligned)
    made = conjunction(part(run_, 0), part(run_, 1, 0), intro(cycle, k))
    return intro(made, (), follows.conclusion)



def _escapes(proof: Proof, bounds: list[Theorem], share: int) -> Theorem:
    """With half of the rate the first step ends on the floor, with a quarter near it."""
    rate = eta / share
    follows = assume(_follows(rate))
    facts, step, sign = facing(proof), _step(follows), _rate_sign(proof)
    start = list(proof.given[2:4])
    first = have(
        both(eq(X(ZERO + 1), X0), eq(Y(ZERO + 1), Y0 - 1 / num(share))),
        where(step, {k: ZERO}), *start, *facts,
    )  # fmt: skip
    proof.note(first, "the first step goes straight across")
    later = {X: lam(k, X(k + 1)), Y: lam(k, Y(k + 1))}
    again = fold(
        intro(where(step, {k: k + 1}), k), where(follows, later).conclusion
    )  # fmt: skip
    values = {**later, eta: rate}
    positive = have(lt(0, rate), sign)
    if share == 4:
        below = have(le(rate, num(Q(3, 20))), _closed(proof, le(eta, num(Q(3, 5)))))
        near = proof.use(
            "stagnation.valley-confined", positive, below, again,
            have(where(assume(_near_floor(ZERO)), later).conclusion, first), mapping=values,
        )  # fmt: skip
    else:
        near = _on_the_floor(first, again, positive, bounds)
    limit = proof.use("stagnation.valley-floor", positive, again, near, mapping=values)
    run_ = _run_facts(proof, bounds, rate, follows)
    rates = part(apply(part(run_, 1, 1), at=[k]), 0)
    reaches = proof.note(_delayed(limit, rates, rate), "from there it climbs out")
    return intro(
        conjunction(part(run_, 0), part(run_, 1, 0), reaches), (), follows.conclusion
    )


def _on_the_floor(
    first: Theorem, again: Theorem, positive: Theorem, bounds: list[Theorem]
) -> Theorem:
    """y = 0 from the first step on, and x never falls."""
    step, rising = _step(again), have(lt(0, alpha), bounds[0])
    claim = both(le(-1, X(k + 1)), eq(Y(k + 1), 0))
    base = have(beta(lam(k, claim), [ZERO]), first)

    def stays(known: Theorem) -> Theorem:
        at = X(k + 1), Y(k + 1)
        slopes = [
            have(eq(VALLEY_X(alpha, *at), alpha), known, unfold=PARTS[2:3]),
            have(eq(VALLEY_Y(*at), 0), known, unfold=PARTS[3:4]),
        ]
        same = where(coefficient(), z=VALLEY(alpha, *at))
        root = have(le(0, same.conclusion.args[0]), same)
        after = beta(lam(k, claim), [k + 1])
        return have(after, step, *slopes, root, positive, rising, known)

    floor = induct(k, claim, base, stays)
    goal = where(assume(_near_floor(k)), {X: lam(k, X(k + 1)), Y: lam(k, Y(k + 1))}).conclusion
    return intro(have(goal, apply(floor, at=[k])), k)


def _delayed(limit: Theorem, rates: Theorem, rate: Term) -> Theorem:
    """J_k -> 1 from J_{k+1} -> 1."""
    wanted = CONVERGES(lam(K, _success(rate, K)), num(1))
    small = assume(lt(0, epsilon))
    opened = fold(limit, unfold(limit.conclusion, frozenset({"converges"})))
    goal = premises_of(beta(unfold(wanted, frozenset({"converges"})).args[0], [epsilon]))[1]

    def late(chosen: Theorem) -> Theorem:
        close = WITHIN(_success(rate, K) - 1, epsilon)
        claim = implies(le(N + 1, K), close)
        never = assume(le(N + 1, ZERO))
        base = intro(have(beta(lam(K, close), [ZERO]), have(lt(N, 0), never)), (), never.conclusion)
        after = assume(le(N + 1, K + 1))
        there = apply(chosen, have(le(N, K), after), at=[K])
        shown = have(beta(lam(K, close), [K + 1]), there, where(rates, {k: K + 1}))
        step = intro(shown, (), after.conclusion)
        rule = induct(K, claim, base, lambda _: step)
        return infer("witness", rule, formula=goal, terms=(N + 1,))

    made = obtain(apply(opened, small, at=[epsilon]), [N], late)
    return fold(intro(made, epsilon, small.conclusion), wanted)


def _step(follows: Theorem) -> Theorem:
    """One step of the updates."""
    opened = fold(follows, unfold(follows.conclusion, frozenset({"ascends"})))
    return apply(opened, at=[k])


@cache
def on_floor() -> tuple[Theorem, Theorem, Theorem]:
    """1/3 <= f_x, -2 <= f and f <= alpha x + 3/2 <= f + 20/17, for x >= -1 and |y| <= 1/4."""
    known = [assume(f) for f in (*_ALPHA_BOUNDS, le(-1, x), WITHIN(y, FLOOR))]
    _wall = y**2 / (1 + y**2)
    wall = have(both(le(0, _wall), le(_wall, num(Q(1, 17)))), known[3])
    share = [have(lt(0, LOGISTIC(x)), unfold=PARTS), have(lt(LOGISTIC(x), 1), unfold=PARTS)]
    slope = have(le(LOGISTIC(x) * (1 - LOGISTIC(x)), FLOOR))
    steep = have(le(LOGISTIC(x) * (1 - LOGISTIC(x)) * _wall, num(Q(1, 68))), slope, wall,
                 *share)  # fmt: skip
    deep = have(both(le(0, LOGISTIC(x) * _wall), le(LOGISTIC(x) * _wall, num(Q(1, 17)))),
                wall, *share)  # fmt: skip
    top = alpha * x + num(Q(3, 2))
    return (
        have(le(THIRD, VALLEY_X(alpha, x, y)), steep, *known, unfold=PARTS[2:3]),
        have(both(le(VALLEY(alpha, x, y), top), le(top, VALLEY(alpha, x, y) + num(Q(20, 17)))),
             deep, unfold=PARTS[1:2]),
        have(le(-2, VALLEY(alpha, x, y)), deep, *known, unfold=PARTS[1:2]),
    )  # fmt: skip


def _coefficient_below(above: Theorem, below: Theorem) -> Theorem:
    """1/(exp(alpha x/2 + 3/4) + 3) <= sqrt(J (1 - J)) at step k, for -2 <= f <= alpha x + 3/2."""
    value = VALLEY(alpha, X(k), Y(k))
    top = alpha * X(k) / 2 + num(Q(3, 4))
    rises = discharge(where(calculus.exp_monotone(), a=value / 2, b=top),
                      have(le(value / 2, top), above))  # fmt: skip
    falls = discharge(where(calculus.exp_monotone(), a=-value / 2, b=num(1)),
                      have(le(-value / 2, 1), below))  # fmt: skip
    small = enclosed(lt(exp(1), 3))
    return have(
        le(1 / (exp(top) + 3), beta(GRPO, [LOGISTIC(value)])),
        where(coefficient(), z=value), rises, falls, small,
    )  # fmt: skip


def _decreasing(positive: Theorem, bounds: list[Theorem]) -> Theorem:
    """The bound on the increments decreases in x."""
    ordered = assume(le(x, y))
    tops = [alpha * at / 2 + num(Q(3, 4)) for at in (x, y)]
    rises = discharge(where(calculus.exp_monotone(), a=tops[0], b=tops[1]),
                      have(le(*tops), ordered, bounds[0]))  # fmt: skip
    falls = have(le(climb_rate(y, eta), climb_rate(x, eta)), rises, positive)
    return intro(falls, (x, y), ordered.conclusion)
