"""The line that tells what is ahead of a sweep."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from sim.experiment.people import size_of
from sim.language import mark, say
from sim.report import number
from sim.report.sweep_tables import VILLAGE, VILLAGES, counted, design, lucks, points_told
from sim.sweep.found import shown

if TYPE_CHECKING:
    from sim.sweep.plan import Plan
    from sim.sweep.study import Question
    from sim.sweep.sweep import Estimate


def lasting(seconds: float) -> str:
    """A time in words."""
    if not math.isfinite(seconds):
        return say("an unknown time")
    for form, size in ((mark("about {time}\u00a0h"), 3600.0), (mark("about {time}\u00a0min"), 60.0)):
        if seconds >= 1.5 * size:
            return say(form, time=number(seconds / size, 1 if seconds < 10 * size else 0))
    return say("about {time}\u00a0s", time=max(1, round(seconds)))


def room(size: float) -> str:
    """Bytes in words."""
    return f"{number(size / 1e6, 1)}\u00a0MB" if size >= 1e5 else f"{number(size / 1e3, 0)}\u00a0kB"


def planned(question: Question, plan: Plan, ahead: Estimate) -> str:
    """How much there is to run, in one line."""
    people, luck = question.scenario.population, question.study.replications
    size = mark("{villages} of about {households} households")
    if people.villages is None:
        size = mark("the listed villages of about {households} households")
    villages, households = size_of(question.scenario)
    told = say(
        "{study}: {points} ({design}), {ways}, {lucks}, {size}",
        study=question.name, points=points_told(len(plan.points)), design=design(question.study.design.kind),
        ways=counted(len(shown(plan)), mark("1 way"), mark("{count} ways")),
        lucks=lucks(luck.seeds, luck.most or luck.seeds),
        size=say(size, villages=counted(villages, VILLAGE, VILLAGES), households=households),
    )  # fmt: skip
    there = mark("{stored} stored, {failed} failed before") if ahead.failed else mark("{stored} stored")
    stored = say(there, stored=number(ahead.stored, 0), failed=number(ahead.failed, 0))
    if not ahead.runs:
        return say("{study}; nothing to run ({stored})", study=told, stored=stored)
    form = mark("{study}; {runs} in {worlds} to do ({stored}): {time} with {workers}, about {room} of disk")
    if luck.most:
        form = mark(
            "{study}; {runs} in {worlds} to do, more where the intervals are too wide ({stored}): {time} with "
            "{workers}, about {room} of disk"
        )
    return say(
        form, study=told, runs=counted(ahead.runs, mark("1 run"), mark("{count} runs")),
        worlds=counted(ahead.worlds, mark("1 world"), mark("{count} worlds")), stored=stored,
        time=lasting(ahead.seconds), workers=counted(ahead.workers, mark("1 worker"), mark("{count} workers")),
        room=room(ahead.size),
    )  # fmt: skip
