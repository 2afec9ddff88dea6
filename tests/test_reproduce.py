"""Making results again: digests, tolerance, both lanes, what is published, packages, and archives that mean harm."""

from __future__ import annotations

import hashlib
import io
import json
import math
import re
import shutil
import stat
import struct
import zipfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from importlib.metadata import distribution, version
from pathlib import Path

import numba
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rocrate.rocrate import ROCrate
from test_language import hearing

from sim import __main__ as command_line
from sim.app.lesson_again import KINDS
from sim.engine import compile as compiler
from sim.experiment import canonical, lanes, study
from sim.experiment.canonical import KEYS, NUMBERS, SERIES, Stored
from sim.language import speaking
from sim.policies import catalogue
from sim.policies.policy import Programme
from sim.regime import regime_map
from sim.report.regime import won
from sim.reproduce import agreement, archive, machine, opening, package, pictured, published, runs
from sim.scenario import check, load
from sim.shipped import code_digest

ROOT = Path(__file__).parents[1]
TINY = """
title = "Two ways to spend"

[population]
villages = 4
households = 40
seed = 2

[calendar]
end = 16
quarters = 68

[replications]
seeds = 3

[[arms]]
policy = "status_quo"

[[arms]]
policy = "locality_development"
"""
SURVEY = ROOT / "scenarios" / "data" / "sample_survey.csv"
LARGEST_TABLE = 300_000  # bytes of a stored table
LARGEST_PICTURE = 200_000


@pytest.fixture(scope="module")
def tiny(tmp_path_factory, known):
    """A scenario that runs in seconds, from a file."""
    file = tmp_path_factory.mktemp("tiny") / "tiny.toml"
    file.write_text(TINY)
    return load(file, known)


@pytest.fixture(scope="module")
def results(tiny):
    return study.run(tiny)


@pytest.fixture(scope="module")
def stored(results):
    """The canonical table of the small scenario, as it would be stored."""
    table = canonical.of_comparison(results.series, results.tables)
    return Stored(table, canonical.digests(results.series, results.tables))


@pytest.fixture
def refused(capsys):
    """A check that a command ends with 2 and one message, which has the words."""

    def checked(arguments, *said):
        assert command_line.main([*map(str, arguments)]) == 2
        out, complaint = capsys.readouterr()
        assert out == "" and "Traceback" not in complaint and len(complaint.strip().splitlines()) == 1, complaint
        for word in said:
            assert word in complaint, complaint

    return checked


# --- Digests ----------------------------------------------------------------------------------------------------------


def test_a_digest_is_of_the_values_and_nothing_else():
    frame = pd.DataFrame({"name": ["b", "é"], "k": [2, 1], "value": [0.1, math.pi]})
    sized = [text.encode() for text in ("name", "b", "é", "k", "value")]
    sized = [struct.pack("<I", len(text)) + text for text in sized]
    wanted = b"".join([*sized[:4], struct.pack("<dd", 2.0, 1.0), sized[4], struct.pack("<dd", 0.1, math.pi)])
    assert canonical.digest(frame, ["name", "k"]) == hashlib.sha256(wanted).hexdigest()


@settings(max_examples=60, deadline=None)
@given(st.lists(st.floats(), min_size=2, max_size=8), st.randoms())
def test_neither_order_nor_kind_of_column_counts(numbers, random):
    frame = pd.DataFrame({"key": [f"row {k}" for k in range(len(numbers))], "a": numbers, "b": range(len(numbers))})
    order = [*range(len(frame))]
    random.shuffle(order)
    shuffled = frame.iloc[order][["b", "key", "a"]].astype({"key": "category", "b": float})
    assert canonical.digest(shuffled, ["key"]) == canonical.digest(frame, ["key"])


@settings(max_examples=60, deadline=None)
@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_last_bit_counts(number):
    one, other = (pd.DataFrame({"key": ["x"], "value": [v]}) for v in (number, math.nextafter(number, math.inf)))
    assert canonical.digest(one, ["key"]) != canonical.digest(other, ["key"])


def test_there_is_one_zero_and_one_nan():
    other_nan = struct.unpack("<d", struct.pack("<Q", 0x7FF8000000000001))[0]
    frames = [pd.DataFrame({"key": ["x", "y"], "value": pair}) for pair in ([0.0, math.nan], [-0.0, other_nan])]
    assert canonical.digest(frames[0], ["key"]) == canonical.digest(frames[1], ["key"])


def test_texts_do_not_run_into_each_other():
    frames = [pd.DataFrame({"key": list(pair)}) for pair in (("ab", "c"), ("a", "bc"))]
    assert canonical.digest(frames[0], ["key"]) != canonical.digest(frames[1], ["key"])


@pytest.mark.parametrize("threads", [1, 2])
def test_threads_change_no_digest(tiny, results, threads):
    with ThreadPoolExecutor(threads) as executor:
        again = study.run(tiny, executor)
    for name in ("series_sha256", "table_sha256"):
        assert again.manifest[name] == results.manifest[name]


def test_parquet_keeps_the_digests(results, tmp_path):
    results.save(tmp_path)
    series = pd.read_parquet(tmp_path / "series.parquet")
    tables = {file.stem: pd.read_parquet(file) for file in (tmp_path / "tables").glob("*.parquet")}
    assert canonical.digests(series, tables).items() <= results.manifest.items()


def test_the_canonical_table_has_what_is_printed(results, stored):
    rows = stored.table.set_index([*KEYS])
    for row in results.tables["headline"].itertuples():
        found = rows.loc["headline", row.metric, row.arm, "", canonical.WHOLE]
        np.testing.assert_array_equal(found[[*NUMBERS]].to_numpy(float), [row.estimate, row.low, row.high])
    for name in ("contrasts", "poverty", "incidence", "classes", "resilience", "participation", "targeting"):
        pairs = sum(column.endswith("low") for column in results.tables[name])
        assert (stored.table["table"] == name).sum() == pairs * len(results.tables[name])
    lucks = results.series.query("metric == 'headcount' and arm == 'status_quo' and quarter == 35")["value"]
    wanted = [lucks.mean(), *np.quantile(lucks, [0.05, 0.95])]
    found = rows.loc["series", "headcount", "status_quo", "", 35]
    np.testing.assert_allclose(found[[*NUMBERS]].to_numpy(float), wanted, rtol=1e-14)


