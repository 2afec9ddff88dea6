"""A user's own policy: a file on the command line, installed packages, and what is said when something is wrong."""

from __future__ import annotations

import hashlib
import json
import re
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import sim
from sim import __main__ as command_line
from sim import own_files, policies
from sim.engine.rule import Param
from sim.errors import InputError, PolicyError
from sim.experiment import study
from sim.known import known
from sim.policies.policy import NEUTRAL, Programme, set_levers
from sim.reproduce import machine
from sim.scenario import BASELINE, check, load

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text()
HEAD = "from sim import Param, policy\n\n\n"
ABOUT = 'label="Test", label_id="Uji", decides="nobody", flows="cash", targets="all", level="all", loses_when="ever", '
TINY = """
title = "My way to spend"
population = { villages = 4, households = 40, seed = 2 }
replications = { seeds = 2 }
arms = [{ policy = "status_quo" }, { policy = "POLICY" }]
"""


def text(levers='"works_money"', arguments="budget", body="return {}", name="mine"):
    """A policy file in one function."""
    return f'{HEAD}@policy({ABOUT}levers=[{levers}])\ndef {name}({arguments}):\n    """Test."""\n    {body}\n'


@pytest.fixture
def mine(tmp_path):
    """Write a policy file; give its path."""

    def write(content=None, name="mine.py", **parts):
        file = tmp_path / name
        file.write_text(text(**parts) if content is None else content)
        return file

    return write


@pytest.fixture
def scenario(tmp_path):
    """Write a small scenario with an arm of that policy; give its path."""

    def write(policy="mine"):
        file = tmp_path / "tiny.toml"
        file.write_text(TINY.replace("POLICY", policy))
        return file

    return write


def told(capsys, *words):
    """One message on standard error and nothing else, which has the words; nothing of Python's shows."""
    out, said = capsys.readouterr()
    assert out == "" and "Traceback" not in said and len(said.strip().splitlines()) == 1, said
    for word in words:
        assert word in said, said


def block(mark):
    """The code that follows a mark in the README."""
    return re.search(rf"<!-- {mark} -->\n```\w*\n(.*?)```", README, re.DOTALL)[1]


# --- The file joins the catalogue -------------------------------------------------------------------------------------


def test_a_policy_of_a_file_may_be_named_by_a_scenario(mine, scenario):
    file = mine(arguments='budget, part=Param(0.5, "share", low=0.0, high=1.0, source="test")')
    offered = known([file])
    assert set(offered.policies) == {*policies.catalogue(), "mine"}
    found = load(scenario(), offered)
    assert found.arms[1].label == "Test" and found.known.files == {
        "mine.py": hashlib.sha256(file.read_bytes()).hexdigest()
    }
    assert [p.policy.name for p in study.programmes(found)["mine"]] == ["dana_desa", "pkh", "rastra", "mine"]
    with pytest.raises(InputError, match='unknown policy "mine"'):
        load(scenario(), known())
    with pytest.raises(InputError, match=r'policy "mine" has no parameter "prat"; did you mean "part"'):
        check(
            {"title": "t", "arms": [{"policy": "status_quo"}, {"policy": "mine", "settings": {"prat": 1.0}}]}, offered
        )


def test_several_files_join_and_what_they_import_is_not_theirs(mine):
    one = mine(HEAD + "from sim.policies.dividend import dividend\n" + text().removeprefix(HEAD))
    other = mine(name="other.py", content=text() + text(name="second").removeprefix(HEAD).replace("mine", "third"))
    assert [policy.name for policy in own_files.read(one).policies] == ["mine"]
    with pytest.raises(InputError, match=r"other\.py: a policy called mine exists already, in mine\.py"):
        known([one, other])
    other.write_text(text(name="second"))
    assert {"mine", "second"} <= set(known([one, other]).policies)
    assert not (one.parent / "__pycache__").exists()


def test_results_are_of_the_file_as_it_was(mine, scenario):
    """The same scenario with another text of the file is another result; without files digests stay as they were."""
    plain = load(scenario("dividend"), known()).digest()
    digests = [load(scenario("dividend"), known([mine(body=body)])).digest() for body in ("return {}", "return  {}")]
    assert len({plain, *digests}) == 3
    assert load(scenario("dividend"), known()).digest() == plain


