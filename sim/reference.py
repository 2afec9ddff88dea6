"""The readable lane: the plan applied to plain Mesa agents, one by one, in plain Python."""

from __future__ import annotations

import math
from operator import attrgetter
from typing import Any

import mesa
import numpy as np

from sim.engine import aggregate, draw
from sim.engine.lane import outer
from sim.engine.plan import Keep, Plan, Sort, Step, drawn
from sim.engine.rule import (
    Aggregate,
    Ahead,
    ArgMax,
    End,
    Gini,
    Mean,
    Mode,
    Normal,
    Param,
    Quantile,
    Rank,
    Row,
    Rule,
    Same,
    Sum,
    TieMean,
    TieSum,
    TieTotal,
    Uniform,
)
from sim.engine.table import State
from sim.errors import NotFiniteError


class Plain(mesa.Agent):
    """An agent of the readable lane: plain attributes, named as the columns are."""


def attribute(column: str) -> str:
    """A column's name as an attribute's: a full stop would mean a step to another agent."""
    return column.replace(".", "·")


class MesaLane(mesa.Model):
    """The same plan, rule by rule and agent by agent, in plain Python: the reference that the compiled lane must equal.

    Parameters
    ----------
    plan
        The wired rules.
    state
        The world to start from; it is copied into agents and not changed.
    """

    def __init__(self, plan: Plan, state: State) -> None:
        super().__init__(rng=0)
        self.plan, self.start = plan, state.copy()
        self.rows: dict[str, list[Plain]] = {}
        self.watching: int | None = None
        for table, columns in plan.columns.items():
            values = state.arrays[table].T.tolist()
            self.rows[table] = [self._agent(columns, row) for row in values]
        self._relate()

    def _agent(self, columns: list[str], values: list[float]) -> Plain:
        agent = Plain(self)
        for name, value in zip(columns, values, strict=True):
            setattr(agent, attribute(name), value)
        return agent

    def _relate(self) -> None:
        layout = self.start.layout
        for v, village in enumerate(self.rows["village"]):
            village.nation, village.district = self.rows["nation"][0], self.rows["district"][layout.district_of[v]]
            for table in ("household", "group", "tie"):
                members = self.rows[table][layout.start[table][v] : layout.start[table][v + 1]]
                setattr(village, table, members)
                for member in members:
                    member.village, member.district, member.nation = village, village.district, village.nation
            first = layout.start["tie"][v]
            for t, tie in enumerate(village.tie):
                tie.ends = tuple(village.household[layout.ends[end, first + t]] for end in (0, 1))
                tie.first, tie.second = tie.ends
        for district in self.rows["district"]:
            district.nation = self.rows["nation"][0]

    def prepare(self, quarter: int, seed: int) -> None:
        """Make the quarter's draws, so that a timed step is the agents' own work."""
        for rule in self.plan.rules.values():
            for name, marker in rule.arguments:
                outside = rule.table.name in ("nation", "district") or quarter % rule.every
                if isinstance(marker, Normal | Uniform) and not outside:
                    self._draw(f"{rule.name}.{name}", marker, rule.table.name, quarter, seed)

    def _draw(self, name: str, marker: Normal | Uniform, table: str, quarter: int, seed: int) -> None:
        make = draw.normal if isinstance(marker, Normal) else draw.uniform
        for v, village in enumerate(self.rows["village"]):
            members = [village] if table == "village" else getattr(village, table)
            out = [0.0] * len(members)
            make(out, seed, draw.name_key(drawn(marker, name)), int(self.start.layout.places[v]), quarter)
            for member, value in zip(members, out, strict=True):
                setattr(member, attribute(name), value)

    def step_quarter(self, quarter: int, seed: int, parameters: np.ndarray, hold: np.ndarray) -> None:
        """One quarter, after `prepare`."""
        self._outer(quarter, seed, parameters, hold)
        self.value = dict(zip(self.plan.parameters, parameters.tolist(), strict=True))
        held = dict(zip(self.plan.rules, hold.tolist(), strict=True))
        for step in self.plan.steps:
            if step.table in ("nation", "district"):
                continue
            if isinstance(step.does, Rule):
                if not held[step.sets] and quarter % step.does.every == 0:
                    self._rule(step.does)
            elif isinstance(step.does, Keep):
                for agent in self.rows[step.table]:
                    setattr(agent, attribute(step.sets), getattr(agent, attribute(step.does.of.name)))
            elif quarter % getattr(step.does, "every", 1) == 0 or isinstance(step.does, Ahead):
                for village in self.rows["village"]:
                    self._aggregate(step, village)

    def _outer(self, quarter: int, seed: int, parameters: np.ndarray, hold: np.ndarray) -> None:
        state = self.state()
        outer(self.plan, state, quarter, seed, parameters, hold)
        for table in ("nation", "district"):
            for i, agent in enumerate(self.rows[table]):
                for name in self.plan.columns[table]:
                    setattr(agent, attribute(name), float(state[name][i]))

    def _rule(self, rule: Rule) -> None:
        """Apply a rule to every agent of its table."""
        name, function = rule.name, rule.function
        readers = [self._reader(rule, argument, marker) for argument, marker in rule.arguments]
        if self.watching is not None:
            self._watch(rule, readers)
        for agent in self.rows[rule.table.name]:
            setattr(agent, name, float(function(*[read(agent) for read in readers])))

    def fault(self, quarter: int, seed: int, parameters: np.ndarray, hold: np.ndarray) -> None:
        """Play a quarter and stop at the first value that is not finite.

        Raises
        ------
        NotFiniteError
            Naming rule, agent and arguments.
        """
        self.watching = quarter
        self.prepare(quarter, seed)
        self.step_quarter(quarter, seed, parameters, hold)

    def _watch(self, rule: Rule, readers: list[Any]) -> None:
        """Try a rule on every agent of its table, without setting anything."""
        names = [name for name, _ in rule.arguments]
        for row, agent in enumerate(self.rows[rule.table.name]):
            given = [read(agent) for read in readers]
            try:
                result: Any = rule.function(*given)
                found = "" if isinstance(result, int | float) and math.isfinite(result) else f"gave {result}"
            except ArithmeticError as error:
                found = f"failed ({error})"
            if found:
                told = ", ".join(f"{name}={value:.6g}" for name, value in zip(names, given, strict=True))
                raise NotFiniteError(
                    f"rule {rule.name} {found} for {rule.table.name} {row} in quarter {self.watching}: {told}"
                )

    def _reader(self, rule: Rule, argument: str, marker: Any) -> Any:
        """How one argument is read from an agent."""
        if isinstance(marker, Param | Same):
            value = self.value[getattr(marker, "name", f"{rule.name}.{argument}")]
            return lambda agent: value
        if isinstance(marker, Normal | Uniform):
            return attrgetter(attribute(f"{rule.name}.{argument}"))
        if isinstance(marker, Row):
            at = self._reader(rule, argument, marker.at)
            of = attrgetter(attribute(self.plan.source(marker.of, rule.name)))
            home = attrgetter("village") if rule.table.name != "village" else lambda agent: agent
            table = self.plan.home(marker.of, rule.name)
            return lambda agent: of(getattr(home(agent), table)[int(at(agent))])
        if isinstance(marker, End):
            return attrgetter(f"{('first', 'second')[marker.end]}.{attribute(self.plan.source(marker.of, rule.name))}")
        if isinstance(marker, Aggregate):
            name, table = str(marker), self.plan.target(marker, rule.table)
        else:
            name, table = self.plan.source(marker, rule.name), self.plan.home(marker, rule.name)
        return attrgetter(attribute(name) if table == rule.table.name else f"{table}.{attribute(name)}")

    def _column(self, village: Plain, reading: Any, reader: str, like: list[Plain] | None = None) -> list[float]:
        if reading is None:
            return [1.0] * len(like or [])
        table = self.plan.home(reading, reader)
        return [getattr(a, attribute(self.plan.source(reading, reader))) for a in getattr(village, table)]

    def _aggregate(self, step: Step, village: Any) -> None:
        """One aggregate of one village, by the same plain functions that the compiled lane compiles."""
        marker: Any = step.does
        of = self._column(village, marker.of, step.sets)
        like = getattr(village, self.plan.home(marker.of, step.sets))
        if isinstance(marker, Sum):
            weight, where = (self._column(village, r, step.sets, like) for r in (marker.weight, marker.where))
            if marker.by is not None:
                out, kind = [0.0] * len(village.group), self._column(village, marker.by, step.sets)
                if isinstance(marker, Mean):
                    aggregate.mean_by(of, weight, where, kind, out, [0.0] * len(out))
                else:
                    aggregate.total_by(of, weight, where, kind, out)
                self._spread(village.group, step.sets, out)
                return
            result = (aggregate.mean if isinstance(marker, Mean) else aggregate.total)(of, weight, where)
        elif isinstance(marker, Gini):
            result = aggregate.gini(of, self._column(village, marker.weight, step.sets, like))
        elif isinstance(marker, Quantile):
            result = aggregate.quantile(of, self._column(village, marker.weight, step.sets, like), marker.at)
        elif isinstance(marker, ArgMax | Mode):
            result = (aggregate.argmax if isinstance(marker, ArgMax) else aggregate.mode)(of)
        else:
            self._into(step, village, marker, of)
            return
        setattr(village, attribute(step.sets), result)

    def _into(self, step: Step, village: Any, marker: Any, of: list[float]) -> None:
        """Aggregates that give each household a value of its own."""
        out, places = [0.0] * len(village.household), {id(a): i for i, a in enumerate(village.household)}
        first, second = ([places[id(tie.ends[end])] for tie in village.tie] for end in (0, 1))
        if isinstance(marker, Sort):
            aggregate.sort_into(of, out)
        elif isinstance(marker, Ahead):
            aggregate.ahead(of, self._column(village, str(Sort(marker.by, marker.every)), step.sets), out)
        elif isinstance(marker, Rank):
            aggregate.rank(self._column(village, str(Sort(marker.of, marker.every)), step.sets), out)
        elif isinstance(marker, TieSum):
            aggregate.tie_sum(of, first, second, out)
        elif isinstance(marker, TieTotal):
            aggregate.tie_total(of, first, second, out)
        elif isinstance(marker, TieMean):
            weight = self._column(village, marker.weight, step.sets, village.tie)
            aggregate.tie_mean(of, weight, first, second, out, [0.0] * len(out))
        self._spread(village.household, step.sets, out)

    @staticmethod
    def _spread(agents: list[Any], name: str, values: list[float]) -> None:
        for agent, value in zip(agents, values, strict=True):
            setattr(agent, attribute(name), value)

    def state(self) -> State:
        """The world as arrays, for comparison with the compiled lane."""
        state = self.start.copy()
        for table, columns in self.plan.columns.items():
            for i, name in enumerate(columns):
                get = attrgetter(attribute(name))
                state.arrays[table][i] = [get(agent) for agent in self.rows[table]]
        return state
