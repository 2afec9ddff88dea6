"""Metrics: what is measured of a world, as plain functions of its columns.

A metric is a plain function with a decorator. Its name is the name of the series; its argument names are the wiring:

- a name of a function that is declared as `shared`, and that the metric's file knows, is what that function returns;
  ``persons``, the person weight of each household, is known everywhere;
- ``village_quality`` (any name that starts with ``village_``) is the column ``quality`` of the village table;
- ``nation_macro_trend`` (any name that starts with ``nation_``) is the column ``macro_trend`` of the nation;
- every other name is a column of the household table.

Each file of this package is one family. A function with the decorator in any of them is found by `catalogue`; nothing
else has to be edited. The plain functions beside them (no decorator) serve the comparison of arms and the report.

Library functions return shares between 0 and 1; series return the unit that they declare (often per cent).
"""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, SupportsFloat, TypeVar

import numpy as np

from sim.errors import InputError
from sim.shipped import ours

#: The rural poverty line in model money, z per person and quarter. Frozen; a grid of 0.9, 1 and 1.1 is printed beside.
LINE = 1.0
DIRECTIONS = ("lower", "higher", "neither")
Quantity = TypeVar("Quantity", bound=Callable[..., Any])
Measure = TypeVar("Measure", bound=Callable[..., SupportsFloat])  # a decorated function keeps its type
PREFIXES = {"village_": "village", "nation_": "nation"}


@dataclass(frozen=True)
class Metric:
    """One number that is followed through time.

    Attributes
    ----------
    name : str
        Name of the series: the name of the function.
    label : str
        Words for an axis or a table.
    unit : str
        Unit of the returned number.
    meaning : str
        First line of the function's docstring.
    better : str
        ``lower``, ``higher`` or ``neither``: the direction that counts as an improvement.
    function : callable
        The plain function, columns in, one float out.
    every : int
        Computed once in this many quarters, at the last of them (4: quarters 3, 7, 11 ...); above 1 where it sorts.
    wiring : tuple
        What each argument of the function stands for: a (table, column) pair, or a function declared as `shared`.
    """

    name: str
    label: str
    unit: str
    meaning: str
    better: str
    function: Callable[..., SupportsFloat]
    every: int = 1
    wiring: tuple[Any, ...] = ()

    @property
    def reads(self) -> tuple[tuple[str, str], ...]:
        """The (table, column) pairs that the metric needs."""
        return _columns(self.wiring)

    def due(self, quarter: int) -> bool:
        """Whether the metric is computed in this quarter."""
        return (quarter + 1) % self.every == 0


def shared(function: Quantity) -> Quantity:
    """Declare a quantity that several metrics need: wired as a metric is, and computed once a quarter for all of them.

    Examples
    --------
    >>> import numpy as np
    >>> from sim.metrics import metric, shared
    >>> @shared
    ... def comfortable(consumption):
    ...     "Whether each household lives above two lines."
    ...     return consumption > 2.0
    >>> @metric("comfortable households", unit="% of households", better="higher")
    ... def comfortable_share(comfortable):
    ...     "Households above two lines, each counting once, %."
    ...     return 100.0 * comfortable.mean()
    >>> comfortable_share.metric.reads
    (('household', 'consumption'),)
    """
    function.wiring = _wiring(function)  # type: ignore[attr-defined]
    return function


def _wiring(function: Callable) -> tuple[Any, ...]:
    """What the arguments of a metric, or of a shared quantity, stand for: a (table, column) pair or a shared one."""
    found: list[Any] = []
    for argument in inspect.signature(function).parameters:
        known = function.__globals__.get(argument, persons if argument == "persons" else None)
        prefix = next((prefix for prefix in PREFIXES if argument.startswith(prefix)), "")
        column = PREFIXES.get(prefix, "household"), argument.removeprefix(prefix)
        found.append(known if hasattr(known, "wiring") else column)
    return tuple(found)


def _columns(wiring: Iterable[Any]) -> tuple[tuple[str, str], ...]:
    """The (table, column) pairs behind some arguments."""
    return tuple(pair for one in wiring for pair in (_columns(one.wiring) if callable(one) else (one,)))


