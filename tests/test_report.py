"""The report: what a reader sees is complete, says its units and its uncertainty, and opens anywhere."""

from __future__ import annotations

import io
import itertools
import math
import re
from collections import Counter
from dataclasses import replace
from html.parser import HTMLParser
from types import SimpleNamespace
from xml.etree import ElementTree

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from rich.console import Console

from sim import policies
from sim.experiment import study
from sim.experiment.people import people_of, survey_of
from sim.experiment.results import PARAMETER_SET
from sim.language import speaking
from sim.metrics.cost import at_scale
from sim.population import village_of
from sim.report import FLOWS, UNDEFINED, USE_OF, canvas, costs, development, flows, number, page, span, tables
from sim.report.cautions import few_poor, of_a_survey, passed_over, unequal_weights
from sim.report.drawing import Drawing, breadth
from sim.report.manifest import SOLVED, first_look, imputed, solved
from sim.report.page import PLATES, answer, lead, versus, write
from sim.scenario import Known, check
from sim.start import wire
from sim.survey import RURAL_2017

SMALL = {
    "title": "A small world",
    "question": "What lasts?",
    "population": {"villages": 4, "households": 40, "seed": 3},
    "replications": {"seeds": 3},
    "arms": [{"policy": "status_quo"}, {"policy": "dividend"}, {"policy": "asset_with_coaching"}],
}
ARMS = ("status_quo", "dividend", "asset_with_coaching")
HOSTILE = "<script>alert('$x_')</script> [red]label[/red] of sixty letters"[:60]
LONG = "T2b asset with coaching and a rather long name of 60 letters"


def scenario(**changes):
    """The small scenario with some of its tables changed."""
    plan = wire()
    return check({**SMALL, **changes}, Known(plan.parameters, policies.catalogue(), set(plan.rules)))


@pytest.fixture(scope="module")
def results():
    """A real comparison: three arms, three lucks, four villages of forty households."""
    return study.run(scenario())


def test_a_world_without_meetings_has_a_report(tmp_path):
    """Attendance of nobody is a flat line, not a scale without length."""
    nobody = study.run(scenario(hold={"ablate": ["attends"]}, twins={"withdrawal": False, "stress": False}))
    assert (nobody.tables["participation"]["estimate"] == 0.0).all()
    assert write(nobody, tmp_path, []).is_file()


def test_parameter_sets_that_were_passed_over_are_told(results, tmp_path):
    """Sets 1, 2 and 5 have a world at rest: 3 and 4 have none, and what is said is not said of them."""
    assert passed_over(results) == []
    manifest = {**results.manifest, "solved": [{PARAMETER_SET: number} for number in (1, 2, 5)]}
    several = replace(results, scenario=scenario(replications={"seeds": 3, "sets": 3}), manifest=manifest)
    (said,) = passed_over(several)
    assert said.startswith("Of the first 5 calibrated parameter sets 2 have no world at rest")
    write(several, tmp_path, [])
    assert said in (tmp_path / "report.html").read_text(encoding="utf-8")
    none = {**results.manifest, "solved": [{PARAMETER_SET: number} for number in (1, 2, 3)]}
    assert passed_over(replace(several, manifest=none)) == []


def test_a_first_look_tells_how_much_it_played_of_what_its_file_asks_for(results):
    """What is played is what is said, whatever asked for less of it; a document without a text asks for what it is."""
    written = 'title = "A small world"\narms = [{policy = "status_quo"}]\n'
    known, luck = results.scenario.known, {"seeds": 3, "sets": 2}
    played = {**SMALL, "arms": SMALL["arms"][:1], "replications": luck}
    said = first_look(replace(results, scenario=check(played, known, text=written + "replications.sets = 10")))
    sizes = "4 of 40 villages, 40 of 250 households in each, 3 of 20 lucks and 2 of 10 parameter sets"
    assert said == f"A first look (--quick): {sizes}."
    whole = check({**played, "population": {}, "replications": {}}, known, text=written)
    assert first_look(replace(results, scenario=whole)) == first_look(results) == ""


