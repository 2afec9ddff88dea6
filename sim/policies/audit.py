"""Audits of village works, and nothing else."""

from __future__ import annotations

from sim.engine.rule import Param

from .policy import policy


@policy(
    label="Audits of works", label_id="Audit pekerjaan desa", decides="state auditor", flows="audits", targets="village",
    level="region", loses_when="little is lost, or auditors cost more than they find", levers=("audit",),
)  # fmt: skip
def audit_of_works(
    budget,
    ceiling=Param(
        0.01, "z per person and quarter", low=0.001, high=0.03, source="assumption: an audit of every project"
    ),
):
    """Audits up to what an audit of every project costs; the rest of the budget is dividend."""
    return {"audit": budget.clip(max=ceiling)}
