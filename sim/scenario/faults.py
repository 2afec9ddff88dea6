"""What is wrong in a scenario, said in the words of the file."""

from __future__ import annotations

import json
import math
import os
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

from sim import nearest
from sim.policies.families import FAMILIES, refusal

from .arms import Arm, Programme
from .document import BASELINE, Calendar, Cutoffs, Known, Scenario, Windows
from .fields import Frozen
from .lines import Location

if TYPE_CHECKING:
    from sim.engine.rule import Param

ELSEWHERE = "one of your own needs its file (--policy), or its package installed"
LARGEST_WORLD = 20_000_000  # households: about 27 GB of state

Faults = Iterator[tuple[Location, str]]


def show(value: Any) -> str:
    """A value as a user would write it, short."""
    if isinstance(value, Mapping):
        return "a table"
    if isinstance(value, list | tuple):
        return f"a list of {len(value)}"
    if isinstance(value, str):
        quoted = json.dumps(value[:60], ensure_ascii=False)
        return quoted if len(value) <= 60 else f'{quoted[:-1]}…"'
    if isinstance(value, int) and value.bit_length() > 200:
        return "a number of more than 60 digits"
    return str(value).lower() if isinstance(value, bool | float) else str(value)


def did_you_mean(name: Any, known: Collection[str]) -> str:
    """The nearest known name, as the end of a sentence; empty where none is near."""
    return nearest.did_you_mean(name, known, show)


def place(location: Location) -> str:
    """Where something stands, as its writer would say it: "dose" in [[arms]], entry 2 of "seeds" in [population]."""
    if isinstance(location[-1], int) and len(location) > 1:
        return f"entry {location[-1] + 1} of {place(location[:-1])}"
    return f"{show(location[-1])} {_where(location[:-1])}"


def _where(table: Location) -> str:
    names = ".".join(part for part in table if isinstance(part, str))
    if not names:
        return "at the top of the file"
    return f"in [[{names}]]" if isinstance(table[-1], int) else f"in [{names}]"


def _field(location: Location, root: type[Frozen]) -> tuple[Any, type[Frozen] | None]:
    """The innermost schema field of a location, and the part of the schema that it holds, if any."""
    field: Any = None
    part: type[Frozen] | None = root
    for name in location:
        if isinstance(name, str):
            if part is None or name not in part.model_fields:
                return field, None
            field = part.model_fields[name]
            kinds = [kind for kind in (field.annotation, *get_args(field.annotation)) if isinstance(kind, type)]
            part = next((kind for kind in kinds if issubclass(kind, Frozen)), None)
    return field, part


def complaint(error: Mapping[str, Any], root: type[Frozen] = Scenario) -> str:
    """One error of pydantic in the words of the file; `root` is what the file is to be."""
    location: Location = error["loc"]
    if error["type"] == "told":
        return str(error["msg"])
    if not location:
        return f"a {root.__name__.lower()} is a table of keys"
    element = isinstance(location[-1], int) and len(location) > 1
    *above, key = location[:-1] if element else location
    if error["type"] == "extra_forbidden":
        return f"unknown key {place(location)}{_home(key, tuple(above), root)}"
    field, part = _field(location, root)
    allowed = field.json_schema_extra["allowed"] if field is not None else "something else"
    if error["type"] == "missing":
        return f"the key {show(key)} is missing {_where(tuple(above))}; it takes {allowed}"
    if location[-2:-1] in (("parameters",), ("settings",)):
        allowed = "a finite number"
    told = location[:-1] if element and part is not None else location  # a whole table of a list is the list's
    return f"{place(told)} is {show(error['input'])}; allowed: {allowed}"


