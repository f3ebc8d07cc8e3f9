r"""Statements and proofs in a notebook, with mathematics that the front end typesets.

The text is Markdown and HTML at once.  JupyterLab typesets formulas in either; VS Code and
other viewers leave formulas in HTML alone and typeset those in Markdown.  So block tags stand
on lines of their own between blank lines (a Markdown reader then reads what is between them
as Markdown), and formulas avoid the characters that HTML would take for markup.

Nothing here raises because a proof fails; a failed statement says so and shows what was left
to prove.  ``%load_ext derivations.render.notebook`` shows statements and proofs as Markdown, and
bare terms and theorems typeset too, and what the search answers in one line.
"""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from textwrap import shorten
from typing import TYPE_CHECKING, Any

from derivations.kernel.terms import Term, real
from derivations.kernel.theorem import Theorem
from derivations.render.latex import (
    Row,
    capital,
    display,
    distinct,
    fits_inline,
    layout,
    reason_latex,
    sentence,
    statement_layout,
    step_layout,
    term_latex,
)

if TYPE_CHECKING:
    from derivations.library import Proof, ProofStep, Statement

_COLOURS = {"proved": "#2e7d32", "definition": "#1565c0", "assumption": "#6a1b9a"}
_FAILED = "#c62828"
_LONGEST = 300  # characters of a reason that still help


def statement_markdown(statement: Statement) -> str:
    """A statement with its status: proved, definition, assumption or failed."""
    error = _failure(statement)
    status = _status(statement, error)
    return _box(status, _heading(statement, status), *_claim(statement), *_failed(error))


def proof_markdown(proof: Proof) -> str:
    """The numbered steps of a proof with their reasons; all there are, if it failed."""
    statement = proof.statement
    error = _failure(statement)
    steps = [_block("li", *_step(statement, step)) for step in distinct(proof.steps)]
    used = ", ".join(map(_code, proof.used))
    parts = [_block("div", f"<i>Proof</i> of {_code(statement.id)}."), _block("ol", *steps)]
    if used:
        parts.append(_block("div", f"<small>It calls on {used}.</small>"))
    return _box(_status(statement, error), *parts, *_failed(error))


def term_repr_latex(term: Term) -> str:
    """A term as displayed mathematics."""
    return rf"$\displaystyle {term_latex(term)}$"


def theorem_repr_latex(theorem: Theorem) -> str:
    """A kernel theorem: its hypotheses, a turnstile and what they imply."""
    given = r",\; ".join(sorted(term_latex(h) for h in theorem.hypotheses))
    return rf"$\displaystyle {given} \vdash {term_latex(theorem.conclusion)}$"


def load_ipython_extension(shell: Any) -> None:
    """Show statements, proofs, terms and theorems typeset in this notebook."""
    from derivations.library import Proof, Statement

    formatters = shell.display_formatter.formatters
    formatters["text/latex"].for_type(Term, term_repr_latex)
    formatters["text/latex"].for_type(Theorem, theorem_repr_latex)
    formatters["text/plain"].for_type(Statement, _pretty(_statement_plain))
    formatters["text/plain"].for_type(Proof, _pretty(_proof_plain))
    for module, name, plain, latex in _ANSWERS:
        formatters["text/plain"].for_type_by_name(module, name, _pretty(plain))
        if latex is not None:
            formatters["text/latex"].for_type_by_name(module, name, latex)


def _pretty(plain: Callable[[Any], str]) -> Callable[[Any, Any, bool], None]:
    """A printer for IPython, which says its text to a stream and may be in a cycle."""
    return lambda shown, stream, cycle: stream.text(plain(shown))


def _failure(statement: Statement) -> Exception | None:
    """What went wrong in the proof, if anything did."""
    try:
        _ = statement.theorem
    except Exception as error:  # whatever a user's proof raises is to be shown, not raised
        return error
    return None


def _status(statement: Statement, error: Exception | None) -> str:
    if error is not None:
        return "failed"
    return statement.kind if statement.kind in _COLOURS else "proved"


def _statement_plain(statement: Statement) -> str:
    status = _status(statement, _failure(statement))
    kind = "" if statement.kind == status else f"{statement.kind} "
    return f"{kind}{statement.id} ({statement.title}): {status}"


def _proof_plain(proof: Proof) -> str:
    status = _status(proof.statement, _failure(proof.statement))
    return f"proof of {proof.statement.id} in {len(distinct(proof.steps))} steps: {status}"


def _answer_plain(answer: Any) -> str:
    if answer.counterexample:
        point = ", ".join(f"{name} = {value}" for name, value in answer.counterexample.items())
        return f"{answer.verdict} at {point}"
    return f"{answer.verdict}"


def _derived_plain(found: Any) -> str:
    return f"largest {found.variable}: {found.value!r}; it holds on {found.interval}"


def _derived_latex(found: Any) -> str:
    bound = r"\le" if found.closed else "<"
    return rf"$\displaystyle 0 < {_letter(found)} {bound} {term_latex(found.value)}$"


def _best_plain(found: Any) -> str:
    return f"best {found.variable}: {found.value!r}, with the gain {found.gain!r}"


def _best_latex(found: Any) -> str:
    gain = rf"\text{{with the gain }} {term_latex(found.gain)}"
    return rf"$\displaystyle {_letter(found)} = {term_latex(found.value)} \quad {gain}$"


def _letter(found: Any) -> str:
    return term_latex(real(found.variable))


