"""The draws: published answers of the generator, equal bits in both lanes, what a draw depends on, its distribution."""

from __future__ import annotations

import math

import mpmath
import numba
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from sim.engine.draw import name_key, normal, philox, place_key, uniform

FILLERS = {"uniform": uniform, "normal": normal}
NAME = name_key("consumption.luck")
PLACE = place_key("3201010001")
MANY = 100_000


@numba.njit(error_model="numpy")
def compiled_uniform(out, seed, name, place, quarter):
    uniform(out, seed, name, place, quarter)


@numba.njit(error_model="numpy")
def compiled_normal(out, seed, name, place, quarter):
    normal(out, seed, name, place, quarter)


COMPILED = {"uniform": compiled_uniform, "normal": compiled_normal}


@numba.njit
def compiled_philox(c0, c1, c2, c3, k0, k1):
    return philox(c0, c1, c2, c3, k0, k1)


def draws(kind, count=MANY, seed=7, name=NAME, place=PLACE, quarter=3):
    out = np.empty(count)
    COMPILED[kind](out, seed, name, place, quarter)
    return out


def plain_draws(kind, count, seed, name, place, quarter):
    out = [math.nan] * count
    FILLERS[kind](out, seed, name, place, quarter)
    return np.array(out)


@pytest.mark.parametrize("generator", [philox, compiled_philox], ids=["plain", "compiled"])
@pytest.mark.parametrize(
    ("counter_and_key", "answer"),
    [
        ([0x0] * 6, [0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8]),
        ([0xFFFFFFFF] * 6, [0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD]),
        (
            [0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344, 0xA4093822, 0x299F31D0],
            [0xD16CFE09, 0x94FDCCEB, 0x5001E420, 0x24126EA1],
        ),
    ],
    ids=["zeros", "ones", "pi"],
)
def test_published_answers(generator, counter_and_key, answer):
    """The known-answer vectors that the authors of Philox publish with Random123."""
    assert list(generator(*counter_and_key)) == answer


@settings(max_examples=60, deadline=None)
@given(
    count=st.integers(0, 43),
    seed=st.integers(0, 2**32 - 1),
    name=st.integers(0, 2**32 - 1),
    place=st.integers(-(2**63), 2**63 - 1),
    quarter=st.integers(0, 200),
)
def test_lanes_agree(count, seed, name, place, quarter):
    for kind in FILLERS:
        plain = plain_draws(kind, count, seed, name, place, quarter)
        assert draws(kind, count, seed, name, place, quarter).tobytes() == plain.tobytes()


def test_integer_types_do_not_matter():
    place = 2**63 + 12345
    for kind in FILLERS:
        expected = plain_draws(kind, 11, 4_000_000_000, NAME, place, 9).tobytes()
        typed = np.uint32(4_000_000_000), np.uint32(NAME), np.uint64(place), np.int32(9)
        assert draws(kind, 11, *typed).tobytes() == expected
        assert plain_draws(kind, 11, *typed).tobytes() == expected
        assert draws(kind, 11, 4_000_000_000, NAME, place - 2**64, 9).tobytes() == expected


@pytest.mark.parametrize("kind", FILLERS)
def test_a_member_keeps_its_draw_whatever_the_number_of_members(kind):
    longest = draws(kind, 300)
    for count in [*range(70), 127, 250, 299]:
        assert np.array_equal(draws(kind, count), longest[:count])


@pytest.mark.parametrize("kind", FILLERS)
def test_every_part_of_the_key_matters(kind):
    base = {"seed": 7, "name": NAME, "place": PLACE, "quarter": 3}
    first = draws(kind, 40, **base)
    assert np.array_equal(first, draws(kind, 40, **base))
    for part, value in base.items():
        assert not np.isin(draws(kind, 40, **{**base, part: value + 1}), first).any()
    assert not np.isin(draws(kind, 40, **{**base, "place": PLACE ^ (1 << 40)}), first).any()


def test_values_do_not_change_between_platforms_and_versions():
    assert name_key("consumption.luck") == 2039571836
    assert place_key("3201010001") == 3554219294539301347
    assert [value.hex() for value in plain_draws("uniform", 3, 7, NAME, PLACE, 3).tolist()] == [
        "0x1.9ca1f33200000p-2",
        "0x1.8a55cb0100000p-1",
        "0x1.9223e4c000000p-7",
    ]
    assert [value.hex() for value in plain_draws("normal", 3, 7, NAME, PLACE, 3).tolist()] == [
        "0x1.5d4656f4d54e2p-3",
        "-0x1.56626628d04b5p+0",
        "0x1.5da880f5e699dp+1",
    ]


