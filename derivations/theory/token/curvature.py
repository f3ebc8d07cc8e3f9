"""The curvature of the log-odds at token level, and the critical step that follows."""

from __future__ import annotations

from fractions import Fraction
from functools import cache

from derivations import calculus, elementary, sums
from derivations.calculus import expand, on_segment
from derivations.expectation import NAMES, WITHIN, Setting
from derivations.kernel.terms import (
    Definition,
    Term,
    beta,
    both,
    eq,
    exp,
    implies,
    lam,
    le,
    log,
    lt,
    minimum,
    num,
    real,
    unfold,
)
from derivations.kernel.theorem import Theorem
from derivations.library import Proof, define, state
from derivations.tactics import (
    absurd,
    apply,
    assume,
    by_cases,
    conjunction,
    discharge,
    fold,
    have,
    instance,
    intro,
    order,
    part,
    rewrite,
    where,
)
from derivations.theory.gap import side_facts, side_values
from derivations.theory.setting import odds
from derivations.theory.token.events import SQUARE, least
from derivations.theory.token.martingale import (
    LENGTH,
    MEAN_LENGTH,
    REGULAR_STEP,
    STEP,
    Dmu,
    J,
    L_p,
    ell,
    ell2,
    eta,
    regular_at,
    smooth_response,
)
from derivations.theory.token.prefixes import (
    GIVEN,
    HESSIANS,
    SCORES,
    Drawn,
    T,
    T_max,
    i,
    line,
    n,
    t,
    u,
)
from derivations.theory.token.root import (
    LAMBERT,
    lambert_falls,
    log_inverse,
    log_monotone,
    value_facts,
)
from derivations.theory.token.tails import SIGMA2, G_p
from derivations.theory.trajectory.one_step import (
    closing,
    inside_step,
    log_failure_slopes,
    log_odds_expansion,
)

HALF = num(Fraction(1, 2))


def length_under(side: str) -> Term:
    """E_+[T] or E_-[T]."""
    return line.mean(side, LENGTH, t)


@state(
    "lemma",
    "token.side-means",
    "Conditional means of length, second derivative and squared score",
    provenance="extension",
    given=GIVEN,
    claim=both(
        both(le(length_under("+"), T_max), le(length_under("-"), T_max)),
        implies(
            HESSIANS,
            both(*(WITHIN(line.mean_hessian(s, t), L_p * length_under(s)) for s in "+-")),
        ),
        implies(SCORES, le(line.mean("-", SQUARE, t), SIGMA2 * LAMBERT(1 - J(t)))),
        le((1 - J(t)) * line.mean("-", SQUARE, t), line.mean("", SQUARE, t)),
    ),
)
def side_means(proof: Proof) -> Theorem:
    setting, drawn = Setting.of(proof.given[0]), Drawn.of(proof.given[1])
    inside = assume(lt(i, n))
    hessians, scores = assume(HESSIANS), assume(SCORES)
    near = apply(apply(part(proof.use("token.sizes"), 1), hessians), inside, at=[i])
    whole = part(apply(proof.use("token.score-sum"), inside, at=[t, i]), 1)
    fits = apply(drawn.length, inside, at=[i])
    known = proof.use("setting.success-rate", at=[t])
    lengths, bends = [], []
    for side in "+-":
        facts = side_facts(proof, side, t)

        def ordered(lower: Term, upper: Term, *known: Theorem) -> Theorem:
            each = intro(have(le(lower, upper), *known), i, inside.conclusion)
            return proof.use("token.mean-order", each, *facts, X=lam(i, lower), Y=lam(i, upper),
                             **side_values(side, t))  # fmt: skip

        mass = have(lt(0, line.mass(side, t)), known)
        constant = have(eq(line.mean(side, lam(i, T_max), t), T_max), mass, unfold=NAMES)
        lengths.append(have(le(length_under(side), T_max), ordered(T(i), T_max, fits), constant))
        h, size = line.hessian(t, i), L_p * T(i)
        pair = [ordered(h, size, near, whole), ordered(-h, size, near, whole)]
        goal = WITHIN(line.mean_hessian(side, t), L_p * length_under(side))
        bends.append(have(goal, *pair, mass, unfold=NAMES))
    proof.note(conjunction(*lengths), "no response is longer than the longest")
    proof.note(conjunction(*bends), "at most T second derivatives, in the mean")
    binary = apply(setting.binary, inside, at=[i])
    fail = 1 - beta(line.reward, [i])
    between = by_cases(binary, *([lambda c: have(both(le(0, fail), le(fail, 1)), c)] * 2))
    weights = intro(between, i, inside.conclusion)
    mass = have(lt(0, line.mass("-", t)), known)
    moment = part(proof.use("token.lambert", weights, mass, scores, w=line.weights("-")), 0)
    moment = rewrite(moment, have(eq(line.mass("-", t), 1 - J(t)), known))
    proof.note(moment, "the incorrect responses as an event")
    square, weight = line.score(t, i) ** 2, exp(line.log_policy(t, i))
    each = have(le(fail * weight * square, weight * square), between)
    every = sums.ordered(n, intro(each, i, inside.conclusion))
    normal = apply(setting.normalised, at=[t])
    last = proof.have(
        proof.statement.conclusion.args[1].args[1].args[1], every, known, normal, unfold=NAMES,
        why="the incorrect responses are at most all",
    )  # fmt: skip
    return conjunction(
        conjunction(*lengths), intro(conjunction(*bends), (), HESSIANS),
        intro(moment, (), SCORES), last,
    )  # fmt: skip


