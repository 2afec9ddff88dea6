"""Trajectories: where a household or a village ends up, by rules that were fixed before any result was seen.

Each rule compares means over windows of one calendar that all arms and the baseline share. The first match wins. The
cut-offs below are frozen: a comparison uses the defaults, and prints the same shares over a grid of others beside them.
"""

from __future__ import annotations

import numpy as np

from sim.metrics import LINE

#: A household or village keeps up when it grows at least at this share of the national rate. Frozen.
SHARE_OF_NATIONAL_GROWTH = 0.5
#: Village: dependency above this external share of household income while the programmes run ... Frozen.
EXTERNAL_SHARE = 0.10
#: ... together with a relative fall of mean consumption above this when public money is withdrawn. Frozen.
WITHDRAWAL_LOSS = 0.10
#: Village: at least this share of its baseline-poor persons are self-sufficient. Frozen.
SELF_SUFFICIENT_SHARE = 0.60
#: Village: its institution is alive at this share of its quality at the start (and half of the attendance). Frozen.
INSTITUTION_ALIVE = 0.9
#: Village: at least this share of the upkeep of its works is paid. Frozen.
UPKEEP_COVERED = 0.5
#: Village: its headcount is at least this share below its own when the programmes start. Frozen.
HEADCOUNT_FALL = 0.20

#: Household classes in the order in which they are tried; the code of a class is its place here.
CLASSES = ("self_sufficient", "fragile", "dependency", "declining", "rising", "stagnation")
#: Village classes in the order in which they are tried.
VILLAGE_CLASSES = ("dependency", "stagnation", "self_sufficient", "fragile")

#: Grid printed beside the frozen cut-offs: the line (z), quarters that a shock may hold a household below it, the local
#: shock, and the share of the nation's growth that is keeping up. Of eight quarters 15 and 25 % are one and two whole
#: ones, and 35 % would be two again: three is the looser side.
GRID_LINES = (0.9, 1.0, 1.1)
GRID_DIPS = (1, 2, 3)
GRID_SHOCKS = (0.10, 0.15, 0.20)
GRID_GROWTH = (0.25, 0.5, 0.75)
#: The place of the frozen cut-offs in it.
FROZEN = (1, 1, 1, 1)


def yearly_growth(before: np.ndarray, after: np.ndarray, first: tuple[int, int], second: tuple[int, int]) -> np.ndarray:
    """Yearly growth rate between two windows, midpoint to midpoint, as a share per year.

    Parameters
    ----------
    before, after : array, shape (n,)
        Window means, z per person and quarter.
    first, second : tuple of int
        The two windows, (first quarter, quarter after the last).

    Returns
    -------
    array, shape (n,)
        -1 where a positive income fell to zero or less; infinite where it rose from zero or less; 0 where it stayed
        at zero or less. Never nan, so that every household has a class.
    """
    years = (sum(second) - sum(first)) / 2.0 / 4.0
    before, after = np.asarray(before, float), np.asarray(after, float)
    # An income of almost nothing before makes a ratio beyond the largest float: infinite growth, as from zero.
    with np.errstate(over="ignore"):
        ratio = np.divide(np.maximum(after, 0.0), before, out=np.ones(before.shape), where=before > 0)
    growth = ratio ** (1.0 / years) - 1.0
    return np.where((before <= 0) & (after > 0), np.inf, growth)


def _refuse_nan(**arguments: np.ndarray) -> None:
    """Refuse nan: a comparison with it is false, and would quietly put the row into a later class."""
    for name, values in arguments.items():
        if np.isnan(values).any():
            raise ValueError(f"{name} holds nan: a class cannot be given to a row without a value")


def household_class(
    own_pre: np.ndarray,
    own_post: np.ndarray,
    total_on: np.ndarray,
    growth: np.ndarray,
    stress_pass: np.ndarray,
    national_growth: float,
    line: float = LINE,
    share_of_national: float = SHARE_OF_NATIONAL_GROWTH,
) -> np.ndarray:
    """Class of each household; the first match wins.

    - **self-sufficient**: own income after at or above the line, and the stress test passed;
    - **fragile**: own income after at or above the line, stress test failed;
    - **dependency**: own income after below the line, total income on-programme at or above it: held up by flows;
    - *declining*: own income before at or above the line;
    - *rising*: grows at least at half the national rate;
    - **stagnation**: everything else.

    Parameters
    ----------
    own_pre, own_post : array, shape (n,)
        Mean own income (no public money) before and after, z per person and quarter.
    total_on : array, shape (n,)
        Mean total income (own and public) on-programme, z per person and quarter.
    growth : array, shape (n,)
        Yearly growth of own income from before to after, share per year (`yearly_growth`).
    stress_pass : bool array, shape (n,)
        Whether the household passes the stress test (`resilience.passes_draws`).
    national_growth : float
        National growth of income per head, share per *year*.
    line, share_of_national : float
        Cut-offs, frozen at their defaults.

    Returns
    -------
    int8 array, shape (n,)
        Places in `CLASSES`.
    """
    _refuse_nan(own_pre=own_pre, own_post=own_post, total_on=total_on, growth=growth)
    stands = own_post >= line
    conditions = [
        stands & (stress_pass > 0),
        stands,
        total_on >= line,
        own_pre >= line,
        growth >= share_of_national * national_growth,
    ]
    return np.select(conditions, range(len(conditions)), default=len(conditions)).astype(np.int8)


