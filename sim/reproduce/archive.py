"""A package as a ZIP file: written whole with a manifest, and read without trust.

Whoever opens a package from elsewhere has every entry of its directory looked at first, then every byte held against
the manifest, and only then a few named files unpacked into a folder of their own.
"""

from __future__ import annotations

import hashlib
import re
import stat
import tempfile
import unicodedata
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath

from sim.errors import InputError

MANIFEST = "manifest-sha256.txt"  # one line a file, as `sha256sum --check` reads it
ENTRIES = 10_000  # files of a package
LARGEST = 8 * 2**30  # bytes of all files together
RATIO, SMALL = 100, 2**20  # unpacked against packed, beyond so many bytes that may be anything
LONGEST = 400  # characters of a name
READ_WHOLE = 256 * 2**20  # bytes of a file that is read into memory
CHUNK = 2**20
SHOWN = 5  # faults of one message
#: What a reader of ZIP files raises; the last where a name says that it is UTF-8 and is not.
DAMAGED = (
    zipfile.BadZipFile, zlib.error, EOFError, OSError, RuntimeError, NotImplementedError, UnicodeDecodeError,
)  # fmt: skip
KINDS = (0, stat.S_IFREG, stat.S_IFDIR)  # 0: written where files have no kind
Content = Path | bytes


# -- writing ----------------------------------------------------------------------------------------------------------


def hashed(content: Content) -> str:
    """SHA-256 of a file or of bytes."""
    if isinstance(content, bytes):
        return hashlib.sha256(content).hexdigest()
    with content.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def write(path: Path, files: Mapping[str, Content]) -> None:
    """Write a package with its manifest; it is there whole or not at all, and the same files give the same bytes."""
    lines = [f"{hashed(content)}  {name}\n" for name, content in sorted(files.items())]
    whole: dict[str, Content] = {MANIFEST: "".join(lines).encode(), **dict(sorted(files.items()))}
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=f".{path.name}-", dir=path.parent) as place:
            draft = Path(place) / path.name
            with zipfile.ZipFile(draft, "w", zipfile.ZIP_DEFLATED) as archive:
                for name, content in whole.items():
                    _add(archive, name, content)
            with read(draft):  # what would be refused elsewhere is not given to anybody
                pass
            draft.replace(path)  # closed by now: Windows moves no file that is open
    except OSError as error:
        raise InputError(f"{path}: cannot be written: {error.strerror}") from None


def _add(archive: zipfile.ZipFile, name: str, content: Content) -> None:
    """One file, with neither date nor owner."""
    info = zipfile.ZipInfo(name)
    info.compress_type, info.external_attr = zipfile.ZIP_DEFLATED, (stat.S_IFREG | 0o644) << 16
    if isinstance(content, bytes):
        archive.writestr(info, content)
        return
    info.file_size = content.stat().st_size
    with content.open("rb") as source, archive.open(info, "w") as out:
        while chunk := source.read(CHUNK):
            out.write(chunk)


# -- reading ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Archive:
    """A package whose directory does no harm and whose bytes are those of its manifest.

    Attributes
    ----------
    listed
        The manifest: name -> SHA-256.
    """

    name: str
    file: zipfile.ZipFile
    files: Mapping[str, zipfile.ZipInfo]
    listed: Mapping[str, str] = field(default_factory=dict)

    def refuse(self, why: str) -> InputError:
        """The one message for whatever is wrong with it."""
        return InputError(f"{self.name}: refused, nothing was unpacked: {why}")

    def complain(self, faults: Sequence[str]) -> None:
        """Refuse it for its faults, if it has any."""
        if faults:
            more = f"; and {len(faults) - SHOWN} more" if len(faults) > SHOWN else ""
            raise self.refuse("; ".join(faults[:SHOWN]) + more)

    def bytes(self, name: str) -> bytes:
        """A file of it, in memory."""
        info = self.files.get(name)
        if info is None:
            raise self.refuse(f"it does not hold {name}")
        if info.file_size > READ_WHOLE:
            raise self.refuse(f"{shown(name)} has {info.file_size} bytes; at most {READ_WHOLE} are read")
        try:
            return self.file.read(info)
        except DAMAGED as error:
            raise self.refuse(f"{shown(name)} is damaged: {error}") from None

    def text(self, name: str) -> str:
        """A file of it as UTF-8."""
        try:
            return self.bytes(name).decode()
        except UnicodeDecodeError:
            raise self.refuse(f"{shown(name)} is not UTF-8 text") from None

    def sha256(self, name: str) -> str:
        """SHA-256 of one of its files, read piece by piece; the name of the damage where it cannot be read."""
        whole = hashlib.sha256()
        try:
            with self.file.open(self.files[name]) as source:
                while chunk := source.read(CHUNK):
                    whole.update(chunk)
        except DAMAGED as error:
            return f"damaged: {error}"
        return whole.hexdigest()

    def unpack(self, names: Iterable[str], into: Path) -> None:
        """Write some of its files under a folder."""
        for name in names:
            target = into.joinpath(*PurePosixPath(name).parts)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(self.bytes(name))


