"""Rothman's twelve practice variables, for his models and for Glen's: words that set nothing in the model."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

ROTHMAN = "a summary of Rothman's table (read); from the ninth on, from memory"
FOURTH = "the article lists it as Rothman's fourth; the cells are an assumption"
GLEN = "the article names it after Glen, who has no such table; the cells are an assumption"


@dataclass(frozen=True)
class Practice:
    """What a model of practice says of itself, in Rothman's order.

    Attributes
    ----------
    goal, problem
        What is aimed at (a process or a task), and what is taken to be wrong.
    strategy, tactics, role, medium
        How change comes about, by agreement or contest, what the practitioner is, through which body.
    power, boundary, interests
        Where the powerful stand, who belongs, whether interests can be reconciled.
    people, part, empowerment
        What people are, what they do, and what their power is for.
    source
        Where the cells are from.
    """

    goal: str
    problem: str
    strategy: str
    tactics: str
    role: str
    medium: str
    power: str
    boundary: str
    interests: str
    people: str
    part: str
    empowerment: str
    source: str


VARIABLES: Mapping[str, str] = MappingProxyType(
    {
        "goal": "goal",
        "problem": "assumed problem",
        "strategy": "change strategy",
        "tactics": "tactics",
        "role": "practitioner",
        "medium": "medium of change",
        "power": "the powerful",
        "boundary": "boundary",
        "interests": "interests",
        "people": "people are",
        "part": "people's part",
        "empowerment": "empowerment",
    }
)

PRACTICE: Mapping[str, Practice] = MappingProxyType(
    {
        "locality_development": Practice(
            goal="process: a community that can act together",
            problem="few ties, little practice in solving problems together",
            strategy="a broad cross-section works out what is needed and does it",
            tactics="consensus: talk among all groups",
            role="enabler, catalyst, teacher",
            medium="small groups with a task",
            power="members like others: the elite sits in the meeting",
            boundary="the whole place",
            interests="common, or open to agreement",
            people="citizens",
            part="take part and decide",
            empowerment="to solve problems jointly, and to feel able to",
            source=ROTHMAN,
        ),
        "social_planning": Practice(
            goal="task: a given problem solved",
            problem="substantive wants: income, roads, schools, health",
            strategy="collect facts, then choose by reason",
            tactics="consensus, or conflict where it serves the plan",
            role="analyst, programme designer, implementer",
            medium="formal organisations and data",
            power="the sponsor and employer of the planner",
            boundary="the whole place, or a segment of it",
            interests="open to agreement, or in conflict",
            people="consumers",
            part="receive services, answer surveys",
            empowerment="to choose services knowingly",
            source=ROTHMAN,
        ),
        "social_action": Practice(
            goal="both: power and resources shifted, and people able to shift them",
            problem="disadvantage and injustice: others hold what is due to them",
            strategy="give the aggrieved an issue and organise them against its holder",
            tactics="contest: confrontation, direct action, negotiation",
            role="activist, advocate, broker",
            medium="mass organisation and the political process",
            power="the target, outside the group",
            boundary="a segment: the disadvantaged",
            interests="in conflict over what is scarce",
            people="victims of others, and constituents",
            part="employ the organiser, act as members",
            empowerment="to decide and to claim",
            source=ROTHMAN,
        ),
        "social_policy": Practice(
            goal="task: an entitlement in force",
            problem="a gap in the rules: people in need whom no rule covers",
            strategy="enact a rule and pay by it",
            tactics="bargaining before the rule is made, none afterwards",
            role="designer of rules",
            medium="law and budget",
            power="sponsor: the legislature",
            boundary="all who are eligible, in every place",
            interests="settled by the rule",
            people="holders of rights",
            part="none in the choice; they may claim",
            empowerment="legal standing",
            source=FOURTH,
        ),
        "community_development": Practice(
            goal="process: residents who help themselves",
            problem="needs that residents share and could meet, but do not meet together",
            strategy="residents define a need and meet it by their own means, matched at most one to one",
            tactics="consensus among those who come",
            role="facilitator of self-help",
            medium="groups of neighbours who contribute",
            power="neighbours, who give more and may steer more",
            boundary="the neighbourhood, those who come",
            interests="shared",
            people="neighbours with something to give",
            part="decide, contribute, carry it on",
            empowerment="to rely on one another and on themselves",
            source=GLEN,
        ),
        "community_action": Practice(
            goal="both: better terms from agencies, and a group able to demand them",
            problem="agencies that neglect those without a voice",
            strategy="organise those who are worst served and campaign on their issue",
            tactics="campaign and pressure, then bargaining",
            role="organiser on the side of the group",
            medium="an action group",
            power="agencies and officials: those who are addressed",
            boundary="those who share the grievance",
            interests="in conflict with the agency's",
            people="a group that is treated unfairly",
            part="choose the issue, campaign",
            empowerment="to win what agencies could give",
            source=GLEN,
        ),
        "community_services": Practice(
            goal="task: services that fit their users",
            problem="services that are poor, far away or not used",
            strategy="the agency staffs and improves services, users advise",
            tactics="consensus between agency and users",
            role="manager of services, listener",
            medium="agency with a committee of users",
            power="the agency, which keeps the decision",
            boundary="users of the service",
            interests="common to provider and user",
            people="users",
            part="use, complain, sit on the committee",
            empowerment="a voice in how they are served",
            source=GLEN,
        ),
    }
)
