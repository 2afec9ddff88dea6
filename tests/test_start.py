"""Quarter 0: the quiet baseline is at rest, and a survey of it would find what was published."""

from __future__ import annotations

import functools
from dataclasses import replace

import numpy as np
import pytest

from sim.agents import household, village
from sim.calibration import ensemble
from sim.engine.lane import Lane, holding
from sim.engine.plan import PlanError
from sim.engine.rule import Uniform, rule
from sim.errors import InputError
from sim.experiment import study
from sim.metrics import poverty
from sim.metrics.inequality import gini
from sim.model import CommunityModel
from sim.policies import catalogue
from sim.policies.policy import Programme, set_levers
from sim.poorer import poorer
from sim.population import TwoPieceLognormal, synthesise, village_of
from sim.scenario import PROGRAMMES_2017, check
from sim.start import ATTENDANCE, FROZEN, SURVEY_NOISE, measured, solve, wire
from sim.survey import read_aggregates

QUARTERS = (0, 4, 8)  # where poverty is calibrated
P0, FALL = 13.47, 0.1075  # % of persons in Sept 2017, and percentage points a quarter (BPS)
STOCKS = ("capital", "buffer", "works", "efficacy", "institution_quality")
CYCLE, GROWTH = ("macro_cycle",), ("macro_trend", "macro_cycle")
FEW, MANY = (1, 2, 3), tuple(range(1, 25))  # populations
LUCKS = 6


@functools.cache
def flows():
    """The programmes of 2017."""
    return tuple(Programme(catalogue()[one.policy], one.dose) for one in PROGRAMMES_2017)


@functools.cache
def world(seed, villages=20, households=150):
    """A world at rest with the programmes of 2017."""
    people = synthesise(read_aggregates(), villages, households, seed)
    return solve(Lane(wire()), people, flows(), TwoPieceLognormal.published(read_aggregates()), seed)


def surveyed(model):
    """What a survey of this quarter finds: headcount, gap, severity (%), Gini, attendance (%), demand ratio."""
    state = model.state
    persons = state["size"] * state["weight"]
    seen = measured(state, model.luck, model.quarter)
    poor = [100.0 * poverty.fgt(seen, persons, 1.0, order) for order in range(3)]
    return [*poor, gini(seen, persons), 100.0 * state["attends"].mean(), state["demand_ratio"].mean()]


@functools.cache
def course(populations, last, every, held):
    """Means over populations and lucks: one row for each look from quarter 0 on, columns of `surveyed`."""
    found = []
    for seed in populations:
        for luck in range(1, LUCKS + 1):
            model, rows = CommunityModel(world(seed), flows(), seed=luck, held=held), []
            while model.quarter <= last:
                if model.quarter % every == 0:
                    rows.append(surveyed(model))
                model.step()
            found.append(rows)
    return np.mean(found, axis=0)


def stocks(populations, quarters=40):
    """Mean of each stock at the start and after some quarters without growth and cycle, over populations and lucks."""
    found = []
    for seed in populations:
        for luck in range(1, LUCKS + 1):
            model = CommunityModel(world(seed), flows(), seed=luck, held=GROWTH)
            first = [model.state[name].mean() for name in STOCKS]
            model.run_model(quarters)
            found.append([first, [model.state[name].mean() for name in STOCKS]])
    return np.mean(found, axis=0)


LEVELS = pytest.mark.parametrize(
    "populations", [pytest.param(FEW, id="few"), pytest.param(MANY, id="many", marks=pytest.mark.full)]
)


# --- What was published -----------------------------------------------------------------------------------------------


@LEVELS
def test_poverty_falls_as_it_did(populations):
    """With national growth on and the business cycle at its mean."""
    found = course(populations, QUARTERS[-1], 4, CYCLE)[:, 0]
    assert found == pytest.approx([P0 - FALL * quarter for quarter in QUARTERS], abs=0.5)


@LEVELS
def test_depth_of_poverty_and_inequality_at_the_start(populations):
    _, gap, severity, inequality, *_ = course(populations, QUARTERS[-1], 4, CYCLE)[0]
    assert gap == pytest.approx(2.43, abs=0.25)
    assert severity == pytest.approx(0.65, abs=0.15)
    assert inequality == pytest.approx(0.320, abs=0.01)


@LEVELS
def test_inequality_stays_for_ten_years_and_attendance_is_flat(populations):
    after = course(populations, 48, 8, CYCLE)
    assert np.abs(after[:, 3] - after[0, 3]).max() < 0.02
    assert after[:, 4] == pytest.approx(100.0 * ATTENDANCE, abs=1.5)


# --- A world at rest --------------------------------------------------------------------------------------------------


def test_what_villages_offer_is_bought(small_world):
    for seed in FEW:
        assert course((seed,), QUARTERS[-1], 4, CYCLE)[0, 5] == pytest.approx(1.0, abs=0.03)
    assert (world(1).state["outside_base"] > 0.0).all()


