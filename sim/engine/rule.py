"""Rules: a plain scalar function of one agent; its name is the column it sets, its argument names are the wiring."""

from __future__ import annotations

import ast
import inspect
import textwrap
import types
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TypeVar

from .table import INFINITY, Table

Formula = TypeVar("Formula", bound=Callable[..., float])  # a decorated function keeps its type
BUILTINS = ("abs", "float", "int", "max", "min", "range")  # what plain Python and compiled code compute alike


class Param(float):
    """A number with unit, source and range, which a scenario may override as ``rule.argument``.

    A `what_if` is off at its value; elsewhere in its range the model is another one. It is no uncertainty of this one,
    so that nothing draws it but a variant or a scenario that asks for it.

    Parameters
    ----------
    value
        The default, in `unit`.
    unit
        In words: "share", "z per person and quarter".
    source
        Where the number comes from, and how well it is known: a citation, "from memory", "assumption".
    low, high
        Its range: what a scenario may set and a calibration draws.
    what_if
        As above.

    Raises
    ------
    ValueError
        When the value lies outside its own range.

    Examples
    --------
    >>> from sim import Param
    >>> share = Param(0.3, "share of budget", low=0.1, high=0.65, source="15-30 % in PNPM (from memory)")
    >>> 2 * share, share.unit, share.high
    (0.6, 'share of budget', 0.65)
    >>> Param(2.0, "share", low=0.0, high=1.0, source="assumption")
    Traceback (most recent call last):
    ValueError: parameter value 2.0 lies outside its own range [0.0, 1.0]
    """

    unit: str
    source: str
    low: float
    high: float
    what_if: bool

    def __new__(cls, value: float, unit: str, *, source: str, low: float, high: float, what_if: bool = False) -> Param:
        self = super().__new__(cls, value)
        self.unit, self.source, self.low, self.high, self.what_if = unit, source, float(low), float(high), what_if
        if not low <= value <= high:
            raise ValueError(f"parameter value {value} lies outside its own range [{low}, {high}]")
        return self

    def __getnewargs_ex__(self) -> tuple[tuple, dict]:
        about = {"source": self.source, "low": self.low, "high": self.high, "what_if": self.what_if}
        return (float(self), self.unit), about


@dataclass(frozen=True)
class Normal:
    """A standard normal draw, keyed by seed, rule.argument, agent and quarter, and by nothing else."""


@dataclass(frozen=True)
class Uniform:
    """A uniform draw in (0, 1), keyed as `Normal` is; `of` another rule's draw, by its full name: the same numbers."""

    of: str = ""


@dataclass(frozen=True)
class Same:
    """Another rule's parameter, by its full name: one number, for two rules about the same people."""

    name: str


@dataclass(frozen=True)
class Last:
    """Last quarter's value of a column."""

    name: str

    def __str__(self) -> str:
        return f"last {self.name}"


Reading = str | Last


@dataclass(frozen=True)
class Aggregate:
    """What every aggregate has: the column it is over, and how often a sorted one is refreshed."""

    of: Reading

    def readings(self) -> list[Reading]:
        """The columns this aggregate reads."""
        return [r for r in (getattr(self, f, None) for f in self.__dataclass_fields__) if isinstance(r, str | Last)]

    def __str__(self) -> str:
        parts = [
            f"{f}={getattr(self, f)}"
            for f in self.__dataclass_fields__
            if f != "of" and getattr(self, f) != self.__dataclass_fields__[f].default
        ]
        return f"{type(self).__name__}({', '.join([str(self.of), *parts])})"


@dataclass(frozen=True)
class Sum(Aggregate):
    """Sum over the members, times `weight` and `where` (0/1); `by` gives one sum for each row of the kind's table."""

    where: Reading | None = None
    weight: Reading | None = None
    by: Reading | None = None


@dataclass(frozen=True)
class Mean(Sum):
    """Weighted mean over the members; 0 where there is nobody."""


@dataclass(frozen=True)
class Gini(Aggregate):
    """Gini coefficient over the members."""

    weight: Reading | None = None
    every: int = 1


