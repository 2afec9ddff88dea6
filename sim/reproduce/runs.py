"""What a published result can run, and what comes of it: a comparison, a map of worlds, a study, another model."""

from __future__ import annotations

import math
import os
from abc import abstractmethod
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from typing import Any, Literal

import pandas as pd
from rich.console import Group, RenderableType

from sim.calibration import ensemble
from sim.calibration.fitted import programmes_2017
from sim.engine.lane import Lane, holding, settings
from sim.errors import InputError
from sim.evidence import standing, validation
from sim.evidence.judging import scorecard
from sim.evidence.studies import CONTROL, Study
from sim.evidence.trials import Draw, programmes
from sim.experiment import canonical, study
from sim.experiment.lanes import agree, side_by_side
from sim.experiment.results import BESIDE
from sim.foreign import regimes
from sim.foreign.society import first_state
from sim.foreign.society import found as society
from sim.language import mark, say
from sim.population import TwoPieceLognormal, synthesise
from sim.progress import Tell, quiet
from sim.reference import MesaLane
from sim.regime import regime_map
from sim.regime.axes import Axis
from sim.regime.axes import named as axes_named
from sim.regime.questions import OUTCOMES, asked
from sim.report import foreign as foreign_page
from sim.report import scorecard as page
from sim.report.grid import terminal
from sim.report.regime import grid
from sim.report.tables import headline_terminal
from sim.reproduce import machine
from sim.reproduce.agreement import Verdict, compare
from sim.scenario import Known, Scenario, load
from sim.scenario.faults import did_you_mean
from sim.scenario.fields import Frozen, entry, whole, words
from sim.shipped import code_digest
from sim.start import solve, wire
from sim.survey import read_aggregates
from sim.workers import Workers

CHANGES = {
    "asked_sha256": mark("what is asked"),
    "rules_sha256": mark("the rules"),
    "code_sha256": mark("the code"),
    "ensemble_sha256": mark("the parameter sets"),
}
UNCLEAR = "no clear winner"
VARIANT = '"trap_off" or "trap_on"'


@dataclass(frozen=True)
class Made:
    """What a run came to.

    Attributes
    ----------
    table
        The canonical table of what is printed.
    about
        Digests of the table, of all that lies under it, and of what was asked.
    shown
        What a terminal prints.
    lanes
        Plays two villages in both lanes and says which; raises `LanesDiffer`.
    beside
        What a comparison makes beside its series, by the name of its file in the results.
    """

    table: pd.DataFrame
    about: Mapping[str, str]
    shown: object
    lanes: Callable[[], str]
    beside: Mapping[str, pd.DataFrame] = field(default_factory=dict)

    def stored(self) -> canonical.Stored:
        """As it waits to be made again."""
        when = {"made": datetime.now(UTC).date().isoformat()}
        return canonical.Stored(self.table, {**self.about, **machine.about(), **when})

    def against(self, was: canonical.Stored) -> Verdict:
        """Hold it against what was stored."""
        return compare(was, self.table, self.about["series_sha256"])

    def changes(self, was: canonical.Stored) -> list[str]:
        """What is not as it was where the stored table was made: question, rules, versions, machine."""
        changed = [word for key, word in CHANGES.items() if was.about.get(key, "") != self.about[key]]
        return [say("{what} changed since", what=say(word)) for word in changed] + machine.others(
            was.about, machine.about()
        )


class Asked(Frozen):
    """What a published result runs; its fields are the keys of its file."""

    kind: str

    @abstractmethod
    def make(self, known: Known, tell: Tell) -> Made:
        """Run it."""


