"""The page: one self-contained HTML file with question, answer, figures and tables, and the figures as files."""

from __future__ import annotations

import base64
import io
import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

import matplotlib
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure

from sim.metrics.cost import rupiah
from sim.report import BASELINE, SPACE, benchmark, figures, has, labels, number, rivals, source, span, tables

WARNING = (
    "Uncalibrated: one parameter set. The intervals hold luck only. How far the answer changes over the plausible "
    "values of the parameters is not part of this run: it shows what the mechanisms imply, not what will happen."
)
BEYOND_LUCK = (
    "“Beyond luck” means that the 90 % interval over the seeds lies on one side of zero: the same people and the same "
    "luck, with the programme and without. Of many such comparisons a few pass by chance."
)
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
    ("permanently poor", "own permanent income, luck removed, below 1 z before the programmes start."),
    ("own income", "income without public money: no transfers, no subsidies, no wages from public works."),
    ("self-sufficient", "own income of at least 1 z after the programmes, and it withstands the test shocks."),
    ("fragile", "own income of at least 1 z, but it does not withstand the shocks."),
    ("dependency", "own income below 1 z, total income at least 1 z while the programmes run: held up by flows."),
    ("declining", "own income of at least 1 z before, below it after."),
    ("rising", "own income below 1 z, growing at least half as fast as the nation's."),
    ("stagnation", "own income below 1 z and growing more slowly than that."),
    ("late window", "the three years in which durable effects are measured, long after the money has ended."),
)


@dataclass(frozen=True)
class Plate:
    """A figure as the page shows it; `needs` is the table without which it is left out, empty for the series."""

    name: str
    needs: str
    draw: Callable[..., Figure]
    title: str
    caption: str
    alternative: str


# In the order of the page. `{source}` becomes what the intervals vary over, `{arms}` the strategies.
PLATES: tuple[Plate, ...] = (
    Plate(
        "trajectories", "", figures.trajectories, "The course of each strategy",
        "Line: median over seeds; dark and light band: 50 and 90 % of lucks. Grey: the same households and luck "
        "without a new policy, with its 90 % band. Shaded: the time of the programme. Source of the bands: {source}.",
        "Line charts over time, one for each strategy and metric, each with the baseline in grey: poverty headcount, "
        "median own income, participation and the Gini coefficient. Strategies: {arms}. The tables give the values.",
    ),
    Plate(
        "classes", "transitions", figures.class_flows, "From the start to the end",
        "Left: persons by permanent income before the programmes (poor: below 1\u00a0z; near-poor: below 1.5\u00a0z). "
        "Right: by class at the end. Heights are shares of all persons, mean over seeds; the flows of the poor have "
        "the strongest colour. Intervals stand in the tables of classes ({source}).",
        "Flow diagrams from poor, near-poor and not poor at the start to self-sufficient, fragile, rising, dependency, "
        "declining and stagnation at the end. Strategies: {arms}. The table From start to end gives every share.",
    ),
    Plate(
        "lorenz", "lorenz", figures.lorenz, "How consumption is shared",
        "Large: Lorenz curves of real consumption in the late window. Small: the same curves minus the baseline's; "
        "above zero, the poorest p % hold more of all consumption than without the policy. Band, if drawn: {source}.",
        "Lorenz curves of all strategies, and for each a small chart of its difference from the baseline. Strategies: "
        "{arms}.",
    ),
    Plate(
        "winners", "winners", figures.winners, "Winners and losers",
        "Change in late consumption of each household against itself without the policy and with the same luck, "
        "person-weighted, all seeds pooled. Blue: gains above 5 %; orange: losses above 5 %. The outermost bars hold "
        "everything beyond. Intervals stand in the table ({source}).",
        "Histograms of the change in consumption against the baseline; the shares of persons who gain or lose more "
        "than 5 % stand in the table Winners and losers. Strategies: {arms}.",
    ),
    Plate(
        "participation", "participation", figures.participation, "Attendance before, during and after",
        "Share of households that attend village meetings before, during (shaded) and after the programme, and late. "
        "Bars: {source}. Grey: without a new policy.",
        "Dots with intervals for four windows beside the baseline in grey. Strategies: {arms}. The table Attendance by "
        "window gives the values.",
    ),
    Plate(
        "money", "money", figures.money, "Where each z went",
        "All money of the state, the programmes of 2017 included, while the programme runs; not discounted, mean over "
        "seeds.",
        "Stacked horizontal bars of state money by flow, in z per person. Strategies: {arms}. The table Where each z "
        "went gives the values.",
    ),
)  # fmt: skip


def listed(parts: Iterable[str]) -> str:
    """Parts as a phrase: "a, b and c"."""
    *others, last = list(parts) or [""]
    return f"{', '.join(others)} and {last}" if others else last


