"""`swadaya map`."""

from __future__ import annotations

import argparse
import os
from pathlib import Path

from sim.commands.options import language
from sim.drafted import drafted
from sim.language import say
from sim.terminal import Bar, plain
from sim.workers import Workers

AXES, OUTCOMES = "works,attendance,trap", ("self_sufficient", "headcount", "own_income")
console = plain()


def add_parsers(commands: argparse._SubParsersAction) -> None:
    """Add the command."""
    who = commands.add_parser("map", help="who wins where, over two or three uncertainties")
    who.add_argument("scenario", help="a file, or the name of one in scenarios/")
    who.add_argument(
        "--axes", default=AXES, metavar="A,B[,C]", help=f"measured ones ({AXES}; the default), or any rule.argument"
    )
    who.add_argument("--points", type=int, metavar="N", help="worlds (default: 200, with --quick 40)")
    who.add_argument(
        "--outcome", choices=OUTCOMES, default=OUTCOMES[0], help=f"what decides who wins (default: {OUTCOMES[0]})"
    )
    who.add_argument("--quick", action="store_true", help="fewer worlds, smaller ones, fewer lucks: a first look")
    who.add_argument("--results", type=Path, default=Path("results"), help="where to write (default: results)")
    language(who)


def draw(arguments: argparse.Namespace) -> None:
    """`swadaya map`: worlds over some uncertainties, and who wins in each."""
    from sim.evidence import standing
    from sim.experiment.results import folder_named
    from sim.known import known
    from sim.regime import axes, questions, regime_map
    from sim.report.grid import terminal
    from sim.report.regime import answer, grid, planned, warnings, write
    from sim.scenario import load

    may = known()
    scenario, names = load(arguments.scenario, may), [name.strip() for name in arguments.axes.split(",")]
    chosen = axes.named(names, may.parameters)
    question = questions.asked(scenario, chosen, arguments.outcome, arguments.points, arguments.quick)
    folder = folder_named(f"map-{scenario.slug}", question.digest, arguments.results)
    console.print(planned(question, os.cpu_count() or 1), soft_wrap=True)
    with Bar() as bar, drafted(folder) as draft, Workers() as workers:
        found = regime_map.mapped(question, workers, bar)
        write(found, draft)
    told = (*answer(found), *warnings(found), *standing.warnings())
    console.print(terminal(grid(found, full=False)), *told, sep="\n\n")
    console.print(say("map: {file}", file=folder / "map.html"), soft_wrap=True)
