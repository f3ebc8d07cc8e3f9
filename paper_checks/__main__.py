"""``python -m paper_checks``: try every claim and print the table of verdicts.

Exit code 0 if all claims hold, 1 if one does not, 3 for bad input.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from decimal import ROUND_CEILING, Context, Decimal

import click

from paper_checks.trajectory import CLAIMS, Check, Claim

ALL_HOLD, VIOLATED, BAD_INPUT = 0, 1, 3


@click.command(help="Try what is claimed about RLVR on concrete policies, to 50 digits.")
@click.option("--seed", type=click.IntRange(min=0), default=0, help="Of the random policies.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object and nothing else.")
def command(seed: int, as_json: bool) -> int:
    """The command; returns its exit code."""
    checks = try_all(CLAIMS, seed)
    ok = all(check.holds for check in checks)
    if as_json:
        listed = [asdict(check) for check in checks]
        click.echo(json.dumps({"ok": ok, "seed": seed, "checks": listed}, indent=2))
    else:
        show(checks)
    return ALL_HOLD if ok else VIOLATED


def try_all(claims: Sequence[Claim], seed: int = 0) -> list[Check]:
    """Every claim, tried; with a progress bar on standard error if that is a terminal."""
    checks = []
    with _bar(len(claims)) as advance:
        for claim in claims:
            advance(claim.statements[0], 0)
            checks.append(claim.check(seed))
            advance(claim.statements[0], 1)
    return checks


@contextmanager
def _bar(count: int) -> Iterator[Callable[[str, int], None]]:
    if not sys.stderr.isatty():
        yield lambda doing, steps: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

    columns = (
        TextColumn("trying"), BarColumn(), MofNCompleteColumn(), TextColumn("{task.fields[doing]}")
    )  # fmt: skip
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("", doing="", total=count)

        def advance(doing: str, steps: int) -> None:
            bar.update(task, advance=steps, doing=doing)

        yield advance


def show(checks: Sequence[Check]) -> None:
    """Print the table and what it comes to."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table("claim", "statements", caption_justify="left")
    for heading in ("instances", "worst ratio", "verdict"):
        table.add_column(heading, justify="right", no_wrap=True)
    for check in checks:
        table.add_row(
            Text(check.claim),
            Text("\n".join(check.statements)),
            str(check.instances),
            rounded_up(check.worst),
            Text(check.verdict, style="green" if check.holds else "bold red"),
        )
    digits = max(check.digits for check in checks)
    table.caption = (
        f"Worst ratio left/right, rounded up from {digits} digits: at most 1 if the claim held "
        "on every instance. kappa = 2 L + G^2."
    )
    # In a file or a pipe nothing is wrapped or shortened.
    console = Console() if sys.stdout.isatty() else Console(width=160)
    console.print(table)


def rounded_up(ratio: str) -> str:
    """A ratio with nine decimals, never shown smaller than it is.

    >>> rounded_up("0.99999999991"), rounded_up("1.0")
    ('1.000000000', '1.000000000')
    >>> rounded_up("1.0000000001"), rounded_up("+inf")
    ('1.000000001', 'infinite')
    """
    value = Decimal(ratio)
    if not value.is_finite():
        return "infinite"
    step = Decimal("1e-9")
    return str(value.quantize(step, rounding=ROUND_CEILING, context=Context(prec=100)))


def run(arguments: Sequence[str] | None = None) -> int:
    """Run the command and return its exit code; what is wrong is said in one line."""
    try:
        answer = command.main(
            list(sys.argv[1:] if arguments is None else arguments),
            prog_name="python -m paper_checks",
            standalone_mode=False,
        )
    except click.Abort:
        click.echo("paper_checks: interrupted", err=True)
        return BAD_INPUT
    except click.ClickException as error:
        click.echo(f"paper_checks: {error.format_message()}", err=True)
        return BAD_INPUT
    return answer if isinstance(answer, int) else ALL_HOLD


if __name__ == "__main__":
    sys.exit(run())
