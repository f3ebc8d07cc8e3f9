"""The setting: one prompt, finitely many responses, a policy along a line.

Lemmas that every section uses: the success rate lies strictly between 0 and 1, the score
has mean zero, and conditional means lie between bounds.
"""

from __future__ import annotations

from derivations import calculus, sums
from derivations.calculus import differentiate
from derivations.expectation import (
    ARBITRARY,
    ARBITRARY_RUN,
    MASS,
    MEAN,
    NAMES,
    POLICY,
    RUN,
    VARIANCE,
    WITHIN,
    Setting,
)
from derivations.kernel.terms import (
    Definition,
    Term,
    app,
    beta,
    both,
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
    nat,
    num,
    real,
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
    fold,
    have,
    instance,
    intro,
    obtain,
    order,
    part,
    rewrite,
    specialise,
    where,
)

line = ARBITRARY
n, i, k = nat("n"), nat("i"), nat("k")
t, u, c = real("t"), real("u"), real("c")
w, l, X = function("w", "N"), function("l", "N"), function("X", "N")

define(
    "assumption",
    "setting.policy",
    "A policy along a line",
    POLICY,
    RUN,
    provenance="paper",
    claim=app("imp", line.policy, unfold(line.policy, frozenset({"policy"}))),
    words="Probabilities that sum to one, twice differentiable along the line, "
    "a binary reward, at least one correct and one incorrect response.",
    module=__name__,
)


define(
    "assumption",
    "setting.run",
    "A run of steps",
    RUN,
    provenance="paper",
    claim=app("imp", ARBITRARY_RUN.run, unfold(ARBITRARY_RUN.run, frozenset({"run"}))),
    words="Step k moves along its own line from 0 to eta(k), and starts where the step before "
    "ended.",
    module=__name__,
)


def each_weight(binary: Theorem, side: str) -> Theorem:
    """``for all i < n, 0 <= weight(i) * exp(lp(t, i))`` from the reward being binary."""
    inside = assume(lt(i, n))
    weight = beta(line.weights(side), [i]) * exp(line.log_policy(t, i))
    split = apply(binary, inside, at=[i])
    sign = by_cases(split, *([lambda case: have(le(0, weight), case)] * 2))
    return intro(sign, i, inside.conclusion)


def positive_mass(setting: Setting, side: str) -> Theorem:
    """The probability of the correct (or incorrect) responses is positive."""
    exists_one = setting.correct if side == "+" else setting.incorrect

    def use(chosen: Theorem) -> Theorem:
        weight = lam(i, beta(line.weights(side), [i]) * exp(line.log_policy(t, i)))
        rule = where(sums.positive(), f=weight, n=n, k=k)
        at_k = have(lt(0, beta(weight, [k])), part(chosen, 1))
        return discharge(rule, each_weight(setting.binary, side), part(chosen, 0), at_k)

    return obtain(exists_one, [k], use)


@state(
    "lemma",
    "setting.success-rate",
    "The success rate lies strictly between 0 and 1",
    provenance="classical",
    given=[line.policy],
    claim=forall(
        t,
        both(
            lt(0, line.success(t)),
            lt(line.success(t), 1),
            eq(line.mass("-", t), 1 - line.success(t)),
        ),
    ),
)
def success_rate(proof: Proof) -> Theorem:
    setting = Setting.of(proof.given[0])
    normal = apply(setting.normalised, at=[t])
    correct = proof.have(
        lt(0, line.success(t)),
        positive_mass(setting, "+"),
        unfold=NAMES,
        why="some response is correct, and every probability is positive",
    )
    incorrect = proof.have(
        lt(0, line.mass("-", t)),
        positive_mass(setting, "-"),
        unfold=NAMES,
        why="some response is incorrect",
    )
    sides = proof.have(
        eq(line.mass("-", t), 1 - line.success(t)),
        normal,
        unfold=NAMES,
        why="the probabilities sum to one",
    )
    below = proof.have(lt(line.success(t), 1), incorrect, sides, why="put the last two together")
    everything = have(
        both(correct.conclusion, below.conclusion, sides.conclusion), correct, below, sides
    )
    return intro(everything, t)


