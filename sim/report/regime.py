"""The page of a map of worlds: its figure, its table, what it says in words, and how it was made."""

from __future__ import annotations

import base64
import json
import math
import platform
from collections.abc import Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pandas as pd

from sim.experiment import ensemble, standing
from sim.experiment.regime import NONE, RegimeMap
from sim.experiment.regime_question import Question
from sim.experiment.winning import crowd, shifted
from sim.report import SPACE, labels, number, span, years
from sim.report.canvas import NARROW, WIDE
from sim.report.grid import Cell, Column, Grid, estimated
from sim.report.page import listed
from sim.report.template import filled
from sim.report.winners import names, shown, winners_map

BEYOND_CHANCE = 2.58  # standard errors: one axis in a hundred by chance
PACE = 0.8e-6  # seconds that a household takes a quarter, on one processor (measured)
AGAINST = ("better_than_cash", "worse_than_cash")
UNCALIBRATED = (
    "Uncalibrated: all numbers of the model but those of the axes have their default values, which no data were asked "
    "about."
)
CALIBRATED = (
    "Calibrated but for the axes: all other numbers come from the {sets} calibrated parameter sets ({variant}) in "
    "turn; the axes run over their whole ranges, also where no calibrated set lies."
)
OLD = "The sets were found with other rules: “swadaya calibrate” finds them anew."
PRIOR = (
    "Shares of the map are shares of the ranges that are drawn, each value as likely as any other: not how likely it "
    "is that a strategy is the best one in a real village."
)


def grid(found: RegimeMap, full: bool = True) -> Grid:
    """Share of the map that each strategy wins, how often it is better and worse than cash, and if `full` where."""
    told, axes, whole = names(found), found.question.axes if full else (), len(found.points)
    cash = told[found.benchmark]
    columns = (
        Column("Strategy"),
        Column("Wins", "% of worlds", "Wins, %\nof worlds"),
        Column(f"Better than {cash}", "% of worlds", "Better than\ncash, %"),
        Column("Worse than that", "% of worlds", "Worse than\ncash, %"),
        *(Column(f"Where it wins: {axis.label}", axis.unit) for axis in axes),
    )
    rows = []
    for row in found.shares.to_dict("records"):
        share, low, high = (100 * row[name] for name in ("share", "low", "high"))
        against = [Cell("\u2013" if math.isnan(row[one]) else number(100 * row[one], 0)) for one in AGAINST]
        where = [placed([row[f"{axis.name}_{q}"] for q in (50, 10, 90)], found.reach[k]) for k, axis in enumerate(axes)]
        rows.append((Cell(told[row["arm"]]), estimated(share, low, high, 0), *against, *where))
    every = [placed(np.quantile(found.places[:, k], [0.5, 0.1, 0.9]), found.reach[k]) for k in range(len(axes))]
    rows.append((Cell("all worlds"), Cell(number(100, 0)), Cell("\u2013"), Cell("\u2013"), *every))
    note = (
        f"{whole} worlds. Beneath a share: its 90{SPACE}% binomial interval (Wilson). Better and worse: beyond luck, "
        f"by a paired 90{SPACE}% interval."
    )
    if full:
        note += " Where it wins: median of the worlds that it wins, beneath the 10th to the 90th percentile."
    return Grid("regime", "Who wins how much of the map", note, columns, tuple(rows))


def placed(values: Sequence[float], reach: float) -> Cell:
    """Where on an axis: the first value, and beneath it the others as an interval."""
    if not np.isfinite(values).all():
        return Cell("\u2013")
    middle, low, high = shown(values, reach)
    return Cell(middle, f"{low}{SPACE}to{SPACE}{high}")


# -- in words ---------------------------------------------------------------------------------------------------------


def percent(row: pd.Series) -> str:
    """A share of the map with its interval."""
    share, low, high = (100.0 * float(row[name]) for name in ("share", "low", "high"))
    return f"{number(share, 0)}{SPACE}% ({span(low, high, 0)}{SPACE}%)"


