"""The scorecard: verdicts on hand-made numbers, files that are read or refused, and the plumbing on a tiny world.

No verdict of the model is asserted here: what it passes or fails is a finding, not a requirement.
"""

import html
import json
import math
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from rich.console import Console

from sim import __main__ as command_line
from sim.calibration import calibrate, ensemble
from sim.errors import InputError
from sim.evidence import moments, standing, trials, validation
from sim.evidence.estimates import of_households
from sim.evidence.judging import ORDER, Found, Target, barred, judge, reach, remarked, rival_passes, scorecard, worst
from sim.evidence.studies import CONTROL, DERIVED, shipped
from sim.evidence.trials import Draw, Seen, programmes, run_draw
from sim.evidence.validation import HOLDS, Worlds, prior_sets, read_prior, renew_prior, studies_of, validate
from sim.explain import topics as explain
from sim.language import speaking
from sim.population import TwoPieceLognormal
from sim.report import scorecard as report
from sim.survey import read_aggregates

SEED = 2
WIDE = tuple(np.linspace(5.0, 15.0, 41))  # 5-95 %: 5.5 to 14.5


def positive(**changes):
    return Target(**{"kind": "positive", "observed": 11.0, "se": 2.0, "low": 4.0, "high": 14.0, **changes})


def null(**changes):
    return Target(**{"kind": "null", "observed": 0.0, "se": 1.0, "low": -3.0, "high": 3.0, **changes})


# -- verdicts ---------------------------------------------------------------------------------------------------------


def test_positive_passes_where_the_estimate_is_likely_and_the_effect_tolerated():
    assert judge(positive(), Found([9.0, 10.0, 11.0], WIDE)) == "PASS"
    assert judge(positive(se=math.nan), Found([9.0, 10.0, 11.0], WIDE)) == "PASS*"


@pytest.mark.parametrize(
    ("true", "estimates"),
    [([15.0, 16.0], WIDE), ([5.0, 6.0], tuple(np.linspace(4.0, 8.0, 41))), ([2.0], tuple(np.linspace(-2.0, 15.0, 41)))],
    ids=["effect outside", "published estimate unlikely", "effect outside though the estimate is likely"],
)
def test_positive_fails(true, estimates):
    assert judge(positive(), Found(true, estimates)) == "FAIL"
    assert judge(positive(deciding=False), Found(true, estimates)) == "WARN"


def test_uninformative_is_wider_than_twice_the_tolerance_even_where_the_band_is_widened():
    target = null(se=3.0)  # band -5.88 to 5.88
    assert judge(target, Found([0.0], np.linspace(-6.6, 6.6, 101))) == "PASS"  # 5-95 %: 11.88 of 12
    assert judge(target, Found([0.0], np.linspace(-6.8, 6.8, 101))) == "UNINFORMATIVE"


def test_a_study_that_could_not_have_told_is_uninformative_but_never_hides_a_failure():
    blind = tuple(np.linspace(-40.0, 60.0, 41))
    assert judge(positive(), Found([10.0], blind)) == "UNINFORMATIVE"
    assert judge(positive(), Found([20.0], blind)) == "FAIL"
    assert judge(null(), Found([0.0], blind)) == "UNINFORMATIVE"
    assert judge(null(), Found([9.0], blind)) == "FAIL"


def test_null_passes_where_the_true_effects_lie_in_its_band_and_needs_no_likely_estimate():
    assert judge(null(), Found([-2.0, 1.0, 2.5], [-1.0, 1.0])) == "PASS"
    assert judge(null(), Found([-4.0, 1.0, 3.5], [-1.0, 1.0])) == "FAIL"  # their mean, 0.2, is inside
    assert judge(null(), Found([*[0.0] * 97, 9.0, 9.0], [-1.0, 1.0])) == "PASS"  # 2 % of sets are beyond
    assert judge(null(observed=math.nan, se=math.nan), Found([1.0], [-1.0, 1.0])) == "PASS*"
    assert judge(null(), Found([3.0, 4.0], [-1.0, 1.0])) == "FAIL"


def test_band_of_a_null_is_never_narrower_than_the_published_interval():
    target = null(observed=-2.0, se=3.5, low=-4.0, high=2.0)
    assert target.band == pytest.approx((-2.0 - 1.96 * 3.5, -2.0 + 1.96 * 3.5))
    assert judge(target, Found([4.0], [-1.0, 1.0])) == "PASS"
    assert null(se=0.1).band == (-3.0, 3.0)
    assert positive(se=50.0).band == (4.0, 14.0)


def test_without_estimates_nothing_passes_but_a_failure_stays_one():
    for target in (positive(), null(observed=10.0, low=5.0, high=15.0)):
        assert judge(target, Found([10.0], ())) == "UNINFORMATIVE"
        assert judge(target, Found([30.0], ())) == "FAIL"