@state(
    "lemma",
    "setting.mean-score",
    "The score has mean zero",
    provenance="classical",
    given=[line.policy],
    claim=forall(t, eq(total(n, i, exp(line.log_policy(t, i)) * line.score(t, i)), 0)),
)
def mean_score(proof: Proof) -> Theorem:
    setting = Setting.of(proof.given[0])
    probability = total(n, i, exp(line.log_policy(u, i)))
    weighted = total(n, i, exp(line.log_policy(t, i)) * line.score(t, i))
    moving = proof.note(
        differentiate(u, probability, t, setting.score, value=weighted),
        "differentiate the sum of the probabilities term by term",
    )
    still = proof.note(constant_derivative(setting.normalised, probability), "that sum is constant")
    return intro(unique(moving, still), t)


def constant_derivative(constant: Theorem, body: Term) -> Theorem:
    """From ``for all t, body(t) = 1``: body has derivative 0 at t."""
    flat = instance("derivative.constant", c=num(1), t=t)
    near = have(eq(1, body), apply(constant, at=[u]))
    rule = instance("derivative.local", f=lam(u, num(1)), g=lam(u, body), t=t, x=num(0), d=num(1))
    return apply(rule, intro(near, u, lt(t - 1, u), lt(u, t + 1)), flat)


def unique(first: Theorem, second: Theorem) -> Theorem:
    """Two derivatives of one function at one point are equal."""
    function_, at, x = first.conclusion.args
    y = second.conclusion.args[2]
    return apply(instance("derivative.unique", f=function_, t=at, x=x, y=y), first, second)


@state(
    "lemma",
    "setting.mean-bounds",
    "A conditional mean lies below any bound",
    provenance="classical",
    given=[
        forall(i, lt(i, n), le(0, w(i))),
        lt(0, MASS(n, lam(i, w(i)), lam(i, l(i)))),
        forall(i, lt(i, n), le(X(i), c)),
    ],
    claim=le(MEAN(n, lam(i, w(i)), lam(i, l(i)), lam(i, X(i))), c),
)
def mean_bounds(proof: Proof) -> Theorem:
    weights, mass, bound = proof.given
    inside = assume(lt(i, n))
    weighted = have(
        le(w(i) * exp(l(i)) * X(i), w(i) * exp(l(i)) * c),
        apply(weights, inside, at=[i]),
        apply(bound, inside, at=[i]),
    )
    proof.note(weighted, "weigh the bound with the probability of the response")
    rule = where(
        sums.monotone(), f=lam(i, w(i) * exp(l(i)) * X(i)), g=lam(i, w(i) * exp(l(i)) * c), n=n
    )
    summed = discharge(rule, intro(weighted, i, inside.conclusion))
    proof.note(summed, "sum over the responses")
    return proof.have(
        proof.statement.conclusion, summed, mass, unfold=NAMES, why="divide by the total weight"
    )


@state(
    "lemma",
    "setting.mean-within",
    "A conditional mean is bounded like its variable",
    provenance="classical",
    given=[
        forall(i, lt(i, n), le(0, w(i))),
        lt(0, MASS(n, lam(i, w(i)), lam(i, l(i)))),
        forall(i, lt(i, n), WITHIN(X(i), c)),
    ],
    claim=WITHIN(MEAN(n, lam(i, w(i)), lam(i, l(i)), lam(i, X(i))), c),
)
def mean_within(proof: Proof) -> Theorem:
    inside = assume(lt(i, n))
    bound = apply(proof.given[2], inside, at=[i])
    means = []
    for value in (X(i), -X(i)):
        each = intro(have(le(value, c), bound), i, inside.conclusion)
        means.append(
            proof.note(
                proof.use("setting.mean-bounds", each, X=lam(i, value), c=c), "bound one side"
            )
        )
    return proof.have(
        proof.statement.conclusion, *means, proof.given[1], unfold=NAMES, why="put them together"
    )


