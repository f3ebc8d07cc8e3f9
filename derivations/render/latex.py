r"""Terms, statements and proofs in LaTeX, in the notation of the paper.

Terms are printed from their own structure, so the author's orientation stays: ``a - (b - c)``
is not rearranged, ``2 > x`` is not turned round.  Everything printed is understood by LaTeX
with amsmath and by MathJax and KaTeX.

The only liberties, none of which changes a value: ``(-a)*b`` prints like ``-(a*b)``, premises
of a range are folded into the quantifier, and a conjunction of two comparisons that meet in
the middle prints as a chain.  A symbol of the theory is printed by the template of its
definition; `template` adds one, and a definition without one prints as an operator.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache, reduce
from typing import TYPE_CHECKING, Any, NamedTuple, cast

from derivations.kernel.terms import (
    RELATIONS,
    Definition,
    Term,
    app,
    beta,
    derivative,
    eq,
    free_variables,
    function,
    is_function,
    num,
    var,
)

if TYPE_CHECKING:
    from derivations.library import ProofStep, Statement

# How tightly printed mathematics binds.  A slash fraction binds less than juxtaposition.
IMPLIES, OR, AND, RELATION, SUM, SLASH, PRODUCT, FRACTION, POWER, ATOM = range(1, 11)


class Printed(NamedTuple):
    """Printed mathematics, and what decides where it needs brackets.

    `minus`: it starts with a sign; `open`: what follows on the right would be drawn into it
    (a sum, a logarithm without brackets).
    """

    text: str
    level: int = ATOM
    minus: bool = False
    open: bool = False


# Names ---------------------------------------------------------------------------------------

_GREEK = frozenset(
    re.findall(
        r"\w+",
        "alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi pi rho sigma tau "
        "upsilon phi chi psi omega Gamma Delta Theta Lambda Xi Pi Sigma Upsilon Phi Psi Omega",
    )
)
_SPECIAL = {
    "lp": r"\log\pi",
    "dmu": r"\Delta\mu",
    "Dmu": r"\Delta\mu",
    "ell": r"\ell",
    "lam": r"\lambda",
    "eps": r"\varepsilon",
    "epsilon": r"\varepsilon",
    "phi": r"\varphi",
    "plus": "+",
    "minus": "-",
    "min": r"\min",
    "max": r"\max",
}
_PRIME = "\N{MODIFIER LETTER PRIME}"


@dataclass(frozen=True)
class Symbol:
    """A letter with its subscripts and superscript."""

    base: str
    below: tuple[str, ...] = ()
    above: str = ""

    def sub(self, *below: str) -> Symbol:
        """The symbol with further subscripts."""
        return replace(self, below=(*self.below, *below))

    @property
    def text(self) -> str:
        """The symbol in LaTeX."""
        below = f"_{{{','.join(self.below)}}}" if self.below else ""
        return self.base + below + (f"^{{{self.above}}}" if self.above else "")

    @property
    def printed(self) -> Printed:
        """The symbol as a term; one with a superscript needs brackets under a power."""
        return Printed(self.text, POWER if self.above else ATOM)


@cache
def symbol(name: str) -> Symbol:
    r"""How a name is written.

    >>> [symbol(name).text for name in ("eta", "G_o", "x12", "J_star", "dmu", "rate")]
    ['\\eta', 'G_{o}', 'x_{12}', 'J^{*}', '\\Delta\\mu', '\\mathit{rate}']
    """
    plain = name.rstrip(_PRIME)
    above = r"\prime" * (len(name) - len(plain))
    if plain == "Delta_mu":
        return Symbol(r"\Delta\mu", (), above)
    first, *rest = plain.split("_")
    letters = first.rstrip("0123456789")
    below = [first[len(letters) :], *rest]
    above = ("*" if "star" in below else "") + above
    return Symbol(
        _letters(letters, r"\mathit"),
        tuple(_letters(b, r"\mathrm") for b in below if b and b != "star"),
        above,
    )


def _letters(name: str, style: str) -> str:
    if name in _SPECIAL:
        return _SPECIAL[name]
    if name in _GREEK:
        return f"\\{name}"
    return name if len(name) == 1 or name.isdigit() else f"{style}{{{name}}}"


# Sizes and brackets --------------------------------------------------------------------------

_TALL = re.compile(r"\\(frac|sum|left|Bigl|begin)(?![A-Za-z])")


def _tall(text: str) -> bool:
    return bool(_TALL.search(text))


def _enclose(left: str, text: str, right: str) -> str:
    """Brackets of the size that what stands between them needs."""
    if _tall(text):
        return rf"\left{left}{text}\right{right}"
    if re.search(r"[(\[]|vert|\\\{", text):
        return rf"\bigl{left}{text}\bigr{right}"
    return f"{left}{text}{right}"


def _bracket(text: str) -> str:
    return _enclose("(", text, ")")


def width(text: str) -> int:
    r"""About how many characters wide the LaTeX prints.

    >>> width(r"\frac{a + b}{2}"), width(r"\eta_{k} \le 1")
    (4, 6)
    """
    text = re.sub(r"\\begin\{cases\}(.*?)\\end\{cases\}", _widest_case, text)
    text = re.sub(
        r"\\(left|right|[bB]igg?[lr]?|mathbb|mathrm|operatorname|text)(?![A-Za-z])", "", text
    )
    text = re.sub(r"\\(log|exp|max|min|sin|cos)(?![A-Za-z])", "log", text)
    text = re.sub(r"\\frac(?![A-Za-z])", "\0", text)
    # Relations and signs have space around them.
    text = re.sub(r"\\(le|ge|ne|in|Rightarrow|land|lor)(?![A-Za-z])|[=<>]", "mmm", text)
    text = re.sub(r"(?<=[^{(]) [-+] ", "mm", text)
    text = re.sub(r"\\[A-Za-z]+|\\.", "m", text).replace(" ", "").replace("&", "")
    before = ""
    while before != text:
        before = text
        text = re.sub("\0{([^{}\0]*)}{([^{}\0]*)}", lambda m: max(m.groups(), key=len), text)
        text = re.sub(r"(?<!})\{([^{}\0]*)\}(?!\{)", r"\1", text)
    return len(re.sub(r"[\0{}_^]", "", text))


def _widest_case(cases: re.Match[str]) -> str:
    return max(cases[1].split(r"\\"), key=len) + "mmm"


# Formulas taken apart ------------------------------------------------------------------------


def conjuncts(formula: Term) -> list[Term]:
    """The parts of a conjunction."""
    if formula.head != "and":
        return [formula]
    return [part for side in formula.args for part in conjuncts(side)]


def _names(*formulas: Term) -> frozenset[str]:
    """The names of the free variables: no bound variable is to look like one of them."""
    return frozenset(v.head for f in formulas for v in free_variables(f))


@dataclass(frozen=True)
class Peeled:
    """A formula without its outer quantifiers and premises, and these in LaTeX."""

    ranges: tuple[str, ...]
    premises: tuple[Term, ...]
    body: Term
    printer: Printer
    line: ConcreteLine | None = None


@dataclass
class _Range:
    """What the premises say about a quantified variable: between `low` and `high`."""

    variable: Term
    low: tuple[str, Term] | None = None
    high: tuple[str, Term] | None = None

    def take(self, formula: Term, later: Collection[Term]) -> bool:
        """Whether the formula is a bound on the variable, which then is remembered."""
        if formula.head not in ("<", "<=", ">", ">="):
            return False
        a, b = formula.args if formula.head in ("<", "<=") else reversed(formula.args)
        sign = formula.head.replace(">", "<")
        bound = a if b == self.variable else b
        if self.variable not in (a, b) or free_variables(bound) & {*later, self.variable}:
            return False
        if b == self.variable and self.low is None:
            self.low = (sign, a)
            return True
        if a == self.variable and self.high is None:
            self.high = (sign, b)
            return True
        return False

    def latex(self, printer: Printer) -> str:
        """The range as it stands behind a quantifier."""
        printer = printer.inline()
        name = printer.text(self.variable)
        low = f"{printer.text(self.low[1])} {_SIGNS[self.low[0]]} " if self.low else ""
        high = f" {_SIGNS[self.high[0]]} {printer.text(self.high[1])}" if self.high else ""
        if self.variable.sort == "R" and self.low and self.high:
            left = "[" if self.low[0] == "<=" else "("
            right = "]" if self.high[0] == "<=" else ")"
            inside = f"{printer.text(self.low[1])},{printer.text(self.high[1])}"
            return rf"{name} \in {left}{inside}{right}"
        if self.low and not self.high:
            return f"{name} {_TURNED[self.low[0]]} {printer.text(self.low[1])}"
        if not self.high:
            return rf"{name} \in \mathbb{{{self.variable.sort}}}"
        return f"{low}{name}{high}"


def peel(printer: Printer, formula: Term) -> Peeled:
    """Take the outer quantifiers and premises off a formula."""
    printer = replace(printer, taken=printer.taken | _names(formula))
    ranges: list[str] = []
    premises: list[Term] = []
    while formula.head in ("forall", "imp"):
        variables: Sequence[Term] = ()
        if formula.head == "forall":
            variables, formula, printer = printer.opened(formula.args[0])
        fresh: list[Term] = []
        while formula.head == "imp":
            fresh.extend(conjuncts(formula.args[0]))
            formula = formula.args[1]
        found, rest = _take_ranges(variables, fresh)
        ranges.extend(r.latex(printer) for r in found)
        premises.extend(rest)
    line = None if printer.line else ConcreteLine.among([formula])
    if line is not None:
        printer = replace(printer, line=line)
    return Peeled(_grouped(ranges), tuple(premises), formula, printer, line)


_WHERE = r"\text{where $\pi$ is the policy with}"


def peeled_rows(found: Peeled) -> tuple[Row, ...]:
    """The body of a formula as rows; after them what defines the policy it is about."""
    rows = chained(found.printer, conjuncts(found.body))
    if found.line is not None:
        rows += [Row(_WHERE, level=ATOM), *found.line.rows()]
    return tuple(rows)


def _take_ranges(
    variables: Sequence[Term], formulas: Iterable[Term]
) -> tuple[list[_Range], list[Term]]:
    found, rest = [_Range(v) for v in variables], []
    for formula in formulas:
        taken = any(r.take(formula, variables[p:]) for p, r in enumerate(found))
        if not taken:
            rest.append(formula)
    return found, rest


def _grouped(ranges: Sequence[str]) -> tuple[str, ...]:
    """Join ``x in R`` and ``y in R`` to ``x, y in R``."""
    result: list[str] = []
    for text in ranges:
        _, where, domain = text.partition(r" \in \mathbb")
        if where and result and result[-1].endswith(where + domain):
            text = f"{result.pop().removesuffix(where + domain)}, {text}"
        result.append(text)
    return tuple(result)


# Explicit policies -----------------------------------------------------------------------------

_NAMES = ("lp", "s", "h")


@dataclass(frozen=True)
class ConcreteLine:
    """A policy or a run given by formulas: the arguments of the assumption about it."""

    count: Term
    reward: Term
    functions: tuple[Term, ...]
    steps: Term | None = None

    @classmethod
    def among(cls, formulas: Sequence[Term]) -> ConcreteLine | None:
        """The one explicit policy or run that formulas speak of, if there is exactly one."""
        found = {p for f in formulas for p in _explicit(f)}
        if len(found) != 1 or any(v.head in _NAMES for f in formulas for v in free_variables(f)):
            return None
        count, reward, *functions = found.pop().args
        return cls(count, reward, tuple(functions[:3]), *functions[3:])

    @property
    def sorts(self) -> tuple[str, ...]:
        """The argument sorts of the functions: point and response, and before them the step."""
        return cast(tuple[str, ...], self.functions[0].sort[0])

    def named(self, name: str) -> Term:
        """The usual name of one of the functions."""
        return function(name, *self.sorts)

    def name_of(self, function_: Term) -> tuple[Term, tuple[Term, ...]] | None:
        """The usual name of a function of this policy, and the first arguments it is taken at."""
        if self.steps is not None and function_ == self.steps:
            return function("eta", "N"), ()
        for name, pattern in zip(_NAMES, self.functions, strict=True):
            arguments = _first_arguments(pattern, function_)
            if arguments is not None:
                return self.named(name), arguments
        return None

    def aliased(self, term: Term) -> Term:
        """The term, or ``s(t, i)`` and the like where it is a value of this policy's functions."""
        for name, pattern in zip(("r", *_NAMES), (self.reward, *self.functions), strict=True):
            arguments = _first_arguments(pattern, term)
            if arguments is not None:
                return (_REWARD if name == "r" else self.named(name))(*arguments)
        return term

    def rows(self) -> list[Row]:
        """What defines the policy, for display.

        Of a score and a second derivative that are too long for a line it is only said that they
        are the derivatives: that the policy is one implies it.
        """
        for implied in ((), ("h",), ("s", "h")):
            equations = _abbreviated(self._equations(implied))
            if max(width(term_latex(e)) for e in equations) <= _LONGEST_DEFINITION:
                break
        return [_row(Printer(), e) for e in equations]

    def _equations(self, implied: Collection[str]) -> list[Term]:
        names = (var("k", "N"), var("t"), var("i", "N"))[-len(self.sorts) :]
        heads = [_REWARD, *map(self.named, _NAMES)]
        values = [self.reward, *self.functions]
        if self.steps is not None:
            heads, values = [*heads, function("eta", "N")], [*values, self.steps]
        equations = [eq(var("n", "N"), self.count)]
        for head, f in zip(heads, values, strict=True):
            # The step comes first and the response last.
            given = names[:1] if head.head == "eta" else names[-len(head.sort[0]) :]
            if head.head in implied:
                moving = self.named("lp" if head.head == "s" else "s")
                body = moving(*names[:-2], var("u"), names[-1])
                equations.append(derivative(var("u"), body, names[-2], head(*given)))
            else:
                equations.extend(_defining(head, f, given))
        return [e for e in equations if e.head != "=" or e.args[0] != e.args[1]]


