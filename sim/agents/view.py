"""Views: the rows of a state as Mesa agents, made when somebody first asks for them.

A view is a model and a row. Its attributes are the columns of that row: reading and writing them reads and writes the
state that the rules work on, through the model, so that views of a copied model belong to the copy. A column that a
rule or a policy sets is set again in the next quarter; `describe` says by whom. Rows are for ever: nobody is born or
dies, so a view cannot be removed, and no other attribute can be set on it.
"""

from __future__ import annotations

import math
from abc import abstractmethod
from collections.abc import Iterator
from typing import Any, ClassVar, NamedTuple, NoReturn, TypeVar

import mesa
import numpy as np
import pandas as pd

from sim.agents.institutions import COUNCIL, SAVINGS_GROUP, SERVICE_AGENCY
from sim.engine.plan import Plan
from sim.engine.table import State
from sim.nearest import did_you_mean

LARGEST = 1_000_000  # households: in Mesa's lists each takes 0.4 to 0.7 kB, and 10 microseconds to make


class UnknownColumn(AttributeError):
    """A view does not have this column. The message names the nearest one, and is made only when somebody reads it."""

    def __init__(self, kind: type[Row], name: str, home: str | None, columns: tuple[str, ...]) -> None:
        super().__init__(kind, name, home, columns)

    def __str__(self) -> str:
        kind, name, home, columns = self.args
        if home not in (None, kind.table):
            return f"{kind.__name__} has no column {name}: it belongs to the {home}"
        public = [other for other in dir(kind) if not other.startswith("_")]
        return f"{kind.__name__} has no column {name}{did_you_mean(name, [*columns, *public])}"


class Row:
    """One row of a table; its attributes are the row's columns.

    Attributes
    ----------
    table
        The table it lies in.
    own
        The columns that it shows; none named means all of the table.
    """

    table: ClassVar[str]
    own: ClassVar[tuple[str, ...]] = ()
    model: ViewedModel
    row: int

    def __init__(self, model: ViewedModel, row: int) -> None:
        rows = model.state.layout.rows(self.table)
        if not 0 <= row < rows:
            raise IndexError(f"there is no {type(self).__name__} {row}: rows run from 0 to {rows - 1}")
        vars(self).update(model=model, row=row)

    def __getattr__(self, name: str) -> float:
        # Copying and unpickling ask an empty view for special names: it has no model yet.
        if name.startswith("__") or "model" not in vars(self):
            raise AttributeError(name)
        return float(self.model.state.arrays[self.table][self._column(name), self.row])

    def __setattr__(self, name: str, value: Any) -> None:
        if name in vars(self) or hasattr(type(self), name):
            raise AttributeError(f"{self!r}.{name} cannot be set")
        column, number = self._column(name), float(value)
        about = self.model.plan.rules.get(name) or self.model.plan.given.get(name)
        low, high, unit = (about.low, about.high, about.unit) if about else (-math.inf, math.inf, "")
        if not (math.isfinite(number) and low <= number <= high):
            raise ValueError(f"{self!r}.{name} = {number} lies outside [{low}, {high}] ({unit})")
        self.model.state.arrays[self.table][column, self.row] = number

    def __dir__(self) -> list[str]:
        return sorted({*super().__dir__(), *self.columns})

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.row}>"

    def _column(self, name: str) -> int:
        home, column = self.model.state.index.get(name, (None, 0))
        if home != self.table or (self.own and name not in self.own):
            raise UnknownColumn(type(self), name, home, self.columns)
        return column

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of the columns that the row shows, in the order of the plan; the engine's own totals are left out."""
        plan = self.model.plan
        return self.own or tuple(name for name in plan.columns[self.table] if name in plan.table_of)

    def describe(self) -> pd.DataFrame:
        """Each column's value, unit and meaning, and who sets it: a mechanism, the policies, or the population."""
        plan, lines = self.model.plan, {}
        for name in self.columns:
            about: Any = plan.rules.get(name) or plan.given[name]
            setter = about.mechanism if name in plan.rules else ("policies" if about.lever else "population")
            lines[name] = (getattr(self, name), about.unit, about.meaning, setter)
        return pd.DataFrame.from_dict(lines, orient="index", columns=["value", "unit", "meaning", "set_by"])


