"""Section 4: what the coefficients of finite groups do where nearly all responses are correct, or
nearly none."""

from __future__ import annotations

from functools import cache

from derivations import binomial, square_roots
from derivations.expectation import WITHIN
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
    minimum,
    nat,
    num,
    real,
    sqrt,
    substitute,
    unfold,
)
from derivations.kernel.theorem import Theorem, infer
from derivations.library import Proof, define, state
from derivations.products import POWER, bernoulli, power_sign
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
    rewrite,
    specialise,
    symmetric,
    where,
)
from derivations.theory.algorithm.bernstein import BELOW_LINE, OPEN, SYMMETRIC, opened, spread_of
from derivations.theory.algorithm.groups import COEFFICIENT, G, N, deviation, deviation_sign
from derivations.theory.algorithm.table import GRPO, chance_of_mixed, mixed, trials

k, m = nat("k"), nat("m")
x, u, c, eps, delta = (real(name) for name in ("x", "u", "c", "epsilon", "delta"))
f = function("f", "R")

EDGE = Definition(
    "edge_limit",
    lam(
        (f, x, c),
        forall(
            eps,
            lt(0, eps),
            exists(
                delta,
                both(
                    lt(0, delta),
                    forall(u, lt(0, u), lt(u, 1), WITHIN(u - x, delta), WITHIN(f(u) - c, eps)),
                ),
            ),
        ),
    ),
)
"""``edge_limit(f, x, c)``: f(u) tends to c as u tends to x within (0, 1)."""

_edge = EDGE(lam(u, f(u)), x, c)

define(
    "definition",
    "algorithm.edge-limit",
    "Limits within the range of success rates",
    EDGE,
    provenance="classical",
    claim=app("imp", _edge, unfold(_edge, frozenset({"edge_limit"}))),
    words="The limit of a function on $(0, 1)$ at a point, such as an end.",
    module=__name__,
)


def edge(limit: Term, local: Theorem, factor: Term, reach: Term, *signs: Theorem) -> Theorem:
    """A limit at 0 or 1 from ``|f(x) - c| <= factor d`` for ``reach d <= 1``, d the distance.

    `local` is that bound, under 0 < x < 1 and the condition on d; `signs` say that factor and
    reach are non-negative.
    """
    function_, at, _ = limit.args
    body = beta(unfold(limit, frozenset({"edge_limit"})).args[0], [eps])
    small, wanted = assume(body.args[0]), body.args[1]
    radius = 1 / (1 + reach + factor / eps)
    size = have(lt(0, 1 + reach + factor / eps), small, *signs)
    low, high = assume(lt(0, u)), assume(lt(u, 1))
    near = assume(WITHIN(u - at, radius))
    gap = 1 - u if at == num(1) else u
    close = have(le(gap, radius), near)
    above = have(le(0, factor), *signs), have(le(0, reach), *signs)
    positive = have(le(0, gap), low, high)
    names = {real("d"): gap, real("r"): reach, real("s"): factor, eps: eps}
    reached, scaled = (discharge(where(r, names), close, positive, small, *above)
                       for r in edge_scalars())  # fmt: skip
    made = discharge(where(local, {x: u}), low, high, reached, *signs)
    value, bound = beta(function_, [u]) - limit.args[2], factor * gap
    y, z = real("y"), real("z")
    rule = have(WITHIN(y, eps), assume(WITHIN(y, z)), assume(le(z, eps)))
    value = discharge(where(rule, {y: value, z: bound}), fold(made, WITHIN(value, bound)), scaled)
    inner = intro(value, u, low.conclusion, high.conclusion, near.conclusion)
    shown = conjunction(have(lt(0, radius), size), inner)
    found = infer("witness", shown, formula=wanted, terms=(radius,))
    return fold(intro(found, eps, small.conclusion), limit)


