"""The calibrated ensemble: parameter sets that reproduce the fitted targets, stored with where they came from."""

from __future__ import annotations

import csv
import hashlib
import io
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path

from sim.errors import InputError
from sim.shipped import folder

VARIANTS = ("trap_off", "trap_on")


def path(variant: str) -> Path:
    """The file of a structural variant's parameter sets."""
    if variant not in VARIANTS:
        raise InputError(f"there is no structural variant {variant}; there are {' and '.join(VARIANTS)}")
    return folder("scenarios") / "data" / f"ensemble_{variant}.csv"


def load(variant: str) -> list[dict[str, float]]:
    """All parameter sets of a structural variant: each a full set by "rule.argument"."""
    found = path(variant)
    if not found.is_file():
        raise InputError(f"{found} is missing: `swadaya calibrate` makes it")
    with found.open(encoding="utf-8", newline="") as file:
        return [{name: float(value) for name, value in row.items()} for row in csv.DictReader(file)]


def text(sets: Sequence[Mapping[str, float]]) -> str:
    """Parameter sets as CSV, every number to its last bit."""
    out = io.StringIO()
    names = list(sets[0])
    writer = csv.DictWriter(out, names, lineterminator="\n")
    writer.writeheader()
    writer.writerows({name: repr(float(one[name])) for name in names} for one in sets)
    return out.getvalue()


def digest(variant: str) -> str:
    """SHA-256 of a variant's file."""
    return hashlib.sha256(path(variant).read_bytes()).hexdigest()


def provenance() -> dict[str, object]:
    """How the ensemble was made, as it was written down then."""
    with (folder("scenarios") / "data" / "ensemble.toml").open("rb") as file:
        return tomllib.load(file)
