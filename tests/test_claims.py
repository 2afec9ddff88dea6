"""Statistics of claims on made-up comparisons with a known answer, either way; what is said of them and stored."""

from __future__ import annotations

import io
import math
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from sim import metrics
from sim.__main__ import main
from sim.calibration import ensemble
from sim.claims import article, statements
from sim.claims.case import Case, correlation, ranks, series
from sim.claims.statements import Claim
from sim.claims.statistics import STATISTICS
from sim.errors import InputError
from sim.experiment import study
from sim.experiment.run import Run
from sim.explain import article as article_page
from sim.explain.article import NO_CONDITION, NOTE, UNASKED, told
from sim.scenario import BASELINE, Budget, Calendar, check
from sim.start import World

CALENDAR = Calendar(quarters=92, start=8, end=40)
WINDOWS = CALENDAR.windows
SEEDS = (1, 2)
HOME = np.array([0, 0, 1, 1])
QUARTERS = np.arange(92.0)


def claim(statistic, *arms, metric="", above=0.0, below=None, name="S17"):
    """A testable claim."""
    return Claim(
        id=name, section="Somewhere", says="Something that may or may not hold.", kind="testable", statistic=statistic,
        tests=("tests/test_claims.py::claim",), arms=arms, metric=metric, above=above, below=below,
    )  # fmt: skip


def of(statistic, case, *arms, metric=""):
    """A statistic's number."""
    return STATISTICS[statistic].function(case, claim(statistic, *arms, metric=metric))


def run_of(arm, seed, **changes):
    """A run of four households in two villages: all flat at 1, but for what is given."""
    windows = {(name, window): np.ones(4) for name in ("own_income", "consumption") for window in ("pre", "on", "post")}
    made = Run(arm, seed, {name: np.ones(92) for name in ("participation", "headcount", "thing", "mean_own_income")})
    made.windows = windows | {key: np.asarray(value, float) for key, value in changes.get("windows", {}).items()}
    made.series |= changes.get("series", {})
    made.household = {"stress_pass": np.ones(4), "end_exposure": np.full(4, 0.4)} | changes.get("household", {})
    made.village = {"attendance_pre": np.array([0.1, 0.4])} | changes.get("village", {})
    made.stress = {"elasticity": changes.get("elasticity", 0.5)}
    made.flows = {"cash_paid": np.full(92, changes.get("paid", 0.0))}
    return made


def case_of(**arms):
    """A case of made-up arms; in each `grown` (own growth, % a year), `classes` and what `run_of` takes."""
    runs = {(arm, seed): run_of(arm, seed, **about) for arm, about in arms.items() for seed in SEEDS}
    scenario = SimpleNamespace(windows=WINDOWS, calendar=CALENDAR, budget=Budget(discount=0.0))
    comparison = SimpleNamespace(
        runs=runs, seeds=list(SEEDS), scenario=scenario, persons=np.ones(4), home=HOME, arms=list(arms),
        headline=lambda run: {"own_income_growth": arms[run.arm].get("grown", 0.0)},
        classes={key: np.asarray(arms[key[0]].get("classes", [1, 1, 1, 1])) for key in runs},
        poor=lambda run: np.array([True, True, False, False]),
        population=SimpleNamespace(household={"activity": np.array([0.0, 1.0, 2.0, 2.0])}),
        state_flow=lambda run: run.flows["cash_paid"],
    )  # fmt: skip
    return Case(comparison, None, {})


def income(value):
    return {"windows": {("own_income", "post"): np.full(4, value)}}


def eaten(value):
    return {"windows": {("consumption", "post"): np.full(4, value)}}


def stepped(pre, on, post, late):
    """A series that has these means in the windows."""
    values = np.ones(92)
    for name, value in {"pre": pre, "on": on, "post": post, "late": late}.items():
        values[slice(*getattr(WINDOWS, name))] = value
    return values


