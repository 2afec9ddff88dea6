"""The command line."""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console

from sim.errors import InputError, NotFiniteError
from sim.progress import Bar

console, complaint = Console(), Console(stderr=True)
TOPICS = ("order", "parameters", "columns", "policies", "outcomes")
VARIANTS = ("trap_off", "trap_on")


def parser() -> argparse.ArgumentParser:
    """The commands and their arguments."""
    root = argparse.ArgumentParser(
        prog="swadaya",
        description="Intervention strategies against poverty, over the same households and the same luck.",
    )
    commands = root.add_subparsers(dest="command", required=True, metavar="COMMAND")
    run = commands.add_parser("run", help="run a scenario and write its report")
    run.add_argument("scenario", help="a file, or the name of one in scenarios/")
    run.add_argument("--quick", action="store_true", help="fewer villages, households and seeds: a first look")
    run.add_argument("--results", type=Path, default=Path("results"), help="where to write (default: results)")
    check = commands.add_parser("check", help="read a scenario and say what it would do, or what is wrong")
    check.add_argument("scenario", help="a file, or the name of one in scenarios/")
    explain = commands.add_parser("explain", help="what the code says of itself")
    explain.add_argument("topic", choices=TOPICS)
    commands.add_parser("schema", help="JSON Schema of scenario files, for editors")
    _evidence_parsers(commands)
    bench = commands.add_parser("bench", help="speed of both lanes in one run")
    bench.add_argument("scenario", nargs="?", default="desa")
    return root


def _evidence_parsers(commands: argparse._SubParsersAction) -> None:
    """The commands that hold the model against published figures."""
    validate = commands.add_parser("validate", help="repeat every published study in the calibrated worlds: scorecard")
    validate.add_argument("--quick", action="store_true", help="8 parameter sets, smaller worlds: a first look")
    validate.add_argument("--variant", choices=VARIANTS, help="one structural variant instead of both")
    validate.add_argument("--studies", type=Path, help="folder with studies of your own, beside those that come along")
    validate.add_argument("--ablate", action="store_true", help="also the verdicts with each mechanism off")
    validate.add_argument("--results", type=Path, default=Path("results"), help="where to write (default: results)")
    validate.add_argument("--store", action="store_true", help="keep the verdicts: reports of runs warn by them")
    validate.add_argument("--prior", type=int, metavar="N", help="instead: make the prior predictive anew from N draws")
    calibrate = commands.add_parser("calibrate", help="find parameter sets that reproduce the fitted targets")
    calibrate.add_argument("--variant", choices=VARIANTS, help="one structural variant instead of both")
    calibrate.add_argument("--count", type=int, default=64, help="parameter sets of each variant (default: 64)")
    calibrate.add_argument("--seed", type=int, default=1, help="of the draws (default: 1)")
    calibrate.add_argument("--check", action="store_true", help="instead: do the stored sets still reproduce them?")
    calibrate.add_argument("--out", type=Path, help="folder to write to (default: where the shipped ensemble is)")


def known():
    """What a scenario may name."""
    from sim import policies
    from sim.scenario import Known
    from sim.start import wire

    plan = wire()
    return Known(plan.parameters, policies.catalogue(), set(plan.rules))


@contextmanager
def drafted(folder: Path) -> Iterator[Path]:
    """An empty folder that takes the place of `folder` when all is written, and vanishes when anything stops it."""
    new, old = not folder.parent.exists(), folder.with_name(f".{folder.name}-old")
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        draft = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
    except OSError as error:
        raise InputError(f"{folder.parent}: results cannot be written there: {error.strerror}") from None
    try:
        yield draft
        draft.chmod(0o755)
        if folder.exists():
            shutil.rmtree(old, ignore_errors=True)
            folder.rename(old)
        draft.rename(folder)
    finally:
        if old.exists() and not folder.exists():
            old.rename(folder)
        shutil.rmtree(old, ignore_errors=True)
        shutil.rmtree(draft, ignore_errors=True)
        if new and not any(folder.parent.iterdir()):
            folder.parent.rmdir()


