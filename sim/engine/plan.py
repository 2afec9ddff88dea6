"""The plan: from the rules' signatures to the order of the quarter and the columns of every table.

A name that is set in the quarter is read after it is set; `Last` reads before, or from a copy kept for it. Where the
wiring leaves a choice, rules stand in the order in which they were given.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from graphlib import CycleError, TopologicalSorter
from typing import Any

from sim.nearest import did_you_mean

from .draw import name_key
from .rule import (
    Aggregate,
    Ahead,
    End,
    Last,
    Normal,
    Param,
    Rank,
    Reading,
    Row,
    Rule,
    Same,
    Sum,
    TieMean,
    TieSum,
    TieTotal,
    Uniform,
)
from .table import Column, Table


@dataclass(frozen=True)
class Sort:
    """The order of a village's agents by one column, refreshed every so many quarters."""

    of: Reading
    every: int

    def __str__(self) -> str:
        return f"Order({self.of}, every={self.every})"


@dataclass(frozen=True)
class Keep:
    """A copy of last quarter's values, for those who read them after the column is set anew."""

    of: Last

    def __str__(self) -> str:
        return str(self.of)


@dataclass(frozen=True)
class Step:
    """One line of the plan: what is set, in which table, and how."""

    sets: str
    table: str
    does: Rule | Aggregate | Sort | Keep


def drawn(marker: Normal | Uniform, own: str) -> str:
    """The name by which a draw is keyed: its own, or that of the rule whose draw it is."""
    return getattr(marker, "of", "") or own


class PlanError(ValueError):
    """The rules cannot be wired: names the rule and what would fit."""


