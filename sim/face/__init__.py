"""The Python face: a question or a study is loaded and run, and its answer read as tables and figures."""

from __future__ import annotations

from collections.abc import Collection

from sim.errors import InputError
from sim.scenario.faults import did_you_mean


def one_of(where: str, name: str, kind: str, allowed: Collection[str]) -> str:
    """The name, if there is such a thing; else what there is, and the nearest of it."""
    if name not in allowed:
        hint = did_you_mean(name, allowed) or f"; there are {', '.join(allowed)}"
        raise InputError(f"{where}: there is no {kind} {name}{hint}")
    return name
