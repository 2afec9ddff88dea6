"""The model as Mesa users know it: agents are views on rows, on Mesa 3.3 as on 3.5."""

from __future__ import annotations

import copy
import functools
import gc
import os
import pickle
import subprocess
import sys
import weakref
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import mesa
import numpy as np
import pytest

from sim.agents import view
from sim.agents.institutions import COUNCIL
from sim.agents.view import (
    AGENTS,
    Cooperative,
    Council,
    DistrictAgency,
    Household,
    Nation,
    SavingsGroup,
    ServiceAgency,
    Village,
)
from sim.engine.rule import Param
from sim.model import CommunityModel

VILLAGES, DISTRICTS = 4, 1


@pytest.fixture
def model(small_world, programmes_2017):
    """A model two quarters on."""
    model = CommunityModel(small_world, programmes_2017, seed=7)
    model.step()
    model.step()
    return model


def same(first, second):
    """Whether two models hold the same numbers."""
    return all(np.array_equal(a, second.state.arrays[t]) for t, a in first.state.arrays.items())


def test_a_headless_run_makes_no_views(model):
    assert model._views == {}
    assert (model.steps, model.quarter) == (2, 2)


def test_every_kind_is_an_agent_once_for_every_row(model):
    rows = model.state.layout.rows
    counts = {
        Nation: 1, DistrictAgency: DISTRICTS, Council: VILLAGES, SavingsGroup: VILLAGES, ServiceAgency: VILLAGES,
        Cooperative: 4 * VILLAGES, Household: rows("household"),
    }  # fmt: skip
    assert model.agent_types == list(counts) == list(AGENTS)
    assert {kind: len(agents) for kind, agents in model.agents_by_type.items()} == counts
    agents = list(model.agents)
    assert [a.unique_id for a in agents] == list(range(1, len(agents) + 1))
    assert all(isinstance(a, mesa.Agent) for a in agents)
    assert list(model.agents) == agents
    assert model.view(Household, 3) is list(model.agents_by_type[Household])[3]


def test_a_view_asked_for_alone_has_the_same_number(small_world):
    model = CommunityModel(small_world, seed=1)
    alone = model.view(Household, 5)
    number = alone.unique_id
    assert len(model._views[Household]) == 1
    assert list(model.agents_by_type[Household])[5] is alone
    assert alone.unique_id == number


def test_views_read_and_write_the_state(model):
    household = model.view(Household, 11)
    assert household.consumption == model.state["consumption"][11]
    household.consumption = 1.25
    assert model.state["consumption"][11] == 1.25
    model.state["consumption"][11] = 0.75
    assert household.consumption == 0.75
    council = model.view(Council, 2)
    council.institution_quality = 0.9
    assert model.view(Village, 2).institution_quality == model.state["institution_quality"][2] == 0.9


def test_what_is_written_counts_in_the_next_quarter(small_world, programmes_2017):
    plain, changed = (CommunityModel(small_world, programmes_2017, seed=3) for _ in range(2))
    changed.view(Household, 0).buffer = 50.0
    plain.step()
    changed.step()
    assert changed.view(Household, 0).buffer > plain.view(Household, 0).buffer + 1.0


def test_a_lever_written_through_a_view_is_written_anew_by_the_policies(model):
    village = model.view(Village, 1)
    flows = village.works_council
    village.works_council = 5.0
    model.step()
    assert village.works_council == flows


def test_unknown_columns_are_refused_and_the_nearest_is_named(model):
    household = model.view(Household, 0)
    with pytest.raises(AttributeError, match=r"Household has no column consumpton; did you mean consumption\?"):
        household.consumpton  # noqa: B018
    with pytest.raises(AttributeError, match=r"did you mean buffer\?"):
        household.bufer = 1.0
    with pytest.raises(AttributeError, match=r"did you mean ties\?"):
        household.tiess  # noqa: B018
    with pytest.raises(AttributeError, match="price_level: it belongs to the village"):
        household.price_level  # noqa: B018
    with pytest.raises(AttributeError, match="Council has no column pot"):
        model.view(Council, 0).pot  # noqa: B018
    assert not hasattr(household, "visited")


