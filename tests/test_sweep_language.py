"""Sweeps for a reader of Bahasa Indonesia: what is printed, the pages and their figures; data stay as they are."""

from __future__ import annotations

import io
import re
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from xml.etree import ElementTree

import pytest
from rich.console import Console
from test_language import Shown, barred, only, words

import sim.workers
from sim import __main__ as command_line
from sim.commands import sweep as commands
from sim.language import catalogue
from sim.sweep.outcomes import kept
from sim.sweep.play import Play

STUDY = """
title = "Dua tuas"
scenario = "desa"
metrics = ["headcount", "own_income"]
arms = ["status_quo", "dividend", "locality_development"]
[uncertainties]
output.works_gain = "all"
attends.invitation = "all"
LEVERS
[design]
kind = "KIND"
points = POINTS
[replications]
seeds = 4
RULE
"""
LEVERS = "[levers]\ndose = [0.02, 0.04]\nlocality_development.facilitation = [0.1, 0.3]"
RULE = "half_width = 0.05\nmost = 6"
NAMES = (
    r"[a-z_]+\.[a-z_]+|“[^”]*”|(?<=, )facilitation(?= )|swadaya discover .*|--[a-z-]+"  # of a study's file; commands
)


def played(play: Play, world, arm, seed) -> dict[str, float]:
    """In place of a run: one that costs nothing, some of which fail."""
    drawn = world["document"]["parameters"]
    gain, invited = drawn["output.works_gain"], drawn["attends.invitation"]
    if arm["policy"] == "dividend" and gain > 0.1 and seed == 2:
        raise ZeroDivisionError
    better = {"status_quo": 0.0, "dividend": 0.5}.get(arm["policy"], 12.0 * gain - 0.3) * (1.0 + arm.get("dose", 0.0))
    luck = 0.2 * (seed % 3) * invited * (arm["policy"] == "dividend")
    return {one.name: 9.0 - better + luck for one in kept(play.metrics, "a run")}


class Reader:
    """Whoever gives commands with `--lang id` in a folder, and what was printed."""

    def __init__(self, folder: Path):
        self.folder, self.console = folder, Console(width=100, file=io.StringIO())

    def gives(self, command: str, *arguments: str) -> str:
        """Give a command; what it prints."""
        before = len(self.console.file.getvalue())
        store, results = str(self.folder / "store"), str(self.folder / "results")
        places = ["--store", store] + ["--results", results] * (command != "query")
        assert command_line.main([command, *arguments, *places, "--lang", "id"]) == 0
        return self.console.file.getvalue()[before:]

    def study(self, name: str, kind: str, points: int, levers: str = "", rule: str = "") -> str:
        """Write a study."""
        path, text = self.folder / f"{name}.toml", STUDY
        for place, filled in {"KIND": kind, "POINTS": str(points), "LEVERS": levers, "RULE": rule}.items():
            text = text.replace(place, filled)
        path.write_text(text)
        return str(path)


@pytest.fixture(scope="module")
def reader(tmp_path_factory):
    """A reader whose studies were swept, and asked in every way."""
    with pytest.MonkeyPatch.context() as patch:
        found = Reader(tmp_path_factory.mktemp("sapuan"))
        patch.setattr(sim.workers, "Workers", ThreadPoolExecutor)
        patch.setattr(Play, "__call__", played)
        patch.setattr(commands, "console", found.console)
        swept, morris = found.study("dua", "saltelli", 8, LEVERS, RULE), found.study("morris", "morris", 4)
        for study in (swept, morris):
            found.gives("sweep", study)
            found.gives("sensitivity", study)
        for pair in (("locality_development", "dividend"), ("dividend", "locality_development")):
            found.gives("discover", swept, "--better", pair[0], "--than", pair[1])
        found.gives("query", "SELECT 1 WHERE false")
        yield found


def english(text: str) -> list[str]:
    """Words of the English texts that no Indonesian one has; names of what is varied do not count."""
    foreign = only(catalogue("id"), catalogue("id").values())
    assert {"the", "of", "and", "points", "dose", "better", "luck"} <= foreign
    return sorted(words(re.sub(NAMES, " ", text)) & foreign)


def test_no_english_is_left(reader):
    printed = re.sub(r"(halaman|digest hasil): .*", " ", reader.console.file.getvalue())
    assert english(printed) == []
    assert all(reader.console.file.getvalue().count(said) == 6 for said in barred())  # beside every answer
    pages = sorted((reader.folder / "results").glob("*/report.html"))
    assert len(pages) == 6
    for page in pages:
        text = page.read_text()
        assert '<html lang="id">' in text and "<h2>Manifes</h2>" in text
        assert english(" ".join(Shown(text.split("<h2>Manifes</h2>")[0]).words)) == [], page.parent.name
        drawn = [ElementTree.parse(path).getroot() for path in page.parent.glob("*.svg")]
        assert drawn
        texts = [text.text or "" for one in drawn for text in one.iter("{http://www.w3.org/2000/svg}text")]
        assert english("\n".join(texts)) == [], page.parent.name


def test_numbers_and_names_are_written_as_the_reader_does(reader):
    printed = " ".join(reader.console.file.getvalue().split())
    for text in (
        "dua: 32 titik (saltelli)", "4 s.d. 6 ulangan acak", "Dengan dosis 0,04 z, ", "tidak ada baris",
        "Pengembangan masyarakat lokal, dosis 0,04, facilitation", "Ulangan acak ditambah sampai",
        "gagal dan ditinggalkan", "Terutama bila output.works_gain di atas 0,0",
    ):  # fmt: skip
        assert text in printed, text
    (page,) = (reader.folder / "results").glob("sweep-dua-*/report.html")
    shown = " ".join(Shown(page.read_text().split("<h2>Manifes</h2>")[0]).words)
    assert "Batas Pareto pada biaya yang sama" in shown and "dosis 0,02 / 0,04; locality_development" in shown
    assert not re.search(r"\d\.\d{1,2}\b", shown)  # no decimal point


def test_numbers_that_are_drawn_have_their_units(reader):
    """As in the list of parameters of the model: what works earn is a share, 0 to 0.6."""
    (page,) = (reader.folder / "results").glob("discover-locality*/report.html")
    shown = " ".join(Shown(page.read_text()).words)
    assert "output.works_gain 0 s.d. 0,6 proporsi" in shown, shown
    (figure,) = page.parent.glob("*.svg")
    assert "output.works_gain, proporsi" in figure.read_text()
    assert "utilitas" in shown and "utility" not in shown


def test_data_do_not_depend_on_the_language(reader):
    for path in sorted((reader.folder / "results").glob("*/*.csv")):
        text = path.read_text()
        assert "dosis" not in text and "di atas" not in text and "Apa adanya" not in text, path
    (boxes,) = (reader.folder / "results").glob("discover-locality*/boxes.csv")
    assert "output.works_gain is above 0.0" in boxes.read_text()