# --- The stored table -------------------------------------------------------------------------------------------------


def test_a_stored_table_comes_back_to_the_last_bit(stored):
    again = canonical.stored(stored.text(), "again.csv")
    assert again.about == stored.about
    pd.testing.assert_frame_equal(again.table, stored.table, check_exact=True, check_dtype=False)
    assert again.text() == stored.text()


@pytest.mark.parametrize(
    "spoilt",
    [
        lambda text: re.sub(r"(headline,headcount,.*,)(-?\d)", r"\g<1>9\2", text, count=1),
        lambda text: text.rsplit("\n", 2)[0] + "\n",
        lambda text: text.replace("# table_sha256", "# another"),
        lambda text: text.replace("table,metric", "metric,table", 1),
        lambda text: text[: len(text) // 2],
        lambda _: "",
    ],
    ids=["number", "row", "digest", "columns", "half", "nothing"],
)
def test_a_stored_table_that_was_changed_is_refused(stored, spoilt):
    text = stored.text()
    assert spoilt(text) != text
    with pytest.raises(published.InputError, match=r"^again.csv: "):
        canonical.stored(spoilt(text), "again.csv")


# --- Tolerance --------------------------------------------------------------------------------------------------------


def half(row):
    return (row.high - row.low) / 2.0


def wide(table):
    """Places of rows whose interval has a width that matters."""
    return [row.Index for row in table.itertuples() if half(row) > 1e-6]


def changed(stored, place, column, new):
    """A copy of the table with another number, compared with what is stored."""
    table = stored.table.copy()
    table.loc[place, column] = new(getattr(table.loc[place], column), half(table.loc[place]))
    return agreement.compare(stored, table, "another digest")


def test_the_same_is_identical(stored):
    verdict = agreement.compare(stored, stored.table.iloc[::-1], stored.about["series_sha256"])
    assert verdict.word == agreement.IDENTICAL and verdict.code == 0
    assert verdict.numbers == stored.table[[*NUMBERS]].notna().to_numpy().sum() > 500


def test_what_is_not_printed_may_differ_but_is_not_called_identical(stored):
    assert agreement.compare(stored, stored.table, "another digest").word == agreement.WITHIN


def test_every_number_may_change_by_last_bits_or_a_little(stored):
    for new in (lambda v, h: np.nextafter(v, np.inf), lambda v, h: v - 0.09 * h):
        table = stored.table.copy()
        width = (table["high"] - table["low"]) / 2.0
        width = width.where(width > 1e-6, 0.0)
        for column in NUMBERS:
            table[column] = new(table[column], width)
        assert not table.equals(stored.table)
        assert agreement.compare(stored, table, "another digest").word == agreement.WITHIN


@pytest.mark.parametrize("column", NUMBERS)
def test_a_fifth_of_a_half_width_is_caught_wherever_it_is(stored, column):
    places = wide(stored.table)[::50]
    assert len(places) > 5
    for place in places:
        verdict = changed(stored, place, column, lambda v, h: v + 0.2 * h)
        assert verdict.word == agreement.DIFFERS and verdict.code == 1
        assert verdict.first.key == tuple(stored.table.loc[place, [*KEYS]])
        assert verdict.first.far == pytest.approx(0.2, rel=1e-6)


def test_numbers_without_a_width_may_change_by_last_bits_only(stored):
    narrow = [row.Index for row in stored.table.itertuples() if row.high == row.low and row.estimate != 0.0]
    assert narrow
    for place in narrow[::20]:
        assert changed(stored, place, "estimate", lambda v, _: math.nextafter(v, math.inf)).word == agreement.WITHIN
        assert changed(stored, place, "estimate", lambda v, _: v * 1.0001).word == agreement.DIFFERS


def test_what_is_left_of_equal_sums_of_money_is_nothing():
    """Present values of millions of rupiah are alike to the last bit or two: on another processor, to another one."""
    stored = published.find("default").was()
    money = stored.table[stored.table["metric"].eq("cost_rupiah")]
    left = [row.Index for row in money.itertuples() if row.table == "contrasts" and 0.0 < half(row) < 1e-6]
    assert left and money["estimate"].max() > 1e5
    for place in left:
        assert changed(stored, place, "estimate", lambda v, _: v + 4e-10).word == agreement.WITHIN
        assert changed(stored, place, "estimate", lambda v, _: v + 1.0).word == agreement.DIFFERS


def test_a_series_of_nothing_has_no_row_and_is_found_when_it_is_something(results, stored):
    audit = results.series["metric"] == "paid_auditors"
    assert audit.any() and not results.series.loc[audit, "value"].any()  # nobody pays an auditor here
    assert "paid_auditors" not in set(stored.table.loc[stored.table["table"] == "series", "metric"])
    for value, word in ((1e-13, agreement.WITHIN), (1e-3, agreement.DIFFERS)):
        series = results.series.assign(value=results.series["value"] + value * audit)
        more = canonical.of_comparison(series, results.tables)
        assert agreement.compare(stored, more, "another digest").word == word
        assert agreement.compare(replace(stored, table=more), stored.table, "another digest").word == word


def test_the_first_in_time_is_named_with_metric_arm_and_quarter(stored):
    table = stored.table.copy()
    series = table["table"].eq("series") & (table["high"] - table["low"] > 1e-6)
    for quarter in (59, 35, 47):
        table.loc[series & table["quarter"].eq(quarter) & table["arm"].eq("locality_development"), "estimate"] += 1.0
    table.loc[table["table"].eq("headline"), "estimate"] += 1e9
    verdict = agreement.compare(stored, table, "another digest")
    first = table[series & table["quarter"].eq(35)].sort_values("metric")["metric"].iloc[0]
    assert f"series: {first}, locality_development, quarter 35" in verdict.told()


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (lambda table: table.iloc[1:], "is missing"),
        (lambda table: table.assign(part=table["part"].where(table.index > 0, "new")), "is missing"),
        (lambda table: table.assign(says=table["says"].where(table.index > 0, "z")), "says “z”"),
        (lambda table: table.assign(low=table["low"].where(table.index > 0)), "low is nan"),
    ],
    ids=["row", "key", "word", "nan"],
)
def test_what_is_missing_new_or_another_word_differs(stored, spoil, words):
    verdict = agreement.compare(stored, spoil(stored.table), "another digest")
    assert verdict.word == agreement.DIFFERS and words in verdict.told()


