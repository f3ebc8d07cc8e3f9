"""The command ``gradgap``.

Exit codes: 0 yes, 1 no (refuted, failed), 2 unknown, 3 no answer (bad input), with one
line on standard error that says what is wrong.  Everything heavy is imported inside the
command that needs it, so that ``--help`` and a mistyped option answer at once.
"""

from __future__ import annotations

import contextlib
import json
import math
import os
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, NoReturn

import click

if TYPE_CHECKING:
    from derivations.cache import Store
    from derivations.library import ProofStep, Statement
    from derivations.verify import Progress, Result, Verification

YES, NO, UNKNOWN, BAD_INPUT = 0, 1, 2, 3
INTERRUPTED, PIPE_CLOSED = 130, 141
_VERDICT_CODES = {"proved": YES, "refuted": NO, "unknown": UNKNOWN}
_COLOURS = {
    "proved": "green",
    "definition": "cyan",
    "assumption": "yellow",
    "failed": "bold red",
    "refuted": "bold red",
    "unknown": "magenta",
}


class Trouble(click.ClickException):
    """Something that keeps a command from answering, told in one line."""

    exit_code = BAD_INPUT


class Failure(Trouble):
    """A request that fails because a proof does, told in one line."""

    exit_code = NO


class _PipeClosed(Exception):
    """Whoever read standard output has gone."""


# Running -----------------------------------------------------------------------------------


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run the command and exit with its code; never with a traceback."""
    # Before any command imports the theory: see `cache.at_start`.
    from derivations.cache import at_start

    at_start()
    streams: tuple[Any, ...] = (sys.stdout, sys.stderr)
    for stream in streams:
        with contextlib.suppress(AttributeError, ValueError, OSError):
            # A terminal that lacks a character gets its escape, not a UnicodeEncodeError.
            stream.reconfigure(errors="backslashreplace")
    code = run(arguments)
    with contextlib.suppress(OSError, ValueError):
        sys.stderr.flush()
    sys.exit(code)


def run(arguments: Sequence[str] | None = None) -> int:
    """Run the command and return its exit code."""
    try:
        answer = _invoke(list(sys.argv[1:] if arguments is None else arguments))
        return answer if isinstance(answer, int) else YES
    except click.exceptions.Exit as leaving:
        return leaving.exit_code
    except (KeyboardInterrupt, click.Abort):
        return _complain("interrupted", INTERRUPTED)
    except Trouble as error:
        return _complain(error.message, error.exit_code)
    except click.ClickException as error:
        return _complain(_one_line(error.format_message()), BAD_INPUT)
    except (_PipeClosed, BrokenPipeError):
        _discard_output()
        return PIPE_CLOSED
    except SystemExit as leaving:
        return leaving.code if isinstance(leaving.code, int) else BAD_INPUT
    except Exception as error:  # a last resort, for what was not foreseen
        if os.environ.get("GRADGAP_DEBUG"):
            raise
        said = f"{type(error).__name__}: {_one_line(error)[:300]}"
        return _complain(f"internal error: {said} (GRADGAP_DEBUG=1 shows where)", BAD_INPUT)


def _invoke(arguments: list[str]) -> Any:
    if "_GRADGAP_COMPLETE" in os.environ:  # a shell asks for completions
        return commands.main(arguments, prog_name="gradgap")
    # Not `main`, which puts an empty line before "interrupted".
    with commands.make_context("gradgap", arguments) as context:
        return commands.invoke(context)


def _complain(message: str, code: int) -> int:
    """Write one line (and whatever a caret needs) to standard error."""
    first, *drawing = message.splitlines() or [""]
    with contextlib.suppress(OSError, ValueError):
        sys.stderr.write("\n".join([f"gradgap: {first}", *(f"  {d}" for d in drawing)]) + "\n")
    return code


def _discard_output() -> None:
    """Let nothing complain, when the interpreter ends, that standard output is closed."""
    with contextlib.suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _write(text: str) -> None:
    try:
        sys.stdout.write(text if text.endswith("\n") else f"{text}\n")
        sys.stdout.flush()
    except BrokenPipeError as error:
        raise _PipeClosed from error


def _write_json(value: Any) -> None:
    _write(json.dumps(value, indent=2))


@contextlib.contextmanager
def _answering() -> Iterator[None]:
    """Turn the errors that are the user's into one line; keep standard output for answers."""
    from derivations.library import LibraryError
    from derivations.search.claims import ClaimError

    try:
        # A user's file, or a proof in it, may print; that is not part of the answer.
        with contextlib.redirect_stdout(sys.stderr):
            yield
    except ClaimError as error:
        placed = error.position is not None and error.text.strip()
        caret = f"\n{error.caret()}" if placed else ""
        raise Trouble(_one_line(error) + caret) from error
    except LibraryError as error:
        raise Trouble(_one_line(error)) from error