@pytest.mark.parametrize("name", ["village", "ties", "model", "row", "pos", "remove"])
def test_what_is_no_column_cannot_be_set(model, name):
    with pytest.raises(AttributeError, match=f"{name} cannot be set"):
        setattr(model.view(Household, 0), name, 1.0)


@pytest.mark.parametrize(("name", "value"), [("attends", 2.0), ("capital", -1.0), ("consumption", float("nan"))])
def test_a_value_outside_the_columns_bounds_is_refused(model, name, value):
    before = getattr(model.view(Household, 0), name)
    with pytest.raises(ValueError, match=name):
        setattr(model.view(Household, 0), name, value)
    assert getattr(model.view(Household, 0), name) == before


def test_there_is_no_agent_beyond_the_rows(model):
    with pytest.raises(IndexError, match="there is no Council 4"):
        model.view(Council, VILLAGES)


@pytest.mark.parametrize("kind", [*AGENTS, Village])
def test_no_column_hides_behind_an_attribute_of_a_view(model, kind):
    of_class = set(dir(kind)) | {"model", "row", "unique_id"}
    assert not of_class & set(model.plan.columns[kind.table])


@pytest.mark.parametrize("kind", [*AGENTS, Village])
def test_every_column_says_what_it_is(model, kind):
    table = model.view(kind, 0).describe()
    assert tuple(table.index) == model.view(kind, 0).columns
    assert table["unit"].map(bool).all() and table["meaning"].map(bool).all() and table["set_by"].map(bool).all()
    assert set(table.index) <= set(dir(model.view(kind, 0)))
    if kind is Council:
        assert tuple(table.index) == COUNCIL
    if kind is Village:
        assert table.loc["works_council", "set_by"] == "policies"
    if kind is Household:
        assert table.loc["size", "set_by"] == "population"
        assert table.loc["attends", "set_by"] == "participation"


def test_who_belongs_to_whom(model):
    layout = model.state.layout
    for v in range(VILLAGES):
        village = model.view(Village, v)
        assert village.code == layout.codes[v]
        rows = [household.row for household in village.households]
        assert rows == list(range(layout.start["household"][v], layout.start["household"][v + 1]))
        assert all(household.village is village and household.pos is village for household in village.households)
        assert [group.kind for group in village.cooperatives] == [0.0, 1.0, 2.0, 3.0]
        for place in (village.council, village.savings_group, village.service_agency, *village.cooperatives):
            assert place.village is village and place.households == village.households
        assert village in village.district.villages
    assert [d.row for d in model.view(Nation, 0).districts] == list(range(DISTRICTS))
    assert model.view(Nation, 0).pos is None


def test_ties_have_two_ends_and_one_strength(model):
    households = list(model.agents_by_type[Household])
    seen = sum(len(household.ties) for household in households)
    assert seen == 2 * model.state.layout.rows("tie")
    for household in households:
        assert len(household.ties) == household.degree
        for neighbour, strength in household.ties:
            assert neighbour.village is household.village and neighbour is not household
            assert (household, strength) in neighbour.ties


def test_members_are_listed(model):
    for group in model.agents_by_type[Cooperative]:
        assert len(group.members_list) == group.members
        assert all(household.cooperative is group for household in group.members_list)
    circles = list(model.agents_by_type[SavingsGroup])
    assert sum(len(circle.members_list) for circle in circles) == model.state["member"].sum()


def test_agent_sets(model):
    households = model.agents_by_type[Household]
    poor = households.select(lambda household: household.consumption < 1.0)
    assert len(poor) == (model.state["consumption"] < 1.0).sum()
    assert len(model.agents.select(agent_type=Council)) == VILLAGES
    assert households.agg("size", np.sum) == model.state["size"].sum()
    assert households.get("size") == model.state["size"].tolist()
    by_stratum = households.groupby("stratum")
    assert sum(by_stratum.count().values()) == len(households)
    assert by_stratum.agg("consumption", max)[2.0] == model.state["consumption"][model.state["stratum"] == 2].max()
    richest = next(iter(households.sort("consumption")))
    assert richest.consumption == model.state["consumption"].max()
    assert households.map(lambda household: household.row) == list(range(len(households)))
    households.set("buffer", 0.5)
    assert (model.state["buffer"] == 0.5).all()
    households.do(lambda household: setattr(household, "skill", household.skill + 1.0))
    assert (model.state["skill"] > 1.0).all()
    seen = []
    households.shuffle_do(lambda household: seen.append(household.row))
    assert sorted(seen) == list(range(len(seen))) and seen != sorted(seen)
    model.agents.shuffle_do("step")


