"""The mechanisms, one file each: rules only. Order here is order in print; the wiring decides what comes first."""

from __future__ import annotations

from collections.abc import Collection
from types import ModuleType

from sim.engine.plan import Plan
from sim.engine.rule import rules_of

from . import (
    choice,
    collective,
    contest,
    credit,
    empowerment,
    learning,
    lending,
    linkage,
    livestock,
    luck,
    market,
    national,
    participation,
    production,
    satisfaction,
    saving,
    savings_group,
    sharing,
    targeting,
    transfers,
    works,
)

MECHANISMS: tuple[ModuleType, ...] = (
    luck, participation, production, market, collective, choice, works, targeting, satisfaction, transfers, savings_group,
    sharing, saving, learning, contest, linkage, national, credit, lending, livestock, empowerment,
)  # fmt: skip


def asleep(plan: Plan, levers: Collection[str]) -> list[str]:
    """Rules of households that cannot move anything in a run: nothing wakes their mechanism (`WOKEN_BY` in its file).

    Parameters
    ----------
    levers
        All levers that the run's programmes may set.
    """
    dormant = [
        module for module in MECHANISMS if hasattr(module, "WOKEN_BY") and set(levers).isdisjoint(module.WOKEN_BY)
    ]
    own = [one for one in rules_of(dormant) if one.table.name == "household"]
    return [one.name for one in own if plan.rules.get(one.name) == one]  # a user's rule of the same name is awake
