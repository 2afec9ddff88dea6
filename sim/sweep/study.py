"""A study: one TOML file that says what is varied, how, and what is looked at.

Uncertainties (what nobody knows) are drawn by the design, one world a point. Levers (what someone decides) are crossed:
every combination of them, and every arm, meets every point, under the same lucks.
"""

from __future__ import annotations

import hashlib
import itertools
import json
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal, get_args

from pydantic import BeforeValidator
from pydantic_core import PydanticCustomError

from sim.calibration import ensemble
from sim.calibration.calibrate import SOLVED
from sim.errors import InputError
from sim.known import known
from sim.scenario import BASELINE, Known, Scenario, check, load, opened, validated
from sim.scenario.faults import did_you_mean, show
from sim.scenario.fields import Frozen, entry, flat, number, table, whole, words
from sim.shipped import folder
from sim.sweep import outcomes
from sim.sweep.design import FEWEST

STUDIES = folder("scenarios") / "sweeps"
DATES = ("start", "end", "funds_end", "facilitation_end")
UNITS = ("quarters", "z per person and quarter")  # of a date, and of a dose
Kind = Literal["grid", "latin_hypercube", "sobol", "saltelli", "morris", "file", "sets"]
LARGEST = 2_000_000  # runs of a study
ALL = "all"


def _spans(value: Any) -> Any:
    """Uncertainties by name: "all", or both ends of a range."""
    value = flat(value, "uncertainties")
    for name, span in value.items() if isinstance(value, Mapping) else ():
        pair = isinstance(span, list) and len(span) == 2 and all(map(_is_number, span))
        if not pair and span != ALL:
            said = f'{show(name)} in [uncertainties] is {show(span)}; allowed: [low, high], or "{ALL}" of its range'
            raise PydanticCustomError("told", "{said}", {"said": said})
    return value


def _choices(value: Any) -> Any:
    """Levers by name: a list of numbers each."""
    value = flat(value, "levers")
    for name, some in value.items() if isinstance(value, Mapping) else ():
        if not isinstance(some, list) or not some or not all(map(_is_number, some)):
            said = f"{show(name)} in [levers] is {show(some)}; allowed: a list of numbers"
            raise PydanticCustomError("told", "{said}", {"said": said})
    return value


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


Spans = Annotated[dict[str, list[float] | str], BeforeValidator(_spans)]
Choices = Annotated[dict[str, list[float]], BeforeValidator(_choices)]


class Design(Frozen):
    """Which points of the uncertainties are looked at."""

    kind: Kind = entry("latin_hypercube", "How points are chosen", f"one of {', '.join(get_args(Kind))}")
    points: int = whole(64, 1, 1_000_000, "points", "Points; of saltelli the base sample, of morris trajectories")
    levels: int = whole(4, 2, 1_000, "levels", "Values of each uncertainty in a grid, or levels of morris")
    seed: int = whole(1, 0, 2**31, "", "Seed of the points")
    file: str = words("", 500, "A CSV of points, relative to the study: one column an uncertainty")


class Lucks(Frozen):
    """How often each point is met, and when that is enough."""

    seeds: int = whole(4, 1, 10_000, "seeds", "Draws of luck at every point, the same for all arms")
    first_seed: int = whole(1, 0, 2**31, "", "The first seed; the others follow it")
    most: int | None = whole(None, 2, 10_000, "seeds", "Draws at most, where more are needed for half_width")
    half_width: float | None = number(
        None, 1e-9, 1e9, "of the metric", "Draw more until the interval of each difference is this narrow"
    )
    metric: str = words("", 60, "The metric that half_width is of; default: the first")
    versus: str = words("", 40, "The arm that differences are taken from; default: the baseline, without it the first")
    level: float = number(0.9, 0.5, 0.999, "", "Level of these intervals, over all looks together")


