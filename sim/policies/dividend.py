"""T0: the whole budget as equal cash, the benchmark of every comparison."""

from __future__ import annotations

from .policy import policy


@policy(
    label="T0 dividend", label_id="Dividen merata", decides="nobody", flows="cash, equal per person", targets="everybody", level="all",
    loses_when="one well-placed unit of works, assets or organisation earns more than its price", levers=(),
)  # fmt: skip
def dividend(budget):
    """The whole budget in equal cash: what is spent on nothing else goes to everybody alike."""
    return {}
