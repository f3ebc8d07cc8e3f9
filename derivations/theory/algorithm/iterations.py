"""Section 4: runs with a fixed learning rate: they never saturate, and how long they take."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction

from derivations import calculus, sums
from derivations.calculus import differentiate
from derivations.expectation import ARBITRARY_RUN
from derivations.kernel.terms import (
    Term,
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
    maximum,
    nat,
    ne,
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
    part,
    rewrite,
    symmetric,
    where,
)
from derivations.theory.algorithm.rates import (
    LOG_ODDS,
    critical,
    curvature_positive,
    fixed_bound,
    kappa_tok,
    root_facts,
    root_order,
    token_curvature_positive,
    token_level,
    token_parts,
)
from derivations.theory.setting import CONVERGES, DIVERGES, log_odds_of
from derivations.theory.token.prefixes import h_tok, lp_tok, s_tok
from derivations.theory.trajectory import runs
from derivations.theory.trajectory.one_step import KAPPA, ZERO, G, L
from derivations.theory.trajectory.runs import K, gain_below, k

p, q, alpha = real("p"), real("q"), real("alpha")
c = function("c", "R")

run = ARBITRARY_RUN
Jk, ellk, Dk, sk, M = run.success, run.log_odds, run.alignment, run.size, run.progress

TRAINING = [
    run.run, lt(0, alpha),
    forall(p, le(Jk(0), p), lt(p, 1), lt(0, c(p))),
    forall(k, le(0, Dk(k))),
    forall(k, eq(sk(k), alpha * c(Jk(k)) * Dk(k))),
]  # fmt: skip
"""A run of updates alpha c(J_k) gamma_k; Delta mu_k is the length of gamma_k."""


def from_start(formula: Term) -> Term:
    """``for all J in [J_0, 1), formula``."""
    return forall(p, le(Jk(0), p), lt(p, 1), formula)


def safe(bound: Callable[[Term], Term]) -> Term:
    """The learning rate is at most one over the supremum of c K from J_0 on."""
    return from_start(le(alpha * c(p) * bound(p), 1))


def gains(at_: Term) -> Term:
    """Step k keeps half of its alignment."""
    return le(sk(at_) * Dk(at_) / 2, ellk(at_ + 1) - ellk(at_))


def never_saturates() -> Term:
    """J increases at every step, at the usual rate, and to one if M diverges."""
    return both(
        forall(k, both(le(Jk(k), Jk(k + 1)), implies(lt(0, Dk(k)), lt(Jk(k), Jk(k + 1))))),
        forall(K, gain_below(Jk(K), M(K) / 2)),
        implies(DIVERGES(lam(K, M(K))), CONVERGES(lam(K, Jk(K)), num(1))),
    )


@state(
    "lemma",
    "algorithm.gaining-run",
    "A run whose steps keep half of their alignment",
    provenance="extension",
    given=[*TRAINING, forall(k, le(Jk(0), Jk(k)), gains(k))],
    claim=both(forall(k, both(le(Jk(0), Jk(k)), gains(k))), never_saturates()),
    words="A step needs to keep half of its alignment only if it starts at $J_0$ or above.",
)
def gaining_run(proof: Proof) -> Theorem:
    between = rates_between(proof)
    before = assume(le(Jk(0), Jk(k)))
    gain = apply(proof.given[5], before, at=[k])
    rises, climbs = one_gain(proof, between, gain)
    stays = induct(
        k, le(Jk(0), Jk(k)), have(le(Jk(0), Jk(0))),
        lambda hypothesis: have(le(Jk(0), Jk(k + 1)), hypothesis, rises),
    )  # fmt: skip
    proof.note(stays, "J never falls below its start")
    above = apply(stays, at=[k])
    step = discharge(conjunction(rises, climbs), above)
    held = discharge(gain, above)
    return conjunction(
        intro(conjunction(above, held), k), intro(step, k), *converging(proof, between, held)
    )


def one_gain(proof: Proof, between: Theorem, gain: Theorem) -> tuple[Theorem, Theorem]:
    """J_k <= J_{k+1}, and < where Delta mu_k > 0, for J_0 <= J_k, from the gain of step k."""
    before = assume(le(Jk(0), Jk(k)))
    here, there = apply(between, at=[k]), apply(between, at=[k + 1])
    positive = apply(proof.given[2], before, have(lt(Jk(k), 1), here), at=[Jk(k)])
    known = [positive, apply(proof.given[3], at=[k]), apply(proof.given[4], at=[k]),
             proof.given[1]]  # fmt: skip
    order_ = proof.use("setting.log-odds-order", here, there, p=Jk(k), q=Jk(k + 1))
    weak = have(le(ellk(k), ellk(k + 1)), gain, have(le(0, sk(k) * Dk(k)), *known))
    rises = apply(part(order_, 1, 0), fold(weak, part(order_, 1, 0).conclusion.args[0]))
    moving = assume(lt(0, Dk(k)))
    strict = have(lt(ellk(k), ellk(k + 1)), gain, have(lt(0, sk(k) * Dk(k)), moving, *known))
    climbs = apply(part(order_, 0), fold(strict, part(order_, 0).conclusion.args[0]))
    return rises, intro(climbs, (), moving.conclusion)


def converging(proof: Proof, between: Theorem, gain: Theorem) -> list[Theorem]:
    """The rate, and convergence where M diverges, from the gains."""
    share = sk(k) * maximum(Dk(k), 0) / 2
    rule = where(
        sums.telescoping(),
        {function("f", "N"): lam(k, share), function("g", "N"): lam(k, ellk(k))}, n=K,
    )  # fmt: skip
    aligned = maximum_of(Dk(k), apply(proof.given[3], at=[k]))
    each = have(le(share, ellk(k + 1) - ellk(k)), gain, symmetric(aligned))
    low = have(
        le(M(K) / 2, ellk(K) - ellk(0)), discharge(rule, intro(each, k)), unfold=("progress",)
    )
    proof.note(low, "sum the gains")
    ends = [apply(between, at=[at]) for at in (ZERO, K)]
    rule = proof.use("setting.rate", *ends, p=Jk(0), q=Jk(K), c=M(K) / 2)
    opened = part(rule, 0)
    rate_ = apply(opened, fold(low, opened.conclusion.args[0]))
    diverges = assume(DIVERGES(lam(K, M(K))))
    half = num(Fraction(1, 2))
    limit_ = proof.use(
        "setting.rate-to-one", between,
        intro(have(le(half * M(K), ellk(K) - ellk(0)), low), K), diverges, have(lt(0, half)),
        mapping={function("J", "N"): lam(K, Jk(K)), function("M", "N"): lam(K, M(K))}, a=half,
    )  # fmt: skip
    return [intro(rate_, K), intro(limit_, (), diverges.conclusion)]


def maximum_of(x: Term, above: Theorem) -> Theorem:
    """``x = max(x, 0)`` for 0 <= x."""
    goal = eq(x, maximum(x, 0))
    return by_cases(
        instance("maximum.cases", x=x, y=ZERO), *([lambda case: have(goal, case, above)] * 2)
    )


def rates_between(proof: Proof) -> Theorem:
    """``for all k, 0 < J_k < 1``."""
    opened = fold(proof.given[0], unfold(proof.given[0].conclusion, frozenset({"run"})))
    rate = proof.use(
        "setting.success-rate", apply(part(opened, 0), at=[k]),
        mapping=run.at(k).substitution(), at=[0],
    )  # fmt: skip
    return intro(have(both(lt(0, Jk(k)), lt(Jk(k), 1)), rate), k)


# Learning rates that never saturate --------------------------------------------------------------

TRAJECTORY = [run.regular(G, L), lt(0, L)]

_lp_tok, _s_tok, _h_tok = (
    function(name, "N", "N", "R", "N") for name in ("lp_tok", "s_tok", "h_tok")
)
_i, _m, _t = nat("i"), nat("m"), real("t")


def _of_step(function_: Term) -> Term:
    """What a function of (step, token, point, response) is at step k."""
    return lam((_m, _t, _i), function_(k, _m, _t, _i))


_TOKEN_FUNCTIONS = [_of_step(f) for f in (_lp_tok, _s_tok, _h_tok)]

TOKENS = forall(k, token_level(run.at(k).log_policy, _TOKEN_FUNCTIONS, sk(k)))
"""Every step draws its responses token by token, and is regular as they are."""


SAFE = either(both(*TRAJECTORY, safe(critical)), both(TOKENS, safe(kappa_tok)))
"""The learning rate is safe, by a bound on the curvature that holds on every step."""


@state(
    "lemma",
    "algorithm.safe-run",
    "A safe fixed learning rate keeps half of every alignment",
    provenance="extension",
    given=[*TRAINING, SAFE],
    claim=both(forall(k, both(le(Jk(0), Jk(k)), gains(k))), never_saturates()),
    words="Safe by the regularity of the responses and $K(J)$, or by that of the tokens and "
    "$\\kappa_{\\mathrm{tok}}(J)$.",
)
def safe_run(proof: Proof) -> Theorem:
    kept = by_cases(
        proof.given[5],
        lambda case: gains_at_success(proof, [part(case, 0), part(case, 1, 0)], part(case, 1, 1)),
        lambda case: gains_by_token(proof, part(case, 0), part(case, 1)),
    )
    proof.note(kept, "multiply the condition by the alignment: no step exceeds the critical one")
    return proof.use("algorithm.gaining-run", kept)


@state(
    "theorem",
    "algorithm.no-saturation",
    "A safe fixed learning rate never saturates",
    provenance="extension",
    given=TRAINING,
    claim=both(
        implies(
            *TRAJECTORY,
            both(
                implies(safe(critical), never_saturates()),
                implies(safe(lambda _: KAPPA), never_saturates()),
            ),
        ),
        implies(TOKENS, safe(kappa_tok), never_saturates()),
    ),
    words="The learning rate is at most one over the supremum, over $J \\ge J_0$, of "
    "$c(J)\\,K(J)$, of $c(J)\\,\\kappa$, or of $c(J)\\,\\kappa_{\\mathrm{tok}}(J)$ if responses "
    "are drawn token by token.",
)
def no_saturation(proof: Proof) -> Theorem:
    regular = [assume(f) for f in TRAJECTORY]

    def unsaturated(*facts: Theorem) -> Theorem:
        chosen = infer("weaken", conjunction(*facts), formula=SAFE)
        return part(proof.use("algorithm.safe-run", chosen), 1)

    local = assume(safe(critical))
    made = proof.note(
        intro(unsaturated(*regular, local), (), local.conclusion), "below 1/sup c K"
    )
    constant = assume(safe(lambda _: KAPPA))
    low, high = assume(le(Jk(0), p)), assume(lt(p, 1))
    start = apply(rates_between(proof), at=[0])
    limit = apply(constant, low, high, at=[p])
    smaller = apply(fixed_bound(LOG_ODDS, regular[1]), have(lt(0, p), low, start), high, at=[p])
    curvature = have(le(critical(p), KAPPA), smaller, have(lt(0, KAPPA), regular[1]))
    factor = have(lt(0, alpha * c(p)), apply(proof.given[2], low, high, at=[p]), proof.given[1])
    also = proof.have(
        le(alpha * c(p) * critical(p), 1), limit, curvature, factor,
        why="K(J) is at most kappa",
    )  # fmt: skip
    other = apply(made, intro(also, p, low.conclusion, high.conclusion))
    both_ = conjunction(made, intro(other, (), constant.conclusion))
    first = intro(both_, (), *(f.conclusion for f in regular))
    drawn, smooth = assume(TOKENS), assume(safe(kappa_tok))
    last = intro(unsaturated(drawn, smooth), (), smooth.conclusion)
    proof.note(last, "and below 1/sup c kappa_tok")
    return conjunction(first, intro(last, (), drawn.conclusion))


def gains_by_token(proof: Proof, drawn: Theorem, rate_: Theorem) -> Theorem:
    """Steps from J_0 on keep half of their alignment where alpha c(J) kappa_tok(J) <= 1."""
    opened = fold(proof.given[0], unfold(proof.given[0].conclusion, frozenset({"run"})))
    before, here = assume(le(Jk(0), Jk(k))), apply(rates_between(proof), at=[k])
    limit = apply(rate_, before, have(lt(Jk(k), 1), here), at=[Jk(k)])
    tokens = token_parts(apply(drawn, at=[k]))
    forward = apply(part(opened, 1, 1), at=[k])
    steps = proof.use(
        "token.threshold", apply(part(opened, 0), at=[k]), *tokens, forward,
        mapping={
            **run.at(k).substitution(), real("eta"): sk(k),
            **dict(zip((lp_tok, s_tok, h_tok), _TOKEN_FUNCTIONS, strict=True)),
        },
    )  # fmt: skip
    positive = token_curvature_positive(proof, Jk(k), here, tokens[0], tokens[2])
    short = have(
        le(sk(k), Dk(k) / kappa_tok(Jk(k))), limit, apply(proof.given[3], at=[k]), positive,
        apply(proof.given[4], at=[k]),
    )  # fmt: skip
    gain = have(gains(k), apply(part(steps, 1), short), joined_odds(proof, opened))
    return intro(gain, k, before.conclusion)


def joined_odds(proof: Proof, opened: Theorem) -> Theorem:
    """The log-odds at the end of step k are those at the start of step k + 1."""
    joint = runs.joined(proof, {"joint": part(opened, 1, 0)})
    return have(eq(ellk(k + 1), run.at(k).log_odds(sk(k))), joint, unfold=("log_odds",))


def gains_at_success(proof: Proof, regular: list[Theorem], rate_: Theorem) -> Theorem:
    """Steps from J_0 on keep half of their alignment where alpha c(J) K(J) <= 1."""
    between = rates_between(proof)
    before, here = assume(le(Jk(0), Jk(k))), apply(between, at=[k])
    limit = apply(rate_, before, have(lt(Jk(k), 1), here), at=[Jk(k)])
    steps = part(proof.use("trajectory.threshold-success", *regular), 0)
    short = have(
        le(sk(k), Dk(k) / critical(Jk(k))), limit, apply(proof.given[3], at=[k]),
        curvature_positive(Jk(k), here, regular[1]), apply(proof.given[4], at=[k]),
    )  # fmt: skip
    gain = apply(part(apply(steps, at=[k]), 1), short)
    return intro(gain, k, before.conclusion)


# How many iterations ---------------------------------------------------------------------------

b, F = function("b", "R"), function("F", "R")
g, u, x, y = (real(name) for name in "guxy")
N = nat("N")

GAIN = alpha * g**2 / 2
"""What a step gains of the potential F, at least."""

_REACHES = [lt(0, g), lt(Jk(0), q), lt(q, 1)]


def between(*formulas: Term) -> Term:
    """``for all J in [J_0, q], ...``."""
    return forall(x, le(Jk(0), x), le(x, q), *formulas)


def non_increasing(function_: Term) -> Term:
    """The function does not increase on [J_0, q]."""
    return forall((x, y), le(Jk(0), x), le(x, y), le(y, q), le(function_(y), function_(x)))


def potential(function_: Term) -> Term:
    """F' = 1/(J (1 - J) b(J)) on [J_0, q]."""
    return between(derivative(u, F(u), x, 1 / (x * (1 - x) * function_(x))))


