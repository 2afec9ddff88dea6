"""The report: results in, figures, tables and one self-contained page out.

    from sim.report.page import write                  # report.html and figures/*.{svg,png}
    from sim.report.tables import headline_terminal    # the table that ends a run

A table that was not computed (no twins, one arm) is left out and the page says so; NaN is printed as "undefined".
Shares are fractions (0-1) but in `headline`, `contrasts` and `participation`, which are in %.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Protocol

from sim import ledger
from sim.experiment.results import Results
from sim.language import SPACE, mark, say, spoken, written
from sim.scenario import BASELINE, Scenario

CLASSES = ("self_sufficient", "fragile", "rising", "dependency", "declining", "stagnation")
ORIGINS = ("not_poor", "near_poor", "poor")
WINDOWS = ("before", "during", "after", "late")
UNDEFINED = mark("undefined")
MINUS, DASH = "\u2212", "\u2013"
SAID = {
    "not_poor": mark("not poor"),
    "near_poor": mark("near-poor"),
    "poor": mark("permanently poor"),
    "self_sufficient": mark("self-sufficient"),
    "fragile": mark("fragile"),
    "rising": mark("rising"),
    "dependency": mark("dependency"),
    "declining": mark("declining"),
    "stagnation": mark("stagnation"),
    "winner": mark("winner"),
    "unchanged": mark("unchanged"),
    "loser": mark("loser"),
    "before": mark("before"),
    "during": mark("during"),
    "after": mark("after"),
    "late": mark("late"),
    "trap_off": mark("trap off"),
    "trap_on": mark("trap on"),
    # groups and lists
    "female_head": mark("head of household"),
    "decile": mark("decile of consumption at the start"),
    "schooling": mark("schooling of the head"),
    "size": mark("size of household"),
    "man": mark("man"),
    "woman": mark("woman"),
    "under 6 years": mark("under 6 years"),
    "6-8 years": mark("6-8 years"),
    "9 years or more": mark("9 years or more"),
    "7 or more": mark("7 or more"),
    "pkh": "PKH",
    "rastra": "Rastra",
    "cash": mark("targeted cash"),
    "asset": mark("asset package"),
    # accounts of the ledger
    "capital": mark("capital"),
    "claims": mark("claims"),
    "depreciation": mark("depreciation"),
    "goods": mark("goods"),
    "group": mark("group"),
    "households": mark("households"),
    "lending_groups": mark("lending groups"),
    "loss": mark("loss"),
    "market": mark("market"),
    "outside": mark("outside"),
    "programme_fund": mark("programme fund"),
    "promises": mark("promises"),
    "savings_group": mark("savings group"),
    "state": mark("state"),
    "works": mark("works"),
}
# Where public money goes, in the order in which a bar is cut. What flows into the programme's fund is followed further.
USES = {
    mark("cash to households"): ("cash_paid", "fund_released"),
    mark("assets and coaching"): ("packages_bought",),
    mark("wages"): ("wages_paid",),
    mark("materials"): ("materials_local", "materials_outside"),
    mark("upkeep"): ("upkeep_by_council",),
    mark("staff, facilitators, lenders"): ("staff_paid", "credit_subsidised", "groups_capitalised"),
    mark("the modern sector"): ("spent_nationally",),
    mark("lost"): ("cash_lost", "works_lost", "assets_lost"),
}
USE_OF = {flow: use for use, flows in USES.items() for flow in flows}
FLOWS = {rule.rule.name: rule.rule.meaning.rstrip(".") for rule in ledger.RULES}  # what a reader sees for a flow


class Armed(Protocol):
    """Whatever compares the arms of a scenario."""

    @property
    def scenario(self) -> Scenario:
        """The scenario."""


class Labelled(Protocol):
    """Whatever has a name in each language: an arm, a policy, a way of a sweep."""

    @property
    def label(self) -> str:
        """The English name."""

    @property
    def label_id(self) -> str:
        """The Indonesian name; empty: as in English."""


def number(value: float | None, decimals: int = 1, signed: bool = False) -> str:
    """Format `value` with a true minus and the marks of the reader's language; what is not finite is "undefined"."""
    if value is None or not math.isfinite(value):
        return say(UNDEFINED)
    rounded = round(float(value), decimals)
    digits = written(f"{abs(rounded):,.{decimals}f}")
    return (MINUS if rounded < 0 else "+" if signed and rounded > 0 else "") + digits


