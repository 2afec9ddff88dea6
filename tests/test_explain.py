"""What `explain` prints: everything that there is, readable in a narrow window."""

from __future__ import annotations

import dataclasses
import io
import itertools

import pytest
from rich.console import Console

from sim import __main__ as command_line
from sim import policies
from sim.errors import InputError
from sim.explain.policies import GROUPS, STANDING, grouped
from sim.explain.topics import TOPICS, explain
from sim.policies.families import FAMILIES
from sim.policies.practice import PRACTICE, VARIABLES, Practice
from sim.scenario import check
from sim.start import wire


def printed(topic: str, width: int = 80, name: str = "") -> str:
    console = Console(width=width, file=io.StringIO())
    console.print(explain(topic, name))
    return console.file.getvalue()


def words(topic: str, name: str = "") -> str:
    return " ".join(printed(topic, 80, name).split())


@pytest.mark.parametrize("topic", TOPICS)
def test_fits_a_window_of_80_columns_and_breaks_only_between_words(topic):
    narrow, wide = printed(topic), printed(topic, 1000)
    assert max(map(len, narrow.splitlines())) <= 80
    assert narrow.split() == wide.split()


def test_order_names_every_rule_once_and_what_it_reads():
    lines = printed("order", 1000).splitlines()
    numbered = [line for line in lines if line.split()[:1] and line.split()[0].isdigit()]
    assert len(numbered) == len(wire().rules)
    weather = next(line for line in numbered if " weather (" in line)
    assert weather.strip().endswith("village weather (luck) \u2190 last weather, draw")


def test_parameters_have_value_unit_range_and_source():
    text = words("parameters")
    for name, parameter in wire().parameters.items():
        start = text.index(f"{name} = {float(parameter):g} {parameter.unit}")
        assert " ".join(parameter.source.split()) in text[start:]


def test_columns_have_unit_and_meaning():
    text = words("columns")
    plan = wire()
    assert all(f"{name} {plan.unit(name)[0]}" in text for name in plan.table_of)
    assert "wages_paid z per quarter [at least 0] flow of the ledger Wages of works." in text


# --- The catalogue ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", policies.catalogue())
def test_a_policy_says_all_that_its_author_said(name):
    about, text, whole = policies.catalogue()[name], words("policies", name), words("policies")
    assert text in whole
    said = (about.code, about.label_id, about.meaning, about.decides, about.flows, about.targets, about.level)
    for told in (*said, f"{about.loses_when} (its author's hypothesis)", *about.levers):
        assert " ".join(told.split()) in text
    for argument, number in about.parameters.items():
        told = f"{argument} = {float(number):g} {number.unit} [{number.low:g} to {number.high:g}] {number.source}"
        assert " ".join(told.split()) in text


def test_a_label_is_its_code_and_its_name():
    assert policies.catalogue()["asset_only"].code == "T2b" and policies.catalogue()["pkh"].code == ""
    assert "T2b asset_only Asset alone \u00b7 Aset tanpa pendampingan" in words("policies", "asset_only")
    assert words("policies", "pkh").startswith("pkh Family Hope Programme \u00b7 Program Keluarga Harapan")


def test_at_a_glance_every_policy_stands_once_under_its_heading():
    lines = printed("policies", 1000).split("Community intervention, after Rothman")[0].splitlines()
    for name, about in policies.catalogue().items():
        (line,) = [line for line in lines if name in line.split()[:2]]
        assert " ".join(line.split()) == f"{about.code} {name} {about.decides}".strip()
    groups = grouped(policies.catalogue())
    assert sum(map(len, groups.values())) == len(policies.catalogue())
    assert {about.name for about in groups[STANDING]} == {"dana_desa", "pkh", "rastra"}
    for letter, heading in GROUPS.items():
        assert all(about.code[:1] == letter for about in groups.get(heading, ()))


def test_who_reallocates_and_who_has_no_rank_is_told():
    for name, about in policies.catalogue().items():
        text = words("policies", name)
        assert about.reallocates == ("budget that of all villages together" in text)
        assert about.ranked != ("rank none, and no cost" in text)