# --- Reference mode ---------------------------------------------------------------------------------------------------

FLAGS = re.compile(r"\bf(?:add|sub|mul|div)\s+(?:[a-z]+\s+)*?(?:fast|contract|reassoc|arcp|nnan|ninf|nsz|afn)\b")


def llvm(**options):
    """Machine-independent code of a sum of products, compiled with some options."""

    def total(x):
        found = 0.0
        for k in range(len(x)):
            found += x[k] * 1.1 + 0.3
        return found

    function = numba.njit(numba.float64(numba.float64[::1]), **options)(total)
    return "".join(function.inspect_llvm().values())


def test_the_compiler_may_neither_reorder_nor_contract():
    for options in (compiler.OPTIONS, compiler.INNER):
        assert not options.get("fastmath", False) and not options.get("parallel", False)
    assert not FLAGS.search(llvm(**compiler.OPTIONS))
    assert FLAGS.search(llvm(**compiler.OPTIONS, fastmath=True))  # the search would find it


def test_every_column_is_float64(small_world):
    assert {array.dtype for array in small_world.state.arrays.values()} == {np.dtype(np.float64)}


# --- Both lanes -------------------------------------------------------------------------------------------------------


def test_the_first_villages_are_a_world_of_their_own(small_world):
    whole, part = small_world.state, lanes.first_villages(small_world.state, 2)
    households, ties = (int(whole.layout.start[table][2]) for table in ("household", "tie"))
    assert part.layout.codes == whole.layout.codes[:2] and part.layout.rows("household") == households
    np.testing.assert_array_equal(part["consumption"], whole["consumption"][:households])
    np.testing.assert_array_equal(part.layout.ends, whole.layout.ends[:, :ties])
    before = whole.copy()
    for array in part.arrays.values():
        assert array.flags.c_contiguous
        array += 1.0
    for table, array in before.arrays.items():
        np.testing.assert_array_equal(whole.arrays[table], array)


def test_lanes_are_compared_in_every_column_and_quarter(small_world, programmes_2017, monkeypatch):
    flows = (*programmes_2017, Programme(catalogue()["hybrid"], 0.04, 1, 3, 3))
    lanes.side_by_side(small_world, flows, 3, 5)
    lanes.side_by_side(small_world, flows, 2, 5, held=["luck", "sharing"])
    step = type(small_world.lane).step

    def spoilt(self, state, quarter, *rest):
        step(self, state, quarter, *rest)
        if quarter == 1:
            state["skill"][7] = math.nextafter(state["skill"][7], math.inf)

    monkeypatch.setattr(type(small_world.lane), "step", spoilt)
    with pytest.raises(lanes.LanesDiffer, match="skill differs between the lanes in quarter 1"):
        lanes.side_by_side(small_world, flows, 3, 5)


# --- What is published ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", published.names())
def test_what_is_published_is_whole(name, known):
    one = published.find(name, kinds=KINDS)
    assert one.path.stat().st_size < LARGEST_TABLE
    was = one.was()
    assert {"python", "numpy", "numba", "processor", "platform", "made"} <= set(was.about)
    if isinstance(one.runs, runs.Comparison):
        scenario = one.runs.reduced(load(one.runs.scenario, known))
        assert set(was.table["arm"]) == {arm.id for arm in scenario.resolved_arms}


@pytest.mark.parametrize(
    "name", [name for name in published.names() if isinstance(published.find(name, kinds=KINDS).runs, runs.Map)]
)
def test_a_published_map_is_seen_as_it_is_stored(name, known):
    """The pictures, and what the README says of them, are those of the table."""
    one = published.find(name)
    pictures = one.pictures(known)
    assert set(pictures) == {".svg", ".id.svg"}
    for end, picture in pictures.items():
        assert one.path.with_suffix(end).read_bytes() == picture, f"swadaya reproduce {name} --renew"
        assert len(picture) < LARGEST_PICTURE
    found, table = pictured.outline(one.runs, one.was(), known), one.was().table
    stored = table[table["metric"] == "share of the map"].set_index("arm")
    for row in regime_map.tally(found).itertuples():
        kept = stored.loc[row.arm or runs.UNCLEAR]
        assert (row.share, row.low, row.high) == pytest.approx((kept["estimate"], kept["low"], kept["high"]))


@pytest.mark.parametrize(("code", "file"), [("en", "README.md"), ("id", "README.id.md")])
def test_the_readme_says_who_wins_how_much_of_the_map(code, file, known):
    one = published.find("regime_map")
    with speaking(code):
        told = won(pictured.outline(one.runs, one.was(), known))
    text = (ROOT / file).read_text(encoding="utf-8").split("<!-- map -->\n")[1].split("\n<!-- /map -->")[0]
    assert " ".join(text.split()) == " ".join(told.split())
    shares = regime_map.tally(pictured.outline(one.runs, one.was(), known)).set_index("arm")["won"]
    assert shares["locality_development"] == 0, "the sentence below the map says that it wins nowhere"


def test_the_readme_says_how_much_works_earn_on_the_map():
    was = published.find("regime_map").was().table
    most, usual = was.loc[was["metric"] == "works", "estimate"].quantile([1.0, 0.9])
    told = " ".join((ROOT / "README.md").read_text(encoding="utf-8").split())
    assert f"What works earn reaches {most:.0f} % a year there and {usual:.0f} % in nine of ten worlds" in told


