"""What is made of a sweep: sensitivity, boxes, stopping, regret and fronts, each against what is known."""

from __future__ import annotations

import math
import warnings
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from xml.etree import ElementTree

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from toy import Ishigami, Toy
from toy_sweep import drawn_plan, swept, toy_plan

from sim.errors import InputError
from sim.language import SPACE
from sim.report import DASH
from sim.report import sweep_figures as figures
from sim.report.sweep import sensitivity_part
from sim.report.sweep_answer import answer, boxes_told
from sim.report.sweep_tables import table_one, ways
from sim.sweep import discovery
from sim.sweep.design import Point, points, together
from sim.sweep.discovery import boxes, discover
from sim.sweep.found import Found, undominated
from sim.sweep.outcomes import Outcome
from sim.sweep.plan import Plan, Way
from sim.sweep.sensitivity import sensitivity
from sim.sweep.stopping import Rule
from sim.sweep.study import Design

Y = Outcome("y", "what is wanted", "z", 1.0, lambda comparison, run: math.nan)
Z = Outcome("z", "what is feared", "z", -1.0, lambda comparison, run: math.nan)
CUBE = dict.fromkeys("abc", (-math.pi, math.pi))


@pytest.fixture(scope="module")
def threads():
    """An executor that begins at once."""
    with ThreadPoolExecutor(2) as pool:
        yield pool


# -- sensitivity ------------------------------------------------------------------------------------------------------


def test_sobol_indices_are_those_of_the_closed_form(threads, tmp_path):
    design = Design(kind="saltelli", points=1024)
    going = swept(tmp_path, threads, Ishigami(), drawn_plan("saltelli", CUBE, 1024), ("y",))
    found = Found("ishigami", "", going.plan, going.result(), [Y], CUBE)
    table = sensitivity(found, design).set_index("uncertainty")
    whole = 0.5 * (1 + 0.1 * math.pi**4 / 5) ** 2 + 49 / 8 + 0.01 * math.pi**8 * 8 / 225
    both = 0.01 * math.pi**8 * 8 / 225 / whole  # a and c together
    first = {"a": 0.5 * (1 + 0.1 * math.pi**4 / 5) ** 2 / whole, "b": 49 / 8 / whole, "c": 0.0}
    total = {"a": first["a"] + both, "b": first["b"], "c": both}
    for name in "abc":
        row = table.loc[name]
        assert row["first"] == pytest.approx(first[name], abs=0.06) and row["first_reach"] < 0.1
        assert row["total"] == pytest.approx(total[name], abs=0.06) and row["total_reach"] < 0.1
        assert abs(row["total"] - total[name]) < 2.0 * row["total_reach"]


def test_a_block_with_a_failure_is_left_out_whole(threads, tmp_path):
    design, plan = Design(kind="saltelli", points=64), drawn_plan("saltelli", CUBE, 64)
    going = swept(tmp_path, threads, Ishigami(), plan, ("y",))
    result = going.result()
    result.loc[result["point"].isin([0, 7, 21]), "y"] = math.nan  # two in the second block of five, one in the fifth
    table = sensitivity(Found("i", "", plan, result, [Y], CUBE), design)
    assert set(table["points"]) == {(64 - 3) * 5}
    with pytest.raises(InputError, match="0 of 64 blocks of the design have no failure; allowed: 4 or more"):
        sensitivity(Found("i", "", plan, result.assign(y=math.nan), [Y], CUBE), design)
    with pytest.raises(InputError, match='"saltelli" or "morris"'):
        sensitivity(Found("i", "", plan, result, [Y], CUBE), Design(kind="sobol"))


def test_morris_finds_slopes_of_a_plane():
    spans = {"a": (0.0, 2.0), "b": (-1.0, 1.0), "c": (5.0, 6.0)}
    plan = drawn_plan("morris", spans, 12, levels=4)
    values = [3.0 * p.values["a"] - 0.5 * p.values["b"] for p in plan.points]
    table = plan.rows().assign(y=values, failed=0.0)
    found = sensitivity(Found("plane", "", plan, table, [Y], spans), Design(kind="morris", points=12))
    found = found.set_index("uncertainty")
    for name, slope in {"a": 6.0, "b": 1.0, "c": 0.0}.items():  # of the whole range
        assert found.loc[name, "mu_star"] == pytest.approx(slope, abs=1e-9)
        assert found.loc[name, "sigma"] == pytest.approx(0.0, abs=1e-9)


