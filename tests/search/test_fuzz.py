"""Random claims: nothing crashes, hangs or gets a wrong verdict (see tests/benchmarks/fuzz.py)."""

from __future__ import annotations

import pytest

from tests.benchmarks.fuzz import Case, cases, verdict


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
