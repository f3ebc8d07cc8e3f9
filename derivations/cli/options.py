"""Arguments and options that several commands take."""

from __future__ import annotations

import math
from typing import Any

import click

json_option = click.option(
    "--json", "as_json", is_flag=True, help="Print one JSON value, nothing else."
)
file_option = click.option(
    "--file",
    "files",
    multiple=True,
    metavar="FILE",
    help="A Python file of your own whose statements join the library (repeatable).",
)
given_option = click.option(
    "--given", "-g", multiple=True, metavar="CLAIM", help="A hypothesis (repeatable)."
)
claim_language = (
    "Claims: + - * / **, numbers (decimals are exact), names, pi, sqrt exp log sin cos tan sinh "
    "cosh tanh abs min max lambertw(x, -1), and < <= > >= == !=, which may be chained."
)
takes_claims: dict[str, Any] = {
    # A claim may begin with a minus sign: what looks like an unknown option is checked below.
    "context_settings": {"ignore_unknown_options": True},
    "epilog": claim_language,
}


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


claim_argument = click.argument("claim", nargs=-1, callback=_the_claim, metavar="CLAIM")


def _seconds(context: click.Context, _: click.Parameter, value: float) -> float:
    if not (math.isfinite(value) and value > 0):
        raise click.BadParameter("a positive number of seconds is wanted", ctx=context)
    return value


timeout_option = click.option(
    "--timeout",
    type=float,
    default=20.0,
    show_default=True,
    callback=_seconds,
    help="Seconds after which the answer is 'unknown'.",
)
