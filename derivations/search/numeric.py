"""Floating-point evaluation with error bounds, slopes, and sample points.  Nothing is trusted.

It prunes and steers the searches: what looks false at a sample point is not tried.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy
import scipy.special

from derivations.kernel.terms import Term, app, cos, exp, free_variables, lambertw, num, sin, sqrt

_EPS = 2.3e-16
Columns = Mapping[Term, Any]


@dataclass(frozen=True)
class Rounded:
    """Values of a term at many points, and bounds on their rounding errors."""

    value: Any
    error: Any

    def signs(self) -> Any:
        """1 and -1 where the sign is sure, 0 where it is not, nan where there is no value."""
        sure = numpy.abs(self.value) > 4 * self.error
        result = numpy.where(sure, numpy.sign(self.value), 0.0)
        return numpy.where(numpy.isfinite(self.value), result, numpy.nan)


def rounded(term: Term, columns: Columns, memo: dict[Term, Rounded] | None = None) -> Rounded:
    """The values of a scalar term at points given as one array for each variable.

    >>> from derivations.kernel.terms import real, log
    >>> x = real("x")
    >>> rounded(log(x), {x: numpy.array([0.5, 1.0, 2.0])}).signs().tolist()
    [-1.0, 0.0, 1.0]
    """
    with numpy.errstate(all="ignore"):
        return _rounded(term, columns, {} if memo is None else memo)


def signs(term: Term, columns: Columns, memo: dict[Term, Rounded] | None = None) -> Any:
    """The signs of a term at the points, see `Rounded.signs`."""
    size = len(next(iter(columns.values()))) if columns else 1
    return numpy.broadcast_to(rounded(term, columns, memo).signs(), (size,))


def _rounded(term: Term, columns: Columns, memo: dict[Term, Rounded]) -> Rounded:
    if term not in memo:
        memo[term] = _compute(term, columns, memo)
    return memo[term]


def _compute(term: Term, columns: Columns, memo: dict[Term, Rounded]) -> Rounded:
    if term in columns:
        return Rounded(columns[term], 0.0 * numpy.abs(columns[term]))
    if term.kind == "num":
        value = _double(term.head)
        exact = term.head.denominator == 1 and abs(term.head) < 2**53
        return Rounded(numpy.float64(value), 0.0 if exact else _EPS * abs(value))
    if term.kind != "app" or term.head not in _RULES:
        return Rounded(numpy.float64("nan"), 0.0)
    parts = [_rounded(a, columns, memo) for a in term.args]
    if term.head == "^":
        value, error = _raise(parts[0], int(term.args[1].head))
    else:
        value, error = _RULES[term.head](*parts)
    return Rounded(value, error + _EPS * numpy.abs(value))


def _double(value: Fraction) -> float:
    try:
        return float(value)
    except OverflowError:
        return math.inf if value > 0 else -math.inf


def _raise(a: Rounded, n: int) -> tuple[Any, Any]:
    value = a.value**n if n >= 0 else 1 / a.value**-n
    return value, abs(n) * numpy.abs(a.value ** (n - 1.0)) * a.error + abs(n) * _EPS * abs(value)


def _quotient(a: Rounded, b: Rounded) -> tuple[Any, Any]:
    value = a.value / b.value
    unsure = numpy.abs(b.value) <= 4 * b.error
    value = numpy.where(unsure, numpy.nan, value)
    return value, (a.error + numpy.abs(value) * b.error) / numpy.abs(b.value)


def _root(a: Rounded) -> tuple[Any, Any]:
    value = numpy.sqrt(a.value)
    return value, numpy.where(a.error > 0, a.error / numpy.maximum(value, numpy.sqrt(a.error)), 0.0)


def _logarithm(a: Rounded) -> tuple[Any, Any]:
    value = numpy.where(a.value > 0, numpy.log(a.value), numpy.nan)
    return value, a.error / numpy.abs(a.value)


def _lambert(a: Rounded) -> tuple[Any, Any]:
    inside = numpy.asarray(a.value, dtype=float)
    found = scipy.special.lambertw(inside, -1).real
    # At the turning point, or the doubles next to it, scipy has no value.
    found = numpy.where(numpy.abs(inside * math.e + 1) < 4 * _EPS, -1.0, found)
    value = numpy.where((inside >= -1 / math.e) & (inside < 0), found, numpy.nan)
    # The slope is W/(x (1 + W)); the square root of the error bounds it near the turning point.
    steep = numpy.abs(value / (inside * (1 + value))) * (a.error + _EPS * numpy.abs(inside))
    return value, numpy.fmin(steep, 4 * numpy.sqrt(a.error + _EPS) * numpy.abs(value))


_RULES: Mapping[str, Callable[..., tuple[Any, Any]]] = {
    "+": lambda a, b: (a.value + b.value, a.error + b.error),
    "-": lambda a, b: (a.value - b.value, a.error + b.error),
    "neg": lambda a: (-a.value, a.error),
    "*": lambda a, b: (
        a.value * b.value,
        numpy.abs(a.value) * b.error + numpy.abs(b.value) * a.error,
    ),
    "/": _quotient,
    "^": _raise,
    "exp": lambda a: (numpy.exp(a.value), numpy.exp(a.value) * a.error),
    "log": _logarithm,
    "sqrt": _root,
    "sin": lambda a: (numpy.sin(a.value), a.error + _EPS),
    "cos": lambda a: (numpy.cos(a.value), a.error + _EPS),
    "lambertw": _lambert,
    "abs": lambda a: (numpy.abs(a.value), a.error),
    "max": lambda a, b: (numpy.maximum(a.value, b.value), numpy.maximum(a.error, b.error)),
    "min": lambda a, b: (numpy.minimum(a.value, b.value), numpy.maximum(a.error, b.error)),
    "pi": lambda: (numpy.float64(math.pi), 2 * _EPS),
}


# Slopes ------------------------------------------------------------------------------------

_ZERO, _ONE = num(0), num(1)


def slope(term: Term, variable: Term) -> Term | None:
    """The partial derivative as a term, or None where no rule applies.

    >>> from derivations.kernel.terms import real, log
    >>> slope(real("x") * log(real("x")), real("x"))
    log(x) + x*(1/x)
    """
    if variable not in free_variables(term):
        return _ZERO
    if term == variable:
        return _ONE
    if term.kind != "app" or not isinstance(term.head, str):
        return None
    if term.head == "^":
        inner = slope(term.args[0], variable)
        n = int(term.args[1].head)
        return None if inner is None else _times(n * term.args[0] ** (n - 1), inner)
    inners = [slope(a, variable) for a in term.args]
    if any(i is None for i in inners) or term.head not in _SLOPES:
        return None
    return _SLOPES[term.head](*term.args, *inners)


def _times(a: Term, b: Term) -> Term:
    if _ZERO in (a, b):
        return _ZERO
    if a == _ONE or b == _ONE:
        return b if a == _ONE else a
    return app("*", a, b)


def _plus(a: Term, b: Term) -> Term:
    if _ZERO in (a, b):
        return b if a == _ZERO else a
    return app("+", a, b)


def _minus(a: Term, b: Term) -> Term:
    if b == _ZERO:
        return a
    return -b if a == _ZERO else app("-", a, b)


def _over(a: Term, b: Term, da: Term, db: Term) -> Term:
    if db == _ZERO:
        return da / b
    return _minus(_times(da, b), _times(a, db)) / b**2


_SLOPES: Mapping[str, Callable[..., Term]] = {
    "+": lambda a, b, da, db: _plus(da, db),
    "-": lambda a, b, da, db: _minus(da, db),
    "neg": lambda a, da: -da,
    "*": lambda a, b, da, db: _plus(_times(da, b), _times(a, db)),
    "/": _over,
    "exp": lambda a, da: _times(exp(a), da),
    "log": lambda a, da: _times(da, app("/", 1, a)) if da != _ONE else app("/", 1, a),
    "sqrt": lambda a, da: da / (2 * sqrt(a)),
    "lambertw": lambda a, da: _times(lambertw(a) / (a * (1 + lambertw(a))), da),
    "sin": lambda a, da: _times(cos(a), da),
    "cos": lambda a, da: -_times(sin(a), da),
}


# Sample points -----------------------------------------------------------------------------


@dataclass(frozen=True)
class Range:
    """Bounds of one variable as doubles."""

    low: float = -math.inf
    high: float = math.inf

    def spread(self) -> Any:
        """Points inside, many of them near the ends."""
        near = numpy.array([1e-9, 1e-6, 1e-4, 1e-3, 0.01, 0.03])
        far = numpy.array([0.1, 0.25, 0.5, 0.75, 1.0, 1.5, 2.0, 3.0, 5.0, 8.0, 13.0, 30.0, 100.0])
        if math.isfinite(self.low) and math.isfinite(self.high):
            width = self.high - self.low
            inside = numpy.linspace(0, 1, 41)[1:-1]
            return numpy.concatenate(
                [[self.low], self.low + width * near, self.low + width * inside,
                 self.high - width * near[::-1], [self.high]]
            )  # fmt: skip
        more = numpy.sort(numpy.concatenate([near, far, far * 0.13, far * 0.6, [700.0, 1e4]]))
        if math.isfinite(self.low):
            return numpy.concatenate([[self.low], self.low + more])
        if math.isfinite(self.high):
            return numpy.concatenate([self.high - more[::-1], [self.high]])
        return numpy.concatenate([-more[::-1], [0.0], more])


def samples(ranges: Mapping[Term, Range], relations: Sequence[Term], count: int = 400) -> Columns:
    """Points within the ranges that satisfy the relations up to rounding.

    Equations ``variable = term`` are solved; other equations are not looked for.
    """
    source = numpy.random.default_rng(7)
    names = list(ranges)
    if not names:
        return {}
    if len(names) == 1:
        return _kept({names[0]: ranges[names[0]].spread()}, relations)
    columns: dict[Term, Any] = {}
    for name in names:
        columns[name] = source.choice(ranges[name].spread(), count)
    for name in names[1:]:  # a few points on the diagonal, where things touch
        same = source.random(count) < 0.15
        columns[name] = numpy.where(same, columns[names[0]], columns[name])
    for relation in relations:
        if relation.head == "=" and relation.args[0] in columns:
            columns[relation.args[0]] = rounded(relation.args[1], columns).value * numpy.ones(count)
    return _kept(columns, relations)


def _kept(columns: dict[Term, Any], relations: Sequence[Term]) -> Columns:
    memo: dict[Term, Rounded] = {}
    size = len(next(iter(columns.values())))
    good = numpy.ones(size, dtype=bool)
    for relation in relations:
        left, right = relation.args
        low, high = (left, right) if relation.head in ("<=", "<") else (right, left)
        sign = numpy.broadcast_to(signs(app("-", high, low), columns, memo), (size,))
        if relation.head == "=":
            good &= sign == 0
        elif relation.head == "!=":
            good &= numpy.abs(sign) > 0
        else:
            good &= (sign > 0) | ((sign == 0) & (relation.head in ("<=", ">=")))
    return {name: values[good] for name, values in columns.items()}


# Numbers -----------------------------------------------------------------------------------

_TRANSCENDENTAL = ("exp", "log", "sin", "cos", "lambertw", "pi")


def to_float(term: Term) -> float:
    """The value of a closed term as a double."""
    if term.kind == "num":
        return float(term.head)
    return float(rounded(term, {}).value)


def simple_near(value: float, radius: float) -> Iterator[Term]:
    """Simple numbers near a value: rationals, then multiples of pi, logarithms and exponentials."""
    for unit, name in ((1.0, num(1)), (math.pi, app("pi"))):
        guess = Fraction(value / unit).limit_denominator(12 if unit != 1.0 else 1000)
        for denominator in (1, 2, 3, 4, 6, 10, 12, 100, 1000):
            rough = Fraction(value / unit).limit_denominator(denominator)
            if abs(float(rough) * unit - value) <= radius:
                guess = rough
                break
        if abs(float(guess) * unit - value) <= radius:
            yield num(guess) if unit == 1.0 else num(guess) * name
    if 0.01 < abs(value) < 5:
        raised = Fraction(math.exp(value)).limit_denominator(60)
        if raised > 0 and abs(math.log(raised) - value) <= radius:
            yield app("log", num(raised))
    if value > 0.01:
        lowered = Fraction(math.log(value)).limit_denominator(12)
        if abs(lowered) <= 3 and abs(math.exp(lowered) - value) <= radius:
            yield exp(num(lowered))
        squared = Fraction(value * value).limit_denominator(60)
        if abs(math.sqrt(squared) - value) <= radius:
            yield app("sqrt", num(squared))
    yield from itertools.islice(_surds(value, min(radius, 1e-7)), 3)


def _surds(value: float, radius: float) -> Iterator[Term]:
    """Numbers ``(b + sqrt(d))/n`` near a value."""
    for n in (1, 2, 3, 4, 5, 6):
        for b in range(-12, 13):
            rest = n * value - b
            square = round(rest * rest)
            close = abs(math.sqrt(square) - abs(rest)) <= n * radius
            if close and 1 < square < 200 and math.isqrt(square) ** 2 != square:
                root = sqrt(num(square)) if rest > 0 else -sqrt(num(square))
                yield (num(b) + root) / num(n)


def transcendental(term: Term) -> bool:
    """Whether a transcendental function, or pi, occurs in a term."""
    return term.head in _TRANSCENDENTAL or any(transcendental(a) for a in term.args)


def simplest(low: float, high: float) -> Term:
    """A simple rational strictly between two doubles."""
    a, b = Fraction(low), Fraction(high)
    for digits in range(-3, 30):
        scale = Fraction(10) ** digits
        value = Fraction(math.ceil((a + b) / 2 * scale), 1) / scale
        if a < value < b:
            return num(value)
    return num((a + b) / 2)
