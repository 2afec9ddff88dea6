"""Luck (M1): what no household chooses. Idiosyncratic, of the village, of outside markets."""

from __future__ import annotations

from sim.agents.household import household
from sim.agents.territory import nation, village
from sim.engine.functions import sqrt
from sim.engine.rule import Last, Mean, Normal, Param, rule


@rule(household, "log", -6.0, 6.0)
def luck(
    luck,
    innovation=Normal(),
    persistence=Param(
        0.9275,
        "share a quarter",
        low=0.84,
        high=0.96,
        source="AR(1) 0.74 a year, rural Indonesian farm households (Newhouse; read)",
    ),
    spread=Param(0.42, "log", low=0.2, high=0.5, source="transitory sd of log income 0.25-0.45 (derived)"),
):
    """Transitory part of a household's output, as a log; its long-run standard deviation is `spread`."""
    return min(6.0, max(-6.0, persistence * luck + spread * sqrt(1.0 - persistence * persistence) * innovation))


@rule(village, "log", -3.0, 3.0)
def weather(
    weather,
    innovation=Normal(),
    persistence=Param(
        0.5, "share a quarter", low=0.0, high=0.9, source="assumption: most of a season's shock is gone in a year"
    ),
    spread=Param(
        0.07, "log", low=0.03, high=0.12, source="covariate shock sd 0.05-0.12 in a normal year (from memory, low)"
    ),
):
    """Shock that a whole village shares, as a log."""
    return min(3.0, max(-3.0, persistence * weather + spread * sqrt(1.0 - persistence * persistence) * innovation))


@rule(nation, "log", -3.0, 3.0)
def macro_cycle(
    macro_cycle,
    macro_shock,
    innovation=Normal(),
    persistence=Param(0.85, "share a quarter", low=0.7, high=0.95, source="assumption, range of quarterly output gaps"),
    volatility=Param(0.015, "log a quarter", low=0.01, high=0.03, source="assumption, range of quarterly output gaps"),
):
    """Deviation of outside markets from their trend, as a log. National and world shocks are this one index."""
    return min(3.0, max(-3.0, persistence * macro_cycle + volatility * innovation + macro_shock))


@rule(nation, "log", 0.0, 10.0)
def macro_trend(
    macro_trend,
    villages_growth,
    growth=Param(
        0.0125,
        "log a quarter",
        low=0.01,
        high=0.0135,
        source="national income 1.0-1.35 % a quarter, 2012-17; a head some 0.3 less (from memory)",
    ),
    added=Mean(Last("macro_growth")),
    feedback=Param(
        0.0,
        "share",
        low=0.0,
        high=0.3,
        source="assumption: villages take prices as they are; above 0 they move them",
        what_if=True,
    ),
):
    """Trend of outside markets since the start, as a log; what a policy is assumed to add, and what villages feed back."""
    return min(10.0, max(0.0, macro_trend + growth + added + feedback * villages_growth))
