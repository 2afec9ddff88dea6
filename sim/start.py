"""Quarter 0: a population becomes a world at rest.

Nothing at the start is set by hand that a rule moves later. The quiet baseline (growth and the macro cycle off, the
programmes of the time flowing) is run until the slow rules rest; abilities are found so that consumption, as a survey
would measure it, has the published distribution; outside demand so that each village sells what it offers; the cost of
a meeting so that as many attend as did.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from sim.agents import TABLES, household
from sim.engine import draw
from sim.engine.lane import Lane, holding, normals, settings
from sim.engine.plan import Plan, PlanError
from sim.engine.rule import Rule, Same, rule, rules_of
from sim.engine.table import Layout, State
from sim.errors import InputError
from sim.ledger import RULES as LEDGER
from sim.policies.policy import Programme, set_levers
from sim.population import Population, TwoPieceLognormal, normal_score, share_below, village_of
from sim.population import normals as keyed_normals
from sim.processes import MECHANISMS, participation
from sim.ties import USUAL

SURVEY_NOISE = 0.15  # sd of log consumption that a survey adds: 0.10-0.15
ATTENDANCE = 0.16  # share of households at village meetings, 2015-18 (Sentinel villages; read)
MEMBERS = 0.4  # households in an arisan: 30-55 % (IFLS; from memory, low)
REMITTED = 0.10  # households with kin who send money from abroad: 5-15 % (from memory, low)
REMITTANCE = 0.15  # what they get, as a share of their consumption (assumption)
EXPOSED = (0.4, 0.5)  # share sold outside: mean 0.3-0.6, sd of its log odds (assumption)
TILT = 0.3  # reluctance per stratum, in sd: meetings are mostly of elite men (read); size is an assumption
ROUNDS, QUARTERS, WATCHED = 9, 40, 20
OVERSHOOT = 1.4  # what households lack in luck smears over their neighbours in the distribution
NEAR = 2.0  # attendance is what was looked for from half of it to twice it
PROBIT = 1.7  # a logistic curve is nearly a normal one that is so many times as wide
LEAST = 0.25  # of the step without an echo: what is left of it where the echo is strong
CALM = 12  # quarters without weather before quarter 0, which is to be an ordinary one
SHARES = np.linspace(0.0005, 0.9995, 1000)
FROZEN = ("macro_trend", "macro_cycle")
OF_DEMAND = ("import_share.value", "transport_margin.base")  # what the start is solved with, by what it finds
OF_MEETINGS = ("attends.threshold", "attends.noise", "attends.spread", "attends.conformity")
OF_COUNCILS = ("institution_quality.learning", "institution_quality.erosion", "institution_quality.harm")
OF_EXPERIENCE = ("efficacy.learning",)


@rule(household, "0 or 1", 0.0, 1.0)
def attends_own(attends: float) -> float:
    """Whether it goes to the village's own meeting: a rule `attends` of a user's own tells no two kinds apart."""
    return attends


SHARED = {marker.name for _, marker in participation.attends_own.rule.arguments if isinstance(marker, Same)}  # type: ignore[attr-defined]


def wire(extra: Sequence[Rule] = ()) -> Plan:
    """The plan of all mechanisms and the ledger, and a user's own rules (which replace those of the same name)."""
    own = {rule.name: rule for rule in extra}
    if "attends" in own and not set(own["attends"].parameters).issuperset(SHARED):
        own.setdefault("attends_own", attends_own.rule)  # type: ignore[attr-defined]
    rules = [own.pop(r.name, r) for r in [*rules_of(MECHANISMS), *(f.rule for f in LEDGER)]]
    plan = Plan(TABLES, [*rules, *own.values()])
    for name in OF_DEMAND:
        if name not in plan.parameters:
            rule, parameter = name.split(".")
            raise PlanError(f"the start is solved with {name}: a rule {rule} of your own needs a parameter {parameter}")
    return plan


def _has(plan: Plan, parameters: Sequence[str]) -> bool:
    """Whether a plan has these parameters: a rule of a user's own in the place of theirs may have none of them."""
    return all(name in plan.parameters for name in parameters)


@dataclass(frozen=True)
class World:
    """A world at quarter 0: where every arm and every luck begins.

    Attributes
    ----------
    state
        Every column at quarter 0.
    parameters
        One number a parameter of the plan, those that were solved among them.
    solved
        What was solved, and how well: shares and z.
    """

    lane: Lane
    population: Population
    state: State
    parameters: np.ndarray
    solved: dict[str, float] = field(default_factory=dict)

    def value(self, parameter: str) -> float:
        """A parameter of this world by its full name."""
        return float(self.parameters[list(self.lane.plan.parameters).index(parameter)])


