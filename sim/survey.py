"""Files that a user brings: published aggregates, a household survey, a list of villages.

A file is either read whole or refused with one sentence that names the file, the row (line of the file, from 1), the
column, what was found and what is allowed.
"""

from __future__ import annotations

import csv
import math
import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from io import StringIO
from pathlib import Path
from typing import Any

import numpy as np

from sim.errors import InputError
from sim.nearest import did_you_mean
from sim.population import (
    ACTIVITIES,
    DEGREE,
    IMPUTED,
    Columns,
    Population,
    Villages,
    assemble,
    correlated,
    household_attributes,
    normal_score,
    normal_share,
    normals,
    share_below,
    uniforms,
    village_attributes,
)
from sim.shipped import folder
from sim.ties import USUAL

RURAL_2017 = folder("scenarios") / "data" / "rural_indonesia_2017.toml"
NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", re.ASCII)
LEAST_WEIGHT = 1e-9  # of all weights together: one below it is a slip, and is lost where they are added up
LARGEST_RATIO = 1000.0  # consumption over poverty line; beyond it (or under its inverse) the two are in other units


@dataclass(frozen=True)
class Figure:
    """One published figure, with its unit, its source and how it is known: READ, MEM, DER, or A for an assumption."""

    value: Any
    unit: str
    source: str
    status: str


@dataclass(frozen=True)
class Aggregates(Mapping[str, Any]):
    """The published figures of one place and date; indexing by dotted name gives the value (``household.size``)."""

    title: str
    figures: dict[str, Figure]
    sources: dict[str, str]  # key -> address

    def __getitem__(self, name: str) -> Any:
        if name not in self.figures:
            raise InputError(f"{self.title}: the figure '{name}' is needed and is not in the file of aggregates.")
        return self.figures[name].value

    def __iter__(self) -> Iterator[str]:
        return iter(self.figures)

    def __len__(self) -> int:
        return len(self.figures)


def read_aggregates(path: str | Path = RURAL_2017) -> Aggregates:
    """Read a file of published aggregates; a figure without value, unit, source and status is refused."""
    path = Path(path)
    try:
        content = tomllib.loads(_text(path))
    except tomllib.TOMLDecodeError as error:
        raise InputError(f"{path.name}: not a TOML file ({error}).") from error
    sources, title = content.pop("sources", {}), content.pop("title", path.stem)
    figures: dict[str, Figure] = {}
    waiting = list(content.items())
    while waiting:
        name, entry = waiting.pop(0)
        if isinstance(entry, Mapping) and "value" not in entry:
            waiting[:0] = [(f"{name}.{key}", below) for key, below in entry.items()]
        elif isinstance(entry, Mapping) and sorted(entry) == ["source", "status", "unit", "value"]:
            figures[name] = Figure(**entry)
        else:
            raise InputError(f"{path.name}: the figure '{name}' must have value, unit, source and status, no more.")
    return Aggregates(title, figures, sources)


@dataclass(frozen=True)
class Column:
    """What a column of a CSV file means and may hold; a column with neither bounds nor words holds text."""

    meaning: str
    required: bool = True
    low: float | None = None
    high: float = math.inf
    above: bool = False  # low itself is not allowed
    whole: bool = False
    words: tuple[str, ...] = ()  # allowed instead of their position, 0, 1, 2 …

    @property
    def allowed(self) -> str:
        """What may stand there, in words."""
        if self.low is None:
            return "any text but an empty cell"
        kind = "a whole number" if self.whole else "a number"
        bound = f"above {self.low:g}" if self.above else f"of at least {self.low:g}"
        limit = "" if math.isinf(self.high) else f" and at most {self.high:g}"
        return f"{kind} {bound}{limit}" + (f", or one of {', '.join(self.words)}" if self.words else "")

    def value(self, text: str) -> float | str | None:
        """The cell as a number or a text; None when it is not allowed."""
        if self.low is None:
            return text or None
        if text.lower() in self.words:
            return float(self.words.index(text.lower()))
        number = float(text) if NUMBER.fullmatch(text) else math.nan
        inside = self.low <= number <= self.high and math.isfinite(number) and not (self.above and number == self.low)
        return number if inside and not (self.whole and number != int(number)) else None


