"""Second-order jets: a value with its gradient and its Hessian, by forward differentiation.

A function of theta written with ``+ - * / **`` and the methods below is differentiated twice
exactly, in whatever arithmetic its argument has.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

from derivations.policies.arithmetic import Arithmetic, Real, Vector, power

Matrix: TypeAlias = tuple[tuple[Real, ...], ...]


@dataclass(frozen=True, eq=False)
class Jet:
    """f, grad f (d) and Hess f (d x d) at a point of R^d.

    >>> from derivations.policies.arithmetic import Numbers
    >>> x, y = variables((2, 3), Numbers(15))
    >>> f = x**2 * y + (x - 2).exp()
    >>> print(f.value, *f.gradient, *f.hessian[0])
    13.0 13.0 4.0 7.0 4.0
    """

    value: Real
    gradient: Vector
    hessian: Matrix
    arithmetic: Arithmetic

    def _compose(self, value: Real, slope: Real, bend: Real) -> Jet:
        """F(f), from F, F' and F'' at f."""
        g = self.gradient
        return Jet(
            value,
            tuple(slope * a for a in g),
            tuple(
                tuple(slope * h + bend * a * b for h, b in zip(row, g, strict=True))
                for a, row in zip(g, self.hessian, strict=True)
            ),
            self.arithmetic,
        )

    def _lift(self, other: Jet | Real) -> Jet:
        """A constant as a jet; TypeError for a float."""
        if isinstance(other, Jet):
            return other
        zero = self.arithmetic.number(0)
        flat = tuple(zero for _ in self.gradient)
        return Jet(self.arithmetic.number(other), flat, tuple(flat for _ in flat), self.arithmetic)

    def __add__(self, other: Jet | Real) -> Jet:
        other = self._lift(other)
        return Jet(
            self.value + other.value,
            tuple(a + b for a, b in zip(self.gradient, other.gradient, strict=True)),
            tuple(
                tuple(a + b for a, b in zip(p, q, strict=True))
                for p, q in zip(self.hessian, other.hessian, strict=True)
            ),
            self.arithmetic,
        )

    def __mul__(self, other: Jet | Real) -> Jet:
        other = self._lift(other)
        u, v, f, g = self.value, other.value, self.gradient, other.gradient
        n = range(len(f))
        return Jet(
            u * v,
            tuple(u * g[i] + v * f[i] for i in n),
            tuple(
                tuple(
                    u * other.hessian[i][j] + v * self.hessian[i][j] + f[i] * g[j] + g[i] * f[j]
                    for j in n
                )
                for i in n
            ),
            self.arithmetic,
        )

    __radd__ = __add__
    __rmul__ = __mul__

    def __neg__(self) -> Jet:
        return self * -1

    def __sub__(self, other: Jet | Real) -> Jet:
        return self + -self._lift(other)

    def __rsub__(self, other: Jet | Real) -> Jet:
        return self._lift(other) + -self

    def __truediv__(self, other: Jet | Real) -> Jet:
        return self * self._lift(other) ** -1

    def __rtruediv__(self, other: Jet | Real) -> Jet:
        return self._lift(other) * self**-1

    def __pow__(self, exponent: int) -> Jet:
        """An integer power; TypeError for others (write them with exp and log)."""
        if not isinstance(exponent, int):
            raise TypeError(f"the power {exponent!r} is not an integer: write it with exp and log")
        x, n = self.value, exponent
        # A derivative that vanishes identically is never evaluated: x**-1 may not exist.
        slope = n * power(x, n - 1) if n else 0
        bend = n * (n - 1) * power(x, n - 2) if n not in (0, 1) else 0
        return self._compose(self.arithmetic.number(power(x, n)), slope, bend)

    def _apply(self, name: str) -> Real:
        return self.arithmetic.call(name, self.value)

    def exp(self) -> Jet:
        """e**f."""
        y = self._apply("exp")
        return self._compose(y, y, y)

    def log(self) -> Jet:
        """The natural logarithm."""
        y = 1 / self.value
        return self._compose(self._apply("log"), y, -y * y)

    def sqrt(self) -> Jet:
        """The square root."""
        y = self._apply("sqrt")
        return self._compose(y, 1 / (2 * y), -1 / (4 * y * y * y))

    def sin(self) -> Jet:
        """The sine."""
        y = self._apply("sin")
        return self._compose(y, self._apply("cos"), -y)

    def cos(self) -> Jet:
        """The cosine."""
        y = self._apply("cos")
        return self._compose(y, -self._apply("sin"), -y)

    def atan(self) -> Jet:
        """The arc tangent."""
        y = 1 / (1 + self.value * self.value)
        return self._compose(self._apply("atan"), y, -2 * self.value * y * y)

    def logistic(self) -> Jet:
        """1/(1 + e**-f)."""
        p, q = (1 / (1 + self.arithmetic.call("exp", x)) for x in (-self.value, self.value))
        return self._compose(p, p * q, p * q * (q - p))


JetFunction: TypeAlias = Callable[..., Jet]
"""A function of d jets, one for each coordinate of theta."""


def variables(theta: Vector, arithmetic: Arithmetic) -> tuple[Jet, ...]:
    """The d coordinates of theta as jets."""
    zero, one = arithmetic.number(0), arithmetic.number(1)
    flat = tuple(zero for _ in theta)
    return tuple(
        Jet(
            arithmetic.number(x),
            tuple(one if i == j else zero for j in range(len(theta))),
            tuple(flat for _ in theta),
            arithmetic,
        )
        for i, x in enumerate(theta)
    )
