"""Tables of money: what a strategy costs, what it buys, where it went, and every flow of the ledger."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pandas as pd

from sim.experiment.results import Results
from sim.language import say, spoken, written
from sim.report import (
    BASELINE,
    UNDEFINED,
    USE_OF,
    USES,
    flows_anyway,
    labels,
    number,
    said,
    source,
)
from sim.report.grid import Cell, Column, Grid, crossed, estimate_cell, lookup


def cost(results: Results) -> Grid:
    """Cost to the state at four scales, and per poor-person-year averted at each rate of discount."""
    scenario, prices = results.scenario, lookup(results.tables["poor_years"], "arm", "rate")
    rates = list(dict.fromkeys(rate for _, rate in prices))
    body = []
    for row in results.tables["cost"].itertuples(index=False):
        cells = (
            Cell(labels(results)[row.arm]),
            Cell(number(row.pv_z_per_person, 2)),
            Cell(number(row.rupiah_per_head / 1e3, 0)),
            Cell(number(row.rupiah_per_village / 1e6, 0)),
            Cell(number(row.rupiah_nation / 1e12, 1)),
            Cell(number(100 * row.share_state_budget, 2)),
            *(price(results, prices[row.arm, rate]) for rate in rates),
        )
        body.append(cells)
    columns = (
        Column(say("Strategy")),
        Column(say("Present value"), say("z per person")),
        Column(say("Per head"), say("Rp thousand")),
        Column(say("Per village"), say("Rp million")),
        Column(say("All rural Indonesia"), say("Rp trillion")),
        Column(say("One year of it"), say("% of one year's state budget")),
        *(Column(say("Per poor-person-year averted"), say("Rp million, at {rate} a year", rate=rated(rate)))
          for rate in rates),
    )  # fmt: skip
    note = say(
        "State money beyond what flows anyway{programmes}, whole programme, discounted to its start at {rate} a year "
        "unless another rate is named; the share of the budget is one year's flow against one year's budget. Years of "
        "poverty are counted over the whole run, undiscounted. Beneath: {source}; undefined where in some luck no "
        "poverty is averted.",
        programmes=flows_anyway(results), rate=rated(scenario.budget.discount), source=source(results),
    )  # fmt: skip
    return Grid("cost", say("What it costs"), note, columns, tuple(body))


def rated(rate: float) -> str:
    """A rate of discount in %."""
    return written(f"{100 * rate:g}") + spoken().percent


def price(results: Results, row: Any) -> Cell:
    """What a poor-person-year averted costs, Rp million, or why that is undefined."""
    if math.isfinite(row.estimate):
        return estimate_cell(row, 2, scale=1e-6)
    seeds = results.scenario.replications.seeds
    if row.lucks_without:
        told = say("no poverty averted in {without} of {seeds} draws", without=row.lucks_without, seeds=seeds)
    else:
        told = say("costs less than {arm}", arm=labels(results)[BASELINE])
    return Cell(say(UNDEFINED), told)


def spent(results: Results) -> pd.DataFrame:
    """Where the state's money of each arm ended, beyond the baseline: arm, flow, use, value (z per person)."""
    frame = results.tables["money"]
    frame = frame[frame["flow"].isin(USE_OF)]  # what was paid into the fund is followed to where it went
    return frame.assign(use=frame["flow"].map(USE_OF))


def money(results: Results) -> Grid:
    """Where the state's money went, flow by flow."""
    frame = spent(results)
    order = tuple((use, flow) for use, flows in USES.items() for flow in flows)
    words = {(use, flow): Cell(say(use), said(flow)) for use, flow in order}
    whole = frame.groupby("arm", sort=False, as_index=False)["value"].sum().assign(use="all", flow="")
    columns, body = crossed(
        results, pd.concat([frame, whole]), ("use", "flow"), say("Use"),
        lambda row: Cell(number(row.value, 3)), order, lambda group: words.get(group, Cell(say("all"))),
    )  # fmt: skip
    note = say("Beyond what flows without the policy, while the programme runs; not discounted, mean over lucks.")
    return Grid("money", say("Where each z went"), note, columns, body, False, say("z per person"))


def ledger(results: Results) -> Grid:
    """Every flow of the ledger, whole run and whole world, mean over lucks."""
    sums = results.ledger.groupby(["payer", "payee", "flow", "arm"], observed=True, sort=False)["value"].sum()
    totals = sums.unstack("arm")[list(labels(results))] / results.scenario.replications.seeds / 1e3
    columns = (Column(say("Payer \u2192 payee: flow")), *(Column(label) for label in labels(results).values()))
    body = []
    for place in np.argsort(-np.abs(totals.to_numpy()).max(axis=1), kind="stable"):
        payer, payee, flow = totals.index[place]
        numbers = (Cell(number(value, 2)) for value in totals.iloc[place])
        body.append((Cell(f"{said(payer)} \u2192 {said(payee)}", said(flow)), *numbers))
    note = say("Double entry, whole world, whole run, mean over lucks.")
    return Grid("ledger", say("Summary of the ledger"), note, columns, tuple(body), False, say("thousand z"))
