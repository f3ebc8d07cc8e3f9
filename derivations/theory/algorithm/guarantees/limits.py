"""What a coefficient does near success and near failure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from derivations import square_roots
from derivations.expectation import WITHIN
from derivations.kernel.terms import (
    Term,
    beta,
    eq,
    free_variables,
    function,
    lam,
    le,
    lt,
    real,
    substitute,
    unfold,
)
from derivations.kernel.theorem import Theorem, infer
from derivations.library import prove
from derivations.search.claims import ClaimError, from_sympy, to_sympy
from derivations.tactics import (
    ProofError,
    apply,
    assume,
    by_cases,
    conjunction,
    discharge,
    fold,
    have,
    instance,
    intro,
    obtain,
    part,
    transitive,
    where,
)
from derivations.theory.algorithm.edges import EDGE
from derivations.theory.algorithm.groups import N
from derivations.theory.algorithm.guarantees.claims import sympy_module, u, x, y
from derivations.theory.algorithm.guarantees.rows import number, without_zeros
from derivations.theory.algorithm.iterations import epsilon
from derivations.theory.algorithm.table import Algorithm, Row


@dataclass(frozen=True)
class Edges:
    """What a coefficient does near success and near failure: limits of c(J) or of c(J)/(1 - J) as
    J -> 1, of c(J) or of c(J)/J as J -> 0."""

    success: Theorem
    failure: Theorem


def edges_of(row: Row | Algorithm) -> Edges:
    """The edges of an algorithm (`algorithm.edge`, `algorithm.edge-kept`), in terms of its
    advantages, or for a row in terms of its coefficient.

    Raises `ValueError` for an algorithm whose advantages depend on the success rate, or that drops
    nearly uniform groups, too.

    >>> from derivations.kernel.terms import num
    >>> from derivations.theory.algorithm.guarantees.rows import row_of
    >>> halves = Algorithm("halves", num(2), lambda k, J: 1 - k / 2, lambda k, J: -(k / 2))
    >>> edges_of(row_of(halves)).success.conclusion
    edge_limit(x |-> x*(1 - x)/2/(1 - x), 1, 1/2)
    """
    algorithm = row.algorithm if isinstance(row, Row) else row
    if any(x in free_variables(a) for a in algorithm.weighted(x)):
        raise ValueError(f"{algorithm.name}: its advantages depend on the success rate")
    up, down = algorithm.advantages(x)
    names = {N: algorithm.companions, function("a", "R"): up, function("b", "R"): down}
    if algorithm.kept is None:
        made = where(prove("algorithm.edge"), names)
        limits = [part(made, 0), part(made, 1)]
    else:
        made = where(prove("algorithm.edge-kept"),
                     {**names, function("d", "R"): lam(x, algorithm.kept(x))})  # fmt: skip
        cases = [part(made, 0), part(made, 1, 0), part(made, 1, 1, 0), part(made, 1, 1, 1)]
        limits = [_first_that_holds(algorithm, cases[:2]), _first_that_holds(algorithm, cases[2:])]
    closed = row.closing(row) if isinstance(row, Row) else None
    success, failure = (_edge_of(algorithm, limit, closed) for limit in limits)
    return Edges(success, failure)


def _first_that_holds(algorithm: Algorithm, cases: Sequence[Theorem]) -> Theorem:
    """The case whose premises about the weights can be proved."""
    for case in cases:
        try:
            while case.conclusion.head == "imp":
                case = infer("detach", case, _about_weights(case.conclusion.args[0]))
        except ProofError:
            continue
        return case
    raise ValueError(f"{algorithm.name}: groups at the edge are neither kept nor the only ones "
                     "that are dropped")  # fmt: skip


def _about_weights(goal: Term) -> Theorem:
    """A relation about weights, minima and maxima case by case."""
    inner = _extremum(goal)
    if inner is None:
        return have(goal, have(le(0, N)))
    name = "minimum.cases" if inner.head == "min" else "maximum.cases"
    split = instance(name, x=inner.args[0], y=inner.args[1])
    return by_cases(split, *([lambda case: have(goal, case, have(le(0, N)))] * 2))


def _extremum(term: Term) -> Term | None:
    """A minimum or maximum in a term."""
    if term.kind != "app" or term.head in ("min", "max"):
        return term if term.kind == "app" else None
    return next((found for a in term.args if (found := _extremum(a)) is not None), None)


def _edge_of(algorithm: Algorithm, limit: Theorem, closed: Theorem | None) -> Theorem:
    """The limit with its value in short, and with the coefficient in closed form."""
    ratio, at, old = limit.conclusion.args
    same = _short(old)
    new, body = same.conclusion.args[1], beta(ratio, [x])
    over = algorithm.kept is None or body.args[0].head == "/"
    named = algorithm.derived(x)
    plain = have(eq(body, named / body.args[1] if over else named))
    if closed is not None:
        plain = transitive(plain, _within_ratio(plain.conclusion.args[1], named, closed))
    opened = fold(limit, unfold(limit.conclusion, frozenset({"edge_limit"})))
    small, delta = assume(lt(0, epsilon)), real("delta")
    near = apply(opened, small, at=[epsilon])
    goal = EDGE(lam(x, plain.conclusion.args[1]), at, new)
    claim = beta(unfold(goal, frozenset({"edge_limit"})).args[0], [epsilon]).args[1]
    value = beta(goal.args[0], [u])

    def use(chosen: Theorem) -> Theorem:
        low, high = assume(lt(0, u)), assume(lt(u, 1))
        close = assume(WITHIN(u - at, delta))
        inner = apply(part(chosen, 1), low, high, close, at=[u])
        inner = fold(inner, WITHIN(beta(ratio, [u]) - old, epsilon))
        moved = discharge(where(plain, {x: u}), low, high)
        inner = infer("rewrite", moved, inner, template=lam(y, WITHIN(y - old, epsilon)))
        inner = infer("rewrite", same, inner, template=lam(y, WITHIN(value - y, epsilon)))
        inner = intro(inner, u, low.conclusion, high.conclusion, close.conclusion)
        return infer("witness", conjunction(part(chosen, 0), inner), formula=claim, terms=(delta,))

    return fold(intro(obtain(near, [delta], use), epsilon, small.conclusion), goal)


def _within_ratio(ratio: Term, old: Term, same: Theorem) -> Theorem:
    """``old = new``, or that over something, from ``old = new``."""
    if ratio == old:
        return same
    equal, below = have(eq(ratio, ratio)), ratio.args[1]
    return infer("rewrite", same, equal, template=lam(y, eq(ratio, y / below)))


def _short(value: Term) -> Theorem:
    """``value = a tidy expression``, or itself."""
    try:
        if not free_variables(value):
            return number(value)
        tidy = from_sympy(sympy_module().factor(to_sympy(without_zeros(value, symbols=True))))
        tidy = substitute(tidy, {real("N"): N})
        roots = [square_roots.root_of(term.args[0], have(le(0, term.args[0])))
                 for term in _subterms(tidy) if term.head == "sqrt"]  # fmt: skip
        positive = [have(lt(0, N + j)) for j in (1, 2)]
        return have(eq(value, tidy), *roots, *positive)
    except (ClaimError, ProofError):
        return have(eq(value, value))


def _subterms(term: Term) -> Iterator[Term]:
    yield term
    if term.kind == "app":
        for argument in term.args:
            yield from _subterms(argument)
