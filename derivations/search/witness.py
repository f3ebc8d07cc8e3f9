"""Exact points that satisfy relations, and how they are shown."""

from __future__ import annotations

import contextlib
import itertools
import random
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from derivations.kernel.algebra import Algebra
from derivations.kernel.terms import KernelError, Term, app, eq, undefined
from derivations.kernel.theorem import difference
from derivations.search.algebraic import Algebraic, Value
from derivations.search.claims import show_claim
from derivations.search.formulas import (
    divisors_in,
    fits,
    is_opaque,
    is_transcendental,
    subterms,
    variables_in,
)
from derivations.search.limits import share
from derivations.search.points import find_real_point, holds
from derivations.search.polynomial import Constraint, Kind
from derivations.search.real_roots import point_on_line
from derivations.search.refute import find_point

Point = dict[Term, Value | Term]
MOST_SEARCHED = 2_000  # of all the polynomials that a search is started on
_KINDS: Mapping[str, Kind] = {
    "<=": ">=", "<": ">", ">=": ">=", ">": ">", "=": "=", "!=": "!=",
}  # fmt: skip


def _describing(atom: Term) -> list[Term]:
    """Relations that determine the value of an atom from those of its arguments."""
    if atom.head == "abs":
        return [atom >= 0, eq(atom**2, atom.args[0] ** 2)]
    if atom.head == "sqrt":
        return [atom >= 0, eq(atom**2, atom.args[0])]
    if atom.head in ("max", "min"):
        a, b = atom.args
        order = ">=" if atom.head == "max" else "<="
        return [app(order, atom, a), app(order, atom, b), eq((atom - a) * (atom - b), 0)]
    return [atom >= 0] if atom.sort == "N" else []


@dataclass(frozen=True)
class _Encoded:
    """Relations as polynomial constraints in the numbered atoms."""

    constraints: tuple[Constraint, ...]
    atoms: tuple[Term, ...]


def _encode(relations: Sequence[Term]) -> _Encoded | None:
    """Clear the denominators of relations; None if an atom or a size stands in the way.

    The constraints hold exactly where the relations hold and all their terms are defined.
    """
    formulas = list(dict.fromkeys(relations))
    for relation in relations:
        formulas += [c for c in undefined(relation) if c not in formulas]
    pieces = list(dict.fromkeys(p for f in formulas for p in subterms(f)))
    for piece in pieces:
        formulas += [d for d in _describing(piece) if d not in formulas]
    if any(is_opaque(f) or is_transcendental(f) for f in formulas):
        return None
    if not fits(formulas, MOST_SEARCHED):
        return None
    divisors = list(dict.fromkeys(d for f in formulas for d in divisors_in(f)))
    algebra = Algebra(nonzero=divisors)
    try:
        normals = algebra.normals([difference(f) for f in formulas])
    except KernelError:
        return None
    if any(a.kind != "var" and a not in pieces and _describing(a) == [] for a in algebra.atoms):
        return None
    constraints = []
    for formula, (numerator, denominator) in zip(formulas, normals, strict=True):
        whole = numerator if formula.head in ("=", "!=") else numerator * denominator
        poly = {m: Fraction(c) for m, c in algebra.dictionary(whole).items()}
        constraints.append(Constraint(poly, _KINDS[formula.head]))
    return _Encoded(tuple(constraints), tuple(algebra.atoms))


def find_witness(relations: Sequence[Term], deadline: float) -> Point | None:
    """An exact point that satisfies all the relations and where they are defined, or None.

    The point gives a value to every free variable; it was substituted exactly.

    >>> from derivations.kernel.terms import real
    >>> find_witness([real("x") ** 2 > 4, real("x") < 0], time.monotonic() + 5)
    {x: Fraction(-3, 1)}
    """
    variables = variables_in(relations)
    simple = sample_point(relations, variables, min(deadline, time.monotonic() + 0.3))
    if simple is not None:
        return simple
    encoded = _encode(relations)
    if encoded is None and not any(is_opaque(r) for r in relations):
        found_real = find_real_point(relations, deadline)
        return None if found_real is None else dict(found_real)
    if encoded is None:
        return sample_point(relations, variables, share(deadline, 4), seed=1)
    # A canonical atom may differ from the one that was described, so it counts as unknown.
    width = len(encoded.atoms)
    padded = [
        Constraint({m + (0,) * (width - len(m)): c for m, c in k.poly.items()}, k.kind)
        for k in encoded.constraints
    ]
    whole = [a.sort == "N" for a in encoded.atoms]
    if not width:
        return None
    found = _point(padded, whole, deadline)
    if found is None:
        return None
    values = dict(zip(encoded.atoms, found, strict=True))
    point: Point = {v: values.get(v, Fraction(0)) for v in variables}
    return point if _verified(relations, point, padded, encoded.atoms) else None