# --- Statistics, either way -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("grown", "slope"), [((1.0, 1.5, 2.0), 1.0), ((2.0, 1.5, 1.0), -1.0), ((1.0, 1.0, 1.0), 0.0)])
def test_slope_of_growth_in_the_share_of_the_community(grown, slope):
    arms = {name: {"grown": value} for name, value in zip("abc", grown, strict=True)}
    assert of("growth_by_share", case_of(**arms), *"abc") == pytest.approx(slope)


def test_growth_is_held_against_the_nations():
    """National income, which is theirs over their share of it, grows by 5 % a year; in `shared` so does their own.

    A mean over a window is not its middle: that much is allowed.
    """
    nation = 1.05 ** (QUARTERS / 4.0)
    own, share = np.full(92, 2.0), 40.0 / nation
    falling = {"series": {"mean_own_income": own, "thing": share}}
    case = case_of(
        slow=falling | {"grown": 1.0}, fast=falling | {"grown": 6.0},
        shared={"series": {"mean_own_income": nation, "thing": np.full(92, 20.0)}, "grown": 5.0},
    )  # fmt: skip
    assert of("growth_of_national", case, "slow", metric="thing") == pytest.approx(0.2, rel=2e-3)
    assert of("growth_of_national", case, "fast", metric="thing") == pytest.approx(1.2, rel=2e-3)
    assert of("growth_of_national", case, "shared", metric="thing") == pytest.approx(1.0, rel=2e-3)


def test_a_deficit_is_to_consume_more_than_one_earns():
    case = case_of(poor=income(0.8), rich=income(1.25))
    assert of("surplus", case, "poor") == pytest.approx(-20.0)
    assert of("surplus", case, "rich") == pytest.approx(25.0)


@pytest.mark.parametrize(("both", "found"), [(1.32, 10.0), (1.2, 0.0), (1.08, -10.0)])
def test_complementarity_is_what_both_are_worth_above_the_mean_of_the_ends(both, found):
    case = case_of(both=income(both), one=income(1.0), other=income(1.4))
    assert of("complementarity", case, "both", "one", "other") == pytest.approx(found)


def test_effects_on_consumption_have_a_sign():
    case = case_of(more=eaten(1.1), less=eaten(1.0))
    assert of("consumption_effect", case, "more", "less") == pytest.approx(10.0)
    assert of("consumption_effect", case, "less", "more") == pytest.approx(-100.0 / 11.0)


@pytest.mark.parametrize(("trends", "error"), [((0.3, 0.3), 0.0), ((0.0, 1.0), 10.0)])
def test_an_evaluation_errs_by_what_villages_differ_in(trends, error):
    """An effect of 0.1 in two villages: a trend that they share is taken away, one that they do not is the error."""
    later = 1.0 + np.repeat(trends, 2)
    arm, base = ({"windows": {("consumption", "post"): later + effect}} for effect in (0.1, 0.0))
    case = case_of(arm=arm, base=base)
    assert of("evaluation_error", case, "arm", "base") == pytest.approx(error, abs=1e-9)
    assert math.isinf(of("evaluation_error", case, "base", "base"))


def test_spread_is_between_best_and_worst():
    case = case_of(a=income(1.0), b=income(1.5), c=income(1.2))
    assert of("spread", case, *"abc") == pytest.approx(50.0)
    assert of("spread", case, "a") == 0.0


def test_a_family_tells_nothing_where_its_members_differ_more_than_it_does_from_cash():
    case = case_of(a=income(1.0), b=income(1.2), near=income(1.09), far=income(2.1), same=income(1.1))
    assert of("family_spread", case, "a", "b", "far") == pytest.approx(0.2)
    assert of("family_spread", case, "a", "b", "near") == pytest.approx(20.0)
    assert math.isinf(of("family_spread", case, "a", "b", "same"))


