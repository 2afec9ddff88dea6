"""One arm under one luck: the run itself, its twins, and what is kept of them."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from sim import ledger, metrics
from sim.experiment import stress
from sim.metrics import poverty
from sim.model import CommunityModel
from sim.policies.policy import Programme
from sim.population import village_of
from sim.scenario import Scenario
from sim.start import World, measured

LAG = 1  # quarters between what a survey asks about and the interview
WATCH = 4  # quarters from the start of the post-window in which a fall below the line counts as vulnerability
LINES, ORDERS = (1.0, 1.2, 1.5), (0, 1, 2)
MEASURED = ("consumption", "own_income", "public_income")
AT_END = (
    "consumption",
    "own_income",
    "capital",
    "buffer",
    "skill",
    "efficacy",
    "exposure",
    "debt",
    "attends",
    "served",
)
LISTS = {"pkh": "gets_pkh", "rastra": "gets_rastra", "cash": "gets_cash", "asset": "served"}
WINDOWS = ("pre", "on", "post", "late")  # over which means are kept


@dataclass
class Run:
    """What is kept of one arm and one seed.

    Attributes
    ----------
    series
        Metric -> one value a quarter; nan where it is not due.
    windows
        (column, window) -> mean over the window, one value a household (z per person and quarter).
    flows
        Flow -> one value a quarter, z for the whole world.
    village
        Name -> one value a village.
    poverty
        (order, line, window) -> FGT index, mean over the window's quarters.
    household
        Name -> one value a household: state at the end, stress passes, lists.
    stress
        Measure -> what shocks to outside markets do (see `sim.experiment.stress`); empty without stress twins.
    withstood
        Who passes the stress test at the cut-offs of the grid (see `sim.experiment.stress`); empty unless asked for.
    worst_gap
        Largest gap of the ledger, as a share of gross flow.
    """

    arm: str
    seed: int
    series: dict[str, np.ndarray]
    windows: dict[tuple[str, str], np.ndarray] = field(default_factory=dict)
    flows: dict[str, np.ndarray] = field(default_factory=dict)
    village: dict[str, np.ndarray] = field(default_factory=dict)
    poverty: dict[tuple[int, float, str], float] = field(default_factory=dict)
    household: dict[str, np.ndarray] = field(default_factory=dict)
    stress: dict[str, float] = field(default_factory=dict)
    withstood: np.ndarray = field(default_factory=lambda: np.empty(0, bool))
    worst_gap: float = 0.0


class Recorder:
    """Watches a model quarter by quarter."""

    def __init__(
        self, scenario: Scenario, arm: str, model: CommunityModel, measures: Mapping[str, metrics.Metric]
    ) -> None:
        self.scenario, self.model, self.measures = scenario, model, measures
        quarters = scenario.calendar.quarters
        self.run = Run(arm, model.luck, {name: np.full(quarters, math.nan) for name in measures})
        state = model.state
        self.home = village_of(state.layout.start["household"])
        self.persons = state["size"] * state["weight"]
        self.spans = {name: getattr(scenario.windows, name) for name in WINDOWS}
        self.names = [*ledger.FLOWS, *ledger.STOCKS]
        self.accounts = np.empty((quarters + 1, len(self.names), len(state.layout.codes)))
        self._account(0)

    def _account(self, row: int) -> None:
        for k, name in enumerate(self.names):
            self.accounts[row, k] = self.model.state[name]

    def see(self) -> None:
        """Record the quarter that has just ended."""
        state, quarter = self.model.state, self.model.quarter - 1
        self._account(quarter + 1)
        found = metrics.measure(self.measures.values(), lambda table, name: state[name], quarter)
        for name, value in found.items():
            self.run.series[name][quarter] = value
        for window, (first, last) in self.spans.items():
            if first <= quarter < last:
                self._window(window, 1.0 / (last - first))
        self._survey(quarter)

    def _survey(self, quarter: int) -> None:
        """Measure consumption as a survey would, before the programmes and after them, and note the true one."""
        state, kept, after = self.model.state, self.run.household, self.spans["post"][0]
        for when, interview in (("before", self.scenario.calendar.start), ("after", after)):
            if quarter == interview - LAG:
                kept[f"measured_{when}"] = measured(state, self.model.luck, quarter)
        if quarter == after:
            kept["consumption_after"] = kept["lowest_consumption"] = state["consumption"].copy()
        elif after < quarter < after + WATCH:
            kept["lowest_consumption"] = np.minimum(kept["lowest_consumption"], state["consumption"])

    def _window(self, window: str, share: float) -> None:
        """Add a quarter's part to the means over a window."""
        state, run = self.model.state, self.run
        for name in MEASURED:
            key = (name, window)
            run.windows[key] = run.windows.get(key, 0.0) + share * state[name]
        for order in ORDERS:
            for line in LINES:
                index = (order, line, window)
                value = poverty.fgt(state["consumption"], self.persons, line, order)
                run.poverty[index] = run.poverty.get(index, 0.0) + share * value
        covered = state["upkeep"].reshape(-1, 4).mean(axis=1)
        kept = {"attendance": state["attendance"], "quality": state["institution_quality"], "upkeep": covered}
        kept["headcount"] = self._headcount()
        for name, values in kept.items():
            village = f"{name}_{window}"
            run.village[village] = run.village.get(village, np.zeros(1)) + share * values

    def _headcount(self) -> np.ndarray:
        """Share of each village's persons who are below the line in this quarter."""
        return metrics.group_mean(self.model.state["consumption"] < metrics.LINE, self.persons, self.home)

    def start(self) -> None:
        """What is known of households when the programmes start."""
        state, run = self.model.state, self.run
        run.household["permanent_income"] = state["permanent_income"].copy()
        run.village["quality_start"] = state["institution_quality"].copy()
        run.village["headcount_start"] = self._headcount()
        for programme in ("pkh", "rastra"):
            run.household[f"list_{programme}"] = state[LISTS[programme]].copy()

    def stop(self) -> None:
        """Who was reached, when the programmes end."""
        for programme in ("cash", "asset"):
            self.run.household[f"list_{programme}"] = self.model.state[LISTS[programme]].copy()

    def finish(self) -> Run:
        """Check the ledger and keep the end."""
        state, run = self.model.state, self.run
        at = {name: self.accounts[:, k] for k, name in enumerate(self.names)}
        before = {name: at[name][:-1] for name in ledger.STOCKS}
        run.worst_gap = ledger.check(before, {name: values[1:] for name, values in at.items()})
        run.flows = {name: at[name][1:].sum(axis=1) for name in ledger.FLOWS}
        run.household.update({f"end_{name}": state[name].copy() for name in AT_END})
        return run


