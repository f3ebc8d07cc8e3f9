"""Shares of the time, and a time limit that is kept, whatever a solver does."""

from __future__ import annotations

import contextlib
import signal
import threading
import time
from collections.abc import Iterable, Iterator
from contextvars import ContextVar
from types import FrameType

_SHORTEST = 0.7  # seconds
TRIED: ContextVar[dict[str, None]] = ContextVar("tried")
"""The names of the methods tried for the present claim, in order."""


class OutOfTimeError(BaseException):
    """The time is up.  No `Exception`, so that nothing on the way takes it for its own."""


@contextlib.contextmanager
def time_limit(seconds: float) -> Iterator[None]:
    """Raise `OutOfTimeError` inside the block once so many seconds have passed.

    Only the main thread can be interrupted; elsewhere, and where another alarm is set, the
    block has to look at the clock itself.

    >>> with time_limit(10):
    ...     pass
    """
    usable = (
        threading.current_thread() is threading.main_thread()
        and hasattr(signal, "setitimer")
        and signal.getitimer(signal.ITIMER_REAL)[0] == 0
        and signal.getsignal(signal.SIGALRM) in (signal.SIG_DFL, signal.SIG_IGN)
    )
    if not usable:
        yield
        return

    def interrupt(_: int, frame: FrameType | None) -> None:
        # The kernel keeps tables of terms and theorems: it finishes what it is doing.  A module
        # half loaded is of no use to anybody.  What is raised while something is being disposed
        # of would be lost.
        while frame is not None:
            module = frame.f_globals.get("__name__", "")
            disposing = module == "weakref" or frame.f_code.co_name == "__del__"
            if disposing or module.startswith(("derivations.kernel.", "importlib.")):
                signal.setitimer(signal.ITIMER_REAL, 0.005)
                return
            frame = frame.f_back
        raise OutOfTimeError

    before = signal.signal(signal.SIGALRM, interrupt)
    try:
        signal.setitimer(signal.ITIMER_REAL, max(0.001, seconds))
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def what_was(tried: Iterable[str]) -> str:
    """The methods tried, in brackets after a reason."""
    names = list(tried)
    return f" (tried: {', '.join(names)})" if names else ""


def share(deadline: float, parts: float) -> float:
    """A deadline after one of so many parts of the time that is left, but not too short.

    The floor keeps the first use of a solver, which has to be loaded, from using up a share.
    """
    now = time.monotonic()
    return min(deadline, now + max(_SHORTEST, (deadline - now) / parts))
