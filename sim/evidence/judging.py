"""Verdicts: from what the draws gave to PASS or FAIL, beside two rivals that know nothing of the model.

A positive finding passes where the published estimate lies in the 5-95 % range of what the study would have found in
the model, and the mean of the true effects lies in the tolerance. A null passes where the true effects, 5-95 % of them
over parameter sets, lie in its band, which is never narrower than the published interval. A pass without a known
standard error is a PASS*; one where the study could not have told is UNINFORMATIVE, which never hides a failure. The
first outcome of a study decides, with those that its file names; the others warn. A positive finding that a rival would
pass too does not count.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from sim.engine.plan import Plan
from sim.evidence.estimates import Seen
from sim.evidence.studies import DERIVED, Outcome, Sample, Study
from sim.evidence.trials import Draw
from sim.language import ENGLISH, mark, say, speaking, written

FAIL, MISSING, UNINFORMATIVE, WARN = "FAIL", "NOT REPRESENTED", "UNINFORMATIVE", "WARN"
PASS_STAR, PASS = "PASS*", "PASS"
#: Failures first.
ORDER = (FAIL, MISSING, UNINFORMATIVE, WARN, PASS_STAR, PASS)
PASSED = (PASS, PASS_STAR)
COUNTED = ("structure-informed", "blind")  # the roles that count as validation
NAMED, AIM = "trap_off", 5  # variant named before the first run, and how many targets are to pass in it
INTERVAL = (5.0, 95.0)  # per cent, of true effects over sets and of estimates over draws
SITES = 6  # of the trial of graduation: six countries, in one of which it failed
PUBLISHED = 1.96  # standard errors on each side: the published interval holds 95 %
RIVALS = (mark("no effect"), mark("cash arithmetic"))
#: What is known of a row: the words of a study's own file, or a text to be said with what stands in its places.
Remark = str | tuple[str, Mapping[str, object]]


@dataclass(frozen=True)
class Target:
    """What an outcome is judged against, in its unit; nan where the study gives no figure."""

    kind: str
    observed: float
    se: float
    low: float
    high: float
    deciding: bool = True

    @property
    def band(self) -> tuple[float, float]:
        """The tolerance; that of a null is never narrower than the published interval."""
        if self.kind != "null" or not (self.se > 0.0 and math.isfinite(self.observed)):
            return self.low, self.high
        half = PUBLISHED * self.se
        return min(self.low, self.observed - half), max(self.high, self.observed + half)


@dataclass(frozen=True)
class Found:
    """What the draws gave: one true effect a set, the estimates, and how far they are from what is true."""

    true: Sequence[float]
    estimates: Sequence[float]
    errors: Sequence[float] = ()

    @property
    def mean(self) -> float:
        """Mean of the true effects over sets."""
        return float(np.mean(self.true))

    def true_range(self) -> tuple[float, float]:
        """5-95 % of the true effects over sets."""
        return quantiles(self.true)

    def estimate_range(self) -> tuple[float, float]:
        """5-95 % of the estimates over draws; nan where no study of its size could be made."""
        return quantiles(self.estimates) if len(self.estimates) else (math.nan, math.nan)


def quantiles(values: Sequence[float]) -> tuple[float, float]:
    """5th and 95th percentile."""
    low, high = np.percentile(np.asarray(values, float), INTERVAL)
    return float(low), float(high)


def judge(target: Target, found: Found) -> str:
    """The verdict on one outcome."""
    low, high = target.band
    first, last = found.estimate_range()
    if target.kind == "positive":
        passes = low <= found.mean <= high and not (target.observed < first or target.observed > last)
    else:
        passes = low <= found.true_range()[0] and found.true_range()[1] <= high
    if not passes:
        return FAIL if target.deciding else WARN
    if not last - first <= 2.0 * (target.high - target.low):  # nor where there are no estimates
        return UNINFORMATIVE
    return PASS if target.se > 0.0 else PASS_STAR


def reach(target: Target, found: Found) -> tuple[float, float]:
    """True effects between which the published figure would lie in 5-95 % of the estimates, spread as they are here."""
    first, last = found.estimate_range()
    return target.observed - (last - found.mean), target.observed - (first - found.mean)


def rival_passes(target: Target, found: Found, value: float) -> bool:
    """Whether a rival that says `value` would pass too, with the same sampling error where there is one."""
    low, high = target.band
    if not low <= value <= high:
        return False
    if target.kind == "null" or not len(found.errors):
        return True
    first, last = quantiles(found.errors)
    return value + first <= target.observed <= value + last


def worst(verdicts: Sequence[str]) -> str:
    """The verdict of a target that several studies test: all must pass."""
    return min(verdicts, key=ORDER.index)


@dataclass(frozen=True)
class Scorecard:
    """All rows of one structural variant.

    Attributes
    ----------
    rows
        One row an outcome, failures first: variant, study, target, title, outcome, deciding, role, kind, unit,
        observed, se, low, high, true_mean, true_low, true_high, estimate_low, estimate_high, rival_none, rival_cash,
        verdict, discriminating, counts, bars, status, tolerance, column, rule, remarks (to be said), note (the same
        in English), prior_low, prior_high.
    manifest
        Sets, worlds at rest, sizes, digests, seconds.
    """

    variant: str
    rows: pd.DataFrame
    studies: tuple[Study, ...]
    manifest: dict[str, object] = field(default_factory=dict)

    def _validating(self) -> pd.DataFrame:
        """Rows that decide on targets which count as validation."""
        return self.rows[self.rows["deciding"] & self.rows["role"].isin(COUNTED)]

    def targets(self) -> dict[str, str]:
        """Target that counts as validation -> verdict; one that several studies test passes where all do."""
        found = {name: worst(list(part["verdict"])) for name, part in self._validating().groupby("target", sort=False)}
        return {name: found[name] for name in dict.fromkeys(study.counts_as for study in self.studies) if name in found}

    def counted(self) -> list[str]:
        """Targets that passed and count: all that decides on them passed, and no rival passes a positive finding."""
        rows = self._validating()
        return [name for name in self.targets() if rows.loc[rows["target"] == name, "counts"].all()]


# -- rows -------------------------------------------------------------------------------------------------------------


def scorecard(
    studies: Sequence[Study],
    draws: Sequence[Draw],
    variant: str,
    plan: Plan,
    prior: pd.DataFrame | None = None,
    manifest: dict[str, object] | None = None,
) -> Scorecard:
    """Judge what the draws gave."""
    ranges = (
        {} if prior is None or not len(prior) else prior.set_index(["study", "outcome"])[["low", "high"]].T.to_dict()
    )
    rows = []
    for study in studies:
        for k, outcome in enumerate(study.outcomes):
            row = _row(study, k, outcome, draws, plan)
            span = ranges.get((study.id, outcome.name), {})
            rows.append({"variant": variant, **row, **{f"prior_{e}": span.get(e, math.nan) for e in ("low", "high")}})
    frame = pd.DataFrame(rows)
    rank = frame["verdict"].map(ORDER.index)
    frame = frame.iloc[np.lexsort((np.arange(len(frame)), ~frame["deciding"], rank))].reset_index(drop=True)
    return Scorecard(variant, frame, tuple(studies), manifest or {})


def _row(study: Study, k: int, outcome: Outcome, draws: Sequence[Draw], plan: Plan) -> dict[str, object]:
    """One outcome: what was observed, what the model says, verdict and rivals."""
    row = _described(study, k, outcome, plan)
    if outcome.missing:
        return row
    met = [draw.seen[study.id, k] for draw in draws]
    seen = [one for one in met if math.isfinite(one.true)]
    if not seen:
        nobody = mark("In no world is anybody eligible and reached.")
        return {**row, "verdict": UNINFORMATIVE, **_noted([(nobody, {})])}
    target = Target(outcome.kind, row["observed"], row["se"], row["low"], row["high"], row["deciding"])
    cash = [one.cash for one in seen if math.isfinite(one.cash)]
    true = [one.true for one in seen]
    pairs = [(value, one.true) for one in seen for value in one.estimates if math.isfinite(value)]
    # a statistic of a whole world is measured as it is
    found = Found(true, true if outcome.moment else [e for e, _ in pairs], [e - t for e, t in pairs])
    if outcome.scale == "failures":
        found = over_sites(true)
    rivals = dict(zip(RIVALS, (outcome.none, float(np.mean(cash)) if cash else math.nan), strict=True))
    passing = [name for name, value in rivals.items() if math.isfinite(value) and rival_passes(target, found, value)]
    (row["true_low"], row["true_high"]), row["true_mean"] = found.true_range(), found.mean
    row["estimate_low"], row["estimate_high"] = found.estimate_range()
    row["rival_none"], row["rival_cash"] = rivals.values()
    row["verdict"], row["discriminating"] = judge(target, found), not passing
    row["counts"] = row["verdict"] in PASSED and (not passing or target.kind == "null")
    own = [outcome.note] if outcome.note else []
    remarks: list[Remark] = [*own, *_worlds(met, seen), *_rescaled(outcome.sample or study.sample, seen)]
    row |= _noted([*remarks, *_remarks(target, found, passing)])
    return row


def over_sites(failed: Sequence[float]) -> Found:
    """The share of draws that failed, %, and what studies of `SITES` draws, neighbours in order, would find."""
    sites = [np.take(failed, range(k, k + SITES), mode="wrap") for k in range(len(failed))]
    share = float(np.mean(failed))
    shares = [float(np.mean(site)) for site in sites]
    return Found([share], shares, [one - share for one in shares])


def _worlds(met: Sequence[Seen], seen: Sequence[Seen]) -> Iterator[Remark]:
    """What a reader must know of worlds where nobody could be asked."""
    if len(seen) < len(met):
        told = mark("In {few} of {worlds} worlds nobody is eligible and reached.")
        yield told, {"few": len(met) - len(seen), "worlds": len(met)}


def _rescaled(sample: Sample | None, seen: Sequence[Seen]) -> Iterator[Remark]:
    """What a reader must know of a sample that was larger than the worlds."""
    villages, households = (max(one.scaled[k] for one in seen) for k in (0, 1))
    if sample and villages:
        told = mark("Sampling error rescaled from {villages} villages to the study's {sample}.")
        yield told, {"villages": villages, "sample": sample.villages}
    if sample and households not in (0, sample.households):
        told = mark("Sampling error rescaled from {households} households a village to {sample}.")
        yield told, {"households": households, "sample": sample.households}


def _described(study: Study, k: int, outcome: Outcome, plan: Plan) -> dict[str, Any]:
    """What a row says before anything is run."""
    figures = ("observed", "se", "low", "high")
    found = ("true_mean", "true_low", "true_high", "estimate_low", "estimate_high", "rival_none", "rival_cash")
    return {
        "study": study.id,
        "target": study.counts_as,
        "title": study.title,
        "outcome": outcome.name,
        "deciding": k == 0 or outcome.decides,
        "role": study.role,
        "kind": outcome.kind,
        "unit": outcome.unit,
        **{name: math.nan if (value := getattr(outcome, name)) is None else value for name in figures},
        **dict.fromkeys(found, math.nan),
        "verdict": MISSING,
        "discriminating": True,
        "counts": False,
        "bars": study.bars,
        "status": outcome.status,
        "tolerance": outcome.tolerance,
        "column": ", ".join([*outcome.columns, *([f"per {outcome.per}"] if outcome.per else [])]) or "none",
        "rule": "; ".join(rule_of(name, plan) for name in outcome.columns),
        **_noted([(mark("Not represented: {what}."), {"what": outcome.missing})] if outcome.missing else []),
    }


def _remarks(target: Target, found: Found, passing: Sequence[str]) -> Iterator[Remark]:
    """What a reader must know of a verdict."""
    (low, high), positive = target.band, target.kind == "positive"
    first, last = reach(target, found)
    if positive and (first > high or last < low):
        told = mark(
            "No true effect inside the tolerance could pass: with estimates spread as they are, the published figure "
            "is likely only where the true effect is {low} to {high}. The verdict follows from the size of the study, "
            "which spreads them, and the tolerance alone."
        )
        yield told, {"low": first, "high": last}
    if not positive and low <= found.mean <= high:
        yield mark("Judged by 5-95 % of the true effects over sets; their mean lies inside."), {}
    elif not positive:
        yield mark("Judged by 5-95 % of the true effects over sets; their mean lies outside."), {}
    if (low, high) != (target.low, target.high):
        yield mark("Band widened to the published interval, {low} to {high}."), {"low": low, "high": high}
    for rival in passing:
        yield mark("Not discriminating: {rival} would pass too."), {"rival": rival}
    if passing and positive:
        yield mark("Such a positive finding does not count as validation."), {}
    elif passing:
        yield mark("Such a null counts all the same."), {}


def _noted(remarks: Sequence[Remark]) -> dict[str, object]:
    """Remarks, and as files of data have them, which no language changes."""
    with speaking(ENGLISH.code):
        return {"remarks": tuple(remarks), "note": remarked(remarks)}


def remarked(remarks: Sequence[Remark]) -> str:
    """Remarks in the language of the reader; the words of a study's own file as they are."""
    found = []
    for remark in remarks:
        if isinstance(remark, str):
            found.append(f"{remark[:1].upper()}{remark[1:].rstrip('.')}.")
            continue
        text, parts = remark
        found.append(say(text, **{name: _part(value) for name, value in parts.items()}))
    return " ".join(found)


