"""Goals with square roots: a root becomes a variable, which squaring eliminates.

A root ``sqrt(t)`` becomes a variable r with ``0 <= r`` and ``r**2 = t``.  A polynomial is then
``A + B*r``, and its sign is that of A and B, or of ``A**2 - B**2*t``, in which r does not occur:
so one root after the other goes, until the rest is for certificates and enclosures.  Sample
points tell which case may hold; what they refute is not tried.
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cache
from typing import Any

import numpy

from derivations.kernel.algebra import Algebra
from derivations.kernel.terms import (
    RELATIONS,
    KernelError,
    Term,
    app,
    eq,
    free_variables,
    le,
    lt,
    num,
    real,
    sqrt,
    substitute,
)
from derivations.kernel.theorem import Theorem, difference, infer
from derivations.search.arithmetic import instance, prove_relation
from derivations.search.balls import enclose, interval
from derivations.search.bernstein import by_bernstein
from derivations.search.cases import by_contradiction, split_on, unwritten
from derivations.search.formulas import divisors_in, subterms
from derivations.search.limits import share
from derivations.search.normal import normalise
from derivations.search.numeric import Columns, Range, samples, signs
from derivations.tactics import assume, by_cases, fresh, order, rewrite
from derivations.tactics import replace as replace_term

_ONE = Fraction(1)
_ZERO = num(0)
_DEEPEST = 8  # squarings and splits inside each other
_MOST_TERMS = 400  # of a polynomial that is squared
_MOST_ROOTS = 6
_PRECISION = 10**12  # of the rational bounds of the root of a number


@dataclass(frozen=True)
class _Root:
    """A variable r, and the assumptions ``0 <= r`` and ``r**2 = inside``."""

    variable: Term
    sign: Theorem
    square: Theorem

    @property
    def inside(self) -> Term:
        inside: Term = self.square.conclusion.args[1]
        return inside


@dataclass(frozen=True)
class _State:
    """What is known in one case, and sample points of it (None: no such points were found).

    `originals` maps the variables to the roots that they stand for: points are given without
    these, whose values are not exact.
    """

    facts: tuple[Theorem, ...]
    roots: tuple[_Root, ...]
    equations: tuple[Theorem, ...]
    columns: Columns | None
    originals: Mapping[Term, Term]
    bounds: tuple[Theorem, ...] = ()

    def among(self, case: Theorem) -> _State:
        """The state in one case of a split."""
        columns = self.columns
        if columns is not None:
            found = signs(substitute(difference(case.conclusion), self.originals), columns)
            good = found > 0 if case.conclusion.head == "<" else found >= 0
            columns = {v: values[good] for v, values in columns.items()}
        return replace(self, facts=(*self.facts, case), columns=columns)

    def signs(self, term: Term) -> tuple[bool, bool, bool]:
        """Whether the term may be negative, zero and positive, as far as points tell."""
        if self.columns is None:
            return True, True, True
        found = signs(substitute(term, self.originals), self.columns)
        if numpy.isnan(found).all():
            return True, True, True
        return bool((found < 0).any()), bool((found == 0).any()), bool((found > 0).any())

    def algebra(self) -> Algebra:
        strict = [f for f in self.facts if f.conclusion.head in ("<", ">", "!=")]
        return Algebra(
            nonzero=[difference(f.conclusion) for f in strict],
            equations=[e.conclusion.args for e in self.equations],
        )

    def conclude(
        self, goal: Term, premises: Sequence[Theorem], products: Sequence[Any] = (),
        multipliers: Mapping[Theorem, Term] | None = None,
    ) -> Theorem:  # fmt: skip
        """The goal by the rule ``arithmetic``; products refer to the premises by place."""
        added = dict(multipliers or {})
        strict = [f for f in self.facts if f.conclusion.head in ("<", ">", "!=")]
        every = [*premises, *added, *self.equations, *strict]
        first = len(premises) + len(added)
        return infer(
            "arithmetic", *every, goal=goal, products=tuple(products),
            multipliers=tuple((len(premises) + i, m) for i, m in enumerate(added.values())),
            equations=tuple(range(first, first + len(self.equations))),
        )  # fmt: skip


def by_radicals(goal: Term, facts: Sequence[Theorem], deadline: float) -> Theorem | None:
    """A goal with square roots by eliminating them, or None.

    >>> from derivations.kernel.terms import real
    >>> x = real("x")
    >>> by_radicals(sqrt(1 + x**2) <= 1 + x**2 / 2, [], time.monotonic() + 5)
    |- sqrt(1 + x**2) <= 1 + x**2/2
    """
    if goal.head not in RELATIONS or time.monotonic() >= deadline:
        return None
    facts = [f for f in facts if f.conclusion.head in RELATIONS]
    waiting = [f for f in facts if f.conclusion.head == "!="]
    try:
        known = [f for f in facts if f.conclusion.head != "!="]
        return _differing(goal, waiting, known, deadline)
    except (KernelError, OverflowError):
        return None


def _differing(
    goal: Term, waiting: Sequence[Theorem], facts: Sequence[Theorem], deadline: float
) -> Theorem | None:
    """The goal where terms differ: one of them is less, and it may be known which."""
    if not waiting:
        return _relation(goal, facts, deadline)
    different, *rest = waiting
    a, b = different.conclusion.args
    names = free_variables(different.conclusion)
    near = [f for f in facts if free_variables(f.conclusion) <= names]
    for less in (lt(a, b), lt(b, a)):
        known = prove_relation(less, near, degree=1, effort=2, deadline=share(deadline, 20))
        if known is not None:
            return _differing(goal, rest, [*facts, known], deadline)
    columns = _points([different.conclusion], [f for f in near if f.conclusion.head != "!="])
    found = set() if columns is None else set(signs(a - b, columns).tolist())
    if len(rest) > 2 or not {1.0, -1.0} <= found:
        # What is less only one way, as far as points tell, is of use as a divisor.
        return _differing(goal, rest, [*facts, different], deadline)
    return split_on(
        infer("detach", instance("order.differs", x=a, y=b), different),
        lambda case, until: _differing(goal, rest, [*facts, case], until),
        deadline,
    )


def _relation(goal: Term, facts: Sequence[Theorem], deadline: float) -> Theorem | None:
    a, b = goal.args
    if goal.head == "=":
        low = _relation(le(a, b), facts, share(deadline, 2))
        high = None if low is None else _relation(le(b, a), facts, deadline)
        if low is None or high is None:
            return None
        rule = instance("order.antisymmetric", x=a, y=b)
        return infer("detach", infer("detach", rule, low), high)
    if goal.head == "!=":
        for name, less in (("order.less-differs", lt(a, b)),
                           ("order.greater-differs", lt(b, a))):  # fmt: skip
            found = _relation(less, facts, share(deadline, 2))
            if found is not None:
                return infer("detach", instance(name, x=a, y=b), found)
        return None
    return _simplified(goal, facts, deadline)


def _simplified(goal: Term, facts: Sequence[Theorem], deadline: float) -> Theorem | None:
    """The goal after roots of squares and of numbers are brought to a simple form."""

    def positive(term: Term) -> Theorem | None:
        return prove_relation(lt(0, term), facts, degree=2, deadline=share(deadline, 20))

    strict = [f for f in facts if f.conclusion.head in ("<", ">", "!=")]
    known = normalise([goal, *(f.conclusion for f in facts)], strict, positive)
    for equation in known:
        atom, value = equation.conclusion.args
        simpler = replace_term(goal, atom, value)
        changed = [rewrite(f, equation) for f in facts]
        if simpler != goal or any(c.conclusion != f.conclusion
                                  for c, f in zip(changed, facts, strict=True)):  # fmt: skip
            found = _simplified(simpler, changed, deadline)
            return None if found is None else unwritten(found, goal, atom, equation)
    if not any(p.head == "sqrt" for f in [goal, *(f.conclusion for f in facts)]
               for p in subterms(f)):  # fmt: skip
        return _abstracted(goal, facts, deadline, False)
    found = _abstracted(goal, facts, share(deadline, 2), True)
    return found or _abstracted(goal, facts, deadline, False)


# Roots as variables ------------------------------------------------------------------------


def _abstracted(
    goal: Term, facts: Sequence[Theorem], deadline: float, solving: bool
) -> Theorem | None:
    """The goal with a variable for each root, and the roots put back into what is proved.

    With `solving` a variable under a root gives way to the root.
    """
    formulas = [goal, *(f.conclusion for f in facts)]
    roots = list(dict.fromkeys(p for f in formulas for p in subterms(f) if p.head == "sqrt"))
    if len(roots) > _MOST_ROOTS:
        return None
    holes: dict[Term, Term] = {}
    providers: list[Theorem] = []
    made: list[_Root] = []
    assumed: list[Theorem] = []
    equations: list[Theorem] = []
    bounds: list[Theorem] = []

    def hidden(term: Term) -> Term:
        for root, hole in reversed(holes.items()):
            term = replace_term(term, root, hole)
        return term

    def given(theorem: Theorem) -> Theorem:
        providers.append(theorem)
        return assume(hidden(theorem.conclusion))

    for root in roots:
        inside = root.args[0]
        known = _not_negative(inside, facts, deadline)
        if known is None:
            return None
        holes[root] = fresh(f"r{len(holes)}", "R", *formulas, *holes.values())
        sign = infer("detach", instance("root.nonnegative", x=inside), known)
        sign = infer("arithmetic", sign, goal=le(0, root), products=((_ONE, ((0, 1),), ()),))
        square = infer("detach", instance("root.square", x=inside), known)
        above = given(sign)
        positive = prove_relation(lt(0, inside), facts, degree=1, deadline=share(deadline, 20))
        assumed.append(above if positive is None else given(_root_positive(positive)))
        if inside.kind == "num":
            bounds += map(given, _number_bounds(root, deadline))
        # Innermost roots come first: what is inside is written with the holes of those.
        solved = _solved(square, [e.conclusion.args[0] for e in equations])
        if solving and solved is not None:
            equations.append(given(solved))
        else:
            made.append(_Root(holes[root], above, given(square)))
    assumed += map(given, facts)
    originals = {hole: root for root, hole in holes.items()}
    state = _State(
        tuple(assumed), tuple(made), tuple(equations), _points(formulas, facts), originals,
        tuple(bounds),
    )  # fmt: skip
    state = _divisible(hidden(goal), state, share(deadline, 3))
    found = _prove(hidden(goal), state, deadline, 0)
    if found is None:
        return None
    found = infer("instantiate", found, mapping=tuple(originals.items()))
    return _cut(found, providers)


def _divisible(goal: Term, state: _State, deadline: float) -> _State:
    """The state with the signs of what the goal is divided by."""
    for divisor in divisors_in(goal):
        if state.algebra().is_nonzero(divisor):
            continue
        negative, _, positive = state.signs(divisor)
        for possible, sign in ((positive, lt(0, divisor)), (negative, lt(divisor, 0))):
            found = _prove(sign, state, share(deadline, 2), 0) if possible else None
            if found is not None:
                state = replace(state, facts=(*state.facts, found))
                break
    return state


def _cut(theorem: Theorem, known: Iterable[Theorem]) -> Theorem:
    """The theorem without the hypotheses that are known."""
    for fact in known:
        if fact.conclusion in theorem.hypotheses and fact.hypotheses != {fact.conclusion}:
            theorem = infer("discharge", theorem, formula=fact.conclusion)
            theorem = infer("detach", theorem, fact)
    return theorem


def _not_negative(inside: Term, facts: Sequence[Theorem], deadline: float) -> Theorem | None:
    """``0 <= inside``."""
    goal = le(0, inside)
    for fact in facts:
        if fact.conclusion in (inside >= 0, inside > 0, lt(0, inside), goal):
            return infer("arithmetic", fact, goal=goal, products=((_ONE, ((0, 1),), ()),))
    found = prove_relation(goal, facts, degree=2, deadline=share(deadline, 10))
    return found or by_radicals(goal, facts, share(deadline, 4))


def _root_positive(inside: Theorem) -> Theorem:
    """``0 < sqrt(t)`` from ``0 < t``."""
    t = inside.conclusion.args[1]
    known = infer("instantiate", _positive_root(), mapping=((real("t"), t),))
    return _cut(known, [inside]) if inside.hypotheses != {inside.conclusion} else known


@cache
def _positive_root() -> Theorem:
    t = real("t")
    above = assume(lt(0, t))
    weak = infer("arithmetic", above, goal=le(0, t), products=((_ONE, ((0, 1),), ()),))
    square = infer("detach", instance("root.square", x=t), weak)

    def zero(case: Theorem) -> Theorem:
        sign = infer("detach", instance("root.nonnegative", x=t), weak)
        # r <= 0 and 0 <= r: then 0 < t = r**2 = -(0 - r)*r <= 0.
        contradiction = infer(
            "arithmetic", above, case, sign, square, goal=lt(0, 0),
            products=((_ONE, ((0, 1),), ()), (_ONE, ((1, 1), (2, 1)), ())),
            multipliers=((3, num(1)),),
        )  # fmt: skip
        impossible = infer("detach", instance("order.irreflexive", x=_ZERO), contradiction)
        return infer("absurd", impossible, formula=lt(0, sqrt(t)))

    return by_cases(order(sqrt(t), 0), zero, lambda case: case)


def _number_bounds(root: Term, deadline: float) -> list[Theorem]:
    """Rational bounds of the root of a number."""
    value = root.args[0].head * _PRECISION**2
    low = Fraction(math.isqrt(int(value)), _PRECISION)
    goals = (lt(num(low - Fraction(1, _PRECISION)), root),
             lt(root, num(low + Fraction(2, _PRECISION))))  # fmt: skip
    found = (enclose(goal, [], deadline) for goal in goals)
    return [f for f in found if f is not None]


def _solved(square: Theorem, taken: Sequence[Term]) -> Theorem | None:
    """``v = (root**2 - b)/a`` from ``root**2 = a*v + b`` with numbers a and b."""
    root, inside = square.conclusion.args[0].args[0], square.conclusion.args[1]
    algebra = Algebra()
    numerator, denominator = algebra.normal(inside)
    if len(algebra.atoms) != 1 or algebra.atoms[0].kind != "var" or not denominator.is_constant():
        return None
    (v,) = algebra.atoms
    poly, scale = algebra.dictionary(numerator), int(denominator.leading_coefficient())
    if v in taken or v.sort != "R" or any(m[0] > 1 for m in poly):
        return None
    a, b = (Fraction(poly.get((e,), 0), scale) for e in (1, 0))
    if not a:
        return None
    goal = eq(v, (root**2 - num(b)) / num(a))
    return infer("arithmetic", square, goal=goal, multipliers=((0, num(-1 / a)),))


def _points(formulas: Sequence[Term], facts: Sequence[Theorem]) -> Columns | None:
    """Sample points where the facts hold, None if there are too few."""
    names = sorted({v for f in formulas for v in free_variables(f)}, key=repr)
    if any(v.sort not in ("R", "N") for v in names):
        return None
    relations = [f.conclusion for f in facts]
    ranges = {}
    for v in names:
        low, high = interval(relations, v)
        ranges[v] = Range(-math.inf if low is None else float(low),
                          math.inf if high is None else float(high))  # fmt: skip
    if not names:
        return {real("r"): numpy.zeros(1)}
    columns = samples(ranges, relations)
    return columns if len(next(iter(columns.values()))) >= 5 else None


# Signs -------------------------------------------------------------------------------------


def _prove(goal: Term, state: _State, deadline: float, depth: int) -> Theorem | None:
    """An inequality between polynomials or quotients, by the signs of its factors."""
    if time.monotonic() >= deadline or depth > _DEEPEST:
        return None
    for fact in state.facts:
        if fact.conclusion == goal:
            return fact
    strict = goal.head in ("<", ">")
    if state.signs(difference(goal))[0] and state.columns is not None:
        return None
    algebra = state.algebra()
    top, bottom = algebra.normal(difference(goal))
    if len(top) > _MOST_TERMS:
        return None
    one = algebra.number(1)[0]
    whole = algebra.term((top, one))
    reduced, multipliers = _reduced(whole, state)
    numerator, scale = algebra.normal(reduced)
    divisor = algebra.term((bottom, one))
    shifts = {e: m / divisor for e, m in multipliers.items()}
    if numerator == 0:
        return None if strict else state.conclude(goal, [], multipliers=shifts)
    (above, first), (below, second) = numerator.factor(), bottom.factor()
    coefficient = Fraction(int(above), int(below) * int(scale.leading_coefficient()))
    parts = [(f, int(e)) for f, e in first] + [(f, -int(e)) for f, e in second]
    powers: list[tuple[int, int]] = []
    squares: list[Term] = []
    premises: list[Theorem] = []
    # The hardest factors, which fail if any does, come last.
    parts.sort(key=lambda part: len(part[0]))
    for i, (factor, exponent) in enumerate(parts):
        term = algebra.term((factor, one))
        needed = strict or exponent < 0
        if exponent > 0 and exponent % 2 == 0 and not needed:
            squares.append(term ** (exponent // 2))
            continue
        if state.columns is None:
            directions = [1, -1]
        else:
            negative, _, positive = state.signs(term)
            sure = not (negative and positive)
            # A factor that always vanishes may have either sign.
            upwards = positive or (not negative and coefficient > 0)
            directions = [1 if upwards else -1] if sure else []
        until = share(deadline, len(parts) - i)
        proof = None
        for direction in directions:
            side = term if direction > 0 else algebra.term((-factor, one))
            proof = _sign(side, needed, state, until, depth)
            if proof is not None:
                coefficient *= Fraction(direction) ** exponent
                break
        if proof is None:
            return None
        powers.append((len(premises), exponent))
        premises.append(proof)
    if coefficient <= 0:
        return None
    product = (coefficient, tuple(powers), tuple(squares))
    return state.conclude(goal, premises, [product], shifts)


def _reduced(term: Term, state: _State) -> tuple[Term, dict[Theorem, Term]]:
    """A polynomial of degree at most one in every root, and the multiples of ``r**2 = t``."""
    multipliers: dict[Theorem, Term] = {}
    for root in reversed(state.roots):
        r, t = root.variable, root.inside
        parts = _by_powers(term, r, state)
        if max(parts, default=0) < 2:
            continue
        made, factor = _ZERO, _ZERO
        for power, part in parts.items():
            half, odd = divmod(power, 2)
            part = part * r if odd else part
            made = made + part * t**half
            for j in range(half):
                factor = factor + part * r ** (2 * j) * t ** (half - 1 - j)
        algebra = state.algebra()
        term = algebra.term(algebra.normal(made))
        multipliers[root.square] = algebra.term(algebra.normal(factor))
    return term, multipliers


def _by_powers(term: Term, v: Term, state: _State) -> dict[int, Term]:
    """The coefficients of a polynomial in one variable."""
    algebra = state.algebra()
    numerator, denominator = algebra.normal(term)
    if not denominator.is_constant():
        raise KernelError("a root of a quotient is not eliminated")
    scale = int(denominator.leading_coefficient())
    place = algebra.atoms.index(v) if v in algebra.atoms else None
    result: dict[int, Term] = {}
    for exponents, coefficient in algebra.dictionary(numerator).items():
        power = 0 if place is None or place >= len(exponents) else exponents[place]
        monomial = num(Fraction(coefficient, scale))
        for atom, e in zip(algebra.atoms, exponents, strict=False):
            if e and atom != v:
                monomial = monomial * atom**e
        result[power] = result.get(power, _ZERO) + monomial
    return result


def _sign(
    term: Term, strict: bool, state: _State, deadline: float, depth: int
) -> Theorem | None:
    """``0 <= term``, or ``0 < term``, for a polynomial without a factor."""
    goal = app("<" if strict else "<=", _ZERO, term)
    if time.monotonic() >= deadline:
        return None
    roots = [r for r in state.roots if r.variable in free_variables(term)]
    facts = [*state.facts, *(r.square for r in state.roots), *state.equations]
    numbers = {v for v, r in state.originals.items() if r.args[0].kind == "num"}
    names = free_variables(term) | numbers
    relevant = [f for f in facts if free_variables(f.conclusion) <= names]
    every = [relevant, facts] if len(relevant) < len(facts) else [facts]
    quick = prove_relation(goal, relevant, degree=2, deadline=share(deadline, 4), effort=2)
    if quick is not None:
        return quick
    if state.columns is not None and not state.signs(term)[1]:
        found = by_bernstein(goal, state.facts, state.bounds, deadline)
        if found is None:
            until = min(share(deadline, 3), time.monotonic() + 1)
            bounded = [*state.facts, *state.bounds, *state.equations]
            found = enclose(goal, bounded, until, most_parts=4000)
        if found is not None:
            return found
    for i, root in enumerate(sorted(roots, key=lambda r: len(repr(r.inside)), reverse=True)):
        until = share(deadline, len(roots) - i)
        found = _without(term, root, strict, state, until, depth)
        if found is not None:
            return found
    # While roots can be eliminated that is the better way; what is left is for certificates.
    for known in every:
        slow = prove_relation(
            goal, known, degree=2, deadline=share(deadline, 4), effort=4 if roots else 9
        )
        if slow is not None:
            return slow
    return None if roots else by_contradiction(goal, relevant, deadline)


def _without(
    term: Term, root: _Root, strict: bool, state: _State, deadline: float, depth: int
) -> Theorem | None:
    """The sign of ``A + B*r`` by the signs of A, B and ``A**2 - B**2*t``."""
    parts = _by_powers(term, root.variable, state)
    algebra = state.algebra()
    a, b = (algebra.term(algebra.normal(parts.get(k, _ZERO))) for k in (0, 1))
    goal = app("<" if strict else "<=", _ZERO, term)

    def known(sign: Theorem, state: _State, until: float) -> Theorem | None:
        side = _beside(a, b, root, sign, strict, state, until, depth)
        if side is None:
            return None
        return state.conclude(goal, [side], [(_ONE, ((0, 1),), ())])

    negative, _, positive = state.signs(b)
    if negative and positive:
        return split_on(
            order(0, b),
            lambda case, until: known(case, state.among(case), until),
            deadline,
        )
    wanted = le(b, 0) if negative else le(0, b)
    sign = _prove(wanted, state, share(deadline, 2), depth + 1)
    return None if sign is None else known(sign, state, deadline)


def _beside(
    a: Term, b: Term, root: _Root, sign: Theorem, strict: bool, state: _State, deadline: float,
    depth: int,
) -> Theorem | None:  # fmt: skip
    """The sign of ``a + b*r``, the sign of b being known."""
    r, t = root.variable, root.inside
    head = "<" if strict else "<="
    goal = app(head, _ZERO, a + b * r)
    if sign.conclusion.args[1] == _ZERO:
        first = _prove(le(0, a), state, share(deadline, 2), depth + 1)
        if first is None:
            return None
        second = _prove(app(head, b**2 * t, a**2), state, deadline, depth + 1)
        if second is None:
            return None
        weak = state.conclude(le(b, 0), [sign], [(_ONE, ((0, 1),), ())])
        return _instance(_outweighed(strict), a, b, root, [weak, first, second])
    both = [(_ONE, ((0, 1),), ()), (_ONE, ((1, 1), (2, 1)), ())]
    negative, zero, _ = state.signs(a)
    if not negative and not (strict and zero):
        first = _prove(app(head, _ZERO, a), state, share(deadline, 2), depth + 1)
        if first is not None:
            return state.conclude(goal, [first, sign, root.sign], both)
    squares = app(head, a**2, b**2 * t)

    def larger(state: _State, until: float) -> Theorem | None:
        found = _prove(squares, state, until, depth + 1)
        if found is None:
            return None
        return _instance(_outweighing(strict), a, b, root, [sign, found])

    if state.columns is not None and not state.signs(difference(squares))[0]:
        found = larger(state, share(deadline, 2))
        if found is not None:
            return found

    def use(case: Theorem, until: float) -> Theorem | None:
        if case.conclusion.head == "<":
            return state.conclude(goal, [case, sign, root.sign], both)
        return larger(state.among(case), until)

    return split_on(order(a, 0), use, deadline)


_A, _B, _R, _T = (real(name) for name in "abrt")


def _instance(
    lemma: Theorem, a: Term, b: Term, root: _Root, known: Sequence[Theorem]
) -> Theorem:
    mapping = ((_A, a), (_B, b), (_R, root.variable), (_T, root.inside))
    return _cut(infer("instantiate", lemma, mapping=mapping), known)


@cache
def _outweighing(strict: bool) -> Theorem:
    """``0 <= a + b*r`` from ``0 <= b`` and ``a**2 <= b**2*t``; both strict or not."""
    head = "<" if strict else "<="
    given = [assume(f) for f in (le(0, _B), app(head, _A**2, _B**2 * _T), le(0, _R),
                                 eq(_R**2, _T))]  # fmt: skip
    # With d = -(a + b*r): 0 = (b**2*t - a**2) + d**2 + 2*b*r*d + b**2*(r**2 - t).
    return _by_sign(strict, given, _B**2, [(_ONE, ((1, 1),), ()), (_ONE, ((4, 2),), ()),
                                           (2 * _ONE, ((0, 1), (2, 1), (4, 1)), ())])  # fmt: skip


@cache
def _outweighed(strict: bool) -> Theorem:
    """``0 <= a + b*r`` from ``b <= 0``, ``0 <= a`` and ``b**2*t <= a**2``; strict or not."""
    head = "<" if strict else "<="
    given = [assume(f) for f in (le(0, _A), app(head, _B**2 * _T, _A**2), le(_B, 0),
                                 eq(_R**2, _T))]  # fmt: skip
    # With d = -(a + b*r): 0 = (a**2 - b**2*t) + d**2 + 2*a*d - b**2*(r**2 - t).
    return _by_sign(strict, given, -(_B**2), [(_ONE, ((1, 1),), ()), (_ONE, ((4, 2),), ()),
                                              (2 * _ONE, ((0, 1), (4, 1)), ())])  # fmt: skip


def _by_sign(
    strict: bool, given: Sequence[Theorem], multiplier: Term, products: Sequence[Any]
) -> Theorem:
    """The sign of ``a + b*r``, because the other one contradicts the given theorems."""
    value = _A + _B * _R
    goal = app("<" if strict else "<=", _ZERO, value)

    def wrong(case: Theorem) -> Theorem:
        contradiction = infer(
            "arithmetic", *given, case, goal=lt(0, 0), products=tuple(products),
            multipliers=((3, multiplier),),
        )  # fmt: skip
        impossible = infer("detach", instance("order.irreflexive", x=_ZERO), contradiction)
        return infer("absurd", impossible, formula=goal)

    if strict:
        return by_cases(order(value, 0), wrong, lambda case: case)
    return by_cases(order(0, value), lambda case: case, wrong)
