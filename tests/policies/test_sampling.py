"""Sampling from policies that are nearly always right."""

from __future__ import annotations

from itertools import islice
from random import Random

import pytest

from derivations.policies import Numbers, softmax_bandit
from derivations.policies.arithmetic import share


@pytest.mark.parametrize("exponent", range(5, 60))
def test_shares_of_nearly_certain_outcomes(exponent: int) -> None:
    """1 - 10^-n, in units of 2^-bits, rounded down; also where a rounded product straddles 1."""
    arithmetic = Numbers(20)
    bits = arithmetic.bits
    tiny = arithmetic.number(f"1e-{exponent}")
    found = share(1 - tiny, bits)
    exact = 2**bits - -(-(2**bits) // 10**exponent)
    assert exact <= found <= exact + (exponent > 25)


def test_a_nearly_certain_policy_can_be_sampled() -> None:
    draws = softmax_bandit((True, False)).draws((70, 0), Random(1), Numbers(20))
    assert all(draw.correct for draw in islice(draws, 20))
