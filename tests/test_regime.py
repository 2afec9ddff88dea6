"""The map of worlds: it finds known boundaries, favours no label, and measures what can be worked out by hand."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from sim import __main__ as command_line
from sim.agents import household
from sim.calibration import ensemble
from sim.commands import regime as command
from sim.engine.lane import Lane
from sim.engine.rule import rule
from sim.errors import InputError
from sim.evidence import standing
from sim.experiment import study
from sim.intervals import wilson
from sim.language import speaking
from sim.model import CommunityModel
from sim.regime import axes, regime_map
from sim.regime.questions import LEAST, OUTCOMES, Question, asked
from sim.regime.regime_map import NONE, Point, RegimeMap, mapped, world_at
from sim.regime.winning import LEVEL, crowd, judged, neighbours, shifted, vote
from sim.report import regime as page
from sim.report import span, winners
from sim.report.canvas import NARROW, WIDE, folded
from sim.report.drawing import breadth
from sim.scenario import check
from sim.start import QUARTERS, ROUNDS

ARMS = ("status_quo", "dividend", "hybrid", "targeted_cash")
WORLD = {"villages": 8, "households": 40, "seed": 2}  # in fewer villages some sets have no world at rest
TINY = """
title = "Two ways to spend"
[population]
villages = 6
households = 60
seed = 31  # in this place every world is at rest, and somebody is permanently poor
[[arms]]
policy = "status_quo"
[[arms]]
policy = "dividend"
[[arms]]
policy = "hybrid"
"""


def scenario_of(known, *arms, **more):
    """A small scenario with some arms: policies, or tables."""
    tables = [{"policy": arm} if isinstance(arm, str) else arm for arm in arms]
    return check({"title": "A map", "population": WORLD, "arms": tables, **more}, known)


def few(scenario, chosen, outcome, **more):
    """A question with as few worlds as make a map."""
    return replace(asked(scenario, chosen, outcome, LEAST, quick=True, **more), points=LEAST // 2)


@pytest.fixture(scope="module")
def numbers(lane):
    """Two numbers of the model with a range, by name."""
    every = lane.plan.parameters.items()
    free = [name for name, one in every if name.startswith(("attends.", "loss.")) and not one.what_if]
    return tuple(name for name in free if name not in axes.SOLVED)[:2]


def toy(known, lane, numbers, better, points=200, noise=0.1, outcome="self_sufficient", arms=ARMS, lucks=3):
    """A map whose outcomes are functions of two axes, each scaled to 0-1: `better` gives one value an arm."""
    question = Question(scenario_of(known, *arms), axes.named(numbers, lane.plan.parameters), OUTCOMES[outcome], points)
    spans = [axis.draws[axis.name] for axis in question.axes]
    draw = np.random.default_rng(7)
    found = []
    for number, drawn in enumerate(question.draws(), 1):
        x, y = ((drawn[axis.name] - low) / (high - low) for axis, (low, high) in zip(question.axes, spans, strict=True))
        shared = draw.normal(0.0, 5.0, lucks)  # of all arms: pairs take it out
        levels = np.array([[value] * lucks for value in better(x, y)]) + shared
        levels += draw.normal(0.0, noise, levels.shape)
        found.append(Point(number, -1, drawn, drawn, levels))
    return RegimeMap(question, found, replace(found[0], number=0))


# -- boundaries that are known ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "first, truth",
    [
        (lambda x, y: x < 0.3, 0.3),
        (lambda x, y: x + y < 1.0, 0.5),
        (lambda x, y: x * x + y * y < 1.0, np.pi / 4.0),
    ],
    ids=["line", "diagonal", "quarter of a disc"],
)
def test_a_known_boundary_gives_the_known_shares(known, lane, numbers, first, truth):
    found = toy(known, lane, numbers, lambda x, y: (0.0, 1.0, 4.0 if first(x, y) else 2.0, 3.0))
    shares = found.shares.set_index("arm")
    for arm, true in {"hybrid": truth, "targeted_cash": 1.0 - truth, "status_quo": 0.0, "dividend": 0.0}.items():
        assert shares.loc[arm, "low"] - 1e-12 <= true <= shares.loc[arm, "high"], arm
    assert shares.loc[NONE, "won"] == 0 and shares["won"].sum() == len(found.points)
    assert found.foretold[0] > 0.85 and page.foretold(found).startswith("The axes tell who wins")


@pytest.mark.parametrize("outcome", ["self_sufficient", "headcount"])
def test_the_quarters_that_are_foretold_are_those_that_are_run(known, lane, numbers, small_world, monkeypatch, outcome):
    question = few(scenario_of(known, *ARMS[:2]), axes.named(numbers, lane.plan.parameters), outcome)
    steps, step = [], CommunityModel.step
    monkeypatch.setattr(CommunityModel, "step", lambda model: steps.append(model.quarter) or step(model))
    study.compared(question.scenario, small_world)
    assert question.quarters == (question.points + 1) * (len(steps) + ROUNDS * QUARTERS)


def test_less_is_better_where_the_outcome_says_so(known, lane, numbers):
    found = toy(known, lane, numbers, lambda x, y: (0.0, 1.0, 2.0, 3.0), 40, outcome="headcount")
    assert set(found.winners) == {"status_quo"}
    row = found.shares.set_index("arm").loc["hybrid"]
    assert (row["better_than_cash"], row["worse_than_cash"]) == (0.0, 1.0)


def test_where_the_winner_wins_is_told(known, lane, numbers):
    found = toy(known, lane, numbers, lambda x, y: (0.0, 9.0 if x > 0.5 else 1.0, 4.0, 3.0))
    middle = found.shares.set_index("arm")[f"{numbers[0]}_50"]
    low, high = found.question.axes[0].draws[numbers[0]]
    assert middle["dividend"] == pytest.approx(low + 0.75 * (high - low), abs=0.05 * (high - low))
    assert middle["hybrid"] == pytest.approx(low + 0.25 * (high - low), abs=0.05 * (high - low))
    assert f"wins where {numbers[0]} is higher" in page.where(found, "dividend")
    assert numbers[1] not in page.where(found, "dividend")


def test_the_map_shows_the_boundary():
    draw = np.random.default_rng(3)
    places = draw.random((300, 2))
    said = ["a" if x < 0.4 else "b" for x, _ in places]
    spots = np.array([(0.1, 0.5), (0.25, 0.1), (0.6, 0.9), (0.9, 0.5)])
    told, share = vote(said, neighbours(places, spots, crowd(300))[0])
    assert told == ["a", "a", "b", "b"] and (share == 1.0).all()
    edge = vote(said, neighbours(places, np.array([(0.4, 0.5)]), crowd(300))[0])[1]
    assert 0.5 <= edge[0] < 1.0


# -- no label is favoured ---------------------------------------------------------------------------------------------


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(2, 7), st.integers(2, 5))
def test_permuted_labels_permute_the_winners(seed, arms, lucks):
    draw = np.random.default_rng(seed)
    levels = draw.normal(0.0, 1.0, (60, arms, lucks)) + draw.normal(0.0, 1.0, (60, arms, 1))
    near = neighbours(*[draw.random((60, 2))] * 2, 8)[0]
    order = draw.permutation(arms)
    plain, other = judged(levels, near), judged(levels[:, order], near)
    assert (np.where(other >= 0, order[other], -1) == plain).all()


@pytest.mark.full
def test_arms_under_other_labels_win_the_same_worlds(known, lane):
    """The same policies in another order and under other names, in worlds of the model itself."""
    names = {"dividend": "one", "hybrid": "two", "asset_with_coaching": "three"}
    base = scenario_of(known, "status_quo", *names)
    arms = [{"policy": policy, "id": name, "label": name} for policy, name in reversed(names.items())]
    chosen = axes.named(["trap", "attendance"], lane.plan.parameters)
    plain, other = (mapped(few(one, chosen, "own_income")) for one in (base, scenario_of(known, *arms, "status_quo")))
    assert [names.get(one, one) for one in plain.winners] == other.winners
    assert set(plain.winners) - {NONE}
    for policy, name in names.items():
        assert (plain.table[f"{policy}_level"] == other.table[f"{name}_level"]).all()


def test_equal_arms_have_no_clear_winner(known, lane):
    arms = ("status_quo", {"policy": "hybrid", "id": "one"}, {"policy": "hybrid", "id": "two"}, "dividend")
    question = few(scenario_of(known, *arms), axes.named(["works", "trap"], lane.plan.parameters), "headcount")
    with ThreadPoolExecutor(2) as threads:
        found, again = mapped(question, threads), mapped(question)
    assert not {"one", "two"} & set(found.winners)
    assert (found.table["one_difference"] == found.table["two_difference"]).all()
    pd.testing.assert_frame_equal(found.table, again.table)  # whoever computes it


@pytest.mark.parametrize("arms", [2, 3, 6])
@pytest.mark.parametrize("lucks", [2, 3, 10])
def test_chance_alone_wins_at_most_a_tenth(arms, lucks):
    draw = np.random.default_rng(arms + 10 * lucks)
    places, points = draw.random((3000, 2)), 3000
    levels = draw.normal(0.0, 1.0, (points, 1, lucks)) + draw.normal(0.0, 0.3, (points, arms, lucks))
    share = np.mean(judged(levels, neighbours(places, places, 14)[0]) >= 0)
    assert share <= 0.10 + 3.0 * np.sqrt(0.09 / points)
    if arms == 2:
        assert share >= 0.10 - 4.0 * np.sqrt(0.09 / points)  # an honest tenth, not less for want of power


def test_an_arm_that_is_not_ranked_never_wins(known, lane, numbers):
    found = toy(known, lane, numbers, lambda x, y: (0.0, 1.0, 2.0, 9.0), 40)
    assert set(found.winners) == {"targeted_cash"}
    outside = {**known.policies, "targeted_cash": replace(known.policies["targeted_cash"], ranked=False)}
    other = toy(replace(known, policies=outside), lane, numbers, lambda x, y: (0.0, 1.0, 2.0, 9.0), 40)
    assert set(other.winners) == {"hybrid"}
    assert "targeted_cash" not in set(other.shares["arm"]) and "targeted_cash_level" in other.table


# -- statistics -------------------------------------------------------------------------------------------------------


def test_the_table_holds_paired_differences_with_their_interval(known, lane, numbers):
    """With two lucks and one spread for all, the interval is the textbook's."""
    found = toy(known, lane, numbers, lambda x, y: (0.0, 1.0, 4.0, 3.0), 60, noise=0.5)
    point, row = found.points[5], found.table.iloc[5]
    apart = point.levels[2] - point.levels[1]
    assert row["hybrid_difference"] == pytest.approx(apart.mean(), abs=1e-12)
    near = found.near[5]
    spread = np.mean([np.var(found.points[k].levels[2] - found.points[k].levels[1], ddof=1) for k in near])
    reach = stats.t.ppf(0.95, len(near) * 2) * np.sqrt(spread / 3)
    assert row["hybrid_high"] - row["hybrid_low"] == pytest.approx(2.0 * reach, rel=1e-3)
    assert 5 in near and len(near) == crowd(60) == 8


