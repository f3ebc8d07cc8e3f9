"""Closed forms that are derived, not typed in: the largest step and the best step.

SymPy solves for the place where an inequality turns into an equality, or where a gain is
stationary; it is not trusted.  The kernel then certifies that the value does what is
claimed of it, and that no larger value, or no other one, would do better.

>>> found = derive("eta*D - K*eta**2/2 >= eta*D/2", ["eta > 0", "D > 0", "K > 0"], "eta")
>>> found.value, found.interval
(D/K, '(0, D/K]')
>>> best_step("eta*D - K*eta**2/2", "eta", ["K > 0"]).gain
D**2/(2*K)
"""

from __future__ import annotations

import importlib
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from derivations.kernel.certificate import serialise
from derivations.kernel.terms import Term, app, eq, free_variables, lt, num, real, substitute
from derivations.kernel.theorem import Theorem
from derivations.search.claims import (
    ClaimError,
    evaluate,
    from_sympy,
    parse_expression,
    relation_terms,
    show_claim,
    to_sympy,
)
from derivations.search.definedness import (
    OpenConditionError,
    Situation,
    UndecidedError,
    complain,
    definedness,
    examine,
)
from derivations.search.formulas import fits, negations
from derivations.search.limits import share
from derivations.search.strategies import search_proof
from derivations.search.witness import Point
from derivations.tactics import assume

_MOST_TERMS = 300


class DeriveError(ValueError):
    """No closed form was found and certified; one line saying why."""


@dataclass(frozen=True)
class Derived:
    """The largest value of a variable up to which a claim holds, with the proof.

    With B the `value`: `positive` says ``0 < B``; `theorem` says that the claim holds for
    every value in ``(0, B]`` (`closed`) or ``(0, B)``; `optimality` that it fails for every
    value beyond, below `until` if that is not None (then `further` says ``B < until``), or
    at least, for an open interval, at B itself.
    """

    variable: str
    claim: str
    given: tuple[str, ...]
    value: Term
    closed: bool
    theorem: Theorem
    optimality: Theorem
    positive: Theorem
    until: Term | None
    further: Theorem | None
    defined: tuple[Theorem, ...]
    method: str
    seconds: float

    @property
    def interval(self) -> str:
        """The values for which the claim holds, as text."""
        return f"(0, {show_claim(self.value)}{']' if self.closed else ')'}"

    def as_json(self) -> dict[str, Any]:
        """The result as plain data; the certificate replays all its theorems."""
        named = {
            "claim": self.theorem,
            "optimality": self.optimality,
            "positive": self.positive,
            **({"further": self.further} if self.further is not None else {}),
            **{f"defined {i + 1}": t for i, t in enumerate(self.defined)},
        }
        return {
            "variable": self.variable,
            "claim": self.claim,
            "given": list(self.given),
            "value": show_claim(self.value),
            "closed": self.closed,
            "interval": self.interval,
            "theorem": repr(self.theorem),
            "optimality": repr(self.optimality),
            "method": self.method,
            "certificate": serialise(named),
            "seconds": self.seconds,
        }


@dataclass(frozen=True)
class Best:
    """The value of a variable that maximises an expression, and the maximum.

    `theorem` says that the expression is at most `gain`, `equality` that it is the gain
    at `value`.
    """

    variable: str
    expression: str
    given: tuple[str, ...]
    value: Term
    gain: Term
    theorem: Theorem
    equality: Theorem
    defined: tuple[Theorem, ...]
    method: str
    seconds: float

    def as_json(self) -> dict[str, Any]:
        """The result as plain data; the certificate replays all its theorems."""
        named = {
            "claim": self.theorem,
            "equality": self.equality,
            **{f"defined {i + 1}": t for i, t in enumerate(self.defined)},
        }
        return {
            "variable": self.variable,
            "expression": self.expression,
            "given": list(self.given),
            "value": show_claim(self.value),
            "gain": show_claim(self.gain),
            "theorem": repr(self.theorem),
            "equality": repr(self.equality),
            "method": self.method,
            "certificate": serialise(named),
            "seconds": self.seconds,
        }


