"""The unit of every number in the tables of a comparison, for readers who have only the table."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from sim import metrics
from sim.experiment.power import MEASURES
from sim.experiment.run import LISTS, WINDOWS
from sim.metrics import Metric
from sim.metrics.empowerment import HEADLINE_DIMENSIONS

FLOW, STOCK, SHARE, COUNT = "z per person and quarter", "z per person", "share", "number"
FLAG, NAMED = "0 or 1", "in the column `unit`"
ENDS = ("low", "high")

#: Columns that mean the same in every table.
COMMON = {
    "seed": "number of the draw of luck",
    "quarter": "quarters since September 2017",
    "household": COUNT,
    "share": SHARE,
    "line": FLOW,
    **dict.fromkeys(("difference", "difference_low", "difference_high"), NAMED),
}
#: Means over windows, one value a household or a village.
MEANS = {
    "consumption": FLOW,
    "own_income": FLOW,
    "public_income": FLOW,
    "attendance": "share of households",
    "quality": SHARE,
    "upkeep": SHARE,
    "headcount": "share of persons",
}
#: Table -> column -> unit; `low` and `high` are in the unit of what they are the ends of.
TABLES: Mapping[str, Mapping[str, str]] = {
    "households": {
        **{f"{name}_{window}": MEANS[name] for name in list(MEANS)[:3] for window in WINDOWS},
        **dict.fromkeys(("measured_before", "measured_after", "consumption_after", "lowest_consumption"), FLOW),
        **dict.fromkeys(("permanent_income", "end_consumption", "end_own_income"), FLOW),
        **dict.fromkeys(("end_capital", "end_buffer", "end_debt"), STOCK),
        **dict.fromkeys(("end_skill", "end_efficacy"), "index"),
        "end_exposure": SHARE,
        "elasticity": "% of consumption per 1 % of the national index",
        "draws_passed": "shock draws",
        **dict.fromkeys(("end_attends", "end_served", "pushed_below", "stress_pass"), FLAG),
        **dict.fromkeys(LISTS, FLAG),
    },
    "villages": {
        **{f"{name}_{window}": MEANS[name] for name in list(MEANS)[3:] for window in WINDOWS},
        "quality_start": SHARE,
        "headcount_start": "share of persons",
        "withdrawn": FLOW,
    },
    "ledger": {"value": "z of the whole world"},
    "population": {
        "size": "persons",
        "weight": "households that it stands for",
        "female_head": FLAG,
        "schooling": "years",
        "stratum": "0 elite, 1 activist, 2 majority, 3 marginal",
        "activity": "0 farming, 1 livestock, 2 trade, 3 services",
        "consumption": FLOW,
    },
    "headline": {"estimate": NAMED, "baseline_value": NAMED},
    **{key: {"estimate": NAMED} for key in ("contrasts", "incidence", "participation", "effort", "followed")},
    **{key: {"estimate": NAMED} for key in ("growth", "resilience")},
    "poverty": {"order": "0 headcount, 1 gap, 2 severity", "estimate": SHARE},
    "targeting": {
        f"{error}_error{end}": SHARE for error in ("inclusion", "exclusion") for end in ("", "_low", "_high")
    },
    "cost": {
        "pv_z_per_person": STOCK,
        "rupiah_per_head": "Rp",
        "rupiah_per_village": "Rp",
        "rupiah_nation": "Rp",
        "share_state_budget": "share of a year's state budget",
    },
    "poor_years": {"rate": "share a year", "estimate": NAMED, "lucks_without": "draws"},
    "lorenz": {
        "population_share": "share of persons",
        "consumption_share": "share of consumption",
        **dict.fromkeys(("difference_low", "difference_high"), "share of consumption"),
    },
    "winners": {"bin_low": "% of consumption", "bin_high": "% of consumption"},
    "money": {"value": STOCK},
    "pairing": {"variance_ratio": "times"},
    "evaluation": {
        **dict.fromkeys(("estimate", "error", "truth", "bias"), NAMED),
        "coverage": "share of the estimates",
    },
    "spread": {**dict.fromkeys(("parameters", "luck"), NAMED), "share_parameters": SHARE},
    "class_grid": {"estimate": SHARE, "draws_to_pass": "shock draws"},
    "cutoffs": {
        "dips": "quarters of eight that a shock may hold below the line",
        "shock": "fall of the village's output for a year, a share",
        "growth_share": "share of the nation's growth",
        **dict.fromkeys(("difference", "difference_low", "difference_high"), SHARE),
    },
    "density": {
        **dict.fromkeys(("estimate", "thin", "thin_low", "thin_high", "dense", "dense_low", "dense_high"), NAMED),
        **dict.fromkeys(("correlation", "correlation_low", "correlation_high"), "-1 to 1"),
    },
    "cutoff_standing": {
        **dict.fromkeys(("combinations", "better", "worse", "leads"), "combinations of cut-offs"),
        **dict.fromkeys(("least_share", "most_share", "least_difference", "most_difference"), SHARE),
        **dict.fromkeys(("best_place", "worst_place"), "rank"),
    },
}


def by_metric(known: Mapping[str, Metric]) -> dict[str, str]:
    """Unit of some series."""
    return {name: one.unit for name, one in known.items()}


def units(
    name: str, columns: pd.Index | list[str], series: Mapping[str, Metric] | None = None
) -> dict[str, str | dict[str, str]]:
    """Unit of every number of a table, by column.

    Parameters
    ----------
    name
        Name of the table, as in `Results`.
    columns
        Its columns.
    series
        The metrics that were measured, a user's own among them; by default those of the project.

    Returns
    -------
    dict
        Column -> unit. Where each row has a unit of its own, that is said; where rows are of several measures, there
        is a dictionary measure -> unit in place of the unit. Columns of words are left out.
    """
    special: dict[str, dict[str, str]] = {}
    if name == "series":
        special["value"] = by_metric(metrics.catalogue() if series is None else series)
    if name == "power":
        good = {"good_development": f"% of draws: own income and {', '.join(HEADLINE_DIMENSIONS)} rose"}
        special["estimate"] = by_metric({one: metrics.catalogue()[one] for one in MEASURES}) | good
    known: dict[str, str | dict[str, str]] = {**COMMON, **TABLES.get(name, {}), **special}
    middle = known.get("estimate", SHARE)
    ends = dict.fromkeys(ENDS, middle)
    return {column: unit for column, unit in {**ends, **known}.items() if column in columns}
