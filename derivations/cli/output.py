"""What the commands have in common: exit codes, errors in one line, and what is printed."""

from __future__ import annotations

import contextlib
import json
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from derivations.verify import Progress

YES, NO, UNKNOWN, BAD_INPUT = 0, 1, 2, 3
INTERRUPTED, PIPE_CLOSED = 130, 141
VERDICT_CODES = {"proved": YES, "refuted": NO, "unknown": UNKNOWN}
COLOURS = {
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


class PipeClosed(Exception):
    """Whoever read standard output has gone."""


def complain(message: str, code: int) -> int:
    """Write one line (and whatever a caret needs) to standard error; answer the exit code."""
    first, *drawing = message.splitlines() or [""]
    with contextlib.suppress(OSError, ValueError):
        sys.stderr.write("\n".join([f"gradgap: {first}", *(f"  {d}" for d in drawing)]) + "\n")
    return code


def write(text: str) -> None:
    """Print an answer; raises `PipeClosed` when nobody reads it any more."""
    try:
        sys.stdout.write(text if text.endswith("\n") else f"{text}\n")
        sys.stdout.flush()
    except BrokenPipeError as error:
        raise PipeClosed from error


def write_json(value: Any) -> None:
    """Print an answer as one JSON value."""
    write(json.dumps(value, indent=2))


@contextlib.contextmanager
def answering() -> Iterator[None]:
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
        raise Trouble(one_line(error) + caret) from error
    except LibraryError as error:
        raise Trouble(one_line(error)) from error


def one_line(said: object) -> str:
    """What was said, with every run of white space made one blank."""
    return " ".join(str(said).split())


@contextlib.contextmanager
def progress_bar(doing: str) -> Iterator[Progress | None]:
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


def rendered(paint: Callable[[Any], None]) -> str:
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


def table(headings: Sequence[str], rows: Iterable[Sequence[Any]], right: str = "") -> Any:
    """A rich table; the column headed `right` is set to the right."""
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


def coloured(verdict: str) -> Any:
    """A verdict in its colour."""
    from rich.text import Text

    return Text(verdict, style=COLOURS.get(verdict, ""))
