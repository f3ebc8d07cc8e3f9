r"""The valley: two responses whose log-odds f(x, y) rise along a valley floor y = 0.

    f(x, y) = alpha x + 3/2 - 20 sigma(x) y**2/(1 + y**2)

The walls steepen with x, so a fixed learning rate that is too large for them jumps from wall to
wall: where it repeats a cycle of two points, the success rate stays where it is.
"""

from __future__ import annotations

from fractions import Fraction

from derivations.calculus import differentiate
from derivations.expectation import WITHIN, Line, Run
from derivations.kernel.terms import (
    Definition,
    Term,
    app,
    beta,
    both,
    derivative,
    eq,
    exp,
    forall,
    function,
    lam,
    le,
    lt,
    nat,
    num,
    real,
    sqrt,
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
    intro,
    order,
    part,
    replace,
    where,
)
from derivations.theory.algorithm.rates import root_facts, root_order
from derivations.theory.lines import EXPLICIT, two_responses
from derivations.theory.trajectory.pairs import pair_probabilities

alpha, x, y, t, u, v, w, s = (
    real(name) for name in ("alpha", "x", "y", "t", "u", "v", "w", "s")
)

LOGISTIC = Definition("logistic", lam(x, 1 / (1 + exp(-x))))
"""``logistic(x)``: 1/(1 + exp(-x)), written sigma(x)."""

_logistic = LOGISTIC(x)
_slope = _logistic * (1 - _logistic)
_wall = y**2 / (1 + y**2)
_wall1 = 2 * y / (1 + y**2) ** 2
_wall2 = (2 - 6 * y**2) / (1 + y**2) ** 3

VALLEY = Definition(
    "valley", lam((alpha, x, y), alpha * x + num(Fraction(3, 2)) - 20 * _logistic * _wall)
)
"""``valley(alpha, x, y)``: the log-odds f(x, y)."""

VALLEY_X = Definition("valley_x", lam((alpha, x, y), alpha - 20 * _slope * _wall))
"""``valley_x(alpha, x, y)``: the derivative of f in x."""

VALLEY_Y = Definition("valley_y", lam((x, y), -20 * _logistic * _wall1))
"""``valley_y(x, y)``: the derivative of f in y."""

VALLEY_BEND = Definition(
    "valley_bend",
    lam(
        (x, y, v, w),
        -20
        * (
            _slope * (1 - 2 * _logistic) * _wall * v**2
            + 2 * _slope * _wall1 * (v * w)
            + _logistic * _wall2 * w**2
        ),
    ),
)
"""``valley_bend(x, y, v, w)``: the second derivative of f in the direction (v, w)."""

define(
    "definition",
    "stagnation.logistic",
    "The logistic function",
    LOGISTIC,
    provenance="classical",
    claim=eq(LOGISTIC(x), beta(LOGISTIC.meaning, [x])),
    module=__name__,
)
define(
    "definition",
    "stagnation.landscape",
    "The valley",
    VALLEY,
    provenance="extension",
    claim=eq(VALLEY(alpha, x, y), beta(VALLEY.meaning, [alpha, x, y])),
    words="The log-odds $f(x,y)=\\alpha x+f_0-\\beta\\,\\sigma(x)\\,y^2/(1+y^2)$ with $f_0=3/2$ "
    "and $\\beta=20$: they rise along the floor $y=0$, between walls that steepen with $x$.",
    module=__name__,
)
define(
    "definition",
    "stagnation.slope-along",
    "The slope of the valley along its floor",
    VALLEY_X,
    provenance="extension",
    claim=eq(VALLEY_X(alpha, x, y), beta(VALLEY_X.meaning, [alpha, x, y])),
    module=__name__,
)
define(
    "definition",
    "stagnation.slope-across",
    "The slope of the valley across its floor",
    VALLEY_Y,
    provenance="extension",
    claim=eq(VALLEY_Y(x, y), beta(VALLEY_Y.meaning, [x, y])),
    module=__name__,
)
define(
    "definition",
    "stagnation.bend",
    "The second derivative of the valley in a direction",
    VALLEY_BEND,
    provenance="extension",
    claim=eq(VALLEY_BEND(x, y, v, w), beta(VALLEY_BEND.meaning, [x, y, v, w])),
    words="That these are the derivatives is `stagnation.valley-derivatives`.",
    module=__name__,
)

