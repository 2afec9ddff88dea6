"""The page: one self-contained HTML file with question, answer, figures and tables, and the figures as files."""

from __future__ import annotations

import base64
import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from sim.experiment.results import Results
from sim.metrics.cost import rupiah
from sim.report import (
    BASELINE,
    SPACE,
    benchmark,
    canvas,
    chance,
    costs,
    figures,
    has,
    labels,
    measured,
    number,
    ranked,
    rivals,
    source,
    span,
    tables,
    when,
    years,
)
from sim.report.drawing import Drawing
from sim.report.grid import lookup, sign
from sim.report.template import filled
from sim.start import SURVEY_NOISE
from sim.survey import read_aggregates

LONG = ("scenario", "document")  # of the manifest: shown elsewhere, or for machines only
WARNING = (
    "One parameter set, uncalibrated beyond the cross-section at the start. The intervals hold luck only: how far the "
    "answer changes over the plausible values of the parameters is not part of this run. It shows what the mechanisms "
    "imply, not what will happen. National growth is in every strategy, the status quo included."
)
BEYOND_LUCK = (
    "“Beyond luck” means that the 90 % interval over {seeds} lucks lies on one side of zero: the same people and the "
    "same luck, with the programme and without. It says nothing of other parameters, and of many such comparisons a "
    "few pass by chance."
)
SETS = (
    "{sets} calibrated parameter sets, {variant}, in turn with the lucks: intervals hold both, and the table “What the "
    "intervals are made of” separates them. The sets reproduce poverty and its trend, churn, losses and a year of "
    "cash; what no figure speaks of keeps its whole range. It shows what the mechanisms imply, not what will happen. "
    "National growth is in every strategy, the status quo included."
)
BEYOND_SETS = (
    "“Beyond luck and parameters” means that the 90 % interval over {seeds} draws of both lies on one side of zero: "
    "the same people, the same luck and the same numbers of the model, with the programme and without. Of many such "
    "comparisons a few pass by chance."
)
FEW = "With so few lucks the ends of an interval are little more than the extremes that were met: a first look."
LEFT_OUT = (
    "No births, deaths, ageing, splitting of households, migration, land, seasons or labour market that sets wages: "
    "the people stay the same, so that each household can be met in two worlds.",
    "Remittances are a constant flow from outside.",
    "National and global shocks are one index; the model cannot tell the two apart.",
    "Schooling does not raise income within the horizon, because nobody grows up.",
    "Beyond the eighth quarter there is no observed target for poverty; results of twenty years are illustrations.",
    "One population and one parameter set cannot say which strategy is best in a real village.",
)
WORDS = (
    ("z", "one rural poverty line per person and quarter, Rp{space}{rupiah} at the prices of September 2017."),
    ("poor", "real consumption below 1 z."),
    ("permanently poor", "own permanent income, luck removed, below 1 z when the programmes start."),
    ("own income", "income without public money: no transfers, no subsidies, no wages from public works."),
    ("after", "years {post} after September 2017, which are years {since} after the money ended. All classes, winners, "
     "Lorenz curves and gains are measured then; the shocks of the test strike in the first quarter of it."),
    ("late", "years {late}, an illustration only."),
    ("self-sufficient", "own income of at least 1 z after the programmes, and it withstands the test shocks."),
    ("fragile", "own income of at least 1 z, but it does not withstand the shocks."),
    ("dependency", "own income below 1 z, total income at least 1 z while the programmes run: held up by flows."),
    ("declining", "own income of at least 1 z before, below it after."),
    ("rising", "own income below 1 z, growing at least half as fast as the nation's."),
    ("stagnation", "own income below 1 z and growing more slowly than that."),
    ("elasticity", "by how many % consumption falls, over the three years that follow, when the national index falls "
     "by 1 %; the household in the middle."),
)  # fmt: skip


@dataclass(frozen=True)
class Plate:
    """A figure as the page shows it; `needs` is the table without which it is left out, empty for the series."""

    name: str
    needs: str
    draw: Callable[..., Drawing]
    title: str
    caption: str
    alternative: str


