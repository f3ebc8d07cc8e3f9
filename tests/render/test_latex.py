"""Terms, statements and whole documents in LaTeX."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from derivations.expectation import ARBITRARY, cumulant_definition
from derivations.kernel.terms import (
    Definition,
    Term,
    absolute,
    app,
    both,
    derivative,
    either,
    eq,
    exists,
    exp,
    forall,
    function,
    implies,
    lam,
    le,
    log,
    lt,
    maximum,
    minimum,
    nat,
    ne,
    num,
    real,
    sin,
    sqrt,
    total,
)
from derivations.library import Statement, statements, theorem
from derivations.render import latex
from derivations.render.latex import (
    escape,
    fingerprint,
    layout,
    reason_latex,
    standalone,
    statement_latex,
    symbol,
    template,
    term_latex,
)

a, b, c, t, u, x = (real(name) for name in ("a", "b", "c", "t", "u", "x"))
i, k, n, K = (nat(name) for name in ("i", "k", "n", "K"))
eta, f = function("eta", "N"), function("f", "R")
lp, s = function("lp", "R", "N"), function("s", "R", "N")
half = num(1) / 2


@pytest.mark.parametrize(
    ("term", "shown"),
    [
        (a - (b - c), "a - (b - c)"),
        ((a - b) - c, "a - b - c"),
        (a + (b + c), "a + (b + c)"),
        (a - (-b), "a - (-b)"),
        (-a + b, "-a + b"),
        (-(a + b), "-(a + b)"),
        (app("neg", -a), "-(-a)"),
        (a * (b + c), r"a \, (b + c)"),
        ((a + b) * c, "(a + b) c"),
        (a * b * c, "a b c"),
        (a * (b * c), r"a \, (b c)"),
        (a * (-b), r"a \, (-b)"),
        (-(a * b), "-a b"),
        (num(2) * 3, r"2 \cdot 3"),
        (a * 2, r"a \cdot 2"),
        (2 * a, "2 a"),
        (a / b, r"\frac{a}{b}"),
        ((a / b) / c, r"\frac{a/b}{c}"),
        (a / (b / c), r"\frac{a}{b/c}"),
        ((a * b) / (b + c), r"\frac{a b}{b + c}"),
        ((a + b) / c / (b * c), r"\frac{(a + b)/c}{b c}"),
        (a / (b * c) / x, r"\frac{a/(b c)}{x}"),
        (-(x**2), "-x^{2}"),
        ((-x) ** 2, "(-x)^{2}"),
        ((a / b) ** 2, r"\left(\frac{a}{b}\right)^{2}"),
        ((a + b) ** 2, "(a + b)^{2}"),
        ((x**2) ** 3, "(x^{2})^{3}"),
        (x**-1, "x^{-1}"),
        (f(x) ** 2, "f(x)^{2}"),
        (sin(x) ** 2, r"(\sin x)^{2}"),
        (num(-3) ** 2, "(-3)^{2}"),
        (a - num(-3), "a - (-3)"),
        (sqrt(a + b), r"\sqrt{a + b}"),
        (sqrt(a) ** 2, r"(\sqrt{a})^{2}"),
        (absolute(a - b), r"\lvert a - b \rvert"),
        (log(a / (1 - a)), r"\log\frac{a}{1 - a}"),
        (log(a + b), r"\log(a + b)"),
        (log(a) * b, r"(\log a) b"),
        (b * log(a), r"b \log a"),
        (exp(-x / 2), "e^{-x/2}"),
        (exp(a) ** 2, "(e^{a})^{2}"),
        (exp(total(n, i, f(i))), r"\exp\left(\sum_{i < n} f(i)\right)"),
        (maximum(x, 0), "[x]_{+}"),
        (maximum(a, b), r"\max\{a, b\}"),
        (minimum(a, 1 - b), r"\min\{a, 1 - b\}"),
        (total(K, k, eta(k) + 1), r"\sum_{k < K} (\eta_{k} + 1)"),
        (total(K, k, eta(k)) * a, r"\left(\sum_{k < K} \eta_{k}\right) a"),
        (a * total(K, k, eta(k)) + b, r"a \sum_{k < K} \eta_{k} + b"),
        (eta(k + 1), r"\eta_{k + 1}"),
        (lp(t, i), r"\log\pi_{t}(i)"),
        (exp(lp(t, i)), r"\pi_{t}(i)"),
        (s(t, i) ** 2, "s_{t}(i)^{2}"),
    ],
)
def test_terms(term: Term, shown: str) -> None:
    """Brackets where the structure needs them, and nowhere else."""
    assert term_latex(term) == shown


@pytest.mark.parametrize(
    ("formula", "shown"),
    [
        (le(2, x), r"2 \le x"),
        (ne(a, b), r"a \ne b"),
        (both(lt(0, x), lt(x, 1)), "0 < x < 1"),
        (both(le(0, x), eq(a, b)), r"0 \le x \land a = b"),
        (either(both(eq(a, b), eq(b, c)), eq(a, c)), r"a = b \land b = c \lor a = c"),
        (both(either(eq(a, b), eq(b, c)), eq(a, c)), r"(a = b \lor b = c) \land a = c"),
        (implies(a < b, eq(b, c), le(a, c)), r"a < b, b = c \Rightarrow a \le c"),
        (implies(implies(a < b, b < c), a < c), r"(a < b \Rightarrow b < c) \Rightarrow a < c"),
        (forall(i, lt(i, n), le(0, f(i))), r"\forall i < n\colon\ 0 \le f(i)"),
        (
            forall(t, le(0, t), le(t, b), le(f(t), c)),
            r"\forall t \in [0,b]\colon\ f(t) \le c",
        ),
        (
            forall((t, x), lt(0, t), le(f(t), f(x))),
            r"\forall t > 0,\ x \in \mathbb{R}\colon\ f(t) \le f(x)",
        ),
        (
            # The bound speaks of the variable itself, so it is a premise.
            forall(t, le(t, f(t)), le(0, t)),
            r"\forall t \in \mathbb{R}\colon\ t \le f(t) \Rightarrow 0 \le t",
        ),
        (exists(i, both(lt(i, n), eq(f(i), 1))), r"\exists i < n\colon\ f(i) = 1"),
        (derivative(u, f(u), t, a), r"\frac{d}{dt} f(t) = a"),
        (derivative(u, f(u) + u, t, a), r"\frac{d}{dt} \bigl(f(t) + t\bigr) = a"),
        (derivative(u, f(u), a + b, c), "f'(a + b) = c"),
        (
            derivative(u, f(u) * t, t, a),
            r"\left.\frac{d}{du} \bigl(f(u) t\bigr)\right|_{u=t} = a",
        ),
        # A bound variable that would look like a free one gets a prime.
        (both(lt(0, f(t)), forall(t, le(0, t))), r"0 < f(t) \land (\forall t^{\prime} \in"),
    ],
)
def test_formulas(formula: Term, shown: str) -> None:
    """Relations, connectives, quantifiers with their ranges, derivatives."""
    assert term_latex(formula).startswith(shown)


RUN = function("lp", "N", "R", "N"), function("s", "N", "R", "N")


def _at_step(what: Term, k_: object, t_: object) -> Term:
    return lam(i, what(k_, t_, i))


@pytest.mark.parametrize(
    ("term", "shown"),
    [
        (ARBITRARY.success(t), "J(t)"),
        (ARBITRARY.success(t) ** 2, "J(t)^{2}"),
        (ARBITRARY.mass("-", t), "\\pi_{t}(O^{-})"),
        (ARBITRARY.mirrored().success(0), "\\pi_{0}(O^{-})"),
        (ARBITRARY.mirrored().mass("-", t), "J(t)"),
        (ARBITRARY.mass("", t), r"\sum_{i < n} 1 \pi_{t}(i)"),
        (ARBITRARY.mean_score("+", t), r"\mathbb{E}^{t}_{+}[s]"),
        (ARBITRARY.mean_hessian("-", 0), r"\mathbb{E}^{0}_{-}[h]"),
        (ARBITRARY.mean("", lam(i, s(t, i) ** 2), t), r"\mathbb{E}^{t}[s^{2}]"),
        # The score at another point than that of the expectation keeps its point.
        (ARBITRARY.mean("+", lam(i, s(u, i)), t), r"\mathbb{E}^{t}_{+}[s_{u}]"),
        (
            ARBITRARY.mean("+", lam(i, s(t, i) * i), t),
            r"\mathbb{E}^{t}_{+}\bigl[i \mapsto s_{t}(i) i\bigr]",
        ),
        (ARBITRARY.variance("+", t), r"\operatorname{Var}^{t}_{+}(s)"),
        (ARBITRARY.log_odds(t), r"\ell(t)"),
        (ARBITRARY.mirrored().log_odds(t), r"\ell^{-}(t)"),
        (ARBITRARY.alignment(t), r"\Delta\mu(t)"),
        (ARBITRARY.curvature(t), r"\ell''(t)"),
        (
            cumulant_definition(3)(
                n, ARBITRARY.weights("+"), ARBITRARY.logs(t),
                *[ARBITRARY.at(g, t) for g in (ARBITRARY.score,) * 2 + (ARBITRARY.hessian,)],
            ),
            r"\kappa^{t}_{+}(s, s, h)",
        ),
    ],
)  # fmt: skip
def test_theory(term: Term, shown: str) -> None:
    """The quantities of the theory in its own notation."""
    assert term_latex(term) == shown


def test_run_steps() -> None:
    """Step k at its start is J_k; elsewhere on its segment J_k(t)."""
    from derivations.expectation import MASS

    weights = ARBITRARY.weights("+")
    assert term_latex(MASS(n, weights, _at_step(RUN[0], k, 0))) == "J_{k}"
    assert term_latex(MASS(n, weights, _at_step(RUN[0], k + 1, t))) == "J_{k + 1}(t)"


def test_other_measures_are_not_hidden() -> None:
    """What is not the policy at hand is written out."""
    from derivations.expectation import LOG_ODDS, MASS, MEAN

    logs = lam(i, -2 * i)
    assert term_latex(MASS(n, ARBITRARY.weights("+"), logs)) == r"\sum_{i < n} r(i) e^{-2 i}"
    assert r"\ell" not in term_latex(LOG_ODDS(3, ARBITRARY.weights("+"), ARBITRARY.logs(t)))
    mean = term_latex(MEAN(3, ARBITRARY.weights("+"), logs, lam(i, f(i))))
    assert "n = 3" in mean and r"\log\pi(i) =" in mean


def test_unknown_definitions_and_templates() -> None:
    """A definition prints as an operator until it has a template."""
    loss = Definition("test_loss", lam((a, b), a - b))
    assert term_latex(loss(x, 2)) == r"\operatorname{test\,loss}(x, 2)"
    template("test_loss", r"\mathcal{L}_{#2}(#1)")
    try:
        assert term_latex(loss(x, 2)) == r"\mathcal{L}_{2}(x)"
    finally:
        latex._TEMPLATES.pop("test_loss")


def test_no_capture_when_quantifiers_move_out() -> None:
    """Premises move behind inner quantifiers, whose variables are renamed if they must be."""
    formula = implies(lt(0, t), forall(t, le(f(t), 1)))
    assert term_latex(formula) == (
        r"\forall t^{\prime} \in \mathbb{R}\colon\ 0 < t \Rightarrow f(t^{\prime}) \le 1"
    )


def test_explicit_policy() -> None:
    """A policy given by formulas is defined once, and its quantities go by their usual names."""
    shown = statement_latex(theorem("trajectory.realisable"))
    assert "Consider" in shown and r"\log\pi_{t}(0)" in shown
    assert r"\ell(t) = f(t)" in shown and r"\Delta\mu(t) = f_{1}(t)" in shown


def test_names() -> None:
    """Greek, subscripts, numbers and words."""
    names = {"G_o": "G_{o}", "x1": "x_{1}", "kappa": r"\kappa", "Delta_mu": r"\Delta\mu"}
    assert {name: symbol(name).text for name in names} == names
    assert term_latex(real("J_star") ** 2) == "(J^{*})^{2}"


def test_plain_text() -> None:
    """Reasons are plain English: specials are escaped, plain formulas are set as formulas."""
    assert escape(r"a_b & 5% #1 {x} ~ ^ \ $") == (
        r"a\_b \& 5\% \#1 \{x\} \textasciitilde{} \textasciicircum{} \textbackslash{} \$"
    )
    assert reason_latex("divide by J and 1 - J, a bound") == "divide by $J$ and $1 - J$, a bound"


def _balanced(text: str) -> bool:
    depth = 0
    for brace in re.findall(r"(?<!\\)[{}]", text):
        depth += 1 if brace == "{" else -1
        if depth < 0:
            return False
    return depth == 0 and text.count(r"\left") == text.count(r"\right")


def _begins_and_ends(text: str) -> bool:
    return sorted(re.findall(r"\\begin\{(\w+\*?)\}", text)) == sorted(
        re.findall(r"\\end\{(\w+\*?)\}", text)
    )


@pytest.mark.parametrize("statement", statements(), ids=lambda s: s.id)
def test_statements(statement: Statement) -> None:
    """Every statement renders, balanced, without leftovers of Python or of the plain text."""
    shown = statement_latex(statement)
    first = shown.splitlines()[0]
    assert first == f"% gradgap: {statement.id} {fingerprint(statement)}"
    assert rf"\label{{{statement.id}}}" in shown
    assert _balanced(shown) and _begins_and_ends(shown)
    text = re.sub(r"\\(begin|end)\{.*", "", shown)
    for leftover in ("Definition", "<derivations", "|->", "Sum(", "lp(", r"\bullet"):
        assert leftover not in text
    assert not re.search(r"(?<!\\)(forall|exists) ", text)


def test_fingerprint_follows_the_claim() -> None:
    """It changes with the claim, and not with the names of bound variables."""
    claims = [forall(t, le(f(t), 1)), forall(u, le(f(u), 1)), forall(t, lt(f(t), 1))]
    prints = [
        fingerprint(Statement("x.y", "lemma", "", "classical", (), p, lambda proof: None))  # type: ignore[arg-type, return-value]
        for p in claims
    ]
    assert prints[0] == prints[1] != prints[2]


def test_statement_in_words() -> None:
    """Hypotheses in words, the conclusion displayed, the proof numbered."""
    shown = statement_latex(theorem("gap.score-identity"), proof=True)
    assert r"Let $\pi$ be a policy along the line (\cref{setting.policy})." in shown
    assert "Then, for all $t \\in \\mathbb{R}$," in shown
    assert r"\mathbb{E}^{t}_{+}[s] = \bigl(1 - J(t)\bigr) \Delta\mu(t)" in shown
    assert r"\begin{proof}" in shown and r"\cref{setting.success-rate" in shown


def test_layout_joins_chains() -> None:
    """Hypotheses that meet become a chain."""
    assert layout([lt(0, x), lt(x, 1)], le(x, a)).hypotheses == ("$0 < x < 1$",)
    assert layout([lt(0, half)], le(x, a)).hypotheses == ("$0 < 1/2$",)


# Compilation -----------------------------------------------------------------------------------

INSTALL = (
    "apt-get install --no-install-recommends texlive-latex-base texlive-latex-recommended "
    "texlive-latex-extra lmodern"
)


def _compile(source: str, folder: Path) -> str:
    """Compile twice and return the log; fails on any error."""
    if shutil.which("pdflatex") is None:
        if os.environ.get("GRADGAP_REQUIRE_TOOLS") == "1":
            pytest.fail(f"pdflatex is missing: {INSTALL}")
        pytest.skip(f"pdflatex is missing: {INSTALL}")
    (folder / "all.tex").write_text(source, encoding="utf-8")
    for _ in range(2):
        run = subprocess.run(
            ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "all.tex"],
            cwd=folder, capture_output=True, text=True, errors="replace", timeout=120, check=False,
        )  # fmt: skip
        assert run.returncode == 0, run.stdout[-2000:]
    return (folder / "all.log").read_text(encoding="latin-1")


def test_whole_library_compiles(tmp_path: Path) -> None:
    """All statements with their proofs in one document, every reference resolved."""
    known = {s.id for s in statements()}
    body = "\n".join(statement_latex(s, proof=True, known=known) for s in statements())
    log = _compile(standalone(f"{latex.NOTATION}\n\n{body}"), tmp_path)
    assert not re.search("undefined|multiply defined|Missing character", log)


def test_single_statement_compiles(tmp_path: Path) -> None:
    """A document with one statement names the others by their ids."""
    source = statement_latex(theorem("gap.curvature"), proof=True, snippet=False)
    log = _compile(source, tmp_path)
    assert not re.search("undefined|multiply defined|Missing character", log)
