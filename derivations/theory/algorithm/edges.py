"""Section 4: what the coefficients of finite groups do where nearly all responses are correct, or
nearly none."""

from __future__ import annotations

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
    lam,
    le,
    lt,
    minimum,
    nat,
    num,
    real,
    sqrt,
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
    part,
    rewrite,
    specialise,
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
    unit = have(eq(radius * (1 + reach + factor / eps), 1), size)
    d, e = real("d"), real("e")
    inner_ = assume(le(d, e)), assume(eq(e * (1 + reach + factor / eps), 1)), assume(le(0, d))
    reached = have(le(reach * d, 1), *inner_, small, *signs)
    scaled = have(le(factor * d, eps), *inner_, small, *signs)
    positive = have(le(0, gap), low, high)
    values = {d: gap, e: radius}
    reached, scaled = (
        discharge(where(r, values), close, unit, positive, small, *signs) for r in (reached, scaled)
    )
    made = discharge(where(local, {x: u}), low, high, reached, *signs)
    value = have(WITHIN(beta(function_, [u]) - limit.args[2], eps), made, scaled)
    inner = intro(value, u, low.conclusion, high.conclusion, near.conclusion)
    shown = conjunction(have(lt(0, radius), size), inner)
    found = infer("witness", shown, formula=wanted, terms=(radius,))
    return fold(intro(found, eps, small.conclusion), limit)


_up, _down = function("a", "R"), function("b", "R")
_coefficient = COEFFICIENT(N, x, lam(x, _up(x)), lam(x, _down(x)))


@state(
    "lemma",
    "algorithm.edge",
    "The coefficient of any algorithm near success and near failure",
    provenance="extension",
    claim=both(
        EDGE(lam(x, _coefficient / (1 - x)), 1, _up(N + 1) - _down(N)),
        EDGE(lam(x, _coefficient / x), 0, _up(1) - _down(0)),
    ),
    words="Where nearly all responses are correct, only the groups with at most one incorrect "
    "response matter; near failure, those with at most one correct response.",
)
def coefficient_edge(proof: Proof) -> Theorem:
    gain = lam(k, _up(k + 1) - _down(k))
    values = {function("F", "N"): gain, nat("n"): N}
    every = proof.note(where(binomial.bounded(), values), "finitely many advantages are bounded")
    limits = []
    ends = zip(conjunct_pair(proof.statement.conclusion), binomial.near_ends(), strict=True)
    for limit, near in ends:
        one = limit.args[1] == num(1)

        def use(chosen: Theorem, limit: Term = limit, near: Theorem = near, one: bool = one
                ) -> Theorem:  # fmt: skip
            rule = where(near, {**values, real("p"): x})
            mean_near = discharge(rule, chosen, *closed())
            at = N if one else num(0)
            end = apply(chosen, have(le(at, N)), at=[at])
            y, d, e, n_ = (real(name) for name in ("y", "d", "e", "n"))
            known = [assume(WITHIN(y - e, 2 * c * (n_ * d))), assume(WITHIN(e, c)),
                     assume(lt(0, d)), assume(lt(d, 1))]  # fmt: skip
            inner = have(WITHIN((1 - d) * (y - e), 2 * c * (n_ * d)),
                         have(le(0, 2 * c * (n_ * d)), known[0]), known[0], *known[2:])
            outer = have(WITHIN(d * e, c * d), *known[1:])
            scalar = have(WITHIN((1 - d) * y - e, (2 * n_ + 1) * c * d), inner, outer)
            far = 1 - x if one else x
            names = {y: binomial.mean(N, x, lambda k: beta(gain, [k])), e: beta(gain, [at]), d: far,
                     n_: N}  # fmt: skip
            made = discharge(where(scalar, names), mean_near, end, *exchanged(), *OPEN)
            goal = WITHIN(beta(limit.args[0], [x]) - limit.args[2], (2 * N + 1) * c * far)
            local = have(goal, made, *OPEN, unfold=("coefficient",))
            sign = have(le(0, (2 * N + 1) * c), have(le(0, c), end))
            return edge(limit, local, (2 * N + 1) * c, num(0), sign, end)

        why = "and the mean is near its last value" if one else "likewise at the other end"
        limits.append(proof.note(obtain(every, [c], use), why))
    return conjunction(*limits)


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
