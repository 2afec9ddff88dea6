"""Scenarios: one TOML file a question, read and checked before anything runs.

A scenario says who lives in the world, when the programmes run, what they cost, which arms are compared and which
numbers of the model differ from their defaults. It cannot set the windows and cut-offs by which arms are judged: those
are the constants `Windows` and `Cutoffs`, chosen before any result. Whatever is wrong in a file comes back as one
`InputError` that names the file, the line, what was found and what is allowed.
"""

from __future__ import annotations

import difflib
import hashlib
import itertools
import json
import os
import re
import tomllib
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, Protocol, get_args

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PrivateAttr, ValidationError, model_validator
from pydantic_core import PydanticCustomError

from sim.errors import InputError

BASELINE = "status_quo"
NAME = "[a-z][a-z0-9_]{0,39}"
SCENARIOS = Path(__file__).resolve().parents[1] / "scenarios"
LARGEST_FILE = 1_000_000  # bytes
LARGEST_WORLD = 20_000_000  # households: about 10 GB of state
MOST_FAULTS = 8  # lines of one message

Location = tuple[str | int, ...]


class ParameterLike(Protocol):
    """A number of the model: default, unit, range and source."""

    value: float
    unit: str
    low: float | None
    high: float | None
    source: str


class PolicyLike(Protocol):
    """A programme; `parameters` are the numbers of its own that an arm may set."""

    parameters: Mapping[str, ParameterLike]


class Catalogue(Protocol):
    """What the model offers: parameters by "rule.argument", policies by name, and the names of its rules."""

    parameters: Mapping[str, ParameterLike]
    policies: Mapping[str, PolicyLike]
    rules: Collection[str]


# ---- fields: each carries its meaning, its unit and, in words, what it allows ----


def entry(default: Any, meaning: str, allowed: str, unit: str = "", **limits: Any) -> Any:
    """A field whose error message and JSON Schema say the same thing."""
    return Field(default, description=meaning, json_schema_extra={"unit": unit, "allowed": allowed}, **limits)


def whole(default: Any, low: int, high: int, unit: str, meaning: str) -> Any:
    return entry(default, meaning, f"a whole number, {low} to {high} {unit}".strip(), unit, ge=low, le=high)


def number(default: Any, low: float, high: float, unit: str, meaning: str) -> Any:
    return entry(default, meaning, f"a number, {low:g} to {high:g} {unit}", unit, ge=low, le=high)


def words(default: Any, longest: int, meaning: str, shortest: int = 0) -> Any:
    allowed = f"text in quotes, {shortest} to {longest} characters"
    return entry(default, meaning, allowed, min_length=shortest, max_length=longest)


def flag(default: bool, meaning: str) -> Any:
    return entry(default, meaning, "true or false")


def table(default: Any, meaning: str, allowed: str = "a table", **limits: Any) -> Any:
    return entry(default, meaning, allowed, **limits)


def _flat(value: Any) -> Any:
    """Join nested tables to "rule.argument", so that `consumption.propensity = 0.8` needs no quotes."""
    if not isinstance(value, Mapping):
        return value
    flat: dict[str, Any] = {}
    waiting = list(value.items())[::-1]
    while waiting:
        name, item = waiting.pop()
        if isinstance(item, Mapping):
            waiting.extend([(f"{name}.{inner}", below) for inner, below in item.items()][::-1])
        elif name in flat:
            raise PydanticCustomError("told", '"{name}" in [parameters] is given twice', {"name": name})
        else:
            flat[name] = item
    return flat


Numbers = dict[str, float]
Flat = Annotated[dict[str, float], BeforeValidator(_flat)]
Fall = Annotated[float, Field(ge=0.01, le=0.5)]
Rate = Annotated[float, Field(ge=0.0, le=0.2)]