def answer(found: RegimeMap) -> list[str]:
    """What the map says: who wins how much of it, where plain cash beats them all, and where each winner wins."""
    told, shares = names(found), found.shares.set_index("arm")
    cash, unclear = shares.loc[found.benchmark], shares.loc[NONE]
    others = shares.drop(index=[NONE, found.benchmark]).sort_values("won", ascending=False, kind="stable")
    parts = [f"{told[str(arm)]} wins {percent(row)}" for arm, row in others.iterrows() if row["won"]]
    first = f"Of {len(found.points)} worlds, {', '.join(parts) or 'no programme wins any'}"
    beaten = f"{told[found.benchmark]}, plain cash, beats all others in {percent(cash)}"
    open_ = f"in {percent(unclear)} no strategy is better than every other beyond luck"
    places = [where(found, str(arm)) for arm in [*others.index, found.benchmark]]
    return [f"{first}. {beaten}; {open_}.", *[sentence for sentence in places if sentence], foretold(found)]


def where(found: RegimeMap, arm: str) -> str:
    """Along which axes the worlds that an arm wins differ from all others beyond chance; empty where it hardly wins."""
    won = np.array([one == arm for one in found.winners])
    if won.sum() < 5 or won.all():
        return ""
    told = []
    away = [shifted(values[won], values[~won]) for values in found.places.T]
    for place in np.argsort(-np.abs(away), kind="stable"):
        if abs(away[place]) >= BEYOND_CHANCE:
            axis, values = found.question.axes[place], found.places[:, place]
            middle = shown([np.median(values[won]), np.median(values[~won])], found.reach[place])
            word = "higher" if away[place] > 0 else "lower"
            told.append(f"{axis.label} is {word} (median {middle[0]} against {middle[1]} {axis.unit})")
    if not told:
        return f"{names(found)[arm]} wins all over the map: no axis tells where, beyond chance."
    return f"{names(found)[arm]} wins where {listed(told)}."


def foretold(found: RegimeMap) -> str:
    """How far the axes tell who wins."""
    right, plain = found.foretold
    if plain == 1.0:
        return "All worlds have the same winner: along these axes nothing changes who wins."
    told = [f"{number(100 * share, 0)}{SPACE}%" for share in (right, plain)]
    lead = "The axes tell who wins, to a degree" if right > plain else "The axes do not tell who wins"
    return (
        f"{lead}: the winner of a world is what most of its {crowd(len(found.points))} nearest worlds "
        f"have in {told[0]} of worlds; naming the most frequent everywhere is right in {told[1]}."
    )


def warnings(found: RegimeMap) -> list[str]:
    """What the map rests on."""
    question = found.question
    if not question.variant:
        return [UNCALIBRATED, PRIOR]
    variant = question.variant.replace("_", " ")
    old = [OLD] if question.old else []
    return [CALIBRATED.format(sets=len(question.sets), variant=variant), *old, PRIOR]


def planned(question: Question, processors: int) -> str:
    """What is about to be run, and about how long it takes."""
    scenario, people, names = question.scenario, question.scenario.population, [axis.name for axis in question.axes]
    arms, lucks = len(scenario.resolved_arms), scenario.replications.seeds
    minutes = question.quarters * (people.villages or 1) * people.households * PACE / processors / 60.0
    return (
        f"{scenario.slug}: {question.points} worlds of {people.villages} villages with about {people.households} "
        f"households, by {listed(names)}; {arms} arms under {lucks} lucks; who wins "
        f"is told by {question.outcome.name}. About {number(max(minutes, 1.0), 0)} min on {processors} idle processors"
    )