def on_the_way(*formulas: Term, target: Term = q) -> Term:
    """The target is not reached in N iterations, in which the Gradient Gap has a length of g."""
    return forall(k, lt(k, N), both(lt(Jk(k), target), le(g, Dk(k)), *formulas))


def reached(bound: Term, way: Term) -> Term:
    """N is at most the bound, for as many iterations as are on the way."""
    return forall(N, way, le(N, bound))


WAY = on_the_way(gains(k))
"""Before the target is reached every step keeps half of its alignment, as below the critical
learning rate."""


ITERATIONS = 2 / (alpha * g**2) * (F(q) - F(Jk(0))) + 1


@state(
    "lemma",
    "algorithm.iterations",
    "The number of iterations, from a lower bound on the coefficient",
    provenance="extension",
    given=[
        *TRAINING, *_REACHES,
        between(both(lt(0, b(x)), le(b(x), c(x)))), non_increasing(b), potential(b),
    ],
    claim=reached(ITERATIONS, WAY),
)  # fmt: skip
def iterations(proof: Proof) -> Theorem:
    wide, bounded = proof.given[5], proof.given[8]
    rates = rates_between(proof)
    climb = proof.note(
        potential_rise(proof, rates), "in the log-odds F has the slope 1/b, which does not fall"
    )
    way, early = assume(WAY), assume(lt(k, N))
    here = apply(way, early, at=[k])
    inside, wide_enough, gain = part(here, 0), part(here, 1, 0), part(here, 1, 1)
    before = assume(le(Jk(0), Jk(k)))
    rises, _ = one_gain(proof, rates, gain)
    known = [before, have(le(Jk(k), q), inside)]
    bounds = apply(bounded, *known, at=[Jk(k)])
    halved = have(le(alpha * c(Jk(k)) * Dk(k) * Dk(k) / 2, ellk(k + 1) - ellk(k)), gain,
                  apply(proof.given[4], at=[k]))  # fmt: skip
    step = have(le(b(Jk(k)) * GAIN, ellk(k + 1) - ellk(k)),
                least_gain(halved, bounds, wide_enough, wide, proof.given[1]))  # fmt: skip
    odds = have(
        le(b(Jk(k)) * GAIN, log_odds_of(Jk(k + 1)) - log_odds_of(Jk(k))), step,
        unfold=("log_odds",),
    )  # fmt: skip
    ahead = assume(lt(Jk(k + 1), q))
    grown = apply(climb, before, rises, have(le(Jk(k + 1), q), ahead), at=[Jk(k), Jk(k + 1)])
    one = proof.have(
        le(GAIN, F(Jk(k + 1)) - F(Jk(k))), grown, odds, bounds,
        why="so every step raises F by half of alpha times the squared gap",
    )  # fmt: skip
    each = intro(one, (), before.conclusion, early.conclusion, ahead.conclusion)
    higher = intro(rises, (), before.conclusion, early.conclusion)
    claim = implies(lt(k, N), both(le(Jk(0), Jk(k)), le(k * GAIN, F(Jk(k)) - F(Jk(0)))))

    def step_up(hypothesis: Theorem) -> Theorem:
        later = assume(lt(k + 1, N))
        sooner = have(lt(k, N), later)
        so_far = apply(hypothesis, sooner)
        next_ = part(apply(way, later, at=[k + 1]), 0)
        low = part(so_far, 0)
        above = have(le(Jk(0), Jk(k + 1)), low, apply(higher, low, sooner))
        more = apply(each, low, sooner, next_)
        longer = have(le((k + 1) * GAIN, F(Jk(k + 1)) - F(Jk(0))), so_far, more)
        return intro(conjunction(above, longer), (), later.conclusion)

    start = have(both(le(Jk(0), Jk(0)), le(0 * GAIN, F(Jk(0)) - F(Jk(0)))))
    summed = induct(k, claim, intro(start, (), lt(0, N)), step_up)
    proof.note(summed, "sum over the iterations")
    return counted(proof, intro(summed, N, WAY), climb, rates)


