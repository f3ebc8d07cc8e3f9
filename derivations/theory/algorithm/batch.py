"""Section 4: updates estimated from a batch of samples.

The batch is drawn from finitely many outcomes o < m with probabilities P(o).  X(a, o, .) is the
update that sample a < N proposes, a vector in R^d; the update made is their mean.  With every
outcome the policy moves along its own line, so the lines carry the index o.
"""

from __future__ import annotations

from derivations import sums
from derivations.expectation import ARBITRARY_RUN, Line
from derivations.kernel.terms import (
    Definition,
    Term,
    beta,
    both,
    eq,
    forall,
    function,
    implies,
    lam,
    le,
    lt,
    nat,
    ne,
    num,
    real,
    total,
)
from derivations.kernel.theorem import Theorem, infer
from derivations.library import Proof, state
from derivations.tactics import (
    apply,
    assume,
    conjunction,
    discharge,
    have,
    induct,
    intro,
    part,
    specialise,
    symmetric,
    where,
)
from derivations.theory.algorithm.rates import along
from derivations.theory.gap import GAP
from derivations.theory.trajectory.one_step import KAPPA, ZERO, G, L
from derivations.vectors import PRODUCTS, at, length, length_facts, pair, square, square_sign

o, m, a, b, N, d, j, i, n = (nat(name) for name in ("o", "m", "a", "b", "N", "d", "j", "i", "n"))
alpha, c, v = real("alpha"), real("c"), real("v")
P, X, S = function("P", "N"), function("X", "N", "N", "N"), function("S", "N", "N")
gamma = function("gamma", "N")

outcomes = ARBITRARY_RUN
"""The line that the policy follows when the outcome is o, for every o."""

MEAN_UPDATE = lam(j, c * gamma(j))
GAMMA = lam(j, gamma(j))


def expected(body: Term) -> Term:
    """The expectation of a function of the outcome o."""
    return total(m, o, P(o) * body)


def deviation(sample: Term) -> Term:
    """What a sample proposes, less the expected update."""
    return lam(j, X(sample, o, j) - c * gamma(j))


AVERAGE = Definition("average", lam((N, X, o, j), total(N, a, X(a, o, j)) / N))
"""``average(N, X, o, j)``: coordinate j of the mean of the N samples X(a, o, .)."""

SUMS = (*PRODUCTS, "average")
"""The definitions to unfold for arithmetic with the updates."""


def update(outcome: Term) -> Term:
    """The mean of the samples."""
    return lam(j, AVERAGE(N, lam((a, o, j), X(a, o, j)), outcome, j))


PROBABILITIES = [forall(o, lt(o, m), le(0, P(o))), eq(total(m, o, P(o)), 1)]

SAMPLES = [
    lt(0, N),
    forall((a, j), lt(a, N), lt(j, d), eq(expected(X(a, o, j)), c * gamma(j))),
    forall(a, lt(a, N), eq(expected(square(deviation(a))), v)),
    forall(
        (a, b), lt(a, N), lt(b, N), ne(a, b), eq(expected(pair(deviation(a), deviation(b))), 0)
    ),
]  # fmt: skip
"""N samples: unbiased, of variance v, and uncorrelated."""


@state(
    "lemma",
    "algorithm.batch-moments",
    "Mean and variance of a batch",
    provenance="classical",
    given=[*PROBABILITIES, *SAMPLES],
    claim=both(
        eq(expected(pair(GAMMA, update(o))), c * square(GAMMA)),
        eq(expected(square(update(o))), c**2 * square(GAMMA) + v / N),
    ),
    words="$N$ unbiased samples of variance $v$, uncorrelated as independent ones are: their mean "
    "has the variance $v/N$.",
)
def batch_moments(proof: Proof) -> Theorem:
    means = proof.note(expected_sum(proof), "the mean of a sum of samples")
    spread = proof.note(expected_square(proof), "uncorrelated: the variances add up")
    rule = where(
        sums.exchange(), n=d, m=m, a=lam(j, gamma(j)), b=lam(o, P(o)),
        F=lam((j, o), total(N, a, X(a, o, j))),
    )  # fmt: skip
    each = apply(means, assume(lt(j, d)), at=[j])
    weighted = lam(j, gamma(j) * each.conclusion.args[0]), lam(j, gamma(j) * (N * (c * gamma(j))))
    same = have(eq(*(beta(f, [j]) for f in weighted)), each)
    congruent = where(
        sums.congruent(), {function("f", "N"): weighted[0], function("g", "N"): weighted[1]}, n=d
    )
    summed = discharge(congruent, intro(same, j, lt(j, d)))
    first = proof.have(
        proof.statement.conclusion.args[0], rule, summed, proof.given[2], unfold=SUMS,
        why="the mean is linear",
    )  # fmt: skip
    second = proof.have(
        proof.statement.conclusion.args[1], spread, first, proof.given[1], proof.given[2],
        unfold=SUMS, why="the second moment is the variance plus the squared mean",
    )  # fmt: skip
    return conjunction(first, second)


