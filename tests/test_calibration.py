"""Calibration: the search finds what it should where the answer is known; sets, files and tables hold together."""

from __future__ import annotations

import inspect
import io
import tomllib
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial

import numpy as np
import pandas as pd
import pytest
from rich.console import Console
from scipy import stats
from test_language import hearing, only, words

from sim.calibration import calibrate, decomposition, ensemble, fitted, look, matching, threshold, worlds
from sim.calibration.calibrate import Calibration, Panel, Settings, Simulator, complete, drawn_from, priors
from sim.calibration.matching import Outcome, emulate, match
from sim.calibration.moved import adjusted, distance, moved
from sim.errors import InputError
from sim.language import catalogue
from sim.population import TwoPieceLognormal, synthesise
from sim.processes.production import output
from sim.report import calibration as report
from sim.shipped import code
from sim.start import solve
from sim.survey import read_aggregates

TINY = Settings(villages=4, households=40, populations=2, worlds=2, checked=2, waves=(6,), most=4, margin=0.0)
EVERYTHING = (-1e9, 1e9)


# --- The search, on problems whose answer is known --------------------------------------------------------------------

BANDS = {"sum": (0.9, 1.1), "product": (0.10, 0.30), "noisy": (0.4, 0.6)}
AXES = 15


def toy(point, number, judged):
    """Outcomes of the first five axes; no outcome where the sixth is small. Judging averages chance away."""
    if point[5] < 0.25:
        return Outcome({}, "no outcome")
    chance = np.random.default_rng(number).normal(0.0, 0.05) / (4.0 if judged else 1.0)
    values = {"sum": point[0] + point[1], "product": point[2] * point[3], "noisy": point[4] ** 2 + chance}
    wrong = [name for name, (low, high) in BANDS.items() if not low <= values[name] <= high]
    return Outcome(values, wrong[0] if judged and wrong else "")


def acceptable(points):
    """Points that are inside every band when there is no chance."""
    a, b, c, d, e, f = points[:, :6].T
    fine = (a + b >= 0.9) & (a + b <= 1.1) & (c * d >= 0.1) & (c * d <= 0.3) & (f >= 0.25)
    return points[fine & (e * e >= 0.4) & (e * e <= 0.6)]


@pytest.fixture(scope="module")
def found():
    return match(toy, AXES, BANDS, wanted=300, waves=(200, 150), most=5000, seed=3)


def test_the_search_keeps_what_plain_rejection_would_keep(found):
    kept = np.array([one.point for one in found.kept])
    even = acceptable(np.random.default_rng(1).random((400_000, AXES)))
    assert 300 <= len(kept) < 300 + matching.ROUND
    for axis in range(AXES):
        assert stats.ks_2samp(kept[:, axis], even[:, axis]).pvalue > 0.001, axis


def test_the_search_leaves_axes_that_no_outcome_speaks_of_at_their_whole_range(found):
    kept = np.array([one.point for one in found.kept])
    for axis in range(6, AXES):
        assert stats.kstest(kept[:, axis], "uniform").pvalue > 0.001, axis
        assert kept[:, axis].min() < 0.05 and kept[:, axis].max() > 0.95


def test_the_search_tries_few_points_and_keeps_only_simulated_ones(found):
    last = [one for one in found.tried if one.wave == found.waves]
    assert len(last) < 1000 and found.left < 0.2  # plain rejection would need some 25 000
    for one in found.kept:
        assert all(low <= one.outcome.values[name] <= high for name, (low, high) in BANDS.items())
    assert sum(found.reasons(found.waves).values()) == len(last) - len(found.kept)
    assert set(found.reasons(1)) == {"no outcome"} and 30 < found.reasons(1)["no outcome"] < 70


def test_the_search_depends_on_its_seed_and_on_nothing_else():
    rules = {"wanted": 20, "waves": (80, 40), "most": 400}
    one = match(toy, AXES, BANDS, **rules, seed=5)
    with ThreadPoolExecutor(3) as threads:
        same = match(toy, AXES, BANDS, **rules, seed=5, executor=threads)
    other = match(toy, AXES, BANDS, **rules, seed=6)
    points = [np.array([t.point for t in m.kept]) for m in (one, same, other)]
    assert np.array_equal(points[0], points[1]) and not np.array_equal(points[0], points[2])


