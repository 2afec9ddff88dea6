"""G1: community development (Glen), self-help with a match."""

from __future__ import annotations

import numpy as np

from sim.engine.rule import Param

from .policy import policy


@policy(
    label="G1 community development", label_id="Pengembangan komunitas swadaya", decides="residents", flows="facilitation, a match for what residents give; the rest dividend",
    targets="self-selected", level="grassroots", loses_when="the poor have nothing to give, or others ride free",
    levers=("works_money", "facilitation", "right_goal", "right_fund", "right_process"),
)  # fmt: skip
def community_development(
    budget,
    persons,
    contributed,
    facilitation=Param(0.3, "share of budget", low=0.1, high=0.65, source="as locality_development.facilitation"),
    ceiling=Param(
        0.03,
        "z per person and quarter",
        low=0.008,
        high=0.1,
        source="assumption: more facilitators than this are not found",
    ),
    match=Param(1.0, "for each z given", low=0.0, high=1.0, source="design: no more than residents gave last quarter"),
):
    """Facilitators, and for what residents gave last quarter as much again for works of their choice; no other grant."""
    helpers = np.minimum(budget * facilitation, ceiling)
    return {
        "facilitation": helpers,
        "works_money": np.minimum(budget - helpers, match * contributed / persons),
        "right_goal": 1.0,
        "right_fund": 1.0,
        "right_process": 1.0,
    }
