"""What a store answers: in SQL, while a sweep goes on, after a stop, and to other tools."""

from __future__ import annotations

import json
import re
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from toy import Toy
from toy_sweep import swept, toy_plan

from sim import __main__ as command_line
from sim.errors import InputError
from sim.sweep import query
from sim.sweep.store import FAILURES, RUNS, Store
from sim.sweep.sweep import Sweep


@pytest.fixture(scope="module")
def threads():
    """An executor that begins at once."""
    with ThreadPoolExecutor(2) as pool:
        yield pool


@pytest.fixture(scope="module")
def stored(threads, tmp_path_factory):
    """A store with two studies, which share runs, and some failures."""
    folder = tmp_path_factory.mktemp("store")
    for name, size in (("first", 8), ("second", 12)):
        plan = toy_plan(size)
        plan.name = name
        going = swept(folder, threads, Toy(trouble="raises"), plan)
        going.record({"title": f"The {name}"}, 64 * name[0])
    return folder


def test_the_store_answers_in_sql(stored):
    listed = query.ask(stored).set_index("title")
    assert listed.loc["The first", ["runs", "stored", "failed"]].tolist() == [96, 92, 4]
    assert listed.loc["The second", ["runs", "stored", "failed"]].tolist() == [144, 140, 4]
    answer = query.ask(
        stored, "SELECT arm, count(*) AS n, avg(y) AS y FROM runs WHERE study LIKE 'second%' GROUP BY arm"
    )
    luck = np.sin([1, 2, 3, 4]).mean()
    cash = answer.set_index("arm").loc["cash"]
    assert cash["n"] == 48 and cash["y"] == pytest.approx(2.0 * 5.5 + luck)
    assert query.ask(stored, "SELECT count(*) AS n FROM stored")["n"].item() == 140  # what both share is there once
    wrong = query.ask(stored, "SELECT DISTINCT error, asked_world FROM failures")
    assert wrong.to_numpy().tolist() == [["ZeroDivisionError: no household is left", '{"x": 3.0}']]
    drawn = query.ask(
        stored, "SELECT x FROM points JOIN runs USING (study, point) WHERE y > 22 AND study LIKE 'second%'"
    )
    assert set(drawn["x"]) == {11.0}


def test_a_failure_is_told_of_the_study_that_asked_for_what_failed(threads, tmp_path):
    for name, trouble, metrics in (("more", "raises", ("y", "z")), ("less", "", ("y",))):
        plan = toy_plan(8)
        plan.name = name
        swept(tmp_path, threads, Toy(trouble=trouble), plan, metrics).record({}, 64 * name[0])
    listed = query.ask(tmp_path).set_index("study")[["runs", "stored", "failed"]]
    assert listed.to_numpy().tolist() == [[96, 96, 0], [96, 92, 4]]
    (study,) = query.ask(tmp_path, "SELECT DISTINCT study FROM failures")["study"]
    assert study.startswith("more-")


def test_a_failure_in_an_older_store_is_told_of_every_study(threads, tmp_path):
    plan = toy_plan(2, 1)
    old = ("error", "traceback", "asked_arm", "asked_world")
    Store(tmp_path).put(FAILURES, [{"key": plan.key(1, plan.ways[1], 1), "seed": 1, **dict.fromkeys(old, "of old")}])
    swept(tmp_path, threads, plan=plan).record({}, 64 * "0")
    assert query.ask(tmp_path)["failed"].tolist() == [1]
    assert query.ask(tmp_path, "SELECT error, asked_limit FROM failures")["error"].tolist() == ["of old"]


@pytest.mark.parametrize(
    "sql, words",
    [("SELEC 1", "syntax error"), ("SELECT q FROM runs", '"q" not found'), ("SELECT * FROM '/etc/passwd'", "passwd"),
     ("COPY runs TO '/tmp/out.csv'", "disabled")],
)  # fmt: skip
def test_a_wrong_question_is_told(stored, sql, words):
    with pytest.raises(InputError, match=words):
        query.ask(stored, sql)


def test_what_killed_joining_leaves_is_answered_once(stored, tmp_path):
    store = Store(stored)
    rows = store.take(RUNS, list(store.held[RUNS])[:5]).reset_index().to_dict("records")
    store.put(RUNS, rows)
    assert Store(stored).twice(RUNS)
    assert query.ask(stored, "SELECT count(*) AS n FROM stored")["n"].item() == 140


def test_an_empty_store_is_told(tmp_path):
    for folder in (tmp_path, tmp_path / "nowhere"):
        with pytest.raises(InputError, match="`swadaya sweep`"):
            query.ask(folder)


