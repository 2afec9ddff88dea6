"""The compiled lane: the plan written out as one module with one kernel, village by village, rule by rule.

Each rule is one short loop over the contiguous rows of a village, which the compiler inlines and vectorises; what falls
between the loops (aggregates, ties, choices) is called. The module lies in a private folder of the user under a hash
of everything that it is made of, so a changed constant is never missed.
"""

from __future__ import annotations

import ast
import builtins
import hashlib
import importlib.util
import inspect
import os
import platform
import sys
import tempfile
import textwrap
import types
import warnings
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numba
import numpy as np

from . import aggregate, draw, functions
from .plan import Keep, Plan, Sort, Step
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
    Sum,
    TieMean,
    TieSum,
    Uniform,
    reaches,
)

OPTIONS: Any = {"error_model": "numpy", "nogil": True}
INNER: Any = {**OPTIONS, "no_cpython_wrapper": True, "no_cfunc_wrapper": True}
NESTED = ("household", "group", "tie")
STATE = (
    "hold, P, nation, district, village, household, group, tie, "
    "district_of, start_household, start_group, start_tie, ends, places"
)
PART = 12  # steps a function
JOINED = 8  # sums a loop: as many chains of additions as the registers hold


FILLER = """@numba.njit(cache=True, **OPTIONS)
def fill(out, start, places, seed, key, quarter):
    for v in range(len(places)):
        normal(out[start[v]:start[v + 1]], seed, key, places[v], quarter)
"""


def kernel(plan: Plan) -> Callable:
    """The compiled quarter of a plan, from the user's cache where it has been compiled before."""
    return _module("plan", Writer(plan).module(), _sources(plan), _callees(plan)).quarter


def filler() -> Callable:
    """A compiled function that makes one standard normal draw for every household, village by village."""
    sources = {inspect.getsource(module) for module in (draw, functions)}
    return _module("draws", FILLER, sources, {"normal": numba.njit(**INNER)(draw.normal)}).fill


def _module(kind: str, source: str, reached: set[str], callees: Mapping[str, object]) -> Any:
    """A generated module, imported from the cache folder, where its file and numba's machine code are kept."""
    text = source + "".join(sorted(reached))
    versions = (numba.__version__, np.__version__, platform.python_version(), platform.machine())
    name = f"{kind}_" + hashlib.sha256(repr((text, versions)).encode()).hexdigest()[:24]
    if name in sys.modules:
        return sys.modules[name]
    path = cache_folder() / f"{name}.py"
    if not path.exists() or path.read_text(encoding="utf-8") != source:
        draft = path.with_suffix(f".{os.getpid()}.draft")
        draft.write_text(source, encoding="utf-8")
        draft.replace(path)
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    vars(module).update(callees, numba=numba, np=np, OPTIONS=OPTIONS, INNER=INNER)
    spec.loader.exec_module(module)
    return sys.modules.setdefault(name, module)  # only when whole: another thread may ask for it meanwhile


def cache_folder() -> Path:
    """A folder that only this user can write to; a temporary one, with a notice, where there is no such place."""
    base = os.environ.get("XDG_CACHE_HOME") or os.environ.get("LOCALAPPDATA") or Path.home() / ".cache"
    folder = Path(base) / "swadaya"
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
        return folder
    except OSError as error:
        private = Path(tempfile.mkdtemp(prefix="swadaya-"))
        warnings.warn(f"{folder} cannot be written ({error.strerror}); compiled plans go to {private}", stacklevel=2)
        return private


def _callees(plan: Plan) -> dict[str, object]:
    """What the generated module calls: aggregates, draws, and the plain functions that rules use."""
    names: dict[str, object] = {}
    for function in vars(aggregate).values():
        if inspect.isfunction(function) and function.__module__ == aggregate.__name__:
            names[function.__name__] = numba.njit(**INNER)(function)
    for draws in (draw.uniform, draw.normal):
        names[draws.__name__] = numba.njit(**INNER)(draws)
    for rule in plan.rules.values():
        for value in reaches(rule.function).values():
            if isinstance(value, types.FunctionType):
                names[_called(value)] = value if _of_engine(value) else _compiled(value)
    return names


def _called(function: Callable) -> str:
    """The name of a plain function in the generated module."""
    return f"{function.__module__}_{function.__name__}".replace(".", "_")


def _compiled(function: Callable) -> object:
    """A compiled copy of a plain function; a call that is not inlined would keep a loop scalar."""
    scope = {
        name: value if _of_engine(value) or not isinstance(value, types.FunctionType) else _compiled(value)
        for name, value in reaches(function).items()
    }
    copy = types.FunctionType(function.__code__, scope, function.__name__)
    return numba.njit(**INNER, forceinline=True)(copy)


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
        return ast.Name(_called(value)) if isinstance(value, types.FunctionType) else ast.Constant(value)  # type: ignore[arg-type]


