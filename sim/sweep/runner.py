"""Tasks go to an executor, outcomes come back: whichever executor, whatever happens to its workers.

All that is asked of it is `concurrent.futures.Executor`. When workers are lost, the runs that were under way are
suspects: each is run again with nothing beside it. One that loses its worker then as well, while the executor still
answers, is what loses workers, and is recorded as failed; the others have been unlucky.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable
from concurrent.futures import FIRST_COMPLETED, Executor, Future, wait
from dataclasses import replace

from sim.errors import InputError
from sim.sweep.work import Model, Reply, Task, alive, attempt

Keep = Callable[[Task, list[Reply]], None]


class Runner:
    """Keeps an executor busy.

    Parameters
    ----------
    model
        What plays a run; it is sent with every task.
    executor
        Where; it stays open.
    keep
        Called here, in the order in which they end, with a task and what came of its runs.
    width
        Tasks that are handed out at a time: a few more than there are workers.
    """

    def __init__(self, model: Model, executor: Executor, keep: Keep, width: int) -> None:
        self.model, self.executor, self.keep, self.width = model, executor, keep, width
        self.again: deque[Task] = deque()  # left undone by a worker that had to end itself
        self.suspects: deque[Task] = deque()

    def run(self, tasks: Iterable[Task]) -> None:
        """Run tasks to their end.

        Raises
        ------
        InputError
            When the executor takes or answers nothing any more.
        """
        source, waiting = iter(tasks), dict[Future, Task]()
        try:
            while True:
                while len(waiting) < self.width and not self.suspects and (task := self._next(source)):
                    waiting[self._submit(task)] = task
                if not waiting and not self.suspects:
                    return
                if not waiting:
                    self._alone(self.suspects.popleft())
                    continue
                for future in wait(waiting, return_when=FIRST_COMPLETED).done:
                    self._harvest(waiting.pop(future), future)
        finally:  # who stops, or meets an error, does not wait for what has not begun
            for future in waiting:
                future.cancel()

    def _next(self, source: Iterable[Task]) -> Task | None:
        return self.again.popleft() if self.again else next(source, None)  # type: ignore[call-overload]

    def _submit(self, task: Task) -> Future:
        try:
            return self.executor.submit(attempt, self.model, task)
        except RuntimeError as error:  # an executor that is shut down or broken says so
            raise InputError(f"the executor takes no more tasks: {error}; what is stored is kept") from None

    def _harvest(self, task: Task, future: Future) -> None:
        """Keep what came of a task; of one whose worker was lost, every run is a suspect."""
        if lost(future):
            self.suspects.extend(replace(task, runs=(run,)) for run in task.runs)
            return
        found = future.result()
        self.keep(task, found)
        if rest := task.runs[len(found) :]:
            self.again.append(replace(task, runs=rest))

    def _alone(self, task: Task) -> None:
        """Run a suspect with nothing beside it."""
        future = self._submit(task)
        why = lost(future)
        if not why:
            self._harvest(task, future)
            return
        try:
            answered = lost(self.executor.submit(alive))
        except RuntimeError as error:
            answered = str(error)
        if answered:
            said = f"workers are lost again and again ({answered})"
            raise InputError(f"{said}; what is stored is kept, and the same command goes on from there")
        self.keep(task, [Reply(run.key, error=f"its worker was lost twice: {why}") for run in task.runs])


def lost(future: Future) -> str:
    """Why a call was not answered, when it is through; empty where it was."""
    try:
        future.result()
    except Exception as error:  # `attempt` and `alive` raise nothing: whatever comes is the executor's own
        return f"{type(error).__name__}: {error}"
    return ""
