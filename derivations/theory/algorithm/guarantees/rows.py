"""Rows of algorithms that nobody foresaw: their coefficients written out, their objectives."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from derivations import square_roots
from derivations.kernel.terms import (
    Term,
    app,
    beta,
    eq,
    free_variables,
    lam,
    le,
    lt,
    num,
    sqrt,
    substitute,
)
from derivations.kernel.theorem import Theorem, infer
from derivations.search.claims import evaluate, from_sympy, to_sympy
from derivations.tactics import (
    ProofError,
    by_cases,
    discharge,
    have,
    instance,
    transitive,
    where,
)
from derivations.tactics import replace as replaced
from derivations.theory.algorithm.bernstein import written_out
from derivations.theory.algorithm.guarantees.claims import sympy_module, u, x, y
from derivations.theory.algorithm.table import (
    INSIDE,
    Algorithm,
    Row,
    Value,
    elementary,
    polynomial_objective,
    restate_objective,
)
from derivations.theory.trajectory.runs import k


def row_of(algorithm: Algorithm) -> Row:
    """The row of an algorithm with groups of a fixed number of responses: its coefficient is
    written out, and its objective is `polynomial_objective`, or else what SymPy finds.

    Raises `ValueError` for a symbolic group size.

    >>> pairs = Algorithm("pairs", num(2), lambda k, J: 1 - k / 2, lambda k, J: -(k / 2))
    >>> row_of(pairs).coefficient(x)
    x*(1 - x)/2
    """
    if algorithm.size.kind != "num":
        raise ValueError(f"{algorithm.name}: write the coefficient for groups of {algorithm.size}")
    closed = _written(algorithm)
    value = closed.conclusion.args[1]

    def coefficient(at: Term) -> Term:
        return substitute(value, {x: at})

    plain = Row(algorithm, coefficient, lambda row: closed)
    try:
        objective, slope = polynomial_objective(algorithm)
    except ValueError:
        found = _objective(plain)
        return replace(plain, objective=found) if found else plain
    ascent = restate_objective(slope, plain, closed)
    return replace(plain, objective=objective, ascent=lambda row: ascent)


def _objective(row: Row) -> Value | None:
    """An elementary objective of a coefficient that is rational up to a factor; None if none is
    found."""
    sympy, slope = sympy_module(), sympy_module().together(to_sympy(row.slope))
    factor, rest = slope.as_independent(sympy_point(), as_Add=False)
    if not rest.is_rational_function(sympy_point()) or radicals(rest):
        return None
    found = sympy.integrate(sympy.apart(rest, sympy_point()), sympy_point())
    found = sympy.Add(*(factor * a for a in sympy.Add.make_args(_real_logarithms(found))))
    if found.has(sympy.RootSum, sympy.atan, sympy.Integral, sympy.I):
        return None
    value = from_sympy(found)
    try:
        elementary(row, lambda at: substitute(value, {x: at}))
    except ProofError:
        return None
    return lambda at: substitute(value, {x: at})


def radicals(expression: Any) -> set[Any]:
    """What roots are taken of in an expression."""
    return {p.base for p in expression.atoms(sympy_module().Pow) if not p.exp.is_Integer}


def _real_logarithms(expression: Any) -> Any:
    """The expression with logarithms of what is positive at 1/2."""
    half, log_ = sympy_module().Rational(1, 2), sympy_module().log
    return expression.replace(log_, lambda a: log_(a if a.subs(sympy_point(), half) > 0 else -a))


def _written(algorithm: Algorithm) -> Theorem:
    """``derived(x) = an elementary expression``, for 0 < x < 1."""
    size = int(algorithm.size.head)
    up, down = algorithm.weighted(x)
    means = [_mean(size - 1, lambda j: beta(up, [j + 1]) - beta(down, [j]))]
    opened = x * (1 - x) * means[0].conclusion.args[0]
    if algorithm.kept is not None:
        means.append(_mean(size, algorithm.kept))
        opened = opened / means[1].conclusion.args[0]
    made = have(eq(algorithm.derived(x), opened), unfold=("coefficient",))
    for mean_ in means:
        plain = replaced(opened, mean_.conclusion.args[0], u)
        made = infer("rewrite", mean_, made, template=lam(u, eq(algorithm.derived(x), plain)))
        opened = substitute(plain, {u: mean_.conclusion.args[1]})
    plain = made.conclusion.args[1]
    value = tidied(plain)
    if value == plain:
        return made
    return transitive(made, have(eq(plain, value), *INSIDE, *root_values(plain)))


def _mean(trials: int, body: Callable[[Term], Term]) -> Theorem:
    """The binomial mean of a function of k, written out."""
    values = [number(body(num(j))) for j in range(trials + 1)]
    return written_out(lam(k, body(k)), values)


def number(value: Term) -> Theorem:
    """``value = a tidy expression``, for what a group contributes; with several roots in it, only
    what is rational is evaluated."""
    if x not in free_variables(value) and len(radicals(to_sympy(without_zeros(value)))) > 1:
        return have(eq(value, _evaluated(value)), *_extremes(value))
    inside = INSIDE if x in free_variables(value) else []
    return have(eq(value, tidied(value)), *_extremes(value), *root_values(value), *inside)


def _evaluated(term: Term) -> Term:
    """The term with its rational parts as numbers, products with 0 as 0."""
    exact = evaluate(term, {})
    if exact is not None:
        return num(exact)
    if term.kind != "app":
        return term
    args = [_evaluated(a) for a in term.args]
    if term.head in ("*", "/") and num(0) in args:
        return num(0)
    return app(term.head, *args)


def _extremes(term: Term) -> list[Theorem]:
    """The values of the minima and maxima of numbers in a term."""
    if term.kind != "app":
        return []
    found = [fact for a in term.args for fact in _extremes(a)]
    value = evaluate(term, {}) if term.head in ("min", "max") else None
    if value is None:
        return found
    name = "minimum.cases" if term.head == "min" else "maximum.cases"
    split = instance(name, x=term.args[0], y=term.args[1])
    return [*found, by_cases(split, *([lambda case: have(eq(term, value), case)] * 2))]


def root_values(term: Term) -> list[Theorem]:
    """The signs and squares of the roots of positive numbers, and of x (1 - x), in a term."""
    if term.kind != "app":
        return []
    found = [fact for a in term.args for fact in root_values(a)]
    if term == DEVIATION:
        return [*found, *_root(x * (1 - x), *INSIDE)]
    number_ = evaluate(term.args[0], {}) if term.head == "sqrt" else None
    if number_ is None or number_ <= 0:
        return found
    found += _root(num(number_))
    simple = from_sympy(to_sympy(sqrt(num(number_))))  # 2 sqrt(2) for sqrt(8)
    parts = [root for factor in (simple, *simple.args) if isinstance(factor, Term)
             and factor.head == "sqrt" for root in _root(factor.args[0])]  # fmt: skip
    rule = where(square_roots.root_unique(), {x: num(number_), y: simple})
    equal = discharge(rule, have(le(0, simple), *parts), have(eq(num(number_), simple**2), *parts))
    return [*found, *parts, equal]


def _root(value: Term, *facts: Theorem) -> list[Theorem]:
    """The sign and the square of the root of a positive expression."""
    positive = have(lt(0, value), *facts)
    sign = discharge(where(square_roots.root_positive(), {x: value}), positive)
    return [sign, square_roots.root_of(value, positive)]


DEVIATION = sqrt(x * (1 - x))


def tidied(term: Term) -> Term:
    """The expression in factors that are positive at 1/2, where they are about x alone; the caller
    proves that it is equal.  A sum over groups with several roots in it is left as it is."""
    sympy = sympy_module()
    root, variance = sympy.Symbol("root", positive=True), sympy_point() * (1 - sympy_point())
    positive = {sympy.Symbol("L", real=True): sympy.Symbol("L", positive=True)}
    expression = to_sympy(without_zeros(term)).subs(sympy.sqrt(variance), root).subs(positive)
    if expression.free_symbols == {sympy_point()} and len(radicals(expression)) > 1:
        return term
    factored = sympy.factor(expression)
    power = factored.as_independent(root)[1]
    odd = power.as_base_exp()[1] if power.as_base_exp()[0] == root else 0
    if odd % 2:
        factored = sympy.factor(factored / power * variance ** ((odd - 1) // 2))
    else:
        factored = factored.subs(root, sympy.sqrt(variance))
    top, bottom = sympy.fraction(factored)
    (over, above), (under, below) = _factors(top), _factors(bottom)
    over, under = sympy.fraction(over / under)
    if odd % 2:
        above.append(DEVIATION)
    value = _product(over, above)
    return value if under == 1 and not below else value / _product(under, below)


def _factors(expression: Any) -> tuple[Any, list[Term]]:
    """The number and the other factors of a product, the factor 1 - x written so."""
    sympy = sympy_module()
    number_, factors = sympy.Integer(1), []
    for factor in sympy.Mul.make_args(expression):
        base, exponent = factor.as_base_exp()
        half = sympy.Rational(1, 2)
        if base.free_symbols == {sympy_point()} and base.subs(sympy_point(), half) < 0:
            number_, base = number_ * (-1) ** exponent, sympy.expand(-base)
        if factor.is_number:
            number_ = number_ * factor
        else:
            factors.append(from_sympy(base**exponent))
    return number_, factors


def _product(number_: Any, factors: Sequence[Term]) -> Term:
    """The factors and the number in front of them, unless it is 1."""
    terms = [*([] if number_ == 1 and factors else [from_sympy(number_)]), *factors]
    product = terms[0]
    for factor in terms[1:]:
        product = product * factor
    return product


def sympy_point() -> Any:
    """The success rate, for SymPy."""
    return sympy_module().Symbol("x", real=True)


def without_zeros(term: Term, symbols: bool = False) -> Term:
    """The term with 0 for products and quotients with a factor 0, whatever the others are: groups
    with equal rewards have advantages 0/0, which is 0 to the kernel."""
    if term.kind != "app":
        return term
    args = [without_zeros(a, symbols) for a in term.args]
    if term.head in ("*", "/") and any(_vanishes(a, symbols) for a in args):
        return num(0)
    return app(term.head, *args)


def _vanishes(term: Term, symbols: bool) -> bool:
    """Whether a term is 0, for all values of its variables if `symbols`."""
    return evaluate(term, {}) == 0 or symbols and sympy_module().cancel(to_sympy(term)) == 0
