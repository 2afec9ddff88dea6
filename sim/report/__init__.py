"""The report: results in, figures, tables and one self-contained page out.

    from sim.report.page import write                  # report.html and figures/*.{svg,png}
    from sim.report.tables import headline_terminal    # the table that ends a run

A table that was not computed (no twins, one arm) is left out and the page says so; NaN is printed as "undefined".
Shares are fractions (0-1) but in `headline`, `contrasts` and `participation`, which are in %.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Protocol

from sim import ledger
from sim.experiment.results import Results
from sim.scenario import BASELINE, Scenario

BENCHMARK = "dividend"  # the policy against which every other is measured too
CLASSES = ("self_sufficient", "fragile", "rising", "dependency", "declining", "stagnation")
ORIGINS = ("not_poor", "near_poor", "poor")
WINDOWS = ("before", "during", "after", "late")
UNDEFINED = "undefined"
MINUS, THIN_SPACE, SPACE = "\u2212", "\u202f", "\u00a0"
SAID = {
    "near_poor": "near-poor",
    "poor": "permanently poor",
    "self_sufficient": "self-sufficient",
    "female_head": "head of household",
    "decile": "decile of consumption at the start",
    "schooling": "schooling of the head",
    "size": "size of household",
    "pkh": "PKH",
    "rastra": "Rastra",
    "cash": "targeted cash",
    "asset": "asset package",
}
# Where public money goes, in the order in which a bar is cut. What flows into the programme's fund is followed further.
USES = {
    "cash to households": ("cash_paid", "fund_released"),
    "assets and coaching": ("packages_bought",),
    "wages": ("wages_paid",),
    "materials": ("materials_local", "materials_outside"),
    "upkeep": ("upkeep_by_council",),
    "staff, facilitators, lenders": ("staff_paid", "credit_subsidised", "groups_capitalised"),
    "the modern sector": ("spent_nationally",),
    "lost": ("cash_lost", "works_lost", "assets_lost"),
}
USE_OF = {flow: use for use, flows in USES.items() for flow in flows}
FLOWS = {rule.rule.name: rule.rule.meaning.rstrip(".") for rule in ledger.RULES}  # what a reader sees for a flow


class Armed(Protocol):
    """Whatever compares the arms of a scenario."""

    @property
    def scenario(self) -> Scenario:
        """The scenario."""


def number(value: float | None, decimals: int = 1, signed: bool = False) -> str:
    """Format `value` with a true minus and thin non-breaking spaces; what is not finite is "undefined"."""
    if value is None or not math.isfinite(value):
        return UNDEFINED
    rounded = round(float(value), decimals)
    digits = f"{abs(rounded):,.{decimals}f}".replace(",", THIN_SPACE)
    return (MINUS if rounded < 0 else "+" if signed and rounded > 0 else "") + digits


def span(low: float | None, high: float | None, decimals: int = 1, signed: bool = False) -> str:
    """Format an interval as "low to high"; empty where either end is undefined."""
    ends = [number(low, decimals, signed), number(high, decimals, signed)]
    return "" if UNDEFINED in ends else f"{SPACE}to{SPACE}".join(ends)


def said(name: object) -> str:
    """The words that a reader sees for the name of a class, group, list or flow."""
    return SAID.get(str(name)) or FLOWS.get(str(name)) or str(name).replace("_", " ")


def labels(results: Armed) -> dict[str, str]:
    """Label of each arm, in the order of the scenario but with the baseline first."""
    arms = sorted(results.scenario.resolved_arms, key=lambda arm: arm.id != BASELINE)
    return {arm.id: arm.label for arm in arms}


def rivals(results: Armed) -> list[str]:
    """Arms other than the baseline."""
    return [arm for arm in labels(results) if arm != BASELINE]


def ranked(results: Results) -> list[str]:
    """Arms that are compared at equal cost; a policy that acts outside the villages has no cost and no rank."""
    outside = {name for name, about in results.scenario.known.policies.items() if not about.ranked}
    policy = {arm.id: arm.policy for arm in results.scenario.resolved_arms}
    return [arm for arm in rivals(results) if policy[arm] not in outside]


def benchmark(results: Armed) -> str | None:
    """The arm that pays the whole budget as an equal dividend, against which every programme is also measured."""
    return next((arm.id for arm in results.scenario.resolved_arms if arm.policy == BENCHMARK), None)


def source(results: Results) -> str:
    """What the intervals vary over."""
    luck = results.scenario.replications
    if luck.sets == 1:
        return f"90{SPACE}% of {luck.seeds} lucks, one parameter set"
    return f"90{SPACE}% of {luck.seeds} draws, each of luck and of one of {luck.sets} parameter sets"


def chance(results: Results) -> str:
    """What the intervals vary over, in a word or three."""
    return "luck" if results.scenario.replications.sets == 1 else "luck and parameters"


def years(window: tuple[int, int], since: int = 0) -> str:
    """A window of quarters [first, last) as years since a quarter: "9 to 12"."""
    return SPACE.join((f"{(window[0] - since) / 4:g}", "to", f"{(window[1] - since) / 4:g}"))


def measured(results: Results) -> str:
    """When the headline is measured."""
    post = results.scenario.windows.post
    since = years(post, results.scenario.calendar.end)
    return f"in years {years(post)} after September 2017, which is {since} years after the money ended"


def when(results: Results) -> str:
    """The window in which all but the courses is measured."""
    return f"years {years(results.scenario.windows.post)}"


def flows_anyway(results: Results) -> str:
    """The programmes of the world, which flow in every arm, in brackets; empty where there are none."""
    known = results.scenario.known.policies
    names = [known[programme.policy].label for programme in results.scenario.programmes]
    return f" ({', '.join(names)})" if names else ""


def has(results: Results, key: str) -> bool:
    """Whether a table was computed and holds rows."""
    return key in results.tables and len(results.tables[key]) > 0


def present(values: Iterable, order: tuple = ()) -> list:
    """Distinct values, those of `order` first and in its order."""
    distinct = list(dict.fromkeys(values))
    return [value for value in order if value in distinct] + [value for value in distinct if value not in order]
