"""What a worker does: it plays some runs, one after another, and brings back numbers or what went wrong."""

from __future__ import annotations

import ctypes
import math
import multiprocessing
import os
import sys
import threading
import time
import traceback
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

GRACE = 1.0  # seconds in which a run that is told to stop may do so, and a worker that cannot stop one may answer
LONGEST = 8_000  # letters of a traceback that are kept: its end

#: From a world, an arm and a luck to numbers by name. Worlds and arms are what JSON can say.
Model = Callable[[Mapping[str, Any], Mapping[str, Any], int], Mapping[str, float]]


@dataclass(frozen=True)
class Request:
    """One run: its key, its world, its arm and its luck."""

    key: str
    world: Mapping[str, Any]
    arm: Mapping[str, Any]
    seed: int


@dataclass(frozen=True)
class Task:
    """Runs, those of a world one after another; each may last `limit` seconds."""

    runs: Sequence[Request]
    limit: float


@dataclass(frozen=True)
class Reply:
    """What came of a run: its numbers, or the error in one line with the traceback."""

    key: str
    seconds: float = math.nan
    values: Mapping[str, float] = field(default_factory=dict)
    error: str = ""
    trace: str = ""


class Overdue(BaseException):
    """Raised inside a run that takes longer than it may."""


def attempt(model: Model, task: Task) -> list[Reply]:
    """Play the runs of a task; where one cannot be stopped, those after it are left, and a worker process ends itself.

    A run has a thread of its own, so that one that hangs can be looked at: where it hangs is what is kept of it.
    """
    found: list[Reply] = []
    for run in task.runs:
        outcome, stuck = timed(model, run, task.limit)
        found.append(outcome)
        if stuck:
            if multiprocessing.parent_process() is not None:
                threading.Timer(GRACE, os._exit, (1,)).start()
            break
    return found


def timed(model: Model, run: Request, limit: float) -> tuple[Reply, bool]:
    """Play one run under its time limit; also whether it is still going on."""
    box: list[Mapping[str, float] | BaseException] = []
    began = time.perf_counter()

    def play() -> None:
        try:
            box.append(dict(model(run.world, run.arm, run.seed)))
        except Overdue:
            pass
        except BaseException as error:  # whatever a run raises, a user's sys.exit() too, is kept as what came of it
            box.append(error)

    thread = threading.Thread(target=play, daemon=True)
    thread.start()
    thread.join(limit)
    seconds = time.perf_counter() - began
    if thread.is_alive():
        frame = sys._current_frames().get(thread.ident or 0)
        trace = "".join(traceback.format_stack(frame))[-LONGEST:]
        ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread.ident or 0), ctypes.py_object(Overdue))
        thread.join(GRACE)
        return Reply(run.key, seconds, {}, f"took longer than {limit:g} s", trace), thread.is_alive()
    (came,) = box
    if isinstance(came, BaseException):
        trace = "".join(traceback.format_exception(came))[-LONGEST:]
        return Reply(run.key, seconds, {}, f"{type(came).__name__}: {came}"[:1_000], trace), False
    return Reply(run.key, seconds, came), False


def alive() -> int:
    """Nothing but a sign of life: the number of the process."""
    return os.getpid()