@dataclass(frozen=True)
class _Setting:
    """The hypotheses of a request, apart from and together with those on the variable."""

    variable: Term
    parameters: Situation
    own: tuple[Term, ...]  # the hypotheses that mention the variable
    deadline: float

    @property
    def witness(self) -> Point:
        """A point for the parameters."""
        return self.parameters.witness

    def search(self, goal: Term, *extra: Term | Theorem, parts: float = 4) -> Theorem | None:
        """A theorem of the goal from the parameters' hypotheses and the extra ones."""
        more = [assume(e) if isinstance(e, Term) else e for e in extra]
        facts = [*self.parameters.facts, *more]
        until = share(self.deadline, parts)
        found = search_proof(goal, facts, None, until)
        return None if found is None else found[0]

    def defined(self, term: Term, *extra: Term | Theorem) -> tuple[Theorem, ...] | None:
        """Theorems that a term is defined, None if they cannot be proved."""
        more = [assume(e) if isinstance(e, Term) else e for e in extra]
        facts = [*self.parameters.facts, *more]
        try:
            return tuple(definedness(term, facts, None, share(self.deadline, 4)))
        except OpenConditionError:
            return None


def derive(
    claim: str | Term,
    given: Sequence[str | Term],
    largest: str,
    *,
    timeout: float = 30.0,
) -> Derived:
    """The largest B such that the claim holds for every value of `largest` in (0, B].

    For a claim that already fails at B the interval is open, see `Derived.closed`.  Of the
    variable the hypotheses may say that it is positive (which is assumed anyway); the
    others are about the parameters.  Raises `ClaimError` for what is no claim, `DeriveError`
    when no closed form is certified, when the claim holds for every positive value, or for
    none.

    >>> derive("eta*D - K*eta**2/2 > 0", ["D > 0", "K > 0"], "eta").interval
    '(0, 2*D/K)'
    """
    start = time.monotonic()
    goals = relation_terms(claim)
    if len(goals) != 1 or goals[0].head in ("=", "!="):
        raise DeriveError("the claim should be one inequality: <= < >= >")
    (goal,) = goals
    try:
        setting = _set_up(largest, given, goal, start + timeout, positive=True)
        result = _largest(goal, setting)
    except UndecidedError as reason:
        raise DeriveError(str(reason)) from None
    except RecursionError:
        raise DeriveError("the claim is nested too deeply") from None
    if result is None:
        raise DeriveError(_explain(goal, setting))
    value, closed, (theorem, optimality, positive, further), until, defined = result
    return Derived(
        largest,
        claim if isinstance(claim, str) else show_claim(claim),
        tuple(g if isinstance(g, str) else show_claim(g) for g in given),
        value,
        closed,
        theorem,
        optimality,
        positive,
        until,
        further,
        (*setting.parameters.defined, *defined),
        "boundary solved by SymPy, certified by the kernel",
        round(time.monotonic() - start, 3),
    )


def best_step(
    expression: str | Term,
    variable: str,
    given: Sequence[str | Term] = (),
    *,
    timeout: float = 30.0,
) -> Best:
    """The value of `variable` that maximises an expression, and the maximum, in closed form.

    The bound is proved for every real value of the variable, or, where hypotheses mention
    it, for every value that satisfies them; the maximiser is then proved to satisfy them.
    Raises `ClaimError` for what is no expression and `DeriveError` when nothing is certified.

    >>> best_step("2*x - x**2", "x").value
    1
    """
    start = time.monotonic()
    term = parse_expression(expression) if isinstance(expression, str) else expression
    try:
        setting = _set_up(variable, given, term, start + timeout, positive=False)
        result = _best(term, setting)
    except UndecidedError as reason:
        raise DeriveError(str(reason)) from None
    except RecursionError:
        raise DeriveError("the expression is nested too deeply") from None
    if result is None:
        raise DeriveError(f"no maximum over {variable} was found and certified in closed form")
    value, gain, theorem, equality, defined = result
    return Best(
        variable,
        expression if isinstance(expression, str) else show_claim(expression),
        tuple(g if isinstance(g, str) else show_claim(g) for g in given),
        value,
        gain,
        theorem,
        equality,
        (*setting.parameters.defined, *defined),
        "stationary point solved by SymPy, certified by the kernel",
        round(time.monotonic() - start, 3),
    )


