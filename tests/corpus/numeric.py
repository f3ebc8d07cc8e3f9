"""Claims as Python reads them, with many digits: nothing here is shared with the prover.

Values are fractions as long as they can be.  Two numbers of which one is inexact are told
apart where 60 and 200 digits, or 200 and 600, agree about the difference.
"""

from __future__ import annotations

import ast
import math
import operator
import random
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from types import CodeType
from typing import Any

from mpmath import MPContext

Point = Mapping[str, Fraction]
DIGITS = (60, 200, 600)
"""The precisions that are tried in turn."""

_SIGNS: Mapping[type[ast.cmpop], str] = {
    ast.LtE: "<=", ast.Lt: "<", ast.GtE: ">=", ast.Gt: ">", ast.Eq: "==", ast.NotEq: "!=",
}  # fmt: skip
_HOLDS: Mapping[str, Callable[[Any, Any], bool]] = {
    "<=": operator.le, "<": operator.lt, ">=": operator.ge, ">": operator.gt,
    "==": operator.eq, "!=": operator.ne,
}  # fmt: skip
TRANSCENDENTAL = frozenset(
    {"exp", "log", "sin", "cos", "tan", "sinh", "cosh", "tanh", "lambertw", "pi"}
)
PIECEWISE = frozenset({"abs", "min", "max"})
FUNCTIONS = TRANSCENDENTAL | PIECEWISE | {"sqrt"}


class InexactError(ArithmeticError):
    """A value that is no fraction, where a fraction is wanted."""


@dataclass(frozen=True)
class Expression:
    """An expression: compiled, with the names in it and whether it divides by a variable."""

    text: str
    code: CodeType
    names: frozenset[str]
    divides: bool

    @property
    def variables(self) -> frozenset[str]:
        return self.names - FUNCTIONS


@dataclass(frozen=True)
class Relation:
    """Two expressions and the sign between them."""

    left: Expression
    sign: str
    right: Expression

    @property
    def variables(self) -> frozenset[str]:
        return self.left.variables | self.right.variables


@cache
def relations(text: str) -> tuple[Relation, ...]:
    """The relations of a claim; a chain gives several.  A mere expression gives none."""
    tree = ast.parse(text, mode="eval").body
    if not isinstance(tree, ast.Compare):
        raise SyntaxError(f"not a relation: {text}")
    sides = [_expression(side, text) for side in (tree.left, *tree.comparators)]
    signs = [_SIGNS[type(sign)] for sign in tree.ops]
    return tuple(map(Relation, sides, signs, sides[1:]))


@cache
def expression(text: str) -> Expression:
    """The expression that a text stands for."""
    return _expression(ast.parse(text, mode="eval").body, text)


def _expression(tree: ast.expr, text: str) -> Expression:
    names = frozenset(n.id for n in ast.walk(tree) if isinstance(n, ast.Name))
    divides = any(
        isinstance(n, ast.BinOp)
        and isinstance(n.op, ast.Div)
        and any(isinstance(m, ast.Name) for m in ast.walk(n.right))
        for n in ast.walk(tree)
    )
    written = ast.get_source_segment(text, tree) or ""
    exact = ast.fix_missing_locations(ast.Expression(_Exact(text).visit(tree)))
    return Expression(written, compile(exact, "<claim>", "eval"), names, divides)


class _Exact(ast.NodeTransformer):
    """Writes numbers as fractions, and leaves exponents as the integers they are."""

    def __init__(self, text: str) -> None:
        self.text = text

    def visit_Constant(self, node: ast.Constant) -> ast.expr:
        value = Fraction(ast.get_source_segment(self.text, node) or "")
        parts = [ast.Constant(value.numerator), ast.Constant(value.denominator)]
        return ast.Call(ast.Name("number", ast.Load()), parts, [])

    def visit_BinOp(self, node: ast.BinOp) -> ast.expr:
        if isinstance(node.op, ast.Pow):
            if not isinstance(ast.literal_eval(node.right), int):
                raise SyntaxError(f"an exponent that is no integer: {self.text}")
            return ast.BinOp(self.visit(node.left), node.op, node.right)
        return ast.BinOp(self.visit(node.left), node.op, self.visit(node.right))


def _root(x: Fraction) -> Fraction:
    if x < 0:
        raise ValueError("square root of a negative number")
    above, below = math.isqrt(x.numerator), math.isqrt(x.denominator)
    if above**2 != x.numerator or below**2 != x.denominator:
        raise InexactError
    return Fraction(above, below)


def _only(at: int, value: int) -> Callable[[Fraction], Fraction]:
    """A function that is a fraction at one fraction only."""

    def function(x: Fraction) -> Fraction:
        if x != at:
            raise InexactError
        return Fraction(value)

    return function


def _never(*_: Fraction) -> Fraction:
    raise InexactError


