"""A model that is not ours on the same engine: closed forms, conservation, both lanes, and the three regimes."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import networkx
import numpy as np
import pandas as pd
import pytest
from scipy import optimize, stats
from test_language import hearing, only, words

from sim.engine.lane import Lane, holding, settings
from sim.foreign import poverty_trap, regimes, society
from sim.foreign.regimes import ALL, POINTS, REGIMES, TRAP, TWO
from sim.language import catalogue
from sim.reference import MesaLane
from sim.report.foreign import grid

SAFE, CEILING = 1.10, 6e4


@pytest.fixture(scope="module")
def foreign_lane():
    """The foreign model's own plan, compiled."""
    return Lane(regimes.wire())


@pytest.fixture(scope="module")
def hamlets():
    """Three societies of forty people, two of them of one seed."""
    return [society.found(3, 4.0, 40), society.found(3, 12.0, 40), society.found(4, 8.0, 40)]


MIDDLE = POINTS[TWO]


def lone(wealth, project_gain):
    """One investor (wealth now; 10 at the start) and one project that always pays `project_gain`, a village each."""
    alone = society.Society(1, np.array([10.0]), np.zeros(1, np.int64), np.ones((1, 1), bool))
    point = replace(MIDDLE, best_gain=project_gain, threshold=0.2, saving=0.75, least_chance=0.0)
    plan = regimes.wire()
    state = society.first_state(plan, [alone] * len(wealth), [point] * len(wealth))
    state["wealth"][::2] = wealth
    state["high_rank"], state["chance_rank"] = 1.0, 0.0
    return plan, state


# --- Closed forms -----------------------------------------------------------------------------------------------------


def test_a_lone_investor_goes_to_the_fixed_point_on_its_side_of_the_threshold(foreign_lane):
    share, gain, saving = 0.5, 2.0, 0.75

    def following(wealth):
        funded = saving * share * wealth >= 0.2 * 10.0
        return min(CEILING, saving * wealth * (SAFE * (1.0 - share) + (gain * share if funded else 0.0)))

    edge = optimize.brentq(lambda w: saving * share * w - 0.2 * 10.0, 0.0, 100.0)
    upper = optimize.brentq(lambda w: following(w) - w, 1.001 * edge, 1e9)
    lower = optimize.brentq(lambda w: following(w) - w, -1.0, 0.999 * edge)
    _, state = lone([0.999 * edge, 1.001 * edge, 1e-3, 5e4], gain)
    state["share"] = share
    held = holding(foreign_lane.plan, ["share"])
    for step in range(100):
        foreign_lane.step(state, step, 0, settings(foreign_lane.plan), held)
    end = state["wealth"][::2]
    np.testing.assert_allclose(end, [lower, upper, lower, upper], rtol=1e-9, atol=1e-6)
    np.testing.assert_allclose(end[0], 0.999 * edge * (saving * SAFE * (1.0 - share)) ** 100, rtol=1e-10)


@pytest.mark.parametrize("bend", [0.5, 0.61, 0.9])
def test_an_even_chance_is_perceived_as_the_formula_of_1992_has_it(bend):
    assert poverty_trap.perceived(0.5, bend) == pytest.approx(2.0 ** (1.0 - bend - 1.0 / bend), rel=1e-12)
    assert poverty_trap.perceived(1.0, bend) == pytest.approx(1.0)
    assert poverty_trap.perceived(0.0, bend) == 0.0


def test_the_weights_of_tversky_and_kahneman():
    # Chances 0.1 and 0.9 at the median exponent of gains, 0.61: about 0.19 and 0.71 (from memory: their figure 3)
    assert poverty_trap.perceived(0.1, 0.61) == pytest.approx(0.19, abs=0.01)
    assert poverty_trap.perceived(0.9, 0.61) == pytest.approx(0.71, abs=0.01)


def value(share, chance, low, high, slopes, bends):
    """Value of a portfolio with one project, by the definition: ranked outcomes and differences of weights."""

    def weight(p, bend):
        return p**bend / (p**bend + (1.0 - p) ** bend) ** (1.0 / bend)

    outcomes = [((1.0 - share) * SAFE + share * low - 1.0, chance), ((1.0 - share) * SAFE + share * high - 1.0, None)]
    worse, better = outcomes[0][0], outcomes[1][0]
    gain = [1.0 - np.exp(-slopes[0] * max(0.0, x)) for x in (worse, better)]
    loss = [1.0 - np.exp(slopes[1] * min(0.0, x)) for x in (worse, better)]
    hope, fear = weight(1.0 - chance, bends[0]), weight(chance, bends[1])
    return hope * gain[1] + (1.0 - hope) * gain[0] - fear * loss[0] - (1.0 - fear) * loss[1]


