"""The rules: each is total, finite and within its bounds over all that it may read; economic signs by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sim.engine.lane import holding
from sim.engine.rule import Ahead, ArgMax, Last, Normal, Param, Rank, Same, Sum, TieSum, Uniform
from sim.model import CommunityModel
from sim.policies import catalogue
from sim.policies.policy import Programme, policy, set_levers
from sim.population import TwoPieceLognormal
from sim.start import solve, wire
from sim.survey import read_aggregates

PLAN = wire()
RULES = PLAN.rules
REACH = {
    "z per person": 50.0,
    "z per person and quarter": 50.0,
    "z per member": 50.0,
    "z per member and quarter": 50.0,
    "z per person and unit": 10.0,
    "z per quarter": 1e4,
    "z": 1e4,
    "log": 20.0,
    "standard deviations": 6.77,
    "share": 50.0,
    "index": 50.0,
    "units": 50.0,
    "households": 1e3,
}  # how far a column without an upper (or lower) bound is drawn


def floats(low, high):
    return st.floats(low, high, allow_subnormal=False)


def values(name):
    """What a column may hold."""
    unit, low, high = PLAN.unit(name)
    if unit in ("0 or 1", "0 to 3", "number", "persons", "ties") and high < math.inf:
        return st.integers(int(low), int(min(high, 1000.0))).map(float)
    return floats(max(low, -REACH.get(unit, math.inf)), min(high, REACH.get(unit, math.inf)))


def totals(name):
    """What a sum over members may be: whole where the column counts, and not negative where the column is not."""
    unit, low, _ = PLAN.unit(name)
    if unit == "0 or 1":
        return st.integers(0, 1000).map(float)
    return floats(0.0 if low >= 0.0 else -1e4, 1e4)


def column(reading):
    return reading.name if isinstance(reading, Last) else reading


def argument(marker):
    """All values that an argument may take, by its marker."""
    if isinstance(marker, Same):
        marker = PLAN.parameters[marker.name]
    if isinstance(marker, Param):
        return floats(marker.low, marker.high)
    if isinstance(marker, Normal):
        return floats(-6.77, 6.77)
    if isinstance(marker, Uniform):
        return floats(2.0**-33, 1.0 - 2.0**-33)
    if isinstance(marker, str | Last):
        return values(column(marker))
    if isinstance(marker, ArgMax):
        return st.integers(0, 3).map(float)
    if isinstance(marker, Rank):
        return floats(0.0, 1.0)
    if isinstance(marker, Ahead | TieSum) or type(marker) is Sum:
        return totals(column(marker.of))
    return values(column(marker.of))  # a mean, a neighbour, an end, a row: within the column's own bounds


def _at_most(name, limit):
    """Draw `name` no higher than `limit`, as other rules see to."""

    def correct(drawn):
        drawn[name] = min(drawn[name], drawn[limit])

    return correct


# What the world guarantees between arguments; `test_what_holds_between_columns` checks that it does.
RELATIONS = {
    "depreciation": _at_most("effective_capital", "capital"),
    "group_upkeep": _at_most("council_upkeep", "upkeep_wanted"),
}


def arguments(rule):
    return st.fixed_dictionaries({name: argument(marker) for name, marker in rule.arguments})


def check(name, examples):
    rule = RULES[name]

    @settings(max_examples=examples, deadline=None, database=None, derandomize=True)
    @given(arguments(rule))
    def holds(drawn):
        if name in RELATIONS:
            RELATIONS[name](drawn)
        result = rule.function(**drawn)
        assert math.isfinite(result)
        assert rule.low <= result <= rule.high

    holds()


@pytest.mark.parametrize("name", RULES)
def test_rule_is_total_finite_and_within_its_bounds(name):
    check(name, 50)


@pytest.mark.full
@pytest.mark.parametrize("name", RULES)
def test_rule_is_total_finite_and_within_its_bounds_searched_longer(name):
    check(name, 400)


# --- The running world ------------------------------------------------------------------------------------------------


def advance(world, programmes, quarters, seed=5, parameters=None):
    """The states of a world, quarter by quarter."""
    state, hold = world.state.copy(), holding(PLAN)
    parameters = world.parameters if parameters is None else parameters
    for quarter in range(quarters):
        set_levers(programmes, state, quarter)
        world.lane.step(state, quarter, seed, parameters, hold)
        yield state


def with_hybrid(programmes, dose=0.04):
    return (*programmes, Programme(catalogue()["hybrid"], dose, 2, 20, 16))


def test_every_column_stays_within_its_bounds(small_world, programmes_2017):
    for state in advance(small_world, with_hybrid(programmes_2017), 40):
        for name in PLAN.table_of:
            _, low, high = PLAN.unit(name)
            assert low <= state[name].min(), name
            assert state[name].max() <= high, name


def test_what_holds_between_columns(small_world, programmes_2017):
    layout = small_world.state.layout
    first = np.repeat(layout.start["household"][:-1], np.diff(layout.start["tie"]))
    assert (small_world.state["degree"][layout.ends + first] >= 1.0).all()
    capital = small_world.state["capital"].copy()
    for state in advance(small_world, with_hybrid(programmes_2017), 24):
        assert (state["effective_capital"] <= capital).all()
        assert (state["council_upkeep"] <= state["upkeep_wanted"]).all()
        assert (state["spending"] <= np.maximum(state["cash_on_hand"], 0.0)).all()
        capital = state["capital"].copy()


# --- Economic signs, by hand ------------------------------------------------------------------------------------------

USUAL = {
    "ability": 0.1,
    "activity": 1.0,
    "asset_died": 0.0,
    "attendance": 0.16,
    "attendance_own": 0.16,
    "attending_ties": 0.2,
    "aware_ties": 0.6,
    "attends": 1.0,
    "attends_own": 1.0,
    "audit": 0.0,
    "aware": 1.0,
    "buffer": 0.5,
    "capital": 3.0,
    "cash": 0.0,
    "cash_community": 0.0,
    "chance": 0.5,
    "complains": 0.0,
    "custom": 0.0,
    "delivered": 0.05,
    "effective_capital": 3.0,
    "efficacy": 0.4,
    "expected": 1.2,
    "expected_public": 0.15,
    "facilitation_effect": 0.3,
    "farm_wage": 0.6,
    "income": 1.2,
    "local_shock": 0.0,
    "luck": 0.0,
    "meeting_days": 0.02,
    "public_income": 0.15,
    "reluctance": 0.0,
    "right_fund": 0.0,
    "skill": 1.0,
    "time_cost": 0.0,
    "wage_shock": 0.0,
    "weather": 0.0,
    "works_benefit": 0.4,
    "road_works": 0.0,
    "works_council": 0.1,
    "works_money": 0.1,
}


# Numbers that several rules share: rules of the nation which say one parameter.
SHARED = {
    name: float(rule.arguments[0][1])
    for name, rule in RULES.items()
    if [argument for argument, _ in rule.arguments] == ["value"]
}


def value(name, **changed):
    """A rule at usual values of what it reads, some of them changed; parameters at their defaults."""
    told = {}
    for argument, marker in RULES[name].arguments:
        if isinstance(marker, Param | Same):
            told[argument] = float(PLAN.parameters[marker.name] if isinstance(marker, Same) else marker)
        elif argument in USUAL or argument in SHARED:
            told[argument] = USUAL.get(argument, SHARED.get(argument))
    return RULES[name].function(**{**told, **changed})


def slope(name, argument, low, high, **changed):
    """How much a rule rises when one argument does."""
    return value(name, **{**changed, argument: high}) - value(name, **{**changed, argument: low})


def test_output_rises_with_what_makes_it():
    for argument in ("ability", "effective_capital", "works_benefit", "luck", "weather", "local_shock", "farm_wage"):
        assert slope("output", argument, 0.2, 0.4) > 0.0, argument
    assert slope("output", "time_cost", 0.0, 0.1) == pytest.approx(-0.1)
    assert slope("output", "skill", 1.0, 1.5) == 0.0  # it works through hands and capital
    assert slope("output", "skill", 1.0, 1.5, lumpy_scale=0.6, lumpy_cost=0.1) > 0.0
    assert slope("farm_wage", "skill", 1.0, 1.5) > 0.0
    assert slope("effective_capital", "skill", 0.5, 1.0, capital=9.0) > 0.0


def test_output_without_a_trap_is_the_printed_formula():
    expected = (0.6 + math.exp(0.1) * 0.36 * 3.0**0.2) * (1.0 + 0.12 * 0.4) * math.exp(-0.3)
    assert value("output", luck=-0.3) == pytest.approx(expected, rel=1e-14)


def test_the_lumpy_technique_is_a_trap():
    """Below some capital the small technique is better, above it the lumpy one; there output rises faster."""
    trap = {"lumpy_scale": 0.54, "lumpy_cost": 0.25}
    plain = {"lumpy_scale": 0.0, "lumpy_cost": 0.0}
    assert value("output", effective_capital=0.5, **trap) == value("output", effective_capital=0.5, **plain)
    assert value("output", effective_capital=8.0, **trap) > value("output", effective_capital=8.0, **plain)


@given(st.floats(0.0, 20.0), st.floats(-5.0, 5.0), st.floats(0.0, 5.0), st.floats(0.0, 5.0))
def test_spending_is_never_above_cash_on_hand(cash, income, expected, buffer):
    spent = value("spending", cash_on_hand=cash, income=income, expected=expected, buffer=buffer)
    assert 0.0 <= spent <= cash
    assert spent >= min(cash, 0.75)  # the floor comes first
    invested = value("investment", cash_on_hand=cash, spending=spent)
    kept = value("buffer", cash_on_hand=cash, spending=spent, investment=invested)
    assert kept >= 0.0
    assert kept + spent + invested == pytest.approx(cash, abs=1e-12)
    assert value("consumption", spending=spent, price_level=1.25) == spent / 1.25


def test_spending_answers_income_and_buffer():
    rich = {"cash_on_hand": 5.0}
    assert slope("spending", "income", 1.2, 1.6, **rich) == pytest.approx(0.35 * 0.4)
    assert slope("spending", "expected", 1.2, 1.6, **rich) == pytest.approx((1.0 - 0.06 - 0.35) * 0.4)
    assert slope("spending", "buffer", 0.5, 1.0, **rich) == pytest.approx(0.05 * 0.5)
    before, after = value("spending", **rich), value("spending", income=1.3, public_income=0.25, **rich)
    assert after - before == pytest.approx(0.1 * 0.1)  # less of the state's surprise than of one's own


def test_capital_is_sold_in_distress_only():
    short = {"income": 0.3, "borrowed": 0.0, "buffer": 0.05, "depreciation": 0.06}
    assert 0.75 * value("distress_sale", **short) == pytest.approx(0.25 * 0.4)
    assert 0.75 * value("distress_sale", **{**short, "borrowed": 0.1}) == pytest.approx(0.25 * 0.3)
    assert (
        value("distress_sale", **{**short, "income": 0.8})
        == value("distress_sale", **{**short, "borrowed": 0.5})
        == 0.0
    )
    assert value("distress_sale", **{**short, "income": 0.0, "capital": 0.1}) == pytest.approx(0.04)
    assert value("sale_proceeds", distress_sale=0.1) == pytest.approx(0.075)


MARKET = {
    **{"outside_demand": 30.0, "import_share": 0.5, "offered": 60.0},
    **{"spent": 50.0, "invested": 3.0, "materials": 2.0},
}


def test_local_demand_falls_in_the_import_share():
    assert slope("demand_ratio", "import_share", 0.3, 0.65, **MARKET) < 0.0
    # An additional z of spending raises demand the less, the more of it leaks away: not normalised by itself.
    shares = (0.3, 0.5, 0.65)
    more = [slope("demand_ratio", "spent", 50.0, 55.0, **{**MARKET, "import_share": share}) for share in shares]
    assert more == pytest.approx([0.7 * 5 / 60, 0.5 * 5 / 60, 0.35 * 5 / 60])
    assert slope("demand_ratio", "outside_demand", 30.0, 33.0, **MARKET) > 0.0


def test_quantity_and_price_make_up_the_demand_ratio():
    sold = value("demand", demand_ratio=1.2)
    assert 1.0 < sold < 1.2
    assert sold * value("price", demand_ratio=1.2, demand=sold) == pytest.approx(1.2, rel=1e-15)
    assert value("demand", demand_ratio=1.2, slack=1.0) == pytest.approx(1.2, rel=1e-15)  # idle capacity: no price
    assert value("price_level", price=1.1, import_share=0.4) == pytest.approx(1.06)


def test_what_is_usually_offered_knows_no_shock_that_strikes_all():
    told = {"exposure": 0.4, "farm_wage": 0.6, "luck": 0.0}
    usual = value("usual_supply", **told, output=1.5, weather=0.0, local_shock=0.0, wage_shock=0.0)
    assert usual == pytest.approx(0.6 * 1.5)
    struck = {"output": 1.5 * 0.9 * 0.85, "weather": math.log(0.9), "local_shock": math.log(0.85), "wage_shock": 0.0}
    assert value("usual_supply", **told, **struck) == pytest.approx(usual)
    cut = {"output": 1.5 - 0.6 * (1 / 0.6 - 1.0), "weather": 0.0, "local_shock": 0.0, "wage_shock": math.log(0.6)}
    assert value("usual_supply", **told, **cut) == pytest.approx(usual)  # hands earn 0.6 after a fall of 40 %


def test_a_lost_harvest_is_not_made_up_by_idle_hands(small_world, programmes_2017):
    """A village that makes 15 % less for a year has 15 % less own income in each quarter of it, not in the first."""
    runs = []
    for lost in (0.0, math.log(0.85)):
        model, rows = (
            CommunityModel(small_world, programmes_2017, seed=3, shocks={k: {"local_shock": lost} for k in range(4)}),
            [],
        )
        for _ in range(4):
            model.step()
            rows.append((model.state["own_income"] * model.state["size"]).sum())
        runs.append(np.array(rows))
    left = runs[1] / runs[0]
    assert left[0] == pytest.approx(0.85, abs=0.01)
    assert (left < 0.87).all()


def test_a_group_that_saves_in_turns_lends_to_its_unlucky(small_world, programmes_2017):
    model, asked, lent = CommunityModel(small_world, programmes_2017, seed=3), 0.0, 0.0
    for _ in range(40):
        model.step()
        asked += (model.state["loan_asked"] * model.state["size"]).sum()
        lent += (model.state["loan"] * model.state["size"]).sum()
    assert 0.05 * asked < lent < asked


def test_roads_lower_the_margin_and_raise_exposure():
    margins = [value("transport_margin", road=road) for road in (0.2, 1.0)]
    assert margins[1] < margins[0]
    terms = [value("terms", outside_market=1.0, transport_margin=m, demand_ratio=1.0, terms_base=-0.1) for m in margins]
    exposed = [value("exposure", exposure=0.4, openness=-0.2, terms=t) for t in terms]
    assert exposed[1] > exposed[0]


def test_the_trend_passes_through_in_part_and_the_cycle_in_full():
    passed = [value("passed_trend", pass_through=share, macro_trend=0.6, level=1.0) for share in (0.0, 0.2, 1.0)]
    assert passed == pytest.approx([0.0, 0.12, 0.6])
    assert value("outside_market", passed_trend=0.12, macro_cycle=0.1) == pytest.approx(math.exp(0.22))
    assert value("outside_demand", outside_base=30.0, passed_trend=0.12) == pytest.approx(30.0 * math.exp(0.12))


def test_the_loss_is_the_same_for_both_kinds_of_arm():
    for audit in (0.0, 0.001, 0.004):
        agency, residents = (value("loss", audit=audit, right_fund=right) for right in (0.0, 1.0))
        assert agency == residents
    assert slope("loss", "audit", 0.0, 0.002) == pytest.approx(-0.085 / 2)
    assert slope("loss", "attendance", 0.1, 0.9) == 0.0
    residents = {"community": 0.04, "low": 0.0, "high": 1.0}  # who run the programme's half of all works
    assert slope("loss", "right_fund", **residents) == pytest.approx(0.02)
    assert slope("loss", "right_fund", **residents, works_council=0.0) == pytest.approx(0.04)
    assert slope("loss", "right_fund", **residents, works_council=0.0, works_money=0.0) == 0.0


def test_works_last_ten_to_twenty_years_where_they_are_kept():
    about = RULES["works_decay"].parameters["works_decay.kept"]
    half_lives = [math.log(2.0) / (4.0 * about.high), math.log(2.0) / (4.0 * about.low)]
    assert half_lives == pytest.approx([10.0, 20.0], abs=0.2)
    assert 1.0 / (4.0 * float(about)) == 20.0  # years of a mean life
    assert value("works_decay", works=2.0, upkeep=1.0) == pytest.approx(0.025)
    assert value("works_decay", works=2.0, upkeep=0.5) == pytest.approx(2.0 * 0.5 * (0.0125 + 0.03))


def test_cheaper_by_a_share_builds_more_by_what_the_share_leaves():
    """Works that cost 0.44 of the planner's give 1 / 0.44 of them for the same money, the council's apart."""
    told = {"kind": 2.0, "choice": 2.0, "works_money": 0.04, "works_spending": 0.05, "loss": 0.0, "slack_works": 0.0}
    assert value("works_built", **told, advantage=0.56, right_fund=1.0) == pytest.approx(0.04 / 0.44 + 0.01)
    assert value("works_built", **told, advantage=0.56, right_fund=0.5) == pytest.approx(0.04 / 0.72 + 0.01)
    assert value("works_built", **{**told, "choice": 1.0}, advantage=0.56, right_fund=1.0) == pytest.approx(0.05)


PROJECT = {"true_value": 0.3, "misjudgement": -1.7, "council_error": 0.9, "elite_interest": 0.25, "present": 6.0}


@given(st.floats(0.0, 1.0), st.floats(0.0, 3.0), st.floats(-6.0, 6.0), st.integers(0, 40))
def test_who_chooses_does_not_matter_at_equal_errors(right, error, misjudgement, present):
    """The exchangeable-chooser null, at the rule."""
    errors = {"community_error": error, "council_error": error, "planner_error": error, "capture": 0.0}
    told = {**PROJECT, **errors, "misjudgement": misjudgement, "present": float(present)}
    planner = value("score", **{**told, "right_goal": 0.0})
    assert value("score", **{**told, "right_goal": right}) == pytest.approx(planner, rel=0.0, abs=1e-12)


def test_knowledge_lowers_errors():
    assert slope("planner_error", "survey", 0.0, 0.004) < 0.0
    assert slope("community_error", "present", 2.0, 30.0, technical_error=0.5) < 0.0
    assert slope("technical_error", "skill", 1.0, 1.5) < 0.0
    alone = value("community_error", present=1.0, technical_error=0.5)
    assert value("council_error", technical_error=0.5) == pytest.approx(alone, rel=1e-15)
    beliefs_shared = {"shared": 1.0, "technical_error": 0.5}
    assert slope("community_error", "present", 2.0, 30.0, **beliefs_shared) == 0.0


def test_what_draws_people_to_a_meeting():
    chances = np.linspace(0.005, 0.995, 100)

    def coming(**changed):
        return sum(value("attends", chance=chance, **changed) for chance in chances)

    usual = coming()
    drawing = {"efficacy": 0.6, "attending_ties": 0.9, "delivered": 0.4, "facilitation_effect": 0.6}
    for argument, more in drawing.items():
        assert coming(**{argument: more}) > usual, argument
    for argument, more in {"farm_wage": 9.0, "meeting_days": 0.2, "reluctance": 1.0, "custom": 1.0}.items():
        assert coming(**{argument: more}) < usual, argument
    assert coming(aware=0.0, facilitation_effect=0.0) == 0.0  # nobody tells those who do not know
    assert 0.0 < coming(aware=0.0) < usual


def test_who_goes_passes_news_on_seven_times_as_often_as_who_only_knows():
    chances, stranger = np.linspace(0.00005, 0.99995, 10000), {"aware": 0.0, "stratum": 1.0, "council": 0.02}

    def hears(**ties):
        return np.mean([value("aware", **stranger, chance=chance, **ties) for chance in chances])

    alone, going, knowing = (hears(attending_ties=a, aware_ties=b) for a, b in ((0.0, 0.0), (0.7, 0.7), (0.0, 0.7)))
    assert alone == pytest.approx(0.02, abs=1e-4)
    assert going == pytest.approx(1.0 - 0.98 * (1.0 - 0.25 * 0.7), abs=1e-4)
    assert knowing == pytest.approx(1.0 - 0.98 * (1.0 - 0.25 * 0.1), abs=1e-4)
    assert hears(attending_ties=0.7, aware_ties=0.0) == going  # who goes and has forgotten is no less of a participant


def test_facilitators_fill_no_meeting_but_their_own(small_world, programmes_2017):
    """Who comes to the village's own meeting comes to any; the two are one where no facilitator is."""
    arm, come = with_hybrid(programmes_2017, 0.1), []
    for quarter, state in enumerate(advance(small_world, arm, 30)):
        assert (state["attends_own"] <= state["attends"]).all()
        still = state["facilitation_effect"] == 0.0
        assert np.array_equal(state["attendance_own"][still], state["attendance"][still]), quarter
        come.append([state["attendance"].mean(), state["attendance_own"].mean()])
    any_, own = np.mean(come[4:16], axis=0)
    assert any_ > own + 0.03
    assert np.ptp(come[20:], axis=1).max() == 0.0
    for chance in np.linspace(0.01, 0.99, 50):  # and to the rule: an invitation moves the one and not the other
        one, other = (value("attends", chance=chance, facilitation_effect=effect) for effect in (0.0, 0.8))
        assert value("attends_own", chance=chance, attends=other) == one <= other
    assert value("attends_own", chance=0.01, aware=0.0) == 0.0


