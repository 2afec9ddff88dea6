"""What the benchmark holds the compiled lane to: the same rules by hand in C, and a quarter with a clock in between."""

from __future__ import annotations

import inspect
import sys
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from pathlib import Path
from threading import Barrier

import numba
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sim.engine import aggregate, draw, write
from sim.engine import compile as compiling
from sim.engine.draw import place_key
from sim.engine.lane import Lane, holding
from sim.engine.lane import settings as numbers
from sim.engine.plan import Plan
from sim.engine.rule import Mean, Normal, Sum, rule
from sim.engine.table import Column, Layout, State, Table
from sim.engine.timed import COUNTS_CYCLES, Timed
from sim.experiment import handwritten, speed
from sim.experiment.lanes import copied

nation = Table("nation", None, ())
district = Table("district", nation, ())
village = Table("village", district, ())
household = Table("household", village, tuple(Column(name, "number", "given") for name in ("x", "late")))
TABLES = (nation, district, village, household, Table("group", village, ()), Table("tie", village, ()))
LAYOUT = Layout(
    ("A", "B"),
    np.array([0, 0]),
    1,
    {"household": np.array([0, 5, 8]), "group": np.array([0, 4, 8]), "tie": np.array([0, 0, 0])},
    np.empty((2, 0), np.int64),
    np.array([place_key(code) for code in "AB"], np.int64),
)


@rule(household, "number")
def moved(x, late, noise=Normal()):
    """Reads one column only where another says so."""
    return x + noise if late > 0.5 else 0.0


@rule(village, "number")
def middle(mean=Mean("moved"), whole=Sum("moved")):
    """Mean and sum of it."""
    return mean + whole


@pytest.fixture(scope="module")
def plan():
    return Plan(TABLES, [moved.rule, middle.rule])


def begun(plan):
    """A state of eight households."""
    state = State(plan.columns, LAYOUT)
    state["x"], state["late"] = np.arange(8.0), [0, 1, 0, 1, 1, 0, 0, 1]
    return state


# ---- the engine ----


@pytest.fixture(scope="module")
def compiled_order():
    order = aggregate.order
    return numba.njit(error_model="numpy")(lambda values: order(values))


@settings(max_examples=100, deadline=None)
@given(st.lists(st.one_of(st.floats(allow_nan=False), st.sampled_from([0.0, -0.0, 1.0, -1.0])), max_size=60))
def test_both_lanes_sort_alike_and_equal_values_stand_in_row_order(compiled_order, values):
    plain = sorted(range(len(values)), key=lambda row: (values[row], row))
    assert compiled_order(np.array(values, float)).tolist() == aggregate.order(values) == plain


def test_a_rule_reads_before_it_chooses(plan):
    text = "".join(write.Writer(plan).parts())
    loop = text[text.index("# moved") : text.index("# middle")]
    x = plan.columns["household"].index("x")
    assert f"= household[{x}, i]" in loop  # on a line of its own, not inside the choice
    assert f"household[{x}, i] +" not in loop and f"household[{x}, i] if" not in loop


def test_the_quarter_is_compiled_anew_when_what_it_calls_is(plan, monkeypatch):
    first = compiling.compiled(plan)
    parts = write.Writer.parts
    monkeypatch.setattr(
        write.Writer, "parts", lambda self: [text + "# as another engine writes it\n" for text in parts(self)]
    )
    assert compiling.compiled(plan).__name__ != first.__name__


@pytest.mark.parametrize("kind", ["parts", "draws", "driver"])
def test_what_is_compiled_is_known_by_how_it_is_compiled(kind, monkeypatch):
    """Nothing that the compiler is told may change beside machine code that was made otherwise."""
    before = compiling._path(kind, "text", set())
    source = inspect.getsource
    monkeypatch.setattr(compiling.inspect, "getsource", lambda what: source(what).replace("OPTIONS: Any", "OPTIONS"))
    assert compiling._path(kind, "text", set()) != before


