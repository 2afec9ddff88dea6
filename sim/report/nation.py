"""The page of a national run: the nation and its provinces, what is synthetic, and what is left out."""

from __future__ import annotations

import os
from collections.abc import Iterable
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd

from sim.calibration import ensemble
from sim.evidence import standing
from sim.experiment.results import made_with, put_manifest, put_table, system
from sim.language import mark, say
from sim.metrics.cost import rupiah
from sim.nation import sketch
from sim.nation.frame import IMPUTED
from sim.nation.run import Nation
from sim.nation.tables import NATION, digest, tables
from sim.report import BASELINE, labels, number, percent, rivals, years
from sim.report.canvas import GREY, HALF, WIDE, Panel, canvas, draw_key, hues, key, saved
from sim.report.drawing import INK, Drawing
from sim.report.grid import Cell, Column, Grid, lookup
from sim.report.manifest import solved
from sim.report.page import flat
from sim.report.template import filled
from sim.shipped import code_digest

PACKAGES = ("swadaya", "numpy", "numba", "llvmlite", "mesa", "pandas")
#: Levels of a table, with their decimals and how many more their changes have.
MEASURES = (
    ("headcount_post", 2, 0),
    ("poverty_gap_post", 2, 1),
    ("severity_post", 2, 1),
    ("gini_after", 3, 1),
    ("stand_after", 1, 1),
)
SYNTHETIC = mark(
    "Synthetic: these are no observed people. Households are drawn from published aggregates of rural Indonesia, and "
    "only their number and the poverty at the start differ by province; how provinces differ in work, roads, prices "
    "and programmes is not in the model."
)
ONE_LUCK = mark(
    "One luck of outside markets and one parameter set: there is no interval. With so many households the luck of each "
    "averages out, but that of markets and weather and what is not known of the model do not; the same scenario "
    "without --scale national shows how far both carry. Differences between strategies are under the same luck."
)
LEFT_OUT = (
    mark(
        "Twins: no shocks and no withdrawal of money; both together would double the cost. So nobody is called "
        "self-sufficient here. “Stands after” is the first half of it alone, own income of at least the line after "
        "the money has ended, and an upper bound of it."
    ),
    mark(
        "The nation's feedback on outside markets (macro_trend.feedback), which no part can be played with by itself."
    ),
    mark("Whatever makes villages of one district alike: neighbours in a district are drawn from all of the province."),
)


def by_place(nation: Nation, found: dict[str, pd.DataFrame], arm: str, full: bool = True) -> Grid:
    """A row a province and one for the nation: levels without the strategy, and what it changes."""
    start, rows_of = found["start"].set_index("place"), lookup(found["summary"], "measure", "place", "arm")
    names = {province.name: province.label for province in nation.provinces} | {NATION: say("Indonesia, rural")}
    columns = [
        Column(say("Place")),
        Column(say("Persons"), say("million"), say("Persons,\nmillion")),
        *([Column(say("Poor at the start, in a survey"), say("% of persons, imputed"))] if full else []),
        Column(say("Poor before"), say("% of persons"), say("Before,\n%")),
        Column(say("Poor after, without"), say("% of persons"), say("After,\nwithout, %")),
        *([
            Column(say("Poverty gap without"), say("% of the line")),
            Column(say("Severity without"), "× 100"),
            Column(say("Gini without"), say("0-1")),
            Column(say("Stand after without"), say("% of the permanently poor")),
        ] if full else [Column(say("With:\nchange, pp"))]),
        Column(say("Cost in all"), say("Rp trillion"), say("Rp\ntrillion")),
    ]  # fmt: skip
    rows = []
    for place, name in names.items():
        imputed, measured = (number(start.loc[place, f"headcount_{kind}"], 1) for kind in ("imputed", "measured"))
        levels = [
            (
                number(rows_of[measure, place, BASELINE].value, decimals),
                number(rows_of[measure, place, arm].difference, decimals + more, True),
            )
            for measure, decimals, more in MEASURES
        ]
        cost = number(rows_of["cost_in_all", place, arm].difference, 2)
        head = number(rows_of["cost_per_head", place, arm].difference / 1e3, 0)
        cells = [
            Cell(name),
            Cell(number(start.loc[place, "persons"] / 1e6, 2)),
            *([Cell(imputed, measured)] if full else []),
            Cell(number(rows_of["headcount_pre", place, BASELINE].value, 2)),
            *([Cell(*one) for one in levels] if full else [Cell(one) for one in levels[0]]),
            Cell(cost, head if full else ""),
        ]
        rows.append(tuple(cells))
    title = say("{strategy}, by province", strategy=labels(nation)[arm])
    return Grid(arm, title, " ".join(notes(nation, found, full)), tuple(columns), tuple(rows))


