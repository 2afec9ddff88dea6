"""What a terminal shows: lines as they are, and a long run while it goes on, with how it is stopped."""

from __future__ import annotations

import signal

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

from sim.language import say


def plain(stderr: bool = False, width: int | None = None) -> Console:
    """Where lines are printed as they are: a name in brackets or colons is never read as markup or a picture."""
    return Console(stderr=stderr, width=width, markup=False, emoji=False, highlight=False)


class Bar:
    """A progress bar with time left, fed by what a run tells.

    Ctrl-C is remembered while it is shown: where compiled code or a callback loses the interrupt, or makes another
    error of it, the next thing that is told, or the end, raises it again.
    """

    def __init__(self) -> None:
        columns = (
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            TimeRemainingColumn(),
        )
        self.progress = Progress(*columns, console=plain(stderr=True), transient=True)
        self.tasks: dict[str, TaskID] = {}
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
