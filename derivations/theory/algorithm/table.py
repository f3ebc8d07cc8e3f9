"""Section 4: the algorithms as data, and the coefficient of each.

An `Algorithm` says which groups it draws, which of them it keeps, and what advantage a correct
and an incorrect response get.  `coefficient_of` derives from this alone what multiplies the
Gradient Gap in the expected update, for any algorithm; a row of the table also has that
coefficient in closed form and the objective of the success rate that it ascends.

>>> row = Algorithm("half", num(1), lambda k, J: num(1) / 2, lambda k, J: num(0))
>>> coefficient_of(row).conclusion.args[1].args[0]
coefficient(0, mass(n, r, lp(t, _)), k |-> 1/2, k |-> 0)
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

from derivations import binomial, square_roots
from derivations.binomial import PRIMITIVE, mean
from derivations.calculus import differentiate, restate
from derivations.kernel.terms import (
    Definition,
    Term,
    app,
    beta,
    both,
    cos,
    derivative,
    either,
    eq,
    forall,
    free_variables,
    function,
    implies,
    lam,
    le,
    lift,
    log,
    lt,
    minimum,
    nat,
    num,
    real,
    sin,
    sqrt,
    total,
)
from derivations.kernel.theorem import Theorem, infer
from derivations.library import Proof, define, prove, state
from derivations.products import CHOOSE, POWER, power_next, power_slope
from derivations.tactics import (
    apply,
    assume,
    by_cases,
    conjunction,
    discharge,
    fresh,
    have,
    instance,
    intro,
    order,
    part,
    rewrite,
    symmetric,
    transitive,
    where,
)
from derivations.theory.algorithm.groups import (
    ADVANTAGES,
    COEFFICIENT,
    KEPT,
    SELECTED,
    VALUE,
    J,
    N,
    P,
    S,
    T,
    V,
    contributed,
    count,
    deviation,
    drawn,
    gap,
    group_form,
    line,
    standardised,
    t,
    variance_over_deviation,
    x,
)
from derivations.theory.setting import unique

Advantage = Callable[[Term, Term], Term]
Value = Callable[[Term], Term]


@dataclass(frozen=True)
class Algorithm:
    """An algorithm that draws groups of `size` responses: a number, or ``N + c`` for a number c.

    `correct` and `incorrect` map (k, J) to the advantages of a response in a group with k
    correct ones, J being the success rate for those that know it; `kept` maps k to 1 where the
    group is kept and to 0 where it is drawn anew (None: every group is kept).
    """

    name: str
    size: Term
    correct: Advantage
    incorrect: Advantage
    kept: Value | None = None

    @property
    def companions(self) -> Term:
        """The group size less one."""
        if self.size.kind == "num":
            return num(self.size.head - 1)
        fixed, more = self.size.args
        return app("+", fixed, num(more.head - 1)) if more.head > 1 else lift(fixed)

    def advantages(self, rate: Term) -> tuple[Term, Term]:
        """The advantages of a correct and of an incorrect response as functions of k."""
        k = fresh("k", "R", rate)
        return lam(k, self.correct(k, rate)), lam(k, self.incorrect(k, rate))

    def weighted(self, rate: Term) -> tuple[Term, Term]:
        """The advantages, zero in groups that are not kept."""
        kept = self.kept
        if kept is None:
            return self.advantages(rate)
        k = fresh("k", "R", rate)
        up, down = (lam(k, kept(k) * beta(f, [k])) for f in self.advantages(rate))
        return up, down

    def derived(self, rate: Term) -> Term:
        """The coefficient in terms of the advantages."""
        plain = COEFFICIENT(self.companions, rate, *self.weighted(rate))
        return plain if self.kept is None else plain / mean(self.size, rate, self.kept)

    @property
    def contribution(self) -> Term:
        """What a group contributes to V, and to P, the probability that it is kept."""
        if self.kept is None:
            return ADVANTAGES(self.size, *self.advantages(J(t)), VALUE)
        k = fresh("k", "R", J(t))
        kept = lam(k, self.kept(k))
        return SELECTED(self.size, kept, *self.advantages(J(t)), VALUE, KEPT)

    @property
    def update(self) -> Term:
        """The expected update."""
        value = V(self.size, 0, 0, 0)
        return value if self.kept is None else value / P(self.size, 0, 0, 0)


FOUNDATION = (
    "algorithm.expected-update", "algorithm.coefficient-by-group", "algorithm.kept-groups",
)  # fmt: skip
"""The statements that `coefficient_of` and the closed forms rest on."""


def coefficient_of(algorithm: Algorithm) -> Theorem:
    """The expected update is a multiple of the Gradient Gap; its hypotheses say what V and P are.

    Nothing but the definition of the algorithm goes into it.
    """
    size, companions = algorithm.size, algorithm.companions
    up, down = algorithm.weighted(J(t))
    opened = contributed(assume(algorithm.contribution))
    update = (beta(up, [count]) * S + beta(down, [count]) * T) / (companions + 1)
    end = have(eq(V(0, count, S, T), update), opened)
    values = {N: companions, function("a", "R"): up, function("b", "R"): down}
    policy = assume(line.policy)
    made = where(prove("algorithm.expected-update"), values)
    made = discharge(made, policy, assume(drawn(VALUE)), intro(end, (count, S, T)))
    if algorithm.kept is None:
        return have(eq(algorithm.update, algorithm.derived(J(t)) * gap(t)), made)
    kept = {N: size, function("d", "R"): lam(x, algorithm.kept(x))}
    chance = where(prove("algorithm.kept-groups"), kept)
    chance = discharge(chance, policy, assume(drawn(KEPT)), intro(part(opened, 1), (count, S, T)))
    return have(eq(algorithm.update, algorithm.derived(J(t)) * gap(t)), made, chance)


def polynomial_objective(algorithm: Algorithm) -> tuple[Value, Theorem]:
    """An f with f'(x) x(1-x) = derived(x), for an algorithm that keeps every group and does not
    know the success rate: a polynomial of degree at most the group size.

    Raises `ValueError` for other algorithms.
    """
    if algorithm.kept is not None or x in free_variables(algorithm.derived(x).args[2]):
        raise ValueError(f"{algorithm.name}: no polynomial objective; its coefficient is none")
    up, down = algorithm.weighted(x)
    gain = lam(k, beta(up, [k + 1]) - beta(down, [k]))
    values = {nat("n"): algorithm.companions, function("F", "N"): gain}
    slope = where(binomial.primitive_slope(), {**values, real("p"): x})
    inside = [assume(lt(0, x)), assume(lt(x, 1))]
    value = algorithm.derived(x) / (x * (1 - x))
    return (
        lambda y: PRIMITIVE(algorithm.companions, gain, y),
        restate(slope, value, *inside, unfold=("coefficient",)),
    )


# The rows ---------------------------------------------------------------------------------------

k, M = nat("k"), nat("M")
u, y, baseline, epsilon, ddof = (real(name) for name in ("u", "y", "b", "epsilon", "delta"))
phi, psi, _values = function("phi", "R"), function("psi", "R"), function("F", "N")

INSIDE = [assume(lt(0, x)), assume(lt(x, 1))]
"""0 < x < 1, the range of success rates."""


@dataclass(frozen=True)
class Row:
    """A row of the table: an algorithm, its coefficient in closed form and its objective.

    `closing` proves that the coefficient is the derived one, for 0 < x < 1; `objective` maps the
    success rate to f, with f'(x) x(1-x) = coefficient(x) by `ascent`, under `where`.
    """

    algorithm: Algorithm
    coefficient: Value
    closing: Callable[[Row], Theorem]
    objective: Value | None = None
    ascent: Callable[[Row], Theorem] | None = None
    given: Term | None = None

    @property
    def slope(self) -> Term:
        """c(x)/(x(1-x)), the derivative of the objective."""
        return self.coefficient(x) / (x * (1 - x))

    @property
    def claim(self) -> Term:
        """The expected update is the coefficient times the Gradient Gap; the objective's slope."""
        update = eq(self.algorithm.update, self.coefficient(J(t)) * gap(t))
        update = implies(self.algorithm.contribution, update)
        if self.objective is None:
            return update
        ascends = derivative(u, self.objective(u), x, self.slope)
        ascends = forall(x, lt(0, x), lt(x, 1), ascends)
        return both(update, ascends if self.given is None else implies(self.given, ascends))

    def ascending(self) -> Theorem:
        """``for 0 < x < 1: objective'(x) = slope``; raises `ValueError` without an objective."""
        if self.objective is None:
            raise ValueError(f"{self.algorithm.name}: there is no objective")
        ascent = self.ascent(self) if self.ascent else elementary(self, self.objective)
        return intro(ascent, x, *(f.conclusion for f in INSIDE))

    def proved(self, made: Theorem) -> Theorem:
        """The claim, from the expected update under what a group contributes."""
        update = intro(made, (), self.algorithm.contribution)
        if self.objective is None:
            return update
        ascent = self.ascending()
        return conjunction(update, ascent if self.given is None else intro(ascent, (), self.given))


