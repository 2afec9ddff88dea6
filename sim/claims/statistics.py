"""What is computed for a claim in one parameter set: plain functions of the runs of the article's scenario.

Each takes a case (all arms under the same lucks, and the world they began in) and the claim, which names the arms and
the series; each returns one number, the mean over lucks. None of them knows which answer the article would like.
"""

from __future__ import annotations

import math

import numpy as np

from sim import metrics
from sim.claims.case import (
    Case,
    Statistic,
    correlation,
    growth,
    over,
    percent,
    ranks,
    series,
    statistic,
    window_mean,
)
from sim.experiment.run import Run
from sim.metrics import cost, inequality
from sim.model import CommunityModel
from sim.scenario import BASELINE

SPILL_SHOCK, SPILL_QUARTERS = math.log(0.9), 8  # what villages lose in the twin of `spill_up`, and for how long
ASSIGNMENTS = 50  # of villages to a trial, in each luck
DISTANCE = 1e-9  # z: below it a distance is none


# -- growth and income ------------------------------------------------------------------------------------------------


@statistic("% a year, from none of the money to all of it", arms=(2, 9))
def growth_by_share(case, claim):
    """Slope of the growth of median own income in residents' share of the money; the arms divide 0 to 1 evenly."""
    found = [case.level(arm, growth(case)) for arm in claim.arms]
    return float(np.polyfit(np.linspace(0.0, 1.0, len(found)), found, 1)[0])


@statistic("times national growth", arms=1, of_metric=True)
def growth_of_national(case, claim):
    """Growth of villagers' median own income against the nation's income, of which the series is their share."""
    spans = case.comparison.scenario.windows
    years = (sum(spans.post) - sum(spans.pre)) / 8.0

    def national(run: Run, window: tuple[int, int]) -> float:
        first, last = window
        return float(np.mean((run.series["mean_own_income"] / run.series[claim.metric])[first:last]))

    def found(run: Run) -> float:
        grown = (national(run, spans.post) / national(run, spans.pre)) ** (1.0 / years) - 1.0
        return growth(case)(run) / (100.0 * grown)

    return case.level(claim.arms[0], found)


@statistic("% of consumption", arms=1)
def surplus(case, claim):
    """What villagers earn above what they consume, after the programmes; negative: they live on more than they earn."""

    def found(run: Run) -> float:
        return percent(window_mean(case, "own_income")(run), window_mean(case, "consumption")(run))

    return case.level(claim.arms[0], found)


@statistic("%", arms=3)
def complementarity(case, claim):
    """Own income where the money is divided, above the mean of the two ends at the same cost."""
    both, *ends = (case.level(arm, window_mean(case, "own_income")) for arm in claim.arms)
    return percent(both, float(np.mean(ends)))


@statistic("%", arms=2)
def consumption_effect(case, claim):
    """Mean real consumption after the programmes, above that of the second arm."""
    one, other = (case.level(arm, window_mean(case, "consumption")) for arm in claim.arms)
    return percent(one, other)


@statistic("times the effect", arms=2)
def evaluation_error(case, claim):
    """Error of a trial by difference in differences in half of the villages, drawn by lot, against its effect."""
    found = case.comparison
    errors, effects = [], []

    def means(arm: str, seed: int, window: str) -> np.ndarray:
        return metrics.group_mean(found.runs[arm, seed].windows["consumption", window], found.persons, found.home)

    for seed in found.seeds:
        (before, after), (earlier, later) = ([means(arm, seed, w) for w in ("pre", "post")] for arm in claim.arms)
        lots, villages = np.random.default_rng(seed), len(after)
        effects.append(float(np.mean(after - later)))
        for _ in range(ASSIGNMENTS):
            treated = lots.permutation(villages) < villages // 2
            estimate = (after - before)[treated].mean() - (later - earlier)[~treated].mean()
            errors.append(estimate - effects[-1])
    size = abs(float(np.mean(effects)))
    return float(np.sqrt(np.mean(np.square(errors)))) / size if size > DISTANCE else math.inf


@statistic("% of own income", arms=(2, 9))
def spread(case, claim):
    """Between the best and the worst of the arms in mean own income after the programmes."""
    found = [case.level(arm, window_mean(case, "own_income")) for arm in claim.arms]
    return percent(max(found), min(found))


@statistic("times", arms=(3, 9))
def family_spread(case, claim):
    """Spread of own income within a family of practices against the distance of its mean from the last arm."""
    *found, benchmark = (case.level(arm, window_mean(case, "own_income")) for arm in claim.arms)
    away = abs(float(np.mean(found)) - benchmark)
    return (max(found) - min(found)) / away if away > DISTANCE else math.inf


