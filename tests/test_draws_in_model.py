"""Luck belongs to a name: what a draw, a household, a village or an arm cannot touch stays as it was, bit for bit."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from sim.engine.lane import holding
from sim.engine.plan import drawn
from sim.engine.rule import Normal, Uniform
from sim.policies import catalogue
from sim.policies.policy import Programme, set_levers
from sim.population import synthesise
from sim.start import World, first_state
from sim.survey import read_aggregates

SEED = 3


def simulate(world, programmes, quarters, seed=SEED):
    """The states after each quarter."""
    state, hold, states = world.state.copy(), holding(world.lane.plan), []
    for quarter in range(quarters):
        set_levers(programmes, state, quarter)
        world.lane.step(state, quarter, seed, world.parameters, hold)
        states.append(state.copy())
    return states


def same(one, other):
    return all(one.arrays[table].tobytes() == other.arrays[table].tobytes() for table in one.arrays)


def draws(plan, table):
    """The columns of a table that hold draws."""
    return [
        f"{rule.name}.{argument}"
        for rule in plan.rules.values()
        for argument, marker in rule.arguments
        if isinstance(marker, Normal | Uniform) and rule.table.name == table
    ]


@pytest.fixture(scope="module")
def status_quo(small_world, programmes_2017):
    return simulate(small_world, programmes_2017, 12)


# --- Placebo ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("arm", catalogue())
def test_a_programme_without_money_is_no_programme(small_world, programmes_2017, status_quo, arm):
    placebo = simulate(small_world, (*programmes_2017, Programme(catalogue()[arm], 0.0, 2, 10, 8)), 12)
    assert all(same(*pair) for pair in zip(placebo, status_quo, strict=True))


@pytest.mark.parametrize("arm", ["hybrid", "dividend", "asset_with_coaching"])
def test_a_programme_changes_nothing_before_it_starts(small_world, programmes_2017, status_quo, arm):
    states = simulate(small_world, (*programmes_2017, Programme(catalogue()[arm], 0.04, 5, 10, 8)), 6)
    assert all(same(*pair) for pair in zip(states[:5], status_quo, strict=False))
    assert not same(states[5], status_quo[5])


# --- Touch ------------------------------------------------------------------------------------------------------------


def touch(world, household, column, change):
    state = world.state.copy()
    state[column][household] += change
    return replace(world, state=state)


def changed(plan, one, other, names=None):
    """The households for which some column has other bits."""
    names = names or [name for name, (table, _) in one.index.items() if table == "household"]
    return set(np.flatnonzero(np.any([one[name] != other[name] for name in names], axis=0)))


def neighbours(layout, village, household):
    first = layout.start["household"][village]
    ends = layout.ends[:, layout.start["tie"][village] : layout.start["tie"][village + 1]] + first
    tied = ends[:, (ends == household).any(axis=0)]
    return set(tied.ravel().tolist()) - {household}


ACCOUNT = ("micro_income", "villages_income", "villages_growth")  # the nation adds up what its villages earn


def market(state):
    """The nation's columns but for its account of the villages: what every village meets."""
    names = [name for name, (table, _) in state.index.items() if table == "nation"]
    return np.array([state[name] for name in names if not any(word in name for word in ACCOUNT)])


@pytest.mark.parametrize("village", [0, 2])
def test_a_touched_household_reaches_its_neighbours_first_and_never_another_village(
    small_world, programmes_2017, status_quo, village
):
    plan, layout = small_world.lane.plan, small_world.state.layout
    first, last = layout.start["household"][village : village + 2]
    household = int(first) + 7
    near = {household, *neighbours(layout, village, household)}
    richer = simulate(touch(small_world, household, "buffer", 1.0), programmes_2017, 12)
    # In the quarter of the touch nobody but the household knows of it.
    assert changed(plan, richer[0], status_quo[0]) == {household}
    # What it expects is seen by those whom it shares with; by others as one of all who are struck alike or are not.
    hopeful = simulate(touch(small_world, household, "expected_earnings", 0.5), programmes_2017, 12)
    moved = np.abs(hopeful[0]["sharing"] - status_quo[0]["sharing"])
    others = np.setdiff1d(np.arange(first, last), [*near])
    assert moved[household] > 10.0 * moved[others].max() > 0.0
    assert moved[[*(near - {household})]].mean() > 2.0 * moved[others].mean()
    for states in (richer, hopeful):
        for state, usual in zip(states, status_quo, strict=True):
            assert changed(plan, state, usual) <= set(range(first, last))
            assert np.array_equal(market(state), market(usual))
            for table in ("village", "group", "tie", "district"):
                start = np.arange(5) if table == "village" else layout.start.get(table, np.zeros(5, int))
                other = np.ones(layout.rows(table), bool)
                other[start[village] : start[village + 1]] = False
                assert np.array_equal(state.arrays[table][:, other], usual.arrays[table][:, other]), table


