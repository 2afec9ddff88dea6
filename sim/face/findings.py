"""What a study of many worlds came to, from Python: tables, indices, boxes and figures."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from sim.face import one_of
from sim.report import sweep_figures as figures
from sim.report.drawing import Drawing
from sim.report.sweep_answer import boxes_told
from sim.report.sweep_tables import box_frame
from sim.sweep import discovery
from sim.sweep.asked import Asked
from sim.sweep.found import Found
from sim.sweep.sensitivity import sensitivity

FIGURES = ("differences", "regret", "front", "sensitivity", "boxes")


def several(count: int, thing: str) -> str:
    """So many of a thing, for a representation."""
    return f"{count} {thing}{'s' * (count != 1)}"


@dataclass(frozen=True, repr=False)
class Findings:
    """What a study came to. Differences are paired: under the same levers and lucks in the same world.

    Attributes
    ----------
    asked : Asked
        The study.
    found : Found
        All that was found.

    Examples
    --------
    >>> findings.table("ways").columns.to_list()[:5]
    ['metric', 'arm', 'way', 'points', 'mean']
    """

    asked: Asked
    found: Found

    def __repr__(self) -> str:
        found = self.found
        failed = int(found.result["failed"].sum())
        told = (len(found.points), "point"), (len(found.ways), "way"), (failed, "failed run")
        return f"Findings of {found.name}: {', '.join(several(*one) for one in told)}"

    def _marked(self, frame: pd.DataFrame) -> pd.DataFrame:
        frame.attrs["units"] = {one.name: one.unit for one in self.found.metrics}
        return frame

    def table(self, name: str = "ways") -> pd.DataFrame:
        """One table.

        Parameters
        ----------
        name
            "ways" (what each way comes to in each metric, and its difference from the arm of comparison), "regret"
            and "front" (among ways at equal cost), "runs" (one row a run), "points".

        Returns
        -------
        DataFrame
            A copy; `attrs["units"]` has the unit of each metric.

        Raises
        ------
        InputError
            When there is no such table.

        Examples
        --------
        >>> findings.table("ways").attrs["units"]
        {'headcount': '% of persons'}
        >>> len(findings.table("runs"))
        64
        """
        found = self.found
        tables = {"ways": found.table, "regret": found.regret, "front": found.pareto, "runs": found.result}
        tables["points"] = found.plan.table()
        return self._marked(tables[one_of(found.name, name, "table", tables)].copy())

    def sensitivity(self) -> pd.DataFrame:
        """Which uncertain numbers decide: Sobol indices or Morris' effects, with bootstrap intervals of 90 %.

        Returns
        -------
        DataFrame
            One row a metric, way and uncertainty. Sobol: `first` (share of variance that it decides alone) and `total`
            (with all that it acts together with); Morris: `mu_star` and `sigma`, in the metric's unit. `*_reach` are
            half-widths.

        Raises
        ------
        InputError
            When the design is neither "saltelli" nor "morris".

        Notes
        -----
        Saltelli et al. (2010), Campolongo et al. (2007), by SALib.

        Examples
        --------
        >>> findings.sensitivity()["uncertainty"].to_list()
        ['attends.invitation', 'output.works_gain']
        """
        return self._marked(sensitivity(self.found, self.asked.question.study.design))

    def boxes(self, better: str, than: str = "", metric: str = "") -> pd.DataFrame:
        """Under which conditions one arm beats another: boxes by patient rule induction.

        Parameters
        ----------
        better, than
            Arms; by default against the study's arm of comparison.
        metric
            In what; by default the study's first metric.

        Returns
        -------
        DataFrame
            One row a box: `where` in words, and as shares `coverage` (of all cases), `density` (of its points),
            `held_back` (density in points that took no part in finding it) and `mass` (of all points); no row where
            no number tells. `attrs["told"]` says it in sentences.

        Raises
        ------
        InputError
            For an unknown arm or metric, or fewer than 30 points.

        Notes
        -----
        Friedman and Fisher (1999), Bryant and Lempert (2010).

        Examples
        --------
        >>> findings.boxes("locality_development").columns.to_list()
        ['where', 'coverage', 'density', 'held_back', 'mass']
        """
        conditions = discovery.discover(self.found, better, than or self.found.versus, metric)
        frame = self._marked(box_frame(conditions))
        frame.attrs["told"] = boxes_told(self.found, conditions)
        return frame

    def plot(self, figure: str = "differences", arm: str = "", than: str = "", metric: str = "") -> Drawing:
        """A figure of the study's pages.

        Parameters
        ----------
        figure
            "differences" (of each way from the arm of comparison), "regret", "front", "sensitivity" or "boxes".
        arm, than, metric
            For "sensitivity" of which arm and metric, for "boxes" which arm beats which, in what. By default the last
            arm, the study's arm of comparison, its first metric.

        Returns
        -------
        Drawing
            Shown by a notebook as it is; `svg()` and `png()` give the bytes of a file.

        Raises
        ------
        InputError
            When there is no such figure or arm, or nothing to be drawn in it.

        Examples
        --------
        >>> findings.plot("boxes", "locality_development").svg()[:4]
        b'<svg'
        """
        found = self.found
        empty = {"differences": figures.apart(found).empty, "regret": found.regret.empty, "front": found.pareto.empty}
        one_of(found.name, figure, "figure", [name for name in FIGURES if not empty.get(name)])
        arm, metric = arm or found.ways[-1].arm, metric or found.metrics[0].name
        if figure == "boxes":
            return figures.boxed(found, discovery.discover(found, arm, than or found.versus, metric))
        if figure == "sensitivity":
            table = self.sensitivity()
            one_of(found.name, arm, "arm with indices", list(dict.fromkeys(table["arm"])))
            one_of(found.name, metric, "metric", list(dict.fromkeys(table["metric"])))
            return figures.indices(found, table[(table["arm"] == arm) & (table["metric"] == metric)])
        return {"differences": figures.differences, "regret": figures.regrets, "front": figures.front}[figure](found)
