"""A validation as it is asked for on the command line: what is run, where it is written, what is told."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import pandas as pd

from sim.calibration import ensemble
from sim.errors import InputError
from sim.evidence import standing, studies, validation
from sim.evidence.judging import Scorecard
from sim.evidence.validation import Worlds
from sim.experiment.results import folder_named, made_with
from sim.language import listed, mark, say
from sim.progress import Tell
from sim.report import said, scorecard
from sim.start import wire

LEAST = 500  # draws of the priors that make a rival
OLD = mark("Its parameter sets were found with other rules: `swadaya calibrate` finds them anew.")
EARLY = mark("The prior predictive was made with other studies or rules: `swadaya validate --prior 600` makes it anew.")
NONE = mark("No prior predictive is stored: `swadaya validate --prior 600` makes it.")


@dataclass(frozen=True)
class Asked:
    """What is to be validated: structural variants, with how much, against which studies."""

    variants: tuple[str, ...]
    quick: bool = False
    studies: Path | None = None
    store: bool = False

    def __post_init__(self) -> None:
        if self.store and (self.quick or self.studies or set(self.variants) != set(ensemble.VARIANTS)):
            raise InputError("--store keeps a full validation only: not with --quick, --variant or --studies")

    @property
    def folders(self) -> tuple[Path, ...]:
        """Where the studies are."""
        return (studies.shipped(), self.studies) if self.studies else ()

    @property
    def villages(self) -> int:
        """Of each world."""
        return validation.QUICK_VILLAGES if self.quick else validation.VILLAGES

    @cached_property
    def about(self) -> dict[str, object]:
        """What decides the result, for the manifest; wrong studies and missing ensembles are told here."""
        validation.studies_of(wire(), self.folders)
        sets = {variant: len(ensemble.load(variant)) for variant in self.variants}
        decided = {
            "variants": {variant: ensemble.digest(variant) for variant in self.variants},
            "sets": {variant: min(count, validation.QUICK) if self.quick else count for variant, count in sets.items()},
            "rules": ensemble.rules_digest(),
            "studies": standing.studies_digest(self.folders),
            "villages": self.villages,
            "households": validation.HOUSEHOLDS,
            "seed": validation.SEED,
            "ablation": not self.quick,
        }
        digest = hashlib.sha256(json.dumps(decided, sort_keys=True).encode()).hexdigest()
        return {"name": "validation", "digest": digest, "quick": self.quick, **decided}

    def first_look(self) -> str:
        """What a reader must know of a first look; nothing of a full validation."""
        if not self.quick:
            return ""
        form = mark("{sets} of {whole} with {variant}")
        whole = {variant: len(ensemble.load(variant)) for variant in self.variants}
        sets = (
            say(form, sets=min(count, validation.QUICK), whole=count, variant=said(variant))
            for variant, count in whole.items()
        )
        return say(
            "This is a first look: parameter sets {sets}, worlds of {villages} villages and not {all}, no mechanism "
            "switched off. The verdicts of record are those that are stored with the model; where others stand here, "
            "they hold.",
            sets=listed(sets), villages=self.villages, all=validation.VILLAGES,
        )  # fmt: skip

    def folder(self, base: Path) -> Path:
        """The folder of these results."""
        return folder_named("validation", str(self.about["digest"]), base)

    def write(self, folder: Path, executor: Executor, tell: Tell) -> tuple[list[Scorecard], pd.DataFrame | None]:
        """Run all of it and write page, tables and manifest into a folder that exists; a first look ablates nothing."""
        cards, ablated = [], []
        for variant in self.variants:
            sets = ensemble.load(variant)
            worlds = Worlds(
                self.villages,
                validation.HOUSEHOLDS,
                folders=self.folders,
                executor=executor,
                tell=of(variant, tell),
            )
            cards.append(validation.validate(sets[: validation.QUICK] if self.quick else sets, variant, worlds))
            if not self.quick:
                smaller = replace(worlds, villages=min(worlds.villages, validation.QUICK_VILLAGES))
                ablated.append(validation.ablate(sets, variant, smaller))
        frame = pd.concat(ablated, ignore_index=True) if ablated else None
        scorecard.write(cards, folder, frame, {**self.about, **made_with()}, self.first_look())
        return cards, frame


def of(variant: str, tell: Tell) -> Tell:
    """Tells also of which variant."""
    return lambda doing, done, whole: tell(f"{say(doing)}, {said(variant)}", done, whole)


def told(card: Scorecard) -> list[object]:
    """What the terminal shows of a scorecard: the table, what came out, what may not be claimed, what is old."""
    remarks = [OLD] if ensemble.stale(card.variant) else []
    if not card.manifest["prior draws"]:
        remarks.append(NONE)
    elif card.manifest["prior predictive is of other studies or another model"] == "yes":
        remarks.append(EARLY)
    words = [*standing.may_not(card.rows), *map(say, remarks), ""]
    return [scorecard.terminal(card), scorecard.result(card), *words]


def renew_prior(variants: Sequence[str], count: int, executor: Executor, tell: Tell) -> Path:
    """Make the prior predictive of both variants anew and store it.

    Raises
    ------
    InputError
        When there are fewer draws than make a rival, or one variant only is asked for.
    """
    if count < LEAST or set(variants) != set(ensemble.VARIANTS):
        raise InputError(f"--prior: takes {LEAST} draws or more, of both variants")
    plan, frames = wire(), []
    for variant in variants:
        small = validation.QUICK_VILLAGES
        worlds = Worlds(small, validation.HOUSEHOLDS, executor=executor, tell=of(variant, tell))
        frames.append(validation.prior_predictive(validation.prior_sets(plan, variant, count), variant, worlds))
    return validation.renew_prior(frames)
