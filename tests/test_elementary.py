"""Lemmas about elementary functions: what they say, and what they do not."""

from __future__ import annotations

import pytest

from derivations.elementary import (
    addition,
    angle_of_sum,
    angles,
    bounded,
    exp_above,
    exp_of_sum,
    exp_power,
    exp_square,
    log_of_product,
    log_of_root,
    log_reflects_strictly,
    multiple_angle,
    parity,
    resolve,
)
from derivations.kernel.terms import KernelError, exp, le, log, lt, num, real, sin, sqrt
from derivations.tactics import assume

x, y = real("x"), real("y")


def test_statements() -> None:
    said = {
        exp_above(): "|- exp(y)*(1 + x - y) <= exp(x)",
        exp_square(): "0 <= x |- 1 + x + x**2/2 <= exp(x)",
        log_of_root(): "0 < x |- log(sqrt(x)) = log(x)/2",
        addition()[0]: "|- sin(x + y) = sin(x)*cos(y) + cos(x)*sin(y)",
        addition()[1]: "|- cos(x + y) = cos(x)*cos(y) - sin(x)*sin(y)",
        parity()[0]: "|- sin(-x) = -sin(x)",
        parity()[1]: "|- cos(-x) = cos(x)",
        exp_power(-3): "|- exp(-3*x) = exp(x)**(-3)",
        exp_power(5): "|- exp(5*x) = exp(x)**5",
    }
    for theorem, text in said.items():
        assert repr(theorem) == text
    assert [repr(t) for t in angles()] == [
        "|- sin(pi) = 0", "|- cos(pi) = -1", "|- cos(pi/2) = 0", "|- sin(pi/2) = 1",
    ]  # fmt: skip
    assert {repr(t) for t in bounded()} == {
        "|- sin(x) <= 1", "|- -1 <= sin(x)", "|- cos(x) <= 1", "|- -1 <= cos(x)",
    }  # fmt: skip
    assert log_reflects_strictly().conclusion == lt(x, y)
    assert log_reflects_strictly().hypotheses == {lt(0, x), lt(0, y), lt(log(x), log(y))}


def test_sums_and_products() -> None:
    assert exp_of_sum([(2, x), (-1, y)]).conclusion.args[1] == exp(x) ** 2 * exp(y) ** -1
    positive = [assume(lt(0, x)), assume(lt(0, y))]
    made = log_of_product([(2, x), (-1, y)], positive)
    assert made.conclusion.args[0] == log(x**2 * y**-1)
    assert made.hypotheses == {lt(0, x), lt(0, y)}
    with pytest.raises(KernelError):
        log_of_product([(2, x)], [assume(le(0, x))])
    assert multiple_angle(3)[0].conclusion.args[0] == sin(3 * x)
    assert angle_of_sum([(2, x), (-1, y)])[0].conclusion.args[0] == sin(2 * x + -1 * y)


def test_resolve_keeps_what_is_assumed() -> None:
    given = assume(lt(0, x))
    made = resolve(log_of_root(), given)
    assert made.hypotheses == {lt(0, x)}
    assert sqrt(num(1)).head == "sqrt"
