"""T1: infrastructure chosen and built by the agency."""

from __future__ import annotations

from sim.engine.rule import Param

from .policy import policy


@policy(
    label="T1 infrastructure", label_id="Pembangunan infrastruktur", decides="agency", flows="works: roads and irrigation", targets="place", level="region",
    loses_when="there is access but no opportunity, and nobody keeps works up", levers=("works_money", "road_works", "road_outside"),
)  # fmt: skip
def infrastructure(
    budget,
    roads=Param(0.5, "share of budget", low=0.0, high=1.0, source="assumption"),
    outside=Param(
        0.0, "share of road works", low=0.0, high=1.0, source="design: hands and materials that a contractor brings"
    ),
):
    """Roads, and works of the kind that the agency thinks best."""
    return {"works_money": budget * (1.0 - roads), "road_works": budget * roads, "road_outside": outside}
