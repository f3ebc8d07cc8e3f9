"""The binomial distribution with a symbolic number of trials: its law, moments and derivatives.

``binomial_mean(n, p, F)`` is the sum of C(n, k) p**k (1-p)**(n-k) F(k) over k <= n.  It is a
polynomial in p, for every real p; as the mean of F over the number of successes in n independent
trials it obeys `recursion`, from which everything else follows by induction.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

from derivations import sums
from derivations.calculus import differentiate, restate, same_function, sum_rule
from derivations.calculus import increasing as increasing_function
from derivations.calculus import monotone as monotone_function
from derivations.kernel.terms import (
    Definition,
    Term,
    absolute,
    beta,
    both,
    derivative,
    eq,
    exists,
    forall,
    function,
    lam,
    le,
    lt,
    nat,
    ne,
    num,
    real,
    total,
)
from derivations.kernel.theorem import Theorem, infer
from derivations.products import (
    CHOOSE,
    COMPLEMENT,
    POWER,
    PRODUCTS,
    absorption,
    choose_all,
    choose_next,
    choose_positive,
    complement_end,
    complement_last,
    complement_none,
    complement_one,
    complement_shift,
    complement_sign,
    first_term,
    pascal,
    power_next,
    power_sign,
    power_slope,
)
from derivations.tactics import (
    apply,
    assume,
    by_cases,
    discharge,
    fold,
    have,
    induct,
    instance,
    intro,
    obtain,
    order,
    part,
    specialise,
    symmetric,
    where,
)

_i, _j, _k, _m, _n = (nat(name) for name in ("i", "j", "k", "m", "n"))
_p, _u, _x, _y = (real(name) for name in ("p", "u", "x", "y"))
_F, _H = function("F", "N"), function("H", "N")
_f, _g = function("f", "N"), function("g", "N")
_a, _b, _psi = function("a", "R"), function("b", "R"), function("psi", "R")


def weight(n: Any, a: Any, b: Any, k: Any) -> Term:
    """C(n, k) a**k b**(n-k)."""
    return CHOOSE(n, k) * POWER(a, k) * COMPLEMENT(b, n, k)


def law(n: Any, p: Any, k: Any) -> Term:
    """The probability of k successes in n trials."""
    return weight(n, p, 1 - p, k)


FORM = Definition(
    "binomial_form",
    lam((_n, _x, _y, _F), total(_n + 1, _k, CHOOSE(_n, _k) * POWER(_x, _k)
                                * COMPLEMENT(_y, _n, _k) * _F(_k))),
)  # fmt: skip
"""``binomial_form(n, x, y, F)``: the sum of C(n, k) x**k y**(n-k) F(k) over k <= n."""

BINOMIAL = Definition("binomial_mean", lam((_n, _p, _F), FORM(_n, _p, 1 - _p, _F)))
"""``binomial_mean(n, p, F)``: the mean of F(k), k the number of successes in n trials."""

DIFFERENCE = Definition("difference", lam((_n, _F), FORM(_n, 1, -1, _F)))
"""``difference(n, F)``: the n-th forward difference of F at 0."""

FORMS = ("binomial_mean", "difference", "binomial_form")
"""The definitions to unfold for arithmetic with sums over the number of successes."""


def form(n: Any, x: Any, y: Any, body: Callable[[Any], Any]) -> Term:
    """The binomial form with the coefficients ``body(k)``."""
    return FORM(n, x, y, lam(_k, body(_k)))


def mean(n: Any, p: Any, body: Callable[[Any], Any]) -> Term:
    """The binomial mean of a function of the number of successes."""
    return BINOMIAL(n, p, lam(_k, body(_k)))


# One more trial -----------------------------------------------------------------------------------


@cache
def form_start() -> Theorem:
    """``form(0, x, y, F) = F(0)``."""
    return have(eq(FORM(0, _x, _y, _F), _F(num(0))), unfold=("binomial_form", *PRODUCTS))


@cache
def form_recursion() -> Theorem:
    """``form(n + 1, x, y, F) = x form(n, x, y, F(. + 1)) + y form(n, x, y, F)``."""
    whole = lam(_k, weight(_n + 1, _x, _y, _k) * _F(_k))
    rest = lam(_k, CHOOSE(_n, _k) * POWER(_x, _k) * COMPLEMENT(_y, _n + 1, _k) * _F(_k))
    success = lam(_k, _x * (weight(_n, _x, _y, _k) * _F(_k + 1)) + beta(rest, [_k + 1]))
    failure = lam(_k, _y * (weight(_n, _x, _y, _k) * _F(_k)))
    inside = assume(lt(_k, _n + 1))
    upper = where(pascal(), {_x: _n})
    split = have(
        eq(beta(whole, [_k + 1]), beta(success, [_k])),
        upper, where(power_next(), {_n: _k}), complement_shift(),
    )
    last = discharge(complement_last(), discrete(inside))
    kept = have(eq(beta(rest, [_k]), beta(failure, [_k])), last)
    first = summed(split, lam(_k, beta(whole, [_k + 1])), success, inside)
    second = summed(kept, rest, failure, inside)
    beyond = have(eq(CHOOSE(_n, _n + 1), 0), where(choose_next(), {_x: _n, _k: _n}))
    lowest = have(eq(CHOOSE(_n + 1, 0), CHOOSE(_n, 0)), unfold=("choose",))
    return have(
        eq(FORM(_n + 1, _x, _y, _F), _x * form(_n, _x, _y, lambda k: _F(k + 1))
           + _y * FORM(_n, _x, _y, _F)),
        where(first_term(), {_f: whole, _n: _n + 1}), where(first_term(), {_f: rest, _n: _n + 1}),
        first, second, beyond, lowest, unfold=("binomial_form",),
    )  # fmt: skip


@cache
def form_congruent() -> Theorem:
    """``F = H`` on k <= n gives equal forms."""
    inside = assume(lt(_k, _n + 1))
    same = apply(assume(forall(_k, le(_k, _n), eq(_F(_k), _H(_k)))), discrete(inside), at=[_k])
    left, right = (lam(_k, weight(_n, _x, _y, _k) * f(_k)) for f in (_F, _H))
    each = have(eq(beta(left, [_k]), beta(right, [_k])), same)
    made = summed(each, left, right, inside)
    return have(eq(FORM(_n, _x, _y, _F), FORM(_n, _x, _y, _H)), made, unfold=FORMS)


@cache
def start() -> Theorem:
    """``mean(0, p, F) = F(0)``."""
    return fold(where(form_start(), {_x: _p, _y: 1 - _p}), eq(BINOMIAL(0, _p, _F), _F(num(0))))


@cache
def recursion() -> Theorem:
    """One more trial: ``mean(n + 1, F) = p mean(n, F(. + 1)) + (1-p) mean(n, F)``."""
    goal = eq(BINOMIAL(_n + 1, _p, _F), _p * mean(_n, _p, lambda k: _F(k + 1))
              + (1 - _p) * BINOMIAL(_n, _p, _F))  # fmt: skip
    return fold(where(form_recursion(), {_x: _p, _y: 1 - _p}), goal)


def discrete(inside: Theorem) -> Theorem:
    """From ``k < n + 1`` infer ``k <= n``."""
    k, above = inside.conclusion.args
    step = apply(instance("natural.discrete", m=k, n=above), inside)
    return have(le(k, above.args[0]), step)


def summed(each: Theorem, left: Term, right: Term, inside: Theorem) -> Theorem:
    """Sum an equation over k < n + 1."""
    rule = where(sums.congruent(), {_f: left, _g: right, _n: inside.conclusion.args[1]})
    return discharge(rule, intro(each, _k, inside.conclusion))


def for_every_shift(
    claim: Callable[[Any, Any], Term], base: Theorem, step: Callable[[Theorem], Theorem]
) -> Theorem:
    """``claim(n, m)`` for free n and m, by induction over n with the shift m universal.

    `base` proves claim(0, m); `step` maps the hypothesis, universal in m, to claim(n + 1, m).
    """
    rule = induct(
        _n, forall(_m, claim(_n, _m)), intro(base, _m), lambda given: intro(step(given), _m)
    )
    return specialise(specialise(rule, _n), _m)


def shifted(function_: Term) -> Theorem:
    """`recursion` for F(. + m)."""
    return where(recursion(), {_F: lam(_k, beta(function_, [_k + _m]))})


def by_trials(
    body: Callable[[Term], Term], value: Callable[[Any, Any], Term], *facts: Theorem
) -> Theorem:
    """``mean(n, body(. + m)) = value(n, m)``, by induction over the number of trials."""

    def claim(n: Any, m: Any) -> Term:
        return eq(mean(n, _p, lambda k: body(k + m)), value(n, m))

    base = have(claim(num(0), _m), where(start(), {_F: lam(_k, body(_k + _m))}), *facts)

    def step(given: Theorem) -> Theorem:
        known = [apply(given, at=[_m]), apply(given, at=[_m + 1])]
        return have(claim(_n + 1, _m), shifted(lam(_k, body(_k))), *known, *facts)

    return for_every_shift(claim, base, step)


# Moments ----------------------------------------------------------------------------------------


@cache
def total_probability() -> Theorem:
    """The mean of 1 is 1."""
    made = by_trials(lambda k: num(1), lambda n, m: num(1))
    return where(made, {_m: num(0)})


def constant(value: Term) -> Theorem:
    """The mean of a constant is that constant."""
    c = real("c")
    made = have(eq(mean(_n, _p, lambda k: c), c * mean(_n, _p, lambda k: num(1))), unfold=FORMS)
    return where(have(eq(mean(_n, _p, lambda k: c), c), made, total_probability()), {c: value})


@cache
def first_moment() -> Theorem:
    """The mean of k is n p."""
    made = where(by_trials(lambda k: k, lambda n, m: n * _p + m), {_m: num(0)})
    return have(eq(mean(_n, _p, lambda k: k), _n * _p), made)


@cache
def second_moment() -> Theorem:
    """The mean of k**2 is n p (1-p) + (n p)**2."""
    value = lambda n, m: n * _p * (1 - _p) + (n * _p + m) ** 2  # noqa: E731
    made = where(by_trials(lambda k: k**2, value), {_m: num(0)})
    return have(eq(mean(_n, _p, lambda k: k**2), _n * _p * (1 - _p) + (_n * _p) ** 2), made)


# Order ------------------------------------------------------------------------------------------


@cache
def weight_sign(strict: bool) -> Theorem:
    """``0 <= C(n, k) p**k (1-p)**(n-k)`` for k <= n, 0 <= p <= 1; < for 0 < p < 1 if `strict`."""
    relation = lt if strict else le
    low, high = assume(relation(0, _p)), assume(relation(_p, 1))
    coefficient = choose_positive()
    power = where(power_sign(strict), {_x: _p, _n: _k})
    rest = where(complement_sign(strict), {_y: 1 - _p})
    rest = discharge(rest, have(relation(0, 1 - _p), high))
    return have(relation(0, law(_n, _p, _k)), coefficient, discharge(power, low), rest)


@cache
def congruent() -> Theorem:
    """``F = H`` on k <= n gives equal means."""
    goal = eq(BINOMIAL(_n, _p, _F), BINOMIAL(_n, _p, _H))
    return fold(where(form_congruent(), {_x: _p, _y: 1 - _p}), goal)


@cache
def monotone() -> Theorem:
    """``F <= H`` on k <= n gives ordered means, 0 <= p <= 1."""
    inside = assume(lt(_k, _n + 1))
    ordered = apply(assume(forall(_k, le(_k, _n), le(_F(_k), _H(_k)))), discrete(inside), at=[_k])
    range_ = assume(le(0, _p)), assume(le(_p, 1))
    sign = discharge(weight_sign(False), discrete(inside), *range_)
    left, right = (lam(_k, law(_n, _p, _k) * f(_k)) for f in (_F, _H))
    x, y, w = real("x"), real("y"), real("w")
    scaled = have(le(w * x, w * y), assume(le(0, w)), assume(le(x, y)))
    scaled = where(scaled, {w: law(_n, _p, _k), x: _F(_k), y: _H(_k)})
    each = discharge(scaled, sign, ordered)
    rule = where(sums.monotone(), {_f: left, _g: right, _n: _n + 1})
    made = discharge(rule, intro(each, _k, inside.conclusion))
    return have(le(BINOMIAL(_n, _p, _F), BINOMIAL(_n, _p, _H)), made, unfold=FORMS)


@cache
def increasing() -> Theorem:
    """`monotone` with < for <=, for 0 < p < 1 and F(m) < H(m), m <= n."""
    inside, among = assume(lt(_k, _n + 1)), assume(le(_m, _n))
    each = assume(forall(_k, le(_k, _n), le(_F(_k), _H(_k))))
    strict, range_ = assume(lt(_F(_m), _H(_m))), (assume(lt(0, _p)), assume(lt(_p, 1)))
    w, x, y = real("w"), real("x"), real("y")
    weak = have(le(0, w * (y - x)), assume(lt(0, w)), assume(le(x, y)))
    sharp = have(lt(0, w * (y - x)), assume(lt(0, w)), assume(lt(x, y)))
    gain = lam(_k, law(_n, _p, _k) * (_H(_k) - _F(_k)))
    values = {w: law(_n, _p, _k), x: _F(_k), y: _H(_k)}
    below = discrete(inside)
    sign = discharge(weight_sign(True), below, *range_)
    ordered = discharge(where(weak, values), sign, apply(each, below, at=[_k]))
    at_m = discharge(where(weight_sign(True), {_k: _m}), among, *range_)
    apart = discharge(where(sharp, {v: where_at(e, _m) for v, e in values.items()}), at_m, strict)
    rule = where(sums.positive(), {_f: gain, _n: _n + 1, _k: _m})
    made = discharge(rule, intro(ordered, _k, inside.conclusion), apart,
                     have(lt(_m, _n + 1), among))  # fmt: skip
    return have(lt(BINOMIAL(_n, _p, _F), BINOMIAL(_n, _p, _H)), made, unfold=FORMS)


def where_at(term: Term, index: Term) -> Term:
    """The term with another number of successes."""
    return beta(lam(_k, term), [index])


@cache
def bounded() -> Theorem:
    """There is a bound of ``|F(k)|`` on k <= n."""
    c, d = real("c"), real("d")

    def claim(n: Any) -> Term:
        return exists(c, forall(_k, le(_k, n), both(le(-c, _F(_k)), le(_F(_k), c))))

    def step(given: Theorem) -> Theorem:
        def use(chosen: Theorem) -> Theorem:
            top = absolute(_F(_n + 1))
            size = instance("absolute.cases", x=_F(_n + 1))
            inside = assume(le(_k, _n + 1))
            large = by_cases(size, *([lambda case: have(le(0, top), case)] * 2))
            limit = absolute(d) + top
            goal = both(le(-limit, _F(_k)), le(_F(_k), limit))
            wide = by_cases(instance("absolute.cases", x=d),
                            *([lambda case: have(both(le(0, absolute(d)), le(d, absolute(d))),
                                                 case)] * 2))  # fmt: skip

            def last(case: Theorem) -> Theorem:
                whole = apply(instance("natural.discrete", m=_n, n=_k), case)
                same = have(eq(_k, _n + 1), whole, inside)
                ends = both(le(-limit, _F(_n + 1)), le(_F(_n + 1), limit))
                there = by_cases(size, *([lambda c: have(ends, c, wide, large)] * 2))
                shape = lam(_m, both(le(-limit, _F(_m)), le(_F(_m), limit)))
                return infer("rewrite", symmetric(same), there, template=shape)

            def before(case: Theorem) -> Theorem:
                return have(goal, apply(chosen, case, at=[_k]), wide, large)

            made = by_cases(order(_k, _n), before, last)
            every = intro(made, _k, inside.conclusion)
            return infer("witness", every, formula=claim(_n + 1), terms=(limit,))

        return obtain(given, [d], use)

    first = have(eq(_k, 0), assume(le(_k, 0)), have(le(0, _k)))
    top = absolute(_F(num(0)))
    there = by_cases(
        instance("absolute.cases", x=_F(num(0))),
        *([lambda case: have(both(le(-top, _F(num(0))), le(_F(num(0)), top)), case)] * 2),
    )
    shape = lam(_m, both(le(-top, _F(_m)), le(_F(_m), top)))
    there = infer("rewrite", symmetric(first), there, template=shape)
    base = infer("witness", intro(there, _k, le(_k, 0)), formula=claim(num(0)), terms=(top,))
    return specialise(induct(_n, claim(_n), base, step), _n)


@cache
def near_ends() -> tuple[Theorem, Theorem]:
    """``|F| <= c`` on k <= n: the mean is within 2 c n (1-p) of F(n), within 2 c n p of F(0)."""
    c, inside = real("c"), assume(le(_k, _n))
    limits = assume(forall(_k, le(_k, _n), both(le(-c, _F(_k)), le(_F(_k), c))))
    found = []
    distances: list[tuple[Term, Callable[[Term], Term]]] = [
        (_n, lambda k: _n - k), (num(0), lambda k: k),
    ]  # fmt: skip
    for end, away in distances:
        here = apply(limits, inside, at=[_k])
        there = apply(limits, have(le(end, _n)), at=[end])
        gap = _F(_k) - _F(end)
        wanted = both(le(-(2 * c * away(_k)), gap), le(gap, 2 * c * away(_k)))
        shape = lam(_m, both(le(-(2 * c * away(_m)), _F(_m) - _F(end)),
                             le(_F(_m) - _F(end), 2 * c * away(_m))))  # fmt: skip
        at_end = have(beta(shape, [end]))

        def further(case: Theorem, wanted: Term = wanted, here: Theorem = here,
                    there: Theorem = there) -> Theorem:  # fmt: skip
            low, high = case.conclusion.args
            apart = apply(instance("natural.discrete", m=low, n=high), case)
            sign = have(le(0, c), here)
            return have(wanted, here, there, apart, sign)

        def equal(case: Theorem, shape: Term = shape, at_end: Theorem = at_end, end: Term = end
                  ) -> Theorem:  # fmt: skip
            same = have(eq(_k, end), case, inside, have(le(0, _k)))
            return infer("rewrite", symmetric(same), at_end, template=shape)

        split = order(_n, _k) if end == _n else order(_k, num(0))
        each = by_cases(split, equal, further)
        made = []
        for side in (0, 1):
            relation = part(each, side).conclusion
            rule = where(monotone(), {_F: lam(_k, relation.args[0]), _H: lam(_k, relation.args[1])})
            range_ = assume(le(0, _p)), assume(le(_p, 1))
            made.append(discharge(rule, *range_, intro(part(each, side), _k, inside.conclusion)))
        linear = [
            have(eq(mean(_n, _p, lambda k: _F(k) - _F(end)),
                    BINOMIAL(_n, _p, _F) - _F(end) * mean(_n, _p, lambda k: num(1))), unfold=FORMS),
            have(eq(mean(_n, _p, lambda k: 2 * c * away(k)), 2 * c * mean(_n, _p, away)),
                 unfold=FORMS),
            have(eq(mean(_n, _p, lambda k: -(2 * c * away(k))), -2 * c * mean(_n, _p, away)),
                 unfold=FORMS),
            have(eq(mean(_n, _p, lambda k: _n - k), _n * mean(_n, _p, lambda k: num(1))
                    - mean(_n, _p, lambda k: k)), unfold=FORMS),
            first_moment(), total_probability(),
        ]  # fmt: skip
        distance = _n * (1 - _p) if end == _n else _n * _p
        value = BINOMIAL(_n, _p, _F) - _F(end)
        found.append(have(both(le(-(2 * c * distance), value), le(value, 2 * c * distance)),
                          *made, *linear))  # fmt: skip
    return found[0], found[1]


@cache
def one_outcome() -> Theorem:
    """``0 <= F`` on k <= n gives ``C(n, m) p**m (1-p)**(n-m) F(m) <= mean(n, p, F)``, m <= n."""
    inside, among = assume(lt(_k, _n + 1)), assume(le(_m, _n))
    sign = apply(assume(forall(_k, le(_k, _n), le(0, _F(_k)))), discrete(inside), at=[_k])
    range_ = assume(le(0, _p)), assume(le(_p, 1))
    probability = discharge(weight_sign(False), discrete(inside), *range_)
    w, x = real("w"), real("x")
    product = have(le(0, w * x), assume(le(0, w)), assume(le(0, x)))
    product = discharge(where(product, {w: law(_n, _p, _k), x: _F(_k)}), probability, sign)
    body = lam(_k, law(_n, _p, _k) * _F(_k))
    rule = where(sums.term_below(), {_f: body, _n: _n + 1, _k: _m})
    made = discharge(rule, intro(product, _k, inside.conclusion), have(lt(_m, _n + 1), among))
    return have(le(beta(body, [_m]), BINOMIAL(_n, _p, _F)), made, unfold=FORMS)


@cache
def last_but_one() -> Theorem:
    """``C(n + 1, n) p**n (1-p) = (n + 1) p**n (1-p)``, the probability of a single failure."""
    end = where(complement_end(), {_y: 1 - _p})
    rest = discharge(where(complement_last(), {_k: _n, _y: 1 - _p}), have(le(_n, _n)))
    whole = where(choose_all(), {_n: _n + 1})
    next_ = where(choose_next(), {_x: _n + 1, _k: _n})
    coefficient = have(eq(CHOOSE(_n + 1, _n), _n + 1), whole, next_)
    goal = eq(law(_n + 1, _p, _n), (_n + 1) * (POWER(_p, _n) * (1 - _p)))
    return have(goal, coefficient, rest, end)


@cache
def single() -> Theorem:
    """``F(k) = 0`` for k <= n, k != m, gives the mean C(n, m) p**m (1-p)**(n-m) F(m), m <= n."""
    among = assume(le(_m, _n))
    elsewhere = assume(forall(_k, le(_k, _n), ne(_k, _m), eq(_F(_k), 0)))
    inside, other = assume(lt(_k, _n + 1)), assume(ne(_k, _m))
    nothing = apply(elsewhere, discrete(inside), other, at=[_k])
    body = lam(_k, law(_n, _p, _k) * _F(_k))
    each = intro(have(eq(beta(body, [_k]), 0), nothing), _k, inside.conclusion, other.conclusion)
    rule = where(sums.single(), {_f: body, _n: _n + 1})
    made = discharge(rule, have(lt(_m, _n + 1), among), each)
    return have(eq(BINOMIAL(_n, _p, _F), beta(body, [_m])), made, unfold=FORMS)


@cache
def ends() -> Theorem:
    """``F(k + 1) = H(k + 1)`` for k < n: the means over n + 1 trials differ only by what happens
    when all trials fail, or all succeed."""
    inside = assume(lt(_k, _n))
    same = apply(assume(forall(_k, lt(_k, _n), eq(_F(_k + 1), _H(_k + 1)))), inside, at=[_k])
    left, right = (lam(_k, law(_n + 1, _p, _k + 1) * f(_k + 1)) for f in (_F, _H))
    rule = where(sums.congruent(), {_f: left, _g: right})
    middle = discharge(rule, intro(have(eq(beta(left, [_k]), beta(right, [_k])), same), _k,
                                   inside.conclusion))  # fmt: skip
    peeled = [
        where(first_term(), {_f: lam(_k, law(_n + 1, _p, _k) * f(_k)), _n: _n + 1})
        for f in (_F, _H)
    ]
    known = [
        where(complement_none(), {_y: 1 - _p, _n: _n + 1}),
        where(complement_end(), {_y: 1 - _p, _n: _n + 1}), where(choose_all(), {_n: _n + 1}),
        have(eq(CHOOSE(_n + 1, 0), 1), unfold=("choose",)),
        have(eq(POWER(_p, 0), 1), unfold=("power",)),
    ]  # fmt: skip
    difference = POWER(1 - _p, _n + 1) * (_F(0) - _H(0)) + POWER(_p, _n + 1) * (
        _F(_n + 1) - _H(_n + 1)
    )
    goal = eq(BINOMIAL(_n + 1, _p, _F) - BINOMIAL(_n + 1, _p, _H), difference)
    return have(goal, middle, *peeled, *known, unfold=FORMS)


# The trials one by one --------------------------------------------------------------------------


@cache
def size_bias() -> tuple[Theorem, Theorem]:
    """``p mean(n, F(. + 1)) = mean(n + 1, k/(n + 1) F)`` and
    ``(1-p) mean(n, F) = mean(n + 1, (n + 1 - k)/(n + 1) F)``."""
    inside = assume(lt(_k, _n + 1))
    whole = lam(_k, law(_n + 1, _p, _k) * (_k / (_n + 1) * _F(_k)))
    upper = where(absorption(), {_x: _n})
    peeled, shift = where(power_next(), {_x: _p, _n: _k}), where(complement_shift(), {_y: 1 - _p})
    each = have(
        eq(beta(whole, [_k + 1]), _p * (law(_n, _p, _k) * _F(_k + 1))), upper, peeled, shift
    )
    rest = summed(each, lam(_k, beta(whole, [_k + 1])),
                  lam(_k, _p * (law(_n, _p, _k) * _F(_k + 1))), inside)  # fmt: skip
    first = have(
        eq(_p * mean(_n, _p, lambda k: _F(k + 1)),
           mean(_n + 1, _p, lambda k: k / (_n + 1) * _F(k))),
        where(first_term(), {_f: whole, _n: _n + 1}), rest, unfold=FORMS,
    )  # fmt: skip
    goal = eq((1 - _p) * BINOMIAL(_n, _p, _F),
              mean(_n + 1, _p, lambda k: (_n + 1 - k) / (_n + 1) * _F(k)))  # fmt: skip
    one = have(eq(BINOMIAL(_n + 1, _p, _F), mean(_n + 1, _p, lambda k: k / (_n + 1) * _F(k))
                  + mean(_n + 1, _p, lambda k: (_n + 1 - k) / (_n + 1) * _F(k))),
               have(lt(0, _n + 1)), unfold=FORMS)  # fmt: skip
    return first, have(goal, recursion(), first, one)


@cache
def twice_biased() -> Theorem:
    """``p (1-p) mean(n, F(. + 1)) = mean(n + 2, k (n + 2 - k)/((n + 1) (n + 2)) F)``."""
    first, second = size_bias()
    inner = where(second, {_n: _n + 1, _F: lam(_k, _k / (_n + 1) * _F(_k))})
    goal = eq(_p * (1 - _p) * mean(_n, _p, lambda k: _F(k + 1)),
              mean(_n + 2, _p, lambda k: k * (_n + 2 - k) / ((_n + 1) * (_n + 2)) * _F(k)))
    return have(goal, first, inner, have(lt(0, _n + 1)), have(lt(0, _n + 2)))


@cache
def slope() -> Theorem:
    """``d/dp mean(n + 1, F) = (n + 1) mean(n, F(. + 1) - F)``."""

    def claim(n: Any, m: Any) -> Term:
        value = mean(n, _p, lambda k: _F(k + m + 1) - _F(k + m))
        return derivative(_u, mean(n + 1, _u, lambda k: _F(k + m)), _p, (n + 1) * value)

    gain = lam(_k, _F(_k + 1) - _F(_k))
    one = [where(start(), {_F: lam(_k, _F(_k + _m + j)), _p: _u}) for j in (0, 1)]
    first = where(shifted(lam(_k, _F(_k))), {_n: num(0), _p: _u})
    line = differentiate(_u, _u * _F(_m + 1) + (1 - _u) * _F(_m), _p)
    goal = claim(num(0), _m)
    line = same_function(line, _u, beta(goal.args[0], [_u]), first, *one)
    base = restate(line, goal.args[2], where(start(), {_F: lam(_k, beta(gain, [_k + _m]))}))

    def step(given: Theorem) -> Theorem:
        parts = [apply(given, at=[_m + 1]), apply(given, at=[_m])]
        made = discharge(
            where(trial_rule(), {_a: parts[0].conclusion.args[0], _b: parts[1].conclusion.args[0],
                                 _x: parts[0].conclusion.args[2],
                                 _y: parts[1].conclusion.args[2]}),
            *parts,
        )  # fmt: skip
        goal = claim(_n + 1, _m)
        one_more = where(shifted(lam(_k, _F(_k))), {_n: _n + 1, _p: _u})
        moved = same_function(made, _u, beta(goal.args[0], [_u]), one_more)
        linear = have(
            eq(mean(_n + 1, _p, lambda k: beta(gain, [k + _m])),
               mean(_n + 1, _p, lambda k: _F(k + _m + 1)) - mean(_n + 1, _p, lambda k: _F(k + _m))),
            unfold=FORMS,
        )  # fmt: skip
        return restate(moved, goal.args[2], shifted(gain), linear)

    made = where(for_every_shift(claim, base, step), {_m: num(0)})
    value = (_n + 1) * mean(_n, _p, lambda k: _F(k + 1) - _F(k))
    return restate(same_function(made, _u, BINOMIAL(_n + 1, _u, _F)), value)


@cache
def trial_rule() -> Theorem:
    """``d/du (u a(u) + (1-u) b(u)) = a - b + u a' + (1-u) b'``."""
    known = [assume(derivative(_u, _a(_u), _p, _x)), assume(derivative(_u, _b(_u), _p, _y))]
    value = _a(_p) - _b(_p) + _p * _x + (1 - _p) * _y
    return differentiate(_u, _u * _a(_u) + (1 - _u) * _b(_u), _p, *known, value=value)


@cache
def reflection() -> Theorem:
    """Failures for successes: ``mean(n, p, psi(x + .)) = mean(n, 1-p, psi(x + n - .))``."""

    def sides(n: Any) -> tuple[Term, Term]:
        return (mean(n, _p, lambda k: _psi(_x + k)), mean(n, 1 - _p, lambda k: _psi(_x + n - k)))

    def step(given: Theorem) -> Theorem:
        known = [
            specialise(given, _x), specialise(given, _x + 1),
            where(recursion(), {_F: lam(_k, _psi(_x + _k))}),
            where(recursion(), {_F: lam(_k, _psi(_x + (_n + 1) - _k)), _p: 1 - _p}),
        ]  # fmt: skip
        return intro(have(eq(*sides(_n + 1)), *known), _x)

    known = [
        where(start(), {_F: lam(_k, _psi(_x + _k))}),
        where(start(), {_F: lam(_k, _psi(_x + 0 - _k)), _p: 1 - _p}),
    ]
    base = intro(have(eq(*sides(num(0))), *known), _x)
    return specialise(specialise(induct(_n, forall(_x, eq(*sides(_n))), base, step), _n), _x)



@cache
def newton() -> Theorem:
    """Newton's form: ``mean(n, p, F) = form(n, p, 1, j -> difference(j, F))``, in powers of p."""

    def claim(n: Any, m: Any) -> Term:
        moved = lam(_k, _F(_k + m))
        return eq(BINOMIAL(n, _p, moved), form(n, _p, 1, lambda k: DIFFERENCE(k, moved)))

    def step(given: Theorem) -> Theorem:
        here, next_ = lam(_k, _F(_k + _m)), lam(_k, _F(_k + _m + 1))
        D = lam(_j, DIFFERENCE(_j, here))
        gain = lam(_j, DIFFERENCE(_j, next_) - DIFFERENCE(_j, here))
        once = where(form_recursion(), {_x: num(1), _y: num(-1), _n: _k, _F: here})
        upper = DIFFERENCE(_k, lam(_k, _F(_k + 1 + _m)))
        wanted = 1 * upper + -1 * DIFFERENCE(_k, here)
        once = fold(once, eq(DIFFERENCE(_k + 1, here), wanted))
        each = have(eq(DIFFERENCE(_k + 1, here), beta(gain, [_k])), once)
        moved = lam(_j, beta(D, [_j + 1]))
        rule = where(form_congruent(), {_x: _p, _y: num(1), _F: moved, _H: gain})
        changed = discharge(rule, intro(each, _k, le(_k, _n)))
        linear = have(
            eq(FORM(_n, _p, 1, gain), form(_n, _p, 1, lambda k: DIFFERENCE(k, next_))
               - form(_n, _p, 1, lambda k: DIFFERENCE(k, here))),
            unfold=("binomial_form",),
        )  # fmt: skip
        known = [apply(given, at=[_m]), apply(given, at=[_m + 1]), shifted(lam(_k, _F(_k)))]
        one_more = where(form_recursion(), {_x: _p, _y: num(1), _F: D})
        return have(claim(_n + 1, _m), one_more, changed, linear, *known)

    base = have(claim(num(0), _m), where(start(), {_F: lam(_k, _F(_k + _m))}),
                unfold=(*FORMS, *PRODUCTS))  # fmt: skip
    made = where(for_every_shift(claim, base, step), {_m: num(0)})
    return have(eq(BINOMIAL(_n, _p, _F), form(_n, _p, 1, lambda k: DIFFERENCE(k, _F))), made)


