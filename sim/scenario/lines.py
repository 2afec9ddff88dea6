"""Where things stand in a scenario file: the parser keeps no lines, so the text is read once more for them."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field

Location = tuple[str | int, ...]

_TOKEN = re.compile(
    r'''(?P<string>"""(?:\\.|[^\\])*?"{3,5} | \'\'\'.*?'{3,5} | "(?:\\.|[^"\\])*" | '[^']*')
    | (?P<comment>\#[^\n]*) | (?P<newline>\n) | (?P<mark>[\[\]{},=.]) | (?P<bare>[^\s\[\]{},=."'\#]+)''',
    re.VERBOSE | re.DOTALL,
)


def locate(text: str) -> dict[str, int]:
    """Line of every key, table and list element of a valid TOML text, by dotted path: "arms.1.dose" -> 34.

    Dotted keys, quoted keys and nested tables come out alike: "parameters.consumption.propensity".
    """
    reader, line = _Reader(), 1
    for match in _TOKEN.finditer(text):
        kind, token = str(match.lastgroup), match[0]
        if kind == "newline":
            reader.newline()
        elif kind != "comment":
            (reader.value if reader.in_value else reader.key)(kind, token, line)
        line += token.count("\n")
    return reader.lines


def line_of(lines: Mapping[str, int], location: Location) -> int:
    """Line of a location, or of the nearest thing around it; 0 where the file says nothing."""
    path, line = "", 0
    for part in location:
        path = _join(path, part)
        line = lines.get(path, line)
    return line


@dataclass
class _Opened:
    """A list or inline table that is being read; only a list has an index."""

    path: str
    index: int | None


@dataclass
class _Reader:
    """What is known after some tokens."""

    lines: dict[str, int] = field(default_factory=dict)
    elements: dict[str, int] = field(default_factory=dict)  # arrays of tables: how many so far
    opened: list[_Opened] = field(default_factory=list)
    parts: list[str] = field(default_factory=list)  # of the key that is being read
    in_value: bool = False
    brackets: int = 0  # of a table's head
    here: str = ""  # the table that the head names
    current: str = ""  # the value that is being read

    def newline(self) -> None:
        """A statement ends, but not inside brackets."""
        if not self.opened:
            self.in_value, self.parts = False, []

    def key(self, kind: str, token: str, line: int) -> None:
        """A token of a key or of a table's head."""
        if kind in ("string", "bare"):
            self.parts.append(tomllib.loads(f"k = {token}")["k"] if kind == "string" else token)
        elif token == "[":
            self.brackets += 1
        elif token == "=":
            self.current = self._record(self.opened[-1].path if self.opened else self.here, self.parts, line)
            self.in_value = True
        elif token == "}":
            self.opened.pop()
            self.in_value = True
        elif token == "]" and self.parts:
            if self.brackets == 2:
                name = _join(self._record("", self.parts[:-1], line), self.parts[-1])
                self.lines.setdefault(name, line)
                self.elements[name] = self.elements.get(name, -1) + 1
            self.here, self.parts, self.brackets = self._record("", self.parts, line), [], 0

    def value(self, kind: str, token: str, line: int) -> None:
        """A token of a value."""
        inside = self.opened[-1] if self.opened else _Opened("", None)
        if inside.index is not None and token not in ("]", ","):
            self.current = _join(inside.path, inside.index)
            self.lines.setdefault(self.current, line)
        if kind != "mark":
            return
        if token in ("[", "{"):
            self.opened.append(_Opened(self.current, 0 if token == "[" else None))
            self.in_value, self.parts = token == "[", []
        elif token in ("]", "}"):
            self.opened.pop()
        elif token == "," and inside.index is not None:
            inside.index += 1
        elif token == ",":
            self.in_value, self.parts = False, []

    def _record(self, path: str, parts: list[str], line: int) -> str:
        """Note the line of every table on the way; the name of an array of tables stands for its newest element."""
        for part in parts:
            path = _join(path, part)
            if path in self.elements:
                path = _join(path, self.elements[path])
            self.lines.setdefault(path, line)
        return path


def _join(path: str, part: str | int) -> str:
    """One step down; an empty key is written as in TOML, so that it does not vanish."""
    step = '""' if part == "" else str(part)
    return f"{path}.{step}" if path else step