def test_a_rival_passes_only_inside_the_tolerance_and_within_the_sampling_error():
    found = Found([10.0], WIDE, errors=tuple(np.linspace(-8.0, 8.0, 41)))
    assert not rival_passes(positive(), found, 0.0)
    assert rival_passes(positive(), found, 5.0)
    assert not rival_passes(positive(), Found([10.0], WIDE, errors=(-1.0, 1.0)), 5.0)
    assert rival_passes(null(), found, 0.0)


def test_where_no_true_effect_could_pass_is_known_from_the_spread_of_estimates():
    target, found = positive(observed=9.1, low=0.0, high=6.0), Found([0.6, 0.8], np.linspace(-0.95, 2.35, 101))
    first, last = reach(target, found)
    assert target.high < first < last and judge(target, found) == "FAIL"
    for shift in np.linspace(0.0, 6.0, 61):  # whatever the true effect in the tolerance: a failure
        moved = Found([shift], np.asarray(found.estimates) + (shift - found.mean))
        assert judge(target, moved) == "FAIL"
    wider = positive(observed=9.1, low=0.0, high=first + 0.01)
    assert judge(wider, Found([first + 0.005], np.asarray(found.estimates) + (first + 0.005 - found.mean))) != "FAIL"


def test_the_worst_of_several_verdicts_is_that_of_their_target():
    assert worst(["PASS", "PASS*"]) == "PASS*"
    assert worst(["PASS", "NOT REPRESENTED"]) == "NOT REPRESENTED"
    assert ORDER[0] == "FAIL"


# -- files ------------------------------------------------------------------------------------------------------------

FILE = """
id = "T1"
title = "A test"
role = "structure-informed"
bars = "claims for tests"
citations = ["Nobody (MEM)"]
design = "None at all"
population = "Everybody"
cost = "nothing"
start = 1

[sample]
villages = 40
households = 5
source = "invented"

[[flows]]
arms = ["cash"]
policy = "targeted_cash"
dose = 0.0
quarters = 2
settings = { quota = 0.3 }
conversion = "none needed"

[[outcomes]]
name = "Consumption"
kind = "positive"
unit = "%"
observed = 1.0
se = 0.5
low = -2.0
high = 3.0
status = "READ"
columns = ["consumption"]
arm = "cash"
quarters = [0, 2]

[[outcomes]]
name = "Something that is not there"
kind = "null"
unit = "%"
status = "READ"
missing = "nothing holds it"
"""


@pytest.fixture
def write(tmp_path):
    def written(text, name="T1.toml"):
        (tmp_path / name).write_text(text, encoding="utf-8")
        return (tmp_path,)

    return written


