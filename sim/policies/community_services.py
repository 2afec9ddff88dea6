"""G3: community services (Glen), layanan komunitas."""

from __future__ import annotations

from sim.engine.rule import Param

from .policy import policy


@policy(
    label="G3 community services", label_id="Layanan komunitas", decides="agency with a committee of users",
    flows="staff of school and health post, user voice", targets="users", level="agency",
    loses_when="skilled staff is scarce, users' voice is a token, or what is lacking is income",
    levers=("service", "facilitation", "right_goal"),
)  # fmt: skip
def community_services(
    budget,
    voice=Param(0.15, "share of budget", low=0.0, high=0.4, source="assumption: the design of this preset"),
    users=Param(0.3, "share", low=0.0, high=0.6, source="a committee of users: 0.3 (assumption)"),
    ceiling=Param(
        0.05,
        "z per person and quarter",
        low=0.02,
        high=0.1,
        source="assumption: seven more staff in a village of 1 600",
    ),
):
    """Teachers, nurses and their users' committee: 0.85 staff, 0.15 to bring users together."""
    spent = budget.clip(max=ceiling)
    return {"service": (1.0 - voice) * spent, "facilitation": voice * spent, "right_goal": users}
