r"""Section 2: the trajectory level.

One step moves along a line from 0 to eta; a run is a sequence of such segments, each
starting where the last one ended.  kappa = 2 L + G**2 bounds the curvature of the log-odds
everywhere, K(J) = min((L + G**2)/J, L/(1 - J)) bounds it at success rate J.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction

from derivations import calculus, sums
from derivations.calculus import (
    differentiate,
    expand,
    on_segment,
    restate,
)
from derivations.expectation import (
    ARBITRARY,
    ARBITRARY_RUN,
    MASS,
    NAMES,
    REGULAR,
    WITHIN,
    Run,
    Setting,
)
from derivations.kernel.terms import (
    PI,
    RELATIONS,
    Definition,
    Term,
    absolute,
    app,
    beta,
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
    lam,
    le,
    log,
    lt,
    maximum,
    minimum,
    nat,
    ne,
    num,
    real,
    sin,
    sqrt,
    substitute,
    total,
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
    each_below,
    fold,
    have,
    induct,
    instance,
    intro,
    obtain,
    part,
    replace,
    rewrite,
    specialise,
    symmetric,
    transitive,
    where,
)
from derivations.theory.gap import GAP, side_facts, side_values
from derivations.theory.lines import (
    BINARY,
    CHOICE3,
    EXPLICIT,
    SOME_CORRECT,
    SOME_INCORRECT,
    explicit_rewards,
    softmax_line,
    three_responses,
    three_weights,
    two_responses,
    weight_positive,
)
from derivations.theory.setting import CONVERGES, DIVERGES, log_odds_of, odds

line = ARBITRARY
n, i = nat("n"), nat("i")
ZERO = num(0)
t, u, eta, G, L, p = (real(name) for name in ("t", "u", "eta", "G", "L", "p"))

J, ell, Dmu, ell2 = line.success, line.log_odds, line.alignment, line.curvature
KAPPA = 2 * L + G**2

SUCCESS_CURVATURE = Definition(
    "success_curvature",
    lam((G, L, p), minimum((L + G**2) / p, L / (1 - p))),
)
"""``success_curvature(G, L, J)``: K(J) = min((L + G**2)/J, L/(1 - J))."""

define(
    "assumption",
    "trajectory.regularity",
    "Regularity along a segment",
    REGULAR,
    WITHIN,
    provenance="paper",
    claim=app(
        "imp",
        line.regular(G, L, 0, eta),
        unfold(line.regular(G, L, 0, eta), frozenset({"regular", "smooth"})),
    ),
    words="Along the segment every score is at most $G$ and every second derivative of the "
    "log-policy at most $L$ in absolute value.",
    module=__name__,
)

POSITIVE = [lt(0, L), le(0, eta)]
REGULARITY = [line.policy, line.regular(G, L, 0, eta), *POSITIVE]
SMOOTHNESS = [line.policy, line.smooth(L, 0, eta), *POSITIVE]


def on_step(*formulas: Term) -> Term:
    """``for all t in [0, eta], ...``."""
    return forall(t, le(0, t), le(t, eta), *formulas)


def inside_step() -> tuple[Theorem, Theorem]:
    """0 <= t and t <= eta, assumed."""
    return assume(le(0, t)), assume(le(t, eta))


def closing(theorem: Theorem) -> Theorem:
    """From a theorem about t, assumed in [0, eta], to all t in [0, eta]."""
    return intro(theorem, t, le(0, t), le(t, eta))


def regularity(theorem: Theorem) -> tuple[Theorem, Theorem]:
    """The bounds on the score and on the second derivative, as separate facts."""
    opened = fold(theorem, unfold(theorem.conclusion, frozenset({"regular"})))
    smooth = part(opened, 1)
    return part(opened, 0), fold(smooth, unfold(smooth.conclusion, frozenset({"smooth"})))


def hessian_means(proof: Proof, bound: Theorem, at: tuple[Theorem, ...]) -> list[Theorem]:
    """|E_+[h]| <= L and |E_-[h]| <= L at a point of the segment."""
    inside = assume(lt(i, n))
    each = intro(apply(bound, *at, inside, at=[t, i]), i, inside.conclusion)
    return [
        proof.use(
            "setting.mean-within", each, *side_facts(proof, side, t),
            X=line.at(line.hessian, t), c=L, **side_values(side, t),
        )
        for side in "+-"
    ]  # fmt: skip


def variances(proof: Proof, bound: Theorem, at: tuple[Theorem, ...]) -> list[Theorem]:
    """0 <= Var[s] and Var[s] + E[s]**2 <= G**2 on both sides."""
    inside = assume(lt(i, n))
    each = intro(apply(bound, *at, inside, at=[t, i]), i, inside.conclusion)
    return [
        proof.use(
            "setting.variance-bounds", each, *side_facts(proof, side, t),
            X=line.at(line.score, t), c=G, **side_values(side, t),
        )
        for side in "+-"
    ]  # fmt: skip


def nonnegative_variances(proof: Proof) -> list[Theorem]:
    """0 <= Var[s] on both sides, without any bound on the score."""
    return [
        proof.use(
            "setting.variance-sign", *side_facts(proof, side, t),
            X=line.at(line.score, t), **side_values(side, t),
        )
        for side in "+-"
    ]  # fmt: skip


# Curvature and descent ------------------------------------------------------------------------


@state(
    "lemma",
    "trajectory.curvature",
    "The curvature of the log-odds is bounded",
    provenance="extension",
    given=REGULARITY,
    claim=on_step(WITHIN(ell2(t), KAPPA)),
)
def curvature(proof: Proof) -> Theorem:
    score, hessian = regularity(proof.given[1])
    at = inside_step()
    means = [
        proof.note(m, "a conditional mean of h is at most L in absolute value")
        for m in hessian_means(proof, hessian, at)
    ]
    spreads = [
        proof.note(v, "a conditional variance lies between 0 and G^2")
        for v in variances(proof, score, at)
    ]
    return closing(
        proof.have(
            WITHIN(ell2(t), KAPPA), *means, *spreads, unfold=("curvature",),
            why="add the four terms of the curvature",
        )
    )  # fmt: skip


def slopes(proof: Proof) -> tuple[Theorem, Theorem]:
    """``for all t``: the derivatives of the log-odds and of the alignment."""
    second = apply(proof.use("gap.curvature"), at=[t])
    named = restate(second, ell2(t), unfold=("curvature",))
    return proof.use("gap.log-odds-gradient"), intro(named, t)


def log_odds_expansion(proof: Proof, rule: Theorem, bound: Term, each: Theorem) -> Theorem:
    """Taylor's bound for the log-odds along the step, from a bound on its curvature."""
    first, second = slopes(proof)
    return expand(
        rule, lam(t, ell(t)), lam(t, Dmu(t)), lam(t, ell2(t)), eta, bound,
        on_segment(first, ZERO, eta), on_segment(second, ZERO, eta), each, proof.given[-1],
    )  # fmt: skip


@state(
    "lemma",
    "trajectory.descent",
    "One step changes the log-odds by the alignment, up to curvature",
    provenance="extension",
    given=REGULARITY,
    claim=WITHIN(ell(eta) - ell(0) - eta * Dmu(0), KAPPA * eta**2 / 2),
)
def descent(proof: Proof) -> Theorem:
    at = inside_step()
    bound = apply(proof.use("trajectory.curvature"), *at, at=[t])
    low = closing(have(le(-KAPPA, ell2(t)), bound))
    high = closing(have(le(ell2(t), KAPPA), bound))
    below = proof.note(
        log_odds_expansion(proof, calculus.taylor(), KAPPA, low), "Taylor, from below"
    )
    above = proof.note(
        log_odds_expansion(proof, calculus.taylor_above(), KAPPA, high), "Taylor, from above"
    )
    return proof.have(proof.statement.conclusion, below, above, why="both together")


@state(
    "corollary",
    "trajectory.monotone",
    "Every step below twice the critical one improves",
    provenance="extension",
    given=[*REGULARITY, lt(0, eta), lt(eta, 2 * Dmu(0) / KAPPA)],
    claim=lt(J(0), J(eta)),
)
def monotone(proof: Proof) -> Theorem:
    bound = proof.use("trajectory.descent")
    rises = proof.have(
        lt(ell(0), ell(eta)), bound, *proof.given[2:], why="the gain is positive below twice "
        "the best step"
    )  # fmt: skip
    return proof.note(order_of_rates(proof, rises), "the log-odds order J")


def order_of_rates(proof: Proof, rises: Theorem) -> Theorem:
    """From the order of two log-odds to the order of the success rates."""
    known = [proof.use("setting.success-rate", at=[point]) for point in (ZERO, eta)]
    rule = proof.use("setting.log-odds-order", *known, p=J(0), q=J(eta))
    return apply(part(rule, 0) if rises.conclusion.head == "<" else part(rule, 1, 0), rises)


@state(
    "corollary",
    "trajectory.best-step",
    "The step with the largest guaranteed gain",
    provenance="extension",
    given=[*REGULARITY, lt(0, Dmu(0))],
    claim=both(
        forall(u, le(u * Dmu(0) - KAPPA * u**2 / 2, Dmu(0) ** 2 / (2 * KAPPA))),
        eq(
            (Dmu(0) / KAPPA) * Dmu(0) - KAPPA * (Dmu(0) / KAPPA) ** 2 / 2,
            Dmu(0) ** 2 / (2 * KAPPA),
        ),
        implies(eq(eta, Dmu(0) / KAPPA), le(Dmu(0) ** 2 / (2 * KAPPA), ell(eta) - ell(0))),
    ),
)
def best_step(proof: Proof) -> Theorem:
    goals = proof.statement.conclusion.args
    positive = proof.given[2]
    most = proof.have(
        beta(goals[0].args[0], [u]), positive, why="complete the square"
    )
    there = proof.have(goals[1].args[0], positive, why="put in the step")
    bound = proof.use("trajectory.descent")
    exact = assume(eq(eta, Dmu(0) / KAPPA))
    gain = proof.have(
        le(Dmu(0) ** 2 / (2 * KAPPA), ell(eta) - ell(0)), bound, exact, positive,
        why="the guaranteed gain at that step",
    )  # fmt: skip
    return conjunction(intro(most, u), there, intro(gain, (), exact.conclusion))


# The curvature at success rate J -----------------------------------------------------------------


@state(
    "lemma",
    "trajectory.log-success",
    "log J is weakly convex",
    provenance="extension",
    given=SMOOTHNESS,
    claim=both(
        on_step(
            both(
                derivative(u, log(J(u)), t, line.mean_score("+", t)),
                derivative(
                    u, line.mean_score("+", u), t,
                    line.mean_hessian("+", t) + line.variance("+", t),
                ),
                le(-L, line.mean_hessian("+", t) + line.variance("+", t)),
            )
        ),
        le(log(J(0)) + eta * (1 - J(0)) * Dmu(0) - L * eta**2 / 2, log(J(eta))),
    ),
)  # fmt: skip
def log_success(proof: Proof) -> Theorem:
    slope, change = log_success_slopes(proof)
    sides = hessian_means(proof, opened_smooth(proof.given[1]), inside_step())
    bound = proof.have(
        le(-L, line.mean_hessian("+", t) + line.variance("+", t)),
        *sides, *nonnegative_variances(proof),
        why="E_+[h] is at least -L, and the variance is non-negative",
    )  # fmt: skip
    second = line.mean_hessian("+", t) + line.variance("+", t)
    made = expand(
        calculus.taylor(),
        lam(t, log(J(t))), lam(t, line.mean_score("+", t)), lam(t, second), eta, L,
        on_segment(slope, ZERO, eta), on_segment(change, ZERO, eta), closing(bound), proof.given[-1],
    )  # fmt: skip
    proof.note(made, "Taylor")
    identity = proof.use("gap.score-identity", at=[0])
    goal = proof.statement.conclusion.args[1]
    result = proof.have(goal, made, identity, why="E_+[s] is (1 - J) times the alignment")
    point = conjunction(apply(slope, at=[t]), apply(change, at=[t]), bound)
    return conjunction(closing(point), result)


def opened_smooth(smooth: Theorem) -> Theorem:
    """The bound on the second derivative, as a universal statement."""
    return fold(smooth, unfold(smooth.conclusion, frozenset({"smooth"})))


def log_success_slopes(proof: Proof) -> tuple[Theorem, Theorem]:
    """``for all t``: log J has the derivative E_+[s], and that has E_+[h] + Var_+(s)."""
    gradient = proof.use("gap.policy-gradient", at=[t])
    known = proof.use("setting.success-rate", at=[t])
    identity = proof.use("gap.score-identity", at=[t])
    P, slope = function("P", "R"), real("q")
    made = differentiate(
        u, log(P(u)), t, assume(derivative(u, P(u), t, slope)), assume(lt(0, P(t)))
    )
    value = J(t) * (1 - J(t)) * Dmu(t)
    made = discharge(where(made, {P: lam(u, J(u)), slope: value}), gradient, known)
    first = proof.note(
        restate(made, line.mean_score("+", t), known, identity), "the chain rule, and the "
        "score identity"
    )  # fmt: skip
    return intro(first, t), intro(side_slope(proof, "+"), t)


def side_slope(proof: Proof, side: str) -> Theorem:
    """The conditional mean of the score has the derivative E[h] + Var(s)."""
    setting = Setting.of(proof.given[0])
    known = proof.use("setting.success-rate", at=[t])
    positive = intro(have(lt(0, line.mass(side, t)), known), t)
    made = proof.use(
        "gap.score-derivative", setting.hessian, positive, at=[t],
        w=line.weights(side),
        X=lam((t, i), line.score(t, i)), Y=lam((t, i), line.hessian(t, i)),
    )  # fmt: skip
    value = line.mean_hessian(side, t) + line.variance(side, t)
    return proof.note(
        restate(made, value, unfold=("mean", "covariance", "variance")), "differentiate the mean score"
    )


@state(
    "theorem",
    "trajectory.one-step",
    "One step, without a bound on the score",
    provenance="extension",
    given=SMOOTHNESS,
    claim=both(
        le(eta * Dmu(0) - L * eta**2 / (2 * (1 - J(0))), ell(eta) - ell(0)),
        le(ell(eta) - ell(0), eta * Dmu(0) + L * eta**2 / (2 * J(0))),
    ),
)
def one_step(proof: Proof) -> Theorem:
    lower = proof.note(one_step_below(proof), "log J is weakly convex, and the log-odds are a "
                       "convex function of log J")  # fmt: skip
    # The mirror image: exchange correct and incorrect responses.
    mirror = line.mirrored()
    r = function("r", "N")
    below = where(lower, {r: lam(i, 1 - r(i))})
    policy = mirrored_policy(proof.given[0])
    below = discharge(below, policy, *proof.given[1:])
    odds = [mirrored_log_odds(proof, at) for at in (ZERO, eta)]
    rates = [proof.use("setting.success-rate", at=[at]) for at in (ZERO, eta)]
    swapped = have(eq(mirror.alignment(0), -Dmu(0)), unfold=NAMES)
    upper = proof.have(
        proof.statement.conclusion.args[1], below, *odds, swapped,
        *rates, *mirrored_rates(proof, rates),
        why="exchange correct and incorrect responses",
    )  # fmt: skip
    return conjunction(lower, upper)


