"""From a scenario to results: the world, every arm under every luck, the tables."""

from __future__ import annotations

import math
import os
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from itertools import islice
from types import MappingProxyType
from typing import Any

import numpy as np
import pandas as pd

from sim import ledger
from sim.calibration import ensemble
from sim.calibration.fitted import programmes_2017
from sim.engine.lane import Lane
from sim.errors import InputError
from sim.experiment import canonical, memory
from sim.experiment.compare import Comparison
from sim.experiment.people import people_of, size_of, survey_of
from sim.experiment.results import PARAMETER_SET, Results, made_with, system
from sim.experiment.run import LISTS, Run, run_arm
from sim.experiment.tables import tables
from sim.language import mark
from sim.metrics import trajectories
from sim.policies.policy import Programme
from sim.poorer import poorer
from sim.population import Population, TwoPieceLognormal, village_of
from sim.progress import Tell, quiet
from sim.scenario import BASELINE, Scenario
from sim.shipped import code_digest
from sim.start import World, solve, wire
from sim.survey import read_aggregates
from sim.workers import answers

#: Beside the rules: what decides on the numbers of a run, for those who store them.
DECIDING = ("compare", "people", "run", "stress", "study")
CODE = ("poorer.py", "scenario/arms.py", "scenario/document.py", *(f"experiment/{it}.py" for it in DECIDING))
PACKAGES = ("swadaya", "numpy", "numba", "llvmlite", "mesa", "pandas", "pyarrow", "pydantic", "matplotlib")


def programmes(scenario: Scenario) -> dict[str, list[Programme]]:
    """All programmes of each arm: those of the world, and its own."""
    known = scenario.known.policies
    base = [Programme(known[p.policy], p.dose, settings=dict(p.settings)) for p in scenario.programmes]
    found = {}
    for arm in scenario.resolved_arms:
        if arm.policy == BASELINE or arm.dose == 0.0:
            found[arm.id] = base
            continue
        own = Programme(known[arm.policy], arm.dose, arm.start, arm.funds_end, arm.facilitation_end, dict(arm.settings))
        others = [
            part for p in base for part in (_without(p, own) if p.policy.name == scenario.budget.replace else [p])
        ]
        found[arm.id] = [*others, own]
    return found


def _without(programme: Programme, own: Programme) -> list[Programme]:
    """A programme of the world while another is paid out of its money."""
    spans = [
        (programme.start, own.start, programme.dose),
        (own.start, own.end, max(0.0, programme.dose - own.dose)),
        (own.end, programme.funds_end, programme.dose),
    ]
    return [Programme(programme.policy, dose, first, last, last, programme.settings) for first, last, dose in spans]


def build(
    scenario: Scenario,
    drawn: Mapping[str, float] = MappingProxyType({}),
    lane: Lane | None = None,
    population: Population | None = None,
) -> World:
    """The world of a scenario at quarter 0: at rest under the programmes of 2017, whatever flows from then on.

    The scenario's own numbers stand above those of a `drawn` parameter set; `lane` and `population` are those of the
    scenario, made before.
    """
    lane, population = lane or Lane(wire(scenario.known.own_rules)), population or people_of(scenario)
    target = TwoPieceLognormal.published(read_aggregates()) if scenario.survey is None else None
    return in_its_place(scenario, before_its_place(scenario, drawn, lane, population, target))


def before_its_place(
    scenario: Scenario,
    drawn: Mapping[str, float],
    lane: Lane,
    population: Population,
    target: TwoPieceLognormal | None,
) -> World:
    """The world of a scenario as the country is: at rest with a distribution of consumption, or with people's own."""
    parameters = {**drawn, **scenario.parameters}
    return solve(
        lane, population, programmes_2017(), target, scenario.population.seed, parameters, scenario.hold.ablate
    )


def in_its_place(scenario: Scenario, world: World) -> World:
    """That world where the scenario plays: itself, or one of poorer villages."""
    about = scenario.population
    if about.world != "poor_village":
        return world
    assert about.poverty is not None  # that world has a default of its own
    return poorer(world, programmes_2017(), about.poverty, about.seed, scenario.hold.ablate)