def _set_up(
    name: str, given: Sequence[str | Term], about: Term, deadline: float, *, positive: bool
) -> _Setting:
    """Check a request and sort its hypotheses."""
    variable = real(name) if isinstance(name, str) and name.isidentifier() else None
    if variable is None:
        raise DeriveError(f"not the name of a variable: {name!r}")
    if variable not in free_variables(about):
        raise DeriveError(f"{name} does not occur in {show_claim(about)}")
    hypotheses = [h for g in given for h in relation_terms(g)]
    own = [h for h in hypotheses if variable in free_variables(h)]
    others = [h for h in hypotheses if h not in own]
    signs = {variable > 0, variable >= 0, lt(0, variable), app("<=", 0, variable)}
    if positive:
        for hypothesis in own:
            if hypothesis not in signs:
                raise DeriveError(
                    f"of {name} the hypotheses may only say that it is positive, "
                    f"not {show_claim(hypothesis)}"
                )
        own = [h for h in own if h.head in ("<", ">")][:1] or [variable > 0]
    if not fits([about, *hypotheses], _MOST_TERMS):
        raise DeriveError("the claim is too large once multiplied out")
    parameters = examine(others, deadline)
    setting = _Setting(variable, parameters, tuple(own), deadline)
    if setting.defined(about, *setting.own) is None:
        complain(about, [*parameters.facts, *map(assume, own)], share(deadline, 2))
    return setting


# The largest step ----------------------------------------------------------------------

_Certified = tuple[Theorem, Theorem, Theorem, Theorem | None]


def _largest(
    goal: Term, setting: _Setting
) -> tuple[Term, bool, _Certified, Term | None, tuple[Theorem, ...]] | None:
    """The first boundary point that is certified, nearest first."""
    left, right = goal.args
    candidates = list(_candidates(left - right, setting))
    order = (False, True) if goal.head in ("<", ">") else (True, False)
    for i, (value, defined, positive) in enumerate(candidates):
        ends = (None, *(c[0] for c in candidates[i + 1 :]))
        for closed in order:
            found = _certify(goal, value, closed, (*defined, positive), ends, setting)
            if found is not None:
                theorem, optimality, further, until = found
                return value, closed, (theorem, optimality, positive, further), until, defined
    return None


def _candidates(
    difference: Term, setting: _Setting
) -> Iterator[tuple[Term, tuple[Theorem, ...], Theorem]]:
    """Roots that are proved to be defined and positive, nearest at the witness first."""
    roots = _roots(difference, setting)
    known = {r: _value(r, setting.witness) for r in roots}
    ordered = sorted(roots, key=lambda r: (known[r] is None, known[r] or Fraction(0)))
    for root in ordered:
        value = known[root]
        if value is not None and value <= 0:
            continue
        defined = setting.defined(root)
        if defined is None:
            continue
        positive = setting.search(lt(0, root), *defined)
        if positive is not None:
            yield root, defined, positive


def _certify(
    goal: Term,
    value: Term,
    closed: bool,
    facts: Sequence[Theorem],
    ends: Sequence[Term | None],
    setting: _Setting,
) -> tuple[Theorem, Theorem, Theorem | None, Term | None] | None:
    """The claim up to a value, and its failure beyond; None if one of them is not proved."""
    x = setting.variable
    inside, outside = (x <= value, x > value) if closed else (x < value, x >= value)
    theorem = setting.search(goal, *setting.own, inside, *facts)
    if theorem is None:
        return None
    (negation,) = negations(goal)
    for end in ends:
        further = None if end is None else setting.search(lt(value, end), *facts)
        if end is not None and further is None:
            continue
        limit = () if end is None else (x < end,)
        optimality = setting.search(negation, outside, *limit, *facts)
        if optimality is not None:
            return theorem, optimality, further, end
    # An open interval cannot be longer when the claim fails at its very end.
    failure = None if closed else setting.search(negation, eq(x, value), *facts)
    return None if failure is None else (theorem, failure, None, None)


def _explain(goal: Term, setting: _Setting) -> str:
    """Why there is no largest value, as far as it can be told."""
    name = setting.variable.head
    if setting.search(goal, *setting.own, parts=2) is not None:
        return f"the claim holds for every {name} > 0: there is no largest one"
    (negation,) = negations(goal)
    if setting.search(negation, *setting.own, parts=2) is not None:
        return f"the claim holds for no {name} > 0"
    return (
        f"no largest {name} was found and certified in closed form: are the signs of all "
        "parameters given?"
    )


# The best step -------------------------------------------------------------------------


def _best(
    term: Term, setting: _Setting
) -> tuple[Term, Term, Theorem, Theorem, tuple[Theorem, ...]] | None:
    sympy = importlib.import_module("sympy")
    shown, symbol = _translate(sympy, term, setting)
    slope = from_sympy(sympy.together(sympy.diff(shown, symbol)))
    for value in _roots(slope, setting):
        defined = setting.defined(value)
        there = {setting.variable: value}
        if defined is None:
            continue
        own = [setting.search(substitute(h, there), *defined) for h in setting.own]
        at_best = substitute(term, there)
        gain = _tidy(sympy, _translate(sympy, at_best, setting)[0], setting)
        allowed = [h for h in own if h is not None]
        if gain is None or len(allowed) < len(own):
            continue
        conditions = setting.defined(eq(at_best, gain), *defined, *allowed)
        if conditions is None:
            continue
        facts = (*defined, *conditions)
        equality = setting.search(eq(at_best, gain), *facts)
        theorem = setting.search(app("<=", term, gain), *setting.own, *facts)
        if equality is not None and theorem is not None:
            return value, gain, theorem, equality, (*facts, *allowed)
    return None


