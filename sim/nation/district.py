"""One district, from its start to the last quarter of each arm, and what is kept of it: sums and sketches."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from sim import ledger
from sim.engine.table import State
from sim.metrics import LINE
from sim.model import CommunityModel
from sim.nation import sketch
from sim.nation.start import Solved, district_world
from sim.policies.policy import Programme
from sim.scenario import Scenario
from sim.start import World, measured

#: What is added up in each quarter, over persons or households: name -> unit of the sum.
SUMS = {
    "poor": "persons with consumption below the line",
    "gap": "persons times their shortfall, lines",
    "severity": "persons times their squared shortfall",
    "consumption": "z per quarter",
    "own_income": "z per quarter",
    "public_income": "z per quarter",
    "self_supporting": "persons whose household earns the line by itself",
    "attends": "households at the village meeting",
    "state_paid": "z per quarter, all that the state pays",
}
#: What is counted once in each arm.
COUNTS = {
    "permanently_poor": "persons poor by permanent income when the programmes start",
    "stand_after": "of these, persons whose own income is at least the line in the post-window",
    "stand_after_all": "of all, persons whose own income is at least the line in the post-window",
}
SKETCHED = ("consumption", "own_income")


@dataclass(frozen=True)
class District:
    """Which villages a district has.

    Attributes
    ----------
    province
        Its place among the provinces.
    codes, kinds
        Of each village: its code, which keys its luck, and the solved village that it is.
    """

    province: int
    codes: tuple[str, ...]
    kinds: np.ndarray


@dataclass
class Found:
    """What a district came to.

    Attributes
    ----------
    households, persons, measured_poor
        Numbers at the start; persons whom a survey of the last quarter before it would call poor.
    sums
        [arm, quarter, SUMS]
    counts
        [arm, COUNTS]
    sketches
        [arm, moment, SKETCHED, class] persons; moments as in `moments`.
    worst_gap
        Largest gap of the ledger, as a share of gross flow.
    """

    households: int
    persons: float
    measured_poor: float
    sums: np.ndarray
    counts: np.ndarray
    sketches: np.ndarray
    worst_gap: float


def moments(scenario: Scenario) -> dict[str, int]:
    """The quarters in which distributions are kept: the last before the programmes, of the post-window, of all."""
    return {
        "before": scenario.calendar.start - 1,
        "after": scenario.windows.post[1] - 1,
        "end": scenario.calendar.quarters - 1,
    }


def by_village(values: np.ndarray, first: np.ndarray) -> float:
    """A sum over the households of each village, whose `first` rows are given, then over villages in their order."""
    return float(np.cumsum(np.add.reduceat(values, first))[-1])


def play(
    scenario: Scenario,
    solved: Solved,
    before: Sequence[Programme],
    arms: Mapping[str, Sequence[Programme]],
    district: District,
) -> Found:
    """Start a district and run every arm under the same luck.

    Raises
    ------
    LedgerError
        When a stock did not change by what flowed.
    """
    seed, held = scenario.population.seed, scenario.hold.ablate
    world = district_world(solved, district.kinds, district.codes, before, seed, held)
    size, first = world.state["size"], world.state.layout.start["household"][:-1]
    poor = by_village(size * (measured(world.state, seed, -1) < LINE), first)
    parts = [_arm(scenario, world, programmes, first) for programmes in arms.values()]
    sums, counts, sketches, gaps = zip(*parts, strict=True)
    return Found(
        len(size), by_village(size, first), poor, np.array(sums), np.array(counts), np.array(sketches), max(gaps)
    )


def _arm(
    scenario: Scenario, world: World, programmes: Sequence[Programme], first: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray, float]:
    """One arm of a district: sums, counts, sketches and the largest gap of the ledger."""
    calendar, post = scenario.calendar, scenario.windows.post
    model = CommunityModel(world, programmes, seed=scenario.replications.first_seed, held=scenario.hold.ablate)
    size, when = world.state["size"], list(moments(scenario).values())
    sums = np.empty((calendar.quarters, len(SUMS)))
    sketches = np.zeros((len(when), len(SKETCHED), sketch.CLASSES), np.uint32)
    own, worst, stocks = np.zeros(len(size)), 0.0, _accounts(model, ledger.STOCKS)
    for quarter in range(calendar.quarters):
        if quarter == calendar.start:
            poor = size * (model.state["permanent_income"] < LINE)
        model.step()
        state, now = model.state, _accounts(model, [*ledger.FLOWS, *ledger.STOCKS])
        worst = max(worst, ledger.check(stocks, now))
        stocks = {name: now[name] for name in ledger.STOCKS}
        sums[quarter] = _sums(state, size, first, np.asarray(sum(now[name] for name in ledger.STATE_PAYS)))
        if post[0] <= quarter < post[1]:
            own += state["own_income"]
        if quarter in when:
            sketches[when.index(quarter)] = [sketch.counted(state[name], size) for name in SKETCHED]
    stands = own / (post[1] - post[0]) >= LINE
    counts = np.array([by_village(values, first) for values in (poor, poor * stands, size * stands)])
    del model.state, model.world  # Mesa ties a model to itself: what it holds would wait for the garbage collector
    return sums, counts, sketches, worst


def _accounts(model: CommunityModel, names: Iterable[str]) -> dict[str, np.ndarray]:
    """Columns of the ledger, one value a village."""
    return {name: model.state[name].copy() for name in names}


def _sums(state: State, size: np.ndarray, first: np.ndarray, paid: np.ndarray) -> list[float]:
    """The sums of a quarter, in the order of `SUMS`."""
    consumption, own = state["consumption"], state["own_income"]
    short = np.maximum(LINE - consumption, 0.0)
    gap = size * short
    values = (
        size * (consumption < LINE),
        gap,
        gap * short,
        size * consumption,
        size * own,
        size * state["public_income"],
        size * (own >= LINE),
        state["attends"],
    )
    return [*(by_village(one, first) for one in values), float(np.cumsum(paid)[-1])]
