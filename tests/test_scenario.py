"""Scenario files: what is read, what is refused, and in which words."""

from __future__ import annotations

import json
import math
import pickle
import tomllib
from pathlib import Path
from types import SimpleNamespace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from sim import policies, shipped
from sim.engine.rule import Param
from sim.errors import InputError
from sim.scenario import (
    BASELINE,
    CUTOFFS,
    SCENARIOS,
    Arm,
    Known,
    Population,
    Scenario,
    check,
    load,
    locate,
    schema,
)
from sim.start import wire


def _parameter(value: float, unit: str, low: float, high: float) -> Param:
    return Param(value, unit, low=low, high=high, source="a source")


def _policy(label: str, label_id: str, **parameters: Param) -> SimpleNamespace:
    return SimpleNamespace(label=label, label_id=label_id, parameters=parameters)


_GRANT = _parameter(0.7, "share", 0.0, 1.0)
CATALOGUE = Known(
    parameters={
        "consumption.propensity": _parameter(0.85, "share", 0.5, 0.95),
        "consumption.subsistence": _parameter(0.8, "z", 0.7, 0.85),
        "luck.persistence": _parameter(0.9, "per quarter", 0.0, math.inf),
    },
    policies={
        "dividend": _policy("T0 dividend", "Dividen merata"),
        "locality_development": _policy("R1 locality development", "Pengembangan masyarakat lokal", grant=_GRANT),
        "dana_desa": _policy("Village Fund", "Dana Desa"),
        "pkh": _policy("Family Hope Programme", "Program Keluarga Harapan"),
        "rastra": _policy("Rice for the poor", "Rastra"),
    },
    rules={"consumption", "luck"},
)

HEAD = 'title = "A question"\n'  # line 1
ARMS = '[[arms]]\npolicy = "status_quo"\n[[arms]]\nid = "r1"\npolicy = "locality_development"\n'  # 5 lines

FULL = """\
title = "Six ways to spend the same money"
question = "Which one lasts?"

[population]
world = "poor_village"
villages = 10
households = 50

[calendar]
quarters = 100
start = 10
end = 30
facilitation_end = 24

[budget]
dose = 0.1
replace = "dana_desa"

[[programmes]]
policy = "dana_desa"
dose = 0.11

[[arms]]
policy = "status_quo"
label = "0 status quo"
label_id = "0 apa adanya"

[[arms]]
id = "r1_late"
policy = "locality_development"
dose = 0.02
start = 12
settings = { grant = 0.6 }

[parameters]
consumption.propensity = 0.9
"consumption.subsistence" = 0.75

[hold]
ablate = ["luck"]
"""


@pytest.fixture
def write(tmp_path: Path):
    """Write a scenario file and return its path."""

    def _write(text: str | bytes, name: str = "x.toml") -> Path:
        path = tmp_path / name
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    return _write


def _message(path) -> str:
    with pytest.raises(InputError) as caught:
        load(path, CATALOGUE)
    return str(caught.value)


# ---- what is read ----


def test_the_shortest_scenario_is_the_default_world(write):
    scenario = load(write(HEAD + ARMS), CATALOGUE)
    assert (scenario.population.villages, scenario.population.households, scenario.calendar.quarters) == (40, 250, 80)
    assert [(one.policy, one.dose) for one in scenario.programmes] == [
        ("dana_desa", 0.11), ("pkh", 0.016), ("rastra", 0.02)
    ]  # fmt: skip
    assert scenario.slug == "x"
    assert scenario.text == HEAD + ARMS
    assert list(scenario.seeds) == list(range(1, 21))
    assert scenario.survey is None
    assert [(arm.id, arm.label, arm.label_id) for arm in scenario.arms] == [
        ("status_quo", "Status quo", "Apa adanya"),
        ("r1", "R1 locality development", "Pengembangan masyarakat lokal"),
    ]


def test_arms_of_the_same_policy_are_told_apart(write):
    more = '[[arms]]\nid = "r1_late"\nstart = 12\npolicy = "locality_development"\n'
    more += '[[arms]]\nid = "r1_own"\nlabel = "Ours"\npolicy = "locality_development"\n'
    assert [(arm.label, arm.label_id) for arm in load(write(HEAD + ARMS + more), CATALOGUE).arms[1:]] == [
        ("R1 locality development", "Pengembangan masyarakat lokal"),
        ("R1 locality development (r1_late)", "Pengembangan masyarakat lokal (r1_late)"),
        ("Ours", "Ours"),
    ]


