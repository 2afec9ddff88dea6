"""The Python face of many worlds: a study is read and run; questions to the store."""

from __future__ import annotations

import os
from collections.abc import Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from sim.face.findings import Findings, several
from sim.progress import Tell, quiet
from sim.sweep.asked import Asked
from sim.sweep.found import shown
from sim.sweep.query import ask
from sim.sweep.store import Store
from sim.sweep.sweep import LIMIT, Estimate
from sim.workers import working

STORE = "results/store"
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
        lucks = f"{luck.seeds} to {luck.most} lucks" if luck.most else several(luck.seeds, "luck")
        return f"Study {plan.name}: {several(len(plan.points), 'point')}, {several(len(shown(plan)), 'way')}, {lucks}"

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
            `runs`, `stored`, `failed`, `worlds`; `seconds` on so many workers, `size` in bytes of disk.

        Examples
        --------
        `small` is a study with 32 points, two arms and one luck, `folder` a store that has it.

        >>> ahead = small.ahead(folder)
        >>> ahead.runs, ahead.stored
        (0, 64)
        """
        kept = Store(Path(store))
        with kept.alone(), working(1, executor) as (pool, _):  # they are run one after another
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
            When another sweep writes to the store, the disk takes nothing, or the executor answers no more; for fewer
            workers than one.

        Notes
        -----
        Worker processes are begun by spawn: a script calls this under `if __name__ == "__main__":`.

        Examples
        --------
        >>> small.run(folder)
        Findings of small: 32 points, 2 ways, 0 failed runs
        """
        kept = Store(Path(store))
        with kept.alone(), working(workers, executor) as (pool, count):
            going = self.asked.sweep(kept, pool, count, limit, tell)
            going.first()
            return Findings(self.asked, self.asked.finish(going))
