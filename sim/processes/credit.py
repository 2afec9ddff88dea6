"""Bank credit (M17): the state pays for subsidy and guarantee, a bank outside lends to those who can show something.

Nothing moves without the lever. A loan is money like any other cash at hand, so that what households do with it is up to
them: it fills the buffer, then becomes capital. It is no income, own or public; interest and instalments lower income.
"""

from __future__ import annotations

from sim.agents.household import household
from sim.agents.territory import village
from sim.engine.rule import Ahead, Last, Param, Sum, Uniform, rule


@rule(household, "0 or 1", 0.0, 1.0)
def creditworthy(
    capital=Last("capital"),
    expected=Last("expected_income"),
    defaulted=Last("defaulted"),
    collateral=Param(
        5.0,
        "z per person",
        low=3.0,
        high=7.0,
        source="assumption: a business of its own, or as much in collateral",
    ),
    capacity=Param(
        1.2,
        "z per person and quarter",
        low=1.0,
        high=1.5,
        source="assumption: no bank lends to those who expect less than the line; loans go to prior business (read)",
    ),
):
    """Would get a loan: capital enough for a business or collateral, income enough to repay, no default on the record."""
    return 1.0 - defaulted if capital >= collateral and expected >= capacity else 0.0


@rule(household, "z", 0.0)
def credit_claim(
    credit,
    creditworthy,
    size,
    reach,
    effective_capital,
    skill=Last("skill"),
    expected=Last("expected_income"),
    owed=Last("bank_debt"),
    ceiling=Param(
        1.0,
        "quarters of expected income",
        low=0.3,
        high=2.0,
        source="assumption: micro loans of some million rupiah a household",
    ),
):
    """Loan that the household would take: no more capital than its hands can use, no more debt than a ceiling."""
    wanted = max(0.0, min(reach * skill - effective_capital, ceiling * expected - owed))
    return creditworthy * wanted * size if credit > 0.0 else 0.0


@rule(household, "share", 0.0, 1.0, every=4)
def credit_lot(lot=Uniform()):
    """Place in the bank's queue, by lot, new every year: its officers do not know who would use a loan best."""
    return lot


@rule(village, "z", 0.0)
def credit_available(
    credit,
    persons,
    line=Last("credit_line"),
    leverage=Param(2.0, "times the subsidy", low=1.5, high=3.0, source="assumption: loans for each z of state money"),
):
    """What the bank may still lend: the subsidy times its leverage, and what was not lent before; nothing after the end."""
    return line + leverage * credit * persons if credit > 0.0 else 0.0


@rule(household, "z per person", 0.0)
def bank_loan(credit_claim, size, credit_available, ahead=Ahead("credit_claim", by="credit_lot", every=4)):
    """Borrowed from the bank this quarter: whole loans in the order of the queue, while the line lasts."""
    return credit_claim / size if ahead + credit_claim <= credit_available else 0.0


@rule(village, "z", 0.0)
def credit_line(credit, credit_available, lent=Sum("bank_loan", weight="size")):
    """What the bank may lend beyond this quarter."""
    return max(0.0, credit_available - lent) if credit > 0.0 else 0.0


@rule(household, "0 or 1", 0.0, 1.0)
def defaults(
    chance=Uniform(),
    owed=Last("bank_debt"),
    rate=Param(
        0.02,
        "share a quarter",
        low=0.01,
        high=0.2,
        source="0.01-0.04 in banks; 0.05-0.06 gives the 0.4-0.5 in all of KDP's loan funds (read), a variant",
        what_if=True,
    ),
):
    """Stops paying for good: some of those who owe."""
    return 1.0 if owed > 0.0 and chance < rate else 0.0


@rule(household, "0 or 1", 0.0, 1.0)
def defaulted(defaulted, defaults):
    """Has ever defaulted; no bank lends to it again."""
    return max(defaulted, defaults)


@rule(household, "z per person and quarter", 0.0)
def bank_repayment(
    earnings,
    defaults,
    owed=Last("bank_debt"),
    expected=Last("expected_earnings"),
    share=Param(0.15, "share of the debt", low=0.08, high=0.25, source="assumption: one to three years"),
    tolerance=Param(0.1, "share of expected income", low=0.0, high=0.3, source="assumption: as the savings group's"),
):
    """Instalment, in quarters that are not bad."""
    return (1.0 - defaults) * share * owed if earnings >= (1.0 - tolerance) * expected else 0.0


@rule(household, "z per person and quarter", 0.0)
def bank_interest(
    bank_repayment,
    owed=Last("bank_debt"),
    rate=Param(
        0.022,
        "share a quarter",
        low=0.01,
        high=0.05,
        source="9 % a year on subsidised small loans in 2017 (from memory)",
    ),
):
    """Interest on all that is owed, with each instalment; the bank waives that of bad quarters."""
    return rate * owed if bank_repayment > 0.0 else 0.0


@rule(household, "z per person and quarter", 0.0)
def debt_service(bank_repayment, bank_interest):
    """What the bank gets from the household."""
    return bank_repayment + bank_interest


@rule(household, "z per person", 0.0)
def written_off(defaults, owed=Last("bank_debt")):
    """Debt that will not be paid back: the bank's loss, which the guarantee was paid for."""
    return defaults * owed


@rule(household, "z per person", 0.0)
def bank_debt(bank_debt, bank_loan, bank_repayment, written_off):
    """Owed to the bank."""
    return max(0.0, bank_debt - bank_repayment - written_off) + bank_loan