@pytest.fixture
def home(tmp_path, monkeypatch):
    """A folder of published results with one small comparison."""
    (tmp_path / "small.toml").write_text(TINY.replace("seeds = 3", "seeds = 4"))
    place = tmp_path / "published"
    place.mkdir()
    one = f'kind = "comparison"\nscenario = "{tmp_path / "small.toml"}"\nvillages = 3\nseeds = 2\n'
    (place / "small.toml").write_text(one)
    monkeypatch.setattr(published, "home", lambda: place)
    return place


def reproduced(capsys, *arguments):
    """What `swadaya reproduce` ends with and says."""
    code = command_line.main(["reproduce", *map(str, arguments)])
    out, complaint = capsys.readouterr()
    return code, out + complaint


def spoil(path, spoilt):
    """Change the stored table in one place, with a digest that fits."""
    was = canonical.stored(path.read_text(), path.name)
    table = was.table.copy()
    spoilt(table)
    about = {**was.about, "table_sha256": canonical.digest(table, KEYS)}
    path.write_text(Stored(table, about).text())


def test_reproduce_says_identical_within_or_differs(home, capsys, monkeypatch):
    code, said = reproduced(capsys, "small")
    assert code == 2 and "--renew" in said
    code, said = reproduced(capsys, "small", "--renew")
    assert code == 0 and [file.name for file in home.iterdir() if file.suffix == ".csv"] == ["small.csv"]
    assert canonical.stored((home / "small.csv").read_text(), "small.csv").about["numpy"] == version("numpy")

    code, said = reproduced(capsys, "--all")
    assert code == 0 and "small: identical" in said and "Status quo" in said
    assert "Both lanes agree in every bit: locality_development, seed 1, two villages, 68 quarters." in said

    monkeypatch.setattr(runs, "side_by_side", lambda *_, **__: None)  # once is enough

    def last_bit(table):
        table.loc[wide(table)[0], "estimate"] = math.nextafter(table.loc[wide(table)[0], "estimate"], 0.0)

    spoil(home / "small.csv", last_bit)
    code, said = reproduced(capsys, "small")
    assert code == 0 and "small: equal within tolerance" in said

    def fifth(table):
        row = table.query("table == 'series' and metric == 'headcount' and quarter == 23").iloc[-1]
        table.loc[row.name, "estimate"] += 0.2 * half(row)

    spoil(home / "small.csv", fifth)
    code, said = reproduced(capsys, "small")
    assert code == 1 and "small: differs, first in series: headcount, status_quo, quarter 23: estimate is" in said


def test_what_is_reproduced_is_told_in_the_language_and_is_the_same(home, capsys, monkeypatch):
    """Stored for a reader of Bahasa Indonesia, made again in English: the same bits."""
    monkeypatch.setattr(runs, "side_by_side", lambda *_, **__: None)
    with hearing() as missed:
        code, said = reproduced(capsys, "small", "--renew", "--lang", "id")
        assert code == 0 and "small: disimpan untuk pertama kali" in said
    assert "small: identical" in reproduced(capsys, "small")[1]
    was = canonical.stored((home / "small.csv").read_text(), "small.csv")
    (home / "small.csv").write_text(replace(was, about={**was.about, "numpy": "1.0"}).text())

    def fifth(table):
        row = table.query("table == 'series' and metric == 'headcount' and quarter == 23").iloc[-1]
        table.loc[row.name, "estimate"] += 0.2 * half(row)

    spoil(home / "small.csv", fifth)
    with hearing() as more:
        code, said = reproduced(capsys, "small", "--lang", "id")
    assert code == 1 and (missed | more) - {"Two ways to spend"} == set()
    assert "small: berbeda, pertama kali pada series: headcount, status_quo, triwulan 23: estimate bernilai " in said
    assert f"Disimpan dengan: numpy 1.0, di sini {version('numpy')}." in said
    assert "Kedua jalur sama dalam setiap bit: locality_development, benih 1, dua desa, 68 triwulan." in said


def test_lanes_that_do_not_agree_end_with_1(home, capsys, monkeypatch):
    reproduced(capsys, "small", "--renew")

    def apart(*_, **__):
        raise lanes.LanesDiffer("skill differs between the lanes in quarter 3")

    monkeypatch.setattr(runs, "side_by_side", apart)
    code, said = reproduced(capsys, "small")
    assert code == 1 and "The lanes do not agree: skill" in said and "identical" in said


def test_a_study_is_reproduced_too(home, capsys):
    (home / "v7.toml").write_text('kind = "study"\nstudy = "V7"\nworlds = 2\nvillages = 6\nhouseholds = 40\n')
    assert reproduced(capsys, "v7", "--renew")[0] == 0
    was = canonical.stored((home / "v7.csv").read_text(), "v7.csv")
    assert set(was.table["table"]) == {"study V7"} and set(was.table["part"]) == {"true effect", "estimate"}
    code, said = reproduced(capsys, "v7")
    assert code == 0 and "v7: identical" in said and "Both lanes agree in every bit: control, seed" in said


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('kind = "map"\nscenario = "desa"\naxes = "work,trap"', ("there is no axis", 'did you mean "works"?')),
        ('kind = "comparison"\nscenario = "desa"\narms = ["hybrit"]', ("arms", 'did you mean "hybrid"?')),
    ],
)
def test_what_a_scenario_does_not_have_is_told(home, refused, text, words):
    (home / "wrong.toml").write_text(text)
    refused(["reproduce", "wrong", "--renew"], *words)
    assert not (home / "wrong.csv").exists()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('kind = "table"', ('kind: is "table"', "comparison, study, map, other_model")),
        ('kind = "comparison"\nscenari = "desa"', ("scenari", 'did you mean "scenario"?')),
        ('kind = "comparison"\nscenario = "desa"\nseeds = 0', ("seeds", "1 to 10000")),
        ('kind = "study"', ("study", "1 to 12 characters")),
        ("kind = ", ("line 1: not valid TOML",)),
    ],
)
def test_a_wrong_file_is_told(home, refused, text, words):
    (home / "wrong.toml").write_text(text)
    refused(["reproduce", "wrong"], "wrong.toml", *words)