PARTS = ("logistic", "valley", "valley_x", "valley_y", "valley_bend")
"""The definitions to unfold for arithmetic with the valley."""

STEEPEST = alpha**2 + num(Fraction(675, 4))
"""The square of the bound on the gradient, alpha**2 + 20**2 * 27/64."""


def slope_along(at: tuple[Term, Term], direction: tuple[Term, Term]) -> Term:
    """The derivative of f in a direction."""
    return direction[0] * VALLEY_X(alpha, *at) + direction[1] * VALLEY_Y(*at)


def moved(at: Term) -> tuple[Term, Term]:
    """The point at parameter `at` of the line through (x, y) in the direction (v, w)."""
    return x + at * v, y + at * w


@state(
    "lemma",
    "stagnation.valley-derivatives",
    "The derivatives of the valley, and bounds on them",
    provenance="extension",
    given=[le(0, alpha)],
    claim=both(
        forall(
            t,
            both(
                derivative(u, VALLEY(alpha, *moved(u)), t, slope_along(moved(t), (v, w))),
                derivative(
                    u, slope_along(moved(u), (v, w)), t, VALLEY_BEND(*moved(t), v, w)
                ),
            ),
        ),
        le(VALLEY_X(alpha, x, y) ** 2 + VALLEY_Y(x, y) ** 2, STEEPEST),
        WITHIN(VALLEY_BEND(x, y, v, w), 40 * (v**2 + w**2)),
    ),
    words="Along every line, so the gradient is at most $\\sqrt{\\alpha^2+675/4}$ and the Hessian "
    "at most $2\\beta=40$ in norm.",
)
def derivatives(proof: Proof) -> Theorem:
    first = differentiate(
        u, VALLEY(alpha, *moved(u)), t, value=slope_along(moved(t), (v, w)), unfold_in=PARTS
    )
    second = differentiate(
        u, slope_along(moved(u), (v, w)), t, value=VALLEY_BEND(*moved(t), v, w), unfold_in=PARTS
    )
    proof.note(conjunction(first, second), "differentiate along the line, twice")
    walls = _wall_bounds()
    share = [have(lt(0, _logistic), unfold=PARTS), have(lt(_logistic, 1), unfold=PARTS)]
    values = {s: _logistic, q: _wall, q1: _wall1, q2: _wall2}
    goals = proof.statement.conclusion.args[1].args
    steep = discharge(where(_steepness(), values), *walls, *share, *proof.given)
    bend = discharge(where(_bend(), values), *walls, *share)
    bounds = [
        proof.have(goals[0], steep, unfold=PARTS[2:4], why="the walls are steepest at y**2 = 1/3"),
        proof.have(goals[1], bend, unfold=PARTS[4:], why="2 |v w| is at most v**2 + w**2"),
    ]
    return conjunction(intro(conjunction(first, second), t), *bounds)


q, q1, q2 = (real(name) for name in ("q", "q1", "q2"))


def _wall_bounds() -> list[Theorem]:
    """0 <= y**2/(1 + y**2) <= 1, the square of its slope is at most 27/64, |its bend| <= 2."""
    touching = have(le(256 * y**2, 27 * (1 + y**2) ** 4), degree=4)
    return [
        have(both(le(0, _wall), le(_wall, 1))),
        have(le(_wall1**2, num(Fraction(27, 64))), touching),
        have(WITHIN(_wall2, num(2))),
    ]


_SHARE = [lt(0, s), lt(s, 1)]
_WALLS = [both(le(0, q), le(q, 1)), le(q1**2, num(Fraction(27, 64))), WITHIN(q2, num(2))]


