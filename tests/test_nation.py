"""The nation: its parts add up, its start is what was asked for, and neither shards nor workers change a bit."""

from __future__ import annotations

import gc
import json
import multiprocessing
import re
import sys
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from sim.agents.territory import district, nation, village
from sim.calibration import ensemble
from sim.commands import nation as national_command
from sim.engine.rule import Last, Normal, Sum, Uniform, rule
from sim.engine.table import State
from sim.errors import InputError
from sim.experiment.lanes import copied
from sim.experiment.study import programmes
from sim.language import speaking
from sim.metrics import inequality
from sim.model import CommunityModel
from sim.nation import frame, sketch, start, tables
from sim.nation import run as national
from sim.nation.frame import Province
from sim.report import nation as report
from sim.report import number
from sim.scenario import check
from sim.start import wire
from sim.survey import read_aggregates

SMALL = [
    Province("north", 5, 2, 5 * 150.0, 0.20, 5),
    Province("middle", 3, 2, 3 * 260.0, 0.13, 3),
    Province("south", 40, 2, 40 * 90.0, 0.10, 4),  # each stands for ten
]
KINDS = 12


def scenario_of(known, **changes):
    """A short scenario of two arms."""
    document = {
        "title": "A small nation",
        "calendar": {"start": 8, "end": 16, "quarters": 68},
        "replications": {"seeds": 1},
        "arms": [{"policy": "status_quo"}, {"policy": "dividend"}],
    }
    return check({**document, **changes}, known, name="small")


@pytest.fixture(scope="module")
def scenario(known):
    return scenario_of(known)


@pytest.fixture(scope="module")
def solved(scenario, programmes_2017):
    """Twelve villages at rest."""
    return start.solve(scenario, programmes_2017, KINDS)


@pytest.fixture
def rested(solved, monkeypatch):
    """Runs that take the villages at rest from here."""
    monkeypatch.setattr(national, "solve", lambda *_: solved)


@pytest.fixture(scope="module")
def whole(scenario, solved):
    """The small nation in one shard, one thread."""
    with pytest.MonkeyPatch.context() as patch, ThreadPoolExecutor(1) as one:
        patch.setattr(national, "solve", lambda *_: solved)
        return national.run(scenario, SMALL, one, shards=1)


# ---- the frame ----


def test_the_provinces_add_up_to_the_country():
    found, rural = frame.provinces(), read_aggregates()
    persons = sum(one.households for one in found) * rural["household.size"]
    poor = sum(one.households * one.headcount for one in found) * rural["household.size"]
    assert len(found) == 33  # all but Jakarta
    assert persons == pytest.approx(1e6 * rural["village.rural_people"])
    assert 100.0 * poor / persons == pytest.approx(rural["targets.headcount"])
    assert sum(one.villages for one in found) == pytest.approx(rural["village.desa"], rel=0.01)
    assert max(found, key=lambda one: one.headcount).name == "papua"


def test_a_district_leaves_nothing_behind(scenario, solved, programmes_2017):
    """Memory is that of one district a worker, though the garbage collector hardly ever looks at large arrays."""
    arms = programmes(scenario)
    district = national.divided(solved, SMALL, 1)[0]
    gc.collect()
    gc.disable()
    try:
        before = states()
        national.shard(scenario, solved, programmes_2017, arms, [district])
        assert states() == before
    finally:
        gc.enable()


def states():
    """How many worlds are in memory."""
    return sum(type(one) is State for one in gc.get_objects())  # a weak proxy may not be asked for more


def test_poor_of_country_and_cities_together_are_those_published():
    regions, rural = read_aggregates(frame.REGIONS), read_aggregates()
    ratio = rural["targets.headcount"] / frame.CITIES
    found = {one.name: one.headcount for one in frame.provinces()}
    scales = []
    for name in found:
        cities, people = regions["provinces.urban"][name] / 100.0, regions["provinces.people"][name]
        poor = people * (cities * found[name] / ratio + (1.0 - cities) * found[name])
        scales.append(poor / frame.poor(regions, name))
    assert np.ptp(scales) < 1e-9  # one factor brings all provinces to the rural headcount of September
    assert scales[0] == pytest.approx(10.12 / 10.64, abs=0.08)  # as the nation's fell from March to September
    assert frame.poor(regions, "bali") == pytest.approx(175.0)


