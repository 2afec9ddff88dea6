"""The ledger: each flow has a payer and a payee, each stock changes by its flows. Rules of the village, z a quarter.

Money accounts: state, households, market (local buyers and sellers), outside, group, savings_group, lending_groups,
programme_fund.
Goods accounts: goods (where capital comes from), capital, works, depreciation. Claims: promises, claims. What vanishes
goes to loss. Stocks are totals of the agents' own columns, so that a check compares what is there with what flowed.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from sim.agents.territory import village
from sim.engine.rule import Sum, rule
from sim.flows import RULES as FLOWING


def stock(account: str) -> Callable:
    """Mark a rule of the village as what an account holds."""

    def mark(function: Callable) -> Callable:
        function.stock = account  # type: ignore[attr-defined]
        return function

    return mark


held = rule(village, "z")


@stock("households")
@held
def money_held(kept=Sum("buffer", weight="size")):
    """Money of households."""
    return kept


@stock("capital")
@held
def capital_held(kept=Sum("capital", weight="size")):
    """Capital of households."""
    return kept


@stock("claims")
@held
def claims_held(
    owed=Sum("debt", weight="size"),
    to_bank=Sum("bank_debt", weight="size"),
    to_groups=Sum("group_debt", weight="size"),
    to_lender=Sum("lender_debt", weight="size"),
):
    """What households owe to savings group, bank, lending groups and moneylender."""
    return owed + to_bank + to_groups + to_lender


@stock("group")
@held
def group_money(kept=Sum("group_fund")):
    """Money of the groups."""
    return kept


@stock("savings_group")
@held
def savings_held(pot):
    """Money of the savings group."""
    return pot


@stock("lending_groups")
@held
def lending_held(lending_fund):
    """Money of the lending groups."""
    return lending_fund


@stock("programme_fund")
@held
def fund_held(asset_fund):
    """Money waiting for asset packages."""
    return asset_fund


@stock("works")
@held
def works_held(persons, works_cost, stood=Sum("works")):
    """Value of works at their price."""
    return stood * works_cost * persons


HOLDING = tuple(value for value in vars().values() if hasattr(value, "stock"))
RULES = (*FLOWING, *HOLDING)
FLOWS: dict[str, tuple[str, str]] = {f.rule.name: f.flow for f in FLOWING}
STATE_PAYS = tuple(name for name, (payer, _) in FLOWS.items() if payer == "state")
STOCKS: dict[str, str] = {s.rule.name: s.stock for s in HOLDING}


class LedgerError(ArithmeticError):
    """A stock did not change by what flowed: names account, village and quarter."""


def check(before: dict[str, np.ndarray], after: dict[str, np.ndarray], tolerance: float = 1e-12) -> float:
    """Compare each stock's change with its flows.

    Parameters
    ----------
    before, after
        Stocks at the end of last quarter; stocks and flows of this one. Arrays [...] of any equal shape, z.
    tolerance
        Largest gap allowed, as a share of the account's gross flow and stock.

    Returns
    -------
    float
        The largest gap found, as such a share.

    Raises
    ------
    LedgerError
        Where the gap is larger.
    """
    worst = 0.0
    for name, account in STOCKS.items():
        into = sum((after[f] for f, (_, payee) in FLOWS.items() if payee == account), np.zeros(()))
        out = sum((after[f] for f, (payer, _) in FLOWS.items() if payer == account), np.zeros(()))
        gap = np.abs(after[name] - before[name] - (into - out))
        gross = np.abs(into) + np.abs(out) + np.abs(before[name]) + np.abs(after[name])
        share = gap / np.maximum(gross, 1e-300)
        largest = float(share.max())
        worst = max(worst, largest)
        if not largest <= tolerance:  # so put, it also finds what is not a number
            where = [int(place) for place in np.unravel_index(int(share.argmax()), share.shape)]
            raise LedgerError(f"{account} changed by {largest:.3g} of its gross flow more than flowed, at {where}")
    return worst