def run(arguments: argparse.Namespace) -> None:
    """`swadaya run`: simulate, tell, write."""
    from sim.experiment import standing, study
    from sim.experiment.results import folder_for
    from sim.report.page import write
    from sim.report.tables import headline_terminal
    from sim.scenario import load

    scenario = load(arguments.scenario, known())
    scenario = scenario.quick() if arguments.quick else scenario
    folder = folder_for(scenario, arguments.results)
    with Bar() as bar, drafted(folder) as draft:
        results = study.run(scenario, tell=bar)
        bar("report", 0, 1)
        results.save(draft)
        warnings = standing.warnings()
        write(results, draft, warnings)
    console.print(headline_terminal(results), *warnings, sep="\n")
    console.print(f"report: {folder / 'report.html'}")


def check(arguments: argparse.Namespace) -> None:
    """`swadaya check`: a scenario in one line, or what is wrong with it."""
    from sim.scenario import load
    from sim.survey import read_survey, read_villages

    scenario = load(arguments.scenario, known())
    about, villages = scenario.population, scenario.population.villages
    if scenario.survey is not None:
        read_survey(scenario.survey)
    elif scenario.village_list is not None:
        villages = len(read_villages(scenario.village_list, first=villages).code)
    arms = ", ".join(arm.id for arm in scenario.resolved_arms)
    size = f"{villages} villages of about {about.households} households"
    length = f"{scenario.calendar.quarters} quarters, {scenario.replications.seeds} seeds"
    console.print(f"{scenario.slug}: {size}, {length}; arms: {arms}", soft_wrap=True, highlight=False)


def schema(arguments: argparse.Namespace) -> None:
    """`swadaya schema`: JSON Schema on standard output."""
    from sim.scenario import schema as made

    print(json.dumps(made(known()), indent=2, ensure_ascii=False))


def explain(arguments: argparse.Namespace) -> None:
    """`swadaya explain`: a table from the code."""
    from sim.explain import explain as made

    wide = console if console.is_terminal else Console(width=max(100, console.width))
    wide.print(made(arguments.topic))


def bench(arguments: argparse.Namespace) -> None:
    """`swadaya bench`: both lanes in one run."""
    from sim.experiment import study
    from sim.experiment.bench import bench as measure
    from sim.scenario import load

    scenario = load(arguments.scenario, known())
    with Bar() as bar:
        bar("the world at rest", 0, 1)
        lines = measure(scenario, study.build(scenario), tell=bar)
    for line in lines:
        console.print(f"{line.value:12,.2f}  {line.unit:40} {line.what}")


def validate(arguments: argparse.Namespace) -> None:
    """`swadaya validate`: the scorecard of every structural variant that is asked for."""
    from sim.report import validate as scorecards

    variants = (arguments.variant,) if arguments.variant else VARIANTS
    if arguments.prior is not None:
        with Bar() as bar:
            path = scorecards.renew_prior(variants, arguments.prior, bar)
        console.print(f"prior predictive: {path}", soft_wrap=True)
        return
    asked = scorecards.Asked(variants, arguments.quick, arguments.studies, arguments.ablate, arguments.store)
    folder = asked.folder(arguments.results)
    with Bar() as bar, drafted(folder) as draft:
        cards = asked.write(draft, bar)
    for card in cards:
        console.print(*scorecards.told(card), sep="\n", soft_wrap=True)
    if arguments.store:
        console.print(f"verdicts kept: {asked.keep(cards)}", soft_wrap=True)
    console.print(f"scorecard: {folder / 'scorecard.html'}", soft_wrap=True)


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
    with Bar() as bar, ThreadPoolExecutor(os.cpu_count()) as threads:
        told = ensemble.confirm(variant, sets, new, arguments.out, threads, bar)
    console.print(f"{variant}: {len(sets)} sets; {told}", soft_wrap=True)


COMMANDS = {
    "run": run,
    "check": check,
    "explain": explain,
    "schema": schema,
    "validate": validate,
    "calibrate": calibrate,
    "bench": bench,
}


def main(arguments: list[str] | None = None) -> int:
    """Run a command; wrong input is told in one message and ends with 2."""
    chosen = parser().parse_args(arguments)
    try:
        COMMANDS[chosen.command](chosen)
    except InputError as error:
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
    return 0


if __name__ == "__main__":
    sys.exit(main())