def least_gain(
    gain: Theorem, bounds: Theorem, below: Theorem, positive: Theorem, rate: Theorem
) -> Theorem:
    """b alpha g**2/2 <= ell_{k+1} - ell_k, from the gain and g <= Delta mu, b <= c."""
    C, B, D, T = (real(name) for name in ("C", "B", "D", "T"))
    plain = [assume(f) for f in (
        le(alpha * C * D * D / 2, T), both(lt(0, B), le(B, C)), le(g, D), lt(0, g), lt(0, alpha)
    )]  # fmt: skip
    squares = have(le(g**2, D**2), *plain)
    product = have(le(B * g**2, C * D**2), squares, *plain)
    made = have(le(B * (alpha * g**2 / 2), T), product, *plain)
    values = {C: c(Jk(k)), B: b(Jk(k)), D: Dk(k), T: ellk(k + 1) - ellk(k)}
    return discharge(where(made, values), gain, bounds, below, positive, rate)


def potential_rise(proof: Proof, rates: Theorem) -> Theorem:
    """``for all p <= q in the range: (ell(q) - ell(p))/b(p) <= F(q) - F(p)``."""
    first, ordered, last = assume(le(Jk(0), x)), assume(le(x, y)), assume(le(y, q))
    low, high = assume(le(x, u)), assume(le(u, y))
    start = apply(rates, at=[0])
    positive = have(lt(0, u), low, first, start)
    below = have(lt(u, 1), high, last, proof.given[7])
    near, far = have(le(Jk(0), u), low, first), have(le(u, q), high, last)
    value = b(x)
    inner = [have(le(Jk(0), x), first), have(le(x, q), ordered, last)]
    sign, here = (
        apply(proof.given[8], *ends, at=[at]) for ends, at in ((inner, x), ((near, far), u))
    )
    smooth = apply(proof.given[10], near, far, at=[u])
    t = real("t")
    shape = F(t) - log_odds_of(t) / value
    slope = 1 / (u * (1 - u)) * (1 / b(u) - 1 / value)
    made = differentiate(
        t, shape, u, smooth, positive, have(lt(0, 1 - u), below),
        have(lt(0, u / (1 - u)), positive, below), sign, here, below, value=slope,
    )  # fmt: skip
    falls = apply(proof.given[9], first, low, far, at=[x, u])
    inverse = have(le(1 / value, 1 / b(u)), falls, sign, here)
    rising = have(le(0, slope), inverse, positive, below)
    rule = where(
        calculus.monotone(),
        {function("f", "R"): lam(t, shape), function("g", "R"): lam(u, slope),
         real("a"): x, real("b"): y},
    )  # fmt: skip
    grown = discharge(
        rule, ordered, intro(made, u, low.conclusion, high.conclusion),
        intro(rising, u, low.conclusion, high.conclusion),
    )  # fmt: skip
    goal = le((log_odds_of(y) - log_odds_of(x)) / value, F(y) - F(x))
    return intro(
        have(goal, grown), (x, y), first.conclusion, ordered.conclusion, last.conclusion
    )


