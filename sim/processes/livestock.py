"""Deaths of the animals that programmes give (M1): a disease that goes through all villages at once.

Capital wears out evenly everywhere else. With a package that is no animal, or whose deaths depreciation counts, nothing
here moves.
"""

from __future__ import annotations

from sim.agents.household import household
from sim.agents.territory import nation
from sim.engine.rule import Last, Param, Uniform, rule


@rule(nation, "0 or 1", 0.0, 1.0)
def disease(
    chance=Uniform(),
    rate=Param(
        0.03,
        "share a quarter",
        low=0.01,
        high=0.1,
        source="assumption: an epidemic among poultry or goats once in three to twenty-five years",
    ),
):
    """An epidemic goes through the region's animals this quarter."""
    return 1.0 if chance < rate else 0.0


@rule(household, "z per person", 0.0)
def asset_died(
    disease,
    depreciation,
    given=Last("given_asset"),
    capital=Last("capital"),
    share=Param(
        0.6,
        "share",
        low=0.3,
        high=0.9,
        source="most of a flock without vaccine dies of Newcastle disease (from memory, medium)",
    ),
):
    """Animals of a programme that die in an epidemic."""
    return disease * share * max(0.0, min(given, capital - depreciation))


@rule(household, "z per person", 0.0)
def given_asset(given_asset, asset_died, asset_received, asset_animals):
    """Animals received from programmes that have not died, at what they were worth."""
    return max(0.0, given_asset - asset_died) + asset_animals * asset_received