def test_looking_and_shuffling_move_nobodys_luck(small_world, programmes_2017):
    plain, looked = (CommunityModel(small_world, programmes_2017, seed=5) for _ in range(2))
    for _ in range(3):
        looked.agents.shuffle_do("step")
        looked.rng.random()
        plain.step()
        looked.step()
    assert same(plain, looked)


def test_rows_are_for_ever(model):
    household = model.view(Household, 0)
    with pytest.raises(TypeError, match="cannot be removed"):
        household.remove()
    count = len(model.agents)
    with pytest.raises(TypeError, match="cannot be removed"):
        model.remove_all_agents()
    with pytest.raises(TypeError, match="no Household can be added"):
        Household.create_agents(model, 3)
    with pytest.raises(AttributeError):
        model.agents = []
    assert household in model.agents and len(model.agents) == count


def test_a_large_world_refuses_lists_but_gives_single_agents(model, monkeypatch):
    monkeypatch.setattr(view, "LARGEST", 10)
    with pytest.raises(RuntimeError, match=r"households are too many .* model\.view\(Household, row\)"):
        model.agents  # noqa: B018
    assert model.view(Household, 100).consumption == model.state["consumption"][100]
    assert list(model._views) == [Household]


def test_data_collector(small_world, programmes_2017):
    model = CommunityModel(small_world, programmes_2017, seed=7)
    collector = mesa.DataCollector(
        model_reporters={"quarter": "quarter", "poor": lambda m: int((m.state["consumption"] < 1.0).sum())},
        agent_reporters={"row": "row", "kind": lambda agent: type(agent).__name__},
        agenttype_reporters={Household: {"consumption": "consumption"}, Council: {"attendance": "attendance"}},
    )
    for _ in range(3):
        model.step()
        collector.collect(model)
        last = model.state["consumption"].copy()
    assert collector.get_model_vars_dataframe()["quarter"].tolist() == [1, 2, 3]
    households = collector.get_agenttype_vars_dataframe(Household)
    assert np.array_equal(households.loc[3]["consumption"], last)
    assert len(collector.get_agenttype_vars_dataframe(Council)) == 3 * VILLAGES
    assert len(collector.get_agent_vars_dataframe()) == 3 * len(model.agents)


@pytest.mark.parametrize("asked", [False, True], ids=["no views", "views"])
@pytest.mark.parametrize("copied", [copy.deepcopy, lambda m: pickle.loads(pickle.dumps(m))], ids=["deepcopy", "pickle"])
def test_a_copy_is_the_same_model_and_goes_its_own_way(model, copied, asked):
    if asked:
        model.poor = model.agents_by_type[Household].select(lambda household: household.consumption < 1.0)
    twin = copied(model)
    assert same(model, twin)
    assert len(twin.agents) == len(model.agents)
    assert all(agent.model is twin for agent in twin.agents)
    if asked:
        assert [agent.row for agent in twin.poor] == [agent.row for agent in model.poor]
        assert all(agent is twin.view(Household, agent.row) for agent in twin.poor)
    for _ in range(3):
        model.step()
    assert (twin.quarter, twin.steps) == (2, 2)
    for _ in range(3):
        twin.step()
    assert same(model, twin) and twin.steps == model.steps
    before = model.view(Household, 0).consumption
    twin.view(Household, 0).consumption = before + 1.0
    assert model.view(Household, 0).consumption == before
    assert twin.state["consumption"][0] == before + 1.0


def test_a_deep_copy_shares_the_world_and_a_pickle_carries_no_machine_code(model):
    assert copy.deepcopy(model).world is model.world
    twin = pickle.loads(pickle.dumps(model))
    assert twin.world is not model.world and twin.world.state.layout is twin.state.layout
    assert twin.world.lane.code is model.world.lane.code  # compiled once in a process
    assert len(pickle.dumps(model.world.lane)) < 200_000


