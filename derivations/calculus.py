"""Derived rules of calculus: derivatives of expressions, monotonicity, Taylor, finite sums.

Each rule is a kernel theorem about arbitrary functions, proved once and then instantiated.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

from derivations.kernel.terms import (
    Term,
    absolute,
    app,
    beta,
    both,
    derivative,
    eq,
    exists,
    exp,
    forall,
    free_variables,
    function,
    implies,
    lam,
    le,
    log,
    lt,
    minimum,
    nat,
    ne,
    num,
    real,
    total,
    unfold,
    var,
)
from derivations.kernel.theorem import Theorem, infer
from derivations.tactics import (
    ProofError,
    apply,
    assume,
    by_cases,
    conjunction,
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

_x, _y, _t, _a, _b, _u, _k = (real(s) for s in ("x", "y", "t", "a", "b", "u", "K"))
_n, _i = nat("n"), nat("i")
_f, _g, _h = function("f", "R"), function("g", "R"), function("h", "R")


# Derivatives -----------------------------------------------------------------------------


@cache
def difference_rule() -> Theorem:
    """(f - g)' = f' - g'."""
    first, second = assume(derivative(_u, _f(_u), _t, _x)), assume(derivative(_u, _g(_u), _t, _y))
    constant = instance("derivative.constant", c=num(-1), t=_t)
    product = apply(
        instance("derivative.product", f=lam(_u, num(-1)), g=lam(_u, _g(_u)), t=_t, x=num(0), y=_y),
        constant,
        second,
    )
    total_ = apply(
        instance(
            "derivative.sum", f=lam(_u, _f(_u)), g=lam(_u, -1 * _g(_u)), t=_t, x=_x,
            y=product.conclusion.args[2],
        ),
        first,
        product,
    )  # fmt: skip
    return restate(same_function(total_, _u, _f(_u) - _g(_u)), _x - _y)


@cache
def negation_rule() -> Theorem:
    """(-f)' = -f'."""
    zero = instance("derivative.constant", c=num(0), t=_t)
    rule = where(difference_rule(), {_f: lam(_u, num(0)), _x: num(0)})
    made = infer("detach", infer("discharge", rule, formula=zero.conclusion), zero)
    return restate(same_function(made, _u, -_g(_u)), -_y)


@cache
def quotient_rule() -> Theorem:
    """(f/g)' = (f' g - f g')/g**2 where g is not zero."""
    first, second = assume(derivative(_u, _f(_u), _t, _x)), assume(derivative(_u, _g(_u), _t, _y))
    nonzero = assume(ne(_g(_t), 0))
    inverse = apply(instance("derivative.inverse", t=_g(_t)), nonzero)
    chained = apply(
        instance(
            "derivative.chain", f=lam(_u, 1 / _u), g=lam(_u, _g(_u)), t=_t,
            x=inverse.conclusion.args[2], y=_y,
        ),
        inverse,
        second,
    )  # fmt: skip
    product = apply(
        instance(
            "derivative.product", f=lam(_u, _f(_u)), g=lam(_u, 1 / _g(_u)), t=_t, x=_x,
            y=chained.conclusion.args[2],
        ),
        first,
        chained,
    )  # fmt: skip
    made = same_function(product, _u, _f(_u) / _g(_u))
    return restate(made, (_x * _g(_t) - _f(_t) * _y) / _g(_t) ** 2, nonzero)


@cache
def power_rule(exponent: int) -> Theorem:
    """(f**n)' = n f**(n-1) f' for n >= 1."""
    first = assume(derivative(_u, _f(_u), _t, _x))
    if exponent == 1:
        return restate(same_function(first, _u, _f(_u) ** 1), _x)
    lower = power_rule(exponent - 1)
    product = apply(
        instance(
            "derivative.product", f=lam(_u, _f(_u) ** (exponent - 1)), g=lam(_u, _f(_u)), t=_t,
            x=lower.conclusion.args[2], y=_x,
        ),
        lower,
        first,
    )  # fmt: skip
    made = same_function(product, _u, _f(_u) ** exponent)
    return restate(made, exponent * _f(_t) ** (exponent - 1) * _x)


