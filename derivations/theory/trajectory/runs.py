"""Section 2: runs of K steps, each starting where the last one ended."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction

from derivations import sums
from derivations.expectation import ARBITRARY_RUN, NAMES
from derivations.kernel.terms import (
    Term,
    beta,
    both,
    eq,
    exp,
    forall,
    function,
    implies,
    lam,
    le,
    lt,
    maximum,
    nat,
    num,
    real,
    total,
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
    instance,
    intro,
    part,
    rewrite,
    where,
)
from derivations.theory.setting import CONVERGES, DIVERGES, log_odds_of
from derivations.theory.trajectory.one_step import (
    KAPPA,
    SUCCESS,
    SUCCESS_CURVATURE,
    ZERO,
    G,
    L,
    conjuncts,
    eta,
    i,
    n,
    p,
    premises_of,
)

# Runs of K steps ------------------------------------------------------------------------------
run = ARBITRARY_RUN

k, K = nat("k"), nat("K")

Jk, ellk, Dk, sk = run.success, run.log_odds, run.alignment, run.size

M = run.progress

RUN = [run.run, run.regular(G, L), lt(0, L)]


def positive_part(x: Term) -> Term:
    """[x]_+ = max(x, 0)."""
    return maximum(x, 0)


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


HALF, THREE_HALVES = Fraction(1, 2), Fraction(3, 2)

LONGER = (2 * L + 16 * G**2) / KAPPA
"""What `trajectory.threshold` gains on `trajectory.threshold-paper`."""


@state(
    "theorem",
    "trajectory.threshold",
    "Convergence below the step-size threshold",
    provenance="extension",
    given=[*RUN, safe(KAPPA)],
    claim=both(
        forall(K, gain_below(Jk(K), M(K) / 2)),
        both(le(1, LONGER), lt(LONGER, 16)),
    ),
    words="The last two say that the step may be longer than in `trajectory.threshold-paper` by "
    "a factor of at least 1 and less than 16.",
)
def threshold(proof: Proof) -> Theorem:
    each = proof.use("trajectory.gain")
    total_gain = proof.note(
        telescoped(proof, sums.telescoping(), HALF, each), "sum the gains over the steps"
    )
    made = to_rate(proof, total_gain, gain_below(Jk(K), M(K) / 2), 0)
    rate = intro(proof.note(made, "the log-odds determine the success rate"), K)
    factor = proof.have(
        proof.statement.conclusion.args[1], proof.given[2],
        why="the factor between the thresholds",
    )  # fmt: skip
    return conjunction(rate, factor)


@state(
    "theorem",
    "trajectory.threshold-paper",
    "Convergence below the paper's threshold",
    provenance="paper",
    given=[*RUN, safe(2 * (L + 8 * G**2))],
    claim=forall(K, gain_below(Jk(K), M(K) / 2)),
)
def threshold_paper(proof: Proof) -> Theorem:
    limit = apply(proof.given[3], at=[k])
    split = instance("maximum.cases", x=Dk(k), y=ZERO)
    sign = by_cases(split, *([lambda case: have(le(0, positive_part(Dk(k))), case)] * 2))
    goal = le(sk(k), positive_part(Dk(k)) / KAPPA)
    smaller = proof.have(goal, limit, sign, proof.given[2], why="the paper's threshold is smaller")
    return part(proof.use("trajectory.threshold", intro(smaller, k)), 0)


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
    words="Here $p$ is the ceiling, called $J^\\ast$ in the text, with log-odds "
    "$\\log(p/(1-p))$.",
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
                implies(lt(0, sk(k)), lt(sk(k), 2 * Dk(k) / critical(k)), lt(Jk(k), Jk(k + 1))),
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


# Moves of the proofs ----------------------------------------------------------------------


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
    exponential: Term = fraction.args[1].args[1].args[1]
    exponent: Term = exponential.args[0]
    return exponent


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
