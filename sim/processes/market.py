"""Outside and local markets (M3, M4, M5): pass-through, exposure, local demand and price."""

from __future__ import annotations

from sim.agents.household import household
from sim.agents.territory import village
from sim.engine.functions import exp, log, logistic, power
from sim.engine.rule import Last, Param, Sum, rule


@rule(village, "log", 0.0)
def passed_trend(
    pass_through,
    macro_trend,
    level=Param(
        1.2, "times", low=0.5, high=1.5, source="mean pass-through 0.1-0.3: growth at the line 0.4-1.3 % a year"
    ),
):
    """Trend of outside markets that reaches the village, as a log. Pass-through is the place's, never a policy's."""
    return min(1.0, level * pass_through) * macro_trend


@rule(village, "log a quarter", -1.0, 1.0)
def trend_step(passed_trend, before=Last("passed_trend")):
    """Growth that the trend brings to the village this quarter."""
    return min(1.0, max(-1.0, passed_trend - before))


@rule(village, "index", 0.0)
def outside_market(macro_cycle, passed_trend):
    """Price that the village's goods fetch outside, 1 at the start: the cycle in full, the trend as it is passed on."""
    return exp(macro_cycle + passed_trend)


@rule(village, "units", 0.0)
def road(
    road,
    road_base,
    road_works,
    loss,
    works_cost,
    decay=Param(0.02, "share a quarter", low=0.005, high=0.03, source="assumption: added roads last 10-15 years"),
):
    """Stock of roads: the district keeps up what was there at the start, what is added decays."""
    return road_base + (1.0 - decay) * (road - road_base) + road_works * (1.0 - loss) / works_cost


@rule(village, "share", 0.0, 1.0)
def transport_margin(
    road, base=Param(0.15, "share", low=0.05, high=0.3, source="assumption, range of farm-gate margins")
):
    """Part of the outside price that transport eats; roads lower it."""
    return base / (1.0 + road)


@rule(village, "share", 0.0, 1.0)
def import_share(
    import_need,
    value=Param(0.55, "share", low=0.3, high=0.65, source="multiplier 1.2-2.7 over its range; LEWIE Lesotho, Malawi"),
):
    """Share of villagers' spending that goes outside: what nobody offers in the village is bought elsewhere."""
    return max(value, import_need)


@rule(village, "z per quarter", 0.0)
def outside_demand(outside_base, passed_trend):
    """What outsiders buy in the village: grows as outside markets do, the same in all arms."""
    return outside_base * exp(passed_trend)


@rule(village, "ratio", 0.01, 100.0)
def demand_ratio(
    outside_demand,
    import_share,
    spent=Sum(Last("spending"), weight="size"),
    invested=Sum(Last("investment"), weight="size"),
    materials=Last("local_materials"),
    offered=Sum(Last("usual_supply"), weight="size"),
):
    """Demand for local goods against what is usually offered, last quarter: 1 at the start. What is bought outside leaks away."""
    return min(
        100.0, max(0.01, ((1.0 - import_share) * (spent + invested) + materials + outside_demand) / max(offered, 1e-9))
    )


@rule(village, "index", 0.001, 1000.0)
def demand(
    demand_ratio,
    slack=Param(
        0.8,
        "share",
        low=0.25,
        high=1.0,
        source="assumption: idle capacity meets most; inflation of 0.1 % at a multiplier of 2.5 (Egger et al. 2022; read) needs 0.95 and more",
    ),
):
    """Share of what is offered locally that is sold; idle capacity makes it exceed 1. The rest of the ratio moves the price."""
    return power(demand_ratio, slack)


@rule(village, "index", 1e-5, 1e5)
def price(demand_ratio, demand):
    """Local price, 1 at the start: what of the demand ratio is not met by quantity."""
    return demand_ratio / demand


@rule(village, "index", 1e-6, 1e6)
def price_level(price, import_share):
    """Price of the village's basket, 1 at the start: what comes from outside keeps its price."""
    return (1.0 - import_share) * price + import_share


@rule(village, "log", -20.0, 20.0)
def terms(outside_market, transport_margin, demand_ratio, terms_base):
    """Outside price against local return, as a log, against the start."""
    return min(
        20.0, max(-20.0, log(max(1e-9, outside_market * (1.0 - transport_margin))) - log(demand_ratio) - terms_base)
    )


@rule(household, "share", 0.0, 1.0)
def exposure(
    exposure,
    openness,
    terms,
    speed=Param(0.05, "share a quarter", low=0.02, high=0.1, source="assumption: outlets change over years"),
    spread=Param(0.2, "log", low=0.1, high=0.3, source="assumption: a 20 % better price moves the odds by e"),
):
    """Share of output sold or worked outside; it follows the terms slowly. No policy sets it; roads raise it."""
    return min(1.0, max(0.0, exposure + speed * (logistic(openness + terms / spread) - exposure)))


@rule(household, "share of working time", 0.0, 1.0, every=4)
def farm_labour(
    activity,
    focus,
    exposure,
    work=Param(
        0.5,
        "share of what goes outside",
        low=0.3,
        high=0.7,
        source="assumption: half is work for others; farm households have half of their income from elsewhere (from memory)",
    ),
):
    """Working time on the household's own farm, animals and fishing: its activities' share, less work outside. Once a year.

    New roads in India took workers out of farming into wage work outside the village (Asher and Novosad 2020; read); here
    the terms outside do. Work outside is a part of what is sold or worked outside (`exposure`): there is no wage labour
    inside the village, and nothing reads this.
    """
    main = 2.0 / 3.0 * (1.0 - focus)
    own = 1.0 - main if activity < 1.5 else main
    return own * (1.0 - work * exposure)


@rule(household, "z per person and quarter", 0.0)
def local_supply(output, exposure):
    """Output offered in the village."""
    return (1.0 - exposure) * output


@rule(household, "z per person and quarter", 0.0)
def usual_supply(output, exposure, weather, local_shock, wage_shock, farm_wage, luck):
    """What of it would be offered in the village without a shock that strikes all: idle capacity meets demand, but no lost harvest."""
    lost = farm_wage * (exp(-wage_shock) - 1.0) * exp(luck)
    return (1.0 - exposure) * max(0.0, output * exp(-weather - local_shock) + lost)


@rule(household, "z per person and quarter", 0.0)
def outside_sales(output, exposure, outside_market, transport_margin):
    """Income from outside markets."""
    return exposure * output * outside_market * (1.0 - transport_margin)


@rule(household, "z per person and quarter", 0.0)
def local_sales(local_supply, demand_ratio):
    """Income from local markets: sellers receive quantity times price."""
    return local_supply * demand_ratio


@rule(household, "z per person and quarter", 0.0)
def own_income(outside_sales, local_sales):
    """Own income: no public flow, no works' wages, no remittance."""
    return outside_sales + local_sales


@rule(household, "z per person and quarter", 0.0)
def permanent_income(own_income, luck, weather, local_shock):
    """Own income with luck and weather removed."""
    return own_income * exp(-luck - weather - local_shock)


@rule(household, "z per person and quarter")
def profit(own_income, farm_wage):
    """Own income beyond what the hands alone earn in a usual quarter: what the enterprise makes."""
    return own_income - farm_wage
