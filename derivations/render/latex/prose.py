"""Sentences with formulas in them."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from derivations.render.latex.symbols import GREEK, letter

_ESCAPES = {
    "\\": r"\textbackslash{}", "^": r"\textasciicircum{}", "~": r"\textasciitilde{}",
    **{c: f"\\{c}" for c in "&%$#_{}"},
    "<=": r"$\le$", ">=": r"$\ge$", "->": r"$\to$", "<": "$<$", ">": "$>$", "|": "$|$",
    '"': "''", "\N{LESS-THAN OR EQUAL TO}": r"$\le$", "\N{GREATER-THAN OR EQUAL TO}": r"$\ge$",
    "\N{MINUS SIGN}": "$-$", "\N{EN DASH}": "--",
}  # fmt: skip
_SPECIALS = re.compile("|".join(re.escape(s) for s in sorted(_ESCAPES, key=len, reverse=True)))


def escape(text: str) -> str:
    r"""Plain text for LaTeX.

    >>> print(escape("50% of G_o & <= 1"))
    50\% of G\_o \& $\le$ 1
    """
    return _SPECIALS.sub(lambda m: _ESCAPES[m[0]], text)


# What is plainly mathematics in a sentence: E_+[h], -L, 1 - J <= p/(1 - p), 2 pi a/omega, x.
# "a" is a letter only next to a sign, "A" and "I" never.
_FUNCTIONS = ("log", "exp", "sin", "cos", "Var", "Cov")
_NAME = (
    rf"(?:{'|'.join(sorted((*GREEK, *_FUNCTIONS), key=len, reverse=True))}|[B-HJ-Zb-z]"
    r"|a(?=[-+*/^<>=]| [-+<>=] ))(?![A-Za-z']|-[A-Za-z]|\.\w)(?:_[-+\w])?"
)
_SIGN = r"(?: [-+] | ?(?:<=|>=|<|>|=) ?|/| )?"


def _formula(bracketed: str, sign: str = _SIGN) -> str:
    part = rf"(?:{_NAME}|\d+(?!\.?\d){bracketed})(?:\^\d)?"
    return rf"-?{part}(?:{sign}{part})*"


_GROUP = ""
for _ in range(2):  # brackets within brackets
    _GROUP = rf"|[(\[]{_formula(_GROUP, f'(?:, |{_SIGN})')}[)\]]"
_MATHEMATICS = re.compile(rf"(?<![\w'.\\$-]){_formula(_GROUP)}")
_PIECES = re.compile(r"(\$[^$]+\$|`[^`]+`)")


def reason_latex(
    why: str, plain: Callable[[str], str] = escape, code: Callable[[str], str] = "`{}`".format
) -> str:
    r"""A reason, or another sentence, for LaTeX: simple formulas in plain text are set as such.

    What stands between $ is taken as it is; `plain` escapes the other words, and `code` sets
    what stands between backticks.

    >>> print(reason_latex("E_+[h] is at least -L, and 1 - J <= 50%"))
    $\mathbb{E}_+[h]$ is at least $-L$, and $1 - J \le 50$\%
    >>> print(reason_latex("the log-odds fall by 2 pi a/omega a step"))
    the log-odds fall by $2 \pi a/\omega$ a step
    """
    shown = []
    for piece in _PIECES.split(why):
        if piece.startswith("`") and len(piece) > 2:
            shown.append(code(piece[1:-1]))
        else:
            shown.append(piece if piece.startswith("$") else _mixed(piece, plain))
    return "".join(shown)


def _mixed(text: str, plain: Callable[[str], str]) -> str:
    parts, done = [], 0
    for match in _MATHEMATICS.finditer(text):
        if re.search(r"[A-Za-z]", match[0]):
            parts += [plain(text[done : match.start()]), f"${_spelled(match[0])}$"]
            done = match.end()
    return "".join(parts) + plain(text[done:])


def _spelled(formula: str) -> str:
    formula = re.sub(r"\bE(?=[_\[])", r"\\mathbb{E}", formula)
    formula = formula.replace("<=", r"\le").replace(">=", r"\ge")
    return re.sub(r"(?<![\\A-Za-z])[A-Za-z]{2,}", lambda m: _word(m[0]), formula)


def _word(name: str) -> str:
    if name in _FUNCTIONS:
        return f"\\{name}" if name.islower() else rf"\operatorname{{{name}}}"
    return letter(name)


def listed(items: Sequence[str]) -> str:
    """``a``, ``a and b``, ``a, b and c``."""
    if len(items) < 2:
        return "".join(items)
    return f"{', '.join(items[:-1])} and {items[-1]}"


def sentence(text: str) -> str:
    """The text as a sentence: a capital letter first (unless it is mathematics), a full stop last.

    >>> sentence("for all $t$")
    'For all $t$.'
    """
    return capital(text) if text.endswith((".", "?", "!")) or not text else f"{capital(text)}."


def capital(text: str) -> str:
    """The text with its first letter as a capital."""
    return text[:1].upper() + text[1:]
