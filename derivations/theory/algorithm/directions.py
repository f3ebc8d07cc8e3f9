"""Section 4: other directions than that of one Gradient Gap.

A preconditioned update is the Gradient Gap under a symmetric matrix; several prompts that share
parameters are improved together in the direction of the point of least norm in the convex hull of
their Gradient Gaps.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from derivations import cones, sums
from derivations.expectation import ARBITRARY, Line
from derivations.kernel.terms import (
    Definition,
    Term,
    app,
    beta,
    both,
    eq,
    exists,
    forall,
    function,
    implies,
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
from derivations.kernel.theorem import Theorem, infer
from derivations.library import Proof, define, state
from derivations.tactics import (
    apply,
    assume,
    by_cases,
    conjunction,
    discharge,
    each_below,
    fold,
    have,
    intro,
    obtain,
    order,
    part,
    where,
)
from derivations.theory.algorithm.rates import ALONG, GAMMA, along
from derivations.theory.gap import GAP
from derivations.theory.lines import CHOICE2, CHOICE3
from derivations.theory.trajectory.one_step import KAPPA
from derivations.vectors import (
    PRODUCTS,
    at,
    cauchy_schwarz,
    image,
    image_bound,
    inner_below,
    length,
    length_facts,
    pair,
    rayleigh,
    square,
    square_sign,
    symmetric,
)

line = ARBITRARY
n, i, j, k, d = (nat(name) for name in ("n", "i", "j", "k", "d"))
eta, alpha, c, x, y, G, L = (real(name) for name in ("eta", "alpha", "c", "x", "y", "G", "L"))

J, ell, Dmu = line.success, line.log_odds, line.alignment

# Preconditioning ---------------------------------------------------------------------------------

P = lam((j, k), function("P", "N", "N")(j, k))
low, high = real("lambda_min"), real("lambda_max")

UPDATE = image(P, GAMMA)
"""P gamma."""

STEP = alpha * c * length(UPDATE)
GAIN = ell(STEP) - ell(0)


@state(
    "theorem",
    "algorithm.preconditioned",
    "A preconditioned update",
    provenance="classical",
    given=[
        line.policy, line.regular(G, L, 0, STEP), along(line, UPDATE),
        symmetric(P), rayleigh(P, GAMMA, low, high), lt(0, low), le(low, high),
        lt(0, L), le(0, alpha), le(0, c), le(alpha * c * high * KAPPA, 1),
    ],
    claim=both(
        le(square(UPDATE), high * pair(GAMMA, UPDATE)),
        le(STEP * Dmu(0) / 2, GAIN),
        le(alpha * c * low * square(GAMMA) / 2, GAIN),
    ),
    words="The update is $\\alpha\\,c\\,P\\gamma$ with a symmetric matrix $P$ whose Rayleigh "
    "quotients lie between $\\lambda_{\\min}$ and $\\lambda_{\\max}$, as with frozen second "
    "moments of Adam (Kingma and Ba 2015) or a natural gradient (Amari 1998); only those of the "
    "vectors $u\\gamma + vP\\gamma$ matter.",
)  # fmt: skip
def preconditioned(proof: Proof) -> Theorem:
    signs = have(lt(0, high), *proof.given[5:7]), have(le(0, low), proof.given[5])
    matrix = {function("P", "N", "N"): P, real("low"): low, real("high"): high}
    rule = where(at(image_bound(), GAMMA), matrix)
    bounds = discharge(rule, *proof.given[3:5], *signs)
    least, most = part(bounds, 0), part(bounds, 1)
    proof.note(bounds, "look at z = gamma - P gamma/h, with h the upper bound")
    size = at(length_facts(), UPDATE)
    forward = have(le(0, STEP), *proof.given[8:10], size)
    wide = proof.use("trajectory.descent", forward, mapping={real("eta"): STEP})
    proof.note(wide, "one step of that size")
    follows = part(proof.use("algorithm.direction", mapping={function("v", "N"): UPDATE}), 0)
    swapped = have(eq(pair(UPDATE, GAMMA), pair(GAMMA, UPDATE)), unfold=PRODUCTS)
    aligned = have(eq(length(UPDATE) * Dmu(0), pair(GAMMA, UPDATE)), follows, swapped)
    share = alpha * c * pair(GAMMA, UPDATE)
    rise = proof.note(
        kept(wide, aligned, size, most, list(proof.given)), "so half of the alignment is kept"
    )
    half = have(le(STEP * Dmu(0) / 2, GAIN), rise, aligned)
    last = proof.have(
        le(alpha * c * low * square(GAMMA) / 2, GAIN), rise,
        have(le(alpha * c * (low * square(GAMMA)), share), least, *proof.given[8:10]),
        why="and the alignment is at least the lower bound times the squared gap",
    )  # fmt: skip
    return conjunction(most, half, last)


def kept(
    wide: Theorem, aligned: Theorem, size: Theorem, most: Theorem, given: list[Theorem]
) -> Theorem:
    """eta c <gamma, P gamma>/2 <= the gain: in scalars."""
    E, N, D, A, B, T, K, H = (real(name) for name in ("E", "N", "D", "A", "B", "T", "K", "H"))
    plain = [assume(f) for f in (
        le(E * N * D - K * (E * N) ** 2 / 2, T), eq(N * D, A), eq(N**2, B), le(B, H * A),
        le(E * H * K, 1), le(0, E), lt(0, K), le(0, A),
    )]  # fmt: skip
    bent = have(le(K * E**2 * B, K * E**2 * (H * A)), *plain[3:])
    short = have(le(E * A * (E * H * K), E * A), *plain[4:])
    made = have(le(E * A / 2, T), bent, short, *plain[:3])
    inner, other, factor = pair(GAMMA, UPDATE), square(UPDATE), alpha * c
    values = {E: factor, N: length(UPDATE), D: Dmu(0), A: inner, B: other, T: GAIN, K: KAPPA,
              H: high}  # fmt: skip
    quadratic = have(le(STEP * Dmu(0) - KAPPA * STEP**2 / 2, GAIN), wide)
    positive = have(lt(0, KAPPA), given[7])
    above = have(le(0, inner), most, at(square_sign(), UPDATE), have(lt(0, high), *given[5:7]))
    facts = [quadratic, aligned, part(size, 1), most, have(le(0, factor), *given[8:10]),
             have(le(factor * high * KAPPA, 1), given[10]), positive, above]  # fmt: skip
    return discharge(where(made, values), *facts)


# Several prompts ---------------------------------------------------------------------------------

Q, q = nat("Q"), nat("q")
a, b = function("a", "N"), function("b", "N")
gamma, w = function("gamma", "N", "N"), function("w", "N")
_W = lam(j, w(j))


def row(vectors: Term, index: Term) -> Term:
    """The vector with that index."""
    return lam(j, beta(vectors, [index, j]))


def mixture(weights: Term, vectors: Term) -> Term:
    """The combination of the vectors with these weights."""
    return lam(j, total(Q, q, beta(weights, [q]) * beta(vectors, [q, j])))


def convex(weights: Term) -> Term:
    """The weights are non-negative and sum to one."""
    return both(
        forall(q, lt(q, Q), le(0, beta(weights, [q]))),
        eq(total(Q, q, beta(weights, [q])), 1),
    )


_A, _B = lam(q, a(q)), lam(q, b(q))


m = function("m", "N")
_M = lam(j, m(j))


_VECTORS = lam((q, j), gamma(q, j))

_TOWARDS = lam(j, m(j) + x * (gamma(q, j) - m(j)))

SHORTEST = Definition(
    "shortest",
    lam(
        (Q, d, gamma, a, m),
        both(
            forall(q, lt(q, Q), le(0, a(q))),
            eq(total(Q, q, a(q)), 1),
            forall(j, lt(j, d), eq(m(j), total(Q, q, a(q) * gamma(q, j)))),
            forall((q, x), lt(q, Q), le(0, x), le(x, 1), le(square(_M), square(_TOWARDS))),
            lt(0, square(_M)),
        ),
    ),
)  # fmt: skip
"""``shortest(Q, d, gamma, a, m)``: m is the point of the convex hull with the weights a, it is
not zero, and no point on the segments from it to the vectors is shorter."""


def shortest(vectors: Term) -> Term:
    """m is the point of least norm in the convex hull of the vectors, and not zero."""
    return SHORTEST(Q, d, vectors, _A, _M)


def best_direction(vectors: Term) -> Term:
    """What makes m/|m| the best direction."""
    return both(
        forall(q, lt(q, Q), le(square(_M), pair(_M, row(vectors, q)))),
        implies(convex(_B), le(square(_M), square(mixture(_B, vectors)))),
        both(
            eq(length(UNIT), 1),
            forall(q, lt(q, Q), le(length(_M), pair(UNIT, row(vectors, q)))),
        ),
        implies(
            eq(length(_W), 1),
            forall(x, forall(q, lt(q, Q), le(x, pair(_W, row(vectors, q)))), le(x, length(_M))),
        ),
    )


UNIT = lam(j, m(j) / length(_M))
"""The unit vector in the direction of m."""


define(
    "definition",
    "algorithm.shortest",
    "The point of least norm in a convex hull",
    SHORTEST,
    provenance="classical",
    claim=app("imp", shortest(_VECTORS), unfold(shortest(_VECTORS), frozenset({"shortest"}))),
    words="It is asked only that no point on the segments from $m$ to the $\\gamma_q$ is shorter: "
    "then no point of the hull is.",
    module=__name__,
)


@dataclass(frozen=True)
class Hull:
    """The parts of `shortest`, as theorems."""

    weights: Theorem
    point: Theorem
    segments: Theorem
    nonzero: Theorem

    @classmethod
    def of(cls, given: Theorem) -> Hull:
        """Take the assumption apart."""
        opened = fold(given, unfold(given.conclusion, frozenset({"shortest"})))
        sign, sums_, point, segments = (part(opened, *(1,) * place, 0) for place in range(4))
        return cls(conjunction(sign, sums_), point, segments, part(opened, 1, 1, 1, 1))


@state(
    "lemma",
    "algorithm.min-norm",
    "The direction that improves all prompts most",
    provenance="classical",
    given=[shortest(_VECTORS)],
    claim=best_direction(_VECTORS),
    words="No point of the hull is shorter than $m$, whatever its weights $b$, so $0$ is not in "
    "the hull; and $m/\\lvert m\\rvert$ has the largest least alignment $x$ of all unit "
    "vectors $w$. The shortest point is given, here and for several prompts: that there is one "
    "if $0$ is not in the hull is `algorithm.shortest-point`. The direction is that of Fliege and "
    "Svaiter (2000) and Desideri (2012).",
)
def min_norm(proof: Proof) -> Theorem:
    hull = Hull.of(proof.given[0])
    aligned = proof.note(obtuse(hull), "no point towards gamma_q is shorter")
    other = assume(convex(_B))
    shorter = proof.note(no_shorter(hull, aligned, other), "Cauchy-Schwarz")
    size = at(length_facts(), _M)
    positive = positive_length(size, hull.nonzero)
    one = unit_length(positive, size)
    inside = assume(lt(q, Q))
    each = apply(aligned, inside, at=[q])
    attained = proof.have(
        le(length(_M), pair(UNIT, row(_VECTORS, q))), scaled(each, size, positive),
        why="divide by |m|",
    )  # fmt: skip
    direction = assume(eq(length(_W), 1))
    most = proof.note(no_better(hull, direction), "the mean of the alignments is that with m")
    return conjunction(
        aligned, intro(shorter, (), other.conclusion),
        conjunction(one, intro(attained, q, inside.conclusion)),
        intro(most, (), direction.conclusion),
    )  # fmt: skip


def obtuse(hull: Hull) -> Theorem:
    """``for all q: |m|**2 <= <m, gamma_q>``."""
    inside = assume(lt(q, Q))
    there = row(_VECTORS, q)
    away = lam(j, gamma(q, j) - m(j))
    S, T, W = square(_M), pair(_M, there), square(away)
    goal = le(S, T)

    def beyond(case: Theorem) -> Theorem:
        # A short way towards gamma_q would shorten m.
        share = (S - T) / ((S - T) + W)
        sign = at(square_sign(), away)
        range_ = have(both(le(0, share), le(share, 1)), case, sign)
        step = apply(hull.segments, inside, range_, at=[q, share])
        opened = have(
            le(0, 2 * share * (T - S) + share**2 * W), step, unfold=("inner",),
        )  # fmt: skip
        return scalar_contradiction(S, T, W, opened, case, sign, goal)

    made = by_cases(order(S, T), lambda case: case, beyond)
    return intro(made, q, inside.conclusion)


def scalar_contradiction(
    S: Term, T: Term, W: Term, opened: Theorem, case: Theorem, sign: Theorem, goal: Term
) -> Theorem:
    """0 <= -2 u t + u**2 W with u = t/(t + W), t = S - T > 0, cannot be."""
    s, t, v = real("s"), real("t"), real("v")
    u = (s - t) / ((s - t) + v)
    plain = [assume(le(0, 2 * u * (t - s) + u**2 * v)), assume(lt(t, s)), assume(le(0, v))]
    positive = have(lt(0, u), *plain[1:])
    first = have(le(0, 2 * (t - s) + u * v), plain[0], positive)
    small = have(le(u * v, s - t), *plain[1:])
    made = have(le(s, t), first, small, plain[1])
    return have(goal, discharge(where(made, {s: S, t: T, v: W}), opened, case, sign))


def mixed(weights: Term, x_: Term) -> Theorem:
    """<x, sum of b_q gamma_q> = sum of b_q <x, gamma_q>."""
    rule = where(
        sums.exchange(), n=d, m=Q, a=lam(j, beta(x_, [j])), b=weights,
        F=lam((j, q), gamma(q, j)),
    )  # fmt: skip
    spread = total(Q, q, beta(weights, [q]) * pair(x_, row(_VECTORS, q)))
    return have(eq(pair(x_, mixture(weights, _VECTORS)), spread), rule, unfold=("inner",))


def weighted_least(weights: Theorem, bound: Theorem, least: Term, value: Term) -> Theorem:
    """least <= the mean of the values, from least <= each of them."""
    inside = assume(lt(q, Q))
    weight = part(weights, 0)
    sign = apply(weight, inside, at=[q])
    factor = sign.conclusion.args[1]
    each = have(
        le(factor * least, factor * value), apply(bound, inside, at=[q]), sign
    )
    names = {function("f", "N"): lam(q, factor * least), function("g", "N"): lam(q, factor * value)}
    summed = discharge(where(sums.monotone(), names, n=Q), intro(each, q, inside.conclusion))
    return have(le(least, summed.conclusion.args[1]), summed, part(weights, 1))


def no_shorter(hull: Hull, aligned: Theorem, other: Theorem) -> Theorem:
    """|m|**2 <= |z|**2 for every point z of the hull."""
    z = mixture(_B, _VECTORS)
    mean = weighted_least(other, aligned, square(_M), pair(_M, row(_VECTORS, q)))
    inner = have(le(square(_M), pair(_M, z)), mean, mixed(_B, _M))
    cauchy = at(cauchy_schwarz(), _M, z)
    S, T, W = (real(name) for name in ("S", "T", "W"))
    plain = [assume(le(S, T)), assume(le(T**2, S * W)), assume(lt(0, S))]
    squares = have(le(S * S, S * W), have(le(S**2, T**2), plain[0], plain[2]), plain[1])
    made = have(le(S, W), squares, plain[2])
    return discharge(
        where(made, {S: square(_M), T: pair(_M, z), W: square(z)}), inner, cauchy, hull.nonzero
    )


def positive_length(size: Theorem, positive: Theorem) -> Theorem:
    """0 < |m| from 0 < |m|**2."""
    value = size.conclusion.args[0].args[1]

    def none(case: Theorem) -> Theorem:
        zero = have(eq(value, 0), case, size)
        return have(lt(0, value), zero, size, positive)

    return by_cases(order(value, num(0)), none, lambda case: case)


def unit_length(positive: Theorem, size: Theorem) -> Theorem:
    """The length of m/|m| is one."""
    there = at(length_facts(), UNIT)
    whole = have(eq(square(UNIT), square(_M) / length(_M) ** 2), positive, unfold=("inner",))
    squared = have(eq(length(UNIT) ** 2, 1), there, whole, size, positive)
    one = real("x")
    plain = [assume(eq(one**2, 1)), assume(le(0, one))]
    zero = have(eq((one - 1) * (one + 1), 0), *plain)
    made = have(eq(one, 1), zero, have(lt(0, one + 1), *plain))
    return discharge(where(made, {one: length(UNIT)}), squared, there)


def scaled(each: Theorem, size: Theorem, positive: Theorem) -> Theorem:
    """|m| <= <m/|m|, gamma_q>."""
    there = row(_VECTORS, q)
    same = have(eq(pair(UNIT, there), pair(_M, there) / length(_M)), positive, unfold=("inner",))
    S, T, N = (real(name) for name in ("S", "T", "N"))
    plain = [assume(le(S, T)), assume(eq(N**2, S)), assume(lt(0, N))]
    made = have(le(N, T / N), *plain)
    values = {S: square(_M), T: pair(_M, there), N: length(_M)}
    value = discharge(where(made, values), each, part(size, 1), positive)
    return have(le(length(_M), pair(UNIT, there)), value, same)


def no_better(hull: Hull, direction: Theorem) -> Theorem:
    """No unit vector has alignments that all exceed |m|."""
    bound = assume(forall(q, lt(q, Q), le(x, pair(_W, row(_VECTORS, q)))))
    mean = weighted_least(hull.weights, bound, x, pair(_W, row(_VECTORS, q)))
    inside = assume(lt(j, d))
    sides = [w(j) * m(j), w(j) * beta(mixture(_A, _VECTORS), [j])]
    same = have(eq(*sides), apply(hull.point, inside, at=[j]))
    names = {function(name, "N"): lam(j, side) for name, side in zip("fg", sides, strict=True)}
    summed = discharge(where(sums.congruent(), names, n=d), intro(same, j, inside.conclusion))
    inner = have(le(x, pair(_W, _M)), mean, mixed(_A, _W), summed, unfold=("inner",))
    cauchy = at(inner_below(), _W, _M)
    made = have(le(x, length(_M)), inner, cauchy, direction)
    return intro(intro(made, (), bound.conclusion), x)


# The point exists --------------------------------------------------------------------------------

_CHOICES = {2: CHOICE2, 3: CHOICE3}


def weighing(weights: Sequence[Term]) -> Term:
    """Numbers as a function of their index."""
    return lam(q, _CHOICES[len(weights)](q, *weights))


def shortest_of(weights: Sequence[Term]) -> Term:
    """The combination with these weights is the point of least norm, and not zero."""
    return SHORTEST(len(weights), d, _VECTORS, weighing(weights), cones.mixture(weights))


def zero_outside(count: int) -> Term:
    """0 is not in the convex hull of that many vectors."""
    weights = cones.names("y", count)
    return forall(weights, *cones.in_hull(weights), lt(0, square(cones.mixture(weights))))


def has_shortest(count: int) -> Term:
    """If 0 is not in the convex hull of that many vectors, there is a shortest point."""
    weights = cones.names("x", count)
    return implies(zero_outside(count), exists(weights, shortest_of(weights)))


@state(
    "lemma",
    "algorithm.shortest-point",
    "There is a point of least norm",
    provenance="classical",
    claim=both(has_shortest(2), has_shortest(3)),
    words="For two and for three vectors of any dimension; the same proof, an induction, serves "
    "any given number of them.",
)
def shortest_exists(proof: Proof) -> Theorem:
    return conjunction(*(_least_is_shortest(proof, count) for count in (2, 3)))


def _least_is_shortest(proof: Proof, count: int) -> Theorem:
    """`has_shortest`, from the weights of `cones.least_norm`."""
    found = proof.note(
        cones.least_norm(count),
        "the projection of (0, 1) on the cone of the (gamma_q, 1), which takes in one at a time",
    )
    outside = assume(zero_outside(count))
    goal = has_shortest(count).args[1]

    def use(weights: list[Term], known: Theorem) -> Theorem:
        facts = cones.listed(known)
        signs, whole, bounds = facts[:count], facts[count], facts[count + 1 :]
        nonzero = apply(outside, *signs, whole, at=weights)
        ready = conjunction(*_meaning(weights, signs, whole, bounds), nonzero)
        ready = fold(ready, beta(goal.args[0], weights))
        return infer("witness", ready, formula=goal, terms=tuple(weights))

    names = cones.names("a", count)
    return intro(obtain(found, names, lambda known: use(names, known)), (), outside.conclusion)


def _meaning(
    weights: Sequence[Term], signs: Sequence[Theorem], whole: Theorem, bounds: Sequence[Theorem]
) -> list[Theorem]:
    """The parts of `shortest_of` but the last, in their order."""
    count, share, m = len(weights), beta(weighing(weights), [q]), cones.mixture(weights)
    names = [_CHOICES[count].name]

    def each(goal: Term, known: Sequence[Theorem]) -> Theorem:
        """For every q, from a fact for each of them."""
        return each_below(
            q, count, goal, lambda k: have(beta(lam(q, goal), [num(k)]), known[k], unfold=names)
        )

    sign = intro(each(le(0, share), signs), q, lt(q, count))
    sum_ = have(eq(total(count, q, share), 1), whole, unfold=names)
    coordinate = eq(beta(m, [j]), total(count, q, share * gamma(q, j)))
    point = intro(have(coordinate, unfold=names), j, lt(j, d))
    inner = each(le(square(m), pair(m, row(_VECTORS, q))), bounds)
    low, high = assume(le(0, x)), assume(le(x, 1))
    away = lam(j, gamma(q, j) - beta(m, [j]))
    towards = lam(j, beta(m, [j]) + x * (gamma(q, j) - beta(m, [j])))
    S, T, W = square(m), pair(m, row(_VECTORS, q)), square(away)
    expanded = have(eq(square(towards), S + 2 * x * (T - S) + x**2 * W), unfold=PRODUCTS)
    s, t, w_ = real("S"), real("T"), real("W")
    plain = [assume(le(s, t)), assume(le(0, w_)), low]
    longer = have(le(s, s + 2 * x * (t - s) + x**2 * w_), *plain)
    longer = discharge(where(longer, {s: S, t: T, w_: W}), inner, at(square_sign(), away), low)
    segment = have(le(S, square(towards)), longer, expanded)
    inside = assume(lt(q, count)).conclusion
    return [sign, sum_, point, intro(segment, (q, x), inside, low.conclusion, high.conclusion)]


# Two prompts: the point in closed form ---------------------------------------------------

A, B, C, y, z = (real(name) for name in ("A", "B", "C", "y", "z"))


def two_mix(weight: Term) -> Term:
    """|weight gamma_0 + (1 - weight) gamma_1|**2, from the inner products of the two."""
    return weight**2 * A + 2 * weight * (1 - weight) * B + (1 - weight) ** 2 * C


@state(
    "lemma",
    "algorithm.min-norm-pair",
    "The point of least norm for two prompts",
    provenance="classical",
    given=[A >= 0, C >= 0, A - 2 * B + C >= 0],
    claim=both(
        exists(
            x, both(le(0, x), le(x, 1), forall(y, le(0, y), le(y, 1), le(two_mix(x), two_mix(y))))
        ),
        implies(
            B < A, B < C,
            both(
                lt(0, (C - B) / (A - 2 * B + C)), lt((C - B) / (A - 2 * B + C), 1),
                forall(y, le(two_mix((C - B) / (A - 2 * B + C)), two_mix(y))),
            ),
        ),
    ),
    words="$A$, $C$ and $B$ are the squared lengths of two vectors and their inner product; the "
    "second part gives the weight of the first where neither vector is the point itself.",
)  # fmt: skip
def min_norm_pair(proof: Proof) -> Theorem:
    from derivations.search.derive import best_step

    found = best_step(-two_mix(z), "z", [A - 2 * B + C > 0])
    weight = (C - B) / (A - 2 * B + C)
    inner = assume(B < A), assume(B < C)
    wide = have(A - 2 * B + C > 0, *inner)
    have(eq(found.value, weight), wide)  # the weight that was derived, or the proof fails
    between = have(both(lt(0, weight), lt(weight, 1)), *inner, wide)
    least = proof.have(
        le(two_mix(weight), two_mix(y)), wide, why="complete the square"
    )
    claim = proof.statement.conclusion
    (body,) = claim.args[0].args
    low, high = assume(le(0, y)), assume(le(y, 1))

    def witness(value: Term, *case: Theorem) -> Theorem:
        there = two_mix(value)
        smallest = have(le(there, two_mix(y)), low, high, *case, *proof.given)
        shown = conjunction(
            have(le(0, value), *case), have(le(value, 1), *case),
            intro(smallest, y, low.conclusion, high.conclusion),
        )  # fmt: skip
        return infer("witness", fold(shown, beta(body, [value])), formula=claim.args[0],
                     terms=(value,))  # fmt: skip

    def middle(first: Theorem, second: Theorem) -> Theorem:
        known = (discharge(f, first, second) for f in (wide, between, least))
        return witness(weight, first, second, *known)

    exists_ = by_cases(
        order(A, B), lambda case: witness(num(1), case),
        lambda one: by_cases(
            order(C, B), lambda case: witness(num(0), case), lambda two: middle(one, two)
        ),
    )  # fmt: skip
    proof.note(exists_, "at an end, or in between")
    made = conjunction(part(between, 0), part(between, 1), intro(least, y))
    return conjunction(exists_, intro(made, (), *(f.conclusion for f in inner)))


# Improving every prompt --------------------------------------------------------------------------

_sizes, _reward = var("n", (("N",), "N")), function("r", "N", "N")
_lp, _s, _h = (function(name, "N", "R", "N") for name in ("lp", "s", "h"))
t = real("t")

Lq, Gq, delta = (function(name, "N") for name in ("L", "G", "delta"))
S, v = function("S", "N", "N", "N"), function("v", "N")
_V = lam(j, v(j))


def line_of(prompt: Term) -> Line:
    """The line of a prompt, with responses and rewards of its own."""
    along_ = (lam((t, i), f(prompt, t, i)) for f in (_lp, _s, _h))
    return Line(_sizes(prompt), lam(i, _reward(prompt, i)), *along_)


def kappa(prompt: Term) -> Term:
    """kappa_q = 2 L_q + G_q**2."""
    return 2 * Lq(prompt) + Gq(prompt) ** 2


GAPS = lam(
    (q, j),
    GAP(_sizes(q), line_of(q).weights("+"), line_of(q).logs(0), lam((i, k), S(q, i, k)), j),
)  # fmt: skip
"""The Gradient Gaps of the prompts."""


def each_prompt(*formulas: Term) -> Term:
    """``for all q < Q, ...``."""
    return forall(q, lt(q, Q), *formulas)


TOGETHER = [
    each_prompt(line_of(q).policy),
    each_prompt(line_of(q).regular(Gq(q), Lq(q), 0, eta)),
    each_prompt(lt(0, Lq(q))),
    each_prompt(
        ALONG(_sizes(q), line_of(q).at(line_of(q).score, 0), lam((i, j), S(q, i, j)), d, _V)
    ),
    eq(length(_V), 1),
    lt(0, eta),
    each_prompt(both(lt(0, delta(q)), le(delta(q), pair(_V, row(GAPS, q))))),
    each_prompt(le(eta, delta(q) / kappa(q))),
]
"""A step of size eta in the unit direction v, with an alignment of at least delta_q."""


@state(
    "theorem",
    "algorithm.prompts",
    "Several prompts with shared parameters",
    provenance="classical",
    given=TOGETHER,
    claim=both(
        each_prompt(
            both(
                lt(line_of(q).success(0), line_of(q).success(eta)),
                le(eta * delta(q) / 2, line_of(q).log_odds(eta) - line_of(q).log_odds(0)),
            )
        ),
        implies(shortest(GAPS), best_direction(GAPS)),
    ),
    words="What belongs to prompt $q$ carries the index $q$: each has responses, a verifier and a "
    "policy of its own. The last lines say that $m/\\lvert m\\rvert$ is the best direction "
    "(Fliege and Svaiter 2000, Desideri 2012); that there is such an $m$ if $0$ is not in the hull "
    "is `algorithm.shortest-point`.",
)
def together(proof: Proof) -> Theorem:
    inside = assume(lt(q, Q))
    policy, regular, positive, follows, aligned, short = (
        apply(proof.given[number], inside, at=[q]) for number in (0, 1, 2, 3, 6, 7)
    )
    followed = line_of(q)
    mapping = {**followed.substitution(), real("G"): Gq(q), real("L"): Lq(q)}
    known = [policy, regular, positive, have(le(0, eta), proof.given[5])]
    wide = proof.note(proof.use("trajectory.descent", *known, mapping=mapping), "one step")
    score = function("S", "N", "N")
    direction = part(
        proof.use(
            "algorithm.direction", follows,
            mapping={**followed.substitution(), function("v", "N"): _V,
                     score: lam((i, j), S(q, i, j))},
        ), 0,
    )  # fmt: skip
    gap = have(le(delta(q), followed.alignment(0)), direction, proof.given[4], aligned)
    limit = have(le(eta * kappa(q), delta(q)), short, have(lt(0, kappa(q)), positive))
    gain = followed.log_odds(eta) - followed.log_odds(0)
    half = proof.have(
        le(eta * delta(q) / 2, gain), prompt_gain(q, wide, gap, limit, proof.given[5]),
        why="half of the alignment is kept",
    )  # fmt: skip
    rises = have(lt(followed.log_odds(0), followed.log_odds(eta)), half,
                 have(lt(0, eta * delta(q)), proof.given[5], part(aligned, 0)))  # fmt: skip
    rates = [
        proof.use("setting.success-rate", policy, mapping=followed.substitution(), at=[place])
        for place in (0, eta)
    ]
    order_ = proof.use(
        "setting.log-odds-order", *rates, p=followed.success(0), q=followed.success(eta)
    )
    higher = apply(part(order_, 0), fold(rises, part(order_, 0).conclusion.args[0]))
    every = intro(conjunction(higher, half), q, inside.conclusion)
    point = assume(shortest(GAPS))
    best = proof.use("algorithm.min-norm", point, mapping={gamma: GAPS})
    return conjunction(every, intro(best, (), point.conclusion))


def prompt_gain(
    prompt: Term, wide: Theorem, gap: Theorem, limit: Theorem, forward: Theorem
) -> Theorem:
    """eta delta/2 <= the gain, from the quadratic bound and delta <= Delta mu."""
    e, D, K, T, low_ = (real(name) for name in ("e", "D", "K", "T", "low"))
    plain = [assume(f) for f in (
        le(e * D - K * e**2 / 2, T), le(low_, D), le(e * K, low_), lt(0, e)
    )]  # fmt: skip
    made = have(le(e * low_ / 2, T), *plain)
    followed = line_of(prompt)
    gain = followed.log_odds(eta) - followed.log_odds(0)
    quadratic = have(
        le(eta * followed.alignment(0) - kappa(prompt) * eta**2 / 2, gain), wide
    )
    values = {e: eta, D: followed.alignment(0), K: kappa(prompt), T: gain, low_: delta(prompt)}
    return discharge(where(made, values), quadratic, gap, limit, forward)