def percent(value: float | None, decimals: int = 1, signed: bool = False) -> str:
    """A number with its per cent, as the reader's language joins them."""
    return number(value, decimals, signed) + spoken().percent


def of_unit(value: str, unit: str) -> str:
    """A written value with its unit, which follows on the same line; per cent as the reader's language joins it."""
    told = say(unit)
    return value + (spoken().percent + told[1:] if told.startswith("%") else f"{SPACE}{told}")


def to(low: str, high: str) -> str:
    """Two ends as "low to high"."""
    return say("{low}\u00a0to\u00a0{high}", low=low, high=high)


def span(low: float | None, high: float | None, decimals: int = 1, signed: bool = False) -> str:
    """Format an interval as "low to high"; empty where either end is undefined."""
    ends = [number(low, decimals, signed), number(high, decimals, signed)]
    return "" if say(UNDEFINED) in ends else to(*ends)


def drawn(spans: Mapping[str, tuple[float, float]], units: Mapping[str, str] | None = None) -> str:
    """What is drawn, and from where to where."""
    told = []
    for name, ends in spans.items():
        low, high = (written(f"{end:g}") for end in ends)
        unit = say((units or {}).get(name, ""))
        told.append(f"{say('{name} {low} to {high}', name=name, low=low, high=high)} {unit}".rstrip())
    return "; ".join(told)


def said(name: object) -> str:
    """The words that a reader sees for the name of a class, group, list or flow."""
    return say(SAID.get(str(name)) or FLOWS.get(str(name)) or str(name).replace("_", " "))


def named(about: Labelled) -> str:
    """What an arm or a policy is called in the reader's language."""
    return (spoken().code == "id" and about.label_id) or about.label


def labels(results: Armed) -> dict[str, str]:
    """Label of each arm, in the order of the scenario but with the baseline first."""
    arms = sorted(results.scenario.resolved_arms, key=lambda arm: arm.id != BASELINE)
    return {arm.id: named(arm) for arm in arms}


def rivals(results: Armed) -> list[str]:
    """Arms other than the baseline."""
    return [arm for arm in labels(results) if arm != BASELINE]


def ranked(results: Results) -> list[str]:
    """Arms that are compared at equal cost; a policy that acts outside the villages has no cost and no rank."""
    return [arm for arm in rivals(results) if arm not in results.scenario.unranked]


def source(results: Results) -> str:
    """What the intervals vary over."""
    luck = results.scenario.replications
    if luck.sets == 1:
        return say("90\u00a0% of {seeds} lucks, one parameter set", seeds=luck.seeds)
    told = mark("90\u00a0% of {seeds} draws, each of luck and of one of {sets} parameter sets")
    return say(told, seeds=luck.seeds, sets=luck.sets)


def chance(results: Results) -> str:
    """What the intervals vary over, in a word or three."""
    return say("luck") if results.scenario.replications.sets == 1 else say("luck and parameters")


def years(window: tuple[int, int], since: int = 0) -> str:
    """A window of quarters [first, last) as years since a quarter: "9 to 12"."""
    return to(*(written(f"{(quarter - since) / 4:g}") for quarter in window))


def measured(results: Results) -> str:
    """When the headline is measured."""
    post = results.scenario.windows.post
    since = years(post, results.scenario.money_ends)
    told = mark("in years {years} after September 2017, which is {since} years after all money has ended")
    return say(told, years=years(post), since=since)


def when(results: Results) -> str:
    """The window in which all but the courses is measured."""
    return say("years {years}", years=years(results.scenario.windows.post))


def flows_anyway(results: Results) -> str:
    """The programmes of the world, which flow in every arm, in brackets; empty where there are none."""
    known = results.scenario.known.policies
    names = [named(known[programme.policy]) for programme in results.scenario.programmes]
    return f" ({', '.join(names)})" if names else ""


def has(results: Results, key: str) -> bool:
    """Whether a table was computed and holds rows."""
    return key in results.tables and len(results.tables[key]) > 0


def present(values: Iterable, order: tuple = ()) -> list:
    """Distinct values, those of `order` first and in its order."""
    distinct = list(dict.fromkeys(values))
    return [value for value in order if value in distinct] + [value for value in distinct if value not in order]
