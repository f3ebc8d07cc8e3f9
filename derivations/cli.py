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
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, NoReturn

import click

if TYPE_CHECKING:
    from derivations.cache import Store
    from derivations.library import ProofStep, Statement
    from derivations.search.prove import Answer
    from derivations.thresholds import Limit
    from derivations.verify import Progress, Result, Verification

YES, NO, UNKNOWN, BAD_INPUT = 0, 1, 2, 3
INTERRUPTED, PIPE_CLOSED = 130, 141
_PATIENCE = 0.7  # seconds that a search may take beyond its time limit
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

    def decide() -> Answer:
        from derivations.search.prove import prove

        return prove(claim, given, timeout=timeout)

    return _told(_decided(decide, claim, given, timeout), as_json)


@commands.command("refute", **_claims)
@_claim
@_given
@_json
@_timeout
def refute_command(claim: str, given: tuple[str, ...], as_json: bool, timeout: float) -> int:
    """Look for a counterexample only: exit code 1 refuted, 2 unknown.

    For example: gradgap refute 'exp(x) >= 1 + 1.000001*x'
    """

    def decide() -> Answer:
        from derivations.search.prove import refute

        return refute(claim, given, timeout=timeout)

    return _told(_decided(decide, claim, given, timeout), as_json)


@commands.command("certify", **_claims)
@_claim
@_given
@click.option(
    "--bits",
    type=click.IntRange(2, 10_000),
    default=64,
    show_default=True,
    help="The precision of the ball arithmetic.",
)
@_json
@_timeout
def certify_command(
    claim: str, given: tuple[str, ...], bits: int, as_json: bool, timeout: float
) -> int:
    """Prove a claim on a box by ball arithmetic only: exit code 0 proved, 2 unknown.

    For example: gradgap certify 'log(1/(1-J)) >= J' --given '0.01 <= J <= 0.99' --bits 256
    """

    def decide() -> Answer:
        from derivations.search.prove import certify

        return certify(claim, given, bits=bits, timeout=timeout)

    return _told(_decided(decide, claim, given, timeout), as_json)


def _decided(
    decide: Callable[[], Answer], claim: str, given: Sequence[str], timeout: float
) -> dict[str, Any]:
    """The answer as plain data, within the time and memory that it may take."""
    unknown = {
        "verdict": "unknown",
        "claim": claim,
        "given": list(given),
        "method": "",
        "certificate": None,
        "counterexample": None,
    }
    return _in_time(lambda: decide().as_json(), unknown, timeout)


def _in_time(
    answer: Callable[[], dict[str, Any]], unknown: dict[str, Any], timeout: float
) -> dict[str, Any]:
    """The answer of a search, or `unknown` with the reason why it was stopped."""
    start = time.monotonic()
    with _answering():
        from derivations.search.contained import StoppedError, contained

        try:
            # The search looks at the clock itself, and says what it tried.
            return contained(answer, timeout + _PATIENCE)
        except StoppedError as stopped:
            seconds = round(time.monotonic() - start, 3)
            return {**unknown, "seconds": seconds, "reason": f"the search was stopped: {stopped}"}


def _told(answer: dict[str, Any], as_json: bool) -> int:
    if as_json:
        _write_json(answer)
    else:
        _write(_rendered(lambda c: _paint_answer(c, answer)))
    return _VERDICT_CODES.get(answer["verdict"], UNKNOWN)


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
    unknown = {
        "verdict": "unknown",
        "variable": largest or best,
        "claim": claim,
        "given": list(given),
    }
    answer = _in_time(
        lambda: _derived(claim, largest, best, given, timeout, unknown), unknown, timeout
    )
    if as_json:
        _write_json(answer)
    else:
        _write(_rendered(lambda c: _paint_derived(c, answer)))
    return _VERDICT_CODES[answer["verdict"]]


def _derived(
    claim: str,
    largest: str | None,
    best: str | None,
    given: tuple[str, ...],
    timeout: float,
    unknown: dict[str, Any],
) -> dict[str, Any]:
    """The derivation as plain data, or `unknown` with the reason why there is none."""
    from derivations.search import derive

    _check_name(claim, largest, best)
    try:
        found: derive.Derived | derive.Best
        if largest is not None:
            found = derive.derive(claim, given, largest, timeout=timeout)
        else:
            found = derive.best_step(claim, best or "", given, timeout=timeout)
    except derive.DeriveError as error:
        return {**unknown, "reason": _one_line(error)}
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


# tightness and threshold -----------------------------------------------------------------------


@commands.command("tightness")
@click.argument("id")
@click.option("--seed", type=click.IntRange(min=0), default=0, help="Of the random policies.")
@_json
def tightness_command(id: str, seed: int, as_json: bool) -> int:
    """How much slack a statement has: its worst ratio left/right, and the instance.

    The ratio is the largest that was met on random policies, on policies made bad by a search,
    and on extremal ones: at most 1 if the statement held on all of them.
    """
    with _answering():
        answer = _tightness(id, seed)
    if as_json:
        _write_json(answer)
    else:
        _write(_rendered(lambda c: _paint_tightness(c, answer)))
    return YES if answer["verdict"] == "holds" else NO


