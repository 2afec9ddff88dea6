"""T2b: a lump asset with coaching for the poorest (graduation), and the asset alone."""

from __future__ import annotations

from sim.engine.rule import Param

from .policy import policy

LEVERS = ("asset", "asset_lump", "asset_coaching", "asset_community", "asset_animals")


@policy(
    label="T2b asset with coaching", label_id="Aset dengan pendampingan", decides="agency or community ranking", flows="one asset and coaching per household",
    targets="poorest first", level="household", loses_when="wages are as good, or assets die", levers=LEVERS,
)  # fmt: skip
def asset_with_coaching(
    budget,
    lump=Param(
        2.5, "z per member", low=1.0, high=4.0, source="2-3 z per member; TUP gave 2.2 times the asset threshold"
    ),
    coaching=Param(
        0.4, "share of the package", low=0.3, high=0.5, source="TUP: half asset, half training (registry; read)"
    ),
    community=Param(0.5, "share", low=0.0, high=1.0, source="assumption: proxy test and community ranking together"),
    animals=Param(
        0.0,
        "share of the asset",
        low=0.0,
        high=1.0,
        source="design: what an epidemic can kill; 0: depreciation counts it",
    ),
):
    """As many of the poorest as the money reaches get a productive asset and coaching, once."""
    return {
        "asset": budget,
        "asset_lump": lump,
        "asset_coaching": coaching,
        "asset_community": community,
        "asset_animals": animals,
    }


@policy(
    label="T2b asset alone", label_id="Aset tanpa pendampingan", decides="agency or community ranking", flows="one asset per household",
    targets="poorest first", level="household", loses_when="hands cannot use what they get", levers=LEVERS,
)  # fmt: skip
def asset_only(
    budget,
    lump=Param(1.5, "z per member", low=0.5, high=4.0, source="the asset of asset_with_coaching without the coaching"),
    community=Param(0.5, "share", low=0.0, high=1.0, source="as asset_with_coaching.community"),
    animals=Param(0.0, "share of the asset", low=0.0, high=1.0, source="as asset_with_coaching.animals"),
):
    """The same asset without coaching, for more households."""
    return {
        "asset": budget,
        "asset_lump": lump,
        "asset_coaching": 0.0,
        "asset_community": community,
        "asset_animals": animals,
    }
