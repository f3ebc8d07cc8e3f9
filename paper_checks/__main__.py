"""``python -m paper_checks``: try every claim, print the table of verdicts, run the simulations.

Exit code 0 if all claims hold, 1 if one does not, 3 for bad input or work that was not done, 130
if interrupted.
"""

from __future__ import annotations

import csv
import io
import json
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from derivations.writing import write_file
from paper_checks import table
from paper_checks.claims import Check, Claim, VacuousError
from paper_checks.simulations import Row, findings, simulate
from paper_checks.sweep import Progress, SweepError

ALL_HOLD, VIOLATED, BAD_INPUT, INTERRUPTED = 0, 1, 3, 130


def _chosen(
    context: click.Context, _: click.Parameter, names: tuple[str, ...]
) -> tuple[Claim, ...]:  # fmt: skip
    found = tuple(c for c in table.claims() if not names or c.id.startswith(names))
    if not found:
        groups = ", ".join(dict.fromkeys(c.id.partition(".")[0] for c in table.claims()))
        raise click.BadParameter(f"no claim begins with {names[0]!r}; there are {groups}", context)
    return found


@click.command(help="Try what is claimed about RLVR on exact policies, to 50 digits.")
@click.option("--seed", type=click.IntRange(min=0), default=0, help="Of the random policies.")
@click.option(
    "--only", "chosen", multiple=True, metavar="NAME", callback=_chosen,
    help="Only the claims whose name begins so, and no simulations (repeatable).",
)  # fmt: skip
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object and nothing else.")
@click.option("-o", "--output", type=click.Path(path_type=Path), metavar="DIR",
              help="Write the table and the simulations there, as JSON and CSV.")  # fmt: skip
@click.option("--figures", type=click.Path(path_type=Path), metavar="DIR",
              help="Draw the simulations there (needs matplotlib).")  # fmt: skip
@click.pass_context
def command(
    context: click.Context,
    seed: int,
    chosen: tuple[Claim, ...],
    as_json: bool,
    output: Path | None,
    figures: Path | None,
) -> int:
    """The command; returns its exit code."""
    whole = len(chosen) == len(table.claims())
    if figures is not None and not whole:
        raise click.UsageError("--figures needs the simulations, which --only leaves out")
    for directory in (output, figures):
        if directory is not None:
            _make(directory)
    started = time.perf_counter()
    with _bar("trying") as progress:
        checks = table.check(chosen, seed, progress=progress)
    tables: dict[str, list[Row]] = {}
    if whole:
        with _bar("simulating") as progress:
            tables = simulate(progress=progress)
    answer: dict[str, Any] = {
        "ok": all(made.holds for made in checks),
        "seed": seed,
        "seconds": round(time.perf_counter() - started, 1),
        "checks": [asdict(made) for made in checks],
        "findings": findings(tables) if tables else [],
    }
    if output is not None:
        _save(output, answer, checks, tables)
    if figures is not None:
        _draw(tables, figures)
    if as_json:
        click.echo(json.dumps(answer, indent=2))
    else:
        show(checks)
        for line in answer["findings"]:
            click.echo(f"* {line}")
        click.echo(f"{answer['seconds']} s")
    return ALL_HOLD if answer["ok"] else VIOLATED


def _make(directory: Path) -> None:
    try:
        directory.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise click.ClickException(f"cannot make {directory}: {error.strerror}") from error


def _save(
    directory: Path,
    answer: Mapping[str, Any],
    checks: Sequence[Check],
    tables: Mapping[str, Sequence[Row]],
) -> None:
    try:
        write_file(directory / "checks.json", json.dumps(answer, indent=2) + "\n")
        write_file(directory / "checks.csv", table.as_csv(checks))
        for name, rows in tables.items():
            columns = list(dict.fromkeys(key for row in rows for key in row))
            written = io.StringIO()
            writer = csv.DictWriter(written, columns, lineterminator="\n")
            writer.writeheader()
            writer.writerows(rows)
            write_file(directory / f"simulation-{name}.csv", written.getvalue())
    except OSError as error:
        raise click.ClickException(f"cannot write into {directory}: {error.strerror}") from error


def _draw(tables: Mapping[str, Sequence[Row]], directory: Path) -> None:
    try:
        from paper_checks.figures import draw

        draw(tables, directory)
    except ImportError as error:
        raise click.ClickException(
            "figures need matplotlib: pip install 'gradgap[notebooks]'"
        ) from error
    except OSError as error:
        raise click.ClickException(f"cannot write into {directory}: {error.strerror}") from error


@contextmanager
def _bar(doing: str) -> Iterator[Progress | None]:
    """A progress bar on standard error, if that is a terminal."""
    if not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

    columns = (
        TextColumn(doing), BarColumn(), MofNCompleteColumn(), TextColumn("{task.fields[name]}")
    )  # fmt: skip
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        shown = bar.add_task(doing, name="", total=None)

        def report(name: str, done: int, total: int) -> None:
            bar.update(shown, name=name, completed=done, total=total)

        yield report


def show(checks: Sequence[Check]) -> None:
    """Print the table and what it comes to."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    shown = Table("claim", "statements", caption_justify="left")
    for heading in (*table.ORIGINS, "worst ratio", "known", "verdict"):
        shown.add_column(heading, justify="right", no_wrap=True)
    for made in checks:
        shown.add_row(
            Text(made.text),
            Text("\n".join(made.statements)),
            *(str(made.instances.get(origin, "")) for origin in table.ORIGINS),
            table.rounded_up(made.worst),
            made.known or "",
            Text(made.verdict, style="green" if made.holds else "bold red"),
        )
    digits = max(made.digits for made in checks)
    shown.caption = (
        f"Worst ratio left/right, rounded up from {digits} digits: at most 1 if the claim held on "
        "every instance; known: the worst that was found before.\nInstances: random, made worse by "
        "a search, extremal by construction.\n"
        "kappa = 2 L + G^2, K(J) = min((L + G^2)/J, L/(1-J)); for tokens V(p) = -W_{-1}(-p^2/e), "
        "sigma^2 = G_p^2 T_max, and kappa_tok."
    )
    # In a file or a pipe nothing is wrapped or shortened.
    console = Console() if sys.stdout.isatty() else Console(width=160)
    console.print(shown)


def run(arguments: Sequence[str] | None = None) -> int:
    """Run the command and return its exit code; what is wrong is said in one line."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    complain: Callable[[str], None] = lambda said: click.echo(f"paper_checks: {said}", err=True)
    try:
        # Not `main`, which puts an empty line before an interruption.
        with command.make_context("python -m paper_checks", words) as context:
            answer = command.invoke(context)
    except click.exceptions.Exit as leaving:
        return leaving.exit_code
    except (KeyboardInterrupt, click.Abort):
        complain("interrupted")
        return INTERRUPTED
    except (SweepError, VacuousError) as error:
        complain(str(error))
        return BAD_INPUT
    except click.ClickException as error:
        complain(error.format_message())
        return BAD_INPUT
    return answer if isinstance(answer, int) else ALL_HOLD


if __name__ == "__main__":
    sys.exit(run())
