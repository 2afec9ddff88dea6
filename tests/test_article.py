"""The article's elements work as they are said to: closed forms, worlds in pairs. Whether it is right is not tested."""

from __future__ import annotations

import ast
import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from sim.claims import article, statements
from sim.claims.statistics import STATISTICS, common_ground
from sim.engine.rule import Param
from sim.metrics import catalogue as series_of_runs
from sim.metrics import empowerment, resilience, trajectories
from sim.model import CommunityModel
from sim.policies import catalogue
from sim.policies.policy import NEUTRAL, Programme, policy, set_levers
from sim.population import TwoPieceLognormal
from sim.processes.choice import score, true_value
from sim.processes.collective import contribution
from sim.processes.learning import skill
from sim.processes.production import farm_wage, output, works_effect
from sim.start import solve
from sim.survey import read_aggregates

ROOT = Path(__file__).parents[1]
DOSE = 0.04  # z per person and quarter
#: Which practices the article's terms stand for: Rothman's, Glen's, and the levels of the Gulbenkian reports.
TERMS = {
    "Rothman": ("locality_development", "social_planning", "social_action", "social_policy"),
    "Glen": ("community_development", "community_action", "community_services"),
    "Gulbenkian": ("grassroots_work", "inter_agency_work", "regional_planning"),
}
HOUSEHOLD_LEVERS = {"cash", "cash_quota", "asset", "asset_lump", "asset_coaching", "asset_community"}
VILLAGE_LEVERS = {"works_money", "road_works", "facilitation", "survey", "audit", "service"} | {
    "right_goal", "right_fund", "right_process",
}  # fmt: skip


def programme(name, dose=DOSE, start=2, end=10**6, **settings):
    return Programme(catalogue()[name], dose, start, end, end, settings)


def run(world, programmes, quarters, *, held=(), seed=5, shocks=None, **columns):
    """A world after some quarters; `columns` are written at quarter 0."""
    model = CommunityModel(world, programmes, seed=seed, held=held, shocks=shocks)
    for name, value in columns.items():
        model.state[name] = value
    model.run_model(quarters)
    return model.state


def with_parameters(world, **changes):
    """The same world under other numbers, by rule__argument."""
    numbers = world.parameters.copy()
    for name, value in changes.items():
        numbers[list(world.lane.plan.parameters).index(name.replace("__", "."))] = value
    return replace(world, parameters=numbers)


def same(one, other):
    return all(one.arrays[table].tobytes() == other.arrays[table].tobytes() for table in one.arrays)


# --- All claims -------------------------------------------------------------------------------------------------------


def functions_of(path):
    return {node.name for node in ast.parse(path.read_text(encoding="utf-8")).body if isinstance(node, ast.FunctionDef)}


def test_all_claims_are_there_in_the_order_of_the_article():
    assert [claim.id for claim in statements.read()] == list(statements.IDS)
    assert len(statements.IDS) == 39
    assert [claim.id for claim in statements.read() if claim.kind == "out of scope"] == ["S21"]


@pytest.mark.parametrize("claim", statements.read(), ids=lambda claim: claim.id)
def test_a_claim_names_only_what_exists(claim, lane, known):
    asked = article.question(known)
    offered = article.offered(lane.plan, [arm.id for arm in asked.resolved_arms])
    assert [fault for _, fault in statements.faults([claim], offered)] == []


@pytest.mark.parametrize("claim", statements.read(), ids=lambda claim: claim.id)
def test_every_test_of_a_claim_exists(claim):
    for node in claim.tests:
        file, name = node.split("::")
        assert (ROOT / file).is_file(), file
        assert name in functions_of(ROOT / file), name


def test_what_could_be_taken_for_built_in_can_come_out_against_the_article():
    by_id = {claim.id: claim for claim in statements.read()}
    for name in ("P1.1", "P1.5", "P2.2", "P2.3", "S3", "S17", "S20"):
        claim = by_id[name]
        assert claim.statistic in STATISTICS
        reached = {claim.holds(value) for value in (-1e6, 0.0, 1e6, math.nan)}
        assert reached == {True, False}