def sign(row: object, decimals: int) -> int:
    """1 or -1 where the interval, as it is printed, lies above or below zero; 0 where not or where it is undefined."""
    low, high = (getattr(row, name, math.nan) for name in ("low", "high"))
    if not (math.isfinite(low) and math.isfinite(high)):
        return 0
    return 1 if round(low, decimals) > 0 else -1 if round(high, decimals) < 0 else 0


def shown(row: object, measure: tables.Measure) -> str:
    """An estimate with unit and interval, to stand in brackets."""
    bounds = span(row.low, row.high, measure.decimals, signed=True)
    text = f"{number(row.estimate, measure.decimals, signed=True)}{SPACE}{measure.difference_unit}"
    return f"{text}, {bounds}" if bounds else text


def compared(results, rows: dict[str, object], measure: tables.Measure) -> tuple[str, str]:
    """One measure, and with which arms it is lower, with which higher beyond luck, and with which neither."""
    names, parts = labels(results), []
    for side, word in ((-1, "lower"), (1, "higher"), (0, "")):
        found = [arm for arm, row in rows.items() if sign(row, measure.decimals) == side]
        if found and word:
            said = listed(f"{names[arm]} ({shown(rows[arm], measure)})" for arm in found)
            parts.append(f"{word} beyond luck with {said}")
        elif found:
            parts.append(f"no difference beyond luck with {listed(names[arm] for arm in found)}")
    return f"{measure.subject[:1].upper()}{measure.subject[1:]}:", f"{'; '.join(parts)}."


def conditions(results) -> str:
    """What was run, for how long, at what cost, and when it is measured."""
    calendar, names = results.scenario.calendar, labels(results)
    people = f"{number(len(results.population), 0)} households in {results.population['village'].nunique()} villages"
    late = getattr(getattr(calendar, "windows", None), "late", (calendar.funds_end + 40, calendar.funds_end + 52))
    frame = results.tables["headline"]
    cost = frame[(frame["metric"] == "cost") & (frame["arm"] != BASELINE)]["estimate"]
    equal = len(cost) > 0 and cost.max() - cost.min() <= 0.01 * abs(cost.max())
    spent = (
        f"Each strategy but {names.get(BASELINE, 'the baseline')} costs the state the same present value, "
        f"{number(cost.mean(), 2)}{SPACE}z per person"
        if equal
        else "The strategies do not cost the same (see the table of costs)"
    )
    lucks, first, last = results.series["seed"].nunique(), calendar.start / 4, calendar.funds_end / 4
    return (
        f"The same {people} live through the same {lucks} lucks under {len(names)} strategies. {spent}. Programmes run "
        f"from year {number(first, 0)} to year {number(last, 0)} after September 2017; what lasts is measured in years "
        f"{number(late[0] / 4, 0)} to {number(late[1] / 4, 0)}."
    )


def levels(results) -> str:
    """What happens without a new policy."""
    rows = tables.lookup(results.tables["headline"], "arm", "metric")
    poor, own = (rows.get((BASELINE, metric)) for metric in ("headcount", "self_sufficient"))
    if poor is None or own is None:
        return ""
    return (
        f"Without a new policy {number(poor.estimate)} % of persons are poor then ({span(poor.low, poor.high)} %), and "
        f"{number(own.estimate)} % of the permanently poor end self-sufficient ({span(own.low, own.high)} %)."
    )


def apart(results, measure: tables.Measure, better: int) -> str:
    """Whether one strategy stands apart from all others on a measure; never on intervals that overlap."""
    arms, names = rivals(results), labels(results)
    first = tables.lookup(results.tables["headline"], "arm", "metric")
    pairs = tables.lookup(results.tables["contrasts"], "arm", "against", "metric")
    for arm in arms:
        own = first.get((arm, measure.metric))
        others = [other for other in arms if other != arm]
        against = [first.get((other, measure.metric)) for other in others]
        if own is None or not others or any(row is None for row in against) or sign(own, measure.decimals) != better:
            continue
        clear = all(own.low > row.high if better > 0 else own.high < row.low for row in against)
        rows = (pairs.get((arm, other, measure.metric)) for other in others)
        if clear and all(sign(row, measure.decimals) == better for row in rows):
            word = "highest" if better > 0 else "lowest"
            return f"In this world and under this one parameter set, {measure.subject} is {word} with {names[arm]}."
    return f"On {measure.subject} none stands apart from all others: intervals overlap, and no best one is named."