def variances(proof: Proof) -> list[Theorem]:
    """0 <= Var(s) = E[s**2] - E[s]**2 on both sides."""
    known = proof.use("setting.success-rate", at=[t])
    made = []
    for side in "+-":
        sign = proof.use("setting.variance-sign", *side_facts(proof, side, t),
                         X=line.at(line.score, t), **side_values(side, t))  # fmt: skip
        value = line.mean(side, SQUARE, t) - line.mean_score(side, t) ** 2
        mass = have(lt(0, line.mass(side, t)), known)
        made += [sign, have(eq(line.variance(side, t), value), mass, unfold=NAMES)]
    return made


@state(
    "theorem",
    "token.curvature",
    "The curvature is linear in the length and logarithmic in 1/(1 - J)",
    provenance="extension",
    given=[*GIVEN, SCORES, HESSIANS],
    claim=le(
        -ell2(t),
        L_p * (length_under("+") + length_under("-"))
        + minimum(
            minimum(G_p**2, L_p) * MEAN_LENGTH / (1 - J(t)), SIGMA2 * LAMBERT(1 - J(t))
        ),
    ),
)
def curvature(proof: Proof) -> Theorem:
    means = proof.use("token.side-means")
    bends = apply(part(means, 1, 0), proof.given[3])
    moment, share = apply(part(means, 1, 1, 0), proof.given[2]), part(means, 1, 1, 1)
    known = proof.use("setting.success-rate", at=[t])
    second = part(proof.use("token.martingale"), 1)
    bound = proof.statement.conclusion.args[1].args[1]
    failure = line.mean("-", SQUARE, t)
    plain = proof.have(
        le(failure, bound.args[0]), share, second, known, why="E_-[s^2] is at most E[s^2]/(1-J)"
    )
    small = proof.note(least(failure, bound, plain, moment), "and as under any event")
    return proof.have(
        proof.statement.conclusion, bends, small, *variances(proof), unfold=("curvature",),
        why="add the four terms of the curvature",
    )  # fmt: skip


