"""Verification: what fails says so, what was tampered with is refused, a crash is no pass."""

from __future__ import annotations

import copy
import json
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from derivations import checker, files, library, verify
from derivations.checker import Checker
from derivations.files import load_file
from derivations.kernel.certificate import serialise
from derivations.kernel.terms import KernelError, Term, app, eq, num, real
from derivations.kernel.theorem import infer
from derivations.library import LibraryError, Statement
from derivations.reasons import explain
from derivations.tactics import ProofError
from derivations.verify import Result, Verification, check

HEAD = """
from derivations.kernel.terms import *
from derivations.library import define, state
from derivations.tactics import assume, have
x, y = real("x"), real("y")
"""


pytestmark = pytest.mark.usefixtures("clean")


def theory(folder: Path, text: str, name: str = "mine.py") -> Path:
    """Write a user's file and load it."""
    file = folder / name
    file.write_text(HEAD + text)
    return load_file(file)


def lemma(id: str, claim: str, body: str, given: str = "") -> str:
    """The text of a lemma; `body` is the proof."""
    return (
        f'\n@state("lemma", "{id}", "T", provenance="extension", given=[{given}], claim={claim})\n'
        f"def proof_{id.replace('.', '_').replace('-', '_')}(proof):\n    {body}\n"
    )


GOOD = lemma("mine.good", "x**2 >= 0", 'return proof.have(x**2 >= 0, why="a square")')
BAD = lemma("mine.bad", "x**2 >= 1", 'return proof.have(x**2 >= 1, why="no")')


def results(ids: list[str], **options: Any) -> dict[str, Result]:
    return {r.id: r for r in verify.verify(ids, **options).results}


# In this process ------------------------------------------------------------------------------


def test_a_statement_verifies_itself() -> None:
    report = library.theorem("gap.progress").verify()
    assert report.ok and report.verdict == "definition" and report.seconds >= 0
    assert library.theorem("setting.mean-bounds").verify().verdict == "proved"


def test_a_failing_statement_reports_why(tmp_path: Path) -> None:
    theory(tmp_path, BAD)
    report = check(library.theorem("mine.bad"))
    assert not report.ok and report.verdict == "failed" and "cannot prove" in report.reason


