"""Polynomials in one variable: decided on any interval with rational ends, and on the whole line.

Real roots are isolated in balls.  Where an irreducible factor has no root in the interval, its sign
is proved: beyond all roots a Taylor polynomial has coefficients of one sign (Gauss and Lucas), and
an interval is halved until the coefficients in Bernstein's basis have one sign (Descartes).  Both
always come to an end.  The kernel replays the signs and their product by ``arithmetic`` and cases.
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import flint

from derivations.kernel.algebra import Algebra
from derivations.kernel.terms import KernelError, Term, app, free_variables, lt, num
from derivations.kernel.theorem import Theorem, difference, infer
from derivations.search.algebraic import Algebraic, Value
from derivations.search.bounds import bounds_of, usable
from derivations.search.polynomial import Constraint
from derivations.tactics import ProofError, by_cases, order

_HIGHEST = 64  # degree
_MOST_PRECISION = 20_000
_ONCE = ((Fraction(1), ((0, 1),), ()),)


# Roots ------------------------------------------------------------------------------------


def _fraction(value: Any) -> Fraction:
    return Fraction(int(value.p), int(value.q))


def _rational(value: Fraction) -> Any:
    return flint.fmpq(value.numerator, value.denominator)


@dataclass(frozen=True)
class _Root:
    """A real root of an irreducible polynomial: which of its roots, in their order."""

    poly: tuple[int, ...]
    number: int

    def rational(self) -> Fraction | None:
        """The root of a linear polynomial."""
        return Fraction(-self.poly[0], self.poly[1]) if len(self.poly) == 2 else None

    def ball(self, bits: int) -> Any:
        """A ball round the root."""
        exact = self.rational()
        before, flint.ctx.prec = flint.ctx.prec, bits
        try:
            if exact is not None:
                return flint.arb(_rational(exact))
            return _reals(flint.fmpz_poly(list(self.poly)))[self.number]
        finally:
            flint.ctx.prec = before

    def within(self, low: Fraction | None, high: Fraction | None) -> bool:
        """Whether the root lies strictly between two numbers (None: no end on that side)."""
        return all(
            end is None or self._beyond(end, side) for end, side in ((low, 1), (high, -1))
        )

    def _beyond(self, end: Fraction, side: int) -> bool:
        exact = self.rational()
        if exact is not None:
            return side * (exact - end) > 0
        for bits in _precisions():
            apart = (self.ball(bits) - _rational(end)) * side
            if apart > 0 or apart < 0:
                return bool(apart > 0)
        raise KernelError("a root was not told from a number")

    def value(self) -> Value:
        """The root as an exact coordinate of a point."""
        exact = self.rational()
        if exact is not None:
            return exact
        others = [_Root(self.poly, i) for i in range(len(_reals(flint.fmpz_poly(list(self.poly)))))]
        others.remove(self)
        for bits in _precisions():
            own = self.ball(bits)
            low, high = (_between(own, s) for s in (-1, 1))
            apart = all(not own.overlaps(o.ball(bits)) for o in others)
            if apart and not any(o.within(low, high) for o in others):
                return Algebraic(self.poly, low, high)
        raise KernelError("a root was not isolated")


def _precisions() -> Iterator[int]:
    bits = 64
    while bits <= _MOST_PRECISION:
        yield bits
        bits *= 2


def _reals(poly: Any) -> list[Any]:
    """The real roots of a square-free polynomial in order: their imaginary parts are exactly 0."""
    found = [r.real for r, _ in poly.complex_roots() if r.imag == 0]
    return sorted(found, key=lambda r: float(r.mid()))


def _between(ball: Any, side: int) -> Fraction:
    """A rational number just beyond an end of a ball."""
    end = ball.mid() + side * (2 * ball.rad() + flint.arb(2) ** -flint.ctx.prec)
    mantissa, exponent = (int(p) for p in end.mid().man_exp())
    return Fraction(mantissa) * Fraction(2) ** exponent


def _roots(factor: Any) -> list[_Root]:
    """The real roots of an irreducible polynomial."""
    if factor.degree() < 1:
        return []
    poly = tuple(int(c) for c in factor.coeffs())
    return [_Root(poly, i) for i in range(len(_reals(factor)) if len(poly) > 2 else 1)]


# Proofs -----------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Interval:
    """Where the variable is: the ends, with theorems that say so; None where there is no end."""

    v: Term
    low: Fraction | None
    high: Fraction | None
    facts: tuple[Theorem | None, Theorem | None]


def by_real_roots(goal: Term, facts: Sequence[Theorem], deadline: float) -> Theorem | None:
    """A relation in one variable, polynomial or rational, on an interval with rational ends.

    It is found whenever it holds there; None also where other facts are needed.

    >>> from derivations.kernel.terms import real
    >>> x = real("x")
    >>> by_real_roots((x**2 - 2) ** 2 * (x + 1) >= 0, [infer("assume", formula=x >= -1)], 1e99)
    x >= -1 |- (x**2 - 2)**2*(x + 1) >= 0
    """
    names = sorted(free_variables(goal), key=repr)
    if goal.head not in ("<=", "<", ">=", ">") or len(names) != 1 or names[0].sort != "R":
        return None
    v = names[0]
    own = [f for f in facts if free_variables(f.conclusion) == {v}]
    strict = [f for f in own if f.conclusion.head in ("<", ">", "!=")]
    algebra = Algebra(nonzero=[difference(f.conclusion) for f in strict])
    try:
        numerator, denominator = algebra.normal(difference(goal))
        if algebra.atoms != [v] or numerator == 0:
            return None
        above, below = (_polynomial(algebra.dictionary(p)) for p in (numerator, denominator))
        if max(above.degree(), below.degree()) > 4 * _HIGHEST:
            return None
        (top, factors), (bottom, divisors) = above.factor(), below.factor()
        parts = [(f, int(e)) for f, e in factors] + [(f, -int(e)) for f, e in divisors]
        if any(f.degree() > _HIGHEST for f, _ in parts):
            return None
        scale = Fraction(int(top), int(bottom))
        return _product(goal, parts, scale, _interval(v, usable(own)), strict, deadline)
    except (KernelError, ProofError):
        return None


def _polynomial(coefficients: Any) -> Any:
    """The polynomial with integer coefficients by exponents."""
    highest = max((m[0] for m in coefficients if m), default=0)
    return flint.fmpz_poly([int(coefficients.get((i,), 0)) for i in range(highest + 1)])


def _term(poly: Any, v: Term) -> Term:
    """The polynomial as a term."""
    total = num(0)
    for i, c in enumerate(int(c) for c in poly.coeffs()):
        total = total + num(c) * v**i if i else num(c)
    return total


def _interval(v: Term, facts: Sequence[Theorem]) -> _Interval:
    ends: list[Fraction | None] = []
    known: list[Theorem | None] = []
    for bounds in bounds_of(v, facts):
        plain = [b for b in bounds if b.term.kind == "num" and b.fact.conclusion.head != "="]
        ends.append(Fraction(plain[0].term.head) if plain else None)
        known.append(plain[0].fact if plain else None)
    return _Interval(v, ends[0], ends[1], (known[0], known[1]))


def _product(
    goal: Term,
    parts: Sequence[tuple[Any, int]],
    scale: Fraction,
    inside: _Interval,
    strict: Sequence[Theorem],
    deadline: float,
) -> Theorem | None:
    """The goal from the signs of the factors."""
    premises, powers, squares = list(strict), [], []
    for poly, exponent in parts:
        term = _term(poly, inside.v)
        needed = exponent < 0 or goal.head in ("<", ">")
        if exponent % 2 == 0 and not needed:
            squares.append(term ** (exponent // 2))
            continue
        sign = _sign(term, poly, inside, needed, deadline)
        if sign is None:
            return None
        if sign.conclusion.args[1] == num(0) and exponent % 2:
            scale = -scale
        powers.append((len(premises), exponent))
        premises.append(sign)
    if scale <= 0:
        return None
    return infer(
        "arithmetic", *premises, goal=goal, products=((scale, tuple(powers), tuple(squares)),)
    )


def _sign(
    term: Term, poly: Any, inside: _Interval, strict: bool, deadline: float
) -> Theorem | None:
    """A theorem ``0 < t``, ``t < 0`` or, if not strict, ``0 <= t`` or ``t <= 0``."""
    if poly.degree() == 1:
        return _linear(term, poly, inside, strict)
    if any(r.within(inside.low, inside.high) for r in _roots(poly)):
        return None
    return _on(term, poly, inside, _value_sign(poly, inside), deadline)


def _value_sign(poly: Any, inside: _Interval) -> int:
    """The sign of a polynomial without roots in an interval."""
    low, high = inside.low, inside.high
    place = low if low is not None else high if high is not None else Fraction(0)
    return 1 if flint.fmpq_poly(poly)(_rational(place)) > 0 else -1


def _linear(term: Term, poly: Any, inside: _Interval, strict: bool) -> Theorem | None:
    rate, root = int(poly[1]), Fraction(-int(poly[0]), int(poly[1]))
    for side, end, fact in ((1, inside.low, inside.facts[0]), (-1, inside.high, inside.facts[1])):
        if fact is None or end is None or side * (end - root) < 0:
            continue
        # rate (v - root) = rate (v - end) + rate (end - root)
        rest = abs(rate) * abs(end - root)
        head = "<" if rest or fact.conclusion.head in ("<", ">") else "<="
        if strict and head == "<=":
            return None
        goal = app(head, 0, term) if rate * side > 0 else app(head, term, 0)
        products: list[Any] = [(Fraction(abs(rate)), ((0, 1),), ())]
        products += [(rest, (), ())] if rest else []
        return infer("arithmetic", fact, goal=goal, products=tuple(products))
    return None


def _on(term: Term, poly: Any, inside: _Interval, sign: int, deadline: float) -> Theorem:
    """The sign of a polynomial that has no root in the interval."""
    if time.monotonic() >= deadline:
        raise ProofError("no time")
    goal = lt(0, term) if sign > 0 else lt(term, 0)
    made = _at_once(goal, flint.fmpq_poly(poly) * sign, inside)
    if made is not None:
        return made
    v, low, high = inside.v, inside.low, inside.high
    middle = (low + high) / 2 if low is not None and high is not None else _outside(poly, inside)

    def below(case: Theorem) -> Theorem:
        part = _Interval(v, low, middle, (inside.facts[0], case))
        return _on(term, poly, part, sign, deadline)

    def above(case: Theorem) -> Theorem:
        part = _Interval(v, middle, high, (case, inside.facts[1]))
        return _on(term, poly, part, sign, deadline)

    return by_cases(order(v, num(middle)), below, above)


def _outside(poly: Any, inside: _Interval) -> Fraction:
    """A simple number beyond the real parts of all roots, towards a side without an end."""
    parts = [r.real for r, _ in poly.complex_roots()]
    if inside.high is None:
        least = max(math.ceil(float(p.mid() + p.rad())) for p in parts) + 1
        return Fraction(least if inside.low is None else max(least, math.floor(inside.low) + 1))
    most = min(math.floor(float(p.mid() - p.rad())) for p in parts) - 1
    return Fraction(min(most, math.ceil(inside.high) - 1))


def _at_once(goal: Term, poly: Any, inside: _Interval) -> Theorem | None:
    """A positive polynomial from its coefficients in the distances to the ends."""
    low, high, n = inside.low, inside.high, poly.degree()
    facts = [f for f in inside.facts if f is not None]
    if not facts:
        return None
    x = flint.fmpq_poly([0, 1])
    products: list[Any] = []
    if low is not None and high is not None:
        width = high - low
        moved = poly(x * _rational(width) + _rational(low))
        turned = flint.fmpq_poly(_padded(moved, n)[::-1])(x + 1)
        found = [_fraction(c) for c in _padded(turned, n)[::-1]]
        margin = min(c / math.comb(n, i) for i, c in enumerate(found)) / 2
        if margin <= 0:
            return None
        products.append((margin, (), ()))
        for i, c in enumerate(found):
            powers = tuple((j, e) for j, e in ((0, i), (1, n - i)) if e)
            products.append(((c - margin * math.comb(n, i)) / width**n, powers, ()))
    else:
        end, side = (low, 1) if low is not None else (high, -1)
        found = [_fraction(c) for c in _padded(poly(x * side + _rational(end or Fraction(0))), n)]
        if found[0] <= 0 or min(found) < 0:
            return None
        products = [(c, ((0, i),) if i else (), ()) for i, c in enumerate(found) if c]
    return infer("arithmetic", *facts, goal=goal, products=tuple(products))


def _padded(poly: Any, n: int) -> list[Any]:
    coefficients = list(poly.coeffs())
    return coefficients + [flint.fmpq(0)] * (n + 1 - len(coefficients))


# Points -----------------------------------------------------------------------------------


def point_on_line(constraints: Sequence[Constraint]) -> Value | None:
    """A number at which polynomials in one variable have the signs that constraints ask for.

    None says that there is none: between neighbouring roots no sign changes, so that the roots and
    a number in each gap are all that has to be tried.  Raises `KernelError` for high degrees.

    >>> two = Constraint({(2,): Fraction(-1), (0,): Fraction(2)}, ">=")
    >>> point_on_line([two, Constraint({(1,): Fraction(1), (0,): Fraction(-5)}, ">")])
    """
    polys = [_integral(c) for c in constraints]
    if any(p.degree() > 4 * _HIGHEST for p in polys):
        raise KernelError("the degree is too high")
    factors = list(dict.fromkeys(
        tuple(int(c) for c in f.coeffs()) for p in polys if p != 0 for f, _ in p.factor()[1]
    ))  # fmt: skip
    roots = _ordered([r for f in factors for r in _roots(flint.fmpz_poly(list(f)))])
    candidates: list[Fraction | _Root] = list(_gaps(roots))
    by_degree: list[_Root] = sorted(roots, key=lambda r: len(r.poly))
    candidates += by_degree
    for candidate in candidates:
        pairs = zip(constraints, polys, strict=True)
        if all(_fits(_sign_at(p, candidate), c.kind) for c, p in pairs):
            return candidate.value() if isinstance(candidate, _Root) else candidate
    return None


def _integral(constraint: Constraint) -> Any:
    scale = math.lcm(*(Fraction(c).denominator for c in constraint.poly.values()))
    return _polynomial({m: c * scale for m, c in constraint.poly.items()})


def _ordered(roots: Sequence[_Root]) -> list[_Root]:
    """The roots in order; those of different irreducible polynomials are different."""
    for bits in _precisions():
        balls = {r: r.ball(bits) for r in roots}
        order_ = sorted(roots, key=lambda r: float(balls[r].mid()))
        if all(balls[a] < balls[b] for a, b in zip(order_, order_[1:], strict=False)):
            return order_
    raise KernelError("roots were not told apart")


def _gaps(roots: Sequence[_Root]) -> Iterator[Fraction]:
    """A simple number in each gap between neighbouring roots, those near 0 first."""
    if not roots:
        yield Fraction(0)
        return
    for bits in _precisions():
        balls = [r.ball(bits) for r in roots]
        ends = [(_between(b, -1), _between(b, 1)) for b in balls]
        inner = [(a[1], b[0]) for a, b in zip(ends, ends[1:], strict=False)]
        if all(a < b for a, b in inner):
            break
    found = [Fraction(math.floor(ends[0][0]) - 1), Fraction(math.ceil(ends[-1][1]) + 1)]
    found += [_simplest(a, b) for a, b in inner]
    yield from sorted(found, key=lambda q: (q.denominator, abs(q.numerator)))


def _simplest(low: Fraction, high: Fraction) -> Fraction:
    """The simplest fraction strictly between two others, by continued fractions."""
    if low < 0 < high:
        return Fraction(0)
    if high <= 0:
        return -_simplest(-high, -low)
    whole = math.floor(low)
    if whole + 1 < high:
        return Fraction(whole + 1)
    if low == whole:
        return whole + Fraction(1, math.floor(1 / (high - whole)) + 1)
    return whole + 1 / _simplest(1 / (high - whole), 1 / (low - whole))


def _sign_at(poly: Any, place: Fraction | _Root) -> int:
    """The sign of a polynomial at a number."""
    if isinstance(place, Fraction):
        value = flint.fmpq_poly(poly)(_rational(place))
        return int(value > 0) - int(value < 0)
    if poly == 0 or poly % flint.fmpz_poly(list(place.poly)) == 0:
        return 0
    for bits in _precisions():
        before, flint.ctx.prec = flint.ctx.prec, bits
        try:
            value = poly(place.ball(bits))
        finally:
            flint.ctx.prec = before
        if value > 0 or value < 0:
            return 1 if value > 0 else -1
    raise KernelError("a sign was not found")


def _fits(sign: int, kind: str) -> bool:
    return {">": sign > 0, ">=": sign >= 0, "=": sign == 0, "!=": sign != 0}[kind]


__all__ = ["by_real_roots", "point_on_line"]
