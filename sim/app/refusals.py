"""Why something is refused, in the reader's language.

Messages of the engine are English, for a command line and a log. What a page can be refused with stands in
``refusals.toml`` beside this file, sentence by sentence and part by part, with what it is in Indonesian; numbers and
names are kept. A message that does not stand there is passed on as what it is: English, and marked so.
"""

from __future__ import annotations

import re
import tomllib
from functools import cache
from pathlib import Path

from sim.app.texts import table, worded, words

HOLE = re.compile(r"\\{(\w+)\\}")  # as `re.escape` writes it
NEAR = "(?:; .*)?"  # what may follow a name that is not known
#: Holes in which a part stands that is told in its turn; in all others stands a number or a name.
PARTS = ("allowed", "elsewhere", "fault", "given", "hint", "kind", "mark", "near", "reason", "unit", "where")

FIGURES = ("budget", "found", "high", "least", "low", "more", "most", "poverty", "ratio", "spent", "wanted")
DECIMAL = re.compile(r"-?\d+\.\d+( ?%)?")


@cache
def _sentences() -> list[tuple[re.Pattern[str], str]]:
    """What an English sentence looks like, and its Indonesian, in order of the file."""
    text = Path(__file__).with_name("refusals.toml").read_text(encoding="utf-8")
    return [
        (re.compile(HOLE.sub(_hole, re.escape(english)), re.DOTALL), indonesian)
        for english, indonesian in tomllib.loads(text)["sentences"]
    ]


def _hole(found: re.Match[str]) -> str:
    return f"(?P<{found[1]}>{NEAR if found[1] == 'near' else '.*?'})"


def refused(error: Exception | str) -> tuple[str, str]:
    """The message of an error in English and Indonesian, line by line."""
    english = str(error)
    own = dict(table().values())  # the page's own sentences have their translation there
    return english, own.get(english) or "\n".join(_whole(line) for line in english.splitlines())


def _whole(line: str) -> str:
    told = _told(line)
    return words("error.english")[1].format(said=line) if told == line else told


def _figure(name: str, hole: str) -> str:
    """A number of ours with a decimal comma; what a reader wrote stays as it stands in the file."""
    return hole.replace(".", ",") if name in FIGURES and DECIMAL.fullmatch(hole) else hole


def _told(part: str) -> str:
    """A sentence, or a part of one; a unit as the controls have it; a number or a name as it is."""
    for pattern, indonesian in _sentences():
        if found := pattern.fullmatch(part):
            holes = found.groupdict().items()
            told = {name: _told(hole) if name in PARTS else _figure(name, hole) for name, hole in holes}
            return indonesian.format(**told)
    return worded(f"of.{part}", part)[1]
