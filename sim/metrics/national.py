"""The national account: what villages are of national income, which is theirs and the modern sector's."""

from __future__ import annotations

from sim.metrics import metric


@metric("share of villages in national income", unit="% of national income", better="neither")
def micro_share(village_micro_income, village_modern_sector):
    """Villages' own income as a share of national income, which is theirs and the modern sector's, %."""
    villages, modern = village_micro_income.sum(), village_modern_sector.sum()
    return 100.0 * float(villages / (villages + modern)) if villages + modern > 0 else float("nan")
