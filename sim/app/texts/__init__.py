"""Every text of the view, English and Indonesian side by side: `key = ["…", "…"]` in the TOML files beside this one.

Why not in the catalogue of `sim.language`, by their English: a browser asks by place and switches at once, so both
languages travel with the page, and short words stand in places of their own ("none" is two words in Indonesian). What
the model says of itself (policies, questions and notes of scenarios, most units) is in that catalogue alone.
"""

from __future__ import annotations

import os
import tomllib
from functools import cache
from pathlib import Path

from sim.language import catalogue

LANGUAGES = ("en", "id")
OPENED = "SWADAYA_LANG"  # in the environment of a server: the language that its pages are to open in


@cache
def table() -> dict[str, tuple[str, str]]:
    """Key -> text in `LANGUAGES`; tables of a file are joined to their keys by dots."""
    found: dict[str, tuple[str, str]] = {}
    for file in sorted(Path(__file__).parent.glob("*.toml")):
        _gather(tomllib.loads(file.read_text(encoding="utf-8")), "", found)
    return found


def _gather(part: dict, head: str, found: dict[str, tuple[str, str]]) -> None:
    for key, value in part.items():
        if isinstance(value, dict):
            _gather(value, f"{head}{key}.", found)
        elif f"{head}{key}" in found:
            raise ValueError(f"the text {head}{key} is given twice")
        else:
            english, indonesian = value
            found[f"{head}{key}"] = (english, indonesian)


def opened() -> str:
    """The language that whoever serves wants pages to open in; empty where that is left to each reader's browser."""
    return os.environ.get(OPENED, "")


def words(key: str) -> tuple[str, str]:
    """A text in both languages."""
    return table()[key]


def worded(key: str, english: str) -> tuple[str, str]:
    """The page's own text; else what the model says, and its translation; else what somebody else wrote, as it is."""
    return table().get(key) or own_words(english)


def own_words(english: str) -> tuple[str, str]:
    """What the model says of itself, in both languages; what is not the model's is said as it is."""
    return english, catalogue("id").get(english, english)


def by_language() -> dict[str, dict[str, str]]:
    """Language -> key -> text, as the browser has it."""
    return {name: {key: pair[at] for key, pair in table().items()} for at, name in enumerate(LANGUAGES)}
