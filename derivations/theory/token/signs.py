r"""Independent signs: both factors of the critical step at token level are needed.

Every token is a sign, -1 or 1 with probability proportional to exp(-G t) and exp(G t), and a
response is correct if and only if the sum of its signs is less than tau in absolute value.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from functools import cache
from math import comb
from typing import Any

from derivations import calculus, elementary, sums
from derivations.expectation import NAMES, Setting
from derivations.kernel.terms import (
    Definition,
    Term,
    absolute,
    app,
    beta,
    both,
    either,
    eq,
    exp,
    forall,
    function,
    implies,
    lam,
    le,
    log,
    lt,
    num,
    real,
    sqrt,
    total,
    unfold,
)
from derivations.kernel.theorem import Theorem, infer
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
    obtain,
    order,
    part,
    rewrite,
    specialise,
    where,
)
from derivations.theory.token.martingale import Dmu, J, ell2
from derivations.theory.token.prefixes import (
    GIVEN,
    Drawn,
    T_max,
    i,
    j,
    k,
    line,
    lp_tok,
    m,
    n,
    s_tok,
    t,
)
from derivations.theory.token.tails import SIGMA2, G_p, earlier, mean, score_of_all

x, y, z, b, lam_ = (real(name) for name in ("x", "y", "z", "b", "lam"))
f, Z = function("f", "R"), function("Z", "N")

FAIR = forall(
    (k, i), lt(i, n), lt(k, T_max),
    both(
        eq(lp_tok(k, t, i), -log(2)),
        either(eq(s_tok(k, t, i), -G_p), eq(s_tok(k, t, i), G_p)),
    ),
)  # fmt: skip
"""At the point t every token has probability 1/2 and the score -G_p or G_p."""

RARE = forall(
    i, lt(i, n),
    both(
        implies(le(b, absolute(line.score(t, i))), eq(beta(line.reward, [i]), 0)),
        implies(lt(absolute(line.score(t, i)), b), eq(beta(line.reward, [i]), 1)),
    ),
)  # fmt: skip
"""The incorrect responses are those whose score is b at least in absolute value."""

SIGNS = [*GIVEN, lt(0, G_p), FAIR]


def prefix(length: Term) -> Term:
    """The score of the first tokens of the response i."""
    return total(length, m, s_tok(m, t, i))


@state(
    "lemma",
    "token.sign-law",
    "The law of a sum of fair signs",
    provenance="classical",
    given=SIGNS,
    claim=both(
        forall(
            (k, x), lt(k, T_max),
            eq(
                mean(f(x + prefix(k + 1))),
                (mean(f(x + G_p + prefix(k))) + mean(f(x - G_p + prefix(k)))) / 2,
            ),
        ),
        eq(mean(f(line.score(t, i))), mean(f(-line.score(t, i)))),
    ),
    words="Given the tokens before it, each score is $\\pm G_p$ with equal probabilities.",
)  # fmt: skip
def sign_law(proof: Proof) -> Theorem:
    before, inside = assume(lt(k, T_max)), assume(lt(i, n))
    first = have(le(k, T_max), before)
    sign = part(apply(proof.given[3], inside, before, at=[k, i]), 1)
    high, low = f(x + G_p + prefix(k)), f(x - G_p + prefix(k))
    slope = lam(z, (f(x + G_p + z) - f(x - G_p + z)) / (2 * G_p))
    here, next_ = beta(slope, [prefix(k)]), f(x + prefix(k + 1))
    value = (high + low) / 2 + s_tok(k, t, i) * here
    each = by_cases(
        sign, *([lambda case: have(eq(next_, value), case, proof.given[2])] * 2)
    )
    proof.note(each, "the two values of the token's score")
    weight = exp(line.log_policy(t, i))
    summed = sums.equal(n, intro(have(eq(weight * next_, weight * value), each), i, lt(i, n)))
    zero = proof.use("token.orthogonal", before, earlier(proof, first, slope), Y=lam(i, here))
    normal = apply(Setting.of(proof.given[0]).normalised, at=[t])
    goal = eq(mean(next_), (mean(high) + mean(low)) / 2)
    law = proof.have(goal, summed, zero, normal, unfold=NAMES, why="the mean of the score is zero")
    law = intro(law, (k, x), before.conclusion)
    mirrored = where(law, {f: lam(z, f(-z))})

    def claim(length: Term) -> Term:
        same = eq(mean(f(x + prefix(length))), mean(f(x - prefix(length))))
        return forall(x, implies(le(length, T_max), same))

    def step(hypothesis: Theorem) -> Theorem:
        fits = assume(le(k + 1, T_max))
        below, weak = have(lt(k, T_max), fits), have(le(k, T_max), fits)
        known = [apply(hypothesis, weak, at=[at]) for at in (x + G_p, x - G_p)]
        one, other = apply(law, below, at=[k, x]), apply(mirrored, below, at=[k, -x])
        made = have(
            beta(claim(k + 1).args[0], [x]).args[1], *known, one, other,
            unfold=NAMES,
        )  # fmt: skip
        return intro(made, x, fits.conclusion)

    start = have(beta(claim(num(0)).args[0], [x]).args[1], unfold=NAMES)
    base = intro(start, x, le(0, T_max))
    whole = apply(specialise(induct(k, claim(k), base, step), T_max), have(le(T_max, T_max)), at=[0])
    ends = [score_of_all(proof, lam(z, f(z))), score_of_all(proof, lam(z, f(-z)))]
    second = proof.have(
        proof.statement.conclusion.args[1], whole, *ends, unfold=NAMES,
        why="by induction over the tokens, from any starting point",
    )  # fmt: skip
    return conjunction(law, second)


@state(
    "lemma",
    "token.sign-moments",
    "Moments of a sum of fair signs",
    provenance="classical",
    given=SIGNS,
    claim=both(
        eq(mean(line.score(t, i) ** 2), SIGMA2),
        eq(mean(line.score(t, i) ** 4), G_p**4 * (3 * T_max**2 - 2 * T_max)),
        eq(mean(line.score(t, i) ** 6), G_p**6 * (15 * T_max**3 - 30 * T_max**2 + 16 * T_max)),
        forall(
            lam_, le(0, lam_), le(lam_**2 * G_p**2, 2),
            le(exp(lam_**2 * SIGMA2 / 4), mean(exp(lam_ * line.score(t, i)))),
        ),
    ),
    words="The first three are exact.",
)  # fmt: skip
def sign_moments(proof: Proof) -> Theorem:
    law = part(proof.use("token.sign-law"), 0)
    normal = apply(Setting.of(proof.given[0]).normalised, at=[t])
    powers = [
        (2, lambda q: G_p**2 * q),
        (4, lambda q: G_p**4 * (3 * q**2 - 2 * q)),
        (6, lambda q: G_p**6 * (15 * q**3 - 30 * q**2 + 16 * q)),
    ]  # fmt: skip

    def claim(length: Any) -> Term:
        equal = [eq(mean(prefix(length) ** q), value(length)) for q, value in powers]
        return implies(le(length, T_max), both(*equal))

    def step(hypothesis: Theorem) -> Theorem:
        fits = assume(le(k + 1, T_max))
        below = have(lt(k, T_max), fits)
        known = apply(hypothesis, have(le(k, T_max), fits))
        made = []
        for q, value in powers:
            moved = where(law, {f: lam(z, z**q)})
            moved = apply(moved, below, at=[k, 0])
            after = where(shifted_moment(q), {Z: lam(i, prefix(k))})
            after = discharge(after, normal)
            first = have(eq(mean(prefix(k + 1) ** q), moved.conclusion.args[0]), unfold=NAMES)
            made.append(have(eq(mean(prefix(k + 1) ** q), value(k + 1)), first, moved, after, known))
        return intro(conjunction(*made), (), fits.conclusion)

    start = have(claim(num(0)).args[1], normal, unfold=NAMES)
    base = intro(start, (), le(0, T_max))
    whole = apply(specialise(induct(k, claim(k), base, step), T_max), have(le(T_max, T_max)))
    proof.note(whole, "by induction over the tokens")
    goals = proof.statement.conclusion
    equal = []
    for side, (q, _) in enumerate(powers):
        goal = beta(lam(z, goals), [z])
        for _ in range(side):
            goal = goal.args[1]
        equal.append(have(goal.args[0], whole, score_of_all(proof, lam(z, z**q)), unfold=NAMES))
    return conjunction(*equal, exponential(proof, law, normal))


@cache
def shifted_moment(power: int) -> Theorem:
    """(E[(G + Z)**q] + E[(-G + Z)**q])/2 in the moments of Z, q even."""
    normal = assume(eq(total(n, i, exp(line.log_policy(t, i))), 1))
    value = G_p**power
    for rest in range(2, power + 1, 2):
        value = value + comb(power, rest) * G_p ** (power - rest) * mean(Z(i) ** rest)
    goal = eq((mean((0 + G_p + Z(i)) ** power) + mean((0 - G_p + Z(i)) ** power)) / 2, value)
    return have(goal, normal, unfold=NAMES)


def exponential(proof: Proof, law: Theorem, normal: Theorem) -> Theorem:
    """exp(lambda**2 sigma**2/4) <= E[exp(lambda s)] for 0 <= lambda, lambda**2 G_p**2 <= 2."""
    sign, small = assume(le(0, lam_)), assume(le(lam_**2 * G_p**2, 2))
    grows = discharge(where(cosh_quarter(), x=lam_ * G_p), have(le(0, lam_ * G_p), sign,
                      proof.given[2]), have(le((lam_ * G_p) ** 2, 2), small))  # fmt: skip
    value = lam(z, exp(lam_ * z))
    moved = where(law, {f: value})

    def claim(length: Any) -> Term:
        bound = exp(lam_**2 * (G_p**2 * length) / 4)
        return implies(le(length, T_max), le(bound, mean(exp(lam_ * prefix(length)))))

    def step(hypothesis: Theorem) -> Theorem:
        fits = assume(le(k + 1, T_max))
        known = apply(hypothesis, have(le(k, T_max), fits))
        split = apply(moved, have(lt(k, T_max), fits), at=[k, 0])
        ends = [where(shifted_exponential(), {Z: lam(i, prefix(k)), x: at}) for at in (G_p, -G_p)]
        here = mean(exp(lam_ * prefix(k)))
        first = have(
            eq(mean(exp(lam_ * prefix(k + 1))), (exp(lam_ * G_p) + exp(-(lam_ * G_p))) / 2 * here),
            split, *ends, unfold=NAMES,
        )  # fmt: skip
        factor, before = exp((lam_ * G_p) ** 2 / 4), known.conclusion.args[0]
        product = where(product_below(), x=factor, y=before, z=here, b=grows.conclusion.args[1])
        product = discharge(
            product, grows, known, *(instance("exp.positive", x=e.args[0]) for e in (factor, before))
        )
        wanted = claim(k + 1).args[1]
        joined = instance("exp.sum", x=factor.args[0], y=before.args[0])
        whole = wanted.args[0].args[0]
        joined = rewrite(joined, have(eq(joined.conclusion.args[0].args[0], whole)))
        return intro(have(wanted, first, product, joined), (), fits.conclusion)

    start = have(claim(num(0)).args[1], normal, instance("exp.zero"), unfold=NAMES)
    base = intro(start, (), le(0, T_max))
    whole = apply(specialise(induct(k, claim(k), base, step), T_max), have(le(T_max, T_max)))
    proof.note(whole, "by induction as well, cosh(z) being at least exp(z^2/4) for z^2 <= 2")
    goal = le(exp(lam_**2 * SIGMA2 / 4), mean(exp(lam_ * line.score(t, i))))
    made = have(goal, whole, score_of_all(proof, value), unfold=NAMES)
    return intro(made, lam_, sign.conclusion, small.conclusion)


@cache
def product_below() -> Theorem:
    """x y <= b z/2 from 2 x <= b, 0 < y and y <= z; 0 <= b since 0 < x."""
    known = [assume(r) for r in (le(2 * x, b), le(y, z), lt(0, y), lt(0, x))]
    return have(le(x * y, b / 2 * z), *known)


@cache
def shifted_exponential() -> Theorem:
    """E[exp(lambda (x + Z))] = exp(lambda x) E[exp(lambda Z)]."""
    weight = exp(line.log_policy(t, i))
    moved, plain = exp(lam_ * (0 + x + Z(i))), exp(lam_ * x) * exp(lam_ * Z(i))
    joined = instance("exp.sum", x=lam_ * x, y=lam_ * Z(i))
    joined = rewrite(joined, have(eq(lam_ * x + lam_ * Z(i), lam_ * (0 + x + Z(i)))))
    each = intro(have(eq(weight * moved, weight * plain), joined), i, lt(i, n))
    goal = eq(mean(moved), exp(lam_ * x) * mean(exp(lam_ * Z(i))))
    return have(goal, sums.equal(n, each), unfold=NAMES)


@cache
def cosh_quarter() -> Theorem:
    """2 exp(x**2/4) <= exp(x) + exp(-x) for 0 <= x, x**2 <= 2."""
    small = assume(le(x**2, 2))
    share = x**2 / 4
    tangent = where(calculus.exp_tangent(), x=-share)
    minus = where(calculus.exp_minus(), x=share)
    product = have(le((1 - share) * exp(share), 1), tangent, minus)
    e = real("e")
    room = [assume(le(0, y)), assume(le(y, num(Fraction(1, 2))))]
    parabola = have(le(1, (1 - y) * (1 + 2 * y)), *room)
    parabola = have(le(0, (1 - y) * (1 + 2 * y - e)), parabola, assume(le((1 - y) * e, 1)))
    root = have(le(e, 1 + 2 * y), parabola, have(lt(0, 1 - y), *room))
    bound = discharge(
        where(root, {y: share, e: exp(share)}), product, have(le(0, share)),
        have(le(share, num(Fraction(1, 2))), small),
    )  # fmt: skip
    cosh = elementary.cosh_above()
    return have(le(2 * exp(x**2 / 4), exp(x) + exp(-x)), cosh, bound)