def one_step_below(proof: Proof) -> Theorem:
    """The lower bound of `trajectory.one-step`."""
    rise = part(proof.use("trajectory.log-success"), 1)
    known = [proof.use("setting.success-rate", at=[at]) for at in (ZERO, eta)]
    start, end = J(0), J(eta)
    # log(x) <= x - 1 twice: for J/J' ... and (1 - J')/(1 - J).
    failures = log_ratio(1 - end, 1 - start, known)
    successes = log_ratio(end, start, known)
    split = [log_quotient(rate, known) for rate in (start, end)]
    return have(
        proof.statement.conclusion.args[0], rise, failures, successes, *split, *known,
        unfold=("log_odds",),
    )  # fmt: skip


def log_ratio(a: Term, b: Term, known: list[Theorem]) -> Theorem:
    """log(a) - log(b) <= a/b - 1 for positive a and b."""
    positive, other = have(lt(0, a), *known), have(lt(0, b), *known)
    made = calculus.log_tangent()
    bound = discharge(where(made, x=a / b), have(lt(0, a / b), positive, other))
    difference = discharge(where(calculus.log_of_quotient(), x=a, y=b), positive, other)
    return have(le(log(a) - log(b), a / b - 1), bound, difference)


def log_quotient(rate: Term, known: list[Theorem]) -> Theorem:
    """log(J/(1 - J)) = log J - log(1 - J)."""
    return discharge(
        where(calculus.log_of_quotient(), x=rate, y=1 - rate),
        have(lt(0, rate), *known),
        have(lt(0, 1 - rate), *known),
    )


def mirrored_policy(policy: Theorem) -> Theorem:
    """The policy with correct and incorrect responses exchanged is a policy."""
    setting = Setting.of(policy)
    inside = assume(lt(i, n))
    r = function("r", "N")
    split = apply(setting.binary, inside, at=[i])
    goal = either(eq(1 - r(i), 0), eq(1 - r(i), 1))
    binary = by_cases(
        split,
        lambda case: infer("weaken", have(eq(1 - r(i), 1), case), formula=goal),
        lambda case: infer("weaken", have(eq(1 - r(i), 0), case), formula=goal),
    )
    mirror = line.mirrored()
    wanted = unfold(mirror.policy, frozenset({"policy"}))
    pieces = [
        setting.normalised,
        setting.score,
        setting.hessian,
        intro(binary, i, inside.conclusion),
        _exchange(setting.incorrect, wanted.args[1].args[1].args[1].args[1].args[0]),
        _exchange(setting.correct, wanted.args[1].args[1].args[1].args[1].args[1]),
    ]
    return fold(conjunction(*pieces), mirror.policy)


def _exchange(existence: Theorem, goal: Term) -> Theorem:
    """The same response, its reward written as 1 - r."""
    k = nat("k")
    (body,) = goal.args

    def use(chosen: Theorem) -> Theorem:
        found = have(beta(body, [k]), chosen)
        return infer("witness", found, formula=goal, terms=(k,))

    return obtain(existence, [k], use)


def mirrored_rates(proof: Proof, rates: list[Theorem]) -> list[Theorem]:
    """The success rate of the mirrored policy is 1 - J, at 0 and at eta."""
    mirror = line.mirrored()
    return [
        have(
            eq(mirror.success(at), 1 - J(at)),
            proof.use("setting.success-rate", at=[at]),
        )
        for at in (ZERO, eta)
    ]


def mirrored_log_odds(proof: Proof, at: Term) -> Theorem:
    """The log-odds of the mirrored policy are minus those of the policy."""
    mirror = line.mirrored()
    known = [proof.use("setting.success-rate", at=[at])]
    flipped = discharge(
        where(calculus.log_of_quotient(), x=1 - J(at), y=J(at)),
        have(lt(0, 1 - J(at)), *known),
        have(lt(0, J(at)), *known),
    )
    rate = have(eq(mirror.success(at), 1 - J(at)), *known)
    same = have(
        eq(mirror.success(at) / (1 - mirror.success(at)), (1 - J(at)) / J(at)), rate, *known
    )
    return have(
        eq(mirror.log_odds(at), -ell(at)), flipped, log_quotient(J(at), known), same, *known, rate,
        unfold=("log_odds",),
    )



SUCCESS = "success_curvature"


def curvature_bounds(proof: Proof, regular: Theorem, at: tuple[Theorem, ...]) -> list[Theorem]:
    """At a point of the segment: -ell'' <= L/(1 - J) and -ell'' <= (L + G**2)/J."""
    score, hessian = regularity(regular)
    means, spreads = hessian_means(proof, hessian, at), variances(proof, score, at)
    rate = proof.use("setting.success-rate", at=[t])
    identity = proof.use("gap.score-identity", at=[t])
    sides = proof.use("gap.curvature-one-sided", at=[t])
    near, far = part(sides, 0), part(sides, 1)
    first = have(le(-ell2(t), L / (1 - J(t))), near, *means, *spreads, rate)
    goal = le(-ell2(t), (L + G**2) / J(t))

    def small(case: Theorem) -> Theorem:
        return have(goal, first, have(le(L / (1 - J(t)), (L + G**2) / J(t)), case, rate, positive),
                    rate)  # fmt: skip

    positive = proof.given[2]
    split = instance("order.total", x=J(t), y=num(Fraction(1, 2)))

    def large(case: Theorem) -> Theorem:
        return have(goal, far, *means, *spreads, rate, identity, case)

    return [first, by_cases(split, small, large)]


@state(
    "lemma",
    "trajectory.success-step",
    "One step below the critical step at the current success rate",
    provenance="extension",
    given=REGULARITY,
    claim=both(
        implies(
            lt(0, eta), lt(eta, 2 * Dmu(0) / SUCCESS_CURVATURE(G, L, J(0))), lt(J(0), J(eta))
        ),
        implies(
            le(eta, Dmu(0) / SUCCESS_CURVATURE(G, L, J(0))),
            le(eta * Dmu(0) / 2, ell(eta) - ell(0)),
        ),
        implies(
            le(eta, Dmu(0) / SUCCESS_CURVATURE(G, L, J(0))),
            le(eta * J(0) * (1 - J(0)) * Dmu(0) / 2, J(eta) - J(0)),
        ),
    ),
)
def success_step(proof: Proof) -> Theorem:
    split = instance("minimum.cases", x=(L + G**2) / J(0), y=L / (1 - J(0)))
    known = [proof.use("setting.success-rate", at=[at]) for at in (ZERO, eta)]

    def branch(case: Theorem, critical: Term, gain: Branch) -> Theorem:
        """All three claims, in the branch where K(J) is 1/critical."""
        value = have(eq(SUCCESS_CURVATURE(G, L, J(0)), 1 / critical), case, *known,
                     *proof.given, unfold=(SUCCESS,))  # fmt: skip
        results = []
        for goal in conjuncts(proof.statement.conclusion):
            premises, conclusion = premises_of(goal)
            assumed = [assume(premise) for premise in premises]
            limit = have(
                app(assumed[-1].conclusion.head, eta, _times(assumed[-1].conclusion, critical)),
                assumed[-1], value, *known, *proof.given,
            )  # fmt: skip
            made = gain(conclusion, [*assumed, limit])
            results.append(intro(made, (), *premises))
        return conjunction(*results)

    return by_cases(
        split,
        lambda case: branch(case, J(0) / (L + G**2), far_branch(proof, known)),
        lambda case: branch(case, (1 - J(0)) / L, near_branch(proof, known)),
    )


Branch = Callable[[Term, list[Theorem]], Theorem]


def _times(limit: Term, critical: Term) -> Term:
    """Delta mu (or twice it) times the critical factor."""
    return (2 * Dmu(0) if limit.head == "<" else Dmu(0)) * critical


def conjuncts(formula: Term) -> list[Term]:
    """The parts of a conjunction."""
    if formula.head != "and":
        return [formula]
    return [formula.args[0], *conjuncts(formula.args[1])]


def premises_of(formula: Term) -> tuple[list[Term], Term]:
    """The premises and the conclusion of ``p -> q -> ... -> r``."""
    premises = []
    while formula.head == "imp":
        premises.append(formula.args[0])
        formula = formula.args[1]
    return premises, formula


def near_branch(proof: Proof, known: list[Theorem]) -> Branch:
    """The claims of `success_step` where K(J) = L/(1 - J), from `trajectory.one-step`."""
    smooth = smoothness(proof)
    lower = part(proof.use("trajectory.one-step", smooth), 0)
    rise = part(proof.use("trajectory.log-success", smooth), 1)
    ratio = log_ratio(J(eta), J(0), known)

    def gain(conclusion: Term, limits: list[Theorem]) -> Theorem:
        bend = bent(L, 1 - J(0), limits, [*known[:1], *proof.given[2:]])
        if conclusion.head == "<":
            return order_of_rates(proof, have(lt(ell(0), ell(eta)), lower, bend, known[0]))
        if conclusion.args[1] == ell(eta) - ell(0):
            return have(conclusion, lower, bend, known[0])
        step = have(
            le(eta * (1 - J(0)) * Dmu(0) / 2, log(J(eta)) - log(J(0))), rise, bend, known[0]
        )
        return have(conclusion, step, ratio, known[0])

    return gain


def bent(
    bound: Term, share: Term, limits: list[Theorem], known: list[Theorem]
) -> Theorem:
    """bound * eta**2 against share * Delta mu * eta, from the limit on eta (the last one)."""
    head, factor = limits[-1].conclusion.head, limits[-1].conclusion.args[1]
    multiple = 2 if factor.args[0] == 2 * Dmu(0) else 1
    slope = have(app(head, bound * eta, multiple * share * Dmu(0)), limits[-1], *known)
    goal = app(head, bound * eta**2, multiple * share * Dmu(0) * eta)
    return have(goal, slope, *limits[:-1], known[-1])


def smoothness(proof: Proof) -> Theorem:
    """The bound on the second derivative alone, as an assumption of its own."""
    opened = fold(proof.given[1], unfold(proof.given[1].conclusion, frozenset({"regular"})))
    return part(opened, 1)


def far_branch(proof: Proof, known: list[Theorem]) -> Branch:
    """The claims of `success_step` where K(J) = (L + G**2)/J."""

    def gain(conclusion: Term, limits: list[Theorem]) -> Theorem:
        bend = bent(L + G**2, J(0), limits, [*known[:1], *proof.given[2:]])
        stays = success_does_not_fall(proof, limits, known)
        if conclusion.args[1] == J(eta) - J(0):
            return have(conclusion, far_success(proof, stays, known), bend, known[0])
        rise = far_log_odds(proof, stays, known)
        if conclusion.head == "<":
            return order_of_rates(proof, have(lt(ell(0), ell(eta)), rise, bend, known[0]))
        return have(conclusion, rise, bend, known[0])

    return gain


def success_does_not_fall(
    proof: Proof, limits: list[Theorem], known: list[Theorem]
) -> Theorem:
    """J(t) >= J(0) on the step: log(1 - J) has second derivative at most L + G**2."""
    bound = L + G**2
    slope, change = log_failure_slopes(proof)
    low, high = inside_step()
    at = u
    # On [0, t], a part of [0, eta].
    score, hessian = regularity(proof.given[1])
    means, spreads = hessian_means(proof, hessian, (low, high)), variances(
        proof, score, (low, high)
    )
    second = line.mean_hessian("-", t) + line.variance("-", t)
    each = closing(have(le(second, bound), *means, *spreads))
    shorter = intro(
        apply(each, assume(le(0, at)), have(le(at, eta), assume(le(at, t)), high), at=[at]),
        at, le(0, at), le(at, t),
    )  # fmt: skip
    made = expand(
        calculus.taylor_above(),
        lam(t, log(1 - J(t))), lam(t, line.mean_score("-", t)), lam(t, second), t, bound,
        on_segment(slope, ZERO, t), on_segment(change, ZERO, t), shorter, low,
    )  # fmt: skip
    identity = proof.use("gap.score-identity", at=[0])
    rate = proof.use("setting.success-rate", at=[t])
    slope_ = have(le(bound * eta, 2 * J(0) * Dmu(0)), limits[-1], known[0], *proof.given[2:])
    shorter_ = have(le(bound * t, 2 * J(0) * Dmu(0)), slope_, high, proof.given[2])
    gap = have(le(t * (bound * t - 2 * J(0) * Dmu(0)), 0), shorter_, low)
    falls = have(le(log(1 - J(t)), log(1 - J(0))), made, identity, gap)
    smaller = discharge(
        where(calculus.log_reflects(), x=1 - J(t), y=1 - J(0)), falls, have(lt(0, 1 - J(0)), *known)
    )
    return closing(have(le(J(0), J(t)), smaller, rate))


def log_failure_slopes(proof: Proof) -> tuple[Theorem, Theorem]:
    """``for all t``: log(1 - J) has the derivative E_-[s], and that has E_-[h] + Var_-(s)."""
    gradient = proof.use("gap.policy-gradient", at=[t])
    known = proof.use("setting.success-rate", at=[t])
    identity = proof.use("gap.score-identity", at=[t])
    P, slope = function("P", "R"), real("q")
    made = differentiate(
        u, log(1 - P(u)), t, assume(derivative(u, P(u), t, slope)), assume(lt(0, 1 - P(t)))
    )
    value = J(t) * (1 - J(t)) * Dmu(t)
    made = discharge(
        where(made, {P: lam(u, J(u)), slope: value}), gradient, have(lt(0, 1 - J(t)), known)
    )
    first = restate(made, line.mean_score("-", t), known, identity)
    return intro(first, t), intro(side_slope(proof, "-"), t)


def far_log_odds(proof: Proof, stays: Theorem, known: list[Theorem]) -> Theorem:
    """ell(eta) - ell(0) >= eta Delta mu - (L + G**2) eta**2/(2 J), from J(t) >= J(0)."""
    at = inside_step()
    there = apply(stays, *at, at=[t])
    rate = proof.use("setting.success-rate", at=[t])
    _, bound = curvature_bounds(proof, proof.given[1], at)
    limit = (L + G**2) / J(0)
    relax = have(le((L + G**2) / J(t), limit), there, rate, *known, proof.given[2])
    each = closing(have(le(-limit, ell2(t)), bound, relax))
    return log_odds_expansion(proof, calculus.taylor(), limit, each)