class Village(Row):
    """A village: the place where everything happens. No agent of its own; it holds the policies' levers.

    A lever can be written, but the policies write all levers anew at the beginning of each quarter.
    """

    table = "village"

    @property
    def code(self) -> str:
        """The village's code in the population."""
        return self.model.state.layout.codes[self.row]

    @property
    def district(self) -> DistrictAgency:
        """The agency of its district."""
        return self.model.view(DistrictAgency, int(self.model.state.layout.district_of[self.row]))

    @property
    def households(self) -> list[Household]:
        """All its households."""
        return [self.model.view(Household, row) for row in self.rows("household")]

    @property
    def cooperatives(self) -> list[Cooperative]:
        """Its co-operative groups: farming, livestock and fishing, trade and crafts, services."""
        return [self.model.view(Cooperative, row) for row in self.rows("group")]

    @property
    def council(self) -> Council:
        """Its council."""
        return self.model.view(Council, self.row)

    @property
    def savings_group(self) -> SavingsGroup:
        """Its savings group."""
        return self.model.view(SavingsGroup, self.row)

    @property
    def service_agency(self) -> ServiceAgency:
        """Its school and health post."""
        return self.model.view(ServiceAgency, self.row)

    def rows(self, table: str) -> range:
        """Its rows in a nested table."""
        start = self.model.state.layout.start[table]
        return range(int(start[self.row]), int(start[self.row + 1]))


class View(Row, mesa.Agent):
    """A row as a Mesa agent.

    Mesa's own constructor is left out: Mesa 3.3 counts agents in a dictionary that keeps every model alive.
    """

    def __init__(self, model: ViewedModel, row: int) -> None:
        Row.__init__(self, model, row)
        self.unique_id = model.first_id(type(self)) + row

    def __setattr__(self, name: str, value: Any) -> None:
        if name == "unique_id":  # Mesa 3.5 numbers the agents when they are registered
            vars(self)[name] = value  # type: ignore[index]
        else:
            super().__setattr__(name, value)

    @property
    def pos(self) -> Village | None:
        """Where it is: its village, or nowhere for those above the villages."""
        return None

    def remove(self) -> NoReturn:
        """Refused."""
        raise TypeError(f"{self!r} is a row of the world and cannot be removed; rows are for ever")

    @classmethod
    def create_agents(cls, model: mesa.Model, n: int, *args: Any, **kwargs: Any) -> NoReturn:
        """Refused."""
        raise TypeError(f"the rows of a world are fixed by its population; no {cls.__name__} can be added")


class Local(View):
    """An agent that lives or works in one village."""

    @property
    def village(self) -> Village:
        """The village, which it never leaves."""
        start = self.model.state.layout.start.get(self.table)
        row = self.row if start is None else int(np.searchsorted(start, self.row, "right")) - 1
        return self.model.view(Village, row)

    @property
    def pos(self) -> Village:
        """Where it is: its village."""
        return self.village

    @property
    def households(self) -> list[Household]:
        """All households of the village."""
        return self.village.households


class Tie(NamedTuple):
    """A household's tie: with whom, and how strong (0 to 1)."""

    neighbour: Household
    strength: float


class Household(Local):
    """A household. Flows are z per person and quarter, stocks z per person."""

    table = "household"

    @property
    def ties(self) -> list[Tie]:
        """Its ties with other households of the village."""
        home, state = self.village, self.model.state
        first, rows = home.rows("household").start, home.rows("tie")
        ends = state.layout.ends[:, rows.start : rows.stop]
        strength = state["strength"][rows.start : rows.stop]
        end, tie = np.nonzero(ends == self.row - first)
        others = (first + ends[1 - end, tie]).tolist()
        return [Tie(self.model.view(Household, row), s) for row, s in zip(others, strength[tie].tolist(), strict=True)]

    @property
    def cooperative(self) -> Cooperative:
        """The co-operative group of its main activity; it takes part when it attends."""
        return self.village.cooperatives[int(self.activity)]


