"""Elementary functions for rules: plain arithmetic, the same bits in plain Python and in compiled loops.

The mathematical libraries of two platforms disagree in the last bit of ``exp`` and ``log``, and a call of such a
library keeps a compiled loop scalar. The functions below are a range reduction and a polynomial, in additions,
multiplications and divisions only, so that

- plain Python and compiled code return identical bits, on every platform;
- a loop over one of them is vectorised (no table, no branch, no call).

Each is an ordinary Python function: called from plain Python it involves no compiler. The decorator ``shared`` lets
compiled code call it by the same name. Three primitives that take numbers apart or build them from bits (``two_to``,
``split``, ``word_to_float``) have a second body for compiled code, which does with bits what the first does with
:mod:`math`.

Besides these, rules may use ``min``, ``max``, ``abs`` and the operators ``+ - * /``: they too agree in the two lanes,
except that plain Python raises on a division by zero.

All functions are total: they never raise on a float; a meaningless argument gives NaN, an overflow infinity, so that
a mistake is seen and not hidden. The reductions and coefficients of ``exp``, ``log`` and ``cosine_sine`` are those of
Sun's fdlibm (freely distributable).
"""

from __future__ import annotations

import math
import struct
from typing import Any

import numpy as np
from llvmlite import ir
from numba.core import types
from numba.extending import intrinsic, overload, register_jitable

__all__ = ["cosine_sine", "exp", "log", "logistic", "nearest", "power", "sqrt"]

# What is written for compiled code. A division must not test for zero, and every call must be inlined whatever its
# length: a loop that may raise, or that holds a call, stays scalar.
COMPILED: Any = {"error_model": "numpy", "forceinline": True}
shared = register_jitable(**COMPILED)

INFINITY = math.inf
NOT_A_NUMBER = math.nan

# Added and taken away again, 1.5 * 2**52 leaves the nearest whole number: its last place is worth one.
ROUNDER = 6755399441055744.0
SMALLEST_NORMAL = 2.0**-1022
TWO_54 = 2.0**54
SQRT_HALF = 0.7071067811865476

# ln 2 in two parts. The first has 21 trailing zero bits, so that its product with an exponent is exact.
LOG2_E = 1.44269504088896338700
LN2_HIGH = 6.93147180369123816490e-01
LN2_LOW = 1.90821492927058770002e-10


# --- Primitives: floats and their bits -------------------------------------------------------------------------------


def _reinterpretation(source: Any, target: Any, llvm_type: Any) -> Any:
    """A function, for compiled code only, that reads the 64 bits of its argument as another type."""

    def typed(typing_context: Any, value: Any) -> Any:
        def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            return builder.bitcast(arguments[0], llvm_type)

        return target(source), generate

    return intrinsic(typed)


_bits_of = _reinterpretation(types.float64, types.int64, ir.IntType(64))
_float_of = _reinterpretation(types.int64, types.float64, ir.DoubleType())


def two_to(k: float) -> float:
    """2 to the power ``k``, for a whole number ``k`` (held in a float) from -1022 to 1023; exact.

    A NaN gives NaN in plain Python and any float in compiled code: callers multiply it with a NaN of their own.
    """
    return k if math.isnan(k) else math.ldexp(1.0, int(k))


@overload(two_to, jit_options=COMPILED, strict=False)
def _compiled_two_to(k: Any) -> Any:
    # The sum has k + 1023, the biased exponent, in its last bits; the shift moves them where an exponent stands.
    return lambda k: _float_of(_bits_of(k + 6755399441056767.0) << 52)


def split(x: float) -> tuple[float, float]:
    """Fraction from 1/2 up to 1 and whole exponent (in a float), ``x = fraction * 2**exponent``; exact.

    For finite ``x`` of at least 2**-1022. Any other float gives some pair, not always the same one in both lanes.
    """
    fraction, exponent = math.frexp(x)
    return fraction, float(exponent)


@overload(split, jit_options=COMPILED, strict=False)
def _compiled_split(x: Any) -> Any:
    def implementation(x: Any) -> Any:
        bits = _bits_of(x)
        fraction = _float_of((bits & 0x000FFFFFFFFFFFFF) | 0x3FE0000000000000)
        # An integer below 2**52 put in the last bits of 2**52 is added to it: a conversion that vectorises.
        exponent = _float_of((bits >> 52) | 0x4330000000000000) - 4503599627371518.0
        return fraction, exponent

    return implementation


def word_to_float(word: int) -> float:
    """A whole number of at least 0 and below 2**52 as a float; exact."""
    return float(word)


@overload(word_to_float, jit_options=COMPILED, strict=False)
def _compiled_word_to_float(word: Any) -> Any:
    return lambda word: _float_of(word | 0x4330000000000000) - 4503599627370496.0


def sortable(x: float) -> int:
    """The bits of a float, turned so that whole numbers without a sign stand in the order of the floats; -0 as 0."""
    (bits,) = struct.unpack("<q", struct.pack("<d", x if x != 0.0 else 0.0))
    return (bits ^ ((bits >> 63) | -0x8000000000000000)) & 0xFFFFFFFFFFFFFFFF


@overload(sortable, jit_options=COMPILED, strict=False)
def _compiled_sortable(x: Any) -> Any:
    def implementation(x: Any) -> Any:
        bits = _bits_of(x if x != 0.0 else 0.0)
        return np.uint64(bits ^ ((bits >> 63) | -0x8000000000000000))

    return implementation


