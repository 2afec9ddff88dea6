"""The article's claims as data: what each says, which parts of the model stand for it, and what would speak for it.

A claim has two sides that must not be mixed up. That its part of the model *works* is shown by a test. Whether what it
says *holds* in this model is another matter: a statistic is computed in every parameter set, and its condition was
written down beside the claim. A definition or a mere name has no truth to find and so no statistic; it says so.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from sim.scenario.faults import did_you_mean
from sim.scenario.fields import Frozen, entry, number, table, words
from sim.scenario.lines import Location
from sim.scenario.reading import complain, parsed, validated
from sim.shipped import folder

IDS = (
    *("P1.1", "P1.2", "P1.3", "P1.4", "P1.5", "P2.1", "P2.2", "P2.3", "P2.4", "P2.5", "P3.1", "P3.2", "P3.3", "P3.4"),
    *("P3.5", "P4.1", "P4.2", "P4.3"),
    *(f"S{number}" for number in range(1, 22)),
)
#: What the second column says of a claim without a statistic.
SILENT = {
    "identity": "a definition or an accounting rule: nothing to find out",
    "label": "a name for a family of practices: nothing to find out",
    "out of scope": "not modelled: the model has nothing to say on it",
}


class Claim(Frozen):
    """One sentence of the article."""

    id: str = words(..., 8, "Its place in the article's table, as P1.1", 2)
    section: str = words(..., 80, "The part of the article", 3)
    says: str = words(..., 300, "What the article says, short and in other words", 10)
    kind: Literal["testable", "identity", "label", "out of scope"] = entry(
        ..., "What sort of sentence it is", '"testable", "identity", "label" or "out of scope"'
    )
    elements: tuple[str, ...] = table((), "Rules, columns, metrics, policies of the model", "names", strict=False)
    tests: tuple[str, ...] = table((), "Tests that show the elements work", '"tests/FILE.py::NAME"s', strict=False)
    statistic: str = words("", 60, "What is computed in each parameter set")
    arms: tuple[str, ...] = table((), "Arms of the article's scenario that it compares", "ids of arms", strict=False)
    metric: str = words("", 60, "The series that it is computed of")
    above: float | None = number(None, -1e9, 1e9, "", "The claim holds where the statistic is above it")
    below: float | None = number(None, -1e9, 1e9, "", "The claim holds where the statistic is below it")
    note: str = words("", 400, "What a reader must know to judge the condition")

    def holds(self, value: float) -> bool:
        """Whether a value of the statistic speaks for the claim; what is no number does not."""
        over = self.above is None or value > self.above
        return over and (self.below is None or value < self.below) and value == value

    @property
    def condition(self) -> str:
        """Where it holds, in words."""
        parts = [f"above {self.above:g}"] if self.above is not None else []
        return " and ".join(parts + ([f"below {self.below:g}"] if self.below is not None else []))


class Claims(Frozen):
    """A file of claims."""

    claims: tuple[Claim, ...] = table(..., "The claims, in the order of the article", "[[claims]] tables", strict=False)


@dataclass(frozen=True)
class Known:
    """What a claim may name.

    Attributes
    ----------
    elements
        Rules, columns, parameters, metrics, policies.
    metrics
        Series that a run has.
    arms
        Arms of the article's scenario.
    statistics
        Statistic -> how many arms it compares (least, most), and whether it is computed of a series.
    """

    elements: Collection[str]
    metrics: Collection[str]
    arms: Collection[str]
    statistics: Mapping[str, tuple[int, int, bool]]


def path() -> Path:
    """The file of the article's claims."""
    return folder("scenarios") / "claims" / "article.toml"


def digest(file: Path | None = None) -> str:
    """SHA-256 of the claims."""
    return hashlib.sha256((file or path()).read_bytes()).hexdigest()


