"""Benchmarks: ``python tests/benchmarks/speed.py [--limit SECONDS]``.

The table goes to standard error, one JSON object to standard output.  Wall and processor
seconds (of all processes) of ``gradgap verify``, cold (``--fresh``) and warm, of
``gradgap --help`` and of ``import derivations``, the shortest of several runs where a run is
short; and how long the log-odds curvature identity (`gap.curvature`), its responses
enumerated, takes the kernel's exact algebra and ``sympy.simplify``, one after the other in this
run.  SymPy has `--limit` seconds for each case.

The identity: with p the probabilities of the responses of one side and p' = p s,
p'' = p (h + s**2), the second derivative of the logarithm of their sum is E[h] + Var(s); the
curvature of the log-odds is the difference of that between the sides.
"""

from __future__ import annotations

import json
import os
import platform
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import click
import sympy
from rich.console import Console
from rich.table import Table

from derivations.kernel.algebra import Algebra
from derivations.kernel.terms import real

RESPONSES = (4, 6, 8)


# Commands -----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Timing:
    """The shortest of some runs of one command, in seconds; `processor` counts its children."""

    name: str
    wall: float
    processor: float
    runs: int


def timed(name: str, command: Sequence[str], runs: int = 1, **environment: str) -> Timing:
    """Run a command; raises `ClickException` unless it succeeds every time."""
    measured = []
    for _ in range(runs):
        before, started = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
        done = subprocess.run(command, capture_output=True, text=True,
                              env={**os.environ, **environment})  # fmt: skip
        wall = time.perf_counter() - started
        if done.returncode:
            said = f"{name}: exit code {done.returncode}: {done.stderr.strip()}"
            raise click.ClickException(said)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        used = after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime
        measured.append((wall, used))
    return Timing(name, *min(measured), runs)


def commands(ids: Sequence[str] = ()) -> Iterator[Timing]:
    """The command line measured, `verify` on the statements named or on all of them."""
    python = [sys.executable]
    gradgap = [*python, "-m", "derivations"]
    verify = [*gradgap, "verify", "--json", *ids]
    with tempfile.TemporaryDirectory() as folder:
        # The warm runs find what the cold one left in a cache of their own.
        yield timed("gradgap verify --fresh", [*verify, "--fresh"], GRADGAP_CACHE=folder)
        yield timed("gradgap verify, warm", verify, 3, GRADGAP_CACHE=folder)
    yield timed("gradgap --help", [*gradgap, "--help"], 5)
    yield timed("import derivations", [*python, "-c", "import derivations"], 5)
    yield timed("python, nothing else", [*python, "-c", ""], 5)


# The curvature identity ---------------------------------------------------------------------------


@dataclass(frozen=True)
class Identity:
    """Kernel and SymPy on one identity, in seconds; `sympy` is None when its time ran out."""

    responses: int
    symbols: int
    kernel: float
    sympy: float | None
    limit: float

    @property
    def ratio(self) -> str:
        """How many times as long SymPy takes."""
        if self.sympy is None:
            return f"more than {self.limit / self.kernel:.0f}"
        return f"{self.sympy / self.kernel:.0f}"


Symbols = list[list[Any]]


def symbols(make: Callable[[str], Any], responses: int) -> Symbols:
    """The probabilities, scores and Hessians of the responses."""
    return [[make(f"{name}{j}") for j in range(responses)] for name in "psh"]


def sides(columns: Symbols) -> list[Symbols]:
    """The correct half of the responses and the incorrect one."""
    half = len(columns[0]) // 2
    return [[column[:half] for column in columns], [column[half:] for column in columns]]


def defect(columns: Symbols, hessian: int = 1) -> Any:
    """The derivatives of the masses minus the cumulants, as one expression.

    It vanishes identically; with another factor of the mean Hessian it does not.
    """

    def one(side: Symbols) -> Any:
        mass, first, second = (
            sum(p * f for p, *f_ in zip(*side, strict=True) for f in [value(*f_)])
            for value in (lambda s, h: 1, lambda s, h: s, lambda s, h: h + s**2)
        )
        mean = lambda values: sum(p * x for p, x in zip(side[0], values, strict=True)) / mass
        centred = [(s - mean(side[1])) ** 2 for s in side[1]]
        return (second * mass - first**2) / mass**2 - (hessian * mean(side[2]) + mean(centred))

    correct, incorrect = sides(columns)
    return one(correct) - one(incorrect)