def test_facilitators_fill_meetings_while_they_are_there():
    there = {"facilitation": 0.006, "facilitator_quality": 1.0}
    assert value("facilitation_effect", **there) == pytest.approx(0.5)  # the money that buys half of the effect
    assert value("facilitation_effect", **{**there, "facilitation": 0.0}) == 0.0


@pytest.mark.parametrize("money", ["facilitation", "organising"])
def test_more_money_for_people_never_mobilises_less(money):
    """A district's good people are few: what is spent beyond them is lost, and drives away none of those there are."""
    before, found = {"organising_effect": 0.0} if money == "organising" else {}, []
    for spent in np.linspace(0.0, 0.3, 61):
        told = {"people": 100.0, "facilitators": 100.0 * spent, "organisers": 0.0}
        quality = value("facilitator_quality", **told)
        assert quality == value("facilitator_quality", **{**told, "facilitators": 0.0, "organisers": 100.0 * spent})
        found.append(value(f"{money}_effect", **before, **{money: spent, "facilitator_quality": quality}))
    assert (np.diff(found) >= -1e-12).all()
    assert found[-1] == pytest.approx(0.03 / 0.036)


TIE = {
    **{"strength": 0.5, "one": 0.4, "other": -0.2, "one_size": 4.0, "other_size": 3.0},
    **{"one_most": 0.56, "other_most": 0.17, "one_listed": 0.0, "other_listed": 1.0},
}