def test_a_pickled_plan_keeps_units_sources_and_ranges(lane):
    plan = pickle.loads(pickle.dumps(lane.plan))
    assert list(plan.parameters) == list(lane.plan.parameters)
    for name, parameter in lane.plan.parameters.items():
        twin = plan.parameters[name]
        assert isinstance(twin, Param) and vars(twin) == vars(parameter) and twin == parameter
    assert [str(step.does) for step in plan.steps] == [str(step.does) for step in lane.plan.steps]


def test_a_pickle_is_read_in_a_new_process(model, tmp_path):
    path = tmp_path / "model.pickle"
    path.write_bytes(pickle.dumps(model))
    code = (
        "import pickle, pathlib, sys; model = pickle.loads(pathlib.Path(sys.argv[1]).read_bytes()); "
        "model.step(); print(repr(float(model.state['consumption'].sum())), len(list(model.agents)))"
    )
    done = subprocess.run([sys.executable, "-c", code, str(path)], capture_output=True, text=True, check=True)
    model.step()
    assert done.stdout.split() == [repr(float(model.state["consumption"].sum())), str(len(model.agents))]


def test_a_copied_view_brings_its_model(model):
    twin = copy.deepcopy(model.view(Household, 4))
    assert twin.model is not model and twin.model.view(Household, 4) is twin
    assert twin.consumption == model.view(Household, 4).consumption


def test_a_branch_has_views_of_its_own(model):
    household = model.view(Household, 0)
    twin = model.branch()
    twin.view(Household, 0).consumption = household.consumption + 1.0
    assert twin.view(Household, 0) is not household
    assert twin.state["consumption"][0] == household.consumption + 1.0


def test_mesa_counts_steps_also_in_threads(small_world, programmes_2017):
    plain, threaded = (CommunityModel(small_world, programmes_2017, seed=9) for _ in range(2))
    with ThreadPoolExecutor(2) as executor:
        for _ in range(3):
            plain.step()
            threaded.step(executor, parts=3)
        assert same(plain, threaded)
        plain.step(None)
        threaded.step(executor=executor, parts=2)
    assert same(plain, threaded)
    assert (threaded.steps, threaded.quarter) == (4, 4)
    assert getattr(threaded, "time", 4.0) == 4.0  # Mesa 3.3 has no clock


def test_run_model_ends(small_world):
    model = CommunityModel(small_world, seed=1)
    model.run_model(until=5)
    assert (model.quarter, model.steps) == (5, 5)
    model.running = False
    model.run_model()
    assert model.quarter == 5
    model.running = True
    model.run_model()
    assert model.quarter == 80


@pytest.mark.skipif(not hasattr(mesa.Model, "run_for"), reason="events came with Mesa 3.5")
def test_mesas_clock_and_events(small_world, programmes_2017):
    plain, timed = (CommunityModel(small_world, programmes_2017, seed=9) for _ in range(2))
    hits = []
    hit = functools.partial(hits.append, "drought")
    timed.schedule_event(hit, at=2.5)
    for _ in range(4):
        plain.step()
    timed.run_for(4)
    assert hits == ["drought"] and same(plain, timed) and timed.steps == 4


def test_a_users_own_agent_may_join(model):
    class Observer(mesa.Agent):
        """Somebody who watches."""

    observer = Observer(model)
    assert observer in model.agents
    assert model.agent_types.count(Observer) == 1
    assert len(model.agents_by_type[Household]) == model.state.layout.rows("household")


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="no /proc to read memory from")
def test_models_built_and_dropped_leave_memory_flat(small_world, programmes_2017):
    """200 models, a third of them with all views: what stays is less than a fifth of what their states would take."""
    bound = 200 * sum(array.nbytes for array in small_world.state.arrays.values()) / 5

    def used():
        return int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1]) * os.sysconf("SC_PAGE_SIZE")

    def cycle(number):
        model = CommunityModel(small_world, programmes_2017, seed=number)
        for _ in range(3):
            model.step()
        if number % 3 == 0:
            assert len(model.agents) > 100
        return weakref.ref(model), weakref.ref(model.view(Household, 0))

    for number in range(20):
        cycle(number)
    gc.collect()
    before, alive = used(), []
    for number in range(200):
        alive += cycle(number)
        if number % 20 == 19:
            gc.collect()
    gc.collect()
    assert not any(ref() is not None for ref in alive)
    assert used() - before < bound
