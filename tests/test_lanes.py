"""The two lanes are identical bit for bit, whatever the arm; the compiled one also whatever the threads."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import pytest

from sim.engine.compile import AT_HAND
from sim.engine.lane import holding, outer, settings
from sim.experiment.lanes import copied
from sim.policies import catalogue
from sim.policies.policy import Programme, set_levers
from sim.reference import MesaLane

DOSE = 0.04  # z per person and quarter
ARMS = ["status_quo", *catalogue()]
SEED = 11


def programmes(arm, base):
    """The programmes of 2017 and the arm's, which starts, loses its facilitators and ends within the run."""
    return base if arm == "status_quo" else (*base, Programme(catalogue()[arm], DOSE, 2, 10, 8))


def different(one, other):
    """The columns in which two states have different bits (a zero's sign counts)."""
    return [name for name in one.index if not np.array_equal(one[name].view(np.uint64), other[name].view(np.uint64))]


def compare(world, arm_programmes, quarters, parameters=None, held=()):
    """Run both lanes side by side."""
    plan = world.lane.plan
    parameters = world.parameters if parameters is None else parameters
    compiled, mesa_lane, hold = world.state.copy(), MesaLane(plan, world.state), holding(plan, held)
    own = {f"{rule}.{argument}" for rule in held for argument, _ in plan.rules[rule].arguments}
    for quarter in range(quarters):
        set_levers(arm_programmes, compiled, quarter)
        for name in plan.given:
            if plan.given[name].lever:
                for village, value in zip(mesa_lane.rows["village"], compiled[name].tolist(), strict=True):
                    setattr(village, name, value)
        world.lane.step(compiled, quarter, SEED, parameters, hold)
        mesa_lane.prepare(quarter, SEED)
        mesa_lane.step_quarter(quarter, SEED, parameters, hold)
        wrong = set(different(compiled, mesa_lane.state())) - own  # a held rule's draws are nobody's
        assert not wrong, f"quarter {quarter}: {sorted(wrong)}"
    return compiled


@pytest.mark.parametrize("arm", ARMS)
def test_lanes_are_identical(small_world, programmes_2017, arm):
    compare(small_world, programmes(arm, programmes_2017), 12)


@pytest.mark.parametrize("arm, chosen", [("phased", {"first": 3.0}), ("social_policy", {"women": 1.0})])
def test_lanes_are_identical_in_both_phases_and_categories(small_world, programmes_2017, arm, chosen):
    programme = Programme(catalogue()[arm], DOSE, 2, 10, 8, chosen)
    compare(small_world, (*programmes_2017, programme), 12)


def test_lanes_are_identical_where_groups_compete_with_a_lender_and_animals_die(small_world, programmes_2017):
    chosen = {"moneylender": {}, "group_credit": {}, "targeted_cash": {"community": 0.5, "barred": 1.0},
              "asset_with_coaching": {"animals": 1.0}}  # fmt: skip
    own = [Programme(catalogue()[name], DOSE, 2, 10, 8, about) for name, about in chosen.items()]
    parameters = small_world.parameters.copy()
    parameters[[*small_world.lane.plan.parameters].index("disease.rate")] = 1.0  # an epidemic in every quarter
    state = compare(small_world, (*programmes_2017, *own), 12, parameters)
    assert all(state[name].any() for name in ("lender_debt", "group_debt", "asset_died", "gets_pkh"))


def test_lanes_are_identical_with_rules_held(small_world, programmes_2017):
    held = ["luck", "enrolled", "sharing", "attends", "price", "works"]
    compare(small_world, programmes("hybrid", programmes_2017), 6, held=held)


@pytest.mark.parametrize("side", ["low", "high"])
def test_lanes_are_identical_at_the_ends_of_all_ranges(small_world, programmes_2017, side):
    plan = small_world.lane.plan
    ends = settings(plan, {name: getattr(parameter, side) for name, parameter in plan.parameters.items()})
    state = compare(small_world, programmes("hybrid", programmes_2017), 6, parameters=ends)
    assert all(np.isfinite(array).all() for array in state.arrays.values())


@pytest.mark.full
def test_lanes_are_identical_over_eighty_quarters(small_world, programmes_2017):
    compare(small_world, (*programmes_2017, Programme(catalogue()["hybrid"], DOSE, 8, 28, 24)), 80)


# --- Threads and ranges -----------------------------------------------------------------------------------------------


def after(world, arm_programmes, quarters, executor=None, parts=1):
    state, hold = world.state.copy(), holding(world.lane.plan)
    for quarter in range(quarters):
        set_levers(arm_programmes, state, quarter)
        world.lane.step(state, quarter, SEED, world.parameters, hold, executor, parts)
    return state


@pytest.mark.parametrize("parts", [1, 2, 3, 4, 7])
def test_threads_and_parts_change_nothing(small_world, programmes_2017, parts):
    arm = programmes("hybrid", programmes_2017)
    with ThreadPoolExecutor(2) as executor:
        shared = after(small_world, arm, 12, executor, parts)
    assert different(after(small_world, arm, 12), shared) == []


def test_what_is_asked_of_memory_ahead_changes_nothing(small_world, programmes_2017):
    """A world that does not stay near the processor, whole, and village by village, where none has a next one."""
    kinds = np.arange(120) % 4
    large = replace(small_world, state=copied(small_world.state, kinds, [f"{k:03d}" for k in range(len(kinds))]))
    assert large.state.arrays["household"].nbytes > AT_HAND > small_world.state.arrays["household"].nbytes
    arm = programmes("hybrid", programmes_2017)
    with ThreadPoolExecutor(2) as executor:
        piecewise = after(large, arm, 4, executor, len(kinds))
    assert different(after(large, arm, 4), piecewise) == []


def run_range(world, state, first, last):
    """One quarter of some villages only, after nation and districts."""
    layout, nested = state.layout, ("household", "group", "tie")
    world.lane.kernel(
        *(first, last, 0, SEED, holding(world.lane.plan), world.parameters),
        *(state.arrays[table] for table in ("nation", "district", "village", *nested)),
        *(layout.district_of, *(layout.start[table] for table in nested), layout.ends, layout.places, layout.longest),
    )


@pytest.fixture
def begun(small_world, programmes_2017):
    """A world whose nation and districts have acted."""
    state, plan = small_world.state.copy(), small_world.lane.plan
    set_levers(programmes_2017, state, 0)
    outer(plan, state, 0, SEED, small_world.parameters, holding(plan))
    return state


def test_a_range_of_villages_leaves_the_others_alone(small_world, begun):
    state = begun.copy()
    run_range(small_world, state, 1, 3)
    for table in ("village", "household", "group", "tie"):
        first, last = (1, 3) if table == "village" else state.layout.start[table][[1, 3]]
        touched = np.any(state.arrays[table] != begun.arrays[table], axis=0)
        assert touched[first:last].all()
        assert not touched[:first].any()
        assert not touched[last:].any()


def test_ranges_in_any_order_are_the_whole(small_world, begun):
    whole, piecewise = begun.copy(), begun.copy()
    run_range(small_world, whole, 0, 4)
    for first, last in ((3, 4), (0, 1), (1, 1), (1, 3)):
        run_range(small_world, piecewise, first, last)
    assert different(whole, piecewise) == []
