"""The scorecard as a table on the terminal, as a self-contained page, as Parquet and CSV; failures first."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from rich.table import Table

from sim.experiment.judging import AIM, NAMED, ORDER, Scorecard, barred
from sim.report import SPACE, number, said, span
from sim.report.grid import Cell, Column, Grid
from sim.report.grid import terminal as printed
from sim.report.template import filled

DASH = "\u2013"
FRAMED = ("low", "high", "observed", "true_mean", "rival_none")  # what a picture must hold
PLACES = (*FRAMED, "true_low", "true_high", "estimate_low", "estimate_high")
SAME = "\u00b7"  # a verdict that a mechanism's absence leaves as it is
FEW = 20  # parameter sets below which the ends of an interval are little more than extremes
VERDICTS = (
    ("FAIL", "Positive: the mean true effect is outside the tolerance, or the published estimate outside what the "
     "study would have found in the model. Null: 5-95 % of the true effects reach outside the band."),
    ("NOT REPRESENTED", "No column of the model answers it. Counts as not passed."),
    ("UNINFORMATIVE", "It would pass, but estimates at the study's size spread more than twice the tolerance. Counts "
     "as not passed."),
    ("WARN", "As FAIL, for an outcome that does not decide."),
    ("PASS*", "A pass where the study gives no standard error. Counts."),
    ("PASS", "Positive: the published estimate lies in the 5-95 % range of estimates and the mean true effect in the "
     "tolerance. Null: 5-95 % of the true effects over parameter sets lie in the band, never narrower than the "
     "published interval."),
)  # fmt: skip
MARKS = {
    "FAIL": "\u2715",
    "NOT REPRESENTED": "\u25cb",
    "UNINFORMATIVE": "?",
    "WARN": "!",
    "PASS*": "\u2713",
    "PASS": "\u2713",
}
WORDS = (
    ("True effect", "Paired difference between the same households in the same luck with and without the programme: "
     "mean and 5-95 % over parameter sets."),
    ("Estimate", "What the study would have found at its own size, with survey noise and its estimator: 5-95 % over "
     "draws of parameters, population, luck and assignment."),
    ("Rivals", "What a model without any effect says, and arithmetic that spends 0.9 of cash while it flows. Prior: "
     "5-95 % of the true effect before calibration. A positive finding that one of the first two passes too does not "
     "discriminate, and does not count; a null counts."),
    ("Role", "Fitted: the model was calibrated on it. Forced: the shock was supplied. Structure-informed: the model's "
     "form was chosen knowing it, its size was not fitted. Only the last counts as validation, and what is blind."),
)  # fmt: skip


def decimals(row: Any) -> int:
    """Decimals at which the tolerance of a row still shows."""
    width = row.high - row.low
    return 1 if not math.isfinite(width) or width >= 4.0 else 2 if width >= 0.2 else 3


def _value(value: float, places: int) -> str:
    return number(value, places) if math.isfinite(value) else DASH


def _interval(low: float, high: float, places: int) -> str:
    return span(low, high, places) or DASH


def strip(row: Any) -> dict[str, float]:
    """Places, 0 to 100, of a row's figures on one line; what lies outside the picture ends at its border."""
    figures = {name: getattr(row, name) for name in PLACES}
    inside = [value for name, value in figures.items() if name in FRAMED and math.isfinite(value)]
    if not math.isfinite(row.true_mean) or not inside:
        return {}
    low, high = min(inside), max(inside)
    margin = 0.3 * (high - low) or 1.0
    scale = 100.0 / (high - low + 2.0 * margin)
    places = {name: (value - low + margin) * scale for name, value in figures.items() if math.isfinite(value)}
    return {name: round(min(100.0, max(0.0, place)), 1) for name, place in places.items()}


def page_rows(card: Scorecard) -> list[dict[str, Any]]:
    """The rows as the page shows them."""
    found = []
    for row in card.rows.itertuples(index=False):
        places = decimals(row)
        published = f"se{SPACE}{number(row.se, places)}" if math.isfinite(row.se) else ""
        found_by = (("none", row.rival_none), ("cash", row.rival_cash))
        rivals = [f"{name} {number(value, places)}" for name, value in found_by if math.isfinite(value)]
        prior = span(row.prior_low, row.prior_high, places)
        figures = (
            ("Observed", _value(row.observed, places), published),
            ("Tolerance", _interval(row.low, row.high, places), ""),
            ("True effect", _value(row.true_mean, places), span(row.true_low, row.true_high, places)),
            ("Estimate", _interval(row.estimate_low, row.estimate_high, places), ""),
            ("Rivals", "; ".join(rivals) or DASH, f"prior {prior}" if prior else ""),
        )
        source = f"Figure: {row.status}; tolerance: {row.tolerance}."
        found.append(
            {"row": row, "mark": MARKS[row.verdict], "strip": strip(row), "figures": figures, "source": source}
        )
    return found


def result(card: Scorecard) -> str:
    """What came out, in a few sentences."""
    passed, targets = card.counted(), card.targets()
    counts = card.rows["verdict"].value_counts()
    nulls = set(card.rows.loc[card.rows["deciding"] & (card.rows["kind"] == "null"), "target"])
    missed = ", ".join(f"{name} {verdict}" for name, verdict in targets.items() if name not in passed)
    told = [
        f"{len(passed)} of the {len(targets)} targets that count as validation pass, {len(nulls & set(passed))} of "
        f"them with a null; the aim, fixed before any run, is {AIM} with {said(NAMED)}.",
        f"Not passed: {missed}." if missed else "",
        f"All outcomes: {', '.join(f'{counts[v]} {v}' for v in ORDER if v in counts)}.",
    ]
    sets = card.manifest.get("worlds at rest")
    if isinstance(sets, int):
        few = "; with so few, the ends of intervals are little more than extremes" if sets < FEW else ""
        told.append(f"{sets} of {card.manifest['parameter sets']} parameter sets had a world at rest{few}.")
    return " ".join(part for part in told if part)


