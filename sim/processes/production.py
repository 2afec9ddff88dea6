"""Production (M1): hands, skill and capital make output; works help where they fit what a household does."""

from __future__ import annotations

from sim.agents.household import household
from sim.agents.institutions import group
from sim.agents.territory import nation
from sim.engine.functions import exp, power
from sim.engine.rule import Last, Param, Row, Sum, rule


@rule(nation, "z per unit of skill", 0.0)
def reach(
    value=Param(8.0, "z per unit of skill", low=2.0, high=12.0, source="assumption: hands can use so much and no more"),
):
    """Capital that one unit of skill can use."""
    return value


@rule(household, "z per person", 0.0)
def effective_capital(reach, capital=Last("capital"), skill=Last("skill")):
    """Capital that the household's hands can use; skill raises it."""
    return min(capital, reach * skill)


@rule(group, "share", 0.0)
def works_effect(potential, works=Last("works")):
    """How much the works of one kind would add to an activity wholly of that kind, before `output.works_gain`."""
    return exp(potential) * works / (1.0 + works)


@rule(household, "share", 0.0)
def works_benefit(focus, main=Row("works_effect", at="activity"), all_kinds=Sum("works_effect")):
    """Works' effect on this household: its activities' shares times the effect on each."""
    return focus * main + (1.0 - focus) / 3.0 * max(0.0, all_kinds - main)


@rule(household, "z per person and quarter", 0.0)
def farm_wage(
    ability,
    wage_shock,
    skill=Last("skill"),
    labour=Param(
        0.55,
        "z per person and quarter",
        low=0.3,
        high=0.8,
        source="enterprise share of income 0.3-0.6 at the start (derived)",
    ),
):
    """What a household's hands earn without capital and luck."""
    return exp(ability + wage_shock) * labour * skill


@rule(nation, "share of working time", 0.0, 1.0)
def meeting_days(
    value=Param(0.02, "share of working time", low=0.01, high=0.04, source="assumption: one to four days a quarter"),
):
    """Working time that meetings take from those who attend."""
    return value


@rule(household, "z per person and quarter", 0.0)
def time_cost(
    attends,
    farm_wage,
    meeting_days,
    works_wage,
    value=Param(
        0.5, "share of the farm wage", low=0.0, high=1.0, source="usual shadow price of rural time; 0 and 1 shown"
    ),
    forgone=Param(
        0.0,
        "share of the wages",
        low=0.0,
        high=0.6,
        source="0: works fill idle days, the same for all arms; up to half in workfare (from memory, low)",
    ),
):
    """Own income given up by going to meetings, and by working on works where hands are not idle."""
    return attends * meeting_days * value * farm_wage + forgone * works_wage


@rule(household, "z per person and quarter", 0.0)
def output(
    ability,
    effective_capital,
    works_benefit,
    luck,
    weather,
    local_shock,
    farm_wage,
    time_cost,
    skill=Last("skill"),
    scale=Param(0.36, "z", low=0.1, high=0.8, source="enterprise share of income 0.3-0.6 at the start (derived)"),
    elasticity=Param(
        0.2, "share", low=0.1, high=0.3, source="capital share of Asian smallholders (from memory, medium)"
    ),
    lumpy_scale=Param(
        0.0, "z", low=0.0, high=1.2, source="1.1-1.6 times `scale`; 0 switches the trap off", what_if=True
    ),
    lumpy_cost=Param(0.0, "z per quarter", low=0.0, high=0.5, source="0.05-0.5; 0 switches the trap off", what_if=True),
    works_gain=Param(
        0.12,
        "share",
        low=0.0,
        high=0.6,
        source="assumption; 0: works earn nothing; 0.6: a third of output is theirs; frozen sets are of 0 to 0.2",
    ),
    complementarity=Param(
        0.0,
        "per unit of skill",
        low=0.0,
        high=1.0,
        source="assumption: skill makes no more of works; above 0 is a variant",
        what_if=True,
    ),
):
    """Output of the quarter at the prices of the start.

    Hands and capital, the better of two techniques: a small one, and a lumpy one that needs skill and a fixed cost
    (Carter and Barrett 2006). With `lumpy_scale` 0 there is no poverty trap. Above 0, `complementarity` makes works earn
    more in skilled hands.
    """
    grown = power(effective_capital, elasticity)
    technique = max(scale * grown, lumpy_scale * skill * grown - lumpy_cost)
    helped = 1.0 + works_gain * works_benefit * (1.0 + complementarity * (skill - 1.0))
    made = (farm_wage + exp(ability) * technique) * helped * exp(luck + weather + local_shock)
    return max(0.0, made - time_cost)