def far_success(proof: Proof, stays: Theorem, known: list[Theorem]) -> Theorem:
    """J(eta) >= J + eta J (1 - J) Delta mu - (1 - J)(L + G**2) eta**2/2."""
    at = inside_step()
    there = apply(stays, *at, at=[t])
    rate = proof.use("setting.success-rate", at=[t])
    gradient = proof.use("gap.policy-gradient")
    _, second = slopes(proof)
    slope = J(t) * (1 - J(t)) * Dmu(t)
    P, D, q, m = function("P", "R"), function("D", "R"), real("q"), real("m")
    made = differentiate(
        u, P(u) * (1 - P(u)) * D(u), t,
        assume(derivative(u, P(u), t, q)), assume(derivative(u, D(u), t, m)),
    )  # fmt: skip
    made = discharge(
        where(made, {P: lam(u, J(u)), D: lam(u, Dmu(u)), q: slope, m: ell2(t)}),
        apply(gradient, at=[t]), apply(second, at=[t]),
    )  # fmt: skip
    score, hessian = regularity(proof.given[1])
    means, spreads = hessian_means(proof, hessian, at), variances(proof, score, at)
    identity = proof.use("gap.score-identity", at=[t])
    far = part(proof.use("gap.curvature-one-sided", at=[t]), 1)
    value = made.conclusion.args[2]
    bound = (1 - J(0)) * (L + G**2)
    inner = have(le(-(1 - J(t)) * (L + G**2), value), far, *means, *spreads, identity, rate)
    each = closing(have(le(-bound, value), inner, there, *known, proof.given[2]))
    return expand(
        calculus.taylor(),
        lam(t, J(t)), lam(t, slope), lam(t, value), eta, bound,
        on_segment(gradient, ZERO, eta), on_segment(intro(made, t), ZERO, eta), each,
        proof.given[-1],
    )  # fmt: skip


# Runs of K steps ------------------------------------------------------------------------------

run = ARBITRARY_RUN
k, K = nat("k"), nat("K")
Jk, ellk, Dk, sk = run.success, run.log_odds, run.alignment, run.size
M = run.progress
RUN = [run.run, run.regular(G, L), lt(0, L)]


def positive_part(x: Term) -> Term:
    """[x]_+ = max(x, 0)."""
    return maximum(x, 0)


def step_facts(proof: Proof) -> dict[str, Theorem]:
    """The assumptions of a run at step k: policy, regularity, sign of the step, joint."""
    opened = fold(proof.given[0], unfold(proof.given[0].conclusion, frozenset({"run"})))
    return {
        "policy": apply(part(opened, 0), at=[k]),
        "regular": apply(proof.given[1], at=[k]),
        "step": apply(part(opened, 1, 1), at=[k]),
        "joint": part(opened, 1, 0),
    }


def at_step(proof: Proof, id: str, known: dict[str, Theorem]) -> Theorem:
    """A statement about one step, for step k."""
    mapping = {**run.at(k).substitution(), eta: sk(k)}
    return proof.use(id, *known.values(), mapping=mapping)


def joined(proof: Proof, known: dict[str, Theorem]) -> Theorem:
    """The success rate at the end of step k is that at the start of step k + 1."""
    inside = assume(lt(i, n))
    same = apply(known["joint"], inside, at=[k, i])
    r = function("r", "N")
    before = r(i) * exp(beta(run.log_policy, [k + 1, 0, i]))
    after = r(i) * exp(beta(run.log_policy, [k, sk(k), i]))
    each = intro(have(eq(before, after), same), i, inside.conclusion)
    summed = discharge(where(sums.congruent(), f=lam(i, before), g=lam(i, after), n=n), each)
    return have(eq(Jk(k + 1), run.at(k).success(sk(k))), summed, unfold=NAMES)


def rates_between(proof: Proof, known: dict[str, Theorem]) -> Theorem:
    """``for all k, 0 < J_k < 1``."""
    rate = proof.use(
        "setting.success-rate", known["policy"], mapping=run.at(k).substitution(), at=[0]
    )
    return intro(have(both(lt(0, Jk(k)), lt(Jk(k), 1)), rate), k)


def gain_below(rates: Term, gain: Term) -> Term:
    """The paper's bound: J >= J_0/(J_0 + (1 - J_0) exp(-gain))."""
    return le(Jk(0) / (Jk(0) + (1 - Jk(0)) * exp(-gain)), rates)


def gain_above(rates: Term, gain: Term) -> Term:
    """J <= J_0/(J_0 + (1 - J_0) exp(-gain))."""
    return le(rates, Jk(0) / (Jk(0) + (1 - Jk(0)) * exp(-gain)))


def safe(bound: Term) -> Term:
    """``for all k, eta_k <= [Delta mu_k]_+ / bound``."""
    return forall(k, le(sk(k), positive_part(Dk(k)) / bound))


@state(
    "lemma",
    "trajectory.gain",
    "A step below the threshold gains between half and three halves of its alignment",
    provenance="extension",
    given=[*RUN, safe(KAPPA)],
    claim=forall(
        k,
        both(
            le(sk(k) * positive_part(Dk(k)) / 2, ellk(k + 1) - ellk(k)),
            le(ellk(k + 1) - ellk(k), 3 * (sk(k) * positive_part(Dk(k))) / 2),
        ),
    ),
)
def gain(proof: Proof) -> Theorem:
    known = step_facts(proof)
    bound = proof.note(at_step(proof, "trajectory.descent", known), "one step")
    joint = joined(proof, known)
    end = have(eq(ellk(k + 1), run.at(k).log_odds(sk(k))), joint, unfold=("log_odds",))
    limit = apply(proof.given[3], at=[k])
    goal = beta(proof.statement.conclusion.args[0], [k])
    made = by_cases(
        instance("maximum.cases", x=Dk(k), y=ZERO),
        lambda case: have(goal, bound, end, limit, case, known["step"], proof.given[2]),
        lambda case: have(
            goal, bound, end, case, proof.given[2],
            have(eq(sk(k), 0), limit, case, known["step"], proof.given[2]),
        ),
    )  # fmt: skip
    return intro(proof.note(made, "the step is zero where the alignment is not positive"), k)


def telescoped(proof: Proof, rule: Theorem, factor: Fraction, each: Theorem) -> Theorem:
    """The sum of the gains: factor * M(K) against ell_K - ell_0."""
    share = num(factor) * (sk(k) * positive_part(Dk(k)))
    inner = apply(each, at=[k])
    wanted = (
        le(share, ellk(k + 1) - ellk(k))
        if rule is sums.telescoping()
        else le(ellk(k + 1) - ellk(k), share)
    )
    ready = intro(have(wanted, inner), k)
    made = discharge(
        where(rule, {function("f", "N"): lam(k, share), function("g", "N"): lam(k, ellk(k))}, n=K),
        ready,
    )
    gained = num(factor) * M(K)
    goal = (
        le(gained, ellk(K) - ellk(0))
        if rule is sums.telescoping()
        else le(ellk(K) - ellk(0), gained)
    )
    return have(goal, made, unfold=("progress",))


def to_rate(proof: Proof, gain: Theorem, conclusion: Term, side: int) -> Theorem:
    """From a bound on ell_K - ell_0 to the bound on J_K."""
    known = step_facts(proof)
    between = rates_between(proof, known)
    amount = gain.conclusion.args[0] if side == 0 else gain.conclusion.args[1]
    rule = proof.use(
        "setting.rate", apply(between, at=[0]), apply(between, at=[K]),
        p=Jk(0), q=Jk(K), c=amount,
    )  # fmt: skip
    made = apply(part(rule, side), gain)
    same = have(eq(-amount, _exponent(conclusion)))
    return fold(rewrite(made, same), conclusion)


def _exponent(conclusion: Term) -> Term:
    """The exponent in `gain_below` or `gain_above`."""
    fraction = next(a for a in conclusion.args if a.head == "/")
    return fraction.args[1].args[1].args[1].args[0]


HALF, THREE_HALVES = Fraction(1, 2), Fraction(3, 2)


@state(
    "theorem",
    "trajectory.threshold",
    "Convergence below the step-size threshold",
    provenance="extension",
    given=[*RUN, safe(KAPPA)],
    claim=forall(K, gain_below(Jk(K), M(K) / 2)),
)
def threshold(proof: Proof) -> Theorem:
    each = proof.use("trajectory.gain")
    total_gain = proof.note(
        telescoped(proof, sums.telescoping(), HALF, each), "sum the gains over the steps"
    )
    made = to_rate(proof, total_gain, gain_below(Jk(K), M(K) / 2), 0)
    return intro(proof.note(made, "the log-odds determine the success rate"), K)


@state(
    "theorem",
    "trajectory.threshold-paper",
    "Convergence below the paper's threshold",
    provenance="paper",
    given=[*RUN, safe(2 * (L + 8 * G**2))],
    claim=both(
        forall(K, gain_below(Jk(K), M(K) / 2)),
        both(
            le(1, (2 * L + 16 * G**2) / KAPPA),
            lt((2 * L + 16 * G**2) / KAPPA, 16),
        ),
    ),
)
def threshold_paper(proof: Proof) -> Theorem:
    limit = apply(proof.given[3], at=[k])
    split = instance("maximum.cases", x=Dk(k), y=ZERO)
    sign = by_cases(split, *([lambda case: have(le(0, positive_part(Dk(k))), case)] * 2))
    goal = le(sk(k), positive_part(Dk(k)) / KAPPA)
    larger = proof.have(goal, limit, sign, proof.given[2], why="the paper's threshold is smaller")
    rate = proof.use("trajectory.threshold", intro(larger, k))
    factor = proof.have(
        proof.statement.conclusion.args[1], proof.given[2],
        why="the factor between the thresholds lies in [1, 16)",
    )  # fmt: skip
    return conjunction(rate, factor)


@state(
    "theorem",
    "trajectory.two-sided",
    "The success rate tends to one exactly when M(K) diverges",
    provenance="extension",
    given=[*RUN, safe(KAPPA)],
    claim=both(
        forall(K, gain_above(Jk(K), 3 * M(K) / 2)),
        implies(CONVERGES(lam(K, Jk(K)), num(1)), DIVERGES(lam(K, M(K)))),
        implies(DIVERGES(lam(K, M(K))), CONVERGES(lam(K, Jk(K)), num(1))),
    ),
)
def two_sided(proof: Proof) -> Theorem:
    each = proof.use("trajectory.gain")
    low = telescoped(proof, sums.telescoping(), HALF, each)
    high = telescoped(proof, sums.telescoping_above(), THREE_HALVES, each)
    above = proof.note(
        intro(to_rate(proof, high, gain_above(Jk(K), 3 * M(K) / 2), 1), K),
        "sum the gains, at most three halves of the alignments",
    )
    between = rates_between(proof, step_facts(proof))
    return conjunction(above, *equivalence(proof, between, low, high))


def equivalence(
    proof: Proof, between: Theorem, low: Theorem, high: Theorem
) -> tuple[Theorem, Theorem]:
    """J_K -> 1 implies M(K) -> infinity, and conversely, from both bounds on ell_K - ell_0."""
    values = {function("J", "N"): lam(K, Jk(K)), function("M", "N"): lam(K, M(K))}
    to_one = assume(CONVERGES(lam(K, Jk(K)), num(1)))
    diverges = assume(DIVERGES(lam(K, M(K))))
    factors = [theorem.conclusion.args[side].args[0] for theorem, side in ((high, 1), (low, 0))]
    first = proof.use(
        "setting.progress-diverges", between, intro(high, K), to_one, mapping=values, c=factors[0]
    )
    second = proof.use(
        "setting.rate-to-one", between, intro(low, K), diverges, mapping=values, a=factors[1]
    )
    return intro(first, (), to_one.conclusion), intro(second, (), diverges.conclusion)


@state(
    "corollary",
    "trajectory.stagnation",
    "Bounded progress keeps the success rate away from one",
    provenance="reconstructed",
    given=[*RUN, safe(KAPPA), forall(K, le(M(K), real("B")))],
    claim=both(
        forall(K, gain_above(Jk(K), 3 * real("B") / 2)),
        lt(Jk(0) / (Jk(0) + (1 - Jk(0)) * exp(-(3 * real("B") / 2))), 1),
    ),
)
def stagnation(proof: Proof) -> Theorem:
    bound = real("B")
    each = proof.use("trajectory.gain")
    high = telescoped(proof, sums.telescoping_above(), THREE_HALVES, each)
    limit = have(le(ellk(K) - ellk(0), 3 * bound / 2), high, apply(proof.given[4], at=[K]))
    proof.note(limit, "the log-odds stay below their start plus 3B/2")
    above = intro(to_rate(proof, limit, gain_above(Jk(K), 3 * bound / 2), 1), K)
    start = apply(rates_between(proof, step_facts(proof)), at=[0])
    below = proof.have(proof.statement.conclusion.args[1], start, why="exp is positive")
    return conjunction(above, below)


@state(
    "corollary",
    "trajectory.ceiling",
    "A ceiling on the success rate bounds the progress",
    provenance="extension",
    given=[*RUN, safe(KAPPA), lt(p, 1), forall(K, le(Jk(K), p))],
    claim=forall(K, le(M(K), 2 * (log_odds_of(p) - ellk(0)))),
    words="with $J^\\ast$ the ceiling and $\\ell^\\ast$ its log-odds",
)
def ceiling(proof: Proof) -> Theorem:
    each = proof.use("trajectory.gain")
    low = telescoped(proof, sums.telescoping(), HALF, each)
    proof.note(low, "half the progress is gained in log-odds")
    now = apply(rates_between(proof, step_facts(proof)), at=[K])
    below = apply(proof.given[5], at=[K])
    positive = have(lt(0, p), now, below)
    order_ = proof.use("setting.log-odds-order", now, positive, p=Jk(K), q=p)
    top = apply(part(order_, 1, 1), below)
    goal = beta(proof.statement.conclusion.args[0], [K])
    return intro(
        proof.have(goal, low, top, unfold=("log_odds",), why="the log-odds stay below the "
                   "ceiling's"), K,
    )  # fmt: skip


# Below the threshold at the current success rate -----------------------------------------------


def critical(at: Term) -> Term:
    """K(J_k)."""
    return SUCCESS_CURVATURE(G, L, Jk(at))


def gradient_part(at: Term) -> Term:
    """[<w_k, grad J_k>]_+ = J_k (1 - J_k) [Delta mu_k]_+."""
    return Jk(at) * (1 - Jk(at)) * positive_part(Dk(at))


@state(
    "theorem",
    "trajectory.threshold-success",
    "The threshold at the current success rate",
    provenance="extension",
    given=RUN,
    claim=both(
        forall(
            k,
            both(
                implies(
                    lt(0, sk(k)), lt(sk(k), 2 * Dk(k) / critical(k)), lt(Jk(k), Jk(k + 1))
                ),
                implies(
                    le(sk(k), Dk(k) / critical(k)),
                    le(sk(k) * Dk(k) / 2, ellk(k + 1) - ellk(k)),
                ),
            ),
        ),
        implies(
            forall(k, le(sk(k), positive_part(Dk(k)) / critical(k))),
            forall(K, gain_below(Jk(K), M(K) / 2)),
        ),
    ),
)
def threshold_success(proof: Proof) -> Theorem:
    known = step_facts(proof)
    step = proof.note(at_step(proof, "trajectory.success-step", known), "one step")
    joint = joined(proof, known)
    end = have(eq(ellk(k + 1), run.at(k).log_odds(sk(k))), joint, unfold=("log_odds",))
    results = []
    for number, goal in enumerate(conjuncts(beta(proof.statement.conclusion.args[0].args[0], [k]))):
        premises, conclusion = premises_of(goal)
        made = apply(part(step, *(1,) * number, 0), *map(assume, premises))
        results.append(intro(have(conclusion, made, joint, end), (), *premises))
    steps = intro(conjunction(*results), k)
    limits = assume(proof.statement.conclusion.args[1].args[0])
    low = success_gain(proof, known, limits, step, end)
    made = to_rate(proof, low, gain_below(Jk(K), M(K) / 2), 0)
    rate = intro(intro(proof.note(made, "sum the gains"), K), (), limits.conclusion)
    return conjunction(steps, rate)