def test_the_windows_of_the_default_calendar_are_those_of_the_design(write):
    windows = load(write(HEAD + ARMS), CATALOGUE).windows
    assert windows.model_dump() == {
        "pre": (0, 8), "on": (20, 28), "post": (36, 48), "late": (68, 80), "stress": (36, 48)
    }  # fmt: skip
    assert (CUTOFFS.dip_share, CUTOFFS.recovery, CUTOFFS.stress_pass, CUTOFFS.local_shock) == (0.25, 0.9, 0.8, 0.15)


def test_a_full_scenario(write):
    scenario = load(write(FULL), CATALOGUE)
    assert scenario.population.poverty == 0.30
    assert scenario.parameters == {"consumption.propensity": 0.9, "consumption.subsistence": 0.75}
    baseline, late = scenario.resolved_arms
    assert (baseline.dose, baseline.start, baseline.funds_end, baseline.facilitation_end) == (0.0, 10, 30, 24)
    assert (late.dose, late.start, late.funds_end, late.facilitation_end) == (0.02, 12, 30, 24)
    assert late.settings == {"grant": 0.6}
    assert baseline.label_id == "0 apa adanya"


def test_a_scenario_cannot_be_changed(write):
    scenario = load(write(FULL), CATALOGUE)
    with pytest.raises(ValidationError):
        scenario.budget.dose = 0.2


def test_the_world_without_programmes_and_windows_line_ends_and_a_byte_order_mark(write):
    text = (HEAD + "programmes = []\n" + ARMS).replace("\n", "\r\n")
    scenario = load(write(b"\xef\xbb\xbf" + text.encode()), CATALOGUE)
    assert scenario.programmes == ()


def test_data_files_stand_beside_the_scenario_and_count_in_the_digest(write, tmp_path):
    survey = write("weight\n1\n", "survey.csv")
    path = write(HEAD + '[population]\nsurvey = "survey.csv"\n' + ARMS)
    first = load(path, CATALOGUE)
    assert first.survey == survey
    survey.write_text("weight\n2\n")
    assert load(path, CATALOGUE).digest() != first.digest()


def test_files_that_code_names_lie_where_it_runs(write, tmp_path, monkeypatch):
    path = write(ARMS.join([HEAD, ""]))
    (tmp_path / "elsewhere").mkdir()
    own = tmp_path / "elsewhere" / "mine.csv"
    own.write_text("weight\n1\n")
    monkeypatch.chdir(own.parent)
    assert load(path, CATALOGUE, {"population": {"survey": "mine.csv"}}).survey == own
    with pytest.raises(InputError, match=r'no file "other\.csv" in the working folder'):
        load(path, CATALOGUE, {"population": {"survey": "other.csv"}})


def test_a_village_list_decides_how_many_villages(write):
    write("village\n", "villages.csv")
    path = write(HEAD + '[population]\nvillage_list = "villages.csv"\n' + ARMS)
    scenario = load(path, CATALOGUE)
    assert scenario.population.villages is None
    assert scenario.quick().population.villages == 12


def test_a_shipped_scenario_is_found_by_name(write, tmp_path, monkeypatch):
    write(FULL, "desa.toml")
    monkeypatch.setattr("sim.scenario.reading.SCENARIOS", tmp_path)
    assert load("desa", CATALOGUE).slug == "desa"
    assert load("desa.toml", CATALOGUE).title == "Six ways to spend the same money"
    assert _message("dessa") == 'dessa: no such scenario file; did you mean "desa"?'
    for other in ("data", "evidence"):
        (tmp_path / other).mkdir()
        (tmp_path / other / "figures.toml").write_text("")
    assert _message("zzzzz") == "zzzzz: no such scenario file; known: desa"


# ---- what is shipped ----

SHIPPED = sorted(path.stem for path in SCENARIOS.glob("*.toml"))


@pytest.fixture(scope="module")
def model() -> Known:
    """What the real model offers."""
    plan = wire()
    return Known(plan.parameters, policies.catalogue(), plan.rules)


def test_the_default_scenario_is_shipped():
    assert "desa" in SHIPPED