def read(file: Path | None = None) -> tuple[Claim, ...]:
    """All claims, in the order of the article.

    Raises
    ------
    InputError
        Naming file, line and key.
    """
    name, text, document = parsed(file or path())
    claims = validated(Claims, document, name, text).claims
    complain(name, text, _set_faults(claims))
    return claims


def checked(known: Known, file: Path | None = None) -> tuple[Claim, ...]:
    """All claims, held against what the model offers.

    Raises
    ------
    InputError
        Naming file, line and key of the first name that does not exist.
    """
    claims = read(file)
    name, text, _ = parsed(file or path())
    complain(name, text, faults(claims, known))
    return claims


def faults(claims: Collection[Claim], known: Known) -> Iterator[tuple[Location, str]]:
    """Names that nothing in the model bears, and statistics without what they need: where, and the complaint."""
    for row, claim in enumerate(claims):
        for place, name in enumerate(claim.elements):
            if name not in known.elements:
                yield (
                    ("claims", row, "elements", place),
                    _unknown(claim, "rule, column, metric or policy", name, known.elements),
                )
        for place, name in enumerate(claim.arms):
            if name not in known.arms:
                yield ("claims", row, "arms", place), _unknown(claim, "arm of the scenario", name, known.arms)
        if claim.metric and claim.metric not in known.metrics:
            yield ("claims", row, "metric"), _unknown(claim, "series", claim.metric, known.metrics)
        if claim.statistic:
            yield from _statistic_faults(row, claim, known)


def _statistic_faults(row: int, claim: Claim, known: Known) -> Iterator[tuple[Location, str]]:
    if claim.statistic not in known.statistics:
        yield ("claims", row, "statistic"), _unknown(claim, "statistic", claim.statistic, known.statistics)
        return
    least, most, of_metric = known.statistics[claim.statistic]
    if not least <= len(claim.arms) <= most:
        wanted = f"{least}" if least == most else f"{least} to {most}"
        yield ("claims", row, "arms"), f"{claim.id}: {claim.statistic} compares {wanted} arms, not {len(claim.arms)}"
    if of_metric != bool(claim.metric):
        needs = "is computed of a metric" if of_metric else "takes no metric"
        yield ("claims", row, "metric"), f"{claim.id}: {claim.statistic} {needs}"


def _unknown(claim: Claim, what: str, name: str, known: Collection[str]) -> str:
    return f"{claim.id}: there is no {what} {name}{did_you_mean(name, known)}"


def _set_faults(claims: Collection[Claim]) -> Iterator[tuple[Location, str]]:
    """What the types of the fields alone cannot see."""
    seen: list[str] = []
    for row, claim in enumerate(claims):
        if claim.id in seen:
            yield ("claims", row, "id"), f"two claims are called {claim.id}"
        if claim.id not in IDS:
            yield ("claims", row, "id"), f"{claim.id} is no claim of the article{did_you_mean(claim.id, IDS)}"
        seen.append(claim.id)
        if (claim.kind == "testable") != bool(claim.statistic):
            yield ("claims", row, "kind"), f"{claim.id}: a claim has a statistic if, and only if, it is testable"
        if claim.statistic and claim.above is None and claim.below is None:
            yield ("claims", row, "statistic"), f"{claim.id}: says where it holds: give above, below or both"
        if (claim.kind == "out of scope") == bool(claim.tests):
            yield ("claims", row, "tests"), f"{claim.id}: what is modelled has a test, and nothing else has one"
        for place, name in enumerate(claim.tests):
            if name.count("::") != 1:
                yield ("claims", row, "tests", place), f"{claim.id}: {name} is not FILE::NAME"
        if claim.above is not None and claim.below is not None and claim.above >= claim.below:
            yield ("claims", row, "above"), f"{claim.id}: {claim.above:g} is not below {claim.below:g}"
    missing = [name for name in IDS if name not in seen]
    if missing:
        yield ("claims",), f"the article has {len(IDS)} claims; missing: {', '.join(missing)}"
