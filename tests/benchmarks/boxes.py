"""Branch and bound: ``python -m tests.benchmarks.boxes [--parts N]``.

Boxes per second at 128 bits, in one run: of the branch and bound that `prove` uses, of a loop
written by hand with python-flint for the same claim and the same boxes, and of ``mpmath.iv``
(whose exponential is unsound: it is timed here and used nowhere) evaluating the claim on these
boxes; and of two processes against one.  The claim is log(1/(1-J)) >= J - 1e-9.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from fractions import Fraction
from multiprocessing import get_context

import click
import flint
import mpmath

from derivations.kernel.terms import log, num, real
from derivations.kernel.theorem import infer
from derivations.search.balls import bisections

BITS = 128
J = real("J")
SLACK = Fraction(1, 10**9)
CLAIM = log(1 / (1 - J)) >= J - num(SLACK)


def by_search(low: Fraction, high: Fraction) -> int:
    """The number of boxes that the search looked at until the claim held on all of them."""
    tree = bisections(CLAIM, [], [J], [(low, high)], BITS, time.monotonic() + 600, 10**6)
    if not tree:
        raise click.ClickException("the claim does not hold on all boxes")
    return len(tree)


def by_kernel(low: Fraction, high: Fraction, tree: list[int]) -> int:
    """The same boxes once more, for a theorem."""
    facts = [infer("assume", formula=b) for b in (J >= num(low), J <= num(high))]
    infer("enclosure", *facts, goal=CLAIM, coordinates=[J], tree=tree, bits=BITS)
    return len(tree)


def by_hand(low: Fraction, high: Fraction) -> int:
    """The same boxes, in a loop written for this one claim."""
    before, flint.ctx.prec = flint.ctx.prec, BITS
    try:
        arb, q = flint.arb, lambda e: flint.fmpq(e.numerator, e.denominator)
        one, slack = arb(1), arb(q(SLACK))
        waiting, seen = [arb(q(low)).union(arb(q(high)))], 0
        while waiting:
            side = waiting.pop()
            seen += 1
            if (one / (one - side)).log() - (side - slack) >= 0:
                continue
            middle = side.mid()
            waiting.append(middle.union(side.upper()))
            waiting.append(side.lower().union(middle))
        return seen
    finally:
        flint.ctx.prec = before


def by_mpmath(boxes: list[tuple[Fraction, Fraction]]) -> int:
    """How many of the boxes `mpmath.iv` evaluates the claim on: all of them."""
    iv = mpmath.iv
    before, iv.prec = iv.prec, BITS
    try:
        slack = iv.mpf(1) / 10**9
        sides = [iv.mpf([mpmath.mpf(a.numerator) / a.denominator,
                         mpmath.mpf(b.numerator) / b.denominator]) for a, b in boxes]  # fmt: skip
        started = time.perf_counter()
        for side in sides:
            _ = (iv.log(1 / (1 - side)) - (side - slack)).a >= 0
        by_mpmath.seconds = time.perf_counter() - started  # type: ignore[attr-defined]
        return len(sides)
    finally:
        iv.prec = before


def timed(work: Callable[[], int], runs: int = 3) -> float:
    """Boxes per second, in the fastest of some runs."""
    rates = []
    for _ in range(runs):
        started = time.perf_counter()
        count = work()
        rates.append(count / (time.perf_counter() - started))
    return max(rates)


def _part(ends: tuple[Fraction, Fraction]) -> int:
    return by_search(*ends)


def measured(low: Fraction, high: Fraction) -> dict[str, float]:
    """All figures, from one run."""
    grid = [low + (high - low) * i / 2000 for i in range(2001)]
    pairs = list(zip(grid, grid[1:], strict=False))
    by_mpmath(pairs)
    slow = len(pairs) / by_mpmath.seconds  # type: ignore[attr-defined]
    tree = bisections(CLAIM, [], [J], [(low, high)], BITS, time.monotonic() + 600, 10**6) or []
    found = {
        "boxes": float(len(tree)),
        "replay by the kernel": timed(lambda: by_kernel(low, high, tree)),
        "search": timed(lambda: by_search(low, high)),
        "by hand": timed(lambda: by_hand(low, high)),
        "mpmath.iv": slow,
    }
    # Twice as far from 0 each, where the boxes become fewer: parts of about the same work.
    ends = [low * 2**i for i in range(12)]
    parts = [*zip(ends, ends[1:], strict=False)] * 4
    for workers in (1, 2):
        with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
            list(pool.map(_part, parts[:workers]))  # the processes are up
            started = time.perf_counter()
            count = sum(pool.map(_part, parts))
            found[f"processes: {workers}"] = count / (time.perf_counter() - started)
    return found


@click.command(help=__doc__)
@click.option("--low", default="0.00001", help="The left end of the interval.")
def main(low: str) -> None:
    """Print the figures and their ratios."""
    found = measured(Fraction(low), Fraction(99, 100))
    ratios = {
        "search / by hand": found["search"] / found["by hand"],
        "search / mpmath.iv": found["search"] / found["mpmath.iv"],
        "two processes / one": found["processes: 2"] / found["processes: 1"],
    }
    click.echo(f"{found.pop('boxes'):,.0f} boxes", err=True)
    for name, value in found.items():
        click.echo(f"{name:20} {value:12,.0f} boxes/s", err=True)
    for name, value in ratios.items():
        click.echo(f"{name:20} {value:12.2f}", err=True)
    json.dump({"boxes per second": found, "ratios": ratios}, sys.stdout, indent=2)


if __name__ == "__main__":
    main()
