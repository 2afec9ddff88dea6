"""A run as it is watched: frames of households and villages quarter by quarter, series, flows, what it comes to."""

from __future__ import annotations

import base64
import hashlib
import zlib
from collections.abc import Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, field

import numpy as np

from sim import ledger, metrics
from sim.app.choices import Choices
from sim.app.kept import Shared
from sim.app.settings import ARMS, Settings
from sim.app.world import Start, Worlds, flows
from sim.metrics import cost, inequality, poverty
from sim.model import CommunityModel
from sim.policies.policy import Programme
from sim.population import village_of
from sim.scenario import BASELINE

PER_DOUBLING, LINE_CODE = 40.0, 128  # steps of the code for each doubling, and the code of the poverty line
STANDING = ("below", "held_up", "thin", "stands")
CUSHION = 0.25  # z per person: who stands with less than a quarter's quarter of the line at hand stands thinly
METRICS = (
    "headcount", "poverty_gap", "severity", "median_own_income", "mean_consumption", "self_supporting", "participation",
    "participation_non_elite", "empowerment", "decision_power", "control", "quality", "gini", "external_share",
    "capital", "works", "skill", "demand", "micro_share",
)  # fmt: skip
LORENZ = np.linspace(0.0, 1.0, 21)
QUICK = 2  # of zlib's levels: a third of the time of the usual 6, and a twentieth more to send
#: Layer of households -> how a code is read: "line" by `of_line`, "share" and "amount" linearly, "category" as it is.
LAYERS = {
    "consumption": ("line", "z per person and quarter", 0.0),
    "own_income": ("line", "z per person and quarter", 0.0),
    "public_income": ("amount", "z per person and quarter", 0.51),
    "standing": ("category", "", 0.0),
    "attended": ("share", "share of a year", 1.0),
    "capital": ("amount", "z per person", 12.75),
    "efficacy": ("share", "0-1", 1.0),
}
#: What is seen of a village: column -> (institution that it belongs to, unit, upper end of its scale; 0: the largest).
VILLAGE = {
    "attendance": ("council", "share of households", 1.0),
    "institution_quality": ("council", "0-1", 1.0),
    "capture": ("council", "share", 0.3),
    "right_goal": ("council", "share", 1.0),
    "members": ("cooperative", "households", 0.0),
    "group_fund": ("cooperative", "z", 0.0),
    "upkeep": ("cooperative", "share of upkeep wanted", 1.0),
    "pot": ("savings_group", "z", 0.0),
    "service_quality": ("services", "index", 0.0),
    "works": ("place", "units", 0.0),
    "road": ("place", "units", 0.0),
    "price": ("place", "index", 0.0),
    "facilitation_effect": ("programme", "0-1", 1.0),
    "headcount": ("people", "share of persons", 1.0),
    "own_income": ("people", "z per person and quarter", 0.0),
    "farm_labour": ("people", "share of working time", 1.0),
}
SUMMED, AVERAGED = ("works", "group_fund", "members"), ("upkeep",)  # columns of the four groups of a village


def of_line(values: np.ndarray) -> np.ndarray:
    """Money as a code: `LINE_CODE` is the poverty line, `PER_DOUBLING` steps twice as much; below stays below."""
    with np.errstate(divide="ignore", invalid="ignore"):
        doublings = np.log2(np.maximum(values, 1e-9))
    codes = np.clip(np.floor(LINE_CODE + PER_DOUBLING * doublings), 0, 255)
    return np.where(values < 1.0, np.minimum(codes, LINE_CODE - 1), np.maximum(codes, LINE_CODE)).astype(np.uint8)


def linear(values: np.ndarray, top: float) -> np.ndarray:
    """Values from 0 to `top` as a code from 0 to 255."""
    return np.clip(np.rint(255.0 / top * values), 0, 255).astype(np.uint8)


def packed(codes: np.ndarray) -> str:
    """Bytes as they travel: base64 of zlib."""
    return base64.b64encode(zlib.compress(np.ascontiguousarray(codes, np.uint8).tobytes(), QUICK)).decode("ascii")