@pytest.mark.parametrize("name", SHIPPED)
def test_every_shipped_scenario_loads_with_the_real_model(name, model):
    scenario = load(name, model)
    assert scenario.slug == name
    assert scenario.question
    assert scenario.arms[0].id == BASELINE


def test_the_trap_is_on_within_its_published_ratio(model):
    trap = load("perangkap", model).parameters
    assert 1.1 <= trap["output.lumpy_scale"] / model.parameters["output.scale"] <= 1.6
    assert 0.05 <= trap["output.lumpy_cost"] <= 0.5


def test_scenarios_are_found_beside_the_package_and_inside_an_installed_one(tmp_path, monkeypatch):
    monkeypatch.setattr(shipped, "PACKAGE", tmp_path / "sim")
    assert shipped.folder("scenarios") == tmp_path / "scenarios"
    (tmp_path / "sim" / "_scenarios").mkdir(parents=True)
    assert shipped.folder("scenarios") == tmp_path / "sim" / "_scenarios"


# ---- the digest ----


def test_the_digest_is_of_the_values_not_of_the_text(write):
    scenario = load(write(FULL), CATALOGUE)
    blocks = FULL.split("\n\n")
    shuffled = "\n\n".join([blocks[0], *reversed(blocks[1:5]), *blocks[5:]])
    shuffled = shuffled.replace("consumption.propensity = 0.9\n", "").replace(
        '"consumption.subsistence" = 0.75', '"consumption.subsistence" = 7.5e-1 # z\nconsumption.propensity = 0.90'
    )
    spelled = shuffled.replace("start = 12", "start = 12\nfunds_end = 30")  # what the calendar says anyway
    assert shuffled != FULL
    assert load(write(shuffled, "y.toml"), CATALOGUE).digest() == scenario.digest()
    assert load(write(spelled, "z.toml"), CATALOGUE).digest() == scenario.digest()
    assert len(scenario.digest()) == 64


@pytest.mark.parametrize(
    ("old", "new"),
    [("dose = 0.1\n", "dose = 0.1000001\n"), ("villages = 10", "villages = 11"), ('ablate = ["luck"]', "ablate = []")],
)
def test_the_digest_changes_with_a_value(write, old, new):
    assert FULL.count(old) == 1
    changed = load(write(FULL.replace(old, new), "y.toml"), CATALOGUE)
    assert changed.digest() != load(write(FULL), CATALOGUE).digest()


def test_round_trips(write):
    scenario = load(write(FULL), CATALOGUE)
    for document in (scenario.model_dump(), json.loads(scenario.model_dump_json())):
        again = check(document, CATALOGUE)
        assert again.model_dump() == scenario.model_dump()
        assert again.digest() == scenario.digest()
    carried = pickle.loads(pickle.dumps(scenario))
    assert (carried.digest(), carried.slug, carried.text) == (scenario.digest(), "x", FULL)


def test_quick_is_smaller_with_the_same_calendar_and_arms(write):
    scenario = load(write(HEAD + ARMS), CATALOGUE)
    quick = scenario.quick()
    assert (quick.population.villages, quick.population.households, quick.replications.seeds) == (12, 100, 5)
    assert (quick.calendar, quick.arms, quick.slug) == (scenario.calendar, scenario.arms, scenario.slug)
    assert quick.digest() != scenario.digest()
    small = load(write(FULL), CATALOGUE).quick()
    assert (small.population.villages, small.population.households) == (10, 50)
    assert check(quick.model_dump(), CATALOGUE).digest() == quick.digest()


# ---- what is refused ----

