"""What `swadaya calibrate` says when it is done: what was tried, how well the sets do, which priors the data moved."""

from __future__ import annotations

import pandas as pd
from rich.console import Group

from sim.calibration.calibrate import BELOW, NO_LUMP, NO_REST, NOT_FINITE, Calibration
from sim.calibration.decomposition import FACTORS, LEFT, WHOLE
from sim.calibration.ensemble import inside_together, quality
from sim.calibration.threshold import LIFT, YEARS
from sim.language import mark, say, spoken, written
from sim.report import number, percent, said, span, to
from sim.report.grid import Cell, Column, Grid, estimated
from sim.report.grid import terminal as printed

WORDS = {
    **{f"headcount_{k}": mark("Headcount, quarter {quarter}") for k in range(9)},
    "poverty_gap": mark("Poverty gap"),
    "severity": mark("Severity"),
    "gini": mark("Gini"),
    "gini_drift": mark("Change of the Gini over 40 quarters"),
    "newly_poor": mark("Poor who were not a year ago"),
    "ever_poor": mark("Poor in one of three years"),
    "shock_left": mark("Left of a shock"),
    "shock_asymmetry": mark("Left of a bad one less a good one"),
    "audit_effect": mark("Audits on missing spending"),
    "presence_effect": mark("Ten points of attendance on it"),
    "blt_spent": mark("Spent of a year's cash"),
    "blt_after": mark("Consumption a year after it"),
}
REASONS = {
    NO_REST: mark("no world at rest"),
    NOT_FINITE: mark("not finite"),
    NO_LUMP: mark("the lumpy technique leaves its own range"),
    BELOW: mark("Kept out by the threshold"),
}
PARTS = {
    "luck": mark("Bad luck"),
    "ability": mark("Differences of ability"),
    "pass_through": mark("National growth not passed through"),
    "threshold": mark("The lumpy technique's threshold"),
    LEFT: mark("Left without all of these"),
    WHOLE: mark("Headcount"),
}


def named(moment: str) -> str:
    """What a moment, or a reason to refuse a set, is called."""
    return say({**WORDS, **REASONS}[moment], quarter=moment.rpartition("_")[2])


def waves(calibration: Calibration) -> Grid:
    """How many sets each wave tried, and why they were refused."""
    rows = []
    for place, (tried, reasons) in enumerate(calibration.waves, 1):
        last = place == len(calibration.waves)
        name = say("Last wave: judged") if last else say("Wave {place}: teaches the emulators", place=place)
        why = ", ".join(f"{named(reason)} {number(count, 0)}" for reason, count in reasons.items())
        kept = number(calibration.looked_at_again, 0) if last else "\u2013"
        rows.append((Cell(name, say("refused: {why}", why=why) if why else ""), Cell(number(tried, 0)), Cell(kept)))
    again, left = number(calibration.looked_at_again, 0), number(len(calibration.sets), 0)
    told = say("kept: inside, or nearest to it, in other populations")
    rows.append((Cell(say("Fresh look"), told), Cell(again), Cell(left)))
    note = say(
        "The emulators leave {share} of the prior. {seconds} s.",
        share=written(f"{100.0 * calibration.left:.2g}") + spoken().percent, seconds=number(calibration.seconds, 0),
    )  # fmt: skip
    columns = (Column(say("Wave")), Column(say("Sets tried")), Column(say("Kept")))
    title = say("From priors to sets, {variant}", variant=said(calibration.variant))
    return Grid("waves", title, note, columns, tuple(rows))


def fit(calibration: Calibration) -> Grid:
    """Each moment against its band."""
    rows = []
    for row in quality(calibration).itertuples(index=False):
        places = 3 if row.unit == "0-1" else 2
        rows.append(
            (
                Cell(named(row.moment), f"{row.target}, {say(row.unit)}"),
                Cell(span(row.low, row.high, places)),
                Cell(number(row.fresh_50, places), span(row.fresh_5, row.fresh_95, places)),
                Cell(number(100.0 * row.inside, 0)),
            )
        )
    whole = ", ".join(
        f"{target} {percent(100.0 * share, 0)}" for target, share in inside_together(calibration.fresh).items()
    )
    note = say(
        "Fresh: populations and lucks that no set was chosen by. All moments of a target inside together: {whole}.",
        whole=whole,
    )
    columns = (
        Column(say("Moment")),
        Column(say("Band")),
        Column(say("Sets, fresh"), "", say("Fresh\n5\u201395 %")),
        Column(say("Inside, fresh"), "%", say("Inside\n%")),
    )
    return Grid("fit", say("Fitted targets"), note, columns, tuple(rows))


