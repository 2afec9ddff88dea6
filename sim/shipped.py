"""Files that come with the project: beside `sim/` in a clone, inside it in an installed package."""

from __future__ import annotations

import hashlib
from pathlib import Path


def code_digest() -> str:
    """SHA-256 of every source file of the package, whatever its line ends."""
    package, whole = Path(__file__).resolve().parent, hashlib.sha256()
    for file in sorted(package.rglob("*.py")):
        whole.update(file.relative_to(package).as_posix().encode() + b"\0")
        whole.update(file.read_text(encoding="utf-8").encode() + b"\0")
    return whole.hexdigest()


def folder(name: str) -> Path:
    """Folder of what is shipped under a name ("scenarios"), in a clone and in an installed package alike."""
    package = Path(__file__).resolve().parent
    inside = package / f"_{name}"
    return inside if inside.is_dir() else package.parent / name
