"""T4: growth of the national economy, from which villages get what is passed on to them."""

from __future__ import annotations

from sim.engine.rule import Param

from .policy import policy


@policy(
    label="T4 macro growth", label_id="Pertumbuhan makro", decides="nobody in the village", flows="money for the modern sector",
    targets="none", level="nation", loses_when="little of national growth is passed on to villages",
    levers=("national", "macro_growth"), ranked=False,
)  # fmt: skip
def macro_growth(
    budget,
    added=Param(
        0.0025, "log a quarter", low=0.0, high=0.02,
        source="assumption: one point of national growth a year, whatever it costs; so this policy has no rank",
    ),
):  # fmt: skip
    """All money goes to the nation's modern sector, which is assumed to grow faster; no cost is compared."""
    return {"national": budget, "macro_growth": added}
