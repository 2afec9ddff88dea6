"""Which priors the data moved: a parameter's kept values against its prior, by Kolmogorov and Smirnov's distance."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

LEVEL = 0.05  # share of false alarms among the parameters called moved (Benjamini and Hochberg 1995)


def distance(shares: np.ndarray) -> tuple[float, float]:
    """Largest distance of an empirical distribution from the even one on 0 to 1, and its p-value.

    Kolmogorov's limit with Stephens' (1970) correction for small samples.
    """
    ordered, count = np.sort(shares), len(shares)
    steps = np.arange(count + 1) / count
    away = float(np.maximum(steps[1:] - ordered, ordered - steps[:-1]).max())
    scaled = away * (np.sqrt(count) + 0.12 + 0.11 / np.sqrt(count))
    if scaled < 0.3:  # the series below converges too slowly there; the p-value is 1 to five digits
        return away, 1.0
    terms = np.arange(1, 101)
    series = 2.0 * np.sum((-1.0) ** (terms - 1) * np.exp(-2.0 * terms**2 * scaled**2))
    return away, float(np.clip(series, 0.0, 1.0))


def adjusted(values: np.ndarray) -> np.ndarray:
    """P-values adjusted by Benjamini and Hochberg's step-up rule."""
    order = np.argsort(values)[::-1]
    scaled = values[order] * len(values) / np.arange(len(values), 0, -1)
    out = np.empty(len(values))
    out[order] = np.minimum.accumulate(scaled)
    return np.minimum(out, 1.0)


def moved(sets: Sequence[Mapping[str, float]], spans: Mapping[str, tuple[float, float]]) -> pd.DataFrame:
    """One row a parameter: its prior, what was kept of it, and whether the data moved it.

    Parameters
    ----------
    sets
        Values by name, in the names of `spans`.
    spans
        Lowest and highest value of the prior, which is even between them.
    """
    rows = []
    for name, (low, high) in spans.items() if sets else ():
        values = np.array([one[name] for one in sets])
        away, chance = distance((values - low) / (high - low))
        rows.append((name, low, high, *np.quantile(values, [0.05, 0.5, 0.95]), away, chance))
    names = ["parameter", "low", "high", "kept_5", "kept_50", "kept_95", "distance", "p"]
    frame = pd.DataFrame(rows, columns=names)
    frame["p_adjusted"] = adjusted(frame["p"].to_numpy())
    frame["verdict"] = np.where(frame["p_adjusted"] <= LEVEL, "moved", "not moved")
    return frame
