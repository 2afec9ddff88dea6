"""Awareness and participation (M6), and what facilitation does to them (M13)."""

from __future__ import annotations

from sim.agents.household import household
from sim.agents.territory import district, village
from sim.engine.functions import logistic, sqrt
from sim.engine.rule import Last, Mean, Param, Same, Sum, TieMean, Uniform, rule


@rule(district, "share", 0.0, 1.0)
def facilitator_quality(
    facilitators=Sum(Last("facilitation"), weight=Last("persons")),
    organisers=Sum(Last("organising"), weight=Last("persons")),
    people=Sum(Last("persons")),
    capacity=Param(
        0.03,
        "z per person and quarter",
        low=0.008,
        high=0.1,
        source="assumption: good facilitators are scarce when all villages want one",
    ),
):
    """Quality of the facilitators and organisers of the district: falls when more is spent than it has people for."""
    spent = facilitators + organisers
    return min(1.0, capacity * people / max(spent, 1e-9)) if spent > 0.0 else 1.0


@rule(village, "share", 0.0, 1.0)
def facilitation_effect(
    facilitation,
    facilitator_quality,
    half=Param(
        0.006,
        "z per person and quarter",
        low=0.003,
        high=0.012,
        source="assumption: 15-30 % of a programme buys most of the effect",
    ),
):
    """Mobilisation by facilitators, 0 to 1, while they are there: the meetings that they fill are the programme's own.

    Quality counts as money does: more than there are people for adds nothing, and takes nothing away. What PNPM-Rural
    did for participation within the programme did not spill over into the village's own decisions (Voss 2012; read).
    What stays is what people then know, believe and have built, and it fades as those do.
    """
    worth = facilitator_quality * facilitation
    return worth / (worth + half)


@rule(household, "0 or 1", 0.0, 1.0)
def aware(
    aware,
    stratum,
    chance=Uniform(),
    attending_ties=TieMean(Last("attends_own"), weight=Last("strength")),
    aware_ties=TieMean(Last("aware"), weight=Last("strength")),
    passing_on=Param(
        0.25,
        "share a quarter",
        low=0.05,
        high=0.5,
        source="participants are 7 times likelier to pass news on than others who know (read); size is an assumption",
    ),
    council=Param(0.06, "share a quarter", low=0.02, high=0.1, source="assumption: the council's own notices"),
    forgetting=Param(0.05, "share a quarter", low=0.02, high=0.1, source="assumption"),
):
    """Whether the household knows when the village meets: through ties, and the council, which tells its own first."""
    knowing = max(0.0, aware_ties - attending_ties)  # who know and do not go
    news = passing_on * min(1.0, attending_ties + knowing / 7.0)
    told = 1.0 - (1.0 - news) * (1.0 - council / (0.5 + 0.5 * stratum))
    hears = 1.0 if chance < told else 0.0
    stays = 1.0 if chance >= forgetting else 0.0
    return stays if aware > 0.5 else hears


@rule(household, "0 or 1", 0.0, 1.0)
def attends(
    aware,
    facilitation_effect,
    reluctance,
    custom,
    farm_wage,
    meeting_days,
    chance=Uniform(),
    efficacy=Last("efficacy"),
    attending_ties=TieMean(Last("attends_own"), weight=Last("strength")),
    delivered=Last("works_delivered"),
    conformity=Param(
        0.1,
        "utility",
        low=0.0,
        high=2.5,
        source="0-0.1: no endorsement effect once informed (read); tipping above it is a hypothesis",
        what_if=True,
    ),
    outreach=Param(
        0.3,
        "share a quarter",
        low=0.1,
        high=0.5,
        source="assumption: facilitators reach a third of the unaware in a quarter",
    ),
    hope=Param(1.0, "utility", low=0.5, high=1.5, source="assumption"),
    benefit=Param(0.5, "utility per z", low=0.2, high=0.8, source="assumption"),
    invitation=Param(
        0.3,
        "utility",
        low=0.2,
        high=0.7,
        source="5-20 points more come while facilitators stay (KDP, PNPM; from memory, low), at half of their effect",
    ),
    cost=Param(0.5, "utility per z", low=0.2, high=0.9, source="assumption"),
    threshold=Param(0.52, "utility", low=-2.0, high=3.0, source="solved: 16 % attend at the start (read)"),
    shared=Param(
        0.2,
        "share of the variance",
        low=0.05,
        high=0.5,
        source="a fifth of the variance of attendance is between communities (12 in the Andes; derived from read figures)",
    ),
    spread=Param(0.4, "utility", low=0.3, high=0.6, source="assumption"),
    noise=Param(0.25, "utility", low=0.1, high=0.4, source="assumption"),
):
    """Whether the household goes to a village meeting this quarter, the programme's or its own (logit choice of those who know).

    Facilitators tell those who do not know; they tell of their programme's meeting. `shared` is from one table
    of 12 communities with assemblies and work parties (their place is inferred): shares of high attendance of 39 to 100 %,
    of whose variance 0.2 is between them, and that is no rate of attendance.
    """
    told = 1.0 if aware > 0.5 else outreach * facilitation_effect
    pull = conformity * attending_ties + hope * efficacy + benefit * delivered + invitation * facilitation_effect
    utility = (
        pull
        - cost * meeting_days * farm_wage
        - threshold
        - spread * (sqrt(1.0 - shared) * reluctance + sqrt(shared) * custom)
    )
    return 1.0 if chance < told * logistic(utility / noise) else 0.0


@rule(household, "0 or 1", 0.0, 1.0)
def attends_own(
    attends,
    aware,
    reluctance,
    custom,
    farm_wage,
    meeting_days,
    chance=Uniform(of="attends.chance"),
    efficacy=Last("efficacy"),
    attending_ties=TieMean(Last("attends_own"), weight=Last("strength")),
    delivered=Last("works_delivered"),
    conformity=Same("attends.conformity"),
    hope=Same("attends.hope"),
    benefit=Same("attends.benefit"),
    cost=Same("attends.cost"),
    threshold=Same("attends.threshold"),
    shared=Same("attends.shared"),
    spread=Same("attends.spread"),
    noise=Same("attends.noise"),
):
    """Whether it goes to the village's own meeting: who would have come to any if no facilitator had told or invited it.

    What facilitators do for their programme's meeting did not spill over into the village's own decisions (Voss 2012;
    read). The draw is that of `attends`: where no facilitator is, the two are one.
    """
    pull = conformity * attending_ties + hope * efficacy + benefit * delivered
    utility = (
        pull
        - cost * meeting_days * farm_wage
        - threshold
        - spread * (sqrt(1.0 - shared) * reluctance + sqrt(shared) * custom)
    )
    return attends if aware > 0.5 and chance < logistic(utility / noise) else 0.0


@rule(village, "share of households", 0.0, 1.0)
def attendance(attends=Mean("attends")):
    """Share of the village's households at a meeting."""
    return attends


@rule(village, "share of households", 0.0, 1.0)
def attendance_own(attends=Mean("attends_own")):
    """Share of the village's households at the village's own meeting, which there is in every arm."""
    return attends
