"""The benchmarks measure what they say; of times, only ratios within one run are asserted."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import click
import pytest


def _load() -> ModuleType:
    """The script, which belongs to no package."""
    file = Path(__file__).with_name("speed.py")
    spec = importlib.util.spec_from_file_location("gradgap_benchmarks_speed", file)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


speed = _load()


@pytest.mark.parametrize("responses", speed.RESPONSES)
def test_the_kernel_decides_the_identity(responses: int) -> None:
    assert speed.kernel_decides(responses)
    assert not speed.kernel_decides(responses, hessian=2)


def test_sympy_agrees() -> None:
    assert speed.sympy_decides(4)
    assert not speed.sympy_decides(4, hessian=2)


def test_the_kernel_is_at_least_ten_times_as_fast() -> None:
    found = speed.compare(6, limit=120)
    assert found.symbols == 18
    assert found.sympy is None or found.sympy > 10 * found.kernel


def test_a_case_beyond_the_limit_is_reported_as_such() -> None:
    assert speed.sympy_seconds(8, limit=0.2) is None
    assert speed.Identity(8, 24, 0.5, None, 60.0).ratio == "more than 120"
    assert speed.Identity(8, 24, 0.5, 60.0, 90.0).ratio == "120"


def test_a_command_that_fails_is_no_measurement() -> None:
    with pytest.raises(click.ClickException, match="broken: exit code 1: no such thing"):
        speed.timed("broken", [sys.executable, "-c", "raise SystemExit('no such thing')"])


def test_commands_are_measured_cold_before_warm() -> None:
    cold, warm, usage, load, bare = speed.commands(["setting.success-rate"])
    assert [t.name for t in (cold, warm)] == ["gradgap verify --fresh", "gradgap verify, warm"]
    assert warm.processor < cold.processor
    assert bare.processor <= min(usage.processor, load.processor)
    assert all(t.wall > 0 for t in (cold, warm, usage, load, bare))