def test_villages_are_unequal_where_their_means_differ():
    case = case_of(
        even=eaten(1.0),
        uneven={"windows": {("consumption", "post"): [0.5, 0.5, 1.5, 1.5]}},
        within={"windows": {("consumption", "post"): [0.5, 1.5, 0.5, 1.5]}},
    )
    theil = 0.5 * (0.5 * math.log(0.5) + 1.5 * math.log(1.5))
    assert of("between_villages", case, "uneven", "even") == pytest.approx(theil)
    assert of("between_villages", case, "even", "uneven") == pytest.approx(-theil)
    assert of("between_villages", case, "within", "even") == pytest.approx(0.0, abs=1e-12)


def test_series_are_read_in_their_windows():
    case = case_of(arm={"series": {"thing": stepped(1.0, 2.0, 3.0, 5.0)}}, base={})
    assert of("level", case, "arm", metric="thing") == pytest.approx(3.0)
    assert of("change", case, "arm", metric="thing") == pytest.approx(4.0)
    assert of("effect", case, "arm", "base", metric="thing") == pytest.approx(2.0)
    assert of("effect", case, "base", "arm", metric="thing") == pytest.approx(-2.0)
    assert of("effect_during", case, "arm", "base", metric="thing") == pytest.approx(1.0)


def test_quarters_at_which_a_series_is_not_due_are_left_out():
    sparse = np.where(QUARTERS % 4 == 3, 7.0, np.nan)
    assert of("level", case_of(arm={"series": {"thing": sparse}}), "arm", metric="thing") == 7.0


@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_arms_with_more_of_a_series_grow_more_or_less(sign):
    arms = {name: {"grown": sign * k, "series": {"thing": np.full(92, k * k)}} for k, name in enumerate("abcd", 1)}
    assert of("series_and_growth", case_of(**arms), *"abcd", metric="thing") == pytest.approx(sign)


def test_correlation_of_what_moves_together_is_one():
    wave = np.exp(np.sin(QUARTERS / 3.0))
    case = case_of(
        same={"series": {"thing": wave, "mean_own_income": 3.0 * wave}},
        against={"series": {"thing": wave, "mean_own_income": 1.0 / wave}},
        still={"series": {"thing": wave}},
    )
    assert of("moves_with", case, "same", metric="thing") == pytest.approx(1.0)
    assert of("moves_with", case, "against", metric="thing") == pytest.approx(-1.0)
    assert of("moves_with", case, "still", metric="thing") == 0.0


@pytest.mark.parametrize(("late", "kept"), [(30.0, 1.0), (20.0, 0.5), (10.0, 0.0), (5.0, -0.25)])
def test_participation_that_is_kept(late, kept):
    usual = np.full(92, 10.0)
    case = case_of(
        arm={"series": {"participation": stepped(10.0, 30.0, 20.0, late)}}, base={"series": {"participation": usual}}
    )
    assert of("kept_participation", case, "arm", "base") == pytest.approx(kept)
    assert of("kept_participation", case, "base", "base") == 0.0


@pytest.mark.parametrize(
    ("gains", "found"), [((0.0, 0.0, 0.5, 0.5, 0.2, 0.2), 1.0), ((1.0, 1.0, 0.0, 0.0, 0.3, 0.3), -1.0)]
)
def test_where_there_is_more_of_a_community_the_gain_is_larger_or_smaller(gains, found):
    """Three villages: the first shares no interest, the second has the fuller hall."""
    flat = {"windows": {("own_income", "post"): np.ones(6)}}
    case = case_of(arm={"windows": {("own_income", "post"): 1.0 + np.array(gains)}}, base=flat)
    comparison = case.comparison
    comparison.home, comparison.persons = np.array([0, 0, 1, 1, 2, 2]), np.ones(6)
    comparison.population.household["activity"] = np.array([0.0, 1.0, 2.0, 2.0, 3.0, 3.0])
    for one in comparison.runs.values():
        one.village["attendance_pre"] = np.array([0.1, 0.4, 0.2])
    assert of("field_and_effect", case, "arm", "base") == pytest.approx(found)


