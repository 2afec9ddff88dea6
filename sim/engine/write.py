"""The plan written out: one function for every dozen of its steps, each for one village.

Each rule is one short loop over the contiguous rows of a village, which the compiler inlines and vectorises; what falls
between the loops (aggregates, ties, choices) is called.
"""

from __future__ import annotations

import ast
import builtins
import inspect
import textwrap
import types
from collections.abc import Callable
from typing import Any

from . import draw
from .plan import Keep, Plan, Sort, Step, drawn
from .rule import (
    Aggregate,
    Ahead,
    ArgMax,
    End,
    Gini,
    Last,
    Mean,
    Mode,
    Normal,
    Param,
    Quantile,
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
    reaches,
)

NESTED = ("household", "group", "tie")
STATE = (
    "quarter, seed, hold, P, nation, district, village, household, group, tie, "
    "district_of, start_household, start_group, start_tie, ends, places"
)
PART = 12  # steps a function: one long function compiles slowly
JOINED = 8  # sums a loop: as many chains of additions as the registers hold


def called(function: Callable) -> str:
    """The name of a plain function in the generated module."""
    return f"{function.__module__}_{function.__name__}".replace(".", "_")


class _Inliner(ast.NodeTransformer):
    """Puts the loop's expressions in the place of a rule's names."""

    def __init__(self, expressions: dict[str, str], function: Callable) -> None:
        self.expressions = expressions
        self.reached = reaches(function)
        self.prefix = function.__name__

    def visit_Name(self, node: ast.Name) -> ast.expr:
        if node.id in self.expressions and isinstance(node.ctx, ast.Load):
            return ast.parse(self.expressions[node.id], mode="eval").body
        value = self.reached.get(node.id)
        if value is None:
            return node if node.id in vars(builtins) else ast.Name(f"{self.prefix}_{node.id}", node.ctx)
        return ast.Name(called(value)) if isinstance(value, types.FunctionType) else ast.Constant(value)  # type: ignore[arg-type]


def inlined(function: Callable, expressions: dict[str, str]) -> list[str]:
    """The lines of a rule's body, its arguments replaced; the last is the expression that it returns."""
    definition = ast.parse(textwrap.dedent(inspect.getsource(function))).body[0]
    assert isinstance(definition, ast.FunctionDef)
    inliner = _Inliner(expressions, function)
    *body, last = [inliner.visit(statement) for statement in definition.body[1:]]
    return [line for statement in body for line in ast.unparse(statement).split("\n")] + [ast.unparse(last.value)]


