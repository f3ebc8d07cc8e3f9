"""Proofs of inequalities between elementary functions, by monotonicity and known lemmas.

A goal is brought to a product of factors (`normal`).  A factor is shown to have its sign by
exact arithmetic, by enclosures on a box, by instances of lemmas, or because it has it at one
point of an interval and its derivative, recursively, has the right sign on either side.  Floats
(`numeric`) choose what to try; theorems come from the kernel only.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction

import numpy

from derivations.kernel.terms import KernelError, Term, app, free_variables, lam, le, lt, num
from derivations.kernel.theorem import Theorem, difference, infer
from derivations.search.arithmetic import symmetric
from derivations.search.attempt import Search, exponential_sign
from derivations.search.bounds import INEQUALITIES, by_bounds, span_of, usable
from derivations.search.convexity import by_convexity
from derivations.search.enclosures import closed, enclosed
from derivations.search.evident import evident
from derivations.search.factors import Factored, assembled, factored, on_circles
from derivations.search.lemmas import by_lemmas, by_waves, still
from derivations.search.normal import atoms
from derivations.search.numeric import Columns, rounded, signs, transcendental
from derivations.search.one_variable import along
from derivations.search.several_variables import as_written, by_ends, parametric
from derivations.search.squares import by_squares, with_roots
from derivations.search.substitutions import (
    between_powers,
    with_argument,
    with_product,
    without_exponential,
    without_exponentials,
    without_root,
)
from derivations.search.weighted import by_exponentials, by_tangents
from derivations.tactics import (
    ProofError,
    absurd,
    by_cases,
    fresh,
    instance,
    order,
    part,
    replace,
)

_ONE = Fraction(1)

__all__ = ["prove_inequality", "usable"]


def prove_inequality(
    goal: Term, facts: Sequence[Theorem], deadline: float
) -> tuple[Theorem | None, tuple[str, ...]]:
    """A theorem of an inequality between elementary functions or None, and what was tried.

    >>> from derivations.kernel.terms import exp, real
    >>> x = real("x")
    >>> prove_inequality(exp(x) >= 1 + x, [], time.monotonic() + 5)[0]
    |- exp(x) >= 1 + x
    """
    search = Search(deadline, relation)
    found = search.prove(goal, usable(facts))
    return found, tuple(search.tried)


def relation(
    search: Search, goal: Term, facts: Sequence[Theorem], depth: int
) -> Theorem | None:
    """A theorem of a relation, each abs, max and min replaced by its value in either case."""
    piece = next((p for p in _pieces(goal) if not free_variables(p)), None)
    if piece is not None:
        return _by_cases(search, goal, piece, facts, depth)
    return _plain_relation(search, goal, facts, depth)


def _pieces(term: Term) -> Iterator[Term]:
    """The abs, max and min in a term, innermost first."""
    for argument in term.args:
        yield from _pieces(argument)
    if term.head in ("abs", "max", "min") and not term.loose:
        yield term


def _by_cases(
    search: Search, goal: Term, piece: Term, facts: Sequence[Theorem], depth: int
) -> Theorem | None:
    """The goal with an abs, max or min replaced by its value, in either case."""
    names = {"abs": "absolute", "max": "maximum", "min": "minimum"}
    values = dict(zip("xy", piece.args, strict=False))

    def use(case: Theorem) -> Theorem:
        condition, value = part(case, 0), part(case, 1)
        low, high = condition.conclusion.args
        impossible = search.prove(lt(high, low), facts, depth + 1)
        if impossible is not None:
            ends = ((_ONE, ((0, 1),), ()), (_ONE, ((1, 1),), ()))
            none = infer("arithmetic", condition, impossible, goal=lt(0, 0), products=ends)
            return absurd(none, goal)
        simpler = replace(goal, piece, value.conclusion.args[1])
        found = search.prove(simpler, [*facts, condition], depth + 1)
        if found is None:
            raise ProofError("a case stays open", goal)
        hole = fresh("hole", "R", goal)
        template = lam(hole, replace(goal, piece, hole))
        return infer("rewrite", symmetric(value), found, template=template)

    try:
        return by_cases(instance(f"{names[piece.head]}.cases", **values), use, use)
    except ProofError:
        return None


def _plain_relation(
    search: Search, goal: Term, facts: Sequence[Theorem], depth: int
) -> Theorem | None:
    if goal.head in INEQUALITIES:
        return _inequality(search, goal, facts, depth)
    a, b = goal.args
    if goal.head == "=":
        found = _identity(search, goal, facts, depth)
        if found is not None:
            return found
        low, high = (search.prove(g, facts, depth) for g in (le(a, b), le(b, a)))
        if low is None or high is None:
            return None
        rule = instance("order.antisymmetric", x=a, y=b)
        return infer("detach", infer("detach", rule, low), high)
    for rule_name, less in (("order.less-differs", lt(a, b)),
                            ("order.greater-differs", lt(b, a))):  # fmt: skip
        found = search.prove(less, facts, depth)
        if found is not None:
            return infer("detach", instance(rule_name, x=a, y=b), found)
    return None


def _identity(search: Search, goal: Term, facts: Sequence[Theorem], depth: int) -> Theorem | None:
    made = factored(search, goal, facts, depth)
    if made is None or made.constant != 0:
        return None if made is None else on_circles(goal, made)
    return assembled(search, goal, made, [])


def _inequality(search: Search, goal: Term, facts: Sequence[Theorem], depth: int) -> Theorem | None:
    wanted = difference(goal)
    variables = sorted(free_variables(wanted), key=repr)
    if not variables:
        return closed(search, goal, facts, depth)
    easy = by_bounds(goal, facts) or evident(goal, facts)
    if easy is not None:
        return easy
    columns = search.points([wanted], facts)
    found = signs(wanted, columns)
    if (found < 0).any():
        return None
    made = between_powers(search.limited(4.0), goal, facts, depth)
    if made is not None:
        return made
    if len(variables) > 1 or not transcendental(wanted):
        made = search.arithmetic(goal, facts, 2 if len(facts) < 12 else 1, 0.15)
        if made is not None:
            return made
    if not (found == 0).any():
        made = enclosed(search, goal, facts, 1500, 0.3)
        if made is not None:
            return made
    if len(variables) > 1 and depth < 7 and transcendental(wanted):
        made = without_exponentials(search, goal, facts, depth)
        made = made or (by_convexity(search, goal, facts, depth) if depth < 3 else None)
        if made is not None:
            return made
        made = with_argument(search, goal, facts, depth)
        if made is not None:
            return made
        made = as_written(search.limited(2.0), goal, facts, depth)
        if made is not None:
            return made
    rooted = without_root(search, goal, variables, facts, depth)
    if rooted is not None:
        return rooted
    shape = factored(search, goal, facts, depth)
    if shape is None:
        return None
    if shape.constant == 0:
        return None if goal.head in ("<", ">") else assembled(search, goal, shape, [])
    simple = len(shape.factors) == 1 and shape.factors[0][1] == 1
    proofs: list[Theorem | None] = []
    for factor, exponent in shape.factors:
        if exponent % 2 == 0 and exponent > 0 and goal.head in ("<=", ">="):
            proofs.append(None)
            continue
        strict = exponent < 0 or goal.head in ("<", ">")
        proof = signed(search, factor, strict, facts, shape, depth, simple)
        if proof is None and depth < 3:
            found = as_given(search, goal, variables, [*facts, *shape.strict], depth)
            return found or split(search, goal, shape, facts, columns, depth)
        if proof is None:
            return split(search, goal, shape, facts, columns, depth)
        proofs.append(proof)
    return assembled(search, goal, shape, proofs)


def as_given(
    search: Search, goal: Term, variables: Sequence[Term], facts: Sequence[Theorem], depth: int
) -> Theorem | None:
    """The goal by the slope of its difference as it is written, not multiplied out."""
    low, high = goal.args if goal.head in ("<=", "<") else reversed(goal.args)
    shown = app(goal.head.replace(">", "<"), 0, app("-", high, low))
    if len(variables) == 1:
        found = along(search, shown, variables[0], facts, depth + 1)
    else:
        found = parametric(search, shown, facts, depth + 1)
    if found is None:
        return None
    return infer("arithmetic", found, goal=goal, products=((_ONE, ((0, 1),), ()),))


def signed(
    search: Search,
    factor: Term,
    strict: bool,
    facts: Sequence[Theorem],
    shape: Factored,
    depth: int,
    simple: bool,
) -> Theorem | None:
    """A theorem that a factor is positive or negative (or zero, if not strict)."""
    sign = signs(factor, search.points([factor], facts))
    positive, negative = (sign > 0).any(), (sign < 0).any()
    if positive and negative:
        return None
    goals = []
    for up in (True,) if positive else (False,) if negative else (True, False):
        heads = ("<",) if strict else ("<=",)
        goals += [app(h, 0, factor) if up else app(h, factor, 0) for h in heads]
    for goal in goals:
        found = single(search, goal, facts, shape, depth + (0 if simple else 1))
        if found is not None:
            return found
    return None


def single(
    search: Search, goal: Term, facts: Sequence[Theorem], shape: Factored, depth: int
) -> Theorem | None:
    """The sign of one factor."""
    wanted = difference(goal)
    variables = sorted(free_variables(wanted), key=repr)
    if not variables:
        return closed(search, goal, facts, depth)
    known = [*facts, *(s for s in shape.strict if s not in facts)]
    if wanted.args[0].head == "sqrt" and wanted.args[1] == num(0) and goal.head == "<":
        return search.positive(wanted.args[0], known, depth)
    known_sign = exponential_sign(goal)
    if known_sign is not None:
        return known_sign
    plain = not transcendental(wanted)
    if plain and not any(True for _ in atoms([wanted])):
        polynomial = [f for f in facts if not transcendental(f.conclusion)]
        found = search.arithmetic(goal, polynomial, 2, 0.4)
        if found is not None or len(variables) > 1:
            return found or parametric(search, goal, known, depth)
    clear = bool((signs(wanted, search.points([wanted], facts)) > 0).all())
    for way in _ways(search, goal, wanted, variables, known, depth, clear):
        try:
            found = way()
        except (KernelError, ProofError):  # a step that is not of the form that a rule needs
            continue
        if found is not None:
            return found
    return None


def _ways(
    search: Search,
    goal: Term,
    wanted: Term,
    variables: Sequence[Term],
    facts: Sequence[Theorem],
    depth: int,
    clear: bool,
) -> Iterator[Callable[[], Theorem | None]]:
    """The ways to prove the sign of a factor, in the order in which they are tried."""
    plain, (first, *others) = not transcendental(wanted), variables
    heads = [a.head for a in atoms([wanted])]
    turning, mixed = "sin" in heads or "cos" in heads, bool(free_variables(still(wanted)))
    span = span_of(first, facts)
    late = turning and not others and (mixed or math.isfinite(span.high - span.low))
    if heads.count("sqrt") > 1 and not clear:
        yield lambda: with_roots(search, goal, facts, depth)
    if turning and not late:
        yield lambda: by_waves(search, goal, facts, depth)
    if clear:
        yield lambda: enclosed(search, goal, facts, 3000, 0.4)
    if len(others) == 1 and depth < 3:
        yield lambda: with_product(search, goal, facts, depth)
    if others and depth < 5:
        yield lambda: by_ends(search.limited(2.0), goal, facts, depth)
    if "log" in heads and ("exp" in heads or heads.count("log") > 1 and others):
        yield lambda: by_tangents(search, goal, facts, depth)
    if "sqrt" in heads and not plain:
        yield lambda: by_squares(search, goal, facts, depth)
    if others:
        yield lambda: search.arithmetic(goal, facts, 2, 0.2)
        yield lambda: parametric(search, goal, facts, depth)
        if depth < 4:
            yield lambda: by_lemmas(search, goal, facts, depth, 1.5)
    else:
        if "exp" in heads:
            yield lambda: without_exponential(search, goal, first, facts, depth)
        if "log" in heads and _endless(wanted, first, facts):
            yield lambda: by_exponentials(search.limited(5.0), goal, facts, depth)
        yield lambda: along(search, goal, first, facts, depth)
        if depth < 2 and not plain:
            yield lambda: by_lemmas(search, goal, facts, depth, 1.0)
        if late:
            yield lambda: by_waves(search, goal, facts, depth)
    if clear:
        seconds = max(1.0, (search.deadline - time.monotonic()) / 3)
        yield lambda: enclosed(search, goal, facts, 100_000, seconds)


def _endless(wanted: Term, v: Term, facts: Sequence[Theorem]) -> bool:
    """Whether a term has no value at an end of the interval of its variable, but tends to 0."""
    span = span_of(v, facts)
    for end, side in ((span.low, 1e-4), (span.high, -1e-4)):
        if math.isfinite(end):
            near = numpy.array([end, end + side * (1 + abs(end))])
            there, beside = numpy.broadcast_to(rounded(wanted, {v: near}).value, (2,))
            if not math.isfinite(there) and abs(beside) < 1e-2:
                return True
    return False


def split(
    search: Search,
    goal: Term,
    shape: Factored,
    facts: Sequence[Theorem],
    columns: Columns,
    depth: int,
) -> Theorem | None:
    """Cases of the sign of a factor that has both signs."""
    if depth > 4:
        return None
    for factor, _ in shape.factors:
        if transcendental(factor) or not free_variables(factor):
            continue
        sign = signs(factor, columns)
        if not ((sign > 0).any() and (sign < 0).any()):
            continue
        split = order(num(0), factor)

        def use(case: Theorem) -> Theorem:
            found = search.prove(goal, usable([*facts, case]), depth + 1)
            if found is None:
                raise ProofError("a case stays open")
            return found

        try:
            return by_cases(split, use, use)
        except ProofError:
            continue
    return None
