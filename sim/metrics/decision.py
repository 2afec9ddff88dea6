"""Decision power: whose wish is built, who runs the works, who is there to decide; and the field that a community is.

Three numbers and no index: nominal rights with an empty hall must not look like power. Arnstein (1969), Journal of the
American Institute of Planners 35, names eight rungs; a rung is a label of the three numbers by the table below.
"""

from __future__ import annotations

import numpy as np

from sim.metrics import metric

KINDS = 4
#: From the highest rung down: its name, and the least decision power, control and attendance (all 0-1) that it takes.
#: Assumption: Arnstein gives no numbers. Frozen.
RUNGS = (
    (8, "citizen control", 0.75, 0.75, 0.50),
    (7, "delegated power", 0.50, 0.50, 0.35),
    (6, "partnership", 0.25, 0.20, 0.25),
    (5, "placation", 0.10, 0.05, 0.15),
    (4, "consultation", -1.0, 0.0, 0.10),
    (3, "informing", -1.0, 0.0, 0.05),
    (2, "therapy", -1.0, 0.0, 0.01),
    (1, "manipulation", -1.0, 0.0, 0.0),
)


def rung(power: float, control: float, attendance: float) -> tuple[int, str]:
    """Arnstein's rung: the highest whose three minima are all met.

    Parameters
    ----------
    power, control : as in `decision_power` and `control`
    attendance : share of the non-elite at the meeting, 0-1
    """
    for number, name, *least in RUNGS:
        if power >= least[0] and control >= least[1] and attendance >= least[2]:
            return number, name
    raise ValueError(f"no rung for decision power {power}, control {control}, attendance {attendance}")


@metric("decision power", unit="0 chance, 1 always", better="higher")
def decision_power(
    village_choice, village_council_choice, village_favourite, village_works_money, village_works_council
):
    """How often money for works goes to the kind that most of the non-elite live of; 0 is chance, 1 always.

    By money, each village counting once; a village without money for works decides nothing and counts as chance. Below
    0 the wish is met less often than by chance. It sees what is decided, not why: a planner who builds what people want
    scores as they would.
    """
    spent = village_works_money + village_works_council
    hit = village_works_money * (village_choice == village_favourite) + village_works_council * (
        village_council_choice == village_favourite
    )
    chance = 1.0 / KINDS
    share = np.divide(hit, spent, out=np.full(spent.shape, chance), where=spent > 0.0)
    return (share.mean() - chance) / (1.0 - chance)


@metric("control", unit="0-1", better="higher")
def control(village_capture, village_right_fund, village_works_money, village_works_council, village_road_works):
    """Share of the money for works that residents run themselves, less what the elite captures, 0-1."""
    spent = village_works_money + village_works_council + village_road_works
    run = np.divide(village_right_fund * village_works_money, spent, out=np.zeros(spent.shape), where=spent > 0.0)
    return ((1.0 - village_capture) * run).mean()


@metric("community field", unit="0-1", better="neither")
def community_field(village_place_bond, village_attendance_own, village_interest_bond):
    """Place times regular meeting times shared interest, 0-1: 0 where any of the three is missing (Wilkinson 1991).

    Nearness of those who have ties, attendance at the village's own meeting, share of ties within one kind of activity.
    """
    return (village_place_bond * village_attendance_own * village_interest_bond).mean()