@shared
def persons(size: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """Person weight of each household: household size times survey weight."""
    return size * weight


def metric(label: str, *, unit: str, better: str, every: int = 1) -> Callable[[Measure], Measure]:
    """Declare a plain function as a metric; the function itself stays as it is.

    Parameters
    ----------
    label : str
        Words for an axis or a table.
    unit : str
        Unit of the number that the function returns.
    better : str
        ``lower``, ``higher`` or ``neither``.
    every : int
        Compute once in this many quarters.

    Raises
    ------
    ValueError
        When the direction is none, `every` is below 1, or the function has no docstring.

    Examples
    --------
    Arrays have one value a household; `persons` is household size times survey weight.

    >>> import numpy as np
    >>> from sim.metrics import metric
    >>> @metric("comfortable: above two lines", unit="% of persons", better="higher")
    ... def comfortable(consumption, persons):
    ...     "Persons whose real consumption is above two poverty lines, %."
    ...     return 100.0 * persons[consumption > 2.0].sum() / persons.sum()
    >>> float(comfortable(np.array([0.8, 2.5]), np.array([3.0, 1.0])))
    25.0
    >>> comfortable.metric.unit, comfortable.metric.reads[0]
    ('% of persons', ('household', 'consumption'))
    """
    if better not in DIRECTIONS:
        raise ValueError(f"metric {label!r}: better must be one of {', '.join(DIRECTIONS)}, not {better!r}")
    if every < 1:
        raise ValueError(f"metric {label!r}: every must be at least 1 quarter, not {every}")

    def declare(function: Measure) -> Measure:
        documentation = inspect.getdoc(function)
        if not documentation:
            raise ValueError(f"metric {function.__name__!r} has no docstring: its first line is printed as its meaning")
        function.metric = Metric(  # type: ignore[attr-defined]
            name=function.__name__,
            label=label,
            unit=unit,
            meaning=documentation.splitlines()[0],
            better=better,
            function=function,
            every=every,
            wiring=_wiring(function),
        )
        return function

    return declare


def catalogue() -> dict[str, Metric]:
    """Return every metric of the package by name: files in alphabetical order, and in a file as written.

    Raises
    ------
    ValueError
        If two files declare a metric of the same name.
    """
    found: dict[str, Metric] = {}
    for module_name in sorted(information.name for information in pkgutil.iter_modules(__path__)):
        module = importlib.import_module(f"{__name__}.{module_name}")
        for thing in vars(module).values():
            declared = getattr(thing, "metric", None)
            # An imported metric belongs to the file that wrote it.
            if not isinstance(declared, Metric) or declared.function.__module__ != module.__name__:
                continue
            if declared.name in found:
                other = found[declared.name].function.__module__
                raise ValueError(f"metric {declared.name!r} is declared in both {other} and {module.__name__}")
            found[declared.name] = declared
    return found


def measure(
    metrics: Iterable[Metric], column: Callable[[str, str], np.ndarray], quarter: int | None = None
) -> dict[str, float]:
    """Compute the metrics that are due in a quarter.

    Parameters
    ----------
    metrics : iterable of Metric
        For example ``catalogue().values()``.
    column : callable
        ``column(table, name)`` returns a 1-D array: the state of a model.
    quarter : int, optional
        Quarter just finished; without it every metric is computed.

    Returns
    -------
    dict of str to float
        Value by metric name, in the order given.
    """
    at_hand: dict[Any, Any] = {}

    def look(argument: Any) -> Any:
        """A column of this quarter, or a shared quantity: each is made once, and none can be written to."""
        if argument not in at_hand:
            found = argument(*map(look, argument.wiring)) if callable(argument) else column(*argument).view()
            if isinstance(found, np.ndarray):
                found.flags.writeable = False
            at_hand[argument] = found
        return at_hand[argument]

    def number(one: Metric) -> float:
        value: Any = one.function(*map(look, one.wiring))
        if value is None or isinstance(value, str) or np.ndim(value):  # of a user's own metric
            raise InputError(f"metric {one.name}: returned a {type(value).__name__}; allowed: one number")
        return float(value)

    due = [one for one in metrics if quarter is None or one.due(quarter)]
    found = {one.name: number(one) for one in due}
    for one in due:
        if not ours(one.function) and not np.array_equal(number(one), found[one.name], equal_nan=True):
            said = f"metric {one.name}: asked twice, it gave two numbers"
            raise InputError(f"{said}; allowed: what follows from its arguments alone, without chance, clock or memory")
    return found


def mean(values: np.ndarray, weights: np.ndarray) -> float:
    """Weighted mean; nan where the weights sum to zero.

    Multiplies and sums instead of calling a dot product: BLAS splits long vectors over threads, and the last bit of
    a result must not depend on their number.

    Parameters
    ----------
    values : array, shape (n,)
        Any unit; booleans give a share.
    weights : array, shape (n,)
        Persons or household weights.
    """
    total = weights.sum()
    return float((values * weights).sum() / total) if total > 0 else float("nan")


def group_mean(values: np.ndarray, weights: np.ndarray, group: np.ndarray, count: int = 0) -> np.ndarray:
    """Weighted mean of each group; nan for an empty group.

    Parameters
    ----------
    values, weights : array, shape (n,)
        Values and their weights.
    group : int array, shape (n,)
        Group of each row, 0 ... count - 1 (for example the village of each household).
    count : int
        Number of groups, at the least; there are as many as the highest code plus one.

    Returns
    -------
    array, shape (count,)
    """
    total = np.bincount(group, weights, minlength=count)
    weighted = np.bincount(group, values * weights, minlength=count)
    return np.divide(weighted, total, out=np.full(total.shape, np.nan), where=total > 0)
