"""What is learned (M12, M14): efficacy by experience, skill by training and by groups; schooling."""

from __future__ import annotations

from sim.agents.household import household
from sim.agents.territory import village
from sim.engine.functions import log, logistic
from sim.engine.rule import Last, Param, Uniform, rule


@rule(household, "share", 0.0, 1.0)
def efficacy(
    efficacy,
    attends,
    activity,
    success,
    works_money,
    works_council,
    choice,
    council_choice,
    right_goal,
    cash,
    cash_community,
    complains,
    learning=Param(0.05, "share", low=0.02, high=0.1, source="assumption"),
):
    """Belief that taking part changes something: by how a project kept its promise, and what the community's list came to.

    Attenders compare the project with what was promised and with their own interest, and, where the community was asked
    who shall get cash, the list with their own view of it. Nobody learns from what nobody was asked about.
    """
    asked = 1.0 if works_money > 0.0 and right_goal > 0.0 else 0.0
    chosen = choice if asked > 0.0 else council_choice
    seen = success * (1.0 if chosen == activity else 0.0)
    by_works = learning * attends * (seen - efficacy) if asked + works_council > 0.0 else 0.0
    by_list = cash_community * learning * attends * (1.0 - complains - efficacy) if cash > 0.0 else 0.0
    return efficacy + by_works + by_list


@rule(household, "index", 0.5)
def skill(
    skill,
    attends,
    gets_asset,
    asset_lump,
    asset_coaching,
    training,
    facilitation_effect,
    quality=Last("institution_quality"),
    per_training=Param(
        0.15,
        "per z",
        low=0.03,
        high=0.3,
        source="business training raises profits 5-10 % (read); a coaching package is about 0.9 z",
    ),
    by_groups=Param(0.0005, "a quarter", low=0.0, high=0.002, source="assumption"),
    forgetting=Param(0.002, "share a quarter", low=0.0, high=0.005, source="assumption"),
    highest=Param(2.0, "index", low=1.5, high=3.0, source="assumption"),
):
    """Skill, 1 at the start: coaching with an asset, training, and what groups learn while facilitators are about; above 1 it fades."""
    taught = (
        per_training * (gets_asset * asset_lump * asset_coaching + training)
        + by_groups * attends * quality * facilitation_effect
    )
    return skill + taught * max(0.0, 1.0 - skill / highest) - forgetting * max(0.0, skill - 1.0)


@rule(village, "index", -5.0)
def service_quality(
    service_quality,
    service,
    slack_released,
    slack_works,
    attention,
    gain=Param(1.0, "per z", low=0.2, high=3.0, source="assumption"),
    fade=Param(0.03, "share a quarter", low=0.01, high=0.1, source="assumption"),
    by_attention=Param(0.01, "index a quarter", low=0.0, high=0.05, source="assumption"),
):
    """Quality of school and health post above that of the start, by staff and by the agency's attention; below it where others are heard."""
    given = gain * (service + max(0.0, slack_released - slack_works)) + by_attention * (attention - 1.0)
    return service_quality + given - fade * service_quality


@rule(household, "0 or 1", 0.0, 1.0, every=4)
def enrolled(
    schooling,
    service_quality,
    gets_pkh,
    chance=Uniform(),
    consumed=Last("consumption"),
    base=Param(1.3, "log odds", low=0.0, high=3.0, source="assumption: most children of school age are enrolled"),
    by_consumption=Param(0.5, "log odds per log", low=0.1, high=1.0, source="assumption"),
    by_schooling=Param(0.1, "log odds per year", low=0.0, high=0.3, source="assumption"),
    by_service=Param(1.0, "log odds", low=0.0, high=3.0, source="assumption"),
    condition=Param(
        0.5,
        "log odds",
        low=0.2,
        high=0.8,
        source="odds of enrolment 1.41 times with conditional cash, 1.6 where enforced (Baird et al. 2014; from memory)",
    ),
):
    """Children of school age are enrolled, this school year. No effect on income within the horizon: nobody grows up here."""
    odds = (
        base
        + by_consumption * log(max(0.05, consumed))
        + by_schooling * (schooling - 7.4)
        + by_service * service_quality
    )
    return 1.0 if chance < logistic(odds + condition * gets_pkh) else 0.0