@dataclass
class Recording:
    """One world under one policy.

    Attributes
    ----------
    frames
        Layer -> codes, [quarter, household].
    series
        Metric -> one value a quarter, nan where it is not due.
    villages
        Column of `VILLAGE` -> values, [quarter, village].
    choice
        Kind of works that the programme's (council's) money went to, [quarter, village]; -1 where there was none.
    flows
        Flow of the ledger -> z per person, one a quarter.
    lorenz
        [year, point]: share of consumption of the poorest `LORENZ`, at the end of each year.
    poor
        Who was permanently poor when the programmes began, one flag a household.
    own_post, consumption_post
        Means over the quarters that are judged, z per person and quarter, one a household.
    packed
        Frames as they travel, a household's history lying together: once for all who look at them.
    """

    frames: dict[str, np.ndarray]
    series: dict[str, np.ndarray]
    villages: dict[str, np.ndarray]
    choice: np.ndarray
    flows: dict[str, np.ndarray]
    lorenz: np.ndarray
    poor: np.ndarray
    own_post: np.ndarray
    consumption_post: np.ndarray
    packed: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Pair:
    """Both worlds, and the one without a programme, under the same luck.

    Attributes
    ----------
    worlds
        "none", "a" and "b" -> what was recorded.
    """

    settings: Settings
    start: Start
    worlds: dict[str, Recording]
    digest: str = field(default="")

    @property
    def persons(self) -> np.ndarray:
        """Persons whom each household stands for."""
        people = self.start.world.population.household
        return people["size"] * people["weight"]

    def headline(self, arm: str) -> dict[str, float]:
        """What a world comes to, see `headline_of`."""
        found = self.worlds[arm]
        paid = np.asarray(sum(found.flows[name] for name in ledger.STATE_PAYS))
        return headline_of(self.start, found.series, paid, found.own_post, self.persons, found.poor)


def headline_of(
    start: Start,
    series: Mapping[str, np.ndarray],
    paid: np.ndarray,
    own_post: np.ndarray,
    persons: np.ndarray,
    poor: np.ndarray,
) -> dict[str, float]:
    """What a world comes to, over the quarters that are judged; defined as in `sim.experiment.compare`.

    Parameters
    ----------
    paid
        What the state paid, z per person, one a quarter.
    own_post
        Mean own income over the quarters that are judged, one a household.
    poor
        Who was permanently poor when the programmes began.
    """
    (first, last), scenario = start.judged, start.scenario
    began = scenario.calendar.start
    return {
        "headcount": float(series["headcount"][first:last].mean()),
        "headcount_end": float(series["headcount"][-1]),
        "headcount_start": float(series["headcount"][began - 1]),
        "gap": float(series["poverty_gap"][first:last].mean()),
        "own_income": float(inequality.quantile(own_post, persons, 0.5)),
        "participation": float(series["participation"][first:last].mean()),
        "self_supporting": 100.0 * metrics.mean(own_post >= metrics.LINE, poor * persons),
        "cost": float(cost.present_value(paid, began, scenario.budget.discount)),
    }