def indexed(column, sizes, reach):
    """Indices of one outcome of two ways."""
    rows = [("y", "works", "works", 64, name, size, r) for name, size, r in zip("abc", sizes, reach, strict=True)]
    names = ["metric", "arm", "way", "points", "uncertainty", column, f"{column}_reach"]
    return pd.DataFrame(rows, columns=names)


def two_ways():
    """A sweep of two ways, of which only names matter."""
    plan = toy_plan(4)
    return Found("two", "", plan, plan.rows().assign(y=0.0, failed=0.0), [Y], CUBE)


@pytest.mark.parametrize(
    "column, sizes, reach, said",
    [
        ("total", [0.9, 0.2, 0.0], [0.2, 0.1, 0.0], "a decides most (70 to 100 % of the variance"),
        ("total", [1.05, 0.2, 0.0], [0.04, 0.1, 0.0], "a decides most (100 % of the variance"),
        ("total", [0.97, 0.2, 0.0], [0.05, 0.1, 0.0], "a decides most (92 to 100 % of the variance"),
        ("total", [1.15, 0.9, 0.1], [0.3, 0.2, 0.1], "a decides most, but cannot be told from b"),
        ("total", [0.3, 0.4, 0.35], [0.1, 0.1, 0.1], "b decides most, but cannot be told from c and a"),
        ("total", [0.0, 0.0, 0.0], [0.0, 0.0, 0.0], "no number moves it"),
        ("mu_star", [0.2, 3.0, 0.0], [0.1, 0.2, 0.0], "b decides most (3.00 z on average over its range)"),
    ],
)
def test_no_more_is_said_of_indices_than_their_intervals_tell(column, sizes, reach, said):
    table, found = indexed(column, sizes, reach), two_ways()
    extra = {"total": {"first": 0.0, "first_reach": 0.0}, "mu_star": {"sigma": 0.1}}[column]
    part = sensitivity_part(found, table.assign(**extra))
    (told,) = part.said
    assert told.replace(SPACE, " ").startswith(f"What is wanted, works against status_quo: {said}")
    assert [grid.title for grid in part.grids] == ["What is wanted, works against status_quo"]
    assert part.plates[0].draw(400.0).svg().startswith(b"<svg")


@pytest.mark.parametrize("width", [680.0, 300.0])
def test_each_way_has_a_panel_of_its_own_with_its_own_order(width):
    """Of two ways one is decided by a, the other by c; on one scale, each number once a panel."""
    found = two_ways()
    one = indexed("total", [0.9, 0.2, 0.1], [0.1, 0.1, 0.1]).assign(first=0.0, first_reach=0.0)
    other = one.assign(way=found.versus, total=[0.1, 0.2, 0.9])

    def words(table):
        root = ElementTree.fromstring(figures.indices(found, table, width).svg())
        return ["".join(one.itertext()) for one in root.iter() if one.tag.endswith("text")]

    together = words(pd.concat([one, other]))
    assert [text for text in together if text in CUBE] == ["a", "b", "c", "c", "b", "a"]
    assert {"works", ways(found)[found.versus]} <= set(together)
    assert "works" not in words(one)  # one way needs no head
    assert together.count("0.0") == 2 * words(one).count("0.0") == 2


def test_a_design_that_is_too_small_for_its_indices_says_so_and_hides_nothing():
    extra, found = {"first": [-0.3, 0.1, 0.0], "first_reach": [0.29, 0.1, 0.1]}, two_ways()
    part = sensitivity_part(found, indexed("total", [0.9, 0.2, 0.0], [0.2, 0.1, 0.0]).assign(**extra))
    few = "The design is too small for these indices: intervals reach up to 29 % of the variance to either side"
    for text in (part.said[0], part.grids[0].note):
        assert few in text.replace(SPACE, " ")
    assert (part.grids[0].rows[0][1].text, part.grids[0].rows[0][1].beneath) == ("−30", "−59\u00a0to\u00a0−1")
    enough = sensitivity_part(
        found, indexed("total", [0.9, 0.2, 0.0], [0.2, 0.1, 0.0]).assign(first=0.0, first_reach=0.2)
    )
    assert "too small" not in enough.said[0] + enough.grids[0].note