def test_a_shift_is_the_rank_sum():
    draw = np.random.default_rng(2)
    one, other = draw.normal(0.5, 1.0, 30), draw.normal(0.0, 1.0, 50)
    test = stats.mannwhitneyu(one, other, use_continuity=False, method="asymptotic")
    assert 2.0 * stats.norm.sf(abs(shifted(one, other))) == pytest.approx(test.pvalue, rel=1e-9)
    assert shifted(one, other) == -shifted(other, one)
    assert shifted(np.ones(4), np.ones(9)) == 0.0


def test_axes_that_do_not_matter_tell_nothing(known, lane, numbers):
    coin = np.random.default_rng(8)
    found = toy(known, lane, numbers, lambda x, y: (0.0, 1.0, 3.0 + coin.choice([-2.0, 2.0]), 3.0))
    assert page.foretold(found).startswith("The axes do not tell who wins") or found.foretold[0] < 0.6
    assert page.where(found, "hybrid").endswith("wins all over the map: no axis tells where, beyond chance.")


# -- what is measured -------------------------------------------------------------------------------------------------


class ByHand(dict):
    """Columns of one village with two households."""

    layout = SimpleNamespace(start={"household": np.array([0, 2])})


def by_hand(**more):
    """A world of which all is known."""
    columns = {
        "loss": [0.25], "works_cost": [1.5], "capture": [0.0], "council_error": [1.0],
        "works": [1.0] * 4, "potential": [0.0] * 4, "elite_interest": [0.25] * 4,
        "activity": [0.0, 1.0], "focus": [0.7, 0.4], "size": [1.0, 3.0], "weight": [1.0, 1.0],
        "output": [1.0, 2.12], "time_cost": [0.06, 0.0], "works_benefit": [0.5, 0.5], **more,
    }  # fmt: skip
    state = ByHand({name: np.array(values) for name, values in columns.items()})
    return SimpleNamespace(state=state, value={"output.works_gain": 0.12}.__getitem__)


