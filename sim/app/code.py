"""The short run code: settings in a few letters that can be read aloud. It holds all of them; nothing is looked up.

Names are two bytes of their BLAKE2b digest, numbers three (a decimal mantissa and its exponent), then one byte of
check. Letters are Crockford's base 32, in groups of four, case and hyphens do not count, O is 0, I and L are 1.
"""

from __future__ import annotations

from dataclasses import replace
from hashlib import blake2b

from sim.app.choices import DIGITS, Choices
from sim.app.settings import Settings, from_values
from sim.errors import InputError

LETTERS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
ALIKE = str.maketrans({"O": "0", "I": "1", "L": "1", "-": "", " ": ""})
VERSION = 1
LONGEST = 2_000


def _mark(name: str) -> bytes:
    return blake2b(name.encode(), digest_size=2).digest()


def _check(raw: bytes) -> bytes:
    return blake2b(raw, digest_size=1).digest()


def _packed(value: float) -> bytes:
    """A number of at most `DIGITS` significant digits: mantissa * 10 ** exponent."""
    digits, _, exponent = f"{value:.{DIGITS - 1}e}".partition("e")
    mantissa, power = int(digits.replace(".", "")), int(exponent) - (DIGITS - 1)
    while mantissa and mantissa % 10 == 0:
        mantissa, power = mantissa // 10, power + 1
    return mantissa.to_bytes(2, "big", signed=True) + (power if mantissa else 0).to_bytes(1, "big", signed=True)


def _number(raw: bytes) -> float:
    return float(f"{int.from_bytes(raw[:2], 'big', signed=True)}e{int.from_bytes(raw[2:], 'big', signed=True)}")


def of(settings: Settings, among: Choices) -> str:
    """The code of some settings."""
    raw = bytes([VERSION]) + b"".join(_mark(name) for name in (settings.place, settings.a, settings.b))
    raw += settings.luck.to_bytes(2, "big") + bytes([settings.parameters])
    raw += b"".join(_mark(key) + _packed(value) for key, value in settings.numbers)
    raw += _check(raw)
    bits = int.from_bytes(raw, "big") << (-8 * len(raw)) % 5
    letters = "".join(LETTERS[bits >> shift & 31] for shift in range(0, (8 * len(raw) + 4) // 5 * 5, 5))[::-1]
    return "-".join(letters[start : start + 4] for start in range(0, len(letters), 4))


def settings_of(text: str, among: Choices) -> Settings:
    """The settings of a code.

    Raises
    ------
    InputError
        When it is no code, one letter is wrong, or it is of a newer version or another catalogue.
    """
    letters = text.strip().upper().translate(ALIKE)
    if not letters or len(letters) > LONGEST or any(letter not in LETTERS for letter in letters):
        raise InputError(f"{text[:40]!r} is not a run code; it looks like {of(Settings(), among)}")
    bits = 0
    for letter in letters:
        bits = bits << 5 | LETTERS.index(letter)
    size = 5 * len(letters) // 8
    raw = (bits >> 5 * len(letters) - 8 * size).to_bytes(size, "big")
    if size < 11 or raw[:1] != bytes([VERSION]) or _check(raw[:-1]) != raw[-1:] or (size - 11) % 5:
        raise InputError(f"{text[:40]!r} is not a run code of this version, or a letter of it is wrong")
    place, a, b = (_found(raw[k : k + 2], names) for k, names in zip((1, 3, 5), _names(among), strict=True))
    values: dict[str, object] = {"place": place, "a": a, "b": b}
    values |= {"luck": int.from_bytes(raw[7:9], "big"), "set": raw[9]}
    keys = [*among.controls, *(f"{arm}.{n}" for arm, policy in (("a", a), ("b", b)) for n in among.of_policy(policy))]
    for at in range(10, size - 1, 5):
        values[_found(raw[at : at + 2], keys)] = _number(raw[at + 2 : at + 5])
    settings, complaints = from_values(values, among)
    if complaints:
        raise InputError(f"the run code {text[:40]} is of another version of the model: {complaints[0][0]}")
    if of(replace(settings, place=place), among).translate(ALIKE) != letters:
        raise InputError(f"{text[:40]!r} is no run code: a letter of it is wrong")
    return settings


def _names(among: Choices) -> tuple[list[str], list[str], list[str]]:
    return [*among.places, *among.same], among.policies, among.policies


def _found(mark: bytes, names: list[str]) -> str:
    found = [name for name in names if _mark(name) == mark]
    if len(found) != 1:
        raise InputError("the run code names something that this version of the model does not have")
    return found[0]
