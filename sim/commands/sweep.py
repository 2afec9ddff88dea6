"""`swadaya sweep`, `query`, `sensitivity` and `discover`."""

from __future__ import annotations

import argparse
from concurrent.futures import Executor
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sim.commands.options import language
from sim.drafted import drafted, put, untaken
from sim.errors import InputError
from sim.language import mark, say
from sim.terminal import Bar, plain
from sim.workers import working

if TYPE_CHECKING:
    from sim.sweep.asked import Asked
    from sim.sweep.found import Found

STORE = Path("results/store")
FORMATS = ("table", "csv", "parquet", "dta")
console = plain()


def add_parsers(commands: argparse._SubParsersAction) -> None:
    """Add the commands of sweeps."""
    sweep = commands.add_parser("sweep", help="run a study over many worlds; the same command goes on after a stop")
    _study(sweep)
    sweep.add_argument("--dry-run", action="store_true", help="only say how much there is to run: nothing is stored")
    sweep.add_argument("--retry-failed", action="store_true", help="also run again what failed")
    sweep.add_argument(
        "--limit", type=float, default=600.0, metavar="S",
        help="seconds a run may last, its worker's start included (default: 600)",
    )  # fmt: skip
    sweep.add_argument("--workers", type=int, metavar="N", help="worker processes (default: one a processor)")
    sweep.add_argument("--scheduler", metavar="ADDRESS", help="a Dask scheduler instead, as tcp://host:8786")
    sensitivity = commands.add_parser("sensitivity", help="which uncertain numbers decide the outcomes of a sweep")
    _study(sensitivity)
    discover = commands.add_parser("discover", help="under which conditions one arm of a sweep beats another")
    _study(discover)
    discover.add_argument("--better", required=True, metavar="ARM", help="the arm that is to be better")
    discover.add_argument("--than", metavar="ARM", help="than which (default: that of the study's differences)")
    discover.add_argument("--metric", default="", help="in what (default: the study's first metric)")
    discover.add_argument("--export", type=Path, metavar="FOLDER", help="also experiments.csv and outcomes.csv")
    query = commands.add_parser("query", help="ask the store in SQL; without a question: what is in it")
    query.add_argument("sql", nargs="?", default="", help="about the views runs, points, failures, studies, stored")
    query.add_argument("--store", type=Path, default=STORE, metavar="FOLDER", help=f"default: {STORE}")
    query.add_argument("--format", choices=FORMATS, default="table", help="default: table")
    query.add_argument("--out", type=Path, metavar="FILE", help="where to write what is not a table")
    for command in (sweep, sensitivity, discover, query):
        language(command)


def _study(command: argparse.ArgumentParser) -> None:
    command.add_argument("study", help="a file, or the name of one in scenarios/sweeps/")
    command.add_argument("--store", type=Path, default=STORE, metavar="FOLDER", help=f"default: {STORE}")
    command.add_argument(
        "--policy", "--process", type=Path, action="append", default=[], metavar="FILE", dest="own",
        help="a Python file with policies or rules of yours",
    )  # fmt: skip
    command.add_argument("--results", type=Path, default=Path("results"), help="where pages go (default: results)")


def _executor(arguments: argparse.Namespace) -> AbstractContextManager[tuple[Executor, int]]:
    """Where runs go, and how many at a time."""
    if not arguments.scheduler:
        return working(arguments.workers)
    from sim.sweep.cluster import scheduled

    return scheduled(arguments.scheduler)


def sweep(arguments: argparse.Namespace) -> int:
    """`swadaya sweep`: say how much it is, run what is missing, write the page."""
    from sim.report.sweep_ahead import planned
    from sim.report.sweep_answer import told
    from sim.sweep.asked import Asked
    from sim.sweep.store import FAILURES, Store

    if not arguments.limit > 0.0:
        raise InputError(f"--limit: is {arguments.limit:g}; allowed: seconds above 0")
    asked, store = Asked.read(arguments.study, arguments.own), Store(arguments.store)
    with store.alone() if not arguments.dry_run else nullcontext():
        for path in store.corrupt:
            spoiled = mark("{file}: its bytes are not those that were written; what it held is run again")
            _say(say(spoiled, file=path))
        try:
            with _executor(arguments) as (executor, workers):
                with Bar() as bar:
                    going = asked.sweep(store, executor, workers, arguments.limit, bar)
                    if arguments.retry_failed and not arguments.dry_run:
                        store.forget(FAILURES, going.failed(arguments.limit) & set(going.plan.rows()["key"]))
                    bar(mark("a first run, to measure"), 0, 1)
                    ahead = going.first(keep=not arguments.dry_run)
                _say(planned(asked.question, going.plan, ahead))
                if arguments.dry_run:
                    return 0
                with Bar() as bar:
                    going.tell = bar
                    found = asked.finish(going)
        except KeyboardInterrupt:
            stopped = say("stopped; what was finished is stored, and the same command goes on from there")
            plain(stderr=True).print(stopped, soft_wrap=True)
            return 130
    _say(*told(found, going.digest()))
    _page(arguments, asked, found, "sweep", {})
    return int(found.result["failed"].all())  # 1 where nothing came of it