def test_a_rule_of_the_file_joins_the_plan_and_its_columns_the_villages(mine):
    rule = (
        "from sim import Param, rule\nfrom sim.agents import village\n\n\n"
        '@rule(village, "share", 0.0, 1.0)\n'
        'def merit(institution_quality, weight=Param(0.5, "share", low=0.0, high=1.0, source="test")):\n'
        '    """What a donor sees in a village."""\n    return weight * institution_quality\n\n\n'
    )
    offered = known([mine(rule + text(arguments="budget, merit"))])
    assert "merit" in offered.rules and float(offered.parameters["merit.weight"]) == 0.5
    assert [one.name for one in offered.own_rules] == ["merit"]
    with pytest.raises(InputError, match=r"mine\.py: policy mine asks for merit, which is no column"):
        known([mine(arguments="budget, merit")])
    with pytest.raises(InputError, match=r"other\.py: the rule merit exists already, in mine\.py"):
        known([mine(rule + text()), mine(rule + text(name="second"), name="other.py")])
    with pytest.raises(InputError, match=r"mine\.py: .*institution_qualty.*did you mean institution_quality"):
        known([mine(rule.replace("institution_quality", "institution_qualty") + text())])


@pytest.mark.full
def test_a_rule_of_the_file_runs(mine, scenario, tmp_path):
    rule = (
        "from sim import rule\nfrom sim.agents import village\n\n\n"
        '@rule(village, "share", 0.0, 1.0)\ndef merit(institution_quality):\n    """Half."""\n'
        "    return 0.5 * institution_quality\n\n\n"
    )
    body = 'assert merit.max() <= 0.5 and merit.std() > 0.0\n    return {"works_money": merit * budget}'
    results = study.run(load(scenario(), known([mine(rule + text(arguments="budget, merit", body=body))])))
    assert {"status_quo", "mine"} == set(results.series["arm"])


# --- One of each, and where a scenario's rules come from --------------------------------------------------------------

ONE_OF_EACH = '''
from sim import Param, metric, policy, rule
from sim.agents import village
from sim.engine.rule import Last


@rule(village, "share", 0.0, 1.0)
def capture(quality=Last("institution_quality"), most=Param(0.05, "share", low=0.0, high=0.1, source="test")):
    """What the elite takes, at most so much."""
    return most * (1.0 - quality)


@metric("Worst captured village", unit="share", better="lower")
def worst_capture(village_capture):
    """Largest share that the elite of a village takes."""
    return village_capture.max()


@policy(ABOUTlevers=["works_money"])
def mine(budget, capture):
    """Works where the elite takes little."""
    return {"works_money": budget * (capture < 0.02)}
'''.replace("ABOUT", ABOUT)
PROCESSES = '\nprocesses = { capture = "mine.py" }\n'


def test_one_file_brings_a_policy_a_process_and_a_metric(mine, scenario, tmp_path, capsys):
    """They are seen in the run, in the report and in `explain`, and nothing else was touched."""
    file = str(mine(ONE_OF_EACH))
    question = scenario()
    question.write_text(question.read_text() + PROCESSES)
    command_line.main(["run", str(question), "--process", file, "--results", str(tmp_path / "results")])
    (folder,) = (tmp_path / "results").iterdir()
    series = pd.read_parquet(folder / "series.parquet")
    taken = series[series["metric"] == "worst_capture"]["value"]
    assert len(taken) == 2 * 2 * 80 and taken.between(0.0, 0.05).all() and taken.max() > 0.01
    page = (folder / "report.html").read_text(encoding="utf-8")
    assert "Worst captured village" in page and ">Test<" in page
    rows = pd.read_csv(folder / "tables" / "followed.csv")
    assert set(rows[rows["metric"] == "worst_capture"]["arm"]) == {BASELINE, "mine"}
    capsys.readouterr()
    for topic, option, word in (
        ("policies", "--policy", "Works where the elite takes little"),
        ("metrics", "--metric", "Largest share that the elite of a village takes"),
        ("parameters", "--process", "capture.most = 0.05 share"),
        ("order", "--process", "capture"),
    ):
        command_line.main(["explain", topic, option, file])
        assert word in " ".join(capsys.readouterr().out.split()), topic


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("return most *", "return 3.0 + most *", ("mine.py: rule capture, quarter 0: gives 3", "allowed: 0 to 1")),
        ("village_capture.max()", "village_capture[99]", ("mine.py, line 16: IndexError: index 99",)),
        (
            "village_capture.max()",
            "village_capture",
            ("metric worst_capture: returned a ndarray; allowed: one number",),
        ),
        (
            "village_capture.max()",
            "village_capture.max() + __import__('time').perf_counter()",
            ("metric worst_capture: asked twice, it gave two numbers; allowed: what follows from its arguments alone",),
        ),
        ("return {", "raise SystemExit(3)\n    return {", ("mine.py, line 22: SystemExit: 3",)),
    ],
    ids=[
        "a rule leaves its range",
        "a metric raises",
        "a metric gives no number",
        "a metric asks the clock",
        "a policy leaves",
    ],
)
def test_what_goes_wrong_in_a_file_while_it_runs_is_told(mine, scenario, tmp_path, capsys, old, new, words):
    assert old in ONE_OF_EACH
    file, results = mine(ONE_OF_EACH.replace(old, new)), tmp_path / "results"
    assert command_line.main(["run", str(scenario()), "--policy", str(file), "--results", str(results)]) == 2
    told(capsys, *words)
    assert not results.exists()