@cache
def sum_rule() -> Theorem:
    """The derivative of a finite sum is the sum of the derivatives; n and the point are free."""
    f, g = function("F", "R", "N"), function("G", "N")
    each = forall(_i, lt(_i, _n), derivative(_u, f(_u, _i), _t, g(_i)))
    claim = derivative(_u, total(_n, _i, f(_u, _i)), _t, total(_n, _i, g(_i)))
    formula = implies(each, claim)
    zero = instance("derivative.constant", c=num(0), t=_t)
    base_body = total(0, _i, f(_u, _i))
    base = restate(same_function(zero, _u, base_body), total(0, _i, g(_i)))
    base = intro(base, (), forall(_i, lt(_i, 0), derivative(_u, f(_u, _i), _t, g(_i))))

    def step(hypothesis: Theorem) -> Theorem:
        longer = assume(forall(_i, lt(_i, _n + 1), derivative(_u, f(_u, _i), _t, g(_i))))
        inside = assume(lt(_i, _n))
        shorter = intro(apply(longer, inside, at=[_i]), _i, lt(_i, _n))
        rule = instance(
            "derivative.sum", f=lam(_u, total(_n, _i, f(_u, _i))), g=lam(_u, f(_u, _n)), t=_t,
            x=total(_n, _i, g(_i)), y=g(_n),
        )  # fmt: skip
        made = apply(rule, apply(hypothesis, shorter), apply(longer, at=[_n]))
        made = restate(
            same_function(made, _u, total(_n + 1, _i, f(_u, _i))), total(_n + 1, _i, g(_i))
        )
        return intro(made, (), longer.conclusion)

    return apply(induct(_n, formula, base, step), assume(each), at=[_n])


def restate(theorem: Theorem, value: Term, *facts: Theorem, unfold: Sequence[str] = ()) -> Theorem:
    """The same derivative, its value written in another way that arithmetic proves equal."""
    body, at, old = theorem.conclusion.args
    if old == value:
        return theorem
    equation = have(eq(old, value), *facts, unfold=unfold)
    hole = fresh("hole", "R", theorem.conclusion, value)
    template = lam(hole, app("derivative", body, at, hole))
    return infer("rewrite", equation, theorem, template=template)


def difference_of(first: Theorem, second: Theorem) -> Theorem:
    """The derivative of f - g at a point, from those of f and g there."""
    f, at, x = first.conclusion.args
    g, _, y = second.conclusion.args
    return discharge(where(difference_rule(), f=f, g=g, t=at, x=x, y=y), first, second)


def same_function(theorem: Theorem, variable: Term, body: Term, *facts: Theorem) -> Theorem:
    """Carry a derivative over to an expression that is equal everywhere, by arithmetic.

    The facts hold for every value of the variable.
    """
    given, at, value = theorem.conclusion.args
    equality = have(eq(beta(given, [variable]), body), *facts)
    near = intro(equality, variable, lt(at - num(1), variable), lt(variable, at + num(1)))
    rule = instance("derivative.local", f=given, g=lam(variable, body), t=at, x=value, d=num(1))
    return apply(rule, near, theorem)


def differentiate(
    variable: Term,
    body: Term,
    at: Any,
    *facts: Theorem,
    value: Term | None = None,
    unfold_in: Sequence[str] = (),
) -> Theorem:
    """The theorem "variable -> body has a derivative at `at`", with its value.

    Derivatives of function variables come from the facts (``for all t, ...: derivative``),
    as do the signs that divisions, logarithms and roots need.  With `value`, the derivative
    is proved equal to it.  Raises `ProofError` when something is missing.
    """
    point = at if isinstance(at, Term) else num(at)
    plain = unfold(body)
    made = _Derivation(variable, point, facts).of(plain)
    made = fold(made, derivative(variable, body, point, made.conclusion.args[2]))
    return made if value is None else restate(made, value, *facts, unfold=unfold_in)


