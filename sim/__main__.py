"""The command line."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from sim.app import command as viewing
from sim.commands import evidence, explain, regime, reproduce, sweep
from sim.commands.options import language, own_files
from sim.drafted import drafted
from sim.errors import InputError, NotFiniteError, PolicyError
from sim.language import ENGLISH, mark, say, speaking, written
from sim.terminal import Bar, plain

if TYPE_CHECKING:
    from sim.scenario import Scenario

console, complaint = plain(), plain(stderr=True)


def parser() -> argparse.ArgumentParser:
    """The commands and their arguments."""
    root = argparse.ArgumentParser(
        prog="swadaya",
        description="Intervention strategies against poverty, over the same households and the same luck.",
    )
    commands = root.add_subparsers(dest="command", required=True, metavar="COMMAND")
    run = commands.add_parser("run", help="run a scenario and write its report")
    run.add_argument("scenario", nargs="?", help="a file, or the name of one in scenarios/")
    run.add_argument("--code", help="instead: a run code of the interactive view, for exactly its numbers")
    run.add_argument("--quick", action="store_true", help="fewer villages, households and seeds: a first look")
    run.add_argument("--results", type=Path, default=Path("results"), help="where to write (default: results)")
    run.add_argument(
        "--scale", choices=("national",),
        help="national: every rural household of Indonesia, synthetic; with --quick one village in a hundred",
    )  # fmt: skip
    own_files(run)
    language(run)
    check = commands.add_parser("check", help="read a scenario and say what it would do, or what is wrong")
    check.add_argument("scenario", help="a file, or the name of one in scenarios/")
    own_files(check)
    language(check)
    mediate = commands.add_parser("mediate", help="how much of each arm's effect runs through participation")
    mediate.add_argument("scenario", help="a file, or the name of one in scenarios/")
    mediate.add_argument("--quick", action="store_true", help="fewer villages, households and seeds: a first look")
    language(mediate)
    for room in (explain, regime, evidence, reproduce, sweep, viewing):
        room.add_parsers(commands)
    bench = commands.add_parser("bench", help="speed of both lanes in one run")
    bench.add_argument("scenario", nargs="?", default="desa")
    bench.add_argument("--large", action="store_true", help="also a world of ten million households (12 GB)")
    bench.add_argument("--app", action="store_true", help="instead: how long the interactive view takes to answer")
    bench.add_argument("--sweep", action="store_true", help="instead: what a sweep costs beside its bare runs")
    language(bench)
    return root


def _unnamed(scenario: Scenario) -> None:
    """Say which of the user's own policies would not run, because no arm names them."""
    from sim import policies

    named = {arm.policy for arm in scenario.arms} | {programme.policy for programme in scenario.programmes}
    idle = scenario.known.policies.keys() - policies.catalogue().keys() - named
    if idle:
        arms = " and ".join(f'policy = "{name}"' for name in sorted(idle))
        complaint.print(f"{scenario.slug}: no arm has {arms}", soft_wrap=True)


def run(arguments: argparse.Namespace) -> int | None:
    """`swadaya run`: simulate, tell, write."""
    if (arguments.scenario is None) == (arguments.code is None):
        raise InputError("run: give a scenario, or --code with a run code of the view, and not both")
    if arguments.code is not None:
        viewing.run_code(arguments)
        return None
    from sim.evidence import standing
    from sim.experiment import study
    from sim.experiment.results import folder_named
    from sim.known import known
    from sim.ledger import LedgerError
    from sim.report.cautions import cautions
    from sim.report.page import write
    from sim.report.tables import headline_terminal
    from sim.scenario import load

    asked = load(arguments.scenario, known(arguments.own))
    _unnamed(asked)
    if arguments.scale:
        from sim.commands import nation

        return nation.run(asked, arguments.quick, arguments.results)
    scenario = asked.quick() if arguments.quick else asked
    folder = folder_named(scenario.slug, scenario.digest(), arguments.results, study.made_of(scenario))
    warnings = standing.warnings()
    with Bar() as bar, drafted(folder) as draft:
        try:
            results = study.run(scenario, tell=bar)
        except LedgerError as error:
            causes = [f"hold.ablate: without {', '.join(scenario.hold.ablate)}"] if scenario.hold.ablate else []
            if scenario.known.own_rules:
                causes.append(
                    f"{', '.join(scenario.own_code)}: with {', '.join(r.name for r in scenario.known.own_rules)}"
                )
            if not causes:
                raise
            raise InputError(f"{'; '.join(causes)} the accounts do not close: {error}") from error
        bar(mark("report"), 0, 1)
        results.manifest["quick"] = scenario.digest() != asked.digest()  # its "scenario" is the text of what was asked
        results.save(draft)
        write(results, draft, warnings)
    console.print(headline_terminal(results), *cautions(results), *warnings, sep="\n")
    console.print(say("report: {file}", file=folder / "report.html"), soft_wrap=True)
    return None


