"""What an evaluator would find: closed forms on panels whose truth is known, and on worlds with a twin."""

from __future__ import annotations

import itertools
import math
from types import SimpleNamespace

import numpy as np
import pytest
import statsmodels.api as sm
from hypothesis import given
from hypothesis import strategies as st

from sim.engine.lane import holding
from sim.experiment import evaluation, study
from sim.experiment.compare import AMONG
from sim.experiment.development import slope
from sim.metrics import trajectories
from sim.model import CommunityModel
from sim.scenario import check
from sim.start import SURVEY_NOISE

VILLAGES = 6
HERE = np.arange(VILLAGES)
PERSONS = np.array([3.0, 1.0, 2.0, 5.0, 4.0, 2.0])
EQUAL = np.ones(VILLAGES)


def panel(trend: float, effect: float, treated: np.ndarray, seed: int = 1):
    """Villages that all follow a trend; those treated gain the effect; levels differ, changes do not."""
    before = np.random.default_rng(seed).normal(1.0, 0.3, VILLAGES)
    return before, before + trend + effect * treated


# --- Closed forms -----------------------------------------------------------------------------------------------------


@given(st.floats(-1.0, 1.0), st.floats(-1.0, 1.0))
def test_before_and_after_is_biased_by_the_trend_exactly(trend, effect):
    before, after = panel(trend, effect, np.ones(VILLAGES, bool))
    found = evaluation.before_after(before, after, PERSONS)
    assert found.value - effect == pytest.approx(trend, abs=1e-12)
    assert found.error == pytest.approx(0.0, abs=1e-12)


@given(st.floats(-1.0, 1.0), st.floats(-1.0, 1.0), st.integers(1, VILLAGES - 1))
def test_difference_in_differences_takes_a_common_trend_away_exactly(trend, effect, villages):
    treated = villages > HERE
    before, after = panel(trend, effect, treated)
    found = evaluation.difference_in_differences(before, after, treated, PERSONS)
    assert found.value == pytest.approx(effect, abs=1e-12)