def test_an_unknown_name_is_told_with_the_nearest(refused, tmp_path):
    refused(["reproduce", "defualt"], "defualt: neither published nor a package", 'did you mean "default"?')
    refused(["reproduce", "quite-another-thing"], "published:", "poor_village")
    refused(["reproduce"], "--all", "default")
    refused(["reproduce", "default", "--all"], "--all")
    refused(["reproduce", tmp_path / "no.zip"], "no.zip")
    refused(["reproduce", tmp_path / "no.zip", "--renew"], "--renew is for what is published")


def test_a_missing_scenario_is_not_answered_with_what_is_published(refused):
    refused(["check", "poor_vilage"], "no such scenario file; known:")


# --- Packages ---------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def folder(results, tmp_path_factory):
    """A folder of results, as `swadaya run` leaves it but for the report."""
    place = tmp_path_factory.mktemp("results") / "tiny-0"
    place.mkdir()
    results.save(place)
    (place / "report.html").write_text("<p>what a reader sees</p>")
    return place


@pytest.fixture(scope="module")
def packed(folder, known):
    """The package of these results."""
    return package.pack(folder, None, Path(), known)


def test_a_package_is_a_crate_with_everything(packed, folder, results):
    assert packed == folder.with_name("tiny-0.zip")
    assert sorted(file.name for file in packed.parent.iterdir()) == ["tiny-0", "tiny-0.zip"]  # no draft is left
    with zipfile.ZipFile(packed) as file:
        names = set(file.namelist())
        lines = file.read(archive.MANIFEST).decode().splitlines()
        for line in lines:
            digest, name = line.split("  ", 1)
            assert hashlib.sha256(file.read(name)).hexdigest() == digest
        assert {line.split("  ", 1)[1] for line in lines} == names - {archive.MANIFEST}
        assert file.read("scenario/tiny.toml").decode() == TINY
        crate = json.loads(file.read("ro-crate-metadata.json"))
        where = json.loads(file.read("environment/machine.json"))
        was = canonical.stored(file.read("canonical.csv").decode(), "canonical.csv")
        notice = file.read("README.txt").decode()
    assert {f"results/{path.relative_to(folder).as_posix()}" for path in folder.rglob("*") if path.is_file()} < names
    assert was.about["series_sha256"] == results.manifest["series_sha256"]
    entities = {entity["@id"]: entity for entity in crate["@graph"]}
    assert names - {package.CRATE} <= set(entities)
    assert entities["./"]["name"] == "Two ways to spend"
    assert entities["#run"]["instrument"] == {"@id": "#swadaya"}
    software = entities["#swadaya"]
    assert software["license"] == {"@id": "LICENSE"} and software["sha256"] == code_digest() in notice
    assert software["softwareRequirements"] == {"@id": "environment/lock.txt"}
    author = software["author"][0] if isinstance(software["author"], list) else software["author"]
    assert entities[author["@id"]]["name"] == "The Swadaya developers"
    assert {"LICENSE", "CITATION.cff"} <= names and archive.MANIFEST in entities
    assert where["numpy"] == version("numpy") and where["processor"] and where["maths"]
    assert str(ROOT) not in json.dumps(where) + json.dumps(crate)


def test_the_crate_is_read_by_its_library(packed, tmp_path):
    with zipfile.ZipFile(packed) as file:
        file.extractall(tmp_path)
    crate = ROCrate(tmp_path)
    assert crate.name == "Two ways to spend"
    assert crate.dereference("results/manifest.json")["encodingFormat"] == "application/json"


def test_the_same_results_give_the_same_package(packed, folder, known, tmp_path):
    again = package.pack(folder, tmp_path / "tiny-0.zip", Path(), known)
    assert again.read_bytes() == packed.read_bytes()
    again.write_text("a reader's own")
    with pytest.raises(published.InputError, match="is there already"):
        package.pack(folder, again, Path(), known)
    assert again.read_text() == "a reader's own"


def test_a_draft_is_moved_when_nobody_reads_it_any_more(tmp_path, monkeypatch):
    """Windows moves no file that is open."""
    opened, move = [], Path.replace

    class Watched(zipfile.ZipFile):
        def __init__(self, *rest, **more):
            super().__init__(*rest, **more)
            opened.append(self)

    def moved(self, target):
        assert len(opened) == 2 and all(one.fp is None for one in opened)
        return move(self, target)

    monkeypatch.setattr(archive.zipfile, "ZipFile", Watched)
    monkeypatch.setattr(Path, "replace", moved)
    archive.write(tmp_path / "one.zip", {"a.txt": b"a"})
    assert (tmp_path / "one.zip").is_file()


def test_the_lock_has_every_package_with_the_digest_of_its_files():
    lines = [line for line in machine.lock().splitlines() if not line.startswith("#")]
    found = {line.split("==")[0]: line for line in lines}
    assert {"numpy", "numba", "llvmlite", "mesa", "pandas", "python-dateutil"} <= set(found)
    assert "swadaya" not in found  # which is on no index: `pip install -r` would end there
    assert f"swadaya=={version('swadaya')}, whose code has the\n# sha256:{code_digest()}" in machine.lock()
    for name, line in found.items():
        assert re.fullmatch(rf"{name}=={re.escape(version(name))}  # sha256:[0-9a-f]{{64}}", line)
    rows = [row.split(",")[:2] for row in distribution("rich").read_text("RECORD").splitlines()]
    own = [(name, digest) for name, digest in rows if digest and not name.startswith("..") and ".pyc" not in name]
    own = [pair for pair in own if pair[0].rsplit("/", 1)[-1] not in ("INSTALLER", "REQUESTED", "direct_url.json")]
    text = "\n".join(sorted(f"{name} {digest.removeprefix('sha256=')}" for name, digest in own))
    assert found["rich"].endswith(hashlib.sha256(text.encode()).hexdigest())