def run_arm(
    scenario: Scenario,
    world: World,
    arm: str,
    programmes: Sequence[Programme],
    seed: int,
    measures: Mapping[str, metrics.Metric],
    shocks: Mapping[int, Mapping[str, float]] | None = None,
    grid: bool = False,
) -> Run:
    """Run one arm under one luck, with its twins.

    Parameters
    ----------
    shocks
        As in `CommunityModel`; twins that have branched before one do not meet it.
    grid
        Whether households are judged by other cut-offs too, which takes two more twins (`Run.withstood`).

    Raises
    ------
    LedgerError
        When a stock did not change by what flowed.
    """
    model = CommunityModel(world, programmes, seed=seed, held=scenario.hold.ablate, shocks=shocks)
    recorder = Recorder(scenario, arm, model, measures)
    calendar, (first, last) = scenario.calendar, scenario.windows.stress
    path = stress.Path(recorder.persons, recorder.home)
    for quarter in range(calendar.quarters):
        if quarter == calendar.start:
            recorder.start()
        if quarter == calendar.end:
            recorder.stop()
            if scenario.twins.withdrawal:
                recorder.run.village["withdrawn"] = _withdrawn(scenario, model, recorder)
        if quarter == first and scenario.twins.stress:
            at_shock = model.branch()
        model.step()
        recorder.see()
        if first <= quarter < last and scenario.twins.stress:
            path.see(model.state)
    run = recorder.finish()
    if scenario.twins.stress:
        found = stress.Found(scenario, at_shock, path, grid)
        run.household.update(found.household)
        run.stress, run.withstood = found.measures, found.withstood
        del at_shock.state
    del model.state
    return run


def _withdrawn(scenario: Scenario, model: CommunityModel, recorder: Recorder) -> np.ndarray:
    """Mean consumption of each village in the post-window when all public flows end with the programmes."""
    twin = model.branch(programmes=())
    first, last = scenario.windows.post
    total = np.zeros(len(recorder.persons))
    while twin.quarter < last:
        twin.step()
        if twin.quarter > first:
            total += twin.state["consumption"]
    del twin.state  # Mesa ties a model to itself: what it holds would wait for the garbage collector
    return metrics.group_mean(total / (last - first), recorder.persons, recorder.home)
