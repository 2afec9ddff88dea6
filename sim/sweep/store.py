"""Where finished runs are kept: Parquet parts that are there whole or not at all, named by the digest of their bytes.

A run is known by its key, the digest of all that it depends on, so that every study finds what any other has run, as
far as that measured what it asks for. What a task brings is one part, on the disk before the next is asked for; the
parts of one block of a plan are joined into one when the block is done, because a hundred thousand small files take
long to read. A part whose bytes are not those of its name is set aside, and what it held is run again.
"""

from __future__ import annotations

import hashlib
import io
import os
import sqlite3
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from sim.errors import InputError

RUNS, FAILURES, STUDIES, CORRUPT = "runs", "failures", "studies", "corrupt"
KINDS = (RUNS, FAILURES)
ASKED = ("key", "asked_limit", "asked_metrics")  # what tells a row from another: a run may fail for several studies


def durable(path: Path, content: bytes) -> None:
    """Write a file that is there whole or not at all, and still there after a power cut.

    Raises
    ------
    InputError
        When the disk does not take it; nothing is left of it then.
    """
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with draft.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
        if os.name == "posix":  # elsewhere a folder has no handle, and the rename itself is kept
            folder = os.open(path.parent, os.O_RDONLY)
            try:
                os.fsync(folder)
            finally:
                os.close(folder)
    except OSError as error:
        told = "what was stored before is kept, and the same command goes on from there"
        raise InputError(f"{path}: cannot be written: {error.strerror}; {told}") from None
    finally:
        draft.unlink(missing_ok=True)


def digest(content: bytes) -> str:
    """What a part is called: 128 bits over its bytes."""
    return hashlib.blake2b(content, digest_size=16).hexdigest()


def written(table: pa.Table) -> bytes:
    """A table as Parquet."""
    out = io.BytesIO()
    pq.write_table(table, out, compression="zstd")
    return out.getvalue()


