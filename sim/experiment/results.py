"""Results: tidy tables in memory, and a folder that anyone can open."""

from __future__ import annotations

import json
import platform
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pandas as pd

from sim.errors import InputError
from sim.scenario import Scenario

BESIDE = ("households", "villages", "ledger", "population")  # Parquet files beside series and tables
PARAMETER_SET = "parameter set"  # in the manifest's `solved`: which of the calibrated ones a world is of, from 1


@dataclass(frozen=True)
class Results:
    """Everything that a comparison found.

    Attributes
    ----------
    series
        arm, seed, quarter, metric, value: in the metric's unit.
    households, villages
        One row an arm, seed and household (village): window means in z per person and quarter, class.
    ledger
        arm, seed, quarter, payer, payee, flow, value: z for the whole world.
    population
        One row a household.
    tables
        The tables of the report by name.
    manifest
        What was run, with what, for how long.
    """

    scenario: Scenario
    series: pd.DataFrame
    households: pd.DataFrame
    villages: pd.DataFrame
    ledger: pd.DataFrame
    population: pd.DataFrame
    tables: dict[str, pd.DataFrame]
    manifest: dict[str, Any]

    def save(self, folder: Path) -> None:
        """Write Parquet and CSV into a folder that exists."""
        for name in BESIDE:
            getattr(self, name).to_parquet(folder / f"{name}.parquet", index=False)
        put_table(folder, "series", self.series)
        (folder / "tables").mkdir()
        for name, table in self.tables.items():
            put_table(folder / "tables", name, table)
        put_manifest(folder, self.manifest)


def put_table(folder: Path, name: str, frame: pd.DataFrame) -> None:
    """Write a table as Parquet and as CSV."""
    frame.to_parquet(folder / f"{name}.parquet", index=False)
    put_csv(folder, name, frame)


def put_csv(folder: Path, name: str, frame: pd.DataFrame) -> None:
    """Write a table as CSV, the same on every system."""
    frame.to_csv(folder / f"{name}.csv", index=False, float_format="%.10g", lineterminator="\n")


def put_manifest(folder: Path, about: Mapping[str, object]) -> None:
    """Write what was run, with what, as manifest.json."""
    (folder / "manifest.json").write_text(json.dumps(about, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def versions(packages: Iterable[str]) -> dict[str, str]:
    """Versions of Python and of some packages, as they are installed."""
    return {"python": platform.python_version(), **{name: version(name) for name in packages}}


def made_with(packages: Iterable[str] = ("swadaya", "numpy", "numba")) -> dict[str, object]:
    """What results were made with, and when, as a manifest has it."""
    return {"versions": versions(packages), "finished": datetime.now(UTC).isoformat(timespec="seconds")}


def system() -> str:
    """Operating system, kind of processor and order of bytes, as manifests and stored tables have them."""
    return f"{platform.system()} {platform.machine()}, {sys.byteorder}-endian"


def folder_named(name: str, digest: str, base: Path, made_of: Mapping[str, str] = MappingProxyType({})) -> Path:
    """Where results of a name and a digest go; `made_of` is what else of the manifest decides them.

    Raises
    ------
    InputError
        When something else of that name is there: nothing is written over.
    """
    folder = base / f"{name}-{digest[:12]}"
    if not folder.exists():
        return folder
    held = _manifest_in(folder)
    other = [key for key, value in {"digest": digest, **made_of}.items() if held.get(key) != value]
    if other:
        what = "something else than these results" if "digest" in other else f"results of other {' and '.join(other)}"
        raise InputError(f"{folder} exists and holds {what}; move it away, or choose --results elsewhere")
    return folder


def _manifest_in(folder: Path) -> dict[str, object]:
    """The manifest of the results that a folder holds; empty where it holds something else."""
    try:
        manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return manifest if isinstance(manifest, dict) else {}