@state(
    "theorem",
    "token.curvature-one-sided",
    "The curvature from one side",
    provenance="extension",
    given=[*GIVEN, SCORES, HESSIANS],
    claim=both(
        le(-ell2(t), L_p * length_under("+") / (1 - J(t)) - J(t) * Dmu(t) ** 2),
        implies(
            le(HALF, J(t)),
            le(-ell2(t), (L_p * length_under("-") + SIGMA2 * LAMBERT(1 - J(t))) / J(t)),
        ),
    ),
)
def curvature_one_sided(proof: Proof) -> Theorem:
    means = proof.use("token.side-means")
    bends = apply(part(means, 1, 0), proof.given[3])
    moment = apply(part(means, 1, 1, 0), proof.given[2])
    known = proof.use("setting.success-rate", at=[t])
    sides = proof.use("gap.curvature-one-sided", at=[t])
    identity = proof.use("gap.score-identity", at=[t])
    spread = variances(proof)
    first = proof.have(
        proof.statement.conclusion.args[0], part(sides, 0), part(bends, 0), spread[0], known,
        why="the correct side, without its variance",
    )  # fmt: skip
    late = assume(le(HALF, J(t)))
    failures = have(
        le(line.mean_hessian("-", t) + line.variance("-", t),
           L_p * length_under("-") + SIGMA2 * LAMBERT(1 - J(t)) - J(t) ** 2 * Dmu(t) ** 2),
        part(bends, 1), moment, spread[3], part(identity, 1, 1),
    )  # fmt: skip
    goal = proof.statement.conclusion.args[1].args[1]
    rest = have(le(0, (2 * J(t) - 1) * Dmu(t) ** 2), late)
    second = proof.have(
        goal, part(sides, 1), failures, rest, known, why="the incorrect side: its variance is "
        "E_-[s^2] - J^2 Delta mu^2"
    )  # fmt: skip
    return conjunction(first, intro(second, (), late.conclusion))


# The critical step -----------------------------------------------------------------------------

p = real("p")
TOKEN_CURVATURE = Definition(
    "token_curvature",
    lam(
        (G_p, L_p, T_max, p),
        minimum(
            L_p * T_max / (1 - p),
            (L_p * T_max + SIGMA2 * LAMBERT((1 - p) * exp(-num(Fraction(3, 2))))) / p,
        ),
    ),
)
"""``token_curvature(G, L, T, J)``: kappa_tok(J)."""

KAPPA_TOK = TOKEN_CURVATURE(G_p, L_p, T_max, J(0))

define(
    "definition",
    "token.critical-curvature",
    "Curvature that decides the critical step at token level",
    TOKEN_CURVATURE,
    provenance="extension",
    claim=eq(
        TOKEN_CURVATURE(G_p, L_p, T_max, p),
        minimum(
            L_p * T_max / (1 - p),
            (L_p * T_max + SIGMA2 * LAMBERT((1 - p) * exp(-num(Fraction(3, 2))))) / p,
        ),
    ),
    words="Below $J = 1/2$ the first of the two is the smaller one.",
    module=__name__,
)

BUDGET = num(Fraction(3, 2))
_shrunk = (1 - J(0)) * exp(-BUDGET)
_V = LAMBERT(_shrunk)
_B = L_p * T_max + SIGMA2 * _V