PRIMITIVE = Definition(
    "primitive",
    lam((_n, _F, _x), total(_n + 1, _k, CHOOSE(_n, _k) * DIFFERENCE(_k, _F) / (_k + 1)
                            * POWER(_x, _k + 1))),
)  # fmt: skip
"""``primitive(n, F, x)``: the polynomial in x of degree n + 1 at most that vanishes at 0 and whose
derivative is ``binomial_mean(n, x, F)``."""


@cache
def primitive_slope() -> Theorem:
    """``d/dp primitive(n, F, p) = mean(n, p, F)``."""

    inside = assume(lt(_k, _n + 1))
    coefficient = CHOOSE(_n, _k) * DIFFERENCE(_k, _F) / (_k + 1)
    c, a = real("c"), function("a", "R")
    scale = differentiate(_u, c * a(_u), _p, assume(derivative(_u, a(_u), _p, _x)), value=c * _x)
    each = where(power_slope(), {_x: _p, _n: _k})
    each = discharge(where(scale, {c: coefficient, a: each.conclusion.args[0],
                                   _x: each.conclusion.args[2]}), each)  # fmt: skip
    value = lam(_k, CHOOSE(_n, _k) * POWER(_p, _k) * COMPLEMENT(1, _n, _k) * DIFFERENCE(_k, _F))
    each = restate(each, beta(value, [_k]), complement_one())
    terms = lam((_u, _k), coefficient * POWER(_u, _k + 1))
    rule = where(sum_rule(), {_n: _n + 1, function("F", "R", "N"): terms, function("G", "N"): value,
                              real("t"): _p})  # fmt: skip
    made = discharge(rule, intro(each, _k, inside.conclusion))
    body = derivative(_u, PRIMITIVE(_n, _F, _u), _p, made.conclusion.args[2])
    return restate(fold(made, body), BINOMIAL(_n, _p, _F), newton(), unfold=("binomial_form",))