def restate_objective(slope: Theorem, row: Row, closed: Theorem) -> Theorem:
    """The slope of `polynomial_objective` in terms of a closed form of the coefficient."""
    return restate(slope, row.slope, closed, *INSIDE)


def rewrite_coefficient(update: Theorem, closed: Theorem) -> Theorem:
    """``update = c gamma`` from ``update = derived gamma`` and ``derived = c``."""
    value, old = update.conclusion.args
    hole = real("hole")
    return infer("rewrite", closed, update, template=lam(hole, eq(value, hole * old.args[1])))


def elementary(row: Row, objective: Value) -> Theorem:
    """The slope of an objective by the rules of calculus."""
    return differentiate(u, objective(u), x, *INSIDE, value=row.slope)


def by_arithmetic(*facts: Callable[[], Theorem]) -> Callable[[Row], Theorem]:
    """A closing that needs nothing but arithmetic and the given facts."""

    def closing(row: Row) -> Theorem:
        algorithm = row.algorithm
        known = [*INSIDE, have(lt(0, algorithm.size)), have(lt(0, algorithm.companions + 1))]
        goal = eq(algorithm.derived(x), row.coefficient(x))
        return have(goal, *known, *(f() for f in facts), unfold=("coefficient",))

    return closing


def trials(count_: Term, rule: Theorem) -> Theorem:
    """A fact about the binomial mean, at `count_` trials with probability x."""
    return where(rule, {nat("n"): count_, real("p"): x})