# SymPy, untrusted ----------------------------------------------------------------------


def _translate(sympy: Any, term: Term, setting: _Setting) -> tuple[Any, Any]:
    """A term in SymPy, with the signs of variables that the hypotheses state."""
    shown = to_sympy(term)
    signed = {}
    for symbol in shown.free_symbols | {sympy.Symbol(setting.variable.head, real=True)}:
        positive = _is_positive(real(symbol.name), setting)
        signed[symbol] = sympy.Symbol(symbol.name, positive=True) if positive else symbol
    variable = signed[sympy.Symbol(setting.variable.head, real=True)]
    return shown.subs(signed, simultaneous=True), variable


def _is_positive(variable: Term, setting: _Setting) -> bool:
    stated = {f.conclusion for f in setting.parameters.facts}
    return bool(stated & {variable > 0, lt(0, variable)})


def _roots(difference: Term, setting: _Setting) -> list[Term]:
    """Closed forms of the zeros of a rational function of the variable, zero itself left out."""
    sympy = importlib.import_module("sympy")
    try:
        shown, symbol = _translate(sympy, difference, setting)
        numerator = sympy.fraction(sympy.together(shown))[0]
        factors = sympy.factor_list(sympy.expand(numerator))[1]
    except (ClaimError, sympy.PolynomialError):
        return []
    found: list[Any] = []
    for factor, _ in factors:
        if not factor.has(symbol) or factor == symbol:
            continue
        if not factor.is_polynomial(symbol):
            continue
        poly = sympy.Poly(factor, symbol)
        # Zeros of higher degree have no closed form that the language of claims could show.
        if poly.degree() <= 2:
            found += _solutions(sympy, poly)
    terms = [t for s in found if (t := _tidy(sympy, s, setting)) is not None]
    return list(dict.fromkeys(terms))


def _solutions(sympy: Any, poly: Any) -> list[Any]:
    """The zeros of a linear or quadratic polynomial."""
    if poly.degree() == 1:
        slope, rest = poly.all_coeffs()
        return [-rest / slope]
    a, b, c = poly.all_coeffs()
    root = sympy.sqrt(sympy.factor(b**2 - 4 * a * c))
    return [(-b + root) / (2 * a), (-b - root) / (2 * a)]


def _tidy(sympy: Any, expression: Any, setting: _Setting) -> Term | None:
    """A value as a product of factors that are positive at the witness, over such a product."""
    try:
        above, below = sympy.fraction(sympy.factor(sympy.together(expression)))
        sign, top = _product(sympy, above, setting)
        other, bottom = _product(sympy, below, setting)
        term = top if bottom == num(1) else top / bottom
        return term if sign * other > 0 else -term
    except (ClaimError, sympy.PolynomialError):
        return None


def _product(sympy: Any, expression: Any, setting: _Setting) -> tuple[int, Term]:
    """The sign and the absolute value (at the witness) of a product, factor by factor."""
    sign = 1
    factors: list[Term] = []
    for factor in sympy.Mul.make_args(expression):
        base, exponent = factor.as_base_exp() if not factor.is_Rational else (factor, 1)
        value = _value(from_sympy(base), setting.witness)
        odd = exponent == 1 or (getattr(exponent, "is_Integer", False) and exponent % 2 == 1)
        if value is not None and value < 0 and odd:
            sign, factor = -sign, (-base) ** exponent
        if factor != 1:
            factors.append(from_sympy(factor))
    if not factors:
        return sign, num(1)
    # Numbers first, then names, then sums: as one writes it.
    factors.sort(key=lambda t: (t.kind != "num", t.head in ("+", "-"), repr(t)))
    result = factors[0]
    for other in factors[1:]:
        result = result * other
    return sign, result


def _value(term: Term, point: Point) -> Fraction | None:
    """The exact value at the rational coordinates of a point, if it has one."""
    rational = {v: x for v, x in point.items() if isinstance(x, Fraction)}
    return evaluate(term, rational)
