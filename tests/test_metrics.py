"""Metrics against closed forms and published numbers first, properties second, the catalogue last."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from scipy.special import ndtr, ndtri

import sim.metrics as metrics
from sim.metrics import cost, empowerment, inequality, poverty, targeting

POINTS = (np.arange(400_000) + 0.5) / 400_000
PERSONS = np.ones(POINTS.size)


def lognormal(mu: float, sigma: float) -> np.ndarray:
    """Quantiles of a lognormal at the midpoints of equal cells."""
    return np.exp(mu + sigma * ndtri(POINTS))


def two_piece_lognormal(mode: float, below: float, above: float) -> np.ndarray:
    """Quantiles of a two-piece lognormal: a normal log with one standard deviation on each side of its mode."""
    weight = below / (below + above)
    inside = weight > POINTS
    lower = mode + below * ndtri(np.where(inside, POINTS, weight) * 0.5 / weight)
    upper = mode + above * ndtri(0.5 + 0.5 * (np.where(inside, weight, POINTS) - weight) / (1 - weight))
    return np.exp(np.where(inside, lower, upper))


# --- Closed forms ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("shape", [1.5, 2.0, 3.0])
def test_gini_and_palma_of_pareto(shape):
    # Lorenz curve 1 - (1 - p)^(1 - 1/a): exact means of cells, as the tail is too heavy for midpoints.
    edges = 1.0 - (1.0 - np.linspace(0, 1, POINTS.size + 1)) ** (1.0 - 1.0 / shape)
    income = np.diff(edges) * POINTS.size
    assert inequality.gini(income, PERSONS) == pytest.approx(1.0 / (2.0 * shape - 1.0), abs=1e-5)
    top, bottom = 0.1 ** (1 - 1 / shape), 1 - 0.6 ** (1 - 1 / shape)
    assert inequality.palma(income, PERSONS) == pytest.approx(top / bottom, rel=1e-4)


@pytest.mark.parametrize("sigma", [0.2, 0.58, 1.0])
def test_inequality_of_lognormal(sigma):
    income = lognormal(0.3, sigma)
    assert inequality.gini(income, PERSONS) == pytest.approx(2 * ndtr(sigma / np.sqrt(2)) - 1, abs=1e-4)
    assert inequality.theil(income, PERSONS) == pytest.approx(sigma**2 / 2, abs=1e-3)
    lorenz_at_40 = ndtr(ndtri(0.4) - sigma)
    assert inequality.share_of_bottom(income, PERSONS, 0.4) == pytest.approx(lorenz_at_40, abs=1e-4)


def test_gini_of_uniform_is_one_third():
    assert inequality.gini(POINTS, PERSONS) == pytest.approx(1 / 3, abs=1e-6)


@pytest.mark.parametrize("alpha", [0, 1, 2, 3])
def test_fgt_of_uniform(alpha):
    assert poverty.fgt(2.5 * POINTS, PERSONS, 1.0, alpha) == pytest.approx(1 / 2.5 / (alpha + 1), abs=1e-5)


@pytest.mark.parametrize("average", [0.5, 1.7])
def test_fgt_of_exponential(average):
    consumption = -average * np.log1p(-POINTS)
    headcount = 1 - np.exp(-1 / average)
    gap = 1 - average * headcount
    severity = 1 - 2 * average * gap
    for alpha, expected in enumerate((headcount, gap, severity)):
        assert poverty.fgt(consumption, PERSONS, 1.0, alpha) == pytest.approx(expected, abs=1e-5)


@pytest.mark.parametrize("line", [1.0, 1.2])
def test_fgt_of_lognormal(line):
    mu, sigma = 0.46, 0.42
    d = (np.log(line) - mu) / sigma
    first = np.exp(mu + sigma**2 / 2) / line * ndtr(d - sigma)
    second = np.exp(2 * mu + 2 * sigma**2) / line**2 * ndtr(d - 2 * sigma)
    expected = (ndtr(d), ndtr(d) - first, ndtr(d) - 2 * first + second)
    for alpha, value in enumerate(expected):
        assert poverty.fgt(lognormal(mu, sigma), PERSONS, line, alpha) == pytest.approx(value, abs=1e-5)


def test_rural_indonesia_2017_as_two_piece_lognormal():
    """Rural Indonesia, September 2017: two-piece lognormal fitted to the published aggregates of BPS."""
    consumption = two_piece_lognormal(0.366, 0.402, 0.696)
    assert poverty.headcount(consumption, PERSONS) == pytest.approx(13.2, abs=0.1)
    assert poverty.poverty_gap(consumption, PERSONS) == pytest.approx(2.43, abs=0.02)
    assert poverty.severity(consumption, PERSONS) == pytest.approx(0.69, abs=0.01)
    assert poverty.headcount_120(consumption, PERSONS) == pytest.approx(23.7, abs=0.1)
    assert poverty.headcount_150(consumption, PERSONS) == pytest.approx(39.5, abs=0.1)
    assert inequality.gini(consumption, PERSONS) == pytest.approx(0.323, abs=0.001)
    assert inequality.bottom40_share(consumption, PERSONS) == pytest.approx(20.6, abs=0.1)


# --- Examples worked by hand --------------------------------------------------------------------------------------


def test_fgt_of_four_persons():
    consumption, persons = np.array([100.0, 110.0, 150.0, 160.0]), np.ones(4)
    assert poverty.fgt(consumption, persons, 125.0, 0) == 0.5
    assert poverty.fgt(consumption, persons, 125.0, 1) == pytest.approx((0.20 + 0.12) / 4)
    assert poverty.fgt(consumption, persons, 125.0, 2) == pytest.approx((0.04 + 0.0144) / 4)


def test_a_person_on_the_line_is_not_poor():
    assert poverty.fgt(np.array([1.0]), np.array([1.0])) == 0.0


def test_palma_of_ten_persons():
    # Bottom four have 1 + 2 + 3 + 4 = 10, the richest has 30.
    income = np.array([30.0, 4, 3, 2, 1, 5, 6, 7, 8, 9])
    assert inequality.palma(income, np.ones(10)) == pytest.approx(3.0)
    assert inequality.bottom40_share(income, np.ones(10)) == pytest.approx(100 * 10 / 75)


def test_gini_of_two_persons():
    assert inequality.gini(np.array([0.0, 1.0]), np.ones(2)) == pytest.approx(0.5)
    assert inequality.gini(np.array([1.0, 3.0]), np.ones(2)) == pytest.approx(0.25)
    # Three quarters of the persons have nothing.
    assert inequality.gini(np.array([1.0, 0.0]), np.array([1.0, 3.0])) == pytest.approx(0.75)


def test_quantile_follows_weights():
    values, persons = np.array([3.0, 1.0, 2.0]), np.array([1.0, 5.0, 4.0])
    assert inequality.quantile(values, persons, 0.5) == 1.0
    assert inequality.quantile(values, persons, 0.51) == 2.0
    assert list(inequality.quantile(values, persons, np.array([0.0, 0.9, 1.0]))) == [1.0, 2.0, 3.0]
    assert inequality.quantile(np.array([5.0, 7.0]), np.array([0.0, 1.0]), 0.0) == 7.0


def test_growth_incidence_compares_tenths_and_not_the_same_households():
    before, after = np.arange(1.0, 11.0), np.arange(10.0, 0.0, -1.0)
    assert np.allclose(inequality.growth_incidence(before, after, np.ones(10), 2.0)["growth"], 0.0)
    # After two years the poorest has 4.41 in place of 1, everybody else what there was.
    raised = inequality.growth_incidence(before, np.append(after[:-1], 4.41), np.ones(10), 2.0)
    assert list(raised["after"]) == pytest.approx([2.0, 3.0, 4.0, 4.41, 5.0, 6.0, 7.0, 8.0, 9.0, 10.0])
    assert raised["growth"].iloc[0] == pytest.approx(np.sqrt(2.0) - 1.0)
    assert raised["growth"].iloc[3] == pytest.approx(0.05)


def test_targeting_errors():
    targeted, poor = np.array([1.0, 1, 0, 0]), np.array([1.0, 0, 1, 0])
    found = targeting.errors(targeted, poor, np.array([3.0, 1.0, 2.0, 4.0]))
    assert found == pytest.approx((1 / 4, 2 / 5, 3 / 10))
    nobody = targeting.errors(np.zeros(4), poor, np.ones(4))
    assert np.isnan(nobody.inclusion)
    assert nobody.exclusion == 1.0


def test_present_value_of_an_annuity():
    quarterly = 1.05 ** (-0.25)
    expected = 0.04 * (1 - quarterly**20) / (1 - quarterly)
    flow = np.zeros(80)
    flow[8:28] = 0.04
    assert cost.present_value(flow, 8, 0.05) == pytest.approx(expected, rel=1e-12)
    assert cost.present_value(flow, 8, 0.0) == pytest.approx(0.8)
    assert cost.present_value(np.stack([flow, 2 * flow], axis=1), 8, 0.05) == pytest.approx([expected, 2 * expected])


def test_cost_per_result_is_undefined_without_a_result():
    assert cost.poor_years_averted(np.full(8, 10.0), np.full(8, 7.0)) == pytest.approx(6.0)
    assert cost.cost_per(12.0, 6.0) == 2.0
    assert np.isnan(cost.cost_per(12.0, 0.0))
    assert np.isnan(cost.cost_per(12.0, -1.0))
    assert np.isnan(cost.cost_per(-12.0, 1.0))


def test_rupiah_at_scale():
    assert cost.Z_RUPIAH == 1_112_730
    # A Dana Desa of about 0.11 z per person and quarter, over a year: Rp 60 tn in the budget of 2017.
    year = cost.at_scale(4 * 0.11)
    assert year.nation == pytest.approx(60e12, rel=0.02)
    assert year.budget_share == pytest.approx(0.028, abs=0.001)
    assert year.village * cost.VILLAGES == pytest.approx(year.nation)
    assert year.head == pytest.approx(cost.rupiah(0.44))


def test_alkire_foster_published_example():
    """Alkire and Foster (2011), four persons and four dimensions, cut-off of two: H 0.5, A 0.75, M0 0.375."""
    achieved = np.array([[13.1, 14, 4, 1], [15.2, 7, 5, 0], [12.5, 10, 1, 0], [20, 11, 3, 1]])
    adequate = achieved >= np.array([13, 12, 3, 1])
    dimensions = ("income", "schooling", "health", "services")
    # Deprived in two or more of four: adequate in at most two, so that three are needed.
    score = empowerment.adequacy(adequate, dimensions)
    assert list(score) == [1.0, 0.5, 0.0, 0.75]
    assert list(empowerment.empowered(empowerment.adequacy(adequate, dimensions), cutoff=0.75)) == [
        True,
        False,
        False,
        True,
    ]
    index = empowerment.empowerment_index(adequate, dimensions, np.ones(4), cutoff=0.75)
    assert index == pytest.approx(1 - 0.375)


def test_empowerment_weights_are_equal_over_dimensions_and_inside_them():
    weights = empowerment.indicator_weights(("social", "social", "education", "agency"))
    assert weights == pytest.approx([1 / 6, 1 / 6, 1 / 3, 1 / 3])
    # Exactly at the cut-off counts, also where thirds do not add up to the last bit.
    assert empowerment.empowered(empowerment.adequacy(np.array([[1, 1, 0]]), ("a", "b", "c")), cutoff=2 / 3).all()
    with pytest.raises(ValueError, match="do not match"):
        empowerment.adequacy(np.ones((3, 2)), ("social",))


def test_worlds_without_persons_or_money_are_undefined():
    nothing = np.zeros(3)
    assert np.isnan(metrics.mean(np.ones(3), nothing))
    assert np.isnan(inequality.gini(nothing, np.ones(3)))
    assert np.isnan(inequality.palma(nothing, np.ones(3)))
    assert np.isnan(inequality.theil(nothing, np.ones(3)))
    assert np.isnan(inequality.theil(np.array([-1.0, 3.0]), np.ones(2)))


# --- Properties ---------------------------------------------------------------------------------------------------


@st.composite
def populations(draw):
    """Consumption, person weights and a group code of up to 30 households."""
    count = draw(st.integers(2, 30))
    positive = st.floats(0.01, 50.0)
    consumption = draw(arrays.arrays(float, count, elements=positive))
    persons = draw(arrays.arrays(float, count, elements=st.floats(0.5, 9.0)))
    group = draw(arrays.arrays(np.int64, count, elements=st.integers(0, 4)))
    return consumption, persons, group


MEASURES = {
    "gini": inequality.gini,
    "theil": inequality.theil,
    "palma": inequality.palma,
    "bottom 40": inequality.bottom40_share,
}


@pytest.mark.parametrize("name", MEASURES)
@given(population=populations(), factor=st.floats(0.1, 20.0))
def test_relative_measures_ignore_replication_scale_and_order(name, population, factor):
    consumption, persons, _ = population
    measure = MEASURES[name]
    value = measure(consumption, persons)
    twice = measure(np.tile(consumption, 2), np.tile(persons, 2))
    assert twice == pytest.approx(value, rel=1e-9, abs=1e-9)
    assert measure(consumption, 2 * persons) == pytest.approx(value, rel=1e-9, abs=1e-9)
    assert measure(factor * consumption, persons) == pytest.approx(value, rel=1e-9, abs=1e-9)
    assert measure(consumption[::-1], persons[::-1]) == pytest.approx(value, rel=1e-9, abs=1e-9)


@pytest.mark.parametrize("name", ["gini", "theil"])
@given(population=populations())
def test_measures_of_inequality_fall_when_a_rich_person_gives_to_a_poor_one(name, population):
    consumption, persons, _ = population
    poorest, richest = consumption.argmin(), consumption.argmax()
    gift = 0.25 * min(persons[poorest], persons[richest]) * (consumption[richest] - consumption[poorest])
    after = consumption.copy()
    after[richest] -= gift / persons[richest]
    after[poorest] += gift / persons[poorest]
    before_, after_ = MEASURES[name](consumption, persons), MEASURES[name](after, persons)
    assert -1e-12 <= after_ <= before_ + 1e-9


@given(population=populations())
def test_theil_within_and_between_add_up(population):
    consumption, persons, group = population
    within, between = inequality.theil_within_between(consumption, persons, group)
    assert within + between == pytest.approx(inequality.theil(consumption, persons), abs=1e-9)
    assert within >= -1e-12
    assert between >= -1e-12


@given(population=populations())
def test_theil_of_one_group_is_all_within_and_of_single_persons_all_between(population):
    consumption, persons, group = population
    total = inequality.theil(consumption, persons)
    assert inequality.theil_within_between(consumption, persons, 0 * group) == pytest.approx((total, 0.0), abs=1e-9)
    alone = np.arange(len(group))
    assert inequality.theil_within_between(consumption, persons, alone) == pytest.approx((0.0, total), abs=1e-9)


@pytest.mark.parametrize("alpha", [0, 1, 2])
@given(population=populations(), line=st.floats(0.5, 30.0))
def test_fgt_adds_up_over_subgroups(alpha, population, line):
    consumption, persons, group = population
    parts = [
        persons[group == one].sum() * poverty.fgt(consumption[group == one], persons[group == one], line, alpha)
        for one in np.unique(group)
    ]
    assert sum(parts) / persons.sum() == pytest.approx(poverty.fgt(consumption, persons, line, alpha), abs=1e-9)


@given(population=populations(), line=st.floats(0.5, 30.0))
def test_fgt_is_ordered_and_ignores_the_rich(population, line):
    consumption, persons, _ = population
    values = [poverty.fgt(consumption, persons, line, alpha) for alpha in (0, 1, 2)]
    assert 0.0 <= values[2] <= values[1] + 1e-12
    assert values[1] <= values[0] + 1e-12 <= 1.0 + 2e-12
    richer = np.where(consumption >= line, consumption + 5.0, consumption)
    assert [poverty.fgt(richer, persons, line, alpha) for alpha in (0, 1, 2)] == values


@given(population=populations())
def test_lorenz_curve_rises_bends_upwards_and_stays_below_the_diagonal(population):
    consumption, persons, _ = population
    people, share = inequality.lorenz(consumption, persons)
    assert people[0] == share[0] == 0.0
    assert people[-1] == pytest.approx(1.0)
    assert share[-1] == pytest.approx(1.0)
    assert np.all(np.diff(people) >= 0)
    assert np.all(np.diff(share) >= 0)
    assert np.all(share <= people + 1e-12)
    assert np.all(np.diff(np.diff(share) / np.diff(people)) >= -1e-6)


@given(population=populations(), probability=st.floats(0.01, 0.99))
def test_quantile_is_that_of_numpy_and_of_the_replicated_population(population, probability):
    values, _, _ = population
    ones = np.ones(len(values))
    found = inequality.quantile(values, ones, probability)
    twice = inequality.quantile(np.tile(values, 2), np.tile(ones, 2), probability)
    assert found == twice
    assert np.mean(values <= found) >= probability - 1e-9
    assert np.mean(values < found) <= probability + 1e-9


@given(population=populations())
def test_decile_shares_sum_to_one_and_rise(population):
    consumption, persons, _ = population
    shares = inequality.share_by_decile(consumption, persons)
    assert shares.sum() == pytest.approx(1.0)
    assert np.all(np.diff(shares) >= -1e-9)


@given(population=populations(), chosen=st.integers(0, 2**30 - 1))
def test_targeting_errors_vanish_only_when_exactly_the_poor_are_reached(population, chosen):
    consumption, persons, _ = population
    poor = consumption < np.median(consumption)
    reached = np.array([(chosen >> place) & 1 for place in range(len(poor))], dtype=bool)
    found = targeting.errors(reached, poor, persons)
    assert (found.mistargeting == 0) == bool(np.all(reached == poor))
    perfect = targeting.errors(poor, poor, persons)
    assert perfect.mistargeting == 0.0


@given(
    adequate=arrays.arrays(bool, (12, 5)),
    persons=arrays.arrays(float, 12, elements=st.floats(0.5, 9.0)),
    place=st.integers(0, 59),
)
def test_empowerment_index_adds_up_and_never_falls_when_somebody_gains(adequate, persons, place):
    dimensions = ("social", "social", "education", "agency", "agency")
    index = empowerment.empowerment_index(adequate, dimensions, persons)
    halves = [
        empowerment.empowerment_index(adequate[part], dimensions, persons[part]) for part in (np.s_[:5], np.s_[5:])
    ]
    weights = [persons[:5].sum(), persons[5:].sum()]
    assert index == pytest.approx(np.average(halves, weights=weights))
    share = metrics.mean(empowerment.empowered(empowerment.adequacy(adequate, dimensions)), persons)
    assert share - 1e-12 <= index <= 1 + 1e-12
    better = adequate.copy()
    better.flat[place] = True
    assert empowerment.empowerment_index(better, dimensions, persons) >= index - 1e-12


@given(rate=st.floats(0.0, 0.2), start=st.integers(0, 19))
def test_money_at_the_start_is_worth_itself_and_later_money_less(rate, start):
    for quarter in range(start, 20):
        flow = np.zeros(20)
        flow[quarter] = 1.0
        value = cost.present_value(flow, start, rate)
        assert value == pytest.approx((1 + rate) ** (-(quarter - start) / 4))
        assert value <= 1.0
