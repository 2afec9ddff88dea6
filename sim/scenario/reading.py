"""From a file, or a document that was built elsewhere, to a checked scenario."""

from __future__ import annotations

import hashlib
import itertools
import os
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, TypeVar

from pydantic import ValidationError

from sim.errors import InputError
from sim.shipped import folder

from .document import Known, Scenario
from .faults import Faults, complaint, did_you_mean, faults, show
from .fields import Frozen
from .lines import Location, line_of, locate

SCENARIOS = folder("scenarios")
STUDIES = SCENARIOS / "sweeps"
LARGEST_FILE = 1_000_000  # bytes
NOTHING: Mapping[str, Any] = MappingProxyType({})
OTHERS = ("data", "evidence", "claims", "published", "sweeps")
OTHER_KINDS = {  # a key that no scenario has, and what a file that has it is instead
    "kind": "a published result, not a scenario; `swadaya reproduce` takes its name",
    "scenario": "the study of a sweep, not a scenario; `swadaya sweep` takes it",
    "outcomes": "a published study, not a scenario; `swadaya validate --studies` takes the folder that it lies in",
    "claims": "a list of claims, not a scenario; `swadaya claims` asks which of the article's hold",
}
MOST_FAULTS = 8  # lines of one message
QUOTED = re.compile(r"['\"](.*?)['\"]")
Part = TypeVar("Part", bound=Frozen)


def check(
    document: Mapping[str, Any],
    known: Known,
    *,
    name: str = "scenario",
    text: str = "",
    path: Path | None = None,
) -> Scenario:
    """Turn a document (parsed TOML, or a scenario's own `model_dump()`) into a scenario.

    `name`, `text` and `path` say where it came from; without `text` a message has no line.

    Raises
    ------
    InputError
        With every fault found, one a line and in the order of the file.
    """
    scenario = validated(Scenario, document, name, text, known)
    scenario._path, scenario._text, scenario._known = path, text, known
    # more than are shown, because they are sorted by line; not all, because each may cost a search for names
    complain(name, text, itertools.islice(faults(scenario, known), 10 * MOST_FAULTS))
    for key, file in (("survey", scenario.survey), ("village_list", scenario.village_list)):
        if file is not None:
            scenario._fingerprints[key] = _fingerprint(file, name)
    return scenario


def validated(kind: type[Part], document: Mapping[str, Any], name: str, text: str, context: Any = None) -> Part:
    """A document as what it is to be, or all its faults, in the words and the order of the file."""
    try:
        return kind.model_validate(document, context=context)
    except ValidationError as error:
        found = error.errors(include_url=False, include_context=False)
        around = {one["loc"][:length] for one in found for length in range(len(one["loc"]))}
        found = [one for one in found if one["loc"] not in around]  # a list is called short for its wrong elements
        misspelt = {one["loc"][:-1] for one in found if one["type"] == "extra_forbidden"}
        found = [one for one in found if one["type"] != "missing" or one["loc"][:-1] not in misspelt]
        lines = locate(text)
        found.sort(key=lambda one: line_of(lines, one["loc"]))
        told = [(one["loc"], complaint(one, kind)) for one in found[:MOST_FAULTS]]
        raise InputError(_message(name, lines, told, len(found))) from None


def complain(name: str, text: str, faults: Faults) -> None:
    """Raise what is wrong in a file, if anything is: one fault a line, in the order of the file.

    Raises
    ------
    InputError
        Naming file and line of each.
    """
    told = list(faults)
    if told:
        raise InputError(_message(name, locate(text), told, len(told)))


def _message(name: str, lines: Mapping[str, int], told: list[tuple[Location, str]], total: int) -> str:
    ordered = sorted(((line_of(lines, location), words) for location, words in told), key=lambda pair: pair[0])
    shown = [f"{name}, line {line}: {words}" if line else f"{name}: {words}" for line, words in ordered[:MOST_FAULTS]]
    rest = total - len(shown)
    return "\n".join([*shown, f"{name}: … and {rest} more"] if rest else shown)


def _fingerprint(file: Path, name: str) -> str:
    try:
        with file.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError as error:
        raise InputError(f"{name}: cannot read {file}: {error.strerror}") from None


def load(path_or_name: str | os.PathLike[str], known: Known, changes: Mapping[str, Any] = NOTHING) -> Scenario:
    """Read a scenario from a TOML file, or by the name of one that is shipped ("desa").

    Parameters
    ----------
    changes
        Parts of the document that take the place of the file's; tables are laid over the file's, key by key. A
        survey or list of villages that they name lies in the working folder.

    Raises
    ------
    InputError
        If the file cannot be read, is no TOML or is no scenario of this model.
    """
    path, name, text, document = opened(path_or_name)
    if not document:
        raise InputError(f"{name}: says nothing; a scenario to begin with: swadaya show desa > {path.name}")
    if not isinstance(document.get("population"), dict):
        for key, kind in OTHER_KINDS.items():
            if key in document:
                raise InputError(f"{name}: is {kind}")
    if changes:
        files = {"survey", "village_list"} & {*(changes.get("population") or {})}  # named where the code runs
        beside = Path.cwd() / path.name if files else path
        return check(_overlaid(document, changes), known, name=path.stem, path=beside)
    return check(document, known, name=name, text=text, path=path)