def test_a_touch_moves_nobodys_draws(small_world, programmes_2017, status_quo):
    plan = small_world.lane.plan
    for state, usual in zip(
        simulate(touch(small_world, 7, "capital", 2.0), programmes_2017, 12), status_quo, strict=True
    ):
        for table in ("household", "village", "group"):
            for name in draws(plan, table):
                assert np.array_equal(state[name], usual[name]), name


# --- Villages ---------------------------------------------------------------------------------------------------------


def unsolved(lane, villages, parameters):
    """A world that is not at rest: the population's first guess, without the steps that look at all villages."""
    population = synthesise(read_aggregates(), villages, 40, 2, sd_log_size=0.0, raking=False)
    return World(lane, population, first_state(lane.plan, population), parameters)


@pytest.mark.parametrize("arm", [None, "hybrid"])
def test_a_village_more_changes_no_other_village(lane, small_world, programmes_2017, arm):
    programmes = programmes_2017 if arm is None else (*programmes_2017, Programme(catalogue()[arm], 0.02, 1))
    few, more = (unsolved(lane, villages, small_world.parameters) for villages in (4, 5))
    for one, other in zip(simulate(few, programmes, 8), simulate(more, programmes, 8), strict=True):
        for table in ("village", "household", "group", "tie"):
            rows = one.layout.rows(table)
            assert other.layout.rows(table) > rows
            assert np.array_equal(one.arrays[table], other.arrays[table][:, :rows]), table
        assert np.array_equal(market(one), market(other))


def test_nation_sees_its_villages_through_totals_only(lane, small_world, programmes_2017):
    """Scarce facilitators are shared in a district: a fifth village changes what they do, and no draw."""
    programmes = (*programmes_2017, Programme(catalogue()["locality_development"], 0.3, 1))
    few, more = (simulate(unsolved(lane, n, small_world.parameters), programmes, 6) for n in (4, 5))
    assert few[-1]["facilitator_quality"][0] < 1.0
    for one, other in zip(few, more, strict=True):
        for table in ("household", "village", "group"):
            for name in draws(lane.plan, table):
                assert np.array_equal(one[name], other[name][: one.layout.rows(table)]), name


# --- Seeds and arms ---------------------------------------------------------------------------------------------------


def test_another_seed_is_another_luck_in_every_draw(small_world, programmes_2017, status_quo):
    other = simulate(small_world, programmes_2017, 1, SEED + 1)[0]
    for table in ("household", "village", "group"):
        for name in draws(small_world.lane.plan, table):
            if status_quo[0][name].any():  # set in this quarter
                assert not np.array_equal(other[name], status_quo[0][name]), name
    assert not np.array_equal(other["consumption"], status_quo[0]["consumption"])
    assert other["macro_cycle"] != status_quo[0]["macro_cycle"]


def test_no_draw_is_used_twice(small_world, programmes_2017, status_quo):
    """No two draws, places or quarters share their numbers, but a draw that is said to be another's."""
    rules = small_world.lane.plan.rules
    marker = {f"{rule.name}.{a}": m for rule in rules.values() for a, m in rule.arguments}
    names = [name for name in draws(small_world.lane.plan, "household") if rules[name.split(".")[0]].every == 1]
    again = {name: of for name in names if (of := drawn(marker[name], ""))}
    assert again == {"attends_own.chance": "attends.chance"}
    assert all(np.array_equal(state[name], state[of]) for state in status_quo for name, of in again.items())
    names = [name for name in names if name not in again]
    seen = [tuple(state[name]) for state in status_quo for name in names]
    assert len(set(seen)) == len(seen)
    starts = small_world.state.layout.start["household"]
    luck = status_quo[0]["luck.innovation"]
    assert len({tuple(luck[a:b]) for a, b in pairwise(starts)}) == 4


def test_the_order_of_arms_does_not_matter(small_world, programmes_2017):
    names = ("hybrid", "dividend", "rastra")
    arms = {name: (*programmes_2017, Programme(catalogue()[name], 0.04, 1)) for name in names}
    forwards = {name: simulate(small_world, arms[name], 6)[-1] for name in arms}
    backwards = {name: simulate(small_world, arms[name], 6)[-1] for name in reversed(arms)}
    assert all(same(forwards[name], backwards[name]) for name in arms)


def test_a_run_does_not_touch_the_world(small_world, programmes_2017, status_quo):
    before = small_world.state.copy()
    again = simulate(small_world, programmes_2017, 12)
    assert same(before, small_world.state)
    assert all(same(*pair) for pair in zip(again, status_quo, strict=True))


def test_holding_a_rule_moves_nobody_elses_draws(small_world, programmes_2017, status_quo):
    state, plan = small_world.state.copy(), small_world.lane.plan
    hold = holding(plan, ["luck", "attends"])
    for quarter in range(4):
        set_levers(programmes_2017, state, quarter)
        small_world.lane.step(state, quarter, SEED, small_world.parameters, hold)
        for name in draws(plan, "household"):
            if name.split(".")[0] not in ("luck", "attends"):
                assert np.array_equal(state[name], status_quo[quarter][name]), name
    assert np.array_equal(state["luck"], small_world.state["luck"])
