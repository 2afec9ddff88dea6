"""T5: cash for work, Padat Karya Tunai."""

from __future__ import annotations

from sim.engine.rule import Param

from .policy import policy


@policy(
    label="T5 cash for work", label_id="Padat Karya Tunai", decides="village or agency", flows="works, half of them wages", targets="who takes the work, and so chooses itself",
    level="village", loses_when="works stand idle, and nobody keeps them up", levers=("works_money", "wage_floor", "right_goal", "right_fund"),
)  # fmt: skip
def cash_for_work(
    budget,
    wages=Param(0.5, "share of works", low=0.3, high=0.8, source="at least 30 % by rule since 2018 (from memory)"),
    village=Param(1.0, "share", low=0.0, high=1.0, source="design: 1 the village decides and runs, 0 the agency"),
    ceiling=Param(
        0.15, "z per person and quarter", low=0.05, high=0.3, source="assumption: more hands than this are not free"
    ),
):
    """Works that are built with many hands: a large share of them is wages of the majority and the marginal."""
    return {
        "works_money": budget.clip(max=ceiling),
        "wage_floor": wages,
        "right_goal": village,
        "right_fund": village,
    }
