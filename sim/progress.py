"""What is seen of a long run while it goes on, and how it is stopped."""

from __future__ import annotations

import signal
from collections.abc import Callable

from sim.language import say

Tell = Callable[[str, int, int], None]  # what is being done, how much of it is done, how much there is


def quiet(doing: str, done: int, whole: int) -> None:
    """Tells nobody."""


class Bar:
    """A progress bar with time left, fed by what a run tells.

    Ctrl-C is remembered while it is shown: where compiled code or a callback loses the interrupt, or makes another
    error of it, the next thing that is told, or the end, raises it again.
    """

    def __init__(self) -> None:
        from rich import console, progress  # slow to import, and worker processes never show a bar

        columns = (
            progress.TextColumn("{task.description}"),
            progress.BarColumn(),
            progress.MofNCompleteColumn(),
            progress.TimeElapsedColumn(),
            progress.TimeRemainingColumn(),
        )
        self.progress = progress.Progress(*columns, console=console.Console(stderr=True), transient=True)
        self.tasks: dict[str, progress.TaskID] = {}
        self.asked_to_stop = False

    def __enter__(self) -> Bar:
        self.before = signal.getsignal(signal.SIGINT)
        if self.before is not signal.SIG_IGN:  # as in a job in the background
            signal.signal(signal.SIGINT, self._stop)
        self.progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.progress.stop()
        signal.signal(signal.SIGINT, self.before)
        self._raise_if_asked()

    def _stop(self, *_: object) -> None:
        self.asked_to_stop = True
        raise KeyboardInterrupt

    def _raise_if_asked(self) -> None:
        if self.asked_to_stop:
            raise KeyboardInterrupt

    def __call__(self, doing: str, done: int, whole: int) -> None:
        self._raise_if_asked()
        if doing not in self.tasks:
            self.tasks[doing] = self.progress.add_task(say(doing), total=whole)
        self.progress.update(self.tasks[doing], completed=done)
