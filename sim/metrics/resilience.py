"""Resilience: what households and villages can stand, measured on pairs of worlds.

A *twin* is the same world, with the same luck, in which one thing did not happen: no shock, or no withdrawal of public
money. Differences between twins are effects, not noise. Arrays of twins have shape (quarters, n), starting with the
quarter of the shock.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from sim.metrics import LINE, mean, metric
from sim.metrics.inequality import quantile

#: Stress test: the shock may push a household below the line in at most this share of the first quarters. Frozen.
STRESS_SHARE = 0.25
#: Stress test: number of first quarters in which falls below the line are counted. Frozen.
STRESS_QUARTERS = 8
#: Stress test: own income is back to at least this share of the twin's at the end of the follow-up. Frozen.
RECOVERY = 0.90
#: Stress test: fall of all output of the village, for a year, in the local draw. Frozen.
LOCAL_SHOCK = 0.15
#: Stress test: share of shock draws that a household has to pass. Frozen.
PASS_SHARE = 0.80
#: Stress test: fewest shock draws, one of them local. Frozen.
LEAST_DRAWS = 5


def pushed_below(consumption_shock: np.ndarray, consumption_twin: np.ndarray, line: float = LINE) -> np.ndarray:
    """Whether the shock, and not the household's ordinary luck, holds consumption below the line: c < line <= c_twin.

    Parameters
    ----------
    consumption_shock, consumption_twin : array, any shape
        Real consumption with and without the shock, z per person and quarter.

    Returns
    -------
    bool array, same shape
    """
    return (consumption_shock < line) & (consumption_twin >= line)


def stress_pass(
    consumption_shock: np.ndarray,
    consumption_twin: np.ndarray,
    own_shock: np.ndarray,
    own_twin: np.ndarray,
    share: float | np.ndarray = STRESS_SHARE,
    line: float = LINE,
) -> np.ndarray:
    """Whether each household passes the stress test in one draw of the shock.

    It passes when the shock pushes it below the line in at most 25 % of the first 8 quarters, and its own income has
    come back to at least 90 % of its twin's by the end of the follow-up of 12 quarters. A return that is lost again
    does not count: income is compared in the last quarter, when a slow fall cannot pass by not having begun.

    Parameters
    ----------
    consumption_shock, consumption_twin : array, shape (12, n)
        Real consumption with and without the shock, z per person and quarter.
    own_shock, own_twin : array, shape (12, n)
        Own income (no public money) with and without the shock, z per person and quarter.
    share, line : float
        Cut-offs, frozen at their defaults; `share` may be a column of several, shape (k, 1).

    Returns
    -------
    bool array, shape (n,), or (k, n) for k shares
    """
    counted, followed = STRESS_QUARTERS, len(consumption_shock)
    if followed < counted:
        raise ValueError(f"the stress test counts {counted} quarters, but only {followed} were followed")
    below = pushed_below(consumption_shock[:counted], consumption_twin[:counted], line).sum(axis=0)
    # An own income of zero or less in the twin world would make 90 % of it a higher bar than itself.
    back = own_shock[-1] >= np.minimum(RECOVERY * own_twin[-1], own_twin[-1])
    return (below <= share * counted) & back


def passes_draws(passes: np.ndarray) -> np.ndarray:
    """Whether each household passes in enough draws of the shock, bool array, shape (..., n).

    Parameters
    ----------
    passes : bool array, shape (draws, ..., n)
        Results of `stress_pass`, one row a draw.
    """
    draws = len(passes)
    if draws < LEAST_DRAWS:
        raise ValueError(f"the stress test needs at least {LEAST_DRAWS} draws of the shock, not {draws}")
    # A product such as 0.55 x 100 comes out as 55.00000000000001, and must still be met by 55.
    return np.sum(passes, axis=0) >= PASS_SHARE * draws - 1e-9


def elasticity(
    outcome_shock: np.ndarray, outcome_twin: np.ndarray, driver_shock: np.ndarray, driver_twin: np.ndarray
) -> np.ndarray:
    """Elasticity between twins: relative change of an outcome per relative change of what drives it (log ratio).

    Quarter 0 of the shock gives the first round; the mean of a window gives the total. Run with shocks up and down:
    the difference is the asymmetry.

    Parameters
    ----------
    outcome_shock, outcome_twin : array
        Own income or real consumption in the two worlds.
    driver_shock, driver_twin : array or float
        What was shocked (the macro index M) in the two worlds; broadcast against the outcome.

    Returns
    -------
    array
        nan where the driver does not move or a value is not positive.
    """
    values = np.broadcast_arrays(
        *(np.asarray(x, float) for x in (outcome_shock, outcome_twin, driver_shock, driver_twin))
    )
    positive = np.all([value > 0 for value in values], axis=0)
    logs = [np.log(value, out=np.zeros(value.shape), where=positive) for value in values]
    driver = logs[2] - logs[3]
    return np.divide(logs[0] - logs[1], driver, out=np.full(driver.shape, np.nan), where=positive & (driver != 0))


def response_parts(twin: Mapping[str, np.ndarray], shocked: Mapping[str, np.ndarray]) -> dict[str, float]:
    """What a macro shock does to all own income and all real consumption of a world, by the way that it takes.

    Own income changes because outside markets pay otherwise for what is sold there (`direct`), because local demand
    moves (`demand`), and because people produce and sell otherwise (`response`). Consumption changes as own income
    does, less what stands between the two: savings, gifts, loans, public money (`cushion`), and local prices (`price`).

    Parameters
    ----------
    twin, shocked : mapping
        Arrays of shape (quarters, villages) without and with the shock: `outside_sales`, `local_sales` and `spending`,
        sums over persons, z per quarter; `market`, what outside markets pay; `demand`, demand against what is offered;
        `price`, of the basket.

    Returns
    -------
    dict
        Log changes. `direct`, `demand` and `response` sum to `own_income`; with `cushion` and `price` to `consumption`.
    """

    def own(path: Mapping[str, np.ndarray]) -> float:
        return float((path["outside_sales"] + path["local_sales"]).sum())

    def gained(sales: str, driver: str) -> float:
        moved = np.divide(
            shocked[driver], twin[driver], out=np.ones(twin[driver].shape), where=np.asarray(twin[driver]) > 0
        )
        return float((twin[sales] * (moved - 1.0)).sum())

    before, after = own(twin), own(shocked)
    income, gain = float(np.log(after / before)), after - before
    direct, demand = gained("outside_sales", "market"), gained("local_sales", "demand")
    # Parts of a difference become parts of a logarithm by the logarithmic mean of both ends.
    share = income / gain if gain else 1.0 / before
    eaten, at_old, at_start = (
        float((path["spending"] / prices["price"]).sum())
        for path, prices in ((shocked, shocked), (shocked, twin), (twin, twin))
    )
    price = float(np.log(eaten / at_old))
    return {
        "own_income": income,
        "direct": direct * share,
        "demand": demand * share,
        "response": (gain - direct - demand) * share,
        "consumption": float(np.log(eaten / at_start)),
        "cushion": float(np.log(at_old / at_start)) - income,
        "price": price,
    }


def shortfall(outcome_shock: np.ndarray, outcome_twin: np.ndarray) -> np.ndarray:
    """Loss to the shock over the follow-up, as a share of the twin's total; shape (quarters, n) to (n,)."""
    lost, total = np.maximum(outcome_twin - outcome_shock, 0.0).sum(axis=0), outcome_twin.sum(axis=0)
    return np.divide(lost, total, out=np.full(np.shape(total), np.nan), where=total > 0)