def test_designs_cover_their_ranges():
    spans = {"a": (0.0, 2.0), "b": (-1.0, 3.0)}
    grid = points(Design(kind="grid", levels=3), spans)
    assert [tuple(p.values.values()) for p in grid][:4] == [(0.0, -1.0), (0.0, 1.0), (0.0, 3.0), (1.0, -1.0)]
    for kind in ("latin_hypercube", "sobol"):
        found = np.array([[*p.values.values()] for p in points(Design(kind=kind, points=32), spans)])
        slices = np.floor((found - [0.0, -1.0]) / [2.0, 4.0] * 32).astype(int)
        assert all(sorted(column) == list(range(32)) for column in slices.T)  # each slice of each range holds one
    assert [p.set_number for p in points(Design(kind="sets", points=9), {}, sets=4)] == [0, 1, 2, 3]
    turns = points(Design(kind="grid", levels=2), spans, sets=3)
    assert [p.set_number for p in turns] == [0, 1, 2, 0]


# -- discovery --------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def planted():
    """Points of which a box of 16 % are cases."""
    places = pd.DataFrame(np.random.default_rng(5).random((600, 4)), columns=list("abcd"))
    return places, (places["a"].between(0.3, 0.7) & (places["b"] < 0.4)).to_numpy()


def test_a_planted_box_is_found(planted):
    (box,) = boxes(*planted)
    assert set(box.limits) == {"a", "b"} and max(box.chance.values()) < 1e-9
    assert box.limits["a"] == pytest.approx((0.3, 0.7), abs=0.02) and box.limits["b"][1] == pytest.approx(0.4, abs=0.02)
    assert box.coverage > 0.95 and box.density > 0.95 and box.fresh > 0.9


def test_a_planted_box_is_found_in_noise_and_its_density_is_not_flattered(planted):
    places, cases = planted
    noisy = cases ^ (np.random.default_rng(6).random(len(cases)) < 0.15)
    box = boxes(places, noisy)[0]
    assert set(box.limits) == {"a", "b"}
    assert box.limits["a"] == pytest.approx((0.3, 0.7), abs=0.05)
    draw = np.random.default_rng(10)
    fresh = pd.DataFrame(draw.random((100_000, 4)), columns=list("abcd"))
    truth = (fresh["a"].between(0.3, 0.7) & (fresh["b"] < 0.4)).to_numpy() ^ (draw.random(100_000) < 0.15)
    true = truth[discovery.inside(fresh, box.limits)].mean()
    assert abs(box.fresh - true) < 0.06 and box.fresh <= box.density


def test_two_boxes_are_found_one_after_the_other():
    places = pd.DataFrame(np.random.default_rng(7).random((600, 3)), columns=list("abc"))
    cases = ((places["a"] < 0.4) & (places["b"] < 0.5)) | ((places["a"] > 0.8) & (places["b"] > 0.7))
    first, second = boxes(places, cases.to_numpy())[:2]
    assert set(first.limits) == set(second.limits) == {"a", "b"}
    assert first.limits["a"][1] == pytest.approx(0.4, abs=0.03) and first.limits["b"][1] == pytest.approx(0.5, abs=0.03)
    assert second.limits["a"][0] == pytest.approx(0.8, abs=0.03)
    assert second.limits["b"][0] == pytest.approx(0.7, abs=0.03)
    assert first.coverage + second.coverage > 0.9 and min(first.density, second.density) > 0.9


def test_chance_alone_makes_no_box():
    draw = np.random.default_rng(8)
    found = [boxes(pd.DataFrame(draw.random((100, 4))), draw.random(100) < 0.4) for _ in range(6)]
    dense = [box.fresh for some in found for box in some]
    assert np.nanmean([*dense, 0.4]) < 0.55  # what is found of nothing is not there in points held back


def test_the_package_that_others_use_finds_the_same_box(planted):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import prim

        theirs = prim.Prim(planted[0], planted[1].astype(float), threshold=0.5, threshold_type=">").find_box()
    (ours,) = boxes(*planted)
    limits = theirs.limits
    for name in "ab":
        end = (float(limits.loc[name, "min"]), float(limits.loc[name, "max"]))
        assert ours.limits[name] == pytest.approx(end, abs=0.05)
    assert ours.coverage >= float(theirs.coverage) - 0.02 and ours.density >= float(theirs.density) - 0.05


# -- stopping ---------------------------------------------------------------------------------------------------------


def test_looks_grow_by_half():
    assert Rule("y", 1.0, 4, 30).looks == [4, 6, 9, 14, 21, 30] and Rule("y", 1.0, 8, 8).looks == [8]


