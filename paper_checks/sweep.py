"""Work spread over any `concurrent.futures.Executor`.

What crosses processes is a function of this package (by name) and plain data.  A sweep ends with
the result of every task, or with an error; never with fewer results.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor, Future, ProcessPoolExecutor, as_completed
from contextlib import contextmanager
from multiprocessing import active_children, get_context
from typing import TypeAlias, TypeVar

Task = TypeVar("Task")
Result = TypeVar("Result")

Progress: TypeAlias = Callable[[str, int, int], None]
"""Told what was finished last, and how many of how many tasks are."""


class SweepError(Exception):
    """A sweep that did not finish; one line that says how far it came, and why."""


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
        futures: dict[Future[Result], int] = {}
        found: dict[int, Result] = {}
        try:
            for number, task in enumerate(tasks):
                futures[used.submit(function, task)] = number
            for future in as_completed(futures):
                number = futures[future]
                found[number] = future.result()
                if progress is not None:
                    progress(str(tasks[number]), len(found), len(tasks))
        except Exception as error:
            said = " ".join(str(error).split())
            raise SweepError(
                f"the sweep broke off, with {len(found)} of {len(tasks)} tasks done: "
                f"{type(error).__name__}" + (f": {said}" if said else "")
            ) from error
        finally:
            for future in futures:
                future.cancel()
    return [found[number] for number in range(len(tasks))]


@contextmanager
def _or_pool(executor: Executor | None) -> Iterator[Executor]:
    if executor is not None:
        yield executor  # whoever made it ends it
        return
    others = set(active_children())
    pool = ProcessPoolExecutor(
        os.cpu_count(), mp_context=get_context("spawn"), initializer=_leave_interrupts
    )
    try:
        yield pool
    except BaseException:
        # Nobody waits for the rest of what is being done.
        for process in set(active_children()) - others:
            process.terminate()
        raise
    finally:
        pool.shutdown(cancel_futures=True)


def _leave_interrupts() -> None:
    """Ctrl-C reaches all processes of a terminal; the one that waits for the others acts on it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
