"""The story of one household: what happened to it in both worlds, where its lives part, why it got what it got."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Executor
from typing import Any, SupportsInt

import numpy as np

from sim.agents.territory import LEVERS, MONEY
from sim.app.choices import Choices
from sim.app.life import SMALL, YES_OR_NO, Life, Parting, home_of, lives, parting
from sim.app.payload import numbers
from sim.app.record import Pair
from sim.app.texts import table, worded, words
from sim.errors import InputError
from sim.metrics import mean
from sim.scenario import BASELINE

SHOWN = (
    "consumption", "own_income", "public_income", "capital", "buffer", "debt", "bank_debt", "attends", "efficacy",
    "skill",
)  # fmt: skip
HARDSHIP = 0.7  # own income below this share of what was expected is a bad quarter; as the savings group's
HELP = 0.08  # z from neighbours in a quarter that are worth a line
FEWEST = 30  # households that a comparison with "households like this" needs
WOMEN = ("Sari", "Aminah", "Wati", "Siti", "Dewi", "Ratna", "Yuni", "Nur", "Endang", "Marni", "Lestari", "Sumi")
MEN = ("Budi", "Slamet", "Wayan", "Ahmad", "Joko", "Hasan", "Made", "Agus", "Umar", "Yusuf", "Darto", "Karim")
Text = tuple[str, str]


def filled(key: str, **holes: Any) -> Text:
    """A text in both languages, its holes filled; a hole may be a text itself, a number has the language's comma."""
    found = []
    for at, text in enumerate(words(key)):
        plain = {name: value[at] if isinstance(value, tuple) else _number(value, at) for name, value in holes.items()}
        found.append(text.format(**plain))
    return found[0], found[1]


def _number(value: Any, language: int) -> str:
    if isinstance(value, str | int):
        return str(value)
    value = round(value, 3) + 0.0  # no -0
    shown = f"{value:.2f}" if abs(value) >= 0.1 else f"{value:.3f}".rstrip("0").rstrip(".")
    return shown.replace(".", ",") if language else shown


def told_columns() -> set[str]:
    """Columns that a reader has words for: others are steps on the way to one of them."""
    return {key.partition(".")[2] for key in table() if key.startswith("column.")}


def story(pair: Pair, among: Choices, number: object, executor: Executor) -> dict[str, Any]:
    """All that is told of one household.

    Raises
    ------
    InputError
        When there is no such household.
    """
    count = len(pair.persons)
    if isinstance(number, bool) or not isinstance(number, int) or not 0 <= number < count:
        named = number + 1 if isinstance(number, int) else number  # the page counts from 1
        raise InputError(f"there is no household {str(named)[:20]}; there are 1 to {count}")
    found = lives(pair, number, executor)
    people = pair.start.world.population.household
    about = {name: int(people[name][number]) for name in ("size", "stratum", "activity", "female_head", "schooling")}
    split = parting(pair, found, told_columns())
    return {
        "number": number,
        "village": home_of(pair, number),
        "name": _name(number, bool(about["female_head"])),
        "people": about,
        "series": {arm: {name: numbers(life.own[name], 4) for name in SHOWN} for arm, life in found.items()},
        "events": {arm: sorted(_happened(life), key=lambda one: one["quarter"]) for arm, life in found.items()},
        "parts": None if split is None else _parts(found, split),
        "why": {arm: _why(pair, among, arm, found, number) for arm in ("a", "b")},
        "alike": _alike(pair, number),
    }


def _name(number: int, woman: bool) -> str:
    """A made-up name, so that a life can be spoken of."""
    names = WOMEN if woman else MEN
    return f"{'Ibu' if woman else 'Pak'} {names[number % len(names)]}"


# -- what happened ----------------------------------------------------------------------------------------------------