def test_a_scenario_says_where_a_rule_comes_from_and_runs_no_code(mine, scenario, tmp_path):
    file, question = mine(ONE_OF_EACH), scenario()
    question.write_text(question.read_text() + PROCESSES)
    with pytest.raises(InputError, match=r"the rule capture in \[processes\] comes from mine\.py, which was not named"):
        load(question, known())
    assert load(question, known([file])).processes == {"capture": "mine.py"}
    question.write_text(question.read_text().replace("capture =", "captura ="))
    with pytest.raises(InputError, match=r'captura .* has no such rule; did you mean "capture"'):
        load(question, known([file]))


def test_a_metric_needs_a_name_and_columns_that_exist(mine):
    about = '@metric("Test", unit="share", better="neither")\n'
    head = "from sim import metric\n\n\n" + about
    with pytest.raises(InputError, match=r"mine\.py: metric gini exists already, in the catalogue"):
        known([mine(head + 'def gini(buffer):\n    """Test."""\n    return 0.0\n')])
    with pytest.raises(InputError, match=r"metric best reads bufer, which no household has; did you mean buffer"):
        known([mine(head + 'def best(bufer):\n    """Test."""\n    return 0.0\n')])


def test_the_public_names_are_those_of_the_code():
    assert sim.Param is Param and sim.policy is policies.policy.policy
    with pytest.raises(AttributeError, match="no attribute 'polcy'"):
        _ = sim.polcy


# --- Installed packages -----------------------------------------------------------------------------------------------


@pytest.fixture
def installed(tmp_path, monkeypatch):
    """Put a package with an entry point on the path, as pip would."""

    def install(content, point="giving"):
        place = tmp_path / "site"
        about = place / "giving-1.0.dist-info"
        about.mkdir(parents=True)
        (place / "giving.py").write_text(content)
        (about / "METADATA").write_text("Metadata-Version: 2.1\nName: giving\nVersion: 1.0\n")
        (about / "entry_points.txt").write_text(f"[swadaya.policies]\ngiving = {point}\n")
        monkeypatch.syspath_prepend(place)
        monkeypatch.delitem(sys.modules, "giving", raising=False)

    return install


def test_policies_of_an_installed_package_join_the_catalogue(installed, scenario):
    installed(text(name="giving_to_all"))
    assert "giving_to_all" in policies.catalogue()
    assert load(scenario("giving_to_all"), known()).arms[1].policy == "giving_to_all"


def test_a_result_knows_the_package_whose_policy_it_runs(installed, scenario):
    """Other code is another question, for a run, a sweep and a package; a policy that no arm has changes none."""
    installed(text(name="giving_to_all"))
    code = text(name="giving_to_all").encode()
    found = load(scenario("giving_to_all"), known())
    assert found.own_code == {"giving 1.0": hashlib.sha256(code).hexdigest()}
    other = replace(known(), installed={"giving_to_all": ("giving 1.1", "0" * 64)})
    assert load(scenario("giving_to_all"), other).digest() != found.digest()
    unused = load(scenario("dividend"), known())
    assert unused.own_code == {} and unused.digest() == load(scenario("dividend"), other).digest()
    assert any(line.startswith("giving==1.0  # sha256:") for line in machine.lock().splitlines())


def test_a_policy_that_nobody_brings_is_told_how_it_would_come(scenario, capsys):
    assert command_line.main(["check", str(scenario("xyzzy"))]) == 2
    told(capsys, 'unknown policy "xyzzy"; one of your own needs its file (--policy), or its package installed')