class Comparison(Asked):
    """A comparison of arms: a scenario, smaller."""

    kind: Literal["comparison"]
    scenario: str = words(..., 200, "Name of a scenario in scenarios/", 1)
    villages: int | None = whole(None, 2, 100_000, "villages", "Villages; as the scenario has them")
    households: int | None = whole(None, 2, 5_000, "households a village", "Households; as the scenario has them")
    seeds: int | None = whole(None, 1, 10_000, "seeds", "Draws of luck; as the scenario has them")
    arms: list[str] = entry([], "Its arms that are run; all", "names of arms of the scenario")

    def make(self, known: Known, tell: Tell) -> Made:
        """Run the scenario at its published size."""
        return of_scenario(self.reduced(load(self.scenario, known)), tell)

    def reduced(self, scenario: Scenario) -> Scenario:
        """The scenario at its published size."""
        size = {name: value for name in ("villages", "households") if (value := getattr(self, name)) is not None}
        luck = scenario.replications
        fewer = {} if self.seeds is None else {"seeds": self.seeds, "sets": min(luck.sets, self.seeds)}
        known = [arm.id for arm in scenario.resolved_arms]
        if strange := [arm for arm in self.arms if arm not in known]:
            raise InputError(f"arms: {scenario.slug} has no arm {strange[0]}{did_you_mean(strange[0], known)}")
        kept = [one for one, arm in zip(scenario.arms, known, strict=True) if arm in (self.arms or known)]
        changes = {
            "arms": tuple(kept),
            "population": scenario.population.model_copy(update=size),
            "replications": luck.model_copy(update=fewer),
        }
        return scenario.model_copy(update=changes)


class OneStudy(Asked):
    """A study of scenarios/evidence, in fewer and smaller worlds than `swadaya validate` has."""

    kind: Literal["study"]
    study: str = words(..., 12, "Its short name, as V9", 1)
    worlds: int = whole(8, 1, 1_000, "worlds", "Populations, each with a luck of its own")
    villages: int = whole(40, 2, 1_000, "villages", "Of each world")
    households: int = whole(24, 2, 500, "households a village", "Of each world")
    sets: int = whole(1, 1, 1_000, "parameter sets", "Calibrated sets that worlds meet in turn; 1: the model's own")
    variant: Literal["trap_off", "trap_on"] = entry("trap_off", "Structural variant of the sets", VARIANT)

    def make(self, known: Known, tell: Tell) -> Made:
        """Repeat the study in its worlds and judge it."""
        lane = Lane(wire())
        found = {one.id: one for one in validation.studies_of(lane.plan)}
        if self.study not in found:
            raise InputError(f"there is no study {self.study}{did_you_mean(self.study, found)}")
        drawn: Sequence[Mapping[str, float]] = [{}] if self.sets == 1 else ensemble.load(self.variant)[: self.sets]
        sets = [drawn[k % len(drawn)] for k in range(self.worlds)]
        with Workers() as workers:
            worlds = validation.Worlds(self.villages, self.households, executor=workers, tell=tell)
            draws = validation.run_all(lane, [found[self.study]], sets, worlds)
        at_rest = [draw for draw in draws if not draw.failed]
        if not at_rest:
            raise InputError(f"{self.study}: no world is at rest: {draws[0].failed}")
        card = scorecard([found[self.study]], at_rest, self.variant, lane.plan)
        under = canonical.digest(_draws(draws), ["study", "outcome", "world", "name", "place"])
        table, whole_question = of_study(card.rows), (self.model_dump_json(), standing.studies_digest())
        about = digests(table, under, whole_question, self.variant if self.sets > 1 else "")
        lanes = partial(self._lanes, lane, found[self.study], drawn[0])
        return Made(table, about, page.repeated(card, self.study), lanes)

    def _lanes(self, lane: Lane, one: Study, drawn: Mapping[str, float]) -> str:
        """Two villages of the first world, in both lanes, over all of the study's quarters."""
        aggregates, seed = read_aggregates(), validation.SEED
        people = synthesise(aggregates, self.villages, self.households, seed)
        world = solve(lane, people, programmes_2017(), TwoPieceLognormal.published(aggregates), seed, drawn)
        arm = next((arm for flow in one.flows for arm in flow.arms), CONTROL)
        quarters = one.start + max((flow.quarters for flow in one.flows), default=4)
        side_by_side(world, programmes(one, arm, world), quarters, seed)
        return _played(arm, seed, quarters)


