"""What empowerment and decision power are read from (M18, M19): meetings, ties and help, results and never inputs.

The ordinary meeting of the village exists in every arm, so that agency can be measured where no programme is.
"""

from __future__ import annotations

from sim.agents.household import household, tie
from sim.agents.institutions import group
from sim.agents.territory import village
from sim.engine.functions import logistic
from sim.engine.rule import ArgMax, Last, Mean, Param, Sum, TieTotal, Uniform, rule

# --- Households: agency -----------------------------------------------------------------------------------------------


@rule(household, "share of a year", 0.0, 1.0)
def attended(attended, attends_own):
    """Has been to the village's own meeting within the past year: 1 when it went, falling to 0 four quarters later."""
    return 1.0 if attends_own > 0.5 else max(0.0, attended - 0.25)


@rule(household, "0 or 1", 0.0, 1.0)
def spoke(
    spoke,
    attends_own,
    attended,
    stratum,
    female_head,
    chance=Uniform(),
    efficacy=Last("efficacy"),
    base=Param(0.5, "log odds", low=-0.5, high=1.5, source="assumption: most of the elite that come speak"),
    by_stratum=Param(
        0.7, "log odds per stratum", low=0.0, high=1.2, source="meetings are of elite men (read); assumption"
    ),
    by_gender=Param(0.7, "log odds", low=0.0, high=1.5, source="as `by_stratum`: women speak less"),
    by_efficacy=Param(1.0, "log odds", low=0.0, high=3.0, source="assumption: who believes that it helps speaks up"),
):
    """Spoke at the last meeting that it went to, within the past year."""
    odds = base - by_stratum * stratum - by_gender * female_head + by_efficacy * efficacy
    speaks = 1.0 if chance < logistic(odds) else 0.0
    return speaks if attends_own > 0.5 else (spoke if attended > 0.0 else 0.0)


@rule(household, "0 or 1", 0.0, 1.0)
def voted(
    voted,
    attends_own,
    attended,
    chance=Uniform(),
    efficacy=Last("efficacy"),
    base=Param(0.3, "log odds", low=-1.0, high=1.5, source="assumption: many decisions are made by acclamation"),
    by_efficacy=Param(1.0, "log odds", low=0.0, high=3.0, source="assumption, as `spoke.by_efficacy`"),
):
    """Voted, or raised a hand, at the last meeting that it went to, within the past year."""
    votes = 1.0 if chance < logistic(base + by_efficacy * efficacy) else 0.0
    return votes if attends_own > 0.5 else (voted if attended > 0.0 else 0.0)


@rule(household, "0 or 1", 0.0, 1.0)
def matched(matched, attends_own, attended, activity, council_choice):
    """What the council decided for its own works was of its own kind, at the last meeting that it went to, within the past year."""
    met = 1.0 if council_choice == activity else 0.0
    return met if attends_own > 0.5 else (matched if attended > 0.0 else 0.0)


# --- Households: ties -------------------------------------------------------------------------------------------------


@rule(tie, "0 or 1", 0.0, 1.0)
def close(strength, cut=Param(0.5, "share", low=0.3, high=0.8, source="assumption: the middle of a tie's range")):
    """A tie that both ends can count on; ties are mutual."""
    return 1.0 if strength >= cut else 0.0


@rule(household, "ties", 0.0, 1e4)
def friends(count=TieTotal("close")):
    """Number of close ties."""
    return count


@rule(household, "0 or 1", 0.0, 1.0)
def helped(
    helped,
    surprise,
    sharing,
    expected=Last("expected_earnings"),
    hardship=Param(0.3, "share of expected income", low=0.1, high=0.5, source="assumption: as the savings group's"),
    enough=Param(0.1, "share of the shortfall", low=0.02, high=0.3, source="assumption: help that is remembered"),
):
    """Got help worth remembering from its ties, net, when its income last fell far short of what it expected."""
    got = 1.0 if sharing >= enough * -surprise else 0.0
    return got if -surprise > hardship * expected else helped


# --- Villages: who decides, and the three elements of a community -----------------------------------------------------


@rule(group, "households", 0.0)
def popular(count=Sum("labourer", by="activity")):
    """Households of the majority and the marginal that live of this kind of activity."""
    return count


@rule(village, "number", 0.0, 3.0)
def favourite(best=ArgMax("popular")):
    """Kind of works that most households outside the elite would choose for themselves: their own."""
    return best


@rule(village, "share of households", 0.0, 1.0)
def popular_attendance(present=Mean("attends_own", where="labourer")):
    """Share of the majority and the marginal at the meeting."""
    return present


@rule(village, "share", 0.0, 1.0)
def place_bond(near=Mean("near", weight="strength")):
    """How near to each other those live who have ties, by strength; 0 where ties do not follow place."""
    return near


@rule(village, "share", 0.0, 1.0)
def interest_bond(alike=Mean("alike", weight="strength")):
    """Share of ties between households of one kind of activity, by strength; 0 where ties do not follow interest."""
    return alike