@given(st.floats(-3.0, 3.0), st.floats(-3.0, 3.0), st.floats(0.0, 1.0))
def test_a_gift_is_antisymmetric_to_the_last_bit(one, other, strength):
    told = {**TIE, "one": one, "other": other, "strength": strength}
    swap = {"one": "other", "other": "one"}
    swapped = {"_".join(swap.get(word, word) for word in name.split("_")): told[name] for name in told}
    assert value("gift", **told) == -value("gift", **swapped)


def test_gifts_go_to_those_who_do_worse():
    assert value("gift", **TIE) == pytest.approx(0.1 * 0.7 * 0.5 * 0.6 * 3.0 * (1.0 - 0.08))
    assert slope("gift", "one", 0.4, 0.8, **TIE) > 0.0
    assert value("gift", **{**TIE, "one": -0.2}) == 0.0  # a shock that both share is not insured
    assert value("gift", **{**TIE, "one": 90.0}) == 0.56  # nobody gives more than the most that it gives on a tie
    assert value("gift", **{**TIE, "one": -90.0}) == -0.17
    assert value("most_given", own_income=1.4, size=4.0, degree=5.0) == pytest.approx(0.5 * 1.4 * 4.0 / 5.0)


def test_what_strikes_a_whole_village_is_insured_by_nobody_in_it():
    """Rich and poor lose the same share of what they earn: no gift, whoever loses more money."""
    lost, usual, sizes = 0.15, (3.0, 0.8), (4.0, 2.0)
    own = sum(size * (1.0 - lost) * each for size, each in zip(sizes, usual, strict=True))
    shared = value("shared_surprise", own=own, usual=sum(size * each for size, each in zip(sizes, usual, strict=True)))
    assert shared == pytest.approx(-lost)
    left = [value("own_surprise", surprise=-lost * each, expected_own=each, shared_surprise=shared) for each in usual]
    assert left == pytest.approx([0.0, 0.0])
    told = {**TIE, "one": left[0], "other": left[1]}
    assert value("gift", **told) == pytest.approx(0.0, abs=1e-15)
    assert value("own_surprise", surprise=0.3, expected_own=1.0, shared_surprise=0.0) == 0.3
    assert value("expected_own", expected=1.5, public=0.2, remittance=0.1) == pytest.approx(1.2)


