"""The page of a map of worlds: its figure, its table, what it says in words, and how it was made."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd

from sim.calibration import ensemble
from sim.evidence import standing
from sim.experiment.people import size_of
from sim.experiment.results import made_with, put_manifest, put_table
from sim.intervals import wilson
from sim.language import listed, mark, say, spoken
from sim.regime.questions import Question
from sim.regime.regime_map import NONE, Mapped, RegimeMap, tally
from sim.regime.winning import LEVEL, crowd, shifted
from sim.report import DASH, drawn, labels, number, of_unit, percent, said, span, to, years
from sim.report.canvas import saved
from sim.report.grid import Cell, Column, Grid, estimated
from sim.report.template import filled
from sim.report.winners import names, shown, winners_map

BEYOND_CHANCE = 2.58  # standard errors: one axis in a hundred by chance
PACE = 0.8e-6  # seconds that a household takes a quarter, on one processor (measured)
AGAINST = ("better_than_cash", "worse_than_cash")
UNCALIBRATED = mark(
    "Uncalibrated: all numbers of the model but those of the axes have their default values, which no data were asked "
    "about."
)
CALIBRATED = mark(
    "Calibrated but for the axes: all other numbers come from the {sets} calibrated parameter sets ({variant}) in "
    "turn; the axes run over their whole ranges, also where no calibrated set lies."
)
OLD = mark("The sets were found with other rules: “swadaya calibrate” finds them anew.")
PRIOR = mark(
    "Shares of the map are shares of the ranges that are drawn, each value as likely as any other: not how likely it "
    "is that a strategy is the best one in a real village."
)


def grid(found: RegimeMap, full: bool = True) -> Grid:
    """Share of the map that each strategy wins, how often it is better and worse than cash, and if `full` where."""
    told, axes, whole = names(found), found.question.axes if full else (), len(found.points)
    cash = told[found.scenario.benchmark]
    columns = (
        Column(say("Strategy")),
        Column(say("Wins"), say("% of worlds"), say("Wins, %\nof worlds")),
        Column(say("Better than {arm}", arm=cash), say("% of worlds"), say("Better than\ncash, %")),
        Column(say("Worse than that"), say("% of worlds"), say("Worse than\ncash, %")),
        *(Column(say("Where it wins: {axis}", axis=say(axis.label)), say(axis.unit)) for axis in axes),
    )
    rows = []
    for row in found.shares.to_dict("records"):
        share, low, high = (100 * row[name] for name in ("share", "low", "high"))
        against = [counted(row[one], whole) for one in AGAINST]
        where = [placed([row[f"{axis.name}_{q}"] for q in (50, 10, 90)], found.reach[k]) for k, axis in enumerate(axes)]
        rows.append((Cell(told[row["arm"]]), estimated(share, low, high, 0), *against, *where))
    every = [placed(np.quantile(found.places[:, k], [0.5, 0.1, 0.9]), found.reach[k]) for k in range(len(axes))]
    rows.append((Cell(say("all worlds")), Cell(number(100, 0)), Cell(DASH), Cell(DASH), *every))
    note = say(
        "{worlds} worlds. Beneath a share: its 90\u00a0% binomial interval (Wilson). Better and worse: beyond luck, "
        "by a paired 90\u00a0% interval.",
        worlds=whole,
    )
    if full:
        more = say("Where it wins: median of the worlds that it wins, beneath the 10th to the 90th percentile.")
        note = f"{note} {more}"
    return Grid("regime", say("Who wins how much of the map"), note, columns, tuple(rows))


def counted(share: float, whole: int) -> Cell:
    """A share of so many worlds with its interval; a dash where there is none."""
    if math.isnan(share):
        return Cell(DASH)
    low, high = wilson(round(share * whole), whole, LEVEL)
    return estimated(100 * share, 100 * low, 100 * high, 0)


def placed(values: Sequence[float], reach: float) -> Cell:
    """Where on an axis: the first value, and beneath it the others as an interval."""
    if not np.isfinite(values).all():
        return Cell(DASH)
    middle, low, high = shown(values, reach)
    return Cell(middle, to(low, high))


# -- in words ---------------------------------------------------------------------------------------------------------


def share_of(row: pd.Series) -> str:
    """A share of the map with its interval."""
    share, low, high = (100.0 * float(row[name]) for name in ("share", "low", "high"))
    return f"{percent(share, 0)} ({span(low, high, 0)}{spoken().percent})"


def answer(found: RegimeMap) -> list[str]:
    """What the map says: who wins how much of it, where plain cash beats them all, and where each winner wins."""
    others = others_first(found)["arm"]
    places = [where(found, str(arm)) for arm in [*others, found.scenario.benchmark]]
    return [won(found), *[sentence for sentence in places if sentence], foretold(found)]


def others_first(found: Mapped) -> pd.DataFrame:
    """Rows of the tally but plain cash and no clear winner, the most often winning first."""
    rows = tally(found)
    rows = rows[~rows["arm"].isin([NONE, found.scenario.benchmark])]
    return rows.sort_values("won", ascending=False, kind="stable")


def won(found: Mapped) -> str:
    """Who wins how much of the map, where plain cash beats all, and where nobody is clearly the best."""
    told, cash = names(found), found.scenario.benchmark
    shares = tally(found).set_index("arm")
    parts = [
        say("{arm} wins {share}", arm=told[str(row["arm"])], share=share_of(row))
        for _, row in others_first(found).iterrows()
        if row["won"]
    ]
    return say(
        "Of {worlds} worlds, {won}. {cash}, plain cash, beats all others in {beaten}; in {open} no strategy is better "
        "than every other beyond luck.",
        worlds=len(found.winners), won=", ".join(parts) or say("no programme wins any"), cash=told[cash],
        beaten=share_of(shares.loc[cash]), open=share_of(shares.loc[NONE]),
    )  # fmt: skip


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
            form = mark("{axis} is lower (median {here} against {elsewhere})")
            if away[place] > 0:
                form = mark("{axis} is higher (median {here} against {elsewhere})")
            elsewhere = of_unit(middle[1], axis.unit)
            told.append(say(form, axis=say(axis.label), here=middle[0], elsewhere=elsewhere))
    if not told:
        return say("{arm} wins all over the map: no axis tells where, beyond chance.", arm=names(found)[arm])
    return say("{arm} wins where {places}.", arm=names(found)[arm], places=listed(told))


def foretold(found: RegimeMap) -> str:
    """How far the axes tell who wins."""
    right, plain = found.foretold
    if set(found.winners) == {NONE}:
        return say("No world has a winner: the axes cannot tell where one wins.")
    if plain == 1.0:
        return say("All worlds have the same winner: along these axes nothing changes who wins.")
    lead = say("The axes tell who wins, to a degree") if right > plain else say("The axes do not tell who wins")
    return say(
        "{lead}: the winner of a world is what most of its {near} nearest worlds have in {right} of worlds; naming the "
        "most frequent everywhere is right in {plain}.",
        lead=lead, near=crowd(len(found.points)), right=percent(100 * right, 0), plain=percent(100 * plain, 0),
    )  # fmt: skip


def warnings(found: RegimeMap) -> list[str]:
    """What the map rests on."""
    question = found.question
    if not question.variant:
        return [say(UNCALIBRATED), say(PRIOR)]
    old = [say(OLD)] if question.old else []
    return [say(CALIBRATED, sets=len(question.sets), variant=said(question.variant)), *old, say(PRIOR)]


def planned(question: Question, processors: int) -> str:
    """What is about to be run, and about how long it takes."""
    scenario, names = question.scenario, [axis.name for axis in question.axes]
    arms, lucks = len(scenario.resolved_arms), scenario.replications.seeds
    villages, households = size_of(scenario)
    minutes = question.quarters * villages * households * PACE / processors / 60.0
    return say(
        "{scenario}: {worlds} worlds of {villages} villages with about {households} households, by {axes}; {arms} arms "
        "under {lucks} lucks; who wins is told by {outcome}. About {minutes} min on {processors} idle processors",
        scenario=scenario.slug, worlds=question.points, villages=villages, households=households,
        axes=listed(names), arms=arms, lucks=lucks, outcome=question.outcome.name, processors=processors,
        minutes=number(max(minutes, 1.0), 0),
    )  # fmt: skip


def made(found: RegimeMap) -> list[str]:
    """How the map was made."""
    scenario, question = found.scenario, found.question
    (villages, households), lucks, known = size_of(scenario), scenario.replications.seeds, labels(found)
    points = mark(
        "{points} points of a Latin hypercube over all that the axes draw. Each is one world of {villages} villages "
        "with about {households} households, with people and lucks of its own."
    )
    if found.without_rest:
        points = mark(
            "{points} points of a Latin hypercube over all that the axes draw, less {without} draws without a world at "
            "rest. Each is one world of {villages} villages with about {households} households, with people and lucks "
            "of its own."
        )
    decided = mark(
        "Who wins is decided by the {outcome} ({unit}; less is better), in years {years} after September "
        "2017, which is {since} years after all money has ended."
    )
    if question.outcome.better > 0:
        decided = mark(
            "Who wins is decided by the {outcome} ({unit}; more is better), in years {years} after September "
            "2017, which is {since} years after all money has ended."
        )
    return [
        say(
            points, points=question.points, villages=villages, households=households,
            without=found.without_rest,
        ),
        say(
            "In each world {strategies} strategies run under the same {lucks} lucks: {arms}. Those that spend have "
            "{dose}\u00a0z per person and quarter for the same time.",
            strategies=len(known), lucks=lucks, arms=", ".join(known.values()),
            dose=number(next(iter(scenario.spent)).dose, 3),
        ),
        say(
            decided, outcome=say(question.outcome.label), unit=say(question.outcome.unit),
            years=years(scenario.windows.post), since=years(scenario.windows.post, scenario.money_ends),
        ),
        say(
            "A strategy wins a world when it is better than every other by a paired interval of 90\u00a0%; the "
            "variance over lucks is pooled over the world and its neighbours, {near} in all. Were all strategies "
            "equal, at most a tenth of the worlds would have a winner by chance.",
            near=crowd(len(found.points)),
        ),
        say("Axes are as measured in each world, not as drawn; the files hold both."),
    ]  # fmt: skip


def axes_told(found: RegimeMap) -> list[dict[str, str]]:
    """What each axis is, how it was drawn, and how far it reaches."""
    rows = []
    for place, axis in enumerate(found.question.axes):
        low, high = shown([found.places[:, place].min(), found.places[:, place].max()], found.reach[place])
        words = {"label": say(axis.label), "unit": say(axis.unit), "meaning": say(axis.meaning)}
        rows.append({**words, "drawn": drawn(axis.draws), "reach": to(low, high)})
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
        **made_with(),
    }


def write(found: RegimeMap, folder: Path) -> Path:
    """Write map.html, map.svg, map.png, both tables and the manifest into a folder that exists; give the page."""
    title = say(found.scenario.title)
    for name, frame in (("points", found.table), ("shares", found.shares)):
        put_table(folder, name, frame)
    about = manifest(found)
    put_manifest(folder, about)
    text = filled(
        "regime.html",
        title=say("Who wins where: {scenario}", scenario=title[:1].lower() + title[1:]),
        outcome={"label": say(found.question.outcome.label), "unit": say(found.question.outcome.unit)},
        votes=crowd(len(found.points) // (3 if len(found.question.axes) == 3 else 1)),
        thirds=say(found.question.axes[2].label) if len(found.question.axes) == 3 else "",
        marked=found.default is not None,
        answer=answer(found),
        warnings=[*warnings(found), *standing.warnings()],
        table=grid(found),
        made=made(found),
        axes=axes_told(found),
        manifest={key: str(value) for key, value in about.items()},
        figure=saved(partial(winners_map, found), folder, "map"),
    )
    page = folder / "map.html"
    page.write_text(text, encoding="utf-8")
    return page