def _one(count_: Term) -> Callable[[], Theorem]:
    return lambda: trials(count_, binomial.total_probability())


REINFORCE = Row(
    Algorithm("REINFORCE", N + 1, lambda k, J: 1 - baseline, lambda k, J: -baseline),
    lambda x: x * (1 - x), by_arithmetic(_one(N)), lambda x: x,
)  # fmt: skip
RLOO = Row(
    Algorithm("RLOO", N + 2, lambda k, J: 1 - (k - 1) / (N + 1), lambda k, J: -(k / (N + 1))),
    lambda x: x * (1 - x),
    by_arithmetic(_one(N + 1), lambda: have(lt(0, N + 1))), lambda x: x,
)  # fmt: skip
DR_GRPO = Row(
    Algorithm("Dr. GRPO", N + 1, lambda k, J: 1 - k / (N + 1), lambda k, J: -(k / (N + 1))),
    lambda x: N / (N + 1) * (x * (1 - x)),
    by_arithmetic(lambda: trials(N, binomial.constant(N / (N + 1)))),
    lambda x: N / (N + 1) * x,
)  # fmt: skip


# Standardised rewards ---------------------------------------------------------------------------

GRPO = Definition("grpo", lam((nat("n"), x), mean(nat("n"), x, lambda k: deviation(k, nat("n")))))
"""``grpo(G, J)``: c_G(J), the mean standard deviation of the rewards of a group of G."""

define(
    "definition",
    "algorithm.grpo-coefficient",
    "GRPO's coefficient for groups of n",
    GRPO,
    provenance="extension",
    claim=eq(GRPO(nat("n"), x), mean(nat("n"), x, lambda k: deviation(k, nat("n")))),
    words="The mean standard deviation of the rewards of a group.",
    module=__name__,
)

define(
    "definition",
    "algorithm.primitive",
    "The polynomial whose derivative is a binomial mean",
    PRIMITIVE,
    binomial.DIFFERENCE,
    provenance="classical",
    claim=eq(
        PRIMITIVE(nat("n"), lam(k, _values(k)), x),
        total(nat("n") + 1, k, CHOOSE(nat("n"), k) * binomial.DIFFERENCE(k, lam(k, _values(k)))
              / (k + 1) * POWER(x, k + 1)),
    ),
    words="In powers of the success rate; $\\Delta^{k} F$ is the $k$-th forward difference of $F$ "
    "at 0.",
    module=__name__,
)


