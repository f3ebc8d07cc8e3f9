"""Expectations and cumulants: what the terms mean, and that their derivatives are right.

The derivatives of the log-odds are checked three times: as theorems about an arbitrary line, on
policies with rational data by exact power series, and by finite differences in 60 digits.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cached_property
from typing import Any

import mpmath
import pytest
import sympy

from derivations.calculus import restate
from derivations.expectation import (
    ALIGNMENT,
    ARBITRARY,
    ARBITRARY_RUN,
    COVARIANCE,
    CURVATURE,
    LOG_ODDS,
    LOG_ODDS_SLOPE,
    MASS,
    MEAN,
    NAMES,
    POLICY,
    PROGRESS,
    REGULAR,
    RUN,
    SMOOTH,
    VARIANCE,
    WITHIN,
    Cumulants,
    Line,
    Run,
    Setting,
    Variable,
    cumulant_definition,
    log_odds_derivative,
    prove_derivative,
)
from derivations.kernel.terms import (
    KernelError,
    Term,
    beta,
    both,
    derivative,
    eq,
    exists,
    exp,
    forall,
    function,
    lam,
    le,
    lt,
    nat,
    num,
    real,
    total,
    unfold,
)
from derivations.kernel.theorem import Theorem
from derivations.library import prove
from derivations.tactics import ProofError, apply, assume, fold, have, specialise, where

line, run = ARBITRARY, ARBITRARY_RUN
n, i, k = nat("n"), nat("i"), nat("k")
t, u, a, b = (real(name) for name in ("t", "u", "a", "b"))
r, w, l, X, Y = (function(name, "N") for name in ("r", "w", "l", "X", "Y"))
lp, s, h = (function(name, "R", "N") for name in ("lp", "s", "h"))
SIDES = ("+", "-", "")

FIRST = {("+", (1,)): 1, ("-", (1,)): -1}
SECOND = {("+", (1, 1)): 1, ("+", (2,)): 1, ("-", (1, 1)): -1, ("-", (2,)): -1}
THIRD = {
    ("+", (1, 1, 1)): 1, ("+", (1, 2)): 3, ("+", (3,)): 1,
    ("-", (1, 1, 1)): -1, ("-", (1, 2)): -3, ("-", (3,)): -1,
}  # fmt: skip
FOURTH = {(1, 1, 1, 1): 1, (1, 1, 2): 6, (1, 3): 4, (2, 2): 3, (4,): 1}

# Each cumulant of the third derivative dropped, then its coefficient off by one.
MISTAKES = [Cumulants({**THIRD, key: value}) for key, c in THIRD.items() for value in (0, c + 1)]
MISTAKES += [log_odds_derivative(2), -1 * log_odds_derivative(3), Cumulants({})]


# Power series with rational coefficients, and the values of terms ---------------------------------


@dataclass(frozen=True)
class Series:
    """A truncated power series in t; a result is as long as its shortest part."""

    coefficients: tuple[Fraction, ...]

    @classmethod
    def of(cls, *coefficients: Fraction | int, length: int = 7) -> Series:
        padded = [*map(Fraction, coefficients), *[Fraction(0)] * length]
        return cls(tuple(padded[:length]))

    def lifted(self, other: Any) -> Series:
        return other if isinstance(other, Series) else Series.of(other)

    def __add__(self, other: Any) -> Series:
        pairs = zip(self.coefficients, self.lifted(other).coefficients, strict=False)
        return Series(tuple(x + y for x, y in pairs))

    def __mul__(self, other: Any) -> Series:
        x, y = self.coefficients, self.lifted(other).coefficients
        length = min(len(x), len(y))
        return Series(tuple(sum((x[j] * y[m - j] for j in range(m + 1)), Fraction(0))
                            for m in range(length)))  # fmt: skip

    def inverse(self) -> Series:
        x, result = self.coefficients, [1 / self.coefficients[0]]
        for m in range(1, len(x)):
            result.append(-sum(x[j] * result[m - j] for j in range(1, m + 1)) / x[0])
        return Series(tuple(result))

    def __truediv__(self, other: Any) -> Series:
        return self * self.lifted(other).inverse()

    def __pow__(self, exponent: int) -> Series:
        base = self if exponent >= 0 else self.inverse()
        return math.prod([base] * abs(exponent), start=Series.of(1))

    def __neg__(self) -> Series:
        return self * -1

    def __sub__(self, other: Any) -> Series:
        return self + -self.lifted(other)

    def __rsub__(self, other: Any) -> Series:
        return self.lifted(other) - self

    __radd__, __rmul__ = __add__, __mul__

    def __rtruediv__(self, other: Any) -> Series:
        return self.lifted(other) / self

    def slope(self) -> Series:
        return Series(tuple(m * c for m, c in enumerate(self.coefficients))[1:])

    def derivative(self, order: int) -> Fraction:
        """The derivative of that order at 0."""
        return math.factorial(order) * self.coefficients[order]


@dataclass(frozen=True)
class Log:
    """The logarithm of a value, kept as it is, so that exp gives the value back."""

    value: Any


@dataclass(frozen=True)
class Model:
    """What the variables of a term stand for; `number` makes a value of a rational number."""

    values: dict[str, Any]
    number: Callable[[Fraction], Any] = Fraction
    exp: Callable[[Any], Any] = lambda x: x.value
    log: Callable[[Any], Any] = Log
    known: dict[Term, Any] = field(default_factory=dict)

    def of(self, term: Term) -> Any:
        """The value of a real or natural term, its definitions unfolded."""
        return self._of(unfold(term))

    def _of(self, term: Term) -> Any:
        if term not in self.known:
            self.known[term] = self._compute(term)
        return self.known[term]

    def _compute(self, term: Term) -> Any:
        if term.kind == "num":
            return self.number(term.head)
        if term.kind == "var":
            return self.values[term.head]
        if isinstance(term.head, Term):
            return self.values[term.head.head](*map(self._argument, term.args))
        if term.head == "Sum":
            indices = range(self._argument(term.args[0]))
            summands = [self._of(beta(term.args[1], [num(j)])) for j in indices]
            return sum(summands, self.number(Fraction(0)))
        if term.head == "^":
            return self._of(term.args[0]) ** int(term.args[1].head)
        operations: dict[str, Callable[..., Any]] = {
            "+": lambda x, y: x + y, "-": lambda x, y: x - y, "*": lambda x, y: x * y,
            "/": lambda x, y: x / y, "neg": lambda x: -x, "max": max,
            "exp": self.exp, "log": self.log,
        }  # fmt: skip
        return operations[term.head](*map(self._of, term.args))

    def _argument(self, term: Term) -> Any:
        """An index as an int; the value of anything else."""
        if term.sort == "N":
            return int(term.head if term.kind == "num" else self.values[term.head])
        return self._of(term)


# Policies with rational data ----------------------------------------------------------------------

TOWER = tuple(lam((t, i), function(f"lp{j}", "R", "N")(t, i)) for j in range(1, 6))
VARIABLES = {
    name: tuple(lam((t, i), function(f"{name}{j}", "R", "N")(t, i)) for j in range(3))
    for name in ("X", "Y")
}


def climbing(series: Series, length: int) -> list[Series]:
    """A series and its derivatives."""
    result = [series]
    while len(result) < length:
        result.append(result[-1].slope())
    return result


def rational(source: random.Random) -> Fraction:
    return Fraction(source.randint(-9, 9), source.randint(1, 7))


def power_weights(source: random.Random) -> list[Series]:
    """The weights a (1 + t)^m, m any integer."""
    one = Series.of(1, 1)
    return [source.randint(1, 9) * one ** source.randint(-3, 4) for _ in range(5)]


def rational_weights(source: random.Random) -> list[Series]:
    """Quotients of polynomials that are positive at 0."""

    def polynomial() -> Series:
        return Series.of(source.randint(1, 9), *(rational(source) for _ in range(3)))

    return [polynomial() / polynomial() for _ in range(4)]


@dataclass(frozen=True)
class Exact:
    """A policy proportional to given weights, near t = 0, with all its derivatives."""

    weights: list[Series]
    rewards: tuple[int, ...]
    variables: dict[str, list[Series]]

    @classmethod
    def random(cls, seed: int, shape: Callable[[random.Random], list[Series]]) -> Exact:
        source = random.Random(seed)
        weights = shape(source)
        rewards = tuple(1 - j % 2 for j in range(len(weights)))
        variables = {
            name: [Series.of(*(rational(source) for _ in range(3))) for _ in weights]
            for name in VARIABLES
        }
        return cls(weights, rewards, variables)

    @cached_property
    def model(self) -> Model:
        """The values are power series in t, so that they can be differentiated."""
        whole = sum(self.weights)
        policy = [q / whole for q in self.weights]
        scores = [climbing(p.slope() / p, 5) for p in policy]
        values: dict[str, Any] = {
            "n": len(policy), "t": Series.of(0, 1),
            "r": lambda j: self.rewards[j], "lp": lambda _, j: Log(policy[j]),
            **{f"lp{m + 1}": lambda _, j, m=m: scores[j][m] for m in range(5)},
            "s": lambda _, j: scores[j][0], "h": lambda _, j: scores[j][1],
        }  # fmt: skip
        for name, series in self.variables.items():
            towers = [climbing(x, 3) for x in series]
            for m in range(3):
                values[f"{name}{m}"] = lambda _, j, m=m, towers=towers: towers[j][m]
        return Model(values, number=lambda x: Series.of(x))

    def value(self, cumulants: Cumulants) -> Series:
        return self.model.of(cumulants.term(line, TOWER, t, **VARIABLES))

    def log_odds_derivative(self, order: int) -> Fraction:
        """By logarithmic differentiation of the total weights of the two sides."""
        sides = [sum(q for q, one in zip(self.weights, self.rewards, strict=True) if one == side)
                 for side in (1, 0)]  # fmt: skip
        slopes = [side.slope() / side for side in sides if isinstance(side, Series)]
        return (slopes[0] - slopes[1]).derivative(order - 1)


POLICIES = [Exact.random(seed, shape) for shape in (power_weights, rational_weights)
            for seed in (1, 2)]  # fmt: skip


# The derivatives of the log-odds ------------------------------------------------------------------


def test_the_first_four_derivatives_are_these_cumulants() -> None:
    assert log_odds_derivative(1).terms == LOG_ODDS_SLOPE.terms == FIRST
    assert log_odds_derivative(2).terms == SECOND
    assert log_odds_derivative(3).terms == THIRD
    fourth = log_odds_derivative(4).terms
    assert fourth == {(side, key): sign * c for side, sign in (("+", 1), ("-", -1))
                      for key, c in FOURTH.items()}  # fmt: skip


@pytest.mark.parametrize("order", range(1, 7))
def test_coefficients_count_the_set_partitions(order: int) -> None:
    """Faa di Bruno: on each side the coefficients add up to a Bell number."""
    positive = [c for (side, _), c in log_odds_derivative(order).terms.items() if side == "+"]
    assert sum(positive) == sympy.bell(order)


@pytest.mark.parametrize("order", (0, -1))
def test_an_order_below_one_is_refused(order: int) -> None:
    with pytest.raises(ValueError, match="at least 1"):
        log_odds_derivative(order)
    with pytest.raises(ValueError, match="at least one argument"):
        cumulant_definition(order)


@pytest.mark.parametrize("policy", POLICIES)
@pytest.mark.parametrize("order", range(1, 5))
def test_exact_derivatives_of_rational_policies(policy: Exact, order: int) -> None:
    found = policy.value(log_odds_derivative(order))
    assert found.derivative(0) == policy.log_odds_derivative(order) != 0
    # The whole series, not its value at one point only.
    assert found.derivative(1) == policy.log_odds_derivative(order + 1)


@pytest.mark.parametrize("policy", POLICIES)
def test_exact_differentiation_detects_every_mistake(policy: Exact) -> None:
    expected = policy.log_odds_derivative(3)
    for mistaken in MISTAKES:
        assert policy.value(mistaken).derivative(0) != expected, mistaken


def difference(f: Callable[[Any], Any], order: int) -> Any:
    """The derivative at 0 by a central difference over 13 points."""
    points = range(-6, 7)
    weights = sympy.finite_diff_weights(order, list(points), 0)[order][-1]
    step = mpmath.mpf(10) ** -6
    values = [mpmath.mpf(int(c.p)) / int(c.q) * f(x * step)
              for x, c in zip(points, weights, strict=True) if c]  # fmt: skip
    return mpmath.fsum(values) / step**order


@dataclass(frozen=True)
class Softmax:
    """A softmax policy whose logits are theta + t*x + t^2*y + z*sin(t)."""

    logits: tuple[tuple[int, int, int, int], ...]
    rewards: tuple[int, ...]

    def log_policy(self, point: Any, j: int) -> Any:
        values = [mpmath.mpf(c) / 4 + x * point / 3 + y * point**2 / 5 + z * mpmath.sin(point)
                  for c, x, y, z in self.logits]  # fmt: skip
        return values[j] - mpmath.log(mpmath.fsum(map(mpmath.exp, values)))

    def log_odds(self, point: Any) -> Any:
        masses = [mpmath.mpf(0), mpmath.mpf(0)]
        for j, reward in enumerate(self.rewards):
            masses[reward] += mpmath.exp(self.log_policy(point, j))
        return mpmath.log(masses[1] / masses[0])

    def value(self, cumulants: Cumulants) -> Any:
        """The cumulants at 0, the derivatives of the log-policy by finite differences too."""
        values: dict[str, Any] = {"n": len(self.logits), "t": mpmath.mpf(0)}
        values["r"] = lambda j: self.rewards[j]
        values["lp"] = self.log_policy
        for m in range(1, 4):
            tower = [difference(lambda x: self.log_policy(x, j), m)
                     for j in range(len(self.logits))]  # fmt: skip
            values[f"lp{m}"] = lambda _, j, tower=tower: tower[j]
        number = lambda x: mpmath.mpf(x.numerator) / x.denominator
        model = Model(values, number=number, exp=mpmath.exp)
        return model.of(cumulants.term(line, TOWER, t))


SOFTMAX = [
    Softmax(((0, 1, 0, 0), (1, -2, 0, 0), (2, 3, 0, 0), (-1, 1, 0, 0)), (1, 0, 1, 0)),
    Softmax(((1, 2, -3, 1), (0, -1, 2, 1), (-2, 1, 1, -1), (3, 0, -1, 1)), (1, 1, 0, 0)),
]


@pytest.mark.parametrize("policy", SOFTMAX)
@pytest.mark.parametrize("order", range(1, 4))
def test_finite_differences_in_60_digits(policy: Softmax, order: int) -> None:
    with mpmath.workdps(60):
        expected = difference(policy.log_odds, order)
        assert abs(policy.value(log_odds_derivative(order)) - expected) < mpmath.mpf(10) ** -38
        assert abs(expected) > mpmath.mpf(10) ** -3


def test_finite_differences_detect_every_mistake() -> None:
    with mpmath.workdps(60):
        expected = difference(SOFTMAX[1].log_odds, 3)
        for mistaken in MISTAKES:
            assert abs(SOFTMAX[1].value(mistaken) - expected) > mpmath.mpf(10) ** -6, mistaken


def test_a_linear_softmax_has_no_mixed_cumulants() -> None:
    """Its Hessian is one constant, so that only the third cumulants of the score are left."""
    skewness = Cumulants.of("+", 1, 1, 1) - Cumulants.of("-", 1, 1, 1)
    with mpmath.workdps(60):
        linear, curved = (policy.value(log_odds_derivative(3) - skewness) for policy in SOFTMAX)
        assert abs(linear) < mpmath.mpf(10) ** -38 < abs(curved)


# The same as theorems about an arbitrary line -----------------------------------------------------


def moving(tower: Sequence[Term]) -> list[Theorem]:
    """The assumption that each function is the derivative in t of the one before."""
    return [
        assume(forall((t, i), lt(i, n), derivative(u, beta(f, [u, i]), t, beta(g, [t, i]))))
        for f, g in zip(tower, tower[1:], strict=False)
    ]


POLICY_GIVEN = assume(line.policy)
HIGHER = tuple(lam((t, i), function(name, "R", "N")(t, i)) for name in ("p", "q"))
LINE_TOWER = (line.score, line.hessian, *HIGHER)


def masses() -> list[Theorem]:
    rate = specialise(prove("setting.success-rate"), t)
    normalised = specialise(Setting.of(POLICY_GIVEN).normalised, t)
    sides = [have(lt(0, line.mass(side, t)), rate) for side in ("+", "-")]
    return [*sides, have(lt(0, line.mass("", t)), normalised, unfold=NAMES)]


def theorem_of(before: Cumulants, after: Cumulants, *facts: Theorem) -> Theorem:
    setting = Setting.of(POLICY_GIVEN)
    terms = [c.term(line, LINE_TOWER, t, **VARIABLES) for c in (before, after)]
    return prove_derivative(*terms, line, [*setting.derivatives, *facts], t)


def claim(before: Cumulants, after: Cumulants) -> Term:
    value = lambda cumulants, at: cumulants.term(line, LINE_TOWER, at, **VARIABLES)
    return derivative(u, value(before, u), t, value(after, t))


def test_the_first_derivative_is_a_theorem() -> None:
    gradient = specialise(prove("gap.log-odds-gradient"), t)
    slope = LOG_ODDS_SLOPE.term(line, LINE_TOWER, t)
    made = restate(gradient, slope, unfold=("alignment", "cumulant1"))
    assert made.conclusion == derivative(u, line.log_odds(u), t, slope)
    assert made.hypotheses == {line.policy}


@pytest.mark.parametrize("order", (2, 3, 4))
def test_higher_derivatives_are_theorems(order: int) -> None:
    before, after = log_odds_derivative(order - 1), log_odds_derivative(order)
    # A derivative of order m needs m derivatives of the log-policy.
    moves = moving(LINE_TOWER[1:order])
    made = theorem_of(before, after, *moves, *masses())
    assert made.conclusion == claim(before, after)
    assert made.hypotheses == {line.policy, *(m.conclusion for m in moves)}
    assert len(moves) == order - 2


@pytest.mark.parametrize("mistaken", MISTAKES)
def test_the_kernel_refuses_every_mistake(mistaken: Cumulants) -> None:
    with pytest.raises(ProofError):
        theorem_of(log_odds_derivative(2), mistaken, *moving(LINE_TOWER[1:3]), *masses())


def test_nothing_is_proved_without_the_facts_it_needs() -> None:
    second, third = log_odds_derivative(2), log_odds_derivative(3)
    with pytest.raises(ProofError):  # the probabilities of the sides may vanish
        theorem_of(second, third, *moving(LINE_TOWER[1:3]))
    with pytest.raises(ProofError, match="derivative"):  # h need not have a derivative
        theorem_of(second, third, *masses())


MIXED: list[tuple[Variable, ...]] = [
    (("X", 0),), (("X", 0), ("X", 0)), (("X", 0), ("Y", 0)), (("X", 0), 1),
    (("X", 0), ("X", 0), ("Y", 0)), (("X", 0), ("Y", 1), 1), (("X", 0),) * 4,
]  # fmt: skip


@pytest.mark.parametrize("side", SIDES)
@pytest.mark.parametrize("variables", MIXED, ids=str)
def test_any_cumulant_is_differentiated(side: str, variables: tuple[Variable, ...]) -> None:
    before = Cumulants.of(side, *variables)
    after = before.derivative()
    for policy in POLICIES[::2]:
        change = policy.value(before)
        assert change.derivative(1) == policy.value(after).derivative(0) != 0
    moves = [m for name in ("X", "Y") for m in moving(VARIABLES[name])]
    facts = [*moves, *masses()]
    assert theorem_of(before, after, *facts).conclusion == claim(before, after)


@pytest.mark.parametrize("side", SIDES)
def test_a_derivative_without_the_tilt_is_refused(side: str) -> None:
    mean, moved = Cumulants.of(side, ("X", 0)), Cumulants.of(side, ("X", 1))
    with pytest.raises(ProofError):
        theorem_of(mean, moved, *moving(VARIABLES["X"]), *masses())
    assert POLICIES[0].value(mean).derivative(1) != POLICIES[0].value(moved).derivative(0)


@pytest.mark.parametrize("side", ("+", "-"))
def test_the_mean_moves_by_the_statement_of_the_library(side: str) -> None:
    x, moved = (lam((t, i), function(name, "R", "N")(t, i)) for name in ("X", "Y"))
    positive = specialise(prove("setting.success-rate"), t)
    mass = have(lt(0, line.mass(side, t)), positive)
    always = assume(forall(t, mass.conclusion))
    rule = where(prove("gap.score-derivative"), w=line.weights(side))
    assert always.conclusion in rule.hypotheses
    value = specialise(rule, t).conclusion.args[2]
    after = Cumulants.of(side, ("X", 0)).derivative().term(line, [line.score], t, X=(x, moved))
    same = have(eq(value, after), mass, unfold=(*NAMES, "cumulant1", "cumulant2"))
    assert same.conclusion == eq(value, after)


# The algebra of cumulants -------------------------------------------------------------------------


def test_sums_of_cumulants() -> None:
    mean, spread = Cumulants.of("+", 1), Cumulants.of("+", 1, 1)
    assert (mean + spread).terms == {("+", (1,)): 1, ("+", (1, 1)): 1}
    assert (mean - mean).terms == {} == (0 * mean).terms
    assert (3 * mean + -1 * spread).terms == {("+", (1,)): 3, ("+", (1, 1)): -1}
    assert Cumulants({}).term(line, [], t) == num(0)
    assert Cumulants({}).derivative().terms == {}


def test_the_order_of_the_arguments_does_not_matter() -> None:
    shuffled = Cumulants.of("", 2, ("Y", 0), 1, ("X", 3))
    assert shuffled == Cumulants.of("", ("X", 3), 1, 2, ("Y", 0))
    assert list(shuffled.terms) == [("", (1, 2, ("X", 3), ("Y", 0)))]


@pytest.mark.parametrize(
    ("wanted", "message"),
    [(3, "order 3 of the log-policy"), (("X", 2), "order 2 of X"), (("Z", 0), "order 0 of Z"),
     (("X", -1), "order -1 of X")],
)  # fmt: skip
def test_a_missing_variable_is_named(wanted: Variable, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Cumulants.of("+", wanted).term(line, LINE_TOWER[:2], t, X=VARIABLES["X"][:2])


def test_second_derivatives_of_a_covariance() -> None:
    """By the product rule, and the algebra twice."""
    twice = Cumulants.of("", ("X", 0), ("Y", 0)).derivative().derivative()
    assert twice.terms == {
        ("", (1, 1, ("X", 0), ("Y", 0))): 1, ("", (2, ("X", 0), ("Y", 0))): 1,
        ("", (1, ("X", 1), ("Y", 0))): 2, ("", (1, ("X", 0), ("Y", 1))): 2,
        ("", (("X", 2), ("Y", 0))): 1, ("", (("X", 0), ("Y", 2))): 1,
        ("", (("X", 1), ("Y", 1))): 2,
    }  # fmt: skip
    for policy in POLICIES:
        change = policy.value(Cumulants.of("", ("X", 0), ("Y", 0)))
        assert change.derivative(2) == policy.value(twice).derivative(0) != 0


def test_an_unknown_side_is_refused() -> None:
    for call in (line.mass, line.mean_score, line.variance):
        with pytest.raises(ValueError, match="no side is called 'plus'"):
            call("plus", t)


def moments(side: str) -> tuple[Callable[[Term], Term], Term, list[Theorem]]:
    """E, X - E[X] and what arithmetic with them needs, for X an arbitrary random variable."""
    mean = lambda value: line.mean(side, lam(i, value), t)
    fact = masses()[SIDES.index(side)]
    return mean, X(i) - mean(X(i)), [fact]


@pytest.mark.parametrize("side", SIDES)
def test_cumulants_are_the_mean_the_variance_and_centred_moments(side: str) -> None:
    x, y = lam(i, X(i)), lam(i, Y(i))
    mean, centred, facts = moments(side)
    variance = VARIANCE(n, line.weights(side), line.logs(t), x)
    claims = [
        eq(line.cumulant(side, [x], t), mean(X(i))),
        eq(line.cumulant(side, [x, x], t), variance),
        eq(line.cumulant(side, [x, y], t), line.covariance(side, x, y, t)),
        eq(line.covariance(side, x, x, t), variance),
        eq(line.covariance(side, x, y, t), mean(X(i) * Y(i)) - mean(X(i)) * mean(Y(i))),
        eq(line.cumulant(side, [x, x, y], t), mean(centred**2 * (Y(i) - mean(Y(i))))),
        eq(line.cumulant(side, [x] * 4, t), mean(centred**4) - 3 * variance**2),
    ]
    names = (*NAMES, *(f"cumulant{m}" for m in range(1, 5)))
    for formula in claims:
        assert have(formula, *facts, unfold=names).conclusion == formula


@pytest.mark.parametrize("side", SIDES)
def test_wrong_moments_are_refused(side: str) -> None:
    x = lam(i, X(i))
    mean, centred, facts = moments(side)
    wrong = [
        eq(line.cumulant(side, [x, x], t), mean(X(i) ** 2)),
        eq(line.cumulant(side, [x] * 3, t), mean(X(i) ** 3)),
        eq(line.cumulant(side, [x] * 4, t), mean(centred**4) - 2 * mean(centred**2) ** 2),
    ]
    names = (*NAMES, *(f"cumulant{m}" for m in range(1, 5)))
    for formula in wrong:
        with pytest.raises(ProofError):
            have(formula, *facts, unfold=names)


# What the terms of a line mean --------------------------------------------------------------------

PROBABILITIES = [Fraction(p, 12) for p in (1, 2, 4, 5)]
REWARDS = (1, 0, 1, 0)
SCORES, HESSIANS = (3, -1, 2, -2), (1, 5, -4, 2)
CONCRETE = Model({
    "n": 4, "t": Fraction(0),
    "r": lambda j: REWARDS[j], "lp": lambda _, j: Log(PROBABILITIES[j]),
    "s": lambda _, j: SCORES[j], "h": lambda _, j: HESSIANS[j],
    "X": lambda j: j * j, "Y": lambda j: 3 - j,
})  # fmt: skip
INDICES = {"+": (0, 2), "-": (1, 3), "": (0, 1, 2, 3)}


def conditional(side: str, values: Callable[[int], Fraction | int]) -> Fraction:
    mass = sum(PROBABILITIES[j] for j in INDICES[side])
    return sum((PROBABILITIES[j] * values(j) for j in INDICES[side]), Fraction(0)) / mass


@pytest.mark.parametrize("side", SIDES)
def test_conditional_moments(side: str) -> None:
    x, y = lam(i, X(i)), lam(i, Y(i))
    mass = sum(PROBABILITIES[j] for j in INDICES[side])
    mean_x, mean_y = conditional(side, lambda j: j * j), conditional(side, lambda j: 3 - j)
    score = conditional(side, lambda j: SCORES[j])
    assert CONCRETE.of(line.mass(side, t)) == mass
    assert CONCRETE.of(line.mean(side, x, t)) == mean_x
    assert CONCRETE.of(line.mean_score(side, t)) == score
    assert CONCRETE.of(line.mean_hessian(side, t)) == conditional(side, lambda j: HESSIANS[j])
    spread = conditional(side, lambda j: (SCORES[j] - score) ** 2)
    assert CONCRETE.of(line.variance(side, t)) == spread > 0
    shared = conditional(side, lambda j: (j * j - mean_x) * (3 - j - mean_y))
    assert CONCRETE.of(line.covariance(side, x, y, t)) == shared != 0
    third = conditional(side, lambda j: (j * j - mean_x) ** 2 * (3 - j - mean_y))
    assert CONCRETE.of(line.cumulant(side, [x, x, y], t)) == third != 0


def test_the_gap_and_the_curvature() -> None:
    gap = conditional("+", lambda j: SCORES[j]) - conditional("-", lambda j: SCORES[j])
    success = Fraction(5, 12)
    assert CONCRETE.of(line.success(t)) == success
    assert CONCRETE.of(line.log_odds(t)) == Log(success / (1 - success))
    assert CONCRETE.of(line.alignment(t)) == gap != 0
    sides = [CONCRETE.of(line.mean_hessian(side, t)) + CONCRETE.of(line.variance(side, t))
             for side in ("+", "-")]  # fmt: skip
    assert CONCRETE.of(line.curvature(t)) == sides[0] - sides[1] != 0


def test_the_mirrored_line_exchanges_the_sides() -> None:
    other = line.mirrored()
    assert CONCRETE.of(other.success(t)) == 1 - CONCRETE.of(line.success(t))
    assert CONCRETE.of(other.alignment(t)) == -CONCRETE.of(line.alignment(t))
    assert CONCRETE.of(other.curvature(t)) == -CONCRETE.of(line.curvature(t))
    twice = have(eq(other.mirrored().success(t), line.success(t)), unfold=NAMES)
    assert not twice.hypotheses


def test_a_substitution_carries_a_theorem_to_another_line() -> None:
    identity = prove("gap.score-identity")
    other = Line(
        num(4),
        lam(i, r(i)),
        *(lam((t, i), function(name, "R", "N")(2 * t, i)) for name in ("a", "b", "c")),
    )
    moved = where(identity, other.substitution())
    assert moved.hypotheses == {other.policy}
    assert beta(moved.conclusion.args[0], [t]).args[0] == eq(
        other.success(t) * other.mean_score("+", t)
        + (1 - other.success(t)) * other.mean_score("-", t),
        0,
    )
    assert where(identity, line.substitution()).conclusion == identity.conclusion


def test_values_of_functions_at_a_point() -> None:
    assert line.at(line.score, 3) == lam(i, s(3, i))
    assert line.logs(t) == lam(i, lp(t, i))


DEFINITIONS = {
    "mass": (MASS(n, w, l), total(n, i, w(i) * exp(l(i)))),
    "mean": (MEAN(n, w, l, X), total(n, i, w(i) * exp(l(i)) * X(i)) / MASS(n, w, l)),
    "variance": (
        VARIANCE(n, w, l, X), MEAN(n, w, l, lam(i, (X(i) - MEAN(n, w, l, X)) ** 2)),
    ),
    "covariance": (
        COVARIANCE(n, w, l, X, Y),
        MEAN(n, w, l, lam(i, (X(i) - MEAN(n, w, l, X)) * (Y(i) - MEAN(n, w, l, Y)))),
    ),
    "alignment": (
        ALIGNMENT(n, w, l, X), MEAN(n, w, l, X) - MEAN(n, lam(i, 1 - w(i)), l, X),
    ),
    "curvature": (
        CURVATURE(n, w, l, X, Y),
        MEAN(n, w, l, Y) + VARIANCE(n, w, l, X)
        - (MEAN(n, lam(i, 1 - w(i)), l, Y) + VARIANCE(n, lam(i, 1 - w(i)), l, X)),
    ),
    "within": (WITHIN(a, b), both(le(-b, a), le(a, b))),
}  # fmt: skip


@pytest.mark.parametrize("name", DEFINITIONS)
def test_definitions(name: str) -> None:
    short, meaning = DEFINITIONS[name]
    assert unfold(short) == unfold(meaning) != short


def test_the_log_odds_are_a_logarithm() -> None:
    assert CONCRETE.of(LOG_ODDS(n, lam(i, r(i)), line.logs(t))) == Log(Fraction(5, 7))


# The assumptions ----------------------------------------------------------------------------------


def test_the_parts_of_a_policy() -> None:
    setting = Setting.of(POLICY_GIVEN)
    assert setting.normalised.conclusion == forall(t, eq(total(n, i, exp(lp(t, i))), 1))
    inside = lt(i, n)
    score, hessian = setting.derivatives
    assert score.conclusion == forall((t, i), inside, derivative(u, lp(u, i), t, s(t, i)))
    assert hessian.conclusion == forall((t, i), inside, derivative(u, s(u, i), t, h(t, i)))
    assert setting.binary.conclusion.head == "forall"
    assert setting.correct.conclusion == exists(i, both(inside, eq(r(i), 1)))
    assert setting.incorrect.conclusion == exists(i, both(inside, eq(r(i), 0)))
    parts = (setting.normalised, score, hessian, setting.binary, setting.correct, setting.incorrect)
    assert all(part.hypotheses == {line.policy} for part in parts)


@pytest.mark.parametrize("formula", (line.smooth(real("L"), a, b), le(0, a), run.run))
def test_only_a_policy_has_those_parts(formula: Term) -> None:
    with pytest.raises(KernelError):
        Setting.of(assume(formula))


def test_regularity_is_a_bound_on_score_and_hessian() -> None:
    G, L = real("G"), real("L")
    inside = (le(a, t), le(t, b), lt(i, n))
    bounded = [forall((t, i), *inside, WITHIN(f(t, i), size)) for f, size in ((s, G), (h, L))]
    assert unfold(line.regular(G, L, a, b)) == unfold(both(*bounded))
    assert unfold(line.smooth(L, a, b)) == unfold(bounded[1])
    assert line.regular(G, L, a, b) == REGULAR(n, line.score, line.hessian, G, L, a, b)
    assert line.smooth(L, a, b) == SMOOTH(n, line.hessian, L, a, b)
    assert line.policy == POLICY(n, line.reward, line.log_policy, line.score, line.hessian)


# Runs ---------------------------------------------------------------------------------------------


def concrete_run() -> Model:
    """Two responses, the first correct; step j starts at log-odds log(j + 1)."""

    def probability(j: int, x: Fraction, response: int) -> Fraction:
        odds = (j + 1) * (1 + Fraction(x))
        return (odds if response == 0 else 1) / (1 + odds)

    return Model({
        "n": 2, "r": lambda j: 1 - j, "eta": lambda j: Fraction(1, j + 1),
        "lp": lambda j, x, response: Log(probability(j, x, response)),
        "s": lambda j, x, response: (5 - 4 * j) * (1 - 2 * response),
        "K": 3,
    })  # fmt: skip


@pytest.mark.parametrize("step", range(3))
def test_the_quantities_of_a_step(step: int) -> None:
    model, at = concrete_run(), num(step)
    assert model.of(run.size(at)) == Fraction(1, step + 1)
    assert model.of(run.success(at)) == Fraction(step + 1, step + 2)
    assert model.of(run.log_odds(at)) == Log(Fraction(step + 1))
    assert model.of(run.alignment(at)) == 10 - 8 * step
    assert run.at(k).success(0) == run.success(k)


def test_progress_counts_positive_alignments_only() -> None:
    # Alignments 10, 2, -6 with steps 1, 1/2, 1/3: the last one is dropped.
    assert concrete_run().of(run.progress(nat("K"))) == 11
    assert concrete_run().of(run.progress(2)) == 11
    assert concrete_run().of(run.progress(0)) == 0
    eta, dmu = (lam(k, function(name, "N")(k)) for name in ("eta", "dmu"))
    values = Model({"eta": lambda j: j + 2, "dmu": lambda j: 1 - 2 * j})
    assert values.of(PROGRESS(3, eta, dmu)) == 2


def test_the_parts_of_a_run() -> None:
    opened = unfold(run.run, frozenset({"run"}))
    lines, rest = opened.args
    assert beta(lines.args[0], [k]) == run.at(k).policy
    given = fold(assume(run.run), opened)
    assert given.hypotheses == {run.run} == {RUN(n, run.reward, run.log_policy, run.score,
                                                 run.hessian, run.steps)}  # fmt: skip
    connected, sizes = rest.args
    assert beta(sizes.args[0], [k]) == le(0, run.size(k))
    ends = eq(beta(run.log_policy, [k + 1, 0, i]), beta(run.log_policy, [k, run.size(k), i]))
    assert apply(assume(connected), assume(lt(i, n)), at=[k, i]).conclusion == ends


def test_regularity_of_a_run_is_that_of_every_step() -> None:
    G, L = real("G"), real("L")
    assert run.regular(G, L) == forall(k, run.at(k).regular(G, L, 0, run.size(k)))
    assert isinstance(run, Run)
