"""The cache: whatever happens to it costs time, and never gives a wrong verdict."""

from __future__ import annotations

import json
import multiprocessing
import os
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from derivations import cache, library, verify
from derivations.cache import Store, digest, fingerprint, folder
from derivations.verify import Result

RECORD = {"id": "a.b", "verdict": "proved", "uses": ["a.c"], "seconds": 0.5}
CHEAP = ["gap.progress", "setting.policy"]


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "cache", "sources")


def only_file(store: Store) -> Path:
    (file,) = (store.place or Path()).iterdir()
    return file


# Records -----------------------------------------------------------------------------------------


def test_a_record_comes_back_under_its_key_only(store: Store) -> None:
    key = store.key("claim")
    assert store.load("a.b", key) is None
    assert store.save("a.b", key, RECORD)
    assert store.load("a.b", key) == RECORD
    assert store.load("a.b", store.key("another claim")) is None
    assert store.load("a.c", key) is None
    assert Store(store.place, "other sources").key("claim") != key


def test_a_newer_record_replaces_the_older(store: Store) -> None:
    for name in ("one", "two"):
        assert store.save("a.b", store.key(name), {**RECORD, "seconds": name})
    only_file(store)
    assert store.load("a.b", store.key("one")) is None
    assert (store.load("a.b", store.key("two")) or {})["seconds"] == "two"


def test_a_record_moved_to_another_name_is_refused(store: Store) -> None:
    key = store.key("claim")
    store.save("a.b", key, RECORD)
    only_file(store).rename(store._path("a.c"))
    assert store.load("a.c", key) is None


def test_a_damaged_record_is_no_record(store: Store) -> None:
    key = store.key("claim")
    store.save("a.b", key, RECORD)
    file = only_file(store)
    whole = file.read_bytes()
    for at in range(len(whole)):
        file.write_bytes(whole[:at])
        assert store.load("a.b", key) is None, at
        for bit in (1, 4, 0x20):
            file.write_bytes(whole[:at] + bytes([whole[at] ^ bit]) + whole[at + 1 :])
            # A change of layout is harmless; one of content is refused.
            assert store.load("a.b", key) in (None, RECORD), (at, bit)
    file.write_bytes(whole)
    assert store.load("a.b", key) == RECORD


@pytest.mark.parametrize(
    "content",
    [b"", b"\0" * 100, b"[]", b"{}", b"null", b"1e999", b"[" * 100_000, b"{" * 10, b"\xff\xfe"],
)
def test_nonsense_is_no_record(store: Store, content: bytes) -> None:
    key = store.key("claim")
    store.save("a.b", key, RECORD)
    only_file(store).write_bytes(content)
    assert store.load("a.b", key) is None
    assert store.save("a.b", key, RECORD) and store.load("a.b", key) == RECORD


def test_what_is_no_plain_small_file_is_not_read(store: Store) -> None:
    key = store.key("claim")
    store.save("a.b", key, RECORD)
    file = only_file(store)
    file.write_bytes(b" " * 2_000_000)
    assert store.load("a.b", key) is None
    file.unlink()
    os.mkfifo(file)  # reading it would wait for ever
    assert store.load("a.b", key) is None
    assert store.save("a.b", key, RECORD) and stat.S_ISREG(file.stat().st_mode)
    file.unlink()
    file.mkdir()
    assert store.load("a.b", key) is None and not store.save("a.b", key, RECORD)
    assert [f.name for f in file.parent.iterdir()] == [file.name]


def test_a_folder_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    for place in (tmp_path / "file", tmp_path / "file" / "below", Path("/proc/nowhere")):
        store = Store(place, "sources")
        assert not store.save("a.b", store.key("claim"), RECORD)
        assert store.load("a.b", store.key("claim")) is None


