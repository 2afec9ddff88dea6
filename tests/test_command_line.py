"""The command line: what it writes, what it refuses and how it says so."""

from __future__ import annotations

import errno
import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pandas as pd
import pytest

from sim import __main__ as command_line
from sim.errors import InputError, NotFiniteError
from sim.experiment import memory, study
from sim.known import known
from sim.report.page import PLATES
from sim.scenario import load
from sim.terminal import Bar

ROOT = Path(__file__).parents[1]
TINY = """
title = "Two ways to spend"

[population]
villages = 4
households = 40
seed = 2

[replications]
seeds = 2

[[arms]]
policy = "status_quo"

[[arms]]
policy = "dividend"
"""
DATA = ROOT / "scenarios" / "data"
SURVEY, VILLAGES = DATA / "sample_survey.csv", DATA / "sample_villages.csv"


def swadaya(*arguments, cwd=ROOT):
    """Run a command in a process of its own."""
    return subprocess.run(
        [sys.executable, "-m", "sim", *map(str, arguments)],
        cwd=cwd,
        capture_output=True,
        text=True,
        timeout=120,
        env={**os.environ, "PYTHONPATH": str(ROOT), "COLUMNS": "100"},
    )


@pytest.fixture(scope="module")
def scenario(tmp_path_factory):
    """A file with a scenario that runs in a few seconds."""
    file = tmp_path_factory.mktemp("command") / "tiny.toml"
    file.write_text(TINY)
    return file


@pytest.fixture(scope="module")
def written(scenario, tmp_path_factory):
    """What one run said, and the folder that it wrote."""
    results = tmp_path_factory.mktemp("results")
    done = swadaya("run", scenario, "--results", results)
    assert done.returncode == 0, done.stderr
    (folder,) = results.iterdir()
    return done, folder


@pytest.fixture
def refused(capsys):
    """A check that a command ends with 2 and one message, which has the words; nothing of Python's shows."""

    def check(arguments, *words):
        assert command_line.main([*map(str, arguments)]) == 2
        out, said = capsys.readouterr()
        only(out, said, words)

    return check


def only(out, said, words):
    """One message, which has the words."""
    assert out == ""
    assert "Traceback" not in said and len(said.strip().splitlines()) == 1, said
    for word in words:
        assert word in said, said


# --- run --------------------------------------------------------------------------------------------------------------


def test_a_run_writes_everything(written):
    folder = written[1]
    assert folder.name.startswith("tiny-") and len(folder.name) == len("tiny-") + 12
    names = {file.name for file in folder.iterdir()}
    files = {"report.html", "series.parquet", "series.csv", "households.parquet", "villages.parquet", "manifest.json"}
    assert names == files | {"ledger.parquet", "population.parquet", "tables", "figures"}
    figures = {file.name for file in (folder / "figures").iterdir()}
    assert figures == {f"{plate.name}.{kind}" for plate in PLATES for kind in ("png", "svg")}
    tables = {file.name for file in (folder / "tables").iterdir()}
    assert {"headline.parquet", "headline.csv", "classes.parquet", "money.csv"} <= tables
    assert folder.stat().st_mode & 0o777 == 0o755
    assert [file.name for file in folder.parent.iterdir()] == [folder.name]  # no draft is left beside it


def test_a_run_ends_with_its_table_and_the_way_to_the_report(written):
    done, folder = written
    assert "Status quo" in done.stdout and "T0 dividend" in done.stdout
    assert str(folder / "report.html") in "".join(done.stdout.split("\n"))
    assert "Traceback" not in done.stderr


def test_the_manifest_says_what_was_run(written, scenario):
    manifest = json.loads((written[1] / "manifest.json").read_text())
    assert manifest["scenario"] == scenario.read_text()
    assert manifest["seeds"] == [1, 2] and manifest["population_seed"] == 2 and manifest["name"] == "tiny"
    assert manifest["ledger_largest_gap"] < 1e-12
    assert manifest["digest"].startswith(written[1].name.removeprefix("tiny-"))
    assert manifest["quick"] is False


