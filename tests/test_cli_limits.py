"""The commands that search keep their time limit, whatever the search does."""

from __future__ import annotations

import json
import os
import signal
import time
from typing import Any, NoReturn

import pytest

from derivations import cli
from derivations.search import derive as derive_module
from derivations.search import prove as prove_module

pytestmark = [
    pytest.mark.skipif(not hasattr(os, "fork"), reason="needs a system with fork"),
    pytest.mark.filterwarnings("ignore:.*multi-threaded.*fork:DeprecationWarning"),
]


def deaf(*_: Any, **__: Any) -> NoReturn:
    """Compute in C for minutes, without ever looking at a signal."""
    signal.signal(signal.SIGALRM, signal.SIG_IGN)
    raise AssertionError(pow(3, 10**9))


def greedy(*_: Any, **__: Any) -> NoReturn:
    raise AssertionError([bytearray(1 << 34)])


COMMANDS = {"prove": "prove", "refute": "refute", "certify": "certify"}


@pytest.mark.parametrize("command", COMMANDS)
def test_a_deaf_search_is_stopped(
    command: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(prove_module, command, deaf)
    start = time.monotonic()
    code = cli.run([command, "x > 0", "--given", "x > 1", "--timeout", "0.3", "--json"])
    assert time.monotonic() - start < 0.3 + 1
    said = json.loads(capsys.readouterr().out)
    assert (code, said["verdict"]) == (2, "unknown")
    assert said["reason"] == "the search was stopped: the time is up"
    honest = prove_module.UndecidedError  # the same keys as any other answer
    monkeypatch.setattr(prove_module, command, lambda *_, **__: prove_module.Answer(
        "unknown", "x > 0", ("x > 1",), "", None, None, 0.0, str(honest("no")),
    ))  # fmt: skip
    cli.run([command, "x > 0", "--given", "x > 1", "--json"])
    assert json.loads(capsys.readouterr().out).keys() == said.keys()


def test_a_greedy_search_is_stopped(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(prove_module, "prove", greedy)
    assert cli.run(["prove", "1 < 2"]) == 2
    assert "MiB of memory would be needed" in capsys.readouterr().out


def test_a_deaf_derivation_is_stopped(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(derive_module, "derive", deaf)
    code = cli.run(["derive", "x <= y", "--largest", "x", "--timeout", "0.3", "--json"])
    assert (code, json.loads(capsys.readouterr().out)["verdict"]) == (2, "unknown")
    assert cli.run(["derive", "x <= y", "--largest", "x", "--timeout", "0.3"]) == 2
    assert "stopped: the time is up" in capsys.readouterr().out


def test_an_interruption_reaches_the_search(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    parent = os.getpid()

    def interrupts(*_: Any, **__: Any) -> NoReturn:
        os.kill(parent, signal.SIGINT)
        deaf()

    monkeypatch.setattr(prove_module, "prove", interrupts)
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        assert cli.run(["prove", "1 < 2"]) == 130
    finally:
        signal.signal(signal.SIGINT, before)
    assert capsys.readouterr().err == "gradgap: interrupted\n"
