"""Section 2: one step along a line.

The policy moves along a line from 0 to eta.  kappa = 2 L + G**2 bounds the curvature of the
log-odds everywhere, K(J) = min((L + G**2)/J, L/(1 - J)) bounds it at success rate J.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction

from derivations import calculus
from derivations.calculus import differentiate, expand, on_segment, restate
from derivations.expectation import ARBITRARY, NAMES, REGULAR, SMOOTH, WITHIN, Setting
from derivations.kernel.terms import (
    Definition,
    Term,
    app,
    beta,
    both,
    derivative,
    either,
    eq,
    forall,
    function,
    implies,
    lam,
    le,
    log,
    lt,
    minimum,
    nat,
    num,
    real,
    unfold,
)
from derivations.kernel.theorem import Theorem, infer
from derivations.library import Proof, define, state
from derivations.tactics import (
    ProofError,
    apply,
    assume,
    by_cases,
    conjunction,
    discharge,
    fold,
    have,
    instance,
    intro,
    obtain,
    part,
    where,
)
from derivations.theory.gap import side_facts, side_values

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
    SMOOTH,
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


# Closed forms of the step sizes ------------------------------------------------------------

D, K = real("D"), real("K")
GUARANTEED = eta * D - K * eta**2 / 2
"""The gain that one step of size eta guarantees, for alignment D and curvature bound K."""

LARGEST, LIMIT, BEST, BEST_GAIN = D / K, 2 * D / K, D / K, D**2 / (2 * K)


@state(
    "theorem",
    "trajectory.step-sizes",
    "The largest safe step, the monotone limit and the best step",
    provenance="extension",
    given=[D > 0, K > 0],
    claim=both(
        forall(eta, eta > 0, eta <= LARGEST, eta * D / 2 <= GUARANTEED),
        forall(eta, eta > LARGEST, eta * D / 2 > GUARANTEED),
        forall(eta, eta > 0, eta < LIMIT, GUARANTEED > 0),
        forall(eta, eta >= LIMIT, GUARANTEED <= 0),
        forall(eta, GUARANTEED <= BEST_GAIN),
        eq(beta(lam(eta, GUARANTEED), [BEST]), BEST_GAIN),
    ),
    words="A step is safe when it keeps half of its alignment. The closed forms come out of the "
    "one-step inequality; the proof fails if they are not the ones stated.",
)
def step_sizes(proof: Proof) -> Theorem:
    from derivations.search.derive import best_step as best
    from derivations.search.derive import derive

    given = [D > 0, K > 0]
    safe = derive(eta * D / 2 <= GUARANTEED, [eta > 0, *given], "eta")
    limit = derive(GUARANTEED > 0, [eta > 0, *given], "eta")
    top = best(GUARANTEED, "eta", given)
    found = (safe.value, limit.value, top.value, top.gain)
    if found != (LARGEST, LIMIT, BEST, BEST_GAIN):
        raise ProofError(f"other closed forms were derived: {found}")
    largest = proof.note(safe.theorem, "solve for the largest step that keeps half the alignment")
    beyond = proof.note(safe.optimality, "and every larger one loses it")
    rises = proof.note(limit.theorem, "solve for the step at which the gain vanishes")
    falls = proof.note(limit.optimality, "from there on nothing is guaranteed")
    most = proof.note(top.theorem, "complete the square")
    return conjunction(
        intro(largest, eta, eta > 0, eta <= LARGEST),
        intro(beyond, eta, eta > LARGEST),
        intro(rises, eta, eta > 0, eta < LIMIT),
        intro(falls, eta, eta >= LIMIT),
        intro(most, eta),
        proof.note(top.equality, "attained there"),
    )


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
    positive = proof.given[2]
    bound = have(KAPPA > 0, positive)
    sizes = proof.use(
        "trajectory.step-sizes", bound, have(Dmu(0) > 0, proof.given[4]), D=Dmu(0), K=KAPPA
    )
    most = apply(part(sizes, 1, 1, 1, 1, 0), at=[u])
    there = part(sizes, 1, 1, 1, 1, 1)
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
        on_segment(slope, ZERO, eta), on_segment(change, ZERO, eta), closing(bound),
        proof.given[-1],
    )  # fmt: skip
    proof.note(made, "Taylor")
    identity = proof.use("gap.score-identity", at=[0])
    goal = proof.statement.conclusion.args[1]
    result = proof.have(goal, made, identity, why="E_+[s] is (1 - J) times the alignment")
    point = conjunction(apply(slope, at=[t]), apply(change, at=[t]), bound)
    return conjunction(closing(point), result)


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


SUCCESS = "success_curvature"


@state(
    "lemma",
    "trajectory.success-step",
    "One step below the critical step at the current success rate",
    provenance="extension",
    given=REGULARITY,
    claim=both(
        implies(lt(0, eta), lt(eta, 2 * Dmu(0) / SUCCESS_CURVATURE(G, L, J(0))), lt(J(0), J(eta))),
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


# Moves of the proofs ----------------------------------------------------------------------


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


def order_of_rates(proof: Proof, rises: Theorem) -> Theorem:
    """From the order of two log-odds to the order of the success rates."""
    known = [proof.use("setting.success-rate", at=[point]) for point in (ZERO, eta)]
    rule = proof.use("setting.log-odds-order", *known, p=J(0), q=J(eta))
    return apply(part(rule, 0) if rises.conclusion.head == "<" else part(rule, 1, 0), rises)


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
        restate(made, value, unfold=("mean", "covariance", "variance")),
        "differentiate the mean score",
    )


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
        eq(mirror.log_odds(at), -ell(at)),
        flipped,
        log_quotient(J(at), known),
        same,
        *known,
        rate,
        unfold=("log_odds",),
    )


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


def bent(bound: Term, share: Term, limits: list[Theorem], known: list[Theorem]) -> Theorem:
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
    limit = assume(le((L + G**2) * eta, 2 * J(0) * Dmu(0)))
    stays = success_does_not_fall(proof, limit, known)
    log_odds_rise, success_rise = (
        intro(expanded(proof, stays, known), (), limit.conclusion)
        for expanded in (far_log_odds, far_success)
    )

    def gain(conclusion: Term, limits: list[Theorem]) -> Theorem:
        bend = bent(L + G**2, J(0), limits, [*known[:1], *proof.given[2:]])
        within = have(limit.conclusion, limits[-1], known[0], *proof.given[2:])
        if conclusion.args[1] == J(eta) - J(0):
            return have(conclusion, apply(success_rise, within), bend, known[0])
        rise = apply(log_odds_rise, within)
        if conclusion.head == "<":
            return order_of_rates(proof, have(lt(ell(0), ell(eta)), rise, bend, known[0]))
        return have(conclusion, rise, bend, known[0])

    return gain


def success_does_not_fall(proof: Proof, limit: Theorem, known: list[Theorem]) -> Theorem:
    """J(t) >= J(0) on a step with (L + G**2) eta <= 2 J Delta mu.

    For log(1 - J) has second derivative at most L + G**2.
    """
    bound = L + G**2
    slope, change = log_failure_slopes(proof)
    low, high = inside_step()
    at = u
    # On [0, t], a part of [0, eta].
    score, hessian = regularity(proof.given[1])
    means, spreads = (
        hessian_means(proof, hessian, (low, high)),
        variances(proof, score, (low, high)),
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
    shorter_ = have(le(bound * t, 2 * J(0) * Dmu(0)), limit, high, proof.given[2])
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
