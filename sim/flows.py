"""Flows between accounts, z a quarter: rules of the village. `sim.ledger` says what accounts there are, and checks."""

from __future__ import annotations

from collections.abc import Callable

from sim.agents.territory import village
from sim.engine.rule import Sum, rule


def flow(payer: str, payee: str) -> Callable:
    """Mark a rule of the village as a flow from one account to another."""

    def mark(function: Callable) -> Callable:
        function.flow = (payer, payee)  # type: ignore[attr-defined]
        return function

    return mark


money = rule(village, "z per quarter", 0.0)


@flow("market", "households")
@money
def sold_locally(sales=Sum("local_sales", weight="size")):
    """Local sales, paid to households."""
    return sales


@flow("outside", "households")
@money
def sold_outside(sales=Sum("outside_sales", weight="size")):
    """Outside sales and work, paid to households."""
    return sales


@flow("outside", "households")
@money
def remitted(sent=Sum("remittance", weight="size")):
    """Remittances of kin."""
    return sent


@flow("outside", "households")
@money
def distress_sales(paid=Sum("sale_proceeds", weight="size")):
    """Paid for capital sold in distress."""
    return paid


@flow("state", "households")
@money
def cash_paid(persons, asset_release, paid=Sum("transfers", weight="size")):
    """Cash and rice that arrived."""
    return max(0.0, paid - asset_release * persons)


@flow("state", "households")
@money
def wages_paid(paid=Sum("works_wage", weight="size")):
    """Wages of works."""
    return paid


@flow("programme_fund", "households")
@money
def fund_released(persons, asset_release):
    """What was left for assets when the programme ended, paid to all."""
    return asset_release * persons


@flow("households", "households")
@money
def gifts(given=Sum("gift_size")):
    """Gifts on ties, both directions."""
    return given


@flow("households", "households")
@money
def rents_redistributed(received=Sum("rent_received", weight="size")):
    """Rents that the elite gave up and others received."""
    return received


@flow("households", "loss")
@money
def rents_lost(rents_redistributed, paid=Sum("rent_paid", weight="size")):
    """Rents that the elite gave up and the contest ate."""
    return max(0.0, paid - rents_redistributed)


@flow("households", "group")
@money
def contributed(given=Sum("contribution", weight="size")):
    """Contributions to upkeep."""
    return given


@flow("households", "savings_group")
@money
def paid_to_savings(
    paid=Sum("paid_in", weight="size"), back=Sum("repayment", weight="size"), interest=Sum("interest", weight="size")
):
    """Payments, repayments and interest to the savings group."""
    return paid + back + interest


@flow("savings_group", "households")
@money
def paid_by_savings(won=Sum("pot_won", weight="size"), lent=Sum("loan", weight="size")):
    """Pots and loans."""
    return won + lent


@flow("households", "market")
@money
def bought_locally(import_share, spent=Sum("spending", weight="size"), invested=Sum("investment", weight="size")):
    """Consumption and investment bought in the village."""
    return (1.0 - import_share) * (spent + invested)


@flow("households", "outside")
@money
def bought_outside(import_share, spent=Sum("spending", weight="size"), invested=Sum("investment", weight="size")):
    """Consumption and investment bought outside."""
    return import_share * (spent + invested)


@flow("outside", "market")
@money
def outsiders_bought(outside_demand):
    """What outsiders bought in the village."""
    return outside_demand


@flow("group", "market")
@money
def upkeep_by_groups(paid=Sum("group_upkeep")):
    """Upkeep paid by the groups."""
    return paid


@flow("state", "market")
@money
def upkeep_by_council(paid=Sum("council_upkeep")):
    """Upkeep paid by the council."""
    return paid


@flow("state", "market")
@money
def materials_local(local_materials, by_council=Sum("council_upkeep"), by_groups=Sum("group_upkeep")):
    """Materials of works bought in the village."""
    return max(0.0, local_materials - by_council - by_groups)


@flow("state", "outside")
@money
def materials_outside(construction, loss, persons, materials_local, wages_paid):
    """Materials of works bought outside, and contractors: with their own people where no resident takes such work."""
    return max(0.0, construction * (1.0 - loss) * persons - wages_paid - materials_local)


@flow("state", "loss")
@money
def works_lost(construction, loss, persons):
    """Spending on works that vanished."""
    return construction * loss * persons


@flow("state", "loss")
@money
def cash_lost(persons, dividend, cash, pkh, entitlement, rastra, cash_loss, rice_loss):
    """Cash and rice that did not arrive."""
    return persons * (cash_loss * (dividend + cash + pkh + entitlement) + rice_loss * rastra)


