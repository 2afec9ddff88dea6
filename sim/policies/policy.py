"""What a policy is: a plain function of the villages that returns levers, and what keeps it honest.

Its arguments are what it may see: `budget` (z per person and quarter, one number a village), `quarter`, `since_start`
(quarters since its own start), any column of the villages (read-only), and parameters with a `Param` as default. What
it does not spend is paid to all as dividend. It spends what each village has, or, where it `reallocates`, what all
villages have together.
"""

from __future__ import annotations

import inspect
import linecache
import re
import traceback
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TypeVar

import numpy as np

from sim.agents.territory import LEVERS, MONEY
from sim.engine.rule import Param
from sim.engine.table import State
from sim.errors import PolicyError
from sim.nearest import did_you_mean
from sim.shipped import ours

Decision = TypeVar("Decision", bound=Callable[..., Mapping[str, object]])  # a decorated function keeps its type
NEUTRAL = {lever.name: lever.neutral for lever in LEVERS}
ROW = {lever.name: row for row, lever in enumerate(LEVERS)}
REST = np.array([[lever.neutral] for lever in LEVERS])
GIVEN = ("budget", "quarter", "since_start")  # what a policy may ask for beside the columns of the villages
FACILITATED = ("facilitation", "training", "organising")  # these end with the facilitators, the rest with the funds