@state(
    "lemma",
    "setting.variance-sign",
    "A variance is non-negative",
    provenance="classical",
    given=[
        forall(i, lt(i, n), le(0, w(i))),
        lt(0, MASS(n, lam(i, w(i)), lam(i, l(i)))),
    ],
    claim=le(0, VARIANCE(n, lam(i, w(i)), lam(i, l(i)), lam(i, X(i)))),
)
def variance_sign(proof: Proof) -> Theorem:
    mean = MEAN(n, lam(i, w(i)), lam(i, l(i)), lam(i, X(i)))
    inside, m = assume(lt(i, n)), real("m")
    square = intro(have(le(-((X(i) - m) ** 2), 0)), i, inside.conclusion)
    negative = proof.use("setting.mean-bounds", square, X=lam(i, -((X(i) - m) ** 2)), c=num(0))
    proof.note(where(negative, m=mean), "minus a square is at most zero")
    return proof.have(
        proof.statement.conclusion, where(negative, m=mean), proof.given[1], unfold=NAMES,
        why="the mean of a square is non-negative",
    )  # fmt: skip


@state(
    "lemma",
    "setting.variance-bounds",
    "A variance is non-negative and at most the square of the bound",
    provenance="classical",
    given=[
        forall(i, lt(i, n), le(0, w(i))),
        lt(0, MASS(n, lam(i, w(i)), lam(i, l(i)))),
        forall(i, lt(i, n), WITHIN(X(i), c)),
    ],
    claim=both(
        le(0, VARIANCE(n, lam(i, w(i)), lam(i, l(i)), lam(i, X(i)))),
        le(
            VARIANCE(n, lam(i, w(i)), lam(i, l(i)), lam(i, X(i)))
            + MEAN(n, lam(i, w(i)), lam(i, l(i)), lam(i, X(i))) ** 2,
            c**2,
        ),
    ),
)
def variance_bounds(proof: Proof) -> Theorem:
    inside = assume(lt(i, n))
    low = proof.note(proof.use("setting.variance-sign"), "the mean of a square is non-negative")
    bound = apply(proof.given[2], inside, at=[i])
    each = intro(have(le(X(i) ** 2, c**2), bound), i, inside.conclusion)
    moment = proof.note(
        proof.use("setting.mean-bounds", each, X=lam(i, X(i) ** 2), c=c**2),
        "the second moment is at most the square of the bound",
    )
    high = proof.have(
        proof.statement.conclusion.args[1], moment, proof.given[1], unfold=NAMES,
        why="the second moment is the variance plus the squared mean",
    )  # fmt: skip
    return conjunction(low, high)


def log_odds_of(p: Term) -> Term:
    """log(p/(1 - p))."""
    return log(p / (1 - p))


p, q = real("p"), real("q")
_RATES = [lt(0, p), lt(p, 1), lt(0, q), lt(q, 1)]


def odds(rate: Term, *known: Theorem) -> Theorem:
    """``exp(log(p/(1 - p))) = p/(1 - p)`` for 0 < p < 1."""
    return apply(instance("exp.log", x=rate / (1 - rate)), have(lt(0, rate / (1 - rate)), *known))


@state(
    "lemma",
    "setting.log-odds-order",
    "The log-odds order success rates",
    provenance="classical",
    given=_RATES,
    claim=both(
        implies(lt(log_odds_of(p), log_odds_of(q)), lt(p, q)),
        implies(le(log_odds_of(p), log_odds_of(q)), le(p, q)),
        implies(le(p, q), le(log_odds_of(p), log_odds_of(q))),
    ),
)
def log_odds_order(proof: Proof) -> Theorem:
    first, second = odds(p, *proof.given), odds(q, *proof.given)
    strict, weak = (
        assume(lt(log_odds_of(p), log_odds_of(q))),
        assume(le(log_odds_of(p), log_odds_of(q))),
    )
    known = (first, second, *proof.given)
    grows = discharge(where(calculus.exp_increasing(), a=log_odds_of(p), b=log_odds_of(q)), strict)
    one = proof.have(lt(p, q), grows, *known, why="exponentiate: p/(1 - p) < q/(1 - q)")
    rises = discharge(where(calculus.exp_monotone(), a=log_odds_of(p), b=log_odds_of(q)), weak)
    two = proof.have(le(p, q), rises, *known, why="likewise for the weak inequality")
    below = assume(le(p, q))

    def backwards(case: Theorem) -> Theorem:
        falls = discharge(
            where(calculus.exp_increasing(), a=log_odds_of(q), b=log_odds_of(p)), case
        )
        return have(weak.conclusion, falls, below, *known)

    three = proof.note(
        by_cases(order(log_odds_of(p), log_odds_of(q)), lambda case: case, backwards),
        "otherwise the first part, with p and q exchanged, contradicts it",
    )
    return conjunction(
        intro(one, (), strict.conclusion),
        intro(two, (), weak.conclusion),
        intro(three, (), below.conclusion),
    )


