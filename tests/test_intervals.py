"""Student's quantile and Wilson's interval, against scipy and a published table."""

from __future__ import annotations

import math

import pytest
from scipy import stats

from sim.intervals import student, wilson


@pytest.mark.parametrize(("freedom", "within"), [(1, 1e-9), (2, 1e-9), (3, 0.05), (5, 0.005), (10, 2e-4), (38, 1e-6)])
def test_students_quantile(freedom, within):
    assert student(freedom, 0.95) == pytest.approx(stats.t.ppf(0.975, freedom), rel=within)


@pytest.mark.parametrize("freedom", [5, 8, 20, 100])
def test_student_is_the_distribution(freedom):
    assert student(freedom, 0.90) == pytest.approx(stats.t.ppf(0.95, freedom), abs=1e-3)


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