def success_gain(
    proof: Proof, known: dict[str, Theorem], limits: Theorem, step: Theorem, end: Theorem
) -> Theorem:
    """M(K)/2 <= ell_K - ell_0 under the threshold at the success rate."""
    limit = apply(limits, at=[k])
    goal = le(sk(k) * positive_part(Dk(k)) / 2, ellk(k + 1) - ellk(k))
    positive = critical_positive(proof, known)

    def aligned(case: Theorem) -> Theorem:
        below = have(le(sk(k), Dk(k) / critical(k)), limit, case)
        return have(goal, apply(part(step, 1, 0), below), end, case)

    def opposed(case: Theorem) -> Theorem:
        still = have(eq(sk(k), 0), limit, case, known["step"], positive)
        start = have(eq(run.at(k).log_odds(sk(k)), ellk(k)), still, unfold=("log_odds", "mass"))
        return have(goal, still, end, start)

    each = by_cases(instance("maximum.cases", x=Dk(k), y=ZERO), aligned, opposed)
    return telescoped(proof, sums.telescoping(), HALF, intro(each, k))


def critical_positive(proof: Proof, known: dict[str, Theorem]) -> Theorem:
    """0 < K(J_k)."""
    rate = apply(rates_between(proof, known), at=[k])
    split = instance("minimum.cases", x=(L + G**2) / Jk(k), y=L / (1 - Jk(k)))
    return by_cases(
        split,
        *([lambda case: have(lt(0, critical(k)), case, rate, proof.given[2], unfold=(SUCCESS,))]
          * 2),
    )  # fmt: skip


@state(
    "proposition",
    "trajectory.gradient-sum",
    "The gradient sum stays bounded where the progress diverges",
    provenance="extension",
    given=[*RUN, forall(k, le(sk(k), positive_part(Dk(k)) / critical(k)))],
    claim=both(
        forall(k, le(sk(k) * gradient_part(k) / 2, Jk(k + 1) - Jk(k))),
        forall(K, le(total(K, k, sk(k) * gradient_part(k)), 2 * (1 - Jk(0)))),
        implies(CONVERGES(lam(K, Jk(K)), num(1)), DIVERGES(lam(K, M(K)))),
    ),
)
def gradient_sum(proof: Proof) -> Theorem:
    known = step_facts(proof)
    step = at_step(proof, "trajectory.success-step", known)
    joint = joined(proof, known)
    each = proof.note(
        intro(success_growth(proof, known, part(step, 1, 1), joint), k),
        "one step raises J by at least half of its share of the gradient sum",
    )
    half = num(HALF) * (sk(k) * gradient_part(k))
    ready = intro(have(le(half, Jk(k + 1) - Jk(k)), apply(each, at=[k])), k)
    summed = discharge(telescope(half, Jk(k)), ready)
    between = rates_between(proof, known)
    goal = le(total(K, k, sk(k) * gradient_part(k)), 2 * (1 - Jk(0)))
    bounded = proof.have(
        goal, summed, apply(between, at=[K]), why="telescope, and J_K is less than 1"
    )
    high = gain_above_start(proof, known, each, between)
    to_one = assume(CONVERGES(lam(K, Jk(K)), num(1)))
    diverges = proof.use(
        "setting.progress-diverges", between, intro(high, K), to_one,
        have(lt(0, 1 + 1 / (2 * Jk(0))), apply(between, at=[0])),
        mapping={function("J", "N"): lam(K, Jk(K)), function("M", "N"): lam(K, M(K))},
        c=1 + 1 / (2 * Jk(0)),
    )  # fmt: skip
    return conjunction(each, intro(bounded, K), intro(diverges, (), to_one.conclusion))


def telescope(share: Term, value: Term) -> Theorem:
    """`sums.telescoping` for given functions of k."""
    mapping = {function("f", "N"): lam(k, share), function("g", "N"): lam(k, value)}
    return where(sums.telescoping(), mapping, n=K)


def aligned_or_still(
    proof: Proof,
    known: dict[str, Theorem],
    aligned: Callable[[Theorem], Theorem],
    still: Callable[[Theorem, Theorem], Theorem],
) -> Theorem:
    """Either Delta mu >= 0, or the step is zero: one function for each case."""
    limit = apply(proof.given[3], at=[k])
    positive = critical_positive(proof, known)

    def opposed(case: Theorem) -> Theorem:
        zero = have(eq(sk(k), 0), limit, case, known["step"], positive)
        return still(case, zero)

    return by_cases(
        instance("maximum.cases", x=Dk(k), y=ZERO),
        lambda case: aligned(conjunction(case, have(le(sk(k), Dk(k) / critical(k)), limit, case))),
        opposed,
    )


def success_growth(
    proof: Proof, known: dict[str, Theorem], step: Theorem, joint: Theorem
) -> Theorem:
    """eta_k [<w_k, grad J_k>]_+ / 2 <= J_{k+1} - J_k."""
    goal = le(sk(k) * gradient_part(k) / 2, Jk(k + 1) - Jk(k))

    def aligned(case: Theorem) -> Theorem:
        made = apply(step, part(case, 1))
        return have(goal, made, joint, part(case, 0))

    def still(case: Theorem, zero: Theorem) -> Theorem:
        start = have(eq(run.at(k).success(sk(k)), Jk(k)), zero, unfold=("mass",))
        return have(goal, zero, joint, start)

    return aligned_or_still(proof, known, aligned, still)


def gain_above_start(
    proof: Proof, known: dict[str, Theorem], growth: Theorem, between: Theorem
) -> Theorem:
    """ell_K - ell_0 <= (1 + 1/(2 J_0)) M(K)."""
    start, now = apply(between, at=[0]), apply(between, at=[k])
    zero_or_more = product_sign(proof, known)
    rises = discharge(
        telescope(ZERO, Jk(k)),
        intro(have(le(0, Jk(k + 1) - Jk(k)), apply(growth, at=[k]), zero_or_more, now), k),
    )
    not_below = have(le(Jk(0), Jk(k)), where(rises, {K: k}))
    regular = fold(known["regular"], unfold(known["regular"].conclusion, frozenset({"regular"})))
    upper = part(at_step(proof, "trajectory.one-step", {**known, "smooth": part(regular, 1)}), 1)
    joint = joined(proof, known)
    end = have(eq(ellk(k + 1), run.at(k).log_odds(sk(k))), joint, unfold=("log_odds",))
    factor = 1 + 1 / (2 * Jk(0))
    share = factor * (sk(k) * positive_part(Dk(k)))
    goal = le(ellk(k + 1) - ellk(k), share)
    split = instance("minimum.cases", x=(L + G**2) / Jk(k), y=L / (1 - Jk(k)))

    def aligned(case: Theorem) -> Theorem:
        same, limit = case_parts(case)
        bend = le(L * sk(k) / (2 * Jk(k)), Dk(k) / (2 * Jk(0)))

        def branch(value: Theorem) -> Theorem:
            exact = have(
                eq(critical(k), value.conclusion.args[1].args[1]), value, unfold=(SUCCESS,)
            )
            plain = have(le(sk(k) * exact.conclusion.args[1], Dk(k)), limit, exact, now,
                         proof.given[2])  # fmt: skip
            return have(bend, plain, now, start, not_below, proof.given[2], same, known["step"])

        small = by_cases(split, branch, branch)
        return have(goal, upper, end, same, small, known["step"], start, now)

    def still(case: Theorem, zero: Theorem) -> Theorem:
        held = have(eq(run.at(k).log_odds(sk(k)), ellk(k)), zero, unfold=("log_odds", "mass"))
        return have(goal, zero, end, held)

    each = aligned_or_still(proof, known, aligned, still)
    made = discharge(
        where(
            sums.telescoping_above(),
            {function("f", "N"): lam(k, share), function("g", "N"): lam(k, ellk(k))},
            n=K,
        ),
        intro(each, k),
    )
    return have(le(ellk(K) - ellk(0), factor * M(K)), made, unfold=("progress",))


def case_parts(case: Theorem) -> tuple[Theorem, Theorem]:
    """The two halves of an aligned case: the value of [Delta mu]_+, and the limit."""
    return part(case, 0), part(case, 1)


def product_sign(proof: Proof, known: dict[str, Theorem]) -> Theorem:
    """0 <= eta_k [<w_k, grad J_k>]_+."""
    split = instance("maximum.cases", x=Dk(k), y=ZERO)
    rate = apply(rates_between(proof, known), at=[k])
    goal = le(0, sk(k) * gradient_part(k))
    return by_cases(split, *([lambda case: have(goal, case, known["step"], rate)] * 2))


# Explicit instances: two responses ---------------------------------------------------------------

f, f1, f2 = (function(name, "R") for name in ("f", "f1", "f2"))
g, b = real("g"), real("b")
pair = two_responses(lam(t, f(t)), lam(t, f1(t)), lam(t, f2(t)))


@state(
    "lemma",
    "trajectory.realisable",
    "Every log-odds function is realised by two responses",
    provenance="extension",
    given=[
        forall(t, derivative(u, f(u), t, f1(t))),
        forall(t, derivative(u, f1(u), t, f2(t))),
        forall(t, le(0, t), le(t, eta), both(WITHIN(f1(t), g), WITHIN(f2(t), b))),
    ],
    claim=both(
        pair.policy,
        forall(t, both(eq(pair.log_odds(t), f(t)), eq(pair.alignment(t), f1(t)))),
        pair.regular(g, b + g**2 / 4, 0, eta),
    ),
)
def realisable(proof: Proof) -> Theorem:
    slope, bend = (apply(given, at=[t]) for given in proof.given[:2])
    shares = pair_probabilities(f(t))
    normal = proof.have(
        eq(total(2, i, exp(beta(pair.log_policy, [t, i]))), 1), *shares, unfold=EXPLICIT,
        why="the two probabilities are logistic",
    )  # fmt: skip
    smooth = [pair_derivative(g_, v, slope, bend) for g_, v in (
        (pair.log_policy, pair.score), (pair.score, pair.hessian))]  # fmt: skip
    for made in smooth:
        proof.note(made, "differentiate")
    policy = fold(
        conjunction(
            intro(normal, t),
            *(intro(made, (t, i), lt(i, 2)) for made in smooth),
            *explicit_rewards(pair.reward, 2),
        ),
        pair.policy,
    )
    odds = proof.have(
        eq(pair.log_odds(t), f(t)), logistic_log_odds(f(t)), *shares,
        unfold=("log_odds", "mass", *EXPLICIT), why="the log-odds of a logistic function",
    )  # fmt: skip
    aligned = proof.have(
        eq(pair.alignment(t), f1(t)), *shares, unfold=(*NAMES, *EXPLICIT),
        why="the conditional means are single values",
    )  # fmt: skip
    return conjunction(
        policy, intro(conjunction(odds, aligned), t), pair_regular(proof)
    )


def pair_probabilities(value: Term) -> list[Theorem]:
    """exp(-log(1 + exp(-f))) and exp(-log(1 + exp(f))), and exp(f) by exp(-f)."""
    return [
        *(
            discharge(
                where(calculus.exp_minus_log(), x=1 + exp(v)), have(lt(0, 1 + exp(v)))
            )
            for v in (-value, value)
        ),
        # exp(f) is written as 1/exp(-f), so that one of the two exponentials remains.
        have(eq(exp(value), 1 / exp(-value)), where(calculus.exp_minus(), x=value)),
    ]


def logistic_log_odds(value: Term) -> Theorem:
    """log(p/(1 - p)) = f for p = 1/(1 + exp(-f))."""
    p_ = 1 / (1 + exp(-value))
    back = instance("log.exp", x=value)
    shown = have(eq(exp(value), p_ / (1 - p_)), where(calculus.exp_minus(), x=value))
    return rewrite(back, shown)


def pair_derivative(g_: Term, value: Term, slope: Theorem, bend: Theorem) -> Theorem:
    """One derivative of the two-response line, at t, for either response."""
    body, wanted = unfold(beta(g_, [u, i])), beta(value, [t, i])
    F, F1, q, m = function("F", "R"), function("F1", "R"), real("q"), real("m")
    plain = substitute(body, {f: F, f1: F1})
    made = differentiate(
        u, plain, t,
        assume(derivative(u, F(u), t, q)), assume(derivative(u, F1(u), t, m)),
    )  # fmt: skip
    made = discharge(
        where(made, {F: lam(u, f(u)), F1: lam(u, f1(u)), q: f1(t), m: f2(t)}), slope, bend
    )
    same = where(calculus.exp_minus(), x=f(t))
    made = restate(made, wanted, same, unfold=EXPLICIT)
    return fold(made, derivative(u, beta(g_, [u, i]), t, wanted))


def pair_regular(proof: Proof) -> Theorem:
    """|s| <= g and |h| <= b + g**2/4 for the two-response line."""
    low, high = inside_step()
    bounds = apply(proof.given[2], low, high, at=[t])
    S = real("S")
    share = 1 / (1 + exp(-f(t)))
    assumed = [assume(lt(0, S)), assume(lt(S, 1))]
    values = [have(lt(0, share)), have(lt(share, 1))]
    pieces = []
    for function_, bound in ((pair.score, g), (pair.hessian, b + g**2 / 4)):

        def response(number: int, function_: Term = function_, bound: Term = bound) -> Theorem:
            at = beta(function_, [t, num(number)])
            plain = replace(unfold(at, frozenset(EXPLICIT)), share, S)
            made = have(WITHIN(plain, bound), bounds, *assumed)
            made = discharge(where(made, {S: share}), *values, bounds)
            return have(WITHIN(at, bound), made, unfold=EXPLICIT)

        goal = WITHIN(beta(function_, [t, i]), bound)
        each = each_below(i, 2, goal, response)
        pieces.append(intro(each, (t, i), low.conclusion, high.conclusion, lt(i, 2)))
    score, hessian = pieces
    proof.note(score, "the probabilities lie between 0 and 1")
    proof.note(hessian, "and p(1 - p) is at most 1/4")
    return fold(conjunction(score, hessian), pair.regular(g, b + g**2 / 4, 0, eta))