# In the order of the page. `{source}` becomes what the intervals vary over, `{arms}` the strategies.
PLATES: tuple[Plate, ...] = (
    Plate(
        "trajectories", "", figures.trajectories, "The course of each strategy",
        "Levels: without a new policy (grey) and the median of each strategy (its colour). All other panels: the "
        "strategy minus the status quo, luck by luck. Line: median; dark band: the middle half; light band: "
        "{source}. Shaded: the time of the programme.",
        "Line charts over time: levels first, then each strategy's difference from the baseline: poverty headcount, "
        "median own income, participation and the Gini coefficient. Strategies: {arms}. The tables give the values.",
    ),
    Plate(
        "fates", "classes", figures.fates, "What became of the permanently poor",
        "Each bar: all who were permanently poor when the programmes started, by class {when}. Black line: interval "
        "of the self-sufficient share ({source}); as all strategies meet the same luck, their differences are known "
        "better than these levels (see the headline table).",
        "Stacked bars, one for each strategy: self-sufficient, fragile, rising, dependency, declining and stagnation. "
        "Strategies: {arms}. The table Classes among the permanently poor gives every share.",
    ),
    Plate(
        "classes", "transitions", figures.class_flows, "From the start to the end",
        "Left: persons by permanent income when the programmes start (poor: below 1\u00a0z; near-poor: below "
        "1.5\u00a0z; all others are left out). Right: by class {when}. Numbers are shares of all persons, mean over "
        "lucks; the flows of the poor are strong. Intervals stand in the tables of classes ({source}).",
        "Flow diagrams from poor and near-poor at the start to self-sufficient, fragile, rising, dependency, "
        "declining and stagnation at the end. Strategies: {arms}. The table From start to end gives every share.",
    ),
    Plate(
        "lorenz", "lorenz", figures.lorenz, "How consumption is shared",
        "Large: Lorenz curves of real consumption {when}. Small: the same curves minus the baseline's; above zero, the "
        "poorest p % hold more of all consumption than without the policy. Band: {source}.",
        "Lorenz curves of all strategies, and for each a small chart of its difference from the baseline. Strategies: "
        "{arms}.",
    ),
    Plate(
        "winners", "winners", figures.winners, "Winners and losers",
        "Change in consumption {when} of each household against itself without the policy and with the same luck, "
        "person-weighted, all lucks pooled. Dashed: 5 % more and 5 % less; blue: gains beyond, orange: losses "
        "beyond. The outermost bars hold all that lies further out. Intervals stand in the table ({source}).",
        "Histograms of the change in consumption against the baseline; the shares of persons who gain or lose more "
        "than 5 % stand in the table Winners and losers. Strategies: {arms}.",
    ),
    Plate(
        "participation", "participation", figures.participation, "Attendance before, during and after",
        "Share of households that attend village meetings before the programme, in its last two years (shaded), after "
        "it ({when}), and late, as an illustration. Bars: {source}. Grey: without a new policy.",
        "Dots with intervals for four windows beside the baseline in grey. Strategies: {arms}. The table Attendance by "
        "window gives the values.",
    ),
    Plate(
        "money", "money", figures.money, "Where each z went",
        "State money beyond what flows without the policy, while the programme runs; money for assets is followed out "
        "of the programme's fund. Left of zero: less than without the policy, as where an audit also saves what other "
        "works lose. Not discounted, mean over lucks.",
        "Stacked horizontal bars of state money by use, in z per person. Strategies: {arms}. The table Where each z "
        "went gives the values.",
    ),
)  # fmt: skip


def listed(parts: Iterable[str]) -> str:
    """Parts as a phrase: "a, b and c"."""
    *others, last = list(parts) or [""]
    return f"{', '.join(others)} and {last}" if others else last


def shown(row: Any, measure: tables.Measure) -> str:
    """An estimate with unit and interval, to stand in brackets."""
    bounds = span(row.low, row.high, measure.decimals, signed=True)
    return f"{number(row.estimate, measure.decimals, signed=True)}{SPACE}{measure.difference_unit}, {bounds}"


