"""The programmes that flowed in rural Indonesia in September 2017; they stand in every arm."""

from __future__ import annotations

from sim.engine.rule import Param

from .policy import policy


@policy(
    label="Village Fund", label_id="Dana Desa", decides="village council", flows="works", targets="village", level="grassroots",
    loses_when="the council is captured or the hall is empty", levers=("works_council",),
)  # fmt: skip
def dana_desa(budget):
    """Dana Desa: Rp 60 tn in 2017, about 0.11 z per person and quarter, for works that the council chooses."""
    return {"works_council": budget}


@policy(
    label="Family Hope Programme", label_id="Program Keluarga Harapan", decides="agency", flows="conditional cash", targets="poorest, proxy means test",
    level="household", loses_when="the poor are missed by the test", levers=("pkh", "pkh_quota", "pkh_stays"),
)  # fmt: skip
def pkh(
    budget,
    quota=Param(
        0.15,
        "share of households",
        low=0.02,
        high=0.4,
        source="about 6 million households in 2017, most of them rural (from memory)",
    ),
    stays=Param(
        0.0,
        "quarters",
        low=0.0,
        high=32.0,
        source="0: all are tested anew each year; the first households were to stay six years (from memory, medium)",
    ),
):
    """PKH: conditional cash to the poorest by a proxy means test, about 0.09 z per member and quarter."""
    return {"pkh": budget, "pkh_quota": quota, "pkh_stays": stays}


@policy(
    label="Rice for the poor", label_id="Rastra", decides="agency", flows="subsidised rice", targets="poor, proxy means test", level="household",
    loses_when="rice is diluted and lost on the way", levers=("rastra", "rastra_quota"),
)  # fmt: skip
def rastra(
    budget,
    quota=Param(
        0.35,
        "share of households",
        low=0.1,
        high=0.8,
        source="half of each 100 kg reached others than intended (read); size is an assumption",
    ),
):
    """Rastra: subsidised rice worth about 0.06 z per member and quarter, less what is lost."""
    return {"rastra": budget, "rastra_quota": quota}
