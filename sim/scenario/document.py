"""The parts of a scenario file, each number with its unit, and what follows from them."""

from __future__ import annotations

import hashlib
import json
import math
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from pydantic import PrivateAttr, ValidationInfo, field_validator, model_validator

from sim import metrics
from sim.metrics import LINE, Metric, resilience, trajectories

from .arms import NAME, PROGRAMMES_2017, Arm, Money, Programme, ResolvedArm
from .fields import Fall, Files, Flat, Frozen, Rate, entry, flag, number, table, whole, words

if TYPE_CHECKING:
    from sim.engine.rule import Param, Rule
    from sim.policies.policy import Policy

BASELINE = "status_quo"
BENCHMARK = "dividend"  # the policy that every other is also measured against: the whole budget as equal cash
BASELINE_LABELS = ("Status quo", "Apa adanya")


@dataclass(frozen=True)
class Known:
    """What the model offers: parameters by "rule.argument", policies by name, and the names of its rules.

    Among them is what a user's own files bring: their rules and metrics are `own_rules` and `own_metrics`; `files` has
    name and SHA-256 of each, `homes` the name of the file that a rule of theirs is from. `installed` has, for each
    policy of an installed package, the package and the SHA-256 of its code.
    """

    parameters: Mapping[str, Param]
    policies: Mapping[str, Policy]
    rules: Collection[str]
    own_rules: tuple[Rule, ...] = ()
    own_metrics: tuple[Metric, ...] = ()
    files: Mapping[str, str] = field(default_factory=dict)
    homes: Mapping[str, str] = field(default_factory=dict)
    installed: Mapping[str, tuple[str, str]] = field(default_factory=dict)

    @property
    def metrics(self) -> dict[str, Metric]:
        """All metrics by name: the catalogue's, then the user's own."""
        return {**metrics.catalogue(), **{metric.name: metric for metric in self.own_metrics}}


class Windows(Frozen):
    """The quarters that are measured, [first, last): the same for every arm and not settable."""

    pre: tuple[int, int]
    on: tuple[int, int]
    post: tuple[int, int]
    late: tuple[int, int]
    stress: tuple[int, int]


class Cutoffs(Frozen):
    """The cut-offs of the classes, chosen before any result, as the metrics apply them; not settable."""

    line: float = LINE  # z: own income at or above it
    growth_of_national: float = trajectories.SHARE_OF_NATIONAL_GROWTH
    dip_quarters: int = resilience.STRESS_QUARTERS
    dip_share: float = resilience.STRESS_SHARE
    recovery: float = resilience.RECOVERY
    stress_pass: float = resilience.PASS_SHARE
    local_shock: float = resilience.LOCAL_SHOCK
    external_share: float = trajectories.EXTERNAL_SHARE
    withdrawal_loss: float = trajectories.WITHDRAWAL_LOSS
    village_self_sufficient: float = trajectories.SELF_SUFFICIENT_SHARE
    headcount_fall: float = trajectories.HEADCOUNT_FALL
    institution_alive: float = trajectories.INSTITUTION_ALIVE
    upkeep_covered: float = trajectories.UPKEEP_COVERED
    grid_line: tuple[float, ...] = trajectories.GRID_LINES


CUTOFFS = Cutoffs()


class Population(Frozen):
    """Who lives there at quarter 0."""

    world: Literal["rural_2017", "poor_village"] = entry(
        "rural_2017", "Rural Indonesia, Sept 2017, or the same with lower ability", '"rural_2017" or "poor_village"'
    )
    poverty: float | None = number(None, 0.1, 0.6, "share of persons", "Headcount at q0; poor_village only (0.30)")
    villages: int | None = whole(None, 1, 100_000, "villages", "Villages; 40, or with a village list all its rows")
    households: int | None = whole(
        None, 2, 5_000, "households a village",
        "Mean number of households a village, from a survey drawn by weight; 250, or those of the survey as they are",
    )  # fmt: skip
    seed: int = whole(2017, 0, 2**32 - 1, "", "Seed of the people, the same in all arms and replications")
    survey: str = words("", 500, "Household survey (CSV), relative to the scenario file; empty: synthesised people")
    village_list: str = words("", 500, "Village list (CSV), relative to the scenario file; empty: synthesised villages")
    ties: Literal["place and interest", "place", "random"] = entry(
        "place and interest", "What ties at quarter 0 follow", '"place and interest", "place" or "random"'
    )

    @model_validator(mode="before")
    @classmethod
    def _defaults_that_depend(cls, given: Any) -> Any:
        if not isinstance(given, Mapping):
            return given
        filled: dict[str, float] = {} if given.get("village_list") else {"villages": 40}
        if not given.get("survey"):
            filled["households"] = 250
        if given.get("world") == "poor_village":
            filled["poverty"] = 0.30
        return {**given, **{key: value for key, value in filled.items() if given.get(key) is None}}


