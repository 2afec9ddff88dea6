"""Moneylender and lending groups, animals that die, complaints of a list, work on the farm: by hand and in a world."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from sim import ledger
from sim.engine.lane import holding, settings
from sim.engine.rule import Param
from sim.evidence import moments
from sim.evidence.judging import SITES, over_sites
from sim.ledger import FLOWS, STOCKS
from sim.model import CommunityModel
from sim.policies import catalogue
from sim.policies.policy import Programme, set_levers
from sim.processes import lending, livestock, market, satisfaction, targeting
from sim.processes.learning import efficacy
from sim.processes.saving import borrowed, cash_on_hand

START, END = 2, 14
NEW = (lending, livestock, satisfaction)
COLUMNS = [rule.__name__ for room in NEW for rule in vars(room).values() if hasattr(rule, "rule")]
PLACES = ("interest_rate", "group_cover", "disease", "listed_standing", "lending_fund", "lent_on", "shared_out")
HOUSEHOLDS = [name for name in COLUMNS if name not in PLACES]
KNOWN = catalogue()


def programme(name, dose=0.03, start=START, end=END, **chosen):
    return Programme(KNOWN[name], dose, start, end, end, chosen)


LENDER = programme("moneylender", 1e-6, 0, 40)
ALL = (
    LENDER,
    programme("group_credit"),
    programme("targeted_cash", community=1.0),
    programme("asset_with_coaching", animals=1.0),
)


def changed(world, **numbers):
    """The world with other parameters."""
    parameters, names = world.parameters.copy(), list(world.lane.plan.parameters)
    for name, value in numbers.items():
        parameters[names.index(name)] = value
    return replace(world, parameters=parameters)


def course(world, programmes, quarters, seed=4):
    """States of a world from the start on."""
    state, states = world.state.copy(), [world.state.copy()]
    for quarter in range(quarters):
        set_levers(programmes, state, quarter)
        world.lane.step(state, quarter, seed, world.parameters, holding(world.lane.plan))
        states.append(state.copy())
    return states


def village_sum(state, name):
    return np.add.reduceat(state["size"] * state[name], state.layout.start["household"][:-1])


@pytest.fixture(scope="module")
def lent(small_world, programmes_2017):
    """A world with lending groups beside a moneylender, on and after the programme."""
    return course(small_world, (*programmes_2017, LENDER, programme("group_credit")), 30)


# --- Loans, by hand ---------------------------------------------------------------------------------------------------


def test_those_who_give_join_first_and_stay():
    assert lending.in_group(in_group=0.0, group_quota=0.3, giving=0.29) == 1.0
    assert lending.in_group(in_group=0.0, group_quota=0.3, giving=0.3) == 0.0
    assert lending.in_group(in_group=0.0, group_quota=0.0, giving=0.0) == 0.0
    assert lending.in_group(in_group=1.0, group_quota=0.0, giving=0.9) == 1.0


def test_a_household_falls_short_of_what_income_and_money_at_hand_do_not_reach():
    told = {"moneylender": 1.0, "in_group": 0.0, "earnings": 0.5, "expected": 2.0, "buffer": 0.25}
    assert lending.shortfall(**told) == pytest.approx(0.7 * 2.0 - 0.75)
    assert lending.shortfall(**{**told, "buffer": 0.9}) == 0.0
    assert lending.shortfall(**{**told, "moneylender": 0.0}) == 0.0
    assert lending.shortfall(**{**told, "moneylender": 0.0, "in_group": 1.0}) == pytest.approx(0.65)


def test_a_member_asks_for_what_it_has_use_for_up_to_its_ceiling():
    told = {"in_group": 1.0, "shortfall": 0.1, "reach": 8.0, "effective_capital": 7.9, "skill": 1.0, "expected": 2.0,
            "dear": 0.2, "owed": 0.0}  # fmt: skip
    assert lending.group_asked(**told) == pytest.approx(0.1 + 0.2 + 0.1)
    assert lending.group_asked(**{**told, "effective_capital": 3.0}) == pytest.approx(0.4 * 2.0)
    assert lending.group_asked(**{**told, "effective_capital": 3.0, "owed": 0.5}) == pytest.approx(0.3)
    assert lending.group_asked(**{**told, "owed": 2.0}) == lending.group_asked(**{**told, "in_group": 0.0}) == 0.0


def test_a_group_lends_what_it_has_to_all_alike():
    assert lending.group_cover(group_capital=0.02, persons=100.0, fund=3.0, asked=10.0) == pytest.approx(0.5)
    assert lending.group_cover(group_capital=0.02, persons=100.0, fund=3.0, asked=4.0) == 1.0
    assert lending.group_cover(group_capital=0.0, persons=100.0, fund=3.0, asked=0.0) == 1.0
    left = lending.lending_fund(
        lending_fund=3.0, group_capital=0.02, persons=100.0, saved=0.4, back=0.3, interest=0.1, lent=5.0, returned=0.2
    )
    assert left == pytest.approx(0.6)


def test_what_nobody_asks_for_goes_back_to_members_by_what_they_pay_in():
    assert lending.shared_out(fund=5.0, given=2.0, asked=1.0) == pytest.approx(0.25 * 2.0)
    assert (
        lending.shared_out(fund=5.0, given=2.0, asked=3.0) == lending.shared_out(fund=5.0, given=6.0, asked=0.0) == 0.0
    )
    parts = [
        lending.share_held(in_group=member, expected=income) for member, income in ((1.0, 1.0), (1.0, 3.0), (0.0, 9.0))
    ]
    sizes = [2.0, 1.0, 4.0]
    held = sum(size * part for size, part in zip(sizes, parts, strict=True))
    got = [lending.group_shared(share_held=part, shared_out=0.5, held=held) for part in parts]
    assert got == pytest.approx([0.1, 0.3, 0.0])
    assert sum(size * part for size, part in zip(sizes, got, strict=True)) == pytest.approx(0.5)
    assert lending.group_shared(share_held=0.0, shared_out=0.5, held=0.0) == 0.0


def test_members_save_while_more_is_asked_than_there_is():
    assert lending.group_saving(in_group=1.0, cover=0.99, expected=2.0) == pytest.approx(0.02)
    assert lending.group_saving(in_group=1.0, cover=1.0, expected=2.0) == 0.0
    assert lending.group_saving(in_group=0.0, cover=0.0, expected=2.0) == 0.0


def test_a_loan_of_the_group_pays_off_the_lender_and_leaves_cash_and_debt_as_they_were():
    loan, dear = 0.3, 0.5
    swapped = lending.debt_swapped(group_loan=loan, dear=dear)
    assert swapped == loan and lending.debt_swapped(group_loan=0.8, dear=dear) == dear
    new = borrowed(bank_loan=0.0, lender_loan=0.0, group_loan=loan, debt_swapped=swapped)
    assert cash_on_hand(income=1.0, sale_proceeds=0.0, buffer=0.2, borrowed=new) == pytest.approx(1.2)
    owed = lending.lender_debt(lender_debt=dear, debt_swapped=swapped, lender_repaid=0.0, lender_loan=0.0)
    owed += lending.group_debt(group_debt=0.0, group_repaid=0.0, group_loan=loan)
    assert owed == pytest.approx(dear)


def test_the_lender_fills_what_the_group_leaves_up_to_his_ceiling():
    told = {"moneylender": 1.0, "shortfall": 0.4, "group_loan": 0.0, "debt_swapped": 0.0, "expected": 2.0, "owed": 0.0}
    assert lending.lender_loan(**told) == pytest.approx(0.4)
    assert lending.lender_loan(**{**told, "group_loan": 0.3, "debt_swapped": 0.1}) == pytest.approx(0.2)
    assert lending.lender_loan(**{**told, "owed": 0.75}) == pytest.approx(0.25)
    assert lending.lender_loan(**{**told, "owed": 0.75, "group_loan": 0.2, "debt_swapped": 0.2}) == pytest.approx(0.4)
    assert lending.lender_loan(**{**told, "owed": 1.2}) == lending.lender_loan(**{**told, "moneylender": 0.0}) == 0.0


@pytest.mark.parametrize("who, rate, share", [("lender", 0.1725, 0.25), ("group", 0.06, 0.2)])
def test_debt_is_paid_back_geometrically_with_interest_on_all_that_is_owed(who, rate, share):
    owed, interest, principal = 0.6, 0.0, 0.0
    for _ in range(300):
        if who == "lender":
            interest += lending.lender_interest(own_income=2.0, owed=owed)
            back = lending.lender_repaid(earnings=2.0, debt_swapped=0.0, expected=2.0, owed=owed)
            owed = lending.lender_debt(lender_debt=owed, debt_swapped=0.0, lender_repaid=back, lender_loan=0.0)
        else:
            interest += lending.group_interest(own_income=2.0, lender_interest=0.0, owed=owed)
            back = lending.group_repaid(earnings=2.0, expected=2.0, owed=owed)
            owed = lending.group_debt(group_debt=owed, group_repaid=back, group_loan=0.0)
        principal += back
    assert principal == pytest.approx(0.6)
    assert interest == pytest.approx(0.6 * rate / share)  # Σ rate · 0.6 (1 − share)^n


def test_in_a_bad_quarter_interest_is_due_and_no_instalment_and_never_more_than_comes_in():
    assert lending.lender_repaid(earnings=1.7, debt_swapped=0.0, expected=2.0, owed=1.0) == 0.0
    assert lending.group_repaid(earnings=1.7, expected=2.0, owed=1.0) == 0.0
    assert lending.lender_interest(own_income=0.1, owed=1.0) == 0.1
    assert lending.group_interest(own_income=0.2, lender_interest=0.19, owed=1.0) == pytest.approx(0.01)


def test_the_rate_is_a_payment_over_the_debt_it_is_paid_on():
    """Half of the debt at 0.1725 a quarter and half at 0.06: their mean, four times; who lends changes nothing else."""
    rate = lending.interest_rate(owed=10.0, to_lender=5.0 * 0.1725, to_group=5.0 * 0.06, to_savings=0.0, to_bank=0.0)
    assert rate == pytest.approx(4.0 * (0.1725 + 0.06) / 2.0)
    assert lending.interest_rate(owed=0.0, to_lender=0.0, to_group=0.0, to_savings=0.0, to_bank=0.0) == 0.0


# --- Loans in a world -------------------------------------------------------------------------------------------------


def test_the_rate_of_a_village_is_that_of_its_households(lent):
    for before, state in pairwise(lent):
        owed = sum(village_sum(before, name) for name in ("debt", "bank_debt", "lender_debt", "group_debt"))
        paid = sum(village_sum(state, n) for n in ("interest", "bank_interest", "lender_interest", "group_interest"))
        np.testing.assert_allclose(state["interest_rate"], 4.0 * paid / owed, rtol=1e-9)
        assert (state["interest_rate"] <= 4.0 * 0.1725 * (1.0 + 1e-12)).all()


def test_what_groups_were_given_and_earned_is_in_their_fund_or_out_on_loan(lent):
    had = np.zeros(4)
    for state in lent[1:]:
        had = (
            had
            + state["groups_capitalised"]
            + village_sum(state, "group_saving")
            + village_sum(state, "group_interest")
            - village_sum(state, "group_shared")
        )
        np.testing.assert_allclose(state["lending_fund"] + village_sum(state, "group_debt"), had, rtol=1e-9)
    assert (had > 0.0).all()
    given = sum(state["groups_capitalised"] for state in lent[1:])
    np.testing.assert_allclose(given, 0.85 * 0.03 * (END - START) * lent[0]["persons"], rtol=1e-12)


def test_a_group_that_lends_its_savings_gives_its_interest_back(small_world, programmes_2017):
    """Savings and interest do not pile up for ever: what members paid and is neither owed nor there has come back."""
    states = course(small_world, (*programmes_2017, LENDER, programme("savings_groups", end=60)), 60)
    paid, back = (sum(village_sum(s, n).sum() for s in states) for n in ("group_interest", "group_shared"))
    assert 0.0 < back <= paid + sum(village_sum(s, "group_saving").sum() for s in states)
    fund, income = states[-1]["lending_fund"].sum(), village_sum(states[-1], "share_held").sum()
    assert fund < 0.5 * income  # a quarter's income of a member was there at the end, and growing, when none came back


def test_without_capital_groups_lend_what_members_saved(small_world, programmes_2017):
    states = course(small_world, (*programmes_2017, LENDER, programme("savings_groups")), 20)
    assert not any(state["groups_capitalised"].any() for state in states)
    assert sum(village_sum(state, "group_loan").sum() for state in states) > 0.0
    members = states[-1]["in_group"] > 0.0
    assert np.array_equal(members, states[0]["giving"] < 0.3)
    assert not states[-1]["group_debt"][~members].any()


def test_a_loan_is_no_income(small_world, programmes_2017):
    """In the first quarter of lending nothing that counts as income moves; money at hand moves by the loans."""
    usual = course(small_world, programmes_2017, 1)[-1]
    found = course(small_world, (*programmes_2017, LENDER), 1)[-1]
    assert found["lender_loan"].any()
    for name in ("own_income", "public_income", "income", "expected_income"):
        assert np.array_equal(found[name], usual[name]), name
    lent, none = (state["cash_on_hand"] - state["sale_proceeds"] for state in (found, usual))
    np.testing.assert_allclose(lent - none, found["lender_loan"], atol=1e-12)
    assert (found["distress_sale"] <= usual["distress_sale"]).all()  # who may borrow sells less


NUMBERS = {
    name: (number.low, number.high)
    for room in NEW
    for rule in vars(room).values()
    if hasattr(rule, "rule")
    for name, number in rule.rule.parameters.items()
}


@given(st.fixed_dictionaries({name: st.floats(*ends) for name, ends in NUMBERS.items()}), st.integers(1, 2**31))
@hypothesis_settings(max_examples=12, deadline=None, derandomize=True)
def test_the_books_close_whatever_the_terms(small_world, programmes_2017, numbers, seed):
    states = course(changed(small_world, **numbers), (*programmes_2017, *ALL), 24, seed)
    books = [{name: state[name].copy() for name in (*FLOWS, *STOCKS)} for state in states]
    assert max(ledger.check(*pair) for pair in pairwise(books)) <= 1e-12
    assert sum(state["lent_by_lender"].sum() for state in states) > 0.0
    for state in states:
        assert all(state[name].min() >= 0.0 for name in HOUSEHOLDS)


# --- Levers off and withdrawn -----------------------------------------------------------------------------------------


def test_debts_are_paid_down_when_the_lender_has_gone(small_world, programmes_2017):
    model = CommunityModel(small_world, (*programmes_2017, LENDER), seed=4)
    for _ in range(6):
        model.step()
    twin = model.branch(programmes=programmes_2017)
    owed = twin.state["lender_debt"].sum()
    for _ in range(8):
        twin.step()
    assert 0.0 < twin.state["lender_debt"].sum() < 0.7 * owed
    assert not twin.state["lender_loan"].any()


@pytest.mark.parametrize("side", ["low", "high"])
@pytest.mark.parametrize("arm", [(), ("hybrid",), ("targeted_cash",), ("asset_with_coaching",)])
def test_without_their_levers_the_new_numbers_move_nothing(small_world, programmes_2017, side, arm):
    plan = small_world.lane.plan
    numbers = {name: getattr(plan.parameters[name], side) for name in [*NUMBERS, "farm_labour.work"]}
    flows = (*programmes_2017, *(programme(name) for name in arm))
    usual, found = (course(world, flows, 16)[-1] for world in (small_world, changed(small_world, **numbers)))
    free = {*COLUMNS, "farm_labour"}
    for name in set(plan.rules) - free:
        assert np.array_equal(usual[name].view(np.uint64), found[name].view(np.uint64)), name
    for name in set(HOUSEHOLDS) - ({"complains"} if "targeted_cash" in arm else set()):
        assert not found[name].any(), name


# --- Animals ----------------------------------------------------------------------------------------------------------


def test_an_epidemic_kills_a_share_of_the_animals_that_are_there():
    told = {"disease": 1.0, "depreciation": 0.1, "given": 1.0, "capital": 3.0}
    assert livestock.asset_died(**told) == pytest.approx(0.6)
    assert livestock.asset_died(**{**told, "capital": 0.6}) == pytest.approx(0.6 * 0.5)
    assert livestock.asset_died(**{**told, "disease": 0.0}) == livestock.asset_died(**{**told, "given": 0.0}) == 0.0
    left = livestock.given_asset(given_asset=1.0, asset_died=0.6, asset_received=2.0, asset_animals=0.5)
    assert left == pytest.approx(0.4 + 1.0)
    chances = (np.arange(1000) + 0.5) / 1000
    assert sum(livestock.disease(chance=chance) for chance in chances) == 30.0


def test_only_animals_die_and_the_books_say_how_many(small_world, programmes_2017):
    """An epidemic in every quarter: of a package that is no animal nothing dies, of animals nearly all in a year."""
    ill = changed(small_world, **{"disease.rate": 1.0})
    usual = course(ill, (*programmes_2017, programme("asset_only", end=4)), 12)
    found = course(ill, (*programmes_2017, programme("asset_only", end=4, animals=1.0)), 12)
    assert not any(state["asset_died"].any() for state in usual)
    received = sum(village_sum(state, "asset_received").sum() for state in found[1:])
    died = sum(state["capital_died"].sum() for state in found[1:])
    assert 0.9 * received < died <= received
    assert village_sum(found[-1], "capital").sum() < village_sum(usual[-1], "capital").sum()


def test_draws_that_fail_are_counted_over_draws_and_over_sites():
    found = over_sites([100.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0])
    assert found.mean == 12.5
    assert sorted(found.estimates) == pytest.approx([0.0] * (8 - SITES) + [100.0 / SITES] * SITES)
    assert over_sites([0.0] * 3).estimate_range() == (0.0, 0.0)


# --- Lists ------------------------------------------------------------------------------------------------------------


def test_who_is_left_out_below_those_who_are_listed_complains():
    told = {"cash": 0.03, "gets_cash": 0.0, "community_score": 0.2, "listed_standing": 0.4, "opinion": 0.5}
    assert satisfaction.complains(**told) == 1.0  # 0.2 + 0.3 · 0.5 < 0.4
    assert satisfaction.complains(**{**told, "opinion": 0.7}) == 0.0
    assert (
        satisfaction.complains(**{**told, "gets_cash": 1.0}) == satisfaction.complains(**{**told, "cash": 0.0}) == 0.0
    )


def test_where_all_see_a_neighbour_alike_only_a_list_of_others_meets_complaints(small_world, programmes_2017):
    one_mind = changed(small_world, **{"complains.spread": 0.0})
    complaints = {}
    for share in (0.0, 1.0):
        flows = (*programmes_2017, programme("targeted_cash", start=0, quota=0.3, community=share))
        complaints[share] = course(one_mind, flows, 5)[-1]["complains"].sum()
    assert complaints[1.0] == 0.0 < complaints[0.0]


def test_a_list_that_the_community_makes_teaches_those_who_came_and_no_other_list_does():
    told = {"efficacy": 0.4, "attends": 1.0, "activity": 0.0, "success": 0.5, "works_money": 0.0, "works_council": 0.0,
            "choice": 0.0, "council_choice": 0.0, "right_goal": 1.0, "cash": 0.02}  # fmt: skip
    assert efficacy(**told, cash_community=1.0, complains=0.0) == pytest.approx(0.4 + 0.05 * 0.6)
    assert efficacy(**told, cash_community=1.0, complains=1.0) == pytest.approx(0.4 - 0.05 * 0.4)
    assert efficacy(**told, cash_community=0.0, complains=1.0) == 0.4
    assert efficacy(**{**told, "attends": 0.0}, cash_community=1.0, complains=1.0) == 0.4
    assert efficacy(**{**told, "cash": 0.0}, cash_community=1.0, complains=0.0) == 0.4  # a list of nothing


def test_complaints_move_what_people_think_of_taking_part_and_nothing_else(lane):
    reads = {
        name: [str(m) for _, m in rule.arguments if not isinstance(m, Param)] for name, rule in lane.plan.rules.items()
    }
    assert [name for name, found in reads.items() if any("complains" in one for one in found)] == ["efficacy"]
    assert not [name for name, found in reads.items() if any("farm_labour" in one for one in found)]


def test_a_barred_elite_comes_after_all_others(small_world, programmes_2017):
    told = {"proxy_score": 0.3, "community_score": -0.1}
    assert targeting.cash_score(**told, cash_community=0.25, elite_barred=0.0, stratum=0.0) == pytest.approx(0.2)
    assert targeting.cash_score(**told, cash_community=0.0, elite_barred=1.0, stratum=0.0) > 100.0
    assert targeting.cash_score(**told, cash_community=0.0, elite_barred=1.0, stratum=1.0) == 0.3
    flows = (*programmes_2017, programme("targeted_cash", start=0, quota=0.6, barred=1.0))
    state = course(small_world, flows, 1)[-1]
    elite = state["stratum"] < 0.5
    assert elite.any() and state["gets_cash"].any() and not state["gets_cash"][elite].any()


def test_lists_are_compared_in_one_world(small_world):
    told = {"start": 4, "reach": 0.3, "quarters": 4, "per_member": 0.1}
    found = moments.lists(small_world, 4, (), told)
    assert abs(found["gap_by_list"]) < 100.0
    state = small_world.state.copy()
    state["stratum"] = np.maximum(state["stratum"], 1.0)  # nobody is to be barred
    assert moments.lists(replace(small_world, state=state), 4, (), told)["welfare_without_elite"] == 0.0


# --- Work -------------------------------------------------------------------------------------------------------------


def test_work_on_the_farm_is_the_share_of_its_activities_less_work_outside():
    assert market.farm_labour(activity=0.0, focus=1.0, exposure=0.4) == pytest.approx(0.8)
    assert market.farm_labour(activity=1.0, focus=0.4, exposure=0.0) == pytest.approx(
        0.6
    )  # 0.4 and a third of the rest
    assert market.farm_labour(activity=2.0, focus=0.4, exposure=0.0) == pytest.approx(0.4)
    assert market.farm_labour(activity=3.0, focus=1.0, exposure=0.5) == 0.0


def test_a_road_takes_work_off_the_farm(small_world, programmes_2017):
    """A road that is simply there: what building it spends in the village is left out."""
    state = small_world.state.copy()
    state["road_base"], state["road"] = state["road_base"] + 1.0, state["road"] + 1.0
    usual, found = (course(w, programmes_2017, 21)[-1] for w in (small_world, replace(small_world, state=state)))
    assert (village_sum(found, "farm_labour") < village_sum(usual, "farm_labour")).all()


def test_profit_is_what_hands_alone_do_not_earn():
    assert market.profit(own_income=1.0, farm_wage=0.6) == pytest.approx(0.4)


def test_the_ends_of_all_ranges_leave_lenders_and_animals_sound(small_world, programmes_2017):
    plan = small_world.lane.plan
    for side in ("low", "high"):
        ends = settings(plan, {name: getattr(p, side) for name, p in plan.parameters.items()})
        states = course(replace(small_world, parameters=ends), (*programmes_2017, *ALL), 16)
        for state in states:
            assert all(np.isfinite(state[name]).all() and (state[name] >= 0.0).all() for name in HOUSEHOLDS)
