"""The stored notebooks: executed in order, clean, and showing what the library proves now.

What the other cells print is compared by nbval, which executes them:
``pytest --nbval --nbval-current-env --nbval-sanitize-with notebooks/sanitize.cfg notebooks``.
"""

from __future__ import annotations

import base64
import copy
import io
import json
import re
from pathlib import Path
from typing import Any

import pytest

from derivations.library import statements, theorem
from derivations.render.notebook import proof_markdown, statement_markdown

nbformat = pytest.importorskip("nbformat")

FOLDER = Path(__file__).parents[1] / "notebooks"
REMEDY = "execute it: jupyter nbconvert --config notebooks/nbconvert_config.py notebooks/*.ipynb"
NAMES = ("01_gradient_gap", "02_trajectory_threshold", "05_length_normalisation", "06_stagnation")
SECTIONS = sorted({s.section for s in statements()})

# What only one machine, or only one run, would show.
_FOREIGN = re.compile(
    r"/(?:home|root|tmp|work|usr|opt|var|Users)/|[A-Z]:\\\\|site-packages|\.venv"
    r"|0x[0-9a-f]{6,}|ipykernel|\d{4}-\d\d-\d\dT\d\d:"
)
_ID = rf"(?:{'|'.join(map(re.escape, SECTIONS))})\.[a-z]+(?:-[a-z]+)*"


@pytest.fixture(params=NAMES)
def notebook(request: pytest.FixtureRequest) -> Any:
    return nbformat.read(FOLDER / f"{request.param}.ipynb", as_version=4)


def code_cells(notebook: Any) -> list[Any]:
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def outputs(notebook: Any) -> list[Any]:
    return [output for cell in code_cells(notebook) for output in cell.outputs]


def shown(notebook: Any, kind: str) -> list[str]:
    """The outputs of one MIME type."""
    return [o.data[kind] for o in outputs(notebook) if kind in o.get("data", {})]


def named(notebook: Any) -> set[str]:
    """The ids of statements in the text (between backticks) and in the code (between quotes)."""
    text = "\n".join(cell.source for cell in notebook.cells)
    return set(re.findall(rf"[`\"]({_ID})[`\"]", text))


def foreign(notebook: Any) -> list[str]:
    """What the sources and outputs contain of one machine or one run; pictures apart."""
    bare = copy.deepcopy(notebook)
    for output in outputs(bare):
        output.get("data", {}).pop("image/png", None)
    return _FOREIGN.findall(json.dumps(bare))


def displayed(text: str) -> tuple[str, bool]:
    """The id of the statement that a display is about, and whether it shows the proof."""
    found = re.search(r"(<i>Proof</i> of )?<code>([^<]+)</code>", text)
    assert found is not None, text
    return found[2], found[1] is not None


def stale(notebook: Any) -> list[str]:
    """The ids of the library whose display is not what the library shows now."""
    known = {s.id for s in statements()}
    result = []
    for text in shown(notebook, "text/markdown"):
        id, proof = displayed(text)
        current = proof_markdown if proof else statement_markdown
        if id in known and text != current(theorem(id).proof if proof else theorem(id)):
            result.append(id)
    return result


def test_every_notebook_is_tested() -> None:
    """Those in the folder are those named here."""
    assert {path.stem for path in FOLDER.glob("*.ipynb")} == set(NAMES)


def test_executed_in_order(notebook: Any) -> None:
    """From the first cell to the last, once each, without an error or a warning."""
    counts = [cell.execution_count for cell in code_cells(notebook)]
    assert counts == list(range(1, len(counts) + 1)), REMEDY
    kinds = {(o.output_type, o.get("name")) for o in outputs(notebook)}
    assert kinds <= {("execute_result", None), ("display_data", None), ("stream", "stdout")}


def test_every_expression_shows_something(notebook: Any) -> None:
    """A cell that ends in a statement has its display."""
    for cell in code_cells(notebook):
        asked = re.fullmatch(r'dv\.theorem\("([^"]+)"\)', cell.source)
        if asked:
            assert len(cell.outputs) == 1, REMEDY
            assert displayed(cell.outputs[0].data["text/markdown"]) == (asked[1], False), REMEDY


