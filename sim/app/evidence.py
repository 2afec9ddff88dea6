"""The evidence beside the view: the stored scorecard, and published results with what comes out here and now."""

from __future__ import annotations

import json
import math
import tomllib
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

from sim.app.choices import choices
from sim.app.crew import Crew
from sim.app.lesson_again import KINDS, Lesson
from sim.app.lessons import lessons
from sim.app.printed import KEYS, as_counted, columns, rows_of, shown
from sim.app.texts import LANGUAGES, own_words, words
from sim.errors import InputError
from sim.evidence import standing, studies
from sim.experiment import canonical
from sim.language import speaking
from sim.progress import quiet
from sim.reproduce import published
from sim.reproduce.agreement import TOLERANCE
from sim.reproduce.runs import Asked, Comparison, OneStudy
from sim.scenario.faults import did_you_mean

AGAIN = ("comparison", "lesson")  # kinds of published results that can be made again from here


@cache
def document() -> str:
    """What stands beside the view; a text is [en, id].

    {scorecard: [{variant, study, outcome: text, deciding, verdict, said: text}], warnings: [text],
    published: [{name, title: text, kind: text}]}.
    """
    rows = standing.read()[0] if standing.path().is_file() else None
    scorecard = [] if rows is None else [_judged(row) for row in rows[list(standing.COLUMNS)].to_dict("records")]
    told = {"scorecard": scorecard, "warnings": _warnings(), "published": list(_published())}
    return json.dumps(told, ensure_ascii=False)


def _judged(row: dict[str, Any]) -> dict[str, Any]:
    """One verdict of the scorecard."""
    kept = {key: row[key] for key in ("variant", "study", "deciding", "verdict")}
    return kept | {"outcome": own_words(row["outcome"]), "said": own_words(row["verdict"])}


def _warnings() -> list[tuple[str, ...]]:
    """What may not be claimed, each in every language."""
    told = []
    for language in LANGUAGES:
        with speaking(language):
            told.append(standing.warnings())
    return list(zip(*told, strict=True))


def _published() -> Iterator[dict[str, Any]]:
    for name in sorted(published.names(), key=as_counted):
        found = published.find(name, kinds=KINDS)
        yield {"name": name, "title": _title(found.runs), "kind": words(f"published.{found.runs.kind}")}


def _title(runs: Asked) -> tuple[str, str]:
    """What a published result is about: its lesson, study or place."""
    if isinstance(runs, Lesson):
        english, indonesian = next(one["title"] for one in lessons() if one["id"] == runs.lesson)
        return english, indonesian
    if isinstance(runs, OneStudy):
        text = (studies.shipped() / f"{runs.study}.toml").read_text(encoding="utf-8")
        return own_words(tomllib.loads(text)["title"])
    return words(f"place.{runs.scenario}" if isinstance(runs, Comparison) else f"published.about_{runs.kind}")


def opened(name: object, crew: Crew, tell: Callable[[dict[str, Any]], None], asked: Callable[[], bool]) -> None:
    """Show what a published result expects, then make it again and show what was obtained beside it.

    Raises
    ------
    InputError
        When no such result is published.
    """
    names = published.names()
    if not isinstance(name, str) or name not in names:
        near = did_you_mean(str(name)[:60], names)
        raise InputError(f"{str(name)[:60]!r} is not a published result{near}")
    found = published.find(name, kinds=KINDS)
    rows = rows_of(found)
    about = {"published": name, "kind": found.runs.kind, "columns": columns(found)}
    again = found.runs.kind in AGAIN
    said = "running" if again else "study" if isinstance(found.runs, OneStudy) else "command"
    english, indonesian = (text.format(name=name) for text in words(f"open.{said}"))
    tell(about | shown(rows, found) | {"done": 0, "of": int(again), "text": (english, indonesian)})
    if not again:
        return
    job = crew.ask(made_again, name)
    while not job.wait(0.5):
        if not asked():
            job.cancel()
            return
    obtained, word = job.result()
    for row in rows:
        row["obtained"] = obtained.get(tuple(row[key] for key in KEYS))
        row["verdict"] = _verdict(row)
    tell(about | shown(rows, found) | {"done": 1, "of": 1, "verdict": word, "text": words(f"open.{word}")})


def made_again(name: str) -> tuple[dict[tuple, float | None], str]:
    """Make a published result again: what each number came to, and the verdict."""
    found = published.find(name, kinds=KINDS)
    made = found.make(choices().known, quiet)
    verdict = made.against(found.was())
    rows = made.table[[*canonical.KEYS, "estimate"]].itertuples(index=False, name=None)
    obtained = {(*row[:4], int(row[4])): float(row[5]) if math.isfinite(row[5]) else None for row in rows}
    return obtained, verdict.word


def _verdict(row: dict[str, Any]) -> str:
    """identical, within (a tenth of the half-width of its interval), differs, or missing."""
    was, now = row["expected"], row["obtained"]
    if was == now:
        return "identical"
    if was is None or now is None:
        return "missing"
    half = (row["high"] - row["low"]) / 2.0 if row["high"] is not None and row["low"] is not None else 0.0
    return "within" if abs(now - was) <= max(TOLERANCE * half, 1e-9 * abs(was)) else "differs"