def counted(proof: Proof, summed: Theorem, climb: Theorem, rates: Theorem) -> Theorem:
    """From k steps' gain of the potential to the number of iterations."""
    positive_gap, start, target = proof.given[5:8]
    top = have(le(q, q))
    gain = have(lt(0, GAIN), proof.given[1], positive_gap)

    def rises(from_: Term, low: Theorem, ahead: Theorem, known: Theorem) -> Theorem:
        """F(from) <= F(q)."""
        grown = apply(climb, low, ahead, top, at=[from_, q])
        order_ = proof.use("setting.log-odds-order", known, target, have(lt(0, q), ahead, known),
                           p=from_, q=q)  # fmt: skip
        odds = apply(part(order_, 1, 1), ahead)
        value = apply(proof.given[8], low, ahead, at=[from_])
        return have(le(F(from_), F(q)), grown, odds, value)

    share = (F(q) - F(Jk(0))) + GAIN
    first = rises(Jk(0), have(le(Jk(0), Jk(0))), have(le(Jk(0), q), start), apply(rates, at=[0]))
    base = have(le(0 * GAIN, share), first, gain)
    base = intro(base, (), beta(lam(N, WAY), [num(0)]))

    def another(_: Theorem) -> Theorem:
        way = assume(beta(lam(N, WAY), [N + 1]))
        last = have(lt(N, N + 1))
        ahead = part(apply(way, last, at=[N]), 0)
        so_far = apply(apply(summed, way, at=[N + 1]), last, at=[N])
        over = rises(Jk(N), part(so_far, 0), have(le(Jk(N), q), ahead), apply(rates, at=[N]))
        longer = have(le((N + 1) * GAIN, share), part(so_far, 1), over)
        return intro(longer, (), way.conclusion)

    made = induct(N, implies(WAY, le(N * GAIN, share)), base, another)
    way = assume(WAY)
    done = apply(made, way, at=[N])
    shown = proof.have(
        le(N, ITERATIONS), done, proof.given[1], positive_gap, why="divide by the gain"
    )
    return intro(intro(shown, (), WAY), N)


