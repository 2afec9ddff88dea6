"""The mechanisms, one file each: rules only. Order here is order in print; the wiring decides what comes first."""

from __future__ import annotations

from types import ModuleType

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
