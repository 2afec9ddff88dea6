"""Which uncertain numbers decide an outcome: Sobol indices and Morris' elementary effects, by SALib."""

from __future__ import annotations

import numpy as np
import pandas as pd

from sim.errors import InputError
from sim.sweep import NEEDED
from sim.sweep.design import FEWEST, problem, together
from sim.sweep.found import Found
from sim.sweep.study import Design

LEVEL, RESAMPLES, SEED = 0.90, 1_000, 1  # of bootstrap intervals
WIDE = 0.25  # half-width of a Sobol index beyond which little can be told of a share of variance, which is 0 to 1


def sensitivity(found: Found, design: Design) -> pd.DataFrame:
    """One row an outcome and uncertainty: its indices with the half-widths of their bootstrap intervals of 90 %.

    An outcome is a metric of a way: its level where there is one way only, else its difference from the arm of
    comparison. Of a design whose runs failed at a point, the whole block of points that belongs to it is left out.

    Returns
    -------
    DataFrame
        metric, way, uncertainty, points; of Sobol: `first`, `first_reach` (share of variance that the number decides
        alone) and `total`, `total_reach` (with all others that it acts together with); of Morris: `mu_star`,
        `mu_star_reach` (mean absolute elementary effect, in the metric's unit over the whole range) and `sigma`.

    Raises
    ------
    InputError
        When the design is none for sensitivity, or too little of it is left.
    """
    if design.kind not in ("saltelli", "morris"):
        said = f'sensitivity needs kind = "saltelli" or "morris" in [design], not "{design.kind}"'
        raise InputError(f"{found.name}: {said}")
    block = together(design, len(found.spans))
    rows: list[dict[str, object]] = []
    partners = found.partners(found.versus)
    for one in found.metrics:
        alone = len(found.ways) == 1
        values = found.levels(one.name) if alone else found.differences(one.name)
        for n, way in enumerate(found.ways):
            if (way.arm == found.versus or n not in partners) and not alone:
                continue  # a difference is asked of who has one arm to differ from, whatever the levers
            whole = np.isfinite(values[:, n]).reshape(-1, block).all(axis=1)
            if whole.sum() < FEWEST:
                said = f"{whole.sum()} of {len(whole)} blocks of the design have no failure; allowed: {FEWEST} or more"
                raise InputError(f"{found.name}: {said}")
            kept = np.repeat(whole, block)
            told = {"metric": one.name, "arm": way.arm, "way": way.label, "points": int(kept.sum())}
            analyse = _sobol if design.kind == "saltelli" else _morris
            rows += [{**told, **row} for row in analyse(found, values[kept, n], kept, design)]
    if not rows:
        raise InputError(
            f"{found.name}: the levers change {found.versus} and no other arm, so that none has one to differ from; "
            "allowed: another `versus`"
        )
    return pd.DataFrame(rows)


def _sobol(found: Found, values: np.ndarray, kept: np.ndarray, design: Design) -> list[dict[str, object]]:
    """Saltelli et al. (2010) for both indices."""
    try:
        from SALib.analyze import sobol
    except ImportError:
        raise InputError(f"sensitivity {NEEDED}") from None
    if np.ptp(values) == 0.0:
        return _nothing(found, ("first", "first_reach", "total", "total_reach"))
    told = sobol.analyze(
        problem(found.spans), values, calc_second_order=False, num_resamples=RESAMPLES, conf_level=LEVEL, seed=SEED
    )
    columns = zip(found.spans, told["S1"], told["S1_conf"], told["ST"], told["ST_conf"], strict=True)
    return [
        {"uncertainty": name, "first": s1, "first_reach": r1, "total": st, "total_reach": rt}
        for name, s1, r1, st, rt in columns
    ]


def _morris(found: Found, values: np.ndarray, kept: np.ndarray, design: Design) -> list[dict[str, object]]:
    """Campolongo et al. (2007): the mean absolute effect; Morris (1991): their spread."""
    try:
        from SALib.analyze import morris
    except ImportError:
        raise InputError(f"sensitivity {NEEDED}") from None
    told = morris.analyze(
        problem(found.spans), found.points[kept], values, num_levels=design.levels, num_resamples=RESAMPLES,
        conf_level=LEVEL, seed=SEED,
    )  # fmt: skip
    columns = zip(found.spans, told["mu_star"], told["mu_star_conf"], told["sigma"], strict=True)
    return [{"uncertainty": name, "mu_star": mu, "mu_star_reach": r, "sigma": sd} for name, mu, r, sd in columns]


def _nothing(found: Found, columns: tuple[str, ...]) -> list[dict[str, object]]:
    """An outcome that nothing moves has no variance to share out."""
    return [{"uncertainty": name, **dict.fromkeys(columns, 0.0)} for name in found.spans]
