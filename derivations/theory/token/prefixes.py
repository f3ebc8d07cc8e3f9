r"""Responses drawn token by token: prefixes, and what is known once a prefix is.

`same(k, i, j)` is 1 if the first k tokens of the responses i and j agree, else 0.  A response
is drawn token by token when the probability of every prefix is the product of the
probabilities of its tokens.  Everything else follows: the token probabilities depend on the
prefix alone, a prefix of length 0 says nothing, one of length T_max everything, and a
response that has ended shares its prefix with no other one.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from derivations import sums
from derivations.calculus import differentiate
from derivations.expectation import ARBITRARY, MEAN, NAMES, WITHIN, Setting
from derivations.kernel.terms import (
    Definition,
    Term,
    app,
    beta,
    both,
    derivative,
    either,
    eq,
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
    var,
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
    fresh,
    have,
    instance,
    intro,
    part,
    where,
)
from derivations.theory.setting import unique

line = ARBITRARY
n, i, j, k, m, T_max = (nat(name) for name in ("n", "i", "j", "k", "m", "T_max"))
t, u = real("t"), real("u")
lp = function("lp", "R", "N")
lp_tok, s_tok, h_tok = (function(name, "N", "R", "N") for name in ("lp_tok", "s_tok", "h_tok"))
same, e = function("same", "N", "N", "N"), function("e", "N", "N")
T = var("T", (("N",), "N"))
l, X, Y, Z = (function(name, "N") for name in ("l", "X", "Y", "Z"))

EQUIVALENCE = Definition(
    "equivalence",
    lam(
        (n, e),
        both(
            forall((i, j), lt(i, n), lt(j, n), either(eq(e(i, j), 0), eq(e(i, j), 1))),
            forall(i, lt(i, n), eq(e(i, i), 1)),
            forall((i, j), lt(i, n), lt(j, n), eq(e(i, j), 1), eq(e(j, i), 1)),
            forall(
                (i, j, m), lt(i, n), lt(j, n), lt(m, n),
                eq(e(i, j), 1), eq(e(j, m), 1), eq(e(i, m), 1),
            ),
        ),
    ),
)  # fmt: skip
"""``equivalence(n, e)``: e(i, j) is the indicator of an equivalence of the responses."""

MEASURABLE = Definition(
    "measurable",
    lam((n, e, Y), forall((i, j), lt(i, n), lt(j, n), eq(e(i, j), 1), eq(Y(i), Y(j)))),
)
"""``measurable(n, e, Y)``: Y agrees on equivalent responses."""

TOKENS = Definition(
    "tokens",
    lam(
        (n, lp, T_max, lp_tok, s_tok, h_tok, T, same),
        both(
            lt(0, T_max),
            forall((t, i), lt(i, n), eq(lp(t, i), total(T_max, k, lp_tok(k, t, i)))),
            forall(
                (k, t, i), lt(i, n), lt(k, T_max), derivative(u, lp_tok(k, u, i), t, s_tok(k, t, i))
            ),
            forall(
                (k, t, i), lt(i, n), lt(k, T_max), derivative(u, s_tok(k, u, i), t, h_tok(k, t, i))
            ),
            forall(i, lt(i, n), le(T(i), T_max)),
            forall((k, t, i), lt(i, n), le(T(i), k), lt(k, T_max), eq(lp_tok(k, t, i), 0)),
            forall(k, le(k, T_max), EQUIVALENCE(n, lam((i, j), same(k, i, j)))),
            forall(
                (k, i, j), lt(k, T_max), lt(i, n), lt(j, n),
                eq(same(k + 1, i, j), 1), eq(same(k, i, j), 1),
            ),
            forall(
                (k, t, i), lt(i, n), le(k, T_max),
                eq(
                    total(n, j, same(k, i, j) * exp(lp(t, j))),
                    exp(total(k, m, lp_tok(m, t, i))),
                ),
            ),
        ),
    ),
)  # fmt: skip
"""``tokens(n, lp, T_max, lp_tok, s_tok, h_tok, T, same)``: responses are drawn token by token.

