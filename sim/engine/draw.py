"""Draws that belong to a name: counter-based random numbers, the same bits in plain Python and in compiled code.

A draw is a function of (seed, name of the rule and argument, place, member, quarter) and of nothing else: no stream is
shared and none has a state, so that no draw can depend on how many others were made, on their order, on threads or on
workers. The generator is Philox4x32-10 (Salmon, Moraes, Dror and Shaw 2011, "Parallel random numbers: as easy as 1, 2,
3"): one call turns a counter of four 32-bit words and a key of two into four random words.

- key: the seed, and a 32-bit hash of the name;
- counter: the two halves of the 64-bit key of the place, the member divided by four, and the quarter;
- word: the remainder of that division; four neighbours share a call.

Integers are signed 64-bit numbers in compiled code. A product of two 32-bit words wraps around there, but its bits are
those of the true product, and the mask after each shift removes the sign: one source serves both lanes.
"""

from __future__ import annotations

import hashlib
from collections.abc import MutableSequence

from numba.extending import register_jitable

from sim.engine.functions import cosine_sine, log, shared, sqrt, word_to_float

__all__ = ["name_key", "normal", "philox", "place_key", "uniform"]

WORD = 0xFFFFFFFF
MULTIPLIER_0 = 0xD2511F53
MULTIPLIER_1 = 0xCD9E8D57
KEY_STEP_0 = 0x9E3779B9
KEY_STEP_1 = 0xBB67AE85
STEP = 2.0**-32

# A filler is called, not inlined: a kernel with many draws holds each of the two once.
filler = register_jitable(error_model="numpy")


def name_key(name: str) -> int:
    """Stable 32-bit hash of a name such as ``"rule.argument"``: 0 up to 2**32."""
    return int.from_bytes(hashlib.blake2b(name.encode(), digest_size=4).digest(), "little")


def place_key(code: str) -> int:
    """Stable 64-bit hash of the code of a village, as a signed number (the integer type of compiled code)."""
    return int.from_bytes(hashlib.blake2b(code.encode(), digest_size=8).digest(), "little", signed=True)


@shared
def philox(c0: int, c1: int, c2: int, c3: int, k0: int, k1: int) -> tuple[int, int, int, int]:
    """Four random 32-bit words from a counter of four and a key of two (Philox4x32, ten rounds)."""
    for _ in range(10):
        product_0 = MULTIPLIER_0 * c0
        product_1 = MULTIPLIER_1 * c2
        c0 = ((product_1 >> 32) & WORD) ^ c1 ^ k0
        c1 = product_1 & WORD
        c2 = ((product_0 >> 32) & WORD) ^ c3 ^ k1
        c3 = product_0 & WORD
        k0 = (k0 + KEY_STEP_0) & WORD
        k1 = (k1 + KEY_STEP_1) & WORD
    return c0, c1, c2, c3


@shared
def open_unit(word: int) -> float:
    """A 32-bit word as a number between 0 and 1, neither of them included; exact."""
    return (word_to_float(word) + 0.5) * STEP


@shared
def block(index: int, seed: int, name: int, place: int, quarter: int) -> tuple[float, float, float, float]:
    """The uniform numbers of members ``4 * index`` to ``4 * index + 3``."""
    low, high = int(place) & WORD, (int(place) >> 32) & WORD
    a, b, c, d = philox(low, high, int(index) & WORD, int(quarter) & WORD, int(seed) & WORD, int(name) & WORD)
    return open_unit(a), open_unit(b), open_unit(c), open_unit(d)


@shared
def pair(first: float, second: float) -> tuple[float, float]:
    """Two independent standard normal numbers from two uniform ones (Box and Muller 1958)."""
    radius = sqrt(-2.0 * log(first))
    cosine, sine = cosine_sine(second)
    return radius * cosine, radius * sine


@filler
def uniform(out: MutableSequence[float], seed: int, name: int, place: int, quarter: int) -> None:
    """Fill ``out`` with uniform numbers between 0 and 1 (both excluded) for members 0, 1, 2, ...

    Parameters
    ----------
    out
        List or contiguous array of floats; member m gets ``out[m]``, whatever the length.
    seed
        Seed of the run, 0 up to 2**32.
    name, place
        Keys from :func:`name_key` and :func:`place_key`.
    quarter
        Index of the quarter.
    """
    n = len(out)
    whole = n >> 2
    for index in range(whole):
        a, b, c, d = block(index, seed, name, place, quarter)
        out[4 * index] = a
        out[4 * index + 1] = b
        out[4 * index + 2] = c
        out[4 * index + 3] = d
    if n & 3:
        a, b, c, _ = block(whole, seed, name, place, quarter)
        out[4 * whole] = a
        if n & 3 > 1:
            out[4 * whole + 1] = b
        if n & 3 > 2:
            out[4 * whole + 2] = c


@filler
def normal(out: MutableSequence[float], seed: int, name: int, place: int, quarter: int) -> None:
    """Fill ``out`` with standard normal numbers for members 0, 1, 2, ...; arguments as in :func:`uniform`.

    Members 0 and 1, 2 and 3, ... each share a pair of words. At most 6.77 in absolute value.
    """
    uniform(out, seed, name, place, quarter)
    n = len(out)
    for index in range(n >> 1):
        first, second = pair(out[2 * index], out[2 * index + 1])
        out[2 * index] = first
        out[2 * index + 1] = second
    if n & 1:
        # The partner of the last member has no row: its word is drawn again.
        _, b, _, d = block(n >> 2, seed, name, place, quarter)
        first, _ = pair(out[n - 1], d if n & 2 else b)
        out[n - 1] = first
