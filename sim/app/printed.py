"""The table of a published result as the page tells it: what answers comes first, and every name is in words.

A table waits in a file under the names of the code; none of them is changed here, only said.
"""

from __future__ import annotations

import math
import re
import tomllib
from collections.abc import Iterator, Mapping
from typing import Any

from sim.app.choices import choices
from sim.app.texts import own_words, table, words
from sim.evidence import studies
from sim.experiment import canonical
from sim.metrics import catalogue
from sim.report import SAID
from sim.report.development import ESTIMATORS, GROWTH, INDICATORS, RESILIENCE
from sim.report.tables import HEADLINES
from sim.reproduce.published import Published
from sim.reproduce.runs import Map, OneStudy, OtherModel

Text = tuple[str, str]
ROWS = 400
KEYS = ("table", "what", "arm", "part", "quarter")
#: Tables, and of a map its measures, that answer; they stand first, in this order. Series stand last.
FIRST = ("share of the map", "winner", "headline", "contrasts", "classes", "village_classes", "participation")
SERIES = "series"
DECIMAL = re.compile(r"-?\d+(\.\d+)?")
HEADINGS = {one.metric: one.title for one in HEADLINES if one.metric in ("self_sufficient", "own_income_growth")}
#: What reports call the measures of a table.
TITLES: Mapping[str, Mapping[str, str]] = {
    "growth": {line.measure: line.title for line in GROWTH},
    "resilience": {line.measure: line.title for line in RESILIENCE},
    "headline": HEADINGS,
    "contrasts": HEADINGS,
}
VALUES = SAID | ESTIMATORS | {name: said for name, (said, _) in INDICATORS.items()}


def columns(found: Published) -> list[str]:
    """Columns of the page beside outcome and arm, by the keys of their heads."""
    if isinstance(found.runs, OneStudy):  # its verdicts are of fewer worlds than those of the scorecard: see there
        return ["small_run", "observed"]
    if isinstance(found.runs, OtherModel):
        return ["found_here", "observed", "verdict"]
    return ["expected"] if isinstance(found.runs, Map) else ["expected", "obtained", "verdict"]


def rows_of(found: Published) -> list[dict[str, Any]]:
    """All its rows, what answers first."""
    whole = sorted(found.was().table.itertuples(index=False), key=_place)
    runs = found.runs
    titles = {axis.name: axis.label for axis in runs.axes_of(choices().known)} if isinstance(runs, Map) else {}
    rows = [_row(row, titles) for row in whole]
    if isinstance(runs, OneStudy):
        _beside_study(rows, runs.study)
    if isinstance(runs, OtherModel):
        for row in rows:
            row["observed"], _, row["verdict"] = row["unit"].partition(": ")
            row["observed"], row["told"]["unit"] = _value(row["observed"]), ("", "")
    return rows


def shown(rows: list[dict[str, Any]], found: Published) -> dict[str, Any]:
    """The rows that a page shows, and a sentence, the cut, where these are not all; what differs stands first."""
    first = sorted(rows, key=lambda row: row["verdict"] not in ("differs", "missing"))[:ROWS]
    if len(rows) <= ROWS:
        return {"rows": first, "cut": None}
    holes = {"shown": ROWS, "all": len(rows), "file": f"scenarios/published/{found.path.name}"}
    return {"rows": first, "cut": tuple(text.format(**holes) for text in words("open.cut"))}


def _place(row: Any) -> tuple[int, list[tuple[int, str]]]:
    """Where a row stands: by what it tells; those of a map by their world; else as they are stored."""
    of_map = row.table == "map"
    name = row.metric if of_map else row.table
    place = FIRST.index(name) if name in FIRST else len(FIRST) + (name == SERIES)
    return place, as_counted(row.part) if of_map else []


def as_counted(name: str) -> list[tuple[int, str]]:
    """V2 before V12."""
    return [(int(part), "") if part.isdigit() else (0, part) for part in re.split(r"(\d+)", name)]


def _row(row: Any, titles: Mapping[str, str]) -> dict[str, Any]:
    """One printed number as the page has it; where what is printed is a name, `named` has it."""

    def number(value: float) -> float | None:
        return float(value) if math.isfinite(value) else None

    found = dict(zip(canonical.KEYS, (row.table, row.metric, row.arm, row.part, int(row.quarter)), strict=True))
    found["what"] = what = found.pop("metric")
    title = {**TITLES.get(row.table, {}), **titles}.get(what)
    is_name = number(row.estimate) is None and bool(row.says)
    told = {
        "table": _value(row.table) if row.table != what else ("", ""),
        "what": table().get(f"printed.{row.table} {what}") or (own_words(title) if title else _value(what)),
        "arm": _arm(row.arm),
        "part": _joined(_part(part) for part in row.part.split(", ")),
        "unit": ("", "") if is_name else _unit(str(row.says)),
    }
    return found | {
        "told": told,
        "unit": str(row.says),
        "named": _arm(row.says) if is_name else None,
        "expected": number(row.estimate),
        "low": number(row.low),
        "high": number(row.high),
        "obtained": None,
        "verdict": "",
    }


def _beside_study(rows: list[dict[str, Any]], study: str) -> None:
    """Put the published figure where a verdict of few worlds would stand; that of the scorecard is of many."""
    text = (studies.shipped() / f"{study}.toml").read_text(encoding="utf-8")
    figures = {one["name"]: one for one in tomllib.loads(text)["outcomes"]}
    for row in rows:
        about = figures.get(row["what"], {})
        row["observed"] = about.get("observed")
        row["told"] |= {"table": ("", ""), "unit": own_words(about.get("unit", ""))}


# -- names ------------------------------------------------------------------------------------------------------------


def _joined(texts: Iterator[Text]) -> Text:
    english, indonesian = zip(*texts, strict=True)
    return ", ".join(english), ", ".join(indonesian)


def _arm(name: str) -> Text:
    """An arm as the page calls it."""
    may = choices()
    return may.called(name) if name in may.policies else table().get(f"stage.{name}") or _value(name)


def _unit(name: str) -> Text:
    return table().get(f"unit.{name}") or table().get(f"printed.{name}") or own_words(name)


def _value(name: str) -> Text:
    """What a name of the code, or a number, is called; a name that is called nothing else loses its underscores."""
    if DECIMAL.fullmatch(name):
        return name, name.replace(".", ",")
    own = table().get(f"metric.{name}") or table().get(f"printed.{name}")
    if own:
        return own
    measure = catalogue().get(name)
    english, indonesian = own_words(measure.label if measure else VALUES.get(name, name))
    if english == indonesian and ": " in name:  # a regime and what was measured in it
        head, _, rest = name.partition(": ")
        (head, head_id), (rest, rest_id) = _value(head), _value(rest)
        return f"{head}: {rest}", f"{head_id}: {rest_id}"
    return english.replace("_", " "), indonesian.replace("_", " ")


def _part(text: str) -> Text:
    """One part of what a row is of: "line 0.9", "class rising", "among the permanently poor"."""
    head, colon, rest = text.partition(": ")
    if colon:  # the point of another model, and its first number
        (head, head_id), (rest, rest_id) = _value(head), _part(rest)
        return f"{head}: {rest}", f"{head_id}: {rest_id}"
    key, _, value = text.partition(" ")
    form = table().get(f"part.{key}")
    if not value or form is None:
        return _value(text)
    whose = choices().called(value) if value in choices().policies else _value(value)
    return form[0].format(value=whose[0]), form[1].format(value=whose[1])