class Cooperative(Local):
    """The co-operative group of one kind of activity in one village."""

    table = "group"

    @property
    def members_list(self) -> list[Household]:
        """The households that make up `members`: of this activity, and attending."""
        return [h for h in self.households if h.activity == self.kind and h.attends]


class Council(Local):
    """The village council and its meeting."""

    table, own = "village", COUNCIL


class SavingsGroup(Local):
    """The rotating savings group (arisan)."""

    table, own = "village", SAVINGS_GROUP

    @property
    def members_list(self) -> list[Household]:
        """The households that are members."""
        return [h for h in self.households if h.member]


class ServiceAgency(Local):
    """School and health post."""

    table, own = "village", SERVICE_AGENCY


class DistrictAgency(View):
    """The district's agency, which trains and sends facilitators."""

    table = "district"

    @property
    def villages(self) -> list[Village]:
        """The villages of the district."""
        rows = np.flatnonzero(self.model.state.layout.district_of == self.row).tolist()
        return [self.model.view(Village, row) for row in rows]


class Nation(View):
    """What all villages share: outside markets, and numbers that several rules read."""

    table = "nation"

    @property
    def districts(self) -> list[DistrictAgency]:
        """All districts."""
        return [self.model.view(DistrictAgency, row) for row in range(self.model.state.layout.districts)]


AGENTS: tuple[type[View], ...] = (Nation, DistrictAgency, Council, SavingsGroup, ServiceAgency, Cooperative, Household)
Kind = TypeVar("Kind", bound=Row)


class ViewedModel(mesa.Model):
    """A Mesa model whose agents are views on the rows of its state; a run that asks for none makes none."""

    state: State

    def __init__(self, *, rng: int) -> None:
        super().__init__(rng=rng)
        self._views: dict[type[Row], dict[int, Any]] = {}
        self._registered = False

    @property
    @abstractmethod
    def plan(self) -> Plan:
        """The wired rules; they say what a column means."""

    def view(self, kind: type[Kind], row: int) -> Kind:
        """The view on one row, the same object each time; works at any size.

        Parameters
        ----------
        kind
            Household, Village, Council, SavingsGroup, ServiceAgency, Cooperative, DistrictAgency or Nation.
        row
            Number of the row in the table, from 0.
        """
        made = self._views.setdefault(kind, {})
        if row not in made:
            made[row] = kind(self, row)
        return made[row]

    def first_id(self, kind: type[View]) -> int:
        """The number of a kind's first agent, as Mesa counts: from 1, kind by kind."""
        before = AGENTS[: AGENTS.index(kind)] if kind in AGENTS else ()
        return 1 + sum(self.state.layout.rows(other.table) for other in before)

    def _register(self) -> None:
        """Make every view and register it with Mesa, once."""
        if self._registered:
            return
        count = self.state.layout.rows("household")
        if count > LARGEST:
            raise RuntimeError(
                f"{count} households are too many to list as agents (the most is {LARGEST}): "
                "read whole columns from model.state, or single agents with model.view(Household, row)"
            )
        self._registered = True
        for agent in self._all_views():
            self.register_agent(agent)

    def _all_views(self) -> Iterator[View]:
        for kind in AGENTS:
            for row in range(self.state.layout.rows(kind.table)):
                yield self.view(kind, row)

    @property
    def agents(self) -> Any:
        """All agents, kind by kind and row by row; use list(), not indexing."""
        self._register()
        return super().agents

    @property
    def agents_by_type(self) -> Any:
        """The agents of each kind."""
        self._register()
        return super().agents_by_type

    @property
    def agent_types(self) -> list[type]:
        """The kinds of agents."""
        self._register()
        return super().agent_types
