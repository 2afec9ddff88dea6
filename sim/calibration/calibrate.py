"""Calibration: from priors to an ensemble of parameter sets that reproduce the fitted targets.

History matching (see `sim.calibration.matching`) was chosen over plain rejection, which keeps about one draw in some
thousands of these hundred ranges, and over importance-weighted samplers, which shrink the ranges that no moment speaks
of to the few sets that happen to survive. Every kept set was simulated, in several populations, and is inside the bands
by its own moments, not by an emulator's; of these, the sets are those that are inside in other populations too, or
nearest to it (`sim.calibration.look`). How well they do is then measured in a third lot of populations, by which none
was chosen.

All worlds of a panel of populations are also run with the defaults. Where the defaults find more poverty in a
population than in the panel as a whole, that much is the population's chance, and is taken off what other sets find
there (a control variate). What is left of chance is kept out of the published bands by a margin.

A parameter without a moment of its own stays what its prior says: an uncertainty, never called calibrated.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from functools import partial
from math import nan

import numpy as np
import pandas as pd

from sim.calibration import VARIANTS
from sim.calibration.decomposition import decomposition
from sim.calibration.fitted import ASKED, MOMENTS, programmes_2017
from sim.calibration.look import Where, best, fingerprint, look, moments
from sim.calibration.matching import Outcome, match
from sim.calibration.moved import moved
from sim.calibration.threshold import threshold_in, threshold_of, thresholds
from sim.engine.lane import Lane
from sim.engine.plan import Plan
from sim.errors import InputError, NotFiniteError
from sim.language import mark
from sim.latin_hypercube import scattered
from sim.metrics import mean
from sim.population import Population, TwoPieceLognormal, synthesise
from sim.progress import Tell, quiet
from sim.start import World, solve, wire
from sim.survey import read_aggregates

ADVANTAGE, THRESHOLD = "lump.advantage", "lump.threshold"
#: How the lumpy technique is drawn: times `output.scale`, and the capital from which it is the better one (z a person).
LUMP = {ADVANTAGE: (1.1, 1.6), THRESHOLD: (3.2, 8.0)}
LUMPY = ("output.lumpy_scale", "output.lumpy_cost")
BELOW = "below_threshold"
FACED = (0.01, 0.5)  # share of households that the threshold keeps out, at rest (prior: up to a half)
SOLVED = ("attends.threshold",)  # found with the start, never drawn
NO_REST, NOT_FINITE = "no world at rest", "not finite"
NO_LUMP = "the lumpy technique leaves its own range"
CHANCE = 0.6  # sd of a moment over populations that is left when the defaults' chance is taken off (measured: 0.5-0.7)
SPARE = 1.1  # sets that the last wave keeps for each that is wanted: some were kept by chance


@dataclass(frozen=True)
class Settings:
    """How much is simulated.

    Attributes
    ----------
    villages, households
        Size of every world.
    populations
        Populations of a panel; a set meets `worlds` of them, and each set others.
    checked
        Populations in which every kept set is looked at afresh, twice.
    waves, most
        Sets of the waves that teach the emulators, and sets of the last wave at most.
    margin
        Width kept free inside each band, in standard errors of the mean over `worlds` populations.
    """

    villages: int = 60
    households: int = 60
    populations: int = 32
    worlds: int = 8
    checked: int = 6
    waves: tuple[int, ...] = (300, 200)
    most: int = 3000
    margin: float = 0.3

    def where(self, seed: int) -> Where:
        """Where kept sets are looked at afresh."""
        return Where(seed, self.checked, self.villages, self.households)


def checked(variant: str) -> str:
    """A structural variant by its name."""
    if variant not in VARIANTS:
        raise InputError(f"there is no structural variant {variant}; there are {' and '.join(VARIANTS)}")
    return variant


def priors(plan: Plan, variant: str) -> dict[str, tuple[float, float]]:
    """The range that each drawn number has in a structural variant; uniform within it."""
    known = plan.parameters.items()
    kept = {n: (p.low, p.high) for n, p in known if n not in SOLVED and p.low < p.high and not p.what_if}
    return kept if checked(variant) == "trap_off" else {**kept, **LUMP}


def complete(drawn: Mapping[str, float], variant: str) -> dict[str, float]:
    """A draw as the model takes it; `drawn` must hold `output.scale` and `output.elasticity` where the trap is on."""
    found = {name: value for name, value in drawn.items() if name not in LUMP}
    if variant == "trap_off":
        return {**found, **dict.fromkeys(LUMPY, 0.0)}
    small = drawn["output.scale"]
    gained = small * (drawn[ADVANTAGE] - 1.0)
    cost = gained * drawn[THRESHOLD] ** drawn["output.elasticity"]
    return {**found, "output.lumpy_scale": small + gained, "output.lumpy_cost": cost}


def drawn_from(parameters: Mapping[str, float]) -> dict[str, float]:
    """The inverse of `complete`, without what is solved."""
    found = {name: value for name, value in parameters.items() if name not in (*SOLVED, *LUMPY)}
    if parameters["output.lumpy_scale"] == 0.0:
        return found
    advantage = parameters["output.lumpy_scale"] / parameters["output.scale"]
    return {**found, ADVANTAGE: advantage, THRESHOLD: threshold_of(parameters)}


def below_threshold(world: World) -> float:
    """Share of households whose capital is below the lumpy technique's threshold."""
    return mean(world.state["effective_capital"] < threshold_in(world), world.state["weight"])