@cache
def over_scale() -> Theorem:
    """``coefficient(...) = mean(N + 1, x, d (variance/c))`` for the advantages (r - mean)/c(k),
    whatever the scale c, in groups kept with the weight d(k)."""
    c, d = function("c", "R"), function("d", "R")
    size = N + 1
    up, down = (lam(x, d(x) * value) for value in standardised(x, size, c(x)))
    made = where(prove("algorithm.coefficient-by-group"),
                 {function("a", "R"): up, function("b", "R"): down})  # fmt: skip
    wanted = mean(size, x, lambda k: d(k) * (k * (size - k) / size**2 / c(k)))
    return have(eq(made.conclusion.args[0], wanted), made, have(lt(0, size)))


def spread(size: Term, scale: Value, share: Value) -> Value:
    """The variance of a group's rewards over the scale."""
    return lambda k: share(k) * (k * (size - k) / size**2 / scale(k))


def by_scale(algorithm: Algorithm, scale: Value) -> Theorem:
    """`over_scale` for an algorithm with groups of N + 2 that divides rewards by `scale`."""
    share = algorithm.kept if algorithm.kept else lambda k: num(1)
    values = {N: N + 1, function("c", "R"): lam(x, scale(x)), function("d", "R"): lam(x, share(x))}
    wanted = mean(N + 2, x, spread(N + 2, scale, share))
    plain = COEFFICIENT(N + 1, x, *algorithm.weighted(x))
    return have(eq(plain, wanted), where(over_scale(), values), unfold=("coefficient",))


def grouped(row: Row, scale: Value) -> Theorem:
    """``derived = mean(G, x, d std)`` where the scale is the standard deviation itself."""
    size, share = N + 2, row.algorithm.kept
    weight: Value = share if share else lambda k: num(1)
    same = variance_over_deviation(k, size)
    before, after = spread(size, scale, weight)(k), weight(k) * deviation(k, size)
    over = group_form(size, lam(k, before), lam(k, after), x, have(eq(before, after), same))
    return transitive(by_scale(row.algorithm, scale), over)


@cache
def close_grpo(row: Row) -> Theorem:
    """``derived = c_G`` for rewards over their standard deviation."""
    goal = eq(row.algorithm.derived(x), GRPO(N + 2, x))
    return have(goal, grouped(row, _deviation), unfold=("grpo",))


def _deviation(k: Term) -> Term:
    return deviation(k, N + 2)


def _steadied(k: Term) -> Term:
    """The standard deviation with `ddof` degrees of freedom less, plus epsilon."""
    return sqrt(k * (N + 2 - k) / ((N + 2) * (N + 2 - ddof))) + epsilon


def mixed(k: Term) -> Term:
    """1 for a group with correct and incorrect responses, 0 for others."""
    return minimum(1, k * (N + 2 - k))


def _standard(name: str, scale: Value, kept: Value | None = None) -> Algorithm:
    return Algorithm(
        name, N + 2,
        lambda k, J: standardised(k, N + 2, scale(k))[0],
        lambda k, J: standardised(k, N + 2, scale(k))[1],
        kept,
    )  # fmt: skip


def scaled_objective(scale: Value) -> Value:
    """The polynomial whose derivative is the mean of (G-1)/G / scale(k + 1), G - 2 trials."""
    gain = lam(k, (N + 1) / (N + 2) / scale(k + 1))
    return lambda y: PRIMITIVE(N, gain, y)


def scaled_ascent(row: Row, scale: Value) -> Theorem:
    """The slope of that polynomial: its x(1-x)-fold is the coefficient."""
    size = N + 2
    before = mean(size, x, spread(size, scale, lambda k: num(1)))
    gain = lam(k, (N + 1) / size / scale(k))
    slope = trials(N, where(binomial.primitive_slope(),
                            {function("F", "N"): lam(k, beta(gain, [k + 1]))}))  # fmt: skip
    biased = trials(N, where(binomial.twice_biased(), {function("F", "N"): gain}))
    each = have(
        eq(beta(biased.conclusion.args[1].args[2], [k]), spread(size, scale, lambda k: num(1))(k)),
        have(lt(0, N + 1)), have(lt(0, size)),
    )  # fmt: skip
    same = group_form(size, biased.conclusion.args[1].args[2],
                      before.args[2], x, each)  # fmt: skip
    closed = row.closing(row)
    plain = by_scale(row.algorithm, scale)
    return restate(slope, row.slope, *INSIDE, biased, same, closed, plain)