def test_a_search_without_an_answer_ends_and_says_so(monkeypatch):
    monkeypatch.setattr(matching, "GIVE_UP", 60_000)
    with pytest.raises(InputError, match="all ruled out"):
        match(toy, AXES, {**BANDS, "sum": (5.0, 6.0)}, wanted=5, waves=(60,), most=100, seed=1)
    few = match(lambda p, n, judged: Outcome(toy(p, n, False).values, "never" if judged else ""), AXES, {}, **{
        "wanted": 5, "waves": (30,), "most": 40, "seed": 1})  # fmt: skip
    assert not few.kept and few.reasons(2) == {"never": 40}


def test_an_emulator_finds_the_terms_that_matter_and_no_others():
    random = np.random.default_rng(2)
    points = random.random((250, 60))
    x = 2.0 * points - 1.0
    values = 3.0 + 2.0 * x[:, 4] - x[:, 9] + 1.5 * x[:, 4] * x[:, 9] + random.normal(0.0, 0.1, 250)
    fit = emulate(points, values)
    assert {(), (4,), (9,), (4, 9)} <= {tuple(sorted(term)) for term in fit.terms} and len(fit.terms) <= 6
    assert fit.error == pytest.approx(0.1, rel=0.2)
    assert emulate(points, np.full(250, 2.0))(points[:3]) == pytest.approx([2.0, 2.0, 2.0])


# --- Which priors moved -----------------------------------------------------------------------------------------------


def test_the_distance_and_its_p_value_are_those_of_kolmogorov_and_smirnov():
    random = np.random.default_rng(4)
    for values in (random.random(64), random.random(100) ** 1.3, random.beta(2, 2, 200)):
        away, chance = distance(values)
        known = stats.kstest(values, "uniform")
        assert away == pytest.approx(known.statistic) and chance == pytest.approx(known.pvalue, abs=0.02)
    values = random.random(30)
    assert adjusted(values) == pytest.approx(stats.false_discovery_control(values))


def test_a_prior_is_called_moved_when_it_is_and_hardly_ever_when_not():
    random = np.random.default_rng(5)
    spans = {f"p{k}": (2.0, 4.0) for k in range(100)}
    sets = [{name: 2.0 + 2.0 * u for name, u in zip(spans, row, strict=True)} for row in random.random((64, 100))]
    for one in sets:
        one["p0"] = 3.0 + 0.5 * (one["p0"] - 2.0)
    frame = moved(sets, spans).set_index("parameter")
    assert frame["verdict"]["p0"] == "moved" and (frame["verdict"] == "moved").sum() <= 2
    assert frame.loc["p0", ["low", "high"]].tolist() == [2.0, 4.0]
    assert 3.0 <= frame["kept_5"]["p0"] < frame["kept_50"]["p0"] < frame["kept_95"]["p0"] <= 4.0


# --- Sets of the model ------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def people():
    return tuple(synthesise(read_aggregates(), 4, 40, seed, sd_log_size=0.0) for seed in (2, 2))


def simulator(lane, people, variant, bands):
    spans = priors(lane.plan, variant)
    chance = dict.fromkeys((m.name for m in fitted.MOMENTS), 0.0)
    panel = Panel(people, (chance, chance), chance)
    target = TwoPieceLognormal.published(read_aggregates())
    return Simulator(lane, target, variant, panel, TINY, spans, bands)


def middle(plan, variant):
    """The defaults where a parameter has one."""
    return {n: float(plan.parameters.get(n, sum(span) / 2)) for n, span in priors(plan, variant).items()}


