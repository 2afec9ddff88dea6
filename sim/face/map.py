"""Who wins where, from Python: a map of worlds, its tables, its sentences and its figure."""

from __future__ import annotations

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import pandas as pd

from sim.face import one_of
from sim.progress import Tell
from sim.regime import questions, regime_map
from sim.regime.axes import named
from sim.regime.regime_map import RegimeMap
from sim.report.drawing import Drawing
from sim.report.regime import answer, warnings
from sim.report.winners import winners_map
from sim.scenario import Scenario


@dataclass(frozen=True, repr=False)
class Map:
    """Who wins where, over two or three uncertainties.

    Attributes
    ----------
    found : RegimeMap
        All worlds.

    Examples
    --------
    >>> tiny.shares.columns.to_list()[:5]
    ['arm', 'won', 'share', 'low', 'high']
    """

    found: RegimeMap

    def __repr__(self) -> str:
        axes = ", ".join(axis.name for axis in self.found.axes)
        return f"Map of {self.found.scenario.slug}: {len(self.found.points)} worlds over {axes}"

    @property
    def shares(self) -> pd.DataFrame:
        """The share of the map that each arm wins, with its 90 % interval (Wilson), and where; "" is no clear winner.

        Examples
        --------
        >>> int(tiny.shares["won"].sum()) == len(tiny.worlds)
        True
        """
        frame = self.found.shares.copy()
        frame.attrs["units"] = {axis.name: axis.unit for axis in self.found.axes}
        return frame

    @property
    def worlds(self) -> pd.DataFrame:
        """One row a world: what was drawn, its place on the axes, the outcome of each arm, who wins.

        Examples
        --------
        >>> set(tiny.worlds["winner"]) <= {*tiny.shares["arm"]}
        True
        """
        frame, outcome = self.found.table.copy(), self.found.question.outcome
        frame.attrs["units"] = {axis.name: axis.unit for axis in self.found.axes} | {outcome.name: outcome.unit}
        return frame

    @property
    def told(self) -> list[str]:
        """What the map says in sentences, and what it rests on.

        Examples
        --------
        >>> "no strategy is better than every other beyond luck" in tiny.told[0]
        True
        """
        return [*answer(self.found), *warnings(self.found)]

    def plot(self) -> Drawing:
        """The map: worlds as dots, and between them in colour what most of the nearest worlds say.

        Returns
        -------
        Drawing
            Shown by a notebook as it is; `svg()` and `png()` give the bytes of a file.

        Examples
        --------
        >>> tiny.plot().svg()[:4]
        b'<svg'
        """
        return winners_map(self.found)


def drawn(scenario: Scenario, axes: Sequence[str], outcome: str, points: int | None, quick: bool, tell: Tell) -> Map:
    """Run all worlds of a map (see `sim.face.question.Question.map`)."""
    judge = one_of(scenario.slug, outcome, "outcome", questions.OUTCOMES)
    question = questions.asked(scenario, named(axes, scenario.known.parameters), judge, points, quick)
    with ThreadPoolExecutor(os.cpu_count()) as threads:
        return Map(regime_map.mapped(question, threads, tell))
