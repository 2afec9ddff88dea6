"""What is stored: the frozen parameter sets and verdicts are of the rules and studies of today."""

from __future__ import annotations

from pathlib import Path

import pytest

from sim import policies
from sim.app.texts import words
from sim.calibration import ensemble
from sim.calibration.calibrate import LUMPY, SOLVED, VARIANTS, priors
from sim.evidence import standing
from sim.evidence.judging import PASSED, worst
from sim.evidence.moments import KNOWN
from sim.evidence.studies import read_studies
from sim.evidence.validation import HOLDS
from sim.language import say, speaking
from sim.start import wire

ROOT = Path(__file__).parents[1]
#: What counts as validation; a target of two studies passes with both.
TARGETS = (("V4",), ("V5",), ("V7",), ("V8b",), ("V9",), ("V11",), ("V12a", "V12b"))


@pytest.mark.parametrize("variant", VARIANTS)
def test_frozen_sets_are_of_the_rules_of_today_and_within_their_ranges(lane, variant):
    sets, about = ensemble.load(variant), ensemble.provenance()[variant]
    assert not ensemble.stale(variant), "swadaya calibrate --check"
    assert len(sets) == about["sets"] >= 64
    assert set(sets[0]) == {*priors(lane.plan, "trap_off"), *SOLVED, *LUMPY}
    for name, (low, high) in priors(lane.plan, "trap_off").items():
        assert all(low <= one[name] <= high for one in sets), name
    assert all((one["output.lumpy_scale"] > 0.0) == (variant == "trap_on") for one in sets)


@pytest.mark.parametrize("variant", VARIANTS)
def test_nine_of_ten_sets_reproduce_poverty_and_churn_where_none_was_chosen(variant):
    inside = ensemble.provenance()[variant]["inside_in_fresh_populations"]
    assert inside["V1"] >= ensemble.BAR and inside["V2"] >= ensemble.BAR


def test_verdicts_are_of_the_model_the_sets_and_the_studies_of_today():
    rows, _ = standing.read()
    assert set(rows["variant"]) == set(VARIANTS)
    assert not [line for line in standing.warnings() if line.startswith("Not validated")], "swadaya validate --store"


def scorecard_in_words() -> str:
    """The table of the README: the worst verdict of what decides in each study, by variant."""
    rows, _ = standing.read()
    deciding = rows[rows["deciding"].astype(str) == "True"]
    verdicts = deciding.groupby(["study", "variant"])["verdict"].agg(lambda found: worst(list(found)))
    plan = wire()
    lines = []
    for study in read_studies(plan, policies.catalogue(), KNOWN):
        told = [say(verdicts[study.id, variant]).replace("*", "\\*") for variant in VARIANTS]
        title = f"{say(study.title)} (*{say('fitted')}*)" if study.role == "fitted" else say(study.title)
        lines.append(" | ".join([f"| {study.id}", title, *told]) + " |")
    return "\n".join(lines)


@pytest.mark.parametrize(("code", "file"), [("en", "README.md"), ("id", "README.id.md")])
def test_the_readme_has_the_scorecard_of_today(code, file):
    text = (ROOT / file).read_text(encoding="utf-8").split("<!-- scorecard -->\n")[1].split("\n<!-- /scorecard -->")[0]
    with speaking(code):
        assert text.split("\n|---|---|---|---|\n")[1] == scorecard_in_words()


def ablation_in_words(language: int) -> str:
    """The table of mechanisms: studies that pass only without one (+), and those that pass only with it (−)."""
    rows, _ = standing.read()
    deciding, lines = rows[rows["deciding"].astype(str) == "True"], []
    for name in HOLDS:
        cells = []
        for variant in VARIANTS:
            of = deciding[deciding["variant"] == variant].groupby("study")
            whole, off = (of[one].agg(lambda found: worst(list(found)) in PASSED) for one in ("whole", name))
            turned = {"+": whole.index[off & ~whole], "−": whole.index[whole & ~off]}
            cells.append(" ".join(f"{sign} {', '.join(studies)}" for sign, studies in turned.items() if len(studies)))
        if any(cells):
            lines.append(" | ".join([f"| {words(f'mechanism.{name}')[language]}", *cells]) + " |")
    return "\n".join(lines)


@pytest.mark.parametrize(("language", "file"), [(0, "README.md"), (1, "README.id.md")])
def test_the_readme_says_what_each_mechanism_does_to_the_verdicts(language, file):
    text = (ROOT / file).read_text(encoding="utf-8").split("<!-- ablation -->\n")[1].split("\n<!-- /ablation -->")[0]
    assert text.split("\n|---|---|---|\n")[1] == ablation_in_words(language)


@pytest.mark.parametrize(("code", "file"), [("en", "README.md"), ("id", "README.id.md")])
def test_the_readme_says_beside_its_map_what_the_verdicts_bar(code, file):
    """What the map shows is no claim that a failed study bars; where verdicts change, so must the words."""
    with speaking(code):
        told = " ".join(standing.warnings())
    text = (ROOT / file).read_text(encoding="utf-8")
    assert " ".join(text.split("<!-- bars -->\n")[1].split("\n<!-- /bars -->")[0].split()) == told
    assert text.index("<!-- /map -->") < text.index("<!-- bars -->") < text.index("\n## ")


def test_the_readme_says_how_the_verdicts_stand():
    """How many fail, and how many of the seven targets that count pass, in both variants."""
    rows, _ = standing.read()
    deciding = rows[rows["deciding"].astype(str) == "True"]
    verdicts = deciding.groupby(["variant", "study"])["verdict"].agg(lambda found: worst(list(found)))
    assert [len(verdicts[one]) for one in VARIANTS] == [13, 13]
    assert [(verdicts[one] == "FAIL").sum() for one in VARIANTS] == [5, 5]
    count = [[of for of in TARGETS if verdicts[one][[*of]].isin(PASSED).all()] for one in VARIANTS]
    assert [len(passed) for passed in count] == [5, 5]
    said = {
        "README.md": ("**Five of the thirteen published studies fail**", "five pass, in both variants"),
        "README.id.md": ("**Lima dari tiga belas studi gagal tereproduksi**", "lima lulus, dengan maupun tanpa"),
    }
    for file, sentences in said.items():
        text = (ROOT / file).read_text(encoding="utf-8")
        assert all(one in text for one in sentences), file
