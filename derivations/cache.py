"""Verdicts remembered between runs, under everything they depend on.

A record is found again only under the digest of the whole package, of the statement, of
the user's own files and of the versions of what computes.  It carries a checksum and is
written in one move, so whatever happens to the file costs time and never gives a verdict
nobody reached.  The checksum guards against accidents; who may write to the folder may
also lie in it, and ``--fresh`` does not read it.
"""

from __future__ import annotations

import hashlib
import json
import os
import stat
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from derivations.writing import replace_file

VARIABLE = "GRADGAP_CACHE"
"""The environment variable that names another folder."""

FORMAT = "gradgap-verdict-1"
PACKAGE = Path(__file__).resolve().parent
_COMPUTING = ("sympy", "python-flint", "scipy", "numpy", "clarabel", "z3-solver", "cvc5")
# A record is about a kilobyte; anything much larger is not one of ours.
_LARGEST = 1_000_000


def folder() -> Path | None:
    """Where records are kept: the user's cache directory unless GRADGAP_CACHE names another."""
    chosen = os.environ.get(VARIABLE)
    if chosen:
        return Path(chosen)
    shared = os.environ.get("LOCALAPPDATA" if os.name == "nt" else "XDG_CACHE_HOME")
    try:
        return (Path(shared) if shared else Path.home() / ".cache") / "gradgap"
    except RuntimeError:  # there is no home directory: then nothing is remembered
        return None


def digest(*parts: str | bytes) -> str:
    """The sha256 of the parts, each with its length, so that no two lists look alike."""
    total = hashlib.sha256()
    for part in parts:
        data = part.encode("utf-8", "surrogatepass") if isinstance(part, str) else part
        total.update(b"%d:" % len(data))
        total.update(data)
    return total.hexdigest()


def digest_files(paths: Iterable[Path]) -> str | None:
    """The digest of the names and contents of files; None if one cannot be read."""
    parts: list[str | bytes] = []
    try:
        for path in sorted(paths):
            parts += [str(path), path.read_bytes()]
    except OSError:
        return None
    return digest(*parts)


def fingerprint(package: Path = PACKAGE) -> str | None:
    """The digest of the sources of the package and of the versions of what computes.

    None when the sources are not there to be read: then nothing may be remembered.
    """
    sources = list(package.rglob("*.py"))
    code = digest_files(sources)
    if code is None or not sources:
        return None
    return digest(code, sys.version, sys.implementation.name, *map(_version, _COMPUTING))


@cache
def at_start() -> str | None:
    """The fingerprint taken, once, before the package was imported; None if it is too late.

    What is on disk says nothing of a process that imported it earlier: in a notebook that
    has been open for hours it may be another text, with other verdicts.
    """
    return None if "derivations.kernel.terms" in sys.modules else fingerprint()


def _version(distribution: str) -> str:
    from importlib import metadata

    try:
        return f"{distribution} {metadata.version(distribution)}"
    except Exception:  # absent, or its metadata is damaged
        return f"{distribution} unknown"


@dataclass(frozen=True)
class Store:
    """A folder of records, and the sources that this process runs.

    `sources` is None, and nothing is remembered, when they are not known: see `at_start`.
    """

    place: Path | None
    sources: str | None

    @classmethod
    def open(cls) -> Store:
        """The store of this user, for the sources that this process runs."""
        return cls(folder(), at_start())

    @property
    def usable(self) -> bool:
        """Whether anything can be remembered at all."""
        return self.place is not None and self.sources is not None

    def unchanged(self) -> bool:
        """Whether the sources on disk are still those that this process runs."""
        return self.usable and fingerprint() == self.sources

    def key(self, *parts: str) -> str:
        """The key of a result that depends on the package and on the parts."""
        return digest(FORMAT, self.sources or "", *parts)

    def load(self, name: str, key: str) -> dict[str, Any] | None:
        """The record of that name, if it is whole and was saved under that key."""
        if not self.usable:
            return None
        try:
            path = self._path(name)
            found = path.stat()
            if not stat.S_ISREG(found.st_mode) or found.st_size > _LARGEST:
                return None
            held = json.loads(path.read_bytes())
            record = held["record"]
            sound = held["key"] == key and held["sha256"] == _checksum(name, key, record)
        except (OSError, ValueError, KeyError, TypeError, RecursionError):
            return None
        return record if sound and isinstance(record, dict) else None

    def save(self, name: str, key: str, record: Mapping[str, Any]) -> bool:
        """Keep a record, replacing an older one of that name; False if it cannot be kept."""
        if not self.usable:
            return False
        held = {"key": key, "sha256": _checksum(name, key, record), "record": record}
        try:
            path = self._path(name)
            path.parent.mkdir(parents=True, exist_ok=True)
            replace_file(path, json.dumps(held).encode())
        except OSError:
            return False
        return True

    def _path(self, name: str) -> Path:
        # Named by statement and package, not by key: an edited library overwrites its
        # records instead of leaving the old ones behind.
        return (self.place or Path()) / f"{digest(name, str(PACKAGE))[:32]}.json"


def _checksum(name: str, key: str, record: Any) -> str:
    return digest(FORMAT, name, key, json.dumps(record, sort_keys=True))