@cache
def edge_scalars() -> tuple[Theorem, Theorem]:
    """``r d <= 1`` and ``s d <= epsilon`` for d <= 1/(1 + r + s/epsilon)."""
    d, r, s, e = (real(name) for name in ("d", "r", "s", "e"))
    size = 1 + r + s / eps
    known = [assume(f) for f in (le(0, d), lt(0, eps), le(0, s), le(0, r))]
    radius = assume(le(d, e)), assume(eq(e * size, 1))
    made = have(le(r * d, 1), *radius, *known), have(le(s * d, eps), *radius, *known)
    unit = have(eq(1 / size * size, 1), have(lt(0, size), *known))
    close = assume(le(d, 1 / size))
    found = [discharge(where(m, {e: 1 / size}), close, unit, *known) for m in made]
    return found[0], found[1]


_up, _down = function("a", "R"), function("b", "R")
_weight = function("d", "R")
_coefficient = COEFFICIENT(N, x, lam(x, _up(x)), lam(x, _down(x)))


@state(
    "lemma",
    "algorithm.edge",
    "Advantages that depend on k: the coefficient near success and near failure",
    provenance="extension",
    claim=both(
        EDGE(lam(x, _coefficient / (1 - x)), 1, _up(N + 1) - _down(N)),
        EDGE(lam(x, _coefficient / x), 0, _up(1) - _down(0)),
    ),
    words="Every group is kept. Where nearly all responses are correct, only the groups with at "
    "most one incorrect response matter; near failure, those with at most one correct response.",
)
def coefficient_edge(proof: Proof) -> Theorem:
    gain = lam(k, _up(k + 1) - _down(k))
    values = {function("F", "N"): gain, nat("n"): N}
    every = proof.note(where(binomial.bounded(), values), "finitely many advantages are bounded")
    limits = []
    for limit, one in zip(conjunct_pair(proof.statement.conclusion), (True, False), strict=True):

        def use(chosen: Theorem, limit: Term = limit, one: bool = one) -> Theorem:
            local, end = gains_near(gain, c, chosen, one)
            goal = WITHIN(beta(limit.args[0], [x]) - limit.args[2], local.conclusion.args[1])
            sign = have(le(0, (2 * N + 1) * c), have(le(0, c), end))
            return edge(limit, have(goal, local, *OPEN, unfold=("coefficient",)),
                        (2 * N + 1) * c, num(0), sign, end)  # fmt: skip

        why = "and the mean is near its last value" if one else "likewise at the other end"
        limits.append(proof.note(obtain(every, [c], use), why))
    return conjunction(*limits)


def mean_near(
    function_: Term, trials_: Term, bound: Term, chosen: Theorem, one: bool
) -> tuple[Theorem, Theorem]:
    """The mean is within ``2 bound n d`` of its last value, d the distance from the end, where
    `chosen` bounds the function; and the bound of the last value."""
    names = {function("F", "N"): function_, nat("n"): trials_, c: bound, real("p"): x}
    near = where(binomial.near_ends()[0 if one else 1], names)
    at = trials_ if one else num(0)
    return discharge(near, chosen, *closed()), apply(chosen, have(le(at, trials_)), at=[at])


def gains_near(gain: Term, bound: Term, chosen: Theorem, one: bool) -> tuple[Theorem, Theorem]:
    """``(1 - d) mean(gain)`` is within (2 N + 1) c d of the last gain."""
    near, end = mean_near(gain, N, bound, chosen, one)
    at = N if one else num(0)
    y, d, e, n_, s = (real(name) for name in ("y", "d", "e", "n", "s"))
    known = [assume(WITHIN(y - e, 2 * s * (n_ * d))), assume(WITHIN(e, s)),
             assume(lt(0, d)), assume(lt(d, 1))]  # fmt: skip
    inner = have(WITHIN((1 - d) * (y - e), 2 * s * (n_ * d)),
                 have(le(0, 2 * s * (n_ * d)), known[0]), known[0], *known[2:])
    outer = have(WITHIN(d * e, s * d), *known[1:])
    scalar = have(WITHIN((1 - d) * y - e, (2 * n_ + 1) * s * d), inner, outer)
    far = 1 - x if one else x
    names = {y: binomial.mean(N, x, lambda k: beta(gain, [k])), e: beta(gain, [at]), d: far,
             n_: N, s: bound}  # fmt: skip
    return discharge(where(scalar, names), near, end, *exchanged(), *OPEN), end


