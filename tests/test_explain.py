"""What `explain` prints: everything that there is, readable in a narrow window."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from sim import policies
from sim.explain import TOPICS, explain
from sim.start import wire


def printed(topic: str, width: int = 80) -> str:
    console = Console(width=width, file=io.StringIO())
    console.print(explain(topic))
    return console.file.getvalue()


def words(topic: str) -> str:
    return " ".join(printed(topic).split())


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


def test_policies_say_who_decides_what_flows_and_when_they_lose():
    text = words("policies")
    for name, policy in policies.catalogue().items():
        block = text[text.index(f"{name} {policy.label} in Indonesian {policy.label_id}") :]
        assert policy.reallocates == ("budget that of all villages together" in block.split(" in Indonesian ")[1])
        assert policy.ranked != ("rank none, and no cost" in block.split(" in Indonesian ")[1])
        for told in (policy.decides, policy.flows, policy.targets, policy.loses_when, *policy.parameters):
            assert told in block