GRPO_ROW = Row(
    _standard("GRPO", _deviation), lambda x: GRPO(N + 2, x), close_grpo,
    scaled_objective(_deviation), lambda row: scaled_ascent(row, _deviation),
)  # fmt: skip


def close_steadied(row: Row) -> Theorem:
    """``derived = E[variance/(std + epsilon)]``."""
    made = by_scale(row.algorithm, _steadied)
    return have(eq(row.algorithm.derived(x), row.coefficient(x)), made)


STEADIED = Row(
    _standard("GRPO with epsilon", _steadied),
    lambda x: mean(N + 2, x, lambda k: k * (N + 2 - k) / (N + 2) ** 2 / _steadied(k)),
    close_steadied, scaled_objective(_steadied), lambda row: scaled_ascent(row, _steadied),
)  # fmt: skip


def close_dapo(row: Row) -> Theorem:
    """Groups with equal rewards have advantage zero anyway; the others are the more frequent."""
    made = grouped(row, _deviation)
    size = N + 2
    inside = assume(le(k, size))
    split = mixed_cases(inside)
    zero = where(square_roots.root_unique(), {real("x"): num(0), real("y"): num(0)})
    zero = discharge(zero, have(le(0, num(0))), have(eq(num(0), num(0) ** 2)))
    goal = eq(mixed(k) * _deviation(k), _deviation(k))

    def uniform(case: Theorem) -> Theorem:
        # k = 0 or k = G, where the deviation is sqrt(0)/G.
        product = have(eq(k * (size - k), 0), case)
        nothing = have(eq(_deviation(k), 0), rewrite(zero, symmetric(product)), product)
        return have(goal, nothing)

    each = by_cases(split, uniform, uniform, lambda case: have(goal, case))
    same = group_form(size, lam(k, mixed(k) * _deviation(k)), lam(k, _deviation(k)), x, each)
    return have(eq(row.algorithm.derived(x), row.coefficient(x)), made, same, chance_of_mixed(),
                unfold=("grpo",))  # fmt: skip


def mixed_cases(inside: Theorem) -> Theorem:
    """``k = 0``, or ``k = G``, or ``min(1, k (G - k)) = 1``."""
    size = N + 2
    first, second, third = eq(k, 0), eq(k, size), eq(mixed(k), 1)
    goal = either(first, second, third)
    below = have(le(0, k))

    def middle(low: Theorem, high: Theorem) -> Theorem:
        one = apply(instance("natural.discrete", m=num(0), n=k), low)
        other = apply(instance("natural.discrete", m=k, n=size), high)
        large = have(le(1, k * (size - k)), one, other)
        made = by_cases(
            instance("minimum.cases", x=num(1), y=k * (size - k)),
            lambda case: have(third, case),
            lambda case: have(third, case, large),
        )
        made = infer("weaken", made, formula=either(second, third))
        return infer("weaken", made, formula=goal)

    def upper(low: Theorem) -> Theorem:
        return by_cases(
            order(size, k),
            lambda case: infer("weaken", infer("weaken", have(second, case, inside),
                                               formula=either(second, third)), formula=goal),
            lambda case: middle(low, case),
        )  # fmt: skip

    return by_cases(
        order(k, num(0)),
        lambda case: infer("weaken", have(first, case, below), formula=goal),
        upper,
    )


@cache
def chance_of_mixed() -> Theorem:
    """``mean(G, x, mixed) = 1 - x**G - (1-x)**G`` for G = N + 2."""
    size = N + 2
    here = where(mixed_cases(assume(le(k, size))), {k: k + 1})
    here = discharge(here, have(le(k + 1, size), assume(lt(k, N + 1))))
    goal = eq(mixed(k + 1), 1)
    each = by_cases(
        here,
        lambda case: have(goal, case),
        lambda case: have(goal, case, assume(lt(k, N + 1))),
        lambda case: case,
    )
    none = minimum_of(0)
    rule = where(binomial.ends(), {nat("n"): N + 1, real("p"): x,
                                   function("F", "N"): lam(k, mixed(k)),
                                   function("H", "N"): lam(k, num(1))})  # fmt: skip
    made = discharge(rule, intro(each, k, lt(k, N + 1)))
    wanted = 1 - POWER(x, size) - POWER(1 - x, size)
    return have(eq(mean(size, x, mixed), wanted), made, none, _one(size)())


