"""Shocks from outside: parts that sum, no shock no change, and no way in where nothing is sold outside."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from sim.engine.lane import holding
from sim.experiment import stress
from sim.metrics import resilience
from sim.model import CommunityModel
from sim.population import TwoPieceLognormal
from sim.scenario import check
from sim.start import solve
from sim.survey import read_aggregates

SEED = 2  # of the population

PARTS = ("direct", "demand", "response")
NAMES = ("outside_sales", "local_sales", "spending", "market", "demand", "price")
SHAPE = (3, 4)


def path(values):
    return dict(zip(NAMES, values, strict=True))


@given(*(arrays(float, (len(NAMES), *SHAPE), elements=st.floats(0.1, 10.0)) for _ in range(2)))
def test_parts_sum_to_the_changes_of_income_and_consumption(one, other):
    twin, shocked = path(one), path(other)
    found = resilience.response_parts(twin, shocked)
    own = [(p["outside_sales"] + p["local_sales"]).sum() for p in (twin, shocked)]
    eaten = [(p["spending"] / p["price"]).sum() for p in (twin, shocked)]
    assert found["own_income"] == pytest.approx(math.log(own[1] / own[0]), abs=1e-9)
    assert found["consumption"] == pytest.approx(math.log(eaten[1] / eaten[0]), abs=1e-9)
    assert sum(found[name] for name in PARTS) == pytest.approx(found["own_income"], abs=1e-9)
    whole = found["own_income"] + found["cushion"] + found["price"]
    assert whole == pytest.approx(found["consumption"], abs=1e-9)


def test_an_outside_price_alone_is_all_direct():
    """Half of income comes from outside and its price falls by a tenth: income falls by a twentieth."""
    twin = path(np.ones((len(NAMES), *SHAPE)))
    shocked = {**twin, "market": 0.9 * twin["market"], "outside_sales": 0.9 * twin["outside_sales"]}
    found = resilience.response_parts(twin, shocked)
    assert found["own_income"] == pytest.approx(math.log(0.95), rel=1e-12)
    assert found["direct"] == pytest.approx(math.log(0.95), rel=1e-12)
    assert (found["demand"], found["response"]) == (0.0, pytest.approx(0.0, abs=1e-15))
    assert (found["consumption"], found["price"]) == (0.0, 0.0)
    assert found["cushion"] == pytest.approx(-math.log(0.95), rel=1e-12)


@given(arrays(float, (len(NAMES), *SHAPE), elements=st.floats(0.0, 10.0)))
def test_worlds_that_are_equal_have_changes_of_exactly_zero(one):
    twin = path(one + np.array([0.1, 0.1, 0.1, 0.0, 0.0, 0.1])[:, None, None])
    assert set(resilience.response_parts(twin, twin).values()) == {0.0}


# --- Worlds -----------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def scenario(known):
    return check({"title": "Shocked", "arms": [{"policy": "status_quo"}], "calendar": {"start": 8}}, known)


def twins(world, programmes, shock, quarters=12, held=(), **columns):
    """The same world from quarter 2 on, without and with a shock in that quarter."""
    model = CommunityModel(world, programmes, seed=5)
    model.held = holding(model.plan, held)
    for name, value in columns.items():
        model.state[name] = value
    for _ in range(2):
        model.step()
    state = model.state
    persons, home = state["size"] * state["weight"], np.repeat(np.arange(4), np.diff(state.layout.start["household"]))
    return [
        stress.follow(model.branch(shocks=shocks), 2 + quarters, stress.Path(persons, home))
        for shocks in ({}, {2: {"macro_shock": shock}})
    ]


def test_no_shock_no_change_to_the_last_bit(small_world, programmes_2017):
    still, hit = twins(small_world, programmes_2017, 0.0)
    assert all(np.array_equal(still[name], hit[name]) for name in still)
    assert set(resilience.response_parts(still, hit).values()) == {0.0}
    assert not resilience.pushed_below(hit["consumption"], still["consumption"]).any()
    assert (resilience.shortfall(hit["consumption"], still["consumption"]) == 0.0).all()
    assert (resilience.half_life(hit["own_income"], still["own_income"]) == 0.0).all()
    assert math.isnan(stress.responses(still, hit)["own_income"])  # 0 of 0


def test_who_sells_nothing_outside_is_not_reached(small_world, programmes_2017):
    """Nobody sells outside, so that local demand, which lives on what villagers spend, does not move either."""
    shut = twins(small_world, programmes_2017, -0.2, held=("exposure",), exposure=0.0)
    open_ = twins(small_world, programmes_2017, -0.2)
    closed, reached = stress.responses(*shut), stress.responses(*open_)
    assert closed["own_income"] == 0.0 and closed["consumption"] == 0.0
    assert reached["own_income"] > 0.2
    household = resilience.elasticity(shut[1]["own_income"], shut[0]["own_income"], np.array(0.8), np.array(1.0))
    assert (household[np.isfinite(household)] == 0.0).all()


def test_at_once_a_shock_comes_only_by_what_is_sold_outside(small_world, programmes_2017):
    """In the first quarter demand is that of last quarter's spending: the elasticity is the share sold outside.

    Where people sell is held: they turn to the village as soon as it pays better.
    """
    still, hit = twins(small_world, programmes_2017, -0.01, held=("exposure",))
    first = stress.responses(still, hit, quarters=1)
    share = still["outside_sales"][0].sum() / (still["outside_sales"][0] + still["local_sales"][0]).sum()
    assert first["demand"] == 0.0
    assert first["own_income"] == pytest.approx(share, rel=0.01)
    assert stress.responses(still, hit)["demand"] > 0.1


def test_a_local_economy_that_leaks_less_carries_more_of_the_shock(lane, small_population, programmes_2017):
    """Where less is bought outside, what a shock takes from sellers is taken from their neighbours' sales too."""
    target, demand = TwoPieceLognormal.published(read_aggregates()), []
    for share in (0.65, 0.45):
        leaky = {"import_share.value": share}
        world = solve(lane, small_population, programmes_2017, target, SEED, overrides=leaky)
        demand.append(stress.responses(*twins(world, programmes_2017, -0.1))["demand"])
    assert demand[1] > demand[0] > 0.0


def test_a_rise_and_a_fall_are_one_step_of_the_logarithm(scenario):
    down, up = stress.pair(scenario)
    assert down in stress.national_shocks(scenario)
    assert stress.middle_fall(scenario) == 0.10
    first = scenario.windows.stress[0]
    assert down[first]["macro_shock"] == -up[first]["macro_shock"] == pytest.approx(math.log(0.9))


def test_measures_of_equal_paths_are_zero_or_undefined(small_world, programmes_2017):
    still, hit = twins(small_world, programmes_2017, 0.0)
    found = stress.measures(still, hit, hit)
    for name, value in found.items():
        assert value == 0.0 if name.startswith(("half_life", "left", "shortfall")) else math.isnan(value), name