def check(arguments: argparse.Namespace) -> None:
    """`swadaya check`: a scenario in one line, or what is wrong with it."""
    from sim.experiment import memory
    from sim.experiment.people import size_of, survey_of
    from sim.known import known
    from sim.scenario import load

    scenario = load(arguments.scenario, known(arguments.own))
    _unnamed(scenario)
    villages, households = size_of(scenario)
    arms = ", ".join(arm.id for arm in scenario.resolved_arms)
    told = say(
        "{scenario}: {villages} villages of about {households} households, {quarters} quarters, {seeds} seeds, about "
        "{memory} GB of memory; arms: {arms}",
        scenario=scenario.slug, villages=villages, households=households, arms=arms,
        quarters=scenario.calendar.quarters, seeds=scenario.replications.seeds,
        memory=written(f"{memory.needed(scenario, villages * households) / 1e9:.1f}"),
    )  # fmt: skip
    console.print(told, soft_wrap=True)
    if about := survey_of(scenario):
        drawn = mark("villages are drawn from the {units} sampling units of {file}, by weight and with replacement")
        console.print(say(drawn, units=about["units"], file=about["file"]), soft_wrap=True)


def mediate(arguments: argparse.Namespace) -> None:
    """`swadaya mediate`: the effect of each arm, with participation free, clamped to the baseline's, and full."""
    from sim.evidence import standing
    from sim.experiment.mediation import mediation
    from sim.known import known
    from sim.report.grid import terminal
    from sim.report.mediation import grids
    from sim.scenario import load

    scenario = load(arguments.scenario, known())
    scenario = scenario.quick() if arguments.quick else scenario
    with Bar() as bar:
        found = mediation(scenario, tell=bar)
    console.print(*(terminal(grid) for grid in grids(scenario, found)), *standing.warnings(), sep="\n\n")


def again(arguments: argparse.Namespace) -> int:
    """`swadaya reproduce`: what is published again, the lessons of the view among it."""
    from sim.app.lesson_again import KINDS

    return reproduce.reproduce(arguments, KINDS)


def bench(arguments: argparse.Namespace) -> None:
    """`swadaya bench`: both lanes in one run; or the view, or a sweep and its bare runs."""
    if arguments.app:
        if arguments.lang != ENGLISH.code:
            raise InputError("bench --app speaks English only; allowed with --lang: bench, with --large or --sweep")
        return viewing.bench()
    from sim.experiment import study
    from sim.experiment.bench import bench as measure
    from sim.known import known
    from sim.scenario import load

    scenario = load(arguments.scenario, known())
    with Bar() as bar:
        bar(mark("the world at rest"), 0, 1)
        if arguments.sweep:
            from sim.sweep.bench import bench as measure_sweep  # needs what only sweeps need

            found = {say("sweep"): measure_sweep(scenario, bar)}
        else:
            found = measure(scenario, study.build(scenario), arguments.large, tell=bar)
    for title, lines in found.items():
        console.print(f"\n{title}", style="bold", soft_wrap=True)
        for line in lines:
            value = written(f"{line.value:,.2f}")
            console.print(f"{value:>12}  {line.unit:32} {line.what}", soft_wrap=True)


COMMANDS = {
    "run": run,
    "map": regime.draw,
    "check": check,
    "mediate": mediate,
    "explain": explain.explain,
    "show": explain.show,
    "schema": explain.schema,
    "validate": evidence.validate,
    "calibrate": evidence.calibrate,
    "claims": evidence.claims,
    "bench": bench,
    "app": viewing.app,
    "reproduce": again,
    "package": reproduce.package,
    "sweep": sweep.sweep,
    "sensitivity": sweep.sensitivity,
    "discover": sweep.discover,
    "query": sweep.query,
}


def main(arguments: list[str] | None = None) -> int:
    """Run a command; wrong input is told in one message and ends with 2, what is not reproduced with 1."""
    chosen = parser().parse_args(arguments)
    try:
        with speaking(getattr(chosen, "lang", ENGLISH.code)):
            return COMMANDS[chosen.command](chosen) or 0
    except (InputError, PolicyError) as error:
        complaint.print(str(error), soft_wrap=True)
        return 2
    except NotFiniteError as error:
        complaint.print(f"stopped, nothing was written: {error}", soft_wrap=True)
        return 2
    except BrokenPipeError:  # whoever reads has had enough, as in `swadaya schema | head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 141
    except KeyboardInterrupt:
        complaint.print("stopped; nothing was written")
        return 130
    except (Exception, SystemExit) as error:
        from sim.own_files import blamed

        told = blamed(error)
        if told is None:
            raise
        complaint.print(f"stopped, nothing was written: {told}", soft_wrap=True)
        return 2


if __name__ == "__main__":
    sys.exit(main())
