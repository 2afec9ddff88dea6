"""What the controls of the page are made of: every number with words, unit, range and source, and what is set now."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

from sim.app import code
from sim.app.choices import MOST_LUCKS, MOST_SETS, Choices, Control
from sim.app.settings import OWN, Settings, Text
from sim.app.texts import own_words, table, worded, words
from sim.app.world import LATER

TOLD = ("meaning", "decides", "flows", "targets", "loses_when")
NEEDS = {"threshold": "trap", "shock_at": "shock"}  # a number that says nothing while another is 0


def label_of(key: str) -> tuple[str, str]:
    """A control's name: the table's, or for numbers from elsewhere their own name in both languages."""
    plain = key.replace("_", " ").replace(".value", "").replace(".", ": ")
    return worded(f"control.{key}", plain)


def policy_words(name: str, among: Choices) -> dict[str, Text | str]:
    """What a policy says of itself; the baseline, which is none, what the page says of it."""
    about = among.known.policies.get(name)
    own = table()
    return {
        key: worded(f"policy.{name}.{key}", getattr(about, key)) if about else own.get(f"policy.{name}.{key}", "")
        for key in TOLD
    }


def of_control(control: Control, default: float) -> dict[str, Any]:
    """A control as the page has it."""
    return {
        "key": control.key,
        "kind": control.kind,
        "group": control.group,
        "low": control.low,
        "high": control.high,
        "step": control.step,
        "default": default,
        "unit": control.unit,
        "unit_words": worded(f"of.{control.unit}", control.unit),
        "label": label_of(control.key),
        "source": control.source,
        "definition": table().get(f"definition.{control.key}", ""),
        "front": control.group == "front",
        "needs": NEEDS.get(control.key),
        "slow": control.key in ("inequality", "trap", "threshold")
        or ("." in control.key and not control.key.startswith(LATER)),
    }


@cache
def _policies(among: Choices) -> list[dict[str, Any]]:
    found = []
    for name in among.policies:
        about = among.known.policies.get(name)
        own = [among.control(f"a.{key}", name, name) for key in among.of_policy(name)]
        settings = [of_control(control, control.default) | {"key": control.key[2:]} for control in own if control]
        for one, key in zip(settings, among.of_policy(name), strict=True):
            one["label"] = worded(f"setting.{key}", key.replace("_", " "))
            one["remark"] = table().get(f"remark.{name}.{key}", "")
        told = {"code": about.code if about else "", "ranked": bool(about and about.ranked)}
        found.append(
            {"name": name, "label": among.labels(name), "settings": settings, **told, **policy_words(name, among)}
        )
    return found


def _title(place: str, settings: Settings) -> tuple[str, str]:
    """What a place is called."""
    if place != OWN:
        return words(f"place.{place}")
    english, indonesian = words("place.own")
    name = settings.own.name if settings.own else ""
    return f"{english}: {name}", f"{indonesian}: {name}"


def _idle(settings: Settings, among: Choices) -> list[str]:
    """Numbers that say nothing under these settings."""
    found = [key for key, needed in NEEDS.items() if not settings.get(needed, among)]
    return found if among.facilitates(settings.a) or among.facilitates(settings.b) else [*found, "facilitation_end"]


def form(settings: Settings, among: Choices, generation: int, unknown: list[Text]) -> str:
    """The document; see the widget's contract in `sim.app.stage`."""
    place = settings.place
    controls = [of_control(among.within(place, one), among.default(place, key)) for key, one in among.controls.items()]
    groups = dict.fromkeys(control["group"] for control in controls)
    told = {
        "generation": generation,
        "query": settings.query(),
        "code": code.of(settings, among),
        "unknown": unknown,
        "values": settings.in_force(among),
        "changed": [key for key, _ in settings.numbers],
        "idle": _idle(settings, among),
        "places": [
            {
                "name": name,
                "title": _title(name, settings),
                "question": own_words(one.question),
                "note": own_words(one.report.note),
            }
            for name, one in among.places.items()
        ],
        "policies": _policies(among),
        "controls": controls,
        "groups": [{"id": group, "label": words(f"group.{group}")} for group in groups],
        "luck": {"low": 1, "high": MOST_LUCKS},
        "set": {"low": 0, "high": MOST_SETS},
    }
    return json.dumps(told, separators=(",", ":"), allow_nan=False)