def test_running_twice_gives_the_same_files(written, scenario):
    folder = written[1]
    before = (folder / "series.parquet").read_bytes()
    again = swadaya("run", scenario, "--results", folder.parent)
    assert again.returncode == 0, again.stderr
    assert [file.name for file in folder.parent.iterdir()] == [folder.name]
    assert (folder / "series.parquet").read_bytes() == before


def test_quick_runs_a_smaller_copy_under_a_name_of_its_own(tmp_path, monkeypatch):
    (tmp_path / "larger.toml").write_text(TINY.replace("seeds = 2", "seeds = 6"))
    ran, drafts = [], []

    def stopped(scenario, tell):
        ran.append(scenario)
        drafts.extend(file.name for file in (tmp_path / "results").iterdir())
        raise KeyboardInterrupt

    monkeypatch.setattr(study, "run", stopped)
    for more in ([], ["--quick"]):
        command_line.main(["run", str(tmp_path / "larger.toml"), "--results", str(tmp_path / "results"), *more])
    assert [scenario.replications.seeds for scenario in ran] == [6, 5]
    assert drafts[0].split("-")[1] != drafts[1].split("-")[1]


def test_a_first_look_says_so_wherever_it_tells_what_was_asked(tmp_path):
    """The page and the manifest show the file's text, which asks for more than was run."""
    file, found = tmp_path / "larger.toml", tmp_path / "found"
    file.write_text(TINY.replace("seeds = 2", "seeds = 6"))
    assert command_line.main(["run", str(file), "--quick", "--results", str(found)]) == 0
    (folder,) = found.iterdir()
    above, below = (folder / "report.html").read_text(encoding="utf-8").split('<section id="manifest">')
    for part in (above, below):
        assert part.count("A first look (--quick): 5 of 6 lucks.") == 1
    assert json.loads((folder / "manifest.json").read_text())["quick"] is True


def test_what_stops_the_last_step_costs_neither_the_old_results_nor_leaves_a_trace(tmp_path, monkeypatch):
    folder = tmp_path / "new" / "tiny-0"
    with pytest.raises(KeyboardInterrupt), command_line.drafted(folder):
        raise KeyboardInterrupt
    assert not folder.parent.exists()
    with command_line.drafted(folder) as draft:
        (draft / "what").write_text("old")
    move = Path.rename

    def stopped(self, target):
        if target == folder and self.name.startswith(".tiny-0-") and not self.name.endswith("-old"):
            raise OSError("power cut")
        return move(self, target)

    monkeypatch.setattr(Path, "rename", stopped)
    with pytest.raises(OSError, match="power cut"), command_line.drafted(folder) as draft:
        (draft / "what").write_text("new")
    assert [file.name for file in folder.parent.iterdir()] == ["tiny-0"] and (folder / "what").read_text() == "old"


def test_a_full_disk_is_told_and_leaves_no_trace(scenario, tmp_path, monkeypatch, refused):
    def full(*_, **__):
        raise OSError(errno.ENOSPC, "Error writing bytes to file")  # as pyarrow says it

    monkeypatch.setattr(pd.DataFrame, "to_parquet", full)
    refused(["run", scenario, "--results", tmp_path / "there"], "there: results cannot", "No space left on device")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("content", [None, "not json", "[]", '{"digest": "another"}'])
def test_a_foreign_folder_is_left_as_it_is(written, scenario, tmp_path, refused, content):
    foreign = tmp_path / "results" / written[1].name
    foreign.mkdir(parents=True)
    (foreign / "precious.txt").write_text("mine")
    if content is not None:
        (foreign / "manifest.json").write_text(content)
    before = {file: file.read_bytes() for file in foreign.iterdir()}
    refused(["run", scenario, "--results", tmp_path / "results"], str(foreign), "something else")
    assert {file: file.read_bytes() for file in (tmp_path / "results").rglob("*") if file.is_file()} == before


