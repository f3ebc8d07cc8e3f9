"""Derived rules for finite sums: monotone, positive, congruent, telescoping.

Each is a kernel theorem about an arbitrary number of terms, by induction.
"""

from __future__ import annotations

from functools import cache

from derivations.kernel.terms import (
    Term,
    beta,
    both,
    eq,
    forall,
    function,
    implies,
    lam,
    le,
    lt,
    nat,
    ne,
    num,
    real,
    total,
)
from derivations.kernel.theorem import Theorem
from derivations.tactics import (
    apply,
    assume,
    by_cases,
    conjunction,
    discharge,
    fresh,
    have,
    induct,
    instance,
    intro,
    order,
    part,
    specialise,
    where,
)

_i, _n, _k = nat("i"), nat("n"), nat("k")
_f, _g = function("f", "N"), function("g", "N")


def _shorter(each: Theorem) -> Theorem:
    """From ``for all i < n + 1`` infer ``for all i < n``."""
    inside = assume(lt(_i, _n))
    return intro(apply(each, inside, at=[_i]), _i, lt(_i, _n))


@cache
def monotone() -> Theorem:
    """``f <= g`` on ``i < n`` gives ``Sum(n, f) <= Sum(n, g)``; f, g and n are free."""
    each = forall(_i, lt(_i, _n), le(_f(_i), _g(_i)))
    claim = le(total(_n, _i, _f(_i)), total(_n, _i, _g(_i)))

    def step(hypothesis: Theorem) -> Theorem:
        longer = assume(forall(_i, lt(_i, _n + 1), le(_f(_i), _g(_i))))
        shorter, last = apply(hypothesis, _shorter(longer)), apply(longer, at=[_n])
        goal = le(total(_n + 1, _i, _f(_i)), total(_n + 1, _i, _g(_i)))
        return intro(have(goal, shorter, last), (), longer.conclusion)

    base = have(le(total(0, _i, _f(_i)), total(0, _i, _g(_i))))
    base = intro(base, (), forall(_i, lt(_i, 0), le(_f(_i), _g(_i))))
    return apply(induct(_n, implies(each, claim), base, step), assume(each), at=[_n])


@cache
def congruent() -> Theorem:
    """``f = g`` on ``i < n`` gives ``Sum(n, f) = Sum(n, g)``; f, g and n are free."""
    each = forall(_i, lt(_i, _n), eq(_f(_i), _g(_i)))
    claim = eq(total(_n, _i, _f(_i)), total(_n, _i, _g(_i)))

    def step(hypothesis: Theorem) -> Theorem:
        longer = assume(forall(_i, lt(_i, _n + 1), eq(_f(_i), _g(_i))))
        shorter, last = apply(hypothesis, _shorter(longer)), apply(longer, at=[_n])
        goal = eq(total(_n + 1, _i, _f(_i)), total(_n + 1, _i, _g(_i)))
        return intro(have(goal, shorter, last), (), longer.conclusion)

    base = have(eq(total(0, _i, _f(_i)), total(0, _i, _g(_i))))
    base = intro(base, (), forall(_i, lt(_i, 0), eq(_f(_i), _g(_i))))
    return apply(induct(_n, implies(each, claim), base, step), assume(each), at=[_n])


def equal(count: Term, each: Theorem) -> Theorem:
    """``Sum(n, f) = Sum(n, g)`` from ``for all i, i < n -> f(i) = g(i)``."""
    return _summed(congruent(), count, each)


def ordered(count: Term, each: Theorem) -> Theorem:
    """``Sum(n, f) <= Sum(n, g)`` from ``for all i, i < n -> f(i) <= g(i)``."""
    return _summed(monotone(), count, each)


def _summed(rule: Theorem, count: Term, each: Theorem) -> Theorem:
    (body,) = each.conclusion.args
    index = fresh("i", "N", body, count)
    left, right = beta(body, [index]).args[1].args
    made = where(rule, {_f: lam(index, left), _g: lam(index, right), _n: count})
    return discharge(made, each)


@cache
def positive() -> Theorem:
    """``f >= 0`` on ``i < n`` and ``f(k) > 0`` for a ``k < n`` give ``Sum(n, f) > 0``."""
    each = forall(_i, lt(_i, _n), le(0, _f(_i)))
    at_k, inside = lt(0, _f(_k)), lt(_k, _n)
    positive_k = assume(at_k)

    def step(hypothesis: Theorem) -> Theorem:
        longer = assume(forall(_i, lt(_i, _n + 1), le(0, _f(_i))))
        shorter, last = _shorter(longer), apply(longer, at=[_n])
        before = assume(lt(_k, _n + 1))
        goal = lt(0, total(_n + 1, _i, _f(_i)))
        summed = monotone_from_zero(shorter)

        def at_the_end(case: Theorem) -> Theorem:
            whole = apply(instance("natural.discrete", m=_k, n=_n + 1), before)
            same = have(eq(_k, _n), case, whole)
            return have(goal, have(lt(0, _f(_n)), same, positive_k), summed)

        def earlier(case: Theorem) -> Theorem:
            return have(goal, apply(hypothesis, shorter, case), last)

        done = by_cases(order(_n, _k), at_the_end, earlier)
        return intro(intro(done, (), before.conclusion), (), longer.conclusion)

    formula = implies(each, inside, lt(0, total(_n, _i, _f(_i))))
    impossible = have(lt(0, total(0, _i, _f(_i))), assume(lt(_k, 0)))
    base = intro(impossible, (), forall(_i, lt(_i, 0), le(0, _f(_i))), lt(_k, 0))
    rule = induct(_n, formula, base, step)
    return apply(rule, assume(each), assume(inside), at=[_n])