def pair_run(start: Term, value: Term, slope: Term, bend: Term, size: Term) -> Run:
    """Steps of one size along the real axis: step k starts at start(k), in direction +1.

    `value` is the log-odds as a function of the position, `slope` and `bend` its derivatives.
    """
    lines = two_responses(
        *(lam(t, beta(h_, [beta(start, [k]) + t])) for h_ in (value, slope, bend))
    )
    return Run(
        lines.count,
        lines.reward,
        *(lam((k, t, i), beta(h_, [t, i])) for h_ in
          (lines.log_policy, lines.score, lines.hessian)),
        lam(k, size),
    )  # fmt: skip


def realised(
    proof: Proof, steps: Run, start: Term, functions: tuple[Term, Term, Term],
    bounds: tuple[Theorem, Term, Term], derivatives: tuple[Theorem, Theorem], size: Theorem,
) -> tuple[Theorem, Theorem, Theorem]:
    """A run of two responses: the assumption ``run``, its values, and its regularity.

    `derivatives` are those of the log-odds at an arbitrary position x, `bounds` the theorem
    that bounds them there, with the bounds; `size` says that the step is not negative.
    """
    x = real("x")
    here = beta(start, [k]) + t
    shifted = [lam(t, beta(h_, [here])) for h_ in functions]
    moved = []
    for made in derivatives:
        inner = where(made, x=here)
        body, at, slope_ = inner.conclusion.args
        rule = instance("derivative.chain", f=body, g=lam(u, beta(start, [k]) + u), t=t,
                        x=slope_, y=num(1))  # fmt: skip
        step = differentiate(u, beta(start, [k]) + u, t, value=num(1))
        chained = apply(rule, inner, step)
        moved.append(intro(restate(chained, slope_), t))
    theorem_, low, high = bounds
    within_ = intro(where(theorem_, {x: here}), t, le(0, t), le(t, steps.size(k)))
    made = proof.use(
        "trajectory.realisable", *moved, within_,
        mapping=dict(zip((f, f1, f2), shifted, strict=True)), g=low, b=high, eta=steps.size(k),
    )  # fmt: skip
    policy = intro(fold(part(made, 0), steps.at(k).policy), k)
    inside = assume(lt(i, steps.count))
    joint = eq(
        beta(steps.log_policy, [k + 1, 0, i]), beta(steps.log_policy, [k, steps.size(k), i])
    )
    arrives = have(eq(beta(start, [k + 1]) + 0, beta(start, [k]) + steps.size(k)),
                   *parameters(proof))  # fmt: skip
    joint_ = have(joint, arrives, *parameters(proof), unfold=EXPLICIT)
    run_ = fold(
        conjunction(policy, intro(joint_, (k, i), inside.conclusion), intro(size, k)), steps.run
    )
    regular = part(made, 1, 1)
    closed = fold(regular, steps.at(k).regular(low, high + low**2 / 4, 0, steps.size(k)))
    return run_, part(made, 1, 0), intro(closed, k)


def parameters(proof: Proof) -> list[Theorem]:
    """What the hypotheses say of the parameters of an instance."""
    return [g_ for g_ in proof.given if g_.conclusion.head in RELATIONS]


a, omega, start = real("a"), real("omega"), real("f0")
_x = real("x")
_position = lam(k, 2 * PI * k / omega)
_collapse = (
    lam(_x, start - a * _x + b / omega * sin(omega * _x)),
    lam(_x, -a + b * cos(omega * _x)),
    lam(_x, -(b * omega * sin(omega * _x))),
)
COLLAPSE = pair_run(_position, *_collapse, 2 * PI / omega)
"""The instance of `trajectory.collapse`, from log-odds f0."""

_cG, _cL = a + b, b * omega + (a + b) ** 2 / 4


@state(
    "theorem",
    "trajectory.collapse",
    "Catastrophic failure under perfect alignment",
    provenance="reconstructed",
    given=[lt(0, a), lt(a, b), lt(0, omega)],
    claim=both(
        COLLAPSE.run,
        COLLAPSE.regular(_cG, _cL),
        forall(
            k,
            both(
                eq(COLLAPSE.alignment(k), b - a),
                eq(COLLAPSE.log_odds(k), start - 2 * PI * a * k / omega),
                lt(COLLAPSE.success(k + 1), COLLAPSE.success(k)),
            ),
        ),
        CONVERGES(lam(k, COLLAPSE.success(k)), ZERO),
        eq(
            2 * PI / omega,
            (4 * PI * b + 3 * PI * (a + b) ** 2 / omega) / (b - a)
            * ((b - a) / (2 * _cL + _cG**2)),
        ),
        eq(
            (4 * PI * b + 3 * PI * (a + b) ** 2 / omega) / (b - a),
            4 * PI + (4 * PI * a + 3 * PI * (a + b) ** 2 / omega) / (b - a),
        ),
    ),
    words="Every step is perfectly aligned with the Gradient Gap, and the success rate falls at "
    "every step, to 0. The step is the stated multiple of the critical one.",
)  # fmt: skip
def collapse(proof: Proof) -> Theorem:
    goals = conjuncts(proof.statement.conclusion)
    positive = instance("pi.positive")
    smooth = [
        differentiate(_x_, beta(h_, [_x_]), _x, *proof.given, value=beta(s_, [_x]))
        for _x_ in (u,)
        for h_, s_ in zip(_collapse, _collapse[1:], strict=False)
    ]
    bounds = have(
        both(WITHIN(beta(_collapse[1], [_x]), a + b), WITHIN(beta(_collapse[2], [_x]), b * omega)),
        *unit_circle(omega * _x), *proof.given,
    )  # fmt: skip
    size = have(le(0, 2 * PI / omega), positive, *proof.given)
    run_, values, regular = realised(
        proof, COLLAPSE, _position, _collapse, (bounds, a + b, b * omega),
        (smooth[0], smooth[1]), size,
    )  # fmt: skip
    proof.note(run_, "two responses realise the log-odds function")
    at_start = apply(values, at=[0])
    turns = [turn(k), turn(k + 1)]
    aligned = proof.have(
        eq(COLLAPSE.alignment(k), b - a), part(at_start, 1), *whole_turns(turns), *proof.given,
        why="the cosine is 1 at the start of every step",
    )  # fmt: skip
    odds = proof.have(
        eq(COLLAPSE.log_odds(k), start - 2 * PI * a * k / omega), part(at_start, 0),
        *whole_turns(turns), *proof.given,
        why="and the sine is 0",
    )  # fmt: skip
    odds_all = intro(odds, k)
    between = intro(rate_of_run(proof, COLLAPSE, part(fold(run_, unfold(run_.conclusion,
                    frozenset({"run"}))), 0)), k)  # fmt: skip
    falls = falling(proof, odds_all, between, positive)
    limit = vanishing(proof, odds_all, between, positive)
    ratios = [
        proof.have(goal, positive, *proof.given, have(lt(0, b - a), *proof.given), why="algebra")
        for goal in goals[-2:]
    ]
    return conjunction(
        run_, fold(regular, goals[1]),
        intro(conjunction(aligned, odds, falls), k), limit, *ratios,
    )  # fmt: skip


def unit_circle(angle: Term) -> list[Theorem]:
    """-1 <= sin <= 1 and -1 <= cos <= 1."""
    circle = instance("circle", x=angle)
    return [
        have(formula, circle)
        for value in (sin(angle), cos(angle))
        for formula in (le(-1, value), le(value, 1))
    ]


def turn(count: Term) -> tuple[Theorem, Theorem]:
    """sin(2 pi k) = 0 and cos(2 pi k) = 1."""
    m = nat("m")
    results = []
    for function_, name, value in ((sin, "sin", 0), (cos, "cos", 1)):
        base = have(eq(function_(2 * PI * 0), value), instance(f"{name}.zero"))

        def step(known: Theorem, function_: Callable[[Term], Term] = function_,
                 name: str = name, value: int = value) -> Theorem:  # fmt: skip
            shifted = instance(f"{name}.period", x=2 * PI * m)
            return have(eq(function_(2 * PI * (m + 1)), value), shifted, known)

        rule = induct(m, eq(function_(2 * PI * m), value), base, step)
        results.append(specialise(rule, count))
    return results[0], results[1]


def whole_turns(turns: list[tuple[Theorem, Theorem]]) -> list[Theorem]:
    """The values of sine and cosine after whole turns, in one list."""
    return [value for pair_ in turns for value in pair_]


def rate_of_run(proof: Proof, steps: Run, policies: Theorem) -> Theorem:
    """0 < J_k < 1 for an explicit run."""
    policy = apply(policies, at=[k])
    rate = proof.use("setting.success-rate", policy, mapping=steps.at(k).substitution(), at=[0])
    return have(both(lt(0, steps.success(k)), lt(steps.success(k), 1)), rate)


def falling(proof: Proof, odds: Theorem, between: Theorem, positive: Theorem) -> Theorem:
    """J_{k+1} < J_k, from the log-odds."""
    now, later = apply(odds, at=[k]), apply(odds, at=[k + 1])
    lower = have(lt(COLLAPSE.log_odds(k + 1), COLLAPSE.log_odds(k)), now, later, positive,
                 *proof.given)  # fmt: skip
    rule = proof.use(
        "setting.log-odds-order", apply(between, at=[k]), apply(between, at=[k + 1]),
        p=COLLAPSE.success(k + 1), q=COLLAPSE.success(k),
    )  # fmt: skip
    return proof.note(apply(part(rule, 0), lower), "the log-odds fall by 2 pi a/omega a step")


def vanishing(proof: Proof, odds: Theorem, between: Theorem, positive: Theorem) -> Theorem:
    """J_k -> 0: J_k <= exp(ell_k), and exp(-y) <= 1/(1 + y)."""
    epsilon, N = real("epsilon"), nat("N")
    small, after = assume(lt(0, epsilon)), assume(le(N, k))
    now, rate = apply(odds, at=[k]), apply(between, at=[k])
    decrease = 2 * PI * a / omega
    wanted = CONVERGES(lam(k, COLLAPSE.success(k)), ZERO)
    goal = beta(unfold(wanted, frozenset({"converges"})).args[0], [epsilon]).args[1]
    first = exp(start)
    far = instance("natural.archimedes", x=first / (epsilon * decrease))

    def late(chosen: Theorem) -> Theorem:
        fall = decrease * k
        enough = have(le(first / epsilon, fall), chosen, after, positive, small, *proof.given)
        tangent = where(calculus.exp_tangent(), x=fall)
        inverse = where(calculus.exp_minus(), x=fall)
        joined_ = instance("exp.sum", x=start, y=-fall)
        exponent = have(eq(COLLAPSE.log_odds(k), start + -fall), now, *proof.given)
        value = rewrite(log_odds_exp(COLLAPSE.success(k), rate, COLLAPSE.log_odds(k)), exponent)
        product = have(
            eq(COLLAPSE.success(k) / (1 - COLLAPSE.success(k)), first / exp(fall)),
            value, joined_, inverse, rate,
        )  # fmt: skip
        below = have(le(first / exp(fall), epsilon), tangent, enough, small)
        near = have(WITHIN(COLLAPSE.success(k) - 0, epsilon), product, below, rate, small)
        return infer("witness", intro(near, k, after.conclusion), formula=goal, terms=(N,))

    made = intro(obtain(far, [N], late), epsilon, small.conclusion)
    return proof.note(fold(made, wanted), "the odds decay exponentially")


def log_odds_exp(rate: Term, between: Theorem, name: Term) -> Theorem:
    """exp(ell) = J/(1 - J)."""
    made = odds(rate, between)
    return fold(made, eq(exp(name), rate / (1 - rate)))


# The gradient sum of an explicit run --------------------------------------------------------------

_third = num(Fraction(2, 3))
_line_functions = (lam(_x, _x), lam(_x, num(1)), lam(_x, num(0)))
_start = lam(k, _third * k)
STEADY = pair_run(_start, *_line_functions, _third)
"""Log-odds x on the real line, steps of 2/3 from x = 0: J_0 = 1/2."""

_quarter = num(Fraction(1, 4))


def _share(at: Term) -> Term:
    return STEADY.size(at) * (
        STEADY.success(at) * (1 - STEADY.success(at)) * positive_part(STEADY.alignment(at))
    )


@state(
    "proposition",
    "trajectory.gradient-sum-instance",
    "An instance with both sums enclosed",
    provenance="extension",
    claim=both(
        STEADY.run,
        STEADY.regular(num(1), _quarter),
        forall(
            k,
            le(
                STEADY.size(k),
                positive_part(STEADY.alignment(k))
                / SUCCESS_CURVATURE(1, _quarter, STEADY.success(k)),
            ),
        ),
        forall(K, eq(STEADY.progress(K), 2 * K / 3)),
        forall(
            K,
            both(
                le(num(Fraction(1, 6)), total(K + 1, k, _share(k))),
                le(total(K + 1, k, _share(k)), 1),
            ),
        ),
    ),
    words="M(K) = 2K/3 diverges, while the gradient sum stays between 1/6 and 1.",
)
def gradient_sum_instance(proof: Proof) -> Theorem:
    goals = conjuncts(proof.statement.conclusion)
    smooth = [
        differentiate(u, beta(h_, [u]), _x, value=beta(s_, [_x]))
        for h_, s_ in zip(_line_functions, _line_functions[1:], strict=False)
    ]
    bounds = have(both(WITHIN(num(1), num(1)), WITHIN(num(0), num(0))))
    run_, values, regular = realised(
        proof, STEADY, _start, _line_functions, (bounds, num(1), num(0)),
        (smooth[0], smooth[1]), have(le(0, _third)),
    )  # fmt: skip
    proof.note(run_, "two responses realise the log-odds x")
    regular = rewrite(regular, have(eq(num(0) + num(1) ** 2 / 4, _quarter)))
    one = apply(values, at=[0])
    aligned = have(eq(STEADY.alignment(k), 1), part(one, 1))
    policies = part(fold(run_, unfold(run_.conclusion, frozenset({"run"}))), 0)
    rate = rate_of_run(proof, STEADY, policies)
    all_rates = intro(rate, k)
    whole = by_cases(
        instance("maximum.cases", x=STEADY.alignment(k), y=ZERO),
        *([lambda case: have(eq(positive_part(STEADY.alignment(k)), 1), case, aligned)] * 2),
    )
    limit = by_cases(
        instance("minimum.cases", x=num(Fraction(5, 4)) / STEADY.success(k),
                 y=_quarter / (1 - STEADY.success(k))),
        *([lambda case: have(beta(goals[2].args[0], [k]), case, whole, rate, unfold=(SUCCESS,))]
          * 2),
    )  # fmt: skip
    limits = proof.note(intro(limit, k), "K(J) is at most kappa = 3/2")
    pairs = intro(
        have(eq(_third * positive_part(STEADY.alignment(k)), _third), whole), k, lt(k, K)
    )
    rule = where(
        sums.congruent(),
        {function("f", "N"): lam(k, _third * positive_part(STEADY.alignment(k))),
         function("g", "N"): lam(k, _third)},
        n=K,
    )  # fmt: skip
    progress = proof.have(
        eq(STEADY.progress(K), 2 * K / 3), discharge(rule, pairs), unfold=("progress",),
        why="every step contributes 2/3",
    )  # fmt: skip
    return conjunction(
        run_, regular, limits, intro(progress, K),
        intro(enclosed(proof, run_, regular, limits, values, all_rates, intro(whole, k)), K),
    )  # fmt: skip


