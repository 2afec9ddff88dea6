"""Contest, linkage, national account, and money that moves between villages: closed forms, and what is conserved."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sim.engine.lane import holding
from sim.engine.lane import settings as numbers
from sim.engine.rule import Param
from sim.metrics.national import micro_share
from sim.policies import catalogue, policy
from sim.policies.policy import PolicyError, Programme, set_levers
from sim.start import wire

PLAN = wire()
DOSE = 0.04  # z per person and quarter
ABOUT = dict.fromkeys(
    ("label", "label_id", "decides", "flows", "targets", "level", "loses_when"), "test"
)  # what a policy says of itself
share = st.floats(0.0, 1.0, allow_subnormal=False)


def value(name, **told):
    """A rule in plain Python, its parameters at their defaults where they are not told."""
    rule = PLAN.rules[name]
    defaults = {argument: float(marker) for argument, marker in rule.arguments if isinstance(marker, Param)}
    return rule.function(**{**defaults, **told})


def default(parameter):
    return float(PLAN.parameters[parameter])


def registered(function, levers, **facts):
    return policy.policy(**ABOUT, levers=levers, **facts)(function).policy


def run(world, programmes, quarters, state=None, parameters=None, held=()):
    """The states of a world, quarter by quarter, each a copy."""
    state = (world.state if state is None else state).copy()
    parameters, hold = world.parameters if parameters is None else parameters, holding(PLAN, held)
    for quarter in range(quarters):
        set_levers(programmes, state, quarter)
        world.lane.step(state, quarter, 5, parameters, hold)
        yield state.copy()


def last(*arguments, **more):
    return list(run(*arguments, **more))[-1]


def changed(one, other, tables=("village", "household", "group", "tie", "district", "nation")):
    """Names of the columns that differ in some bit."""
    return {n for n, (table, _) in one.index.items() if table in tables and not np.array_equal(one[n], other[n])}


def arm(name, base, **dates):
    return (*base, Programme(catalogue()[name], DOSE, **dates))


# --- Contest ----------------------------------------------------------------------------------------------------------

CONTEST = {"organising_effect": 0.5, "present": 0.2, "gathering": 0.5, "claim_slack": 0.0, "claim_rents": 0.8}


def test_win_is_organisation_against_resistance():
    met = value("resistance", elite_lead=2.0, elite_unity=0.5, base=0.4, unity=1.0)
    assert met == pytest.approx(1.2)
    assert value("win", resistance=met, **CONTEST) == pytest.approx(0.6 / 1.8)
    assert value("win", resistance=met, **{**CONTEST, "claim_rents": 0.0, "claim_slack": 0.3}) == pytest.approx(1 / 3)


def test_nothing_is_won_where_nothing_is_claimed_or_nobody_organised():
    assert value("win", resistance=0.0, **{**CONTEST, "claim_rents": 0.0}) == 0.0
    assert value("win", resistance=0.0, **{**CONTEST, "organising_effect": 0.0, "present": 0.0}) == 0.0
    assert value("win", resistance=0.0, **CONTEST) == 1.0


@given(st.floats(1.0, 99.0), st.floats(0.01, 1.0), share, share)
def test_win_falls_with_inequality_and_with_the_elites_unity(lead, more, united, organised):
    told = {**CONTEST, "organising_effect": 0.01 + 0.99 * organised}

    def winning(lead, unity):
        return value("win", resistance=value("resistance", elite_lead=lead, elite_unity=unity), **told)

    assert winning(lead + more, united) < winning(lead, united)
    assert winning(lead, min(1.0, united + more)) <= winning(lead, united)


def test_inequality_is_the_elites_lead_and_no_elite_has_none():
    assert value("elite_lead", elite=3.0, everybody=1.2) == pytest.approx(2.5)
    assert value("elite_lead", elite=0.9, everybody=1.2) == value("elite_lead", elite=0.0, everybody=1.2) == 1.0


@pytest.mark.parametrize(("prize", "claim"), [("rents_won", "claim_rents"), ("slack_won", "claim_slack")])
def test_a_prize_follows_what_is_claimed_and_won_and_fades_slowly(prize, claim):
    speed, fade = 0.15, 0.03
    won = 0.0
    for quarter in range(1, 20):
        won = value(prize, **{prize: won, claim: 0.8, "win": 0.5, "speed": speed, "fade": fade})
        assert won == pytest.approx(0.4 * (1.0 - (1.0 - speed) ** quarter))
    start = won
    for quarter in range(1, 20):
        won = value(prize, **{prize: won, claim: 0.0, "win": 0.0, "speed": speed, "fade": fade})
        assert won == pytest.approx(start * (1.0 - fade) ** quarter)


def test_organisation_outlives_organisers_by_its_half_life(small_world, programmes_2017):
    programmes = arm("social_action", programmes_2017, start=0, funds_end=8, facilitation_end=4)
    states = list(run(small_world, programmes, 8))
    ceiling = float(catalogue()["social_action"].parameters["ceiling"])
    effect = ceiling / (ceiling + default("organising_effect.half"))
    for quarter, state in enumerate(states):
        faded = effect * (1.0 - default("organising_effect.fade")) ** max(0, quarter - 3)
        assert state["organising_effect"] == pytest.approx([faded] * 4, rel=1e-12)
        assert list(state["organising"]) == [ceiling if quarter < 4 else 0.0] * 4
        assert state["dividend"] == pytest.approx([DOSE - state["organising"][0]] * 4)
        assert list(state["claim_rents"]) == [0.8] * 4


def test_organising_without_a_claim_changes_nothing(small_world, programmes_2017):
    def talk(budget):
        """Organisers with nothing to ask for."""
        return {"organising": budget}

    programme = Programme(registered(talk, ("organising",)), DOSE)
    usual, organised = (last(small_world, p, 10) for p in (programmes_2017, (*programmes_2017, programme)))
    people = {"facilitator_quality", "district: Sum(last organising, weight=last persons)"}
    assert changed(usual, organised) == {"organising", "organising_effect", "staff_paid", *people}


def test_a_claim_without_organisers_rests_on_who_meets_anyway(small_world, programmes_2017):
    def claim(budget):
        """A claim, and no money for it."""
        return {"claim_rents": 1.0}

    programme = Programme(registered(claim, ("claim_rents",)), DOSE)
    told = numbers(PLAN, {"win.gathering": 0.0})
    state = last(small_world, (*programmes_2017, programme), 6, parameters=told)
    assert not state["rents_won"].any()
    assert last(small_world, (*programmes_2017, programme), 6)["rents_won"].any()


households = st.lists(
    st.tuples(st.integers(1, 9), st.floats(0.0, 20.0, allow_subnormal=False), st.integers(0, 3)),
    min_size=1, max_size=40,
)  # fmt: skip


def transfer(people, won, rent, deadweight):
    """Sizes, what each person gives up and receives, by the rules themselves."""
    sizes = [float(size) for size, _, _ in people]
    segment = [value("segment", stratum=float(stratum)) for _, _, stratum in people]
    claimants = sum(s * inside for s, inside in zip(sizes, segment, strict=True))
    paid = [
        value(
            "rent_paid", rent_holder=value("rent_holder", stratum=float(stratum)), rents_won=won, own_income=income,
            rent=rent, claimants=claimants,
        )
        for _, income, stratum in people
    ]  # fmt: skip
    total = sum(s * p for s, p in zip(sizes, paid, strict=True))
    received = [
        value("rent_received", segment=inside, claimants=claimants, paid=total, deadweight=deadweight)
        for inside in segment
    ]
    return sizes, paid, received


def weighted(sizes, values):
    return math.fsum(size * one for size, one in zip(sizes, values, strict=True))


@given(households, share, st.floats(0.0, 0.3), st.floats(0.0, 0.5))
@settings(deadline=None)
def test_rents_change_hands_less_deadweight(people, won, rent, deadweight):
    sizes, paid, received = transfer(people, won, rent, deadweight)
    given_up = weighted(sizes, paid)
    assert weighted(sizes, received) == pytest.approx((1.0 - deadweight) * given_up, rel=1e-13, abs=1e-300)
    for (_, income, stratum), out, into in zip(people, paid, received, strict=True):
        assert 0.0 <= out <= rent * income and (out == 0.0 or stratum == 0)
        assert into == 0.0 or stratum >= 2
    if not any(stratum >= 2 for *_, stratum in people):
        assert given_up == 0.0  # nobody is there to claim


@given(st.lists(st.integers(0, 2**12), min_size=1, max_size=8), st.integers(0, 5))
def test_rents_are_conserved_to_the_last_bit(incomes, doublings):
    """Where numbers have few enough bits to be added exactly."""
    people = [(4, income / 1024.0, 0) for income in incomes] + [(2, 1.0, 2)] * 2**doublings
    sizes, paid, received = transfer(people, 0.5, 0.25, 0.25)
    assert weighted(sizes, received) == 0.75 * weighted(sizes, paid)
    assert weighted(sizes, paid) == sum(4 * 0.125 * income / 1024.0 for income in incomes)


def test_rents_are_income_but_not_own_income(small_world, programmes_2017):
    states = list(run(small_world, arm("social_action", programmes_2017), 12))
    start = small_world.state.layout.start["household"]
    for state in states[1:]:
        paid, received = (np.add.reduceat(state["size"] * state[n], start[:-1]) for n in ("rent_paid", "rent_received"))
        assert (paid > 0.0).all()
        assert state["rents_redistributed"] == pytest.approx(received, rel=1e-13)
        assert state["rents_lost"] + received == pytest.approx(paid, rel=1e-13)
        assert state["rents_lost"] == pytest.approx(default("rent_received.deadweight") * paid, rel=1e-10)
        assert np.array_equal(state["own_income"], state["outside_sales"] + state["local_sales"])
    elite, bottom = state["stratum"] == 0.0, state["stratum"] >= 2.0
    assert (state["rents"][elite] <= 0.0).all() and (state["rents"][bottom] > 0.0).all()
    assert not state["rents"][~(elite | bottom)].any()
    usual = last(small_world, programmes_2017, 12)
    assert state["income"][bottom].mean() > usual["income"][bottom].mean()


def test_without_rents_there_is_nothing_to_claim(small_world, programmes_2017):
    told = numbers(PLAN, {"rent_paid.rent": 0.0})
    told[list(PLAN.parameters).index("attends.threshold")] = small_world.value("attends.threshold")
    state = last(small_world, arm("social_action", programmes_2017), 12, parameters=told)
    assert state["rents_won"].all() and not state["rent_paid"].any() and not state["rents_lost"].any()


TIE = {"strength": 0.5, "kinship": 0.2, "one": 0.0, "other": 0.0, "one_listed": 0.0, "other_listed": 0.0,
       "one_favoured": 0.0, "other_favoured": 0.0}  # fmt: skip


def test_backlash_erodes_ties_between_the_elite_and_others_only():
    def kept(one, other, **changed):
        told = {**TIE, "one_elite": one, "other_elite": other, "rents_won": 0.5, "fading": 0.0, "backlash": 0.02}
        return value("strength", **{**told, **changed})

    assert kept(1.0, 0.0) == kept(0.0, 1.0) == pytest.approx(0.5 - 0.02 * 0.5 * 0.5)
    assert kept(1.0, 1.0) == kept(0.0, 0.0) == kept(1.0, 0.0, rents_won=0.0) == kept(1.0, 0.0, backlash=0.0) == 0.5
    assert kept(1.0, 0.0, strength=0.2, backlash=0.2) == pytest.approx(0.18)  # kinship does not keep a patron
    assert kept(1.0, 1.0, strength=0.1, fading=0.02) == pytest.approx(0.102)  # and kin find together again


def test_works_for_the_one_and_not_for_the_other_are_envied_as_a_list_is():
    told = {**TIE, "one_elite": 0.0, "other_elite": 0.0, "rents_won": 0.0, "fading": 0.0, "envy": 0.05}
    ends = [(f"one_{what}", f"other_{what}") for what in ("listed", "favoured")]
    for one, other in ends:
        assert value("strength", **{**told, one: 1.0}) == value("strength", **{**told, other: 1.0}) == 0.5 * 0.95
        assert value("strength", **{**told, one: 1.0, other: 1.0}) == 0.5
    assert value("strength", **{**told, "one_listed": 1.0, "other_favoured": 1.0}) == 0.5 * 0.95
    works, others = {"activity": 2.0, "choice": 2.0}, {"activity": 1.0, "choice": 2.0}
    assert value("favoured", **works, works_money=0.1) == 1.0
    assert value("favoured", **works, works_money=0.0) == value("favoured", **others, works_money=0.1) == 0.0


def test_slack_is_finite_and_costs_no_money(small_world, programmes_2017):
    idle, part = default("slack_released.idle"), default("slack_works.share")
    state = last(small_world, arm("community_action", programmes_2017), 12)
    assert (state["slack_won"] > 0.0).all() and not state["rents_won"].any()
    assert state["slack_released"] == pytest.approx(idle * state["slack_won"])
    assert (state["slack_released"] <= idle).all()
    built = state["works_built"].reshape(4, 4)
    council = state["works_spending"].reshape(4, 4)
    extra = built.sum(axis=1) - council.sum(axis=1) * (1.0 - state["loss"])
    assert extra == pytest.approx(part * state["slack_released"] * (1.0 - state["loss"]))
    usual = last(small_world, programmes_2017, 12)
    assert (state["service_quality"] > usual["service_quality"]).all()
    upkeep = [one["council_upkeep"].reshape(4, 4).sum(axis=1) / one["persons"] for one in (state, usual)]
    spent = [one["construction"] + kept for one, kept in zip((state, usual), upkeep, strict=True)]
    assert spent[0] == pytest.approx(spent[1], rel=1e-12)  # more works are more to keep up, of the same money


# --- Linkage ----------------------------------------------------------------------------------------------------------


@given(st.lists(st.floats(0.0, 1.0), min_size=1, max_size=60))
def test_attention_is_zero_sum_across_a_district(money):
    pulls = [value("pull", linkage=one) for one in money]
    asked = value("attention_asked", pulls=sum(pulls) / len(pulls))
    given_out = [value("attention", attention_asked=asked, pull=pull) for pull in pulls]
    assert math.fsum(given_out) == pytest.approx(len(pulls), rel=1e-12)


def liaison(*money):
    """A policy that pays for liaison in some villages, the rest of the budget being dividend."""

    def some_linked(budget):
        """Liaison here and there."""
        return {"linkage": budget * np.array(money)}

    return Programme(registered(some_linked, ("linkage",)), DOSE)


def test_one_villages_service_is_the_others_loss(small_world, programmes_2017):
    usual = last(small_world, programmes_2017, 16)
    linked = last(small_world, (*programmes_2017, liaison(1.0, 0.2, 0.0, 0.0)), 16)
    gain = linked["service_quality"] - usual["service_quality"]
    assert gain[0] > gain[1] and gain[2] == gain[3] < 0.0 < gain[0]
    assert linked["service_quality"][3] < 0.0 <= usual["service_quality"][3]
    assert abs(gain.sum()) <= 1e-12
    assert abs(linked["attention"].mean() - 1.0) <= 1e-12


def test_where_all_are_linked_alike_nobody_gains(small_world, programmes_2017):
    usual = last(small_world, programmes_2017, 8)
    linked = last(small_world, (*programmes_2017, liaison(1.0, 1.0, 1.0, 1.0)), 8)
    assert linked["attention"] == pytest.approx([1.0] * 4, rel=1e-15)
    assert linked["service_quality"] == pytest.approx(usual["service_quality"], abs=1e-14)
    assert np.array_equal(usual["attention"], np.ones(4))
    deaf = ("attention", "attention_asked")
    unheard = last(small_world, (*programmes_2017, liaison(1.0, 0.0, 0.0, 0.0)), 8, held=deaf)
    assert np.array_equal(unheard["service_quality"], usual["service_quality"])
    assert linked["staff_paid"] - usual["staff_paid"] == pytest.approx(DOSE * linked["persons"])


# --- The national account ---------------------------------------------------------------------------------------------


def nowhere_passed(world):
    state = world.state.copy()
    state["pass_through"] = 0.0
    return state


def test_macro_growth_changes_no_village_where_nothing_is_passed_on(small_world, programmes_2017):
    state = nowhere_passed(small_world)
    usual, grown = (last(small_world, p, 12, state) for p in (programmes_2017, arm("macro_growth", programmes_2017)))
    about_the_nation = {"national", "macro_growth", "spent_nationally", "modern_sector"}
    assert changed(usual, grown, ("village", "household", "group", "tie", "district")) == about_the_nation
    assert (grown["modern_sector"] > usual["modern_sector"]).all()
    assert grown["spent_nationally"] == pytest.approx(DOSE * grown["persons"])


def test_macro_growth_reaches_villages_as_far_as_it_is_passed_on(small_world, programmes_2017):
    programmes = arm("macro_growth", programmes_2017, start=0, funds_end=10, facilitation_end=10)
    state, growth = last(small_world, programmes, 14), small_world.value("macro_trend.growth")
    assert state["macro_trend"][0] == pytest.approx(14 * growth + 10 * 0.0025, rel=1e-12)
    usual = last(small_world, programmes_2017, 14)
    passed = state["passed_trend"] - usual["passed_trend"]
    assert passed == pytest.approx(
        small_world.value("passed_trend.level") * state["pass_through"] * 10 * 0.0025, rel=1e-9
    )
    assert state["own_income"].mean() > usual["own_income"].mean()


def test_villages_are_price_takers(small_world, programmes_2017):
    """Without feedback no village can move the market, however rich it becomes."""
    state = small_world.state.copy()
    state["ability"] += 0.5
    usual, richer = last(small_world, programmes_2017, 8), last(small_world, programmes_2017, 8, state)
    assert richer["villages_income"][0] > 1.2 * usual["villages_income"][0]
    assert np.array_equal(usual["macro_trend"], richer["macro_trend"])
    assert np.array_equal(usual["modern_sector"], richer["modern_sector"])


def test_with_feedback_the_trend_follows_the_villages(small_world, programmes_2017):
    told = small_world.parameters.copy()
    told[list(PLAN.parameters).index("macro_trend.feedback")] = 0.3
    before, growth = small_world.state["villages_income"][0], small_world.value("macro_trend.growth")
    for quarter, state in enumerate(run(small_world, programmes_2017, 8, parameters=told), 1):
        expected = quarter * growth + 0.3 * math.log(state["villages_income"][0] / before)
        assert state["macro_trend"][0] == pytest.approx(expected, rel=1e-10)


def test_growth_of_the_villages_adds_up():
    assert value("villages_growth", villages_income=110.0, before=100.0) == pytest.approx(math.log(1.1))
    assert value("villages_growth", villages_income=110.0, before=0.0) == 0.0


def test_share_of_villages_is_what_the_modern_sector_leaves():
    base = np.array([100.0, 300.0])
    modern = np.array(
        [value("modern_sector", income_base=b, macro_trend=0.0, macro_cycle=0.0, share=0.8) for b in base]
    )
    assert modern == pytest.approx(4.0 * base)
    assert micro_share(base, modern) == pytest.approx(20.0)
    grown = [value("modern_sector", income_base=b, macro_trend=0.1, macro_cycle=0.02, share=0.8) for b in base]
    assert grown == pytest.approx(modern * math.exp(0.12))


def test_a_shock_to_half_the_villages_lowers_national_income_by_what_they_lose(small_world, programmes_2017):
    state = small_world.state.copy()
    state["local_shock"][:2] = math.log(0.9)
    usual, hit = last(small_world, programmes_2017, 1), last(small_world, programmes_2017, 1, state)
    assert hit["micro_income"][:2] == pytest.approx(0.9 * usual["micro_income"][:2], rel=0.02)
    assert np.array_equal(hit["micro_income"][2:], usual["micro_income"][2:])
    assert np.array_equal(hit["modern_sector"], usual["modern_sector"])
    assert 15.0 < micro_share(usual["micro_income"], usual["modern_sector"]) < 25.0


# --- Money that moves between villages --------------------------------------------------------------------------------


def test_a_formula_sees_need_by_own_income_with_an_error():
    assert value("need_seen", draw=0.0, income=0.8) == pytest.approx(1.25)
    assert value("need_seen", draw=1.5, income=2.0, error=0.2) == pytest.approx(math.exp(0.3) / 2.0)
    assert value("need_seen", draw=1.5, income=2.0, error=0.0) == 0.5


def money(state):
    """All money of a policy by village, z per person and quarter."""
    return sum(state[n] for n in ("works_money", "service", "survey", "dividend"))


@given(st.lists(st.floats(0.01, 100.0), min_size=4, max_size=4), st.floats(0.0, 2.0), st.floats(0.02, 0.3))
@settings(max_examples=40, deadline=None)
def test_regional_planning_spends_the_equal_budget_in_all(small_world, need, tilt, survey):
    state = small_world.state.copy()
    state["need_seen"] = need
    told = {"tilt": tilt, "survey": survey}
    set_levers((Programme(catalogue()["regional_planning"], DOSE, settings=told),), state, 5)
    whole, persons = (money(state) * state["persons"]).sum(), state["persons"].sum()
    assert whole == pytest.approx(DOSE * persons, rel=1e-12)
    assert (state["dividend"] >= 0.0).all() and len(set(state["dividend"])) == 1
    spent = money(state) - state["dividend"]
    for one in range(4):
        for other in range(4):
            assert need[one] < need[other] or spent[one] >= spent[other] * (1.0 - 1e-12)


def test_equal_needs_get_equal_budgets_and_need_moves_money(small_world):
    state = small_world.state.copy()
    for need in (0.7, 0.0):  # 0: the formula is switched off
        state["need_seen"] = need
        set_levers((Programme(catalogue()["regional_planning"], DOSE),), state, 5)
        assert money(state) == pytest.approx([DOSE] * 4, rel=1e-12)
    state["need_seen"] = [1.0, 1.0, 1.0, 2.0]
    set_levers((Programme(catalogue()["regional_planning"], DOSE),), state, 5)
    works = state["works_money"]
    assert works[3] == pytest.approx(2.0 * works[0])


def test_only_who_says_so_may_move_money_between_villages(small_world):
    def shift(budget, persons):
        """All to the first village."""
        first = np.array([1.0, 0.0, 0.0, 0.0])
        return {"service": budget * first * persons.sum() / persons[0]}

    def lavish(budget, persons):
        """A little more than there is."""
        return {"service": shift(budget, persons)["service"] * 1.001}

    state = small_world.state.copy()
    set_levers((Programme(registered(shift, ("service",), reallocates=True), DOSE),), state, 5)
    assert state["dividend"] == pytest.approx([0.0] * 4, abs=1e-15)
    assert (state["service"] * state["persons"]).sum() == pytest.approx(DOSE * state["persons"].sum(), rel=1e-12)
    for function, facts in ((shift, {}), (lavish, {"reallocates": True})):
        with pytest.raises(PolicyError, match="spent"):
            set_levers((Programme(registered(function, ("service",), **facts), DOSE),), state, 5)


# --- Ceilings ---------------------------------------------------------------------------------------------------------

DANA_DESA = 0.11  # z per person and quarter


@pytest.mark.parametrize(
    "name", ["social_action", "community_action", "community_services", "grassroots_work", "inter_agency_work"]
)
def test_what_people_cannot_absorb_is_paid_as_dividend(small_world, name):
    state, about = small_world.state.copy(), catalogue()[name]
    set_levers((Programme(about, DANA_DESA),), state, 5)
    assert (state["dividend"] >= DANA_DESA - float(about.parameters["ceiling"]) - 1e-12).all()
    low = float(about.parameters["ceiling"].low)
    set_levers((Programme(about, DANA_DESA, settings={"ceiling": low}),), state, 5)
    assert (state["dividend"] >= DANA_DESA - low - 1e-12).all()
