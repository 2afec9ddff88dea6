"""Cost: what the state pays, discounted, and what it buys.

Only state money is cost; transfers between households are incidence, and villagers' time enters once, as lost own
income. A ratio whose denominator is not positive is undefined: functions return nan, and tables print "undefined".
"""

from __future__ import annotations

from typing import NamedTuple, TypeVar

import numpy as np

from sim.metrics import mean, metric

#: One z in rupiah: three months of the rural poverty line of September 2017, Rp 370 910 per head (BPS, recalled).
Z_RUPIAH = 3 * 370_910
Amount = TypeVar("Amount", float, np.ndarray)  # one, or one a row
#: Rural population of Indonesia 2017, persons (derived: rural poor divided by rural headcount, BPS September 2017).
RURAL_POPULATION = 121.1e6
#: Villages (*desa*) of Indonesia (Podes 2018, BPS, read).
VILLAGES = 75_436
#: State budget (APBN-P) of 2017 in rupiah a year (recalled).
STATE_BUDGET_RUPIAH = 2_133e12
#: Working time of a full worker, hours a quarter: 13 weeks of 40 (Act 13 of 2003 on manpower, article 77; recalled).
HOURS = 13 * 40
#: What staff is paid for, shown apart beside the cost.
PAID = ("paid_facilitators", "paid_trainers", "paid_auditors", "paid_overhead", "paid_services")


def present_value(flow: np.ndarray, start: int, rate: float) -> float | np.ndarray:
    """Present value at the start of quarter ``start`` of a flow that is paid at the beginning of each quarter.

    Parameters
    ----------
    flow : array, shape (quarters,) or (quarters, ...)
        Money by quarter, first row quarter 0; earlier quarters than ``start`` are compounded forward.
    start : int
        Quarter t0 at which programmes start.
    rate : float
        Real discount rate, share per year.

    Returns
    -------
    float, or array of shape (...)
        In the unit of the flow.
    """
    flow = np.asarray(flow, float)
    factor = (1.0 + rate) ** (-(np.arange(len(flow)) - start) / 4.0)
    value = (flow * factor.reshape((-1,) + (1,) * (flow.ndim - 1))).sum(axis=0)
    return float(value) if flow.ndim == 1 else value


def poor_years_averted(poor_without: np.ndarray, poor_with: np.ndarray) -> float:
    """Person-years of poverty averted: fewer poor persons in each quarter, a quarter of a year each, undiscounted.

    Parameters
    ----------
    poor_without, poor_with : array, shape (quarters,)
        Poor persons without and with the policy, same luck.

    Returns
    -------
    float
        Person-years; negative where the policy adds poverty.
    """
    return float(np.sum(np.asarray(poor_without, float) - np.asarray(poor_with, float)) / 4.0)


def cost_per(cost: float, result: float) -> float:
    """Cost per unit of result; nan (undefined) where there is no positive result or the cost is negative.

    Parameters
    ----------
    cost : float
        Present value of state money over the baseline.
    result : float
        Baseline-poor persons moved, or person-years of poverty averted, over the baseline.
    """
    return float(cost / result) if result > 0 and cost >= 0 else float("nan")


def rupiah(amount: Amount) -> Amount:
    """Money of the model (z) in rupiah at prices of September 2017."""
    return amount * Z_RUPIAH


class AtScale(NamedTuple):
    """One amount per rural person, in rupiah at the scales at which it is decided."""

    head: float
    village: float
    nation: float
    #: Share of one year's state budget; a yearly share only where the amount is that of one year.
    budget_share: float


def at_scale(amount: float) -> AtScale:
    """Translate z per rural person into rupiah per head, mean village, rural nation and share of the budget.

    Parameters
    ----------
    amount : float
        z per person of the rural population: a present value, or the flow of one year (four quarters).
    """
    head = float(rupiah(amount))
    nation = head * RURAL_POPULATION
    return AtScale(head, nation / VILLAGES, nation, nation / STATE_BUDGET_RUPIAH)


@metric("public income", unit="z per person and quarter", better="neither")
def public_income(public_income, persons):
    """Mean income of a person from public money (transfers, subsidies, wages from works), z per quarter."""
    return mean(public_income, persons)


@metric("external share of income", unit="% of income", better="neither")
def external_share(public_income, own_income, persons):
    """Share of all household income that is public money, %."""
    public, own = mean(public_income, persons), mean(own_income, persons)
    return 100.0 * public / (public + own) if public + own > 0 else float("nan")


@metric("paid to facilitators and organisers", unit="z per person and quarter", better="neither")
def paid_facilitators(village_facilitation, village_organising, village_persons):
    """State money for facilitators, organisers and campaigns, mean of a person, z per quarter."""
    return mean(village_facilitation + village_organising, village_persons)


@metric("paid to trainers", unit="z per person and quarter", better="neither")
def paid_trainers(village_training, village_persons):
    """State money for trainers, mean of a person, z per quarter."""
    return mean(village_training, village_persons)


@metric("paid for audit", unit="z per person and quarter", better="neither")
def paid_auditors(village_audit, village_persons):
    """State money for audits of works, mean of a person, z per quarter."""
    return mean(village_audit, village_persons)


@metric("paid for overhead: offices, surveys, liaison", unit="z per person and quarter", better="neither")
def paid_overhead(village_administration, village_survey, village_linkage, village_persons):
    """State money for offices, surveys of who is eligible, and liaison, mean of a person, z per quarter."""
    return mean(village_administration + village_survey + village_linkage, village_persons)


@metric("paid to teachers and nurses", unit="z per person and quarter", better="neither")
def paid_services(village_service, village_persons):
    """State money for staff of schools and health posts beyond what is there, mean of a person, z per quarter."""
    return mean(village_service, village_persons)
