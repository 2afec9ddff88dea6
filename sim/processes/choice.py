"""Information and choice of works (M8): who knows what, who decides."""

from __future__ import annotations

from sim.agents.institutions import group
from sim.agents.territory import nation, village
from sim.engine.functions import exp, log, sqrt
from sim.engine.rule import ArgMax, Last, Mean, Normal, Param, Row, Sum, rule


@rule(group, "log")
def true_value(potential, works=Last("works")):
    """What one more unit of this kind is truly worth, as a log: the place's potential, less where much stands already."""
    return potential - 2.0 * log(1.0 + works)


@rule(group, "standard deviations")
def misjudgement(draw=Normal()):
    """The error of this quarter's project, in standard deviations: one draw, whoever chooses."""
    return draw


@rule(nation, "log", 0.0)
def local_error(value=Param(0.8, "log", low=0.3, high=1.5, source="assumption")):
    """Error of one resident about what the place is good for."""
    return value


@rule(village, "log", 0.0)
def technical_error(
    skill=Mean(Last("skill"), weight="size"),
    at_start=Param(0.6, "log", low=0.3, high=1.2, source="assumption; skilled delegation is technically better (read)"),
):
    """Error of lay people about technique; it falls as mean skill rises."""
    return at_start / max(1.0, skill)


@rule(village, "log", 0.0)
def community_error(
    technical_error,
    local_error,
    present=Sum("attends"),
    shared=Param(0.4, "share", low=0.2, high=0.8, source="assumption: beliefs shared by all, tilted to the elite"),
):
    """Error of the meeting: own errors average out over those present, shared ones and technique do not."""
    return sqrt(
        local_error * local_error * (shared + (1.0 - shared) / max(present, 1.0)) + technical_error * technical_error
    )


@rule(village, "log", 0.0)
def council_error(technical_error, local_error):
    """Error of the council deciding alone."""
    return sqrt(local_error * local_error + technical_error * technical_error)


@rule(village, "log", 0.0)
def planner_error(
    survey,
    distance=Param(1.2, "log", low=0.8, high=2.0, source="assumption: a planner sees villages from afar"),
    per_survey=Param(300.0, "per z", low=50.0, high=1000.0, source="assumption: 0.004 z of survey halves the error"),
    technique=Param(0.25, "log", low=0.1, high=0.4, source="assumption"),
):
    """Error of the planner: distance, which a survey reduces, and technique."""
    seen = distance / (1.0 + per_survey * survey)
    return sqrt(seen * seen + technique * technique)


@rule(village, "share", 0.0, 1.0)
def capture(
    quality=Last("institution_quality"),
    tilt=Param(
        0.1, "share", low=0.0, high=0.3, source="assumption; elimination gains < 1 % of welfare (Alatas et al.; read)"
    ),
):
    """Weight of the elite's own interest in what is decided in the village."""
    return tilt * (1.0 - quality)


@rule(group, "log")
def score(
    true_value,
    misjudgement,
    community_error,
    council_error,
    planner_error,
    right_goal,
    capture,
    elite_interest,
    present=Sum("attends"),
):
    """How a programme's works of this kind look to those who decide: meeting and planner by their rights; an empty hall is the council."""
    community = (
        true_value + (community_error if present > 0.0 else council_error) * misjudgement + capture * elite_interest
    )
    planner = true_value + planner_error * misjudgement
    return right_goal * community + (1.0 - right_goal) * planner


@rule(group, "log")
def council_score(true_value, misjudgement, council_error, capture, elite_interest):
    """How works of this kind look to the council alone."""
    return true_value + council_error * misjudgement + capture * elite_interest


@rule(village, "number", 0.0, 3.0)
def choice(best=ArgMax("score")):
    """Kind of works that a programme's money goes to this quarter."""
    return best


@rule(village, "number", 0.0, 3.0)
def council_choice(best=ArgMax("council_score")):
    """Kind of works that the council's money goes to this quarter."""
    return best


@rule(village, "share", 0.0, 1.0)
def match(
    works_money,
    works_council,
    own=Row("true_value", at="choice"),
    councils=Row("true_value", at="council_choice"),
    best=Row("true_value", at=ArgMax("true_value")),
):
    """Value of what was chosen against the best that could have been chosen, by money; 1 where nothing was spent."""
    spent = works_money + works_council
    return (
        min(1.0, (works_money * exp(own - best) + works_council * exp(councils - best)) / spent) if spent > 0.0 else 1.0
    )
