"""What a run printed as one table, the digest of any table, and the file in which a table waits to be reproduced.

A digest is never of Parquet or CSV bytes, which change with the library that writes them, but of the values: rows
sorted by their keys, numbers as little-endian float64. Equal digests are equal bits.
"""

from __future__ import annotations

import csv
import hashlib
import io
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from sim.errors import InputError

SERIES = ("arm", "seed", "metric", "quarter")  # keys of the series of a comparison
KEYS = ("table", "metric", "arm", "part", "quarter")
NUMBERS = ("estimate", "low", "high")
COLUMNS = (*KEYS, "says", *NUMBERS)
WHOLE = -1  # in place of a quarter: a number of a whole window
EVERY = 12  # of the series, each third year is kept: the last quarter of it, in which yearly metrics are due too
#: Tables that are left out: series and resilience say them already, or they are the classes some eighty times over.
UNTOLD = ("followed", "density", "cutoffs")
#: Numbers of the report's tables with their interval: columns of the number, of its low and of its high end.
INTERVALS = (
    ("estimate", "low", "high"),
    ("share", "low", "high"),
    ("difference", "difference_low", "difference_high"),
    ("inclusion_error", "inclusion_error_low", "inclusion_error_high"),
    ("exclusion_error", "exclusion_error_low", "exclusion_error_high"),
)


def digest(table: pd.DataFrame, keys: Sequence[str]) -> str:
    """SHA-256 of the values of a table.

    Parameters
    ----------
    keys
        Columns that name a row; the order of rows, and of the other columns, does not count.
    """
    whole = hashlib.sha256()
    rows = table.astype({name: str for name in keys if not _numeric(table[name])}).sort_values([*keys], kind="stable")
    for name in (*keys, *sorted(set(table) - set(keys))):
        whole.update(_sized(name))
        whole.update(_bytes(rows[name]))
    return whole.hexdigest()


def text_digest(*texts: str) -> str:
    """SHA-256 of some texts."""
    return hashlib.sha256(b"".join(_sized(text) for text in texts)).hexdigest()


def _numeric(column: pd.Series) -> bool:
    return bool(pd.api.types.is_numeric_dtype(column))


def _sized(text: str) -> bytes:
    """Text after its length, so that no two rows of texts read alike."""
    raw = text.encode()
    return len(raw).to_bytes(4, "little") + raw


def _bytes(column: pd.Series) -> bytes:
    """Text as UTF-8, numbers as little-endian float64 with one zero and one nan."""
    if not _numeric(column):
        places, texts = pd.factorize(column.astype(str))  # few texts in many rows
        written = [_sized(text) for text in texts]
        return b"".join(written[place] for place in places)
    values = column.to_numpy(float) + 0.0  # no negative zero
    return np.where(np.isnan(values), np.nan, values).astype("<f8").tobytes()


# -- from results -----------------------------------------------------------------------------------------------------


def digests(series: pd.DataFrame, tables: Mapping[str, pd.DataFrame]) -> dict[str, str]:
    """Of every value of every luck, and of what is printed."""
    return {"series_sha256": digest(series, SERIES), "table_sha256": digest(of_comparison(series, tables), KEYS)}


def of_comparison(series: pd.DataFrame, tables: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Every number of the report that has an interval, and each third year of the series, one row a number.

    A series that is exactly nothing in a quarter has no row there: it is found as soon as it is something.
    """
    kept = series[series["quarter"] % EVERY == EVERY - 1].sort_values([*SERIES])
    lucks = kept.groupby(["metric", "arm", "quarter"], observed=True, sort=True)["value"]
    rows = [
        ("series", metric, arm, "", int(quarter), "", float(np.mean(values)), *np.percentile(values, [5.0, 95.0]))
        for (metric, arm, quarter), values in ((key, group.to_numpy()) for key, group in lucks)
        if values.any()
    ]
    for name, table in tables.items():
        if name not in UNTOLD:
            rows += _of_table(name, table)
    return framed(rows)


def framed(rows: Sequence[tuple]) -> pd.DataFrame:
    """Rows as a canonical table; what names a row names one only."""
    table = pd.DataFrame(rows, columns=[*COLUMNS]).astype(dict.fromkeys(NUMBERS, float))
    twice = table[table.duplicated([*KEYS])]
    if len(twice):
        raise ValueError(f"two rows of the canonical table are called {tuple(twice[[*KEYS]].iloc[0])}")
    return table.sort_values([*KEYS], ignore_index=True)


def _of_table(name: str, table: pd.DataFrame) -> Iterator[tuple]:
    """The numbers of one table that have an interval."""
    places = [place for place in INTERVALS if set(place) <= set(table)]
    if not places:
        return
    first = min(list(table).index(column) for place in places for column in place)
    keys = [
        column
        for k, column in enumerate(table)
        if column not in ("arm", "metric", "measure", "unit") and (k < first or not _numeric(table[column]))
    ]
    for row in table.to_dict("records"):
        metric = row.get("metric", row.get("measure", name))
        for place in places:
            part = ", ".join(f"{key} {row[key]}" for key in keys)
            if place != places[0]:
                part = ", ".join(filter(None, (part, place[0])))
            numbers = (row[column] for column in place)
            yield (name, str(metric), str(row.get("arm", "")), part, WHOLE, str(row.get("unit", "")), *numbers)


# -- the file ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Stored:
    """A canonical table in a file, after what it was made with.

    Attributes
    ----------
    about
        Digests and versions by name; `series_sha256` and `table_sha256` among them.
    """

    table: pd.DataFrame
    about: Mapping[str, str]

    def text(self) -> str:
        """Head and rows; numbers to their last bit."""
        out = io.StringIO()
        out.writelines(f"# {name} = {_quoted(value)}\n" for name, value in self.about.items())
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow(COLUMNS)
        for row in self.table[[*COLUMNS]].itertuples(index=False):
            writer.writerow([repr(float(value)) if isinstance(value, float) else value for value in row])
        return out.getvalue()


def _quoted(value: str) -> str:
    """A string of TOML."""
    return '"' + "".join(" " if ord(c) < 32 or c in '"\\' else c for c in value) + '"'


def stored(text: str, name: str) -> Stored:
    """What `Stored.text` wrote.

    Raises
    ------
    InputError
        When it is something else, or its rows are not those of its digest.
    """
    lines = text.splitlines(keepends=True)
    head = [line for line in lines if line.startswith("# ")]
    try:
        about = tomllib.loads("".join(line[2:] for line in head))
        rows = [*csv.reader(lines[len(head) :])]
        if tuple(rows[0]) != COLUMNS or {len(row) for row in rows} != {len(COLUMNS)}:
            raise ValueError(f"not every row has the columns {', '.join(COLUMNS)}")
        table = framed([(*row[:4], int(row[4]), row[5], *map(float, row[6:])) for row in rows[1:]])
        wanted = about["table_sha256"], about["series_sha256"]
    except (ValueError, KeyError, IndexError, csv.Error) as error:
        raise InputError(f"{name}: is not a stored table: {error}") from None
    if wanted[0] != digest(table, KEYS):
        raise InputError(f"{name}: its rows are not those of its digest")
    return Stored(table, {key: str(value) for key, value in about.items()})
