"""What the kernel says of itself."""

from __future__ import annotations

import ast
import re
import sys
from pathlib import Path

import pytest

from derivations import kernel

FOLDER = Path(kernel.__file__).parent
README = Path(__file__).parents[2] / "README.md"
MODULES = sorted(FOLDER.glob("*.py"))
trees = pytest.mark.parametrize(
    "tree", [ast.parse(m.read_text()) for m in MODULES], ids=[m.stem for m in MODULES]
)


@pytest.mark.parametrize("text", [kernel.__doc__, README.read_text()], ids=["kernel", "README"])
def test_it_says_how_many_lines_it_has(text: str) -> None:
    lines = sum(len(m.read_text().splitlines()) for m in MODULES)
    assert [int(n) for n in re.findall(r"(\d+) lines", text)] == [lines]


@trees
def test_checks_survive_optimisation(tree: ast.Module) -> None:
    assert not any(isinstance(node, ast.Assert) for node in ast.walk(tree))


@trees
def test_it_imports_nothing_of_the_project(tree: ast.Module) -> None:
    names = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom):
            assert not node.level
            names.add(node.module)
        elif isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
    for name in names:
        assert name.startswith("derivations.kernel.") or name.split(".")[0] in (
            sys.stdlib_module_names | {"flint"}
        )


@trees
def test_it_has_no_floats(tree: ast.Module) -> None:
    for node in ast.walk(tree):
        assert not (isinstance(node, ast.Constant) and isinstance(node.value, float))
        assert not (isinstance(node, ast.Name) and node.id == "float")
