"""The nearest known name, for whoever misspelt one."""

from __future__ import annotations

from collections.abc import Callable, Collection
from difflib import get_close_matches

LONGEST = 200  # letters that are compared: a longer name is none


def did_you_mean(name: object, known: Collection[str], show: Callable[[str], str] = str) -> str:
    """The nearest known name, as the end of a sentence; empty where none is near."""
    near = get_close_matches(str(name)[:LONGEST], known, 1)
    return f"; did you mean {show(near[0])}?" if near else ""
