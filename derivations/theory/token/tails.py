"""Exponential moments of the score: Azuma's bound, and that of the squared score."""

from __future__ import annotations

from functools import cache

from derivations import calculus, elementary, sums
from derivations.calculus import exp_monotone, exp_tangent
from derivations.elementary import ordered_squares, root_of_product
from derivations.expectation import NAMES, WITHIN, Setting
from derivations.kernel.terms import (
    Term,
    beta,
    eq,
    exp,
    forall,
    implies,
    lam,
    le,
    lt,
    num,
    real,
    sqrt,
    total,
    unfold,
)
from derivations.kernel.theorem import Theorem, infer
from derivations.library import Proof, state
from derivations.tactics import (
    apply,
    assume,
    by_cases,
    discharge,
    fold,
    fresh,
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
from derivations.theory.token.prefixes import (
    GIVEN,
    MEASURABLE,
    SCORES,
    Drawn,
    T_max,
    agree,
    i,
    j,
    k,
    line,
    m,
    n,
    s_tok,
    same,
    t,
)

G_p, a, x, y = (real(name) for name in ("G_p", "a", "x", "y"))
lam_ = real("lam")
SIGMA2 = G_p**2 * T_max
"""sigma**2 = G_p**2 T_max."""


# Two points ------------------------------------------------------------------------------------


def chord_slope(low: Term, high: Term) -> Term:
    """The slope of the chord over [-G, G]."""
    return (high - low) / (2 * G_p)


@state(
    "lemma",
    "token.two-points",
    "Hoeffding's lemma, by a chord",
    provenance="classical",
    given=[lt(0, G_p), WITHIN(x, G_p)],
    claim=le(
        exp(lam_ * (a + x)),
        exp(lam_**2 * G_p**2 / 2) * exp(lam_ * a)
        + x * chord_slope(exp(lam_ * (a - G_p)), exp(lam_ * (a + G_p))),
    ),
    words="Hoeffding (1963).",
)
def two_points(proof: Proof) -> Theorem:
    low, here, high = lam_ * (a - G_p), lam_ * (a + x), lam_ * (a + G_p)
    tangents = [where(elementary.exp_above(), x=end, y=here) for end in (low, high)]
    chord = proof.note(
        _chord(proof, tangents, (exp(low), exp(here), exp(high))),
        "a convex function lies below its chord",
    )
    split = [instance("exp.sum", x=lam_ * a, y=y) for y in (lam_ * G_p, -(lam_ * G_p))]
    ends = have(
        eq(exp(high) + exp(low), exp(lam_ * a) * (exp(lam_ * G_p) + exp(-(lam_ * G_p)))),
        rewrite(split[0], have(eq(lam_ * a + lam_ * G_p, high))),
        rewrite(split[1], have(eq(lam_ * a + -(lam_ * G_p), low))),
    )
    cosh = where(elementary.cosh_gaussian(), x=lam_ * G_p)
    cosh = have(
        le(exp(lam_ * a) * (exp(lam_ * G_p) + exp(-(lam_ * G_p))),
           exp(lam_ * a) * (2 * exp(lam_**2 * G_p**2 / 2))), cosh,
    )  # fmt: skip
    return proof.have(
        proof.statement.conclusion, chord, ends, cosh, proof.given[0],
        why="cosh(z) <= exp(z^2/2)",
    )  # fmt: skip


def _chord(
    proof: Proof, tangents: list[Theorem], values: tuple[Term, Term, Term], *facts: Theorem
) -> Theorem:
    """f(x) <= (f(G) + f(-G))/2 + x (f(G) - f(-G))/(2 G), from the tangents at x."""
    low, here, high = values
    weighted = [
        have(le(weight * made.conclusion.args[0], weight * end), made, proof.given[1])
        for weight, made, end in zip((G_p - x, G_p + x), tangents, (low, high), strict=True)
    ]
    goal = le(here, (high + low) / 2 + x * chord_slope(low, high))
    return have(goal, *weighted, *facts, *proof.given[:2])


_share = 2 * lam_ * G_p**2
_SMALL = [le(0, lam_), lt(_share, 1)]


@state(
    "lemma",
    "token.two-points-square",
    "The chord of the exponential of a square",
    provenance="classical",
    given=[lt(0, G_p), WITHIN(x, G_p), *_SMALL],
    claim=le(
        exp(lam_ * (a + x) ** 2),
        1 / sqrt(1 - _share) * exp(lam_ / (1 - _share) * a**2)
        + x * chord_slope(exp(lam_ * (a - G_p) ** 2), exp(lam_ * (a + G_p) ** 2)),
    ),
)
def two_points_square(proof: Proof) -> Theorem:
    low, here, high = (lam_ * (a + z) ** 2 for z in (-G_p, x, G_p))
    low = lam_ * (a - G_p) ** 2
    tangents = [where(elementary.exp_above(), x=end, y=here) for end in (low, high)]
    inside = have(le(0, G_p**2 - x**2), proof.given[1])
    bend = have(le(0, exp(here) * lam_ * (G_p**2 - x**2)), inside, proof.given[2])
    chord = proof.note(
        _chord(proof, tangents, (exp(low), exp(here), exp(high)), bend),
        "a convex function lies below its chord",
    )
    middle, side = lam_ * (a**2 + G_p**2), 2 * lam_ * a * G_p
    ends = [
        rewrite(instance("exp.sum", x=middle, y=z), have(eq(middle + z, end)))
        for z, end in ((-side, low), (side, high))
    ]
    cosh = where(elementary.cosh_gaussian(), x=side)
    cosh = have(
        le(exp(low) + exp(high), 2 * (exp(middle) * exp(side**2 / 2))), cosh, *ends
    )
    proof.note(cosh, "cosh(z) <= exp(z^2/2)")
    joined = instance("exp.sum", x=middle, y=side**2 / 2)
    target = lam_ / (1 - _share) * a**2
    room = have(lt(0, 1 - _share), proof.given[3])
    # 1 + y <= 1/(1 - y), and exp(y/2) <= (1 - y)**(-1/2).
    square = have(le(0, lam_ * a**2 * _share**2), proof.given[2])
    exponent = have(le(middle + side**2 / 2, target + _share / 2), room, square)
    grown = elementary.resolve(
        where(exp_monotone(), a=middle + side**2 / 2, b=target + _share / 2), exponent
    )
    parted = instance("exp.sum", x=target, y=_share / 2)
    root = half_exponential(_share, room)
    scale = instance("exp.positive", x=target)
    rule = where(scaled(), x=exp(_share / 2), y=1 / sqrt(1 - _share), a=exp(target))
    last = discharge(rule, root, scale)
    grown = have(le(exp(middle) * exp(side**2 / 2), exp(target) * exp(_share / 2)),
                 rewrite(grown, joined, parted))  # fmt: skip
    ratio = 1 / sqrt(1 - _share)
    rule = where(
        halved(), x=exp(low), y=exp(high), a=exp(middle) * exp(side**2 / 2),
        b=exp(target) * exp(_share / 2), c=exp(target) * ratio,
    )  # fmt: skip
    mean = discharge(rule, cosh, grown, last)
    proof.note(
        mean, "1 + y <= 1/(1 - y) and exp(y/2) <= (1 - y)^{-1/2}, at y = 2 lambda G_p^2"
    )
    return have(proof.statement.conclusion, chord, mean)


@cache
def halved() -> Theorem:
    """(y + x)/2 <= c from x + y <= 2 a, a <= b and b <= c."""
    b, c = real("b"), real("c")
    return have(le((y + x) / 2, c), *(assume(f) for f in (le(x + y, 2 * a), le(a, b), le(b, c))))


@cache
def scaled() -> Theorem:
    """a x <= a y from x <= y, for a > 0."""
    return have(le(a * x, a * y), assume(le(x, y)), assume(lt(0, a)))


def half_exponential(share: Term, room: Theorem) -> Theorem:
    """exp(y/2) <= 1/sqrt(1 - y), from 0 < 1 - y."""
    left = 1 - share
    weak = have(le(0, left), room)
    root = apply(instance("root.square", x=left), weak)
    above = positive_root(left, room)
    tangent = where(exp_tangent(), x=-share)
    minus = where(calculus.exp_minus(), x=share)
    double = where(elementary.exp_power(2), x=share / 2)
    double = rewrite(double, have(eq(2 * (share / 2), share)))
    product = exp(share / 2) * sqrt(left)
    small = have(le(left * exp(share), 1), tangent, minus)
    square = have(le(product**2, num(1) ** 2), small, double, root)
    below = discharge(where(ordered_squares(), x=product, y=num(1)), square)
    return have(le(exp(share / 2), 1 / sqrt(left)), below, above)


def positive_root(value: Term, positive: Theorem) -> Theorem:
    """0 < sqrt(x), from 0 < x."""
    weak = have(le(0, value), positive)
    square = apply(instance("root.square", x=value), weak)
    above = apply(instance("root.nonnegative", x=value), weak)

    def zero(case: Theorem) -> Theorem:
        flat = have(eq(sqrt(value), 0), case, above)
        return have(lt(0, sqrt(value)), flat, square, positive)

    return by_cases(order(sqrt(value), num(0)), zero, lambda case: case)


# Induction over the tokens ------------------------------------------------------------------


def earlier(proof: Proof, first: Theorem, of: Term) -> Theorem:
    """A function of the score of the prefix is known once the prefix is."""
    prefix = part(proof.use("token.prefix-score", first, at=[k, t]), 1)
    opened = fold(prefix, unfold(prefix.conclusion, frozenset({"measurable"})))
    premises = [assume(f) for f in (lt(i, n), lt(j, n), eq(same(k, i, j), 1))]
    equation = apply(opened, *premises, at=[i, j])
    left, _ = equation.conclusion.args
    hole = fresh("hole", "R", of, left)
    template = lam(hole, eq(beta(of, [left]), beta(of, [hole])))
    made = infer("rewrite", equation, have(beta(template, [left])), template=template)
    closed = intro(made, (i, j), *(f.conclusion for f in premises))
    return fold(closed, MEASURABLE(n, agree(k), lam(i, beta(of, [total(k, m, s_tok(m, t, i))]))))


def one_token(
    proof: Proof, first: Theorem, before: Theorem, bound: Theorem, slope: Term, value: Term
) -> Theorem:
    """E[f(S + s)] <= E[g(S)], S the score of the first k tokens and s that of the next one.

    `bound` says ``f(S + s) <= g(S) + s slope(S)``, under i < n; `value` is f.
    """
    prefix = total(k, m, s_tok(m, t, i))
    longer = beta(value, [total(k + 1, m, s_tok(m, t, i))])
    right = bound.conclusion.args[1].args[0]
    linear = right + s_tok(k, t, i) * beta(slope, [prefix])
    each = intro(have(le(longer, linear), bound), i, lt(i, n))
    return proof.use(
        "token.drift", each, before, earlier(proof, first, slope),
        W=lam(i, longer), V=lam(i, right), Y=lam(i, beta(slope, [prefix])),
    )  # fmt: skip


def mean(variable: Term) -> Term:
    """The expectation of a random variable, written in the response i."""
    return line.mean("", lam(i, variable), t)


def score_of_all(proof: Proof, value: Term) -> Theorem:
    """E[f(s)] = E[f(sum of the token scores)]."""
    inside = assume(lt(i, n))
    whole = part(apply(proof.use("token.score-sum"), inside, at=[t, i]), 0)
    weight = exp(line.log_policy(t, i))
    left, right = whole.conclusion.args
    hole = fresh("hole", "R", value, whole.conclusion)
    template = lam(hole, eq(weight * beta(value, [left]), weight * beta(value, [hole])))
    made = infer("rewrite", whole, have(beta(template, [left])), template=template)
    summed = sums.equal(n, intro(made, i, inside.conclusion))
    return have(eq(mean(beta(value, [left])), mean(beta(value, [right]))), summed, unfold=NAMES)


def next_token(
    proof: Proof, chord: str, before: Theorem, *facts: Theorem, rate: Term = lam_
) -> Theorem:
    """The statement `chord` at the score a of a prefix and that of the next token, x."""
    near = apply(assume(SCORES), assume(lt(i, n)), before, at=[k, i])
    prefix = total(k, m, s_tok(m, t, i))
    return proof.use(chord, near, *facts, lam=rate, a=prefix, x=s_tok(k, t, i))


def no_score(proof: Proof, case: Theorem) -> Theorem:
    """s = 0 under i < n, where G_p <= 0."""
    inside, before = assume(lt(i, n)), assume(lt(k, T_max))
    near = apply(assume(SCORES), inside, before, at=[k, i])
    none = intro(have(eq(s_tok(k, t, i), 0), case, near), k, before.conclusion)
    whole = part(apply(proof.use("token.score-sum"), inside, at=[t, i]), 0)
    return have(eq(line.score(t, i), 0), whole, sums.equal(T_max, none))


def at_rest(proof: Proof, case: Theorem, value: Term) -> Theorem:
    """E[f(s)] = f(0) where G_p <= 0, so that every token score is 0."""
    zero, weight = no_score(proof, case), exp(line.log_policy(t, i))
    here, there = beta(value, [line.score(t, i)]), beta(value, [num(0)])
    summed = sums.equal(n, intro(have(eq(weight * here, weight * there), zero), i, lt(i, n)))
    normal = apply(Setting.of(proof.given[0]).normalised, at=[t])
    return have(eq(mean(here), there), summed, normal, unfold=NAMES)


def bound_sign(proof: Proof) -> Theorem:
    """0 <= G_p: there is a response, and it has a token."""
    first = Drawn.of(proof.given[1]).some

    def use(chosen: Theorem) -> Theorem:
        return have(le(0, G_p), apply(assume(SCORES), part(chosen, 0), first, at=[0, j]))

    return obtain(Setting.of(proof.given[0]).correct, [j], use)


@state(
    "lemma",
    "token.azuma",
    "Azuma's bound",
    provenance="classical",
    given=[*GIVEN, SCORES],
    claim=le(mean(exp(lam_ * line.score(t, i))), exp(lam_**2 * SIGMA2 / 2)),
    words="Azuma (1967); for independent tokens Hoeffding (1963).",
)
def azuma(proof: Proof) -> Theorem:
    value = lam(x, exp(lam_ * x))
    goal = proof.statement.conclusion
    normal = apply(Setting.of(proof.given[0]).normalised, at=[t])

    def claim(length: Term) -> Term:
        prefix = beta(value, [total(length, m, s_tok(m, t, i))])
        return implies(
            le(length, T_max), le(mean(prefix), exp(lam_**2 * (G_p**2 * length) / 2))
        )

    def moving(positive: Theorem) -> Theorem:
        def step(hypothesis: Theorem) -> Theorem:
            fits = assume(le(k + 1, T_max))
            before, weak = have(lt(k, T_max), fits), have(le(k, T_max), fits)
            bound = next_token(proof, "token.two-points", before, positive)
            slope = chord_slope(exp(lam_ * (x - G_p)), exp(lam_ * (x + G_p)))
            made = one_token(proof, weak, before, bound, lam(x, slope), value)
            factor = exp(lam_**2 * G_p**2 / 2)
            prefix = mean(beta(value, [total(k, m, s_tok(m, t, i))]))
            linear = have(eq(made.conclusion.args[1], factor * prefix), unfold=NAMES)
            joined = instance(
                "exp.sum", x=lam_**2 * G_p**2 / 2, y=lam_**2 * (G_p**2 * k) / 2
            )
            known = have(
                le(factor * prefix, factor * exp(lam_**2 * (G_p**2 * k) / 2)),
                apply(hypothesis, weak),
            )
            wanted = claim(k + 1).args[1]
            exponent = wanted.args[1].args[0]
            joined = rewrite(joined, have(eq(joined.conclusion.args[0].args[0], exponent)))
            return intro(have(wanted, made, linear, known, joined), (), fits.conclusion)

        base = have(claim(num(0)).args[1], normal, instance("exp.zero"), unfold=NAMES)
        made = induct(k, claim(k), intro(base, (), le(0, T_max)), step)
        whole = apply(made, have(le(T_max, T_max)), at=[T_max])
        proof.note(whole, "by induction over the tokens, each adding G_p^2 lambda^2/2")
        return have(goal, whole, score_of_all(proof, value))

    def still(case: Theorem) -> Theorem:
        square = have(le(0, lam_**2 * SIGMA2 / 2))
        tangent = where(exp_tangent(), x=lam_**2 * SIGMA2 / 2)
        return have(goal, at_rest(proof, case, value), tangent, square, instance("exp.zero"))

    return by_cases(order(G_p, num(0)), still, moving)


_v = real("v")


@state(
    "lemma",
    "token.square-mgf",
    "Exponential moment of the squared score",
    provenance="classical",
    given=[*GIVEN, SCORES, le(0, lam_), lt(2 * lam_ * SIGMA2, 1)],
    claim=le(mean(exp(lam_ * line.score(t, i) ** 2)), 1 / sqrt(1 - 2 * lam_ * SIGMA2)),
    words="As for every sub-Gaussian variable (Wainwright 2019, theorem 2.6).",
)
def square_mgf(proof: Proof) -> Theorem:
    normal = apply(Setting.of(proof.given[0]).normalised, at=[t])
    goal = proof.statement.conclusion

    def value(rate: Term) -> Term:
        return lam(x, exp(rate * x**2))

    def moment(rate: Term, length: Term) -> Term:
        return mean(beta(value(rate), [total(length, m, s_tok(m, t, i))]))

    def bound(rate: Term, length: Term) -> Term:
        return le(moment(rate, length), 1 / sqrt(1 - 2 * rate * (G_p**2 * length)))

    def premises(rate: Term, length: Term) -> list[Term]:
        return [le(0, rate), lt(2 * rate * (G_p**2 * length), 1), le(length, T_max)]

    def claim(length: Term) -> Term:
        return forall(_v, *premises(_v, length), bound(_v, length))

    def moving(positive: Theorem) -> Theorem:
        def step(hypothesis: Theorem) -> Theorem:
            sign, room, fits = (assume(f) for f in premises(_v, k + 1))
            before, weak = have(lt(k, T_max), fits), have(le(k, T_max), fits)
            share, rest = 2 * _v * G_p**2, 2 * _v * (G_p**2 * k)
            some = have(le(0, rest), sign)
            left = have(lt(0, 1 - share - rest), room)
            small = have(lt(share, 1), left, some)
            chord = next_token(
                proof, "token.two-points-square", before, positive, sign, small, rate=_v
            )
            slope = chord_slope(exp(_v * (x - G_p) ** 2), exp(_v * (x + G_p) ** 2))
            made = one_token(proof, weak, before, chord, lam(x, slope), value(_v))
            rate = _v / (1 - share)
            positive_rate = have(le(0, rate), sign, small)
            rest_small = have(lt(2 * rate * (G_p**2 * k), 1), left, small)
            known = apply(hypothesis, positive_rate, rest_small, weak, at=[rate])
            first, second = 1 - share, 1 - 2 * rate * (G_p**2 * k)
            rooms = [have(lt(0, first), small), have(lt(0, second), rest_small)]
            roots = [positive_root(v, q) for v, q in zip((first, second), rooms, strict=True)]
            product = discharge(
                where(root_of_product(), x=first, y=second),
                *(have(le(0, v), q) for v, q in zip((first, second), rooms, strict=True)),
            )
            wanted = bound(_v, k + 1)
            inner = wanted.args[1].args[1].args[0]
            product = rewrite(product, have(eq(first * second, inner), small))
            linear = have(
                eq(made.conclusion.args[1], 1 / sqrt(first) * moment(rate, k)), roots[0],
                unfold=NAMES,
            )
            scaled = have(
                le(1 / sqrt(first) * moment(rate, k), 1 / sqrt(first) * (1 / sqrt(second))),
                known, roots[0],
            )
            joined = have(
                eq(1 / sqrt(first) * (1 / sqrt(second)), 1 / sqrt(inner)), product, *roots,
                positive_root(inner, have(lt(0, inner), left)),
            )
            done = have(wanted, made, linear, scaled, joined)
            return intro(done, _v, *premises(_v, k + 1))

        one = have(
            eq(moment(_v, num(0)), 1), normal, instance("exp.zero"), unfold=NAMES
        )
        root = unit_root()
        base = intro(
            have(bound(_v, num(0)), one, root), _v, *premises(_v, num(0))
        )
        made = specialise(induct(k, claim(k), base, step), T_max)
        whole = apply(made, *proof.given[3:], have(le(T_max, T_max)), at=[lam_])
        proof.note(whole, "by induction over the tokens, for all lambda at once")
        return have(goal, whole, score_of_all(proof, value(lam_)))

    def still(case: Theorem) -> Theorem:
        inner = 1 - 2 * lam_ * SIGMA2
        room = have(lt(0, inner), proof.given[4])
        square = apply(instance("root.square", x=inner), have(le(0, inner), room))
        some = have(le(inner, 1), proof.given[3])
        short = have(le(sqrt(inner) ** 2, num(1) ** 2), square, some)
        short = discharge(where(ordered_squares(), x=sqrt(inner), y=num(1)), short)
        one = have(le(1, 1 / sqrt(inner)), short, positive_root(inner, room))
        flat = have(eq(beta(value(lam_), [num(0)]), 1), instance("exp.zero"))
        return have(goal, at_rest(proof, case, value(lam_)), flat, one)

    return by_cases(order(G_p, num(0)), still, moving)


def unit_root() -> Theorem:
    """sqrt(1) = 1."""
    one = have(lt(0, num(1)))
    square = apply(instance("root.square", x=num(1)), have(le(0, num(1))))
    signs = have(le(0, sqrt(1)), positive_root(num(1), one)), have(le(0, num(1)))
    same_ = have(eq(sqrt(1) ** 2, num(1) ** 2), square)
    return discharge(where(elementary.equal_squares(), x=sqrt(1), y=num(1)), *signs, same_)