@pytest.mark.parametrize("part", [1.0, 0.01, 1e-6])
def test_each_village_is_in_one_district(part):
    for one in frame.provinces(part):
        rows = [row for district in one.districts_of() for row in district]
        assert rows == list(range(one.played))
        assert all(len(district) for district in one.districts_of())
        assert one.weight * one.played == pytest.approx(one.villages)


# ---- sketches ----


def test_sketches_are_within_their_bounds_of_exact_values():
    dice = np.random.default_rng(1)
    for spread in (0.3, 0.6, 0.9):
        values, persons = np.exp(spread * dice.normal(size=40_000)), dice.integers(1, 9, 40_000).astype(float)
        found = sketch.counted(values, persons)
        gap = abs(sketch.gini(found) - inequality.gini(values, persons))
        assert gap <= sketch.bound(sketch.gini(found)) < 1e-4
        for at in (0.1, 0.5, 0.9, 0.99):
            assert sketch.quantile(found, at) == pytest.approx(inequality.quantile(values, persons, at), rel=1e-4)
        assert sketch.beyond(found) == 0.0


def test_sketches_of_parts_add_up_in_any_order():
    dice = np.random.default_rng(2)
    values, persons = np.exp(dice.normal(size=3000)), dice.integers(1, 9, 3000).astype(float)
    parts = [sketch.counted(values[k::7], persons[k::7]) for k in (3, 0, 6, 1, 5, 2, 4)]
    assert np.array_equal(sum(parts), sketch.counted(values, persons))


def test_what_lies_beyond_the_limits_is_told():
    found = sketch.counted(np.array([-1.0, 0.0, 1.0, 1e9]), np.array([1.0, 2.0, 3.0, 4.0]))
    assert sketch.beyond(found) == pytest.approx(0.7)


# ---- the start ----


def made(count=300):
    """Made-up villages at rest: what the weights look at."""
    dice = np.random.default_rng(3)
    households = np.round(np.geomspace(40, 3000, count))
    level = dice.uniform(start.POOREST, start.RICHEST, count)
    return start.Solved(None, households, 3.9 * households, 0.13 * np.exp(-0.6 * level), level)


@pytest.mark.parametrize("size", [90.0, 400.0, 800.0])
@pytest.mark.parametrize("poor", [0.06, 0.14, 0.3])
def test_weights_give_a_province_its_size_and_poverty(size, poor):
    villages, province = made(), Province("p", 2000, 10, 2000 * size, poor, 2000)
    weight = start.weights(villages, province)
    assert weight.sum() == pytest.approx(1.0)
    assert weight @ villages.households == pytest.approx(size, rel=1e-6)
    persons = weight * villages.persons
    assert persons @ villages.headcount / persons.sum() == pytest.approx(poor, abs=1e-6)
    kinds = start.drawn(villages, province, 1)
    assert abs(np.bincount(kinds, minlength=300) - 2000 * weight).max() < 1.0 + 1e-9  # systematic: to one village


def test_equal_weights_count_every_kind():
    assert start.effective(np.full(17, 1 / 17)) == pytest.approx(17.0)
    assert start.effective(np.array([1.0, 0.0])) == 1.0


def test_a_village_is_copied_with_all_it_holds(solved):
    state = solved.world.state
    made = copied(state, np.array([5, 2, 5]), ("a", "b", "c"))
    first = state.layout.start["household"]
    own = made.layout.start["household"]
    for k, kind in enumerate((5, 2, 5)):
        for name in ("ability", "capital", "size", "buffer"):
            assert np.array_equal(made[name][own[k] : own[k + 1]], state[name][first[kind] : first[kind + 1]])
    assert made["outside_base"].tolist() == state["outside_base"][[5, 2, 5]].tolist()
    ties = made.layout.start["tie"]
    assert np.array_equal(made.layout.ends[:, : ties[1]], made.layout.ends[:, ties[2] :])
    assert len(set(made.layout.places.tolist())) == 3  # a code of its own, and so luck of its own