class Frozen(BaseModel):
    """Base of all parts: nothing unknown, nothing converted, nothing changed afterwards."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)


class Windows(Frozen):
    """The quarters that are measured, [first, last): the same for every arm and not settable."""

    pre: tuple[int, int]
    on: tuple[int, int]
    post: tuple[int, int]
    late: tuple[int, int]
    stress: tuple[int, int]


class Cutoffs(Frozen):
    """The cut-offs of the classes, chosen before any result; shares are dimensionless, lines in z."""

    line: float = 1.0  # z: own income at or above it
    poverty_lines: tuple[float, ...] = (1.0, 1.2, 1.5)  # z
    growth_of_national: float = 0.5  # rising: at least this share of national growth
    dip_quarters: int = 8  # stress: quarters in which falls below the line are counted ...
    dip_share: float = 0.25  # ... at most in this share of them
    recovery: float = 0.90  # own income back to this share of the twin's within the stress window
    stress_pass: float = 0.80  # share of shock draws to be passed
    local_shock: float = 0.15  # fall of all output of the village in the local draw
    external_share: float = 0.10  # village in dependency: external share of household income, on-window ...
    withdrawal_loss: float = 0.10  # ... and relative fall of mean consumption, post-window
    village_self_sufficient: float = 0.60  # share of the baseline-poor
    headcount_fall: float = 0.20  # relative to the village's own headcount at quarter 0
    institution_alive: int = 12  # quarters after exit
    grid_line: tuple[float, ...] = (0.9, 1.0, 1.1)  # z
    grid_dip_share: tuple[float, ...] = (0.15, 0.25, 0.35)
    grid_shock: tuple[float, ...] = (0.10, 0.15, 0.20)


CUTOFFS = Cutoffs()


class Population(Frozen):
    """Who lives there at quarter 0."""

    world: Literal["rural_2017", "poor_village"] = entry(
        "rural_2017", "Rural Indonesia, Sept 2017, or the same with lower ability", '"rural_2017" or "poor_village"'
    )
    poverty: float | None = number(None, 0.1, 0.6, "share of persons", "Headcount at q0; poor_village only (0.30)")
    villages: int | None = whole(None, 1, 100_000, "villages", "Villages; 40, or with a village list all its rows")
    households: int = whole(250, 2, 5_000, "households a village", "Mean number of households a village")
    seed: int = whole(2017, 0, 2**32 - 1, "", "Seed of the people, the same in all arms and replications")
    survey: str = words("", 500, "Household survey (CSV), relative to the scenario file; empty: synthesised people")
    village_list: str = words("", 500, "Village list (CSV), relative to the scenario file; empty: synthesised villages")

    @model_validator(mode="before")
    @classmethod
    def _defaults_that_depend(cls, given: Any) -> Any:
        if not isinstance(given, Mapping):
            return given
        filled: dict[str, float] = {} if given.get("village_list") else {"villages": 40}
        if given.get("world") == "poor_village":
            filled["poverty"] = 0.30
        return {**given, **{key: value for key, value in filled.items() if given.get(key) is None}}


class Calendar(Frozen):
    """One calendar for all arms; quarters count from 0, ends are exclusive."""

    quarters: int = whole(80, 1, 400, "quarters", "Length of the run; at least end + 52")
    start: int = whole(8, 8, 400, "quarters", "t0: the first quarter of the programmes")
    end: int = whole(28, 8, 400, "quarters", "t1: by this quarter all money and facilitation has ended")
    funds_end: int | None = whole(None, 8, 400, "quarters", "End of the money, between start and end; default: end")
    facilitation_end: int | None = whole(None, 8, 400, "quarters", "End of facilitation, likewise; default: end")

    @property
    def windows(self) -> Windows:
        t0, t1 = self.start, self.end
        return Windows(
            pre=(t0 - 8, t0), on=(t1 - 8, t1), post=(t1 + 8, t1 + 20), late=(t1 + 40, t1 + 52), stress=(t1 + 8, t1 + 20)
        )


class Replications(Frozen):
    """How often the luck is drawn anew; the people stay."""

    seeds: int = whole(20, 1, 10_000, "seeds", "Number of draws of luck, paired over the arms")
    first_seed: int = whole(1, 0, 2**31, "", "The first seed; the others follow it")


class Budget(Frozen):
    """What every arm but the baseline spends."""

    dose: float = number(0.04, 0, 0.5, "z per person and quarter", "State money of a policy, over all persons")
    discount: float = number(0.05, 0, 0.2, "per year", "Real rate at which the arms' costs are made equal")
    replace: str = words("", 60, "A programme of the world whose money pays the policy; empty: money on top")


class Programme(Frozen):
    """A permanent programme of the world, in every arm and outside the budget."""

    policy: str = words(..., 60, "Name of the policy", 1)
    dose: float = number(..., 0, 0.5, "z per person (or member) and quarter", "Money of the programme")
    settings: Numbers = table({}, "Parameters of the policy itself")


class Arm(Frozen):
    """One of the ways to spend the money; what is not given comes from [budget] and [calendar]."""

    policy: str = words(..., 60, "Name of the policy", 1)
    id: str = entry(
        ..., "Name in files and tables; default: the policy", "a-z, 0-9 and _, first a letter, at most 40 characters",
        pattern=f"^{NAME}$",
    )  # fmt: skip
    label: str = words(..., 60, "Name in figures; default: the id in words", 1)
    label_id: str = words(..., 60, "Indonesian name in figures; default: the label", 1)
    dose: float | None = number(None, 0, 0.5, "z per person and quarter", "Dose of this arm")
    start: int | None = whole(None, 8, 400, "quarters", "First quarter of this arm's programme")
    funds_end: int | None = whole(None, 8, 400, "quarters", "End of this arm's money")
    facilitation_end: int | None = whole(None, 8, 400, "quarters", "End of this arm's facilitation")
    settings: Numbers = table({}, "Parameters of the policy itself")

    @model_validator(mode="before")
    @classmethod
    def _names(cls, given: Any) -> Any:
        if not isinstance(given, Mapping):
            return given
        policy = str(given.get("policy"))
        name = given.get("id", policy if re.fullmatch(NAME, policy) else "arm")
        label = given.get("label", str(name).replace("_", " ")[:60])
        return {"id": name, "label": label, "label_id": label, **given}


class Hold(Frozen):
    """Mechanisms that are switched off, in every arm."""

    ablate: tuple[str, ...] = entry((), "Rules that are not computed", 'a list of names, ["..."]', strict=False)


class Twins(Frozen):
    """Runs branched from saved states, to see who stands without money and under a shock."""

    withdrawal: bool = flag(True, "A twin in which all public flows stop at the end of the programmes")
    stress: bool = flag(True, "Twins that meet a shock 8 quarters after the end; one more draw is local")
    macro_shocks: tuple[Fall, ...] = entry(
        (0.05, 0.10, 0.15, 0.20), "Fall of the national index, one a draw",
        "a list of 4 to 20 numbers, each 0.01 to 0.5 share of the index", "share of the index",
        strict=False, min_length=4, max_length=20,
    )  # fmt: skip


class Report(Frozen):
    """What the report adds."""

    discounts: tuple[Rate, ...] = entry(
        (0.03, 0.10), "Rates at which costs are shown beside the budget's",
        "a list of up to 5 numbers, each 0 to 0.2 per year", "per year", strict=False, max_length=5,
    )  # fmt: skip
    note: str = words("", 2_000, "A remark printed under the title")


PROGRAMMES_2017 = (
    Programme(policy="dana_desa", dose=0.11),
    Programme(policy="pkh", dose=0.09),
    Programme(policy="rastra", dose=0.06),
)


class Scenario(Frozen):
    """One question, ready to run."""

    title: str = words(..., 200, "Title", 1)
    question: str = words("", 2_000, "The question that the scenario answers")
    population: Population = table(Population(), "Who lives there at quarter 0")
    calendar: Calendar = table(Calendar(), "When the programmes start and end")
    replications: Replications = table(Replications(), "How often the luck is drawn")
    budget: Budget = table(Budget(), "What every arm but the baseline spends")
    programmes: tuple[Programme, ...] = table(
        PROGRAMMES_2017, "Permanent programmes of the world; default: those of 2017",
        "[[programmes]] tables, or [] for none", strict=False, max_length=20,
    )  # fmt: skip
    arms: tuple[Arm, ...] = table(
        ..., "The ways to spend the money", "1 to 40 [[arms]] tables", strict=False, min_length=1, max_length=40
    )
    parameters: Flat = table({}, 'Numbers of the model, by "rule.argument"')
    hold: Hold = table(Hold(), "Mechanisms that are switched off")
    twins: Twins = table(Twins(), "Runs branched from saved states")
    report: Report = table(Report(), "What the report adds")

    _path: Path | None = PrivateAttr(None)
    _text: str = PrivateAttr("")
    _fingerprints: dict[str, str] = PrivateAttr(default_factory=dict)

    @property
    def slug(self) -> str:
        """Stem of the file's name."""
        return self._path.stem if self._path else "scenario"

    @property
    def text(self) -> str:
        """The file as it was read; empty for a scenario that was built from a document."""
        return self._text

    @property
    def windows(self) -> Windows:
        return self.calendar.windows

    @property
    def cutoffs(self) -> Cutoffs:
        return CUTOFFS

    @property
    def seeds(self) -> range:
        """The seeds of luck."""
        return range(self.replications.first_seed, self.replications.first_seed + self.replications.seeds)

    @property
    def survey(self) -> Path | None:
        return self._beside(self.population.survey)

    @property
    def village_list(self) -> Path | None:
        return self._beside(self.population.village_list)

    def _beside(self, name: str) -> Path | None:
        return (self._path.parent if self._path else Path()) / name if name else None

    @property
    def resolved_arms(self) -> tuple[Arm, ...]:
        """The arms with dose and dates filled in from budget and calendar; the baseline's dose is 0."""
        calendar = self.calendar
        dates = {
            "start": calendar.start,
            "funds_end": calendar.end if calendar.funds_end is None else calendar.funds_end,
            "facilitation_end": calendar.end if calendar.facilitation_end is None else calendar.facilitation_end,
        }
        resolved = []
        for arm in self.arms:
            default = {"dose": 0.0 if arm.policy == BASELINE else self.budget.dose, **dates}
            missing = {key: value for key, value in default.items() if getattr(arm, key) is None}
            resolved.append(arm.model_copy(update=missing))
        return tuple(resolved)

    def digest(self) -> str:
        """SHA-256 over every value that a result depends on, the windows, cut-offs and data files included."""
        values = self.model_dump(mode="json")
        values["arms"] = [arm.model_dump(mode="json") for arm in self.resolved_arms]
        values["hold"]["ablate"] = sorted(set(self.hold.ablate))
        values["frozen"] = [self.windows.model_dump(mode="json"), CUTOFFS.model_dump(mode="json")]
        values["files"] = self._fingerprints
        return hashlib.sha256(json.dumps(values, sort_keys=True, separators=(",", ":")).encode()).hexdigest()

    def quick(self) -> Scenario:
        """A smaller copy for a first look: at most 12 villages of 100 households and 5 seeds, the same calendar."""
        people, luck = self.population, self.replications
        smaller = {"villages": min(people.villages or 12, 12), "households": min(people.households, 100)}
        return self.model_copy(
            update={
                "population": people.model_copy(update=smaller),
                "replications": luck.model_copy(update={"seeds": min(luck.seeds, 5)}),
            }
        )


