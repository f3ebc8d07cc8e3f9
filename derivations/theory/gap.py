r"""Section 1: the Gradient Gap.

The policy moves along a line in an arbitrary direction; a statement about the line is the
statement about that direction's component of the corresponding vector.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from derivations import sums
from derivations.calculus import (
    difference_of,
    differentiate,
    restate,
    same_function,
)
from derivations.expectation import (
    ALIGNMENT,
    ARBITRARY,
    COVARIANCE,
    MASS,
    MEAN,
    NAMES,
    PROGRESS,
    WITHIN,
    Setting,
)
from derivations.kernel.terms import (
    Definition,
    Term,
    beta,
    both,
    derivative,
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
)
from derivations.kernel.theorem import Theorem
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
    where,
)
from derivations.theory.setting import constant_derivative, log_odds_of, unique
from derivations.vectors import PRODUCTS, inner_within, length, length_facts, pair
from derivations.vectors import at as vector_at

line = ARBITRARY
n, i, j, k, d, K = (nat(name) for name in ("n", "i", "j", "k", "d", "K"))
t, u, v, y, G = (real(name) for name in ("t", "u", "v", "y", "G"))
r, w, l = (function(name, "N") for name in ("r", "w", "l"))
direction = function("w", "N")
S = function("S", "N", "N")
X, Y = function("X", "R", "N"), function("Y", "R", "N")
eta, dmu = function("eta", "N"), function("dmu", "N")
f = function("f", "R")

J = line.success
Dmu = line.alignment
SETTING = ("setting.success-rate", "setting.mean-score")


def facts(proof: Proof, at: Term) -> list[Theorem]:
    """0 < J < 1, E[s] = 0 and the normalisation, at a point."""
    setting = Setting.of(proof.given[0])
    return [
        *(proof.use(name, at=[at]) for name in SETTING),
        apply(setting.normalised, at=[at]),
    ]


def masses_positive(proof: Proof) -> list[Theorem]:
    """``for all t: 0 < J`` and ``for all t: 0 < 1 - J``, as masses of the two sides."""
    known = proof.use("setting.success-rate", at=[t])
    return [intro(have(lt(0, line.mass(side, t)), known), t) for side in ("+", "-")]


# Definitions ---------------------------------------------------------------------------------

GAP = Definition(
    "gradient_gap",
    lam(
        (n, r, l, S, j),
        MEAN(n, lam(i, r(i)), lam(i, l(i)), lam(i, S(i, j)))
        - MEAN(n, lam(i, 1 - r(i)), lam(i, l(i)), lam(i, S(i, j))),
    ),
)
"""``gradient_gap(n, r, l, S, j)``: coordinate j of the Gradient Gap; S(i, j) is the score."""

_gap_at = GAP(n, lam(i, r(i)), lam(i, l(i)), lam((i, j), S(i, j)), j)

define(
    "definition",
    "gap.definition",
    "The Gradient Gap",
    GAP,
    provenance="paper",
    claim=eq(
        _gap_at,
        MEAN(n, lam(i, r(i)), lam(i, l(i)), lam(i, S(i, j)))
        - MEAN(n, lam(i, 1 - r(i)), lam(i, l(i)), lam(i, S(i, j))),
    ),
    words="The difference between the expected score on correct and on incorrect responses.",
    module=__name__,
)


@state(
    "definition",
    "gap.alignment",
    "Alignment of an update direction with the Gradient Gap",
    provenance="paper",
    claim=eq(
        ALIGNMENT(n, lam(i, r(i)), lam(i, l(i)), lam(i, total(d, j, direction(j) * S(i, j)))),
        total(d, j, direction(j) * _gap_at),
    ),
    words="The inner product of the direction with the Gradient Gap is the gap of the score "
    "along the direction.",
)
def alignment(proof: Proof) -> Theorem:
    exchanged = []
    for weight in (r(i), 1 - r(i)):
        rule = where(
            sums.exchange(), n=n, m=d, a=lam(i, weight * exp(l(i))),
            b=lam(j, direction(j)), F=lam((i, j), S(i, j)),
        )  # fmt: skip
        exchanged.append(proof.note(rule, "exchange the two finite sums"))
    return proof.have(
        proof.statement.conclusion,
        *exchanged,
        unfold=(*NAMES, "gradient_gap"),
        why="the conditional mean is linear",
    )


define(
    "definition",
    "gap.progress",
    "Cumulative gap alignment",
    PROGRESS,
    provenance="paper",
    claim=eq(
        PROGRESS(K, lam(k, eta(k)), lam(k, dmu(k))),
        total(K, k, eta(k) * maximum(dmu(k), 0)),
    ),
    words="The alignment gained over the first $K$ steps, negative parts dropped.",
    module=__name__,
)

# First derivatives -----------------------------------------------------------------------------


@state(
    "lemma",
    "gap.score-identity",
    "Score identity",
    provenance="classical",
    given=[line.policy],
    claim=forall(
        t,
        both(
            eq(J(t) * line.mean_score("+", t) + (1 - J(t)) * line.mean_score("-", t), 0),
            eq(line.mean_score("+", t), (1 - J(t)) * Dmu(t)),
            eq(line.mean_score("-", t), -J(t) * Dmu(t)),
        ),
    ),
    words="The score has mean zero: the first Bartlett identity (Bartlett 1953).",
)
def score_identity(proof: Proof) -> Theorem:
    known = facts(proof, t)
    _, goal = t, beta(proof.statement.conclusion.args[0], [t])
    identity = proof.have(
        goal.args[0], *known, unfold=NAMES, why="the score has mean zero; split it over both sides"
    )
    rest = [
        proof.have(g, *known, unfold=NAMES, why="solve the identity for one conditional mean")
        for g in goal.args[1].args
    ]
    return intro(conjunction(identity, *rest), t)


@state(
    "lemma",
    "gap.policy-gradient",
    "Policy gradient",
    provenance="paper",
    given=[line.policy],
    claim=forall(t, derivative(u, J(u), t, J(t) * (1 - J(t)) * Dmu(t))),
)
def policy_gradient(proof: Proof) -> Theorem:
    setting = Setting.of(proof.given[0])
    weighted = J(t) * line.mean_score("+", t)
    first = proof.note(
        differentiate(u, J(u), t, setting.score, *facts(proof, t), value=weighted, unfold_in=NAMES),
        "differentiate the sum over correct responses",
    )
    identity = proof.use("gap.score-identity", at=[t])
    return intro(restate(first, J(t) * (1 - J(t)) * Dmu(t), identity), t)


@state(
    "lemma",
    "gap.log-odds-gradient",
    "Gradient of the log-odds",
    provenance="reconstructed",
    given=[line.policy],
    claim=forall(t, derivative(u, line.log_odds(u), t, Dmu(t))),
)
def log_odds_gradient(proof: Proof) -> Theorem:
    gradient = proof.use("gap.policy-gradient")
    known = proof.use("setting.success-rate", at=[t])
    made = chain_through(
        proof, gradient, known, lam(v, log_odds_of(v)), Dmu(t),
        "chain rule for log(J/(1 - J))",
    )  # fmt: skip
    return intro(fold(made, derivative(u, line.log_odds(u), t, Dmu(t))), t)


def chain_through(
    proof: Proof, gradient: Theorem, known: Theorem, outer: Term, value: Term, why: str
) -> Theorem:
    """The derivative of outer(J) at t, through an arbitrary function p with J's derivative."""
    p = function("p", "R")
    q = real("q")
    slope = J(t) * (1 - J(t)) * Dmu(t)
    assumed = assume(derivative(u, p(u), t, q))
    positive, below = assume(lt(0, p(t))), assume(lt(p(t), 1))
    made = differentiate(u, beta(outer, [p(u)]), t, assumed, positive, below)
    made = where(made, {p: lam(u, J(u)), q: slope})
    made = discharge(made, apply(gradient, at=[t]), known)
    return proof.note(restate(made, value, known), why)


