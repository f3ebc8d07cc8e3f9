"""Why something failed, in one line that a user can read."""

from __future__ import annotations

from pathlib import Path

from derivations import library
from derivations.kernel.terms import KernelError, Term
from derivations.library import LibraryError, Statement
from derivations.tactics import ProofError

LONGEST = 400
"""Characters of the longest reason."""


def explain(statement: Statement, error: BaseException) -> tuple[str, str]:
    """One line saying why a proof failed, and the goal that was left, or an empty text."""
    goal = error.goal if isinstance(error, ProofError) else None
    culprit = _failing(error)
    reason = line(error)
    if culprit not in ("", statement.id):
        reason = f"it rests on {culprit}, which fails: {reason}"
    return reason, "" if goal is None else short(goal, 2000)


def _failing(error: BaseException) -> str:
    """The id of the innermost statement whose proof was being carried out."""
    found = ""
    trace = error.__traceback__
    while trace is not None:
        frame = trace.tb_frame
        inside = frame.f_locals.get("statement")
        if frame.f_globals.get("__name__") == library.__name__ and isinstance(inside, Statement):
            found = inside.id
        trace = trace.tb_next
    return found


def line(error: BaseException) -> str:
    """What went wrong, in one line; where, unless the message is meant for the user."""
    told = isinstance(error, ProofError | LibraryError | KernelError | RecursionError)
    return cut(said(error) + ("" if told else where(error)), LONGEST)


def said(error: BaseException) -> str:
    try:
        said = " ".join(str(error).split())
    except Exception:  # a user's exception may fail to print itself
        said = ""
    if isinstance(error, RecursionError):
        return "RecursionError: nested or recursing too deeply"
    if isinstance(error, KernelError):
        return f"the kernel refuses: {said}"
    if isinstance(error, ProofError | LibraryError) and said:
        return said
    return f"{type(error).__name__}: {said}".removesuffix(": ")


def where(error: BaseException, file: Path | None = None) -> str:
    """`` (file, line n)`` of the innermost frame, or of the innermost one in `file`."""
    found = ""
    trace = error.__traceback__
    while trace is not None:
        name = trace.tb_frame.f_code.co_filename
        if file is None or name == str(file):
            found = f" ({Path(name).name}, line {trace.tb_lineno})"
        trace = trace.tb_next
    return found


def short(term: Term, longest: int = 200) -> str:
    try:
        return cut(repr(term), longest)
    except RecursionError:
        return "a term too deep to print"


def cut(text: str, longest: int) -> str:
    return text if len(text) <= longest else f"{text[: longest - 3]}..."
