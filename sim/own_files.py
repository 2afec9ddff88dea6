"""Code of a user's own, policies, rules and metrics: a Python file that is named on the command line.

A scenario may say which files its rules come from ([processes]), but never runs one: scenarios are data.
"""

from __future__ import annotations

import hashlib
import importlib.util
import inspect
import re
import sys
import traceback
import types
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from importlib.machinery import SourceFileLoader
from pathlib import Path
from typing import Any, TypeVar

from sim.engine.rule import Param, Rule, rule
from sim.engine.table import Table
from sim.errors import InputError
from sim.metrics import Metric, metric
from sim.nearest import did_you_mean
from sim.policies.policy import Policy, policy

T = TypeVar("T")
LARGEST_FILE = 1_000_000  # bytes
HOME = "own_files."  # how the module of such a file begins: no module of an import can have that name
MADE: Mapping[str, Callable[..., Any]] = {"policy": policy, "rule": rule, "metric": metric, "Param": Param}
# what Python says of a misspelt word, and of one that is not there
UNKNOWN = re.compile(r"(\w+)(?:\.__new__)?\(\) got an unexpected keyword argument '(\w+)'")
MISSING = re.compile(r"(\w+)(?:\.__new__)?\(\) missing \d+ required .*?arguments?: (.+)")


@dataclass(frozen=True)
class OwnFile:
    """What a file brings: policies, rules and metrics, and the SHA-256 of its text."""

    name: str
    sha256: str
    policies: tuple[Policy, ...]
    rules: tuple[Rule, ...]
    metrics: tuple[Metric, ...]


def read(path: Path) -> OwnFile:
    """Run a file and take its policies, rules and metrics; what it imports from elsewhere is not among them.

    Raises
    ------
    InputError
        When it cannot be read, is no Python, stops with an error, or declares nothing; names the line if there is one.
    """
    raw = _bytes(path)
    module = _run(path, raw)
    made = [value for value in vars(module).values() if getattr(value, "__module__", None) == module.__name__]
    policies, rules = _declared(made, "policy", Policy), _declared(made, "rule", Rule)
    metrics = _declared(made, "metric", Metric)
    if not (policies or rules or metrics):
        raise InputError(
            f"{path}: has no policy, rule or metric; allowed: a function with @policy(...), @rule(...) or @metric(...) "
            "above it"
        )
    for fault in (*_faults_of_rules(rules), *_faults_of_metrics(metrics)):
        raise InputError(f"{path}: {fault}")
    return OwnFile(path.name, hashlib.sha256(raw).hexdigest(), policies, rules, metrics)


def _declared(made: Iterable[object], word: str, kind: type[T]) -> tuple[T, ...]:
    """What functions declare themselves to be."""
    return tuple(about for value in made if isinstance(about := getattr(value, word, None), kind))


def _faults_of_rules(rules: Iterable[Rule]) -> Iterator[str]:
    """What is wrong with how rules are declared; the engine, which reads only the project's own, trusts it."""
    for one in rules:
        if not isinstance(one.table, Table):
            yield f"rule {one.name} is about {one.table!r}; allowed: a kind of agent without quotes, such as village"
        if not isinstance(one.unit, str):
            yield f'rule {one.name}: its unit is {one.unit!r}; allowed: words in quotes, such as "share"'
        if not one.low <= one.high:
            yield f"rule {one.name}: its range is {one.low} to {one.high}; allowed: the lower end first"


def _faults_of_metrics(metrics: Iterable[Metric]) -> Iterator[str]:
    """What is wrong with how metrics are declared."""
    for one in metrics:
        for what, given in (("label", one.label), ("unit", one.unit)):
            if not isinstance(given, str):
                yield f"metric {one.name}: its {what} is {given!r}; allowed: words in quotes"


def _bytes(path: Path) -> bytes:
    try:
        with path.open("rb") as stream:
            raw = stream.read(LARGEST_FILE + 1)
    except FileNotFoundError:
        beside = [file.name for file in sorted(path.parent.glob("*.py"))] if path.parent.is_dir() else []
        raise InputError(f"{path}: no such Python file{did_you_mean(path.name, beside)}") from None
    except (OSError, ValueError) as error:  # a name with a null byte is no OSError
        raise InputError(f"{path}: cannot be read: {getattr(error, 'strerror', error)}") from None
    if len(raw) > LARGEST_FILE:
        raise InputError(f"{path}: larger than {LARGEST_FILE // 1_000_000} MB, so not a file of policies or rules")
    return raw


def _run(path: Path, raw: bytes) -> types.ModuleType:
    """The file as a module, run from the very text that is hashed; nothing is written beside it."""
    name = f"{HOME}{path.stem}"
    loader = SourceFileLoader(name, str(path))
    spec = importlib.util.spec_from_file_location(name, path, loader=loader)
    assert spec is not None
    module = importlib.util.module_from_spec(spec)
    try:
        code = loader.source_to_code(raw, str(path))
    except SyntaxError as error:
        line = f", line {error.lineno}" if error.lineno else ""
        raise InputError(f"{path}{line}: not valid Python: {error.msg}") from None
    except ValueError as error:  # a null byte
        raise InputError(f"{path}: not valid Python: {error}") from None
    sys.modules[name] = module  # where dataclasses look for the file's own names
    try:
        exec(code, vars(module))
    except (Exception, SystemExit) as error:  # the code is a user's: whatever it raises ends in one sentence
        sys.modules.pop(name, None)
        at = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == str(path)]
        raise InputError(f"{path}{f', line {at[-1]}' if at else ''}: {_told(error)}") from error
    return module


def blamed(error: BaseException) -> str | None:
    """What code of a user's own raised while it ran, in one line with its file and line; None where it was not that."""
    inside = [
        (frame.f_code.co_filename, line)
        for frame, line in traceback.walk_tb(error.__traceback__)
        if str(frame.f_globals.get("__name__")).startswith(HOME)
    ]
    return f"{inside[-1][0]}, line {inside[-1][1]}: {_told(error)}" if inside else None


def _told(error: BaseException) -> str:
    """What a file raised, in one line."""
    words = " ".join(str(error).split())
    if (match := UNKNOWN.match(words)) and match[1] in MADE:
        return f"{match[1]}() has no {match[2]}{did_you_mean(match[2], inspect.signature(MADE[match[1]]).parameters)}"
    if (match := MISSING.match(words)) and match[1] in MADE:
        return f"{match[1]}() needs {match[2]}, which it is not given"
    house = type(error).__module__.startswith("sim.")
    return words if house else f"{type(error).__name__}: {words}" if words else type(error).__name__
