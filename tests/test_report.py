"""The report: what a reader sees is complete, says its units and its uncertainty, and opens anywhere."""

from __future__ import annotations

import io
import itertools
import math
import re
from html.parser import HTMLParser
from types import SimpleNamespace

import matplotlib
import numpy as np
import pandas as pd
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from rich.console import Console

from sim.report import UNDEFINED, figures, number, span, tables
from sim.report.page import PLATES, answer, svg, write

LABELS = {"status_quo": "Status quo", "t0_dividend": "T0 Equal dividend", "r1": "R1 Locality development"}
EFFECT = {"status_quo": 0.0, "t0_dividend": 0.1, "r1": 0.6}
HOSTILE = "<script>alert('$x_')</script> [red]label[/red] of sixty letters"


def estimate(value: float, width: float) -> dict[str, float]:
    return {"estimate": value, "low": value - width, "high": value + width}


def course(arm: str) -> pd.DataFrame:
    """Series of four metrics, four seeds, eighty quarters."""
    seed, quarter = (axis.ravel() for axis in np.meshgrid(np.arange(4), np.arange(80), indexing="ij"))
    levels = {"headcount": 13.0, "median_own_income": 1.3, "participation": 16.0, "gini": 0.32}
    parts = []
    for metric, level in levels.items():
        value = level * (1 - 0.004 * quarter * (1 + EFFECT[arm]) + 0.01 * seed * np.sin(quarter))
        parts.append(pd.DataFrame({"arm": arm, "seed": seed, "quarter": quarter, "metric": metric, "value": value}))
    frame = pd.concat(parts)
    return frame[~frame["metric"].isin(["gini"]) | (frame["quarter"] % 4 == 3)]


