"""``gradgap tightness``: the worst ratio of a statement and the instance."""

from __future__ import annotations

import json
from typing import Any

import pytest

from derivations.cli import run
from paper_checks import table
from paper_checks.claims import Outcome, judge
from paper_checks.sweep import SweepError

pytestmark = pytest.mark.usefixtures("clean")


def ask(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    code = run(["tightness", *arguments])
    out, err = capsys.readouterr()
    assert "Traceback" not in out + err
    return code, out, err


def test_the_worst_ratio_and_the_instance(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = ask(capsys, "trajectory.tabular")
    assert code == 0 and err == ""
    assert out.startswith("trajectory.tabular holds: worst ratio 0.99")
    assert "family: tabular" in out and "300 random" in out


def test_the_ratio_on_record_stands_beside_it(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = ask(capsys, "trajectory.tight-step")
    (line,) = (line for line in out.splitlines() if line.startswith("  one-step.below-top: 0.999"))
    assert code == 0 and line.endswith("; the theory gives 0.99993")
    (other,) = (line for line in out.splitlines() if line.startswith("  one-step.monotone: "))
    assert other.endswith(" digits")


def test_json(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = ask(capsys, "trajectory.realisable", "--json")
    found = json.loads(out)
    assert code == 0 and found["verdict"] == "holds" and 0.99 < float(found["worst"]) <= 1
    assert found["instance"]["family"] == "collapse" and found["checks"][0]["digits"] == 50
    again = json.loads(ask(capsys, "trajectory.realisable", "--json", "--seed", "1")[1])
    assert again["seed"] == 1 and again["worst"] != found["worst"]


def test_the_worst_of_several_claims(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A violation by any of them decides; ratios are compared as numbers."""
    ratios = iter(("0.75", "9.0", "10.0", "+inf", "2.0"))

    def check(chosen: Any, seed: int, progress: Any) -> Any:
        return [
            judge(c, [Outcome(c.id, "random", 1, next(ratios), {"claim": c.id})]) for c in chosen
        ]

    monkeypatch.setattr(table, "check", check)
    chosen = table.about("trajectory.threshold-success")
    assert len(chosen) >= 4
    code, out, _ = ask(capsys, "trajectory.threshold-success", "--json")
    found = json.loads(out)
    assert code == 1 and found["verdict"] == "violated" and found["worst"] == "+inf"
    assert found["instance"] == {"claim": chosen[3].id}


@pytest.mark.parametrize(
    "id, said",
    [
        ("trajectory.treshold", "no statement is called 'trajectory.treshold'; nearest: "),
        ("", "no statement is called ''"),
        ("trajectory.regularity", "trajectory.regularity (assumption) has no ratio"),
        ("gap.definition", "gap.definition (definition) has no ratio"),
    ],
)
def test_what_cannot_be_tried(id: str, said: str, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = ask(capsys, id)
    assert code == 3 and out == "" and said in err and len(err.splitlines()) == 1


def test_work_that_was_not_done(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def check(*_: Any, **__: Any) -> Any:
        raise SweepError("the sweep broke off, with 1 of 2 tasks done: BrokenProcessPool")

    monkeypatch.setattr(table, "check", check)
    code, out, err = ask(capsys, "gap.norm")
    assert code == 3 and out == "" and "broke off" in err and len(err.splitlines()) == 1