def test_a_manifest_tells_one_thing_a_line(results):
    """Their own texts hold commas; what is of some rows or villages alone says of how many."""
    survey = {"ties": "by place, not by trade", "schooling": "3 of 40 rows of my: file.csv: shares, by level"}
    assert imputed(survey) == "ties: by place, not by trade\nschooling: 3 of 40 rows of my: file.csv: shares, by level"
    with speaking("id"):
        assert imputed({"remoteness": "7 of 9 villages: uniform rank"}) == (
            "remoteness: 7 dari 9 desa: peringkat seragam"
        )
    world = results.manifest["solved"]
    assert set(world) <= {*SOLVED, *results.scenario.known.parameters}
    assert len(solved(world).split("\n")) == len(world)
    first, second = solved([{**world, PARAMETER_SET: number} for number in (1, 4)]).split("\n")
    assert first.startswith("parameter set 1: largest gap of") and second.count("; ") == len(world) - 1


def test_people_who_stand_for_more_than_their_neighbours_are_told_of(results):
    """Money is counted among those who are simulated; outcomes are of those for whom they stand."""
    assert unequal_weights(results) == []  # villages of different size, of which as large a part is simulated
    place, last = (results.population.groupby("village")["household"].rank(ascending=up) for up in (True, False))
    weight = np.where((place % 2 == 1) & (last == 1), 1.0, 0.5 + place % 2)  # a half, one and a half; the mean is one
    (said,) = unequal_weights(replace(results, population=results.population.assign(weight=weight)))
    assert said.startswith("Households stand for 0.50 to 1.50 times as many people as their mean")


def test_few_who_are_permanently_poor_are_told_of(results):
    def of(**changes):
        return few_poor(replace(results, households=results.households.assign(**changes)))

    assert of(permanent_income=0.5) == []  # all 160
    (said,) = of(permanent_income=np.where(results.households["household"] < 12, 0.5, 2.0))
    assert said == (
        "The permanently poor, of whom self-sufficiency is told, are only 12 to 12 households, draw by draw: shares of "
        "so few say little."
    )
    first = (results.households["seed"] == results.scenario.seeds[0]) & (results.households["household"] < 12)
    (said,) = of(permanent_income=np.where(first, 0.5, 2.0))
    assert said.endswith("In 2 of 3 draws there are none, and what is told of them is over the others.")


def test_a_survey_is_told_with_who_is_drawn_of_it():
    sample = RURAL_2017.with_name("sample_survey.csv")
    asked = scenario(population={"survey": str(sample), "villages": 3})
    frame = pd.read_csv(sample, comment="#")
    persons, poor = frame["weight"] * frame["size"], frame["consumption"] < frame["poverty_line"]
    there = 100.0 * (persons * poor).sum() / persons.sum()
    about = survey_of(asked)
    assert about.pop("headcount, % of persons") == pytest.approx(there)
    assert about == {"file": "sample_survey.csv", "units": 12, "households": len(frame)}
    people = people_of(asked)
    table = pd.DataFrame({name: people.household[name] for name in ("size", "weight", "consumption")})
    table["village"] = np.array(people.village_code)[village_of(people.start)]
    (said,) = of_a_survey(SimpleNamespace(manifest={"survey": survey_of(asked)}, population=table))
    assert said.startswith("The 3 villages are drawn, by weight and with replacement, from the 12 sampling units of ")
    assert f"{len({code.split('-')[1] for code in people.village_code})} of the units are among them" in said
    assert f"Below the poverty line are {there:.1f}\u00a0% of persons in the survey" in said
    assert of_a_survey(SimpleNamespace(manifest={"survey": {}}, population=table)) == []


def test_words_of_time_and_cost_follow_the_money_and_not_the_calendar(results, tmp_path):
    """All money ends four and a half years before the calendar does: what is measured then is later after it."""
    ends = {"funds_end": 10, "facilitation_end": 10}
    early = [{**arm, **ends} if arm["policy"] != "status_quo" else arm for arm in SMALL["arms"]]
    soon = replace(results, scenario=scenario(arms=early))
    said = lead(soon)[0][1].replace("\u00a0", " ")
    assert "years 9 to 12 after September 2017, which is 6.5 to 9.5 years after all money" in said
    assert soon.scenario.money_ends == 10 and results.scenario.money_ends == 28


