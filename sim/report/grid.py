"""A table ready to print: defined once, shown on the terminal and in the page alike.

A :class:`Grid` has columns with a unit and rows of :class:`Cell`. :func:`terminal` turns it into a rich table,
``pieces.html`` into HTML; the numbers are formatted once, here.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pandas as pd
from rich.box import SIMPLE_HEAVY
from rich.table import Table
from rich.text import Text

from sim.experiment.results import Results
from sim.language import say
from sim.report import UNDEFINED, labels, number, present, said, span, to


@dataclass(frozen=True)
class Column:
    """Head of a column; `short` is the head on a terminal."""

    title: str
    unit: str = ""
    short: str = ""


@dataclass(frozen=True)
class Cell:
    """A formatted value and, where there is one, the interval or remark that stands beneath it.

    `clear` marks a difference beyond luck: its interval, as it is printed, lies on one side of zero.
    """

    text: str
    beneath: str = ""
    clear: bool = False


@dataclass(frozen=True)
class Grid:
    """A table ready to print; the first column holds words, the others numbers.

    What is not `open` is folded away; `unit` is that of all columns which have none of their own.
    """

    key: str
    title: str
    note: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]
    open: bool = True
    unit: str = ""


def sign(low: float, high: float, decimals: int) -> int:
    """1 or -1 where an interval, as it is printed, lies above or below zero; 0 where it does not."""
    return 1 if round(low, decimals) > 0 else -1 if round(high, decimals) < 0 else 0


def estimated(value: float, low: float, high: float, decimals: int = 1, signed: bool = False) -> Cell:
    """Cell of a value with its interval; none where there is nothing that varies."""
    text = number(value, decimals, signed)
    beneath = "" if low == high or text == say(UNDEFINED) else span(low, high, decimals, signed)
    return Cell(text, beneath, signed and beneath != "" and sign(low, high, decimals) != 0)


def estimate_cell(row: object, decimals: int = 1, signed: bool = False, scale: float = 1.0) -> Cell:
    """Cell of the estimate of a row with its interval; a missing row is undefined."""
    value, low, high = (scale * getattr(row, name, math.nan) for name in ("estimate", "low", "high"))
    return estimated(value, low, high, decimals, signed)


def share_cell(row: object) -> Cell:
    """A share (0-1) in percent, with its interval where the table holds one."""
    share, low, high = (100 * getattr(row, name, math.nan) for name in ("share", "low", "high"))
    return estimated(share, low, high)


def lookup(frame: pd.DataFrame, *columns: str) -> dict:
    """Rows of `frame` by the values of `columns`."""
    keys = zip(*(frame[column] for column in columns), strict=True)
    return dict(zip(keys, frame.itertuples(index=False), strict=True))


def crossed(
    results: Results,
    frame: pd.DataFrame,
    names: tuple[str, ...],
    title: str,
    cell: Callable[[Any], Cell],
    order: tuple = (),
    words: Callable[[tuple], Cell] = lambda group: Cell(" \u2192 ".join(map(said, group))),
) -> tuple[tuple[Column, ...], tuple[tuple[Cell, ...], ...]]:
    """Columns and rows of a table that has one row a group (`names`) and one column an arm."""
    found = set(frame["arm"])
    arms = {arm: label for arm, label in labels(results).items() if arm in found}
    rows = lookup(frame, "arm", *names)
    groups = present(zip(*(frame[name] for name in names), strict=True), order)
    columns = (Column(title), *(Column(label) for label in arms.values()))
    return columns, tuple((words(g), *(cell(rows.get((arm, *g))) for arm in arms)) for g in groups)


def terminal(grid: Grid, lines: bool = True) -> Table:
    """The grid as a rich table; labels are printed as they are, never read as markup. Only the first column folds.

    `lines` leaves room between the rows.
    """
    table = Table(
        box=SIMPLE_HEAVY, padding=(0, 1), collapse_padding=True, pad_edge=False, show_lines=lines, show_edge=False,
        title_justify="left", caption_justify="left", title_style="bold", caption_style="dim",
    )  # fmt: skip
    between = to("", "")
    table.title, table.caption = Text(f"{grid.title}\n"), Text(f"\n{grid.note}")
    for place, column in enumerate(grid.columns):
        head = Text(column.short or column.title)
        head.append("\n" + column.unit if column.unit and not column.short else "", style="dim")
        table.add_column(head, justify="right" if place else "left", overflow="fold", no_wrap=place > 0, vertical="top")
    for row in grid.rows:
        cells = []
        for cell in row:
            text = Text(cell.text, style="bold" if cell.clear else "")
            if cell.beneath:
                text.append("\n" + cell.beneath.replace(between, "\u2026"), style="dim")
            cells.append(text)
        table.add_row(*cells)
    return table
