"""The Latin hypercube: few points that cover each of many ranges evenly."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np


def latin_hypercube(points: int, dimensions: int, random: np.random.Generator) -> np.ndarray:
    """Points of the unit box, shape (points, dimensions): each of `points` equal slices of an axis holds one."""
    slices = np.stack([random.permutation(points) for _ in range(dimensions)], axis=1)
    return (slices + random.random((points, dimensions))) / points


def scattered(
    spans: Mapping[str, tuple[float, float]], points: int, random: np.random.Generator
) -> list[dict[str, float]]:
    """Points of a Latin hypercube over some ranges: name -> (low, high)."""
    low, high = np.array(list(spans.values())).T
    places = low + latin_hypercube(points, len(spans), random) * (high - low)
    return [dict(zip(spans, place, strict=True)) for place in places.tolist()]
