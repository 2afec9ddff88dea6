"""T2: targeted cash, as PKH, BPNT and BLT."""

from __future__ import annotations

from sim.engine.rule import Param

from .policy import policy


@policy(
    label="T2 targeted cash", label_id="Bantuan tunai bersasaran", decides="agency", flows="quarterly cash", targets="poorest, proxy means test",
    level="household", loses_when="the test misses the poor, and when it stops", levers=("cash", "cash_quota", "cash_community", "elite_barred"),
)  # fmt: skip
def targeted_cash(
    budget,
    quota=Param(0.25, "share of households", low=0.05, high=0.6, source="assumption: about twice the poor"),
    community=Param(0.0, "share", low=0.0, high=1.0, source="0: proxy means test; 1: ranking by the community"),
    barred=Param(0.0, "0 or 1", low=0.0, high=1.0, source="design: 1 lists nobody of the elite before all others"),
):
    """Cash every quarter to the households that a proxy means test, or the community, ranks lowest, equal per member."""
    return {"cash": budget, "cash_quota": quota, "cash_community": community, "elite_barred": barred}
