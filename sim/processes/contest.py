"""Contest (M16): an organised segment claims the elite's rents or the agency's slack. One rule, two targets.

The majority and the marginal stand against an elite, which resists the more, the further it is ahead and the more
united it is. What is won fades when nobody claims it any more. Left out: violence, elections, courts.
"""

from __future__ import annotations

from sim.agents.household import household
from sim.agents.territory import village
from sim.engine.rule import Mean, Param, Sum, rule


@rule(household, "0 or 1", 0.0, 1.0)
def segment(stratum):
    """Belongs to the segment that is organised: the majority and the marginal."""
    return 1.0 if stratum > 1.5 else 0.0


@rule(household, "0 or 1", 0.0, 1.0)
def rent_holder(stratum):
    """Belongs to the elite, whose rents are claimed."""
    return 1.0 if stratum < 0.5 else 0.0


@rule(village, "share", 0.0, 1.0)
def organising_effect(
    organising_effect,
    organising,
    facilitator_quality,
    half=Param(
        0.006, "z per person and quarter", low=0.003, high=0.012, source="as facilitation_effect.half: both buy people"
    ),
    fade=Param(0.11, "share a quarter", low=0.08, high=0.16, source="assumption: half-life 1-2 years"),
):
    """Organisation of the segment by organisers, 0 to 1; it outlives them by its half-life."""
    worth = facilitator_quality * organising
    return max(worth / (worth + half), (1.0 - fade) * organising_effect)


@rule(village, "times", 1.0, 100.0)
def elite_lead(
    elite=Mean("own_income", where="rent_holder", weight="size"), everybody=Mean("own_income", weight="size")
):
    """Mean own income of the elite against the village's; 1 where there is no elite, or none that is ahead."""
    return min(100.0, max(1.0, elite / max(everybody, 1e-6)))


@rule(village, "share", 0.0, 1.0)
def elite_unity(interests=Sum("elite_interest", weight="elite_interest")):
    """How far the elite lives from one kind of activity (Herfindahl index): 1 all of it, 0.25 evenly from four."""
    return min(1.0, interests)


@rule(village, "index", 0.0)
def resistance(
    elite_lead,
    elite_unity,
    base=Param(0.4, "index", low=0.1, high=2.0, source="assumption: full organisation wins about half of a contest"),
    unity=Param(1.0, "times", low=0.0, high=3.0, source="assumption"),
):
    """What organisation meets: it rises with the elite's lead in income and with its unity."""
    return base * elite_lead * (1.0 + unity * elite_unity)


@rule(village, "share", 0.0, 1.0)
def win(
    organising_effect,
    claim_rents,
    claim_slack,
    resistance,
    present=Mean("attends", where="segment"),
    gathering=Param(0.5, "index", low=0.0, high=1.0, source="assumption: who meets anyway is half organised"),
):
    """Chance that a claim succeeds: organisation against organisation and resistance; 0 where nothing is claimed."""
    organised = (organising_effect + gathering * present) * (1.0 if claim_rents + claim_slack > 0.0 else 0.0)
    return organised / (organised + resistance) if organised > 0.0 else 0.0


def follow(won, wanted, speed, fade):
    """A stock that rises towards what is won at one speed and fades at another."""
    return max((1.0 - fade) * won, won + speed * (wanted - won))


@rule(village, "share", 0.0, 1.0)
def rents_won(
    rents_won,
    claim_rents,
    win,
    speed=Param(0.15, "share a quarter", low=0.05, high=0.5, source="assumption: campaigns take a year or two"),
    fade=Param(0.03, "share a quarter", low=0.01, high=0.1, source="assumption: half-life 2-17 years"),
):
    """Share of the claim on rents that holds: it follows what is claimed and won, and fades slowly."""
    return follow(rents_won, claim_rents * win, speed, fade)


@rule(village, "share", 0.0, 1.0)
def slack_won(
    slack_won,
    claim_slack,
    win,
    speed=Param(0.15, "share a quarter", low=0.05, high=0.5, source="as rents_won.speed"),
    fade=Param(0.03, "share a quarter", low=0.01, high=0.1, source="as rents_won.fade"),
):
    """Share of the agency's slack that the village has been conceded; it fades as `rents_won` does."""
    return follow(slack_won, claim_slack * win, speed, fade)


@rule(household, "z per person and quarter", 0.0)
def rent_paid(
    rent_holder,
    rents_won,
    own_income,
    rent=Param(
        0.1, "share of own income", low=0.0, high=0.3, source="assumption: what of elite income is rent; 0 leaves none"
    ),
    claimants=Sum("segment", weight="size"),
):
    """What the elite gives up; nothing where nobody is there to receive it."""
    return rent_holder * rents_won * rent * max(0.0, own_income) if claimants > 0.0 else 0.0


@rule(household, "z per person and quarter", 0.0)
def rent_received(
    segment,
    claimants=Sum("segment", weight="size"),
    paid=Sum("rent_paid", weight="size"),
    deadweight=Param(0.15, "share", low=0.0, high=0.5, source="assumption: strikes, idle fields, lawyers"),
):
    """What the segment receives, the same for each of its persons: what the elite gives up less deadweight."""
    return segment * (1.0 - deadweight) * paid / claimants if claimants > 0.0 else 0.0


@rule(household, "z per person and quarter")
def rents(rent_received, rent_paid):
    """Rents received less given up: no own income, for nobody made more."""
    return rent_received - rent_paid


@rule(village, "z per person and quarter", 0.0)
def slack_released(
    slack_won,
    idle=Param(
        0.01, "z per person and quarter", low=0.0, high=0.03, source="assumption: hours and machines that stand idle"
    ),
):
    """Worth of what the agency does for the village out of idle capacity: no new money, and no more than is idle."""
    return slack_won * idle


@rule(village, "z per person and quarter", 0.0)
def slack_works(
    slack_released,
    share=Param(0.5, "share", low=0.0, high=1.0, source="assumption: works and services alike"),
):
    """The part of it that goes into works; the rest is service."""
    return share * slack_released
