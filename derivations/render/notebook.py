r"""Statements and proofs in a notebook: HTML with mathematics that MathJax typesets.

Nothing here raises because a proof fails; a failed statement says so and shows what was left
to prove.  ``%load_ext derivations.render.notebook`` shows bare terms and theorems typeset too.
"""

from __future__ import annotations

import html
from typing import TYPE_CHECKING, Any

from derivations.kernel.terms import Term
from derivations.kernel.theorem import Theorem
from derivations.render.latex import (
    Layout,
    Row,
    capital,
    display,
    distinct,
    fits_inline,
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


def statement_html(statement: Statement) -> str:
    """A statement with its status: proved, definition, assumption or failed."""
    error = _failure(statement)
    status = _status(statement) if error is None else "failed"
    parts = [_heading(statement, status), _claim(statement)]
    if error is not None:
        parts.append(_failed(error))
    return _box(status, parts)


def proof_html(proof: Proof) -> str:
    """The numbered steps of a proof with their reasons; all there are, if it failed."""
    statement = proof.statement
    error = _failure(statement)
    steps = "".join(f"<li>{_step(statement, step)}</li>" for step in distinct(proof.steps))
    parts = [f"<div><i>Proof</i> of {_code(statement.id)}.</div>", f"<ol>{steps}</ol>"]
    if proof.used:
        used = ", ".join(map(_code, proof.used))
        parts.append(f"<div><small>It calls on {used}.</small></div>")
    if error is not None:
        parts.append(_failed(error))
    return _box(_status(statement) if error is None else "failed", parts)


def theorem_html(theorem: Theorem) -> str:
    """A kernel theorem: its hypotheses, a turnstile and what they imply."""
    given = r",\; ".join(sorted(term_latex(h) for h in theorem.hypotheses))
    claim = term_latex(theorem.conclusion)
    claimed = rf"{given} \vdash {claim}"
    return f"<div>{_display(claimed)}</div>"


def term_repr_latex(term: Term) -> str:
    """A term as displayed mathematics, for notebooks."""
    return rf"$\displaystyle {term_latex(term)}$"


def load_ipython_extension(shell: Any) -> None:
    """Show terms and theorems typeset in this notebook."""
    formatters = shell.display_formatter.formatters
    formatters["text/latex"].for_type(Term, term_repr_latex)
    formatters["text/html"].for_type(Theorem, theorem_html)


def _failure(statement: Statement) -> Exception | None:
    """What went wrong in the proof, if anything did."""
    try:
        _ = statement.theorem
    except Exception as error:  # whatever a user's proof raises is to be shown, not raised
        return error
    return None


def _status(statement: Statement) -> str:
    return statement.kind if statement.kind in _COLOURS else "proved"


def _box(status: str, parts: list[str]) -> str:
    colour = _COLOURS.get(status, _FAILED)
    style = f"border-left: 3px solid {colour}; padding: 0.3em 1em; margin: 0.5em 0"
    return f'<div class="gradgap" style="{style}">{"".join(parts)}</div>'


def _heading(statement: Statement, status: str) -> str:
    colour = _COLOURS.get(status, _FAILED)
    style = f"background: {colour}; color: white; border-radius: 3px; padding: 0 0.4em"
    return (
        f'<div><span style="{style}">{status}</span> <b>{statement.kind.capitalize()}</b> '
        f"({html.escape(statement.title)}) {_code(statement.id)} "
        f"<small>{html.escape(statement.provenance)}</small></div>"
    )


def _code(text: str) -> str:
    return f"<code>{html.escape(text)}</code>"


def _claim(statement: Statement) -> str:
    shown = statement_layout(statement)
    parts = []
    if shown.setting:
        parts.append(f"<div>Consider</div>{_rows(shown.setting)}")
    if shown.hypotheses:
        items = "".join(f"<li>{_words(h)}</li>" for h in shown.hypotheses)
        parts.append(f"<div>Assume that</div><ul>{items}</ul>")
    parts.append(_conclusion(shown))
    if statement.words:
        parts.append(f"<div>{_words(sentence(statement.words))}</div>")
    return "".join(parts)


def _conclusion(shown: Layout) -> str:
    lead = f"then {shown.lead}".strip() if shown.hypotheses else shown.lead
    return (f"<div>{_words(capital(lead))}</div>" if lead else "") + _rows(shown.rows)


def _step(statement: Statement, step: ProofStep) -> str:
    shown = step_layout(statement, step)
    words = capital(reason_latex(step.why, html.escape))
    if shown.hypotheses:
        words += _words(f". Where {', '.join(shown.hypotheses)}")
    if shown.lead:
        words += _words(f"; {shown.lead}")
    if step.uses:
        words += f" (by {', '.join(map(_code, step.uses))})"
    if fits_inline(shown.rows):
        return f"{words}: {_words(f'${shown.rows[0].text}$')}"
    return f"{words}:{_rows(shown.rows)}"


def _rows(rows: tuple[Row, ...]) -> str:
    text, several = display(rows, end="")
    return _display(f"\\begin{{aligned}}\n{text}\n\\end{{aligned}}" if several else text)


def _display(text: str) -> str:
    return f"$${html.escape(text)}$$"


def _words(text: str) -> str:
    """Words with mathematics between $, where a browser must not see markup."""
    return html.escape(text)


def _failed(error: Exception) -> str:
    goal = getattr(error, "goal", None)
    shown = _display(term_latex(goal)) if isinstance(goal, Term) else ""
    left = f"<div>Left to prove:</div>{shown}" if shown else ""
    reason = html.escape(str(error).replace("$", r"\$") or type(error).__name__)
    return f'<div style="color: {_FAILED}">The proof fails: {reason}</div>{left}'
