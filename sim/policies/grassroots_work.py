"""U1: work with neighbourhoods, without any agency (Gulbenkian's first level)."""

from __future__ import annotations

from sim.engine.rule import Param

from .policy import policy


@policy(
    label="U1 grassroots work", label_id="Kerja akar rumput", decides="neighbourhoods", flows="facilitators, training, organisers",
    targets="neighbourhoods", level="grassroots", loses_when="what is lacking is works or money, or facilitators leave early",
    levers=("facilitation", "training", "organising", "claim_rents"),
)  # fmt: skip
def grassroots_work(
    budget,
    facilitation=Param(0.4, "share of budget", low=0.1, high=0.6, source="assumption: the design of this preset"),
    training=Param(0.3, "share of budget", low=0.0, high=0.4, source="assumption: the design of this preset"),
    claim=Param(
        0.3, "share", low=0.0, high=0.8, source="assumption: neighbourhoods claim less than a movement (R3) does"
    ),
    ceiling=Param(
        0.03, "z per person and quarter", low=0.01, high=0.06, source="assumption: four workers in a village of 1 600"
    ),
):
    """People meet, learn and organise where they live: 0.4 facilitation, 0.3 training, 0.3 organising."""
    spent = budget.clip(max=ceiling)
    return {
        "facilitation": facilitation * spent,
        "training": training * spent,
        "organising": max(0.0, 1.0 - facilitation - training) * spent,
        "claim_rents": claim,
    }