@pytest.mark.parametrize("variant", calibrate.VARIANTS)
def test_priors_are_the_ranges_of_the_rules(lane, variant):
    spans = priors(lane.plan, variant)
    left_out = set(lane.plan.parameters) - set(spans)
    what_ifs = {"output.lumpy_scale", "output.lumpy_cost", "macro_trend.feedback", "output.complementarity"}
    what_ifs |= {"attends.conformity", "institution_quality.learning", "defaults.rate", "community_score.favour"}
    assert left_out == {"attends.threshold"} | what_ifs
    assert all(spans[n] == (p.low, p.high) for n, p in lane.plan.parameters.items() if n in spans)
    assert set(spans) - set(lane.plan.parameters) == (set(calibrate.LUMP) if variant == "trap_on" else set())


def test_an_unknown_variant_is_named(lane):
    with pytest.raises(InputError, match="no structural variant trap; there are trap_off and trap_on"):
        priors(lane.plan, "trap")


def test_a_lumpy_technique_is_the_better_one_from_its_threshold_on(lane):
    drawn = middle(lane.plan, "trap_on")
    full = complete(drawn, "trap_on")
    assert drawn_from(full) == pytest.approx(drawn)
    lump = {"scale": full["output.scale"], "elasticity": full["output.elasticity"]}
    on = {**lump, "lumpy_scale": full["output.lumpy_scale"], "lumpy_cost": full["output.lumpy_cost"]}
    none = ("ability", "works_benefit", "luck", "weather", "local_shock", "time_cost", "works_gain")
    plain = {**dict.fromkeys(none, 0.0), "farm_wage": 0.5, "skill": 1.0}

    def gain(capital):
        with_it, without = (output(effective_capital=capital, **plain, **one) for one in (
            on, {**lump, "lumpy_scale": 0.0, "lumpy_cost": 0.0}))  # fmt: skip
        return with_it - without

    edge = drawn[calibrate.THRESHOLD]
    assert gain(0.99 * edge) == 0.0 and gain(1.01 * edge) > 0.0
    assert complete({**drawn, "output.scale": 0.3}, "trap_off")["output.lumpy_scale"] == 0.0


def test_the_moments_are_those_that_are_fitted(small_world):
    found = look.moments(small_world, 1)
    assert set(found) == {moment.name for moment in fitted.MOMENTS} and all(np.isfinite(list(found.values())))
    assert {moment.target for moment in fitted.MOMENTS} == {"V1", "V2", "V6", "V8a"}
    assert all(set(m.informs) <= set(small_world.lane.plan.parameters) for m in fitted.MOMENTS)
    for ask in fitted.ASKED:
        assert inspect.signature(ask).parameters["held"].default == ()


def test_a_held_rule_changes_what_is_found(small_world):
    plain, calm = (fitted.two_years(small_world, 1, held) for held in ((), ("luck", "weather")))
    assert calm["newly_poor"] != plain["newly_poor"]
    assert fitted.two_years(small_world, 1, ("macro_cycle",)) == fitted.two_years(small_world, 1)


@pytest.fixture
def short(monkeypatch):
    """One luck and a few quarters instead of as many as the moments need."""
    monkeypatch.setattr(fitted, "LUCKS", 1)
    monkeypatch.setattr(fitted, "STEADY", 2)


def test_a_set_is_judged_by_the_mean_over_its_populations(lane, people, short):
    loose = simulator(lane, people, "trap_off", {m.name: EVERYTHING for m in fitted.MOMENTS})
    spans = np.array(list(loose.spans.values()))
    point = (np.array(list(middle(lane.plan, "trap_off").values())) - spans[:, 0]) / (spans[:, 1] - spans[:, 0])
    kept, measured = loose(point, 0, True), loose(point, 0, False)
    assert not kept.refused and set(kept.values) == {m.name for m in fitted.MOMENTS} | {"attends.threshold"}
    assert kept.values == pytest.approx(measured.values)  # both populations are the same here
    strict = replace(loose, bands={"newly_poor": (99.0, 100.0)})
    assert strict(point, 0, True).refused == "newly_poor" and not strict(point, 0, False).refused


