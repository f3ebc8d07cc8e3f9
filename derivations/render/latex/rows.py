"""Rows of formulas: how wide they are, where they break, and how they make a display."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from derivations.render.latex.symbols import Level, bracket, tall


@dataclass(frozen=True)
class Row:
    """One formula of a display: left side, sign and right side, or all of it on the left.

    A quantified formula has its quantifiers and premises as `prefix` and what they govern as
    `inner` rows; `lines` is the prefix again, with each premise on a line of its own.
    """

    left: str = ""
    sign: str = ""
    right: str = ""
    level: int = Level.RELATION
    prefix: str = ""
    inner: tuple[Row, ...] = ()
    lines: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """The formula on one line."""
        if self.prefix:
            level = Level.OR if self.prefix.endswith("Rightarrow") else 0
            return governed(self.prefix, conjoined(self.inner, level))
        return f"{self.left} {self.sign} {self.right}" if self.sign else self.left


def side_by_side(rows: Sequence[Row], level: int) -> list[str]:
    """Rows in a line, in brackets if they bind no more than `level`."""
    return [row.text if row.level > level else bracket(row.text) for row in rows]


def conjoined(rows: Sequence[Row], level: int) -> str:
    """Rows as one formula; one by itself is in brackets if it binds no more than `level`."""
    return r" \land ".join(side_by_side(rows, Level.AND if len(rows) > 1 else level))


def governed(prefix: str, text: str) -> str:
    """Quantifiers and premises, if there are any, in front of what they govern."""
    space = r"\ " if prefix.endswith(r"\colon") else " "
    return f"{prefix}{space}{leading(text)}" if prefix and text else prefix or text


def leading(text: str) -> str:
    """What begins a formula; a minus in front of it is not to be spaced like a difference."""
    return f"{{-}}{text[1:]}" if text.startswith("-") else text


WHERE = Row(r"\text{where $\pi$ is the policy with}", level=Level.ATOM)
_RELATION = r" (?:\\(?:le|ge|ne|in|mapsto|Rightarrow|iff|land|lor)(?![A-Za-z])|[=<>]) "
_DELIMITER = r"(?:\\[A-Za-z]+|\\.|.)"
_OPEN = rf"\\(?:left(?![a-z])|[bB]igg?l){_DELIMITER}|[(\[]|\\\{{|\\lvert"
_CLOSE = rf"\\(?:right(?![a-z])|[bB]igg?r){_DELIMITER}|[)\]]|\\\}}|\\rvert"
_TOKEN = re.compile(rf"{_RELATION}| [-+] |{_OPEN}|{_CLOSE}|\\[A-Za-z]+|\\.|\S")

# Widths in digits.
_WIDTHS = {
    **dict.fromkeys(("\\le", "\\ge", "\\ne", "\\iff", "=", "<", ">", "\\mapsto"), 2.5),
    "\\frac": 0.5, "\\sqrt": 1.6, "\\sum": 2.7, "\\log": 2.7, "\\exp": 3.2, "\\sin": 2.6,
    "\\cos": 2.8, "\\lim": 3.0, "\\max": 3.8, "\\min": 3.5, "\\quad": 2.0, "\\qquad": 4.0,
    "\\Delta": 1.6, "\\infty": 2.0, "\\colon": 1.0, "\\,": 0.4, "\\ ": 0.7, ",": 0.9, "-": 1.5,
    **dict.fromkeys("ijlt|'", 0.7),
    **dict.fromkeys("()[]", 0.7), "\\{": 1.0, "\\}": 1.0, "\\lvert": 0.6, "\\rvert": 0.6,
    **dict.fromkeys(("\\text", "\\mathrm", "\\mathbb", "\\mathit", "\\operatorname", "$"), 0.0),
}  # fmt: skip
_SCRIPT = 0.72


def width(text: str) -> int:
    r"""About how many digits wide the LaTeX prints in a display.

    >>> width(r"\frac{a + b}{2}"), width(r"\eta_{k} \le 1")
    (5, 6)
    """
    return round(_extent(_TOKEN.findall(text)[::-1]))


def _extent(tokens: list[str]) -> float:
    """The width up to the end of the group; the tokens, last first, are taken off the list."""
    total, script, last = 0.0, 0.0, ""
    while tokens and (token := tokens.pop()) != "}":
        if token in "^_":  # subscript and superscript stand above each other
            beside = _SCRIPT * _argument(tokens)
            script = max(script, beside - (2.0 if last == "\\sum" else 0.0))
            continue
        total, script, last = total + script + _extent_of(token, tokens), 0.0, token
        if token == "\\frac":
            total += max(_argument(tokens), _argument(tokens))
        elif token == "\\text":  # the spaces between words are no tokens
            total += 1.2 * _argument(tokens)
    return total + script


def _argument(tokens: list[str]) -> float:
    return _extent_of(tokens.pop(), tokens) if tokens else 0.0


def _extent_of(token: str, tokens: list[str]) -> float:
    if token == "{":
        return _extent(tokens)
    if token.startswith(" "):
        return 2.5 if token[1] in "-+" else 2.8
    if re.match(r"\\(left|right|[bB]igg?[lr])(?![a-z])", token):
        return 1.5
    return _WIDTHS.get(token, 1.4 if len(token) == 1 and token.isupper() else 1.05)


_DEEPEST = 4


def broken(text: str, first: int, rest: int) -> list[str]:
    r"""The text as lines, the first and the other ones no wider than given where that can be.

    It breaks before relations, else before signs, and only then within brackets.

    >>> broken(r"a + \left(\frac{b}{2} + c\right)", 8, 8)
    ['a + \\biggl(\\frac{b}{2}', '{}+ c\\biggr)']
    """
    lines = [""]
    for piece in _pieces(text, rest, 0):
        room = first if len(lines) == 1 else rest
        if lines[-1] and width(lines[-1] + piece) > room:
            lines.append(piece.lstrip())
        else:
            lines[-1] += piece
    return [re.sub(r"^(?=[-+] )", "{}", _unpaired(line)) for line in lines]


def _pieces(text: str, room: int, level: int) -> list[str]:
    """The text cut up at the places of a level; pieces that are too wide further down."""
    if width(text) <= room or level > _DEEPEST:
        return [text]
    cuts = [0, *_cuts(text, level), len(text)]
    parts = [text[a:b] for a, b in zip(cuts, cuts[1:], strict=False)]
    return [piece for part in parts for piece in _pieces(part, room, level + 1)]


def _cuts(text: str, level: int) -> list[int]:
    """Where the text may break: at level 0 relations, then signs within ever more brackets."""
    braces = brackets = 0
    found = []
    for match in _TOKEN.finditer(text):
        token = match[0]
        braces += (token == "{") - (token == "}")
        brackets += bool(re.fullmatch(_OPEN, token)) - bool(re.fullmatch(_CLOSE, token))
        sign = token.startswith(" ") and token[1] in "-+"
        relation = token.startswith(" ") and not sign
        fits = relation and brackets == 0 if level == 0 else sign and brackets < level
        if fits and not braces:
            found.append(match.start())
    return found


_PAIR = re.compile(r"\\left(?![a-z])((?:(?!\\left|\\right).)*)\\right(?![a-z])")


def _unpaired(line: str) -> str:
    """The line with delimiters whose partners are elsewhere in a fixed size."""
    found = 1
    while found:  # hide the pairs, the innermost first
        line, found = _PAIR.subn("\0\\1\1", line)
    line = re.sub(r"\\(left|right)(?![a-z])", lambda m: rf"\bigg{m[1][0]}", line)
    return line.replace("\0", r"\left").replace("\1", r"\right")


LINE = 75  # what fits on a line, in the units of `width`
_LONGEST = 500


def display(rows: Sequence[Row], limit: int = LINE, end: str = ".") -> tuple[str, bool]:
    """The rows for a display, and whether they are several aligned lines."""
    formulas = [row_lines(row, limit) for row in rows]
    pairs = [pair for formula in formulas for pair in formula]
    if len(pairs) == 1:
        return rows[0].text + end, False
    left, right = (max(map(width, side)) for side in zip(*pairs, strict=True))
    flush = left + right > limit or any(not row.sign for row in rows)
    last = len(formulas) - 1
    stopped = [_stopped(f, "," if k < last else end) for k, f in enumerate(formulas)]
    printed = [
        f"&{leading(a)} {b}" if flush else f"{a} &{b}" for formula in stopped for a, b in formula
    ]
    return " \\\\\n".join(printed), True


def row_lines(row: Row, limit: int = LINE) -> list[tuple[str, str]]:
    """A row as one line or several, each in two parts to be aligned."""
    whole = width(row.text)
    if row.inner and (WHERE in row.inner or whole > (limit // 2 if row.inner[1:] else limit)):
        return _inner_lines(row, limit)
    if row.prefix:
        return [(row.text, "")]
    left, right = _elided(row.left), f"{row.sign} {_elided(row.right)}".strip()
    room = limit - width(left)
    if whole <= limit:
        return [(left, right)]
    if not right or room < limit // 2:
        first, *more = broken(left, limit, limit - 4)
        pairs = [(first, ""), *((rf"\qquad {part}", "") for part in more)]
        rest = broken(right, limit - 2, limit - 4) if right else []
        indents = ["\\quad", *["\\qquad"] * len(rest)]
        return [*pairs, *(("", f"{i} {part}") for i, part in zip(indents, rest, strict=False))]
    first, *more = broken(right, room, limit - 4)
    return [(left, first), *(("", rf"\qquad {part}") for part in more)]


def _inner_lines(row: Row, limit: int) -> list[tuple[str, str]]:
    """Quantifiers and premises on a line of their own, and below them what they govern."""
    last = len(row.inner) - 1
    parts = [_stopped(row_lines(r, limit - 2), "," * (k < last)) for k, r in enumerate(row.inner)]
    inner = [(rf"\quad {leading(left)}", right) for part in parts for left, right in part]
    if width(row.prefix) <= limit:
        return [(row.prefix, ""), *inner]
    pieces = [
        [line] if r"\begin" in line else broken(line, limit, limit - 4) for line in row.lines
    ]
    before = [(rf"\qquad {part}" if k else part) for p in pieces for k, part in enumerate(p)]
    return [*((line, "") for line in before), *inner]


def _elided(text: str) -> str:
    """A formula that no page can hold, by its size."""
    size = width(text)
    return text if size <= _LONGEST else rf"\langle\text{{{size} symbols}}\rangle"


def _stopped(formula: list[tuple[str, str]], stop: str) -> list[tuple[str, str]]:
    """The lines of one formula with the sign that ends it."""
    *earlier, (left, right) = formula
    if left == WHERE.left:
        return formula
    return [*earlier, (left, right + stop) if right else (left + stop, right)]


def fits_inline(rows: Sequence[Row]) -> bool:
    """Whether the formulas are small enough to stand within a sentence."""
    return len(rows) == 1 and width(rows[0].text) <= 42 and not tall(rows[0].text)
