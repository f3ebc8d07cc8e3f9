"""Section 4: the degree of the polynomial that GRPO with finite groups ascends.

Its coefficients are differences of 1/sqrt(k (G - k)), the values of 1/sqrt(c**2 - x**2) at points
that lie symmetrically around 0.  All even differences of that function are positive, because its
derivatives are sums of positive multiples of x**a (c**2 - x**2)**(-b - 1/2), with even a in those
of even order; an odd difference around 0 vanishes.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

from derivations import binomial, square_roots
from derivations.binomial import DIFFERENCE, difference_along
from derivations.calculus import differentiate, restate, same_function
from derivations.kernel.terms import (
    Definition,
    Term,
    beta,
    both,
    derivative,
    eq,
    forall,
    function,
    lam,
    le,
    lift,
    lt,
    nat,
    num,
    real,
    sqrt,
    total,
)
from derivations.kernel.theorem import Theorem
from derivations.library import Proof, define, state
from derivations.products import CHOOSE, POWER, choose_positive, power_next, power_sign, power_slope
from derivations.tactics import (
    apply,
    assume,
    conjunction,
    discharge,
    fold,
    have,
    induct,
    intro,
    part,
    rewrite,
    specialise,
    where,
)
from derivations.theory.algorithm.groups import N, deviation
from derivations.theory.algorithm.table import GRPO, GRPO_ROW

a, b, k, m, M = (nat(name) for name in ("a", "b", "k", "m", "M"))
c, t, u, x, y, z = (real(name) for name in "ctuxyz")
g = function("g", "R")

BETWEEN = assume(lt(-c, x)), assume(lt(x, c))

# x**a (c**2 - x**2)**(-b - 1/2) -------------------------------------------------------------------


def steep(b_: Any, at: Term) -> Term:
    """(c**2 - x**2)**(-b - 1/2)."""
    return POWER(1 / (c**2 - at**2), b_) / sqrt(c**2 - at**2)


def even(a_: Any, b_: Any, at: Term) -> Term:
    """x**(2 a) (c**2 - x**2)**(-b - 1/2)."""
    return POWER(at**2, a_) * steep(b_, at)


def odd(a_: Any, b_: Any, at: Term) -> Term:
    """x**(2 a + 1) (c**2 - x**2)**(-b - 1/2)."""
    return at * even(a_, b_, at)


def even_slope(a_: Any, b_: Any, at: Term) -> Term:
    """The derivative of `even` for a + 1 in place of a."""
    made: Term = 2 * (a_ + 1) * odd(a_, b_, at) + (2 * b_ + 1) * odd(a_ + 1, b_ + 1, at)
    return made


def odd_slope(a_: Any, b_: Any, at: Term) -> Term:
    """The derivative of `odd`."""
    made: Term = (2 * a_ + 1) * even(a_, b_, at) + (2 * b_ + 1) * even(a_ + 1, b_ + 1, at)
    return made


def room() -> Theorem:
    """0 < c**2 - x**2."""
    return have(lt(0, c**2 - x**2), have(lt(0, (c - x) * (c + x)), *BETWEEN))


def root() -> list[Theorem]:
    """The sign and the square of sqrt(c**2 - x**2)."""
    value, inside = c**2 - x**2, room()
    sign = discharge(where(square_roots.root_positive(), {real("x"): value}), inside)
    return [inside, sign, square_roots.root_of(value, inside)]


@cache
def steep_slope() -> Theorem:
    """``d/dx (c**2 - x**2)**(-b - 1/2) = (2 b + 1) x (c**2 - x**2)**(-b - 3/2)``."""
    known = root()

    def claim(b_: Any) -> Term:
        return derivative(u, steep(b_, u), x, (2 * b_ + 1) * (x * steep(b_ + 1, x)))

    one = have(eq(POWER(1 / (c**2 - u**2), 0), 1), unfold=("power",))
    powers = where(power_next(), {x: 1 / (c**2 - x**2)})
    w, r = c**2 - x**2, sqrt(c**2 - x**2)
    plain = [assume(eq(z**2, y)), assume(lt(0, z)), assume(lt(0, y))]
    inverse = discharge(where(have(eq(1 / y, 1 / z**2), *plain), {y: w, z: r}), *known)
    first = differentiate(u, 1 / sqrt(c**2 - u**2), x, *known, value=x * (1 / r**2) / r)
    goal = claim(num(0))
    base = restate(
        same_function(first, u, beta(goal.args[0], [u]), one), goal.args[2],
        where(one, {u: x}), where(powers, {nat("n"): num(0)}), inverse,
    )  # fmt: skip
    longer = differentiate(
        u, 1 / (c**2 - u**2) * g(u), x, assume(derivative(u, g(u), x, y)), *known,
    )  # fmt: skip

    def step(given: Theorem) -> Theorem:
        shape, _, value = given.conclusion.args
        made = where(longer, {g: shape, y: value})
        made = discharge(made, given, *BETWEEN)
        goal = claim(b + 1)
        next_ = where(power_next(), {x: 1 / (c**2 - u**2), nat("n"): b})
        made = same_function(made, u, beta(goal.args[0], [u]), next_)
        return restate(made, goal.args[2], where(powers, {nat("n"): b}),
                       where(powers, {nat("n"): b + 1}), *known)  # fmt: skip

    return specialise(induct(b, claim(b), base, step), b)


@cache
def square_slope() -> Theorem:
    """``d/dx x**(2 (a + 1)) = 2 (a + 1) x x**(2 a)``."""
    rule = differentiate(u, g(u**2), x, assume(derivative(u, g(u), x**2, y)), value=2 * x * y)
    inner = where(power_slope(), {x: x**2, nat("n"): a})
    made = discharge(where(rule, {g: inner.conclusion.args[0], y: inner.conclusion.args[2]}), inner)
    return restate(made, 2 * (a + 1) * x * POWER(x**2, a))


def product_slope(*facts: Theorem) -> Theorem:
    """``(f g)' = f' g + f g'`` at x, from the derivatives of f and g."""
    f = function("f", "R")
    rule = differentiate(u, f(u) * g(u), x, assume(derivative(u, f(u), x, y)),
                         assume(derivative(u, g(u), x, z)), value=y * g(x) + f(x) * z)  # fmt: skip
    (f_, _, y_), (g_, _, z_) = (fact.conclusion.args for fact in facts)
    values = {f: f_, g: g_, y: y_, z: z_}
    return discharge(where(rule, values), *facts, *BETWEEN)