class _Recorder:
    """Watches a model; `done` gives the recording."""

    def __init__(self, start: Start, model: CommunityModel) -> None:
        self.model, self.state = model, model.state
        layout, quarters = self.state.layout, start.scenario.calendar.quarters
        self.calendar, self.judged = start.scenario.calendar, start.judged
        households, villages = layout.rows("household"), len(layout.codes)
        self.home = village_of(layout.start["household"])
        self.persons = self.state["size"] * self.state["weight"]
        self.inhabitants = np.bincount(self.home, self.persons)
        catalogue = metrics.catalogue()
        self.measures = [catalogue[name] for name in METRICS]
        self.found = Recording(
            {name: np.zeros((quarters, households), np.uint8) for name in LAYERS},
            {name: np.full(quarters, np.nan) for name in METRICS},
            {name: np.zeros((quarters, villages)) for name in VILLAGE},
            np.full((quarters, villages), -1, np.int8),
            {name: np.zeros(quarters) for name in ledger.FLOWS},
            np.zeros((quarters // 4, len(LORENZ))),
            np.zeros(households, bool),
            np.zeros(households),
            np.zeros(households),
        )

    def begin(self) -> None:
        """Who is poor for good when the programmes begin."""
        self.found.poor[:] = poverty.baseline_poor(self.state["permanent_income"])

    def see(self, quarter: int) -> None:
        """Record the quarter that has just ended."""
        state, found = self.state, self.found
        for name, value in metrics.measure(self.measures, lambda table, name: state[name], quarter).items():
            found.series[name][quarter] = value
        for name, (kind, _, top) in LAYERS.items():
            if kind == "category":
                found.frames[name][quarter] = self._standing()
            else:
                found.frames[name][quarter] = of_line(state[name]) if kind == "line" else linear(state[name], top)
        for name in VILLAGE:
            found.villages[name][quarter] = self._village(name)
        works, council = state["works_money"] > 0.0, state["works_council"] > 0.0
        found.choice[quarter] = np.where(works, state["choice"], np.where(council, state["council_choice"], -1))
        for name, value in zip(found.flows, flows(state), strict=True):
            found.flows[name][quarter] = value
        if (quarter + 1) % 4 == 0:
            found.lorenz[quarter // 4] = np.interp(LORENZ, *inequality.lorenz(state["consumption"], self.persons))
        first, last = self.judged
        if first <= quarter < last:
            found.own_post += state["own_income"] / (last - first)
            found.consumption_post += state["consumption"] / (last - first)

    def _standing(self) -> np.ndarray:
        """How a household stands this quarter, a place in `STANDING`: nobody is classed by one quarter alone."""
        own, public = self.state["own_income"], self.state["public_income"]
        stands = own >= metrics.LINE
        thin = self.state["buffer"] < CUSHION
        return np.where(stands, np.where(thin, 2, 3), np.where(own + public >= metrics.LINE, 1, 0))

    def _village(self, name: str) -> np.ndarray:
        state = self.state
        if name in SUMMED or name in AVERAGED:
            rows = state[name].reshape(-1, 4)
            return rows.sum(axis=1) if name in SUMMED else rows.mean(axis=1)
        if name in ("headcount", "own_income", "farm_labour"):  # means over persons
            values = state["consumption"] < metrics.LINE if name == "headcount" else state[name]
            return np.bincount(self.home, values * self.persons) / self.inhabitants
        return state[name]


def record(start: Start, programmes: Sequence[Programme], luck: int) -> Recording:
    """Run one world and record it."""
    scenario = start.scenario
    model = CommunityModel(start.world, programmes, seed=luck, held=scenario.hold.ablate, shocks=start.shocks)
    recorder = _Recorder(start, model)
    for quarter in range(scenario.calendar.quarters):
        if quarter == scenario.calendar.start:
            recorder.begin()
        model.step()
        recorder.see(quarter)
    recorder.found.packed.update({name: packed(codes.T) for name, codes in recorder.found.frames.items()})
    del model.state  # Mesa ties a model to itself: what it holds would wait for the garbage collector
    return recorder.found


def arm_id(settings: Settings, arm: str) -> str:
    """The id of an arm in the scenario: the baseline has one of its own, wherever it stands."""
    policy = {"none": BASELINE, "a": settings.a, "b": settings.b}[arm]
    return BASELINE if policy == BASELINE else arm


def pair(
    settings: Settings,
    among: Choices,
    worlds: Worlds,
    executor: Executor | None = None,
    known: Shared[Recording] | None = None,
) -> Pair:
    """Run both policies and none under one luck.

    Parameters
    ----------
    worlds
        Where worlds at rest are kept.
    executor
        Threads, so that the worlds run beside one another; results do not depend on it.
    known
        Runs that somebody looks at: who changes one policy does not run the other again.
    """
    start, known = worlds.start(settings, among), Shared[Recording]() if known is None else known
    alone = {arm: settings.alone(arm) for arm in ARMS}

    def one(key: Settings) -> Recording:
        arm = next(arm for arm in ARMS if alone[arm] == key)
        return known.made(key, lambda: record(start, start.programmes[arm_id(settings, arm)], settings.luck))

    wanted = list(dict.fromkeys(alone.values()))
    found = dict(zip(wanted, (executor.map if executor else map)(one, wanted), strict=True))
    recorded = {arm: found[key] for arm, key in alone.items()}
    return Pair(settings, start, recorded, digest(recorded))


def digest(worlds: dict[str, Recording]) -> str:
    """SHA-256 of every bit that is shown of some worlds."""
    whole = hashlib.sha256()
    for arm in ARMS:
        found = worlds[arm]
        for table in (found.series, found.frames, found.villages, found.flows):
            for name, values in sorted(table.items()):
                if values.dtype != np.uint8:  # one zero, one nan, whatever the machine
                    values = np.where(np.isnan(values), np.nan, values + 0.0).astype("<f8")
                whole.update(f"{arm} {name} {values.shape}".encode())
                whole.update(np.ascontiguousarray(values).tobytes())
    return whole.hexdigest()
