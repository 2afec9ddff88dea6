"""From money to works (M7b) and what is lost on the way (M9)."""

from __future__ import annotations

from sim.agents.institutions import group
from sim.agents.territory import nation, village
from sim.engine.rule import Last, Param, Sum, rule


@rule(village, "share", 0.0, 1.0)
def loss(
    audit,
    right_fund,
    works_money,
    works_council,
    road_works,
    base=Param(0.24, "share", low=0.18, high=0.3, source="missing spending on village roads (Olken 2007; read)"),
    audit_gain=Param(
        0.085, "share", low=0.03, high=0.13, source="audits from 4 % to 100 %: -8.5 points, se 4.4 (Olken 2007)"
    ),
    audit_half=Param(
        0.002, "z per person and quarter", low=0.0005, high=0.006, source="assumption: price of full coverage"
    ),
    presence=Param(0.0, "share", low=-0.02, high=0.04, source="grass-roots participation: about 0 (Olken 2007; read)"),
    community=Param(
        0.0, "share", low=-0.05, high=0.05, source="difference of community-run works: a signed uncertainty around 0"
    ),
    attendance=Last("attendance"),
):
    """Share of spending on works that vanishes: one rate for both kinds of arm, but where residents run works."""
    coverage = audit / (audit + audit_half)
    spent = works_money + works_council + road_works
    run = right_fund * works_money / spent if spent > 0.0 else 0.0
    return min(0.6, max(0.0, base - audit_gain * coverage - presence * attendance + community * run))


@rule(nation, "z per person and unit", 0.01)
def works_cost(
    value=Param(
        1.5,
        "z per person and unit",
        low=0.5,
        high=6.0,
        source="assumption: the stock at rest follows its price, so that what works earn hangs on `output.works_gain`",
    ),
):
    """Price of one unit of works, for each person of the village."""
    return value


@rule(village, "z per person and quarter", 0.0)
def council_works(works_council, upkeep=Sum("council_upkeep"), persons=Last("persons")):
    """What the council has for new works after its share of upkeep."""
    return max(0.0, works_council - upkeep / persons)


@rule(group, "z per person and quarter", 0.0)
def works_spending(kind, choice, works_money, council_choice, council_works):
    """Money for new works of this kind."""
    return works_money * (1.0 if choice == kind else 0.0) + council_works * (1.0 if council_choice == kind else 0.0)


@rule(group, "z per person and quarter", 0.0)
def works_built(
    works_spending,
    kind,
    choice,
    works_money,
    loss,
    right_fund,
    slack_works,
    advantage=Param(
        0.2,
        "share cheaper",
        low=0.0,
        high=0.56,
        source="a share cheaper than the planner: 0.56 by the programme's own consultants is the top (from memory, medium)",
    ),
):
    """Value of the works built, at the planner's unit cost; residents who contract themselves build for less, idle capacity for nothing."""
    chosen = 1.0 if choice == kind else 0.0
    cheaper = works_money * (1.0 / (1.0 - advantage * right_fund) - 1.0) * chosen
    return (works_spending + cheaper + slack_works * chosen) * (1.0 - loss)


@rule(group, "units", 0.0)
def works_decay(
    upkeep,
    works=Last("works"),
    kept=Param(
        0.0125,
        "share a quarter",
        low=0.0086,
        high=0.0175,
        source="built assets last 10-20 years with upkeep (inferred): half-lives and mean lives of that",
    ),
    unkept=Param(0.03, "share a quarter", low=0.02, high=0.05, source="assumption"),
):
    """Units of works that decay in the quarter."""
    return works * (unkept - (unkept - kept) * upkeep)


@rule(group, "units", 0.0)
def works(works, works_decay, works_built, works_cost):
    """Stock of works of this kind: water, irrigation, market, workshop."""
    return max(0.0, works - works_decay) + works_built / works_cost


@rule(village, "z per person and quarter", 0.0)
def works_delivered(built=Sum("works_built")):
    """Value of all works built this quarter, roads apart."""
    return built


@rule(village, "z per person and quarter", 0.0)
def construction(works_money, council_works, road_works):
    """Spending on new works and roads, before losses."""
    return works_money + council_works + road_works


@rule(village, "z per person and quarter", 0.0)
def local_construction(works_money, council_works, road_works, road_outside):
    """What of it is built by residents and with what the village sells: all but what a contractor brings."""
    return works_money + council_works + road_works * (1.0 - road_outside)


@rule(village, "z per person and quarter", 0.0)
def wage_bill(
    local_construction,
    loss,
    works_money,
    road_works,
    road_outside,
    wage_floor,
    share=Param(0.3, "share", low=0.2, high=0.5, source="wages to residents in village works (from memory, low)"),
):
    """Wages to residents out of what is spent on works: a transfer, not own income. The floor binds a programme's works."""
    more = max(share, wage_floor) - share
    return (share * local_construction + more * (works_money + road_works * (1.0 - road_outside))) * (1.0 - loss)


@rule(village, "z per quarter", 0.0)
def local_materials(
    local_construction,
    loss,
    persons,
    wage_bill,
    upkeep=Sum("council_upkeep"),
    kept=Sum("group_upkeep"),
    local=Param(0.3, "share", low=0.1, high=0.5, source="assumption: sand, stone, timber, food"),
):
    """Materials bought in the village for works, no more than wages leave, and all upkeep."""
    left = max(0.0, local_construction * (1.0 - loss) - wage_bill)
    return min(local * local_construction * (1.0 - loss), left) * persons + upkeep + kept
