"""What the README shows is what its commands print, and its code runs."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from derivations.cli import main

README = (Path(__file__).parents[1] / "README.md").read_text()
pytestmark = pytest.mark.usefixtures("clean")

BLOCKS = re.findall(r"^```(\w+)\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)
PYTHON = [text for language, text in BLOCKS if language == "python"]
MINE = next(text for text in PYTHON if "mine.half-step" in text)
TRANSCRIPTS = [
    tuple(part.split("\n", 1))
    for language, text in BLOCKS
    if language == "console"
    for part in text.split("$ ")[1:]
]


def plain(text: str) -> list[str]:
    """The lines that must agree: without times, without the space at their ends."""
    timeless = re.sub(r" *\d+\.\d\d\b", " TIME", text)
    return [row.rstrip() for row in timeless.splitlines() if row.strip()]


@pytest.mark.parametrize(("command", "shown"), TRANSCRIPTS, ids=[c for c, _ in TRANSCRIPTS])
def test_transcripts(
    command: str,
    shown: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "120")
    (tmp_path / "my_theory.py").write_text(MINE)
    program, *arguments = shlex.split(command)
    assert program == "gradgap"
    with pytest.raises(SystemExit) as stopped:
        main(arguments)
    assert plain(capsys.readouterr().out) == plain(shown)
    assert stopped.value.code == (1 if shown.startswith("refuted") else 0)


def test_there_is_something_to_check() -> None:
    assert len(TRANSCRIPTS) >= 4 and len(PYTHON) == 2


def test_code_that_is_shown_runs() -> None:
    for text in PYTHON:
        if text is not MINE:
            exec(compile(text, "README.md", "exec"), {})


def test_commands_that_are_shown_exist() -> None:
    (sheet,) = [text for language, text in BLOCKS if language == "sh" and "gradgap" in text]
    for row in sheet.splitlines():
        words = shlex.split(row, comments=True)
        assert words[0] == "gradgap"
        with pytest.raises(SystemExit) as stopped:
            main([words[1], "--help"])
        assert stopped.value.code == 0