class Writer:
    """Writes the steps of a plan as text."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.row = {name: (table, i) for table, names in plan.columns.items() for i, name in enumerate(names)}
        self.parameter = {name: i for i, name in enumerate(plan.parameters)}
        self.hold = {name: i for i, name in enumerate(plan.rules)}
        self.lines: list[str] = []

    def parts(self) -> list[str]:
        """The functions of the steps, each named by its place: part_0, part_1, ..."""
        steps = [step for step in self.plan.steps if step.table not in ("nation", "district")]
        return [self._part(k, steps[i : i + PART]) for k, i in enumerate(range(0, len(steps), PART))]

    def _part(self, number: int, steps: list[Step]) -> str:
        self.lines = ["@numba.njit(cache=True, **INNER)", f"def part_{number}(v, {STATE}, ones, scratch):"]
        self.lines += ["    v, d = np.uint64(v), np.uint64(district_of[v])"]
        self.lines += [f"    {t}_0, {t}_1 = np.uint64(start_{t}[v]), np.uint64(start_{t}[v + 1])" for t in NESTED]
        for sums in self._joined(steps):
            self.lines += ["", *(f"    # {step.sets}" for step in sums)]
            self._step(sums[0]) if len(sums) == 1 and not self._summed(sums[0]) else self._sums(sums)
        return "\n".join(self.lines) + "\n\n\n"

    @staticmethod
    def _summed(step: Step) -> bool:
        return isinstance(step.does, Sum) and step.does.by is None

    def _joined(self, steps: list[Step]) -> list[list[Step]]:
        """Steps in order, neighbouring sums over the same rows together: their additions overlap in one loop."""
        rows: list[list[Step]] = []
        for step in steps:
            if rows and len(rows[-1]) < JOINED and self.plan.joins(rows[-1][-1], step):
                rows[-1].append(step)
            else:
                rows.append([step])
        return rows

    def _sums(self, steps: list[Step]) -> None:
        """Sums and means in row order, as `aggregate.total` and `aggregate.mean` make them."""
        first: Any = steps[0].does
        table = self.row[self.plan.source(first.of, steps[0].sets)][0]
        inside, after = [], []
        for k, step in enumerate(steps):
            marker: Any = step.does
            columns = [
                c and self.row[self.plan.source(c, step.sets)][1] for c in (marker.of, marker.weight, marker.where)
            ]
            factors = [f"{table}[{c}, i]" for c in columns if c is not None]
            self._write(f"a{k} = 0.0")
            inside.append(f"a{k} += {' * '.join(factors)}")
            result = f"a{k}"
            if isinstance(marker, Mean):
                self._write(f"w{k} = 0.0")
                inside.append(f"w{k} += {' * '.join(factors[1:]) or '1.0'}")
                result = f"a{k} / w{k} if w{k} > 0.0 else 0.0"
            after.append(f"{self.scalar(step.sets)} = {result}")
        self._write(f"for i in range({table}_0, {table}_1):")
        for line in inside:
            self._write("    " + line)
        for line in after:
            self._write(line)

    def _step(self, step: Step) -> None:
        if isinstance(step.does, Rule):
            self._rule(step.does)
        elif isinstance(step.does, Keep):
            self._keep(step.does.of.name, step.sets)
        elif isinstance(step.does, Sort):
            self._write(f"if quarter % {step.does.every} == 0:")
            self._write(f"    sort_into({self.slice(step.does.of, step.sets)}, {self.slice(step.sets)})")
        else:
            self._aggregate(step)

    def _keep(self, name: str, copy: str) -> None:
        """A column copied row by row: an assignment of slices would bring numba's whole text of errors with it."""
        (table, i), (_, j) = self.row[name], self.row[copy]
        if table not in NESTED:
            self._write(f"{self.scalar(copy)} = {self.scalar(name)}")
            return
        self._write(f"for i in range({table}_0, {table}_1):")
        self._write(f"    {table}[{j}, i] = {table}[{i}, i]")

    def _write(self, line: str) -> None:
        self.lines.append("    " + line)

    def slice(self, reading: Reading, reader: str = "") -> str:
        """A column's rows of this village."""
        table, i = self.row[self.plan.source(reading, reader)]
        return f"{table}[{i}, {table}_0:{table}_1]" if table in NESTED else f"{table}[{i}, v:v + 1]"

    def scalar(self, reading: Reading, reader: str = "") -> str:
        """A column's one value for this village."""
        table, i = self.row[self.plan.source(reading, reader)]
        row = {"nation": "0", "district": "d", "village": "v"}[table]
        return f"{table}[{i}, {row}]"

    def _rule(self, rule: Rule) -> None:
        table = rule.table.name
        due = f" and quarter % {rule.every} == 0" if rule.every > 1 else ""
        self._write(f"if hold[{self.hold[rule.name]}] == 0{due}:")
        before, loop, inside = [], [], {}
        for k, (name, marker) in enumerate(rule.arguments):
            if isinstance(marker, Normal | Uniform):
                column = f"{rule.name}.{name}"
                kind, key = type(marker).__name__.lower(), draw.name_key(drawn(marker, column))
                before.append(f"{kind}({self.slice(column)}, seed, np.int64({key}), places[v], quarter)")
                inside[name] = self._value(column, rule)
            elif isinstance(marker, Param | Same):
                before.append(f"p{k} = P[{self.parameter[getattr(marker, 'name', f'{rule.name}.{name}')]}]")
                inside[name] = f"p{k}"
            elif isinstance(marker, str | Last) and self.row[self.plan.source(marker, rule.name)][0] != table:
                before.append(f"s{k} = {self.scalar(marker, rule.name)}")
                inside[name] = f"s{k}"
            else:
                inside[name] = self._value(marker, rule)
            if table in NESTED and inside[name].startswith(table):
                # read before the rule chooses: a loop that reads only where it must is not vectorised
                loop.append(f"a{k} = {inside[name]}")
                inside[name] = f"a{k}"
        body = inlined(rule.function, inside)
        body = [*body[:-1], f"{self._value(rule.name, rule)} = {body[-1]}"]
        if table in NESTED:
            body = [f"for i in range({table}_0, {table}_1):", *(f"    {line}" for line in loop + body)]
        for line in before + body:
            self._write("    " + line)

    def _value(self, marker: object, rule: Rule) -> str:
        """How one agent's value is read inside the loop over a rule's rows."""
        if isinstance(marker, Row):
            table, i = self.row[self.plan.source(marker.of, rule.name)]
            return f"{table}[{i}, {table}_0 + np.uint64({self._value(marker.at, rule)})]"
        if isinstance(marker, End):
            table, i = self.row[self.plan.source(marker.of, rule.name)]
            return f"{table}[{i}, {table}_0 + np.uint64(ends[{marker.end}, i])]"
        column = self.result(marker, rule) if isinstance(marker, Aggregate) else self.plan.source(marker, rule.name)  # type: ignore[arg-type]
        table, i = self.row[column]
        return f"{table}[{i}, i]" if table in NESTED else self.scalar(column)

    def result(self, marker: Aggregate, rule: Rule) -> str:
        """The hidden column that holds an aggregate's result."""
        target = self.plan.target(marker, rule.table)
        return str(marker) if target not in ("nation", "district") else f"{target}: {marker}"

    def _aggregate(self, step: Step) -> None:
        marker: Any = step.does
        of = self.slice(marker.of, step.sets)
        table = self.row[self.plan.source(marker.of, step.sets)][0]

        def factor(reading: Reading | None) -> str:
            return f"ones[:{table}_1 - {table}_0]" if reading is None else self.slice(reading, step.sets)

        refresh = getattr(marker, "every", 1)
        if isinstance(marker, Sum):
            by = self.slice(marker.by or "", step.sets)
            function = "mean" if isinstance(marker, Mean) else "total"
            columns = f"{of}, {factor(marker.weight)}, {factor(marker.where)}"
            scratch = f", scratch[: {step.table}_1 - {step.table}_0]" if function == "mean" else ""
            self._write(f"{function}_by({columns}, {by}, {self.slice(step.sets)}{scratch})")
            return
        if isinstance(marker, Gini):
            call = f"gini({of}, {factor(marker.weight)})"
        elif isinstance(marker, Quantile):
            call = f"quantile({of}, {factor(marker.weight)}, {marker.at!r})"
        elif isinstance(marker, Mode | ArgMax):
            call = f"{type(marker).__name__.lower()}({of})"
        else:
            self._into(step, marker, of)
            return
        if refresh > 1:
            self._write(f"if quarter % {refresh} == 0:")
            self._write(f"    {self.scalar(step.sets)} = {call}")
        else:
            self._write(f"{self.scalar(step.sets)} = {call}")

    def _into(self, step: Step, marker: Aggregate, of: str) -> None:
        """Aggregates that give each household a value of its own."""
        out = self.slice(step.sets)
        if isinstance(marker, Ahead):
            self._write(f"ahead({of}, {self.slice(str(Sort(marker.by, marker.every)))}, {out})")
        elif isinstance(marker, Rank):
            self._write(f"if quarter % {marker.every} == 0:")
            self._write(f"    rank({self.slice(str(Sort(marker.of, marker.every)))}, {out})")
        elif isinstance(marker, TieSum | TieTotal):
            function = "tie_sum" if isinstance(marker, TieSum) else "tie_total"
            self._write(f"{function}({of}, ends[0, tie_0:tie_1], ends[1, tie_0:tie_1], {out})")
        elif isinstance(marker, TieMean):
            weight = "ones[:tie_1 - tie_0]" if marker.weight is None else self.slice(marker.weight, step.sets)
            self._write(f"tie_mean({of}, {weight}, ends[0, tie_0:tie_1], ends[1, tie_0:tie_1], {out}, scratch)")