@pytest.mark.parametrize("chance", [0.3, 0.5, 0.65])
@pytest.mark.parametrize("high", [1.65, 3.0, 7.5])
@pytest.mark.parametrize("slopes", [(5.0, 31.0), (30.0, 70.0)])
def test_with_one_project_the_chosen_share_is_the_most_valued(chance, high, slopes):
    low, bends = 0.92, (0.6, 0.8)
    mean, variance = chance * low + (1.0 - chance) * high, chance * (1.0 - chance) * (high - low) ** 2
    appeal = (mean - SAFE) / variance
    third = chance * (1.0 - chance) * (2.0 * chance - 1.0) * (high - low) ** 3
    chosen = poverty_trap.boldest(appeal, appeal * (mean - SAFE), appeal**3 * third, SAFE, *slopes, *bends) * appeal
    grid = np.arange(poverty_trap.LEVELS + 1) / poverty_trap.LEVELS
    values = [value(share, chance, low, high, slopes, bends) for share in grid]
    assert value(chosen, chance, low, high, slopes, bends) == pytest.approx(max(values), rel=1e-9)
    assert min(abs(grid - chosen)) < 1e-9


def test_what_is_held_is_what_was_chosen_or_has_its_spread_as_variance():
    pull, appeal, chosen = 0.8, 2.0, 0.1
    assert poverty_trap.held(chosen, appeal, pull, 0.0) == chosen
    bolder = poverty_trap.held(chosen, appeal, pull, 1.0)
    assert bolder * bolder * pull == pytest.approx(chosen * np.sqrt(pull))
    assert poverty_trap.held(0.5, appeal, pull, 1.0) == 1.0 / appeal  # never more than all
    assert poverty_trap.held(0.0, 0.0, 0.0, 1.0) == 0.0


@pytest.mark.parametrize("mean", [1.0, 10.0, 20.0])
def test_poisson_numbers(mean):
    places = np.linspace(0.0005, 0.9995, 200)
    expected = stats.poisson.ppf(places, mean)
    assert [poverty_trap.poisson(place, mean) for place in places.tolist()] == expected.tolist()


def test_gini_of_known_spreads():
    assert regimes.gini(np.full(10, 3.0)) == pytest.approx(0.0)
    assert regimes.gini(np.r_[np.zeros(9), 1.0]) == pytest.approx(0.9)
    assert regimes.gini(np.arange(1.0, 101.0)) == pytest.approx(99 / 300)
    assert regimes.gini(np.array([1e-9, 1e-4])) == 0.0  # less than half a hundredth is nothing, as the authors round


# --- The society ------------------------------------------------------------------------------------------------------


def test_links_fall_with_the_distance_of_wealth():
    wealth = 10.0 + society.normals(5, "wealth", 400)
    graph, reach = society.links(wealth, 6.0, 5), society.REACH
    assert networkx.is_connected(graph)
    one, other = np.triu_indices(400, 1)
    distance = np.abs(wealth[one] - wealth[other])
    ratio = distance / (reach * distance.mean())
    linked = np.array([graph.has_edge(a, b) for a, b in zip(one.tolist(), other.tolist(), strict=True)])
    for low, high in ((0.0, 0.5), (0.7, 1.0), (1.0, 1.4), (1.4, 2.0)):
        inside = (ratio >= low) & (ratio < high)
        chance = 1.0 / (1.0 + ratio[inside] ** 6.0)
        assert abs(linked[inside].sum() - chance.sum()) < 4.0 * np.sqrt((chance * (1.0 - chance)).sum()) + 3.0


def test_people_join_the_projects_of_their_own_and_their_neighbours_communities(hamlets):
    for one, homophily in zip(hamlets, (4.0, 12.0, 8.0), strict=True):
        graph = society.links(one.wealth, homophily, one.seed)
        for person in range(40):
            near = {int(one.community[other]) for other in graph[person]} | {int(one.community[person])}
            assert set(np.nonzero(one.joins[person])[0].tolist()) == near


def test_projects_begin_with_what_their_members_have(hamlets):
    state = society.first_state(regimes.wire(), hamlets, [MIDDLE] * 3)
    for v, one in enumerate(hamlets):
        rows = slice(*state.layout.start["household"][v : v + 2])
        endowment, project = state["endowment"][rows], state["project"][rows] == 1.0
        assert project.sum() == one.projects and not project[:40].any()
        for k in range(one.projects):
            assert endowment[40 + k] == pytest.approx(sum(one.wealth[i] for i in range(40) if one.joins[i, k]))
    ties = np.diff(state.layout.start["tie"]).tolist()
    assert ties == [int(one.joins.sum()) for one in hamlets]
    # equal seeds have equal wealth and luck
    assert np.array_equal(hamlets[0].wealth, hamlets[1].wealth)
    assert state.layout.places[0] == state.layout.places[1] != state.layout.places[2]


