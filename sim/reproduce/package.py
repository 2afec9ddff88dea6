"""A replication package: results, what made them, and all that another machine needs to make them again."""

from __future__ import annotations

import json
import re
import tempfile
import tomllib
from collections.abc import Mapping
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path, PurePosixPath
from typing import Any

import pandas as pd

from sim.errors import InputError
from sim.experiment import canonical
from sim.experiment.results import put_csv, versions
from sim.experiment.study import PACKAGES
from sim.reproduce import archive, machine
from sim.reproduce.archive import Content
from sim.reproduce.runs import asked_of
from sim.scenario import Known, Scenario, check
from sim.shipped import PACKAGE, code_digest

TABLE, DOCUMENT, CRATE = "canonical.csv", "scenario/document.json", "ro-crate-metadata.json"
LOCK, LICENCE, CITATION = "environment/lock.txt", "LICENSE", "CITATION.cff"
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

LICENSE and CITATION.cff are those of the software; what may be done with the results, whoever packed them says.

To make it again: install this version of Swadaya, whose code has the SHA-256
{code},
then: swadaya reproduce {package}
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
        **_scenario_files(scenario, manifest, beside, known),
        **{f"results/{name}": file for name, file in _files(results).items()},
        TABLE: _stored(results, manifest).text().encode(),
        LOCK: machine.lock().encode(),
        "environment/machine.json": (json.dumps(machine.described(), indent=2) + "\n").encode(),
        **{name: file for name in (LICENCE, CITATION) if (file := _of_software(name)) is not None},
    }
    words = {"title": scenario.title, "version": version("swadaya"), "code": code_digest(), "package": path.name}
    files["README.txt"] = READ_ME.format(scenario=f"{manifest['name']}.toml", **words).encode()
    files[CRATE] = _crate(scenario, manifest, files)
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


def _of_software(name: str) -> Path | None:
    """A file about the software: inside the package where it is installed, beside it in a clone."""
    return next((file for file in (PACKAGE / name, PACKAGE.parent / name) if file.is_file()), None)


def reads_to(text: str, scenario: Scenario, known: Known, path: Path) -> bool:
    """Whether a file's text, at this path, is a scenario, or becomes it by `--quick`."""
    try:
        written = check(tomllib.loads(text), known, path=path)
    except (ValueError, RecursionError):  # what is wrong in it does not matter here
        return False
    return scenario.digest() in (written.digest(), written.quick().digest())


def _scenario_files(scenario: Scenario, manifest: Mapping[str, Any], beside: Path, known: Known) -> dict[str, Content]:
    """The scenario as it was written, where that is what was run, and as it was run, and the files that it names."""
    name, written = f"{manifest['name']}.toml", str(manifest["scenario"])
    kept = bool(written) and reads_to(written, scenario, known, beside / name)
    files: dict[str, Content] = {f"scenario/{name}": written.encode()} if kept else {}
    files[DOCUMENT] = (json.dumps(manifest["document"], indent=2, ensure_ascii=False) + "\n").encode()
    for named in _named(scenario):
        if not inside(named):
            raise InputError(f"{scenario.slug}: {named} does not lie in the scenario's own folder; move it there")
        files[f"scenario/{PurePosixPath(named)}"] = beside / named
    return files


def _named(scenario: Scenario) -> list[str]:
    """The data files that a scenario names."""
    return [name for name in (scenario.population.survey, scenario.population.village_list) if name]


def inside(name: str) -> bool:
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


def tables_of(results: Path) -> tuple[pd.DataFrame, dict[str, pd.DataFrame]]:
    """Series and tables of a folder of results, from their Parquet files."""
    series = pd.read_parquet(results / "series.parquet")
    return series, {file.stem: pd.read_parquet(file) for file in sorted((results / "tables").glob("*.parquet"))}


def other_csv(results: Path, series: pd.DataFrame, tables: Mapping[str, pd.DataFrame]) -> list[str]:
    """The CSV files beside series and tables that do not say what these say."""
    frames = {"series": series, **{f"tables/{name}": table for name, table in tables.items()}}
    found = []
    with tempfile.TemporaryDirectory(prefix="swadaya-") as place:
        for file in [*results.glob("series.csv"), *sorted((results / "tables").glob("*.csv"))]:
            name = file.relative_to(results).as_posix()
            frame = frames.get(name.removesuffix(".csv"))
            if frame is not None:
                put_csv(Path(place), "table", frame)
            if frame is None or (Path(place) / "table.csv").read_bytes() != file.read_bytes():
                found.append(name)
    return found


def _stored(results: Path, manifest: Mapping[str, Any]) -> canonical.Stored:
    """The canonical table, made of the files of the results and held against the digests of the run."""
    try:
        series, tables = tables_of(results)
        digests = canonical.digests(series, tables)
        table = canonical.of_comparison(series, tables)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InputError(f"{results}: its tables cannot be read: {error}") from None
    changed = [f"{name} is not that of its tables" for name, found in digests.items() if found != manifest[name]]
    changed += [f"{name} is not what its Parquet table says" for name in other_csv(results, series, tables)]
    if changed:
        raise InputError(f"{results}: was changed since it was made: {'; '.join(changed)}")
    about = {**digests, **asked_of(manifest), **machine.about(), "made": str(manifest["finished"])}
    return canonical.Stored(table, about)


def _crate(scenario: Scenario, manifest: Mapping[str, Any], files: Mapping[str, Content]) -> bytes:
    """RO-Crate metadata: every file, the software, and the run that ties them together."""
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
    listing = {"name": archive.MANIFEST, "description": "SHA-256 of every other file", "encodingFormat": "text/plain"}
    crate.add_file(dest_path=archive.MANIFEST, properties=listing)  # it lists this crate: its own digest cannot be here
    crate.add_action(
        _software(crate, entities),
        identifier="#run",
        object=[one for name, one in entities.items() if name.startswith(("scenario/", "environment/"))],
        result=[one for name, one in entities.items() if name.startswith("results/") or name == TABLE],
        properties={"name": f"swadaya run {manifest['name']}", "endTime": manifest["finished"]},
    )
    return (json.dumps(crate.metadata.generate(), indent=2, sort_keys=True, ensure_ascii=False) + "\n").encode()


def _software(crate: Any, entities: Mapping[str, Any]) -> Any:
    """What made the results: which version and code, what it needs, under which licence, by whom."""
    from rocrate.model import ContextEntity

    about: dict[str, Any] = {"@type": "SoftwareApplication", "name": "Swadaya", "softwareVersion": version("swadaya")}
    tool = crate.add(ContextEntity(crate, "#swadaya", properties={**about, "sha256": code_digest()}))
    tool["softwareRequirements"] = entities[LOCK]
    if LICENCE in entities:
        tool["license"] = entities[LICENCE]
    if (cited := _of_software(CITATION)) is not None:
        tool["citation"] = entities[CITATION]
        names = re.findall(r"^  - name: (.+)$", cited.read_text(encoding="utf-8"), re.MULTILINE)
        properties = [{"@type": "Organization", "name": name} for name in names]
        tool["author"] = [
            crate.add(ContextEntity(crate, f"#author-{k}", properties=one)) for k, one in enumerate(properties, 1)
        ]
    return tool


def _type(name: str) -> str:
    """Media type of a file by its ending."""
    known = {"csv": "text/csv", "html": "text/html", "txt": "text/plain", "png": "image/png", "svg": "image/svg+xml"}
    known |= {"json": "application/json", "toml": "application/toml", "parquet": "application/vnd.apache.parquet"}
    return known.get(name.rpartition(".")[2], "application/octet-stream")