def _steepness() -> Theorem:
    """The bound on the gradient, in s = sigma(x) and the wall and its slope."""
    known = [assume(f) for f in (*_SHARE, *_WALLS[:2], le(0, alpha))]
    edge = num(Fraction(27, 64))
    low = have(le(s**2 * (1 - s), edge * (1 + s)), *known[:2])
    along = have(le(s**2 * (1 - s) ** 2 * q**2, edge * (1 - s**2)), low, *known[:3])
    across = have(le(s**2 * q1**2, edge * s**2), known[3])
    sign = have(le(0, alpha * (s * (1 - s) * q)), *known)
    goal = le((alpha - 20 * (s * (1 - s)) * q) ** 2 + (-20 * s * q1) ** 2, STEEPEST)
    return have(goal, along, across, sign)


def _bend() -> Theorem:
    """The bound on the second derivative, likewise."""
    known = [assume(f) for f in (*_SHARE, *_WALLS)]
    size, slope = v**2 + w**2, s * (1 - s)
    slant = have(WITHIN(q1, num(1)), known[3])
    mixed = have(WITHIN(2 * q1 * (v * w), size), slant)
    share = have(both(le(0, slope), le(slope, num(Fraction(1, 4)))), *known[:2])
    skew = have(WITHIN((1 - 2 * s) * q, num(1)), *known[:3])
    parts = [
        have(WITHIN(slope * ((1 - 2 * s) * q) * v**2, slope * v**2), skew, share),
        have(WITHIN(slope * (2 * q1 * (v * w)), slope * size), mixed, share),
        have(WITHIN(s * q2 * w**2, 2 * s * w**2), known[4], *known[:2]),
    ]
    total = have(le(slope * v**2 + slope * size + 2 * s * w**2, 2 * size), *known[:2], share)
    inner = slope * (1 - 2 * s) * q * v**2 + 2 * slope * q1 * (v * w) + s * q2 * w**2
    return have(WITHIN(-20 * inner, 40 * size), *parts, total)


# Training in the valley ----------------------------------------------------------------------

k, i = nat("k"), nat("i")
eta, p, tau = real("eta"), real("p"), real("tau")
ZERO = num(0)
c, X, Y = function("c", "R"), function("X", "N"), function("Y", "N")

_here = X(k), Y(k)


def success_at(*at: Term) -> Term:
    """The success rate at a point, sigma(f)."""
    return LOGISTIC(VALLEY(alpha, *at))


def gradient(*at: Term) -> tuple[Term, Term]:
    """The gradient of f at a point: the Gradient Gap of the two responses."""
    return VALLEY_X(alpha, *at), VALLEY_Y(*at)


def _updated(rate: Term) -> Term:
    """Both coordinates move by the learning rate times c(J) times the gradient."""
    return both(
        *(
            eq(path(k + 1), path(k) + rate * c(success_at(*_here)) * slope)
            for path, slope in zip((X, Y), gradient(*_here), strict=True)
        )
    )


ASCENDS = Definition("ascends", lam((alpha, eta, c, X, Y), forall(k, _updated(eta))))
"""``ascends(alpha, eta, c, X, Y)``: the points (X(k), Y(k)) follow the updates eta c(J) gamma."""

_ascent = ASCENDS(alpha, eta, lam(p, c(p)), lam(k, X(k)), lam(k, Y(k)))

define(
    "definition",
    "stagnation.updates",
    "Training in the valley",
    ASCENDS,
    provenance="classical",
    claim=app("imp", _ascent, unfold(_ascent, frozenset({"ascends"}))),
    words="The update of every algorithm of section 4, in expectation: a learning rate times "
    "$c(J)$ times the Gradient Gap.",
    module=__name__,
)

STEEPNESS = sqrt(STEEPEST)
BENDING = 40 + STEEPEST / 4


def steepness(*at: Term) -> Term:
    """The length of the Gradient Gap at a point."""
    slopes = gradient(*at)
    return sqrt(slopes[0] ** 2 + slopes[1] ** 2)