def test_a_set_without_a_world_says_why(lane, people, monkeypatch, restless):
    loose = simulator(lane, people, "trap_off", {})
    monkeypatch.setattr(calibrate, "solve", restless)
    assert loose(np.full(len(loose.spans), 0.5), 0, False) == Outcome({}, calibrate.NO_REST)
    lumpy = simulator(lane, people, "trap_on", {})
    point = np.full(len(lumpy.spans), 0.5)
    point[list(lumpy.spans).index("output.scale")] = 1.0  # 1.6 times 0.8, and more than 0.5 a quarter
    point[list(lumpy.spans).index(calibrate.ADVANTAGE)] = 1.0
    assert lumpy(point, 0, False).refused == calibrate.NO_LUMP


def test_chance_is_what_the_defaults_find_beside_their_mean(lane, short):
    panel = Panel.drawn(lane, TINY, 2, None, lambda *_: None)
    for name in ("headcount_0", "newly_poor"):
        assert sum(row[name] for row in panel.chance) == pytest.approx(0.0, abs=1e-9) and panel.spread[name] > 0.0
    assert panel.pick(0, 2) == [0, 1] and panel.pick(1, 1) == [1]


def test_bands_stay_inside_the_published_ones(lane):
    panel = Panel((), (), {m.name: 0.01 * (m.high - m.low) for m in fitted.MOMENTS})
    bands = calibrate.inner_bands(panel, Settings(), "trap_on")
    assert bands.pop(calibrate.BELOW) == calibrate.FACED
    assert all(m.low < bands[m.name][0] < bands[m.name][1] < m.high for m in fitted.MOMENTS)


# --- From priors to files and tables ----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def made():
    """A calibration of a tiny world against bands that accept whatever has a world at rest."""
    patch = pytest.MonkeyPatch()
    patch.setattr(calibrate, "inner_bands", lambda *_: {m.name: EVERYTHING for m in fitted.MOMENTS})
    patch.setattr(fitted, "LUCKS", 1)
    patch.setattr(fitted, "STEADY", 2)
    patch.setattr(calibrate, "best", lambda fresh, count: np.ones(len(fresh), bool))
    patch.setattr(worlds, "VILLAGES", 4)
    patch.setattr(decomposition, "WINDOWS", {"after two years": (4, 8)})
    told = []
    found = calibrate.calibrate("trap_off", count=2, seed=1, settings=TINY, tell=lambda *what: told.append(what))
    patch.undo()
    assert told and all(done <= whole for _, done, whole in told)
    return found


def test_a_calibration_says_what_it_did(made):
    assert 1 <= len(made.sets) <= TINY.most and len(made.fresh) == len(made.sets) == made.looked_at_again
    assert made.waves[0][0] == 6 and made.waves[1][0] <= TINY.most
    assert set(made.sets[0]) == {*made.spans, "attends.threshold", "output.lumpy_scale", "output.lumpy_cost"}
    assert list(made.moved["parameter"]) == list(made.spans)
    parts = made.decomposition.set_index("factor")["estimate"]
    assert parts.drop("headcount").sum() == pytest.approx(parts["headcount"])


def test_an_ensemble_is_read_as_it_was_written(made, tmp_path):
    files = ensemble.write(made, tmp_path)
    assert [file.name for file in files] == ["ensemble_trap_off.csv", "ensemble.toml"]
    assert ensemble.load("trap_off", tmp_path) == [dict(one) for one in made.sets]
    about = ensemble.provenance(tmp_path)["trap_off"]
    assert about["sets"] == len(made.sets) and about["sets_sha256"] == ensemble.digest("trap_off", tmp_path)
    assert about["settings"]["villages"] == 4 and about["wave_1"]["tried"] == 6
    assert set(about["moments"]) == {m.name for m in fitted.MOMENTS}
    assert not ensemble.stale("trap_off", tmp_path)
    files[0].write_text(files[0].read_text() + "\n")
    assert ensemble.stale("trap_off", tmp_path)