def test_a_scenario_of_the_baseline_alone_says_nothing_of_cost():
    alone = study.run(scenario(arms=SMALL["arms"][:1], twins={"withdrawal": False, "stress": False}))
    assert "cost" not in page.conditions(alone)


def test_what_does_not_cost_the_same_has_no_rank_and_spends_what_it_can():
    """An arm whose money ends as it begins, and one that is paid out of a programme that flows anyway."""
    late = {"policy": "locality_development", "start": 28, "funds_end": 28, "facilitation_end": 28}
    found = study.run(scenario(arms=[*SMALL["arms"][:2], late], budget={"dose": 0.04, "replace": "pkh"}))
    standing = found.tables["cutoff_standing"].set_index("arm")
    assert standing[["leads", "best_place", "worst_place"]].isna().all(axis=None)
    yearly = found.tables["cost"].set_index("arm")["share_state_budget"]
    assert yearly["locality_development"] == 0.0
    assert yearly["dividend"] == pytest.approx(
        at_scale(4 * (0.04 - 0.016)).budget_share
    )  # less what PKH is paid anyway


def labelled(results, label: str):
    """The same results with another label of the last arm."""
    arms = [*SMALL["arms"][:-1], {**SMALL["arms"][-1], "label": label}]
    return replace(results, scenario=scenario(arms=arms))


def altered(results, metric: str, effects: dict[str, float], width: float):
    """The same results with other differences from the baseline, and from one another, in one metric."""
    found = {key: results.tables[key].copy() for key in ("headline", "contrasts")}
    for frame in found.values():
        for row in frame.index[frame["metric"] == metric]:
            arm, against = frame.at[row, "arm"], frame.at[row, "against"] if "against" in frame else "status_quo"
            if arm != "status_quo":
                value = effects[arm] - effects.get(against, 0.0)
                frame.loc[row, ["estimate", "low", "high"]] = value, value - width, value + width
    return replace(results, tables={**results.tables, **found})


class Page(HTMLParser):
    """Tags with their attributes, and the visible text."""

    def __init__(self, text: str):
        super().__init__()
        self.tags: list[tuple[str, dict]] = []
        self.words: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))

    def handle_data(self, data):
        self.words.append(data)


@pytest.fixture(scope="module")
def folder(results, tmp_path_factory):
    path = tmp_path_factory.mktemp("report")
    write(results, path, ["Validation, trap off: no claims for roads (V12b FAIL)."])
    return path


@pytest.fixture(scope="module")
def text(folder):
    return (folder / "report.html").read_text(encoding="utf-8")


def test_page_says_where_the_model_stands(text):
    assert "Validation, trap off: no claims for roads (V12b FAIL)." in " ".join(" ".join(Page(text).words).split())


def test_page_refers_to_nothing_outside_itself(text):
    for tag, attributes in Page(text).tags:
        for name in ("src", "srcset"):
            assert attributes.get(name, "data:").startswith("data:"), (tag, name)
        assert attributes.get("href", "#").startswith("#")
        assert tag not in ("link", "script", "iframe")
    styles = "".join(re.findall(r"<style>.*?</style>|style=\"[^\"]*\"", text, flags=re.DOTALL))
    assert "@import" not in styles
    assert "url(" not in styles
    assert len(text) < 5_000_000


def test_every_figure_has_alternative_text_caption_and_files(folder, text):
    images = [attributes for tag, attributes in Page(text).tags if tag == "img"]
    assert len(images) == len(PLATES) == text.count("<figcaption>")
    assert all(len(image["alt"]) > 40 and "T0 dividend" in image["alt"] for image in images)
    for plate in PLATES:
        with Image.open(folder / "figures" / f"{plate.name}.png") as image:
            assert image.width == round(canvas.WIDE * 160 / 72) and len(image.getcolors(2**24)) > 5
        root = ElementTree.parse(folder / "figures" / f"{plate.name}.svg").getroot()
        assert root.tag.endswith("svg") and len(root) > 10