BAD = [
    # name, text after the title (which is line 1), exact lines of the message
    ("typo", "[population]\nvillagse = 4\n" + ARMS,
     ['line 3: unknown key "villagse" in [population]; did you mean "villages"?']),
    ("typo of a table", "[populaton]\n" + ARMS,
     ['line 2: unknown key "populaton" at the top of the file; did you mean "population"?']),
    ("key of another table", ARMS + "[population]\ndiscount = 0.05\n",
     ['line 8: unknown key "discount" in [population]; it belongs in [budget]']),
    ("frozen windows", "[windows]\npost = [30, 40]\n" + ARMS,
     [('line 2: unknown key "windows" at the top of the file; '
      "windows and cut-offs are the same for every scenario and cannot be set")]),
    ("typo in an arm", ARMS + "dosis = 0.1\n", ['line 7: unknown key "dosis" in [[arms]]; did you mean "dose"?']),
    ("too few villages", "[population]\nvillages = 0\n" + ARMS,
     ['line 3: "villages" in [population] is 0; allowed: a whole number, 1 to 100000 villages']),
    ("dose too large", ARMS + "# per quarter\ndose = 4\n",
     ['line 8: "dose" in [[arms]] is 4; allowed: a number, 0 to 0.5 z per person and quarter']),
    ("not a number", "[budget]\ndose = nan\n" + ARMS,
     ['line 3: "dose" in [budget] is nan; allowed: a number, 0 to 0.5 z per person and quarter']),
    ("text for a number", 'population = { villages = "forty" }\n' + ARMS,
     ['line 2: "villages" in [population] is "forty"; allowed: a whole number, 1 to 100000 villages']),
    ("true for a number", "population.villages = true\n" + ARMS,
     ['line 2: "villages" in [population] is true; allowed: a whole number, 1 to 100000 villages']),
    ("part of a village", "population.villages = 4.0\n" + ARMS,
     ['line 2: "villages" in [population] is 4.0; allowed: a whole number, 1 to 100000 villages']),
    ("a date", "[calendar]\nstart = 2017-09-01\n" + ARMS,
     ['line 3: "start" in [calendar] is 2017-09-01; allowed: a whole number, 8 to 400 quarters']),
    ("number for a flag", "[twins]\nstress = 5\n" + ARMS,
     ['line 3: "stress" in [twins] is 5; allowed: true or false']),
    ("number for a table", "population = 3\n" + ARMS,
     ['line 2: "population" at the top of the file is 3; allowed: a table']),
    ("number for an arm", "arms = [3]\n",
     ['line 2: "arms" at the top of the file is 3; allowed: 1 to 40 [[arms]] tables']),
    ("no arms at all", "arms = []\n",
     ['line 2: "arms" at the top of the file is a list of 0; allowed: 1 to 40 [[arms]] tables']),
    ("arm without policy", ARMS + '[[arms]]\nlabel = "?"\n',
     ['line 7: the key "policy" is missing in [[arms]]; it takes text in quotes, 1 to 60 characters']),
    ("world", '[population]\nworld = "urban"\n' + ARMS,
     ['line 3: "world" in [population] is "urban"; allowed: "rural_2017" or "poor_village"']),
    ("ties", '[population]\nties = "clan"\n' + ARMS,
     ['line 3: "ties" in [population] is "clan"; allowed: "place and interest", "place" or "random"']),
    ("name of an arm", ARMS + '[[arms]]\nid = "../x"\npolicy = "dividend"\n',
     ['line 8: "id" in [[arms]] is "../x"; allowed: a-z, 0-9 and _, first a letter, at most 40 characters']),
    ("unknown policy", ARMS + '[[arms]]\npolicy = "dividnd"\n',
     ['line 8: unknown policy "dividnd"; did you mean "dividend"?']),
    ("unknown setting", ARMS + "settings.grnt = 0.5\n",
     ['line 7: policy "locality_development" has no parameter "grnt"; did you mean "grant"?']),
    ("setting of another policy", ARMS + '[[arms]]\npolicy = "dividend"\n[arms.settings]\ngrant = 0.5\n',
     ['line 10: policy "dividend" has no parameter "grant"; it has none']),
    ("setting out of range", ARMS + "[arms.settings]\ngrant = 1.5\n",
     ['line 8: "grant" in [arms.settings] is 1.5; allowed: a number, 0 to 1 share']),
    ("setting no number", ARMS + "settings = { grant = true }\n",
     ['line 7: "grant" in [arms.settings] is true; allowed: a finite number']),
    ("unknown parameter", ARMS + "[parameters]\n'consumption.propensty' = 0.8\n",
     ['line 8: unknown parameter "consumption.propensty" in [parameters]; did you mean "consumption.propensity"?']),
    ("parameter out of range", ARMS + "[parameters.consumption]\n\nsubsistence = 2\n",
     ['line 9: "consumption.subsistence" in [parameters] is 2.0; allowed: a number, 0.7 to 0.85 z']),
    ("parameter below an open range", ARMS + "[parameters]\nluck.persistence = -1\n",
     ['line 8: "luck.persistence" in [parameters] is -1.0; allowed: a number, ≥ 0 per quarter']),
    ("parameter no number", ARMS + '[parameters]\nluck.persistence = "high"\n',
     ['line 8: "luck.persistence" in [parameters] is "high"; allowed: a finite number']),
    ("parameter twice", ARMS + '[parameters]\nluck.persistence = 0.5\n"luck.persistence" = 0.6\n',
     ['line 7: "luck.persistence" in [parameters] is given twice']),
    ("unknown rule", ARMS + '[hold]\nablate = [\n  "luck",\n  "consumtion", # food\n]\n',
     ['line 10: unknown rule "consumtion" in [hold]; did you mean "consumption"?']),
    ("same arm twice", ARMS + '[[arms]]\nid = "r1"\nlabel = "again"\npolicy = "dividend"\n',
     ['line 8: two [[arms]] have the id "r1"; give each its own']),
    ("no baseline", '[[arms]]\npolicy = "dividend"\n',
     ['line 2: the baseline is missing: one of the [[arms]] must have policy = "status_quo"']),
    ("wrong baseline", '[[arms]]\nid = "status_quo"\npolicy = "dividend"\n',
     ['line 4: the arm "status_quo" must have policy = "status_quo"']),
    ("baseline that spends", ARMS.replace('"status_quo"\n', '"status_quo"\ndose = 0.1\n'),
     ['line 4: the baseline "status_quo" spends nothing and takes no "dose"']),
    ("baseline of another name", '[[arms]]\nid = "nothing"\npolicy = "status_quo"\n',
     ['line 3: the baseline is called "nothing"; its id must be "status_quo"']),
    ("baseline as a programme of the world", '[[programmes]]\npolicy = "status_quo"\ndose = 0.1\n' + ARMS,
     ['line 3: unknown policy "status_quo"']),
    ("too short a run", ARMS + "[calendar]\nquarters = 79\n",
     [('line 8: "quarters" in [calendar] is 79; allowed: at least end + 52 = 80 quarters, '
      "where the late window closes")]),
    ("too short a programme", ARMS + "[calendar]\nend = 12\n",
     [('line 8: "end" in [calendar] is 12; allowed: at least start + 8 = 16 quarters, '
      "because the last 8 of the programmes are measured")]),
    ("money after the end", ARMS + "[calendar]\nfunds_end = 29\n",
     ['line 8: "funds_end" in [calendar] is 29; allowed: 8 to 28 quarters, from start to the calendar\'s end']),
    ("an arm that starts too late", ARMS + "start = 29\n",
     [('line 7: "start" in [[arms]] is 29; '
      "allowed: 8 to 28 quarters, from the calendar's start to the calendar's end")]),
    ("an arm without its facilitator", ARMS + "start = 12\nfacilitation_end = 10\n",
     ['line 8: "facilitation_end" in [[arms]] is 10; allowed: 12 to 28 quarters, from start to the calendar\'s end']),
    ("replaces nothing", ARMS + '[budget]\nreplace = "raskin"\n',
     [('line 8: "replace" in [budget] is "raskin"; '
      "allowed: one of the programmes of the world (dana_desa, pkh, rastra) or empty")]),
    ("programme twice", ('[[programmes]]\npolicy = "pkh"\ndose = 0.09\n' * 2) + ARMS,
     ['line 6: two [[programmes]] have the policy "pkh"']),
    ("target without its world", ARMS + "[population]\npoverty = 0.3\n",
     ['line 8: "poverty" in [population] is a target of world = "poor_village" only']),
    ("no survey", ARMS + '[population]\nsurvey = "no.csv"\n',
     ['line 8: "survey" in [population]: no file "no.csv" in the working folder']),
    ("too large a world", ARMS + "[population]\nvillages = 100000\nhouseholds = 5000\n",
     ["line 8: 100000 villages × 5000 households is too large a world; allowed: 20000000 households"]),
    ("same shock twice", ARMS + "[twins]\nmacro_shocks = [0.1, 0.1, 0.2, 0.3]\n",
     ['line 8: "macro_shocks" in [twins] has the same shock twice; the twins would be equal']),
    ("impossible shock", ARMS + "[twins]\nmacro_shocks = [0.1,\n 9, 0.2, 0.3]\n",
     [('line 9: entry 2 of "macro_shocks" in [twins] is 9; '
      "allowed: a list of 4 to 20 numbers, each 0.01 to 0.5 share of the index")]),
    ("text for a shock", ARMS + '[twins]\nmacro_shocks = ["0.1", 0.15, 0.2, 0.3]\n',
     [('line 8: entry 1 of "macro_shocks" in [twins] is "0.1"; '
      "allowed: a list of 4 to 20 numbers, each 0.01 to 0.5 share of the index")]),
    ("a number of many digits", "population.seed = 0x" + "f" * 6000 + "\n" + ARMS,
     ['line 2: "seed" in [population] is a number of more than 60 digits; allowed: a whole number, 0 to 4294967295']),
    ("two faults in the order of the file", ARMS + "[calendar]\nlength = 3\n[budget]\ndose = -1\n",
     ['line 8: unknown key "length" in [calendar]',
      'line 10: "dose" in [budget] is -1; allowed: a number, 0 to 0.5 z per person and quarter']),
    ("not TOML", "[population\n",
     ["line 2, column 12: not valid TOML: expected ']' at the end of a table declaration"]),
    ("table twice", ARMS + "[twins]\nstress = true\n[twins]\nstress = true\n",
     ["line 9, column 7: not valid TOML: the table [twins] is given twice"]),
    ("key twice", 'title = "again"\nquestion = ""\n',
     ["line 2, column 16: not valid TOML: the key or table is given twice"]),
    ("open text", 'question = """\n\n', ["line 2: not valid TOML: unterminated string"]),
]  # fmt: skip