@cache
def slopes() -> tuple[Theorem, Theorem, Theorem]:
    """The derivatives of `even` at a = 0, of `even` at a + 1, and of `odd`, on (-c, c)."""
    bare = have(eq(POWER(u**2, 0), 1), unfold=("power",))
    after = where(power_next(), {x: x**2, nat("n"): num(0)})
    next_ = where(power_next(), {x: x**2, nat("n"): a})
    plain = same_function(steep_slope(), u, even(0, b, u), bare)
    plain = restate(plain, (2 * b + 1) * odd(0, b + 1, x), where(bare, {u: x}))
    higher = product_slope(square_slope(), steep_slope())
    higher = restate(higher, even_slope(a, b, x), next_)
    line = differentiate(u, u, x)
    start = product_slope(line, plain)
    start = restate(start, odd_slope(num(0), b, x), after, where(bare, {u: x}))
    further = product_slope(line, higher)
    further = restate(further, odd_slope(a + 1, b, x), where(next_, {a: a + 1}), next_)
    ranged = x, *(f.conclusion for f in BETWEEN)
    shape = derivative(u, odd(a, b, u), x, odd_slope(a, b, x))
    every = induct(a, shape, start, lambda _: further)
    return intro(plain, *ranged), intro(higher, *ranged), intro(specialise(every, a), *ranged)