def expected_sum(proof: Proof) -> Theorem:
    """``for all j < d: E[X_0(j) + ... + X_{N-1}(j)] = N c gamma(j)``."""
    inside = assume(lt(j, d))

    def claim(count: Term) -> Term:
        value = expected(total(count, a, X(a, o, j)))
        return implies(le(count, N), eq(value, count * (c * gamma(j))))

    def another(hypothesis: Theorem) -> Theorem:
        room = assume(le(n + 1, N))
        before = apply(hypothesis, have(le(n, N), room))
        one = apply(proof.given[3], have(lt(n, N), room), inside, at=[n, j])
        return intro(have(claim(n + 1).args[1], before, one), (), room.conclusion)

    made = induct(n, claim(n), intro(have(claim(num(0)).args[1]), (), le(num(0), N)), another)
    return intro(apply(made, have(le(N, N)), at=[N]), j, inside.conclusion)


def deviations(count: Term) -> Term:
    """The sum of the first deviations."""
    return lam(j, total(count, a, X(a, o, j) - c * gamma(j)))


def expected_square(proof: Proof) -> Theorem:
    """The expected squared length of the sum of all deviations is N v."""

    def crossed(count: Term) -> Term:
        value = expected(pair(deviations(count), deviation(b)))
        return implies(le(count, b), lt(b, N), eq(value, 0))

    def apart(hypothesis: Theorem) -> Theorem:
        room, last = assume(le(n + 1, b)), assume(lt(b, N))
        before = apply(hypothesis, have(le(n, b), room), last)
        one = apply(
            proof.given[5], have(lt(n, N), room, last), last, have(ne(n, b), room), at=[n, b]
        )
        made = have(crossed(n + 1).args[1].args[1], before, one, unfold=PRODUCTS)
        return intro(made, (), room.conclusion, last.conclusion)

    base = have(crossed(num(0)).args[1].args[1], unfold=PRODUCTS)
    none = induct(n, crossed(n), intro(base, (), le(num(0), b), lt(b, N)), apart)

    def squared(count: Term) -> Term:
        return implies(le(count, N), eq(expected(square(deviations(count))), count * v))

    def together(hypothesis: Theorem) -> Theorem:
        room = assume(le(n + 1, N))
        short = have(lt(n, N), room)
        before = apply(hypothesis, have(le(n, N), room))
        product = apply(where(specialise(none, n), {b: n}), have(le(n, n)), short)
        one = apply(proof.given[4], short, at=[n])
        made = have(squared(n + 1).args[1], before, product, one, unfold=PRODUCTS)
        return intro(made, (), room.conclusion)

    start = have(squared(num(0)).args[1], unfold=PRODUCTS)
    made = induct(n, squared(n), intro(start, (), le(num(0), N)), together)
    return apply(made, have(le(N, N)), at=[N])


# The best learning rate, and the critical batch size ----------------------------------------------

D, K, B, y = real("D"), real("K"), real("B"), real("y")


def guaranteed(rate: Term, gap: Term, curvature: Term, size: Term) -> Term:
    """The expected gain that a learning rate guarantees; `gap` is the squared length of gamma."""
    return rate * c * gap - curvature * rate**2 * (c**2 * gap + v / size) / 2


def noise(gap: Term) -> Term:
    """The critical batch size: the variance over the squared length of the expected update."""
    return v / (c**2 * gap)


def best_rate(gap: Term, curvature: Term, size: Term) -> Term:
    """The learning rate with the largest guaranteed gain."""
    return size / (c * curvature * (size + noise(gap)))


def best_gain(gap: Term, curvature: Term, size: Term) -> Term:
    """That gain."""
    return gap / (2 * curvature) * (size / (size + noise(gap)))


