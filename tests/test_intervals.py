"""Student's quantile and Wilson's interval, against scipy and a published table."""

from __future__ import annotations

import math

import pytest
from scipy import stats

from sim.intervals import student, wilson


@pytest.mark.parametrize("freedom", [1, 2, 3, 4, 5, 8, 19, 38, 1000])
@pytest.mark.parametrize("level", [0.5, 0.9, 0.95, 0.985, 0.999, 0.9999])
def test_students_quantile(freedom, level):
    assert student(freedom, level) == pytest.approx(stats.t.ppf(0.5 + level / 2.0, freedom), rel=1e-10)


@pytest.mark.parametrize(
    ("count", "whole"), [(0, 40), (1, 40), (13, 40), (40, 40), (0, 128), (3, 128), (64, 128), (128, 128)]
)
@pytest.mark.parametrize("level", [0.90, 0.95])
def test_wilsons_interval(count, whole, level):
    known_to = stats.binomtest(count, whole).proportion_ci(level, "wilson")
    assert wilson(count, whole, level) == pytest.approx((known_to.low, known_to.high), abs=1e-12)


def test_wilsons_interval_is_that_of_the_textbook():
    """Newcombe (1998), Statistics in Medicine 17, table I: 81 of 263, 15 of 148, 0 of 20, 1 of 29."""
    for count, whole, low, high in (
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ):
        assert wilson(count, whole, 0.95) == pytest.approx((low, high), abs=5e-5)
    assert all(map(math.isnan, wilson(0, 0, 0.95)))