@contextmanager
def read(path: Path) -> Iterator[Archive]:
    """Open a package.

    Raises
    ------
    InputError
        When it is no package, could do harm, or has a byte that is not as its manifest says.
    """
    try:
        file = zipfile.ZipFile(path)
    except FileNotFoundError:
        raise InputError(f"{path}: no such package") from None
    except DAMAGED as error:
        raise InputError(f"{path}: cannot be read as a ZIP file: {error}") from None
    with file:
        bare = Archive(str(path), file, {})
        if (fault := _harm(file.infolist())) is not None:
            raise bare.refuse(fault)
        archive = Archive(bare.name, file, {info.filename: info for info in file.infolist() if not info.is_dir()})
        archive = replace(archive, listed=_manifest(archive))
        archive.complain([*_against_manifest(archive)])
        yield archive


def _harm(entries: list[zipfile.ZipInfo]) -> str | None:
    """The first thing in the directory of an archive that could do harm."""
    if len(entries) > ENTRIES:
        return f"it has {len(entries)} entries; at most {ENTRIES} are read"
    unpacked, packed = (sum(getattr(one, size) for one in entries) for size in ("file_size", "compress_size"))
    if unpacked > LARGEST:
        return f"it would unpack to {unpacked} bytes; at most {LARGEST} are read"
    if unpacked > RATIO * packed + SMALL:
        return f"it would unpack to {unpacked} bytes from {packed}; at most {RATIO} times are read"
    seen: dict[str, str] = {}
    for info in entries:
        name = shown(info.orig_filename)
        for wrong, why in FAULTS:
            if wrong(info):
                return f"{name} {why}"
        same = unicodedata.normalize("NFC", info.filename.rstrip("/")).casefold()
        if same in seen:
            return f"{name} has the name of another entry, {seen[same]}"
        seen[same] = name
    files = {unicodedata.normalize("NFC", one.filename).casefold() for one in entries if not one.is_dir()}
    for info in entries:
        above = {
            str(parent) for parent in PurePosixPath(unicodedata.normalize("NFC", info.filename).casefold()).parents
        }
        if above & files:
            return f"{shown(info.orig_filename)} lies in what is a file"
    return None


def _kind(info: zipfile.ZipInfo) -> int:
    return stat.S_IFMT(info.external_attr >> 16)


FAULTS: tuple[tuple[Callable[[zipfile.ZipInfo], bool], str], ...] = (
    (lambda info: not 0 < len(info.orig_filename) <= LONGEST, f"has a name that is not 1 to {LONGEST} characters long"),
    (lambda info: re.search(r'[\x00-\x1f\\:*?"<>|]', info.orig_filename) is not None, "has a name that is no file's"),
    (lambda info: info.filename.startswith("/"), "has an absolute path"),
    (
        lambda info: not {"", ".", ".."}.isdisjoint(info.filename.removesuffix("/").split("/")),
        "leads out of its folder",
    ),
    (lambda info: _kind(info) not in KINDS, "is a link or a device"),
    (lambda info: info.is_dir() and info.file_size > 0, "is a folder with content"),
    (lambda info: bool(info.flag_bits & 0x1), "is encrypted"),
    (lambda info: info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED), "is packed in an unknown way"),
    (
        lambda info: info.file_size > RATIO * info.compress_size + SMALL,
        f"would unpack to more than {RATIO} times its size",
    ),
)


def shown(name: str) -> str:
    """A name that can be printed on one line."""
    return repr(name if len(name) <= 80 else f"{name[:77]}...")


def _manifest(archive: Archive) -> dict[str, str]:
    """The manifest: name -> SHA-256."""
    listed: dict[str, str] = {}
    for place, line in enumerate(archive.text(MANIFEST).splitlines(), 1):
        found = re.fullmatch(r"([0-9a-f]{64})  (.+)", line)
        if found is None or found[2] in listed:
            raise archive.refuse(f"{MANIFEST}, line {place}: not a digest and a name, or a name twice")
        listed[found[2]] = found[1]
    return listed


def _against_manifest(archive: Archive) -> Iterator[str]:
    """What is missing, not listed, or changed."""
    listed, there = archive.listed, set(archive.files) - {MANIFEST}
    yield from (f"{shown(name)} is missing" for name in listed if name not in there)
    yield from (f"{shown(name)} is not in the manifest" for name in sorted(there - listed.keys()))
    for name in sorted(there & listed.keys()):
        found_now = archive.sha256(name)
        if found_now.startswith("damaged"):
            yield f"{shown(name)} is {found_now}"
        elif found_now != listed[name]:
            yield f"{shown(name)} was changed: its SHA-256 is not that of the manifest"
