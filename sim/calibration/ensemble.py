"""The calibrated ensemble: parameter sets that reproduce the fitted targets, stored with where they came from."""

from __future__ import annotations

import csv
import hashlib
import io
import math
import tomllib
from collections.abc import Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import asdict
from datetime import date
from functools import cache
from pathlib import Path

import pandas as pd

from sim.calibration.calibrate import BELOW, FACED, VARIANTS, Calibration, checked
from sim.calibration.fitted import MOMENTS
from sim.calibration.look import Where, fingerprint, look
from sim.drafted import put
from sim.errors import InputError
from sim.language import say
from sim.progress import Tell
from sim.shipped import code_of, folder
from sim.survey import RURAL_2017

METHOD = (
    "History matching in waves with polynomial emulators; every kept set was simulated in several populations and is "
    "inside the bands by its own moments, less what chance the defaults have in the same populations, and inside again "
    "in populations that it had not met."
)
#: What says what a parameter does, who is there to meet it, and what is measured of them.
RULES = (
    "agents", "engine", "metrics", "policies", "processes", "flows.py", "ledger.py", "model.py", "population.py",
    "start.py", "survey.py", "ties.py", "calibration/fitted.py",
)  # fmt: skip
BAR, BARRED = 0.9, ("V1", "V2")  # share of sets that must have all moments of these targets in fresh populations


def home() -> Path:
    """The folder of the shipped ensemble."""
    return folder("scenarios") / "data"


def path(variant: str, where: Path | None = None) -> Path:
    """The file of a structural variant's parameter sets."""
    return (where or home()) / f"ensemble_{checked(variant)}.csv"


def load(variant: str, where: Path | None = None) -> list[dict[str, float]]:
    """All parameter sets of a structural variant: each a full set by "rule.argument"."""
    found = path(variant, where)
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


def digest(variant: str, where: Path | None = None) -> str:
    """SHA-256 of a variant's file."""
    return hashlib.sha256(path(variant, where).read_bytes()).hexdigest()


@cache
def rules_digest() -> str:
    """SHA-256 of all code and figures that decide what becomes of a parameter set; read once, as the code itself is."""
    whole = hashlib.sha256(code_of(*RULES).encode())
    whole.update(RURAL_2017.read_bytes().replace(b"\r\n", b"\n"))
    return whole.hexdigest()


def provenance(where: Path | None = None) -> dict[str, dict]:
    """How each variant's ensemble was made, as it was written down then."""
    file = (where or home()) / "ensemble.toml"
    return tomllib.loads(file.read_text(encoding="utf-8")) if file.is_file() else {}


def stale(variant: str, where: Path | None = None) -> bool:
    """Whether the rules, or the file itself, have changed since the sets were found."""
    known = provenance(where).get(checked(variant), {})
    return known.get("rules") != rules_digest() or known.get("sets_sha256") != digest(variant, where)


# -- what is written --------------------------------------------------------------------------------------------------


def quality(calibration: Calibration) -> pd.DataFrame:
    """One row a moment: its band, its quantiles over the sets in fresh populations, the share of sets inside."""
    rows = []
    for moment in MOMENTS:
        fresh = calibration.fresh[moment.name]
        inside = float(fresh.between(moment.low, moment.high).mean())
        about = (moment.name, moment.target, moment.unit, moment.low, moment.high)
        rows.append((*about, *fresh.quantile([0.05, 0.5, 0.95]), inside))
    quantiles = [f"fresh_{share}" for share in (5, 50, 95)]
    return pd.DataFrame(rows, columns=["moment", "target", "unit", "low", "high", *quantiles, "inside"])


def inside_together(fresh: pd.DataFrame) -> dict[str, float]:
    """Target -> share of sets that have all of its moments inside their bands in fresh populations."""
    found = {}
    for target in dict.fromkeys(moment.target for moment in MOMENTS):
        fine = [fresh[m.name].between(m.low, m.high) for m in MOMENTS if m.target == target]
        found[target] = float(pd.concat(fine, axis=1).all(axis=1).mean())
    return found


def explained(calibration: Calibration) -> dict[str, dict[str, list[float]]]:
    """Window -> factor -> part of the headcount in points: mean, 5th and 95th percentile over the sets."""
    found: dict[str, dict[str, list[float]]] = {}
    for row in calibration.decomposition.itertuples(index=False):
        found.setdefault(row.window, {})[row.factor] = [row.estimate, row.low, row.high]
    return found