# Their differences --------------------------------------------------------------------------------


def within(at: Term, reach: Any) -> list[Term]:
    """The points from at to at + reach lie in (-c, c)."""
    return [lt(-c, at), lt(at + reach, c)]


def difference(order: Any, body: Callable[[Term], Term]) -> Term:
    """A difference at x."""
    return difference_along(order, lam(u, body(u)), x)


def signs(order: Any, member: Callable[[Any, Any, Term], Term]) -> Term:
    """The differences of that order are not negative, and positive at a = 0."""

    def of(a_: Any) -> Term:
        return difference(order, lambda at: member(a_, b, at))

    return both(
        forall((a, b, x), *within(x, order), le(0, of(a))),
        forall((b, x), *within(x, order), lt(0, of(num(0)))),
    )


def raised(
    order: Any,
    body: Callable[[Term], Term],
    slope: Callable[[Term], Term],
    smooth: Theorem,
    sign: Theorem,
) -> Theorem:
    """The sign of the differences of order + 1 of a function, from those of its derivative."""
    strict = sign.conclusion.head == "<"
    inside = within(x, order)
    values = {function("f", "R"): lam(u, body(u)), g: lam(u, slope(u)), real("low"): -c,
              real("high"): c, nat("n"): order}  # fmt: skip
    rule = where(binomial.difference_sign(strict), values)
    made = discharge(rule, smooth, intro(sign, x, *inside))
    return apply(made, *(assume(f) for f in within(x, order + 1)), at=[x])


def ranged(made: Theorem, order: Any, *names: Term) -> Theorem:
    """The same for all x where a difference of that order is one of values on (-c, c)."""
    return intro(made, (*names, x), *within(x, order))


def odd_signs(given: Theorem, order: Any) -> Theorem:
    """`signs` of `odd` for order + 1, from those of `even`."""
    smooth = slopes()[2]
    inside = [assume(f) for f in within(x, order)]
    above = [apply(part(given, 0), *inside, at=[i, j, x]) for i, j in ((a, b), (a + 1, b + 1))]

    def slope(a_: Any) -> Callable[[Term], Term]:
        return lambda at: odd_slope(a_, b, at)

    mixed = difference(order, slope(a))
    linear = have(eq(mixed, (2 * a + 1) * difference(order, lambda at: even(a, b, at))
                     + (2 * b + 1) * difference(order, lambda at: even(a + 1, b + 1, at))),
                  unfold=binomial.FORMS)  # fmt: skip
    weak = have(le(0, mixed), linear, *above)
    first = apply(part(given, 1), *inside, at=[b, x])
    strict = have(lt(0, difference(order, slope(num(0)))), where(linear, {a: num(0)}), first,
                  where(above[1], {a: num(0)}))  # fmt: skip

    def odd_of(a_: Any) -> Callable[[Term], Term]:
        return lambda at: odd(a_, b, at)

    weak, strict = (
        raised(order, odd_of(a_), slope(a_), where(smooth, {a: a_}), sign)
        for a_, sign in ((a, weak), (num(0), strict))
    )
    return conjunction(ranged(weak, order + 1, a, b), ranged(strict, order + 1, b))


