"""Enclosures: over a box, a ball that contains every value a term takes there.

The arithmetic is Arb's (python-flint).  A *box* gives each of some terms, its *coordinates*,
a closed interval with rational ends.  A quotient whose denominator may vanish and a logarithm,
root or W outside its domain are enclosed by everything or by nothing that compares, so nothing
is concluded from them.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator, Mapping, Sequence
from fractions import Fraction
from types import MappingProxyType
from typing import Any

import flint

from derivations.kernel.terms import PI, KernelError, Term

Interval = tuple[Fraction, Fraction]
Box = tuple[Any, ...]


def ball(interval: Interval) -> Any:
    """The ball that contains an interval, at the working precision."""
    low, high = (flint.arb(flint.fmpq(e.numerator, e.denominator)) for e in interval)
    return low if interval[0] == interval[1] else low.union(high)


def halves(box: Box, axis: int) -> tuple[Box, Box]:
    """Two boxes that cover a box of balls, cut in the middle of one side.

    >>> halves((ball((Fraction(0), Fraction(1))),), 0)[1][0] > 0.49
    True
    """
    side = box[axis]
    middle = side.mid()
    lower, upper = side.lower().union(middle), middle.union(side.upper())
    if len(box) == 1:
        return (lower,), (upper,)
    before, after = box[:axis], box[axis + 1 :]
    return (*before, lower, *after), (*before, upper, *after)


def _raised(base: Any, exponent: int) -> Any:
    # On a ball that contains 0, Arb's own power is no number, and even powers go negative.
    if exponent < 2:
        return base if exponent else flint.arb(1)
    if base > 0 or base < 0:
        return base**exponent
    if exponent % 2:
        return base * _raised(base, exponent - 1)
    return flint.arb(0).union(base.abs_upper() ** exponent)


_METHODS = ("exp", "log", "sqrt", "sin", "cos")
_OPERATORS: Mapping[str, Any] = MappingProxyType(
    {"+": ast.Add(), "-": ast.Sub(), "*": ast.Mult(), "/": ast.Div()}
)
_FUNCTIONS: Mapping[str, Any] = MappingProxyType(
    {
        "max": lambda a, b: a.max(b),
        "min": lambda a, b: a.min(b),
        "abs": abs,
        "lambertw": lambda a: a.lambertw(-1),
    }
)


_KNOWN = frozenset((*_OPERATORS, *_METHODS, *_FUNCTIONS, "neg", "^"))


def compiled(term: Term, coordinates: Sequence[Term]) -> Callable[..., Any]:
    """A function of balls, one for each coordinate, that encloses the term.

    It is compiled for the working precision.  Raises `KernelError` where the term has a part
    that is neither a coordinate nor made by functions that can be enclosed.

    >>> from derivations.kernel.terms import real, log
    >>> x = real("x")
    >>> bool(compiled(x - log(x), [x])(ball((Fraction(1), Fraction(2)))) > 0)
    True
    """
    names = {c: f"x{i}" for i, c in enumerate(coordinates)}
    constants: dict[str, Any] = {**_FUNCTIONS, "raised": _raised}
    body = _expression(term, names, constants)
    parameters = [ast.arg(arg=name) for name in names.values()]
    arguments = ast.arguments(
        posonlyargs=[], args=parameters, kwonlyargs=[], kw_defaults=[], defaults=[]
    )
    tree = ast.Expression(body=ast.Lambda(args=arguments, body=body))
    code = compile(ast.fix_missing_locations(tree), "<term>", "eval")
    return eval(code, {"__builtins__": {}, **constants})  # type: ignore[no-any-return]


def _name(text: str) -> Any:
    return ast.Name(id=text, ctx=ast.Load())


def _expression(term: Term, names: Mapping[Term, str], constants: dict[str, Any]) -> Any:
    """The term as a Python expression over balls; numbers become named constants."""
    if term in names:
        return _name(names[term])
    # A variable may be called pi: the whole term decides, not its head.
    if term.kind == "num" or term == PI:
        value = flint.arb.pi() if term == PI else ball((term.head, term.head))
        name = f"c{len(constants)}"
        constants[name] = value
        return _name(name)
    if term.kind != "app" or term.head not in _KNOWN:
        raise KernelError(f"cannot be enclosed: {term!r}")
    if term.head == "^":
        return _power(_expression(term.args[0], names, constants), int(term.args[1].head))
    args = [_expression(a, names, constants) for a in term.args]
    if term.head in _OPERATORS:
        return ast.BinOp(left=args[0], op=_OPERATORS[term.head], right=args[1])
    if term.head == "neg":
        return ast.UnaryOp(op=ast.USub(), operand=args[0])
    function = _name(term.head)
    if term.head in _METHODS:
        function, args = ast.Attribute(value=args[0], attr=term.head, ctx=ast.Load()), []
    return ast.Call(func=function, args=args, keywords=[])


def _power(base: Any, exponent: int) -> Any:
    degree = ast.Constant(value=abs(exponent))
    power = ast.Call(func=_name("raised"), args=[base, degree], keywords=[])
    return (
        power if exponent >= 0 else ast.BinOp(left=ast.Constant(value=1), op=ast.Div(), right=power)
    )


def leaves(box: Box, tree: Sequence[int]) -> Iterator[tuple[Box, int]]:
    """The boxes a tree of bisections ends with, and the number that stands there.

    A number that is not negative cuts the side of that number in half; the first half comes
    first.  Raises `KernelError` for what is no such tree.

    >>> box = (ball((Fraction(0), Fraction(1))),)
    >>> [code for _, code in leaves(box, [0, -1, 0, -2, -1])]
    [-1, -2, -1]
    """
    waiting = [box]
    for code in tree:
        if not waiting or type(code) is not int or code >= len(box):
            raise KernelError("not a tree of bisections")
        current = waiting.pop()
        if code < 0:
            yield current, code
        else:
            first, second = halves(current, code)
            waiting += [second, first]
    if waiting:
        raise KernelError("a box is left over")