# Differences and derivatives ----------------------------------------------------------------------

_low, _high, _z = real("low"), real("high"), real("z")
_along = function("f", "R")
_slope = function("g", "R")


def difference_along(n: Any, f: Term, at: Term) -> Term:
    """The n-th forward difference of a function of a real variable, at a point."""
    return DIFFERENCE(n, lam(_k, beta(f, [at + _k])))


@cache
def difference_next() -> Theorem:
    """``difference(n + 1, F) = difference(n, F(. + 1)) - difference(n, F)``."""
    made = where(form_recursion(), {_x: num(1), _y: num(-1)})
    whole = DIFFERENCE(_n, lam(_k, _F(_k + 1))) - DIFFERENCE(_n, _F)
    return have(eq(DIFFERENCE(_n + 1, _F), whole), made, unfold=("difference",))


def _next(f: Term, at: Term) -> Theorem:
    """`difference_next` for `difference_along`."""
    return where(difference_next(), {_F: lam(_k, beta(f, [at + _k]))})


def _within(at: Term, reach: Any) -> list[Term]:
    """The points from at to at + reach lie in (low, high)."""
    return [lt(_low, at), lt(at + reach, _high)]


_SMOOTH = forall(
    _x, lt(_low, _x), lt(_x, _high), derivative(_u, _along(_u), _x, _slope(_x))
)
"""f' = g on (low, high)."""

