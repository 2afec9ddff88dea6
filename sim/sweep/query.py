"""Questions to the store: SQL over Parquet by DuckDB, and answers in the formats of other tools.

Views: `runs` (one row a run of a study: study, point, arm, levers, seed, key, metrics), `points` (study, point, what
was drawn), `failures` (as `runs`, with error, traceback, and the time and metrics that were asked for), `studies`,
`stored` (every run, of whichever study).
"""

from __future__ import annotations

import io
import json
import re
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from sim.drafted import put, untaken
from sim.errors import InputError
from sim.sweep import NEEDED
from sim.sweep.store import FAILURES, RUNS, STUDIES, Store

LIST = """SELECT study, title, finished, count(*) AS runs,
count(s.key) FILTER (WHERE f.key IS NULL) AS stored, count(f.key) AS failed
FROM plan LEFT JOIN stored s USING (key) LEFT JOIN (SELECT DISTINCT study, key FROM failures) f USING (study, key)
JOIN studies USING (study) GROUP BY ALL ORDER BY study"""
FAILED = """SELECT '' AS key, '' AS error, '' AS traceback, 0 AS seed, '' AS asked_arm, '' AS asked_world,
0.0 AS asked_limit, '' AS asked_metrics WHERE false"""  # an older store has not all of these
# a failure is a study's own where no more was asked than the study asks, or where it is not said what was
OWN = "coalesce(list_has_all(string_split(metrics, ' '), string_split(asked_metrics, ' ')), true)"
WAYS = ("study", "arm", "dose", "start", "end", "funds_end", "facilitation_end")  # what tells one way from another
LONGEST = 32  # letters of a name in Stata
WORDS = {
    "study": "Study",
    "point": "Point of the design",
    "arm": "Arm",
    "seed": "Luck",
    "key": "Digest of all that the run depends on",
    "seconds": "Seconds that the run took",
    "dose": "Dose, z per person and quarter",
    "parameter_set": "Calibrated set",
}


def ask(folder: Path, sql: str = "") -> pd.DataFrame:
    """Ask the store of a folder; without a question: its studies, and how much of each is there.

    Returns
    -------
    DataFrame
        `attrs["corrupt"]` names the files whose bytes are not those that were written: what they held is left out.

    Raises
    ------
    InputError
        When there is no store, or DuckDB refuses the question; with its own words.
    """
    try:
        import duckdb
    except ImportError:
        raise InputError(f"query {NEEDED}") from None
    if not folder.is_dir():
        raise InputError(f"{folder}: there is no store; `swadaya sweep` makes one, or choose --store")
    try:
        try:
            return _asked(duckdb.connect(), Store(folder.resolve()), sql or LIST)
        except duckdb.IOException:  # a sweep that goes on has joined parts meanwhile
            return _asked(duckdb.connect(), Store(folder.resolve()), sql or LIST)
    except duckdb.Error as error:
        told = str(error).split("\n\nLINE ")[0]  # what follows shows the place in the question, over several lines
        raise InputError(f"query: {' '.join(told.split())}") from None


def _asked(base: Any, store: Store, sql: str) -> pd.DataFrame:
    """Put a question to the views of a store, in a database of its own."""
    with base:
        for name, body in views(store).items():
            base.execute(f"CREATE VIEW {name} AS {body}")
        # what is asked is the store, not other files, nor the network
        base.execute(f"SET allowed_directories = [{_text(str(store.folder))}]")
        base.execute("SET enable_external_access = false")
        answer = base.execute(sql).df()
    answer.attrs["corrupt"] = [str(path) for path in store.corrupt]
    return answer


def views(store: Store) -> dict[str, str]:
    """The views by name."""
    files = [
        [folder / name for name in ("plan.parquet", "points.parquet", "study.json")]
        for folder in sorted((store.folder / STUDIES).glob("*"))
    ]
    whole = [one for one in files if all(path.is_file() for path in one)]  # a sweep may be stopped between two of them
    if not whole:
        raise InputError(f"{store.folder}: holds no study; `swadaya sweep` brings one")
    failed = store.files(FAILURES)
    found = {"stored": _runs(store), "failed": f"{FAILED} UNION BY NAME {_read(failed)}" if failed else FAILED}
    plans, points, studies = zip(*whole, strict=True)
    found |= {"plan": _read(plans), "points": _read(points)}
    rows = []
    for path in studies:
        one = json.loads(path.read_text(encoding="utf-8"))
        about = one["name"], one.get("title", ""), one.get("finished", ""), one["digest"], one["result"]
        rows.append(", ".join(map(_text, (path.parent.name, *about, " ".join(one["metrics"])))))
    values = ", ".join(f"({row})" for row in rows)
    found["studies"] = f"SELECT * FROM (VALUES {values}) AS t(study, name, title, finished, digest, result, metrics)"
    found["runs"] = "SELECT plan.*, stored.* EXCLUDE (key) FROM plan JOIN stored USING (key)"
    found["failures"] = (
        "SELECT plan.*, failed.* EXCLUDE (key, seed) FROM plan JOIN failed USING (key) JOIN studies USING (study) "
        f"WHERE {OWN}"
    )
    return found


