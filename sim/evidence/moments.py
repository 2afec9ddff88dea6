"""Statistics of a world as a whole that studies are compared with: the fitted ones, the crisis, errors of targeting."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import pairwise

import numpy as np

from sim import policies
from sim.calibration import fitted
from sim.engine.table import State
from sim.metrics import inequality, mean, poverty, targeting
from sim.model import CommunityModel
from sim.policies.policy import Programme
from sim.start import World, measured

AROUND = 1.0  # percentage points of the twin's headcount within which a crisis is over
AVERSION = 3.0  # relative risk aversion by which lists are judged (Alatas et al. 2013; from memory, medium)
LEAST = 0.3  # z per person and quarter: no household is taken to live on less
PEAK = 6  # quarters within which the peak is looked for
Settings = Mapping[str, float]
Found = dict[str, float]


def two_years(world: World, seed: int, held: Sequence[str], settings: Settings) -> Found:
    """Surveys of two years: headcount, depth and inequality (V1), who is poor anew, who is poor at least once (V2)."""
    return fitted.two_years(world, seed, held)


def persistence(world: World, seed: int, held: Sequence[str], settings: Settings) -> Found:
    """V2: what is left of a shock to own income after four years."""
    return fitted.persistence(world, seed, held)


def bottom(world: World, seed: int, held: Sequence[str], settings: Settings) -> Found:
    """Share of consumption of the poorest 40 % of persons, %, as a survey would measure it in quarter 0."""
    persons = world.state["size"] * world.state["weight"]
    shares = [inequality.bottom40_share(seen, persons) for (seen,) in fitted.surveys(world, seed, held, 1)]
    return {"bottom_40": float(np.mean(shares))}


def crisis(world: World, seed: int, held: Sequence[str], settings: Settings) -> Found:
    """A fall of outside markets and of wages, against the same luck without it.

    Persons are weighted so that `settings["headcount"]` % are poor before it, the poorer the more: those weights fall
    evenly with the log of expected income.
    """
    first, quarters = int(settings["start"]), int(settings["quarters"])
    plain = CommunityModel(world, fitted.programmes_2017(), seed=seed, held=held)
    while plain.quarter < first:
        plain.step()
    persons = tilted(plain, seed, settings["headcount"] / 100.0)
    shocks = {
        first + k: {"wage_shock": math.log(1.0 - settings["wage"])} for k in range(int(settings["wage_quarters"]))
    }
    shocks[first] = {**shocks.get(first, {}), "macro_shock": math.log(1.0 - settings["macro"])}
    hit = plain.branch(shocks=shocks)
    paths: tuple[list[float], list[float]] = ([], [])
    for _ in range(quarters):
        for model, path in zip((plain, hit), paths, strict=True):
            model.step()
            path.append(100.0 * poverty.fgt(measured(model.state, seed, model.quarter - 1), persons))
    del plain.state, hit.state
    return recovery(*paths)


def recovery(plain: Sequence[float], hit: Sequence[float]) -> Found:
    """Peak of the headcount, %, and years from the shock until it is back for good within a point of its twin.

    Where it is not back by the end, the years are those of the whole path.
    """
    away = [k for k, (a, b) in enumerate(zip(plain, hit, strict=True)) if b - a > AROUND]
    back = away[-1] + 1 if away else 0
    return {"crisis_peak": max(hit[:PEAK]), "crisis_years": back / 4.0}


def tilted(model: CommunityModel, seed: int, headcount: float) -> np.ndarray:
    """Person weights under which the measured headcount is the one wanted (a share)."""
    state = model.state
    poor = measured(state, seed, model.quarter - 1) < 1.0
    persons, income = state["size"] * state["weight"], np.log(np.maximum(state["expected_income"], 1e-6))
    low, high = -4.0, 4.0
    for _ in range(50):
        slope = 0.5 * (low + high)
        weights = persons * np.exp(-slope * income)
        low, high = (slope, high) if weights[poor].sum() < headcount * weights.sum() else (low, slope)
    return weights


def listed(state: State, score: str, reach: float) -> np.ndarray:
    """Households that a score lists: the lowest, `reach` of those of each village."""
    found = np.zeros(len(state[score]), bool)
    for first, last in pairwise(state.layout.start["household"]):
        found[first + np.argsort(state[score][first:last], kind="stable")[: max(1, round(reach * (last - first)))]] = (
            True
        )
    return found


def share_reached(world: World, reach: float) -> float:
    """Share of persons in the households that a proxy means test would list, `reach` of each village's households."""
    return mean(listed(world.state, "proxy_score", reach), world.state["size"])


