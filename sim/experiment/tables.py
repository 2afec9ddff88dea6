"""The tables of a comparison: paired differences, seed by seed, with the interval that luck gives them.

`estimate` is the mean over seeds, `low` and `high` the 5th and 95th percentile: what 90 % of lucks show, in one world
and under one parameter set. Nothing here knows which arm should win.
"""

from __future__ import annotations

from functools import partial

import numpy as np
import pandas as pd

from sim import ledger, metrics
from sim.experiment.compare import AMONG, Comparison, interval
from sim.experiment.cutoffs import cutoff_table, standing_table
from sim.experiment.density import density_table
from sim.experiment.development import growth_table, resilience_table
from sim.experiment.evaluation import evaluation_table
from sim.experiment.followed import effort_table, followed_table, over
from sim.experiment.power import power_table
from sim.experiment.run import LINES, LISTS, ORDERS, WINDOWS, Run
from sim.experiment.spread import HEADLINE_UNITS, Levels, spread_table
from sim.metrics import cost, inequality, targeting, trajectories
from sim.population import share_below
from sim.scenario import BASELINE, Scenario

BINS = np.array([-np.inf, *range(-10, 16), np.inf])  # % change of consumption
POOR, NEAR = 1.0, 1.5  # permanent income, z


def tables(comparison: Comparison) -> dict[str, pd.DataFrame]:
    """All tables of the report."""
    heads = {key: comparison.headline(run) for key, run in comparison.runs.items()}
    levels = {
        metric: {arm: np.array([heads[arm, seed][metric] for seed in comparison.seeds]) for arm in comparison.arms}
        for metric in HEADLINE_UNITS
    }
    found = {
        "headline": headline_table(levels),
        "contrasts": contrast_table(comparison, levels),
        "poverty": poverty_table(comparison),
        "incidence": incidence_table(comparison),
        "targeting": targeting_table(comparison),
        "cost": cost_table(comparison),
        "poor_years": poor_year_table(comparison),
        "lorenz": lorenz_table(comparison),
        "winners": winner_table(comparison),
        "winners_summary": winner_summary(comparison),
        "money": money_table(comparison),
        "participation": participation_table(comparison),
        "power": power_table(comparison),
        "pairing": pairing_table(levels),
        "growth": growth_table(comparison),
        "evaluation": evaluation_table(comparison),
        "effort": effort_table(comparison),
        "followed": followed_table(comparison, comparison.scenario.known.metrics, comparison.scenario.windows.post),
    }
    if comparison.scenario.replications.sets > 1:
        found["spread"] = spread_table(comparison, levels)
    if comparison.classes:
        found["classes"] = class_table(comparison)
        found["class_grid"] = grid_table(comparison)
        found["cutoffs"] = cutoff_table(comparison)
        found["cutoff_standing"] = standing_table(comparison, found["cutoffs"])
        found["resilience"] = resilience_table(comparison)
        found["density"] = density_table(comparison)
        found["transitions"] = transition_table(comparison)
    if comparison.village_classes:
        found["village_classes"] = village_table(comparison)
    return found


def headline_table(levels: Levels) -> pd.DataFrame:
    """The baseline's levels, then each arm's paired difference from it."""
    rows = []
    for metric, unit in HEADLINE_UNITS.items():
        base = levels[metric][BASELINE]
        middle = interval(base)["estimate"]
        for arm, level in levels[metric].items():
            values = base if arm == BASELINE else level - base
            said = "%" if arm == BASELINE and unit == "pp" else unit
            rows.append({"arm": arm, "metric": metric, "unit": said, **interval(values), "baseline_value": middle})
    return pd.DataFrame(rows)


def contrast_table(comparison: Comparison, levels: Levels) -> pd.DataFrame:
    """Paired difference of every ordered pair of arms that have a rank."""
    rivals = comparison.ranked
    return pd.DataFrame([
        {"arm": a, "against": b, "metric": metric, "unit": unit}
        | interval(levels[metric][a] - levels[metric][b])
        for metric, unit in HEADLINE_UNITS.items() for a in rivals for b in rivals if a != b
    ], columns=["arm", "against", "metric", "unit", "estimate", "low", "high"])  # fmt: skip