def test_self_sufficient_are_counted_among_the_poor_only():
    case = case_of(most={"classes": [0, 0, 1, 1]}, rich={"classes": [1, 1, 0, 0]}, one={"classes": [0, 1, 1, 1]})
    assert of("self_sufficient", case, "most", "one") == pytest.approx(50.0)
    assert of("self_sufficient", case, "one", "most") == pytest.approx(-50.0)
    assert of("self_sufficient", case, "rich", "rich") == 0.0


def test_autarky_gets_no_bonus():
    closed, wide = (np.full(4, value) for value in (0.0, 0.8))
    case = case_of(
        open={"classes": [0, 0, 0, 1], "household": {"end_exposure": wide}},
        closed={"classes": [0, 0, 0, 0], "household": {"end_exposure": closed}},
        base={"classes": [0, 1, 1, 1]},
    )
    assert of("open_self_sufficient", case, "open", "base") == pytest.approx(50.0)
    assert of("open_self_sufficient", case, "closed", "base") == pytest.approx(-25.0)


def test_who_fails_the_stress_test_and_how_far_consumption_follows():
    case = case_of(weak={"household": {"stress_pass": np.array([0.0, 0.0, 0.0, 1.0])}, "elasticity": 0.8}, base={})
    assert of("stress_failures", case, "weak", "base") == pytest.approx(75.0)
    assert of("stress_failures", case, "base", "weak") == pytest.approx(-75.0)
    assert of("macro_elasticity", case, "weak", "base") == pytest.approx(0.3)
    assert of("macro_elasticity", case, "base", "weak") == pytest.approx(-0.3)


def test_good_development_needs_both_income_and_empowerment():
    up, down = stepped(1.0, 1.0, 2.0, 2.0), stepped(1.0, 1.0, 0.5, 0.5)
    case = case_of(
        both=income(1.2) | {"series": {"thing": up}}, income_only=income(1.2) | {"series": {"thing": down}},
        power_only=income(0.9) | {"series": {"thing": up}}, neither=income(0.9) | {"series": {"thing": down}},
    )  # fmt: skip
    for other in ("income_only", "power_only", "neither"):
        assert of("good_development", case, "both", other, metric="thing") == 1.0
        assert of("good_development", case, other, "both", metric="thing") == -1.0
        assert of("good_development", case, other, "neither", metric="thing") == 0.0


def test_a_year_of_poverty_has_a_price_only_where_one_is_averted():
    fewer, more = np.full(92, 9.0), np.full(92, 12.0)
    case = case_of(
        status_quo={"series": {"headcount": np.full(92, 10.0)}},
        cheap={"series": {"headcount": fewer}, "paid": 0.01},
        dear={"series": {"headcount": fewer}, "paid": 0.02},
        harmful={"series": {"headcount": more}, "paid": 0.01},
    )  # fmt: skip
    assert of("price_of_a_poor_year", case, "cheap", "dear") == pytest.approx(0.5)
    assert of("price_of_a_poor_year", case, "dear", "cheap", "harmful") == pytest.approx(2.0)
    assert of("price_of_a_poor_year", case, "cheap", "harmful") == 0.0
    assert math.isinf(of("price_of_a_poor_year", case, "harmful", "cheap"))
    assert math.isinf(of("price_of_a_poor_year", case, "harmful", "harmful"))


# --- Statistics that run twins of their own ---------------------------------------------------------------------------


@pytest.fixture(scope="module")
def asked(known):
    """A small question: four villages, one luck."""
    document = {
        "title": "Small", "population": {"villages": 4, "households": 40, "seed": 2},
        "calendar": {"quarters": 92, "end": 40}, "replications": {"seeds": 1},
        "twins": {"withdrawal": False, "stress": False},
        "arms": [{"policy": name} for name in (BASELINE, "dividend", "locality_development")],
    }  # fmt: skip
    return check(document, known)


