"""What a person reads, in the language of the reader. Names, files and tables of data stay English.

A text is marked where it stands, whole, with named places for what changes in it::

    from sim.language import mark, say

    say("In {villages} villages", villages=number(40, 0))     # said here and now
    TITLE = mark("Poverty headcount")                         # a constant is marked here, and said where it is used:
    say(TITLE)

The English text is the key of its translation in the catalogue beside this file, ``id.po``. A text that is not in it,
such as the label of a user's own policy, is said as it is; that every marked text is in it is tested.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import MappingProxyType

import polib


@dataclass(frozen=True)
class Language:
    """A language and how it writes numbers; marks as in the Unicode Common Locale Data Repository, but for spaces."""

    code: str
    name: str
    decimal: str
    thousands: str
    percent: str  # what stands between a number and its per cent


THIN_SPACE, SPACE = "\u202f", "\u00a0"  # neither breaks a line
ENGLISH = Language("en", "English", ".", THIN_SPACE, f"{SPACE}%")
LANGUAGES: Mapping[str, Language] = MappingProxyType(
    {"en": ENGLISH, "id": Language("id", "Bahasa Indonesia", ",", ".", "%")}
)
#: Nouns that English texts count; other languages have one form for any number.
NOUNS = {
    "draws": "draw", "files": "file", "households": "household", "lucks": "luck", "parameter sets": "parameter set",
    "points": "point", "quarters": "quarter", "runs": "run", "seeds": "seed", "sets": "set",
    "strategies": "strategy", "villages": "village", "ways": "way", "workers": "worker", "worlds": "world",
    "years": "year",
}  # fmt: skip
COUNTED = re.compile(rf"{{(\w+)}} ({'|'.join(NOUNS)})\b")
SPOKEN: ContextVar[Language] = ContextVar("language", default=ENGLISH)


@contextmanager
def speaking(code: str) -> Iterator[Language]:
    """Say everything within in a language; other threads, which only compute, are not touched.

    Parameters
    ----------
    code
        One of `LANGUAGES`: ``en`` or ``id``.
    """
    before = SPOKEN.set(LANGUAGES[code])
    try:
        yield LANGUAGES[code]
    finally:
        SPOKEN.reset(before)


def spoken() -> Language:
    """The language of the reader."""
    return SPOKEN.get()


def file(code: str) -> Path:
    """The catalogue of a language."""
    return Path(__file__).with_name(f"{code}.po")


@cache
def catalogue(code: str) -> Mapping[str, str]:
    """Each English text and its translation; empty for English."""
    entries = [] if code == ENGLISH.code else polib.pofile(str(file(code)))
    return MappingProxyType({entry.msgid: entry.msgstr for entry in entries})


def mark(text: str) -> str:
    """The text as it is, marked for translation: for constants, which `say` says where they are used."""
    return text


def say(text: str, /, **parts: object) -> str:
    """The text in the reader's language.

    Parameters
    ----------
    text
        The English text, as a literal or one that was marked.
    parts
        What stands in its places, already as it is to be read.
    """
    said = phrase(text, parts)
    return said.format(**parts) if parts else said


def phrase(text: str, parts: Mapping[str, object]) -> str:
    """The text in the reader's language, its places still open; in English, what there is one of in the singular."""
    said = catalogue(spoken().code).get(text, text)
    if spoken() != ENGLISH:
        return said

    def counted(found: re.Match[str]) -> str:
        place, noun = found.groups()
        return f"{{{place}}} {NOUNS[noun]}" if str(parts.get(place)) == "1" else found[0]

    return COUNTED.sub(counted, said)


def written(digits: str) -> str:
    """Digits as Python writes them, "1,234.5", with the marks of the reader's language."""
    marks = spoken()
    return digits.translate({ord(","): marks.thousands, ord("."): marks.decimal})


def listed(parts: Iterable[str]) -> str:
    """Parts as a phrase: "a, b and c"."""
    *others, last = list(parts) or [""]
    if len(others) > 1:
        return say("{others} and {last}", others=", ".join(others), last=last)
    return say("{first} and {last}", first=others[0], last=last) if others else last
