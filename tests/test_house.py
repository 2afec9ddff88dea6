"""The house: style, types, the direction of imports, and rooms that stay small."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
TOOLS = Path(sys.executable).parent


@pytest.mark.parametrize(
    "command", [["ruff", "check", "."], ["ruff", "format", "--check", "."], ["mypy"], ["lint-imports"]], ids=" ".join
)
def test_tool_is_content(command):
    done = subprocess.run([TOOLS / command[0], *command[1:]], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def test_rooms_are_small():
    long = {p.name: n for p in (ROOT / "sim").rglob("*.py") if (n := len(p.read_text().splitlines())) > 400}
    assert not long


def test_only_the_report_draws_and_only_the_engine_compiles():
    for path in (ROOT / "sim").rglob("*.py"):
        room, text = path.relative_to(ROOT / "sim").parts[0], path.read_text()
        assert room == "report" or "import matplotlib" not in text, path
        assert room == "engine" or ("import numba" not in text and "from numba" not in text), path


def test_readme_lines_are_one_line_each():
    text = (ROOT / "README.md").read_text()
    for mark in ("<!-- run -->", "<!-- test -->"):
        block = text.split(mark)[1].split("```")[1].strip()
        assert len(block.splitlines()) == 1 and block.startswith("python3 -m venv")