@state(
    "theorem",
    "token.threshold",
    "The critical step at token level",
    provenance="extension",
    given=[*GIVEN, REGULAR_STEP, *STEP],
    claim=both(
        implies(lt(J(0), HALF), eq(KAPPA_TOK, L_p * T_max / (1 - J(0)))),
        implies(le(eta, Dmu(0) / KAPPA_TOK), le(eta * Dmu(0) / 2, ell(eta) - ell(0))),
    ),
    words="The guaranteed step scales as $1/T_{\\max}$ and only as $1/\\log(1/(1-J))$.",
)
def threshold(proof: Proof) -> Theorem:
    tokens = [Drawn.of(proof.given[1]).some, proof.given[3]]
    rate = proof.use("setting.success-rate", at=[0])
    inside_rate = shrunk_rate(rate)
    above = value_facts(proof, _shrunk, *inside_rate)[0]
    split = instance("minimum.cases", x=L_p * T_max / (1 - J(0)), y=_B / J(0))
    early = assume(lt(J(0), HALF))
    room = [have(lt(0, 1 - J(0)), rate), have(lt(0, L_p * T_max), *tokens)]
    rest = have(le(0, SIGMA2 * _V), above, tokens[0])
    smaller = have(
        lt(L_p * T_max / (1 - J(0)), L_p * T_max / J(0)), early, rate, room[1]
    )
    extra = have(le(0, SIGMA2 * _V / J(0)), rest, rate)
    smaller = have(lt(L_p * T_max / (1 - J(0)), _B / J(0)), smaller, extra)
    goal = eq(KAPPA_TOK, L_p * T_max / (1 - J(0)))

    def least_is(case: Theorem, value: Term) -> Theorem:
        opened = unfold(KAPPA_TOK, frozenset({"token_curvature"}))
        return fold(have(eq(opened, value), case), eq(KAPPA_TOK, value))

    first = by_cases(
        split,
        lambda case: least_is(case, L_p * T_max / (1 - J(0))),
        lambda case: absurd(discharge(
            where(contrary(), x=smaller.conclusion.args[0], p=smaller.conclusion.args[1]),
            part(case, 0), smaller,
        ), goal),
    )  # fmt: skip
    proof.note(first, "below 1/2 the first of the two is smaller")
    limit = assume(le(eta, Dmu(0) / KAPPA_TOK))

    def inverse(value: Theorem) -> Theorem:
        """The claim where kappa_tok is L T/(1 - J)."""
        small = have(
            le(eta, (1 - J(0)) * Dmu(0) / (L_p * T_max)), rewrite(limit, value), *room, *tokens
        )
        smooth = token_smooth(proof.given[2])
        return proof.use("token.threshold-inverse", smooth, small)

    def late(case: Theorem) -> Theorem:
        def near(least_: Theorem) -> Theorem:
            return inverse(least_is(least_, L_p * T_max / (1 - J(0))))

        def far(least_: Theorem) -> Theorem:
            small = rewrite(limit, least_is(least_, _B / J(0)))
            positive = have(lt(0, _B), rest, room[1])
            rule = where(cleared(), x=eta, D=Dmu(0), B=_B, p=J(0))
            small = discharge(rule, small, positive, part(rate, 0))
            return far_gain(proof, case, small, positive)

        return by_cases(split, near, far)

    second = by_cases(order(HALF, J(0)), late, lambda case: inverse(
        apply(intro(first, (), early.conclusion), case)))  # fmt: skip
    return conjunction(
        intro(first, (), early.conclusion), intro(second, (), limit.conclusion)
    )


@cache
def contrary() -> Theorem:
    """0 < 0 from p <= x and x < p."""
    x = real("x")
    return have(lt(0, 0), assume(le(p, x)), assume(lt(x, p)))


@cache
def cleared() -> Theorem:
    """B x <= p D from x <= D/(B/p), for positive B and p."""
    x, D, B = real("x"), real("D"), real("B")
    known = [assume(f) for f in (le(x, D / (B / p)), lt(0, B), lt(0, p))]
    return have(le(B * x, p * D), *known)


def shrunk_rate(rate: Theorem) -> list[Theorem]:
    """0 < q and q <= 1 for q = (1 - J) exp(-3/2)."""
    small = have(le(_shrunk, 1 - J(0)), inside_factor(), rate)
    return [have(lt(0, _shrunk), rate), have(le(_shrunk, 1), small, rate)]


def token_smooth(regular: Theorem) -> Theorem:
    """The bound on the second derivatives alone."""
    opened = fold(regular, unfold(regular.conclusion, frozenset({"token_regular"})))
    return part(opened, 1)


