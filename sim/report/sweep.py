"""The page of a sweep: what it found in words, tables and figures, in one file that opens anywhere."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from sim.calibration import ensemble
from sim.evidence import standing
from sim.experiment.people import size_of
from sim.experiment.results import put_csv, put_manifest
from sim.language import listed, mark, say, spoken
from sim.report import drawn, number, percent, said, to
from sim.report import sweep_figures as figures
from sim.report.canvas import saved
from sim.report.drawing import Drawing
from sim.report.grid import Grid
from sim.report.page import flat
from sim.report.regime import OLD
from sim.report.sweep_answer import answer, boxes_told
from sim.report.sweep_tables import (
    VILLAGE,
    VILLAGES,
    box_frame,
    box_grid,
    called,
    counted,
    design,
    difference,
    front_grid,
    lucks,
    outcome_of,
    points_told,
    regret_grid,
    sensitivity_grids,
    series,
    table_one,
    too_few,
    varied,
)
from sim.report.template import filled
from sim.sweep.discovery import Conditions
from sim.sweep.found import Found

if TYPE_CHECKING:
    from sim.sweep.asked import Asked
    from sim.sweep.outcomes import Outcome

PRIOR = mark(
    "Shares of points are shares of the ranges that were drawn, each value as likely as any other: not how likely it "
    "is that a strategy is better in a real village."
)
UNCALIBRATED = mark("Uncalibrated: all numbers of the model but the uncertainties have their default values.")
CALIBRATED = mark(
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


def made(found: Found, asked: Asked) -> list[str]:
    """How the sweep was made."""
    study, people = asked.question.study, asked.question.scenario.population
    form = mark(
        "{points} ({design}, seed {seed}) of the calibrated sets. Each is one world of {size}; all ways meet it under "
        "the same luck: {lucks}."
    )
    if found.spans:
        form = mark(
            "{points} ({design}, seed {seed}) over {drawn}. Each is one world of {size}; all ways meet it under the "
            "same luck: {lucks}."
        )
    size = mark("{villages} with about {households} households")
    if people.villages is None:
        size = mark("the listed villages with about {households} households")
    villages, households = size_of(asked.question.scenario)
    size = say(size, villages=counted(villages, VILLAGE, VILLAGES), households=households)
    seeds = found.plan.seeds.values()
    lines = [
        say(
            form, points=points_told(len(found.plan.points)), design=design(study.design.kind), seed=study.design.seed,
            drawn=drawn(found.spans, found.units), size=size, lucks=lucks(min(seeds), max(seeds)),
        )
    ]  # fmt: skip
    if study.levers:
        levers = "; ".join(f"{varied(name)} {series(values)}" for name, values in study.levers.items())
        lines.append(say("Levers, every combination: {levers}.", levers=levers))
    lines.append(say("Metrics are measured over the three years that begin two years after the money has ended."))
    if found.rule:
        told = say(
            "Intervals of differences in {metric} are of {level} over all looks together, after {looks} lucks: each "
            "look takes an equal part of the error (Bonferroni). They hold for one difference at one point, as far as "
            "paired differences are normal.",
            metric=found.rule.metric, level=percent(100 * found.rule.level, 0),
            looks=series(found.rule.looks),
        )  # fmt: skip
        lines.append(told)
    return lines


def warnings(asked: Asked) -> list[str]:
    """What the sweep rests on."""
    variant = asked.question.study.ensemble
    base = [say(CALIBRATED, variant=said(variant))] if variant else [say(UNCALIBRATED)]
    if variant and ensemble.stale(variant):
        base.append(say(OLD))
    return [*base, say(PRIOR), *standing.warnings()]


# -- the page ---------------------------------------------------------------------------------------------------------


def parts(found: Found, indices: pd.DataFrame | None, conditions: Conditions | None) -> list[Part]:
    """The sections: of a plain sweep what each way comes to, else what was asked."""
    if indices is not None:
        return [sensitivity_part(found, indices)]
    if conditions is not None:
        return [discovery_part(found, conditions)]
    shown = say("Dots: mean over points; lines: 5th to 95th percentile over points.")
    drawn = [] if figures.apart(found).empty else [Plate("differences", shown, partial(figures.differences, found))]
    tables = [table_one(found, one) for one in found.metrics]
    made_of = [Part("ways", say("What each way comes to"), [], drawn, tables)]
    if len(found.regret):
        caption = say("Dots: mean regret; lines: to its 90th percentile over points.")
        drawn = [Plate("regret", caption, partial(figures.regrets, found))]
        made_of.append(Part("regret", say("Regret at equal cost"), [], drawn, [regret_grid(found)]))
    if len(found.pareto):
        caption = say(
            "Means over points. Full dots: no way that costs the same is as good in all metrics; rings: beaten."
        )
        drawn = [Plate("front", caption, partial(figures.front, found))]
        made_of.append(Part("front", say("Pareto fronts at equal cost"), [], drawn, [front_grid(found)]))
    return made_of


def sensitivity_part(found: Found, indices: pd.DataFrame) -> Part:
    """Which numbers decide."""
    plates: list[Plate] = []
    sentences: list[str] = []
    for (metric, _), rows in indices.groupby(["metric", "way"], sort=False):
        one = found.metric(metric)
        outcome = outcome_of(found, one, rows["way"].iloc[0])
        caption = say("{outcome}. Dots: indices; lines: bootstrap intervals of 90\u00a0%.", outcome=outcome)
        plates.append(Plate(f"sensitivity-{len(plates)}", caption, partial(figures.indices, found, rows)))
        few = too_few(rows) if "total" in rows else ""
        sentences.append(f"{outcome}: {decides(one, rows)}. {few}".rstrip())
    return Part("sensitivity", say("Which numbers decide"), sentences, plates, sensitivity_grids(found, indices))


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
        return say("no number moves it")
    first = rows["uncertainty"].iloc[0]
    others = rows["uncertainty"][(sizes + reach >= sizes[0] - reach[0]) & (sizes > 0.0)].iloc[1:]
    if len(others):
        return say("{first} decides most, but cannot be told from {others}", first=first, others=listed(others))
    if order == "total":
        # An estimate of a share may lie beyond all of it: nothing decides more than 100 %.
        low, high = (number(100 * min(max(end, 0.0), 1.0), 0) for end in (sizes[0] - reach[0], sizes[0] + reach[0]))
        share = (low if low == high else to(low, high)) + spoken().percent
        told = mark("{first} decides most ({share} of the variance, with all it acts together with)")
        return say(told, first=first, share=share)
    moved = difference(one, sizes[0])
    return say("{first} decides most ({moved} on average over its range)", first=first, moved=moved)


def discovery_part(found: Found, conditions: Conditions) -> Part:
    """Where one arm beats another."""
    better, than = called(found, conditions.better), called(found, conditions.than)
    plates = []
    if len(conditions.places.columns) > 1 and 0 < conditions.hits.sum() < len(conditions.hits):
        caption = say(
            "Points, in colour where {arm} is better; boxes outlined. And what each peel gains in density and costs in "
            "coverage; dots: the boxes that were chosen.",
            arm=better,
        )
        plates = [Plate("boxes", caption, partial(figures.boxed, found, conditions))]
    grids = [box_grid(found, conditions)] if conditions.boxes else []
    title = say("Where {better} beats {than}", better=better, than=than)
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
        frames = {"boxes": box_frame(conditions)}
    if indices is None and conditions is None:
        frames = {"runs": found.result, "points": found.plan.table(), "table_1": found.table, "regret": found.regret,
                  "front": found.pareto}  # fmt: skip
    for name, frame in frames.items():
        put_csv(folder, name, frame)
    text = filled(
        "sweep.html",
        title=say(found.title),
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