def test_all_processes_of_a_user_have_one_temporary_folder(tmp_path, monkeypatch):
    monkeypatch.setattr(compiling.tempfile, "tempdir", str(tmp_path))
    first = compiling.temporary_folder()
    assert compiling.temporary_folder() == first and first.stat().st_mode & 0o777 == 0o700
    first.chmod(0o777)  # whoever made it, others may write there
    assert compiling.temporary_folder() != first


def test_a_second_process_compiles_from_the_end_until_it_meets_the_first(plan, tmp_path, monkeypatch):
    monkeypatch.setattr(compiling, "cache_folder", lambda: tmp_path)
    monkeypatch.setattr(write, "PART", 1)
    module, new = compiling._written(plan)
    first = compiling._parts(module)
    first[1].compile(compiling.PART)  # so far has the first process come
    monkeypatch.delitem(sys.modules, module.__name__)  # and this is another one
    compiling.from_the_end(plan)
    again, known = compiling._written(plan)
    second = compiling._parts(again)
    assert new and not known and len(second) > 2
    assert [len(part.overloads) for part in second] == [0, *[1] * (len(second) - 1)]
    assert [sum(part.stats.cache_hits.values()) for part in second] == [0, 1, *[0] * (len(second) - 2)]
    compiling.addresses(module)  # the first one finds what the second has made
    assert all(part.stats.cache_hits for part in first[2:])


def test_threads_may_ask_for_the_same_module_before_it_was_ever_written(tmp_path, monkeypatch):
    together, written = Barrier(2), Path.write_text

    def met(path, *text, **how):
        written(path, *text, **how)
        together.wait(60)  # both have written, neither has put its file in place

    monkeypatch.setattr(compiling, "cache_folder", lambda: tmp_path)
    monkeypatch.setattr(Path, "write_text", met)
    with ThreadPoolExecutor(2) as threads:
        asked = [threads.submit(compiling._module, "number", "NUMBER = 7\n", set(), {}) for _ in range(2)]
        assert {one.result().NUMBER for one in asked} == {7}
    assert [path.suffix for path in tmp_path.iterdir() if path.is_file()] == [".py"]


@pytest.mark.skipif(not COUNTS_CYCLES, reason="the clock of this processor is not read")
def test_the_timed_quarter_is_the_lanes_own(plan):
    timed, lane = Timed(plan), Lane(plan)
    one, other, given = begun(plan), begun(plan), numbers(plan)
    spent = np.zeros(len(timed.pieces), np.int64)
    for quarter in range(3):
        timed.run(timed.whole(spent), one, quarter, 7, given, holding(plan))
        lane.step(other, quarter, 7, given, holding(plan))
    for table, columns in other.arrays.items():
        assert np.array_equal(one.arrays[table].view(np.uint64), columns.view(np.uint64))
    kinds = [(piece.name, piece.kind) for piece in timed.pieces]
    assert kinds == [("moved", "draw"), ("moved", "plain arithmetic"), ("Mean(moved) and 1 more", "sums"),
                     ("middle", "plain arithmetic")]  # fmt: skip
    assert (spent > 0).all()
    again = begun(plan)
    timed.run(timed.alone(0), again, 2, 7, given, holding(plan))
    assert np.array_equal(again["moved.noise"], one["moved.noise"]) and not again["middle"].any()


# ---- loops by hand ----


@pytest.fixture(scope="module")
def libraries(tmp_path_factory):
    if handwritten.compiler() is None:
        pytest.skip("no C compiler on this machine")
    return handwritten.built(tmp_path_factory.mktemp("loops"))


@pytest.fixture(scope="module")
def lively(small_world):
    """A world after a few quarters."""
    state, lane = small_world.state.copy(), small_world.lane
    for quarter in range(5):
        lane.step(state, quarter, 3, small_world.parameters, holding(lane.plan))
    state["pot_won"] = np.abs(state["luck"])  # a round is longer than these quarters
    return state


