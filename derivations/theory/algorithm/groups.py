"""Section 4: groups of responses, and the expected update of an algorithm that draws them.

A group is drawn response after response, and every response is verified: response i counts as
correct with probability q(i), which is its reward where the verifier makes no mistakes.  What a
group contributes depends on the number k of responses verified as correct, on the sum S of their
scores and on the sum T of the other ones' scores.  ``V(m, k, S, T)`` is the mean contribution
when m responses are still to be drawn.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

from derivations import binomial, square_roots, sums
from derivations.binomial import BINOMIAL, mean
from derivations.expectation import ARBITRARY, NAMES, Setting
from derivations.kernel.terms import (
    Definition,
    Term,
    app,
    beta,
    both,
    eq,
    exp,
    forall,
    function,
    lam,
    le,
    lt,
    nat,
    ne,
    num,
    real,
    sqrt,
    total,
    unfold,
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
    induct,
    intro,
    order,
    part,
    rewrite,
    specialise,
    where,
)

line = ARBITRARY
n, i, j, N, m = (nat(name) for name in ("n", "i", "j", "N", "m"))
t, p, v, x, S, T = (real(name) for name in ("t", "p", "v", "x", "S", "T"))
count = real("k")
l, q, s = (function(name, "N") for name in ("l", "q", "s"))
a, b, d = (function(name, "R") for name in ("a", "b", "d"))
V, P = (function(name, "N", "R", "R", "R") for name in ("V", "P"))

DRAWN = Definition(
    "drawn",
    lam(
        (n, l, q, s, V),
        forall(
            (m, count, S, T),
            eq(
                V(m + 1, count, S, T),
                total(
                    n, i,
                    exp(l(i)) * (q(i) * V(m, count + 1, S + s(i), T)
                                 + (1 - q(i)) * V(m, count, S, T + s(i))),
                ),
            ),
        ),
    ),
)  # fmt: skip
"""``drawn(n, l, q, s, V)``: V(m, k, S, T) is the mean of V(0, ...) over m further responses."""

_any = DRAWN(n, lam(i, l(i)), lam(i, q(i)), lam(i, s(i)), lam((m, count, S, T), V(m, count, S, T)))

define(
    "definition",
    "algorithm.drawn",
    "The mean over a group",
    DRAWN,
    provenance="classical",
    claim=app("imp", _any, unfold(_any, frozenset({"drawn"}))),
    words="With $m$ responses still to be drawn, $k$ verified as correct so far, the scores of "
    "those adding up to $S$ and the other scores to $T$, $V(m, k, S, T)$ is the mean of what the "
    "whole group contributes; response $i$ is verified as correct with probability $q(i)$.",
    module=__name__,
)

define(
    "definition",
    "algorithm.binomial-mean",
    "The mean over a binomial number",
    BINOMIAL,
    provenance="classical",
    claim=eq(
        BINOMIAL(n, p, lam(i, l(i))), total(n + 1, i, binomial.law(n, p, i) * l(i))
    ),
    words="A polynomial in $p$.",
    module=__name__,
)

_LAW = [
    eq(total(n, i, exp(l(i))), 1),
    eq(total(n, i, exp(l(i)) * s(i)), 0),
    eq(total(n, i, exp(l(i)) * q(i)), p),
    eq(total(n, i, exp(l(i)) * q(i) * s(i)), v),
    _any,
]
"""A policy with mean score 0, verified as correct with probability p; v is the mean of q s."""


def contribution(value: Term, correct: Term, other: Term) -> Term:
    """``V(0, k, S, T) = correct(k) S + other(k) T`` for every outcome of a group."""
    return forall(
        (count, S, T),
        eq(beta(value, [num(0), count, S, T]),
           beta(correct, [count]) * S + beta(other, [count]) * T),
    )  # fmt: skip


@state(
    "lemma",
    "algorithm.group-law",
    "The number of responses verified as correct is binomial",
    provenance="classical",
    given=[*_LAW, forall((count, S, T), eq(V(0, count, S, T), d(count)))],
    claim=forall(count, eq(V(N, count, 0, 0), mean(N, p, lambda k: d(count + k)))),
)
def group_law(proof: Proof) -> Theorem:
    normal, _, verified, _, drawn, end = proof.given

    def claim(trials: Any) -> Term:
        return forall(
            (count, S, T), eq(V(trials, count, S, T), mean(trials, p, lambda k: d(count + k)))
        )

    function_ = lam(nat("k"), d(count + nat("k")))
    start = where(binomial.start(), {real("p"): p, function("F", "N"): function_})
    base = intro(have(eq(V(0, count, S, T), mean(num(0), p, lambda k: d(count + k))), start,
                      specialise(end, count, S, T)), (count, S, T))  # fmt: skip

    def step(given: Theorem) -> Theorem:
        def after(index: Term) -> tuple[Term, list[Theorem]]:
            upper = specialise(given, count + 1, S + s(index), T)
            lower = specialise(given, count, S, T + s(index))
            value = q(index) * upper.conclusion.args[1] + (1 - q(index)) * lower.conclusion.args[1]
            return value, [upper, lower]

        opened = one_draw(drawn, N, after)
        once = where(binomial.recursion(), {nat("n"): N, function("F", "N"): function_})
        goal = beta(lam(N, claim(N)), [N + 1]).args[0]
        return intro(have(beta(goal, [count, S, T]), opened, once, normal, verified),
                     (count, S, T))  # fmt: skip

    made = specialise(induct(N, claim(N), base, step), N)
    proof.note(made, "draw one response more: the binomial law obeys the same recursion")
    return intro(specialise(made, count, num(0), num(0)), count)


def one_draw(
    drawn: Theorem, trials: Term, after: Callable[[Term], tuple[Term, list[Theorem]]]
) -> Theorem:
    """V(trials + 1, k, S, T) with what is known of V(trials, ...) put in, response by response."""
    law = unfolded(drawn)
    opened = specialise(law, trials, count, S, T)
    inside = opened.conclusion.args[1].args[1]
    value, known = after(i)
    each = have(eq(beta(inside, [i]), exp(l(i)) * value), *known)
    rule = where(
        sums.congruent(),
        {function("f", "N"): inside, function("g", "N"): lam(i, exp(l(i)) * value), nat("n"): n},
    )
    changed = discharge(rule, intro(each, i, lt(i, n)))
    return have(eq(opened.conclusion.args[0], changed.conclusion.args[1]), opened, changed)


def unfolded(drawn: Theorem) -> Theorem:
    """The recursion that ``drawn`` abbreviates."""
    return fold(drawn, unfold(drawn.conclusion, frozenset({"drawn"})))


@cache
def group_sum() -> Theorem:
    """``V(N + 1, 0, 0, 0)`` where a group contributes ``a(k) S + b(k) T``, under the law."""
    value = lam((m, count, S, T), V(m, count, S, T))
    contributed_ = contribution(value, lam(x, a(x)), lam(x, b(x)))
    normal, centred, verified, moment, drawn, end = map(assume, [*_LAW, contributed_])

    def sides(trials: Any) -> tuple[Term, Term]:
        return V(trials + 1, count, S, T), (
            S * mean(trials + 1, p, lambda k: a(count + k))
            + T * mean(trials + 1, p, lambda k: b(count + k))
            + (trials + 1) * v * mean(trials, p, lambda k: a(count + k + 1) - b(count + k))
        )

    k = nat("k")
    shapes = [lam(k, a(count + k)), lam(k, b(count + k)),
              lam(k, a(count + k + 1) - b(count + k))]  # fmt: skip
    law = [normal, centred, verified, moment]

    def trial(trials: Any, *shapes: Term) -> list[Theorem]:
        return [where(binomial.recursion(), {nat("n"): trials, function("F", "N"): f})
                for f in shapes]  # fmt: skip

    ends = [
        where(binomial.start(), {function("F", "N"): lam(k, beta(f, [k + shift]))})
        for f in shapes for shift in (0, 1)
    ]  # fmt: skip

    def outcomes(index: Term) -> tuple[Term, list[Theorem]]:
        upper = specialise(end, count + 1, S + s(index), T)
        lower = specialise(end, count, S, T + s(index))
        value = q(index) * upper.conclusion.args[1] + (1 - q(index)) * lower.conclusion.args[1]
        return value, [upper, lower]

    first = have(eq(*sides(num(0))), one_draw(drawn, num(0), outcomes), *law,
                 *trial(num(0), *shapes[:2]), *ends)  # fmt: skip
    base = intro(first, (count, S, T))

    def step(given: Theorem) -> Theorem:
        def after(index: Term) -> tuple[Term, list[Theorem]]:
            upper = specialise(given, count + 1, S + s(index), T)
            lower = specialise(given, count, S, T + s(index))
            value = q(index) * upper.conclusion.args[1] + (1 - q(index)) * lower.conclusion.args[1]
            return value, [upper, lower]

        linear = have(
            eq(mean(N + 1, p, lambda k: beta(shapes[2], [k])),
               mean(N + 1, p, lambda k: a(count + k + 1)) - mean(N + 1, p, lambda k: b(count + k))),
            unfold=binomial.FORMS,
        )  # fmt: skip
        made = have(eq(*sides(N + 1)), one_draw(drawn, N + 1, after), *law, linear,
                    *trial(N + 1, *shapes[:2]), *trial(N, shapes[2]))  # fmt: skip
        return intro(made, (count, S, T))

    formula = forall((count, S, T), eq(*sides(N)))
    made = specialise(induct(N, formula, base, step), N)
    start = specialise(made, num(0), num(0), num(0))
    value_ = (N + 1) * v * mean(N, p, lambda k: a(k + 1) - b(k))
    return have(eq(V(N + 1, 0, 0, 0), value_), start)


ADVANTAGES = Definition(
    "advantages",
    lam(
        (x, a, b, V),
        forall((count, S, T), eq(V(0, count, S, T), (a(count) * S + b(count) * T) / x)),
    ),
)
"""``advantages(G, a, b, V)``: a group of G contributes the mean of advantage times score, a(k)
for a correct and b(k) for an incorrect response, k the number of correct ones."""


SELECTED = Definition(
    "selected",
    lam(
        (x, d, a, b, V, P),
        forall(
            (count, S, T),
            both(
                eq(V(0, count, S, T), d(count) * ((a(count) * S + b(count) * T) / x)),
                eq(P(0, count, S, T), d(count)),
            ),
        ),
    ),
)
"""``selected(G, d, a, b, V, P)``: the same with the weight d(k), 1 if a group with k correct
responses is kept and 0 if not; P is the probability that it is."""


def contributed(rewarded: Theorem) -> Theorem:
    """What V(0, k, S, T), and P(0, k, S, T), are by the assumption about the advantages."""
    meaning = unfold(rewarded.conclusion, frozenset({"advantages", "selected"}))
    return specialise(fold(rewarded, meaning), count, S, T)


VALUE, KEPT = lam((m, count, S, T), V(m, count, S, T)), lam((m, count, S, T), P(m, count, S, T))
G = N + 1
"""The group size; N is the number of a response's companions."""