_EXACT: Mapping[str, Any] = {
    "number": Fraction, "sqrt": _root, "abs": abs, "min": min, "max": max,
    "exp": _only(0, 1), "log": _only(1, 0), "sin": _only(0, 0), "cos": _only(0, 1),
    "tan": _only(0, 0), "sinh": _only(0, 0), "cosh": _only(0, 1), "tanh": _only(0, 0),
    "lambertw": _never,
}  # fmt: skip


@cache
def _context(digits: int) -> tuple[Any, Mapping[str, Any]]:
    mp = MPContext()
    mp.dps = digits

    def positive(function: Callable[[Any], Any]) -> Callable[[Any], Any]:
        def checked(x: Any) -> Any:
            if x < 0 or (x == 0 and function is mp.log):
                raise ValueError("outside the domain")
            return function(x)

        return checked

    def lower_branch(x: Any, branch: Any) -> Any:
        value = mp.lambertw(x, -1)
        # Rounding may take an argument across the turning point.
        if branch != -1 or not -mp.exp(-1) * (1 + mp.eps * 8) <= x < 0:
            raise ValueError("outside the domain")
        return mp.re(value)

    functions = {
        name: getattr(mp, name) for name in TRANSCENDENTAL - {"log", "lambertw", "pi"}
    }
    table = {
        **functions,
        "lambertw": lower_branch,
        "pi": +mp.pi,
        "log": positive(mp.log),
        "sqrt": positive(mp.sqrt),
        "number": lambda n, d: mp.mpf(n) / d,
        "abs": abs,
        "min": min,
        "max": max,
    }
    return mp, table


def exact(term: Expression, point: Point) -> Fraction:
    """The value as a fraction; raises `InexactError` if it is none, or is not seen to be."""
    if "pi" in term.names:
        raise InexactError
    return eval(term.code, {"__builtins__": {}, **_EXACT, **point})


def inexact(term: Expression, point: Point, digits: int = DIGITS[0]) -> Any:
    """The value with so many digits; raises `ArithmeticError` or `ValueError` if undefined."""
    mp, table = _context(digits)
    values = {name: mp.mpf(v.numerator) / v.denominator for name, v in point.items()}
    return eval(term.code, {"__builtins__": {}, **table, **values})