class _Derivation:
    """One differentiation: the variable, the point and the facts at hand."""

    def __init__(self, variable: Term, at: Term, facts: Sequence[Theorem]) -> None:
        self.variable, self.at, self.facts = variable, at, list(facts)
        self._made: dict[Term, Theorem] = {}

    def value(self, body: Term) -> Term:
        return beta(lam(self.variable, body), [self.at])

    def function(self, body: Term) -> Term:
        return lam(self.variable, body)

    def of(self, body: Term) -> Theorem:
        """The derivative of a subterm; what occurs again is not differentiated again."""
        if body not in self._made:
            self._made[body] = self._of(body)
        return self._made[body]

    def _of(self, body: Term) -> Theorem:
        if self.variable not in free_variables(body):
            return instance("derivative.constant", c=body, t=self.at)
        if body == self.variable:
            return instance("derivative.identity", t=self.at)
        if body.head == "Sum":
            return self.of_sum(*body.args)
        if isinstance(body.head, str):
            return self.of_builtin(body.head, body.args)
        return self.of_variable(body)

    def of_builtin(self, head: str, args: Sequence[Term]) -> Theorem:
        if head in ("+", "*", "-", "/", "neg"):
            parts = [self.of(a) for a in args]
            return self.combine(head, args, parts)
        if head == "^" and args[1].head >= 1:
            part = self.of(args[0])
            rule = power_rule(int(args[1].head))
            return self.use(rule, part, f=self.function(args[0]), x=part.conclusion.args[2])
        if head in ("exp", "sin", "cos", "log", "sqrt"):
            return self.chain(head, args[0])
        raise ProofError(f"no rule for the derivative of {head}")

    def combine(self, head: str, args: Sequence[Term], parts: Sequence[Theorem]) -> Theorem:
        values = [p.conclusion.args[2] for p in parts]
        if head == "neg":
            return self.use(negation_rule(), *parts, g=self.function(args[0]), y=values[0])
        mapping = {
            "f": self.function(args[0]), "g": self.function(args[1]),
            "x": values[0], "y": values[1],
        }  # fmt: skip
        if head in ("+", "*"):
            name = "derivative.sum" if head == "+" else "derivative.product"
            return apply(instance(name, t=self.at, **mapping), *parts)
        if head == "-":
            return self.use(difference_rule(), *parts, **mapping)
        divisor = self.value(args[1])
        known = [] if divisor.kind == "num" else self.facts
        nonzero = have(ne(divisor, 0), *known)
        return self.use(quotient_rule(), *parts, nonzero, **mapping)

    def use(self, rule: Theorem, *premises: Theorem, **mapping: Term) -> Theorem:
        """Instantiate a derived rule and discharge its hypotheses with the premises."""
        made = where(rule, t=self.at, **mapping)
        for premise in premises:
            made = infer("discharge", made, formula=premise.conclusion)
            made = infer("detach", made, premise)
        return made

    def chain(self, head: str, inner: Term) -> Theorem:
        point = self.value(inner)
        outer = instance(f"derivative.{head}", t=point)
        if outer.conclusion.head == "imp":
            outer = apply(outer, have(lt(0, point), *self.facts))
        if inner == self.variable:
            return outer
        return self.compose(outer, inner)

    def compose(self, outer: Theorem, inner: Term) -> Theorem:
        part = self.of(inner)
        rule = instance(
            "derivative.chain", f=outer.conclusion.args[0], g=self.function(inner), t=self.at,
            x=outer.conclusion.args[2], y=part.conclusion.args[2],
        )  # fmt: skip
        return apply(rule, outer, part)

    def of_sum(self, count: Term, body: Term) -> Theorem:
        index = fresh(
            "j", "N", body, count, self.variable, self.at, *(f.conclusion for f in self.facts)
        )
        inside = assume(lt(index, count))
        each = _Derivation(self.variable, self.at, [*self.facts, inside]).of(beta(body, [index]))
        value = lam(index, each.conclusion.args[2])
        function_ = lam((self.variable, index), beta(body, [index]))
        ready = intro(each, index, inside.conclusion)
        rule = where(sum_rule(), t=self.at, n=count, F=function_, G=value)
        hypothesis = ready.conclusion
        return infer("detach", infer("discharge", rule, formula=hypothesis), ready)

    def of_variable(self, body: Term) -> Theorem:
        places = [k for k, a in enumerate(body.args) if self.variable in free_variables(a)]
        if len(places) != 1:
            raise ProofError(f"cannot differentiate {body!r}")
        inner = body.args[places[0]]
        slot = fresh("u", "R", body)
        outer_body = body.head(*(slot if k == places[0] else a for k, a in enumerate(body.args)))
        wanted = lam(slot, outer_body)
        point = self.value(inner)
        for fact in self.facts:
            found = _match_derivative(fact, wanted, point, self.facts)
            if found is not None:
                return found if inner == self.variable else self.compose(found, inner)
        raise ProofError(f"nothing is known of the derivative of {body!r}", body)