def test_every_table_of_a_comparison_is_shown_and_has_units(results):
    shown = [tables.headline(results), *tables.grids(results), costs.ledger(results)]
    assert {key for key, _ in tables.GRIDS} == set(results.tables) - {"headline", "winners", "lorenz", "poor_years"} | {
        "spread"
    }
    for grid in shown:
        assert grid.rows, grid.key
        assert grid.unit or all(column.unit for column in grid.columns[1:]), grid.key
        assert all(len(row) == len(grid.columns) for row in grid.rows), grid.key
    assert len({grid.key for grid in shown}) == len(shown)


def test_page_says_when_it_is_measured_and_over_what_intervals_vary(text):
    words = re.sub(r"\s+", " ", " ".join(Page(text).words))
    assert "90 % of 3 lucks, one parameter set" in words
    assert "years 9 to 12 after September 2017, which is 2 to 5 years after all money has ended" in words
    assert "years 17 to 20: an illustration" in words
    assert "uncalibrated beyond the cross-section" in words
    assert "National growth is in every strategy" in words
    assert words.count("that of true consumption") == 1 and "13.5 % at the start" in words
    assert "what the state pays anyway (Village Fund, Family Hope Programme, Rice for the poor)" in words
    assert not re.search(r"\b(best|winning|wins|outperforms)\b", words.replace("say which strategy is best", ""))


def test_labels_are_shown_and_never_executed(results, tmp_path):
    hostile = labelled(results, HOSTILE)
    page = Page(write(hostile, tmp_path, []).read_text(encoding="utf-8"))
    assert "script" not in {tag for tag, _ in page.tags}
    assert any(HOSTILE in words for words in page.words)
    console = Console(width=300, file=io.StringIO())
    console.print(tables.headline_terminal(hostile))
    assert "[red]label[/red]" in console.file.getvalue()


def test_what_is_not_a_number_is_undefined(results, text):
    frame = results.tables["poor_years"].copy()
    frame.loc[:, ["estimate", "low", "high"]] = math.nan
    frame.loc[frame["arm"] == "dividend", "lucks_without"] = 2
    shown = costs.cost(replace(results, tables={**results.tables, "poor_years": frame}))
    assert {row[-1].text for row in shown.rows} == {UNDEFINED}
    assert [row[-1].beneath for row in shown.rows] == [
        "no poverty averted in 2 of 3 draws",
        "costs less than Status quo",
    ]
    assert not re.search(r"\b(nan|NaN|inf|None)\b", " ".join(Page(text).words))


def test_cost_of_a_year_of_poverty_is_shown_at_every_rate(results):
    shown = costs.cost(results)
    assert [column.unit for column in shown.columns[-3:]] == [
        f"Rp million, at {rate}\u00a0% a year" for rate in (5, 3, 10)
    ]
    rows = results.tables["poor_years"].set_index(["arm", "rate"])["estimate"]
    for arm, row in zip(("dividend", "asset_with_coaching"), shown.rows, strict=True):
        assert [cell.text for cell in row[-3:]] == [number(rows[arm, rate] / 1e6, 2) for rate in (0.05, 0.03, 0.1)]


def test_resilience_shows_levels_and_paired_differences(results):
    grid = tables.resilience(results)
    frame = results.tables["resilience"].set_index(["arm", "measure"])
    assert [column.unit for column in grid.columns] == ["", "level", "difference", "difference"]
    rows = {row[0].text: row for row in grid.rows}
    for words, measure, decimals in (
        ("Elasticity of consumption, median person", "elasticity", 3),
        ("… of it by local demand", "total_demand", 3),
        ("Withstand the shocks of the test", "withstand", 1),
    ):
        row, level = rows[words], frame["estimate"]["status_quo", measure]
        assert row[1].text == number(level, decimals)
        for place, arm in enumerate(ARMS[1:], 2):
            change = frame["estimate"][arm, measure] - level
            assert frame["difference"][arm, measure] == pytest.approx(change, abs=1e-9)
            assert row[place].text == number(change, decimals, signed=True)