@flow("state", "outside")
@money
def staff_paid(persons, facilitation, training, survey, audit, service, organising, linkage, administration):
    """Facilitators, trainers, surveyors, auditors, teachers and nurses, organisers and campaigns, liaison, offices."""
    return persons * (facilitation + training + survey + audit + service + organising + linkage + administration)


@flow("state", "outside")
@money
def spent_nationally(persons, national):
    """Money for the nation's modern sector."""
    return national * persons


@flow("state", "outside")
@money
def credit_subsidised(persons, credit):
    """Subsidy and guarantee of bank loans, paid to the bank."""
    return credit * persons


@flow("outside", "households")
@money
def lent_by_bank(lent=Sum("bank_loan", weight="size")):
    """Loans of the bank."""
    return lent


@flow("households", "outside")
@money
def paid_to_bank(paid=Sum("debt_service", weight="size")):
    """Instalments and interest to the bank."""
    return paid


@flow("state", "lending_groups")
@money
def groups_capitalised(persons, group_capital):
    """Given to lending groups, to be lent."""
    return group_capital * persons


@flow("households", "lending_groups")
@money
def paid_to_groups(
    saved=Sum("group_saving", weight="size"),
    back=Sum("group_repaid", weight="size"),
    interest=Sum("group_interest", weight="size"),
):
    """Savings, instalments and interest to the lending groups."""
    return saved + back + interest


@flow("lending_groups", "households")
@money
def shared_by_groups(shared=Sum("group_shared", weight="size")):
    """Savings and interest that the lending groups share out."""
    return shared


@flow("lending_groups", "households")
@money
def lent_by_groups(lent=Sum("group_loan", weight="size")):
    """Loans of the lending groups."""
    return lent


@flow("outside", "households")
@money
def lent_by_lender(lent=Sum("lender_loan", weight="size")):
    """Loans of the moneylender."""
    return lent


@flow("households", "outside")
@money
def paid_to_lender(
    interest=Sum("lender_interest", weight="size"),
    back=Sum("lender_repaid", weight="size"),
    swapped=Sum("debt_swapped", weight="size"),
):
    """Interest and instalments to the moneylender, and what groups' loans paid off."""
    return interest + back + swapped


@flow("state", "programme_fund")
@money
def fund_paid_in(persons, asset):
    """Money for asset packages."""
    return asset * persons


@flow("programme_fund", "loss")
@money
def assets_lost(asset_lump, asset_coaching, cash_loss, served=Sum("gets_asset", weight="size")):
    """Part of the assets that did not arrive."""
    return served * asset_lump * (1.0 - asset_coaching) * cash_loss


@flow("programme_fund", "outside")
@money
def packages_bought(asset_lump, assets_lost, served=Sum("gets_asset", weight="size")):
    """Assets bought, coaching and delivery."""
    return max(0.0, served * asset_lump - assets_lost)


@flow("goods", "capital")
@money
def capital_gained(invested=Sum("investment", weight="size"), given=Sum("asset_received", weight="size")):
    """Capital bought and received."""
    return invested + given


@flow("capital", "goods")
@money
def capital_sold(sold=Sum("distress_sale", weight="size")):
    """Capital sold in distress, at its full value."""
    return sold


@flow("capital", "depreciation")
@money
def capital_worn(worn=Sum("depreciation", weight="size")):
    """Capital worn out."""
    return worn


@flow("capital", "loss")
@money
def capital_died(died=Sum("asset_died", weight="size")):
    """Animals of programmes that died."""
    return died


@flow("goods", "works")
@money
def works_gained(persons, built=Sum("works_built")):
    """Value of works built."""
    return built * persons


@flow("works", "depreciation")
@money
def works_worn(persons, works_cost, decayed=Sum("works_decay")):
    """Value of works that decayed."""
    return decayed * works_cost * persons


@flow("promises", "claims")
@money
def lent(
    lent=Sum("loan", weight="size"),
    by_bank=Sum("bank_loan", weight="size"),
    by_groups=Sum("group_loan", weight="size"),
    by_lender=Sum("lender_loan", weight="size"),
):
    """Debt taken on."""
    return lent + by_bank + by_groups + by_lender


@flow("claims", "promises")
@money
def paid_back(
    back=Sum("repayment", weight="size"),
    to_bank=Sum("bank_repayment", weight="size"),
    to_groups=Sum("group_repaid", weight="size"),
    to_lender=Sum("lender_repaid", weight="size"),
    swapped=Sum("debt_swapped", weight="size"),
):
    """Debt paid back."""
    return back + to_bank + to_groups + to_lender + swapped


@flow("claims", "loss")
@money
def claims_lost(lost=Sum("written_off", weight="size")):
    """Debt to the bank that was written off."""
    return lost


RULES = tuple(value for value in vars().values() if hasattr(value, "flow"))
