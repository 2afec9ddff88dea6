"""The national account (M20): a modern sector and the villages. Villages move the market only if feedback is set."""

from __future__ import annotations

from sim.agents.territory import nation, village
from sim.engine.functions import exp, log
from sim.engine.rule import Last, Param, Sum, rule


@rule(village, "z per quarter")
def micro_income(own=Sum("own_income", weight="size")):
    """Own income of the village, in all."""
    return own


@rule(nation, "z per quarter")
def villages_income(incomes=Sum(Last("micro_income"))):
    """Own income of all villages, last quarter."""
    return incomes


@rule(nation, "log a quarter", -1.0, 1.0)
def villages_growth(villages_income, before=Last("villages_income")):
    """Growth of the villages' own income, last quarter."""
    grown = log(max(villages_income, 1e-6) / max(before, 1e-6)) if before > 0.0 else 0.0
    return min(1.0, max(-1.0, grown))


@rule(village, "z per quarter", 0.0)
def modern_sector(
    income_base,
    macro_trend,
    macro_cycle,
    share=Param(
        0.8,
        "share of national income",
        low=0.65,
        high=0.9,
        source="villages: 35 % of household spending (derived), itself 56 % of national income (from memory)",
    ),
):
    """Income of the modern sector, for this village's part of the villages' income at the start; it moves with outside markets."""
    return share / (1.0 - share) * income_base * exp(macro_trend + macro_cycle)
