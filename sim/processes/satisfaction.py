"""Satisfaction with a list (M10): who complains of it. It is not about money: it moves what people think of taking part.

Villagers are more content with a list that the community makes though it errs more (Alatas et al. 2012; read), for it
holds whom they hold to be poor: neighbours' ranking, not consumption, is what a list is compared with.
"""

from __future__ import annotations

from sim.agents.household import household
from sim.agents.territory import village
from sim.engine.rule import Mean, Normal, Param, rule


@rule(village, "log")
def listed_standing(standing=Mean("community_score", where="gets_cash")):
    """How neighbours rank those who are listed for targeted cash, on average."""
    return standing


@rule(household, "0 or 1", 0.0, 1.0, every=4)
def complains(
    cash,
    gets_cash,
    community_score,
    listed_standing,
    opinion=Normal(),
    spread=Param(
        0.3, "log", low=0.1, high=0.6, source="assumption: neighbours differ less among themselves than from the truth"
    ),
):
    """Complains of the list of targeted cash: is left out though it sees itself, as neighbours rank, below those who are on it."""
    left_out = cash > 0.0 and gets_cash < 0.5
    return 1.0 if left_out and community_score + spread * opinion < listed_standing else 0.0