def _part(value: object) -> str:
    """What stands in the place of a remark."""
    return written(f"{value:.3g}") if isinstance(value, float) else say(value) if value in RIVALS else str(value)


def rule_of(name: str, plan: Plan) -> str:
    """What sets a column, in words."""
    if name in DERIVED:
        of, how = DERIVED[name]
        return f"{name} = {how}, of {rule_of(of, plan)}"
    if name in plan.rules:
        return f"{plan.rules[name].mechanism}.{name}: {plan.rules[name].meaning}"
    return f"{name}: {plan.given[name].meaning} (given at the start)"


def barred(rows: pd.DataFrame) -> dict[tuple[str, str], list[tuple[str, str]]]:
    """What may not be claimed: (variant, claim) -> the studies that have not passed, each with its verdict.

    `rows` has variant, study, deciding, verdict and bars (the claim, in the words of the study's file).
    """
    claims: dict[tuple[str, str], list[tuple[str, str]]] = {}
    for (variant, study), part in rows[rows["deciding"] & (rows["bars"] != "")].groupby(
        ["variant", "study"], sort=False
    ):
        verdict = worst(list(part["verdict"]))
        if verdict not in PASSED:
            claims.setdefault((variant, part["bars"].iloc[0]), []).append((study, verdict))
    return claims
