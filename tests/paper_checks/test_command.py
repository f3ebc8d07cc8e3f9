"""``python -m paper_checks``: the table, the files, the figures, and how it ends."""

from __future__ import annotations

import contextlib
import csv
import json
import os
import pty
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import psutil
import pytest

from paper_checks import __main__ as command
from paper_checks import simulations, table
from paper_checks.claims import Check, Claim, Outcome, Trial, judge, worst_of

ROOT = Path(command.__file__).parents[1]


def read(file: Path) -> list[dict[str, str]]:
    """The rows of a CSV file."""
    return list(csv.DictReader(file.read_text().splitlines()))


def made(worst: str, id: str = "gap.norm") -> Check:
    claim = Claim("test.claim", "x <= 1", (id,), {})
    return judge(claim, [Outcome("test.claim", "random", 7, worst, {"x": "1/3"})])


def instead(monkeypatch: pytest.MonkeyPatch, *checks: Check) -> list[tuple[Any, ...]]:
    """Let the command find these checks, and tell what it was asked for."""
    asked: list[tuple[Any, ...]] = []

    def check(chosen: Any, seed: int, progress: Any = None) -> list[Check]:
        asked.append(([c.id for c in chosen], seed))
        return list(checks)

    monkeypatch.setattr(table, "check", check)
    return asked


def test_a_claim_from_the_shell(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "paper_checks", "--only", "gradient", "-o", str(tmp_path / "x")],
        capture_output=True, text=True, cwd=ROOT, timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == 0 and done.stderr == ""
    assert "gap.policy-gradient" in done.stdout and "holds" in done.stdout
    assert "300" in done.stdout and "violated" not in done.stdout
    answer = json.loads((tmp_path / "x" / "checks.json").read_text())
    assert answer["ok"] is True and answer["findings"] == []
    assert [c["claim"] for c in answer["checks"]] == [
        c.id for c in table.claims() if c.id.startswith("gradient")
    ]
    rows = read(tmp_path / "x" / "checks.csv")
    assert [r["worst"] for r in rows] == ["1.0"] * 4 and rows[0]["random"] == "300"


