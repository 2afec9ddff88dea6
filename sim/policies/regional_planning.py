"""U3: regional and national planning (Gulbenkian's third level)."""

from __future__ import annotations

from sim.engine.rule import Param

from .policy import policy


@policy(
    label="U3 regional planning", label_id="Perencanaan wilayah", decides="planner of the region",
    flows="works and services, more to villages in need", targets="villages by a formula of need", level="region, nation",
    loses_when="the formula errs, villages differ little, or nobody keeps works up",
    levers=("works_money", "service", "survey", "right_goal"), reallocates=True,
)  # fmt: skip
def regional_planning(
    budget,
    persons,
    need_seen,
    tilt=Param(1.0, "elasticity", low=0.0, high=2.0, source="assumption: half the income, twice the money"),
    survey=Param(0.1, "share of budget", low=0.02, high=0.3, source="as social_planning.survey"),
    service=Param(0.2, "share of budget", low=0.0, high=0.5, source="as social_planning.service"),
    voice=Param(0.1, "share", low=0.0, high=0.2, source="as social_planning.voice"),
    ceiling=Param(
        0.01, "z per person and quarter", low=0.003, high=0.03, source="assumption: one surveyor and a half a village"
    ),
):
    """What all villages have together goes where a formula sees need; there a planner builds and staffs, after a survey."""
    weight = need_seen.clip(min=1e-9) ** tilt  # where the formula is switched off, all are alike
    budget = budget * weight * persons.sum() / (weight * persons).sum()
    return {
        "works_money": budget * (1.0 - survey - service),
        "service": budget * service,
        "survey": (budget * survey).clip(max=ceiling),
        "right_goal": voice,
    }
