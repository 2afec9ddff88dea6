"""What a reader sees of a manifest that its bare values do not say."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence
from typing import Any

from sim.experiment.people import size_of
from sim.experiment.results import PARAMETER_SET, Results
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
#: What a world is solved by; all else that stands there is a number of the model, by its name.
SOLVED = (
    mark("largest gap of log consumption, 2nd to 98th percentile"),
    mark("attendance at rest"),
    mark("ability lowered by, log"),
    mark("measured headcount"),
)
#: How a column was drawn: of some villages, or of the rows of a survey that lack it, or of all.
DRAWN = re.compile(r"(?:(\d+) of (\d+) (?:villages|rows of (.+)): )?([^:]+)")


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


def imputed(texts: Mapping[str, str]) -> str:
    """How each column was drawn that nobody was asked for, one a line."""
    return "\n".join(f"{column}: {drawn(text)}" for column, text in texts.items())


def drawn(text: str) -> str:
    """How a column was drawn, and of how many villages or rows where not of all."""
    found = DRAWN.fullmatch(text)
    assert found, text
    some, all_, file, how = found.groups()
    if some is None:
        return say(how)
    of = mark("{some} of {all} rows of {file}: {how}") if file else mark("{some} of {all} villages: {how}")
    return say(of, **({"file": file} if file else {}), some=some, all=all_, how=say(how))


def solved(worlds: Mapping[str, float] | Sequence[Mapping[str, float]]) -> str:
    """What was solved of a world, one thing a line; of several worlds one a line, each of a parameter set."""
    if isinstance(worlds, Mapping):
        return "\n".join(_solved(worlds))
    heads = (say("parameter set {number}", number=world[PARAMETER_SET]) for world in worlds)
    return "\n".join(f"{head}: {'; '.join(_solved(world))}" for head, world in zip(heads, worlds, strict=True))


def _solved(world: Mapping[str, float]) -> list[str]:
    """Each thing that was solved, and its value."""
    found = {name: value for name, value in world.items() if name != PARAMETER_SET}
    return [f"{say(name) if name in SOLVED else name}\u00a0{number(value, 2)}" for name, value in found.items()]


def said_of(manifest: Mapping[str, Any]) -> dict[str, str]:
    """Those values of a manifest that are said in words."""
    return {"solved": solved(manifest["solved"]), "imputed": imputed(manifest["imputed"])}
