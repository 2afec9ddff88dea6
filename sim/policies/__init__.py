"""The programmes, one file each, and those of installed packages (entry point `swadaya.policies`)."""

from __future__ import annotations

import importlib
import pkgutil
import sys
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from types import ModuleType

from sim.errors import InputError

from .policy import Policy


def policies_of(module: ModuleType) -> list[Policy]:
    """All policies that a module registers."""
    return [value.policy for value in vars(module).values() if isinstance(getattr(value, "policy", None), Policy)]


def catalogue() -> dict[str, Policy]:
    """All policies by name: the project's own, then those of installed packages.

    Raises
    ------
    InputError
        When a package cannot be loaded, or two policies have the same name.
    """
    modules = [
        importlib.import_module(f"{__name__}.{m.name}") for m in pkgutil.iter_modules(__path__) if m.name != "policy"
    ]
    modules += _installed(*sys.path)
    found: dict[str, Policy] = {}
    for policy in (policy for module in modules for policy in policies_of(module)):
        if found.setdefault(policy.name, policy) is not policy:
            raise InputError(
                f"two policies are called {policy.name}, in {_home(found[policy.name])} and {_home(policy)}"
            )
    return found


@cache
def _installed(*folders: str) -> tuple[ModuleType, ...]:
    """Modules of packages installed in some folders: all packages there are looked through, so it is done once."""
    return tuple(_loaded(point) for point in entry_points(group="swadaya.policies"))


def _home(policy: Policy) -> str:
    return policy.function.__module__


def _loaded(point: EntryPoint) -> ModuleType:
    try:
        return point.load()
    except (ImportError, AttributeError) as error:
        said = f"the policies of an installed package, {point.name} = {point.value}, cannot be loaded"
        raise InputError(f"{said}: {error}") from error