def test_a_mechanism_that_the_accounts_need_cannot_be_taken_away(tmp_path, refused):
    """A stock that stands still while money flows in and out is told in one sentence, and nothing is written."""
    question = tmp_path / "tiny.toml"
    question.write_text(TINY + '\n[hold]\nablate = ["buffer"]\n')
    refused(["run", question, "--results", tmp_path / "results"], "hold.ablate: without buffer", "do not close")
    assert not (tmp_path / "results").exists()


def test_results_cannot_be_written_into_a_file(scenario, tmp_path, refused):
    (tmp_path / "results").write_text("mine")
    refused(["run", scenario, "--results", tmp_path / "results"], str(tmp_path / "results"))
    assert (tmp_path / "results").read_text() == "mine"


# --- Wrong input ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (TINY.replace("seeds = 2", "sedes = 2"), ("line 10", 'unknown key "sedes"', 'did you mean "seeds"?')),
        (
            TINY + "\n[parameters]\noutput.works_gain = 0.9\n",
            ("line 19", '"output.works_gain"', "0.9", "0 to 0.6 share"),
        ),
        (TINY.replace("villages = 4", "villages = 0"), ("line 5", '"villages"', "1 to 100000 villages")),
        (TINY.replace('"dividend"', '"dividends"'), ("line 16", 'unknown policy "dividends"', '"dividend"')),
        ("title = ", ("line 1", "not valid TOML")),
    ],
    ids=["key", "range", "villages", "policy", "syntax"],
)
@pytest.mark.parametrize("command", ["run", "check"])
def test_a_wrong_scenario_is_told_with_its_line(tmp_path, monkeypatch, refused, command, text, words):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "wrong.toml").write_text(text)
    refused([command, "wrong.toml"], "wrong.toml", *words)
    assert [file.name for file in tmp_path.iterdir()] == ["wrong.toml"]


def test_a_missing_file_is_told_and_the_nearest_name_given(tmp_path):
    done = swadaya("run", "dessa", cwd=tmp_path)
    assert done.returncode == 2
    only(done.stdout, done.stderr, ("dessa: no such scenario file", 'did you mean "desa"?'))
    assert list(tmp_path.iterdir()) == []


def test_a_bad_survey_row_is_told_with_file_row_and_column(tmp_path, monkeypatch, refused):
    monkeypatch.chdir(tmp_path)
    lines = SURVEY.read_text().splitlines()
    (tmp_path / "survey.csv").write_text("\n".join([*lines[:4], _with(lines[4], 3, "0"), *lines[5:]]))
    (tmp_path / "own.toml").write_text(TINY.replace("seed = 2", 'seed = 2\nsurvey = "survey.csv"', 1))
    for command in ("check", "run"):
        refused([command, "own.toml"], "survey.csv", "row 5", "size", "0")
    assert not (tmp_path / "results").exists()


def _with(line: str, column: int, value: str) -> str:
    """A row of a CSV file with another value in one column."""
    cells = line.split(",")
    return ",".join([*cells[:column], value, *cells[column + 1 :]])


# --- The other commands -----------------------------------------------------------------------------------------------


def test_check_says_what_would_run(scenario, capsys):
    assert command_line.main(["check", str(scenario)]) == 0
    said = "tiny: 4 villages of about 40 households, 80 quarters, 2 seeds, about 0.5 GB of memory; arms: status_quo, "
    assert capsys.readouterr().out.strip() == f"{said}dividend"


def test_check_counts_the_households_of_a_survey(tmp_path, capsys):
    surveyed = TINY.replace("seed = 2", f'seed = 2\nsurvey = "{SURVEY}"', 1)
    (tmp_path / "own.toml").write_text(surveyed.replace("households = 40\n", ""))
    rows = [line for line in SURVEY.read_text().splitlines()[1:] if line.strip() and line[0] != "#"]
    places = len({row.split(",")[1] for row in rows[1:]})
    assert command_line.main(["check", str(tmp_path / "own.toml")]) == 0
    said = capsys.readouterr().out
    told = int(re.match(r"own: 4 villages of about (\d+) households", said)[1])
    assert told != 40 and told == pytest.approx((len(rows) - 1) / places, abs=5)
    (tmp_path / "drawn.toml").write_text(surveyed)
    assert command_line.main(["check", str(tmp_path / "drawn.toml")]) == 0
    assert "4 villages of about 40 households" in capsys.readouterr().out


