"""Which mechanism did it: the gap between A and B with everything on, and with one mechanism at a time held still.

A mechanism that is off keeps what it had at quarter 0: the start is the same, only what it would have moved stays. The
rules that stand for a mechanism are those of the scorecard's ablation (`sim.evidence.validation.HOLDS`). A row is the
mean over the lucks that have been run so far, with its lowest and highest.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from sim.app.choices import MOST_LUCKS
from sim.app.crew import Crew
from sim.app.settings import Settings
from sim.app.texts import words
from sim.evidence.validation import HOLDS

LUCKS = 5
Told = Callable[[dict[str, Any]], None]


def explain(settings: Settings, crew: Crew, tell: Told, asked: Callable[[], bool]) -> None:
    """Run the pair with each mechanism off, luck by luck, and tell the rows after each luck and on the way.

    Parameters
    ----------
    tell
        Called with {rows, done, of, lucks}.
    asked
        Whether an answer is still wanted.
    """
    holds = {"": (), **HOLDS}
    gaps: dict[str, list[tuple[float, float]]] = {name: [] for name in holds}
    done, whole = 0, LUCKS * len(holds)
    for luck in range(LUCKS):
        one = replace(settings, luck=(settings.luck - 1 + luck) % MOST_LUCKS + 1)
        waiting = {name: crew.luck(one, held) for name, held in holds.items()}
        for name, job in waiting.items():
            while not job.wait(0.2):
                if not asked():
                    for other in waiting.values():
                        other.cancel()
                    return
            found = job.result()
            gaps[name].append((found["a"]["headline"]["headcount"], found["b"]["headline"]["headcount"]))
            done += 1
            if luck == 0 or name == list(holds)[-1]:
                tell({"rows": _rows(gaps), "done": done, "of": whole, "lucks": luck + 1})


def _rows(gaps: dict[str, list[tuple[float, float]]]) -> list[dict[str, Any]]:
    """What is known so far, everything on first."""
    rows, full = [], _mean([b - a for a, b in gaps[""]])
    for name, seen in gaps.items():
        if not seen:
            continue
        differences = [b - a for a, b in seen]
        gap = _mean(differences)
        rows.append(
            {
                "mechanism": name,
                "rules": list(HOLDS.get(name, ())),
                "label": words(f"mechanism.{name or 'all'}"),
                "gap": round(gap, 4),
                "low": round(min(differences), 4),
                "high": round(max(differences), 4),
                "change": round(gap - full, 4),
                "headcount": {"a": round(_mean([a for a, _ in seen]), 4), "b": round(_mean([b for _, b in seen]), 4)},
            }
        )
    return rows


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)
