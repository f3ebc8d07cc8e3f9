"""Commands on numbers: how tight a bound is, and the critical steps for given constants."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import click

from derivations.cli.options import json_option
from derivations.cli.output import (
    NO,
    YES,
    Trouble,
    answering,
    one_line,
    progress_bar,
    rendered,
    table,
    write,
    write_json,
)

if TYPE_CHECKING:
    from derivations.thresholds import Limit


@click.command("tightness")
@click.argument("id")
@click.option("--seed", type=click.IntRange(min=0), default=0, help="Of the random policies.")
@json_option
def tightness_command(id: str, seed: int, as_json: bool) -> int:
    """How much slack a statement has: its worst ratio left/right, and the instance.

    The ratio is the largest that was met on random policies, on policies made bad by a search,
    and on extremal ones: at most 1 if the statement held on all of them.
    """
    with answering():
        answer = _tightness(id, seed)
    if as_json:
        write_json(answer)
    else:
        write(rendered(lambda c: _paint_tightness(c, answer)))
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
    with progress_bar("trying") as progress:
        try:
            checks = check(chosen, seed, progress=progress)
        except (SweepError, VacuousError) as error:
            raise Trouble(one_line(error)) from error
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
        if made["known"] is not None:
            told += f"; the theory gives {made['known']}"
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


def _length(context: click.Context, parameter: click.Parameter, text: str | None) -> Any:
    """A number of tokens."""
    number = _fraction(context, parameter, text)
    if number is not None and (number.denominator != 1 or number < 1):
        raise click.BadParameter(
            f"{(text or '')[:40]!r} is not a number of tokens", ctx=context, param=parameter
        )
    return number


@click.command("threshold")
@click.option("--level", type=click.Choice(["trajectory", "token"]), default="trajectory",
              show_default=True, help="What is bounded: responses, or their tokens.")  # fmt: skip
@_number("--G", "G", help="A bound on the score: |grad log pi| <= G.")
@_number("--L", "L", help="A bound on its derivative: |Hess log pi| <= L.")
@_number("--Gp", "G_p", help="A bound on the score of a token.")
@_number("--Lp", "L_p", help="A bound on the derivative of a token's score.")
@click.option("--T", "T_max", callback=_length, metavar="NUMBER",
              help="The largest number of tokens of a response.")  # fmt: skip
@_number("--J", "J", help="The success rate at the start of the step, between 0 and 1.")
@_number("--alignment", "Dmu", help="Delta mu; without it, steps are per unit of alignment.")
@click.option("--algorithm", metavar="NAME", help="Also the learning rate, such as of grpo.")
@click.option("--group", type=click.IntRange(1, 10_000), default=8, show_default=True,
              help="The group size of the algorithm.")  # fmt: skip
@click.option("--plot", metavar="FILE", help="Draw it against J (needs matplotlib).")
@json_option
def threshold_command(
    level: str, algorithm: str | None, group: int, plot: str | None, as_json: bool, **given: Any
) -> int:
    """The critical step size and learning rate, and the statement that gives each.

    For example: gradgap threshold --G 2 --L 1 --J 0.9 --alignment 0.2 --algorithm grpo --group 8

    or: gradgap threshold --level token --Gp 1 --Lp 0.5 --T 1024 --J 0.9

    Up to the critical step a step keeps half of its alignment, or raises J, as said.
    """
    known = {name: x for name, x in given.items() if x is not None}
    _check_constants(level, known, algorithm)
    with answering():
        from derivations.thresholds import limits

        try:
            answer = _thresholds(limits(level), known, algorithm, group)
            if plot is not None:
                _plot_thresholds(plot, limits(level), known, algorithm, group)
        except ValueError as error:
            raise Trouble(one_line(error)) from error
    answer = {"level": level, **answer}
    if as_json:
        write_json(answer)
    else:
        write(rendered(lambda c: _paint_thresholds(c, answer)))
    return YES


_OPTIONS = {"G": "--G", "L": "--L", "G_p": "--Gp", "L_p": "--Lp", "T_max": "--T"}
_CONSTANTS = {"trajectory": ("G", "L"), "token": ("G_p", "L_p", "T_max")}


def _check_constants(level: str, known: dict[str, Any], algorithm: str | None) -> None:
    """Refuse what no policy has, and constants of the other level."""
    for name in _CONSTANTS[level]:
        if name not in known:
            raise Trouble(f"--level {level} needs {_OPTIONS[name]}")
    for name in known.keys() & (_OPTIONS.keys() - set(_CONSTANTS[level])):
        raise Trouble(f"{_OPTIONS[name]} is no constant of --level {level}")
    score, hessian = _CONSTANTS[level][:2]
    if known[score] < 0:
        raise Trouble(f"{_OPTIONS[score]} bounds a length: give a number >= 0")
    if known[hessian] <= 0:
        said = "must be positive (a larger bound than needed is a bound, too)"
        raise Trouble(f"{_OPTIONS[hessian]} {said}")
    if "J" in known and not 0 < known["J"] < 1:
        raise Trouble("--J is a success rate: give a number between 0 and 1, neither included")
    if "Dmu" in known and known["Dmu"] <= 0:
        raise Trouble("--alignment must be positive: no step against the Gradient Gap is safe")
    if algorithm is not None and "J" not in known:
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
        step = value(limit.step, values)
        rate = None if c is None else value(limit.rate, {**values, "c": Fraction(1)})
        rows.append(
            {
                "statement": limit.statement,
                "provenance": limit.provenance,
                "promise": limit.promise,
                "step": {
                    "formula": repr(limit.step),
                    "latex": term_latex(limit.step),
                    "exact": None if step is None or step.exact is None else str(step.exact),
                    "decimal": None if step is None else step.decimal(),
                },
                "rate": None if c is None else {
                    "formula": repr(limit.rate),
                    "latex": term_latex(limit.rate),
                    "enclosure": None if rate is None else _divided(rate.ball, c),
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


def _divided(ball: Any, c: Any) -> str:
    """The quotient of two balls, in decimals."""
    from derivations.policies import Balls

    with Balls(128).working():
        return str((ball / c).str(20))


def _paint_thresholds(console: Any, answer: dict[str, Any]) -> None:
    constants = ", ".join(f"{name} = {x}" for name, x in answer["constants"].items())
    unit = ", steps per unit of alignment" if answer["per unit of alignment"] else ""
    console.print(f"critical steps for {constants}{unit}", soft_wrap=True)
    headings = ["statement", "up to it, a step", "formula", "exact", "decimal"]
    rows = [
        [r["statement"], r["promise"], r["step"]["formula"],
         r["step"]["exact"] or ("" if r["step"]["decimal"] else "give --J"),
         r["step"]["decimal"] or ""]
        for r in answer["limits"]
    ]  # fmt: skip
    console.print(table(headings, rows))
    if answer["algorithm"] is None:
        return
    told = f"{answer['algorithm']}, groups of {answer['group']}: c(J) = {answer['coefficient']}"
    console.print(f"critical learning rates for {told}", soft_wrap=True)
    rates = [
        [r["statement"], r["promise"], r["rate"]["formula"], r["rate"]["enclosure"]]
        for r in answer["limits"]
    ]
    console.print(table(["statement", "up to it, a step", "formula", "enclosure"], rates))


def _plot_thresholds(
    file: str, found: Sequence[Limit], known: dict[str, Any], algorithm: str | None, group: int
) -> None:
    """The critical step, or learning rate, against J."""
    from fractions import Fraction
    from io import BytesIO
    from pathlib import Path

    from derivations.thresholds import coefficient, value
    from derivations.writing import write_file

    try:
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure
    except ImportError as error:
        raise Trouble("--plot needs matplotlib: pip install 'gradgap[notebooks]'") from error
    figure = Figure(figsize=(8, 5.6), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.subplots()
    # Spaced by log-odds: what differs does so near success.
    odds = [Fraction(10 ** Fraction(k, 20)) for k in range(-60, 121)]
    rates = [o / (1 + o) for o in odds]
    places = [math.log10(o) for o in odds]
    cs = [1.0 if algorithm is None else float(coefficient(algorithm, group, J)) for J in rates]
    for number, limit in enumerate(found):
        formula = limit.step if algorithm is None else limit.rate
        heights = []
        for J, c in zip(rates, cs, strict=True):
            here = value(formula, {"Dmu": Fraction(1), **known, "J": J, "c": Fraction(1)})
            heights.append(0.0 if here is None else float(here.ball) / c)
        style = "-" if limit.promise.startswith("keeps") else "--"
        # Thinner and thinner, so that a curve is seen where another one covers it.
        width = 4 - 3 * number / len(found)
        axes.plot(places, heights, style, linewidth=width, label=limit.statement)
    name = "step" + (r" / $\Delta\mu$" if "Dmu" not in known else "")
    if algorithm is not None:
        name = f"learning rate, {algorithm} with groups of {group}"
    axes.set(yscale="log", xlabel="success rate J", ylabel=f"critical {name}")
    ticks = ("0.001", "0.01", "0.1", "0.5", "0.9", "0.99", "0.999", "0.9999", "0.99999", "0.999999")
    axes.set_xticks([math.log10(float(t) / (1 - float(t))) for t in ticks], ticks, fontsize=8)
    axes.set_title("full: keeps half of its alignment; dashed: raises J", fontsize=9)
    figure.legend(fontsize=7, loc="outside lower center", ncols=2)
    drawn = BytesIO()
    figure.savefig(drawn, dpi=150, format=Path(file).suffix[1:] or "png")
    try:
        write_file(file, drawn.getvalue())
    except OSError as error:
        raise Trouble(f"cannot write {file}: {error.strerror or error}") from error