@pytest.mark.parametrize("draw", ["normal", "heavy"])
def test_the_interval_covers_however_often_one_looks(draw):
    """Coverage at the moment of stopping, over 1 500 sequences whose difference is known."""
    rule = Rule("y", 0.35, 4, 60)
    generator = np.random.default_rng(9)
    noise = generator.normal(size=(1_500, 60)) if draw == "normal" else generator.standard_t(5, (1_500, 60)) / 1.29
    covered, stopped = [], []
    for row in 0.8 + noise:
        lucks = rule.first
        while (more := rule.next(lucks, [row[:lucks]])) > lucks:
            lucks = more
        covered.append(abs(row[:lucks].mean() - 0.8) <= rule.reach(row[:lucks]))
        stopped.append(lucks)
    error = 3.0 * math.sqrt(0.9 * 0.1 / 1_500)
    assert np.mean(covered) >= 0.9 - error
    assert 4 < np.mean(stopped) < 60  # it does stop early, and it does not stop at once
    naive = [abs(row[:n].mean() - 0.8) <= stats.t.ppf(0.95, n - 1) * row[:n].std(ddof=1) / math.sqrt(n)
             for row, n in zip(0.8 + noise, stopped, strict=True)]  # fmt: skip
    assert np.mean(naive) < np.mean(covered)  # what looking repeatedly costs an interval that does not allow for it


def test_lucks_are_added_where_they_are_needed(threads, tmp_path):
    rule = Rule("y", 0.5, 4, 40)

    class Noisy:
        def __call__(self, world, arm, seed):
            luck = math.sin(1e4 * math.sin(seed * (1 + arm["times"])))
            return {"y": arm["times"] + (luck if world["x"] >= 3 else 0.0), "z": 0.0}

    going = swept(tmp_path, threads, Noisy(), toy_plan(6), rule=rule)
    lucks = going.plan.seeds
    assert [lucks[k] for k in (0, 1, 2)] == [4, 4, 4] and min(lucks[k] for k in (3, 4, 5)) > 4
    found = Found("noisy", "", going.plan, going.result(), [Y, Z], {}, rule)
    reach = found.reach("y")[:, 1:]
    assert ((reach <= 0.5).all(axis=1) | (np.array(list(lucks.values())) == 40)).all()
    again = swept(tmp_path, threads, Noisy(), toy_plan(6), rule=rule)
    assert again.digest() == going.digest() and again.plan.seeds == lucks


# -- who should choose what -------------------------------------------------------------------------------------------


DATES = {"start": 8, "funds_end": 28, "facilitation_end": 28}


def levered():
    """Two points, two doses: an arm whose y is better and whose z is worse the more is spent, another that is flat."""
    found = [Point(0, -1, {"x": 0.0}), Point(1, -1, {"x": 1.0})]
    ways = []
    for number, dose in enumerate((0.02, 0.04)):
        ways.append(Way("status_quo", "Status quo", {"dose": dose}, number, {"policy": "status_quo"}))
        ways += [
            Way(arm, arm, {"dose": dose}, number, {"policy": arm, "dose": dose, **DATES}) for arm in ("works", "cash")
        ]
    ways.sort(key=lambda way: ("status_quo", "works", "cash").index(way.arm))
    worlds = [[{"x": x, "document": {"calendar": {"end": 28}}} for x in (0.0, 1.0)]] * 2
    return Plan("levered", found, ways, worlds, {0: 2, 1: 2}, 1, "status_quo", "")


def test_regret_fronts_and_table_1_are_what_can_be_worked_out_by_hand():
    plan = levered()
    rows = plan.rows()
    known = {("works", 0): 1.0, ("works", 1): 5.0, ("cash", 0): 3.0, ("cash", 1): 4.0}
    rows["y"] = [known.get((r.arm, r.point), 0.0) * r.dose * 50 + r.seed for r in rows.itertuples()]
    rows["z"] = [{"works": 2.0, "cash": 3.0}.get(r.arm, 0.0) for r in rows.itertuples()]
    found = Found("levered", "", plan, rows.assign(failed=0.0), [Y, Z], {"x": (0.0, 1.0)})
    labels = [way.label for way in found.ways]
    assert labels == ["Status quo", "works, dose 0.02", "works, dose 0.04", "cash, dose 0.02", "cash, dose 0.04"]
    regret = found.regret.set_index("way")
    assert regret.loc["works, dose 0.02", ["mean", "largest", "best"]].tolist() == [1.0, 2.0, 0.5]
    assert regret.loc["cash, dose 0.04", ["mean", "largest", "best"]].tolist() == [1.0, 2.0, 0.5]
    front = found.pareto.set_index("way")
    assert front.loc["cash, dose 0.02", ["front", "often"]].tolist() == [True, 0.5]  # 3.5 > 3, but is feared more
    assert front.loc["works, dose 0.02", ["front", "often"]].tolist() == [True, 1.0]
    table = found.table.set_index(["metric", "way"])
    assert table.loc[("y", "works, dose 0.04"), ["mean", "least", "greatest", "difference", "better"]].tolist() == [
        7.5, 3.5, 11.5, 6.0, 1.0]  # fmt: skip
    assert table.loc[("y", "works, dose 0.04"), "sd"] == pytest.approx(math.sqrt(32.0))


