"""A root or an inverse as the variable, and logarithms of both sides."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction

import numpy

from derivations.calculus import exp_increasing, exp_monotone, log_reflects
from derivations.elementary import log_reflects_strictly, resolve
from derivations.kernel.algebra import Algebra
from derivations.kernel.terms import (
    Term,
    app,
    cos,
    eq,
    exp,
    free_variables,
    lam,
    le,
    log,
    lt,
    num,
    real,
    sin,
    substitute,
)
from derivations.kernel.theorem import Theorem, difference, infer
from derivations.search.arithmetic import symmetric
from derivations.search.attempt import Search, root_positive
from derivations.search.bounds import INEQUALITIES, by_bounds, linear_bound, span_of, usable
from derivations.search.lemmas import waves
from derivations.search.normal import atoms
from derivations.search.numeric import rounded, signs, transcendental
from derivations.tactics import (
    ProofError,
    absurd,
    assume,
    by_cases,
    fresh,
    instance,
    order,
    replace,
    where,
)

_ONE = Fraction(1)


def without_root(
    search: Search, goal: Term, variables: Sequence[Term], facts: Sequence[Theorem], depth: int
) -> Theorem | None:
    """The goal with a root of a linear term as the variable."""
    if len(variables) != 1 or depth > 5:
        return None
    (v,) = variables
    for atom in atoms([difference(goal)]):
        line = _line(atom.args[0], v) if atom.head == "sqrt" else None
        if line is None:
            continue
        a, b = line
        inside = atom.args[0]
        weak = search.prove(le(0, inside), facts, depth + 1)
        if weak is None:
            return None
        w = fresh("w", "R", goal, *(f.conclusion for f in facts))
        value = (w**2 - num(b)) / num(a)
        roots = [instance(n, x=inside) for n in ("root.nonnegative", "root.square")]
        above, square = (infer("detach", r, weak) for r in roots)
        signs_ = [infer("arithmetic", above, goal=le(0, atom), products=((_ONE, ((0, 1),), ()),))]
        there = substitute(value, {w: atom})
        same = infer("arithmetic", square, goal=eq(there, v), multipliers=((0, num(1 / a)),))
        strict = search.quick(lt(0, inside), facts)
        if strict is not None:
            signs_.append(root_positive(strict))
        return changed(search, goal, v, w, value, same, signs_, facts, depth, atom)
    return None


def with_product(
    search: Search, goal: Term, facts: Sequence[Theorem], depth: int
) -> Theorem | None:
    """The goal with a product or a quotient of two variables as its only variable."""
    names = sorted(free_variables(difference(goal)), key=repr)
    if len(names) != 2:
        return None
    for v, other in (names, names[::-1]):
        apart, above = (search.quick(lt(0, x), facts) for x in (other, v))
        if apart is None or above is None:
            continue
        w = fresh("w", "R", goal, *(f.conclusion for f in facts))
        for t, value, e in ((v * other, w / other, 1), (v / other, w * other, -1)):
            algebra = Algebra(nonzero=[other])
            moved = algebra.term(algebra.normal(substitute(difference(goal), {v: value})))
            if other in free_variables(moved):
                continue
            both = (_ONE, ((0, 1), (1, e)), ())
            sign = infer("arithmetic", above, apart, goal=lt(0, t), products=(both,))
            same = infer("arithmetic", apart, goal=eq(substitute(value, {w: t}), v))
            return changed(search, goal, v, w, value, same, [sign], facts, depth)
    return None


def without_waves(
    search: Search, goal: Term, v: Term, facts: Sequence[Theorem], depth: int
) -> Theorem | None:
    """The goal with the sines and cosines in it as variables on the unit circle."""
    found = [a for a in atoms([difference(goal)]) if a.head in ("sin", "cos")]
    angles = list(dict.fromkeys(a.args[0] for a in found if v in free_variables(a)))
    if not angles or len(angles) > 2:
        return None
    used = [goal, *(f.conclusion for f in facts)]
    mapping: dict[Term, Term] = {}
    for angle in angles:
        for atom in (sin(angle), cos(angle)):
            mapping[atom] = fresh("w", "R", *used, *mapping.values())
    return freed(search, goal, mapping, list(waves([goal])), facts, depth)


def without_exponential(
    search: Search, goal: Term, v: Term, facts: Sequence[Theorem], depth: int
) -> Theorem | None:
    """The goal with exp(v) as a variable, if v occurs nowhere else."""
    atom = exp(v)
    w = fresh("w", "R", goal, *(f.conclusion for f in facts))
    if v in free_variables(replace(goal, atom, w)):
        return None
    said = [instance("exp.positive", x=v)]
    for low, high in ((num(0), v), (v, num(0))):
        for head, rule in (("<", exp_increasing()), ("<=", exp_monotone())):
            known = by_bounds(app(head, low, high), facts)
            if known is None:
                continue
            made = where(rule, a=low, b=high)
            made = infer("detach", infer("discharge", made, formula=known.conclusion), known)
            one = (num(1), atom) if high == v else (atom, num(1))
            said.append(
                infer(
                    "arithmetic", instance("exp.zero"), made, goal=app(head, *one), equations=(0,),
                    products=((_ONE, ((1, 1),), ()),),
                )  # fmt: skip
            )
            break
    rest = [f for f in facts if v not in free_variables(f.conclusion)]
    return freed(search, goal, {atom: w}, said, rest, depth)


def without_exponentials(
    search: Search, goal: Term, facts: Sequence[Theorem], depth: int
) -> Theorem | None:
    """The goal with positive unknowns for all the exponentials, whatever links them."""
    avoid = [goal, *(f.conclusion for f in facts)]
    outer = [a for a in dict.fromkeys(atoms([difference(goal)])) if a.head == "exp"][::-1]
    mapping: dict[Term, Term] = {}
    for atom in outer:
        mapping[atom] = fresh(f"e{len(mapping)}", "R", *avoid)
    shown = goal
    for atom, w in mapping.items():
        shown = replace(shown, atom, w)
    if len(mapping) < 2 or transcendental(shown):
        return None
    said = [instance("exp.positive", x=a.args[0]) for a in mapping]
    plain = [f for f in facts if not transcendental(f.conclusion)]
    region = usable([*plain, *map(assume, (lt(0, w) for w in mapping.values()))])
    if (signs(difference(shown), search.points([difference(shown)], region)) < 0).any():
        return None
    return freed(search, goal, mapping, said, plain, depth)


def with_argument(
    search: Search, goal: Term, facts: Sequence[Theorem], depth: int
) -> Theorem | None:
    """The goal with a linear argument as its only variable, bounded as the facts bound it."""
    for argument in dict.fromkeys(a.args[0] for a in atoms([difference(goal)])):
        w = fresh("w", "R", goal, *(f.conclusion for f in facts))
        if argument.kind == "var" or free_variables(replace(goal, argument, w)) != {w}:
            continue
        said = [t for t in (linear_bound(argument, facts, up) for up in (False, True)) if t]
        return freed(search, goal, {argument: w}, said, [], depth) if said else None
    return None


def freed(
    search: Search,
    goal: Term,
    mapping: Mapping[Term, Term],
    said: Sequence[Theorem],
    facts: Sequence[Theorem],
    depth: int,
) -> Theorem | None:
    """The goal with variables put for some terms, of which only `said` is known."""
    shown, assumed = goal, [s.conclusion for s in said]
    for atom, w in mapping.items():
        shown = replace(shown, atom, w)
        assumed = [replace(a, atom, w) for a in assumed]
    made = search.prove(shown, usable([*facts, *map(assume, assumed)]), depth + 1)
    if made is None:
        return None
    made = infer("instantiate", made, mapping=tuple((w, a) for a, w in mapping.items()))
    return resolve(made, *said)


def inverted(
    search: Search, goal: Term, v: Term, facts: Sequence[Theorem], depth: int
) -> Theorem | None:
    """The goal with the variable's inverse as the variable, so that infinity becomes 0."""
    positive = search.quick(lt(0, v), facts)
    if positive is None:
        return None
    w = fresh("w", "R", goal, *(f.conclusion for f in facts))
    inverse = app("/", 1, v)
    same = infer("arithmetic", positive, goal=eq(app("/", 1, inverse), v))
    sign = infer("arithmetic", positive, goal=lt(0, inverse), products=((_ONE, ((0, -1),), ()),))
    return changed(search, goal, v, w, app("/", 1, w), same, [sign], facts, depth)