def _match_derivative(
    fact: Theorem, wanted: Term, point: Term, facts: Sequence[Theorem]
) -> Theorem | None:
    """The instance of a fact that is a derivative of `wanted` at `point`, if it is one."""
    conclusion = fact.conclusion
    holes: tuple[Term, ...] = ()
    if conclusion.head == "forall":
        (body,) = conclusion.args
        holes = tuple(var(f"hole_{k}", s) for k, s in enumerate(body.sort[0]))
        conclusion = beta(body, holes)
    while conclusion.head == "imp":
        conclusion = conclusion.args[1]
    if conclusion.head != "derivative":
        return None
    found: dict[Term, Term] = {}
    given, at, _ = conclusion.args
    if not (_match(given, wanted, holes, found) and _match(at, point, holes, found)):
        return None
    if any(h not in found for h in holes):
        return None
    return apply(specialise(fact, *(found[h] for h in holes)) if holes else fact, *facts)


def _match(pattern: Term, term: Term, holes: Sequence[Term], found: dict[Term, Term]) -> bool:
    """First-order matching: fill the holes of the pattern so that it becomes the term."""
    if pattern in holes:
        if pattern in found:
            return found[pattern] == term
        if term.loose or (pattern.sort == "N" and term.sort != "N"):
            return False
        found[pattern] = term
        return True
    if pattern.kind != term.kind or pattern.kind not in ("app", "lam"):
        return bool(pattern == term)
    if pattern.kind == "app" and pattern.head != term.head:
        return False
    return len(pattern.args) == len(term.args) and all(
        _match(p, t, holes, found) for p, t in zip(pattern.args, term.args, strict=True)
    )


@cache
def continuous() -> Theorem:
    """A function that is differentiable at t stays within y of f(t) near t, y > 0."""
    d = real("d")
    smooth, small = assume(derivative(_u, _f(_u), _t, _x)), assume(lt(0, _y))
    near = apply(instance("derivative.meaning", f=lam(_u, _f(_u)), t=_t, x=_x, y=num(1)), smooth,
                 have(lt(0, num(1))))  # fmt: skip
    size = absolute(_x)
    radius = minimum(d / 2, _y / (size + 1))
    goal = exists(d, both(lt(0, d), _on(_u, _t - d, _t + d, _close(_f(_u), _f(_t), _y))))

    def use(chosen: Theorem) -> Theorem:
        signs = _magnitudes(_x, lambda case: have(le(0, size), case))
        halves = by_cases(
            instance("minimum.cases", x=d / 2, y=_y / (size + 1)),
            *([lambda case: have(
                both(lt(0, radius), le(radius, d / 2), le(radius * (size + 1), _y)),
                case, chosen, small, signs)] * 2),
        )  # fmt: skip
        low, high = assume(le(_t - radius, _u)), assume(le(_u, _t + radius))
        inside = apply(part(chosen, 1), have(lt(_t - d, _u), low, halves, part(chosen, 0)),
                       have(lt(_u, _t + d), high, halves, part(chosen, 0)), at=[_u])  # fmt: skip
        step, error = absolute(_u - _t), absolute(_f(_u) - _f(_t) - _x * (_u - _t))
        short = _magnitudes(_u - _t, lambda case: have(le(step, radius), case, low, high))
        size_of_step = _magnitudes(_u - _t, lambda case: have(le(0, step), case))
        drift = _magnitudes(
            _u - _t,
            lambda one: _magnitudes(
                _x,
                lambda two: have(
                    both(le(-(size * step), _x * (_u - _t)), le(_x * (_u - _t), size * step)),
                    one,
                    two,
                ),
            ),
        )
        bounded = _magnitudes(_f(_u) - _f(_t) - _x * (_u - _t), lambda case: have(
            both(le(-error, _f(_u) - _f(_t) - _x * (_u - _t)),
                 le(_f(_u) - _f(_t) - _x * (_u - _t), error)), case))  # fmt: skip
        total_ = have(le((size + 1) * step, _y), short, halves, signs, size_of_step)
        close = have(_close(_f(_u), _f(_t), _y), inside, drift, bounded, total_)
        shown = conjunction(part(halves, 0), intro(close, _u, low.conclusion, high.conclusion))
        return infer("witness", shown, formula=goal, terms=(radius,))

    return obtain(near, [d], use)