def _one_line(said: object) -> str:
    return " ".join(str(said).split())


# What several commands share ---------------------------------------------------------------


class _Commands(click.Group):
    """A group that lists its commands in the order in which they are written."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(self.commands)


@click.group(
    cls=_Commands,
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.pass_context
def commands(context: click.Context) -> None:
    """Machine-checked theory of the Gradient Gap and of convergence thresholds in RLVR.

    Exit codes: 0 yes, 1 refuted or failed, 2 unknown, 3 bad input.
    """
    if context.invoked_subcommand is None:
        _write(context.get_help())


_json = click.option("--json", "as_json", is_flag=True, help="Print one JSON value, nothing else.")
_files = click.option(
    "--file",
    "files",
    multiple=True,
    metavar="FILE",
    help="A Python file of your own whose statements join the library (repeatable).",
)
_given = click.option(
    "--given", "-g", multiple=True, metavar="CLAIM", help="A hypothesis (repeatable)."
)
# A claim may begin with a minus sign: what looks like an unknown option is checked below.
_claims: dict[str, Any] = {"context_settings": {"ignore_unknown_options": True}}


def _the_claim(context: click.Context, _: click.Parameter, words: tuple[str, ...]) -> str:
    """The one claim among the arguments, which may begin with a minus sign."""
    for word in words:
        if word.startswith("--") and word[2:].partition("=")[0].replace("-", "").isidentifier():
            raise click.NoSuchOption(word.partition("=")[0], ctx=context)
    if len(words) != 1:
        raise click.UsageError(
            f"give one claim, in quotes, not {len(words)} of them"
            if words
            else "a claim is missing, such as 'x**2 >= 0'"
        )
    return words[0]


_claim = click.argument("claim", nargs=-1, callback=_the_claim, metavar="CLAIM")


def _seconds(context: click.Context, _: click.Parameter, value: float) -> float:
    if not (math.isfinite(value) and value > 0):
        raise click.BadParameter("a positive number of seconds is wanted", ctx=context)
    return value


_timeout = click.option(
    "--timeout",
    type=float,
    default=20.0,
    show_default=True,
    callback=_seconds,
    help="Seconds after which the answer is 'unknown'.",
)


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


@contextlib.contextmanager
def _progress(doing: str) -> Iterator[Progress | None]:
    """A progress bar on standard error while something long runs, if that is a terminal."""
    if not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

    columns = (
        TextColumn(doing),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[id]}"),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(doing, id="", total=None)

        def report(id: str, done: int, total: int) -> None:
            bar.update(task, id=id or "replaying certificates", completed=done, total=total)

        yield report


def _rendered(paint: Callable[[Any], None]) -> str:
    """What `paint` prints on a rich console, with colours only on a terminal."""
    from io import StringIO

    from rich.console import Console

    terminal, file = sys.stdout.isatty(), StringIO()
    # In a file or a pipe nothing is wrapped or shortened.
    width = None if terminal else 10_000
    encoding = (sys.stdout.encoding or "ascii").lower()
    console = Console(
        file=file,
        force_terminal=terminal,
        no_color=not terminal or None,
        width=width,
        highlight=False,
        markup=False,
        emoji=False,
        legacy_windows=False,
    )
    if not encoding.startswith("utf"):
        console.options.encoding = encoding
    paint(console)
    return file.getvalue()


def _table(headings: Sequence[str], rows: Iterable[Sequence[Any]], right: str = "") -> Any:
    from rich import box
    from rich.table import Table
    from rich.text import Text

    plain = not (sys.stdout.encoding or "").lower().startswith("utf")
    table = Table(box=box.ASCII2 if plain else box.SIMPLE_HEAD, pad_edge=False)
    for heading in headings:
        justify: Any = "right" if heading == right else "left"
        table.add_column(heading, justify=justify, overflow="fold")
    for row in rows:
        table.add_row(*(c if isinstance(c, Text) else Text(str(c)) for c in row))
    return table


def _coloured(verdict: str) -> Any:
    from rich.text import Text

    return Text(verdict, style=_COLOURS.get(verdict, ""))


# verify ----------------------------------------------------------------------------------------


@commands.command("verify")
@click.argument("ids", nargs=-1, metavar="[ID]...")
@_json
@click.option("--fresh", is_flag=True, help="Prove everything again, whatever is remembered.")
@_files
def verify_command(ids: tuple[str, ...], as_json: bool, fresh: bool, files: tuple[str, ...]) -> int:
    """Re-check every proof (or those named) and print the table of verdicts.

    Each proof is carried out, and its certificate replayed in a fresh process.
    """
    with _answering():
        found = _verified(ids or None, files, fresh=fresh)
    if as_json:
        _write_json(found.as_json())
    else:
        _write(_verdicts(found))
    if found.ok:
        return YES
    return NO if any(r.verdict == "failed" for r in found.results) else UNKNOWN


def _verified(
    ids: Sequence[str] | None, files: Iterable[str] = (), *, fresh: bool = False
) -> Verification:
    store = _open_store()
    from derivations.verify import verify

    _load(files)
    with _progress("proving") as progress:
        return verify(ids, fresh=fresh, progress=progress, store=store)


def _verdicts(found: Verification) -> str:
    rows = [
        (r.id, r.kind, _coloured(r.verdict), f"{r.seconds:.2f}", r.provenance)
        for r in found.results
    ]
    table = _table(("statement", "kind", "verdict", "seconds", "provenance"), rows, "seconds")

    def paint(console: Any) -> None:
        console.print(table)
        for result in found.results:
            if not result.ok:
                console.print(_failure(result), soft_wrap=True)
        console.print(_summary(found), soft_wrap=True)

    return _rendered(paint)


def _failure(result: Result) -> Any:
    from rich.text import Text

    text = Text.assemble((f"{result.id} ", "bold"), _coloured(result.verdict), f": {result.reason}")
    if result.goal and result.goal not in result.reason:
        text.append(f"\n  left to show: {result.goal}")
    return text


def _summary(found: Verification) -> str:
    counts: dict[str, int] = {}
    for result in found.results:
        counts[result.verdict] = counts.get(result.verdict, 0) + 1
    plural = {"definition": "definitions", "assumption": "assumptions"}
    order = [v for v in _COLOURS if v in counts]
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


@commands.command("list")
@click.option("--section", metavar="NAME", help="Only this section, such as 'gap'.")
@_json
@_files
def list_command(section: str | None, as_json: bool, files: tuple[str, ...]) -> int:
    """List the statements of the library.

    With --json also what each one uses and is used by (read off the proofs).
    """
    with _answering():
        store = _open_store()
        _load(files)
        from derivations import library

        chosen = library.statements(section)
        rows = _with_uses(chosen, store) if as_json else []
    if as_json:
        _write_json(rows)
        return YES
    shown = [(s.id, s.kind, s.title, s.provenance) for s in chosen]
    _write(_rendered(lambda c: c.print(_table(("id", "kind", "title", "provenance"), shown))))
    return YES


def _with_uses(chosen: Iterable[Statement], store: Store) -> list[dict[str, Any]]:
    found = _everything(store)
    for result in found.results:
        if not result.ok:
            said = f"what {result.id} uses is not known, for its proof fails: {result.reason}"
            _complain(said, NO)
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

    with _progress("reading the proofs") as progress:
        return verify(progress=progress, store=store)


@commands.command("show")
@click.argument("id")
@_files
def show_command(id: str, files: tuple[str, ...]) -> int:
    """Show one statement: hypotheses, claim, proof, what it rests on, who uses it."""
    with _answering():
        store = _open_store()
        _load(files)
        from derivations import library

        statement = library.theorem(id)
        found = {r.id: r for r in _everything(store).results}
        text = _rendered(lambda c: _paint_statement(c, statement, found))
    _write(text)
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
                       _coloured(result.verdict)))  # fmt: skip
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


# prove and derive ------------------------------------------------------------------------------


@commands.command("prove", **_claims)
@_claim
@_given
@_json
@_timeout
def prove_command(claim: str, given: tuple[str, ...], as_json: bool, timeout: float) -> int:
    """Prove or refute a claim: exit code 0 proved, 1 refuted, 2 unknown.

    For example: gradgap prove 'x + 1/x >= 2' --given 'x > 0'
    """
    with _answering():
        from derivations.search.prove import prove

        answer = prove(claim, given, timeout=timeout)
    if as_json:
        _write_json(answer.as_json())
    else:
        _write(_rendered(lambda c: _paint_answer(c, answer.as_json())))
    return _VERDICT_CODES.get(answer.verdict, UNKNOWN)


def _paint_answer(console: Any, answer: dict[str, Any]) -> None:
    from rich.text import Text

    said = [_coloured(answer["verdict"]), f": {answer['claim']}"]
    console.print(Text.assemble(*said), soft_wrap=True)
    for hypothesis in answer.get("given") or ():
        console.print(f"  given {hypothesis}", soft_wrap=True)
    point = answer.get("counterexample")
    if point:
        shown = ", ".join(f"{name} = {value}" for name, value in point.items())
        console.print(f"  counterexample: {shown}", soft_wrap=True)
    for name in ("reason", "method"):
        if answer.get(name):
            console.print(f"  {name}: {answer[name]}", soft_wrap=True)
    if isinstance(answer.get("seconds"), int | float):
        console.print(f"  {answer['seconds']:.2f} s", soft_wrap=True)


@commands.command("derive", **_claims)
@_claim
@click.option("--largest", metavar="NAME", help="The largest value up to which CLAIM holds.")
@click.option("--best", metavar="NAME", help="The value that maximises CLAIM, an expression.")
@_given
@_json
@_timeout
def derive_command(
    claim: str,
    largest: str | None,
    best: str | None,
    given: tuple[str, ...],
    as_json: bool,
    timeout: float,
) -> int:
    """Derive a closed form, with the proof that it is the largest or the best.

    For example: gradgap derive 'eta*D - K*eta**2/2 >= eta*D/2' --largest eta
    --given 'D > 0' --given 'K > 0'

    Exit code 2 when no closed form was found and certified.
    """
    if (largest is None) == (best is None):
        raise click.UsageError("give either --largest NAME or --best NAME")
    with _answering():
        answer = _derived(claim, largest, best, given, timeout)
    if as_json:
        _write_json(answer)
    else:
        _write(_rendered(lambda c: _paint_derived(c, answer)))
    return _VERDICT_CODES[answer["verdict"]]


def _derived(
    claim: str, largest: str | None, best: str | None, given: tuple[str, ...], timeout: float
) -> dict[str, Any]:
    """The derivation as plain data, or why there is none."""
    from derivations.search import derive

    _check_name(claim, largest, best)
    try:
        found: derive.Derived | derive.Best
        if largest is not None:
            found = derive.derive(claim, given, largest, timeout=timeout)
        else:
            found = derive.best_step(claim, best or "", given, timeout=timeout)
    except derive.DeriveError as error:
        return {
            "verdict": "unknown",
            "variable": largest or best,
            "claim": claim,
            "given": list(given),
            "reason": _one_line(error),
        }
    return {"verdict": "proved", **found.as_json()}


def _check_name(claim: str, largest: str | None, best: str | None) -> None:
    """Refuse a variable that the claim does not have, however the search would take that."""
    from derivations.kernel.terms import free_variables
    from derivations.search.claims import parse_claim, parse_expression

    terms = parse_claim(claim) if largest is not None else (parse_expression(claim),)
    names = {str(v.head) for t in terms for v in free_variables(t)}
    wanted = largest if largest is not None else best
    if wanted not in names:
        there = f"its variables are {', '.join(sorted(names))}" if names else "it has no variable"
        raise Trouble(f"{_one_line(wanted)[:80]!r} does not occur in the claim: {there}")


def _paint_derived(console: Any, answer: dict[str, Any]) -> None:
    from rich.text import Text

    name = answer["variable"]
    if answer["verdict"] != "proved":
        said = f": no closed form for {name}: {answer['reason']}"
        console.print(Text.assemble(_coloured(answer["verdict"]), said), soft_wrap=True)
        return
    if "interval" in answer:
        told = f"{name} in {answer['interval']}, and no further"
        proofs = (("it holds there", "theorem"), ("it fails beyond", "optimality"))
    else:
        told = f"{name} = {answer['value']}, where it is {answer['gain']}"
        proofs = (("never more", "theorem"), ("and there", "equality"))
    console.print(Text(told, style="bold green"), soft_wrap=True)
    for words, key in proofs:
        console.print(f"  {words}: {answer[key]}", soft_wrap=True)
    console.print(f"  method: {answer['method']}", soft_wrap=True)
    console.print(f"  {answer['seconds']:.2f} s", soft_wrap=True)


# latex -----------------------------------------------------------------------------------------


@commands.command("latex")
@click.argument("id")
@click.option("--proof", is_flag=True, help="With its proof.")
@click.option("--snippet", is_flag=True, help="Only what goes into a document of your own.")
@click.option("-o", "--output", metavar="FILE", help="Write to a file.")
@_files
def latex_command(
    id: str, proof: bool, snippet: bool, output: str | None, files: tuple[str, ...]
) -> int:
    """One statement in LaTeX: a document that compiles, or a snippet."""
    with _answering():
        _load(files)
        text = _latex(id, proof, snippet)
    if output is None:
        _write(text)
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
    try:
        with open(output, "w", encoding="utf-8") as file:
            file.write(text if text.endswith("\n") else f"{text}\n")
    except (OSError, ValueError) as error:
        said = getattr(error, "strerror", None) or str(error)
        raise Trouble(f"cannot write {output}: {said}") from error


if __name__ == "__main__":
    main()
