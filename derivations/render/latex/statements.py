"""Statements, proofs and documents in LaTeX."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache
from itertools import groupby
from typing import TYPE_CHECKING, Any

from derivations.kernel.terms import Definition, Term
from derivations.render.latex.formulas import chained, existential, peel, policy_rows
from derivations.render.latex.policies import ExplicitPolicy
from derivations.render.latex.printer import Printer, term_latex
from derivations.render.latex.prose import capital, escape, listed, reason_latex, sentence
from derivations.render.latex.rows import LINE, Row, display, fits_inline, row_lines, width
from derivations.render.latex.structure import conjuncts, defined, disjuncts, tidied
from derivations.render.latex.theory import NOTATION, PHRASES

if TYPE_CHECKING:
    from derivations.library import ProofStep, Statement

Cite = Callable[[str], str]


@dataclass(frozen=True)
class Layout:
    """A statement or a step taken apart for display, in words with mathematics between $.

    `hypotheses` are clauses, `lead` introduces the display ("for all $t$,"), `rows` are the
    formulas shown in it.  `setting` defines an explicit policy, before everything else.
    """

    hypotheses: tuple[str, ...]
    lead: str
    rows: tuple[Row, ...]
    setting: tuple[Row, ...] = ()


def _no_citation(id: str) -> str:
    return ""


def clause(formula: Term, cite: Cite = _no_citation, printer: Printer | None = None) -> str:
    """A hypothesis in words with mathematics between $.

    >>> from derivations.kernel.terms import forall, le, lt, nat, function
    >>> k, eta = nat("k"), function("eta", "N")
    >>> print(clause(forall(k, lt(k, nat("K")), le(0, eta(k)))))
    $0 \\le \\eta_{k}$ for all $k < K$
    """
    found = peel((printer or Printer()).inline(), formula)
    words = listed(_worded(found.printer, conjuncts(found.body), cite))
    if found.ranges:
        words += f" for all {listed([f'${r}$' for r in found.ranges])}"
    if found.premises:
        given = listed(_worded(found.printer, found.premises, cite))
        words += f" {'with' if found.ranges else 'if'} {given}"
    return words


def _worded(printer: Printer, formulas: Sequence[Term], cite: Cite = _no_citation) -> list[str]:
    """Formulas in words with mathematics between $; comparisons that meet become a chain."""
    result: list[str] = []
    plain: list[Term] = []
    for formula in [*formulas, None]:
        words = _phrase(printer, formula, cite) if formula is not None else None
        if formula is not None and words is None:
            plain.append(formula)
            continue
        result += [f"${row.text}$" for row in chained(printer, plain)]
        result += [words] if words else []
        plain = []
    return result


def _phrase(printer: Printer, formula: Term, cite: Cite) -> str | None:
    """The words for a formula that is not simply set, with a reference where one is due."""
    if formula.head == "or":
        return " or ".join(_worded(printer, disjuncts(formula), cite))
    if formula.head == "exists":
        where, rows = existential(printer, formula)
        return f"{listed([f'${row.text}$' for row in rows])} for some ${where}$"
    speak = PHRASES.get(defined(formula))
    words = speak(printer, formula) if speak else None
    where = cite(_introduced(formula.head)) if words else ""
    return f"{words} ({where})" if where else words


def _introduced(definition: Definition) -> str:
    """The id of the statement that introduces a definition, or nothing."""
    from derivations.library import statements

    found = [s for s in statements() if definition in s.defines]
    own = (s for s in found if any(p.head == definition for p in conjuncts(s.conclusion.args[0])))
    return next(own, found[0]).id if found else ""


def layout(hypotheses: Sequence[Term], conclusion: Term, cite: Cite = _no_citation) -> Layout:
    """Hypotheses and conclusion in words and rows."""
    printer = Printer().knowing(conclusion, *hypotheses)
    found = peel(printer, conclusion)
    lead = []
    if found.ranges:
        lead.append(f"for all {listed([f'${r}$' for r in found.ranges])}")
    premises = [*map(tidied, found.premises)]
    if premises:
        lead.append(f"if {listed(_worded(found.printer.inline(), premises))}, then")
    given = _given(printer, [*map(tidied, hypotheses)], cite)
    return Layout(tuple(given), " ".join(lead), tuple(found.rows))


def _given(printer: Printer, hypotheses: Sequence[Term], cite: Cite) -> Iterator[str]:
    """Hypotheses as clauses; neighbours such as ``a < b`` and ``b < c`` make a chain."""
    for quantified, group in groupby(hypotheses, lambda h: h.head in ("forall", "imp")):
        if quantified:
            yield from (clause(h, cite, printer) for h in group)
        else:
            formulas = [part for h in group for part in conjuncts(h)]
            yield from _worded(printer.inline(), formulas, cite)


def statement_layout(statement: Statement, cite: Cite = _no_citation) -> Layout:
    """What a statement says, in words and rows.

    That of a definition by a condition says that the new word means the condition.
    """
    claim, given = statement.conclusion, statement.hypotheses
    if statement.defines and claim.head == "imp":
        words, meanings = conjuncts(claim.args[0]), conjuncts(claim.args[1])
        if len(words) == len(meanings) > 1:
            pairs = zip(map(term_latex, words), map(term_latex, meanings), strict=True)
            return Layout((), "", tuple(Row(word, r"\iff", meaning) for word, meaning in pairs))
        rows = chained(Printer(), meanings)
        return Layout((), f"{clause(claim.args[0])} means that", tuple(rows))
    policy = ExplicitPolicy.among((*given, claim))
    if policy is None:
        return layout(given, claim, cite)
    shown = layout([*map(policy.named, given)], policy.named(claim), cite)
    lead = shown.lead or ("" if shown.hypotheses else "then")
    return replace(shown, lead=lead, setting=tuple(policy_rows(policy)))


def _explicit_policy(statement: Statement) -> ExplicitPolicy | None:
    """The explicit policy a statement, or one part of its conclusion, is about."""
    whole = ExplicitPolicy.among((*statement.hypotheses, statement.conclusion))
    bodies = [
        peel(Printer(), p).body for p in conjuncts(peel(Printer(), statement.conclusion).body)
    ]
    return whole or next(filter(None, (ExplicitPolicy.among([b]) for b in bodies)), None)


def fingerprint(statement: Statement) -> str:
    """16 digits of the sha256 of what a statement claims, names of bound variables aside."""
    parts = [_encoded(t) for t in (*statement.hypotheses, statement.conclusion)]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:16]


@cache
def _encoded(term: Term) -> str:
    """The structure of a term, definitions included, as a digest."""
    head: Any = term.head
    if isinstance(head, Definition):
        head = f"{head.name}:{_encoded(head.meaning)}"
    elif isinstance(head, Term):
        head = _encoded(head)
    elif term.kind == "lam":
        head = len(head)
    parts = [term.kind, repr(term.sort), str(head), *(_encoded(a) for a in term.args)]
    return hashlib.sha256("|".join(parts).encode()).hexdigest()


def _cref(known: Collection[str] | None) -> Cite:
    def cite(id: str) -> str:
        if not id:
            return ""
        if known is None or id in known:
            return rf"\cref{{{id}}}"
        # TeX breaks no word in this font by itself.
        breakable = re.sub("[.-]", r"\g<0>\\allowbreak ", escape(id))
        return rf"\texttt{{{breakable}}}"

    return cite


def statement_latex(
    statement: Statement,
    proof: bool = False,
    snippet: bool = True,
    known: Collection[str] | None = None,
) -> str:
    r"""A statement as an amsthm environment, with its proof if asked for.

    A snippet refers to other statements by ``\cref``; `known` restricts that to the labels the
    document has, and other statements are named by their ids.  Without `snippet` the result is
    a document of its own.  Raises what the proof raises if it is asked for and fails.
    """
    if not snippet:
        body = statement_latex(statement, proof, known={statement.id})
        return standalone(f"{body}\n\\paragraph{{Notation.}}\n{NOTATION}\n")
    cite = _cref(known)
    # A statement does not refer to itself.
    shown = statement_layout(statement, lambda id: "" if id == statement.id else cite(id))
    title = reason_latex(statement.title)
    lines = [
        f"% gradgap: {statement.id} {fingerprint(statement)}",
        rf"\begin{{{statement.kind}}}[{{{title}}}]\label{{{statement.id}}}",
        *_claim(shown),
        *([sentence(reason_latex(statement.words, code=cite))] if statement.words else []),
        # At the right end of the last line, or of the next where it does not fit.
        r"\nobreak\hfill\penalty50\hspace*{\fill}\mbox{\normalfont\footnotesize"
        rf"\texttt{{{escape(statement.id)}}}, {statement.provenance}}}",
        rf"\end{{{statement.kind}}}",
    ]
    if proof and not statement.defines:
        lines.extend(_proof(statement, cite))
    return "\n".join(lines) + "\n"


def _claim(shown: Layout) -> list[str]:
    """Hypotheses and conclusion as sentences."""
    lead = shown.lead
    if shown.hypotheses:
        lead = f"Then, {lead}" if lead else "Then"
    comma = "," if lead and not lead.lower().endswith(("then", "that")) else ""
    head = [capital(lead) + comma] if lead else []
    setting = ["Consider", _displayed(shown.setting)] if shown.setting else []
    return [*setting, *_hypotheses(shown.hypotheses), *head, _displayed(shown.rows)]


_ROOM = 150  # characters of hypotheses that still read well in one sentence


def _hypotheses(clauses: Sequence[str]) -> list[str]:
    """``Let ... be a policy.  Assume that ...``, as a list if it is long."""
    policies = [c for c in clauses if re.search(" is a (policy|run)", c) and "for all" not in c]
    rest = [c for c in clauses if c not in policies]
    lines = [f"Let {c.replace(' is ', ' be ', 1)}." for c in policies]
    if sum(width(c) for c in rest) > _ROOM or len(rest) > 4:
        items = [rf"\item {c}{'.' if c == rest[-1] else ';'}" for c in rest]
        return [*lines, "Assume that", r"\begin{itemize}", *items, r"\end{itemize}"]
    if rest:
        # Commas inside a clause would blur the list.
        blurred = len(rest) > 2 and any("," in re.sub(r"\$[^$]*\$", "", c) for c in rest)
        words = "; ".join(rest) if blurred else listed(rest)
        lines.append(f"Assume that {words}.")
    return lines


def _displayed(rows: Sequence[Row], end: str = ".") -> str:
    text, several = display(rows, end=end)
    if several:
        return f"\\begin{{align*}}\n{text}\n\\end{{align*}}"
    return f"\\[\n{text}\n\\]"


def _proof(statement: Statement, cite: Cite) -> list[str]:
    steps = distinct(statement.proof.steps)
    used = [*statement.proof.used]
    lines = [r"\begin{proof}", f"By {_cited(used, cite)}." if used else r"\leavevmode"]
    if steps:
        items = [_step(statement, step, cite, step is steps[-1]) for step in steps]
        lines += [r"\begin{enumerate}", *items, r"\end{enumerate}"]
    return [*lines, r"\end{proof}"]


def _cited(ids: Sequence[str], cite: Cite) -> str:
    """Several statements, in one ``\\cref`` where they have labels."""
    labels = [id for id in ids if cite(id).startswith(r"\cref")]
    named = [cite(id) for id in ids if id not in labels]
    return listed(([rf"\cref{{{','.join(labels)}}}"] if labels else []) + named)


def distinct(steps: Sequence[ProofStep]) -> list[ProofStep]:
    """The steps without those that repeat an earlier one word for word."""
    return list({(s.theorem.conclusion, s.why): s for s in reversed(steps)}.values())[::-1]


def step_layout(statement: Statement, step: ProofStep) -> Layout:
    """What a step shows; its hypotheses are those that the statement does not have."""
    extra = sorted(step.theorem.hypotheses - frozenset(statement.hypotheses), key=repr)
    policy = _explicit_policy(statement)
    named = policy.named if policy else lambda term: term
    return layout([*map(named, extra)], named(step.theorem.conclusion))


def _step(statement: Statement, step: ProofStep, cite: Cite, last: bool) -> str:
    shown = step_layout(statement, step)
    # The mark stands at the right end of the last line, if that leaves room.
    final = "".join(row_lines(shown.rows[-1])[-1])
    end = r".\qedhere" if last and width(final) < LINE - 20 else "."
    words = capital(reason_latex(step.why, code=cite))
    words += f" (by {_cited(step.uses, cite)})" if step.uses else ""
    if shown.hypotheses:
        words += f". Where {listed(shown.hypotheses)}"
        words += f", {shown.lead}" if shown.lead else ""
    elif shown.lead:
        words += f"; {shown.lead}"
    if fits_inline(shown.rows):
        return rf"\item {words}: ${shown.rows[0].text}${end}"
    return f"\\item {words}:\n{_displayed(shown.rows, end)}"


_PREAMBLE = r"""\documentclass[11pt,a4paper]{article}
\usepackage[T1]{fontenc}
\usepackage[utf8]{inputenc}
\usepackage{lmodern}
\usepackage[margin=2.5cm]{geometry}
\usepackage{amsmath,amssymb,amsthm,mathtools}
\usepackage[hidelinks]{hyperref}
\usepackage[nameinlink,capitalise]{cleveref}
% The counters are shared, so the environments come after cleveref: it would otherwise call
% every one of them a theorem.
\newtheorem{theorem}{Theorem}
\newtheorem{lemma}[theorem]{Lemma}
\newtheorem{corollary}[theorem]{Corollary}
\newtheorem{proposition}[theorem]{Proposition}
\theoremstyle{definition}
\newtheorem{definition}[theorem]{Definition}
\newtheorem{assumption}[theorem]{Assumption}
\crefname{assumption}{Assumption}{Assumptions}
\Crefname{assumption}{Assumption}{Assumptions}
\allowdisplaybreaks
\emergencystretch=3em
"""


def standalone(body: str) -> str:
    """A document that compiles, around statements in LaTeX."""
    return f"{_PREAMBLE}\\begin{{document}}\n{body}\\end{{document}}\n"
