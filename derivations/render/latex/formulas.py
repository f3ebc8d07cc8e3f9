"""Formulas in LaTeX: relations, connectives, quantifiers with their ranges, as rows."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field, replace
from itertools import takewhile

from derivations.kernel.terms import RELATIONS, Term, beta, free_variables
from derivations.render.latex.policies import ExplicitPolicy
from derivations.render.latex.printer import BUILTIN, Printer, unsigned
from derivations.render.latex.rows import WHERE, Row, conjoined, governed, side_by_side, width
from derivations.render.latex.structure import conjuncts, disjuncts, reduced, tidied
from derivations.render.latex.symbols import Level, Printed, bracket, symbol

_SIGNS = {"=": "=", "<=": r"\le", "<": "<", ">=": r"\ge", ">": ">", "!=": r"\ne"}


@dataclass
class _Range:
    """What the premises say about a quantified variable: its ends, and whether they belong."""

    variable: Term
    ends: dict[str, tuple[Term, bool]] = field(default_factory=dict)

    def take(self, formula: Term, later: Collection[Term]) -> bool:
        """Whether the formula is a bound on the variable, which then is remembered."""
        if formula.head not in ("<", "<=", ">", ">="):
            return False
        low, high = formula.args if formula.head[0] == "<" else formula.args[::-1]
        for end, bound, bounded in (("low", low, high), ("high", high, low)):
            free = not free_variables(bound) & {*later, self.variable}
            if bounded == self.variable and free and end not in self.ends:
                self.ends[end] = bound, formula.head.endswith("=")
                return True
        return False

    def latex(self, printer: Printer) -> str:
        """The range as it stands behind a quantifier."""
        name, real = printer.text(self.variable), self.variable.sort == "R"
        ends = {end: printer.inline().text(bound) for end, (bound, _) in self.ends.items()}
        closed = {end for end, (_, belongs) in self.ends.items() if belongs}
        up, down = (
            _SIGNS["<=" if "low" in closed else "<"],
            _SIGNS["<=" if "high" in closed else "<"],
        )
        match ends:
            case {"low": low, "high": high} if real:
                left, right = "[" if "low" in closed else "(", "]" if "high" in closed else ")"
                return rf"{name} \in {left}{low},{high}{right}"
            case {"low": low, "high": high}:
                return f"{low} {up} {name} {down} {high}"
            case {"low": low}:
                return f"{name} {_SIGNS['>=' if 'low' in closed else '>']} {low}"
            case {"high": high}:
                return f"{name} {down} {high}"
        return rf"{name} \in \mathbb{{{self.variable.sort}}}"


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


@dataclass(frozen=True)
class Peeled:
    """A formula without its outer quantifiers and premises, and these in LaTeX."""

    ranges: tuple[str, ...]
    premises: tuple[Term, ...]
    body: Term
    printer: Printer

    @property
    def prefix(self) -> str:
        """The quantifiers and premises, up to where the body begins."""
        if not self.premises:
            return self.quantifiers
        return governed(self.quantifiers, rf"{', '.join(self.given)} \Rightarrow")

    @property
    def quantifiers(self) -> str:
        """The quantifiers in LaTeX."""
        ranges = r",\ ".join(self.ranges)
        return rf"\forall {ranges}\colon" if self.ranges else ""

    @property
    def given(self) -> list[str]:
        """The premises in LaTeX."""
        return side_by_side(chained(self.printer, [*map(tidied, self.premises)]), Level.OR)

    @property
    def lines(self) -> tuple[str, ...]:
        """The prefix with every premise on a line of its own."""
        given = [f"{premise}," for premise in self.given]
        if given:
            given[-1] = rf"{given[-1][:-1]} \Rightarrow"
        return (*([self.quantifiers] if self.quantifiers else []), *given)

    @property
    def rows(self) -> list[Row]:
        """The body, tidied; after it what defines the policy it is about, if it gives one."""
        policy = ExplicitPolicy.among([self.body])
        body = policy.named(self.body) if policy else self.body
        # Those with quantifiers are tidied when their turn comes: they may give a policy.
        parts = [p if p.head in ("forall", "imp") else tidied(p) for p in conjuncts(body)]
        rows = chained(self.printer, parts)
        return [*rows, WHERE, *policy_rows(policy)] if policy else rows


def peel(printer: Printer, formula: Term) -> Peeled:
    """Take the outer quantifiers and premises off a formula."""
    printer = printer.knowing(formula)
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
    return Peeled(_grouped(ranges), tuple(premises), formula, printer)


def existential(printer: Printer, term: Term) -> tuple[str, list[Row]]:
    """The range of an existential quantifier, and what is to hold there."""
    variables, body, inside = printer.opened(term.args[0])
    found, rest = _take_ranges(variables, conjuncts(body))
    return r",\ ".join(_grouped([r.latex(inside) for r in found])), chained(inside, rest)


def chained(printer: Printer, formulas: Sequence[Term]) -> list[Row]:
    """The formulas as rows; ``a < b`` and ``b <= c`` in succession become one chain."""
    rows: list[Row] = []
    previous: Term | None = None
    for formula in formulas:
        row = _row(printer, formula)
        comparison = formula.head in ("<", "<=")
        if previous is not None and comparison and previous.args[1] == formula.args[0]:
            last = rows.pop()
            row = replace(last, right=f"{last.right} {row.sign} {row.right}")
        rows.append(row)
        previous = formula if comparison else None
    return rows


def _row(printer: Printer, formula: Term) -> Row:
    if formula.head in RELATIONS:
        left, right = map(printer.text, formula.args)
        return Row(left, _SIGNS[formula.head], right)
    if formula.head == "derivative":
        function_, at, value = formula.args
        return Row(_differentiated(printer, function_, at), "=", printer.text(value))
    if formula.head == "exists":
        where, rows = existential(printer, formula)
        colon = r"\colon" if rows else ""
        return Row("", "", "", Level.IMPLIES, rf"\exists {where}{colon}", tuple(rows))
    if formula.head == "forall" or formula.head == "imp" and formula.args[1].head != "false":
        found = peel(printer, formula)
        return Row(
            level=Level.IMPLIES, prefix=found.prefix, inner=tuple(found.rows), lines=found.lines
        )
    shown = printer.show(formula)
    return Row(shown.text, level=shown.level)


_SHORT = 12


def policy_rows(policy: ExplicitPolicy) -> list[Row]:
    """What defines an explicit policy, the shortest equations on one line."""
    rows = [_row(Printer(), equation) for equation in policy.definitions()]
    short = list(takewhile(lambda row: width(row.text) <= _SHORT, rows))
    if len(short) < 2:
        return rows
    text = r",\quad ".join([short[0].right, *(row.text for row in short[1:])])
    return [replace(short[0], right=text), *rows[len(short) :]]


def _as_row(printer: Printer, term: Term) -> Printed:
    row = _row(printer, term)
    return Printed(row.text, row.level)


def _conjunction(printer: Printer, term: Term) -> Printed:
    rows = chained(printer, conjuncts(term))
    return Printed(conjoined(rows, 0), Level.AND if len(rows) > 1 else Level.RELATION)


def _disjunction(printer: Printer, term: Term) -> Printed:
    given = [printer.show(part).at_least(Level.AND).text for part in disjuncts(term)]
    return Printed(r" \lor ".join(given), Level.OR)


def _implication(printer: Printer, term: Term) -> Printed:
    if term.head == "imp" and term.args[1].head == "false":
        return Printed(
            rf"\lnot {printer.show(term.args[0]).at_least(Level.ATOM).text}", Level.RELATION
        )
    found = peel(printer, term)
    body = found.printer.show(found.body)
    body = body.at_least(Level.AND if found.premises else Level.IMPLIES)
    return Printed(governed(found.prefix, body.text), Level.IMPLIES)


def _differentiated(printer: Printer, function_: Term, at: Term) -> str:
    """The derivative of a function at a point."""
    renamed = at.kind == "var" and at not in free_variables(function_)
    named = reduced(function_)
    if named is not None and not renamed and named[0].sort[0] == ("R",):
        return f"{symbol(named[0].head).text}'{bracket(printer.text(at))}"
    (variable,), body, inside = printer.opened(function_)
    if renamed:
        variable, body, inside = at, beta(function_, [at]), printer
    text = unsigned(inside.show(body), Level.FRACTION).text
    slope = rf"\frac{{d}}{{d{inside.text(variable)}}} {text}"
    if renamed:
        return slope
    return rf"\left.{slope}\right|_{{{inside.text(variable)}={printer.text(at)}}}"


_SHOWN: dict[str, Callable[[Printer, Term], Printed]] = {
    **dict.fromkeys((*RELATIONS, "derivative", "exists"), _as_row),
    "and": _conjunction,
    "or": _disjunction,
    "imp": _implication,
    "forall": _implication,
    "false": lambda printer, term: Printed(r"\bot"),
}
BUILTIN.update(_SHOWN)
