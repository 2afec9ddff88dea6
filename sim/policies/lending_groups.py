"""Savings groups and self-help groups, and the moneylender whom they compete with."""

from __future__ import annotations

from sim.engine.rule import Param

from .policy import policy


@policy(
    label="Savings groups", label_id="Kelompok simpan pinjam", decides="members", flows="trainers of groups, no money to lend", targets="who joins",
    level="grassroots", loses_when="members need income and not a place to save", levers=("administration", "group_quota"),
)  # fmt: skip
def savings_groups(
    budget,
    quota=Param(0.3, "share of households", low=0.1, high=0.6, source="a third or less join (from memory, low)"),
    ceiling=Param(
        0.005,
        "z per person and quarter",
        low=0.001,
        high=0.01,
        source="US$ 20-40 a member in all (from memory, low): 0.002-0.003 z over three years",
    ),
):
    """Trainers form groups that lend what their members save; what trainers do not cost is dividend."""
    return {"administration": budget.clip(max=ceiling), "group_quota": quota}


@policy(
    label="Self-help groups with capital", label_id="Kelompok swadaya dengan modal", decides="members", flows="money that groups lend on, and trainers", targets="who joins",
    level="grassroots", loses_when="what is borrowed earns no more than it costs", levers=("administration", "group_capital", "group_quota"),
)  # fmt: skip
def group_credit(
    budget,
    quota=Param(0.6, "share of households", low=0.2, high=0.9, source="most poor women join (from memory, low)"),
    staff=Param(0.15, "share of budget", low=0.05, high=0.4, source="assumption"),
    ceiling=Param(
        0.03,
        "z per person and quarter",
        low=0.01,
        high=0.06,
        source="assumption: what new groups can place; Rs 50 000 a group in Bihar is 0.03 z (from memory, low)",
    ),
):
    """Groups lend what they are given and what members save, at a rate below the moneylender's; the rest is dividend."""
    spent = budget.clip(max=ceiling)
    return {"administration": staff * spent, "group_capital": (1.0 - staff) * spent, "group_quota": quota}


@policy(
    label="Moneylender", label_id="Rentenir", decides="the lender", flows="dear loans", targets="who falls short", level="household",
    loses_when="cheaper lenders come", levers=("administration", "moneylender"), ranked=False,
)  # fmt: skip
def moneylender(budget):
    """A moneylender whom all may borrow from: no programme, but a place that studies of lending need in all their arms."""
    return {"administration": budget, "moneylender": 1.0}