def test_stata_gets_labels_short_names_and_a_do_file(tmp_path):
    long = "locality_development.facilitation_of_every_kind"
    answer = pd.DataFrame(
        {"study": ["a"] * 4, "point": [0, 0, 1, 1], "arm": ["cash", "works"] * 2, long: 0.3, long + "_2": 0.5,
         "headcount": [8.0, 7.0, 9.0, 6.0], "2nd": [1, 2, 3, 4], "works.share": 0.3,
         "output.works_gain": [0.1, 0.1, 0.2, 0.2]}
    )  # fmt: skip
    data, do = query.write(answer, "dta", tmp_path / "sweep.dta")
    with pd.io.stata.StataReader(data) as reader:
        frame, labels, values = reader.read(), reader.variable_labels(), reader.value_labels()
    assert all(len(name) <= 32 for name in frame) and len(set(frame)) == 9
    assert labels["headcount"] == "poverty headcount, % of persons" and list(frame["arm"]) == ["cash", "works"] * 2
    assert {"cash", "works"} <= set(values["arm"].values())
    said = do.read_text()
    used = re.search(r"collapse \(mean\) headcount, by\((.+)\)", said)[1].split()
    assert set(used) <= set(frame) and {"study", "arm", "point"} <= set(used) and 'use "sweep.dta"' in said
    assert "works_share" in used and "output_works_gain" not in used  # a lever makes a way; the table is over points
    assert "), label missing" in said  # a way without a value of some lever stays in the table
    assert "tabstat headcount, by(way) statistics(mean sd min max)" in said
    with pytest.raises(InputError, match="exists"):
        query.write(answer, "csv", data)
    with pytest.raises(InputError, match="no row"):
        query.write(answer[:0], "csv", tmp_path / "none.csv")


def test_no_file_is_written_over_nor_any_written_before_all_may_be(stored, tmp_path, capsys):
    def asked(name, kind):
        given = ("SELECT arm, point, y FROM runs", "--store", stored, "--format", kind, "--out", tmp_path / name)
        return command_line.main(["query", *map(str, given)]), capsys.readouterr().err

    (tmp_path / "mine.do").write_text("of my own")
    for name, words in (
        ("mine.dta", "mine.do exists; nothing is written over it"),
        ("odd.do", "allowed: another name"),
    ):
        code, said = asked(name, "dta")
        assert code == 2 and words in said and said.count("\n") == 1
    assert [(path.name, path.read_text()) for path in tmp_path.iterdir()] == [("mine.do", "of my own")]
    assert asked("mine.csv", "csv")[0] == 0  # which has no do-file


@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_answers_are_written(stored, tmp_path, kind):
    answer = query.ask(stored, "SELECT point, y FROM runs ORDER BY ALL")
    (path,) = query.write(answer, kind, tmp_path / "answer")
    back = pd.read_csv(path) if kind == "csv" else pd.read_parquet(path)
    assert back["y"].to_numpy() == pytest.approx(answer["y"].to_numpy())


def test_a_study_says_what_it_is(stored):
    said = json.loads(next(stored.glob("studies/first-*/study.json")).read_text())
    assert said["name"] == "first" and re.fullmatch("[0-9a-f]{64}", said["result"])


def test_a_study_that_is_not_finished_can_be_asked_for_what_there_is(threads, tmp_path):
    going = swept(tmp_path, threads, plan=toy_plan(4))
    whole = toy_plan(10)
    Sweep(whole, Toy(), ("y", "z"), going.store, threads, 1).record({"title": "Under way", "finished": "now"}, 64 * "0")
    listed = query.ask(tmp_path)
    assert listed[["title", "finished", "runs", "stored"]].to_numpy().tolist() == [["Under way", "", 120, 48]]
    assert query.ask(tmp_path, "SELECT result FROM studies")["result"].item() == ""
    assert query.ask(tmp_path, "SELECT count(*) AS n FROM runs")["n"].item() == 48


@pytest.mark.parametrize("lost", ["plan.parquet", "points.parquet", "study.json"])
def test_a_study_that_was_not_stored_whole_is_none(threads, tmp_path, lost):
    going = swept(tmp_path, threads, plan=toy_plan(4))
    for digest in "01":
        going.record({"title": digest}, 64 * digest)
    (tmp_path / "studies/toy-000000000000" / lost).unlink()
    assert query.ask(tmp_path)["title"].tolist() == ["1"]
    (tmp_path / "studies/toy-111111111111" / lost).unlink()
    with pytest.raises(InputError, match="holds no study"):
        query.ask(tmp_path)


def test_what_is_left_out_of_an_answer_is_told(threads, tmp_path, capsys):
    going = swept(tmp_path, threads, plan=toy_plan(4))
    going.record({"title": "Rotten"}, 64 * "0")
    part = next((tmp_path / RUNS).iterdir())
    part.write_bytes(part.read_bytes()[:-9])
    assert query.ask(tmp_path).attrs["corrupt"] == [str(part.resolve())]
    assert command_line.main(["query", "SELECT count(*) FROM stored", "--store", str(tmp_path)]) == 0
    assert "what it held is left out" in capsys.readouterr().err


def test_a_store_can_be_read_while_a_sweep_joins_its_parts(threads, tmp_path, monkeypatch):
    swept(tmp_path, threads, plan=toy_plan(4))
    (old,) = (tmp_path / RUNS).iterdir()
    read, gone = Path.read_bytes, []

    def joined(path):
        if not gone:  # between the listing and the reading another part has taken its place
            gone.append(store.put(RUNS, [{"key": key, "seconds": 0.1, "y": 1.0} for key in store.held[RUNS]]))
            path.unlink()
        return read(path)

    store = Store(tmp_path)
    monkeypatch.setattr(Path, "read_bytes", joined)
    found = Store(tmp_path)
    assert gone and old.stem not in found.parts[RUNS] and found.held[RUNS].keys() == store.held[RUNS].keys()
