r"""Expectations over an arbitrary finite response set, and their derivatives.

A prompt has finitely many responses ``0, ..., n - 1`` (n is a variable), a reward
``r(i)`` that is 0 or 1, and a policy that moves along a line: ``lp(t, i)`` is the
log-probability of response i at the point t, ``s`` its first derivative in t (the score
along the line) and ``h`` its second.  A statement proved for an arbitrary line holds for
every direction in parameter space.

Expectations are definitions, not axioms: with weights w (r for the correct responses,
1 - r for the incorrect ones, 1 for all), ``mean(n, w, lp(t), X)`` is
``Sum w exp(lp) X / Sum w exp(lp)``.  Their derivatives follow from the rules of calculus.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache

from derivations.calculus import differentiate
from derivations.kernel.terms import (
    Definition,
    Term,
    beta,
    both,
    derivative,
    either,
    eq,
    exists,
    exp,
    forall,
    function,
    lam,
    le,
    log,
    lt,
    maximum,
    nat,
    num,
    real,
    total,
    unfold,
    var,
)
from derivations.kernel.theorem import Theorem
from derivations.tactics import fold, fresh, part

_n, _i = nat("n"), nat("i")
_t, _a, _b, _G, _L = (real(name) for name in ("t", "a", "b", "G", "L"))
_w, _l, _x, _y = (function(name, "N") for name in ("w", "l", "X", "Y"))
_lp, _s, _h = (function(name, "R", "N") for name in ("lp", "s", "h"))

MASS = Definition("mass", lam((_n, _w, _l), total(_n, _i, _w(_i) * exp(_l(_i)))))
"""``mass(n, w, l)``: the probability ``Sum w exp(l)``; with w = r it is the success rate."""

MEAN = Definition(
    "mean",
    lam((_n, _w, _l, _x), total(_n, _i, _w(_i) * exp(_l(_i)) * _x(_i)) / MASS(_n, _w, _l)),
)
"""``mean(n, w, l, X)``: the conditional expectation of X under the weights w."""


def _centred(x: Term) -> Term:
    return x(_i) - MEAN(_n, _w, _l, x)


VARIANCE = Definition(
    "variance", lam((_n, _w, _l, _x), MEAN(_n, _w, _l, lam(_i, _centred(_x) ** 2)))
)
"""``variance(n, w, l, X)``: the conditional variance."""

COVARIANCE = Definition(
    "covariance",
    lam((_n, _w, _l, _x, _y), MEAN(_n, _w, _l, lam(_i, _centred(_x) * _centred(_y)))),
)
"""``covariance(n, w, l, X, Y)``: the conditional covariance."""

LOG_ODDS = Definition("log_odds", lam((_n, _w, _l), log(MASS(_n, _w, _l) / (1 - MASS(_n, _w, _l)))))
"""``log_odds(n, r, l)``: log(J/(1 - J))."""

_failure = lam(_i, 1 - _w(_i))

ALIGNMENT = Definition(
    "alignment",
    lam((_n, _w, _l, _x), MEAN(_n, _w, _l, _x) - MEAN(_n, _failure, _l, _x)),
)
"""``alignment(n, r, l, s)``: E_+[s] - E_-[s], the Gradient Gap along the line."""

CURVATURE = Definition(
    "curvature",
    lam(
        (_n, _w, _l, _x, _y),
        (MEAN(_n, _w, _l, _y) + VARIANCE(_n, _w, _l, _x))
        - (MEAN(_n, _failure, _l, _y) + VARIANCE(_n, _failure, _l, _x)),
    ),
)
"""``curvature(n, r, l, s, h)``: the second derivative of the log-odds."""

WITHIN = Definition("within", lam((_a, _b), both(le(-_b, _a), le(_a, _b))))
"""``within(x, B)``: |x| <= B."""

POLICY = Definition(
    "policy",
    lam(
        (_n, _w, _lp, _s, _h),
        both(
            forall(_t, eq(total(_n, _i, exp(_lp(_t, _i))), 1)),
            forall((_t, _i), lt(_i, _n), derivative(real("u"), _lp(real("u"), _i), _t, _s(_t, _i))),
            forall((_t, _i), lt(_i, _n), derivative(real("u"), _s(real("u"), _i), _t, _h(_t, _i))),
            forall(_i, lt(_i, _n), either(eq(_w(_i), 0), eq(_w(_i), 1))),
            exists(_i, both(lt(_i, _n), eq(_w(_i), 1))),
            exists(_i, both(lt(_i, _n), eq(_w(_i), 0))),
        ),
    ),
)
"""``policy(n, r, lp, s, h)``: the setting.  Probabilities that sum to one, twice
differentiable along the line, a binary reward, at least one correct and one incorrect
response."""


def _everywhere(formula: Term) -> Term:
    return forall((_t, _i), le(_a, _t), le(_t, _b), lt(_i, _n), formula)


SMOOTH = Definition("smooth", lam((_n, _h, _L, _a, _b), _everywhere(WITHIN(_h(_t, _i), _L))))
"""``smooth(n, h, L, a, b)``: |h| <= L for every response and every point of [a, b]."""

REGULAR = Definition(
    "regular",
    lam(
        (_n, _s, _h, _G, _L, _a, _b),
        both(_everywhere(WITHIN(_s(_t, _i), _G)), SMOOTH(_n, _h, _L, _a, _b)),
    ),
)
"""``regular(n, s, h, G, L, a, b)``: |s| <= G and |h| <= L for every response and every
point of the segment [a, b]."""

NAMES = ("mass", "mean", "variance", "covariance", "log_odds", "alignment", "curvature")
"""The definitions to unfold for arithmetic with expectations."""


@dataclass(frozen=True)
class Line:
    """A policy along a line, by its functions, and the quantities of the theory as terms.

    `count` is the number of responses, `reward` maps a response to 0 or 1, `log_policy`,
    `score` and `hessian` map (point, response) to the log-probability and its derivatives.
    """

    count: Term
    reward: Term
    log_policy: Term
    score: Term
    hessian: Term

    @property
    def policy(self) -> Term:
        """The assumption that this is a policy."""
        return POLICY(self.count, self.reward, self.log_policy, self.score, self.hessian)

    def regular(self, score: Term, hessian: Term, a: object, b: object) -> Term:
        """The assumption that |s| <= `score` and |h| <= `hessian` on the segment [a, b]."""
        return REGULAR(self.count, self.score, self.hessian, score, hessian, a, b)

    def smooth(self, hessian: Term, a: object, b: object) -> Term:
        """The assumption that |h| <= `hessian` on the segment [a, b]."""
        return SMOOTH(self.count, self.hessian, hessian, a, b)

    def weights(self, side: str) -> Term:
        """The weights of one side: '+', '-' or '' for all responses; else `ValueError`."""
        reward = beta(self.reward, [_i])
        sides = {"+": reward, "-": 1 - reward, "": num(1)}
        if side not in sides:
            raise ValueError(f"no side is called {side!r}; there are '+', '-' and '' (all)")
        return lam(_i, sides[side])

    def at(self, function_: Term, t: object) -> Term:
        """A function of (point, response) at one point."""
        return lam(_i, beta(function_, [t, _i]))

    def logs(self, t: object) -> Term:
        """The log-probabilities at a point."""
        return self.at(self.log_policy, t)

    def mass(self, side: str, t: object) -> Term:
        """The probability of a side."""
        return MASS(self.count, self.weights(side), self.logs(t))

    def success(self, t: object) -> Term:
        """The success rate J."""
        return self.mass("+", t)

    def log_odds(self, t: object) -> Term:
        """log(J/(1 - J))."""
        return LOG_ODDS(self.count, self.weights("+"), self.logs(t))

    def mean(self, side: str, x: Term, t: object) -> Term:
        """The conditional expectation of a random variable (a function of the response)."""
        return MEAN(self.count, self.weights(side), self.logs(t), x)

    def mean_score(self, side: str, t: object) -> Term:
        """E_+[s] or E_-[s]."""
        return self.mean(side, self.at(self.score, t), t)

    def mean_hessian(self, side: str, t: object) -> Term:
        """E_+[h] or E_-[h]."""
        return self.mean(side, self.at(self.hessian, t), t)

    def variance(self, side: str, t: object) -> Term:
        """The conditional variance of the score."""
        return VARIANCE(self.count, self.weights(side), self.logs(t), self.at(self.score, t))

    def covariance(self, side: str, x: Term, y: Term, t: object) -> Term:
        """The conditional covariance of two random variables (functions of the response)."""
        return COVARIANCE(self.count, self.weights(side), self.logs(t), x, y)

    def cumulant(self, side: str, variables: Sequence[Term], t: object) -> Term:
        """The conditional joint cumulant of random variables (functions of the response)."""
        definition = cumulant_definition(len(variables))
        return definition(self.count, self.weights(side), self.logs(t), *variables)

    def alignment(self, t: object) -> Term:
        """The Gradient Gap along the line, E_+[s] - E_-[s]."""
        return ALIGNMENT(self.count, self.weights("+"), self.logs(t), self.at(self.score, t))

    def curvature(self, t: object) -> Term:
        """The second derivative of the log-odds."""
        return CURVATURE(
            self.count,
            self.weights("+"),
            self.logs(t),
            self.at(self.score, t),
            self.at(self.hessian, t),
        )

    def mirrored(self) -> Line:
        """The same policy with correct and incorrect exchanged."""
        reward = lam(_i, 1 - beta(self.reward, [_i]))
        return Line(self.count, reward, self.log_policy, self.score, self.hessian)

    def substitution(self) -> dict[Term, Term]:
        """How to turn a statement about the arbitrary line into one about this line."""
        return {
            ARBITRARY.count: self.count,
            var("r", (("N",), "R")): self.reward,
            _lp: self.log_policy,
            _s: self.score,
            _h: self.hessian,
        }


def _arbitrary() -> Line:
    r = function("r", "N")
    return Line(
        _n,
        lam(_i, r(_i)),
        lam((_t, _i), _lp(_t, _i)),
        lam((_t, _i), _s(_t, _i)),
        lam((_t, _i), _h(_t, _i)),
    )


ARBITRARY = _arbitrary()
"""A line about which nothing is known: its functions are variables."""


_k, _K = nat("k"), nat("K")
_lps, _ss, _hs = (function(name, "N", "R", "N") for name in ("lp", "s", "h"))
_eta, _dmu = function("eta", "N"), function("dmu", "N")

PROGRESS = Definition(
    "progress", lam((_K, _eta, _dmu), total(_K, _k, _eta(_k) * maximum(_dmu(_k), 0)))
)
"""``progress(K, eta, dmu)``: the cumulative gap alignment M(K)."""


def _step(function_: Term) -> Term:
    return lam((_t, _i), function_(_k, _t, _i))


RUN = Definition(
    "run",
    lam(
        (_n, _w, _lps, _ss, _hs, _eta),
        both(
            forall(_k, POLICY(_n, _w, _step(_lps), _step(_ss), _step(_hs))),
            forall((_k, _i), lt(_i, _n), eq(_lps(_k + 1, 0, _i), _lps(_k, _eta(_k), _i))),
            forall(_k, le(0, _eta(_k))),
        ),
    ),
)
"""``run(n, r, lp, s, h, eta)``: step k moves from 0 to eta(k) along its own line, on which
the policy is lp(k, t, i); every step starts where the one before ended."""


@dataclass(frozen=True)
class Run:
    """A sequence of steps: functions of (step, point, response), and the step sizes."""

    count: Term
    reward: Term
    log_policy: Term
    score: Term
    hessian: Term
    steps: Term

    @property
    def run(self) -> Term:
        """The assumption that this is a run."""
        return RUN(self.count, self.reward, self.log_policy, self.score, self.hessian, self.steps)

    def at(self, k: object) -> Line:
        """The line of step k."""
        log_policy, score, hessian = (
            lam((_t, _i), beta(f, [k, _t, _i])) for f in (self.log_policy, self.score, self.hessian)
        )
        return Line(self.count, self.reward, log_policy, score, hessian)

    def size(self, k: object) -> Term:
        """The size of step k."""
        return beta(self.steps, [k])

    def success(self, k: object) -> Term:
        """The success rate before step k."""
        return self.at(k).success(0)

    def log_odds(self, k: object) -> Term:
        """The log-odds before step k."""
        return self.at(k).log_odds(0)

    def alignment(self, k: object) -> Term:
        """The alignment of step k with the Gradient Gap where it starts."""
        return self.at(k).alignment(0)

    def progress(self, count: object) -> Term:
        """M(K): the step sizes times the positive parts of the alignments, summed."""
        return PROGRESS(count, lam(_k, self.size(_k)), lam(_k, self.alignment(_k)))

    def regular(self, score: Term, hessian: Term) -> Term:
        """Regularity along every step."""
        return forall(_k, self.at(_k).regular(score, hessian, 0, self.size(_k)))


def _arbitrary_run() -> Run:
    r = function("r", "N")
    log_policy, score, hessian = (lam((_k, _t, _i), f(_k, _t, _i)) for f in (_lps, _ss, _hs))
    return Run(_n, lam(_i, r(_i)), log_policy, score, hessian, lam(_k, _eta(_k)))


ARBITRARY_RUN = _arbitrary_run()
"""A run about which nothing is known: its functions are variables."""


@dataclass(frozen=True)
class Setting:
    """The parts of the assumption that a line is a policy, as theorems."""

    normalised: Theorem
    score: Theorem
    hessian: Theorem
    binary: Theorem
    correct: Theorem
    incorrect: Theorem

    @classmethod
    def of(cls, policy: Theorem) -> Setting:
        """Take the assumption ``policy(...)`` apart."""
        opened = fold(policy, unfold(policy.conclusion, frozenset({"policy"})))
        first, second, third, fourth, fifth = (part(opened, *(1,) * k, 0) for k in range(5))
        return cls(first, second, third, fourth, fifth, part(opened, *(1,) * 5))

    @property
    def derivatives(self) -> tuple[Theorem, Theorem]:
        """The derivatives of the log-policy and of the score."""
        return self.score, self.hessian


# Cumulants and their derivatives -------------------------------------------------------------


def _partitions(items: Sequence[int]) -> Iterable[list[list[int]]]:
    """The partitions of a sequence into non-empty blocks."""
    if not items:
        yield []
        return
    first, rest = items[0], items[1:]
    for partition in _partitions(rest):
        yield [[first], *partition]
        for k, block in enumerate(partition):
            yield [*partition[:k], [first, *block], *partition[k + 1 :]]


@cache
def cumulant_definition(order: int) -> Definition:
    """The joint cumulant of `order` random variables, by moments over set partitions.

    ``cumulant2(n, w, l, X0, X1)`` is the conditional covariance; order 1 is the mean.
    Raises `ValueError` for an order below 1.

    >>> cumulant_definition(2).name
    'cumulant2'
    """
    if order < 1:
        raise ValueError(f"a joint cumulant has at least one argument, not {order}")
    variables = [function(f"X{k}", "N") for k in range(order)]
    summands = []
    for partition in _partitions(range(order)):
        sign = 1
        for k in range(1, len(partition)):
            sign *= -k
        term: Term = num(sign)
        for block in partition:
            product: Term = variables[block[0]](_i)
            for k in block[1:]:
                product = product * variables[k](_i)
            term = term * MEAN(_n, _w, _l, lam(_i, product))
        summands.append(term)
    return Definition(f"cumulant{order}", lam((_n, _w, _l, *variables), _added(summands)))


def _added(terms: Sequence[Term]) -> Term:
    """The sum, nested no deeper than need be: there are many partitions."""
    half = len(terms) // 2
    return terms[0] if len(terms) == 1 else _added(terms[:half]) + _added(terms[half:])


Variable = int | tuple[str, int]
"""A random variable that moves along a line: k >= 1 is the derivative of order k of the
log-policy (1 is the score), ``("X", k)`` the derivative of order k >= 0 of the variable X."""


def _rank(variable: Variable) -> tuple[str, int]:
    return ("", variable) if isinstance(variable, int) else variable


def _raised(variable: Variable) -> Variable:
    """The derivative of a random variable in t, response by response."""
    return variable + 1 if isinstance(variable, int) else (variable[0], variable[1] + 1)


@dataclass(frozen=True)
class Cumulants:
    """Sums of joint cumulants along a line; the derivative of one is another one.

    `terms` maps (side, variables) to an integer coefficient: side is '+', '-' or '' (the
    policy itself), and variables is the sorted tuple of the arguments of the cumulant, so
    that ``{("+", (1, 1)): 1}`` is the variance of the score under the correct responses.

    >>> Cumulants.of("", ("X", 0)).derivative().terms
    {('', (1, ('X', 0))): 1, ('', (('X', 1),)): 1}
    >>> (Cumulants.of("+", 1) - Cumulants.of("-", 1)).derivative().terms
    {('+', (1, 1)): 1, ('+', (2,)): 1, ('-', (1, 1)): -1, ('-', (2,)): -1}
    """

    terms: dict[tuple[str, tuple[Variable, ...]], int]

    @classmethod
    def of(cls, side: str, *variables: Variable) -> Cumulants:
        """One joint cumulant: of one variable the mean, of two the covariance, and so on."""
        return cls({(side, tuple(sorted(variables, key=_rank))): 1})

    def __add__(self, other: Cumulants) -> Cumulants:
        result = dict(self.terms)
        for key, coefficient in other.terms.items():
            result[key] = result.get(key, 0) + coefficient
        return Cumulants({k: c for k, c in result.items() if c})

    def __sub__(self, other: Cumulants) -> Cumulants:
        return self + -1 * other

    def __rmul__(self, factor: int) -> Cumulants:
        return Cumulants({k: factor * c for k, c in self.terms.items() if factor})

    def derivative(self) -> Cumulants:
        """d/dt, by `gap.score-derivative`: add the score to the arguments, or differentiate one."""
        result = Cumulants({})
        for (side, variables), coefficient in self.terms.items():
            result += coefficient * Cumulants.of(side, *variables, 1)
            for k, variable in enumerate(variables):
                moved = (*variables[:k], _raised(variable), *variables[k + 1 :])
                result += coefficient * Cumulants.of(side, *moved)
        return Cumulants(dict(sorted(result.terms.items(), key=_order)))

    def term(
        self, line: Line, tower: Sequence[Term], t: Term, **variables: Sequence[Term]
    ) -> Term:
        """The kernel term at the point t.

        `tower` holds the derivatives of the log-policy of orders 1, 2, ..., and each of
        `variables` a random variable and its derivatives of orders 1, 2, ..., all of them
        functions of (point, response).  Raises `ValueError` when one is missing.
        """
        towers = {"": (line.log_policy, *tower), **variables}

        def value(variable: Variable) -> Term:
            name, order = _rank(variable)
            if not 0 <= order < len(towers.get(name, ())):
                raise ValueError(f"the derivative of order {order} of {name or 'the log-policy'}"
                                 " is not given")  # fmt: skip
            return line.at(towers[name][order], t)

        result: Term | None = None
        for (side, arguments), coefficient in self.terms.items():
            one = line.cumulant(side, [value(v) for v in arguments], t)
            one = one if coefficient == 1 else coefficient * one
            result = one if result is None else result + one
        return num(0) if result is None else result


def _order(item: tuple[tuple[str, tuple[Variable, ...]], int]) -> tuple[object, ...]:
    (side, variables), _ = item
    return side, [_rank(v) for v in variables]


LOG_ODDS_SLOPE = Cumulants.of("+", 1) - Cumulants.of("-", 1)
"""The first derivative of the log-odds: E_+[s] - E_-[s]."""


def log_odds_derivative(order: int) -> Cumulants:
    """The derivative of the log-odds of any order >= 1, in conditional cumulants.

    Raises `ValueError` for an order below 1.

    >>> log_odds_derivative(3).terms[("+", (1, 2))]
    3
    """
    if order < 1:
        raise ValueError(f"the order of a derivative is at least 1, not {order}")
    result = LOG_ODDS_SLOPE
    for _ in range(order - 1):
        result = result.derivative()
    return result


def prove_derivative(
    before: Term, after: Term, line: Line, facts: Sequence[Theorem], t: Term
) -> Theorem:
    """The theorem that `after` is the derivative of `before` in t.

    `facts` must give the derivatives of the line's functions at every point and the signs
    of the masses.  Raises `ProofError` if it is not.
    """
    u = fresh("u", "R", before, after)
    body = beta(lam(t, before), [u])
    opened = [fold(f, unfold(f.conclusion)) for f in facts]
    made = differentiate(u, body, t, *opened, value=unfold(after))
    return fold(made, derivative(u, body, t, after))
