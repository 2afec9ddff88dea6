"""T2: targeted cash, as PKH, BPNT and BLT."""

from __future__ import annotations

from sim.engine.rule import Param

from .policy import policy


@policy(
    label="T2 targeted cash", label_id="Bantuan tunai bersasaran", decides="agency", flows="quarterly cash", targets="poorest, proxy means test",
    level="household", loses_when="the test misses the poor, and when it stops", levers=("cash", "cash_quota"),
)  # fmt: skip
def targeted_cash(
    budget, quota=Param(0.25, "share of households", low=0.05, high=0.6, source="assumption: about twice the poor")
):
    """Cash every quarter to the households that a proxy means test ranks lowest, equal per member."""
    return {"cash": budget, "cash_quota": quota}