def line_from(at: tuple[Term, Term], direction: tuple[Term, Term]) -> Line:
    """The policy with log-odds f along the line from a point in a direction."""
    reached = at[0] + t * direction[0], at[1] + t * direction[1]
    return two_responses(
        lam(t, VALLEY(alpha, *reached)),
        lam(t, direction[0] * VALLEY_X(alpha, *reached) + direction[1] * VALLEY_Y(*reached)),
        lam(t, VALLEY_BEND(*reached, *direction)),
    )


def training(rate: Term, coefficient: Term) -> Run:
    """Step k goes along the Gradient Gap, by `rate` times c(J) times its length."""
    slopes, size = gradient(*_here), steepness(*_here)
    line = line_from(_here, (slopes[0] / size, slopes[1] / size))
    functions = (line.log_policy, line.score, line.hessian)
    log_policy, score, hessian = (lam((k, t, i), beta(f, [t, i])) for f in functions)
    steps = lam(k, rate * beta(coefficient, [success_at(*_here)]) * size)
    return Run(line.count, line.reward, log_policy, score, hessian, steps)


_run = training(eta, lam(p, c(p)))


@state(
    "lemma",
    "stagnation.valley-run",
    "Training in the valley is a regular run, perfectly aligned",
    provenance="extension",
    given=[
        lt(0, alpha),
        le(0, eta),
        forall(p, lt(0, p), lt(p, 1), le(0, c(p))),
        ASCENDS(alpha, eta, lam(p, c(p)), lam(k, X(k)), lam(k, Y(k))),
    ],
    claim=both(
        _run.run,
        _run.regular(STEEPNESS, BENDING),
        forall(
            k,
            both(
                eq(_run.success(k), success_at(*_here)),
                eq(_run.alignment(k), steepness(*_here)),
                lt(0, steepness(*_here)),
            ),
        ),
    ),
    words="Two responses realise the log-odds f along every line.",
)
def valley_run(proof: Proof) -> Theorem:
    positive, rate, coefficient, ascends = proof.given
    size, slopes = steepness(*_here), gradient(*_here)
    above, square = proof_of_steepness(*_here, positive)
    proof.note(above, "the gradient vanishes nowhere")
    unit = have(eq((slopes[0] / size) ** 2 + (slopes[1] / size) ** 2, 1), square, above)
    inside = [have(lt(0, success_at(*_here)), unfold=PARTS[:1]),
              have(lt(success_at(*_here), 1), unfold=PARTS[:1])]  # fmt: skip
    step = have(
        le(0, _run.size(k)), rate, above, apply(coefficient, *inside, at=[success_at(*_here)])
    )
    values = {x: X(k), y: Y(k), v: slopes[0] / size, w: slopes[1] / size, tau: _run.size(k)}
    made = discharge(where(_line(proof), values), unit, positive)
    proof.note(made, "two responses realise the log-odds along every line")
    line = _run.at(k)
    policy = intro(fold(part(made, 0), line.policy), k)
    regular = intro(fold(part(made, 1, 1), line.regular(STEEPNESS, BENDING, 0, _run.size(k))), k)
    opened = fold(ascends, unfold(ascends.conclusion, frozenset({"ascends"})))
    joint = have(
        eq(beta(_run.log_policy, [k + 1, 0, i]), beta(_run.log_policy, [k, _run.size(k), i])),
        *_arrivals(apply(opened, at=[k]), above), above, unfold=EXPLICIT,
    )  # fmt: skip
    proof.note(joint, "every step starts where the one before ended")
    run_ = fold(
        conjunction(policy, intro(joint, (k, i), lt(i, _run.count)), intro(step, k)), _run.run
    )
    start = apply(part(made, 1, 0), at=[0])
    aligned = have(
        eq(_run.alignment(k), size), part(start, 1), square, above
    )
    rate_ = have(
        eq(_run.success(k), success_at(*_here)), *pair_probabilities(VALLEY(alpha, *_here)),
        unfold=("mass", "logistic", *EXPLICIT),
    )  # fmt: skip
    return conjunction(run_, regular, intro(conjunction(rate_, aligned, above), k))


