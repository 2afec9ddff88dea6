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


MEASURED = """
import numpy as np
from sim.metrics import metric, shared
from sim.policies.policy import policy
@shared
def rich(consumption: np.ndarray) -> np.ndarray:
    "Who lives above two lines."
    return consumption > 2.0
@metric("rich", unit="%", better="higher")
def rich_share(rich: np.ndarray, persons: np.ndarray) -> float:
    "Persons above two lines, %."
    return 100.0 * float(persons[rich].sum() / persons.sum())
rich(1)
rich_share(rich(np.ones(2)), "two")
@policy(
    label="X1 works", label_id="X1", decides="all", flows="works", targets="all", level="all", loses_when="never",
    levers=["works_money"],
)
def works(budget: float) -> dict[str, object]:
    "All of it on works."
    return {"works_money": budget}
works("much")
@metric("rich", unit="%", better="higher")
def told(rich: np.ndarray) -> list[str]:
    "No number."
    return []
"""


def test_what_is_declared_as_a_metric_or_a_policy_keeps_its_type(tmp_path):
    (tmp_path / "mine.py").write_text(MEASURED)
    command = [TOOLS / "mypy", tmp_path / "mine.py"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    lines = MEASURED.splitlines()
    bad = ("rich(1)", 'rich_share(rich(np.ones(2)), "two")', 'works("much")')
    wrong = [lines.index(line) + 1 for line in bad]
    told = [line.split(":")[1:3] for line in done.stdout.splitlines() if ": error: " in line]
    assert [(int(number), kind.strip()) for number, kind in told[:3]] == [(one, "error") for one in wrong], done.stdout
    assert len(told) == 4 and "list[str]" in done.stdout


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