@pytest.mark.full
@pytest.mark.parametrize("name", STOCKS)
def test_nothing_drifts(name):
    before, after = stocks(MANY)[:, STOCKS.index(name)]
    assert after == pytest.approx(before, rel=0.02)


@pytest.mark.parametrize("name", ["capital", "works", "efficacy", "institution_quality"])
def test_what_moves_slowly_does_not_drift(few_stocks, name):
    """Buffers are left to the full check: in three populations the luck before quarter 0 moves them by more."""
    before, after = few_stocks[:, STOCKS.index(name)]
    assert after == pytest.approx(before, rel=0.02)


@pytest.fixture(scope="module")
def few_stocks():
    return stocks(FEW)


def test_the_start_is_found_again(lane, programmes_2017, small_population, small_world):
    target = TwoPieceLognormal.published(read_aggregates())
    again = solve(lane, small_population, programmes_2017, target, 2)
    for table, array in small_world.state.arrays.items():
        assert (again.state.arrays[table] == array).all(), table
    assert (again.parameters == small_world.parameters).all()


ECHO = {"attends.conformity": 1.92, "attends.noise": 0.17, "attends.spread": 0.42}  # who comes draws many others


@pytest.mark.parametrize("seed", [1, 2])
def test_a_hall_that_echoes_is_at_rest_where_villages_were(lane, programmes_2017, seed):
    """Attendance answers to the cost of a meeting about five times as strongly as it would without neighbours."""
    people, target = synthesise(read_aggregates(), 20, 100, seed), TwoPieceLognormal.published(read_aggregates())
    found = solve(lane, people, programmes_2017, target, seed, ECHO)
    assert found.solved["attendance at rest"] == pytest.approx(ATTENDANCE, abs=0.05)
    assert found.state["attendance"].mean() == pytest.approx(ATTENDANCE, abs=0.06)


@pytest.mark.full
@pytest.mark.parametrize("variant", ensemble.VARIANTS)
def test_every_calibrated_set_is_at_rest_where_villages_were(lane, programmes_2017, variant):
    target = TwoPieceLognormal.published(read_aggregates())
    for seed, drawn in enumerate(ensemble.load(variant)):
        found = solve(lane, synthesise(read_aggregates(), 40, 60, seed), programmes_2017, target, seed, drawn)
        assert found.solved["attendance at rest"] == pytest.approx(ATTENDANCE, abs=0.05), (variant, seed)


def test_a_village_that_is_either_empty_or_full_is_refused(lane, programmes_2017):
    """One village, in which neighbours count most and taste least: no cost of a meeting brings a sixth of it."""
    people, target = synthesise(read_aggregates(), 1, 40, 2), TwoPieceLognormal.published(read_aggregates())
    tipping = {"attends.conformity": 2.5, "attends.noise": 0.1, "attends.spread": 0.3}
    with pytest.raises(InputError, match=r"about 16% of households come .* no such world is at rest"):
        solve(lane, people, programmes_2017, target, 2, tipping)


def test_who_never_attends_believes_what_there_was_to_see(lane, programmes_2017, small_population):
    """Efficacy begins at its rest, whatever it is guessed to be: not only of those whom a search's few years move."""
    target = TwoPieceLognormal.published(read_aggregates())
    plan, people = lane.plan, small_population
    found = solve(lane, people, programmes_2017, target, 2, {"efficacy.learning": 0.02})
    state, hold = found.state.copy(), holding(plan, [*FROZEN, "institution_quality"])
    home, seen = village_of(people.start), []
    for quarter in range(120):
        set_levers(programmes_2017, state, quarter)
        lane.step(state, quarter, 3, found.parameters, hold)
        seen.append(state["success"][home] * (state["council_choice"][home] == state["activity"]))
    assert found.state["efficacy"].mean() == pytest.approx(np.mean(seen), abs=0.03)
    assert state["efficacy"].mean() == pytest.approx(found.state["efficacy"].mean(), abs=0.02)
    assert not np.isclose(found.state["efficacy"], 0.3, rtol=0.0, atol=1e-6).any()


def test_a_rule_of_ones_own_is_not_solved_for(programmes_2017, small_population):
    """Half of those who know of a meeting come, whatever it costs; councils neither learn nor decay."""

    @rule(household, "0 or 1", 0.0, 1.0)
    def attends(aware, chance=Uniform()):
        """Whether the household comes."""
        return aware if chance < 0.5 else 0.0

    @rule(village, "share", 0.0, 1.0)
    def institution_quality(institution_quality):
        """As it was."""
        return institution_quality

    target, own = TwoPieceLognormal.published(read_aggregates()), Lane(wire([attends.rule, institution_quality.rule]))
    found = solve(own, small_population, programmes_2017, target, 2)
    knows = found.state["aware"].mean()
    assert found.state["attendance"].mean() == pytest.approx(0.5 * knows, abs=0.1) and knows > 0.3
    assert (found.state["institution_quality"] == 0.5).all()  # as it is guessed before the first quarter
    assert not [name for name in found.solved if "attend" in name]