# --- Conservation and lanes -------------------------------------------------------------------------------------------


def test_every_unit_that_is_invested_is_kept_safe_or_staked_and_what_projects_pay_arrives(foreign_lane, hamlets):
    world = regimes.begun(foreign_lane, hamlets, [replace(MIDDLE, threshold=0.05)] * 3)
    state, funded = world.state, 0.0
    start, home = state.layout.start, np.repeat(np.arange(3), np.diff(state.layout.start["tie"]))
    one, other = (state.layout.ends + start["household"][home]).tolist()
    for step in range(12):
        before = state["wealth"].copy()
        regimes.play(foreign_lane, world, step, 1)
        person = state["project"] == 0.0
        staked, paid = (
            np.bincount(one, x, len(before)) for x in (state["stake"], state["stake"] * state["outcome"][other])
        )
        np.testing.assert_allclose(state["staked"][~person], np.bincount(other, state["stake"], len(before))[~person])
        assert abs(state["staked"].sum()) < 1e-9 * before.sum() and abs(state["paid"].sum()) < 1e-9 * before.sum()
        kept = 0.75 * before - staked
        assert (kept[person] > -1e-9).all()
        np.testing.assert_allclose(state["wealth"][person], np.minimum(CEILING, SAFE * kept + paid)[person], atol=1e-9)
        assert not state["wealth"][~person].any()
        funded += state["funded"].sum()
    assert funded > 0.0 and state["learned"].sum() > 0.0


@pytest.mark.parametrize("as_coded", [0.0, 1.0])
@pytest.mark.parametrize("name", REGIMES)
def test_lanes_are_identical(foreign_lane, hamlets, name, as_coded):
    plan = foreign_lane.plan
    state = society.first_state(plan, hamlets, [POINTS[name]] * 3)
    readable, parameters = MesaLane(plan, state), settings(plan, {"as_coded.value": as_coded})
    for step in range(16):
        foreign_lane.step(state, step, 0, parameters, holding(plan))
        readable.prepare(step, 0)
        readable.step_quarter(step, 0, parameters, holding(plan))
    again = readable.state()
    wrong = [n for n in state.index if not np.array_equal(state[n].view(np.uint64), again[n].view(np.uint64))]
    assert wrong == []
    assert state["learned"].sum() > 0.0
    assert all(np.isfinite(array).all() for array in state.arrays.values())


def test_threads_change_nothing_and_columns_keep_their_bounds(foreign_lane, hamlets):
    worlds = [regimes.begun(foreign_lane, hamlets, [POINTS[n] for n in REGIMES]) for _ in range(2)]
    regimes.play(foreign_lane, worlds[0], 0, 40)
    with ThreadPoolExecutor(2) as threads:
        regimes.play(foreign_lane, worlds[1], 0, 40, threads)
    for one, other in zip(*(world.state.arrays.values() for world in worlds), strict=True):
        assert one.tobytes() == other.tobytes()
    for name in (*foreign_lane.plan.rules, *foreign_lane.plan.given):
        _, low, high = foreign_lane.plan.unit(name)
        values = worlds[0].state[name]
        assert values.min() >= low and values.max() <= high, name


# --- The regimes ------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def small(foreign_lane):
    """The experiment with two seeds a regime and a design of four points."""
    with ThreadPoolExecutor(2) as threads:
        return regimes.experiment(2, threads, seeds=2, points=4)


def test_three_regimes(small):
    by = small.at_points.groupby("regime")
    assert (by.get_group(TRAP)["people_richer"] == 0.0).all()
    assert by.get_group(TWO)["people_richer"].between(0.1, 0.97).all()
    assert (by.get_group(ALL)["communities_richer"] == 1.0).all()
    assert (by.get_group(TRAP)["regime_people"] == TRAP).all()
    assert (by.get_group(TWO)["regime_people"] == TWO).all()
    # two heaps of people, and hardly anybody between them
    poor, rich = small.wealth[TWO] < 1.0, small.wealth[TWO] > 1e4
    assert poor.mean() > 0.05 and rich.mean() > 0.3


def test_the_poorest_are_helped_and_nobody_else(foreign_lane, hamlets, monkeypatch):
    monkeypatch.setattr(regimes, "HELPED", 7)
    world = regimes.begun(foreign_lane, hamlets, [MIDDLE] * 3)
    before = [world.wealth(v).copy() for v in range(3)]
    for v, who in enumerate(regimes.help_poorest(world)):
        given = world.wealth(v) - before[v]
        assert given[who] == pytest.approx(10.0) and given.sum() == pytest.approx(70.0)
        assert before[v][who].max() <= np.delete(before[v], who).min()