def order(relation: Relation, point: Point) -> int:
    """The sign of left - right, beyond doubt: 0 if 600 digits show no difference."""
    try:
        difference = exact(relation.left, point) - exact(relation.right, point)
        return (difference > 0) - (difference < 0)
    except InexactError:
        pass
    rough = _difference(relation, point, DIGITS[0])
    for digits in DIGITS[1:]:
        fine = _difference(relation, point, digits)
        if 2 * abs(rough - fine) < abs(fine):
            return 1 if fine > 0 else -1
        rough = fine
    if abs(rough) > _context(DIGITS[-1])[0].mpf(10) ** (-DIGITS[-1] // 2):
        raise ArithmeticError(f"{relation.left.text} and {relation.right.text} stay unclear")
    return 0


def _difference(relation: Relation, point: Point, digits: int) -> Any:
    left = inexact(relation.left, point, digits)
    return _context(DIGITS[-1])[0].mpf(left - inexact(relation.right, point, digits))


def holds(text: str, point: Point) -> bool:
    """Whether all relations of a claim hold at the point."""
    return all(_HOLDS[r.sign](order(r, point), 0) for r in relations(text))


def slack(text: str, point: Point) -> Any:
    """How far the tightest relation of a claim is from failing, on the scale of its sides.

    Negative if one fails; an equation has no slack, but what it lacks.
    """
    return min(_slack(r, point) for r in relations(text))


def _slack(relation: Relation, point: Point) -> Any:
    left, right = inexact(relation.left, point), inexact(relation.right, point)
    if relation.sign == "!=":
        return abs(left - right)
    size = 1 + abs(left) + abs(right)
    if relation.sign == "==":
        return -abs(left - right) / size
    return (right - left if relation.sign in ("<=", "<") else left - right) / size


# Where the hypotheses hold -------------------------------------------------------------------

_FARTHEST = Fraction(1, 200)
"""What is left of the way to infinity where an unbounded variable stops."""


@dataclass(frozen=True)
class Region:
    """Points that satisfy hypotheses, out of the unit cube: one coordinate a variable.

    A hypothesis with a variable alone on a side bounds it, once the others in it are known;
    what the bounds do not ensure is checked.
    """

    given: tuple[str, ...]
    variables: tuple[str, ...]
    bounds: Mapping[str, tuple[tuple[str, Expression], ...]]

    @property
    def unbounded(self) -> bool:
        """Whether some variable has no bound on one of its sides."""
        return any(
            not any(s in signs for s, _ in self.bounds[v])
            for v in self.variables
            for signs in (("<=", "<", "=="), (">=", ">", "=="))
        )

    def point(self, cube: Mapping[str, Fraction]) -> Point | None:
        """The point of the region that belongs to a point of the cube, if there is one."""
        found: dict[str, Fraction] = {}
        try:
            for name in self.variables:
                limits = [(s, _fraction(b, found)) for s, b in self.bounds[name]]
                value = _between(limits, cube[name])
                if value is None:
                    return None
                found[name] = value
            return found if all(holds(g, found) for g in self.given) else None
        except (ArithmeticError, ValueError):
            return None

    def points(self, seed: int) -> Iterator[tuple[Mapping[str, Fraction], Point]]:
        """Random points of the cube and the region without end, many of them at its edges."""
        chance = random.Random(seed)
        while True:
            cube = {name: _coordinate(chance) for name in self.variables}
            point = self.point(cube)
            if point is not None:
                yield cube, point


def region(claim: str, given: tuple[str, ...]) -> Region:
    """The region of a claim's hypotheses."""
    hypotheses = [r for g in given for r in relations(g)]
    unordered = list(
        dict.fromkeys(v for r in (*hypotheses, *relations(claim)) for v in sorted(r.variables))
    )
    waits = {v: _needed(v, hypotheses) for v in unordered}
    ordered: list[str] = []
    while unordered:
        ready = [v for v in unordered if waits[v] <= {*ordered, v}]
        # Definitions come last, and a circle of bounds is cut anywhere.
        name = (ready or unordered)[0]
        unordered.remove(name)
        ordered.append(name)
    bounds = {
        v: tuple(_limits(v, frozenset(ordered[:i]), hypotheses)) for i, v in enumerate(ordered)
    }
    return Region(given, tuple(ordered), bounds)


_MIRROR = {"<=": ">=", "<": ">", ">=": "<=", ">": "<", "==": "==", "!=": "!="}


def _alone(name: str, relation: Relation) -> Iterator[tuple[str, Expression]]:
    """The sides that bound the variable, and how."""
    if relation.left.text == name:
        yield relation.sign, relation.right
    if relation.right.text == name:
        yield _MIRROR[relation.sign], relation.left


def _needed(name: str, hypotheses: list[Relation]) -> frozenset[str]:
    """The variables of the compound expressions that bound this one."""
    others = [b for r in hypotheses for _, b in _alone(name, r)]
    return frozenset(v for b in others if b.text not in b.names for v in b.variables)


def _limits(
    name: str, known: frozenset[str], hypotheses: list[Relation]
) -> Iterator[tuple[str, Expression]]:
    for relation in hypotheses:
        for sign, bound in _alone(name, relation):
            if bound.variables <= known and sign != "!=":
                yield sign, bound


def _fraction(term: Expression, point: Point) -> Fraction:
    try:
        return exact(term, point)
    except InexactError:
        return Fraction(str(inexact(term, point)))


def _between(limits: list[tuple[str, Fraction]], part: Fraction) -> Fraction | None:
    """A number within the limits, so far along the way from the lowest to the highest."""
    same = [b for s, b in limits if s == "=="]
    if same:
        return same[0]
    low = max((b for s, b in limits if s in (">=", ">")), default=None)
    high = min((b for s, b in limits if s in ("<=", "<")), default=None)
    if low is not None and high is not None:
        return low + (high - low) * part if low <= high else None
    if low is None and high is None:
        away = 2 * part - 1
        return away / max(1 - abs(away), _FARTHEST)
    way = part / max(1 - part, _FARTHEST)
    if high is None:
        return low + way if low is not None else None
    return high - way


def _coordinate(chance: random.Random) -> Fraction:
    kind = chance.randrange(8)
    if kind == 0:
        return Fraction(chance.choice((0, 1, 2)), 2)
    if kind <= 2:
        edge = Fraction(1, 10 ** chance.randrange(1, 8))
        return chance.choice((edge, 1 - edge))
    return Fraction(chance.randrange(1, 1024), 1024)


def lowest(claim: str, where: Region, seed: int, samples: int, rounds: int) -> tuple[Any, Point]:
    """The least slack found: the worst of random points, and a pattern search from three."""
    tried = []
    for count, (cube, point) in enumerate(where.points(seed)):
        tried.append((slack(claim, point), count, cube, point))
        if count == samples or not where.variables:
            break
    tried.sort(key=lambda t: t[:2])
    best = tried[0]
    chance = random.Random(seed)
    for start in tried[:3]:
        here, size = start, Fraction(1, 8)
        for _ in range(rounds):
            cube = {
                name: min(max(x + size * chance.randrange(-8, 9) / 8, Fraction(0)), Fraction(1))
                if chance.randrange(2)
                else x
                for name, x in here[2].items()
            }
            other = where.point(cube)
            if other is not None and (found := slack(claim, other)) < here[0]:
                here = (found, 0, cube, other)
            else:
                size = size * 7 / 8 if size > Fraction(1, 2**40) else Fraction(1, 8)
                size = size.limit_denominator(2**50)
        best = min(best, here, key=lambda t: t[0])
    return best[0], best[3]
