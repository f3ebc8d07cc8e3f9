"""Letters, brackets, and how tightly printed mathematics binds."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from enum import IntEnum
from functools import cache
from typing import NamedTuple


class Level(IntEnum):
    """How tightly printed mathematics binds; a slash fraction less than juxtaposition."""

    IMPLIES, OR, AND, RELATION, SUM, SLASH, PRODUCT, FRACTION, POWER, ATOM = range(1, 11)


class Printed(NamedTuple):
    """Printed mathematics, and what decides where it needs brackets.

    `minus`: it starts with a sign; `open`: what follows on the right would be drawn into it
    (a sum, a logarithm without brackets).
    """

    text: str
    level: int = Level.ATOM
    minus: bool = False
    open: bool = False

    def at_least(self, level: int) -> Printed:
        """The same, in brackets if it binds less than `level`."""
        return self if self.level >= level else self.bracketed()

    def bracketed(self) -> Printed:
        """The same in brackets."""
        return Printed(bracket(self.text))


GREEK = frozenset(
    re.findall(
        r"\w+",
        "alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi pi rho sigma tau "
        "upsilon phi chi psi omega Gamma Delta Theta Lambda Xi Pi Sigma Upsilon Phi Psi Omega ell",
    )
)
_SPECIAL = {
    "lp": r"\log\pi",
    "dmu": r"\Delta\mu",
    "Dmu": r"\Delta\mu",
    "lam": r"\lambda",
    "eps": r"\varepsilon",
    "epsilon": r"\varepsilon",
    "phi": r"\varphi",
    "plus": "+",
    "minus": "-",
    "min": r"\min",
    "max": r"\max",
}
PRIME = "\N{MODIFIER LETTER PRIME}"


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
        return Printed(self.text, Level.POWER if self.above else Level.ATOM)


@cache
def symbol(name: str) -> Symbol:
    r"""How a name is written.

    >>> [symbol(name).text for name in ("eta", "G_o", "x12", "J_star", "dmu", "rate")]
    ['\\eta', 'G_{o}', 'x_{12}', 'J^{*}', '\\Delta\\mu', '\\mathit{rate}']
    """
    plain = name.rstrip(PRIME)
    above = r"\prime" * (len(name) - len(plain))
    if plain == "Delta_mu":
        return Symbol(r"\Delta\mu", (), above)
    first, *rest = plain.split("_")
    letters = first.rstrip("0123456789")
    below = [first[len(letters) :], *rest]
    above = ("*" if "star" in below else "") + above
    return Symbol(
        letter(letters), tuple(letter(b, r"\mathrm") for b in below if b and b != "star"), above
    )


def letter(name: str, style: str = r"\mathit") -> str:
    """A letter, Greek or by itself; a longer word in the style given."""
    if name in _SPECIAL:
        return _SPECIAL[name]
    if name in GREEK:
        return f"\\{name}"
    return name if len(name) == 1 or name.isdigit() else f"{style}{{{name}}}"


def named(name: str) -> bool:
    """Whether a name is that of a letter rather than a word."""
    return len(name) == 1 or name in GREEK or name in _SPECIAL


_TALL = re.compile(r"\\(frac|sum|left|Bigl|begin)(?![A-Za-z])")


def tall(text: str) -> bool:
    """Whether the text is higher than a line."""
    return bool(_TALL.search(text))


def enclose(left: str, text: str, right: str) -> str:
    """Brackets of the size that what stands between them needs."""
    if tall(text):
        return rf"\left{left}{text}\right{right}"
    if re.search(r"[(\[]|vert|\\\{", text):
        return rf"\bigl{left}{text}\bigr{right}"
    return f"{left}{text}{right}"


def bracket(text: str) -> str:
    """The text in round brackets."""
    return enclose("(", text, ")")


def modulus(text: str) -> str:
    """The text between the bars of an absolute value."""
    left, right = (r"\left", r"\right") if tall(text) else ("", "")
    return rf"{left}\lvert {text} {right}\rvert"
