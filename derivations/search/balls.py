"""Branch and bound with balls: finds the tree of bisections for the rule ``enclosure``."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import Any

import flint

from derivations.kernel.balls import Interval, ball, compiled, halves
from derivations.kernel.terms import KernelError, Term, free_variables
from derivations.kernel.theorem import Theorem, difference, infer

_SMALLEST = flint.arb(1) / 2**30


def interval(formulas: Sequence[Term], coordinate: Term) -> tuple[Fraction | None, Fraction | None]:
    """The bounds that relations with numerals put on a term."""
    low: Fraction | None = None
    high: Fraction | None = None
    for head, left, right in ((f.head, *f.args) for f in formulas if len(f.args) == 2):
        for term, other, up in ((left, right, True), (right, left, False)):
            if term != coordinate or other.kind != "num":
                continue
            value = Fraction(other.head)
            if head == "=" or head in ((">=", ">") if up else ("<=", "<")):
                low = value if low is None else max(low, value)
            if head == "=" or head in (("<=", "<") if up else (">=", ">")):
                high = value if high is None else min(high, value)
    return low, high


def enclose(
    goal: Term,
    facts: Sequence[Theorem],
    deadline: float,
    *,
    bits: int = 64,
    most_bits: int = 512,
    most_parts: int = 20_000,
) -> Theorem | None:
    """An inequality by enclosures on parts of a box; None if some part stays open.

    The facts bound every variable by numerals; other facts exclude parts.  The precision is
    doubled, up to `most_bits`, where it is what keeps a part open.

    >>> from derivations.kernel.terms import real, exp
    >>> x = real("x")
    >>> bounds = [infer("assume", formula=b) for b in (x >= 0, x <= 1)]
    >>> enclose(exp(x) < 3, bounds, time.monotonic() + 1)
    x <= 1, x >= 0 |- exp(x) < 3
    """
    variables = sorted(free_variables(goal), key=repr)
    formulas = [f.conclusion for f in facts]
    usable = [
        i
        for i, f in enumerate(formulas)
        if len(f.args) == 2 and f.head != "!=" and f.args[0].sort in ("R", "N")
    ]
    box: list[Interval] = []
    for v in variables:
        low, high = interval(formulas, v)
        if low is None or high is None or low > high:
            return None
        box.append((low, high))
    keep = [
        i for i in usable if free_variables(formulas[i]) <= set(variables)
    ]
    excluding = [
        i for i in keep if formulas[i].args[0] not in variables or formulas[i].args[1].kind != "num"
    ]
    excluding = [
        i for i in excluding
        if formulas[i].args[1] not in variables or formulas[i].args[0].kind != "num"
    ]
    while bits <= most_bits:
        outside = [formulas[i] for i in excluding]
        tree = bisections(goal, outside, variables, box, bits, deadline, most_parts)
        if tree is None:
            bits *= 2
            if time.monotonic() >= deadline or not variables and bits > most_bits:
                return None
            continue
        if not tree:
            return None
        place = {i: j for j, i in enumerate(keep)}
        shown = [place[excluding[-2 - c]] for c in tree if c < -1]
        moved = iter(shown)
        codes = tuple(-2 - next(moved) if c < -1 else c for c in tree)
        try:
            return infer(
                "enclosure", *(facts[i] for i in keep), goal=goal, coordinates=tuple(variables),
                tree=codes, bits=bits,
            )  # fmt: skip
        except KernelError:
            return None
    return None


def bisections(
    goal: Term,
    excluding: Sequence[Term],
    variables: Sequence[Term],
    box: Sequence[Interval],
    bits: int,
    deadline: float,
    most_parts: int,
) -> list[int] | None:
    """The codes of a tree for `leaves`, by branch and bound.

    [] if no tree is found, None if more precision may help.  The i-th of `excluding` is
    written -2-i.
    """
    before = flint.ctx.prec
    strict = goal.head in ("<", ">")
    try:
        flint.ctx.prec = bits
        try:
            value = compiled(difference(goal), variables)
        except KernelError:
            return []
        outside = [_excluder(f, variables) for f in excluding]
        codes: list[int] = []
        waiting, due = [tuple(map(ball, box))], 0
        least, several = [side.rad() * _SMALLEST for side in waiting[0]], len(box) > 1
        while waiting:
            point = waiting.pop()
            found = value(*point)
            if (found > 0) if strict else (found >= 0):
                codes.append(-1)
                continue
            if outside:
                index = _first(outside, point)
                if index is not None:
                    codes.append(-2 - index)
                    continue
            if len(codes) >= due:
                due = len(codes) + 32
                if len(codes) > most_parts or time.monotonic() >= deadline:
                    return []
                if not outside and _fails(value, point):
                    return []
                # So far smaller than the whole a part is only where the claim is an equation.
                if all(side.rad() <= low for side, low in zip(point, least, strict=True)):
                    narrow = found.is_finite() and found.rad() < abs(found.mid()) * 2 + 1e-9
                    return None if not point or narrow and bits < 128 else []
            axis = _axis(value, point) if several else 0
            codes.append(axis)
            first, second = halves(point, axis)
            waiting.append(second)
            waiting.append(first)
        return codes
    finally:
        flint.ctx.prec = before


def _excluder(formula: Term, variables: Sequence[Term]) -> Callable[[Sequence[Any]], bool]:
    try:
        value = compiled(difference(formula), variables)
    except KernelError:
        return lambda _: False

    def test(point: Sequence[Any]) -> bool:
        found = value(*point)
        return bool(found < 0 or (formula.head == "=" and found > 0))

    return test


def _first(tests: Sequence[Callable[[Sequence[Any]], bool]], point: Sequence[Any]) -> int | None:
    return next((i for i, test in enumerate(tests) if test(point)), None)


def _fails(value: Any, point: Sequence[Any]) -> bool:
    """Whether the inequality fails in the middle of a part: no cutting will help."""
    return bool(value(*(flint.arb(p.mid()) for p in point)) < 0)


def _axis(value: Any, point: Sequence[Any]) -> int:
    """The side to cut: the one that, were it a point, would narrow the enclosure most."""
    best, narrowest = 0, None
    for i, side in enumerate(point):
        if side.is_exact():
            continue
        found = value(*point[:i], flint.arb(side.mid()), *point[i + 1 :])
        width = float(found.rad()) if found.is_finite() else float("inf")
        # Between sides that do not differ, the longer one.
        key = (width, -float(side.rad()))
        if narrowest is None or key < narrowest:
            best, narrowest = i, key
    return best
