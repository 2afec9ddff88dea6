"""Consumption, buffer and capital (M2): what households do with what they have."""

from __future__ import annotations

from sim.agents.household import household
from sim.agents.territory import nation
from sim.engine.functions import exp
from sim.engine.rule import Last, Param, rule


@rule(nation, "share a quarter", 0.0, 1.0)
def updating(
    value=Param(0.08, "share a quarter", low=0.03, high=0.1, source="assumption: expectations take years to change"),
):
    """How fast households change what they expect."""
    return value


@rule(nation, "z per person and quarter", 0.0)
def subsistence(
    value=Param(
        0.75,
        "z per person and quarter",
        low=0.7,
        high=0.85,
        source="assumption: below it people sell what they work with",
    ),
):
    """Consumption that people defend with all they have."""
    return value


@rule(nation, "z per person", 0.0)
def buffer_target(
    value=Param(0.5, "z per person", low=0.2, high=1.0, source="assumption: half a quarter's poverty line"),
):
    """Money and grain that a household wants to have at hand."""
    return value


@rule(household, "z per person and quarter")
def income(
    own_income,
    public_income,
    remittance,
    sharing,
    contribution,
    paid_in,
    pot_won,
    loan,
    repayment,
    interest,
    debt_service,
    rents,
    lender_interest,
    lender_repaid,
    group_interest,
    group_repaid,
    group_saving,
    group_shared,
):
    """All that comes in this quarter, less gifts, contributions, rents given up and what goes to groups and lenders."""
    return (
        own_income
        + public_income
        + remittance
        + sharing
        - contribution
        - paid_in
        + pot_won
        + loan
        - repayment
        - interest
        + rents
        - debt_service
        - lender_interest
        - lender_repaid
        - group_interest
        - group_repaid
        - group_saving
        + group_shared
    )


@rule(household, "z per person and quarter")
def earnings(own_income, public_income, remittance, rents):
    """What comes in before gifts, groups and loans."""
    return own_income + public_income + remittance + rents


@rule(household, "z per person and quarter", 0.0)
def expected_earnings(expected_earnings, earnings, updating, trend_step):
    """What the household expects to come in before gifts, groups and loans: learned as `expected_income` is."""
    return max(0.0, expected_earnings + updating * (earnings - expected_earnings)) * exp(trend_step)


@rule(household, "z per person and quarter", 0.0)
def expected_income(expected_income, income, updating, trend_step):
    """What the household expects to have in a usual quarter: it learns from surprises and counts on the place's trend."""
    return max(0.0, expected_income + updating * (income - expected_income)) * exp(trend_step)


@rule(household, "z per person and quarter", 0.0)
def expected_transfer(expected_transfer, public_income, updating):
    """The part of expected income that comes from the state."""
    return expected_transfer + updating * (public_income - expected_transfer)


@rule(nation, "share", 0.0, 1.0)
def distress_discount(value=Param(0.25, "share", low=0.1, high=0.4, source="assumption: distress prices")):
    """What is lost when capital has to be sold at once."""
    return value


@rule(household, "z per person")
def borrowed(bank_loan, group_loan, debt_swapped, lender_loan):
    """Loans of the quarter, less dear debt that they pay off: money at hand, and no income."""
    return bank_loan + group_loan - debt_swapped + lender_loan


@rule(household, "z per person", 0.0)
def distress_sale(
    income,
    borrowed,
    depreciation,
    asset_died,
    subsistence,
    distress_discount,
    buffer=Last("buffer"),
    capital=Last("capital"),
    share=Param(
        0.25,
        "share of the shortfall",
        low=0.2,
        high=0.3,
        source="asset sales offset 20-30 % (Fafchamps et al. 1998; read)",
    ),
):
    """Capital sold, at its full value, when what is at hand does not reach the floor; what it fetches fills a share of that."""
    short = subsistence - income - borrowed - buffer
    return max(0.0, min(capital - depreciation - asset_died, share * short / (1.0 - distress_discount)))


@rule(household, "z per person and quarter", 0.0)
def sale_proceeds(distress_sale, distress_discount):
    """Money from the distress sale."""
    return distress_sale * (1.0 - distress_discount)


@rule(household, "z per person and quarter")
def cash_on_hand(income, sale_proceeds, borrowed, buffer=Last("buffer")):
    """What can be spent this quarter."""
    return buffer + income + sale_proceeds + borrowed


@rule(household, "z per person and quarter", 0.0)
def spending(
    cash_on_hand,
    income,
    subsistence,
    buffer_target,
    public_income,
    expected=Last("expected_income"),
    expected_public=Last("expected_transfer"),
    buffer=Last("buffer"),
    saved=Param(0.06, "share", low=0.03, high=0.15, source="rural saving rate 5-20 %, poor 0-8 % (from memory, low)"),
    response=Param(
        0.35,
        "share",
        low=0.05,
        high=0.4,
        source="pass-through of idiosyncratic income 0.1-0.4 in mild shocks (Gertler and Gruber; from memory)",
    ),
    response_public=Param(0.1, "share", low=0.05, high=0.2, source="0.10 of timely cash (BLT 2005-06; read)"),
    rebuilding=Param(0.05, "share of the gap a quarter", low=0.02, high=0.1, source="assumption"),
):
    """Spending on consumption: a share of expected income, part of the surprise, and what the buffer allows.

    Less of a surprise from the state is spent than of one's own. Never below subsistence while there is money.
    """
    gift = public_income - expected_public
    surprise = response * (income - expected - gift) + response_public * gift
    wanted = (1.0 - saved) * expected + surprise + rebuilding * (buffer - buffer_target)
    return max(0.0, min(cash_on_hand, max(subsistence, wanted)))


@rule(household, "z per person and quarter", 0.0)
def investment(cash_on_hand, spending, effective_capital, buffer_target, reach, skill=Last("skill")):
    """What is left above the buffer's target goes into capital, while hands can use more of it."""
    return max(0.0, min(cash_on_hand - spending - buffer_target, reach * skill - effective_capital))


@rule(household, "z per person")
def buffer(cash_on_hand, spending, investment):
    """Money and grain kept."""
    return cash_on_hand - spending - investment


@rule(household, "z per person", 0.0)
def depreciation(
    effective_capital,
    capital=Last("capital"),
    used=Param(0.02, "share a quarter", low=0.01, high=0.03, source="assumption"),
    idle=Param(
        0.1, "share a quarter", low=0.05, high=0.15, source="assumption: hands that cannot use an asset lose it"
    ),
):
    """Capital worn out; what hands cannot use goes faster."""
    return used * effective_capital + idle * (capital - effective_capital)


@rule(household, "z per person", 0.0)
def capital(capital, depreciation, investment, distress_sale, asset_received, asset_died):
    """Productive capital: animals, tools, stock, improvements of land."""
    return max(0.0, capital - depreciation - asset_died - distress_sale) + investment + asset_received


@rule(household, "z per person and quarter", 0.0)
def consumption(spending, price_level):
    """Real consumption."""
    return spending / price_level