def test_what_an_evaluator_would_find_stands_beside_the_truth(results):
    grid = tables.evaluation(results)
    frame = results.tables["evaluation"].set_index(["arm", "indicator", "estimator"])
    assert len(grid.rows) == 2 * (len(ARMS) - 1)
    row, key = grid.rows[0], ("dividend", "headcount")
    assert row[1].text == number(frame["truth"][(*key, "before_after")], 1, signed=True)
    assert row[2].text == number(frame["estimate"][(*key, "before_after")], 1, signed=True)
    held = frame["coverage"][(*key, "difference_in_differences")]
    assert row[3].beneath.endswith(f"covers {number(100 * held, 0)}\u00a0%")


def test_what_a_shock_never_lets_go_within_three_years_has_no_half_life(results):
    frame = results.tables["resilience"].copy()
    half = frame["measure"] == "half_life_own_income"
    for value, count in ((math.nan, 0), (7.0, 1)):
        frame.loc[half, ["estimate", "low", "high"]] = value
        grid = tables.resilience(replace(results, tables={**results.tables, "resilience": frame}))
        assert sum(row[0].text.startswith("Half-life") for row in grid.rows) == count


def test_only_differences_beyond_luck_are_bold(results):
    unclear = tables.headline(altered(results, "headcount", {"dividend": -1.0, "asset_with_coaching": 0.2}, 0.4))
    place = [measure.metric for measure in tables.HEADLINES].index("headcount") + 1
    assert [row[place].clear for row in unclear.rows] == [False, True, False]


@pytest.mark.parametrize(
    ("value", "decimals", "signed", "expected"),
    [
        (1112730, 0, False, "1\u202f112\u202f730"),
        (-2.345, 1, True, "\u22122.3"),
        (2.345, 2, True, "+2.35"),
        (-0.04, 1, True, "0.0"),
        (math.nan, 1, False, UNDEFINED),
        (math.inf, 1, False, UNDEFINED),
        (None, 1, False, UNDEFINED),
    ],
)
def test_numbers(value, decimals, signed, expected):
    assert number(value, decimals, signed) == expected


def test_interval_needs_both_ends():
    assert span(-1.0, 2.0, signed=True) == "\u22121.0\u00a0to\u00a0+2.0"
    assert span(-1.0, math.nan) == ""


@pytest.mark.parametrize("plate", PLATES, ids=lambda plate: plate.name)
def test_same_results_give_the_same_bytes(plate, results):
    first, second = (plate.draw(results) for _ in range(2))
    assert first.svg() == second.svg()
    assert first.png() == second.png()


def box(words) -> tuple[float, float, float, float]:
    """Left, top, right and bottom of one line of words, points."""
    width = breadth(words.text, words.size, words.bold)
    left = words.x - {"start": 0.0, "middle": width / 2, "end": width}[words.anchor]
    return left, words.y - 0.76 * words.size, left + width, words.y + 0.2 * words.size


@pytest.fixture
def slight(results):
    """The results, but hardly anybody gains or loses: the longest words that stand side by side."""
    summary = results.tables["winners_summary"].assign(share=4e-4)
    return replace(results, tables={**results.tables, "winners_summary": summary})


@pytest.mark.parametrize("width", [canvas.WIDE, canvas.NARROW])
@pytest.mark.parametrize("plate", PLATES, ids=lambda plate: plate.name)
@pytest.mark.parametrize("language", ["en", "id"])
def test_texts_of_figures_neither_overlap_nor_leave_the_figure(plate, width, language, slight):
    with speaking(language):
        drawing = plate.draw(labelled(slight, LONG), width)
    texts = [(box(words), words.text) for words in drawing.words if words.text.strip()]
    for (left, top, right, bottom), words in texts:
        assert left >= 0 and top >= 0 and right <= drawing.width and bottom <= drawing.height, words
    for (one, first), (other, second) in itertools.combinations(texts, 2):
        across = min(one[2], other[2]) - max(one[0], other[0])
        down = min(one[3], other[3]) - max(one[1], other[1])
        assert across <= 0.25 or down <= 0.5, (first, second)