def worlds_of(scenario: Scenario, executor: Executor, tell: Tell = quiet) -> list[World]:
    """The worlds that seeds meet in turn: one, or one for each of so many calibrated parameter sets.

    A set without a world at rest among these people is passed over for the next one; `solved` says which each is of.
    """
    wanted = scenario.replications.sets
    if wanted == 1:
        return [build(scenario)]
    under = partial(at_rest, scenario, Lane(wire(scenario.known.own_rules)), people_of(scenario))
    sets = iter(enumerate(ensemble.load(scenario.replications.variant), 1))
    found: list[World] = []
    while len(found) < wanted and (some := list(islice(sets, wanted - len(found)))):
        for (number, _), world in zip(some, executor.map(under, [drawn for _, drawn in some]), strict=True):
            found += [replace(world, solved={**world.solved, PARAMETER_SET: number})] if world else []
            tell(mark("worlds at rest"), len(found), wanted)
    if len(found) == wanted:
        return found
    raise InputError(
        f"{scenario.slug}: only {len(found)} of the calibrated parameter sets have a world at rest among these people, "
        f"not the {wanted} that are asked for in [replications]"
    )


def at_rest(scenario: Scenario, lane: Lane, population: Population, drawn: Mapping[str, float]) -> World | None:
    """The world of a scenario under a parameter set; None where it has none."""
    try:
        return build(scenario, drawn, lane, population)
    except InputError:
        return None


def sets_digest(variant: str) -> str:
    """SHA-256 of the calibrated parameter sets of a structural variant, every number to its last bit."""
    return canonical.text_digest(ensemble.text(ensemble.load(variant)))


def made_of(scenario: Scenario) -> dict[str, str]:
    """What decides a result beside its scenario, SHA-256 each: code, rules with their figures, and calibrated sets."""
    luck = scenario.replications
    sets = sets_digest(luck.variant) if luck.sets > 1 else ""
    return {"code": code_digest(), "rules": ensemble.rules_digest(), "ensemble": sets}


def first_world(scenario: Scenario, population: Population | None = None) -> World:
    """One world of a scenario: that of the first parameter set that has one, or of the model's own numbers.

    `population` is that of the scenario, or another in its place.

    Raises
    ------
    InputError
        When there is none.
    """
    lane, population = Lane(wire(scenario.known.own_rules)), population or people_of(scenario)
    if scenario.replications.sets == 1:
        return build(scenario, lane=lane, population=population)
    found = (at_rest(scenario, lane, population, drawn) for drawn in ensemble.load(scenario.replications.variant))
    world = next((one for one in found if one), None)
    if world is None:
        raise InputError(f"{scenario.slug}: none of the calibrated parameter sets has a world at rest")
    return world


def compared(scenario: Scenario, world: World) -> Comparison:
    """All arms under all lucks in one world, without any series."""
    runs = [
        run_arm(scenario, world, arm, flows, seed, {})
        for arm, flows in programmes(scenario).items()
        for seed in scenario.seeds
    ]
    return Comparison(scenario, dict.fromkeys(scenario.seeds, world), runs)


def run(scenario: Scenario, executor: Executor | None = None, tell: Tell = quiet) -> Results:
    """Run a scenario and compare its arms.

    Parameters
    ----------
    scenario
        What to run.
    executor
        Where the runs go; by default as many threads as there are processors. Results do not depend on it.
    tell
        Called as work proceeds.

    Raises
    ------
    InputError
        When this machine has no room for it (`memory.fits`), or no world is at rest.
    """
    began = time.perf_counter()
    memory.fits(scenario, math.prod(size_of(scenario)))
    tell(mark("the world at rest"), 0, 1)
    measures, arms = scenario.known.metrics, programmes(scenario)
    with ThreadPoolExecutor(os.cpu_count()) as threads:
        worlds = worlds_of(scenario, executor or threads, tell)
    met = {seed: worlds[place % len(worlds)] for place, seed in enumerate(scenario.seeds)}
    calls = [(met[seed], arm, arms[arm], seed, measures) for seed in scenario.seeds for arm in arms]
    runs = answers(partial(run_arm, scenario, grid=True), calls, executor, partial(tell, mark("runs")))
    tell(mark("tables"), 0, 1)
    comparison = Comparison(scenario, met, runs)
    series, found = _series(runs), tables(comparison)
    return Results(
        scenario,
        series,
        _households(comparison),
        _villages(comparison),
        _ledger(runs),
        _population(comparison.population),
        found,
        _manifest(scenario, worlds, runs, began) | canonical.digests(series, found),
    )