def test_one_variant_leaves_the_other_as_it_was(made, tmp_path):
    ensemble.write(made, tmp_path)
    before = ensemble.provenance(tmp_path)["trap_off"]
    ensemble.write(replace(made, variant="trap_on"), tmp_path)
    known = tomllib.loads((tmp_path / "ensemble.toml").read_text())
    assert list(known) == ["trap_off", "trap_on"] and str(known["trap_off"]) == str(before)
    assert known["trap_on"]["conditions"] == {calibrate.BELOW: list(calibrate.FACED)}


def test_frozen_sets_get_the_parameters_that_came_after_them(lane):
    known = priors(lane.plan, "trap_off")
    old = [{name: low for name, (low, _) in known.items() if name != "luck.spread"} for _ in range(40)]
    sets, new = calibrate.completed(old, lane.plan, 7)
    assert new == ["luck.spread"] and calibrate.completed(old, lane.plan, 7) == (sets, new)
    low, high = known["luck.spread"]
    strata = sorted(int(40 * (one["luck.spread"] - low) / (high - low)) for one in sets)
    assert strata == list(range(40))  # one in each fortieth of its range
    assert [{**one, "luck.spread": two["luck.spread"]} for one, two in zip(old, sets, strict=True)] == sets
    assert calibrate.completed(sets, lane.plan, 7) == (sets, [])


def test_frozen_sets_follow_a_prior_that_became_narrower_and_lose_what_is_no_parameter_any_more(lane):
    known = priors(lane.plan, "trap_off")
    low, high = known["luck.spread"]
    outside = [{name: first for name, (first, _) in known.items()} | {"luck.spread": 2.0 * high} for _ in range(8)]
    gone = [{**one, "gone.with_its_rule": 0.5, "attends.conformity": 1.5, "attends.threshold": 0.7} for one in outside]
    sets, new = calibrate.completed(gone, lane.plan, 7)
    assert new == ["luck.spread"] and all(low <= one["luck.spread"] <= high for one in sets)
    assert all(set(one) == {*known, "attends.threshold"} for one in sets)
    assert all(one["attends.threshold"] == 0.7 for one in sets)


def test_frozen_sets_are_confirmed_or_nothing_is_written(made, tmp_path, monkeypatch):
    ensemble.write(made, tmp_path)
    frozen = ensemble.provenance(tmp_path)["trap_off"]
    before = ensemble.digest("trap_off", tmp_path)
    monkeypatch.setattr(ensemble, "rules_digest", lambda: "other")
    sets = [{**one, "new.parameter": 0.5} for one in made.sets]
    confirm = partial(ensemble.confirm, "trap_off", sets, ["new.parameter"], tmp_path, None, lambda *_: None)
    inside = pd.DataFrame({m.name: [0.5 * (m.low + m.high)] * 10 for m in fitted.MOMENTS})
    monkeypatch.setattr(ensemble, "fingerprint", lambda *_: "other")
    monkeypatch.setattr(ensemble, "look", lambda *_: inside.assign(headcount_8=[20.0] * 2 + [12.6] * 8))
    with pytest.raises(InputError, match=r"V1 80%.*nothing was written"):
        confirm()
    assert ensemble.stale("trap_off", tmp_path) and ensemble.digest("trap_off", tmp_path) == before
    monkeypatch.setattr(ensemble, "look", lambda *_: inside)
    assert "V1 100%" in confirm()
    assert ensemble.provenance(tmp_path)["trap_off"]["fingerprint"] == "other"  # so that the next check is a short one
    assert not ensemble.stale("trap_off", tmp_path) and ensemble.load("trap_off", tmp_path) == sets
    about = ensemble.provenance(tmp_path)["trap_off"]
    assert about["frozen"]["rules"] == frozen["rules"] and about["frozen"]["sets_sha256"] == before
    assert about["frozen"]["added_since"] == ["new.parameter"] and about["inside_in_fresh_populations"]["V1"] == 1.0


def test_rules_that_touch_nothing_that_was_fitted_are_seen_to(made, tmp_path, short):
    ensemble.write(made, tmp_path)
    confirm = partial(ensemble.confirm, "trap_off", made.sets, [], tmp_path, None, lambda *_: None)
    assert "to the last bit" in confirm()
    assert ensemble.provenance(tmp_path)["trap_off"]["fingerprint"] == made.fingerprint