@pytest.mark.parametrize("width", [canvas.WIDE, canvas.NARROW])
@pytest.mark.parametrize("plate", PLATES, ids=lambda plate: plate.name)
def test_shapes_of_figures_are_finite_and_stay_in_the_figure(plate, width, results):
    drawing = plate.draw(results, width)
    for shape in drawing.shapes:
        assert (shape.points >= -0.01).all() and (shape.points <= (drawing.width + 0.01, drawing.height + 0.01)).all()


@pytest.mark.parametrize(
    ("low", "high", "most", "expected"),
    [(0, 20, 5, "0 5 10 15 20"), (-0.006, 0.0004, 4, "-0.006 -0.004 -0.002 0"), (0.3, 1.1, 3, "0.5 0.75 1"),
     (12.2, 34.0, 3, "20 30"), (0, 1.04, 6, "0 0.2 0.4 0.6 0.8 1"), (-7, 15.2, 5, "-5 0 5 10 15")],
)  # fmt: skip
def test_ticks_are_few_and_round(low, high, most, expected):
    places, decimals = canvas.ticks(low, high, most)
    assert [f"{place:g}" for place in places.round(12)] == expected.split()
    assert (places == places.round(decimals)).all() or abs(places - places.round(decimals)).max() < 1e-12


def test_names_that_touch_are_moved_apart():
    assert flows.spread([0.1, 0.11, 0.5], 0.1, 1.0) == pytest.approx([0.1, 0.2, 0.5])
    assert flows.spread([0.8, 0.95, 0.99], 0.1, 1.0) == pytest.approx([0.8, 0.9, 1.0])


def test_a_drawing_is_painted_where_it_says():
    """A square of 36 points at the upper left corner of a page of 72: a quarter of the pixels, and words on top."""
    page = Drawing(72, 72)
    page.area([(0, 0), (36, 0), (36, 36), (0, 36)], "#0072B2", 0.5)
    page.line([(0, 54), (72, 54)], "#D55E00", 2)
    with Image.open(io.BytesIO(page.png(72))) as image:
        colours = Counter(image.get_flattened_data() if hasattr(image, "get_flattened_data") else image.getdata())
        assert image.getpixel((10, 10)) == pytest.approx((127, 184, 216), abs=1)
        assert image.getpixel((60, 60)) == (255, 255, 255)
    assert colours[213, 94, 0] == 144 and sum(colours.values()) == 72 * 72
    page.write(60, 70, "<b> & c", anchor="end")
    assert ElementTree.fromstring(page.svg())[-1].text == "<b> & c"


def prose(results) -> str:
    return " ".join(f"{lead} {sentence}" for _, lines in answer(results) for lead, sentence in lines)


def test_only_what_is_beyond_luck_is_told_as_a_difference(results):
    unclear = prose(altered(results, "headcount", {"dividend": -1.0, "asset_with_coaching": -1.2}, 0.4))
    assert "persons in poverty: lower beyond luck with T0 dividend (\u22121.00\u00a0pp, " in unclear
    assert "persons in poverty: no difference beyond luck with T2b asset with coaching" in unclear
    clear = prose(altered(results, "headcount", {"dividend": -0.1, "asset_with_coaching": -2.0}, 0.3))
    assert clear.count("persons in poverty: lower beyond luck with T2b asset with coaching (") == 2
    assert "no difference beyond luck with T0 dividend" in clear


