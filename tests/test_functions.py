"""The elementary functions: accuracy against mpmath, limits, equal bits in both lanes, vectorised loops."""

from __future__ import annotations

import functools
import math
import re
import types

import mpmath
import numba
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from llvmlite import binding

from sim.engine import functions
from sim.engine.functions import cosine_sine, exp, log, logistic, nearest, power, shared, sqrt

INFINITY = math.inf
NAN = math.nan
TINY = 5e-324
LARGEST = 1.7976931348623157e308


@shared
def cosine(turn):
    return cosine_sine(turn)[0]


@shared
def sine(turn):
    return cosine_sine(turn)[1]


@shared
def share(x):
    """A number held between 0 and 1, as rules hold it; NaN stays NaN."""
    return min(max(x, 0.0), 1.0)


@shared
def builtin_choices(x, y):
    """What rules use beside the functions: min, max and abs, with ties, zeros of both signs and NaN."""
    return min(x, y) + 2.0 * max(y, x) - abs(min(0.0, x))


@shared
def nested(x, y):
    """A rule-like composition: every function calls another one."""
    return logistic(power(exp(-abs(x)), y) - sqrt(abs(log(abs(y) + 1.0)))) * min(max(x, -1.0), 1.0)


UNARY = [exp, log, logistic, sqrt, cosine, sine, share, nearest]
BINARY = [power, builtin_choices, nested]


@functools.cache
def compiled(function, arguments):
    """A compiled loop over one function of one or two arguments."""
    if arguments == 1:

        @numba.njit(error_model="numpy")
        def loop(out, x):
            for i in range(len(x)):
                out[i] = function(x[i])

    else:

        @numba.njit(error_model="numpy")
        def loop(out, x, y):
            for i in range(len(x)):
                out[i] = function(x[i], y[i])

    return loop


def assert_same_bits(function, *columns):
    """Both lanes give the same bits for every row (any NaN equals any other)."""
    arrays = [np.asarray(column, dtype=float) for column in columns]
    out = np.empty(len(arrays[0]))
    compiled(function, len(arrays))(out, *arrays)
    plain = np.array([function(*row) for row in zip(*(array.tolist() for array in arrays), strict=True)])
    differ = (out.view(np.int64) != plain.view(np.int64)) & ~(np.isnan(out) & np.isnan(plain))
    where = [array[differ][:5] for array in arrays]
    assert not differ.any(), f"{function.__name__}{where}: compiled {out[differ][:5]}, plain {plain[differ][:5]}"


def worst_error(function, exact, arguments):
    """Largest error over the arguments, in units in the last place of the exact value."""
    with mpmath.workprec(130):
        worst = 0.0
        for x in arguments:
            true = exact(mpmath.mpf(x))
            worst = max(worst, float(abs(mpmath.mpf(function(x)) - true) / math.ulp(float(true))))
    return worst


EDGES = [0.0, 1.0, 0.5, 0.25, 0.125, 0.75, 2.0, math.pi, 0.7071067811865475, 0.7071067811865476, 1e-300, 1e300]
EDGES += [TINY, 2.0**-1022, 2.0**-1022 - TINY, 708.39, 709.782712893384, 709.782712893385, 710.0, 745.13, 745.14, 746.0]
EDGES += [
    math.nextafter(1.0, 0.0),
    math.nextafter(1.0, 2.0),
    LARGEST,
    INFINITY,
    2.0**51,
    36.7,
    37.5,
    0.34657359027997264,
]
EDGES += [-edge for edge in EDGES] + [NAN]
GRID = np.concatenate([np.linspace(-2.0, 2.0, 2001), np.linspace(-750.0, 750.0, 1501), EDGES])
SCALES = np.concatenate([2.0 ** np.linspace(-1074.0, 1023.9, 1500), np.linspace(0.0, 1.0, 1025)])


@pytest.mark.parametrize("function", UNARY, ids=lambda function: function.__name__)
def test_lanes_agree_on_grids(function):
    assert_same_bits(function, GRID)
    assert_same_bits(function, SCALES)


@pytest.mark.parametrize("function", BINARY, ids=lambda function: function.__name__)
def test_lanes_agree_on_pairs(function):
    x, y = np.meshgrid(np.concatenate([EDGES, SCALES[::60]]), np.concatenate([EDGES, [-3.0, 0.3, 1.0 / 3.0]]))
    assert_same_bits(function, x.ravel(), y.ravel())


floats = st.floats(width=64) | st.floats(-750.0, 750.0) | st.floats(0.0, 1.0) | st.sampled_from(EDGES)


@settings(max_examples=60, deadline=None)
@given(rows=st.lists(st.tuples(floats, floats), min_size=1, max_size=40))
def test_lanes_agree_on_any_float(rows):
    x, y = zip(*rows, strict=True)
    for function in UNARY:
        assert_same_bits(function, x)
    for function in BINARY:
        assert_same_bits(function, x, y)


