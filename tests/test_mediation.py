"""Mediation: a clamp to one's own path changes nothing, and the parts of an effect are what they say."""

from __future__ import annotations

import numpy as np
import pytest

from sim.experiment import mediation
from sim.experiment.mediation import PARTICIPATION, PARTS, Clamp, everybody
from sim.model import CommunityModel
from sim.policies import catalogue
from sim.policies.policy import Programme
from sim.report.mediation import grids
from sim.scenario import check

QUARTERS = 16


@pytest.fixture(scope="module")
def flows(programmes_2017):
    """The programmes of 2017, and with them community development with facilitators."""
    return {
        "status_quo": programmes_2017,
        "facilitated": (*programmes_2017, Programme(catalogue()["locality_development"], 0.1, start=4)),
    }


def stepped(world, programmes, path=None, since=0):
    clamp = Clamp(CommunityModel(world, programmes, seed=3), path, since)
    for _ in range(QUARTERS):
        clamp.step()
    return clamp


def test_a_clamp_to_its_own_path_reproduces_an_arm_bit_for_bit(small_world, flows):
    """Every column that a rule sets or that is given; totals that only held rules read are nobody's result."""
    for programmes in flows.values():
        free = stepped(small_world, programmes)
        again = stepped(small_world, programmes, free.trodden())
        plan = small_world.lane.plan
        for name in plan.table_of:
            assert np.array_equal(free.model.state[name], again.model.state[name]), name
        for name in PARTICIPATION:
            assert np.array_equal(free.trodden()[name], again.trodden()[name])


def test_a_clamp_takes_an_arms_attendance_to_the_baselines(small_world, flows):
    base, free = (stepped(small_world, flows[name]) for name in ("status_quo", "facilitated"))
    held = stepped(small_world, flows["facilitated"], base.trodden())
    assert free.trodden()["attends"][6:].mean() > 1.2 * base.trodden()["attends"][6:].mean()
    assert np.array_equal(held.trodden()["attends"], base.trodden()["attends"])
    assert not np.array_equal(held.model.state["consumption"], free.model.state["consumption"])
    assert not np.array_equal(held.model.state["consumption"], base.model.state["consumption"])


def test_everybody_attends_from_the_quarter_on(small_world, flows):
    full = everybody(QUARTERS, len(small_world.state["size"]))
    clamp, free = stepped(small_world, flows["status_quo"], full, since=5), stepped(small_world, flows["status_quo"])
    path = clamp.trodden()["attends"]
    assert np.array_equal(path[:5], free.trodden()["attends"][:5]) and (path[5:] == 1.0).all()
    assert (clamp.model.state["attendance"] == 1.0).all()
    assert clamp.model.state["time_cost"].sum() > free.model.state["time_cost"].sum()


@pytest.fixture(scope="module")
def table(known):
    document = {
        "title": "Mediated",
        "population": {"villages": 4, "households": 40, "seed": 2},
        "replications": {"seeds": 2},
        "arms": [{"policy": name} for name in ("status_quo", "dividend", "locality_development")],
    }
    scenario = check(document, known)
    return scenario, mediation.mediation(scenario)


def test_the_baseline_has_no_effect_and_parts_sum_to_the_total(table):
    _, frame = table
    wide = frame.pivot(index=["arm", "outcome"], columns="part", values="estimate")
    assert (wide.loc["status_quo"][["total", "through", "not_through"]] == 0.0).all().all()
    np.testing.assert_allclose(wide["through"] + wide["not_through"], wide["total"], atol=1e-9)
    assert (wide["ceiling"].xs("time_cost", level="outcome") > wide["total"].xs("time_cost", level="outcome")).all()


def test_cash_for_all_hardly_runs_through_meetings_and_facilitation_costs_time(table):
    _, frame = table
    rows = frame.set_index(["arm", "outcome", "part"])["estimate"]
    assert abs(rows["dividend", "consumption", "through"]) < 0.1 * rows["dividend", "consumption", "total"]
    assert rows["locality_development", "time_cost", "through"] > 0.0


def test_the_tables_show_every_arm_part_and_unit(table):
    scenario, frame = table
    shown = grids(scenario, frame)
    assert [grid.unit for grid in shown] == list(mediation.OUTCOMES.values())
    for grid in shown:
        assert len(grid.columns) == 1 + len(PARTS) and len(grid.rows) == 3
        assert all(len(row) == len(grid.columns) for row in grid.rows)
    assert "90 % of 2 lucks" in shown[-1].note
    when = "years 9 to 12 after September 2017, which is 2 to 5 years after all money has ended; what is given up for"
    assert f"Measured in {when} meetings, in years 2 to 12." in shown[-1].note.replace("\u00a0", " ")
