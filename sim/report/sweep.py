"""The page of a sweep: what it found in words, tables and figures, in one file that opens anywhere."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from sim.experiment import ensemble, standing
from sim.experiment.results import put_csv, put_manifest
from sim.language import SPACE, listed
from sim.report import number
from sim.report import sweep_figures as figures
from sim.report.canvas import saved
from sim.report.drawing import Drawing
from sim.report.grid import Grid
from sim.report.page import flat
from sim.report.sweep_tables import (
    box_frame,
    box_grid,
    front_grid,
    outcome_of,
    regret_grid,
    sensitivity_grids,
    table_one,
    unit_of_difference,
    value,
    where,
)
from sim.report.template import filled
from sim.sweep.discovery import Conditions
from sim.sweep.found import Found

if TYPE_CHECKING:
    from sim.sweep.asked import Asked
    from sim.sweep.outcomes import Outcome

PRIOR = (
    "Shares of points are shares of the ranges that were drawn, each value as likely as any other: not how likely it "
    "is that a strategy is better in a real village."
)
UNCALIBRATED = "Uncalibrated: all numbers of the model but the uncertainties have their default values."
CALIBRATED = (
    "Calibrated but for the uncertainties: all other numbers come from the calibrated parameter sets ({variant}), "
    "which points take in turn."
)


@dataclass(frozen=True)
class Plate:
    """A figure: what it shows, and how it is drawn at a width."""

    key: str
    caption: str
    draw: Callable[[float], Drawing]


@dataclass(frozen=True)
class Part:
    """One section of the page."""

    key: str
    title: str
    said: list[str]
    plates: list[Plate]
    grids: list[Grid]


# -- in words ---------------------------------------------------------------------------------------------------------


def boxes_told(found: Found, conditions: Conditions) -> list[str]:
    """What the boxes say."""
    one = next(one for one in found.metrics if one.name == conditions.metric)
    better, than = found.label(conditions.better), found.label(conditions.than)
    lead = (
        f"{better} beats {than} in {one.label} in {number(100 * conditions.hits.mean(), 0)}{SPACE}% of "
        f"{len(conditions.hits)} points ({number(100 * conditions.clear, 0)}{SPACE}% beyond luck)"
    )
    levers = [name for name in conditions.places if name not in found.spans]
    lead += f": those of the design under each {' and '.join(levers)}." if levers else "."
    if not conditions.boxes:
        if conditions.hits.all() or not conditions.hits.any():
            return [lead, "It is so everywhere." if conditions.hits.all() else "It is so nowhere."]
        if conditions.hits.mean() < 0.5:
            return [lead, "No number tells where, beyond chance."]
        turned = f"swadaya discover STUDY --better {conditions.than} --than {conditions.better}"
        turned += f" --metric {one.name}" * (one.name != found.metrics[0].name)
        return [lead, f"No box tells more of it than all points do; where it is not so: {turned}."]
    first = conditions.boxes[0]
    told = where(found, conditions, first.limits)
    held = "" if math.isnan(first.fresh) else f", {number(100 * first.fresh, 0)}{SPACE}% in points held back"
    return [
        lead,
        f"Above all where {told}: {number(100 * first.density, 0)}{SPACE}% of the points there are such{held}, and "
        f"{number(100 * first.coverage, 0)}{SPACE}% of all such points lie there.",
    ]


def answer(found: Found) -> list[str]:
    """What the sweep says: the best mean in the headline at each cost, and how robust it is."""
    one, said = found.metrics[0], []
    table = found.table[found.table["metric"] == one.name].set_index("way")
    regret = found.regret
    for cost, rows in regret.groupby("cost") if len(regret) else ():
        first, calm = rows.loc[rows["mean"].idxmin()], rows.loc[rows["largest"].idxmin()]
        best = f"At a dose of {cost:g}{SPACE}z, {first['way']} is best on average in {one.label}"
        best += f" ({value(one, float(table.loc[first['way'], 'mean']))} {one.unit}), and best in "
        best += f"{number(100 * first['best'], 0)}{SPACE}% of {int(first['points'])} points"
        least = "it also has the least largest regret" if calm["way"] == first["way"] else (
            f"the least largest regret has {calm['way']} ({value(one, calm['largest'])} {unit_of_difference(one.unit)})"
        )  # fmt: skip
        said.append(f"{best}; {least}.")
    if not said:
        said = [f"{len(found.plan.points)} points were run; {one.label} and all other metrics are in the tables below."]
    return [*said, *_stopped(found), *_failed(found)]


def _stopped(found: Found) -> list[str]:
    """Whether lucks were enough."""
    if found.rule is None:
        return []
    reach = found.reach(found.rule.metric)
    ways = [n for n, way in enumerate(found.ways) if way.arm != found.versus and np.isfinite(reach[:, n]).any()]
    narrow = np.all(reach[:, ways] <= found.rule.half_width, axis=1)
    lucks = list(found.plan.seeds.values())
    return [
        f"Lucks were added until every difference in {found.rule.metric} was told to within {found.rule.half_width:g}: "
        f"reached at {int(narrow.sum())} of {len(narrow)} points, with {min(lucks)} to {max(lucks)} lucks (at most "
        f"{found.rule.most})."
    ]


def _failed(found: Found) -> list[str]:
    failed = int(found.result["failed"].sum())
    if not failed:
        return []
    return [
        f"{failed} of {len(found.result)} runs failed and are left out; --retry-failed runs them again. Why: "
        "swadaya query “SELECT error, count(*) FROM failures GROUP BY error”."
    ]


def told(found: Found, digest: str) -> list[str]:
    """What a sweep ends with on the terminal."""
    return [*answer(found), f"digest of the results: {digest}"]


def made(found: Found, asked: Asked) -> list[str]:
    """How the sweep was made."""
    study, people = asked.question.study, asked.question.scenario.population
    drawn = "; ".join(f"{name} {low:g} to {high:g}" for name, (low, high) in found.spans.items())
    levers = "; ".join(f"{name} {', '.join(f'{v:g}' for v in values)}" for name, values in study.levers.items())
    lines = [
        f"{len(found.plan.points)} points ({study.design.kind.replace('_', ' ')}, seed {study.design.seed})"
        + (f" over {drawn}" if drawn else " of the calibrated sets")
        + f". Each is one world of {people.villages} villages with about {people.households} households; all ways meet "
        "it under the same lucks.",
        "Metrics are measured over the three years that begin two years after the money has ended.",
    ]
    if levers:
        lines.insert(1, f"Levers, every combination: {levers}.")
    if found.rule:
        looks = ", ".join(map(str, found.rule.looks))
        lines.append(
            f"Intervals of differences in {found.rule.metric} are of {number(100 * found.rule.level, 0)}{SPACE}% over "
            f"all looks together, after {looks} lucks: each look takes an equal part of the error (Bonferroni). They "
            "hold for one difference at one point, as far as paired differences are normal."
        )
    return lines


def warnings(asked: Asked) -> list[str]:
    """What the sweep rests on."""
    variant = asked.question.study.ensemble
    base = [CALIBRATED.format(variant=variant.replace("_", " "))] if variant else [UNCALIBRATED]
    if variant and ensemble.stale(variant):
        base.append("The sets were found with other rules: “swadaya calibrate” finds them anew.")
    return [*base, PRIOR, *standing.warnings()]


# -- the page ---------------------------------------------------------------------------------------------------------


def parts(found: Found, indices: pd.DataFrame | None, conditions: Conditions | None) -> list[Part]:
    """The sections: of a plain sweep what each way comes to, else what was asked."""
    if indices is not None:
        return [sensitivity_part(found, indices)]
    if conditions is not None:
        return [discovery_part(found, conditions)]
    shown = "Dots: mean over points; lines: 5th to 95th percentile over points."
    apart = len({way.arm for way in found.ways}) > 1
    drawn = [Plate("differences", shown, lambda w: figures.differences(found, w))] if apart else []
    made_of = [Part("ways", "What each way comes to", [], drawn, [table_one(found, one) for one in found.metrics])]
    if len(found.regret):
        caption = "Dots: mean regret; lines: to its 90th percentile over points."
        drawn = [Plate("regret", caption, lambda w: figures.regrets(found, w))]
        made_of.append(Part("regret", "Regret at equal cost", [], drawn, [regret_grid(found)]))
    if len(found.pareto):
        caption = "Means over points. Full dots: no way that costs the same is as good in all metrics; rings: beaten."
        drawn = [Plate("front", caption, lambda w: figures.front(found, w))]
        made_of.append(Part("front", "Pareto fronts at equal cost", [], drawn, [front_grid(found)]))
    return made_of


def sensitivity_part(found: Found, indices: pd.DataFrame) -> Part:
    """Which numbers decide."""
    plates: list[Plate] = []
    said: list[str] = []
    for (metric, _), rows in indices.groupby(["metric", "way"], sort=False):
        one = next(one for one in found.metrics if one.name == metric)
        outcome = outcome_of(found, one, rows["way"].iloc[0])
        caption = f"{outcome}. Dots: indices; lines: bootstrap intervals of 90{SPACE}%."
        plates.append(Plate(f"sensitivity-{len(plates)}", caption, partial(figures.indices, found, rows)))
        said.append(f"{outcome}: {decides(one, rows)}.")
    return Part("sensitivity", "Which numbers decide", said, plates, sensitivity_grids(found, indices))


def decides(one: Outcome, rows: pd.DataFrame) -> str:
    """Which number decides an outcome most, and which others might as well: their interval reaches that of the first.

    Parameters
    ----------
    rows
        Indices of one outcome, one row an uncertainty.
    """
    order = "total" if "total" in rows else "mu_star"
    rows = rows.sort_values(order, ascending=False)
    sizes, reach = rows[order].to_numpy(), rows[f"{order}_reach"].to_numpy()
    if not sizes.any():
        return "no number moves it"
    first = rows["uncertainty"].iloc[0]
    others = rows["uncertainty"][(sizes + reach >= sizes[0] - reach[0]) & (sizes > 0.0)].iloc[1:]
    if len(others):
        return f"{first} decides most, but cannot be told from {listed(others)}"
    if order == "total":
        low, high = (number(100 * end, 0) for end in (sizes[0] - reach[0], min(1.0, sizes[0] + reach[0])))
        return f"{first} decides most ({low} to {high}{SPACE}% of the variance, with all it acts together with)"
    moved = f"{value(one, sizes[0])} {unit_of_difference(one.unit)}"
    return f"{first} decides most ({moved} on average over its range)"


def discovery_part(found: Found, conditions: Conditions) -> Part:
    """Where one arm beats another."""
    title = f"Where {found.label(conditions.better)} beats {found.label(conditions.than)}"
    plates = []
    if len(conditions.places.columns) > 1 and 0 < conditions.hits.sum() < len(conditions.hits):
        caption = (
            f"Points, in colour where {found.label(conditions.better)} is better; boxes outlined. And what each peel "
            "gains in density and costs in coverage; dots: the boxes that were chosen."
        )
        plates = [Plate("boxes", caption, lambda w: figures.boxed(found, conditions, w))]
    grids = [box_grid(found, conditions)] if conditions.boxes else []
    return Part("discover", title, boxes_told(found, conditions), plates, grids)


def write(
    found: Found,
    asked: Asked,
    folder: Path,
    indices: pd.DataFrame | None = None,
    conditions: Conditions | None = None,
) -> Path:
    """Write the page, its figures and tables into a folder that exists; give the page."""
    shown = parts(found, indices, conditions)
    about = {"name": found.name, "digest": asked.digest, **{k: v for k, v in asked.about().items() if k != "text"}}
    put_manifest(folder, about)
    frames = {"indices": indices} if indices is not None else {}
    if conditions is not None:
        frames = {"boxes": box_frame(found, conditions)}
    if indices is None and conditions is None:
        frames = {"runs": found.result, "points": found.plan.table(), "table_1": found.table, "regret": found.regret,
                  "front": found.pareto}  # fmt: skip
    for name, frame in frames.items():
        put_csv(folder, name, frame)
    text = filled(
        "sweep.html",
        title=found.title,
        answer=[] if indices is not None or conditions is not None else answer(found),
        warnings=warnings(asked),
        parts=shown,
        figures={one.key: saved(one.draw, folder, one.key) for part in shown for one in part.plates},
        made=made(found, asked),
        manifest={key: flat(one) for key, one in about.items()},
    )
    page = folder / "report.html"
    page.write_text(text, encoding="utf-8")
    return page