@cache
def exchange() -> Theorem:
    """Two finite sums change places; a, b, F and the lengths n and m are free."""
    m, j = nat("m"), nat("j")
    a, b, f = function("a", "N"), function("b", "N"), function("F", "N", "N")

    def claim(length: Term) -> Term:
        inner = total(_n, _i, a(_i) * f(_i, j))
        outer = total(length, j, b(j) * f(_i, j))
        return eq(total(length, j, b(j) * inner), total(_n, _i, a(_i) * outer))

    base = have(claim(num(0)))
    rule = induct(m, claim(m), base, lambda hypothesis: have(claim(m + 1), hypothesis))
    return specialise(rule, m)


def monotone_from_zero(each: Theorem) -> Theorem:
    """``Sum(n, f) >= 0`` from ``f >= 0`` on ``i < n``, for the f and n of `monotone`."""
    rule = where(monotone(), {_f: lam(_i, num(0)), _g: lam(_i, _f(_i))})
    made = discharge(rule, each)
    return have(le(0, total(_n, _i, _f(_i))), made)


@cache
def telescoping() -> Theorem:
    """``a(k) <= f(k + 1) - f(k)`` for all k gives ``Sum(n, a) <= f(n) - f(0)``."""
    each = assume(forall(_k, le(_f(_k), _g(_k + 1) - _g(_k))))

    def claim(length: Term) -> Term:
        return le(total(length, _k, _f(_k)), _g(length) - _g(num(0)))

    base = have(claim(num(0)))
    rule = induct(
        _n,
        claim(_n),
        base,
        lambda hypothesis: have(claim(_n + 1), hypothesis, apply(each, at=[_n])),
    )
    return specialise(rule, _n)


@cache
def telescoping_above() -> Theorem:
    """``f(k + 1) - f(k) <= a(k)`` for all k gives ``f(n) - f(0) <= Sum(n, a)``."""
    each = assume(forall(_k, le(_g(_k + 1) - _g(_k), _f(_k))))

    def claim(length: Term) -> Term:
        return le(_g(length) - _g(num(0)), total(length, _k, _f(_k)))

    base = have(claim(num(0)))
    rule = induct(
        _n,
        claim(_n),
        base,
        lambda hypothesis: have(claim(_n + 1), hypothesis, apply(each, at=[_n])),
    )
    return specialise(rule, _n)


@cache
def single() -> Theorem:
    """A sum with one term that need not vanish: ``Sum(n, f) = f(m)`` for m < n."""
    m = nat("m")
    inside = lt(m, _n)
    each = forall(_i, lt(_i, _n), ne(_i, m), eq(_f(_i), 0))
    claim = eq(total(_n, _i, _f(_i)), _f(m))

    def step(hypothesis: Theorem) -> Theorem:
        before = assume(lt(m, _n + 1))
        longer = assume(forall(_i, lt(_i, _n + 1), ne(_i, m), eq(_f(_i), 0)))
        index = assume(lt(_i, _n))
        goal = eq(total(_n + 1, _i, _f(_i)), _f(m))

        def at_the_end(case: Theorem) -> Theorem:
            whole = apply(instance("natural.discrete", m=m, n=_n + 1), before)
            same = have(eq(m, _n), case, whole)
            vanish = apply(longer, index, have(ne(_i, m), index, same), at=[_i])
            nothing = discharge(
                where(congruent(), {_f: lam(_i, _f(_i)), _g: lam(_i, num(0))}),
                intro(vanish, _i, index.conclusion),
            )
            return have(goal, nothing, same)

        def earlier(case: Theorem) -> Theorem:
            differ = assume(ne(_i, m))
            shorter = intro(
                apply(longer, index, differ, at=[_i]), _i, index.conclusion, differ.conclusion
            )
            last = apply(longer, have(ne(_n, m), case), at=[_n])
            return have(goal, apply(hypothesis, case, shorter), last)

        made = by_cases(order(_n, m), at_the_end, earlier)
        return intro(intro(made, (), longer.conclusion), (), before.conclusion)

    formula = implies(inside, each, claim)
    nobody = assume(lt(m, 0))
    base = intro(
        have(eq(total(0, _i, _f(_i)), _f(m)), nobody),
        (), nobody.conclusion, forall(_i, lt(_i, 0), ne(_i, m), eq(_f(_i), 0)),
    )  # fmt: skip
    rule = induct(_n, formula, base, step)
    return apply(rule, assume(inside), assume(each), at=[_n])


