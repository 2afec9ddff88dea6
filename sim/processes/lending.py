"""Moneylender and lending groups (M17b): who falls short borrows from the group at its rate, else from the moneylender.

Nothing moves without a lever: in the default world borrowing among people is part of how far their spending follows
their luck. The lender lives outside the village. A group lends what its members paid in and what it was given to lend.
A loan is money at hand and no income, as the bank's; interest, instalments and savings lower income.
"""

from __future__ import annotations

from sim.agents.household import household
from sim.agents.territory import village
from sim.engine.rule import Last, Param, Sum, rule


@rule(household, "0 or 1", 0.0, 1.0)
def in_group(in_group, group_quota, giving):
    """Member of a lending group: those who give join first, and stay. Who joins does not depend on income."""
    return max(in_group, 1.0 if giving < group_quota else 0.0)


@rule(household, "z per person and quarter", 0.0)
def shortfall(
    moneylender,
    in_group,
    earnings,
    expected=Last("expected_earnings"),
    buffer=Last("buffer"),
    hardship=Param(
        0.7, "share of expected income", low=0.5, high=0.9, source="assumption: as the rotating savings group's"
    ),
):
    """What income and money at hand lack of a part of what was expected, where there is somebody to borrow from."""
    return max(0.0, hardship * expected - earnings - buffer) * max(in_group, moneylender)


@rule(household, "z per person", 0.0)
def group_asked(
    in_group,
    shortfall,
    reach,
    effective_capital,
    skill=Last("skill"),
    expected=Last("expected_income"),
    dear=Last("lender_debt"),
    owed=Last("group_debt"),
    ceiling=Param(
        0.4,
        "quarters of expected income",
        low=0.2,
        high=0.8,
        source="assumption: first loans of some thousand rupees in self-help groups",
    ),
):
    """Loan that a member asks the group for: to fill a shortfall, to pay off the moneylender, for what its hands can use."""
    use = shortfall + dear + max(0.0, reach * skill - effective_capital)
    return in_group * max(0.0, min(use, ceiling * expected - owed))


@rule(village, "share", 0.0, 1.0)
def group_cover(group_capital, persons, fund=Last("lending_fund"), asked=Sum("group_asked", weight="size")):
    """Part of what members ask that the groups' money can fill, the same for all."""
    return min(1.0, (fund + group_capital * persons) / asked) if asked > 0.0 else 1.0


@rule(household, "z per person", 0.0)
def group_loan(group_asked, group_cover):
    """Borrowed from the group."""
    return group_asked * group_cover


@rule(household, "z per person", 0.0)
def debt_swapped(group_loan, dear=Last("lender_debt")):
    """Debt to the moneylender that a group's loan pays off: the dear debt first."""
    return min(group_loan, dear)


@rule(household, "z per person", 0.0)
def lender_loan(
    moneylender,
    shortfall,
    group_loan,
    debt_swapped,
    expected=Last("expected_income"),
    owed=Last("lender_debt"),
    ceiling=Param(
        0.5,
        "quarters of expected income",
        low=0.2,
        high=1.0,
        source="assumption: what a lender trusts a neighbour with",
    ),
):
    """Borrowed from the moneylender: what the group leaves of a shortfall, up to a ceiling."""
    wanted = min(shortfall - (group_loan - debt_swapped), ceiling * expected - (owed - debt_swapped))
    return moneylender * max(0.0, wanted)


@rule(household, "z per person and quarter", 0.0)
def lender_interest(
    own_income,
    owed=Last("lender_debt"),
    rate=Param(
        0.1725,
        "share a quarter",
        low=0.1,
        high=0.25,
        source="69 % a year on recent loans in Bihar (Hoffmann et al. 2017, control; read); 5 % a month is usual",
    ),
):
    """Interest on all that is owed to the moneylender, good quarter or bad; what own income cannot pay is let off."""
    return min(rate * owed, own_income)


@rule(household, "z per person and quarter", 0.0)
def lender_repaid(
    earnings,
    debt_swapped,
    expected=Last("expected_earnings"),
    owed=Last("lender_debt"),
    share=Param(0.25, "share of the debt", low=0.1, high=0.5, source="assumption: as the rotating savings group's"),
):
    """Instalment to the moneylender, in quarters that are not bad."""
    return share * max(0.0, owed - debt_swapped) if earnings >= 0.9 * expected else 0.0