def test_regimes_are_told_by_who_ends_richer():
    assert [regimes.regime(x) for x in (0.0, 0.001, 0.999, 1.0)] == [TRAP, TWO, TWO, ALL]


def test_the_design_meets_every_stratum_of_every_range():
    drawn = regimes.design(1, 16, society.RANGES)
    for name, (low, high) in society.RANGES.items():
        places = [(getattr(point, name) - low) / (high - low) * 16 for point in drawn]
        assert sorted(int(place) for place in places) == list(range(16))


def test_published_shares_are_of_all_runs():
    for shares in regimes.PUBLISHED.values():
        assert sum(shares.values()) == pytest.approx(1.0)
    # as the notebook rounds them
    assert [round(x, 3) for x in regimes.PUBLISHED["communities"].values()] == [0.124, 0.615, 0.261]


def made(trap, two, everybody):
    """Outcomes of ten seeds a regime: share richer, Gini, lifted."""
    rows = [
        {"regime": name, "people_richer": r, "communities_richer": r, "gini": g, "lifted": up}
        for name, (r, g, up) in zip(REGIMES, (trap, two, everybody), strict=True)
        for _ in range(10)
    ]
    frame = pd.DataFrame(rows)
    kinds = {f"regime_{k}": frame[f"{k}_richer"].map(regimes.regime) for k in ("people", "communities")}
    return frame.assign(**kinds)


@pytest.mark.parametrize(
    ("outcomes", "verdicts"),
    [
        (((0.0, 0.1, 0.0), (0.5, 0.6, 0.2), (1.0, 0.2, 0.0)), ["same"] * 7),
        (((0.1, 0.7, 0.1), (1.0, 0.6, 0.1), (0.9, 0.2, 0.0)), ["differs"] * 7),
    ],
)
def test_verdicts_on_the_abstract(outcomes, verdicts):
    assert [line["verdict"] for line in regimes.of_abstract(made(*outcomes))] == verdicts


def test_a_finding_in_a_word_tells_in_how_many_societies_it_holds():
    frame = made((0.0, 0.1, 0.0), (0.5, 0.6, 0.2), (1.0, 0.2, 0.0))
    few = frame["regime"].eq(ALL) & (frame.groupby("regime").cumcount() >= 4)  # everybody is richer in 4 of 10
    told = pd.DataFrame(regimes.of_abstract(frame.assign(regime_people=frame["regime_people"].mask(few, TWO))))
    line = told["regime"].eq(ALL) & told["measured"].str.startswith("people")
    assert told.loc[line, ["holds", "of", "verdict"]].values.tolist() == [[4, 10, "differs"]]
    assert (told.loc[~line, "holds"] == 10).all()
    shown = grid(told)
    assert [row[3].beneath for row in shown.rows].count("4 of 10") == 1
    assert "Wilson interval of 90 %" in shown.note and "median over the societies" in shown.note


def test_verdicts_on_the_notebook():
    names = [TRAP] * 12 + [TWO] * 62 + [ALL] * 26
    frame = pd.DataFrame({"as_coded": 1.0, "regime_communities": names, "regime_people": [ALL] * 100})
    told = pd.DataFrame(regimes.of_notebook(pd.concat([frame, frame.assign(as_coded=0.0)])))
    by_communities = told["measured"].str.contains("communities")
    assert (told[by_communities]["verdict"] == "same").all()
    assert (told[~by_communities]["verdict"] == "differs").all()


def test_findings_are_a_table(small):
    told = regimes.findings(small)
    assert set(told["verdict"]) <= {"same", "differs"} and len(told) == 7 + 12
    shown = grid(told)
    assert [bool(row[3].beneath) for row in shown.rows] == [True] * 7 + [False] * 12
    assert len(shown.rows) == 19 and {row[3].text for row in shown.rows} == set(told["verdict"])


def test_findings_are_told_in_the_language(small):
    with hearing() as missed:
        shown = grid(regimes.findings(small))
        numbers = [cell.text for row in shown.rows for cell in row[1:3] if cell.text[:1].isdigit()]
    assert missed == set() and all("," in one and "." not in one for one in numbers)
    text = " ".join([shown.title, shown.note, *(f"{cell.text} {cell.beneath}" for row in shown.rows for cell in row)])
    names = words(" ".join(vars(regimes.POINTS[TRAP])))
    assert words(text) & only(catalogue("id"), catalogue("id").values()) - names == set()
    assert "perangkap: orang yang lebih kaya daripada awalnya terburuk: threshold 0,2, best_gain 1,7" in text
    assert {row[3].text for row in shown.rows} <= {"sama", "berbeda"}