class Store:
    """All runs of a folder.

    Attributes
    ----------
    parts
        Kind -> name of a part -> keys of what it holds.
    columns
        Kind -> name of a part -> names of what it has of every key in it.
    held
        Kind -> key -> name of a part that holds it: one of them, where studies measured different things of it.
    corrupt
        Parts whose bytes are not those of their names.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._look()

    def _look(self) -> None:
        """Note all parts as they are now."""
        while not self._looked():
            pass  # a sweep that goes on has joined parts meanwhile

    def _looked(self) -> bool:
        """Note all parts; whether none went while that was done."""
        self.parts: dict[str, dict[str, list[str]]] = {kind: {} for kind in KINDS}
        self.columns: dict[str, dict[str, frozenset[str]]] = {kind: {} for kind in KINDS}
        self.held: dict[str, dict[str, str]] = {kind: {} for kind in KINDS}
        self.corrupt: list[Path] = []
        try:
            for kind in KINDS:
                for path in sorted((self.folder / kind).glob("*.parquet")):
                    self._see(kind, path)
        except FileNotFoundError:
            return False
        return True

    def _see(self, kind: str, path: Path) -> None:
        """Note what a part holds, if it is what it was."""
        content = path.read_bytes()
        if digest(content) != path.stem:
            self.corrupt.append(path)
            return
        part = pq.ParquetFile(io.BytesIO(content))
        self._note(kind, path.stem, part.read(["key"])["key"].to_pylist(), part.schema_arrow.names)

    def _note(self, kind: str, name: str, keys: list[str], columns: Sequence[str]) -> None:
        self.parts[kind][name], self.columns[kind][name] = keys, frozenset(columns)
        self.held[kind].update(dict.fromkeys(keys, name))

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Hold the right to write; what a killed sweep left half-written, and corrupt parts, go out of the way.

        The lock is a database's, which every system frees when its holder dies, however it dies.

        Raises
        ------
        InputError
            While another sweep holds it.
        """
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            lock = sqlite3.connect(self.folder / "lock.sqlite", timeout=0.0, isolation_level=None)
        except (OSError, sqlite3.Error) as error:
            raise InputError(
                f"{self.folder}: nothing can be stored there: {getattr(error, 'strerror', error)}"
            ) from None
        try:
            lock.execute("BEGIN EXCLUSIVE")
        except sqlite3.Error as error:
            lock.close()
            said = f"{self.folder}: another sweep writes there ({error}); wait for it, or choose --store elsewhere"
            raise InputError(said) from None
        try:
            self._look()  # another sweep may have ended since
            for draft in [*self.folder.rglob(".*.parquet.*"), *self.folder.rglob(".study.json.*")]:
                draft.unlink(missing_ok=True)
            for path in self.corrupt:
                (self.folder / CORRUPT).mkdir(exist_ok=True)
                path.replace(self.folder / CORRUPT / path.name)
            yield
        finally:
            lock.close()

    # -- writing ------------------------------------------------------------------------------------------------------

    def put(self, kind: str, rows: Sequence[Mapping[str, Any]]) -> None:
        """Keep some rows, one a key, as one part."""
        if rows:
            self._write(kind, pa.Table.from_pylist(sorted(rows, key=lambda row: row["key"])))

    def _write(self, kind: str, table: pa.Table) -> str:
        content = written(table)
        name = digest(content)
        durable(self.folder / kind / f"{name}.parquet", content)
        self._note(kind, name, table["key"].to_pylist(), table.column_names)
        return name

    def join(self, kind: str, keys: Collection[str]) -> None:
        """Make one part of all that hold nothing but some keys, and the same of each: it is there before they go."""
        inside, alike = set(keys), dict[frozenset[str], set[str]]()
        for name, held in self.parts[kind].items():
            if inside.issuperset(held):
                alike.setdefault(self.columns[kind][name], set()).add(name)
        for names in alike.values():
            if len(names) > 1:
                self._join(kind, names)

    def _join(self, kind: str, names: set[str]) -> None:
        whole = pa.concat_tables([self._table(kind, name) for name in sorted(names)], promote_options="default")
        same = whole.select([name for name in ASKED if name in whole.column_names]).to_pandas()
        first = same.drop_duplicates().sort_values([*same]).index
        for name in names - {self._write(kind, whole.take(pa.array(first)))}:
            self._drop(kind, name)

    def forget(self, kind: str, keys: Collection[str]) -> None:
        """Drop some keys from all parts that hold them: what else these hold is written anew first."""
        gone = set(keys)
        for name, held in [*self.parts[kind].items()]:
            if gone.isdisjoint(held):
                continue
            table = self._table(kind, name)
            kept = [place for place, key in enumerate(held) if key not in gone]
            if kept:
                self._write(kind, table.take(pa.array(kept)))
            self._drop(kind, name)
        for key in gone:
            self.held[kind].pop(key, None)

    def _drop(self, kind: str, name: str) -> None:
        (self.folder / kind / f"{name}.parquet").unlink(missing_ok=True)
        del self.parts[kind][name], self.columns[kind][name]

    # -- reading ------------------------------------------------------------------------------------------------------

    def _table(self, kind: str, name: str, columns: Sequence[str] | None = None) -> pa.Table:
        return pq.read_table(self.folder / kind / f"{name}.parquet", columns=columns)

    def holding(self, kind: str, columns: Collection[str] = ()) -> dict[str, str]:
        """Key -> name of a part that has all of some columns of it."""
        wanted = set(columns)
        there = [name for name in self.parts[kind] if wanted <= self.columns[kind][name]]
        return {key: name for name in there for key in self.parts[kind][name]}

    def take(self, kind: str, keys: Sequence[str], columns: Collection[str] = ()) -> pd.DataFrame:
        """What is held of some keys, in their order; a key of which a column is not held is left out."""
        held = self.holding(kind, columns)
        names = dict.fromkeys(held[key] for key in keys if key in held)
        if not names:
            return pd.DataFrame({"key": []}).set_index("key")
        whole = pa.concat_tables([self._table(kind, name) for name in names], promote_options="default").to_pandas()
        whole = whole.drop_duplicates("key").set_index("key")
        return whole.loc[[key for key in keys if key in held]]

    def rows(self, kind: str, columns: Sequence[str]) -> Iterator[dict[str, Any]]:
        """Some columns of all that is held, those that a part has."""
        for name, there in self.columns[kind].items():
            yield from self._table(kind, name, [column for column in columns if column in there]).to_pylist()

    def files(self, kind: str) -> list[str]:
        """Paths of all sound parts."""
        return [str(self.folder / kind / f"{name}.parquet") for name in sorted(self.parts[kind])]

    def twice(self, kind: str) -> bool:
        """Whether any key is held by more than one part: measured for several studies, or joining was stopped."""
        return sum(map(len, self.parts[kind].values())) > len(self.held[kind])
