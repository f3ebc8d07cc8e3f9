"""Spreading the work: the same table on any executor, or a clear error; never fewer instances."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from concurrent.futures import Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor
from multiprocessing import get_context
from typing import Any

import pytest

from paper_checks import table
from paper_checks.claims import Claim
from paper_checks.simulations import SIMULATIONS, simulate_task
from paper_checks.simulations import Task as Case
from paper_checks.sweep import SweepError, sweep


class Here(Executor):
    """Everything in this process, at once."""

    def submit(self, function: Any, /, *arguments: Any, **named: Any) -> Future[Any]:
        future: Future[Any] = Future()
        try:
            future.set_result(function(*arguments, **named))
        except Exception as error:
            future.set_exception(error)
        return future


def chosen(*names: str) -> list[Claim]:
    return [claim for claim in table.claims() if claim.id in names]


# Some seconds of work in a dozen tasks.
SEVERAL = ("convergence.kappa", "one-step.curvature", "gradient.definition")


@pytest.fixture(scope="module")
def expected() -> list[Any]:
    return table.check(chosen(*SEVERAL), executor=Here())


def test_results_are_in_order_whatever_finishes_first() -> None:
    told: list[tuple[str, int, int]] = []
    with ThreadPoolExecutor(3) as pool:
        found = sweep(abs, [-3, 2, -1], pool, lambda *said: told.append(said))
    assert found == [3, 2, 1]
    assert [done for _, done, _ in told] == [1, 2, 3] and {of for _, _, of in told} == {3}
    assert {name for name, _, _ in told} == {"-3", "2", "-1"}


def test_the_table_does_not_depend_on_the_executor(expected: list[Any]) -> None:
    assert table.check(chosen(*SEVERAL)) == expected  # a pool of processes


def test_simulations_cross_processes() -> None:
    task = Case("gains", 0)
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        assert sweep(simulate_task, [task], pool) == [simulate_task(task)]
    assert len(simulate_task(task)) == 60 and {s.id for s in SIMULATIONS} >= {"gains", "valley"}


def test_a_task_that_fails_breaks_the_sweep() -> None:
    with pytest.raises(SweepError, match=r"of 3 tasks done: ValueError: invalid literal"):
        sweep(int, ["1", "x", "2"], Here())


def test_a_process_that_dies_is_a_clear_error() -> None:
    with pytest.raises(SweepError, match=r"broke off, with 0 of 2 tasks done: BrokenProcessPool"):
        sweep(os._exit, [1, 1])


def test_a_process_killed_in_the_middle_is_a_clear_error() -> None:
    context = get_context("spawn")
    with ProcessPoolExecutor(2, mp_context=context) as pool:

        def kill(name: str, done: int, total: int) -> None:
            if done == 1:
                os.kill(next(iter(pool._processes)), signal.SIGKILL)

        with pytest.raises(SweepError, match="BrokenProcessPool"):
            table.check(chosen(*SEVERAL), executor=pool, progress=kill)


def test_interruption_cancels_what_has_not_begun() -> None:
    def interrupt(name: str, done: int, total: int) -> None:
        raise KeyboardInterrupt

    begun: list[int] = []

    def slow(task: int) -> None:
        begun.append(task)
        time.sleep(0.05)

    with ThreadPoolExecutor(1) as pool, pytest.raises(KeyboardInterrupt):
        sweep(slow, list(range(40)), pool, interrupt)
    assert 1 <= len(begun) <= 5


# A cluster --------------------------------------------------------------------------------------

# Dask itself warns of what its own dependencies do.
dask = pytest.mark.filterwarnings("default")


@pytest.fixture
def client() -> Iterator[Any]:
    """Two processes of one thread each on this machine."""
    from distributed import Client, LocalCluster

    options: Any = {"n_workers": 2, "threads_per_worker": 1, "dashboard_address": None}
    with LocalCluster(**options, silence_logs=50) as cluster, Client(cluster) as found:
        yield found


@dask
def test_dask_gives_the_same_table_with_a_worker_killed(client: Any, expected: list[Any]) -> None:
    killed: list[int] = []
    workers = set(client.run(os.getpid).values())
    assert len(workers) == 2 and os.getpid() not in workers

    def kill(name: str, done: int, total: int) -> None:
        if not killed:
            assert done < total
            killed.append(min(workers))
            os.kill(killed[0], signal.SIGKILL)

    made = table.check(chosen(*SEVERAL), executor=client.get_executor(), progress=kill)
    assert killed and made == expected
    assert killed[0] not in client.run(os.getpid).values()


@dask
def test_dask_gives_up_on_a_task_that_kills_its_workers(client: Any) -> None:
    from dask import config

    with config.set({"distributed.scheduler.allowed-failures": 0}):
        client.cluster.scheduler.allowed_failures = 0
        with pytest.raises(SweepError, match=r"of 2 tasks done: KilledWorker"):
            sweep(os._exit, [1, 1], client.get_executor())