@rule(household, "z per person", 0.0)
def lender_debt(lender_debt, debt_swapped, lender_repaid, lender_loan):
    """Owed to the moneylender."""
    return max(0.0, lender_debt - debt_swapped - lender_repaid) + lender_loan


@rule(household, "z per person and quarter", 0.0)
def group_interest(
    own_income,
    lender_interest,
    owed=Last("group_debt"),
    rate=Param(
        0.06,
        "share a quarter",
        low=0.03,
        high=0.075,
        source="1-2 % a month in self-help groups (from memory, medium): less than half the lender's rate (read)",
    ),
):
    """Interest on all that is owed to the group, after the moneylender's."""
    return max(0.0, min(rate * owed, own_income - lender_interest))


@rule(household, "z per person and quarter", 0.0)
def group_repaid(
    earnings,
    expected=Last("expected_earnings"),
    owed=Last("group_debt"),
    share=Param(0.2, "share of the debt", low=0.1, high=0.5, source="assumption: loans of six months to two years"),
):
    """Instalment to the group, in quarters that are not bad. Members vouch for one another: nobody defaults for good."""
    return share * owed if earnings >= 0.9 * expected else 0.0


@rule(household, "z per person", 0.0)
def group_debt(group_debt, group_repaid, group_loan):
    """Owed to the group."""
    return max(0.0, group_debt - group_repaid) + group_loan


@rule(household, "z per person and quarter", 0.0)
def group_saving(
    in_group,
    cover=Last("group_cover"),
    expected=Last("expected_income"),
    share=Param(0.01, "share of expected income", low=0.005, high=0.02, source="assumption: as payments to an arisan"),
):
    """A member's savings, while more is asked for than the group can lend."""
    return in_group * share * expected if cover < 1.0 else 0.0


@rule(village, "z", 0.0)
def lent_on(lent_on, group_capital, persons):
    """Money that groups were given to lend: it stays theirs."""
    return lent_on + group_capital * persons


@rule(village, "z per quarter", 0.0)
def shared_out(
    fund=Last("lending_fund"),
    given=Last("lent_on"),
    asked=Sum("group_asked", weight="size"),
    cycle=Param(
        0.25,
        "share a quarter",
        low=0.15,
        high=0.5,
        source="savings groups share out their fund at the end of each cycle, of a year in most (read); here all along",
    ),
):
    """What groups give back to their members of the savings and interest that nobody asks to borrow."""
    return cycle * max(0.0, fund - given - asked)


@rule(household, "z per person and quarter", 0.0)
def share_held(in_group, expected=Last("expected_income")):
    """A member's part in the savings, by what it pays in."""
    return in_group * expected


@rule(household, "z per person and quarter", 0.0)
def group_shared(share_held, shared_out, held=Sum("share_held", weight="size")):
    """A member's part of what is shared out."""
    return shared_out * share_held / held if held > 0.0 else 0.0


@rule(village, "z", 0.0)
def lending_fund(
    lending_fund,
    group_capital,
    persons,
    saved=Sum("group_saving", weight="size"),
    back=Sum("group_repaid", weight="size"),
    interest=Sum("group_interest", weight="size"),
    lent=Sum("group_loan", weight="size"),
    returned=Sum("group_shared", weight="size"),
):
    """Money of the lending groups that is not out on loan."""
    return max(0.0, lending_fund + group_capital * persons - lent + saved + back + interest - returned)


@rule(village, "share a year", 0.0)
def interest_rate(
    owed=Last("claims_held"),
    to_lender=Sum("lender_interest", weight="size"),
    to_group=Sum("group_interest", weight="size"),
    to_savings=Sum("interest", weight="size"),
    to_bank=Sum("bank_interest", weight="size"),
):
    """Interest of the quarter over what it is paid on, a year's worth: mean over all that households owe, whoever lent it; 0 without debt."""
    return 4.0 * (to_lender + to_group + to_savings + to_bank) / owed if owed > 1e-9 else 0.0