class Plan:
    """Rules wired by name.

    Attributes
    ----------
    steps : list of Step
        The order of the quarter; `outer` (nation, district) come first and read last quarter's totals.
    columns : dict
        Table name -> column names, in the order of the state's arrays.
    parameters : dict
        Full name -> Param.
    initial : list of str
        Columns whose value at the start somebody must give.
    """

    def __init__(self, tables: Sequence[Table], rules: Iterable[Rule]) -> None:
        self.tables = {table.name: table for table in tables}
        self.rules: dict[str, Rule] = {}
        self.given: dict[str, Column] = {c.name: c for table in tables for c in table.columns}
        self.table_of: dict[str, str] = {c.name: table.name for table in tables for c in table.columns}
        for rule in rules:
            if rule.name in self.table_of:
                raise PlanError(f"the name {rule.name} is set twice: a column has one rule")
            self.rules[rule.name] = rule
            self.table_of[rule.name] = rule.table.name
        self._check_draws()
        self.parameters = {name: p for rule in self.rules.values() for name, p in rule.parameters.items()}
        self._nodes: dict[str, Step] = {}
        self._needs: dict[str, list[Reading]] = {}
        self._priority: dict[str, float] = {}
        for i, rule in enumerate(self.rules.values()):
            self._add(Step(rule.name, rule.table.name, rule), list(self._wire(rule, i)), float(i))
        self.steps = self._order()
        self.columns: dict[str, list[str]] = {name: [] for name in self.tables}
        for name, table in [
            *self.table_of.items(),
            *((s.sets, s.table) for s in self.steps if s.sets not in self.table_of),
        ]:
            self.columns[table].append(name)
        for rule in self.rules.values():
            self.columns[rule.table.name] += [
                f"{rule.name}.{a}" for a, m in rule.arguments if isinstance(m, Normal | Uniform)
            ]
        remembered = {r.name for needs in self._needs.values() for r in needs if isinstance(r, Last)}
        self.initial = [n for n in self.table_of if n in remembered or n in self.given]
        self.initial = [n for n in self.initial if n not in self.given or not self.given[n].lever]

    def unit(self, name: str) -> tuple[str, float, float]:
        """Unit and bounds of a column."""
        about = self.rules.get(name) or self.given[name]
        return about.unit, about.low, about.high

    @cached_property
    def outer_steps(self) -> list[tuple[Step, list[tuple[str, object]], int]]:
        """Steps of nation and districts: how each argument is read, and the rule's place among the flags of `hold`."""
        steps = [step for step in self.steps if step.table in ("nation", "district")]
        return [(step, self._outer_reads(step), [*self.rules, step.sets].index(step.sets)) for step in steps]

    def _outer_reads(self, step: Step) -> list[tuple[str, object]]:
        reads: list[tuple[str, object]] = []
        for name, marker in step.does.arguments if isinstance(step.does, Rule) else ():
            full = f"{step.sets}.{name}"
            if isinstance(marker, Param | Same):
                reads.append(("parameter", list(self.parameters).index(getattr(marker, "name", full))))
            elif isinstance(marker, Normal | Uniform):
                reads.append((type(marker).__name__.lower(), name_key(drawn(marker, full))))
            elif isinstance(marker, Aggregate):
                reads.append(("column", f"{step.table}: {marker}"))
            else:
                assert isinstance(marker, str | Last)
                reads.append(("column", self.source(marker, step.sets)))
        return reads

    def source(self, reading: Reading, reader: str) -> str:
        """The column that a reading means to the setter of `reader`: the copy where one is kept for it."""
        if isinstance(reading, Last):
            return str(reading) if reading.name in self.kept and reading.name != reader else reading.name
        return reading

    def _check_draws(self) -> None:
        keys: dict[int, str] = {}
        for rule in self.rules.values():
            for argument, marker in rule.arguments:
                if isinstance(marker, Normal | Uniform):
                    name = drawn(marker, f"{rule.name}.{argument}")
                    other = keys.setdefault(name_key(name), name)
                    if other != name:
                        raise PlanError(f"the draws {name} and {other} have the same key; rename one of them")

    def _add(self, step: Step, needs: list[Reading], priority: float) -> None:
        if step.sets not in self._nodes:
            self._nodes[step.sets], self._needs[step.sets], self._priority[step.sets] = step, needs, priority

    def _wire(self, rule: Rule, place: int) -> Iterable[Reading]:
        """The columns that a rule waits for; its aggregates become steps of their own."""
        for argument, marker in rule.arguments:
            if isinstance(marker, Param | Normal | Uniform):
                continue
            where = f"rule {rule.name}, argument {argument}"
            if isinstance(marker, Same):
                if marker.name not in self.parameters:
                    near = did_you_mean(marker.name, self.parameters)
                    raise PlanError(f"{where}: there is no parameter {marker.name}{near}")
                continue
            if isinstance(marker, str | Last):
                self._reachable(marker, rule.table, where)
                yield marker
            elif isinstance(marker, Row | End):
                self._fits(marker, rule.table, where)
                yield from marker.readings()
                if isinstance(at := getattr(marker, "at", None), Aggregate):
                    yield self._aggregate(at, rule.table, where, place - 0.5)
            else:
                yield self._aggregate(marker, rule.table, where, place - 0.5)

    def _aggregate(self, marker: Any, reader: Table, where: str, priority: float) -> str:
        self._fits(marker, reader, where)
        needs = marker.readings()
        if isinstance(marker, Ahead | Rank):
            by = marker.by if isinstance(marker, Ahead) else marker.of
            sort = Sort(by, marker.every)
            self._add(Step(str(sort), self.home(by, where), sort), [by], priority)
            needs = [str(sort), *([marker.of] if isinstance(marker, Ahead) else [])]
        target = self.target(marker, reader)
        name = str(marker) if target not in ("nation", "district") else f"{target}: {marker}"
        self._add(Step(name, target, marker), needs, priority)
        return name

    def _fits(self, marker: Aggregate, reader: Table, where: str) -> None:
        """Refuse an aggregate that a reader has no place for, or whose columns do not lie where it looks for them."""
        outer, target = reader.name in ("nation", "district"), self.target(marker, reader)
        if outer and (not isinstance(marker, Sum) or marker.by is not None):
            raise PlanError(f"{where}: a {reader.name} reads Sum and Mean over its villages, not {marker}")
        if target not in [table.name for table in reader.ancestors()]:
            raise PlanError(f"{where}: {marker} gives one value a {target}, and a {reader.name} cannot read that")
        if isinstance(marker, Row) and not isinstance(marker.at, Aggregate):
            self._reachable(marker.at, reader, where)
        first = self.home(marker.of, where)
        for name in ("of", "where", "weight", "by"):
            reading = getattr(marker, name, None)
            fitting = (first,) if first in ("household", "group", "tie") else ("household", "group", "tie")
            if outer:
                fitting = ("village",)
            elif isinstance(marker, TieSum | TieTotal) or (isinstance(marker, TieMean) and name == "weight"):
                fitting = ("tie",)
            elif isinstance(marker, Ahead | Rank | TieMean | End) or getattr(marker, "by", None) is not None:
                fitting = ("household",)
            if reading is not None and (found := self.home(reading, where)) not in fitting:
                kinds = " or ".join(fitting)
                raise PlanError(f"{where}: {marker} needs a column of a {kinds}; {reading} is one of a {found}")

    def target(self, marker: Aggregate, reader: Table) -> str:
        """The table that holds the result of an aggregate which an agent of `reader` asks for."""
        if isinstance(marker, Ahead | Rank | TieSum | TieTotal | TieMean):
            return "household"
        if isinstance(marker, End):
            return "tie"
        if isinstance(marker, Sum) and marker.by is not None:
            return "group"
        return reader.name if reader.name in ("nation", "district") else "village"

    def home(self, reading: Reading, where: str) -> str:
        """The table of a column; an unknown name is refused with the nearest known one."""
        name = reading.name if isinstance(reading, Last) else reading
        table = self.table_of.get(name) or (self._nodes[name].table if name in getattr(self, "_nodes", {}) else None)
        if table is None:
            raise PlanError(f"{where}: there is no column {name}{did_you_mean(name, self.table_of)}")
        return table

    def _reachable(self, reading: Reading, reader: Table, where: str) -> None:
        home = self.home(reading, where)
        if home not in [table.name for table in reader.ancestors()]:
            raise PlanError(f"{where}: a {reader.name} cannot read a column of a {home} but through an aggregate")

    def _order(self) -> list[Step]:
        """Topological order; lowest priority number first among those that are free."""
        nodes = self._nodes
        before: dict[str, set[str]] = {name: set() for name in nodes}
        for name, needs in self._needs.items():
            for need in needs:
                if isinstance(need, str) and need in nodes and not self._outer(need):
                    if self._outer(name):
                        raise PlanError(f"{name} acts before the villages do: it must read Last({need!r})")
                    before[name].add(need)
                elif isinstance(need, str) and need in nodes:
                    before[name].add(need)
        kept: set[str] = set()
        for name, needs in list(self._needs.items()):
            for need in needs:
                if isinstance(need, Last) and need.name in nodes and need.name != name:
                    if self._outer(name) and not self._outer(need.name):
                        continue
                    inner_reads_outer = self._outer(need.name) and not self._outer(name)
                    if inner_reads_outer or self._comes_before(need.name, name, before):
                        kept.add(need.name)
                    else:
                        before[need.name].add(name)
        for name in kept:
            keep = Keep(Last(name))
            nodes[str(keep)] = Step(str(keep), self.table_of[name], keep)
            self._priority[str(keep)], before[str(keep)] = -1.0, set()
            before[name].add(str(keep))
        self.kept = kept
        return self._sorted(before)

    def joins(self, last: Step, step: Step) -> bool:
        """Whether two sums run over the same rows, so that one loop can make both."""
        both = [s.does for s in (last, step) if isinstance(s.does, Sum) and s.does.by is None and s.table == "village"]
        return len(both) == 2 and self.home(both[0].of, last.sets) == self.home(both[1].of, step.sets)

    def _outer(self, name: str) -> bool:
        return self._nodes[name].table in ("nation", "district")

    @staticmethod
    def _comes_before(first: str, second: str, before: dict[str, set[str]]) -> bool:
        """Whether `first` must already come before `second`."""
        seen: set[str] = set()
        stack = [second]
        while stack:
            for name in before[stack.pop()] - seen:
                if name == first:
                    return True
                seen.add(name)
                stack.append(name)
        return False

    def _sorted(self, before: dict[str, set[str]]) -> list[Step]:
        sorter = TopologicalSorter(before)
        try:
            sorter.prepare()
        except CycleError as error:
            cycle = " → ".join(error.args[1])
            raise PlanError(f"these wait for one another: {cycle}; let one of them read Last(…)") from None
        free: list[tuple[bool, float, str]] = []
        steps: list[Step] = []
        while sorter.is_active():
            free += [(not self._outer(name), self._priority[name], name) for name in sorter.get_ready()]
            free.sort()
            alike = (one for one in free if steps and self.joins(steps[-1], self._nodes[one[2]]))
            chosen = next(alike, free[0])
            free.remove(chosen)
            steps.append(self._nodes[chosen[2]])
            sorter.done(chosen[2])
        return steps