_rewarded = ADVANTAGES(G, lam(x, a(x)), lam(x, b(x)), VALUE)
_selected = SELECTED(G, lam(x, d(x)), lam(x, a(x)), lam(x, b(x)), VALUE, KEPT)

define(
    "definition",
    "algorithm.advantages",
    "Advantages",
    ADVANTAGES,
    provenance="classical",
    claim=app("imp", _rewarded, unfold(_rewarded, frozenset({"advantages"}))),
    words="A group contributes the mean of advantage times score; the advantages depend on the "
    "number of its correct responses.",
    module=__name__,
)

define(
    "definition",
    "algorithm.kept",
    "Advantages where only some groups are kept",
    SELECTED,
    provenance="classical",
    claim=app("imp", _selected, unfold(_selected, frozenset({"selected"}))),
    words="A group with $k$ correct responses is kept if $d(k) = 1$ and drawn anew if $d(k) = 0$; "
    "$V/P$ is the expected update of a group that is kept.",
    module=__name__,
)


@state(
    "lemma",
    "algorithm.group-update",
    "Expected update of a group",
    provenance="classical",
    given=[*_LAW, ADVANTAGES(G, lam(x, a(x)), lam(x, b(x)), VALUE)],
    claim=eq(V(G, 0, 0, 0), v * mean(N, p, lambda k: a(k + 1) - b(k))),
    words="A response and its $N$ companions: if it is verified as correct there are $k + 1$ "
    "correct ones.",
)
def group_update(proof: Proof) -> Theorem:
    opened = contributed(proof.given[5])
    ends = have(eq(V(0, count, S, T), a(count) / G * S + b(count) / G * T), opened)
    values = {a: lam(x, a(x) / G), b: lam(x, b(x) / G)}
    made = where(group_sum(), values)
    made = discharge(made, *proof.given[:5], intro(ends, (count, S, T)))
    proof.note(made, "draw one response more: its score meets the advantages of both cases")
    linear = have(
        eq(mean(N, p, lambda k: a(k + 1) / G - b(k) / G),
           mean(N, p, lambda k: a(k + 1) - b(k)) / G),
        have(lt(0, G)), unfold=binomial.FORMS,
    )  # fmt: skip
    return proof.have(proof.statement.conclusion, made, linear,
                      why="each of the G responses contributes the same")  # fmt: skip