@dataclass(frozen=True)
class Panel:
    """Populations, and by how much the defaults' moments in each differ from the mean over all."""

    populations: tuple[Population, ...]
    chance: tuple[Mapping[str, float], ...]
    spread: Mapping[str, float]  # sd over populations of the defaults' moments

    @classmethod
    def drawn(cls, lane: Lane, settings: Settings, seed: int, executor: Executor | None, tell: Tell) -> Panel:
        """Draw the populations and run the defaults in each."""
        published = read_aggregates()
        people = tuple(
            synthesise(published, settings.villages, settings.households, seed + k) for k in range(settings.populations)
        )
        plain = partial(_reference, lane, TwoPieceLognormal.published(published))
        rows = []
        for done, row in enumerate((executor.map if executor else map)(plain, people), 1):
            rows.append(row)
            tell(mark("populations"), done, len(people))
        table = pd.DataFrame(rows)
        away = table - table.mean()
        return cls(people, tuple(away.to_dict("records")), table.std().to_dict())

    def pick(self, number: int, worlds: int) -> list[int]:
        """Places of the populations that set `number` meets."""
        return [(number * worlds + k) % len(self.populations) for k in range(worlds)]


def _reference(lane: Lane, target: TwoPieceLognormal, people: Population) -> dict[str, float]:
    world = solve(lane, people, programmes_2017(), target, people.seed, complete({}, "trap_off"))
    return moments(world, people.seed)


@dataclass(frozen=True)
class Simulator:
    """Sets of a structural variant in the worlds of a panel."""

    lane: Lane
    target: TwoPieceLognormal
    variant: str
    panel: Panel
    settings: Settings
    spans: Mapping[str, tuple[float, float]]
    bands: Mapping[str, tuple[float, float]]

    def parameters(self, point: np.ndarray) -> dict[str, float]:
        """The set at a point of the unit box."""
        ends = np.array(list(self.spans.values()))
        values = ends[:, 0] + point * (ends[:, 1] - ends[:, 0])
        return complete(dict(zip(self.spans, values.tolist(), strict=True)), self.variant)

    def __call__(self, point: np.ndarray, number: int, judged: bool) -> Outcome:
        """One population without judgement, or as many as it takes to refuse the set or to keep it."""
        parameters = self.parameters(point)
        known = self.lane.plan.parameters
        if self.variant == "trap_on" and not all(known[n].low <= parameters[n] <= known[n].high for n in LUMPY):
            return Outcome({}, NO_LUMP)
        rows: list[dict[str, float]] = []
        for place in self.panel.pick(number, self.settings.worlds if judged else 1):
            row: dict[str, float] = {}
            try:
                for found in self.ask(parameters, place):
                    row |= found
                    if judged and (wrong := self.refused([*rows, row])):
                        return Outcome(_means([*rows, row]), wrong)
            except (InputError, NotFiniteError) as error:
                return Outcome({}, NO_REST if isinstance(error, InputError) else NOT_FINITE)
            rows.append(row)
        return Outcome(_means(rows))

    def ask(self, parameters: Mapping[str, float], place: int) -> Iterator[dict[str, float]]:
        """Moments in one population, as they are found; chance taken off."""
        people, chance = self.panel.populations[place], self.panel.chance[place]
        world = solve(self.lane, people, programmes_2017(), self.target, people.seed, parameters)
        first = {name: world.value(name) for name in SOLVED}
        yield first if self.variant == "trap_off" else {**first, BELOW: below_threshold(world)}
        for ask in ASKED:
            yield {name: value - chance[name] for name, value in ask(world, people.seed).items()}

    def refused(self, rows: Sequence[Mapping[str, float]]) -> str:
        """The first moment that is outside its band; while populations are missing, by more than chance explains."""
        missing = len(rows) < self.settings.worlds
        for name in rows[-1]:
            if name in self.bands:
                low, high = self.bands[name]
                slack = 2.0 * CHANCE * self.panel.spread.get(name, 0.0) / np.sqrt(len(rows)) if missing else 0.0
                if not low - slack <= np.mean([row[name] for row in rows]) <= high + slack:
                    return name
        return ""