def opened(path_or_name: str | os.PathLike[str], home: Path | None = None) -> tuple[Path, str, str, dict[str, Any]]:
    """A TOML file, or one that is shipped in a folder, by its name: where it is, what to call it, text, document."""
    path = _find(path_or_name, home or SCENARIOS)
    return path, *parsed(path)


def parsed(path: Path) -> tuple[str, str, dict[str, Any]]:
    """A TOML file: what to call it, its text and its document."""
    name = str(path)
    if path.is_absolute() and path.is_relative_to(Path.cwd()):
        name = str(path.relative_to(Path.cwd()))
    text = _read(path, name)
    try:
        return name, text, tomllib.loads(text)
    except RecursionError:
        raise InputError(f"{name}: not valid TOML: lists or tables are nested too deeply") from None
    except ValueError as error:
        raise InputError(_syntax(name, text, str(error))) from None


def _overlaid(document: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """A document with changes laid over it, tables key by key."""
    both = {key: (document[key], changes[key]) for key in changes if key in document}
    tables = {k: _overlaid(*pair) for k, pair in both.items() if all(isinstance(one, Mapping) for one in pair)}
    return {**document, **changes, **tables}


def shipped(home: Path = SCENARIOS) -> list[str]:
    """Names of what comes along in a folder; beside scenarios lie figures, studies, the article, stored tables."""
    files = (file.relative_to(home) for file in sorted(home.rglob("*.toml")))
    return [file.with_suffix("").as_posix() for file in files if file.parts[0] not in OTHERS]


def original(path_or_name: str | os.PathLike[str]) -> str:
    """The text of a scenario, or of the study of a sweep, as it lies there."""
    path = _find(path_or_name, SCENARIOS, STUDIES)
    return _read(path, str(path))


def _find(path_or_name: str | os.PathLike[str], *homes: Path) -> Path:
    given = os.fspath(path_or_name)
    path, kind = Path(given), " or ".join("study" if home == STUDIES else "scenario" for home in homes)
    if not given or "\0" in given or len(given) > 4_000:
        raise InputError(f"{show(given)} is not the name of a {kind} file")
    try:
        if path.is_file():
            return path
        for home in homes:
            known = home / (given if given.endswith(".toml") else f"{given}.toml")
            if known.is_file():
                return known
        if path.is_dir():
            raise InputError(f"{given}: is a folder, not a {kind} file")
        if path.exists():
            return path
        beside = [file.name for file in sorted(path.parent.glob("*.toml"))] if path.parent.is_dir() else []
        named = [name for home in homes for name in shipped(home)]
    except OSError as error:
        raise InputError(f"{show(given)}: cannot be opened: {error.strerror}") from None
    hint = (
        did_you_mean(path.name, beside)
        or did_you_mean(path.stem, named)
        or (f"; known: {', '.join(named)}" if named else "")
    )
    raise InputError(f"{given}: no such {kind} file{hint}")


def _read(path: Path, name: str) -> str:
    try:
        with path.open("rb") as stream:
            raw = stream.read(LARGEST_FILE + 1)
    except OSError as error:
        raise InputError(f"{name}: cannot be read: {error.strerror}") from None
    if len(raw) > LARGEST_FILE:
        raise InputError(f"{name}: larger than {LARGEST_FILE // 1_000_000} MB")
    try:
        return raw.decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        raise InputError(f"{name}, line {line}: not UTF-8 text; save the file with the encoding UTF-8") from None


def _syntax(name: str, text: str, reason: str) -> str:
    """The message for text that is not TOML, from the words of the parser."""
    place = re.search(r"\s*\(at (?:line (\d+), column (\d+)|end of document)\)$", reason)
    said = reason[: place.start()] if place else reason
    if said == "Cannot overwrite a value":
        said = "the key or table is given twice"
    elif twice := re.fullmatch(
        r"Cannot (?:declare|redefine namespace|mutate immutable namespace) (\(.*\))( twice)?", said
    ):
        said = f"the table [{'.'.join(re.findall(QUOTED, twice[1]))}] is given twice"
    elif "digits" in said:
        said = "a number has too many digits"
    else:
        said = said[:1].lower() + said[1:]
    if place is None:
        return f"{name}: not valid TOML: {said}"
    if place[1] is None:
        return f"{name}, line {text.rstrip().count(chr(10)) + 1}: not valid TOML: {said}"
    return f"{name}, line {place[1]}, column {place[2]}: not valid TOML: {said}"