def small_case(asked, lane, **parameters):
    return article.case(asked, {name.replace("__", "."): value for name, value in parameters.items()}, lane)


def test_what_does_not_need_participation_does_not_run_through_it(asked, lane):
    """Cash draws nobody to a meeting. Where meetings only cost time they are a loss, where they only teach a gain."""
    nothing = {"output__works_gain": 0.0, "capture__tilt": 0.0}
    costly = small_case(asked, lane, **nothing, time_cost__value=1.0, skill__by_groups=0.0)
    arms = ("locality_development", BASELINE)
    assert of("through_participation", costly, "dividend", BASELINE) == pytest.approx(0.0, abs=1e-9)
    assert of("through_participation", costly, *arms) < -0.001  # what is left when the meetings are over
    teaching = small_case(asked, lane, **nothing, time_cost__value=0.0, skill__by_groups=0.002)
    assert of("through_participation", teaching, *arms) > 0.01


def test_villages_move_what_is_theirs_and_not_what_is_given_to_them(asked, lane):
    case = small_case(asked, lane)
    assert of("spill_up", case, BASELINE, metric="national_market") == 0.0
    assert of("spill_up", case, BASELINE, metric="mean_own_income") == pytest.approx(1.0)
    # who earns less buys less of others
    assert of("spill_up", case, BASELINE, metric="demand") == pytest.approx(0.3, abs=0.2)


def test_every_statistic_is_finite_or_infinite_but_no_empty_number_in_a_real_world(asked, lane):
    case = small_case(asked.model_copy(update={"twins": asked.twins.model_copy(update={"stress": True})}), lane)
    for name, found in STATISTICS.items():
        arms = (*case.comparison.arms, *case.comparison.arms)[: max(found.arms[0], 2) if found.arms[1] > 1 else 1]
        metric = "mean_consumption" if found.of_metric else ""
        value = found.function(case, claim(name, *arms, metric=metric))
        assert isinstance(value, float) and not math.isnan(value), name
        assert found.meaning.endswith(".") and found.unit_for(claim(name, *arms, metric=metric)), name


# --- Verdicts ---------------------------------------------------------------------------------------------------------


def test_ranks_share_what_is_equal_and_a_constant_goes_with_nothing():
    assert list(ranks(np.array([3.0, 1.0, 3.0, 2.0]))) == [3.5, 1.0, 3.5, 2.0]
    assert correlation(np.ones(5), np.arange(5.0)) == 0.0


def test_separation_counts_pairs():
    """Area under the curve: share of pairs (holds, does not) in which the first has the larger value, by hand."""
    held = np.array([0.0, 0.0, 1.0, 1.0])
    values = np.array([[1.0, 5.0], [3.0, 6.0], [2.0, 1.0], [4.0, 2.0]])
    placed = np.column_stack([ranks(column) for column in values.T])
    assert article.separations(held, placed) == pytest.approx([0.25, -0.5])


def drawn_sets(seed, count=64, parameters=40):
    generator = np.random.default_rng(seed)
    return pd.DataFrame(generator.random((count, parameters)), columns=[f"rule.p{k}" for k in range(parameters)])


def test_the_parameter_behind_a_claim_is_found_and_the_side_told():
    sets = drawn_sets(1)
    name, side, separation = article.condition((sets["rule.p7"] > 0.6).to_numpy(), sets)
    assert (name, side, separation) == ("rule.p7", "high", 1.0)
    name, side, _ = article.condition((sets["rule.p7"] < 0.4).to_numpy(), sets)
    assert (name, side) == ("rule.p7", "low")


def test_chance_is_seldom_called_a_condition():
    alarms = [
        article.condition(np.random.default_rng(seed).random(64) < 0.5, drawn_sets(seed))[0] for seed in range(60)
    ]
    assert sum(map(bool, alarms)) <= 9  # 3 of 60 are expected; 9 or more have a chance of 0.3 %


