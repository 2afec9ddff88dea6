"""R1: locality development (Rothman), pengembangan masyarakat lokal."""

from __future__ import annotations

from sim.engine.rule import Param

from .policy import policy


@policy(
    label="R1 locality development", label_id="Pengembangan masyarakat lokal", decides="broad cross-section of residents, the elite inside",
    flows="grant for the village's menu, facilitation", targets="village", level="grassroots",
    loses_when="the elite captures, time is dear, skill is low, facilitators leave early",
    levers=("works_money", "facilitation", "right_goal", "right_fund", "right_process"),
)  # fmt: skip
def locality_development(
    budget,
    facilitation=Param(
        0.3,
        "share of budget",
        low=0.1,
        high=0.65,
        source="15-30 % in PNPM (from memory, low) to 65 % in Tuungane (read)",
    ),
):
    """Facilitators help residents meet, choose and build: 0.7 grant, 0.3 facilitation, all three rights with residents."""
    return {
        "works_money": budget * (1.0 - facilitation),
        "facilitation": budget * facilitation,
        "right_goal": 1.0,
        "right_fund": 1.0,
        "right_process": 1.0,
    }
