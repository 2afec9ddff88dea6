"""What a policy is: a plain function of the villages that returns levers, and what keeps it honest.

Its arguments are what it may see: `budget` (z per person and quarter, one number a village), `quarter`, `since_start`
(quarters since its own start), any column of the villages (read-only), and parameters with a `Param` as default. What
it does not spend is paid to all as dividend.
"""

from __future__ import annotations

import difflib
import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from sim.agents.territory import LEVERS, MONEY
from sim.engine.rule import Param
from sim.engine.table import State

NEUTRAL = {lever.name: lever.neutral for lever in LEVERS}
ROW = {lever.name: row for row, lever in enumerate(LEVERS)}
LOW, HIGH = (np.array([[getattr(lever, end)] for lever in LEVERS]) for end in ("low", "high"))
PAID = np.array([lever.name in MONEY for lever in LEVERS])
FACILITATED = ("facilitation", "training")  # these end with the facilitators, the rest with the funds


class PolicyError(ValueError):
    """A policy did what it may not; the message names it."""


@dataclass(frozen=True)
class Policy:
    """A registered policy: the function and what its author says of it."""

    name: str
    function: Callable[..., Mapping[str, object]]
    label: str
    label_id: str
    decides: str
    flows: str
    targets: str
    level: str
    loses_when: str
    levers: tuple[str, ...]

    @property
    def meaning(self) -> str:
        """The docstring's first line."""
        return (inspect.getdoc(self.function) or "").split("\n")[0]

    @cached_property
    def arguments(self) -> dict[str, object]:
        """Its arguments and their defaults."""
        return {p.name: p.default for p in inspect.signature(self.function).parameters.values()}

    @property
    def parameters(self) -> dict[str, Param]:
        """Its own numbers, which a scenario sets under `settings`."""
        return {name: default for name, default in self.arguments.items() if isinstance(default, Param)}


def policy(
    *,
    label: str,
    label_id: str,
    decides: str,
    flows: str,
    targets: str,
    level: str,
    loses_when: str,
    levers: Sequence[str],
) -> Callable:
    """Register a plain function as a policy under its own name.

    Parameters
    ----------
    label, label_id
        Its name in English and Indonesian.
    decides, flows, targets, level, loses_when
        Who decides, what flows, to whom, on which level, and where its author expects it to lose.
    levers
        The only levers that it may set.
    """
    for lever in levers:
        if lever not in NEUTRAL:
            near = difflib.get_close_matches(lever, NEUTRAL, 1)
            raise PolicyError(f"there is no lever {lever}" + (f"; did you mean {near[0]}?" if near else ""))

    def register(function: Callable) -> Callable:
        function.policy = Policy(  # type: ignore[attr-defined]
            function.__name__, function, label, label_id, decides, flows, targets, level, loses_when, tuple(levers)
        )
        return function

    return register


@dataclass(frozen=True)
class Programme:
    """A policy with its money and its dates: z per person and quarter from `start` until the two exits (quarters)."""

    policy: Policy
    dose: float
    start: int = -(10**6)
    funds_end: int = 10**6
    facilitation_end: int = 10**6
    settings: Mapping[str, float] = field(default_factory=dict)

    def budget(self, quarter: int) -> float:
        """Money of the quarter, z per person."""
        return self.dose if self.start <= quarter < max(self.funds_end, self.facilitation_end) else 0.0


def set_levers(programmes: Sequence[Programme], state: State, quarter: int) -> None:
    """Write all levers of the quarter; without money every lever is neutral.

    Raises
    ------
    PolicyError
        When a policy sets a lever that it did not declare, overspends, or contradicts another.
    """
    villages = len(state.layout.codes)
    levers = np.repeat([[neutral] for neutral in NEUTRAL.values()], villages, axis=1)
    for programme in programmes:
        money = programme.budget(quarter)
        if not money:
            continue
        rows, asked = _decided(programme, state, quarter, np.full(villages, money))
        paid = PAID[rows]
        levers[rows[paid]] += asked[paid]
        levers[ROW["dividend"]] += money - asked[paid].sum(axis=0)
        _combine(programme, levers, rows[~paid], asked[~paid])
    state.arrays["village"][[state.index[name][1] for name in NEUTRAL]] = levers


def _combine(programme: Programme, levers: np.ndarray, rows: np.ndarray, asked: np.ndarray) -> None:
    """Set levers that are not money; a neutral value asks for nothing, whoever comes first."""
    there, neutral = levers[rows], np.array(list(NEUTRAL.values()))[rows, np.newaxis]
    contradicts = (asked != neutral) & (there != neutral) & (there != asked)
    if contradicts.any():
        name = LEVERS[rows[contradicts.any(axis=1)][0]].name
        raise PolicyError(f"policy {programme.policy.name} and another set {name} differently in the same village")
    levers[rows] = np.where(asked != neutral, asked, there)


def _decided(programme: Programme, state: State, quarter: int, budget: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """What a policy decides, checked: declared levers only, within their bounds and the budget.

    Returns
    -------
    rows, values
        Places of the levers in `LEVERS`, and what they are set to, [lever, village].
    """
    about = programme.policy
    clock = {"quarter": quarter, "since_start": quarter - programme.start}
    arguments: dict[str, object] = {}
    for name, default in about.arguments.items():
        if isinstance(default, Param):
            arguments[name] = programme.settings.get(name, float(default))
        elif name == "budget" or name in clock:
            arguments[name] = budget.copy() if name == "budget" else clock[name]
        else:
            arguments[name] = _seen(about, name, state)
    decided = about.function(**arguments)
    for name in decided:
        if name not in about.levers:
            raise PolicyError(
                f"policy {about.name} set {name}, which is not among its levers ({', '.join(about.levers)})"
            )
    rows, values = np.array([ROW[name] for name in decided], int), np.empty((len(decided), len(budget)))
    for row, value in zip(values, decided.values(), strict=True):
        row[:] = value
    outside = ~((values >= LOW[rows]) & (values <= HIGH[rows])).all(axis=1)
    if outside.any():
        lever = LEVERS[rows[outside][0]]
        raise PolicyError(f"policy {about.name} set {lever.name} outside [{lever.low}, {lever.high}] {lever.unit}")
    ends = [programme.facilitation_end if name in FACILITATED else programme.funds_end for name in decided]
    values[PAID[rows] & (quarter >= np.array(ends))] = 0.0
    spent = values[PAID[rows]].sum(axis=0)
    if np.any(spent > budget * (1.0 + 1e-12)):
        raise PolicyError(f"policy {about.name} spent {spent.max():.6g} z per person and quarter of {budget.max():.6g}")
    return rows, values


def _seen(about: Policy, name: str, state: State) -> np.ndarray:
    """A column of the villages, as a policy may see it: a copy that cannot be written to."""
    if name not in state.index or state.index[name][0] != "village":
        columns = [n for n, (table, _) in state.index.items() if table == "village"]
        near = difflib.get_close_matches(name, columns, 1)
        raise PolicyError(
            f"policy {about.name} asks for {name}, which is no column of villages"
            + (f"; did you mean {near[0]}?" if near else "")
        )
    column = state[name].copy()
    column.flags.writeable = False
    return column
