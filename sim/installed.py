"""Installed packages that bring policies: which one a policy is from, and the digest of its code."""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Mapping
from functools import cache
from importlib.metadata import Distribution, entry_points
from pathlib import Path
from types import ModuleType

from sim.policies.policy import Policy

GROUP = "swadaya.policies"


def distributions() -> dict[str, Distribution | None]:
    """Packages that declare policies, by the name that Python imports them by; None where no metadata say which."""
    return {_top(point.module): point.dist for point in entry_points(group=GROUP)}


def packages(found: Mapping[str, Policy]) -> dict[str, tuple[str, str]]:
    """Package with its version, and SHA-256 of its code, of each policy that is of an installed package."""
    known = distributions()
    homes = {name: _top(policy.function.__module__) for name, policy in found.items()}
    return {name: (_named(top, known[top]), code(sys.modules[top])) for name, top in homes.items() if top in known}


def _named(top: str, about: Distribution | None) -> str:
    return top if about is None else f"{about.name} {about.version}"


@cache
def code(module: ModuleType) -> str:
    """SHA-256 of all Python files of a package as they lie on the disk: one that is being edited is told too."""
    whole = hashlib.sha256()
    for place in map(Path, getattr(module, "__path__", ())):
        for file in sorted(place.rglob("*.py")):
            whole.update(file.relative_to(place).as_posix().encode() + b"\0" + file.read_bytes() + b"\0")
    if not hasattr(module, "__path__") and module.__file__:
        whole.update(Path(module.__file__).read_bytes())
    return whole.hexdigest()


def _top(module: str) -> str:
    return module.partition(".")[0]
