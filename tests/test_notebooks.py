"""The notebooks: executed as a reader would, and what stands in them is what comes out."""

from __future__ import annotations

import ast
import os
import re
from pathlib import Path
from types import ModuleType

import nbformat
import pytest
from nbclient import NotebookClient

ROOT = Path(__file__).parents[1]
BOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
README = (ROOT / "README.md").read_text()


def shown(book):
    """What the code cells show, as plain text."""
    outputs = [output for cell in book.cells if cell.cell_type == "code" for output in cell.outputs]
    return [output.get("text") or output["data"]["text/plain"] for output in outputs if output.output_type != "error"]


@pytest.mark.parametrize("path", BOOKS, ids=lambda path: path.stem)
def test_a_notebook_is_committed_with_what_it_shows(path):
    book = nbformat.read(path, 4)
    nbformat.validate(book)
    code = [cell for cell in book.cells if cell.cell_type == "code"]
    assert [cell.execution_count for cell in code] == [*range(1, len(code) + 1)]
    assert all(output.output_type in ("execute_result", "display_data", "stream") for c in code for output in c.outputs)
    assert not re.search(r"/(home|root|work|tmp)/", "".join(shown(book)))


@pytest.mark.parametrize("path", BOOKS, ids=lambda path: path.stem)
def test_a_notebook_finds_what_it_imports(path):
    """Without running it: whatever it takes from the project is there under that name."""
    cells = [cell.source for cell in nbformat.read(path, 4).cells if cell.cell_type == "code"]
    nodes = [node for cell in cells for node in ast.walk(ast.parse(cell))]
    found: dict[str, object] = {}
    for node in nodes:
        if isinstance(node, ast.Import | ast.ImportFrom):
            exec(compile(ast.Module([node], []), path.name, "exec"), found)
    for node in nodes:
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            of = found.get(node.value.id)
            assert not isinstance(of, ModuleType) or hasattr(of, node.attr), ast.unparse(node)


@pytest.mark.full
@pytest.mark.parametrize("path", BOOKS, ids=lambda path: path.stem)
def test_a_notebook_shows_what_comes_out(path, renew, monkeypatch, tmp_path):
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")]))
    monkeypatch.setenv("PYTHONWARNINGS", "ignore:IProgress not found")  # of a bar that no kernel without a page has
    book = nbformat.read(path, 4)
    before = shown(book)
    NotebookClient(book, timeout=600, resources={"metadata": {"path": tmp_path}}, record_timing=False).execute()
    if renew:
        nbformat.write(book, path)
    else:
        assert shown(book) == before


def test_the_notebook_has_the_example_of_the_readme():
    code = re.search(r"<!-- policy -->\n```python\n(.*?)```", README, re.DOTALL)[1]
    book = nbformat.read(ROOT / "notebooks" / "own_policy.ipynb", 4)
    assert any(code.rstrip() in cell.source for cell in book.cells)