class Study(Frozen):
    """One study."""

    title: str = words(..., 200, "Title", 1)
    scenario: str = words(..., 500, "A scenario by name, or a file relative to the study", 1)
    metrics: tuple[str, ...] = entry(
        ("headcount",), "What is looked at", "a list of names, the first the headline", strict=False, min_length=1
    )
    villages: int | None = whole(None, 1, 100_000, "villages", "Villages, in place of the scenario's")
    households: int | None = whole(None, 2, 5_000, "households a village", "Households, in place of the scenario's")
    arms: tuple[str, ...] = entry((), "Arms of the scenario; default: all", "a list of ids", strict=False)
    ensemble: Literal["", "trap_off", "trap_on"] = entry(
        "", "Calibrated parameter sets that points take in turn for all else", '"trap_off", "trap_on" or empty'
    )
    uncertainties: Spans = table({}, 'Numbers of the model, by "rule.argument": [low, high], or "all" of their range')
    levers: Choices = table({}, "Lists of values: dose, dates, settings of an arm (arm.setting)")
    design: Design = table(Design(), "Which points are looked at")
    replications: Lucks = table(Lucks(), "How often each point is met")


@dataclass(frozen=True)
class Combination:
    """One way to set the levers: their values, and the scenario with them."""

    levers: Mapping[str, float]
    scenario: Scenario


@dataclass(frozen=True)
class Question:
    """A study that has been checked: everything that its runs depend on.

    Attributes
    ----------
    spans
        Uncertainty -> ends of its range.
    combinations
        Every way to set the levers.
    sets
        Calibrated parameter sets; none: the model's own numbers.
    drawn
        Points of a file: uncertainty -> values.
    """

    study: Study
    name: str
    text: str
    spans: Mapping[str, tuple[float, float]]
    combinations: Sequence[Combination]
    sets: Sequence[Mapping[str, float]]
    drawn: Mapping[str, Sequence[float]]
    policies: tuple[Path, ...] = ()

    @property
    def scenario(self) -> Scenario:
        """The scenario with the first values of all levers."""
        return self.combinations[0].scenario

    @property
    def arms(self) -> list[str]:
        """Arms that are run, the baseline first."""
        every = sorted((arm.id for arm in self.scenario.resolved_arms), key=lambda arm: arm != BASELINE)
        return [arm for arm in every if arm in (self.study.arms or every)]

    @property
    def versus(self) -> str:
        """The arm that differences are taken from."""
        return self.study.replications.versus or self.arms[0]

    @property
    def metrics(self) -> list[outcomes.Outcome]:
        """What is looked at."""
        return outcomes.named(self.study.metrics, self.name)

    @property
    def followed(self) -> tuple[str, ...]:
        """Names of all metrics that are asked for, that of the rule for stopping among them."""
        return tuple(dict.fromkeys([*self.study.metrics, *filter(None, [self.study.replications.metric])]))

    @property
    def units(self) -> dict[str, str]:
        """Unit of each uncertainty and lever."""
        may, arms = self.scenario.known, {arm.id: arm.policy for arm in self.scenario.arms}
        found = {name: may.parameters[name].unit for name in self.spans}
        for name in self.study.levers:
            arm, _, setting = name.partition(".")
            found[name] = may.policies[arms[arm]].parameters[setting].unit if setting else UNITS[name == "dose"]
        return found

    def digest(self, code: str) -> str:
        """SHA-256 over all that its results depend on; `code` is that of the code."""
        about = [
            self.study.model_dump(mode="json"), [one.scenario.digest() for one in self.combinations],
            [sorted(one.items()) for one in self.sets], {name: list(some) for name, some in self.drawn.items()}, code,
        ]  # fmt: skip
        return hashlib.sha256(json.dumps(about, sort_keys=True).encode()).hexdigest()