_kept_up, _kept_down = (lam(x, _weight(x) * f(x)) for f in (_up, _down))
_kept_chance = binomial.mean(G, x, lambda k: _weight(k))
_kept_coefficient = COEFFICIENT(N, x, _kept_up, _kept_down) / _kept_chance
_top = (_weight(N + 1) * _up(N + 1) - _weight(N) * _down(N)) / _weight(N + 1)
_bottom = (_weight(1) * _up(1) - _weight(0) * _down(0)) / _weight(0)


@state(
    "lemma",
    "algorithm.edge-kept",
    "The same where only some groups are kept",
    provenance="extension",
    claim=both(
        implies(lt(0, _weight(N + 1)), EDGE(lam(x, _kept_coefficient / (1 - x)), 1, _top)),
        implies(
            eq(_weight(N + 1), 0), lt(0, _weight(N)),
            EDGE(lam(x, _kept_coefficient), 1, -_down(N) / (N + 1)),
        ),
        implies(lt(0, _weight(0)), EDGE(lam(x, _kept_coefficient / x), 0, _bottom)),
        implies(
            eq(_weight(0), 0), lt(0, _weight(1)),
            EDGE(lam(x, _kept_coefficient), 0, _up(1) / (N + 1)),
        ),
    ),
    words="Groups with $k$ correct responses are kept with the weight $d(k)$, as in "
    "`algorithm.kept`. Where groups with equal rewards are dropped the coefficient does not vanish "
    "at the edge: all groups that are left have one response of the rare kind.",
)  # fmt: skip
def kept_edge(proof: Proof) -> Theorem:
    gain = lam(k, beta(_kept_up, [k + 1]) - beta(_kept_down, [k]))
    gains = proof.note(where(binomial.bounded(), {function("F", "N"): gain, nat("n"): N}),
                       "finitely many advantages are bounded")  # fmt: skip
    found, claim = [], proof.statement.conclusion
    for number in range(4):
        claim, rest = claim.args if number < 3 else (claim, claim)
        found.append(proof.note(_kept_limit(claim, gains, gain, number < 2), (
            "numerator and denominator are near their last values",
            "both over 1 - J", "likewise at the other end", "both over J",
        )[number]))  # fmt: skip
        claim = rest
    return conjunction(*found)


def _kept_limit(claim: Term, gains: Theorem, gain: Term, one: bool) -> Theorem:
    """One of the four limits."""
    premises = []
    while claim.head == "imp":
        premises.append(assume(claim.args[0]))
        claim = claim.args[1]
    chance = lam(k, _weight(k))
    size, count = have(lt(0, G)), G
    same = have(eq(_kept_chance, _kept_chance))
    far = 1 - x if one else x
    if len(premises) == 2:
        chance, same = _chance_over(one, premises[0])
        count = N
    end_value = beta(chance, [count if one else num(0)])
    positive = have(lt(0, end_value), *premises, size)
    bounds = where(binomial.bounded(), {function("F", "N"): chance, nat("n"): count})
    y, z, e, w, A, B, E, d = (real(name) for name in ("y", "z", "e", "w", "A", "B", "E", "d"))

    def with_gains(first: Theorem) -> Theorem:
        return obtain(bounds, [delta], lambda second: with_both(first, second))

    def with_both(first: Theorem, second: Theorem) -> Theorem:
        local, end = gains_near(gain, c, first, one)
        near, other = mean_near(chance, count, delta, second, one)
        last_gain = beta(gain, [N if one else num(0)])
        names = {
            y: (1 - far) * binomial.mean(N, x, lambda k: beta(gain, [k])), e: last_gain,
            z: binomial.mean(count, x, lambda k: beta(chance, [k])), w: end_value,
            A: (2 * N + 1) * c, B: 2 * delta * count, E: c, d: far,
        }  # fmt: skip
        reach, factor = 2 * B / w, 2 * (A + E * B / w) / w
        reach_, factor_ = (substitute(term, names) for term in (reach, factor))
        signs = [have(le(0, c), end), have(le(0, delta), other)]
        signs += [have(le(0, names[A]), signs[0]), have(le(0, names[B]), signs[1])]
        close = assume(le(reach_ * far, 1))
        rule = where(quotient_near(), names)
        value = discharge(
            rule, have(WITHIN(names[y] - names[e], names[A] * far), local),
            have(WITHIN(names[z] - names[w], names[B] * far), near), end, positive, close,
            have(lt(0, far), *OPEN), *signs,
        )  # fmt: skip
        ratio = names[y] / names[z]
        there = discharge(where(have(lt(0, z), assume(le(w / 2, z)), assume(lt(0, w))), names),
                          part(value, 1), positive)  # fmt: skip
        goal = eq(beta(claim.args[0], [x]), ratio)
        moved = have(goal, same, there, *OPEN, have(lt(0, far), *OPEN), unfold=("coefficient",))
        limit = have(eq(names[e] / names[w], claim.args[2]), *premises, size)
        whole = rewrite(rewrite(part(value, 0), symmetric(moved)), limit)
        up = [discharge(where(sign, names), positive, *signs) for sign in _factor_signs()]
        whole = fold(whole, WITHIN(beta(claim.args[0], [x]) - claim.args[2], factor_ * far))
        return edge(claim, whole, factor_, reach_, *up)

    made = obtain(gains, [c], with_gains)
    return intro(made, (), *(f.conclusion for f in premises))