def pairing_table(levels: Levels) -> pd.DataFrame:
    """How much sharper the paired difference is: variance of unpaired differences against paired ones."""
    rows = []
    for metric in ("headcount", "own_income_growth", "self_sufficient", "participation"):
        base = levels[metric][BASELINE]
        for arm, values in levels[metric].items():
            if arm != BASELINE and len(base) > 1:
                paired = float(np.var(values - base, ddof=1))
                unpaired = float(np.var(values, ddof=1) + np.var(base, ddof=1))
                rows.append(
                    {"arm": arm, "metric": metric, "variance_ratio": unpaired / paired if paired > 0 else np.nan}
                )
    return pd.DataFrame(rows, columns=["arm", "metric", "variance_ratio"])


def poverty_table(comparison: Comparison) -> pd.DataFrame:
    """FGT measures at three lines, levels."""
    rows = []
    for window in WINDOWS:
        for order in ORDERS:
            for line in LINES:
                found = comparison.over_seeds(lambda run, key=(order, line, window): run.poverty[key])  # type: ignore[misc]
                rows += [
                    {"arm": arm, "order": order, "line": line, "window": window, **interval(v)}
                    for arm, v in found.items()
                ]
    return pd.DataFrame(rows)


def groups(comparison: Comparison) -> dict[str, np.ndarray]:
    """The groups of the incidence tables, one label a household."""
    people = comparison.population.household
    decile = np.floor(10.0 * share_below(people["consumption"], comparison.persons)) + 1.0
    size = np.select(
        [people["size"] <= 2, people["size"] <= 4, people["size"] <= 6], ["1-2", "3-4", "5-6"], "7 or more"
    )
    years = np.select(
        [people["schooling"] < 6, people["schooling"] < 9], ["under 6 years", "6-8 years"], "9 years or more"
    )
    return {
        "decile": decile.astype(int).astype(str),
        "female_head": np.where(people["female_head"] > 0, "woman", "man"),
        "schooling": years,
        "size": size,
    }


def incidence_table(comparison: Comparison) -> pd.DataFrame:
    """Who gains: paired difference of consumption in the post-window, by group."""
    rows = []
    for kind, label in groups(comparison).items():
        names = sorted(set(label), key=lambda n: (len(n), n) if kind == "decile" else (0, n))
        code = np.array([names.index(n) for n in label])
        for arm in comparison.rivals:
            gains = np.array(
                [metrics.group_mean(_gain(comparison, arm, s), comparison.persons, code) for s in comparison.seeds]
            )
            for k, name in enumerate(names):
                unit = "z per person and quarter"
                rows.append({"arm": arm, "group_kind": kind, "group": name, **interval(gains[:, k]), "unit": unit})
    return pd.DataFrame(rows)


def _gain(comparison: Comparison, arm: str, seed: int) -> np.ndarray:
    """Each household's consumption in the post-window against the baseline's under the same luck."""
    both = [comparison.runs[name, seed].windows["consumption", "post"] for name in (arm, BASELINE)]
    return both[0] - both[1]


def targeting_table(comparison: Comparison) -> pd.DataFrame:
    """Errors of each list against the permanently poor."""
    rows = []
    for arm in comparison.arms:
        for programme in LISTS:
            found = []
            for seed in comparison.seeds:
                run = comparison.runs[arm, seed]
                reached = run.household[f"list_{programme}"]
                if reached.any():
                    found.append(targeting.errors(reached, comparison.poor(run), comparison.persons))
            if found:
                row: dict[str, object] = {"arm": arm, "programme": programme}
                for error in ("inclusion", "exclusion"):
                    values = np.array([getattr(one, error) for one in found])
                    row |= interval(values, f"{error}_error", f"{error}_error_")
                rows.append(row)
    return pd.DataFrame(rows)


def _spent(comparison: Comparison, arm: str, rate: float) -> np.ndarray:
    """Present value of what the state pays beyond the baseline, z per person, one value a seed."""
    paid, start = comparison.over_seeds(comparison.state_flow), comparison.scenario.calendar.start
    return np.array([cost.present_value(flow, start, rate) for flow in paid[arm] - paid[BASELINE]])


