"""A budget divided between top-down works and locality development: the share of public money in residents' hands."""

from __future__ import annotations

from sim.engine.rule import Param

from .infrastructure import infrastructure
from .locality_development import locality_development
from .policy import policy


@policy(
    label="Top-down and community, mixed", label_id="Campuran atas-bawah", decides="agency and residents, each over their part",
    flows="works, roads, facilitation", targets="village", level="both", loses_when="one of the two alone earns more, or both are too small",
    levers=("works_money", "road_works", "facilitation", "right_goal", "right_fund", "right_process"),
)  # fmt: skip
def mixture(
    budget,
    community=Param(
        0.5, "share of budget", low=0.0, high=1.0, source="swept: 0 is infrastructure, 1 locality development"
    ),
):
    """Infrastructure and locality development side by side; residents' rights weigh as their part of the works' money."""
    local, planned = locality_development(budget * community), infrastructure(budget * (1.0 - community))
    works = local["works_money"] + planned["works_money"]
    part = local["works_money"] / works
    return {
        "works_money": works,
        "road_works": planned["road_works"],
        "facilitation": local["facilitation"],
        **dict.fromkeys(("right_goal", "right_fund", "right_process"), part),
    }