def test_what_the_machine_has_no_room_for_is_refused_before_it_runs(scenario, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(memory.os, "sysconf", lambda name: 2**14)
    said = "2 arms under 2 seeds would take about 0.5 GB of memory, and this machine has 0.3 GB"
    with pytest.raises(InputError, match=re.escape(said)):
        study.run(load(scenario, known()))


@pytest.mark.full
@pytest.mark.parametrize("seeds", [2, 8])
def test_memory_is_what_is_foretold(scenario, seeds):
    """The most that a process of its own held, against the estimate."""
    asked = load(scenario, known(), size := {"replications": {"seeds": seeds}, "population": {"households": 4_000}})
    work = (
        "import resource, sys; from sim.experiment import study; from sim.known import known; "
        "from sim.scenario import load; "
        f"found = study.run(load({str(scenario)!r}, known(), {size!r})); "
        "print(len(found.population), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)"
    )
    told = subprocess.run([sys.executable, "-c", work], check=True, capture_output=True, text=True).stdout
    households, most = map(int, told.split())
    assert 1024.0 * most == pytest.approx(memory.needed(asked, households), rel=1 / 3)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["calibrate", "--count", "1000000000"], "--count: is 1000000000; allowed: a whole number, 1 to 10000"),
        (["calibrate", "--out", __file__], "is a file; allowed: a folder"),
        (["map", "desa", "--points", "100000000"], "--points: is 100000000; allowed: a whole number, 20 to 100000"),
        (["explain", "metrics", "gini"], "explain metrics takes no name; allowed after policies"),
    ],
)
def test_what_would_run_for_days_or_for_nothing_is_refused_at_once(refused, arguments, words):
    refused(arguments, words)


@pytest.mark.parametrize("name", [":x: smile", "a [bold] c"])
def test_a_name_is_printed_as_it_is(tmp_path, capsys, name):
    (tmp_path / f"{name}.toml").write_text(TINY)
    assert command_line.main(["check", str(tmp_path / f"{name}.toml")]) == 0
    assert capsys.readouterr().out.startswith(f"{name}: 4 villages")
    assert command_line.main(["check", str(tmp_path / name / "none.toml")]) == 2
    assert f"/{name}/none.toml: no such scenario file" in capsys.readouterr().err


def test_check_counts_the_villages_of_a_list(tmp_path, capsys):
    (tmp_path / "own.toml").write_text(TINY.replace("villages = 4", f'village_list = "{VILLAGES}"'))
    rows = [line for line in VILLAGES.read_text().splitlines()[1:] if line.strip() and line[0] != "#"]
    assert command_line.main(["check", str(tmp_path / "own.toml")]) == 0
    assert capsys.readouterr().out.startswith(f"own: {len(rows) - 1} villages of about 40 households")


@pytest.mark.parametrize(
    ("topic", "words"),
    [
        ("order", ("output", "works_built", "institution_quality")),
        ("parameters", ("output.works_gain", "0 to 0.6")),
        ("columns", ("institution_quality", "z per person")),
        ("metrics", ("attended the village meeting (musyawarah)", "(mandiri)")),
        ("policies", ("locality_development", "Pengembangan masyarakat lokal", "may lose when")),
    ],
)
def test_explain_tells_from_the_code(topic, words, capsys):
    assert command_line.main(["explain", topic]) == 0
    said = capsys.readouterr().out
    for word in words:
        assert word in said
    assert not re.search(r"(?<!\w)\*\w[^*\n]*\w\*(?!\w)", said)  # emphasis, as docstrings mark it


