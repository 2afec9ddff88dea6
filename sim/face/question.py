"""The Python face of the whole: a question is loaded, run, and its answer read as tables and figures."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from sim.errors import InputError
from sim.experiment import study
from sim.experiment.results import Results
from sim.experiment.units import units
from sim.face import one_of
from sim.face.map import Map, drawn
from sim.known import known
from sim.progress import Tell, quiet
from sim.report import chance, has, measured
from sim.report.drawing import Drawing
from sim.report.page import PLATES
from sim.scenario import BASELINE, Scenario
from sim.scenario import load as read

FRAMES = ("series", "households", "villages", "ledger", "population")
ROW = ["metric", "unit", "estimate", "low", "high"]


def load(scenario: str | os.PathLike[str], policies: Sequence[str | os.PathLike[str]] = (), **tables: Any) -> Question:
    """Read a question, and change what is to be asked of it.

    Parameters
    ----------
    scenario
        A scenario file (TOML), or the name of one that comes along: "desa".
    policies
        Python files with policies, and perhaps rules, of your own.
    **tables
        Tables of the scenario file by name, each a mapping that is laid over the file's own; `arms` and `programmes`
        are lists that take the place of the file's. `swadaya schema` lists all keys with their units.

    Returns
    -------
    Question

    Raises
    ------
    InputError
        When the file, a table or a policy is wrong: what, where, what is allowed, and the nearest valid name.

    Notes
    -----
    Nothing is run. Source of the default question: Qomaruddin (2018), in numbers of rural Indonesia, September 2017.

    Examples
    --------
    >>> import sim
    >>> sim.load("desa")
    Question desa: status_quo, dividend, locality_development, social_planning, asset_with_coaching, hybrid
    >>> sim.load("desa", parameters={"attends.conformity": 1.5}).scenario.parameters
    {'attends.conformity': 1.5}
    >>> sim.load("dessa")
    Traceback (most recent call last):
    sim.errors.InputError: dessa: no such scenario file; did you mean "desa"?
    """
    return Question(read(scenario, known([Path(file) for file in policies]), tables))


@dataclass(frozen=True, repr=False)
class Question:
    """A checked scenario, ready to be run.

    Attributes
    ----------
    scenario : Scenario
        Everything that it says: people, calendar, budget, arms, lucks. Read-only.

    Examples
    --------
    >>> import sim
    >>> question = sim.load("desa", calendar={"end": 20})
    >>> question.arms[:2], question.scenario.calendar.end
    (('status_quo', 'dividend'), 20)
    """

    scenario: Scenario

    def __repr__(self) -> str:
        return f"Question {self.scenario.slug}: {', '.join(self.arms)}"

    @property
    def arms(self) -> tuple[str, ...]:
        """Names of the ways to spend the money that are compared, in the order of the file.

        Examples
        --------
        >>> import sim
        >>> sim.load("desa").arms[:3]
        ('status_quo', 'dividend', 'locality_development')
        """
        return tuple(arm.id for arm in self.scenario.resolved_arms)

    def quick(self) -> Question:
        """The same question at a size for a first look: at most 12 villages of 100 households, 5 lucks, 2 sets.

        Returns
        -------
        Question

        Examples
        --------
        >>> import sim
        >>> people = sim.load("desa").quick().scenario.population
        >>> people.villages, people.households
        (12, 100)
        """
        return Question(self.scenario.quick())

    def run(self, tell: Tell = quiet) -> Answer:
        """Run every arm under every luck, with its twins.

        Parameters
        ----------
        tell
            Called as `tell(what, done, whole)` while work proceeds; by default nobody is told.

        Returns
        -------
        Answer
            The same for the same question, whatever the number of processors.

        Raises
        ------
        InputError
            When no world of these people is at rest.
        PolicyError
            When a policy does what it may not.

        Notes
        -----
        Seconds for small worlds, about two minutes for the default one on two cores; the first run of a set of rules
        compiles it, once for the machine. `with Bar() as bar: question.run(bar)` shows how far it is (`sim.terminal`).

        Examples
        --------
        >>> import sim
        >>> people, luck = {"villages": 3, "households": 30}, {"seeds": 2, "sets": 1}
        >>> sim.load("desa", population=people, replications=luck).run()
        Answer to desa: 6 arms, 2 lucks, 3 villages
        """
        return Answer(study.run(self.scenario, tell=tell))

    def map(
        self,
        axes: Sequence[str] = ("works", "attendance", "trap"),
        outcome: str = "self_sufficient",
        points: int | None = None,
        quick: bool = False,
        tell: Tell = quiet,
    ) -> Map:
        """Who wins where: many worlds over two or three uncertainties, all arms in each under the same lucks.

        Parameters
        ----------
        axes
            The measured ones "works", "attendance", "trap", or any number of the model by "rule.argument".
        outcome
            What decides who wins: "self_sufficient", "headcount" or "own_income".
        points
            Worlds; by default 200, of a quick map 40.
        quick
            Smaller worlds and fewer lucks: a first look.
        tell
            As for `run`.

        Returns
        -------
        Map
            All other numbers come from the calibrated parameter sets in turn, where a set of them is stored.

        Raises
        ------
        InputError
            For an unknown axis or outcome, too few points, or where no arm pays the whole budget in cash.

        Examples
        --------
        >>> import sim
        >>> sim.load("desa").map(axes=("works", "trapp"))
        Traceback (most recent call last):
        sim.errors.InputError: --axes: there is no axis "trapp"; did you mean "trap"?
        """
        return drawn(self.scenario, axes, outcome, points, quick, tell)


@dataclass(frozen=True, repr=False)
class Answer:
    """What a question came to. Every table is tidy, and its `attrs` say what its numbers are.

    Attributes
    ----------
    results : Results
        All that was found, as `swadaya run` writes it.

    Examples
    --------
    >>> import sim
    >>> people, luck = {"villages": 3, "households": 30}, {"seeds": 2, "sets": 1}
    >>> answer = sim.load("desa", population=people, replications=luck).run()
    >>> answer.compare("locality_development", "social_planning").round(1).columns.to_list()
    ['metric', 'unit', 'estimate', 'low', 'high']
    """

    results: Results

    def __repr__(self) -> str:
        found, luck = self.results, self.results.scenario.replications
        arms, villages = len(found.scenario.arms), found.population["village"].nunique()
        return f"Answer to {found.scenario.slug}: {arms} arms, {luck.seeds} lucks, {villages} villages"

    def _known(self, name: str, kind: str, allowed: Sequence[str]) -> str:
        return one_of(self.results.scenario.slug, name, kind, allowed)

    def compare(self, arm: str, against: str = BASELINE) -> pd.DataFrame:
        """How one arm differs from another, over the same households and the same luck.

        Parameters
        ----------
        arm, against
            Names of arms; by default against the status quo.

        Returns
        -------
        DataFrame
            Six rows, one a measure: `metric`, `unit`, `estimate` (mean of the paired differences over all draws), and
            the 5th and 95th percentile `low` and `high`. `attrs` has the units, the two arms, over what the interval
            is, and when it was measured.

        Raises
        ------
        InputError
            When an arm is none of the question, or has no rank: what acts outside the villages has no cost, and is
            compared with the status quo alone.

        Examples
        --------
        `answer` is that of the class's example.

        >>> table = answer.compare("locality_development", "social_planning")
        >>> table["metric"].to_list()[:3]
        ['headcount', 'own_income_growth', 'self_sufficient']
        >>> table.attrs["interval"], table.attrs["units"]["estimate"]
        ('5th to 95th percentile over luck', 'in the column `unit`')
        >>> answer.compare("hybird")
        Traceback (most recent call last):
        sim.errors.InputError: desa: there is no arm hybird; did you mean "hybrid"?
        """
        scenario = self.results.scenario
        arms = [one.id for one in scenario.resolved_arms]
        one, other = self._known(arm, "arm", arms), self._known(against, "arm", arms)
        if one == other:
            raise InputError(f"{scenario.slug}: {one} is compared with itself; name two arms")
        if BASELINE in (one, other):
            frame = self.results.tables["headline"]
            found = frame[frame["arm"] == (other if one == BASELINE else one)][ROW].reset_index(drop=True)
            if one == BASELINE:
                found[["estimate", "low", "high"]] = -found[["estimate", "high", "low"]].to_numpy()
        else:
            frame = self.results.tables["contrasts"]
            found = frame[(frame["arm"] == one) & (frame["against"] == other)][ROW].reset_index(drop=True)
            if found.empty:
                alone = " and ".join(name for name in (one, other) if name in scenario.unranked)
                raise InputError(f"{scenario.slug}: {alone} has no rank; allowed: against {BASELINE}")
        about = {"arm": one, "against": other, "interval": f"5th to 95th percentile over {chance(self.results)}"}
        return self._marked(found, "contrasts", about | {"measured": measured(self.results).replace("\u00a0", " ")})

    @property
    def tables(self) -> tuple[str, ...]:
        """Names of the tables that there are.

        Examples
        --------
        >>> "poverty" in answer.tables, "households" in answer.tables
        (True, True)
        """
        return (*FRAMES, *(name for name in self.results.tables if has(self.results, name)))

    def table(self, name: str) -> pd.DataFrame:
        """One table, with the unit of every number.

        Parameters
        ----------
        name
            One of `tables`: "series" (arm, seed, quarter, metric, value), "households", "villages", "ledger",
            "population", or a table of the report.

        Returns
        -------
        DataFrame
            A copy. `attrs["units"]` is column -> unit, or column -> {measure: unit} where rows have several.

        Raises
        ------
        InputError
            When there is no table of that name, or its twins were not run.

        Examples
        --------
        >>> poverty = answer.table("poverty")
        >>> poverty.attrs["units"]["line"], poverty.attrs["units"]["estimate"]
        ('z per person and quarter', 'share')
        >>> series = answer.table("series")
        >>> series.attrs["units"]["value"]["headcount"]
        '% of persons'
        """
        self._known(name, "table", self.tables)
        frame = getattr(self.results, name) if name in FRAMES else self.results.tables[name]
        return self._marked(frame.copy(), name, {})

    def _marked(self, frame: pd.DataFrame, name: str, about: Mapping[str, str]) -> pd.DataFrame:
        series = self.results.scenario.known.metrics
        frame.attrs = {**about, "units": units(name, list(frame), series)}
        return frame

    def plot(self, figure: str = "trajectories") -> Drawing:
        """A figure of the report.

        Parameters
        ----------
        figure
            "trajectories" (the course of each arm, and its difference from the status quo), "fates", "classes",
            "lorenz", "winners", "participation" or "money".

        Returns
        -------
        Drawing
            Shown by a notebook as it is; `svg()` and `png()` give the bytes of a file.

        Raises
        ------
        InputError
            When there is no such figure, or the twins that it needs were not run.

        Examples
        --------
        >>> answer.plot("lorenz").svg()[:4]
        b'<svg'
        """
        plates = {plate.name: plate for plate in PLATES if not plate.needs or has(self.results, plate.needs)}
        return plates[self._known(figure, "figure", list(plates))].draw(self.results)