def headline_rows(effect: dict[str, float], width: float) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Tables headline and contrasts for given effects."""
    scale = {"headcount": -2.0, "own_income_growth": 0.3, "self_sufficient": 9.0, "participation": 4.0}
    levels = {"headcount": 8.1, "own_income_growth": 0.98, "self_sufficient": 27.0, "participation": 16.0}
    rows, pairs = [], []
    for arm, size in effect.items():
        for metric, unit in scale.items():
            value = levels[metric] if arm == "status_quo" else unit * size
            rows.append({"arm": arm, "metric": metric, "unit": "pp", **estimate(value, abs(unit) * width)})
        paid = 0.0 if arm == "status_quo" else 0.69
        rows.append({"arm": arm, "metric": "cost", "unit": "z per person", **estimate(paid, 0.0)})
        rows.append({"arm": arm, "metric": "cost_rupiah", "unit": "Rp per person", **estimate(1_112_730 * paid, 0.0)})
    for arm, against in itertools.permutations([arm for arm in effect if arm != "status_quo"], 2):
        for metric, unit in scale.items():
            difference = unit * (effect[arm] - effect[against])
            pairs.append({"arm": arm, "against": against, "metric": metric, **estimate(difference, abs(unit) * width)})
    return pd.DataFrame(rows), pd.DataFrame(pairs)


def distribution_tables(arms: list[str]) -> dict[str, pd.DataFrame]:
    """Classes, Lorenz curves, winners, attendance and money."""
    found: dict[str, list[dict]] = {key: [] for key in ("transitions", "classes", "lorenz", "winners", "money")}
    found |= {key: [] for key in ("winners_summary", "participation", "village_classes")}
    edges = [-math.inf, -10.0, -5.0, 0.0, 5.0, 10.0, math.inf]
    ends = {"self_sufficient": 0.6, "fragile": 0.2, "rising": 0.0, "stagnation": 0.2}
    for arm in arms:
        for origin, people in (("poor", 0.1), ("near_poor", 0.3), ("not_poor", 0.6)):
            for end, part in ends.items():
                row = {"arm": arm, "from_class": origin, "to_class": end, "share": people * part}
                found["transitions"].append(row)
        for end, part in (("self_sufficient", 0.7), ("stagnation", 0.3)):
            row = {"arm": arm, "class": end, "share": part, "low": part - 0.02, "high": part + 0.02}
            found["classes"].append({**row, "among": "the permanently poor"})
            found["village_classes"].append(row)
        for people in np.linspace(0, 1, 11):
            share = people ** (1.9 - 0.1 * EFFECT[arm])
            found["lorenz"].append({"arm": arm, "population_share": people, "consumption_share": share})
        for low, high in itertools.pairwise(edges):
            found["winners"].append({"arm": arm, "bin_low": low, "bin_high": high, "share": 1 / 6})
        for outcome in ("winner", "unchanged", "loser"):
            row = {"arm": arm, "outcome": outcome, "share": 1 / 3, "low": 0.3, "high": 0.36}
            found["winners_summary"].append(row)
        for window in ("before", "during", "after", "late"):
            found["participation"].append({"arm": arm, "window": window, **estimate(0.16 + EFFECT[arm] / 10, 0.01)})
        for payee, flow, value in (("household", "pkh", 0.3), ("loss", "dana_desa", 0.2), ("village", "works", 1.4)):
            found["money"].append({"arm": arm, "payer": "state", "payee": payee, "flow": flow, "value": value})
    return {key: pd.DataFrame(rows) for key, rows in found.items()}


def make(labels: dict[str, str] = LABELS, effect: dict[str, float] = EFFECT, width: float = 0.4) -> SimpleNamespace:
    """Results as the report reads them, small and invented."""
    arms, others = list(labels), [arm for arm in labels if arm != "status_quo"]
    found = distribution_tables(arms)
    found["headline"], found["contrasts"] = headline_rows({arm: effect[arm] for arm in arms}, width)
    found["poverty"] = pd.DataFrame(
        {"arm": arm, "order": order, "line": line, "window": "late", **estimate(0.08 * line / (order + 1), 0.01)}
        for arm, order, line in itertools.product(arms, (0, 1, 2), (1.0, 1.2, 1.5))
    )
    found["incidence"] = pd.DataFrame(
        {"arm": arm, "group_kind": "decile", "group": str(group), "unit": "% of consumption", **estimate(2.0, 1.0)}
        for arm, group in itertools.product(others, range(1, 11))
    )
    errors = {"inclusion_error": 0.4, "inclusion_error_low": 0.3, "inclusion_error_high": 0.5, "exclusion_error": 0.6}
    found["targeting"] = pd.DataFrame([{"arm": "status_quo", "programme": "pkh", **errors}])
    scales = {"pv_z_per_person": 0.69, "rupiah_per_head": 767_784.0, "rupiah_per_village": 1.4e9, "rupiah_nation": 9e13}
    averted = {"share_state_budget": 0.04, "rupiah_per_poor_year_low": math.nan, "rupiah_per_poor_year_high": math.nan}
    found["cost"] = pd.DataFrame([{"arm": arm, **scales, **averted} for arm in others])
    ledger = pd.DataFrame(
        {"arm": arm, "seed": seed, "quarter": 0, "payer": "state", "payee": "household", "flow": "pkh", "value": 1500.0}
        for arm, seed in itertools.product(arms, range(4))
    )
    scenario = SimpleNamespace(
        title="A small world",
        question="What lasts?",
        arms=[SimpleNamespace(id=arm, label=label, label_id=label) for arm, label in labels.items()],
        calendar=SimpleNamespace(start=8, funds_end=28, quarters=80),
    )
    return SimpleNamespace(
        scenario=scenario,
        series=pd.concat([course(arm) for arm in arms], ignore_index=True),
        ledger=ledger,
        population=pd.DataFrame({"household": range(1200), "village": np.arange(1200) % 8}),
        tables=found,
        manifest={"hash": "0a1b", "versions": {"python": "3.11"}, "scenario": "title = 'A small world'"},
    )


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
def folder(tmp_path_factory):
    path = tmp_path_factory.mktemp("report")
    write(make(), path)
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
    assert all(len(image["alt"]) > 40 and "T0 Equal dividend" in image["alt"] for image in images)
    for plate in PLATES:
        assert (folder / "figures" / f"{plate.name}.png").read_bytes().startswith(b"\x89PNG")
        assert b"<svg" in (folder / "figures" / f"{plate.name}.svg").read_bytes()


def test_every_column_of_numbers_has_a_unit():
    results = make()
    for grid in [tables.headline(results), *tables.grids(results), tables.ledger(results)]:
        assert grid.rows, grid.key
        assert all(column.unit for column in grid.columns[1:]), grid.key
        assert all(len(row) == len(grid.columns) for row in grid.rows), grid.key


def test_intervals_name_their_source(text):
    assert "4 seeds, one parameter set" in text
    assert "luck only" in text
    assert "Uncalibrated" in text


def test_labels_are_shown_and_never_executed(tmp_path):
    results = make({**LABELS, "r1": HOSTILE})
    page = Page(write(results, tmp_path).read_text(encoding="utf-8"))
    assert "script" not in {tag for tag, _ in page.tags}
    assert any(HOSTILE in words for words in page.words)
    console = Console(width=300, file=io.StringIO())
    console.print(tables.headline_terminal(results))
    assert "[red]label[/red]" in console.file.getvalue()


def test_what_is_not_a_number_is_undefined(text):
    cost = tables.cost(make())
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
def test_same_results_give_the_same_bytes(plate):
    pages = []
    for _ in range(2):
        with matplotlib.rc_context(figures.STYLE):
            figure = plate.draw(make())
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


@pytest.mark.parametrize("width", [figures.WIDE, figures.NARROW])
@pytest.mark.parametrize("plate", PLATES, ids=lambda plate: plate.name)
def test_texts_of_figures_neither_overlap_nor_leave_the_figure(plate, width):
    names = {**LABELS, "r1": "R1 Locality development with a rather long name of 60 letters"}
    with matplotlib.rc_context(figures.STYLE):
        figure = plate.draw(make(names), width)
        texts = drawn_texts(figure)
    for box, words in texts:
        assert box.x0 >= -1 and box.y0 >= -1 and box.x1 <= figure.bbox.x1 + 1 and box.y1 <= figure.bbox.y1 + 1, words
    for (one, first), (other, second) in itertools.combinations(texts, 2):
        across = min(one.x1, other.x1) - max(one.x0, other.x0)
        down = min(one.y1, other.y1) - max(one.y0, other.y0)
        assert across <= 0.5 or down <= 1.5, (first, second)


def prose(results) -> str:
    return " ".join(f"{lead} {sentence}" for _, lines in answer(results) for lead, sentence in lines)


def test_no_winner_where_intervals_overlap():
    text = prose(make(effect={"status_quo": 0.0, "t0_dividend": 1.0, "r1": 1.2}, width=0.4))
    assert text.count("no best one is named") == 2
    assert "is lowest with" not in text and "is highest with" not in text


def test_clear_separation_is_stated_with_its_condition():
    text = prose(make(effect={"status_quo": 0.0, "t0_dividend": 0.1, "r1": 2.0}, width=0.3))
    assert "under this one parameter set, the share of persons in poverty is lowest with R1 Locality" in text
    assert "no difference beyond luck with T0 Equal dividend" in text
    assert "The same 1\u202f200 households in 8 villages" in text
    assert text.count("lower beyond luck with R1") == 2


def test_no_order_without_paired_contrasts():
    results = make(effect={"status_quo": 0.0, "t0_dividend": 0.1, "r1": 2.0}, width=0.3)
    del results.tables["contrasts"]
    text = prose(results)
    assert "no order among them is stated" in text and "is lowest with" not in text


def test_an_interval_that_touches_zero_as_printed_is_not_beyond_luck():
    results = make()
    frame = results.tables["headline"]
    chosen = (frame["arm"] == "r1") & (frame["metric"] == "headcount")
    frame.loc[chosen, ["estimate", "low", "high"]] = [-0.5, -1.0, -0.04]
    assert "no difference beyond luck with T0 Equal dividend and R1" in prose(results)


def test_terminal_table_starts_with_the_levels_of_no_policy():
    grid = tables.headline(make())
    assert [row[0].text for row in grid.rows] == list(LABELS.values())
    assert grid.rows[0][3].text == "27.0" and grid.rows[1][3].text == "+0.9"
    assert tables.headline_terminal(make()).row_count == 3


def test_missing_tables_are_left_out_and_named(tmp_path):
    results = make()
    for key in ("targeting", "lorenz", "cost"):
        del results.tables[key]
    text = write(results, tmp_path).read_text(encoding="utf-8")
    assert "Not computed in this run: cost, targeting, lorenz." in text
    assert 'id="figure-lorenz"' not in text


def test_baseline_alone_makes_a_page(tmp_path):
    results = make({"status_quo": "Status quo"})
    results.tables["winners"] = results.tables["winners"].iloc[:0]
    assert write(results, tmp_path).exists()
