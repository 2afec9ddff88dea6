"""A replication package: results, what made them, and all that another machine needs to make them again."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path, PurePosixPath
from typing import Any

import pandas as pd

from sim.errors import InputError
from sim.experiment import canonical
from sim.experiment.results import versions
from sim.experiment.study import PACKAGES
from sim.progress import Tell
from sim.reproduce import archive, machine
from sim.reproduce.archive import Content
from sim.reproduce.runs import Made, asked_of, of_scenario
from sim.scenario import Known, Scenario, check
from sim.shipped import code_digest

TABLE, DOCUMENT = "canonical.csv", "scenario/document.json"
NEEDS = (
    "digest", "document", "code", "rules", "ensemble", "own_files", "series_sha256", "table_sha256", "versions",
    "finished",
)  # fmt: skip
READ_ME = """\
{title}

A replication package of Swadaya {version}. It holds the scenario ({scenario} as it was written, document.json as it was
run), what it was run with (environment/), everything that came out (results/), and canonical.csv: each printed number
with its interval, to the last bit. Its RO-Crate metadata say what is what, and manifest-sha256.txt has the digest of
every file.

To make it again: swadaya reproduce {package}
"""


# -- packing ----------------------------------------------------------------------------------------------------------


def pack(results: Path, out: Path | None, beside: Path, known: Known) -> Path:
    """Write the package of a folder of results.

    Parameters
    ----------
    results
        What `swadaya run` wrote.
    out
        Where the package goes; beside the results by default.
    beside
        Where the survey or village list lies that the scenario names, if it names one.

    Raises
    ------
    InputError
        When the folder holds something else, was changed, or was made with other code or libraries than these; when
        something stands where the package would go.
    """
    if find_spec("rocrate") is None:
        raise InputError("packages need the library rocrate: pip install 'swadaya[publish]'")
    manifest = _manifest(results)
    _same_code(results, manifest)
    scenario = _scenario(results, manifest, beside, known)
    path = out or results.with_name(f"{results.resolve().name}.zip")
    if path.exists():
        raise InputError(f"{path}: is there already and is kept; --out names a new file, or move it away")
    files = {
        **_scenario_files(scenario, manifest, beside),
        **{f"results/{name}": file for name, file in _files(results).items()},
        TABLE: _stored(results, manifest).text().encode(),
        "environment/lock.txt": machine.lock().encode(),
        "environment/machine.json": (json.dumps(machine.described(), indent=2) + "\n").encode(),
    }
    words = {"title": scenario.title, "version": version("swadaya"), "package": path.name}
    files["README.txt"] = READ_ME.format(scenario=f"{manifest['name']}.toml", **words).encode()
    files["ro-crate-metadata.json"] = _crate(scenario, manifest, files)
    archive.write(path, files)
    return path


def _manifest(results: Path) -> dict[str, Any]:
    """The manifest of a folder of results."""
    if not results.is_dir():
        raise InputError(f"{results}: is not a folder; a package is made of a folder that `swadaya run` wrote")
    try:
        found = json.loads((results / "manifest.json").read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(f"{results}: holds no results of `swadaya run`: manifest.json: {error.strerror}") from None
    except ValueError as error:
        raise InputError(f"{results}: holds no results of `swadaya run`: {error}") from None
    missing = [name for name in NEEDS if not isinstance(found, dict) or name not in found]
    if missing:
        raise InputError(f"{results}: not of `swadaya run`, or of an older version: no {missing[0]} in manifest.json")
    return found


def _same_code(results: Path, manifest: Mapping[str, Any]) -> None:
    """The lock describes what is installed now: it must be what made the results."""
    changed = machine.others(manifest["versions"], versions(PACKAGES))
    if manifest["code"] != code_digest():
        changed.append("Swadaya's own code changed since")
    if changed:
        raise InputError(f"{results}: made with other code than is installed ({'; '.join(changed)}); run it again here")


def _scenario(results: Path, manifest: Mapping[str, Any], beside: Path, known: Known) -> Scenario:
    """The scenario as it was run, its files found again and proven to be the same."""
    if own := [file["name"] for file in manifest["own_files"] if file["name"].endswith(".py")]:
        raise InputError(
            f"{results}: run with {', '.join(own)}; a package holds data, never code: install the policy instead"
        )
    name = f"{manifest['name']}.toml"
    scenario = check(manifest["document"], known, name=f"{results}, scenario", path=beside / name)
    if scenario.digest() != manifest["digest"]:
        named = f"a file that it names in {beside}, or a package with its policies"
        raise InputError(f"{results}: its scenario, {named}, is not what was run")
    return scenario


def _scenario_files(scenario: Scenario, manifest: Mapping[str, Any], beside: Path) -> dict[str, Content]:
    """The scenario as it was written and as it was run, and the files that it names."""
    written = str(manifest["scenario"]).encode()
    files: dict[str, Content] = {f"scenario/{manifest['name']}.toml": written} if written else {}
    files[DOCUMENT] = (json.dumps(manifest["document"], indent=2, ensure_ascii=False) + "\n").encode()
    for named in _named(scenario):
        if not _inside(named):
            raise InputError(f"{scenario.slug}: {named} does not lie in the scenario's own folder; move it there")
        files[f"scenario/{PurePosixPath(named)}"] = beside / named
    return files


def _named(scenario: Scenario) -> list[str]:
    """The data files that a scenario names."""
    return [name for name in (scenario.population.survey, scenario.population.village_list) if name]


def _inside(name: str) -> bool:
    """Whether a path stays in the folder where it starts."""
    path = PurePosixPath(name)
    return not path.is_absolute() and ".." not in path.parts and "\\" not in name and ":" not in name


def _files(results: Path) -> dict[str, Path]:
    """Every file of the results, by its path in them; hidden ones are not results."""
    found = {}
    for file in sorted(results.rglob("*")):
        inside = file.relative_to(results)
        if any(part.startswith(".") for part in inside.parts):
            continue
        if file.is_symlink():
            raise InputError(f"{file}: is a link; a package holds files only")
        if file.is_file():
            found[inside.as_posix()] = file
    return found


def _stored(results: Path, manifest: Mapping[str, Any]) -> canonical.Stored:
    """The canonical table, made of the files of the results and held against the digests of the run."""
    try:
        series = pd.read_parquet(results / "series.parquet")
        tables = {file.stem: pd.read_parquet(file) for file in sorted((results / "tables").glob("*.parquet"))}
        digests = canonical.digests(series, tables)
        table = canonical.of_comparison(series, tables)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InputError(f"{results}: its tables cannot be read: {error}") from None
    changed = [name for name, found in digests.items() if found != manifest[name]]
    if changed:
        raise InputError(f"{results}: was changed since it was made: {', '.join(changed)} is not that of its tables")
    about = {**digests, **asked_of(manifest), **machine.about(), "made": str(manifest["finished"])}
    return canonical.Stored(table, about)


def _crate(scenario: Scenario, manifest: Mapping[str, Any], files: Mapping[str, Content]) -> bytes:
    """RO-Crate metadata: every file, the software, and the run that ties them together."""
    from rocrate.model import ContextEntity
    from rocrate.rocrate import ROCrate

    crate = ROCrate(version="1.1")
    crate.name, crate.description = scenario.title, scenario.question or scenario.title
    crate.root_dataset["datePublished"] = manifest["finished"]
    crate.metadata.extra_terms["sha256"] = "https://schema.org/sha256"  # younger than RO-Crate 1.1
    entities = {}
    for name, content in sorted(files.items()):
        size = len(content) if isinstance(content, bytes) else content.stat().st_size
        about = {
            "name": name,
            "sha256": archive.hashed(content),
            "contentSize": str(size),
            "encodingFormat": _type(name),
        }
        entities[name] = crate.add_file(dest_path=name, properties=about)
    software = {"@type": "SoftwareApplication", "name": "Swadaya", "softwareVersion": version("swadaya")}
    tool = crate.add(ContextEntity(crate, "#swadaya", properties=software))
    crate.add_action(
        tool,
        identifier="#run",
        object=[one for name, one in entities.items() if name.startswith(("scenario/", "environment/"))],
        result=[one for name, one in entities.items() if name.startswith("results/") or name == TABLE],
        properties={"name": f"swadaya run {manifest['name']}", "endTime": manifest["finished"]},
    )
    return (json.dumps(crate.metadata.generate(), indent=2, sort_keys=True, ensure_ascii=False) + "\n").encode()


def _type(name: str) -> str:
    """Media type of a file by its ending."""
    known = {"csv": "text/csv", "html": "text/html", "txt": "text/plain", "png": "image/png", "svg": "image/svg+xml"}
    known |= {"json": "application/json", "toml": "application/toml", "parquet": "application/vnd.apache.parquet"}
    return known.get(name.rpartition(".")[2], "application/octet-stream")


# -- opening ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Package:
    """A package that was checked to the last byte, and can be run."""

    name: str
    scenario: Scenario
    stored: canonical.Stored
    files: int
    sha256: str

    def was(self) -> canonical.Stored:
        """The table that it holds."""
        return self.stored

    def make(self, known: Known, tell: Tell) -> Made:
        """Run its scenario."""
        return of_scenario(self.scenario, tell=tell)


@contextmanager
def opened(path: Path, known: Known) -> Iterator[Package]:
    """A package, its scenario unpacked for as long as it is open.

    Raises
    ------
    InputError
        When anything in it is not as its manifest says, or could do harm.
    """
    with archive.read(path) as found, tempfile.TemporaryDirectory(prefix="swadaya-") as place:
        try:
            document = json.loads(found.text(DOCUMENT))
        except (ValueError, RecursionError) as error:
            raise found.refuse(f"{DOCUMENT}: {error}") from None
        population = document.get("population") if isinstance(document, dict) else None
        if not isinstance(population, dict):
            raise found.refuse(f"{DOCUMENT}: is no scenario")
        named = [name for name in (population.get("survey"), population.get("village_list")) if name]
        wanted = [f"scenario/{PurePosixPath(str(name))}" for name in named]
        missing = [
            name for name, file in zip(named, wanted, strict=True) if not _inside(str(name)) or file not in found.files
        ]
        if missing:
            raise found.refuse(f"its scenario reads {missing[0]!r}, which it does not hold")
        found.unpack(wanted, Path(place))
        beside = Path(place) / "scenario" / f"{path.stem}.toml"
        scenario = check(document, known, name=f"{path}, {DOCUMENT}", path=beside)
        stored = canonical.stored(found.text(TABLE), f"{path}, {TABLE}")
        yield Package(path.name, scenario, stored, len(found.files) - 1, archive.hashed(path))
