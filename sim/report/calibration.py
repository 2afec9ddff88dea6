"""What `swadaya calibrate` says when it is done: what was tried, how well the sets do, which priors the data moved."""

from __future__ import annotations

import pandas as pd
from rich.console import Group

from sim.experiment.calibration import Calibration
from sim.experiment.decomposition import FACTORS, LEFT, WHOLE
from sim.experiment.ensemble import inside_together, quality
from sim.experiment.threshold import LIFT, YEARS
from sim.report import number, span
from sim.report.grid import Cell, Column, Grid, estimated
from sim.report.grid import terminal as printed

WORDS = {
    **{f"headcount_{k}": f"Headcount, quarter {k}" for k in range(9)},
    "poverty_gap": "Poverty gap",
    "severity": "Severity",
    "gini": "Gini",
    "gini_drift": "Change of the Gini over 40 quarters",
    "newly_poor": "Poor who were not a year ago",
    "ever_poor": "Poor in one of three years",
    "shock_left": "Left of a shock",
    "shock_asymmetry": "Left of a bad one less a good one",
    "audit_effect": "Audits on missing spending",
    "presence_effect": "Ten points of attendance on it",
    "blt_spent": "Spent of a year's cash",
    "blt_after": "Consumption a year after it",
}
PARTS = {
    "luck": "Bad luck",
    "ability": "Differences of ability",
    "pass_through": "National growth not passed through",
    "threshold": "The lumpy technique's threshold",
    LEFT: "Left without all of these",
    WHOLE: "Headcount",
}


def waves(calibration: Calibration) -> Grid:
    """How many sets each wave tried, and why they were refused."""
    rows = []
    for place, (tried, reasons) in enumerate(calibration.waves, 1):
        last = place == len(calibration.waves)
        name = "Last wave: judged" if last else f"Wave {place}: teaches the emulators"
        why = ", ".join(f"{WORDS.get(reason, reason)} {count}" for reason, count in reasons.items())
        kept = number(calibration.looked_at_again, 0) if last else "\u2013"
        rows.append((Cell(name, f"refused: {why}" if why else ""), Cell(number(tried, 0)), Cell(kept)))
    again, left = number(calibration.looked_at_again, 0), number(len(calibration.sets), 0)
    rows.append((Cell("Fresh look", "kept: inside, or nearest to it, in other populations"), Cell(again), Cell(left)))
    note = f"The emulators leave {100.0 * calibration.left:.2g} % of the prior. {calibration.seconds:.0f} s."
    columns = (Column("Wave"), Column("Sets tried"), Column("Kept"))
    return Grid("waves", f"From priors to sets, {calibration.variant.replace('_', ' ')}", note, columns, tuple(rows))


def fit(calibration: Calibration) -> Grid:
    """Each moment against its band."""
    rows = []
    for row in quality(calibration).itertuples(index=False):
        places = 3 if row.unit == "0-1" else 2
        rows.append(
            (
                Cell(WORDS[row.moment], f"{row.target}, {row.unit}"),
                Cell(span(row.low, row.high, places)),
                Cell(number(row.fresh_50, places), span(row.fresh_5, row.fresh_95, places)),
                Cell(number(100.0 * row.inside, 0)),
            )
        )
    whole = ", ".join(f"{target} {100.0 * share:.0f} %" for target, share in inside_together(calibration.fresh).items())
    note = f"Fresh: populations and lucks that no set was chosen by. All moments of a target inside together: {whole}."
    columns = (
        Column("Moment"),
        Column("Band"),
        Column("Sets, fresh", "", "Fresh\n5\u201395 %"),
        Column("Inside, fresh", "%", "Inside\n%"),
    )
    return Grid("fit", "Fitted targets", note, columns, tuple(rows))


def priors(calibration: Calibration) -> Grid:
    """Parameters whose priors the data moved; those that it did not move are counted."""
    frame = calibration.moved.sort_values("distance", ascending=False)
    changed = frame[frame["verdict"] == "moved"]
    rows = tuple(
        (
            Cell(row.parameter),
            Cell(_brief(row.low, row.high)),
            Cell(f"{row.kept_50:.3g}", _brief(row.kept_5, row.kept_95)),
            Cell(number(row.distance, 2), f"p {row.p_adjusted:.2g}"),
        )
        for row in changed.itertuples(index=False)
    )
    note = (
        f"The other {len(frame) - len(changed)} parameters keep their priors: uncertainties, not calibrated. "
        "Distance of Kolmogorov and Smirnov; p-values adjusted for the number of parameters (Benjamini and Hochberg)."
    )
    columns = (
        Column("Parameter"),
        Column("Prior"),
        Column("Kept", "", "Kept\n5\u201395 %"),
        Column("Distance"),
    )
    return Grid("moved", "Priors that the data moved", note, columns, rows)


def _brief(low: float, high: float) -> str:
    return f"{low:.3g} to {high:.3g}".replace(" ", "\u00a0")


def explained(frame: pd.DataFrame, variant: str) -> Grid:
    """Why people are poor in the quiet baseline."""
    windows = list(dict.fromkeys(frame["window"]))
    cells = {(row.window, row.factor): row for row in frame.itertuples(index=False)}
    rows = []
    for factor, words in PARTS.items():
        found = [cells[window, factor] for window in windows if (window, factor) in cells]
        if len(found) == len(windows):
            first = Cell(words, FACTORS.get(factor, "") and f"taken away: {FACTORS[factor]}")
            rows.append((first, *(estimated(one.estimate, one.low, one.high) for one in found)))
    note = (
        "Parts of the headcount (consumption without survey noise), mean over all orders of taking the factors away; "
        "they sum to it. Beneath: 5\u201395 % over parameter sets, each with a population and a luck of its own."
    )
    columns = (Column("Factor"), *(Column(window.capitalize()) for window in windows))
    title = f"What keeps people poor in the quiet baseline, {variant.replace('_', ' ')}"
    return Grid("explained", title, note, columns, tuple(rows), unit="points")


def held_back(frame: pd.DataFrame, variant: str) -> Grid:
    """Whether the lumpy technique's threshold is one."""
    found = {row.share: row for row in frame.itertuples(index=False)}

    def line(words: str, *names: str) -> tuple[Cell, ...]:
        rows = [found[name] for name in names]
        return (Cell(words), *(estimated(row.estimate, row.low, row.high, 0) for row in rows))

    rows = [line(f"Above the threshold after {year} years", f"alone_{year}", f"lifted_{year}") for year in YEARS]
    note = (
        f"Of poor households below the threshold ({found['poor_below'].estimate:.0f} % of the poor, "
        f"{found['below'].estimate:.0f} % of all), % of households: left alone, and with their capital raised to "
        f"{LIFT:.1f} times the threshold at quarter 0. With two equilibria the last column would not fall."
    )
    columns = (Column("Share"), Column("Left alone"), Column("Lifted"))
    return Grid(
        "held_back", f"Does the threshold hold people back, {variant.replace('_', ' ')}", note, columns, (*rows,)
    )


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
