"""What a sweep found, in sentences."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd

from sim.language import listed, mark, say, written
from sim.report import number, percent
from sim.report.sweep_tables import (
    called,
    difference,
    headed,
    level,
    lucks,
    points_told,
    share_told,
    spent,
    varied,
    ways,
    where,
)
from sim.sweep.discovery import Conditions
from sim.sweep.found import Found, Terms


def boxes_told(found: Found, conditions: Conditions) -> list[str]:
    """What the boxes say."""
    one = found.metric(conditions.metric)
    levers = [name for name in conditions.places if name not in found.spans]
    form = mark("{better} beats {than} in {metric} in {share} of {points} points ({clear}).")
    if levers:
        form = mark(
            "{better} beats {than} in {metric} in {share} of {points} points ({clear}): those of the design under each "
            "{levers}."
        )
    clear = mark("{share} beyond luck")
    if math.isnan(conditions.clear):
        clear = mark("one luck does not tell in how many beyond luck")
    shares = found.share("hits", conditions.hits, drawn=not levers)  # else a point counts more than once
    lead = say(
        form, better=called(found, conditions.better), than=called(found, conditions.than), metric=say(one.label),
        share=share_told(shares, "hits"), points=number(len(conditions.hits), 0),
        clear=say(clear, share=percent(100 * conditions.clear, 0)), levers=listed(map(varied, levers)),
    )  # fmt: skip
    if not conditions.boxes:
        return [lead, _no_box(found, conditions)]
    first = conditions.boxes[0]
    form = mark(
        "Above all where {where}: {density} of the points there are such, and {coverage} of all such points lie there."
    )
    if not math.isnan(first.fresh):
        form = mark(
            "Above all where {where}: {density} of the points there are such, {held} in points held back, and "
            "{coverage} of all such points lie there."
        )
    shares = {"density": first.density, "coverage": first.coverage, "held": first.fresh}
    told = {name: percent(100 * share, 0) for name, share in shares.items()}
    return [lead, say(form, where=where(conditions, first.limits), **told)]


def _no_box(found: Found, conditions: Conditions) -> str:
    """Why there is no box."""
    if conditions.hits.all():
        return say("It is so everywhere.")
    if not conditions.hits.any():
        return say("It is so nowhere.")
    if conditions.hits.mean() < 0.5:
        return say("No number tells where, beyond chance.")
    turned = f"--better {conditions.than} --than {conditions.better}"
    turned += f" --metric {conditions.metric}" * (conditions.metric != found.metrics[0].name)
    form = mark("No box tells more of it than all points do; where it is not so, the same with “{options}” tells.")
    return say(form, options=turned)


def answer(found: Found) -> list[str]:
    """What the sweep says: the best mean in the headline at each cost, and how robust it is."""
    if found.result["failed"].all():
        return _failed(found)
    told = [_best(found, rows) for _, rows in (found.regret.groupby([*Terms._fields]) if len(found.regret) else ())]
    if not told:
        told = [
            say(
                "{metric} and all other metrics, over {points}, are in the tables below.",
                points=points_told(len(found.plan.points)), metric=headed(found.metrics[0].label),
            )
        ]  # fmt: skip
    return [*told, *_stopped(found), *_failed(found)]


def _best(found: Found, rows: pd.DataFrame) -> str:
    """Which of the ways that cost the same are best on average, and which have the least largest regret."""
    one, told = found.metrics[0], ways(found, untold="dose")
    best, calm = (rows[rows[column] == rows[column].min()] for column in ("mean", "largest"))
    first = best.iloc[0]
    table = found.table[found.table["metric"] == one.name].set_index("way")
    form = mark(
        "At a dose of {dose}, {way} is best on average in {metric} ({mean}), and best in {share} of {points} points, "
        "{clear}; the least largest regret is that of {calm} ({regret})."
    )
    clear = mark("better than every other beyond luck in {share}")
    if math.isnan(first["clear"]):
        clear = mark("one luck does not tell in how many beyond luck")
    if first["points"] == 1:
        form, clear = _at_one_point(rows, best)
    elif not rows["largest"].any():
        form = mark(
            "At a dose of {dose}, no way differs from another in {metric} at any of {points} points ({mean} on "
            "average)."
        )
    elif len(best) > 1:
        form = mark(
            "At a dose of {dose}, {way} are equally good on average over {points} points in {metric} ({mean}), and "
            "none is better; the least largest regret is that of {calm} ({regret})."
        )
    elif [*calm["way"]] == [*best["way"]]:
        form = mark(
            "At a dose of {dose}, {way} is best on average in {metric} ({mean}), and best in {share} of {points} "
            "points, {clear}; it also has the least largest regret."
        )
    return say(
        form, dose=spent(found, first), way=listed(told[way] for way in best["way"]), metric=say(one.label),
        mean=level(one, float(table.loc[first["way"], "mean"])), share=share_told(first, "best"),
        clear=say(clear, share=share_told(first, "clear")), points=number(first["points"], 0),
        calm=listed(told[way] for way in calm["way"]),
        regret=difference(one, calm["largest"].iloc[0]),
    )  # fmt: skip


def _at_one_point(rows: pd.DataFrame, best: pd.DataFrame) -> tuple[str, str]:
    """What is said where one point was run, which tells of no share and no average, and how sure it is."""
    if not rows["largest"].any():
        return mark("At a dose of {dose}, no way differs from another in {metric} at the only point ({mean})."), ""
    if len(best) > 1:
        return mark("At a dose of {dose}, {way} are equally good in {metric} at the only point ({mean})."), ""
    clear = mark("beyond luck") if best["clear"].iloc[0] else mark("but not beyond luck")
    if best["clear"].isna().any():
        clear = mark("which one luck cannot tell from chance")
    return mark("At a dose of {dose}, {way} is best in {metric} at the only point ({mean}), {clear}."), clear


def _stopped(found: Found) -> list[str]:
    """Whether lucks were enough."""
    if found.rule is None:
        return []
    reach = found.reach(found.rule.metric)
    apart = [n for n, way in enumerate(found.ways) if way.arm != found.versus and np.isfinite(reach[:, n]).any()]
    narrow = np.all(reach[:, apart] <= found.rule.half_width, axis=1)
    seeds = found.plan.seeds.values()
    told = say(
        "Lucks were added until every difference in {metric} was told to within {width}: reached at {narrow} of "
        "{points}, with {lucks} (at most {most}).",
        metric=found.rule.metric, width=written(f"{found.rule.half_width:g}"), narrow=number(narrow.sum(), 0),
        points=points_told(len(narrow)), lucks=lucks(min(seeds), max(seeds)), most=found.rule.most,
    )  # fmt: skip
    return [told]


def _failed(found: Found) -> list[str]:
    failed, runs = int(found.result["failed"].sum()), len(found.result)
    if not failed:
        return []
    form = mark(
        "{failed} of {runs} runs failed and are left out; --retry-failed runs them again. Why: swadaya query “SELECT "
        "error, count(*) FROM failures GROUP BY error”."
    )
    if failed == runs:
        form = mark(
            "All {runs} runs failed; --retry-failed runs them again. Why: swadaya query “SELECT error, count(*) FROM "
            "failures GROUP BY error”."
        )
    return [say(form, failed=number(failed, 0), runs=number(runs, 0))]


def told(found: Found, digest: str) -> list[str]:
    """What a sweep ends with on the terminal."""
    return [*answer(found), say("digest of the results: {digest}", digest=digest)]