def layout_of(population: Population) -> Layout:
    """Rows and borders of a population."""
    villages = len(population.village_code)
    return Layout(
        tuple(population.village_code),
        population.district_of.astype(np.int64),
        len(population.district_code),
        {
            "household": population.start.astype(np.int64),
            "group": 4 * np.arange(villages + 1),
            "tie": population.tie_start.astype(np.int64),
        },
        np.stack([population.tie_from, population.tie_to]).astype(np.int64),
        np.array([draw.place_key(code) for code in population.village_code], np.int64),
    )


def first_state(plan: Plan, population: Population) -> State:
    """The given columns, and a first guess of the others."""
    state = State(plan.columns, layout_of(population))
    home = village_of(population.start)
    people = population.household
    for name in ("size", "weight", "female_head", "schooling", "stratum", "activity", "focus"):
        state[name] = people[name]
    state["number"] = np.arange(len(home)) - population.start[home]
    state["reluctance"] = normal_score(people["theta_rank"]) + TILT * (people["stratum"] - 2.0)
    state["giving"] = people["giver"]
    state["member"] = population.uniform("arisan") < MEMBERS
    centre = math.log(EXPOSED[0] / (1.0 - EXPOSED[0]))
    state["openness"] = centre + EXPOSED[1] * normal_score(population.uniform("exposure"))
    state["remittance"] = np.where(population.uniform("kin") < REMITTED, REMITTANCE * people["consumption"], 0.0)
    first = np.repeat(population.start[:-1], np.diff(population.tie_start))
    ends = np.concatenate([population.tie_from + first, population.tie_to + first]).astype(np.int64)
    state["degree"] = np.bincount(ends, minlength=len(home))
    state["kinship"] = 0.7 * population.tie_strength
    state["strength"] = population.tie_strength
    state["near"], state["alike"] = _bonds(population, ends)
    state["kind"] = np.tile(np.arange(4.0), len(population.village_code))
    state["potential"] = population.group["potential"]
    state["elite_interest"] = _elite_interest(people, home, len(population.village_code))
    state["subdistrict"], state["pass_through"] = population.village["subdistrict"], population.village["pass_through"]
    state["custom"] = np.array(
        [keyed_normals(population.seed, code, "village/custom", 1)[0] for code in population.village_code]
    )
    state["road_base"] = 0.2 + 0.8 * population.village["road"]
    state["road"] = state["road_base"]
    state["persons"] = np.bincount(home, people["size"], len(population.village_code))
    _guess(state, people["consumption"])
    return state


def _elite_interest(people: Mapping[str, np.ndarray], home: np.ndarray, villages: int) -> np.ndarray:
    """Share of each village's elite in each kind of activity; even where there is no elite."""
    elite = people["stratum"] == 0
    count = np.bincount(home[elite] * 4 + people["activity"][elite].astype(np.int64), minlength=4 * villages).reshape(
        -1, 4
    )
    whole = count.sum(axis=1, keepdims=True)
    return np.where(whole > 0, count / np.maximum(whole, 1), 0.25).ravel()