def _close(a: Term, b: Term, bound: Term) -> Term:
    return both(le(-bound, a - b), le(a - b, bound))


def _magnitudes(x: Term, use: Callable[[Theorem], Theorem]) -> Theorem:
    """The two cases of the absolute value of x."""
    return by_cases(instance("absolute.cases", x=x), use, use)


# Consequences of the mean value theorem ----------------------------------------------------


def _on(variable: Term, a: Any, b: Any, formula: Term) -> Term:
    """``for all variable in [a, b], formula``."""
    return forall(variable, le(a, variable), le(variable, b), formula)


@cache
def monotone() -> Theorem:
    """A function with a non-negative derivative g on [a, b] has f(a) <= f(b)."""
    ordered = assume(le(_a, _b))
    smooth = assume(_on(_u, _a, _b, derivative(_t, _f(_t), _u, _g(_u))))
    sign = assume(_on(_u, _a, _b, le(0, _g(_u))))
    goal = le(_f(_a), _f(_b))

    def apart(case: Theorem) -> Theorem:
        rule = instance("mean-value", a=_a, b=_b, f=lam(_u, _f(_u)), g=lam(_u, _g(_u)))
        c = real("c")

        def inside(point: Theorem) -> Theorem:
            positive = apply(sign, point, at=[c])
            return have(goal, point, positive, case)

        return obtain(apply(rule, case, smooth), [c], inside)

    def together(case: Theorem) -> Theorem:
        same = have(eq(_a, _b), case, ordered)
        return have(goal, same)

    return by_cases(order(_b, _a), together, apart)


@cache
def increasing() -> Theorem:
    """A function with a positive derivative g inside [a, b], a < b, has f(a) < f(b)."""
    ordered = assume(lt(_a, _b))
    smooth = assume(_on(_u, _a, _b, derivative(_t, _f(_t), _u, _g(_u))))
    sign = assume(forall(_u, lt(_a, _u), lt(_u, _b), lt(0, _g(_u))))
    rule = instance("mean-value", a=_a, b=_b, f=lam(_u, _f(_u)), g=lam(_u, _g(_u)))
    c = real("c")

    def inside(point: Theorem) -> Theorem:
        return have(lt(_f(_a), _f(_b)), point, apply(sign, point, at=[c]), ordered)

    return obtain(apply(rule, ordered, smooth), [c], inside)


@cache
def taylor() -> Theorem:
    """f(b) >= f(0) + b f'(0) - K b**2/2 when f'' >= -K on [0, b]; f' is g and f'' is h."""
    ordered = assume(le(0, _b))
    first = assume(_on(_u, 0, _b, derivative(_t, _f(_t), _u, _g(_u))))
    second = assume(_on(_u, 0, _b, derivative(_t, _g(_t), _u, _h(_u))))
    bound = assume(_on(_u, 0, _b, le(-_k, _h(_u))))
    low, high = assume(le(0, _u)), assume(le(_u, _b))
    # First g(t) + K t, then f(t) - g(0) t + K t**2/2, increases.
    c = real("c")
    slope = _grows(
        lam(_t, _g(_t) + _k * _t), num(0), c,
        lambda u, p, q: differentiate(_t, _g(_t) + _k * _t, u, _at(second, u, p, q),
                                      value=_h(u) + _k),
        lambda u, p, q: have(le(0, _h(u) + _k), _at(bound, u, p, q)),
        [assume(le(0, c)), assume(le(c, _b))],
    )  # fmt: skip
    slope = have(_g(c) >= _g(num(0)) - _k * c, slope)
    slope = intro(slope, c, le(0, c), le(c, _b))
    shape = _f(_t) - _g(num(0)) * _t + _k * _t**2 / 2
    made = _grows(
        lam(_t, shape), num(0), _b,
        lambda u, p, q: differentiate(_t, shape, u, _at(first, u, p, q),
                                      value=_g(u) - _g(num(0)) + _k * u),
        lambda u, p, q: have(le(0, _g(u) - _g(num(0)) + _k * u), _at(slope, u, p, q)),
        [ordered],
    )  # fmt: skip
    del low, high
    return have(_f(_b) >= _f(num(0)) + _b * _g(num(0)) - _k * _b**2 / 2, made)


