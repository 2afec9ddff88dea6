"""U2: local and inter-agency work (Gulbenkian's second level)."""

from __future__ import annotations

from sim.engine.rule import Param

from .policy import policy


@policy(
    label="U2 inter-agency work", label_id="Kerja antarlembaga", decides="council and agencies", flows="facilitators, liaison, service staff",
    targets="village and its agencies", level="local, inter-agency",
    loses_when="every village has a liaison, for attention is fixed; one party vetoes; or what is lacking is income",
    levers=("facilitation", "linkage", "service"),
)  # fmt: skip
def inter_agency_work(
    budget,
    facilitation=Param(0.2, "share of budget", low=0.0, high=0.5, source="assumption: the design of this preset"),
    linkage=Param(0.2, "share of budget", low=0.0, high=0.5, source="assumption: the design of this preset"),
    liaison=Param(
        0.007, "z per person and quarter", low=0.002, high=0.02, source="assumption: one officer a village of 1 600"
    ),
    ceiling=Param(0.05, "z per person and quarter", low=0.02, high=0.1, source="as community_services.ceiling"),
):
    """Council and agencies learn to work together: 0.2 facilitation, 0.2 liaison, the rest for staff of the services."""
    spent = budget.clip(max=ceiling)
    return {
        "facilitation": facilitation * spent,
        "linkage": (linkage * spent).clip(max=liaison),
        "service": max(0.0, 1.0 - facilitation - linkage) * spent,
    }
