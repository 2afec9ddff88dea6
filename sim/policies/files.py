"""Policies of a user's own: a Python file that is named on the command line, never by a scenario."""

from __future__ import annotations

import hashlib
import importlib.util
import inspect
import re
import sys
import traceback
import types
from dataclasses import dataclass
from importlib.machinery import SourceFileLoader
from pathlib import Path

from sim.engine.rule import Rule
from sim.errors import InputError

from .policy import Policy, did_you_mean, policy

LARGEST_FILE = 1_000_000  # bytes
UNKNOWN = re.compile(r"policy\(\) got an unexpected keyword argument '(\w+)'")  # what Python says of a misspelt word


@dataclass(frozen=True)
class PolicyFile:
    """What a file brings: its policies, rules of its own, and the SHA-256 of its text."""

    name: str
    sha256: str
    policies: tuple[Policy, ...]
    rules: tuple[Rule, ...]


def read(path: Path) -> PolicyFile:
    """Run a file and take its policies and rules; what it imports from elsewhere is not among them.

    Raises
    ------
    InputError
        When it cannot be read, is no Python, stops with an error, or has no policy; names the line where there is one.
    """
    raw = _bytes(path)
    module = _run(path, raw)
    made = [value for value in vars(module).values() if getattr(value, "__module__", None) == module.__name__]
    found = {
        kind: tuple(about for value in made if isinstance(about := getattr(value, word, None), kind))
        for word, kind in (("policy", Policy), ("rule", Rule))
    }
    if not found[Policy]:
        raise InputError(f"{path}: has no policy; allowed: a function with @policy(...) above it")
    return PolicyFile(path.name, hashlib.sha256(raw).hexdigest(), found[Policy], found[Rule])  # type: ignore[arg-type]


def _bytes(path: Path) -> bytes:
    try:
        with path.open("rb") as stream:
            raw = stream.read(LARGEST_FILE + 1)
    except FileNotFoundError:
        beside = [file.name for file in sorted(path.parent.glob("*.py"))] if path.parent.is_dir() else []
        raise InputError(f"{path}: no such policy file{did_you_mean(path.name, beside)}") from None
    except (OSError, ValueError) as error:  # a name with a null byte is no OSError
        raise InputError(f"{path}: cannot be read: {getattr(error, 'strerror', error)}") from None
    if len(raw) > LARGEST_FILE:
        raise InputError(f"{path}: larger than {LARGEST_FILE // 1_000_000} MB, so not a policy file")
    return raw


def _run(path: Path, raw: bytes) -> types.ModuleType:
    """The file as a module, run from the very text that is hashed; nothing is written beside it."""
    name = f"policy_files.{path.stem}"  # a name that no module of an import can have
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


def _told(error: BaseException) -> str:
    """What a file raised, in one line."""
    words = " ".join(str(error).split())
    if match := UNKNOWN.search(words):
        return f"policy() has no {match[1]}{did_you_mean(match[1], inspect.signature(policy).parameters)}"
    house = type(error).__module__.startswith("sim.")
    return words if house else f"{type(error).__name__}: {words}" if words else type(error).__name__