def test_a_package_is_reproduced_elsewhere(packed, tmp_path, monkeypatch, capsys):
    moved = shutil.copy(packed, tmp_path / "from elsewhere.zip")
    monkeypatch.chdir(tmp_path)
    code, said = reproduced(capsys, moved)
    assert code == 0 and "identical" in said and "files as the manifest says" in said
    words = " ".join(said.split())
    assert "Not compared with anything: figures and pages." in words
    assert "Every table, household, village and flow that it holds is the same to the last bit." in words
    assert hashlib.sha256(packed.read_bytes()).hexdigest() in said.replace("\n", "")
    assert [file.name for file in tmp_path.iterdir()] == ["from elsewhere.zip"]


def test_without_the_library_the_extra_is_named(folder, refused, monkeypatch):
    monkeypatch.setattr(package, "find_spec", lambda _: None)
    refused(["package", folder], "pip install 'swadaya[publish]'")


def test_results_that_were_changed_are_not_packed(folder, tmp_path, refused):
    copy = shutil.copytree(folder, tmp_path / "copy")
    series = pd.read_parquet(copy / "series.parquet")
    series.loc[5, "value"] = math.nextafter(series.loc[5, "value"], 9.0)
    series.to_parquet(copy / "series.parquet", index=False)
    refused(["package", copy, "--out", tmp_path / "out.zip"], "was changed since it was made", "series_sha256")
    assert not (tmp_path / "out.zip").exists()


@pytest.mark.parametrize(
    ("key", "value", "words"),
    [
        ("code", "0" * 64, "own code changed since"),
        ("versions", {"numpy": "1.0"}, "numpy 1.0, here"),
        ("digest", "0" * 64, "is not what was run"),
        ("document", {"title": "no arms"}, "arms"),
    ],
)
def test_results_of_other_code_are_not_packed(folder, tmp_path, refused, key, value, words):
    copy = shutil.copytree(folder, tmp_path / "copy")
    manifest = json.loads((copy / "manifest.json").read_text())
    (copy / "manifest.json").write_text(json.dumps({**manifest, key: value}))
    refused(["package", copy], str(copy), words)


@pytest.mark.parametrize("content", [None, "{", "[]", '{"digest": "x"}'])
def test_a_folder_of_something_else_is_not_packed(tmp_path, refused, content):
    if content is not None:
        (tmp_path / "manifest.json").write_text(content)
    refused(["package", tmp_path], str(tmp_path), "swadaya run")
    refused(["package", tmp_path / "none"], "is not a folder")


def test_a_link_among_the_results_is_not_packed(folder, tmp_path, refused):
    copy = shutil.copytree(folder, tmp_path / "copy")
    (copy / "more.txt").symlink_to("/etc/hostname")
    refused(["package", copy], "more.txt: is a link")


def test_a_survey_goes_along(tmp_path, known, capsys, refused):
    place = tmp_path / "own"
    place.mkdir()
    shutil.copy(SURVEY, place / "people.csv")
    text = TINY.replace("seed = 2", 'seed = 2\nsurvey = "people.csv"', 1).replace("seeds = 3", "seeds = 1")
    (place / "own.toml").write_text(text)
    results = tmp_path / "results"
    results.mkdir()
    study.run(load(place / "own.toml", known)).save(results)
    refused(["package", results, "--beside", tmp_path], "people.csv")
    out = tmp_path / "own.zip"
    assert command_line.main(["package", str(results), "--beside", str(place), "--out", str(out)]) == 0
    capsys.readouterr()
    shutil.rmtree(place)
    code, said = reproduced(capsys, out)
    assert code == 0 and "identical" in said


def test_a_survey_that_lies_elsewhere_is_not_packed(tmp_path, known, refused):
    place = tmp_path / "own"
    place.mkdir()
    shutil.copy(SURVEY, tmp_path / "people.csv")
    (place / "own.toml").write_text(TINY.replace("seed = 2", 'seed = 2\nsurvey = "../people.csv"', 1))
    scenario = load(place / "own.toml", known)
    results = tmp_path / "results"
    results.mkdir()
    study.run(check({**scenario.model_dump(), "replications": {"seeds": 1}}, known, path=scenario._path)).save(results)
    refused(["package", results, "--beside", place], "../people.csv does not lie in the scenario's own folder")


# --- Archives that were changed, or mean harm -------------------------------------------------------------------------


def entries(packed):
    """The files of a package, in order."""
    with zipfile.ZipFile(packed) as file:
        return {name: file.read(name) for name in file.namelist()}


