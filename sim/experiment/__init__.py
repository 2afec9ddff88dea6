"""Experiments: a scenario becomes runs, runs become a comparison."""

from __future__ import annotations

from collections.abc import Callable

VARIANTS = ("trap_off", "trap_on")  # without and with a technique that needs a lump of capital
Tell = Callable[[str, int, int], None]  # what is being done, how much of it is done, how much there is


def quiet(doing: str, done: int, whole: int) -> None:
    """Tells nobody."""