def minimum_of(value: int) -> Theorem:
    """``min(1, value) = value`` for a value up to 1."""
    goal = eq(minimum(1, value), value)
    split = instance("minimum.cases", x=num(1), y=num(value))
    return by_cases(split, *([lambda case: have(goal, case)] * 2))


DAPO = Row(
    _standard("DAPO", _deviation, mixed),
    lambda x: GRPO(N + 2, x) / (1 - POWER(x, N + 2) - POWER(1 - x, N + 2)), close_dapo,
)  # fmt: skip


# Algorithms that know the success rate, and groups of one -----------------------------------------

_deviant = sqrt(x * (1 - x))


def close_population(row: Row) -> Theorem:
    """The variance over its root is its root."""
    variance = x * (1 - x)
    positive = have(lt(0, variance), *INSIDE)
    root = square_roots.root_of(variance, positive)
    strict = discharge(where(square_roots.root_positive(), x=variance), positive)
    goal = eq(row.algorithm.derived(x), row.coefficient(x))
    mean_ = trials(num(0), binomial.constant(1 / _deviant))
    opened = have(eq(COEFFICIENT(num(0), x, *row.algorithm.weighted(x)),
                     variance * mean(num(0), x, lambda k: 1 / _deviant)),
                  strict, unfold=("coefficient",))  # fmt: skip
    return have(goal, opened, mean_, have(eq(variance / _deviant, _deviant), root, strict))


ANGLE = forall(
    x, lt(0, x), lt(x, 1),
    both(derivative(u, phi(u), x, psi(x)), eq(sin(phi(x) / 2), sqrt(x)), le(0, cos(phi(x) / 2))),
)  # fmt: skip
"""phi is a differentiable 2 arcsin sqrt."""


def angle_slope(row: Row) -> Theorem:
    """From sin(phi(x)/2) = sqrt(x) and cos(phi(x)/2) >= 0: phi' = 1/sqrt(x (1-x))."""
    angle = assume(ANGLE)
    slope, height, side = (part(apply(angle, *INSIDE, at=[x]), *p) for p in ((0,), (1, 0), (1, 1)))
    moving = differentiate(u, sin(phi(u) / 2) ** 2, x, slope)
    radius = minimum(x, 1 - x)
    split = instance("minimum.cases", x=x, y=1 - x)
    within = both(lt(0, radius), le(radius, x), le(radius, 1 - x))
    near = by_cases(split, *([lambda case: have(within, case, *INSIDE)] * 2))
    low, high = assume(lt(x - radius, u)), assume(lt(u, x + radius))
    inside = have(lt(0, u), low, near), have(lt(u, 1), high, near)
    square = apply(instance("root.square", x=u), have(le(0, u), inside[0]))
    same = have(eq(u, sin(phi(u) / 2) ** 2), apply(angle, *inside, at=[u]), square)
    rule = instance("derivative.local", f=lam(u, u), g=lam(u, sin(phi(u) / 2) ** 2), t=x,
                    x=num(1), d=radius)  # fmt: skip
    near_x = intro(same, u, low.conclusion, high.conclusion)
    line_ = apply(rule, near, near_x, instance("derivative.identity", t=x))
    one = unique(moving, line_)
    root = square_roots.root_of(x, INSIDE[0])
    product = sqrt(x) * cos(phi(x) / 2)
    circle = instance("circle", x=phi(x) / 2)
    squared = have(eq(x * (1 - x), product**2), circle, height, root)
    named = where(square_roots.root_unique(), {real("x"): x * (1 - x), real("y"): product})
    named = discharge(named, have(le(0, product), root, side), squared)
    positive = discharge(where(square_roots.root_positive(), x=x * (1 - x)),
                         have(lt(0, x * (1 - x)), *INSIDE))  # fmt: skip
    scaled = have(eq(psi(x) * sqrt(x * (1 - x)), 1), one, height, named)
    variance = square_roots.root_of(x * (1 - x), have(lt(0, x * (1 - x)), *INSIDE))
    return restate(slope, row.slope, scaled, positive, variance, *INSIDE)