# ---- where things stand in the file ----

_TOKEN = re.compile(
    r'''(?P<string>"""(?:\\.|[^\\])*?"{3,5} | \'\'\'.*?'{3,5} | "(?:\\.|[^"\\])*" | '[^']*')
    | (?P<comment>\#[^\n]*) | (?P<newline>\n) | (?P<mark>[\[\]{},=.]) | (?P<bare>[^\s\[\]{},=."'\#]+)''',
    re.VERBOSE | re.DOTALL,
)


def locate(text: str) -> dict[str, int]:
    """Line of every key, table and list element of a valid TOML text, by dotted path: "arms.1.dose" -> 34.

    Dotted keys, quoted keys and nested tables come out alike: "parameters.consumption.propensity".
    """
    lines: dict[str, int] = {}
    elements: dict[str, int] = {}  # arrays of tables: how many so far
    opened: list[list[Any]] = []  # lists and inline tables that are open: [path, index or None]
    parts: list[str] = []  # of the key that is being read
    reading, here, current, brackets, line = "key", "", "", 0, 1
    for match in _TOKEN.finditer(text):
        kind, token = match.lastgroup, match[0]
        at, line = line, line + token.count("\n")
        if kind == "comment":
            continue
        if kind == "newline":
            if not opened:
                reading, parts = "key", []
        elif reading == "value":
            if opened and opened[-1][1] is not None and token not in ("]", ","):
                current = _join(opened[-1][0], opened[-1][1])
                lines.setdefault(current, at)
            if token in ("[", "{"):
                opened.append([current, 0 if token == "[" else None])
                reading, parts = ("value" if token == "[" else "key"), []
            elif token in ("]", "}"):
                opened.pop()
            elif token == "," and opened[-1][1] is None:
                reading, parts = "key", []
            elif token == ",":
                opened[-1][1] += 1
        elif kind in ("string", "bare"):
            parts.append(tomllib.loads(f"k = {token}")["k"] if kind == "string" else token)
        elif token == "[":
            reading, brackets = "head", brackets + 1
        elif token == "=":
            current = _record(lines, elements, opened[-1][0] if opened else here, parts, at)
            reading = "value"
        elif token == "}":
            opened.pop()
            reading = "value"
        elif token == "]" and parts:
            if brackets == 2:
                name = _join(_record(lines, elements, "", parts[:-1], at), parts[-1])
                lines.setdefault(name, at)
                elements[name] = elements.get(name, -1) + 1
            here, parts, brackets = _record(lines, elements, "", parts, at), [], 0
    return lines


