"""Files that come with the project: beside `sim/` in a clone, inside it in an installed package."""

from __future__ import annotations

from pathlib import Path


def folder(name: str) -> Path:
    """Folder of what is shipped under a name ("scenarios"), in a clone and in an installed package alike."""
    package = Path(__file__).resolve().parent
    inside = package / f"_{name}"
    return inside if inside.is_dir() else package.parent / name