def enclosed(
    proof: Proof, run_: Theorem, regular: Theorem, limits: Theorem, values: Theorem,
    rates: Theorem, whole: Theorem,
) -> Theorem:
    """1/6 <= the gradient sum <= 1, for K + 1 steps of the steady run."""
    start = part(apply(values, at=[0]), 0)
    first = where(have(eq(STEADY.log_odds(k), _third * k), start), {k: ZERO})
    level = have(eq(STEADY.log_odds(0), 0), first)
    begin = apply(rates, at=[0])
    even = log_odds_exp(STEADY.success(0), begin, STEADY.log_odds(0))
    even = rewrite(even, level, instance("exp.zero"))
    half = proof.have(
        eq(STEADY.success(0), num(HALF)), even, begin, why="it starts at 1/2"
    )
    mapping = {
        n: STEADY.count, function("r", "N"): STEADY.reward,
        function("lp", "N", "R", "N"): STEADY.log_policy,
        function("s", "N", "R", "N"): STEADY.score,
        function("h", "N", "R", "N"): STEADY.hessian,
        function("eta", "N"): STEADY.steps, G: num(1), L: _quarter,
    }  # fmt: skip
    bound = proof.use(
        "trajectory.gradient-sum", run_, regular, limits, have(lt(0, _quarter)), mapping=mapping
    )
    above = have(
        le(total(K + 1, k, _share(k)), 1), apply(part(bound, 1, 0), at=[K + 1]), half
    )
    sign = have(le(0, _share(k)), apply(whole, at=[k]), apply(rates, at=[k]))
    claim = le(num(Fraction(1, 6)), total(K + 1, k, _share(k)))
    base = have(
        beta(lam(K, claim), [ZERO]), half, apply(whole, at=[0]), degree=2
    )
    later = where(sign, {k: K + 1})
    rule = induct(
        K, claim, base, lambda known: have(beta(lam(K, claim), [K + 1]), known, later)
    )
    return conjunction(specialise(rule, K), above)


# Three responses: the bounds are attained ---------------------------------------------------------

_rate = real("J")
_K = SUCCESS_CURVATURE(G, L, _rate)
_part = _rate * _K / (L + G**2)


def extremal(rate: Term) -> tuple[Term, Term, Term]:
    """Odds, spread and curvature of the policy that attains K(J)."""
    bound = SUCCESS_CURVATURE(G, L, rate)
    share = rate * bound / (L + G**2)
    return rate / (1 - rate), sqrt(share) * G, -((1 - rate) * bound)


_attaining = three_responses(*extremal(_rate))


def within_all(line_: Line, at: Term, score: Term, hessian: Term) -> Term:
    """|s| <= score and |h| <= hessian for all three responses, at one point."""
    return forall(
        i,
        lt(i, 3),
        both(
            WITHIN(beta(line_.score, [at, i]), score), WITHIN(beta(line_.hessian, [at, i]), hessian)
        ),
    )


@state(
    "theorem",
    "trajectory.success-curvature",
    "The curvature at a given success rate",
    provenance="extension",
    given=[*REGULARITY, le(0, G)],
    claim=both(
        on_step(
            both(
                le(-ell2(t), SUCCESS_CURVATURE(G, L, J(t))),
                le(SUCCESS_CURVATURE(G, L, J(t)), KAPPA),
            )
        ),
        eq(SUCCESS_CURVATURE(G, L, (L + G**2) / KAPPA), KAPPA),
        forall(
            _rate,
            lt(0, _rate),
            lt(_rate, 1),
            both(
                _attaining.policy,
                eq(_attaining.success(0), _rate),
                eq(_attaining.alignment(0), 0),
                within_all(_attaining, ZERO, G, L),
                eq(-_attaining.curvature(0), _K),
            ),
        ),
    ),
    words="The bound K(J) holds along the step, is attained at every J by three responses whose "
    "alignment is zero, and its largest value is kappa.",
)
def success_curvature(proof: Proof) -> Theorem:
    at = inside_step()
    near, far = curvature_bounds(proof, proof.given[1], at)
    rate = proof.use("setting.success-rate", at=[t])
    sides = (L + G**2) / J(t), L / (1 - J(t))
    goal = both(
        le(-ell2(t), SUCCESS_CURVATURE(G, L, J(t))), le(SUCCESS_CURVATURE(G, L, J(t)), KAPPA)
    )
    bound = by_cases(
        instance("minimum.cases", x=sides[0], y=sides[1]),
        *([lambda case: have(goal, case, near, far, rate, proof.given[2], unfold=(SUCCESS,))] * 2),
    )
    proof.note(bound, "each side alone bounds the curvature; the smaller bound is at most kappa")
    peak = (L + G**2) / KAPPA
    top = by_cases(
        instance("minimum.cases", x=(L + G**2) / peak, y=L / (1 - peak)),
        *([lambda case: have(
            eq(SUCCESS_CURVATURE(G, L, peak), KAPPA), case, proof.given[2],
            have(lt(0, KAPPA), proof.given[2]), have(lt(0, L + G**2), proof.given[2]),
            have(lt(0, 1 - peak), proof.given[2]), unfold=(SUCCESS,))] * 2),
    )  # fmt: skip
    proof.note(top, "both sides are kappa there")
    return conjunction(closing(bound), top, attained(proof))


def attained(proof: Proof) -> Theorem:
    """K(J) is the curvature of three responses, for every J in (0, 1)."""
    positive, below = assume(lt(0, _rate)), assume(lt(_rate, 1))
    known = [positive, below, proof.given[2], proof.given[4]]
    odds_, spread, bend = extremal(_rate)
    values = proof.use(
        "setting.three-responses", have(lt(0, odds_), *known), rho=odds_, v=spread, h0=bend
    )
    size = by_cases(
        instance("minimum.cases", x=(L + G**2) / _rate, y=L / (1 - _rate)),
        *([lambda case: have(
            both(lt(0, _K), le(_rate * _K, L + G**2), le((1 - _rate) * _K, L)), case, *known,
            unfold=(SUCCESS,))] * 2),
    )  # fmt: skip
    share = have(both(le(0, _part), le(_part, 1)), size, *known)
    root = [apply(instance(name, x=_part), have(le(0, _part), share))
            for name in ("root.nonnegative", "root.square")]  # fmt: skip
    small = have(le(sqrt(_part), 1), share, *root)
    square = have(eq(spread**2, _part * G**2), root[1])
    success = have(eq(_attaining.success(0), _rate), part(values, 1, 0), *known)
    curved = have(eq(-_attaining.curvature(0), _K), part(values, 1, 1, 1, 0), *known)

    other = -(odds_ * bend + spread**2)
    simple = have(eq(other, _part * L), square, *known)
    parts = [
        have(WITHIN(spread, G), small, root[0], proof.given[4]),
        have(WITHIN(-spread, G), small, root[0], proof.given[4]),
        have(WITHIN(bend, L), size, *known),
        rewrite(have(WITHIN(_part * L, L), share, proof.given[2]), symmetric(simple)),
        have(WITHIN(ZERO, G), proof.given[4]),
    ]

    def response(number: int) -> Theorem:
        exact = apply(part(values, 1, 1, 1, 1), have(lt(num(number), 3)), at=[num(number)])
        score = CHOICE3(number, 0, spread, -spread)
        hessian = CHOICE3(number, bend, other, other)
        values_ = (ZERO, spread, -spread)[number], (bend, other, other)[number]
        proofs = (parts[4], *parts[:2])[number], (parts[2], parts[3], parts[3])[number]
        return conjunction(*(
            rewrite(chosen(choice, value, proof_), symmetric(part(exact, side)))
            for side, (choice, value, proof_) in enumerate(
                zip((score, hessian), values_, proofs, strict=True))
        ))  # fmt: skip

    bounds = beta(within_all(_attaining, ZERO, G, L).args[0], [i]).args[1]
    each = intro(each_below(i, 3, bounds, response), i, lt(i, 3))
    made = conjunction(part(values, 0), success, part(values, 1, 1, 0), each, curved)
    proof.note(made, "three responses: the score vanishes on the correct one")
    return intro(made, _rate, positive.conclusion, below.conclusion)


def chosen(choice: Term, value: Term, bound: Theorem) -> Theorem:
    """A bound on one of the alternatives of ``choice3``, as a bound on the choice."""
    x, y, z = (real(name) for name in ("x", "y", "z"))
    number, *alternatives = choice.args
    plain = CHOICE3(number, x, y, z)
    same = have(eq((x, y, z)[int(number.head)], plain), unfold=EXPLICIT)
    return rewrite(bound, where(same, dict(zip((x, y, z), alternatives, strict=True))))


def sharp_line(score: Term, hessian: Term) -> Line:
    """The three responses whose curvature at t = 0 is -(2 L + G**2)."""
    return three_responses((hessian + score**2) / hessian, score, -hessian)


_sharp = sharp_line(G, L)
_epsilon, _tau = real("epsilon"), real("tau")


def inflated(line_: Line, score: Term, hessian: Term) -> Term:
    """For every epsilon > 0 the regularity, inflated by 1 + epsilon, holds on a segment."""
    wider = line_.regular((1 + _epsilon) * score, (1 + _epsilon) * hessian, -_tau, _tau)
    return forall(_epsilon, lt(0, _epsilon), exists(_tau, both(lt(0, _tau), wider)))


@state(
    "theorem",
    "trajectory.sharp",
    "The bound on the curvature cannot be lowered",
    provenance="extension",
    given=[lt(0, L), lt(0, G)],
    claim=both(
        _sharp.policy,
        eq(_sharp.success(0), (L + G**2) / KAPPA),
        eq(_sharp.alignment(0), 0),
        within_all(_sharp, ZERO, G, L),
        eq(_sharp.curvature(0), -KAPPA),
        inflated(_sharp, G, L),
    ),
    words="For $G = 0$ no such segment exists: a score that is zero on a segment leaves the "
    "policy constant there.",
)
def sharp(proof: Proof) -> Theorem:
    known = list(proof.given)
    ratio = (L + G**2) / L
    positive = have(lt(0, ratio), *known)
    values = proof.use("setting.three-responses", positive, rho=ratio, v=G, h0=-L)
    rate = have(eq(_sharp.success(0), (L + G**2) / KAPPA), part(values, 1, 0), *known,
                have(lt(0, KAPPA), *known))  # fmt: skip
    curved = have(eq(_sharp.curvature(0), -KAPPA), part(values, 1, 1, 1, 0), *known)
    proof.note(curved, "at t = 0 the three responses have the extreme curvature")
    other = have(eq(-(ratio * -L + G**2), L), *known)
    each = attained_bounds(proof, values, other)
    segment = proof.note(
        inflate(proof, values, other, positive), "score and second derivative are continuous"
    )
    return conjunction(part(values, 0), rate, part(values, 1, 1, 0), each, curved, segment)


def choice_value(choice: Term) -> Theorem:
    """``choice3(k, x, y, z)`` is the alternative with the number k."""
    x, y, z = (real(name) for name in ("x", "y", "z"))
    number, *alternatives = choice.args
    same = have(
        eq(CHOICE3(number, x, y, z), (x, y, z)[int(number.head)]), unfold=EXPLICIT
    )
    return where(same, dict(zip((x, y, z), alternatives, strict=True)))


def attained_bounds(proof: Proof, values: Theorem, other: Theorem) -> Theorem:
    """|s| <= G and |h| <= L at t = 0 for the three responses of `trajectory.sharp`."""
    known = list(proof.given)

    def response(number: int) -> Theorem:
        exact = apply(part(values, 1, 1, 1, 1), have(lt(num(number), 3)), at=[num(number)])
        made = []
        for side, bound in ((0, G), (1, L)):
            there, choice = part(exact, side).conclusion.args
            value = choice_value(choice)
            size = have(WITHIN(value.conclusion.args[1], bound), other, *known)
            made.append(size_of(there, bound, transitive(part(exact, side), value), size))
        return conjunction(*made)

    bounds = beta(within_all(_sharp, ZERO, G, L).args[0], [i]).args[1]
    return intro(each_below(i, 3, bounds, response), i, lt(i, 3))


def size_of(there: Term, bound: Term, exact: Theorem, size: Theorem) -> Theorem:
    """|there| <= bound, when it equals a value with that bound."""
    hole = real("hole")
    template = lam(hole, WITHIN(hole, bound))
    return infer("rewrite", symmetric(exact), size, template=template)


S, S0, H, H0 = (real(name) for name in ("S", "S0", "H", "H0"))


def near_zero(proof: Proof, small: Theorem) -> Theorem:
    """The bounds for the three responses, from s(t, 0) = S and h(t, 0) = H near t = 0."""
    score, hessian = (1 + _epsilon) * G, (1 + _epsilon) * L
    facts_ = [
        *(assume(r_) for r_ in conjuncts(changes(S - S0, _epsilon * G / 4))),
        *(assume(r_) for r_ in conjuncts(changes(H - H0, _epsilon * L))),
        *(assume(r_) for r_ in conjuncts(changes(2 * L * t, _epsilon * G / 2))),
        assume(eq(S0, 0)), assume(eq(H0, -L)), small, *proof.given,
    ]  # fmt: skip
    scores = (S, G + 2 * L * t + S, -G + 2 * L * t + S)
    hessians = (H, 2 * L + H, 2 * L + H)
    return have(
        both(*(WITHIN(v_, score) for v_ in scores), *(WITHIN(v_, hessian) for v_ in hessians)),
        *facts_,
    )


def changes(amount: Term, bound: Term) -> Term:
    """-bound <= amount and amount <= bound."""
    return both(le(-bound, amount), le(amount, bound))


def inflate(proof: Proof, values: Theorem, other: Theorem, positive: Theorem) -> Theorem:
    """The inflated regularity, from the continuity of s(t, 0) and h(t, 0) at t = 0."""
    known, small = list(proof.given), assume(lt(0, _epsilon))
    weights = [*three_weights((L + G**2) / L, positive), other, *known]
    slack = [have(lt(0, size), small, *known) for size in (_epsilon * G / 4, _epsilon * L)]
    near = [
        continuity(beta(function_, [u, ZERO]), size, weights)
        for function_, size in zip((_sharp.score, _sharp.hessian), slack, strict=True)
    ]
    goal = beta(inflated(_sharp, G, L).args[0], [_epsilon]).args[1]
    d1, d2 = real("d1"), real("d2")
    slope = _epsilon * G / (4 * L)
    radius = minimum(d1, minimum(d2, slope))

    def chosen_radii(score: Theorem, hessian: Theorem) -> Theorem:
        facts_ = [part(score, 0), part(hessian, 0), have(lt(0, slope), small, *known)]
        sizes = smaller_than_all(d1, d2, slope, facts_)
        low, high = assume(le(-radius, t)), assume(le(t, radius))
        local = [
            apply(part(theorem_, 1), have(le(0 - d_, t), low, sizes),
                  have(le(t, 0 + d_), high, sizes), at=[t])
            for theorem_, d_ in ((score, d1), (hessian, d2))
        ]  # fmt: skip
        drift = have(changes(2 * L * t, _epsilon * G / 2), low, high, sizes, *known)
        bounds = bounds_at(proof, values, small, [*local, drift])
        pieces = [
            intro(made, (t, i), low.conclusion, high.conclusion, lt(i, 3))
            for made in all_responses(bounds, other, known)
        ]
        wanted = _sharp.regular((1 + _epsilon) * G, (1 + _epsilon) * L, -radius, radius)
        shown = conjunction(part(sizes, 0), fold(conjunction(*pieces), wanted))
        return infer("witness", shown, formula=goal, terms=(radius,))

    made = obtain(
        near[0], [d1],
        lambda score: obtain(near[1], [d2], lambda hessian: chosen_radii(score, hessian)),
    )  # fmt: skip
    return intro(made, _epsilon, small.conclusion)