def half_life(outcome_shock: np.ndarray, outcome_twin: np.ndarray) -> np.ndarray:
    """Quarters from the deepest gap to the first quarter at which at most half of it is left.

    Parameters
    ----------
    outcome_shock, outcome_twin : array, shape (quarters, n)
        The two worlds.

    Returns
    -------
    array, shape (n,)
        0 where nothing was lost; nan where half is not regained within the follow-up.
    """
    gap = np.asarray(outcome_twin, float) - outcome_shock
    deepest, peak = gap.argmax(axis=0), gap.max(axis=0)
    later = np.arange(len(gap))[:, None] > deepest
    regained = later & (gap <= 0.5 * peak)
    quarters = np.where(regained.any(axis=0), regained.argmax(axis=0) - deepest, np.nan)
    return np.where(peak <= 0, 0.0, quarters)


def vulnerability(consumption: np.ndarray) -> np.ndarray:
    """Probability of falling below the line at least once within the quarters given, from draws of luck.

    Parameters
    ----------
    consumption : array, shape (draws, quarters, n)
        Real consumption, z per person and quarter; 4 quarters in the reported tables.

    Returns
    -------
    array, shape (n,)
        Between 0 and 1.
    """
    return (consumption < LINE).any(axis=1).mean(axis=0)


def median_elasticity(elasticity: np.ndarray, persons: np.ndarray) -> float:
    """Elasticity of the person in the middle; nan where none is known, than which nothing is lower."""
    known = np.isfinite(elasticity)
    return float(quantile(elasticity[known], persons[known], 0.5)) if known.any() else float("nan")


def independent(
    own_post: np.ndarray,
    pushed: np.ndarray,
    consumption_elasticity: np.ndarray,
    elasticity_without_policy: np.ndarray,
    persons: np.ndarray,
) -> np.ndarray:
    """Whether each household is independent of macro change: three conditions together.

    Own income at or above the line, never pushed below the line by the shock, and an elasticity of consumption no
    higher than the median person's without any policy. Low elasticity alone is a mark of isolated poverty.

    Parameters
    ----------
    own_post : array, shape (n,)
        Mean own income after the programmes, z per person and quarter.
    pushed : bool array, shape (n,)
        Whether the macro shock pushes the household below the line in any quarter (`pushed_below`).
    consumption_elasticity, elasticity_without_policy : array, shape (n,)
        Elasticities of consumption to the macro index in this arm and in the status quo; nan never counts as low.
    persons : array, shape (n,)
        Person weights.

    Returns
    -------
    bool array, shape (n,)
    """
    usual = median_elasticity(elasticity_without_policy, persons)
    return (own_post >= LINE) & ~(pushed > 0) & (consumption_elasticity <= usual)


@metric("buffer", unit="z per person", better="higher")
def buffer(buffer, persons):
    """Mean savings that a person can fall back on, z per person."""
    return mean(buffer, persons)


@metric("productive capital", unit="z per person", better="higher")
def capital(capital, persons):
    """Mean productive capital of a person, z per person."""
    return mean(capital, persons)


@metric("works", unit="z per person", better="higher")
def works(village_works_held, village_persons):
    """Mean value of usable public works of a village, roads apart, z per person."""
    return (village_works_held / village_persons).mean()


@metric("local demand", unit="index", better="higher")
def demand(village_demand):
    """Mean index of local demand over villages (1 in the quiet baseline)."""
    return village_demand.mean()


@metric("local price", unit="index", better="neither")
def price(village_price):
    """Mean index of local prices over villages (1 in the quiet baseline)."""
    return village_price.mean()
