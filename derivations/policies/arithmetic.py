"""The arithmetic in which a policy is evaluated: rounded numbers (mpmath) or balls (Arb).

The data of a policy are exact: integers, fractions, decimals as text.  The caller chooses the
arithmetic when the policy is evaluated, so that one policy serves at 15 digits and at 500, as
numbers or as enclosures.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from typing import Any, Protocol, TypeAlias

from flint import arb, ctx, fmpq
from mpmath.ctx_mp import MPContext
from mpmath.libmp import from_man_exp, from_rational, round_nearest

Real: TypeAlias = Any
"""A number of the arithmetic in use, ``mpf`` or ``arb``; data may also be exact (`Exact`)."""

Exact: TypeAlias = int | Fraction | str
"""An exact number: an integer, a fraction, or a decimal such as ``"0.1"`` or ``"1e-300"``."""

Vector: TypeAlias = tuple[Real, ...]
"""A point or a direction of R^d."""


def exact(value: object) -> Fraction:
    """The fraction that an exact number stands for; TypeError for a float.

    >>> exact("0.1"), exact(3)
    (Fraction(1, 10), Fraction(3, 1))
    >>> exact(0.1)
    Traceback (most recent call last):
    ...
    TypeError: 0.1 is not an exact number: write Fraction(1, 10) or "0.1" for a tenth
    """
    if not isinstance(value, int | Fraction | str):
        raise TypeError(
            f'{value!r} is not an exact number: write Fraction(1, 10) or "0.1" for a tenth'
        )
    return Fraction(value)


class Arithmetic(Protocol):
    """What a policy needs of an arithmetic."""

    @property
    def bits(self) -> int:
        """The precision of results; the work is done with some more."""

    def working(self) -> AbstractContextManager[None]:
        """A context inside which operators on numbers work at this precision."""

    def number(self, value: Real) -> Real:
        """An exact number, an ``mpf`` or an ``arb`` as a number of this arithmetic."""

    def call(self, name: str, value: Real) -> Real:
        """An elementary function by name: exp, log, sqrt, sin, cos, atan, ..."""

    def largest(self, first: Real, *rest: Real) -> Real:
        """The maximum."""

    def smallest(self, first: Real, *rest: Real) -> Real:
        """The minimum."""


@dataclass(frozen=True)
class Numbers:
    """Rounded numbers good for `digits` decimal digits, in an mpmath context of their own.

    >>> print(Numbers(30).call("sqrt", Numbers(30).number(2)))
    1.41421356237309504880168872420969807857
    """

    digits: int

    @property
    def context(self) -> Any:
        """The mpmath context; equal arithmetics share one, and nothing else uses it."""
        return _context(self.digits)

    @property
    def bits(self) -> int:
        """The precision of results in bits."""
        return int(self.digits * 3.3219280948873626) + 1

    def working(self) -> AbstractContextManager[None]:
        """Nothing to do: an ``mpf`` carries the precision of its context."""
        return nullcontext()

    def number(self, value: Real) -> Real:
        """The nearest ``mpf``; of a ball, that to its midpoint."""
        if isinstance(value, self.context.mpf):
            return value
        if isinstance(value, arb):
            mantissa, exponent = value.mid().man_exp()
            raw = from_man_exp(int(mantissa), int(exponent), self.context.prec, round_nearest)
        elif hasattr(value, "_mpf_"):
            raw = value._mpf_
        else:
            value = exact(value)
            raw = from_rational(
                value.numerator, value.denominator, self.context.prec, round_nearest
            )
        return self.context.make_mpf(raw)

    def call(self, name: str, value: Real) -> Real:
        """An elementary function of mpmath, by name."""
        return getattr(self.context, name)(value)

    def largest(self, first: Real, *rest: Real) -> Real:
        """The maximum."""
        return max(first, *rest) if rest else first

    def smallest(self, first: Real, *rest: Real) -> Real:
        """The minimum."""
        return min(first, *rest) if rest else first


@cache
def _context(digits: int) -> Any:
    context = MPContext()
    context.dps = digits + 10  # an exponential loses the digits of its argument's size
    return context


@dataclass(frozen=True)
class Balls:
    """Enclosures (Arb, through python-flint), good for `bits` bits where inputs are exact.

    Functions of this package return balls that contain the true value.  Operators on the
    results work at python-flint's own global precision; `working` sets it, and puts it back.

    >>> with Balls(64).working():
    ...     print(Balls(64).number("0.1") * 3)
    [0.3000000000000000000000000000 +/- 8.53e-30]
    """

    bits: int

    @contextmanager
    def working(self) -> Iterator[None]:
        """python-flint at this precision, and afterwards, whatever happens, as it was."""
        before = ctx.prec
        ctx.prec = self.bits + 32  # an exponential loses the bits of its argument's size
        try:
            yield
        finally:
            ctx.prec = before

    def number(self, value: Real) -> Real:
        """A ball that contains the number; that of an ``arb`` or an ``mpf`` is itself."""
        if isinstance(value, arb):
            return value
        if hasattr(value, "_mpf_"):
            return arb(value)
        value = exact(value)
        with self.working():
            return arb(fmpq(value.numerator, value.denominator))

    def call(self, name: str, value: Real) -> Real:
        """An elementary function of ``arb``, by name."""
        return getattr(value, name)()

    def largest(self, first: Real, *rest: Real) -> Real:
        """A ball that contains the maximum."""
        for other in rest:
            first = first.max(other)
        return first

    def smallest(self, first: Real, *rest: Real) -> Real:
        """A ball that contains the minimum."""
        for other in rest:
            first = first.min(other)
        return first


def middle(value: Real) -> Real:
    """The midpoint of a ball, a number itself: what may decide a choice, never a bound."""
    return value.mid() if isinstance(value, arb) else value


def power(value: Real, exponent: int) -> Real:
    """An integer power by multiplication; ``arb ** n`` is NaN on a ball that contains 0.

    >>> from flint import arb
    >>> print(arb(0, 1) ** 2, power(arb(0, 1), 2), power(arb(2), -2))
    nan [+/- 1.01] 0.250000000000000
    """
    if exponent < 0:
        return 1 / power(value, -exponent)
    result = 1
    while exponent:
        if exponent & 1:
            result = result * value
        exponent >>= 1
        if exponent:
            value = value * value
    return result


def dot(a: Vector, b: Vector) -> Real:
    """The inner product of two vectors of one length."""
    return sum((x * y for x, y in zip(a, b, strict=True)), start=0)


def softmax(logits: Sequence[Real], arithmetic: Arithmetic) -> tuple[Real, tuple[Real, ...]]:
    """log of the sum of exp(logits), and the probabilities."""
    top = max(map(middle, logits))
    weights = [arithmetic.call("exp", x - top) for x in logits]
    total = sum(weights, start=arithmetic.number(0))
    return top + arithmetic.call("log", total), tuple(x / total for x in weights)


def centred(probabilities: Sequence[Real], values: Sequence[Real]) -> tuple[Real, tuple[Real, ...]]:
    """The mean of n values, and their deviations from it (n).

    Values are taken relative to the likeliest one first: where nearly all probability is on it,
    its deviation is tiny and still has all its digits.
    """
    likeliest = max(range(len(values)), key=lambda i: middle(probabilities[i]))
    # x - x is not zero for a ball.
    apart = [x * 0 if i == likeliest else x - values[likeliest] for i, x in enumerate(values)]
    shift = sum((p * x for p, x in zip(probabilities, apart, strict=True)), start=0)
    return values[likeliest] + shift, tuple(x - shift for x in apart)


def share(probability: Real, bits: int) -> int:
    """The probability in units of 2^-bits, rounded down, from the midpoint of a ball.

    >>> share(Numbers(20).number("0.75"), 10)
    768
    """
    balls = Balls(bits + 2)
    with balls.working():
        # The product of midpoints is rounded, and a ball around an integer has no floor.
        units = (balls.number(probability).mid() * arb(2) ** bits).mid()
        return int(units.floor().unique_fmpz())