def read(path_or_name: str | Path, policies: Sequence[Path] = (), where: Path | None = None) -> Question:
    """Read a study from a TOML file, or by the name of one that is shipped.

    Parameters
    ----------
    policies
        Files with policies of the user's own.
    where
        Folder of the ensemble.

    Raises
    ------
    InputError
        With what is wrong, and what is allowed.
    """
    path, name, text, document = opened(path_or_name, STUDIES)
    if "population" in document and "scenario" not in document:
        raise InputError(f"{name}: is a scenario, not the study of a sweep; `swadaya run` takes it")
    study, may = validated(Study, document, name, text), known(policies)
    beside = path.parent / study.scenario
    scenario = load(beside if beside.is_file() else study.scenario, may)
    size = {key: getattr(study, key) for key in ("villages", "households") if getattr(study, key) is not None}
    scenario = scenario.model_copy(update={"population": scenario.population.model_copy(update=size)})
    for told in _faults(study, scenario, may):
        raise InputError(f"{name}: {told}")
    outcomes.named([*study.metrics, *filter(None, [study.replications.metric])], name)
    spans = {key: _span(name, key, span, may) for key, span in study.uncertainties.items()}
    sets = ensemble.load(study.ensemble, where) if study.ensemble else []
    drawn = _points(path.parent / study.design.file, spans) if study.design.kind == "file" else {}
    combinations = [
        _combined(name, scenario, study, dict(zip(study.levers, values, strict=True)), may)
        for values in itertools.product(*study.levers.values())
    ]
    return Question(study, path.stem, text, spans, combinations, sets, drawn, tuple(map(Path.resolve, policies)))


def _faults(study: Study, scenario: Scenario, may: Known) -> Iterator[str]:
    """What the types of the fields alone cannot see."""
    arms = [arm.id for arm in scenario.resolved_arms]
    for arm in (*study.arms, *filter(None, [study.replications.versus])):
        if arm not in arms:
            yield f"the scenario has no arm {show(arm)}{did_you_mean(arm, arms) or '; it has ' + ', '.join(arms)}"
    if study.replications.versus and study.arms and study.replications.versus not in study.arms:
        versus = show(study.replications.versus)
        yield f'"versus" in [replications] is {versus}, which is not among the arms of the study'
    yield from _drawn_faults(study, may)
    for name, values in study.levers.items():
        if len(set(values)) < len(values):
            yield f"{show(name)} in [levers] has the same number twice"
        if name in ("dose", *DATES):
            if name in DATES and any(value != int(value) for value in values):
                yield f"{show(name)} in [levers] takes whole numbers of quarters"
        elif name.split(".")[0] not in (study.arms or arms) or "." not in name:
            allowed = [*("dose", *DATES), *(f"{arm}.SETTING" for arm in study.arms or arms if arm != BASELINE)]
            yield f"unknown lever {show(name)}{did_you_mean(name, allowed) or '; allowed: ' + ', '.join(allowed)}"
    luck, design = study.replications, study.design
    if (luck.half_width is None) != (luck.most is None):
        yield '"half_width" and "most" in [replications] go together: how narrow, and how many draws at most'
    if luck.half_width is None and (idle := sorted({"level", "metric"} & luck.model_fields_set)):
        yield f'"{idle[0]}" in [replications] is that of "half_width", which is not given'
    if luck.most is not None and (luck.seeds < 4 or luck.most < luck.seeds):
        yield f'"seeds" in [replications] is {luck.seeds}; allowed with "half_width": 4 to "most" ({luck.most})'
    if bool(design.file) != (design.kind == "file"):
        yield '"file" in [design] goes with kind = "file" and with no other'


