"""The command line."""

from __future__ import annotations

import argparse
import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console

from sim.app import command as viewing
from sim.commands import calibrate, sweep
from sim.commands.calibrate import VARIANTS
from sim.drafted import drafted
from sim.errors import InputError, NotFiniteError, PolicyError
from sim.language import ENGLISH, LANGUAGES, mark, say, speaking
from sim.progress import Bar
from sim.reproduce import command as reviewing
from sim.workers import Workers

if TYPE_CHECKING:
    from sim.scenario import Scenario

console, complaint = Console(), Console(stderr=True)
TOPICS = ("order", "parameters", "columns", "policies", "metrics", "outcomes", "article", "odd")
TRANSLATED = ("policies", "article")  # topics that are told in every language
AXES, OUTCOMES = "works,attendance,trap", ("self_sufficient", "headcount", "own_income")


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
    _own_files(run)
    _language(run)
    check = commands.add_parser("check", help="read a scenario and say what it would do, or what is wrong")
    check.add_argument("scenario", help="a file, or the name of one in scenarios/")
    _own_files(check)
    _language(check)
    mediate = commands.add_parser("mediate", help="how much of each arm's effect runs through participation")
    mediate.add_argument("scenario", help="a file, or the name of one in scenarios/")
    mediate.add_argument("--quick", action="store_true", help="fewer villages, households and seeds: a first look")
    _language(mediate)
    explain = commands.add_parser("explain", help="what the code says of itself")
    explain.add_argument("topic", choices=TOPICS)
    explain.add_argument("name", nargs="?", default="", help="after policies: one policy, code or family")
    _own_files(explain)
    _language(explain)
    show = commands.add_parser("show", help="print a scenario that comes along, to be copied: show desa > mine.toml")
    show.add_argument("scenario", nargs="?", help="its name (default: the names of all, with their titles)")
    commands.add_parser("schema", help="JSON Schema of scenario files, for editors")
    _map_parser(commands)
    _evidence_parsers(commands)
    reviewing.add_parsers(commands)
    for asked in sweep.add_parsers(commands):
        _language(asked)
    viewing.add_parsers(commands)
    bench = commands.add_parser("bench", help="speed of both lanes in one run")
    bench.add_argument("scenario", nargs="?", default="desa")
    bench.add_argument("--large", action="store_true", help="also a world of ten million households (12 GB)")
    bench.add_argument("--app", action="store_true", help="instead: how long the interactive view takes to answer")
    bench.add_argument("--sweep", action="store_true", help="instead: what a sweep costs beside its bare runs")
    return root


def _own_files(command: argparse.ArgumentParser) -> None:
    """The option that names files with code of the user's own; it has a name for each thing that one may bring."""
    command.add_argument(
        "--policy", "--process", "--metric", type=Path, action="append", default=[], metavar="FILE", dest="own",
        help="a Python file with policies, rules or metrics of yours",
    )  # fmt: skip


def _language(command: argparse.ArgumentParser) -> None:
    """The option that says in which language a command tells what it found."""
    told = "language of what is told: en (default) or id, Bahasa Indonesia; files of data do not depend on it"
    command.add_argument("--lang", choices=tuple(LANGUAGES), default=ENGLISH.code, help=told)


def _map_parser(commands: argparse._SubParsersAction) -> None:
    """The command that asks who wins where."""
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
    who.add_argument("--out", type=Path, default=Path("results"), help="where to write (default: results)")
    _language(who)


def _evidence_parsers(commands: argparse._SubParsersAction) -> None:
    """The commands that hold the model against published figures."""
    validate = commands.add_parser("validate", help="repeat every published study in the calibrated worlds: scorecard")
    validate.add_argument("--quick", action="store_true", help="8 parameter sets, smaller worlds: a first look")
    validate.add_argument("--variant", choices=VARIANTS, help="one structural variant instead of both")
    validate.add_argument("--studies", type=Path, help="folder with studies of your own, beside those that come along")
    validate.add_argument("--ablate", action="store_true", help="also the verdicts with each mechanism off")
    validate.add_argument("--results", type=Path, default=Path("results"), help="where to write (default: results)")
    validate.add_argument("--store", action="store_true", help="keep the verdicts: reports of runs warn by them")
    _language(validate)
    validate.add_argument("--prior", type=int, metavar="N", help="instead: make the prior predictive anew from N draws")
    calibrate.add_parser(commands)
    claims = commands.add_parser("claims", help="ask the article's claims of every calibrated parameter set")
    claims.add_argument("--sets", type=int, metavar="N", help="only the first N parameter sets")
    claims.add_argument("--variant", choices=VARIANTS, help="one structural variant instead of both")
    claims.add_argument("--store", action="store_true", help="keep the verdicts: `explain article` shows them")
    _language(claims)