@cache
def taylor_above() -> Theorem:
    """f(b) <= f(0) + b f'(0) + K b**2/2 when f'' <= K on [0, b]; f' is g and f'' is h."""
    u = _u
    low, high = assume(le(0, u)), assume(le(u, _b))
    first = assume(_on(u, 0, _b, derivative(_t, _f(_t), u, _g(u))))
    second = assume(_on(u, 0, _b, derivative(_t, _g(_t), u, _h(u))))
    bound = assume(_on(u, 0, _b, le(_h(u), _k)))
    negated = []
    for fact in (first, second):
        inner = apply(fact, low, high, at=[u])
        function_, _, value = inner.conclusion.args
        made = discharge(where(negation_rule(), g=function_, t=u, y=value), inner)
        negated.append(intro(made, u, low.conclusion, high.conclusion))
    below = have(le(-_k, -_h(u)), apply(bound, low, high, at=[u]))
    rule = where(taylor(), {_f: lam(_t, -_f(_t)), _g: lam(_t, -_g(_t)), _h: lam(_t, -_h(_t))})
    made = discharge(
        rule, *negated, intro(below, u, low.conclusion, high.conclusion), assume(le(0, _b))
    )
    return have(_f(_b) <= _f(num(0)) + _b * _g(num(0)) + _k * _b**2 / 2, made)


@cache
def tangent_above() -> Theorem:
    """f(y) <= f(x) + (y - x) f'(x) for x, y in [a, b] when f'' <= 0 there; f' is g, f'' is h."""
    first = assume(forall(_u, derivative(_t, _f(_t), _u, _g(_u))))
    second = assume(forall(_u, derivative(_t, _g(_t), _u, _h(_u))))
    bound = assume(_on(_u, _a, _b, le(_h(_u), 0)))
    ends = [assume(f) for f in (le(_a, _x), le(_x, _b), le(_a, _y), le(_y, _b))]
    place, step = _x + _u * (_y - _x), _y - _x
    low, high = assume(le(0, _u)), assume(le(_u, 1))
    left = have(le(_a, place), low, high, *ends)
    right = have(le(place, _b), low, high, *ends)
    bend = apply(bound, left, right, at=[place])
    along = _x + _t * step
    slope = differentiate(_t, _f(along), _u, first, value=step * _g(place))
    curve = differentiate(_t, step * _g(along), _u, second, value=step**2 * _h(place))
    down = have(le(step**2 * _h(place), 0), bend)
    made = expand(
        taylor_above(), lam(_t, _f(along)), lam(_t, step * _g(along)),
        lam(_t, step**2 * _h(along)), num(1), num(0),
        *(intro(f, _u, low.conclusion, high.conclusion) for f in (slope, curve, down)),
        have(le(0, num(1))),
    )  # fmt: skip
    return have(le(_f(_y), _f(_x) + (_y - _x) * _g(_x)), made)


@cache
def concave() -> Theorem:
    """c f(x) + (1-c) f(y) <= f(c x + (1-c) y) for x, y in [a, b], 0 <= c <= 1, when f'' <= 0."""
    c = real("c")
    share = [assume(le(0, c)), assume(le(c, 1))]
    ends = [assume(f) for f in (le(_a, _x), le(_x, _b), le(_a, _y), le(_y, _b))]
    middle = c * _x + (1 - c) * _y
    inside = have(le(_a, middle), *share, *ends), have(le(middle, _b), *share, *ends)
    tangents = []
    for end, bounds in ((_x, ends[:2]), (_y, ends[2:])):
        rule = where(tangent_above(), {_x: middle, _y: end})
        kept = [h for h in tangent_above().hypotheses if h.head == "forall"]
        tangents.append(discharge(rule, *inside, *bounds, *map(assume, kept)))
    goal = le(c * _f(_x) + (1 - c) * _f(_y), _f(middle))
    return have(goal, *tangents, *share)