def _bonds(population: Population, ends: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """What each tie follows: nearness of its homes, one activity at both ends; 0 where it does not follow that."""
    people, (one, other) = population.household, ends.reshape(2, -1)
    gap = sum((people[axis][one] - people[axis][other]) ** 2 for axis in ("position_x", "position_y"))
    near, alike = 1.0 - np.sqrt(gap / 2.0), people["activity"][one] == people["activity"][other]
    return near * (population.ties != "random"), alike * (population.ties == USUAL)


def _guess(state: State, consumption: np.ndarray) -> None:
    """Where the burn-in begins; nothing of it is left at its end but what never moves."""
    income = consumption / 0.94
    state["exposure"] = 1.0 / (1.0 + np.exp(-state["openness"]))
    capital = np.minimum(3.0 * income, 8.0)
    state["ability"] = np.log(income) - np.log((0.55 + 0.36 * capital**0.2) * 1.05 * (1.0 - 0.1 * state["exposure"]))
    start = {
        "capital": capital,
        "expected_income": income,
        "expected_earnings": income,
        "spending": consumption,
        "consumption": consumption,
        "investment": 0.06 * income,
        "usual_supply": (1.0 - state["exposure"]) * income,
        "buffer": 0.5,
        "skill": 1.0,
        "efficacy": 0.3,
        "works": 0.6,
        "match": 0.7,
        "contributors": 0.25,
        "institution_quality": 0.5,
        "attendance": ATTENDANCE,
        "attendance_own": ATTENDANCE,
        "attention": 1.0,
        "attention_asked": 1.0,
        "aware": 1.0,
        "attends": 0.0,
        "attends_own": 0.0,
    }
    for name, value in start.items():
        state[name] = value


@dataclass
class Watch:
    """What is seen of the quiet baseline in the last quarters of a round."""

    state: State
    seed: int
    quantiles: list[np.ndarray] = field(default_factory=list)
    means: dict[str, list[np.ndarray]] = field(default_factory=dict)

    def see(self, quarter: int, names: Sequence[str]) -> None:
        """Remember the measured distribution and some columns."""
        persons = self.state["size"] * self.state["weight"]
        seen = measured(self.state, self.seed, quarter)
        self.quantiles.append(log_quantiles(seen, persons))
        for name in names:
            self.means.setdefault(name, []).append(self.state[name].copy())

    def mean(self, name: str) -> np.ndarray:
        """A column's mean over the quarters watched."""
        return np.mean(self.means[name], axis=0)


def measured(state: State, seed: int, quarter: int) -> np.ndarray:
    """Consumption as a household survey would measure it (z per person and quarter)."""
    noise = normals(state.layout, "survey.noise", seed, quarter)
    return state["consumption"] * np.exp(SURVEY_NOISE * noise)


def log_quantiles(values: np.ndarray, persons: np.ndarray) -> np.ndarray:
    """Log of what persons at `SHARES` of the distribution have."""
    if not values.min() > 0.0:
        raise InputError(
            f"{np.count_nonzero(~(values > 0.0))} households would have nothing to consume: no such world is at rest"
        )
    return np.interp(SHARES, np.sort(share_below(values, persons)), np.log(np.sort(values)))


WATCH = (
    "consumption", "spending", "investment", "usual_supply", "local_materials", "attendance", "attendance_own",
    "success", "capture", "council_choice", "outside_demand", "micro_income",
)  # fmt: skip


def solve(
    lane: Lane, population: Population, programmes: Sequence[Programme], target: TwoPieceLognormal | None, seed: int,
    overrides: Mapping[str, float] | None = None, held: Sequence[str] = (),
) -> World:  # fmt: skip
    """Find the world at rest.

    Parameters
    ----------
    programmes
        What flows in every arm.
    target
        Distribution of measured consumption over persons; None keeps each household's own consumption (a survey).
    seed
        Seed of the population, also of its luck before quarter 0.
    overrides, held
        Parameters by name, and rules that a scenario switches off.

    Raises
    ------
    InputError
        When no world is at rest: works would buy more material than a village offers, households have nothing, or
        meetings stay empty or full.
    """
    plan = lane.plan
    state, parameters = first_state(plan, population), settings(plan, overrides)
    meetings, councils = _has(plan, OF_MEETINGS) and "attends" not in held, _has(plan, OF_COUNCILS)
    quiet = [*FROZEN, *(["institution_quality"] if councils else []), *held]
    flags, calm = holding(plan, quiet), holding(plan, [*quiet, "weather"])
    persons = state["size"] * state["weight"]
    wanted = np.log(target.quantile(SHARES)) if target else log_quantiles(population.household["consumption"], persons)
    balance(state, parameters, plan, {n: state[n] for n in WATCH})
    kept: list[np.ndarray] = []
    quarter = -ROUNDS * QUARTERS
    for turn in range(ROUNDS):
        watch = Watch(state, seed)
        for k in range(QUARTERS):
            last = turn == ROUNDS - 1 and k >= QUARTERS - CALM
            if last:
                state["weather"] = 0.0
            set_levers(programmes, state, quarter)
            lane.step(state, quarter, seed, parameters, calm if last else flags)
            if k >= QUARTERS - WATCHED:
                watch.see(quarter, WATCH)
            quarter += 1
        if turn < ROUNDS - 1:
            _abilities(state, watch, wanted)
            if meetings:
                _attendance(state, parameters, plan, watch)
            balance(state, parameters, plan, {n: watch.mean(n) for n in WATCH})
            if councils:
                _institutions(state, parameters, plan, watch)
            if _has(plan, OF_EXPERIENCE):
                _experience(state, watch, kept)
    state["income_base"] = watch.mean("micro_income")
    gap = np.abs(wanted - np.mean(watch.quantiles, axis=0))
    solved = {"largest gap of log consumption, 2nd to 98th percentile": gap[20:-20].max()}
    if meetings:
        solved["attendance at rest"] = present = watch.mean("attendance").mean()
        solved["attends.threshold"] = parameters[list(plan.parameters).index("attends.threshold")]
        if not ATTENDANCE / NEAR <= present <= ATTENDANCE * NEAR:
            raise InputError(
                f"no cost of a meeting was found at which about {ATTENDANCE:.0%} of households come ({present:.0%} do "
                "in the end): no such world is at rest; where fewer come because others do (attends.conformity) one may"
            )
    return World(lane, population, state, parameters, {name: float(value) for name, value in solved.items()})


def _abilities(state: State, watch: Watch, wanted: np.ndarray) -> None:
    """Move abilities by what measured consumption misses at each place of the distribution, and stocks with them."""
    found = np.mean(watch.quantiles, axis=0)
    persons, order = state["size"] * state["weight"], np.argsort(watch.mean("consumption"), kind="stable")
    place = np.empty(len(order))  # `share_below`, but by the whole sum: another last bit would be another world
    place[order] = (np.cumsum(persons[order]) - 0.5 * persons[order]) / persons.sum()
    step = OVERSHOOT * np.interp(place, SHARES, wanted - found)
    state["ability"] += step
    for name in ("capital", "expected_income", "expected_earnings", "spending", "investment", "usual_supply"):
        state[name] *= np.exp(step)


def _attendance(state: State, parameters: np.ndarray, plan: Plan, watch: Watch) -> None:
    """Move the cost of a meeting by what attendance misses, and empty the halls that filled themselves.

    Who comes draws neighbours: the step is that of a mean field (Brock and Durlauf 2001), as without the echo it would
    overshoot for ever. Where many come because many come, few would if few did: that rest is looked for.
    """
    value = dict(zip(plan.parameters, parameters.tolist(), strict=True))
    present = watch.mean("attendance")
    mean = float(np.clip(present.mean(), 0.002, 0.9))
    gap = math.log(mean / (1.0 - mean)) - math.log(ATTENDANCE / (1.0 - ATTENDANCE))
    alone = math.hypot(value["attends.noise"], value["attends.spread"] / PROBIT)
    echo = value["attends.conformity"] * ATTENDANCE * (1.0 - ATTENDANCE)
    parameters[list(plan.parameters).index("attends.threshold")] += gap * max(alone - echo, LEAST * alone)
    for name in ("attends", "attends_own"):
        state[name] *= np.repeat(present <= NEAR * ATTENDANCE, np.diff(state.layout.start["household"]))


def balance(state: State, parameters: np.ndarray, plan: Plan, seen: Mapping[str, np.ndarray]) -> None:
    """Outside demand at which each village sells what it offers at the prices of the start.

    Where people would buy more than is offered, they buy the rest outside, and nobody from outside buys there.
    """
    layout = state.layout
    home = village_of(layout.start["household"])

    def total(name: str) -> np.ndarray:
        return np.bincount(home, state["size"] * seen[name], len(layout.codes))

    share = parameters[list(plan.parameters).index("import_share.value")]
    margin = parameters[list(plan.parameters).index("transport_margin.base")]
    offered, bought = total("usual_supply") - seen["local_materials"], total("spending") + total("investment")
    if np.any(offered < 0.0):
        worst = int(np.argmin(offered))
        raise InputError(
            f"the works in village {layout.codes[worst]} would buy more material than is offered there "
            f"({-offered[worst]:.3g} z a quarter more): no such world is at rest; smaller works have one"
        )
    state["import_need"] = np.maximum(0.0, 1.0 - offered / np.maximum(bought, 1e-9))
    state["outside_base"] = np.maximum(0.0, offered - (1.0 - share) * bought)
    state["terms_base"] = np.log(1.0 - margin / (1.0 + state["road_base"]))


def _institutions(state: State, parameters: np.ndarray, plan: Plan, watch: Watch) -> None:
    """The quality at which each council would stay, given who comes and what succeeds."""
    value = dict(zip(plan.parameters, parameters.tolist(), strict=True))
    present, success = watch.mean("attendance_own"), watch.mean("success")
    built = state["works_money"] + state["works_council"] > 0.0
    grown = built * value["institution_quality.learning"] * present * success
    lost = value["institution_quality.erosion"] * (1.0 - present) + value["institution_quality.harm"] * watch.mean(
        "capture"
    )
    state["institution_quality"] = np.clip(grown / np.maximum(grown + lost, 1e-12), 0.0, 1.0)


def _experience(state: State, watch: Watch, kept: list[np.ndarray]) -> None:
    """The efficacy at which who attends for long would stay: how well the council kept what it promised to its kind.

    Who rarely attends would not get there in the search, and keep what it is guessed to believe. What a round adds to
    `kept` is little for so rare an event: the later half of all is what counts.
    """
    pairs = zip(watch.means["success"], watch.means["council_choice"], strict=True)
    kept += [success[:, None] * (chosen[:, None] == np.arange(4.0)) for success, chosen in pairs]
    home, activity = village_of(state.layout.start["household"]), state["activity"].astype(np.int64)
    state["efficacy"] = np.mean(kept[len(kept) // 2 :], axis=0)[home, activity]