# A policy and a verifier that makes no mistakes ---------------------------------------------------

J, gap = line.success, line.alignment


def drawn(value: Term) -> Term:
    """The assumption that `value` is the mean over responses drawn from the policy at t."""
    return DRAWN(line.count, line.logs(t), line.reward, line.at(line.score, t), value)



def law_of(proof: Proof) -> list[Theorem]:
    """The hypotheses of `algorithm.group-law` for the policy at t."""
    setting = Setting.of(proof.given[0])
    normal = apply(setting.normalised, at=[t])
    score = proof.use("setting.mean-score", at=[t])
    identity = proof.use("gap.score-identity", at=[t])
    rate = proof.use("setting.success-rate", at=[t])
    r, weight = line.reward, exp(line.log_policy(t, i))
    success = have(eq(total(n, i, weight * beta(r, [i])), J(t)), unfold=NAMES)
    moment = have(
        eq(total(n, i, weight * beta(r, [i]) * line.score(t, i)), J(t) * (1 - J(t)) * gap(t)),
        part(identity, 1, 0), rate, unfold=("mass", "mean"),
    )  # fmt: skip
    return [normal, score, success, moment]


def policy_values() -> dict[Term, Term]:
    """How the statements about arbitrary groups are applied to the policy at t."""
    return {
        l: line.logs(t), q: line.reward, s: line.at(line.score, t),
        p: J(t), v: J(t) * (1 - J(t)) * gap(t),
    }  # fmt: skip