def _text(value: str | Path) -> str:
    return "'" + str(value).replace("'", "''") + "'"


def _read(files: Sequence[str | Path]) -> str:
    return f"SELECT * FROM read_parquet([{', '.join(map(_text, files))}], union_by_name = true)"


def _runs(store: Store) -> str:
    """All runs, a row each; none where there is no part."""
    files = store.files(RUNS)
    if not files:
        return "SELECT '' AS key WHERE false"
    if not store.twice(RUNS):
        return _read(files)
    # studies that measured different things of a run have a row of it each
    return f"SELECT key, any_value(COLUMNS(* EXCLUDE (key))) FROM ({_read(files)}) GROUP BY key"


# -- answers for other tools ------------------------------------------------------------------------------------------


def write(answer: pd.DataFrame, kind: str, path: Path) -> list[Path]:
    """Write an answer as CSV, Parquet, or for Stata with a do-file that makes table 1 of it."""
    if answer.empty:
        raise InputError(f"{path}: the answer has no row; nothing was written")
    if kind == "dta" and path.suffix.lower() == ".do":
        raise InputError(f"{path}: is where the do-file goes; allowed: another name, as {path.stem}.dta")
    untaken(path, *([path.with_suffix(".do")] if kind == "dta" else []))
    out = io.BytesIO()
    if kind == "csv":
        answer.to_csv(out, index=False, lineterminator="\n")
    elif kind == "parquet":
        answer.to_parquet(out, index=False)
    else:
        return _stata(answer, path)
    put(path, out.getvalue())
    return [path]


def short(names: Sequence[str]) -> dict[str, str]:
    """Names that Stata takes: letters, digits and _, at most 32, no two alike."""
    found: dict[str, str] = {}
    for name in names:
        plain = re.sub(r"\W", "_", name, flags=re.ASCII)
        plain = plain if plain[:1].isalpha() else f"v_{plain}"
        brief, number = plain[:LONGEST], 2
        while brief in found.values():
            brief, number = f"{plain[: LONGEST - len(str(number)) - 1]}_{number}", number + 1
        found[name] = brief
    return found


def _stata(answer: pd.DataFrame, path: Path) -> list[Path]:
    """A .dta with labels of variables and values, and a .do beside it."""
    from sim.sweep.outcomes import catalogue  # the model is read for this alone

    names, known = short(list(answer)), catalogue()
    frame, labels = answer.rename(columns=names), {}
    for name, brief in names.items():
        told = f"{known[name].label}, {known[name].unit}" if name in known else WORDS.get(name, name)
        labels[brief] = told[:80]
        if not pd.api.types.is_numeric_dtype(frame[brief]):
            few = frame[brief].nunique() <= 1_000
            frame[brief] = pd.Categorical(frame[brief]) if few else frame[brief].astype(str).str[:2_000]
    out = io.BytesIO()
    try:
        frame.to_stata(out, write_index=False, version=118, variable_labels=labels, data_label="Swadaya: runs")
    except ValueError as error:
        raise InputError(f"{path}: Stata takes no such answer: {error}") from None
    put(path, out.getvalue())
    do = path.with_suffix(".do")
    put(do, do_file(path, names, known, set(answer["arm"]) if "arm" in answer else ()))
    return [path, do]


def do_file(path: Path, names: Mapping[str, str], known: Collection[str], arms: Collection[str]) -> str:
    """Stata commands that make table 1: mean, standard deviation, least and greatest over points of each way.

    Parameters
    ----------
    names
        Names of the columns in the store, and in Stata.
    known
        Names of metrics.
    arms
        Arms: what is called after one is a lever of it, and no uncertainty, over which the table goes.
    """
    metrics = " ".join(brief for name, brief in names.items() if name in known)
    ways = " ".join(brief for name, brief in names.items() if name in WAYS or name.split(".")[0] in arms)
    lines = [f"* Table 1 of the sweep, from {path.name}: over points, each a mean over its lucks.", "version 14"]
    lines += ["clear all", f'use "{path.name}", clear']
    if not (metrics and {"arm", "point"} <= names.keys()):
        return "\n".join([*lines, "describe", "summarize", ""])
    # without `missing` Stata leaves ways out that lack a value, as of a lever that only another study has
    lines += [f"collapse (mean) {metrics}, by({ways} {names['point']})", f"egen way = group({ways}), label missing"]
    lines += [f"tabstat {metrics}, by(way) statistics(mean sd min max) columns(statistics) nototal", ""]
    return "\n".join(lines)