class Map(Asked):
    """A map of worlds: who wins over some uncertainties."""

    kind: Literal["map"]
    scenario: str = words(..., 200, "Name of a scenario in scenarios/", 1)
    axes: str = words("works,attendance,trap", 200, "Two or three, with commas between them", 1)
    outcome: Literal["self_sufficient", "headcount", "own_income"] = entry(
        "self_sufficient", "What decides who wins", " or ".join(OUTCOMES)
    )
    points: int = whole(40, 20, 100_000, "worlds", "Worlds, one draw of the uncertainties each")

    def make(self, known: Known, tell: Tell) -> Made:
        """Run all arms in every world."""
        scenario = load(self.scenario, known)
        question = asked(scenario, self.axes_of(known), self.outcome, self.points)
        with Workers() as workers:
            found = regime_map.mapped(question, workers, tell)
        table, under = of_map(found), canonical.digest(found.table, ["point", "winner"])
        variant = question.variant if question.sets else ""
        about = digests(table, under, (self.model_dump_json(), question.digest), variant)
        lanes = partial(_lanes, found.scenario)
        return Made(table, about, beside_bars(terminal(grid(found, full=False))), lanes)

    def axes_of(self, known: Known) -> tuple[Axis, ...]:
        """Its axes, of those that the model has."""
        return axes_named(self.axes.split(","), known.parameters)


class OtherModel(Asked):
    """Dupont and Roy's poverty traps on this engine: what they found beside what is found here."""

    kind: Literal["other_model"]
    seeds: int = whole(20, 2, 1_000, "societies", "At each of the three points")
    points: int = whole(128, 8, 100_000, "points", "Of the design over all ranges")

    def make(self, known: Known, tell: Tell) -> Made:
        """Play the whole experiment."""
        tell(mark("societies"), 0, 1)
        with ThreadPoolExecutor(os.cpu_count()) as threads:
            played = regimes.experiment(1, threads, self.seeds, self.points)
        found = regimes.findings(played)
        table, under = of_findings(found), canonical.digest(_societies(played), ["part", "place", "name"])
        about = digests(table, under, (self.model_dump_json(),))
        return Made(table, about, terminal(foreign_page.grid(found)), self._lanes)

    def _lanes(self) -> str:
        """One society in both lanes, for some steps."""
        plan, point, steps = regimes.wire(), regimes.POINTS[regimes.TWO], 4
        state = first_state(plan, [society(1, point.homophily)], [point])
        lane, mesa, parameters, hold = Lane(plan), MesaLane(plan, state), settings(plan), holding(plan)
        for step in range(steps):
            lane.step(state, step, regimes.LUCK, parameters, hold)
            mesa.prepare(step, regimes.LUCK)
            mesa.step_quarter(step, regimes.LUCK, parameters, hold)
            agree(mesa, state, f"in step {step}")
        return say("one society, {steps} steps", steps=steps)


#: What can be published: kind -> what reads its file and makes it.
KINDS: Mapping[str, type[Asked]] = {
    "comparison": Comparison,
    "study": OneStudy,
    "map": Map,
    "other_model": OtherModel,
}


# -- what is compared -------------------------------------------------------------------------------------------------


def digests(table: pd.DataFrame, under: str, asked: Sequence[str], variant: str = "") -> dict[str, str]:
    """The head of a stored table: of what is printed, of all that lies `under` it, of the question, code and sets."""
    return {
        "series_sha256": under,
        "table_sha256": canonical.digest(table, canonical.KEYS),
        "asked_sha256": canonical.text_digest(*asked),
        "rules_sha256": ensemble.rules_digest(),
        "code_sha256": code_digest(),
        "ensemble_sha256": study.sets_digest(variant) if variant else "",
    }


def of_scenario(scenario: Scenario, tell: Tell = quiet) -> Made:
    """Run a scenario as it is."""
    results = study.run(scenario, tell=tell)
    manifest = results.manifest
    about = {name: str(manifest[name]) for name in ("series_sha256", "table_sha256")}
    about |= asked_of(manifest)
    table = canonical.of_comparison(results.series, results.tables)
    beside = {name: getattr(results, name) for name in BESIDE}
    beside |= {f"tables/{name}": found for name, found in results.tables.items()}
    return Made(table, about, beside_bars(headline_terminal(results)), partial(_lanes, scenario), beside)


def beside_bars(shown: RenderableType) -> Group:
    """What compares programmes, with what its numbers may not be quoted for."""
    return Group(shown, *standing.warnings())