@pytest.mark.parametrize(("text", "lines"), [case[1:] for case in BAD], ids=[case[0] for case in BAD])
def test_wrong_input_is_told_with_its_line(write, text, lines, monkeypatch, tmp_path):
    path = write(HEAD + text)
    monkeypatch.chdir(tmp_path)
    assert _message(path) == "\n".join(f"x.toml, {line}" for line in lines)


def test_a_missing_key_at_the_top_has_no_line(write):
    message = _message(write(ARMS))
    assert message.endswith('x.toml: the key "title" is missing at the top of the file; '
                            "it takes text in quotes, 1 to 200 characters")  # fmt: skip


def test_many_faults_are_counted_not_listed(write):
    message = _message(write(HEAD + ARMS + "[population]\n" + "".join(f"k{row} = 1\n" for row in range(5000))))
    assert len(message.splitlines()) == 9
    assert message.endswith("… and 4992 more")


def test_files_that_are_no_scenarios(write, tmp_path):
    assert "is a folder" in _message(tmp_path)
    assert "is not the name of a scenario file" in _message("")
    assert "is not the name of a scenario file" in _message("a\0b")
    assert "cannot be opened" in _message("a" * 3000)
    write(FULL)
    assert _message(tmp_path / "y.toml").endswith('no such scenario file; did you mean "x.toml"?')
    assert "larger than 1 MB" in _message(write("#" * 1_000_001))
    assert "line 2: not UTF-8 text" in _message(write(b'title = "a"\nquestion = "\xff"\n'))
    assert _message(write("# nothing\n")).endswith("swadaya show desa > x.toml")
    for place, told in (
        ("sweeps/facilitation", "is the study of a sweep"),
        ("evidence/V5", "is a published study, not a scenario"),
        ("published/V5", "is a published result, not a scenario"),
        ("published/default", "is a published result, not a scenario"),
        ("claims/article", "is a list of claims, not a scenario"),
    ):
        assert told in _message(SCENARIOS / f"{place}.toml")
    assert "too many digits" in _message(write("x = " + "9" * 5000))
    assert "nested too deeply" in _message(write("x = " + "[" * 5000 + "]" * 5000))