def _chance_over(one: bool, none: Theorem) -> tuple[Term, Theorem]:
    """The chance that a group is kept, over 1 - x or over x, as a mean over N trials, where
    uniform groups are dropped."""
    names = {function("F", "N"): lam(k, G * _weight(k) / (G - k) if one else G * _weight(k) / k)}
    biased = trials(N, where(binomial.size_bias()[1 if one else 0], names))
    before, after = biased.conclusion.args[1].args[2], lam(k, _weight(k))
    inside, size = assume(le(k, G)), have(lt(0, G))
    goal = eq(beta(before, [k]), _weight(k))

    def uniform(case: Theorem) -> Theorem:
        at = have(eq(k, G if one else num(0)), case, inside, have(le(0, k)))
        shape = lam(k, goal)
        there = have(beta(shape, [at.conclusion.args[1]]), none, size)
        return infer("rewrite", symmetric(at), there, template=shape)

    def other(case: Theorem) -> Theorem:
        return have(goal, case, size)

    split = order(G, k) if one else order(k, num(0))
    each = by_cases(split, uniform, other)
    rule = trials(G, where(binomial.congruent(), {function("F", "N"): before,
                                                  function("H", "N"): after}))  # fmt: skip
    made = discharge(rule, intro(each, k, inside.conclusion))
    left = biased.conclusion.args[0]
    return left.args[1].args[2], have(eq(_kept_chance, left), biased, made)


def _factor_signs() -> list[Theorem]:
    """``0 <= 2 (A + E B/w)/w`` and ``0 <= 2 B/w``."""
    w, A, B, E = (real(name) for name in ("w", "A", "B", "E"))
    known = [assume(lt(0, w)), *(assume(le(0, v)) for v in (A, B, E))]
    ratio = have(le(0, E * B / w), have(le(0, E * B), *known), known[0])
    return [have(le(0, 2 * (A + E * B / w) / w), ratio, *known), have(le(0, 2 * B / w), *known)]


@cache
def product_within() -> Theorem:
    """``|y z| <= A B`` from |y| <= A and |z| <= B."""
    y, z, A, B = (real(name) for name in ("y", "z", "A", "B"))
    known = [assume(WITHIN(y, A)), assume(WITHIN(z, B))]
    products = [have(le(0, (A + s * y) * (B + t * z)), *known) for s in (1, -1) for t in (1, -1)]
    return have(WITHIN(y * z, A * B), *products)


