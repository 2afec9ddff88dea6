"""`swadaya run --scale national`: every rural household, district by district; goes on where it was stopped."""

from __future__ import annotations

import shutil
from pathlib import Path

from sim.drafted import drafted
from sim.experiment.results import folder_named
from sim.language import mark, say
from sim.nation import frame
from sim.nation import run as national
from sim.report.grid import Grid, terminal
from sim.report.nation import write
from sim.scenario import Scenario
from sim.terminal import Bar, plain


def run(scenario: Scenario, first_look: bool, results: Path) -> int:
    """Play the nation, tell, write; 130 where it was stopped, with the finished districts kept."""
    part = national.FIRST_LOOK if first_look else 1.0
    digest = national.digest(scenario, part)
    folder = folder_named(f"{scenario.slug}-national", digest, results)
    kept = folder.with_name(f".{folder.name}-districts")
    try:
        shown = _played(scenario, part, folder, kept, digest)
    except KeyboardInterrupt:
        plain(stderr=True).print(
            say("stopped; finished districts are kept, and the same command goes on"), soft_wrap=True
        )
        return 130
    shutil.rmtree(kept, ignore_errors=True)
    console = plain()
    console.print(*(terminal(one, lines=False) if isinstance(one, Grid) else one for one in shown), sep="\n")
    console.print(say("report: {file}", file=folder / "report.html"), soft_wrap=True)
    return 0


def _played(scenario: Scenario, part: float, folder: Path, kept: Path, digest: str) -> list[object]:
    """Play the nation and write its folder; give what a terminal shows."""
    with Bar() as bar, drafted(folder) as draft:
        found = national.run(scenario, frame.provinces(part), kept=kept, tell=bar)
        bar(mark("report"), 0, 1)
        return write(found, draft, digest)
