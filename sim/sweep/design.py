"""Designs: which points of the uncertainties are looked at.

A Latin hypercube covers each range evenly; a Sobol sequence covers them together (scipy); Saltelli's and Morris'
samples are those that sensitivity analysis needs (SALib); a grid takes every combination of a few values.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from sim.errors import InputError
from sim.latin_hypercube import latin_hypercube
from sim.sweep import NEEDED

FEWEST = 4  # blocks of points that sensitivity needs
#: Designs whose points are draws, each with numbers of its own, so that a share of them has an interval; as they are
#: spread more evenly than single draws, it is rather too wide than too narrow.
DRAWN = ("latin_hypercube", "sobol", "sets")

if TYPE_CHECKING:
    from sim.sweep.study import Design


@dataclass(frozen=True)
class Point:
    """One world: its number from 0, the parameter set that it takes (-1: none), and what was drawn, by name."""

    number: int
    set_number: int
    values: Mapping[str, float]


def problem(spans: Mapping[str, tuple[float, float]]) -> dict[str, object]:
    """The uncertainties as SALib calls them."""
    return {"num_vars": len(spans), "names": list(spans), "bounds": [list(span) for span in spans.values()]}


def together(design: Design, many: int) -> int:
    """How many points in a row of the design's order share numbers, and are analysed as one block; 1: none.

    Parameters
    ----------
    many
        Uncertainties.
    """
    return {"saltelli": many + 2, "morris": many + 1}.get(design.kind, 1)


def points(
    design: Design,
    spans: Mapping[str, tuple[float, float]],
    drawn: Mapping[str, Sequence[float]] | None = None,
    sets: int = 0,
) -> list[Point]:
    """The points of a design, in its order.

    Parameters
    ----------
    drawn
        Points of a file: uncertainty -> values.
    sets
        How many calibrated sets points take in turn.
    """
    if design.kind == "sets":
        return [Point(number, number, {}) for number in range(min(design.points, sets))]
    rows = np.array(list((drawn or {}).values())).T if design.kind == "file" else _rows(design, spans)
    return [
        Point(number, number % sets if sets else -1, dict(zip(spans, map(float, row), strict=True)))
        for number, row in enumerate(rows)
    ]


def _rows(design: Design, spans: Mapping[str, tuple[float, float]]) -> np.ndarray:
    """Points in the units of the uncertainties, [point, uncertainty]."""
    low, high = np.array(list(spans.values())).T
    if design.kind == "grid":
        return np.array([*itertools.product(*(np.linspace(a, b, design.levels) for a, b in spans.values()))])
    if design.kind == "latin_hypercube":
        random = np.random.Generator(np.random.Philox(design.seed))
        return low + latin_hypercube(design.points, len(spans), random) * (high - low)
    if design.kind == "sobol":
        try:
            from scipy.stats import qmc
        except ImportError:
            raise InputError(f'kind = "sobol" {NEEDED}') from None
        unit = qmc.Sobol(len(spans), rng=np.random.default_rng(design.seed)).random(design.points)
        return low + unit * (high - low)
    try:
        from SALib.sample import morris, sobol
    except ImportError:
        raise InputError(f'kind = "{design.kind}" {NEEDED}') from None
    about = problem(spans)
    if design.kind == "saltelli":
        return sobol.sample(about, design.points, calc_second_order=False, seed=design.seed)
    return morris.sample(about, design.points, num_levels=design.levels, seed=design.seed)
