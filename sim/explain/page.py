"""What pages for a terminal are made of."""

from __future__ import annotations

import re
from collections.abc import Iterable

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.text import Text

from sim.language import say, written

EMPHASIS = re.compile(r"\*(\w[^*]*\w)\*")  # as docstrings have it, which pages of Markdown show


def span(low: float, high: float) -> str:
    """A range in words."""
    infinite, ends = float("inf"), {"low": written(f"{low:g}"), "high": written(f"{high:g}")}
    if low == -infinite:
        return say("any") if high == infinite else say("at most {high}", **ends)
    return say("at least {low}", **ends) if high == infinite else say("{low} to {high}", **ends)


def entry(head: Text, below: str = "", indent: int = 2) -> Group:
    """A line, and dimmed beneath it what it rests on, without marks of emphasis; both fold with an indent."""
    parts = [Padding(head, (0, 0, 0, indent))]
    if below:
        parts.append(Padding(Text(EMPHASIS.sub(r"\1", below), style="dim"), (0, 0, 0, indent + 4)))
    return Group(*parts)


def page(title: str, note: str, parts: Iterable[RenderableType]) -> Group:
    """A title, a remark and what follows."""
    return Group(Text(title, style="bold"), Text(note, style="dim"), *parts)


def section(name: str) -> Text:
    """Head of a group of entries, after an empty line."""
    return Text(f"\n{name}", style="bold underline")
