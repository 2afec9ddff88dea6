"""What is asked in the view: one frozen value, an address, a short code, a scenario; each says the same.

An address is a query string with a version: ``v=1&place=desa&a=social_planning&b=locality_development&luck=1`` and then
only the numbers that are not the place's own. Reading one never fails: what is out of range is moved into it, what is
not understood is named.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches
from urllib.parse import parse_qsl, urlencode

from sim.app.choices import DIGITS, FIRST, LUMP, MOST_LUCKS, MOST_SETS, Choices, Control
from sim.app.texts import LANGUAGES, words
from sim.scenario import BASELINE, Scenario, check

VERSION = 1
VILLAGES, HOUSEHOLDS = 20, 100  # of every place in the view: about 2 000 households
LONGEST = 8_000  # characters of an address that are read: with every number moved it has more than 4 000
MOST_TOLD = 8
OWN = "own"  # the name of a place that a reader brings
ARMS = ("none", "a", "b")  # the thin reference, and the two that are compared


@dataclass(frozen=True)
class Own:
    """A place that a reader brings (see `sim.app.own`): "scenario" or "survey", its file's name and text."""

    what: str
    name: str
    text: str


@dataclass(frozen=True)
class Settings:
    """What is asked.

    Attributes
    ----------
    place
        A shipped scenario.
    a, b
        Policies by name.
    luck
        Seed of the luck that both worlds meet.
    parameters
        0: the model's own numbers; n: the n-th calibrated parameter set, of the variant with a trap where `trap` is on.
    numbers
        (key, value) of all that differs from the place's own, in order of the keys.
    own
        The place itself, where `place` is a reader's own; in no address and no code.
    """

    place: str = FIRST
    a: str = "social_planning"
    b: str = "locality_development"
    luck: int = 1
    parameters: int = 0
    numbers: tuple[tuple[str, float], ...] = ()
    own: Own | None = None

    def get(self, key: str, among: Choices) -> float:
        """A number: what is set, or the place's own."""
        found = dict(self.numbers)
        if key in found:
            return found[key]
        control = among.control(key, self.a, self.b)
        if control is None:
            raise KeyError(key)
        return control.default if control.group == "policy" else among.default(self.place, key)

    def alone(self, arm: str) -> Settings:
        """The settings of one arm apart from the other: whatever the other is, this one comes out the same."""
        policy = {"none": BASELINE, "a": self.a, "b": self.b}[arm]
        own = {f"a.{key[2:]}": value for key, value in self.numbers if arm != "none" and key.startswith(f"{arm}.")}
        shared = {key: value for key, value in self.numbers if key[:2] not in ("a.", "b.")}
        return replace(self, a=policy, b=BASELINE, numbers=tuple(sorted((shared | own).items())))

    def in_force(self, among: Choices) -> dict[str, str | float]:
        """Every setting by its key, whether it was set or is the place's own."""
        first: dict[str, str | float] = {
            "place": self.place, "a": self.a, "b": self.b, "luck": self.luck, "set": self.parameters,
        }  # fmt: skip
        return first | {key: self.get(key, among) for key in among.controls} | dict(self.numbers)

    def query(self) -> str:
        """The address."""
        first = {"v": VERSION, "place": self.place, "a": self.a, "b": self.b, "luck": self.luck}
        if self.parameters:
            first["set"] = self.parameters
        return urlencode(first | {key: told(value) for key, value in self.numbers})

    def given(self, values: Mapping[str, object], among: Choices) -> tuple[Settings, list[Text]]:
        """The same with some values set; see `from_values`."""
        before = {"place": self.place, "a": self.a, "b": self.b, "luck": self.luck, "set": self.parameters}
        found, complaints = from_values({**before, **dict(self.numbers), **values}, among)
        return (replace(found, own=self.own) if found.place == OWN else found), complaints


def told(value: float) -> str:
    """A number as it stands in an address: the shortest that reads back as the same."""
    return f"{value:.{DIGITS}g}"


Text = tuple[str, str]  # English and Indonesian


def _told(key: str, /, **holes: object) -> Text:
    """A sentence in both languages; a hole may be one too."""
    english, indonesian = words(f"link.{key}")
    split = [{name: value[at] if isinstance(value, tuple) else value for name, value in holes.items()} for at in (0, 1)]
    return english.format(**split[0]), indonesian.format(**split[1])


def _near(given: object, allowed: Sequence[str]) -> Text:
    """The nearest allowed name, as the end of a sentence; empty where none is near."""
    found = get_close_matches(str(given)[:60], allowed, 1)
    return _told("near", near=found[0]) if found else ("", "")


def from_query(text: str, among: Choices) -> tuple[Settings, list[Text]]:
    """Read an address. Never fails.

    Returns
    -------
    settings, complaints
        What could be understood, and a sentence, in both languages, for each thing that was not or had to be moved
        into its range.
    """
    text = text.partition("#")[0].rpartition("?")[2]
    complaints = [_told("cut", count=LONGEST)] if len(text) > LONGEST else []
    try:
        pairs = dict(parse_qsl(text[:LONGEST], keep_blank_values=True, max_num_fields=400))
    except ValueError:
        return Settings(), [_told("unreadable")]
    version = pairs.pop("v", str(VERSION))
    if version != str(VERSION):
        complaints.append(_told("version", given=_short(version), version=VERSION))
    pairs.pop("d", None)  # the digest that whoever sent the link had; the page compares it
    if pairs.get("lang") in LANGUAGES:  # the page reads it
        del pairs["lang"]
    found, more = from_values(pairs, among)
    complaints += more
    rest = len(complaints) - MOST_TOLD
    return found, complaints[:MOST_TOLD] + ([_told("more", count=rest)] if rest > 0 else [])


