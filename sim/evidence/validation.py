"""The scorecard: every published study against the frozen parameter sets, failures first, rivals beside.

Nothing here can change a parameter. `validate` runs all studies in the worlds of the sets and judges them; `ablate`
shows what each mechanism does to the result; `prior_predictive` is the third rival, made once from draws of the priors
and stored with its digest.
"""

from __future__ import annotations

import hashlib
import io
import math
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd

from sim import policies
from sim.calibration import calibrate, ensemble
from sim.drafted import put
from sim.engine.lane import Lane
from sim.engine.plan import Plan
from sim.errors import InputError
from sim.evidence import moments, standing, studies
from sim.evidence.judging import Scorecard, quantiles, scorecard
from sim.evidence.studies import Study
from sim.evidence.trials import Draw, run_draw
from sim.latin_hypercube import scattered
from sim.population import TwoPieceLognormal, synthesise
from sim.progress import Tell, quiet
from sim.shipped import folder
from sim.start import wire
from sim.survey import read_aggregates
from sim.workers import answers

VILLAGES, HOUSEHOLDS = 240, 48  # of each world: all 236 villages of GoBifo, in each enough of the poorest tenth
SEED = 31_000  # of populations and lucks, apart from those of calibration
QUICK, QUICK_VILLAGES = 8, 100  # sets and villages of a first look, and of each column of the ablation table
#: Mechanism -> its rules that can be held without breaking the quarter: their columns keep what the start gave them.
HOLDS: dict[str, tuple[str, ...]] = {
    "luck": ("luck", "weather", "macro_cycle"),
    "participation": ("aware", "facilitation_effect"),
    "production": ("works_benefit", "time_cost"),
    "market": ("exposure",),
    "collective": ("contribution", "institution_quality"),
    "choice": ("misjudgement", "capture"),
    "works": ("works",),
    "targeting": ("proxy_misreading",),
    "savings_group": ("paid_in", "loan_asked"),
    "sharing": ("gift",),
    "saving": ("distress_sale",),
    "learning": ("efficacy", "skill"),
    "lending": ("group_asked", "lender_loan"),
}


@dataclass(frozen=True)
class Worlds:
    """Where studies are repeated.

    Attributes
    ----------
    villages, households
        Of each world; every set has a population and a luck of its own.
    folders
        Where the studies are; the shipped folder by default.
    executor
        Where draws run; by default as many threads as there are processors. Results do not depend on it.
    """

    villages: int = VILLAGES
    households: int = HOUSEHOLDS
    seed: int = SEED
    folders: Sequence[Path] = ()
    executor: Executor | None = None
    tell: Tell = quiet


def studies_of(plan: Plan, folders: Sequence[Path] = ()) -> tuple[Study, ...]:
    """The shipped studies, or those of the folders that are named, checked against the model."""
    return tuple(studies.read_studies(plan, policies.catalogue(), moments.KNOWN, folders))


def validate(
    sets: Sequence[Mapping[str, float]],
    variant: str,
    worlds: Worlds = Worlds(),
    held: Sequence[str] = (),
) -> Scorecard:
    """Run every study in the world of every parameter set, and judge.

    Parameters
    ----------
    sets, variant
        Parameter sets, each "rule.argument" -> value (what it does not name keeps its default), and their name.
    held
        Rules that are switched off.
    """
    began = time.perf_counter()
    lane = Lane(wire())
    studies = studies_of(lane.plan, worlds.folders)
    draws = run_all(lane, studies, sets, worlds, held)
    at_rest = [draw for draw in draws if not draw.failed]
    if not at_rest:
        raise InputError(
            f"no parameter set of {variant} has a world at rest: {draws[0].failed if draws else 'no sets'}"
        )
    prior, stale = read_prior() if prior_path().is_file() else (pd.DataFrame({"variant": []}), False)
    own = prior[prior["variant"] == variant]
    manifest: dict[str, object] = {
        "variant": variant,
        "parameter sets": len(draws),
        "worlds at rest": len(at_rest),
        "villages": worlds.villages,
        "households a village": worlds.households,
        "seed": worlds.seed,
        "digest of the model": ensemble.rules_digest(),
        "digest of the studies": standing.studies_digest(worlds.folders),
        "prior draws": int(own["draws"].max()) if len(own) else 0,
        "prior predictive is of other studies or another model": "yes" if stale else "no",
        "seconds": round(time.perf_counter() - began, 1),
    }
    return scorecard(studies, at_rest, variant, lane.plan, own, manifest)


def run_all(
    lane: Lane,
    studies: Sequence[Study],
    sets: Sequence[Mapping[str, float]],
    worlds: Worlds,
    held: Sequence[str] = (),
    sampled: bool = True,
) -> list[Draw]:
    """One draw a set, in the order of the sets."""
    size = worlds.villages, worlds.households  # an executor and `tell` may not go to another process
    calls = [(lane, studies, one, *size, worlds.seed + k, held, sampled) for k, one in enumerate(sets)]
    return answers(_draw, calls, worlds.executor, partial(worlds.tell, "parameter sets"))


