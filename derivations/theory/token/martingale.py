"""The score of a response is a martingale in its tokens; what that and padding give at once."""

from __future__ import annotations

from derivations import sums
from derivations.expectation import MEAN, NAMES, WITHIN, Setting
from derivations.kernel.terms import (
    Definition,
    Term,
    app,
    both,
    eq,
    exp,
    forall,
    implies,
    lam,
    le,
    lt,
    minimum,
    num,
    real,
    total,
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
    induct,
    instance,
    intro,
    part,
    where,
)
from derivations.theory.setting import unique
from derivations.theory.token.prefixes import (
    DRAWN,
    GIVEN,
    HESSIANS,
    MEASURABLE,
    SCORES,
    Drawn,
    Equivalence,
    T,
    T_max,
    agree,
    carried,
    h_tok,
    i,
    j,
    k,
    line,
    m,
    n,
    prefix_sum,
    s_tok,
    same,
    t,
    u,
)
from derivations.theory.trajectory.one_step import closing, inside_step, on_step

G_p, L_p, eta = real("G_p"), real("L_p"), real("eta")
a, b = real("a"), real("b")
J, Dmu, ell, ell2 = line.success, line.alignment, line.log_odds, line.curvature

LENGTH = lam(i, T(i))
"""The length of the response, as a random variable."""

TOKEN_SMOOTH = Definition(
    "token_smooth",
    lam(
        (n, T_max, h_tok, L_p, a, b),
        forall(
            (k, t, i), le(a, t), le(t, b), lt(i, n), lt(k, T_max), WITHIN(h_tok(k, t, i), L_p)
        ),
    ),
)
"""``token_smooth(n, T_max, h_tok, L, a, b)``: |h_tok| <= L for every token on [a, b]."""

TOKEN_REGULAR = Definition(
    "token_regular",
    lam(
        (n, T_max, s_tok, h_tok, G_p, L_p, a, b),
        both(
            forall(
                (k, t, i), le(a, t), le(t, b), lt(i, n), lt(k, T_max), WITHIN(s_tok(k, t, i), G_p)
            ),
            TOKEN_SMOOTH(n, T_max, h_tok, L_p, a, b),
        ),
    ),
)
"""``token_regular(n, T_max, s_tok, h_tok, G, L, a, b)``: |s_tok| <= G and |h_tok| <= L."""

_s, _h = (lam((k, t, i), f(k, t, i)) for f in (s_tok, h_tok))
REGULAR_STEP = TOKEN_REGULAR(n, T_max, _s, _h, G_p, L_p, 0, eta)
SMOOTH_STEP = TOKEN_SMOOTH(n, T_max, _h, L_p, 0, eta)

define(
    "assumption",
    "token.regularity",
    "Regularity of the tokens along a segment",
    TOKEN_REGULAR,
    TOKEN_SMOOTH,
    provenance="reconstructed",
    claim=app(
        "imp",
        REGULAR_STEP,
        unfold(REGULAR_STEP, frozenset({"token_regular", "token_smooth"})),
    ),
    words="Along the segment every token score is at most $G_p$ and every second derivative of a "
    "token's log-probability at most $L_p$ in absolute value.",
    module=__name__,
)


@state(
    "lemma",
    "token.padding",
    "After the end there is nothing",
    provenance="classical",
    given=[DRAWN],
    claim=forall(
        (k, t, i),
        lt(i, n),
        le(T(i), k),
        lt(k, T_max),
        both(eq(s_tok(k, t, i), 0), eq(h_tok(k, t, i), 0)),
    ),
)
def padding(proof: Proof) -> Theorem:
    drawn = Drawn.of(proof.given[0])
    ended = [assume(f) for f in (lt(i, n), le(T(i), k), lt(k, T_max))]
    zero = apply(drawn.padding, *ended, at=[k, u, i])
    flat = []
    for known in (drawn.score, drawn.hessian):
        moving = apply(known, *ended, at=[k, t, i])
        still = carried(moving, u, num(0), zero)
        constant = instance("derivative.constant", c=num(0), t=t)
        flat.append(unique(still, constant))
        zero = apply(intro(flat[0], t), at=[u])
    proof.note(conjunction(*flat), "the derivatives of a constant")
    return intro(conjunction(*flat), (k, t, i), *(f.conclusion for f in ended))