def test_shipped_studies_are_sound_and_say_where_their_figures_come_from(lane):
    studies = studies_of(lane.plan)
    assert " ".join(s.id for s in studies) == "V1 V2 V3 V4 V5 V6 V7 V8a V8b V9 V11 V12a V12b"
    assert {s.counts_as for s in studies if s.role == "structure-informed"} == {
        "V4",
        "V5",
        "V7",
        "V8b",
        "V9",
        "V11",
        "V12",
    }
    for study in studies:
        assert all("(READ" in citation or "(MEM" in citation for citation in study.citations)
        for outcome in study.outcomes:
            assert "READ" in outcome.status or "MEM" in outcome.status or "DER" in outcome.status
            assert outcome.columns and not outcome.missing


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ('columns = ["consumption"]', 'columns = ["consumtion"]', ('"columns" in [[outcomes]]', "consumption")),
        ('"targeted_cash"', '"targeted_cahs"', ('"policy" in [[flows]]', "targeted_cash")),
        ("quota = 0.3", "quoat = 0.3", ('"quoat" in [flows.settings]', "quota")),
        ("observed = 1.0\n", "", ('"observed" in [[outcomes]]', "missing")),
        ("low = -2.0", "low = 4.0", ('"low" in [[outcomes]]', "high")),
        ('kind = "positive"', 'kind = "postive"', ('"kind" in [[outcomes]] is "postive"', '"positive" or "null"')),
        ("villages = 40", "villags = 40", ('unknown key "villags" in [sample]', "villages")),
        ('arm = "cash"', 'arm = "csah"', ('"arm" in [[outcomes]]', "cash")),
        ("dose = 0.0", "dose = 0.0\nper_member = 1.0", ('"dose" in [[flows]]', "either")),
        ("quarters = [0, 2]", "quarters = [2, 2]", ('"quarters" in [[outcomes]]', "before")),
        ('title = "A test"\n', "", ('the key "title" is missing at the top of the file', "3 to 120 characters")),
        ("quota = 0.3", "quota = 0.9", ('"quota" in [flows.settings]', "0.05 to 0.6")),
        ('role = "structure-informed"', 'role = "structure"', ('"role" at the top of the file', "structure-informed")),
        ('kind = "positive"', 'kind = "positive"\nspread = 2.0', ('"spread" in [[outcomes]]', "sd")),
        ("id =", "id ", ("line 2, column 5: not valid TOML", "T1.toml")),
        ("id =", f"id = {'[' * 9000}", ("not valid TOML: lists or tables are nested too deeply", "T1.toml")),
        ("quota = 0.3", 'quota = "a"', ('line 22: "quota" in [flows.settings] is "a"', "a finite number")),
        ("quarters = [0, 2]", 'quarters = [0, "a"]', ('line 36: entry 2 of "quarters" in [[outcomes]]', "two numbers")),
        ('["consumption"]', '["consumption", "loss"]', ('"columns" in [[outcomes]]', "compares either")),
        (
            'columns = ["consumption"]',
            'columns = ["loss"]\namong = "female_head"',
            ('line 35: "among" in [[outcomes]]', "are households"),
        ),
        ("dose = 0.0", "dose = 0.0\nonce = true", ('line 21: "once" in [[flows]]', "per_member")),
        (
            "quarters = [0, 2]",
            'quarters = [0, 2]\nroll = {column = "loss", quarters = [0, 2]}',
            ('"column" in [outcomes.roll]', "loss"),
        ),
        ('columns = ["consumption"]', 'per = "transfers"', ('"columns" in [[outcomes]]', "missing")),
    ],
)
def test_wrong_file_is_refused_with_file_and_key(lane, write, old, new, told):
    assert old in FILE
    with pytest.raises(InputError) as error:
        studies_of(lane.plan, write(FILE.replace(old, new, 1)))
    assert "T1.toml" in str(error.value) and all(word in str(error.value) for word in told)


def test_statistic_without_its_numbers_and_twice_the_same_name_are_refused(lane, write):
    where = write(FILE.replace('arm = "cash"', 'moment = "crisis_peak"'))
    with pytest.raises(InputError, match=r"crisis_peak needs the number start"):
        studies_of(lane.plan, where)
    write(FILE)
    with pytest.raises(InputError, match="two studies are called T1"):
        studies_of(lane.plan, write(FILE, "T2.toml"))


def test_empty_folder_is_told(lane, tmp_path):
    with pytest.raises(InputError, match="holds no study"):
        studies_of(lane.plan, (tmp_path,))


# -- rows, by hand ----------------------------------------------------------------------------------------------------


def made(lane, write, true=1.0, cash=0.0):
    studies = studies_of(lane.plan, write(FILE))
    draws = [
        Draw({("T1", 0): Seen(true + e, (true + e - 0.6, true + e + 0.6), cash, (4, 0))}) for e in (-0.2, 0.0, 0.2)
    ]
    return scorecard(studies, draws, "trap_off", lane.plan)


def test_rows_hold_verdict_rivals_and_what_answers_them(lane, write):
    card = made(lane, write)
    row = card.rows[card.rows["deciding"]].iloc[0]
    assert (row["verdict"], row["true_mean"]) == ("PASS", pytest.approx(1.0))
    assert row["true_low"] < 1.0 < row["true_high"] and row["estimate_low"] < row["true_low"]
    assert row["discriminating"] and row["rival_none"] == 0.0
    assert "rescaled from 4 villages to the study's 40" in row["note"] and "saving.consumption" in row["rule"]
    assert not any(". ." in note or note.startswith(".") for note in card.rows["note"])
    assert made(lane, write, true=0.3).rows.iloc[-1]["discriminating"]  # observed 1.0 is beyond 0.6 from no effect
    assert not made(lane, write, cash=1.2).rows.iloc[-1]["discriminating"]


def test_a_row_that_no_true_effect_could_pass_says_so(lane, write):
    told = "No true effect inside the tolerance could pass"
    assert (
        told not in made(lane, write).rows.iloc[-1]["note"]
        and told not in made(lane, write, true=9.0).rows.iloc[0]["note"]
    )
    studies = studies_of(lane.plan, write(FILE.replace("observed = 1.0", "observed = 9.1")))
    card = scorecard(studies, [Draw({("T1", 0): Seen(1.0, (0.4, 1.6))})], "trap_off", lane.plan)
    row = card.rows[card.rows["deciding"]].iloc[0]
    assert row["verdict"] == "FAIL" and told in row["note"] and "8.56 to 9.64" in row["note"]


