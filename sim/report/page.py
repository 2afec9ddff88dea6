"""The page: one self-contained HTML file with question, answer, figures and tables, and the figures as files."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd

from sim.experiment.results import Results
from sim.language import SPACE, listed, mark, say, spoken
from sim.metrics.cost import rupiah
from sim.report import (
    BASELINE,
    canvas,
    chance,
    costs,
    has,
    labels,
    measured,
    number,
    percent,
    ranked,
    rivals,
    said,
    source,
    span,
    tables,
    when,
    years,
)
from sim.report.cautions import cautions
from sim.report.grid import Grid, lookup, sign
from sim.report.manifest import first_look, said_of
from sim.report.plates import PLATES, Plate
from sim.report.template import filled
from sim.start import SURVEY_NOISE
from sim.survey import read_aggregates

MANY, FEW_NAMED = 8, 3  # arms beyond which a sentence counts them, and how many of them it still names
LONG = ("scenario", "document", "quick")  # of the manifest: shown elsewhere, or for machines only
WARNING = mark(
    "One parameter set, uncalibrated beyond the cross-section at the start. The intervals hold luck only: how far the "
    "answer changes over the plausible values of the parameters is not part of this run. It shows what the mechanisms "
    "imply, not what will happen. National growth is in every strategy, the status quo included."
)
BEYOND_LUCK = mark(
    "“Beyond luck” means that the 90 % interval over {seeds} lucks lies on one side of zero: the same people and the "
    "same luck, with the programme and without. It says nothing of other parameters, and of many such comparisons a "
    "few pass by chance."
)
SETS = mark(
    "{sets} calibrated parameter sets, {variant}, in turn with the lucks: intervals hold both, and the table “What the "
    "intervals are made of” separates them. The sets reproduce poverty and its trend, churn, losses and a year of "
    "cash; what no figure speaks of keeps its whole range. It shows what the mechanisms imply, not what will happen. "
    "National growth is in every strategy, the status quo included."
)
BEYOND_SETS = mark(
    "“Beyond luck and parameters” means that the 90 % interval over {seeds} draws of both lies on one side of zero: "
    "the same people, the same luck and the same numbers of the model, with the programme and without. Of many such "
    "comparisons a few pass by chance."
)
FEW = mark("With so few lucks the ends of an interval are little more than the extremes that were met: a first look.")
LEFT_OUT = (
    mark(
        "No births, deaths, ageing, splitting of households, migration, land, seasons or labour market that sets "
        "wages: the people stay the same, so that each household can be met in two worlds."
    ),
    mark("Remittances are a constant flow from outside."),
    mark("National and global shocks are one index; the model cannot tell the two apart."),
    mark("Schooling does not raise income within the horizon, because nobody grows up."),
    mark(
        "Beyond the eighth quarter there is no observed target for poverty; results of twenty years are illustrations."
    ),
    mark("One population and one parameter set cannot say which strategy is best in a real village."),
)
WORDS = {
    mark("z"): mark("one rural poverty line per person and quarter, Rp\u00a0{rupiah} at the prices of September 2017."),
    mark("poor"): mark("real consumption below 1 z."),
    mark("permanently poor"): mark("own permanent income, luck removed, below 1 z when the programmes start."),
    mark("own income"): mark("income without public money: no transfers, no subsidies, no wages from public works."),
    mark("after"): mark(
        "years {post} after September 2017, which are years {since} after all money has ended. All classes, winners, "
        "Lorenz curves and gains are measured then; the shocks of the test strike in the first quarter of it."
    ),
    mark("late"): mark("years {late}, an illustration only."),
    mark("self-sufficient"): mark(
        "own income of at least 1 z after the programmes, and it withstands the test shocks."
    ),
    mark("fragile"): mark("own income of at least 1 z, but it does not withstand the shocks."),
    mark("dependency"): mark(
        "own income below 1 z, total income at least 1 z while the programmes run: held up by flows."
    ),
    mark("declining"): mark("own income of at least 1 z before, below it after."),
    mark("rising"): mark("own income below 1 z, growing at least half as fast as the nation's."),
    mark("stagnation"): mark("own income below 1 z and growing more slowly than that."),
    mark("elasticity"): mark(
        "by how many % consumption falls, over the three years that follow, when the national index falls by 1 %; "
        "the household in the middle."
    ),
}


def shown(row: Any, measure: tables.Measure) -> str:
    """An estimate with unit and interval, to stand in brackets."""
    value, bounds = number(row.estimate, measure.decimals, True), span(row.low, row.high, measure.decimals, True)
    return f"{value}{SPACE}{say(measure.difference_unit)}, {bounds}"


#: Where the interval of a difference lies, and what is said of the arms that have it there.
SIDES = {
    -1: mark("lower beyond {chance} with {arms}"),
    1: mark("higher beyond {chance} with {arms}"),
    0: mark("no difference beyond {chance} with {arms}"),
}


def compared(results: Results, rows: dict[str, Any], measure: tables.Measure) -> tuple[str, str]:
    """One measure, and with which arms it is lower, with which higher beyond luck, and with which neither."""
    parts, subject = [], say(measure.subject)
    for side, told in SIDES.items():
        found = {arm: row for arm, row in rows.items() if sign(row.low, row.high, measure.decimals) == side}
        arms = counted if len(rows) > MANY else enumerated
        with_whom = arms(results, found, len(rows), measure if side else None)
        parts += [say(told, chance=chance(results), arms=with_whom)] if found else []
    return f"{subject[:1].upper()}{subject[1:]}:", f"{'; '.join(parts)}."


def enumerated(results: Results, found: dict[str, Any], every: int, measure: tables.Measure | None) -> str:
    """Arms by name, with what a measure says of each."""
    names = labels(results)
    return listed(f"{names[arm]} ({shown(row, measure)})" if measure else names[arm] for arm, row in found.items())


def counted(results: Results, found: dict[str, Any], every: int, measure: tables.Measure | None) -> str:
    """How many arms of how many, and the one that lies farthest from zero; a few are named. The table has the rest."""
    if measure and len(found) <= FEW_NAMED:
        return enumerated(results, found, every, measure)
    if measure is None:
        told = mark("any of the {every} strategies") if len(found) == every else mark("the other {count}")
        return say(told, every=every, count=len(found))
    far = max(found, key=lambda arm: abs(found[arm].estimate))
    told = mark("{count} of {every} strategies, farthest with {arm}")
    farthest = enumerated(results, {far: found[far]}, every, measure)
    return say(told, count=len(found), every=every, arm=farthest)


def levels(results: Results) -> str:
    """What happens without a new policy, the permanently poor first."""
    rows = lookup(results.tables["headline"], "arm", "metric")
    own, poor = (rows[BASELINE, metric] for metric in ("self_sufficient", "headcount"))
    parts = [
        say(told, share=percent(row.estimate), span=span(row.low, row.high) + spoken().percent)
        for row, told in (
            (own, mark("{share} of the permanently poor are self-sufficient ({span})")),
            (poor, mark("{share} of all persons are poor ({span})")),
        )
        if math.isfinite(row.estimate)
    ]
    return say("Without a new policy {levels} {when}.", levels=listed(parts), when=measured(results))


def lead(results: Results) -> list[tuple[str, str]]:
    """The answer at a glance, (lead, sentence) each: how it stands without a policy, and what changes that share."""
    found = [("", levels(results))]
    return found + against(results, BASELINE, results.tables["headline"])[:1]


def warning(results: Results) -> str:
    """What the numbers rest on."""
    luck = results.scenario.replications
    return say(WARNING) if luck.sets == 1 else say(SETS, sets=luck.sets, variant=said(luck.variant))


def conditions(results: Results) -> str:
    """What was run, for how long, at what cost."""
    scenario, names = results.scenario, labels(results)
    frame, compared = results.tables["headline"], ranked(results)
    cost = frame[(frame["metric"] == "cost") & frame["arm"].isin(compared)]["estimate"]
    others = listed(name for arm, name in names.items() if arm not in compared)
    equal = len(cost) > 0 and cost.max() - cost.min() <= 0.01 * abs(cost.max())
    people = say(
        "The same {households} households in {villages} villages live through the same {seeds} lucks under {arms} "
        "strategies.",
        households=number(len(results.population), 0), villages=results.population["village"].nunique(),
        seeds=scenario.replications.seeds, arms=len(names),
    )  # fmt: skip
    if not compared:
        return people
    spent = (
        say(
            "Each strategy but {others} costs the state the same present value, {cost}\u00a0z per person, on top of "
            "what flows in every arm.",
            others=others, cost=number(cost.mean(), 2),
        )
        if equal
        else say("The strategies do not cost the same (see the table of costs).")
    )  # fmt: skip
    run = say(
        "Programmes run in years {years} after September 2017; by the end of them all money has ended.",
        years=years((scenario.calendar.start, scenario.calendar.end)),
    )
    return f"{people} {spent} {run}"


def survey(results: Results) -> str:
    """How poverty in this report differs from poverty as a survey measures it."""
    people, noise = results.scenario.population, number(SURVEY_NOISE, 2)
    if results.scenario.survey is not None:
        return say(
            "Poverty here is that of true consumption. A survey adds noise (standard deviation {noise} of log "
            "consumption) and measures more.",
            noise=noise,
        )
    share = 100 * people.poverty if people.poverty else read_aggregates()["targets.headcount"]
    return say(
        "Poverty here is that of true consumption. A survey adds noise (standard deviation {noise} of log "
        "consumption) and measures more: {share} % at the start of this world.",
        noise=noise, share=number(share),
    )  # fmt: skip


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
    names, rival, arms = labels(results), results.scenario.benchmark, rivals(results)
    found = [("", [("", conditions(results)), ("", survey(results))])]
    if not arms:
        return found
    seeds = results.scenario.replications.seeds
    if seeds < 2:
        return [*found, ("", [("", say("One luck cannot tell an effect from chance: nothing is compared here."))])]
    found.append((say("Against {arm}", arm=names[BASELINE]), against(results, BASELINE, results.tables["headline"])))
    if rival and len(ranked(results)) > 1:
        contrasts = results.tables["contrasts"]
        told = against(results, rival, contrasts[contrasts["against"] == rival])
        found.append((say("Against {arm}", arm=names[rival]), told))
    meant = BEYOND_LUCK if results.scenario.replications.sets == 1 else BEYOND_SETS
    last = [say(meant, seeds=seeds), *([say(FEW)] if seeds < 10 else [])]
    if len(ranked(results)) > 1:
        pairs = mark("Any other pair of strategies stands under “Each against each”; no order among them is stated.")
        last.append(say(pairs))
    return [*found, ("", [("", text) for text in last])]


def versus(results: Results) -> Grid | None:
    """Every arm against the benchmark, where there are too many for sentences."""
    rival = results.scenario.benchmark
    if not rival or len(ranked(results)) - 1 <= MANY or results.scenario.replications.seeds < 2:
        return None
    return tables.against(results, rival)


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
    arms = ", ".join(labels(results).values())
    words = {"source": source(results), "arms": arms, "when": say("in {years}", years=when(results))}
    return {
        "name": plate.name,
        "title": say(plate.title),
        "caption": say(plate.caption, **words),
        "alternative": say(plate.alternative, **words),
        **canvas.saved(partial(plate.draw, results), folder, plate.name),
    }


def otherwise(results: Results) -> list[tuple[str, str]]:
    """What each arm is called in the reader's language and in the other one, where that differs."""
    other = {arm.label: arm.label_id for arm in results.scenario.resolved_arms if arm.label != arm.label_id}
    return [(theirs, ours) if spoken().code == "id" else (ours, theirs) for ours, theirs in other.items()]


