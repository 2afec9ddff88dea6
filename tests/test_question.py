"""The Python face: what the docstrings promise, units on every number, and comparisons that are those of the tables."""

from __future__ import annotations

import doctest
import importlib
import inspect
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

import sim
from sim.experiment.units import TABLES
from sim.face.findings import Findings
from sim.face.map import Map
from sim.face.question import Answer, Question
from sim.face.study import Study

PEOPLE, LUCK = {"villages": 3, "households": 30}, {"seeds": 2, "sets": 1}
ARMS = [{"policy": name} for name in ("status_quo", "dividend", "hybrid", "macro_growth")]
NUMBERS = ["estimate", "low", "high"]


@pytest.fixture(scope="module")
def answer():
    """A small world of the default question, as in the docstrings."""
    return sim.load("desa", population=PEOPLE, replications=LUCK).run()


@pytest.fixture(scope="module")
def others():
    """Two parameter sets, and a policy without a rank."""
    return sim.load("desa", population=PEOPLE, replications={"seeds": 2, "sets": 2}, arms=ARMS).run()


STUDY = """
title = "A small study"
scenario = "desa"
villages = 3
households = 20
arms = ["status_quo", "locality_development"]
[uncertainties]
attends.invitation = "all"
output.works_gain = "all"
[design]
kind = "saltelli"
points = 8
[replications]
seeds = 1
"""


@pytest.fixture(scope="module")
def many(answer, tmp_path_factory):
    """What the docstrings speak of: a study that has been run, its store, what it found, and a map."""
    folder = tmp_path_factory.mktemp("many")
    (folder / "small.toml").write_text(STUDY)
    small = sim.study(folder / "small.toml")
    assert small.ahead(folder / "store", ThreadPoolExecutor(1), 1).runs == 64
    found = small.run(folder / "store", ThreadPoolExecutor(1), 1)
    arms = [{"policy": name} for name in ("status_quo", "dividend", "hybrid")]
    few = {"villages": 3, "households": 20}
    tiny = sim.load("desa", population=few, arms=arms).map(points=20, quick=True)
    return {"answer": answer, "small": small, "folder": folder / "store", "findings": found, "tiny": tiny}


def public():
    """Everything that a user is offered: the public names, and the public parts of what they give back."""
    yield from ((name, getattr(sim, name)) for name in sim.__all__)
    for kind in (Question, Answer, Study, Findings, Map):
        yield kind.__name__, kind
        for name, part in vars(kind).items():
            if not name.startswith("_") and (inspect.isfunction(part) or isinstance(part, property)):
                yield f"{kind.__name__}.{name}", part


@pytest.mark.parametrize(("name", "thing"), [*public()], ids=lambda one: one if isinstance(one, str) else "")
def test_every_public_name_has_a_docstring_with_an_example(name, thing):
    assert "Examples\n--------\n" in (inspect.getdoc(thing) or ""), name


@pytest.mark.full
@pytest.mark.parametrize(
    "module",
    ["face.question", "face.study", "face.findings", "face.map", "errors", "engine.rule", "policies.policy", "metrics"],
)
def test_the_examples_of_the_docstrings_are_true(module, many):
    found = doctest.testmod(importlib.import_module(f"sim.{module}"), extraglobs=many)
    assert found.attempted and not found.failed


def test_importing_the_package_loads_nothing_of_weight():
    heavy = "numpy", "pandas", "numba", "mesa", "matplotlib", "pydantic"
    code = f"import sim, sys; print([name for name in {heavy!r} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]" and sorted(sim.PUBLIC) == sim.__all__
    assert set(sim.__all__) <= set(dir(sim))  # what a prompt completes


def test_a_comparison_is_the_report_s_row(answer):
    headline, contrasts = answer.results.tables["headline"], answer.results.tables["contrasts"]
    assert answer.compare("hybrid")[NUMBERS].equals(
        headline[headline["arm"] == "hybrid"][NUMBERS].reset_index(drop=True)
    )
    pair = contrasts[(contrasts["arm"] == "hybrid") & (contrasts["against"] == "dividend")]
    assert answer.compare("hybrid", "dividend")[NUMBERS].equals(pair[NUMBERS].reset_index(drop=True))


@pytest.mark.parametrize("pair", [("hybrid", "status_quo"), ("hybrid", "dividend")])
def test_a_comparison_turned_round_has_its_signs_turned_round(answer, pair):
    one, other = answer.compare(*pair), answer.compare(*reversed(pair))
    np.testing.assert_array_equal(one["estimate"], -other["estimate"])
    np.testing.assert_allclose(one[["low", "high"]], -other[["high", "low"]], rtol=1e-12)
    assert other.attrs["arm"] == one.attrs["against"] == pair[1]


def test_what_has_no_rank_is_compared_with_the_status_quo_alone(others):
    assert len(others.compare("macro_growth")) == 6
    with pytest.raises(sim.InputError, match="macro_growth has no rank; allowed: against status_quo"):
        others.compare("macro_growth", "hybrid")
    with pytest.raises(sim.InputError, match="compared with itself"):
        others.compare("hybrid", "hybrid")
    assert others.compare("hybrid").attrs["interval"].endswith("over luck and parameters")