@cache
def quotient_near() -> Theorem:
    """``|y/z - e/w| <= 2 (A + E B/w)/w d`` and w/2 <= z, from |y - e| <= A d, |z - w| <= B d,
    |e| <= E and 2 B/w d <= 1."""
    y, z, e, w, A, B, E, d = (real(name) for name in ("y", "z", "e", "w", "A", "B", "E", "d"))
    first, second = assume(WITHIN(y - e, A * d)), assume(WITHIN(z - w, B * d))
    size, positive, close = assume(WITHIN(e, E)), assume(lt(0, w)), assume(le(2 * B / w * d, 1))
    signs = [assume(lt(0, d)), *(assume(le(0, v)) for v in (A, B, E))]
    small = have(le(2 * B * d, w), close, positive)
    large = have(le(w / 2, z), second, small)
    above = have(lt(0, z), large, positive)
    # (y - e) - e (z - w)/w over z.
    names = {y: e, z: z - w, A: E, B: B * d}
    product = discharge(where(product_within(), names), size, second)
    ratio = have(WITHIN(e * (z - w) / w, E * B / w * d), product, positive)
    top = have(WITHIN(y - e - e * (z - w) / w, (A + E * B / w) * d), first, ratio)
    whole = (A + E * B / w) * d
    sign = have(le(0, whole), have(le(0, E * B / w * d), product, ratio), *signs)
    v, s = real("v"), real("s")
    limit, wide = assume(WITHIN(v, s)), assume(le(0, s))
    longer = have(le(s / z, 2 * s / w), wide, large, above, positive)
    rule = have(WITHIN(v / z, 2 * s / w), have(WITHIN(v / z, s / z), limit, above), longer)
    made = discharge(where(rule, {v: y - e - e * (z - w) / w, s: whole}), top, sign, *signs, second,
                     first, size, positive, close)  # fmt: skip
    same = have(eq((y - e - e * (z - w) / w) / z, y / z - e / w), above, positive)
    wanted = 2 * (A + E * B / w) / w * d
    return conjunction(have(WITHIN(y / z - e / w, wanted), made, same), large)


def conjunct_pair(formula: Term) -> tuple[Term, Term]:
    """Both sides of a conjunction."""
    first, second = formula.args
    return first, second


def closed() -> list[Theorem]:
    """``0 <= x`` and ``x <= 1``."""
    return [have(le(*f.conclusion.args), f) for f in OPEN]


def one_wrong() -> Theorem:
    """``sqrt(N) x**N (1-x) <= c_G(x)``: groups with a single incorrect response."""
    inside, positive = assume(le(k, G)), have(lt(0, G))
    root = square_roots.root_of(k * (G - k), deviation_sign(k, G, inside))
    sign = have(le(0, deviation(k, G)), root, positive)
    rule = trials(G, where(binomial.one_outcome(), {function("F", "N"): spread_of(G), m: N}))
    made = discharge(rule, intro(sign, k, inside.conclusion), have(le(N, G)),
                     *closed())  # fmt: skip
    chance = trials(N, binomial.last_but_one())
    goal = le(sqrt(N) * (POWER(x, N) * (1 - x)), GRPO(G, x))
    return have(goal, made, chance, opened(G), positive)


_ratio = GRPO(G, x) / (1 - x)