@pytest.mark.parametrize(
    ("content", "point", "words"),
    [
        (text(name="hybrid"), "giving", ("two policies are called hybrid", "sim.policies.hybrid", "giving")),
        (text(), "givin", ("giving = givin", "cannot be loaded", "No module named 'givin'")),
        (text(arguments="budget, persns"), "giving", ("policy mine asks for persns", "did you mean persons?")),
    ],
)
def test_what_is_wrong_with_an_installed_package_is_told(installed, scenario, capsys, content, point, words):
    installed(content, point)
    assert command_line.main(["check", str(scenario("dividend"))]) == 2
    told(capsys, *words)


# --- What is wrong with a file ----------------------------------------------------------------------------------------

RULE = """
from sim import rule
from sim.agents import village
@rule(village, "share", 0.0, 1.0)
def capture():
    "Weight of the elite."
    return 0.5
"""
WRONG = {
    "syntax": (HEAD + "def mine(:\n", ("mine.py, line 4: not valid Python: invalid syntax",)),
    "null byte": ("\0", ("mine.py", "not valid Python")),
    "encoding": ("# coding: martian\n", ("mine.py", "not valid Python", "martian")),
    "no policy": ("x = 1\n", ("mine.py: has no policy, rule or metric; allowed: a function with @policy(...)",)),
    "only imported": ("from sim.policies.hybrid import hybrid\n", ("mine.py: has no policy, rule or metric",)),
    "raises": ("\n1 / 0\n", ("mine.py, line 2: ZeroDivisionError: division by zero",)),
    "leaves": ("import sys\nsys.exit(3)\n", ("mine.py, line 2: SystemExit: 3",)),
    "import": ("import no_such_thing\n", ("mine.py, line 1", "No module named 'no_such_thing'")),
    "taken": (text(name="hybrid"), ("mine.py: a policy called hybrid exists already, in the catalogue",)),
    "baseline": (text(name="status_quo"), ("mine.py: a policy called status_quo exists already",)),
    "family": (text(name="community_work"), ("mine.py: a policy called community_work exists already",)),
    "lever": (
        text(levers='"works_mony"'),
        ("mine.py, line 4: there is no lever works_mony; did you mean works_money?",),
    ),
    "outcome": (text(levers='"efficacy"'), ("mine.py, line 4: there is no lever efficacy",)),
    "one lever": (
        text().replace('["works_money"]', '"works_money"'),
        ("mine.py, line 4: levers is 'works_money'; allowed: a list of names",),
    ),
    "argument": (
        text(arguments="budget, persns"),
        ("mine.py: policy mine asks for persns, which is no column of villages; did you mean persons?",),
    ),
    "budget": (text(arguments="budgt"), ("policy mine asks for budgt", "did you mean budget?")),
    "household": (text(arguments="budget, ability"), ("policy mine asks for ability, which is no column of villages",)),
    "default": (
        text(arguments="budget, part=0.5"),
        ("policy mine: the default of part is 0.5, which is no parameter; allowed: Param(value, unit",),
    ),
    "star": (text(arguments="budget, *more"), ("policy mine: the argument more must be a plain named one",)),
    "range": (
        text(arguments='budget, part=Param(2.0, "share", low=0.0, high=1.0, source="test")'),
        ("mine.py, line 5", "2.0 lies outside its own range [0.0, 1.0]"),
    ),
    "description": (
        text().replace("decides=", "decide="),
        ("mine.py, line 4: policy() has no decide; did you mean decides?",),
    ),
    "missing": (
        text().replace('level="all", ', ""),
        ("mine.py, line 4: policy() needs 'level', which it is not given",),
    ),
    "number": (
        text(arguments='budget, part=Param(0.5, "share", lo=0.0, high=1.0, source="test")'),
        ("mine.py, line 5: Param() has no lo; did you mean low?",),
    ),
    "source": (
        text(arguments='budget, part=Param(0.5, "share", low=0.0, high=1.0)'),
        ("mine.py, line 5: Param() needs 'source', which it is not given",),
    ),
    "agent": (
        RULE.replace("rule(village", 'rule("village"'),
        ("mine.py: rule capture is about 'village'; allowed: a kind of",),
    ),
    "unit": (RULE.replace('"share", ', ""), ("mine.py: rule capture: its unit is 0.0; allowed: words in quotes",)),
    "ends": (
        RULE.replace("0.0, 1.0", "1.0, 0.0"),
        ("mine.py: rule capture: its range is 1.0 to 0.0; allowed: the low",),
    ),
    "measured in": (
        "from sim import metric\n@metric('T', unit=1, better='lower')\ndef test(size):\n    'None.'\n    return 0.0\n",
        ("mine.py: metric test: its unit is 1; allowed: words in quotes",),
    ),
    "measure": (
        "from sim import metric\n@metric('Test', unit='z', beter='lower')\ndef test(consumption):\n    return 0.0\n",
        ("mine.py, line 2: metric() has no beter; did you mean better?",),
    ),
    "label": (text().replace('"Test"', "3"), ("mine.py, line 4: label is 3; allowed: words in quotes",)),
}