COEFFICIENT = Definition(
    "coefficient", lam((N, x, a, b), x * (1 - x) * mean(N, x, lambda k: a(k + 1) - b(k)))
)
"""``coefficient(N, J, a, b)``: what multiplies the Gradient Gap in the expected update of an
algorithm with groups of N + 1 that gives a correct response the advantage a(k), an incorrect one
b(k), k the number of correct responses in the group."""


define(
    "definition",
    "algorithm.update-coefficient",
    "The coefficient of an algorithm",
    COEFFICIENT,
    provenance="classical",
    claim=eq(
        COEFFICIENT(N, x, lam(x, a(x)), lam(x, b(x))),
        x * (1 - x) * mean(N, x, lambda k: a(k + 1) - b(k)),
    ),
    words="Of the expected update, for the advantages $a(k)$ of a correct and $b(k)$ of an "
    "incorrect response in a group of $N + 1$ with $k$ correct ones.",
    module=__name__,
)


@state(
    "lemma",
    "algorithm.expected-update",
    "Expected update of an algorithm that draws groups",
    provenance="classical",
    given=[line.policy, drawn(VALUE), ADVANTAGES(G, lam(x, a(x)), lam(x, b(x)), VALUE)],
    claim=eq(V(G, 0, 0, 0), COEFFICIENT(N, J(t), lam(x, a(x)), lam(x, b(x))) * gap(t)),
)
def expected_update(proof: Proof) -> Theorem:
    made = proof.use("algorithm.group-update", *law_of(proof), mapping=policy_values())
    proof.note(made, "the mean of r s is J(1 - J) times the gap")
    return proof.have(proof.statement.conclusion, made, unfold=("coefficient",),
                      why="by the definition of the coefficient")  # fmt: skip