def test_lanes_agree_on_integers():
    numbers = np.arange(-3, 800, 7)
    for function in (exp, log, logistic, sqrt):
        out = np.empty(len(numbers))
        compiled(function, 1)(out, numbers)
        plain = np.array([function(number) for number in numbers.tolist()])
        assert np.array_equal(out, plain, equal_nan=True)


def test_exp_and_log_are_within_one_unit_in_the_last_place():
    random = np.random.default_rng(1)
    small, wide = random.uniform(-1.0, 1.0, 3000), random.uniform(-745.0, 709.78, 4000)
    assert worst_error(exp, mpmath.exp, [*small.tolist(), *wide.tolist()]) < 0.9
    near, scales = random.uniform(0.5, 2.0, 3000), 2.0 ** random.uniform(-1074.0, 1023.9, 3000)
    closer = 1.0 + random.normal(0.0, 1e-5, 1000)
    assert worst_error(log, mpmath.log, [*near.tolist(), *scales.tolist(), *closer.tolist()]) < 0.9


def test_logistic_and_circle_are_within_two_units_in_the_last_place():
    random = np.random.default_rng(2)
    arguments = [*random.uniform(-700.0, 40.0, 1000).tolist(), *random.normal(0.0, 3.0, 2000).tolist()]
    assert worst_error(logistic, lambda x: 1 / (1 + mpmath.exp(-x)), arguments) < 2.0
    turns = [*random.random(2000).tolist(), *((random.integers(0, 2**32, 2000) + 0.5) / 2**32).tolist()]
    assert worst_error(cosine, lambda turn: mpmath.cospi(2 * turn), turns) < 2.0
    assert worst_error(sine, lambda turn: mpmath.sinpi(2 * turn), turns) < 2.0


def test_power_is_within_its_bound():
    random = np.random.default_rng(3)
    with mpmath.workprec(130):
        for x, y in zip(np.exp(random.normal(0, 4, 4000)).tolist(), random.normal(0, 8, 4000).tolist(), strict=True):
            size = abs(y * math.log(x))
            if size < 700.0:
                assert abs(power(x, y) / mpmath.mpf(x) ** mpmath.mpf(y) - 1) < (1.0 + size) * 2.0**-52


def test_limits():
    assert [exp(x) for x in (0.0, -0.0, -INFINITY, -746.0, INFINITY, 709.79)] == [
        1.0,
        1.0,
        0.0,
        0.0,
        INFINITY,
        INFINITY,
    ]
    assert exp(-745.0) == TINY and exp(709.78) < LARGEST and math.isnan(exp(NAN))
    assert [log(x) for x in (1.0, 0.0, -0.0, INFINITY)] == [0.0, -INFINITY, -INFINITY, INFINITY]
    assert math.isnan(log(-1.0)) and math.isnan(log(-INFINITY)) and math.isnan(log(NAN))
    assert log(TINY) == math.log(TINY) and log(LARGEST) == math.log(LARGEST)
    assert [power(0.0, y) for y in (0.5, 0.0, -1.0)] == [0.0, 1.0, INFINITY]
    assert [power(1.0, 7.3), power(5.0, 0.0), power(INFINITY, -1.0)] == [1.0, 1.0, 0.0]
    assert math.isnan(power(-2.0, 2.0)) and math.isnan(sqrt(-1.0)) and sqrt(INFINITY) == INFINITY
    assert [logistic(x) for x in (-INFINITY, -800.0, 0.0, 40.0, INFINITY)] == [0.0, 0.0, 0.5, 1.0, 1.0]
    assert [cosine_sine(turn) for turn in (0.0, 0.25, 0.5, 0.75)] == [(1, 0), (0, 1), (-1, 0), (0, -1)]
    assert [share(x) for x in (-INFINITY, 0.3, 2.0)] == [0.0, 0.3, 1.0] and math.isnan(share(NAN))
    assert [nearest(x) for x in (0.5, 1.5, -2.6)] == [0.0, 2.0, -3.0]


@given(x=st.floats(-700.0, 700.0), step=st.floats(1e-9, 10.0))
def test_exp_log_and_logistic_are_monotone(x, step):
    assert exp(x) <= exp(x + step)
    assert logistic(x) <= logistic(x + step)
    assert log(exp(x)) <= log(exp(x + step))


def test_plain_python_involves_no_compiler():
    for name in functions.__all__:
        assert isinstance(getattr(functions, name), types.FunctionType)


@pytest.mark.skipif(
    not binding.get_host_cpu_features().get("avx2"), reason="packed instructions of AVX2 are looked for"
)
@pytest.mark.parametrize("function", [exp, log, logistic, cosine, power], ids=lambda function: function.__name__)
def test_compiled_loops_are_vectorised_and_not_contracted(function):
    arguments = 2 if function is power else 1
    loop = compiled(function, arguments)
    loop(np.empty(4), *[np.ones(4)] * arguments)
    assembly = "\n".join(loop.inspect_asm().values())
    assert re.search(r"vmulpd\s.*%[yz]mm", assembly)
    assert function is cosine or re.search(r"vdivpd\s.*%[yz]mm", assembly)
    assert not re.search(r"vfn?m(add|sub)", assembly)
