"""`swadaya calibrate`."""

from __future__ import annotations

import argparse
import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from rich.console import Console

from sim.errors import InputError
from sim.progress import Bar
from sim.workers import Workers

VARIANTS = ("trap_off", "trap_on")
console = Console()


def add_parser(commands: argparse._SubParsersAction) -> None:
    """Add the command."""
    calibrate = commands.add_parser("calibrate", help="find parameter sets that reproduce the fitted targets")
    calibrate.add_argument("--variant", choices=VARIANTS, help="one structural variant instead of both")
    calibrate.add_argument("--count", type=int, default=64, help="parameter sets of each variant (default: 64)")
    calibrate.add_argument("--seed", type=int, default=1, help="of the draws (default: 1)")
    calibrate.add_argument("--check", action="store_true", help="instead: do the stored sets still reproduce them?")
    calibrate.add_argument("--out", type=Path, help="folder to write to (default: where the shipped ensemble is)")


def calibrate(arguments: argparse.Namespace) -> None:
    """`swadaya calibrate`: the ensemble of every structural variant that is asked for."""
    from sim.experiment import calibration, ensemble
    from sim.report.calibration import terminal

    if arguments.count < 1:
        raise InputError(f"--count: is {arguments.count}; allowed: a whole number from 1")
    for variant in (arguments.variant,) if arguments.variant else VARIANTS:
        if arguments.check:
            _confirm(variant, arguments)
            continue
        with Bar() as bar, ThreadPoolExecutor(os.cpu_count()) as threads:
            found = calibration.calibrate(
                variant, count=arguments.count, seed=arguments.seed, executor=threads, tell=bar
            )
        console.print(terminal(found))
        sets, about = ensemble.write(found, arguments.out)
        console.print(f"{len(found.sets)} parameter sets: {sets}\nhow they were found: {about}", soft_wrap=True)


def _confirm(variant: str, arguments: argparse.Namespace) -> None:
    """`swadaya calibrate --check`: whether the frozen sets still reproduce their targets."""
    from sim.experiment import calibration, ensemble
    from sim.start import wire

    sets, new = calibration.completed(ensemble.load(variant, arguments.out), wire(), arguments.seed)
    with Bar() as bar, Workers() as workers:
        told = ensemble.confirm(variant, sets, new, arguments.out, workers, bar)
    console.print(f"{variant}: {len(sets)} sets; {told}", soft_wrap=True)
