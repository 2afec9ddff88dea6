"""The results that this project publishes, and where their tables wait.

`scenarios/published/NAME.toml` says what is run, at a size that a reviewer has time for (see `sim.reproduce.runs`).
`NAME.csv` beside it is the canonical table that came out, with what it was made with; a map has its picture
beside it, `NAME.svg`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from sim.drafted import put
from sim.errors import InputError
from sim.experiment import canonical
from sim.progress import Tell
from sim.reproduce import pictured
from sim.reproduce.runs import KINDS, Asked, Made, Map
from sim.scenario import Known
from sim.scenario.faults import did_you_mean, show
from sim.scenario.reading import parsed, validated
from sim.shipped import folder


def home() -> Path:
    """Where published results are."""
    return folder("scenarios") / "published"


def names(where: Path | None = None) -> list[str]:
    """All that are published."""
    return sorted(path.stem for path in (where or home()).glob("*.toml"))


@dataclass(frozen=True)
class Published:
    """One published result: what is run, and where its table waits."""

    name: str
    runs: Asked
    path: Path

    def make(self, known: Known, tell: Tell) -> Made:
        """Run it."""
        return self.runs.make(known, tell)

    def was(self) -> canonical.Stored:
        """The table that is stored."""
        if not self.path.is_file():
            raise InputError(f"{self.name}: no table is stored; `swadaya reproduce {self.name} --renew` makes it")
        return canonical.stored(self.path.read_text(encoding="utf-8"), self.path.name)

    def keep(self, made: Made, known: Known) -> list[Path]:
        """Store the table of a run in place of the old one, and the pictures that are drawn from it beside it."""
        put(self.path, made.stored().text())
        drawn = {self.path.with_suffix(end): picture for end, picture in self.pictures(known).items()}
        for path, picture in drawn.items():
            put(path, picture)
        return [self.path, *drawn]

    def pictures(self, known: Known) -> Mapping[str, bytes]:
        """What is drawn from the stored table, by the ending of its file: a map has a picture in every language."""
        return pictured.pictures(self.runs, self.was(), known) if isinstance(self.runs, Map) else {}


def find(name: str, where: Path | None = None, kinds: Mapping[str, type[Asked]] = KINDS) -> Published:
    """A published result by its name, of one of the kinds.

    Raises
    ------
    InputError
        With the nearest name, or what is wrong in its file.
    """
    known = names(where)
    if name not in known:
        hint = did_you_mean(name, known) or f"; published: {', '.join(known)}"
        raise InputError(f"{name}: neither published nor a package{hint}")
    path = (where or home()) / f"{name}.toml"
    said, text, document = parsed(path)
    kind = document.get("kind")
    if str(kind) not in kinds:
        raise InputError(f"{said}: kind: is {show(kind)}; allowed: {', '.join(kinds)}")
    return Published(name, validated(kinds[str(kind)], document, said, text), path.with_suffix(".csv"))