def continuity(body: Term, size: Theorem, known: list[Theorem]) -> Theorem:
    """There is a segment round 0 on which body(u) changes by at most the given size."""
    smooth = differentiate(u, body, ZERO, *known)
    rule = where(
        calculus.continuous(),
        {f: lam(u, body), t: ZERO, real("x"): smooth.conclusion.args[2],
         real("y"): size.conclusion.args[1]},
    )  # fmt: skip
    return discharge(rule, smooth, size)


def smaller_than_all(x: Term, y: Term, z: Term, positive: list[Theorem]) -> Theorem:
    """0 < min(x, min(y, z)), and it is at most each of the three."""
    inner = minimum(y, z)
    goal = both(*(lt(0, minimum(x, inner)), *(le(minimum(x, inner), v_) for v_ in (x, y, z))))
    second = instance("minimum.cases", x=y, y=z)
    first = instance("minimum.cases", x=x, y=inner)
    return by_cases(second, *([lambda one: by_cases(
        first, *([lambda two: have(goal, one, two, *positive)] * 2))] * 2))  # fmt: skip


def bounds_at(
    proof: Proof, values: Theorem, small: Theorem, facts_: list[Theorem]
) -> Theorem:
    """`near_zero` for the line: S is s(t, 0), and so on."""
    first = apply(part(values, 1, 1, 1, 1), have(lt(ZERO, 3)), at=[0])
    exact = [
        transitive(part(first, side), choice_value(part(first, side).conclusion.args[1]))
        for side in (0, 1)
    ]
    mapping = {
        S: beta(_sharp.score, [t, ZERO]), S0: beta(_sharp.score, [ZERO, ZERO]),
        H: beta(_sharp.hessian, [t, ZERO]), H0: beta(_sharp.hessian, [ZERO, ZERO]),
    }  # fmt: skip
    return discharge(
        where(near_zero(proof, small), mapping), *facts_, *exact, small, *proof.given
    )


def all_responses(bounds: Theorem, other: Theorem, known: list[Theorem]) -> list[Theorem]:
    """The six bounds, as bounds for every response."""
    separate = [part(bounds, *(1,) * k_, 0) for k_ in range(5)] + [part(bounds, *(1,) * 5)]
    results = []
    for offset, function_ in ((0, _sharp.score), (3, _sharp.hessian)):

        def response(number: int, offset: int = offset, function_: Term = function_) -> Theorem:
            bound = separate[offset + number]
            shifted, size = bound.conclusion.args
            there = beta(function_, [t, num(number)])
            same = have(eq(there, shifted), other, *known, unfold=EXPLICIT)
            return size_of(there, size, same, bound)

        goal = WITHIN(beta(function_, [t, i]), separate[offset].conclusion.args[1])
        results.append(each_below(i, 3, goal, response))
    return results


# Steps beyond the threshold ------------------------------------------------------------------

TIGHT = sharp_line(num(1), num(1))
"""The line of `trajectory.sharp` with G = L = 1, so that kappa = 3."""

_ratio, _delta = real("rho"), real("delta")


def beyond(ratio: Term, epsilon: Term, delta: Term) -> Term:
    """rho times twice the critical step at -delta, for the constants inflated by epsilon."""
    return ratio * (2 * TIGHT.alignment(-delta) / (2 * (1 + epsilon) + (1 + epsilon) ** 2))


def too_far(ratio: Term, epsilon: Term, delta: Term) -> Term:
    """The step from -delta is beyond the threshold by the ratio, and the success rate falls."""
    end = -delta + beyond(ratio, epsilon, delta)
    return both(
        lt(0, epsilon),
        lt(0, delta),
        TIGHT.regular((1 + epsilon) * num(1), (1 + epsilon) * num(1), -delta, end),
        lt(0, TIGHT.alignment(-delta)),
        lt(TIGHT.success(end), TIGHT.success(-delta)),
    )


@state(
    "proposition",
    "trajectory.tight-step",
    "No larger step is safe",
    provenance="extension",
    claim=both(
        TIGHT.policy,
        forall(
            _ratio,
            lt(1, _ratio),
            exists((_epsilon, _delta), too_far(_ratio, _epsilon, _delta)),
        ),
    ),
    words="For every $\\rho > 1$ a step of $\\rho$ times twice the critical one, under constants "
    "that are valid on the whole step, lowers the success rate.",
)
def tight_step(proof: Proof) -> Theorem:
    ones = [have(lt(0, num(1)))] * 2
    mapping = {L: num(1), G: num(1)}
    known = proof.use("trajectory.sharp", *ones, mapping=mapping)
    policy, rest = part(known, 0), part(known, 1, 1, 1, 1)
    large = assume(lt(1, _ratio))
    epsilon = (_ratio - 1) / (_ratio + 5)
    small = have(both(lt(0, epsilon), lt(epsilon, 1)), large)
    segment = apply(part(rest, 1), part(small, 0), at=[epsilon])
    slope = proof.use("gap.curvature", policy, at=[0], mapping=TIGHT.substitution())
    named = restate(slope, TIGHT.curvature(0), unfold=("curvature",))
    three = have(eq(TIGHT.curvature(0), -3), part(rest, 0))
    flat = part(known, 1, 1, 0)
    meaning = instance(
        "derivative.meaning", f=lam(u, TIGHT.alignment(u)), t=ZERO, x=TIGHT.curvature(0), y=epsilon
    )
    near = apply(meaning, fold(named, derivative(u, TIGHT.alignment(u), 0, TIGHT.curvature(0))),
                 part(small, 0))  # fmt: skip
    goal = beta(proof.statement.conclusion.args[1].args[0], [_ratio]).args[1]
    d = real("d")

    def step(wide: Theorem, close: Theorem) -> Theorem:
        delta = minimum(_tau, d / 2) / (3 * _ratio + 1)
        sizes = by_cases(
            instance("minimum.cases", x=_tau, y=d / 2),
            *([lambda case: have(
                both(lt(0, delta), lt(delta, d), le(delta * (3 * _ratio + 1), _tau)),
                case, part(wide, 0), part(close, 0), large)] * 2),
        )  # fmt: skip
        x = real("x")
        tiny = [assume(r_) for r_ in conjuncts(sizes_of(x, d))]
        local = apply(part(close, 1), have(lt(0 - d, -x), *tiny, part(close, 0)),
                      have(lt(-x, 0 + d), *tiny, part(close, 0)), at=[-x])  # fmt: skip
        aligned = alignment_near(local, tiny, three, flat, large, epsilon, x)
        made = falls_beyond(proof, wide, aligned, tiny, large, epsilon, x)
        made = discharge(where(made, {x: delta}), *parts_of(sizes), wide, close, large)
        return infer("witness", made, formula=goal, terms=(epsilon, delta))

    made = obtain(
        segment, [_tau], lambda wide: obtain(near, [d], lambda close: step(wide, close))
    )
    return conjunction(policy, intro(proof.note(made, "start just before the top of the log-odds "
                                     "and step across it"), _ratio, large.conclusion))  # fmt: skip


def sizes_of(x: Term, d: Term) -> Term:
    """How small delta is."""
    return both(lt(0, x), lt(x, d), le(x * (3 * _ratio + 1), _tau))


def parts_of(theorem: Theorem) -> list[Theorem]:
    """The parts of a conjunction, each a theorem."""
    if theorem.conclusion.head != "and":
        return [theorem]
    return [part(theorem, 0), *parts_of(part(theorem, 1))]


def alignment_near(
    local: Theorem, tiny: list[Theorem], three: Theorem, flat: Theorem, large: Theorem,
    epsilon: Term, x: Term,
) -> Theorem:
    """(3 - epsilon) delta <= Delta mu(-delta) <= (3 + epsilon) delta."""
    D, D0, C = real("D"), real("D0"), real("C")
    error, step = D - D0 - C * (-x - ZERO), -x - ZERO
    plain = [assume(le(absolute(error), epsilon * absolute(step))), assume(eq(C, -3)),
             assume(eq(D0, 0))]  # fmt: skip
    goal = both(le((3 - epsilon) * x, D), le(D, (3 + epsilon) * x))
    made = by_cases(
        instance("absolute.cases", x=error),
        *([lambda one: by_cases(
            instance("absolute.cases", x=step),
            *([lambda two: have(goal, one, two, *plain, *tiny, large)] * 2))] * 2),
    )  # fmt: skip
    values = {D: TIGHT.alignment(-x), D0: TIGHT.alignment(0), C: TIGHT.curvature(0)}
    return discharge(where(made, values), local, three, flat, *tiny, large)


def falls_beyond(
    proof: Proof, wide: Theorem, aligned: Theorem, tiny: list[Theorem], large: Theorem,
    epsilon: Term, x: Term,
) -> Theorem:
    """`too_far` at delta = x."""
    end = -x + beyond(_ratio, epsilon, x)
    D = real("D")
    plain = [assume(r_) for r_ in conjuncts(both(
        le((3 - epsilon) * x, D), le(D, (3 + epsilon) * x)))]  # fmt: skip
    reach = -x + _ratio * (2 * D / (2 * (1 + epsilon) + (1 + epsilon) ** 2))
    scalar = have(
        both(lt(0, D), lt(x, reach), le(reach, _tau), le(x, _tau)), *plain, *tiny, large
    )
    facts_ = discharge(where(scalar, {D: TIGHT.alignment(-x)}), aligned, *tiny, large)
    limits = parts_of(facts_)
    shorter = narrower(wide, epsilon, x, end, limits)
    start, stop = success_near(proof, -x), success_near(proof, end)
    higher = tail_order(x, end, tiny, limits)
    lower = falls_with_odds(stop, start, higher)
    positive = have(lt(0, epsilon), large)
    return conjunction(positive, tiny[0], shorter, limits[0], lower)


def narrower(
    wide: Theorem, epsilon: Term, x: Term, end: Term, limits: list[Theorem]
) -> Theorem:
    """Regularity on [-tau, tau] gives regularity on [-delta, -delta + eta]."""
    low, high, inside = assume(le(-x, t)), assume(le(t, end)), assume(lt(i, num(3)))
    score, hessian = regularity(part(wide, 1))
    ends = [have(le(-_tau, t), low, *limits), have(le(t, _tau), high, *limits)]
    pieces = [
        intro(
            apply(bound, *ends, inside, at=[t, i]), (t, i),
            low.conclusion, high.conclusion, inside.conclusion,
        )
        for bound in (score, hessian)
    ]  # fmt: skip
    wanted = TIGHT.regular((1 + epsilon) * num(1), (1 + epsilon) * num(1), -x, end)
    return fold(conjunction(*pieces), wanted)


def tail(at: Term) -> Term:
    """exp(t + t**2) + exp(-t + t**2), four times the odds of failure."""
    return exp(at + at**2) + exp(-at + at**2)


def success_near(proof: Proof, at: Term) -> Theorem:
    """J(t) = 4/(4 + exp(t + t**2) + exp(-t + t**2)) for the tight line."""
    four = log(2 * ((num(1) + num(1) ** 2) / num(1)))
    level = apply(instance("exp.log", x=four.args[0]), have(lt(0, four.args[0])))
    bell = -(u**2) / 2
    weight = 4 * exp(bell) + exp(bell) * exp(u + u**2) + exp(bell) * exp(-u + u**2)
    positive = have(lt(0, weight))
    share = discharge(where(calculus.exp_minus_log(), x=weight), positive)
    pieces = [
        instance("exp.sum", x=four, y=bell),
        instance("exp.sum", x=bell, y=u + u**2),
        instance("exp.sum", x=bell, y=-u + u**2),
        instance("exp.sum", x=four + bell, y=-log(weight)),
    ]
    made = have(eq(TIGHT.success(u), 4 / (4 + tail(u))), level, *pieces, share, positive,
                unfold=("mass", *EXPLICIT))  # fmt: skip
    return where(made, {u: at})


def tail_order(x: Term, end: Term, tiny: list[Theorem], limits: list[Theorem]) -> Theorem:
    """The failure odds at the end of the step exceed those at its start."""
    a_, b_, v_ = real("a"), real("b"), real("v")
    ordered, positive = assume(lt(a_, b_)), assume(lt(0, a_))
    smooth = differentiate(u, tail(u), v_)
    value = smooth.conclusion.args[2]
    low, high = assume(lt(a_, v_)), assume(lt(v_, b_))
    rise = discharge(
        where(calculus.exp_increasing(), a=-v_ + v_**2, b=v_ + v_**2),
        have(lt(-v_ + v_**2, v_ + v_**2), low, positive),
    )
    sign = have(lt(0, value), rise, have(lt(0, v_), low, positive))
    rule = where(calculus.increasing(), {f: lam(u, tail(u)), function("g", "R"): lam(v_, value)})
    grows = discharge(
        rule, ordered, intro(smooth, v_, le(a_, v_), le(v_, b_)),
        intro(sign, v_, low.conclusion, high.conclusion),
    )  # fmt: skip
    even = have(eq(tail(-x), tail(x)))
    made = discharge(where(grows, {a_: x, b_: end}), tiny[0], limits[1], *tiny, *limits)
    return rewrite(made, symmetric(even))


def falls_with_odds(stop: Theorem, start: Theorem, higher: Theorem) -> Theorem:
    """4/(4 + T) falls as T > 0 rises."""
    P, Q, T, U = (real(name) for name in ("P", "Q", "T", "U"))
    plain = [
        assume(eq(P, 4 / (4 + T))), assume(eq(Q, 4 / (4 + U))), assume(lt(U, T)), assume(lt(0, U))
    ]  # fmt: skip
    made = have(lt(P, Q), *plain)
    (low, high), x = higher.conclusion.args, real("x")
    values = {P: stop.conclusion.args[0], Q: start.conclusion.args[0], T: high, U: low}
    positive = where(have(lt(0, tail(x))), {x: low.args[0].args[0].args[0]})
    return discharge(where(made, values), stop, start, higher, positive)


# Tabular softmax ---------------------------------------------------------------------------------

A, D = function("A", "N"), function("D", "N", "N")
r, j, m = function("r", "N"), nat("j"), nat("m")
_logits = lam(i, A(i))
_success = MASS(n, lam(i, r(i)), _logits)


