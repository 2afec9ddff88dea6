"""The Latin hypercube: few points that cover each of many ranges evenly."""

from __future__ import annotations

import numpy as np


def latin_hypercube(points: int, dimensions: int, random: np.random.Generator) -> np.ndarray:
    """Points of the unit box, shape (points, dimensions): each of `points` equal slices of an axis holds one."""
    slices = np.stack([random.permutation(points) for _ in range(dimensions)], axis=1)
    return (slices + random.random((points, dimensions))) / points
