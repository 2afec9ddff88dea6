"""Tables: where agents live. One 2-D array a table, [column, row]; an agent is a row."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

INFINITY = float("inf")


@dataclass(frozen=True)
class Column:
    """A column that no rule sets: it is given with the population, or written by policies (a lever)."""

    name: str
    unit: str
    meaning: str
    low: float = -INFINITY
    high: float = INFINITY
    lever: bool = False
    neutral: float = 0.0


@dataclass(frozen=True)
class Table:
    """A kind of agent: what it belongs to and the columns it is born with."""

    name: str
    parent: Table | None = None
    columns: tuple[Column, ...] = ()

    def ancestors(self) -> Iterator[Table]:
        """The table itself, then what it belongs to, up to the nation."""
        table: Table | None = self
        while table is not None:
            yield table
            table = table.parent


@dataclass(frozen=True)
class Layout:
    """How many rows there are and who belongs to whom; never changes during a run.

    Villages are the unit of everything: ``start[table][v]`` is the first row of village ``v`` in a nested table.
    """

    codes: tuple[str, ...]
    district_of: np.ndarray
    districts: int
    start: Mapping[str, np.ndarray]
    ends: np.ndarray  # [2, ties]: rows of the two households, counted inside their village
    places: np.ndarray = field(repr=False, default_factory=lambda: np.empty(0, np.uint64))

    @cached_property
    def longest(self) -> int:
        """Rows of the longest nested table of any village."""
        return max(int(np.diff(start).max()) for start in self.start.values())

    def rows(self, table: str) -> int:
        """Number of rows of a table."""
        if table == "nation":
            return 1
        if table == "district":
            return self.districts
        return len(self.codes) if table == "village" else int(self.start[table][-1])


class State:
    """Every number of a world at one moment: an array [column, row] a table."""

    def __init__(self, names: Mapping[str, Sequence[str]], layout: Layout) -> None:
        self.layout = layout
        self.index = {name: (table, i) for table, columns in names.items() for i, name in enumerate(columns)}
        self.arrays = {table: np.zeros((len(columns), layout.rows(table))) for table, columns in names.items()}

    def __getitem__(self, name: str) -> np.ndarray:
        """The column of that name, as a view: writing into it changes the world."""
        table, i = self.index[name]
        return self.arrays[table][i]

    def __setitem__(self, name: str, values: object) -> None:
        self[name][:] = values

    def copy(self) -> State:
        """A branch: the same world from here on, independent of this one."""
        twin = object.__new__(State)
        twin.layout, twin.index = self.layout, self.index
        twin.arrays = {table: array.copy() for table, array in self.arrays.items()}
        return twin