# What stands for the answers of the search, whose certificates are too long to be shown; by
# name, since their modules load slowly.
_ANSWERS = (
    ("derivations.search.prove", "Answer", _answer_plain, None),
    ("derivations.search.derive", "Derived", _derived_plain, _derived_latex),
    ("derivations.search.derive", "Best", _best_plain, _best_latex),
)


def _block(tag: str, *parts: str, attributes: str = "") -> str:
    """A block tag around Markdown; without the blank lines it would be read as raw HTML."""
    return "\n\n".join((f"<{tag}{attributes}>", *parts, f"</{tag}>"))


def _box(status: str, *parts: str) -> str:
    colour = _COLOURS.get(status, _FAILED)
    style = f"border-left: 3px solid {colour}; padding: 0.1em 1em; margin: 0.5em 0"
    return _block("div", *parts, attributes=f' class="gradgap" style="{style}"')


def _heading(statement: Statement, status: str) -> str:
    colour = _COLOURS.get(status, _FAILED)
    style = f"background-color: {colour}; color: white; border-radius: 3px; padding: 0 0.4em"
    title = _words(statement.title)
    if statement.kind == status:  # the badge says already that it is a definition
        name = f"<b>{title}</b>"
    else:
        name = f"<b>{statement.kind.capitalize()}</b> ({title})"
    badge = f'<span style="{style}">{status}</span>'
    source = f"<small>{html.escape(statement.provenance)}</small>"
    return _block("div", f"{badge} {name} {_code(statement.id)} {source}")


def _claim(statement: Statement) -> list[str]:
    shown = statement_layout(statement)
    parts = []
    if shown.setting:
        parts += [_block("div", "Consider"), _rows(shown.setting)]
    if shown.hypotheses:
        items = [_block("li", _words(h)) for h in shown.hypotheses]
        parts += [_block("div", "Assume that"), _block("ul", *items)]
    lead = f"then {shown.lead}".strip() if shown.hypotheses else shown.lead
    if lead:
        parts.append(_block("div", _words(capital(lead))))
    parts.append(_rows(shown.rows))
    if statement.words:
        parts.append(_block("div", _words(sentence(statement.words))))
    return parts


def _step(statement: Statement, step: ProofStep) -> list[str]:
    shown = step_layout(statement, step)
    words = _words(capital(reason_latex(step.why, str)))
    if shown.hypotheses:
        words += _words(f". Where {', '.join(shown.hypotheses)}")
    if shown.lead:
        words += _words(f"; {shown.lead}")
    if step.uses:
        words += f" (by {', '.join(map(_code, step.uses))})"
    if fits_inline(shown.rows):
        return [f"{words}: ${_math(shown.rows[0].text)}$"]
    return [f"{words}:", _rows(shown.rows)]


def _failed(error: Exception | None) -> list[str]:
    """Why the proof fails and what was left to prove; nothing if it does not fail."""
    if error is None:
        return []
    reason = " ".join(str(error).split()) or type(error).__name__
    goal = getattr(error, "goal", None)
    if not isinstance(goal, Term):
        return [_complaint(reason)]
    if repr(goal) in reason:  # shown below, typeset
        reason = "a step has no certificate"
    shown = layout((), goal)
    left = f"left to prove {shown.lead}".strip()
    return [_complaint(reason), _block("div", f"{_words(capital(left))}:"), _rows(shown.rows)]


def _complaint(reason: str) -> str:
    text = _plain(shorten(reason, _LONGEST, placeholder=" ..."))
    return _block("div", f'<span style="color: {_FAILED}">The proof fails: {text}</span>')


def _rows(rows: tuple[Row, ...]) -> str:
    text, several = display(rows, end="")
    return _display(f"\\begin{{aligned}}\n{text}\n\\end{{aligned}}" if several else text)


def _display(text: str) -> str:
    return f"$$\n{_math(text)}\n$$"


def _math(text: str) -> str:
    r"""A formula in which neither HTML nor the search for the closing $ is misled.

    >>> print(_math(r"a &< b"))
    a & \lt  b
    >>> print(_math(r"\text{with $x$ fixed}"))
    \text{with }x\text{ fixed}
    """
    text = re.sub(r"\$([^$]*)\$", r"}\1\\text{", text)
    return text.replace("&", "& ").replace("<", r"\lt ").replace(">", r"\gt ")


# A formula may itself quote words, which may hold formulas: $x \text{ for all $y$}$.
_QUOTED = re.compile(r"(\$(?:\\text\{(?:[^{}]|\{[^{}]*\})*\}|[^$])+\$|`[^`]+`)")


def _words(text: str) -> str:
    """Words with mathematics between $ and code between backticks."""
    pieces = _QUOTED.split(text)
    return "".join(_quoted(p) if k % 2 else _plain(p) for k, p in enumerate(pieces))


def _quoted(text: str) -> str:
    return f"${_math(text[1:-1])}$" if text.startswith("$") else _code(text[1:-1])


def _code(text: str) -> str:
    return f"<code>{_plain(text)}</code>"


_MARKUP = {ord(c): f"&#{ord(c)};" for c in "*_`[]\\~"} | {ord("$"): r"\$"}


def _plain(text: str) -> str:
    r"""Text in which neither HTML nor Markdown sees markup.

    >>> print(_plain("a*b <= c_1"))
    a&#42;b &lt;= c&#95;1
    """
    return html.escape(text, quote=False).translate(_MARKUP)
