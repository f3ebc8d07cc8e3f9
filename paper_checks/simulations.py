"""Bandit simulations in the spirit of the paper: what runs do, below and above the thresholds.

A simulation is a list of cases, plain data, and a function from a case to rows, plain data too.
What it says is read off the rows by `findings`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from fractions import Fraction
from itertools import islice
from typing import Any, TypeAlias

from derivations.policies import (
    ALGORITHMS,
    Constants,
    LogLinear,
    Numbers,
    Point,
    Policy,
    at,
    coefficient,
    expected,
    fixed,
    normalised,
    run,
    sampled,
    softmax_bandit,
    threshold,
)
from paper_checks.claims import Plain, Real
from paper_checks.failure import collapse, wave_constants, waves
from paper_checks.families import sharp
from paper_checks.scaling import LENGTHS, Measured, measured, tau_for
from paper_checks.stagnation import descent
from paper_checks.sweep import Progress, sweep

Row: TypeAlias = Mapping[str, Plain]

ARITHMETIC = Numbers(20)

# Step sizes below and above the threshold -----------------------------------------------------

A, B, OMEGA = Fraction(1, 4), Fraction(1), Fraction(3)
"""The shape of the policy of `trajectory.collapse`."""

MULTIPLES = ("1/16", "1/2", "1", "2", "4", "8", "16", "2 pi/omega")
SHARP = (Fraction(1, 1000), 1, 1)


def _runs(case: Row) -> Iterator[Row]:
    """J along runs on the two responses of `trajectory.collapse`, steps times Delta mu/kappa."""
    if case["step"] == "2 pi/omega":
        points = collapse(A, B, OMEGA, Fraction(1), ARITHMETIC)
    else:
        kappa = wave_constants(A, B, OMEGA, ARITHMETIC).kappa
        rule = threshold(lambda point: kappa, Fraction(case["step"]))
        points = run(waves(A, B, OMEGA), (0,), expected(ALGORITHMS["grpo"], 8), rule, ARITHMETIC)
    for k, point in enumerate(islice(points, 61)):
        yield {**case, "k": k, "J": float(point.success), "log-odds": float(point.log_odds)}


def _gain(policy: Policy, start: Point, eta: Real) -> float:
    """(ell(eta) - ell(0))/(eta |gamma|) along the Gradient Gap."""
    size = ARITHMETIC.call("sqrt", sum(g * g for g in start.gap))
    theta = tuple(x + eta * g / size for x, g in zip(start.theta, start.gap, strict=True))
    return float((at(policy, theta, ARITHMETIC).log_odds - start.log_odds) / (eta * size))


def _gains(case: Row) -> Iterator[Row]:
    """How much of its alignment one step keeps, against its multiple of Delta mu/kappa."""
    policy: Policy
    if case["policy"] == "sharp":
        delta, G, L = SHARP
        line = sharp(G, L, delta)
        policy, theta, constants = line.policy(ARITHMETIC), -delta, Constants(G, L)
    elif case["policy"] == "collapse":
        policy, theta = waves(A, B, OMEGA), Fraction(0)
        constants = wave_constants(A, B, OMEGA, ARITHMETIC)
    else:
        # Two features at distance 2: G = 2 and L = 1, everywhere.
        policy = LogLinear(((1,), (-1,)), (True, False))
        theta, constants = Fraction(0), Constants(2, 1)
    start = at(policy, (theta,), ARITHMETIC)
    kappa = ARITHMETIC.number(constants.kappa)
    paper = 2 * (constants.hessian + 8 * constants.score**2)
    for k in range(1, 61):
        eta = k * abs(start.gap[0]) / (20 * kappa)
        yield {
            **case, "multiple": k / 20, "kept": _gain(policy, start, eta),
            "paper": float(kappa / paper),
        }  # fmt: skip


# Response length and success rate -----------------------------------------------------------------


def _thresholds(case: Row, found: Measured) -> Row:
    """The measured step at which the gain is used up, and the guaranteed ones, over Delta mu."""
    constants, start = found.constants, found.start
    guaranteed = {
        "paper": 1 / (2 * (constants.hessian + 8 * constants.score**2)),
        "kappa": 1 / constants.kappa,
        "K(J)": 1 / constants.at_success(start),
        "(1-J)/(L_p T)": start.failure / constants.hessian,
    }
    return {
        **case, "tau": found.tau, "log10(1-J)": float(start.arithmetic.call("log", start.failure))
        / math.log(10), "measured": float(found.critical),
        # Far below the range of doubles for tiny 1-J.
        **{
            name: float(start.arithmetic.call("log", value)) / math.log(10)
            for name, value in guaranteed.items()
        },
    }  # fmt: skip


def _lengths(case: Row) -> Iterator[Row]:
    length = case["T"]
    yield _thresholds(case, measured(length, tau_for(length, Fraction(case["level"])), ARITHMETIC))


def _successes(case: Row) -> Iterator[Row]:
    yield _thresholds(case, measured(case["T"], case["tau"], ARITHMETIC))


# Fixed learning rates -----------------------------------------------------------------------------

BANDIT = softmax_bandit((True, False, False, False))
OVERSHOOT = LogLinear(((1,), (-1,), (4,)), (True, False, False), (0, 0, -6))
"""One parameter: J rises with theta up to an optimum below 1, and falls beyond it."""

RUNS = (
    ("reinforce", 1), ("grpo", 2), ("grpo", 4), ("grpo", 8), ("grpo", 16), ("dr-grpo", 8),
    ("dapo", 8), ("grpo-population", 1),
)  # fmt: skip
STEPS = 2000
SHOWN = sorted({round(10 ** (k / 20)) for k in range(67)} | {0, STEPS})


def _algorithms(case: Row) -> Iterator[Row]:
    """1-J on a tabular bandit of four responses, learning rate 1 (or steps of length 1/20)."""
    name, size = case["algorithm"], case["group"]
    if case["kind"] == "sampled":
        update = sampled(ALGORITHMS[name], BANDIT, case["seed"], size=size)
    else:
        update = expected(ALGORITHMS[name], size)
    rule = normalised(Fraction(1, 20)) if case["kind"] == "normalised" else fixed(1)
    for k, point in enumerate(islice(run(BANDIT, (0,) * 4, update, rule, ARITHMETIC), STEPS + 1)):
        if k in SHOWN:
            log10 = float(ARITHMETIC.call("log", point.failure)) / math.log(10)
            yield {**case, "k": k, "log10(1-J)": log10}


def _rates(case: Row) -> Iterator[Row]:
    """J after 300 steps on `OVERSHOOT`, against the rate in units of the critical 1/(c(J) kappa).

    c(J) is that of the start; G = 5 and L = 25/4 hold everywhere, for features within 5.
    """
    name, size = case["algorithm"], case["group"]
    start = at(OVERSHOOT, (0,), ARITHMETIC)
    constants = Constants(ARITHMETIC.number(5), ARITHMETIC.number(Fraction(25, 4)))
    critical = 1 / (coefficient(ALGORITHMS[name], start, size) * constants.kappa)
    update = expected(ALGORITHMS[name], size)
    for k in range(-2, 14):
        multiple = 2 ** (k / 2)
        rule = fixed(ARITHMETIC.number(Fraction(multiple)) * critical)
        points = list(islice(run(OVERSHOOT, (0,), update, rule, ARITHMETIC), 301))
        tail = [float(p.success) for p in points[-20:]]
        yield {**case, "multiple": multiple, "lowest J": min(tail), "highest J": max(tail)}


# Stagnation -----------------------------------------------------------------------------------


def _valley(case: Row) -> Iterator[Row]:
    """J along runs in the valley of `stagnation.valley` with a share of its stagnating rate."""
    for k, point in enumerate(descent(Fraction(case["share"]), 400, ARITHMETIC)):
        yield {**case, "k": k, "J": float(point.success)}


# All of them ----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Simulation:
    """What is simulated: cases, and what one case gives."""

    id: str
    rows: Callable[[Row], Iterator[Row]]
    cases: tuple[Row, ...]


def _run_cases() -> Iterator[Row]:
    for name, size in RUNS:
        yield {"kind": "expected", "algorithm": name, "group": size}
    for name in ("grpo", "reinforce"):
        yield {"kind": "normalised", "algorithm": name, "group": 8}
    for seed in range(3):
        yield {"kind": "sampled", "algorithm": "grpo", "group": 8, "seed": seed}


SIMULATIONS = (
    Simulation("runs", _runs, tuple({"step": m} for m in MULTIPLES)),
    Simulation(
        "gains", _gains, tuple({"policy": p} for p in ("sharp", "collapse", "two features"))
    ),
    Simulation(
        "length",
        _lengths,
        tuple(
            {"T": n, "level": level}
            for level in ("1/2", "1e-2", "1e-6")
            for n in LENGTHS
            if level == "1/2" or Fraction(2, 3**n) <= Fraction(level)
        ),
    ),
    Simulation(
        "success",
        _successes,
        tuple({"T": n, "tau": 1 + (n - 1) * k // 24} for n in (10, 100, 1000) for k in range(25)),
    ),
    Simulation("algorithms", _algorithms, tuple(_run_cases())),
    Simulation("rates", _rates, tuple({"algorithm": n, "group": g} for n, g in RUNS)),
    Simulation("valley", _valley, tuple({"share": f"{k}/8"} for k in range(1, 10))),
)


@dataclass(frozen=True)
class Task:
    """One case of one simulation."""

    simulation: str
    case: int

    def __str__(self) -> str:
        return f"simulation {self.simulation} {self.case + 1}"


def simulate_task(task: Task) -> list[dict[str, Plain]]:
    """The rows of one case; runs in any process."""
    (simulation,) = (s for s in SIMULATIONS if s.id == task.simulation)
    return [dict(row) for row in simulation.rows(simulation.cases[task.case])]


def simulate(
    executor: Executor | None = None, progress: Progress | None = None
) -> dict[str, list[Row]]:
    """All simulations: their rows by id.  Raises `SweepError` if any of the work was not done."""
    tasks = [Task(s.id, k) for s in SIMULATIONS for k in range(len(s.cases))]
    tables: dict[str, list[Row]] = {s.id: [] for s in SIMULATIONS}
    for task, rows in zip(tasks, sweep(simulate_task, tasks, executor, progress), strict=True):
        tables[task.simulation].extend(rows)
    return tables


# What they say --------------------------------------------------------------------------------


def slope(pairs: Sequence[tuple[float, float]]) -> float:
    """The slope of the least-squares line through (x, y).

    >>> slope([(0, 1), (1, 3), (2, 5)])
    2.0
    """
    mx = sum(x for x, _ in pairs) / len(pairs)
    my = sum(y for _, y in pairs) / len(pairs)
    return sum((x - mx) * (y - my) for x, y in pairs) / sum((x - mx) ** 2 for x, _ in pairs)


def _exponents(rows: Sequence[Row], column: str) -> tuple[float, float]:
    """Exponents in T, from T = 50 on, of the measured step and of a guaranteed one."""
    far = [r for r in rows if r["T"] >= 50]
    return (
        slope([(math.log10(r["T"]), math.log10(r["measured"])) for r in far]),
        slope([(math.log10(r["T"]), r[column]) for r in far]),
    )


def findings(tables: Mapping[str, Sequence[Row]]) -> list[str]:
    """One line for each thing that the simulations say, with their numbers."""
    lines = []
    last = {r["step"]: r for r in tables["runs"] if r["k"] == 60}
    lines.append(
        "collapse policy, J after 60 steps from 0.5, by multiple of Dmu/kappa: "
        + ", ".join(f"{step}: {row['J']:.3g}" for step, row in last.items())
    )
    for level in ("1/2", "1e-2"):
        rows = [r for r in tables["length"] if r["level"] == level]
        seen, naive = _exponents(rows, "kappa")
        lines.append(
            f"iid tokens, 1-J below {level}, T = 50..1000: the measured critical step goes as "
            f"T^{seen:.2f}; the trajectory threshold Dmu/kappa as T^{naive:.2f}"
        )
    rows = [r for r in tables["success"] if r["T"] == 1000]
    first, final = rows[1], rows[-1]
    lines.append(
        f"iid tokens, T = 1000, 1-J from {10 ** first['log10(1-J)']:.2g} to "
        f"1e{final['log10(1-J)']:.0f}: the measured critical step falls by the factor "
        f"{first['measured'] / final['measured']:.3g}, (1-J) Dmu/(L_p T) by "
        f"1e{first['(1-J)/(L_p T)'] - final['(1-J)/(L_p T)']:.0f}, Dmu/K(J) by "
        f"{10 ** (first['K(J)'] - final['K(J)']):.3g}"
    )
    ends = [r for r in tables["algorithms"] if r["k"] == STEPS and r["kind"] != "sampled"]
    lines.append(
        f"tabular bandit, learning rate 1, log10(1-J) after {STEPS} steps: "
        + ", ".join(f"{label(r)}: {r['log10(1-J)']:.3g}" for r in ends)
    )
    for name, size in (("reinforce", 1), ("grpo", 8)):
        rows = [r for r in tables["rates"] if (r["algorithm"], r["group"]) == (name, size)]
        best = max(r["lowest J"] for r in rows)
        lost = [r["multiple"] for r in rows if r["lowest J"] < best - 0.01]
        beyond = [m for m in lost if m > 1]
        said = f"from {min(beyond):.3g} times" if beyond else "at none of the rates tried above"
        lines.append(
            f"overshooting bandit, {name} {size}: J stays more than 0.01 below its best "
            f"({best:.4f}) {said} the critical rate"
        )
    ends = [r for r in tables["valley"] if r["k"] == 400]
    lines.append(
        "valley, population GRPO, J after 400 steps by share of the stagnating rate: "
        + ", ".join(f"{r['share']}: {r['J']:.4f}" for r in ends)
    )
    return lines


def label(row: Row) -> str:
    """The algorithm of a row, as the reader knows it."""
    names: dict[str, str] = {
        "reinforce": "REINFORCE", "grpo": f"GRPO {row['group']}",
        "dr-grpo": f"Dr. GRPO {row['group']}", "dapo": f"DAPO {row['group']}",
        "grpo-population": "GRPO population",
    }  # fmt: skip
    kind: Any = row.get("kind", "expected")
    return names[row["algorithm"]] + ("" if kind == "expected" else f" ({kind})")