def notes(nation: Nation, found: dict[str, pd.DataFrame], full: bool) -> list[str]:
    """What the columns of the table of provinces are, and which of them may be compared."""
    about, series = nation.scenario, found["series"]
    first = series[(series["place"] == NATION) & (series["measure"] == "headcount") & (series["quarter"] == 0)]
    told = [
        say(
            "Before and after: mean of years {before} and {when} after September 2017. Without: the programmes of 2017 "
            "alone. Cost: what the state pays more over all {years} years, present value at the start of the programme "
            "at {discount}, rupiah of September 2017. Synthetic; one luck.",
            before=years(about.windows.pre),
            when=years(about.windows.post),
            years=about.calendar.quarters // 4,
            discount=percent(100 * about.budget.discount, 0),
        ),
        say(
            "Before and after are of true consumption and may be compared. A survey measures consumption with error "
            "and so finds more poor: at the start {surveyed} of rural persons, where {true} are.",
            surveyed=percent(found["start"].set_index("place").loc[NATION, "headcount_measured"]),
            true=percent(first.set_index("arm").loc[BASELINE, "value"]),
        ),
    ]
    if full:
        told.append(
            say(
                "Beneath imputed poverty: what a survey finds in this run; beneath a level: what the strategy changes; "
                "beneath the cost: Rp thousand a head."
            )
        )
    return [*told, sampled(nation)] if sampled(nation) else told


def answer(nation: Nation, found: dict[str, pd.DataFrame]) -> list[str]:
    """What the run says of the nation."""
    start, rows = found["start"].set_index("place"), lookup(found["summary"], "place", "arm", "measure")
    persons, households = start.loc[NATION, "persons"], start.loc[NATION, "households"]
    about, sentences = nation.scenario, []
    for arm in rivals(nation):
        poor, poor_before = rows[NATION, arm, "headcount_post"], rows[NATION, BASELINE, "headcount_post"]
        fewer = -poor.difference / 100.0 * persons
        told = mark("{count} thousand persons fewer") if fewer >= 0 else mark("{count} thousand persons more")
        people = say(told, count=number(abs(fewer) / 1e3, 0))
        told = say(
            "{strategy} costs Rp\u00a0{whole} trillion in all and Rp\u00a0{head} a head (present value). In years "
            "{when}, {without} of rural persons are poor without it, {given} with it ({change} percentage points, "
            "{people}).",
            strategy=labels(nation)[arm], when=years(about.windows.post), people=people,
            whole=number(rows[NATION, arm, "cost_in_all"].difference, 1),
            head=number(rows[NATION, arm, "cost_per_head"].difference, 0),
            without=percent(poor_before.value, 2), given=percent(poor.value, 2),
            change=number(poor.difference, 2, True),
        )  # fmt: skip
        gini = unequal(rows[NATION, BASELINE, "gini_after"].value, rows[NATION, arm, "gini_after"].difference)
        sentences.append(f"{told} {gini}")
    people = say(
        "{households} million rural households, {persons} million persons, in {villages} villages of {provinces} "
        "provinces, over {years} years.",
        households=number(households / 1e6, 2), persons=number(persons / 1e6, 1),
        villages=number(start.loc[NATION, "villages"], 0), provinces=len(nation.provinces),
        years=about.calendar.quarters // 4,
    )  # fmt: skip
    return [f"{people} {sampled(nation)}".rstrip(), *sentences]


def unequal(gini: float, moved: float, decimals: int = 4) -> str:
    """How far the Gini coefficient moves, as it is printed."""
    if round(moved, decimals) == 0.0:
        return say("The Gini coefficient stays at {gini}.", gini=number(gini, decimals))
    told = mark("The Gini coefficient moves from {gini} by {moved}.")
    return say(told, gini=number(gini, decimals), moved=number(moved, decimals, True))


def sampled(nation: Nation) -> str:
    """That people and money are counted from a part of the villages; empty where all are played."""
    if not first_look(nation):
        return ""
    return say(
        "Persons and rupiah are counted from {played} sampled villages, each for all that it stands for: a run of all "
        "villages counts others.",
        played=number(sum(one.played for one in nation.provinces), 0),
    )