@state(
    "lemma",
    "token.sizes",
    "A response of length T adds up at most T tokens",
    provenance="classical",
    given=[DRAWN],
    claim=both(
        implies(
            SCORES, forall(i, lt(i, n), le(total(T_max, k, s_tok(k, t, i) ** 2), G_p**2 * T(i)))
        ),
        implies(
            HESSIANS, forall(i, lt(i, n), WITHIN(total(T_max, k, h_tok(k, t, i)), L_p * T(i)))
        ),
    ),
)
def sizes(proof: Proof) -> Theorem:
    drawn = Drawn.of(proof.given[0])
    inside, early = assume(lt(i, n)), assume(lt(k, T_max))
    late = assume(le(T(i), k))
    nothing = apply(proof.use("token.padding"), inside, late, early, at=[k, t, i])
    fits = apply(drawn.length, inside, at=[i])

    def added(summand: Term, bound: Term, limit: Theorem) -> Theorem:
        small = intro(have(le(summand, bound), limit), k, early.conclusion, lt(k, T(i)))
        zero = intro(have(le(summand, 0), nothing), k, early.conclusion, late.conclusion)
        rule = where(sums.truncated(), f=lam(k, summand), n=T_max, m=T(i), c=bound)
        return have(le(total(T_max, k, summand), bound * T(i)), discharge(rule, small, zero, fits))

    score, hessian = assume(SCORES), assume(HESSIANS)
    near = apply(score, inside, early, at=[k, i])
    first = added(s_tok(k, t, i) ** 2, G_p**2, near)
    proof.note(first, "the squares of at most T token scores")
    near = apply(hessian, inside, early, at=[k, i])
    sides = [added(x, L_p, near) for x in (h_tok(k, t, i), -h_tok(k, t, i))]
    second = have(WITHIN(total(T_max, k, h_tok(k, t, i)), L_p * T(i)), *sides)
    proof.note(second, "at most T second derivatives")
    return conjunction(
        intro(intro(first, i, inside.conclusion), (), SCORES),
        intro(intro(second, i, inside.conclusion), (), HESSIANS),
    )


SECOND_MOMENT = line.mean("", lam(i, line.score(t, i) ** 2), t)
MEAN_LENGTH = line.mean("", LENGTH, t)


@state(
    "lemma",
    "token.second-moment",
    "The second moment of the score is linear in the length",
    provenance="classical",
    given=GIVEN,
    claim=both(
        implies(
            SCORES,
            both(le(SECOND_MOMENT, G_p**2 * MEAN_LENGTH), le(SECOND_MOMENT, G_p**2 * T_max)),
        ),
        implies(HESSIANS, le(SECOND_MOMENT, L_p * MEAN_LENGTH)),
    ),
)
def second_moment(proof: Proof) -> Theorem:
    normal = apply(Setting.of(proof.given[0]).normalised, at=[t])
    inside, weight = assume(lt(i, n)), exp(line.log_policy(t, i))
    whole = apply(proof.use("token.score-sum"), inside, at=[t, i])
    squares = proof.note(squared_sums(proof), "the token scores are uncorrelated")
    tokens = total(T_max, k, s_tok(k, t, i))
    score = intro(
        have(eq(weight * line.score(t, i) ** 2, weight * tokens**2), part(whole, 0)),
        i, inside.conclusion,
    )  # fmt: skip
    score = sums.equal(n, score)
    bounds = proof.use("token.sizes")

    def summed(left: Term, right: Term, *facts: Theorem) -> Theorem:
        each = have(le(weight * left, weight * right), *facts)
        return sums.ordered(n, intro(each, i, inside.conclusion))

    scores, hessians = assume(SCORES), assume(HESSIANS)
    small = apply(apply(part(bounds, 0), scores), inside, at=[i])
    small = summed(total(T_max, k, s_tok(k, t, i) ** 2), G_p**2 * T(i), small)
    first = proof.have(
        le(SECOND_MOMENT, G_p**2 * MEAN_LENGTH), score, squares, small, normal, unfold=NAMES,
        why="at most T squares, each at most G_p squared",
    )  # fmt: skip
    longest = summed(T(i), T_max, apply(Drawn.of(proof.given[1]).length, inside, at=[i]))
    longest = have(le(MEAN_LENGTH, T_max), longest, normal, unfold=NAMES)
    second = have(le(SECOND_MOMENT, G_p**2 * T_max), first, longest)
    large = apply(apply(part(bounds, 1), hessians), inside, at=[i])
    large = summed(-line.hessian(t, i), L_p * T(i), large, part(whole, 1))
    identity = part(proof.use("gap.bartlett", at=[t]), 0)
    third = proof.have(
        le(SECOND_MOMENT, L_p * MEAN_LENGTH), large, identity, normal, unfold=NAMES,
        why="E[s^2] = -E[h], at most T second derivatives",
    )  # fmt: skip
    return conjunction(
        intro(conjunction(first, second), (), SCORES), intro(third, (), HESSIANS)
    )