def test_two_villages_of_a_kind_part_by_luck_before_the_start(solved, scenario, programmes_2017):
    world = start.district_world(solved, np.array([4, 4]), ("a", "b"), programmes_2017, 1, ())
    middle = world.state.layout.start["household"][1]
    assert np.array_equal(world.state["ability"][:middle], world.state["ability"][middle:])
    luck = world.state["luck"]
    assert np.corrcoef(luck[:middle], luck[middle:])[0, 1] < 0.6  # 0.92 to the 24th is 0.14


# ---- shards, workers, resuming ----


@pytest.mark.parametrize(("shards", "workers"), [(2, 2), (5, 1)])
def test_shards_and_workers_change_no_bit(scenario, rested, whole, shards, workers):
    with ThreadPoolExecutor(workers) as pool:
        found = national.run(scenario, SMALL, pool, shards=shards)
    assert np.array_equal(found.sums.view(np.uint64), whole.sums.view(np.uint64))
    assert np.array_equal(found.sketches, whole.sketches)
    assert tables.digest(tables.tables(found)) == tables.digest(tables.tables(whole))


@pytest.mark.full
def test_other_processes_give_the_same_bits(scenario, rested, whole):
    with ProcessPoolExecutor(2, multiprocessing.get_context("spawn")) as pool:
        found = national.run(scenario, SMALL, pool, shards=3)
    assert tables.digest(tables.tables(found)) == tables.digest(tables.tables(whole))


def test_districts_by_themselves_are_the_nation_as_one_world(scenario, solved, whole, programmes_2017):
    districts = national.divided(solved, SMALL, scenario.population.seed)
    codes = [code for one in districts for code in one.codes]
    kinds = np.concatenate([one.kinds for one in districts])
    world = start.district_world(solved, kinds, codes, programmes_2017, scenario.population.seed, ())
    home = np.repeat(np.arange(len(districts)), [len(one.codes) for one in districts])
    layout = replace(world.state.layout, district_of=home, districts=len(districts))
    state = world.state.copy()
    state.layout, state.arrays["district"] = layout, np.repeat(state.arrays["district"], len(districts), axis=1)
    model = CommunityModel(replace(world, state=state), programmes_2017, seed=scenario.replications.first_seed)
    of_household = np.repeat(home, np.diff(layout.start["household"])[: len(codes)])
    for quarter in range(12):
        model.step()
        poor = np.bincount(of_household, model.state["size"] * (model.state["consumption"] < 1.0), len(districts))
        assert np.array_equal(poor, whole.sums[:, 0, quarter, 0])


def test_a_run_that_was_stopped_goes_on(scenario, rested, whole, tmp_path, monkeypatch):
    told = []

    def stops(doing, done, _):
        told.append((doing, done))
        if (doing, done) == ("districts", 3):
            raise KeyboardInterrupt

    with ThreadPoolExecutor(1) as one, pytest.raises(KeyboardInterrupt):
        national.run(scenario, SMALL, one, kept=tmp_path / "kept", tell=stops)
    stored = sorted((tmp_path / "kept").glob("*.npz"))
    assert len(stored) >= 3
    stored[0].write_bytes(stored[0].read_bytes()[:100])  # torn: it is played again
    played, play = [], national.play
    monkeypatch.setattr(national, "play", lambda *given: played.append(1) or play(*given))
    found = national.run(scenario, SMALL, kept=tmp_path / "kept")
    assert len(played) == 6 - len(stored) + 1
    assert tables.digest(tables.tables(found)) == tables.digest(tables.tables(whole))


