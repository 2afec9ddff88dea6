"""Running something again: what the command `swadaya reproduce` does and says."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from sim.errors import InputError
from sim.experiment.lanes import LanesDiffer
from sim.language import mark, say
from sim.progress import Tell
from sim.reproduce import opening, published
from sim.reproduce.agreement import DIFFERS, IDENTICAL, apart
from sim.reproduce.archive import SHOWN
from sim.reproduce.runs import KINDS, Asked, Made
from sim.scenario import Known

Kinds = Mapping[str, type[Asked]]


@dataclass(frozen=True)
class Told:
    """What a terminal shows, and what the command ends with."""

    lines: Sequence[object]
    code: int = 0


def asked(names: Sequence[str], everything: bool, renew: bool, kinds: Kinds = KINDS) -> list[str]:
    """What is to be run again.

    Raises
    ------
    InputError
        When nothing is named, or something that is neither published nor a package.
    """
    if everything == bool(names):
        raise InputError(f"name a package or what is published ({', '.join(published.names())}), or --all of these")
    found = published.names() if everything else list(dict.fromkeys(names))
    for name in found:
        if not _is_package(name):
            published.find(name, kinds=kinds)
        elif renew:
            raise InputError(f"{name}: --renew is for what is published, not for packages")
    return found


def _is_package(name: str) -> bool:
    return name.endswith(".zip") or (name not in published.names() and Path(name).is_file())


@contextmanager
def _opened(name: str, known: Known, kinds: Kinds) -> Iterator[published.Published | opening.Package]:
    """A package that was checked, or a published result."""
    if _is_package(name):
        with opening.opened(Path(name), known) as found:
            yield found
    else:
        yield published.find(name, kinds=kinds)


def held(name: str, known: Known, tell: Tell, kinds: Kinds = KINDS) -> Told:
    """Run it, and hold it against what is stored, and the two lanes against each other."""
    with _opened(name, known, kinds) as one:
        was = one.was()
        lines: list[object] = [name]
        if isinstance(one, opening.Package):
            told = mark("{files} files as the manifest says; SHA-256 of the package {digest}")
            lines += [say(told, files=one.files, digest=one.sha256), say(opening.COMPARED), say(opening.NOT_COMPARED)]
        made = one.make(known, tell)
        verdict = made.against(was)
        tell(mark("Mesa lane"), 0, 1)
        lanes, lanes_code = _lanes(made)
    lines += [made.shown, f"{name}: {verdict.told()}"]
    others = apart(one.beside, made.beside) if isinstance(one, opening.Package) else []
    if isinstance(one, opening.Package):
        lines.append(_beside(others))
    changes = made.changes(was)
    if changes and verdict.word != IDENTICAL:
        lines.append(say("Stored with: {changes}.", changes="; ".join(changes)))
    elif verdict.word == DIFFERS:
        lines.append(say("Question, rules, versions and processor are those that it was stored with."))
    forged = bool(others) and verdict.word == IDENTICAL  # where a last bit is another, it may be in any of them
    return Told([*lines, lanes, ""], max(verdict.code, lanes_code, int(forged)))


def _beside(others: Sequence[str]) -> str:
    """What a package holds beside the series, held against what the run gives."""
    if not others:
        return say("Every table, household, village and flow that it holds is the same to the last bit.")
    more = say("; and {count} more", count=len(others) - SHOWN) if len(others) > SHOWN else ""
    return say("Not the same to the last bit: {tables}{more}.", tables="; ".join(others[:SHOWN]), more=more)


def _lanes(made: Made) -> tuple[str, int]:
    """Whether the readable lane gives the same bits, in words, and what the command ends with."""
    try:
        return say("Both lanes agree in every bit: {what}.", what=made.lanes()), 0
    except LanesDiffer as error:
        return say("The lanes do not agree: {what}.", what=error), 1


def renewed(name: str, known: Known, tell: Tell, kinds: Kinds = KINDS) -> Told:
    """Run what is published, and store what came out in place of what was stored."""
    one = published.find(name, kinds=kinds)
    made = one.make(known, tell)
    was = made.against(one.was()).told() if one.path.is_file() else say("stored for the first time")
    kept = [say("stored: {file}", file=path) for path in one.keep(made, known)]
    return Told([made.shown, f"{name}: {was}", *kept, ""])