def _stored(arguments: argparse.Namespace) -> tuple[Asked, Found]:
    """A study and what the store holds of it: all of it."""
    from sim.sweep.asked import Asked
    from sim.sweep.store import Store

    asked = Asked.read(arguments.study, arguments.own)
    return asked, asked.stored(Store(arguments.store))


def sensitivity(arguments: argparse.Namespace) -> int:
    """`swadaya sensitivity`: indices of a sweep whose design is made for them."""
    from sim.report.grid import terminal
    from sim.report.sweep_tables import sensitivity_grids
    from sim.sweep.sensitivity import sensitivity as indices

    asked, found = _stored(arguments)
    table = indices(found, asked.question.study.design)
    console.print(*(terminal(one) for one in sensitivity_grids(found, table)), sep="\n\n")
    return _page(arguments, asked, found, "sensitivity", {"indices": table})


def discover(arguments: argparse.Namespace) -> int:
    """`swadaya discover`: boxes in which an arm is better than another."""
    from sim.report.grid import terminal
    from sim.report.sweep_answer import boxes_told
    from sim.report.sweep_tables import box_grid
    from sim.sweep import discovery

    if arguments.export and arguments.export.exists() and not arguments.export.is_dir():
        raise InputError(f"--export: {arguments.export} is a file; allowed: a folder, which may be new")
    files = [arguments.export / f"{name}.csv" for name in ("experiments", "outcomes")] if arguments.export else []
    untaken(*files)
    asked, found = _stored(arguments)
    conditions = discovery.discover(found, arguments.better, arguments.than or found.versus, arguments.metric)
    if files:
        arguments.export.mkdir(parents=True, exist_ok=True)
        for file, frame in zip(files, discovery.exported(found), strict=True):
            put(file, frame.to_csv(index=False, lineterminator="\n"))
        _say(say("experiments and outcomes: {folder}", folder=arguments.export))
    _say(*boxes_told(found, conditions))
    if conditions.boxes:
        console.print(terminal(box_grid(found, conditions)))
    name = f"discover-{conditions.better}-than-{conditions.than}-{conditions.metric}"
    return _page(arguments, asked, found, name, {"conditions": conditions})


def query(arguments: argparse.Namespace) -> int:
    """`swadaya query`: an answer in SQL, or what the store holds."""
    from sim.sweep import query as asking

    if arguments.format == "table" and arguments.out is not None:
        raise InputError(f"--out {arguments.out} needs --format; allowed: {', '.join(FORMATS[1:])}")
    answer = asking.ask(arguments.store, arguments.sql)
    for path in answer.attrs["corrupt"]:
        spoiled = mark(
            "{file}: its bytes are not those that were written; what it held is left out until `swadaya sweep` has run "
            "it again"
        )
        plain(stderr=True).print(say(spoiled, file=path), soft_wrap=True)
    if arguments.format == "table":
        _say(answer.to_string(index=False, max_rows=60) if len(answer) else say("no row"))
        return 0
    if arguments.out is None:
        raise InputError(f"--format {arguments.format} needs --out FILE")
    for path in asking.write(answer, arguments.format, arguments.out):
        _say(say("written: {file}", file=path))
    return 0


def _page(arguments: argparse.Namespace, asked: Asked, found: Found, name: str, parts: dict[str, Any]) -> int:
    """Write a page with its tables into a folder of its own."""
    from sim.evidence import standing
    from sim.report.sweep import write

    folder = arguments.results / f"{name}-{asked.question.name}-{asked.digest[:12]}"
    with drafted(folder) as draft:
        page = write(found, asked, draft, **parts)
    _say(*standing.warnings(), say("page: {file}", file=folder / page.name))
    return 0


def _say(*lines: str) -> None:
    console.print(*lines, sep="\n", soft_wrap=True)