def write(results: Results, folder: Path, warnings: Sequence[str]) -> Path:
    """Write report.html and figures/*.svg, *.png into `folder`; give the path of the page.

    `warnings` say where the model stands against the evidence.
    """
    (folder / "figures").mkdir(parents=True, exist_ok=True)
    plates = [plate for plate in PLATES if not plate.needs or has(results, plate.needs)]
    needed = dict.fromkeys([*(key for key, _ in tables.GRIDS), *(plate.needs for plate in PLATES if plate.needs)])
    single = ("spread",) if results.scenario.replications.sets == 1 else ()
    spans, end = results.scenario.windows, results.scenario.money_ends
    terms = {"rupiah": number(rupiah(1.0), 0), "post": years(spans.post), "late": years(spans.late)}
    terms["since"] = years(spans.post, end)
    look = first_look(results)
    manifest = {key: flat(value) for key, value in results.manifest.items() if key not in LONG}
    text = filled(
        "page.html",
        note=say(results.scenario.report.note),
        title=say(results.scenario.title),
        question=say(results.scenario.question),
        arms=otherwise(results),
        other="en" if spoken().code == "id" else "id",
        lead=lead(results),
        answer=answer(results),
        versus=versus(results),
        warnings=[*([look] if look else []), warning(results), *cautions(results), *warnings],
        chance=chance(results),
        headline=tables.headline(results),
        figures=[draw(plate, results, folder / "figures") for plate in plates],
        grids=tables.grids(results),
        ledger=costs.ledger(results),
        words=[(say(word), say(meaning, **terms)) for word, meaning in WORDS.items()],
        left_out=[say(text) for text in LEFT_OUT],
        missing=[key.replace("_", " ") for key in needed if not has(results, key) and key not in single],
        look=look,
        manifest=manifest | said_of(results.manifest),
        scenario_text=results.scenario.text,
    )
    page = folder / "report.html"
    page.write_text(text, encoding="utf-8")
    return page
