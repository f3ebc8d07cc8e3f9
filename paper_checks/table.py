"""The table of verdicts: all claims, tried."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from decimal import ROUND_CEILING, Context, Decimal
from functools import cache

from paper_checks.claims import Check, Claim, Outcome, judge, worst_of
from paper_checks.sweep import Progress, sweep


@cache
def claims() -> tuple[Claim, ...]:
    """All claims, those about convergence first."""
    from paper_checks import (
        algorithms,
        convergence,
        failure,
        gradient,
        groups,
        learning,
        normalisation,
        one_step,
        scaling,
        stagnation,
        tokens,
    )

    modules = (
        convergence, failure, gradient, scaling, tokens, normalisation, stagnation, algorithms,
        groups, learning, one_step,
    )  # fmt: skip
    return tuple(claim for module in modules for claim in module.CLAIMS)


@dataclass(frozen=True)
class Task:
    """One source of one claim, to be tried with a seed."""

    claim: str
    source: str
    seed: int

    def __str__(self) -> str:
        return f"{self.claim}: {self.source}"


def try_task(task: Task) -> Outcome:
    """Try it; runs in any process."""
    (claim,) = (c for c in claims() if c.id == task.claim)
    return worst_of(claim.id, task.source, claim.sources[task.source](task.seed))


def check(
    chosen: Sequence[Claim],
    seed: int = 0,
    executor: Executor | None = None,
    progress: Progress | None = None,
) -> list[Check]:
    """Try claims (of `claims`) and judge each; the table does not depend on the executor.

    Raises `SweepError` if any of the work was not done, `VacuousError` for a claim that no
    instance put to the test.
    """
    # What takes long begins first.
    tasks = [Task(c.id, source, seed) for c in chosen for source in c.sources]
    tasks.sort(key=lambda task: not task.claim.startswith("scaling"))
    outcomes = sweep(try_task, tasks, executor, progress)
    return [judge(c, [o for o in outcomes if o.claim == c.id]) for c in chosen]


def about(statement: str) -> list[Claim]:
    """The claims that try a statement."""
    return [claim for claim in claims() if statement in claim.statements]


def rounded_up(ratio: str) -> str:
    """A ratio with nine decimals, never shown smaller than it is.

    >>> rounded_up("0.99999999991"), rounded_up("1.0")
    ('1.000000000', '1.000000000')
    >>> rounded_up("1.0000000001"), rounded_up("+inf")
    ('1.000000001', 'infinite')
    """
    value = Decimal(ratio)
    if not value.is_finite():
        return "infinite"
    return str(
        value.quantize(Decimal("1e-9"), rounding=ROUND_CEILING, context=Context(prec=100))
    )  # fmt: skip


ORIGINS = ("random", "search", "extremal")


def as_csv(checks: Sequence[Check]) -> str:
    """The table as CSV, worst ratios with all their digits."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    columns = ("claim", "text", "statements", *ORIGINS, "worst", "digits", "verdict", "known")
    writer.writerow(columns)
    for made in checks:
        counts = (made.instances.get(origin, 0) for origin in ORIGINS)
        writer.writerow(
            (made.claim, made.text, " ".join(made.statements), *counts, made.worst, made.digits,
             made.verdict, made.known or "")
        )  # fmt: skip
    return out.getvalue()
