"""The language of claims: text that a user types, as kernel terms.

The grammar is its own and small: ``+ - * / **``, brackets, exact numbers, names, the
functions in `FUNCTIONS`, the constant ``pi`` and the comparisons ``<= < >= > == !=``,
which may be chained.  Nothing is ever evaluated as code.

An exponent that is no integer makes a power of a positive base, ``exp(exponent*log(base))``;
where its denominator is a power of two, it stands for square roots, so that the base may be 0.
(`prove` lets it be 0 with other denominators too: see `derivations.search.roots`.)
Of Lambert's function there is the lower branch, ``lambertw(x, -1)`` for -1/e <= x < 0.

>>> parse_claim("0 < J < 1")
(0 < J, J < 1)
"""

from __future__ import annotations

import importlib
import math
import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from types import MappingProxyType
from typing import Any, NoReturn

from derivations.kernel.terms import (
    PI,
    RELATIONS,
    KernelError,
    Term,
    absolute,
    app,
    cos,
    exp,
    lambertw,
    log,
    maximum,
    minimum,
    num,
    real,
    sin,
    sqrt,
)

LONGEST_CLAIM = 10_000
DEEPEST_NESTING = 80  # each level takes eight frames of Python's 1000
DEEPEST_TERM = 120
LARGEST_TERM = 20_000
HIGHEST_EXPONENT = 64
MOST_DIGITS = 1_000
_EXCERPT = 70