def test_notes_are_said_in_the_language_and_data_stay_english(lane, write, tmp_path):
    """The words of a study's own file stay as they are; what the program says of it does not."""
    places = [tmp_path / code for code in ("en", "id")]
    for place in places:
        place.mkdir()
        with speaking(place.name):
            card = made(lane, write, true=9.0, cash=1.2)
            text = report.write([card], place).read_text()
        assert ("Sampling error rescaled from" in text) == (place.name == "en")
        assert ("ditetapkan sebelum dijalankan" in text and "Tidak terwakili: " in text) == (place.name == "id")
    assert places[0].joinpath("scorecard.csv").read_bytes() == places[1].joinpath("scorecard.csv").read_bytes()
    assert "Sampling error rescaled from 4 villages" in places[1].joinpath("scorecard.csv").read_text()
    with speaking("id"):
        assert "Galat penarikan sampel diskalakan dari 4 desa" in remarked(card.rows.iloc[0]["remarks"])


def test_the_page_admits_what_was_revised_and_explains_its_words(lane, write, tmp_path):
    text = report.write([made(lane, write)], tmp_path).read_text()
    assert "No parameter was changed" not in text and "A first look" not in text
    assert "revised with verdicts known: for V5, V7, V8b and V11" in text.split("<section")[0]
    for word in (
        "Trap off, trap on",
        "rural poverty line per person and quarter",
        "PPP:",
        "MPC:",
        "Podes:",
        "Susenas:",
    ):
        assert word in text
    one = studies_of(lane.plan, write(FILE.replace("quarters = 2\n", "quarters = 1\n", 1)))
    card = scorecard(one, [Draw({("T1", 0): Seen(1.0, (0.4, 1.6))})], "trap_off", lane.plan)
    assert "one quarter: none needed" in report.write([card], tmp_path).read_text()


def test_a_study_in_small_worlds_is_no_verdict(lane, write):
    """What is stored to be repeated bit for bit says beside it which verdict is of record."""
    console = Console(width=80, record=True)
    console.print(report.repeated(made(lane, write, true=9.0), "V7"))
    shown = " ".join(console.export_text().split())
    rows = standing.read()[0].query("study == 'V7' and deciding")
    wanted = " and ".join(
        f"{worst(list(part['verdict']))} with {name.replace('_', ' ')}" for name, part in rows.groupby("variant")
    )
    assert "V7 in small worlds, trap off" in shown and "Scorecard" not in shown
    assert f"no verdict on the model. The verdict of record is {wanted}." in shown
    assert "no scorecard is stored" in report.of_record("T1")


def test_failures_come_first_and_what_is_missing_counts_as_not_passed(lane, write):
    good, bad = made(lane, write), made(lane, write, true=9.0)
    assert list(good.rows["verdict"]) == ["NOT REPRESENTED", "PASS"]
    assert list(bad.rows["verdict"]) == ["FAIL", "NOT REPRESENTED"]
    assert good.counted() == ["T1"] and bad.counted() == []
    assert barred(good.rows) == {}
    assert barred(bad.rows) == {("trap_off", "claims for tests"): [("T1", "FAIL")]}
    assert standing.may_not(bad.rows) == ["Trap off: no claims for tests (T1 FAIL)."]


def test_a_positive_finding_that_a_rival_passes_too_does_not_count_but_bars_nothing(lane, write):
    card = made(lane, write, cash=1.2)
    assert card.targets() == {"T1": "PASS"} and card.counted() == [] and barred(card.rows) == {}
    assert "does not count" in card.rows.iloc[-1]["note"] and not card.rows.iloc[-1]["counts"]


def test_a_null_that_the_no_effect_model_passes_still_counts(lane, write):
    studies = studies_of(lane.plan, write(FILE.replace('kind = "positive"', 'kind = "null"', 1)))
    card = scorecard(studies, [Draw({("T1", 0): Seen(0.1, (0.0, 0.2))})], "trap_on", lane.plan)
    assert card.counted() == ["T1"] and not card.rows.iloc[-1]["discriminating"]


def test_where_nobody_is_eligible_nothing_is_known(lane, write):
    studies = studies_of(lane.plan, write(FILE))
    card = scorecard(studies, [Draw({("T1", 0): Seen(math.nan)})], "trap_off", lane.plan)
    assert card.targets() == {"T1": "UNINFORMATIVE"} and card.counted() == []