def _arrivals(updates: Theorem, above: Theorem) -> list[Theorem]:
    """The coordinates at the end of step k, as the next point."""
    size = steepness(*_here)
    return [
        have(eq(path(k + 1), path(k) + _run.size(k) * (slope / size)), updates, above)
        for path, slope in zip((X, Y), gradient(*_here), strict=True)
    ]


def proof_of_steepness(at_x: Term, at_y: Term, positive: Theorem) -> tuple[Theorem, Theorem]:
    """The gradient vanishes nowhere, and its squared length is the sum of the squares."""
    inside = steepness(at_x, at_y).args[0]
    sign = have(lt(0, LOGISTIC(at_x)), unfold=PARTS[:1])

    def wall(case: Theorem) -> Theorem:
        slope = have(lt(0, VALLEY_Y(at_x, at_y) ** 2), case, sign, unfold=("valley_y",))
        return have(lt(0, inside), slope)

    def floor(case: Theorem) -> Theorem:
        flat = have(eq(at_y**2, 0), case)
        slope = have(eq(VALLEY_X(alpha, at_x, at_y), alpha), flat, unfold=("valley_x",))
        return have(lt(0, inside), slope, positive)

    whole = by_cases(order(at_y**2, ZERO), floor, wall)
    return root_facts(inside, whole)


def _line(proof: Proof) -> Theorem:
    """`trajectory.realisable` on the line through (x, y) in the direction (v, w) of length 1."""
    unit, positive = assume(eq(v**2 + w**2, 1)), assume(lt(0, alpha))
    weak = have(le(0, alpha), positive)
    known = proof.use("stagnation.valley-derivatives", weak)
    both_derivatives = apply(part(known, 0), at=[t])
    first, second = (intro(part(both_derivatives, side), t) for side in (0, 1))
    a_, b_ = real("a"), real("b")
    at = moved(t)
    steep, bend = (
        discharge(where(part(known, 1, side), {x: a_, y: b_}), weak) for side in (0, 1)
    )
    steep, bend = (where(f, {a_: at[0], b_: at[1]}) for f in (steep, bend))
    root = root_facts(STEEPEST, have(lt(0, STEEPEST)))
    slopes, along = gradient(*at), slope_along(at, (v, w))
    cauchy = have(
        le(along**2, STEEPNESS**2), have(
            le(along**2, slopes[0] ** 2 + slopes[1] ** 2), unit,
            have(le(along**2, (v**2 + w**2) * (slopes[0] ** 2 + slopes[1] ** 2))),
        ), steep, root[1],
    )  # fmt: skip
    below = [
        discharge(where(root_order(), x=value, y=STEEPNESS), have(le(value**2, STEEPNESS**2),
                  cauchy), root[0])
        for value in (along, -along)
    ]  # fmt: skip
    bounds = have(both(WITHIN(along, STEEPNESS), WITHIN(VALLEY_BEND(*at, v, w), num(40))),
                  *below, bend, unit)  # fmt: skip
    within_ = intro(bounds, t, le(0, t), le(t, tau))
    made = proof.use(
        "trajectory.realisable", first, second, within_,
        f=lam(t, VALLEY(alpha, *at)), f1=lam(t, along), f2=lam(t, VALLEY_BEND(*at, v, w)),
        g=STEEPNESS, b=num(40), eta=tau,
    )  # fmt: skip
    return _restated(made, root[1])


def _restated(made: Theorem, square: Theorem) -> Theorem:
    """The bound 40 + g**2/4 on the Hessian of the log-policy, without the root."""
    hole = real("hole")
    old, new = 40 + STEEPNESS**2 / 4, BENDING
    template = lam(hole, replace(made.conclusion, old, hole))
    return infer("rewrite", have(eq(old, new), square), made, template=template)