def first_look(nation: Nation) -> str:
    """That only a part of the villages is played; empty where all are."""
    played, villages = (sum(getattr(one, kind) for one in nation.provinces) for kind in ("played", "villages"))
    if played == villages:
        return ""
    return say(
        "A first look: {played} of {all} villages are played, and each stands for as many as its province has a "
        "played one for. The province with the fewest rests on {fewest}, and what it shows is mostly their luck.",
        played=number(played, 0),
        all=number(villages, 0),
        fewest=min(one.played for one in nation.provinces),
    )


def made(nation: Nation) -> list[str]:
    """How it was made, and how exact it is."""
    part = first_look(nation) or say("Every village is played, each household for itself.")
    found = max(
        sketch.beyond(nation.sketches[:, arm, moment, 0].sum(axis=0, dtype=float))
        for arm in range(nation.sketches.shape[1]) for moment in range(nation.sketches.shape[2])
    )  # fmt: skip
    return [
        part,
        say(
            "A few hundred villages of all sizes were solved for a world at rest, together and once. Each village of "
            "the nation is one of them, with all its households, ties, works and outside demand, drawn so that each "
            "province has its mean size and its rural headcount; its luck is its own, from three years before the "
            "start."
        ),
        say(
            "A district is played by itself; sums are added in the order of villages and districts, so that the number "
            "of shards and workers changes no bit."
        ),
        say(
            "Gini coefficients and medians are from counts of persons in {classes} classes of one part in ten "
            "thousand: a median is off by at most {median}, a Gini coefficient by at most {gini} × 10⁻⁴ up to {up}; "
            "{beyond} in a million persons lie beyond the classes. All other numbers are plain sums.",
            classes=number(len(sketch.middles()), 0),
            median=percent(0.005, 3),
            gini=number(1e4 * sketch.bound(0.5), 1),
            up=number(0.5, 1),
            beyond=number(1e6 * found, 1),
        ),
        say(
            "The ledger closes: its largest gap in any village and quarter is {gap} of gross flow.",
            gap=f"{nation.worst_gap:.1e}",
        ),
    ]


# -- figures ----------------------------------------------------------------------------------------------------------


def courses(nation: Nation, found: dict[str, pd.DataFrame], width: float = WIDE) -> Drawing:
    """The headcount of the nation over time: levels, and each strategy's difference."""
    series = found["series"]
    lines = series[(series["place"] == NATION) & (series["measure"] == "headcount")]
    table = lines.pivot(index="quarter", columns="arm", values="value")
    time = (table.index.to_numpy() + 1) / 4
    wide = width > HALF
    drawing, grid = canvas(width, 1 if wide else 2, 2 if wide else 1, 150, (40, 10, 40, 34), 56, 62)
    panels = list(grid.flat)
    changes = {arm: (table[arm] - table[BASELINE]).to_numpy() for arm in rivals(nation)}
    for panel, lines_of, zero, words in (
        (panels[0], {arm: table[arm].to_numpy() for arm in labels(nation)}, False, say("Poor, % of rural persons")),
        (panels[1], changes, True, say("Difference from without, percentage points")),
    ):
        _frame(nation, panel, lines_of.values(), zero)
        panel.head([words], INK, 8)
        for arm, values in lines_of.items():
            panel.line(time, values, hues(nation)[arm], 1.4)
    draw_key(drawing, key(zip(labels(nation).values(), hues(nation).values(), strict=True), width - 10))
    return drawing


def _frame(nation: Nation, panel: Panel, lines: Iterable[np.ndarray], zero: bool) -> None:
    """Scales and axes of a panel over time."""
    calendar = nation.scenario.calendar
    ends = [end for line in lines for end in (line.min(), line.max())] + [0.0] * zero
    margin = 0.08 * (max(ends) - min(ends)) or 0.5
    panel.x, panel.y = (0.0, calendar.quarters / 4), (min(ends) - margin, max(ends) + margin)
    panel.shade(calendar.start / 4, calendar.end / 4)
    if zero:
        panel.line(panel.x, (0.0, 0.0), GREY, 0.8)
    panel.left_axis()
    panel.bottom_scale(5, say("years since September 2017"))