def _unnamed(scenario: Scenario) -> None:
    """Say which of the user's own policies would not run, because no arm names them."""
    from sim import policies

    named = {arm.policy for arm in scenario.arms} | {programme.policy for programme in scenario.programmes}
    idle = scenario.known.policies.keys() - policies.catalogue().keys() - named
    if idle:
        arms = " and ".join(f'policy = "{name}"' for name in sorted(idle))
        complaint.print(f"{scenario.slug}: no arm has {arms}", markup=False, highlight=False, soft_wrap=True)


def run(arguments: argparse.Namespace) -> int | None:
    """`swadaya run`: simulate, tell, write."""
    if (arguments.scenario is None) == (arguments.code is None):
        raise InputError("run: give a scenario, or --code with a run code of the view, and not both")
    if arguments.code is not None:
        viewing.run_code(arguments)
        return None
    from sim.experiment import standing, study
    from sim.experiment.results import folder_for
    from sim.known import known
    from sim.ledger import LedgerError
    from sim.report.page import passed_over, write
    from sim.report.tables import headline_terminal
    from sim.scenario import load

    scenario = load(arguments.scenario, known(arguments.own))
    _unnamed(scenario)
    if arguments.scale:
        from sim.commands import nation

        return nation.run(scenario, arguments.quick, arguments.results)
    scenario = scenario.quick() if arguments.quick else scenario
    folder = folder_for(scenario, arguments.results)
    with Bar() as bar, drafted(folder) as draft:
        try:
            results = study.run(scenario, tell=bar)
        except LedgerError as error:
            if not (ablated := scenario.hold.ablate):
                raise
            raise InputError(f"hold.ablate: without {', '.join(ablated)} the accounts do not close: {error}") from error
        bar(mark("report"), 0, 1)
        results.save(draft)
        warnings = standing.warnings()
        write(results, draft, warnings)
    console.print(headline_terminal(results), *passed_over(results), *warnings, sep="\n")
    console.print(say("report: {file}", file=folder / "report.html"))
    return None


def draw_map(arguments: argparse.Namespace) -> None:
    """`swadaya map`: worlds over some uncertainties, and who wins in each."""
    from sim.experiment import axes, regime, regime_question
    from sim.experiment.results import folder_named
    from sim.known import known
    from sim.report.grid import terminal
    from sim.report.regime import answer, grid, planned, warnings, write
    from sim.scenario import load

    may = known()
    scenario, names = load(arguments.scenario, may), [name.strip() for name in arguments.axes.split(",")]
    chosen = axes.named(names, may.parameters)
    question = regime_question.asked(scenario, chosen, arguments.outcome, arguments.points, arguments.quick)
    folder = folder_named(f"map-{scenario.slug}", question.digest, arguments.out)
    console.print(planned(question, os.cpu_count() or 1), soft_wrap=True, highlight=False)
    with Bar() as bar, drafted(folder) as draft, Workers() as workers:
        found = regime.mapped(question, workers, bar)
        write(found, draft)
    console.print(terminal(grid(found, full=False)), *answer(found), *warnings(found), sep="\n\n", highlight=False)
    console.print(say("map: {file}", file=folder / "map.html"), soft_wrap=True)


def check(arguments: argparse.Namespace) -> None:
    """`swadaya check`: a scenario in one line, or what is wrong with it."""
    from sim.known import known
    from sim.scenario import load
    from sim.survey import read_survey, read_villages

    scenario = load(arguments.scenario, known(arguments.own))
    _unnamed(scenario)
    about, villages = scenario.population, scenario.population.villages
    if scenario.survey is not None:
        read_survey(scenario.survey)
    elif scenario.village_list is not None:
        villages = len(read_villages(scenario.village_list, first=villages).code)
    arms = ", ".join(arm.id for arm in scenario.resolved_arms)
    told = say(
        "{scenario}: {villages} villages of about {households} households, {quarters} quarters, {seeds} seeds; "
        "arms: {arms}",
        scenario=scenario.slug, villages=villages, households=about.households, arms=arms,
        quarters=scenario.calendar.quarters, seeds=scenario.replications.seeds,
    )  # fmt: skip
    console.print(told, soft_wrap=True, highlight=False)


def mediate(arguments: argparse.Namespace) -> None:
    """`swadaya mediate`: the effect of each arm, with participation free, clamped to the baseline's, and full."""
    from sim.experiment.mediation import mediation
    from sim.known import known
    from sim.report.grid import terminal
    from sim.report.mediation import grids
    from sim.scenario import load

    scenario = load(arguments.scenario, known())
    scenario = scenario.quick() if arguments.quick else scenario
    with Bar() as bar:
        found = mediation(scenario, tell=bar)
    console.print(*(terminal(grid) for grid in grids(scenario, found)), sep="\n\n")


def show(arguments: argparse.Namespace) -> None:
    """`swadaya show`: the text of a scenario, or the names of those that come along."""
    import tomllib

    from sim.scenario.reading import original, shipped

    if arguments.scenario:
        print(original(arguments.scenario), end="")
        return
    for name in shipped():
        console.print(f"{name:16} {tomllib.loads(original(name))['title']}", highlight=False, soft_wrap=True)