def far_gain(proof: Proof, half: Theorem, limit: Theorem, positive: Theorem) -> Theorem:
    """The gain where J >= 1/2 and (L T + sigma**2 V(q)) eta <= J Delta mu."""
    budget = proof.note(
        step_budget(proof, half, limit, positive), "eta Delta mu is at most 1"
    )
    survives = proof.note(
        failures_survive(proof, budget, limit), "the log-odds rise by at most 3/2, so 1 - J "
        "shrinks by at most exp(-3/2)"
    )
    stays = proof.note(
        success_does_not_fall(proof, survives, limit, positive), "log(1 - J) does not rise"
    )
    inside = inside_step()
    score, hessian = regular_at(proof.given[2], *inside)
    there, larger = apply(survives, *inside, at=[t]), apply(stays, *inside, at=[t])
    rate = [proof.use("setting.success-rate", at=[at]) for at in (t, num(0))]
    beyond = have(le(HALF, J(t)), larger, half)
    sided = apply(part(proof.use("token.curvature-one-sided", score, hessian), 1), beyond)
    longest = part(proof.use("token.side-means"), 0, 1)
    tokens = have(le(L_p * length_under("-"), L_p * T_max), longest, proof.given[3])
    top = have(
        le(L_p * length_under("-") + SIGMA2 * LAMBERT(1 - J(t)), _B), tokens, there
    )
    falls = have(le(_B / J(t), _B / J(0)), larger, positive, *rate)
    scaled = have(
        le((L_p * length_under("-") + SIGMA2 * LAMBERT(1 - J(t))) / J(t), _B / J(t)), top, *rate
    )
    each = closing(have(le(-(_B / J(0)), ell2(t)), sided, scaled, falls))
    made = log_odds_expansion(proof, calculus.taylor(), _B / J(0), each)
    proof.note(made, "Taylor")
    bend = have(le(_B * eta**2, J(0) * Dmu(0) * eta), limit, proof.given[4])
    return have(le(eta * Dmu(0) / 2, ell(eta) - ell(0)), made, bend, rate[1])


def step_budget(proof: Proof, half: Theorem, limit: Theorem, positive: Theorem) -> Theorem:
    """eta Delta mu <= 1, since J Delta mu**2 <= sigma**2 (V(1 - J) + 2) <= sigma**2 V(q)."""
    score, _ = regular_at(proof.given[2], *inside_step())
    score = apply(closing(score), have(le(0, num(0))), proof.given[4], at=[0])
    rate = proof.use("setting.success-rate", at=[0])
    means = where_zero(proof.use("token.side-means"))
    moment = apply(part(means, 1, 1, 0), score)
    share = part(means, 1, 1, 1)
    second = where_zero(proof.use("token.second-moment"))
    second = part(apply(part(second, 0), score), 1)
    spread = [where_zero(v) for v in variances(proof)]
    identity = proof.use("gap.score-identity", at=[0])
    failure = line.mean("-", SQUARE, t)
    failure = beta(lam(t, failure), [0])
    square = have(
        le(J(0) ** 2 * Dmu(0) ** 2, failure), spread[2], spread[3], part(identity, 1, 1)
    )
    steeper = lambert_gap(proof, rate)
    small = have(le(J(0) * failure, J(0) * (SIGMA2 * LAMBERT(1 - J(0)))), moment, rate)
    unit = have(le(SIGMA2, 2 * J(0) * SIGMA2), half, Drawn.of(proof.given[1]).some)
    whole = have(
        le(J(0) * (J(0) * Dmu(0) ** 2), J(0) * (SIGMA2 * (LAMBERT(1 - J(0)) + 2))),
        square, small, share, second, unit, rate,
    )  # fmt: skip
    gap = have(le(J(0) * Dmu(0) ** 2, SIGMA2 * (LAMBERT(1 - J(0)) + 2)), whole, rate)
    gap = have(le(J(0) * Dmu(0) ** 2, SIGMA2 * _V), gap,
               have(le(SIGMA2 * (LAMBERT(1 - J(0)) + 2), SIGMA2 * _V), steeper,
                    Drawn.of(proof.given[1]).some))  # fmt: skip
    sign = alignment_sign(proof, limit, positive, rate)
    product_ = have(le(_B * eta * Dmu(0), J(0) * Dmu(0) ** 2), limit, sign)
    tokens = have(le(0, L_p * T_max), proof.given[3])
    scaled = have(le(_B * (eta * Dmu(0)), _B), product_, gap, tokens)
    return have(le(eta * Dmu(0), 1), scaled, positive)


