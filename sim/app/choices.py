"""What can be chosen in the view: places, policies, and every number with its unit, range and source."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cache

from sim.engine.rule import Param
from sim.known import known
from sim.policies.policy import FACILITATED
from sim.scenario import BASELINE, SCENARIOS, Known, Scenario, load
from sim.scenario.document import BASELINE_LABELS

FIRST = "desa"  # the place that a view opens with
HIDDEN = (
    "attends.threshold",  # solved
    "output.lumpy_scale", "output.lumpy_cost",  # set by trap
)  # fmt: skip
LUMP = 1.4  # the lumpy technique's scale, times `output.scale` (calibration's range: 1.1 to 1.6)
DIGITS = 4  # significant digits of a number in an address
CODE = re.compile(r"^[A-Z]\d\w?\s+")  # of a policy: R2 social planning; the page strips it likewise (data.mjs)
NOTHING = 1e-9  # what is nearer to zero is zero
MOST_LUCKS, MOST_SETS = 9_999, 64


@dataclass(frozen=True)
class Control:
    """One number that can be set.

    Attributes
    ----------
    key
        Its name in an address; "rule.argument" for a number of the model, "a.name" or "b.name" for one of a policy.
    kind
        "number", "whole", "switch" (0 or 1) or "choice" (a whole number with a word for each, see `words`).
    group
        Where it stands: "front" at once, a mechanism's name under "more", "policy" for a policy's own.
    source
        Where value and range come from; empty for what the view adds.
    """

    key: str
    kind: str
    group: str
    low: float
    high: float
    default: float
    unit: str
    source: str

    @property
    def step(self) -> float:
        """Smallest move of a slider: a hundredth of the range, in round numbers."""
        if self.kind != "number":
            return 1.0
        rough = (self.high - self.low) / 100.0
        power = 10.0 ** math.floor(math.log10(rough))
        return next(f * power for f in (1.0, 2.0, 5.0, 10.0) if f * power >= 0.999 * rough)

    def clamped(self, value: float) -> float:
        """The nearest value that is allowed, to `DIGITS` significant digits; whole where it has to be."""
        inside = min(max(value, self.low), self.high) if abs(value) > NOTHING else 0.0
        inside = float(round(inside)) if self.kind != "number" else float(f"{inside:.{DIGITS}g}")
        return min(max(inside, self.low), self.high) + 0.0  # no -0


#: What the view adds to the numbers of the model: key, kind, low, high, unit; the default is the place's, what each is
#: stands among the texts (`definition`).
FRONT = (
    ("budget", "number", 0.0, 0.2, "z per person and quarter"),
    ("funds_end", "whole", 9, 40, "quarter"),
    ("facilitation_end", "whole", 9, 40, "quarter"),
    ("inequality", "number", 0.6, 1.4, "times the spread of 2017"),
    ("pass_through", "number", 0.0, 1.0, "share"),
    ("trap", "switch", 0, 1, ""),
    ("threshold", "number", 0.05, 0.5, "z per quarter"),
    ("shock", "number", 0.0, 0.3, "share"),
    ("shock_at", "whole", 8, 79, "quarter"),
)
LEAKAGE = "loss.base"  # the one number of the model that stands in front


@dataclass(frozen=True, eq=False)
class Choices:
    """All that a view offers.

    Attributes
    ----------
    places
        Scenario by name.
    controls
        Control by key, those of policies apart; its default is that of the model, a place may have another.
    same
        A shipped scenario that is in the view what another one is, and the place that stands for it.
    """

    known: Known
    places: Mapping[str, Scenario]
    controls: Mapping[str, Control]
    same: Mapping[str, str] = field(default_factory=dict)

    @property
    def policies(self) -> list[str]:
        """All policies by name, the status quo first."""
        return [BASELINE, *self.known.policies]

    def labels(self, policy: str) -> tuple[str, str]:
        """What a policy is called in English and Indonesian."""
        if policy == BASELINE:
            return BASELINE_LABELS
        return self.known.policies[policy].label, self.known.policies[policy].label_id

    def called(self, policy: str) -> tuple[str, str]:
        """The same without the code that papers know it by, as the page calls it: Social planning."""
        english, indonesian = (CODE.sub("", label) for label in self.labels(policy))
        return english[:1].upper() + english[1:], indonesian[:1].upper() + indonesian[1:]

    def facilitates(self, policy: str) -> bool:
        """Whether a policy has people who leave when its facilitation ends."""
        return policy in self.known.policies and bool({*FACILITATED} & {*self.known.policies[policy].levers})

    def of_policy(self, policy: str) -> Mapping[str, Param]:
        """A policy's own numbers."""
        return self.known.policies[policy].parameters if policy in self.known.policies else {}

    def control(self, key: str, a: str, b: str) -> Control | None:
        """The control of a key, among them those of the two policies; None where there is none."""
        if key in self.controls:
            return self.controls[key]
        arm, _, name = key.partition(".")
        param = self.of_policy({"a": a, "b": b}.get(arm, "")).get(name)
        return _of_param(key, param, "policy") if param is not None else None

    def within(self, place: str, control: Control) -> Control:
        """A control with the range that it has in a place: what has a date stays inside the place's calendar."""
        calendar = self.places[place].calendar
        spans = dict.fromkeys(("funds_end", "facilitation_end"), (calendar.start + 1, calendar.end))
        spans["shock_at"] = (calendar.start, calendar.quarters - 1)
        low, high = spans.get(control.key, (control.low, control.high))
        return replace(control, low=float(low), high=float(high))

    def default(self, place: str, key: str) -> float:
        """What a number is in a place when nobody sets it; a policy's own is not asked for here."""
        scenario, own = self.places[place], self.places[place].parameters
        calendar = scenario.calendar
        found = {
            "budget": scenario.budget.dose,
            "funds_end": calendar.end if calendar.funds_end is None else calendar.funds_end,
            "facilitation_end": calendar.end if calendar.facilitation_end is None else calendar.facilitation_end,
            "trap": float(own.get("output.lumpy_scale", 0.0) > 0.0),
            "threshold": own.get("output.lumpy_cost", 0.2) or 0.2,
        }
        return float(found.get(key, own.get(key, self.controls[key].default)))


