"""T3: subsidised bank credit, as Kredit Usaha Rakyat."""

from __future__ import annotations

from sim.engine.rule import Param

from .policy import policy


@policy(
    label="T3 subsidised credit", label_id="Kredit bersubsidi", decides="bank", flows="subsidy and guarantee of bank loans", targets="who has collateral or a business",
    level="household", loses_when="the poorest are excluded, and those who borrow earn no more than they pay", levers=("credit",),
)  # fmt: skip
def subsidised_credit(
    budget,
    ceiling=Param(
        0.05,
        "z per person and quarter",
        low=0.01,
        high=0.1,
        source="assumption: a bank places about a tenth of a line in new loans a quarter, at a leverage of two",
    ),
):
    """The state pays for interest and guarantee up to what a bank can place; the rest of the budget is dividend."""
    return {"credit": budget.clip(max=ceiling)}