def made(found: RegimeMap) -> list[str]:
    """How the map was made."""
    scenario, question = found.scenario, found.question
    people, lucks, known = scenario.population, scenario.replications.seeds, labels(found)
    span_of = years(scenario.windows.post)
    since = years(scenario.windows.post, scenario.calendar.end)
    none = f"; {found.without_rest} draws have no world at rest and are left out" if found.without_rest else ""
    return [
        f"{question.points} points of a Latin hypercube over all that the axes draw{none}. Each is one world of "
        f"{people.villages} villages with about {people.households} households, with people and lucks of its own.",
        f"In each world {len(known)} strategies run under the same {lucks} lucks: {', '.join(known.values())}. Those "
        f"that spend have {number(scenario.budget.dose, 3)}{SPACE}z per person and quarter for the same time.",
        f"Who wins is decided by the {question.outcome.label} ({question.outcome.unit}; "
        f"{'more' if question.outcome.better > 0 else 'less'} is better), in years {span_of} after the start, years "
        f"{since} after the money ended.",
        f"A strategy wins a world when it is better than every other by a paired interval of 90{SPACE}%; the variance "
        f"over lucks is pooled over the world and its neighbours, {crowd(len(found.points))} in all. Were all "
        "strategies equal, at most a tenth of the worlds would have a winner by chance.",
        "Axes are as measured in each world, not as drawn; the files hold both.",
    ]


def axes_told(found: RegimeMap) -> list[dict[str, str]]:
    """What each axis is, how it was drawn, and how far it reaches."""
    rows = []
    for place, axis in enumerate(found.question.axes):
        low, high = shown([found.places[:, place].min(), found.places[:, place].max()], found.reach[place])
        drawn = "; ".join(f"{name} {low:g} to {high:g}" for name, (low, high) in axis.draws.items())
        rows.append(
            {"label": axis.label, "unit": axis.unit, "meaning": axis.meaning, "drawn": drawn}
            | {"reach": f"{low}{SPACE}to{SPACE}{high}"}
        )
    return rows


# -- the page ---------------------------------------------------------------------------------------------------------


def manifest(found: RegimeMap) -> dict[str, object]:
    """What was mapped, with what."""
    question = found.question
    return {
        "name": f"map of {question.scenario.slug}",
        "digest": question.digest,
        "axes": [axis.name for axis in question.axes],
        "outcome": question.outcome.name,
        "points": question.points,
        "worlds": len(found.points),
        "lucks": question.scenario.replications.seeds,
        "seed": question.seed,
        "ensemble": question.variant or "none: uncalibrated",
        "parameter_sets": len(question.sets),
        "rules": ensemble.rules_digest(),
        "versions": {name: version(name) for name in ("swadaya", "numpy", "numba")}
        | {"python": platform.python_version()},
        "finished": datetime.now(UTC).isoformat(timespec="seconds"),
    }


def write(found: RegimeMap, folder: Path) -> Path:
    """Write map.html, map.svg, map.png, both tables and the manifest into a folder that exists; give the page."""
    wide, narrow = (winners_map(found, width) for width in (WIDE, NARROW))
    pages = wide.svg(), narrow.svg()
    (folder / "map.svg").write_bytes(pages[0])
    (folder / "map.png").write_bytes(wide.png())
    for name, frame in (("points", found.table), ("shares", found.shares)):
        frame.to_parquet(folder / f"{name}.parquet", index=False)
        frame.to_csv(folder / f"{name}.csv", index=False, float_format="%.10g", lineterminator="\n")
    about = manifest(found)
    (folder / "manifest.json").write_text(json.dumps(about, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    text = filled(
        "regime.html",
        title=f"Who wins where: {found.scenario.title[:1].lower()}{found.scenario.title[1:]}",
        outcome=found.question.outcome,
        answer=answer(found),
        warnings=[*warnings(found), *standing.warnings()],
        table=grid(found),
        made=made(found),
        axes=axes_told(found),
        votes=crowd(len(found.points) // (3 if len(found.question.axes) == 3 else 1)),
        thirds=found.question.axes[2].label if len(found.question.axes) == 3 else "",
        marked=found.default is not None,
        manifest={key: str(value) for key, value in about.items()},
        **dict(zip(("wide", "narrow"), (base64.b64encode(page).decode() for page in pages), strict=True)),
    )
    page = folder / "map.html"
    page.write_text(text, encoding="utf-8")
    return page