def changed(
    search: Search,
    goal: Term,
    v: Term,
    w: Term,
    value: Term,
    same: Theorem,
    signs_: Sequence[Theorem],
    facts: Sequence[Theorem],
    depth: int,
    atom: Term | None = None,
) -> Theorem | None:
    """The goal from the one with v = value(w), where `same` says value(t) = v of a term t.

    `signs_` are theorems about t that may be used of w; w is put for `atom`, which is t.
    """
    shown = goal if atom is None else replace(goal, atom, w)
    t = signs_[0].conclusion.args[1]
    back = symmetric(same)
    given = [f for f in facts if f.conclusion.head in (*INEQUALITIES, "=")
             and v in free_variables(f.conclusion)]  # fmt: skip
    rest = [f for f in facts if v not in free_variables(f.conclusion)]
    moved = [assume(substitute(f.conclusion, {v: value})) for f in given]
    said = [assume(app(s.conclusion.head, 0, w)) for s in signs_]
    strict = [f for f in (*rest, *said) if f.conclusion.head in ("<", ">")]
    region = [*rest, *moved, *said, *(_reduced(m, strict) for m in moved)]
    region += new_bounds(search, w, value, v, facts, [*moved, *said])
    found = search.prove(substitute(shown, {v: value}), usable(region), depth + 1)
    if found is None:
        return None
    found = infer("instantiate", found, mapping=((w, t),))
    hole = fresh("hole", "R", goal, t, *(f.conclusion for f in facts))
    for f in given:
        template = lam(hole, substitute(f.conclusion, {v: hole}))
        found = resolve(found, infer("rewrite", back, f, template=template))
    found = resolve(found, *signs_)
    template = lam(hole, substitute(shown, {v: hole, w: t}))
    return infer("rewrite", same, found, template=template)


