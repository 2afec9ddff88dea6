"""What can be taken away: tables, a figure with its settings on it, a scenario file, a page that replays the run."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping
from dataclasses import dataclass
from html import escape
from typing import Any

import numpy as np

from sim.app import code
from sim.app.choices import Choices
from sim.app.form import form
from sim.app.module import HOME, css, module
from sim.app.payload import payload
from sim.app.record import METRICS, Pair
from sim.app.settings import ARMS
from sim.app.share import share
from sim.app.texts import LANGUAGES, by_language, worded, words
from sim.errors import InputError
from sim.metrics import catalogue
from sim.population import village_of
from sim.report.canvas import GREY, HUES, canvas
from sim.report.drawing import INK, Drawing, dark

DASHES: dict[str, tuple[float, ...]] = {"a": (), "b": (6.0, 3.0), "none": (1.5, 2.0)}
COLOURS = {"a": HUES[0], "b": HUES[1], "none": GREY}
STORIES = 20  # households whose story an exported page carries at most


@dataclass(frozen=True)
class File:
    """A file for the reader."""

    name: str
    mime: str
    data: bytes


def head(pair: Pair, among: Choices) -> list[str]:
    """What every file says of where it comes from."""
    return [
        f"Swadaya: {among.called(pair.settings.a)[0]} (a), {among.called(pair.settings.b)[0]} (b), no programme (none)",
        f"settings: {pair.settings.query()}",
        f"run code: {code.of(pair.settings, among)}",
        f"digest: {pair.digest}",
    ]


def _stem(pair: Pair, among: Choices) -> str:
    return f"swadaya-{code.of(pair.settings, among)}"


def _csv(lines: list[str], names: list[str], rows: list[list[Any]]) -> bytes:
    out = io.StringIO()
    out.writelines(f"# {line}\n" for line in lines)
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(names)
    writer.writerows(rows)
    return out.getvalue().encode()


def series(pair: Pair, among: Choices) -> File:
    """Every series: world, metric, unit, quarter, value; quarters in which a metric is not due are left out."""
    units = {name: about.unit for name, about in catalogue().items()}
    rows = [
        [arm, metric, units[metric], quarter, repr(float(values[quarter]))]
        for arm in ARMS
        for metric, values in pair.worlds[arm].series.items()
        for quarter in np.flatnonzero(np.isfinite(values)).tolist()
    ]
    data = _csv(head(pair, among), ["world", "metric", "unit", "quarter", "value"], rows)
    return File(f"{_stem(pair, among)}.csv", "text/csv", data)


def households(pair: Pair, among: Choices) -> File:
    """Every household, counted as on the page: who it is, and what it came to in each world, see `Start.judged`."""
    people, start = pair.start.world.population.household, pair.start.world.population.start
    home = village_of(start)
    about = ("size", "weight", "stratum", "activity", "female_head", "schooling")
    names = ["household", "village", *about, "poor_at_start"]
    names += [f"{what}_{arm}" for arm in ARMS for what in ("consumption", "own_income")]
    columns = [
        np.arange(len(home)) + 1,
        home + 1,
        *(people[name] for name in about),
        pair.worlds["none"].poor.astype(int),
    ]
    columns += [values for arm in ARMS for values in (pair.worlds[arm].consumption_post, pair.worlds[arm].own_post)]
    rows = [[_plain(value) for value in row] for row in zip(*columns, strict=True)]
    lines = [*head(pair, among), "consumption, own income: z per person and quarter, mean of the post-window"]
    return File(f"{_stem(pair, among)}-households.csv", "text/csv", _csv(lines, names, rows))


def _plain(value: Any) -> str:
    return f"{float(value):.6g}"


def figure(pair: Pair, among: Choices, kind: str, metric: object, lang: object) -> File:
    """One metric of the three worlds through time, with the settings printed on it, as PNG or SVG."""
    name = metric if isinstance(metric, str) and metric in METRICS else METRICS[0]
    at = LANGUAGES.index(lang) if lang in LANGUAGES else 0
    drawing = _drawn(pair, among, name, at)
    if kind == "svg":
        return File(f"{_stem(pair, among)}-{name}.svg", "image/svg+xml", drawing.svg())
    return File(f"{_stem(pair, among)}-{name}.png", "image/png", drawing.png())


def _drawn(pair: Pair, among: Choices, name: str, at: int) -> Drawing:
    drawing, grid = canvas(640.0, 1, 1, 250.0, (44, 150, 44, 92), 0.0, 0.0)
    panel, calendar = grid[0, 0], pair.start.scenario.calendar
    found = {arm: pair.worlds[arm].series[name] for arm in ARMS}
    seen = np.concatenate([values[np.isfinite(values)] for values in found.values()])
    low, high = min(0.0, float(seen.min())), float(seen.max())
    panel.x, panel.y = (0.0, float(calendar.quarters)), (low, high + 0.06 * (high - low or 1.0))
    panel.shade(calendar.start, calendar.end)
    years = range(0, calendar.quarters + 1, 20)
    panel.bottom_axis(list(years), [str(year // 4) for year in years], words("figure.years")[at])
    panel.left_axis()
    metric = catalogue()[name]
    label, unit = worded(f"metric.{name}", metric.label)[at], worded(f"unit.{metric.unit}", metric.unit)[at]
    panel.head([f"{label}, {unit}"], up=10.0)
    ends = {}
    for arm in ("none", "a", "b"):
        values = found[arm]
        quarter = np.flatnonzero(np.isfinite(values))
        panel.line(quarter + 1, values[quarter], COLOURS[arm], 1.8 if arm != "none" else 1.1, DASHES[arm])
        ends[arm] = float(panel.down(values[quarter[-1]]))
    names = {"none": words("stage.no_programme")}
    names |= {"a": among.called(pair.settings.a), "b": among.called(pair.settings.b)}
    for arm, height in _apart(ends, 12.0).items():
        label = names[arm][at]
        text = label if arm == "none" else f"{arm.upper()}  {label}"
        colour = GREY if arm == "none" else dark(COLOURS[arm])
        drawing.write(panel.right + 6, height + 3, text[:30], colour, bold=arm != "none")
    below = panel.bottom + 44
    for line in head(pair, among)[1:]:
        for part in (line[start : start + 118] for start in range(0, len(line), 118)):
            drawing.write(panel.left, below, part, INK, size=7.0)
            below += 10
    return drawing


def _apart(ends: Mapping[str, float], gap: float) -> dict[str, float]:
    """Heights at least a gap apart, in the same order."""
    found, last = {}, -1e9
    for arm, height in sorted(ends.items(), key=lambda one: one[1]):
        last = max(height, last + gap)
        found[arm] = last
    return found


def scenario(pair: Pair, among: Choices) -> File:
    """The same comparison as a scenario file, for `swadaya run`; what only the view has stands as a remark."""
    found, settings = pair.start.scenario, pair.settings
    lines = [f"# {line}" for line in head(pair, among)]
    only = [key for key in ("inequality", "pass_through", "shock") if key in dict(settings.numbers)]
    if only or settings.parameters:
        left = ", ".join([*only, *(["set"] if settings.parameters else [])])
        lines.append(f"# not in a scenario, and so left out: {left}; `swadaya run --code` has all of it")
    lines += [f"title = {json.dumps(found.title, ensure_ascii=False)}"]
    if not found.programmes:
        lines += ["programmes = []"]
    people = found.population.model_dump(exclude_none=True, exclude_defaults=True)
    if settings.own and found.survey:
        people["survey"] = settings.own.name
        lines.insert(0, f"# put {settings.own.name} beside this file")
    tables = {
        "population": people,
        "calendar": found.calendar.model_dump(exclude_none=True),
        "budget": found.budget.model_dump(),
        "hold": {"ablate": list(found.hold.ablate)},
    }
    for name, table in tables.items():
        lines += ["", f"[{name}]", *(f"{key} = {json.dumps(value)}" for key, value in table.items())]
    lines += ["", "[replications]", f"first_seed = {settings.luck}", "seeds = 20"]
    for arm in found.arms:
        lines += ["", "[[arms]]", f'policy = "{arm.policy}"', f'id = "{arm.id}"']
        lines += [f"settings.{key} = {value!r}" for key, value in arm.settings.items()]
    for flow in found.programmes:
        lines += ["", "[[programmes]]", f'policy = "{flow.policy}"', f"dose = {flow.dose!r}"]
        lines += [f"settings.{key} = {value!r}" for key, value in flow.settings.items()]
    if found.parameters:
        lines += ["", "[parameters]", *(f"{key} = {value!r}" for key, value in found.parameters.items())]
    return File(f"{_stem(pair, among)}.toml", "application/toml", ("\n".join(lines) + "\n").encode())


def page(pair: Pair, among: Choices, bands: str, stories: Mapping[int, Any], lang: object) -> File:
    """One HTML file that replays the run from disk, with no server and no request."""
    language = str(lang) if lang in LANGUAGES else LANGUAGES[0]
    told = {
        "payload": json.loads(payload(pair, among, 1)),
        "bands": json.loads(bands) | {"generation": 1} if bands else None,
        "texts": by_language(),
        "lang": language,
        "mode": "file",
        "share": json.loads(share(pair, among, "")),
        "form": json.loads(form(pair.settings, among, 1, [])),
        "stories": {str(number): story for number, story in stories.items()},
    }
    data = json.dumps(told, separators=(",", ":"), ensure_ascii=False, allow_nan=False).replace("<", "\\u003c")
    at = LANGUAGES.index(language)
    title = " · ".join(("Swadaya", *(among.called(getattr(pair.settings, arm))[at] for arm in ("a", "b"))))
    parts = {"lang": language, "title": escape(title), "css": css(), "module": module(), "data": data}
    text = (HOME / "frame_app.html").read_text(encoding="utf-8")
    pieces = text.split("{{ ")
    for at, piece in enumerate(pieces[1:], 1):
        name, _, rest = piece.partition(" }}")
        pieces[at] = parts[name] + rest
    return File(f"{_stem(pair, among)}.html", "text/html", "".join(pieces).encode())


def made(pair: Pair | None, among: Choices, content: Mapping[str, Any], bands: str, stories: Mapping[int, Any]) -> File:
    """The file that a message asks for.

    Raises
    ------
    InputError
        When there is no such kind of file.
    """
    what = content.get("what")
    if pair is None:
        raise InputError(words("error.nothing")[0])
    if what == "csv":
        return series(pair, among)
    if what == "households":
        return households(pair, among)
    if what in ("png", "svg"):
        return figure(pair, among, str(what), content.get("metric"), content.get("lang"))
    if what == "html":
        return page(pair, among, bands, stories, content.get("lang"))
    if what == "scenario":
        return scenario(pair, among)
    raise InputError(f"there is no file {str(what)[:20]!r}; there are csv, households, png, svg, html, scenario")