def test_who_pays_off_a_loan_is_no_luckier_for_it():
    """Earnings are held against what was expected of them, before what goes to banks, groups and neighbours."""
    expected = 1.0
    for _ in range(400):
        expected = value("expected_earnings", expected_earnings=expected, earnings=1.4, trend_step=0.0)
    assert value("surprise", earnings=1.4, expected=expected) == pytest.approx(0.0, abs=1e-9)


def test_experience_teaches():
    told = {"success": 0.7, "works_money": 0.02, "works_council": 0.1, "choice": 1.0, "council_choice": 0.0,
            "right_goal": 1.0}  # fmt: skip
    assert value("efficacy", **told) > 0.4
    assert value("efficacy", **{**told, "success": 0.1}) < 0.4
    assert value("efficacy", **{**told, "choice": 2.0}) < 0.4  # not what this household lives from
    assert value("efficacy", **told, attends=0.0) == 0.4
    planned = {**told, "right_goal": 0.0}  # nobody was asked: the council's own works are what there is to learn from
    assert value("efficacy", **planned) == value("efficacy", **{**planned, "choice": 2.0}) == pytest.approx(0.4 * 0.95)
    assert value("efficacy", **{**planned, "works_council": 0.0}) == 0.4
    assert value("efficacy", **{**planned, "council_choice": 1.0}) == pytest.approx(0.4 + 0.05 * (0.7 - 0.4))
    assert value("efficacy", **{**told, "works_money": 0.0, "works_council": 0.0}) == 0.4
    coached = {"gets_asset": 1.0, "asset_lump": 2.5, "asset_coaching": 0.4, "training": 0.0, "quality": 0.5}
    assert slope("skill", "asset_coaching", 0.0, 0.4, **coached) > 0.0
    assert slope("skill", "training", 0.0, 0.1, **coached) > 0.0