_LONGEST_DEFINITION = 110


def _defining(head: Term, f: Term, names: tuple[Term, ...]) -> Iterator[Term]:
    """``head(names) = f(names)``; a value chosen by the response gives one for each."""
    value = beta(f, names)
    count = max((len(c.args) - 1 for c in _parts(value) if _chosen_by(c, names[-1])), default=0)
    for k in range(count):
        yield eq(head(*names[:-1], num(k)), _tidied(beta(f, (*names[:-1], num(k)))))
    if not count:
        yield eq(head(*names), value)


def _chosen_by(term: Term, index: Term) -> bool:
    chosen = isinstance(term.head, Definition) and _is_choice(term)
    return chosen and bool(term.args[0] == index)


def _tidied(term: Term) -> Term:
    """The term for known responses: choices made, short sums written out, zeros dropped."""
    if term.kind != "app":
        return term
    count, terms = term.args[0] if term.args else term, term.args[1:]
    if isinstance(term.head, Definition) and _is_choice(term) and count.kind == "num":
        return _tidied(terms[int(count.head)])
    if term.head == "Sum" and count.kind == "num" and 1 <= count.head <= 3:
        first, *rest = (_tidied(beta(terms[0], [num(k)])) for k in range(int(count.head)))
        return reduce(lambda a, b: app("+", a, b), rest, first)
    return _without_zeros(app(term.head, *map(_tidied, term.args)))


def _without_zeros(term: Term) -> Term:
    """The value of ``x + 0``, ``0*x``, ``exp(0)`` and the like."""
    zero = [a == num(0) for a in term.args]
    match term.head:
        case "*" if any(zero):
            return num(0)
        case "/" | "neg" if zero[0]:
            return num(0)
        case "exp" if zero[0]:
            return num(1)
        case "+" if any(zero):
            return cast(Term, term.args[1 if zero[0] else 0])
        case "+" if term.args[1].head == "neg":
            return app("-", term.args[0], term.args[1].args[0])
        case "-" if zero[1]:
            return cast(Term, term.args[0])
    return term


_LONG = 24