@state(
    "proposition",
    "algorithm.critical-batch",
    "The best learning rate for a batch, and the critical batch size",
    provenance="classical",
    given=[D > 0, K > 0, c > 0, v >= 0],
    claim=both(
        forall((alpha, y), y > 0, le(guaranteed(alpha, D, K, y), best_gain(D, K, y))),
        forall(
            y, y > 0,
            eq(beta(lam(alpha, guaranteed(alpha, D, K, y)), [best_rate(D, K, y)]),
               best_gain(D, K, y)),
        ),
        forall(y, y > 0, y >= noise(D), best_gain(D, K, y) >= D / (4 * K)),
        forall(y, y > 0, y < noise(D), best_gain(D, K, y) < D / (4 * K)),
    ),
    words="$D$ is the squared length of the Gradient Gap, $y$ the number of samples and $v$ the "
    "variance of one. Without noise the largest gain is $D/(2K)$; the critical batch size "
    "$v/(c^2 D)$ is the smallest that keeps half of it (McCandlish et al., arXiv:1812.06162).",
)  # fmt: skip
def critical_batch(proof: Proof) -> Theorem:
    from derivations.search.derive import best_step, derive

    given = proof.statement.hypotheses
    top = best_step(guaranteed(alpha, D, K, y), "alpha", [*given, y > 0])
    u = real("u")  # one over the batch size
    kept = D / (2 * K) / (1 + u * noise(D)) >= D / (4 * K)
    least = derive(kept, [u > 0, *given[:3], v > 0], "u")
    size = assume(y > 0)
    critical = have(noise(D) >= 0, *proof.given)
    known = [size, critical, *proof.given]
    # The closed forms are those that were derived, or the proof fails here.
    have(eq(top.value, best_rate(D, K, y)), *known)
    have(eq(1 / least.value, noise(D)), assume(v > 0), *known)
    gain = have(eq(top.gain, best_gain(D, K, y)), *known)
    bound = proof.note(
        have(le(guaranteed(alpha, D, K, y), best_gain(D, K, y)), top.theorem, gain),
        "complete the square",
    )
    there = beta(lam(alpha, guaranteed(alpha, D, K, y)), [best_rate(D, K, y)])
    equal = proof.have(
        eq(there, best_gain(D, K, y)), *known, why="attained there"
    )
    enough = assume(y >= noise(D))
    half = proof.have(
        best_gain(D, K, y) >= D / (4 * K), enough, *known,
        why="solve for the batch size at which half of it is left",
    )  # fmt: skip
    few = assume(y < noise(D))
    less = proof.have(
        best_gain(D, K, y) < D / (4 * K), few, *known, why="and a smaller batch loses more"
    )
    return conjunction(
        intro(bound, (alpha, y), size.conclusion),
        intro(equal, y, size.conclusion),
        intro(half, y, size.conclusion, enough.conclusion),
        intro(less, y, size.conclusion, few.conclusion),
    )


# The expected gain -------------------------------------------------------------------------------


def line_of(outcome: Term) -> Line:
    """The line of an outcome."""
    return outcomes.at(outcome)


def step_of(outcome: Term) -> Term:
    """The size of its step."""
    return alpha * length(update(outcome))


def gain_of(outcome: Term) -> Term:
    """What the log-odds gain."""
    followed = line_of(outcome)
    return followed.log_odds(step_of(outcome)) - followed.log_odds(0)


def gap_of(outcome: Term) -> Term:
    """Coordinate j of the Gradient Gap where the line of an outcome starts."""
    followed = line_of(outcome)
    return GAP(n, followed.weights("+"), followed.logs(0), lam((i, j), S(i, j)), j)


_WHOLE = square(GAMMA)

LINES = [
    forall(o, lt(o, m), line_of(o).policy),
    forall(o, lt(o, m), line_of(o).regular(G, L, 0, step_of(o))),
    forall(o, lt(o, m), along(line_of(o), update(o))),
    forall((o, j), lt(o, m), lt(j, d), eq(gap_of(o), gamma(j))),
]
"""With every outcome the policy follows the update, and gamma is the Gradient Gap it starts at."""