def test_success_with_many_builds_an_institution_and_empty_halls_erode_it():
    told = {"institution_quality": 0.5, "capture": 0.05}
    assert value("institution_quality", **told, attendance_own=0.5, success=0.7) > 0.5
    assert value("institution_quality", **told, attendance_own=0.0, success=0.7) < 0.5
    idle = {**told, "attendance_own": 1.0, "success": 1.0, "capture": 0.0}  # without works no promise is kept
    assert value("institution_quality", **idle, works_money=0.0, works_council=0.0) == 0.5
    assert value("institution_quality", **idle, works_money=0.0) > 0.5
    assert slope("institution_quality", "capture", 0.0, 0.3, **{**told, "attendance_own": 0.2, "success": 0.5}) < 0.0
    assert slope("capture", "quality", 0.2, 0.8) < 0.0


def test_the_poorest_by_their_score_come_first():
    assert slope("proxy_score", "welfare", 0.8, 1.2, proxy_misreading=0.0) > 0.0
    told = {"proxy_misreading": 0.0, "earning": 1.0, "female_head": 0.0, "stratum": 2.0}
    usual = value("community_score", **told)
    assert value("community_score", **{**told, "female_head": 1.0}) < usual
    elite = {**told, "stratum": 0.0}
    assert value("community_score", **elite) == usual  # what elites gain, they gain when benefits are handed out
    assert value("community_score", **elite, favour=0.05) == pytest.approx(usual - 0.05)
    assert slope("community_score", "earning", 0.8, 1.2, **told) > 0.0  # what it can earn, not what it consumes
    assert value("gets_cash", cash_quota=0.25, place=0.2) == 1.0
    assert value("gets_cash", cash_quota=0.25, place=0.25) == 0.0


