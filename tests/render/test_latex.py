"""Terms, statements and whole documents in LaTeX."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from functools import reduce
from pathlib import Path

import pytest

from derivations.expectation import ARBITRARY, POLICY, cumulant_definition
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
    clause,
    display,
    escape,
    fingerprint,
    layout,
    reason_latex,
    standalone,
    statement_latex,
    symbol,
    template,
    term_latex,
    width,
)
from derivations.render.latex.policies import ExplicitPolicy
from derivations.render.latex.printer import TEMPLATES
from derivations.render.latex.structure import tidied

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
        (a + (b + c), "a + b + c"),
        (a + (-b), "a - b"),
        (a - (b + c), "a - (b + c)"),
        (a - (-b), "a - (-b)"),
        (-a + b, "-a + b"),
        (-(a + b), "-(a + b)"),
        (app("neg", -a), "-(-a)"),
        (a * (b + c), r"a \, (b + c)"),
        ((a + b) * c, "(a + b) c"),
        (a * b * c, "a b c"),
        (a * (b * c), "a b c"),
        (a * (b / c), r"a \frac{b}{c}"),
        (2 * (a + b), "2 (a + b)"),
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
        ((-a) / b, r"-\frac{a}{b}"),
        (-(a + b) * c / 2, r"-\frac{(a + b) c}{2}"),
        ((b - a) / 2, r"\frac{b - a}{2}"),
        ((-a + b) / 2, r"\frac{-a + b}{2}"),
        ((-a + b) * c / 2, r"\frac{(-a + b) c}{2}"),
        (x + (-a + b) * c, "x + (-a + b) c"),
        (x + (-a + b), "x - a + b"),
        (x + (-a) / b, r"x - \frac{a}{b}"),
        (exp(x + (-a) / b), "e^{x - a/b}"),
        (exp((a / b) / (2 * c)), "e^{(a/b)/(2 c)}"),
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
        TEMPLATES.pop("test_loss")


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


def test_explicit_policy_under_a_quantifier() -> None:
    """It is defined below the formulas that speak of it, and nothing of it is left out."""
    shown = statement_latex(theorem("trajectory.success-curvature"))
    *_, rows = shown.split("where $\\pi$ is the policy with")
    assert "symbols" not in shown and "J(0) = J" in shown
    assert r"n = 3,\quad r(0) = 1" in rows and r"\log\pi_{t}(1) =" in rows


def test_explicit_policy_takes_no_name_twice() -> None:
    """A policy is not called by names that the formula has for other things."""
    logs = lam((t, i), -log(1 + exp(x * t)) - i)
    zero = lam((t, i), num(0))
    policy = POLICY(2, lam(i, 1 - i), logs, zero, zero)
    found = ExplicitPolicy.among([policy, le(x, a)])
    assert found is not None and found.taken == {"x", "a"}
    assert term_latex(found.named(policy)) == r"\text{$\pi$ is a policy along the line}"
    for other in (n, s(t, i), function("r", "N")(i)):
        assert ExplicitPolicy.among([policy, le(other, a)]) is None
    assert ExplicitPolicy.among([policy, POLICY(3, lam(i, 1 - i), logs, zero, zero)]) is None


def test_definitions_by_conditions() -> None:
    """The word, and the condition that it means; two words are explained one by one."""
    policy = statement_latex(theorem("setting.policy"))
    assert r"$\pi$ is a policy along the line means that" in policy
    limits = statement_latex(theorem("setting.limits"))
    assert r"M_{K} = \infty &\iff \forall B" in limits and r"M_{K} = c &\iff" in limits


def test_citations_of_words() -> None:
    """A policy and a run are cited where each of them is introduced."""
    run = statement_latex(theorem("trajectory.threshold"))
    assert r"is a run with the steps" not in run and r"be a run with the steps" in run
    assert r"$\eta_{k}$ (\cref{setting.run})" in run
    assert r"the steps $\eta_{k}$" in statement_latex(theorem("trajectory.collapse"))
    assert r"line (\cref{setting.policy})" in statement_latex(theorem("gap.norm"))


def test_hypotheses_in_words() -> None:
    """Alternatives and existence are said, not written with signs of logic."""
    r = function("r", "N")
    assert clause(forall(i, lt(i, n), either(eq(r(i), 0), eq(r(i), 1)))) == (
        "$r(i) = 0$ or $r(i) = 1$ for all $i < n$"
    )
    assert clause(exists(i, both(lt(i, n), eq(r(i), 1)))) == "$r(i) = 1$ for some $i < n$"


def test_bound_variables_look_like_no_other() -> None:
    """Names that would print alike get a prime, in sums, and in hypotheses of a step."""
    j, j_ = nat("j"), nat("j_")
    assert term_latex(total(n, j_, function("D", "N", "N")(j_, j))) == (
        r"\sum_{j^{\prime} < n} D_{j^{\prime},j}"
    )
    shown = layout([forall(k, le(0, eta(k)))], lt(eta(k), 1))
    assert shown.hypotheses == (r"$0 \le \eta_{k^{\prime}}$ for all $k^{\prime} \in \mathbb{N}$",)


@pytest.mark.parametrize(
    ("term", "tidy"),
    [
        (x + 0, x),
        (0 - x, -x),
        (1 * x / 1, x),
        (0 * a + b, b),
        (a - (-b), a + b),
        ((-a) * (-b), a * b),
        (a - 2 * (-b) / c, a + 2 * b / c),
        (log(num(1) ** 2) + exp(0 * x), num(1)),
        (a * (2 * num(-1) + 1), -a),
        (total(n, i, 1 * f(i)), total(n, i, f(i))),
        (x**2 - 0, x**2),
        (num(0) ** -1, num(0) ** -1),  # no rule says what it is
        (a / 0, a / 0),
        (le(x + 0, x), le(x + 0, x)),  # else it would say nothing
        (le(x + 0, a), le(x, a)),
        (a * (b + c), a * (b + c)),
    ],
)
def test_tidied(term: Term, tidy: Term) -> None:
    """Zeros and ones that do nothing go; nothing else changes."""
    assert tidied(term) == tidy


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


@pytest.mark.parametrize(
    ("plain", "shown"),
    [
        ("divide by J and 1 - J, a bound", "divide by $J$ and $1 - J$, a bound"),
        ("exponentiate: p/(1 - p) < q/(1 - q)", "exponentiate: $p/(1 - p) < q/(1 - q)$"),
        ("fall by 2 pi a/omega a step", r"fall by $2 \pi a/\omega$ a step"),
        ("chain rule for log(J/(1 - J))", r"chain rule for $\log(J/(1 - J))$"),
        ("E_+[h] is at least -L, Var_-(s) not", r"$\mathbb{E}_+[h]$ is at least $-L$, $"),
        ("the log-odds, i.e. a log-sum, A and I", "the log-odds, i.e. a log-sum, A and I"),
        ("in 2 of 3 cases, 50% or 1/2", r"in 2 of 3 cases, 50\% or 1/2"),
        ("$x_1$ is kept, `gap.norm` too", "$x_1$ is kept, `gap.norm` too"),
    ],
)
def test_formulas_in_sentences(plain: str, shown: str) -> None:
    """What is plainly a formula is set as one; words, also of one letter, are not."""
    assert reason_latex(plain).startswith(shown)


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
    assert not re.search(r"(?<!\\)\b(bigl|bigr|biggl|biggr|frac|operatorname)\b", text)
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


def _faults(log: str) -> list[str]:
    """What a reader would stumble over: broken references and displays that leave the page."""
    faults = re.findall(r".*(?:undefined|multiply defined|Missing character).*", log)
    wide = re.finditer(r"Overfull \\hbox \(([\d.]+)pt too wide\).*", log)
    return faults + [m[0] for m in wide if float(m[1]) > 1]


def test_whole_library_compiles(tmp_path: Path) -> None:
    """All statements with their proofs in one document; nothing leaves the page."""
    known = {s.id for s in statements()}
    body = "\n".join(statement_latex(s, proof=True, known=known) for s in statements())
    assert _faults(_compile(standalone(f"{latex.NOTATION}\n\n{body}"), tmp_path)) == []


def test_every_statement_compiles_alone(tmp_path: Path) -> None:
    """Then it names the others by their ids, which must not leave the page either."""
    body = "\n".join(statement_latex(s, proof=True, known={s.id}) for s in statements())
    assert _faults(_compile(standalone(f"{latex.NOTATION}\n\n{body}"), tmp_path)) == []


def test_single_statement_compiles(tmp_path: Path) -> None:
    source = statement_latex(theorem("gap.curvature"), proof=True, snippet=False)
    assert _faults(_compile(source, tmp_path)) == []


_LONG = total(n, i, f(i)) / (a + b) * log(x / (1 - x))
_LONG_SUM = reduce(lambda p, q: p - q, [_LONG] * 9)


@pytest.mark.parametrize(
    "formula",
    [
        le(_LONG_SUM, a),
        le(a, _LONG_SUM),
        le(_LONG_SUM, exp(_LONG_SUM)),
        both(lt(a, _LONG_SUM / 1), lt(_LONG_SUM, b)),
        forall(t, le(0, t), le(t, _LONG), both(le(f(t), a), le(x * (1 + log(_LONG_SUM)), f(t)))),
        eq(a, log(1 + exp(_LONG_SUM) * (c + _LONG_SUM))),
    ],
)
def test_long_formulas_stay_on_the_page(formula: Term, tmp_path: Path) -> None:
    """They break at relations, at signs, and within brackets."""
    text, _ = display(layout((), formula).rows)
    source = standalone(f"\\begin{{align*}}\n{text}\n\\end{{align*}}\n")
    assert _faults(_compile(source, tmp_path)) == []


def test_faults_are_found(tmp_path: Path) -> None:
    """A display that is too wide and a reference to nothing are noticed."""
    log = _compile(standalone(f"\\[{term_latex(_LONG_SUM)}\\] \\cref{{nowhere}}\n"), tmp_path)
    assert any("Overfull" in fault for fault in _faults(log))
    assert any("nowhere" in fault for fault in _faults(log))


def test_width_follows_the_page(tmp_path: Path) -> None:
    """The estimate that lines are broken by is within a fifth of what TeX measures."""
    rows = [row.left for s in statements() for row in layout(s.hypotheses, s.conclusion).rows]
    shown = sorted({row for row in rows if 20 < width(row) < 200})
    boxes = "\n".join(
        rf"\setbox0\hbox{{$\displaystyle {row}$}}\typeout{{W=\the\wd0}}" for row in shown
    )
    log = _compile(standalone(f"{boxes}\n"), tmp_path)
    measured = [float(points) for points in re.findall(r"W=([\d.]+)pt", log)]
    assert len(measured) == len(shown) > 10
    off = [(m / width(row), row) for m, row in zip(measured, shown, strict=True)]
    assert [(m, row) for m, row in off if not 4.8 < m < 6.3] == []