def inlined(function: Callable, expressions: dict[str, str]) -> list[str]:
    """The lines of a rule's body, its arguments replaced; the last is the expression that it returns."""
    definition = ast.parse(textwrap.dedent(inspect.getsource(function))).body[0]
    assert isinstance(definition, ast.FunctionDef)
    inliner = _Inliner(expressions, function)
    *body, last = [inliner.visit(statement) for statement in definition.body[1:]]
    return [line for statement in body for line in ast.unparse(statement).split("\n")] + [ast.unparse(last.value)]


def _of_engine(function: object) -> bool:
    return isinstance(function, types.FunctionType) and function.__module__.startswith(__package__ + ".")


def _sources(plan: Plan) -> set[str]:
    """The text of all that a plan reaches, and of the engine itself."""
    texts, stack = set(), [rule.function for rule in plan.rules.values()]
    seen = set(stack)
    while stack:
        function = stack.pop()
        texts.add(inspect.getsource(function))
        for name, value in reaches(function).items():
            if not isinstance(value, types.FunctionType):
                texts.add(f"{name}={value!r}")
            elif value not in seen and not _of_engine(value):
                seen.add(value)
                stack.append(value)
    return texts | {inspect.getsource(module) for module in (aggregate, draw, functions)}


class Writer:
    """Writes the kernel of a plan as text."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.row = {name: (table, i) for table, names in plan.columns.items() for i, name in enumerate(names)}
        self.parameter = {name: i for i, name in enumerate(plan.parameters)}
        self.hold = {name: i for i, name in enumerate(plan.rules)}
        self.lines: list[str] = []

    def module(self) -> str:
        """The whole module: the steps in parts (one long function compiles slowly), and the loop over villages."""
        steps = [step for step in self.plan.steps if step.table not in ("nation", "district")]
        parts = [steps[i : i + PART] for i in range(0, len(steps), PART)]
        for k, part in enumerate(parts):
            self.lines += ["@numba.njit(**INNER)", f"def part_{k}(v, quarter, seed, {STATE}, ones, scratch):"]
            self.lines += ["    v, d = np.uint64(v), np.uint64(district_of[v])"]
            self.lines += [f"    {t}_0, {t}_1 = np.uint64(start_{t}[v]), np.uint64(start_{t}[v + 1])" for t in NESTED]
            for sums in self._joined(part):
                self.lines += ["", *(f"    # {step.sets}" for step in sums)]
                self._step(sums[0]) if len(sums) == 1 and not self._summed(sums[0]) else self._sums(sums)
            self.lines += ["", ""]
        calls = [f"        part_{k}(v, quarter, seed, {STATE}, ones, scratch)" for k in range(len(parts))]
        self.lines += [
            "@numba.njit(cache=True, **OPTIONS)",
            f"def quarter(first, last, quarter, seed, {STATE}):",
            *(f"    longest_{t} = np.max(start_{t}[1:] - start_{t}[:-1])" for t in NESTED),
            "    longest = max(longest_household, longest_group, longest_tie)",
            "    ones, scratch = np.ones(longest), np.empty(longest)",
            "    for v in range(first, last):",
            *calls,
        ]
        return "\n".join(self.lines) + "\n"

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
            self._write(f"{self.slice(step.sets)}[:] = {self.slice(step.does.of.name)}")
        elif isinstance(step.does, Sort):
            self._write(f"if quarter % {step.does.every} == 0:")
            self._write(f"    sort_into({self.slice(step.does.of, step.sets)}, {self.slice(step.sets)})")
        else:
            self._aggregate(step)

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
        before, inside = [], {}
        for k, (name, marker) in enumerate(rule.arguments):
            if isinstance(marker, Normal | Uniform):
                column = f"{rule.name}.{name}"
                kind, key = type(marker).__name__.lower(), draw.name_key(column)
                before.append(f"{kind}({self.slice(column)}, seed, {key}, places[v], quarter)")
                inside[name] = self._value(column, rule)
            elif isinstance(marker, Param):
                before.append(f"p{k} = P[{self.parameter[f'{rule.name}.{name}']}]")
                inside[name] = f"p{k}"
            elif isinstance(marker, str | Last) and self.row[self.plan.source(marker, rule.name)][0] != table:
                before.append(f"s{k} = {self.scalar(marker, rule.name)}")
                inside[name] = f"s{k}"
            else:
                inside[name] = self._value(marker, rule)
        body = inlined(rule.function, inside)
        body = [*body[:-1], f"{self._value(rule.name, rule)} = {body[-1]}"]
        if table in NESTED:
            body = [f"for i in range({table}_0, {table}_1):", *(f"    {line}" for line in body)]
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
            scratch = ", scratch[:4]" if function == "mean" else ""
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
        elif isinstance(marker, TieSum):
            self._write(f"tie_sum({of}, ends[0, tie_0:tie_1], ends[1, tie_0:tie_1], {out})")
        elif isinstance(marker, TieMean):
            weight = "ones[:tie_1 - tie_0]" if marker.weight is None else self.slice(marker.weight, step.sets)
            self._write(f"tie_mean({of}, {weight}, ends[0, tie_0:tie_1], ends[1, tie_0:tie_1], {out}, scratch)")
