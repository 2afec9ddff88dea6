"""Rotating savings (M17b, arisan): members pay in, each has a turn in every round, the unlucky may borrow. No outside money."""

from __future__ import annotations

from sim.agents.household import household
from sim.agents.territory import nation, village
from sim.engine.rule import Last, Param, Sum, Uniform, rule

ROUND = 20  # quarters: a circle of twenty


@rule(household, "quarter of the round", 0.0, 20.0, every=ROUND)
def turn(lot=Uniform()):
    """When in the round a member's turn comes, by lot."""
    return lot * 20.0


@rule(household, "0 or 1", 0.0, 1.0)
def has_turn(member, turn, round_quarter):
    """The pot is this member's in this quarter."""
    return member if round_quarter <= turn < round_quarter + 1.0 else 0.0


@rule(nation, "quarter of the round", 0.0, 20.0)
def round_quarter(round_quarter):
    """How far the round has come."""
    return round_quarter + 1.0 if round_quarter < 18.5 else 0.0


@rule(household, "z per person and quarter", 0.0)
def paid_in(
    member,
    expected=Last("expected_income"),
    share=Param(0.01, "share of expected income", low=0.005, high=0.02, source="assumption: range of arisan payments"),
):
    """A member's payment."""
    return member * share * expected


@rule(household, "z per person and quarter", 0.0)
def loan_asked(
    member,
    earnings,
    expected=Last("expected_earnings"),
    debt=Last("debt"),
    hardship=Param(0.7, "share of expected income", low=0.5, high=0.9, source="assumption"),
    ceiling=Param(
        0.3, "share of expected income", low=0.1, high=0.6, source="assumption: what a group will trust a member with"
    ),
):
    """What a member hit by bad luck asks to borrow."""
    return member * max(0.0, min(hardship * expected - earnings, ceiling * expected - debt))


@rule(household, "z per person and quarter", 0.0)
def repayment(
    earnings,
    debt=Last("debt"),
    expected=Last("expected_earnings"),
    share=Param(0.25, "share of debt", low=0.1, high=0.5, source="assumption: four quarters"),
):
    """Debt paid back, in quarters that are not bad."""
    return share * debt if earnings >= expected * 0.9 else 0.0


@rule(household, "z per person and quarter", 0.0)
def interest(
    repayment, rate=Param(0.03, "share of what is repaid", low=0.0, high=0.1, source="assumption: the group's own rate")
):
    """Interest, paid with what is repaid."""
    return rate * repayment


@rule(village, "share", 0.0, 1.0)
def loan_cover(
    pot=Last("pot"),
    paid=Sum("paid_in", weight="size"),
    asked=Sum("loan_asked", weight="size"),
    lent=Param(0.5, "share of the pot", low=0.0, high=1.0, source="assumption: half of the pot may go out on loan"),
):
    """Part of what is asked that the group can lend, before the pot is handed on."""
    return min(1.0, lent * (pot + paid) / asked) if asked > 0.0 else 0.0


@rule(household, "z per person and quarter", 0.0)
def loan(loan_asked, loan_cover):
    """Borrowed from the group."""
    return loan_asked * loan_cover


@rule(household, "z per person", 0.0)
def debt(debt, loan, repayment):
    """Owed to the group."""
    return max(0.0, debt - repayment) + loan


@rule(household, "z per person and quarter", 0.0)
def pot_won(
    has_turn,
    size,
    pot=Last("pot"),
    winners=Sum("has_turn"),
    paid=Sum("paid_in", weight="size"),
    lent=Sum("loan", weight="size"),
):
    """The pot, for those whose turn it is: what was there and paid in, less what is lent."""
    return has_turn * max(0.0, pot + paid - lent) / (winners * size) if winners > 0.0 else 0.0


@rule(village, "z", 0.0)
def pot(
    pot,
    paid=Sum("paid_in", weight="size"),
    back=Sum("repayment", weight="size"),
    interest=Sum("interest", weight="size"),
    lent=Sum("loan", weight="size"),
    won=Sum("pot_won", weight="size"),
):
    """Money of the savings group."""
    return max(0.0, pot + paid + back + interest - lent - won)