@state(
    "lemma",
    "token.martingale",
    "The score is a martingale in the tokens",
    provenance="classical",
    given=[*GIVEN, SCORES, HESSIANS],
    claim=both(
        forall(
            (k, i),
            lt(k, T_max),
            lt(i, n),
            eq(MEAN(n, lam(j, same(k, i, j)), line.logs(t), lam(j, s_tok(k, t, j))), 0),
        ),
        le(SECOND_MOMENT, minimum(G_p**2, L_p) * MEAN_LENGTH),
    ),
    words="The mean of a token score given the tokens before it is zero, so their sums are a "
    "martingale, with orthogonal increments (Doob 1953).",
)
def martingale(proof: Proof) -> Theorem:
    first = proof.note(token_mean(proof), "a token score is uncorrelated with the prefix")
    bounds = proof.use("token.second-moment")
    by_scores = part(apply(part(bounds, 0), proof.given[2]), 0)
    by_hessians = apply(part(bounds, 1), proof.given[3])
    proof.note(conjunction(by_scores, by_hessians), "both bounds on the second moment")
    goal = proof.statement.conclusion.args[1]
    split = instance("minimum.cases", x=G_p**2, y=L_p)
    second = by_cases(split, *([lambda c: have(goal, c, by_scores, by_hessians)] * 2))
    return conjunction(first, second)


def token_mean(proof: Proof) -> Theorem:
    """The mean of a token score given the prefix, from its being uncorrelated with prefixes."""
    drawn = Drawn.of(proof.given[1])
    before, inside = assume(lt(k, T_max)), assume(lt(i, n))
    fits = have(le(k, T_max), before)
    known = Equivalence.of(apply(drawn.equivalence, fits, at=[k]))
    one, two = assume(lt(j, n)), assume(lt(m, n))
    alike = assume(eq(same(k, j, m), 1))
    back = apply(known.symmetric, one, two, alike, at=[j, m])
    goal = eq(same(k, i, j), same(k, i, m))

    def joined(case: Theorem) -> Theorem:
        there = apply(known.transitive, inside, one, two, case, alike, at=[i, j, m])
        return have(goal, case, there)

    def apart(case: Theorem) -> Theorem:
        def back_again(found: Theorem) -> Theorem:
            there = apply(known.transitive, inside, one, two, found, back, at=[i, m, j])
            return absurd(have(lt(0, 0), there, case), goal)

        split = apply(known.binary, inside, two, at=[i, m])
        return by_cases(split, lambda found: have(goal, case, found), back_again)

    each = by_cases(apply(known.binary, inside, one, at=[i, j]), apart, joined)
    prefix = lam(j, same(k, i, j))
    earlier = intro(each, (j, m), one.conclusion, two.conclusion, alike.conclusion)
    earlier = fold(earlier, MEASURABLE(n, agree(k), prefix))
    zero = proof.use("token.orthogonal", earlier, before, Y=prefix)
    mean = MEAN(n, prefix, line.logs(t), lam(j, s_tok(k, t, j)))
    drawn_here = apply(drawn.prefix, inside, fits, at=[k, t, i])
    made = have(eq(mean, 0), zero, drawn_here, unfold=NAMES)
    return intro(made, (k, i), before.conclusion, inside.conclusion)


def squared_sums(proof: Proof) -> Theorem:
    """``Sum exp(lp) (Sum s_tok)**2 = Sum exp(lp) Sum s_tok**2``, by induction over the tokens."""
    weight = exp(line.log_policy(t, i))

    def claim(length: Term) -> Term:
        whole = total(n, i, weight * total(length, m, s_tok(m, t, i)) ** 2)
        return implies(
            le(length, T_max),
            eq(whole, total(n, i, weight * total(length, m, s_tok(m, t, i) ** 2))),
        )

    def step(hypothesis: Theorem) -> Theorem:
        fits = assume(le(k + 1, T_max))
        before = have(lt(k, T_max), fits)
        weak = have(le(k, T_max), fits)
        prefix = part(proof.use("token.prefix-score", weak, at=[k, t]), 1)
        cross = proof.use("token.orthogonal", prefix, before, Y=prefix_sum(s_tok, k))
        goal = claim(k + 1).args[1]
        return intro(have(goal, apply(hypothesis, weak), cross), (), fits.conclusion)

    base = have(claim(num(0)).args[1])
    made = induct(k, claim(k), intro(base, (), le(0, T_max)), step)
    return apply(made, have(le(T_max, T_max)), at=[T_max])


# The trajectory level, applied to tokens ----------------------------------------------------

STEP = [lt(0, L_p), le(0, eta)]


def smooth_at(smooth: Theorem, *inside: Theorem) -> Theorem:
    """|h_tok| <= L_p at a point t of the segment."""
    return _at_point(fold(smooth, unfold(smooth.conclusion, frozenset({"token_smooth"}))), *inside)