@state(
    "lemma",
    "algorithm.coefficient-by-group",
    "The coefficient as a mean over groups",
    provenance="classical",
    claim=eq(
        COEFFICIENT(N, x, lam(x, a(x)), lam(x, b(x))),
        mean(G, x, lambda k: (1 - x) * (k / G * a(k)) - x * ((G - k) / G * b(k))),
    ),
)
def coefficient_by_group(proof: Proof) -> Theorem:
    biased = [
        proof.note(where(rule, {real("p"): x, nat("n"): N, function("F", "N"): lam(j, shape(j))}),
                   f"a response is {which} with probability {share}")
        for rule, shape, which, share in zip(
            binomial.size_bias(), (a, b), ("correct", "incorrect"), ("k/G", "1 - k/G"), strict=True
        )
    ]  # fmt: skip
    whole = have(
        eq(proof.statement.conclusion.args[1],
           (1 - x) * mean(G, x, lambda k: k / G * a(k))
           - x * mean(G, x, lambda k: (G - k) / G * b(k))),
        have(lt(0, G)), unfold=binomial.FORMS,
    )  # fmt: skip
    parts = have(
        eq(mean(N, x, lambda k: a(k + 1) - b(k)),
           mean(N, x, lambda k: a(k + 1)) - mean(N, x, lambda k: b(k))),
        unfold=binomial.FORMS,
    )  # fmt: skip
    return proof.have(
        proof.statement.conclusion, whole, parts, *biased, unfold=("coefficient",),
        why="the mean is linear",
    )  # fmt: skip


@state(
    "lemma",
    "algorithm.kept-groups",
    "How often a group is kept",
    provenance="classical",
    given=[line.policy, drawn(KEPT), forall((count, S, T), eq(P(0, count, S, T), d(count)))],
    claim=eq(P(N, 0, 0, 0), mean(N, J(t), lambda k: d(k))),
)
def kept_groups(proof: Proof) -> Theorem:
    values = {**policy_values(), V: KEPT}
    made = proof.use("algorithm.group-law", *law_of(proof), mapping=values, at=[num(0)])
    return proof.have(proof.statement.conclusion, made, why="the number of correct responses is "
                      "binomial")  # fmt: skip


# GRPO -------------------------------------------------------------------------------------------


def deviation(k: Term, size: Term) -> Term:
    """The standard deviation of the rewards of a group, k of which are 1."""
    return app("/", sqrt(k * (size - k)), size)


def standardised(k: Term, size: Term, scale: Term) -> tuple[Term, Term]:
    """The centred rewards 1 - k/G and -k/G, over a scale."""
    return (1 - k / size) / scale, -(k / size) / scale


def deviation_sign(k: Term, size: Term, inside: Theorem) -> Theorem:
    """``0 <= k (G - k)``, from ``k <= G``."""
    return have(le(0, k * (size - k)), inside, have(le(0, k)))


@cache
def variance_over_deviation(k: Term, size: Term) -> Theorem:
    """``k (G - k)/G**2 / deviation = deviation`` for k <= G, G = N + 1 or the like; 0 = 0 if all
    rewards agree."""
    inside, positive = assume(le(k, size)), have(lt(0, size))
    product = k * (size - k)
    root = square_roots.root_of(product, deviation_sign(k, size, inside))
    scale = deviation(k, size)
    goal = eq(product / size**2 / scale, scale)

    def zero(case: Theorem) -> Theorem:
        nothing = have(eq(sqrt(product), 0), case, root)
        empty = have(eq(product, 0), root, nothing)
        top, bottom = real("y"), real("z")
        rule = have(eq(top / bottom, bottom), assume(eq(top, 0)), assume(eq(bottom, 0)))
        rule = where(rule, {top: product / size**2, bottom: scale})
        return discharge(rule, have(eq(product / size**2, 0), empty, positive),
                         have(eq(scale, 0), nothing, positive))  # fmt: skip

    def some(case: Theorem) -> Theorem:
        strict = have(lt(0, scale), case, positive)
        whole = have(eq(product / size**2, scale**2), root, positive)
        return have(goal, whole, strict)

    return by_cases(order(sqrt(product), num(0)), zero, some)