def test_works_per_z_by_hand():
    """One z builds 0.75 / 1.5 = 0.5 units, of a kind that nobody tells from the others; each unit adds 1 / (1 + 1)².

    Without works the households make 1 and 2; three quarters of the persons are in the second: 1.75 a head. Of what
    anybody does, a quarter is of the kind that was hit on. So a year brings 4 · 0.12 · 1.75 · 0.5 · 0.25 / 4 = 2.625 %.
    """
    assert axes.works_per_z(by_hand()) == pytest.approx(2.625, rel=1e-9)


def test_works_per_z_by_hand_where_the_best_kind_is_known():
    """The kind with the potential 3 is seen without error: e³ · 0.5 · 0.25; 0.7 and 0.2 of what households do is of it.

    (1 · 1 · 0.7 + 3 · 2 · 0.2) / 4 = 0.475 a head of what is made.
    """
    world = by_hand(potential=[3.0, 0.0, 0.0, 0.0], council_error=[1e-3])
    assert axes.works_per_z(world) == pytest.approx(400 * 0.12 * 0.475 * np.exp(3.0) * 0.125, rel=1e-9)


def test_the_chance_of_a_choice():
    """Two kinds: the normal law of the difference. Four: as often as in many draws. Equal ones: alike."""
    pair = axes.chosen(np.array([[0.6, 0.0, -90.0, -90.0]]), np.array([0.8]))[0]
    assert pair[0] == pytest.approx(stats.norm.cdf(0.6 / (0.8 * np.sqrt(2.0))), abs=1e-6)
    assert axes.chosen(np.zeros((1, 4)), np.array([0.3]))[0] == pytest.approx([0.25] * 4, abs=1e-9)
    value, draw = np.array([0.5, 0.2, -0.4, 0.0]), np.random.default_rng(1)
    picks = np.argmax(value + 0.9 * draw.normal(size=(200_000, 4)), axis=1)
    often = np.bincount(picks, minlength=4) / len(picks)
    assert axes.chosen(value[None], np.array([0.9]))[0] == pytest.approx(often, abs=0.006)