def test_normal_is_the_transform_of_its_words():
    words = philox(PLACE & 0xFFFFFFFF, (PLACE >> 32) & 0xFFFFFFFF, 0, 3, 7, NAME)
    first, second, third, fourth = [(mpmath.mpf(word) + 0.5) / 2**32 for word in words]
    exact = [
        mpmath.sqrt(-2 * mpmath.log(radius)) * function(2 * turn)
        for radius, turn in ((first, second), (third, fourth))
        for function in (mpmath.cospi, mpmath.sinpi)
    ]
    values = draws("normal", 4)
    assert all(abs(value / true - 1) < 2.0**-50 for value, true in zip(values.tolist(), exact, strict=True))


def test_uniform_distribution():
    values = draws("uniform")
    assert values.min() > 0.0 and values.max() < 1.0
    assert stats.kstest(values, "uniform").pvalue > 0.01
    assert stats.chisquare(np.histogram(values, 1000, (0.0, 1.0))[0]).pvalue > 0.01
    low_bits = (values * 2**32 - 0.5).astype(np.int64) & 0xFF
    assert stats.chisquare(np.bincount(low_bits, minlength=256)).pvalue > 0.01
    neighbours = np.histogram2d(values[:-1:2], values[1::2], 20, [[0, 1], [0, 1]])[0]
    assert stats.chisquare(neighbours.ravel()).pvalue > 0.01


def test_normal_distribution():
    values = draws("normal")
    assert np.isfinite(values).all()
    assert stats.kstest(values, "norm").pvalue > 0.01
    for members in (values[::2], values[1::2]):
        assert abs(members.mean()) < 3.0 / math.sqrt(len(members))
        assert abs(members.var() - 1.0) < 3.0 * math.sqrt(2.0 / len(members))
        assert abs(stats.skew(members)) < 3.0 * math.sqrt(6.0 / len(members))
        assert abs(stats.kurtosis(members)) < 3.0 * math.sqrt(24.0 / len(members))
    assert abs((np.abs(values) > 3.0).mean() - 2.0 * stats.norm.sf(3.0)) < 5e-4


@pytest.mark.parametrize("kind", FILLERS)
def test_neighbours_are_independent(kind):
    """Neighbouring members, names, places, quarters and seeds are uncorrelated, and so are their squares."""
    base = draws(kind)
    others = {f"member {lag}": np.roll(base, lag) for lag in (1, 2, 3, 4, 8)}
    others |= {
        "name": draws(kind, name=NAME + 1),
        "other name": draws(kind, name=name_key("consumption.luck2")),
        "place": draws(kind, place=PLACE + 1),
        "high half of the place": draws(kind, place=PLACE + 2**32),
        "quarter": draws(kind, quarter=4),
        "seed": draws(kind, seed=8),
    }
    centred = base - base.mean()
    for label, other in others.items():
        deviation = other - other.mean()
        for x, y in ((centred, deviation), (centred**2, deviation**2), (centred, deviation**2)):
            assert abs(np.corrcoef(x, y)[0, 1]) < 4.0 / math.sqrt(MANY), label


def test_a_panel_of_short_draws_is_uniform():
    """The way the model uses them: few members, many places and quarters."""
    panel = [
        draws("uniform", 5, place=place_key(str(village)), quarter=quarter)
        for village in range(400)
        for quarter in range(10)
    ]
    values = np.array(panel)
    assert stats.kstest(values.ravel(), "uniform").pvalue > 0.01
    assert abs(values.mean(axis=1).var() * 12.0 * 5.0 - 1.0) < 0.1


def test_keys_differ():
    names = [f"rule_{rule}.{argument}" for rule in range(100) for argument in ("luck", "luck2", "noise")]
    assert len({name_key(name) for name in names}) == len(names)
    assert len({place_key(str(code)) for code in range(5000)}) == 5000
    assert all(0 <= name_key(name) < 2**32 for name in names)
    assert all(-(2**63) <= place_key(str(code)) < 2**63 for code in range(100))