def _reduced(fact: Theorem, strict: Sequence[Theorem]) -> Theorem:
    """An inequality ``0 <= t`` with what may be cancelled, t being its difference."""
    relation = fact.conclusion
    if relation.head == "=":
        return fact
    algebra = Algebra(nonzero=[difference(f.conclusion) for f in strict])
    left = algebra.term(algebra.normal(difference(relation)))
    head = "<" if relation.head in ("<", ">") else "<="
    return infer(
        "arithmetic", fact, *strict, goal=app(head, 0, left), products=((_ONE, ((0, 1),), ()),)
    )


def new_bounds(
    search: Search,
    w: Term,
    value: Term,
    v: Term,
    facts: Sequence[Theorem],
    region: Sequence[Theorem],
) -> list[Theorem]:
    """Bounds of w by numbers, where value(w) = v and v has some."""
    made = []
    span = span_of(v, facts)
    scale = numpy.concatenate([[0.0], numpy.geomspace(1e-6, 1e6, 2000)])
    with numpy.errstate(all="ignore"):
        there = rounded(value, {w: scale}).value
        good = scale[(there >= span.low) & (there <= span.high)]
    if not len(good):
        return []
    for place, up in ((good[0], False), (good[-1], True)):
        i = int(numpy.searchsorted(scale, place))
        j = i + 1 if up else i - 1
        if not 0 <= j < len(scale):
            continue
        inside, outside = float(scale[i]), float(scale[j])
        for _ in range(60):
            middle = (inside + outside) / 2
            at = float(rounded(value, {w: numpy.array([middle])}).value[0])
            within = span.low <= at <= span.high
            inside, outside = (middle, outside) if within else (inside, middle)
        exact = Fraction(inside).limit_denominator(200)
        rough = Fraction(inside * (1.01 if up else 0.99)).limit_denominator(10**6)
        for near, strict in ((exact, True), (exact, False), (rough, False)):
            if abs(float(near) - inside) > 1e-9 and near == exact:
                continue
            low, high = (w, num(near)) if up else (num(near), w)
            goal = lt(low, high) if strict else le(low, high)
            split = order(high, low) if strict else order(low, high)

            def use(case: Theorem, goal: Term = goal) -> Theorem:
                if case.conclusion == goal:
                    return case
                found = search.arithmetic(lt(0, 0), [*region, case], 2, 0.2)
                if found is None:
                    raise ProofError("no bound")
                return absurd(found, goal)

            try:
                made.append(by_cases(split, use, use))
                break
            except ProofError:
                continue
    return made