def even_signs(given: Theorem, order: Any) -> Theorem:
    """`signs` of `even` for order + 1, from those of `odd`."""
    plain, higher, _ = slopes()
    inside = [assume(f) for f in within(x, order)]
    first = apply(part(given, 1), *inside, at=[b + 1, x])
    scaled = have(eq(difference(order, lambda at: (2 * b + 1) * odd(0, b + 1, at)),
                     (2 * b + 1) * difference(order, lambda at: odd(0, b + 1, at))),
                  unfold=binomial.FORMS)  # fmt: skip
    positive = have(lt(0, scaled.conclusion.args[0]), scaled, first)
    start = raised(order, lambda at: even(0, b, at), lambda at: (2 * b + 1) * odd(0, b + 1, at),
                   plain, positive)  # fmt: skip
    above = [apply(part(given, 0), *inside, at=[i, j, x]) for i, j in ((a, b), (a + 1, b + 1))]
    linear = have(
        eq(difference(order, lambda at: even_slope(a, b, at)),
           2 * (a + 1) * difference(order, lambda at: odd(a, b, at))
           + (2 * b + 1) * difference(order, lambda at: odd(a + 1, b + 1, at))),
        unfold=binomial.FORMS,
    )  # fmt: skip
    weak = have(le(0, linear.conclusion.args[0]), linear, *above)
    further = raised(order, lambda at: even(a + 1, b, at), lambda at: even_slope(a, b, at),
                     higher, weak)  # fmt: skip
    every = le(0, difference(order + 1, lambda at: even(a, b, at)))
    bare = have(le(0, start.conclusion.args[1]), start)
    made = specialise(induct(a, every, bare, lambda _: further), a)
    return conjunction(ranged(made, order + 1, a, b), ranged(start, order + 1, b))


@cache
def even_differences() -> Theorem:
    """`signs` of `even`, for every even order 2 m."""
    ordered = [assume(f) for f in within(x, num(0))]
    between = have(lt(-c, x), *ordered), have(lt(x, c), *ordered)
    known = [discharge(f, *between) for f in root()]
    inverse = have(lt(0, 1 / y), assume(lt(0, y)))
    inverse = discharge(where(inverse, {y: c**2 - x**2}), known[0])
    powers = (
        discharge(where(power_sign(False), {x: x**2, nat("n"): a}), have(le(0, x**2))),
        discharge(where(power_sign(True), {x: 1 / (c**2 - x**2), nat("n"): b}), inverse),
    )
    first = where(binomial.form_start(), {real("x"): num(1), real("y"): num(-1)})

    def value(a_: Any) -> Theorem:
        start = where(first, {function("F", "N"): lam(k, even(a_, b, x + k))})
        return have(eq(difference(num(0), lambda at: even(a_, b, at)), even(a_, b, x)), start,
                    unfold=("difference",))  # fmt: skip

    positive = have(lt(0, steep(b, x)), powers[1], *known)
    weak = have(le(0, value(a).conclusion.args[0]), value(a), powers[0], positive)
    bare = have(eq(POWER(x**2, 0), 1), unfold=("power",))
    strict = have(lt(0, value(num(0)).conclusion.args[0]), value(num(0)), bare, positive)
    base = conjunction(ranged(weak, num(0), a, b), ranged(strict, num(0), b))

    def step(given: Theorem) -> Theorem:
        twice = even_signs(odd_signs(given, 2 * m), 2 * m + 1)
        return renamed(twice, 2 * m + 1 + 1, 2 * (m + 1))

    base = renamed(base, num(0), 2 * num(0))
    return specialise(induct(m, signs(2 * m, even), base, step), m)


def renamed(given: Theorem, order: Any, other: Any) -> Theorem:
    """`signs` of `even` for an order that is written otherwise."""
    inside = [assume(f) for f in within(x, other)]
    facts = [have(f, *inside) for f in within(x, order)]
    weak = apply(part(given, 0), *facts, at=[a, b, x])
    strict = apply(part(given, 1), *facts, at=[b, x])
    zero = num(0)
    return conjunction(
        ranged(have(le(0, difference(other, lambda at: even(a, b, at))), weak), other, a, b),
        ranged(have(lt(0, difference(other, lambda at: even(zero, b, at))), strict), other, b),
    )


def agreeing(order: Any, each: Theorem) -> Theorem:
    """Equal differences of two functions, from an equation about their values at k."""
    first, second = (lam(k, side) for side in each.conclusion.args)
    values = {nat("n"): order, x: num(1), y: num(-1), function("F", "N"): first,
              function("H", "N"): second}  # fmt: skip
    made = discharge(where(binomial.form_congruent(), values), intro(each, k, le(k, order)))
    return fold(made, eq(DIFFERENCE(order, first), DIFFERENCE(order, second)))