def regular_at(regular: Theorem, *inside: Theorem) -> tuple[Theorem, Theorem]:
    """|s_tok| <= G_p and |h_tok| <= L_p at a point t of the segment."""
    names = frozenset({"token_regular", "token_smooth"})
    opened = fold(regular, unfold(regular.conclusion, names))
    return _at_point(part(opened, 0), *inside), _at_point(part(opened, 1), *inside)


def _at_point(everywhere: Theorem, *inside: Theorem) -> Theorem:
    response, token = assume(lt(i, n)), assume(lt(k, T_max))
    made = apply(everywhere, *inside, response, token, at=[k, t, i])
    return intro(made, (k, i), response.conclusion, token.conclusion)


def smooth_response(proof: Proof, smooth: Theorem) -> Theorem:
    """|h| <= T_max L_p on the segment, from |h_tok| <= L_p."""
    inside = inside_step()
    hessians = smooth_at(smooth, *inside)
    each = _summed_bound(proof, hessians, 1, L_p)
    made = intro(each, (t, i), *(f.conclusion for f in inside), lt(i, n))
    return fold(made, line.smooth(T_max * L_p, 0, eta))


def _summed_bound(proof: Proof, tokens: Theorem, which: int, bound: Term) -> Theorem:
    """|s| <= T_max G_p or |h| <= T_max L_p, under i < n."""
    response, token = assume(lt(i, n)), assume(lt(k, T_max))
    tok = (s_tok, h_tok)[which](k, t, i)
    near = apply(tokens, response, token, at=[k, i])
    sides = [
        sums.ordered(T_max, intro(have(le(x, bound), near), k, token.conclusion))
        for x in (tok, -tok)
    ]
    whole = part(apply(proof.use("token.score-sum"), response, at=[t, i]), which)
    value = (line.score, line.hessian)[which](t, i)
    return have(WITHIN(value, T_max * bound), *sides, whole)


@state(
    "corollary",
    "token.naive",
    "Adding up the bounds of the tokens is quadratic in the length",
    provenance="reconstructed",
    given=[*GIVEN, REGULAR_STEP, *STEP],
    claim=both(
        line.regular(T_max * G_p, T_max * L_p, 0, eta),
        on_step(WITHIN(ell2(t), 2 * T_max * L_p + T_max**2 * G_p**2)),
    ),
)
def naive(proof: Proof) -> Theorem:
    inside = inside_step()
    tokens = regular_at(proof.given[2], *inside)
    parts = [
        intro(_summed_bound(proof, tokens[q], q, bound), (t, i),
              *(f.conclusion for f in inside), lt(i, n))
        for q, bound in enumerate((G_p, L_p))
    ]  # fmt: skip
    goal = proof.statement.conclusion.args[0]
    opened = unfold(goal, frozenset({"regular", "smooth"}))
    regular = fold(fold(conjunction(*parts), opened), goal)
    proof.note(regular, "add up the tokens")
    some = have(lt(0, T_max * L_p), Drawn.of(proof.given[1]).some, proof.given[3])
    bound = apply(
        proof.use("trajectory.curvature", regular, some, G=T_max * G_p, L=T_max * L_p),
        *inside, at=[t],
    )  # fmt: skip
    wanted = WITHIN(ell2(t), 2 * T_max * L_p + T_max**2 * G_p**2)
    return conjunction(regular, closing(have(wanted, bound)))


@state(
    "theorem",
    "token.threshold-inverse",
    "The critical step is at least of order (1 - J)/T",
    provenance="reconstructed",
    given=[
        *GIVEN, SMOOTH_STEP, *STEP, le(eta, (1 - J(0)) * Dmu(0) / (L_p * T_max)),
    ],
    claim=le(eta * Dmu(0) / 2, ell(eta) - ell(0)),
    words="No bound on the score is needed.",
)  # fmt: skip
def threshold_inverse(proof: Proof) -> Theorem:
    smooth = smooth_response(proof, proof.given[2])
    proof.note(smooth, "add up the tokens")
    some = [Drawn.of(proof.given[1]).some, proof.given[3]]
    scale = have(lt(0, T_max * L_p), *some)
    lower = part(proof.use("trajectory.one-step", smooth, scale, L=T_max * L_p), 0)
    rate = proof.use("setting.success-rate", at=[0])
    limit = have(le(L_p * T_max * eta, (1 - J(0)) * Dmu(0)), proof.given[5], *some)
    bend = have(
        le(L_p * T_max * eta**2, (1 - J(0)) * Dmu(0) * eta), limit, proof.given[4]
    )
    return proof.have(
        proof.statement.conclusion, lower, bend, rate, why="the curvature takes at most half of "
        "the alignment"
    )  # fmt: skip