def test_a_write_that_is_interrupted_leaves_the_old_record(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = store.key("claim")
    store.save("a.b", key, RECORD)

    def broken(*_: Any) -> None:
        raise OSError("no space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "replace", broken)
        assert not store.save("a.b", key, {**RECORD, "seconds": 9})
    assert store.load("a.b", key) == RECORD
    only_file(store)  # and nothing half-written lies about


def test_without_sources_or_place_nothing_is_kept(tmp_path: Path) -> None:
    for store in (Store(None, "sources"), Store(tmp_path, None)):
        assert not store.usable and not store.unchanged()
        assert not store.save("a.b", "key", RECORD) and store.load("a.b", "key") is None
    assert fingerprint(tmp_path) is None


def _write_many(place: Path, mark: int) -> None:
    store = Store(place, "sources")
    for _ in range(100):
        store.save("a.b", store.key("claim"), {**RECORD, "seconds": mark, "pad": "x" * 20_000})


def test_concurrent_writers_never_mix(tmp_path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    writers = [context.Process(target=_write_many, args=(tmp_path, i)) for i in range(3)]
    for writer in writers:
        writer.start()
    store = Store(tmp_path, "sources")
    seen = set()
    while any(w.is_alive() for w in writers):
        record = store.load("a.b", store.key("claim"))
        seen.add(None if record is None else record["seconds"])
    assert seen - {None} <= {0, 1, 2} and store.load("a.b", store.key("claim")) is not None
    # Once there is a record there always is one.
    assert None not in {(store.load("a.b", store.key("claim")) or {}).get("seconds")}


# What the key covers -----------------------------------------------------------------------------


def test_the_place(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("GRADGAP_CACHE", str(tmp_path))
    assert folder() == tmp_path
    monkeypatch.setenv("GRADGAP_CACHE", "")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    assert folder() is not None and (folder() or Path()).name == "gradgap"


def test_digests_do_not_run_together() -> None:
    assert len({digest("ab", "c"), digest("a", "bc"), digest("abc"), digest("abc", "")}) == 4
    assert digest("\udcff")  # a file name may hold what is no text


def test_the_fingerprint_sees_every_source(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "kernel").mkdir()
    (tmp_path / "kernel" / "a.py").write_text("1")
    seen = [fingerprint(tmp_path)]
    (tmp_path / "kernel" / "a.py").write_text("2")
    seen.append(fingerprint(tmp_path))
    (tmp_path / "b.py").write_text("")
    seen.append(fingerprint(tmp_path))
    (tmp_path / "b.py").rename(tmp_path / "c.py")
    seen.append(fingerprint(tmp_path))
    monkeypatch.setattr(cache, "_version", lambda name: f"{name} 9")
    seen.append(fingerprint(tmp_path))
    assert len(set(seen)) == len(seen) and None not in seen
    monkeypatch.undo()
    assert cache._version("no-such-distribution").endswith("unknown")


def test_a_process_that_imported_the_theory_already_remembers_nothing() -> None:
    script = (
        "import sys; from derivations import cache; first = cache.at_start(); "
        "import derivations.library; assert first and cache.at_start() == first; "
        "cache.at_start.cache_clear(); assert not cache.Store.open().usable"
    )
    done = subprocess.run([sys.executable, "-c", script], cwd=cache.PACKAGE.parent, check=False)
    assert done.returncode == 0


def test_a_source_that_cannot_be_read_forbids_remembering(tmp_path: Path) -> None:
    (tmp_path / "a.py").mkdir()
    assert fingerprint(tmp_path) is None


# In verification ---------------------------------------------------------------------------------


@pytest.fixture
def real_store(tmp_path: Path) -> Store:
    return Store(tmp_path / "cache", fingerprint())


def run(store: Store, ids: list[str], **options: Any) -> list[Result]:
    return list(verify.verify(ids, store=store, **options).results)


def test_an_unchanged_library_is_not_proved_again(real_store: Store) -> None:
    first = run(real_store, CHEAP)
    assert not any(r.cached for r in first)
    second = run(real_store, CHEAP)
    assert all(r.cached for r in second)
    assert [(r.id, r.verdict, r.rules, r.uses, r.seconds) for r in first] == [
        (r.id, r.verdict, r.rules, r.uses, r.seconds) for r in second
    ]
    assert not any(r.cached for r in run(real_store, CHEAP, fresh=True))
    assert all(r.cached for r in run(real_store, CHEAP))


def test_sources_that_changed_meanwhile_are_not_remembered(
    real_store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(cache, "fingerprint", lambda *_: "changed")
        run(real_store, CHEAP)
    assert not any(r.cached for r in run(real_store, CHEAP))


def test_an_unwritable_cache_costs_only_time(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    store = Store(tmp_path / "file", fingerprint())
    assert all(r.ok and not r.cached for _ in range(2) for r in run(store, CHEAP))


@pytest.fixture
def failing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[library.Statement]:
    """A statement of the library whose proof fails."""
    from derivations.kernel.terms import real
    from derivations.tactics import have

    library.load()
    monkeypatch.setattr(library, "_STATEMENTS", dict(library._STATEMENTS))
    claim = real("x") >= 0
    made = library.state("lemma", "a.b", "T", provenance="extension", claim=claim)
    yield made(lambda proof: have(claim))


def passing(statement: library.Statement) -> dict[str, Any]:
    return {
        "id": statement.id, "verdict": "proved", "seconds": 0.1, "assumptions": [],
        "rules": [], "cited": [], "oracles": [], "uses": [],
    }  # fmt: skip


def test_a_forged_verdict_with_a_wrong_checksum_is_ignored(
    real_store: Store, failing: library.Statement
) -> None:
    key = real_store.key(verify.claim_digest(failing))
    assert real_store.save("a.b", key, {**passing(failing), "seconds": 0.2})
    assert run(real_store, ["a.b"])[0].cached  # so this is where the verdict would come from
    file = only_file(real_store)
    held = json.loads(file.read_bytes())
    held["record"]["seconds"] = 0.1
    file.write_text(json.dumps(held))
    assert run(real_store, ["a.b"])[0].verdict == "failed"
    file.unlink()
    assert run(real_store, ["a.b"])[0].verdict == "failed"
    assert not file.exists()  # a failure is not remembered


@pytest.mark.parametrize(
    "change",
    [
        {"verdict": "failed"},
        {"verdict": "assumption"},
        {"verdict": True},
        {"id": "a.c"},
        {"seconds": "soon"},
        {"rules": "arithmetic"},
        {"uses": [1]},
        {"cited": None},
    ],
)
def test_a_record_that_no_passing_result_would_leave_is_ignored(
    real_store: Store, failing: library.Statement, change: dict[str, Any]
) -> None:
    key = real_store.key(verify.claim_digest(failing))
    real_store.save("a.b", key, {**passing(failing), **change})
    assert run(real_store, ["a.b"])[0].verdict == "failed"


def test_a_users_file_is_part_of_the_key(tmp_path: Path, real_store: Store) -> None:
    text = (
        "from derivations.kernel.terms import real\n"
        "from derivations.library import state\n"
        "from helper_of_cache import proves\n"
        "x = real('x')\n"
        "state('lemma', 'cached.a', 'T', provenance='extension', claim=x**2 >= 0)(proves)\n"
    )
    good = "def proves(proof):\n    return proof.have(proof.statement.conclusion, why='')\n"
    outcomes = []
    for helper in (good, good, good.replace("return", "1/0; return"), good):
        (tmp_path / "mine_cached.py").write_text(text)
        (tmp_path / "helper_of_cache.py").write_text(helper)
        outcomes.append(_in_a_process(tmp_path, real_store))
    assert outcomes == ["proved False", "proved True", "failed False", "proved True"]


def _in_a_process(folder: Path, store: Store) -> str:
    """Verify the user's statement in a process of its own; the verdict, and if remembered."""
    script = (
        "import sys; from derivations.cache import Store; store = Store.open(); "
        "from derivations import files, verify; files.load_file(sys.argv[1]); "
        "r = verify.verify(['cached.a'], store=store).results[0]; print(r.verdict, r.cached)"
    )
    done = subprocess.run(
        [sys.executable, "-B", "-c", script, str(folder / "mine_cached.py")],
        capture_output=True, text=True, check=True, cwd=cache.PACKAGE.parent,
        env={**os.environ, "GRADGAP_CACHE": str(store.place)},
    )  # fmt: skip
    return done.stdout.strip()