def answer(results) -> list[tuple[str, list[tuple[str, str]]]]:
    """The comparison in plain words with its conditions and its uncertainty: headings, each with (lead, sentence)."""
    names, rival = labels(results), benchmark(results)
    found = [("", [("", text) for text in (conditions(results), levels(results)) if text])]
    against = [(BASELINE, "headline", tables.HEADLINES)]
    if rival and has(results, "contrasts"):
        against.append((rival, "contrasts", tables.HEADLINES[:3]))
    for other, key, measures in against:
        frame, lines = results.tables[key], []
        frame = frame[frame["against"] == other] if "against" in frame else frame
        for measure in measures:
            rows = tables.lookup(frame[frame["metric"] == measure.metric], "arm")
            rows = {arm: rows[(arm,)] for arm in rivals(results) if (arm,) in rows and arm != other}
            lines += [compared(results, rows, measure)] if rows else []
        found += [(f"Against {names.get(other, other)}", lines)] if lines else []
    if len(rivals(results)) > 1 and has(results, "contrasts"):
        ranked = apart(results, tables.HEADLINES[0], -1), apart(results, tables.HEADLINES[2], 1)
        found.append(("Among the strategies", [("", text) for text in ranked]))
    elif len(rivals(results)) > 1:
        unknown = "They were not compared with one another seed by seed: no order among them is stated."
        found.append(("Among the strategies", [("", unknown)]))
    return [*found, ("", [("", BEYOND_LUCK)])]


def flat(value: object) -> str:
    """A value of the manifest on one line."""
    if isinstance(value, dict):
        return ", ".join(f"{name}\u00a0{flat(part)}" for name, part in value.items())
    if isinstance(value, list | tuple | range):
        parts = [flat(part) for part in value]
        return ", ".join(parts if len(parts) <= 12 else [*parts[:3], "\u2026", f"{parts[-1]} ({len(parts)})"])
    return number(value, 2) if isinstance(value, float) else str(value)


def svg(figure: Figure) -> bytes:
    """The figure as SVG, without date or identifiers drawn by chance: the same results give the same bytes."""
    page = io.BytesIO()
    with matplotlib.rc_context(figures.STYLE):
        FigureCanvasSVG(figure).print_svg(page, metadata={"Date": None, "Creator": None})
    return page.getvalue()


def draw(plate: Plate, results, folder: Path) -> dict[str, object]:
    """Save a figure as `folder`/name.svg and name.png (160 dpi); give what the page shows of it."""
    with matplotlib.rc_context(figures.STYLE):
        wide, narrow = plate.draw(results, figures.WIDE), plate.draw(results, figures.NARROW)
    pages = svg(wide), svg(narrow)
    (folder / f"{plate.name}.svg").write_bytes(pages[0])
    FigureCanvasAgg(wide)
    with matplotlib.rc_context(figures.STYLE):
        wide.savefig(folder / f"{plate.name}.png", dpi=160, metadata={"Software": None})
    words = {"source": source(results), "arms": ", ".join(labels(results).values())}
    return {
        "name": plate.name,
        "title": plate.title,
        "caption": plate.caption.format(**words),
        "alternative": plate.alternative.format(**words),
        "size": [round(96 * inches) for inches in wide.get_size_inches()],
        **dict(zip(("wide", "narrow"), (base64.b64encode(page).decode() for page in pages), strict=True)),
    }


def write(results, folder: Path) -> Path:
    """Write report.html and figures/*.svg, *.png into `folder`; give the path of the page."""
    folder = Path(folder)
    (folder / "figures").mkdir(parents=True, exist_ok=True)
    plates = [plate for plate in PLATES if not plate.needs or has(results, plate.needs)]
    here = Environment(
        loader=FileSystemLoader(Path(__file__).parent), autoescape=True, undefined=StrictUndefined, trim_blocks=True
    )
    needed = dict.fromkeys([*(key for key, _ in tables.GRIDS), *(plate.needs for plate in PLATES if plate.needs)])
    money = number(rupiah(1.0), 0)
    manifest = {key: flat(value) for key, value in results.manifest.items() if key != "scenario"}
    text = here.get_template("page.html").render(
        scenario=results.scenario,
        note=getattr(getattr(results.scenario, "report", None), "note", ""),
        arms=[(arm.label, getattr(arm, "label_id", arm.label)) for arm in results.scenario.arms],
        answer=answer(results),
        warning=WARNING,
        headline=tables.headline(results),
        figures=[draw(plate, results, folder / "figures") for plate in plates],
        grids=tables.grids(results),
        ledger=tables.ledger(results) if len(results.ledger) else None,
        words=[(word, meaning.format(rupiah=money, space=SPACE)) for word, meaning in WORDS],
        left_out=LEFT_OUT,
        missing=[key.replace("_", " ") for key in needed if not has(results, key)],
        manifest=manifest,
        scenario_text=results.manifest.get("scenario", ""),
    )
    page = folder / "report.html"
    page.write_text(text, encoding="utf-8")
    return page