def compared(results: Results, rows: dict[str, Any], measure: tables.Measure) -> tuple[str, str]:
    """One measure, and with which arms it is lower, with which higher beyond luck, and with which neither."""
    names, parts = labels(results), []
    for side, word in ((-1, "lower"), (1, "higher"), (0, "")):
        found = [arm for arm, row in rows.items() if sign(row.low, row.high, measure.decimals) == side]
        if found and word:
            said = listed(f"{names[arm]} ({shown(rows[arm], measure)})" for arm in found)
            parts.append(f"{word} beyond {chance(results)} with {said}")
        elif found:
            parts.append(f"no difference beyond {chance(results)} with {listed(names[arm] for arm in found)}")
    return f"{measure.subject[:1].upper()}{measure.subject[1:]}:", f"{'; '.join(parts)}."


def levels(results: Results) -> str:
    """What happens without a new policy, the permanently poor first."""
    rows = lookup(results.tables["headline"], "arm", "metric")
    own, poor = (rows[BASELINE, metric] for metric in ("self_sufficient", "headcount"))
    parts = [
        f"{number(row.estimate)}{SPACE}% of {whom} ({span(row.low, row.high)}{SPACE}%)"
        for row, whom in ((own, "the permanently poor are self-sufficient"), (poor, "all persons are poor"))
        if math.isfinite(row.estimate)
    ]
    return f"Without a new policy {listed(parts)} {measured(results)}."


def lead(results: Results) -> list[tuple[str, str]]:
    """The answer at a glance, (lead, sentence) each: how it stands without a policy, and what changes that share."""
    found = [("", levels(results))]
    return found + against(results, BASELINE, results.tables["headline"])[:1]


def warning(results: Results) -> str:
    """What the numbers rest on."""
    luck = results.scenario.replications
    return WARNING if luck.sets == 1 else SETS.format(sets=luck.sets, variant=luck.variant.replace("_", " "))


def conditions(results: Results) -> str:
    """What was run, for how long, at what cost."""
    scenario, names = results.scenario, labels(results)
    people = f"{number(len(results.population), 0)} households in {results.population['village'].nunique()} villages"
    frame, compared = results.tables["headline"], ranked(results)
    cost = frame[(frame["metric"] == "cost") & frame["arm"].isin(compared)]["estimate"]
    others = listed(name for arm, name in names.items() if arm not in compared)
    equal = len(cost) > 0 and cost.max() - cost.min() <= 0.01 * abs(cost.max())
    spent = (
        f"Each strategy but {others} costs the state the same present value, {number(cost.mean(), 2)}{SPACE}z "
        "per person, on top of what flows in every arm"
        if equal
        else "The strategies do not cost the same (see the table of costs)"
    )
    run = years((scenario.calendar.start, scenario.calendar.end))
    return (
        f"The same {people} live through the same {scenario.replications.seeds} lucks under {len(names)} strategies. "
        f"{spent}. Programmes run in years {run} after September 2017; by the end of them all money has ended."
    )


def survey(results: Results) -> str:
    """How poverty in this report differs from poverty as a survey measures it."""
    people, told = results.scenario.population, ""
    if results.scenario.survey is None:
        share = 100 * people.poverty if people.poverty else read_aggregates()["targets.headcount"]
        told = f": {number(share)} % at the start of this world"
    return (
        f"Poverty here is that of true consumption. A survey adds noise (standard deviation {SURVEY_NOISE:.2f} of log "
        f"consumption) and measures more{told}."
    )


def against(results: Results, other: str, frame: pd.DataFrame) -> list[tuple[str, str]]:
    """Each measure of the headline, and which arms differ in it from another arm beyond luck."""
    frame = frame.dropna(subset="estimate")
    lines: list[tuple[str, str]] = []
    if results.scenario.replications.seeds < 2:
        return lines
    for measure in tables.HEADLINES:
        rows = lookup(frame[frame["metric"] == measure.metric], "arm")
        rows = {arm: rows[(arm,)] for arm in rivals(results) if (arm,) in rows and arm != other}
        lines += [compared(results, rows, measure)] if rows else []
    return lines


