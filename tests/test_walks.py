"""Packages, and walks of people who have nothing but a package: outside the clone, in an empty folder."""

from __future__ import annotations

import os
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
WALKS = ROOT / "tests" / "walks"
LARGEST = 2.0  # MB of a wheel
READMES = "README.md", "README.id.md"
WEIGHT = 850  # MB of the package with what it stands on, as the READMEs say


@pytest.fixture(scope="module")
def dist(tmp_path_factory):
    """Wheel and sdist, built as for a release."""
    folder = tmp_path_factory.mktemp("dist")
    build = [sys.executable, "-m", "hatchling", "build", "-d", folder]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True)
    return next(folder.glob("*.whl")), next(folder.glob("*.tar.gz"))


@pytest.fixture(scope="module")
def installed(dist, tmp_path_factory):
    """The wheel alone in a folder, with the packages that it needs from this environment: what to run it with."""
    folder = tmp_path_factory.mktemp("site")
    pip = [sys.executable, "-m", "pip", "install", "-q", "--no-deps", "--no-index", "--target", folder, dist[0]]
    subprocess.run(pip, check=True, capture_output=True)
    path = os.pathsep.join([str(folder / "bin"), str(Path(sys.executable).parent), os.environ["PATH"]])
    return {**os.environ, "PYTHONPATH": str(folder), "PATH": path}


def walk(name, where, environment, *arguments):
    """Walk a script; what it printed."""
    done = subprocess.run(
        ["bash", WALKS / f"{name}.sh", *arguments], cwd=where, env=environment, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def files_of(folder):
    """Files of a folder of the clone, but for what Python leaves behind."""
    return {
        file.relative_to(ROOT).as_posix()
        for file in (ROOT / folder).rglob("*")
        if file.is_file() and "__pycache__" not in file.parts
    }


def test_the_wheel_holds_the_package_its_scenarios_and_the_description_of_the_model(dist):
    with zipfile.ZipFile(dist[0]) as wheel:
        names, size = set(wheel.namelist()), dist[0].stat().st_size / 1e6
    assert files_of("sim") <= names
    assert {f"sim/_{name}" for name in files_of("scenarios")} <= names
    assert {"sim/py.typed", "sim/ODD.md", "sim/_scenarios/data/sample_survey.csv"} <= names
    assert not [name for name in names if name.startswith(("tests", "notebooks"))]
    assert size < LARGEST
    told = f"about {size:.1f} MB", f"sekitar {size:.1f} MB".replace(".", ",")
    assert all(one in (ROOT / file).read_text() for one, file in zip(told, READMES, strict=True)), size


def test_the_source_package_holds_all_that_a_clone_does(dist):
    with tarfile.open(dist[1]) as source:
        names = {name.split("/", 1)[1] for name in source.getnames() if "/" in name}
    for folder in ("sim", "scenarios", "notebooks", "tests"):
        assert files_of(folder) <= names
    assert {"README.md", "CHANGELOG.md", "CITATION.cff", "CONTRIBUTING.md", "LICENSE", "pyproject.toml"} <= names


def test_what_is_installed_is_the_wheel_and_not_the_clone(installed, tmp_path):
    code = "import sim, sim.shipped; print(sim.__file__, sim.shipped.folder('scenarios'))"
    done = subprocess.run([sys.executable, "-c", code], env=installed, cwd=tmp_path, capture_output=True, text=True)
    assert done.stdout.count(installed["PYTHONPATH"]) == 2 and done.stdout.strip().endswith("sim/_scenarios")
    told = subprocess.run(["swadaya", "explain", "odd"], env=installed, cwd=tmp_path, capture_output=True, text=True)
    assert told.stdout == (ROOT / "sim" / "ODD.md").read_text(encoding="utf-8")


@pytest.mark.full
def test_a_policy_researcher_s_walk_and_that_of_the_reviewer_of_her_paper(installed, tmp_path):
    assert "the researcher's walk is done" in walk("researcher", tmp_path, installed)
    (tmp_path / "reviewer").mkdir()
    told = walk("reviewer", tmp_path / "reviewer", installed, tmp_path / "paper.zip")
    assert "the reviewer's walk is done" in told


@pytest.mark.full
def test_both_walks_in_an_empty_environment(dist, tmp_path):
    """As a stranger would: a new environment, the wheel, nothing else; a first look, and a published result again."""
    subprocess.run([sys.executable, "-m", "venv", tmp_path / "env"], check=True)
    tools = tmp_path / "env" / "bin"
    subprocess.run([tools / "pip", "install", "-q", f"{dist[0]}[publish]"], check=True)
    weight = sum(file.stat().st_size for file in tools.parent.rglob("*") if file.is_file() and not file.is_symlink())
    assert 0.85 < weight / 1e6 / WEIGHT < 1.15
    assert all(f"{WEIGHT} MB" in (ROOT / file).read_text() for file in READMES)
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    environment = {**kept, "PATH": os.pathsep.join([str(tools), os.environ["PATH"]])}
    assert "walk is done" in walk("researcher", tmp_path, environment)
    (tmp_path / "reviewer").mkdir()
    paper = tmp_path / "paper.zip"
    assert "walk is done" in walk("reviewer", tmp_path / "reviewer", environment, paper, "poverty_traps")
    quick = ["swadaya", "run", "desa", "--quick"]
    done = subprocess.run(quick, cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert done.returncode == 0 and "report: results/desa-" in done.stdout


def test_a_scenario_or_study_that_comes_along_is_printed_as_it_is(capsys):
    from sim import __main__ as command_line

    for name, folder in (("desa", "scenarios"), ("facilitation", "scenarios/sweeps")):
        assert command_line.main(["show", name]) == 0
        assert capsys.readouterr().out == (ROOT / folder / f"{name}.toml").read_text(encoding="utf-8")
    assert command_line.main(["show"]) == 0
    listed = [line.split()[0] for line in capsys.readouterr().out.splitlines()]
    runs, sweeps = (sorted(p.stem for p in (ROOT / "scenarios" / folder).glob("*.toml")) for folder in ("", "sweeps"))
    assert listed == ["scenarios,", *runs, "studies,", *sweeps]
    for name, known in (("dessa", "desa"), ("facilitaton", "facilitation")):
        assert command_line.main(["show", name]) == 2
        assert f'no such scenario or study file; did you mean "{known}"?' in capsys.readouterr().err