def _stacked(keys: Sequence[Mapping[str, object]], rows: Sequence[Mapping[str, np.ndarray]]) -> pd.DataFrame:
    """One table of many blocks: the `keys` of a block stand in each of its rows; words become categories."""
    lengths = [len(next(iter(block.values()))) for block in rows]
    columns: dict[str, Any] = {}
    for name in keys[0]:
        values = [key[name] for key in keys]
        if isinstance(values[0], str):
            words = list(dict.fromkeys(values))
            codes = np.array([words.index(value) for value in values])
            columns[name] = pd.Categorical.from_codes(np.repeat(codes, lengths), words)
        else:
            columns[name] = np.repeat(np.array(values), lengths)
    return pd.DataFrame(columns | {name: np.concatenate([block[name] for block in rows]) for name in rows[0]})


def _series(runs: list[Run]) -> pd.DataFrame:
    """arm, seed, quarter, metric, value; quarters at which a metric is not due are left out."""
    keys, rows = [], []
    for found in runs:
        for metric, values in found.series.items():
            quarter = np.flatnonzero(np.isfinite(values))
            keys.append({"arm": found.arm, "seed": found.seed, "metric": metric})
            rows.append({"quarter": quarter, "value": values[quarter]})
    return _stacked(keys, rows)[["arm", "seed", "quarter", "metric", "value"]].astype({"arm": str, "metric": str})


def _households(comparison: Comparison) -> pd.DataFrame:
    """arm, seed, household, village, means over windows (z per person and quarter), state at the end, class."""
    keys, rows = [], []
    home, codes = comparison.home, comparison.population.village_code
    for found in comparison.runs.values():
        columns = {f"{name}_{window}": values for (name, window), values in found.windows.items()}
        columns |= {name: values for name, values in found.household.items() if not name.startswith("list_")}
        columns |= {name: found.household[f"list_{name}"] for name in LISTS}
        keys.append({"arm": found.arm, "seed": found.seed})
        rows.append({"household": np.arange(len(home)), "village": home}
                    | {name: np.asarray(values, np.float32) for name, values in columns.items()})  # fmt: skip
        if comparison.classes:
            rows[-1]["klass"] = comparison.classes[found.arm, found.seed]
    whole = _stacked(keys, rows)
    whole["village"] = pd.Categorical.from_codes(whole["village"].to_numpy(), codes)
    if "klass" in whole:
        whole["klass"] = pd.Categorical.from_codes(whole["klass"].to_numpy(), trajectories.CLASSES)
    return whole


def _villages(comparison: Comparison) -> pd.DataFrame:
    frames = []
    for found in comparison.runs.values():
        frame = pd.DataFrame(
            {"arm": found.arm, "seed": found.seed, "village": comparison.population.village_code, **found.village}
        )
        if comparison.village_classes:
            frame["klass"] = np.array(trajectories.VILLAGE_CLASSES)[comparison.village_classes[found.arm, found.seed]]
        frames.append(frame)
    return pd.concat(frames, ignore_index=True)


def _ledger(runs: list[Run]) -> pd.DataFrame:
    """arm, seed, quarter, payer, payee, flow, value: z for the whole world."""
    keys, rows = [], []
    for found in runs:
        for flow, values in found.flows.items():
            payer, payee = ledger.FLOWS[flow]
            keys.append({"arm": found.arm, "seed": found.seed, "payer": payer, "payee": payee, "flow": flow})
            rows.append({"quarter": np.arange(len(values)), "value": values})
    return _stacked(keys, rows)[["arm", "seed", "quarter", "payer", "payee", "flow", "value"]]


def _population(population: Population) -> pd.DataFrame:
    home = village_of(population.start)
    columns = {
        name: population.household[name]
        for name in ("size", "weight", "female_head", "schooling", "stratum", "activity", "consumption")
    }
    return pd.DataFrame(
        {"household": np.arange(len(home)), "village": np.array(population.village_code)[home], **columns}
    )


def _manifest(scenario: Scenario, worlds: list[World], runs: list[Run], began: float) -> dict[str, object]:
    """What was run, with what, for how long."""
    return {
        "scenario": scenario.text,
        "document": scenario.model_dump(mode="json"),
        "name": scenario.slug,
        "digest": scenario.digest(),
        **made_of(scenario),
        "own_files": [{"name": name, "sha256": digest} for name, digest in scenario.own_code.items()],
        "seeds": list(scenario.seeds),
        "population_seed": scenario.population.seed,
        "parameter_sets": len(worlds),
        "solved": worlds[0].solved if len(worlds) == 1 else [world.solved for world in worlds],
        "imputed": worlds[0].population.imputed,
        "survey": survey_of(scenario),
        "ledger_largest_gap": max(found.worst_gap for found in runs),
        "platform": system(),
        "processors": os.cpu_count(),
        **made_with(PACKAGES),
        "seconds": round(time.perf_counter() - began, 1),
    }