@state(
    "lemma",
    "gap.objective",
    "Every objective of the success rate ascends along the Gradient Gap",
    provenance="classical",
    given=[line.policy, derivative(v, f(v), J(t), y)],
    claim=derivative(u, f(J(u)), t, y * J(t) * (1 - J(t)) * Dmu(t)),
    words="By the score-function gradient (Williams 1992) and the chain rule.",
)
def objective(proof: Proof) -> Theorem:
    gradient = proof.use("gap.policy-gradient", at=[t])
    slope = gradient.conclusion.args[2]
    rule = instance("derivative.chain", f=lam(v, f(v)), g=lam(u, J(u)), t=t, x=y, y=slope)
    made = proof.note(apply(rule, proof.given[1], gradient), "chain rule")
    return restate(made, y * J(t) * (1 - J(t)) * Dmu(t))


@state(
    "lemma",
    "gap.norm",
    "Size of the Gradient Gap",
    provenance="extension",
    given=[line.policy, forall(i, lt(i, n), WITHIN(line.score(t, i), G))],
    claim=both(
        WITHIN(Dmu(t), G / maximum(J(t), 1 - J(t))),
        le(G / maximum(J(t), 1 - J(t)), 2 * G),
    ),
)
def norm(proof: Proof) -> Theorem:
    known = proof.use("setting.success-rate", at=[t])
    identity = proof.use("gap.score-identity", at=[t])
    plus, minus = (
        proof.note(
            proof.use(
                "setting.mean-within",
                proof.given[1],
                *side_facts(proof, side, t),
                X=line.at(line.score, t),
                c=G,
                **side_values(side, t),
            ),
            "a conditional mean of the score is at most G in absolute value",
        )
        for side in ("+", "-")
    )
    split = instance("maximum.cases", x=J(t), y=1 - J(t))
    nonnegative = by_cases(
        instance("order.total", x=num(0), y=G),
        lambda case: case,
        lambda case: have(le(0, G), case, plus),
    )

    def conclude(case: Theorem) -> Theorem:
        return have(
            proof.statement.conclusion,
            plus, minus, known, identity, case, nonnegative,
            unfold=("within",),
        )  # fmt: skip

    return proof.note(
        by_cases(split, conclude, conclude), "divide by the larger of J and 1 - J, at least 1/2"
    )


