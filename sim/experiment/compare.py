"""Runs side by side: what each comes to, household by household and village by village."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise

import numpy as np

from sim import ledger, metrics
from sim.experiment.run import Run
from sim.metrics import cost, inequality, poverty, trajectories
from sim.population import village_of
from sim.scenario import BASELINE, Scenario
from sim.start import World

AMONG = ("the permanently poor", "those whom a survey calls poor", "all persons")  # of whom classes are shares


def interval(values: np.ndarray, name: str = "estimate", ends: str = "") -> dict[str, float]:
    """Mean and 5th and 95th percentile over the seeds in which it is defined; nan where it is in none.

    `name` is that of the mean; `low` and `high` come after `ends`.
    """
    names, known = (name, f"{ends}low", f"{ends}high"), values[np.isfinite(values)]
    found = (known.mean(), *np.percentile(known, [5.0, 95.0])) if len(known) else (np.nan,) * 3
    return dict(zip(names, map(float, found), strict=True))


class Comparison:
    """Runs side by side: every arm under the same lucks.

    Attributes
    ----------
    runs, classes, village_classes
        (arm, seed) -> the run, and the class codes of its households and villages; empty where the twins that a class
        needs were not run.
    ranked
        The arms that are compared at equal cost: all but the baseline and policies that act outside the villages.
    set_of
        Which parameter set each seed met, a number a seed.
    national_growth
        Seed -> yearly growth of outside markets, a share.
    kept_local
        Seed -> share of villagers' spending that stays in their village, from the first quarter on.
    meeting_hours
        Seed -> hours a quarter that meetings take from a household that attends.
    """

    def __init__(self, scenario: Scenario, met: Mapping[int, World], runs: Sequence[Run]) -> None:
        population = met[scenario.seeds[0]].population
        self.scenario, self.population = scenario, population
        growth = {seed: world.value("macro_trend.growth") for seed, world in met.items()}
        self.national_growth = {seed: float(np.exp(4.0 * quarterly) - 1.0) for seed, quarterly in growth.items()}
        self.meeting_hours = {seed: cost.HOURS * float(world.state["meeting_days"][0]) for seed, world in met.items()}
        self.kept_local = {seed: 1.0 - float(world.state["import_share"].mean()) for seed, world in met.items()}
        self.set_of = np.arange(len(scenario.seeds)) % scenario.replications.sets
        self.arms = [arm.id for arm in scenario.resolved_arms]
        self.rivals = [arm for arm in self.arms if arm != BASELINE]
        self.ranked = [arm for arm in self.rivals if arm not in scenario.unranked]
        self.seeds = list(scenario.seeds)
        self.runs = {(run.arm, run.seed): run for run in runs}
        people = population.household
        self.persons = people["size"] * people["weight"]
        self.home = village_of(population.start)
        self.simulated = float(people["size"].sum())
        self._village_growth: dict[tuple[str, int], np.ndarray] = {}
        twins = scenario.twins
        self.classes = {key: self._classes(run) for key, run in self.runs.items()} if twins.stress else {}
        judged = self.runs if twins.stress and twins.withdrawal else {}
        self.village_classes = {key: self._village_classes(run) for key, run in judged.items()}

    def over_seeds(self, value: Callable[[Run], float | np.ndarray]) -> dict[str, np.ndarray]:
        """A number of each run, or one a quarter: arm -> one row a seed."""
        return {arm: np.array([value(self.runs[arm, seed]) for seed in self.seeds]) for arm in self.arms}

    def poor(self, run: Run) -> np.ndarray:
        """Who is permanently poor when the programmes start: own income without luck below the line."""
        return poverty.baseline_poor(run.household["permanent_income"])

    def counted(self, run: Run, among: str) -> np.ndarray | float:
        """Who is counted (see `AMONG`): a survey calls poor whose measured consumption before the start is below z."""
        permanent, surveyed, _ = AMONG
        if among == permanent:
            return self.poor(run)
        return run.household["measured_before"] < metrics.LINE if among == surveyed else 1.0

    # -- what a run comes to ------------------------------------------------------------------------------------------

    def headcount(self, run: Run) -> float:
        """Share of persons below the line after the programmes, %."""
        return 100.0 * run.poverty[0, 1.0, "post"]

    def self_sufficient(self, run: Run) -> float:
        """Share of the permanently poor who are self-sufficient after the programmes, %."""
        return 100.0 * metrics.mean(self.classes[run.arm, run.seed] == 0, self.poor(run) * self.persons)

    def median_own_income(self, run: Run, window: str = "post") -> float:
        """Own income of the person in the middle, z per person and quarter."""
        return float(inequality.quantile(run.windows["own_income", window], self.persons, 0.5))

    def own_income_growth(self, run: Run) -> float:
        """Growth of median own income from before to after, % a year."""
        spans = self.scenario.windows
        before, after = (np.array([self.median_own_income(run, window)]) for window in ("pre", "post"))
        return 100.0 * float(trajectories.yearly_growth(before, after, spans.pre, spans.post)[0])

    def growth(self, run: Run) -> np.ndarray:
        """Yearly growth of each household's own income, from before to after."""
        spans = self.scenario.windows
        return trajectories.yearly_growth(
            run.windows["own_income", "pre"], run.windows["own_income", "post"], spans.pre, spans.post
        )

    def _classes(self, run: Run) -> np.ndarray:
        """Class of each household (codes of `trajectories.CLASSES`)."""
        return trajectories.household_class(
            run.windows["own_income", "pre"],
            run.windows["own_income", "post"],
            run.windows["own_income", "on"] + run.windows["public_income", "on"],
            self.growth(run),
            run.household["stress_pass"],
            self.national_growth[run.seed],
        )

    def village_medians(self, run: Run, window: str) -> np.ndarray:
        """Median own income of each village."""
        values = run.windows["own_income", window]
        rows = [slice(*ends) for ends in pairwise(self.population.start)]
        return np.array([inequality.quantile(values[r], self.persons[r], 0.5) for r in rows])

    def village_growth(self, run: Run) -> np.ndarray:
        """Yearly growth of each village's median own income, a share, from before to after."""
        key, spans = (run.arm, run.seed), self.scenario.windows
        if key not in self._village_growth:
            medians = self.village_medians(run, "pre"), self.village_medians(run, "post")
            self._village_growth[key] = trajectories.yearly_growth(*medians, first=spans.pre, second=spans.post)
        return self._village_growth[key]

    def _village_classes(self, run: Run) -> np.ndarray:
        """Class of each village (codes of `trajectories.VILLAGE_CLASSES`)."""

        def mean(name: str, window: str) -> np.ndarray:
            return metrics.group_mean(run.windows[name, window], self.persons, self.home)

        public = mean("public_income", "on")
        after = mean("consumption", "post")
        poor = self.poor(run) * self.persons
        alive = (run.village["quality_post"] >= trajectories.INSTITUTION_ALIVE * run.village["quality_start"]) & (
            run.village["attendance_post"] >= 0.5 * run.village["attendance_pre"]
        )
        return trajectories.village_class(
            public / (public + mean("own_income", "on")),
            1.0 - run.village["withdrawn"] / after,
            self.village_growth(run),
            metrics.group_mean(self.classes[run.arm, run.seed] == 0, poor, self.home, len(after)),
            run.village["headcount_start"],
            run.village["headcount_post"],
            run.village["upkeep_post"] >= trajectories.UPKEEP_COVERED,
            alive,
            self.national_growth[run.seed],
        )

    def state_flow(self, run: Run) -> np.ndarray:
        """What the state pays in each quarter, z per person of the world."""
        paid = sum(run.flows[name] for name in ledger.STATE_PAYS)
        return np.asarray(paid) / self.simulated

    def headline(self, run: Run) -> dict[str, float]:
        """The numbers of an arm, as levels."""
        paid = cost.present_value(self.state_flow(run), self.scenario.calendar.start, self.scenario.budget.discount)
        value = np.nan if run.arm in self.scenario.unranked else float(paid)
        return {
            "headcount": self.headcount(run),
            "own_income_growth": self.own_income_growth(run),
            "self_sufficient": self.self_sufficient(run) if self.classes else np.nan,
            "participation": float(run.series["participation"][slice(*self.scenario.windows.post)].mean()),
            "cost": value,
            "cost_rupiah": cost.rupiah(value),
        }