def test_many_arms_are_counted_and_stand_in_a_table(results, tmp_path, monkeypatch):
    """Sentences that would name all arms say of how many a thing is true, and the table has each of them."""
    assert versus(results) is None
    monkeypatch.setattr(page, "MANY", 0)
    monkeypatch.setattr(page, "FEW_NAMED", 0)
    both = altered(results, "headcount", {"dividend": -1.0, "asset_with_coaching": -2.0}, 0.4)
    told = prose(both).replace("\u00a0", " ")
    lower = "lower beyond luck with 2 of 2 strategies, farthest with T2b asset with coaching (\u22122.00 pp, "
    of_poverty = told[told.index("The share of persons in poverty: ") :].removeprefix("The share of ").split(". ")[0]
    assert f"persons in poverty: {lower}" in of_poverty and "T0 dividend (" not in of_poverty
    one = prose(altered(results, "headcount", {"dividend": -0.1, "asset_with_coaching": -2.0}, 0.3))
    assert "lower beyond luck with 1 of 2 strategies, farthest with T2b" in one
    assert "no difference beyond luck with the other 1." in one
    none = prose(altered(results, "headcount", {"dividend": -0.1, "asset_with_coaching": 0.0}, 0.3))
    assert "in poverty: no difference beyond luck with any of the 2 strategies." in none
    grid = versus(both)
    ((arm, _, poverty, *_),) = grid.rows
    assert (arm.text, poverty.text, poverty.clear) == ("T2b asset with coaching", "\u22121.00", True)
    write(both, tmp_path, [])
    assert "Each strategy against T0 dividend" in (tmp_path / "report.html").read_text(encoding="utf-8")


def test_an_interval_that_touches_zero_as_printed_is_not_beyond_luck(results):
    touching = altered(results, "headcount", {"dividend": -0.5, "asset_with_coaching": -0.5}, 0.496)
    assert "in poverty: no difference beyond luck with T0 dividend and T2b" in prose(touching)


def test_answer_begins_with_the_permanently_poor_without_a_policy(results):
    first = lead(results)[0][1]
    level = results.tables["headline"].query("arm == 'status_quo' and metric == 'self_sufficient'")["estimate"].iloc[0]
    assert first.startswith(f"Without a new policy {number(level)}\u00a0% of the permanently poor are self-sufficient")
    assert f"The same {len(results.population)} households in 4 villages" in prose(results)


@pytest.mark.parametrize("width", [80, 120])
def test_terminal_table_starts_with_levels_and_fits(results, width):
    grid = tables.headline(results)
    assert [row[0].text for row in grid.rows] == ["Status quo", "T0 dividend", "T2b asset with coaching"]
    assert grid.rows[0][0].beneath == "levels" and grid.rows[1][1].text[0] in "+\u22120"
    console = Console(width=width, file=io.StringIO())
    console.print(tables.headline_terminal(results))
    printed = console.file.getvalue()
    assert max(map(len, printed.splitlines())) <= width
    bounds = [cell.beneath.replace("\u00a0to\u00a0", "\u2026") for row in grid.rows for cell in row[1:]]
    assert all(bound in printed for bound in bounds)  # no number is folded or cut


def test_the_report_says_whether_other_cut_offs_change_the_answer(results):
    """Counted from the shares of one luck after the other, and printed: no policy first, and who leads how often."""
    grid = {grid.key: grid for grid in tables.grids(results)}["cutoff_standing"]
    cells = results.tables["cutoffs"].query("`class` == 'self_sufficient' and growth_share == 0.5")
    most = cells.groupby(["line", "dips", "shock"])["share"].transform("max")
    leads = (cells["share"] == most).groupby(cells["arm"]).sum()
    assert len(cells) == 27 * len(ARMS)
    for arm, row in zip(ARMS, grid.rows, strict=True):
        assert row[-2].text == f"{leads[arm]} of 27"
        ends = 100 * cells[cells["arm"] == arm]["share"]
        assert row[2].text == span(ends.min(), ends.max())
    assert grid.rows[0][3].text == grid.rows[0][4].text == "\u2013"
    assert "1.0\u00a0z, 2 of 8 quarters, 15\u00a0%" in grid.note and "27 combinations" in grid.note


def test_how_far_the_local_economy_amplifies_a_national_shock_is_told(results):
    """Of one set the factor alone; of several, whether they show more of it where more stays in the village."""
    rows = results.tables["resilience"].query("arm == 'status_quo'").set_index("measure")["estimate"]
    grid = development.density(results)
    assert f"{number(results.tables['density'].set_index('measure')['estimate']['times'], 2)} times" in grid.note
    assert grid.rows[2][1].text == number(rows["total_demand"], 3) and "parameter sets" not in grid.note
    table = results.tables["density"].assign(thin=0.1, dense=0.2)
    for ends, words in (((0.2, 0.9), "show it"), ((-0.2, 0.9), "too few to show it"), ((-0.9, -0.2), "the contrary")):
        tied = table.assign(correlation=sum(ends) / 2, correlation_low=ends[0], correlation_high=ends[1])
        told = development.density(replace(results, tables={**results.tables, "density": tied}))
        assert words in told.note and span(*ends, 2, True) in told.note and len(told.columns) == 5