def provinces_figure(nation: Nation, found: dict[str, pd.DataFrame], width: float = WIDE) -> Drawing:
    """Each province: poor without and with each strategy, and the difference, from the poorest down."""
    rows, wide = lookup(found["summary"], "measure", "place", "arm"), width > HALF
    poor = {(one, arm): rows["headcount_post", one.name, arm] for one in nation.provinces for arm in labels(nation)}
    base = {one: poor[one, BASELINE].value for one in nation.provinces}
    order = sorted(base, key=base.__getitem__, reverse=True)
    row, arms = 12.5, rivals(nation)
    left = 108 if wide else 92
    drawing, grid = canvas(width, 1, 2, row * len(order), (left, 12, 44, 34), 26 if wide else 16, 0)
    levels, changes = grid.flat
    differences = [0.0, *(1.12 * poor[one, arm].difference for one in order for arm in arms)]
    levels.x = 0.0, 1.06 * max(one.value for one in poor.values())
    changes.x = (min(differences), max(differences)) if any(differences) else (-0.1, 0.1)
    for panel, words in ((levels, say("% of persons")), (changes, say("percentage points"))):
        panel.y = (len(order), 0.0)
        panel.bottom_scale(5 if wide else 3, words)
    levels.head([say("Poor after")], INK, 6)
    changes.head([say("Difference from without") if wide else say("Difference")], INK, 6)
    changes.line((0.0, 0.0), changes.y, GREY, 0.8)
    for place, one in enumerate(order):
        middle = levels.down(place + 0.5)
        drawing.write(left - 6, middle + 2.9, one.label, INK, "end")
        drawing.line(np.array([(levels.left, middle), (levels.right, middle)]), "#eeeeee")
        drawing.disc(levels.across(base[one]), middle, 3.0, GREY)
        for arm in arms:
            drawing.disc(levels.across(poor[one, arm].value), middle, 2.1, hues(nation)[arm])
            ends = changes.across([0.0, poor[one, arm].difference])
            drawing.line(np.array([(ends[0], middle), (ends[1], middle)]), hues(nation)[arm], 1.2)
            drawing.disc(ends[1], middle, 2.4, hues(nation)[arm])
    draw_key(drawing, key(zip(labels(nation).values(), hues(nation).values(), strict=True), width - 10))
    return drawing


# -- the folder -------------------------------------------------------------------------------------------------------


def manifest(nation: Nation, found: dict[str, pd.DataFrame], name: str) -> dict[str, object]:
    """What was run, with what, for how long."""
    return {
        "name": f"{nation.scenario.slug}, the nation",
        "digest": name,
        "scenario": nation.scenario.text,
        "synthetic": True,
        "imputed": list(IMPUTED),
        "left_out": list(LEFT_OUT),
        "result_sha256": digest(found),
        "households": int(nation.households.sum()),
        "villages_played": sum(province.played for province in nation.provinces),
        "districts": len(nation.districts),
        "luck": nation.scenario.replications.first_seed,
        "population_seed": nation.scenario.population.seed,
        "solved": nation.solved,
        "ledger_largest_gap": nation.worst_gap,
        "code": code_digest(),
        "rules": ensemble.rules_digest(),
        "platform": system(),
        "processors": os.cpu_count(),
        "seconds_of_solved_villages": round(nation.seconds[0], 1),
        "seconds_of_districts": round(nation.seconds[1], 1),
        "most_memory_gib": nation.peak and round(nation.peak, 2),
        **made_with(PACKAGES),
    }


def write(nation: Nation, folder: Path, name: str) -> list[object]:
    """Write page, figures, tables and manifest into a folder that exists; give what a terminal shows.

    Parameters
    ----------
    name
        Digest of what was run.
    """
    found = tables(nation)
    about = manifest(nation, found, name)
    (folder / "tables").mkdir()
    for key_, frame in found.items():
        put_table(folder / "tables", key_, frame)
    put_manifest(folder, about)
    figures = {
        name: saved(partial(draw, nation, found), folder, name)
        for name, draw in (("courses", courses), ("provinces", provinces_figure))
    }
    look = first_look(nation)
    warnings = [*([look] if look else []), say(SYNTHETIC), say(ONE_LUCK), *standing.warnings()]
    shown = {
        key_: flat(value) if isinstance(value, dict) else str(value)
        for key_, value in about.items() if key_ not in ("scenario", "imputed", "left_out")
    } | {"solved": solved(nation.solved)}  # fmt: skip
    page = filled(
        "nation.html", title=say(nation.scenario.title), answer=answer(nation, found), warnings=warnings,
        figures=figures, grids=[by_place(nation, found, arm) for arm in rivals(nation)],
        imputed=[*map(say, IMPUTED)], left_out=[*map(say, LEFT_OUT)], made=made(nation), manifest=shown,
        z=number(rupiah(1.0), 0), when=years(nation.scenario.windows.post),
    )  # fmt: skip
    (folder / "report.html").write_text(page, encoding="utf-8")
    return [
        *(by_place(nation, found, arm, full=False) for arm in rivals(nation)),
        *answer(nation, found)[1:],
        *([look] if look else []),
        say(SYNTHETIC),
    ]