def mapping(card: Scorecard) -> Grid:
    """Outcome, column, rule: what in the model answers each figure."""
    place = {study.id: k for k, study in enumerate(card.studies)}
    frame = card.rows.iloc[np.lexsort((~card.rows["deciding"], card.rows["study"].map(place)))]
    rows = [
        (Cell(f"{row.study}: {row.outcome}"), Cell(row.column), Cell(row.rule or row.note))
        for row in frame.itertuples(index=False)
    ]
    columns = (Column("Outcome"), Column("Column"), Column("Rule that sets it"))
    return Grid("mapping", "Outcome, column, rule", "Several columns are a mean index.", columns, tuple(rows))


def ablation(frame: pd.DataFrame) -> Grid:
    """One column a mechanism that is off: how many verdicts change, then those that do with any of them."""
    names = [name for name in frame.columns if name not in ("variant", "study", "outcome", "whole")]
    changed = {name: int((frame[name] != frame["whole"]).sum()) for name in names}
    rows = [(Cell("Verdicts that change"), Cell(f"of {len(frame)}"), *(Cell(str(changed[name])) for name in names))]
    rows += [
        (
            Cell(f"{record['study']}: {record['outcome']}", said(record["variant"])),
            Cell(record["whole"]),
            *(Cell(SAME if record[name] == record["whole"] else str(record[name])) for name in names),
        )
        for record in frame.to_dict("records")
        if any(record[name] != record["whole"] for name in names)
    ]
    columns = (Column("Outcome"), Column("Whole model"), *(Column(f"No {name.replace('_', ' ')}") for name in names))
    note = (
        "Each mechanism held at its start, worlds solved anew on a few sets. Outcomes whose verdict none of them "
        f"changes are left out; {SAME} is as with the whole model."
    )
    return Grid("ablation", "Each mechanism off", note, columns, tuple(rows))


def terminal(card: Scorecard) -> Table:
    """One row a study, failures first, as a rich table that fits 80 columns: the rest is on the page."""
    rows = []
    for study in card.rows.loc[card.rows["deciding"], "study"].unique():
        part = card.rows[card.rows["study"] == study]
        row = next(part[part["deciding"]].itertuples(index=False))
        places, several = decimals(row), int(part["deciding"].sum())
        role = f"{row.role}{', null' if row.kind == 'null' else ''}"
        worst = f"worst of {several} that decide" if several > 1 else ""
        others = part[~part["deciding"]]["verdict"].value_counts()
        beside = [f"{others[verdict]} {verdict}" for verdict in ORDER if verdict in others]
        below = ["" if row.discriminating else "a rival passes", *(["others:", *beside] if beside else [])]
        rows.append(
            (
                Cell(f"{study}: {row.outcome}, {row.unit}", "\n".join(part for part in (role, worst) if part)),
                Cell(row.verdict, "\n".join(part for part in below if part)),
                Cell(_value(row.observed, places), _interval(row.low, row.high, places)),
                Cell(_value(row.true_mean, places), _interval(row.true_low, row.true_high, places)),
                Cell("", _interval(row.estimate_low, row.estimate_high, places)),
            )
        )
    columns = (
        Column("Outcome that decides", "", "Outcome that decides\nrole"),
        Column("Verdict"),
        Column("Observed", "", "Observed\ntolerance"),
        Column("True effect", "", "True effect\n5\u201395 %"),
        Column("Estimate", "", "Estimate\n5\u201395 %"),
    )
    note = "One row a study, failures first; every outcome, its rivals and its notes are on the page."
    return printed(Grid("scorecard", f"Scorecard, {said(card.variant)}", note, columns, tuple(rows)))


def write(
    cards: Sequence[Scorecard],
    folder: Path,
    ablated: pd.DataFrame | None = None,
    about: Mapping[str, object] | None = None,
) -> Path:
    """Write page, Parquet, CSV and manifest into a folder that exists; give the page's path.

    `about` goes into the manifest before what the cards say of themselves.
    """
    shown = [
        {"heading": said(card.variant).capitalize(), "result": result(card), "bars": barred(card.rows)}
        | {"rows": page_rows(card), "manifest": card.manifest}
        for card in cards
    ]
    text = filled(
        "scorecard.html",
        cards=shown,
        verdicts=[(name, MARKS[name], meaning) for name, meaning in VERDICTS],
        words=WORDS,
        mapping=mapping(cards[0]),
        ablation=None if ablated is None else ablation(ablated),
        studies=cards[0].studies,
    )
    _tables(folder, "scorecard", pd.concat([card.rows for card in cards], ignore_index=True))
    if ablated is not None:
        _tables(folder, "ablation", ablated)
    manifest = {**(about or {}), "variants": [card.manifest for card in cards]}
    (folder / "manifest.json").write_text(json.dumps(manifest, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    page = folder / "scorecard.html"
    page.write_text(text.replace(" %", f"{SPACE}%"), encoding="utf-8")
    return page


def _tables(folder: Path, name: str, frame: pd.DataFrame) -> None:
    """A table as Parquet and as CSV."""
    frame.to_parquet(folder / f"{name}.parquet", index=False)
    frame.to_csv(folder / f"{name}.csv", index=False, float_format="%.10g", lineterminator="\n")
