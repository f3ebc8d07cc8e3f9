"""The symbols of the sections on length normalisation and stagnation."""

from __future__ import annotations

from derivations.kernel.terms import Term
from derivations.render.latex.printer import Printer, Show, template
from derivations.render.latex.symbols import Printed
from derivations.render.latex.theory import PHRASES, spoken


def _point(printer: Printer, *coordinates: Term) -> str:
    return ", ".join(map(printer.inline().text, coordinates))


def _ascends(printer: Printer, term: Term) -> str | None:
    """``(X(k), Y(k)) follows the updates eta c(J) grad f``."""
    _, rate, coefficient, first, second = term.args
    (rate_of_success,), body, inside = printer.opened(coefficient)
    path = f"({printer.function(first)}, {printer.function(second)})"
    size = printer.inline().show(rate).text
    name = f"c({inside.text(rate_of_success)})"
    own = "" if inside.text(body) == name else f", ${name} = {inside.text(body)}$"
    return rf"the points ${path}$ follow the updates ${size}\,c(J)\,\nabla f${own}"


def _near(printer: Printer, term: Term) -> str | None:
    """``(x, y) is near the cycle, within z``."""
    skew, first, second, size = term.args
    inside = printer.inline().text
    return (
        f"the coordinates of $({_point(printer, first, second)})$ for $h = {inside(skew)}$ are at "
        f"most ${inside(size)}$"
    )


PHRASES.update(ascends=_ascends, near_cycle=_near)
for _name in ("ascends", "near_cycle"):
    template(_name, spoken(_name))


def _value(name: str, places: slice) -> Show:
    def show(printer: Printer, term: Term) -> Printed:
        return Printed(f"{name}({_point(printer, *term.args[places])})")

    return show

    return show


template("logistic", r"\sigma(#1)")
template("valley", _value("f", slice(1, 3)))
template("valley_x", _value("f_{x}", slice(1, 3)))
template("valley_y", _value("f_{y}", slice(0, 2)))
template("valley_bend", r"f''_{(#3, #4)}(#1, #2)")
