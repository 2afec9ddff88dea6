"""The scorecard as a table on the terminal, as a self-contained page, as Parquet and CSV; failures first."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from rich.table import Table

from sim.evidence import standing
from sim.evidence.judging import AIM, NAMED, ORDER, Scorecard, remarked, worst
from sim.evidence.standing import VERDICTS, judged, may_not
from sim.experiment.results import put_manifest, put_table
from sim.language import SPACE, listed, mark, say
from sim.report import DASH, number, said, span
from sim.report.grid import Cell, Column, Grid
from sim.report.grid import terminal as printed
from sim.report.template import filled

FRAMED = ("low", "high", "observed", "true_mean", "rival_none")  # what a picture must hold
PLACES = (*FRAMED, "true_low", "true_high", "estimate_low", "estimate_high")
SAME = "\u00b7"  # a verdict that a mechanism's absence leaves as it is
FEW = 20  # parameter sets below which the ends of an interval are little more than extremes
MEANINGS = {
    "FAIL": mark(
        "Positive: the mean true effect is outside the tolerance, or the published estimate outside what the "
        "study would have found in the model. Null: 5-95 % of the true effects reach outside the band."
    ),
    "NOT REPRESENTED": mark("No column of the model answers it. Counts as not passed."),
    "UNINFORMATIVE": mark(
        "It would pass, but estimates at the study's size spread more than twice the tolerance. Counts as not passed."
    ),
    "WARN": mark("As FAIL, for an outcome that does not decide."),
    "PASS*": mark("A pass where the study gives no standard error. Counts."),
    "PASS": mark(
        "Positive: the published estimate lies in the 5-95 % range of estimates and the mean true effect in the "
        "tolerance. Null: 5-95 % of the true effects over parameter sets lie in the band, never narrower than the "
        "published interval."
    ),
}
#: What an outcome may count as; a study of one's own may have another role.
ROLES = {
    "fitted": mark("fitted"),
    "forced": mark("forced"),
    "structure-informed": mark("structure-informed"),
    "blind": mark("blind"),
}
MARKS = {
    "FAIL": "\u2715",
    "NOT REPRESENTED": "\u25cb",
    "UNINFORMATIVE": "?",
    "WARN": "!",
    "PASS*": "\u2713",
    "PASS": "\u2713",
}
WORDS = {
    mark("Trap off, trap on"): mark(
        "The model without a poverty trap, and with one: a larger technique that pays only with enough skill and "
        "capital, so that who has little stays behind. Each of the two has parameter sets of its own."
    ),
    mark("z"): mark("The rural poverty line per person and quarter, the unit of money here."),
    mark("True effect"): mark(
        "Paired difference between the same households in the same luck with and without the programme: mean and "
        "5-95 % over parameter sets."
    ),
    mark("Estimate"): mark(
        "What the study would have found at its own size, with survey noise and its estimator: 5-95 % over draws "
        "of parameters, population, luck and assignment."
    ),
    mark("Rivals"): mark(
        "What a model without any effect says, and arithmetic that spends 0.9 of cash while it flows. Prior: 5-95 "
        "% of the true effect before calibration. A positive finding that one of the first two passes too does "
        "not discriminate, and does not count; a null counts."
    ),
    mark("Role"): mark(
        "Fitted: the model was calibrated on it. Forced: the shock was supplied. Structure-informed: the model's "
        "form was chosen knowing it, its size was not fitted. Only the last counts as validation, and what is "
        "blind."
    ),
    mark("Figure"): mark(
        "How its number is known. READ: read in the study or a summary of it. MEM: from memory, not read again, and "
        "how sure. DER: derived from others."
    ),
    mark("Abbreviations"): mark(
        "PPP: at the purchasing power of dollars. MPC: marginal propensity to consume, the share of more money that is "
        "spent. Podes: census of villages. Susenas: national survey of households. BPS: Statistics Indonesia. sd: "
        "standard deviation. se: standard error."
    ),
}


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
        published = say("se\u00a0{value}", value=number(row.se, places)) if math.isfinite(row.se) else ""
        found_by = ((mark("none {value}"), row.rival_none), (mark("cash {value}"), row.rival_cash))
        rivals = [say(told, value=number(value, places)) for told, value in found_by if math.isfinite(value)]
        prior = span(row.prior_low, row.prior_high, places)
        figures = (
            (say("Observed"), _value(row.observed, places), published),
            (say("Tolerance"), _interval(row.low, row.high, places), ""),
            (say("True effect"), _value(row.true_mean, places), span(row.true_low, row.true_high, places)),
            (say("Estimate"), _interval(row.estimate_low, row.estimate_high, places), ""),
            (say("Rivals"), "; ".join(rivals) or DASH, say("prior {range}", range=prior) if prior else ""),
        )
        source = say("Figure: {status}; tolerance: {tolerance}.", status=row.status, tolerance=say(row.tolerance))
        words = {"outcome": say(row.outcome), "unit": say(row.unit), "role": role(row), "note": remarked(row.remarks)}
        found.append(
            {"row": row, "mark": MARKS[row.verdict], "strip": strip(row), "figures": figures, "source": source, **words}
        )
    return found


def role(row: Any) -> str:
    """What a row may count as, and whether a null is tested."""
    said = say(ROLES.get(row.role, row.role))
    return say("{role}, null", role=said) if row.kind == "null" else said


def result(card: Scorecard) -> str:
    """What came out, in a few sentences."""
    passed, targets = card.counted(), card.targets()
    counts = card.rows["verdict"].value_counts()
    nulls = set(card.rows.loc[card.rows["deciding"] & (card.rows["kind"] == "null"), "target"])
    missed = ", ".join(judged(name, verdict) for name, verdict in targets.items() if name not in passed)
    told = [
        say(
            "{passed} of the {targets} targets that count as validation pass, {nulls} of them with a null; the aim, "
            "fixed before any run, is {aim} with {variant}.",
            passed=len(passed), targets=len(targets), nulls=len(nulls & set(passed)), aim=AIM, variant=said(NAMED),
        ),
        say("Not passed: {targets}.", targets=missed) if missed else "",
        say("All outcomes: {verdicts}.", verdicts=", ".join(judged(str(counts[v]), v) for v in ORDER if v in counts)),
    ]  # fmt: skip
    sets = card.manifest.get("worlds at rest")
    if isinstance(sets, int):
        form = mark("{sets} of {whole} parameter sets had a world at rest.")
        if sets < FEW:
            form = mark(
                "{sets} of {whole} parameter sets had a world at rest; with so few, the ends of intervals are little "
                "more than extremes."
            )
        told.append(say(form, sets=sets, whole=card.manifest["parameter sets"]))
    return " ".join(part for part in told if part)


def mapping(card: Scorecard) -> Grid:
    """Outcome, column, rule: what in the model answers each figure."""
    place = {study.id: k for k, study in enumerate(card.studies)}
    frame = card.rows.iloc[np.lexsort((~card.rows["deciding"], card.rows["study"].map(place)))]
    rows = [
        (Cell(f"{row.study}: {say(row.outcome)}"), Cell(row.column), Cell(row.rule or remarked(row.remarks)))
        for row in frame.itertuples(index=False)
    ]
    columns = (Column(say("Outcome")), Column(say("Column")), Column(say("Rule that sets it")))
    note = say("Several columns are a mean index.")
    return Grid("mapping", say("Outcome, column, rule"), note, columns, tuple(rows))


def ablation(frame: pd.DataFrame) -> Grid:
    """One column a mechanism that is off: how many verdicts change, then those that do with any of them."""
    names = [name for name in frame.columns if name not in ("variant", "study", "outcome", "whole")]
    changed = {name: int((frame[name] != frame["whole"]).sum()) for name in names}
    whole = say("of {verdicts}", verdicts=len(frame))
    rows = [(Cell(say("Verdicts that change")), Cell(whole), *(Cell(str(changed[name])) for name in names))]
    rows += [
        (
            Cell(f"{record['study']}: {say(record['outcome'])}", said(record["variant"])),
            Cell(say(VERDICTS[record["whole"]])),
            *(Cell(SAME if record[name] == record["whole"] else say(VERDICTS[record[name]])) for name in names),
        )
        for record in frame.to_dict("records")
        if any(record[name] != record["whole"] for name in names)
    ]
    heads = (say("No {mechanism}", mechanism=name.replace("_", " ")) for name in names)
    columns = (Column(say("Outcome")), Column(say("Whole model")), *(Column(head) for head in heads))
    note = say(
        "Each mechanism held at its start, worlds solved anew on a few sets. Outcomes whose verdict none of them "
        "changes are left out; {same} is as with the whole model.",
        same=SAME,
    )
    return Grid("ablation", say("Each mechanism off"), note, columns, tuple(rows))


def of_record(study: str) -> str:
    """The verdicts of a study that are stored with the model, in one sentence."""
    rows = standing.read()[0] if standing.path().is_file() else pd.DataFrame(columns=[*standing.COLUMNS])
    own = rows[(rows["study"] == study) & rows["deciding"].astype(bool)]
    form = mark("{verdict} with {variant}")
    found = [
        say(form, verdict=say(VERDICTS[worst(list(part["verdict"]))]), variant=said(variant))
        for variant, part in own.groupby("variant", sort=True)
    ]
    return say("The verdict of record is {verdicts}.", verdicts=listed(found)) if found else say(standing.NEVER)


def repeated(card: Scorecard, study: str) -> Table:
    """A study in few and small worlds, which are compared bit by bit and are no verdict on the model."""
    title = say("{study} in small worlds, {variant}", study=study, variant=said(card.variant))
    note = say("Small worlds, to be repeated bit for bit: what they come to is no verdict on the model. {record}",
               record=of_record(study))  # fmt: skip
    return terminal(card, title, note)


def terminal(card: Scorecard, title: str = "", note: str = "") -> Table:
    """One row a study, failures first, as a rich table that fits 80 columns: the rest is on the page.

    `title` and `note` take the place of its own.
    """
    rows = []
    for study in card.rows.loc[card.rows["deciding"], "study"].unique():
        part = card.rows[card.rows["study"] == study]
        row = next(part[part["deciding"]].itertuples(index=False))
        places, several = decimals(row), int(part["deciding"].sum())
        worst = say("worst of {outcomes} that decide", outcomes=several) if several > 1 else ""
        others = part[~part["deciding"]]["verdict"].value_counts()
        beside = [judged(str(others[verdict]), verdict) for verdict in ORDER if verdict in others]
        below = ["" if row.discriminating else say("a rival passes"), *([say("others:"), *beside] if beside else [])]
        rows.append(
            (
                Cell(
                    f"{study}: {say(row.outcome)}, {say(row.unit)}",
                    "\n".join(part for part in (role(row), worst) if part),
                ),
                Cell(say(VERDICTS[row.verdict]), "\n".join(part for part in below if part)),
                Cell(_value(row.observed, places), _interval(row.low, row.high, places)),
                Cell(_value(row.true_mean, places), _interval(row.true_low, row.true_high, places)),
                Cell("", _interval(row.estimate_low, row.estimate_high, places)),
            )
        )
    columns = (
        Column(say("Outcome that decides"), "", say("Outcome that decides\nrole")),
        Column(say("Verdict")),
        Column(say("Observed"), "", say("Observed\ntolerance")),
        Column(say("True effect"), "", say("True effect\n5\u201395 %")),
        Column(say("Estimate"), "", say("Estimate\n5\u201395 %")),
    )
    note = note or say("One row a study, failures first; every outcome, its rivals and its notes are on the page.")
    title = title or say("Scorecard, {variant}", variant=said(card.variant))
    return printed(Grid("scorecard", title, note, columns, tuple(rows)))


def write(
    cards: Sequence[Scorecard],
    folder: Path,
    ablated: pd.DataFrame | None = None,
    about: Mapping[str, object] | None = None,
    first_look: str = "",
) -> Path:
    """Write page, Parquet, CSV and manifest into a folder that exists; give the page's path.

    `about` goes into the manifest before what the cards say of themselves; `first_look` says how little was run.
    """
    shown = [
        {"heading": said(card.variant).capitalize(), "result": result(card), "bars": may_not(card.rows)}
        | {"rows": page_rows(card), "manifest": card.manifest}
        for card in cards
    ]
    text = filled(
        "scorecard.html",
        cards=shown,
        verdicts=[(name, MARKS[name], say(meaning)) for name, meaning in MEANINGS.items()],
        words=[(say(word), say(meaning)) for word, meaning in WORDS.items()],
        mapping=mapping(cards[0]),
        ablation=None if ablated is None else ablation(ablated),
        studies=[(study, say(study.title)) for study in cards[0].studies],
        first_look=first_look,
        record=standing.warnings() if first_look else [],
    )
    put_table(folder, "scorecard", pd.concat([card.rows for card in cards], ignore_index=True).drop(columns="remarks"))
    if ablated is not None:
        put_table(folder, "ablation", ablated)
    manifest = {**(about or {}), "variants": [card.manifest for card in cards]}
    put_manifest(folder, manifest)
    page = folder / "scorecard.html"
    page.write_text(text.replace(" %", f"{SPACE}%"), encoding="utf-8")  # a study's own texts among it
    return page
