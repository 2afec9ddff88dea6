"""The four lessons: steps with settings and words in two languages, read from `lessons.toml` beside this file.

A lesson is ``{id, title, misconception, steps}``; a step ``{id, kind, text}`` and, where it sets something, `settings`
(an address) and the `metric` to look at; `name`, where its kind is no name for it, for a lesson has two of the kind;
`answer`, where it asks what a reader is to answer first.
Kinds in order: bet, watch, switch, transfer, limits.
"""

from __future__ import annotations

import json
import tomllib
from functools import cache
from pathlib import Path
from typing import Any

from sim.app.choices import Choices
from sim.app.settings import Settings, from_query

KINDS = ("bet", "watch", "switch", "transfer", "limits")


@cache
def lessons() -> list[dict[str, Any]]:
    """All lessons, in order."""
    text = Path(__file__).with_name("lessons.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)["lessons"]


def document() -> str:
    """The lessons as the page has them."""
    return json.dumps(lessons(), ensure_ascii=False)


def step_of(lesson: str, step: str, among: Choices) -> Settings | None:
    """The settings of a step; None where there is no such step, or it sets nothing."""
    for one in lessons():
        for part in one["steps"]:
            if one["id"] == lesson and part["id"] == step and "settings" in part:
                return from_query(part["settings"], among)[0]
    return None
