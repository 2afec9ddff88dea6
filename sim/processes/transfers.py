"""What reaches households from the state (M9, M10): cash, rice, wages, and the queue for lump assets."""

from __future__ import annotations

from sim.agents.household import household
from sim.agents.territory import nation, village
from sim.engine.rule import Ahead, Last, Param, Sum, rule


@rule(nation, "share", 0.0, 1.0)
def cash_loss(
    value=Param(
        0.02,
        "share",
        low=0.0,
        high=0.05,
        source="assumption: capture of private transfers at most 0.05; it costs < 1 % of welfare (Alatas et al.; read)",
    ),
):
    """Share of cash and assets that does not arrive."""
    return value


@rule(nation, "share", 0.0, 1.0)
def rice_loss(
    value=Param(0.18, "share", low=0.18, high=0.5, source="at least 18 % of the rice is missing (Olken 2006; read)"),
):
    """Share of subsidised rice that does not arrive."""
    return value


@rule(village, "z per member and quarter", 0.0)
def pkh_rate(pkh, persons, cash_loss, listed=Sum("gets_pkh", weight="size")):
    """What a member of a listed household gets."""
    return pkh * (1.0 - cash_loss) * persons / listed if listed > 0.0 else 0.0


@rule(village, "z per member and quarter", 0.0)
def rastra_rate(rastra, persons, rice_loss, listed=Sum("gets_rastra", weight="size")):
    """What a member of a listed household gets, in cash's worth."""
    return rastra * (1.0 - rice_loss) * persons / listed if listed > 0.0 else 0.0


@rule(village, "z per member and quarter", 0.0)
def cash_rate(cash, persons, cash_loss, listed=Sum("gets_cash", weight="size")):
    """What a member of a listed household gets."""
    return cash * (1.0 - cash_loss) * persons / listed if listed > 0.0 else 0.0


@rule(village, "z per member and quarter", 0.0)
def entitlement_rate(entitlement, persons, cash_loss, listed=Sum("entitled", weight="size")):
    """What a member of an entitled household gets."""
    return entitlement * (1.0 - cash_loss) * persons / listed if listed > 0.0 else 0.0


@rule(village, "z", 0.0)
def asset_available(asset, persons, fund=Last("asset_fund")):
    """Money at hand for asset packages."""
    return fund + asset * persons


@rule(household, "z", 0.0)
def asset_claim(size, asset, asset_lump, served=Last("served")):
    """Price of the packages for a household's members that has had none yet, while money for assets comes in."""
    return size * asset_lump * (1.0 - served) if asset > 0.0 else 0.0


@rule(household, "0 or 1", 0.0, 1.0)
def gets_asset(asset_claim, asset_available, ahead=Ahead("asset_claim", by="asset_score", every=4)):
    """Served this quarter: whoever is next in the queue, while the money lasts."""
    return 1.0 if asset_claim > 0.0 and ahead + asset_claim <= asset_available else 0.0


@rule(household, "0 or 1", 0.0, 1.0)
def served(served, gets_asset):
    """Has had its asset package."""
    return max(served, gets_asset)


@rule(village, "z per person", 0.0)
def asset_release(asset, asset_available, persons):
    """What is left in the fund when the programme has ended, paid out to all alike."""
    return asset_available / persons if asset <= 0.0 else 0.0


@rule(village, "z", 0.0)
def asset_fund(asset_available, asset_release, persons, asset_lump, served=Sum("gets_asset", weight="size")):
    """Money waiting until it is enough for the next household in the queue."""
    return max(0.0, asset_available - served * asset_lump - asset_release * persons)


@rule(household, "z per person", 0.0)
def asset_received(gets_asset, asset_lump, asset_coaching, cash_loss):
    """Value of the asset that a member receives; coaching and delivery are the rest of the price."""
    return gets_asset * asset_lump * (1.0 - asset_coaching) * (1.0 - cash_loss)


@rule(household, "z per person and quarter", 0.0)
def transfers(
    dividend,
    asset_release,
    cash_loss,
    pkh_rate,
    rastra_rate,
    cash_rate,
    entitlement_rate,
    gets_pkh,
    gets_rastra,
    gets_cash,
    entitled,
):
    """Cash and rice from the state."""
    listed = gets_pkh * pkh_rate + gets_rastra * rastra_rate + gets_cash * cash_rate
    return dividend * (1.0 - cash_loss) + asset_release + listed + entitled * entitlement_rate


@rule(household, "0 or 1", 0.0, 1.0)
def labourer(stratum):
    """Takes paid work on village works: the majority and the marginal."""
    return 1.0 if stratum > 1.5 else 0.0


@rule(household, "z per person and quarter", 0.0)
def works_wage(
    labourer,
    wage_bill,
    persons,
    labourers=Sum("labourer", weight="size"),
):
    """Wages from works, shared evenly among those who take such work."""
    return labourer * wage_bill * persons / max(labourers, 1.0)


@rule(household, "z per person and quarter", 0.0)
def public_income(transfers, works_wage):
    """All that comes from the state as income: cash, rice, wages of works."""
    return transfers + works_wage