def test_what_hardly_varies_has_no_condition():
    sets = drawn_sets(3)
    few = np.zeros(64, bool)
    few[:4] = True
    assert article.condition(few, sets)[:2] == ("", "")
    assert article.condition(np.ones(64, bool), sets)[:2] == ("", "")
    assert article.condition(np.arange(64) < 32, pd.DataFrame({"rule.p": np.ones(64)}))[:2] == ("", "")


def test_verdicts_count_sets_at_rest_and_say_what_is_undefined():
    sentence = claim("level", "status_quo", metric="headcount", above=0.0, name="P3.1")
    found = pd.DataFrame({"at rest": [1.0] * 5 + [0.0], "P3.1": [1.0, 2.0, -1.0, math.nan, math.inf, math.nan]})
    sets = [{"rule.p": float(k)} for k in range(6)]
    (row,) = article.verdicts("trap_off", [sentence], sets, found).to_dict("records")
    assert (row["sets"], row["holds"], row["undefined"]) == (5, 3, 1)
    assert row["share"] == pytest.approx(0.6)
    assert row["unit"] == metrics.catalogue()["headcount"].unit
    assert row["value_50"] == 2.0 and math.isinf(row["value_95"])


@given(st.floats(-10.0, 10.0), st.floats(-5.0, 5.0), st.floats(0.1, 5.0))
def test_a_condition_is_two_sided_open_and_never_met_by_no_number(value, above, width):
    between = claim("level", "status_quo", metric="headcount", above=above, below=above + width)
    assert between.holds(value) == (above < value < above + width)
    assert not between.holds(math.nan) and not between.holds(above) and not between.holds(above + width)


# --- The file of claims -----------------------------------------------------------------------------------------------


@pytest.fixture
def write(tmp_path):
    """The shipped claims with one text replaced by another."""

    def made(old="", new=""):
        text = statements.path().read_text(encoding="utf-8")
        assert old in text
        file = tmp_path / "article.toml"
        file.write_text(text.replace(old, new, 1), encoding="utf-8")
        return file

    return made


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ('id = "P1.2"', 'id = "P1.1"', "two claims are called P1.1"),
        ('id = "P1.2"', 'id = "P9.2"', "no claim of the article; did you mean"),
        ('kind = "testable"', 'kind = "testible"', '"kind" in [[claims]] is "testible"; allowed: "testable"'),
        ('statistic = "surplus"\n', "", "P1.3: a claim has a statistic if, and only if, it is testable"),
        ("note =", "notes =", 'unknown key "notes" in [[claims]]; did you mean "note"?'),
        ("above = 0.0\n", "", "P1.1: says where it holds: give above, below or both"),
        ("below = 0.5", "above = 0.7\nbelow = 0.5", "P1.2: 0.7 is not below 0.5"),
        ('section = "Diagnosis"\n', "", 'the key "section" is missing in [[claims]]; it takes text in quotes'),
        ("py::test_the_mixture", "py:test_the_mixture", "P1.1: tests/test_article.py:test_the_mixture"),
        ("[[claims]]", "[[claim]]", 'unknown key "claim" at the top of the file; did you mean "claims"?'),
        ("[[claims]]", "[[claims", "not valid TOML"),
    ],
)  # fmt: skip
def test_a_wrong_file_of_claims_is_told_with_its_line(write, old, new, told):
    with pytest.raises(InputError) as caught:
        statements.read(write(old, new))
    assert told in str(caught.value)
    assert "article.toml, line " in str(caught.value)


