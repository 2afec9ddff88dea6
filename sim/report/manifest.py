"""What a reader sees of a manifest that its bare values do not say."""

from __future__ import annotations

import tomllib

from sim.experiment.people import size_of
from sim.experiment.results import Results
from sim.language import listed, mark, say
from sim.report import number
from sim.scenario import Scenario

#: What `--quick` takes less of than the file asks for.
LESS = (
    mark("{played} of {asked} villages"),
    mark("{played} of {asked} households in each"),
    mark("{played} of {asked} lucks"),
    mark("{played} of {asked} parameter sets"),
)


def first_look(results: Results) -> str:
    """How much of what its file asks for a quick run played; empty where it played all of that."""
    played = results.scenario
    if not played.text:  # built from a document, which is what was run
        return ""
    asked = Scenario.model_validate(tomllib.loads(played.text), context=played.known)
    whole = played.model_copy(update={"population": asked.population, "replications": asked.replications})
    sizes = zip(*(sized(one) for one in (played, whole)), strict=True)
    pairs = [(told, *pair) for told, pair in zip(LESS, sizes, strict=True) if pair[0] != pair[1]]
    less = [say(told, played=some, asked=number(all_, 0)) for told, some, all_ in pairs]
    return say("A first look (--quick): {less}.", less=listed(less)) if less else ""


def sized(scenario: Scenario) -> tuple[int, int | None, int, int]:
    """Villages, households of each (none: those of the survey, as they are), lucks and parameter sets."""
    luck = scenario.replications
    return size_of(scenario)[0], scenario.population.households, luck.seeds, luck.sets
