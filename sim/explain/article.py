"""The article as a page, sentence by sentence, with two verdicts that must not be mixed up."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from itertools import groupby

import pandas as pd
from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from sim.calibration import ensemble
from sim.claims import article, statements
from sim.claims.statements import SILENT, Claim
from sim.claims.statistics import STATISTICS
from sim.engine.plan import Plan
from sim.evidence.standing import warnings as bars
from sim.explain.page import page, section
from sim.language import listed, mark, say, spoken, written
from sim.report import percent, said

NOTE = mark(
    "What the founding article says, in other words, and two verdicts on each sentence. “Implemented” names the test "
    "that shows that this part of the model works; it says nothing on whether the article is right. “Ensemble” says in "
    "how many calibrated parameter sets the sentence holds in this model, by a condition that was fixed before it was "
    "asked, with its 95 % interval and what tells these sets from the others. No verdict is about Indonesia."
)
UNASKED = mark("not asked yet: `swadaya claims --store` asks it of every calibrated parameter set")
NO_CONDITION = mark("no single condition found")
HIGH, LOW = mark("rather where {name} is high ({told})"), mark("rather where {name} is low ({told})")
CHANGED = {"model": mark("the model"), "ensemble": mark("the ensemble"), "question": mark("the question")}
VALUES, NOTHING = ("value_50", "value_5", "value_95"), 1e-12  # what is smaller is rounding of sums
INDENT = 6  # columns of what stands beneath a sentence


def share(row: Mapping) -> str:
    """In how many sets a claim holds, with the interval."""
    low, high = (f"{100.0 * row[end]:.0f}" for end in ("low", "high"))
    told = f"{percent(100.0 * row['share'], 0)}, {low}-{high}{spoken().percent}"
    return say("holds in {holds} of {sets} sets ({share})", holds=row["holds"], sets=row["sets"], share=told)


def spread(row: Mapping) -> str:
    """Where the statistic's middle set lies, and the middle nine tenths."""
    if math.isnan(row["value_50"]):
        return say("the statistic is undefined in every set")
    middle, low, high = (written(f"{0.0 if abs(row[name]) < NOTHING else row[name]:.3g}") for name in VALUES)
    return say("median {middle}, nine tenths of sets {low} to {high}", middle=middle, low=low, high=high)


def condition(row: Mapping) -> str:
    """What tells the sets where it holds from the others."""
    if row["holds"] in (0, row["sets"]):
        return say("in no set") if row["holds"] == 0 else say("in every set, so without a condition")
    if not row["condition"]:
        return say(NO_CONDITION)
    told = say("{pairs} of 100 pairs of sets are told apart by it", pairs=f"{100.0 * row['separation']:.0f}")
    return say(HIGH if row["side"] == "high" else LOW, name=row["condition"], told=told)


def limits(claim: Claim) -> str:
    """Where a claim holds, in words."""
    ends = ((mark("above {limit}"), claim.above), (mark("below {limit}"), claim.below))
    return listed(say(form, limit=written(f"{limit:g}")) for form, limit in ends if limit is not None)


def verdict(claim: Claim, row: Mapping) -> str:
    """What the ensemble says of a claim, in one line."""
    parts = [share(row), spread(row), condition(row)]
    if row["undefined"]:
        parts.append(say("undefined in {sets} sets, which count as not holding", sets=row["undefined"]))
    return f"{say(row['unit'])}, {limits(claim)}: " + "; ".join(parts)


def sentence(claim: Claim, kind: str) -> Table:
    """A claim's number and what it says."""
    row = Table.grid(padding=(0, 1, 0, 0))
    row.add_column(min_width=INDENT - 1, no_wrap=True)
    row.add_column(overflow="fold")
    row.add_row(Text(f" {claim.id}", style="bold"), Text.assemble(say(claim.says), (kind, "dim")))
    return row


def line(name: str, words: str, style: str = "") -> Padding:
    """What is beneath a sentence: a name in dim, and its words."""
    return Padding(Text.assemble((f"{name}: ", "dim"), (words, style)), (0, 0, 0, INDENT))


def beneath(claim: Claim, found: Mapping[str, Mapping[str, Mapping]]) -> Iterator[Padding]:
    """The elements of a claim, its tests, what is computed, and the verdict of each variant."""
    if claim.elements:
        yield line(say("elements"), ", ".join(claim.elements), "cyan")
    tests = ", ".join(f"{name.split('::')[1]} ({name.split('::')[0]})" for name in claim.tests)
    yield line(say("implemented"), tests or say("no part of the model"))
    if claim.kind != "testable":
        yield line(say("ensemble"), say(SILENT[claim.kind]))
    else:
        arms = f" [{', '.join(claim.arms)}{f'; {claim.metric}' if claim.metric else ''}]"
        yield line(say("computed"), say(STATISTICS[claim.statistic].meaning) + arms)
    if claim.note:
        yield line(say("read as") if claim.kind == "testable" else say("note"), say(claim.note))
    if claim.kind != "testable":
        return
    asked = {variant: rows[claim.id] for variant, rows in found.items() if claim.id in rows}
    if not asked:
        yield line(say("ensemble"), say(UNASKED))
    for variant, row in asked.items():
        many = say("ensemble, {variant}", variant=said(variant))
        yield line(say("ensemble") if len(asked) == 1 else many, verdict(claim, row))


def standing(digests: Mapping[str, Mapping[str, str]]) -> Iterator[Text]:
    """What has changed since the verdicts, and the parameter sets themselves, were found."""
    for variant, then in digests.items():
        if ensemble.path(variant).is_file() and ensemble.stale(variant):
            old = mark(
                "The parameter sets of {variant} were found with other rules; `swadaya calibrate --check` looks at "
                "them anew."
            )
            yield Text(say(old, variant=said(variant)), style="bold")
        changed = article.stale(variant, then)
        if changed:
            old = mark("The verdicts of {variant} are from before {what} changed; `swadaya claims --store` asks anew.")
            what = listed(say(CHANGED[name]) for name in changed)
            yield Text(say(old, variant=said(variant), what=what), style="bold")


def told(rows: pd.DataFrame, digests: Mapping[str, Mapping[str, str]] | None = None) -> Group:
    """All claims by section; `rows` are verdicts of `sim.claims.article`, of none, one or two variants."""
    found = {
        str(variant): {row["claim"]: row for row in group.to_dict("records")}
        for variant, group in rows.groupby("variant")
    }  # fmt: skip
    parts: list[RenderableType] = [*standing(digests or {}), *map(Text, bars())]
    for name, group in groupby(statements.read(), lambda claim: claim.section):
        parts.append(section(say(name)))
        for claim in group:
            kind = "" if claim.kind == "testable" else f"  ({say(claim.kind)})"
            parts.append(sentence(claim, kind))
            parts += beneath(claim, found)
    return page(say("The article, sentence by sentence"), say(NOTE), parts)


def article_page(plan: Plan) -> Group:
    """The article with the stored verdicts, if there are any."""
    if not article.path().is_file():
        return told(pd.DataFrame(columns=list(article.COLUMNS)))
    return told(*article.read())
