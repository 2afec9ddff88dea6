"""R4: social policy, kebijakan sosial: cash by right."""

from __future__ import annotations

from sim.engine.rule import Param

from .policy import policy


@policy(
    label="R4 social policy", label_id="Kebijakan sosial", decides="legislature", flows="cash by right, by rule and without a test",
    targets="everybody, or households that women head", level="nation", loses_when="spread thin, or for the wrong category",
    levers=("entitlement", "entitlement_category", "administration"),
)  # fmt: skip
def social_policy(
    budget,
    administration=Param(
        0.07, "share of budget", low=0.05, high=0.1, source="assumption: offices that know who is who"
    ),
    women=Param(
        0.0, "0 or 1", low=0.0, high=1.0, source="design: 0 (below 0.5) everybody, 1 households that women head"
    ),
):
    """A law says who is entitled, offices pay: to everybody alike, or to one category."""
    return {
        "entitlement": budget * (1.0 - administration),
        "entitlement_category": 1.0 if women >= 0.5 else 0.0,
        "administration": budget * administration,
    }
