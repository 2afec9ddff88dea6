"""Classes of households and villages: every class, the order in which they are tried, and the stress test by hand."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from sim.metrics import resilience, trajectories
from sim.metrics.trajectories import CLASSES, VILLAGE_CLASSES

NATIONAL = 0.04

# name: own before, own after, total on-programme, growth, stress pass -> class
HOUSEHOLDS = {
    "stands and passes": (0.8, 1.2, 1.1, 0.05, True, "self_sufficient"),
    "exactly on the line": (0.8, 1.0, 1.1, 0.05, True, "self_sufficient"),
    "stands without growth, still self-sufficient": (1.5, 1.2, 1.3, -0.03, True, "self_sufficient"),
    "stands, fails the test": (0.8, 1.2, 1.1, 0.05, False, "fragile"),
    "was held up by flows": (0.7, 0.8, 1.05, 0.00, False, "dependency"),
    "held up by flows, though it was above before": (1.1, 0.8, 1.2, -0.05, True, "dependency"),
    "held up by flows, though it rises": (0.7, 0.9, 1.0, 0.09, True, "dependency"),
    "fell below": (1.1, 0.8, 0.95, -0.05, True, "declining"),
    "rises, not there yet": (0.5, 0.7, 0.8, 0.03, False, "rising"),
    "rises at exactly half the national rate": (0.5, 0.7, 0.8, 0.02, True, "rising"),
    "left behind": (0.5, 0.52, 0.8, 0.004, True, "stagnation"),
    "shrinks from below": (0.5, 0.4, 0.6, -0.02, False, "stagnation"),
}


@pytest.mark.parametrize("name", HOUSEHOLDS)
def test_household_class_by_hand(name):
    *values, expected = HOUSEHOLDS[name]
    codes = trajectories.household_class(*(np.array([value]) for value in values), NATIONAL)
    assert CLASSES[codes[0]] == expected


def test_household_classes_together_and_every_class_is_reached():
    columns = [np.array(column) for column in list(zip(*HOUSEHOLDS.values(), strict=True))[:5]]
    codes = trajectories.household_class(*columns, NATIONAL)
    assert [CLASSES[code] for code in codes] == [row[5] for row in HOUSEHOLDS.values()]
    assert set(codes) == set(range(len(CLASSES)))


def test_a_higher_line_moves_households_down():
    values = (np.array([0.8]), np.array([1.05]), np.array([1.08]), np.array([0.05]), np.array([True]))
    lower = trajectories.household_class(*values, NATIONAL)
    higher = trajectories.household_class(*values, NATIONAL, line=1.1)
    assert (CLASSES[lower[0]], CLASSES[higher[0]]) == ("self_sufficient", "rising")


def test_a_missing_value_is_refused_by_name():
    one = np.ones(1)
    with pytest.raises(ValueError, match="own_post"):
        trajectories.household_class(one, np.array([np.nan]), one, one, one, NATIONAL)
    with pytest.raises(ValueError, match="withdrawal_loss"):
        trajectories.village_class(one, one * np.nan, one, one, one, one, one, one, NATIONAL)


# name: external share, withdrawal loss, growth, self-sufficient share, headcount at q0, now, upkeep, alive -> class
VILLAGES = {
    "lives on public money": (0.20, 0.15, 0.05, 0.9, 0.3, 0.1, True, True, "dependency"),
    "lives on public money and stands still": (0.20, 0.15, 0.00, 0.0, 0.3, 0.3, False, False, "dependency"),
    "much money, little lost without it": (0.20, 0.10, 0.05, 0.9, 0.3, 0.1, True, True, "self_sufficient"),
    "little money": (0.10, 0.15, 0.05, 0.9, 0.3, 0.1, True, True, "self_sufficient"),
    "stands still": (0.05, 0.02, 0.01, 0.9, 0.3, 0.1, True, True, "stagnation"),
    "half the national rate is enough": (0.05, 0.02, 0.02, 0.6, 0.3, 0.24, True, True, "self_sufficient"),
    "no baseline-poor": (0.05, 0.02, 0.05, np.nan, 0.0, 0.0, True, True, "self_sufficient"),
    "too few self-sufficient": (0.05, 0.02, 0.05, 0.59, 0.3, 0.1, True, True, "fragile"),
    "headcount hardly fell": (0.05, 0.02, 0.05, 0.9, 0.3, 0.25, True, True, "fragile"),
    "works decay": (0.05, 0.02, 0.05, 0.9, 0.3, 0.1, False, True, "fragile"),
    "institution died": (0.05, 0.02, 0.05, 0.9, 0.3, 0.1, True, False, "fragile"),
}


@pytest.mark.parametrize("name", VILLAGES)
def test_village_class_by_hand(name):
    *values, expected = VILLAGES[name]
    codes = trajectories.village_class(*(np.array([value]) for value in values), NATIONAL)
    assert VILLAGE_CLASSES[codes[0]] == expected


def test_every_village_class_is_reached():
    assert {row[-1] for row in VILLAGES.values()} == set(VILLAGE_CLASSES)


# --- Stress test --------------------------------------------------------------------------------------------------


def twins(quarters_below: int, income_at_the_end: float) -> np.ndarray:
    """Result for one household that is below the line in some of the first quarters."""
    consumption_twin, own_twin = np.full((12, 1), 1.2), np.full((12, 1), 2.0)
    consumption, own = consumption_twin.copy(), own_twin.copy()
    consumption[:quarters_below] = 0.9
    own[:11] = 1.0
    own[11] = income_at_the_end
    return resilience.stress_pass(consumption, consumption_twin, own, own_twin)


@pytest.mark.parametrize(
    ("quarters_below", "income_at_the_end", "expected"),
    [(0, 2.0, True), (2, 2.0, True), (2, 1.8, True), (3, 2.0, False), (0, 1.79, False), (12, 2.0, False)],
)
def test_stress_pass_by_hand(quarters_below, income_at_the_end, expected):
    assert twins(quarters_below, income_at_the_end).tolist() == [expected]


def test_quarters_that_would_have_been_poor_anyway_do_not_count():
    twin = np.full((12, 1), 0.95)
    own = np.ones((12, 1))
    assert resilience.stress_pass(twin - 0.2, twin, own, own).all()


def test_falls_after_the_eighth_quarter_do_not_count():
    twin, own = np.full((12, 1), 1.2), np.ones((12, 1))
    late = twin.copy()
    late[8:] = 0.5
    assert resilience.stress_pass(late, twin, own, own).all()


def test_a_recovery_that_is_lost_again_fails():
    twin, own_twin = np.full((12, 1), 1.2), np.full((12, 1), 2.0)
    own = own_twin.copy()
    own[11] = 1.0
    assert not resilience.stress_pass(twin, twin, own, own_twin).any()


def test_an_unshocked_twin_passes_whatever_its_income():
    own = np.array([[-1.0, 0.0, 2.0]] * 12)
    assert resilience.stress_pass(own, own, own, own).all()


def test_too_short_a_follow_up_is_refused():
    short = np.ones((6, 2))
    with pytest.raises(ValueError, match="8 quarters"):
        resilience.stress_pass(short, short, short, short)


def test_four_draws_of_five_are_enough_and_three_are_not():
    passes = np.array([[1, 1], [1, 1], [1, 1], [1, 0], [0, 0]], dtype=bool)
    assert resilience.passes_draws(passes).tolist() == [True, False]
    with pytest.raises(ValueError, match="at least 5"):
        resilience.passes_draws(passes[:4])


# --- Other twins ---------------------------------------------------------------------------------------------------


def test_elasticity_between_twins():
    driver = np.array([0.9])
    income = np.array([10.0, 5.0, -1.0])
    shocked = np.array([10.0 * 0.9**1.5, 5.0, 1.0])
    found = resilience.elasticity(shocked, income, driver, 1.0)
    assert found[:2] == pytest.approx([1.5, 0.0])
    assert np.isnan(found[2])
    assert np.isnan(resilience.elasticity(shocked, income, 1.0, 1.0)).all()


def test_shortfall_and_half_life():
    twin = np.full((6, 3), 10.0)
    shock = np.array([[10, 10, 10], [4, 6, 10], [6, 6, 10], [7, 6, 10], [9, 6, 10], [10, 6, 10]], float)
    assert resilience.shortfall(shock, twin) == pytest.approx([14 / 60, 20 / 60, 0.0])
    found = resilience.half_life(shock, twin)
    assert found[0] == 2.0
    assert np.isnan(found[1])
    assert found[2] == 0.0


def test_vulnerability_counts_draws_with_any_fall():
    consumption = np.full((5, 4, 2), 2.0)
    consumption[0, 1, 0] = consumption[0, 2, 0] = consumption[3, 3, 0] = 0.5
    assert resilience.vulnerability(consumption) == pytest.approx([0.4, 0.0])


def test_independence_needs_all_three_conditions():
    own = np.array([1.2, 0.9, 1.2, 1.2, 1.2])
    twin, shock = np.full((3, 5), 1.3), np.full((3, 5), 1.1)
    shock[1, 2] = 0.8
    arm = np.array([0.4, 0.4, 0.4, 0.9, np.nan])
    without = np.array([0.1, 0.5, 0.9, 0.5, np.nan])
    pushed = resilience.pushed_below(shock, twin).any(axis=0)
    found = resilience.independent(own, pushed, arm, without, np.ones(5))
    assert list(found) == [True, False, False, False, False]
    unknown = resilience.independent(own, pushed, arm, np.full(5, np.nan), np.ones(5))
    assert not unknown.any()


# --- Growth, tables ------------------------------------------------------------------------------------------------


def test_yearly_growth_is_exact_for_steady_growth():
    path = 0.7 * 1.03 ** (np.arange(80)[:, None] / 4.0)
    windows = (0, 8), (20, 28)  # of equal length, so that the means grow at exactly the rate of the path
    before, after = (path[slice(*window)].mean(axis=0) for window in windows)
    assert trajectories.yearly_growth(before, after, *windows) == pytest.approx(0.03, rel=1e-12)


def test_yearly_growth_at_its_edges():
    before, after = np.array([1.0, 0.0, 0.0, -1.0, 1.0]), np.array([0.0, 1.0, 0.0, -2.0, -0.5])
    found = trajectories.yearly_growth(before, after, (0, 8), (36, 48))
    assert found.tolist() == [-1.0, np.inf, 0.0, 0.0, -1.0]


incomes = arrays.arrays(float, 15, elements=st.floats(0.0, 3.0))


@given(pre=incomes, post=incomes, total=incomes, passed=arrays.arrays(bool, 15), line=st.sampled_from([0.9, 1.0, 1.1]))
def test_every_household_has_one_class_and_passing_never_hurts(pre, post, total, passed, line):
    growth = trajectories.yearly_growth(pre, post, (0, 8), (36, 48))
    found = trajectories.household_class(pre, post, total, growth, passed, NATIONAL, line)
    assert trajectories.class_shares(found, np.ones(15)).sum() == pytest.approx(1.0)
    assert np.array_equal(found <= CLASSES.index("fragile"), post >= line)
    always = trajectories.household_class(pre, post, total, growth, np.ones(15), NATIONAL, line)
    assert np.all(always <= found)


def test_class_grid_by_hand():
    """Four households of one person each, and one that is not counted; who passes hangs on quarters and shock alone."""
    own_pre, own_post = np.array([0.8, 0.8, 0.5, 1.05, 9.0]), np.array([1.05, 0.95, 0.7, 0.6, 9.0])
    total, growth = np.array([1.0, 0.85, 0.8, 0.8, 9.0]), np.array([0.02, 0.02, 0.015, -0.1, 0.0])
    withstood = np.ones((3, 3, 3, 5), bool)
    withstood[:, 0] = withstood[:, :, 2] = False  # none where one quarter is tolerated, none of the largest shock
    persons = np.array([1.0, 1.0, 1.0, 1.0, 0.0])
    grid = trajectories.class_grid(own_pre, own_post, total, growth, withstood, NATIONAL, persons)
    assert grid.shape == (3, 3, 3, 3, len(CLASSES))
    assert grid.sum(axis=-1) == pytest.approx(np.ones((3, 3, 3, 3)))
    quarters = {name: 4.0 * grid[..., CLASSES.index(name)] for name in CLASSES}
    for line, standing in enumerate((2.0, 1.0, 0.0)):  # own income of 1.05 and 0.95 against 0.9, 1.0 and 1.1 z
        assert (quarters["self_sufficient"][line, 1:, :2] == standing).all()
        assert (quarters["fragile"][line, 1:, :2] == 0.0).all()
        for failed in (quarters["fragile"][line, 0], quarters["fragile"][line, :, 2]):
            assert (failed == standing).all()
    assert (quarters["declining"][1] == 1.0).all() and (quarters["declining"][2] == 0.0).all()
    # At 1 z the second grows at half the nation's rate, the third at three eighths of it.
    assert (quarters["rising"][1] == np.array([2.0, 1.0, 0.0])).all()
    assert (quarters["stagnation"][1] == np.array([0.0, 1.0, 2.0])).all()


def test_the_grid_repeats_the_frozen_cut_offs():
    columns = [np.array(column) for column in list(zip(*HOUSEHOLDS.values(), strict=True))[:5]]
    persons, passed = np.arange(1.0, len(HOUSEHOLDS) + 1), np.broadcast_to(columns[4], (3, 3, 3, len(HOUSEHOLDS)))
    grid = trajectories.class_grid(*columns[:4], passed, NATIONAL, persons)
    expected = trajectories.class_shares(trajectories.household_class(*columns, NATIONAL), persons)
    assert grid[trajectories.FROZEN] == pytest.approx(expected)
    line, dips, shock, growth = (
        values[place]
        for values, place in zip(
            (trajectories.GRID_LINES, trajectories.GRID_DIPS, trajectories.GRID_SHOCKS, trajectories.GRID_GROWTH),
            trajectories.FROZEN,
            strict=True,
        )
    )
    assert (line, dips / 8, shock, growth) == (1.0, resilience.STRESS_SHARE, resilience.LOCAL_SHOCK, 0.5)


def test_shares_without_persons_are_undefined():
    assert np.isnan(trajectories.class_shares(np.array([0, 1]), np.zeros(2))).all()