def _means(rows: Sequence[Mapping[str, float]]) -> dict[str, float]:
    return {name: float(np.mean([row[name] for row in rows if name in row])) for name in rows[0]}


def inner_bands(panel: Panel, settings: Settings, variant: str) -> dict[str, tuple[float, float]]:
    """The published bands less a margin for chance."""
    error = {m.name: settings.margin * panel.spread[m.name] / np.sqrt(settings.worlds) for m in MOMENTS}
    found = {m.name: (m.low + error[m.name], m.high - error[m.name]) for m in MOMENTS}
    return found if variant == "trap_off" else {BELOW: FACED, **found}


@dataclass
class Calibration:
    """An ensemble of one structural variant, and how it came about.

    Attributes
    ----------
    sets
        Each a full set by "rule.argument".
    fresh
        One row a set: its moments in populations and lucks that no set was chosen by.
    fingerprint
        See `sim.calibration.look.fingerprint`.
    looked_at_again
        Sets that the last wave kept; those that were inside, or nearest, in other populations are the sets.
    waves
        Wave, sets tried, sets refused by reason.
    left
        Share of the prior that the emulators do not rule out.
    moved, decomposition, threshold
        See the modules of these names; the last is empty where there is no threshold.
    """

    variant: str
    seed: int
    settings: Settings
    spans: dict[str, tuple[float, float]]
    bands: dict[str, tuple[float, float]]
    sets: list[dict[str, float]]
    fresh: pd.DataFrame
    fingerprint: str
    looked_at_again: int
    waves: list[tuple[int, dict[str, int]]]
    left: float
    seconds: float
    moved: pd.DataFrame
    decomposition: pd.DataFrame
    threshold: pd.DataFrame


def calibrate(
    variant: str,
    *,
    count: int = 64,
    seed: int = 1,
    settings: Settings = Settings(),
    executor: Executor | None = None,
    tell: Tell = quiet,
) -> Calibration:
    """Find `count` parameter sets of a structural variant that reproduce the fitted targets."""
    began, lane = time.monotonic(), Lane(wire())
    target = TwoPieceLognormal.published(read_aggregates())
    panel = Panel.drawn(lane, settings, 10_000 * seed, executor, tell)
    spans, bands = priors(lane.plan, variant), inner_bands(panel, settings, variant)
    simulator = Simulator(lane, target, variant, panel, settings, spans, bands)
    chance = {name: CHANCE * spread for name, spread in panel.spread.items()}
    found = match(
        simulator, len(spans), bands, wanted=round(SPARE * count), waves=settings.waves, most=settings.most, seed=seed,
        chance=chance, executor=executor, tell=tell,
    )  # fmt: skip
    sets = [simulator.parameters(one.point) for one in found.kept]
    for one, tried in zip(sets, found.kept, strict=True):
        one.update({name: tried.outcome.values[name] for name in SOLVED})
    again = best(look(sets, settings.where(10_000 * seed + 5_000), executor, tell), count)
    sets = [one for one, fine in zip(sets, again, strict=True) if fine]
    elsewhere = settings.where(10_000 * seed + 8_000)
    fresh, bits = look(sets, elsewhere, executor, tell), fingerprint(sets, elsewhere, executor, tell)
    explained = decomposition(sets, seed=seed, executor=executor, tell=tell) if sets else pd.DataFrame()
    lumpy = bool(sets) and variant == "trap_on"
    holds = thresholds(sets, seed=seed, executor=executor, tell=tell) if lumpy else pd.DataFrame()
    waves = [(sum(one.wave == n for one in found.tried), found.reasons(n)) for n in range(1, found.waves + 1)]
    return Calibration(
        variant, seed, settings, spans, bands, sets, fresh, bits, len(again), waves, found.left,
        time.monotonic() - began, moved([drawn_from(one) for one in sets], spans), explained, holds,
    )  # fmt: skip


def completed(sets: Sequence[Mapping[str, float]], plan: Plan, seed: int) -> tuple[list[dict[str, float]], list[str]]:
    """Frozen sets with the parameters of today, and which of these were drawn evenly from their priors.

    Drawn are those that came after the sets, and those whose prior no longer holds all frozen values. A parameter that
    is none any more is dropped, and one that has become a what-if keeps its default.
    """
    known = priors(plan, "trap_off")
    new = [name for name, (low, high) in known.items() if not all(low <= one.get(name, nan) <= high for one in sets)]
    old = [name for name in sets[0] if name in (*known, *SOLVED, *LUMPY) and name not in new]
    kept = [{name: one[name] for name in old} for one in sets]
    if new:
        drawn = scattered({name: known[name] for name in new}, len(sets), np.random.default_rng(seed))
        kept = [{**one, **row} for one, row in zip(kept, drawn, strict=True)]
    return kept, new