def ranking(world: World, seed: int, held: Sequence[str], settings: Settings) -> Found:
    """Mistargeting of the community's ranking above that of the proxy means test, points of households.

    Each village lists `settings["reach"]` of its households; those who should be listed are the same share of all
    households, the poorest by consumption as a survey measures it.
    """
    model = CommunityModel(world, fitted.programmes_2017(), seed=seed, held=held)
    while model.quarter <= int(settings["start"]):
        model.step()
    state, reach = model.state, settings["reach"]
    seen, weight = measured(state, seed, model.quarter - 1), state["weight"]
    poor = seen <= inequality.quantile(seen, weight, reach)
    test, community = (
        targeting.errors(listed(state, score, reach), poor, weight).mistargeting
        for score in ("proxy_score", "community_score")
    )
    del model.state
    return {"ranking_gap": 100.0 * (community - test)}


def lists(world: World, seed: int, held: Sequence[str], settings: Settings) -> Found:
    """Lists compared: some quarters of cash to those whom a test, the community, or it less the elite, ranks lowest.

    `gap_by_list`: by how much the poverty gap falls more under the community's list than under the test's, %.
    `welfare_without_elite`: what the community's list would gain if it barred the elite, % of the welfare it gives.
    """
    chosen = {"none": None, "test": (0.0, 0.0), "community": (1.0, 0.0), "barred": (1.0, 1.0)}
    gap, welfare = {}, {}
    for name, about in chosen.items():
        gap[name], welfare[name] = _after_cash(world, seed, held, settings, about)
    test, community = (gap["none"] - gap[name] for name in ("test", "community"))
    given, gained = welfare["community"] - welfare["none"], welfare["barred"] - welfare["community"]
    return {"gap_by_list": 100.0 * (community / test - 1.0), "welfare_without_elite": 100.0 * gained / given}


def _after_cash(
    world: World, seed: int, held: Sequence[str], settings: Settings, about: tuple[float, float] | None
) -> tuple[float, float]:
    """Poverty gap and welfare while cash flows by a list (community's weight, elite barred); none: without cash."""
    first, quarters, reach = int(settings["start"]), int(settings["quarters"]), settings["reach"]
    flows, persons = fitted.programmes_2017(), world.state["size"] * world.state["weight"]
    if about is not None:
        dose = settings["per_member"] * share_reached(world, reach)
        own = {"quota": reach, "community": about[0], "barred": about[1]}
        end = first + quarters
        flows.append(Programme(policies.catalogue()["targeted_cash"], dose, first, end, end, own))
    model, gaps, welfare = CommunityModel(world, flows, seed=seed, held=held), [], []
    while model.quarter < first + quarters:
        model.step()
        if model.quarter > first:
            consumed = np.maximum(model.state["consumption"], LEAST)
            gaps.append(poverty.fgt(consumed, persons, alpha=1.0))
            welfare.append(mean(-np.power(consumed, 1.0 - AVERSION), persons))
    del model.state
    return float(np.mean(gaps)), float(np.mean(welfare))


#: Statistic -> the function that finds it.
MOMENTS: dict[str, Callable[[World, int, Sequence[str], Settings], Found]] = {
    **{f"headcount_{k}": two_years for k in range(fitted.QUARTERS)},
    **dict.fromkeys(("poverty_gap", "severity", "gini", "newly_poor", "ever_poor"), two_years),
    **dict.fromkeys(("shock_left", "shock_asymmetry"), persistence),
    "bottom_40": bottom,
    **dict.fromkeys(("crisis_peak", "crisis_years"), crisis),
    "ranking_gap": ranking,
    **dict.fromkeys(("gap_by_list", "welfare_without_elite"), lists),
}
NEEDS: dict[Callable, tuple[str, ...]] = {
    crisis: ("start", "quarters", "headcount", "macro", "wage", "wage_quarters"),
    ranking: ("start", "reach"),
    lists: ("start", "reach", "quarters", "per_member"),
}
#: Statistic -> the numbers that a study's `settings` must hold for it.
KNOWN: dict[str, tuple[str, ...]] = {name: NEEDS.get(function, ()) for name, function in MOMENTS.items()}


def find(
    world: World, seed: int, wanted: Sequence[tuple[str, int, str, Settings]], held: Sequence[str] = ()
) -> Iterator[tuple[str, int, float]]:
    """Study, place of the outcome and value of each wanted (study, place, statistic, settings)."""
    done: dict[tuple[str, object], Found] = {}
    for study, place, name, settings in wanted:
        function = MOMENTS[name]
        key = (function.__name__, tuple(sorted(settings.items())))
        if key not in done:
            done[key] = function(world, seed, held, settings)
        yield study, place, done[key][name]
