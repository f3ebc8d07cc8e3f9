"""Random claims: nothing crashes, hangs or gets a wrong verdict (see tests/benchmarks/fuzz.py)."""

from __future__ import annotations

import os
import time

import pytest

from tests.benchmarks import fuzz
from tests.benchmarks.fuzz import Case, cases, verdict

pytestmark = pytest.mark.filterwarnings("ignore:.*multi-threaded.*fork:DeprecationWarning")


@pytest.mark.parametrize("seed", range(4))
def test_random_claims(seed: int) -> None:
    found = [(case, *verdict(case, 0.5)) for case in cases(seed, 60)]
    assert [(case, trouble) for case, _, trouble in found if trouble] == []
    assert {"proved", "refuted", "not a claim"} <= {answer for _, answer, _ in found}


def test_what_is_wrong_is_noticed() -> None:
    assert "wrong" in verdict(Case("x**2 >= 0", (), False), 5)[1]
    assert "wrong" in verdict(Case("x**2 > 0", (), True), 5)[1]
    assert "refused" in verdict(Case("x**2 +", (), True), 5)[1]
    assert verdict(Case("x**2 +", (), None), 5) == ("not a claim", "")


def test_what_is_late_or_dies_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    case = Case("x**2 >= 0", (), True)
    monkeypatch.setattr(fuzz, "prove", lambda *_, **__: time.sleep(60))
    assert verdict(case, 0.1) == ("stopped", "")
    monkeypatch.setattr(fuzz, "PATIENCE", 1.2)
    assert verdict(case, 0.1) == ("stopped", "late")
    monkeypatch.setattr(fuzz, "prove", lambda *_, **__: os._exit(3))
    assert verdict(case, 0.1) == ("stopped", "its process ended (exit code 3)")
    monkeypatch.setattr(fuzz, "prove", lambda *_, **__: 1 // 0)
    assert verdict(case, 0.1)[0] == "crash"