def test_worlds_without_anybody_eligible_are_told_and_estimates_that_could_not_be_made_are_none(lane, write):
    studies = studies_of(lane.plan, write(FILE))
    seen = [Seen(1.0, (0.4, 1.6)), Seen(math.nan), Seen(1.0, (math.nan, 1.0))]
    row = scorecard(studies, [Draw({("T1", 0): one}) for one in seen], "trap_off", lane.plan).rows.iloc[-1]
    assert row["verdict"] == "PASS" and math.isfinite(row["estimate_low"])
    assert "In 1 of 3 worlds nobody is eligible and reached." in row["note"]
    row = scorecard(studies, [Draw({("T1", 0): Seen(1.0)})], "trap_off", lane.plan).rows.iloc[-1]
    assert row["verdict"] == "UNINFORMATIVE" and not row["counts"]


def test_all_parts_of_a_target_must_pass(lane, write):
    text = FILE.replace('id = "T1"', 'id = "T1"\ntarget = "T"')
    write(text)
    studies = studies_of(lane.plan, write(text.replace('id = "T1"', 'id = "T2"'), "T2.toml"))
    draws = [Draw({("T1", 0): Seen(1.0, (0.5, 1.5)), ("T2", 0): Seen(9.0, (8.5, 9.5))}) for _ in range(2)]
    assert scorecard(studies, draws, "trap_off", lane.plan).targets() == {"T": "FAIL"}


def test_page_and_table_are_whole(lane, write, tmp_path):
    card = made(lane, write, true=9.0)
    verdicts = {"whole": ["FAIL", "PASS"], "luck": ["PASS", "PASS"]}
    off = pd.DataFrame({"variant": "trap_off", "study": "T1", "outcome": ["x", "y"], **verdicts})
    page = report.write([card], tmp_path, off, {"digest": "d"})
    text = page.read_text()
    assert text.index("FAIL") < text.index("NOT REPRESENTED") and "claims for tests" in text
    assert "src=" not in text and "<script" not in text and "nan" not in text.split("<main>")[1]
    assert "No luck" in text and "<td>1</td>" in text  # one verdict changes without it
    assert all(f"</span> {verdict}</span>" in text for verdict in ORDER)  # the legend has every verdict in words
    for name in ("scorecard", "ablation"):
        frame, again = pd.read_parquet(tmp_path / f"{name}.parquet"), pd.read_csv(tmp_path / f"{name}.csv")
        assert len(frame) == len(again) == 2 and list(frame) == list(again)
    assert json.loads((tmp_path / "manifest.json").read_text())["digest"] == "d"
    console = Console(width=80, record=True)
    console.print(report.terminal(card))
    shown = console.export_text()
    assert "T1: Consumption" in shown and "NOT REPRESENTED" in shown and max(map(len, shown.splitlines())) <= 80


def test_terminal_has_one_row_a_study_and_those_that_fail_come_first(lane, write):
    # T1 passes but has an outcome that is not represented; T2 fails
    two = FILE.replace('id = "T1"', 'id = "T2"')
    two = two[: two.rindex("[[outcomes]]")]
    write(FILE)
    studies = studies_of(lane.plan, write(two, "T2.toml"))
    draws = [Draw({("T1", 0): Seen(1.0 + e, (0.5, 1.5)), ("T2", 0): Seen(9.0 + e, (8.5, 9.5))}) for e in (-0.1, 0.1)]
    console = Console(width=80, record=True)
    console.print(report.terminal(scorecard(studies, draws, "trap_off", lane.plan)))
    shown = console.export_text()
    assert 0 < shown.index("T2: Consumption") < shown.index("T1: Consumption")
    assert shown.count("Consumption") == 2 and "1 NOT REPRESENTED" in shown


# -- a tiny world -----------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def target():
    return TwoPieceLognormal.published(read_aggregates())


def test_every_outcome_that_is_represented_is_run(lane, small_population, target):
    studies = studies_of(lane.plan)
    draw = run_draw(lane, studies, {}, small_population, target, SEED)
    assert not draw.failed
    wanted = {(s.id, k) for s in studies for k, o in enumerate(s.outcomes) if not o.missing}
    assert set(draw.seen) == wanted
    for (study, place), seen in draw.seen.items():
        outcome = next(s for s in studies if s.id == study).outcomes[place]
        assert math.isfinite(seen.true) or outcome.among == "no_road"  # so few villages may all have a road
        content = outcome.columns == ("complains",)  # or be content with a list
        assert content or all(math.isfinite(value) for value in seen.estimates)
    again = run_draw(lane, studies, {}, small_population, target, SEED)
    assert all(np.array_equal(again.seen[k].true, v.true, equal_nan=True) for k, v in draw.seen.items())
    for key, seen in draw.seen.items():
        assert np.array_equal(again.seen[key].estimates, seen.estimates, equal_nan=True)


