"""R2: social planning (Rothman), perencanaan sosial."""

from __future__ import annotations

from sim.engine.rule import Param

from .policy import policy


@policy(
    label="R2 social planning", label_id="Perencanaan sosial", decides="planner", flows="works and services, after a survey", targets="needs survey",
    level="agency, region", loses_when="potentials differ between places, the survey is weak, nobody keeps works up",
    levers=("works_money", "service", "survey", "right_goal"),
)  # fmt: skip
def social_planning(
    budget,
    survey=Param(0.1, "share of budget", low=0.02, high=0.3, source="assumption: Rothman's fact-gathering"),
    service=Param(
        0.2,
        "share of budget",
        low=0.0,
        high=0.5,
        source="assumption: school and health post within the 0.9 for works and services",
    ),
    voice=Param(0.1, "share", low=0.0, high=0.2, source="people as consumers: 0-0.2 (Rothman)"),
):
    """A planner finds facts, then builds and staffs what they say: works and services 0.9, survey 0.1."""
    return {
        "works_money": budget * (1.0 - survey - service),
        "service": budget * service,
        "survey": budget * survey,
        "right_goal": voice,
    }