def _drawn_faults(study: Study, may: Known) -> Iterator[str]:
    free = {n: one for n, one in may.parameters.items() if one.low < one.high and n not in SOLVED}
    for name in study.uncertainties:
        if name in SOLVED:
            yield f"{show(name)} in [uncertainties] is solved with every world, not drawn"
        elif name not in free:
            yield f"unknown uncertainty {show(name)}{did_you_mean(name, free)}"
    design, many = study.design, len(study.uncertainties)
    if design.kind == "sets":
        if many or not study.ensemble:
            yield 'kind = "sets" in [design] takes an ensemble, and no [uncertainties]'
    elif not many:
        yield (
            f'kind = "{design.kind}" in [design] draws numbers, and [uncertainties] names none; allowed: one or more '
            'there, or kind = "sets" with an ensemble'
        )
    if design.kind in ("sobol", "saltelli") and design.points & (design.points - 1):
        yield f'"points" in [design] is {design.points}; allowed for {design.kind}: a power of two'
    if design.kind in ("saltelli", "morris") and design.points < FEWEST:
        yield f'"points" in [design] is {design.points}; allowed for {design.kind}: {FEWEST} or more'
    if design.kind == "morris" and (design.levels % 2 or many < 2):
        yield 'kind = "morris" in [design] needs two uncertainties or more, and an even number of "levels"'
    if study.ensemble and design.kind in ("saltelli", "morris"):
        yield f"{design.kind} moves one number at a time: without an ensemble, whose sets would move all others too"


def _span(file: str, name: str, span: Any, may: Known) -> tuple[float, float]:
    """The range of an uncertainty."""
    about = may.parameters[name]
    low, high = (about.low, about.high) if span == ALL else span
    if not (about.low <= low < high <= about.high) or not math.isfinite(high - low):
        bounds = f"{about.low:g} to {about.high:g} {about.unit}"
        said = f"[{low:g}, {high:g}]" if span != ALL else '"all", which has no end'
        raise InputError(f"{file}: {show(name)} in [uncertainties] is {said}; allowed: [low, high] within {bounds}")
    return float(low), float(high)


def _points(path: Path, spans: Mapping[str, tuple[float, float]]) -> dict[str, list[float]]:
    """Points of a CSV: one column an uncertainty, each within its range."""
    import pandas as pd

    try:
        frame = pd.read_csv(path)
    except OSError as error:
        raise InputError(f"{path}: cannot be read: {error.strerror}") from None
    except ValueError as error:
        raise InputError(f"{path}: is no CSV of points: {error}") from None
    if not isinstance(frame.index, pd.RangeIndex):  # what pandas makes of cells that have no name
        raise InputError(f"{path}: rows have more cells than the first line has names; needed: {', '.join(spans)}")
    if set(frame) != set(spans):
        raise InputError(f"{path}: has the columns {', '.join(frame)}; needed: {', '.join(spans)}")
    for name, (low, high) in spans.items():
        values = pd.to_numeric(frame[name], errors="coerce")
        wrong = frame.index[~values.between(low, high)]
        if len(wrong):
            cell = frame[name][wrong[0]]
            said = f"{path}, line {wrong[0] + 2}: {name} {'has no number' if pd.isna(cell) else f'is {cell}'}"
            raise InputError(f"{said}; allowed: a number, {low:g} to {high:g}")
    if frame.empty:
        raise InputError(f"{path}: has no point")
    return {name: [float(value) for value in frame[name]] for name in spans}


def _combined(name: str, scenario: Scenario, study: Study, levers: Mapping[str, float], may: Known) -> Combination:
    """The scenario with some values of the levers."""
    document = scenario.model_dump(mode="json", exclude_none=True)
    document["arms"] = [arm for arm in document["arms"] if arm["id"] in (*study.arms, BASELINE) or not study.arms]
    for lever, value in levers.items():
        if lever == "dose":
            document["budget"]["dose"] = value
            for arm in document["arms"]:
                arm.pop("dose", None)
        elif lever in DATES:
            document["calendar"][lever] = int(value)
            for arm in document["arms"]:
                arm.pop(lever, None)
        else:
            arm_id, setting = lever.split(".", 1)
            (arm,) = (arm for arm in document["arms"] if arm["id"] == arm_id)
            arm["settings"][setting] = value
    calendar = document["calendar"]
    calendar["quarters"] = max(calendar["quarters"], calendar["end"] + 52)
    said = name + (f", with {', '.join(f'{k} = {v:g}' for k, v in levers.items())}" if levers else "")
    return Combination(levers, check(document, may, name=said, path=scenario._path))
