"""The browser side as one text: the modules of `stage/` joined, so that page and exported file carry the same."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

HOME = Path(__file__).parent
IMPORT = re.compile(r'^import .* from "\./(?P<name>[a-z_]+\.mjs)";?$')


def _order(name: str, seen: list[str]) -> list[str]:
    """Files in the order in which they are needed, each once."""
    if name in seen:
        return seen
    for line in (HOME / "stage" / name).read_text(encoding="utf-8").splitlines():
        found = IMPORT.match(line)
        if found:
            _order(found["name"], seen)
    if name not in seen:
        seen.append(name)
    return seen


@cache
def module() -> str:
    """One ES module without imports: its only export is the last file's default."""
    parts = []
    for name in _order("stage.mjs", []):
        text = (HOME / "stage" / name).read_text(encoding="utf-8")
        lines = [line for line in text.splitlines() if not line.startswith("import ")]
        if name != "stage.mjs":
            lines = [re.sub(r"^export (?=(async )?(function|const|let|class)\b)", "", line) for line in lines]
        parts.append("\n".join(lines))
    return "\n".join(parts) + "\n"


@cache
def css() -> str:
    """The style of the stage."""
    return (HOME / "stage.css").read_text(encoding="utf-8")
