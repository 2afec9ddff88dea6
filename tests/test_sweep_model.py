"""Sweeps of the model itself, from a study's file to what the store answers."""

from __future__ import annotations

import math
import re
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pandas as pd
import pytest

import sim
from sim import __main__ as command_line
from sim import workers
from sim.calibration import ensemble
from sim.claims import article
from sim.errors import InputError
from sim.experiment import study as studies
from sim.scenario import SCENARIOS, load
from sim.sweep import bench, discovery, outcomes, play, query
from sim.sweep import sweep as sweeping
from sim.sweep.asked import Asked
from sim.sweep.found import shown
from sim.sweep.store import Store
from sim.sweep.study import STUDIES, Lucks, read

SCENARIO = """
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
[[arms]]
policy = "locality_development"
"""
STUDY = """
title = "A small study"
scenario = "small.toml"
metrics = ["headcount", "gini"]
[uncertainties]
output.works_gain = [0.0, 0.12]
[levers]
dose = [0.04]
[design]
kind = "grid"
levels = 2
[replications]
seeds = 2
"""


@pytest.fixture
def file(tmp_path):
    """A study, with its scenario beside it."""
    (tmp_path / "small.toml").write_text(SCENARIO)
    path = tmp_path / "study.toml"
    path.write_text(STUDY)
    return path


def swadaya(*arguments):
    """Run a command here."""
    return command_line.main([*map(str, arguments)])