def _tightness(id: str, seed: int) -> dict[str, Any]:
    from dataclasses import asdict
    from decimal import Decimal

    from derivations import library
    from paper_checks.claims import VacuousError
    from paper_checks.sweep import SweepError
    from paper_checks.table import about, check

    chosen = about(id)
    if not chosen:
        statement = library.theorem(id)
        raise Trouble(f"{id} ({statement.kind}) has no ratio: no claim of paper_checks tries it")
    with _progress("trying") as progress:
        try:
            checks = check(chosen, seed, progress=progress)
        except (SweepError, VacuousError) as error:
            raise Trouble(_one_line(error)) from error
    worst = max(checks, key=lambda made: Decimal(made.worst))
    return {
        "id": id,
        "verdict": "holds" if all(made.holds for made in checks) else "violated",
        "worst": worst.worst,
        "claim": worst.text,
        "instance": dict(worst.instance),
        "seed": seed,
        "checks": [asdict(made) for made in checks],
    }


def _paint_tightness(console: Any, answer: dict[str, Any]) -> None:
    from rich.text import Text

    style = "green" if answer["verdict"] == "holds" else "bold red"
    said = f": worst ratio {answer['worst']}"
    console.print(Text.assemble(answer["id"], " ", (answer["verdict"], style), said),
                  soft_wrap=True)  # fmt: skip
    console.print(f"  claim: {answer['claim']}", soft_wrap=True)
    for made in answer["checks"]:
        counts = ", ".join(f"{n} {origin}" for origin, n in made["instances"].items())
        told = f"  {made['claim']}: {made['worst'][:14]} on {counts}, {made['digits']} digits"
        console.print(told, soft_wrap=True)
    console.print("  instance:", soft_wrap=True)
    for name, held in answer["instance"].items():
        console.print(f"    {name}: {held}", soft_wrap=True)


def _fraction(context: click.Context, parameter: click.Parameter, text: str | None) -> Any:
    """An exact number, such as 3, 0.25, 1/3 or 1e-9."""
    from fractions import Fraction

    if text is None:
        return None
    try:
        if len(text) > 100 or abs(int(text.lower().partition("e")[2] or 0)) > 1000:
            raise ValueError
        return Fraction(text)
    except (ValueError, ZeroDivisionError):
        said = f"{text[:40]!r} is not a number such as 3, 0.25, 1/3 or 1e-9"
        raise click.BadParameter(said, ctx=context, param=parameter) from None


