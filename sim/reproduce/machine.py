"""What results were made with: versions, processor, maths library, and every installed package with a digest."""

from __future__ import annotations

import hashlib
import os
import platform
import re
from collections.abc import Mapping
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path
from typing import Any

import llvmlite.binding
import numpy as np

from sim import installed
from sim.experiment.results import system, versions
from sim.language import mark, say
from sim.shipped import code_digest

VERSIONS = ("swadaya", "numpy", "numba", "llvmlite", "pandas")
LOCAL = ("INSTALLER", "RECORD", "REQUESTED", "direct_url.json")  # written by whoever installs, not in the wheel
LOCK = """\
# What `swadaya` and packages with policies for it need, as it was where the results were made: pip install -r lock.txt
# After each name: SHA-256 of the digests of all files of the package, sorted, as its RECORD lists them.
"""
OWN = """\
# On no index, so install it first, from its source: swadaya=={version}, whose code has the
# sha256:{code}
"""


def processor() -> str:
    """The processor by its maker's name, and what code is compiled for."""
    name = platform.processor() or platform.machine()
    info = Path("/proc/cpuinfo")
    if info.is_file():
        found = re.search(r"^model name\s*:\s*(.+)$", info.read_text(encoding="utf-8", errors="replace"), re.MULTILINE)
        name = found[1].strip() if found else name
    return f"{name}, compiled for {llvmlite.binding.get_host_cpu_name()}"


def about() -> dict[str, str]:
    """Versions and machine by name, as the head of a stored table has them."""
    return {**versions(VERSIONS), "platform": system(), "processor": processor()}


def others(then: Mapping[str, str], now: Mapping[str, str]) -> list[str]:
    """What is not here as it was where something was made, in words."""
    told = mark("{name} {then}, here {now}")
    changed = [name for name, value in then.items() if name in now and now[name] != value]
    return [say(told, name=name, then=then[name], now=now[name]) for name in changed]


def described() -> dict[str, Any]:
    """Processor, system and maths library, for a machine to read."""
    config: Any = np.show_config(mode="dicts")
    libraries = config.get("Build Dependencies", {})
    return {
        **about(),
        "release": platform.release(),
        "processors": os.cpu_count(),
        "implementation": platform.python_implementation(),
        "maths": {name: {key: one.get(key, "") for key in ("name", "version")} for name, one in libraries.items()},
        "simd": config.get("SIMD Extensions", {}),
        "mode": "float64, no fastmath: no reordering of sums and no contraction",
    }


def lock() -> str:
    """Every package that the project and those with policies for it need: its version, the digest of its files."""
    needed = _needed()
    own = needed.pop("swadaya")
    lines = [f"{name}=={one.version}  # sha256:{_contents(one)}\n" for name, one in sorted(needed.items())]
    return "".join([LOCK, OWN.format(version=own.version, code=code_digest()), *lines])


def _needed() -> dict[str, Distribution]:
    """The project, packages that bring policies, and all that these need and that is installed, by normal name."""
    found: dict[str, Distribution] = {}
    waiting = ["swadaya", *(one.name for one in installed.distributions().values() if one)]
    while waiting:
        one = re.sub(r"[-_.]+", "-", waiting.pop()).lower()
        if one in found:
            continue
        try:
            found[one] = distribution(one)
        except PackageNotFoundError:  # not needed on this platform
            continue
        for requirement in found[one].requires or ():
            wanted = re.match(r"[A-Za-z0-9._-]+", requirement)
            if wanted and not re.search(r"\bextra\s*==", requirement):
                waiting.append(wanted[0])
    return found


def _contents(one: Distribution) -> str:
    """SHA-256 of what RECORD says of the files that the wheel brought."""
    lines = sorted(
        f"{file.as_posix()} {file.hash.value}"
        for file in one.files or ()
        if file.hash and ".." not in file.parts and file.name not in LOCAL and file.suffix != ".pyc"
    )
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()
