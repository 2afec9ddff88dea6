"""Fields of a scenario: each carries its meaning, its unit and, in words, what it allows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field
from pydantic_core import PydanticCustomError


class Frozen(BaseModel):
    """Base of all parts: nothing unknown, nothing converted, nothing changed afterwards."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)


def entry(default: Any, meaning: str, allowed: str, unit: str = "", **limits: Any) -> Any:
    """A field whose error message and JSON Schema say the same thing."""
    return Field(default, description=meaning, json_schema_extra={"unit": unit, "allowed": allowed}, **limits)


def whole(default: Any, low: int, high: int, unit: str, meaning: str) -> Any:
    """A whole number with its unit, low and high included."""
    return entry(default, meaning, f"a whole number, {low} to {high} {unit}".strip(), unit, ge=low, le=high)


def number(default: Any, low: float, high: float, unit: str, meaning: str) -> Any:
    """A number with its unit, low and high included."""
    return entry(default, meaning, f"a number, {low:g} to {high:g} {unit}", unit, ge=low, le=high)


def words(default: Any, longest: int, meaning: str, shortest: int = 0) -> Any:
    """Text of so many characters."""
    allowed = f"text in quotes, {shortest} to {longest} characters"
    return entry(default, meaning, allowed, min_length=shortest, max_length=longest)


def flag(default: bool, meaning: str) -> Any:
    """True or false."""
    return entry(default, meaning, "true or false")


def table(default: Any, meaning: str, allowed: str = "a table", **limits: Any) -> Any:
    """A table, or a list of tables, of the file."""
    return entry(default, meaning, allowed, **limits)


def flat(value: Any, where: str = "parameters") -> Any:
    """Join nested tables to "rule.argument", so that `consumption.propensity = 0.8` needs no quotes."""
    if not isinstance(value, Mapping):
        return value
    flat: dict[str, Any] = {}
    waiting = list(value.items())[::-1]
    while waiting:
        name, item = waiting.pop()
        if isinstance(item, Mapping):
            waiting.extend([(f"{name}.{inner}", below) for inner, below in item.items()][::-1])
        elif name in flat:
            raise PydanticCustomError("told", '"{name}" in [{where}] is given twice', {"name": name, "where": where})
        else:
            flat[name] = item
    return flat


Numbers = dict[str, float]
Files = dict[str, str]
Flat = Annotated[dict[str, float], BeforeValidator(flat)]
Fall = Annotated[float, Field(ge=0.01, le=0.5)]
Rate = Annotated[float, Field(ge=0.0, le=0.2)]
