"""Linkage (M15): who is heard by the district's agency, whose attention is fixed; and what a formula sees of need."""

from __future__ import annotations

from sim.agents.territory import district, village
from sim.engine.functions import exp
from sim.engine.rule import Last, Mean, Normal, Param, rule

FORMULA_ROUND = 12  # quarters between two censuses of villages (2011, 2014, 2018)


@rule(village, "share", 0.0, 1.0)
def pull(
    linkage,
    half=Param(
        0.003, "z per person and quarter", low=0.001, high=0.01, source="assumption: half a liaison officer a village"
    ),
):
    """How much a village's liaison makes itself heard in the agencies."""
    return linkage / (linkage + half)


@rule(district, "index", 1.0, 2.0)
def attention_asked(pulls=Mean(Last("pull"))):
    """Attention that the villages of a district ask of its agency, on average."""
    return 1.0 + pulls


@rule(village, "times", 0.5, 2.0)
def attention(attention_asked, pull=Last("pull")):
    """Attention that the village has, against an even share: the district's mean is 1 whoever asks, so who gains takes it from others."""
    return (1.0 + pull) / attention_asked


@rule(village, "index", 0.0, every=FORMULA_ROUND)
def need_seen(
    draw=Normal(),
    income=Mean("own_income", weight="size"),
    error=Param(
        0.25, "log", low=0.0, high=1.0, source="assumption: village statistics are older and rougher than a survey"
    ),
):
    """Need of the village as a budget formula sees it: the poorer by own income per person, the higher, with an error."""
    return exp(error * draw) / max(0.05, income)
