"""Every text of the view, English and Indonesian side by side: `key = ["…", "…"]` in the TOML files beside this one."""

from __future__ import annotations

import tomllib
from functools import cache
from pathlib import Path

LANGUAGES = ("en", "id")


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


def words(key: str) -> tuple[str, str]:
    """A text in both languages."""
    return table()[key]


def worded(key: str, english: str) -> tuple[str, str]:
    """A text in both languages, or in English alone where it comes from elsewhere and has no translation."""
    return table().get(key, (english, english))


def by_language() -> dict[str, dict[str, str]]:
    """Language -> key -> text, as the browser has it."""
    return {name: {key: pair[at] for key, pair in table().items()} for at, name in enumerate(LANGUAGES)}