def _number(
    *names: str, help: str, required: bool = False
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    return click.option(
        *names, callback=_fraction, metavar="NUMBER", help=help, required=required
    )  # fmt: skip


@commands.command("threshold")
@_number("--G", "score", required=True, help="A bound on the score: |grad log pi| <= G.")
@_number("--L", "hessian", required=True, help="A bound on its derivative: |Hess log pi| <= L.")
@_number("--J", "success", help="The success rate at the start of the step, between 0 and 1.")
@_number("--alignment", help="Delta mu; without it, steps are per unit of alignment.")
@click.option("--algorithm", metavar="NAME", help="Also the learning rate, such as of grpo.")
@click.option("--group", type=click.IntRange(1, 10_000), default=8, show_default=True,
              help="The group size of the algorithm.")  # fmt: skip
@click.option("--plot", metavar="FILE", help="Draw it against J (needs matplotlib).")
@_json
def threshold_command(
    score: Any,
    hessian: Any,
    success: Any,
    alignment: Any,
    algorithm: str | None,
    group: int,
    plot: str | None,
    as_json: bool,
) -> int:
    """The critical step size and learning rate, and the statement that gives each.

    For example: gradgap threshold --G 2 --L 1 --J 0.9 --alignment 0.2 --algorithm grpo --group 8

    Up to the critical step a step keeps half of its alignment, or raises J, as said.
    """
    given = {"G": score, "L": hessian, "J": success, "Dmu": alignment}
    _check_constants(given, algorithm)
    with _answering():
        from derivations.thresholds import limits

        known = {name: x for name, x in given.items() if x is not None}
        try:
            answer = _thresholds(limits(), known, algorithm, group)
            if plot is not None:
                _plot_thresholds(plot, limits(), known, algorithm, group)
        except ValueError as error:
            raise Trouble(_one_line(error)) from error
    if as_json:
        _write_json(answer)
    else:
        _write(_rendered(lambda c: _paint_thresholds(c, answer)))
    return YES


def _check_constants(given: dict[str, Any], algorithm: str | None) -> None:
    """Refuse what no policy has."""
    if given["G"] < 0:
        raise Trouble("--G bounds a length: give a number >= 0")
    if given["L"] <= 0:
        raise Trouble("--L must be positive (a larger bound than needed is a bound, too)")
    if given["J"] is not None and not 0 < given["J"] < 1:
        raise Trouble("--J is a success rate: give a number between 0 and 1, neither included")
    if given["Dmu"] is not None and given["Dmu"] <= 0:
        raise Trouble("--alignment must be positive: no step against the Gradient Gap is safe")
    if algorithm is not None and given["J"] is None:
        raise Trouble("--algorithm needs --J: its coefficient c(J) depends on the success rate")


def _thresholds(
    found: Sequence[Limit], known: dict[str, Any], algorithm: str | None, group: int
) -> dict[str, Any]:
    """The limits as plain data; a number that is missing for want of --J is None."""
    from fractions import Fraction

    from derivations.render.latex import term_latex
    from derivations.thresholds import coefficient, value

    c = None if algorithm is None else coefficient(algorithm, group, known["J"])
    values = {"Dmu": Fraction(1), **known}
    rows = []
    for limit in found:
        step, rate = value(limit.step, values), None
        if c is not None:
            exact = value(limit.rate, {**values, "c": Fraction(1)})
            rate = None if exact is None else _enclosed(exact, c)
        rows.append(
            {
                "statement": limit.statement,
                "provenance": limit.provenance,
                "promise": limit.promise,
                "step": {
                    "formula": repr(limit.step),
                    "latex": term_latex(limit.step),
                    "exact": None if step is None else str(step),
                    "decimal": None if step is None else _decimal(step),
                },
                "rate": None if c is None else {
                    "formula": repr(limit.rate),
                    "latex": term_latex(limit.rate),
                    "enclosure": rate,
                },
            }
        )  # fmt: skip
    return {
        "constants": {name: str(x) for name, x in known.items()},
        "algorithm": algorithm,
        "group": None if algorithm is None else group,
        "coefficient": None if c is None else c.str(20),
        "per unit of alignment": "Dmu" not in known,
        "limits": rows,
    }


def _enclosed(exact: Any, c: Any) -> str:
    """exact/c as a ball, in decimals."""
    from derivations.policies import Balls

    balls = Balls(128)
    with balls.working():
        return str((balls.number(exact) / c).str(20))


def _decimal(value: Any) -> str:
    from decimal import Context, Decimal

    context = Context(prec=12)
    return str(context.divide(Decimal(value.numerator), Decimal(value.denominator)))


def _paint_thresholds(console: Any, answer: dict[str, Any]) -> None:
    constants = ", ".join(f"{name} = {x}" for name, x in answer["constants"].items())
    unit = ", steps per unit of alignment" if answer["per unit of alignment"] else ""
    console.print(f"critical steps for {constants}{unit}", soft_wrap=True)
    headings = ["statement", "up to it, a step", "formula", "exact", "decimal"]
    rows = [
        [r["statement"], r["promise"], r["step"]["formula"], r["step"]["exact"] or "give --J",
         r["step"]["decimal"] or ""]
        for r in answer["limits"]
    ]  # fmt: skip
    console.print(_table(headings, rows))
    if answer["algorithm"] is None:
        return
    told = f"{answer['algorithm']}, groups of {answer['group']}: c(J) = {answer['coefficient']}"
    console.print(f"critical learning rates for {told}", soft_wrap=True)
    rates = [
        [r["statement"], r["promise"], r["rate"]["formula"], r["rate"]["enclosure"]]
        for r in answer["limits"]
    ]
    console.print(_table(["statement", "up to it, a step", "formula", "enclosure"], rates))


def _plot_thresholds(
    file: str, found: Sequence[Limit], known: dict[str, Any], algorithm: str | None, group: int
) -> None:
    """The critical step, or learning rate, against J."""
    from fractions import Fraction

    from derivations.render.latex import term_latex
    from derivations.thresholds import coefficient, value

    try:
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure
    except ImportError as error:
        raise Trouble("--plot needs matplotlib: pip install 'gradgap[notebooks]'") from error
    figure = Figure(figsize=(7, 4.6), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.subplots()
    rates = [Fraction(k, 200) for k in range(1, 200)]
    cs = [1.0 if algorithm is None else float(coefficient(algorithm, group, J)) for J in rates]
    for limit in found:
        formula = limit.step if algorithm is None else limit.rate
        values = [
            value(formula, {"Dmu": Fraction(1), **known, "J": J, "c": Fraction(1)}) for J in rates
        ]
        heights = [float(x or 0) / c for x, c in zip(values, cs, strict=True)]
        shown = rf"{limit.statement}: ${_plain_latex(term_latex(formula))}$"
        style = "-" if limit.promise.startswith("keeps") else "--"
        axes.plot([float(J) for J in rates], heights, style, label=shown)
    name = "step" + (r" / $\Delta\mu$" if "Dmu" not in known else "")
    if algorithm is not None:
        name = f"learning rate, {algorithm} with groups of {group}"
    axes.set(yscale="log", xlabel="success rate J", ylabel=f"critical {name}")
    axes.set_title("full: keeps half of its alignment; dashed: raises J", fontsize=9)
    axes.legend(fontsize=7)
    try:
        figure.savefig(file, dpi=150)
    except OSError as error:
        raise Trouble(f"cannot write {file}: {error.strerror or error}") from error


def _plain_latex(text: str) -> str:
    """Without the sizes of brackets, which matplotlib's own LaTeX does not know."""
    for size in (r"\bigl", r"\bigr", r"\Bigl", r"\Bigr"):
        text = text.replace(size, "")
    return text


if __name__ == "__main__":
    main()