def test_works_per_z_is_what_the_model_makes_of_more_works(small_world):
    """One quarter with and without what a hundredth of a z builds, chosen by the council in many draws."""
    state, draw, spent = small_world.state, np.random.default_rng(5), 0.01
    value = (
        state["potential"]
        - 2.0 * np.log(1.0 + state["works"])
        + np.repeat(state["capture"], 4) * state["elite_interest"]
    )
    errors = np.repeat(state["council_error"], 4) * draw.normal(size=(20_000, len(value)))
    picks = np.argmax((value + errors).reshape(20_000, -1, 4), axis=2)
    often = np.array([np.bincount(column, minlength=4) for column in picks.T]) / 20_000
    persons, made = state["size"] * state["weight"], []
    for more in (0.0, spent):
        model = CommunityModel(small_world, seed=9)
        built = more * (1.0 - state["loss"]) / state["works_cost"][0]
        model.state["works"] = state["works"] + (often * built[:, None]).ravel()
        model.step()
        made.append((model.state["output"] * persons).sum() / persons.sum())
        del model.state
    assert axes.works_per_z(small_world) == pytest.approx(400.0 * (made[1] - made[0]) / spent, rel=0.1)


def test_attendance_is_that_of_the_arm_that_brings_most():
    layout = SimpleNamespace(start={"household": np.array([0, 10, 40])})
    world = SimpleNamespace(state=SimpleNamespace(layout=layout))
    runs = [
        SimpleNamespace(arm=arm, village={"attendance_on": np.array(values)})
        for arm, values in (("a", [0.1, 0.1]), ("a", [0.3, 0.3]), ("b", [0.6, 0.2]), ("b", [0.6, 0.2]))
    ]
    assert axes.attendance(world, runs) == pytest.approx(100.0 * (0.6 * 10 + 0.2 * 30) / 40)