def _draw(
    lane: Lane,
    studies: Sequence[Study],
    parameters: Mapping[str, float],
    villages: int,
    households: int,
    seed: int,
    held: Sequence[str],
    sampled: bool,
) -> Draw:
    """A population of its own, a luck of its own, one parameter set."""
    aggregates = read_aggregates()
    population = synthesise(aggregates, villages, households, seed)
    return run_draw(lane, studies, parameters, population, TwoPieceLognormal.published(aggregates), seed, held, sampled)


# -- mechanisms off ---------------------------------------------------------------------------------------------------


def ablate(
    sets: Sequence[Mapping[str, float]],
    variant: str,
    worlds: Worlds = Worlds(QUICK_VILLAGES),
) -> pd.DataFrame:
    """The scorecard with each mechanism off, solved anew on the first `QUICK` sets.

    Returns
    -------
    DataFrame
        variant, study, outcome, a column "whole" and one a mechanism: verdicts.
    """
    columns: dict[str, pd.Series] = {}
    for place, (name, held) in enumerate({"whole": (), **HOLDS}.items()):
        worlds.tell("mechanisms off", place, 1 + len(HOLDS))
        try:
            card = validate(sets[:QUICK], variant, replace(worlds, tell=quiet), held)
        except InputError:
            if not held:
                raise
            # without this mechanism no world is at rest
            columns[name] = pd.Series("no world", columns["whole"].index)
            continue
        columns[name] = card.rows.set_index(["variant", "study", "outcome"])["verdict"]
    worlds.tell("mechanisms off", 1 + len(HOLDS), 1 + len(HOLDS))
    return pd.DataFrame(columns).reindex(columns["whole"].index).reset_index()


# -- the third rival --------------------------------------------------------------------------------------------------


def prior_path() -> Path:
    """Where the prior predictive is stored."""
    return folder("scenarios") / "data" / "prior_predictive.csv"


def prior_sets(plan: Plan, variant: str, count: int, seed: int = SEED) -> list[dict[str, float]]:
    """`count` parameter sets spread evenly over the priors of a structural variant, less those that it cannot have."""
    spans = calibrate.priors(plan, variant)
    sets = [calibrate.complete(one, variant) for one in scattered(spans, count, np.random.default_rng(seed))]
    known, lumpy = plan.parameters, calibrate.LUMPY if variant == "trap_on" else ()
    return [one for one in sets if all(known[name].low <= one[name] <= known[name].high for name in lumpy)]


def prior_predictive(
    sets: Sequence[Mapping[str, float]],
    variant: str,
    worlds: Worlds = Worlds(QUICK_VILLAGES),
) -> pd.DataFrame:
    """True effects under sets drawn from the priors (500 or more): variant, study, outcome, draws, low, mean, high."""
    lane = Lane(wire())
    studies = studies_of(lane.plan, worlds.folders)
    draws = run_all(lane, studies, sets, worlds, sampled=False)
    rows = []
    for study in studies:
        for k, outcome in enumerate(study.outcomes):
            seen = (draw.seen[study.id, k].true for draw in draws if (study.id, k) in draw.seen)
            true = [value for value in seen if math.isfinite(value)]
            if true:
                low, high = quantiles(true)
                rows.append((variant, study.id, outcome.name, len(true), low, float(np.mean(true)), high))
    return pd.DataFrame(rows, columns=["variant", "study", "outcome", "draws", "low", "mean", "high"])


def renew_prior(frames: Sequence[pd.DataFrame], path: Path | None = None, folders: Sequence[Path] = ()) -> Path:
    """Store the prior predictive of all variants with the digests of its rows, the studies and the rules."""
    path = path or prior_path()
    body = pd.concat(frames, ignore_index=True).to_csv(index=False, float_format="%.6g", lineterminator="\n")
    head = f"# rows {_sha(body)} studies {standing.studies_digest(folders)} model {ensemble.rules_digest()}\n"
    put(path, head + body)
    return path


def read_prior(path: Path | None = None, folders: Sequence[Path] = ()) -> tuple[pd.DataFrame, bool]:
    """The stored prior predictive, and whether studies or model have changed since.

    Raises
    ------
    InputError
        When its rows are not those that were stored.
    """
    path = path or prior_path()
    with path.open(encoding="utf-8", newline="") as file:
        head, body = file.readline(), file.read()
    words = head.split()
    if len(words) != 7 or words[2] != _sha(body):
        raise InputError(f"{path}: its rows are not those of its digest; make it anew")
    now = (standing.studies_digest(folders), ensemble.rules_digest())
    return pd.read_csv(io.StringIO(body)), (words[4], words[6]) != now


def _sha(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