def test_a_document_without_a_file_is_told_without_a_line():
    with pytest.raises(InputError, match=r'^scenario: "dose" in \[budget\] is 9'):
        check({**tomllib.loads(HEAD + ARMS), "budget": {"dose": 9}}, CATALOGUE)


# ---- the line locator ----


def test_lines_of_every_way_to_write_a_key():
    text = '''\
# [not.a.table]
a.b."c d" = """
[nor.this] = 1
\\""" still text """"
e = [ # one
  1.5, [ 2,
  3 ], "]", '[',
  { f = { g = 1 }, "h.i" = '}' },
]
[t.u]
v = 1979-05-27T07:32:00Z
[[w]]
[w.x]
y = {}
[[w]]
[[w.z]]
[[w.z]]
k = []
'''
    tomllib.loads(text)
    lines = locate(text)
    expected = {
        "a.b.c d": 2, "e": 5, "e.0": 6, "e.1": 6, "e.1.0": 6, "e.1.1": 7, "e.2": 7, "e.3": 7, "e.4.f.g": 8,
        "e.4.h.i": 8, "t": 10, "t.u.v": 11, "w.0": 12, "w.0.x.y": 14, "w.1": 15, "w.1.z.0": 16, "w.1.z.1.k": 18,
    }  # fmt: skip
    assert {path: lines.get(path) for path in expected} == expected
    assert not [path for path in lines if "not" in path or "nor" in path]


