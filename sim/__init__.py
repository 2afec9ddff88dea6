"""Swadaya: rival programmes against poverty, over the same households and the same luck."""

from importlib import import_module
from typing import Any

PUBLIC = {
    "policy": "sim.policies.policy",
    "rule": "sim.engine.rule",
    "Param": "sim.engine.rule",
    "metric": "sim.metrics",
}


def __getattr__(name: str) -> Any:
    """The public names, looked up when first asked for, so that `import sim` stays light."""
    if name not in PUBLIC:
        raise AttributeError(f"module 'sim' has no attribute {name!r}")
    return getattr(import_module(PUBLIC[name]), name)
