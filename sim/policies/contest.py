"""R3 and G2: an organised segment claims. One rule, two targets: the elite's rents, or the agency's slack."""

from __future__ import annotations

from sim.engine.rule import Param

from .policy import policy

CLAIM = Param(0.8, "share", low=0.2, high=1.0, source="members decide what is claimed: 0.8 (assumption)")
CEILING = Param(
    0.02, "z per person and quarter", low=0.005, high=0.05,
    source="assumption: an organiser on Rp 4 million a month is 0.007 z in a village of 1 600; three of them, or their campaigns",
)  # fmt: skip


@policy(
    label="R3 social action", label_id="Aksi sosial", decides="the organised segment", flows="organisers, campaigns",
    targets="majority and marginal, against the elite's rents", level="segment",
    loses_when="the elite has no rents or is rich and united, the contest eats what it wins, patrons' insurance is lost",
    levers=("organising", "claim_rents"),
)  # fmt: skip
def social_action(budget, claim=CLAIM, ceiling=CEILING):
    """Half organisers, half campaigns, which are one lever: the segment claims what the elite takes."""
    return {"organising": budget.clip(max=ceiling), "claim_rents": claim}


@policy(
    label="G2 community action", label_id="Aksi komunitas", decides="the organised segment", flows="organisers, campaigns",
    targets="majority and marginal, against the agency's slack", level="segment",
    loses_when="the agency has nothing idle, or what it gives is not what the village lacks",
    levers=("organising", "claim_slack"),
)  # fmt: skip
def community_action(budget, claim=CLAIM, ceiling=CEILING):
    """Organisers and campaigns: the segment claims what the agency leaves undone."""
    return {"organising": budget.clip(max=ceiling), "claim_slack": claim}