def expand(
    rule: Theorem, f: Term, g: Term, h: Term, b: Term, bound: Term, *facts: Theorem
) -> Theorem:
    """`taylor` or `taylor_above` for given functions; the facts discharge its hypotheses.

    f, g and h are functions of one real (lambda terms), `bound` is the constant K.
    """
    return discharge(where(rule, {_f: f, _g: g, _h: h, _b: b, _k: bound}), *facts)


def on_segment(theorem: Theorem, a: Term, b: Term) -> Theorem:
    """From ``for all u, p(u)`` infer ``for all u in [a, b], p(u)``."""
    u = fresh("u", "R", theorem.conclusion, a, b)
    return intro(specialise(theorem, u), u, le(a, u), le(u, b))


# Exponential and logarithm -----------------------------------------------------------------


@cache
def exp_increasing() -> Theorem:
    """a < b gives exp(a) < exp(b)."""
    ordered = assume(lt(_a, _b))
    slope = intro(instance("derivative.exp", t=_u), _u, le(_a, _u), le(_u, _b))
    sign = intro(instance("exp.positive", x=_u), _u, lt(_a, _u), lt(_u, _b))
    return discharge(
        where(increasing(), {_f: lam(_u, exp(_u)), _g: lam(_u, exp(_u))}), ordered, slope, sign
    )


@cache
def exp_monotone() -> Theorem:
    """a <= b gives exp(a) <= exp(b)."""
    ordered, goal = assume(le(_a, _b)), le(exp(_a), exp(_b))
    return by_cases(
        order(_b, _a),
        lambda case: have(goal, have(eq(_a, _b), case, ordered)),
        lambda case: have(goal, discharge(exp_increasing(), case)),
    )


@cache
def exp_tangent() -> Theorem:
    """1 + x <= exp(x)."""
    goal = le(1 + _x, exp(_x))

    def compare(case: Theorem, a: Term, b: Term, shape: Term, u: Term) -> Theorem:
        """The shape has a non-negative derivative on [a, b]."""
        low, high = assume(le(a, u)), assume(le(u, b))
        smooth = differentiate(u, shape, u)
        value = smooth.conclusion.args[2]
        zero = instance("exp.zero")
        if a == num(0):
            versus = discharge(where(exp_monotone(), a=num(0), b=u), low)
        else:
            versus = discharge(where(exp_monotone(), a=u, b=num(0)), high)
        sign = have(le(0, value), versus, zero)
        rule = where(monotone(), {_a: a, _b: b, _f: lam(u, shape), _g: lam(u, value)})
        made = discharge(
            rule, case, intro(smooth, u, le(a, u), le(u, b)), intro(sign, u, le(a, u), le(u, b))
        )
        return have(goal, made, zero)

    return by_cases(
        instance("order.total", x=num(0), y=_x),
        lambda case: compare(case, num(0), _x, exp(_u) - 1 - _u, _u),
        lambda case: compare(have(le(_x, 0), case), _x, num(0), 1 + _u - exp(_u), _u),
    )


@cache
def log_tangent() -> Theorem:
    """log(x) <= x - 1 for x > 0."""
    positive = assume(lt(0, _x))
    inverse = apply(instance("exp.log", x=_x), positive)
    return have(le(log(_x), _x - 1), where(exp_tangent(), x=log(_x)), inverse)


@cache
def log_of_quotient() -> Theorem:
    """log(x/y) = log(x) - log(y) for positive x and y."""
    positive, other = assume(lt(0, _x)), assume(lt(0, _y))
    ratio = have(lt(0, _x / _y), positive, other)
    lx, ly, lq = log(_x), log(_y), log(_x / _y)
    inverses = [
        apply(instance("exp.log", x=v), known)
        for v, known in ((_x, positive), (_y, other), (_x / _y, ratio))
    ]
    joined = instance("exp.sum", x=lq, y=ly)
    # exp(log(x/y) + log(y)) = x, so the logarithm of x is that sum.
    same = have(eq(exp(lq + ly), _x), joined, *inverses[1:], other)
    back = instance("log.exp", x=lq + ly)
    return have(eq(lq, lx - ly), rewrite(back, same))