class Calendar(Frozen):
    """One calendar for all arms; quarters count from 0, ends are exclusive."""

    quarters: int = whole(80, 1, 400, "quarters", "Length of the run; at least end + 52")
    start: int = whole(8, 8, 400, "quarters", "t0: the first quarter of the programmes")
    end: int = whole(28, 8, 400, "quarters", "t1: by this quarter all money and facilitation has ended")
    funds_end: int | None = whole(None, 8, 400, "quarters", "End of what funds pay, from start to end; default: end")
    facilitation_end: int | None = whole(None, 8, 400, "quarters", "End of facilitation, likewise; default: end")

    @property
    def windows(self) -> Windows:
        t0, t1 = self.start, self.end
        return Windows(
            pre=(t0 - 8, t0), on=(t1 - 8, t1), post=(t1 + 8, t1 + 20), late=(t1 + 40, t1 + 52), stress=(t1 + 8, t1 + 20)
        )


class Replications(Frozen):
    """How often luck is drawn anew, and under how many sets of the model's numbers; the people stay."""

    seeds: int = whole(20, 1, 10_000, "seeds", "Number of draws of luck, paired over the arms")
    first_seed: int = whole(1, 0, 2**31, "", "The first seed; the others follow it")
    sets: int = whole(1, 1, 1_000, "parameter sets", "Calibrated sets, seeds in turn; 1: the model's own numbers")
    variant: Literal["trap_off", "trap_on"] = entry(
        "trap_off", "Structural variant that calibrated sets are of", '"trap_off" or "trap_on"'
    )


class Budget(Frozen):
    """What every arm but the baseline spends."""

    dose: float = number(0.04, 0, 0.5, "z per person and quarter", "State money of a policy, over all persons")
    discount: float = number(0.05, 0, 0.2, "per year", "Real rate at which the arms' costs are made equal")
    replace: str = words("", 60, "A programme of the world whose money pays the policy; empty: money on top")


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