_F_ALONG, _G_ALONG = lam(_u, _along(_u)), lam(_u, _slope(_u))


@cache
def difference_slope() -> Theorem:
    """For f' = g on (low, high) the derivative of the n-th difference of f at x is that of g, for
    all x with low < x and x + n < high."""
    smooth = assume(_SMOOTH)

    def claim(n: Any) -> Term:
        value = difference_along(n, _G_ALONG, _x)
        moved = derivative(_u, difference_along(n, _F_ALONG, _u), _x, value)
        return forall(_x, *_within(_x, n), moved)

    a, b, v, w = function("a", "R"), function("b", "R"), real("v"), real("w")
    known = [assume(derivative(_u, a(_u), _x + 1, v)), assume(derivative(_u, b(_u), _x, w))]
    rule = differentiate(_u, a(_u + 1) - b(_u), _x, *known, value=v - w)

    def carried(made: Theorem, n: Any, *facts: Theorem) -> Theorem:
        """The derivative in terms of differences of that order."""
        shape, _, value = derivative(
            _u, difference_along(n, _F_ALONG, _u), _x, difference_along(n, _G_ALONG, _x)
        ).args
        return restate(same_function(made, _u, beta(shape, [_u]), *facts[:1]), value, *facts[1:])

    def none(f: Term, at: Term) -> Theorem:
        first = where(form_start(), {_x: num(1), _y: num(-1),
                                     _F: lam(_k, beta(f, [at + _k]))})  # fmt: skip
        return have(eq(difference_along(0, f, at), beta(f, [at])), first, unfold=("difference",))

    inside = [assume(f) for f in _within(_x, num(0))]
    here = apply(smooth, inside[0], have(lt(_x, _high), inside[1]), at=[_x])
    here = carried(here, num(0), none(_F_ALONG, _u), none(_G_ALONG, _x))
    base = intro(here, _x, *(f.conclusion for f in inside))

    def step(given: Theorem) -> Theorem:
        inside = [assume(f) for f in _within(_x, _n + 1)]
        last = apply(given, have(lt(_low, _x + 1), inside[0]),
                     have(lt(_x + 1 + _n, _high), inside[1]), at=[_x + 1])  # fmt: skip
        first = apply(given, inside[0], have(lt(_x + _n, _high), inside[1]), at=[_x])
        shape = first.conclusion.args[0]
        values = {a: shape, b: shape, v: last.conclusion.args[2], w: first.conclusion.args[2]}
        made = discharge(where(rule, values), last, first)
        made = carried(made, _n + 1, _next(_F_ALONG, _u), _next(_G_ALONG, _x))
        return intro(made, _x, *(f.conclusion for f in inside))

    return specialise(induct(_n, claim(_n), base, step), _n)