def test_every_number_of_every_table_has_a_unit(answer, others):
    for one in (answer, others):
        for name in one.tables:
            frame = one.table(name)
            numbers = set(frame.select_dtypes("number"))
            assert numbers == set(frame.attrs["units"]) & numbers, name
            named = [unit for unit in frame.attrs["units"].values() if unit == "in the column `unit`"]
            assert not named or "unit" in frame, name
            assert all(unit for unit in frame.attrs["units"].values()), name
    assert set(TABLES) <= {*answer.tables, *others.tables}


def test_rows_of_several_measures_have_a_unit_each(answer):
    for name, key in (("series", "metric"), ("power", "measure")):
        frame = answer.table(name)
        column = "value" if name == "series" else "estimate"
        assert set(frame[key]) <= set(frame.attrs["units"][column])


def test_standard_deviations_are_in_the_unit_of_what_varies(others):
    units = others.table("spread").attrs["units"]
    assert {units["parameters"], units["luck"]} == {"in the column `unit`"}


def test_units_of_household_means_are_those_of_the_model(answer, lane):
    units = answer.table("households").attrs["units"]
    for name in ("consumption", "own_income", "capital", "buffer", "skill", "exposure", "debt"):
        told = units[f"end_{name}"]
        assert told == lane.plan.unit(name)[0] or (name == "skill" and told == "index")


def test_a_table_is_a_copy(answer):
    taken = answer.table("poverty")
    taken["estimate"] = 0.0
    assert answer.table("poverty")["estimate"].sum() > 0.0


def test_twins_that_were_not_run_leave_tables_and_figures_out():
    short = sim.load("desa", population=PEOPLE, replications=LUCK, arms=ARMS[:2], twins={"stress": False}).run()
    assert "classes" not in short.tables
    for ask in (short.table, short.plot):
        with pytest.raises(sim.InputError, match=r"there is no (table|figure) classes"):
            ask("classes")
    assert short.plot().png()[:4] == b"\x89PNG" and repr(short.plot()).startswith("Drawing of 690 by ")


def test_changes_are_laid_over_the_file_and_checked_as_it_is():
    plain, changed = sim.load("desa").scenario, sim.load("desa", budget={"dose": 0.02}).scenario
    assert changed.budget.dose == 0.02 and changed.budget.discount == plain.budget.discount
    assert changed.population == plain.population and changed.digest() != plain.digest()
    assert sim.load("desa", budget={"dose": 0.04}).scenario.digest() == plain.digest()
    with pytest.raises(sim.InputError, match=r'"dose" in \[budget\] is 9'):
        sim.load("desa", budget={"dose": 9.0})
    with pytest.raises(sim.InputError, match=r"attends\.conformaty"):
        sim.load("desa", parameters={"attends.conformaty": 1.0})


def test_a_policy_file_of_ones_own_is_an_arm(tmp_path):
    file = tmp_path / "mine.py"
    file.write_text(
        "from sim import policy\n\n\n@policy(label='Mine', label_id='Punyaku', decides='me', flows='cash', "
        "targets='all', level='all', loses_when='ever', levers=[])\ndef mine(budget):\n    'Cash.'\n    return {}\n"
    )
    arms = [{"policy": "status_quo"}, {"policy": "dividend"}, {"policy": "mine"}]
    found = sim.load("desa", [file], population=PEOPLE, replications=LUCK, arms=arms).run()
    assert not found.compare("mine", "dividend")[NUMBERS].to_numpy().any()


def test_findings_are_those_of_the_store(many):
    """The mean over points of the paired difference, by SQL and by the table."""
    sql = "SELECT arm, avg(headcount) AS mean FROM runs GROUP BY arm"
    means = sim.query(sql, many["folder"]).set_index("arm")["mean"]
    row = many["findings"].table("ways").set_index("arm").loc["locality_development"]
    assert row["difference"] == pytest.approx(means["locality_development"] - means["status_quo"])
    assert sim.query(store=many["folder"])["runs"].to_list() == [64]


def test_what_a_study_does_not_have_is_told(many):
    found = many["findings"]
    for ask, words in (
        (lambda: found.table("way"), 'there is no table way; did you mean "ways"?'),
        (lambda: found.plot("regret"), "there is no figure regret"),
        (lambda: found.plot("sensitivity", "status_quo"), "there is no arm with indices status_quo"),
        (lambda: sim.load("desa").map(outcome="headcuont"), 'did you mean "headcount"?'),
    ):
        with pytest.raises(sim.InputError, match=re.escape(words)):
            ask()


@pytest.mark.parametrize("figure", ["differences", "sensitivity", "boxes"])
def test_every_figure_of_a_study_is_drawn(many, figure):
    assert many["findings"].plot(figure).png()[:4] == b"\x89PNG"