@pytest.mark.parametrize("case", WRONG)
def test_a_wrong_file_is_told(mine, scenario, capsys, case):
    content, words = WRONG[case]
    file = mine(content)
    before = sorted(file.parent.iterdir())
    path = scenario("dividend")
    results = file.parent / "results"
    for command in (["check"], ["run", "--results", str(results)]):
        assert command_line.main([*command, str(path), "--policy", str(file)]) == 2
        told(capsys, *words)
    assert sorted(file.parent.iterdir()) == sorted([*before, path])


def test_a_missing_file_is_told_with_the_nearest_name(mine, scenario, capsys):
    near = mine(name="my_policy.py")
    for name, words in (("my_polcy.py", "no such Python file; did you mean my_policy.py?"), ("", "cannot be read")):
        assert command_line.main(["check", str(scenario("dividend")), "--policy", str(near.parent / name)]) == 2
        told(capsys, words)


def test_two_files_of_one_name_are_refused(mine, tmp_path):
    (tmp_path / "b").mkdir()
    with pytest.raises(InputError, match=r"two files are called mine\.py; rename one"):
        known([mine(), mine(name="b/mine.py", content=text(name="second"))])


def test_a_policy_that_no_arm_names_is_told(mine, scenario, capsys):
    assert command_line.main(["check", str(scenario("dividend")), "--policy", str(mine())]) == 0
    out, said = capsys.readouterr()
    assert out.strip().endswith("arms: status_quo, dividend")
    assert said == 'tiny: no arm has policy = "mine"\n'
    assert command_line.main(["check", str(scenario("mine")), "--policy", str(mine())]) == 0
    assert capsys.readouterr().err == ""


# --- What a policy may not do while it runs ---------------------------------------------------------------------------

STOPPED = {
    "no lever": (
        'return {"efficacy": budget}',
        ("set efficacy, which is no lever", "allowed: works_money, right_goal"),
    ),
    "misspelt": ('return {"works_mony": budget}', ("is no lever; did you mean works_money?",)),
    "undeclared": ('return {"audit": budget}', ("set audit, which it did not declare; allowed: works_money",)),
    "low": ('return {"works_money": -budget}', ("set works_money outside [0, inf] z per person", "-0.04 in village")),
    "high": ('return {"right_goal": 1.5}', ("set right_goal outside [0, 1] share: 1.5 in village",)),
    "nan": ('return {"works_money": budget * float("nan")}', ("set works_money outside", ": nan in village")),
    "overspent": (
        'return {"works_money": 1.25 * budget}',
        ("spent 0.05 z per person and quarter on works_money in village", "allowed: the budget, 0.04"),
    ),
    "shape": (
        'return {"works_money": budget[:3]}',
        ("set works_money to an array of shape (3,); allowed: a number, or one number a village (4)",),
    ),
    "ragged": ('return {"works_money": [[1.0], [1.0, 2.0]]}', ("set works_money to [[1.0], [1.0, 2.0]]; allowed",)),
    "words": ('return {"works_money": "0.01"}', ("set works_money to '0.01'; allowed: a number",)),
    "nothing": ("pass", ("returned None; allowed: levers by name",)),
    "number": ("return budget", ("returned array(", "allowed: levers by name")),
    "chance": (
        'import random\n    return {"right_goal": random.random()}',
        ("asked twice, it set right_goal in two ways; allowed: what follows from its arguments alone",),
    ),
    "memory": (
        'past = globals().setdefault("past", [])\n    past.append(1)\n    return {"right_goal": 1.0 / len(past)}',
        ("asked twice, it set right_goal in two ways",),
    ),
    "now and then": (
        'n = globals()["n"] = globals().get("n", 0) + 1\n    return {"right_goal": 1.0} if n % 2 else {}',
        ("asked twice, it set right_goal in two ways",),
    ),
    "raises": (
        'return {"works_money": budget / wealth}',
        ("mine.py, line 7: NameError: name 'wealth' is not defined",),
    ),
    "writes": (
        "institution_quality[:] = persons\n    return {}",
        ("mine.py, line 7: tried to change institution_quality, which a policy may only see; allowed",),
    ),
    "adds": ("persons *= institution_quality", ("tried to change persons, which a policy may only see",)),
    "another name": (
        "seen = persons\n    seen[0] = 1.0",
        ("line 8: tried to change institution_quality or persons, which",),
    ),
}