def test_the_trap_holds_the_share_that_was_drawn(known, lane):
    scenario = scenario_of(known, "status_quo", "dividend")
    assert axes.trapped(world_at(scenario, {}, {}, lane)) == 0.0
    for share in (0.1, 0.4):
        world = world_at(scenario, {}, {axes.SHARE: share, "lump.advantage": 1.35}, lane)
        assert axes.trapped(world) == pytest.approx(100.0 * share, abs=6.0)
        assert world.value("output.lumpy_scale") == pytest.approx(1.35 * world.value("output.scale"))


# -- what is asked ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "names, told",
    [
        (["worcs", "trap"], 'no axis "worcs"; did you mean "works"?'),
        (["works", "attends.invitatoin"], 'did you mean "attends.invitation"?'),
        (["works"], "names 1; allowed: two or three"),
        (["works", "trap", "attendance", "loss.base"], "names 4; allowed: two or three"),
        (["works", "works"], '"works" draws what "works" draws'),
        (["works", "output.works_gain"], '"output.works_gain" draws what "works" draws'),
        (["trap", "output.lumpy_cost"], '"output.lumpy_cost" draws what "trap" draws'),
        (["works", "attends.threshold"], "is solved with every world"),
        (["works", ""], 'no axis ""'),
    ],
)
def test_wrong_axes_are_refused(lane, names, told):
    with pytest.raises(InputError, match=re.escape(told)):
        axes.named(names, lane.plan.parameters)


def test_any_number_of_the_model_is_an_axis(lane):
    for name, one in lane.plan.parameters.items():
        if one.low < one.high < np.inf and name not in axes.SOLVED:
            other = "loss.presence" if name != "loss.presence" else "loss.base"
            (axis, _) = axes.named([name, other], lane.plan.parameters)
            assert axis.draws == {name: (one.low, one.high)} and axis.unit == one.unit


def test_a_map_needs_cash_rivals_and_points(known, lane):
    chosen = axes.named(["works", "trap"], lane.plan.parameters)
    with pytest.raises(InputError, match='policy = "dividend"'):
        asked(scenario_of(known, "status_quo", "hybrid"), chosen, "headcount")
    with pytest.raises(InputError, match="--points: is 3; allowed: a whole number, 20 to"):
        asked(scenario_of(known, "status_quo", "dividend"), chosen, "headcount", 3)
    for more in ({"dose": 0.2}, {"funds_end": 12, "facilitation_end": 12}):
        with pytest.raises(InputError, match=r"equal cost, and arms spend 0\.04 z in quarters 8 to"):
            asked(scenario_of(known, "status_quo", "dividend", {"policy": "hybrid", **more}), chosen, "headcount")