def test_over_all_assignments_both_designs_with_two_halves_are_unbiased():
    """Effects, levels and trends of the villages' own; each half of the villages is treated once."""
    draw = np.random.default_rng(3)
    before, trend, effect = draw.normal(1.0, 0.9, VILLAGES), *draw.normal(0.2, 0.2, (2, VILLAGES))
    never, always = before + trend, before + trend + effect
    found = {"did": [], "after": []}
    for chosen in itertools.combinations(range(VILLAGES), VILLAGES // 2):
        side = np.isin(HERE, chosen)
        after = np.where(side, always, never)
        found["did"].append(evaluation.difference_in_differences(before, after, side, EQUAL).value)
        found["after"].append(evaluation.randomised(after, side, EQUAL).value)
    assert np.mean(found["did"]) == pytest.approx(effect.mean(), abs=1e-12)
    assert np.mean(found["after"]) == pytest.approx(effect.mean(), abs=1e-12)
    assert np.std(found["did"]) < np.std(found["after"])


def test_the_clustered_error_is_that_of_the_village_means():
    """With villages of one size the textbook error of a mean; else the sandwich over the persons of all villages."""
    means = np.random.default_rng(5).normal(0.0, 1.0, VILLAGES) + HERE
    found = evaluation.variance_of_mean(means, np.full(VILLAGES, 2.0))
    assert found == pytest.approx(np.var(means, ddof=1) / VILLAGES, rel=1e-12)
    count = PERSONS.astype(int)
    values = np.random.default_rng(6).normal(np.repeat(means, count))
    home = np.repeat(HERE, count)
    strays = np.array([(values - values.mean())[home == village].sum() for village in HERE])
    sandwich = VILLAGES / (VILLAGES - 1) * (strays**2).sum() / len(values) ** 2
    by_village = np.array([values[home == village].mean() for village in HERE])
    assert evaluation.variance_of_mean(by_village, PERSONS) == pytest.approx(sandwich, rel=1e-12)
    assert math.isnan(evaluation.variance_of_mean(means[:1], PERSONS[:1]))


def test_the_trial_is_what_a_regression_on_households_with_clustered_errors_finds():
    """statsmodels on the households, weighted by persons, with villages as clusters; the correction for few clusters
    is one a half here and one for all there."""
    draw, households = np.random.default_rng(8), 9
    home, treated = np.repeat(np.arange(20), households), np.arange(20) % 2 == 0
    persons = draw.integers(1, 7, len(home)).astype(float)
    values = draw.normal(0.4 * treated[home], 1.0) + draw.normal(0.0, 0.5, 20)[home]
    design = sm.add_constant(treated[home].astype(float))
    fitted = sm.WLS(values, design, persons).fit(cov_type="cluster", cov_kwds={"groups": home, "use_correction": False})
    weight = np.bincount(home, persons)
    found = evaluation.randomised(np.bincount(home, persons * values) / weight, treated, weight)
    assert found.value == pytest.approx(fitted.params[1], rel=1e-10)
    assert found.error == pytest.approx(fitted.bse[1] * math.sqrt(10 / 9), rel=1e-10)
    assert found.freedom == 20 - 2


def test_the_nominal_interval_holds_the_truth_as_often_as_it_says():
    draw, held = np.random.default_rng(7), []
    side = HERE < VILLAGES // 2
    for _ in range(2000):
        values = draw.normal(0.0, 1.0, VILLAGES) + 0.3 * side
        held.append(evaluation.randomised(values, side, EQUAL).covers(0.3))
    assert np.mean(held) == pytest.approx(0.95, abs=0.02)  # 4 standard errors


def test_without_degrees_of_freedom_there_is_no_coverage():
    assert math.isnan(evaluation.Estimate(0.0, 1.0, 0).covers(0.0))
    assert math.isnan(evaluation.Estimate(0.0, math.nan, 2).covers(0.0))


def test_halves_are_drawn_by_name_and_differ_between_lucks():
    first, again, other = ([*evaluation.halves(seed, 9)] for seed in (1, 1, 2))
    assert all(one.sum() == 4 for one in first)
    assert all((one == two).all() for one, two in zip(first, again, strict=True))
    assert any((one != two).any() for one, two in zip(first, other, strict=True))


# --- Worlds -----------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def found(known):
    """Three arms under three lucks, one of them without money; no twins. And the same without any trend or cycle."""
    document = {
        "title": "Evaluated",
        "population": {"villages": 10, "households": 30, "seed": 2},
        "replications": {"seeds": 4},
        "twins": {"stress": False, "withdrawal": False},
        "arms": [
            {"policy": "status_quo"},
            {"policy": "dividend", "dose": 0.0},
            {"policy": "dividend", "id": "large", "dose": 0.2, "funds_end": 36, "facilitation_end": 36},
        ],
        "calendar": {"end": 36, "quarters": 88},
    }
    still = {**document, "hold": {"ablate": ["macro_trend", "macro_cycle"]}}
    return SimpleNamespace(**{
        name: study.run(check(text, known)) for name, text in (("grown", document), ("still", still))
    })  # fmt: skip


def of(results, arm):
    return results.tables["evaluation"].query("arm == @arm").set_index(["indicator", "estimator"])


def test_an_arm_without_money_has_no_effect_and_seems_to_have_one(found):
    grown = of(found.grown, "dividend")
    assert (grown["truth"] == 0.0).all()
    assert (grown["bias"] == grown["estimate"]).all()
    naive = grown.loc[("log_consumption", "before_after")]
    assert naive["bias"] > 4.0  # seven years of about 1 % a year
    still = of(found.still, "dividend").loc[("log_consumption", "before_after")]
    assert abs(still["bias"]) < 0.5 * naive["bias"]


def test_difference_in_differences_recovers_the_twins_truth(found):
    for arm in ("dividend", "large"):
        table = of(found.grown, arm)
        for indicator in evaluation.INDICATORS:
            design = table.loc[(indicator, "difference_in_differences")]
            assert abs(design["bias"]) < design["error"], (arm, indicator)
            assert design["coverage"] >= 0.8, (arm, indicator)


def test_the_survey_is_noisy_and_of_the_quarter_before(found):
    people = found.grown.households.query("arm == 'status_quo' and seed == 1")
    noise = np.log(people["measured_after"].to_numpy() / people["consumption_after"].to_numpy())
    assert np.std(noise) == pytest.approx(SURVEY_NOISE, rel=0.35)
    assert 0.5 < np.corrcoef(people["measured_after"], people["consumption_after"])[0, 1] < 1.0


def test_vulnerability_is_the_share_that_falls_in_any_of_four_quarters(found):
    table = found.grown.tables["growth"].set_index(["arm", "measure"])["estimate"]
    people = found.grown.households.merge(found.grown.population[["household", "size", "weight"]], on="household")
    people["persons"] = people["size"] * people["weight"]
    for arm in ("status_quo", "large"):
        rows = people[people["arm"] == arm]
        fell = (rows["lowest_consumption"] < 1.0).to_numpy()
        share = 100 * np.average(fell, weights=rows["persons"])
        assert table[arm, "vulnerability"] == pytest.approx(share, rel=1e-6)
        often = rows.assign(fell=fell).groupby("household")[["fell", "persons"]].mean()
        likely = 100 * np.average(often["fell"] > 0.5, weights=often["persons"])
        assert table[arm, "likely_to_fall"] == pytest.approx(likely, rel=1e-6)
        first = found.grown.series.query("arm == @arm and metric == 'headcount' and quarter == 44")["value"].mean()
        assert table[arm, "vulnerability"] >= first


def test_the_gap_is_the_nation_less_the_village_in_the_middle(found):
    table = found.grown.tables["growth"].set_index(["arm", "measure"])["estimate"]
    assert table["status_quo", "national"] == pytest.approx(100 * (math.exp(0.05) - 1.0), rel=1e-9)
    for arm in ("status_quo", "large"):
        left = table[arm, "national"] - table[arm, "median_village"]
        assert table[arm, "gap"] == pytest.approx(left, rel=1e-9)


def test_the_slope_of_steady_growth_is_its_rate():
    quarters = np.arange(3, 48)
    series = np.exp(0.02 * quarters / 4.0)
    series[::3] = np.nan
    assert slope(series, quarters) == pytest.approx(2.0, rel=1e-9)
    assert math.isnan(slope(np.full(4, np.nan), np.arange(4)))


@pytest.mark.parametrize("passed", [1.0, 0.2])
def test_villages_fall_behind_the_nation_by_what_does_not_reach_them(passed, small_world, programmes_2017):
    """All is sold outside, nobody saves and nobody is lucky: the gap is what is not passed on, else nothing."""
    model = CommunityModel(small_world, programmes_2017, seed=1)
    model.held = holding(model.plan, ("exposure", "capital", "macro_cycle", "luck", "weather"))
    model.state["pass_through"], model.state["exposure"] = passed, 1.0
    medians = {}
    while model.quarter < 48:
        model.step()
        if model.quarter in (8, 48):
            medians[model.quarter] = np.array([np.median(model.state["own_income"])])
    found = trajectories.yearly_growth(medians[8], medians[48], (7, 8), (47, 48))[0]
    national = math.exp(4.0 * small_world.value("macro_trend.growth"))
    level = min(1.0, passed * small_world.value("passed_trend.level"))
    assert 100 * found == pytest.approx(100 * (national**level - 1.0), abs=0.1)
    assert (100 * (national - 1.0 - found) < 0.1) == (passed == 1.0)


def test_who_counts_as_poor_is_told_by_both_definitions(known):
    document = {
        "title": "Who is poor",
        "population": {"villages": 4, "households": 40, "seed": 2},
        "replications": {"seeds": 2},
        "arms": [{"policy": "status_quo"}, {"policy": "dividend"}],
    }
    results = study.run(check(document, known))
    table, people = results.tables["classes"], results.households
    people = people.merge(results.population[["household", "size", "weight"]], on="household")
    for among, column in zip(AMONG, ("permanent_income", "measured_before", None), strict=True):
        rows = people[(people["arm"] == "status_quo") & (people[column] < 1.0 if column else True)]
        rows = rows.assign(persons=rows["size"] * rows["weight"])
        rows["own"] = rows["persons"] * (rows["klass"] == "self_sufficient")
        sums = rows.groupby("seed")[["own", "persons"]].sum()
        share = table.query("arm == 'status_quo' and among == @among and `class` == 'self_sufficient'")["share"].iloc[0]
        assert share == pytest.approx((sums["own"] / sums["persons"]).mean(), rel=1e-6), among
        assert table[table["among"] == among]["arm"].iloc[0] == "status_quo"
