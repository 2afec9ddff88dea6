"""What the ensemble says of the article's claims: in how many parameter sets each holds, and under which conditions.

Every set has a population and lucks of its own, so that a share of sets is over parameters, people and luck together.
The verdicts are a small file beside the ensemble, with the digests of what they are of; `stale` says when any of it has
changed since.
"""

from __future__ import annotations

import hashlib
import io
import math
from collections.abc import Mapping, Sequence
from concurrent.futures import Executor
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd

from sim import policies
from sim.calibration import ensemble
from sim.claims import statements
from sim.claims.case import Case, ranks, series
from sim.claims.statements import Claim
from sim.claims.statistics import STATISTICS
from sim.drafted import put
from sim.engine.lane import Lane
from sim.engine.plan import Plan
from sim.errors import InputError, NotFiniteError
from sim.experiment import study
from sim.experiment.compare import Comparison
from sim.experiment.run import run_arm
from sim.intervals import wilson
from sim.progress import Tell, quiet
from sim.scenario import Known, Scenario, load
from sim.shipped import code_of, folder
from sim.start import wire
from sim.workers import answers

VILLAGES, HOUSEHOLDS, LUCKS = 12, 100, 3  # of each set
SEED = 47_000  # of populations and lucks, apart from those of calibration and validation
PERMUTATIONS, LEVEL = 2000, 0.05  # of the search for conditions: chance of a false alarm over all parameters together
FEWEST = 5  # sets on either side of a condition
NOMINAL = 0.95  # of intervals of shares of sets
COLUMNS = (
    "variant", "claim", "statistic", "unit", "sets", "holds", "share", "low", "high", "undefined",
    "value_5", "value_50", "value_95", "condition", "side", "separation",
)  # fmt: skip


def question(known: Known) -> Scenario:
    """The article's scenario at the size at which every set runs it; no class of villages is asked for."""
    asked = load("article", known)
    people = asked.population.model_copy(update={"villages": VILLAGES, "households": HOUSEHOLDS})
    return asked.model_copy(
        update={
            "population": people,
            "replications": asked.replications.model_copy(update={"seeds": LUCKS, "sets": 1}),
            "twins": asked.twins.model_copy(update={"withdrawal": False}),
        }
    )


def offered(plan: Plan, arms: Sequence[str]) -> statements.Known:
    """What the article's claims may name."""
    named = series()
    elements = {*plan.table_of, *plan.parameters, *named, *policies.catalogue()}
    needs = {name: (*found.arms, found.of_metric) for name, found in STATISTICS.items()}
    return statements.Known(elements, set(named), list(arms), needs)


# -- what is computed -------------------------------------------------------------------------------------------------


def values(
    asked: Scenario,
    sentences: Sequence[Claim],
    sets: Sequence[Mapping[str, float]],
    executor: Executor | None = None,
    tell: Tell = quiet,
) -> pd.DataFrame:
    """Every statistic in every set, a row a set and a column a claim; nan where a set has no world at rest."""
    lane = Lane(wire())
    tested = [claim for claim in sentences if claim.statistic]
    calls = [(lane, _own(asked, place), tested, one) for place, one in enumerate(sets)]
    rows = answers(_values_of, calls, executor, partial(tell, "parameter sets"))
    return pd.DataFrame(rows, columns=["at rest", *(claim.id for claim in tested)])


def _own(asked: Scenario, place: int) -> Scenario:
    """The scenario among people, and under lucks, that only one set meets."""
    people = asked.population.model_copy(update={"seed": SEED + place})
    luck = asked.replications.model_copy(update={"first_seed": SEED + place * asked.replications.seeds})
    return asked.model_copy(update={"population": people, "replications": luck})


def _values_of(lane: Lane, asked: Scenario, sentences: Sequence[Claim], one: Mapping[str, float]) -> dict[str, float]:
    """All statistics in one set."""
    try:
        found = case(asked, one, lane)
        return {"at rest": 1.0, **{c.id: STATISTICS[c.statistic].function(found, c) for c in sentences}}
    except (InputError, NotFiniteError):
        return {"at rest": 0.0, **{claim.id: math.nan for claim in sentences}}


