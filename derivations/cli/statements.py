"""Commands on the statements of the library: verify, list, show and latex."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

import click

from derivations.cli.options import file_option, json_option
from derivations.cli.output import (
    COLOURS,
    NO,
    UNKNOWN,
    YES,
    Failure,
    Trouble,
    answering,
    coloured,
    complain,
    progress_bar,
    rendered,
    table,
    write,
    write_json,
)

if TYPE_CHECKING:
    from derivations.cache import Store
    from derivations.library import ProofStep, Statement
    from derivations.verify import Result, Verification


def _open_store() -> Store:
    # Before anything of the theory is imported: see `Store`.
    from derivations.cache import Store

    return Store.open()


def _load(files: Iterable[str]) -> None:
    from derivations.files import load_file
    from derivations.library import load

    load()
    for file in files:
        load_file(file)


# verify ----------------------------------------------------------------------------------------


@click.command("verify")
@click.argument("ids", nargs=-1, metavar="[ID]...")
@json_option
@click.option("--fresh", is_flag=True, help="Prove everything again, whatever is remembered.")
@file_option
def verify_command(ids: tuple[str, ...], as_json: bool, fresh: bool, files: tuple[str, ...]) -> int:
    """Re-check every proof (or those named) and print the table of verdicts.

    Each proof is carried out, and its certificate replayed in a fresh process.
    """
    with answering():
        found = _verified(ids or None, files, fresh=fresh)
    if as_json:
        write_json(found.as_json())
    else:
        write(_verdicts(found))
    if found.ok:
        return YES
    return NO if any(r.verdict == "failed" for r in found.results) else UNKNOWN


def _verified(
    ids: Sequence[str] | None, files: Iterable[str] = (), *, fresh: bool = False
) -> Verification:
    store = _open_store()
    from derivations.verify import verify

    _load(files)
    with progress_bar("proving") as progress:
        return verify(ids, fresh=fresh, progress=progress, store=store)


def _verdicts(found: Verification) -> str:
    rows = [
        (r.id, r.kind, coloured(r.verdict), f"{r.seconds:.2f}", r.provenance) for r in found.results
    ]
    verdicts = table(("statement", "kind", "verdict", "seconds", "provenance"), rows, "seconds")

    def paint(console: Any) -> None:
        console.print(verdicts)
        for result in found.results:
            if not result.ok:
                console.print(_failure(result), soft_wrap=True)
        console.print(_summary(found), soft_wrap=True)

    return rendered(paint)


def _failure(result: Result) -> Any:
    from rich.text import Text

    text = Text.assemble((f"{result.id} ", "bold"), coloured(result.verdict), f": {result.reason}")
    if result.goal and result.goal not in result.reason:
        text.append(f"\n  left to show: {result.goal}")
    return text


def _summary(found: Verification) -> str:
    counts: dict[str, int] = {}
    for result in found.results:
        counts[result.verdict] = counts.get(result.verdict, 0) + 1
    plural = {"definition": "definitions", "assumption": "assumptions"}
    order = [v for v in COLOURS if v in counts]
    told = [f"{n} {plural.get(v, v) if n > 1 else v}" for v in order for n in [counts[v]]]
    cited = len({c for r in found.results for c in r.cited})
    oracles = len({o for r in found.results for o in r.oracles})
    remembered = sum(r.cached for r in found.results)
    return (
        f"{len(found.results)} statement{'s' * (len(found.results) != 1)}: {', '.join(told)}; "
        f"cited facts: {cited}, oracles: {oracles}; {found.seconds:.2f} s"
        + (f" ({remembered} remembered)" if remembered else "")
    )


# list and show ---------------------------------------------------------------------------------


@click.command("list")
@click.option("--section", metavar="NAME", help="Only this section, such as 'gap'.")
@json_option
@file_option
def list_command(section: str | None, as_json: bool, files: tuple[str, ...]) -> int:
    """List the statements of the library.

    With --json also what each one uses and is used by (read off the proofs).
    """
    with answering():
        store = _open_store()
        _load(files)
        from derivations import library

        chosen = library.statements(section)
        rows = _with_uses(chosen, store) if as_json else []
    if as_json:
        write_json(rows)
        return YES
    shown = [(s.id, s.kind, s.title, s.provenance) for s in chosen]
    write(rendered(lambda c: c.print(table(("id", "kind", "title", "provenance"), shown))))
    return YES


def _with_uses(chosen: Iterable[Statement], store: Store) -> list[dict[str, Any]]:
    found = _everything(store)
    for result in found.results:
        if not result.ok:
            said = f"what {result.id} uses is not known, for its proof fails: {result.reason}"
            complain(said, NO)
    uses = {r.id: r.uses for r in found.results}
    return [
        {
            "id": s.id,
            "kind": s.kind,
            "title": s.title,
            "section": s.section,
            "provenance": s.provenance,
            "uses": list(uses[s.id]),
            "used_by": [id for id, used in uses.items() if s.id in used],
        }
        for s in chosen
    ]


def _everything(store: Store) -> Verification:
    """The verdicts on, and uses of, the whole library; proved now unless remembered."""
    from derivations.verify import verify

    with progress_bar("reading the proofs") as progress:
        return verify(progress=progress, store=store)


@click.command("show")
@click.argument("id")
@file_option
def show_command(id: str, files: tuple[str, ...]) -> int:
    """Show one statement: hypotheses, claim, proof, what it rests on, who uses it."""
    with answering():
        store = _open_store()
        _load(files)
        from derivations import library

        statement = library.theorem(id)
        found = {r.id: r for r in _everything(store).results}
        text = rendered(lambda c: _paint_statement(c, statement, found))
    write(text)
    return YES if found[id].ok else NO


def _paint_statement(console: Any, statement: Statement, found: dict[str, Result]) -> None:
    from rich.text import Text

    result = found[statement.id]

    def line(text: Any) -> None:
        console.print(text, soft_wrap=True)

    def heading(text: str) -> None:
        line("")
        line(Text(text, style="bold"))

    line(Text.assemble((statement.id, "bold"), f"  {statement.kind}, {statement.provenance}  ",
                       coloured(result.verdict)))  # fmt: skip
    line(statement.title)
    if statement.words:
        line(statement.words)
    if statement.hypotheses:
        heading("Given")
        for number, hypothesis in enumerate(statement.hypotheses, 1):
            line(f"  {number}. {hypothesis!r}")
    heading("Claim")
    line(f"  {statement.conclusion!r}")
    heading("Proof")
    for text in _proof_lines(statement, result):
        line(f"  {text}")
    heading("Rests on")
    for name, held in _foundations(statement, result, found):
        line(f"  {name}: {', '.join(held) or 'none'}")
    heading("Used by")
    line(f"  {', '.join(r.id for r in found.values() if statement.id in r.uses) or 'none'}")


def _proof_lines(statement: Statement, result: Result) -> Iterator[str]:
    if not result.ok:
        yield f"{result.verdict}: {result.reason}"
        if result.goal:
            yield f"left to show: {result.goal}"
        return
    steps = _steps(statement)
    for number, made in enumerate(steps, 1):
        reason = f"   [{made.why}]" if made.why else ""
        using = f" (uses {', '.join(made.uses)})" if made.uses else ""
        yield f"{number}. {made.theorem.conclusion!r}{reason}{using}"
    if not steps:
        yield "directly from what it uses" if result.uses else "directly from the rules"


def _steps(statement: Statement) -> Sequence[ProofStep]:
    """The displayed steps; the verdict may be a remembered one, so the proof is run here."""
    from derivations.reasons import explain

    try:
        return statement.proof.steps
    except Exception as error:
        said = explain(statement, error)[0]
        raise Failure(f"{statement.id} was proved before, but not now: {said}") from error


def _foundations(
    statement: Statement, result: Result, found: dict[str, Result]
) -> Iterator[tuple[str, Sequence[str]]]:
    if not result.ok:
        return
    everything: dict[str, None] = {}
    waiting = list(result.uses)
    while waiting:
        id = waiting.pop()
        if id not in everything and id in found:
            everything[id] = None
            waiting.extend(found[id].uses)
    yield "assumptions", result.assumptions
    yield "statements used", result.uses
    yield "and through them", sorted(set(everything) - set(result.uses))
    yield "rules and axioms", result.rules
    yield "cited facts", result.cited
    yield "oracles", result.oracles


# latex -----------------------------------------------------------------------------------------


@click.command("latex")
@click.argument("id")
@click.option("--proof", is_flag=True, help="With its proof.")
@click.option("--snippet", is_flag=True, help="Only what goes into a document of your own.")
@click.option("-o", "--output", metavar="FILE", help="Write to a file.")
@file_option
def latex_command(
    id: str, proof: bool, snippet: bool, output: str | None, files: tuple[str, ...]
) -> int:
    """One statement in LaTeX: a document that compiles, or a snippet."""
    with answering():
        _load(files)
        text = _latex(id, proof, snippet)
    if output is None:
        write(text)
    else:
        _save(output, text)
    return YES


def _latex(id: str, proof: bool, snippet: bool) -> str:
    from derivations import library
    from derivations.reasons import explain
    from derivations.render import latex

    statement = library.theorem(id)
    if proof:
        try:
            _ = statement.proof
        except Exception as error:
            raise Failure(f"{id} has no proof to print: {explain(statement, error)[0]}") from error
    return latex.statement_latex(statement, proof=proof, snippet=snippet)


def _save(output: str, text: str) -> None:
    from derivations.writing import write_file

    try:
        write_file(output, text if text.endswith("\n") else f"{text}\n")
    except (OSError, ValueError) as error:
        said = getattr(error, "strerror", None) or str(error)
        raise Trouble(f"cannot write {output}: {said}") from error