def test_no_claim_is_worded_as_if_it_were_shown():
    text = statements.path().read_text(encoding="utf-8").lower()
    for word in ("✓", "✔", "proved", "proven", " true"):
        assert word not in text.replace("true_value", ""), word


# --- Diagnosis --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("community", "pure"), [(0.0, "infrastructure"), (1.0, "locality_development")])
def test_the_mixture_ends_in_the_pure_programmes(small_world, programmes_2017, community, pure):
    mixed = run(small_world, (*programmes_2017, programme("mixture", community=community)), 16)
    assert same(mixed, run(small_world, (*programmes_2017, programme(pure)), 16))
    half = run(small_world, (*programmes_2017, programme("mixture")), 16)
    assert not same(mixed, half)
    assert half["right_goal"] == pytest.approx(0.35 / 0.6)  # 0.7 of one half of the money, against 0.5 of the other


CALM = ("luck", "weather", "macro_cycle")


@pytest.mark.parametrize("passed", [1.0, 0.2])
def test_villages_keep_up_where_growth_is_passed_on_and_fall_behind_where_not(small_world, programmes_2017, passed):
    """All is sold outside and nothing else moves: villages grow by what is passed on of national growth alone."""
    still = (*CALM, "exposure", "capital", "skill", "works", "attends", "road")
    share = passed / small_world.value("passed_trend.level")
    start = {"luck": 0.0, "weather": 0.0, "exposure": 1.0, "pass_through": share}
    model = CommunityModel(small_world, programmes_2017, seed=5, held=still)
    for name, value in start.items():
        model.state[name] = value
    medians = []
    for quarter in (4, 44):
        model.run_model(quarter)
        medians.append(np.median(model.state["own_income"]))
    national = 100.0 * (math.exp(4.0 * small_world.value("macro_trend.growth")) - 1.0)
    gap = national - 100.0 * ((medians[1] / medians[0]) ** 0.1 - 1.0)
    if passed == 1.0:
        assert abs(gap) < 0.1
    else:
        assert gap == pytest.approx(national - 100.0 * (math.exp(0.8 * small_world.value("macro_trend.growth")) - 1.0))


def test_nobody_runs_a_deficit_where_all_earn_enough_and_nothing_happens(small_world, programmes_2017):
    usual = run(small_world, programmes_2017, 12)
    assert (usual["own_income"] < 1.0).any() and (usual["consumption"] > usual["own_income"]).any()
    rich = run(
        small_world, programmes_2017, 12, held=CALM, luck=0.0, weather=0.0,
        ability=small_world.state["ability"] - small_world.state["ability"].min() + 1.0,
    )  # fmt: skip
    assert rich["own_income"].min() > 1.0
    assert np.mean(rich["own_income"] < 1.0) == 0.0
    assert np.maximum(1.0 - rich["own_income"], 0.0).sum() == 0.0
    assert (rich["distress_sale"] == 0.0).all() and (rich["loan"] == 0.0).all()


def test_a_village_does_not_move_outside_markets(small_world, programmes_2017):
    shocks = {quarter: {"local_shock": -0.2} for quarter in range(2, 10)}
    usual, hit = (run(small_world, programmes_2017, 10, shocks=one) for one in (None, shocks))
    assert hit["own_income"].mean() < 0.95 * usual["own_income"].mean()
    for name in ("macro_trend", "macro_cycle", "outside_market"):
        assert np.array_equal(usual[name], hit[name]), name


@pytest.fixture(scope="module")
def after_exit(lane, small_population, programmes_2017):
    """Share of the gain in attendance that is left ten years after facilitators have gone, for a conformity."""
    target = TwoPieceLognormal.published(read_aggregates())

    def found(**changes):
        world = solve(lane, small_population, programmes_2017, target, small_population.seed, changes)
        arms = [programmes_2017, (*programmes_2017, programme("locality_development", 0.1, 4, 24))]
        seen = np.zeros((2, 2))
        for row, flows in enumerate(arms):
            model = CommunityModel(world, flows, seed=3)
            for column, (first, last) in enumerate(((16, 24), (64, 76))):
                model.run_model(first)
                while model.quarter < last:
                    model.step()
                    seen[row, column] += model.state["attendance"].mean() / (last - first)
        gained = seen[1] - seen[0]
        return gained[1] / gained[0]

    return found