def record(calibration: Calibration, file: str) -> dict:
    """What is to be known of an ensemble, ready for TOML."""
    waves = {
        f"wave_{number}": {"tried": tried, "refused": sum(reasons.values()), "because": reasons}
        for number, (tried, reasons) in enumerate(calibration.waves, 1)
    }
    table = quality(calibration).set_index("moment").drop(columns=["unit", "target"])
    ranges = {BELOW: list(FACED)} if calibration.variant == "trap_on" else {}
    changed = calibration.moved[calibration.moved["verdict"] == "moved"]
    return {
        "made": date.today().isoformat(),
        "method": METHOD,
        "seed": calibration.seed,
        "sets": len(calibration.sets),
        "sets_sha256": hashlib.sha256(file.encode()).hexdigest(),
        "rules": rules_digest(),
        "seconds": round(calibration.seconds),
        "share_of_prior_left": calibration.left,
        "moved": list(changed["parameter"]),
        "settings": {k: list(v) if isinstance(v, tuple) else v for k, v in asdict(calibration.settings).items()},
        "conditions": ranges,
        "looked_at_again": calibration.looked_at_again,
        "fresh_look": asdict(calibration.settings.where(10_000 * calibration.seed + 8_000)),
        "fingerprint": calibration.fingerprint,
        "inside_in_fresh_populations": inside_together(calibration.fresh),
        **waves,
        "accepted_between": {name: list(band) for name, band in calibration.bands.items()},
        "headcount_explained": explained(calibration),
        "threshold": {row.share: [row.estimate, row.low, row.high] for row in calibration.threshold.itertuples()},
        "moments": {name: row.to_dict() for name, row in table.iterrows()},
    }


def write(calibration: Calibration, where: Path | None = None) -> list[Path]:
    """Store a variant's sets, and say in ensemble.toml where they came from; the other variant's entry stays."""
    if not calibration.sets:
        raise InputError(f"{calibration.variant}: no parameter set reproduces the fitted targets; nothing was written")
    where = where or home()
    where.mkdir(parents=True, exist_ok=True)
    sets, known = path(calibration.variant, where), provenance(where)
    content = text(calibration.sets)
    known[calibration.variant] = record(calibration, content)
    put(sets, content)
    return [sets, _write_provenance(known, where)]


def _write_provenance(known: Mapping[str, Mapping], where: Path) -> Path:
    about = where / "ensemble.toml"
    head = "# How the parameter sets in ensemble_*.csv were found. Written by `swadaya calibrate`; do not edit.\n"
    tables = [line for variant in VARIANTS if variant in known for line in _toml(variant, known[variant])]
    put(about, head + "\n".join(tables) + "\n")
    return about


def confirm(
    variant: str,
    sets: Sequence[Mapping[str, float]],
    new: Sequence[str],
    where: Path | None,
    executor: Executor | None,
    tell: Tell,
) -> str:
    """Whether frozen sets reproduce their targets under the rules of today too; if so, store that they do.

    Parameters
    ----------
    sets, new
        The frozen sets with the parameters that came after them, and the names of these.

    Returns
    -------
    str
        What was found, in words.

    Raises
    ------
    InputError
        When fewer of them than the bar demands do; nothing is written.
    """
    where = where or home()
    known, content = provenance(where), text(sets)
    about = known[checked(variant)]
    elsewhere = Where(**about["fresh_look"])
    if (bits := fingerprint(sets, elsewhere, executor, tell)) == about["fingerprint"]:
        told = say("what is fitted is the same to the last bit under the rules of today")
    else:
        together = inside_together(look(sets, elsewhere, executor, tell))
        shares = ", ".join(f"{target} {share:.0%}" for target, share in together.items())
        told = say("{shares} of sets inside", shares=shares)
        if any(share < BAR for target, share in together.items() if target in BARRED):
            raise InputError(
                f"{variant}: the rules have changed what the frozen sets reproduce ({shares} of sets inside, {BAR:.0%} "
                f"are needed of {' and '.join(BARRED)}); nothing was written: `swadaya calibrate` finds sets anew"
            )
        about |= {"fingerprint": bits, "inside_in_fresh_populations": together}
    frozen = about.get("frozen", {key: about[key] for key in ("made", "rules", "sets_sha256")})
    about |= {
        "made": date.today().isoformat(),
        "rules": rules_digest(),
        "sets_sha256": hashlib.sha256(content.encode()).hexdigest(),
        "frozen": frozen | {"added_since": [*frozen.get("added_since", []), *new]},
    }
    put(path(variant, where), content)
    _write_provenance(known, where)
    return told


def _toml(name: str, table: Mapping) -> list[str]:
    """A table and those inside it."""
    plain = {key: value for key, value in table.items() if not isinstance(value, Mapping)}
    lines = ["", f"[{name}]", *(f"{_key(key)} = {_value(value)}" for key, value in plain.items())]
    for key, value in table.items():
        if isinstance(value, Mapping):
            lines += _toml(f"{name}.{_key(key)}", value)
    return lines


def _key(name: str) -> str:
    return name if name.replace("_", "").isalnum() else f'"{name}"'


def _value(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list):
        return "[" + ", ".join(_value(one) for one in value) + "]"
    if isinstance(value, float):
        return "nan" if math.isnan(value) else repr(float(value))
    return str(value) if isinstance(value, int) else '"' + str(value).replace('"', '\\"') + '"'
