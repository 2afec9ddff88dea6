"""Mutual insurance on ties (M11): who does better than expected gives to ties that do worse."""

from __future__ import annotations

from sim.agents.household import household, tie
from sim.agents.territory import village
from sim.engine.rule import End, Last, Param, Sum, TieSum, rule


@rule(household, "z per person and quarter")
def surprise(earnings, expected=Last("expected_earnings")):
    """What came in before gifts, groups and loans, against what was expected of it."""
    return earnings - expected


@rule(household, "z per person and quarter", 0.0)
def expected_own(remittance, expected=Last("expected_earnings"), public=Last("expected_transfer")):
    """The part of expected earnings that is neither the state's nor kin's."""
    return max(0.0, expected - public - remittance)


@rule(village, "share", -1.0)
def shared_surprise(own=Sum("own_income", weight="size"), usual=Sum("expected_own", weight="size")):
    """How far the village's own income is from what was expected of it: what strikes all."""
    return own / usual - 1.0 if usual > 0.0 else 0.0


@rule(household, "z per person and quarter")
def own_surprise(surprise, expected_own, shared_surprise):
    """The surprise that is the household's alone: neighbours cannot insure what strikes them too."""
    return surprise - expected_own * shared_surprise


@rule(household, "0 or 1", 0.0, 1.0)
def favoured(activity, choice, works_money):
    """A programme's works of this quarter are of its own kind of activity."""
    return 1.0 if works_money > 0.0 and choice == activity else 0.0


@rule(tie, "share", 0.0, 1.0)
def strength(
    strength,
    kinship,
    one=End("attends", 0),
    other=End("attends", 1),
    one_listed=End(Last("listed"), 0),
    other_listed=End(Last("listed"), 1),
    one_favoured=End("favoured", 0),
    other_favoured=End("favoured", 1),
    one_elite=End("rent_holder", 0),
    other_elite=End("rent_holder", 1),
    rents_won=Last("rents_won"),
    meeting=Param(0.05, "share a quarter", low=0.01, high=0.15, source="assumption: ties form where people meet"),
    fading=Param(0.02, "share a quarter", low=0.005, high=0.05, source="assumption"),
    envy=Param(
        0.005,
        "share a quarter",
        low=0.0,
        high=0.05,
        source="unequal benefits of community-driven works erode ties (Gambia; Hess et al. 2021); size is an assumption",
    ),
    backlash=Param(0.02, "share a quarter", low=0.0, high=0.2, source="assumption: patrons drop clients who claim"),
):
    """Strength of a tie: meeting builds it, not meeting lets it fade to kinship; envy and contest with the elite can break it."""
    met = one * other
    unequal = max(
        (one_listed - other_listed) * (one_listed - other_listed),
        (one_favoured - other_favoured) * (one_favoured - other_favoured),
    )
    apart = (one_elite - other_elite) * (one_elite - other_elite)
    faded = fading * (1.0 - met) * (strength - kinship)
    broken = (envy * unequal + backlash * rents_won * apart) * strength
    changed = strength + meeting * met * (1.0 - strength) - faded - broken
    return min(1.0, max(0.0, changed))


@rule(household, "z per quarter", 0.0)
def most_given(
    own_income,
    size,
    degree,
    limit=Param(
        0.5, "share of own income", low=0.2, high=0.8, source="assumption: nobody gives away more, over all ties"
    ),
):
    """The most that a household gives on one tie."""
    return limit * own_income * size / max(degree, 1.0)


@rule(tie, "z per quarter")
def gift(
    strength,
    one=End("own_surprise", 0),
    other=End("own_surprise", 1),
    one_size=End("size", 0),
    other_size=End("size", 1),
    one_most=End("most_given", 0),
    other_most=End("most_given", 1),
    one_listed=End(Last("listed"), 0),
    other_listed=End(Last("listed"), 1),
    rate=Param(
        0.1,
        "share",
        low=0.05,
        high=0.3,
        source="sharing is imperfect: transfers could remove 40-90 % of income risk (South India; read)",
    ),
    trust=Param(0.7, "share", low=0.0, high=1.0, source="assumption"),
    crowd_out=Param(0.08, "share", low=0.0, high=0.3, source="public transfers crowd out private ones; default small"),
):
    """Money from the first end to the second, in z for the two households: a share of the difference in surprise."""
    wanted = rate * trust * strength * (one - other) * min(one_size, other_size)
    wanted = wanted * (1.0 - crowd_out * max(one_listed, other_listed))
    return min(one_most, max(-other_most, wanted))


@rule(household, "z per person and quarter")
def sharing(size, received=TieSum("gift")):
    """Gifts received less given."""
    return received / size


@rule(household, "0 or 1", 0.0, 1.0)
def listed(gets_pkh, gets_rastra, gets_cash, served, entitled, entitlement_category):
    """On any list: neighbours see who gets something that not all get."""
    return max(max(max(gets_pkh, gets_rastra), max(gets_cash, served)), entitled * entitlement_category)


@rule(tie, "z per quarter", 0.0)
def gift_size(gift):
    """Size of the gift, whichever way it goes."""
    return abs(gift)
