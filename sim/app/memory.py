"""Memory of readers who have gone goes back to the system; glibc would keep it, other systems need no telling."""

from __future__ import annotations

import ctypes
import gc
import sys
from functools import cache
from threading import Timer

M_ARENA_MAX = -8  # glibc's malloc.h
MOMENT = 2.0  # seconds after which nothing of a reader who has gone is in use


@cache
def _glibc() -> ctypes.CDLL | None:
    libc = ctypes.CDLL(None) if sys.platform == "linux" else None
    return libc if hasattr(libc, "mallopt") and hasattr(libc, "malloc_trim") else None


def one_heap() -> None:
    """Let all threads share a heap: with one for each, what a reader held in one is not reused by the next."""
    if (libc := _glibc()) is not None:
        libc.mallopt(M_ARENA_MAX, 1)


def give_back() -> None:
    """Give back what nobody holds."""
    gc.collect()
    if (libc := _glibc()) is not None:
        libc.malloc_trim(0)


def give_back_soon() -> None:
    """The same, when whoever is leaving now has left."""
    later = Timer(MOMENT, give_back)
    later.daemon = True
    later.start()
