"""Section 4: the coefficient of GRPO with finite groups, a Bernstein polynomial.

c_G(J) is the mean of the standard deviation of a group's rewards, sqrt(k(G-k))/G with k binomial:
the Bernstein polynomial of sqrt(x(1-x)) of degree G.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from math import comb
from typing import Any

from derivations import binomial, calculus, square_roots
from derivations.binomial import mean
from derivations.calculus import restate, same_function
from derivations.kernel.terms import (
    Term,
    beta,
    both,
    derivative,
    eq,
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
    substitute,
    unfold,
)
from derivations.kernel.theorem import Theorem, infer
from derivations.library import Proof, state
from derivations.products import POWER, PRODUCTS
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
    replace,
    rewrite,
    specialise,
    symmetric,
    transitive,
    where,
)
from derivations.theory.algorithm.groups import G, N, deviation, deviation_sign
from derivations.theory.algorithm.table import GRPO, trials
from derivations.theory.setting import CONVERGES

k, K, M, m = (nat(name) for name in ("k", "K", "M", "m"))
x, y, z, c, u = (real(name) for name in ("x", "y", "z", "c", "u"))

_F, _H = function("F", "N"), function("H", "N")
LOW, HIGH = assume(le(0, x)), assume(le(x, 1))
OPEN = (assume(lt(0, x)), assume(lt(x, 1)))


def spread_of(size: Any) -> Term:
    """The function of k whose mean is c_G."""
    return lam(k, deviation(k, size))


def opened(size: Any, at: Term = x) -> Theorem:
    """``c_G(x)`` as a binomial mean."""
    return have(eq(GRPO(size, at), mean(size, at, lambda k: deviation(k, size))), unfold=("grpo",))


def compared(size: Term, lower: Term, upper: Term, each: Theorem, *facts: Theorem) -> Theorem:
    """``mean(lower) <= mean(upper)`` at x from ``lower(k) <= upper(k)`` for k <= size."""
    rule = trials(size, where(binomial.monotone(), {_F: lower, _H: upper}))
    return discharge(rule, *(facts or (LOW, HIGH)), intro(each, k, le(k, size)))


def coefficient_sign() -> Theorem:
    """``0 <= c_G(x)`` for 0 <= x <= 1."""
    inside, positive = assume(le(k, G)), have(lt(0, G))
    root = square_roots.root_of(k * (G - k), deviation_sign(k, G, inside))
    each = have(le(0, deviation(k, G)), root, positive)
    summed = compared(G, lam(k, num(0)), spread_of(G), each)
    return have(le(0, GRPO(G, x)), summed, trials(G, binomial.constant(num(0))), opened(G))


# Small groups -------------------------------------------------------------------------------------


@state(
    "proposition",
    "algorithm.grpo-small-groups",
    "Groups of two and of three",
    provenance="extension",
    given=[lt(0, x), lt(x, 1)],
    claim=both(
        eq(GRPO(2, x), x * (1 - x)),
        eq(GRPO(3, x), sqrt(2) * (x * (1 - x))),
        eq(GRPO(2, x) / (1 - POWER(x, 2) - POWER(1 - x, 2)), num(1) / 2),
        eq(GRPO(3, x) / (1 - POWER(x, 3) - POWER(1 - x, 3)), sqrt(2) / 3),
    ),
    words="With groups of two or three, expected GRPO is REINFORCE up to a constant, and DAPO is "
    "ascent of the log-odds. On groups of two see also arXiv:2510.00977.",
)
def small_groups(proof: Proof) -> Theorem:
    first, second, third, fourth = conjuncts(proof.statement.conclusion)
    zero, one = (root_of_square(num(v)) for v in (0, 1))
    values = [
        proof.have(
            goal, opened(num(size)),
            written_out(spread_of(num(size)),
                        [have(eq(deviation(num(j), num(size)), root / size), zero, one)
                         for j, root in enumerate((num(0), *between, num(0)))]),
            why="write the mean out",
        )
        for size, between, goal in ((2, [num(1)], first), (3, [sqrt(2), sqrt(2)], second))
    ]  # fmt: skip
    ratios = [
        proof.have(goal, value, *proof.given, unfold=PRODUCTS,
                   why="divide by the probability of a group that is not uniform")
        for value, goal in zip(values, (third, fourth), strict=True)
    ]  # fmt: skip
    return conjunction(*values, *ratios)


def root_of_square(value: Term) -> Theorem:
    """``sqrt(value) = value`` for 0 and 1."""
    rule = where(square_roots.root_unique(), {real("x"): value, real("y"): value})
    return discharge(rule, have(le(0, value)), have(eq(value, value**2)))


def conjuncts(formula: Term) -> list[Term]:
    """The parts of a conjunction nested to the right."""
    found = []
    while formula.head == "and":
        found.append(formula.args[0])
        formula = formula.args[1]
    return [*found, formula]


def weighted_sum(values: Sequence[Term]) -> Term:
    """The sum of C(n, j) x**j (1 - x)**(n - j) values[j] over j <= n, zeros left out."""
    count, found = len(values) - 1, num(0)
    for j, value in enumerate(values):
        if value == num(0):
            continue
        for base, exponent in ((x, j), (1 - x, count - j)):
            if exponent:
                value = (base if exponent == 1 else base**exponent) * value
        value = value if comb(count, j) == 1 else comb(count, j) * value
        found = value if found == num(0) else found + value
    return found


@cache
def outcomes(count: int) -> Theorem:
    """The mean over `count` trials as `weighted_sum`, for any function F."""

    def claim(number: int, shift: int) -> Term:
        values = [_F(num(j + shift)) for j in range(number + 1)]
        moved = lam(k, _F(k + shift)) if shift else lam(k, _F(k))
        return eq(binomial.BINOMIAL(num(number), x, moved), weighted_sum(values))

    known = [have(claim(0, j), trials(num(0), where(binomial.start(), {_F: lam(k, _F(k + j))})))
             for j in range(count + 1)]  # fmt: skip
    for done in range(1, count + 1):
        known = [
            have(claim(done, j), known[j], known[j + 1],
                 trials(num(done - 1), where(binomial.recursion(), {_F: lam(k, _F(k + j))})))
            for j in range(count + 1 - done)
        ]  # fmt: skip
    return known[0]


def written_out(function_: Term, values: Sequence[Theorem]) -> Theorem:
    """The mean over few trials, at x, from ``function_(j) = value`` for j = 0, 1, ... ."""
    made = where(outcomes(len(values) - 1), {_F: function_})
    mean_, terms = made.conclusion.args
    found = [known.conclusion.args[1] for known in values]
    names = [real(f"v{j}") if value.kind != "num" else value for j, value in enumerate(found)]
    hole = real("hole")
    for known in values:
        old, new = known.conclusion.args
        terms = replace(terms, old, hole)
        made = infer("rewrite", known, made, template=lam(hole, eq(mean_, terms)))
        terms = substitute(terms, {hole: new})
    given = dict(zip(names, found, strict=True))
    plain = weighted_sum(names)
    all_ = weighted_sum([real(f"w{j}") for j in range(len(found))])
    same = have(eq(substitute(all_, {real(f"w{j}"): name for j, name in enumerate(names)}), plain))
    return transitive(made, where(same, {n: v for n, v in given.items() if n.kind == "var"}))


# Bounds -------------------------------------------------------------------------------------------


def variance_mean() -> Theorem:
    """``mean(G, x, k (G - k)/G**2) = N/(N + 1) x (1-x)``, G = N + 1."""
    first, second = (trials(G, f()) for f in (binomial.first_moment, binomial.second_moment))
    positive = have(lt(0, G))
    linear = have(
        eq(mean(G, x, lambda k: k * (G - k) / G**2),
           mean(G, x, lambda k: k) / G - mean(G, x, lambda k: k**2) / G**2),
        positive, unfold=binomial.FORMS,
    )  # fmt: skip
    return have(eq(mean(G, x, lambda k: k * (G - k) / G**2), N / G * (x * (1 - x))),
                linear, first, second, positive)  # fmt: skip


@state(
    "theorem",
    "algorithm.grpo-bounds",
    "GRPO's coefficient between two elementary functions",
    provenance="extension",
    given=[le(0, x), le(x, 1)],
    claim=both(
        le(2 * (N / G) * (x * (1 - x)), GRPO(G, x)),
        le(GRPO(G, x), sqrt(N / G * (x * (1 - x)))),
    ),
)
def bounds(proof: Proof) -> Theorem:
    inside, positive = assume(le(k, G)), have(lt(0, G))
    sign = deviation_sign(k, G, inside)
    root = square_roots.root_of(k * (G - k), sign)
    value, variance = deviation(k, G), k * (G - k) / G**2
    squared = have(eq(variance, value**2), root, positive)
    above = have(le(0, value), root, positive)
    quarter = have(le(k * (G - k), G**2 / 4))
    half = have(le(variance, num(1) / 4), quarter, positive)
    small = have(le(value, num(1) / 2), squared, half, above)
    each = have(le(2 * variance, value), squared, small, above)
    summed = compared(G, lam(k, 2 * variance), lam(k, value), each, *proof.given)
    double = have(eq(mean(G, x, lambda k: 2 * (k * (G - k) / G**2)),
                     2 * mean(G, x, lambda k: k * (G - k) / G**2)), unfold=binomial.FORMS)
    low = proof.have(
        proof.statement.conclusion.args[0], summed, double, variance_mean(), opened(G),
        why="a standard deviation is at most 1/2, so at least twice the variance",
    )  # fmt: skip
    return conjunction(low, proof.note(upper_bound(proof), "the mean of a root is at most the root "
                                       "of the mean"))


def upper_bound(proof: Proof) -> Theorem:
    """``c_G(x) <= sqrt(N/G x (1-x))``: the mean of (std - c)**2 is not negative."""
    level, value = N / G * (x * (1 - x)), deviation(k, G)
    inside, positive = assume(le(k, G)), have(lt(0, G))
    root = square_roots.root_of(k * (G - k), deviation_sign(k, G, inside))
    shape = lam(k, k * (G - k) / G**2 - 2 * c * deviation(k, G) + c**2)
    each = have(le(0, beta(shape, [k])), have(eq(k * (G - k) / G**2, value**2), root, positive),
                have(le(0, (value - c) ** 2)))  # fmt: skip
    summed = compared(G, lam(k, num(0)), shape, each, *proof.given)
    linear = have(
        eq(mean(G, x, lambda k: beta(shape, [k])),
           mean(G, x, lambda k: k * (G - k) / G**2)
           - 2 * c * mean(G, x, lambda k: deviation(k, G)) + c**2 * mean(G, x, lambda k: num(1))),
        positive, unfold=binomial.FORMS,
    )  # fmt: skip
    one, nothing = (trials(G, f) for f in (binomial.total_probability(), binomial.constant(num(0))))
    made = have(le(0, level - 2 * c * GRPO(G, x) + c**2), summed, linear, one, nothing,
                variance_mean(), opened(G))  # fmt: skip
    square = have(le(GRPO(G, x) ** 2, level), where(made, {c: GRPO(G, x)}))
    large = square_roots.root_of(level, square)
    goal = proof.statement.conclusion.args[1]
    return by_cases(
        order(GRPO(G, x), sqrt(level)),
        lambda case: case,
        lambda case: have(goal, case, large, square),
    )


# The Bernstein polynomial -------------------------------------------------------------------------

_between = sqrt(k / G * (1 - k / G))
_variance = x * (1 - x)
_mixture = c * x + (1 - c) * y
_UNIT = (le(0, x), le(x, 1))


@state(
    "theorem",
    "algorithm.grpo-bernstein",
    "GRPO's coefficient is a Bernstein polynomial",
    provenance="extension",
    claim=both(
        forall(x, eq(GRPO(G, x), mean(G, x, lambda k: sqrt(k / G * (1 - k / G))))),
        forall(
            (x, y, c),
            le(0, x), le(x, 1), le(0, y), le(y, 1), le(0, c), le(c, 1),
            le(c * GRPO(G, x) + (1 - c) * GRPO(G, y), GRPO(G, _mixture)),
        ),
        forall(x, eq(GRPO(G, 1 - x), GRPO(G, x))),
        forall(x, lt(0, x), lt(x, 1), lt(GRPO(G, x), GRPO(N + 2, x))),
        forall(
            (x, y), le(num(1) / 2, x), le(x, y), le(y, 1), le(GRPO(G, y), GRPO(G, x))
        ),
        forall(x, *_UNIT, le(GRPO(G, x), sqrt(x * (1 - x)))),
        forall(x, *_UNIT, le(GRPO(G, x), sqrt(N) * minimum(x, 1 - x))),
        forall(
            x, lt(0, x), lt(x, 1),
            both(
                le(sqrt(x * (1 - x)) - GRPO(G, x), (1 + x * (1 - x)) / (2 * G * sqrt(x * (1 - x)))),
                CONVERGES(lam(K, GRPO(K, x)), sqrt(x * (1 - x))),
            ),
        ),
    ),
    words="Of degree $G = N + 1$: concave, symmetric, increasing in the group size, non-increasing "
    "on the upper half, below its limit and below a linear function.",
)  # fmt: skip
def grpo_bernstein(proof: Proof) -> Theorem:
    polynomial = proof.note(as_bernstein(), "the standard deviation of k ones among G rewards")
    hollow = proof.note(concavity(), "the second differences of the standard deviation are "
                        "negative, and so is the second derivative")
    mirror = proof.note(symmetry(), "exchange correct and incorrect")
    grows = proof.note(growth(), "raise the degree: the new coefficients are means of two values "
                       "of a strictly concave function")
    falls = proof.note(descent(hollow, mirror), "concave and symmetric")
    below = proof.note(below_limit(proof), "`algorithm.grpo-bounds`")
    line_ = proof.note(below_line(mirror), "k(G - k) is at most G - 1 times the "
                       "square of k")
    limit = proof.note(to_limit(proof), "a parabola below the root, and the variance of k/G")
    return conjunction(polynomial, hollow, mirror, grows, falls, below, line_, limit)


SYMMETRIC, BELOW_ROOT, BELOW_LINE = (1, 1, 0), (1, 1, 1, 1, 1, 0), (1, 1, 1, 1, 1, 1, 0)
"""Where the symmetry, the bound by the limit and the linear one stand in
`algorithm.grpo-bernstein`."""


def as_bernstein() -> Theorem:
    """sqrt(k(G-k))/G is the value of sqrt(z(1-z)) at z = k/G."""
    inside, positive = assume(le(k, G)), have(lt(0, G))
    variance = k / G * (1 - k / G)
    sign = have(le(0, variance), have(eq(variance, k * (G - k) / G**2), positive),
                deviation_sign(k, G, inside), positive)  # fmt: skip
    scaled = where(square_roots.root_of_scaled(), {x: variance, y: G})
    scaled = discharge(scaled, sign, have(le(0, G)))
    whole = have(eq(variance * G**2, k * (G - k)), positive)
    each = have(eq(deviation(k, G), sqrt(variance)), rewrite(scaled, whole), positive)
    rule = trials(G, where(binomial.congruent(), {_F: spread_of(G), _H: lam(k, sqrt(variance))}))
    made = discharge(rule, intro(each, k, le(k, G)))
    return intro(have(eq(GRPO(G, x), made.conclusion.args[1]), opened(G), made), x)


# Concavity ----------------------------------------------------------------------------------------


def second_difference() -> Theorem:
    """std(k + 2) - 2 std(k + 1) + std(k) <= 0 for k <= M, groups of M + 2."""
    size = M + 2
    inside, positive = assume(le(k, M)), have(lt(0, size))
    low, middle, high = (j * (size - j) for j in (k, k + 1, k + 2))
    strict = have(lt(0, middle), inside, have(le(0, k)))
    signs = {low: have(le(0, low), inside, have(le(0, k))),
             high: have(le(0, high), inside, have(le(0, k)))}  # fmt: skip
    tangents = [
        discharge(where(square_roots.root_tangent(), {x: v, y: middle}), sign, strict)
        for v, sign in signs.items()
    ]
    root = square_roots.root_of(middle, strict)
    above = discharge(where(square_roots.root_positive(), x=middle), strict)
    sum_ = have(eq(low + high, 2 * middle - 2))
    a, b, r, w = (real(name) for name in "abrw")
    scalar = have(
        le(a + b, 2 * r), assume(le(a, (c + w) / (2 * r))), assume(le(b, (z + w) / (2 * r))),
        assume(eq(r**2, w)), assume(lt(0, r)), assume(eq(c + z, 2 * w - 2)),
    )  # fmt: skip
    values = {a: sqrt(low), b: sqrt(high), r: sqrt(middle), w: middle, c: low, z: high}
    made = discharge(where(scalar, values), *tangents, root, above, sum_)
    dev = [deviation(j, size) for j in (k, k + 1, k + 2)]
    return have(le((dev[2] - dev[1]) - (dev[1] - dev[0]), 0), made, positive)


def concavity() -> Theorem:
    """``c f(x) + (1-c) f(y) <= f(c x + (1-c) y)`` on [0, 1], f = c_G."""
    variables = (x, y, c)
    premises = [le(0, x), le(x, 1), le(0, y), le(y, 1), le(0, c), le(c, 1)]

    def claim(companions: Any) -> Term:
        f = [GRPO(companions + 1, at) for at in (x, y, _mixture)]
        return forall(variables, *premises, le(c * f[0] + (1 - c) * f[1], f[2]))

    zero = root_of_square(num(0))
    nothing = written_out(spread_of(num(1)), [
        have(eq(deviation(num(j), num(1)), num(0)), zero) for j in (0, 1)
    ])  # fmt: skip
    alone = have(eq(GRPO(1, x), 0), opened(num(1)), nothing)
    values = [where(alone, {x: at}) for at in (x, y, _mixture)]
    goal = beta(claim(num(0)).args[0], variables)
    base = intro(have(innermost(goal), *values), variables, *premises)

    def step(_: Theorem) -> Theorem:
        goal = beta(beta(lam(N, claim(N)), [M + 1]).args[0], variables)
        return intro(bent(innermost(goal)), variables, *premises)

    rule = induct(M, beta(lam(N, claim(N)), [M]), base, step)
    return specialise(rule, N)


def innermost(formula: Term) -> Term:
    """What an implication finally says."""
    while formula.head == "imp":
        _, formula = formula.args
    return formula


def bent(goal: Term) -> Theorem:
    """Concavity for groups of M + 2, from the second derivative."""
    size = M + 2
    f = spread_of(size)
    gain = lam(k, beta(f, [k + 1]) - beta(f, [k]))
    bend = lam(k, beta(gain, [k + 1]) - beta(gain, [k]))
    slope = trials(M + 1, where(binomial.slope(), {_F: f}))
    curve = trials(M, where(binomial.slope(), {_F: gain}))
    first = have_derivative(
        slope, GRPO(size, u), (M + 2) * mean(M + 1, x, lambda k: beta(gain, [k])),
        where(opened(size), {x: u}),
    )  # fmt: skip
    scale, a, q = real("d"), function("a", "R"), real("q")
    scaled = calculus.differentiate(u, scale * a(u), x, assume(derivative(u, a(u), x, q)),
                                    value=scale * q)  # fmt: skip
    scaled = discharge(where(scaled, {scale: M + 2, a: curve.conclusion.args[0],
                                      q: curve.conclusion.args[2]}), curve)  # fmt: skip
    second = have_derivative(scaled, (M + 2) * mean(M + 1, u, lambda k: beta(gain, [k])),
                             (M + 2) * ((M + 1) * mean(M, x, lambda k: beta(bend, [k]))))
    inside = (LOW, HIGH)
    each = have(le(beta(bend, [k]), 0), second_difference())
    summed = compared(M, bend, lam(k, num(0)), each)
    none = trials(M, binomial.constant(num(0)))
    down = have(le(mean(M, x, lambda k: beta(bend, [k])), 0), summed, none)
    product = have(le((M + 2) * ((M + 1) * z), 0), assume(le(z, 0)))
    down = discharge(where(product, {z: down.conclusion.args[0]}), down)
    values = {
        function("f", "R"): lam(u, GRPO(size, u)),
        function("g", "R"): second.conclusion.args[0],
        function("h", "R"): lam(x, second.conclusion.args[2]),
        real("a"): num(0), real("b"): num(1),
    }  # fmt: skip
    rule = where(calculus.concave(), values)
    ranges = [assume(f) for f in (le(0, x), le(x, 1), le(0, y), le(y, 1), le(0, c), le(c, 1))]
    made = discharge(rule, intro(first, x), intro(second, x),
                     intro(down, x, *(f.conclusion for f in inside)), *ranges)  # fmt: skip
    return have(goal, made)


def have_derivative(made: Theorem, body: Term, value: Term, *facts: Theorem) -> Theorem:
    """The derivative of a function of u at x, in other words."""
    return restate(same_function(made, u, body, *facts), value)


# Symmetry and monotonicity ------------------------------------------------------------------------


def symmetry() -> Theorem:
    """``c_G(1-x) = c_G(x)``."""
    psi = function("psi", "R")
    rule = where(binomial.reflection(), {psi: lam(z, deviation(z, G)), nat("n"): G,
                                         real("p"): x, real("x"): num(0)})  # fmt: skip
    return intro(have(eq(GRPO(G, 1 - x), GRPO(G, x)), rule, opened(G), opened(G, 1 - x)), x)


def descent(hollow: Theorem, mirror: Theorem) -> Theorem:
    """``c_G(y) <= c_G(x)`` for 1/2 <= x <= y <= 1: x lies between 1 - y and y."""
    premises = [assume(f) for f in (le(num(1) / 2, x), le(x, y), le(y, 1))]
    goal = le(GRPO(G, y), GRPO(G, x))

    def middle(case: Theorem) -> Theorem:
        return have(goal, have(eq(x, y), case, *premises))

    def apart(case: Theorem) -> Theorem:
        share = (x + y - 1) / (2 * y - 1)
        known = [*premises, case]
        width = have(lt(0, 2 * y - 1), *known)
        at = have(eq(share * y + (1 - share) * (1 - y), x), width)
        made = apply(
            hollow, *known, have(le(0, share), *known, width), have(le(share, 1), *known, width),
            have(le(0, y), *known), have(le(0, 1 - y), *known), have(le(1 - y, 1), *known),
            at=[y, 1 - y, share],
        )  # fmt: skip
        return have(goal, rewrite(made, at), specialise(mirror, y))

    made = by_cases(order(y, num(1) / 2), middle, apart)
    return intro(made, (x, y), *(f.conclusion for f in premises))


def growth() -> Theorem:
    """``c_G(x) < c_{G+1}(x)`` for 0 < x < 1, G = N + 1."""
    bigger = G + 1
    before, first, second = elevated()
    mixed = lam(k, k / bigger * deviation(k - 1, G) + (bigger - k) / bigger * deviation(k, G))
    weak, strict = elevation(mixed)
    values = {_F: mixed, _H: spread_of(bigger), m: num(1)}
    rule = trials(bigger, where(binomial.increasing(), values))
    made = discharge(rule, *OPEN, intro(weak, k, le(k, bigger)), strict, have(le(1, bigger)))
    linear = have(
        eq(mean(bigger, x, lambda k: beta(mixed, [k])),
           mean(bigger, x, lambda k: k / bigger * deviation(k - 1, G))
           + mean(bigger, x, lambda k: (bigger - k) / bigger * deviation(k, G))),
        have(lt(0, bigger)), have(lt(0, G)), unfold=binomial.FORMS,
    )  # fmt: skip
    goal = lt(GRPO(G, x), GRPO(N + 2, x))
    whole = have(eq(GRPO(G, x), mean(bigger, x, lambda k: beta(mixed, [k]))), linear, first, second,
                 before)  # fmt: skip
    done = have(goal, rewrite(made, symmetric(whole)), opened(bigger))
    return intro(done, x, *(f.conclusion for f in OPEN))


def elevated() -> tuple[Theorem, Theorem, Theorem]:
    """c_G as a mean over G + 1 trials: a response is left out at random."""
    first, second = (
        trials(G, where(rule, {_F: shape}))
        for rule, shape in zip(
            binomial.size_bias(), (lam(k, deviation(k - 1, G)), spread_of(G)), strict=True
        )
    )
    return opened(G), first, second


def elevation(mixed: Term) -> tuple[Theorem, Theorem]:
    """``mixed(k) <= std(k)`` for k <= G + 1, and < at k = 1."""
    size = G + 1
    inside, below = assume(le(k, size)), have(le(0, k))
    goal = le(beta(mixed, [k]), deviation(k, size))
    sharp = between_ends(mixed)
    zero = root_of_square(num(0))

    def at_the_start(case: Theorem) -> Theorem:
        return at_end(mixed, zero, have(eq(k, 0), case, below))

    def later(low: Theorem) -> Theorem:
        one = apply(instance("natural.discrete", m=num(0), n=k), low)

        def inner(case: Theorem) -> Theorem:
            most = apply(instance("natural.discrete", m=k, n=size), case)
            most = have(le(k, G), most)
            return have(goal, discharge(sharp, have(le(1, k), one), most))

        return by_cases(
            order(size, k),
            lambda case: at_end(mixed, zero, have(eq(k, size), case, inside)),
            inner,
        )

    weak = by_cases(order(k, num(0)), at_the_start, later)
    strict = where(sharp, {k: num(1)})
    strict = discharge(strict, have(le(1, num(1))), have(le(1, G)))
    return weak, strict


def at_end(mixed: Term, zero: Theorem, same: Theorem) -> Theorem:
    """``mixed(k) <= std(k)`` at k = 0 or k = G + 1, where both are 0."""
    place = same.conclusion.args[1]
    shape = lam(k, le(beta(mixed, [k]), deviation(k, G + 1)))
    made = have(beta(shape, [place]), zero, have(lt(0, G)), have(lt(0, G + 1)))
    return infer("rewrite", symmetric(same), made, template=shape)


def between_ends(mixed: Term) -> Theorem:
    """``mixed(k) < std(k)`` for 1 <= k <= G: the tangents of the root at k (G + 1 - k)."""
    one, most = assume(le(1, k)), assume(le(k, G))
    others = G + 1 - k
    whole, left, right = k * others, (k - 1) * (G - (k - 1)), k * (G - k)
    strict = have(lt(0, whole), one, most)
    less = have(lt(left, whole), one, most)
    signs = have(le(0, left), one, most), have(le(0, right), one, most)
    first = discharge(where(square_roots.root_tangent(True), {x: left, y: whole}),
                      signs[0], strict, less)  # fmt: skip
    second = discharge(where(square_roots.root_tangent(), {x: right, y: whole}), signs[1], strict)
    a, b, r, w, h = (real(name) for name in "abrwh")
    known = [assume(lt(0, w)), assume(lt(0, h)), assume(lt(0, r)), assume(eq(r**2, w * h))]
    # k sqrt((k-1) h) < r (k - 1/2) and h sqrt(k (h-1)) <= r (h - 1/2), with r**2 = k h.
    bound_ = [have(eq(h * (2 * w - 1) / (2 * r) * w, r * (2 * w - 1) / 2), *known),
              have(eq(w * (2 * h - 1) / (2 * r) * h, r * (2 * h - 1) / 2), *known)]  # fmt: skip
    firsts = have(lt(w * a, h * (2 * w - 1) / (2 * r) * w), *known,
                  assume(lt(a, h * (2 * w - 1) / (2 * r))))  # fmt: skip
    seconds = have(le(h * b, w * (2 * h - 1) / (2 * r) * h), *known,
                   assume(le(b, w * (2 * h - 1) / (2 * r))))  # fmt: skip
    scalar = have(lt(w * a + h * b, (w + h - 1) * r), have(lt(w * a, r * (2 * w - 1) / 2), firsts,
                  bound_[0]), have(le(h * b, r * (2 * h - 1) / 2), seconds, bound_[1]))
    above = discharge(where(square_roots.root_positive(), x=whole), strict)
    root = square_roots.root_of(whole, strict)
    values = {a: sqrt(left), b: sqrt(right), r: sqrt(whole), w: k, h: others}
    made = discharge(
        where(scalar, values), have(lt(0, k), one), have(lt(0, others), most), above, root,
        have(lt(sqrt(left), others * (2 * k - 1) / (2 * sqrt(whole))), first, above),
        have(le(sqrt(right), k * (2 * others - 1) / (2 * sqrt(whole))), second, above),
    )  # fmt: skip
    return have(lt(beta(mixed, [k]), deviation(k, G + 1)), made, have(lt(0, G)),
                have(lt(0, G + 1)))  # fmt: skip


# The limit of large groups ------------------------------------------------------------------------


def below_limit(proof: Proof) -> Theorem:
    """``c_G(x) <= sqrt(x (1-x))`` on [0, 1]."""
    upper = proof.use("algorithm.grpo-bounds", LOW, HIGH).conclusion
    made = proof.use("algorithm.grpo-bounds", LOW, HIGH)
    level = upper.args[1].args[1].args[0]
    rule = where(square_roots.root_monotone(), {x: level, y: _variance})
    positive = have(lt(0, G))
    wider = discharge(rule, have(le(0, level), LOW, HIGH, positive),
                      have(le(level, _variance), LOW, HIGH, positive))  # fmt: skip
    return intro(have(le(GRPO(G, x), sqrt(_variance)), made, wider), x, *_UNIT)


def below_line(mirror: Theorem) -> Theorem:
    """``c_G(x) <= sqrt(N) min(x, 1-x)`` on [0, 1]: sqrt(k (G - k)) <= sqrt(N) k for naturals k."""
    inside, positive = assume(le(k, G)), have(lt(0, G))
    product = k * (G - k)
    root = square_roots.root_of(product, deviation_sign(k, G, inside))
    slope_ = square_roots.root_of(N)
    square = by_cases(
        order(k, num(0)),
        lambda case: have(le(product, N * k**2), have(eq(k, 0), case)),
        lambda case: have(le(product, N * k**2),
                          apply(instance("natural.discrete", m=num(0), n=k), case)),
    )  # fmt: skip
    goal = le(sqrt(product), sqrt(N) * k)
    high = have(le(0, sqrt(N) * k), slope_)
    squared = have(eq((sqrt(N) * k) ** 2, N * k**2), slope_)
    small = by_cases(order(sqrt(product), sqrt(N) * k), lambda case: case,
                     lambda case: have(goal, case, root, square, high, squared))  # fmt: skip
    each = have(le(deviation(k, G), sqrt(N) * (k / G)), small, positive)
    summed = compared(G, spread_of(G), lam(k, sqrt(N) * (k / G)), each)
    linear = have(
        eq(mean(G, x, lambda k: sqrt(N) * (k / G)), sqrt(N) / G * mean(G, x, lambda k: k)),
        positive, unfold=binomial.FORMS,
    )  # fmt: skip
    first = trials(G, binomial.first_moment())
    line_ = have(le(GRPO(G, x), sqrt(N) * x), summed, linear, first, opened(G), positive)
    ready = intro(line_, x, *_UNIT)
    other = apply(ready, have(le(0, 1 - x), HIGH), have(le(1 - x, 1), LOW), at=[1 - x])
    other = have(le(GRPO(G, x), sqrt(N) * (1 - x)), other, specialise(mirror, x))
    goal = le(GRPO(G, x), sqrt(N) * minimum(x, 1 - x))
    split = instance("minimum.cases", x=x, y=1 - x)
    made = by_cases(split, *([lambda case: have(goal, case, line_, other)] * 2))
    return intro(made, x, *_UNIT)


def to_limit(proof: Proof) -> Theorem:
    """An explicit rate, and the limit."""
    rate = distance()
    closed = have(LOW.conclusion, OPEN[0]), have(HIGH.conclusion, OPEN[1])
    below = apply(below_limit(proof), *closed, at=[x])
    goal = CONVERGES(lam(K, GRPO(K, x)), sqrt(_variance))
    limit = large_groups(goal, rate, below)
    return intro(conjunction(rate, limit), x, *(f.conclusion for f in OPEN))


def distance() -> Theorem:
    """``sqrt(v) - c_G(x) <= (1 + v)/(2 G sqrt(v))``, v = x (1-x)."""
    inside, positive = assume(le(k, G)), have(lt(0, G))
    v = _variance
    strict = have(lt(0, v), *OPEN)
    root = square_roots.root_of(v, strict)
    above = discharge(where(square_roots.root_positive(), x=v), strict)
    variance = k * (G - k) / G**2
    product = have(le(0, variance), deviation_sign(k, G, inside), positive)
    parabola = discharge(where(square_roots.root_parabola(), {x: variance, y: v}), product, strict)
    scaled = discharge(where(square_roots.root_of_scaled(), {x: variance, y: G}), product,
                       have(le(0, G)))  # fmt: skip
    whole = have(eq(variance * G**2, k * (G - k)), positive)
    same = have(eq(deviation(k, G), sqrt(variance)), rewrite(scaled, whole), positive)
    # variance - v = (q - x)(1 - q - x) for q = k/G, and the second factor is at most 1.
    q, share = real("q"), k / G
    factor = have(le(0, 1 - (1 - q - x) ** 2), assume(le(0, q)), assume(le(q, 1)), *OPEN)
    product_ = have(le(0, (q - x) ** 2 * (1 - (1 - q - x) ** 2)), have(le(0, (q - x) ** 2)), factor)
    near = have(le((q * (1 - q) - v) ** 2, (q - x) ** 2), product_)
    near = discharge(where(near, {q: share}), have(le(0, share), positive),
                     have(le(share, 1), inside, positive), *OPEN)  # fmt: skip
    d, e, f, s = (real(name) for name in "defs")
    scalar = have(
        le(s * (1 + (d - c) / (2 * c) - e / (2 * c**2)), f),
        assume(le(s * (1 + (d - c) / c / 2 - ((d - c) / c) ** 2 / 2), f)),
        assume(le((d - c) ** 2, e)), assume(lt(0, c)), assume(lt(0, s)),
    )  # fmt: skip
    distance_ = (share - x) ** 2
    exact = have(eq(share * (1 - share), variance), positive)
    each = discharge(
        where(scalar, {s: sqrt(v), c: v, d: variance, e: distance_, f: deviation(k, G)}),
        have(parabola.conclusion.args[0] <= deviation(k, G), parabola, same),
        rewrite(near, exact), strict, above,
    )  # fmt: skip
    level = 1 + (k * (G - k) / G**2 - v) / (2 * v)
    shape = lam(k, sqrt(v) * (level - (k / G - x) ** 2 / (2 * v**2)))
    closed = have(LOW.conclusion, OPEN[0]), have(HIGH.conclusion, OPEN[1])
    summed = compared(G, shape, spread_of(G), each, *closed)
    first, second = (trials(G, f()) for f in (binomial.first_moment, binomial.second_moment))
    a, b = real("a"), real("b")
    general = have(
        eq(mean(G, x, lambda k: a * (1 + (k * (G - k) / G**2 - c) * b - (k / G - x) ** 2 * d)),
           a * ((1 - c * b - x**2 * d) * mean(G, x, lambda k: num(1))
                + (b / G + 2 * x * d / G) * mean(G, x, lambda k: k)
                - (b + d) / G**2 * mean(G, x, lambda k: k**2))),
        positive, unfold=binomial.FORMS,
    )  # fmt: skip
    value = have(
        eq(general.conclusion.args[0], a * (1 - c * b + b * (N / G) * v - d * v / G)),
        general, first, second, trials(G, binomial.total_probability()), positive,
    )  # fmt: skip
    value = where(value, {a: sqrt(v), b: 1 / (2 * v), c: v, d: 1 / (2 * v**2)})
    value = have(eq(mean(G, x, lambda k: beta(shape, [k])),
                    sqrt(v) * (1 - (1 + 1 / v) / (2 * G))), value, strict, positive)
    made = have(le(sqrt(v) - GRPO(G, x), sqrt(v) * (1 + 1 / v) / (2 * G)), summed, value, opened(G),
                positive, strict)  # fmt: skip
    wanted = (1 + v) / (2 * G * sqrt(v))
    same_ = have(eq(sqrt(v) * (1 + 1 / v) / (2 * G), wanted), root, above, strict, positive)
    return have(le(sqrt(v) - GRPO(G, x), wanted), made, same_)


def large_groups(goal: Term, rate: Theorem, below: Theorem) -> Theorem:
    """The limit from the explicit rate: G is at least a multiple of 1/epsilon."""
    eps = real("epsilon")
    body = beta(unfold(goal, frozenset({"converges"})).args[0], [eps])
    small, wanted = assume(body.args[0]), body.args[1]
    v = _variance
    above = discharge(where(square_roots.root_positive(), x=v), have(lt(0, v), *OPEN))
    size = (1 + v) / (2 * sqrt(v) * eps)
    far = instance("natural.archimedes", x=size)
    within = beta(wanted.args[0], [m + 1]).args[0]

    def use(chosen: Theorem) -> Theorem:
        claim = beta(within, [K])
        base = intro(
            have(claim_of(claim, num(0)), assume(le(m + 1, num(0)))), (), le(m + 1, num(0))
        )

        def step(_: Theorem) -> Theorem:
            late = assume(le(m + 1, K + 1))
            values = {N: K}
            bound_, under = where(rate, values), where(below, values)
            large = have(le(size, K + 1), chosen, late)
            close = have(le((1 + v) / (2 * (K + 1) * sqrt(v)), eps), large, small, above,
                         have(lt(0, v), *OPEN))  # fmt: skip
            return intro(have(claim_of(claim, K + 1), bound_, under, close, small), (),
                         late.conclusion)  # fmt: skip

        made = induct(K, claim, base, step)
        return infer("witness", made, formula=wanted, terms=(m + 1,))

    made = intro(obtain(far, [m], use), eps, small.conclusion)
    return fold(made, goal)


def claim_of(claim: Term, at: Term) -> Term:
    """What an implication about K says at a value of K."""
    return innermost(beta(lam(K, claim), [at]))