def cost_table(comparison: Comparison) -> pd.DataFrame:
    """What the state pays beyond the baseline, at the budget's rate."""
    rows = []
    for arm in comparison.ranked:
        value = float(_spent(comparison, arm, comparison.scenario.budget.discount).mean())
        yearly = 4.0 * _net_dose(comparison.scenario, arm)
        scale = cost.at_scale(value)
        rows.append({
            "arm": arm,
            "pv_z_per_person": value,
            "rupiah_per_head": scale.head,
            "rupiah_per_village": scale.village,
            "rupiah_nation": scale.nation,
            "share_state_budget": cost.at_scale(yearly).budget_share,
        })  # fmt: skip
    return pd.DataFrame(rows)


def _net_dose(scenario: Scenario, arm: str) -> float:
    """What an arm spends a quarter beyond what flows anyway, z per person; nothing where it has no time to."""
    money = next(one.money for one in scenario.resolved_arms if one.id == arm)
    paid = sum(one.dose for one in scenario.programmes if one.policy == scenario.budget.replace)
    return max(0.0, money.dose - paid) if money.end > money.start else 0.0


def poor_year_table(comparison: Comparison) -> pd.DataFrame:
    """What a person-year of poverty averted costs, at the budget's rate first; undefined if in any luck it is.

    `lucks_without` counts the lucks in which no poverty is averted.
    """
    scenario, rows = comparison.scenario, []
    poor = comparison.over_seeds(lambda run: run.series["headcount"] / 100.0)
    for rate in dict.fromkeys((scenario.budget.discount, *scenario.report.discounts)):
        for arm in comparison.ranked:
            averted = np.array([cost.poor_years_averted(*both) for both in zip(poor[BASELINE], poor[arm], strict=True)])
            spent = _spent(comparison, arm, rate)
            price = cost.rupiah(np.array([cost.cost_per(*both) for both in zip(spent, averted, strict=True)]))
            found = interval(price if np.isfinite(price).all() else price[:0])
            rows.append({"arm": arm, "rate": rate, **found, "unit": "Rp", "lucks_without": int((averted <= 0.0).sum())})
    return pd.DataFrame(rows, columns=["arm", "rate", "estimate", "low", "high", "unit", "lucks_without"])


def class_table(comparison: Comparison) -> pd.DataFrame:
    """Shares of the household classes, of the poor by both definitions and of all; the baseline's first."""
    rows = []
    for among in AMONG:
        for arm in comparison.arms:
            found = []
            for seed in comparison.seeds:
                weight = comparison.persons * comparison.counted(comparison.runs[arm, seed], among)
                found.append(trajectories.class_shares(comparison.classes[arm, seed], weight))
            for code, name in enumerate(trajectories.CLASSES):
                share = interval(np.array(found)[:, code], "share")
                rows.append({"arm": arm, "class": name, **share, "among": among})
    return pd.DataFrame(rows)


def grid_table(comparison: Comparison) -> pd.DataFrame:
    """Share self-sufficient of the poor by both definitions, over a grid of lines and of draws to be passed."""
    rows = []
    for among in AMONG[:2]:
        for line in trajectories.GRID_LINES:
            for draws in (3, 4, 5):

                def share(run: Run, line: float = line, draws: int = draws, among: str = among) -> float:
                    stands = (run.windows["own_income", "post"] >= line) & (run.household["draws_passed"] >= draws)
                    return metrics.mean(stands, comparison.counted(run, among) * comparison.persons)

                for arm, values in comparison.over_seeds(share).items():
                    rows.append({"arm": arm, "among": among, "line": line, "draws_to_pass": draws, **interval(values)})
    return pd.DataFrame(rows)


def transition_table(comparison: Comparison) -> pd.DataFrame:
    """From permanent income at the start to the class, as shares of all persons."""
    rows = []
    for arm in comparison.arms:
        total = np.zeros((3, len(trajectories.CLASSES)))
        for seed in comparison.seeds:
            income = comparison.runs[arm, seed].household["permanent_income"]
            origin = np.select([income < POOR, income < NEAR], [0, 1], 2)
            np.add.at(total, (origin, comparison.classes[arm, seed]), comparison.persons)
        total /= total.sum()
        for i, origin_name in enumerate(("poor", "near_poor", "not_poor")):
            for j, name in enumerate(trajectories.CLASSES):
                rows.append({"arm": arm, "from_class": origin_name, "to_class": name, "share": total[i, j]})
    return pd.DataFrame(rows)