def answer(results: Results) -> list[tuple[str, list[tuple[str, str]]]]:
    """The comparison in plain words with its conditions and its uncertainty: headings, each with (lead, sentence)."""
    names, rival, arms = labels(results), benchmark(results), rivals(results)
    found = [("", [("", conditions(results)), ("", survey(results))])]
    if not arms:
        return found
    seeds = results.scenario.replications.seeds
    if seeds < 2:
        return [*found, ("", [("", "One luck cannot tell an effect from chance: nothing is compared here.")])]
    found.append((f"Against {names[BASELINE]}", against(results, BASELINE, results.tables["headline"])))
    if rival and len(ranked(results)) > 1:
        contrasts = results.tables["contrasts"]
        found.append((f"Against {names[rival]}", against(results, rival, contrasts[contrasts["against"] == rival])))
    meant = BEYOND_LUCK if results.scenario.replications.sets == 1 else BEYOND_SETS
    last = [meant.format(seeds=seeds), *([FEW] if seeds < 10 else [])]
    if len(ranked(results)) > 1:
        last.append("Any other pair of strategies stands under “Each against each”; no order among them is stated.")
    return [*found, ("", [("", text) for text in last])]


def flat(value: object) -> str:
    """A value of the manifest on one line."""
    if isinstance(value, dict):
        return ", ".join(f"{name}\u00a0{flat(part)}" for name, part in value.items())
    if isinstance(value, list | tuple | range):
        parts = [flat(part) for part in value]
        return ", ".join(parts if len(parts) <= 12 else [*parts[:3], "\u2026", f"{parts[-1]} ({len(parts)})"])
    return number(value, 2) if isinstance(value, float) else str(value)


def draw(plate: Plate, results: Results, folder: Path) -> dict[str, object]:
    """Save a figure as `folder`/name.svg and name.png; give what the page shows of it."""
    wide, narrow = (plate.draw(results, width) for width in (canvas.WIDE, canvas.NARROW))
    pages = wide.svg(), narrow.svg()
    (folder / f"{plate.name}.svg").write_bytes(pages[0])
    (folder / f"{plate.name}.png").write_bytes(wide.png())
    arms = ", ".join(labels(results).values())
    words = {"source": source(results), "arms": arms, "when": f"in {when(results)}"}
    return {
        "name": plate.name,
        "title": plate.title,
        "caption": plate.caption.format(**words),
        "alternative": plate.alternative.format(**words),
        **dict(zip(("wide", "narrow"), (base64.b64encode(page).decode() for page in pages), strict=True)),
    }


def write(results: Results, folder: Path, warnings: Sequence[str]) -> Path:
    """Write report.html and figures/*.svg, *.png into `folder`; give the path of the page.

    `warnings` say where the model stands against the evidence.
    """
    (folder / "figures").mkdir(parents=True, exist_ok=True)
    plates = [plate for plate in PLATES if not plate.needs or has(results, plate.needs)]
    needed = dict.fromkeys([*(key for key, _ in tables.GRIDS), *(plate.needs for plate in PLATES if plate.needs)])
    single = ("spread",) if results.scenario.replications.sets == 1 else ()
    spans, end = results.scenario.windows, results.scenario.calendar.end
    terms = {"rupiah": number(rupiah(1.0), 0), "space": SPACE, "post": years(spans.post), "late": years(spans.late)}
    terms["since"] = years(spans.post, end)
    manifest = {key: flat(value) for key, value in results.manifest.items() if key not in LONG}
    text = filled(
        "page.html",
        scenario=results.scenario,
        note=results.scenario.report.note,
        arms=[(arm.label, arm.label_id) for arm in results.scenario.resolved_arms if arm.label != arm.label_id],
        lead=lead(results),
        answer=answer(results),
        warnings=[warning(results), *warnings],
        chance=chance(results),
        headline=tables.headline(results),
        figures=[draw(plate, results, folder / "figures") for plate in plates],
        grids=tables.grids(results),
        ledger=costs.ledger(results),
        words=[(word, meaning.format(**terms)) for word, meaning in WORDS],
        left_out=LEFT_OUT,
        missing=[key.replace("_", " ") for key in needed if not has(results, key) and key not in single],
        manifest=manifest,
        scenario_text=results.scenario.text,
    )
    page = folder / "report.html"
    page.write_text(text, encoding="utf-8")
    return page
