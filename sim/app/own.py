"""A place of the reader's own: a scenario file or a household survey, read as data, checked, kept for the session only.

Nothing in it can name a file or bring code: a scenario's survey and village list are refused, policies come from the
catalogue. It is not part of an address, so a link to it is not understood elsewhere.
"""

from __future__ import annotations

import tomllib
from dataclasses import replace
from functools import lru_cache
from hashlib import sha256
from pathlib import Path

from sim.app.choices import FIRST, MOST_LUCKS, Choices, choices
from sim.app.settings import OWN, Own, Settings
from sim.drafted import put
from sim.engine.compile import temporary_folder
from sim.errors import InputError
from sim.scenario import BASELINE, Scenario, check, load
from sim.survey import read_survey

LARGEST = {"scenario": 100_000, "survey": 2_000_000}  # characters
MOST_ROWS = 20_000  # of a survey
LONGEST = 120  # quarters
KEPT = 8  # places of readers that a process remembers
MOST_FILES = 100  # surveys that lie in the folder: more than readers at a time


def read(what: object, name: object, text: object) -> Own:
    """What a reader brings, checked.

    Raises
    ------
    InputError
        One sentence: what is wrong, and what is allowed.
    """
    if what not in LARGEST or not isinstance(text, str):
        raise InputError(f"a place of your own is a scenario (.toml) or a survey (.csv), not {str(what)[:20]!r}")
    named = Path(str(name)[:60].replace("\\", "/")).name or f"own.{what}"
    if len(text) > LARGEST[what]:
        raise InputError(f"{named} has {len(text)} characters; allowed: at most {LARGEST[what]}")
    if what == "survey" and text.count("\n") > MOST_ROWS:
        raise InputError(f"{named} has {text.count(chr(10))} rows; allowed: at most {MOST_ROWS}")
    own = Own(str(what), named, text)
    place_of(own)
    return own


def among_of(settings: Settings) -> Choices:
    """What can be chosen where these settings are: the reader's own place among it."""
    return choices() if settings.own is None else _with(settings.own, choices())


@lru_cache(KEPT)
def _with(own: Own, base: Choices) -> Choices:
    return replace(base, places={**base.places, OWN: place_of(own)})


@lru_cache(KEPT)
def place_of(own: Own) -> Scenario:
    """The scenario of a place of the reader's own.

    Raises
    ------
    InputError
        As `read`.
    """
    return _of_survey(own) if own.what == "survey" else _of_scenario(own)


def _of_scenario(own: Own) -> Scenario:
    known = choices().known
    try:
        document = tomllib.loads(own.text)
    except (ValueError, RecursionError) as error:
        raise InputError(f"{own.name}: not valid TOML: {str(error)[:120]}") from None
    people = document.get("population", {})
    if isinstance(people, dict):
        for key in ("survey", "village_list"):
            if people.get(key):
                other = str(people[key])[:60]
                raise InputError(f"{own.name}: names the file {other}; a page reads no files: bring a survey by itself")
    scenario = check(document, known, name=own.name, text=own.text)
    if scenario.calendar.quarters > LONGEST:
        raise InputError(f"{own.name}: has {scenario.calendar.quarters} quarters; in the view at most {LONGEST}")
    if not 1 <= scenario.replications.first_seed <= MOST_LUCKS:
        seed = scenario.replications.first_seed
        raise InputError(f"{own.name}: its first seed is {seed}; in the view 1 to {MOST_LUCKS}")
    return scenario


def _of_survey(own: Own) -> Scenario:
    """The default place with the people of a survey. Its file lies in a temporary folder, by its digest."""
    path = temporary_folder() / f"survey-{sha256(own.text.encode()).hexdigest()[:32]}.csv"
    put(path, own.text)  # again, where it is: what was asked for last goes last
    for old in sorted(path.parent.glob("survey-*.csv"), key=lambda file: file.stat().st_mtime)[:-MOST_FILES]:
        old.unlink(missing_ok=True)
    try:
        read_survey(path)
    except InputError as error:
        raise InputError(str(error).replace(path.name, own.name)) from None
    default = load(FIRST, choices().known)
    document = default.model_dump(mode="json")
    document["population"] |= {"survey": str(path), "villages": 20}
    document["title"] = own.name
    return check(document, choices().known, name=own.name)


def settings_of(own: Own) -> Settings:
    """The first view of a place: its own first luck, and its own first two policies, where it names two."""
    place = place_of(own)
    named = [arm.policy for arm in place.arms if arm.policy != BASELINE]
    start = Settings(place=OWN, own=own, luck=place.replications.first_seed)
    return replace(start, a=named[0], b=named[1]) if own.what == "scenario" and len(named) > 1 else start
