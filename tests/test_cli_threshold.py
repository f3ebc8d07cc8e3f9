"""``gradgap threshold``: critical steps and learning rates, read off the statements."""

from __future__ import annotations

import json
import sys
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from flint import arb
from mpmath import mp

from derivations import library, thresholds
from derivations.cli import run
from derivations.kernel.terms import le, lt, real
from derivations.thresholds import limits

pytestmark = pytest.mark.usefixtures("clean")


def ask(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    code = run(["threshold", *arguments])
    out, err = capsys.readouterr()
    assert "Traceback" not in out + err
    return code, out, err


def numbers(found: Any) -> dict[tuple[str, str], Fraction]:
    return {
        (r["statement"].removeprefix("trajectory."), r["promise"].split()[0]): Fraction(
            r["step"]["exact"]
        )
        for r in found["limits"]
        if r["step"]["exact"] is not None
    }


@pytest.mark.parametrize("J", ["1/10", "0.5", "0.9", "0.999"])
def test_exact_steps(J: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Against the formulas of the statements, written here by hand."""
    G, L, D, j = Fraction(3, 2), Fraction(1, 3), Fraction(1, 5), Fraction(J)
    code, out, err = ask(
        capsys, "--G", "1.5", "--L", "1/3", "--J", J, "--alignment", "2e-1", "--json"
    )  # fmt: skip
    assert code == 0 and err == ""
    at_success = min((L + G**2) / j, L / (1 - j))
    assert numbers(json.loads(out)) == {
        ("threshold-paper", "keeps"): D / (2 * (L + 8 * G**2)),
        ("threshold", "keeps"): D / (2 * L + G**2),
        ("threshold-success", "keeps"): D / at_success,
        ("threshold-success", "raises"): 2 * D / at_success,
        ("monotone", "raises"): 2 * D / (2 * L + G**2),
        ("one-step", "keeps"): D * (1 - j) / L,
    }


@pytest.mark.parametrize("J", ["0.1", "0.7", "1/2", "1e-30"])
def test_token_level(J: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Against the formulas of the statements, written here by hand, for J or 1 - J."""
    for rate in (Fraction(J), 1 - Fraction(J)):
        given = ("--Gp", "2", "--Lp", "1/3", "--T", "100", "--J", str(rate), "--alignment", "0.2")
        code, out, err = ask(capsys, "--level", "token", *given, "--json")
        assert code == 0 and err == ""
        found = {
            (r["statement"], r["promise"].split()[0]): Fraction(r["step"]["decimal"])
            for r in json.loads(out)["limits"]
        }
        with mp.workdps(60):
            j, D = mp.mpf(rate.numerator) / rate.denominator, mp.mpf("0.2")
            G, L, failure = 200, mp.mpf(100) / 3, 1 - j
            p = failure * mp.exp(mp.mpf("-1.5"))
            V = -mp.lambertw(-(p**2) / mp.e, -1).real
            at_success = min((L + G**2) / j, L / failure)
            wanted = {
                ("trajectory.threshold-paper, token.naive", "keeps"): D / (2 * (L + 8 * G**2)),
                ("trajectory.threshold, token.naive", "keeps"): D / (2 * L + G**2),
                ("trajectory.threshold-success, token.naive", "keeps"): D / at_success,
                ("trajectory.threshold-success, token.naive", "raises"): 2 * D / at_success,
                ("trajectory.monotone, token.naive", "raises"): 2 * D / (2 * L + G**2),
                ("token.threshold-inverse", "keeps"): D * failure / L,
                ("token.threshold", "keeps"): D / min(L / failure, (L + 400 * V) / j),
            }
            assert found.keys() == wanted.keys()
            for name, exact in wanted.items():
                said = mp.mpf(found[name].numerator) / found[name].denominator
                assert abs(said / exact - 1) < 1e-10, name


def test_the_token_level_in_words(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "plot.png"
    given = ("--level", "token", "--Gp", "1", "--Lp", "1", "--T", "64", "--plot", str(file))
    code, out, err = ask(capsys, *given, "--J", "0.9", "--algorithm", "grpo")
    assert code == 0 and err == "" and "critical learning rates" in out
    assert "token.threshold-inverse" in out and "T_max = 64" in out
    assert file.stat().st_size > 20_000
    assert "give --J" in ask(capsys, *given)[1]
    with pytest.raises(ValueError, match="no level is called 'words'; there are trajectory, token"):
        limits("words")


def test_without_a_success_rate_or_an_alignment(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = ask(capsys, "--G", "2", "--L", "1", "--json")
    found = json.loads(out)
    assert code == 0 and found["per unit of alignment"] is True
    assert set(numbers(found)) == {
        ("threshold-paper", "keeps"), ("threshold", "keeps"), ("monotone", "raises")
    }  # fmt: skip
    code, out, _ = ask(capsys, "--G", "2", "--L", "1")
    assert code == 0 and "give --J" in out and "1/66" in out and "per unit of alignment" in out


@pytest.mark.parametrize(
    "algorithm, group, c",
    [("reinforce", 1, "9/100"), ("dr-grpo", 4, "27/400"), ("grpo", 2, "9/100"), ("raft", 1, "0.1"),
     ("log-odds", 1, "1"), ("grpo-population", 1, "0.3")],
)  # fmt: skip
def test_learning_rates(
    algorithm: str, group: int, c: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """eta c(J) K <= 1, so eta = 1/(c(J) K), enclosed."""
    given = ("--G", "2", "--L", "1", "--J", "0.9", "--algorithm", algorithm, "--group", str(group))
    code, out, _ = ask(capsys, *given, "--json")
    found = json.loads(out)
    exact = Fraction(c)
    said = arb(found["coefficient"])
    assert code == 0 and abs(said - arb(exact.numerator) / exact.denominator) < 1e-15
    for row in found["limits"]:
        wanted = Fraction(row["step"]["exact"]) / exact
        ball = arb(row["rate"]["enclosure"])
        assert ball.rad() < 1e-15 and abs(ball - wanted.numerator / arb(wanted.denominator)) < 1e-12
    assert "critical learning rates for" in ask(capsys, *given)[1]


def test_formulas_are_those_of_the_statements(monkeypatch: pytest.MonkeyPatch) -> None:
    """Change what a statement says, and the threshold changes with it."""
    statement = library.theorem("trajectory.threshold")
    shown = {(m.statement, m.promise): repr(m.step) for m in limits()}
    assert shown["trajectory.threshold", "keeps half of its alignment"] == "Dmu/(2*L + G**2)"
    other = library.theorem("trajectory.threshold-paper").hypotheses[3]
    changed = library.Statement(
        statement.id, statement.kind, statement.title, statement.provenance,
        (*statement.hypotheses[:3], other), statement.conclusion, statement.proof_of,
    )  # fmt: skip
    monkeypatch.setitem(library._STATEMENTS, statement.id, changed)
    assert [repr(m.step) for m in limits()][1] == "Dmu/(2*(L + 8*G**2))"
    unlimited = library.Statement(
        statement.id, statement.kind, statement.title, statement.provenance,
        statement.hypotheses[:3], statement.conclusion, statement.proof_of,
    )  # fmt: skip
    monkeypatch.setitem(library._STATEMENTS, statement.id, unlimited)
    with pytest.raises(library.LibraryError, match="no longer limits the step"):
        limits()


def test_only_limits_on_the_step_are_read() -> None:
    eta, x, D, G = (real(name) for name in ("eta", "x", "Dmu", "G"))
    level = thresholds.LEVELS["trajectory"]
    assert list(thresholds._stated(le(eta, D / G), level)) == [("<=", D / G)]
    assert list(thresholds._stated(lt(eta, D / G), level)) == [("<", D / G)]
    for other in (le(x, D / G), le(eta, D), le(eta, x / G), le(eta, D / x), le(D / G, eta)):
        assert list(thresholds._stated(other, level)) == []


def test_latex_of_the_formula(capsys: pytest.CaptureFixture[str]) -> None:
    found = json.loads(ask(capsys, "--G", "2", "--L", "1", "--json")[1])
    latex = [r["step"]["latex"] for r in found["limits"]]
    assert latex[1] == r"\frac{\Delta\mu}{2 L + G^{2}}"
    assert all(text.count("{") == text.count("}") for text in latex)


@pytest.mark.parametrize(
    "extra", [(), ("--alignment", "0.1"), ("--J", "0.5", "--algorithm", "grpo", "--group", "4")]
)
def test_plot(extra: tuple[str, ...], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "plot.png"
    code, out, err = ask(capsys, "--G", "2", "--L", "1", "--plot", str(file), *extra)
    assert code == 0 and err == "" and "trajectory.threshold" in out
    assert file.read_bytes()[:4] == b"\x89PNG" and file.stat().st_size > 20_000


def test_the_suffix_is_the_format(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "plot.pdf"
    assert ask(capsys, "--G", "2", "--L", "1", "--plot", str(file))[0] == 0
    assert file.read_bytes()[:5] == b"%PDF-"


@pytest.mark.parametrize(
    "arguments, said",
    [
        (("--L", "1"), "--level trajectory needs --G"),
        (("--level", "token", "--Gp", "1", "--Lp", "1"), "--level token needs --T"),
        (("--level", "token", "--Gp", "1", "--Lp", "1", "--T", "0.5"), "number of tokens"),
        (("--level", "token", "--Gp", "1", "--Lp", "0", "--T", "5"), "--Lp must be positive"),
        (("--G", "1", "--L", "1", "--T", "5"), "--T is no constant of --level trajectory"),
        (("--G", "x", "--L", "1"), "'x' is not a number such as 3, 0.25, 1/3 or 1e-9"),
        (("--G", "1/0", "--L", "1"), "is not a number"),
        (("--G", "1e999999999", "--L", "1"), "is not a number"),
        (("--G", "nan", "--L", "1"), "is not a number"),
        (("--G", "1", "--L", "0"), "--L must be positive"),
        (("--G", "-1", "--L", "1"), "--G bounds a length"),
        (("--G", "1", "--L", "1", "--J", "1"), "between 0 and 1"),
        (("--G", "1", "--L", "1", "--alignment", "0"), "--alignment must be positive"),
        (("--G", "1", "--L", "1", "--algorithm", "grpo"), "--algorithm needs --J"),
        (("--G", "1", "--L", "1", "--J", "0.5", "--algorithm", "x"), "there are reinforce, rloo"),
        (("--G", "1", "--L", "1", "--J", "0.5", "--algorithm", "rloo", "--group", "1"),
         "rloo needs groups of 2 or more"),
        (("--G", "1", "--L", "1", "--plot", "/dev/null/x.png"), "cannot write /dev/null/x.png"),
        (("--G", "1", "--L", "1", "--plot", "x.nonsense"), "nonsense"),
        (("--G", "1", "--L", "1", "--level", "words"), "'words' is not one of"),
    ],
)  # fmt: skip
def test_bad_input(
    arguments: tuple[str, ...], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    code, out, err = ask(capsys, *arguments)
    assert code == 3 and out == "" and said in err and len(err.splitlines()) == 1


def test_plot_without_matplotlib(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    code, _, err = ask(capsys, "--G", "1", "--L", "1", "--plot", "x.png")
    assert code == 3 and "--plot needs matplotlib" in err


@pytest.mark.parametrize("success", [Fraction(1, 2), 1 - Fraction(1, 10**30)])
def test_coefficients_keep_their_digits(success: Fraction) -> None:
    ball = thresholds.coefficient("reinforce", 1, success)
    wanted = success * (1 - success)
    assert (
        ball.contains(arb(wanted.numerator) / wanted.denominator)
        or abs(ball * wanted.denominator / wanted.numerator - 1) < 1e-12
    )
    assert ball.rad() < ball * 1e-25
