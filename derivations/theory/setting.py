"""The setting: one prompt, finitely many responses, a policy along a line.

Lemmas that every section uses: the success rate lies strictly between 0 and 1, the score
has mean zero, and conditional means lie between bounds.
"""

from __future__ import annotations

from derivations import sums
from derivations.calculus import differentiate
from derivations.expectation import (
    ARBITRARY,
    MASS,
    MEAN,
    NAMES,
    POLICY,
    REGULAR,
    WITHIN,
    Setting,
)
from derivations.kernel.terms import (
    Term,
    app,
    beta,
    both,
    derivative,
    either,
    eq,
    exists,
    exp,
    forall,
    function,
    lam,
    le,
    lt,
    nat,
    num,
    real,
    total,
    unfold,
)
from derivations.kernel.theorem import Theorem
from derivations.library import Proof, define, state
from derivations.tactics import (
    apply,
    assume,
    by_cases,
    discharge,
    have,
    instance,
    intro,
    obtain,
    part,
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
    provenance="paper",
    claim=app("imp", line.policy, unfold(line.policy, frozenset({"policy"}))),
    words="Probabilities that sum to one, twice differentiable along the line, "
    "a binary reward, at least one correct and one incorrect response.",
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
    rule = instance(
        "derivative.local", f=lam(u, num(1)), g=lam(u, body), t=t, x=num(0), d=num(1)
    )
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


define(
    "assumption",
    "trajectory.regularity",
    "Regularity along a segment",
    REGULAR,
    WITHIN,
    provenance="paper",
    claim=app(
        "imp",
        line.regular(real("G"), real("L"), 0, real("b")),
        unfold(line.regular(real("G"), real("L"), 0, real("b")), frozenset({"regular"})),
    ),
    words="Along the segment every score is at most $G$ and every second derivative of the "
    "log-policy at most $L$ in absolute value.",
    module="derivations.theory.trajectory",
)

_ = (derivative, either, exists)
