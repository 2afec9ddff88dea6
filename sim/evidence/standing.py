"""Where the model stands: the verdicts of the last full validation, stored, and what they forbid to claim.

The verdicts are a small file beside the ensemble, with the digests of what they are of. Whoever shows results of the
model prints `warnings()` with them, without running a study; when model, ensemble or studies have changed since, the
warnings begin with that.
"""

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import pandas as pd

from sim.calibration import ensemble
from sim.drafted import put
from sim.errors import InputError
from sim.evidence import studies
from sim.evidence.judging import Scorecard, barred
from sim.language import listed, mark, say
from sim.shipped import code_of, folder

OUTCOME = ("variant", "study", "outcome")
COLUMNS = (*OUTCOME, "deciding", "verdict", "bars")
#: What decides on verdicts beside the files of the studies.
JUDGES = tuple(f"evidence/{name}.py" for name in ("estimates", "judging", "moments", "studies", "trials", "validation"))
NEVER = mark("Not validated: no scorecard is stored with this model; “swadaya validate” makes one.")
CHANGED = mark("Not validated since {what} changed: “swadaya validate” shows where it stands now. Before the change:")
DIGESTS = {"model": mark("the model"), "ensemble": mark("the ensemble"), "studies": mark("the studies")}
#: Verdicts as people read them; in files they stay as they are.
VERDICTS = {
    "FAIL": mark("FAIL"),
    "NOT REPRESENTED": mark("NOT REPRESENTED"),
    "UNINFORMATIVE": mark("UNINFORMATIVE"),
    "WARN": mark("WARN"),
    "PASS*": mark("PASS*"),
    "PASS": mark("PASS"),
}


def path() -> Path:
    """The file of the stored verdicts."""
    return folder("scenarios") / "data" / "scorecard.csv"


def studies_digest(folders: Sequence[Path] = ()) -> str:
    """Digest of the files of the studies and of the code that judges them; its words do not count."""
    return hashlib.sha256((studies.digest(folders) + code_of(*JUDGES)).encode()).hexdigest()


def ensemble_digest(variants: Iterable[str]) -> str:
    """Digest of the ensembles of some variants, as they are stored."""
    found = [ensemble.digest(name) if ensemble.path(name).is_file() else "none" for name in sorted(set(variants))]
    return hashlib.sha256(" ".join(found).encode()).hexdigest()


def _now(variants: Iterable[str]) -> dict[str, str]:
    """What verdicts are of, by name."""
    return {"model": ensemble.rules_digest(), "ensemble": ensemble_digest(variants), "studies": studies_digest()}


def store(cards: Sequence[Scorecard], ablated: pd.DataFrame | None = None, where: Path | None = None) -> Path:
    """Write the verdicts of a full validation, with the digests of what they are of.

    `ablated` is what `sim.evidence.validation.ablate` found: verdicts over fewer sets, of the "whole" model and with
    each mechanism off, which stand in further columns.
    """
    where = where or path()
    rows = pd.concat([card.rows for card in cards], ignore_index=True)[list(COLUMNS)]
    if ablated is not None:
        rows = rows.merge(ablated, on=list(OUTCOME), how="left", validate="one_to_one")
    head = " ".join(f"{name} {digest}" for name, digest in _now(rows["variant"]).items())
    put(where, f"# {head}\n{rows.to_csv(index=False, lineterminator=chr(10))}")
    return where


def read(where: Path | None = None) -> tuple[pd.DataFrame, dict[str, str]]:
    """The stored verdicts, and the digests of what they are of.

    Raises
    ------
    InputError
        When the file is not one that `store` wrote.
    """
    where = where or path()
    head, _, body = where.read_text(encoding="utf-8").partition("\n")
    words = head.split()[1:]
    digests = dict(zip(words[::2], words[1::2], strict=False))
    rows = pd.read_csv(io.StringIO(body), keep_default_na=False) if body else pd.DataFrame()
    if not {"model", "ensemble", "studies"} <= set(digests) or not set(COLUMNS) <= set(rows):
        raise InputError(f"{where}: is not a stored scorecard; `swadaya validate --store` makes it anew")
    return rows, digests


def warnings(where: Path | None = None) -> list[str]:
    """What whoever reads results must be told, a sentence each; none where every study that bars a claim passed."""
    where = where or path()
    if not where.is_file():
        return [say(NEVER)]
    rows, then = read(where)
    changed = [name for name, digest in _now(rows["variant"]).items() if then[name] != digest]
    told = [say(CHANGED, what=listed(say(DIGESTS[name]) for name in changed))] if changed else []
    form, alike = mark("Validation, {variants}: no {claim} ({studies})."), dict[tuple[str, str], list[str]]()
    for variant, claim, why in _barred(rows):
        alike.setdefault((claim, why), []).append(variant)
    return told + [
        say(form, variants=listed(variants), claim=claim, studies=why) for (claim, why), variants in alike.items()
    ]


def may_not(rows: pd.DataFrame) -> list[str]:
    """What some verdicts bar, a sentence a variant and claim."""
    form = mark("{variant}: no {claim} ({studies}).")
    return [say(form, variant=variant.capitalize(), claim=claim, studies=why) for variant, claim, why in _barred(rows)]


def _barred(rows: pd.DataFrame) -> Iterator[tuple[str, str, str]]:
    """Variant, claim, and studies with their verdicts, as people read them."""
    for (variant, claim), why in barred(rows).items():
        yield say(variant.replace("_", " ")), say(claim), ", ".join(judged(*one) for one in why)


def judged(study: str, verdict: str) -> str:
    """A study or target and its verdict, as people read it."""
    return f"{study} {say(VERDICTS[verdict])}"