def by_logarithms(
    search: Search, goal: Term, facts: Sequence[Theorem], depth: int
) -> Theorem | None:
    """A <= B from log(A) <= log(B), the two positive parts of a difference."""
    algebra = Algebra()
    numerator, denominator = algebra.normal(difference(goal))
    if not denominator.is_constant() or goal.head not in ("<=", "<"):
        return None
    one, zero = algebra.number(1)[0], algebra.number(0)[0]
    plus, minus = zero, zero
    for exponents, coefficient in numerator.terms():
        monomial = algebra._monomial([int(e) for e in exponents]) * int(coefficient)
        plus, minus = (plus + monomial, minus) if coefficient > 0 else (plus, minus - monomial)
    large, small = algebra.term((plus, one)), algebra.term((minus, one))
    if sum(1 for a in atoms([large, small]) if a.head == "exp") < 2:
        return None
    scale = Fraction(1, int(denominator.leading_coefficient()))
    rule = _logarithms_ordered(search, small, large, goal.head, facts, depth)
    if rule is None:
        return None
    return infer("arithmetic", rule, goal=goal, products=((abs(scale), ((0, 1),), ()),))


def between_powers(
    search: Search, goal: Term, facts: Sequence[Theorem], depth: int
) -> Theorem | None:
    """A <= B from log(A) <= log(B), both products and one with a power of a variable in it."""
    low, high = goal.args if goal.head in ("<=", "<") else reversed(goal.args)
    factors = [*_multiplied(low), *_multiplied(high)]
    powers = [f.args[0] for f in factors if f.head == "exp"]
    if not any(free_variables(a) for a in atoms(powers) if a.head == "log"):
        return None
    if any(f.head in ("+", "-") and transcendental(f) for f in factors):
        return None
    rule = _logarithms_ordered(search, low, high, goal.head.replace(">", "<"), facts, depth)
    if rule is None or rule.conclusion == goal:
        return rule
    return infer("arithmetic", rule, goal=goal, products=((_ONE, ((0, 1),), ()),))


def _multiplied(term: Term) -> list[Term]:
    """What a product, a quotient or a power with a number as exponent is made of."""
    if term.head in ("*", "/"):
        return [f for argument in term.args for f in _multiplied(argument)]
    return _multiplied(term.args[0]) if term.head == "^" else [term]


def _logarithms_ordered(
    search: Search, small: Term, large: Term, head: str, facts: Sequence[Theorem], depth: int
) -> Theorem | None:
    """small <= large (or <) where both are positive and their logarithms are so ordered."""
    below = search.positive(small, facts, depth)
    above = search.positive(large, facts, depth) if below is not None else None
    if below is None or above is None:
        return None
    found = search.prove(app(head, log(small), log(large)), [*facts, below, above], depth + 1)
    if found is None:
        return None
    rule = infer(
        "instantiate", log_reflects_strictly() if head == "<" else log_reflects(),
        mapping=((real("x"), small), (real("y"), large)),
    )  # fmt: skip
    return resolve(rule, below, above, found)


def _line(term: Term, v: Term) -> tuple[Fraction, Fraction] | None:
    """The coefficients of a linear polynomial in one variable."""
    algebra = Algebra()
    numerator, denominator = algebra.normal(term)
    if algebra.atoms != [v] or not denominator.is_constant():
        return None
    poly = algebra.dictionary(numerator)
    if set(poly) - {(0,), (1,)} or (1,) not in poly:
        return None
    scale = int(denominator.leading_coefficient())
    return Fraction(poly[1,], scale), Fraction(poly.get((0,), 0), scale)