@state(
    "lemma",
    "algorithm.even-differences",
    "Even differences of an inverse square root",
    provenance="classical",
    given=within(x, 2 * m),
    claim=lt(0, DIFFERENCE(2 * m, lam(k, 1 / sqrt(c**2 - (x + k) ** 2)))),
    words="So it is for every function whose derivatives of even order are positive.",
)
def inverse_root(proof: Proof) -> Theorem:
    signs_ = proof.note(
        even_differences(),
        "by induction over m: a difference has the sign of one of the derivative, of an order less "
        "by one, and derivatives turn even powers of x into odd ones and back, with positive "
        "multiples",
    )
    positive = apply(part(signs_, 1), *proof.given, at=[num(0), x])
    place = x + k
    bare = [have(eq(POWER(base, 0), 1), unfold=("power",))
            for base in (place**2, 1 / (c**2 - place**2))]  # fmt: skip
    each = have(eq(even(0, 0, place), 1 / sqrt(c**2 - place**2)), *bare)
    return rewrite(positive, agreeing(2 * m, each))


# GRPO's objective ---------------------------------------------------------------------------------


def gain(companions: Any, at: Term) -> Term:
    """(G - 1)/sqrt(k (G - k)) at k = at + 1, for groups of G = companions + 2."""
    share: Term = (companions + 1) / (companions + 2)
    return share / deviation(at + 1, companions + 2)


_differences = DIFFERENCE(k, lam(m, gain(N, m)))

POWERS = Definition(
    "objective_power", lam((N, k), CHOOSE(N, k) * _differences / lift(k + 1))
)
"""``objective_power(N, k)``: the coefficient of x**(k + 1) in f_G, for groups of G = N + 2."""

OBJECTIVE = Definition(
    "grpo_objective", lam((N, x), total(N + 1, k, POWERS(N, k) * POWER(x, k + 1)))
)
"""``grpo_objective(N, x)``: f_G(x), the polynomial of `algorithm.coefficient`."""

define(
    "definition",
    "algorithm.objective-coefficient",
    "The coefficients of the polynomial that GRPO ascends",
    POWERS,
    provenance="extension",
    claim=eq(POWERS(N, k), beta(POWERS.meaning, [N, k])),
    words="For groups of $G = N + 2$; the differences are those of $(G-1)/\\sqrt{j(G-j)}$ at "
    "$j = m + 1$.",
    module=__name__,
)

define(
    "definition",
    "algorithm.grpo-objective",
    "The polynomial that GRPO ascends",
    OBJECTIVE,
    provenance="extension",
    claim=eq(OBJECTIVE(N, x), beta(OBJECTIVE.meaning, [N, x])),
    words="For groups of $G = N + 2$.",
    module=__name__,
)


def led(companions: Any) -> Term:
    """f_G is a polynomial of degree 2 M + 1: its last coefficient is positive."""
    order = 2 * M
    powers = total(order, k, POWERS(companions, k) * POWER(x, k + 1))
    whole = eq(OBJECTIVE(companions, x), powers + POWERS(companions, order) * POWER(x, order + 1))
    return both(forall(x, whole), lt(0, POWERS(companions, order)))


