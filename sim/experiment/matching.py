"""History matching: which points of a box have outcomes inside given bands, found with few runs of a dear simulator.

Each wave simulates points spread evenly over what is not yet ruled out and fits an emulator to every outcome: least
squares on the few terms that the runs so far speak for. A point is ruled out when an emulator puts it outside a band by
more than some of its errors. The last wave draws evenly from what is left, in rounds from which the emulators go on
learning, and keeps only points that the simulator itself puts inside every band. What is kept is therefore close to an
even sample of the acceptable part of the box; it is thinner only where an emulator is wrong by more than the slack that
it is given. A direction of which no outcome speaks keeps its whole range.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, field, replace
from itertools import combinations_with_replacement, islice

import numpy as np

from sim.errors import InputError
from sim.experiment import Tell, quiet
from sim.language import mark, say

ROUND = 48  # points of the last wave between two fits of the emulators
CHUNK = 20_000  # points that the emulators look at together
MOST_TERMS = 30
WIDTH = 2.0  # errors of an emulator beyond a band that rule a point out
LAST_WIDTH = 0.5  # the same in the last wave, of what is left of them without the chance of single runs
LEAST_ERROR = 0.3  # of an emulator's error, at least, is called its own
ANY = "any outcome"
HOPELESS = 0.01  # share of the points with an outcome that may be emulated to have none
GIVE_UP = 3_000_000  # points looked at without finding one that is not ruled out


@dataclass(frozen=True)
class Outcome:
    """What a simulator says of a point: its outcomes by name, and why it is refused (empty: nothing speaks against)."""

    values: Mapping[str, float]
    refused: str = ""


@dataclass(frozen=True)
class Tried:
    """A point of the unit box, the wave that drew it, and what came of it."""

    point: np.ndarray
    wave: int
    outcome: Outcome


@dataclass
class Matched:
    """All that was tried; `kept` are the points of the last wave that nothing speaks against."""

    tried: list[Tried] = field(default_factory=list)
    left: float = 1.0  # share of the box that they do not rule out
    emulators: dict[str, Emulator] = field(default_factory=dict)
    waves: int = 0

    @property
    def kept(self) -> list[Tried]:
        """Points of the last wave that are inside every band."""
        return [one for one in self.tried if one.wave == self.waves and not one.outcome.refused]

    def reasons(self, wave: int) -> dict[str, int]:
        """Why points of a wave were refused, the most frequent first."""
        return dict(
            Counter(t.outcome.refused for t in self.tried if t.wave == wave and t.outcome.refused).most_common()
        )


#: From a point, its number and whether it is to be judged (or only measured), what comes of it.
Simulator = Callable[[np.ndarray, int, bool], Outcome]


def hypercube(points: int, dimensions: int, random: np.random.Generator) -> np.ndarray:
    """Latin hypercube of the unit box: each axis cut into as many strata as there are points, each used once."""
    strata = np.stack([random.permutation(points) for _ in range(dimensions)], axis=1)
    return (strata + random.random((points, dimensions))) / points


def scattered(
    spans: Mapping[str, tuple[float, float]], points: int, random: np.random.Generator
) -> list[dict[str, float]]:
    """Points of a Latin hypercube over some ranges: name -> (low, high)."""
    low, high = np.array(list(spans.values())).T
    places = low + hypercube(points, len(spans), random) * (high - low)
    return [dict(zip(spans, place, strict=True)) for place in places.tolist()]


@dataclass(frozen=True)
class Emulator:
    """Least squares on a few terms: `terms` are places of the axes that are multiplied, on a scale of -1 to 1."""

    terms: tuple[tuple[int, ...], ...]
    weights: np.ndarray
    error: float  # of the emulator and of the chance in a single run, together
    own_error: float = 0.0  # of the emulator alone
    least: float = -np.inf  # where it emulates the chance of any outcome: below it, there is too little hope

    def __call__(self, points: np.ndarray) -> np.ndarray:
        """What the outcome is expected to be at points of the unit box."""
        return _columns(points, self.terms) @ self.weights


def _columns(points: np.ndarray, terms: Sequence[tuple[int, ...]]) -> np.ndarray:
    scaled = 2.0 * points - 1.0
    return np.stack([np.prod(scaled[:, term], axis=1) for term in terms], axis=1)


def emulate(points: np.ndarray, values: np.ndarray, known: Sequence[tuple[int, ...]] = ((),)) -> Emulator:
    """Fit one outcome: first the axes that matter, then squares and products of those.

    Terms enter one at a time, the best first, as long as the Bayesian information criterion gains, charged
    thrice for the choice among many terms: a term that is there by chance would bend what is kept.
    Terms that are `known` from earlier fits stay: what was selected by them hides what they do.
    """
    single = [(axis,) for axis in range(points.shape[1])]
    chosen = _grow(points, values, known, single)
    active = sorted({axis for term in chosen for axis in term})
    pairs = list(combinations_with_replacement(active, 2))
    chosen = _grow(points, values, chosen, [*single, *pairs])
    weights, rest = _fit(points, values, chosen)
    return Emulator(tuple(chosen), weights, float(np.sqrt((rest**2).sum() / max(1, len(values) - len(chosen)))))


def _fit(points: np.ndarray, values: np.ndarray, terms: Sequence[tuple[int, ...]]) -> tuple[np.ndarray, np.ndarray]:
    columns = _columns(points, terms)
    weights = np.linalg.lstsq(columns, values, rcond=None)[0]
    return weights, values - columns @ weights


def _grow(
    points: np.ndarray, values: np.ndarray, chosen: Sequence[tuple[int, ...]], offered: Sequence[tuple[int, ...]]
) -> list[tuple[int, ...]]:
    """Add terms while they are worth it."""
    found, offered = list(chosen), [term for term in offered if term not in chosen]
    runs = len(values)
    _, rest = _fit(points, values, found)
    columns = _columns(points, offered) if offered else np.empty((runs, 0))
    columns = columns - columns.mean(axis=0)
    scale = np.maximum(np.sqrt((columns**2).sum(axis=0)), 1e-12)
    price = 3.0 * np.log(max(2, len(offered)))
    while offered and len(found) < min(MOST_TERMS, runs // 4):
        before = (rest**2).mean()
        if before <= 1e-24:
            break
        best = int(np.argmax(np.abs(columns.T @ rest) / scale))
        _, after = _fit(points, values, [*found, offered[best]])
        if offered[best] in found or runs * np.log(before / max((after**2).mean(), 1e-300)) <= price:
            break
        found.append(offered[best])
        rest = after
    return found


def plausible(
    points: np.ndarray,
    emulators: Mapping[str, Emulator],
    bands: Mapping[str, tuple[float, float]],
    last: bool = False,
) -> np.ndarray:
    """Which points no emulator puts too far outside its band; in the `last` wave chance is no excuse."""
    fine = np.ones(len(points), bool)
    for name, emulator in emulators.items():
        low, high = bands.get(name, (emulator.least, np.inf))
        error = emulator.own_error if last else emulator.error
        slack = (LAST_WIDTH if last else WIDTH) * error if name in bands else 0.0
        value = emulator(points[fine])
        fine[fine] = (value >= low - slack) & (value <= high + slack)
    return fine


def match(
    simulate: Simulator,
    dimensions: int,
    bands: Mapping[str, tuple[float, float]],
    *,
    wanted: int,
    waves: Sequence[int],
    most: int,
    seed: int,
    chance: Mapping[str, float] | None = None,
    executor: Executor | None = None,
    tell: Tell = quiet,
) -> Matched:
    """Find `wanted` points of the unit box whose outcomes are inside all bands.

    Parameters
    ----------
    bands
        Outcome -> lowest and highest value that is accepted.
    waves
        Points of each wave that only teaches the emulators.
    most
        Points simulated in the last wave at most; it ends with fewer than `wanted` kept ones rather than without end.
    chance
        Outcome -> standard deviation of what chance does to it in one run that is not judged; judging averages it.
    executor
        Where to simulate; the result depends neither on it nor on its size.
    """
    random, found = np.random.default_rng(seed), Matched()
    for points in waves:
        found.waves += 1
        sample = (
            hypercube(points, dimensions, random)
            if not found.emulators
            else np.array(list(islice(_left(random, dimensions, found, bands, False), points)))
        )
        for done, one in enumerate(_run(simulate, sample, found, False, executor), 1):
            found.tried.append(one)
            tell(say("wave {number}", number=found.waves), done, points)
        found.emulators = _learn(found, bands, chance or {})
    found.waves += 1
    kept = tried = 0
    while kept < wanted and tried < most:
        batch = np.array(list(islice(_left(random, dimensions, found, bands, True), min(ROUND, most - tried))))
        for one in _run(simulate, batch, found, True, executor):
            found.tried.append(one)
            tried, kept = tried + 1, kept + (not one.outcome.refused)
            tell(mark("last wave: kept"), min(kept, wanted), wanted)
        found.emulators = _learn(found, bands, chance or {})
    return found


def _left(
    random: np.random.Generator,
    dimensions: int,
    found: Matched,
    bands: Mapping[str, tuple[float, float]],
    last: bool,
) -> Iterator[np.ndarray]:
    """Points drawn evenly from what the emulators do not rule out, without end."""
    looked = passed = since = 0
    while True:
        points = random.random((CHUNK, dimensions))
        good = points[plausible(points, found.emulators, bands, last)]
        looked, passed, since = looked + CHUNK, passed + len(good), 0 if len(good) else since + CHUNK
        found.left = passed / looked
        if since >= GIVE_UP:
            raise InputError(
                f"no set is left: {since} draws of the priors were all ruled out by what the runs so far show"
            )
        yield from good


def _run(
    simulate: Simulator, sample: np.ndarray, found: Matched, judged: bool, executor: Executor | None
) -> Iterator[Tried]:
    numbers = range(len(found.tried), len(found.tried) + len(sample))
    done = (executor.map if executor else map)(simulate, list(sample), numbers, [judged] * len(sample))
    for point, outcome in zip(sample, done, strict=True):
        yield Tried(point, found.waves, outcome)


def _learn(
    so_far: Matched, bands: Mapping[str, tuple[float, float]], chance: Mapping[str, float]
) -> dict[str, Emulator]:
    """An emulator of every outcome where points are left, and one of the chance that there is any outcome."""
    points = np.array([one.point for one in so_far.tried])
    outcome = np.array([bool(one.outcome.values) for one in so_far.tried])
    found = {}
    if not outcome.all():
        hope = emulate(points, outcome.astype(float))
        found[ANY] = replace(hope, least=float(np.quantile(hope(points[outcome]), HOPELESS)))
    left = plausible(points, so_far.emulators, bands)
    for name in bands:
        near = left & np.array([name in one.outcome.values for one in so_far.tried])
        values = np.array([one.outcome.values[name] for one, close in zip(so_far.tried, near, strict=True) if close])
        known = so_far.emulators[name].terms if name in so_far.emulators else ((),)
        fit = emulate(points[near], values, known)
        own = max((LEAST_ERROR * fit.error) ** 2, fit.error**2 - chance.get(name, 0.0) ** 2) ** 0.5
        found[name] = replace(fit, own_error=own)
    return found