POPULATION = Row(
    Algorithm("population GRPO", num(1), lambda k, J: (1 - J) / sqrt(J * (1 - J)),
              lambda k, J: -(J / sqrt(J * (1 - J)))),
    lambda x: sqrt(x * (1 - x)), close_population,
    phi, angle_slope, ANGLE,
)  # fmt: skip


def alone(row: Row, *facts: Theorem) -> Theorem:
    """A closing for groups of one: the mean over no companions is the value at 0."""
    up, down = row.algorithm.weighted(x)
    gain = lam(k, beta(up, [k + 1]) - beta(down, [k]))
    start = where(binomial.start(), {real("p"): x, function("F", "N"): gain})
    chance = trials(num(1), binomial.first_moment())
    return have(eq(row.algorithm.derived(x), row.coefficient(x)), start, chance, *facts, *INSIDE,
                unfold=("coefficient",))  # fmt: skip


RAFT = Row(
    Algorithm("RAFT", num(1), lambda k, J: num(1), lambda k, J: num(0), lambda k: k),
    lambda x: 1 - x, alone, log,
)  # fmt: skip
LOG_ODDS = Row(
    Algorithm("log-odds", num(1), lambda k, J: 1 / J, lambda k, J: -(1 / (1 - J))),
    lambda x: num(1), alone, lambda x: log(x / (1 - x)),
)  # fmt: skip


def pass_slope(row: Row) -> Theorem:
    """The slope of 1 - (1-x)**(M + 1)."""
    f, q = function("f", "R"), real("q")
    inner = assume(derivative(u, f(u), 1 - x, q))
    made = differentiate(u, 1 - f(1 - u), x, inner, value=q)
    power = where(power_slope(), {real("x"): 1 - x, nat("n"): M})
    made = discharge(where(made, {f: power.conclusion.args[0], q: power.conclusion.args[2]}), power)
    return restate(made, row.slope, _failures(), *INSIDE)


def _failures() -> Theorem:
    """(1-x)**(M + 1) = (1-x) (1-x)**M."""
    return where(power_next(), {real("x"): 1 - x, nat("n"): M})


PASS = Row(
    Algorithm("pass@k", num(1), lambda k, J: (M + 1) * POWER(1 - J, M), lambda k, J: num(0)),
    lambda x: (M + 1) * (x * POWER(1 - x, M + 1)), lambda row: alone(row, _failures()),
    lambda x: 1 - POWER(1 - x, M + 1), pass_slope,
)  # fmt: skip

TABLE = (
    REINFORCE, RLOO, DR_GRPO, POPULATION, GRPO_ROW, STEADIED, DAPO, RAFT, LOG_ODDS, PASS,
)  # fmt: skip
"""The table of `algorithm.coefficient`."""


@state(
    "theorem",
    "algorithm.coefficient",
    "Coefficients and objectives of the algorithms",
    provenance="classical",
    given=[line.policy, drawn(VALUE), drawn(KEPT)],
    claim=both(*(row.claim for row in TABLE)),
    words="Row by row: what a group contributes, the expected update that follows, and the "
    "objective of the success rate that it ascends. In the row of population GRPO $\\varphi$ "
    "stands for $2\\arcsin\\sqrt{x}$, of which it is assumed that it has a derivative. Objectives "
    "behind coefficients: Davis and Recht (arXiv:2510.13651); population GRPO: Mroueh "
    "(arXiv:2503.06639); the standard deviation of a group: arXiv:2607.00152.",
)
def coefficient(proof: Proof) -> Theorem:
    rate = proof.use("setting.success-rate", at=[t])
    proof.used.update(dict.fromkeys(FOUNDATION))
    rows = []
    for row in TABLE:
        closed = where(row.closing(row), {x: J(t)})
        made = rewrite_coefficient(coefficient_of(row.algorithm), discharge(closed, rate))
        rows.append(row.proved(made))
        proof.note(intro(made, (), row.algorithm.contribution), row.algorithm.name)
    return conjunction(*rows)