def test_no_money_no_effect_but_estimates_scatter(lane, small_population, target, write):
    draw = run_draw(lane, studies_of(lane.plan, write(FILE)), {}, small_population, target, SEED)
    seen = draw.seen["T1", 0]
    assert seen.true == 0.0 and seen.cash == 0.0
    assert len(set(seen.estimates)) > 1 and seen.scaled == (4, 0)
    silent = run_draw(lane, studies_of(lane.plan, write(FILE)), {}, small_population, target, SEED, (), False)
    assert silent.seen["T1", 0].true == 0.0 and silent.seen["T1", 0].estimates == ()


@pytest.mark.parametrize(("between", "within", "each"), [(2.0, 3.0, 5), (0.0, 3.0, 5), (2.0, 0.0, 5), (1.0, 4.0, 2)])
def test_the_share_of_an_error_that_more_households_take_away(between, within, each):
    """One-way analysis of variance: a village's mean varies by its own variance and by the households' over n."""
    draws, villages = np.random.default_rng(1), 4000
    home = np.repeat(np.arange(villages), each)
    arm = home < 1500
    own = draws.normal(0.0, between, villages)[home]
    values = own + draws.normal(0.0, within, len(home)) + 7.0 * arm  # what an arm does is no spread
    expected = (within**2 / each) / (between**2 + within**2 / each)
    assert of_households(values, arm, home, np.ones(len(home))) == pytest.approx(expected, abs=0.03)


def test_one_household_a_village_tells_no_village_from_its_household():
    assert of_households(np.arange(6.0), np.arange(6) < 3, np.arange(6), np.ones(6)) == 1.0


def test_cash_arithmetic_is_the_propensity_while_it_flows(lane, small_population, target, write):
    text = FILE.replace("dose = 0.0", "per_member = 0.1\nreach = 0.3").replace(
        'quarters = [0, 2]', 'quarters = [0, 2]\nscale = "level"\nper = "transfers"\namong = "listed"\n'
        'roll = { column = "gets_cash", quarters = [0, 2] }',
    )  # fmt: skip
    draw = run_draw(lane, studies_of(lane.plan, write(text)), {}, small_population, target, SEED)
    assert draw.seen["T1", 0].cash == pytest.approx(0.9)
    after = text.replace("quarters = [0, 2]\nscale", "quarters = [4, 6]\nscale")
    draw = run_draw(lane, studies_of(lane.plan, write(after)), {}, small_population, target, SEED)
    assert draw.seen["T1", 0].cash == 0.0


def test_a_world_that_is_not_at_rest_is_counted_not_hidden(
    lane, small_population, target, write, monkeypatch, restless
):
    monkeypatch.setattr(trials, "solve", restless)
    studies = studies_of(lane.plan, write(FILE))
    draw = run_draw(lane, studies, {}, small_population, target, SEED)
    assert "no such world is at rest" in draw.failed and not draw.seen


def test_money_of_a_study_flows_by_its_own_calendar(lane, small_world):
    studies = {s.id: s for s in studies_of(lane.plan)}
    extended = programmes(studies["V8b"], "pkh", small_world)
    spans = sorted((p.start, p.funds_end) for p in extended if p.policy.name == "pkh")
    start = studies["V8b"].start
    assert [(max(a, -1), min(b, 999)) for a, b in spans] == [(-1, start), (start, start + 24), (start + 24, 999)]
    package = next(
        p for p in programmes(studies["V9"], "package", small_world) if p.policy.name == "asset_with_coaching"
    )
    assert package.dose == pytest.approx(2.66 * moments.share_reached(small_world, 0.12) / 4)
    assert 0.12 < moments.share_reached(small_world, 0.12) < 0.25  # poor households are larger
    assert [p.policy.name for p in programmes(studies["V9"], CONTROL, small_world)] == ["dana_desa", "pkh", "rastra"]
    road = next(p for p in programmes(studies["V12b"], "road", small_world) if p.policy.name == "infrastructure")
    assert road.dose == pytest.approx(0.263 * small_world.value("works_cost.value"))


def test_years_of_a_crisis_are_counted_until_it_is_over_for_good():
    plain = [15.0] * 12
    hit = [20.0, 30.0, 25.0, 18.0, 15.5, 17.0, 15.9, 15.0, 15.0, 15.0, 15.0, 15.0]
    assert moments.recovery(plain, hit) == {"crisis_peak": 30.0, "crisis_years": 1.5}
    assert moments.recovery(plain, plain) == {"crisis_peak": 15.0, "crisis_years": 0.0}
    assert moments.recovery(plain, [20.0] * 12)["crisis_years"] == 3.0


# -- mechanisms and the prior -----------------------------------------------------------------------------------------


def test_mechanisms_that_can_be_held_are_rules_of_their_files(lane):
    for mechanism, rules in HOLDS.items():
        assert all(lane.plan.rules[name].mechanism == mechanism for name in rules)
    assert all(of in lane.plan.rules for of, _ in DERIVED.values())


