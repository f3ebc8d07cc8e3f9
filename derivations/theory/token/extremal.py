r"""The squared score under an event, exactly: sums of fair signs are the extreme case.

S = 2K - N, with K binomial, is a sum of N fair signs.  The top fraction of S^2, of probability p,
is given by the chance v(S^2) with which an outcome is in it: 1 above a quantile c, 0 below it.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

from derivations import binomial, sums
from derivations.binomial import BINOMIAL
from derivations.expectation import MASS, MEAN, NAMES, WITHIN, Setting
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
    lt,
    maximum,
    minimum,
    nat,
    num,
    real,
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
from derivations.theory.token.events import SQUARE, WEIGHTS, P, mean_under, w
from derivations.theory.token.prefixes import GIVEN, SCORES, T_max, i, k, line, n, s_tok, t
from derivations.theory.token.signs import FAIR, SIGNS, prefix
from derivations.theory.token.tails import (
    G_p,
    at_rest,
    bound_sign,
    chord_slope,
    mean,
    one_token,
    score_of_all,
)

N, K, M, j, q = (nat(name) for name in ("N", "K", "M", "j", "q"))
a, b, c, p, u, x, y, z = (real(name) for name in ("a", "b", "c", "p", "u", "x", "y", "z"))
f, v = function("f", "R"), function("v", "R")
HALF = num(1) / 2


def signs_mean(count: Term, value: Term) -> Term:
    """The mean of a function of S, the sum of `count` fair signs."""
    return BINOMIAL(count, HALF, lam(K, beta(value, [2 * K - count])))


def excess(level: Term) -> Term:
    """The function z -> max(z**2 - level, 0)."""
    return lam(z, maximum(z**2 - level, 0))


def positive_part(value: Term) -> Theorem:
    """0 <= max(y, 0) and y <= max(y, 0)."""
    goal = both(le(0, maximum(value, 0)), le(value, maximum(value, 0)))
    split = instance("maximum.cases", x=value, y=num(0))
    return by_cases(split, *([lambda case: have(goal, case)] * 2))


def same_mean(count: Term, each: Theorem) -> Theorem:
    """E[F] = E[H] from F(K) = H(K), for `count` signs of which K are positive."""
    return _mean_rule(binomial.congruent(), count, each)


def ordered_mean(count: Term, each: Theorem) -> Theorem:
    """E[F] <= E[H] from F(K) <= H(K), for `count` signs of which K are positive."""
    return _mean_rule(binomial.monotone(), count, each, have(le(0, HALF)), have(le(HALF, 1)))


def _mean_rule(rule: Theorem, count: Term, each: Theorem, *facts: Theorem) -> Theorem:
    left, right = (lam(K, value) for value in each.conclusion.args)
    rule = where(rule, {
        nat("n"): count, p: HALF, function("F", "N"): left, function("H", "N"): right,
    })  # fmt: skip
    return discharge(rule, intro(each, K, le(K, count)), *facts)


def constant_mean(count: Term, value: Term) -> Theorem:
    """E[c] = c."""
    return where(binomial.constant(value), {nat("n"): count, p: HALF})


def same_expectation(each: Theorem) -> Theorem:
    """E[X] = E[Y] from X = Y, written in the response i."""
    weight = exp(line.log_policy(t, i))
    left, right = each.conclusion.args
    summed = sums.equal(n, intro(have(eq(weight * left, weight * right), each), i, lt(i, n)))
    return have(eq(mean(left), mean(right)), summed, unfold=NAMES)


# Convex functions -----------------------------------------------------------------------------

_mixed = u * x + (1 - u) * y
CONVEX = forall((x, y, u), le(0, u), le(u, 1), le(f(_mixed), u * f(x) + (1 - u) * f(y)))


def onwards(count: Term, start: Term) -> Term:
    """The mean of f after `count` more fair signs, of size G_p."""
    return signs_mean(count, lam(z, f(start + G_p * z)))


@cache
def chord() -> Theorem:
    """A convex f lies below its chord over [a - G_p, a + G_p]."""
    convex, positive, near = assume(CONVEX), assume(lt(0, G_p)), assume(WITHIN(x, G_p))
    share = (G_p + x) / (2 * G_p)
    inside = [have(r, near, positive) for r in (le(0, share), le(share, 1))]
    made = apply(convex, *inside, at=[a + G_p, a - G_p, share])
    place = made.conclusion.args[0].args[0]
    made = rewrite(made, have(eq(place, a + x), positive))
    slope = chord_slope(f(a - G_p), f(a + G_p))
    return have(le(f(a + x), (f(a + G_p) + f(a - G_p)) / 2 + x * slope), made, positive)


@cache
def later_chord() -> Theorem:
    """So do the means of f after q more signs, as functions of the starting point."""
    made = ordered_mean(q, where(chord(), {a: a + G_p * (2 * K - q)}))
    high, low = onwards(q, a + G_p), onwards(q, a - G_p)
    goal = le(onwards(q, a + x), (high + low) / 2 + x * chord_slope(low, high))
    return have(goal, made, unfold=binomial.FORMS)


@cache
def one_more() -> Theorem:
    """The mean after q + 1 signs is that of the means after q signs from a + G_p and a - G_p."""
    value = lam(K, f(a + G_p * (2 * K - (q + 1))))
    rule = where(binomial.recursion(), {nat("n"): q, p: HALF, function("F", "N"): value})
    return have(eq(onwards(q + 1, a), (onwards(q, a + G_p) + onwards(q, a - G_p)) / 2), rule)


def no_more(start: Term) -> Theorem:
    """After no signs the mean is f itself."""
    value = lam(K, f(start + G_p * (2 * K - 0)))
    rule = where(binomial.start(), {p: HALF, function("F", "N"): value})
    return have(eq(onwards(num(0), start), f(start)), rule)


@state(
    "lemma",
    "token.convex-order",
    "Fair signs are extremal for convex functions",
    provenance="classical",
    given=[*GIVEN, SCORES, CONVEX],
    claim=le(mean(f(line.score(t, i))), signs_mean(T_max, lam(x, f(G_p * x)))),
    words="The mean of a convex function of the score is largest if every token is a fair sign "
    "(Hunt 1955, Hoeffding 1963).",
)
def convex_order(proof: Proof) -> Theorem:
    goal = proof.statement.conclusion

    def claim(length: Term) -> Term:
        bound = le(mean(onwards(q, prefix(length))), onwards(length + q, num(0)))
        return forall(q, implies(le(length + q, T_max), bound))

    def moving(positive: Theorem) -> Theorem:
        near = apply(assume(SCORES), assume(lt(i, n)), assume(lt(k, T_max)), at=[k, i])
        bend = where(later_chord(), {a: prefix(k), x: s_tok(k, t, i)})
        bend = discharge(bend, near, positive, proof.given[3])
        proof.note(chord(), "a convex function lies below its chord, and so do means of its shifts")

        def step(hypothesis: Theorem) -> Theorem:
            fits = assume(le(k + 1 + q, T_max))
            before, weak = have(lt(k, T_max), fits), have(le(k, T_max), fits)
            slope = chord_slope(onwards(q, x - G_p), onwards(q, x + G_p))
            here = infer("discharge", bend, formula=before.conclusion)
            here = infer("detach", here, before)
            made = one_token(proof, weak, before, here, lam(x, slope), lam(x, onwards(q, x)))
            known = apply(hypothesis, have(le(k + (q + 1), T_max), fits), at=[q + 1])
            halves = where(one_more(), {a: prefix(k)})
            wanted = beta(claim(k + 1).args[0], [q]).args[1]
            done = have(wanted, made, same_expectation(halves), known, unfold=("mean",))
            return intro(done, q, fits.conclusion)

        start = have(beta(claim(num(0)).args[0], [q]).args[1], normal, unfold=NAMES)
        made = induct(k, claim(k), intro(start, q, le(0 + q, T_max)), step)
        whole = apply(specialise(made, T_max), have(le(T_max + 0, T_max)), at=[0])
        same = same_expectation(no_more(prefix(T_max)))
        return proof.have(
            goal, whole, same, score_of_all(proof, lam(x, f(x))), why="by induction over the "
            "tokens: put signs for the last ones, one after the other"
        )  # fmt: skip

    def still(case: Theorem) -> Theorem:
        zero = have(eq(G_p, 0), case, bound_sign(proof))
        each = have(eq(f(G_p * (2 * K - T_max)), f(0)), zero)
        return have(goal, at_rest(proof, case, lam(x, f(x))), same_mean(T_max, each),
                    constant_mean(T_max, f(0)))  # fmt: skip

    normal = apply(Setting.of(proof.given[0]).normalised, at=[t])
    return by_cases(order(G_p, num(0)), still, moving)


@state(
    "lemma",
    "token.sign-binomial",
    "A sum of fair signs is binomial",
    provenance="classical",
    given=SIGNS,
    claim=both(
        eq(mean(f(line.score(t, i))), signs_mean(T_max, lam(x, f(G_p * x)))),
        forall(
            i, lt(i, n),
            exists(K, both(le(K, T_max), eq(line.score(t, i), G_p * (2 * K - T_max)))),
        ),
    ),
    words="$K$ is the number of tokens whose sign is positive.",
)  # fmt: skip
def sign_binomial(proof: Proof) -> Theorem:
    law = part(proof.use("token.sign-law"), 0)
    law = where(law, {f: lam(z, f(x + z))})

    def claim(length: Term) -> Term:
        same = eq(mean(f(x + prefix(length))), onwards(length, x))
        return forall(x, implies(le(length, T_max), same))

    def step(hypothesis: Theorem) -> Theorem:
        fits = assume(le(k + 1, T_max))
        below, weak = have(lt(k, T_max), fits), have(le(k, T_max), fits)
        known = [apply(hypothesis, weak, at=[at]) for at in (x + G_p, x - G_p)]
        moved = apply(law, below, at=[k])
        wanted = beta(claim(k + 1).args[0], [x]).args[1]
        halves = where(one_more(), {a: x, q: k})
        return intro(have(wanted, moved, *known, halves, unfold=("mean",)), x, fits.conclusion)

    normal = apply(Setting.of(proof.given[0]).normalised, at=[t])
    start = have(beta(claim(num(0)).args[0], [x]).args[1], normal, no_more(x), unfold=NAMES)
    made = induct(k, claim(k), intro(start, x, le(0, T_max)), step)
    whole = apply(specialise(made, T_max), have(le(T_max, T_max)), at=[0])
    first = proof.have(
        proof.statement.conclusion.args[0], whole, score_of_all(proof, lam(x, f(x))),
        unfold=("mean",), why="by induction over the tokens, from any starting point",
    )  # fmt: skip
    second = proof.note(counted(proof), "count the positive signs")
    return conjunction(first, second)


def counted(proof: Proof) -> Theorem:
    """Every response has G_p (2 K - T_max) as its score, where K <= T_max."""
    inside = assume(lt(i, n))

    def claim(length: Term) -> Term:
        found = exists(K, both(le(K, length), eq(prefix(length), G_p * (2 * K - length))))
        return implies(le(length, T_max), found)

    def step(hypothesis: Theorem) -> Theorem:
        fits = assume(le(k + 1, T_max))
        below, weak = have(lt(k, T_max), fits), have(le(k, T_max), fits)
        sign = part(apply(proof.given[3], inside, below, at=[k, i]), 1)
        wanted = claim(k + 1).args[1]

        def use(known: Theorem) -> Theorem:
            def more(count: Term, case: Theorem) -> Theorem:
                made = have(beta(wanted.args[0], [count]), known, case)
                return infer("witness", made, formula=wanted, terms=(count,))

            return by_cases(sign, lambda q_: more(M, q_), lambda q_: more(M + 1, q_))

        return intro(obtain(apply(hypothesis, weak), [M], use), (), fits.conclusion)

    start = claim(num(0))
    base = have(beta(start.args[1].args[0], [num(0)]))
    base = infer("witness", base, formula=start.args[1], terms=(num(0),))
    made = induct(k, claim(k), intro(base, (), le(0, T_max)), step)
    found = apply(specialise(made, T_max), have(le(T_max, T_max)))
    whole = part(apply(proof.use("token.score-sum"), inside, at=[t, i]), 0)
    goal = exists(K, both(le(K, T_max), eq(line.score(t, i), G_p * (2 * K - T_max))))

    def last(known: Theorem) -> Theorem:
        both_ = have(beta(goal.args[0], [M]), known, whole)
        return infer("witness", both_, formula=goal, terms=(M,))

    return intro(obtain(found, [M], last), i, inside.conclusion)


# The top fraction -----------------------------------------------------------------------------

_square = (2 * K - N) ** 2

TOP_FRACTION = Definition(
    "top_fraction",
    lam(
        (N, p, c, v),
        both(
            forall(
                K, le(K, N),
                both(
                    le(0, v(_square)), le(v(_square), 1),
                    implies(lt(c, _square), eq(v(_square), 1)),
                    implies(lt(_square, c), eq(v(_square), 0)),
                ),
            ),
            eq(signs_mean(N, lam(x, v(x**2))), p),
        ),
    ),
)  # fmt: skip
"""``top_fraction(N, p, c, v)``: v(S**2) is the chance with which an outcome S of N fair signs
belongs to the largest squares, of probability p; c is a quantile of S**2."""

_any = TOP_FRACTION(N, p, c, lam(x, v(x)))

define(
    "definition",
    "token.top-fraction",
    "The top fraction of the square of a sum of signs",
    TOP_FRACTION,
    provenance="classical",
    claim=app("imp", _any, unfold(_any, frozenset({"top_fraction"}))),
    words="$S = 2K - N$ is the sum of $N$ independent signs, $K$ of which are positive. An outcome "
    "belongs to the top fraction with the chance $v(S^{2})$, which lies between $0$ and $1$ at the "
    "quantile $c$ itself.",
    module=__name__,
)


def top_mean(count: Term, rate: Term) -> Term:
    """The mean of S**2 over its top fraction."""
    return signs_mean(count, lam(x, v(x**2) * x**2)) / rate


def tail(count: Term, level: Term) -> Term:
    """E[max(S**2 - level, 0)]."""
    return signs_mean(count, excess(level))


def clipped(level: Term) -> Term:
    """The function z -> z - level, cut to [0, 1]."""
    return lam(z, minimum(1, maximum(0, z - level)))


_exists = exists((a, b), TOP_FRACTION(N, p, a, clipped(b)))


@state(
    "lemma",
    "token.top-mean",
    "The mean over the top fraction",
    provenance="classical",
    given=[lt(0, p)],
    claim=both(
        implies(le(p, 1), _exists),
        implies(
            _any,
            both(
                eq(top_mean(N, p), c + tail(N, c) / p),
                forall(x, le(top_mean(N, p), x + tail(N, x) / p)),
            ),
        ),
    ),
    words="There is a top fraction of every probability $p \\le 1$. Its mean is the least value of "
    "the last expression, and so does not depend on the choice of $v$ and $c$ (Rockafellar and "
    "Uryasev 2000).",
)  # fmt: skip
def top_mean_value(proof: Proof) -> Theorem:
    positive = proof.given[0]
    top = assume(_any)
    opened = fold(top, unfold(_any, frozenset({"top_fraction"})))
    chance = apply(part(opened, 0), assume(le(K, N)), at=[K])
    share, gain = v(_square), beta(excess(c), [2 * K - N])
    low, high = part(chance, 0), part(chance, 1, 0)
    goal = eq(share * _square, c * share + gain)
    cases = instance("maximum.cases", x=_square - c, y=num(0))

    def above(case: Theorem) -> Theorem:
        one = apply(part(chance, 1, 1, 0), case)
        return by_cases(cases, *([lambda m: have(goal, one, m, case)] * 2))

    def not_above(case: Theorem) -> Theorem:
        def below(strict: Theorem) -> Theorem:
            zero = apply(part(chance, 1, 1, 1), strict)
            return by_cases(cases, *([lambda m: have(goal, zero, m, strict)] * 2))

        def level(other: Theorem) -> Theorem:
            same = have(eq(_square, c), case, other)
            return by_cases(cases, *([lambda m: have(goal, same, m)] * 2))

        return by_cases(order(c, _square), level, below)

    each = by_cases(order(_square, c), not_above, above)
    summed = same_mean(N, each)
    mass = part(opened, 1)
    exact = have(
        eq(top_mean(N, p), c + tail(N, c) / p), summed, mass, positive, unfold=binomial.FORMS
    )
    proof.note(exact, "v(S^2) (S^2 - c) is the positive part of S^2 - c")
    bound = le(share * _square, x * share + beta(excess(x), [2 * K - N]))
    made = ordered_mean(N, have(bound, low, high, positive_part(_square - x)))
    made = have(
        le(top_mean(N, p), x + tail(N, x) / p), made, mass, positive, unfold=binomial.FORMS
    )
    proof.note(made, "and at most the positive part of S^2 - x, for every x")
    return conjunction(
        top_exists(proof), intro(conjunction(exact, intro(made, x)), (), top.conclusion)
    )


def share_above(level: Term) -> Term:
    """The mean of the chance that is S**2 - level, cut to [0, 1]."""
    return signs_mean(N, lam(x, beta(clipped(level), [x**2])))


@cache
def cut() -> tuple[Theorem, Theorem, Theorem]:
    """min(1, max(0, y)) is 0 for y <= 0, y for 0 <= y <= 1 and 1 for 1 <= y."""
    inner = maximum(0, y)
    outer = instance("minimum.cases", x=num(1), y=inner)
    made = []
    for value, *range_ in ((num(0), le(y, 0)), (y, le(0, y), le(y, 1)), (num(1), le(1, y))):
        goal, known = eq(minimum(1, inner), value), [assume(r) for r in range_]
        made.append(by_cases(
            instance("maximum.cases", x=num(0), y=y),
            *([lambda m, goal=goal, known=known: by_cases(
                outer, *([lambda o: have(goal, m, o, *known)] * 2))] * 2),
        ))  # fmt: skip
    return made[0], made[1], made[2]


@cache
def between() -> Theorem:
    """Cut to [0, 1], S**2 - (j - u) is u times S**2 - (j - 1) plus 1 - u times S**2 - j."""
    inside = [assume(r) for r in (le(0, u), le(u, 1))]
    low, middle, high = cut()
    levels = (j - u, j - 1, j)
    left, *right = (beta(clipped(level), [_square]) for level in levels)
    goal = eq(left, u * right[0] + (1 - u) * right[1])

    def at(rules: tuple[Theorem, ...], fact: Theorem) -> Theorem:
        values = [
            discharge(where(rule, {y: _square - level}), fact, *inside)
            for rule, level in zip(rules, levels, strict=True)
        ]
        return have(goal, *values, fact)

    return by_square(
        lambda below: at((low, low, low), below),
        lambda same: at((middle, high, low), same),
        lambda above: at((high, high, high), above),
    )


def by_square(*cases: Callable[[Theorem], Theorem]) -> Theorem:
    """Cases S**2 + 1 <= j, S**2 = j and j + 1 <= S**2, these being natural numbers."""
    below, level, above = cases
    # Naturals by their form: S**2 = left - right, and j with them on the other side.
    left, right = num(4) * K * K + N * N, num(4) * K * N
    high, low = j + right, left

    def beyond(case: Theorem) -> Theorem:
        step = apply(instance("natural.discrete", m=high, n=low), case)
        return above(have(le(j + 1, _square), step))

    def within(case: Theorem) -> Theorem:
        def under(strict: Theorem) -> Theorem:
            step = apply(instance("natural.discrete", m=low, n=high), strict)
            return below(have(le(_square + 1, j), step))

        return by_cases(
            order(high, low), lambda other: level(have(eq(_square, j), case, other)), under
        )

    return by_cases(order(low, high), within, beyond)


@cache
def interpolated() -> Theorem:
    """`share_above` is linear between j - 1 and j."""
    made = same_mean(N, between())
    levels = share_above(j - 1), share_above(j)
    return have(eq(share_above(j - u), u * levels[0] + (1 - u) * levels[1]), made,
                unfold=binomial.FORMS)  # fmt: skip


@cache
def is_top() -> Theorem:
    """S**2 - (j - u), cut to [0, 1], is a chance with the quantile j, for 0 <= u <= 1."""
    inside = [assume(r) for r in (le(0, u), le(u, 1))]
    low, middle, high = cut()
    value = beta(clipped(j - u), [_square])
    goal = both(
        le(0, value), le(value, 1), implies(lt(j, _square), eq(value, 1)),
        implies(lt(_square, j), eq(value, 0)),
    )  # fmt: skip

    def at(rule: Theorem, fact: Theorem) -> Theorem:
        known = discharge(where(rule, {y: _square - (j - u)}), fact, *inside)
        sides = []
        for premise, result in ((lt(j, _square), num(1)), (lt(_square, j), num(0))):
            case = assume(premise)
            sides.append(intro(have(eq(value, result), known, fact, case), (), premise))
        return conjunction(have(le(0, value), known, *inside, fact),
                           have(le(value, 1), known, *inside, fact), *sides)  # fmt: skip

    return fold(by_square(*(lambda fact, rule=rule: at(rule, fact) for rule in cut())), goal)


def top_exists(proof: Proof) -> Theorem:
    """There is a top fraction of every probability p <= 1."""
    positive, small = proof.given[0], assume(le(p, 1))
    reached = exists(j, both(le(share_above(j), p), le(p, share_above(j - 1))))

    def claim(level: Term) -> Term:
        return implies(le(share_above(level), p), reached)

    def witness(level: Term, *facts: Theorem) -> Theorem:
        made = conjunction(*(have(g, *facts) for g in beta(reached.args[0], [level]).args))
        return infer("witness", made, formula=reached, terms=(level,))

    def step(hypothesis: Theorem) -> Theorem:
        known = assume(claim(q + 1).args[0])
        return intro(by_cases(
            order(share_above(q), p),
            lambda case: apply(hypothesis, case),
            lambda case: witness(q + 1, known, case),
        ), (), known.conclusion)  # fmt: skip

    low, _, high = cut()
    full = discharge(where(high, {y: _square + 1}), have(le(1, _square + 1)))
    full = have(eq(share_above(num(-1)), 1), same_mean(N, full), constant_mean(N, num(1)))
    none = assume(claim(num(0)).args[0])
    base = intro(witness(num(0), none, full, small), (), none.conclusion)
    inside = assume(le(K, N))
    top = have(le(_square, N * N), inside)
    empty = same_mean(N, discharge(where(low, {y: _square - N * N}), top))
    empty = have(eq(share_above(N * N), 0), empty, constant_mean(N, num(0)))
    found = specialise(induct(q, claim(q), base, step), N * N)
    found = apply(found, have(le(share_above(N * N), p), empty, positive))
    proof.note(found, "the chance falls from 1 to 0 while the level rises, by steps of 1")

    def use(chosen: Theorem) -> Theorem:
        upper, lower = share_above(j - 1), share_above(j)

        def at(part_: Term, inside: list[Theorem], exact: Theorem) -> Theorem:
            chance = discharge(where(is_top(), {u: part_}), *inside)
            each = intro(chance, K, le(K, N))
            mass = discharge(where(interpolated(), {u: part_}), *inside)
            mass = have(eq(share_above(j - part_), p), mass, exact, chosen)
            wanted = TOP_FRACTION(N, p, j, clipped(j - part_))
            made = fold(conjunction(each, mass), wanted)
            return infer("witness", made, formula=_exists, terms=(j, j - part_))

        def steep(case: Theorem) -> Theorem:
            part_ = (p - lower) / (upper - lower)
            inside = [have(r, case, chosen) for r in (le(0, part_), le(part_, 1))]
            exact = have(eq(part_ * upper + (1 - part_) * lower, p), case)
            return at(part_, inside, exact)

        def flat(case: Theorem) -> Theorem:
            same = have(eq(lower, p), case, chosen)
            return at(num(0), [have(le(0, num(0))), have(le(num(0), 1))], same)

        return by_cases(order(upper, lower), flat, steep)

    made = proof.note(obtain(found, [j], use), "mix two steps so that the chance is p")
    return intro(made, (), small.conclusion)


# The squared score under an event ---------------------------------------------------------------

_signed = lam(i, v((line.score(t, i) / G_p) ** 2))
_top = G_p**2 * top_mean(T_max, p)


@state(
    "theorem",
    "token.extremal",
    "The squared score under an event, exactly",
    provenance="extension",
    given=[*GIVEN, lt(0, p), TOP_FRACTION(T_max, p, c, lam(x, v(x)))],
    claim=both(
        implies(SCORES, WEIGHTS, eq(P, p), le(mean_under(SQUARE), _top)),
        implies(
            lt(0, G_p), FAIR,
            both(
                forall(i, lt(i, n), both(le(0, beta(_signed, [i])), le(beta(_signed, [i]), 1))),
                eq(MASS(n, _signed, line.logs(t)), p),
                eq(MEAN(n, _signed, line.logs(t), SQUARE), _top),
            ),
        ),
    ),
    words="Under an event $A$ of probability $p$, with the weights $w$, the squared score is on "
    "average at most $G_p^{2}$ times the mean of $S^{2}$ over its top fraction, where "
    "$S = 2K - T_{\\max}$ is a sum of independent signs. If every token is a fair sign of size "
    "$G_p$, that top fraction is an event of probability $p$ with equality. That there is a "
    "policy of such tokens for every $T_{\\max}$ is a hypothesis, not proved here: explicit trees "
    "of a few tokens are tests.",
)  # fmt: skip
def extremal(proof: Proof) -> Theorem:
    return conjunction(at_most(proof), attained(proof))


def at_most(proof: Proof) -> Theorem:
    """The first part of `token.extremal`."""
    scores, weights, rate = (assume(r) for r in (SCORES, WEIGHTS, eq(P, p)))
    level, score = c * G_p**2, line.score(t, i)
    bounded = excess(level)
    order_ = proof.use("token.convex-order", scores, convex_excess(level), mapping={f: bounded})
    proof.note(order_, "the positive part of x^2 - c G_p^2 is a convex function of x")
    moved = scaled_excess(bound_sign(proof))
    scaled = have(
        eq(order_.conclusion.args[1], G_p**2 * tail(T_max, c)), same_mean(T_max, moved),
        unfold=binomial.FORMS,
    )  # fmt: skip
    inside = assume(lt(i, n))
    chance = apply(weights, inside, at=[i])
    here, large = beta(bounded, [score]), positive_part(score**2 - level)
    each = have(le(w(i) * score**2, level * w(i) + here), large, chance)
    weight = exp(line.log_policy(t, i))
    each = have(le(weight * each.conclusion.args[0], weight * each.conclusion.args[1]), each)
    summed = sums.ordered(n, intro(each, i, inside.conclusion))
    normal = apply(Setting.of(proof.given[0]).normalised, at=[t])
    positive = proof.given[2]
    layer = have(
        le(p * mean_under(SQUARE), level * p + mean(here)), summed, normal, rate, positive,
        unfold=NAMES,
    )  # fmt: skip
    proof.note(layer, "under the event s^2 is at most c G_p^2 plus that positive part")
    value = part(apply(part(proof.use("token.top-mean", N=T_max), 1), proof.given[3]), 0)
    bound = proof.have(
        le(mean_under(SQUARE), _top), layer, order_, scaled, value, positive,
        why="at the quantile c it is the mean over the top fraction",
    )  # fmt: skip
    return intro(bound, (), *(r.conclusion for r in (scores, weights, rate)))


def convex_excess(level: Term) -> Theorem:
    """x -> max(x**2 - level, 0) is convex."""
    value = excess(level)
    inside = [assume(r) for r in (le(0, u), le(u, 1))]
    large = []
    for at, share in ((x, u), (y, 1 - u)):
        here, known = beta(value, [at]), positive_part(at**2 - level)
        large.append(have(le(share * (at**2 - level), share * here), known, *inside))
        large.append(have(le(0, share * here), known, *inside))
    bend = have(le(0, u * (1 - u) * (x - y) ** 2), *inside)
    goal = le(beta(value, [_mixed]), u * beta(value, [x]) + (1 - u) * beta(value, [y]))
    split = instance("maximum.cases", x=_mixed**2 - level, y=num(0))
    made = by_cases(split, *([lambda m: have(goal, m, *large, bend)] * 2))
    return intro(made, (x, y, u), *(r.conclusion for r in inside))


def scaled_excess(sign: Theorem) -> Theorem:
    """max((G_p S)**2 - c G_p**2, 0) = G_p**2 max(S**2 - c, 0), S = 2K - T_max, from 0 <= G_p."""
    number = 2 * K - T_max
    left = beta(excess(c * G_p**2), [G_p * number])
    gain = beta(excess(c), [number])
    goal = eq(left, G_p**2 * gain)

    def at(split: Theorem) -> Theorem:
        size = have(le(0, G_p**2), sign)
        other = instance("maximum.cases", x=(G_p * number) ** 2 - c * G_p**2, y=num(0))

        def use(case: Theorem) -> Theorem:
            low = have(le(0, G_p**2 * gain), size, case, split)
            return have(goal, split, case, low, size)

        return by_cases(other, *([use] * 2))

    return by_cases(instance("maximum.cases", x=number**2 - c, y=num(0)), *([at] * 2))


def attained(proof: Proof) -> Theorem:
    """The second part of `token.extremal`."""
    positive, fair = assume(lt(0, G_p)), assume(FAIR)
    law = proof.use("token.sign-binomial", positive, fair)
    opened = fold(proof.given[3], unfold(proof.given[3].conclusion, frozenset({"top_fraction"})))
    inside = assume(lt(i, n))
    score, number = line.score(t, i), 2 * K - T_max
    chance = beta(_signed, [i])

    def use(count: Theorem) -> Theorem:
        fits, exact = part(count, 0), part(count, 1)
        known = apply(part(opened, 0), fits, at=[K])
        same = have(eq(number**2, (score / G_p) ** 2), exact, positive)
        return have(both(le(0, chance), le(chance, 1)),
                    *(rewrite(part(known, *q), same) for q in ((0,), (1, 0))))  # fmt: skip

    event = obtain(apply(part(law, 1), inside, at=[i]), [K], use)
    event = intro(event, i, inside.conclusion)
    proof.note(event, "every score is G_p times a sum of signs")
    normal = apply(Setting.of(proof.given[0]).normalised, at=[t])
    moments = []
    for value, target in (
        (lam(x, v((x / G_p) ** 2)), v(number**2)),
        (lam(x, v((x / G_p) ** 2) * x**2), G_p**2 * (v(number**2) * number**2)),
    ):
        there = beta(value, [G_p * number])
        one = same_mean(T_max, have(eq(there, target), positive))
        moments.append([where(part(law, 0), {f: value}), one])
    first = proof.have(
        eq(MASS(n, _signed, line.logs(t)), p), *moments[0], part(opened, 1), normal, unfold=NAMES,
        why="S is binomial, so that the chance of the top fraction is p",
    )  # fmt: skip
    scaled = have(
        eq(signs_mean(T_max, lam(x, G_p**2 * (v(x**2) * x**2))), G_p**2 * (top_mean(T_max, p) * p)),
        proof.given[2], unfold=binomial.FORMS,
    )  # fmt: skip
    second = proof.have(
        eq(MEAN(n, _signed, line.logs(t), SQUARE), _top), *moments[1], scaled, first, normal,
        proof.given[2], unfold=NAMES, why="and the mean there is that of S^2",
    )  # fmt: skip
    return intro(conjunction(event, first, second), (), positive.conclusion, fair.conclusion)