def logit_line(direction: Term) -> Line:
    """The softmax policy with logits A(i) + t direction(i)."""
    return softmax_line(n, lam(i, r(i)), _logits, direction, lam(i, num(0)))


def tabular_gap(index: Term) -> Term:
    """Coordinate `index` of the Gradient Gap: pi_+ on correct, -pi_- on incorrect responses."""
    weight = exp(A(index))
    return r(index) * weight / _success - (1 - r(index)) * weight / (1 - _success)


_scores = lam((i, j), beta(logit_line(lam(i, D(i, j))).score, [ZERO, i]))
_tabular = logit_line(lam(i, tabular_gap(i)))
_share_squared = total(n, i, r(i) * (exp(A(i)) / _success) ** 2)
_kronecker = [
    forall(i, eq(D(i, i), 1)),
    forall((i, j), ne(i, j), eq(D(i, j), 0)),
]


@state(
    "theorem",
    "trajectory.tabular",
    "Tabular softmax has no threshold",
    provenance="extension",
    given=[BINARY, SOME_CORRECT, SOME_INCORRECT, eq(total(n, i, exp(A(i))), 1), *_kronecker],
    claim=both(
        forall(j, lt(j, n), eq(GAP(n, lam(i, r(i)), _logits, _scores, j), tabular_gap(j))),
        _tabular.policy,
        forall(
            eta,
            le(0, eta),
            both(
                le(eta * _share_squared, _tabular.log_odds(eta) - _tabular.log_odds(0)),
                le(1 / total(n, i, r(i)), _share_squared),
                lt(0, 1 / total(n, i, r(i))),
            ),
        ),
    ),
    words="One free logit per response, $D$ the identity matrix. Along the Gradient Gap every "
    "step raises the log-odds, by at least its size over the number of correct responses.",
)
def tabular(proof: Proof) -> Theorem:
    policy = proof.use(
        "setting.softmax-line", mapping={function("b", "N"): lam(i, tabular_gap(i)),
                                         function("c", "N"): lam(i, num(0))}
    )  # fmt: skip
    gap_ = proof.note(tabular_gradient(proof), "the score of response i in logit j is D(i, j) - "
                      "pi(j)")  # fmt: skip
    gain_ = tabular_gain(proof, policy)
    return conjunction(gap_, policy, gain_)


def success_bounds(proof: Proof) -> Theorem:
    """0 < J < 1 for the softmax with logits A, from the policy at t = 0."""
    positive = []
    for side, existence in (("+", proof.given[1]), ("-", proof.given[2])):
        weights = lam(i, (r(i) if side == "+" else 1 - r(i)) * exp(A(i)))
        each = intro(
            by_cases(apply(proof.given[0], assume(lt(i, n)), at=[i]),
                     *([lambda case: have(le(0, beta(weights, [i])), case)] * 2)),
            i, lt(i, n),
        )  # fmt: skip

        def use(chosen: Theorem, weights: Term = weights, each: Theorem = each) -> Theorem:
            rule = where(sums.positive(), f=weights, n=n, k=k)
            at_k = have(lt(0, beta(weights, [k])), part(chosen, 1))
            return discharge(rule, each, part(chosen, 0), at_k)

        positive.append(obtain(existence, [k], use))
    return have(
        both(lt(0, _success), lt(_success, 1)), *positive, proof.given[3], unfold=("mass",)
    )


def tabular_gradient(proof: Proof) -> Theorem:
    """The coordinates of the Gradient Gap in the logits."""
    normal, diagonal, elsewhere = proof.given[3], *proof.given[4:]
    inside = assume(lt(j, n))
    sums_ = []
    for weights in (lam(i, num(1)), lam(i, r(i)), lam(i, 1 - r(i))):
        terms = lam(i, beta(weights, [i]) * exp(A(i)) * D(i, j))
        rule = where(sums.single(), {function("f", "N"): terms}, n=n, m=j)
        off = apply(elsewhere, assume(ne(i, j)), at=[i, j])
        each = intro(have(eq(beta(terms, [i]), 0), off), i, lt(i, n), ne(i, j))
        picked = discharge(rule, inside, each)
        sums_.append(
            have(eq(picked.conclusion.args[0], beta(weights, [j]) * exp(A(j))), picked,
                 apply(diagonal, at=[j]))
        )  # fmt: skip
    goal = eq(GAP(n, lam(i, r(i)), _logits, _scores, j), tabular_gap(j))
    made = have(goal, *sums_, normal, success_bounds(proof),
                unfold=("gradient_gap", "mean", "mass"))  # fmt: skip
    return intro(made, j, inside.conclusion)


def tabular_gain(proof: Proof, policy: Theorem) -> Theorem:
    """The gain along the Gradient Gap: Jensen on the correct side, exp <= 1 on the other."""
    between = success_bounds(proof)
    normal = proof.given[3]
    forward = assume(le(0, eta))
    binary = proof.given[0]
    inside = assume(lt(i, n))
    split = apply(binary, inside, at=[i])
    mean_ = _share_squared
    # exp(eta w) >= exp(eta m) (1 + eta (w - m)) on correct, exp(eta w) <= 1 on incorrect ones.
    w = tabular_gap(i)
    tangent = where(calculus.exp_tangent(), x=eta * w - eta * mean_)
    joined_ = instance("exp.sum", x=eta * mean_, y=eta * w - eta * mean_)
    whole = have(eq(eta * mean_ + (eta * w - eta * mean_), eta * w))
    product = rewrite(joined_, whole)
    low = exp(eta * mean_) * (1 + (eta * (exp(A(i)) / _success) - eta * mean_))
    weight = exp(A(i))
    above_each = by_cases(
        split,
        lambda case: have(le(r(i) * weight * low, r(i) * weight * exp(eta * w)), case),
        lambda case: have(
            le(r(i) * weight * low, r(i) * weight * exp(eta * w)),
            product, tangent, case, between,
        ),
    )  # fmt: skip
    zero = instance("exp.zero")
    shrink = discharge(
        where(calculus.exp_monotone(), a=-(eta * (weight / (1 - _success))), b=ZERO),
        have(le(-(eta * (weight / (1 - _success))), 0), forward, between),
    )
    below_each = by_cases(
        split,
        lambda case: have(
            le((1 - r(i)) * weight * exp(eta * w), (1 - r(i)) * weight),
            rewrite_exponent(eta * w, -(eta * (weight / (1 - _success))), case, between, shrink),
            zero, case,
        ),
        lambda case: have(le((1 - r(i)) * weight * exp(eta * w), (1 - r(i)) * weight), case),
    )  # fmt: skip
    above = summed(above_each, r(i) * weight * low, r(i) * weight * exp(eta * w))
    below = summed(below_each, (1 - r(i)) * weight * exp(eta * w), (1 - r(i)) * weight)
    return finish_tabular(proof, policy, between, normal, forward, above, below)


def rewrite_exponent(
    old: Term, new: Term, case: Theorem, between: Theorem, bound: Theorem
) -> Theorem:
    """exp(old) <= exp(0), when the exponents agree in this case."""
    same = have(eq(old, new), case, between)
    return have(le(exp(old), exp(ZERO)), rewrite(bound, symmetric(same)))


def summed(each: Theorem, low: Term, high: Term) -> Theorem:
    """Sum an inequality over the responses."""
    rule = where(
        sums.monotone(),
        {function("f", "N"): lam(i, low), function("g", "N"): lam(i, high)}, n=n,
    )  # fmt: skip
    return discharge(rule, intro(each, i, lt(i, n)))


def finish_tabular(
    proof: Proof, policy: Theorem, between: Theorem, normal: Theorem, forward: Theorem,
    above: Theorem, below: Theorem,
) -> Theorem:
    """From the two sums to the log-odds, and from the squares to the number of responses."""
    weight, w = exp(A(i)), tabular_gap(i)
    raised = total(n, i, r(i) * weight * exp(eta * w))
    lowered = total(n, i, (1 - r(i)) * weight * exp(eta * w))
    jensen = proof.have(
        le(exp(eta * _share_squared) * _success, raised), above, between, unfold=("mass",),
        why="Jensen's inequality, by the tangent of exp at the mean",
    )  # fmt: skip
    shrinks = proof.have(
        le(lowered, 1 - _success), below, normal, unfold=("mass",), why="exp(-x) <= 1 for x >= 0"
    )
    rates = {
        at: proof.use("setting.success-rate", policy, mapping=_tabular.substitution(), at=[at])
        for at in (ZERO, eta)
    }
    end = tabular_end(proof, raised, lowered)
    log_one = have(eq(log(1), 0), rewrite(instance("log.exp", x=ZERO), instance("exp.zero")))
    start = have(eq(_tabular.success(0), _success), normal, log_one, unfold=("mass",))
    gained = odds_grow(jensen, shrinks, start, end, between, rates)
    squares = proof.note(square_sum(proof, between), "Cauchy-Schwarz over the correct responses")
    return intro(conjunction(gained, squares), eta, forward.conclusion)


def tabular_end(proof: Proof, raised: Term, lowered: Term) -> Theorem:
    """J(eta) is the raised weight of the correct responses over the total weight."""
    mapping = {function("b", "N"): lam(i, tabular_gap(i)), function("c", "N"): lam(i, ZERO)}
    positive = where(weight_positive(proof.given[1], eta), mapping)
    whole = positive.conclusion.args[1]
    w, bell = tabular_gap(i), beta(_tabular.log_policy, [eta, i])
    log_weight_ = bell.args[0]
    share = discharge(where(calculus.exp_minus_log(), x=whole), positive)
    split = instance("exp.sum", x=A(i), y=eta * w)
    joined_ = instance("exp.sum", x=log_weight_, y=-log(whole))
    same = have(eq(log_weight_, A(i) + eta * w))
    product = transitive(where(have(eq(exp(real("x")), exp(real("x")))), x=log_weight_),
                         rewrite_side(same, split))  # fmt: skip
    inside = intro(product, i, lt(i, n))
    rule = where(
        sums.congruent(),
        {function("f", "N"): lam(i, exp(log_weight_)),
         function("g", "N"): lam(i, exp(A(i)) * exp(eta * w))},
        n=n,
    )  # fmt: skip
    total_weight_ = discharge(rule, inside)
    each = have(
        eq(r(i) * exp(bell), r(i) * exp(A(i)) * exp(eta * w) / whole), joined_, product, share,
        positive,
    )  # fmt: skip
    summed_ = discharge(
        where(
            sums.congruent(),
            {function("f", "N"): lam(i, r(i) * exp(bell)),
             function("g", "N"): lam(i, r(i) * exp(A(i)) * exp(eta * w) / whole)},
            n=n,
        ),
        intro(each, i, lt(i, n)),
    )  # fmt: skip
    opened = have(eq(whole, raised + lowered), total_weight_)
    made = have(eq(_tabular.success(eta), raised / whole), summed_, positive, unfold=("mass",))
    hole = real("hole")
    template = lam(hole, eq(_tabular.success(eta), raised / hole))
    divided = infer("rewrite", opened, made, template=template)
    return conjunction(divided, rewrite(positive, opened))


def rewrite_side(same: Theorem, equation: Theorem) -> Theorem:
    """From a = b and exp(b) = c infer exp(a) = c."""
    hole = real("hole")
    template = lam(hole, eq(exp(hole), equation.conclusion.args[1]))
    return infer("rewrite", symmetric(same), equation, template=template)


def odds_grow(
    jensen: Theorem, shrinks: Theorem, start: Theorem, end: Theorem, between: Theorem,
    rates: dict[Term, Theorem],
) -> Theorem:
    """eta m <= ell(eta) - ell(0), from the odds."""
    P, Q, J0, J1, E = (real(name) for name in ("P", "Q", "J0", "J1", "E"))
    plain = [
        assume(le(E * J0, P)), assume(le(Q, 1 - J0)), assume(eq(J1, P / (P + Q))),
        assume(lt(0, P + Q)), assume(lt(0, J0)), assume(lt(J0, 1)), assume(lt(0, J1)),
        assume(lt(J1, 1)), assume(lt(0, E)),
    ]  # fmt: skip
    failure = have(eq(1 - J1, Q / (P + Q)), *plain)
    positive = have(lt(0, Q), failure, *plain)
    scalar = have(le(E * (J0 / (1 - J0)), J1 / (1 - J1)), failure, positive, *plain)
    begin, stop = _tabular.success(0), _tabular.success(eta)
    values = {
        E: exp(eta * _share_squared), J0: _success, J1: stop,
        P: jensen.conclusion.args[1], Q: shrinks.conclusion.args[0],
    }  # fmt: skip
    grown = discharge(
        where(scalar, values), jensen, shrinks, *parts_of(end), between, rates[eta],
        instance("exp.positive", x=eta * _share_squared),
    )  # fmt: skip
    odds_ = log_odds_exp(begin, rates[ZERO], _tabular.log_odds(0))
    first = have(eq(odds_.conclusion.args[0], _success / (1 - _success)), odds_, start)
    second = log_odds_exp(stop, rates[eta], _tabular.log_odds(eta))
    joined_ = instance("exp.sum", x=eta * _share_squared, y=_tabular.log_odds(0))
    left = eta * _share_squared + _tabular.log_odds(0)
    ordered = rewrite(rewrite(grown, symmetric(second), symmetric(first)), symmetric(joined_))
    made = discharge(where(calculus.exp_reflects(), x=left, y=_tabular.log_odds(eta)), ordered)
    return moved(made)


def moved(ordered: Theorem) -> Theorem:
    """From a + b <= c infer a <= c - b."""
    x, y, z = (real(name) for name in ("x", "y", "z"))
    rule = have(le(x, z - y), assume(le(x + y, z)))
    (a_, b_), c_ = ordered.conclusion.args[0].args, ordered.conclusion.args[1]
    return discharge(where(rule, {x: a_, y: b_, z: c_}), ordered)


def square_sum(proof: Proof, between: Theorem) -> Theorem:
    """1/N <= sum of the squares, N the number of correct responses, and 0 < 1/N."""
    count, mean_ = total(n, i, r(i)), exp(A(i)) / _success
    inside = assume(lt(i, n))
    split = apply(proof.given[0], inside, at=[i])
    signs = by_cases(split, *([lambda case: have(le(0, r(i)), case)] * 2))

    def use(found: Theorem) -> Theorem:
        rule = where(sums.positive(), f=lam(i, r(i)), n=n, k=k)
        return discharge(
            rule, intro(signs, i, inside.conclusion), part(found, 0), have(lt(0, r(k)), part(found, 1))
        )

    positive = obtain(proof.given[1], [k], use)
    c_ = real("c")
    square = have(le(0, r(i) * (mean_ - c_) ** 2), signs)
    summed_ = where(summed(square, ZERO, r(i) * (mean_ - c_) ** 2), {c_: 1 / count})
    first = have(le(1 / count, _share_squared), summed_, positive, between, unfold=("mass",))
    return conjunction(first, have(lt(0, 1 / count), positive))
