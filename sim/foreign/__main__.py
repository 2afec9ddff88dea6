"""`python -m sim.foreign`: Dupont and Roy's three regimes on this engine, as a table and a figure."""

from __future__ import annotations

import argparse
import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from rich.console import Console

from sim.foreign.regimes import experiment, findings
from sim.report.foreign import distributions, report


def main() -> None:
    """Play, tell, write."""
    parser = argparse.ArgumentParser(prog="python -m sim.foreign", description=__doc__)
    parser.add_argument("--seed", type=int, default=1, help="of the first society (default: 1)")
    parser.add_argument("--seeds", type=int, default=20, help="societies at each of the three points (default: 20)")
    parser.add_argument("--points", type=int, default=128, help="points of the design over all ranges (default: 128)")
    parser.add_argument("--results", type=Path, default=Path("results/foreign"), help="where to write")
    asked = parser.parse_args()
    with ThreadPoolExecutor(os.cpu_count()) as threads:
        played = experiment(asked.seed, threads, asked.seeds, asked.points)
    told = findings(played)
    asked.results.mkdir(parents=True, exist_ok=True)
    told.to_csv(asked.results / "findings.csv", index=False)
    played.at_points.to_csv(asked.results / "at_points.csv", index=False)
    played.over_ranges.to_csv(asked.results / "over_ranges.csv", index=False)
    drawing = distributions(played.wealth)
    (asked.results / "wealth.svg").write_bytes(drawing.svg())
    (asked.results / "wealth.png").write_bytes(drawing.png())
    console = Console()
    (console if console.is_terminal else Console(width=max(150, console.width))).print(report(told))
    console.print(f"figure: {asked.results / 'wealth.svg'}", soft_wrap=True)


if __name__ == "__main__":
    main()