def _labels(policy: str, known: Known | None) -> tuple[str, str]:
    """What a policy is called in English and Indonesian."""
    if known and policy in known.policies:
        return known.policies[policy].label, known.policies[policy].label_id
    return BASELINE_LABELS if policy == BASELINE else (policy.replace("_", " "),) * 2


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
    processes: Files = table({}, "Rules of your own: a rule by name, and the file it comes from (see --process)")
    hold: Hold = table(Hold(), "Mechanisms that are switched off")
    twins: Twins = table(Twins(), "Runs branched from saved states")
    report: Report = table(Report(), "What the report adds")

    _path: Path | None = PrivateAttr(None)
    _text: str = PrivateAttr("")
    _fingerprints: dict[str, str] = PrivateAttr(default_factory=dict)
    _known: Known | None = PrivateAttr(None)

    @field_validator("arms")
    @classmethod
    def _named(cls, arms: tuple[Arm, ...], info: ValidationInfo) -> tuple[Arm, ...]:
        """Name the arms after their policies; where two have the same policy, the second adds its id to the label."""
        named: list[Arm] = []
        for arm in arms:
            name = arm.id or (arm.policy if re.fullmatch(NAME, arm.policy) else "arm")
            label, label_id = _labels(arm.policy, info.context)
            if any(label == other.label for other in named):
                label, label_id = f"{label} ({name})", f"{label_id} ({name})"
            label, label_id = arm.label or label[:60], arm.label_id or arm.label or label_id[:60]
            named.append(arm.model_copy(update={"id": name, "label": label, "label_id": label_id}))
        return tuple(named)

    @property
    def slug(self) -> str:
        """Stem of the file's name."""
        return self._path.stem if self._path else "scenario"

    @property
    def text(self) -> str:
        """The file as it was read; empty for a scenario that was built from a document."""
        return self._text

    @property
    def known(self) -> Known:
        """What it was checked against: where its policies and its own rules come from."""
        if self._known is None:
            raise LookupError("a scenario comes from load() or check(), which know the policies that it names")
        return self._known

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
    def resolved_arms(self) -> tuple[ResolvedArm, ...]:
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
            resolved.append(ResolvedArm.model_construct(**{**dict(arm), **missing}))
        return tuple(resolved)

    @property
    def benchmark(self) -> str:
        """The arm that pays the whole budget in cash; empty where there is none."""
        return next((arm.id for arm in self.arms if arm.policy == BENCHMARK), "")

    @property
    def unranked(self) -> frozenset[str]:
        """The arms that are compared with no other at equal cost: their policies act outside the villages."""
        outside = {name for name, about in self.known.policies.items() if not about.ranked}
        return frozenset(arm.id for arm in self.resolved_arms if arm.policy in outside)

    @property
    def spent(self) -> frozenset[Money]:
        """What the arms that are ranked spend; one thing where they are compared at equal cost."""
        return frozenset(
            arm.money for arm in self.resolved_arms if arm.policy != BASELINE and arm.id not in self.unranked
        )

    @property
    def money_ends(self) -> int:
        """The quarter at which all money of the arms has ended; that of the calendar where none spends any."""
        return max((one.end for one in self.spent if one.dose and one.end > one.start), default=self.calendar.end)

    @property
    def own_code(self) -> dict[str, str]:
        """Name and SHA-256 of code that is not the model's: a user's files, and packages of the policies that run."""
        if self._known is None:
            return {}
        used = {arm.policy for arm in self.arms} | {programme.policy for programme in self.programmes}
        installed = (self._known.installed[name] for name in sorted(used & self._known.installed.keys()))
        return {**self._known.files, **dict(installed)}

    def digest(self) -> str:
        """SHA-256 over every value that a result depends on, the windows, cut-offs, data and policy files included."""
        values = self.model_dump(mode="json")
        values["arms"] = [arm.model_dump(mode="json") for arm in self.resolved_arms]
        values["hold"]["ablate"] = sorted(set(self.hold.ablate))
        values["frozen"] = [self.windows.model_dump(mode="json"), CUTOFFS.model_dump(mode="json")]
        values["files"] = self._fingerprints
        if own := self.own_code:
            values["own_files"] = own
        return hashlib.sha256(json.dumps(values, sort_keys=True, separators=(",", ":")).encode()).hexdigest()

    def quick(self) -> Scenario:
        """A smaller copy for a first look: at most 12 villages of 100 households, 5 seeds and 2 parameter sets."""
        people, luck = self.population, self.replications
        smaller = {"villages": min(people.villages or 12, 12)}
        if people.households is not None:
            smaller["households"] = min(people.households, 100)
        return self.model_copy(
            update={
                "population": people.model_copy(update=smaller),
                "replications": luck.model_copy(update={"seeds": min(luck.seeds, 5), "sets": min(luck.sets, 2)}),
            }
        )


def _numbers_schema(parameters: Mapping[str, Param]) -> dict[str, Any]:
    """JSON Schema of a table of numbers with their units, ranges, defaults and sources."""
    properties = {}
    for name, parameter in sorted(parameters.items()):
        bounds = {"minimum": parameter.low, "maximum": parameter.high}
        properties[name] = {
            "type": "number",
            "default": float(parameter),
            "unit": parameter.unit,
            "description": f"{parameter.unit}; {parameter.source}",
            **{key: bound for key, bound in bounds.items() if math.isfinite(bound)},
        }
    return {"type": "object", "properties": properties, "additionalProperties": False}


def schema(known: Known) -> dict[str, Any]:
    """JSON Schema of a scenario file for editors, with the policies, parameters and rules of the model by name."""
    document = Scenario.model_json_schema()
    document["$schema"] = "https://json-schema.org/draft/2020-12/schema"
    document["properties"]["parameters"].update(_numbers_schema(known.parameters))
    parts = document["$defs"]
    parts["Hold"]["properties"]["ablate"]["items"]["enum"] = sorted(known.rules)
    for key in ("id", "label", "label_id"):  # these depend on the policy
        del parts["Arm"]["properties"][key]["default"]
    for part, more in ((parts["Arm"], [BASELINE]), (parts["Programme"], [])):
        part["properties"]["policy"]["enum"] = sorted([*more, *known.policies])
        part["allOf"] = [
            {
                "if": {"properties": {"policy": {"const": name}}},
                "then": {"properties": {"settings": _numbers_schema(policy.parameters)}},
            }
            for name, policy in sorted(known.policies.items())
        ]
    return document
