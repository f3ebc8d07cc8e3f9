"""Terms in LaTeX: arithmetic, functions, sums, and templates for the symbols of a theory."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from derivations.kernel.terms import Definition, Term, app, beta, free_variables, num, var
from derivations.render.latex.rows import width
from derivations.render.latex.structure import is_call, reduced
from derivations.render.latex.symbols import (
    PRIME,
    Level,
    Printed,
    Symbol,
    bracket,
    enclose,
    modulus,
    named,
    symbol,
    tall,
)


@dataclass(frozen=True)
class Printer:
    """Prints terms; knows which symbols are taken and what an expectation leaves unsaid.

    Inside an expectation at `point`, the argument `response` of a random variable is not
    printed, nor the point.  `slash`: fractions in a line, for exponents and within fractions.
    """

    taken: frozenset[str] = frozenset()
    response: Term | None = None
    point: tuple[Term, ...] = ()
    slash: bool = False

    def knowing(self, *formulas: Term) -> Printer:
        """The same, aware of the free variables: no bound variable is to look like one."""
        names = {symbol(v.head).text for f in formulas for v in free_variables(f)}
        return replace(self, taken=self.taken | names)

    def text(self, term: Term) -> str:
        """The LaTeX of a term."""
        return self.show(term).text

    def show(self, term: Term) -> Printed:
        """The LaTeX of a term, and how tightly it binds."""
        if term.kind == "num":
            return self._number(term)
        if term.kind == "var":
            return symbol(term.head).printed
        if term.kind == "bound":
            return Printed(rf"\bullet_{{{term.head}}}")
        if term.kind == "lam":
            return Printed(self.function(term), 0)
        if isinstance(term.head, Definition):
            return TEMPLATES.get(term.head.name, operator)(self, term)
        return self.call(term) if isinstance(term.head, Term) else BUILTIN[term.head](self, term)

    def inline(self) -> Printer:
        """The same with fractions in a line."""
        return replace(self, slash=True)

    def _number(self, term: Term) -> Printed:
        value, minus = abs(term.head), term.head < 0
        sign = "-" if minus else ""
        if value.denominator == 1:
            return Printed(f"{sign}{value}", Level.PRODUCT if minus else Level.ATOM, minus)
        if self.slash:
            return Printed(f"{sign}{value}", Level.SLASH, minus)
        text = rf"{sign}\frac{{{value.numerator}}}{{{value.denominator}}}"
        return Printed(text, Level.PRODUCT if minus else Level.FRACTION, minus)

    def opened(self, function_: Term) -> tuple[tuple[Term, ...], Term, Printer]:
        """Variables for those that a lambda term binds, its body, and the printer inside.

        No two names in scope look alike.
        """
        inside, chosen = self.knowing(function_), []
        for hint, sort in zip(function_.head, function_.sort[0], strict=True):
            name = str.__str__(hint).rstrip(f"_{PRIME}") or "x"
            while symbol(name).text in inside.taken:
                name += PRIME
            chosen.append(var(name, sort))
            inside = inside.knowing(chosen[-1])
        return tuple(chosen), beta(function_, chosen), inside

    def function(self, function_: Term) -> str:
        r"""A function: its name if it has one, else ``x \mapsto ...``."""
        name = reduced(function_)
        if name is not None:
            head, prefix = name
            return symbol(head.head).sub(*map(self.inline().text, prefix)).text
        variables, body, inside = self.opened(function_)
        if body.kind == "num":
            return inside.text(body)
        names = ",".join(map(inside.text, variables))
        return rf"{names if len(variables) == 1 else f'({names})'} \mapsto {inside.text(body)}"

    def call(self, term: Term, name: Symbol | None = None) -> Printed:
        """A function variable applied: indices below, points and responses in brackets."""
        head, args = term.head, term.args
        indices: Sequence[Term]
        inside: Sequence[Term]
        name = name or symbol(str(head.head))
        if self.response is not None and self.response in args:
            others = tuple(a for a in args if a != self.response)
            indices, inside = (() if others == self.point else others), ()
        else:
            indices, inside = _arguments(head, args)
        name = name.sub(*map(self.inline().text, indices))
        shown = name.printed
        if inside:
            shown = Printed(name.text + bracket(",".join(map(self.text, inside))))
        # A logarithm in front draws in whatever follows.
        return Printed(shown.text, Level.FRACTION, open=True) if r"\log" in name.base else shown


_RESPONSE = re.compile(r"[rlfgXYZ]\d*")


def _arguments(head: Term, args: Sequence[Term]) -> tuple[Sequence[Term], Sequence[Term]]:
    """Which arguments of a function are indices, and which are written in brackets."""
    sorts = head.sort[0]
    if head.head == "S" and len(args) == 2:  # coordinate j of the score of response i
        return args[1:], args[:1]
    if len(args) == 1:
        # Both the weight of a response and a coordinate of the direction are called w.
        response = args[0].kind == "var" and re.fullmatch(rf"i\d*{PRIME}*", args[0].head)
        weight = head.head == "w" and response
        if sorts[0] != "N" or weight or _RESPONSE.fullmatch(str(head.head)):
            return (), args
        return args, ()
    if sorts[-1] == "N" and "R" in sorts:
        return args[:-1], args[-1:]
    places = [(s == "N", a) for s, a in zip(sorts, args, strict=True)]
    return [a for n, a in places if n], [a for n, a in places if not n]


def _addition(printer: Printer, term: Term) -> Printed:
    left, right = (printer.show(a).at_least(Level.SUM) for a in term.args)
    # x + (-y) is x - y.
    sign, text = ("-", right.text.removeprefix("-")) if right.minus else ("+", right.text)
    return Printed(f"{left.text} {sign} {text}", Level.SUM, left.minus, right.open)


def _difference(printer: Printer, term: Term) -> Printed:
    left, right = (printer.show(a) for a in term.args)
    left, right = left.at_least(Level.SUM), unsigned(right, Level.SLASH)
    return Printed(f"{left.text} - {right.text}", Level.SUM, left.minus, right.open)


def unsigned(shown: Printed, level: int) -> Printed:
    """The same, in brackets if it binds less than `level` or starts with a sign."""
    return shown.bracketed() if shown.minus else shown.at_least(level)


def _factor(shown: Printed) -> Printed:
    """The same as the first of several factors."""
    return shown.bracketed() if shown.open else shown.at_least(Level.PRODUCT)


def _product(printer: Printer, term: Term) -> Printed:
    left, right = (printer.show(a) for a in term.args)
    left, right = _factor(left), unsigned(right, Level.PRODUCT)
    text = f"{left.text}{_between(left.text, right.text)}{right.text}"
    return Printed(text, Level.PRODUCT, left.minus, right.open)


def _between(left: str, right: str) -> str:
    """What separates two factors: a dot before a digit, where none would join numbers."""
    mixed = re.match(r"\\frac\{\d", right) and re.search(r"[\d]$", left)
    if right[0].isdigit() or mixed:
        return r" \cdot "
    if re.match(r"(\\left|\\bigl)?\(", right) and not re.search(r"[\d)]$", left):
        return r" \, "
    return " "


def _quotient(printer: Printer, term: Term) -> Printed:
    above, below = term.args
    if above.head == "neg":
        return _negation(printer, app("neg", app("/", above.args[0], below)))
    if printer.slash:
        left = _factor(printer.show(above))
        # A fraction of numbers in a row must not look like the next one's part.
        right = unsigned(printer.show(below), Level.POWER)
        return Printed(f"{left.text}/{right.text}", Level.SLASH, left.minus)
    top = printer.inline().show(above)
    minus = top.minus and top.level > Level.SUM
    text = top.text.removeprefix("-") if minus else top.text
    text = rf"\frac{{{text}}}{{{printer.inline().text(below)}}}"
    return Printed("-" * minus + text, Level.PRODUCT if minus else Level.FRACTION, minus)


def _negation(printer: Printer, term: Term) -> Printed:
    inner = unsigned(printer.show(term.args[0]), Level.SLASH)
    return Printed(f"-{inner.text}", min(inner.level, Level.PRODUCT), True, inner.open)


def _power(printer: Printer, term: Term) -> Printed:
    base = printer.show(term.args[0])
    return Printed(f"{base.at_least(Level.ATOM).text}^{{{term.args[1].head}}}", Level.POWER)


def _exponential(printer: Printer, term: Term) -> Printed:
    inner = term.args[0]
    if is_call(inner, "lp"):
        return printer.call(inner, Symbol(r"\pi"))
    raised = printer.inline().text(inner)
    if tall(raised) or width(raised) > 24:
        return Printed(rf"\exp{bracket(printer.text(inner))}")
    # Large brackets are too large up there.
    raised = re.sub(r"\\big[lr]", "", raised)
    return Printed(f"e^{{{raised}}}", Level.POWER)


def _elementary(name: str) -> Callable[[Printer, Term], Printed]:
    def show(printer: Printer, term: Term) -> Printed:
        inner = printer.show(term.args[0])
        if inner.level < Level.ATOM and not inner.text.startswith((r"\frac", r"\sum")):
            return Printed(rf"\{name}{bracket(inner.text)}")
        space = "" if inner.text.startswith("\\") else " "
        return Printed(rf"\{name}{space}{inner.text}", Level.FRACTION, open=True)

    return show


def _largest(name: str) -> Callable[[Printer, Term], Printed]:
    def show(printer: Printer, term: Term) -> Printed:
        a, b = term.args
        if name == "max" and b == num(0):
            return Printed(enclose("[", printer.text(a), "]") + "_{+}")
        inside = f"{printer.text(a)}, {printer.text(b)}"
        return Printed(rf"\{name}" + enclose(r"\{", inside, r"\}"))

    return show


def _repeated(sign: str) -> Callable[[Printer, Term], Printed]:
    def show(printer: Printer, term: Term) -> Printed:
        (index,), body, inside = printer.opened(term.args[1])
        shown = inside.show(body)
        text = unsigned(shown, Level.PRODUCT).text
        limit = f"{inside.text(index)} < {printer.inline().text(term.args[0])}"
        return Printed(rf"\{sign}_{{{limit}}} {text}", Level.FRACTION, open=True)

    return show


Show = Callable[[Printer, Term], Printed]
BUILTIN: dict[str, Show] = {
    "+": _addition,
    "-": _difference,
    "*": _product,
    "/": _quotient,
    "^": _power,
    "neg": _negation,
    "exp": _exponential,
    "log": _elementary("log"),
    "sin": _elementary("sin"),
    "cos": _elementary("cos"),
    "sqrt": lambda printer, term: Printed(rf"\sqrt{{{printer.text(term.args[0])}}}", Level.POWER),
    "abs": lambda printer, term: Printed(modulus(printer.text(term.args[0]))),
    "max": _largest("max"),
    "min": _largest("min"),
    "pi": lambda printer, term: Printed(r"\pi"),
    "lambertw": lambda printer, term: Printed(
        "W_{-1}" + enclose("(", printer.text(term.args[0]), ")")
    ),
    "Sum": _repeated("sum"),
    "Prod": _repeated("prod"),
}
"""How the symbols of the kernel are printed."""

TEMPLATES: dict[str, Show] = {}
"""How defined symbols are printed, by name."""


def template(name: str, pattern: str | Show) -> None:
    r"""Say how a defined symbol is printed: a pattern with ``#1``, ``#2``, ... for its arguments.

    A function of the printer and the term serves where a pattern does not suffice.

    >>> from derivations.kernel.terms import lam, real
    >>> x, y = real("x"), real("y")
    >>> loss = Definition("doc_loss", lam((x, y), x - y))
    >>> term_latex(loss(x, 2))
    '\\operatorname{doc\\,loss}(x, 2)'
    >>> template("doc_loss", r"\mathcal{L}_{#2}(#1)")
    >>> term_latex(loss(x, 2))
    '\\mathcal{L}_{2}(x)'
    """
    TEMPLATES[name] = _filled(pattern) if isinstance(pattern, str) else pattern


def _filled(pattern: str) -> Show:
    def show(printer: Printer, term: Term) -> Printed:
        return Printed(re.sub(r"#(\d)", lambda m: printer.text(term.args[int(m[1]) - 1]), pattern))

    return show


def operator(printer: Printer, term: Term) -> Printed:
    """A definition that nobody gave a template."""
    name = term.head.name
    words = name.replace("_", r"\,")
    shown = symbol(name).text if named(name) else rf"\operatorname{{{words}}}"
    return Printed(shown + bracket(", ".join(map(printer.text, term.args))))


def term_latex(term: Term) -> str:
    r"""The LaTeX of a term, for use in mathematics.

    >>> from derivations.kernel.terms import real, exp, maximum
    >>> x, eta = real("x"), real("eta")
    >>> print(term_latex((x - (1 - eta)) / 2 <= maximum(x, 0) * exp(-eta / 2)))
    \frac{x - (1 - \eta)}{2} \le [x]_{+} e^{-\eta/2}
    """
    return Printer().knowing(term).text(term)
