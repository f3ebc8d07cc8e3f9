"""The symbols of the section on algorithms: powers, binomial means, groups and coefficients."""

from __future__ import annotations

from derivations.binomial import BINOMIAL
from derivations.kernel.terms import Term, exp, var
from derivations.render.latex.printer import Printer, Show, template
from derivations.render.latex.rows import width
from derivations.render.latex.structure import is_variable, reduced, tidied
from derivations.render.latex.symbols import Level, Printed, bracket, enclose
from derivations.render.latex.theory import PHRASES


def _raised(printer: Printer, base: Term, exponent: str) -> Printed:
    text = printer.show(base).at_least(Level.ATOM).text
    return Printed(f"{text}^{{{exponent}}}", Level.POWER)


def _power(printer: Printer, term: Term) -> Printed:
    base, exponent = term.args
    return _raised(printer, base, printer.inline().text(exponent))


def _complement(printer: Printer, term: Term) -> Printed:
    base, count, index = term.args
    below = printer.inline().show(index).at_least(Level.SLASH).text
    return _raised(printer, base, f"{printer.inline().text(count)} - {below}")


def _choose(printer: Printer, term: Term) -> Printed:
    above, below = map(printer.inline().text, term.args)
    return Printed(rf"\tbinom{{{above}}}{{{below}}}")


def _binomial_mean(printer: Printer, term: Term) -> Printed:
    """``E_{k ~ Bin(n, p)}[...]``; a constant or a named function needs no variable."""
    count, rate, values = term.args
    (index,), body, inside = printer.opened(values)
    law = f"{inside.text(index)} \\sim \\mathrm{{Bin}}({printer.inline().text(count)}, "
    law += f"{printer.inline().text(rate)})"
    return Printed(rf"\mathbb{{E}}_{{{law}}}" + enclose("[", inside.text(body), "]"))


def _difference(printer: Printer, term: Term) -> Printed:
    order, values = term.args
    named = reduced(values)
    shown = printer.function(values)
    text = shown if named is not None else bracket(shown)
    return Printed(rf"\Delta^{{{printer.inline().text(order)}}} {text}", Level.PRODUCT)


def _primitive(printer: Printer, term: Term) -> Printed:
    """An integral of a binomial mean over the success rate."""
    count, values, at = term.args
    rate = var("p", "R")
    inside = printer.knowing(rate)
    mean = inside.inline().text(BINOMIAL(count, rate, values))
    text = rf"\int_{{0}}^{{{printer.inline().text(at)}}} {mean} \, dp"
    return Printed(text, Level.FRACTION, open=True)


def _coefficient(printer: Printer, term: Term) -> Printed:
    companions, rate, up, down = term.args
    inside = ", ".join(map(printer.function, (up, down)))
    below = printer.inline().text(companions)
    return Printed(rf"c^{{{inside}}}_{{{below}}}" + bracket(printer.text(rate)))


def _edge(printer: Printer, term: Term) -> Printed:
    """A limit within (0, 1)."""
    (variable,), body, inside = printer.opened(term.args[0])
    value = inside.show(body).at_least(Level.PRODUCT).text
    place = f"{inside.text(variable)} \\to {printer.inline().text(term.args[1])}"
    return Printed(rf"\lim_{{{place}}} {value} = {printer.text(term.args[2])}", Level.RELATION)


_WIDE = 48


def _advantages(printer: Printer, term: Term) -> Printed:
    """The advantages of a correct and of an incorrect response, and which groups are kept."""
    selected = term.head.name == "selected"
    names = ("d", "A^{+}", "A^{-}") if selected else ("A^{+}", "A^{-}")
    shown = []
    for name, values in zip(names, term.args[1:], strict=False):
        (index,), body, inside = printer.opened(values)
        shown.append(f"{name}_{{{inside.text(index)}}} = {inside.text(tidied(body))}")
    line = r",\ ".join(shown)
    if width(line) <= _WIDE:
        return Printed(line, Level.AND)
    rows = r", \\ ".join(row.replace("=", "&=", 1) for row in shown)
    return Printed(rf"\left.\begin{{aligned}}{rows}\end{{aligned}}\right\}}", Level.AND)


def _drawn(printer: Printer, term: Term) -> str | None:
    """``V is the mean over responses drawn from the policy``, verified or accepted."""
    count, logs, accepted, score, value = term.args
    named = reduced(value)
    if named is None or not is_variable(count, "n"):
        return None
    (index,), chance, inside = printer.opened(accepted)
    (_,), log_policy, _ = printer.opened(logs)
    (_,), own, _ = printer.opened(score)
    share = inside.inline().text(chance)
    return (
        f"${printer.function(value)}$ is the mean over a group drawn from "
        f"${_policy_of(inside, log_policy)}$, with scores ${inside.text(own)}$, where response "
        f"${inside.text(index)}$ is verified as correct with probability ${share}$"
    )


def _policy_of(printer: Printer, log_policy: Term) -> str:
    return printer.text(exp(log_policy))


PHRASES["drawn"] = _drawn


def _spoken(printer: Printer, term: Term) -> Printed:
    words = _drawn(printer, term)
    return Printed(rf"\text{{{words}}}", Level.AND)


def _more(printer: Printer, term: Term, more: int) -> str:
    """A natural number plus a numeral, as one sum."""
    while term.head == "+" and term.args[1].kind == "num":
        term, more = term.args[0], more + int(term.args[1].head)
    return f"{printer.inline().text(term)} + {more}"


def _objective(printer: Printer, companions: Term) -> str:
    """f_G for groups of G, two more than `companions`."""
    return f"f_{{{_more(printer, companions, 2)}}}"


def _objective_at(printer: Printer, term: Term) -> Printed:
    companions, at = term.args
    return Printed(_objective(printer, companions) + enclose("(", printer.text(at), ")"))


def _objective_power(printer: Printer, term: Term) -> Printed:
    """``[x^k] f_G``, the coefficient of a power."""
    companions, index = term.args
    text = f"[x^{{{_more(printer, index, 1)}}}] {_objective(printer, companions)}"
    return Printed(text, Level.PRODUCT)


_SHOWN: dict[str, Show] = {
    "grpo_objective": _objective_at,
    "objective_power": _objective_power,
    "power": _power,
    "complement": _complement,
    "choose": _choose,
    "binomial_mean": _binomial_mean,
    "difference": _difference,
    "primitive": _primitive,
    "coefficient": _coefficient,
    "edge_limit": _edge,
    "drawn": _spoken,
    "advantages": _advantages,
    "selected": _advantages,
}
for _name, _show in _SHOWN.items():
    template(_name, _show)
template("grpo", r"c_{#1}(#2)")
