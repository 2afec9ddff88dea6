"""Scenario discovery: the conditions under which one strategy beats another, as boxes (patient rule induction).

Friedman and Fisher (1999): a box around all points is peeled, a few points at a time from whichever side leaves the
greatest share of cases, and pasted back where that costs nothing. Bryant and Lempert (2010): a box is judged by its
coverage (share of all cases that are in it), its density (share of cases among its points) and how few numbers it
restricts; a restriction that chance would give too is dropped. Peels come from the sides only, so that cases at both
ends of a range, with none between, may be missed. Written here, because the package that does it
(`prim`) has a licence (GPL-3) which this project could not pass on; a test holds the two side by side.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from sim.errors import InputError
from sim.scenario.faults import did_you_mean, show
from sim.sweep.found import Found, mean

PEEL, PASTE, LEAST = 0.05, 0.05, 0.05  # share of a box's points peeled and pasted at once; least share in a box
BY_CHANCE = 0.05  # a restriction that chance gives as often as this is dropped
MOST, FOLDS = 3, 5  # boxes; parts of the points that are held back in turn
SEED = 1  # of the lot that divides points into these parts
FEWEST = 30  # points


@dataclass(frozen=True)
class Box:
    """Where a strategy beats another.

    Attributes
    ----------
    limits
        Restricted number -> its low and high end.
    chance
        Restricted number -> how often chance alone would make its restriction this good.
    coverage, density, mass
        Shares: of all cases that are inside, of the points inside that are cases, of all points that are inside.
    fresh
        Density in points that were held back while the box was found, over all folds; nan where none fell inside.
    path
        Coverage and density from the whole to the smallest box, one row a peel.
    """

    limits: Mapping[str, tuple[float, float]]
    chance: Mapping[str, float]
    coverage: float
    density: float
    mass: float
    fresh: float = math.nan
    path: np.ndarray = field(default_factory=lambda: np.empty((0, 2)))


@dataclass(frozen=True)
class Conditions:
    """Under which conditions an arm beats another in a metric.

    Attributes
    ----------
    places
        What was drawn and chosen at each case that was looked at, one column a number; the index is the block of the
        design, whose points share numbers (a point is one by itself in most designs).
    hits
        Whether the arm is better there.
    clear
        Share of those with more than one luck that are better beyond luck; nan where there is none.
    """

    better: str
    than: str
    metric: str
    places: pd.DataFrame
    hits: np.ndarray
    clear: float
    boxes: Sequence[Box]


def discover(found: Found, better: str, than: str, metric: str = "") -> Conditions:
    """Find boxes in which an arm is better than another under the same levers and lucks.

    Raises
    ------
    InputError
        For an unknown arm or metric, or too few points, or an outcome that is the same everywhere.
    """
    metric = metric or found.metrics[0].name
    arms, names = list(dict.fromkeys(way.arm for way in found.ways)), [one.name for one in found.metrics]
    for word, value, known in (("better", better, arms), ("than", than, arms), ("metric", metric, names)):
        if value not in known:
            hint = did_you_mean(value, known) or f"; allowed: {', '.join(known)}"
            raise InputError(f"{word}: {show(value)} is none of this study{hint}")
    if better == than:
        raise InputError(f"better and than are both {show(better)}; allowed: two arms")
    sign = found.metric(metric).better
    if not sign:
        raise InputError(f"metric: of {show(metric)} neither more nor less is better; allowed: one of which either is")
    places, hits, clear = cases(found, better, than, metric, sign)
    if len(places) < FEWEST:
        raise InputError(f"{found.name}: boxes need {FEWEST} points or more, here are {len(places)}")
    return Conditions(better, than, metric, places, hits, clear, boxes(places, hits))


def cases(found: Found, better: str, than: str, metric: str, sign: float) -> tuple[pd.DataFrame, np.ndarray, float]:
    """Every point under every combination of levers that tells: where it is, whether the arm is better, how clearly."""
    values, width, frames, gaps, beyond = found.lucks(metric), found.width(metric), [], [], []
    blocks = np.arange(len(found.points)) // found.block
    for one, other in found.pairs(better, than):
        apart = sign * (values[:, one] - values[:, other])
        gap = mean(apart[:, None])[:, 0]
        known = np.isfinite(gap)
        levers = {**found.ways[other].levers, **found.ways[one].levers}
        frames.append(pd.DataFrame(found.points, blocks, list(found.spans)).assign(**levers)[known])
        gaps.append(gap[known])
        reach = np.array([width(luck) for luck in apart])
        beyond.append((gap - reach)[np.isfinite(reach)])  # one luck has none
    clear = np.concatenate(beyond) > 0.0
    return pd.concat(frames), np.concatenate(gaps) > 0.0, float(clear.mean()) if len(clear) else math.nan


# -- patient rule induction -------------------------------------------------------------------------------------------


def boxes(places: pd.DataFrame, hits: np.ndarray) -> list[Box]:
    """At most three boxes, each among the points that those before it leave; none where all points are alike."""
    found: list[Box] = []
    left = np.ones(len(hits), bool)
    while len(found) < MOST and 0 < hits[left].sum() < left.sum() and left.sum() >= FEWEST:
        box = one_box(places[left], hits[left], int(hits.sum()), len(hits))
        if not box.limits or box.density <= hits.mean():
            break
        found.append(box)
        left &= ~inside(places, box.limits)
    return found


def one_box(places: pd.DataFrame, hits: np.ndarray, all_hits: int, all_points: int) -> Box:
    """The best box among some points; shares are of all points and of all cases."""
    limits, path = best(places, hits, all_hits)
    within = inside(places, limits)
    turn = parts(places.index.to_numpy())
    seen = [hits[:0]]
    for k in range(FOLDS):
        out = turn == k
        if not out.all():
            seen.append(hits[out][inside(places[out], best(places[~out], hits[~out], 0)[0])])
    held = np.concatenate(seen)
    chance = {name: by_chance(places, hits, limits, name) for name in limits}
    fresh = float(held.mean()) if len(held) else math.nan
    caught = float(hits[within].sum())
    return Box(limits, chance, caught / all_hits, caught / within.sum(), within.sum() / all_points, fresh, path)


def parts(blocks: np.ndarray) -> np.ndarray:
    """In which turn each point is held back: its whole block with it, and blocks by lot.

    Points of a block share numbers, and would tell of one another. Blocks in a row may lie side by side (in a grid all
    that share the first number), and what is found without such a slab says nothing of it.
    """
    names, place = np.unique(blocks, return_inverse=True)
    return np.random.default_rng(SEED).permutation(len(names))[place] % FOLDS


def best(places: pd.DataFrame, hits: np.ndarray, all_hits: int) -> tuple[dict[str, tuple[float, float]], np.ndarray]:
    """Limits of the box with the best balance of coverage and density (their harmonic mean), and the peels to it."""
    values, hits = places.to_numpy(float), np.asarray(hits, float)
    low, high = values.min(axis=0), values.max(axis=0)
    ends, trail, whole = [(low.copy(), high.copy())], [], max(hits.sum(), 1.0)
    while (step := peeled(values, hits, *ends[-1])) is not None:
        ends.append(step)
    for one in ends:
        rows = within(values, *one)
        trail.append((hits[rows].sum() / whole, hits[rows].mean()))
    path = np.array(trail)
    grown = [pasted(values, hits, *one) for one in (ends[int(np.argmax(balance(path)))], ends[-1])]
    caught = [hits[within(values, *one)] for one in grown]
    chosen = grown[int(np.argmax([balance(np.array([one.sum() / whole, one.mean()])) for one in caught]))]
    limits = {
        name: (float(a), float(b))
        for name, a, b, lowest, highest in zip(places, *chosen, low, high, strict=True)
        if a > lowest or b < highest
    }
    return without_chance(places, hits > 0.5, limits), path * [whole / max(all_hits, whole), 1.0]


def balance(pairs: np.ndarray) -> np.ndarray:
    """Harmonic mean of coverage and density, the last axis."""
    return 2.0 * pairs.prod(axis=-1) / np.maximum(pairs.sum(axis=-1), 1e-12)


def within(values: np.ndarray, low: np.ndarray, high: np.ndarray) -> np.ndarray:
    """Which points are in a box."""
    return np.all((values >= low) & (values <= high), axis=1)


def inside(places: pd.DataFrame, limits: Mapping[str, tuple[float, float]]) -> np.ndarray:
    """Which points are within some limits."""
    rows = np.ones(len(places), bool)
    for name, (low, high) in limits.items():
        rows &= places[name].between(low, high).to_numpy()
    return rows


def peeled(values: np.ndarray, hits: np.ndarray, low: np.ndarray, high: np.ndarray) -> tuple | None:
    """The box after the peel that raises its density most for each point that goes; none where no peel is left."""
    rows = within(values, low, high)
    count, density = rows.sum(), hits[rows].mean()
    if density == 1.0:
        return None
    found, top = None, -math.inf
    for side in range(2 * values.shape[1]):
        k, upper = divmod(side, 2)
        own = np.sort(values[rows, k])[:: -1 if upper else 1]
        cut = own[max(1, int(PEEL * count)) - 1]
        rest = own[own < cut] if upper else own[own > cut]
        if len(rest) < max(2.0, LEAST * len(hits)):
            continue
        end = 0.5 * (cut + rest[0])  # between the last that goes and the first that stays
        ends = low.copy(), high.copy()
        ends[upper][k] = end
        kept = rows & (values[:, k] < cut if upper else values[:, k] > cut)
        gain = (hits[kept].mean() - density) / (count - kept.sum())
        if gain > top:
            found, top = ends, gain
    return found


def pasted(values: np.ndarray, hits: np.ndarray, low: np.ndarray, high: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The box after its sides have been moved out again as long as that takes nothing from its density."""
    while True:
        rows, moved = within(values, low, high), None
        count, density = rows.sum(), hits[rows].mean()
        for side in range(2 * values.shape[1]):
            k, upper = divmod(side, 2)
            others = np.delete(np.arange(values.shape[1]), k)
            column = within(values[:, others], low[others], high[others])
            beyond = np.sort(values[column & (values[:, k] > high[k] if upper else values[:, k] < low[k]), k])
            if not len(beyond):
                continue
            step = beyond[:: 1 if upper else -1][: max(1, int(PASTE * count))][-1]
            ends = low.copy(), high.copy()
            ends[upper][k] = step
            wider = within(values, *ends)
            if hits[wider].mean() >= density and wider.sum() > count and (moved is None or wider.sum() > moved[0]):
                moved = wider.sum(), ends
        if moved is None:
            return low, high
        low, high = moved[1]