@pytest.mark.parametrize(
    "works, cash, said",
    [
        ([3.0, 4.0], [3.0, 4.0],
         "no way differs from another in what is wanted at any of 2 points (3.50 z on average)."),
        ([1.0, 5.0], [3.0, 3.0], "works and cash are equally good on average over 2 points in what is wanted (3.00 z), "
         "and none is better; the least largest regret is that of works and cash (2.00 z)."),
        ([1.0, 5.0], [2.0, 3.0], "works is best on average in what is wanted (3.00 z), and best in 50 % (12 to 88 %) "
         "of 2 points, better than every other beyond luck in 50 % (12 to 88 %); it also has the least largest "
         "regret."),
        ([3.0], [3.0], "no way differs from another in what is wanted at the only point (3.00 z)."),
        ([1.0], [2.0], "cash is best in what is wanted at the only point (2.00 z), beyond luck."),
    ],
)  # fmt: skip
def test_a_tie_is_told_as_one(works, cash, said):
    plan = levered()
    plan = replace(plan, ways=[replace(way, levers={}) for way in plan.ways if not way.combination])
    plan = replace(plan, points=plan.points[: len(works)])
    known = {"works": works, "cash": cash, "status_quo": [0.0, 0.0]}
    rows = plan.rows().assign(failed=0.0)
    rows["y"] = [known[r.arm][r.point] for r in rows.itertuples()]
    (told,) = answer(Found("tie", "", plan, rows, [Y], {"x": (0.0, 1.0)}))
    assert told.replace(SPACE, " ") == f"At a dose of 0.02 z, {said}"


def test_the_best_is_told_to_be_so_beyond_luck_only_where_it_is():
    """Three points at which works leads cash by 1 on average: for sure, by chance and, of one luck, nobody knows."""
    plan = levered()
    ways = [replace(way, levers={}) for way in plan.ways if not way.combination]
    found = [Point(n, -1, {"x": float(n)}) for n in range(3)]
    plan = replace(plan, ways=ways, points=found, worlds=[[plan.worlds[0][0]] * 3] * 2, seeds={0: 4, 1: 4, 2: 1})
    lead = {0: [0.9, 1.1, 0.9, 1.1], 1: [5.0, -3.0, 5.0, -3.0], 2: [1.0]}
    error = stats.t.ppf(0.95, 3) / math.sqrt(3.0)  # of four lucks that lie 1 to either side
    assert 0.1 * error < 1.0 < 4.0 * error
    rows = plan.rows().assign(failed=0.0)
    rows["y"] = [lead[r.point][r.seed - 1] if r.arm == "works" else 0.0 for r in rows.itertuples()]
    found = Found("luck", "", plan, rows, [Y], {"x": (0.0, 2.0)})
    works = found.regret.set_index("arm").loc["works"]
    assert works[["best", "clear"]].tolist() == [1.0, 0.5]
    z = stats.norm.ppf(0.95)
    assert works["best_low"] == pytest.approx(3.0 / (3.0 + z * z)) and works["best_high"] == 1.0  # Wilson's, of 3 of 3
    assert found.regret.set_index("arm").loc["cash", ["best", "clear", "clear_low"]].tolist() == [0.0, 0.0, 0.0]
    assert "beyond luck in 50\u00a0% (" in answer(found)[0]
    assert replace(found, drawn=False).regret["best_low"].isna().all()  # of a grid, or of points of one's own
    for point, said in ((0, ", beyond luck."), (1, ", but not beyond luck."), (2, ", which one luck cannot tell from")):
        one = replace(plan, points=plan.points[point : point + 1])
        part = rows[rows["point"] == point].reset_index(drop=True)
        told = answer(replace(found, plan=one, result=part))[0]
        assert "is best in what is wanted at the only point" in told and said in told and "%" not in told


