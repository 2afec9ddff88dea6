"""H1: the planner's shortlist, the community's choice, assets for the poorest, all under audit."""

from __future__ import annotations

from sim.engine.rule import Param

from .policy import policy


@policy(
    label="H1 hybrid", label_id="Hibrida", decides="planner's shortlist, community picks", flows="works, facilitation, assets, audit",
    targets="village, and poorest by community ranking under audit", level="both", loses_when="overhead eats what the parts add",
    levers=("works_money", "facilitation", "audit", "asset", "asset_lump", "asset_coaching", "asset_community", "right_goal", "right_fund", "right_process"),
)  # fmt: skip
def hybrid(
    budget,
    works=Param(0.35, "share of budget", low=0.1, high=0.7, source="assumption: the design of this preset"),
    facilitation=Param(0.2, "share of budget", low=0.05, high=0.4, source="assumption: the design of this preset"),
    audit=Param(0.15, "share of budget", low=0.0, high=0.3, source="assumption: the design of this preset"),
    lump=Param(2.5, "z per member", low=1.0, high=4.0, source="as asset_with_coaching.lump"),
    coaching=Param(0.4, "share of the package", low=0.3, high=0.5, source="as asset_with_coaching.coaching"),
    shortlist=Param(0.5, "share", low=0.0, high=1.0, source="assumption: planner and meeting weigh the same"),
):
    """A bit of everything: works chosen together, facilitators, assets with coaching for the poorest, audits."""
    return {
        "works_money": budget * works,
        "facilitation": budget * facilitation,
        "audit": budget * audit,
        "asset": budget * max(0.0, 1.0 - works - facilitation - audit),
        "asset_lump": lump,
        "asset_coaching": coaching,
        "asset_community": 1.0,
        "right_goal": 1.0 - shortlist,
        "right_fund": 1.0,
        "right_process": 1.0,
    }
