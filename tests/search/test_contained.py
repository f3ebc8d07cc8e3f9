"""A contained call ends in time and within its memory, whatever it does."""

from __future__ import annotations

import faulthandler
import os
import signal
import subprocess
import sys
import time

import flint
import pytest

from derivations.search.claims import ClaimError
from derivations.search.contained import StoppedError, contained

pytestmark = [
    pytest.mark.skipif(not hasattr(os, "fork"), reason="needs a system with fork"),
    # The tests' own process has threads; the command has none when it makes its copy.
    pytest.mark.filterwarnings("ignore:.*multi-threaded.*fork:DeprecationWarning"),
]


def deaf() -> int:
    """Compute in C for minutes, without ever looking at a signal."""
    signal.signal(signal.SIGALRM, signal.SIG_IGN)
    return int(pow(3, 10**9))


def test_a_value_comes_back() -> None:
    assert contained(lambda: {"a": [1, 2]}, 10) == {"a": [1, 2]}


def test_a_large_value_comes_back() -> None:
    assert len(contained(lambda: "x" * 5_000_000, 20)) == 5_000_000


def test_an_error_is_raised_here() -> None:
    def fails() -> None:
        raise ClaimError("no claim")

    with pytest.raises(ClaimError, match="no claim"):
        contained(fails, 10)


def test_a_deaf_call_is_ended_in_time() -> None:
    start = time.monotonic()
    with pytest.raises(StoppedError, match="time is up"):
        contained(deaf, 0.5)
    assert time.monotonic() - start < 1.5


def test_memory_is_bounded() -> None:
    with pytest.raises(StoppedError, match="64 MiB"):
        contained(lambda: len(bytearray(1 << 32)), 20, memory=64 << 20)


def test_memory_of_a_library_is_bounded() -> None:
    # GMP ends the process when it gets no memory; what pytest would print of it is no failure.
    def too_much() -> int:
        faulthandler.disable()
        return int(flint.fmpz(3) ** (1 << 33))

    with pytest.raises(StoppedError, match="memory"):
        contained(too_much, 60, memory=256 << 20)


def test_a_process_that_dies_is_told() -> None:
    with pytest.raises(StoppedError, match="ended .signal 9"):
        contained(lambda: os.kill(os.getpid(), signal.SIGKILL), 10)
    with pytest.raises(StoppedError, match="exit code 5"):
        contained(lambda: os._exit(5), 10)


def test_nothing_it_started_is_left() -> None:
    def starts_another() -> int:
        return subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"]).pid

    other = contained(starts_another, 20)
    end = time.monotonic() + 10
    while _runs(other) and time.monotonic() < end:
        time.sleep(0.01)
    assert not _runs(other)


def _runs(process: int) -> bool:
    try:
        with open(f"/proc/{process}/stat") as file:
            return file.read().split()[2] != "Z"
    except FileNotFoundError:
        return False


def test_exit_handlers_run_once(tmp_path: object) -> None:
    code = (
        "import atexit; atexit.register(print, 'bye')\n"
        "from derivations.search.contained import contained\n"
        "print('before'); print(contained(lambda: 1, 10))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert (done.stdout.split(), done.stderr) == (["before", "1", "bye"], "")