def test_a_dose_is_told_once():
    plan = levered()
    rows = plan.rows().assign(failed=0.0, y=[float(way.arm == "works") for way in plan.ways] * 4)
    for told, dose in zip(answer(Found("levered", "", plan, rows, [Y], {})), ("0.02", "0.04"), strict=True):
        assert told.startswith(f"At a dose of {dose}\u00a0z, works is best") and told.count(dose) == 1


def test_money_that_flows_for_another_time_or_is_judged_at_another_is_not_the_same_cost():
    """Of four ways with one dose two spend it in the same years: only they have a regret."""
    plan = levered()
    for way in plan.ways:
        if "dose" in way.document:
            end = 28 - 12 * way.combination
            way.document.update(dose=0.04, funds_end=end, facilitation_end=end - 4 * (way.arm == "cash"))
    rows = plan.rows()
    rows["y"] = rows["z"] = [50.0 * r.dose + r.seed for r in rows.itertuples()]
    found = Found("levered", "", plan, rows.assign(failed=0.0), [Y, Z], {"x": (0.0, 1.0)})
    assert found.regret.groupby(["cost", "start", "money_ends", "calendar_ends"])["way"].agg(list).to_dict() == {
        (0.04, 8, 16, 28): ["works, dose 0.04", "cash, dose 0.04"],
        (0.04, 8, 28, 28): ["works, dose 0.02", "cash, dose 0.02"],
    }  # fmt: skip
    assert "0.04\u00a0z in years 2\u00a0to\u00a04" in answer(found)[0]
    for way in plan.ways:
        if way.arm == "works" and way.combination:
            way.document["facilitation_end"] = 20
    found = Found("levered", "", plan, rows.assign(failed=0.0), [Y, Z], {"x": (0.0, 1.0)})
    assert set(found.regret["way"]) == {"works, dose 0.02", "cash, dose 0.02"}


def test_a_way_that_has_no_one_arm_to_differ_from_is_no_failure():
    """A lever that changes the arm of comparison leaves the baseline without one partner: the others are analysed."""
    plan = levered()
    points, block = plan.points * 5, 5
    plan = replace(plan, points=[Point(n, -1, p.values) for n, p in enumerate(points * 2)], versus="cash")
    plan = replace(plan, worlds=[[plan.worlds[0][0]] * 20] * 2, seeds=dict.fromkeys(range(20), 1))
    rows = plan.rows().assign(failed=0.0)
    rows["y"] = [r.point + 10.0 * r.dose for r in rows.itertuples()]
    found = Found("levered", "", plan, rows, [Y], {"x": (0.0, 1.0)}, block=block)
    table = sensitivity(found, Design(kind="morris", points=4, levels=4))
    assert set(table["arm"]) == {"works"}
    with pytest.raises(InputError, match="have no failure"):
        sensitivity(replace(found, result=rows.assign(y=math.nan)), Design(kind="morris", points=4, levels=4))


def test_arms_are_compared_under_the_same_levers_whichever_of_them_a_lever_changes():
    plan = levered()
    for way in plan.ways:
        if way.arm == "cash":
            way.document.pop("dose")  # the lever leaves it alone
    rows = plan.rows()
    rows["y"] = [{"works": 100.0 * r.dose, "cash": 3.0}.get(r.arm, 0.0) for r in rows.itertuples()]
    found = Found("levered", "", plan, rows.assign(failed=0.0, z=0.0), [Y, Z], {"x": (0.0, 1.0)})
    for better, than, hits in (
        ("works", "cash", [False, False, True, True]),
        ("cash", "works", [True, True, False, False]),
    ):
        places, told, clear = discovery.cases(found, better, than, "y", 1.0)
        assert places["dose"].tolist() == [0.02, 0.02, 0.04, 0.04] and places["x"].tolist() == [0.0, 1.0, 0.0, 1.0]
        assert told.tolist() == hits and clear == 0.5


