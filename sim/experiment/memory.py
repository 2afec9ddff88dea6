"""How much memory a comparison takes: told by `swadaya check`, and refused where the machine has less."""

from __future__ import annotations

import os

from sim.errors import InputError
from sim.scenario import Scenario

GIVEN = 5e8  # bytes of a process with its libraries and the compiled model
KEPT = 920.0  # bytes of a household in each run, with the tables that are made of them
HELD = 1_400.0  # bytes of a household's state, its ties and groups among it
STATES = 3  # of a run that is under way: its own, and twins


def needed(scenario: Scenario, households: int) -> float:
    """Bytes that a comparison among so many households takes, within a third."""
    runs = len(scenario.seeds) * len(scenario.resolved_arms)
    states = scenario.replications.sets + STATES * (os.cpu_count() or 1)
    return GIVEN + households * (KEPT * runs + HELD * states)


def fits(scenario: Scenario, households: int) -> None:
    """Refuse what would end for want of memory, perhaps after hours.

    Raises
    ------
    InputError
        When a comparison needs more than all memory of this machine, where the system tells how much that is.
    """
    if not {"SC_PAGE_SIZE", "SC_PHYS_PAGES"} <= set(getattr(os, "sysconf_names", ())):
        return
    there = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    if (wanted := needed(scenario, households)) > there:
        raise InputError(
            f"{scenario.slug}: {households} households in {len(scenario.resolved_arms)} arms under "
            f"{len(scenario.seeds)} seeds would take about {wanted / 1e9:.1f} GB of memory, and this machine has "
            f"{there / 1e9:.1f} GB; allowed: fewer households, arms or seeds"
        )