@statistic("Theil index", arms=2)
def between_villages(case, claim):
    """Inequality of consumption between villages after the programmes, above that of the second arm."""
    found = case.comparison

    def theil(run: Run) -> float:
        return inequality.theil_within_between(run.windows["consumption", "post"], found.persons, found.home)[1]

    return case.effect(claim, theil)


# -- series -----------------------------------------------------------------------------------------------------------


@statistic("", arms=1, of_metric=True)
def level(case, claim):
    """Mean of a series after the programmes."""
    return case.level(claim.arms[0], over(case, claim.metric, "post"))


@statistic("", arms=1, of_metric=True)
def change(case, claim):
    """Change of a series from before the programmes to ten years after them."""
    late, before = over(case, claim.metric, "late"), over(case, claim.metric, "pre")
    return case.level(claim.arms[0], lambda run: late(run) - before(run))


@statistic("", arms=2, of_metric=True)
def effect(case, claim):
    """Mean of a series after the programmes, above that of the second arm."""
    return case.effect(claim, over(case, claim.metric, "post"))


@statistic("", arms=2, of_metric=True)
def effect_during(case, claim):
    """Mean of a series in the last two years of the programmes, above that of the second arm."""
    return case.effect(claim, over(case, claim.metric, "on"))


@statistic("rank correlation over arms", arms=(4, 20), of_metric=True)
def series_and_growth(case, claim):
    """Whether arms with more of a series during the programmes see own income grow more."""
    found = [case.level(arm, over(case, claim.metric, "on")) for arm in claim.arms]
    grown = [case.level(arm, growth(case)) for arm in claim.arms]
    return correlation(ranks(np.array(found)), ranks(np.array(grown)))


@statistic("correlation", arms=1, of_metric=True)
def moves_with(case, claim):
    """Yearly change of villagers' mean own income with that of a series."""

    def found(run: Run) -> float:
        own, other = (np.log(run.series[name]) for name in ("mean_own_income", claim.metric))
        return correlation(own[4:] - own[:-4], other[4:] - other[:-4])

    return case.level(claim.arms[0], found)


# -- participation and community --------------------------------------------------------------------------------------


@statistic("share of the gain", arms=2)
def kept_participation(case, claim):
    """What of the programme's gain in participation is still there ten years after it; 0 where nothing was gained."""
    during, late = (case.effect(claim, over(case, "participation", window)) for window in ("on", "late"))
    return late / during if during > 0.0 else 0.0


@statistic("% of own income", arms=2)
def through_participation(case, claim):
    """Part of the effect on own income that goes when households attend as they do in the second arm."""
    arm, other = claim.arms
    found = case.comparison
    total, base = case.level(arm, window_mean(case, "own_income")), case.level(other, window_mean(case, "own_income"))
    clamped = np.mean([_clamped(case, arm, other, seed) for seed in found.seeds])
    return 100.0 * float(total - clamped) / base


def _clamped(case: Case, arm: str, other: str, seed: int) -> float:
    """Mean own income after the programmes of an arm whose households attend as they do in another."""
    first, last = case.comparison.scenario.windows.post
    held = case.comparison.scenario.hold.ablate
    path = CommunityModel(case.world, case.programmes[other], seed=seed, held=held)
    model = CommunityModel(case.world, case.programmes[arm], seed=seed, held=(*held, "attends", "attends_own"))
    total = 0.0
    while model.quarter < last:
        path.step()
        for name in ("attends", "attends_own"):
            model.state[name] = path.state[name]
        model.step()
        if model.quarter > first:
            total += metrics.mean(model.state["own_income"], case.comparison.persons)
    del path.state, model.state
    return total / (last - first)


def common_ground(attendance: np.ndarray, activity: np.ndarray, persons: np.ndarray, home: np.ndarray) -> np.ndarray:
    """Place, regular meeting and shared interest of each village in one number, 0-1; 0 where any of them is missing.

    Parameters
    ----------
    attendance
        Share of households at the meeting, one number a village; where nobody lives there is no place.
    activity, persons, home
        Main kind of activity, person weight and village of each household. Interest is shared as far as two persons
        have the same activity more often than if all kinds were equally frequent.
    """
    kinds = np.array([metrics.group_mean(activity == kind, persons, home, len(attendance)) for kind in range(4)])
    shared = ((kinds * kinds).sum(axis=0) - 0.25) / 0.75
    return np.nan_to_num(attendance * np.maximum(shared, 0.0))


