"""Commands on claims of the user's own: prove, refute, certify and derive."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import click

from derivations.cli.options import (
    claim_argument,
    given_option,
    json_option,
    takes_claims,
    timeout_option,
)
from derivations.cli.output import (
    UNKNOWN,
    VERDICT_CODES,
    Trouble,
    answering,
    coloured,
    one_line,
    rendered,
    write,
    write_json,
)

if TYPE_CHECKING:
    from derivations.search.prove import Answer

_PATIENCE = 0.7  # seconds that a search may take beyond its time limit


@click.command("prove", **takes_claims)
@claim_argument
@given_option
@json_option
@timeout_option
def prove_command(claim: str, given: tuple[str, ...], as_json: bool, timeout: float) -> int:
    """Prove or refute a claim: exit code 0 proved, 1 refuted, 2 unknown.

    For example: gradgap prove 'x + 1/x >= 2' --given 'x > 0'
    """

    def decide() -> Answer:
        from derivations.search.prove import prove

        return prove(claim, given, timeout=timeout)

    return _told(_decided(decide, claim, given, timeout), as_json)


@click.command("refute", **takes_claims)
@claim_argument
@given_option
@json_option
@timeout_option
def refute_command(claim: str, given: tuple[str, ...], as_json: bool, timeout: float) -> int:
    """Look for a counterexample only: exit code 1 refuted, 2 unknown.

    For example: gradgap refute 'exp(x) >= 1 + 1.000001*x'
    """

    def decide() -> Answer:
        from derivations.search.prove import refute

        return refute(claim, given, timeout=timeout)

    return _told(_decided(decide, claim, given, timeout), as_json)


@click.command("certify", **takes_claims)
@claim_argument
@given_option
@click.option(
    "--bits",
    type=click.IntRange(2, 10_000),
    default=64,
    show_default=True,
    help="The precision of the ball arithmetic.",
)
@json_option
@timeout_option
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
    with answering():
        from derivations.search.contained import StoppedError, contained

        try:
            # The search looks at the clock itself, and says what it tried.
            return contained(answer, timeout + _PATIENCE)
        except StoppedError as stopped:
            seconds = round(time.monotonic() - start, 3)
            return {**unknown, "seconds": seconds, "reason": f"the search was stopped: {stopped}"}


def _told(answer: dict[str, Any], as_json: bool) -> int:
    if as_json:
        write_json(answer)
    else:
        write(rendered(lambda c: _paint_answer(c, answer)))
    return VERDICT_CODES.get(answer["verdict"], UNKNOWN)


def _paint_answer(console: Any, answer: dict[str, Any]) -> None:
    from rich.text import Text

    said = [coloured(answer["verdict"]), f": {answer['claim']}"]
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


@click.command("derive", **takes_claims)
@claim_argument
@click.option("--largest", metavar="NAME", help="The largest value up to which CLAIM holds.")
@click.option("--best", metavar="NAME", help="The value that maximises CLAIM, an expression.")
@given_option
@json_option
@timeout_option
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
        write_json(answer)
    else:
        write(rendered(lambda c: _paint_derived(c, answer)))
    return VERDICT_CODES[answer["verdict"]]


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
        return {**unknown, "reason": one_line(error)}
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
        raise Trouble(f"{one_line(wanted)[:80]!r} does not occur in the claim: {there}")


def _paint_derived(console: Any, answer: dict[str, Any]) -> None:
    from rich.text import Text

    name = answer["variable"]
    if answer["verdict"] != "proved":
        said = f": no closed form for {name}: {answer['reason']}"
        console.print(Text.assemble(coloured(answer["verdict"]), said), soft_wrap=True)
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
