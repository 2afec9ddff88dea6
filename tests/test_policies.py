"""Policies: they write declared levers within budget and nothing else; names and order do not matter."""

from __future__ import annotations

import itertools
import types
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from sim import policies
from sim.agents.territory import LEVERS, MONEY
from sim.engine.lane import holding
from sim.engine.rule import Param
from sim.policies import catalogue, policy
from sim.policies.policy import FACILITATED, NEUTRAL, PolicyError, Programme, _decided, set_levers

CATALOGUE = catalogue()
ABOUT = {
    "label": "test",
    "label_id": "uji",
    **dict.fromkeys(("decides", "flows", "targets", "level", "loses_when"), "nobody"),
}
DOSE = 0.04  # z per person and quarter


def registered(function, levers):
    return policy.policy(**ABOUT, levers=levers)(function).policy


def levers(state):
    return {name: state[name].copy() for name in NEUTRAL}


def decide(state, *programmes, quarter=5):
    """The levers that some programmes set in a copy of a state."""
    twin = state.copy()
    set_levers(programmes, twin, quarter)
    return levers(twin)


@pytest.fixture
def state(small_world):
    return small_world.state.copy()


def refused(state, function, declared, *words, others=()):
    """The policy is stopped, the message has the words, the policy's name among them."""
    programme = Programme(registered(function, declared), DOSE)
    with pytest.raises(PolicyError) as caught:
        set_levers((*others, programme), state, 5)
    for word in (function.__name__, *words):
        assert word in str(caught.value)


# --- The catalogue ----------------------------------------------------------------------------------------------------


def test_every_policy_says_what_it_is():
    for name, about in CATALOGUE.items():
        assert about.name == name == about.function.__name__
        said = (about.meaning, about.label, about.label_id, about.decides, about.flows, about.targets, about.level)
        assert all((*said, about.loses_when)), name
        assert set(about.levers) <= set(NEUTRAL)
        for parameter in about.parameters.values():
            assert isinstance(parameter, Param)
            assert parameter.source


def test_every_lever_has_a_neutral_value_of_nothing():
    assert len(LEVERS) == len(NEUTRAL)
    assert set(NEUTRAL.values()) == {0.0}
    assert set(FACILITATED) < set(MONEY) < set(NEUTRAL)
    assert not {"efficacy", "institution_quality", "attends", "strength", "own_income"} & set(NEUTRAL)


def test_policies_of_installed_packages_join_under_names_of_their_own(monkeypatch):
    def bonus(budget):
        """Cash."""
        return {"cash": budget}

    own = set(catalogue())
    module = types.ModuleType("installed")
    module.bonus = policy.policy(**ABOUT, levers=("cash",))(bonus)
    point = types.SimpleNamespace(load=lambda: module)
    monkeypatch.setattr(policies, "entry_points", lambda group: [point] if group == "swadaya.policies" else [])
    monkeypatch.setattr(policies, "_installed", policies._installed.__wrapped__)  # asked anew, not remembered
    assert set(catalogue()) == {*own, "bonus"}
    bonus.__name__ = "hybrid"
    module.bonus = policy.policy(**ABOUT, levers=("cash",))(bonus)
    with pytest.raises(ValueError, match="hybrid"):
        catalogue()


def spending(about, state, found):
    """What is spent, z per person: in each village, or in all together where a policy moves money between them."""
    spent = sum(found[lever] for lever in MONEY)
    return [(spent * state["persons"]).sum() / state["persons"].sum()] if about.reallocates else spent


@pytest.mark.parametrize("name", CATALOGUE)
def test_a_policy_spends_what_it_says_and_sets_what_it_declares(state, name):
    about = CATALOGUE[name]
    found = decide(state, Programme(about, DOSE))
    touched = {lever for lever in NEUTRAL if np.any(found[lever] != NEUTRAL[lever])}
    assert touched <= {*about.levers, "dividend"}
    spent = spending(about, state, found)
    assert spent == pytest.approx([DOSE] * len(spent), rel=1e-14)


@pytest.mark.parametrize("name", CATALOGUE)
def test_without_money_every_lever_is_neutral(state, name):
    state["works_money"] = 0.3  # left over from another quarter
    for programme in (
        Programme(CATALOGUE[name], 0.0),
        Programme(CATALOGUE[name], DOSE, start=6),
        Programme(CATALOGUE[name], DOSE, funds_end=5, facilitation_end=5),
    ):
        assert all(np.all(value == NEUTRAL[lever]) for lever, value in decide(state, programme).items())


@pytest.mark.parametrize("name", CATALOGUE)
def test_a_policy_is_sound_at_both_ends_of_its_parameters(state, name):
    """At every corner it spends its budget, or is stopped because the parts exceed the whole; it never spends more."""
    about = CATALOGUE[name]
    for side in ("low", "high"):
        settings = {argument: getattr(parameter, side) for argument, parameter in about.parameters.items()}
        try:
            found = decide(state, Programme(about, DOSE, settings=settings))
        except PolicyError as error:
            assert "spent" in str(error)
            continue
        spent = spending(about, state, found)
        assert spent == pytest.approx([DOSE] * len(spent), rel=1e-14)