@cache
def log_increasing() -> Theorem:
    """0 < x and x < y give log(x) < log(y)."""
    positive, ordered = assume(lt(0, _x)), assume(lt(_x, _y))
    inverse = apply(instance("exp.log", x=_x), positive)
    other = apply(instance("exp.log", x=_y), have(lt(0, _y), positive, ordered))
    goal = lt(log(_x), log(_y))

    def backwards(case: Theorem) -> Theorem:
        versus = discharge(where(exp_monotone(), a=log(_y), b=log(_x)), case)
        return have(goal, versus, inverse, other, ordered)

    return by_cases(order(log(_y), log(_x)), backwards, lambda case: case)


@cache
def exp_minus_log() -> Theorem:
    """exp(-log(x)) = 1/x for x > 0."""
    positive = assume(lt(0, _x))
    inverse = apply(instance("exp.log", x=_x), positive)
    joined = instance("exp.sum", x=log(_x), y=-log(_x))
    zero = have(eq(log(_x) + -log(_x), 0))
    product = have(eq(_x * exp(-log(_x)), 1), rewrite(joined, zero), inverse, instance("exp.zero"))
    return have(eq(exp(-log(_x)), 1 / _x), product, positive)


@cache
def exp_minus() -> Theorem:
    """exp(-x) = 1/exp(x)."""
    joined = instance("exp.sum", x=_x, y=-_x)
    zero = have(eq(_x + -_x, 0))
    product = have(eq(exp(_x) * exp(-_x), 1), rewrite(joined, zero), instance("exp.zero"))
    return have(eq(exp(-_x), 1 / exp(_x)), product)


@cache
def exp_reflects() -> Theorem:
    """exp(x) <= exp(y) gives x <= y."""
    ordered, goal = assume(le(exp(_x), exp(_y))), le(_x, _y)

    def backwards(case: Theorem) -> Theorem:
        return have(goal, discharge(where(exp_increasing(), a=_y, b=_x), case), ordered)

    return by_cases(order(_x, _y), lambda case: case, backwards)


@cache
def log_reflects() -> Theorem:
    """log(x) <= log(y) gives x <= y for positive y."""
    other = assume(lt(0, _y))
    ordered, goal = assume(le(log(_x), log(_y))), le(_x, _y)

    def backwards(case: Theorem) -> Theorem:
        rises = discharge(where(log_increasing(), x=_y, y=_x), other, case)
        return have(goal, rises, ordered)

    return by_cases(order(_x, _y), lambda case: case, backwards)


def _at(theorem: Theorem, u: Term, *facts: Theorem) -> Theorem:
    return apply(theorem, *facts, at=[u])


def _grows(
    function_: Term, a: Term, b: Term, slope: Any, sign: Any, facts: Sequence[Theorem]
) -> Theorem:
    """f(a) <= f(b) from its derivative and the derivative's sign on [a, b]."""
    u = fresh("u", "R", function_, a, b)
    low, high = assume(le(a, u)), assume(le(u, b))
    facts = [*facts]
    # Facts about b bound u as well: u <= b and b <= ... .
    smooth = slope(u, low, _chain(high, facts))
    value = lam(u, smooth.conclusion.args[2])
    positive = sign(u, low, _chain(high, facts))
    rule = where(monotone(), {_a: a, _b: b, _f: function_, _g: value})
    premises = [
        intro(smooth, u, low.conclusion, high.conclusion),
        intro(positive, u, low.conclusion, high.conclusion),
    ]
    for premise in [*premises, have(le(a, b), *facts)]:
        rule = infer("detach", infer("discharge", rule, formula=premise.conclusion), premise)
    return rule


def _chain(high: Theorem, facts: Sequence[Theorem]) -> Theorem:
    """From u <= b and b <= c (if that is among the facts) infer u <= c."""
    u, b = high.conclusion.args
    for fact in facts:
        if fact.conclusion.head == "<=" and fact.conclusion.args[0] == b:
            return have(le(u, fact.conclusion.args[1]), high, fact)
    return high
