"""The catalogue of metrics: how a function becomes one, and what it reads."""

import sys
import types

import numpy as np
import pytest

from sim import metrics

EXPECTED = {
    "headcount", "headcount_120", "headcount_150", "poverty_gap", "severity", "mean_consumption", "mean_own_income",
    "median_own_income", "gini", "palma", "bottom40_share", "participation", "aware", "efficacy", "buffer", "capital",
    "skill", "public_income", "quality", "works", "demand", "price",
}  # fmt: skip


@pytest.fixture
def world():
    """A column reader over a random world of 500 households in 10 villages."""
    generator = np.random.default_rng(7)
    rows = {"household": 500, "village": 10}
    columns: dict[tuple[str, str], np.ndarray] = {}
    shares = ("attends", "aware")
    for declared in metrics.catalogue().values():
        for table, name in declared.reads:
            values = generator.uniform(0.2, 3.0, rows[table])
            columns.setdefault((table, name), np.round(values / 3.0) if name in shares else values)
    return lambda table, name: columns[table, name]


def test_catalogue_is_stable_and_complete():
    found = metrics.catalogue()
    assert set(found) >= EXPECTED
    assert list(found) == list(metrics.catalogue())
    for name, declared in found.items():
        assert declared.name == name
        assert declared.label
        assert declared.unit
        assert declared.meaning.endswith(".")
        assert declared.better in metrics.DIRECTIONS
        assert declared.function.metric is declared
        assert {table for table, _ in declared.reads} in ({"household"}, {"village"})


def test_wiring_follows_argument_names():
    found = metrics.catalogue()
    reads = (("household", "consumption"), ("household", "size"), ("household", "weight"))
    assert found["headcount"].reads == reads
    assert found["quality"].reads == (("village", "institution_quality"),)
    assert found["participation"].reads == (("household", "attends"), ("household", "weight"))
    assert found["empowerment"].reads[:2] == (("household", "friends"), ("household", "attended"))

    @metrics.metric("trend", unit="log points", better="higher")
    def trend(nation_macro_trend):
        """Trend of the nation."""
        return nation_macro_trend[0]

    assert trend.metric.reads == (("nation", "macro_trend"),)


@metrics.shared
def doubled(consumption):
    """Twice what is consumed: a new array each time that it is made."""
    return 2.0 * consumption


@metrics.metric("which", unit="place in memory", better="neither")
def which(doubled):
    """Where the shared array lies."""
    return id(doubled)


@metrics.metric("where", unit="place in memory", better="neither")
def where(doubled, persons):
    """The same, asked by another metric."""
    return id(doubled)


@metrics.metric("largest", unit="z", better="higher")
def largest(doubled):
    """Its largest value."""
    return doubled.max()


def test_a_shared_quantity_is_made_once_a_quarter_and_anew_in_the_next():
    for quarter in range(2):
        column = np.array([1.0, 4.0]) + quarter
        asked = [one.metric for one in (which, where, largest)]
        found = metrics.measure(asked, lambda table, name, column=column: column, quarter)
        assert found["which"] == found["where"]
        assert found["largest"] == 8.0 + 2.0 * quarter
    assert where.metric.reads == (("household", "consumption"), ("household", "size"), ("household", "weight"))


def test_sorting_metrics_are_due_once_a_year(world):
    declared = metrics.catalogue().values()
    sorting = {name for name, one in metrics.catalogue().items() if one.every == 4}
    assert sorting >= {"gini", "palma", "bottom40_share", "median_own_income"}
    for quarter in range(8):
        values = metrics.measure(declared, world, quarter)
        assert (sorting <= set(values)) == (quarter in (3, 7))
        assert not sorting & set(values) or quarter in (3, 7)


def test_measure_is_finite_and_uses_person_weights(world):
    values = metrics.measure(metrics.catalogue().values(), world)
    assert set(values) == set(metrics.catalogue())
    assert all(np.isfinite(value) for value in values.values())
    persons = world("household", "size") * world("household", "weight")
    expected = 100 * np.average(world("household", "consumption") < 1, weights=persons)
    assert values["headcount"] == pytest.approx(expected)
    expected = 100 * np.average(world("household", "attends"), weights=world("household", "weight"))
    assert values["participation"] == pytest.approx(expected)
    assert values["works"] == pytest.approx((world("village", "works_held") / world("village", "persons")).mean())


def test_metrics_do_not_change_the_columns(world):
    found = metrics.catalogue()
    pairs = {pair for declared in found.values() for pair in declared.reads}
    before = {pair: world(*pair).copy() for pair in pairs}
    metrics.measure(found.values(), world)
    assert all(np.array_equal(before[pair], world(*pair)) for pair in pairs)


def test_declaration_refuses_what_cannot_be_printed():
    with pytest.raises(ValueError, match="better"):
        metrics.metric("x", unit="z", better="up")
    with pytest.raises(ValueError, match="every"):
        metrics.metric("x", unit="z", better="lower", every=0)
    with pytest.raises(ValueError, match="docstring"):
        metrics.metric("x", unit="z", better="lower")(lambda consumption: 0.0)


def test_two_metrics_of_one_name_are_refused(monkeypatch):
    def gini(consumption, persons):
        """Gini coefficient, a second time."""
        return 0.0

    module = types.ModuleType("sim.metrics.second")
    gini.__module__ = module.__name__
    module.gini = metrics.metric("Gini again", unit="0-1", better="lower")(gini)
    monkeypatch.setitem(sys.modules, module.__name__, module)
    listed = [types.SimpleNamespace(name="inequality"), types.SimpleNamespace(name="second")]
    monkeypatch.setattr(metrics.pkgutil, "iter_modules", lambda path: listed)
    with pytest.raises(ValueError, match="gini"):
        metrics.catalogue()


def test_group_mean_leaves_an_empty_group_undefined():
    found = metrics.group_mean(np.array([1.0, 3.0, 5.0]), np.array([1.0, 3.0, 2.0]), np.array([0, 0, 2]), 4)
    assert found[[0, 2]] == pytest.approx([2.5, 5.0])
    assert np.isnan(found[[1, 3]]).all()