def from_values(values: Mapping[str, object], among: Choices) -> tuple[Settings, list[Text]]:
    """Settings from keys and values of any kind; what cannot be used is named and left out. Never fails."""
    complaints: list[Text] = []

    def word(key: str, default: str, allowed: list[str]) -> str:
        given = values.get(key, default)
        if given in allowed:
            return str(given)
        complaints.append(_told("word", key=key, given=_short(given), near=_near(given, allowed), taken=default))
        return default

    start = Settings()
    named = values.get("place")
    place = among.same.get(named, "") if isinstance(named, str) else ""  # one of old that is the same world
    place = place or word("place", start.place, list(among.places))
    a, b = word("a", start.a, among.policies), word("b", start.b, among.policies)
    whole = {
        "luck": Control("luck", "whole", "front", 1, MOST_LUCKS, start.luck, "", ""),
        "set": Control("set", "whole", "front", 0, MOST_SETS, 0, "", ""),
    }
    found: dict[str, float] = {}
    for key in sorted(map(str, values.keys() - {"place", "a", "b"})):
        control = whole.get(key) or among.control(key, a, b)
        if control is None:
            near = _near(key, [*among.controls, "place", "a", "b", *whole])
            complaints.append(_told("key", given=_short(key), near=near))
            continue
        number = _number(values[key])
        if number is None:
            complaints.append(_told("number", key=key, given=_short(values[key])))
            continue
        control = among.within(place, control)
        found[key] = control.clamped(number)
        if not math.isclose(found[key], number, rel_tol=10.0 ** (1 - DIGITS), abs_tol=1e-12):
            ends = {"low": _written(control.low), "high": _written(control.high), "taken": _written(found[key])}
            complaints.append(_told("range", key=key, given=_short(values[key]), **ends))
    luck, parameters = int(found.pop("luck", start.luck)), int(found.pop("set", 0))
    settings = Settings(place, a, b, luck, parameters, tuple(sorted(found.items())))
    return _canonical(settings, among), complaints


def _canonical(settings: Settings, among: Choices) -> Settings:
    """Without what is the place's own anyway."""
    bare = replace(settings, numbers=())
    return replace(settings, numbers=tuple(one for one in settings.numbers if one[1] != bare.get(one[0], among)))


def _written(value: float) -> Text:
    """A number as a reader of each language writes it."""
    return f"{value:g}", f"{value:g}".replace(".", ",")


def _number(given: object) -> float | None:
    try:
        number = float(given)  # type: ignore[arg-type]
    except (TypeError, ValueError, OverflowError):
        return None
    return number if math.isfinite(number) else None


def _short(given: object) -> str:
    shown = "".join(sign if sign.isprintable() else "?" for sign in str(given))
    return shown if len(shown) <= 40 else f"{shown[:39]}…"


def scenario_of(settings: Settings, among: Choices) -> Scenario:
    """The scenario that is run, at the view's size: the baseline, and arms "a" and "b" where they are another."""
    place = among.places[settings.place]
    document = place.model_dump(mode="json")
    document["population"]["villages"] = VILLAGES
    if place.survey is None or place.population.households is not None:  # else a survey has households of its own
        document["population"]["households"] = HOUSEHOLDS
    document["calendar"] |= {key: int(settings.get(key, among)) for key in ("funds_end", "facilitation_end")}
    document["budget"]["dose"] = settings.get("budget", among)
    luck = {"seeds": 1, "first_seed": settings.luck, "sets": 1}
    document["replications"] |= luck | {"variant": variant_of(settings, among)}
    set_here = {key: value for key, value in settings.numbers if key in among.known.parameters}
    document["parameters"] = place.parameters | set_here | _lump(settings, among)
    document["arms"] = [{"policy": BASELINE}]
    for arm, policy in (("a", settings.a), ("b", settings.b)):
        if policy == BASELINE:
            continue
        own = {key.partition(".")[2]: value for key, value in settings.numbers if key.startswith(f"{arm}.")}
        document["arms"].append({"policy": policy, "id": arm, "settings": own})
    return check(document, among.known, name=settings.place)


def variant_of(settings: Settings, among: Choices) -> str:
    """The structural variant: with a poverty trap, or without."""
    return "trap_on" if settings.get("trap", among) else "trap_off"


def _lump(settings: Settings, among: Choices) -> dict[str, float]:
    """The lumpy technique's two numbers, where switch or threshold are not as the place, or the set, has them."""
    own = dict(settings.numbers)
    if not settings.get("trap", among):
        return {"output.lumpy_scale": 0.0, "output.lumpy_cost": 0.0} if "trap" in own else {}
    if "threshold" in own or ("trap" in own and not settings.parameters):
        scale = min(LUMP * settings.get("output.scale", among), among.known.parameters["output.lumpy_scale"].high)
        return {"output.lumpy_scale": scale, "output.lumpy_cost": settings.get("threshold", among)}
    return {}