@pytest.mark.parametrize("name", CATALOGUE)
def test_a_policy_declares_nothing_that_it_never_sets(state, name):
    """What it returns, at both ends of each of its numbers and in each of its years."""
    about, seen = CATALOGUE[name], set()
    ends = [{}, *({key: end} for key, one in about.parameters.items() for end in (one.low, one.high))]
    for settings, quarter in itertools.product(ends, range(0, 40, 4)):
        seen |= set(_decided(Programme(about, DOSE, start=0, settings=settings), state, quarter, DOSE))
    assert seen == set(about.levers)


def test_settings_reach_the_policy(state):
    found = decide(state, Programme(CATALOGUE["targeted_cash"], DOSE, settings={"quota": 0.5}))
    assert list(found["cash_quota"]) == [0.5] * 4


def test_the_dividend_is_the_whole_budget(state):
    found = decide(state, Programme(CATALOGUE["dividend"], DOSE))
    assert list(found["dividend"]) == [DOSE] * 4
    assert all(np.all(value == 0.0) for lever, value in found.items() if lever != "dividend")


@given(st.floats(0.0, 1.0))
@hypothesis_settings(max_examples=30, deadline=None)
def test_what_is_not_spent_is_paid_to_all(small_world, share):
    def part(budget):
        """Some of it."""
        return {"service": share * budget}

    found = decide(small_world.state, Programme(registered(part, ("service",)), DOSE))
    assert found["service"] + found["dividend"] == pytest.approx([DOSE] * 4, rel=1e-15)


def test_exits_are_respected(state):
    programme = Programme(CATALOGUE["locality_development"], DOSE, start=2, funds_end=10, facilitation_end=6)
    for quarter in range(14):
        found = decide(state, programme, quarter=quarter)
        facilitated, works = 2 <= quarter < 6, 2 <= quarter < 10
        assert found["facilitation"] == pytest.approx([0.3 * DOSE * facilitated] * 4)
        assert found["works_money"] == pytest.approx([0.7 * DOSE * works] * 4)
        assert found["dividend"] == pytest.approx([0.3 * DOSE * (works and not facilitated)] * 4)
        assert list(found["right_goal"]) == [float(works)] * 4


def test_facilitators_may_stay_longer_than_the_funds(state):
    programme = Programme(CATALOGUE["locality_development"], DOSE, start=2, funds_end=6, facilitation_end=10)
    found = decide(state, programme, quarter=8)
    assert found["facilitation"] == pytest.approx([0.3 * DOSE] * 4)
    assert list(found["works_money"]) == [0.0] * 4
    assert all(np.all(value == 0.0) for value in decide(state, programme, quarter=10).values())


@pytest.mark.parametrize("name", CATALOGUE)
def test_what_a_policy_says_of_its_end_is_so(state, name):
    """Money ends with funds or facilitators as told; what is no money, and the dividend, lasts until both are gone."""
    about = CATALOGUE[name]
    assert {*about.ends["the facilitators"], *about.ends["the funds"], *about.others} == set(about.levers)
    for longer, dates in (("the funds", (10, 6)), ("the facilitators", (6, 10))):
        found = decide(state, Programme(about, DOSE, 2, *dates), quarter=8)
        flowing = {lever for lever in NEUTRAL if np.any(found[lever] != 0.0)}
        assert flowing <= {*about.ends[longer], *about.others, "dividend"}
        whole, persons = sum(found[lever] for lever in MONEY), state["persons"]
        spent = (whole * persons).sum() / persons.sum() if about.reallocates else whole
        assert spent == pytest.approx(np.full(np.shape(spent), DOSE))


def test_a_policy_may_differ_between_villages(state):
    def to_small(budget, persons):
        """All to the two smallest villages' schools, dividend elsewhere."""
        return {"service": budget * (persons <= np.sort(persons)[1])}

    found = decide(state, Programme(registered(to_small, ("service",)), DOSE))
    assert (found["service"] > 0.0).sum() == 2
    assert found["service"] + found["dividend"] == pytest.approx([DOSE] * 4)


# --- The mask ---------------------------------------------------------------------------------------------------------


def test_what_is_no_lever_cannot_be_declared():
    with pytest.raises(PolicyError, match=r"no lever efficacy"):
        policy.policy(**ABOUT, levers=("efficacy",))
    with pytest.raises(PolicyError, match=r"works_mony.*did you mean works_money"):
        policy.policy(**ABOUT, levers=("works_mony",))


