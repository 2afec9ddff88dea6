"""How a long run tells what it is doing; who shows it is another's matter (`sim.terminal.Bar`)."""

from __future__ import annotations

from collections.abc import Callable

Tell = Callable[[str, int, int], None]  # what is being done, how much of it is done, how much there is


def quiet(doing: str, done: int, whole: int) -> None:
    """Tells nobody."""