def test_every_z_of_an_arm_is_followed_to_where_it_went(results):
    frame, paid = costs.spent(results), results.tables["money"]
    whole = paid[paid["payer"] == "state"].groupby("arm")["value"].sum()
    assert frame.groupby("arm")["value"].sum().to_dict() == pytest.approx(whole.to_dict(), rel=1e-9)
    assert set(paid["flow"]) - set(USE_OF) == {"fund_paid_in"} and set(USE_OF) <= set(FLOWS)


def test_missing_tables_are_left_out_and_named(results, tmp_path):
    left = {key: table for key, table in results.tables.items() if key not in ("targeting", "lorenz", "cost")}
    text = write(replace(results, tables=left), tmp_path, []).read_text(encoding="utf-8")
    assert "Not computed in this run: cost, targeting, lorenz." in text
    assert 'id="figure-lorenz"' not in text


@pytest.mark.parametrize(
    "changes",
    [
        {"arms": SMALL["arms"][:1]},
        {"arms": SMALL["arms"][:2], "replications": {"seeds": 1}, "twins": {"stress": False, "withdrawal": False}},
        {"calendar": {"end": 30, "funds_end": 20, "quarters": 90}, "programmes": [], "replications": {"seeds": 2}},
        {"arms": [SMALL["arms"][0], {"policy": "macro_growth"}], "replications": {"seeds": 2}},
    ],
    ids=["baseline alone", "one luck, no twins", "another calendar", "nobody has a rank"],
)
def test_small_comparisons_make_a_page(changes, tmp_path):
    results = study.run(scenario(**changes))
    text = write(results, tmp_path, []).read_text(encoding="utf-8")
    assert not re.search(r"\b(nan|NaN|inf|None)\b", " ".join(Page(text).words))
    assert tables.headline_terminal(results).row_count == len(results.scenario.arms)


def test_a_policy_without_rank_is_shown_but_not_compared(tmp_path):
    arms = [*SMALL["arms"][:2], {"policy": "macro_growth"}, {"policy": "social_action"}]
    results = study.run(scenario(arms=arms, replications={"seeds": 2}))
    whole, compared = {"dividend", "macro_growth", "social_action"}, {"dividend", "social_action"}
    for name in ("cost", "poor_years", "winners", "winners_summary", "contrasts"):
        assert set(results.tables[name]["arm"]) == compared, name
    assert set(results.tables["contrasts"]["against"]) == compared
    for name in ("incidence", "money", "headline", "classes", "participation", "lorenz"):
        assert set(results.tables[name]["arm"]) - {"status_quo"} == whole, name
    frame = results.tables["headline"]
    priced = frame[frame["metric"].isin(["cost", "cost_rupiah"])].set_index(["arm", "metric"])["estimate"]
    assert priced["macro_growth"].isna().all() and priced.drop("macro_growth", level="arm").notna().all()
    (row,) = (row for row in tables.headline(results).rows if row[0].text == "T4 macro growth")
    assert row[-1].text == "\u2013" and row[1].text != "\u2013"
    assert "T4 macro growth: acts outside the villages" in tables.headline(results).note
    assert "what a strategy adds to growth outside the villages is not in it" in development.growth(results).note
    spent = costs.spent(results).groupby(["arm", "use"])["value"].sum()
    assert spent["macro_growth"]["the modern sector"] == pytest.approx(0.04 * 20, rel=1e-6)
    assert "Each strategy but Status quo and T4 macro growth costs the state" in prose(results)
    text = write(results, tmp_path, []).read_text(encoding="utf-8")
    assert not re.search(r"\b(nan|NaN|inf|None)\b", " ".join(Page(text).words))
