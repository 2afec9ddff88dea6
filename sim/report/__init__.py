"""The report: results in, figures, tables and one self-contained page out.

    from sim.report.page import write                # report.html and figures/*.{svg,png}
    from sim.report.tables import headline_terminal    # the table that ends a run

What is read of a results object (nothing else is):

``scenario``    title, question, report.note (optional), arms (id, label, label_id), calendar (start, funds_end,
                quarters, windows.late where there is one); the arm ``status_quo`` is the baseline; an arm whose id
                starts with ``t0`` or holds ``dividend`` is the benchmark.
``series``      arm, seed, quarter, metric, value, in the unit that the metric declares; quarters may be missing.
``ledger``      arm, seed, quarter, payer, payee, flow, value (z, whole world).
``population``  one row a household; size; village.
``manifest``    dict, printed as it is; the key ``scenario`` (text of the file) is folded away.
``tables``      data frames by name. **Units**: a table with a column ``unit`` is in that unit; without it, shares are
                fractions (0-1). ``estimate``, ``low``, ``high``: mean and 5th and 95th percentile over seeds. Missing
                or empty tables are left out, and the page says so; NaN is printed as "undefined".

===================  =================================================================================================
table                columns
===================  =================================================================================================
headline             arm, metric, unit, estimate, low, high, baseline_value. Metrics: headcount, own_income_growth,
                     self_sufficient, participation (rows of ``status_quo``: levels in %; other arms: paired differences
                     in pp), cost (z per person, present value), cost_rupiah (Rp per person)
contrasts            arm, against, metric, unit, estimate, low, high: paired difference arm - against, seed by seed, for
                     every pair of arms other than the baseline, same metrics as headline
poverty              arm, order (0, 1, 2), line, window, estimate, low, high: levels
incidence            arm, group_kind (decile, female_head, schooling, size), group, estimate, low, high, unit: paired
                     differences
targeting            arm, programme, inclusion_error, exclusion_error, each also with _low and _high
cost                 arm, pv_z_per_person, rupiah_per_head, rupiah_per_village, rupiah_nation, share_state_budget,
                     rupiah_per_poor_year_low, rupiah_per_poor_year_high and, optional, rupiah_per_poor_year
classes              arm, class, share, low, high, among (words, such as "the permanently poor")
transitions          arm, from_class (poor, near_poor, not_poor: permanent income at the start), to_class, share of all
                     persons (sums to 1 in each arm)
village_classes      arm, class, share, low, high
lorenz               arm, population_share, consumption_share (late window) and, optional, difference_low and
                     difference_high of the paired difference in consumption share
winners              arm, bin_low, bin_high (% change of late consumption; the outermost may be infinite, the others are
                     equally wide), share
winners_summary      arm, outcome (winner, unchanged, loser), share, low, high
money                arm, payer, payee, flow, value (z per person over the programme); payer ``state`` is drawn, payee
                     ``loss`` is drawn as lost
participation        arm, window (before, during, after, late), estimate, low, high: levels
===================  =================================================================================================
"""

from __future__ import annotations

import math
from collections.abc import Iterable

BASELINE = "status_quo"
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
}
NAMES = {"dana desa": "Dana Desa", "pkh": "PKH", "rastra": "Rastra"}


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
    """The words that a reader sees for the name of a class, group or flow."""
    words = SAID.get(str(name), str(name).replace("_", " "))
    for plain, proper in NAMES.items():
        words = f" {words} ".replace(f" {plain} ", f" {proper} ")[1:-1]
    return words


def labels(results) -> dict[str, str]:
    """Label of each arm, in the order of the scenario but with the baseline first."""
    arms = sorted(results.scenario.arms, key=lambda arm: arm.id != BASELINE)
    return {arm.id: arm.label for arm in arms}


def rivals(results) -> list[str]:
    """Arms other than the baseline."""
    return [arm for arm in labels(results) if arm != BASELINE]


def benchmark(results) -> str | None:
    """The arm that pays the whole budget as an equal dividend, against which every programme is also measured."""
    return next((arm for arm in labels(results) if arm.startswith("t0") or "dividend" in arm), None)


def source(results) -> str:
    """What the intervals vary over."""
    return f"90{SPACE}% of lucks, {results.series['seed'].nunique()} seeds, one parameter set"


def has(results, key: str) -> bool:
    """Whether a table was computed and holds rows."""
    return key in results.tables and len(results.tables[key]) > 0


def present(values: Iterable, order: tuple = ()) -> list:
    """Distinct values, those of `order` first and in its order."""
    distinct = list(dict.fromkeys(values))
    return [value for value in order if value in distinct] + [value for value in distinct if value not in order]


def percent(frame) -> float:
    """What turns the numbers of a table of shares into percent: 1 where its unit says that they are, else 100."""
    return 1.0 if "unit" in frame and str(frame["unit"].iloc[0]).startswith("%") else 100.0
