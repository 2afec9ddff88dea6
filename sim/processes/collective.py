"""The collective good (M7): who gives, sanctions, the groups' upkeep funds, and the institution."""

from __future__ import annotations

from sim.agents.household import household
from sim.agents.institutions import group
from sim.agents.territory import nation, village
from sim.engine.rule import Last, Param, Sum, Uniform, rule


@rule(household, "share", 0.0, 1.0)
def willingness(
    attends_own,
    giving,
    chance=Uniform(),
    quality=Last("institution_quality"),
    crowd=Last("attendance_own"),
    others=Last("contributors"),
    unconditional=Param(
        0.15,
        "share",
        low=0.1,
        high=0.2,
        source="Rustagi et al. 2010 and public-goods experiments (from memory, medium)",
    ),
    conditional=Param(0.45, "share", low=0.35, high=0.5, source="as `unconditional`"),
    sanction=Param(0.5, "share", low=0.0, high=1.0, source="assumption"),
):
    """How much of the asked contribution an attender of the village's own meeting gives: all, as much as others did, or nothing unless sanctioned."""
    free_rider = 1.0 if chance < quality * crowd * sanction else 0.0
    gives = 1.0 if giving < unconditional else (others if giving < unconditional + conditional else free_rider)
    return attends_own * gives


@rule(household, "z per person and quarter", 0.0)
def contribution(
    willingness,
    expected=Last("expected_income"),
    asked=Param(0.01, "share of income", low=0.005, high=0.03, source="assumption"),
):
    """Labour and money given to upkeep, in z."""
    return asked * willingness * expected


@rule(village, "share of attenders", 0.0, 1.0)
def contributors(contributors, given=Sum("willingness"), present=Sum("attends_own")):
    """What attenders gave of what was asked; last quarter's figure where nobody came."""
    return min(1.0, given / present) if present > 0.0 else contributors


@rule(group, "households", 0.0)
def members(present=Sum("attends", by="activity")):
    """Households of this kind of activity that take part: the group as it meets."""
    return present


@rule(nation, "share of works_council", 0.0, 1.0)
def council_upkeep_share(value=Param(0.1, "share", low=0.0, high=0.3, source="assumption")):
    """Part of the council's works money that it sets apart for upkeep."""
    return value


@rule(group, "z per quarter", 0.0)
def upkeep_wanted(
    persons,
    works_cost,
    right_process,
    works=Last("works"),
    need=Param(
        0.003, "share of value a quarter", low=0.001, high=0.01, source="assumption: about 1 % a year keeps works up"
    ),
    effort=Param(0.2, "share", low=0.0, high=0.5, source="assumption: residents who lead upkeep need less of it"),
):
    """What it takes to keep this kind of works up."""
    return need * works * works_cost * persons * (1.0 - effort * right_process)


@rule(group, "z per quarter", 0.0)
def council_upkeep(works_council, persons, council_upkeep_share, upkeep_wanted):
    """The council's part of the upkeep: a quarter of its upkeep money for each kind, no more than is wanted."""
    return min(upkeep_wanted, council_upkeep_share * works_council * persons / 4.0)


@rule(group, "z per quarter", 0.0)
def group_upkeep(
    upkeep_wanted, council_upkeep, fund=Last("group_fund"), given=Sum("contribution", weight="size", by="activity")
):
    """The group's part of the upkeep, from what its members gave."""
    return min(upkeep_wanted - council_upkeep, fund + given)


@rule(group, "z", 0.0)
def group_fund(group_fund, group_upkeep, given=Sum("contribution", weight="size", by="activity")):
    """Money of the group."""
    return max(0.0, group_fund + given - group_upkeep)


@rule(group, "share", 0.0, 1.0)
def upkeep(upkeep_wanted, council_upkeep, group_upkeep):
    """Part of the wanted upkeep that was paid."""
    return min(1.0, (council_upkeep + group_upkeep) / upkeep_wanted) if upkeep_wanted > 0.0 else 1.0


@rule(village, "share", 0.0, 1.0)
def success(loss, match=Last("match")):
    """Last project's benefit against its promise: what was not lost, of the best that could have been chosen."""
    return (1.0 - loss) * match


@rule(village, "share", 0.0, 1.0)
def institution_quality(
    institution_quality,
    attendance_own,
    success,
    capture,
    works_money,
    works_council,
    learning=Param(
        0.005,
        "a quarter",
        low=0.0,
        high=0.1,
        source="0-0.01: institutions moved 0.03 sd (GoBifo); 0.03-0.1 is a labelled variant",
        what_if=True,
    ),
    erosion=Param(
        0.0005,
        "a quarter",
        low=0.0001,
        high=0.001,
        source="assumption: halls as empty as they are leave a council between a quarter and five sixths of the best",
    ),
    harm=Param(0.001, "a quarter", low=0.0, high=0.005, source="assumption, as `erosion`"),
):
    """Quality of the council, 0 to 1: works that succeed with many present build it, empty halls and capture erode it."""
    built = 1.0 if works_money + works_council > 0.0 else 0.0
    grown = built * learning * attendance_own * success * (1.0 - institution_quality)
    lost = (erosion * (1.0 - attendance_own) + harm * capture) * institution_quality
    return min(1.0, max(0.0, institution_quality + grown - lost))