def where_zero(theorem: Theorem) -> Theorem:
    """The theorem at t = 0."""
    return where(theorem, {t: num(0)})


def alignment_sign(
    proof: Proof, limit: Theorem, positive: Theorem, rate: Theorem
) -> Theorem:
    """0 <= Delta mu, from the limit on eta."""
    product_ = have(le(0, _B * eta), positive, proof.given[4])
    return have(le(0, Dmu(0)), have(le(0, J(0) * Dmu(0)), limit, product_), rate)


def lambert_gap(proof: Proof, rate: Theorem) -> Theorem:
    """V(1 - J) + 2 <= V((1 - J) exp(-3/2)): their heights differ by 3."""
    fail = 1 - J(0)
    known = [have(lt(0, fail), rate), have(le(fail, 1), rate)]
    inside = shrunk_rate(rate)
    first, second = value_facts(proof, fail, *known), value_facts(proof, _shrunk, *inside)
    smaller = have(le(_shrunk, fail), inside_factor(), known[0])
    order_ = lambert_falls(proof, _shrunk, fail, smaller, inside, known)
    logs = discharge(
        where(log_monotone(), x=LAMBERT(fail), y=_V), have(lt(0, LAMBERT(fail)), first[0]), order_
    )
    turned = [
        discharge(where(log_inverse(), x=q), f) for q, f in ((fail, known[0]), (_shrunk, inside[0]))
    ]
    parted = elementary.log_of_product(
        [(1, fail), (1, exp(-BUDGET))], [known[0], instance("exp.positive", x=-BUDGET)]
    )
    parted = rewrite(parted, have(eq(parted.conclusion.args[0].args[0], _shrunk)))
    back = instance("log.exp", x=-BUDGET)
    return have(
        le(LAMBERT(fail) + 2, _V), first[1], second[1], logs, *turned, parted, back
    )


def inside_factor() -> Theorem:
    """exp(-3/2) <= 1."""
    small = discharge(where(calculus.exp_monotone(), a=-BUDGET, b=num(0)), have(le(-BUDGET, 0)))
    return have(le(exp(-BUDGET), 1), small, instance("exp.zero"))


def failures_survive(proof: Proof, budget: Theorem, limit: Theorem) -> Theorem:
    """sigma**2 V(1 - J(t)) <= sigma**2 V(q) on the step."""
    low, high = inside_step()
    rates = [proof.use("setting.success-rate", at=[at]) for at in (num(0), t)]
    smooth = smooth_response(proof, token_smooth(proof.given[2]))
    opened = fold(smooth, unfold(smooth.conclusion, frozenset({"smooth"})))
    before, until, response = assume(le(0, u)), assume(le(u, t)), assume(lt(i, n))
    shorter = apply(opened, before, have(le(u, eta), until, high), response, at=[u, i])
    shorter = intro(shorter, (u, i), *(f.conclusion for f in (before, until, response)))
    shorter = fold(shorter, line.smooth(T_max * L_p, 0, t))
    tokens = Drawn.of(proof.given[1]).some
    scale = have(lt(0, T_max * L_p), tokens, proof.given[3])
    upper = part(
        proof.use("trajectory.one-step", shorter, scale, low, L=T_max * L_p, eta=t), 1
    )
    value = value_facts(proof, _shrunk, *shrunk_rate(rates[0]))[0]
    spread = have(le(0, SIGMA2 * _V), value, tokens)
    slope = have(le(T_max * L_p * eta, J(0) * Dmu(0)), limit, have(
        le(0, SIGMA2 * _V * eta), spread, proof.given[4]))  # fmt: skip
    slope = have(le(T_max * L_p * t, J(0) * Dmu(0)), slope, have(
        le(T_max * L_p * t, T_max * L_p * eta), high, scale))  # fmt: skip
    bend = have(le(T_max * L_p * t**2, J(0) * Dmu(0) * t), slope, low)
    bend = have(le(T_max * L_p * t**2 / (2 * J(0)), Dmu(0) * t / 2), bend, rates[0])
    sign = have(le(0, Dmu(0)), have(le(0, J(0) * Dmu(0)), slope, have(
        le(0, T_max * L_p * t), low, scale)), rates[0])  # fmt: skip
    gain = have(le(Dmu(0) * t, Dmu(0) * eta), sign, high)
    rise = have(le(ell(t), ell(0) + BUDGET), upper, bend, gain, budget)
    grown = discharge(where(calculus.exp_monotone(), a=ell(t), b=ell(0) + BUDGET), rise)
    joined = instance("exp.sum", x=ell(0), y=BUDGET)
    ratios = [
        fold(odds(J(at), f), eq(exp(ell(at)), J(at) / (1 - J(at))))
        for at, f in ((num(0), rates[0]), (t, rates[1]))
    ]
    minus = where(calculus.exp_minus(), x=BUDGET)
    E = exp(BUDGET)
    crossed = have(
        le((1 - J(0)) * J(t), E * J(0) * (1 - J(t))), grown, joined, *ratios, *rates
    )
    large = have(le(1, E), inside_factor(), minus)
    rest = have(le(0, (E - 1) * ((1 - J(0)) * (1 - J(t)))), large, *rates)
    left = have(le(1 - J(0), E * (1 - J(t))), crossed, rest)
    survive = have(le(_shrunk, 1 - J(t)), left, minus)
    known = [have(lt(0, 1 - J(t)), rates[1]), have(le(1 - J(t), 1), rates[1])]
    order_ = lambert_falls(proof, _shrunk, 1 - J(t), survive, shrunk_rate(rates[0]), known)
    return closing(have(le(SIGMA2 * LAMBERT(1 - J(t)), SIGMA2 * _V), order_, tokens))