def test_prior_predictive_is_read_back_only_as_it_was_stored(tmp_path):
    frame = pd.DataFrame([("trap_off", "V9", "x, y", 500, -1.0, 0.5, 2.0)])
    frame.columns = ["variant", "study", "outcome", "draws", "low", "mean", "high"]
    path = renew_prior([frame], tmp_path / "prior.csv")
    again, stale = read_prior(path)
    assert not stale
    pd.testing.assert_frame_equal(again, frame, check_dtype=False)
    path.write_text(path.read_text().replace("500", "501"))
    with pytest.raises(InputError, match="not those of its digest"):
        read_prior(path)


def test_studies_changed_since_make_the_prior_stale(tmp_path, write):
    frame = pd.DataFrame([("trap_off", "T1", "x", 500, -1.0, 0.5, 2.0)])
    frame.columns = ["variant", "study", "outcome", "draws", "low", "mean", "high"]
    where = write(FILE)
    path = renew_prior([frame], tmp_path / "prior.csv", where)
    assert read_prior(path, where)[1] is False
    write(FILE.replace("A test", "Another"))
    assert read_prior(path, where)[1] is True


def test_sets_of_the_prior_fill_its_ranges_and_stay_in_them(lane):
    for variant in ensemble.VARIANTS:
        sets = prior_sets(lane.plan, variant, 20)
        for name in sets[0]:
            known, values = lane.plan.parameters[name], [one[name] for one in sets]
            assert known.low <= min(values) <= max(values) <= known.high
        gain = [one["output.works_gain"] for one in sets]
        assert max(gain) - min(gain) > 0.45  # of 0 to 0.6
        assert all((one["output.lumpy_scale"] > 0.0) == (variant == "trap_on") for one in sets)


# -- what is stored, and what reports say by it -----------------------------------------------------------------------


def test_stored_verdicts_warn_and_say_when_they_are_old(lane, write, tmp_path):
    place = standing.store([made(lane, write, true=9.0)], where=tmp_path / "stored.csv")
    assert standing.warnings(where=place) == ["Validation, trap off: no claims for tests (T1 FAIL)."]
    card = made(lane, write, true=9.0)
    other = replace(card, variant="trap_on", rows=card.rows.assign(variant="trap_on"))
    both = standing.store([card, other], where=tmp_path / "both.csv")
    assert standing.warnings(where=both) == ["Validation, trap off and trap on: no claims for tests (T1 FAIL)."]
    place.write_text(place.read_text().replace("model ", "model 0", 1))
    told = standing.warnings(place)
    assert told[0].startswith("Not validated since the model changed") and told[1].startswith("Validation, trap off")
    good = standing.store([made(lane, write)], where=tmp_path / "good.csv")
    assert standing.warnings(where=good) == []
    place.write_text("variant\n")
    with pytest.raises(InputError, match="not a stored scorecard"):
        standing.warnings(where=place)


def test_a_model_without_stored_verdicts_is_not_validated(tmp_path):
    (told,) = standing.warnings(where=tmp_path / "none.csv")
    assert told.startswith("Not validated")


# -- the command ------------------------------------------------------------------------------------------------------


@pytest.fixture
def tiny(tmp_path, monkeypatch):
    """An ensemble of two sets, worlds of few households, one mechanism to switch off; gives the results' folder."""
    (tmp_path / "data").mkdir()
    monkeypatch.setattr(ensemble, "home", lambda: tmp_path / "data")
    for variant in ensemble.VARIANTS:
        sets = [{"output.works_gain": gain} for gain in (0.05, 0.15)]
        ensemble.path(variant).write_text(ensemble.text(sets), encoding="utf-8")
    for name, value in {"VILLAGES": 4, "QUICK_VILLAGES": 3, "HOUSEHOLDS": 12}.items():
        monkeypatch.setattr(validation, name, value)
    monkeypatch.setattr(validation, "HOLDS", {"sharing": ("gift",)})
    return tmp_path / "results"


def test_a_user_adds_a_study_by_adding_a_file(tiny, tmp_path, capsys):
    (tmp_path / "own").mkdir()
    (tmp_path / "own" / "T1.toml").write_text(FILE)
    asked = [
        "validate",
        "--variant",
        "trap_off",
        "--studies",
        str(tmp_path / "own"),
        "--results",
        str(tiny),
    ]
    assert command_line.main(asked) == 0
    said = capsys.readouterr().out
    assert "T1: Consumption" in said and "scorecard.html" in said and "targets that count as validation" in said
    (folder,) = tiny.iterdir()
    names = {
        "scorecard.html",
        "scorecard.parquet",
        "scorecard.csv",
        "ablation.parquet",
        "ablation.csv",
        "manifest.json",
    }
    assert {file.name for file in folder.iterdir()} == names and folder.name.startswith("validation-")
    rows = pd.read_csv(folder / "scorecard.csv")
    assert {"T1", "V1", "V12b"} <= set(rows["study"])
    assert list(pd.read_csv(folder / "ablation.csv")) == ["variant", "study", "outcome", "whole", "sharing"]


