"""Files, and folders of results, that are there whole or not at all."""

from __future__ import annotations

import errno
import os
import shutil
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sim.errors import InputError

FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)  # the disk, what one may use of it, what one file may hold


def untaken(*paths: Path) -> None:
    """Refuse to write over what is there: asked of all files together, before the first is written."""
    for path in paths:
        if path.exists():
            raise InputError(f"{path} exists; nothing is written over it")


def put(path: Path, content: str | bytes) -> None:
    """Write a file that is there whole or not at all; text as UTF-8, with the ends of lines that it has."""
    draft = path.with_name(f".{path.name}.{os.getpid()}.{threading.get_ident()}")
    try:
        draft.write_bytes(content.encode() if isinstance(content, str) else content)
        draft.replace(path)
    except OSError as error:
        raise InputError(f"{path}: cannot be written: {error.strerror}") from None
    finally:
        draft.unlink(missing_ok=True)


@contextmanager
def drafted(folder: Path) -> Iterator[Path]:
    """An empty folder that takes the place of `folder` when all is written, and vanishes when anything stops it."""
    new, old = not folder.parent.exists(), folder.with_name(f".{folder.name}-old")
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        draft = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
    except OSError as error:
        raise InputError(f"{folder.parent}: results cannot be written there: {error.strerror}") from None
    try:
        yield draft
        draft.chmod(0o755)
        if folder.exists():
            shutil.rmtree(old, ignore_errors=True)
            folder.rename(old)
        draft.rename(folder)
    except OSError as error:
        if error.errno not in FULL:
            raise
        told = f"{folder.parent}: results cannot be written there: {os.strerror(error.errno)}; nothing was written"
        raise InputError(told) from error
    finally:
        if old.exists() and not folder.exists():
            old.rename(folder)
        shutil.rmtree(old, ignore_errors=True)
        shutil.rmtree(draft, ignore_errors=True)
        if new and not any(folder.parent.iterdir()):
            folder.parent.rmdir()
