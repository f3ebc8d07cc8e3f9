"""Work spread over any `concurrent.futures.Executor`.

What crosses processes is a function of this package (by name) and plain data.  A sweep ends with
the result of every task, or with an error that names one that is missing; never with fewer.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor, ProcessPoolExecutor, as_completed
from contextlib import contextmanager
from multiprocessing import get_context
from typing import TypeAlias, TypeVar

Task = TypeVar("Task")
Result = TypeVar("Result")

Progress: TypeAlias = Callable[[str, int, int], None]
"""Told what was finished last, and how many of how many tasks are."""


class SweepError(Exception):
    """A sweep that did not finish; one line that names a task that is missing, and why."""


def sweep(
    function: Callable[[Task], Result],
    tasks: Sequence[Task],
    executor: Executor | None = None,
    progress: Progress | None = None,
) -> list[Result]:
    """The results of `function` on all tasks, in their order.

    Without an executor a pool of as many processes as there are processors.  Raises
    `SweepError` if a task fails or its worker dies (Dask starts it again elsewhere by itself);
    tasks that have not begun are then cancelled, as they are when the user interrupts.
    """
    with _or_pool(executor) as used:
        futures = {}
        try:
            for number, task in enumerate(tasks):
                futures[used.submit(function, task)] = number
            found: dict[int, Result] = {}
            for future in as_completed(futures):
                number = futures[future]
                found[number] = future.result()
                if progress is not None:
                    progress(str(tasks[number]), len(found), len(tasks))
        except Exception as error:
            said = " ".join(str(error).split()) or type(error).__name__
            missing = len(tasks) - sum(f.done() and not f.cancelled() for f in futures)
            raise SweepError(f"the sweep broke off, {missing} of {len(tasks)} tasks not done: "
                             f"{type(error).__name__}: {said}") from error  # fmt: skip
        finally:
            for future in futures:
                future.cancel()
    return [found[number] for number in range(len(tasks))]


@contextmanager
def _or_pool(executor: Executor | None) -> Iterator[Executor]:
    if executor is not None:
        yield executor  # whoever made it ends it
        return
    pool = ProcessPoolExecutor(
        os.cpu_count(), mp_context=get_context("spawn"), initializer=_leave_interrupts
    )
    try:
        yield pool
    finally:
        pool.shutdown(cancel_futures=True)


def _leave_interrupts() -> None:
    """Ctrl-C reaches all processes of a terminal; the one that waits for the others acts on it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
