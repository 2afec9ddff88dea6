"""Published trials repeated in one world: what each arm truly did there, and what the study would have seen of it.

A draw is a parameter set, a population and a luck. All studies share its world. The true effect is the paired
difference between the same households with and without the programme; the estimate compares villages that were drawn
to be treated with the others, on a sample of the study's size, measured with survey noise.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from sim import policies
from sim.calibration.fitted import programmes_2017
from sim.engine.lane import Lane
from sim.errors import InputError, NotFiniteError
from sim.evidence import moments
from sim.evidence.estimates import Record, Seen, Trial
from sim.evidence.studies import CONTROL, Flow, Outcome, Study, base_of
from sim.model import CommunityModel
from sim.policies.policy import Programme
from sim.population import Population, TwoPieceLognormal
from sim.start import World, solve

Key = tuple[str, int]  # study, place of the outcome in it


@dataclass
class Draw:
    """What all studies came to in one world; `failed` says why there is none."""

    seen: dict[Key, Seen] = field(default_factory=dict)
    failed: str = ""


def run_draw(
    lane: Lane,
    studies: Sequence[Study],
    parameters: Mapping[str, float],
    population: Population,
    target: TwoPieceLognormal,
    seed: int,
    held: Sequence[str] = (),
    sampled: bool = True,
) -> Draw:
    """All studies in the world of one parameter set.

    Parameters
    ----------
    target
        Distribution of measured consumption at the start.
    seed
        Of the luck, the assignments and the survey noise.
    held
        Rules that are switched off.
    sampled
        Also what the studies would have seen, not only what is true.
    """
    try:
        world = solve(lane, population, programmes_2017(), target, seed, parameters, held)
        return _repeated(world, studies, seed, held, sampled)
    except (InputError, NotFiniteError) as error:
        return Draw(failed=str(error))


def _repeated(world: World, studies: Sequence[Study], seed: int, held: Sequence[str], sampled: bool) -> Draw:
    """Every study in one world."""
    draw = Draw()
    asked = [(s, k, o) for s in studies for k, o in enumerate(s.outcomes) if not o.missing]
    wanted = [(study.id, k, outcome.moment, study.settings) for study, k, outcome in asked if outcome.moment]
    for name, k, value in moments.find(world, seed, wanted, held):
        draw.seen[name, k] = Seen(value)
    effects = [(study, k, outcome) for study, k, outcome in asked if not outcome.moment]
    records = _follow_all(world, [(study, outcome) for study, _, outcome in effects], seed, held)
    for study, k, outcome in effects:
        treated, control = records[_course(study, outcome.arm)], records[_course(study, CONTROL)]
        draw.seen[study.id, k] = Trial(world, study, outcome, seed, treated, control).seen(sampled)
    return draw


# -- what flows -------------------------------------------------------------------------------------------------------


def _dose(flow: Flow, world: World) -> float:
    """Money over all persons of what a flow gives to each member that it reaches."""
    assert flow.per_member is not None and flow.reach is not None  # as the reader of studies saw to
    return flow.per_member * moments.share_reached(world, flow.reach) / (flow.quarters if flow.once else 1)


def programmes(study: Study, arm: str, world: World) -> list[Programme]:
    """All that flows in an arm: the programmes of 2017, and the study's own money."""
    known, found = policies.catalogue(), programmes_2017()
    for flow in study.flows:
        if arm not in flow.arms:
            continue
        dose = _dose(flow, world) if flow.dose is None else flow.dose
        if flow.times:
            dose *= world.value(flow.times)
        start, end = study.start, study.start + flow.quarters
        if flow.replaces:
            found = [
                part for p in found for part in (_around(p, start, end) if p.policy.name == flow.replaces else [p])
            ]
        found.append(Programme(known[flow.policy], dose, start, end, end, dict(flow.settings)))
    return found


def _around(programme: Programme, start: int, end: int) -> list[Programme]:
    """A programme of 2017 with a gap in which another takes its place."""
    spans = ((programme.start, start), (end, programme.funds_end))
    return [Programme(programme.policy, programme.dose, a, b, b, programme.settings) for a, b in spans]


# -- what is recorded -------------------------------------------------------------------------------------------------


def _course(study: Study, arm: str) -> tuple[str, str]:
    """Key of a run. A control without money of its own is the same world for every study."""
    return (study.id if any(arm in flow.arms for flow in study.flows) else "", arm)


def _wanted(study: Study, outcome: Outcome) -> Iterable[tuple[str, str, int]]:
    """Arm, column and quarter that an outcome needs."""
    assert outcome.quarters is not None and outcome.arm
    names = {base_of(name) for name in (*outcome.columns, outcome.per) if name}
    quarters = range(*outcome.quarters)
    yield from ((CONTROL, name, study.start - 1) for name in (*names, "consumption"))
    for arm in (CONTROL, outcome.arm):
        yield from ((arm, name, study.start + q) for name in names for q in quarters)
        if outcome.roll is not None:
            yield from ((arm, outcome.roll.column, study.start + q) for q in range(*outcome.roll.quarters))


def _follow_all(
    world: World, effects: Iterable[tuple[Study, Outcome]], seed: int, held: Sequence[str]
) -> dict[tuple[str, str], Record]:
    """Run every arm once, the common control once for all, and keep what the outcomes need."""
    wanted: dict[tuple[str, str], dict[int, set[str]]] = {}
    flows: dict[tuple[str, str], list[Programme]] = {}
    for study, outcome in effects:
        for arm, name, quarter in _wanted(study, outcome):
            course = _course(study, arm)
            wanted.setdefault(course, {}).setdefault(quarter, set()).add(name)
            if course not in flows:
                flows[course] = programmes(study, arm, world)
    return {course: _follow(world, flows[course], seed, held, wanted[course]) for course in wanted}


def _follow(
    world: World, flows: Sequence[Programme], seed: int, held: Sequence[str], wanted: Mapping[int, set[str]]
) -> Record:
    model = CommunityModel(world, flows, seed=seed, held=held)
    found: Record = {}
    while model.quarter <= max(wanted):
        model.step()
        quarter = model.quarter - 1
        for name in wanted.get(quarter, ()):
            found[name, quarter] = _rows(model, name)
    del model.state
    return found


def _rows(model: CommunityModel, name: str) -> np.ndarray:
    """A column, one value a household or a village: sums over kinds, and what holds for all repeated."""
    values, state = model.state[name], model.state
    table = state.index[name][0]
    if table == "group":
        return values.reshape(len(state.layout.codes), -1).sum(axis=1)
    if table == "district":
        return values[state.layout.district_of]
    return np.full(len(state.layout.codes), values[0]) if table == "nation" else values.copy()