def test_participation_falls_back_even_where_neighbours_follow_each_other(after_exit):
    """Facilitators fill their programme's meeting and neighbours look at the own: one that echoes stays as it was."""
    back = after_exit(**{"attends.conformity": 0.0, "attends.hope": 0.5})
    herd = {"attends.conformity": 2.5, "attends.noise": 0.1, "attends.spread": 0.3, "attends.invitation": 1.2}
    stays = after_exit(**herd)
    assert back < 0.15
    assert stays < 0.15


def test_infrastructure_spends_nothing_on_people(small_world):
    state = small_world.state.copy()
    set_levers([programme("infrastructure", start=0)], state, 5)
    touched = {name for name in NEUTRAL if np.any(state[name] != NEUTRAL[name])}
    assert touched == {"works_money", "road_works"}
    assert state["works_money"] + state["road_works"] == pytest.approx(DOSE)


@pytest.mark.parametrize(("number", "adds_up"), [(0.0, True), (0.5, False)])
def test_works_and_skill_add_up_unless_they_complement_each_other(number, adds_up):
    """A factorial of works and skill on the log of output: what both do beyond what each does."""

    def made(works, hands):
        wage = farm_wage(0.0, 0.0, skill=hands)
        return math.log(output(0.0, 3.0, works, 0.0, 0.0, 0.0, wage, 0.0, skill=hands, complementarity=number))

    both = made(0.5, 1.4) - made(0.5, 1.0) - made(0.0, 1.4) + made(0.0, 1.0)
    assert both == pytest.approx(0.0, abs=1e-12) if adds_up else both > 1e-3


def test_no_input_is_among_the_headline():
    """Living standards are read from households: no money of programmes, no meeting and no works among them."""
    families = {
        name: found for name, found in series_of_runs().items() if found.function.__module__.endswith("poverty")
    }
    assert {"headcount", "mean_consumption", "median_own_income"} <= set(families)
    for name, found in families.items():
        assert {table for table, _ in found.reads} == {"household"}, name
        assert {column for _, column in found.reads} <= {"consumption", "own_income", "size", "weight"}, name


def test_policies_touch_no_level_but_their_own():
    for name, about in catalogue().items():
        levers = set(about.levers)
        if about.level == "household":
            assert not levers & VILLAGE_LEVERS, name
        if about.level in ("grassroots", "region", "agency, region"):
            assert not levers & HOUSEHOLD_LEVERS, name
    assert set(NEUTRAL) > HOUSEHOLD_LEVERS | VILLAGE_LEVERS


# --- Participation and scope ------------------------------------------------------------------------------------------


def test_skill_needs_training_or_people_who_meet():
    idle = {"skill": 1.0, "attends": 0.0, "gets_asset": 0.0, "asset_lump": 0.0, "asset_coaching": 0.0, "training": 0.0}
    idle |= {"facilitation_effect": 1.0, "quality": 0.5}
    assert skill(**idle) == 1.0
    assert skill(**idle | {"training": 0.01}) > 1.0
    assert skill(**idle | {"attends": 1.0}) > 1.0
    assert skill(**idle | {"attends": 1.0, "facilitation_effect": 0.0}) == 1.0
    assert skill(**idle | {"attends": 1.0, "by_groups": 0.0}) == 1.0


@pytest.mark.parametrize("term", TERMS)
def test_the_terms_of_the_article_name_practices_that_run(small_world, programmes_2017, term):
    for name in TERMS[term]:
        found = run(small_world, (*programmes_2017, programme(name)), 4)
        assert np.isfinite(found["consumption"]).all(), name


@pytest.mark.parametrize("term", TERMS)
def test_every_practice_has_a_signature_of_its_own(small_world, term):
    """No two practices of an author set the levers alike."""
    seen = set()
    for name in TERMS[term]:
        state = small_world.state.copy()
        set_levers([programme(name, start=0)], state, 5)
        seen.add(tuple(state[lever].tobytes() for lever in NEUTRAL))
    assert len(seen) == len(TERMS[term])