@cache
def difference_sign(strict: bool) -> Theorem:
    """For f' = g on (low, high), where the n-th differences of g are not negative, neither are the
    (n + 1)-th ones of f; positive for non-negative if `strict`."""
    relation = lt if strict else le
    sign = assume(forall(_x, *_within(_x, _n), relation(0, difference_along(_n, _G_ALONG, _x))))
    inside = [assume(f) for f in _within(_x, _n + 1)]
    low, high = assume(le(_x, _u)), assume(le(_u, _x + 1))
    near = have(lt(_low, _u), low, inside[0]), have(lt(_u + _n, _high), high, inside[1])
    moved = apply(difference_slope(), *near, at=[_u])
    shape, value = moved.conclusion.args[0], lam(_u, difference_along(_n, _G_ALONG, _u))
    ranged = _u, low.conclusion, high.conclusion
    smooth = intro(moved, *ranged)
    names = {_along: shape, _slope: value, real("a"): _x, real("b"): _x + 1}
    if strict:
        low, high = assume(lt(_x, _u)), assume(lt(_u, _x + 1))
        near = have(lt(_low, _u), low, inside[0]), have(lt(_u + _n, _high), high, inside[1])
        ranged = _u, low.conclusion, high.conclusion
    positive = intro(apply(sign, *near, at=[_u]), *ranged)
    rule = where(increasing_function() if strict else monotone_function(), names)
    grown = discharge(rule, have(relation(_x, _x + 1)), smooth, positive)
    made = have(relation(0, difference_along(_n + 1, _F_ALONG, _x)), grown,
                _next(_F_ALONG, _x))  # fmt: skip
    return intro(made, _x, *(f.conclusion for f in inside))


@cache
def difference_reflection() -> Theorem:
    """``difference(n, psi(x + .)) = (-1)**n difference(n, psi(x + n - .))``."""

    def sides(n: Any) -> tuple[Term, Term]:
        back = DIFFERENCE(n, lam(_k, _psi(_x + n - _k)))
        return DIFFERENCE(n, lam(_k, _psi(_x + _k))), POWER(-1, n) * back

    def step(given: Theorem) -> Theorem:
        known = [
            specialise(given, _x), specialise(given, _x + 1),
            *(where(difference_next(), {_F: lam(_k, body)})
              for body in (_psi(_x + _k), _psi(_x + (_n + 1) - _k))),
            where(power_next(), {_x: num(-1)}),
        ]  # fmt: skip
        return intro(have(eq(*sides(_n + 1)), *known), _x)

    first = where(form_start(), {_x: num(1), _y: num(-1)})
    known = [where(first, {_F: lam(_k, body)}) for body in (_psi(_x + _k), _psi(_x + 0 - _k))]
    base = intro(have(eq(*sides(num(0))), *known, unfold=("difference", *PRODUCTS)), _x)
    return specialise(specialise(induct(_n, forall(_x, eq(*sides(_n))), base, step), _n), _x)