epsilon, m = real("epsilon"), real("m")
END = 1 - epsilon


def to_end(formula: Term) -> Term:
    """The formula for the target 1 - epsilon."""
    return substitute(formula, {q: END})


_TO_END = [*(to_end(f) for f in _REACHES[:2]), lt(0, epsilon)]


@state(
    "theorem",
    "algorithm.rate",
    "The number of iterations to a success rate of 1 - epsilon",
    provenance="extension",
    given=[*TRAINING, SAFE, *_TO_END, to_end(non_increasing(c)), to_end(potential(c))],
    claim=reached(to_end(ITERATIONS), on_the_way(target=END)),
    words="$F$ is a primitive of $1/(J(1-J)c(J))$, so the bound is $2/(\\alpha g^2)$ times the "
    "integral from $J_0$ to $1-\\varepsilon$, plus one; $g$ is a lower bound on the length of the "
    "Gradient Gap as long as the target is not reached.",
)
def rate(proof: Proof) -> Theorem:
    run_ = proof.use("algorithm.safe-run")
    proof.note(run_, "a safe rate keeps half of every alignment")
    low, high = assume(le(Jk(0), x)), assume(le(x, END))
    positive = apply(proof.given[2], low, have(lt(x, 1), high, proof.given[8]), at=[x])
    bounds = intro(
        have(both(lt(0, c(x)), le(c(x), c(x))), positive), x, low.conclusion, high.conclusion
    )
    below = have(lt(END, 1), proof.given[8])
    made = proof.use("algorithm.iterations", bounds, below, mapping={q: END, b: lam(x, c(x))})
    return proof.note(while_safe(made, run_), "the coefficient is its own lower bound")


