"""Files are replaced in one move."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from derivations.writing import write_file


def test_text_and_bytes(tmp_path: Path) -> None:
    path = tmp_path / "x"
    write_file(path, "κ\n")
    assert path.read_bytes() == "κ\n".encode()
    write_file(path, b"\x00")
    assert path.read_bytes() == b"\x00"
    assert [p.name for p in path.parent.iterdir()] == ["x"]


def test_the_old_file_survives_a_failure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "x"
    write_file(path, "old")

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", full)
    with pytest.raises(OSError, match="No space"):
        write_file(path, "new")
    assert path.read_text() == "old"
    assert [p.name for p in tmp_path.iterdir()] == ["x"]


def test_permissions_are_the_usual_ones(tmp_path: Path) -> None:
    path, plain = tmp_path / "x", tmp_path / "plain"
    plain.write_text("")
    write_file(path, "")
    assert path.stat().st_mode == plain.stat().st_mode
    path.chmod(0o640)
    write_file(path, "again")
    assert path.stat().st_mode & 0o777 == 0o640


def test_a_link_stays_a_link(tmp_path: Path) -> None:
    path, link = tmp_path / "x", tmp_path / "link"
    path.write_text("old")
    link.symlink_to(path)
    write_file(link, "new")
    assert link.is_symlink()
    assert path.read_text() == "new"


def test_a_device_is_written_to() -> None:
    write_file(os.devnull, "nothing")
    assert not Path(os.devnull).is_file()


def test_a_pipe_is_written_to() -> None:
    code = "from derivations.writing import write_file; write_file('/dev/stdout', 'text')"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, timeout=60)
    assert (done.stdout, done.stderr) == (b"text", b"")


def test_a_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(IsADirectoryError):
        write_file(tmp_path, "text")
    with pytest.raises(FileNotFoundError):
        write_file(tmp_path / "no" / "such", "text")