@pytest.mark.parametrize("outcome", ["efficacy", "institution_quality", "attends", "strength", "consumption", "audit"])
def test_writing_what_is_not_declared_is_stopped(state, outcome):
    def cheat(budget):
        """Writes what it may not."""
        return {outcome: budget}

    refused(state, cheat, ("works_money",), outcome, "works_money")


def test_overspending_is_stopped(state):
    def lavish(budget):
        """Spends a little too much in one village."""
        return {"cash": budget * np.array([1.0, 1.0, 1.001, 1.0]), "cash_quota": 0.2}

    def lavish_in_parts(budget):
        """Each part is within the budget."""
        return {"cash": 0.7 * budget, "service": 0.7 * budget}

    def lavish_with_its_copy(budget):
        """Raises the budget that it was given."""
        budget *= 2.0
        return {"cash": budget}

    for function in (lavish, lavish_in_parts, lavish_with_its_copy):
        refused(state, function, ("cash", "cash_quota", "service"), "spent")


@pytest.mark.parametrize("value", [np.nan, -0.01, np.inf, -np.inf])
def test_a_value_outside_its_bounds_is_stopped(state, value):
    def odd(budget):
        """Sets something odd in one village."""
        return {"works_money": budget * np.array([1.0, 1.0, value, 1.0])}

    def odd_right(budget):
        """Sets an odd right."""
        return {"right_goal": 1.0 + value}

    refused(state, odd, ("works_money",), "spent" if value == np.inf else "works_money outside")
    if not -1.0 <= value <= 0.0:
        refused(state, odd_right, ("right_goal",), "right_goal", "share")


def test_what_a_policy_sees_cannot_be_written_to(state):
    seen = []

    def vandal(budget, institution_quality):
        """Tries to improve the councils themselves."""
        seen.append(institution_quality)
        institution_quality[:] = 1.0
        return {}

    with pytest.raises(PolicyError, match="tried to change institution_quality, which a policy may only see"):
        set_levers((Programme(registered(vandal, ()), DOSE),), state, 5)
    assert not seen[0].flags.writeable
    assert not np.shares_memory(seen[0], state["institution_quality"])


def test_a_policy_sees_villages_only(state):
    def curious(budget, ability):
        """Asks for what no planner knows."""
        return {}

    def misspelt(budget, persns):
        """Asks for a column that there is not."""
        return {}

    refused(state, curious, (), "ability", "no column of villages")
    refused(state, misspelt, (), "persns", "did you mean persons?")


def test_set_levers_changes_levers_only(small_world):
    state = small_world.state.copy()
    set_levers([Programme(CATALOGUE["hybrid"], DOSE)], state, 5)
    changed = {name for name in state.index if not np.array_equal(state[name], small_world.state[name])}
    assert changed <= set(NEUTRAL)


def test_contradictions_between_policies_are_stopped(state):
    one = Programme(CATALOGUE["targeted_cash"], DOSE, settings={"quota": 0.2})
    other = Programme(CATALOGUE["targeted_cash"], DOSE, settings={"quota": 0.3})
    with pytest.raises(PolicyError, match="cash_quota differently"):
        set_levers((one, other), state, 5)
    assert decide(state, one, one)["cash"] == pytest.approx([2.0 * DOSE] * 4)


# --- Names and order --------------------------------------------------------------------------------------------------


def test_the_order_of_programmes_does_not_matter(state):
    """Also where one leaves a right at its neutral value and another sets it."""
    planned = Programme(CATALOGUE["social_planning"], DOSE, settings={"voice": 0.0})
    local = Programme(CATALOGUE["locality_development"], 2.0 * DOSE)
    one, other = decide(state, planned, local), decide(state, local, planned)
    assert all(np.array_equal(one[name], other[name]) for name in NEUTRAL)
    assert list(one["right_goal"]) == [1.0] * 4


def outcome(world, programmes, quarters=12):
    state, hold = world.state.copy(), holding(world.lane.plan)
    for quarter in range(quarters):
        set_levers(programmes, state, quarter)
        world.lane.step(state, quarter, 9, world.parameters, hold)
    return state


@pytest.mark.parametrize("name", ["locality_development", "social_planning", "hybrid", "asset_with_coaching"])
def test_renamed_and_shuffled_arms_have_the_same_numbers(small_world, programmes_2017, name):
    """Label permutation: an arm is what it does, not what it is called or where it stands."""
    about = CATALOGUE[name]
    others = [other for other in CATALOGUE if other != name]
    borrowed = replace(CATALOGUE[others[0]], function=about.function, levers=about.levers)  # another's name and labels
    usual = outcome(small_world, (*programmes_2017, Programme(about, DOSE, 1)))
    for programmes in (
        (*programmes_2017, Programme(borrowed, DOSE, 1)),
        (Programme(about, DOSE, 1), *reversed(programmes_2017)),
    ):
        found = outcome(small_world, programmes)
        assert all(found.arrays[table].tobytes() == usual.arrays[table].tobytes() for table in found.arrays)
