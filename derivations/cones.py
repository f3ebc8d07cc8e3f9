"""Projection on a convex cone, and the point of least norm in a convex hull, for any number of
vectors.

The language of the kernel has quantifiers over numbers, not over weights b(q); so that there are
weights is proved for each number of vectors by itself, by the same induction: each function here
proves its statement for as many as are asked for.  Only the order of the reals is needed, not
that they are complete: a new generator either gets no weight, or one that makes what is left of
the target orthogonal to it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache, reduce
from operator import add

from derivations.kernel.terms import (
    Term,
    beta,
    both,
    eq,
    exists,
    function,
    lam,
    le,
    lt,
    nat,
    num,
    real,
)
from derivations.kernel.theorem import Theorem, infer
from derivations.tactics import (
    absurd,
    assume,
    by_cases,
    conjunction,
    discharge,
    fold,
    have,
    obtain,
    order,
    part,
    where,
)
from derivations.vectors import PRODUCTS, at, cauchy_schwarz, pair, square_sign

j, q, d = (nat(name) for name in ("j", "q", "d"))
v, u, b, e = function("v", "N", "N"), function("u", "N"), function("b", "N"), real("e")


@dataclass(frozen=True)
class Vector:
    """A vector in R^(d+1): a function of j < d, and its last coordinate."""

    below: Term
    last: Term

    def __add__(self, other: Vector) -> Vector:
        summed = beta(self.below, [j]) + beta(other.below, [j])
        return Vector(lam(j, summed), self.last + other.last)

    def times(self, factor: Term) -> Vector:
        """A multiple."""
        return Vector(lam(j, factor * beta(self.below, [j])), factor * self.last)

    def __sub__(self, other: Vector) -> Vector:
        return self + other.times(num(-1))

    def dot(self, other: Vector) -> Term:
        """The inner product."""
        return pair(self.below, other.below) + self.last * other.last


ZERO = Vector(lam(j, num(0)), num(0))
TARGET = Vector(lam(j, b(j)), e)


def generator(index: Term) -> Vector:
    """The vector of that number, v(q, .) and u(q)."""
    return Vector(lam(j, v(index, j)), u(index))


def generators(count: int) -> list[Vector]:
    """The first vectors."""
    return [generator(num(k)) for k in range(count)]


def combined(weights: Sequence[Term], vectors: Sequence[Vector]) -> Vector:
    """The combination with these weights."""
    parts = [x.times(w) for w, x in zip(weights, vectors, strict=True)]
    return reduce(add, parts) if parts else ZERO


def solved(weights: Sequence[Term]) -> Term:
    """The combination p is the projection of the target b: no weight is negative, b - p is at no
    acute angle with a generator, and orthogonal to p."""
    vectors = generators(len(weights))
    rest = TARGET - combined(weights, vectors)
    return both(
        *(le(0, w) for w in weights),
        *(le(rest.dot(x), 0) for x in vectors),
        eq(rest.dot(combined(weights, vectors)), 0),
    )


def names(letter: str, count: int) -> list[Term]:
    """Variables for weights."""
    return [real(f"{letter}_{k}") for k in range(count)]


def bilinear(goal: Term, *facts: Theorem) -> Theorem:
    """Arithmetic with inner products of combinations, which are linear on both sides."""
    return have(goal, *facts, unfold=PRODUCTS)


@cache
def projection(count: int) -> Theorem:
    """``there are weights that solve it``, for any target and any `count` generators, `count` > 0.

    For none it is ``0 = 0``: the projection is 0.
    """
    if count == 0:
        return bilinear(solved([]))
    goal = exists(names("c", count), solved(names("c", count)))

    def witness(weights: Sequence[Term], shown: Theorem) -> Theorem:
        ready = fold(shown, beta(goal.args[0], weights))
        return infer("witness", ready, formula=goal, terms=tuple(weights))

    before, last = projection(count - 1), generator(num(count - 1))
    size = last.dot(last)
    flat = {
        v: lam((q, j), beta(_across(generator(q), last).below, [j])),
        u: lam(q, _across(generator(q), last).last),
        b: _across(TARGET, last).below, e: _across(TARGET, last).last,
    }  # fmt: skip

    def first(old: list[Term], known: Theorem) -> Theorem:
        rest = TARGET - combined(old, generators(count - 1))

        def enough(case: Theorem) -> Theorem:
            weights = [*old, num(0)]
            return witness(weights, _same(weights, [*listed(known), case]))

        def short(case: Theorem) -> Theorem:
            beside = where(before, flat)
            positive = _positive(rest, last, case)

            def second(new: list[Term], found: Theorem) -> Theorem:
                height = (TARGET - combined(new, generators(count - 1))).dot(last) / size
                weights = [*new, height]
                shown = _lifted(weights, listed(found), listed(known), old, case, positive)
                return witness(weights, shown)

            return _each(beside, "a", count - 1, second)

        return by_cases(order(rest.dot(last), num(0)), enough, short)

    return _each(before, "k", count - 1, first)


def _each(
    theorem: Theorem, letter: str, count: int, use: Callable[[list[Term], Theorem], Theorem]
) -> Theorem:
    """Use weights that are known to exist, under names of their own; for none it is plain."""
    if count == 0:
        return use([], theorem)
    chosen = names(letter, count)
    return obtain(theorem, chosen, lambda known: use(chosen, known))


def _across(x: Vector, last: Vector) -> Vector:
    """The part of a vector that is orthogonal to the last generator."""
    return x - last.times(x.dot(last) / last.dot(last))


# The induction step -----------------------------------------------------------------------------


def listed(known: Theorem) -> list[Theorem]:
    """The parts of a conjunction."""
    found = []
    while known.conclusion.head == "and":
        found.append(part(known, 0))
        known = part(known, 1)
    return [*found, known]


def _positive(rest: Vector, last: Vector, acute: Theorem) -> Theorem:
    """0 < <V, V>, from 0 < <r, V>."""
    C, R, B, x, y = (real(name) for name in ("C", "R", "B", "x", "y"))
    cauchy, sign = assume(le(C**2, R * B)), assume(le(0, B))
    turned = assume(lt(0, C + x * y))
    goal = lt(0, B + y * y)

    def none(case: Theorem) -> Theorem:
        # Then <r, V>**2 <= 2 C**2 + 2 (x y)**2 would not be positive.
        height, size = have(le(y**2, 0), case, sign), have(eq(B, 0), case, sign)
        squares = have(le(C**2, 0), cauchy, size), have(le(x**2 * y**2, 0), height)
        whole = have(le((C + x * y) ** 2, 2 * C**2 + 2 * (x**2 * y**2)))
        return have(goal, have(lt(0, (C + x * y) ** 2), turned), whole, *squares)

    made = by_cases(order(B + y * y, num(0)), none, lambda case: case)
    values = {
        C: pair(rest.below, last.below), R: pair(rest.below, rest.below),
        B: pair(last.below, last.below), x: rest.last, y: last.last,
    }  # fmt: skip
    facts = at(cauchy_schwarz(), rest.below, last.below), at(square_sign(), last.below), acute
    return discharge(where(made, values), *facts)


def _same(weights: Sequence[Term], known: Sequence[Theorem]) -> Theorem:
    """It is solved with a new generator that gets no weight."""
    zero = have(le(0, num(0)))
    return conjunction(*(bilinear(goal, *known, zero) for goal in _goals(solved(weights))))


def _goals(formula: Term) -> list[Term]:
    """The parts of a conjunction."""
    found = []
    while formula.head == "and":
        found.append(formula.args[0])
        formula = formula.args[1]
    return [*found, formula]


def _lifted(
    weights: Sequence[Term], found: Sequence[Theorem], known: Sequence[Theorem],
    old: Sequence[Term], acute: Theorem, positive: Theorem,
) -> Theorem:  # fmt: skip
    """It is solved with the last generator to the height that makes b - p orthogonal to it."""
    count = len(weights) - 1
    vectors, last = generators(count), generator(num(count))
    new, height = weights[:count], weights[count]
    point, before = combined(weights, generators(count + 1)), combined(old, vectors)
    rest, rest_before = TARGET - point, TARGET - before
    upright = bilinear(eq(rest.dot(last), 0), positive)
    flat = [f.conclusion.args[0] for f in found[count:]]
    along = [
        bilinear(eq(rest.dot(x), value), positive)
        for x, value in zip(vectors, flat[:count], strict=True)
    ]
    acute_ = [
        have(le(rest.dot(x), 0), same, f)
        for x, same, f in zip(vectors, along, found[count:-1], strict=True)
    ]
    spread = bilinear(eq(rest.dot(point), _total(new, rest, vectors) + height * rest.dot(last)))
    parts = (w * f for w, f in zip(new, flat[:count], strict=True))
    flatly = bilinear(eq(flat[count], reduce(add, parts, num(0))), positive)
    right = have(eq(rest.dot(point), 0), spread, flatly, found[-1], upright, *along)
    away = point - before
    square = bilinear(
        eq(
            away.dot(away),
            _total(new, rest_before, vectors) + height * rest_before.dot(last)
            - rest_before.dot(before) - rest.dot(point) + _total(old, rest, vectors),
        )
    )
    sign = _square(away)

    def below(case: Theorem) -> Theorem:
        products = [
            have(le(w * r.dot(x), 0), f, g)
            for r, weights_, *facts in (
                (rest_before, new, found[:count], known[count:-1]),
                (rest, old, known[:count], acute_),
            )
            for w, x, f, g in zip(weights_, vectors, *facts, strict=True)
        ]
        turned = have(lt(height * rest_before.dot(last), 0), case, acute)
        return _impossible(square, sign, turned, right, known[-1], products, le(0, height))

    high = by_cases(order(num(0), height), lambda case: case, below)
    return conjunction(*found[:count], high, *acute_, have(le(rest.dot(last), 0), upright), right)


def _square(x: Vector) -> Theorem:
    """0 <= <x, x>."""
    S, y = real("S"), real("y")
    made = where(have(le(0, S + y * y), assume(le(0, S))), {S: pair(x.below, x.below), y: x.last})
    return discharge(made, at(square_sign(), x.below))


def _impossible(
    square: Theorem, sign: Theorem, turned: Theorem, right: Theorem, right_before: Theorem,
    products: Sequence[Theorem], goal: Term,
) -> Theorem:  # fmt: skip
    """|p - p_0|**2 would be negative."""
    S, T, R, P = (real(name) for name in "STRP")
    terms, half = names("x", len(products)), len(products) // 2
    first, second = (reduce(add, part_, num(0)) for part_ in (terms[:half], terms[half:]))
    facts = [
        eq(S, first + T - P - R + second), le(0, S), lt(T, 0), eq(R, 0), eq(P, 0),
        *(le(x, 0) for x in terms),
    ]  # fmt: skip
    values = {
        S: sign.conclusion.args[1], T: turned.conclusion.args[0], R: right.conclusion.args[0],
        P: right_before.conclusion.args[0],
        **{x: f.conclusion.args[0] for x, f in zip(terms, products, strict=True)},
    }  # fmt: skip
    contradiction = where(have(lt(num(0), num(0)), *map(assume, facts)), values)
    known = square, sign, turned, right, right_before, *products
    return absurd(discharge(contradiction, *known), goal)


def _total(weights: Sequence[Term], x: Vector, vectors: Sequence[Vector]) -> Term:
    """The sum of the weights times the inner products with x."""
    return reduce(add, (w * x.dot(y) for w, y in zip(weights, vectors, strict=True)), num(0))


# A convex hull is the section of a cone at height one ---------------------------------------------

gamma = function("gamma", "N", "N")


def mixture(weights: Sequence[Term]) -> Term:
    """The combination of gamma(0, .), gamma(1, .), ... with these weights."""
    return combined(weights, [Vector(row(k), num(1)) for k in range(len(weights))]).below


def row(k: int) -> Term:
    """The vector of that number."""
    return lam(j, gamma(num(k), j))


def in_hull(weights: Sequence[Term]) -> list[Term]:
    """The weights are non-negative and sum to one."""
    return [*(le(0, w) for w in weights), eq(reduce(add, weights), 1)]


def least(weights: Sequence[Term]) -> Term:
    """Weights of the point m of least norm: |m|**2 <= <m, gamma_k> for every k."""
    m = mixture(weights)
    bounds = (le(pair(m, m), pair(m, row(k))) for k in range(len(weights)))
    return both(*in_hull(weights), *bounds)


@cache
def least_norm(count: int) -> Theorem:
    """``there are weights of the point of least norm``, for `count` vectors, `count` > 0."""
    goal = exists(names("x", count), least(names("x", count)))
    lifted = {v: gamma, u: lam(q, num(1)), b: lam(j, num(0)), e: num(1)}

    def use(weights: list[Term], known: Theorem) -> Theorem:
        facts, height, point = listed(known), reduce(add, weights), mixture(weights)
        square = bilinear(eq(pair(point, point), (1 - height) * height), facts[-1])
        above = [
            bilinear(le(1 - height, pair(point, row(k))), facts[count + k]) for k in range(count)
        ]
        positive = _some_weight(weights, facts, height, above[0])
        shares = [w / height for w in weights]
        m = mixture(shares)
        size = have(
            eq(pair(m, m), (1 - height) / height),
            bilinear(eq(pair(m, m), pair(point, point) / height**2), positive), square, positive,
        )  # fmt: skip
        bounds = []
        for k, bound in enumerate(above):
            inner = bilinear(eq(pair(m, row(k)), pair(point, row(k)) / height), positive)
            quotient = _divided(bound, positive)
            bounds.append(have(le(pair(m, m), pair(m, row(k))), size, inner, quotient))
        signs = [have(le(0, s), f, positive) for s, f in zip(shares, facts[:count], strict=True)]
        whole = have(eq(reduce(add, shares), 1), positive)
        ready = fold(conjunction(*signs, whole, *bounds), beta(goal.args[0], shares))
        return infer("witness", ready, formula=goal, terms=tuple(shares))

    return _each(where(projection(count), lifted), "c", count, use)


def _divided(bound: Theorem, positive: Theorem) -> Theorem:
    """x/z <= y/z from x <= y and 0 < z."""
    x, y, z = (real(name) for name in "xyz")
    made = have(le(x / z, y / z), assume(le(x, y)), assume(lt(0, z)))
    (left, right), (_, height) = bound.conclusion.args, positive.conclusion.args
    return discharge(where(made, {x: left, y: right, z: height}), bound, positive)


def _some_weight(
    weights: Sequence[Term], signs: Sequence[Theorem], height: Term, above: Theorem
) -> Theorem:
    """0 < the sum of the weights: else the projection of (0, 1) were 0, below the hull."""
    inner = [pair(row(k), row(0)) for k in range(len(weights))]
    parts = (w * x for w, x in zip(weights, inner, strict=True))
    linear = bilinear(eq(above.conclusion.args[1], reduce(add, parts)))

    def none(case: Theorem) -> Theorem:
        zero = [have(eq(w, 0), case, *signs[: len(weights)]) for w in weights]
        return have(lt(0, height), linear, above, case, *zero)

    return by_cases(order(height, num(0)), none, lambda case: case)