def _happened(life: Life) -> Iterator[dict[str, Any]]:
    """Events of a life, from the engine's own columns."""
    own = life.own

    def event(quarter: SupportsInt, key: str, amount: float = 0.0) -> dict[str, Any]:
        text = filled(f"event.{key}", amount=amount)
        return {"quarter": int(quarter), "key": key, "amount": round(amount, 4), "text": text}

    for key, column in (("asset", "asset_received"), ("bank_loan", "bank_loan"), ("loan", "loan"), ("pot", "pot_won"),
                        ("distress", "distress_sale")):  # fmt: skip
        for quarter in np.flatnonzero(own[column] > SMALL):
            yield event(quarter, key, float(own[column][quarter]))
    for quarter in np.flatnonzero(own["defaults"] > 0.0):
        yield event(quarter, "default")
    for key, column in (("pkh", "gets_pkh"), ("rastra", "gets_rastra"), ("cash", "gets_cash"), ("school", "enrolled")):
        changed = np.flatnonzero(np.diff(own[column]) != 0.0) + 1
        for quarter in changed:
            yield event(quarter, f"{key}_{'on' if own[column][quarter] > 0.0 else 'off'}")
    below = own["consumption"] < 1.0
    for quarter in np.flatnonzero(np.diff(below.astype(int)) != 0) + 1:
        yield event(quarter, "fell" if below[quarter] else "rose", float(own["consumption"][quarter]))
    for quarter in np.flatnonzero(own["attends"] > 0.0):
        yield event(quarter, "spoke" if own["spoke"][quarter] > 0.0 else "met")
    for quarter in np.flatnonzero(own["sharing"] > HELP):
        yield event(quarter, "helped", float(own["sharing"][quarter]))
    expected = own["expected_income"] - own["expected_transfer"]
    bad = own["own_income"] < HARDSHIP * expected
    for quarter in np.flatnonzero(bad & ~np.r_[False, bad[:-1]]):
        yield event(quarter, "bad", float(own["own_income"][quarter]))


# -- where the lives part ---------------------------------------------------------------------------------------------


def _parts(found: Mapping[str, Life], split: Parting) -> dict[str, Any]:
    """The first quarter that differs, and what was decided differently by then."""
    unit = worded(f"of.{split.unit}", split.unit) if split.unit.startswith("z") else ("", "")
    a, b = (_read(value, split.unit) for value in (split.a, split.b))
    text = filled("parts.text", column=words(f"column.{split.column}"), a=a, b=b, unit=unit)
    text = (text[0].replace(" .", "."), text[1].replace(" .", "."))
    decided = _decided(found, split.quarter)
    text = (f"{text[0]} {decided[0]}".strip(), f"{text[1]} {decided[1]}".strip())
    return {"quarter": split.quarter, "column": split.column, "text": text, "a": split.a, "b": split.b}


def _read(value: float, unit: str) -> float | Text:
    """A value as it is read: what is or is not, as yes or no."""
    return words("parts.yes" if value > 0.5 else "parts.no") if unit == YES_OR_NO else value


def _decided(found: Mapping[str, Life], quarter: int) -> Text:
    """The levers that stand differently in the household's village, and the kinds of works that were chosen."""
    differ = []
    for lever in LEVERS:
        a, b = (float(found[arm].village[lever.name][quarter]) for arm in ("a", "b"))
        if abs(a - b) > 1e-9:
            differ.append((lever.name not in MONEY, -abs(a - b), lever.name, a, b))
    if differ:
        parts = [
            filled(f"parts.{'money' if name in MONEY else 'lever'}", lever=_lever(name), a=a, b=b)
            for *_, name, a, b in sorted(differ)[:3]
        ]
        return filled("parts.levers", levers=("; ".join(p[0] for p in parts), "; ".join(p[1] for p in parts)))
    kinds = [int(found[arm].village["choice"][quarter]) for arm in ("a", "b")]
    if kinds[0] != kinds[1]:
        return filled("parts.choice", a=words(f"kind.{kinds[0]}"), b=words(f"kind.{kinds[1]}"))
    return words("parts.before")


def _lever(name: str) -> Text:
    key = f"lever.{name}"
    return words(key) if key in table() else (name.replace("_", " "),) * 2


# -- why it got, or missed, the programme -----------------------------------------------------------------------------


def _why(pair: Pair, among: Choices, arm: str, found: Mapping[str, Life], number: int) -> dict[str, Any]:
    """What the programme brought to this household, and by which rule."""
    policy = getattr(pair.settings, arm)
    if policy == BASELINE:
        return {"text": words("why.none"), "got": False}
    life, calendar = found[arm], pair.start.scenario.calendar
    span = slice(calendar.start, calendar.end)
    more = {name: life.village[name][span] - found["none"].village[name][span] for name in MONEY}
    paid = {name for name, values in more.items() if values.max() > 1e-9}
    told, got = [], False
    for levers, why in WHY:
        if paid & set(levers):
            text, reached = why(life, found["none"], span)
            told.append(text)
            got = got or reached
    cash = float((life.own["public_income"][span] - found["none"].own["public_income"][span]).sum())
    less = "public_none" if abs(cash) < SMALL else "public" if cash > 0.0 else "public_less"
    told.append(filled(f"why.{less}", amount=abs(cash)))
    return {"text": (" ".join(t[0] for t in told), " ".join(t[1] for t in told)), "got": bool(got or cash > 0.0)}


