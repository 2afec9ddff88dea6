"""The description of the model: complete, of today's code, and read without a renderer's help."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pytest
from markdown_it import MarkdownIt

from sim import __main__ as command_line
from sim import ledger, metrics, policies
from sim.calibration import calibrate, fitted
from sim.engine.plan import drawn
from sim.engine.rule import Normal, Uniform
from sim.explain.odd import CITED, STANDING, odd, parameters, standing
from sim.policies.policy import Policy
from sim.start import wire

COMMITTED = Path(__file__).parents[1] / "sim" / "ODD.md"
PLAN = wire()


@pytest.fixture(scope="module")
def text():
    return odd(PLAN, policies.catalogue())


def test_the_committed_copy_is_what_the_code_says(text, renew):
    if renew:
        COMMITTED.write_text(text, encoding="utf-8")
    told = "sim/ODD.md is older than the code: `swadaya explain odd > sim/ODD.md`"
    assert COMMITTED.read_text(encoding="utf-8") == text, told


def test_the_command_prints_it_whole(text, capsys):
    assert command_line.main(["explain", "odd"]) == 0
    assert capsys.readouterr().out == text
    assert command_line.main(["explain", "odd", "hybrid"]) == 2


def test_it_has_the_sections_of_odd_d_in_order(text):
    """Müller et al. 2013, table 1; what stands after submodels is this model's own."""
    numbered = [line.split(" ", 2)[1:] for line in text.splitlines() if re.match(r"### \d", line)]
    words = [title.lower() for _, title in numbered]
    asked = (
        "purpose", "entities, state variables and scales", "process overview and scheduling",
        "theoretical and empirical background", "individual decision making", "learning", "individual sensing",
        "individual prediction", "interaction", "collectives", "heterogeneity", "stochasticity", "observation",
        "implementation details", "initialisation", "input data", "submodels",
    )  # fmt: skip
    assert tuple(words[: len(asked)]) == asked


def test_every_link_leads_to_a_heading(text):
    heads = [re.sub(r"[^\w\- ]", "", line.lstrip("# ").lower()).replace(" ", "-")
             for line in text.splitlines() if line.startswith("#")]  # fmt: skip
    links = re.findall(r"\]\(#([^)]*)\)", text)
    assert links and not set(links) - set(heads)


def test_every_rule_is_told_with_its_equation_or_as_an_account(text):
    submodels = text.split("### 3.4")[1].split("### 3.5")[0]
    order = text.split("## Appendix")[1]
    for name, rule in PLAN.rules.items():
        assert order.count(f"| `{name}` |") == 1, name
        assert (f"**`{name}`** ({rule.table.name}; {rule.unit}" in submodels) != (rule.mechanism == "ledger"), name
    accounts = {**ledger.FLOWS, **ledger.STOCKS}
    assert all(f"| `{name}` |" in submodels for name in accounts)
    assert "- spread * (sqrt(1.0 - shared) * reluctance + sqrt(shared) * custom)" in submodels


def test_every_parameter_has_value_range_unit_source_standing_and_what_decides_it(text):
    found = {name: (p, decided, known) for _, rows in parameters(PLAN) for name, p, decided, known in rows}
    assert set(found) == set(PLAN.parameters)
    informed = {name for moment in fitted.MOMENTS for name in moment.informs}
    for name, (p, decided, known) in found.items():
        row = next(line for line in text.splitlines() if line.startswith(f"| `{name}` |"))
        told = [part.strip() for part in re.split(r"(?<!\\)\|", row)[1:-1]]
        assert told[1] == f"{float(p):g}" and told[5] == known and told[6].replace("\\|", "|") == p.source
        assert decided.startswith("fitted: ") == (name in informed), name
    assert found["attends.threshold"][1] == "solved with the start" and calibrate.SOLVED == ("attends.threshold",)
    assert found["luck.persistence"][1].startswith("fitted: V2 newly poor, V2 ever poor, V2 shock left")
    assert found["macro_trend.growth"][1].startswith("fitted: V1 headcount trend, V1 gini drift")


@pytest.mark.parametrize(
    ("source", "known"),
    [
        ("assumption; skilled delegation is technically better (read)", "assumption"),
        ("participants are 7 times likelier to pass news on (read); size is an assumption", "assumption"),
        ("wages to residents in village works (from memory, low)", "from memory"),
        ("grass-roots participation: about 0 (Olken 2007; read)", "read"),
        ("as `unconditional`", "as another"),
        ("transitory sd of log income 0.25-0.45 (derived)", "derived"),
        ("audits from 4 % to 100 %: -8.5 points, se 4.4 (Olken 2007)", CITED),
    ],
)
def test_a_source_says_how_well_a_number_is_founded(source, known):
    assert standing(source) == known and known in {CITED, "as another", *dict(STANDING).values()}


def test_every_draw_lever_series_and_policy_is_told(text):
    names = [f"{name}.{a}" for name, rule in PLAN.rules.items() for a, m in rule.arguments
             if isinstance(m, Normal | Uniform) and not drawn(m, "")]  # fmt: skip
    levers = [c.name for c in PLAN.tables["village"].columns if c.lever]
    for name in (*names, *levers, *metrics.catalogue()):
        assert f"| `{name}` |" in text, name
    for name, about in policies.catalogue().items():
        assert text.count(f"**`{name}`** — {about.label} · *{about.label_id}*. ") == 1
        assert f"may lose when {about.loses_when} (its author's hypothesis)" in text


def test_what_is_left_out_and_that_tipping_is_a_hypothesis_are_told(text):
    left = text.split("### 3.7")[1]
    assert all(word in left for word in ("migration", "seasons", "one index", "policies", "Land"))
    assert "Tipping is a hypothesis" in text


def test_a_renderer_finds_whole_tables_and_no_stray_marks(text):
    tokens = MarkdownIt("commonmark").enable("table").parse(text)
    kinds = Counter(token.type for token in tokens)
    tables = len(re.findall(r"^\|(?:---\|)+$", text, re.MULTILINE))
    assert kinds["table_open"] == tables > 30
    assert "{{" not in text and "{%" not in text and "\n\n\n" not in text
    loose = [t.content for t in tokens if t.type == "inline" and t.content.startswith("| ")]
    assert not loose


def test_a_policy_of_ones_own_is_described_too():
    about = policies.catalogue()["hybrid"]
    own = Policy("mine", about.function, "Mine", "Punyaku", "me", "cash", "all", "all", "ever", ())
    assert "**`mine`** — Mine · *Punyaku*." in odd(PLAN, {**policies.catalogue(), "mine": own})