SURVEY = {
    "weight": Column(
        "households that this one stands for; 1 where the survey has no weights", low=0.0, high=1e12, above=True
    ),
    "psu": Column("primary sampling unit, which becomes a village; one word for all rows where there is none"),
    "size": Column("persons of the household", low=1.0, high=50.0, whole=True),
    "province": Column("province, which becomes the district; one for all rows of a psu"),
    "poverty_line": Column(
        "per person, in the money and for the time of consumption: only their ratio counts", low=0.0, above=True
    ),
    "consumption": Column("per person, in the money and for the time of the poverty line", low=0.0, above=True),
    "stratum": Column("stratum of the sample, one for all rows of a psu; nothing is made of it", required=False),
    "female_head": Column("whether a woman heads the household: 0 or 1", required=False, low=0.0, high=1.0, whole=True),
    "schooling": Column("years of schooling of the head", required=False, low=0.0, high=30.0),
    "activity": Column("main work", required=False, low=0.0, high=3.0, whole=True, words=ACTIVITIES),
}
VILLAGES = {
    "code": Column("name of the village, which keys its luck: each once"),
    "district": Column("name of its district"),
    "households": Column("households that the village really has", low=1.0, high=100_000.0, whole=True),
    "pass_through": Column("share of national growth that reaches it", required=False, low=0.0, high=1.0),
    "remoteness": Column("rank among all villages, 0 the nearest to a town", required=False, low=0.0, high=1.0),
} | {
    f"potential_{kind}": Column(
        f"what the place is good for: log of productivity in {kind}", required=False, low=-5.0, high=5.0
    )
    for kind in ACTIVITIES
}


def _text(path: Path) -> str:
    """A whole text file; a byte order mark is dropped."""
    try:
        return path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError(f"{path.name}: not a UTF-8 text file (byte {error.start}); save it as CSV UTF-8.") from error
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror}).") from error


def _header(file: str, row: int, cells: list[str], columns: Mapping[str, Column]) -> list[str]:
    """The names of the columns, checked against those that are known."""
    names = [cell.strip().lower() for cell in cells]
    for mark, word in ((";", "semicolons"), ("\t", "tabs"), ("|", "bars")):
        if len(names) == 1 and mark in names[0]:
            raise InputError(f"{file}, row {row}: the cells are separated by {word}; they must be separated by commas.")
    needed = [name for name, column in columns.items() if column.required]
    missing = [name for name in needed if name not in names]
    for name in names:
        if name not in columns:
            near = did_you_mean(name, [known for known in columns if known not in names], repr)
            hint = near or f"; allowed: {', '.join(columns)}."
            raise InputError(f"{file}, row {row}, column '{name}': an unknown column{hint}")
        if names.count(name) > 1:
            raise InputError(f"{file}, row {row}, column '{name}': found {names.count(name)} times; allowed: once.")
    if missing:
        raise InputError(f"{file}, row {row}: the column '{missing[0]}' is missing; needed: {', '.join(needed)}.")
    return names


def _table(path: Path, columns: Mapping[str, Column]) -> tuple[dict[str, list[Any]], list[int]]:
    """Read a CSV file: the values by column (NaN where an optional one is not given) and the row of each in the file.

    Empty rows, and rows whose first cell starts with ``#``, are skipped.
    """
    reader = csv.reader(StringIO(_text(path), newline=""), strict=True)
    names: list[str] = []
    table: dict[str, list[Any]] = {name: [] for name in columns}
    rows: list[int] = []
    try:
        for cells in reader:
            row = reader.line_num
            if not any(cell.strip() for cell in cells) or cells[0].lstrip().startswith("#"):
                continue
            if not names:
                names = _header(path.name, row, cells, columns)
                continue
            if len(cells) != len(names):
                hint = " (a decimal comma?)" if len(cells) > len(names) else ""
                raise InputError(f"{path.name}, row {row}: found {len(cells)} cells{hint}; allowed: {len(names)}.")
            rows.append(row)
            given = dict(zip(names, cells, strict=True))
            for name, column in columns.items():
                table[name].append(_cell(path.name, row, name, given.get(name, "").strip(), column))
    except csv.Error as error:
        raise InputError(f"{path.name}, row {reader.line_num}: not a CSV row ({error}).") from error
    if not rows:
        raise InputError(f"{path.name}: {'no rows under the header' if names else 'the file is empty'}.")
    return table, rows