@dataclass(frozen=True)
class Policy:
    """A registered policy: the function and what its author says of it.

    Attributes
    ----------
    reallocates
        It may give one village more than another: its budget is that of all villages together.
    ranked
        It is compared with others at equal cost; what acts outside the villages is shown, but has no cost and no rank.
    """

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
    reallocates: bool = False
    ranked: bool = True

    @property
    def code(self) -> str:
        """The short name that its label begins with ("R1"); empty where there is none."""
        first = self.label.split(" ")[0]
        return first if re.fullmatch("[A-Z][0-9][a-z]?", first) else ""

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

    @property
    def ends(self) -> dict[str, tuple[str, ...]]:
        """The levers that are money, by what they end with."""
        paid = [name for name in self.levers if name in MONEY]
        return {
            "the facilitators": tuple(name for name in paid if name in FACILITATED),
            "the funds": tuple(name for name in paid if name not in FACILITATED),
        }

    @property
    def others(self) -> tuple[str, ...]:
        """The levers that are no money: rights, quotas, prices; neutral only when funds and facilitators are gone."""
        return tuple(name for name in self.levers if name not in MONEY)

    def check(self, columns: Collection[str]) -> None:
        """Refuse arguments that nobody can fill.

        Parameters
        ----------
        columns
            The columns of the villages.

        Raises
        ------
        PolicyError
            When an argument is neither budget, quarter, a column of the villages nor a parameter.
        """
        for argument in inspect.signature(self.function).parameters.values():
            name, default = argument.name, argument.default
            if argument.kind is not argument.POSITIONAL_OR_KEYWORD:
                raise PolicyError(f"policy {self.name}: the argument {name} must be a plain named one")
            if default is not argument.empty and not isinstance(default, Param):
                said = f"policy {self.name}: the default of {name} is {default!r}, which is no parameter"
                raise PolicyError(f"{said}; allowed: Param(value, unit, low=..., high=..., source=...)")
            if default is argument.empty and name not in (*GIVEN, *columns):
                near = did_you_mean(name, [*GIVEN, *columns])
                raise PolicyError(f"policy {self.name} asks for {name}, which is no column of villages{near}")


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
    reallocates: bool = False,
    ranked: bool = True,
) -> Callable[[Decision], Decision]:
    """Register a plain function as a policy under its own name.

    Parameters
    ----------
    label, label_id
        Its name in English and Indonesian.
    decides, flows, targets, level, loses_when
        Who decides, what flows, to whom, on which level, and where its author expects it to lose.
    levers
        The only levers that it may set.
    reallocates, ranked
        As in `Policy`.

    Raises
    ------
    PolicyError
        When words are missing, or there is no such lever.

    Notes
    -----
    The function's arguments are what it sees: `budget` (array, one number a village; z per person and quarter),
    `quarter`, `since_start`, columns of the villages by name, and numbers of its own with a `Param` as default. It
    returns lever -> array of that shape, or one number; what it does not spend is paid out as dividend. One that is not
    the project's is asked twice, and refused where it gives two answers: arms differ by what programmes do alone.

    Examples
    --------
    >>> from sim import Param, policy
    >>> @policy(
    ...     label="Works first", label_id="Pekerjaan dahulu", decides="village meeting", flows="works, then cash",
    ...     targets="all", level="grassroots", loses_when="works earn nothing", levers=["works_money", "right_goal"],
    ... )
    ... def works_first(budget, since_start, years=Param(3.0, "years", low=0.0, high=5.0, source="assumption")):
    ...     "Works that the meeting chooses in the first years, cash after them."
    ...     first = since_start < 4 * years
    ...     return {"works_money": budget * first, "right_goal": 1.0 * first}
    >>> works_first(budget=0.04, since_start=0)
    {'works_money': 0.04, 'right_goal': 1.0}
    >>> works_first.policy.ends["the funds"]
    ('works_money',)
    """
    told = {"label": label, "label_id": label_id, "decides": decides, "flows": flows, "targets": targets,
            "level": level, "loses_when": loses_when}  # fmt: skip
    for key, words in told.items():
        if not isinstance(words, str) or not words.strip():
            raise PolicyError(f"{key} is {words!r}; allowed: words in quotes")
    if isinstance(levers, str):
        raise PolicyError(f'levers is {levers!r}; allowed: a list of names, ["{levers}"]')
    for lever in levers:
        if lever not in NEUTRAL:
            raise PolicyError(f"there is no lever {lever}{did_you_mean(lever, NEUTRAL)}")

    def register(function: Decision) -> Decision:
        function.policy = Policy(  # type: ignore[attr-defined]
            function.__name__, function, **told, levers=tuple(levers), reallocates=reallocates, ranked=ranked
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

    @property
    def end(self) -> int:
        """The quarter at which all its money has ended."""
        return max(self.funds_end, self.facilitation_end)

    def budget(self, quarter: int) -> float:
        """Money of the quarter, z per person."""
        return self.dose if self.start <= quarter < self.end else 0.0


def set_levers(programmes: Sequence[Programme], state: State, quarter: int) -> None:
    """Write all levers of the quarter; without money every lever is neutral.

    Raises
    ------
    PolicyError
        When a policy sets a lever that it did not declare, overspends, or contradicts another.
    """
    levers = np.repeat(REST, len(state.layout.codes), axis=1)
    for programme in programmes:
        money = programme.budget(quarter)
        if not money:
            continue
        asked, spent = _checked(programme, state, quarter, money)
        if not ours(programme.policy.function):
            _same_again(programme, asked, _checked(programme, state, quarter, money)[0], quarter)
        for name, numbers in asked.items():
            here = levers[ROW[name]]
            here[:] = here + numbers if name in MONEY else _agreed(programme, name, here, numbers, quarter)
        levers[ROW["dividend"]] += _left(programme.policy, money, spent, state)
    state.arrays["village"][[state.index[name][1] for name in NEUTRAL]] = levers


def _same_again(
    programme: Programme, asked: Mapping[str, np.ndarray], again: Mapping[str, np.ndarray], quarter: int
) -> None:
    """Refuse a policy that answers the same question in two ways: its arms would differ by more than what it does."""
    for name in {**asked, **again}:
        if name in asked and name in again and np.array_equal(asked[name], again[name]):
            continue
        said = f"policy {programme.policy.name}, quarter {quarter}: asked twice, it set {name} in two ways"
        raise PolicyError(f"{said}; allowed: what follows from its arguments alone, without chance, clock or memory")


def _left(about: Policy, money: float, spent: np.ndarray, state: State) -> np.ndarray | float:
    """What is left for the dividend, z per person: in each village, or where a policy reallocates, in all alike."""
    return max(0.0, money - _together(spent, state)) if about.reallocates else money - spent


def _together(spent: np.ndarray, state: State) -> float:
    """Spending of all villages together, z per person."""
    persons = state["persons"]
    return float((spent * persons).sum() / persons.sum())


def _agreed(programme: Programme, name: str, there: np.ndarray, asked: np.ndarray, quarter: int) -> np.ndarray:
    """A lever that is not money, as several programmes set it; a neutral value asks for nothing, whoever comes first."""
    neutral = NEUTRAL[name]
    if not (there != neutral).any():  # nobody asked before
        return asked
    if np.any((asked != neutral) & (there != neutral) & (there != asked)):
        said = f"policy {programme.policy.name} and another set {name} differently in the same village"
        raise PolicyError(f"{said} in quarter {quarter}; allowed: the same value, or the neutral one")
    return np.where(asked != neutral, asked, there)


def _decided(programme: Programme, state: State, quarter: int, money: float) -> Mapping[str, object]:
    """What a policy decides, unchecked; whatever it raises is told with its line."""
    about = programme.policy
    clock = {"quarter": quarter, "since_start": quarter - programme.start}
    arguments: dict[str, object] = {}
    for name, default in about.arguments.items():
        if isinstance(default, Param):
            arguments[name] = programme.settings.get(name, float(default))
        elif name == "budget" or name in clock:
            arguments[name] = np.full(len(state.layout.codes), money) if name == "budget" else clock[name]
        else:
            if state.index.get(name, ("",))[0] != "village":
                about.check([column for column, (table, _) in state.index.items() if table == "village"])
            arguments[name] = _seen(state[name])
    try:
        decided = about.function(**arguments)
    except Exception as error:  # the code is a user's: whatever it raises ends in one sentence
        seen = [name for name in arguments if name not in (*GIVEN, *about.parameters)]
        raise PolicyError(f"policy {about.name}, quarter {quarter}: {_raised(about, error, seen)}") from error
    if not isinstance(decided, Mapping):
        said = f"policy {about.name}, quarter {quarter}: returned {_short(decided)}"
        raise PolicyError(f'{said}; allowed: levers by name, such as {{"works_money": budget}}, or {{}}')
    return decided


def _raised(about: Policy, error: Exception, seen: Sequence[str]) -> str:
    """What a policy raised, and where; who wrote into a column that it may only see is told which."""
    file = about.function.__code__.co_filename
    at = [frame for frame in traceback.extract_tb(error.__traceback__) if frame.filename == file]
    where = f"{Path(file).name}, line {at[-1].lineno}: " if at else ""
    if not (at and seen and isinstance(error, ValueError) and "read-only" in str(error)):
        return f"{where}{type(error).__name__}: {error}"
    last = at[-1]
    line = linecache.getline(file, last.lineno or 0).encode()  # places in a line are counted in bytes
    end = last.end_colno if last.end_lineno == last.lineno else None
    words = re.findall(r"\w+", line[last.colno : end].decode(errors="replace"))
    written = next((word for word in words if word in seen), " or ".join(seen))
    return f"{where}tried to change {written}, which a policy may only see; allowed: to return levers"


def _short(value: object) -> str:
    """A value as it is told: at most 60 characters."""
    shown = " ".join(repr(value).split())
    return shown if len(shown) <= 60 else f"{shown[:59]}…"


def _checked(
    programme: Programme, state: State, quarter: int, money: float
) -> tuple[dict[str, np.ndarray], np.ndarray]:
    """What a policy decided, checked: declared levers only, within their bounds and the budget.

    Returns
    -------
    asked, spent
        Lever -> what it is set to, one number or one a village; and the money of all of them, z per person.
    """
    about, villages = programme.policy, len(state.layout.codes)
    who = f"policy {about.name}, quarter {quarter}:"
    asked: dict[str, np.ndarray] = {}
    spent = np.zeros(villages)
    decided = _decided(programme, state, quarter, money)
    for name, value in decided.items():
        if name not in about.levers:
            levers = ", ".join(about.levers) or "none"
            what = "it did not declare" if name in NEUTRAL else f"is no lever{did_you_mean(name, NEUTRAL)}"
            raise PolicyError(f"{who} set {name}, which {what}; allowed: {levers}")
        lever, numbers = LEVERS[ROW[name]], _numbers(value, villages, f"{who} set {name} to")
        if not (lever.low <= numbers.min() and numbers.max() <= lever.high):
            given = np.broadcast_to(numbers, villages)
            village = int(np.flatnonzero(~((given >= lever.low) & (given <= lever.high)))[0])
            found = f"{who} set {name} outside [{lever.low:g}, {lever.high:g}] {lever.unit}"
            raise PolicyError(f"{found}: {given[village]:g} in village {state.layout.codes[village]}")
        if name in MONEY:
            if quarter >= (programme.facilitation_end if name in FACILITATED else programme.funds_end):
                continue
            spent += numbers
        asked[name] = numbers
    used = np.array([_together(spent, state)]) if about.reallocates else spent
    if used.max() > money * (1.0 + 1e-12):
        levers = ", ".join(name for name in decided if name in MONEY)
        place = "all villages together" if about.reallocates else f"village {state.layout.codes[int(used.argmax())]}"
        said = f"{who} spent {used.max():.6g} z per person and quarter on {levers} in {place}"
        raise PolicyError(f"{said}; allowed: the budget, {money:.6g}")
    return asked, spent


def _numbers(value: object, villages: int, who: str) -> np.ndarray:
    """What a lever is set to, as one number or one number a village."""
    try:
        numbers = np.asarray(value)
    except ValueError:  # lists of different lengths
        numbers = np.empty(0, object)
    if numbers.dtype.kind not in "fiub" or numbers.shape not in ((), (villages,)):
        what = f"an array of shape {numbers.shape}" if isinstance(value, np.ndarray) else _short(value)
        raise PolicyError(f"{who} {what}; allowed: a number, or one number a village ({villages})")
    return numbers


def _seen(column: np.ndarray) -> np.ndarray:
    """A column of the villages, as a policy may see it: a copy that cannot be written to."""
    copied = column.copy()
    copied.flags.writeable = False
    return copied