def test_one_violation_decides(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = instead(monkeypatch, made("0.5"), made("1.25", "token.extremal"))
    assert command.run(["--only", "one-step", "--seed", "42"]) == 1
    out = capsys.readouterr().out
    assert "violated" in out and "1.250000000" in out and "token.extremal" in out
    assert "known" in out
    assert command.run(["--only", "one-step", "--only", "gradient", "--json"]) == 1
    answer = json.loads(capsys.readouterr().out)
    assert answer["ok"] is False
    assert [c["verdict"] for c in answer["checks"]] == ["holds", "violated"]
    assert answer["checks"][1]["instance"] == {"x": "1/3"}
    assert asked[0][1] == 42 and asked[1][1] == 0
    assert all(id.startswith("one-step.") for id in asked[0][0]) and len(asked[0][0]) >= 8
    assert {id.split(".")[0] for id in asked[1][0]} == {"one-step", "gradient"}


def test_ratios_are_never_shown_too_small() -> None:
    assert table.rounded_up("0.9999999999999") == "1.000000000"
    assert table.rounded_up(f"1.{'0' * 48}1") == "1.000000001"


@pytest.mark.parametrize(
    "arguments, said",
    [
        (["--seed", "x"], "--seed"),
        (["--seed", "-1"], "--seed"),
        (["extra"], "extra"),
        (["--nope"], "--nope"),
        (["--only", "nothing"], "no claim begins with 'nothing'; there are convergence"),
        (["--only", "gradient", "--figures", "x"], "--figures needs the simulations"),
        (["--only", "gradient", "-o", "/dev/null/x"], "cannot make /dev/null/x"),
    ],
)
def test_bad_input(arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    """One line, exit code 3, before any work is done."""
    started = time.perf_counter()
    assert command.run(arguments) == 3
    out, err = capsys.readouterr()
    assert not out and len(err.splitlines()) == 1 and said in err
    assert time.perf_counter() - started < 5


def test_what_is_not_done_is_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(table, "try_task", os._exit)  # dies of any task
    monkeypatch.setattr(table.Task, "__index__", lambda self: 1, raising=False)
    assert command.run(["--only", "gradient"]) == 3
    out, err = capsys.readouterr()
    assert not out and len(err.splitlines()) == 1 and "the sweep broke off" in err


def test_interruption_ends_it_cleanly() -> None:
    """Ctrl-C: all processes of the terminal get the signal; one line, exit code 130."""
    process = subprocess.Popen(
        [sys.executable, "-m", "paper_checks"], cwd=ROOT, start_new_session=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        # What runs in the background of a script would ignore it.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )  # fmt: skip
    time.sleep(6)
    workers = psutil.Process(process.pid).children(recursive=True)
    assert len(workers) >= 2
    started = time.perf_counter()
    os.killpg(process.pid, signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 130 and time.perf_counter() - started < 10
    assert out == "" and err == "paper_checks: interrupted\n"
    _, left = psutil.wait_procs(workers, timeout=10)
    assert all(worker.status() == psutil.STATUS_ZOMBIE for worker in left)


def test_progress_on_a_terminal() -> None:
    leader, follower = pty.openpty()
    shown: list[bytes] = []

    def listen() -> None:
        with contextlib.suppress(OSError):  # the other end was closed
            while True:
                shown.append(os.read(leader, 4096))

    listening = threading.Thread(target=listen, daemon=True)
    listening.start()
    done = subprocess.run(
        [sys.executable, "-m", "paper_checks", "--only", "gradient"], cwd=ROOT, check=False,
        stdout=subprocess.PIPE, stderr=follower, timeout=120, env={**os.environ, "TERM": "xterm"},
    )  # fmt: skip
    os.close(follower)
    listening.join(10)
    os.close(leader)
    text = b"".join(shown).decode()
    assert done.returncode == 0 and b"gap.policy-gradient" in done.stdout
    assert "trying" in text and "4/4" in text and "gradient." in text


# Simulations ------------------------------------------------------------------------------------


def few(monkeypatch: pytest.MonkeyPatch) -> None:
    """Short simulations, in this process."""
    monkeypatch.setattr(simulations, "STEPS", 40)
    monkeypatch.setattr(simulations, "SHOWN", [0, 1, 5, 20, 40])
    monkeypatch.setattr(
        simulations, "sweep", lambda function, tasks, executor, progress: list(map(function, tasks))
    )
    monkeypatch.setattr(simulations, "SIMULATIONS", tuple(_short(s) for s in SIMULATIONS))


SIMULATIONS = simulations.SIMULATIONS


def _short(simulation: simulations.Simulation) -> simulations.Simulation:
    keep = {
        "length": lambda case: case["T"] <= 100,
        "algorithms": lambda case: case["group"] <= 8,
        "rates": lambda case: (case["algorithm"], case["group"]) in (("reinforce", 1), ("grpo", 8)),
        "valley": lambda case: case["share"] in ("4/8", "8/8"),
    }.get(simulation.id, lambda case: True)
    cases = tuple(case for case in simulation.cases if keep(case))
    return simulations.Simulation(simulation.id, simulation.rows, cases)


def test_simulations_figures_and_what_they_say(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    few(monkeypatch)
    instead(monkeypatch, made("0.5"))
    figures, files = tmp_path / "f", tmp_path / "t"
    assert command.run(["--figures", str(figures), "-o", str(files)]) == 0
    out = capsys.readouterr().out
    assert sorted(p.name for p in figures.iterdir()) == [
        "algorithms.png", "scaling.png", "stagnation.png", "step-size.png",
    ]  # fmt: skip
    assert all(p.read_bytes()[:4] == b"\x89PNG" and p.stat().st_size > 20_000
               for p in figures.iterdir())  # fmt: skip
    assert len(list(files.glob("simulation-*.csv"))) == len(SIMULATIONS)
    assert "collapse policy" in out and "valley" in out
    said = json.loads((files / "checks.json").read_text())["findings"]
    assert all(line in out for line in said) and len(said) >= 7
    # What the numbers must be, from the theory.
    runs = read(files / "simulation-runs.csv")
    falling = [float(r["J"]) for r in runs if r["step"] == "2 pi/omega"]
    assert all(b < a for a, b in zip(falling, falling[1:], strict=False))
    safe = [float(r["J"]) for r in runs if r["step"] == "1"]
    assert all(b >= a for a, b in zip(safe, safe[1:], strict=False)) and safe[-1] > safe[0]
    valley = read(files / "simulation-valley.csv")
    ends = {r["share"]: float(r["J"]) for r in valley if r["k"] == "400"}
    assert ends["4/8"] > 0.99 and abs(ends["8/8"] - 0.410424) < 1e-6
    rows = read(files / "simulation-algorithms.csv")
    last = {
        (r["algorithm"], r["group"], r["kind"]): float(r["log10(1-J)"])
        for r in rows if r["k"] == "40"
    }  # fmt: skip
    alike = last["reinforce", "1", "expected"], last["grpo", "2", "expected"]
    assert alike[0] == pytest.approx(alike[1], abs=1e-12)  # c_2 = J(1-J)
    assert last["grpo", "8", "expected"] < last["grpo", "4", "expected"] < alike[0]
    assert last["dapo", "8", "expected"] < last["grpo", "8", "expected"]


def test_measured_steps_are_never_below_guaranteed_ones() -> None:
    """For one row of each kind of sweep over T and 1-J."""
    for id in ("length", "success"):
        (simulation,) = (s for s in SIMULATIONS if s.id == id)
        for case in simulation.cases:
            if case["T"] <= 100:
                (row,) = simulation.rows(case)
                for name in ("paper", "kappa", "K(J)", "(1-J)/(L_p T)"):
                    assert 10 ** row[name] <= row["measured"] * 1.000001


def test_figures_without_matplotlib(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    instead(monkeypatch, made("0.5"))
    monkeypatch.setattr(command, "simulate", lambda progress: {"runs": []})
    monkeypatch.setattr(command, "findings", lambda tables: [])
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    assert command.run(["--figures", str(tmp_path)]) == 3
    assert "figures need matplotlib: pip install" in capsys.readouterr().err


def test_worst_of_has_plain_data() -> None:
    """What crosses processes and goes into JSON: every instance of every kind of claim."""
    for claim in table.claims():
        for name, source in claim.sources.items():
            if name.startswith(("random", "extremal")) and not claim.id.startswith("scaling"):
                trial: Trial = next(iter(source(0)))
                outcome = worst_of(claim.id, name, [trial])
                assert json.loads(json.dumps(outcome.instance))