def schema(arguments: argparse.Namespace) -> None:
    """`swadaya schema`: JSON Schema on standard output."""
    from sim.known import known
    from sim.scenario import schema as made

    print(json.dumps(made(known()), indent=2, ensure_ascii=False))


def _wide() -> Console:
    """Where pages of text go: the terminal as it is, or 100 characters at least in a file or a pipe."""
    return console if console.is_terminal else Console(width=max(100, console.width))


def explain(arguments: argparse.Namespace) -> None:
    """`swadaya explain`: a table from the code, or the whole description of the model as Markdown."""
    from sim.explain.topics import explain as made
    from sim.known import known

    if arguments.lang != ENGLISH.code and arguments.topic not in TRANSLATED:
        allowed = " and ".join(TRANSLATED)
        raise InputError(
            f"explain {arguments.topic} speaks English only; allowed with --lang {arguments.lang}: {allowed}"
        )
    if arguments.topic == "odd" and not arguments.name:
        from sim.explain.odd import odd
        from sim.start import wire

        offered = known(arguments.own)
        print(odd(wire(offered.own_rules), offered.policies), end="")
        return
    _wide().print(made(arguments.topic, arguments.name, known(arguments.own)))


def reproduce(arguments: argparse.Namespace) -> int:
    """`swadaya reproduce`: what is published again, the lessons of the view among it."""
    from sim.app.lesson_again import KINDS

    return reviewing.reproduce(arguments, KINDS)


def bench(arguments: argparse.Namespace) -> None:
    """`swadaya bench`: both lanes in one run; or the view, or a sweep and its bare runs."""
    if arguments.app:
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

            found = {"sweep": measure_sweep(scenario, bar)}
        else:
            found = measure(scenario, study.build(scenario), arguments.large, tell=bar)
    for title, lines in found.items():
        console.print(f"\n{title}", style="bold", highlight=False)
        for line in lines:
            console.print(f"{line.value:12,.2f}  {line.unit:32} {line.what}", highlight=False, soft_wrap=True)


def validate(arguments: argparse.Namespace) -> None:
    """`swadaya validate`: the scorecard of every structural variant that is asked for."""
    from sim.report import validate as scorecards

    variants = (arguments.variant,) if arguments.variant else VARIANTS
    if arguments.prior is not None:
        with Bar() as bar, Workers() as workers:
            path = scorecards.renew_prior(variants, arguments.prior, workers, bar)
        console.print(say("prior predictive: {file}", file=path), soft_wrap=True)
        return
    asked = scorecards.Asked(variants, arguments.quick, arguments.studies, arguments.ablate, arguments.store)
    folder = asked.folder(arguments.results)
    with Bar() as bar, drafted(folder) as draft, Workers() as workers:
        cards = asked.write(draft, workers, bar)
    for card in cards:
        console.print(*scorecards.told(card), sep="\n", soft_wrap=True)
    if arguments.store:
        console.print(say("verdicts kept: {file}", file=asked.keep(cards)), soft_wrap=True)
    console.print(say("scorecard: {file}", file=folder / "scorecard.html"), soft_wrap=True)


def claims(arguments: argparse.Namespace) -> None:
    """`swadaya claims`: what the ensemble says of the article."""
    import pandas as pd

    from sim.experiment import article
    from sim.explain.article import told

    if arguments.sets is not None and arguments.sets < 1:
        raise InputError(f"--sets: is {arguments.sets}; allowed: a whole number from 1")
    if arguments.store and arguments.sets is not None:
        raise InputError("--store keeps verdicts over all parameter sets only: not with --sets")
    variants = (arguments.variant,) if arguments.variant else article.stored_variants()
    with Bar() as bar, Workers() as workers:
        rows = pd.concat([article.ask(name, arguments.sets, workers, bar) for name in variants], ignore_index=True)
    _wide().print(told(rows, {name: article.now(name) for name in variants}))
    if arguments.store:
        console.print(say("verdicts kept: {file}", file=article.store(rows)), soft_wrap=True)


COMMANDS = {
    "run": run,
    "map": draw_map,
    "check": check,
    "mediate": mediate,
    "explain": explain,
    "show": show,
    "schema": schema,
    "validate": validate,
    "calibrate": calibrate.calibrate,
    "claims": claims,
    "bench": bench,
    "app": viewing.app,
    "reproduce": reproduce,
    "package": reviewing.package,
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
        complaint.print(str(error), markup=False, highlight=False, soft_wrap=True)
        return 2
    except NotFiniteError as error:
        complaint.print(f"stopped, nothing was written: {error}", markup=False, highlight=False, soft_wrap=True)
        return 1
    except BrokenPipeError:  # whoever reads has had enough, as in `swadaya schema | head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 141
    except KeyboardInterrupt:
        complaint.print("stopped; nothing was written")
        return 130


if __name__ == "__main__":
    sys.exit(main())