def test_calibrated_sets_are_met_in_turn(known, lane, tmp_path):
    """Where an ensemble is stored, all but the axes comes from it; the scenario's own numbers stand above it."""
    plain = {name: float(value) for name, value in lane.plan.parameters.items()}
    sets = [{**plain, "loss.base": base, "spending.response": 0.3} for base in (0.20, 0.28)]
    ensemble.path("trap_off", tmp_path).write_text(ensemble.text(sets), encoding="utf-8")
    scenario = scenario_of(known, "status_quo", "dividend", parameters={"spending.response": 0.2})
    chosen = axes.named(["works", "attendance"], lane.plan.parameters)
    question = few(scenario, chosen, "headcount", where=tmp_path)
    assert (question.variant, question.sets, question.old) == ("trap_off", sets, True)
    world = world_at(question.scenario, question.sets[1], {"output.works_gain": 0.05}, lane)
    assert (world.value("loss.base"), world.value("output.works_gain")) == (0.28, 0.05)
    assert world.value("spending.response") == 0.2
    found = mapped(question)
    assert [point.set_number for point in found.points] == [k % 2 for k in range(LEAST // 2)]
    assert found.default is not None and found.default.set_number == -1
    said = page.warnings(found)
    assert said[0].startswith("Calibrated but for the axes") and "2 calibrated parameter sets (trap off)" in said[0]
    assert page.OLD in said
    trapped = axes.named(["works", "trap"], lane.plan.parameters)
    assert (
        asked(scenario, trapped, "headcount", where=tmp_path).variant == ""
    )  # sets without a trap do not stand for it


def test_worlds_without_rest_are_counted(known, lane, numbers, monkeypatch):
    question = few(scenario_of(known, "status_quo", "dividend"), axes.named(numbers, lane.plan.parameters), "headcount")
    solve, tried = regime_map.world_at, []

    def some(scenario, base, drawn, lane):
        tried.append(drawn)
        if len(tried) % 4 == 0:
            raise InputError("no such world is at rest")
        return solve(scenario, base, drawn, lane)

    monkeypatch.setattr(regime_map, "world_at", some)
    found = mapped(replace(question, points=14))  # and one more of the defaults: every fourth of 15 is refused
    assert (found.without_rest, len(found.points)) == (3, 11)
    assert any("less 3 draws without a world at rest" in sentence for sentence in page.made(found))
    monkeypatch.setattr(
        regime_map, "world_at", lambda *_: (_ for _ in ()).throw(InputError("no such world is at rest"))
    )
    with pytest.raises(InputError, match="0 of 10 draws have a world at rest"):
        mapped(question)


# -- what is shown ----------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def three(known, lane):
    """A toy map over three axes."""
    names = ("works", "attendance", "trap")
    question = Question(
        scenario_of(known, *ARMS), axes.named(names, lane.plan.parameters), OUTCOMES["self_sufficient"], 120
    )
    draw, points = np.random.default_rng(4), []
    for number in range(120):
        x, y, z = draw.random(3)
        levels = np.array([0.0, 1.0, 6.0 * x, 5.0 * z])[:, None] + draw.normal(0.0, 0.3, (4, 3))
        points.append(
            Point(number + 1, -1, {"drawn": x}, dict(zip(names, (5.0 * x, 20 + 50 * y, 50 * z), strict=True)), levels)
        )
    return RegimeMap(question, points, replace(points[0], number=0))


@pytest.mark.parametrize("width", [WIDE, NARROW])
def test_the_figure_holds_all_worlds_and_stays_inside(three, width):
    drawing = winners.winners_map(three, width)
    words = [one.text for one in drawing.words]
    assert sum(text.startswith("share in a trap: ") for text in words) == 3
    assert words.count("works per z of budget, % a year") == 3 and "defaults" in words
    for arm, row in three.shares.set_index("arm").iterrows():
        named = [text for text in words if text.startswith(winners.names(three)[arm] + ", ")]
        assert len(named) == (row["won"] > 0), arm
    for one in drawing.words:
        wide = breadth(one.text, one.size, one.bold)
        left = one.x - {"start": 0.0, "middle": wide / 2, "end": wide}[one.anchor]
        assert left >= 0.0 and left + wide <= drawing.width + 0.5, one.text
        assert one.y <= drawing.height and one.size >= 8.0
    for shape in drawing.shapes:
        assert shape.points.min() >= -1e-9 and (shape.points <= (drawing.width, drawing.height)).all()
    discs = [shape for shape in drawing.shapes if len(shape.points) == 13]
    entries = (three.shares["won"] > 0).sum()
    assert len(discs) == 2 * (len(three.points) + entries)
    ET.fromstring(drawing.svg())


def test_thirds_hold_every_world_once(three):
    rows = np.concatenate([rows for _, rows in winners.parts(three)])
    assert sorted(rows) == list(range(120))
    assert [len(rows) for _, rows in winners.parts(three)] == [40, 40, 40]


def test_a_heading_is_broken_between_words_and_never_within_a_range(three):
    """Also where a language joins its per cent to the number, and a heading is too long for one line."""
    for code, reach in (("en", "1\u00a0to\u00a018\u00a0% of"), ("id", "1\u00a0s.d.\u00a018% rumah")):
        with speaking(code):
            head = winners.parts(three)[0][0]
        assert reach in head
        for room in (170.0, 185.0, 200.0):
            lines = folded(head, room)
            assert " ".join(lines) == head and len(lines) == 2
            assert any(reach.rpartition(" ")[0] in line for line in lines)


def test_every_share_of_worlds_has_its_interval(three):
    """Better and worse than cash are counted in the same worlds as who wins."""
    grid, shares = page.grid(three), three.shares.set_index("arm")
    rows = dict(zip(shares.index, grid.rows, strict=False))
    for arm in ("hybrid", "targeted_cash"):
        for cell, name in zip(rows[arm][1:4], ("share", "better_than_cash", "worse_than_cash"), strict=True):
            low, high = (100 * end for end in wilson(round(120 * shares.loc[arm, name]), 120, LEVEL))
            assert (cell.text, cell.beneath) == (f"{100 * shares.loc[arm, name]:.0f}", span(low, high, 0))
    assert rows["dividend"][2].text == page.DASH and rows["dividend"][2].beneath == ""


def test_colours_are_the_reports_and_never_shared(known, lane, three):
    names = ["status_quo", "dividend", "hybrid", *(f"arm_{k}" for k in range(8))]
    arms = [{"policy": one if one in ARMS else "hybrid", "id": one, "label": one} for one in names]
    many = RegimeMap(replace(three.question, scenario=scenario_of(known, *arms)), [])
    found = winners.colours(many)
    assert len(set(found.values())) == len(names) + 1
    assert [found[one] for one in names[:3]] == list(winners.hues(many).values())[:3]


def test_the_answer_names_plain_cash_and_every_winner(three):
    first = page.answer(three)[0]
    assert first.startswith("Of 120 worlds, ") and "plain cash, beats all others in " in first
    shares = three.shares.set_index("arm")
    for arm in ("hybrid", "targeted_cash"):
        count = int(shares.loc[arm, "won"])
        low, high = (100.0 * end for end in wilson(count, 120, LEVEL))
        assert f"wins {100 * count / 120:.0f}\u00a0% ({low:.0f}\u00a0to\u00a0{high:.0f}\u00a0%)" in first


def test_one_winner_everywhere_is_said_so(known, lane, numbers):
    found = toy(known, lane, numbers, lambda x, y: (0.0, 1.0, 2.0, 9.0), 40)
    assert page.answer(found)[-1] == "All worlds have the same winner: along these axes nothing changes who wins."
    winners.winners_map(found).svg()
    nobody = toy(known, lane, numbers, lambda x, y: (1.0, 1.0, 1.0, 1.0), 40)
    assert set(nobody.winners) == {NONE}
    assert page.answer(nobody)[-1] == "No world has a winner: the axes cannot tell where one wins."


# -- the command ------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def tiny(tmp_path_factory):
    """A file with a small scenario."""
    file = tmp_path_factory.mktemp("map") / "tiny.toml"
    file.write_text(TINY)
    return file


def test_the_command_writes_map_tables_and_manifest(tiny, tmp_path, capsys):
    chosen = ["map", tiny, "--axes", "works, attendance", "--points", "20", "--quick", "--results", tmp_path]
    assert command_line.main([str(one) for one in chosen]) == 0
    said, _ = capsys.readouterr()
    (folder,) = tmp_path.iterdir()
    assert {one.name for one in folder.iterdir()} == {
        "map.html", "map.svg", "map.png", "manifest.json",
        "points.csv", "points.parquet", "shares.csv", "shares.parquet",
    }  # fmt: skip
    assert "tiny: 20 worlds of 6 villages" in said and str(folder / "map.html") in said
    assert "Calibrated but for" in said  # parameter sets are stored
    assert all(barred in " ".join(said.split()) for barred in standing.warnings())
    table = pd.read_csv(folder / "points.csv", keep_default_na=False)
    assert {
        "works",
        "attendance",
        "drawn_output.works_gain",
        "drawn_works_cost.value",
        "drawn_attends.invitation",
    } <= set(table)
    assert {"hybrid_level", "hybrid_difference", "hybrid_low", "hybrid_high", "dividend_level", "winner"} <= set(table)
    assert len(table) == 20 and table["drawn_output.works_gain"].between(0.0, 0.6).all()
    text = (folder / "map.html").read_text(encoding="utf-8")
    assert "Calibrated but for the axes" in text and "% of the permanently poor" in text and "z per person" in text
    assert not re.search(r'(src|href)="(?!data:|#)', text) and "<script" not in text
    assert folder.name.startswith("map-tiny-")


@pytest.mark.parametrize(
    "more, told",
    [
        (["--axes", "works,trapp"], 'there is no axis "trapp"; did you mean "trap"?'),
        (["--axes", "works,loss.bas"], 'did you mean "loss.base"?'),
        (["--points", "1"], "--points: is 1; allowed: a whole number, 20 to 100000"),
    ],
)
def test_wrong_input_is_told_and_ends_with_two(tiny, tmp_path, capsys, more, told):
    assert command_line.main(["map", str(tiny), "--results", str(tmp_path / "new"), *more]) == 2
    out, said = capsys.readouterr()
    assert told in said and len(said.strip().splitlines()) == 1 and not out
    assert not (tmp_path / "new").exists()


def test_a_map_is_of_the_rules_of_ones_own(known, monkeypatch):
    def attends(aware):
        """Who knows of the meeting comes."""
        return aware

    own = rule(household, "0 or 1", 0.0, 1.0)(attends).rule
    parameters = {name: one for name, one in known.parameters.items() if not name.startswith("attends.")}
    theirs = replace(known, own_rules=(own,), parameters=parameters)
    met: list[Lane] = []
    monkeypatch.setattr(regime_map, "meet", lambda question, lane, *_: met.append(lane))
    question = few(scenario_of(theirs, *ARMS), axes.named(["works", "trap"], parameters), "headcount")
    with pytest.raises(InputError, match="only 0 of"):
        mapped(question)
    assert all(lane.plan.rules["attends"] is own for lane in met)
    with pytest.raises(InputError, match="there is no axis"):
        axes.named(["works", "attendance"], parameters)


def test_the_choices_of_the_command_are_those_of_the_map(lane):
    assert tuple(OUTCOMES) == command.OUTCOMES
    assert ",".join(axes.measured_axes(lane.plan.parameters)) == command.AXES