def zipped(path, files):
    """A ZIP file of names (or ZipInfos) and contents."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        for name, content in files:
            file.writestr(name, content)
    return path


def listed(files):
    """A manifest of files."""
    lines = [f"{hashlib.sha256(content).hexdigest()}  {name}\n" for name, content in files.items()]
    return {archive.MANIFEST: "".join(lines).encode(), **files}


def forged(path, files):
    """A package whose crate and manifest were renewed to fit files that were changed or taken out."""
    crate = json.loads(files[package.CRATE])
    crate["@graph"] = [one for one in crate["@graph"] if one["@type"] != "File" or one["@id"] in files]
    for entity in crate["@graph"]:
        if "sha256" in entity and entity["name"] in files:
            entity["sha256"] = hashlib.sha256(files[entity["name"]]).hexdigest()
    whole = {**files, package.CRATE: json.dumps(crate).encode()}
    whole.pop(archive.MANIFEST, None)
    return zipped(path, listed(whole).items())


NAMES = (archive.MANIFEST, "canonical.csv", "scenario/document.json", "results/series.parquet", "README.txt")


@pytest.mark.parametrize("name", NAMES[1:])
@pytest.mark.parametrize("at", [0, 0.5, 1])
def test_a_changed_byte_is_found_and_named(packed, tmp_path, refused, name, at):
    files = entries(packed)
    content = bytearray(files[name])
    content[int(at * (len(content) - 1))] ^= 1
    zipped(tmp_path / "changed.zip", {**files, name: bytes(content)}.items())
    refused(["reproduce", tmp_path / "changed.zip"], "nothing was unpacked", repr(name), "was changed")


@pytest.mark.parametrize("name", NAMES)
def test_a_byte_that_was_changed_in_the_packed_data_is_found(packed, tmp_path, refused, name):
    raw = bytearray(packed.read_bytes())
    with zipfile.ZipFile(packed) as file:
        info = file.getinfo(name)
    raw[info.header_offset + 30 + len(name) + info.compress_size // 2] ^= 0x10
    (tmp_path / "changed.zip").write_bytes(raw)
    refused(["reproduce", tmp_path / "changed.zip"], "nothing was unpacked", name)


def test_what_is_missing_or_more_is_named(packed, tmp_path, refused):
    files = entries(packed)
    del files["results/series.parquet"]
    zipped(tmp_path / "less.zip", files.items())
    refused(["reproduce", tmp_path / "less.zip"], "'results/series.parquet' is missing")
    zipped(tmp_path / "more.zip", [*entries(packed).items(), ("results/more.txt", b"x")])
    refused(["reproduce", tmp_path / "more.zip"], "'results/more.txt' is not in the manifest")
    del files[archive.MANIFEST]
    zipped(tmp_path / "none.zip", files.items())
    refused(["reproduce", tmp_path / "none.zip"], f"does not hold {archive.MANIFEST}")
    (tmp_path / "text.zip").write_text("no archive")
    refused(["reproduce", tmp_path / "text.zip"], "cannot be read as a ZIP file")
    refused(["reproduce", tmp_path / "nowhere.zip"], "nowhere.zip: no such package")
    (tmp_path / "half.zip").write_bytes(packed.read_bytes()[: packed.stat().st_size // 2])
    refused(["reproduce", tmp_path / "half.zip"], "cannot be read as a ZIP file")


def info(name, kind=stat.S_IFREG, compress=zipfile.ZIP_DEFLATED):
    """An entry of some kind."""
    found = zipfile.ZipInfo("x")
    found.filename, found.external_attr, found.compress_type = name, (kind | 0o777) << 16, compress
    return found


HOSTILE = {
    "traversal": ([("../evil.txt", b"x")], "leads out of its folder"),
    "traversal within": ([("results/../../evil.txt", b"x")], "leads out of its folder"),
    "absolute": ([("/tmp/evil.txt", b"x")], "absolute path"),
    "drive": ([("C:/evil.txt", b"x")], "no file's"),
    "backslash": ([(info("..\\evil.txt"), b"x")], "no file's"),
    "control": ([(info("evil\x1b[2J.txt"), b"x")], "no file's"),
    "long": ([("x" * 500, b"x")], "400 characters"),
    "link": ([(info("link", stat.S_IFLNK), b"/etc/passwd")], "is a link or a device"),
    "device": ([(info("device", stat.S_IFCHR), b"")], "is a link or a device"),
    "twice in other letters": ([("README.TXT", b"x"), ("readme.txt", b"y")], "name of another entry"),
    "file as folder": ([("a", b"x"), ("a/b", b"y")], "lies in what is a file"),
    "packed in an odd way": ([(info("odd", compress=zipfile.ZIP_BZIP2), b"x")], "unknown way"),
    "bomb": ([("bomb", bytes(50_000_000))], "would unpack to"),
    "many": ([(f"f{k}", b"") for k in range(10_001)], "entries; at most"),
}


@pytest.mark.parametrize("case", HOSTILE)
def test_an_archive_that_means_harm_is_refused_and_nothing_unpacked(tmp_path, monkeypatch, refused, case):
    files, words = HOSTILE[case]
    place = tmp_path / "a" / "b"
    place.mkdir(parents=True)
    monkeypatch.chdir(place)
    monkeypatch.setattr("tempfile.tempdir", str(place))
    sized = {name if isinstance(name, str) else name.filename: content for name, content in files}
    zipped(place / "evil.zip", [(archive.MANIFEST, listed(sized)[archive.MANIFEST]), *files])
    refused(["reproduce", "evil.zip"], "evil.zip: refused, nothing was unpacked", words)
    assert [path.name for path in tmp_path.rglob("*") if path.is_file()] == ["evil.zip"]
    assert not Path("/tmp/evil.txt").exists()


def test_the_same_name_twice_is_refused(packed, tmp_path, refused):
    with pytest.warns(UserWarning, match="Duplicate name"):
        zipped(tmp_path / "twice.zip", [*entries(packed).items(), ("canonical.csv", b"x")])
    refused(["reproduce", tmp_path / "twice.zip"], "'canonical.csv' has the name of another entry")


def test_one_bomb_among_much_is_found(tmp_path, refused):
    noise = np.random.default_rng(1).bytes(1_000_000)
    files = {"noise": noise, "bomb": bytes(40_000_000)}
    zipped(tmp_path / "bomb.zip", listed(files).items())
    refused(["reproduce", tmp_path / "bomb.zip"], "'bomb' would unpack to more than 100 times its size")


def test_the_whole_has_a_limit(packed, refused, monkeypatch):
    monkeypatch.setattr(archive, "LARGEST", 10_000)
    refused(["reproduce", packed], "it would unpack to", "at most 10000")


def test_an_encrypted_entry_is_refused(packed, tmp_path, refused):
    raw = bytearray(packed.read_bytes())
    raw[raw.index(b"PK\x01\x02") + 8] |= 1
    (tmp_path / "locked.zip").write_bytes(raw)
    refused(["reproduce", tmp_path / "locked.zip"], "is encrypted")


@pytest.mark.parametrize(
    ("document", "words"),
    [
        (b"[]", "holds no object"),
        (b'{"population": 5}', "is no scenario"),
        (b"{", "document.json"),
        (b"[" * 100_000, "document.json"),
        (b'{"population": {"survey": "../../../etc/passwd"}}', "which it does not hold"),
        (b'{"population": {"survey": "/etc/passwd"}}', "which it does not hold"),
        (b'{"population": {"village_list": 5}}', "which it does not hold"),
        (b'{"population": {}, "title": "x"}', "arms"),
    ],
)
def test_a_scenario_that_means_harm_is_refused(packed, tmp_path, refused, document, words):
    forged(tmp_path / "evil.zip", {**entries(packed), package.DOCUMENT: document})
    refused(["reproduce", tmp_path / "evil.zip"], "evil.zip", words)


def test_another_table_in_a_package_is_held_against_its_digest(packed, tmp_path, refused):
    files = entries(packed)
    files["canonical.csv"] = re.sub(rb"(series,.*,)(\d)", rb"\g<1>7\2", files["canonical.csv"], count=1)
    forged(tmp_path / "evil.zip", files)
    refused(["reproduce", tmp_path / "evil.zip"], "its rows are not those of its digest")


def parquet(content, change):
    """A Parquet file with another table in it."""
    frame = pd.read_parquet(io.BytesIO(content))
    out = io.BytesIO()
    change(frame).to_parquet(out, index=False)
    return out.getvalue()


HEADLINE = "results/tables/headline"
FORGED = {
    "csv": (f"{HEADLINE}.csv", lambda content: content.replace(b"0.", b"9.", 1), "is not what its Parquet table says"),
    "parquet": (
        f"{HEADLINE}.parquet",
        lambda content: parquet(content, lambda frame: frame.assign(estimate=frame["estimate"] + 1.0)),
        "table_sha256 is another",
    ),
    "series": (
        "results/series.parquet",
        lambda content: parquet(content, lambda frame: frame.assign(value=frame["value"] * 2.0)),
        "series_sha256, table_sha256 is another",
    ),
    "no table": (f"{HEADLINE}.parquet", lambda _: b"PAR1 is no table", "its tables cannot be read"),
    "scenario": (
        "scenario/tiny.toml",
        lambda content: content.replace(b"villages = 4", b"villages = 9"),
        "is not the scenario that is run",
    ),
    "no scenario": ("scenario/tiny.toml", lambda _: b'title = "something else"', "is not the scenario that is run"),
    "run": (
        "results/manifest.json",
        lambda content: content.replace(b'"series_sha256": "', b'"series_sha256": "0'),
        "is of another run: series_sha256",
    ),
}


@pytest.mark.parametrize("case", FORGED)
def test_what_a_reader_sees_is_held_against_what_is_compared(packed, tmp_path, refused, case):
    """Crate and manifest fit: whoever forges a file renews them."""
    name, change, words = FORGED[case]
    files = entries(packed)
    other = change(files[name])
    assert other != files[name]
    forged(tmp_path / "forged.zip", {**files, name: other})
    refused(["reproduce", tmp_path / "forged.zip"], "forged.zip: refused", words)


UNPRINTED = {
    "household": ("results/households.parquet", "households has another"),
    "flow": ("results/ledger.parquet", "ledger has another value"),
    "person": ("results/population.parquet", "population has another"),
    "village": ("results/villages.parquet", "villages has other rows or columns"),
}


@pytest.mark.parametrize("case", UNPRINTED)
def test_what_no_digest_holds_is_held_against_the_run(packed, tmp_path, capsys, case):
    """Whoever forges it renews crate and manifest; the printed numbers stay what they are."""
    name, words = UNPRINTED[case]

    def change(frame):
        if case == "village":
            return frame.iloc[:-1]
        column = next(column for column in reversed(frame.columns) if frame[column].dtype.kind == "f")
        return frame.assign(**{column: np.nextafter(frame[column], np.inf)})

    files = entries(packed)
    forged(tmp_path / "forged.zip", {**files, name: parquet(files[name], change)})
    code, said = reproduced(capsys, tmp_path / "forged.zip")
    said = " ".join(said.split())
    assert code == 1 and "identical: every bit" in said and f"Not the same to the last bit: {words}" in said


def test_a_forged_page_is_not_called_the_crates(packed, tmp_path, refused):
    files = {**entries(packed), "results/report.html": b"another"}
    del files[archive.MANIFEST], files["README.txt"]
    zipped(tmp_path / "forged.zip", listed(files).items())
    refused(["reproduce", tmp_path / "forged.zip"], "'results/report.html' was changed", package.CRATE)
    refused(["reproduce", tmp_path / "forged.zip"], "'README.txt' is missing, which the crate lists")


def test_what_a_first_look_was_written_as_is_packed_and_opened(tmp_path, known):
    file = tmp_path / "tiny.toml"
    file.write_text(TINY)
    for changed, kept in ((load(file, known).quick(), True), (load(file, known).model_copy(), True)):
        assert package.reads_to(changed.text, changed, known, file) is kept
    other = check({**load(file, known).model_dump(), "title": "Another"}, known, text=TINY, path=file)
    assert not package.reads_to(other.text, other, known, file)


def test_a_table_that_says_more_cells_than_are_read_is_refused(packed, refused, monkeypatch):
    monkeypatch.setattr(opening, "CELLS", 1_000)
    refused(["reproduce", packed], "they have more than 1000 cells")


@pytest.mark.parametrize("name", [package.DOCUMENT, package.TABLE, "results/manifest.json"])
def test_a_package_without_what_is_read_is_told_once(packed, tmp_path, capsys, name):
    files = entries(packed)
    del files[name]
    forged(tmp_path / "less.zip", files)
    assert command_line.main(["reproduce", str(tmp_path / "less.zip")]) == 2
    complaint = capsys.readouterr().err
    assert complaint.count("nothing was unpacked") == 1 and f"does not hold {name}" in complaint


def test_a_name_that_says_it_is_utf8_and_is_not_is_refused(packed, tmp_path, refused):
    raw = bytearray(packed.read_bytes().replace(b"README.txt", b"\xff\xfeADME.txt"))
    for sign, flags in ((b"PK\x03\x04", 7), (b"PK\x01\x02", 9)):
        at = raw.find(sign)
        while at >= 0:
            raw[at + flags] |= 0x08  # the name is UTF-8
            at = raw.find(sign, at + 4)
    (tmp_path / "name.zip").write_bytes(raw)
    refused(["reproduce", tmp_path / "name.zip"], "cannot be read as a ZIP file", "utf-8")


def test_series_keys_are_those_of_the_series(results):
    assert not results.series.duplicated([*SERIES]).any()