def by_chance(places: pd.DataFrame, hits: np.ndarray, limits: Mapping[str, tuple[float, float]], name: str) -> float:
    """How often a restriction that does not matter would leave as dense a box (binomial; Bryant and Lempert 2010)."""
    from scipy.stats import binom

    others = inside(places, {one: span for one, span in limits.items() if one != name})
    rows = inside(places, limits)
    return float(binom.sf(hits[rows].sum() - 1, rows.sum(), hits[others].mean()))


def without_chance(places: pd.DataFrame, hits: np.ndarray, limits: dict) -> dict[str, tuple[float, float]]:
    """Limits without those that chance would give, the likeliest first."""
    while limits:
        chance = {name: by_chance(places, hits, limits, name) for name in limits}
        worst = max(chance, key=lambda name: chance[name])
        if chance[worst] <= BY_CHANCE:
            break
        limits = {name: span for name, span in limits.items() if name != worst}
    return limits


def exported(found: Found) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Experiments and outcomes, row by row, in the shape of the EMA Workbench: uncertainties, levers, policy, scenario,
    model; and one column an outcome, the mean over lucks. A lever is blank for an arm that several of its
    values leave the same."""
    experiments, results = [], []
    for n, way in enumerate(found.ways):
        frame = pd.DataFrame(found.points, columns=list(found.spans))
        same = pd.DataFrame([found.plan.ways[number].levers for number in way.numbers])
        levers = {name: values[0] if values.nunique() == 1 else math.nan for name, values in same.items()}
        numbers = [point.number for point in found.plan.points]
        experiments.append(frame.assign(**levers, scenario=numbers, policy=way.label, model=found.name))
        results.append(pd.DataFrame({one.name: found.levels(one.name)[:, n] for one in found.metrics}))
    return pd.concat(experiments, ignore_index=True), pd.concat(results, ignore_index=True)
