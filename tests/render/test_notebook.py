"""Statements, proofs and answers as a notebook shows them."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from html.parser import HTMLParser
from types import SimpleNamespace
from typing import Any

import pytest

from derivations.kernel.terms import le, lt, real
from derivations.kernel.theorem import Theorem
from derivations.library import Proof, Statement, statements, theorem
from derivations.render.notebook import (
    load_ipython_extension,
    proof_markdown,
    statement_markdown,
    term_repr_latex,
    theorem_repr_latex,
)
from derivations.search.derive import best_step, derive
from derivations.search.prove import prove
from derivations.tactics import assume, have

x = real("x")


class _Checker(HTMLParser):
    """Checks that every tag is closed in its order, and collects the text."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.data: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.data.append(data)

    @classmethod
    def text(cls, page: str) -> str:
        """What a browser shows of a page."""
        checker = cls()
        checker.feed(page)
        checker.close()
        return "".join(checker.data)


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


def _formulas(text: str) -> list[str]:
    """What stands between dollars, displayed or not."""
    return [a or b for a, b in re.findall(r"\$\$([^$]+)\$\$|\$([^$]+)\$", text)]


@pytest.mark.parametrize("statement", statements(), ids=lambda s: s.id)
def test_statements(statement: Statement) -> None:
    """Every statement and proof is well-formed HTML with its id and displayed mathematics."""
    shown = statement_markdown(statement)
    assert f">{statement.kind}</span>" in shown or ">proved</span>" in shown
    assert f"<code>{statement.id}</code>" in shown
    assert len(re.findall(r"^\$\$$", shown, re.MULTILINE)) >= 2
    for text in (shown, proof_markdown(statement.proof)):
        assert _well_formed(text)
        assert r"\cref" not in text and "align*" not in text


@pytest.mark.parametrize("statement", statements(), ids=lambda s: s.id)
def test_formulas_reach_the_front_end(statement: Statement) -> None:
    """Read as HTML or as Markdown, every formula arrives as it was written."""
    markdown = pytest.importorskip("nbconvert.filters.markdown_mistune").markdown2html_mistune
    for text in (statement_markdown(statement), proof_markdown(statement.proof)):
        formulas = _formulas(text)
        assert formulas and not re.search("[<>]", "".join(formulas))
        assert not re.search("^    ", text, re.MULTILINE)  # that would be a code block
        for page in (text, markdown(text)):
            read = _Checker.text(page)
            assert _formulas(read) == formulas


@pytest.mark.parametrize("tag", ["div", "ul", "ol", "li"])
def test_blank_lines_around_block_tags(tag: str) -> None:
    """Else a Markdown reader takes what follows for HTML, and typesets no formula in it."""
    for statement in (theorem("gap.score-identity"), theorem("trajectory.threshold")):
        for text in (statement_markdown(statement), proof_markdown(statement.proof)):
            for block in text.split("\n\n"):
                assert not re.search(rf"</?{tag}\b", block) or "\n" not in block
                assert not re.match(rf"</?{tag}\b", block) or block.endswith(">")


def test_words_are_not_markup() -> None:
    """Neither HTML nor Markdown in a title, a reason or a message is taken for markup."""
    odd = replace(BROKEN, title="*a* _b_ `c` [d](e) <i>f</i> & \\ $5")
    markdown = pytest.importorskip("nbconvert.filters.markdown_mistune").markdown2html_mistune
    for page in (statement_markdown(odd), markdown(statement_markdown(odd))):
        assert "*a* _b_" in _Checker.text(page)
        assert "[d](e) <i>f</i> & \\ " in _Checker.text(page)
    assert "<code>c</code>" in statement_markdown(odd)


def test_formula_within_words_within_a_formula() -> None:
    """It would end the outer one for a reader who looks for the next dollar."""
    quoting = replace(BROKEN, words=r"so $x \text{ for all $y$}$, and $z$")
    assert r"So $x \text{ for all }y\text{}$, and $z$." in statement_markdown(quoting)


def test_status() -> None:
    """The badge says what kind of thing it is, or that it is proved."""
    assert ">proved</span>" in statement_markdown(theorem("gap.curvature"))
    assert ">definition</span>" in statement_markdown(theorem("gap.definition"))
    assert ">assumption</span>" in statement_markdown(theorem("setting.policy"))


def test_failing_statement_does_not_raise() -> None:
    """It says that it failed and shows the goal; text is escaped."""
    shown = statement_markdown(BROKEN)
    assert ">failed</span>" in shown and ">proved<" not in shown
    assert "Left to prove" in shown and shown.count("$$\nx \\le 1\n$$") == 2
    assert "<script>" not in shown and "&lt;script&gt;" in shown
    assert _well_formed(shown)