def test_ties_fade_without_meetings_and_recover_with_them(small_world, programmes_2017):
    model = CommunityModel(small_world, programmes_2017, seed=5, held=["attends"])
    model.state["attends"] = 0.0
    before = model.state["strength"] - model.state["kinship"]
    half_life = math.log(0.5) / math.log(1.0 - small_world.value("strength.fading"))
    model.run_model(math.ceil(half_life))
    faded = model.state["strength"] - model.state["kinship"]
    assert before.max() > 0.05
    assert (faded[before > 0.0] <= 0.5 * before[before > 0.0] + 1e-12).all()
    low = model.state["strength"].copy()
    model.state["attends"] = 1.0
    model.run_model(math.ceil(half_life) + 20)
    assert (model.state["strength"] > low).all()
    assert ((1.0 - model.state["strength"]) < 0.6 * (1.0 - low)).all()


def test_a_community_needs_place_meeting_and_interest(small_world, programmes_2017):
    alike, mixed = np.zeros(8), np.tile(np.arange(4.0), 2)
    persons, home = np.ones(8), np.repeat([0, 1], 4)
    meeting = np.array([0.2, 0.5])
    assert common_ground(meeting, alike, persons, home) == pytest.approx(meeting)
    assert common_ground(np.zeros(2), alike, persons, home) == pytest.approx([0.0, 0.0])
    assert common_ground(meeting, mixed, persons, home) == pytest.approx([0.0, 0.0])
    assert common_ground(meeting, alike, persons, np.zeros(8, int)) == pytest.approx([0.2, 0.0])
    silent = run(small_world, programmes_2017, 8, held=["attends"], attends=0.0)
    assert silent["contribution"].sum() == 0.0 and silent["members"].sum() == 0.0
    assert contribution(1.0, expected=1.0) > 0.0


def test_savings_lower_vulnerability(small_world, programmes_2017):
    """The same households, luck and income, with more to fall back on."""

    def likely(saved):
        lows = []
        for seed in range(6):
            model = CommunityModel(small_world, programmes_2017, seed=seed)
            model.state["buffer"] += saved
            seen = []
            for _ in range(4):
                model.step()
                seen.append(model.state["consumption"].copy())
            lows.append(seen)
        return resilience.vulnerability(np.array(lows))

    usual, cushioned = likely(0.0), likely(1.0)
    assert 0.02 < usual.mean() < 0.6
    assert cushioned.mean() < 0.9 * usual.mean()
    assert (cushioned <= usual + 1.0 / 6.0 + 1e-12).all()


def test_an_average_does_not_make_up_for_a_dimension_at_zero():
    dimensions = ["social"] * 3 + ["education"] * 3 + ["agency"] * 3
    whole, lacking = np.ones(9), np.array([1, 1, 1, 1, 1, 1, 0, 0, 0])
    found = empowerment.empowered(empowerment.adequacy(np.array([whole, lacking]), dimensions))
    assert list(found) == [True, False]
    assert empowerment.adequacy(np.array([lacking]), dimensions) == pytest.approx([2 / 3])


def test_those_who_only_work_do_not_choose():
    """Without the right to set goals, what the meeting thinks, and whom it favours, moves no choice."""
    crowd = {"true_value": 0.3, "misjudgement": 1.2, "planner_error": 0.6, "elite_interest": 0.4}
    low = {"community_error": 0.2, "council_error": 0.3, "capture": 0.0, "present": 0.0}
    high = {"community_error": 1.5, "council_error": 2.0, "capture": 0.3, "present": 90.0}
    assert score(**crowd, **low, right_goal=0.0) == score(**crowd, **high, right_goal=0.0)
    assert score(**crowd, **low, right_goal=1.0) != score(**crowd, **high, right_goal=1.0)


def test_where_all_works_fit_alike_the_choice_does_not_matter(small_world, programmes_2017):
    assert true_value(0.0, works=0.7) == true_value(0.0, works=0.7) != true_value(0.2, works=0.7)
    assert works_effect(0.0, works=0.7) < works_effect(0.2, works=0.7)
    flows = (*programmes_2017, programme("locality_development", start=0))
    alike = run(small_world, flows, 1, potential=0.0, works=0.6)
    assert alike["match"] == pytest.approx(1.0)
    assert run(small_world, flows, 1)["match"].min() < 0.99


