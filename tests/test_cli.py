"""The command line: answers, exit codes, one line for what is wrong, and never a traceback."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from derivations import cache, checker, cli, verify
from derivations.cache import PACKAGE
from derivations.cli import run
from derivations.cli.options import claim_language
from derivations.kernel.certificate import replay
from derivations.search.claims import _COMPARISONS, FUNCTIONS

LEMMA = """
from derivations.kernel.terms import real
from derivations.library import state
x = real("x")
print("noise")

@state("lemma", "own.square", "A square", provenance="extension", claim=x**2 >= 0,
       words="Squares are not negative: \\u00e9.")
def square(proof):
    print("more noise")
    return proof.have(x**2 >= 0, why="a square")
"""
FAILING = """
@state("lemma", "own.wrong", "Wrong", provenance="extension", claim=x**2 >= 1)
def wrong(proof):
    return proof.have(x**2 >= 1, why="hope")
"""
SOURCES = cache.fingerprint()
# Short pauses: Python may miss a signal that comes just before a long one.
WAIT = "import time; print('ready', flush=True)\n{}while True: time.sleep(0.02)\n"
STEP = "eta*D - kappa*eta**2/2 >= eta*D/2"
POSITIVE = ["--given", "eta > 0", "--given", "kappa > 0"]


@pytest.fixture(autouse=True, scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """One cache for all the tests of this module, and none of the user's."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GRADGAP_CACHE", str(tmp_path_factory.mktemp("cache")))
        # pytest imported the package before anyone could look at its sources.
        patch.setattr(cache, "at_start", lambda: SOURCES)
        yield


pytestmark = pytest.mark.usefixtures("clean")