def village_class(
    external_share: np.ndarray,
    withdrawal_loss: np.ndarray,
    growth: np.ndarray,
    self_sufficient_share: np.ndarray,
    headcount_start: np.ndarray,
    headcount_now: np.ndarray,
    upkeep_covered: np.ndarray,
    institution_alive: np.ndarray,
    national_growth: float,
) -> np.ndarray:
    """Class of each village; the first match wins.

    - **dependency**: external share of household income on-programme above 0.10, and withdrawal loss above 0.10;
    - **stagnation**: growth of median own income below half the national rate;
    - **self-sufficient**: at least 60 % of its baseline-poor self-sufficient, headcount at least 20 % below its own
      when the programmes start, upkeep of works covered, institution alive in the window judged;
    - **fragile**: everything else.

    Parameters
    ----------
    external_share : array, shape (v,)
        Public money over household income, on-programme, 0-1.
    withdrawal_loss : array, shape (v,)
        Relative fall of mean consumption in the post-window when all public money stops with the programmes.
    growth : array, shape (v,)
        Yearly growth of median own income, share per year.
    self_sufficient_share : array, shape (v,)
        Share of baseline-poor persons in class self-sufficient; nan where the village has none, which cannot fail
        the condition.
    headcount_start, headcount_now : array, shape (v,)
        Headcount in the quarter in which the programmes start, and mean of the quarters of the window judged, same
        unit: who is poor in a quarter, never who is poor on average, of whom there are fewer.
    upkeep_covered, institution_alive : bool array, shape (v,)
        Conditions on works and institution.
    national_growth : float
        Share per *year*.

    Returns
    -------
    int8 array, shape (v,)
        Places in `VILLAGE_CLASSES`.
    """
    _refuse_nan(
        external_share=external_share,
        withdrawal_loss=withdrawal_loss,
        growth=growth,
        headcount_start=headcount_start,
        headcount_now=headcount_now,
    )
    enough = np.isnan(self_sufficient_share) | (self_sufficient_share >= SELF_SUFFICIENT_SHARE)
    fallen = headcount_now <= (1.0 - HEADCOUNT_FALL) * headcount_start
    conditions = [
        (external_share > EXTERNAL_SHARE) & (withdrawal_loss > WITHDRAWAL_LOSS),
        growth < SHARE_OF_NATIONAL_GROWTH * national_growth,
        enough & fallen & upkeep_covered & institution_alive,
    ]
    return np.select(conditions, range(len(conditions)), default=len(conditions)).astype(np.int8)


def class_shares(codes: np.ndarray, persons: np.ndarray, count: int = len(CLASSES)) -> np.ndarray:
    """Share of persons in each class, shape (count,); nan where there are no persons."""
    total = np.bincount(codes, persons, minlength=count)
    return total / total.sum() if total.sum() > 0 else np.full(count, np.nan)


def class_grid(
    own_pre: np.ndarray,
    own_post: np.ndarray,
    total_on: np.ndarray,
    growth: np.ndarray,
    withstood: np.ndarray,
    national_growth: float,
    persons: np.ndarray,
) -> np.ndarray:
    """Shares of the household classes at every combination of the cut-offs of the grid.

    Parameters
    ----------
    own_pre, own_post, total_on, growth, national_growth
        As in `household_class`.
    withstood : bool array, shape (lines, dips, shocks, n)
        Who passes the stress test at these cut-offs.
    persons : array, shape (n,)
        Person weights; zero outside the group of interest (for example the baseline-poor).

    Returns
    -------
    array, shape (lines, dips, shocks, growth, classes)
        Shares of persons, 0-1; nan where there are none.
    """
    counted = persons > 0
    before, after, during, grown = (column[counted] for column in (own_pre, own_post, total_on, growth))
    persons, withstood = persons[counted], withstood[..., counted]
    shares = np.empty((*withstood.shape[:-1], len(GRID_GROWTH), len(CLASSES)))
    for place in np.ndindex(shares.shape[:-1]):
        line, keeping_up = GRID_LINES[place[0]], GRID_GROWTH[place[-1]]
        passed = withstood[place[:-1]]
        codes = household_class(before, after, during, grown, passed, national_growth, line, keeping_up)
        shares[place] = class_shares(codes, persons)
    return shares