def test_names_that_nothing_bears_are_told_with_the_nearest(write, lane):
    offered = article.offered(lane.plan, [BASELINE, "dividend"])
    wrong = replace(offered)
    sentence = claim("surplus", "dividnd", name="P1.3").model_copy(update={"elements": ("own_incme",)})
    found = [fault for _, fault in statements.faults([sentence], wrong)]
    assert 'P1.3: there is no arm of the scenario dividnd; did you mean "dividend"?' in found
    assert 'P1.3: there is no rule, column, metric or policy own_incme; did you mean "own_income"?' in found
    for one, words in (
        (claim("surpls", "dividend"), 'there is no statistic surpls; did you mean "surplus"?'),
        (claim("effect", "dividend", metric="headcount"), "effect compares 2 arms, not 1"),
        (claim("level", "dividend"), "level is computed of a metric"),
        (claim("surplus", "dividend", metric="headcount"), "surplus takes no metric"),
        (claim("level", "dividend", metric="hedcount"), 'there is no series hedcount; did you mean "headcount"?'),
    ):
        assert any(words in fault for _, fault in statements.faults([one], offered)), words


def test_a_missing_claim_is_named(tmp_path):
    text = statements.path().read_text(encoding="utf-8")
    file = tmp_path / "article.toml"
    file.write_text(text[: text.index('[[claims]]\nid = "S20"')], encoding="utf-8")
    with pytest.raises(InputError, match="the article has 39 claims; missing: S20, S21"):
        statements.read(file)


# --- What is run, stored and shown ------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def rows():
    """Verdicts that were made up: every claim holds in 38 of 64 sets."""
    sets = drawn_sets(5)
    held = np.arange(64) < 38
    sentences = [one for one in statements.read() if one.statistic]
    inside, outside = [], []
    for one in sentences:
        low = one.above if one.above is not None else one.below - 1.0
        high = one.below if one.below is not None else low + 1.0
        inside.append((low + high) / 2.0)
        outside.append(low - 1.0 if one.above is not None else high + 1.0)
    values = pd.DataFrame([inside if yes else outside for yes in held], columns=[one.id for one in sentences])
    values.insert(0, "at rest", 1.0)
    known_series = series()
    kept = [one for one in sentences if not one.metric or one.metric in known_series]
    return article.verdicts("trap_off", kept, sets.to_dict("records"), values)


def printed(group, width=100):
    console = Console(width=width, file=io.StringIO())
    console.print(group)
    return " ".join(console.file.getvalue().split())


def test_the_page_gives_two_verdicts_and_keeps_them_apart(rows):
    text = printed(told(rows))
    assert " ".join(NOTE.split()) in text
    assert "says nothing on whether the article is right" in text
    assert text.count("implemented: ") == 39
    assert text.count("holds in 38 of 64 sets (59 %, 47-71 %)") == len(rows)
    assert NO_CONDITION in text
    for claim_ in statements.read():
        assert f"{claim_.id} {claim_.says}" in text
    for word in ("✓", "✔", " true ", "proved", "proven"):
        assert word not in text.lower()


def test_the_page_without_verdicts_says_how_to_get_them():
    text = printed(told(pd.DataFrame(columns=list(article.COLUMNS))))
    asked = sum(1 for one in statements.read() if one.kind == "testable")
    assert text.count(" ".join(UNASKED.split())) == asked
    assert "not modelled: the model has nothing to say on it" in text


def test_the_page_names_a_condition_and_what_is_undefined(rows):
    changed = rows.copy()
    changed.loc[0, ["condition", "side", "separation", "undefined"]] = ["works_cost.value", "low", 0.81, 3]
    changed.loc[1, "holds"], changed.loc[2, "holds"] = 0, 64
    text = printed(told(changed))
    assert "rather where works_cost.value is low (81 of 100 pairs of sets are told apart by it)" in text
    assert "undefined in 3 sets, which count as not holding" in text
    assert "in no set" in text and "in every set, so without a condition" in text