def _point(
    constraints: Sequence[Constraint], whole: Sequence[bool], deadline: float
) -> tuple[Value, ...] | None:
    """A point that satisfies constraints; in one variable None says that there is none."""
    if len(whole) == 1 and not whole[0]:
        with contextlib.suppress(KernelError):
            place = point_on_line(constraints)
            return None if place is None else (place,)
    return find_point(constraints, len(whole), whole, deadline=deadline)


def _verified(
    relations: Sequence[Term],
    point: Point,
    constraints: Sequence[Constraint],
    atoms: Sequence[Term],
) -> bool:
    """Substitute a rational point into the relations themselves.

    A point with algebraic coordinates was substituted into the polynomials already, which
    are equivalent as long as every atom is a variable or described by them.
    """
    rational = {v: x for v, x in point.items() if isinstance(x, Fraction)}
    if len(rational) == len(point):
        checks = [holds(r, rational) for r in relations]
        if all(checks):
            return True
        if any(c is False for c in checks):
            return False
    known = {p for r in relations for p in subterms(r)}
    return all(a.kind == "var" or a in known for a in atoms) and bool(constraints)


_NUMBERS = [Fraction(n) for n in (1, 0, 2, -1)] + [Fraction(1, 2)]
_NUMBERS += [Fraction(n) for n in (3, -2, 5, 10, -3, 100)]
_NUMBERS += [Fraction(n, d) for n, d in ((-1, 2), (1, 3), (1, 10), (3, 4), (9, 10), (3, 2))]
_NATURALS = [Fraction(n) for n in (1, 0, 2, 3, 5, 10)]


def sample_point(
    relations: Sequence[Term], variables: Sequence[Term], deadline: float, seed: int = 0
) -> Point | None:
    """A simple rational point with all the relations, by trial; the terms are not expanded."""
    source = random.Random(seed)
    conditions = list(dict.fromkeys(c for r in relations for c in undefined(r)))
    wanted = [*conditions, *relations]
    pools = [_NATURALS if v.sort == "N" else _NUMBERS for v in variables]
    if any(v.sort not in ("R", "N") for v in variables):
        return None
    for trial in range(4000):
        if trial and (time.monotonic() >= deadline or not variables):
            return None
        width = (1, 5, 5, 5)[trial] if trial < 4 else (5, 5, 17)[trial % 3]
        point = {v: source.choice(pool[:width]) for v, pool in zip(variables, pools, strict=True)}
        if all(holds(r, point) for r in wanted):
            return dict(point)
    return None


def show_point(point: Point) -> dict[str, str]:
    """Names and exact values as text; quadratic irrationals as such.

    >>> from derivations.kernel.terms import real
    >>> show_point({real("x"): Algebraic((-2, 0, 1), Fraction(1), Fraction(2))})
    {'x': 'sqrt(2)'}
    """
    return {repr(v): show_value(x) for v, x in sorted(point.items(), key=lambda i: repr(i[0]))}


def show_value(value: Value | Term) -> str:
    """One exact coordinate as text."""
    if isinstance(value, Fraction):
        return str(value)
    if isinstance(value, Term):
        return show_claim(value)
    if len(value.poly) == 3:
        return _show_quadratic(value)
    terms = [f"{c}*t**{i}" if i else str(c) for i, c in enumerate(value.poly) if c]
    shown = " + ".join(reversed(terms)).replace("+ -", "- ").replace("t**1 ", "t ")
    return f"the root of {shown} between {value.lower} and {value.upper}"


def _show_quadratic(value: Algebraic) -> str:
    c, b, a = value.poly
    middle = Fraction(-b, 2 * a)
    square = Fraction(b * b - 4 * a * c, 4 * a * a)
    # The interval holds one root only, so it lies on the root's side of the middle or
    # contains the middle; then the end that is further away decides.
    above = value.upper - middle > middle - value.lower
    scale = Fraction(1, square.denominator)
    inside = square.numerator * square.denominator
    root, rest = _square_part(inside)
    factor = root * scale
    surd = f"sqrt({rest})"
    top = "" if factor.numerator == 1 else f"{factor.numerator}*"
    bottom = "" if factor.denominator == 1 else f"/{factor.denominator}"
    shown = f"{top}{surd}{bottom}"
    if not middle:
        return shown if above else f"-{shown}"
    return f"{middle} {'+' if above else '-'} {shown}"


def _square_part(value: int) -> tuple[int, int]:
    """Write a positive integer as r**2 * s, with the small square factors in r."""
    root = 1
    for prime in itertools.chain((2,), range(3, 1000, 2)):
        while value % (prime * prime) == 0:
            value //= prime * prime
            root *= prime
    return root, value