def priors(calibration: Calibration) -> Grid:
    """Parameters whose priors the data moved; those that it did not move are counted."""
    frame = calibration.moved.sort_values("distance", ascending=False)
    changed = frame[frame["verdict"] == "moved"]
    rows = tuple(
        (
            Cell(row.parameter),
            Cell(_brief(row.low, row.high)),
            Cell(written(f"{row.kept_50:.3g}"), _brief(row.kept_5, row.kept_95)),
            Cell(number(row.distance, 2), "p " + written(f"{row.p_adjusted:.2g}")),
        )
        for row in changed.itertuples(index=False)
    )
    note = say(
        "The other {count} parameters keep their priors: uncertainties, not calibrated. Distance of Kolmogorov and "
        "Smirnov; p-values adjusted for the number of parameters (Benjamini and Hochberg).",
        count=len(frame) - len(changed),
    )
    columns = (
        Column(say("Parameter")),
        Column(say("Prior")),
        Column(say("Kept"), "", say("Kept\n5\u201395 %")),
        Column(say("Distance")),
    )
    return Grid("moved", say("Priors that the data moved"), note, columns, rows)


def _brief(low: float, high: float) -> str:
    return to(written(f"{low:.3g}"), written(f"{high:.3g}"))


def explained(frame: pd.DataFrame, variant: str) -> Grid:
    """Why people are poor in the quiet baseline."""
    windows = list(dict.fromkeys(frame["window"]))
    cells = {(row.window, row.factor): row for row in frame.itertuples(index=False)}
    rows = []
    for factor, words in PARTS.items():
        found = [cells[window, factor] for window in windows if (window, factor) in cells]
        if len(found) == len(windows):
            instead = FACTORS.get(factor, "")
            first = Cell(say(words), instead and say("taken away: {instead}", instead=say(instead)))
            rows.append((first, *(estimated(one.estimate, one.low, one.high) for one in found)))
    note = say(
        "Parts of the headcount (consumption without survey noise), mean over all orders of taking the factors away; "
        "they sum to it. Beneath: 5\u201395 % over parameter sets, each with a population and a luck of its own."
    )
    columns = (Column(say("Factor")), *(Column(say(window).capitalize()) for window in windows))
    title = say("What keeps people poor in the quiet baseline, {variant}", variant=said(variant))
    return Grid("explained", title, note, columns, tuple(rows), unit=say("points"))


def held_back(frame: pd.DataFrame, variant: str) -> Grid:
    """Whether the lumpy technique's threshold is one."""
    found = {row.share: row for row in frame.itertuples(index=False)}

    def line(words: str, *names: str) -> tuple[Cell, ...]:
        rows = [found[name] for name in names]
        return (Cell(words), *(estimated(row.estimate, row.low, row.high, 0) for row in rows))

    above = mark("Above the threshold after {years} years")
    rows = [line(say(above, years=year), f"alone_{year}", f"lifted_{year}") for year in YEARS]
    note = say(
        "Of poor households below the threshold ({poor} of the poor, {all} of all), % of households: left alone, and "
        "with their capital raised to {lift} times the threshold at quarter 0. With two equilibria the last column "
        "would not fall.",
        poor=percent(found["poor_below"].estimate, 0), all=percent(found["below"].estimate, 0), lift=number(LIFT),
    )  # fmt: skip
    columns = (Column(say("Share")), Column(say("Left alone")), Column(say("Lifted")))
    title = say("Does the threshold hold people back, {variant}", variant=said(variant))
    return Grid("held_back", title, note, columns, (*rows,))


def terminal(calibration: Calibration) -> Group:
    """Everything, as rich tables."""
    grids = [waves(calibration)]
    if calibration.sets:
        grids += [fit(calibration), priors(calibration)]
    if len(calibration.decomposition):
        grids.append(explained(calibration.decomposition, calibration.variant))
    if len(calibration.threshold):
        grids.append(held_back(calibration.threshold, calibration.variant))
    return Group(*(part for grid in grids for part in (printed(grid), "")))