def test_a_first_look_says_so_and_which_verdicts_hold(tiny, capsys):
    assert command_line.main(["validate", "--quick", "--variant", "trap_off", "--results", str(tiny)]) == 0
    (folder,) = tiny.iterdir()
    page, said = (folder / "scorecard.html").read_text(), " ".join(capsys.readouterr().out.split())
    first = "This is a first look: parameter sets 2 of 2 with trap off, worlds of 3 villages and not 4"
    assert first in page and first in said and "By this first look alone" in page
    for sentence in standing.warnings():  # the verdicts of record
        assert sentence in said and sentence in html.unescape(page)
    assert json.loads((folder / "manifest.json").read_text())["quick"] is True


def test_a_broken_study_is_told_in_one_message_and_nothing_is_written(tiny, tmp_path, capsys):
    (tmp_path / "own").mkdir()
    (tmp_path / "own" / "T1.toml").write_text(FILE.replace("villages = 40", "vilages = 40"))
    assert command_line.main(["validate", "--studies", str(tmp_path / "own"), "--results", str(tiny)]) == 2
    out, said = capsys.readouterr()
    assert out == "" and len(said.strip().splitlines()) == 1
    assert 'T1.toml, line 13: unknown key "vilages" in [sample]; did you mean "villages"?' in said and not tiny.exists()


@pytest.mark.parametrize(
    ("more", "told"),
    [
        (["--store", "--quick"], "full validation only"),
        (["--store", "--variant", "trap_on"], "full validation only"),
        (["--prior", "20"], "500 draws or more"),
    ],
)
def test_what_may_not_be_stored_is_refused(tiny, capsys, more, told):
    assert command_line.main(["validate", *more, "--results", str(tiny)]) == 2
    assert told in capsys.readouterr().err and not tiny.exists()


def test_without_an_ensemble_the_way_to_one_is_told(tiny, capsys):
    ensemble.path("trap_on").unlink()
    assert command_line.main(["validate", "--results", str(tiny)]) == 2
    assert "swadaya calibrate" in capsys.readouterr().err


def test_calibrate_hands_on_what_it_is_told(monkeypatch, capsys):
    asked = []

    def found(variant, **how):
        asked.append((variant, how["count"], how["seed"]))
        raise InputError(f"no set of {variant}")

    monkeypatch.setattr(calibrate, "calibrate", found)
    assert command_line.main(["calibrate", "--variant", "trap_on", "--count", "3", "--seed", "7"]) == 2
    assert asked == [("trap_on", 3, 7)] and "no set of trap_on" in capsys.readouterr().err
    assert command_line.main(["calibrate", "--count", "0"]) == 2
    assert "--count" in capsys.readouterr().err and len(asked) == 1


def test_results_do_not_depend_on_the_executor(write):
    folders = write(FILE.replace("dose = 0.0", "dose = 0.02"))
    sets = [{"output.works_gain": gain} for gain in (0.05, 0.1, 0.15)]
    worlds = Worlds(4, 12, folders=folders)
    with ThreadPoolExecutor(1) as one:
        alone = validate(sets, "trap_off", replace(worlds, executor=one)).rows
    pd.testing.assert_frame_equal(alone, validate(sets, "trap_off", worlds).rows)


def test_explain_tells_column_and_rule_of_every_outcome(lane, capsys):
    assert command_line.main(["explain", "outcomes"]) == 0
    said = " ".join(capsys.readouterr().out.split())
    for study in studies_of(lane.plan):
        assert f"{study.id} {study.title}" in said
        assert all(outcome.name in said for outcome in study.outcomes)
    assert "saving.consumption" in said and "bars claims" in said


def test_explain_tells_which_outcome_has_no_column(lane, write):
    (study,) = studies_of(lane.plan, write(FILE))
    outcome = study.outcomes[1]
    console = Console(width=200)
    with console.capture() as told:
        console.print(explain.answer(outcome, False, explain.rules_for(outcome, lane.plan)))
    said = " ".join(told.get().split())
    assert said == "Something that is not there, % → NOT REPRESENTED nothing holds it."


def test_shipped_folder_is_the_project_s():
    assert (shipped() / "V9.toml").is_file()
