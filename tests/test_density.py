"""A denser local economy and the nation's shocks: rank correlations by hand, halves of sets, and what a report says."""

from __future__ import annotations

import math
from types import SimpleNamespace

import numpy as np
import pytest

from sim.experiment.density import LEAST_SETS, density_table, rank_correlation
from sim.scenario import BASELINE


def comparison(kept, demand, lucks=2):
    """Runs without a policy, of so many lucks a set: own income loses 0.4 directly and something by local demand."""
    sets = len(kept)
    seeds = [*range(1, lucks * sets + 1)]
    runs = {}
    for place, seed in enumerate(seeds):
        part = demand[place % sets]
        total = {"direct": 0.4, "demand": part, "own_income": 0.4 + part, "consumption": 0.3 - part}
        stress = {f"total_{name}": value for name, value in total.items()}
        runs[BASELINE, seed] = SimpleNamespace(stress=stress)
    return SimpleNamespace(
        runs=runs, seeds=seeds, set_of=np.arange(len(seeds)) % sets,
        kept_local={seed: kept[place % sets] for place, seed in enumerate(seeds)},
    )  # fmt: skip


def test_rank_correlation_by_hand():
    """Ranks 1 2 3 4 5 against 2 1 4 3 5: squared differences sum to 4, so 1 - 6 x 4 / (5 x 24) = 0.8."""
    one, other = np.array([0.1, 0.2, 0.3, 0.4, 0.5]), np.array([2.0, 1.0, 40.0, 3.0, 500.0])
    found, low, high = rank_correlation(one, other)
    assert found == pytest.approx(0.8)
    reach = 1.6449 * math.sqrt(1.06 / 2)
    assert (low, high) == pytest.approx(
        (math.tanh(math.atanh(0.8) - reach), math.tanh(math.atanh(0.8) + reach)), abs=1e-4
    )
    assert rank_correlation(one, -other)[0] == pytest.approx(-0.8)
    assert all(math.isnan(value) for value in rank_correlation(one, np.ones(5)))


def test_halves_of_sets_and_their_order():
    kept, demand = [0.40, 0.65, 0.45, 0.60, 0.50, 0.55], [0.10, 0.60, 0.20, 0.50, 0.30, 0.40]
    table = density_table(comparison(kept, demand)).set_index("measure")
    assert table.loc["kept_local", ["estimate", "thin", "dense"]].tolist() == pytest.approx([52.5, 45.0, 60.0])
    assert table.loc["demand", ["estimate", "thin", "dense"]].tolist() == pytest.approx([0.35, 0.2, 0.5])
    assert table.loc["times", "estimate"] == pytest.approx(np.mean([(0.4 + one) / 0.4 for one in demand]))
    assert table.loc["demand", "correlation"] == table.loc["own_income", "correlation"] == pytest.approx(1.0)
    assert table.loc["consumption", "correlation"] == pytest.approx(-1.0)
    assert math.isnan(table.loc["direct", "correlation"])  # the same in all sets


def test_few_sets_have_no_halves():
    table = density_table(comparison([0.4] * (LEAST_SETS - 1), [0.3] * (LEAST_SETS - 1)))
    assert table["thin"].isna().all() and table["correlation"].isna().all()
    assert table.set_index("measure").loc["times", "estimate"] == pytest.approx(1.75)