def test_a_study_goes_from_its_file_to_answers(file, tmp_path, capsys, known):
    store, results = tmp_path / "store", tmp_path / "results"
    given = (file, "--store", store, "--results", results)
    assert swadaya("sweep", *given, "--workers", 1, "--dry-run") == 0
    told = capsys.readouterr().out
    assert "2 points (grid), 3 ways, 2 lucks" in told and not store.exists()
    room = 1e3 * int(re.search(r"about (\d+)\u00a0kB of disk", told)[1])
    assert swadaya("sweep", *given, "--workers", 0, "--dry-run") == 2
    assert capsys.readouterr().err == "workers: is 0; allowed: a whole number from 1\n"
    assert swadaya("sweep", *given, "--workers", 1) == 0
    said = capsys.readouterr().out
    assert (
        "12 runs in 2 worlds to do (0 stored)" in said and "digest of the results: " in said
    )  # those that measure too
    taken = sum(-(-path.stat().st_size // 4096) * 4096 for path in [store, *store.rglob("*")])
    assert taken == pytest.approx(room, rel=0.1)
    assert swadaya("sweep", *given, "--workers", 1) == 0
    assert "nothing to run (12 stored)" in capsys.readouterr().out
    (page,) = results.glob("sweep-study-*/report.html")
    text = page.read_text()
    assert "R1 locality development" in text and "Regret at equal cost" in text and "://" not in text
    # the second point has the model's own number: its runs are those of the scenario itself
    scenario = load(tmp_path / "small.toml", known)
    assert float(known.parameters["output.works_gain"]) == 0.12
    own = studies.run(scenario).series
    table = query.ask(store, "SELECT arm, seed, headcount, gini FROM runs WHERE point = 1")
    last = scenario.windows.post
    for row in table.itertuples():
        for metric in ("headcount", "gini"):
            series = own[(own["arm"] == row.arm) & (own["seed"] == row.seed) & (own["metric"] == metric)]
            series = series[series["quarter"].between(last[0], last[1] - 1)]["value"]
            assert getattr(row, metric) == pytest.approx(series.mean(), rel=1e-9), (row.arm, metric)
    assert len(table) == 6
    asked = Asked.read(file)
    assert asked.stored(Store(store)).table["mean"].notna().all()
    assert swadaya("sensitivity", *given) == 2 and "saltelli" in capsys.readouterr().err
    assert swadaya("query", "SELECT count(*) AS n FROM runs", "--store", store) == 0
    assert capsys.readouterr().out.split() == ["n", "12"]
    assert swadaya("query", "SELECT 1 AS a", "--store", store, "--out", tmp_path / "a.csv") == 2
    assert "needs --format; allowed: csv, parquet, dta" in capsys.readouterr().err and not (tmp_path / "a.csv").exists()
    assert swadaya("discover", *given, "--better", "locality_development", "--export", file) == 2
    assert capsys.readouterr().err == f"--export: {file} is a file; allowed: a folder, which may be new\n"
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine/outcomes.csv").write_text("of my own")
    assert swadaya("discover", *given, "--better", "locality_development", "--export", tmp_path / "mine") == 2
    assert capsys.readouterr().err == f"{tmp_path / 'mine/outcomes.csv'} exists; nothing is written over it\n"
    assert [path.read_text() for path in (tmp_path / "mine").iterdir()] == ["of my own"]


def test_each_question_to_a_sweep_has_a_page_of_its_own(file, tmp_path, monkeypatch, capsys):
    text = STUDY.replace('kind = "grid"\nlevels = 2', 'kind = "morris"\npoints = 4')
    file.write_text(
        text.replace("seeds = 2", "seeds = 1").replace("[0.0, 0.12]", '[0.0, 0.5]\nattends.invitation = "all"')
    )
    asked, store, pages = Asked.read(file), tmp_path / "store", tmp_path / "results"
    with Store(store).alone(), ThreadPoolExecutor(1) as pool:
        asked.sweep(Store(store), pool, 1).run()
    monkeypatch.setattr(discovery, "FEWEST", 8)
    given = (file, "--store", store, "--results", pages)
    assert swadaya("sensitivity", *given) == 0
    assert "Poverty headcount, T0 dividend against Status quo" in capsys.readouterr().out
    (page,) = pages.glob("sensitivity-study-*/report.html")
    assert " decides most" in page.read_text()
    for better, than in (("locality_development", "dividend"), ("dividend", "locality_development")):
        assert swadaya("discover", *given, "--better", better, "--than", than) == 0
    found = sorted(path.parent.name.rsplit("-", 2)[0] for path in pages.glob("discover-*/boxes.csv"))
    assert found == [f"discover-{a}-than-{b}-headcount" for a, b in sorted([(better, than), (than, better)])]


def test_keys_change_with_what_a_run_depends_on_and_with_nothing_else(file, tmp_path):
    plan = Asked.read(file).plan
    keys = set(plan.rows()["key"])

    def others(old, new, where=file):
        text = where.read_text()
        assert old in text
        where.write_text(text.replace(old, new))
        found = set(Asked.read(file).plan.rows()["key"])
        where.write_text(text)
        return found

    assert others('title = "A small study"', 'title = "Another"') == keys
    assert others('metrics = ["headcount", "gini"]', 'metrics = ["gini", "severity"]') == keys
    assert others("seeds = 2", "seeds = 3") > keys
    assert others("seed = 2", "seed = 3", tmp_path / "small.toml").isdisjoint(keys)
    assert others('metrics = ["headcount", "gini"]', 'metrics = ["self_sufficient", "participation"]') == keys
    doses = others("dose = [0.04]", "dose = [0.04, 0.02]")
    assert doses > keys and len(doses) == len(keys) + 2 * 2 * 2  # the baseline of both doses is the same run


@pytest.mark.parametrize(
    ("digest", "of"),
    [(play.code, "rules, runs"), (article.question_digest, "runs"), (ensemble.rules_digest.__wrapped__, "rules")],
    ids=["sweep", "article", "ensemble"],
)
@pytest.mark.parametrize(
    ("file", "old", "new", "kind"),
    [
        ("ties.py", "HOMOPHILY = 1.5", "HOMOPHILY = 3.0", "rules"),  # who knows whom
        ("survey.py", "survey.weight * score", "score", "rules"),  # who lives there
        ("metrics/poverty.py", "consumption < line", "consumption <= line", "rules"),
        ("processes/saving.py", "return spending / price_level", "return spending", "rules"),
        ("scenario/document.py", "pre=(t0 - 8, t0)", "pre=(t0 - 4, t0)", "runs"),  # when it is measured
        ("scenario/arms.py", "dose=0.016", "dose=0.02", "runs"),  # what flows in every arm
        ("experiment/people.py", "about.seed, ties", "about.seed + 1, ties", "runs"),
        ("experiment/compare.py", "100.0 * metrics.mean", "metrics.mean", "runs"),
    ],
)
def test_what_is_stored_is_old_when_code_that_makes_its_numbers_changes(monkeypatch, digest, of, file, old, new, kind):
    """The article's verdicts carry the digest of the rules beside that of their question."""

    def read(path, *arguments, **named):
        text = true(path, *arguments, **named)
        return text.replace(old, new) if path == changed else text

    true, changed = Path.read_text, Path(sim.__file__).parent / file
    assert old in true(changed, encoding="utf-8")
    monkeypatch.setattr(ensemble, "rules_digest", ensemble.rules_digest.__wrapped__)  # which is kept once it was read
    before = digest()
    assert digest() == before
    monkeypatch.setattr(Path, "read_text", read)
    assert (digest() != before) is (kind in of)


def test_a_run_is_the_same_whatever_is_measured_of_it_and_made_once_for_all_that_was(file, tmp_path):
    file.write_text(STUDY.replace("[0.0, 0.12]", "[0.1, 0.12]").replace("seeds = 2", "seeds = 1"))
    store = Store(tmp_path / "store")

    def asked(*metrics):
        """The result of a study of some metrics, and how many runs it made."""
        text = file.read_text()
        file.write_text(text.replace('"headcount", "gini"', ", ".join(f'"{name}"' for name in metrics)))
        whole = Asked.read(file)
        file.write_text(text)
        with store.alone(), ThreadPoolExecutor(1) as pool:
            going = whole.sweep(store, pool, 1)
            made = len(going.missing())
            going.run()
            going.record(whole.about(), whole.digest)
        return going.result(), made

    first, made = asked("headcount", "gini")
    assert made == 6
    less, none = asked("severity")
    assert none == 0 and less["severity"].equals(first["severity"])
    more, again = asked("gini", "participation", "self_sufficient")
    assert again == 6 and more["participation"].notna().all()
    for name in ("headcount", "severity", "own_income", "gini"):
        assert more[name].equals(first[name]), name  # to the last bit, with stress twins beside it or without
    assert asked("participation")[1] == asked("headcount", "gini")[1] == 0
    table = query.ask(store.folder, "SELECT count(*) n, count(gini) g, count(participation) p FROM stored")
    assert table.iloc[0].tolist() == [6, 6, 6]


def test_what_failed_in_little_time_is_told_so_and_run_again_with_more(file, tmp_path, monkeypatch, capsys):
    """A cash arm that takes longer than it may: indices are of what there is, a longer limit begins it anew."""

    def slow(play, world, arm, seed):
        time.sleep(0.3 * (arm["policy"] == "dividend"))
        return {one.name: 1.0 for one in outcomes.kept(play.metrics, "a run")}

    monkeypatch.setattr(play.Play, "__call__", slow)
    monkeypatch.setattr(sweeping, "LIMIT", 0.1)
    asked, store = Asked.read(file), Store(tmp_path / "store")
    with ThreadPoolExecutor(1) as pool:
        asked.sweep(store, pool, 1, 0.1).run()
        assert asked.stored(store).result["failed"].sum() == 4
        assert len(asked.sweep(store, pool, 1, 0.2).missing()) == 4
    monkeypatch.setattr(workers, "Workers", ThreadPoolExecutor)
    again = ("sweep", file, "--store", tmp_path / "store", "--results", tmp_path, "--workers", 1, "--limit", 0.1)
    assert swadaya(*again) == 0 and "nothing to run (8 stored, 4 failed before)" in capsys.readouterr().out
    assert swadaya(*again, "--retry-failed") == 0
    assert "4 runs in 2 worlds to do (8 stored)" in capsys.readouterr().out


def test_an_arm_that_a_lever_leaves_alone_is_one_way(file):
    lever = "dose = [0.04, 0.02]\nlocality_development.facilitation = [0.1, 0.3]"
    file.write_text(STUDY.replace("dose = [0.04]", lever))
    plan = Asked.read(file).plan
    assert len(plan.ways) == 12 and [len(way.numbers) for way in shown(plan)] == [4, 2, 2, 1, 1, 1, 1]
    assert repr(sim.study(file)) == "Study study: 2 points, 7 ways, 2 lucks"
    file.write_text(STUDY.replace("seeds = 2", "seeds = 1"))
    assert repr(sim.study(file)) == "Study study: 2 points, 3 ways, 1 luck"


def test_one_of_a_thing_is_told_as_one(file, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(workers, "Workers", ThreadPoolExecutor)
    monkeypatch.setattr(play.Play, "__call__", lambda play, *_: dict.fromkeys((*outcomes.OWN, "gini"), 1.0))
    one = STUDY.replace('kind = "grid"\nlevels = 2', "points = 1").replace("seeds = 2", "seeds = 1")
    file.write_text(one.replace("[uncertainties]", 'arms = ["status_quo"]\nvillages = 1\n[uncertainties]'))
    assert swadaya("sweep", file, "--store", tmp_path / "store", "--results", tmp_path, "--workers", 1) == 0
    said = capsys.readouterr().out
    assert "1 point (latin hypercube), 1 way, 1 luck, 1 village of" in said and "; 1 run in 1 world to do" in said
    assert "other metrics, over 1 point, are" in said and not re.search(r"\b1 (points|lucks|ways|worlds|runs)", said)


@pytest.mark.parametrize(
    "old, new, words",
    [
        (
            "works_gain = [0.0, 0.12]",
            "works_gian = [0.0, 0.12]",
            'unknown uncertainty "output.works_gian"; did you mean',
        ),
        ("[0.0, 0.12]", "[0.0, 12]", "allowed: [low, high] within 0 to 0.6"),
        ("[0.0, 0.12]", "[nan, 0.12]", "is a list of 2; allowed: [low, high], or"),
        ("[0.0, 0.12]", '"some"', 'allowed: [low, high], or "all" of its range'),
        ("[0.0, 0.12]", "[0.1]", "is a list of 1; allowed: [low, high]"),
        ("[levers]", '"output.works_gain" = "all"\n[levers]', '"output.works_gain" in [uncertainties] is given twice'),
        ("[design]", 'hybrid.a = [1.0]\n"hybrid.a" = [2.0]\n[design]', '"hybrid.a" in [levers] is given twice'),
        ("output.works_gain = [0.0, 0.12]", 'attends.threshold = "all"', "is solved with every world"),
        ("dose = [0.04]", "does = [0.04]", 'unknown lever "does"; did you mean "dose"?'),
        ("dose = [0.04]", "dose = 0.04", "allowed: a list of numbers"),
        ("dose = [0.04]", "dose = [0.7]", "with dose = 0.7"),
        ("dose = [0.04]", "locality_development.facilitation = [0.9]", "allowed: a number, 0.1 to 0.65"),
        ("dose = [0.04]", "start = [8.5]", "whole numbers of quarters"),
        ('"gini"', '"ginny"', 'no metric "ginny"; did you mean "gini"'),
        ('kind = "grid"', 'kind = "gird"', "allowed: one of grid, latin_hypercube"),
        ('kind = "grid"', 'kind = "sobol"\npoints = 6', "a power of two"),
        (
            'kind = "grid"',
            'kind = "saltelli"\npoints = 2',
            '"points" in [design] is 2; allowed for saltelli: 4 or more',
        ),
        ('kind = "grid"', 'kind = "sets"', "takes an ensemble"),
        (
            "[uncertainties]\noutput.works_gain = [0.0, 0.12]",
            "",
            'kind = "grid" in [design] draws numbers, and [uncertainties] names none; allowed: one or more there, or',
        ),
        ('kind = "grid"', 'kind = "file"', "goes with kind"),
        ("seeds = 2", "seeds = 2\nhalf_width = 0.1", "go together"),
        ("seeds = 2", "seeds = 2\nlevel = 0.99", '"level" in [replications] is that of "half_width"'),
        ("seeds = 2", 'seeds = 2\nmetric = "gini"', '"metric" in [replications] is that of "half_width"'),
        ("seeds = 2", "seeds = 2\nhalf_width = 0.1\nmost = 9", '4 to "most"'),
        ("seeds = 2", 'seeds = 2\nversus = "works"', 'no arm "works"'),
        ('scenario = "small.toml"', 'scenario = "smal"', "no such scenario file"),
        ("[design]", "[desing]", 'unknown key "desing"'),
    ],
)
def test_what_is_wrong_in_a_study_is_told(file, old, new, words):
    assert old in STUDY
    file.write_text(STUDY.replace(old, new))
    with pytest.raises(InputError) as told:
        read(file)
    assert words in str(told.value)


def test_differences_are_from_the_baseline_or_without_it_from_the_first_arm(file):
    assert read(file).versus == "status_quo"
    file.write_text(STUDY.replace("metrics", 'arms = ["locality_development", "dividend"]\nmetrics'))
    assert read(file).versus == "dividend"  # the first of the scenario
    assert Lucks.model_fields["versus"].description.endswith("default: the baseline, without it the first")


def test_a_sweep_of_which_all_runs_fail_says_so(file, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(workers, "Workers", ThreadPoolExecutor)
    monkeypatch.setattr(play.Play, "__call__", lambda *_: 1 / 0)
    assert swadaya("sweep", file, "--store", tmp_path / "store", "--results", tmp_path, "--workers", 1) == 1
    said = capsys.readouterr().out
    assert "All 12 runs failed" in said and "tables below" not in said


def test_a_study_that_is_not_there_is_called_a_study():
    with pytest.raises(InputError, match='facilitaton: no such study file; did you mean "facilitation"'):
        read("facilitaton")


def test_a_scenario_is_no_study():
    with pytest.raises(InputError, match="is a scenario, not the study of a sweep"):
        read("scenarios/desa.toml")


def test_points_come_from_a_file(file, tmp_path):
    file.write_text(STUDY.replace('kind = "grid"', 'kind = "file"\nfile = "points.csv"'))
    points = tmp_path / "points.csv"
    pd.DataFrame({"output.works_gain": [0.01, 0.11]}).to_csv(points, index=False)
    assert [p.values["output.works_gain"] for p in Asked.read(file).plan.points] == [0.01, 0.11]
    for text, words in (
        ("output.works_gain\n0.3\n", "line 2: output.works_gain is 0.3; allowed: a number, 0 to 0.12"),
        ("output.works_gain\n0.1\nlittle\n", "line 3: output.works_gain is little; allowed"),
        ("works\n1\n", "has the columns works; needed: output.works_gain"),
        ("output.works_gain\n0.1,0.2\n0.1,0.3\n", "rows have more cells than the first line has names"),
        ("output.works_gain\n", "has no point"),
    ):
        points.write_text(text)
        with pytest.raises(InputError, match=words):
            read(file)
    file.write_text(file.read_text().replace("[levers]", 'attends.invitation = "all"\n[levers]'))
    points.write_text("attends.invitation,output.works_gain\n0.3,0.1\n0.3\n")
    with pytest.raises(InputError, match=r"line 3: output\.works_gain has no number"):
        read(file)


@pytest.mark.parametrize("name", sorted(path.stem for path in STUDIES.glob("*.toml")))
def test_shipped_studies_can_be_planned(name):
    asked = Asked.read(name)
    assert len(asked.plan.points) > 10 and math.isfinite(sum(asked.question.scenario.seeds))
    assert STUDIES.is_relative_to(SCENARIOS)


@pytest.mark.full
def test_the_benchmark_measures(known, monkeypatch):
    for name, value in {"WORLDS": 1, "LUCKS": 1, "STORED": 4_000, "MANY": 80}.items():
        monkeypatch.setattr(bench, name, value)
    scenario = load("desa", known)
    people = scenario.population.model_copy(update={"villages": 4, "households": 40})
    lines = bench.bench(scenario.model_copy(update={"population": people}))
    assert len(lines) == 7 and all(math.isfinite(line.value) for line in lines)