@dataclass(frozen=True)
class Quantile(Aggregate):
    """The value at share `at` of the members, counted by weight."""

    at: float = 0.5
    weight: Reading | None = None
    every: int = 1


@dataclass(frozen=True)
class Mode(Aggregate):
    """The most frequent of the whole numbers from 0; the lowest of equals."""


@dataclass(frozen=True)
class ArgMax(Aggregate):
    """The number (from 0) of the member with the largest value; the first of equals."""


@dataclass(frozen=True)
class Ahead(Aggregate):
    """Sum of a column over the members that stand before this one when sorted by `by`, lowest first."""

    by: Reading = ""
    every: int = 1


@dataclass(frozen=True)
class Rank(Aggregate):
    """Share of the members that stand before this one, lowest value first."""

    every: int = 1


@dataclass(frozen=True)
class TieSum(Aggregate):
    """Sum over an agent's ties of a flow from the first to the second end: received less given."""


@dataclass(frozen=True)
class TieTotal(Aggregate):
    """Sum over an agent's ties of a column of the tie, the same for both ends."""


@dataclass(frozen=True)
class TieMean(Aggregate):
    """Mean of a column over the agents that one has ties with, weighted by a column of the tie."""

    weight: Reading | None = None


@dataclass(frozen=True)
class Row(Aggregate):
    """The value in the row number `at` of a nested table of the same village."""

    at: Reading | Aggregate = ""


@dataclass(frozen=True)
class End(Aggregate):
    """The value at one end (0 or 1) of a tie."""

    end: int = 0


@dataclass(frozen=True)
class Rule:
    """A registered rule: the function and what its signature says."""

    name: str
    table: Table
    function: Callable[..., float]
    unit: str
    low: float
    high: float
    arguments: tuple[tuple[str, object], ...]
    every: int = 1

    @property
    def meaning(self) -> str:
        """First line of the docstring."""
        return (inspect.getdoc(self.function) or "").split("\n")[0]

    @property
    def mechanism(self) -> str:
        """The file that the rule lives in."""
        return self.function.__module__.rsplit(".", 1)[-1]

    @property
    def parameters(self) -> dict[str, Param]:
        """Its parameters by their full names."""
        return {f"{self.name}.{a}": m for a, m in self.arguments if isinstance(m, Param)}


def rule(
    table: Table, unit: str, low: float = -INFINITY, high: float = INFINITY, every: int = 1
) -> Callable[[Formula], Formula]:
    """Register a plain function as the rule of the column that bears its name.

    Parameters
    ----------
    table
        The kind of agent that the rule is about.
    unit
        Unit of the column.
    low, high
        Bounds that the column never leaves; every rule is tested against them.
    every
        The column is set in quarters that this divides, and stands in between.

    Raises
    ------
    TypeError
        When an argument is no column, parameter, draw or aggregate, or the function reaches what it may not.

    Examples
    --------
    The function stays a plain one; its defaults are the wiring.

    >>> from sim import Param, rule
    >>> from sim.agents import village
    >>> from sim.engine.rule import Last
    >>> @rule(village, "share", 0.0, 1.0)
    ... def capture(
    ...     quality=Last("institution_quality"), tilt=Param(0.1, "share", low=0.0, high=0.3, source="assumption")
    ... ):
    ...     "Weight of the elite's own interest in what is decided in the village."
    ...     return tilt * (1.0 - quality)
    >>> capture(quality=0.5)
    0.05
    >>> capture.rule.name, capture.rule.unit, list(capture.rule.parameters)
    ('capture', 'share', ['capture.tilt'])
    """

    def register(function: Formula) -> Formula:
        arguments = tuple(
            _argument(function, parameter) for parameter in inspect.signature(function).parameters.values()
        )
        reaches(function)
        _one_return(function)
        function.rule = Rule(function.__name__, table, function, unit, low, high, arguments, every)  # type: ignore[attr-defined]
        return function

    return register