@state(
    "lemma",
    "setting.rate",
    "From a gain in log-odds to the success rate",
    provenance="classical",
    given=_RATES,
    claim=both(
        implies(le(c, log_odds_of(q) - log_odds_of(p)), le(p / (p + (1 - p) * exp(-c)), q)),
        implies(le(log_odds_of(q) - log_odds_of(p), c), le(q, p / (p + (1 - p) * exp(-c)))),
    ),
)
def rate(proof: Proof) -> Theorem:
    first, second = odds(p, *proof.given), odds(q, *proof.given)
    joined = instance("exp.sum", x=log_odds_of(q), y=-c)
    positive = instance("exp.positive", x=-c)
    denominator = have(lt(0, p + (1 - p) * exp(-c)), positive, *proof.given)
    results = []
    for goal in (proof.statement.conclusion.args[0], proof.statement.conclusion.args[1]):
        gain, conclusion = assume(goal.args[0]), goal.args[1]
        sides = [log_odds_of(p), log_odds_of(q) - c]
        if gain.conclusion.args[0] != c:
            sides.reverse()
        rises = discharge(
            where(calculus.exp_monotone(), a=sides[0], b=sides[1]),
            have(le(sides[0], sides[1]), gain),
        )
        shifted = have(eq(exp(log_odds_of(q) - c), q / (1 - q) * exp(-c)), joined, second,
                       *proof.given)  # fmt: skip
        ordered = proof.have(
            le(*(p / (1 - p) if s == log_odds_of(p) else q / (1 - q) * exp(-c) for s in sides)),
            rises, shifted, first, *proof.given,
            why="exponentiate the gain",
        )  # fmt: skip
        made = proof.have(
            conclusion, ordered, positive, denominator, *proof.given, why="solve for the rate"
        )
        results.append(intro(made, (), gain.conclusion))
    return conjunction(*results)


# Limits, by explicit bounds ---------------------------------------------------------------------

_rates, _progress = function("J", "N"), function("M", "N")
_K, _N = nat("K"), nat("N")
_eps, _B, _a, _c = real("epsilon"), real("B"), real("a"), real("c")

DIVERGES = Definition(
    "diverges",
    lam(_progress, forall(_B, exists(_N, forall(_K, le(_N, _K), le(_B, _progress(_K)))))),
)
"""``diverges(M)``: M(K) tends to infinity."""

CONVERGES = Definition(
    "converges",
    lam(
        (_progress, _c),
        forall(
            _eps,
            lt(0, _eps),
            exists(_N, forall(_K, le(_N, _K), WITHIN(_progress(_K) - _c, _eps))),
        ),
    ),
)
"""``converges(f, c)``: f(K) tends to c."""

define(
    "definition",
    "setting.limits",
    "Limits of sequences",
    DIVERGES,
    CONVERGES,
    provenance="classical",
    claim=app(
        "imp",
        both(DIVERGES(lam(_K, _progress(_K))), CONVERGES(lam(_K, _progress(_K)), _c)),
        both(
            unfold(DIVERGES(lam(_K, _progress(_K))), frozenset({"diverges"})),
            unfold(CONVERGES(lam(_K, _progress(_K)), _c), frozenset({"converges"})),
        ),
    ),
    module=__name__,
)

_BETWEEN = forall(_K, both(lt(0, _rates(_K)), lt(_rates(_K), 1)))


def _gain(at: Term) -> Term:
    return log_odds_of(_rates(at)) - log_odds_of(_rates(num(0)))