def _cell(file: str, row: int, name: str, text: str, column: Column) -> float | str:
    """One cell as a number or a text; an empty optional one is NaN."""
    if not text and not column.required:
        return math.nan
    value = column.value(text)
    if value is None:
        found = repr(text[:40]) if text else "an empty cell"
        raise InputError(f"{file}, row {row}, column '{name}': found {found}; allowed: {column.allowed}.")
    return value


@dataclass(frozen=True)
class Survey:
    """A household survey as it was read, one value a row; NaN where an optional answer was not given.

    ``consumption`` is in z per person (the file's consumption over its poverty line, both per person and in the same
    money and period). ``psu`` is the primary sampling unit, taken for a village.
    """

    file: str
    weight: np.ndarray
    psu: list[str]
    province: list[str]
    size: np.ndarray
    consumption: np.ndarray
    answers: Columns  # female_head, schooling, activity


def read_survey(path: str | Path) -> Survey:
    """Read a household survey (CSV): columns `SURVEY`, the last four optional."""
    path = Path(path)
    table, rows = _table(path, SURVEY)
    number = {name: np.array(table[name], dtype=float) for name, column in SURVEY.items() if column.low is not None}
    least = LEAST_WEIGHT * number["weight"].sum()
    for row, value in zip(rows, number["weight"].tolist(), strict=True):
        if value < least:
            raise InputError(
                f"{path.name}, row {row}, column 'weight': found {value:g}; allowed: at least {least:.3g}, a billionth "
                "of all weights together."
            )
    ratio = number["consumption"] / number["poverty_line"]
    for row, value in zip(rows, ratio.tolist(), strict=True):
        if not 1.0 / LARGEST_RATIO <= value <= LARGEST_RATIO:
            raise InputError(
                f"{path.name}, row {row}, column 'consumption': found {value:.3g} poverty lines; allowed: 0.001 to "
                "1000 (both are per person, in the same money and period)."
            )
    for name in ("province", "stratum"):
        first: dict[str, str | float] = {}
        for row, psu, value in zip(rows, table["psu"], table[name], strict=True):
            if value == value and first.setdefault(psu, value) != value:  # nan where an optional one is not given
                raise InputError(
                    f"{path.name}, row {row}, column '{name}': found '{value}'; allowed: '{first[psu]}', as in the "
                    f"other rows of psu '{psu}'."
                )
    answers = {name: values for name, values in number.items() if not SURVEY[name].required}
    return Survey(path.name, number["weight"], table["psu"], table["province"], number["size"], ratio, answers)


def read_villages(path: str | Path, first: int | None = None) -> Villages:
    """Read a list of villages (CSV): columns `VILLAGES`, the last six optional; `first` keeps so many rows only.

    A village's code keys its luck: the same code is the same village in every world.
    """
    path = Path(path)
    table, rows = _table(path, VILLAGES)
    seen: set[str] = set()
    for row, code in zip(rows, table["code"], strict=True):
        if code in seen:
            raise InputError(f"{path.name}, row {row}, column 'code': found '{code}' again; allowed: each code once.")
        seen.add(code)
    kept = slice(0, first)
    number = {name: np.array(table[name][kept]) for name, column in VILLAGES.items() if column.low is not None}
    return Villages(
        code=table["code"][kept],
        district=table["district"][kept],
        households=number["households"],
        pass_through=number["pass_through"],
        remoteness=number["remoteness"],
        potential=np.stack([number[f"potential_{kind}"] for kind in ACTIVITIES], axis=1),
    )