def _join(path: str, part: str | int) -> str:
    """One step down; an empty key is written as in TOML, so that it does not vanish."""
    step = '""' if part == "" else str(part)
    return f"{path}.{step}" if path else step


def _record(lines: dict[str, int], elements: Mapping[str, int], path: str, parts: list[str], at: int) -> str:
    """Note the line of every table on the way; the name of an array of tables stands for its newest element."""
    for part in parts:
        path = _join(path, part)
        if path in elements:
            path = _join(path, elements[path])
        lines.setdefault(path, at)
    return path


def _line(lines: Mapping[str, int], location: Location) -> int:
    """Line of a location, or of the nearest thing around it; 0 where the file says nothing."""
    path, line = "", 0
    for part in location:
        path = _join(path, part)
        line = lines.get(path, line)
    return line


# ---- what is said when something is wrong ----


def _show(value: Any) -> str:
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


def _hint(name: Any, known: Collection[str]) -> str:
    near = difflib.get_close_matches(str(name)[:200], known, 1, 0.6)
    return f"; did you mean {json.dumps(near[0], ensure_ascii=False)}?" if near else ""


def _where(table: Location) -> str:
    names = ".".join(part for part in table if isinstance(part, str))
    if not names:
        return "at the top of the file"
    return f"in [[{names}]]" if isinstance(table[-1], int) else f"in [{names}]"


