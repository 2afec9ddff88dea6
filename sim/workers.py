"""Processes of this machine for work that holds the interpreter: a whole world, or a task of a sweep."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from itertools import islice
from multiprocessing.process import BaseProcess
from typing import Any

from sim.errors import InputError

RECYCLED = 400  # tasks after which processes are replaced; a pool's own max_tasks_per_child hangs (CPython 115634)
AHEAD = 4  # calls that a worker process is given at a time: none idles while others are waited for


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
        Where the calls go: to `Workers` a few at a time, as these wait for all that they have been given before they
        are replaced; None: as many threads as there are processors.
    tell
        Called with how many have answered one after another, and of how many.
    """
    width = AHEAD * executor.count if isinstance(executor, Workers) else len(calls)
    ahead, waiting, found = iter(calls), deque[Future](), list[Any]()
    with ThreadPoolExecutor(os.cpu_count()) as threads:
        try:
            while len(found) < len(calls):
                some = islice(ahead, width - len(waiting))
                waiting.extend((executor or threads).submit(function, *call) for call in some)
                found.append(waiting.popleft().result())
                tell(len(found), len(calls))
        finally:
            for future in waiting:  # who stops, or meets an error, does not wait for what has not begun
                future.cancel()
    return found


class Workers(Executor):
    """Processes of this machine, begun by spawn; replaced when one is lost, and after so many tasks.

    There are never more than were asked for: whoever gives new ones their first task waits until the old have finished.
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
            self.pool.shutdown(wait=self.taken >= self.recycled)  # never more processes than were asked for
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