def _home(key: Any, table: Location, root: type[Frozen]) -> str:
    """Where an unknown key may have been meant to go."""
    _, part = _field(table, root) if table else (None, root)
    hint = did_you_mean(key, list(part.model_fields) if part else [])
    if root is Scenario and key in ("windows", "cutoffs", *Windows.model_fields, *Cutoffs.model_fields):
        return "; windows and cut-offs are the same for every scenario and cannot be set"
    homes = [name for name in root.model_fields if key in getattr(_field((name,), root)[1], "model_fields", ())]
    if not homes:
        return hint
    elsewhere = " or ".join(f"[[{name}]]" if name in ("arms", "programmes") else f"[{name}]" for name in homes)
    return f"{hint} There is one in {elsewhere}" if hint else f"; it belongs in {elsewhere}"


def faults(scenario: Scenario, known: Known) -> Faults:
    """What the types of the fields alone cannot see: where, and in which words."""
    yield from _calendar_faults(scenario)
    yield from _arm_faults(scenario)
    yield from _world_faults(scenario)
    for row, programme in enumerate(scenario.programmes):
        yield from _policy_faults(("programmes", row), programme, known)
    for row, arm in enumerate(scenario.arms):
        if arm.policy != BASELINE:
            yield from _policy_faults(("arms", row), arm, known)
    for name, value in scenario.parameters.items():
        if name in known.parameters:
            yield from _range_fault(("parameters", name), value, known.parameters[name])
        else:
            hint = did_you_mean(name, known.parameters)
            yield ("parameters", name), f"unknown parameter {show(name)} in [parameters]{hint}"
    yield from _process_faults(scenario, known)
    for row, name in enumerate(scenario.hold.ablate):
        if name not in known.rules:
            yield ("hold", "ablate", row), f"unknown rule {show(name)} in [hold]{did_you_mean(name, known.rules)}"


def _process_faults(scenario: Scenario, known: Known) -> Faults:
    """A scenario says where its rules come from; their files run only when whoever runs it names them too."""
    for name, file in scenario.processes.items():
        spot, said = ("processes", name), f"the rule {name} in [processes] comes from {file}"
        if file not in known.files:
            near = did_you_mean(file, known.files) or "; a scenario never runs code by itself"
            yield spot, f"{said}, which was not named: add --process with the path of that file{near}"
        elif known.homes.get(name) != file:
            own = [rule for rule, home in known.homes.items() if home == file]
            near = did_you_mean(name, own) or f"; it has {', '.join(own) or 'none'}"
            yield spot, f"{said}, which has no such rule{near}"


def _range_fault(location: Location, value: float, parameter: Param) -> Faults:
    low, high = parameter.low, parameter.high
    if not low <= value <= high:
        bounds = f"{low:g} to {high:g}" if high < math.inf else f"≥ {low:g}"
        where = _where(location[:-1])
        yield location, f"{show(location[-1])} {where} is {value!r}; allowed: a number, {bounds} {parameter.unit}"


def _policy_faults(location: Location, chosen: Arm | Programme, known: Known) -> Faults:
    if chosen.policy in FAMILIES:
        yield (*location, "policy"), f"{show(chosen.policy)} {refusal(chosen.policy)}"
        return
    if chosen.policy not in known.policies:
        near = did_you_mean(chosen.policy, known.policies) or (f"; {ELSEWHERE}" if chosen.policy != BASELINE else "")
        yield (*location, "policy"), f"unknown policy {show(chosen.policy)}{near}"
        return
    own = known.policies[chosen.policy].parameters
    for name, value in chosen.settings.items():
        spot = (*location, "settings", name)
        if name in own:
            yield from _range_fault(spot, value, own[name])
        else:
            near = did_you_mean(name, own) or f"; it has {', '.join(own) or 'none'}"
            yield spot, f"policy {show(chosen.policy)} has no parameter {show(name)}{near}"


def _calendar_faults(scenario: Scenario) -> Faults:
    calendar = scenario.calendar
    shortest, earliest = calendar.end + 52, calendar.start + 8
    if calendar.end < earliest:
        least = f"at least start + 8 = {earliest} quarters, because the last 8 of the programmes are measured"
        yield ("calendar", "end"), f'"end" in [calendar] is {calendar.end}; allowed: {least}'
        return
    if calendar.quarters < shortest:
        least = f"at least end + 52 = {shortest} quarters, where the late window closes"
        yield ("calendar", "quarters"), f'"quarters" in [calendar] is {calendar.quarters}; allowed: {least}'
    outside = list(_date_faults(("calendar",), calendar, calendar))
    yield from outside
    for row, arm in enumerate(() if outside else scenario.resolved_arms):
        yield from _date_faults(("arms", row), arm, calendar)


