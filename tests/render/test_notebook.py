"""Statements and proofs as HTML."""

from __future__ import annotations

import html
from html.parser import HTMLParser
from types import SimpleNamespace
from typing import Any

import pytest

from derivations.kernel.terms import le, lt, real
from derivations.kernel.theorem import Theorem
from derivations.library import Proof, Statement, statements, theorem
from derivations.render.notebook import (
    load_ipython_extension,
    proof_html,
    statement_html,
    term_repr_latex,
    theorem_html,
)

x = real("x")


class _Checker(HTMLParser):
    """Counts that every tag is closed in its order."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def _well_formed(text: str) -> bool:
    checker = _Checker()
    checker.feed(text)
    checker.close()
    return not checker.open


def _failing(proof: Proof) -> Theorem:
    return proof.have(proof.statement.conclusion, why="impossible <b>")


BROKEN = Statement(
    "test.broken", "lemma", "A <script> & a lie", "classical", (lt(0, x),), le(x, 1), _failing
)


@pytest.mark.parametrize("statement", statements(), ids=lambda s: s.id)
def test_statements(statement: Statement) -> None:
    """Every statement is well-formed HTML with its id, its title and displayed mathematics."""
    shown = statement_html(statement)
    assert _well_formed(shown)
    assert html.escape(statement.title) in shown and statement.id in shown
    assert shown.count("$$") >= 2 and shown.count("$$") % 2 == 0
    assert r"\cref" not in shown and "align*" not in shown


def test_status() -> None:
    """The badge says what kind of thing it is, or that it is proved."""
    assert ">proved</span>" in statement_html(theorem("gap.curvature"))
    assert ">definition</span>" in statement_html(theorem("gap.definition"))
    assert ">assumption</span>" in statement_html(theorem("setting.policy"))


def test_failing_statement_does_not_raise() -> None:
    """It says that it failed and shows the goal; text is escaped."""
    shown = statement_html(BROKEN)
    assert ">failed</span>" in shown and ">proved<" not in shown
    assert "Left to prove" in shown and r"$$x \le 1$$" in shown
    assert "<script>" not in shown and "&lt;script&gt;" in shown
    assert _well_formed(shown)


def test_crashing_proof_does_not_raise() -> None:
    """Whatever a user's proof raises is shown."""

    def crash(proof: Proof) -> Theorem:
        raise ZeroDivisionError

    broken = Statement("test.crash", "lemma", "Crash", "classical", (), le(x, x), crash)
    assert "ZeroDivisionError" in statement_html(broken)


def test_proof() -> None:
    """Numbered steps with their reasons, and what the proof calls on."""
    proof = theorem("gap.score-identity").proof
    shown = proof_html(proof)
    assert _well_formed(shown)
    assert "The score has mean zero" in shown and shown.count("<li>") >= 2
    assert "<code>setting.mean-score</code>" in shown


def test_proof_of_a_failing_statement() -> None:
    """The steps so far, and the failure."""
    shown = proof_html(Proof(BROKEN))
    assert "The proof fails" in shown and _well_formed(shown)


def test_terms_and_theorems() -> None:
    """Bare kernel objects."""
    assert term_repr_latex(x / 2) == r"$\displaystyle \frac{x}{2}$"
    assert r"\vdash" in theorem_html(theorem("gap.curvature").theorem)


def test_extension() -> None:
    """The IPython extension registers a formatter for terms and one for theorems."""
    formatters: Any = pytest.importorskip("IPython.core.formatters")
    shell = SimpleNamespace(display_formatter=formatters.DisplayFormatter())
    load_ipython_extension(shell)
    data, _ = shell.display_formatter.format(x / 2)
    assert data["text/latex"] == r"$\displaystyle \frac{x}{2}$"
