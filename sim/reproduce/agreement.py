"""Two canonical tables side by side: identical, equal within tolerance, or different, and where first."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from sim.experiment.canonical import COLUMNS, KEYS, NUMBERS, WHOLE, Stored, digest
from sim.language import mark, say, written

TOLERANCE = 0.1  # half-widths of the interval that is stored beside a number
LAST_BITS = 1e-9  # of a number: rounding, whatever the width of an interval
NOTHING = 1e-12  # of the largest number that a measure has: what is left where two of them are subtracted
IDENTICAL, WITHIN, DIFFERS = mark("identical"), mark("equal within tolerance"), mark("differs")
Key = tuple[str, str, str, str, int]


@dataclass(frozen=True)
class Difference:
    """One row that is not as it was stored: which, what is wrong with it, and how far it is, in half-widths."""

    key: Key
    what: str
    far: float = math.inf

    @property
    def when(self) -> tuple[bool, int, Key]:
        """Its place in time; numbers of whole windows come last."""
        quarter = self.key[4]
        return quarter == WHOLE, quarter, self.key

    def __str__(self) -> str:
        table, metric, arm, part, quarter = self.key
        where = ", ".join(filter(None, (f"{table}: {metric}", arm, part)))
        when = say("its window") if quarter == WHOLE else say("quarter {quarter}", quarter=quarter)
        return f"{where}, {when}: {self.what}"


@dataclass(frozen=True)
class Verdict:
    """What a comparison came to.

    Attributes
    ----------
    numbers
        How many were compared.
    farthest
        The row that is farthest from what was stored; None where all are the same.
    first
        The first row, in time, that is out of tolerance.
    """

    word: str
    numbers: int
    farthest: Difference | None = None
    first: Difference | None = None

    @property
    def code(self) -> int:
        """What a command ends with."""
        return 1 if self.word == DIFFERS else 0

    def told(self) -> str:
        """One sentence."""
        word = say(self.word)
        if self.word == IDENTICAL:
            told = mark("{word}: every bit of every luck, quarter and metric; {numbers} printed numbers")
            return say(told, word=word, numbers=self.numbers)
        if self.word == DIFFERS:
            return say("{word}, first in {place}", word=word, place=self.first)
        if self.farthest is None:
            told = mark("{word}: the {numbers} printed numbers are the same bits; what is not printed is not")
            return say(told, word=word, numbers=self.numbers)
        return say(
            "{word}: {numbers} printed numbers within {tolerance} of their half-width; the farthest, {far} "
            "half-widths, in {place}",
            word=word, numbers=self.numbers, tolerance=written(f"{TOLERANCE}"), far=written(f"{self.farthest.far:.2g}"),
            place=self.farthest,
        )  # fmt: skip


def compare(was: Stored, table: pd.DataFrame, series_sha256: str) -> Verdict:
    """Hold what was made against what was stored.

    Parameters
    ----------
    table, series_sha256
        The canonical table that was made, and the digest of what lies under it.
    """
    count = int(was.table[[*NUMBERS]].notna().to_numpy().sum())
    same_table = digest(table, KEYS) == was.about["table_sha256"]
    if same_table and series_sha256 == was.about["series_sha256"]:
        return Verdict(IDENTICAL, count)
    found = sorted(_differences(_rows(was.table), _rows(table)), key=lambda one: one.when)
    out = [one for one in found if one.far > TOLERANCE]
    farthest = max(found, key=lambda one: one.far, default=None)
    return Verdict(DIFFERS if out else WITHIN, count, farthest, out[0] if out else None)


def apart(was: Mapping[str, pd.DataFrame], now: Mapping[str, pd.DataFrame]) -> list[str]:
    """Tables that are not the same bits as they were stored, row by row, and what is wrong with each."""
    told = ((name, _apart(was.get(name), now.get(name))) for name in sorted({*was, *now}))
    return [f"{name} {what}" for name, what in told if what]


def _apart(was: pd.DataFrame | None, now: pd.DataFrame | None) -> str:
    if now is None or was is None:
        return say("is missing") if now is None else say("was not stored")
    if [*was] != [*now] or len(was) != len(now):
        return say("has other rows or columns")
    column = next((column for column in now if not _same(was[column], now[column])), None)
    return "" if column is None else say("has another {column}", column=column)


def _same(was: pd.Series, now: pd.Series) -> bool:
    """Whether two columns hold the same, whatever they are stored as."""
    if pd.api.types.is_numeric_dtype(now) and pd.api.types.is_numeric_dtype(was):
        return np.array_equal(was.to_numpy(float), now.to_numpy(float), equal_nan=True)
    return was.astype(str).tolist() == now.astype(str).tolist()


def _rows(table: pd.DataFrame) -> dict[Key, tuple]:
    """Key -> unit or verdict, and the numbers."""
    return {row[: len(KEYS)]: row[len(KEYS) :] for row in table[[*COLUMNS]].itertuples(index=False, name=None)}


def _differences(was: Mapping[Key, tuple], now: Mapping[Key, tuple]) -> Iterator[Difference]:
    """Every row that has changed by as little as a bit, at its farthest number."""
    nothing = _nothing(was)
    for key in was.keys() | now.keys():
        if key not in now:
            yield Difference(key, say("is missing"), _alone(key, was[key], nothing))
        elif key not in was:
            yield Difference(key, say("was not stored"), _alone(key, now[key], nothing))
        elif was[key][0] != now[key][0]:
            yield Difference(key, say("says “{now}”, stored “{was}”", now=now[key][0], was=was[key][0]))
        else:
            half = (was[key][3] - was[key][2]) / 2.0
            far, place = max(
                (_far(a, b, half, nothing[key[1]]), -k)
                for k, (a, b) in enumerate(zip(was[key][1:], now[key][1:], strict=True))
            )
            if far > 0.0:
                name, old, new = NUMBERS[-place], was[key][1 - place], now[key][1 - place]
                told = {"now": written(f"{new:.6g}"), "was": written(f"{old:.6g}"), "half": written(f"{half:.3g}")}
                yield Difference(key, say("{name} is {now}, stored {was} (half-width {half})", name=name, **told), far)


def _nothing(rows: Mapping[Key, tuple]) -> dict[str, float]:
    """Measure -> what is nothing of it."""
    largest: dict[str, float] = {}
    for (_, measure, *_), (_, *numbers) in rows.items():
        largest[measure] = max(largest.get(measure, 1.0), *map(abs, filter(math.isfinite, numbers)), 1.0)
    return {measure: NOTHING * number for measure, number in largest.items()}


def _alone(key: Key, row: tuple, nothing: Mapping[str, float]) -> float:
    """How far a row is from none: a series of exactly nothing has no row, and its last bit is no difference."""
    none = key[0] == "series" and all(abs(value) <= nothing.get(key[1], NOTHING) for value in row[1:])
    return LAST_BITS if none else math.inf


def _far(was: float, now: float, half: float, nothing: float) -> float:
    """How far a number is from the stored one, in half-widths of its interval; without any, it is equal or not."""
    if was == now or (math.isnan(was) and math.isnan(now)):
        return 0.0
    if not (math.isfinite(was) and math.isfinite(now)):
        return math.inf
    apart = abs(now - was)
    if apart <= LAST_BITS * abs(was) + nothing:
        return LAST_BITS  # an interval may be as narrow as that
    return apart / half if half > 0.0 else math.inf
