"""Processes of this machine for work that holds the interpreter: a whole world, or a task of a sweep."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from multiprocessing.process import BaseProcess
from typing import Any

from sim.errors import InputError

RECYCLED = 400  # tasks after which worker processes are replaced by new ones


def begin() -> None:
    """What a worker process does first: leave Ctrl-C to its parent, and end when the parent has ended, however."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parent = multiprocessing.parent_process()
    if parent is not None:
        threading.Thread(target=_end_after, args=(parent,), daemon=True).start()


def _end_after(parent: BaseProcess) -> None:
    parent.join()
    os._exit(1)


def answers(
    function: Callable, calls: Sequence[tuple], executor: Executor | None, tell: Callable[[int, int], None]
) -> list[Any]:
    """What a function answers to some calls, in their order.

    Parameters
    ----------
    executor
        Where the calls go; None: as many threads as there are processors.
    tell
        Called with how many have answered, and of how many.
    """
    with ThreadPoolExecutor(os.cpu_count()) as threads:
        futures = {(executor or threads).submit(function, *call): place for place, call in enumerate(calls)}
        found: dict[int, Any] = {}
        try:
            for future in as_completed(futures):
                found[futures[future]] = future.result()
                tell(len(found), len(calls))
        finally:
            for future in futures:  # who stops, or meets an error, does not wait for what has not begun
                future.cancel()
    return [found[place] for place in range(len(calls))]


class Workers(Executor):
    """Processes of this machine, begun by spawn; replaced when one is lost, and after so many tasks.

    Leaving the context by an error (Ctrl-C among them) ends them at once; else they finish first.
    """

    def __init__(self, count: int | None = None, recycled: int = RECYCLED) -> None:
        self.count, self.recycled = count or os.cpu_count() or 1, recycled
        self.others = set(multiprocessing.active_children())
        self.pool: ProcessPoolExecutor | None = None
        self.taken = 0

    def submit(self, function: Callable, /, *arguments: Any, **named: Any) -> Future:
        """Hand a call to a worker process."""
        if self.pool is not None and self.taken < self.recycled:
            try:
                return self._submit(self.pool, function, arguments, named)
            except (BrokenProcessPool, OSError):  # the latter while it closes after a loss, its pipes already shut
                pass  # the next lines begin a new one
        if self.pool is not None:
            self.pool.shutdown(wait=False)
        spawn = multiprocessing.get_context("spawn")
        self.pool, self.taken = ProcessPoolExecutor(self.count, mp_context=spawn, initializer=begin), 0
        return self._submit(self.pool, function, arguments, named)

    def _submit(self, pool: ProcessPoolExecutor, function: Callable, arguments: tuple, named: dict) -> Future:
        self.taken += 1
        return pool.submit(function, *arguments, **named)

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Let the workers finish, or only what they are at."""
        if self.pool is not None:
            self.pool.shutdown(wait, cancel_futures=cancel_futures)

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is not None:
            for process in set(multiprocessing.active_children()) - self.others:
                process.kill()
        self.shutdown(wait=True, cancel_futures=True)


@contextmanager
def working(count: int | None = None, executor: Executor | None = None) -> Iterator[tuple[Executor, int]]:
    """Where tasks go, and how many at a time: processes of this machine, unless an executor is given.

    Raises
    ------
    InputError
        When the count is below 1.
    """
    if count is not None and count < 1:
        raise InputError(f"workers: is {count}; allowed: a whole number from 1")
    count = count or os.cpu_count() or 1
    if executor is not None:
        yield executor, count
        return
    with Workers(count) as own:
        yield own, count