def by_rule(name, state, world, places):
    """A household rule in plain Python, on every row."""
    found = world.lane.plan.rules[name]
    value = dict(zip(world.lane.plan.parameters, world.parameters.tolist(), strict=True))
    home = np.repeat(np.arange(len(places)), np.diff(state.layout.start["household"]))
    rows = []
    for row in range(len(home)):
        at = {"nation": 0, "village": home[row], "household": row}
        arguments = []
        for argument, marker in found.arguments:
            column = getattr(marker, "name", marker) if not isinstance(marker, float) else None
            if column is None:
                arguments.append(value[f"{name}.{argument}"])
            else:
                column = column if isinstance(column, str) else f"{name}.{argument}"
                arguments.append(float(state[column][at[state.index[column][0]]]))
        rows.append(found.function(*arguments))
    return np.array(rows)


@pytest.mark.parametrize("build", ["vectorised", "scalar"])
@pytest.mark.parametrize("name", handwritten.LOOPS)
def test_loops_by_hand_are_the_rules(libraries, lively, small_world, build, name):
    state, expected = lively.copy(), lively.copy()
    layout = expected.layout
    start, ties = layout.start["household"], layout.start["tie"]
    spans = [slice(a, b) for a, b in pairwise(start)]
    if name == "luck":
        for place, span in zip(layout.places.tolist(), spans, strict=True):
            out = [0.0] * (span.stop - span.start)
            draw.normal(out, 3, draw.name_key("luck.innovation"), place, 6)
            expected["luck.innovation"][span] = out
    if name in ("distress_sale", "output", "luck"):
        expected[name] = by_rule(name, expected, small_world, layout.places)
    for v, span in enumerate(spans):
        tied = slice(ties[v], ties[v + 1])
        count = span.stop - span.start
        if name.startswith("TieMean"):
            out, ends = [0.0] * count, layout.ends[:, tied].tolist()
            values, weight = expected["attends_own"][span].tolist(), expected["strength"][tied].tolist()
            aggregate.tie_mean(values, weight, *ends, out, [0.0] * count)
            expected[name][span] = out
        elif name.startswith("Order"):
            expected[name][span] = aggregate.order(expected["proxy_score"][span].tolist())
        elif name.startswith("Sum"):
            expected[name][v] = aggregate.total(
                expected["pot_won"][span].tolist(), expected["size"][span].tolist(), [1.0] * count
            )
    value = dict(zip(small_world.lane.plan.parameters, small_world.parameters.tolist(), strict=True))
    handwritten.call(libraries[build], name, state, value, 3, 6)()
    if build == "vectorised":
        assert np.array_equal(state[name].view(np.uint64), expected[name].view(np.uint64))
    else:  # the C library's functions differ in the last bits
        assert state[name] == pytest.approx(expected[name], rel=1e-11, abs=1e-13)
    assert np.ptp(expected[name]) > 0.0


# ---- larger worlds ----


def test_a_world_over_and_over_is_as_many_households(small_world):
    found = speed.grown(small_world, [len(small_world.state["size"]), 3 * len(small_world.state["size"])], quarters=1)
    (one, _), (three, cost) = found.values()
    assert three == 3 * one and cost > 0.0


def test_the_slope_is_that_of_a_power():
    assert speed.slope({1: (1_000, 2.0), 2: (5, 0.0), 3: (100_000, 20.0)}) == pytest.approx(1.5)


def test_copies_of_a_village_have_other_draws(small_world):
    state = copied(small_world.state, np.array([0, 0]), ("a", "b"))
    small_world.lane.step(state, 0, 1, small_world.parameters, holding(small_world.lane.plan))
    middle_row = state.layout.start["household"][1]
    assert not np.array_equal(state["luck.innovation"][:middle_row], state["luck.innovation"][middle_row:])