# The gradient, a vector ---------------------------------------------------------------------------

_score_of = lam(j, S(i, j))
_w = lam(j, direction(j))
GAMMA = lam(j, GAP(n, line.weights("+"), line.logs(t), lam((i, j), S(i, j)), j))
"""The Gradient Gap at t."""


def heads(towards: Term) -> Term:
    """The line passes t in that direction: its score is <w, S(i, .)>, S(i, .) that in R^d."""
    return forall(i, lt(i, n), eq(line.score(t, i), pair(towards, _score_of)))


@state(
    "corollary",
    "gap.gradient",
    "The gradients of the success rate, of the log-odds and of any objective",
    provenance="reconstructed",
    given=[line.policy, heads(_w)],
    claim=both(
        derivative(u, J(u), t, J(t) * (1 - J(t)) * pair(_w, GAMMA)),
        derivative(u, line.log_odds(u), t, pair(_w, GAMMA)),
        implies(
            derivative(v, f(v), J(t), y),
            derivative(u, f(J(u)), t, y * (J(t) * (1 - J(t))) * pair(_w, GAMMA)),
        ),
    ),
    words="The line passes $t$ in the direction $w$, and $S(i)$ is the score there, a vector. "
    "Whatever $w$, the derivative is its inner product with one vector: "
    "$\\nabla J = J(1-J)\\gamma$, $\\nabla\\ell = \\gamma$ and "
    "$\\nabla f(J) = f'(J)\\,J(1-J)\\gamma$.",
)
def gradient(proof: Proof) -> Theorem:
    aligned = proof.note(aligned_with(proof, _w), "the alignment is linear in the direction")
    first, second = (
        proof.use(name, at=[t]) for name in ("gap.policy-gradient", "gap.log-odds-gradient")
    )
    inner = pair(_w, GAMMA)
    moved = [
        restate(first, J(t) * (1 - J(t)) * inner, aligned),
        restate(second, inner, aligned),
    ]
    differentiable = assume(derivative(v, f(v), J(t), y))
    third = proof.use("gap.objective", differentiable)
    last = restate(third, y * (J(t) * (1 - J(t))) * inner, aligned)
    return conjunction(*moved, intro(last, (), differentiable.conclusion))


def aligned_with(proof: Proof, towards: Term) -> Theorem:
    """``Delta mu = <w, gamma>`` where the line passes t in the direction w."""
    passing = assume(heads(towards))
    inside = assume(lt(i, n))
    score = apply(passing, inside, at=[i])
    products = []
    for side in "+-":
        weight = beta(line.weights(side), [i]) * exp(line.log_policy(t, i))
        each = have(eq(*(weight * value for value in score.conclusion.args)), score)
        products.append(sums.equal(n, intro(each, i, inside.conclusion)))
    linear = proof.use(
        "gap.alignment", l=line.logs(t), mapping={direction: towards}
    )
    return have(
        eq(Dmu(t), pair(towards, GAMMA)), linear, *products, unfold=(*NAMES, *PRODUCTS)
    )