def test_a_shard_that_is_damaged_is_not_taken(scenario, rested, whole, tmp_path):
    with ThreadPoolExecutor(1) as one:
        national.run(scenario, SMALL, one, shards=1, kept=tmp_path)
    (file,) = tmp_path.glob("*.npz")
    written, span = file.read_bytes(), (0, len(whole.districts))
    (kept,) = {len(national._stored(tmp_path, span))}
    for place in range(0, len(written), len(written) // 97):
        file.write_bytes(written[:place] + bytes([written[place] ^ 0xFF]) + written[place + 1 :])
        found = national._stored(tmp_path, span)
        assert found is None or (  # what a reader passes over, as the time at which a file was packed
            len(found) == kept and np.array_equal([one.sums for one in found], whole.sums)
        )


def test_a_run_that_goes_on_is_of_the_same_parameter_sets(known, monkeypatch):
    asked = scenario_of(known, replications={"seeds": 2, "sets": 2})
    before, load = national.digest(asked, 1.0), ensemble.load
    monkeypatch.setattr(ensemble, "load", lambda variant: load(variant)[1:])
    assert national.digest(asked, 1.0) != before


# ---- what cannot be played by district ----


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"parameters": {"macro_trend.feedback": 0.2}}, "macro_trend.feedback = 0.2.*shards cannot be used"),
        ({"arms": [{"policy": "status_quo"}, {"policy": "regional_planning"}]}, "regional_planning moves money"),
        ({"population": {"world": "poor_village"}}, "no other world"),
    ],
)
def test_what_no_part_can_do_by_itself_is_refused(known, changes, words):
    with pytest.raises(InputError, match=words):
        national.run(scenario_of(known, **changes), SMALL)


@pytest.mark.parametrize("drawn", [Normal(), Uniform()])
def test_a_rule_of_the_district_that_draws_is_refused(scenario, drawn):
    """Each district is played as the only one of its world: all would draw the same."""

    def district_luck(draw=drawn):
        """Luck of a district."""
        return draw

    plan = wire([rule(district, "number")(district_luck).rule])
    solved = SimpleNamespace(world=SimpleNamespace(lane=SimpleNamespace(plan=plan), value=lambda name: 0.0))
    with pytest.raises(InputError, match="district_luck of the district draws"):
        national._refuse_rules(solved, scenario)


@pytest.mark.parametrize(
    ("table", "marker", "told"),
    [
        (nation, Sum(Last("micro_income")), r"own_view reads nation: Sum\(last micro_income\)"),
        (nation, Last("villages_income"), "own_view reads villages_income"),
        (village, Last("villages_growth"), "own_view reads villages_growth"),
        (village, Last("macro_trend"), ""),
    ],
)
def test_a_rule_of_ones_own_that_sees_all_villages_is_refused(known, table, marker, told):
    def own_view(seen=marker):
        """What somebody sees."""
        return seen

    own = rule(table, "number")(own_view).rule
    lane = SimpleNamespace(plan=wire([own]))
    solved = SimpleNamespace(world=SimpleNamespace(lane=lane, value=lambda name: 0.0))
    asked = SimpleNamespace(slug="small", known=SimpleNamespace(own_rules=[own]))
    if not told:
        national._refuse_rules(solved, asked)
        return
    with pytest.raises(InputError, match=told):
        national._refuse_rules(solved, asked)


# ---- what is told ----


def test_memory_is_told_where_the_system_tells_it(monkeypatch):
    assert 0.05 < national.most_memory() < 64.0
    monkeypatch.setitem(sys.modules, "resource", None)  # as on Windows
    assert national.most_memory() is None


def test_tables_count_each_played_village_for_all_it_stands_for(whole):
    found = tables.tables(whole)
    persons = found["start"].set_index("place")["persons"]
    south = [k for k, one in enumerate(whole.districts) if SMALL[one.province].name == "south"]
    assert persons["south"] == pytest.approx(10 * whole.persons[south].sum())
    assert persons["indonesia"] == pytest.approx(persons[["north", "middle", "south"]].sum())
    summary = found["summary"].set_index(["place", "arm", "measure"])
    assert (summary.xs("status_quo", level="arm")["difference"].dropna() == 0.0).all()
    head = summary.xs("headcount_post", level="measure").xs("dividend", level="arm")["value"]
    mixed = (head[["north", "middle", "south"]] * persons).dropna().sum() / persons["indonesia"]
    assert head["indonesia"] == pytest.approx(mixed)