_keys = st.text("abc -é'#=[]", max_size=4)  # no dots: quoted or not, they count as steps
_values = st.recursive(
    st.integers() | st.text("ab\"'[]{}#=,\n\\", max_size=8) | st.floats(allow_nan=False, allow_infinity=False),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_keys, inner, max_size=3),
    max_leaves=8,
)


def _write_toml(value) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{json.dumps(key)} = {_write_toml(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list):
        return "[\n" + ",\n".join(map(_write_toml, value)) + "\n]"
    return json.dumps(value)


@given(st.dictionaries(_keys, _values, max_size=5))
@settings(max_examples=150, deadline=None)
def test_the_locator_agrees_with_the_parser_on_where_a_statement_begins(document):
    text, begins = "", {}
    for key, value in document.items():
        begins[key] = text.count("\n") + 1
        text += f"{json.dumps(key)} = {_write_toml(value)}\n"
    assert tomllib.loads(text) == document
    lines = locate(text)
    assert {key: lines[key or '""'] for key in begins} == begins


# ---- whatever the file holds, nothing but an InputError ----


@pytest.fixture(scope="module")
def anything(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("garbage") / "x.toml"


def _only_input_errors(path: Path, raw: bytes) -> None:
    path.write_bytes(raw)
    try:
        assert isinstance(load(path, CATALOGUE), Scenario)
    except InputError as error:
        assert str(error)


@given(raw=st.binary(max_size=300))
@settings(max_examples=150, deadline=None)
def test_garbage(anything, raw):
    _only_input_errors(anything, raw)


@given(cut=st.integers(0, len(FULL)), put=st.text(max_size=6), drop=st.integers(0, 12))
@settings(max_examples=200, deadline=None)
def test_a_damaged_scenario(anything, cut, put, drop):
    _only_input_errors(anything, (FULL[:cut] + put + FULL[cut + drop :]).encode("utf-8", "surrogatepass"))


_names = st.sampled_from([*Scenario.model_fields, *Arm.model_fields, *Population.model_fields])
_things = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | st.dates(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_names | st.text(max_size=4), inner, max_size=4),
    max_leaves=12,
)


@given(document=st.dictionaries(_names | st.text(max_size=4), _things, max_size=8))
@settings(max_examples=200, deadline=None)
def test_any_document(document):
    for given_document in (document, {**tomllib.loads(FULL), **document}):
        try:
            check(given_document, CATALOGUE)
        except InputError as error:
            assert str(error)


# ---- for editors ----


def test_the_schema_names_what_the_model_offers():
    document = schema(CATALOGUE)
    json.dumps(document, allow_nan=False)
    parameters = document["properties"]["parameters"]
    assert parameters["properties"]["consumption.propensity"]["maximum"] == 0.95
    assert "maximum" not in parameters["properties"]["luck.persistence"]
    assert parameters["additionalProperties"] is False
    assert document["$defs"]["Hold"]["properties"]["ablate"]["items"]["enum"] == ["consumption", "luck"]
    arm = document["$defs"]["Arm"]
    assert arm["required"] == ["policy"]
    assert set(arm["properties"]["policy"]["enum"]) == {BASELINE, *CATALOGUE.policies}
    assert set(document["$defs"]["Programme"]["properties"]["policy"]["enum"]) == set(CATALOGUE.policies)


def test_every_number_of_the_schema_says_its_unit_and_meaning():
    for part in schema(CATALOGUE)["$defs"].values():
        for name, field in part["properties"].items():
            assert field["description"], name
            kinds = {field.get("type"), *(kind.get("type") for kind in field.get("anyOf", []))}
            if kinds & {"integer", "number"} and "seed" not in name:
                assert field["unit"], name
