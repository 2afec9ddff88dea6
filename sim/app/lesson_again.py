"""A lesson of the view as a published result: every set-up that its steps show, under several lucks.

Numbers are those of `sim.app.record.pair`, which the page itself shows; what is compared comes with the range that luck
gives it. This kind joins those of `sim.reproduce.runs`, which knows nothing of the view.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import Literal

import numpy as np
from rich.table import Table

from sim import metrics
from sim.app import code
from sim.app.again import SHOWN
from sim.app.bands import LUCKS, lucks_of
from sim.app.choices import choices
from sim.app.lessons import lessons, step_of
from sim.app.record import Pair, arm_id, pair
from sim.app.settings import ARMS, Settings
from sim.app.texts import LANGUAGES, words
from sim.app.world import Start, Worlds
from sim.errors import InputError
from sim.experiment import canonical
from sim.experiment.compare import interval
from sim.experiment.lanes import side_by_side
from sim.language import mark, say, spoken
from sim.progress import Tell
from sim.report import number, span
from sim.reproduce.runs import KINDS as OTHERS
from sim.reproduce.runs import Asked, Made, beside_bars, digests
from sim.scenario import Known, fields
from sim.scenario.faults import did_you_mean

DIFFERENCE = "b - a"


@dataclass(frozen=True)
class Step:
    """A set-up of a lesson: the step that brings it, the metric to look at, and its runs, one a luck."""

    name: str
    metric: str
    settings: Settings
    start: Start
    digests: Sequence[str]
    headlines: Mapping[str, Sequence[Mapping[str, float]]]  # arm -> one a luck
    series: Mapping[str, np.ndarray]  # arm -> the metric, [luck, quarter]


class Lesson(Asked):
    """A lesson of the view, with all that its steps set up."""

    kind: Literal["lesson"]
    lesson: str = fields.words(..., 40, "Its id in sim/app/lessons.toml", 1)
    lucks: int = fields.whole(6, 2, LUCKS, "lucks", "That of the page, and those of its band that follow")

    def make(self, known: Known, tell: Tell) -> Made:
        """Run every set-up of the lesson."""
        worlds, asked = Worlds(), self.asked()
        with ThreadPoolExecutor(len(ARMS)) as threads:
            steps = [self._step(*one, worlds, threads, partial(tell, called(self.lesson, one[0]))) for one in asked]
        table = canonical.framed([row for step in steps for row in _rows(step)])
        under = canonical.text_digest(*(digest for step in steps for digest in step.digests))
        codes = [code.of(settings, choices()) for *_, settings in asked]
        about = digests(table, under, (self.model_dump_json(), *codes))
        return Made(table, about, beside_bars(_told(self.lesson, steps)), partial(_lanes, steps[-1]))

    def asked(self) -> list[tuple[str, str, Settings]]:
        """Step, metric and settings of each set-up; a step that shows what the one before it did brings none."""
        known = {one["id"]: one for one in lessons()}
        if self.lesson not in known:
            raise InputError(f"there is no lesson {self.lesson}{did_you_mean(self.lesson, known)}")
        found: dict[Settings, tuple[str, str, Settings]] = {}
        for step in known[self.lesson]["steps"]:
            settings = step_of(self.lesson, step["id"], choices())
            if settings is not None:
                found.setdefault(settings, (step["id"], step["metric"], settings))
        return list(found.values())

    def _step(
        self, name: str, metric: str, settings: Settings, worlds: Worlds, threads: ThreadPoolExecutor, tell: partial
    ) -> Step:
        marks = list[str]()
        heads: dict[str, list[dict[str, float]]] = {arm: [] for arm in ARMS}
        series: dict[str, list[np.ndarray]] = {arm: [] for arm in ARMS}
        for place, one in enumerate(lucks_of(settings)[: self.lucks]):
            tell(place, self.lucks)
            found: Pair = pair(one, choices(), worlds, threads)
            marks.append(found.digest)
            for arm in ARMS:
                heads[arm].append(found.headline(arm))
                series[arm].append(found.worlds[arm].series[metric])
        start = worlds.start(settings, choices())
        return Step(name, metric, settings, start, marks, heads, {arm: np.array(series[arm]) for arm in ARMS})


KINDS: Mapping[str, type[Asked]] = {**OTHERS, "lesson": Lesson}


def _rows(step: Step) -> Iterator[tuple]:
    """What a step comes to under all lucks, in the run that is watched, and its metric each third year."""
    for name, says in SHOWN.items():
        seen = {arm: np.array([head[name] for head in step.headlines[arm]]) for arm in ARMS}
        for arm, values in {**seen, DIFFERENCE: seen["b"] - seen["a"]}.items():
            middle, low, high = interval(values).values()
            yield "all lucks", name, arm, step.name, canonical.WHOLE, says, middle, low, high
            yield "the run that is watched", name, arm, step.name, canonical.WHOLE, says, values[0], low, high
    unit = metrics.catalogue()[step.metric].unit
    for arm, runs in step.series.items():
        for quarter in range(canonical.EVERY - 1, runs.shape[1], canonical.EVERY):
            yield "series", step.metric, arm, step.name, quarter, unit, *interval(runs[:, quarter]).values()


HEADS = (mark("Step"), mark("No programme"), mark("A"), mark("B"), mark("B less A, pp"))


def called(lesson: str, step: str) -> str:
    """What the view calls a step, in the reader's language: its own name, else that of its kind."""
    about = next(part for one in lessons() if one["id"] == lesson for part in one["steps"] if part["id"] == step)
    return _said(about.get("name") or words(f"stage.step_{about['kind']}"))


def _said(both: Sequence[str]) -> str:
    """One of the view's texts, which are in all languages side by side."""
    return both[LANGUAGES.index(spoken().code)]


def between(settings: Settings) -> str:
    """The policies A and B of a set-up."""
    a, b = (_said(choices().labels(policy)) for policy in (settings.a, settings.b))
    return f"A: {a}\nB: {b}"


def _told(lesson: str, steps: Sequence[Step]) -> Table:
    """Poverty after the programmes, step by step, with its range over lucks."""
    title = say(
        "Lesson “{lesson}”: poor after the programmes, % of persons; mean of {lucks} lucks, beneath it their range",
        lesson=_said(next(one["title"] for one in lessons() if one["id"] == lesson)), lucks=len(steps[0].digests),
    )  # fmt: skip
    table = Table(title=title, title_justify="left")
    for head in HEADS:
        table.add_column(say(head), justify="left" if head == HEADS[0] else "right")
    for step in steps:
        seen = {arm: np.array([head["headcount"] for head in step.headlines[arm]]) for arm in ARMS}
        found = [interval(values).values() for values in (*seen.values(), seen["b"] - seen["a"])]
        cells = (f"{number(middle, 2)}\n{span(low, high, 2)}" for middle, low, high in found)
        table.add_row(f"{called(lesson, step.name)}\n{between(step.settings)}", *cells)
    return table


def _lanes(step: Step) -> str:
    """Two villages under policy B, in both lanes, over the whole run."""
    start, settings = step.start, step.settings
    flows, quarters = start.programmes[arm_id(settings, "b")], start.scenario.calendar.quarters
    held = start.scenario.hold.ablate
    side_by_side(start.world, flows, quarters, settings.luck, held=held, shocks=start.shocks)
    told = mark("{arm}, luck {luck}, two villages, {quarters} quarters")
    return say(told, arm=settings.b, luck=settings.luck, quarters=quarters)
