"""Households, and the ties between them."""

from __future__ import annotations

from sim.engine.table import Column, Table

from .territory import village

STRATA = ("elite", "activist", "majority", "marginal")

household = Table(
    "household",
    village,
    (
        Column("number", "number", "place in the village's list, from 0", 0.0, 1e6),
        Column("size", "persons", "members", 1.0, 30.0),
        Column("weight", "households", "households of the population that this one stands for", 1e-9, 1e9),
        Column("female_head", "0 or 1", "headed by a woman", 0.0, 1.0),
        Column("schooling", "years", "schooling of the adults", 0.0, 20.0),
        Column("stratum", "0 to 3", "elite, activist, majority, marginal", 0.0, 3.0),
        Column("activity", "0 to 3", "main kind of activity: farming, livestock, trade, services", 0.0, 3.0),
        Column("focus", "share", "effort in the main activity; the rest is spread evenly over the others", 0.0, 1.0),
        Column("ability", "log", "permanent productivity", -6.0, 6.0),
        Column(
            "reluctance", "standard deviations", "how much more than the mean a household dislikes meetings", -6.0, 6.0
        ),
        Column("giving", "share", "place in the order from unconditional givers to free riders", 0.0, 1.0),
        Column("member", "0 or 1", "member of a rotating savings group (arisan)", 0.0, 1.0),
        Column(
            "openness", "log odds", "log odds of the share sold or worked outside, at the terms of the start", -6.0, 6.0
        ),
        Column("remittance", "z per person and quarter", "constant flow from kin outside", 0.0, 1.0),
        Column("degree", "ties", "number of ties", 0.0, 1e4),
    ),
)

tie = Table(
    "tie",
    village,
    (
        Column("kinship", "share", "strength to which a tie fades where its ends do not meet", 0.0, 1.0),
        Column("near", "share", "nearness of its two homes; 0 where ties do not follow place", 0.0, 1.0),
        Column("alike", "0 or 1", "one kind of activity at both ends; 0 where ties do not follow interest", 0.0, 1.0),
    ),
)