@statistic("rank correlation over villages", arms=2)
def field_and_effect(case, claim):
    """Whether own income gains more in villages that had more of place, meeting and shared interest beforehand."""
    found, people = case.comparison, case.comparison.population.household
    pairs = []
    for seed in found.seeds:
        one, other = (found.runs[arm, seed] for arm in claim.arms)
        gained = one.windows["own_income", "post"] - other.windows["own_income", "post"]
        there = common_ground(other.village["attendance_pre"], people["activity"], found.persons, found.home)
        pairs.append(correlation(ranks(there), ranks(metrics.group_mean(gained, found.persons, found.home))))
    return float(np.mean(pairs))


# -- standing on one's own feet ---------------------------------------------------------------------------------------


@statistic("percentage points", arms=2)
def self_sufficient(case, claim):
    """Self-sufficient among the baseline-poor, above that of the second arm."""
    found = case.comparison

    def share(run: Run) -> float:
        return 100.0 * metrics.mean(found.classes[run.arm, run.seed] == 0, found.poor(run) * found.persons)

    return case.effect(claim, share)


@statistic("percentage points", arms=2)
def open_self_sufficient(case, claim):
    """Self-sufficient and no less open than the second arm's median person, of all persons, above the second arm."""
    found = case.comparison

    def share(run: Run) -> float:
        other = found.runs[claim.arms[1], run.seed].household["end_exposure"]
        is_open = run.household["end_exposure"] >= inequality.quantile(other, found.persons, 0.5)
        return 100.0 * metrics.mean(is_open & (found.classes[run.arm, run.seed] == 0), found.persons)

    return case.effect(claim, share)


@statistic("percentage points", arms=2)
def stress_failures(case, claim):
    """Persons whom a shock in year 12 pushes below the line or leaves poorer for good, above the second arm."""
    persons = case.comparison.persons
    return case.effect(claim, lambda run: 100.0 * metrics.mean(run.household["stress_pass"] < 0.5, persons))


@statistic("elasticity", arms=2)
def macro_elasticity(case, claim):
    """Elasticity of consumption to outside markets in year 12, above that of the second arm."""
    return case.effect(claim, lambda run: run.stress["elasticity"])


@statistic("share of lucks", arms=2, of_metric=True)
def good_development(case, claim):
    """How often own income per head and a series both rise, above the second arm."""
    after, before = over(case, claim.metric, "post"), over(case, claim.metric, "pre")
    income, earlier = window_mean(case, "own_income"), window_mean(case, "own_income", "pre")
    return case.effect(claim, lambda run: float(after(run) > before(run) and income(run) > earlier(run)))


@statistic("% of outside markets per % of village income", arms=1, of_metric=True)
def spill_up(case, claim):
    """How far a series follows when all villages lose a tenth of their output for two years, against a twin."""
    scenario, arm = case.comparison.scenario, claim.arms[0]
    asked = [series()[name] for name in ("mean_own_income", claim.metric)]
    start, found = scenario.calendar.start, []
    for seed in case.comparison.seeds:
        model = CommunityModel(case.world, case.programmes[arm], seed=seed, held=scenario.hold.ablate)
        model.run_model(start)
        shock = {quarter: {"local_shock": SPILL_SHOCK} for quarter in range(start, start + SPILL_QUARTERS)}
        hit = model.branch(shocks=shock)
        sums = np.zeros((2, 2))
        while model.quarter < start + SPILL_QUARTERS:
            for row, twin in enumerate((model, hit)):
                twin.step()
                sums[row] += list(metrics.measure(asked, lambda _, name, twin=twin: twin.state[name]).values())
        del model.state, hit.state
        income, followed = np.log(sums[1] / sums[0])
        found.append(followed / income)
    return float(np.mean(found))


@statistic("times the best other arm's price", arms=(2, 20))
def price_of_a_poor_year(case, claim):
    """Price of a year of poverty averted against the cheapest other arm's; infinite where none is averted."""
    prices = [_price(case, arm) for arm in claim.arms]
    best = min(prices[1:])
    if math.isinf(prices[0]):
        return math.inf
    return prices[0] / best


def _price(case: Case, arm: str) -> float:
    """Discounted state money over the baseline for each person-year of poverty averted, z; infinite where none is."""
    found = case.comparison
    start, rate = found.scenario.calendar.start, found.scenario.budget.discount
    base = BASELINE

    def paid(run: Run) -> float:
        return float(cost.present_value(found.state_flow(run), start, rate))

    def poor_years(run: Run) -> float:
        return float(np.sum(run.series["headcount"][start:])) / 400.0  # % of persons, quarters: years of one person

    averted = case.level(base, poor_years) - case.level(arm, poor_years)
    spent = case.level(arm, paid) - case.level(base, paid)
    return spent / averted if averted > 0.0 else math.inf


#: Statistic by name, as a claim names it.
STATISTICS: dict[str, Statistic] = {
    value.statistic.name: value.statistic for value in list(vars().values()) if hasattr(value, "statistic")
}