def success_does_not_fall(
    proof: Proof, survives: Theorem, limit: Theorem, positive: Theorem
) -> Theorem:
    """J(t) >= J(0) on the step: log(1 - J) has second derivative at most L T + sigma**2 V(q)."""
    slope, change = log_failure_slopes(proof)
    low, high = inside_step()
    score, hessian = regular_at(proof.given[2], low, high)
    means = proof.use("token.side-means")
    bend = part(apply(part(means, 1, 0), hessian), 1)
    moment = apply(part(means, 1, 1, 0), score)
    second = line.mean_hessian("-", t) + line.variance("-", t)
    tokens = have(le(L_p * length_under("-"), L_p * T_max), part(means, 0, 1), proof.given[3])
    spread = have(
        le(line.variance("-", t), line.mean("-", SQUARE, t)), variances(proof)[3]
    )
    bound = have(
        le(second, _B), bend, tokens, spread, moment, apply(survives, low, high, at=[t])
    )
    each = closing(bound)
    shorter = intro(
        apply(each, assume(le(0, u)), have(le(u, eta), assume(le(u, t)), high), at=[u]),
        u, le(0, u), le(u, t),
    )  # fmt: skip
    made = expand(
        calculus.taylor_above(),
        lam(t, log(1 - J(t))), lam(t, line.mean_score("-", t)), lam(t, second), t, _B,
        on_segment(slope, num(0), t), on_segment(change, num(0), t), shorter, low,
    )  # fmt: skip
    identity = proof.use("gap.score-identity", at=[0])
    rates = [proof.use("setting.success-rate", at=[at]) for at in (num(0), t)]
    reach = have(le(_B * t, _B * eta), high, positive)
    sign = alignment_sign(proof, limit, positive, rates[0])
    sign = have(le(0, J(0) * Dmu(0)), sign, rates[0])
    gap = have(le(t * (_B * t - 2 * J(0) * Dmu(0)), 0), reach, limit, sign, low)
    falls = have(le(log(1 - J(t)), log(1 - J(0))), made, part(identity, 1, 1), gap)
    rule = where(calculus.log_reflects(), x=1 - J(t), y=1 - J(0))
    smaller = discharge(rule, falls, have(lt(0, 1 - J(0)), rates[0]))
    return closing(have(le(J(0), J(t)), smaller))