def test_an_unknown_topic_is_refused(capsys):
    with pytest.raises(SystemExit) as caught:
        command_line.main(["explain", "everything"])
    assert caught.value.code == 2
    assert "invalid choice: 'everything'" in capsys.readouterr().err


def test_the_schema_is_json():
    done = swadaya("schema")
    assert done.returncode == 0 and done.stderr == ""
    document = json.loads(done.stdout)
    assert document["properties"]["parameters"]["properties"]["output.works_gain"]["maximum"] == 0.6


# --- When a run is stopped --------------------------------------------------------------------------------------------


def test_ctrl_c_leaves_no_half_written_folder(tmp_path):
    (tmp_path / "long.toml").write_text(TINY.replace("seeds = 2", "seeds = 2000"))
    running = subprocess.Popen(
        [sys.executable, "-m", "sim", "run", "long.toml"],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        start_new_session=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # a job in the background ignores it
    )
    deadline = time.monotonic() + 60
    while not (tmp_path / "results").exists() and time.monotonic() < deadline:
        time.sleep(0.1)
    time.sleep(4)  # past the world at rest, among the runs
    asked = time.monotonic()
    running.send_signal(signal.SIGINT)
    try:
        _, complaint = running.communicate(timeout=20)
    finally:
        running.kill()
    assert time.monotonic() - asked < 20
    assert running.returncode == 130, complaint
    assert "nothing was written" in complaint and "Traceback" not in complaint
    assert not (tmp_path / "results").exists()


@pytest.mark.parametrize("lost_as", [KeyboardInterrupt, ValueError])
def test_an_interrupt_that_is_lost_on_the_way_is_raised_again(lost_as):
    """As in a callback of the compiler, which can only report an exception, or in code that makes another of it."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        with pytest.raises(KeyboardInterrupt), Bar() as bar:
            bar("runs", 0, 2)
            try:
                signal.raise_signal(signal.SIGINT)
            except KeyboardInterrupt:
                if lost_as is ValueError:
                    raise ValueError("what the interrupt became") from None
            bar("runs", 1, 2)
            pytest.fail("the run goes on")
        assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    finally:
        signal.signal(signal.SIGINT, before)


def test_an_interrupt_while_writing_leaves_no_draft(scenario, tmp_path, monkeypatch, capsys):
    def interrupted(self, folder):
        (folder / "series.parquet").write_text("half")
        raise KeyboardInterrupt

    monkeypatch.setattr("sim.experiment.results.Results.save", interrupted)
    assert command_line.main(["run", str(scenario), "--results", str(tmp_path)]) == 130
    assert "nothing was written" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_a_value_that_is_not_finite_stops_the_run_and_names_the_rule(scenario, tmp_path, monkeypatch, capsys):
    def diverges(scenario, executor=None, tell=None):
        raise NotFiniteError("rule output gave nan for household 3 of village A in quarter 12")

    monkeypatch.setattr(study, "run", diverges)
    assert command_line.main(["run", str(scenario), "--results", str(tmp_path)]) == 2
    said = capsys.readouterr().err
    assert "rule output" in said and "quarter 12" in said and "nothing was written" in said
    assert list(tmp_path.iterdir()) == []


def test_mediate_prints_a_table_an_outcome(scenario, capsys):
    from sim.report.mediation import TITLES

    assert command_line.main(["mediate", str(scenario)]) == 0
    out = " ".join(capsys.readouterr().out.split())
    assert all(title.split(" who ")[0] in out for title in TITLES.values())
    assert "90 % of 2 lucks" in out and "T0 dividend" in out


def test_mediate_refuses_what_is_no_scenario(refused):
    refused(["mediate", "dessa"])


def test_a_reader_who_stops_reading_sees_no_traceback():
    with subprocess.Popen(
        [sys.executable, "-m", "sim", "schema"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        process.stdout.readline()
        process.stdout.close()
        told = process.stderr.read()
    assert told == "" and process.returncode in (0, 141)
