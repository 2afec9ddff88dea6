"""The numbers of the view without a browser: from a run code, and how long they take."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

from rich.table import Table

from sim.app import downloads
from sim.app.bands import follow
from sim.app.choices import Choices, choices
from sim.app.code import settings_of
from sim.app.crew import Crew
from sim.app.kept import Shared
from sim.app.paints import paints
from sim.app.payload import payload
from sim.app.record import Pair, Recording, pair
from sim.app.settings import ARMS, Settings
from sim.app.texts import LANGUAGES
from sim.app.world import Worlds
from sim.experiment.bench import Line
from sim.language import mark, say, spoken, written
from sim.scenario import BASELINE

SHOWN = {
    "headcount": mark("poor after, %"),
    "headcount_end": mark("poor at the end, %"),
    "gap": mark("poverty gap after, %"),
    "own_income": mark("median own income, z"),
    "participation": mark("at the meeting, %"),
    "self_supporting": mark("initially poor on own feet, %"),
    "cost": mark("cost, z a person"),
}


def again(code: str) -> tuple[Pair, Choices]:
    """Run what a code says.

    Raises
    ------
    InputError
        When it is no run code of this version.
    """
    among = choices()
    with ThreadPoolExecutor(2) as threads:
        return pair(settings_of(code, among), among, Worlds(1), threads), among


def told(found: Pair, among: Choices) -> Table:
    """The headline of the three worlds."""
    table = Table(title=f"{found.settings.query()}\ndigest {found.digest}", title_justify="left")
    table.add_column("")
    names = {"none": BASELINE, "a": found.settings.a, "b": found.settings.b}
    for arm in ARMS:
        table.add_column(f"{arm}: {among.labels(names[arm])[LANGUAGES.index(spoken().code)]}", justify="right")
    heads = {arm: found.headline(arm) for arm in ARMS}
    for key, words in SHOWN.items():
        table.add_row(say(words), *(written(f"{heads[arm][key]:.3f}") for arm in ARMS))
    return table


def write(found: Pair, among: Choices, folder: Path) -> None:
    """Tables and the page that replays the run, into a folder that exists."""
    for file, name in (
        (downloads.series(found, among), "series.csv"),
        (downloads.households(found, among), "households.csv"),
        (downloads.page(found, among, "", {}, "en"), "replay.html"),
    ):
        (folder / name).write_bytes(file.data)


def bench() -> Iterator[Line]:
    """How long the view takes: start of a process, first picture's data, a pair, 20 lucks, 20 sets; then paints."""
    yield Line("start of the server's process", _started(), "s")
    among, worlds = choices(), Worlds()
    with ExitStack() as stack:
        threads = stack.enter_context(ThreadPoolExecutor(2))
        crew = Crew()
        stack.callback(crew.close)
        crew.warm()
        crew.luck(Settings()).result()

        looked_at, known = dict[str, Pair](), Shared[Recording]()  # as a session holds what it shows

        def timed(settings: Settings) -> float:
            began = time.perf_counter()
            looked_at["now"] = pair(settings, among, worlds, threads, known)
            payload(looked_at["now"], among, 1)
            return time.perf_counter() - began

        yield Line("first picture of a place: world at rest, pair, payload", timed(Settings()), "s")
        page = downloads.page(looked_at["now"], among, "", {}, "en")
        policies = [Settings(a=name) for name in ("hybrid", "dividend", "infrastructure", "asset_with_coaching")]
        yield Line("pair after another policy, longest of 4", max(map(timed, policies)), "s")
        numbers = [Settings(numbers=(("loss.base", value),)) for value in (0.2, 0.22, 0.26, 0.28)]
        yield Line("pair after another number of the start, longest of 4", max(map(timed, numbers)), "s")
        places = [Settings(place=place) for place in among.places]
        held = [worlds.start(place, among) for place in places]  # as a server holds them
        yield Line(f"pair in another place, longest of {len(held)}", max(map(timed, places)), "s")
        never = Settings(place="desa_miskin", numbers=(("loss.base", 0.24),))
        yield Line("pair in poor villages, never met before", timed(never), "s")
        began, seen = time.perf_counter(), dict[str, float]()

        def note(_: str, part: str, done: int, of: int) -> None:
            seen[part] = time.perf_counter() - began

        follow(Settings(), 1, crew, note, lambda: True)
        yield Line("band of 20 lucks", seen["lucks"], "s")
        yield Line("with 20 parameter sets", seen["sets"], "s")
    yield paints(page)
    yield Line("processors", float(os.cpu_count() or 1), "")


def _started() -> float:
    """Seconds until a process could serve: all imports, the compiled model."""
    began = time.perf_counter()
    work = "from sim.app.serve import prepare; prepare(); import sim.app.page; from sim.app.world import lane; lane()"
    subprocess.run([sys.executable, "-c", work], check=True, capture_output=True)
    return time.perf_counter() - began
