"""The picture of a published map, drawn from its stored table and nothing else: what is stored is what is seen."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from sim.experiment.canonical import Stored
from sim.language import ENGLISH, LANGUAGES, speaking
from sim.regime.regime_map import NONE, Outline
from sim.report.winners import winners_map
from sim.reproduce.runs import UNCLEAR, Map, world_named
from sim.scenario import Known, load


def outline(asked: Map, was: Stored, known: Known) -> Outline:
    """Read a map back from its stored table."""
    axes, table = asked.axes_of(known), was.table
    names = [axis.name for axis in axes]
    winners = table[table["metric"] == "winner"].set_index("part")["says"].replace(UNCLEAR, NONE)
    rows: pd.DataFrame = table[table["metric"].isin(names)].pivot(index="part", columns="metric", values="estimate")
    worlds = sorted(winners.index, key=lambda part: int(part.split()[1]))
    own = world_named(0)
    marked = rows.loc[own, names].to_numpy(float) if own in rows.index else None
    places = rows.loc[worlds, names].to_numpy(float)
    return Outline(load(asked.scenario, known), axes, places, list(winners[worlds]), marked)


def pictures(asked: Map, was: Stored, known: Known) -> Mapping[str, bytes]:
    """Ending of a file's name -> the picture as SVG, in each language."""
    found, drawn = outline(asked, was, known), {}
    for code in LANGUAGES:
        with speaking(code):
            drawn[".svg" if code == ENGLISH.code else f".{code}.svg"] = winners_map(found).svg()
    return drawn