# --- Functions -------------------------------------------------------------------------------------------------------


@shared
def nearest(x: float) -> float:
    """The nearest whole number (as a float), halves to the even one; for ``x`` below 2**51 in absolute value."""
    return (x + ROUNDER) - ROUNDER


@shared
def sqrt(x: float) -> float:
    """Square root, correctly rounded; NaN for a negative number."""
    return math.sqrt(x) if x >= 0.0 else NOT_A_NUMBER


@shared
def exp(x: float) -> float:
    """The exponential function; error below 1 unit in the last place, also where the result is subnormal.

    Infinity above 709.78, 0 below -745.13, NaN for NaN.
    """
    # Written out because two calls of built-in functions would cost plain Python a third of its time.
    x = -746.0 if x < -746.0 else x
    x = 710.0 if x > 710.0 else x
    # x = k ln 2 + r, with r = high - low and |r| <= ln 2 / 2
    k = nearest(x * LOG2_E)
    high = x - k * LN2_HIGH
    low = k * LN2_LOW
    r = high - low
    t = r * r
    c = r - t * (
        1.66666666666666019037e-01
        + t
        * (
            -2.77777777770155933842e-03
            + t * (6.61375632143793436117e-05 + t * (-1.65339022054652515390e-06 + t * 4.13813679705723846039e-08))
        )
    )
    result = 1.0 - ((low - r * c / (2.0 - c)) - high)
    # In two steps: 2**k itself may be no float where the result is one.
    half = nearest(0.5 * k)
    return (result * two_to(half)) * two_to(k - half)


@shared
def log(x: float) -> float:
    """The natural logarithm; error below 1 unit in the last place, also of a subnormal number.

    Minus infinity at 0, infinity at infinity, NaN for negative numbers and NaN.
    """
    positive = x if x > 0.0 else 1.0
    subnormal = positive < SMALLEST_NORMAL
    fraction, exponent = split(positive * TWO_54 if subnormal else positive)
    # x = (1 + f) 2**k, with 1 + f between the root of 1/2 and the root of 2
    below = fraction < SQRT_HALF
    f = (fraction + fraction if below else fraction) - 1.0
    k = (exponent - 1.0 if below else exponent) - (54.0 if subnormal else 0.0)
    s = f / (2.0 + f)
    z = s * s
    w = z * z
    odd = z * (
        6.666666666666735130e-01
        + w * (2.857142874366239149e-01 + w * (1.818357216161805012e-01 + w * 1.479819860511658591e-01))
    )
    even = w * (3.999999999940941908e-01 + w * (2.222219843214978396e-01 + w * 1.531383769920937332e-01))
    half_square = 0.5 * f * f
    result = k * LN2_HIGH - ((half_square - (s * (half_square + (odd + even)) + k * LN2_LOW)) - f)
    result = result if x < INFINITY else x
    return result if x > 0.0 else (-INFINITY if x == 0.0 else NOT_A_NUMBER)


@shared
def power(x: float, y: float) -> float:
    """``x`` to the power ``y`` for ``x >= 0``, as ``exp(y * log(x))``; NaN for negative ``x``.

    The relative error is below ``(1 + |y log x|) 2**-52``. 1 where ``y`` is 0; at ``x = 0`` 0 for positive ``y`` and
    infinity for negative ``y``.
    """
    # Computed in any case and then chosen: a choice between values vectorises, a branch around a computation does not.
    result = exp(y * log(x))
    return 1.0 if y == 0.0 else result


@shared
def logistic(x: float) -> float:
    """The logistic function, 1 / (1 + exp(-x)): from 0 to 1, error below 2 units in the last place; 0 below -709.78."""
    return 1.0 / (1.0 + exp(-x))


@shared
def cosine_sine(turn: float) -> tuple[float, float]:
    """Cosine and sine of ``turn`` full turns, for ``turn`` from 0 to 1; error of each below 2 units in the last place.

    Exact at the quarters.
    """
    quarter = nearest(4.0 * turn)
    angle = 6.283185307179586 * (turn - 0.25 * quarter)
    z = angle * angle
    sine = angle + angle * z * (
        -1.66666666666666324348e-01
        + z
        * (
            8.33333333332248946124e-03
            + z
            * (
                -1.98412698298579493134e-04
                + z * (2.75573137070700676789e-06 + z * (-2.50507602534068634195e-08 + z * 1.58969099521155010221e-10))
            )
        )
    )
    tail = z * (
        4.16666666666666019037e-02
        + z
        * (
            -1.38888888888741095749e-03
            + z
            * (
                2.48015872894767294178e-05
                + z * (-2.75573143513906633035e-07 + z * (2.08757232129817482790e-09 - z * 1.13596475577881948265e-11))
            )
        )
    )
    half_square = 0.5 * z
    rest = 1.0 - half_square
    cosine = rest + (((1.0 - rest) - half_square) + z * tail)
    # A quarter turn swaps the two; 0.5 * quarter is whole at the even quarters (0, 2, 4).
    half = 0.5 * quarter
    even = half == nearest(half)
    x = cosine if even else sine
    y = sine if even else cosine
    x = -x if abs(quarter - 1.5) < 1.0 else x
    y = -y if abs(quarter - 2.5) < 1.0 else y
    return x, y