def test_beyond_luck_is_as_wide_as_the_rule_that_stopped_has_it_in_boxes_as_in_table_1():
    """After four lucks the differences are 1, 2, 3 and 4: clear of nothing in one look, and not in six."""
    ways = [Way(arm, arm, {}, 0, {"policy": arm}) for arm in ("cash", "works")]
    plan = Plan("looks", [Point(0, -1, {"x": 0.0})], ways, [[{"x": 0.0}]], {0: 4}, 1, "cash", "")
    rows = plan.rows()
    rows["y"] = rows["z"] = [float(r.seed) * (r.arm == "works") for r in rows.itertuples()]
    error = math.sqrt(5.0 / 3.0) / 2.0
    assert stats.t.ppf(0.95, 3) * error < 2.5 < stats.t.ppf(1.0 - 0.05 / 6.0, 3) * error
    for rule, metric, clear in ((None, "y", 1.0), (Rule("y", 1.0, 4, 30), "y", 0.0), (Rule("y", 1.0, 4, 30), "z", 1.0)):
        found = Found("looks", "", plan, rows.assign(failed=0.0), [Y, replace(Z, better=1.0)], {"x": (0.0, 1.0)}, rule)
        assert discovery.cases(found, "works", "cash", metric, 1.0)[2] == clear
        assert found.table.set_index(["metric", "arm"]).loc[(metric, "works"), "clear"] == clear


def test_one_luck_tells_of_nothing_whether_it_is_beyond_luck():
    plan = replace(levered(), seeds={0: 1, 1: 1})
    rows = plan.rows().assign(failed=0.0)
    rows["y"] = [float(r.arm == "works") for r in rows.itertuples()]
    found = Found("one", "", plan, rows, [Y], {"x": (0.0, 1.0)})
    assert found.table["better"].max() == 1.0 and found.table["clear"].isna().all()
    assert {row[-1].text for row in table_one(found, Y).rows} == {DASH}
    places, hits, clear = discovery.cases(found, "works", "cash", "y", 1.0)
    told = boxes_told(found, discovery.Conditions("works", "cash", "y", places, hits, clear, []))[0]
    assert "100 % of 4 points (one luck does not tell in how many beyond luck)" in told.replace(SPACE, " ")
    plan.seeds[0] = 2  # at this point luck is known
    rows = plan.rows().assign(failed=0.0)
    rows["y"] = [float(r.arm == "works") for r in rows.itertuples()]
    found = replace(found, plan=plan, result=rows)
    assert found.table.set_index("arm").loc["works", "clear"].tolist() == [1.0, 1.0]
    assert discovery.cases(found, "works", "cash", "y", 1.0)[2] == 1.0


def test_undominated():
    values = np.array([[1.0, 5.0], [2.0, 4.0], [2.0, 3.0], [0.0, 0.0], [2.0, 4.0]])
    assert undominated(values).tolist() == [True, True, False, False, True]


def test_conditions_of_a_sweep_are_found_and_exported(threads, tmp_path):
    spans = {"x": (0.0, 10.0), "noise": (0.0, 1.0)}
    drawn = points(Design(kind="sobol", points=128), spans)
    ways = [Way(arm, arm, {}, 0, {"policy": arm}) for arm in ("status_quo", "works", "cash")]
    plan = Plan("two", drawn, ways, [[dict(p.values) for p in drawn]], {p.number: 2 for p in drawn}, 1, "cash", "")

    class Model:
        def __call__(self, world, arm, seed):
            return {"y": {"status_quo": 0.0, "works": world["x"] - 6.0, "cash": 0.0}[arm["policy"]], "z": 0.0}

    going = swept(tmp_path, threads, Model(), plan)
    found = Found("two", "", plan, going.result(), [Y, Z], spans)
    told = discover(found, "works", "cash")
    (box,) = told.boxes
    assert told.hits.mean() == pytest.approx(0.4, abs=0.01) and set(box.limits) == {"x"}
    assert box.limits["x"][0] == pytest.approx(6.0, abs=0.1) and box.coverage == 1.0 and box.density > 0.97
    experiments, results = discovery.exported(found)
    assert list(experiments) == ["x", "noise", "scenario", "policy", "model"] and list(results) == ["y", "z"]
    works = (experiments["policy"] == "works").to_numpy()
    assert len(experiments) == len(results) == 3 * 128
    assert results["y"][works].to_numpy() == pytest.approx(experiments["x"][works].to_numpy() - 6.0)
    for better, than, metric, words in (
        ("work", "cash", "", 'did you mean "works"'),
        ("works", "works", "", 'better and than are both "works"; allowed: two arms'),
        ("works", "cash", "q", '^metric: "q" is none of this study'),
        ("works", "cash", "z", '^metric: of "z" neither more nor less is better'),
    ):
        with pytest.raises(InputError, match=words):
            discover(replace(found, metrics=[Y, replace(Z, better=0.0)]), better, than, metric)


