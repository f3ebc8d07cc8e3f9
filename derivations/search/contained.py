"""A call in a process of its own, which is ended when its time or its memory is up.

A library written in C neither looks at a clock nor lets itself be interrupted.
"""

from __future__ import annotations

import contextlib
import os
import pickle
import select
import signal
import sys
import time
from collections.abc import Callable
from typing import Any, TypeVar

MEMORY = 4 << 30
"""Bytes that a contained call may use, if nothing else is said."""

Value = TypeVar("Value")


class StoppedError(Exception):
    """The call was ended, or ended itself, before it had a result; says why."""


def contained(call: Callable[[], Value], seconds: float, *, memory: int = MEMORY) -> Value:
    """The value of a call, or the exception it raises; both must be picklable.

    The call is made in a copy of this process, with whatever it starts: nothing of it is left
    after so many seconds.  Raises `StoppedError` when its time or its memory (in bytes) is up,
    or when its process dies.  Where a process cannot be copied, the call is simply made.

    >>> contained(lambda: 6 * 7, seconds=10)
    42
    """
    if not hasattr(os, "fork"):
        return call()
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(AttributeError, ValueError, OSError):
            stream.flush()  # or the copy would write it again
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        os.close(reading)
        _answer(call, writing, memory)
    os.close(writing)
    # Both processes see to it, for either may be the first to need it.
    with contextlib.suppress(OSError):
        os.setpgid(child, child)
    try:
        with open(reading, "rb", buffering=0) as pipe:
            said = _read(pipe, time.monotonic() + seconds)
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(child, signal.SIGKILL)
        _, status = os.waitpid(child, 0)
    if not said:
        raise StoppedError(f"its process ended ({_cause(status)})")
    value, error = pickle.loads(said)
    if error is not None:
        raise error
    result: Value = value
    return result


def _answer(call: Callable[[], Any], writing: int, memory: int) -> None:
    """Make the call in the child, write what comes of it, and end the process."""
    import resource

    try:
        with contextlib.suppress(OSError):
            os.setpgid(0, 0)
        _, hard = resource.getrlimit(resource.RLIMIT_DATA)
        most = memory if hard == resource.RLIM_INFINITY else min(memory, hard)
        resource.setrlimit(resource.RLIMIT_DATA, (most, hard))
        said = pickle.dumps(_outcome(call, memory))
        with open(writing, "wb") as pipe:
            pipe.write(said)
    finally:
        os._exit(0)  # nothing that the parent registered is to run here


def _outcome(call: Callable[[], Any], memory: int) -> tuple[Any, BaseException | None]:
    try:
        return call(), None
    except MemoryError:
        return None, StoppedError(f"more than {memory >> 20} MiB of memory would be needed")
    except BaseException as error:
        error.__traceback__ = None
        return None, error


def _read(pipe: Any, deadline: float) -> bytes:
    """All that the child writes; raises `StoppedError` when the time is up before its end."""
    said = bytearray()
    while True:
        ready, _, _ = select.select([pipe], [], [], max(0.0, deadline - time.monotonic()))
        if not ready:
            raise StoppedError("the time is up")
        part = pipe.read(1 << 16)
        if not part:
            return bytes(said)
        said += part


def _cause(status: int) -> str:
    if os.WIFSIGNALED(status):
        return f"signal {os.WTERMSIG(status)}, perhaps for want of memory"
    return f"exit code {os.WEXITSTATUS(status)}"