def test_a_rule_without_what_the_start_needs_is_refused():
    @rule(village, "share", 0.0, 1.0)
    def import_share(import_need):
        """At least a half."""
        return max(0.5, import_need)

    with pytest.raises(PlanError, match=r"solved with import_share.value: a rule import_share of your own needs"):
        wire([import_share.rule])


def test_surveys_measure_with_noise_of_their_own(small_world):
    state = small_world.state
    seen = measured(state, 1, 0)
    noise = np.log(seen / state["consumption"])
    assert noise.std() == pytest.approx(SURVEY_NOISE, rel=0.15) and abs(noise.mean()) < 0.3 * SURVEY_NOISE
    assert (measured(state, 1, 0) == seen).all()
    assert (measured(state, 1, 1) != seen).all() and (measured(state, 2, 0) != seen).all()


# --- Other worlds -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("target", [0.30, 0.40])
def test_the_poor_village_world_is_as_poor_as_asked(target):
    poor = poorer(world(2, 8, 100), flows(), target, 2)
    assert poor.solved["measured headcount"] == pytest.approx(target, abs=0.01)
    lowered = world(2, 8, 100).state["ability"] - poor.state["ability"]
    assert np.ptp(lowered) < 1e-12 and lowered[0] == pytest.approx(poor.solved["ability lowered by, log"])
    assert (poor.parameters == world(2, 8, 100).parameters).all()
    found = []
    for luck in range(1, 9):
        model = CommunityModel(poor, flows(), seed=luck, held=GROWTH)
        for _ in range(8):
            model.step()
            found.append(surveyed(model)[0])
    assert np.mean(found) == pytest.approx(100.0 * target, abs=2.5)


def test_a_poverty_that_no_ability_gives_is_refused(small_world, programmes_2017):
    with pytest.raises(InputError, match="headcount of 2%"):
        poorer(small_world, programmes_2017, 0.02, 2)


def test_what_nobody_offers_in_a_village_is_bought_elsewhere(lane, programmes_2017, small_population):
    share = 0.43
    rest = solve(lane, small_population, programmes_2017, None, 2, {"import_share.value": share})
    model = CommunityModel(rest, programmes_2017, seed=1, held=GROWTH)
    ratios = []
    for _ in range(24):
        model.step()
        ratios.append(model.state["demand_ratio"].copy())
    state, lacking = model.state, rest.state["import_need"] > share
    assert 0 < lacking.sum() < len(lacking) and (state["import_need"] <= 1.0).all()
    assert (state["import_share"] == np.maximum(share, state["import_need"])).all()
    assert (state["outside_base"][lacking] == 0.0).all() and (state["outside_base"][~lacking] > 0.0).all()
    assert np.mean(ratios, axis=0) == pytest.approx(np.ones(len(lacking)), abs=0.08)


def test_works_that_buy_more_than_a_village_offers_are_refused(lane, programmes_2017, small_population):
    flood = (*programmes_2017, Programme(catalogue()["infrastructure"], 20.0))
    with pytest.raises(InputError, match="no such world is at rest") as caught:
        solve(lane, small_population, flood, None, 2)
    assert any(code in str(caught.value) for code in small_population.village_code)


def test_a_world_in_which_somebody_has_nothing_is_refused(lane, programmes_2017, small_population):
    with pytest.raises(InputError, match="nothing to consume"):
        solve(lane, small_population, programmes_2017, None, 2, {"farm_wage.labour": 0.0, "output.scale": 0.0})


def test_a_survey_keeps_each_households_consumption(lane, programmes_2017, small_population):
    people = small_population.household
    lower = dict(people) | {"consumption": 0.8 * people["consumption"]}
    one = solve(lane, small_population, programmes_2017, None, 2)
    other = solve(lane, replace(small_population, household=lower), programmes_2017, None, 2)
    persons = people["size"] * people["weight"]
    for found, wanted in ((one, people["consumption"]), (other, lower["consumption"])):
        ratio = np.average(found.state["consumption"], weights=persons) / np.average(wanted, weights=persons)
        assert ratio == pytest.approx(1.0, abs=0.06)
        assert np.corrcoef(np.log(found.state["consumption"]), np.log(wanted))[0, 1] > 0.5


def test_a_scenario_builds_the_world_of_2017_whatever_flows_later(known):
    document = {
        "title": "t",
        "population": {"villages": 4, "households": 40, "seed": 2},
        "arms": [{"policy": "status_quo"}],
    }
    one = study.build(check(document, known))
    other = study.build(check({**document, "programmes": []}, known))
    assert (one.state["ability"] == other.state["ability"]).all()