@state(
    "proposition",
    "algorithm.grpo-edge",
    "GRPO with finite groups near success",
    provenance="extension",
    claim=both(
        forall(
            x, lt(0, x), lt(x, 1),
            both(
                le(sqrt(N) * (1 - N * (1 - x)), sqrt(N) * POWER(x, N)),
                le(sqrt(N) * POWER(x, N), _ratio),
                le(_ratio, sqrt(N)),
            ),
        ),
        EDGE(lam(x, _ratio), 1, sqrt(N)),
        EDGE(lam(x, GRPO(G, x) / (x * (1 - x))), 1, sqrt(N)),
    ),
    words="Groups of $G = N + 1$ behave like REINFORCE, up to a constant, once $1 - J$ is much "
    "smaller than $1/G$.",
)  # fmt: skip
def grpo_edge(proof: Proof) -> Theorem:
    power = discharge(where(bernoulli(), {nat("n"): N}), *closed())
    root = square_roots.root_of(N)
    least = proof.note(one_wrong(), "groups with one incorrect response are part of the mean")
    smaller = below_failure(proof)
    first = have(le(sqrt(N) * (1 - N * (1 - x)), sqrt(N) * POWER(x, N)), power, root)
    second = have(le(sqrt(N) * POWER(x, N), _ratio), least, OPEN[1])
    third = have(le(_ratio, sqrt(N)), smaller, OPEN[1])
    every = proof.note(conjunction(first, second, third), "divide by 1 - J; Bernoulli's inequality")
    local = have(WITHIN(_ratio - sqrt(N), N * sqrt(N) * (1 - x)), every, OPEN[1], root)
    goals = proof.statement.conclusion.args[1]
    limit = edge(goals.args[0], local, N * sqrt(N), num(0), have(le(0, N * sqrt(N)), root))
    twice = assume(le(2 * (1 - x), 1))
    other = over_success(every, twice, root)
    again = edge(goals.args[1], other, (N + 2) * sqrt(N), num(2),
                 have(le(0, (N + 2) * sqrt(N)), root))  # fmt: skip
    ranges = [f.conclusion for f in OPEN]
    proof.note(limit, "so the ratio tends to that constant")
    proof.note(again, "and that to REINFORCE's coefficient, too")
    return conjunction(intro(every, x, *ranges), limit, again)


def below_failure(proof: Proof) -> Theorem:
    """``c_G(x) <= sqrt(N) (1-x)``."""
    line = part(proof.use("algorithm.grpo-bernstein"), *BELOW_LINE)
    most = apply(line, *closed(), at=[x])
    split = instance("minimum.cases", x=x, y=1 - x)
    goal = le(minimum(x, 1 - x), 1 - x)
    least = by_cases(split, *([lambda case: have(goal, case)] * 2))
    return have(le(GRPO(G, x), sqrt(N) * (1 - x)), most, least, square_roots.root_of(N))


def over_success(every: Theorem, near: Theorem, root: Theorem) -> Theorem:
    """The ratio to x (1-x), where x >= 1/2: |ratio - sqrt(N)| <= (N + 2) sqrt(N) (1-x)."""
    q, s, n_ = real("q"), real("s"), real("n")
    low, high = assume(le(s * (1 - n_ * (1 - x)), q)), assume(le(q, s))
    known = [assume(le(0, s)), assume(le(0, n_)), near, *OPEN]
    first = have(le(q / x - s, 2 * s * (1 - x)), have(le(q / x, s / x), high, OPEN[0]),
                 have(le(s / x - s, 2 * s * (1 - x)), *known), *known)  # fmt: skip
    second = have(le(s - q / x, n_ * s * (1 - x)), have(le(q, q / x), assume(le(0, q)), *OPEN), low)
    scalar = have(WITHIN(q / x - s, (n_ + 2) * s * (1 - x)), first, second, *known)
    sign = have(le(0, _ratio), every, root,
                discharge(where(power_sign(True), {nat("n"): N}), OPEN[0]))  # fmt: skip
    made = discharge(where(scalar, {q: _ratio, s: sqrt(N), n_: N}), every, root, sign,
                     have(le(sqrt(N) * (1 - N * (1 - x)), _ratio), every), near, *OPEN)
    wanted = WITHIN(GRPO(G, x) / (x * (1 - x)) - sqrt(N), (N + 2) * sqrt(N) * (1 - x))
    return have(wanted, made, *OPEN)


# DAPO ---------------------------------------------------------------------------------------------

_size, _others = N + 2, N + 1
_kept = 1 - POWER(x, _size) - POWER(1 - x, _size)
_dapo = GRPO(_size, x) / _kept
_level = sqrt(_others) / _size


