"""Scenarios: one TOML file a question, read and checked before anything runs.

A scenario says who lives in the world, when the programmes run, what they cost, which arms are compared and which
numbers of the model differ from their defaults. It cannot set the windows and cut-offs by which arms are judged: those
are the constants `Windows` and `Cutoffs`, chosen before any result. Whatever is wrong in a file comes back as one
`InputError` that names the file, the line, what was found and what is allowed.
"""

from .document import (
    BASELINE,
    BENCHMARK,
    CUTOFFS,
    PROGRAMMES_2017,
    Arm,
    Budget,
    Calendar,
    Known,
    Population,
    Scenario,
    schema,
)
from .lines import locate
from .reading import SCENARIOS, check, load, opened, validated

__all__ = [
    "BASELINE", "BENCHMARK", "CUTOFFS", "PROGRAMMES_2017", "SCENARIOS", "Arm", "Budget", "Calendar", "Known",
    "Population", "Scenario", "check", "load", "locate", "opened", "schema", "validated",
]  # fmt: skip
