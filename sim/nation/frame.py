"""The frame of the nation: how many villages, households and poor each province has, and what of it is imputed.

Published by province: all poor (March 2017), people (2016), share of cities (2015). From memory: villages and
districts. Not published in the sources at hand, and so **imputed**:

- rural poverty: in every province the country is as many times poorer than its cities as in the nation as a whole,
  and all are scaled by one factor so that the nation has the published rural headcount of September 2017;
- rural households: rural people, scaled to the published rural people, by the national mean size of a household;
- districts of a province have equally many villages; which village lies in which is drawn.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from sim.language import mark
from sim.survey import RURAL_2017, read_aggregates

REGIONS = RURAL_2017.with_name("indonesia_regions_2017.toml")
CITIES = 7.26  # % of persons poor in cities, Sept 2017 (BPS; read)
NAMES = {"yogyakarta": "DI Yogyakarta"}
IMPUTED = (
    mark(
        "Rural poverty by province: all poor of the province (March 2017), divided between country and cities at the "
        "national ratio of rural to urban poverty, and scaled to the rural headcount of September 2017."
    ),
    mark("Rural households by province: rural people by the national mean size of a household (3.9)."),
    mark(
        "Numbers of villages and districts by province: code lists, from memory; equally many villages in the "
        "districts of a province, neighbours drawn."
    ),
    mark("Sizes of villages: lognormal with sd 0.9 of the log around the mean of the province."),
)


@dataclass(frozen=True)
class Province:
    """What the nation has in a province.

    Attributes
    ----------
    villages, districts
        Their numbers in the country; `played` villages stand for all of them.
    households
        Rural households, imputed.
    headcount
        Share of rural persons who are poor at the start, as a survey measures it, imputed (0-1).
    """

    name: str
    villages: int
    districts: int
    households: float
    headcount: float
    played: int

    @property
    def label(self) -> str:
        """Its name as it is printed."""
        return NAMES.get(self.name, self.name.replace("_", " ").title())

    @property
    def weight(self) -> float:
        """Villages that a played one stands for."""
        return self.villages / self.played

    def districts_of(self) -> list[range]:
        """The played villages of each district, by their number in the province; as even as can be."""
        parts = min(self.districts, self.played)
        edges = [self.played * k // parts for k in range(parts + 1)]
        return [range(a, b) for a, b in pairwise(edges)]


def provinces(part: float = 1.0) -> list[Province]:
    """The provinces that have villages, in the order of their codes.

    Parameters
    ----------
    part
        Share of the villages that is played, at least one a province.
    """
    return framed(read_aggregates(REGIONS), read_aggregates(), part)


def framed(regions: Mapping[str, Any], rural: Mapping[str, Any], part: float) -> list[Province]:
    """The provinces from published figures: all of the nation by province, and the country as a whole."""
    villages, districts, people, cities = (
        regions[f"provinces.{name}"] for name in ("villages", "districts", "people", "urban")
    )
    country = {name: people[name] * (1.0 - cities[name] / 100.0) for name in villages}
    ratio = rural["targets.headcount"] / CITIES
    poverty = {}
    for name in villages:
        urban = cities[name] / 100.0
        poverty[name] = ratio * poor(regions, name) / people[name] / (urban + ratio * (1.0 - urban))
    whole = sum(country.values())
    share = rural["targets.headcount"] / 100.0
    scale = share * whole / sum(country[name] * poverty[name] for name in villages)
    households = rural["village.rural_people"] * 1e6 / whole / rural["household.size"]
    return [
        Province(
            name,
            villages[name],
            districts[name],
            households * country[name],
            scale * poverty[name],
            max(1, round(part * villages[name])),
        )
        for name in villages
    ]


def poor(regions: Mapping[str, Any], name: str) -> float:
    """All poor of a province, thousand persons; Bali is what is left of its island group."""
    if name != "bali":
        return float(regions[f"province.{name}.poor"])
    others = sum(regions[f"province.nusa_tenggara_{side}.poor"] for side in ("barat", "timur"))
    return 1000.0 * regions["island.bali_nusa_tenggara.poor"] - others
