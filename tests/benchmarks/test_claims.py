"""The deciders of the benchmark answer, are translated rightly, and are stopped."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest
from click.testing import CliRunner

from ..corpus import CLAIMS
from ..corpus.claim import Claim
from . import claims
from .claims import Result, Script, run, score, table

TRUE = Claim("square", "test", "x**2 + 1 >= 2*x", reason="(x-1)^2 >= 0")
FALSE = Claim("square, strict", "test", "x**2 + 1 > 2*x", witness={"x": "1"})
PIECES = Claim("pieces", "test", "max(x, y) - min(x, y) == sqrt((x - y)**2)", reason="cases")
LOG = Claim("log", "test", "log(x) < 1", ("0 < x < 2",), reason="2 is below e")
SLOPE = Claim("slope", "test", "exp(x) > 2*x - x**2 - 1", reason="exp x > 0")


@pytest.mark.parametrize("name", claims.DECIDERS)
@pytest.mark.parametrize("claim", [TRUE, FALSE], ids=lambda c: c.name)
def test_every_decider_settles_an_easy_claim(name: str, claim: Claim) -> None:
    result = run(name, claim, 10)
    assert result.right
    assert result.seconds < 10


@pytest.mark.parametrize("name", ["z3", "cvc5"])
def test_roots_and_pieces_reach_the_solvers(name: str) -> None:
    assert run(name, PIECES, 10).right


@pytest.mark.parametrize("name", ["z3", "cvc5"])
def test_the_exponential_and_its_inverse_reach_the_solvers(name: str) -> None:
    assert run(name, SLOPE, 10).right
    assert run(name, LOG, 10).verdict in ("proved", "unknown")


def test_sympy_is_told_every_hypothesis() -> None:
    """Those that say the sign of a variable, too: without J >= 0 this is false."""
    claim = Claim("Bernoulli", "test", "J <= 1 - (1 - J)**3", ("0 <= J <= 1",), reason="Bernoulli")
    assert run("sympy", claim, 10).right
    alone = Claim("Bernoulli below", "test", claim.claim, ("J <= 1",), witness={"J": "-1"})
    assert run("sympy", alone, 10).right


def test_a_decider_that_hangs_or_dies_is_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    def hang(claim: Claim, seconds: float) -> str:
        while True:
            time.sleep(1)

    def die(claim: Claim, seconds: float) -> str:
        raise SystemExit

    monkeypatch.setattr(claims, "_GRACE", 0.1)
    monkeypatch.setattr(claims, "DECIDERS", {"hang": ("time", hang), "die": ("time", die)})
    start = time.monotonic()
    assert run("hang", TRUE, 0.2).verdict == "unknown"
    assert run("die", TRUE, 5).verdict == "unknown"
    assert time.monotonic() - start < 4


def test_the_scripts_are_read_by_z3() -> None:
    z3 = pytest.importorskip("z3")
    for claim in CLAIMS:
        solver = z3.Solver()
        solver.from_string(str(Script(claim, "pi")))
        assert len(solver.assertions()) > sum(1 for _ in claim.given)


def test_scores() -> None:
    results = [
        Result("a", "1", True, "proved", 1.0),
        Result("a", "2", False, "proved", 3.0),
        Result("a", "3", False, "unknown", 2.0),
        Result("a", "4", False, "refuted", 2.0),
        Result("b", "1", True, "refuted", 9.0),
    ]
    found = score("a", results)
    assert (found.claims, found.decided, found.right, found.wrong) == (4, 3, 2, 1)
    assert (found.true_proved, found.false_refuted) == (1, 1)
    assert (found.median_seconds, found.slowest_seconds) == (2.0, 3.0)
    heads, row = table([found])
    assert len(heads) == len(row)
    assert row.split() == ["a", "4", "3", "2", "1", "1", "1", "2.0", "3.0"]


def test_the_command_prints_a_table_and_writes_json(tmp_path: Path) -> None:
    file = tmp_path / "scores.json"
    arguments = ["--every", "150", "--seconds", "2", "--decider", "z3", "--json", str(file)]
    answer = CliRunner().invoke(claims.main, arguments, catch_exceptions=False)
    assert answer.exit_code == 0
    assert answer.stdout.startswith("decider")
    written = json.loads(file.read_text())
    assert written["seconds"] == 2
    assert [s["decider"] for s in written["scores"]] == ["z3"]
    assert [r["claim"] for r in written["results"]] == [c.name for c in CLAIMS[::150]]