lp_tok(k, t, i) is the log-probability of token k of response i given the tokens before it,
s_tok and h_tok are its derivatives, T(i) <= T_max is the length, after which there is no token.
"""

DRAWN = TOKENS(
    n, line.log_policy, T_max,
    *(lam((k, t, i), f(k, t, i)) for f in (lp_tok, s_tok, h_tok)),
    lam(i, T(i)), lam((k, i, j), same(k, i, j)),
)  # fmt: skip
"""The assumption that the arbitrary policy draws its responses token by token."""

GIVEN = [line.policy, DRAWN]

_known = MEASURABLE(n, lam((i, j), e(i, j)), lam(i, Y(i)))

define(
    "definition",
    "token.measurable",
    "Known once the class is",
    MEASURABLE,
    provenance="classical",
    claim=app("imp", _known, unfold(_known, frozenset({"measurable"}))),
    words="A random variable that agrees on equivalent responses, as indicated by $e$.",
    module=__name__,
)

define(
    "assumption",
    "token.drawn",
    "Responses drawn token by token",
    TOKENS,
    EQUIVALENCE,
    provenance="reconstructed",
    claim=app("imp", DRAWN, unfold(DRAWN, frozenset({"tokens", "equivalence"}))),
    words="The log-probability of a response is the sum of those of its tokens, of which there "
    "are at most $T_{\\max}$; $\\mathit{same}_{k}(i,j)$ is $1$ if the first $k$ tokens agree, "
    "and the probability of a prefix is the product of the probabilities of its tokens.",
    module=__name__,
)


@dataclass(frozen=True)
class Drawn:
    """The parts of the assumption that responses are drawn token by token, as theorems."""

    some: Theorem
    sums: Theorem
    score: Theorem
    hessian: Theorem
    length: Theorem
    padding: Theorem
    equivalence: Theorem
    refines: Theorem
    prefix: Theorem

    @classmethod
    def of(cls, tokens: Theorem) -> Drawn:
        """Take the assumption ``tokens(...)`` apart."""
        opened = fold(tokens, unfold(tokens.conclusion, frozenset({"tokens"})))
        return cls(*[part(opened, *(1,) * q, *(0,) * (q < 8)) for q in range(9)])


@dataclass(frozen=True)
class Equivalence:
    """The parts of the assumption that an indicator is one of an equivalence."""

    binary: Theorem
    reflexive: Theorem
    symmetric: Theorem
    transitive: Theorem

    @classmethod
    def of(cls, equivalence: Theorem) -> Equivalence:
        """Take the assumption ``equivalence(...)`` apart."""
        opened = fold(
            equivalence, unfold(equivalence.conclusion, frozenset({"equivalence"}))
        )
        return cls(*[part(opened, *(1,) * q, *(0,) * (q < 3)) for q in range(4)])


def agree(k: Term) -> Term:
    """The indicator that the first k tokens agree."""
    i, j = fresh("i", "N", k), fresh("j", "N", k)
    return lam((i, j), same(k, i, j))


def prefix_sum(of: Term, k: Term) -> Term:
    """The sum over the first k tokens, as a function of the response."""
    return lam(i, total(k, m, of(m, t, i)))


SCORES = forall((k, i), lt(i, n), lt(k, T_max), WITHIN(s_tok(k, t, i), real("G_p")))
"""|s_tok| <= G_p at the point t."""

HESSIANS = forall((k, i), lt(i, n), lt(k, T_max), WITHIN(h_tok(k, t, i), real("L_p")))
"""|h_tok| <= L_p at the point t."""


# Conditional expectations -----------------------------------------------------------------


_same_class = total(n, j, e(i, j) * exp(l(j)))


def _class_weight(known: Equivalence) -> Theorem:
    """``for all i < n``: the class of i has positive probability."""
    inside, other = assume(lt(i, n)), assume(lt(j, n))
    weight = e(i, j) * exp(l(j))
    sign = by_cases(
        apply(known.binary, inside, other, at=[i, j]), *([lambda c: have(le(0, weight), c)] * 2)
    )
    here = have(lt(0, e(i, i) * exp(l(i))), apply(known.reflexive, inside, at=[i]))
    rule = where(sums.positive(), f=lam(j, weight), n=n, k=i)
    return intro(discharge(rule, intro(sign, j, lt(j, n)), here, inside), i, lt(i, n))


_ABSTRACT = EQUIVALENCE(n, lam((i, j), e(i, j)))


@cache
def class_sums() -> Theorem:
    """Sums of X over the classes of equivalent responses agree; n, e and X are free."""
    known = Equivalence.of(assume(_ABSTRACT))
    inside, other, one = assume(lt(i, n)), assume(lt(j, n)), assume(lt(m, n))
    alike = assume(eq(e(i, j), 1))
    back = apply(known.symmetric, inside, other, alike, at=[i, j])
    goal = eq(e(i, m) * X(m), e(j, m) * X(m))

    def in_first(case: Theorem) -> Theorem:
        there = apply(known.transitive, other, inside, one, back, case, at=[j, i, m])
        return have(goal, case, there)

    def outside(case: Theorem) -> Theorem:
        def in_second(found: Theorem) -> Theorem:
            here = apply(known.transitive, inside, other, one, alike, found, at=[i, j, m])
            return absurd(have(lt(0, 0), here, case), goal)

        split = apply(known.binary, other, one, at=[j, m])
        return by_cases(split, lambda found: have(goal, case, found), in_second)

    each = by_cases(apply(known.binary, inside, one, at=[i, m]), outside, in_first)
    made = sums.equal(n, intro(each, m, one.conclusion))
    return intro(made, (i, j), inside.conclusion, other.conclusion, alike.conclusion)


@state(
    "lemma",
    "token.tower",
    "Tower rule",
    provenance="classical",
    given=[
        EQUIVALENCE(n, lam((i, j), e(i, j))),
        MEASURABLE(n, lam((i, j), e(i, j)), lam(i, Y(i))),
        forall(i, lt(i, n), eq(MEAN(n, lam(j, e(i, j)), lam(j, l(j)), lam(j, X(j))), Z(i))),
    ],
    claim=eq(
        total(n, i, exp(l(i)) * X(i) * Y(i)),
        total(n, i, exp(l(i)) * Z(i) * Y(i)),
    ),
    words="If $Z$ is the mean of $X$ given the class of the response, and $Y$ is known once the "
    "class is, then $XY$ and $ZY$ have the same mean.",
)
def tower(proof: Proof) -> Theorem:
    known = Equivalence.of(proof.given[0])
    measurable = fold(
        proof.given[1], unfold(proof.given[1].conclusion, frozenset({"measurable"}))
    )
    positive = proof.note(_class_weight(known), "every class has positive probability")
    shared = discharge(where(class_sums(), X=lam(j, exp(l(j)))), proof.given[0])
    inside, other = assume(lt(i, n)), assume(lt(j, n))
    mass = _same_class
    mass_at_j = total(n, m, e(j, m) * exp(l(m)))
    weight = exp(l(i)) * Y(i) / mass
    # Weigh Z(i) by its class.
    here = apply(positive, inside, at=[i])
    means = apply(proof.given[2], inside, at=[i])
    spread = have(
        eq(exp(l(i)) * Z(i) * Y(i), weight * total(n, j, e(i, j) * exp(l(j)) * X(j))),
        means, here, unfold=NAMES,
    )  # fmt: skip
    proof.note(spread, "write the mean given the class of i as a sum")
    summed = sums.equal(n, intro(spread, i, inside.conclusion))
    exchanged = where(
        sums.exchange(), n=n, m=n, a=lam(j, exp(l(j)) * X(j)), b=lam(i, weight),
        F=lam((j, i), e(i, j)),
    )  # fmt: skip
    proof.note(exchanged, "exchange the two sums")
    # Inner sums: given j, the classes of i and j are the same.
    goal = eq(weight * e(i, j), e(j, i) * exp(l(i)) * (Y(j) / mass_at_j))

    def alike(case: Theorem) -> Theorem:
        back = apply(known.symmetric, inside, other, case, at=[i, j])
        values = apply(measurable, inside, other, case, at=[i, j])
        masses = apply(shared, inside, other, case, at=[i, j])
        return have(goal, case, back, values, masses, here, apply(positive, other, at=[j]))

    def apart(case: Theorem) -> Theorem:
        def back(found: Theorem) -> Theorem:
            again = apply(known.symmetric, other, inside, found, at=[j, i])
            return absurd(have(lt(0, 0), again, case), goal)

        split = apply(known.binary, other, inside, at=[j, i])
        return by_cases(split, lambda found: have(goal, case, found), back)

    each = by_cases(apply(known.binary, inside, other, at=[i, j]), apart, alike)
    inner = sums.equal(n, intro(each, i, inside.conclusion))
    there = apply(positive, other, at=[j])
    one = have(eq(total(n, i, weight * e(i, j)), Y(j)), inner, there)
    proof.note(one, "given j, every i that counts is in the class of j")
    outer = have(
        eq(exp(l(j)) * X(j) * total(n, i, weight * e(i, j)), exp(l(j)) * X(j) * Y(j)), one
    )
    closed = sums.equal(n, intro(outer, j, other.conclusion))
    return proof.have(
        proof.statement.conclusion, summed, exchanged, closed, why="put the sums together"
    )


# Scores of prefixes ----------------------------------------------------------------------


@state(
    "lemma",
    "token.score-sum",
    "The score is the sum of the token scores",
    provenance="classical",
    given=GIVEN,
    claim=forall(
        (t, i),
        lt(i, n),
        both(
            eq(line.score(t, i), total(T_max, k, s_tok(k, t, i))),
            eq(line.hessian(t, i), total(T_max, k, h_tok(k, t, i))),
        ),
    ),
)
def score_sum(proof: Proof) -> Theorem:
    setting, drawn = Setting.of(proof.given[0]), Drawn.of(proof.given[1])
    inside = assume(lt(i, n))
    equal: list[Theorem] = []
    for tokens, known, moving in (
        (lp_tok, setting.score, drawn.score), (s_tok, setting.hessian, drawn.hessian),
    ):  # fmt: skip
        body = total(T_max, k, tokens(k, u, i))
        same_ = apply(equal[0], at=[u]) if equal else apply(drawn.sums, inside, at=[u, i])
        own = carried(apply(known, inside, at=[t, i]), u, body, same_)
        made = differentiate(u, body, t, moving, inside)
        equal.append(intro(proof.note(unique(own, made), "differentiate term by term"), t))
    both_ = conjunction(*(apply(x, at=[t]) for x in equal))
    return intro(both_, (t, i), inside.conclusion)


def carried(theorem: Theorem, variable: Term, body: Term, equality: Theorem) -> Theorem:
    """The derivative of a function that equals the given one, for every value of the variable."""
    given, at, value = theorem.conclusion.args
    near = intro(equality, variable, lt(at - 1, variable), lt(variable, at + 1))
    rule = instance(
        "derivative.local", f=given, g=lam(variable, body), t=at, x=value, d=num(1)
    )
    return apply(rule, near, theorem)


_first = le(k, T_max)
_prefix_score = prefix_sum(s_tok, k)


@state(
    "lemma",
    "token.prefix-score",
    "The mean score given a prefix is the score of the prefix",
    provenance="classical",
    given=GIVEN,
    claim=forall(
        (k, t),
        _first,
        both(
            forall(
                i,
                lt(i, n),
                eq(
                    MEAN(n, lam(j, same(k, i, j)), line.logs(t), line.at(line.score, t)),
                    total(k, m, s_tok(m, t, i)),
                ),
            ),
            MEASURABLE(n, agree(k), _prefix_score),
        ),
    ),
    words="It is known once the prefix is.",
)
def prefix_score(proof: Proof) -> Theorem:
    setting, drawn = Setting.of(proof.given[0]), Drawn.of(proof.given[1])
    inside, other, first = assume(lt(i, n)), assume(lt(j, n)), assume(_first)
    probability = total(n, j, same(k, i, j) * exp(line.log_policy(u, j)))
    product_ = exp(total(k, m, lp_tok(m, u, i)))
    moving = differentiate(u, probability, t, setting.score)
    scores = differentiate(u, product_, t, drawn.score, inside, first)
    drawn_at = apply(drawn.prefix, inside, first, at=[k, u, i])
    equation = unique(carried(moving, u, product_, drawn_at), scores)
    proof.note(equation, "differentiate the probability of the prefix")
    drawn_here = apply(drawn.prefix, inside, first, at=[k, t, i])
    goal = unfold(proof.statement.conclusion, frozenset({"measurable"}))
    goal = beta(goal.args[0], [k, t]).args[1]
    mean_ = proof.have(
        beta(goal.args[0].args[0], [i]).args[1], equation, drawn_here, unfold=NAMES,
        why="divide by it",
    )  # fmt: skip
    alike = assume(eq(same(k, i, j), 1))
    probability = exp(line.log_policy(t, j))
    shared = []
    for body in (probability, probability * line.score(t, j)):
        rule = where(class_sums(), e=agree(k), X=lam(j, body))
        rule = discharge(rule, apply(drawn.equivalence, first, at=[k]))
        shared.append(apply(rule, inside, other, alike, at=[i, j]))
    mean_j = apply(intro(mean_, i, lt(i, n)), other, at=[j])
    drawn_j = apply(drawn.prefix, other, first, at=[k, t, j])
    weight = have(lt(0, total(n, m, same(k, j, m) * exp(line.log_policy(t, m)))), drawn_j)
    same_mean = have(
        eq(total(k, m, s_tok(m, t, i)), total(k, m, s_tok(m, t, j))), mean_, mean_j, *shared,
        weight, unfold=NAMES,
    )  # fmt: skip
    measurable_ = intro(
        same_mean, (i, j), inside.conclusion, other.conclusion, alike.conclusion
    )
    proof.note(measurable_, "the same for every response with that prefix")
    pair = conjunction(intro(mean_, i, inside.conclusion), measurable_)
    return intro(pair, (k, t), first.conclusion)


# Token scores are uncorrelated with what came before ---------------------------------------

_earlier = MEASURABLE(n, agree(k), lam(i, Y(i)))


@state(
    "lemma",
    "token.orthogonal",
    "A token score is uncorrelated with everything before the token",
    provenance="classical",
    given=[*GIVEN, lt(k, T_max), _earlier],
    claim=eq(total(n, i, exp(line.log_policy(t, i)) * s_tok(k, t, i) * Y(i)), 0),
)
def orthogonal(proof: Proof) -> Theorem:
    drawn = Drawn.of(proof.given[1])
    before = proof.given[2]
    after = have(le(k + 1, T_max), apply(instance("natural.discrete", m=k, n=T_max), before))
    opened = fold(proof.given[3], unfold(_earlier, frozenset({"measurable"})))
    inside, other = assume(lt(i, n)), assume(lt(j, n))
    alike = assume(eq(same(k + 1, i, j), 1))
    shorter = apply(drawn.refines, before, inside, other, alike, at=[k, i, j])
    later = intro(
        apply(opened, inside, other, shorter, at=[i, j]), (i, j),
        inside.conclusion, other.conclusion, alike.conclusion,
    )  # fmt: skip
    later = fold(later, MEASURABLE(n, agree(k + 1), lam(i, Y(i))))
    equal: list[Theorem] = []
    fitting = have(le(k, T_max), before)
    for length, known, fits in ((k, proof.given[3], fitting), (k + 1, later, after)):
        means = part(proof.use("token.prefix-score", fits, at=[length, t]), 0)
        made = proof.use(
            "token.tower", apply(drawn.equivalence, fits, at=[length]), known, means,
            e=agree(length), l=line.logs(t), X=line.at(line.score, t),
            Z=lam(i, total(length, m, s_tok(m, t, i))),
        )  # fmt: skip
        equal.append(proof.note(made, "tower rule"))
    return proof.have(
        proof.statement.conclusion, *equal, why="the scores of the two prefixes differ by the "
        "token's"
    )  # fmt: skip


_W, _V = function("W", "N"), function("V", "N")


@state(
    "lemma",
    "token.drift",
    "A token cannot raise a mean by anything linear in its score",
    provenance="classical",
    given=[
        *GIVEN, lt(k, T_max), _earlier,
        forall(i, lt(i, n), le(_W(i), _V(i) + s_tok(k, t, i) * Y(i))),
    ],
    claim=le(line.mean("", lam(i, _W(i)), t), line.mean("", lam(i, _V(i)), t)),
)  # fmt: skip
def drift(proof: Proof) -> Theorem:
    inside = assume(lt(i, n))
    weight = exp(line.log_policy(t, i))
    bound = apply(proof.given[4], inside, at=[i])
    each = have(
        le(weight * _W(i), weight * _V(i) + weight * s_tok(k, t, i) * Y(i)), bound
    )
    summed = sums.ordered(n, intro(each, i, inside.conclusion))
    proof.note(summed, "weigh with the probabilities and sum")
    zero = proof.use("token.orthogonal")
    normal = apply(Setting.of(proof.given[0]).normalised, at=[t])
    return proof.have(
        proof.statement.conclusion, summed, zero, normal, unfold=NAMES,
        why="the last sum vanishes",
    )  # fmt: skip