def _why_asset(life: Life, _: Life, span: slice) -> tuple[Text, bool]:
    when = np.flatnonzero(life.own["gets_asset"][span] > 0.0)
    if len(when):
        received = float(life.own["asset_received"][span][when[0]])
        year, quarter = divmod(int(span.start + when[0]), 4)
        return filled("why.asset_got", year=year, quarter=quarter + 1, amount=received), True
    return words("why.asset_missed"), False


def _why_cash(life: Life, _: Life, span: slice) -> tuple[Text, bool]:
    quarters = int((life.own["gets_cash"][span] > 0.0).sum())
    quota = 100.0 * float(life.village["cash_quota"][span].max())
    if quarters:
        return filled("why.cash_got", quarters=quarters, quota=f"{quota:.0f}"), True
    return filled("why.cash_missed", quota=f"{quota:.0f}"), False


def _why_credit(life: Life, _: Life, span: slice) -> tuple[Text, bool]:
    lent = float(life.own["bank_loan"][span].sum())
    if lent > 0.0:
        return filled("why.credit_got", amount=lent), True
    worthy = bool((life.own["creditworthy"][span] > 0.0).any())
    return words("why.credit_queue" if worthy else "why.credit_unworthy"), False


def _why_works(life: Life, none: Life, span: slice) -> tuple[Text, bool]:
    kind = int(life.own["activity"][0])
    built = life.groups["works_spending"][span].sum(axis=0) - none.groups["works_spending"][span].sum(axis=0)
    share = float(built[kind] / built.sum()) if built.sum() > 1e-9 else 0.0
    text = filled("why.works", kind=words(f"kind.{kind}"), share=f"{100.0 * max(0.0, share):.0f}")
    return text, share > 0.25


def _why_meeting(life: Life, none: Life, span: slice) -> tuple[Text, bool]:
    came, would = (int((one.own["attends"][span] > 0.0).sum()) for one in (life, none))
    return filled("why.meeting", came=came, would=would), came > would


def _why_training(life: Life, none: Life, span: slice) -> tuple[Text, bool]:
    gained = float(life.own["skill"][span][-1] - none.own["skill"][span][-1])
    if gained <= 0.001:
        return words("why.training_missed"), False
    return filled("why.training", amount=gained), True


def _why_claims(life: Life, none: Life, span: slice) -> tuple[Text, bool]:
    won = float((life.own["rents"][span] - none.own["rents"][span]).sum())
    return filled("why.claims_got" if won >= 0.0 else "why.claims_paid", amount=abs(won)), won > 0.0


Why = Callable[[Life, Life, slice], tuple[Text, bool]]
WHY: tuple[tuple[tuple[str, ...], Why], ...] = (
    (("asset",), _why_asset),
    (("cash",), _why_cash),
    (("credit",), _why_credit),
    (("works_money", "road_works"), _why_works),
    (("facilitation",), _why_meeting),
    (("training",), _why_training),
    (("organising",), _why_claims),
)


# -- one life is an anecdote ------------------------------------------------------------------------------------------


def _alike(pair: Pair, number: int) -> dict[str, Any]:
    """What became of 100 households like this one: alike in standing, work and income at the start."""
    people, scenario = pair.start.world.population.household, pair.start.scenario
    rank = np.argsort(np.argsort(people["consumption"], kind="stable")) * 5 // len(people["consumption"])
    same = {
        "fifth": rank == rank[number],
        "stratum": people["stratum"] == people["stratum"][number],
        "activity": people["activity"] == people["activity"][number],
        "head": people["female_head"] == people["female_head"][number],
    }
    like, used = same["fifth"], ["fifth"]
    for name in ("stratum", "activity", "head"):
        narrower = like & same[name]
        if np.count_nonzero(narrower) >= FEWEST:
            like, used = narrower, [*used, name]
    told: dict[str, Any] = {"count": int(np.count_nonzero(like))}
    persons = pair.persons[like]
    for arm in ("none", "a", "b"):
        found = pair.worlds[arm]
        shares = {"poor": found.consumption_post < 1.0, "own": found.own_post >= 1.0}
        told[arm] = {key: round(100.0 * mean(values[like], persons)) for key, values in shares.items()}
    alike = [words(f"alike.{name}") for name in used]
    how = ", ".join(text[0] for text in alike), ", ".join(text[1] for text in alike)
    shares = {"count": told["count"], "a": told["a"]["poor"], "b": told["b"]["poor"], "none": told["none"]["poor"]}
    first, last = ((quarter - scenario.calendar.end) // 4 for quarter in pair.start.judged)
    told["text"] = filled("alike.text", how=how, first=first, last=last, **shares)
    return told