@state(
    "corollary",
    "gap.length",
    "Length of the Gradient Gap",
    provenance="extension",
    given=[line.policy, heads(GAMMA), forall(i, lt(i, n), le(length(_score_of), G))],
    claim=both(
        le(length(GAMMA), G / maximum(J(t), 1 - J(t))),
        le(G / maximum(J(t), 1 - J(t)), 2 * G),
    ),
    words="The line passes $t$ in the direction of the Gradient Gap itself.",
)
def length_of_gap(proof: Proof) -> Theorem:
    size, inside = length(GAMMA), assume(lt(i, n))
    bounded = apply(proof.given[2], inside, at=[i])
    known = [vector_at(length_facts(), x) for x in (GAMMA, _score_of)]
    within = vector_at(inner_within(), GAMMA, _score_of)
    product = have(le(size * length(_score_of), size * G), bounded, *known)
    along = have(
        WITHIN(line.score(t, i), size * G), within, product,
        apply(proof.given[1], inside, at=[i]),
    )  # fmt: skip
    proof.note(along, "Cauchy-Schwarz")
    scalar = proof.use("gap.norm", intro(along, i, inside.conclusion), G=size * G)
    square = have(eq(Dmu(t), size**2), aligned_with(proof, GAMMA), known[0])
    rate, largest = proof.use("setting.success-rate", at=[t]), maximum(J(t), 1 - J(t))
    half = by_cases(
        instance("maximum.cases", x=J(t), y=1 - J(t)),
        *([lambda case: have(le(num(1) / 2, largest), case)] * 2),
    )
    sign = obtain(
        Setting.of(proof.given[0]).correct, [i],
        lambda one: have(le(0, G), apply(proof.given[2], part(one, 0), at=[i]), known[1]),
    )  # fmt: skip
    ratio = proof.have(
        le(size**2 * largest, size * G), scalar, square, half, rate,
        why="`gap.norm` along the Gradient Gap: there it is its squared length",
    )  # fmt: skip

    def some(case: Theorem) -> Theorem:
        return have(le(size, G / largest), have(le(size * largest, G), ratio, case), half)

    def none(case: Theorem) -> Theorem:
        return have(le(size, G / largest), case, sign, half)

    first = by_cases(order(size, num(0)), none, some)
    return conjunction(
        first, have(le(G / largest, 2 * G), half, sign)
    )


def side_facts(proof: Proof, side: str, at: Term) -> list[Theorem]:
    """The weights of a side are non-negative, and its probability is positive."""
    known = proof.use("setting.success-rate", at=[at])
    return [weights_sign(side), have(lt(0, line.mass(side, at)), known)]


@cache
def weights_sign(side: str) -> Theorem:
    """``for all i < n, 0 <= weight(i)``, under the assumption of a policy."""
    return each_sign(Setting.of(assume(line.policy)).binary, side)


def side_values(side: str, at: Term) -> dict[str, Any]:
    """How to apply a statement about arbitrary weights to one side."""
    return {"n": n, "w": line.weights(side), "l": line.logs(at)}


def each_sign(binary: Theorem, side: str) -> Theorem:
    """``for all i < n, 0 <= weight(i)``."""
    inside = assume(lt(i, n))
    weight = beta(line.weights(side), [i])
    split = apply(binary, inside, at=[i])
    return intro(
        by_cases(split, *([lambda case: have(le(0, weight), case)] * 2)), i, inside.conclusion
    )


# Second derivatives ------------------------------------------------------------------------------

_weight = lam(i, w(i))


def _mean(x: Term, at: Term) -> Term:
    return MEAN(n, _weight, line.logs(at), line.at(x, at))


@state(
    "lemma",
    "gap.score-derivative",
    "Derivative of a conditional expectation",
    provenance="classical",
    given=[
        line.policy,
        forall(t, lt(0, MASS(n, _weight, line.logs(t)))),
        forall((t, i), lt(i, n), derivative(u, X(u, i), t, Y(t, i))),
    ],
    claim=forall(
        t,
        derivative(
            u,
            _mean(lam((t, i), X(t, i)), u),
            t,
            _mean(lam((t, i), Y(t, i)), t)
            + COVARIANCE(n, _weight, line.logs(t), lam(i, X(t, i)), line.at(line.score, t)),
        ),
    ),
    words="For any non-negative weights: over all, correct or incorrect responses (Williams 1992).",
)
def score_derivative(proof: Proof) -> Theorem:
    setting = Setting.of(proof.given[0])
    positive = apply(proof.given[1], at=[t])
    body = beta(proof.statement.conclusion.args[0], [t])
    plain = have(lt(0, total(n, i, w(i) * exp(line.log_policy(t, i)))), positive, unfold=NAMES)
    made = differentiate(
        u, _mean(lam((t, i), X(t, i)), u), t, setting.score, proof.given[2], plain,
        value=body.args[2], unfold_in=NAMES,
    )  # fmt: skip
    return intro(proof.note(made, "quotient rule; a weight moves with its score"), t)