@state(
    "lemma",
    "setting.rate-to-one",
    "Diverging progress drives the success rate to one",
    provenance="reconstructed",
    given=[
        _BETWEEN,
        lt(0, _a),
        forall(_K, le(_a * _progress(_K), _gain(_K))),
        DIVERGES(lam(_K, _progress(_K))),
    ],
    claim=CONVERGES(lam(_K, _rates(_K)), num(1)),
)
def rate_to_one(proof: Proof) -> Theorem:
    between, factor, gains, diverges = proof.given
    opened = fold(diverges, unfold(diverges.conclusion, frozenset({"diverges"})))
    small = assume(lt(0, _eps))
    start, now = apply(between, at=[num(0)]), apply(between, at=[_K])
    first = odds(_rates(num(0)), start)
    second = odds(_rates(_K), now)
    initial = _rates(num(0)) / (1 - _rates(num(0)))
    far = specialise(opened, 1 / (_eps * initial) / _a)
    goal = beta(unfold(proof.statement.conclusion, frozenset({"converges"})).args[0], [_eps])
    wanted = goal.args[1]

    def late(bound: Theorem) -> Theorem:
        after = assume(le(_N, _K))
        progress = apply(bound, after, at=[_K])
        tangent = where(calculus.exp_tangent(), x=_gain(_K))
        joined = instance("exp.sum", x=_gain(_K), y=log_odds_of(_rates(num(0))))
        whole = have(eq(_gain(_K) + log_odds_of(_rates(num(0))), log_odds_of(_rates(_K))))
        product = have(
            eq(_rates(_K) / (1 - _rates(_K)), exp(_gain(_K)) * initial),
            rewrite(joined, whole), first, second, start, now,
        )  # fmt: skip
        positive = have(lt(0, initial), start)
        gain = have(
            le(1 / (_eps * initial), _gain(_K)), progress, apply(gains, at=[_K]), factor,
            small, positive, start,
        )  # fmt: skip
        large = have(le(1 + 1 / (_eps * initial), exp(_gain(_K))), gain, tangent)
        ratio = have(
            le(1 / _eps, _rates(_K) / (1 - _rates(_K))), product, large, positive, small, start, now
        )
        proof.note(ratio, "exp(x) >= 1 + x makes the odds at least 1/epsilon")
        near = have(WITHIN(_rates(_K) - 1, _eps), ratio, small, now)
        return infer("witness", intro(near, _K, after.conclusion), formula=wanted, terms=(_N,))

    return intro(obtain(far, [_N], late), _eps, small.conclusion)


@state(
    "lemma",
    "setting.progress-diverges",
    "A success rate that tends to one needs diverging progress",
    provenance="reconstructed",
    given=[
        _BETWEEN,
        lt(0, _c),
        forall(_K, le(_gain(_K), _c * _progress(_K))),
        CONVERGES(lam(_K, _rates(_K)), num(1)),
    ],
    claim=DIVERGES(lam(_K, _progress(_K))),
)
def progress_diverges(proof: Proof) -> Theorem:
    between, factor, gains, converges = proof.given
    opened = fold(converges, unfold(converges.conclusion, frozenset({"converges"})))
    now = apply(between, at=[_K])
    second = odds(_rates(_K), now)
    bound = exp(log_odds_of(_rates(num(0))) + _c * _B)
    epsilon = 1 / (2 * (1 + bound))
    near = apply(opened, have(lt(0, epsilon)), at=[epsilon])
    goal = beta(unfold(proof.statement.conclusion, frozenset({"diverges"})).args[0], [_B])

    def late(close: Theorem) -> Theorem:
        after = assume(le(_N, _K))
        there = apply(close, after, at=[_K])

        def too_small(case: Theorem) -> Theorem:
            limit = have(
                le(log_odds_of(_rates(_K)), log_odds_of(_rates(num(0))) + _c * _B),
                case, apply(gains, at=[_K]), factor,
            )  # fmt: skip
            grown = discharge(
                where(
                    calculus.exp_monotone(),
                    a=log_odds_of(_rates(_K)),
                    b=log_odds_of(_rates(num(0))) + _c * _B,
                ),
                limit,
            )
            odds_ = have(le(_rates(_K) / (1 - _rates(_K)), bound), grown, second)
            rate_ = have(le(1 / (1 + bound), 1 - _rates(_K)), odds_, now)
            return have(le(_B, _progress(_K)), rate_, there)

        done = by_cases(order(_B, _progress(_K)), lambda case: case, too_small)
        proof.note(done, "a smaller M(K) would keep the odds bounded")
        return infer("witness", intro(done, _K, after.conclusion), formula=goal, terms=(_N,))

    return intro(obtain(near, [_N], late), _B)
