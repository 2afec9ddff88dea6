"""Ties between the households of a village at quarter 0: who lives near whom, and who does the same work."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

HOMOPHILY = 1.5  # a household of another activity counts as this many times as far away (assumption)
LONG_TIES = 0.1  # share of the ties formed regardless of place and activity (assumption)
TIES = {  # what ties follow, and how they are drawn
    "place and interest": "nearest households of the village, other activities further away, a tenth at random",
    "place": "nearest households of the village whatever their activity, a tenth at random",
    "random": "any households of the village, whatever their place and activity",
}
USUAL = "place and interest"


def village_ties(
    draw: Callable[[str, int], np.ndarray],
    place: tuple[np.ndarray, np.ndarray],
    activity: np.ndarray,
    degree: float,
    follow: str = USUAL,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Ties inside one village: first end, second end (household numbers, first < second) and starting strength (0-1).

    The closest pairs are tied (random geometric graph; another activity counts as further away), a tenth of the ties
    falls anywhere, and a household left alone is tied to its closest one. Mean degree is about `degree`.

    Parameters
    ----------
    draw : the village's uniform draws in (0, 1), by name and count
    place, activity : where each household lives (east and north, 0-1), and its kind of activity
    follow : one of `TIES`. Ties that follow place alone take no note of activities, random ones not of place either;
        what a tie does not follow adds the middle of its range to the strength
    """
    count = len(activity)
    if count < 2 or degree <= 0.0:
        return np.zeros(0), np.zeros(0), np.zeros(0)
    wanted = min(max(1, round(0.5 * degree * count)), count * (count - 1) // 2)
    trade = activity if follow == USUAL else np.zeros(count)
    east_north = np.stack(place, axis=1)
    pair, alone = _near_pairs(east_north, trade, keep=min(count - 1, int(np.ceil(3.0 * degree))))
    drawn = draw("ties", 4 * wanted).reshape(-1, 2)
    anywhere = _keys((drawn[:, 0] * count).astype(int), drawn[:, 1], count)
    chosen = set(pair[: wanted - round(LONG_TIES * wanted)].tolist())
    if follow == "random":
        chosen = set(list(dict.fromkeys(anywhere))[:wanted])
        alone = np.array(_keys(np.arange(count), draw("ties/alone", count), count))
    tied = np.array([end for key in chosen for end in divmod(key, count)], dtype=int)
    chosen.update(alone[np.setdiff1d(np.arange(count), tied)].tolist())
    for key in anywhere:
        if len(chosen) >= wanted:
            break
        chosen.add(key)
    start, end = np.divmod(np.array(sorted(chosen), dtype=int), count)
    gap = np.sqrt(np.sum((east_north[start] - east_north[end]) ** 2, axis=1))
    # Assumption: between 0.3 and 0.9, so that a tie can grow and fade; neighbours and people of one trade start closer.
    alike = 0.3 * (activity[start] == activity[end]) if follow == USUAL else 0.15
    near = 0.3 * (1.0 - gap / np.sqrt(2.0)) if follow != "random" else 0.15
    return start.astype(float), end.astype(float), np.broadcast_to(0.3 + alike + near, start.shape)


def _keys(one: np.ndarray, draw: np.ndarray, count: int) -> list[int]:
    """A pair (first * count + second) of each given household with another one, by a draw in (0, 1)."""
    other = (draw * (count - 1)).astype(int)
    other += other >= one
    return (np.minimum(one, other) * count + np.maximum(one, other)).tolist()


def _near_pairs(place: np.ndarray, activity: np.ndarray, keep: int) -> tuple[np.ndarray, np.ndarray]:
    """Pairs of near households (first * count + second), closest first; and each household's closest pair.

    Only the `keep` nearest of each household are kept, in blocks of rows, so that memory stays linear in the village.
    """
    count = len(activity)
    east, north = place[:, 0], place[:, 1]
    pairs, distances, closest = [], [], np.empty(count, dtype=int)
    for low in range(0, count, 512):
        rows = np.arange(low, min(low + 512, count))
        away = (east[rows, None] - east) ** 2 + (north[rows, None] - north) ** 2  # squared: only the order matters
        away[activity[rows, None] != activity] *= HOMOPHILY * HOMOPHILY
        away[rows - low, rows] = np.inf
        near = np.argpartition(away, keep - 1, axis=1)[:, :keep]
        pair = np.minimum(rows[:, None], near) * count + np.maximum(rows[:, None], near)
        distance = np.take_along_axis(away, near, axis=1)
        closest[rows] = pair[np.arange(len(rows)), np.argmin(distance, axis=1)]
        pairs.append(pair.ravel())
        distances.append(distance.ravel())
    unique, where = np.unique(np.concatenate(pairs), return_index=True)
    return unique[np.argsort(np.concatenate(distances)[where], kind="stable")], closest