def test_a_household_may_stay_in_pkh_for_years_and_is_then_tested_anew():
    term, listed = 0.0, 1.0
    for quarter in range(1, 24):
        term = value("pkh_term", pkh_term=term, pkh_stays=24.0, listed=listed)
        assert term == quarter
        assert value("pkh_score", proxy_score=3.0, pkh_term=term) < -900.0  # before all who are not on the list
    assert value("pkh_term", pkh_term=term, pkh_stays=24.0, listed=listed) == 0.0
    assert value("pkh_term", pkh_term=5.0, pkh_stays=24.0, listed=0.0) == 0.0
    assert value("pkh_term", pkh_term=0.0, pkh_stays=0.0, listed=1.0) == 0.0  # where all are tested anew each year
    assert value("pkh_score", proxy_score=3.0, pkh_term=0.0) == 3.0


def test_transfers_reach_the_listed_less_what_is_lost():
    assert value("pkh_rate", pkh=0.02, persons=160.0, cash_loss=0.02, listed=20.0) * 20.0 == pytest.approx(0.98 * 3.2)
    assert value("pkh_rate", pkh=0.02, persons=160.0, cash_loss=0.02, listed=0.0) == 0.0


# --- The same at the level of the model -------------------------------------------------------------------------------


def test_the_multiplier_falls_in_the_import_share(lane, small_population, programmes_2017):
    """A permanent dividend raises local sales the less, the more of spending leaks out of the village."""
    target, effects = TwoPieceLognormal.published(read_aggregates()), []
    cash = Programme(catalogue()["dividend"], 0.05)
    for share in (0.5, 0.575, 0.65):
        override = {"import_share.value": share}
        world = solve(lane, small_population, programmes_2017, target, small_population.seed, override)
        sold = []
        for programmes in (programmes_2017, (*programmes_2017, cash)):
            states = advance(world, programmes, 48)
            sold.append([state["sold_locally"].sum() for state in states][24:])
        effects.append(np.mean(np.array(sold[1]) - np.array(sold[0])) / (0.05 * world.state["persons"].sum()))
    assert effects[0] > effects[1] > effects[2] > 0.0