def ask(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    """The exit code, standard output and standard error of a command."""
    code = run(list(arguments))
    out, err = capsys.readouterr()
    assert "Traceback" not in out + err
    return code, out, err


def ask_json(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, Any]:
    code, out, _ = ask(capsys, *arguments, "--json")
    return code, json.loads(out)


def shell(*arguments: str, **options: Any) -> subprocess.CompletedProcess[str]:
    """The command in a process of its own."""
    return subprocess.run(
        [sys.executable, "-m", "derivations", *arguments],
        capture_output=True, text=True, cwd=PACKAGE.parent, timeout=120, check=False, **options,
    )  # fmt: skip


@pytest.fixture
def own(tmp_path: Path) -> str:
    file = tmp_path / "own_theory.py"
    file.write_text(LEMMA)
    return str(file)


# verify ------------------------------------------------------------------------------------------


def test_the_whole_library_is_proved() -> None:
    started = time.perf_counter()
    done = shell("verify", "--json")
    cold = time.perf_counter() - started
    code, found = done.returncode, json.loads(done.stdout)
    assert done.stderr == ""
    assert [s["id"] for s in found["statements"] if s["verdict"] == "failed"] == []
    assert code == 0 and found["ok"] is True
    for statement in found["statements"]:
        assert statement["oracles"] == statement["cited"] == []
        kind = statement["kind"]
        wanted = kind if kind in ("definition", "assumption") else "proved"
        assert statement["verdict"] == wanted
    # A second time nothing is left to do.
    started = time.perf_counter()
    done = shell("verify", "--json")
    assert time.perf_counter() - started < cold / 4
    again = json.loads(done.stdout)
    assert done.returncode == 0 and all(s["cached"] for s in again["statements"])
    assert [s["rules"] for s in again["statements"]] == [s["rules"] for s in found["statements"]]


def test_verify_prints_a_table(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = ask(capsys, "verify", "gap.norm", "gap.progress")
    assert code == 0 and err == ""
    assert all(word in out for word in ("gap.norm", "proved", "lemma", "definition", "extension"))
    assert out.rstrip().splitlines()[-1].startswith("2 statements: 1 proved, 1 definition; cited")


def test_verify_fresh_proves_again(capsys: pytest.CaptureFixture[str]) -> None:
    for _ in range(2):
        code, found = ask_json(capsys, "verify", "gap.progress", "--fresh")
        assert code == 0 and not found["statements"][0]["cached"]


def test_verify_a_users_file(capsys: pytest.CaptureFixture[str], own: str) -> None:
    code, found = ask_json(capsys, "verify", "own.square", "--file", own)
    assert code == 0 and found["statements"][0]["verdict"] == "proved"
    other = str(Path(own).with_name("own_other.py"))
    Path(other).write_text(LEMMA.replace("own.", "other.") + FAILING)
    code, out, _ = ask(capsys, "verify", "own.wrong", "own.square", "--file", own, "--file", other)
    assert code == 1 and "own.wrong failed: cannot prove" in out and "1 proved, 1 failed" in out


def test_a_verdict_that_is_only_unknown(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checker, "_BOOT", "import time; time.sleep(9)")
    monkeypatch.setattr(verify.verify, "__kwdefaults__", {
        **(verify.verify.__kwdefaults__ or {}), "limit": 0.2,
    })  # fmt: skip
    code, found = ask_json(capsys, "verify", "gap.progress", "--fresh")
    assert code == 2 and found["ok"] is False
    assert found["statements"][0]["verdict"] == "unknown"


# list and show -----------------------------------------------------------------------------------


def test_list_json_knows_the_graph(capsys: pytest.CaptureFixture[str], own: str) -> None:
    code, listed = ask_json(capsys, "list", "--file", own)
    fields = {"id", "kind", "title", "section", "provenance", "uses", "used_by"}
    assert code == 0 and all(set(s) == fields for s in listed)
    by_id = {s["id"]: s for s in listed}
    assert by_id["own.square"]["section"] == "own"
    assert "gap.policy-gradient" in by_id["gap.score-identity"]["used_by"]
    for id, statement in by_id.items():
        assert all(id in by_id[u]["used_by"] for u in statement["uses"])


def test_list_of_a_section(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = ask(capsys, "list", "--section", "gap")
    assert code == 0 and "gap.norm" in out and "trajectory." not in out
    _, listed = ask_json(capsys, "list", "--section", "gap")
    assert {s["section"] for s in listed} == {"gap"}


def test_list_tells_what_it_cannot_know(capsys: pytest.CaptureFixture[str], own: str) -> None:
    Path(own).write_text(LEMMA + FAILING)
    code, out, err = ask(capsys, "list", "--json", "--file", own)
    assert code == 0 and "own.wrong uses is not known" in err
    assert [s["uses"] for s in json.loads(out) if s["id"] == "own.wrong"] == [[]]


def test_show(capsys: pytest.CaptureFixture[str], own: str) -> None:
    code, out, _ = ask(capsys, "show", "gap.score-identity")
    assert code == 0
    for word in ("Given", "Claim", "Proof", "1. ", "Rests on", "oracles: none", "Used by"):
        assert word in out
    assert "setting.mean-score" in out and "gap.policy-gradient" in out
    code, out, _ = ask(capsys, "show", "own.square", "--file", own)
    assert code == 0 and "[a square]" in out and "noise" not in out and "é" in out


def test_show_a_failing_statement(capsys: pytest.CaptureFixture[str], own: str) -> None:
    Path(own).write_text(LEMMA + FAILING)
    code, out, _ = ask(capsys, "show", "own.wrong", "--file", own)
    assert code == 1 and "failed: cannot prove" in out and "left to show: x**2 >= 1" in out


# prove and derive --------------------------------------------------------------------------------


def test_prove(capsys: pytest.CaptureFixture[str]) -> None:
    code, answer = ask_json(capsys, "prove", STEP, *POSITIVE, "--given", "eta <= D/kappa")
    assert code == 0 and answer["verdict"] == "proved" and answer["certificate"]
    contract = {"verdict", "claim", "given", "method", "certificate", "counterexample", "seconds"}
    assert contract | {"reason"} <= set(answer)
    code, out, _ = ask(capsys, "prove", "-x**2 <= 0")
    assert code == 0 and out.startswith("proved: -x**2 <= 0")


def test_refuted(capsys: pytest.CaptureFixture[str]) -> None:
    code, answer = ask_json(capsys, "prove", STEP, *POSITIVE, "--given", "eta <= 2*D/kappa")
    assert code == 1 and answer["verdict"] == "refuted" and answer["counterexample"]
    code, out, _ = ask(capsys, "prove", "x >= 1", "--given", "-x <= 0")
    assert code == 1 and "counterexample: x = " in out


def test_unknown(capsys: pytest.CaptureFixture[str]) -> None:
    claim = "a/sqrt(a**2 + 8*b*c) + b/sqrt(b**2 + 8*c*a) + c/sqrt(c**2 + 8*a*b) >= 1"
    positive = ("--given", "a > 0", "--given", "b > 0", "--given", "c > 0")
    code, answer = ask_json(capsys, "prove", claim, *positive, "--timeout", "1")
    assert code == 2 and answer["verdict"] == "unknown" and answer["reason"]


def test_refute(capsys: pytest.CaptureFixture[str]) -> None:
    code, answer = ask_json(capsys, "refute", "log(1+x) <= 0.999999*x", "--given", "x > 0")
    assert code == 1 and answer["verdict"] == "refuted" and answer["counterexample"].keys() == {"x"}
    code, answer = ask_json(capsys, "refute", "x**2 >= 0", "--timeout", "1")
    assert code == 2 and answer["verdict"] == "unknown" and answer["certificate"] is None


def test_certify(capsys: pytest.CaptureFixture[str]) -> None:
    box = ("--given", "0.01 <= J <= 0.99")
    code, answer = ask_json(capsys, "certify", "log(1/(1-J)) >= J", *box, "--bits", "256")
    assert code == 0 and answer["verdict"] == "proved" and "256 bits" in answer["method"]
    assert "claim" in replay(answer["certificate"])
    # Not proved where it fails, where there is no margin, and where there is no box.
    for claim, given_ in (
        ("log(1/(1-J)) >= 1.01*J", box),
        ("exp(J) >= 1 + J", ("--given", "0 <= J <= 1")),
        ("exp(J) > 0", ()),
    ):
        code, answer = ask_json(capsys, "certify", claim, *given_, "--timeout", "2")
        assert code != 0 and answer["verdict"] != "proved"


def test_derive(capsys: pytest.CaptureFixture[str]) -> None:
    claim = "eta*D - K*eta**2/2"
    given = ["--given", "D > 0", "--given", "K > 0"]
    code, found = ask_json(capsys, "derive", f"{claim} >= eta*D/2", "--largest", "eta", *given)
    assert code == 0 and found["verdict"] == "proved" and found["value"] == "D/K"
    code, out, _ = ask(capsys, "derive", f"{claim} >= eta*D/2", "--largest", "eta", *given)
    assert code == 0 and "eta in (0, D/K]" in out and "it fails beyond" in out
    code, out, _ = ask(capsys, "derive", claim, "--best", "eta", *given)
    assert code == 0 and out.startswith("eta = D/K, where it is D**2/(2*K)")
    code, found = ask_json(capsys, "derive", "eta > 0", "--largest", "eta")
    assert code == 2 and found["verdict"] == "unknown" and found["reason"]
    code, out, _ = ask(capsys, "derive", "eta > 0", "--largest", "eta")
    assert code == 2 and "no closed form" in out


# latex -------------------------------------------------------------------------------------------


def test_latex(capsys: pytest.CaptureFixture[str], tmp_path: Path, own: str) -> None:
    code, out, _ = ask(capsys, "latex", "gap.norm", "--snippet")
    assert code == 0 and "\\begin{lemma}" in out and "\\documentclass" not in out
    code, out, _ = ask(capsys, "latex", "gap.progress")
    assert code == 0 and out.startswith("\\documentclass")
    file = tmp_path / "a.tex"
    code, out, _ = ask(capsys, "latex", "own.square", "--proof", "-o", str(file), "--file", own)
    assert code == 0 and out == "" and "\\begin{proof}" in file.read_text(encoding="utf-8")
    other = str(Path(own).with_name("own_other.py"))
    Path(other).write_text(LEMMA.replace("own.", "other.") + FAILING)
    code, out, err = ask(capsys, "latex", "own.wrong", "--proof", "--file", other)
    assert code == 1 and out == "" and "own.wrong has no proof to print" in err


# What is wrong is said in one line ---------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["verify", "gap.nrom"], "no statement is called 'gap.nrom'; nearest: gap.norm"),
        (["verify", "gap.norm", ""], "no statement is called ''"),
        (["show", "\udcff\0\n"], "no statement is called"),
        (["latex", "Gap.Norm"], "nearest:"),
        (["list", "--section", "gaps"], "no section is called 'gaps'; there are"),
        (["verify", "--file", "/no/such/file.py"], "cannot read /no/such/file.py: No such file"),
        (["verify", "--file", "/"], "cannot read /"),
        (["latex", "gap.norm", "-o", "/no/such/folder/x.tex"], "cannot write /no/such/folder"),
        (["latex", "gap.norm", "-o", ""], "cannot write"),
        (["frobnicate"], "No such command 'frobnicate'"),
        (["verify", "--frobnicate"], "No such option '--frobnicate'"),
        (["--frobnicate"], "No such option '--frobnicate'"),
        (["show"], "Missing argument 'ID'"),
        (["prove"], "a claim is missing"),
        (["prove", "--jsn", "x > 0"], "No such option '--jsn'"),
        (["prove", "x > 0", "y > 0"], "give one claim"),
        (["prove", "x > 0", "--given"], "requires an argument"),
        (["prove", "x > 0", "--timeout", "nan"], "a positive number of seconds"),
        (["prove", "x > 0", "--timeout", "-1"], "a positive number of seconds"),
        (["prove", "x > 0", "--timeout", "soon"], "not a valid float"),
        (["prove", ""], "the claim is empty"),
        (["prove", " \n "], "the claim is empty"),
        (["prove", "x"], "a claim needs a relation"),
        (["prove", "2x > 1"], "column 2"),
        (["prove", "f(x) > 1"], "unknown function 'f'"),
        (["prove", "__import__('os').system('true') > 0"], "column"),
        (["prove", "x" * 100_000 + " > 0"], "at most 10,000"),
        (["prove", "(" * 5_000 + "x > 0"], "nesting"),
        (["prove", "x > 0", "--given", "y >"], "column"),
        (["prove", "1/x > 0"], "division by x"),
        (["prove", "\udcff > 0"], "column 1"),
        (["prove", "x > \x1b[31m"], "column"),
        (["prove", STEP, *POSITIVE, "--given", "eta < 0"], "contradict each other"),
        (["derive", "x > 0"], "give either --largest NAME or --best NAME"),
        (["derive", "x > 0", "--largest", "x", "--best", "x"], "give either"),
        (["derive", "x*y > 0", "--largest", "z"], "'z' does not occur in the claim"),
        (["derive", "1 > 0", "--largest", "z"], "it has no variable"),
        (["derive", "x**2", "--largest", "x"], "a claim needs a relation"),
        (["derive", "x**2 > 1", "--best", "x"], "an expression is wanted"),
    ],
)
def test_bad_input(arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = ask(capsys, *arguments)
    first, *drawing = err.rstrip("\n").split("\n")
    assert code == 3 and out == ""
    assert first.startswith("gradgap: ") and said in first
    # Nothing follows, but the excerpt and its caret.
    assert len(drawing) in (0, 2) and all(len(line) < 100 for line in drawing)
    assert not drawing or drawing[1].strip() == "^"
    assert "\x1b" not in err


def test_bad_input_in_json_mode(capsys: pytest.CaptureFixture[str]) -> None:
    for arguments in (["verify", "nope"], ["prove", "2x > 1"], ["list", "--section", "x"]):
        code, out, err = ask(capsys, *arguments, "--json")
        assert code == 3 and out == "" and err.startswith("gradgap: ")


def test_a_file_with_an_error(capsys: pytest.CaptureFixture[str], own: str) -> None:
    Path(own).write_text("x = 1\nx = (\n")
    code, _, err = ask(capsys, "verify", "--file", own)
    assert code == 3 and "own_theory.py, line 2" in err and err.count("\n") == 1


def test_what_was_not_foreseen(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: Any, **__: Any) -> None:
        raise RuntimeError("oh\nno")

    monkeypatch.setattr(verify, "verify", broken)
    code, _, err = ask(capsys, "verify")
    assert code == 3 and "internal error: RuntimeError: oh no" in err and err.count("\n") == 1
    monkeypatch.setenv("GRADGAP_DEBUG", "1")
    with pytest.raises(RuntimeError):
        run(["verify"])


def test_help(capsys: pytest.CaptureFixture[str]) -> None:
    for arguments in ([], ["--help"], ["verify", "--help"], ["prove", "-h"]):
        code, out, err = ask(capsys, *arguments)
        assert code == 0 and "Usage: gradgap" in out and err == ""


# In a process of its own --------------------------------------------------------------------------


@pytest.mark.parametrize("command", ["prove", "refute", "certify", "derive"])
def test_help_names_everything_that_a_claim_may_use(
    command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run([command, "--help"]) == 0
    said = " ".join(capsys.readouterr().out.split())
    assert claim_language in said
    words = claim_language.replace(",", " ").replace("(", " ").split()
    assert {*FUNCTIONS, "pi", *_COMPARISONS} <= set(words)


def test_help_is_quick_and_imports_nothing_heavy() -> None:
    script = (
        "import sys; from derivations.cli import run; code = run(['--help']); "
        "heavy = {'sympy', 'flint', 'rich', 'scipy', 'numpy', 'derivations.library'}; "
        "assert not heavy & set(sys.modules), heavy & set(sys.modules); sys.exit(code)"
    )
    times = []
    for _ in range(3):
        started = time.perf_counter()
        done = subprocess.run([sys.executable, "-c", script], capture_output=True, check=False,
                              cwd=PACKAGE.parent)  # fmt: skip
        times.append(time.perf_counter() - started)
        assert done.returncode == 0, done.stderr
    assert min(times) < 0.4


def test_a_terminal_without_unicode(own: str) -> None:
    environment = {**os.environ, "PYTHONIOENCODING": "ascii"}
    done = shell("show", "own.square", "--file", own, env=environment)
    assert done.returncode == 0 and "\\xe9" in done.stdout and done.stderr.count("noise") >= 1
    done = shell("list", env=environment)
    assert done.returncode == 0 and done.stdout.isascii() and "\\u" not in done.stdout


def test_a_reader_that_goes_away() -> None:
    for command in ("list", "list --json", "--help", "latex gap.norm"):
        line = f"{sys.executable} -m derivations {command} | true"
        done = subprocess.run(["bash", "-c", line], capture_output=True, text=True, check=False,
                              cwd=PACKAGE.parent)  # fmt: skip
        assert done.stderr == ""


def interrupted(*arguments: str) -> None:
    """Send Ctrl-C to a command once it says that it is ready."""
    process = subprocess.Popen(
        [sys.executable, "-m", "derivations", *arguments],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=PACKAGE.parent,
        # In a group of its own, so that the signal reaches its children and not the tests.
        start_new_session=True,
        # What runs in the background of a script would ignore it.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )  # fmt: skip
    assert process.stderr is not None
    while "ready" not in process.stderr.readline():
        pass
    os.killpg(process.pid, signal.SIGINT)
    _, err = process.communicate(timeout=20)
    assert process.returncode == 130 and err == "gradgap: interrupted\n"


def test_ctrl_c(tmp_path: Path) -> None:
    slow = tmp_path / "slow.py"
    slow.write_text(LEMMA + "\n" + WAIT.format(""))
    interrupted("verify", "--file", str(slow))


def test_ctrl_c_during_a_proof(tmp_path: Path) -> None:
    slow = tmp_path / "slow.py"
    slow.write_text(LEMMA.replace('print("more noise")', WAIT.format("    ")))
    interrupted("verify", "own.square", "--file", str(slow))


def test_a_terminal_gets_progress_and_colours(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True, raising=False)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.delenv("NO_COLOR", raising=False)
    code, out, err = ask(capsys, "verify", "gap.progress", "--fresh")
    assert code == 0 and "\x1b[" in out and "proving" in err


def test_main_exits_with_the_code(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as leaving:
        cli.main(["verify", "gap.progress"])
    assert leaving.value.code == 0
    with pytest.raises(SystemExit) as leaving:
        cli.main(["nope"])
    assert leaving.value.code == 3