def test_check_compares_the_certificate(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    theory(tmp_path, GOOD + lemma("mine.else", "y**2 >= 0", "return have(y**2 >= 0)"))
    other = library.prove("mine.else")
    monkeypatch.setattr(verify, "replay", lambda data: {"mine.good": other})
    report = check(library.theorem("mine.good"))
    assert report.verdict == "failed" and "proves something else" in report.reason
    monkeypatch.setattr(verify, "replay", lambda data: {})
    assert check(library.theorem("mine.good")).verdict == "failed"


# All of it --------------------------------------------------------------------------------------

SCRIPTS = (
    GOOD
    + BAD
    + lemma("mine.needs-bad", "x**2 >= 1", 'return proof.use("mine.bad")')
    + lemma("mine.needs-needs-bad", "x**2 >= 1", 'return proof.use("mine.needs-bad")')
    + lemma("mine.needs-good", "(x - y)**2 >= 0", 'return proof.use("mine.good", x=x - y)')
    + lemma("mine.raises", "x**2 >= 0", "return 1/0")
    + lemma("mine.exits", "x**2 >= 0", "raise SystemExit(0)")
    + lemma("mine.recurses", "x**2 >= 0", "f = lambda: f(); return f()")
    + lemma("mine.none", "x**2 >= 0", "return None")
    + lemma("mine.other", "x**2 >= 0", "return have(y**2 >= 0)")
    + lemma("mine.assumes", "x >= 1", "return assume(x >= 1)")
    + lemma("mine.circle", "x**2 >= 0", 'return proof.use("mine.circle")')
    + lemma("mine.no-such", "x**2 >= 0", 'return proof.use("mine.godo")')
    + lemma("mine.no-formula", "x + 1", "return have(x**2 >= 0)")
    + lemma("mine.mute", "x**2 >= 0", "raise type('E', (Exception,), {'__str__': 1})()")
    + lemma("mine.given", "x >= 1", "return proof.given[0]", given="x >= 1")
    + "\nD = Definition('mine_d', lam(x, x + 1))\n"
    + 'define("definition", "mine.def", "T", D, provenance="extension", claim=eq(D(x), x + 1))'
)


def test_what_fails_says_why_and_stops_nothing(tmp_path: Path) -> None:
    theory(tmp_path, SCRIPTS)
    ids = [s.id for s in library.statements("mine")]
    found = results(ids)
    assert list(found) == ids
    assert {i: r.verdict for i, r in found.items() if r.ok} == {
        "mine.good": "proved",
        "mine.needs-good": "proved",
        "mine.given": "proved",
        "mine.def": "definition",
    }
    assert all(r.verdict == "failed" and r.reason for r in found.values() if not r.ok)
    assert all("\n" not in r.reason for r in found.values())
    reason = {i: r.reason for i, r in found.items()}
    assert found["mine.bad"].goal == "x**2 >= 1" and "cannot prove" in reason["mine.bad"]
    assert reason["mine.needs-bad"].startswith("it rests on mine.bad, which fails")
    assert reason["mine.needs-needs-bad"].startswith("it rests on mine.bad, which fails")
    assert "ZeroDivisionError" in reason["mine.raises"] and "mine.py, line" in reason["mine.raises"]
    assert "SystemExit" in reason["mine.exits"]
    assert "RecursionError" in reason["mine.recurses"]
    assert "x >= 1" in reason["mine.assumes"]
    assert "its own proof" in reason["mine.circle"]
    assert "mine.good" in reason["mine.no-such"]
    assert found["mine.needs-good"].uses == ("mine.good",)
    assert found["mine.given"].assumptions == ("x >= 1",)
    assert "arithmetic" in found["mine.good"].rules
    assert not Verification(0.0, tuple(found.values())).ok


def test_json_follows_the_contract(tmp_path: Path) -> None:
    theory(tmp_path, GOOD + BAD)
    told: list[tuple[str, int, int]] = []
    found = verify.verify(
        ["mine.good", "mine.bad", "mine.good"], progress=lambda *args: told.append(args)
    )
    shown = json.loads(json.dumps(found.as_json()))
    assert shown["ok"] is False and shown["seconds"] > 0
    good, bad = shown["statements"]
    wanted = {"id", "kind", "verdict", "seconds", "assumptions", "rules", "cited", "oracles"}
    assert wanted | {"provenance"} <= set(good)
    assert good["id"] == "mine.good" and good["cited"] == good["oracles"] == []
    assert bad["reason"] and bad["goal"] == "x**2 >= 1"
    assert told == [("mine.good", 0, 2), ("mine.bad", 1, 2), ("", 2, 2)]


def test_what_cannot_be_asked() -> None:
    with pytest.raises(LibraryError, match="nearest: gap.norm"):
        verify.verify(["gap.nrom"])
    with pytest.raises(LibraryError, match="no statement to verify"):
        verify.verify([])
    assert not Verification(0.0, ()).ok


def test_a_keyboard_interrupt_is_not_swallowed(tmp_path: Path) -> None:
    theory(tmp_path, lemma("mine.stop", "x**2 >= 0", "raise KeyboardInterrupt"))
    started = time.perf_counter()
    with pytest.raises(KeyboardInterrupt):
        verify.verify(["mine.stop"])
    assert time.perf_counter() - started < 5


# The fresh process --------------------------------------------------------------------------------


def certificate(id: str) -> dict[str, Any]:
    data: dict[str, Any] = json.loads(json.dumps(serialise({id: library.prove(id)})))
    return data


def forgeries(good: dict[str, Any], id: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Certificates that do not prove the statement, each spoilt in another way."""

    def spoilt(name: str) -> tuple[str, dict[str, Any]]:
        return name, copy.deepcopy(good)

    made = spoilt("another conclusion")
    made[1]["theorems"][id]["conclusion"] -= 1
    yield made
    made = spoilt("another step is the conclusion")
    made[1]["theorems"][id]["step"] = 0
    yield made
    made = spoilt("steps swapped")
    made[1]["steps"].reverse()
    yield made
    made = spoilt("unknown rule")
    made[1]["steps"][-1][0] = "believe"
    yield made
    made = spoilt("a step is missing")
    del made[1]["steps"][len(made[1]["steps"]) // 2]
    yield made
    made = spoilt("a step rests on itself")
    made[1]["steps"][-1][1] = [len(made[1]["steps"]) - 1]
    yield made
    made = spoilt("another format")
    made[1]["format"] = "gradgap-certificate-0"
    yield made
    made = spoilt("a hypothesis hidden")
    made[1]["theorems"][id]["hypotheses"] = made[1]["theorems"][id]["hypotheses"][1:]
    yield made
    made = spoilt("a number changed")
    row = next(r for r in made[1]["terms"] if r[0] == "num")
    row[1] = "7"
    yield made
    made = spoilt("a definition changed")
    if made[1]["definitions"]:
        made[1]["definitions"][0][1] = made[1]["definitions"][-1][1]
        yield made
    made = spoilt("no theorem in it")
    made[1]["theorems"] = {}
    yield made
    yield "nothing at all", {}
    yield "wrong types", {"format": good["format"], "terms": 1, "steps": [[]], "theorems": []}


def test_the_fresh_process_refuses_forged_certificates(tmp_path: Path) -> None:
    theory(tmp_path, GOOD + lemma("mine.given", "x >= 1", "return proof.given[0]", given="x >= 1"))
    id = "setting.mean-bounds"
    good = certificate(id)
    with Checker() as checker:
        assert checker.ask(good).answers[id][0] == ""
        for name, forged in forgeries(good, id):
            reply = checker.ask(forged)
            reason, _ = reply.answers.get(id, ("not answered", ""))
            assert reply.trouble or reason, name
        # It says correctly what it proves, but that is not the statement of this name.
        other = library.prove("mine.good")
        for name in (id, "mine.given", "gap.progress"):
            assert "something else" in checker.ask(serialise({name: other})).answers[name][0]
        assumed = infer("assume", formula=library.theorem("mine.good").conclusion)
        reason, _ = checker.ask(serialise({"mine.good": assumed})).answers["mine.good"]
        assert "no hypothesis" in reason
        assert "no such statement" in checker.ask(serialise({"mine.x": other})).answers["mine.x"][0]
        # After all that it still answers.
        assert checker.ask(good).answers[id][0] == ""


def test_the_fresh_process_has_its_own_idea_of_the_statement(tmp_path: Path) -> None:
    changing = "import os\nclaim_ = eq(num(os.getpid()), num(os.getpid()))\n"
    theory(tmp_path, changing + lemma("mine.pid", "claim_", "return have(claim_)") + GOOD)
    found = results(["mine.pid", "mine.good"])
    assert found["mine.pid"].verdict == "failed" and "something else" in found["mine.pid"].reason
    assert found["mine.good"].verdict == "proved"
    # Here the theorem would do, yet the hypothesis stated is another one.
    given = lemma("mine.pid2", "y**2 >= 0", "return have(y**2 >= 0)", given="x >= num(os.getpid())")
    theory(tmp_path, changing + given, "mine2.py")
    assert "another statement" in results(["mine.pid2"])["mine.pid2"].reason


def test_what_a_file_prints_or_reads_does_not_disturb(tmp_path: Path) -> None:
    noise = "import os, sys\nprint('noise')\nos.write(1, b'noise')\nsys.stdin.read()\n"
    (tmp_path / "mine.py").write_text(HEAD + noise.replace("sys.stdin.read()", "0") + GOOD)
    load_file(tmp_path / "mine.py")
    (tmp_path / "mine.py").write_text(HEAD + noise + GOOD)
    assert results(["mine.good"])["mine.good"].verdict == "proved"


NO_ANSWER = '{"trouble": "", "answers": {}, "seconds": 0}'
NO_CLAIM = '{"trouble": "", "answers": {"gap.progress": ["", ""]}, "seconds": 0}'


def saying(text: str) -> str:
    """A program that answers the first certificate with that text."""
    return f"input(); input(); print({text!r}, flush=True); input()"


@pytest.mark.parametrize(
    ("boot", "said"),
    [
        ("import os; os.kill(os.getpid(), 9)", "died over its certificate (signal 9)"),
        ("import os; os._exit(0)", "died over its certificate (exit code 0)"),
        ("raise ValueError('no such thing')", "exit code 1: ValueError: no such thing"),
        (saying("nonsense"), "died over its certificate"),
        ("import sys; input(); input(); sys.stdout.write('{}')", "died over its certificate"),
        (saying("[]"), "no readable answer"),
        (saying("{}"), "no readable answer"),
        (saying(NO_ANSWER), "did not answer"),
        (saying(NO_CLAIM), "another statement"),
    ],
)
def test_a_crashed_or_lying_process_is_never_a_pass(
    boot: str, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checker, "_BOOT", boot)
    found = results(["gap.progress"])["gap.progress"]
    assert found.verdict == "failed" and said in found.reason


def test_one_that_kills_the_process_takes_no_other_along(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    theory(tmp_path, GOOD + lemma("mine.deadly", "y**2 >= 0", "return have(y**2 >= 0)"))
    monkeypatch.setattr(
        checker,
        "_BOOT",
        "import json, os, sys; sys.path[:] = json.loads(sys.argv[1]); "
        "from derivations import checker as verify; compared = verify._compared; "
        "verify._compared = lambda id, t: "
        "os._exit(9) if id == 'mine.deadly' else compared(id, t); verify.serve()",
    )
    found = results(["gap.progress", "mine.deadly", "mine.good", "gap.definition"])
    assert [i for i, r in found.items() if not r.ok] == ["mine.deadly"]
    assert "exit code 9" in found["mine.deadly"].reason


@pytest.mark.parametrize(
    "change",
    [
        "theorem._need = lambda condition, message: None",
        "theorem.arithmetic.__code__ = (lambda premises, **k: None).__code__",
        "certificate.infer = None",
        "terms.Term.__add__ = terms.Term.__mul__",
        "import flint; flint.fmpz_mpoly_ctx = None",
        "algebra.Algebra.is_zero = lambda self, term: True",
    ],
)
def test_a_file_that_changes_the_kernel_proves_nothing(change: str, tmp_path: Path) -> None:
    """In this process it may pass; the fresh one sees that its kernel is another."""
    kernel = "from derivations.kernel import algebra, certificate, terms, theorem\n"
    guard = "import sys\nif 'derivations.cli' not in sys.modules and 'pytest' not in sys.modules:\n"
    theory(tmp_path, kernel + guard + f"    {change}\n" + GOOD)
    found = results(["mine.good"])["mine.good"]
    assert found.verdict == "failed" and "changes the kernel" in found.reason


def test_a_lemma_that_fails_is_tried_once(tmp_path: Path) -> None:
    counted = "tries = []\n"
    failing = lemma("mine.no", "y**2 >= 1", "tries.append(1); return have(y**2 >= 1)")
    uses = [lemma(f"mine.u{i}", "y**2 >= 0", "proof.use('mine.no'); return have(y**2 >= 0)")
            for i in range(3)]  # fmt: skip
    file = theory(tmp_path, counted + failing + "".join(uses))
    found = results(["mine.no", *(f"mine.u{i}" for i in range(3))])
    assert [r.verdict for r in found.values()] == ["failed"] * 4
    assert all("rests on mine.no" in found[f"mine.u{i}"].reason for i in range(3))
    assert sys.modules[file.stem].tries == [1]
    # Stated anew, it is tried anew.
    library.register(library.theorem("mine.no"))
    with pytest.raises(ProofError):
        library.prove("mine.no")
    assert sys.modules[file.stem].tries == [1, 1]


def test_names_that_stand_for_two_things(tmp_path: Path) -> None:
    with pytest.raises(LibraryError, match="two different things are called y"):
        theory(tmp_path, lemma("mine.twin", "nat('y') + y >= y", "return have(y >= y)"))


def test_only_a_time_out_is_unknown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checker, "_BOOT", "import time; time.sleep(60)")
    found = verify.verify(["gap.progress"], limit=0.3)
    assert found.results[0].verdict == "unknown" and not found.ok
    assert "more than 0.3 s" in found.results[0].reason


def test_without_an_interpreter_nothing_passes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", "")
    reason = results(["gap.progress"])["gap.progress"].reason
    assert "no fresh process could be started" in reason


def test_what_cannot_be_written_down_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(theorems: Any) -> Any:
        if any(id.startswith("gap.") for id in theorems):
            raise KernelError("cannot be written down")
        return serialise(theorems)

    monkeypatch.setattr(checker, "serialise", refuse)
    monkeypatch.setattr(verify, "serialise", refuse)
    found = results(["gap.progress", "setting.mean-bounds"])
    assert "cannot be written" in found["gap.progress"].reason
    assert found["setting.mean-bounds"].verdict == "proved"


# The assistant -----------------------------------------------------------------------------------


def test_shared_work_has_the_same_outcome(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    theory(tmp_path, SCRIPTS)
    ids = [s.id for s in library.statements("mine")]
    alone = results(ids)
    monkeypatch.setattr(verify, "_WORTH_SHARING", 1)
    # This process is held up at its first statement, so that the other one does the rest.
    attempt = verify._attempt
    held: list[str] = []

    def slowly(statement: Statement) -> Any:
        if not held:
            held.append(statement.id)
            time.sleep(1.5)
        return attempt(statement)

    monkeypatch.setattr(verify, "_attempt", slowly)
    shared = results(ids)

    def said(found: dict[str, Result]) -> list[Any]:
        return [(r.id, r.verdict, r.reason, r.goal, r.uses, r.rules) for r in found.values()]

    assert held == ids[:1] and said(shared) == said(alone)


@pytest.mark.parametrize(
    "boot",
    [
        "import os; os._exit(3)",
        "raise ValueError",
        "input(); input(); print('[]', flush=True); input()",
        'input(); input(); print(\'{"result": {"id": "x"}}\', flush=True); input()',
    ],
)
def test_a_broken_assistant_costs_only_time(boot: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(verify, "_WORTH_SHARING", 1)
    monkeypatch.setattr(verify, "_BOOT", boot)
    ids = ["setting.mean-bounds", "gap.progress", "gap.definition"]
    assert all(r.ok for r in results(ids).values())


def test_an_assistant_is_not_believed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    theory(tmp_path, GOOD + BAD)
    monkeypatch.setattr(verify, "_WORTH_SHARING", 1)
    monkeypatch.setattr(
        verify,
        "_BOOT",
        "import json, sys; sys.path[:] = json.loads(sys.argv[1])\n"
        "from derivations import library, verify\n"
        "def lie(question):\n"
        "    id = question['prove']\n"
        "    result = verify.Result(id, 'lemma', 'proved', 0.0, 'extension')\n"
        "    certificate = verify.serialise({id: library.prove('mine.good')})\n"
        "    return {'result': verify._as_data(result), 'certificate': certificate}\n"
        "verify._prove_for = lie; verify.assist()",
    )
    monkeypatch.setattr(verify, "_carry_out", _after(1.5, verify._carry_out))
    found = results(["mine.good", "mine.bad"])
    assert found["mine.bad"].verdict == "failed" and "something else" in found["mine.bad"].reason
    assert found["mine.good"].ok


def _after(seconds: float, function: Any) -> Any:
    """The function, called that much later."""

    def later(*arguments: Any) -> Any:
        time.sleep(seconds)
        return function(*arguments)

    return later


# The user's own files -----------------------------------------------------------------------------


def test_a_file_may_import_its_neighbours(tmp_path: Path) -> None:
    (tmp_path / "helper_claims.py").write_text(HEAD + "claim_ = x**2 >= 0\n")
    theory(
        tmp_path,
        "from helper_claims import claim_\n" + lemma("mine.h", "claim_", "return have(claim_)"),
    )
    assert {p.name for p in files._HELPERS} >= {"helper_claims.py"}
    assert results(["mine.h"])["mine.h"].ok


def test_two_files_of_which_one_imports_the_other(tmp_path: Path) -> None:
    (tmp_path / "mine_a.py").write_text(HEAD + GOOD)
    (tmp_path / "mine_b.py").write_text(
        HEAD
        + "import mine_a\n"
        + lemma("mine.b", "y**2 >= 0", 'return proof.use("mine.good", x=y)')
    )
    for name in ("mine_b.py", "mine_a.py"):
        load_file(tmp_path / name)
    assert results(["mine.good", "mine.b"])["mine.b"].uses == ("mine.good",)


def test_a_file_named_like_a_module_hides_nothing(tmp_path: Path) -> None:
    theory(tmp_path, GOOD, "token.py")
    assert "gradgap" not in (sys.modules["token"].__file__ or "") and library.theorem("mine.good")
    assert results(["mine.good"])["mine.good"].ok


def test_loading_twice_is_loading_once(tmp_path: Path) -> None:
    assert theory(tmp_path, GOOD) == load_file(tmp_path / "mine.py")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("x = (", "never closed \\(mine.py, line 1\\)"),
        ("\n\n1/0", "ZeroDivisionError: division by zero \\(mine.py, line 3\\)"),
        ("import no_such_module", "No module named 'no_such_module' \\(mine.py, line 1\\)"),
        ("raise SystemExit", "SystemExit \\(mine.py, line 1\\)"),
        ("x = 1", "states nothing"),
        ("a\0b", "mine.py, line 1"),
        ("(" * 5000, "mine.py"),
        (HEAD + "x < y < 1", "no truth value.*line 6"),
        (HEAD + GOOD.replace("mine.good", "gap.norm"), "already a statement.*mine.py, line"),
        (HEAD + GOOD.replace("x**2 >= 0", "x(1) >= 0"), "the kernel refuses.*mine.py, line"),
    ],
)
def test_a_file_that_cannot_be_loaded(text: str, said: str, tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text(text)
    with pytest.raises(LibraryError, match=said) as caught:
        load_file(tmp_path / "mine.py")
    assert "\n" not in str(caught.value)


def test_a_file_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(LibraryError, match="cannot read .*No such file"):
        load_file(tmp_path / "absent.py")
    with pytest.raises(LibraryError, match="cannot read .*directory"):
        load_file(tmp_path)
    (tmp_path / "mine.py").write_bytes(b"x = '\xff'")
    with pytest.raises(LibraryError, match="mine.py"):
        load_file(tmp_path / "mine.py")


# Details ------------------------------------------------------------------------------------------


def statement(
    conclusion: Term, *hypotheses: Term, kind: Any = "lemma", id: str = "a.b"
) -> Statement:
    return Statement(id, kind, "T", "paper", hypotheses, conclusion, lambda proof: proof.given[0])


def test_the_digest_of_a_claim_covers_all_it_says() -> None:
    from derivations.kernel.terms import Definition, lam, nat

    x, n = real("x"), nat("x")
    one, two = (Definition("d", lam(x, x + i)) for i in (1, 2))
    said = [
        statement(x >= 0),
        statement(n >= 0),
        statement(x > 0),
        statement(x >= 0, x >= 1),
        statement(x >= 1, x >= 0),
        statement(x >= 0, kind="theorem"),
        statement(x >= 0, id="a.c"),
        statement(eq(one(x), x)),
        statement(eq(two(x), x)),
    ]
    assert len({verify.claim_digest(s) for s in said}) == len(said)
    assert verify.claim_digest(statement(x >= 0)) == verify.claim_digest(said[0])


def test_reasons_are_one_short_line() -> None:
    long = ProofError("a\nb " + "c" * 1000, real("x") >= 0)
    reason, goal = explain(statement(real("x") >= 0), long)
    assert len(reason) == 400 and "\n" not in reason and goal == "x >= 0"
    deep = num(0)
    for _ in range(5000):
        deep = app("neg", deep)
    _, goal = explain(statement(real("x") >= 0), ProofError("no", deep))
    assert goal
