"""Calibration: from priors to an ensemble of parameter sets that reproduce the fitted targets.

Approximate Bayesian computation by rejection: parameter sets are drawn from their priors by a Latin hypercube, each
world is brought to rest, its moments are compared with the published figures, and the sets within all tolerances are
kept. Runs are cheap here, so that nothing cleverer is needed, and nothing hides which part of the priors the data ruled
out. A parameter without a moment of its own stays what its prior says: an uncertainty, never called calibrated.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np

from sim import policies
from sim.engine.lane import Lane
from sim.engine.plan import Plan
from sim.errors import InputError
from sim.metrics import inequality, mean, poverty
from sim.model import CommunityModel
from sim.policies.policy import Programme
from sim.population import Population, TwoPieceLognormal
from sim.scenario import PROGRAMMES_2017
from sim.start import World, measured, solve

#: Two structural variants: without and with a technique that needs a lump of capital.
VARIANTS = ("trap_off", "trap_on")
LUMPY = {"output.lumpy_scale": (1.1, 1.6), "output.lumpy_cost": (0.05, 0.5)}  # the first as a multiple of output.scale
SOLVED = ("attends.threshold",)  # found with the start, never drawn
QUIET = ("macro_cycle",)  # the cycle of 2017-19 is not an outcome of the model
LUCKS = 3


@dataclass(frozen=True)
class Moment:
    """A fitted target: its figure, the band that counts as reproduced, and the parameters that it informs."""

    name: str
    target: str
    low: float
    high: float
    unit: str
    source: str
    informs: tuple[str, ...] = ()


@dataclass
class Candidate:
    """One draw of the priors and what came of it."""

    parameters: dict[str, float]
    moments: dict[str, float] = field(default_factory=dict)
    accepted: bool = False
    rejected_because: str = ""


def trend(quarter: int) -> float:
    """Rural headcount by the trend of 2016-18, % of persons, `quarter` quarters after September 2017."""
    return 13.47 - 0.1075 * quarter


LUCK = ("luck.persistence", "luck.spread", "weather.spread", "weather.persistence")
SMOOTHING = ("spending.response", "updating.value", "spending.rebuilding", "buffer_target.value", "gift.rate")
GROWTH = ("macro_trend.growth", "import_share.value", "demand.slack")
BPS = "BPS, September 2016 to September 2018 (read)"
PANEL = "World Bank, poverty dynamics 2008-10 (read)"
MOMENTS = (
    *(
        Moment(f"headcount_{k}", "V1", trend(k) - 0.5, trend(k) + 0.5, "% of persons", BPS, GROWTH if k else ())
        for k in range(9)
    ),
    Moment("poverty_gap", "V1", 2.43 - 0.25, 2.43 + 0.25, "% of the line", "BPS, rural (from memory)"),
    Moment("severity", "V1", 0.65 - 0.15, 0.65 + 0.15, "% of the line", "BPS, rural (from memory)"),
    Moment("gini", "V1", 0.31, 0.33, "0-1", "BPS, rural (read)"),
    Moment("newly_poor", "V2", 45.0, 60.0, "% of the poor", PANEL, LUCK + SMOOTHING),
    Moment("ever_poor", "V2", 22.0, 30.0, "% of persons", PANEL, LUCK + SMOOTHING),
    Moment("shock_left", "V2", 20.0, 40.0, "% after 4 years", "Newhouse, rural farm households (read)", LUCK[:1]),
    Moment("shock_asymmetry", "V2", -5.0, 5.0, "points", "Newhouse: negative not more persistent (read)"),
    Moment(
        "audit_effect", "V6", -13.0, -3.0, "points of spending", "Olken 2007", ("loss.audit_gain", "loss.audit_half")
    ),
    Moment("presence_effect", "V6", -4.0, 2.0, "points of spending", "Olken 2007", ("loss.presence",)),
    Moment("blt_spent", "V8a", -0.1, 0.4, "share of the transfer", "Bazzi et al., BLT 2005-06 (read)", SMOOTHING),
    Moment("blt_after", "V8a", -3.0, 3.0, "% of consumption", "Bazzi et al.: gone by 2007 (read)", SMOOTHING),
)


def priors(plan: Plan, variant: str) -> dict[str, tuple[float, float]]:
    """The range that each drawn parameter has in a structural variant; uniform within it."""
    found = {name: (p.low, p.high) for name, p in plan.parameters.items() if name not in SOLVED and p.low < p.high}
    if variant == "trap_off":
        return {name: span for name, span in found.items() if name not in LUMPY}
    return {**found, **LUMPY}


def draw(spans: Mapping[str, tuple[float, float]], count: int, seed: int) -> list[dict[str, float]]:
    """A Latin hypercube over the priors: `count` sets, each range cut into as many strata, each used once."""
    from scipy.stats import qmc

    unit = qmc.LatinHypercube(len(spans), seed=np.random.default_rng(seed)).random(count)
    low, high = (np.array([span[k] for span in spans.values()]) for k in (0, 1))
    return [dict(zip(spans, row.tolist(), strict=True)) for row in low + unit * (high - low)]


def complete(drawn: Mapping[str, float], variant: str) -> dict[str, float]:
    """A set as the model takes it: the lumpy technique's scale is drawn as a multiple of the small one's."""
    if variant == "trap_off":
        return {**drawn, "output.lumpy_scale": 0.0, "output.lumpy_cost": 0.0}
    return {**drawn, "output.lumpy_scale": min(1.2, drawn["output.lumpy_scale"] * drawn["output.scale"])}


def programmes_2017() -> list[Programme]:
    """What flowed in September 2017."""
    known = policies.catalogue()
    return [Programme(known[p.policy], p.dose, settings=dict(p.settings)) for p in PROGRAMMES_2017]


def try_set(
    lane: Lane, population: Population, target: TwoPieceLognormal, drawn: Mapping[str, float], variant: str, seed: int
) -> Candidate:
    """Bring the world of one parameter set to rest and see whether its moments are those that were published."""
    candidate = Candidate(complete(drawn, variant))
    try:
        world = solve(lane, population, programmes_2017(), target, seed, candidate.parameters)
    except InputError:
        candidate.rejected_because = "no world at rest"
        return candidate
    candidate.parameters["attends.threshold"] = world.value("attends.threshold")
    for find in (cross_section, churn, persistence, monitoring, temporary_cash):
        candidate.moments |= find(world, seed)
        for moment in MOMENTS:
            value = candidate.moments.get(moment.name)
            if value is not None and not moment.low <= value <= moment.high:
                candidate.rejected_because = moment.name
                return candidate
    candidate.accepted = True
    return candidate


def _persons(world: World) -> np.ndarray:
    return world.state["size"] * world.state["weight"]


def _quiet(world: World, luck: int, extra: Sequence[Programme] = ()) -> CommunityModel:
    return CommunityModel(world, [*programmes_2017(), *extra], seed=luck, held=QUIET)


def cross_section(world: World, seed: int) -> dict[str, float]:
    """V1: measured poverty at quarters 0 to 8 and inequality, mean over lucks."""
    persons, rows = _persons(world), []
    for luck in range(seed + 1, seed + 1 + LUCKS):
        model = _quiet(world, luck)
        found: dict[str, float] = {}
        for k in range(9):
            model.step()
            seen = measured(model.state, luck, k)
            found[f"headcount_{k}"] = 100.0 * poverty.fgt(seen, persons)
            if k == 0:
                found["poverty_gap"] = 100.0 * poverty.fgt(seen, persons, alpha=1)
                found["severity"] = 100.0 * poverty.fgt(seen, persons, alpha=2)
                found["gini"] = inequality.gini(seen, persons)
        rows.append(found)
        del model.state
    return {name: float(np.mean([row[name] for row in rows])) for name in rows[0]}


def churn(world: World, seed: int) -> dict[str, float]:
    """V2: three yearly rounds of a panel: who is poor anew, who is poor at least once."""
    persons, fresh, ever = _persons(world), [], []
    for luck in range(seed + 1, seed + 1 + LUCKS):
        model, rounds = _quiet(world, luck), []
        for k in range(9):
            model.step()
            if k % 4 == 0:
                rounds.append(measured(model.state, luck, k) < 1.0)
        for before, now in pairwise(rounds):
            fresh.append(100.0 * mean(~before[now], persons[now]))
        ever.append(100.0 * mean(np.any(rounds, axis=0), persons))
        del model.state
    return {"newly_poor": float(np.mean(fresh)), "ever_poor": float(np.mean(ever))}


def persistence(world: World, seed: int) -> dict[str, float]:
    """V2: what is left of a shock to own income after four years, up and down, in %."""
    plain, left = _quiet(world, seed + 1), {}
    spread = world.value("luck.spread")
    twins = {sign: _quiet(world, seed + 1) for sign in (-1.0, 1.0)}
    for sign, twin in twins.items():
        twin.state["luck"] += sign * spread
    for quarter in range(17):
        for model in (plain, *twins.values()):
            model.step()
        if quarter in (0, 16):
            for sign, twin in twins.items():
                gap = np.log(np.maximum(twin.state["own_income"], 1e-9) / np.maximum(plain.state["own_income"], 1e-9))
                left[sign, quarter] = float(np.median(gap))
    share = {sign: 100.0 * left[sign, 16] / left[sign, 0] for sign in twins}
    for model in (plain, *twins.values()):
        del model.state
    return {"shock_left": 0.5 * (share[-1.0] + share[1.0]), "shock_asymmetry": share[-1.0] - share[1.0]}


def monitoring(world: World, seed: int) -> dict[str, float]:
    """V6: loss of spending on works under full audit against none, and with ten points more attendance."""
    audit = Programme(policies.catalogue()["audit_of_works"], 0.01, 0, 4, 4)
    plain, audited = _quiet(world, seed + 1), _quiet(world, seed + 1, [audit])
    for model in (plain, audited):
        model.step()
    effect = 100.0 * float((audited.state["loss"] - plain.state["loss"]).mean())
    del plain.state, audited.state
    return {"audit_effect": effect, "presence_effect": -10.0 * world.value("loss.presence")}


BLT = {"dose": 0.18, "quarters": 4, "quota": 0.3}  # z per member and quarter, a year, the poorest 30 % of households


def temporary_cash(world: World, seed: int) -> dict[str, float]:
    """V8a: what recipients of a year's cash spend of it while it lasts, and what is left a year later."""
    quota = BLT["quota"]
    listed_share = _share_of_persons(world, quota)
    programme = Programme(policies.catalogue()["targeted_cash"], BLT["dose"] * listed_share, 0, 4, 4, {"quota": quota})
    plain, paid = _quiet(world, seed + 1), _quiet(world, seed + 1, [programme])
    persons, spent, received, after = _persons(world), [], [], []
    reached = np.zeros(len(persons), bool)
    for quarter in range(8):
        plain.step()
        paid.step()
        if quarter < 4:
            reached |= paid.state["gets_cash"] > 0.5
            weight = persons * (paid.state["gets_cash"] > 0.5)
            spent.append(mean(paid.state["consumption"] - plain.state["consumption"], weight))
            received.append(mean(paid.state["transfers"] - plain.state["transfers"], weight))
    weight = persons * reached
    after.append(mean(paid.state["consumption"], weight) / mean(plain.state["consumption"], weight))
    del plain.state, paid.state
    return {"blt_spent": float(np.sum(spent) / np.sum(received)), "blt_after": 100.0 * (after[0] - 1.0)}


def _share_of_persons(world: World, quota: float) -> float:
    """Share of persons in the poorest `quota` of households."""
    order = np.argsort(world.state["consumption"])
    size = world.state["size"][order]
    return float(size[: max(1, round(quota * len(size)))].sum() / size.sum())