@pytest.mark.parametrize("case", STOPPED)
def test_what_a_policy_may_not_do_is_told_in_one_sentence(mine, small_world, case):
    body, words = STOPPED[case]
    file = mine(levers='"works_money", "right_goal"', arguments="budget, institution_quality, persons", body=body)
    (policy,) = own_files.read(file).policies
    state = small_world.state.copy()
    before = {name: state[name].copy() for name in NEUTRAL}
    with pytest.raises(PolicyError) as caught:
        set_levers([Programme(policy, 0.04)], state, 5)
    said = str(caught.value)
    assert said.startswith("policy mine, quarter 5: ") and "\n" not in said
    for word in words:
        assert word in said, said
    assert all(np.array_equal(state[name], before[name]) for name in NEUTRAL)


def test_what_an_array_was_made_of_may_be_changed(mine, small_world):
    """Only what was given is read-only, not what a policy computes from it."""
    body = "best = institution_quality * 0.0\n    best[0] = 1.0\n    budget *= 0.5\n    "
    body += 'return {"works_money": best * budget}'
    (policy,) = own_files.read(mine(arguments="budget, institution_quality", body=body)).policies
    state = small_world.state.copy()
    set_levers([Programme(policy, 0.04)], state, 5)
    assert list(state["works_money"]) == [0.02, 0.0, 0.0, 0.0]
    assert state["dividend"] == pytest.approx([0.02, 0.04, 0.04, 0.04])


def test_a_policy_that_goes_wrong_stops_the_run_and_leaves_no_trace(
    mine, scenario, tmp_path, small_world, monkeypatch, capsys
):
    monkeypatch.setattr(study, "build", lambda *_: small_world)
    file = mine(arguments="budget, quarter", body='return {"works_money": budget * (1.0 + (quarter > 9))}')
    (tmp_path / "results" / "older").mkdir(parents=True)
    run = ["run", str(scenario()), "--policy", str(file), "--results", str(tmp_path / "results")]
    assert command_line.main(run) == 2
    told(capsys, "policy mine, quarter 10: spent 0.08 z per person and quarter on works_money", "allowed: the budget")
    assert [one.name for one in (tmp_path / "results").iterdir()] == ["older"]


# --- The example of the README ----------------------------------------------------------------------------------------


def test_the_example_is_short_and_runs_as_the_reader_is_told(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    code, arms, command = block("policy"), block("policy-arms"), block("policy-run").strip()
    assert len(code.splitlines()) <= 30
    _, program, file = re.search(r"(swadaya run) (\S+\.toml) --policy (\S+\.py)", command).groups()
    Path(file).write_text(code)
    Path(program).write_text(TINY[: TINY.index("arms")] + '[[arms]]\npolicy = "status_quo"\n\n' + arms)
    assert command_line.main(command.removeprefix("swadaya ").split()) == 0
    (folder,) = Path("results").iterdir()
    manifest = json.loads((folder / "manifest.json").read_text())
    assert manifest["own_files"] == [{"name": file, "sha256": hashlib.sha256(code.encode()).hexdigest()}]
    assert file in (folder / "report.html").read_text()
    (made,) = own_files.read(Path(file)).policies
    assert made.name in (folder / "tables" / "headline.csv").read_text()
    assert made.label.split()[0] in capsys.readouterr().out


def test_the_mechanism_of_the_readme_is_a_whole_file(mine):
    """With its imports: what stands there can be saved and named."""
    file = mine(block("mechanism"))
    offered = known([file])
    assert float(offered.parameters["capture.tilt"]) == 0.1 and "worst_capture" in offered.metrics
    assert offered.homes == {"capture": file.name}
