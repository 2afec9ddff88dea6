"""Models that cost nothing, for the store and the runner; a worker that plays them has little to import."""

from __future__ import annotations

import math
import os
import signal
import time
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Toy:
    """y = arm × x + luck. `log` counts what is played; `trouble` is what happens in the arm `works` where x is `at`."""

    log: str = ""
    pause: float = 0.0
    trouble: str = ""
    at: float = 3.0

    def __call__(self, world, arm, seed):
        if self.log:
            file = os.open(self.log, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
            os.write(file, b".")
            os.close(file)
        time.sleep(self.pause)
        if self.trouble and world["x"] == self.at and arm["policy"] == "works":
            self.meet_trouble()
        return {"y": arm["times"] * world["x"] + math.sin(seed), "z": float(seed)}

    def meet_trouble(self):
        if self.trouble == "raises":
            raise ZeroDivisionError("no household is left")
        if self.trouble == "loops":
            while True:
                pass
        if self.trouble == "sleeps":
            time.sleep(3_600)
        once = Path(self.log + ".lost")
        if self.trouble == "dies" or not once.exists():
            once.touch()
            os.kill(os.getpid(), signal.SIGKILL)


@dataclass(frozen=True)
class Ishigami:
    """Ishigami and Homma (1990), whose Sobol indices are known in closed form."""

    def __call__(self, world, arm, seed):
        a, b, c = (world[name] for name in "abc")
        return {"y": math.sin(a) + 7.0 * math.sin(b) ** 2 + 0.1 * c**4 * math.sin(a)}
