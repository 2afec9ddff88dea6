"""The fitted targets: published figures that parameter sets must reproduce, and how a world is asked for them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from sim import policies
from sim.metrics import inequality, mean, poverty
from sim.model import CommunityModel
from sim.policies.policy import Programme
from sim.scenario import PROGRAMMES_2017
from sim.start import World, measured

QUIET = ("macro_cycle",)  # the cycle of 2017-19 is not an outcome of the model
LUCKS = 6
QUARTERS = 9  # 0 to 8: two years
STEADY = 40  # further quarters over which inequality is to stay
BLT = {"dose": 0.18, "quarters": 4, "quota": 0.3}  # z per member and quarter, a year, the poorest 30 % of households


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


def trend(quarter: int) -> float:
    """Rural headcount by the trend of 2016-18, % of persons, `quarter` quarters after September 2017."""
    return 13.47 - 0.1075 * quarter


LUCK = ("luck.persistence", "luck.spread", "weather.spread", "weather.persistence")
SMOOTHING = ("spending.response", "updating.value", "spending.rebuilding", "buffer_target.value", "gift.rate")
GROWTH = ("macro_trend.growth", "passed_trend.level", "import_share.value", "demand.slack")
BPS = "BPS, September 2016 to September 2018 (read)"
PANEL = "World Bank, poverty dynamics 2008-10 (read)"
MOMENTS = (
    *(
        Moment(f"headcount_{k}", "V1", trend(k) - 0.5, trend(k) + 0.5, "% of persons", BPS, GROWTH if k else ())
        for k in range(QUARTERS)
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
    Moment("gini_drift", "V1", -0.01, 0.01, "0-1", "BPS, rural: 0.316 to 0.320 in 2016-18 (read)", GROWTH),
)


def programmes_2017() -> list[Programme]:
    """What flowed in September 2017."""
    known = policies.catalogue()
    return [Programme(known[p.policy], p.dose, settings=dict(p.settings)) for p in PROGRAMMES_2017]


def _persons(world: World) -> np.ndarray:
    return world.state["size"] * world.state["weight"]


def quiet(world: World, luck: int, extra: Sequence[Programme] = (), held: Sequence[str] = ()) -> CommunityModel:
    """The quiet baseline under one luck: growth on, the business cycle off, and rules that are held besides."""
    return CommunityModel(world, [*programmes_2017(), *extra], seed=luck, held=sorted({*QUIET, *held}))


def surveys(world: World, seed: int, held: Sequence[str] = (), last: int = QUARTERS) -> Iterator[list[np.ndarray]]:
    """Measured consumption of all households in quarters 0 to `last` - 1 under each luck."""
    for luck in range(seed + 1, seed + 1 + LUCKS):
        model, seen = quiet(world, luck, held=held), []
        for quarter in range(last):
            model.step()
            seen.append(measured(model.state, luck, quarter))
        del model.state
        yield seen


def two_years(world: World, seed: int, held: Sequence[str] = ()) -> dict[str, float]:
    """V1 and V2 in one: measured poverty and inequality, and who of a panel is poor, mean over the same lucks."""
    persons, lucks = _persons(world), list(surveys(world, seed, held))
    return {**churn(persons, lucks), **cross_section(persons, lucks)}


def cross_section(persons: np.ndarray, lucks: Sequence[Sequence[np.ndarray]]) -> dict[str, float]:
    """V1: measured poverty at quarters 0 to 8, its depth and inequality, mean over lucks."""
    rows = []
    for seen in lucks:
        found = {f"headcount_{k}": 100.0 * poverty.fgt(one, persons) for k, one in enumerate(seen)}
        found["poverty_gap"] = 100.0 * poverty.fgt(seen[0], persons, alpha=1)
        found["severity"] = 100.0 * poverty.fgt(seen[0], persons, alpha=2)
        found["gini"] = inequality.gini(seen[0], persons)
        rows.append(found)
    return {name: float(np.mean([row[name] for row in rows])) for name in rows[0]}


def churn(persons: np.ndarray, lucks: Sequence[Sequence[np.ndarray]]) -> dict[str, float]:
    """V2: three yearly rounds of a panel: who is poor anew, who is poor at least once."""
    fresh, ever = [], []
    for seen in lucks:
        rounds = [one < 1.0 for one in seen[::4]]
        fresh += [100.0 * mean(~before[now], persons[now]) for before, now in pairwise(rounds)]
        ever.append(100.0 * mean(np.any(rounds, axis=0), persons))
    return {"newly_poor": float(np.mean(fresh)), "ever_poor": float(np.mean(ever))}


def persistence(world: World, seed: int, held: Sequence[str] = ()) -> dict[str, float]:
    """V2: what is left of a shock to own income after four years, up and down, in %."""
    plain, left = quiet(world, seed + 1, held=held), {}
    spread = world.value("luck.spread")
    twins = {sign: quiet(world, seed + 1, held=held) for sign in (-1.0, 1.0)}
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


def monitoring(world: World, seed: int, held: Sequence[str] = ()) -> dict[str, float]:
    """V6: loss of spending on works under full audit against none, and with ten points more attendance."""
    audit = Programme(policies.catalogue()["audit_of_works"], 0.01, 0, 4, 4)
    plain, audited = quiet(world, seed + 1, held=held), quiet(world, seed + 1, [audit], held)
    for model in (plain, audited):
        model.step()
    effect = 100.0 * float((audited.state["loss"] - plain.state["loss"]).mean())
    del plain.state, audited.state
    return {"audit_effect": effect, "presence_effect": -10.0 * world.value("loss.presence")}


def temporary_cash(world: World, seed: int, held: Sequence[str] = ()) -> dict[str, float]:
    """V8a: what recipients of a year's cash spend of it while it lasts, and what is left a year later."""
    quota, quarters = BLT["quota"], int(BLT["quarters"])
    dose = BLT["dose"] * _share_of_persons(world, quota)
    cash = Programme(policies.catalogue()["targeted_cash"], dose, 0, quarters, quarters, {"quota": quota})
    plain, paid = quiet(world, seed + 1, held=held), quiet(world, seed + 1, [cash], held)
    persons, spent, received = _persons(world), [], []
    reached = np.zeros(len(persons), bool)
    for quarter in range(2 * quarters):
        plain.step()
        paid.step()
        if quarter < quarters:
            reached |= paid.state["gets_cash"] > 0.5
            weight = persons * (paid.state["gets_cash"] > 0.5)
            spent.append(mean(paid.state["consumption"] - plain.state["consumption"], weight))
            received.append(mean(paid.state["transfers"] - plain.state["transfers"], weight))
    weight = persons * reached
    after = mean(paid.state["consumption"], weight) / mean(plain.state["consumption"], weight) - 1.0
    del plain.state, paid.state
    return {"blt_spent": float(np.sum(spent) / np.sum(received)), "blt_after": 100.0 * after}


def steadiness(world: World, seed: int, held: Sequence[str] = ()) -> dict[str, float]:
    """V1: how much measured inequality changes over 40 quarters after the two years of the trend."""
    persons, model = _persons(world), quiet(world, seed + 1, held=held)
    seen = {}
    while model.quarter < QUARTERS + STEADY:
        model.step()
        quarter = model.quarter - 1
        if quarter in (QUARTERS - 1, QUARTERS - 1 + STEADY):
            seen[quarter] = inequality.gini(measured(model.state, model.luck, quarter), persons)
    del model.state
    first, last = seen.values()
    return {"gini_drift": float(last - first)}


def _share_of_persons(world: World, quota: float) -> float:
    """Share of persons in the poorest `quota` of households."""
    order = np.argsort(world.state["consumption"], kind="stable")
    size = world.state["size"][order]
    return float(size[: max(1, round(quota * len(size)))].sum() / size.sum())


#: Every way to ask a world: first what is cheap and hardly depends on chance.
ASKED = (monitoring, temporary_cash, persistence, two_years, steadiness)