def population_from_survey(
    survey: Survey,
    aggregates: Mapping[str, Any],
    villages: int = 40,
    households: int | None = None,
    seed: int = 1,
    *,
    degree: float = DEGREE,
    ties: str = USUAL,
) -> Population:
    """A world whose villages are primary sampling units of a survey, drawn with replacement by their weight.

    Parameters
    ----------
    aggregates : published figures, from which what the survey lacks is imputed
    villages : number of draws; draw k does not depend on how many there are
    households : households of a village, drawn with replacement inside its unit by weight; None takes the unit as it
        stands, with its weights scaled so that every draw counts the same

    degree, ties : as in `sim.population.synthesise`

    Nothing is raked: the survey is its own distribution. One survey's consumption holds luck and reporting noise, so it
    overstates how unequal permanent consumption is.
    """
    if villages < 1 or (households is not None and households < 1):
        raise InputError(f"A population needs a village and a household; got {villages} x {households}.")
    units = list(dict.fromkeys(survey.psu))
    number = {name: index for index, name in enumerate(units)}
    unit = np.array([number[name] for name in survey.psu])
    score = _scores(survey)
    level = np.bincount(unit, survey.weight * score) / np.bincount(unit, survey.weight)
    level = (level - level.mean()) / (level.std() or 1.0)
    known, members = _draw_villages(survey, unit, villages, households, seed)
    pick = unit[[rows[0] for rows in members]]
    distance = np.array([normals(seed, code, "village/remoteness", 1)[0] for code in known.code])
    remoteness = normal_share(correlated(level[pick], aggregates["consumption.remoteness"], distance))
    known = replace(known, remoteness=remoteness)
    columns = village_attributes(aggregates, seed, known)
    columns["level"] = level[pick]
    blocks = []
    for code, rows, tilt in zip(known.code, members, columns["tilt"], strict=True):
        weight = np.ones(len(rows))
        if households is None:
            weight = survey.weight[rows] / survey.weight[rows].sum() * len(unit) / len(units)
        block = household_attributes(aggregates, seed, code, score[rows], survey.size[rows], tilt)
        for name, answer in survey.answers.items():
            block[name] = np.where(np.isnan(answer[rows]), block[name], answer[rows])
        block |= {"size": survey.size[rows], "weight": weight, "consumption": survey.consumption[rows]}
        blocks.append(block)
    return assemble(seed, known, columns, blocks, degree, _imputed(survey), ties)


def _scores(survey: Survey) -> np.ndarray:
    """Normal score of each household's consumption per person, by its rank in the whole survey."""
    return normal_score(share_below(survey.consumption, survey.weight))


def _weighted_draws(weight: np.ndarray, seed: int, code: str, name: str, count: int) -> np.ndarray:
    """`count` positions drawn with replacement in proportion to `weight`."""
    reached = np.cumsum(weight)
    return np.searchsorted(reached[:-1], uniforms(seed, code, name, count) * reached[-1], side="right")


def _draw_villages(
    survey: Survey, unit: np.ndarray, villages: int, households: int | None, seed: int
) -> tuple[Villages, list[np.ndarray]]:
    """The villages, and the survey rows of each one's households."""
    mass = np.bincount(unit, survey.weight)
    codes, members = [], []
    for number in range(1, villages + 1):
        rows = np.flatnonzero(unit == _weighted_draws(mass, seed, f"V{number:05d}", "unit", 1)[0])
        codes.append(f"V{number:05d}-{survey.psu[rows[0]]}")
        if households is not None:
            rows = rows[_weighted_draws(survey.weight[rows], seed, codes[-1], "member", households)]
        members.append(rows)
    unknown = np.full(villages, np.nan)
    district = [survey.province[rows[0]] for rows in members]
    counts = np.array([len(rows) for rows in members], dtype=float)
    return Villages(codes, district, counts, unknown, unknown, np.full((villages, len(ACTIVITIES)), np.nan)), members


def _imputed(survey: Survey) -> dict[str, str]:
    """What a world drawn from this survey holds that the survey did not say, and how it was drawn."""
    texts = {name: text for name, text in IMPUTED.items() if name != "size"}
    texts["village"] = "a primary sampling unit, drawn with replacement by its weight"
    texts["remoteness"] = "normal score, correlated with the mean consumption of the unit"
    for name, answer in survey.answers.items():
        blank = int(np.isnan(answer).sum())
        texts[name] = f"{blank} of {len(answer)} rows of {survey.file}: {texts[name]}"
        if blank == 0:
            del texts[name]
    return texts