def village_table(comparison: Comparison) -> pd.DataFrame:
    """Shares of the village classes."""
    rows = []
    for arm in comparison.arms:
        found = []
        for seed in comparison.seeds:
            codes = comparison.village_classes[arm, seed]
            found.append(trajectories.class_shares(codes, np.ones(len(codes)), len(trajectories.VILLAGE_CLASSES)))
        for code, name in enumerate(trajectories.VILLAGE_CLASSES):
            rows.append({"arm": arm, "class": name, **interval(np.array(found)[:, code], "share")})
    return pd.DataFrame(rows)


def lorenz_table(comparison: Comparison) -> pd.DataFrame:
    """Lorenz curves of consumption in the post-window at 21 points, and their paired differences."""
    points = np.linspace(0.0, 1.0, 21)
    found = {}
    for key, run in comparison.runs.items():
        people, share = inequality.lorenz(run.windows["consumption", "post"], comparison.persons)
        found[key] = np.interp(points, people, share)
    rows = []
    for arm in comparison.arms:
        curves = np.array([found[arm, seed] for seed in comparison.seeds])
        change = curves - np.array([found[BASELINE, seed] for seed in comparison.seeds])
        low, high = np.percentile(change, [5.0, 95.0], axis=0)
        for k, point in enumerate(points):
            level, change_ends = curves[:, k].mean(), {"difference_low": low[k], "difference_high": high[k]}
            rows.append({"arm": arm, "population_share": point, "consumption_share": level, **change_ends})
    return pd.DataFrame(rows)


def _changes(comparison: Comparison, arm: str, seed: int) -> np.ndarray:
    """Each household's consumption in the post-window against the baseline's, %."""
    base = comparison.runs[BASELINE, seed].windows["consumption", "post"]
    return 100.0 * _gain(comparison, arm, seed) / np.maximum(base, 1e-9)


def winner_table(comparison: Comparison) -> pd.DataFrame:
    """Distribution of each household's change against the baseline under the same luck."""
    rows = []
    for arm in comparison.ranked:
        total = np.zeros(len(BINS) - 1)
        for seed in comparison.seeds:
            total += np.histogram(_changes(comparison, arm, seed), BINS, weights=comparison.persons)[0]
        for low, high, share in zip(BINS[:-1], BINS[1:], total / total.sum(), strict=True):
            rows.append({"arm": arm, "bin_low": low, "bin_high": high, "share": share})
    return pd.DataFrame(rows)


def winner_summary(comparison: Comparison) -> pd.DataFrame:
    """Share of persons who consume 5 % more, 5 % less, or about the same."""
    rows = []
    for arm in comparison.ranked:
        found = []
        for seed in comparison.seeds:
            change = _changes(comparison, arm, seed)
            sides = (change > 5.0, np.abs(change) <= 5.0, change < -5.0)
            found.append([metrics.mean(side, comparison.persons) for side in sides])
        for k, outcome in enumerate(("winner", "unchanged", "loser")):
            rows.append({"arm": arm, "outcome": outcome, **interval(np.array(found)[:, k], "share")})
    return pd.DataFrame(rows)


def money_table(comparison: Comparison) -> pd.DataFrame:
    """Where the programme's money went: flows beyond the baseline's, z per person over the programme."""
    first, last = comparison.scenario.calendar.start, comparison.scenario.calendar.end + 1
    rows = []
    for arm in comparison.rivals:
        for name, (payer, payee) in ledger.FLOWS.items():
            if payer in ("state", "programme_fund"):
                extra = [
                    comparison.runs[arm, s].flows[name][first:last].sum()
                    - comparison.runs[BASELINE, s].flows[name][first:last].sum()
                    for s in comparison.seeds
                ]
                value = float(np.mean(extra)) / comparison.simulated
                rows.append({"arm": arm, "payer": payer, "payee": payee, "flow": name, "value": value})
    return pd.DataFrame(rows)


def participation_table(comparison: Comparison) -> pd.DataFrame:
    """Attendance before, during, after and late, levels in %."""
    rows = []
    for window, span in (("before", "pre"), ("during", "on"), ("after", "post"), ("late", "late")):
        quarters = getattr(comparison.scenario.windows, span)
        found = comparison.over_seeds(partial(over, name="participation", window=quarters))
        rows += [{"arm": arm, "window": window, **interval(values), "unit": "%"} for arm, values in found.items()]
    return pd.DataFrame(rows)
