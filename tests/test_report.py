"""The report: what a reader sees is complete, says its units and its uncertainty, and opens anywhere."""

from __future__ import annotations

import io
import itertools
import math
import re
from dataclasses import replace
from html.parser import HTMLParser

import matplotlib
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from rich.console import Console

from sim import policies
from sim.experiment import study
from sim.report import FLOWS, UNDEFINED, USE_OF, canvas, number, span, tables
from sim.report.page import PLATES, answer, svg, write
from sim.scenario import Known, check
from sim.start import wire

SMALL = {
    "title": "A small world",
    "question": "What lasts?",
    "population": {"villages": 4, "households": 40, "seed": 3},
    "replications": {"seeds": 3},
    "arms": [{"policy": "status_quo"}, {"policy": "dividend"}, {"policy": "asset_with_coaching"}],
}
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
    write(results, path)
    return path


@pytest.fixture(scope="module")
def text(folder):
    return (folder / "report.html").read_text(encoding="utf-8")


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
        assert (folder / "figures" / f"{plate.name}.png").read_bytes().startswith(b"\x89PNG")
        assert b"<svg" in (folder / "figures" / f"{plate.name}.svg").read_bytes()


def test_every_table_of_a_comparison_is_shown_and_has_units(results):
    shown = [tables.headline(results), *tables.grids(results), tables.ledger(results)]
    assert {key for key, _ in tables.GRIDS} == set(results.tables) - {"headline", "winners", "lorenz"}
    for grid in shown:
        assert grid.rows, grid.key
        assert grid.unit or all(column.unit for column in grid.columns[1:]), grid.key
        assert all(len(row) == len(grid.columns) for row in grid.rows), grid.key
    assert len({grid.key for grid in shown}) == len(shown)


def test_page_says_when_it_is_measured_and_over_what_intervals_vary(text):
    words = re.sub(r"\s+", " ", " ".join(Page(text).words))
    assert "90 % of 3 lucks, one parameter set" in words
    assert "years 9 to 12 after September 2017, which is 2 to 5 years after the money ended" in words
    assert "years 17 to 20: an illustration" in words
    assert "uncalibrated beyond the cross-section" in words
    assert "National growth is in every strategy" in words
    assert words.count("that of true consumption") == 1 and "13.5 % at the start" in words
    assert "what the state pays anyway (Village Fund, Family Hope Programme, Rice for the poor)" in words
    assert not re.search(r"\b(best|winning|wins|outperforms)\b", words.replace("say which strategy is best", ""))


def test_labels_are_shown_and_never_executed(results, tmp_path):
    hostile = labelled(results, HOSTILE)
    page = Page(write(hostile, tmp_path).read_text(encoding="utf-8"))
    assert "script" not in {tag for tag, _ in page.tags}
    assert any(HOSTILE in words for words in page.words)
    console = Console(width=300, file=io.StringIO())
    console.print(tables.headline_terminal(hostile))
    assert "[red]label[/red]" in console.file.getvalue()


def test_what_is_not_a_number_is_undefined(results, text):
    frame = results.tables["cost"].copy()
    frame.loc[:, [name for name in frame if name.startswith("rupiah_per_poor")]] = math.nan
    cost = tables.cost(replace(results, tables={**results.tables, "cost": frame}))
    assert [row[-1].text for row in cost.rows] == [UNDEFINED, UNDEFINED]
    assert not re.search(r"\b(nan|NaN|inf|None)\b", " ".join(Page(text).words))


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
    pages = []
    for _ in range(2):
        with matplotlib.rc_context(canvas.STYLE):
            figure = plate.draw(results)
        pages.append(svg(figure))
    assert pages[0] == pages[1]
    assert b"<dc:date>" not in pages[0]


def drawn_texts(figure) -> list:
    """Boxes of all visible texts of a figure, with their words."""
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    found = [part for legend in figure.legends for part in legend.get_texts()]
    for axes in figure.axes:
        found += axes.texts
        if axes.axison:
            found += [axes.xaxis.label, axes.yaxis.label]
            for axis, (low, high) in ((axes.xaxis, sorted(axes.get_xlim())), (axes.yaxis, sorted(axes.get_ylim()))):
                ticks = [tick for tick in axis.get_major_ticks() if low <= tick.get_loc() <= high]
                found += [tick.label1 for tick in ticks if tick.label1.get_visible()]
    found = [part for part in found if part.get_text().strip() and not part.get_rotation() % 90]
    return [(part.get_window_extent(canvas.get_renderer()), part.get_text()) for part in found]