@state(
    "lemma",
    "gap.curvature",
    "Curvature of the log-odds",
    provenance="reconstructed",
    given=[line.policy],
    claim=forall(
        t,
        derivative(
            u,
            Dmu(u),
            t,
            (line.mean_hessian("+", t) + line.variance("+", t))
            - (line.mean_hessian("-", t) + line.variance("-", t)),
        ),
    ),
)
def curvature(proof: Proof) -> Theorem:
    setting = Setting.of(proof.given[0])
    sides = [
        proof.note(
            proof.use(
                "gap.score-derivative", setting.hessian, positive, at=[t],
                w=line.weights(side),
                X=lam((t, i), line.score(t, i)),
                Y=lam((t, i), line.hessian(t, i)),
            ),
            "the mean score on one side moves by E[h] and its variance",
        )
        for side, positive in zip("+-", masses_positive(proof), strict=True)
    ]  # fmt: skip
    goal = beta(proof.statement.conclusion.args[0], [t])
    both_sides = difference_of(*sides)
    made = fold(both_sides, derivative(u, Dmu(u), t, both_sides.conclusion.args[2]))
    return intro(proof.note(restate(made, goal.args[2], unfold=NAMES[1:5]), "subtract"), t)


@state(
    "lemma",
    "gap.bartlett",
    "Bartlett identity",
    provenance="classical",
    given=[line.policy],
    claim=forall(
        t,
        both(
            eq(
                line.mean("", line.at(line.hessian, t), t),
                -line.mean("", lam(i, line.score(t, i) ** 2), t),
            ),
            eq(
                J(t) * line.mean("+", lam(i, line.hessian(t, i) + line.score(t, i) ** 2), t)
                + (1 - J(t))
                * line.mean("-", lam(i, line.hessian(t, i) + line.score(t, i) ** 2), t),
                0,
            ),
        ),
    ),
    words="The second of the identities of Bartlett (1953), over all responses and by sides.",
)
def bartlett(proof: Proof) -> Theorem:
    setting = Setting.of(proof.given[0])
    weighted = total(n, i, exp(line.log_policy(u, i)) * line.score(u, i))
    second = total(n, i, exp(line.log_policy(t, i)) * (line.hessian(t, i) + line.score(t, i) ** 2))
    moving = proof.note(
        differentiate(u, weighted, t, *setting.derivatives, value=second),
        "differentiate the mean of the score",
    )
    zero = proof.use("setting.mean-score", at=[u])
    shifted = intro(have(eq(weighted + 1, 1), zero), u)
    still = constant_derivative(shifted, weighted + 1)
    one = instance("derivative.constant", c=num(1), t=t)
    flat = same_function(difference_of(still, one), u, weighted)
    vanishing = proof.note(unique(moving, restate(flat, num(0))), "but that mean is always zero")
    goal = beta(proof.statement.conclusion.args[0], [t])
    return intro(
        proof.have(goal, vanishing, *facts(proof, t), unfold=NAMES, why="split over both sides"),
        t,
    )


@state(
    "lemma",
    "gap.curvature-one-sided",
    "Either side alone determines the curvature",
    provenance="extension",
    given=[line.policy],
    claim=forall(
        t,
        both(
            eq(
                line.curvature(t),
                (line.mean_hessian("+", t) + line.variance("+", t)) / (1 - J(t))
                + J(t) * Dmu(t) ** 2,
            ),
            eq(
                line.curvature(t),
                -(line.mean_hessian("-", t) + line.variance("-", t)) / J(t)
                - (1 - J(t)) * Dmu(t) ** 2,
            ),
        ),
    ),
)
def curvature_one_sided(proof: Proof) -> Theorem:
    identity = proof.use("gap.bartlett", at=[t])
    goal = beta(proof.statement.conclusion.args[0], [t])
    return intro(
        proof.have(
            goal,
            part(identity, 1),
            *facts(proof, t),
            unfold=NAMES,
            why="put the Bartlett identity into the curvature",
        ),
        t,
    )
