"""Elementary functions: what the kernel's axioms say of exp, log, sqrt, sin and cos.

Each lemma is a kernel theorem about arbitrary reals, proved once and then instantiated.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction
from functools import cache

from derivations.calculus import (
    differentiate,
    exp_increasing,
    exp_minus,
    exp_monotone,
    exp_tangent,
    monotone,
)
from derivations.kernel.terms import (
    PI,
    Term,
    app,
    cos,
    eq,
    exp,
    function,
    lam,
    le,
    log,
    lt,
    num,
    real,
    sin,
    sqrt,
)
from derivations.kernel.theorem import Theorem, infer
from derivations.tactics import (
    absurd,
    assume,
    by_cases,
    discharge,
    have,
    instance,
    intro,
    order,
    rewrite,
    where,
)

_x, _y, _t, _a, _b, _u, _v = (real(s) for s in ("x", "y", "t", "a", "b", "u", "v"))
_f, _g = function("f", "R"), function("g", "R")


def resolve(theorem: Theorem, *facts: Theorem) -> Theorem:
    """The theorem without those of its hypotheses that the facts conclude."""
    for fact in facts:
        if fact.conclusion in theorem.hypotheses and fact.hypotheses != {fact.conclusion}:
            theorem = infer("detach", infer("discharge", theorem, formula=fact.conclusion), fact)
    return theorem


def by_equations(goal: Term, *equations: Theorem) -> Theorem:
    """An equality that holds once each ``atom = term``, in turn, is used as a replacement."""
    return infer("arithmetic", *equations, goal=goal, equations=tuple(range(len(equations))))


# Exponential and logarithm -----------------------------------------------------------------


@cache
def exp_power(exponent: int) -> Theorem:
    """exp(n x) = exp(x)**n, n an integer."""
    goal = eq(exp(exponent * _x), exp(_x) ** exponent)
    if exponent in (0, 1):
        return by_equations(goal, instance("exp.zero"))
    if exponent < 0:
        inverse = where(exp_minus(), x=-exponent * _x)
        return by_equations(goal, exp_power(-exponent), inverse)
    half = exponent // 2
    joined = instance("exp.sum", x=half * _x, y=(exponent - half) * _x)
    powers = dict.fromkeys((exp_power(half), exp_power(exponent - half)))  # one if they agree
    return by_equations(goal, *powers, joined)


def exp_of_sum(parts: Sequence[tuple[int, Term]]) -> Theorem:
    """exp(n t + ...) is the product of the powers exp(t)**n.

    >>> exp_of_sum([(2, real("x")), (-1, real("y"))])
    |- exp(2*x + -1*y) = exp(x)**2*exp(y)**(-1)
    """
    (first, base), *rest = parts
    total, product = first * base, exp(base) ** first
    made = where(exp_power(first), x=base)
    for exponent, term in rest:
        joined = instance("exp.sum", x=total, y=exponent * term)
        total, product = total + exponent * term, product * exp(term) ** exponent
        power = where(exp_power(exponent), x=term)
        made = by_equations(eq(exp(total), product), made, power, joined)
    return made


def log_of_product(parts: Sequence[tuple[int, Term]], positive: Sequence[Theorem]) -> Theorem:
    """log(t**n * ...) is the sum of the n log(t); `positive` says ``0 < t`` of each t."""
    inverses = [infer("detach", instance("exp.log", x=f.conclusion.args[1]), f) for f in positive]
    logs = [(n, log(t)) for n, t in parts]
    joined = exp_of_sum(logs)
    total = joined.conclusion.args[0].args[0]
    product = parts[0][1] ** parts[0][0]
    for n, t in parts[1:]:
        product = product * t**n
    goal = eq(exp(total), product)
    count = len(inverses) + 1
    same = infer(
        "arithmetic", *inverses, joined, *positive, goal=goal, equations=tuple(range(count))
    )
    return rewrite(instance("log.exp", x=total), same)


@cache
def log_of_root() -> Theorem:
    """log(sqrt(x)) = log(x)/2 for x > 0."""
    positive = assume(lt(0, _x))
    weak = have(le(0, _x), positive)
    square = infer("detach", instance("root.square", x=_x), weak)
    above = infer("detach", instance("root.nonnegative", x=_x), weak)

    def zero(case: Theorem) -> Theorem:
        return have(lt(0, sqrt(_x)), have(eq(sqrt(_x), 0), case, above), square, positive)

    root = by_cases(order(sqrt(_x), num(0)), zero, lambda case: case)
    twice = log_of_product([(2, sqrt(_x))], [root])
    return have(eq(log(sqrt(_x)), log(_x) / 2), rewrite(twice, square))


@cache
def exp_above() -> Theorem:
    """exp(y) (1 + x - y) <= exp(x): the tangent at y."""
    shifted = where(exp_tangent(), x=_x - _y)
    joined = exp_of_sum([(1, _x), (-1, _y)])
    goal = le(exp(_y) * (1 + _x - _y), exp(_x))
    positive = instance("exp.positive", x=_y)
    return infer(
        "arithmetic", joined, shifted, positive, goal=goal, equations=(0,),
        products=((Fraction(1), ((1, 1), (2, 1)), ()),),
    )  # fmt: skip


@cache
def exp_square() -> Theorem:
    """1 + x + x**2/2 <= exp(x) for x >= 0."""
    start = assume(le(0, _x))
    shape = exp(_u) - 1 - _u - _u**2 / 2
    smooth = differentiate(_u, shape, _u, value=exp(_u) - 1 - _u)
    sign = have(le(0, exp(_u) - 1 - _u), where(exp_tangent(), x=_u))
    return have(
        le(1 + _x + _x**2 / 2, exp(_x)), _risen(shape, smooth, sign, start), instance("exp.zero")
    )


def _risen(shape: Term, smooth: Theorem, sign: Theorem, start: Theorem) -> Theorem:
    """f(0) <= f(x) from 0 <= x, and the derivative at u and its sign (for all u >= 0)."""
    low, high = le(0, _u), le(_u, _x)
    rule = where(
        monotone(), a=num(0), b=_x, f=lam(_u, shape), g=lam(_u, smooth.conclusion.args[2])
    )
    for premise in (start, intro(smooth, _u, low, high), intro(sign, _u, low, high)):
        rule = infer("detach", infer("discharge", rule, formula=premise.conclusion), premise)
    return rule


@cache
def cosh_above() -> Theorem:
    """2 + x**2 <= exp(x) + exp(-x) for x >= 0."""
    start, zero = assume(le(0, _x)), instance("exp.zero")
    shape = exp(_u) - exp(-_u) - 2 * _u
    smooth = differentiate(_u, shape, _u, value=exp(_u) + exp(-_u) - 2)
    square = have(le(0, (exp(_u) - 1) ** 2 / exp(_u)))
    sign = have(le(0, exp(_u) + exp(-_u) - 2), square, where(exp_minus(), x=_u))
    sinh = discharge(where(_risen(shape, smooth, sign, start), {_x: _u}), assume(le(0, _u)))
    above = have(le(0, shape), sinh, zero)
    shape = exp(_u) + exp(-_u) - _u**2
    smooth = differentiate(_u, shape, _u, value=exp(_u) - exp(-_u) - 2 * _u)
    return have(
        le(2 + _x**2, exp(_x) + exp(-_x)), _risen(shape, smooth, above, start), zero
    )


@cache
def cosh_gaussian() -> Theorem:
    """exp(x) + exp(-x) <= 2 exp(x**2/2)."""
    two_cosh, two_sinh = exp(_u) + exp(-_u), exp(_u) - exp(-_u)
    start = assume(le(0, _x))
    zero = instance("exp.zero")
    ordered = assume(le(0, _u))
    rising = resolve(where(exp_monotone(), a=-_u, b=_u), have(le(-_u, _u), ordered))
    sinh = have(le(0, two_sinh), rising)
    # First tanh(u) <= u, then the exponent against log cosh.
    shape = _u * two_cosh - two_sinh
    smooth = differentiate(_u, shape, _u, value=_u * two_sinh)
    sign = have(le(0, _u * two_sinh), sinh, ordered)
    tanh = have(le(0, _at(shape, _x)), _risen(shape, smooth, sign, start), zero)
    tanh = have(
        le(0, _u - two_sinh / two_cosh), where(tanh, x=_u), have(lt(0, two_cosh))
    )
    shape = _u**2 / 2 - log(two_cosh)
    smooth = differentiate(_u, shape, _u, value=_u - two_sinh / two_cosh)
    risen = _risen(shape, smooth, tanh, start)
    at_zero = rewrite(risen, by_equations(eq(_at(two_cosh, num(0)), 2), zero))
    small = have(le(log(_at(two_cosh, _x)), _x**2 / 2 + log(2)), at_zero)
    grown = resolve(
        where(exp_monotone(), a=log(_at(two_cosh, _x)), b=_x**2 / 2 + log(2)), small
    )
    joined = instance("exp.sum", x=_x**2 / 2, y=log(2))
    inverses = [
        infer("detach", instance("exp.log", x=x), have(lt(0, x)))
        for x in (_at(two_cosh, _x), num(2))
    ]
    goal = le(exp(_x) + exp(-_x), 2 * exp(_x**2 / 2))
    right = have(goal, grown, joined, *inverses)
    left = infer("discharge", right, formula=start.conclusion)
    left = infer("instantiate", left, mapping=((_x, -_x),))

    def negative(case: Theorem) -> Theorem:
        return have(goal, infer("detach", left, have(le(0, -_x), case)))

    return by_cases(order(num(0), _x), lambda case: right, negative)


@cache
def root_of_product() -> Theorem:
    """sqrt(x) sqrt(y) = sqrt(x y) for non-negative x and y."""
    first, second = assume(le(0, _x)), assume(le(0, _y))
    whole = have(le(0, _x * _y), first, second)
    roots = []
    for value, known in ((_x, first), (_y, second), (_x * _y, whole)):
        roots.append(infer("detach", instance("root.nonnegative", x=value), known))
        roots.append(infer("detach", instance("root.square", x=value), known))
    a, b = sqrt(_x) * sqrt(_y), sqrt(_x * _y)
    same_square = have(eq(a**2, b**2), roots[1], roots[3], roots[5])
    signs = have(le(0, a), roots[0], roots[2]), have(le(0, b), roots[4])
    return resolve(where(equal_squares(), x=a, y=b), *signs, same_square)


@cache
def equal_squares() -> Theorem:
    """x = y from x**2 = y**2, for non-negative x and y."""
    first, second = assume(le(0, _x)), assume(le(0, _y))
    same = assume(eq(_x**2, _y**2))
    low = have(le(_x**2, _y**2), same)
    high = have(le(_y**2, _x**2), same)
    rule = infer("discharge", ordered_squares(), formula=le(_x**2, _y**2))
    other = infer("instantiate", infer("discharge", rule, formula=second.conclusion),
                  mapping=((_x, _y), (_y, _x)))  # fmt: skip
    below = infer("detach", infer("detach", infer("discharge", rule, formula=second.conclusion),
                                  second), low)  # fmt: skip
    above = infer("detach", infer("detach", other, first), high)
    rule = instance("order.antisymmetric", x=_x, y=_y)
    return infer("detach", infer("detach", rule, below), above)


def ordered_squares() -> Theorem:
    """x <= y from x**2 <= y**2, for non-negative y."""
    return ordered_powers(2, "<=")


@cache
def ordered_powers(n: int, head: str) -> Theorem:
    """x <= y from x**n <= y**n, for non-negative y and n >= 1; the same with ``<``.

    >>> ordered_powers(3, "<")
    0 <= y, x**3 < y**3 |- x < y
    """
    other, powers = assume(le(0, _y)), assume(app(head, _x**n, _y**n))
    # x**n - y**n = ((x - y) + y)**n - y**n
    products = tuple(
        (Fraction(math.comb(n, k)), ((0, k), *(((1, n - k),) if k < n else ())), ())
        for k in range(1, n + 1)
    )

    def beyond(case: Theorem) -> Theorem:
        reversed_ = app("<" if head == "<=" else "<=", _y**n, _x**n)
        larger = infer("arithmetic", case, other, goal=reversed_, products=products)
        one = tuple((Fraction(1), ((i, 1),), ()) for i in range(2))
        return absurd(
            infer("arithmetic", larger, powers, goal=lt(0, 0), products=one), app(head, _x, _y)
        )

    if head == "<=":
        return by_cases(order(_x, _y), lambda case: case, beyond)
    return by_cases(order(_y, _x), beyond, lambda case: case)


@cache
def log_reflects_strictly() -> Theorem:
    """log(x) < log(y) gives x < y for positive x and y."""
    positive, ordered = assume(lt(0, _y)), assume(lt(log(_x), log(_y)))
    other = assume(lt(0, _x))
    inverses = [infer("detach", instance("exp.log", x=f.conclusion.args[1]), f)
                for f in (other, positive)]  # fmt: skip
    rising = resolve(where(exp_increasing(), a=log(_x), b=log(_y)))
    risen = infer(
        "detach", infer("discharge", rising, formula=ordered.conclusion), ordered
    )
    return have(lt(_x, _y), rewrite(risen, *inverses))


# Roots ---------------------------------------------------------------------------------------


def root_of_square(base: Term, positive: Theorem | None) -> Theorem:
    """sqrt(t**2) = t for t > 0, or t = 0."""
    known = where(root_of_its_square(), x=base)
    one = ((Fraction(1), ((0, 1),), ()),) if positive is not None else ()
    weak = infer("arithmetic", *([positive] if positive is not None else []),
                 goal=le(0, base), products=one)  # fmt: skip
    return infer("detach", infer("discharge", known, formula=le(0, base)), weak)


@cache
def root_of_its_square() -> Theorem:
    """sqrt(x**2) = x for x >= 0."""
    weak = have(le(0, _x**2))
    facts = [
        assume(le(0, _x)), infer("detach", instance("root.nonnegative", x=_x**2), weak),
        infer("detach", instance("root.square", x=_x**2), weak),
    ]  # fmt: skip
    root = sqrt(_x**2)

    def half(low: Term, high: Term) -> Theorem:
        goal = le(low, high)
        return by_cases(order(low, high), lambda c: c, lambda c: have(goal, c, *facts))

    halves = [half(root, _x), half(_x, root)]
    rule = instance("order.antisymmetric", x=root, y=_x)
    return infer("detach", infer("detach", rule, halves[0]), halves[1])


# Sine and cosine -----------------------------------------------------------------------------


@cache
def bounded() -> tuple[Theorem, ...]:
    """sin and cos lie between -1 and 1."""
    made = []
    for part, other in ((sin(_x), cos(_x)), (cos(_x), sin(_x))):
        for goal, q in ((le(part, 1), 1 - part), (le(-1, part), 1 + part)):
            half = Fraction(1, 2)
            # 1 - s = ((1 - s)**2 + c**2)/2 + (1 - s**2 - c**2)/2
            made.append(
                infer(
                    "arithmetic", instance("circle", x=_x), goal=goal,
                    products=((half, (), (q,)), (half, (), (other,))),
                    multipliers=((0, num(-half)),),
                )  # fmt: skip
            )
    return tuple(made)


@cache
def addition() -> tuple[Theorem, Theorem]:
    """sin(x + y) and cos(x + y) in the values at x and y."""
    s = sin(_u + _y) - sin(_u) * cos(_y) - cos(_u) * sin(_y)
    c = cos(_u + _y) - cos(_u) * cos(_y) + sin(_u) * sin(_y)
    square = s**2 + c**2
    smooth = differentiate(_u, square, _u, value=num(0))
    falling = differentiate(_u, -square, _u, value=num(0))
    known = [instance("sin.zero"), instance("cos.zero")]
    zero = have(le(0, num(0)))

    def between(shape: Term, made: Theorem, a: Term, b: Term, ordered: Theorem) -> Theorem:
        low, high = le(a, _u), le(_u, b)
        rule = where(monotone(), a=a, b=b, f=lam(_u, shape), g=lam(_u, num(0)))
        for premise in (ordered, intro(made, _u, low, high), intro(zero, _u, low, high)):
            rule = infer("detach", infer("discharge", rule, formula=premise.conclusion), premise)
        return rule


    def at(term: Term) -> Term:
        return _at(term, _x)

    goal = le(at(square), 0)

    def right(case: Theorem) -> Theorem:
        return have(goal, between(-square, falling, num(0), _x, case), *known)

    def left(case: Theorem) -> Theorem:
        return have(goal, between(square, smooth, _x, num(0), have(le(_x, 0), case)), *known)

    small = by_cases(order(num(0), _x), right, left)
    result = []
    for part, rest in ((at(s), at(c)), (at(c), at(s))):
        result.append(_zero_of_square(part, rest, have(le(part**2 + rest**2, 0), small)))
    sines = have(eq(sin(_x + _y), sin(_x) * cos(_y) + cos(_x) * sin(_y)), result[0])
    cosines = have(eq(cos(_x + _y), cos(_x) * cos(_y) - sin(_x) * sin(_y)), result[1])
    return sines, cosines


def _at(term: Term, point: Term) -> Term:
    return lam(_u, term)(point)


def _zero_of_square(part: Term, rest: Term, small: Theorem) -> Theorem:
    """part = 0 from part**2 + rest**2 <= 0."""
    p, r = real("p"), real("r")
    given = assume(le(p**2 + r**2, 0))

    def side(goal: Term, low: Term, high: Term) -> Theorem:
        def beyond(case: Theorem) -> Theorem:
            return have(goal, case, given)

        return by_cases(order(low, high), lambda case: case, beyond)

    below = side(le(p, 0), p, num(0))
    above = side(le(0, p), num(0), p)
    rule = instance("order.antisymmetric", x=p, y=num(0))
    made = infer("detach", infer("detach", rule, below), above)
    made = infer("instantiate", made, mapping=((p, part), (r, rest)))
    (hypothesis,) = made.hypotheses
    return infer("detach", infer("discharge", made, formula=hypothesis), small)


@cache
def parity() -> tuple[Theorem, Theorem]:
    """sin(-x) = -sin(x) and cos(-x) = cos(x)."""
    sines, cosines = (where(t, y=-_x) for t in addition())
    zero = have(eq(_x + -_x, 0))
    first = rewrite(sines, zero)
    second = rewrite(cosines, zero)
    equations = [instance("sin.zero"), instance("cos.zero")]
    s, c, minus = sin(_x), cos(_x), sin(-_x)
    made = []
    for goal, one, two, three in (
        (eq(sin(-_x), -s), -c, s, -minus),
        (eq(cos(-_x), c), -s, -c, -cos(-_x)),
    ):
        made.append(
            infer(
                "arithmetic", first, second, instance("circle", x=_x), *equations, goal=goal,
                multipliers=((0, one), (1, two), (2, three)), equations=(3, 4),
            )  # fmt: skip
        )
    return made[0], made[1]


@cache
def multiple_angle(n: int) -> tuple[Theorem, Theorem]:
    """sin(n x) and cos(n x) in sin(x) and cos(x), n an integer."""
    made = []
    for place, f in enumerate((sin, cos)):
        if n == 0:
            goal = eq(f(0 * _x), num(place))
            made.append(by_equations(goal, instance("sin.zero" if f is sin else "cos.zero")))
        elif n == 1:
            made.append(by_equations(eq(f(1 * _x), f(_x))))
        elif n < 0:
            other = multiple_angle(-n)[place].conclusion.args[1]
            value = -other if f is sin else other
            flipped = where(parity()[place], x=-n * _x)
            made.append(by_equations(eq(f(n * _x), value), *multiple_angle(-n), flipped))
        else:
            before = multiple_angle(n - 1)
            joined = where(addition()[place], x=(n - 1) * _x, y=_x)
            s, c = (b.conclusion.args[1] for b in before)
            value = s * cos(_x) + c * sin(_x) if f is sin else c * cos(_x) - s * sin(_x)
            made.append(by_equations(eq(f(n * _x), value), *before, joined))
    return made[0], made[1]


def angle_of_sum(parts: Sequence[tuple[int, Term]]) -> tuple[Theorem, Theorem]:
    """sin and cos of n t + ... in the sines and cosines of the t."""
    (first, base), *rest = parts
    total = first * base
    made = tuple(where(t, x=base) for t in multiple_angle(first))
    for n, term in rest:
        angle = n * term
        other = tuple(where(t, x=term) for t in multiple_angle(n))
        s, c, s2, c2 = (t.conclusion.args[1] for t in (*made, *other))
        joined = [where(t, x=total, y=angle) for t in addition()]
        total = total + angle
        values = (s * c2 + c * s2, c * c2 - s * s2)
        made = tuple(
            by_equations(eq(f(total), value), *made, *other, law)
            for f, value, law in zip((sin, cos), values, joined, strict=True)
        )
    return made[0], made[1]


@cache
def angles() -> tuple[Theorem, ...]:
    """sin and cos at pi, pi/2, pi/3, pi/4 and pi/6."""
    result: list[Theorem] = []
    around = infer("instantiate", instance("sin.period"), mapping=((_x, num(0)),))
    double = angle_of_sum([(2, PI)])
    known = [instance("sin.zero"), instance("cos.zero"), *double]
    places = (0, 1, 2, 3)
    s, c = sin(PI), cos(PI)
    negative = infer("enclosure", goal=lt(c, 0), coordinates=(), tree=(-1,), bits=64)
    # 0 = sin(2 pi) = 2 sin(pi) cos(pi), and cos(pi) < 0.
    sine = infer(
        "arithmetic", *known, around, negative, goal=eq(s, 0), equations=places,
        multipliers=((4, 1 / (2 * c)),),
    )  # fmt: skip
    circle = instance("circle", x=PI)
    below = have(lt(c - 1, 0), negative)
    cosine = infer(
        "arithmetic", sine, circle, below, goal=eq(c, -1), equations=(0,),
        multipliers=((1, 1 / (c - 1)),),
    )  # fmt: skip
    result += [sine, cosine]
    half = PI / 2
    s, c = sin(half), cos(half)
    positive = infer("enclosure", goal=lt(0, s), coordinates=(), tree=(-1,), bits=64)
    double = angle_of_sum([(2, half)])
    # 0 = sin(pi) = 2 sin(pi/2) cos(pi/2).
    cosine = infer(
        "arithmetic", sine, double[0], positive, goal=eq(c, 0), equations=(0,),
        multipliers=((1, -1 / (2 * s)),),
    )  # fmt: skip
    above = have(lt(0, s + 1), positive)
    sine = infer(
        "arithmetic", cosine, instance("circle", x=half), above, goal=eq(s, 1), equations=(0,),
        multipliers=((1, 1 / (s + 1)),),
    )  # fmt: skip
    result += [cosine, sine]
    return tuple(result)


@cache
def special_angle(d: int) -> tuple[Theorem, ...]:
    """sin and cos at pi/d, d being 3, 4 or 6.

    >>> special_angle(6)[0]
    |- sin(1/6*pi) = 1/2
    """
    if d not in (3, 4, 6):
        raise ValueError(f"sin and cos are known at pi over 3, 4 and 6, not {d}")
    angle = num(Fraction(1, d)) * PI
    s, c = sin(angle), cos(angle)
    signs = [
        infer("enclosure", goal=lt(0, t), coordinates=(), tree=(-1,), bits=64) for t in (s, c)
    ]
    circle = instance("circle", x=angle)
    # cos(3 t) = -1 is (c + 1)(2 c - 1)**2 = 0, and sin(3 t) = 1 is (s + 1)(2 s - 1)**2 = 0.
    multiple = angle_of_sum([(d if d != 6 else 3, angle)])
    straight, right = angles()[:2], angles()[2:]
    if d == 4:
        twice = angle_of_sum([(2, angle)])[1]
        half = have(eq(s**2, Fraction(1, 2)), twice, right[0], circle)
        other = have(eq(c**2, Fraction(1, 2)), half, circle)
        return (_root_value(s, signs[0], half, 2), _root_value(c, signs[1], other, 2))
    known, value, law = (c, straight[1], multiple[1]) if d == 3 else (s, right[1], multiple[0])
    cube = have(eq(4 * known**3 - 3 * known, -1), law, value, circle)
    part = 2 * known - 1
    above = have(lt(0, known + 1), signs[1 if d == 3 else 0])
    small = infer(
        "arithmetic", cube, above, goal=le(part**2 + part**2, 0),
        multipliers=((0, -2 / (known + 1)),),
    )  # fmt: skip
    zero = _zero_of_square(part, part, small)
    first = have(eq(known, Fraction(1, 2)), zero)
    rest = s if d == 3 else c
    square = have(eq(rest**2, Fraction(3, 4)), circle, first)
    second = _root_value(rest, signs[0 if d == 3 else 1], square, 3)
    return (second, first) if d == 3 else (first, second)


def _root_value(term: Term, positive: Theorem, square: Theorem, n: int) -> Theorem:
    """``t = sqrt(n)/2`` from ``0 < t`` and ``t**2 = n/4``."""
    twice = have(lt(0, 2 * term), positive)
    root = rewrite(root_of_square(2 * term, twice), have(eq((2 * term) ** 2, n), square))
    return have(eq(term, sqrt(num(n)) / 2), root)


# Lambert's function --------------------------------------------------------------------------


@cache
def product_with_exp(strict: bool) -> Theorem:
    """v exp(v) <= u exp(u) for u <= v <= -1; strictly, where u < v."""
    head = "<" if strict else "<="
    apart, low = assume(app(head, _u, _v)), assume(le(_v, -1))
    joined = exp_of_sum([(1, _u), (1, _v - _u)])
    step = have(le(0, _v - _u), apart)
    grown = infer("detach", infer("discharge", where(exp_square(), x=_v - _u),
                                  formula=step.conclusion), step)  # fmt: skip
    positive = instance("exp.positive", x=_u)
    below = have(lt(0, -_v), low)
    # With d = v - u: u - v exp(d) is -v (exp(d) - 1 - d - d**2/2) + d (-1 - v) - v d**2/2.
    facts = (joined, positive, grown, apart, low, below)
    one = Fraction(1)
    products = (
        (one, ((1, 1), (5, 1), (2, 1)), ()),
        (one, ((1, 1), (3, 1), (4, 1)), ()),
        (one / 2, ((1, 1), (5, 1), (3, 2)), ()),
    )
    goal = app(head, _v * exp(_v), _u * exp(_u))
    return infer("arithmetic", *facts, goal=goal, products=products, equations=(0,))


def lambert_compared(goal: Term, argument: Sequence[Theorem], *compared: Theorem) -> Theorem:
    """``lambertw(t) <= c`` or ``c <= lambertw(t)``, or strictly, from c exp(c) and t.

    `argument` says ``-exp(-1) <= t`` and ``t < 0``, `compared` says ``c <= -1`` and
    ``c*exp(c) <= t``, or ``t <= c*exp(c)``, strictly if the goal is.
    """
    low, high = goal.args
    root = low if low.head == "lambertw" else high
    t = root.args[0]
    branch, equation = (
        infer("detach", infer("detach", instance(f"lambertw.{name}", x=t), argument[0]),
              argument[1])
        for name in ("branch", "equation")
    )  # fmt: skip
    strict = goal.head == "<"
    split = order(high, low) if strict else order(low, high)
    # What holds otherwise: high <= low, or high < low.
    end = branch if low == root else compared[0]

    def beyond(case: Theorem) -> Theorem:
        rule = where(product_with_exp(not strict), u=high, v=low)
        for fact in (case, end):
            rule = infer("detach", infer("discharge", rule, formula=fact.conclusion), fact)
        return absurd(have(lt(0, 0), rule, equation, *compared[1:], degree=1), goal)

    if strict:
        return by_cases(split, beyond, lambda case: case)
    return by_cases(split, lambda case: case, beyond)
