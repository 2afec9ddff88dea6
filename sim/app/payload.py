"""What the browser gets of a pair: one JSON document, the same in the page and in an exported file.

Schema, version 1 (lengths in brackets; H households, V villages, Q quarters, all counted from 0)::

    v            1
    generation   number of the run in its session; whatever else comes in bears the number that it belongs to
    digest       SHA-256 of all that was recorded, hexadecimal
    query        the address of these settings; code: their short code
    settings     place, a, b, luck, set, and every number in force by its key
    policies     {a, b, none: {name, label, meaning, decides, flows, targets, loses_when}}, each but the name [en, id]
    place        {name, title, question: [en, id], note: [en, id]}
    calendar     {quarters: Q, start, end, funds_end, facilitation_end, shock_at (-1: none),
                  windows: {pre, on, post, late: [first, after the last]}}; post is what is judged
    households   {count: H, persons [H] whom each stands for, size [H], stratum [H] 0-3, activity [H] 0-3,
                  female_head [H] 0/1, schooling [H] years, x [H], y [H] 0-255 place of the home in its village}
    villages     {count: V, start [V + 1] first household of each, code [V], district [V], subdistrict [V],
                  pass_through [V], persons [V]}
    layers       [{id, kind, unit, top}]: how a code c of a household is read
                  "line": z = 2 ** ((c - 128) / 40), 128 is the poverty line, every code under it is below the line
                  "amount", "share": top * c / 255        "category": a place in `categories[id]`
    categories   {standing: [...]}
    institutions [{id, columns: [{id, unit, low, high}]}]: value = low + (high - low) * c / 255
    metrics      [{id, label: [en, id], unit: [en, id], better, every}]
    flows        [{id, label: [en, id], payer, payee}]: those that the state pays
    lorenz       {share of persons [21], year ends at quarter 4 y + 3}
    worlds       {none, a, b: {
                   frames    {layer: Z [H, Q]}              (not in "none")
                   villages  {column: Z [V, Q]}             (not in "none")
                   choice    Z [V, Q] kind of works 0-3, 255 none (not in "none")
                   series    {metric: [Q]}, null where not due
                   flows     {flow: [Q]} z per person and quarter
                   lorenz    [Q / 4] of [21]
                   poor      Z [H] 0/1: permanently poor when the programmes begin
                   headline  {headcount, headcount_end, headcount_start, gap, own_income, participation,
                              self_supporting, cost, cost_rupiah}}}
    events       [{quarter, kind: start | funds_end | facilitation_end | shock, size}]

Z is base64 of zlib (`DecompressionStream("deflate")`) of one unsigned byte each, the last index running fastest: a
household's history lies together, ``codes[h * Q + q]``.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable
from typing import Any

import numpy as np

from sim import ledger, metrics
from sim.app import code
from sim.app.choices import Choices
from sim.app.form import policy_words
from sim.app.record import LAYERS, LORENZ, METRICS, STANDING, VILLAGE, Pair, Recording, linear, packed
from sim.app.texts import own_words, worded
from sim.ledger import STATE_PAYS
from sim.metrics import cost
from sim.scenario import BASELINE

VERSION = 1
FINE = 9  # digits of what the page rounds again: 3.949994 as 3.95 would be read as 4.0
MEANINGS = {flow.rule.name: flow.rule.meaning.rstrip(".") for flow in ledger.RULES}


def numbers(values: Iterable[float], digits: int = 5) -> list[float | None]:
    """Numbers as JSON has them: rounded to significant digits, null where there is none."""
    return [float(f"{value:.{digits}g}") if math.isfinite(value) else None for value in values]


def payload(pair: Pair, among: Choices, generation: int) -> str:
    """The document of a pair; see the module."""
    return json.dumps(document(pair, among, generation), separators=(",", ":"), allow_nan=False)


def document(pair: Pair, among: Choices, generation: int) -> dict[str, Any]:
    """The document as a dictionary."""
    tops = _tops(pair)
    return {
        "v": VERSION,
        "generation": generation,
        "digest": pair.digest,
        "query": pair.settings.query(),
        "code": code.of(pair.settings, among),
        "settings": pair.settings.in_force(among),
        "policies": _policies(pair, among),
        "place": _place(pair, among),
        "calendar": _calendar(pair, among),
        "households": _households(pair),
        "villages": _villages(pair),
        "layers": [{"id": name, "kind": kind, "unit": unit, "top": top} for name, (kind, unit, top) in LAYERS.items()],
        "categories": {"standing": list(STANDING)},
        "institutions": _institutions(tops),
        "metrics": _metrics(),
        "flows": [
            {"id": flow, "label": worded(f"flow.{flow}", MEANINGS[flow]), "payer": "state", "payee": payee}
            for flow, (_, payee) in ledger.FLOWS.items()
            if flow in STATE_PAYS
        ],
        "lorenz": numbers(LORENZ),
        "worlds": {arm: _world(pair, arm, found, tops) for arm, found in pair.worlds.items()},
        "events": _events(pair, among),
    }


def _policies(pair: Pair, among: Choices) -> dict[str, Any]:
    found = {}
    for arm, name in (("none", "status_quo"), ("a", pair.settings.a), ("b", pair.settings.b)):
        found[arm] = {"name": name, "label": among.labels(name), **policy_words(name, among)}
    return found


def _place(pair: Pair, among: Choices) -> dict[str, str | tuple[str, str]]:
    found, name = among.places[pair.settings.place], pair.settings.place
    told = {"question": own_words(found.question), "note": own_words(found.report.note)}
    return {"name": name, "title": found.title, **told}


def _calendar(pair: Pair, among: Choices) -> dict[str, Any]:
    calendar, windows = pair.start.scenario.calendar, pair.start.scenario.windows
    return {
        "quarters": calendar.quarters,
        "start": calendar.start,
        "end": calendar.end,
        "funds_end": calendar.funds_end,
        "facilitation_end": calendar.facilitation_end,
        "shock_at": next(iter(pair.start.shocks), -1),
        "windows": {name: list(getattr(windows, name)) for name in ("pre", "on", "late")}
        | {"post": list(pair.start.judged)},
    }


def _households(pair: Pair) -> dict[str, Any]:
    people = pair.start.world.population.household
    whole = {name: people[name].astype(int).tolist() for name in ("stratum", "activity", "female_head", "schooling")}
    places = {axis: linear(people[f"position_{axis}"], 1.0).tolist() for axis in ("x", "y")}
    weights = {"persons": numbers(pair.persons), "size": numbers(people["size"])}
    return {"count": len(people["size"]), **weights, **whole, **places}


def _villages(pair: Pair) -> dict[str, Any]:
    world = pair.start.world
    population = world.population
    return {
        "count": len(population.village_code),
        "start": population.start.tolist(),
        "code": list(population.village_code),
        "district": population.district_of.tolist(),
        "subdistrict": world.state["subdistrict"].astype(int).tolist(),
        "pass_through": numbers(world.state["pass_through"] * world.value("passed_trend.level")),
        "persons": numbers(world.state["persons"]),
    }


def _tops(pair: Pair) -> dict[str, tuple[float, float]]:
    """Scale of each column of the villages, the same for both worlds."""
    found = {}
    for name, (_, _, top) in VILLAGE.items():
        seen = [pair.worlds[arm].villages[name] for arm in ("a", "b")]
        low = min(0.0, *(float(values.min()) for values in seen))
        found[name] = (low, top or max(1e-9, *(float(values.max()) for values in seen)))
    return found


def _institutions(tops: dict[str, tuple[float, float]]) -> list[dict[str, Any]]:
    found: dict[str, list] = {}
    for name, (institution, unit, _) in VILLAGE.items():
        low, high = tops[name]
        found.setdefault(institution, []).append({"id": name, "unit": unit, "low": low, "high": high})
    return [{"id": name, "columns": columns} for name, columns in found.items()]


def _metrics() -> list[dict[str, Any]]:
    catalogue = metrics.catalogue()
    return [
        {
            "id": name,
            "label": worded(f"metric.{name}", catalogue[name].label),
            "unit": worded(f"unit.{catalogue[name].unit}", catalogue[name].unit),
            "better": catalogue[name].better,
            "every": catalogue[name].every,
        }
        for name in METRICS
    ]


def _world(pair: Pair, arm: str, found: Recording, tops: dict[str, tuple[float, float]]) -> dict[str, Any]:
    headline = pair.headline(arm)
    told: dict[str, Any] = {
        "series": {name: numbers(values, FINE) for name, values in found.series.items()},
        "flows": {name: numbers(found.flows[name]) for name in STATE_PAYS},
        "lorenz": [numbers(row, 4) for row in found.lorenz],
        "poor": packed(found.poor),
        "headline": dict(zip(headline, numbers(headline.values(), FINE), strict=True))
        | {"cost_rupiah": float(cost.rupiah(headline["cost"]))},
    }
    if arm != "none":
        told["frames"] = found.packed
        told["villages"] = {}
        for name, values in found.villages.items():
            low, high = tops[name]
            told["villages"][name] = packed(linear(values - low, high - low).T)
        told["choice"] = packed(found.choice.T.astype(np.uint8))
    return told


def _events(pair: Pair, among: Choices) -> list[dict[str, Any]]:
    """What happens to both worlds, in order of time; nobody leaves where nobody came."""
    calendar, policies = pair.start.scenario.calendar, (pair.settings.a, pair.settings.b)
    dates = {"start": calendar.start, "funds_end": calendar.funds_end} if {*policies} != {BASELINE} else {}
    if any(among.facilitates(policy) for policy in policies):
        dates["facilitation_end"] = calendar.facilitation_end
    found = [{"quarter": quarter, "kind": kind, "size": 0.0} for kind, quarter in dates.items()]
    size = pair.settings.get("shock", among)
    found += [{"quarter": quarter, "kind": "shock", "size": size} for quarter in pair.start.shocks]
    return sorted(found, key=lambda one: (one["quarter"], one["kind"]))