@state(
    "proposition",
    "algorithm.dapo-edge",
    "DAPO near success and near failure",
    provenance="extension",
    claim=both(
        forall(
            x, lt(0, x), lt(x, 1),
            both(
                le(_level * POWER(x, _others), _dapo),
                le(_dapo, _level / POWER(x, _others)),
                le(_level * POWER(1 - x, _others), _dapo),
                le(_dapo, _level / POWER(1 - x, _others)),
            ),
        ),
        EDGE(lam(x, _dapo), 1, _level),
        EDGE(lam(x, _dapo), 0, _level),
        lt(0, _level),
    ),
    words="For groups of $G = N + 2$: where the other coefficients vanish, this one does not.",
)  # fmt: skip
def dapo_edge(proof: Proof) -> Theorem:
    near_one = proof.note(near_success(proof), "at least the groups with one incorrect response "
                          "are kept, and no more than those with any")
    ranges = [f.conclusion for f in OPEN]
    mirror = mirrored(proof)
    swapped = apply(intro(near_one, x, *ranges), *exchanged(), at=[1 - x])
    near_zero = have(
        both(le(_level * POWER(1 - x, _others), _dapo), le(_dapo, _level / POWER(1 - x, _others))),
        rewrite(swapped, mirror),
    )  # fmt: skip
    proof.note(near_zero, "exchange correct and incorrect")
    goals = proof.statement.conclusion.args[1]
    one, zero = goals.args[0], goals.args[1].args[0]
    factor, reach = 2 * _others * _level, 2 * _others
    strict = discharge(where(square_roots.root_positive(), x=_others), have(lt(0, _others)))
    positive = have(lt(0, _level), strict, have(lt(0, _size)))
    signs = have(le(0, factor), positive, have(lt(0, _others))), have(le(0, reach))
    limits = [
        proof.note(edge(goal, local, factor, reach, *signs), f"the limit at J = {end}")
        for goal, local, end in (
            (one, close_to_level(near_one, x, positive), 1),
            (zero, close_to_level(near_zero, 1 - x, positive), 0),
        )
    ]
    every = have(both(*near_one.conclusion.args, *near_zero.conclusion.args), near_one, near_zero)
    return conjunction(intro(every, x, *ranges), *limits, positive)


def exchanged() -> list[Theorem]:
    """``0 < 1 - x`` and ``1 - x < 1``."""
    return [have(lt(0, 1 - x), OPEN[1]), have(lt(1 - x, 1), OPEN[0])]


def near_success(proof: Proof) -> Theorem:
    """``L x**(G-1) <= c <= L/x**(G-1)`` with L = sqrt(G - 1)/G."""
    values = {N: _others}
    least, most = where(one_wrong(), values), where(below_failure(proof), values)
    kept = mixed_groups()
    power = where(power_sign(True), {nat("n"): _others})
    power = discharge(power, OPEN[0])
    q, a, w, s, d, z = (real(name) for name in "qawsdz")
    known = [assume(lt(0, w)), assume(le(w * (a * d), z)), assume(le(z, w * d)), assume(lt(0, a)),
             assume(lt(0, d)), assume(le(0, s))]  # fmt: skip
    positive = have(lt(0, z), have(lt(0, w * (a * d)), *known), known[1])
    low, high = assume(le(s * (a * d), q)), assume(le(q, s * d))
    first = have(le(s / w * a, q / z), have(le(s / w * a * z, q), have(
        le(s / w * a * z, s / w * a * (w * d)), *known), low, known[0]), positive)
    second = have(le(q / z, s / w / a), have(le(q, s / w / a * z), have(
        le(s / w / a * (w * (a * d)), s / w / a * z), *known), high, known[0], known[3]), positive)
    scalar = conjunction(first, second)
    root = square_roots.root_of(_others)
    values = {
        q: GRPO(_size, x), a: POWER(x, _others), w: _size, s: sqrt(_others), d: 1 - x, z: _kept,
    }  # fmt: skip
    made = discharge(where(scalar, values), have(lt(0, _size)), kept, power,
                     have(lt(0, 1 - x), OPEN[1]), root,
                     have(le(sqrt(_others) * (POWER(x, _others) * (1 - x)), GRPO(_size, x)), least),
                     have(le(GRPO(_size, x), sqrt(_others) * (1 - x)), most))  # fmt: skip
    goal = both(le(_level * POWER(x, _others), _dapo), le(_dapo, _level / POWER(x, _others)))
    return have(goal, made)


