"""Judging: what a ratio, a verdict and a worst instance are."""

from __future__ import annotations

from dataclasses import FrozenInstanceError
from typing import Any

import pytest

from paper_checks import table
from paper_checks.claims import (
    EXACTLY,
    Claim,
    Outcome,
    Trial,
    VacuousError,
    apart,
    by_index,
    judge,
    over,
    worst_of,
)

CLAIM = Claim("test.claim", "x <= 1", ("trajectory.curvature",), {})


def ratio(text: str) -> Any:
    return EXACTLY.context.mpf(text)


def made(*ratios: Any, source: str = "random") -> Outcome:
    return worst_of("test.claim", source, [Trial(r, {"k": k}) for k, r in enumerate(ratios)])


def test_the_worst_instance_is_named() -> None:
    check = judge(CLAIM, [made(ratio("0.3"), ratio("0.9"), ratio("0.5"))])
    assert check.worst == "0.9" and check.instance == {"k": 1} and check.holds
    check = judge(CLAIM, [made(ratio("0.3")), made(ratio("1.1"), source="search 2")])
    assert check.verdict == "violated" and not check.holds and check.instance == {"k": 0}
    assert check.instances == {"random": 1, "search": 1}


def test_equality_up_to_guard_digits_holds_and_the_last_digit_counts() -> None:
    one = EXACTLY.number(1)
    assert judge(CLAIM, [made(one + ratio("1e-60"))]).worst == "1.0"
    assert judge(CLAIM, [made(one + ratio("1e-60"))]).holds
    assert not judge(CLAIM, [made(one + ratio("1e-48"))]).holds


def test_nothing_tried_is_an_error() -> None:
    with pytest.raises(VacuousError, match=r"test\.claim: no instance"):
        judge(CLAIM, [made(), made(source="search 0")])
    # A source that found nothing does not hide one that did.
    assert judge(CLAIM, [made(), made(ratio("0.5"), source="search 0")]).holds


def test_not_a_number_is_an_error() -> None:
    with pytest.raises(ArithmeticError, match="not a number"):
        made(EXACTLY.context.nan)


def test_ratios_of_sides() -> None:
    zero, one = EXACTLY.number(0), EXACTLY.number(1)
    assert over(one, 2 * one) == one / 2
    assert over(-one, zero) == 0 and over(zero, zero) == 0
    assert over(one, zero) == EXACTLY.context.inf and over(one, -one) == EXACTLY.context.inf
    assert not judge(CLAIM, [made(over(one, zero))]).holds


def test_identities() -> None:
    one = EXACTLY.number(1)
    assert apart([one, 2 * one], [one, 2 * one]) == 1
    assert apart([one, 3 * one], [one, 2 * one]) == 1 + one / 3
    assert apart([one], [0 * one]) == EXACTLY.context.inf
    assert apart([0 * one], [0 * one]) == 1


def test_sources_by_index_depend_on_the_seed() -> None:
    source = by_index(lambda index: Trial(EXACTLY.number(index), {}) if index % 2 else None, 4)
    assert [int(t.ratio) for t in source(0)] == [1, 3]
    assert [int(t.ratio) for t in source(1)] == [1_000_003, 1_000_005]


def test_results_are_frozen() -> None:
    check = judge(CLAIM, [made(ratio("0.5"))])
    with pytest.raises(FrozenInstanceError):
        check.verdict = "violated"  # type: ignore[misc]


def test_what_was_known_before_is_shown() -> None:
    """In the check, in CSV and so in JSON; it does not touch the verdict."""
    claim = Claim("doc", "x <= 1", ("doc.example",), {}, "0.9998")
    found = judge(claim, [Outcome("doc", "random", 1, "0.5", {})])
    assert found.known == "0.9998" and found.holds and found.worst == "0.5"
    head, row = table.as_csv([found]).splitlines()
    assert head.endswith(",verdict,known") and row.endswith(",holds,0.9998")


def test_what_was_known_before_is_reached() -> None:
    """Every ratio on record is one below 1 that instances here come to."""
    known = {claim.id: claim.known for claim in table.claims() if claim.known}
    assert {"convergence.success", "one-step.below-top"} <= set(known)
    for id, ratio in known.items():
        (claim,) = (c for c in table.claims() if c.id == id)
        extremal = [name for name in claim.sources if name.startswith("extremal")]
        found = judge(claim, (worst_of(id, name, claim.sources[name](0)) for name in extremal))
        assert float(ratio) <= float(found.worst) <= 1, id