def test_the_dividend_costs_what_it_pays(whole, scenario):
    summary = tables.tables(whole)["summary"].set_index(["place", "arm", "measure"])
    paid = sum(0.04 * 3 * 370_910 / 1.05 ** (quarter / 4) for quarter in range(8))
    for place in ("north", "indonesia"):
        assert summary.loc[(place, "dividend", "cost_per_head"), "difference"] == pytest.approx(paid, rel=1e-9)


def test_the_command_writes_page_tables_and_manifest(scenario, rested, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(frame, "provinces", lambda _: SMALL)
    assert national_command.run(scenario, False, tmp_path) == 0
    (folder,) = tmp_path.iterdir()
    about = json.loads((folder / "manifest.json").read_text())
    assert about["synthetic"] is True and len(about["result_sha256"]) == 64
    page = (folder / "report.html").read_text()
    assert all(word in page for word in ("North", "Indonesia, rural", "Synthetic", "imputed", "T0 dividend"))
    assert {file.name for file in (folder / "tables").iterdir()} >= {"start.csv", "series.parquet", "summary.csv"}
    said = " ".join(capsys.readouterr().out.split())
    played, villages = (sum(getattr(one, kind) for one in SMALL) for kind in ("played", "villages"))
    assert "South" in said and played < villages
    look = f"A first look: {played} of {villages} villages are played"
    assert look in said and page.index(look) < page.index("The nation over time")  # told before what it shows
    sampled = f"Persons and rupiah are counted from {played} sampled villages"
    assert sampled in said and page.count(sampled) == 2  # at the head, and beneath the table


def test_the_table_sets_the_end_against_a_start_of_the_same_kind(whole):
    """True consumption before and after; what a survey finds, which is more, is said to be something else."""
    found = tables.tables(whole)
    level = found["summary"].set_index(["place", "arm", "measure"])["value"]
    for full in (True, False):
        grid = report.by_place(whole, found, "dividend", full)
        before = [column.title for column in grid.columns].index("Poor before")
        for name, row in zip(["north", "middle", "south", "indonesia"], grid.rows, strict=True):
            both = [number(level[name, "status_quo", f"headcount_{when}"], 2) for when in ("pre", "post")]
            assert [cell.text for cell in row[before : before + 2]] == both
        assert "A survey measures consumption with error" in grid.note
        assert {len(row) for row in grid.rows} == {len(grid.columns)}
    assert not report.sampled(replace(whole, provinces=[replace(one, played=one.villages) for one in SMALL]))


def test_a_gini_coefficient_that_does_not_move_as_printed_is_said_to_stay():
    assert report.unequal(0.31942, -0.00004) == "The Gini coefficient stays at 0.3194."
    assert report.unequal(0.31942, -0.00006) == "The Gini coefficient moves from 0.3194 by \u22120.0001."


def test_the_page_is_told_in_the_language_of_the_reader(scenario, rested, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(frame, "provinces", lambda _: SMALL)
    with speaking("id"):
        assert national_command.run(scenario, False, tmp_path) == 0
    (folder,) = tmp_path.iterdir()
    page = (folder / "report.html").read_text()
    told = re.sub(r"<style>.*?</style>|<[^>]+>", " ", page.split("<h2>Manifes</h2>")[0], flags=re.S)
    assert '<html lang="id">' in page and "Sintetis: ini bukan penduduk yang diamati" in told
    english = {"the", "of", "and", "without", "with", "persons", "villages", "years", "poor", "luck", "district"}
    assert not english & {word.lower() for word in re.findall("[A-Za-z]+", told)}
    assert "dari waktu ke waktu" in told and "menurut provinsi" in capsys.readouterr().out


def test_who_stops_is_told_that_the_same_command_goes_on(scenario, rested, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(frame, "provinces", lambda _: SMALL[:1])
    monkeypatch.setattr(national_command, "write", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
    assert national_command.run(scenario, False, tmp_path) == 130
    assert "goes on" in capsys.readouterr().err
    (kept,) = tmp_path.iterdir()
    assert kept.name.endswith("-districts") and len(list(kept.glob("*.npz"))) == 2