def test_sets_inside_are_kept_and_the_nearest_where_they_are_few():
    middle = {m.name: 0.5 * (m.low + m.high) for m in fitted.MOMENTS}
    first = fitted.MOMENTS[0]
    wide = first.high - first.low
    seen = [first.high - 0.1 * wide, first.high + 0.1 * wide, first.high + 0.3 * wide, np.nan]
    fresh = pd.DataFrame([{**middle, first.name: value} for value in seen])
    assert look.depth(fresh) == pytest.approx([0.1, -0.1, -0.3, -np.inf])
    assert look.best(fresh, 1).tolist() == [True, False, False, False]
    assert look.best(fresh, 2).tolist() == [True, True, False, False]
    assert look.best(fresh, 4).tolist() == [True, True, True, False]


def test_what_populations_do_to_all_sets_is_told_from_the_sets():
    random = np.random.default_rng(4)
    ours, theirs = random.normal(0.0, 1.0, (30, 2)), random.normal(0.0, 3.0, (look.POPULATIONS, 2))
    pairs = look.met(30, look.Where(1, 8, 4, 40))
    assert all(len(set(pairs[pairs[:, 0] == one, 1])) == 8 for one in range(30))
    values = ours[pairs[:, 0]] + theirs[pairs[:, 1]]
    exact = ours + theirs[np.unique(pairs[:, 1])].mean(axis=0)
    assert look.apart(values, pairs, 30) == pytest.approx(exact)
    noisy = look.apart(values + random.normal(0.0, 0.3, values.shape), pairs, 30)
    assert np.abs(noisy - exact).std() < 0.25 < (values[pairs[:, 0] == 0] - exact[0]).std()
    values[5, 0] = np.nan
    lost = look.apart(values, pairs, 30)
    assert np.isnan(lost[0]).all() and np.isfinite(lost[1:]).all()


def test_other_rules_make_an_ensemble_stale(made, tmp_path, monkeypatch):
    ensemble.write(made, tmp_path)
    monkeypatch.setattr(ensemble, "rules_digest", lambda: "other")
    assert ensemble.stale("trap_off", tmp_path)


def test_words_do_not_make_an_ensemble_stale():
    plain = "def rule(a=1):\n    return a\n"
    told = '"""Module."""\n\n\ndef rule(a=1):  # why\n    """What."""\n    # how\n    return a\n'
    assert code(told) == code(plain) != code(plain.replace("1", "2"))
    assert len(ensemble.rules_digest()) == 64


def test_a_missing_or_empty_ensemble_is_said(made, tmp_path):
    with pytest.raises(InputError, match="swadaya calibrate"):
        ensemble.load("trap_on", tmp_path)
    with pytest.raises(InputError, match="there is no structural variant both"):
        ensemble.load("both", tmp_path)
    with pytest.raises(InputError, match="nothing was written"):
        ensemble.write(replace(made, sets=[]), tmp_path)
    assert not list(tmp_path.iterdir())


def test_the_terminal_shows_all_of_it(made):
    out = io.StringIO()
    Console(file=out, width=80).print(report.terminal(made))
    for told in ("Sets tried", "Fitted targets", "Headcount, quarter 8", "What keeps people poor", "Bad luck"):
        assert told in out.getvalue()
    assert set(report.WORDS) == {moment.name for moment in fitted.MOMENTS}
    empty = replace(made, sets=[], fresh=pd.DataFrame(), decomposition=pd.DataFrame())
    Console(file=out, width=80).print(report.terminal(empty))


