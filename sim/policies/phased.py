"""H2: first an asset with coaching, then locality development, at fixed dates."""

from __future__ import annotations

from sim.engine.rule import Param

from .asset_transfer import asset_with_coaching
from .locality_development import locality_development
from .policy import policy


@policy(
    label="H2 phased", label_id="Bertahap", decides="agency or community ranking, then residents", flows="assets and coaching first, then grant and facilitation",
    targets="poorest first, then the village", level="household, then grassroots", loses_when="there is no time for both: each comes to half",
    levers=(*asset_with_coaching.policy.levers, *locality_development.policy.levers),  # type: ignore[attr-defined]
)  # fmt: skip
def phased(
    budget,
    since_start,
    first=Param(8.0, "quarters", low=2.0, high=16.0, source="assumption: two years, as long as coaching takes"),
    lump=Param(2.5, "z per member", low=1.0, high=4.0, source="as asset_with_coaching.lump"),
    coaching=Param(0.4, "share of the package", low=0.3, high=0.5, source="as asset_with_coaching.coaching"),
    community=Param(0.5, "share", low=0.0, high=1.0, source="as asset_with_coaching.community"),
    facilitation=Param(0.3, "share of budget", low=0.1, high=0.65, source="as locality_development.facilitation"),
):
    """Households before the village: packages for the poorest until a fixed date, then what residents choose together."""
    if since_start < first:
        return asset_with_coaching(budget, lump, coaching, community)
    return locality_development(budget, facilitation)