@cache
def truncated() -> Theorem:
    """``f <= c`` below m and ``f <= 0`` from m on give ``Sum(n, f) <= c m`` for m <= n."""
    m, c = nat("m"), real("c")
    early = forall(_i, lt(_i, _n), lt(_i, m), le(_f(_i), c))
    late = forall(_i, lt(_i, _n), le(m, _i), le(_f(_i), 0))

    def claim(length: Term) -> Term:
        whole = total(length, _i, _f(_i))
        return both(
            implies(le(length, m), le(whole, c * length)), implies(le(m, length), le(whole, c * m))
        )

    def step(hypothesis: Theorem) -> Theorem:
        low = assume(forall(_i, lt(_i, _n + 1), lt(_i, m), le(_f(_i), c)))
        high = assume(forall(_i, lt(_i, _n + 1), le(m, _i), le(_f(_i), 0)))
        inside = assume(lt(_i, _n))
        before = apply(
            hypothesis,
            *(
                intro(apply(known, inside, assume(extra), at=[_i]), _i, inside.conclusion, extra)
                for known, extra in ((low, lt(_i, m)), (high, le(m, _i)))
            ),
        )
        whole, here = total(_n + 1, _i, _f(_i)), have(lt(_n, _n + 1))

        def full(shorter: Theorem) -> Theorem:
            """Sum(n + 1, f) <= c (n + 1) where n < m."""
            last = apply(low, here, shorter, at=[_n])
            weak = have(le(_n, m), shorter)
            return have(le(whole, c * (_n + 1)), apply(part(before, 0), weak), last)

        short, long_ = assume(le(_n + 1, m)), assume(le(m, _n + 1))
        first = full(have(lt(_n, m), short))

        def over(case: Theorem) -> Theorem:
            last = apply(high, here, case, at=[_n])
            return have(le(whole, c * m), apply(part(before, 1), case), last)

        def exactly(case: Theorem) -> Theorem:
            reach = apply(instance("natural.discrete", m=_n, n=m), case)
            return have(le(whole, c * m), full(case), have(eq(m, _n + 1), reach, long_))

        second = by_cases(order(m, _n), over, exactly)
        made = conjunction(intro(first, (), short.conclusion), intro(second, (), long_.conclusion))
        return intro(made, (), low.conclusion, high.conclusion)

    formula = implies(early, late, claim(_n))
    none = total(0, _i, _f(_i))
    flat = have(le(none, c * 0))
    zero = assume(le(m, 0))
    base = conjunction(
        intro(flat, (), le(0, m)),
        intro(have(le(none, c * m), have(eq(m, 0), zero)), (), zero.conclusion),
    )
    base = intro(
        base, (), forall(_i, lt(_i, 0), lt(_i, m), le(_f(_i), c)),
        forall(_i, lt(_i, 0), le(m, _i), le(_f(_i), 0)),
    )  # fmt: skip
    made = apply(induct(_n, formula, base, step), assume(early), assume(late), at=[_n])
    return apply(part(made, 1), assume(le(m, _n)))


@cache
def term_below() -> Theorem:
    """``f >= 0`` on i < n gives ``f(k) <= Sum(n, f)`` for k < n."""
    each, inside = forall(_i, lt(_i, _n), le(0, _f(_i))), lt(_k, _n)

    def step(hypothesis: Theorem) -> Theorem:
        longer, before = assume(forall(_i, lt(_i, _n + 1), le(0, _f(_i)))), assume(lt(_k, _n + 1))
        shorter, last = _shorter(longer), apply(longer, at=[_n])
        goal = le(_f(_k), total(_n + 1, _i, _f(_i)))

        def at_the_end(case: Theorem) -> Theorem:
            whole = apply(instance("natural.discrete", m=_k, n=_n + 1), before)
            return have(goal, have(eq(_k, _n), case, whole), monotone_from_zero(shorter))

        def earlier(case: Theorem) -> Theorem:
            return have(goal, apply(hypothesis, shorter, case), last)

        made = by_cases(order(_n, _k), at_the_end, earlier)
        return intro(intro(made, (), before.conclusion), (), longer.conclusion)

    formula = implies(each, inside, le(_f(_k), total(_n, _i, _f(_i))))
    nobody = assume(lt(_k, 0))
    base = intro(have(le(_f(_k), total(0, _i, _f(_i))), nobody), (),
                 forall(_i, lt(_i, 0), le(0, _f(_i))), nobody.conclusion)  # fmt: skip
    return apply(induct(_n, formula, base, step), assume(each), assume(inside), at=[_n])