@state(
    "proposition",
    "algorithm.grpo-degree",
    "The degree of the objective of GRPO with finite groups",
    provenance="extension",
    claim=both(
        forall(
            x, lt(0, x), lt(x, 1),
            derivative(u, OBJECTIVE(N, u), x, GRPO(N + 2, x) / (x * (1 - x))),
        ),
        led(2 * M),
        led(2 * M + 1),
    ),
    words="The polynomial $f_G$ with $f_G'(x)\\,x(1-x) = c_G(x)$, $G = N + 2$, has exactly the "
    "degree $G - 1$ for even $G$ and $G - 2$ for odd $G\\ge 3$: $2M + 1$ for $G = 2M + 2$ and for "
    "$G = 2M + 3$.",
)  # fmt: skip
def degree(proof: Proof) -> Theorem:
    goal = proof.statement.conclusion.args[0]
    slope = proof.note(fold(GRPO_ROW.ascending(), goal), "the row of GRPO in the table of "
                       "`algorithm.coefficient`")  # fmt: skip
    vanishing = proof.note(odd_difference(), "an odd difference of symmetric values is 0")
    results = []
    for companions, known in ((2 * M, ()), (2 * M + 1, (vanishing,))):
        sign = proof.note(leading(proof, companions), "the last coefficient is an even difference")
        whole = led(companions).args[0].args[0]
        peeled = have(beta(whole, [x]), *known, unfold=("grpo_objective",))
        results.append(conjunction(intro(peeled, x), sign))
    return conjunction(slope, *results)


def leading(proof: Proof, companions: Any) -> Theorem:
    """The coefficient of x**(2 M + 1) is positive: k (G - k) = c**2 - x**2 for x = k - G/2."""
    order, size = 2 * M, companions + 1
    middle, start = (companions + 2) / 2, -(companions / 2)
    ends = have(lt(-middle, start)), have(lt(start + order, middle))
    positive = proof.use("algorithm.even-differences", *ends, m=M, c=middle, x=start)
    values = positive.conclusion.args[1].args[1]
    inside, scaled = assume(le(k, order)), lam(k, size * beta(values, [k]))
    product = (k + 1) * (companions + 2 - (k + 1))
    above = have(lt(0, product), inside, have(le(0, k)))
    above = discharge(where(square_roots.root_positive(), {x: product}), above)
    each = have(eq(gain(companions, k), beta(scaled, [k])), above, have(lt(0, companions + 2)))
    same = agreeing(order, each)
    linear = have(eq(DIFFERENCE(order, scaled), size * DIFFERENCE(order, values)),
                  unfold=binomial.FORMS)  # fmt: skip
    differences = DIFFERENCE(order, lam(k, gain(companions, k)))
    equal = have(eq(differences, size * DIFFERENCE(order, values)), same, linear)
    chosen = where(choose_positive(), {nat("n"): companions, k: order})
    chosen = discharge(chosen, have(le(order, companions)))
    sign = have(lt(0, differences), equal, positive, have(lt(0, size)))
    return have(lt(0, POWERS(companions, order)), sign, chosen, have(lt(0, order + 1)),
                unfold=("objective_power",))  # fmt: skip


def odd_difference() -> Theorem:
    """The coefficient of x**(2 M + 2) vanishes for groups of 2 M + 3."""
    order = 2 * M + 1
    rule = where(binomial.difference_reflection(), {
        function("psi", "R"): lam(z, gain(order, z)), nat("n"): order, x: num(0),
    })  # fmt: skip

    def odd_power(index: Any) -> Term:
        return eq(POWER(-1, 2 * index + 1), -1)

    def step(given: Theorem) -> Theorem:
        twice = [where(power_next(), {x: num(-1), nat("n"): 2 * M + j}) for j in (1, 2)]
        return have(odd_power(M + 1), given, *twice)

    start = have(odd_power(num(0)), unfold=("power",))
    sign = specialise(induct(M, odd_power(M), start, step), M)
    forth, back = (have(eq(gain(order, place), gain(order, k)))
                   for place in (num(0) + k, num(0) + order - k))  # fmt: skip
    same = agreeing(order, forth), agreeing(order, back)
    mirrored = rewrite(rule, *same, sign)
    turned = have(eq(y, 0), assume(eq(y, -1 * y)))
    zero = discharge(where(turned, {y: mirrored.conclusion.args[0]}), mirrored)
    return have(eq(POWERS(order, order), 0), zero, unfold=("objective_power",))