def _field(location: Location) -> tuple[Any, type[Frozen] | None]:
    """The innermost schema field of a location, and the part of the schema that it holds, if any."""
    field: Any = None
    part: type[Frozen] | None = Scenario
    for name in location:
        if isinstance(name, str):
            if part is None or name not in part.model_fields:
                return field, None
            field = part.model_fields[name]
            kinds = [kind for kind in (field.annotation, *get_args(field.annotation)) if isinstance(kind, type)]
            part = next((kind for kind in kinds if issubclass(kind, Frozen)), None)
    return field, part


def _complaint(error: Mapping[str, Any]) -> str:
    """One error of pydantic in the words of the file."""
    location: Location = error["loc"]
    if error["type"] == "told":
        return str(error["msg"])
    if not location:
        return "a scenario is a table of keys"
    element = isinstance(location[-1], int)
    *above, key = location[:-1] if element and len(location) > 1 else location
    where = _where(tuple(above))
    if error["type"] == "extra_forbidden":
        return f"unknown key {_show(key)} {where}{_home(key, tuple(above))}"
    field, part = _field(location)
    allowed = field.json_schema_extra["allowed"] if field is not None else "something else"
    if error["type"] == "missing":
        return f"the key {_show(key)} is missing {where}; it takes {allowed}"
    if part is None and location[-1] != key:
        key = f"entry {int(location[-1]) + 1} of {_show(key)}"
    elif len(location) > 1 and location[-2] in ("parameters", "settings"):
        key, allowed = _show(key), "a number"
    else:
        key = _show(key)
    return f"{key} {where} is {_show(error['input'])}; allowed: {allowed}"