def _argument(function: Callable, parameter: inspect.Parameter) -> tuple[str, object]:
    """Name and marker of one argument; a column is marked by its own name."""
    if parameter.kind is not parameter.POSITIONAL_OR_KEYWORD:
        raise TypeError(f"rule {function.__name__}: argument {parameter.name} must be a plain named one")
    if parameter.default is parameter.empty:
        return parameter.name, Last(parameter.name) if parameter.name == function.__name__ else parameter.name
    if isinstance(parameter.default, Param | Same | Normal | Uniform | Last | Aggregate):
        return parameter.name, parameter.default
    raise TypeError(
        f"rule {function.__name__}: the default of {parameter.name} is {parameter.default!r}; "
        "allowed are Param, Same, Normal, Uniform, Last and the aggregates"
    )


#: What a rule is written in: both lanes make the same of it. An attribute is told by what it is of (`reaches`).
WRITTEN = (
    ast.Assign, ast.AugAssign, ast.AnnAssign, ast.If, ast.Return, ast.Name, ast.Constant, ast.BinOp, ast.UnaryOp,
    ast.BoolOp, ast.Compare, ast.IfExp, ast.Call, ast.Tuple, ast.Attribute, ast.Expr,
)  # fmt: skip


def _one_return(function: Callable) -> None:
    """A rule is a docstring, perhaps some assignments, and one return at its end."""
    (definition,) = ast.parse(textwrap.dedent(inspect.getsource(function))).body
    returns = [node for node in ast.walk(definition) if isinstance(node, ast.Return)]
    if not inspect.getdoc(function):
        raise TypeError(f"rule {function.__name__} has no docstring: say what the column means")
    if len(returns) != 1 or returns[0] is not definition.body[-1] or returns[0].value is None:  # type: ignore[attr-defined]
        raise TypeError(f"rule {function.__name__} must have one return, at its end")
    arguments = inspect.signature(function).parameters
    _, *body = definition.body  # type: ignore[attr-defined]
    for node in (node for statement in body for node in ast.walk(statement)):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store) and node.id in arguments:
            raise TypeError(f"rule {function.__name__} sets its argument {node.id} anew; give the result its own name")
        if isinstance(node, ast.Constant) and not isinstance(node.value, float | int):
            raise TypeError(f"rule {function.__name__} uses {node.value!r}; it computes with numbers only")
        if isinstance(node, ast.stmt | ast.expr) and not isinstance(node, WRITTEN):
            kind = type(node).__name__.lower()
            raise TypeError(f"rule {function.__name__} uses {kind}: it is assignments, conditions, and one return")
        if isinstance(node, ast.Return) and isinstance(node.value, ast.Tuple):
            raise TypeError(f"rule {function.__name__} returns several values; a column has one")
        if isinstance(node, ast.Pow):
            raise TypeError(f"rule {function.__name__} uses **, where lanes round apart: write x * x or power(x, y)")


def reaches(function: Callable) -> dict[str, object]:
    """The numbers and plain functions that a rule uses from its module; anything else is refused by name."""
    found: dict[str, object] = {}
    names = inspect.getclosurevars(function)
    for name, value in {**names.globals, **names.nonlocals}.items():
        if not isinstance(value, int | float | types.FunctionType):
            raise TypeError(
                f"{function.__module__}.{function.__name__} uses {name} ({type(value).__name__}); "
                "a rule may reach numbers, plain functions and the engine's functions only"
            )
        if isinstance(value, types.FunctionType) and not value.__module__.startswith(f"{__package__}."):
            reaches(value)
        found[name] = value
    for name in names.builtins:
        if name not in BUILTINS:
            allowed = ", ".join(BUILTINS)
            raise TypeError(f"{function.__module__}.{function.__name__} uses {name}; it may use {allowed}")
    unknown = [name for name in names.unbound if name not in function.__code__.co_varnames]
    if unknown:
        raise TypeError(
            f"{function.__module__}.{function.__name__} uses {unknown[0]}, which is not defined in its file"
        )
    return found


def rules_of(modules: Iterable[types.ModuleType]) -> list[Rule]:
    """All rules of some modules, in the order in which they are written."""
    return [value.rule for module in modules for value in vars(module).values() if hasattr(value, "rule")]