def test_nothing_of_one_machine(notebook: Any) -> None:
    """No path, address, process or time of execution."""
    assert foreign(notebook) == [], REMEDY


@pytest.mark.parametrize(
    "text",
    ["/home/reader/a.py", "/tmp/x", "C:\\\\Users", "<function f at 0x7fe8961a6160>", "ipykernel_3"],
)
def test_something_of_one_machine_is_found(notebook: Any, text: str) -> None:
    """The test before this one can fail."""
    outputs(notebook)[0].data["text/plain"] = text
    assert foreign(notebook) != []


def test_metadata(notebook: Any) -> None:
    """The kernel by its generic name, and nothing about the run."""
    assert notebook.metadata == {
        "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
        "language_info": {"name": "python"},
    }, REMEDY
    assert all(cell.metadata == {} for cell in notebook.cells), REMEDY
    nbformat.validate(notebook)


def test_ids_exist(notebook: Any) -> None:
    """Every statement that is mentioned is in the library."""
    known = {s.id for s in statements()}
    assert len(named(notebook)) >= 10
    assert named(notebook) <= known


def test_ids_that_do_not_exist_are_found(notebook: Any) -> None:
    """The test before this one can fail."""
    notebook.cells[0].source += "\nSee `gap.no-such-lemma`."
    assert "gap.no-such-lemma" in named(notebook)


def test_displays_are_current(notebook: Any) -> None:
    """Statements and proofs are shown, and as the library shows them now."""
    kinds = {displayed(text)[1] for text in shown(notebook, "text/markdown")}
    assert kinds == {True, False}
    assert stale(notebook) == [], REMEDY


def test_stale_display_is_found(notebook: Any) -> None:
    """The test before this one can fail: one digit, or a status, makes a display stale."""
    proved = next(
        o.data
        for o in outputs(notebook)
        if ">proved<" in o.get("data", {}).get("text/markdown", "")
    )
    id, _ = displayed(proved["text/markdown"])
    proved["text/markdown"] = proved["text/markdown"].replace(">proved<", ">failed<")
    assert stale(notebook) == [id]


def test_displays_have_mathematics(notebook: Any) -> None:
    """Statements as Markdown, terms and theorems as LaTeX; HTML would not be typeset anywhere."""
    assert all("$$\n" in text for text in shown(notebook, "text/markdown") if "<li>" not in text)
    assert shown(notebook, "text/html") == []
    assert all(text.startswith("$") for text in shown(notebook, "text/latex"))
    assert len(shown(notebook, "text/latex")) >= 1


def test_readers_statements(notebook: Any) -> None:
    """The reader proves a statement of their own, and one that is false fails."""
    plain = [text for text in shown(notebook, "text/plain") if " reader." in text]
    assert any(text.endswith(": proved") for text in plain)
    assert any(text.endswith(": failed") for text in plain)


def test_certificates_are_replayed(notebook: Any) -> None:
    """Whatever the notebook verifies holds."""
    printed = "".join(o.text for o in outputs(notebook) if o.output_type == "stream")
    verdicts = re.findall(r"verified: +(\w+)", printed)
    assert verdicts
    assert set(verdicts) == {"True"}


def test_prover_refutes(notebook: Any) -> None:
    """The prover both proves and refutes, with a counterexample."""
    plain = shown(notebook, "text/plain")
    assert "proved" in plain
    assert any(re.fullmatch(r"refuted at \w+ = -?\d.*", text) for text in plain)


def test_figures(notebook: Any) -> None:
    """Every figure is stored, has the size that matplotlib printed for it, and is not blank."""
    image = pytest.importorskip("matplotlib.image")
    figures = [o.data for o in outputs(notebook) if "image/png" in o.get("data", {})]
    assert len(figures) == sum("plt.show()" in cell.source for cell in code_cells(notebook)) >= 1
    for data in figures:
        picture = image.imread(io.BytesIO(base64.b64decode(data["image/png"])))
        size = re.fullmatch(r"<Figure size (\d+)x(\d+) with \d+ Axes>", data["text/plain"])
        assert size is not None
        assert abs(picture.shape[1] - int(size[1])) <= 20
        assert abs(picture.shape[0] - int(size[2])) <= 20
        assert picture[..., :3].std() > 0.05