def test_what_ends_when_is_told():
    text = words("policies", "hybrid")
    assert "with the facilitators: facilitation with the funds: works_money, audit, asset when both are gone: " in text
    told = words("policies", "infrastructure")
    assert "ends with the funds: works_money, road_works when both are gone: road_outside may lose when" in told
    assert "ends when both are gone: the dividend may lose when" in words("policies", "dividend")


def test_practice_has_rothmans_twelve_variables_in_his_order_and_their_source():
    assert len(VARIABLES) == 12 and [*VARIABLES, "source"] == [f.name for f in dataclasses.fields(Practice)]
    for found in PRACTICE.values():
        cells = [getattr(found, variable) for variable in VARIABLES]
        assert all(cells) and ("memory" in found.source or "assumption" in found.source)
    for one, other in itertools.combinations(PRACTICE.values(), 2):
        assert sum(getattr(one, name) != getattr(other, name) for name in VARIABLES) >= 8
    text = words("policies", "locality_development")
    told = [f"{label} {getattr(PRACTICE['locality_development'], name)}" for name, label in VARIABLES.items()]
    assert f"practice Rothman's twelve variables: {PRACTICE['locality_development'].source} {' '.join(told)}" in text
    assert "practice" not in words("policies", "infrastructure")


def test_only_models_of_rothman_and_glen_have_practice():
    assert set(PRACTICE) == set(FAMILIES["community_practice"].members)
    assert all(about.code[:1] in "RG" for name, about in policies.catalogue().items() if name in PRACTICE)
    assert all(name in PRACTICE for name, about in policies.catalogue().items() if about.code[:1] in ("R", "G"))


# --- Families ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", FAMILIES)
def test_every_member_of_a_family_can_be_run(name):
    missing = set(FAMILIES[name].members) - set(policies.catalogue())
    assert not missing


def test_families_are_the_articles_umbrella_terms_by_code():
    """Community work = U1-U3, community organisation = R1-R3, and so on; told by the codes of the members."""
    codes = {name: {policies.catalogue()[m].code for m in about.members} for name, about in FAMILIES.items()}
    assert codes == {
        "community_work": {"U1", "U2", "U3"},
        "community_organisation": {"R1", "R2", "R3"},
        "community_organisation_and_development": {"R1", "G1"},
        "community_practice": {"R1", "R2", "R3", "R4", "G1", "G2", "G3"},
    }


@pytest.mark.parametrize("name", FAMILIES)
def test_a_family_is_told_in_both_languages_and_cannot_be_run(name, known):
    about = FAMILIES[name]
    text = words("policies", name)
    assert text.startswith(f"{name} {about.label} \u00b7 {about.label_id} {about.meaning}")
    assert text.endswith(f"stands for {', '.join(about.members)}") and text in words("policies")
    assert name not in policies.catalogue()
    members = ", ".join(about.members)
    with pytest.raises(InputError, match=f'"{name}" is a family, not a policy; its members: {members}'):
        check({"title": "t", "arms": [{"policy": "status_quo"}, {"policy": name}]}, known)


# --- One of them, and a user's own ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("code", "names"), [("R1", ["locality_development"]), ("t2B", ["asset_only", "asset_with_coaching"])]
)
def test_a_code_stands_for_its_policies(code, names):
    assert words("policies", code) == " ".join(words("policies", name) for name in names)


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["policies", "hybird"], "there is no policy or family hybird; did you mean hybrid?"),
        (["policies", "community_practise"], "did you mean community_practice?"),
        (["order", "hybrid"], "explain order takes no name"),
    ],
)
def test_a_name_that_there_is_not_is_told(arguments, told, capsys):
    assert command_line.main(["explain", *arguments]) == 2
    out, said = capsys.readouterr()
    assert out == "" and told in said and len(said.splitlines()) == 1


def test_a_policy_of_ones_own_is_explained_too(tmp_path, capsys):
    file = tmp_path / "mine.py"
    file.write_text(
        "from sim import policy\n\n\n@policy(label='Mine', label_id='Punyaku', decides='me', flows='cash', "
        "targets='all', level='all', loses_when='ever', levers=[])\ndef mine(budget):\n    return {}\n"
    )
    assert command_line.main(["explain", "policies", "mine", "--policy", str(file)]) == 0
    assert " ".join(capsys.readouterr().out.split()).startswith("mine Mine \u00b7 Punyaku who decides me")
