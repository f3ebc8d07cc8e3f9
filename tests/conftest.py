"""What several test modules share."""

from __future__ import annotations

import sys
from collections.abc import Iterator

import pytest

from derivations import files, library


@pytest.fixture
def clean(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Whatever a test registers or imports is forgotten after it."""
    library.load()
    monkeypatch.setattr(library, "_STATEMENTS", dict(library._STATEMENTS))
    monkeypatch.setattr(library, "_FAILED", {})
    monkeypatch.setattr(library, "_PROOFS", dict(library._PROOFS))
    for name in ("_OWN", "_OWN_IDS", "_HELPERS"):
        monkeypatch.setattr(files, name, type(getattr(files, name))())
    monkeypatch.setattr(sys, "path", list(sys.path))
    modules = set(sys.modules)
    yield
    for name in set(sys.modules) - modules:
        if name.startswith(("mine", "helper", "token_")):
            del sys.modules[name]