def asked_of(manifest: Mapping[str, Any]) -> dict[str, str]:
    """What decides the result of a run, as the head of a stored table has it."""
    keys = {"asked": "digest", "rules": "rules", "code": "code", "ensemble": "ensemble"}
    return {f"{name}_sha256": str(manifest[key]) for name, key in keys.items()}


def _lanes(scenario: Scenario) -> str:
    """Two villages of the last arm under the first luck, in both lanes, over the whole run."""
    arm, flows = list(study.programmes(scenario).items())[-1]
    world, seed, quarters = study.first_world(scenario), scenario.seeds[0], scenario.calendar.quarters
    side_by_side(world, flows, quarters, seed, held=scenario.hold.ablate)
    return _played(arm, seed, quarters)


def _played(arm: str, seed: int, quarters: int) -> str:
    return say("{arm}, seed {seed}, two villages, {quarters} quarters", arm=arm, seed=seed, quarters=quarters)


def of_study(rows: pd.DataFrame) -> pd.DataFrame:
    """The scorecard of a study as a canonical table: a verdict is compared as it is, ranges as intervals are."""
    found = []
    for row in rows.itertuples(index=False):
        key = (f"study {row.study}", row.outcome, row.variant)
        found.append((*key, "true effect", canonical.WHOLE, row.verdict, row.true_mean, row.true_low, row.true_high))
        middle = (row.estimate_low + row.estimate_high) / 2.0
        found.append((*key, "estimate", canonical.WHOLE, row.unit, middle, row.estimate_low, row.estimate_high))
    return canonical.framed(found)


def of_map(found: regime_map.RegimeMap) -> pd.DataFrame:
    """A map as a canonical table: shares; of every world its place, its winner, and how far each arm is from cash."""
    rows: list[tuple] = [
        ("map", "share of the map", row.arm or UNCLEAR, "", canonical.WHOLE, "", row.share, row.low, row.high)
        for row in found.shares.itertuples(index=False)
    ]
    others = [arm for arm in found.arms if arm != found.scenario.benchmark]
    name = f"{found.question.outcome.name} against cash"
    for world in found.table.to_dict("records"):
        for arm in others:
            numbers = (world[f"{arm}_{end}"] for end in ("difference", "low", "high"))
            rows.append(("map", name, arm, world_named(world["point"]), canonical.WHOLE, "", *numbers))
        nowhere = (math.nan,) * 3
        rows.append(
            ("map", "winner", "", world_named(world["point"]), canonical.WHOLE, world["winner"] or UNCLEAR, *nowhere)
        )
    for point in [*found.points, *filter(None, [found.default])]:
        for axis in found.axes:
            place = (point.measured[axis.name],) * 3
            rows.append(("map", axis.name, "", world_named(point.number), canonical.WHOLE, axis.unit, *place))
    return canonical.framed(rows)


def world_named(number: int) -> str:
    """What a world is called in a stored map; 0 is that of the model's own numbers."""
    return f"world {number}"


def of_findings(found: pd.DataFrame) -> pd.DataFrame:
    """What another model's authors found beside what is found here, as a canonical table."""
    return canonical.framed(
        [
            ("findings", f"{row.regime}: {row.measured}", "", row.parameters, canonical.WHOLE,
             f"{row.published}: {row.verdict}", row.found, row.low, row.high)
            for row in found.itertuples(index=False)
        ]
    )  # fmt: skip


def _societies(played: regimes.Experiment) -> pd.DataFrame:
    """Every number of every society: part, place, name, value."""
    parts = {"points": played.at_points, "ranges": played.over_ranges}
    return pd.concat(
        [
            table.select_dtypes("number").reset_index(names="place").melt("place", var_name="name").assign(part=part)
            for part, table in parts.items()
        ]
    )


def _draws(draws: Sequence[Draw]) -> pd.DataFrame:
    """Every number of every world: study, outcome, world, name, place, value."""
    rows = []
    for world, draw in enumerate(draws):
        for (name, outcome), seen in draw.seen.items():
            values = {"true": (seen.true,), "cash": (seen.cash,), "estimate": seen.estimates}
            rows += [(name, outcome, world, what, k, v) for what, found in values.items() for k, v in enumerate(found)]
    return pd.DataFrame(rows, columns=["study", "outcome", "world", "name", "place", "value"])