def kernel_decides(responses: int, hessian: int = 1) -> bool:
    """Whether the kernel finds that the defect is zero, the masses being nonzero."""
    columns = symbols(real, responses)
    masses = [sum(side[0], start=real("p0") - real("p0")) for side in sides(columns)]
    return Algebra(nonzero=masses).is_zero(defect(columns, hessian))


def sympy_decides(responses: int, hessian: int = 1) -> bool:
    """Whether ``sympy.simplify`` finds that the defect is zero."""
    columns = symbols(lambda name: sympy.Symbol(name, positive=True), responses)
    return bool(sympy.simplify(defect(columns, hessian)) == 0)


def kernel_seconds(responses: int, runs: int = 5) -> float:
    """The shortest of some runs."""
    measured = []
    for _ in range(runs):
        started = time.perf_counter()
        if not kernel_decides(responses):
            raise RuntimeError(f"the kernel refuses the identity with {responses} responses")
        measured.append(time.perf_counter() - started)
    return min(measured)


def sympy_seconds(responses: int, limit: float) -> float | None:
    """Seconds that simplify takes in a process of its own; None beyond the limit."""
    command = [sys.executable, __file__, "--simplify", str(responses)]
    try:
        done = subprocess.run(command, check=True, capture_output=True, text=True, timeout=limit)
    except subprocess.TimeoutExpired:
        return None
    return float(done.stdout)


def compare(responses: int, limit: float) -> Identity:
    """Kernel and SymPy, one after the other."""
    kernel = kernel_seconds(responses)
    return Identity(responses, 3 * responses, kernel, sympy_seconds(responses, limit), limit)


# The command --------------------------------------------------------------------------------------


def show(console: Console, timings: Sequence[Timing], identities: Sequence[Identity]) -> None:
    """The two tables."""
    table = Table(title="Commands (seconds)")
    for heading, justify in (("command", "left"), ("wall", "right"), ("processor", "right"),
                             ("shortest of", "right")):  # fmt: skip
        table.add_column(heading, justify=justify)  # type: ignore[arg-type]
    for timing in timings:
        seconds = f"{timing.wall:.2f}", f"{timing.processor:.2f}"
        table.add_row(timing.name, *seconds, f"{timing.runs}")
    console.print(table)
    table = Table(title="The curvature of the log-odds (seconds)")
    for heading in ("responses", "symbols", "kernel", "sympy.simplify", "ratio"):
        table.add_column(heading, justify="right")
    for one in identities:
        slow = f"more than {one.limit:g}" if one.sympy is None else f"{one.sympy:.2f}"
        row = (f"{one.responses}", f"{one.symbols}", f"{one.kernel:.4f}", slow, one.ratio)
        table.add_row(*row)
    console.print(table)


@click.command(help="Time the command line, and the kernel against SymPy on one identity.")
@click.option("--limit", type=click.FloatRange(min=1), default=60.0, show_default=True,
              help="Seconds that SymPy has for each case.")
@click.option("--simplify", type=int, hidden=True, help="Time one case of SymPy's only.")
def main(limit: float, simplify: int | None) -> None:
    """The command."""
    if simplify is not None:
        started = time.perf_counter()
        if not sympy_decides(simplify):
            raise click.ClickException("sympy.simplify does not find zero")
        click.echo(time.perf_counter() - started)
        return
    console = Console(stderr=True)
    with console.status("timing the command line"):
        timings = list(commands())
    with console.status("deciding the curvature identity"):
        identities = [compare(responses, limit) for responses in RESPONSES]
    show(console, timings, identities)
    machine = {"python": platform.python_version(), "cores": os.cpu_count()}
    listed = {"commands": [asdict(t) for t in timings], "identity": [asdict(i) for i in identities]}
    click.echo(json.dumps({**machine, "sympy": sympy.__version__, **listed}, indent=2))


if __name__ == "__main__":
    main()