def test_levers_are_exported_but_where_an_arm_ignores_them():
    plan = levered()
    for whole, told in (
        (plan.ways, {"status_quo": [], "works": [0.02, 0.04], "cash": [0.02, 0.04]}),
        ([way for way in plan.ways if not way.combination], {"works": [0.02], "cash": [0.02]}),
    ):
        some = replace(plan, ways=whole)
        rows = some.rows().assign(failed=0.0, y=1.0)
        experiments, _ = discovery.exported(Found("levered", "", some, rows, [Y], {"x": (0.0, 1.0)}))
        arm = experiments["policy"].str.split(",").str[0].replace("Status quo", "status_quo")
        for name, doses in told.items():
            assert sorted(experiments["dose"][arm == name].dropna().unique()) == doses


def test_points_that_are_held_back_do_not_tell_of_their_neighbours():
    """Sixty places with five equal points each, as a design that shares numbers has them, and hits by chance."""
    found, told = [], []
    for seed in range(40):
        random = np.random.default_rng(seed)
        places = pd.DataFrame(np.repeat(random.random((60, 2)), 5, axis=0), np.repeat(np.arange(60), 5), ["x", "y"])
        hits = np.repeat(random.random(60) < 0.5, 5)
        for box in boxes(places, hits)[:1]:
            found.append(box.density - hits.mean())
            told.append(box.fresh - hits.mean())
    assert len(found) > 8 and np.mean(found) > 0.08  # the search finds what is not there
    error = np.std(told, ddof=1) / math.sqrt(len(told))
    assert abs(np.mean(told)) < 3.0 * error < 0.06  # and points held back say so


def test_points_that_are_held_back_from_a_grid_lie_all_over_it():
    """A corner of a full grid, which whoever never saw the slab that it lies in cannot know."""
    spans = {"x": (0.0, 1.0), "y": (0.0, 1.0)}
    grid = points(Design(kind="grid", levels=6), spans)
    places = pd.DataFrame([p.values for p in grid])
    cases = (places["x"] < 0.3) & (places["y"] < 0.5)
    (box,) = boxes(places, cases.to_numpy())
    assert set(box.limits) == {"x", "y"} and box.coverage == box.density == 1.0
    assert box.fresh > 0.7


def test_where_most_points_are_cases_the_other_side_is_pointed_to():
    places, found = pd.DataFrame(np.random.default_rng(3).random((60, 2)), columns=["x", "y"]), two_ways()
    for share, words in ((0.9, "the same with “--better cash --than works”"), (0.1, "beyond chance"),
                         (1.0, "everywhere"), (0.0, "nowhere")):  # fmt: skip
        hits = np.arange(60) < 60 * share
        assert words in boxes_told(found, discovery.Conditions("works", "cash", "y", places, hits, 0.0, []))[1]


def test_of_runs_that_failed_no_cause_is_told_that_nobody_looked_at(threads, tmp_path):
    going = swept(tmp_path, threads, Toy(trouble="raises"))
    found = Found("toy", "", going.plan, going.result(), [Y, Z], {"x": (0.0, 39.0)})
    last = answer(found)[-1]
    assert last.startswith("4 of 480 runs failed and are left out") and "world at rest" not in last
    rule = Rule("y", 0.5, 4, 40)
    (told,) = answer(replace(found, result=found.result.assign(y=math.nan, z=math.nan, failed=1.0), rule=rule))
    assert told.startswith("All 480 runs failed; --retry-failed")


@pytest.mark.parametrize("kind, size", [("saltelli", 4), ("morris", 3), ("sobol", 1), ("grid", 1)])
def test_a_point_is_held_back_with_all_that_share_its_numbers(kind, size):
    spans = {"x": (0.0, 1.0), "y": (0.0, 1.0)}
    design = Design(kind=kind, points=32, levels=4)
    drawn = np.array([[*p.values.values()] for p in points(design, spans)])
    assert together(design, 2) == size
    blocks = np.arange(len(drawn)) // size
    turn = discovery.parts(blocks)
    assert all(len(set(turn[blocks == one])) == 1 for one in set(blocks))
    count = np.bincount(turn[::size])
    assert len(count) == discovery.FOLDS and count.max() - count.min() <= 1
    if size > 1:  # all that shares a number with another shares its block too
        for one in set(blocks):
            inside, outside = drawn[blocks == one], drawn[blocks != one]
            assert len(np.unique(inside[:, 0])) < size
            assert kind == "morris" or not np.isin(inside, outside).any()