@policy(
    label="rights", label_id="hak", decides="test", flows="works", targets="village", level="grassroots",
    loses_when="never", levers=("works_money", "right_goal", "right_fund", "right_process"),
)  # fmt: skip
def rights(
    budget,
    goal=Param(0.0, "share", low=0.0, high=1.0, source="test"),
    fund=Param(0.0, "share", low=0.0, high=1.0, source="test"),
    process=Param(0.0, "share", low=0.0, high=1.0, source="test"),
):
    """Works, with any of the three rights."""
    return {"works_money": budget, "right_goal": goal, "right_fund": fund, "right_process": process}


def test_each_right_has_its_own_path(small_world, programmes_2017):
    """All eight combinations of the three rights run, and each right alone moves what is its own first."""

    def found(goal, fund, process, quarters=12):
        about = Programme(rights.policy, DOSE, 0, settings={"goal": goal, "fund": fund, "process": process})
        return run(small_world, (*programmes_2017, about), quarters)

    worlds = {(g, f, p): found(g, f, p) for g in (0.0, 1.0) for f in (0.0, 1.0) for p in (0.0, 1.0)}
    keys = list(worlds)
    assert not any(same(worlds[a], worlds[b]) for a in keys for b in keys if a < b)
    first = {"right_goal": "score", "right_fund": "works_built", "right_process": "upkeep_wanted"}
    none = found(0.0, 0.0, 0.0, 1)
    for place, name in enumerate(first.values()):
        one = found(*(float(place == other) for other in range(3)), 1)
        moved = {own for own in first.values() if not np.array_equal(one[own], none[own])}
        assert name in moved
        assert moved <= {name, "works_built"}, moved  # who chooses another kind builds another kind


def test_no_mechanism_and_no_policy_knows_the_class(lane):
    words = ("self_sufficient", "household_class", "village_class", "klass", "trajectories", "stress_pass")
    files = [
        path for room in ("processes", "policies", "agents", "engine") for path in (ROOT / "sim" / room).glob("*.py")
    ]
    assert len(files) > 30
    for path in files:
        text = path.read_text(encoding="utf-8")
        assert not [word for word in words if word in text], path
    assert not {*trajectories.CLASSES, *trajectories.VILLAGE_CLASSES} & {*lane.plan.table_of, *NEUTRAL}


# --- Standing on one's own feet ---------------------------------------------------------------------------------------


def test_a_shock_of_nothing_changes_nothing(small_world, programmes_2017):
    usual = run(small_world, programmes_2017, 12)
    assert same(usual, run(small_world, programmes_2017, 12, shocks={4: {"macro_shock": 0.0}}))
    hit = run(small_world, programmes_2017, 12, shocks={4: {"macro_shock": -0.1}})
    assert not same(usual, hit)


def test_who_sells_nothing_outside_a_closed_village_feels_no_outside_shock(small_world, programmes_2017):
    shock = {4: {"macro_shock": -0.1}}
    closed = [
        run(small_world, programmes_2017, 8, held=["exposure"], exposure=0.0, shocks=one) for one in (None, shock)
    ]
    for name in ("own_income", "consumption"):
        assert np.array_equal(closed[0][name], closed[1][name]), name
    usual, hit = (run(small_world, programmes_2017, 8, shocks=one)["own_income"] for one in (None, shock))
    assert (hit < usual).mean() > 0.9


def test_openness_is_no_bar_to_self_sufficiency(small_world, programmes_2017):
    """The class knows nothing of openness; two households that differ in it alone are of one class."""
    income = np.array([1.4, 1.4])
    codes = trajectories.household_class(income, income, income, np.zeros(2), np.ones(2), 0.05)
    assert [trajectories.CLASSES[code] for code in codes] == ["self_sufficient"] * 2
    wiring = trajectories.household_class.__code__.co_varnames[: trajectories.household_class.__code__.co_argcount]
    assert "exposure" not in wiring