def _date_faults(location: Location, part: Calendar | Arm, calendar: Calendar) -> Faults:
    first = calendar.start if part.start is None else part.start
    for key, low in (("start", calendar.start), ("funds_end", first), ("facilitation_end", first)):
        value = getattr(part, key)
        if value is not None and not low <= value <= calendar.end:
            since = "the calendar's start" if key == "start" else "start"
            span = f"{low} to {calendar.end} quarters, from {since} to the calendar's end"
            yield (*location, key), f'"{key}" {_where(location)} is {value}; allowed: {span}'
            if key == "start":  # the ends are measured from it
                return


def _arm_faults(scenario: Scenario) -> Faults:
    for key in ("id", "label", "label_id"):
        seen: set[str] = set()
        for row, arm in enumerate(scenario.arms):
            value = getattr(arm, key)
            if value in seen:
                yield ("arms", row, key), f"two [[arms]] have the {key} {show(value)}; give each its own"
            seen.add(value)
    baseline = [(row, arm) for row, arm in enumerate(scenario.arms) if BASELINE in (arm.id, arm.policy)]
    if not baseline:
        yield ("arms",), f'the baseline is missing: one of the [[arms]] must have policy = "{BASELINE}"'
    for row, arm in baseline:
        if arm.policy != BASELINE:
            yield ("arms", row, "policy"), f'the arm "{BASELINE}" must have policy = "{BASELINE}"'
        if arm.id != BASELINE:
            yield ("arms", row, "id"), f'the baseline is called {show(arm.id)}; its id must be "{BASELINE}"'
        for key in ("dose", "settings"):
            if getattr(arm, key):
                yield ("arms", row, key), f'the baseline "{BASELINE}" spends nothing and takes no "{key}"'


def _world_faults(scenario: Scenario) -> Faults:
    people = scenario.population
    if people.poverty is not None and people.world != "poor_village":
        yield ("population", "poverty"), '"poverty" in [population] is a target of world = "poor_village" only'
    if (people.villages or 0) * (people.households or 0) > LARGEST_WORLD:
        size = f"{people.villages} villages × {people.households} households"
        yield ("population", "villages"), f"{size} is too large a world; allowed: {LARGEST_WORLD} households"
    for key, path in (("survey", scenario.survey), ("village_list", scenario.village_list)):
        if path is not None and not os.path.isfile(path):  # noqa: PTH113 (Path.is_file raises on an absurd name)
            where = "in the working folder" if path.parent == Path.cwd() else "beside the scenario"
            yield ("population", key), f'"{key}" in [population]: no file {show(getattr(people, key))} {where}'
    policies = [programme.policy for programme in scenario.programmes]
    for row, name in enumerate(policies):
        if name in policies[:row]:
            yield ("programmes", row, "policy"), f"two [[programmes]] have the policy {show(name)}"
    luck = scenario.replications
    if luck.sets > luck.seeds:
        allowed = f"allowed: at most as many as there are seeds ({luck.seeds})"
        yield ("replications", "sets"), f'"sets" in [replications] is {luck.sets}; {allowed}'
    replaced = scenario.budget.replace
    if replaced and replaced not in policies:
        allowed = f"allowed: one of the programmes of the world ({', '.join(policies) or 'there are none'}) or empty"
        yield ("budget", "replace"), f'"replace" in [budget] is {show(replaced)}; {allowed}'
    shocks = scenario.twins.macro_shocks
    if len(set(shocks)) < len(shocks):
        yield ("twins", "macro_shocks"), '"macro_shocks" in [twins] has the same shock twice; the twins would be equal'
