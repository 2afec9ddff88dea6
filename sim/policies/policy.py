"""What a policy is: a plain function of the villages that returns levers, and what keeps it honest.

Its arguments are what it may see: `budget` (z per person and quarter, one number a village), `quarter`, any column of
the villages (read-only), and parameters with a `Param` as default. What it does not spend is paid to all as dividend.
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

BOUNDS = {lever.name: lever for lever in LEVERS}
NEUTRAL = {lever.name: lever.neutral for lever in LEVERS}
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
    total = {name: np.full(len(state.layout.codes), neutral) for name, neutral in NEUTRAL.items()}
    for programme in programmes:
        budget = np.full(len(state.layout.codes), programme.budget(quarter))
        if not budget.any():
            continue
        wanted = _decided(programme, state, quarter, budget)
        for name, value in wanted.items():
            if name in MONEY:
                total[name] += value
                continue
            asked = value != NEUTRAL[name]  # a neutral value asks for nothing, whoever comes first
            if np.any(asked & (total[name] != NEUTRAL[name]) & (total[name] != value)):
                raise PolicyError(
                    f"policy {programme.policy.name} and another set {name} differently in the same village"
                )
            total[name] = np.where(asked, value, total[name])
        spent = sum((wanted[name] for name in wanted if name in MONEY), np.zeros(len(budget)))
        total["dividend"] += budget - spent
    for name, value in total.items():
        state[name] = value


def _decided(programme: Programme, state: State, quarter: int, budget: np.ndarray) -> dict[str, np.ndarray]:
    """What a policy decides, checked: declared levers only, within their bounds and the budget."""
    about = programme.policy
    arguments: dict[str, object] = {}
    for name, default in about.arguments.items():
        if isinstance(default, Param):
            arguments[name] = programme.settings.get(name, float(default))
        elif name in ("budget", "quarter"):
            arguments[name] = budget.copy() if name == "budget" else quarter
        else:
            arguments[name] = _seen(about, name, state)
    decided = {
        name: np.zeros(len(budget)) + np.asarray(value, float) for name, value in about.function(**arguments).items()
    }
    for name, value in decided.items():
        if name not in about.levers:
            raise PolicyError(
                f"policy {about.name} set {name}, which is not among its levers ({', '.join(about.levers)})"
            )
        low, high = BOUNDS[name].low, BOUNDS[name].high
        if not np.all((value >= low) & (value <= high)):
            raise PolicyError(f"policy {about.name} set {name} outside [{low}, {high}] {BOUNDS[name].unit}")
        if name in MONEY and quarter >= (programme.facilitation_end if name in FACILITATED else programme.funds_end):
            decided[name] = np.zeros(len(budget))
    spent = sum((value for name, value in decided.items() if name in MONEY), np.zeros(len(budget)))
    if np.any(spent > budget * (1.0 + 1e-12)):
        raise PolicyError(f"policy {about.name} spent {spent.max():.6g} z per person and quarter of {budget.max():.6g}")
    return decided


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