def test_all_of_it_is_told_in_the_language(made, tmp_path, monkeypatch):
    many = replace(made, waves=[(6, {"severity": 2, "headcount_8": 1}), (4, {calibrate.NO_LUMP: 1})])
    shares = ["below", "poor_below", *(f"{kind}_{year}" for kind in ("alone", "lifted") for year in threshold.YEARS)]
    row = {"estimate": 41.25, "low": 30.0, "high": 52.5}
    held = pd.DataFrame([{"share": share, **row} for share in shares])
    changed = made.moved.assign(verdict="moved")
    ensemble.write(made, tmp_path)
    monkeypatch.setattr(ensemble, "fingerprint", lambda *_: made.fingerprint)
    out = io.StringIO()
    with hearing() as missed:
        shown = report.terminal(replace(many, variant="trap_on", threshold=held, moved=changed))
        Console(file=out, width=120).print(shown)
        sure = ensemble.confirm("trap_off", made.sets, [], tmp_path, None, lambda *_: None)
    printed = " ".join(out.getvalue().split())
    assert missed == set() and sure == "yang dicocokkan sama hingga bit terakhir di bawah aturan sekarang"
    names = {*words(" ".join(made.spans)), "above"}  # parameters are called what they are called
    assert words(printed) & only(catalogue("id"), catalogue("id").values()) - names == set()
    for text in ("Gelombang terakhir: dinilai", "ditolak: Keparahan kemiskinan 2, Tingkat kemiskinan, triwulan 8 1",
                 "dengan perangkap", "41% dari yang miskin", "modal yang dinaikkan menjadi 1,2 kali ambang",
                 "Setelah dua tahun", "Momen"):  # fmt: skip
        assert text in printed, text


# --- Why people are poor ----------------------------------------------------------------------------------------------


def test_shapley_divides_a_known_game():
    """Two symmetric factors that only work together, and one that adds by itself."""

    def value(there):
        return np.array([6.0 * ({"a", "b"} <= there) + 2.0 * ("c" in there) + 1.0])

    parts = decomposition.shapley(value, ["a", "b", "c"])
    assert {name: float(part[0]) for name, part in parts.items()} == pytest.approx({"a": 3.0, "b": 3.0, "c": 2.0})


def test_the_parts_of_poverty_sum_to_it(small_world):
    parts = decomposition.decompose(small_world, 1)
    whole = parts.pop("headcount")
    assert sum(parts.values()) == pytest.approx(whole, abs=1e-9) and (whole > 0.0).all()
    assert (parts["luck"] > 0.0).all() and (parts["ability"] > 0.0).all()
    assert parts["pass_through"][1] > parts["pass_through"][0]  # growth missed adds up


def test_what_is_taken_away_is_gone(lane, programmes_2017, small_population):
    lump = {"output.lumpy_scale": 0.5, "output.lumpy_cost": 0.2}
    target = TwoPieceLognormal.published(read_aggregates())
    world = solve(lane, small_population, programmes_2017, target, 2, lump)
    other, held = decomposition.without(world, decomposition.FACTORS)
    assert held == ("luck", "weather") and np.ptp(other.state["ability"]) == 0.0
    assert other.value("output.lumpy_cost") == 0.0 and world.value("output.lumpy_cost") == 0.2
    model = fitted.quiet(other, 1, held=held)
    model.step()
    assert model.state["passed_trend"] == pytest.approx(model.state["macro_trend"][0])
    assert decomposition.factors_of(0.5) == list(decomposition.FACTORS)
    assert decomposition.factors_of(0.0) == list(decomposition.FACTORS)[:3]


def test_the_class_is_what_the_report_needs():
    assert {"waves", "left", "moved", "decomposition", "fresh"} <= set(Calibration.__dataclass_fields__)


def test_a_threshold_is_looked_at_from_below(lane, programmes_2017, small_population):
    lump = {"output.lumpy_scale": 0.5, "output.lumpy_cost": 0.2}
    world = solve(lane, small_population, programmes_2017, TwoPieceLognormal.published(read_aggregates()), 2, lump)
    assert threshold.threshold_of({"output.scale": 0.36, "output.elasticity": 0.2, **lump}) == pytest.approx(5.96, 0.01)
    found = threshold.lifted(world, 1)
    assert 0.0 < found["below"] <= found["poor_below"] <= 100.0
    assert found["lifted_5"] > found["alone_5"] and found["lifted_5"] >= found["lifted_20"] - 20.0