def _of_param(key: str, param: Param, group: str) -> Control:
    return Control(key, "number", group, param.low, param.high, float(param), param.unit, param.source)


def _front() -> Iterator[Control]:
    defaults = {"budget": 0.04, "funds_end": 28, "facilitation_end": 28, "inequality": 1.0, "pass_through": 0.22,
                "trap": 0, "threshold": 0.2, "shock": 0.0, "shock_at": 48}  # fmt: skip
    for key, kind, low, high, unit in FRONT:
        yield Control(key, kind, "front", float(low), float(high), float(defaults[key]), unit, "")


def _world(scenario: Scenario) -> str:
    """What a scenario is in the view, which has a size, policies and lucks of its own."""
    told = scenario.model_dump(mode="json", exclude={"title", "question", "report", "arms", "twins"})
    told["replications"] = told["replications"]["variant"]
    people = told["population"]
    del people["villages"]
    if not people["survey"] or people["households"] is not None:  # else a survey has households of its own
        del people["households"]
    return json.dumps(told, sort_keys=True)


@cache
def choices() -> Choices:
    """What the shipped scenarios and the model offer; read once, as the code itself is."""
    may = known()
    names = sorted((path.stem for path in SCENARIOS.glob("*.toml")), key=lambda name: (name != FIRST, name))
    first: dict[str, str] = {}  # what a scenario is in the view -> the first that is it
    scenarios = {name: load(name, may) for name in names}
    same = {name: first.setdefault(_world(scenario), name) for name, scenario in scenarios.items()}
    from sim.start import wire

    rules = wire().rules
    controls = {control.key: control for control in _front()}
    for key, param in may.parameters.items():
        if key not in HIDDEN and param.high > param.low:
            controls[key] = _of_param(key, param, "front" if key == LEAKAGE else rules[key.split(".")[0]].mechanism)
    places = {name: scenarios[name] for name in first.values()}
    return Choices(may, places, controls, {name: place for name, place in same.items() if name != place})