def while_safe(bound: Theorem, run_: Theorem) -> Theorem:
    """`reached` for a run that keeps half of every alignment, from that for any run, with the
    target 1 - epsilon."""
    way, early = assume(on_the_way(target=END)), assume(lt(k, N))
    here = apply(way, early, at=[k])
    kept = part(apply(part(run_, 0), at=[k]), 1)
    every = intro(conjunction(part(here, 0), part(here, 1), kept), k, early.conclusion)
    return intro(intro(apply(bound, every, at=[N]), (), way.conclusion), N)


# Closed forms ----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Count:
    """An algorithm by the form of its coefficient, with a primitive of 1/(J (1 - J) c(J))
    as a function of J and 1 - J.

    `end` bounds the primitive at 1 - epsilon and `start` minus the primitive at J_0; for a
    coefficient that only falls from 1/2 on, where the primitive is zero, there is no `start`.
    """

    name: str
    title: str
    coefficient: Callable[[Term], Term]
    primitive: Callable[[Term, Term], Term]
    end: Term
    words: str
    start: Term | None = None

    @property
    def order(self) -> Term:
        """What bounds the difference of the primitive between J_0 and 1 - epsilon."""
        return self.end if self.start is None else self.end + self.start

    @property
    def ends(self) -> tuple[Term, Term]:
        """The primitive at J_0 and at 1 - epsilon."""
        return self.primitive(Jk(0), 1 - Jk(0)), self.primitive(END, epsilon)

    @property
    def bound(self) -> Term:
        """The iterations at most, in closed form."""
        first, last = self.ends
        return 2 / (alpha * g**2 * m) * (last - first) + 1

    @property
    def given(self) -> list[Term]:
        """A run with a coefficient that is at least m times that form."""
        lower = to_end(between(le(m * self.coefficient(x), c(x))))
        start = [le(num(Fraction(1, 2)), Jk(0))] if self.start is None else []
        return [*TRAINING, *_TO_END, lt(0, m), lower, *start]

    @property
    def claim(self) -> Term:
        """The bound, and its order."""
        return both(
            reached(self.bound, to_end(WAY)),
            le(self.bound, 2 / (alpha * g**2 * m) * self.order + 1),
        )