def _abbreviated(equations: list[Term]) -> list[Term]:
    """The equations with a letter for each long expression that keeps coming back."""
    free = {v.head for e in equations for v in free_variables(e)}
    for letter in (x for x in "xyz" if x not in free):
        counts = Counter(p for e in equations if e.head == "=" for p in _parts(e.args[1]))
        saved = {p: (n - 1) * width(term_latex(p)) for p, n in counts.items() if n > 2}
        saved = {p: w for p, w in saved.items() if w // (counts[p] - 1) > _LONG}
        if not saved:
            break
        worst, name = max(saved, key=lambda p: saved[p]), var(letter)
        shorter = [
            eq(e.args[0], _replaced(e.args[1], worst, name)) if e.head == "=" else e
            for e in equations
        ]
        equations = [*shorter, eq(name, worst)]
    return equations


def _parts(term: Term) -> Iterator[Term]:
    """The compound expressions in a term, outside of what it binds."""
    if term.kind == "app":
        yield term
        for argument in term.args:
            yield from _parts(argument)


def _replaced(term: Term, old: Term, new: Term) -> Term:
    if term == old:
        return new
    if term.kind != "app":
        return term
    return app(term.head, *(_replaced(a, old, new) for a in term.args))


def _explicit(term: Term) -> Iterator[Term]:
    """The assumptions ``policy(...)`` and ``run(...)`` in a formula that give formulas."""
    name = term.head.name if isinstance(term.head, Definition) else ""
    subject = name in ("policy", "run") and not term.loose
    if subject and any(Printer().reduced(f) is None for f in term.args[2:5]):
        yield term
    for argument in term.args:
        yield from _explicit(argument)


def _first_arguments(pattern: Term, term: Term) -> tuple[Term, ...] | None:
    """The arguments at which the pattern, a function, is the term.

    A term that is a function itself gives the arguments before its own.
    """
    sorts = pattern.sort[0]
    known = term.sort[0] if term.kind == "lam" else ()
    missing = len(sorts) - len(known)
    if missing < 0 or sorts[missing:] != known:
        return None
    # Names nobody can write, so that they meet no other variable.
    names = [var(f"x{_PRIME}{k}", sort) for k, sort in enumerate(sorts)]
    found: dict[Term, Term] = {}
    instance = beta(term, names[missing:]) if known else term
    body = beta(pattern, names)
    if body.kind != "app" or not _matches(body, instance, frozenset(names[:missing]), found):
        return None
    fits = all(found[v].sort in ("N", v.sort) for v in found)
    return tuple(found[v] for v in names[:missing]) if fits and len(found) == missing else None


def _matches(pattern: Term, term: Term, holes: Collection[Term], found: dict[Term, Term]) -> bool:
    """Whether the term is the pattern with terms for the holes, which are collected."""
    if pattern in holes:
        return not term.loose and found.setdefault(pattern, term) == term
    if pattern.kind != term.kind or pattern.head != term.head:
        return False
    if len(pattern.args) != len(term.args):
        return False
    pairs = zip(pattern.args, term.args, strict=True)
    return all(_matches(p, t, holes, found) for p, t in pairs)


# Terms ---------------------------------------------------------------------------------------

_REWARD = function("r", "N")
_SIGNS = {"=": "=", "<=": r"\le", "<": "<", ">=": r"\ge", ">": ">", "!=": r"\ne"}
_TURNED = {"<": ">", "<=": r"\ge"}
_RESPONSE = re.compile(r"[rlfgXYZ]\d*")


@dataclass(frozen=True)
class Printer:
    """Prints terms; knows which names are taken and what an expectation leaves unsaid.

    Inside an expectation at `point`, the argument `response` of a random variable is not
    printed, nor the point.  `slash`: fractions in a line, for exponents and within fractions.
    `line`: the explicit policy whose functions go by their usual names.
    """

    taken: frozenset[str] = frozenset()
    response: Term | None = None
    point: tuple[Term, ...] = ()
    slash: bool = False
    line: ConcreteLine | None = None

    def text(self, term: Term) -> str:
        """The LaTeX of a term."""
        return self.show(term).text

    def at_least(self, term: Term, level: int) -> str:
        """The LaTeX of a term, in brackets if it binds less than `level`."""
        shown = self.show(term)
        return shown.text if shown.level >= level else _bracket(shown.text)

    def show(self, term: Term) -> Printed:
        """The LaTeX of a term, and how tightly it binds."""
        term = self.aliased(term)
        if term.kind == "num":
            return self._number(term)
        if term.kind == "var":
            return symbol(term.head).printed
        if term.kind == "bound":
            return Printed(rf"\bullet_{{{term.head}}}")
        if term.kind == "lam":
            return Printed(self.function(term), 0)
        if isinstance(term.head, Definition):
            return _TEMPLATES.get(term.head.name, _operator)(self, term)
        if isinstance(term.head, Term):
            return self.call(term)
        return _BUILTIN[term.head](self, term)

    def aliased(self, term: Term) -> Term:
        """The term, under the name that the policy at hand has for it."""
        return self.line.aliased(term) if self.line and term.kind == "app" else term

    def inline(self) -> Printer:
        """The same with fractions in a line."""
        return replace(self, slash=True)

    def _number(self, term: Term) -> Printed:
        value = abs(term.head)
        minus = term.head < 0
        sign = "-" if minus else ""
        if value.denominator == 1:
            return Printed(f"{sign}{value}", PRODUCT if minus else ATOM, minus)
        if self.slash:
            return Printed(f"{sign}{value}", SLASH, minus)
        text = rf"{sign}\frac{{{value.numerator}}}{{{value.denominator}}}"
        return Printed(text, PRODUCT if minus else FRACTION, minus)

    def opened(self, function_: Term) -> tuple[tuple[Term, ...], Term, Printer]:
        """Names for the variables a lambda term binds, its body, and the printer inside."""
        taken = set(self.taken) | {v.head for v in free_variables(function_)}
        chosen = []
        for hint, sort in zip(function_.head, function_.sort[0], strict=True):
            name = str.__str__(hint)
            while name in taken:
                name += _PRIME
            taken.add(name)
            chosen.append(var(name, sort))
        names = self.taken | {v.head for v in chosen}
        return tuple(chosen), beta(function_, chosen), replace(self, taken=names)

    def function(self, function_: Term) -> str:
        r"""A function: its name if it has one, else ``x \mapsto ...``."""
        named = self.reduced(function_)
        if named is not None:
            head, prefix = named
            return symbol(head.head).sub(*(self.text(a) for a in prefix)).text
        variables, body, inside = self.opened(function_)
        if not free_variables(body) & set(variables) and not is_function(body.sort):
            return (
                inside.text(body) if body.kind == "num" else self._mapsto(variables, inside, body)
            )
        return self._mapsto(variables, inside, body)

    def _mapsto(self, variables: Sequence[Term], inside: Printer, body: Term) -> str:
        names = ",".join(inside.text(v) for v in variables)
        return rf"{names if len(variables) == 1 else f'({names})'} \mapsto {inside.text(body)}"

    def reduced(self, function_: Term) -> tuple[Term, tuple[Term, ...]] | None:
        """The function variable, and its first arguments, that a lambda term stands for."""
        alias = self.line.name_of(function_) if self.line else None
        if alias is not None:
            return alias
        variables, body, _ = self.opened(function_)
        if body.kind != "app" or not isinstance(body.head, Term) or body.head.kind != "var":
            return None
        cut = len(body.args) - len(variables)
        prefix = body.args[:cut]
        used = {v for a in prefix for v in free_variables(a)}
        if cut < 0 or body.args[cut:] != variables or used & set(variables):
            return None
        return body.head, prefix

    def call(self, term: Term, name: Symbol | None = None) -> Printed:
        """A function variable applied: indices below, points and responses in brackets."""
        head, args = term.head, term.args
        if head.kind == "bound":
            return Printed(rf"\bullet_{{{head.head}}}({','.join(map(self.text, args))})")
        name = name or symbol(head.head)
        if self.response is not None and self.response in args:
            args = tuple(a for a in args if a != self.response)
            below = [] if args == self.point else [self.inline().text(a) for a in args]
            return _loose(name.sub(*below), ())
        indices, inside = _arguments(head, args)
        return _loose(name.sub(*map(self.inline().text, indices)), [*map(self.text, inside)])


def _loose(name: Symbol, inside: Sequence[str]) -> Printed:
    """A symbol and its arguments; a logarithm in front draws in whatever follows."""
    begins = r"\log" if name.base.startswith(r"\log") else ""
    if not inside:
        return Printed(name.text, FRACTION, open=True) if begins else name.printed
    text = name.text + _bracket(",".join(inside))
    return Printed(text, FRACTION, open=True) if begins else Printed(text)


def _arguments(head: Term, args: Sequence[Term]) -> tuple[Sequence[Term], Sequence[Term]]:
    """Which arguments of a function are indices, and which are written in brackets."""
    sorts = head.sort[0]
    if head.head == "S" and len(args) == 2:  # coordinate j of the score of response i
        return args[1:], args[:1]
    if len(args) == 1:
        # Both the weight of a response and a coordinate of the direction are called w.
        response = args[0].kind == "var" and re.fullmatch(rf"i\d*{_PRIME}*", args[0].head)
        weight = head.head == "w" and response
        if sorts[0] != "N" or weight or _RESPONSE.fullmatch(head.head):
            return (), args
        return args, ()
    if sorts[-1] == "N" and "R" in sorts:
        return args[:-1], args[-1:]
    places = [(s == "N", a) for s, a in zip(sorts, args, strict=True)]
    return [a for n, a in places if n], [a for n, a in places if not n]


def _sum_like(sign: str) -> Callable[[Printer, Term], Printed]:
    def show(printer: Printer, term: Term) -> Printed:
        left, right = (printer.show(a) for a in term.args)
        first = left.text if left.level >= SUM else _bracket(left.text)
        return Printed(f"{first} {sign} {_summand(right)}", SUM, left.minus, right.open)

    return show


def _summand(right: Printed) -> str:
    return _bracket(right.text) if right.level < SLASH or right.minus else right.text


def _product(printer: Printer, term: Term) -> Printed:
    left, right = (printer.show(a) for a in term.args)
    if left.level < PRODUCT or left.open:
        left = Printed(_bracket(left.text))
    if right.level <= PRODUCT or right.minus:
        right = Printed(_bracket(right.text))
    return Printed(
        f"{left.text}{_between(left.text, right.text)}{right.text}", PRODUCT, left.minus, right.open
    )


def _between(left: str, right: str) -> str:
    """What separates two factors: a dot before a digit, where none would join numbers."""
    mixed = re.match(r"\\frac\{\d", right) and re.search(r"[\d]$", left)
    if right[0].isdigit() or mixed:
        return r" \cdot "
    if re.match(r"(\\left|\\bigl)?\(", right) and not left.endswith(")"):
        return r" \, "
    return " "


def _quotient(printer: Printer, term: Term) -> Printed:
    if not printer.slash:
        above, below = (printer.inline().text(a) for a in term.args)
        return Printed(rf"\frac{{{above}}}{{{below}}}", FRACTION)
    left, right = (printer.show(a) for a in term.args)
    above = _bracket(left.text) if left.level < PRODUCT or left.open else left.text
    # A fraction of numbers in a row must not look like the next one's part.
    below = _bracket(right.text) if right.level < POWER or right.minus else right.text
    return Printed(f"{above}/{below}", SLASH, left.minus)


def _negation(printer: Printer, term: Term) -> Printed:
    inner = printer.show(term.args[0])
    text = _bracket(inner.text) if inner.level < SLASH or inner.minus else inner.text
    return Printed(f"-{text}", min(max(inner.level, SLASH), PRODUCT), True, inner.open)


def _power(printer: Printer, term: Term) -> Printed:
    base = printer.show(term.args[0])
    text = base.text if base.level == ATOM and not base.minus else _bracket(base.text)
    return Printed(f"{text}^{{{term.args[1].head}}}", POWER)


def _exponential(printer: Printer, term: Term) -> Printed:
    inner = printer.aliased(term.args[0])
    if _is_call(inner, "lp"):
        return printer.call(inner, Symbol(r"\pi"))
    raised = printer.inline().text(inner)
    if _tall(raised) or width(raised) > 24:
        return Printed(rf"\exp{_bracket(printer.text(inner))}")
    # Large brackets are too large up there.
    raised = re.sub(r"\\big[lr]", "", raised)
    return Printed(f"e^{{{raised}}}", POWER)


def _is_call(term: Term, name: str) -> bool:
    return isinstance(term.head, Term) and term.head.kind == "var" and term.head.head == name


def _elementary(name: str) -> Callable[[Printer, Term], Printed]:
    def show(printer: Printer, term: Term) -> Printed:
        inner = printer.show(term.args[0])
        if inner.level < ATOM and not inner.text.startswith((r"\frac", r"\sum")):
            return Printed(rf"\{name}{_bracket(inner.text)}")
        bare = rf"\{name} {inner.text}" if inner.text[0] != "\\" else rf"\{name}{inner.text}"
        return Printed(bare, FRACTION, open=True)

    return show


def _root(printer: Printer, term: Term) -> Printed:
    return Printed(rf"\sqrt{{{printer.text(term.args[0])}}}", POWER)


def _modulus(text: str) -> Printed:
    if _tall(text):
        return Printed(rf"\left\lvert {text} \right\rvert")
    return Printed(rf"\lvert {text} \rvert")


def _largest(name: str) -> Callable[[Printer, Term], Printed]:
    def show(printer: Printer, term: Term) -> Printed:
        a, b = term.args
        if name == "max" and b == num(0):
            return Printed(_enclose("[", printer.text(a), "]") + "_{+}")
        inside = f"{printer.text(a)}, {printer.text(b)}"
        return Printed(rf"\{name}" + _enclose(r"\{", inside, r"\}"))

    return show


def _total(printer: Printer, term: Term) -> Printed:
    (index,), body, inside = printer.opened(term.args[1])
    shown = inside.show(body)
    text = shown.text if shown.level >= PRODUCT and not shown.minus else _bracket(shown.text)
    limit = f"{inside.text(index)} < {printer.inline().text(term.args[0])}"
    return Printed(rf"\sum_{{{limit}}} {text}", FRACTION, open=True)


def _relation(printer: Printer, term: Term) -> Printed:
    row = _row(printer, term)
    return Printed(f"{row.left} {row.right}", RELATION)


def _connective(sign: str, level: int) -> Callable[[Printer, Term], Printed]:
    def show(printer: Printer, term: Term) -> Printed:
        if term.head == "and":
            rows = chained(printer, conjuncts(term))
            parts = [r.text if r.level > AND else _bracket(r.text) for r in rows]
            return Printed(f" {sign} ".join(parts), level if len(parts) > 1 else RELATION)
        left, right = (printer.at_least(a, level) for a in term.args)
        return Printed(f"{left} {sign} {right}", level)

    return show


def _implication(printer: Printer, term: Term) -> Printed:
    if term.head == "imp" and term.args[1].head == "false":
        return Printed(rf"\lnot {printer.at_least(term.args[0], ATOM)}", RELATION)
    found = peel(printer, term)
    body = found.printer.at_least(found.body, AND if found.premises else IMPLIES)
    return Printed(f"{_prefix(found)} {body}", IMPLIES)


def _prefix(found: Peeled) -> str:
    """The quantifiers and premises of a formula, up to where its body begins."""
    text = ""
    if found.ranges:
        ranges = r",\ ".join(found.ranges)
        text = rf"\forall {ranges}\colon\ "
    if found.premises:
        rows = chained(found.printer, found.premises)
        given = [r.text if r.level > OR else _bracket(r.text) for r in rows]
        text += rf"{', '.join(given)} \Rightarrow"
    return text.strip()


def _exists(printer: Printer, term: Term) -> tuple[str, list[Row]]:
    """The quantifier with its ranges, and what remains to hold."""
    variables, body, inside = printer.opened(term.args[0])
    found, rest = _take_ranges(variables, conjuncts(body))
    names = r",\ ".join(_grouped([r.latex(inside) for r in found]))
    return rf"\exists {names}" + (r"\colon\ " if rest else ""), chained(inside, rest)


def _existence(printer: Printer, term: Term) -> Printed:
    prefix, rows = _exists(printer, term)
    return Printed(prefix + r" \land ".join(r.text for r in rows), IMPLIES)


def _differentiated(printer: Printer, function_: Term, at: Term) -> str:
    """The derivative of a function at a point."""
    renamed = at.kind == "var" and at not in free_variables(function_)
    named = printer.reduced(function_)
    if named is not None and not renamed and named[0].sort[0] == ("R",):
        return f"{symbol(named[0].head).text}'{_bracket(printer.text(at))}"
    (variable,), body, inside = printer.opened(function_)
    if renamed:
        variable, body, inside = at, beta(function_, [at]), printer
    shown = inside.show(body)
    bare = shown.level > PRODUCT and not shown.minus
    slope = rf"\frac{{d}}{{d{inside.text(variable)}}} "
    slope += shown.text if bare else _bracket(shown.text)
    if renamed:
        return slope
    return rf"\left.{slope}\right|_{{{inside.text(variable)}={printer.text(at)}}}"


_BUILTIN: dict[str, Callable[[Printer, Term], Printed]] = {
    "+": _sum_like("+"),
    "-": _sum_like("-"),
    "*": _product,
    "/": _quotient,
    "^": _power,
    "neg": _negation,
    "exp": _exponential,
    "log": _elementary("log"),
    "sin": _elementary("sin"),
    "cos": _elementary("cos"),
    "sqrt": _root,
    "abs": lambda printer, term: _modulus(printer.text(term.args[0])),
    "max": _largest("max"),
    "min": _largest("min"),
    "pi": lambda printer, term: Printed(r"\pi"),
    "Sum": _total,
    **dict.fromkeys(RELATIONS, _relation),
    "derivative": _relation,
    "and": _connective(r"\land", AND),
    "or": _connective(r"\lor", OR),
    "imp": _implication,
    "forall": _implication,
    "exists": _existence,
    "false": lambda printer, term: Printed(r"\bot"),
}


def term_latex(term: Term) -> str:
    r"""The LaTeX of a term, for use in mathematics.

    >>> from derivations.kernel.terms import real, exp, maximum
    >>> x, eta = real("x"), real("eta")
    >>> print(term_latex((x - (1 - eta)) / 2 <= maximum(x, 0) * exp(-eta / 2)))
    \frac{x - (1 - \eta)}{2} \le [x]_{+} e^{-\eta/2}
    """
    return Printer(_names(term)).text(term)


_WIDTH = 84  # of a display, in the characters that `width` counts

# Rows: formulas as lines of a display ----------------------------------------------------------


@dataclass(frozen=True)
class Row:
    """One formula of a display: left side, relation with right side, and where it may break.

    `parts` and `summands` are the terms of the left and of the right side, if these are sums.
    A quantified formula may break after its `prefix`; the `inner` rows follow.
    """

    left: str
    right: str = ""
    level: int = RELATION
    sign: str = ""
    summands: tuple[str, ...] = ()
    parts: tuple[str, ...] = ()
    prefix: str = ""
    inner: tuple[Row, ...] = ()

    @property
    def text(self) -> str:
        """The formula on one line."""
        return f"{self.left} {self.right}" if self.right else self.left


def _row(printer: Printer, formula: Term) -> Row:
    if formula.head == "derivative":
        f, at, value = formula.args
        left, sign, right = _differentiated(printer, f, at), "=", value
        parts: tuple[str, ...] = ()
    elif formula.head in RELATIONS:
        left, sign = printer.text(formula.args[0]), _SIGNS[formula.head]
        right, parts = formula.args[1], _summands(printer, formula.args[0])
    else:
        return _breakable(printer, formula)
    shown = f"{sign} {printer.text(right)}"
    return Row(left, shown, RELATION, sign, _summands(printer, right), parts)


def _breakable(printer: Printer, formula: Term) -> Row:
    """A formula that is no relation; quantifiers and premises may stand on a line of their own."""
    shown = printer.show(formula)
    if formula.head == "exists":
        prefix, rows = _exists(printer, formula)
        return Row(shown.text, level=shown.level, prefix=prefix, inner=tuple(rows))
    if formula.head not in ("forall", "imp"):
        return Row(shown.text, level=shown.level)
    found = peel(printer, formula)
    prefix = _prefix(found)
    return Row(shown.text, level=shown.level, prefix=prefix, inner=peeled_rows(found))


def _summands(printer: Printer, term: Term) -> tuple[str, ...]:
    """The terms of a sum, each with its sign: where a long line may be broken."""
    gap = isinstance(term.head, Definition) and term.head.name in ("alignment", "gradient_gap")
    if gap and r"\mathbb{E}" in printer.text(term):  # printed as a difference of two means
        term = beta(term.head.meaning, term.args)
    if term.head not in ("+", "-"):
        return (printer.text(term),)
    first, last = term.args
    earlier = _summands(printer, first)
    return (*earlier, f"{{}}{term.head} {_summand(printer.show(last))}")


def chained(printer: Printer, formulas: Sequence[Term]) -> list[Row]:
    """The formulas as rows; ``a < b`` and ``b <= c`` in succession become one chain."""
    rows: list[Row] = []
    previous: Term | None = None
    for formula in formulas:
        row = _row(printer, formula)
        comparison = formula.head in ("<", "<=")
        if previous is not None and comparison and previous.args[1] == formula.args[0]:
            rows[-1] = replace(rows[-1], right=f"{rows[-1].right} {row.right}", summands=())
        else:
            rows.append(row)
        previous = formula if comparison else None
    return rows


_LONGEST = 500


def _elided(text: str) -> str:
    """A formula that no page can hold, by its size."""
    size = width(text)
    return text if size <= _LONGEST else rf"\langle\text{{{size} symbols}}\rangle"


def _lines(row: Row, limit: int) -> list[tuple[str, str]]:
    """A row as one line or several, each in two parts to be aligned."""
    if width(row.text) > limit and row.inner:
        return _inner_lines(row, limit)
    if max(width(row.left), width(row.right)) > _LONGEST:
        row = Row(_elided(row.left), f"{row.sign} {_elided(row.right)}".strip())
    short = width(row.left) < limit // 8 and len(row.summands) < 2
    if width(row.text) <= limit or not row.right or short:
        return [(row.left, row.right)]
    if width(row.left) > limit // 2 or len(row.summands) < 2:
        return [*_left_lines(row, limit), *_right_lines(replace(row, left=""), limit - 2)]
    return _right_lines(row, limit)


def _inner_lines(row: Row, limit: int) -> list[tuple[str, str]]:
    """Quantifiers and premises on a line of their own, and below them what they govern."""
    last = len(row.inner) - 1
    lines = [_stopped(_lines(r, limit - 2), "," * (k < last)) for k, r in enumerate(row.inner)]
    inner = [(rf"\quad {_leading(left)}", right) for each in lines for left, right in each]
    return [(row.prefix, ""), *inner]


def _left_lines(row: Row, limit: int) -> list[tuple[str, str]]:
    """The left side, broken at its signs if that makes it fit better."""
    if width(row.left) <= limit or max(map(width, row.parts), default=limit) > limit:
        return [(row.left, "")]
    first, *others = row.parts
    return [(first, ""), *((rf"\quad {part}", "") for part in others)]


def _right_lines(row: Row, limit: int) -> list[tuple[str, str]]:
    """The relation and the right side, as many terms on a line as fit."""
    if len(row.summands) < 2:
        return [(row.left, row.right if row.left else rf"\quad {row.right}")]
    lines, left, room = [], row.left, limit - width(row.left)
    line = f"{row.sign} {row.summands[0]}"
    line = line if row.left else rf"\quad {line}"
    for summand in row.summands[1:]:
        if width(line + summand) > max(room, limit // 2):
            lines.append((left, line))
            left, line = "", rf"\qquad {summand}"
        else:
            line = f"{line} {summand.removeprefix('{}')}"
    return [*lines, (left, line)]


def _stopped(lines: list[tuple[str, str]], stop: str) -> list[tuple[str, str]]:
    """The lines of one formula with the sign that ends it."""
    *earlier, (left, right) = lines
    if left == _WHERE:
        return lines
    return [*earlier, (left, right + stop) if right else (left + stop, right)]


def _leading(text: str) -> str:
    """A cell of an alignment; a minus in front of it is not to be spaced like a difference."""
    return f"{{-}}{text[1:]}" if text.startswith("-") else text


def display(rows: Sequence[Row], limit: int = _WIDTH, end: str = ".") -> tuple[str, bool]:
    """The rows for a display, and whether they are several aligned lines."""
    broken = [_lines(row, limit) for row in rows]
    if len(broken) == 1 and len(broken[0]) == 1:
        return rows[0].text + end, False
    pairs = [pair for lines in broken for pair in lines]
    wide = max(width(a) for a, _ in pairs) + max(width(b) for _, b in pairs) > limit + 8
    wide = wide or any(not row.right for row in rows)
    last = len(broken) - 1
    stopped = [_stopped(b, "," if k < last else end) for k, b in enumerate(broken)]
    printed = [
        f"&{_leading(left)} {right}" if wide else f"{left} &{right}"
        for lines in stopped
        for left, right in lines
    ]
    return " \\\\\n".join(printed), True


# Symbols of the theory -------------------------------------------------------------------------

Template = Callable[[Printer, Term], Printed]
_TEMPLATES: dict[str, Template] = {}
_PHRASES: dict[str, Callable[[Printer, Term], str | None]] = {}


def template(name: str, pattern: str | Template) -> None:
    r"""Say how a defined symbol is printed: a pattern with ``#1``, ``#2``, ... for its arguments.

    A function of the printer and the term serves where a pattern does not suffice.

    >>> from derivations.kernel.terms import Definition, lam, real
    >>> x, y = real("x"), real("y")
    >>> loss = Definition("doc_loss", lam((x, y), x - y))
    >>> term_latex(loss(x, 2))
    '\\operatorname{doc\\,loss}(x, 2)'
    >>> template("doc_loss", r"\mathcal{L}_{#2}(#1)")
    >>> term_latex(loss(x, 2))
    '\\mathcal{L}_{2}(x)'
    """
    _TEMPLATES[name] = _filled(pattern) if isinstance(pattern, str) else pattern


def _filled(pattern: str) -> Template:
    def show(printer: Printer, term: Term) -> Printed:
        return Printed(re.sub(r"#(\d)", lambda m: printer.text(term.args[int(m[1]) - 1]), pattern))

    return show


def _operator(printer: Printer, term: Term) -> Printed:
    """A definition that nobody gave a template."""
    name = term.head.name
    known = len(name) == 1 or name in _GREEK or name in _SPECIAL
    words = name.replace("_", r"\,")
    shown = symbol(name).text if known else rf"\operatorname{{{words}}}"
    return Printed(shown + _bracket(", ".join(printer.text(a) for a in term.args)))


def _meaning(printer: Printer, term: Term) -> Printed:
    return printer.show(beta(term.head.meaning, term.args))


@dataclass(frozen=True)
class _Measure:
    """Under which responses, and where on the line, an expectation is taken."""

    side: str  # '+', '-', '' for all responses, '?' for other weights
    weights: str
    point: tuple[Term, ...]
    indices: tuple[str, ...]
    places: tuple[str, ...]
    remark: str

    @property
    def plain(self) -> bool:
        """Whether it is the correct or the incorrect responses of the policy at hand."""
        return self.side in ("+", "-") and not self.remark

    def place(self, name: str) -> Printed:
        r"""A quantity of the policy: ``J(t)``, ``J_{k}(t)``, and ``J_{k}`` at a step's start."""
        mirrored = "-" if self.side == "-" else ""
        letter = Symbol(name, self.indices, mirrored)
        if self.places:
            return Printed(letter.text + _bracket(",".join(self.places)))
        return letter.printed

    def decorate(self, operator: str) -> str:
        """An operator with the side and the point on it."""
        point = ",".join((*self.indices, *self.places))
        below = self.weights if self.side == "?" else self.side
        return operator + (f"^{{{point}}}" if point else "") + (f"_{{{below}}}" if below else "")


def _measure(printer: Printer, count: Term, weights: Term, logs: Term) -> _Measure:
    known = _is_variable(count, "n") or (printer.line and count == printer.line.count)
    remarks = [] if known else [f"n = {printer.text(count)}"]
    point: tuple[Term, ...] = ()
    indices: list[str] = []
    places: list[str] = []
    named = printer.reduced(logs)
    if named is None or named[0].head not in ("lp", "l"):
        (i,), body, inside = printer.opened(logs)
        remarks.append(rf"\log\pi({inside.text(i)}) = {inside.text(body)}")
    else:
        head, point = named
        shown = printer.inline()
        for argument, sort in zip(point, head.sort[0], strict=False):
            (indices if sort == "N" else places).append(shown.text(argument))
        # Step k of a run starts at the point 0 of its segment.
        places = [] if indices and places == ["0"] else places
    side = _side(printer, weights)
    other = _variable_text(printer.inline(), weights, ()) if side == "?" else ""
    return _Measure(side, other, point, (*indices,), (*places,), r",\ ".join(remarks))


def _is_variable(term: Term, name: str) -> bool:
    return bool(term.kind == "var" and term.head == name)


def _side(printer: Printer, weights: Term) -> str:
    """The side that weights select; 1 - (1 - r) selects the same as r."""
    index = var("i", "N")
    body, side = beta(weights, [index]), "+-"
    reward = beta(printer.line.reward, [index]) if printer.line else _REWARD(index)
    while body.head == "-" and body.args[0] == num(1):
        body, side = body.args[1], side[::-1]
    if body in (reward, _REWARD(index)):
        return side[0]
    return "" if body == num(1) and side == "+-" else "?"


def _variable_text(printer: Printer, x: Term, point: tuple[Term, ...]) -> str:
    """A random variable without its response and, where it is the expectation's, the point."""
    (response,), body, inside = printer.opened(x)
    if _hidable(body, response):
        return replace(inside, response=response, point=point).text(body)
    return printer.function(x)


def _hidable(term: Term, response: Term) -> bool:
    """Whether the response only occurs as the argument of random variables."""
    if response not in free_variables(term):
        return True
    if isinstance(term.head, Definition) and _is_choice(term) and term.args[0] == response:
        return all(_hidable(a, response) for a in term.args[1:])
    if term == response or isinstance(term.head, Definition):
        return False
    if isinstance(term.head, Term):
        others = [a for a in term.args if a != response]
        return len(others) >= len(term.args) - 1 and all(_hidable(a, response) for a in others)
    return all(_hidable(a, response) for a in term.args)


def _moment(operator: str, left: str, right: str) -> Template:
    def show(printer: Printer, term: Term) -> Printed:
        count, weights, logs, *variables = term.args
        where = _measure(printer, count, weights, logs)
        inside = ", ".join(_variable_text(printer, x, where.point) for x in variables)
        inside += rf" \mid {where.remark}" if where.remark else ""
        return Printed(where.decorate(operator) + _enclose(left, inside, right))

    return show


def _mass(printer: Printer, term: Term) -> Printed:
    where = _measure(printer, *term.args)
    if not where.plain:
        return _meaning(printer, term)
    if where.side == "+":
        return where.place("J")
    return Printed(Symbol(r"\pi", (*where.indices, *where.places)).text + "(O^{-})")


def _log_odds(printer: Printer, term: Term) -> Printed:
    where = _measure(printer, *term.args)
    return where.place(r"\ell") if where.plain else _meaning(printer, term)


def _standing(printer: Printer, x: Term, name: str, point: tuple[Term, ...]) -> bool:
    """Whether a random variable is the policy's own score (or second derivative) there."""
    named = printer.reduced(x)
    return named is not None and named == (named[0], point) and _is_variable(named[0], name)


def _alignment(printer: Printer, term: Term) -> Printed:
    where = _measure(printer, *term.args[:3])
    if not where.plain:
        return _meaning(printer, term)
    shown = where.place(r"\Delta\mu")
    if _standing(printer, term.args[3], "s", where.point):
        return shown
    inside = _variable_text(printer, term.args[3], where.point)
    return Printed(shown.text + _enclose("[", inside, "]"))


def _curvature(printer: Printer, term: Term) -> Printed:
    where = _measure(printer, *term.args[:3])
    own = all(
        _standing(printer, x, name, where.point)
        for x, name in zip(term.args[3:], "sh", strict=True)
    )
    if not (where.plain and own):
        return _meaning(printer, term)
    # The primes stand where the mirror's sign would.
    name = r"(\ell^{-})''" if where.side == "-" else r"\ell''"
    return replace(where, side="+").place(name)._replace(level=ATOM if where.places else POWER)


def _gradient_gap(printer: Printer, term: Term) -> Printed:
    *measure, score, j = term.args
    where = _measure(printer, *measure)
    named = printer.reduced(score)
    if where.side != "+" or where.remark or named is None or named[0].head != "S":
        return _meaning(printer, term)
    return replace(where, indices=(*where.indices, printer.text(j))).place(r"\gamma")


def _progress(printer: Printer, term: Term) -> Printed:
    count, steps, gains = term.args
    named = printer.reduced(steps)
    _, gain, _ = printer.opened(gains)
    standard = gain.kind == "app" and (
        _is_call(gain, "dmu") or getattr(gain.head, "name", "") == "alignment"
    )
    inside = printer.text(count)
    if named is None or named[0].head != "eta" or not standard:
        inside += f"; {printer.function(steps)}, {printer.function(gains)}"
    return Printed(f"M{_bracket(inside)}")


def _success_curvature(printer: Printer, term: Term) -> Printed:
    score, hessian, rate = term.args
    name = Symbol("K")
    if not (_is_variable(score, "G") and _is_variable(hessian, "L")):
        name = name.sub(printer.inline().text(score), printer.inline().text(hessian))
    return Printed(name.text + _bracket(printer.text(rate)))


def _is_choice(term: Term) -> bool:
    return bool(re.fullmatch(r"choice\d", term.head.name))


def _choice(printer: Printer, term: Term) -> Printed:
    """``choice2(i, a, b)``, a for the response 0 and b for 1: a vector and its index."""
    index, *values = term.args
    shown = [printer.text(v) for v in values]
    where = printer.inline().text(index)
    if sum(map(width, shown)) > 36 and index != printer.response and not printer.slash:
        cases = r" \\ ".join(f"{v} & {where} = {k}" for k, v in enumerate(shown))
        return Printed(rf"\begin{{cases}} {cases} \end{{cases}}", FRACTION, open=True)
    vector = _enclose("(", r",\ ".join(shown), ")")
    if index == printer.response:
        return Printed(vector)
    return Printed(f"{vector}_{{{where}}}")


def _within(printer: Printer, term: Term) -> Printed:
    x, bound = term.args
    return Printed(rf"{_modulus(printer.text(x)).text} \le {printer.text(bound)}", RELATION)


def _policy_phrase(printer: Printer, term: Term) -> str | None:
    found = _own_functions(printer, term)
    return found and f"${found[0]}$ is a policy along the line{found[1]}"


def _run_phrase(printer: Printer, term: Term) -> str | None:
    found = _own_functions(printer, term)
    if found is None:
        return None
    (k,), step, inside = printer.opened(term.args[5])
    named = printer.reduced(term.args[5])
    shown = inside.text(step if named is None else named[0](k))
    return rf"$({found[0]}_{{k}})$ is a run with the steps ${shown}${found[1]}"


def _own_functions(printer: Printer, term: Term) -> tuple[str, str] | None:
    """The policy's symbol, and whether the sides are exchanged, if its functions are the usual."""
    count, reward, *functions = term.args[:5]
    named = [printer.reduced(f) for f in functions]
    side = _side(printer, reward)
    known = _is_variable(count, "n") or (printer.line and count == printer.line.count)
    if not known or side not in ("+", "-") or None in named:
        return None
    prefixes = {f[1] for f in named if f}
    if tuple(f[0].head for f in named if f) != _NAMES or len(prefixes) > 1:
        return None
    name = Symbol(r"\pi", tuple(printer.inline().text(a) for a in prefixes.pop())).text
    return name, ", with correct and incorrect exchanged" if side == "-" else ""


def _on_segment(bounds: int) -> Callable[[Printer, Term], str | None]:
    """``|s| <= G and |h| <= L on [a, b]``, for the first `bounds` functions of the term."""

    def phrase(printer: Printer, term: Term) -> str | None:
        _, *rest, a, b = term.args
        printer = printer.inline()
        pairs = zip(rest[:bounds], rest[bounds:], strict=True)
        parts = [rf"${_modulus(printer.function(f)).text} \le {printer.text(c)}$" for f, c in pairs]
        return f"{' and '.join(parts)} on $[{printer.text(a)},{printer.text(b)}]$"

    return phrase


def _spoken(name: str) -> Template:
    """A definition that has a phrase, within a formula."""

    def show(printer: Printer, term: Term) -> Printed:
        words = _PHRASES[name](printer, term)
        return _operator(printer, term) if words is None else Printed(rf"\text{{{words}}}", AND)

    return show


def _limit(printer: Printer, term: Term) -> Printed:
    """``converges(f, c)`` and ``diverges(f)``."""
    (index,), body, inside = printer.opened(term.args[0])
    limit = printer.text(term.args[1]) if term.args[1:] else r"\infty"
    # The body would be read as everything that follows.
    value = inside.at_least(body, PRODUCT)
    return Printed(rf"\lim_{{{inside.text(index)} \to \infty}} {value} = {limit}", RELATION)


_PHRASES.update(
    policy=_policy_phrase, run=_run_phrase, regular=_on_segment(2), smooth=_on_segment(1)
)
for _name in _PHRASES:
    template(_name, _spoken(_name))
template("mass", _mass)
template("mean", _moment(r"\mathbb{E}", "[", "]"))
template("variance", _moment(r"\operatorname{Var}", "(", ")"))
template("covariance", _moment(r"\operatorname{Cov}", "(", ")"))
for _order in range(1, 10):
    template(f"cumulant{_order}", _moment(r"\kappa", "(", ")"))
template("log_odds", _log_odds)
template("alignment", _alignment)
template("curvature", _curvature)
template("gradient_gap", _gradient_gap)
template("progress", _progress)
template("success_curvature", _success_curvature)
template("within", _within)
template("converges", _limit)
template("diverges", _limit)
for _order in range(2, 10):
    template(f"choice{_order}", _choice)

NOTATION = r"""The responses to a prompt are numbered $i < n$; $r(i) \in \{0,1\}$ is the verifier,
and $O^{+}$, $O^{-}$ are the responses with $r = 1$ and $r = 0$. The policy moves along a line:
$\pi_{t}(i)$ is the probability of response $i$ at the point $t$, and $s_{t}(i)$, $h_{t}(i)$ are the
first and the second derivative of $\log\pi_{t}(i)$ in $t$. Then $J(t) = \pi_{t}(O^{+})$ is the
success rate, $\ell(t) = \log\frac{J(t)}{1 - J(t)}$ its log-odds,
$\mathbb{E}^{t}_{+}$, $\mathbb{E}^{t}_{-}$, $\mathbb{E}^{t}$ are expectations under $\pi_{t}$ given
$O^{+}$, given $O^{-}$ and over all responses, $\mathbb{E}^{t}_{w}$ is the mean with the weights
$w(i)\,\pi_{t}(i)$, normalised; $\operatorname{Var}$, $\operatorname{Cov}$ and the cumulants
$\kappa$ carry the same marks. Inside them random variables are written without the response, and
without the point if it is the marked one. The alignment is
$\Delta\mu(t) = \mathbb{E}^{t}_{+}[s] - \mathbb{E}^{t}_{-}[s]$, and
$\ell''(t) = (\mathbb{E}^{t}_{+}[h] + \operatorname{Var}^{t}_{+}(s)) - (\mathbb{E}^{t}_{-}[h] +
\operatorname{Var}^{t}_{-}(s))$.
Where a run is considered, the index $k$ counts its steps, and $J_{k}$, $\ell_{k}$,
$\Delta\mu_{k}$ are taken at the start of step $k$. A superscript $-$, as in $\ell^{-}$, says that
correct and incorrect responses are exchanged. As usual $[x]_{+} = \max\{x, 0\}$,
and $(a,\ b,\ \ldots)_{i}$ is $a$ for $i = 0$, $b$ for $i = 1$, and so on."""
"""What the symbols mean, in a paragraph of LaTeX."""


# Statements --------------------------------------------------------------------------------------

Cite = Callable[[str], str]


@dataclass(frozen=True)
class Layout:
    """A statement or a step taken apart for display, in words with mathematics between $.

    `hypotheses` are clauses, `lead` introduces the display ("for all $t$,"), `rows` are the
    formulas shown in it.  `setting` defines an explicit policy, before everything else.
    """

    hypotheses: tuple[str, ...]
    lead: str
    rows: tuple[Row, ...]
    setting: tuple[Row, ...] = ()


def _no_citation(id: str) -> str:
    return ""


def clause(formula: Term, cite: Cite = _no_citation, line: ConcreteLine | None = None) -> str:
    """A hypothesis in words with mathematics between $.

    >>> from derivations.kernel.terms import forall, le, lt, nat, function
    >>> k, eta = nat("k"), function("eta", "N")
    >>> print(clause(forall(k, lt(k, nat("K")), le(0, eta(k)))))
    $0 \\le \\eta_{k}$ for all $k < K$
    """
    found = peel(Printer(line=line, slash=True), formula)
    printer = found.printer
    parts = [_phrase(printer, part, cite) for part in conjuncts(found.body)]
    if all(p is None for p in parts):
        rows = chained(printer, conjuncts(found.body))
        words = _listed([f"${row.text}$" for row in rows])
    else:
        pairs = zip(parts, conjuncts(found.body), strict=True)
        words = _listed([p or f"${printer.text(f)}$" for p, f in pairs])
    if found.ranges:
        words += f" for all {_listed([f'${r}$' for r in found.ranges])}"
    if found.premises:
        rows = chained(printer, found.premises)
        words += f" {'with' if found.ranges else 'if'} {_listed([f'${r.text}$' for r in rows])}"
    return words


def _phrase(printer: Printer, formula: Term, cite: Cite) -> str | None:
    """The words for a defined property, with a reference to where it is introduced."""
    speak = _PHRASES.get(formula.head.name) if isinstance(formula.head, Definition) else None
    words = speak(printer, formula) if speak else None
    if words is None:
        return None
    where = cite(_introduced(formula.head))
    return f"{words} ({where})" if where else words


def _introduced(definition: Definition) -> str:
    """The id of the statement that introduces a definition, or nothing."""
    from derivations.library import statements

    return next((s.id for s in statements() if definition in s.defines), "")


def _listed(items: Sequence[str]) -> str:
    """``a``, ``a and b``, ``a, b and c``."""
    if len(items) < 2:
        return "".join(items)
    return f"{', '.join(items[:-1])} and {items[-1]}"


def layout(
    hypotheses: Sequence[Term],
    conclusion: Term,
    cite: Cite = _no_citation,
    line: ConcreteLine | None = None,
) -> Layout:
    """Hypotheses and conclusion in words and rows."""
    found = peel(Printer(line=line), conclusion)
    premises = chained(found.printer.inline(), found.premises)
    lead = []
    if found.ranges:
        lead.append(f"for all {_listed([f'${r}$' for r in found.ranges])}")
    if premises:
        lead.append(f"if {_listed([f'${p.text}$' for p in premises])}, then")
    rows = peeled_rows(found)
    given = tuple(clause(h, cite, line) for h in joined(hypotheses))
    return Layout(given, " ".join(lead), rows)


def joined(formulas: Sequence[Term]) -> list[Term]:
    """Neighbouring hypotheses ``a < b`` and ``b < c`` as one conjunction, to print as a chain."""
    from derivations.kernel.terms import both

    result: list[Term] = []
    for formula in formulas:
        last = conjuncts(result[-1])[-1] if result else None
        comparable = last is not None and {formula.head, last.head} <= {"<", "<="}
        if last is not None and comparable and last.args[1] == formula.args[0]:
            result[-1] = both(*conjuncts(result[-1]), formula)
        else:
            result.append(formula)
    return result


def statement_layout(statement: Statement, cite: Cite = _no_citation) -> Layout:
    """What a statement says, in words and rows.

    That of a definition by a condition says that the new word means the condition.
    """
    claim = statement.conclusion
    words = None
    if statement.defines and claim.head == "imp" and isinstance(claim.args[0].head, Definition):
        words = clause(claim.args[0])
    if words is None:
        line = ConcreteLine.among((*statement.hypotheses, claim))
        shown = layout(statement.hypotheses, claim, cite, line)
        return replace(shown, setting=tuple(line.rows())) if line else shown
    rows = tuple(chained(Printer(), conjuncts(claim.args[1])))
    return Layout((), f"{words} means that", rows)


def concrete_line(statement: Statement) -> ConcreteLine | None:
    """The explicit policy a statement is about, if it is about one."""
    line = ConcreteLine.among((*statement.hypotheses, statement.conclusion))
    found = peel(Printer(), statement.conclusion)
    parts = (peel(found.printer, part).line for part in conjuncts(found.body))
    return line or found.line or next((p for p in parts if p), None)


def fingerprint(statement: Statement) -> str:
    """16 digits of the sha256 of what a statement claims, names of bound variables aside."""
    parts = [_encoded(t) for t in (*statement.hypotheses, statement.conclusion)]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:16]


@cache
def _encoded(term: Term) -> str:
    """The structure of a term, definitions included, as a digest."""
    head: Any = term.head
    if isinstance(head, Definition):
        head = f"{head.name}:{_encoded(head.meaning)}"
    elif isinstance(head, Term):
        head = _encoded(head)
    elif term.kind == "lam":
        head = len(head)
    parts = [term.kind, repr(term.sort), str(head), *(_encoded(a) for a in term.args)]
    return hashlib.sha256("|".join(parts).encode()).hexdigest()


_ESCAPES = {
    "\\": r"\textbackslash{}", "^": r"\textasciicircum{}", "~": r"\textasciitilde{}",
    **{c: f"\\{c}" for c in "&%$#_{}"},
    "<=": r"$\le$", ">=": r"$\ge$", "->": r"$\to$", "<": "$<$", ">": "$>$", "|": "$|$",
    '"': "''", "\N{LESS-THAN OR EQUAL TO}": r"$\le$", "\N{GREATER-THAN OR EQUAL TO}": r"$\ge$",
    "\N{MINUS SIGN}": "$-$", "\N{EN DASH}": "--",
}  # fmt: skip
_SPECIALS = re.compile("|".join(re.escape(s) for s in sorted(_ESCAPES, key=len, reverse=True)))


# What is plainly mathematics in a reason: E_+[h], Var(s), 1 - J, G^2, a letter by itself.
_GREEK_WORD = r"(?:kappa|eta|epsilon|omega|alpha|gamma|lambda|sigma|theta|rho|ell)"
_FORMULA = re.compile(
    r"(?<![\w'.\\])(?:(?:E|Var|Cov|kappa)(?:_[+-])?[\[(][\w^, ]*[\])]"
    rf"|(?:exp|sin|cos)(?:\([\w ]*\))?|(?:\d+/)?{_GREEK_WORD}(?:_\w)?|(?:\d+ [-+] )?"
    r"(?:log |\d)?[B-HJ-Zb-z](?:_\w)?(?:\^\d|\([\w, +-]*\))?)(?![\w'/]|\.\w)"
)


def escape(text: str) -> str:
    r"""Plain text for LaTeX.

    >>> print(escape("50% of G_o & <= 1"))
    50\% of G\_o \& $\le$ 1
    """
    return _SPECIALS.sub(lambda m: _ESCAPES[m[0]], text)


def reason_latex(why: str, plain: Callable[[str], str] = escape) -> str:
    r"""The reason of a step for LaTeX: plain text, with simple formulas set as such.

    What stands between $ is taken as it is; `plain` escapes the rest.

    >>> print(reason_latex("E_+[h] is at least -L, and 1 - J <= 50%"))
    $\mathbb{E}_+[h]$ is at least $-L$, and $1 - J$ $\le$ 50\%
    """
    pieces = re.split(r"(\$[^$]+\$)", why)
    return "".join(p if k % 2 else _reason(p, plain) for k, p in enumerate(pieces))


def _reason(text: str, plain: Callable[[str], str]) -> str:
    parts, done = [], 0
    for match in _FORMULA.finditer(text):
        start = match.start()
        minus = text[:start].endswith((" -", "(-")) or text[:start] == "-"
        parts += [plain(text[done : start - minus]), f"${'-' * minus}{_spelled(match[0])}$"]
        done = match.end()
    return "".join(parts) + plain(text[done:])


def _spelled(formula: str) -> str:
    formula = re.sub(r"^E(?=[_\[])", r"\\mathbb{E}", formula)
    formula = re.sub(_GREEK_WORD, lambda m: _letters(m[0], ""), formula)
    return re.sub(r"\b(Var|Cov|log|exp|sin|cos)\b", _operator_name, formula)


def _operator_name(match: re.Match[str]) -> str:
    return f"\\{match[1]}" if match[1].islower() else rf"\operatorname{{{match[1]}}}"


def sentence(text: str) -> str:
    """The text as a sentence: a capital letter first (unless it is mathematics), a full stop last.

    >>> sentence("for all $t$")
    'For all $t$.'
    """
    return capital(text) if text.endswith((".", "?", "!")) or not text else f"{capital(text)}."


def capital(text: str) -> str:
    """The text with its first letter as a capital."""
    return text[:1].upper() + text[1:]


_ROOM = 150  # characters of hypotheses that still read well in one sentence


def _cref(known: Collection[str] | None) -> Cite:
    def cite(id: str) -> str:
        if not id:
            return ""
        return rf"\cref{{{id}}}" if known is None or id in known else rf"\texttt{{{escape(id)}}}"

    return cite


def statement_latex(
    statement: Statement,
    proof: bool = False,
    snippet: bool = True,
    known: Collection[str] | None = None,
) -> str:
    r"""A statement as an amsthm environment, with its proof if asked for.

    A snippet refers to other statements by ``\cref``; `known` restricts that to the labels the
    document has, and other statements are named by their ids.  Without `snippet` the result is
    a document of its own.  Raises what the proof raises if it is asked for and fails.
    """
    if not snippet:
        body = statement_latex(statement, proof, known={statement.id})
        return standalone(f"{body}\n\\paragraph{{Notation.}}\n{NOTATION}\n")
    cite = _cref(known)
    # A statement does not refer to itself.
    shown = statement_layout(statement, lambda id: "" if id == statement.id else cite(id))
    lines = [
        f"% gradgap: {statement.id} {fingerprint(statement)}",
        rf"\begin{{{statement.kind}}}[{escape(statement.title)}]\label{{{statement.id}}}",
        *_claim(shown),
        *([sentence(statement.words)] if statement.words else []),
        # At the right end of the last line, or of the next where it does not fit.
        r"\nobreak\hfill\penalty50\hspace*{\fill}\mbox{\normalfont\footnotesize"
        rf"\texttt{{{escape(statement.id)}}}, {statement.provenance}}}",
        rf"\end{{{statement.kind}}}",
    ]
    if proof and not statement.defines:
        lines.extend(_proof(statement, cite))
    return "\n".join(lines) + "\n"


def _claim(shown: Layout) -> list[str]:
    """Hypotheses and conclusion as sentences."""
    lead = shown.lead
    if shown.hypotheses:
        lead = f"Then, {lead}" if lead else "Then"
    comma = "," if lead and not lead.endswith(("then", "Then", "that")) else ""
    head = [capital(lead) + comma] if lead else []
    setting = ["Consider", _displayed(shown.setting)] if shown.setting else []
    return [*setting, *_hypotheses(shown.hypotheses), *head, _displayed(shown.rows)]


def _hypotheses(clauses: Sequence[str]) -> list[str]:
    """``Let ... be a policy.  Assume that ...``, as a list if it is long."""
    policies = [c for c in clauses if re.search(" is a (policy|run)", c) and "for all" not in c]
    rest = [c for c in clauses if c not in policies]
    lines = [f"Let {c.replace(' is ', ' be ', 1)}." for c in policies]
    if sum(width(c) for c in rest) > _ROOM or len(rest) > 4:
        items = [rf"\item {c}{'.' if c == rest[-1] else ';'}" for c in rest]
        return [*lines, "Assume that", r"\begin{itemize}", *items, r"\end{itemize}"]
    if rest:
        # Commas inside a clause would blur the list.
        blurred = len(rest) > 2 and any("," in re.sub(r"\$[^$]*\$", "", c) for c in rest)
        words = "; ".join(rest) if blurred else _listed(rest)
        lines.append(f"Assume that {words}.")
    return lines


def _displayed(rows: Sequence[Row], end: str = ".") -> str:
    text, several = display(rows, end=end)
    if several:
        return f"\\begin{{align*}}\n{text}\n\\end{{align*}}"
    return f"\\[\n{text}\n\\]"


def _proof(statement: Statement, cite: Cite) -> list[str]:
    steps = distinct(statement.proof.steps)
    used = [*statement.proof.used]
    lines = [r"\begin{proof}", f"By {_cited(used, cite)}." if used else r"\leavevmode"]
    if steps:
        items = [_step(statement, step, cite, step is steps[-1]) for step in steps]
        lines += [r"\begin{enumerate}", *items, r"\end{enumerate}"]
    return [*lines, r"\end{proof}"]


def _cited(ids: Sequence[str], cite: Cite) -> str:
    """Several statements, in one ``\\cref`` where they have labels."""
    labels = [id for id in ids if cite(id).startswith(r"\cref")]
    named = [cite(id) for id in ids if id not in labels]
    return _listed(([rf"\cref{{{','.join(labels)}}}"] if labels else []) + named)


def distinct(steps: Sequence[ProofStep]) -> list[ProofStep]:
    """The steps without those that repeat an earlier one word for word."""
    return list({(s.theorem.conclusion, s.why): s for s in reversed(steps)}.values())[::-1]


def step_layout(statement: Statement, step: ProofStep) -> Layout:
    """What a step shows; its hypotheses are those that the statement does not have."""
    extra = step.theorem.hypotheses - frozenset(statement.hypotheses)
    return layout(sorted(extra, key=repr), step.theorem.conclusion, line=concrete_line(statement))


def _step(statement: Statement, step: ProofStep, cite: Cite, last: bool) -> str:
    shown = step_layout(statement, step)
    # The mark stands at the right end of the last line, if that leaves room.
    final = _lines(shown.rows[-1], _WIDTH)[-1]
    end = r".\qedhere" if last and width("".join(final)) < _WIDTH - 20 else "."
    words = capital(reason_latex(step.why))
    words += f" (by {_cited(step.uses, cite)})" if step.uses else ""
    if shown.hypotheses:
        words += f". Where {_listed(shown.hypotheses)}"
        words += f", {shown.lead}" if shown.lead else ""
    elif shown.lead:
        words += f"; {shown.lead}"
    if fits_inline(shown.rows):
        return rf"\item {words}: ${shown.rows[0].text}${end}"
    return f"\\item {words}:\n{_displayed(shown.rows, end)}"


def fits_inline(rows: Sequence[Row]) -> bool:
    """Whether the formulas are small enough to stand within a sentence."""
    return len(rows) == 1 and width(rows[0].text) <= 42 and not _tall(rows[0].text)


# Documents --------------------------------------------------------------------------------

_PREAMBLE = r"""\documentclass[11pt,a4paper]{article}
\usepackage[T1]{fontenc}
\usepackage[utf8]{inputenc}
\usepackage{lmodern}
\usepackage[margin=2.5cm]{geometry}
\usepackage{amsmath,amssymb,amsthm,mathtools}
\usepackage[hidelinks]{hyperref}
\usepackage[nameinlink,capitalise]{cleveref}
% The counters are shared, so the environments come after cleveref: it would otherwise call
% every one of them a theorem.
\newtheorem{theorem}{Theorem}
\newtheorem{lemma}[theorem]{Lemma}
\newtheorem{corollary}[theorem]{Corollary}
\newtheorem{proposition}[theorem]{Proposition}
\theoremstyle{definition}
\newtheorem{definition}[theorem]{Definition}
\newtheorem{assumption}[theorem]{Assumption}
\crefname{assumption}{Assumption}{Assumptions}
\Crefname{assumption}{Assumption}{Assumptions}
\allowdisplaybreaks
\emergencystretch=3em
"""


def standalone(body: str) -> str:
    """A document that compiles, around statements in LaTeX."""
    return f"{_PREAMBLE}\\begin{{document}}\n{body}\\end{{document}}\n"