def case(asked: Scenario, parameters: Mapping[str, float], lane: Lane | None = None) -> Case:
    """All arms of the scenario in the world of one parameter set."""
    world, flows = study.build(asked, parameters, lane), study.programmes(asked)
    measures = series()
    runs = [run_arm(asked, world, arm, flows[arm], seed, measures) for seed in asked.seeds for arm in flows]
    return Case(Comparison(asked, dict.fromkeys(asked.seeds, world), runs), world, flows)


# -- what is said of it -----------------------------------------------------------------------------------------------


def separations(held: np.ndarray, placed: np.ndarray) -> np.ndarray:
    """How well each parameter tells the sets where a claim holds from the others: area under the curve less a half.

    Parameters
    ----------
    held
        Whether it holds, shape (..., sets); as many in every row.
    placed
        Ranks of the parameters over the sets, shape (sets, parameters).
    """
    there = int(held.reshape(-1, held.shape[-1])[0].sum())
    others = held.shape[-1] - there
    return (held @ placed - there * (there + 1) / 2.0) / (there * others) - 0.5


def condition(held: np.ndarray, sets: pd.DataFrame) -> tuple[str, str, float]:
    """The parameter that best tells where a claim holds, the side, and how well; empty where chance does as well.

    Chance is the best of all parameters when the labels are shuffled, so that many parameters make no false alarm.
    """
    varied = [name for name in sets if sets[name].nunique() > 1]
    if min(held.sum(), (~held).sum()) < FEWEST or not varied:
        return "", "", math.nan
    placed = np.column_stack([ranks(sets[name].to_numpy()) for name in varied])
    found = separations(held.astype(float), placed)
    best = int(np.argmax(np.abs(found)))
    shuffled = np.random.default_rng(SEED).permuted(np.tile(held.astype(float), (PERMUTATIONS, 1)), axis=1)
    chance = np.quantile(np.abs(separations(shuffled, placed)).max(axis=1), 1.0 - LEVEL)
    if abs(found[best]) <= chance:
        return "", "", math.nan
    return varied[best], "high" if found[best] > 0.0 else "low", float(0.5 + abs(found[best]))


def verdicts(
    variant: str, sentences: Sequence[Claim], sets: Sequence[Mapping[str, float]], found: pd.DataFrame
) -> pd.DataFrame:
    """One row a claim that has a statistic: in how many sets it holds, the spread of the values, and the condition."""
    there = found["at rest"].to_numpy() > 0.0
    drawn, rows = pd.DataFrame([dict(one) for one in sets])[there].reset_index(drop=True), []
    for claim in (claim for claim in sentences if claim.statistic):
        numbers = found[claim.id].to_numpy()[there]
        held = np.array([claim.holds(value) for value in numbers])
        whole, yes = len(held), int(held.sum())
        # a value that is infinite is one at the far end, and only what is no number is left out
        known = np.sort(numbers[~np.isnan(numbers)])
        spread = (
            [known[round(share * (len(known) - 1))] for share in (0.05, 0.5, 0.95)] if len(known) else [math.nan] * 3
        )
        about = STATISTICS[claim.statistic]
        rows.append((
            variant, claim.id, claim.statistic, about.unit_for(claim), whole, yes, yes / whole,
            *wilson(yes, whole, NOMINAL), int(np.isnan(numbers).sum()), *spread, *condition(held, drawn),
        ))  # fmt: skip
    return pd.DataFrame(rows, columns=list(COLUMNS))


def stored_variants(where: Path | None = None) -> tuple[str, ...]:
    """The structural variants that have an ensemble; refused where none has."""
    found = tuple(name for name in ensemble.VARIANTS if ensemble.path(name, where).is_file())
    if not found:
        raise InputError("there is no ensemble to ask: `swadaya calibrate` finds the parameter sets")
    return found


