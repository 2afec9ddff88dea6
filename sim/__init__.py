"""Swadaya: rival programmes against poverty, over the same households and the same luck."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sim.engine.rule import Param, rule
    from sim.errors import InputError
    from sim.face.question import load
    from sim.face.study import query, study
    from sim.metrics import metric
    from sim.policies.policy import policy

PUBLIC = {
    "load": "face.question",
    "study": "face.study",
    "query": "face.study",
    "policy": "policies.policy",
    "rule": "engine.rule",
    "Param": "engine.rule",
    "metric": "metrics",
    "InputError": "errors",
}
__all__ = ["InputError", "Param", "load", "metric", "policy", "query", "rule", "study"]


def __getattr__(name: str) -> Any:
    """The public names, looked up when first asked for, so that `import sim` stays light."""
    if name not in PUBLIC:
        raise AttributeError(f"module 'sim' has no attribute {name!r}")
    return getattr(import_module(f"sim.{PUBLIC[name]}"), name)


def __dir__() -> list[str]:
    """The public names beside those that are there already, so that a prompt completes them."""
    return sorted({*globals(), *PUBLIC})
