r"""Independent signs: their law, and the spread of the score given that it is large.

At the point t every token has probability 1/2 and the score -G or G, and a response is correct if
and only if the sum of its scores is less than b in absolute value.
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
    Term,
    absolute,
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
    maximum,
    num,
    real,
    sqrt,
    total,
)
from derivations.kernel.theorem import Theorem
from derivations.library import Proof, state
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
    symmetric,
    where,
)
from derivations.theory.token.martingale import J
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
            k, lt(k, T_max),
            eq(
                mean(f(prefix(k + 1))),
                (mean(f(prefix(k) + G_p)) + mean(f(prefix(k) - G_p))) / 2,
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
    high, low = f(prefix(k) + G_p), f(prefix(k) - G_p)
    slope = lam(z, (f(z + G_p) - f(z - G_p)) / (2 * G_p))
    here, next_ = beta(slope, [prefix(k)]), f(prefix(k + 1))
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
    law = intro(law, k, before.conclusion)
    shifted, mirrored = (where(law, {f: lam(z, f(x + q))}) for q in (z, -z))

    def claim(length: Term) -> Term:
        same = eq(mean(f(x + prefix(length))), mean(f(x - prefix(length))))
        return forall(x, implies(le(length, T_max), same))

    def step(hypothesis: Theorem) -> Theorem:
        fits = assume(le(k + 1, T_max))
        below, weak = have(lt(k, T_max), fits), have(le(k, T_max), fits)
        known = [apply(hypothesis, weak, at=[at]) for at in (x + G_p, x - G_p)]
        one, other = (apply(rule, below, at=[k]) for rule in (shifted, mirrored))
        made = have(
            beta(claim(k + 1).args[0], [x]).args[1], *known, one, other,
            unfold=NAMES,
        )  # fmt: skip
        return intro(made, x, fits.conclusion)

    start = have(beta(claim(num(0)).args[0], [x]).args[1], unfold=NAMES)
    base = intro(start, x, le(0, T_max))
    whole = specialise(induct(k, claim(k), base, step), T_max)
    whole = apply(whole, have(le(T_max, T_max)), at=[0])
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
    powers: list[tuple[int, Callable[[Any], Term]]] = [
        (2, lambda q: G_p**2 * q),
        (4, lambda q: G_p**4 * (3 * q**2 - 2 * q)),
        (6, lambda q: G_p**6 * (15 * q**3 - 30 * q**2 + 16 * q)),
    ]

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
            moved = apply(moved, below, at=[k])
            after = where(shifted_moment(q), {Z: lam(i, prefix(k))})
            after = discharge(after, normal)
            first = have(eq(mean(prefix(k + 1) ** q), moved.conclusion.args[0]), unfold=NAMES)
            goal = eq(mean(prefix(k + 1) ** q), value(k + 1))
            made.append(have(goal, first, moved, after, known))
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
    goal = eq((mean((Z(i) + G_p) ** power) + mean((Z(i) - G_p) ** power)) / 2, value)
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
        split = apply(moved, have(lt(k, T_max), fits), at=[k])
        ends = [where(shifted_exponential(), {Z: lam(i, prefix(k)), x: at}) for at in (G_p, -G_p)]
        here = mean(exp(lam_ * prefix(k)))
        first = have(
            eq(mean(exp(lam_ * prefix(k + 1))), (exp(lam_ * G_p) + exp(-(lam_ * G_p))) / 2 * here),
            split, *ends, unfold=NAMES,
        )  # fmt: skip
        factor, before = exp((lam_ * G_p) ** 2 / 4), known.conclusion.args[0]
        product = where(product_below(), x=factor, y=before, z=here, b=grows.conclusion.args[1])
        above = [instance("exp.positive", x=e.args[0]) for e in (factor, before)]
        product = discharge(product, grows, known, *above)
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
    """E[exp(lambda (Z + x))] = exp(lambda x) E[exp(lambda Z)]."""
    weight = exp(line.log_policy(t, i))
    moved, plain = exp(lam_ * (Z(i) + x)), exp(lam_ * x) * exp(lam_ * Z(i))
    joined = instance("exp.sum", x=lam_ * x, y=lam_ * Z(i))
    joined = rewrite(joined, have(eq(lam_ * x + lam_ * Z(i), lam_ * (Z(i) + x))))
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


# How rare the incorrect responses are ---------------------------------------------------------

_u = log(1 / (1 - J(t)))
SPREAD = SIGMA2 + b**2
W = function("W", "N")
a, c = real("a"), real("c")


@state(
    "lemma",
    "token.sign-tail",
    "A lower bound on the tail of a sum of fair signs",
    provenance="classical",
    given=[*SIGNS, RARE],
    claim=both(
        le(log(1 / (1 - J(t))), T_max * log(2)),
        le(SIGMA2 * log(1 / (1 - J(t))), 40 * SPREAD),
    ),
)
def sign_tail(proof: Proof) -> Theorem:
    known = proof.use("setting.success-rate", at=[t])
    positive = [proof.given[2], Drawn.of(proof.given[1]).some]
    share = proof.note(
        single_response(proof), "an incorrect response has probability 2^{-T_max}"
    )
    count = proof.note(surprise_below(share, T_max * log(2), known), "so it is at most T log 2")
    log_two = rewrite(where(calculus.log_tangent(), x=2), have(eq(num(2) - 1, 1)))
    log_two = discharge(log_two, have(lt(0, num(2))))
    goal = proof.statement.conclusion.args[1]

    def large(case: Theorem) -> Theorem:
        size = have(lt(0, SIGMA2), *positive)
        first = have(le(SIGMA2 * _u, SIGMA2 * (T_max * log(2))), count, size)
        second = have(le(SIGMA2 * (T_max * log(2)), SIGMA2 * T_max), log_two, size, positive[1])
        return have(goal, first, second, case)

    def small(case: Theorem) -> Theorem:
        return rare_enough(proof, case, known, positive)

    made = by_cases(order(25 * SPREAD, 2 * (SIGMA2 * T_max)), small, large)
    return conjunction(count, made)


def single_response(proof: Proof) -> Theorem:
    """exp(-(T_max log 2)) <= 1 - J: there is an incorrect response."""
    setting, drawn = Setting.of(proof.given[0]), Drawn.of(proof.given[1])
    weight = lam(i, (1 - beta(line.reward, [i])) * exp(line.log_policy(t, i)))
    known = proof.use("setting.success-rate", at=[t])
    value = exp(-(T_max * log(2)))

    def use(chosen: Theorem) -> Theorem:
        inside, wrong = part(chosen, 0), part(chosen, 1)
        early = assume(lt(k, T_max))
        token = part(apply(proof.given[3], inside, early, at=[k, j]), 0)
        tokens = sums.equal(T_max, intro(token, k, early.conclusion))
        whole = apply(drawn.sums, inside, at=[t, j])
        level = have(eq(line.log_policy(t, j), -(T_max * log(2))), whole, tokens)
        binary = assume(lt(i, n))
        split = apply(setting.binary, binary, at=[i])
        each = by_cases(split, *([lambda q: have(le(0, beta(weight, [i])), q)] * 2))
        rule = where(sums.term_below(), f=weight, n=n, k=j)
        below = discharge(rule, intro(each, i, binary.conclusion), inside)
        there = have(le(exp(line.log_policy(t, j)), 1 - J(t)), below, wrong, known, unfold=NAMES)
        return rewrite(there, level)

    return fold(obtain(setting.incorrect, [j], use), le(value, 1 - J(t)))


def surprise_below(share: Theorem, value: Term, known: Theorem) -> Theorem:
    """log(1/(1 - J)) <= value from exp(-value) <= 1 - J."""
    rate = 1 - J(t)
    positive = have(lt(0, rate), known)
    inverse = where(calculus.exp_minus_log(), x=1 / rate)
    inverse = discharge(inverse, have(lt(0, 1 / rate), positive))
    same = have(eq(exp(-log(1 / rate)), rate), inverse, positive)
    rule = where(calculus.exp_reflects(), x=-value, y=-log(1 / rate))
    below = have(le(exp(-value), exp(-log(1 / rate))), share, same)
    return have(le(log(1 / rate), value), discharge(rule, below))


def rare_enough(
    proof: Proof, case: Theorem, known: Theorem, positive: list[Theorem]
) -> Theorem:
    """sigma**2 log(1/(1 - J)) <= 40 (sigma**2 + b**2) where 25 of the latter are 2 sigma**2 T_max.

    The second moment method for exp(lambda s), with lambda**2 sigma**4 = 25 (sigma**2 + b**2).
    """
    size = have(lt(0, SIGMA2), *positive)
    root = [apply(instance(name, x=SPREAD), have(le(0, SPREAD), size))
            for name in ("root.nonnegative", "root.square")]  # fmt: skip
    rate, R = 5 * sqrt(SPREAD) / SIGMA2, 25 * SPREAD / SIGMA2
    sign = have(le(0, rate), root[0], *positive)
    exact = have(eq(rate**2 * SIGMA2, R), root[1], *positive)
    most = have(le(rate**2 * G_p**2, 2), have(
        eq(rate**2 * G_p**2, R / T_max), exact, *positive), have(
        le(R / T_max, 2), case, *positive))  # fmt: skip
    some = have(le(25, R), have(le(0, b**2 / SIGMA2), *positive), *positive)
    moments = proof.use("token.sign-moments")
    first = apply(part(moments, 1, 1, 1), sign, most, at=[rate])
    e = exp(R / 4)
    first = rewrite(first, have(eq(rate**2 * SIGMA2 / 4, R / 4), exact))
    proof.note(first, "the mean of w = exp(lambda s), where lambda^2 sigma^4 = 25 (sigma^2 + b^2)")
    inside, early = assume(lt(i, n)), assume(lt(k, T_max))
    two = part(apply(proof.given[3], inside, early, at=[k, i]), 1)
    near = by_cases(two, *([lambda q: have(
        both(le(-G_p, s_tok(k, t, i)), le(s_tok(k, t, i), G_p)), q, proof.given[2])] * 2))
    scores = intro(near, (k, i), inside.conclusion, early.conclusion)
    second = proof.use("token.azuma", scores, lam=2 * rate)
    second = rewrite(second, have(eq((2 * rate) ** 2 * SIGMA2 / 2, 8 * (R / 4)), exact),
                     where(elementary.exp_power(8), x=R / 4))  # fmt: skip
    proof.note(second, "and that of its square")
    # exp(lambda b) is at most half of the mean.
    short = have(le(b**2, sqrt(SPREAD) ** 2), root[1], size)
    short = discharge(where(elementary.ordered_squares(), x=b, y=sqrt(SPREAD)), short, root[0])
    short = have(le(rate * b, R / 5), have(
        le(rate * b, rate * sqrt(SPREAD)), short, sign), have(
        eq(rate * sqrt(SPREAD), R / 5), root[1], *positive))  # fmt: skip
    limit = discharge(where(calculus.exp_monotone(), a=rate * b, b=R / 5), short)
    tangent = where(calculus.exp_tangent(), x=R / 20)
    joined = instance("exp.sum", x=R / 20, y=R / 5)
    joined = rewrite(joined, have(eq(R / 20 + R / 5, R / 4)))
    twice = have(le(2, exp(R / 20)), tangent, some)
    half = have(le(2 * exp(R / 5), exp(R / 20) * exp(R / 5)), twice)
    half = rewrite(half, symmetric(joined))
    half = chained(have(le(2 * exp(rate * b), 2 * exp(R / 5)), limit), half)
    proof.note(half, "below b, w is at most half its mean")
    # The second moment method, with weight exp(-7 R/4).
    value = exp(rate * line.score(t, i))
    wrong = assume(eq(beta(line.reward, [i]), 1))
    below = have(le(line.score(t, i), b), below_b(proof, wrong))
    below = have(le(rate * line.score(t, i), rate * b), below, sign)
    below = discharge(where(calculus.exp_monotone(), a=below.conclusion.args[0], b=rate * b), below)
    below = intro(below, i, inside.conclusion, wrong.conclusion)
    alpha = 1 / e**7
    power = have(eq(value**2, exp(2 * rate * line.score(t, i))), rewrite(
        where(elementary.exp_power(2), x=rate * line.score(t, i)),
        have(eq(2 * (rate * line.score(t, i)), 2 * rate * line.score(t, i)))))  # fmt: skip
    weight = exp(line.log_policy(t, i))
    summed = sums.equal(n, intro(have(
        eq(weight * value**2, weight * power.conclusion.args[1]), power), i, inside.conclusion))
    squares = have(eq(mean(value**2), mean(power.conclusion.args[1])), summed, unfold=NAMES)
    squares = have(le(mean(value**2), e**8), squares, second)
    tail = discharge(
        where(second_moment_method(), {W: lam(i, value), a: alpha, c: exp(rate * b)}),
        below, have(lt(0, alpha)), have(le(0, exp(rate * b))), proof.given[0],
    )  # fmt: skip
    tail = have(
        le(1 / (4 * e**6), tail.conclusion.args[1]),
        discharge(
            where(best_weight(), {
                x: e, y: mean(value), z: mean(value**2), b: exp(rate * b), c: 1 - J(t),
            }),
            tail, first, squares, half, instance("exp.positive", x=R / 4),
        ),
    )  # fmt: skip
    proof.note(tail, "Cauchy and Schwarz: P(A) E[w^2] is at least the square of E[w] less its part")
    # 4 exp(6 R/4) <= exp(3 R/2 + 2).
    whole = 3 * R / 2 + 2
    joined = instance("exp.sum", x=6 * (R / 4), y=num(2))
    joined = rewrite(joined, have(eq(6 * (R / 4) + 2, whole)))
    joined = rewrite(joined, where(elementary.exp_power(6), x=R / 4))
    five = discharge(where(elementary.exp_square(), x=num(2)), have(le(0, num(2))))
    four = have(le(4, exp(num(2))), five)
    minus = where(calculus.exp_minus(), x=whole)
    four = have(le(4 * e**6, exp(whole)), have(
        le(4 * e**6, exp(num(2)) * e**6), four, have(lt(0, e**6))), joined)
    inverse = discharge(where(inverses(), x=4 * e**6, y=exp(whole)), four, have(lt(0, 4 * e**6)))
    share = chained(rewrite(inverse, symmetric(minus)), tail)
    found = surprise_below(share, whole, known)
    found = have(le(_u, 40 * SPREAD / SIGMA2), found, some, have(
        eq(40 * SPREAD / SIGMA2, num(Fraction(8, 5)) * R), *positive))
    return have(proof.statement.conclusion.args[1], found, *positive)


def below_b(proof: Proof, correct: Theorem) -> Theorem:
    """-b <= s and s <= b for a correct response i < n."""
    inside, score = assume(lt(i, n)), line.score(t, i)
    size, goal = absolute(score), both(le(-b, score), le(score, b))

    def far(case: Theorem) -> Theorem:
        zero = apply(part(apply(proof.given[4], inside, at=[i]), 0), case)
        return absurd(have(lt(0, 0), zero, correct), goal)

    def near(case: Theorem) -> Theorem:
        split = instance("absolute.cases", x=score)
        return by_cases(split, *([lambda q: have(goal, q, case)] * 2))

    return by_cases(order(b, size), far, near)


def chained(first: Theorem, second: Theorem) -> Theorem:
    """x <= z from x <= y and y <= z, whatever they are made of."""
    made = have(le(x, z), assume(le(x, y)), assume(le(y, z)))
    low, middle = first.conclusion.args
    values = {x: low, y: middle, z: second.conclusion.args[1]}
    return discharge(where(made, values), first, second)


@cache
def inverses() -> Theorem:
    """1/y <= 1/x for 0 < x <= y."""
    positive, ordered = assume(lt(0, x)), assume(le(x, y))
    other = have(lt(0, y), positive, ordered)
    return have(le(1 / y, 1 / x), ordered, positive, other)


@cache
def best_weight() -> Theorem:
    """1/(4 x**6) <= c from c >= a (y - b) - a**2 z/4, a = x**-7, x <= y, 2 b <= x, z <= x**8."""
    positive = assume(lt(0, x))
    weight = 1 / x**7
    bound = assume(le(weight * (y - b) - weight**2 / 4 * z, c))
    near = have(le(x / 2, y - b), assume(le(x, y)), assume(le(2 * b, x)))
    sign = have(lt(0, weight), positive)
    first = have(le(weight * (x / 2), weight * (y - b)), near, sign)
    second = have(le(weight**2 / 4 * z, weight**2 / 4 * x**8), assume(le(z, x**8)),
                  have(lt(0, weight**2 / 4), sign))  # fmt: skip
    exact = have(eq(weight * (x / 2) - weight**2 / 4 * x**8, 1 / (4 * x**6)), positive)
    return have(le(1 / (4 * x**6), c), bound, first, second, exact)


@cache
def second_moment_method() -> Theorem:
    """a (E[W] - c) - a**2 E[W**2]/4 <= 1 - J, if W <= c on the correct responses; 0 < a, 0 <= c."""
    policy = assume(line.policy)
    setting = Setting.of(policy)
    inside, positive, some = assume(lt(i, n)), assume(lt(0, a)), assume(le(0, c))
    reward, weight = beta(line.reward, [i]), exp(line.log_policy(t, i))
    small = assume(forall(i, lt(i, n), eq(reward, 1), le(W(i), c)))
    bound = a * (W(i) - c) - a**2 / 4 * W(i) ** 2

    def wrong(case: Theorem) -> Theorem:
        square, least = have(le(0, (1 - a * W(i) / 2) ** 2)), have(le(0, a * c), positive, some)
        return have(le(bound, 1 - reward), square, least, case)

    def right(case: Theorem) -> Theorem:
        below = have(le(0, a * (c - W(i))), apply(small, inside, case, at=[i]), positive)
        return have(le(bound, 1 - reward), below, have(le(0, a**2 * W(i) ** 2)), case)

    each = by_cases(apply(setting.binary, inside, at=[i]), wrong, right)
    each = have(le(weight * bound, weight * (1 - reward)), each)
    summed = sums.ordered(n, intro(each, i, inside.conclusion))
    normal = apply(setting.normalised, at=[t])
    goal = le(a * (mean(W(i)) - c) - a**2 / 4 * mean(W(i) ** 2), 1 - J(t))
    return have(goal, summed, normal, unfold=NAMES)


# The second moments of the two sides ----------------------------------------------------------

SQUARE = lam(i, line.score(t, i) ** 2)
N, X, B, A = (real(name) for name in ("N", "X", "B", "A"))


@state(
    "lemma",
    "token.sign-spread",
    "Second moments of a sum of fair signs, large against small",
    provenance="extension",
    given=[*SIGNS, RARE],
    claim=both(
        le(SPREAD, 9 * (line.mean("-", SQUARE, t) - line.mean("+", SQUARE, t))),
        eq(line.mean_score("+", t), 0),
        eq(line.mean_score("-", t), 0),
    ),
)
def sign_spread(proof: Proof) -> Theorem:
    known = proof.use("setting.success-rate", at=[t])
    wrong, right = line.mean("-", SQUARE, t), line.mean("+", SQUARE, t)
    gap = wrong - right
    inside = assume(lt(i, n))
    weight, reward = exp(line.log_policy(t, i)), beta(line.reward, [i])
    above = threshold_positive(proof)
    sides = by_side(proof, above)
    square = line.score(t, i) ** 2

    def averaged(summand: Term, fact: Theorem) -> Theorem:
        """0 <= the sum of weight times a summand that is not negative."""
        each = have(le(0, weight * summand), fact)
        return sums.ordered(n, intro(each, i, inside.conclusion))

    masses = [have(lt(0, line.mass(side, t)), known) for side in "+-"]
    high = averaged((1 - reward) * (square - b**2), part(sides, 0))
    low = averaged(reward * (b**2 - square), part(sides, 1))
    high = have(le(b**2, wrong), high, *masses, unfold=NAMES)
    low = have(le(right, b**2), low, *masses, unfold=NAMES)
    distance = (1 - 2 * reward) * (square - b**2)
    away = have(
        eq(mean(distance), (1 - J(t)) * (wrong - b**2) + J(t) * (b**2 - right)), known, *masses,
        apply(Setting.of(proof.given[0]).normalised, at=[t]), unfold=NAMES,
    )  # fmt: skip
    away = have(le(mean(distance), gap), away, high, low, known)
    proof.note(away, "the means lie on either side of b^2, so E|s^2 - b^2| is at most their gap")
    moments = proof.use("token.sign-moments")
    normal = apply(Setting.of(proof.given[0]).normalised, at=[t])
    cube = 8 * SIGMA2 * (square - SIGMA2) ** 2 - (square - SIGMA2) ** 3
    value = 8 * G_p**6 * T_max * (T_max - 1) * (T_max + 2)
    third = have(eq(mean(cube), value), *(part(moments, *q) for q in ((0,), (1, 0), (1, 1, 0))),
                 normal, unfold=NAMES)  # fmt: skip
    proof.note(third, "from the first three moments")
    long_ = proof.note(two_tokens(proof), "with one token no response is rare")
    size = have(lt(0, SIGMA2), proof.given[2], long_)
    rest = 8 * G_p**6 * (T_max * (T_max - 2))
    third = rewrite(third, have(eq(value, 8 * SIGMA2**3 + rest)))
    enough = have(le(0, G_p**6 * (T_max * (T_max - 2))), have(le(0, T_max * (T_max - 2)), long_),
                  have(lt(0, G_p**6), proof.given[2]))  # fmt: skip
    enough = have(le(0, rest), enough)
    enough = discharge(where(raised(), x=mean(cube), y=8 * SIGMA2**3, z=rest), third, enough)
    ahead = averaged(distance - (square - b**2), have(
        le(0, distance - (square - b**2)), *parts_of(sides)))  # fmt: skip
    behind = averaged(distance + (square - b**2), have(
        le(0, distance + (square - b**2)), *parts_of(sides)))  # fmt: skip
    second = part(moments, 0)
    ends = [
        have(le(SIGMA2 - b**2, gap), ahead, second, normal, away, unfold=NAMES),
        have(le(b**2 - SIGMA2, gap), behind, second, normal, away, unfold=NAMES),
    ]
    near = [have(le(q, distance), *parts_of(sides)) for q in (square - b**2, b**2 - square)]

    def spread(case: Theorem) -> Theorem:
        offset = b**2 - SIGMA2 if case.conclusion.head == "<=" else SIGMA2 - b**2
        values = {X: square, N: SIGMA2, B: b**2, A: distance, c: offset}
        below = discharge(
            where(distance_below(), values), *near, size, have(le(0, square)),
            have(le(b**2 - SIGMA2, offset), case), have(le(SIGMA2 - b**2, offset), case),
        )  # fmt: skip
        bound = below.conclusion.args[1]
        summed = averaged(bound - cube, have(le(0, bound - cube), below))
        summed = have(le(mean(cube), 16 * SIGMA2**2 * (mean(distance) + offset)), summed, normal,
                      unfold=NAMES)  # fmt: skip
        return discharge(
            where(ninth(), {N: SIGMA2, B: b**2, A: gap, c: offset, x: mean(cube),
                            y: mean(distance)}),
            summed, away, enough, size, *ends, have(le(offset, gap), *ends),
        )  # fmt: skip

    made = by_cases(order(SIGMA2, b**2), spread, spread)
    proof.note(made, "|y| is at least (8 y^2 - y^3)/16 for y >= -1, here y = s^2/sigma^2 - 1")
    balanced = no_drift(proof, known, masses)
    return conjunction(made, balanced[0], balanced[1])


def parts_of(theorem: Theorem) -> list[Theorem]:
    """The two parts of a conjunction."""
    return [part(theorem, 0), part(theorem, 1)]


@cache
def raised() -> Theorem:
    """y <= x from x = y + z and 0 <= z."""
    return have(le(y, x), assume(eq(x, y + z)), assume(le(0, z)))


@cache
def ninth() -> Theorem:
    """N + B <= 9 A from |N - B| <= A and 8 N**3 <= 16 N**2 (A + c), c <= A."""
    size, last = assume(lt(0, N)), assume(le(c, A))
    low = have(
        le(8 * N**3, 16 * N**2 * (y + c)), assume(le(8 * N**3, x)),
        assume(le(x, 16 * N**2 * (y + c))),
    )  # fmt: skip
    low = have(le(0, N**2 * (2 * (y + c) - N)), low)
    low = have(le(0, 2 * (y + c) - N), low, size)
    wide = [assume(le(y, A)), assume(le(N - B, A)), assume(le(B - N, A))]
    return have(le(N + B, 9 * A), low, last, *wide)


def two_tokens(proof: Proof) -> Theorem:
    """2 <= T_max: otherwise |s| is G_p for all responses."""
    setting, some = Setting.of(proof.given[0]), Drawn.of(proof.given[1]).some
    goal = le(2, T_max)

    def one(case: Theorem) -> Theorem:
        least = apply(instance("natural.discrete", m=num(0), n=T_max), some)
        only = have(eq(T_max, 1), case, least)

        def size(inside: Theorem) -> Theorem:
            score = line.score(t, j)
            first = part(apply(proof.given[3], inside, some, at=[0, j]), 1)
            whole = part(apply(proof.use("token.score-sum"), inside, at=[t, j]), 0)
            whole = have(eq(score, s_tok(0, t, j)), whole, only)
            return by_cases(
                instance("absolute.cases", x=score),
                *([lambda q: by_cases(first, *([lambda sign: have(
                    eq(absolute(score), G_p), q, sign, whole, proof.given[2])] * 2))] * 2),
            )

        def limit(chosen: Theorem) -> Theorem:
            score = absolute(line.score(t, j))
            rule, length = apply(proof.given[4], part(chosen, 0), at=[j]), size(part(chosen, 0))
            correct = chosen.conclusion.args[1].args[1] == num(1)
            wanted = lt(G_p, b) if correct else le(b, G_p)

            def otherwise(side: int) -> Callable[[Theorem], Theorem]:
                return lambda q: absurd(
                    have(lt(0, 0), apply(part(rule, side), q), part(chosen, 1)), wanted
                )

            def so(q: Theorem) -> Theorem:
                return have(wanted, q, length)

            branches = (otherwise(0), so) if correct else (so, otherwise(1))
            return by_cases(order(b, score), *branches)

        below = obtain(setting.correct, [j], limit)
        above = obtain(setting.incorrect, [j], limit)
        return absurd(have(lt(0, 0), below, above), goal)

    def more(case: Theorem) -> Theorem:
        return have(goal, apply(instance("natural.discrete", m=num(1), n=T_max), case))

    return by_cases(order(T_max, 1), one, more)


def no_drift(proof: Proof, known: Theorem, masses: list[Theorem]) -> list[Theorem]:
    """The mean score of either side vanishes, as both events are symmetric."""
    inside = assume(lt(i, n))
    score, reward = line.score(t, i), beta(line.reward, [i])
    # The indicator of |z| < b, since 0/0 is 0 times something.
    excess = maximum(b - absolute(z), 0)
    value = lam(z, excess / excess * z)
    rule = apply(proof.given[4], inside, at=[i])
    here = maximum(b - absolute(score), 0)

    def inner(case: Theorem) -> Theorem:
        one = apply(part(rule, 1), case)
        return by_cases(
            instance("maximum.cases", x=b - absolute(score), y=num(0)),
            *([lambda q: have(eq(here / here, reward), one, have(lt(0, here), q, case))] * 2),
        )

    def outer(case: Theorem) -> Theorem:
        zero = apply(part(rule, 0), case)
        return by_cases(
            instance("maximum.cases", x=b - absolute(score), y=num(0)),
            *([lambda q: have(eq(here / here, reward), zero, have(eq(here, 0), q, case))] * 2),
        )

    which = by_cases(order(b, absolute(score)), outer, inner)
    even = rewrite(which, symmetric(absolute_even(score)))
    weight = exp(line.log_policy(t, i))
    plain, turned = beta(value, [score]), beta(value, [-score])
    summed = [
        sums.equal(n, intro(have(eq(weight * left, weight * right), fact), i, inside.conclusion))
        for left, right, fact in (
            (plain, reward * score, which), (turned, -(reward * score), even),
        )
    ]  # fmt: skip
    law = part(proof.use("token.sign-law", mapping={f: value}), 1)
    first = have(eq(line.mean_score("+", t), 0), law, *summed, *masses, unfold=NAMES)
    identity = proof.use("gap.score-identity", at=[t])
    second = have(eq(line.mean_score("-", t), 0), first, part(identity, 0), known)
    return [proof.note(first, "the law is symmetric"), second]


def absolute_even(value: Term) -> Theorem:
    """|-x| = |x|."""
    return by_cases(
        instance("absolute.cases", x=value),
        *([lambda one: by_cases(
            instance("absolute.cases", x=-value),
            *([lambda two: have(eq(absolute(-value), absolute(value)), one, two)] * 2),
        )] * 2),
    )  # fmt: skip


def threshold_positive(proof: Proof) -> Theorem:
    """0 < b: there is a correct response."""
    setting = Setting.of(proof.given[0])

    def use(chosen: Theorem) -> Theorem:
        size = absolute(line.score(t, j))
        rule = part(apply(proof.given[4], part(chosen, 0), at=[j]), 0)

        def far(case: Theorem) -> Theorem:
            zero = apply(rule, case)
            return absurd(have(lt(0, 0), zero, chosen), lt(0, b))

        def near(case: Theorem) -> Theorem:
            split = instance("absolute.cases", x=line.score(t, j))
            return by_cases(split, *([lambda q: have(lt(0, b), q, case)] * 2))

        return by_cases(order(b, size), far, near)

    return obtain(setting.correct, [j], use)


def by_side(proof: Proof, above: Theorem) -> Theorem:
    """0 <= (1 - r)(s**2 - b**2), 0 <= r (b**2 - s**2), and r = 0 or 1, under i < n."""
    inside = assume(lt(i, n))
    score, reward = line.score(t, i), beta(line.reward, [i])
    rule = apply(proof.given[4], inside, at=[i])
    goal = both(
        le(0, (1 - reward) * (score**2 - b**2)), le(0, reward * (b**2 - score**2)),
    )  # fmt: skip

    def far(case: Theorem) -> Theorem:
        zero = apply(part(rule, 0), case)

        def signed(q: Theorem) -> Theorem:
            square = have(le(0, score**2 - b**2), q, case, above)
            return have(goal, zero, square)

        return by_cases(instance("absolute.cases", x=score), *([signed] * 2))

    def near(case: Theorem) -> Theorem:
        one = apply(part(rule, 1), case)

        def signed(q: Theorem) -> Theorem:
            square = have(le(0, b**2 - score**2), q, case, above)
            return have(goal, one, square)

        return by_cases(instance("absolute.cases", x=score), *([signed] * 2))

    return by_cases(order(b, absolute(score)), far, near)


@cache
def distance_below() -> Theorem:
    """8 N (X - N)**2 - (X - N)**3 <= 16 N**2 (A + c) for |X - B| <= A, |N - B| <= c, 0 <= X."""
    known = [assume(r) for r in (
        le(0, X), lt(0, N), le(X - B, A), le(B - X, A), le(B - N, c), le(N - B, c),
    )]  # fmt: skip
    goal = le(8 * N * (X - N) ** 2 - (X - N) ** 3, 16 * N**2 * (A + c))

    def above(case: Theorem) -> Theorem:
        least = have(le(16 * N**2 * (X - N), 16 * N**2 * (A + c)), *known)
        cube = have(le(0, (X - N) * (X - 5 * N) ** 2), case)
        return have(goal, least, cube)

    def below(case: Theorem) -> Theorem:
        least = have(le(16 * N**2 * (N - X), 16 * N**2 * (A + c)), *known)
        rest = have(le(0, 16 * N**2 - 8 * N * (N - X) - (N - X) ** 2), case, *known[:2])
        return have(goal, least, have(le(0, (N - X) * rest.conclusion.args[1]), rest, case))

    return by_cases(order(N, X), above, below)