def test_long_reason_is_shortened() -> None:
    """A message of pages helps nobody; its beginning stays."""

    def fail(proof: Proof) -> Theorem:
        raise ValueError("no way, " * 1000)

    shown = statement_markdown(replace(BROKEN, proof_of=fail, id="test.long"))
    assert "The proof fails: no way, no way" in shown and "..." in shown
    assert shown.count("no way") < 50


def test_crashing_proof_does_not_raise() -> None:
    """Whatever a user's proof raises is shown."""

    def crash(proof: Proof) -> Theorem:
        raise ZeroDivisionError

    broken = Statement("test.crash", "lemma", "Crash", "classical", (), le(x, x), crash)
    assert "ZeroDivisionError" in statement_markdown(broken)


def test_proof() -> None:
    """Numbered steps with their reasons, and what the proof calls on."""
    proof = theorem("gap.score-identity").proof
    shown = proof_markdown(proof)
    assert _well_formed(shown)
    assert "The score has mean zero" in shown and shown.count("<li>") >= 2
    assert "<code>setting.mean-score</code>" in shown


def test_proof_of_a_failing_statement() -> None:
    """The steps so far, and the failure."""
    shown = proof_markdown(Proof(BROKEN))
    assert "The proof fails" in shown and _well_formed(shown)


def test_terms_and_theorems() -> None:
    """Bare kernel objects."""
    assert term_repr_latex(x / 2) == r"$\displaystyle \frac{x}{2}$"
    shown = theorem_repr_latex(have(lt(0, x + 1), assume(lt(0, x))))
    assert shown == r"$\displaystyle 0 < x \vdash 0 < x + 1$"


@pytest.fixture
def show() -> Callable[[Any], dict[str, str]]:
    """What a notebook that has loaded the extension shows of a value, by MIME type."""
    formatters = pytest.importorskip("IPython.core.formatters")
    shell = SimpleNamespace(display_formatter=formatters.DisplayFormatter())
    load_ipython_extension(shell)
    return lambda value: shell.display_formatter.format(value)[0]


def test_extension_shows_terms(show: Callable[[Any], dict[str, str]]) -> None:
    """Terms and theorems as LaTeX, which every front end typesets."""
    assert show(x / 2)["text/latex"] == r"$\displaystyle \frac{x}{2}$"
    assert r"\vdash" in show(theorem("gap.curvature").theorem)["text/latex"]


def test_extension_shows_statements(show: Callable[[Any], dict[str, str]]) -> None:
    """Statements and proofs as Markdown and in one line; no HTML, which would be preferred."""
    statement = theorem("gap.score-identity")
    assert show(statement) == {
        "text/markdown": statement_markdown(statement),
        "text/plain": "lemma gap.score-identity (Score identity): proved",
    }
    assert show(statement.proof) == {
        "text/markdown": proof_markdown(statement.proof),
        "text/plain": "proof of gap.score-identity in 3 steps: proved",
    }
    definition = show(theorem("gap.definition"))["text/plain"]
    assert definition == "gap.definition (The Gradient Gap): definition"


def test_extension_shows_failures(show: Callable[[Any], dict[str, str]]) -> None:
    """In one line too."""
    assert show(BROKEN)["text/plain"].endswith(": failed")
    assert show(Proof(BROKEN))["text/plain"] == "proof of test.broken in 0 steps: failed"


def test_extension_shows_answers(show: Callable[[Any], dict[str, str]]) -> None:
    """What the search answers, without the certificate."""
    assert show(prove("x**2 >= 0")) == {"text/plain": "proved"}
    assert show(prove("x**2 >= 1", ["0 <= x <= 1", "2*x == 1"])) == {
        "text/plain": "refuted at x = 1/2"
    }
    given = ["D > 0", "K > 0"]
    assert show(derive("eta*D - K*eta**2/2 >= eta*D/2", given, "eta")) == {
        "text/latex": r"$\displaystyle 0 < \eta \le \frac{D}{K}$",
        "text/plain": "largest eta: D/K; it holds on (0, D/K]",
    }
    rising = show(derive("eta*D - K*eta**2/2 > 0", given, "eta"))["text/latex"]
    assert rising == r"$\displaystyle 0 < \eta < \frac{2 D}{K}$"
    best = show(best_step("eta*D - K*eta**2/2", "eta", ["K > 0"]))
    assert best["text/plain"] == "best eta: D/K, with the gain D**2/(2*K)"
    assert best["text/latex"].startswith(r"$\displaystyle \eta = \frac{D}{K}")