@policy(
    label="residents", label_id="warga", decides="residents", flows="works", targets="village", level="grassroots",
    loses_when="never", levers=("works_money", "right_goal", "right_fund", "right_process"),
)  # fmt: skip
def residents(budget):
    """Residents choose, build and keep up, without facilitators."""
    return {"works_money": budget, "right_goal": 1.0, "right_fund": 1.0, "right_process": 1.0}


def test_a_list_of_both_is_between_the_two():
    """Of 4 000 households, how many of the listed third are not among the poorest third: no mean of two is better."""
    rng, people = np.random.default_rng(1), {"female_head": 0.0, "stratum": 2.0}
    log_welfare, misread = rng.normal(0.0, 0.5, 4000), rng.normal(size=4000)

    def wrong(community):
        scores = []
        for welfare, draw in zip(np.exp(log_welfare), misread, strict=True):
            proxy = value("proxy_score", welfare=welfare, proxy_misreading=draw)
            theirs = value("community_score", earning=welfare, proxy_misreading=draw, **people)
            told = {"proxy_score": proxy, "community_score": theirs, "elite_barred": 0.0, "stratum": 2.0}
            scores.append(value("cash_score", **{"cash_community": community, **told}))
        return np.mean(log_welfare[np.argsort(scores)[:1333]] > np.sort(log_welfare)[1332])

    proxy, both, theirs = (wrong(share) for share in (0.0, 0.5, 1.0))
    assert 0.2 < proxy <= both <= theirs < 0.4


