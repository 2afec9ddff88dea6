"""Files that come with the project: beside `sim/` in a clone, inside it in an installed package."""

from __future__ import annotations

import ast
import hashlib
import io
import tokenize
from collections.abc import Callable
from functools import cache
from pathlib import Path

PACKAGE = Path(__file__).resolve().parent


def ours(function: Callable[..., object]) -> bool:
    """Whether a function is the project's, not a user's own."""
    return function.__module__.startswith(f"{PACKAGE.name}.")


def code_digest() -> str:
    """SHA-256 of every source file of the package, whatever its line ends."""
    whole = hashlib.sha256()
    for file in sorted(PACKAGE.rglob("*.py")):
        whole.update(file.relative_to(PACKAGE).as_posix().encode() + b"\0")
        whole.update(file.read_text(encoding="utf-8").encode() + b"\0")
    return whole.hexdigest()


def code_of(*names: str) -> str:
    """SHA-256 of what some files and folders of the package do; what they say does not count.

    A folder's own files are read, those of its folders are not.
    """
    whole = hashlib.sha256()
    for name in names:
        place = PACKAGE / name
        for file in sorted(place.glob("*.py")) if place.is_dir() else [place]:
            whole.update(file.relative_to(PACKAGE).as_posix().encode() + b"\0")
            whole.update(code(file.read_text(encoding="utf-8")).encode() + b"\0")
    return whole.hexdigest()


@cache
def code(text: str) -> str:
    """Source without comments, docstrings, blank lines and line ends: what two versions that do the same share."""
    lines = text.splitlines()
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type == tokenize.COMMENT:
            row, column = token.start
            lines[row - 1] = lines[row - 1][:column]
    for node in ast.walk(ast.parse(text)):
        if not isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef):
            continue
        if ast.get_docstring(node, clean=False) is not None:
            first = node.body[0]
            lines[first.lineno - 1 : first.end_lineno] = [""] * ((first.end_lineno or 0) - first.lineno + 1)
    return "\n".join(line.rstrip() for line in lines if line.strip())


def folder(name: str) -> Path:
    """Folder of what is shipped under a name ("scenarios"), in a clone and in an installed package alike."""
    inside = PACKAGE / f"_{name}"
    return inside if inside.is_dir() else PACKAGE.parent / name