def ask(
    variant: str,
    count: int | None = None,
    executor: Executor | None = None,
    tell: Tell = quiet,
    where: Path | None = None,
) -> pd.DataFrame:
    """Run the article's scenario over the calibrated sets of a variant and judge every claim.

    Parameters
    ----------
    count
        Only so many sets, from the first; all by default.
    executor
        Where worlds go; by default as many threads as there are processors.
    where
        Folder of the ensemble.

    Raises
    ------
    InputError
        Where there is no ensemble, a claim names what does not exist, or no set has a world at rest.
    """
    sets = ensemble.load(variant, where)[:count]
    plan = wire()
    asked = question(Known(plan.parameters, policies.catalogue(), set(plan.rules)))
    sentences = statements.checked(offered(plan, [arm.id for arm in asked.resolved_arms]))
    found = values(asked, sentences, sets, executor, tell)
    if not (found["at rest"] > 0.0).any():
        raise InputError(f"no parameter set of {variant} has a world at rest for the article's scenario")
    return verdicts(variant, sentences, sets, found)


# -- what is stored ---------------------------------------------------------------------------------------------------


def path() -> Path:
    """The file of the stored verdicts."""
    return folder("scenarios") / "data" / "article.csv"


def question_digest() -> str:
    """Digest of claims, scenario, and the code that computes and judges; its words do not count."""
    whole = hashlib.sha256((statements.digest() + code_of("claims", *study.CODE)).encode())
    whole.update((folder("scenarios") / "article.toml").read_bytes())
    return whole.hexdigest()


def now(variant: str, where: Path | None = None) -> dict[str, str]:
    """What verdicts are of, by name."""
    stored = ensemble.path(variant, where)
    sets = ensemble.digest(variant, where) if stored.is_file() else "none"
    return {"model": ensemble.rules_digest(), "ensemble": sets, "question": question_digest()}


def store(rows: pd.DataFrame, file: Path | None = None, where: Path | None = None) -> Path:
    """Keep the verdicts of the variants in `rows`, with the digests of what they are of; other variants stay."""
    file = file or path()
    kept, heads = read(file) if file.is_file() else (pd.DataFrame(columns=list(COLUMNS)), {})
    renewed = list(dict.fromkeys(rows["variant"]))
    heads = {name: digests for name, digests in heads.items() if name not in renewed}
    heads |= {name: now(name, where) for name in renewed}
    frames = [frame for frame in (kept[~kept["variant"].isin(renewed)], rows) if len(frame)]
    whole = pd.concat(frames, ignore_index=True).sort_values("variant", kind="stable")
    lines = [f"# {name} " + " ".join(f"{key} {value}" for key, value in heads[name].items()) for name in sorted(heads)]
    body = whole.to_csv(index=False, float_format="%.6g", lineterminator="\n")
    put(file, "\n".join([*lines, body]))
    return file


def read(file: Path | None = None) -> tuple[pd.DataFrame, dict[str, dict[str, str]]]:
    """The stored verdicts, and for each variant the digests of what they are of.

    Raises
    ------
    InputError
        When the file is not one that `store` wrote.
    """
    file = file or path()
    text = file.read_text(encoding="utf-8")
    heads = [line.split()[1:] for line in text.splitlines() if line.startswith("#")]
    digests = {words[0]: dict(zip(words[1::2], words[2::2], strict=False)) for words in heads if words}
    body = "\n".join(line for line in text.splitlines() if not line.startswith("#"))
    rows = pd.read_csv(io.StringIO(body), keep_default_na=False, na_values=["nan", ""]) if body else pd.DataFrame()
    if list(rows) != list(COLUMNS) or set(rows["variant"]) != set(digests):
        raise InputError(f"{file}: holds no stored verdicts; `swadaya claims --store` makes them anew")
    said = ["condition", "side"]
    rows[said] = rows[said].astype(object).where(rows[said].notna(), "")
    return rows, digests


def stale(variant: str, then: Mapping[str, str], where: Path | None = None) -> list[str]:
    """What has changed since the verdicts of a variant were stored: model, ensemble, question."""
    return [name for name, digest in now(variant, where).items() if then.get(name) != digest]