def mirrored(proof: Proof) -> Theorem:
    """DAPO's coefficient at 1 - x is that at x."""
    mirror = where(part(proof.use("algorithm.grpo-bernstein"), *SYMMETRIC), {N: _others})
    mirror = specialise(mirror, x)
    old = beta(lam(x, _dapo), [1 - x])
    back = have(eq(1 - (1 - x), x))
    same = have(eq(GRPO(_size, 1 - x), GRPO(_size, x)), mirror)
    return have(eq(old, _dapo), same, rewrite_power(back))


def rewrite_power(back: Theorem) -> Theorem:
    """``power(1 - (1 - x), n) = power(x, n)``."""
    left = POWER(back.conclusion.args[0], _size)
    return have(eq(left, POWER(x, _size)))


def close_to_level(bounds: Theorem, base: Term, positive: Theorem) -> Theorem:
    """|c - L| <= 2 (G-1) L d, where 2 (G-1) d <= 1 and d = 1 - base."""
    far = 1 - base if base == x else x
    power = where(bernoulli(), {nat("n"): _others, x: base})
    power = discharge(power, *closed(), *OPEN)
    reach = assume(le(2 * _others * far, 1))
    p, c_, s, w = (real(name) for name in ("p", "c", "s", "w"))
    half = [assume(le(2 * w, 1)), assume(le(1 - w, p)), assume(le(p, 1)), assume(lt(0, s)),
            assume(le(0, w))]  # fmt: skip
    large = have(le(num(1) / 2, p), *half)
    inverse = have(le(1 / p, 1 + 2 * w), have(le(1, (1 + 2 * w) * p), *half), large)
    above = have(le(c_, s * (1 + 2 * w)), have(le(c_, s * (1 / p)), assume(le(c_, s / p)), large),
                 have(le(s * (1 / p), s * (1 + 2 * w)), inverse, half[3]))  # fmt: skip
    below = have(le(s * (1 - w), c_), assume(le(s * p, c_)), *half)
    scalar = have(WITHIN(c_ - s, 2 * w * s), above, below, *half)
    values = {p: POWER(base, _others), c_: _dapo, s: _level, w: _others * far}
    made = discharge(where(scalar, values), reach, power, positive, bounds,
                     have(le(0, _others * far), *OPEN))  # fmt: skip
    return have(WITHIN(_dapo - _level, 2 * _others * _level * far), made)


def mixed_groups() -> Theorem:
    """``(N + 2) x**(N + 1) (1-x) <= 1 - x**(N + 2) - (1-x)**(N + 2) <= (N + 2) (1-x)``."""
    closed = [have(le(*f.conclusion.args), f) for f in OPEN]
    inside = assume(le(k, _size))
    product = have(le(0, k * (_size - k)), inside, have(le(0, k)))
    split = instance("minimum.cases", x=num(1), y=k * (_size - k))
    sign = by_cases(split, *([lambda case: have(le(0, mixed(k)), case, product)] * 2))
    rule = where(binomial.one_outcome(), {function("F", "N"): lam(k, mixed(k)), m: _others})
    made = discharge(trials(_size, rule), intro(sign, k, inside.conclusion),
                     have(le(_others, _size)), *closed)  # fmt: skip
    split = instance("minimum.cases", x=num(1), y=_others * (_size - _others))
    one = by_cases(split, *([lambda case: have(eq(mixed(_others), 1), case)] * 2))
    chance = where(binomial.last_but_one(), {nat("n"): _others, real("p"): x})
    low = have(le(_size * (POWER(x, _others) * (1 - x)), _kept), made, one, chance,
               chance_of_mixed())  # fmt: skip
    power = discharge(where(bernoulli(), {nat("n"): _size}), *closed)
    rest = where(power_sign(True), {nat("n"): _size, x: 1 - x})
    rest = discharge(rest, have(lt(0, 1 - x), OPEN[1]))
    return conjunction(low, have(le(_kept, _size * (1 - x)), power, rest))