class ClaimError(ValueError):
    """Text that is no claim, or a claim that cannot be asked; one line saying where and why.

    `text` is what was read, `position` the offset of the trouble in it (None: unknown).
    """

    def __init__(self, message: str, text: str = "", position: int | None = None) -> None:
        super().__init__(message)
        self.text = text
        self.position = position

    def caret(self) -> str:
        """Two lines: an excerpt of the text round the place, and a caret below the place.

        >>> try:
        ...     parse_claim("2x > 1")
        ... except ClaimError as error:
        ...     print(error.caret())
        2x > 1
         ^
        """
        position = min(max(self.position or 0, 0), len(self.text))
        start = max(0, min(position - _EXCERPT // 2, len(self.text) - _EXCERPT))
        excerpt = self.text[start : start + _EXCERPT]
        # Whatever would move the cursor is shown as one blank, so that the caret fits.
        shown = "".join(c if c.isprintable() else " " for c in excerpt)
        before = shown[: position - start]
        width = sum(_width(c) for c in before)
        return f"{shown}\n{' ' * width}^"


def _width(character: str) -> int:
    if unicodedata.combining(character):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


def _tan(x: Term) -> Term:
    return sin(x) / cos(x)


def _sinh(x: Term) -> Term:
    return (exp(x) - exp(-x)) / 2


def _cosh(x: Term) -> Term:
    return app("/", exp(x) + exp(-x), 2)


def _tanh(x: Term) -> Term:
    return app("/", exp(x) - exp(-x), exp(x) + exp(-x))


_UNARY: Mapping[str, Callable[[Term], Term]] = {
    "sqrt": sqrt,
    "exp": exp,
    "log": log,
    "sin": sin,
    "cos": cos,
    "tan": _tan,
    "sinh": _sinh,
    "cosh": _cosh,
    "tanh": _tanh,
    "abs": absolute,
}
_VARIADIC: Mapping[str, Callable[[Term, Term], Term]] = {"min": minimum, "max": maximum}
# How many nodes a function adds, and how often it repeats its argument.
_COPIES = {"tan": (3, 2), "sinh": (6, 2), "cosh": (6, 2), "tanh": (11, 4)}
FUNCTIONS: Sequence[str] = (*_UNARY, *_VARIADIC, "lambertw")
"""The functions a claim may use."""

_COMPARISONS: Mapping[str, str] = MappingProxyType(
    {"<=": "<=", "<": "<", ">=": ">=", ">": ">", "==": "=", "!=": "!="}
)

_TOKEN = re.compile(
    r"(?P<number>(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)"
    r"|(?P<name>[^\W\d]\w*)"
    r"|(?P<sign>\*\*|<=|>=|==|!=|[-+*/()<>,])"
)
_DIGIT = re.compile(r"[0-9.eE+-]+")

_REMEDIES = {
    "=": "'=' is no comparison: write '=='",
    "^": "'^' is not the power: write '**'",
    ".": "attributes are not part of the language",
    "[": "brackets are round: ( )",
    "]": "brackets are round: ( )",
    "{": "brackets are round: ( )",
    "}": "brackets are round: ( )",
    "'": "strings are not part of the language",
    '"': "strings are not part of the language",
    "!": "'!' is not known: for 'different' write '!='",
    "≤": "write '<='",
    "≥": "write '>='",
    "≠": "write '!='",
    "·": "write '*'",
    "×": "write '*'",
    "−": "this is not the ASCII minus: write '-'",
}


@dataclass(frozen=True)
class _Token:
    kind: str  # number, name, sign or end
    text: str
    position: int


@dataclass(frozen=True)
class _Node:
    """A parsed term, how deep and how large it is, and where it began."""

    term: Term
    depth: int
    size: int
    position: int


def _fail(message: str, text: str, position: int) -> NoReturn:
    raise ClaimError(f"column {position + 1}: {message}", text, position)


def _tokens(text: str) -> Iterator[_Token]:
    position = 0
    while position < len(text):
        if text[position].isspace():
            position += 1
            continue
        match = _TOKEN.match(text, position)
        if match is None:
            character = text[position]
            remedy = _REMEDIES.get(character, f"unexpected character {character!a}")
            _fail(remedy, text, position)
        kind = match.lastgroup or ""
        word = match.group()
        if kind == "number" and not _DIGIT.fullmatch(word):
            _fail("digits are 0 to 9", text, position)
        if kind == "name" and not word.isidentifier():
            _fail(f"not a name: {word!a}", text, position)
        yield _Token(kind, word, position)
        position = match.end()
    yield _Token("end", "", len(text.rstrip()))


def _number(text: str, token: _Token) -> Fraction:
    """The exact value of a numeral, within the limits on its size."""
    mantissa, _, exponent = token.text.lower().partition("e")
    if len(mantissa) > MOST_DIGITS or len(exponent) > 6 or abs(int(exponent or 0)) > MOST_DIGITS:
        _fail(f"a number has at most {MOST_DIGITS} digits", text, token.position)
    return Fraction(token.text)


class _Parser:
    """Recursive descent over the tokens of one text."""

    def __init__(self, text: str) -> None:
        if not isinstance(text, str):
            raise ClaimError(f"a claim is text, not {type(text).__name__}")
        if len(text) > LONGEST_CLAIM:
            raise ClaimError(
                f"the claim has {len(text):,} characters; at most {LONGEST_CLAIM:,} are read",
                text,
                LONGEST_CLAIM,
            )
        self.text = text
        self.tokens = list(_tokens(text))
        self.next = 0
        self.nesting = 0
        if len(self.tokens) == 1:
            _fail("nothing to read: the claim is empty", text, 0)

    @property
    def token(self) -> _Token:
        return self.tokens[self.next]

    def fail(self, message: str, position: int | None = None) -> NoReturn:
        _fail(message, self.text, self.token.position if position is None else position)

    def take(self, *signs: str) -> _Token | None:
        """The next token if it is one of the signs."""
        token = self.token
        if token.kind == "sign" and token.text in signs:
            self.next += 1
            return token
        return None

    def enter(self, position: int) -> None:
        self.nesting += 1
        if self.nesting > DEEPEST_NESTING:
            self.fail(f"more than {DEEPEST_NESTING} levels of nesting", position)

    def node(self, term: Term, parts: Sequence[_Node], position: int, extra: int = 1) -> _Node:
        """A node above its parts, unless that makes it too deep or too large."""
        depth = extra + max((p.depth for p in parts), default=0)
        size = extra + sum(p.size for p in parts)
        if depth > DEEPEST_TERM:
            self.fail(f"more than {DEEPEST_TERM} operations in a row: split the claim", position)
        if size > LARGEST_TERM:
            self.fail("the claim is too large once its functions are written out", position)
        return _Node(term, depth, size, position)

    # The grammar, from the loosest to the tightest.

    def claim(self) -> tuple[Term, ...]:
        sides = [self.sum()]
        signs: list[str] = []
        while (sign := self.take(*_COMPARISONS)) is not None:
            signs.append(_COMPARISONS[sign.text])
            sides.append(self.sum())
        self.finish()
        if not signs:
            self.fail("a claim needs a relation: <= < >= > == !=", len(self.text.rstrip()))
        return tuple(
            app(sign, left.term, right.term)
            for sign, left, right in zip(signs, sides, sides[1:], strict=False)
        )

    def expression(self) -> Term:
        node = self.sum()
        if self.token.kind == "sign" and self.token.text in _COMPARISONS:
            self.fail("an expression is wanted here, not a relation")
        self.finish()
        return node.term

    def finish(self) -> None:
        """Complain about whatever is left over."""
        token = self.token
        if token.kind == "end":
            return
        if token.text == ")":
            self.fail("this ')' closes nothing")
        if token.text == ",":
            self.fail("a ',' separates arguments only: give each relation as a claim of its own")
        if token.text in ("and", "or", "not"):
            self.fail("give each relation as a claim (or --given) of its own")
        self.fail("an operator is missing here, such as '*'")

    def sum(self) -> _Node:
        return self.chain(("+", "-"), self.product)

    def product(self) -> _Node:
        return self.chain(("*", "/"), self.unary)

    def chain(self, signs: Sequence[str], operand: Callable[[], _Node]) -> _Node:
        left = operand()
        while (sign := self.take(*signs)) is not None:
            right = operand()
            if sign.text == "/" and _constant(right) == 0:
                self.fail("division by zero", right.position)
            term = app(sign.text, left.term, right.term)
            made = self.node(term, (left, right), sign.position)
            left = replace(made, position=left.position)
        return left

    def unary(self) -> _Node:
        sign = self.take("-", "+")
        if sign is None:
            return self.power()
        self.enter(sign.position)
        inner = self.unary()
        self.nesting -= 1
        if sign.text == "+":
            return inner
        return self.node(-inner.term, (inner,), sign.position)

    def power(self) -> _Node:
        base = self.atom()
        sign = self.take("**")
        if sign is None:
            return base
        self.enter(sign.position)
        exponent = self.unary()
        self.nesting -= 1
        value, number = _constant(exponent), _constant(base)
        if value is not None and not _raises(value):
            self.fail(f"an exponent is at most {HIGHEST_EXPONENT}", exponent.position)
        if value is not None and value < 0 and number == 0:
            self.fail("division by zero", base.position)
        if value is None or not _by_roots(value):
            if number is not None and number <= 0:
                self.fail("with an exponent that is no integer, a base is positive", base.position)
            parts = (exponent, base)
            term = exp(exponent.term * log(base.term)) if value is None else power(base.term, value)
            return self.node(term, parts, base.position, 3)
        if value.denominator > 1 and number is not None and number < 0:
            self.fail("a root is taken of a number that is not negative", base.position)
        extra = value.denominator.bit_length()
        return self.node(power(base.term, value), (base,), base.position, extra)

    def atom(self) -> _Node:
        token = self.token
        if token.kind == "number":
            self.next += 1
            return _Node(num(_number(self.text, token)), 1, 1, token.position)
        if token.kind == "name":
            self.next += 1
            return self.named(token)
        if self.take("("):
            inner = self.bracket(token)
            self.close(token)
            return replace(inner, position=token.position)
        if token.kind == "end":
            self.fail("the claim ends where a number, a name or '(' should come")
        self.fail(f"a number, a name or '(' should come here, not {token.text!r}")

    def bracket(self, opening: _Token) -> _Node:
        self.enter(opening.position)
        inner = self.sum()
        self.nesting -= 1
        if self.token.kind == "sign" and self.token.text in _COMPARISONS:
            self.fail("a comparison cannot stand inside brackets")
        return inner

    def close(self, opening: _Token) -> None:
        if self.take(")"):
            return
        if self.token.kind == "end":
            self.fail("this '(' is never closed", opening.position)
        if self.token.text == ",":
            self.fail("a ',' separates arguments of a function only")
        self.fail("an operator is missing here, such as '*'")

    def named(self, token: _Token) -> _Node:
        name = token.text
        called = self.token.kind == "sign" and self.token.text == "("
        if called and name in FUNCTIONS:
            return self.call(token)
        if called and name == "pi":
            self.fail("pi is a number: for a product write pi*(...)", token.position)
        if called:
            known = ", ".join(FUNCTIONS)
            self.fail(
                f"unknown function {_short(name)}; known are {known} (a product needs '*')",
                token.position,
            )
        if name in FUNCTIONS:
            self.fail(f"{name} is a function: write {name}(...)", token.position)
        # Names are compared in one Unicode form, as Python compares identifiers.
        term = PI if name == "pi" else real(unicodedata.normalize("NFKC", name))
        return _Node(term, 1, 1, token.position)

    def call(self, token: _Token) -> _Node:
        opening = self.token
        self.next += 1
        if self.token.text == ")":
            self.fail(f"{token.text} needs an argument")
        arguments = [self.bracket(opening)]
        while self.take(","):
            arguments.append(self.bracket(opening))
        self.close(opening)
        if token.text == "lambertw":
            return self.lambert(token, arguments)
        if token.text in _VARIADIC:
            if len(arguments) < 2:
                self.fail(f"{token.text} takes two or more arguments", token.position)
            return self.nested(_VARIADIC[token.text], arguments, token.position)
        if len(arguments) != 1:
            self.fail(f"{token.text} takes 1 argument, not {len(arguments)}", token.position)
        extra, copies = _COPIES.get(token.text, (1, 1))
        term = _UNARY[token.text](arguments[0].term)
        return self.node(term, arguments * copies, token.position, extra)

    def lambert(self, token: _Token, arguments: Sequence[_Node]) -> _Node:
        """Lambert's function of an argument and the branch -1."""
        if len(arguments) != 2:
            self.fail("lambertw takes an argument and the branch: lambertw(x, -1)", token.position)
        argument, branch = arguments
        if _constant(branch) != -1:
            self.fail("the branch of lambertw is -1: there is no other here", branch.position)
        return self.node(lambertw(argument.term), (argument,), token.position)

    def nested(
        self, function: Callable[[Term, Term], Term], arguments: Sequence[_Node], position: int
    ) -> _Node:
        result = arguments[-1]
        for argument in reversed(arguments[:-1]):
            term = function(argument.term, result.term)
            result = self.node(term, (argument, result), position)
        return result


def _short(name: str) -> str:
    return repr(name) if len(name) <= 40 else repr(name[:37] + "...")


def _raises(exponent: Fraction) -> bool:
    """Whether an exponent is of a size that is read."""
    return abs(exponent) <= HIGHEST_EXPONENT and exponent.denominator <= HIGHEST_EXPONENT


def _by_roots(exponent: Fraction) -> bool:
    """Whether a power is one of repeated square roots: the denominator is a power of two."""
    return exponent.denominator & (exponent.denominator - 1) == 0


def power(base: Term, exponent: Fraction) -> Term:
    """A power with a rational exponent; see the top of this module for the base.

    >>> power(real("x"), Fraction(3, 4)), power(real("x"), Fraction(2, 3))
    (sqrt(sqrt(x))**3, exp(2/3*log(x)))
    """
    if not _by_roots(exponent):
        return exp(num(exponent) * log(base))
    for _ in range(exponent.denominator.bit_length() - 1):
        base = sqrt(base)
    plain = exponent.denominator > 1 and exponent.numerator == 1
    return base if plain else base ** num(exponent.numerator)


def power_of(term: Term) -> tuple[Term, Fraction] | None:
    """The base t and the exponent c of ``exp(c*log(t))``, None for other terms.

    >>> power_of(power(real("x"), Fraction(-2, 3)))
    (x, Fraction(-2, 3))
    """
    inside = term.args[0] if term.head == "exp" else None
    exponent = Fraction(1)
    while inside is not None and inside.head != "log":
        if inside.head not in ("neg", "*", "/"):
            return None
        rest = inside.args[-1]
        number = Fraction(-1) if inside.head == "neg" else evaluate(inside.args[0], {})
        if (number is None or inside.head == "/") and inside.head != "neg":
            number, rest = evaluate(inside.args[1], {}), inside.args[0]
        if not number:
            return None
        exponent = exponent / number if inside.head == "/" else exponent * number
        inside = rest
    return None if inside is None else (inside.args[0], exponent)


def _constant(node: _Node) -> Fraction | None:
    """The value of a small term without variables, None for any other term."""
    return evaluate(node.term, {}) if node.size <= 50 else None


def parse_claim(text: str) -> tuple[Term, ...]:
    """The relations of a claim, as the author wrote them; a chain gives several.

    Raises `ClaimError` with the place of the trouble.

    >>> parse_claim("eta*D - 0.5*eta**2 >= 1e-1")
    (eta*D - 1/2*eta**2 >= 1/10,)
    """
    return _Parser(text).claim()


def parse_expression(text: str) -> Term:
    """The term of an expression without a relation; raises `ClaimError`.

    >>> parse_expression("max(x, 1, y)**2")
    max(x, max(1, y))**2
    """
    return _Parser(text).expression()


def show_claim(term: Term) -> str:
    """A relation or a term in the language of claims (the kernel writes ``=`` for ``==``).

    >>> show_claim(parse_claim("x == 1")[0])
    'x == 1'
    """
    if term.head != "=":
        return _with_branches(repr(term))
    left, right = term.args
    return _with_branches(f"{left!r} == {right!r}")


def _with_branches(text: str) -> str:
    """The text with the branch of each lambertw, which the kernel does not write."""
    start = text.find("lambertw(") + len("lambertw(")
    if start < len("lambertw("):
        return text
    end, open_ = start, 1
    while open_:
        open_ += {"(": 1, ")": -1}.get(text[end], 0)
        end += 1
    inside = _with_branches(text[start : end - 1])
    return f"{text[:start]}{inside}, -1){_with_branches(text[end:])}"


# Exact values --------------------------------------------------------------------------

_MOST_BITS = 100_000


def evaluate(term: Term, values: Mapping[Term, Fraction]) -> Fraction | None:
    """The exact value of a scalar term at a rational point, or None.

    None where the term is undefined there, has no rational value that the grammar of
    rationals can show (``sqrt(2)``, ``exp(1)``), or is too large to write down.

    >>> x = real("x")
    >>> evaluate(absolute(x) / 3, {x: Fraction(-1, 2)})
    Fraction(1, 6)
    >>> evaluate(1 / x, {x: Fraction(0)}) is None
    True
    """
    return _evaluate(term, values, {})


def _evaluate(
    term: Term, values: Mapping[Term, Fraction], memo: dict[Term, Fraction | None]
) -> Fraction | None:
    if term.kind == "num":
        return Fraction(term.head)
    if term in values:
        return values[term]
    if term.kind != "app" or term.head not in _EXACT:
        return None
    if term not in memo:
        arguments = [_evaluate(a, values, memo) for a in term.args]
        known = [a for a in arguments if a is not None]
        memo[term] = _EXACT[term.head](*known) if len(known) == len(arguments) else None
    return memo[term]


def _bits(value: Fraction) -> int:
    return value.numerator.bit_length() + value.denominator.bit_length()


def _times(a: Fraction, b: Fraction) -> Fraction | None:
    return a * b if _bits(a) + _bits(b) <= _MOST_BITS else None


def _raised(base: Fraction, exponent: Fraction) -> Fraction | None:
    if (not base and exponent < 0) or _bits(base) * abs(exponent) > _MOST_BITS:
        return None
    return Fraction(base ** int(exponent))


def _root(value: Fraction) -> Fraction | None:
    if value < 0:
        return None
    top, bottom = math.isqrt(value.numerator), math.isqrt(value.denominator)
    exact = top * top == value.numerator and bottom * bottom == value.denominator
    return Fraction(top, bottom) if exact else None


def _only(at: int, value: int) -> Callable[[Fraction], Fraction | None]:
    """A function known at one rational point only."""
    return lambda x: Fraction(value) if x == at else None


_EXACT: Mapping[str, Callable[..., Fraction | None]] = {
    "+": lambda a, b: a + b,
    "-": lambda a, b: a - b,
    "neg": lambda a: -a,
    "*": _times,
    "/": lambda a, b: _times(a, 1 / b) if b else None,
    "^": _raised,
    "abs": abs,
    "max": max,
    "min": min,
    "sqrt": _root,
    "exp": _only(0, 1),
    "log": _only(1, 0),
    "sin": _only(0, 0),
    "cos": _only(0, 1),
}


# SymPy ---------------------------------------------------------------------------------


def _sympy() -> Any:
    return importlib.import_module("sympy")


def from_sympy(expression: Any) -> Term:
    """The term or relation of a SymPy expression with exact numbers.

    Symbols become real variables of the same name.  What SymPy already simplified under
    assumptions on its symbols is taken as it stands.  Raises `ClaimError` for floating
    numbers, for truth values (SymPy decides some relations by itself), for two symbols
    of one name, and for everything that the language of claims does not have.

    >>> import sympy
    >>> x = sympy.Symbol("x")
    >>> from_sympy(x**2 / 2 <= sympy.sqrt(x))
    x**2/2 <= sqrt(x)
    """
    sympy = _sympy()
    expression = sympy.Integer(expression) if isinstance(expression, int) else expression
    if not isinstance(expression, sympy.Basic):
        raise ClaimError(f"not a SymPy expression: {type(expression).__name__}")
    try:
        symbols = expression.free_symbols
        if len({s.name for s in symbols}) < len(symbols):
            raise ClaimError("two different symbols have the same name")
        return _from(sympy, expression)
    except RecursionError:
        raise ClaimError("the expression is nested too deeply") from None
    except KernelError as error:
        raise ClaimError(str(error)) from error


_FROM_RELATION = {
    "Equality": "=",
    "Unequality": "!=",
    "LessThan": "<=",
    "StrictLessThan": "<",
    "GreaterThan": ">=",
    "StrictGreaterThan": ">",
}


def _from(sympy: Any, e: Any) -> Term:
    name = type(e).__name__
    if e.is_Rational:
        if max(abs(e.p), e.q).bit_length() > 4 * MOST_DIGITS:
            raise ClaimError(f"a number has at most {MOST_DIGITS} digits")
        return num(Fraction(int(e.p), int(e.q)))
    if e.is_Float:
        raise ClaimError(f"the floating number {e} is not exact: use Rational")
    if e.is_Symbol:
        return _from_symbol(sympy, e)
    if name in _FROM_RELATION:
        return app(_FROM_RELATION[name], _from(sympy, e.lhs), _from(sympy, e.rhs))
    if e in (sympy.pi, sympy.E):
        return PI if e == sympy.pi else exp(1)
    if e.is_Add:
        return _from_sum(sympy, e)
    if e.is_Mul:
        return _from_product(sympy, e)
    if e.is_Pow:
        return _from_power(sympy, e.base, e.exp)
    return _from_function(sympy, e)


def _from_symbol(sympy: Any, symbol: Any) -> Term:
    name = symbol.name
    if isinstance(symbol, sympy.Dummy):
        raise ClaimError(f"the dummy symbol {name} has no name of its own")
    if not name.isidentifier() or name in FUNCTIONS or name == "pi":
        raise ClaimError(f"{name!r} cannot be the name of a variable")
    return real(name)


def _from_sum(sympy: Any, e: Any) -> Term:
    first, *rest = e.as_ordered_terms()
    result = _from(sympy, first)
    for part in rest:
        negative = part.could_extract_minus_sign()
        result = result - _from(sympy, -part) if negative else result + _from(sympy, part)
    return result


def _from_product(sympy: Any, e: Any) -> Term:
    if e.args[0].is_Rational and e.args[0] == -1:
        return -_from(sympy, e._new_rawargs(*e.args[1:]))
    above, below = [], []
    for factor in e.args:
        base, exponent = factor.as_base_exp()
        if factor.is_Rational and not factor.is_Integer:
            if abs(factor.p) != 1 or factor.p < 0:
                above.append(sympy.Integer(factor.p))
            below.append(sympy.Integer(factor.q))
        elif exponent.is_Rational and exponent < 0 and base != sympy.E:
            below.append(base**-exponent)
        else:
            above.append(factor)
    top = _multiply([_from(sympy, f) for f in above])
    return top / _multiply([_from(sympy, f) for f in below]) if below else top


def _multiply(factors: Sequence[Term]) -> Term:
    result = factors[0] if factors else num(1)
    for factor in factors[1:]:
        result = result * factor
    return result


def _from_power(sympy: Any, base: Any, exponent: Any) -> Term:
    if base == sympy.E:
        return exp(_from(sympy, exponent))
    if not exponent.is_Rational:
        return exp(_from(sympy, exponent) * log(_from(sympy, base)))
    if not _raises(Fraction(int(exponent.p), int(exponent.q))):
        raise ClaimError(f"an exponent is at most {HIGHEST_EXPONENT}")
    if exponent < 0:
        return 1 / _from_power(sympy, base, -exponent)
    inner = _from(sympy, base)
    return inner if exponent == 1 else power(inner, Fraction(int(exponent.p), int(exponent.q)))


def _from_function(sympy: Any, e: Any) -> Term:
    name = {"Abs": "abs", "Max": "max", "Min": "min"}.get(type(e).__name__, type(e).__name__)
    if name == "LambertW":
        if len(e.args) != 2 or e.args[1] != -1:
            raise ClaimError("of LambertW there is the branch -1 only: LambertW(x, -1)")
        return lambertw(_from(sympy, e.args[0]))
    if name in _UNARY and len(e.args) == 1:
        return _UNARY[name](_from(sympy, e.args[0]))
    if name in _VARIADIC and len(e.args) >= 2:
        # SymPy keeps the arguments in a set: sorted, so that equal input gives equal terms.
        terms = [_from(sympy, a) for a in sorted(e.args, key=sympy.default_sort_key)]
        result = terms[-1]
        for term in reversed(terms[:-1]):
            result = _VARIADIC[name](term, result)
        return result
    raise ClaimError(f"the language of claims has no {type(e).__name__}")


def to_sympy(term: Term) -> Any:
    """The SymPy expression of a scalar term or relation; variables become real symbols.

    SymPy may rearrange it, or decide a relation.  Raises `ClaimError` for functions,
    sums and quantifiers.

    >>> to_sympy(parse_expression("x/2 + x"))
    3*x/2
    """
    sympy = _sympy()
    if term.kind == "num":
        return sympy.Rational(term.head.numerator, term.head.denominator)
    if term.kind == "var" and term.sort in ("R", "N"):
        return sympy.Symbol(term.head, real=True)
    if term.kind == "app" and isinstance(term.head, str):
        arguments = [to_sympy(a) for a in term.args]
        if term.head in _ARITHMETIC:
            return _ARITHMETIC[term.head](*arguments)
        if term.head == "lambertw":
            return sympy.LambertW(*arguments, -1)
        name = _TO_SYMPY.get(term.head)
        if name is not None:
            made = getattr(sympy, name)
            return made(*arguments) if arguments else made
    raise ClaimError(f"not a scalar expression: {term!r}")


_ARITHMETIC: Mapping[str, Callable[..., Any]] = {
    "+": lambda a, b: a + b,
    "-": lambda a, b: a - b,
    "*": lambda a, b: a * b,
    "/": lambda a, b: a / b,
    "^": lambda a, b: a**b,
    "neg": lambda a: -a,
}
_TO_SYMPY = {
    **{name: name for name in ("exp", "log", "sqrt", "sin", "cos", "pi")},
    "abs": "Abs",
    "max": "Max",
    "min": "Min",
    "=": "Eq",
    "!=": "Ne",
    "<=": "Le",
    "<": "Lt",
    ">=": "Ge",
    ">": "Gt",
}


def relation_terms(claim: str | Term) -> tuple[Term, ...]:
    """The relations of a claim given as text or as a term; raises `ClaimError`."""
    if isinstance(claim, str):
        return parse_claim(claim)
    if not isinstance(claim, Term):
        raise ClaimError(f"a claim is text or a term, not {type(claim).__name__}")
    if _depth(claim) > 2 * DEEPEST_TERM:
        raise ClaimError(f"more than {2 * DEEPEST_TERM} levels of nesting")
    if claim.head == "and":
        return (*relation_terms(claim.args[0]), *relation_terms(claim.args[1]))
    if claim.head not in RELATIONS or claim.loose:
        raise ClaimError("a claim needs a relation: <= < >= > == !=")
    return (claim,)


def _depth(term: Term) -> int:
    """How deep a term is nested, as far as it matters; without recursion."""
    depth, level = 0, {term}
    while level and depth <= 2 * DEEPEST_TERM:
        depth, level = depth + 1, {a for t in level for a in t.args}
    return depth
