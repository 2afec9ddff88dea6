"""The quarter with a clock between its steps: what each rule, draw and aggregate of a plan costs.

The same lines as the compiled lane's, but one function a step, and draws apart from the rules that read them. So the
sum is a little above the lane's own quarter; shares are what this is for. The clock is the processor's cycle counter.
"""

from __future__ import annotations

import platform
import re
import time
import types
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from llvmlite import ir
from numba.core import types as numba_types
from numba.extending import intrinsic

from . import functions
from .compile import _callees, _module, _sources, addresses, caller, driver
from .lane import given
from .plan import Keep, Plan, Step
from .rule import Ahead, ArgMax, End, Mode, Rank, Row, Rule, Sum, TieMean, TieSum, TieTotal, reaches
from .table import State
from .write import STATE, Writer

DRAW = re.compile(r" +(normal|uniform)\(")
ELEMENTARY = {functions.exp, functions.log, functions.power, functions.logistic, functions.cosine_sine}
COUNTS_CYCLES = platform.machine().lower() in ("x86_64", "amd64")
CLOCKED = f"""@numba.njit(cache=True, **OPTIONS)
def quarter(spent, parts, first, last, {STATE}, longest):
    ones, scratch = np.ones(longest), np.empty(longest)
    for v in range(first, last):
        began = cycles()
        for k in range(len(parts)):
            call(parts[k], v, {STATE}, ones, scratch)
            now = cycles()
            spent[k] += now - began
            began = now
"""


@dataclass(frozen=True)
class Piece:
    """A step of the quarter, or a draw of one: its name, its kind and the table whose rows it runs over."""

    name: str
    kind: str
    table: str


@intrinsic
def _cycles(typing_context: Any) -> Any:
    """The processor's cycle counter."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        kind = ir.FunctionType(ir.IntType(64), [])
        return builder.call(builder.module.declare_intrinsic("llvm.readcyclecounter", (), kind), [])

    return numba_types.int64(), generate


def kind_of(does: object) -> str:
    """What a step's loop is made of."""
    if isinstance(does, Rule):
        if any(isinstance(marker, End | Row) for _, marker in does.arguments):
            return "gather"
        return "exp, log, power" if _reached(does.function) & ELEMENTARY else "plain arithmetic"
    if isinstance(does, Keep):
        return "plain arithmetic"
    if isinstance(does, TieMean | TieSum | TieTotal):
        return "ties"
    if isinstance(does, Sum):
        return "sums by kind" if does.by is not None else "sums"
    if isinstance(does, ArgMax | Mode):
        return "choice"
    return "order read" if isinstance(does, Ahead | Rank) else "sort"


def _reached(function: Callable) -> set[Callable]:
    """The plain functions that a rule reaches, those of the engine among them."""
    found: set[Callable] = set()
    for value in reaches(function).values():
        if isinstance(value, types.FunctionType):
            found |= {value} if value.__module__ == functions.__name__ else _reached(value)
    return found


class _Apart(Writer):
    """Writes each step, or each run of joined sums, as a function of its own, and its draws as another."""

    def pieces(self) -> tuple[list[Piece], list[str]]:
        found, texts = [], []
        steps = [step for step in self.plan.steps if step.table not in ("nation", "district")]
        for group in self._joined(steps):
            lines = self._part(0, group).rstrip().split("\n")
            first = group[0]
            table = self._rows_of(first)
            drawn = [line for line in lines if DRAW.match(line)]
            if drawn:
                held = next(line for line in lines if line.lstrip().startswith("if hold["))
                texts.append("\n".join([*lines[:5], held, *drawn]))
                found.append(Piece(first.sets, "draw", table))
            texts.append("\n".join(line for line in lines if not DRAW.match(line)))
            name = first.sets if len(group) == 1 else f"{first.sets} and {len(group) - 1} more"
            found.append(Piece(name, kind_of(first.does), table))
        named = [text.replace("def part_0(", f"def part_{k}(", 1) for k, text in enumerate(texts)]
        return found, [text + "\n\n\n" for text in named]

    def _rows_of(self, step: Step) -> str:
        """The table whose rows a step runs over."""
        of = getattr(step.does, "of", None)
        if isinstance(step.does, Rule) or of is None:
            return step.table
        if isinstance(step.does, TieMean):
            return "tie"
        return self.row[self.plan.source(of, step.sets)][0]


class Timed:
    """A plan whose quarter can be timed step by step. Compiling it takes a minute or two, once on a machine."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.pieces, texts = _Apart(plan).pieces()
        self._parts = addresses(_module("apart", "".join(texts), _sources(plan), _callees(plan)))
        self._clocked = caller("clocked", CLOCKED, cycles=_cycles).quarter

    def alone(self, piece: int) -> Callable:
        """The quarter of one piece, called as `run` calls a whole one."""
        return partial(driver(), self._parts[piece : piece + 1])

    def whole(self, spent: np.ndarray) -> Callable:
        """The quarter of all pieces; the cycles that each takes are added to `spent`."""
        return partial(self._clocked, spent, self._parts)

    def split(self, state: State, years: int, seed: int, parameters: np.ndarray, hold: np.ndarray) -> np.ndarray:
        """Seconds that each piece takes in a quarter, the mean of its best year; the state moves on, but no nation."""
        assert COUNTS_CYCLES  # who has another clock asks first
        spent = np.zeros((years, len(self.pieces)), np.int64)
        self.run(self.whole(np.zeros_like(spent[0])), state, 0, seed, parameters, hold)
        began = time.perf_counter()
        for year, row in enumerate(spent):
            for quarter in range(4 * year, 4 * year + 4):
                self.run(self.whole(row), state, quarter, seed, parameters, hold)
        second = (time.perf_counter() - began) / spent.sum()  # of a cycle
        return spent.min(axis=0) * second / 4

    @staticmethod
    def run(
        function: Callable, state: State, quarter: int, seed: int, parameters: np.ndarray, hold: np.ndarray
    ) -> None:
        """Call one of the functions above on a state."""
        function(0, len(state.layout.codes), *given(state, quarter, seed, parameters, hold))