@pytest.mark.parametrize("width", [canvas.WIDE, canvas.NARROW])
@pytest.mark.parametrize("plate", PLATES, ids=lambda plate: plate.name)
def test_texts_of_figures_neither_overlap_nor_leave_the_figure(plate, width, results):
    with matplotlib.rc_context(canvas.STYLE):
        figure = plate.draw(labelled(results, LONG), width)
        texts = drawn_texts(figure)
    for box, words in texts:
        assert box.x0 >= -1 and box.y0 >= -1 and box.x1 <= figure.bbox.x1 + 1 and box.y1 <= figure.bbox.y1 + 1, words
    for (one, first), (other, second) in itertools.combinations(texts, 2):
        across = min(one.x1, other.x1) - max(one.x0, other.x0)
        down = min(one.y1, other.y1) - max(one.y0, other.y0)
        assert across <= 0.5 or down <= 1.5, (first, second)


def prose(results) -> str:
    return " ".join(f"{lead} {sentence}" for _, lines in answer(results) for lead, sentence in lines)


def test_only_what_is_beyond_luck_is_told_as_a_difference(results):
    unclear = prose(altered(results, "headcount", {"dividend": -1.0, "asset_with_coaching": -1.2}, 0.4))
    assert "persons in poverty: lower beyond luck with T0 dividend (\u22121.00\u00a0pp, " in unclear
    assert "persons in poverty: no difference beyond luck with T2b asset with coaching" in unclear
    clear = prose(altered(results, "headcount", {"dividend": -0.1, "asset_with_coaching": -2.0}, 0.3))
    assert clear.count("persons in poverty: lower beyond luck with T2b asset with coaching (") == 2
    assert "no difference beyond luck with T0 dividend" in clear


def test_an_interval_that_touches_zero_as_printed_is_not_beyond_luck(results):
    touching = altered(results, "headcount", {"dividend": -0.5, "asset_with_coaching": -0.5}, 0.496)
    assert "in poverty: no difference beyond luck with T0 dividend and T2b" in prose(touching)


def test_answer_begins_with_the_permanently_poor_without_a_policy(results):
    first = answer(results)[0][1][0][1]
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


def test_every_z_of_an_arm_is_followed_to_where_it_went(results):
    frame, paid = tables.spent(results), results.tables["money"]
    whole = paid[paid["payer"] == "state"].groupby("arm")["value"].sum()
    assert frame.groupby("arm")["value"].sum().to_dict() == pytest.approx(whole.to_dict(), rel=1e-9)
    assert set(paid["flow"]) - set(USE_OF) == {"fund_paid_in"} and set(USE_OF) <= set(FLOWS)


def test_missing_tables_are_left_out_and_named(results, tmp_path):
    left = {key: table for key, table in results.tables.items() if key not in ("targeting", "lorenz", "cost")}
    text = write(replace(results, tables=left), tmp_path).read_text(encoding="utf-8")
    assert "Not computed in this run: cost, targeting, lorenz." in text
    assert 'id="figure-lorenz"' not in text


@pytest.mark.parametrize(
    "changes",
    [
        {"arms": SMALL["arms"][:1]},
        {"arms": SMALL["arms"][:2], "replications": {"seeds": 1}, "twins": {"stress": False, "withdrawal": False}},
        {"calendar": {"end": 30, "funds_end": 20, "quarters": 90}, "programmes": [], "replications": {"seeds": 2}},
    ],
    ids=["baseline alone", "one luck, no twins", "another calendar"],
)
def test_small_comparisons_make_a_page(changes, tmp_path):
    results = study.run(scenario(**changes))
    text = write(results, tmp_path).read_text(encoding="utf-8")
    assert not re.search(r"\b(nan|NaN|inf|None)\b", " ".join(Page(text).words))
    assert tables.headline_terminal(results).row_count == len(results.scenario.arms)
