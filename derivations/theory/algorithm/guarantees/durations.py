"""How many steps a run at a safe learning rate takes."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction

from derivations import calculus, square_roots
from derivations.calculus import differentiate
from derivations.kernel.terms import (
    Term,
    free_variables,
    function,
    lam,
    le,
    lt,
    nat,
    ne,
    num,
    real,
    substitute,
)
from derivations.kernel.theorem import Theorem
from derivations.library import prove
from derivations.search.claims import ClaimError, from_sympy, to_sympy
from derivations.tactics import (
    ProofError,
    apply,
    assume,
    conjunction,
    discharge,
    have,
    intro,
    part,
    where,
)
from derivations.theory.algorithm.groups import N
from derivations.theory.algorithm.guarantees.claims import (
    given_by,
    scalar_claim,
    sympy_module,
    u,
    x,
    y,
)
from derivations.theory.algorithm.guarantees.learning_rates import FixedRate, started_inside
from derivations.theory.algorithm.guarantees.rows import radicals, sympy_point
from derivations.theory.algorithm.guarantees.shapes import Floor, Shape, candidate_ceilings
from derivations.theory.algorithm.iterations import (
    COUNTS,
    END,
    F,
    Jk,
    epsilon,
    m,
    while_safe,
)
from derivations.theory.algorithm.rates import c, p
from derivations.theory.algorithm.table import INSIDE, Value


def primitive(coefficient: Value) -> Value:
    """A primitive of 1/(J (1 - J) c(J)), for c rational in J and sqrt(J (1 - J)).

    A proposal of SymPy's, which `iterations` certifies.  Raises `ValueError` where none is found
    in logarithms, roots and rational functions.

    >>> primitive(lambda J: num(1))(x)
    log(x) - log(1 - x)
    """
    sympy = sympy_module()
    none = f"no primitive of 1/(J (1 - J) c(J)) is found for c(J) = {coefficient(real('J'))!r}"
    at, odds = sympy.Symbol("x", real=True), sympy.Symbol("w", real=True)
    integrand = 1 / (at * (1 - at) * to_sympy(coefficient(x)))
    variable = at
    if radicals(integrand.subs(sympy.sqrt(at * (1 - at)), odds)):
        raise ValueError(none)
    if not integrand.is_rational_function(at):
        # J = 1/(1 + w**2) makes sqrt(J (1 - J)) rational.
        root = sympy.sqrt(at * (1 - at))
        integrand = integrand.subs(root, odds / (1 + odds**2)).subs(at, 1 / (1 + odds**2))
        variable, integrand = odds, sympy.factor(integrand * -2 * odds / (1 + odds**2) ** 2)
    if not integrand.is_rational_function(variable):
        raise ValueError(none)
    try:
        found = sympy.integrate(sympy.apart(integrand, variable), variable)
    except sympy.PolynomialError:
        raise ValueError(none) from None
    found = found.subs(odds, sympy.sqrt(at * (1 - at)) / at)
    found = sympy.Add(*(sympy.apart(a) if a.is_rational_function(at) else a
                        for a in sympy.Add.make_args(found)))  # fmt: skip
    half = sympy.Rational(1, 2)
    found = found.replace(sympy.log, lambda a: sympy.log(a if a.subs(at, half) > 0 else -a))
    if found.has(sympy.RootSum, sympy.atan, sympy.Integral, sympy.I):
        raise ValueError(none)
    value = from_sympy(found)
    return lambda J: substitute(value, {x: J})


def iterations(safe: FixedRate, potential: Value | None = None) -> Theorem:
    """The iterations of a run with that learning rate from J_0 to 1 - epsilon (`algorithm.rate`).

    `potential` is a primitive of 1/(J (1 - J) c(J)), by default what `primitive` finds; it is
    certified by differentiation.  For a coefficient that rises first there is the hypothesis
    1/2 <= J_0.  Raises `ProofError` if c is not seen to fall, or the primitive is none.
    """
    value = potential or primitive(safe.coefficient)
    made = where(
        prove("algorithm.rate"), {c: lam(p, safe.coefficient(p)), F: lam(x, value(x))}
    )  # fmt: skip
    return given_by(made, _falls(safe), _slope(safe, value), *safe.training())


def iterations_at_most(safe: FixedRate) -> Theorem:
    """The same from a bound m f(J) <= c(J), where f is the coefficient of log-odds ascent,
    population GRPO, RAFT or REINFORCE: for a coefficient without an elementary primitive.

    N counts the iterations and epsilon is the target: parameters of the algorithm that have these
    names are called N_ and epsilon_.  Raises `ProofError` if there is no such bound.
    """
    safe = _without_clashes(safe)
    floor = safe.shape.floor or _floor(safe.coefficient)
    low, high, inside = _within(x)
    made = where(prove(f"algorithm.rate-{floor.count.name}"),
                 {c: lam(p, safe.coefficient(p)), m: floor.m})  # fmt: skip
    below = given_by(floor.below, part(inside, 0), part(inside, 1))
    positive, *_ = safe.training()
    below = intro(below, x, low.conclusion, high.conclusion)
    made = given_by(made, floor.positive, below, positive)
    return conjunction(while_safe(part(made, 0), safe.run()), part(made, 1))


def _without_clashes(safe: FixedRate) -> FixedRate:
    """The rate with other names for N and epsilon."""
    names = {N: nat("N_"), epsilon: real("epsilon_")}
    shape = safe.shape
    if not free_variables(shape.coefficient(x)) & names.keys():
        return safe

    def coefficient(at: Term) -> Term:
        return substitute(substitute(shape.coefficient(x), names), {x: at})

    floor = shape.floor
    if floor is not None:
        floor = replace(floor, m=substitute(floor.m, names), positive=where(floor.positive, names),
                        below=where(floor.below, names))  # fmt: skip
    made = Shape(coefficient, where(shape.positive, names), floor=floor)
    return FixedRate(made, substitute(safe.rate, names), where(safe.theorem, names))


def _floor(coefficient: Value) -> Floor:
    """A lower bound on an elementary coefficient, by sampling and the prover."""
    for count in reversed(COUNTS):
        form = count.coefficient(x)
        for b, _ in candidate_ceilings(form / coefficient(x)):
            m_ = num(1 / Fraction(b.head))
            try:
                below = scalar_claim(le(m_ * form, coefficient(x)), *INSIDE)
            except ProofError:
                continue
            return Floor(count, m_, have(lt(0, m_)), below)
    raise ProofError("no lower bound on the coefficient is proved", coefficient(x))


def _within(variable: Term) -> tuple[Theorem, Theorem, Theorem]:
    """J_0 <= J <= 1 - epsilon, assumed, and 0 < J < 1."""
    low, high = assume(le(Jk(0), variable)), assume(le(variable, END))
    small = assume(lt(0, epsilon))
    return low, high, conjunction(have(lt(0, variable), low, started_inside()),
                                  have(lt(variable, 1), high, small))  # fmt: skip


def _falls(safe: FixedRate) -> Theorem:
    """The coefficient does not increase from J_0 on, or from J_0 >= 1/2 on."""
    low, ordered, high = assume(le(Jk(0), x)), assume(le(x, y)), assume(le(y, END))
    above = have(lt(0, x), low, started_inside())
    below = have(lt(y, 1), high, assume(lt(0, epsilon)))
    plain = [above, ordered, below, have(lt(x, 1), ordered, below), have(lt(0, y), above, ordered)]
    half = le(num(Fraction(1, 2)), Jk(0))
    made = _decreasing(safe.coefficient, plain)
    if made is None:
        start = have(le(num(Fraction(1, 2)), x), assume(half), low)
        made = _decreasing(safe.coefficient, [*plain, start], start)
    if made is None:
        raise ProofError("the coefficient is not seen to fall", safe.coefficient(x))
    return intro(made, (x, y), low.conclusion, ordered.conclusion, high.conclusion)


def _decreasing(
    coefficient: Value, known: Sequence[Theorem], *start: Theorem
) -> Theorem | None:
    """``c(y) <= c(x)``: by arithmetic, from the sign of the derivative, or by the prover; None if
    it fails."""
    goal = le(coefficient(y), coefficient(x))
    value = to_sympy(coefficient(x))
    if not value.free_symbols - {sympy_point()}:
        c_, first = sympy_module().lambdify(sympy_point(), value, "math"), 0.5 if start else 1 / 64
        places = [c_(first + (1 - first) * j / 64) for j in range(64)]
        if any(b_ > a_ + 1e-9 for a_, b_ in itertools.pairwise(places)):
            return None
    try:
        return _by_slope(coefficient, known, *start)
    except (ProofError, ClaimError):
        pass
    try:
        return scalar_claim(goal, *known)
    except ProofError:
        return None


def _by_slope(coefficient: Value, known: Sequence[Theorem], *start: Theorem) -> Theorem:
    """``c(y) <= c(x)``, the derivative of a rational coefficient not being positive."""
    t = real("t")
    sympy = sympy_module()
    slope = from_sympy(sympy.factor(sympy.diff(-to_sympy(coefficient(t)), to_sympy(t))))
    low, high = assume(le(x, t)), assume(le(t, y))
    inside = [have(lt(0, t), low, *known), have(lt(t, 1), high, *known)]
    inside += [have(le(num(Fraction(1, 2)), t), low, *start)] if start else []
    made = differentiate(u, -coefficient(u), t, *inside, value=slope)
    sign = scalar_claim(le(0, slope), *inside)
    ranged = t, low.conclusion, high.conclusion
    rule = where(calculus.monotone(), {
        function("f", "R"): lam(u, -coefficient(u)), function("g", "R"): lam(t, slope),
        real("a"): x, real("b"): y,
    })  # fmt: skip
    grown = discharge(rule, known[1], intro(made, *ranged), intro(sign, *ranged))
    return have(le(coefficient(y), coefficient(x)), grown)


def _slope(safe: FixedRate, value: Value) -> Theorem:
    """The primitive, differentiated."""
    low, high, inside = _within(x)
    spread = have(lt(0, x * (1 - x)), inside)
    sign = apply(safe.positive, inside, at=[x])
    known = [inside, have(lt(0, 1 - x), inside), have(lt(0, x / (1 - x)), inside), spread, sign]
    root = discharge(where(square_roots.root_positive(), {x: x * (1 - x)}), spread)
    known += [root, square_roots.root_of(x * (1 - x), spread), have(ne(root.conclusion.args[1], 0),
              root)]  # fmt: skip
    goal = 1 / (x * (1 - x) * safe.coefficient(x))
    made = differentiate(u, value(u), x, *known, value=goal)
    return intro(made, x, low.conclusion, high.conclusion)
