"""Numbers that the READMEs tell are those of the code and of what is stored; sentences, not only digits, are compared.

What needs results is held where these are tested: the scorecard, the map and who wins it in test_frozen and
test_reproduce, the size of the wheel in test_walks, examples in test_own_policy. Minutes and speeds are told by
`swadaya bench`.
"""

from __future__ import annotations

import re
import tomllib
from importlib import metadata
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from sim.app.lessons import lessons
from sim.calibration import ensemble
from sim.calibration.calibrate import VARIANTS
from sim.calibration.worlds import each
from sim.commands.regime import AXES
from sim.foreign import regimes, society
from sim.metrics import cost
from sim.nation.frame import provinces
from sim.regime import winning
from sim.regime.axes import works_per_z
from sim.regime.questions import POINTS
from sim.reproduce import published
from sim.reproduce.agreement import TOLERANCE
from sim.scenario import load

ROOT = Path(__file__).parents[1]


def text(file: str) -> str:
    """A README on one line."""
    return " ".join((ROOT / file).read_text(encoding="utf-8").split())


def grouped(number: float, mark: str = " ") -> str:
    """An integer with a mark between its thousands."""
    return f"{number:,.0f}".replace(",", mark)


@pytest.mark.parametrize("file", ["README.md", "README.id.md"])
def test_the_python_that_is_needed(file):
    needed = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["requires-python"]
    newer = {"README.md": "Python {} or newer", "README.id.md": "Python {} atau lebih baru"}[file]
    assert newer.format(needed.removeprefix(">=")) in text(file)


def installed(name: str, extras: frozenset[str], found: dict[str, frozenset[str]]) -> set[str]:
    """Names of a package and of all that it needs, as they are installed here."""
    if name in found and found[name] >= extras:
        return {*found}
    found[name] = extras
    for line in metadata.distribution(name).requires or []:
        needed = Requirement(line)
        if needed.marker is None or any(needed.marker.evaluate({"extra": extra}) for extra in extras or {""}):
            installed(needed.name.lower(), frozenset(needed.extras), found)
    return {*found}


def weight(names: set[str]) -> float:
    """What packages take on a disk, MB."""
    files = [file.locate() for name in names for file in metadata.distribution(name).files or []]
    return sum(Path(file).stat().st_size for file in files if Path(file).is_file()) / 1e6


def test_what_an_installation_weighs():
    base, view = (installed("swadaya", frozenset(extras), {}) for extras in ((), ("app",)))
    assert "solara" in view - base and "numba" in base
    for names, told, there in (
        (base, r"needs about (\d+) MB", r"memerlukan sekitar (\d+) MB"),
        (view - base, r"\((\d+) MB more", r"\(tambahan (\d+) MB"),
    ):
        (said,), (also,) = re.findall(told, text("README.md")), re.findall(there, text("README.id.md"))
        assert said == also and float(said) == pytest.approx(weight(names), rel=0.1)


def commands(file: str) -> set[str]:
    """The commands that a README names, and what is asked to be explained."""
    return {" ".join(found).strip() for found in re.findall(r"swadaya (?:(explain) )?([a-z]+)", text(file))}


def test_the_indonesian_readme_has_the_commands_and_numbers_of_the_english():
    assert commands("README.md") == commands("README.id.md") and len(commands("README.md")) > 20
    for told, there in (
        (r"a wheel of about ([\d.]+) MB", r"sekitar ([\d,]+) MB dengan semua skenario"),
        (r"reaches (\d+) % a year there and (\d+) %", r"mencapai (\d+)% per tahun, dan (\d+)%"),
        (r"works earn ([\d.]+) % at most", r"paling tinggi ([\d,]+)%"),
        (r"draws (\d+) worlds", r"menarik (\d+) dunia"),
        (
            r"about (\d+) million in ([\d ]+) villages of (\d+) provinces",
            r"sekitar (\d+) juta di ([\d.]+) desa di (\d+)",
        ),
    ):
        (said,), (also,) = re.findall(told, text("README.md")), re.findall(there, text("README.id.md"))
        bare = [re.sub(r"[^\w(]", "", str(one)) for one in (said, also)]
        assert bare[0] == bare[1], (said, also)


def test_parameter_sets_and_worlds_of_a_map(known):
    off, on = (len(ensemble.load(variant)) for variant in VARIANTS)
    told = text("README.md")
    assert f"over {off} parameter sets without a poverty trap and {on} with one" in told
    assert load("desa", known).replications.sets == 10 and "over luck and ten of the calibrated parameter sets" in told
    assert len(AXES.split(",")) == 3 and f"draws {POINTS[False]} worlds over three uncertainties" in told
    assert f"Intervals are of {100 * winning.LEVEL:.0f} % (Wilson)" in told


def test_the_nation():
    frame = provinces()
    villages, households = (sum(getattr(one, name) for one in frame) for name in ("villages", "households"))
    said = f"about {households / 1e6:.0f} million in {grouped(villages)} villages of {len(frame)} provinces"
    assert said in text("README.md")


def test_lessons_tolerance_and_money():
    assert len(lessons()) == 4 == sum(name.startswith("lesson_") for name in published.names())
    assert "four lessons lead" in text("README.md") and "Empat pelajaran menjadi penuntun" in text("README.id.md")
    assert TOLERANCE == 0.1 and "within a tenth of its interval's half-width" in text("README.md")
    assert f"Rp{grouped(cost.rupiah(1.0), '.')} pada September 2017" in text("README.id.md")


def test_the_other_model():
    told = f"{grouped(society.PEOPLE)} investors, the projects of their communities and {regimes.STEPS} steps"
    assert told in text("README.md")


def works(world, luck):
    """What works earn in a world at rest, % a year."""
    return {"works": works_per_z(world), "gain": world.value("output.works_gain")}


@pytest.mark.full
def test_what_works_earn_in_the_frozen_sets():
    """Every set of both variants, each with a population and a luck of its own."""
    found = [one["works"] for variant in VARIANTS for one in each(works, ensemble.load(variant), 1)]
    assert len(found) > 100 and f"In the frozen sets works earn {max(found):.1f} % at most" in text("README.md")
