"""Opening a package without trust: what can be held against something else in it is, before anything is run.

The manifest is renewed in a second by whoever changes a file, so it proves only that nothing was damaged on the way.
What a reader looks at must also agree with what is compared: the crate with every file, the tables with the digests of
the canonical table, the CSV with the Parquet, the scenario as it was written with the one that is run. Figures and
pages cannot be read back, and `NOT_COMPARED` says so.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

import pandas as pd
import pyarrow.parquet as pq

from sim.experiment import canonical
from sim.experiment.results import BESIDE
from sim.language import mark
from sim.progress import Tell
from sim.reproduce import archive
from sim.reproduce.archive import Archive
from sim.reproduce.package import CRATE, DOCUMENT, TABLE, inside, other_csv, reads_to, tables_of
from sim.reproduce.runs import Made, asked_of, of_scenario
from sim.scenario import Known, Scenario, check

CELLS = 10**8  # of the Parquet tables that are read: a few bytes can say many more
RESULTS = "results/"
MANIFEST = "results/manifest.json"
COMPARED = mark(
    "Held against each other before the run: every file and its digest in the crate; series and tables, as Parquet and "
    "as CSV, and the digests of canonical.csv; the scenario as it was written and as it is run; after it, "
    "every table, household, village and flow."
)
NOT_COMPARED = mark("Not compared with anything: figures and pages.")


@dataclass(frozen=True)
class Package:
    """A package that was checked to the last byte, and can be run; `beside` is what lies there beside the series."""

    name: str
    scenario: Scenario
    stored: canonical.Stored
    files: int
    sha256: str
    beside: Mapping[str, pd.DataFrame]

    def was(self) -> canonical.Stored:
        """The table that it holds."""
        return self.stored

    def make(self, known: Known, tell: Tell) -> Made:
        """Run its scenario."""
        return of_scenario(self.scenario, tell=tell)


@contextmanager
def opened(path: Path, known: Known) -> Iterator[Package]:
    """A package, its scenario unpacked for as long as it is open.

    Raises
    ------
    InputError
        When anything in it is not as its manifest says, could do harm, or contradicts what is compared.
    """
    with archive.read(path) as found, tempfile.TemporaryDirectory(prefix="swadaya-") as place:
        found.complain([*_against_crate(found)])
        document = _document(found)
        data = _data_of(found, document)
        found.unpack(data, Path(place))
        beside = Path(place) / "scenario" / f"{path.stem}.toml"
        scenario = check(document, known, name=f"{path}, {DOCUMENT}", path=beside)
        _same_scenario(found, scenario, data, known, beside)
        stored = canonical.stored(found.text(TABLE), f"{path}, {TABLE}")
        _same_run(found, document, stored)
        tables = _same_tables(found, stored, Path(place))
        yield Package(path.name, scenario, stored, len(found.files) - 1, archive.hashed(path), tables)


def _json(found: Archive, name: str) -> dict[str, Any]:
    """A file of JSON that holds an object."""
    text = found.text(name)
    try:
        read = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise found.refuse(f"{name}: {error}") from None
    if not isinstance(read, dict):
        raise found.refuse(f"{name}: holds no object")
    return read


def _against_crate(found: Archive) -> Iterator[str]:
    """Files whose digest in the crate is another, or none, and files of the crate that are not there."""
    graph = _json(found, CRATE).get("@graph")
    entities = [one for one in graph if isinstance(one, dict)] if isinstance(graph, list) else []
    digests = {str(one.get("name")): one.get("sha256") for one in entities if one.get("@type") == "File"}
    missing = sorted(digests.keys() - found.files.keys())
    yield from (f"{archive.shown(name)} is missing, which the crate lists" for name in missing)
    for name, digest in found.listed.items():
        if name != CRATE and digests.get(name) != digest:
            yield f"{archive.shown(name)} was changed: its SHA-256 is not that of {CRATE}"


def _document(found: Archive) -> dict[str, Any]:
    """The scenario that is run, as it was packed."""
    document = _json(found, DOCUMENT)
    if not isinstance(document.get("population"), dict):
        raise found.refuse(f"{DOCUMENT}: is no scenario")
    return document


def _data_of(found: Archive, document: Mapping[str, Any]) -> list[str]:
    """The files that the scenario reads, which the package must hold."""
    population = document["population"]
    named = [str(name) for name in (population.get("survey"), population.get("village_list")) if name]
    wanted = [f"scenario/{PurePosixPath(name)}" for name in named]
    missing = [n for n, file in zip(named, wanted, strict=True) if not inside(n) or file not in found.files]
    if missing:
        raise found.refuse(f"its scenario reads {missing[0]!r}, which it does not hold")
    return wanted


def _same_scenario(found: Archive, scenario: Scenario, data: list[str], known: Known, beside: Path) -> None:
    """The scenario as it was written is the one that is run, or its first look (`--quick`)."""
    for name in found.files:
        if not name.startswith("scenario/") or not name.endswith(".toml") or name in data:
            continue
        text = found.text(name)
        if not reads_to(text, scenario, known, beside):
            raise found.refuse(f"{archive.shown(name)} is not the scenario that is run, {DOCUMENT}")


def _same_run(found: Archive, document: Mapping[str, Any], stored: canonical.Stored) -> None:
    """What the results say of their run is what the canonical table says of its."""
    manifest = _json(found, MANIFEST)
    try:
        said = {**asked_of(manifest), **{name: manifest[name] for name in ("series_sha256", "table_sha256")}}
        changed = [name for name, value in said.items() if stored.about.get(name) != value]
        changed += [] if manifest["document"] == document else ["document"]
    except KeyError as error:
        changed = [str(error.args[0])]
    if changed:
        raise found.refuse(f"{MANIFEST} is of another run: {', '.join(changed)} is not that of {TABLE} and {DOCUMENT}")


def _same_tables(found: Archive, stored: canonical.Stored, place: Path) -> dict[str, pd.DataFrame]:
    """Series and tables are those of the digests, and each CSV is what its Parquet gives; all tables but the series."""
    names = [name for name in found.files if name.startswith(RESULTS) and name.endswith((".parquet", ".csv"))]
    found.unpack(names, place)
    files = {name: place / name for name in names if name.endswith(".parquet")}
    try:
        sizes = [pq.read_metadata(file) for file in files.values()]
        if sum(one.num_rows * one.num_columns for one in sizes) > CELLS:
            raise ValueError(f"they have more than {CELLS} cells")
        series, tables = tables_of(place / "results")
        digests = canonical.digests(series, tables)
        others = other_csv(place / "results", series, tables)
        beside = {name: pd.read_parquet(place / f"{RESULTS}{name}.parquet") for name in BESIDE}
    except Exception as error:  # a table that means harm makes its reader raise anything
        raise found.refuse(f"its tables cannot be read: {' '.join(str(error).split())}") from None
    changed = [name for name, digest in digests.items() if digest != stored.about[name]]
    if changed:
        raise found.refuse(f"its tables are not those of {TABLE}: {', '.join(changed)} is another")
    found.complain([f"'results/{name}' was changed: it is not what its Parquet table says" for name in others])
    return {**beside, **{f"tables/{name}": table for name, table in tables.items()}}