def test_verdicts_are_read_as_they_were_stored_and_say_when_they_are_old(rows, tmp_path, monkeypatch):
    file = article.store(rows, tmp_path / "article.csv", tmp_path)
    again, heads = article.read(file)
    pd.testing.assert_frame_equal(again, rows, check_dtype=False, rtol=1e-5)
    assert list(heads) == ["trap_off"]
    assert article.stale("trap_off", heads["trap_off"], tmp_path) == []
    other = article.store(rows.assign(variant="trap_on"), file, tmp_path)
    again, heads = article.read(other)
    assert list(heads) == ["trap_off", "trap_on"] and len(again) == 2 * len(rows)
    text = printed(told(again, {}))
    assert "ensemble, trap off: " in text and "ensemble, trap on: " in text
    (tmp_path / "ensemble_trap_off.csv").write_text("a\n1\n", encoding="utf-8")
    assert article.stale("trap_off", heads["trap_off"], tmp_path) == ["ensemble"]
    monkeypatch.setattr(article.ensemble, "rules_digest", lambda: "other")
    assert article.stale("trap_off", heads["trap_off"], tmp_path) == ["model", "ensemble"]
    assert "from before the model" in printed(told(again, heads))


@pytest.mark.parametrize("text", ["", "a,b\n1,2\n", "# trap_off model a\nvariant,claim\ntrap_off,S1\n"])
def test_what_is_no_file_of_verdicts_is_refused(tmp_path, text):
    file = tmp_path / "article.csv"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match="holds no stored verdicts"):
        article.read(file)


def test_every_set_has_people_and_lucks_of_its_own_and_those_without_rest_are_counted(
    asked, lane, monkeypatch, restless
):
    solve = study.solve
    met = []

    def noted(lane_, population, programmes, target, seed, parameters, held) -> World:
        met.append(seed)
        return (restless if parameters.get("luck.spread") == 0.3 else solve)(
            lane_, population, programmes, target, seed, parameters, held
        )

    monkeypatch.setattr(study, "solve", noted)
    sentences = [claim("surplus", BASELINE, name="P1.3")]
    told_ = []
    found = article.values(asked, sentences, [{}, {"luck.spread": 0.3}, {}], tell=lambda *said: told_.append(said))
    assert sorted(met) == [article.SEED, article.SEED + 1, article.SEED + 2]
    assert list(found["at rest"]) == [1.0, 0.0, 1.0]
    assert np.isfinite(found["P1.3"][[0, 2]]).all() and math.isnan(found["P1.3"][1])
    assert found["P1.3"][0] != found["P1.3"][2]
    assert told_[-1] == ("parameter sets", 3, 3)


def test_without_an_ensemble_the_way_to_one_is_told(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(ensemble, "home", lambda: tmp_path)
    assert main(["claims"]) == 2
    assert "swadaya calibrate" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "words"),
    [(["--sets", "0"], "--sets: is 0; allowed"), (["--sets", "3", "--store"], "--store keeps verdicts over all")],
)
def test_what_may_not_be_asked_is_refused(arguments, words, capsys):
    assert main(["claims", *arguments]) == 2
    assert words in capsys.readouterr().err


def test_the_command_asks_shows_and_stores(rows, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(ensemble, "home", lambda: tmp_path)
    monkeypatch.setattr(article, "path", lambda: tmp_path / "article.csv")
    (tmp_path / "ensemble_trap_off.csv").write_text("luck.spread\n0.4\n", encoding="utf-8")
    seen = []
    monkeypatch.setattr(article, "ask", lambda name, count, executor, tell: seen.append((name, count)) or rows)
    assert main(["claims", "--store"]) == 0
    assert seen == [("trap_off", None)]
    text = " ".join(capsys.readouterr().out.split())
    assert "holds in 38 of 64 sets" in text and "verdicts kept" in text
    assert "The parameter sets of trap off were found with other rules" in text
    assert main(["explain", "article"]) == 0
    assert "holds in 38 of 64 sets" in " ".join(capsys.readouterr().out.split())


def test_what_is_only_rounding_is_told_as_nothing():
    row = {"value_50": -1.4e-17, "value_5": -0.52, "value_95": 3e-5}
    assert article_page.spread(row) == "median 0, nine tenths of sets -0.52 to 3e-05"