def _home(key: Any, table: Location) -> str:
    """Where an unknown key may have been meant to go."""
    _, part = _field(table) if table else (None, Scenario)
    hint = _hint(key, list(part.model_fields) if part else [])
    if key in ("windows", "cutoffs", *Windows.model_fields, *Cutoffs.model_fields):
        return "; windows and cut-offs are the same for every scenario and cannot be set"
    homes = [name for name in Scenario.model_fields if key in getattr(_field((name,))[1], "model_fields", ())]
    if not homes:
        return hint
    elsewhere = " or ".join(f"[[{name}]]" if name in ("arms", "programmes") else f"[{name}]" for name in homes)
    return f"{hint} There is one in {elsewhere}" if hint else f"; it belongs in {elsewhere}"


# ---- what the schema alone cannot see ----

Faults = Iterator[tuple[Location, str]]


def _range_fault(location: Location, value: float, parameter: ParameterLike) -> Faults:
    low, high = parameter.low, parameter.high
    if (low is not None and value < low) or (high is not None and value > high):
        bounds = f"{low:g} to {high:g}" if None not in (low, high) else f"≥ {low:g}" if high is None else f"≤ {high:g}"
        where = _where(location[:-1])
        yield location, f"{_show(location[-1])} {where} is {value!r}; allowed: a number, {bounds} {parameter.unit}"


def _policy_faults(location: Location, chosen: Arm | Programme, catalogue: Catalogue) -> Faults:
    if chosen.policy not in catalogue.policies:
        if chosen.policy != BASELINE:
            hint = _hint(chosen.policy, list(catalogue.policies))
            yield (*location, "policy"), f"unknown policy {_show(chosen.policy)}{hint}"
            return
        own: Mapping[str, ParameterLike] = {}
    else:
        own = catalogue.policies[chosen.policy].parameters
    for name, value in chosen.settings.items():
        spot = (*location, "settings", name)
        if name in own:
            yield from _range_fault(spot, value, own[name])
        else:
            near = _hint(name, list(own)) or f"; it has {', '.join(own) if own else 'none'}"
            yield spot, f"policy {_show(chosen.policy)} has no parameter {_show(name)}{near}"


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
                yield ("arms", row, key), f"two [[arms]] have the {key} {_show(value)}; give each its own"
            seen.add(value)
    baseline = [row for row, arm in enumerate(scenario.arms) if arm.id == BASELINE]
    if not baseline:
        yield ("arms",), f'the baseline is missing: one of the [[arms]] must have policy = "{BASELINE}"'
    for row in baseline:
        arm = scenario.arms[row]
        if arm.policy != BASELINE:
            yield ("arms", row, "policy"), f'the arm "{BASELINE}" must have policy = "{BASELINE}"'
        for key in ("dose", "settings"):
            if getattr(arm, key):
                yield ("arms", row, key), f'the baseline "{BASELINE}" spends nothing and takes no "{key}"'


def _world_faults(scenario: Scenario) -> Faults:
    people = scenario.population
    if people.poverty is not None and people.world != "poor_village":
        yield ("population", "poverty"), '"poverty" in [population] is a target of world = "poor_village" only'
    if (people.villages or 0) * people.households > LARGEST_WORLD:
        size = f"{people.villages} villages × {people.households} households"
        yield ("population", "villages"), f"{size} is too large a world; allowed: {LARGEST_WORLD} households"
    for key, path in (("survey", scenario.survey), ("village_list", scenario.village_list)):
        if path is not None and not os.path.isfile(path):  # unlike Path.is_file, no error on an absurd name
            name = getattr(people, key)
            yield ("population", key), f'"{key}" in [population]: no file {_show(name)} beside the scenario'
    policies = [programme.policy for programme in scenario.programmes]
    for row, name in enumerate(policies):
        if name in policies[:row]:
            yield ("programmes", row, "policy"), f"two [[programmes]] have the policy {_show(name)}"
    replaced = scenario.budget.replace
    if replaced and replaced not in policies:
        known = f"allowed: one of the programmes of the world ({', '.join(policies) or 'there are none'}) or empty"
        yield ("budget", "replace"), f'"replace" in [budget] is {_show(replaced)}; {known}'
    shocks = scenario.twins.macro_shocks
    if len(set(shocks)) < len(shocks):
        yield ("twins", "macro_shocks"), '"macro_shocks" in [twins] has the same shock twice; the twins would be equal'


