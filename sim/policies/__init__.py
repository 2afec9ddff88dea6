"""The programmes, one file each, and those of installed packages (entry point `swadaya.policies`)."""

from __future__ import annotations

import importlib
import pkgutil
from importlib.metadata import entry_points
from types import ModuleType

from .policy import Policy


def policies_of(module: ModuleType) -> list[Policy]:
    """All policies that a module registers."""
    return [value.policy for value in vars(module).values() if isinstance(getattr(value, "policy", None), Policy)]


def catalogue() -> dict[str, Policy]:
    """All policies by name: the project's own, then those of installed packages."""
    modules = [
        importlib.import_module(f"{__name__}.{m.name}") for m in pkgutil.iter_modules(__path__) if m.name != "policy"
    ]
    modules += [point.load() for point in entry_points(group="swadaya.policies")]
    found: dict[str, Policy] = {}
    for policy in (policy for module in modules for policy in policies_of(module)):
        if found.setdefault(policy.name, policy) is not policy:
            raise ValueError(f"two policies are called {policy.name}")
    return found
