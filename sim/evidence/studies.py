"""Published studies as data: one file a study in `scenarios/evidence/`. A user adds a study by adding a file.

A study says what was done to whom, what it cost, when it was measured and what was found; which column of the model
answers it, and how far the model may be off. Nothing in a file can move the model: it sets money, dates, who is
eligible and what is compared, through the policies that everybody can run.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Literal

from sim.engine.plan import Plan
from sim.errors import InputError
from sim.language import mark
from sim.policies.policy import Policy
from sim.scenario.faults import did_you_mean, place
from sim.scenario.fields import Frozen, entry, flag, number, table, whole, words
from sim.scenario.lines import Location
from sim.scenario.reading import complain, parsed, validated
from sim.shipped import folder

CONTROL = "control"
START = 4  # quarter of the world in which programmes start where a file names no other: a year goes before
#: Columns that are made of others: what they are made of, and how.
DERIVED = {
    "not_poor": ("consumption", "1 where real consumption is at least the poverty line"),
    "not_enrolled": ("enrolled", "1 where the household's children are out of school"),
    "all_works": ("works", "units of works of all kinds in the village"),
}
GROUPS = ("all", "listed", "not_listed", "bottom_quintile", "female_head", "low_schooling", "no_road")
WHERE = ("all", "no_road")  # those that villages may be, too


def base_of(name: str) -> str:
    """The column that a derived one is made of, or the column itself."""
    return DERIVED[name][0] if name in DERIVED else name


class Sample(Frozen):
    """How many villages and households the study had, and what its estimator took out."""

    villages: int = whole(..., 2, 100_000, "villages", "Villages of the study, both arms together")
    households: int = whole(..., 1, 5_000, "households", "Households interviewed in a village, of those eligible")
    treated: float = number(0.5, 0.05, 0.95, "share", "Share of villages that were treated")
    baseline: Literal["none", "difference", "regression"] = entry(
        "none", "What is done with the round before the start", '"none", "difference" or "regression"'
    )
    source: str = words(..., 400, "Where these numbers come from, with their status", 4)


class Flow(Frozen):
    """Money of one shipped policy in some arms."""

    arms: tuple[str, ...] = table(..., "Arms in which it flows", "a list of arms", strict=False, min_length=1)
    policy: str = words(..., 60, "A policy of the catalogue", 1)
    dose: float | None = number(None, 0.0, 10.0, "z per person and quarter", "Money, as a mean over the village")
    per_member: float | None = number(None, 0.0, 20.0, "z per member", "Money of those reached, instead of `dose`")
    reach: float | None = number(None, 0.001, 1.0, "share of households", "How many households `per_member` reaches")
    once: bool = flag(False, "`per_member` is the price of one package, paid within `quarters`")
    times: str = words("", 80, "Parameter of the model by which the dose is multiplied: what it cost there")
    quarters: int = whole(..., 1, 80, "quarters", "How long the funds flow")
    settings: dict[str, float] = table({}, "Settings of the policy", "a table of numbers")
    replaces: str = words("", 60, "Programme of 2017 that it takes the place of")
    conversion: str = words(..., 1200, "How the study's money became z", 4)


class Roll(Frozen):
    """Who was reached: 1 in this column in any of these quarters in the arm, and never in the control."""

    column: str = words(..., 60, "Column of households that is 0 or 1", 1)
    quarters: tuple[int, int] = table(..., "[first, last) since the start", "two whole numbers", strict=False)


class Outcome(Frozen):
    """One figure of a study and the column that answers it."""

    name: str = words(..., 90, "What was measured, in words", 3)
    kind: Literal["positive", "null"] = entry(..., "An effect, or its absence", '"positive" or "null"')
    decides: bool = flag(False, "Decides beside the first outcome, which always does")
    unit: str = words(..., 60, "Unit of the figures", 1)
    observed: float | None = number(None, -1e6, 1e6, "", "The published figure")
    se: float | None = number(None, 0.0, 1e6, "", "Its standard error, if known")
    low: float | None = number(None, -1e6, 1e6, "", "Tolerance from")
    high: float | None = number(None, -1e6, 1e6, "", "Tolerance to")
    tolerance: str = words(mark("fixed before any run"), 300, "Whose tolerance it is")
    status: str = words(..., 120, "READ or MEM, with confidence", 3)
    missing: str = words("", 500, "What the model does not have; then nothing else is needed")
    moment: str = words("", 60, "A statistic of the world as a whole, instead of an effect")
    columns: tuple[str, ...] = table((), "Columns that answer it; several are a mean index", "names", strict=False)
    arm: str = words("", 60, "Arm that is compared with the control")
    among: str = words("all", 60, "Who is compared")
    roll: Roll | None = table(None, "Who counts as listed")
    quarters: tuple[int, int] | None = table(None, "[first, last) since the start", "two numbers", strict=False)
    scale: Literal["percent", "points", "sd", "level", "failures"] = entry(
        "percent", "Unit of the effect; failures: % of draws without a gain", "a scale"
    )
    spread: float | None = number(
        None, 1e-9, 1e6, "unit of the columns", "What one sd is, where it is not that of the control"
    )
    per: str = words("", 60, "Column by whose effect the effect is divided")
    noise: float | None = number(None, 0.0, 100.0, "unit of the column", "Measurement error in a village or household")
    none: float = number(0.0, -1e6, 1e6, "", "What a model without any effect says")
    sample: Sample | None = table(None, "Sample, if not the study's")
    note: str = words("", 900, "What a reader must know")


class Study(Frozen):
    """A study: one file. Its first outcome decides, with those that say so; the others warn."""

    id: str = words(..., 12, "Short name, as V9", 1)
    target: str = words("", 12, "Target of which it is a part, as V12 of V12a")
    title: str = words(..., 120, "What it is about", 3)
    role: Literal["fitted", "forced", "structure-informed", "blind"] = entry(
        ..., "Role of the target", '"fitted", "forced", "structure-informed" or "blind"'
    )
    bars: str = words("", 200, "Claims that may not be made unless it passes")
    citations: tuple[str, ...] = table(..., "References", "a list", strict=False, min_length=1)
    design: str = words(..., 800, "What was done, to whom, compared with whom", 4)
    population: str = words(..., 800, "Who is eligible", 4)
    cost: str = words(..., 800, "What it cost", 1)
    start: int = whole(START, 1, 60, "quarter of the world", "When its programmes start")
    sample: Sample | None = table(None, "Size and estimator")
    settings: dict[str, float] = table({}, "Numbers for a moment: shocks, shares", "a table of numbers")
    flows: tuple[Flow, ...] = table((), "Money, beyond what flowed in 2017", "[[flows]] tables", strict=False)
    outcomes: tuple[Outcome, ...] = table(..., "Figures", "[[outcomes]] tables", strict=False, min_length=1)

    @property
    def counts_as(self) -> str:
        """The target that it belongs to."""
        return self.target or self.id


def shipped() -> Path:
    """The folder of the studies that come with the project."""
    return folder("scenarios") / "evidence"


def read_studies(
    plan: Plan, policies: Mapping[str, Policy], moments: Mapping[str, tuple[str, ...]], folders: Sequence[Path] = ()
) -> list[Study]:
    """Read and check all studies of some folders, of the shipped one where none is named, in the order of their names.

    Raises
    ------
    InputError
        Naming file, line and key.
    """
    files = _files(folders)
    studies = [read(path, plan, policies, moments) for path in files]
    for path, study in zip(files, studies, strict=True):
        if sum(other.id == study.id for other in studies) > 1:
            raise InputError(f"{path.name}: id: two studies are called {study.id}")
    return studies


def _files(folders: Sequence[Path]) -> list[Path]:
    """The study files of some folders; none may be empty."""
    found: list[Path] = []
    for home in folders or [shipped()]:
        files = sorted(home.glob("*.toml"), key=_order)
        if not files:
            raise InputError(f"{home} holds no study: each is a file that ends with .toml")
        found += files
    return found


def _order(path: Path) -> list[tuple[int, str]]:
    """V9 before V11: numbers in a name count as numbers."""
    return [(int(part), "") if part.isdigit() else (0, part) for part in re.split(r"(\d+)", path.stem)]


def read(path: Path, plan: Plan, policies: Mapping[str, Policy], moments: Mapping[str, tuple[str, ...]]) -> Study:
    """Read and check one study."""
    name, text, document = parsed(path)
    study = validated(Study, document, name, text)
    found = _faults(study, plan, policies, moments)
    complain(name, text, ((location, f"{place(location)}: {fault}") for location, fault in found))
    return study


def digest(folders: Sequence[Path] = ()) -> str:
    """SHA-256 over all study files of some folders."""
    whole_text = hashlib.sha256()
    for path in _files(folders):
        whole_text.update(path.name.encode() + b"\0" + path.read_text(encoding="utf-8").encode() + b"\0")
    return whole_text.hexdigest()


def _faults(
    study: Study, plan: Plan, policies: Mapping[str, Policy], moments: Mapping[str, tuple[str, ...]]
) -> Iterator[tuple[Location, str]]:
    """What the types of the fields alone cannot see: where, and the complaint."""
    arms = {arm for flow in study.flows for arm in flow.arms} - {CONTROL}
    for k, flow in enumerate(study.flows):
        for location, fault in _flow_faults(flow, plan, policies):
            yield ("flows", k, *location), fault
    for k, outcome in enumerate(study.outcomes):
        if outcome.missing:
            continue
        faults = (
            _moment_faults(study, outcome, moments) if outcome.moment else _effect_faults(study, outcome, arms, plan)
        )
        for location, fault in (*_outcome_faults(outcome, plan), *faults):
            yield ("outcomes", k, *location), fault


def _flow_faults(flow: Flow, plan: Plan, policies: Mapping[str, Policy]) -> Iterator[tuple[Location, str]]:
    if flow.policy not in policies:
        yield ("policy",), f"there is no policy {flow.policy}{did_you_mean(flow.policy, policies)}"
        return
    own = policies[flow.policy].parameters
    for name, value in flow.settings.items():
        if name not in own:
            yield ("settings", name), f"policy {flow.policy} has no such setting{did_you_mean(name, own)}"
        elif not own[name].low <= value <= own[name].high:
            yield ("settings", name), f"is {value:g}; allowed: {own[name].low:g} to {own[name].high:g} {own[name].unit}"
    if (flow.dose is None) == (flow.per_member is None):
        yield ("dose",), "give either dose or per_member"
    if (flow.per_member is None) != (flow.reach is None):
        yield ("reach",), "per_member and reach go together"
    if flow.once and flow.per_member is None:
        yield ("once",), "goes with per_member only"
    if flow.times and flow.times not in plan.parameters:
        yield ("times",), f"there is no parameter {flow.times}{did_you_mean(flow.times, plan.parameters)}"
    if flow.replaces and flow.replaces not in policies:
        yield ("replaces",), f"there is no programme {flow.replaces}{did_you_mean(flow.replaces, policies)}"


def _outcome_faults(outcome: Outcome, plan: Plan) -> Iterator[tuple[Location, str]]:
    for key in ("observed", "low", "high"):
        if getattr(outcome, key) is None and (key != "observed" or outcome.kind == "positive"):
            yield (key,), "is missing; it takes a number"
    if outcome.low is not None and outcome.high is not None and outcome.low >= outcome.high:
        yield ("low",), f"{outcome.low:g} is not below high, {outcome.high:g}"
    if not outcome.columns:
        yield ("columns",), "is missing: every outcome names the columns that answer it"
    for key, name in _columns(outcome):
        if base_of(name) not in plan.table_of:
            yield (key,), f"there is no column {name}{did_you_mean(name, [*plan.table_of, *DERIVED])}"


def _columns(outcome: Outcome) -> list[tuple[str, str]]:
    """Key and column of all that an outcome reads."""
    found = [("columns", name) for name in outcome.columns]
    found += [("per", outcome.per)] if outcome.per else []
    return found + ([("roll", outcome.roll.column)] if outcome.roll else [])


def _moment_faults(
    study: Study, outcome: Outcome, moments: Mapping[str, tuple[str, ...]]
) -> Iterator[tuple[Location, str]]:
    if outcome.moment not in moments:
        yield ("moment",), f"there is no statistic {outcome.moment}{did_you_mean(outcome.moment, moments)}"
    for name in moments.get(outcome.moment, ()):
        if name not in study.settings:
            yield ("moment",), f"{outcome.moment} needs the number {name} in [settings]"


def _effect_faults(study: Study, outcome: Outcome, arms: Collection[str], plan: Plan) -> Iterator[tuple[Location, str]]:
    if outcome.arm not in arms:
        yield ("arm",), f"no money flows in an arm {outcome.arm!r}{did_you_mean(outcome.arm, arms)}"
    if outcome.among not in GROUPS:
        yield ("among",), f"{outcome.among!r}; allowed: {', '.join(GROUPS)}"
    if outcome.among in ("listed", "not_listed") and outcome.roll is None:
        yield ("roll",), "is missing: it says who is listed"
    compared = {plan.table_of.get(base_of(name)) == "household" for key, name in _columns(outcome) if key != "roll"}
    if len(compared) > 1:
        yield ("columns",), "some are of households and some are not; one outcome compares either"
    if compared == {False} and outcome.among not in WHERE:
        yield ("among",), f"{outcome.among!r} are households, and {outcome.columns[0]} is not theirs"
    if outcome.roll is not None and plan.table_of.get(outcome.roll.column) != "household":
        yield ("roll", "column"), f"{outcome.roll.column} is not a column of households"
    if outcome.spread is not None and outcome.scale != "sd":
        yield ("spread",), 'goes with scale = "sd" only'
    if outcome.quarters is None:
        yield ("quarters",), "is missing; it takes [first, last) since the start"
    spans = {("quarters",): outcome.quarters, ("roll", "quarters"): outcome.roll.quarters if outcome.roll else None}
    for location, span in spans.items():
        if span is not None and not -study.start <= span[0] < span[1]:
            yield location, f"{list(span)}: the first is before the last, and not before the world begins"
    if study.sample is None and outcome.sample is None:
        yield ("sample",), "is missing, and the study has none"