def _catalogue_faults(scenario: Scenario, catalogue: Catalogue) -> Faults:
    parts: list[tuple[str, tuple[Arm | Programme, ...]]] = [
        ("programmes", scenario.programmes), ("arms", scenario.arms)
    ]  # fmt: skip
    for name, chosen in parts:
        for row, part in enumerate(chosen):
            yield from _policy_faults((name, row), part, catalogue)
    for name, value in scenario.parameters.items():
        if name in catalogue.parameters:
            yield from _range_fault(("parameters", name), value, catalogue.parameters[name])
        else:
            hint = _hint(name, list(catalogue.parameters))
            yield ("parameters", name), f"unknown parameter {_show(name)} in [parameters]{hint}"
    for row, name in enumerate(scenario.hold.ablate):
        if name not in catalogue.rules:
            yield ("hold", "ablate", row), f"unknown rule {_show(name)} in [hold]{_hint(name, catalogue.rules)}"


# ---- reading ----


def check(
    document: Mapping[str, Any],
    catalogue: Catalogue,
    *,
    name: str = "scenario",
    text: str = "",
    path: Path | None = None,
) -> Scenario:
    """Turn a document (parsed TOML, or a scenario's own `model_dump()`) into a scenario.

    `name`, `text` and `path` say where it came from; without `text` a message has no line.

    Raises
    ------
    InputError
        With every fault found, one a line and in the order of the file.
    """
    try:
        scenario = Scenario.model_validate(document)
    except ValidationError as error:
        found = error.errors(include_url=False, include_context=False)
        around = {one["loc"][:length] for one in found for length in range(len(one["loc"]))}
        found = [one for one in found if one["loc"] not in around]  # a list is called short for its wrong elements
        lines = locate(text)
        found.sort(key=lambda one: _line(lines, one["loc"]))
        told = [(one["loc"], _complaint(one)) for one in found[:MOST_FAULTS]]
        raise InputError(_message(name, lines, told, len(found))) from None
    scenario._path, scenario._text = path, text
    faults = itertools.chain(
        _calendar_faults(scenario),
        _arm_faults(scenario),
        _world_faults(scenario),
        _catalogue_faults(scenario, catalogue),
    )
    told = list(itertools.islice(faults, 10 * MOST_FAULTS))  # enough to sort by line; each may cost a search for names
    if told:
        raise InputError(_message(name, locate(text), told, len(told)))
    for key, file in (("survey", scenario.survey), ("village_list", scenario.village_list)):
        if file is not None:
            scenario._fingerprints[key] = _fingerprint(file, name)
    return scenario


def _message(name: str, lines: Mapping[str, int], told: list[tuple[Location, str]], total: int) -> str:
    ordered = sorted(((_line(lines, location), words) for location, words in told), key=lambda pair: pair[0])
    shown = [f"{name}, line {line}: {words}" if line else f"{name}: {words}" for line, words in ordered[:MOST_FAULTS]]
    rest = total - len(shown)
    return "\n".join([*shown, f"{name}: … and {rest} more"] if rest else shown)


def _fingerprint(file: Path, name: str) -> str:
    try:
        with file.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError as error:
        raise InputError(f"{name}: cannot read {file}: {error.strerror}") from None


def load(path_or_name: str | os.PathLike[str], catalogue: Catalogue) -> Scenario:
    """Read a scenario from a TOML file, or by the name of one that is shipped ("desa").

    Raises
    ------
    InputError
        If the file cannot be read, is no TOML or is no scenario of this model.
    """
    path = _find(path_or_name)
    name = str(path)
    if path.is_absolute() and path.is_relative_to(Path.cwd()):
        name = str(path.relative_to(Path.cwd()))
    text = _read(path, name)
    try:
        document = tomllib.loads(text)
    except RecursionError:
        raise InputError(f"{name}: not valid TOML: lists or tables are nested too deeply") from None
    except ValueError as error:
        raise InputError(_syntax(name, text, str(error))) from None
    return check(document, catalogue, name=name, text=text, path=path)


