"""The Python face of many worlds: a study is read, run and asked; questions to the store."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from concurrent.futures import Executor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from sim.experiment import Tell, quiet
from sim.face import one_of
from sim.report import sweep_figures as figures
from sim.report.drawing import Drawing
from sim.report.sweep import boxes_told
from sim.report.sweep_tables import box_frame
from sim.sweep import discovery
from sim.sweep.asked import Asked
from sim.sweep.found import Found
from sim.sweep.query import ask
from sim.sweep.sensitivity import sensitivity
from sim.sweep.store import Store
from sim.sweep.sweep import LIMIT, Estimate
from sim.workers import Workers

STORE = "results/store"
FIGURES = ("differences", "regret", "front", "sensitivity", "boxes")
Folder = str | os.PathLike[str]


def study(study: Folder, policies: Sequence[Folder] = ()) -> Study:
    """Read a study of many worlds: what is varied, how, and what is looked at.

    Parameters
    ----------
    study
        A TOML file, or the name of a study that comes along: "facilitation", "what_matters".
    policies
        Python files with policies, and perhaps rules, of your own.

    Returns
    -------
    Study

    Raises
    ------
    InputError
        When the file is wrong: what, where, what is allowed, and the nearest valid name.

    Notes
    -----
    Nothing is run. Designs and indices need `pip install 'swadaya[analysis]'`. Method: Lempert et al. (2003).

    Examples
    --------
    >>> import sim
    >>> sim.study("what_matters")
    Study what_matters: 448 points, 3 ways, 2 lucks
    """
    return Study(Asked.read(Path(study), [Path(file) for file in policies]))


def query(sql: str = "", store: Folder = STORE) -> pd.DataFrame:
    """Ask a store in SQL (DuckDB).

    Parameters
    ----------
    sql
        About the views `runs`, `points`, `failures`, `studies`, `stored`; empty: which studies are there.
    store
        Folder of the store.

    Returns
    -------
    DataFrame
        The answer; numbers have the units of the metrics that they are of.

    Raises
    ------
    InputError
        When there is no store, or DuckDB refuses the question; with its own words.

    Examples
    --------
    >>> import sim
    >>> sim.query("SELECT count(*) AS runs FROM runs", store="nowhere")
    Traceback (most recent call last):
    sim.errors.InputError: nowhere: there is no store; `swadaya sweep` makes one, or choose --store
    """
    return ask(Path(store), sql)


@contextmanager
def _workers(executor: Executor | None, workers: int | None) -> Iterator[tuple[Executor, int]]:
    """Where runs go, and how many at a time: processes of this machine, unless an executor is given."""
    count = workers or os.cpu_count() or 1
    if executor is not None:
        yield executor, count
        return
    with Workers(count) as own:
        yield own, count


@dataclass(frozen=True, repr=False)
class Study:
    """A checked study, ready to be run.

    Attributes
    ----------
    asked : Asked
        The study with its plan. Read-only.

    Examples
    --------
    >>> import sim
    >>> list(sim.study("what_matters").points)[:4]
    ['point', 'parameter_set', 'attends.invitation', 'attends.conformity']
    """

    asked: Asked

    def __repr__(self) -> str:
        plan, luck = self.asked.plan, self.asked.question.study.replications
        most = f" to {luck.most}" if luck.most else ""
        return f"Study {plan.name}: {len(plan.points)} points, {len(plan.ways)} ways, {luck.seeds}{most} lucks"

    @property
    def points(self) -> pd.DataFrame:
        """The worlds of the design, one row a point: parameter set and what is drawn.

        Examples
        --------
        >>> import sim
        >>> len(sim.study("facilitation").points)
        48
        """
        return self.asked.plan.table()

    def ahead(self, store: Folder = STORE, executor: Executor | None = None, workers: int | None = None) -> Estimate:
        """How much there is to run: three runs are made to know how long the others take, and nothing is stored.

        Parameters
        ----------
        store, executor, workers
            As for `run`.

        Returns
        -------
        Estimate
            `runs`, `stored`, `failed`, `worlds`; `seconds` on so many workers, `size` in bytes.

        Examples
        --------
        `small` is a study with 32 points, two arms and one luck, `folder` a store that has it.

        >>> ahead = small.ahead(folder)
        >>> ahead.runs, ahead.stored
        (0, 64)
        """
        kept = Store(Path(store))
        with kept.alone(), _workers(executor, 1) as (pool, _):  # they are run one after another
            return self.asked.sweep(kept, pool, workers or os.cpu_count() or 1).first(keep=False)

    def run(
        self,
        store: Folder = STORE,
        executor: Executor | None = None,
        workers: int | None = None,
        limit: float = LIMIT,
        tell: Tell = quiet,
    ) -> Findings:
        """Run what the store does not hold yet; after a stop the same call goes on from there.

        Parameters
        ----------
        store
            Folder of the store.
        executor
            Any `concurrent.futures.Executor`, as that of Dask or mpi4py; by default processes of this machine.
        workers
            How many runs go at a time (default: one a processor).
        limit
            Seconds that one run may last.
        tell
            Called as `tell(what, done, whole)` while work proceeds.

        Returns
        -------
        Findings
            The same, whatever was run when and where.

        Raises
        ------
        InputError
            When another sweep writes to the store, the disk takes nothing, or the executor answers no more.

        Notes
        -----
        Worker processes are begun by spawn: a script calls this under `if __name__ == "__main__":`.

        Examples
        --------
        >>> small.run(folder)
        Findings of small: 32 points, 2 ways, 0 failed runs
        """
        kept = Store(Path(store))
        with kept.alone(), _workers(executor, workers) as (pool, count):
            going = self.asked.sweep(kept, pool, count, limit, tell)
            going.first()
            going.record(self.asked.about(), self.asked.digest)  # so that the store can be asked meanwhile
            going.run()
            going.record(self.asked.about(), self.asked.digest)
        return Findings(self.asked, self.asked.found(going))


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
        return f"Findings of {found.name}: {len(found.points)} points, {len(found.ways)} ways, {failed} failed runs"

    def _known(self, name: str, kind: str, allowed: Sequence[str]) -> str:
        return one_of(self.found.name, name, kind, allowed)

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
        return self._marked(tables[self._known(name, "table", list(tables))].copy())

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
        empty = {"regret": found.regret.empty, "front": found.pareto.empty}
        self._known(figure, "figure", [name for name in FIGURES if not empty.get(name)])
        arm, metric = arm or found.ways[-1].arm, metric or found.metrics[0].name
        if figure == "boxes":
            return figures.boxed(found, discovery.discover(found, arm, than or found.versus, metric))
        if figure == "sensitivity":
            table = self.sensitivity()
            self._known(arm, "arm with indices", list(dict.fromkeys(table["arm"])))
            self._known(metric, "metric", list(dict.fromkeys(table["metric"])))
            return figures.indices(found, table[(table["arm"] == arm) & (table["metric"] == metric)])
        return {"differences": figures.differences, "regret": figures.regrets, "front": figures.front}[figure](found)
