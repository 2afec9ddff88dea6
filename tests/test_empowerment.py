"""Empowerment, decision power and the three elements of a community: by hand, and what must score low."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from sim.agents.territory import LEVERS
from sim.engine.lane import holding
from sim.metrics import catalogue as metrics_catalogue
from sim.metrics import decision, measure
from sim.metrics import empowerment as emp
from sim.policies import catalogue
from sim.policies.policy import Programme, set_levers
from sim.population import TwoPieceLognormal, synthesise
from sim.processes import empowerment as rules
from sim.start import first_state, solve
from sim.survey import read_aggregates
from sim.ties import TIES, USUAL

NAMES = ("empowerment", "empowered_share", "empowerment_weakest", "empowerment_economic", "empowerment_without_agency")

# --- The dual cut-off, by hand ----------------------------------------------------------------------------------------

# Three households of one, two and one persons. The first has everything; the second everything but help, enrolment and
# a match: 2/3 in each dimension; the third all of social and education and nothing of agency.
WORKED = {
    "friends": [3.0, 2.0, 4.0],
    "attended": [1.0, 0.25, 0.0],
    "member": [0.0, 0.0, 1.0],
    "helped": [1.0, 0.0, 1.0],
    "schooling": [6.0, 3.0, 12.0],
    "skill": [1.0, 1.06, 1.0],
    "enrolled": [1.0, 0.0, 1.0],
    "aware": [1.0, 1.0, 1.0],
    "spoke": [1.0, 1.0, 0.0],
    "voted": [1.0, 1.0, 0.0],
    "matched": [1.0, 0.0, 0.0],
    "own_income": [1.2, 0.8, 1.0],
    "buffer": [0.3, 0.3, 0.1],
    "size": [1.0, 2.0, 1.0],
    "weight": [1.0, 1.0, 1.0],
}


def told(name, **changed):
    """A metric of the worked example, some columns changed."""
    columns = {key: np.array(values) for key, values in (WORKED | changed).items()}
    return measure([metrics_catalogue()[name]], lambda _, column: columns[column])[name]


def test_a_worked_example_of_the_dual_cut_off():
    # scores 1, 2/3, 2/3; the first is empowered: (1 + 2 · 2/3 + 2/3) / 4 = 3/4
    assert told("empowerment") == pytest.approx(0.75)
    assert told("empowered_share") == pytest.approx(25.0)
    # social (1 + 2 · 2/3 + 1) / 4 = 5/6, education the same, agency (1 + 2 · 2/3 + 0) / 4 = 7/12
    assert told("empowerment_weakest") == pytest.approx(7.0 / 12.0)
    # with own income and buffer: 1; (3 · 2/3 + 1/2) / 4 = 5/8; (2 + 0 + 1/2) / 4 = 5/8
    assert told("empowerment_economic") == pytest.approx((1.0 + 2.0 * 0.625 + 0.625) / 4.0)
    # without agency: 1, 2/3, 1
    assert told("empowerment_without_agency") == pytest.approx((1.0 + 4.0 / 3.0 + 1.0) / 4.0)


@pytest.mark.parametrize(
    "dimension",
    [("friends", "attended", "member", "helped"), ("schooling", "enrolled", "aware"), ("spoke", "voted", "matched")],
)  # fmt: skip
def test_a_dimension_at_nothing_is_not_made_up_for(dimension):
    whole = {name: [9.0, 9.0, 9.0] for name in WORKED if name not in ("size", "weight")}
    assert told("empowered_share", **whole) == 100.0
    nothing = {name: [0.0, 0.0, 0.0] for name in dimension}
    nothing |= {"skill": [1.0] * 3} if "schooling" in dimension else {}
    assert told("empowered_share", **(whole | nothing)) == 0.0
    assert told("empowerment_weakest", **(whole | nothing)) == 0.0
    assert told("empowerment", **(whole | nothing)) == pytest.approx(2.0 / 3.0)


def test_four_fifths_of_nine_indicators_are_eight():
    assert told("empowered_share", helped=[0.0, 0.0, 1.0]) == 25.0  # 8/9 of the first household's indicators
    assert told("empowered_share", helped=[0.0, 0.0, 1.0], member=[0.0] * 3, attended=[0.0] * 3) == 0.0  # 7/9


def test_dimensions_add_up_to_the_plain_average():
    parts = [told(f"empowerment_{one}") for one in emp.HEADLINE_DIMENSIONS]
    assert parts == pytest.approx([5.0 / 6.0, 5.0 / 6.0, 7.0 / 12.0])
    assert min(parts) == told("empowerment_weakest")


def test_development_is_good_only_with_every_dimension_and_income():
    gains = {"social": 0.1, "education": 0.2, "agency": 0.01}
    assert emp.good_development(0.01, gains)
    assert not emp.good_development(0.0, gains)
    for dimension in gains:
        assert not emp.good_development(0.1, gains | {dimension: 0.0}), dimension


def test_no_input_is_among_the_indicators():
    inputs = {lever.name for lever in LEVERS} | {"public_income", "transfers", "works_wage", "gets_asset", "served"}
    inputs |= {"facilitation_effect", "bank_loan", "asset_received", "entitled"}
    for name in NAMES:
        assert not {column for _, column in metrics_catalogue()[name].reads} & inputs, name


@given(st.lists(st.booleans(), min_size=9, max_size=9), st.integers(0, 8))
@hypothesis_settings(max_examples=60, deadline=None)
def test_the_index_never_falls_when_somebody_gains(adequate, gained):
    dimensions = ["social"] * 3 + ["education"] * 3 + ["agency"] * 3
    before, better = np.array([adequate]), np.array([adequate])
    better[0, gained] = True
    one, other = (emp.empowerment_index(rows, dimensions, np.ones(1)) for rows in (before, better))
    assert other >= one - 1e-12
    if any(not before[0, k : k + 3].any() for k in (0, 3, 6)):
        assert not emp.empowered(emp.adequacy(before, dimensions))[0]


# --- What the indicators remember -------------------------------------------------------------------------------------


def test_a_meeting_is_remembered_for_a_year():
    since = [rules.attended(attended=0.0, attends_own=1.0)]
    for _ in range(5):
        since.append(rules.attended(attended=since[-1], attends_own=0.0))
    assert since == [1.0, 0.75, 0.5, 0.25, 0.0, 0.0]


SPEAKER = {"attends_own": 1.0, "attended": 1.0, "stratum": 2.0, "female_head": 0.0, "efficacy": 0.4}


def chance_to_speak(**changed):
    return np.mean(
        [rules.spoke(spoke=0.0, chance=chance, **(SPEAKER | changed)) for chance in np.linspace(0.0005, 0.9995, 1000)]
    )


def test_who_speaks():
    usual = chance_to_speak()
    assert usual == pytest.approx(1.0 / (1.0 + np.exp(-(0.5 - 1.4 + 0.4))), abs=1e-3)
    assert chance_to_speak(efficacy=0.8) > usual > chance_to_speak(female_head=1.0)
    assert chance_to_speak(stratum=0.0) > usual > chance_to_speak(stratum=3.0)
    absent = {"attends_own": 0.0}
    assert chance_to_speak(**absent) == 0.0


def test_what_was_said_voted_and_chosen_is_forgotten_with_the_meeting():
    lately, long_ago = {"attends_own": 0.0, "attended": 0.25}, {"attends_own": 0.0, "attended": 0.0}
    for rule, more in (
        (rules.spoke, {"spoke": 1.0, "stratum": 0.0, "female_head": 0.0, "efficacy": 1.0, "chance": 0.01}),
        (rules.voted, {"voted": 1.0, "efficacy": 1.0, "chance": 0.01}),
        (rules.matched, {"matched": 1.0, "activity": 1.0, "council_choice": 1.0}),
    ):
        assert rule(**more, **lately) == 1.0
        assert rule(**more, **long_ago) == 0.0
    told = {"matched": 1.0, "attends_own": 1.0, "attended": 1.0, "activity": 1.0}
    assert [rules.matched(**told, council_choice=float(kind)) for kind in range(4)] == [0.0, 1.0, 0.0, 0.0]


def test_help_counts_when_it_is_needed():
    told = {"expected": 1.0, "surprise": -0.4}
    assert rules.helped(helped=0.0, sharing=0.05, **told) == 1.0
    assert rules.helped(helped=1.0, sharing=0.03, **told) == 0.0  # less than a tenth of what was missing
    assert rules.helped(helped=1.0, sharing=-0.2, **told) == 0.0
    for before in (0.0, 1.0):  # a small shortfall changes nothing
        assert rules.helped(helped=before, sharing=0.3, expected=1.0, surprise=-0.2) == before


# --- Decision power ---------------------------------------------------------------------------------------------------

VILLAGES = {
    "choice": [0.0, 1.0, 2.0, 3.0],
    "council_choice": [0.0, 0.0, 0.0, 0.0],
    "favourite": [0.0, 0.0, 0.0, 0.0],
    "works_money": [0.04, 0.04, 0.04, 0.04],
    "works_council": [0.0, 0.0, 0.0, 0.0],
    "road_works": [0.0, 0.0, 0.0, 0.0],
    "right_fund": [1.0, 1.0, 1.0, 1.0],
    "capture": [0.0, 0.1, 0.2, 0.5],
}


def of_villages(name, **changed):
    columns = {key: np.array(values) for key, values in (VILLAGES | changed).items()}
    return measure([metrics_catalogue()[name]], lambda _, column: columns[column])[name]


def test_decision_power_is_nothing_at_chance_and_one_when_the_wish_is_always_met():
    assert of_villages("decision_power") == pytest.approx(0.0)  # one of four
    assert of_villages("decision_power", choice=[0.0] * 4) == 1.0
    assert of_villages("decision_power", choice=[1.0] * 4) == pytest.approx(-1.0 / 3.0)
    mixed = of_villages("decision_power", choice=[1.0] * 4, works_council=[0.12] * 4)  # three quarters of the money
    assert mixed == pytest.approx((0.75 - 0.25) / 0.75)
    assert of_villages("decision_power", works_money=[0.0] * 4) == 0.0  # nothing to decide on


def test_control_is_what_residents_run_less_what_is_captured():
    assert of_villages("control") == pytest.approx(1.0 - 0.2)
    assert of_villages("control", works_council=[0.12] * 4) == pytest.approx(0.8 / 4.0)
    assert of_villages("control", right_fund=[0.0] * 4) == 0.0
    assert of_villages("control", works_money=[0.0] * 4) == 0.0


@pytest.mark.parametrize(
    "numbers, rung",
    [
        ((1.0, 1.0, 0.6), 8), ((0.6, 0.6, 0.4), 7), ((0.3, 0.25, 0.3), 6), ((0.2, 0.1, 0.2), 5),
        ((1.0, 1.0, 0.12), 4), ((1.0, 1.0, 0.06), 3), ((1.0, 1.0, 0.02), 2), ((1.0, 1.0, 0.0), 1),
        ((-1.0 / 3.0, 0.0, 1.0), 4), ((1.0, 0.0, 1.0), 4), ((0.0, 1.0, 1.0), 4),
    ],
)  # fmt: skip
def test_the_rung_is_the_highest_whose_minima_are_all_met(numbers, rung):
    assert decision.rung(*numbers)[0] == rung


@given(*(st.floats(low, 1.0) for low in (-1.0 / 3.0, 0.0, 0.0)), st.floats(0.0, 0.5), st.integers(0, 2))
def test_more_of_any_of_the_three_is_never_a_lower_rung(power, control, attendance, more, which):
    numbers = [power, control, attendance]
    better = list(numbers)
    better[which] = min(1.0, better[which] + more)
    assert decision.rung(*better)[0] >= decision.rung(*numbers)[0]


def test_rungs_have_eight_names_and_rising_minima():
    assert [number for number, *_ in decision.RUNGS] == list(range(8, 0, -1))
    assert len({name for _, name, *_ in decision.RUNGS}) == 8
    minima = np.array([least for _, _, *least in decision.RUNGS])
    assert (np.diff(minima, axis=0) <= 0.0).all()


# --- In a running world -----------------------------------------------------------------------------------------------


def run(world, programmes, quarters, start=None, held=(), overrides=None):
    state, plan = (world.state if start is None else start).copy(), world.lane.plan
    parameters = world.parameters.copy()
    for name, value in (overrides or {}).items():
        parameters[list(plan.parameters).index(name)] = value
    for quarter in range(quarters):
        set_levers(programmes, state, quarter)
        world.lane.step(state, quarter, 6, parameters, holding(plan, held))
    return state


def three_numbers(state):
    found = measure(metrics_catalogue().values(), lambda table, name: state[name])
    return found["decision_power"], found["control"], found["participation_non_elite"] / 100.0


def with_rights(base):
    return (*base, Programme(catalogue()["locality_development"], 0.3))


def test_rights_over_an_empty_hall_are_a_low_rung(small_world, programmes_2017):
    """Tokenism: all three rights with residents, most of the money theirs to run, and nobody comes."""
    state = small_world.state.copy()
    state["attends"] = 0.0
    found = run(small_world, with_rights(programmes_2017), 6, state, held=["attends"])
    assert (found["right_goal"] == 1.0).all()
    power, control, attendance = three_numbers(found)
    assert control > 0.5 and attendance == 0.0
    assert decision.rung(power, control, attendance) == (1, "manipulation")
    assert decision.rung(*three_numbers(run(small_world, with_rights(programmes_2017), 6)))[0] > 1


def test_labour_alone_is_no_say(small_world, programmes_2017):
    """Who carries more bricks to what others have chosen decides nothing more by it."""
    programmes = with_rights(programmes_2017)
    few, many = (run(small_world, programmes, 1, overrides={"contribution.asked": asked}) for asked in (0.005, 0.03))
    assert many["contributed"].sum() > 5.0 * few["contributed"].sum() > 0.0
    assert three_numbers(few) == three_numbers(many)
    for name in ("spoke", "voted", "matched"):
        assert np.array_equal(few[name], many[name]), name


def test_the_favourite_is_the_kind_that_most_of_the_non_elite_live_of(small_world, programmes_2017):
    state = run(small_world, programmes_2017, 1)
    for village in range(4):
        rows = np.arange(40 * village, 40 * village + 40)
        rows = rows[state["stratum"][rows] > 1.5]
        count = np.bincount(state["activity"][rows].astype(int), minlength=4)
        assert state["favourite"][village] == np.argmax(count)
        assert state["popular_attendance"][village] == pytest.approx(state["attends_own"][rows].mean())


def test_friends_are_the_close_ties(small_world, programmes_2017):
    state = run(small_world, programmes_2017, 1)
    first = np.repeat(state.layout.start["household"][:-1], np.diff(state.layout.start["tie"]))
    close = state["strength"] >= 0.5
    ends = (state.layout.ends + first)[:, close].ravel()
    assert np.array_equal(state["friends"], np.bincount(ends, minlength=160))


def test_suspended_meetings_let_ties_fade_and_resumed_ones_bring_them_back(small_world, programmes_2017):
    state, still = small_world.state.copy(), {"strength.envy": 0.0}
    state["attends"] = 0.0
    suspended = run(small_world, programmes_2017, 20, state, held=["attends"], overrides=still)
    kept = state["kinship"] + (state["strength"] - state["kinship"]) * 0.98**20
    np.testing.assert_allclose(suspended["strength"], kept, atol=1e-12)
    resumed = run(small_world, programmes_2017, 20, suspended, overrides=still)
    longer = run(small_world, programmes_2017, 20, suspended, held=["attends"], overrides=still)
    assert resumed["strength"].mean() > longer["strength"].mean() + 0.01
    assert resumed["friends"].sum() > longer["friends"].sum()


# --- Place, institution, interest -------------------------------------------------------------------------------------


def world_of(lane, programmes, ties, held=()):
    people = synthesise(read_aggregates(), 4, 40, 2, sd_log_size=0.0, ties=ties)
    return solve(lane, people, programmes, TwoPieceLognormal.published(read_aggregates()), 2, held=held)


def field_of(state):
    return measure([metrics_catalogue()["community_field"]], lambda table, name: state[name])["community_field"]


def test_a_community_is_a_place_a_regular_meeting_and_a_shared_interest(small_world, programmes_2017, lane):
    assert field_of(run(small_world, programmes_2017, 4)) > 0.01
    for ties in ("place", "random"):
        assert field_of(run(world_of(lane, programmes_2017, ties), programmes_2017, 4)) == 0.0
    silent = run(world_of(lane, programmes_2017, USUAL, ["attends"]), programmes_2017, 8, held=["attends"])
    assert field_of(silent) == 0.0
    assert silent["place_bond"].min() > 0.0 and silent["interest_bond"].min() > 0.0


def test_without_place_meeting_and_interest_nobody_gives_to_the_common_good(programmes_2017, lane):
    world = world_of(lane, programmes_2017, "random", ["attends"])
    last = run(world, with_rights(programmes_2017), 12, held=["attends"])
    assert field_of(last) == 0.0
    assert not last["contributed"].any() and not last["group_money"].any()
    assert not last["place_bond"].any() and not last["interest_bond"].any()


def test_ties_follow_what_they_are_told(lane):
    found = {}
    for ties in TIES:
        people = synthesise(read_aggregates(), 20, 100, 3, ties=ties)
        first = np.repeat(people.start[:-1], np.diff(people.tie_start))
        one, other = ((end + first).astype(int) for end in (people.tie_from, people.tie_to))
        assert (people.tie_from < people.tie_to).all()
        columns = people.household
        gap = np.hypot(*(columns[axis][one] - columns[axis][other] for axis in ("position_x", "position_y")))
        alike = columns["activity"][one] == columns["activity"][other]
        state = first_state(lane.plan, people)
        assert state["degree"].min() >= 1.0
        found[ties] = (gap.mean(), alike.mean(), state["degree"].mean(), people.tie_strength.mean())
        np.testing.assert_allclose(state["near"], (1.0 - gap / np.sqrt(2.0)) * (ties != "random"), atol=1e-12)
        np.testing.assert_array_equal(state["alike"], alike & (ties == USUAL))
        assert TIES[ties] == people.imputed["ties"]
    both, place, neither = (found[ties] for ties in TIES)
    assert both[1] > place[1] + 0.05 and abs(place[1] - neither[1]) < 0.05
    assert max(both[0], place[0]) < 0.3 < 0.48 < neither[0] < 0.56  # two points of a square are 0.52 apart
    assert place[2] == pytest.approx(6.0, abs=0.2) and neither[2] == pytest.approx(6.0, abs=0.2)
    assert neither[3] == pytest.approx(0.6)


def test_the_usual_ties_are_the_default(small_population):
    again = synthesise(read_aggregates(), 4, 40, 2, sd_log_size=0.0, ties=USUAL)
    for name in ("tie_from", "tie_to", "tie_strength"):
        assert np.array_equal(getattr(again, name), getattr(small_population, name))