@state(
    "theorem",
    "algorithm.batch",
    "The expected gain of a batch",
    provenance="extension",
    given=[
        *PROBABILITIES, *SAMPLES, *LINES, lt(0, L), le(0, alpha), lt(0, c), lt(0, _WHOLE),
    ],
    claim=both(
        le(guaranteed(alpha, _WHOLE, KAPPA, N), expected(gain_of(o))),
        le(guaranteed(alpha, _WHOLE, KAPPA, N), best_gain(_WHOLE, KAPPA, N)),
        implies(
            eq(alpha, best_rate(_WHOLE, KAPPA, N)),
            le(best_gain(_WHOLE, KAPPA, N), expected(gain_of(o))),
        ),
    ),
    words="The batch has finitely many outcomes $o < m$ with probabilities $P(o)$; sample $a$ "
    "proposes the update $X(a,o,\\cdot)$, and the update made is the mean of $N$ of them. A "
    "sample is a response, for GRPO a group; $v$ is its variance. $v/(c^2\\lvert\\gamma\\rvert^2)$ "
    "is the critical batch size.",
)  # fmt: skip
def batch(proof: Proof) -> Theorem:
    moments = proof.use("algorithm.batch-moments")
    proof.note(moments, "the update is unbiased, of variance v/N")
    inside = assume(lt(o, m))
    one = proof.note(outcome_gain(proof, inside), "one step for every outcome")
    weighted = P(o) * one.conclusion.args[0], P(o) * one.conclusion.args[1]
    scaled = have(le(*weighted), one, apply(proof.given[0], inside, at=[o]))
    rule = where(
        sums.monotone(),
        {function("f", "N"): lam(o, weighted[0]), function("g", "N"): lam(o, weighted[1])}, n=m,
    )  # fmt: skip
    summed = discharge(rule, intro(scaled, o, inside.conclusion))
    low = linear(summed.conclusion.args[0])
    bound = proof.have(
        proof.statement.conclusion.args[0], summed, low, moments,
        why="take the expectation over the outcomes",
    )  # fmt: skip
    sizes = [have(KAPPA > 0, *proof.given), have(N > 0, proof.given[2]),
             variance_sign(proof), have(_WHOLE > 0, proof.given[13]),
             have(c > 0, proof.given[12])]  # fmt: skip
    best = proof.use("algorithm.critical-batch", *sizes, D=_WHOLE, K=KAPPA)
    most = apply(part(best, 0), sizes[1], at=[alpha, N])
    there = apply(part(best, 1, 0), sizes[1], at=[N])
    chosen = assume(eq(alpha, best_rate(_WHOLE, KAPPA, N)))
    hole = real("hole")
    template = lam(
        hole, eq(guaranteed(hole, _WHOLE, KAPPA, N), best_gain(_WHOLE, KAPPA, N))
    )
    same = infer("rewrite", symmetric(chosen), there, template=template)
    attained = have(le(best_gain(_WHOLE, KAPPA, N), expected(gain_of(o))), same, bound)
    return conjunction(bound, most, intro(attained, (), chosen.conclusion))


def outcome_gain(proof: Proof, inside: Theorem) -> Theorem:
    """eta <gamma, g> - kappa alpha**2 |g|**2/2 <= the gain, for one outcome."""
    policy, regular, follows = (apply(f, inside, at=[o]) for f in proof.given[6:9])
    followed, vector_ = line_of(o), update(o)
    size = at(length_facts(), vector_)
    mapping = followed.substitution()
    step = proof.use(
        "trajectory.descent", policy, regular, have(le(0, step_of(o)), proof.given[11], size),
        mapping={**mapping, real("eta"): step_of(o)},
    )  # fmt: skip
    direction = part(
        proof.use(
            "algorithm.direction", follows, mapping={**mapping, function("v", "N"): vector_}
        ), 0,
    )  # fmt: skip
    coordinate = assume(lt(j, d))
    same = apply(proof.given[9], inside, coordinate, at=[o, j])
    terms = [lam(j, beta(vector_, [j]) * other) for other in (gap_of(o), gamma(j))]
    each = have(eq(*(beta(f, [j]) for f in terms)), same)
    rule = where(
        sums.congruent(), {function("f", "N"): terms[0], function("g", "N"): terms[1]}, n=d
    )
    gaps = discharge(rule, intro(each, j, coordinate.conclusion))
    aligned = have(
        eq(length(vector_) * followed.alignment(0), pair(GAMMA, vector_)), direction, gaps,
        unfold=("inner",),
    )  # fmt: skip
    return have(
        le(alpha * pair(GAMMA, vector_) - KAPPA * alpha**2 * square(vector_) / 2, gain_of(o)),
        step, aligned, size,
    )  # fmt: skip


def linear(summed: Term) -> Theorem:
    """The expectation of the quadratic bound, term by term."""
    aligned, spread = expected(pair(GAMMA, update(o))), expected(square(update(o)))
    return have(eq(summed, alpha * aligned - KAPPA * alpha**2 * spread / 2))


def variance_sign(proof: Proof) -> Theorem:
    """0 <= v."""
    first = have(lt(ZERO, N), proof.given[2])
    inside = assume(lt(o, m))
    sign = at(square_sign(), deviation(ZERO))
    each = have(
        le(0, P(o) * square(deviation(ZERO))), sign, apply(proof.given[0], inside, at=[o])
    )
    rule = where(
        sums.monotone(),
        {function("f", "N"): lam(o, ZERO), function("g", "N"): lam(o, each.conclusion.args[1])},
        n=m,
    )
    summed = discharge(rule, intro(each, o, inside.conclusion))
    value = apply(proof.given[4], first, at=[ZERO])
    return have(v >= 0, summed, value)
