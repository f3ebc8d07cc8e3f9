r"""Vectors in LaTeX: the coordinate is not printed where a whole vector is meant."""

from __future__ import annotations

from dataclasses import replace

from derivations.kernel.terms import Term, beta, lam, nat
from derivations.render.latex.printer import Printer, template
from derivations.render.latex.structure import is_call, reduced
from derivations.render.latex.symbols import Level, Printed, Symbol, bracket, modulus
from derivations.render.latex.theory import PHRASES, spoken

_J = nat("j")


def vector(printer: Printer, function_: Term) -> Printed:
    r"""A vector, given as a function of the coordinate: ``a_{q} \gamma_{q}`` for its values."""
    (index,), body, inside = printer.opened(function_)
    if is_call(body, "S"):  # the score of response i
        *others, i = map(printer.inline().text, body.args[:-1])
        return Printed(Symbol("S", tuple(others)).text + bracket(i))
    return replace(inside, response=index, point=()).show(body)


def _inner(printer: Printer, term: Term) -> Printed:
    _, x, y = term.args
    texts = [vector(_plain(printer), v).text for v in (x, y)]
    if x == y:
        return Printed(f"{modulus(texts[0])}^{{2}}", Level.POWER)
    return Printed(rf"\langle {texts[0]}, {texts[1]} \rangle")


def _norm(printer: Printer, term: Term) -> Printed:
    return Printed(modulus(vector(_plain(printer), term.args[1]).text))


def _plain(printer: Printer) -> Printer:
    """Numbers made of vectors have no coordinate to hide."""
    return replace(printer, response=None, point=())


def _image(printer: Printer, term: Term) -> Printed:
    """Coordinate j of P x."""
    _, matrix, x, j = term.args
    text = f"{printer.function(matrix)} {vector(_plain(printer), x).at_least(Level.PRODUCT).text}"
    if j == printer.response:
        return Printed(text, Level.PRODUCT)
    return Printed(f"{bracket(text)}_{{{printer.text(j)}}}")


def _average(printer: Printer, term: Term) -> Printed:
    """Coordinate j of the mean of the samples X(a, o, .)."""
    _, samples, outcome, j = term.args
    named = reduced(samples)
    name = Symbol(rf"\bar{{{named[0].head if named else 'X'}}}").sub(printer.text(outcome))
    return (name if j == printer.response else name.sub(printer.text(j))).printed


def _along_phrase(printer: Printer, term: Term) -> str | None:
    """``the line starts in the direction of v``, the score along it being s_0."""
    _, score, gradient, _, update = term.args
    moved, inside = vector(_plain(printer), update).text, printer.inline()
    named, outer = reduced(score), reduced(gradient)
    if named is None or outer is None:
        return None
    step = tuple(map(inside.text, outer[1]))
    line = f"the line of ${Symbol(chr(92) + 'pi', step).text}$" if step else "the line"
    return f"{line} starts in the direction of ${moved}$"


def _shortest_phrase(printer: Printer, term: Term) -> str | None:
    """m is the shortest point of the convex hull of the gamma_q."""
    count, _, vectors, _, point = term.args
    (q, _), _, inside = printer.opened(vectors)
    one = vector(inside, lam(_J, beta(vectors, [q, _J]))).text
    here = f"{inside.text(q)} < {printer.inline().text(count)}"
    m = vector(_plain(printer), point).text
    hull = f"the convex hull of the ${one}$, ${here}$"
    return f"${m}$ is the shortest point of {hull}, and not zero"


def _token_level_phrase(printer: Printer, term: Term) -> str | None:
    """Regular token by token, with these bounds, on [0, eta]."""
    score, hessian, size = map(printer.inline().text, term.args[-3:])
    return f"the tokens are regular with ${score}$, ${hessian}$ on $[0,{size}]$"


PHRASES.update(along=_along_phrase, shortest=_shortest_phrase, token_level=_token_level_phrase)
template("token_level", spoken("token_level"))
template("along", spoken("along"))
template("shortest", spoken("shortest"))
template("inner", _inner)
template("norm", _norm)
template("image", _image)
template("average", _average)