def _find(path_or_name: str | os.PathLike[str]) -> Path:
    given = os.fspath(path_or_name)
    path = Path(given)
    if not given or "\0" in given or len(given) > 4_000:
        raise InputError(f"{_show(given)} is not the name of a scenario file")
    try:
        if path.is_file():
            return path
        shipped = SCENARIOS / (given if given.endswith(".toml") else f"{given}.toml")
        if shipped.is_file():
            return shipped
        if path.is_dir():
            raise InputError(f"{given}: is a folder, not a scenario file")
        if path.exists():
            return path
        beside = [file.name for file in sorted(path.parent.glob("*.toml"))] if path.parent.is_dir() else []
        names = [file.relative_to(SCENARIOS).with_suffix("").as_posix() for file in sorted(SCENARIOS.rglob("*.toml"))]
    except OSError as error:
        raise InputError(f"{_show(given)}: cannot be opened: {error.strerror}") from None
    named = [name for name in names if not name.startswith("data/")]  # published figures, no scenarios
    known = f"; known: {', '.join(named)}" if named else ""
    raise InputError(f"{given}: no such scenario file{_hint(path.name, beside) or _hint(path.stem, named) or known}")


def _read(path: Path, name: str) -> str:
    try:
        with path.open("rb") as stream:
            raw = stream.read(LARGEST_FILE + 1)
    except OSError as error:
        raise InputError(f"{name}: cannot be read: {error.strerror}") from None
    if len(raw) > LARGEST_FILE:
        raise InputError(f"{name}: larger than {LARGEST_FILE // 1_000_000} MB, so not a scenario file")
    try:
        return raw.decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        raise InputError(f"{name}, line {line}: not UTF-8 text; save the file with the encoding UTF-8") from None


def _syntax(name: str, text: str, reason: str) -> str:
    """The message for text that is not TOML, from the words of the parser."""
    place = re.search(r"\s*\(at (?:line (\d+), column (\d+)|end of document)\)$", reason)
    said = reason[: place.start()] if place else reason
    if said == "Cannot overwrite a value":
        said = "the key or table is given twice"
    elif "digits" in said:
        said = "a number has too many digits"
    else:
        said = said[:1].lower() + said[1:]
    if place is None:
        return f"{name}: not valid TOML: {said}"
    if place[1] is None:
        return f"{name}, line {text.rstrip().count(chr(10)) + 1}: not valid TOML: {said}"
    return f"{name}, line {place[1]}, column {place[2]}: not valid TOML: {said}"


# ---- for editors ----


def _numbers_schema(parameters: Mapping[str, ParameterLike]) -> dict[str, Any]:
    """JSON Schema of a table of numbers with their units, ranges, defaults and sources."""
    properties = {}
    for name, parameter in sorted(parameters.items()):
        bounds = {"minimum": parameter.low, "maximum": parameter.high}
        properties[name] = {
            "type": "number",
            "default": float(parameter.value),
            "unit": parameter.unit,
            "description": f"{parameter.unit}; {parameter.source}",
            **{key: float(bound) for key, bound in bounds.items() if bound is not None},
        }
    return {"type": "object", "properties": properties, "additionalProperties": False}


def schema(catalogue: Catalogue) -> dict[str, Any]:
    """JSON Schema of a scenario file, with the policies, parameters and rules of the model by name."""
    document = Scenario.model_json_schema()
    document["$schema"] = "https://json-schema.org/draft/2020-12/schema"
    document["properties"]["parameters"].update(_numbers_schema(catalogue.parameters))
    parts = document["$defs"]
    parts["Hold"]["properties"]["ablate"]["items"]["enum"] = sorted(catalogue.rules)
    for part in (parts["Arm"], parts["Programme"]):
        part["properties"]["policy"]["enum"] = sorted({BASELINE, *catalogue.policies})
        part["required"] = [key for key in part["required"] if key in ("policy", "dose")]
        part["allOf"] = [
            {
                "if": {"properties": {"policy": {"const": name}}},
                "then": {"properties": {"settings": _numbers_schema(policy.parameters)}},
            }
            for name, policy in sorted(catalogue.policies.items())
        ]
    return document