@policy(
    label="planner", label_id="perencana", decides="planner", flows="works", targets="village", level="region",
    loses_when="never", levers=("works_money",),
)  # fmt: skip
def planner(budget):
    """A planner chooses and builds, without a survey."""
    return {"works_money": budget}


EQUAL = {
    **{"community_error.shared": 1.0, "local_error.value": 0.8},
    **{"planner_error.distance": 0.8, "planner_error.per_survey": 0.0},
    **{"technical_error.at_start": 0.35, "planner_error.technique": 0.35},
    **{"capture.tilt": 0.0, "works_built.advantage": 0.0, "upkeep_wanted.effort": 0.0, "loss.community": 0.0},
}


def test_exchangeable_choosers_make_identical_worlds(small_world, programmes_2017):
    """With equal errors, costs and losses, and no facilitation, the two kinds of arm differ in nothing."""
    equal = small_world.parameters.copy()
    for name, number in EQUAL.items():
        equal[list(PLAN.parameters).index(name)] = number
    arms = [(*programmes_2017, Programme(about.policy, 0.04, 2, 20, 20)) for about in (residents, planner)]
    rights = {"right_goal", "right_fund", "right_process"}
    pairs = zip(*(advance(small_world, arm, 24, parameters=equal) for arm in arms), strict=True)
    for one, other in pairs:
        for name in set(one.index) - rights:
            np.testing.assert_allclose(one[name], other[name], rtol=1e-12, atol=1e-12, err_msg=name)


def test_choosers_with_unequal_errors_make_different_worlds(small_world, programmes_2017):
    arms = [(*programmes_2017, Programme(about.policy, 0.04, 2, 20, 20)) for about in (residents, planner)]
    one, other = (list(advance(small_world, arm, 24))[-1] for arm in arms)
    assert not np.array_equal(one["works"], other["works"])
