"""The plan: from the rules' signatures to the order of the quarter and the columns of every table.

A name that is set in the quarter is read after it is set; `Last` reads before, or from a copy kept for it. Where the
wiring leaves a choice, rules stand in the order in which they were given.
"""

from __future__ import annotations

import difflib
import heapq
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from .draw import name_key
from .rule import Aggregate, Ahead, End, Last, Normal, Param, Rank, Reading, Row, Rule, Sum, TieMean, TieSum, Uniform
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
        for name, table in [*self.table_of.items(), *((s.sets, s.table) for s in self.steps if s.sets not in self.table_of)]:
            self.columns[table].append(name)
        for rule in self.rules.values():
            self.columns[rule.table.name] += [f"{rule.name}.{a}" for a, m in rule.arguments if isinstance(m, Normal | Uniform)]
        remembered = {r.name for needs in self._needs.values() for r in needs if isinstance(r, Last)}
        self.initial = [n for n in self.table_of if n in remembered or n in self.given]
        self.initial = [n for n in self.initial if n not in self.given or not self.given[n].lever]

    def unit(self, name: str) -> tuple[str, float, float]:
        """Unit and bounds of a column."""
        about = self.rules.get(name) or self.given[name]
        return about.unit, about.low, about.high

    def _check_draws(self) -> None:
        keys: dict[int, str] = {}
        for rule in self.rules.values():
            for argument, marker in rule.arguments:
                if isinstance(marker, Normal | Uniform):
                    name = f"{rule.name}.{argument}"
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
            if isinstance(marker, str | Last):
                self._reachable(marker, rule.table, where)
                yield marker
            elif isinstance(marker, Row | End):
                for reading in marker.readings():
                    self.home(reading, where)
                yield from marker.readings()
                if isinstance(getattr(marker, "at", None), Aggregate):
                    yield self._aggregate(marker.at, rule.table, where, place - 0.5)  # type: ignore[union-attr]
            else:
                yield self._aggregate(marker, rule.table, where, place - 0.5)

    def _aggregate(self, marker: Aggregate, reader: Table, where: str, priority: float) -> str:
        for reading in marker.readings():
            self.home(reading, where)
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

    def target(self, marker: Aggregate, reader: Table) -> str:
        """The table that holds the result of an aggregate which an agent of `reader` asks for."""
        if isinstance(marker, Ahead | Rank | TieSum | TieMean):
            return "household"
        if isinstance(marker, Sum) and marker.by is not None:
            return "group"
        return reader.name if reader.name in ("nation", "district") else "village"

    def home(self, reading: Reading, where: str) -> str:
        """The table of a column; an unknown name is refused with the nearest known one."""
        name = reading.name if isinstance(reading, Last) else reading
        table = self.table_of.get(name) or (self._nodes[name].table if name in getattr(self, "_nodes", {}) else None)
        if table is None:
            near = difflib.get_close_matches(name, self.table_of, 1)
            raise PlanError(f"{where}: there is no column {name}" + (f"; did you mean {near[0]}?" if near else ""))
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
                    if self._comes_before(need.name, name, before):
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

    def _outer(self, name: str) -> bool:
        return self._nodes[name].table in ("nation", "district")

    @staticmethod
    def _comes_before(first: str, second: str, before: dict[str, set[str]]) -> bool:
        """Whether `first` must already come before `second`."""
        seen, stack = set(), [second]
        while stack:
            for name in before[stack.pop()] - seen:
                if name == first:
                    return True
                seen.add(name)
                stack.append(name)
        return False

    def _sorted(self, before: dict[str, set[str]]) -> list[Step]:
        after: dict[str, list[str]] = {name: [] for name in before}
        for name, needs in before.items():
            for need in needs:
                after[need].append(name)
        waiting = {name: len(needs) for name, needs in before.items()}
        rank = {name: (not self._outer(name), self._priority[name], name) for name in before}
        free = [rank[name] for name, n in waiting.items() if n == 0]
        heapq.heapify(free)
        steps = []
        while free:
            name = heapq.heappop(free)[2]
            steps.append(self._nodes[name])
            for follower in after[name]:
                waiting[follower] -= 1
                if waiting[follower] == 0:
                    heapq.heappush(free, rank[follower])
        if len(steps) < len(before):
            raise PlanError(f"these wait for one another: {self._cycle(before, waiting)}; let one of them read Last(…)")
        return steps

    @staticmethod
    def _cycle(before: dict[str, set[str]], waiting: dict[str, int]) -> str:
        path = [next(name for name, n in waiting.items() if n > 0)]
        while path[-1] not in path[:-1]:
            path.append(next(need for need in sorted(before[path[-1]]) if waiting[need] > 0))
        return " → ".join(reversed(path[path.index(path[-1]) :]))