def group_form(size: Term, mixture: Term, wanted: Term, x: Term, each: Theorem) -> Theorem:
    """``mean(G, x, mixture) = mean(G, x, wanted)`` from ``mixture(k) = wanted(k)`` for k <= G."""
    rule = where(binomial.congruent(), {nat("n"): size, real("p"): x,
                                        function("F", "N"): mixture,
                                        function("H", "N"): wanted})  # fmt: skip
    return discharge(rule, intro(each, nat("k"), le(nat("k"), size)))


_up, _down = standardised(x, G, deviation(x, G))
_kept = mean(G, J(t), lambda k: d(k) * deviation(k, G))


@state(
    "lemma",
    "algorithm.group-gradient",
    "GRPO's gradient, given the number of correct responses",
    provenance="classical",
    given=[
        line.policy,
        drawn(VALUE),
        drawn(KEPT),
        ADVANTAGES(G, lam(x, d(x) * _up), lam(x, d(x) * _down), VALUE),
        forall((count, S, T), eq(P(0, count, S, T), d(count))),
    ],
    claim=both(
        eq(V(G, 0, 0, 0), _kept * gap(t)),
        forall(
            m,
            le(m, G),
            eq(d(m), 1),
            forall(j, ne(j, m), eq(d(j), 0)),
            both(
                lt(0, P(G, 0, 0, 0)),
                eq(V(G, 0, 0, 0) / P(G, 0, 0, 0), deviation(m, G) * gap(t)),
            ),
        ),
    ),
    words="Whatever function $d$ of the number of correct responses weighs the groups. With the "
    "indicator of $m$ correct ones it is the expectation given that $k = m$ (arXiv:2607.00152).",
)
def group_gradient(proof: Proof) -> Theorem:
    k = nat("k")
    up, down = lam(x, d(x) * _up), lam(x, d(x) * _down)
    made = proof.use("algorithm.expected-update", mapping={a: up, b: down})
    group = proof.use("algorithm.coefficient-by-group", mapping={a: up, b: down, x: J(t)})
    positive = have(lt(0, G))
    mixture = group.conclusion.args[1].args[2]
    product = have(eq(beta(mixture, [k]), d(k) * (k * (G - k) / G**2 / deviation(k, G))), positive)
    share = variance_over_deviation(k, G)
    each = have(eq(beta(mixture, [k]), d(k) * deviation(k, G)), rewrite(product, share))
    same = group_form(G, mixture, lam(k, d(k) * deviation(k, G)), J(t), each)
    first = proof.have(
        proof.statement.conclusion.args[0], made, group, same,
        why="k correct responses with (1 - k/G)/std and G - k others with -(k/G)/std",
    )  # fmt: skip
    return conjunction(first, given_number(proof, first))


def given_number(proof: Proof, weighted: Theorem) -> Theorem:
    """The ratio of the two means when the weight is the indicator of one number."""
    rate = proof.use("setting.success-rate", at=[t])
    claim = beta(proof.statement.conclusion.args[1].args[0], [m])
    among, one, elsewhere = (assume(f) for f in _premises(claim, 3))
    chance = proof.use("algorithm.kept-groups", N=G)
    values = {nat("n"): G, real("p"): J(t)}
    k = nat("k")
    picked = []
    for shape in (lam(k, d(k)), lam(k, d(k) * deviation(k, G))):
        rule = where(binomial.single(), {**values, function("F", "N"): shape})
        other = apply(elsewhere, assume(ne(k, m)), at=[k])
        vanish = intro(have(eq(beta(shape, [k]), 0), other), k, le(k, G), ne(k, m))
        picked.append(discharge(rule, among, vanish))
    law = where(binomial.weight_sign(True), {**values, k: m})
    law = discharge(law, among, rate)
    low = have(lt(0, P(G, 0, 0, 0)), chance, picked[0], law, one)
    proof.note(low, "k = m has a positive probability")
    ratio = proof.have(
        eq(V(G, 0, 0, 0) / P(G, 0, 0, 0), deviation(m, G) * gap(t)),
        weighted, chance, *picked, law, one, low, why="only k = m contributes",
    )  # fmt: skip
    return intro(conjunction(low, ratio), m, among.conclusion, one.conclusion,
                 elsewhere.conclusion)  # fmt: skip


def _premises(formula: Term, number: int) -> list[Term]:
    """The first premises of an implication."""
    found = []
    for _ in range(number):
        found.append(formula.args[0])
        formula = formula.args[1]
    return found