COUNTS = (
    Count(
        "reinforce", "Iterations of REINFORCE, Dr. GRPO and GRPO with finite groups",
        lambda J: J * (1 - J), lambda J, rest: 2 * log(J / rest) - 1 / J + 1 / rest,
        3 / epsilon,
        "REINFORCE has $m = 1$, Dr. GRPO with groups of $G$ has $m = (G-1)/G$, and GRPO with such "
        "groups has $m = 2(G-1)/G$: all of order $1/\\varepsilon$.",
    ),
    Count(
        "grpo", "Iterations of population GRPO",
        lambda J: sqrt(J * (1 - J)), lambda J, rest: 2 * (2 * J - 1) / sqrt(J * rest),
        2 / sqrt(epsilon),
        "$m = 1$: of order $1/\\sqrt{\\varepsilon}$.",
    ),
    Count(
        "raft", "Iterations of ascent of the log-likelihood of success",
        lambda J: 1 - J, lambda J, rest: log(J / rest) + 1 / rest,
        2 / epsilon, "$m = 1$: of order $1/\\varepsilon$.", log(1 / Jk(0)),
    ),
    Count(
        "log-odds", "Iterations of log-odds ascent and DAPO",
        lambda J: num(1), lambda J, rest: log(J / rest),
        log(1 / epsilon),
        "Log-odds ascent has $m = 1$, DAPO $m = 1/2$ with groups of two and $m = \\sqrt{2}/3$ with "
        "groups of three: of order $\\log(1/\\varepsilon)$. For any coefficient with the least "
        "value $m$ on the way it bounds the iterations from a small $J_0$, say to $1/2$.",
        log(1 / Jk(0)),
    ),
)  # fmt: skip


def _state_count(count: Count) -> None:
    """Register the bound for one algorithm."""

    @state(
        "corollary", f"algorithm.rate-{count.name}", count.title, provenance="extension",
        given=count.given, claim=count.claim,
        words=f"{count.words} At a safe learning rate every step keeps half of its alignment "
        "(`algorithm.safe-run`).",
    )  # fmt: skip
    def closed_form(proof: Proof) -> Theorem:
        form = lam(x, m * count.coefficient(x))
        facts = [count_bounds(proof, count), count_falls(proof, count), count_slope(proof, count)]
        below = have(lt(END, 1), proof.given[7])
        made = proof.use(
            "algorithm.iterations", below, *facts,
            mapping={q: END, b: form, F: lam(x, count.primitive(x, 1 - x) / m)},
        )  # fmt: skip
        way = assume(to_end(WAY))
        inner = apply(made, way, at=[N])
        known = [proof.given[1], proof.given[5], proof.given[8]]
        bound = intro(
            intro(have(le(N, count.bound), inner, *known), (), way.conclusion), N
        )  # fmt: skip
        proof.note(bound, "multiply out")
        size_ = count_order(proof, count)
        return conjunction(
            bound,
            proof.have(proof.statement.conclusion.args[1], size_, *known, why="the order of it"),
        )


def inside_range(proof: Proof) -> tuple[Theorem, Theorem, Theorem]:
    """J_0 <= x <= 1 - epsilon, assumed, and 0 < x < 1."""
    low, high = assume(le(Jk(0), x)), assume(le(x, END))
    start = apply(rates_between(proof), at=[0])
    return low, high, have(both(lt(0, x), lt(x, 1)), low, high, start, proof.given[7])


def root_sign(at: Term, known: Sequence[Theorem]) -> list[Theorem]:
    """``0 < sqrt(J (1 - J))`` and its square."""
    spread = at * (1 - at)
    return list(root_facts(spread, have(lt(0, spread), *known)))


def count_bounds(proof: Proof, count: Count) -> Theorem:
    """``0 < m f(x) <= c(x)`` on the range."""
    low, high, rate_ = inside_range(proof)
    value = m * count.coefficient(x)
    roots = root_sign(x, [rate_]) if count.name == "grpo" else []
    sign = have(lt(0, value), rate_, proof.given[8], *roots[:1])
    made = conjunction(sign, apply(proof.given[9], low, high, at=[x]))
    return proof.note(intro(made, x, low.conclusion, high.conclusion), "the lower bound")


def count_falls(proof: Proof, count: Count) -> Theorem:
    """The lower bound does not increase on the range."""
    low, _, _ = inside_range(proof)
    ordered, last = assume(le(x, y)), assume(le(y, END))
    start = apply(rates_between(proof), at=[0])
    known = [low, ordered, last, start, *proof.given[7:9], *proof.given[10:]]
    goal = le(m * count.coefficient(y), m * count.coefficient(x))
    if count.start is None:
        spreads = have(le(y * (1 - y), x * (1 - x)), have(
            le(0, (y - x) * (x + y - 1)), have(le(1, x + y), *known), ordered))  # fmt: skip
        known.append(spreads)
        if count.name == "grpo":
            inside = have(both(lt(0, x), lt(x, 1), lt(0, y), lt(y, 1)), *known)
            first, second = root_sign(x, [inside]), root_sign(y, [inside])
            squares = have(le(second[1].conclusion.args[0], first[1].conclusion.args[0]),
                           *first, *second, spreads)  # fmt: skip
            values = {x: sqrt(y * (1 - y)), y: sqrt(x * (1 - x))}
            known.append(discharge(where(root_order(), values), squares, first[0]))
    made = have(goal, *known)
    return proof.note(
        intro(made, (x, y), low.conclusion, ordered.conclusion, last.conclusion),
        "it does not increase",
    )


