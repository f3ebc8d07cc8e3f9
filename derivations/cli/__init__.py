"""The command ``gradgap``.

Exit codes: 0 yes, 1 no (refuted, failed), 2 unknown, 3 no answer (bad input), with one
line on standard error that says what is wrong.  Everything heavy is imported inside the
command that needs it, so that ``--help`` and a mistyped option answer at once.
"""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Sequence
from typing import Any, NoReturn

import click

from derivations.cli import claims, numbers, statements
from derivations.cli.output import (
    BAD_INPUT,
    INTERRUPTED,
    PIPE_CLOSED,
    YES,
    PipeClosed,
    Trouble,
    complain,
    one_line,
    write,
)


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
        write(context.get_help())


for _command in (
    statements.verify_command,
    statements.list_command,
    statements.show_command,
    claims.prove_command,
    claims.refute_command,
    claims.certify_command,
    claims.derive_command,
    statements.latex_command,
    numbers.tightness_command,
    numbers.threshold_command,
):
    commands.add_command(_command)


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
        return complain("interrupted", INTERRUPTED)
    except Trouble as error:
        return complain(error.message, error.exit_code)
    except click.ClickException as error:
        return complain(one_line(error.format_message()), BAD_INPUT)
    except (PipeClosed, BrokenPipeError):
        _discard_output()
        return PIPE_CLOSED
    except SystemExit as leaving:
        return leaving.code if isinstance(leaving.code, int) else BAD_INPUT
    except Exception as error:  # a last resort, for what was not foreseen
        if os.environ.get("GRADGAP_DEBUG"):
            raise
        said = f"{type(error).__name__}: {one_line(error)[:300]}"
        return complain(f"internal error: {said} (GRADGAP_DEBUG=1 shows where)", BAD_INPUT)


def _invoke(arguments: list[str]) -> Any:
    if "_GRADGAP_COMPLETE" in os.environ:  # a shell asks for completions
        return commands.main(arguments, prog_name="gradgap")
    # Not `main`, which puts an empty line before "interrupted".
    with commands.make_context("gradgap", arguments) as context:
        return commands.invoke(context)


def _discard_output() -> None:
    """Let nothing complain, when the interpreter ends, that standard output is closed."""
    with contextlib.suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