def count_slope(proof: Proof, count: Count) -> Theorem:
    """The primitive, differentiated."""
    low, high, rate_ = inside_range(proof)
    known = [rate_, proof.given[8], have(lt(0, 1 - x), rate_),
             have(lt(0, x / (1 - x)), rate_), have(lt(0, x * (1 - x)), rate_)]  # fmt: skip
    known.append(have(ne(m, 0), proof.given[8]))
    if count.name == "grpo":
        roots = root_sign(x, [rate_])
        known += [*roots, have(ne(sqrt(x * (1 - x)), 0), roots[0])]
    value = 1 / (x * (1 - x) * (m * count.coefficient(x)))
    made = differentiate(u, count.primitive(u, 1 - u) / m, x, *known, value=value)
    return proof.note(
        intro(made, x, low.conclusion, high.conclusion), "differentiate the primitive"
    )


def count_order(proof: Proof, count: Count) -> Theorem:
    """The difference of the primitive is at most its order."""
    start, small = apply(rates_between(proof), at=[0]), proof.given[7]
    below = have(lt(0, END), proof.given[6], start)
    known = [start, small, proof.given[6], below, *proof.given[10:]]
    least = num(0) if count.start is None else -count.start
    first, last = count.ends
    goals = le(last, count.end), le(least, first)
    if count.name == "grpo":
        sides = [have(goal, *root_order_facts(known)) for goal in goals]
    else:
        sides = [have(goals[0], *logs_at_end(known)), have(goals[1], *logs_at_start(known))]
    return have(le(last - first, count.order), *sides)


def logs_at_end(known: Sequence[Theorem]) -> list[Theorem]:
    """log((1 - epsilon)/epsilon) is at most log(1/epsilon) and at most 1/epsilon - 2."""
    below = have(lt(0, END), *known)
    odds = have(lt(0, END / epsilon), *known)
    return [
        quotient_of_logs(END, epsilon, known), quotient_of_logs(num(1), epsilon, known),
        log_of_one(), discharge(where(calculus.log_tangent(), x=END), below),
        discharge(where(calculus.log_tangent(), x=END / epsilon), odds), *known,
    ]  # fmt: skip


def logs_at_start(known: Sequence[Theorem]) -> list[Theorem]:
    """The log-odds of J_0 are at least -log(1/J_0), and at least 2 - 1/J_0."""
    rest, odds = (have(lt(0, v_), *known) for v_ in (1 - Jk(0), (1 - Jk(0)) / Jk(0)))
    return [
        quotient_of_logs(Jk(0), 1 - Jk(0), known), quotient_of_logs(1 - Jk(0), Jk(0), known),
        quotient_of_logs(num(1), Jk(0), known), log_of_one(),
        discharge(where(calculus.log_tangent(), x=1 - Jk(0)), rest),
        discharge(where(calculus.log_tangent(), x=(1 - Jk(0)) / Jk(0)), odds), *known,
    ]  # fmt: skip


def log_of_one() -> Theorem:
    """log(1) = 0."""
    return have(eq(log(1), 0), rewrite(instance("log.exp", x=ZERO), instance("exp.zero")))


def quotient_of_logs(a: Term, b_: Term, known: Sequence[Theorem]) -> Theorem:
    """log(a/b) = log(a) - log(b)."""
    return discharge(
        where(calculus.log_of_quotient(), x=a, y=b_), have(lt(0, a), *known),
        have(lt(0, b_), *known),
    )  # fmt: skip


def root_order_facts(known: Sequence[Theorem]) -> list[Theorem]:
    """What bounds 2 (2 J - 1)/sqrt(J (1 - J)): at 1 - epsilon from above, at J_0 from below."""
    half = have(lt(epsilon, num(Fraction(1, 2))), *known)
    positive = have(lt(0, epsilon), *known)
    spread, other, root = root_sign(END, known), root_sign(Jk(0), known), root_facts(
        epsilon, positive)  # fmt: skip
    left, right = (1 - 2 * epsilon) * sqrt(epsilon), spread[0].conclusion.args[1]
    squares = have(le(left**2, right**2), spread[1], root[1], positive, half)
    shorter = discharge(where(root_order(), {x: left, y: right}), squares, spread[0])
    form = COUNTS[1].primitive
    return [
        have(le(form(END, epsilon), 2 / sqrt(epsilon)), shorter, spread[0], root[0]),
        have(le(0, form(Jk(0), 1 - Jk(0))), other[0], known[-1]),
    ]


for _count in COUNTS:
    _state_count(_count)
