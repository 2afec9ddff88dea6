"""`swadaya calibrate`, `validate` and `claims`: the model held against published figures, and against the article."""

from __future__ import annotations

import argparse
import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from sim.calibration import VARIANTS
from sim.commands.options import language, wide
from sim.drafted import drafted
from sim.errors import InputError
from sim.language import say
from sim.terminal import Bar, plain
from sim.workers import Workers

MOST_SETS = 10_000  # that one may look for: more than any question needs, and days of work
ONE = "one structural variant instead of both"
console = plain()


def add_parsers(commands: argparse._SubParsersAction) -> None:
    """Add the commands."""
    validate = commands.add_parser("validate", help="repeat every published study in the calibrated worlds: scorecard")
    validate.add_argument("--quick", action="store_true", help="8 parameter sets, smaller worlds: a first look")
    validate.add_argument("--variant", choices=VARIANTS, help=ONE)
    validate.add_argument("--studies", type=Path, help="folder with studies of your own, beside those that come along")
    validate.add_argument("--results", type=Path, default=Path("results"), help="where to write (default: results)")
    validate.add_argument("--store", action="store_true", help="keep the verdicts: reports of runs warn by them")
    language(validate)
    validate.add_argument("--prior", type=int, metavar="N", help="instead: make the prior predictive anew from N draws")
    calibrate = commands.add_parser("calibrate", help="find parameter sets that reproduce the fitted targets")
    calibrate.add_argument("--variant", choices=VARIANTS, help=ONE)
    calibrate.add_argument("--count", type=int, default=64, help="parameter sets of each variant (default: 64)")
    calibrate.add_argument("--seed", type=int, default=1, help="of the draws (default: 1)")
    calibrate.add_argument("--check", action="store_true", help="instead: do the stored sets still reproduce them?")
    calibrate.add_argument("--out", type=Path, help="folder to write to (default: where the shipped ensemble is)")
    language(calibrate)
    claims = commands.add_parser("claims", help="ask the article's claims of every calibrated parameter set")
    claims.add_argument("--sets", type=int, metavar="N", help="only the first N parameter sets")
    claims.add_argument("--variant", choices=VARIANTS, help=ONE)
    claims.add_argument("--store", action="store_true", help="keep the verdicts: `explain article` shows them")
    language(claims)


def calibrate(arguments: argparse.Namespace) -> None:
    """`swadaya calibrate`: the ensemble of every structural variant that is asked for."""
    from sim.calibration import calibrate, ensemble
    from sim.report.calibration import terminal

    if not 1 <= arguments.count <= MOST_SETS:
        raise InputError(f"--count: is {arguments.count}; allowed: a whole number, 1 to {MOST_SETS}")
    if arguments.out is not None and arguments.out.exists() and not arguments.out.is_dir():
        raise InputError(f"--out: {arguments.out} is a file; allowed: a folder, which may be new")
    for variant in (arguments.variant,) if arguments.variant else VARIANTS:
        if arguments.check:
            _confirm(variant, arguments)
            continue
        with Bar() as bar, ThreadPoolExecutor(os.cpu_count()) as threads:
            found = calibrate.calibrate(variant, count=arguments.count, seed=arguments.seed, executor=threads, tell=bar)
        console.print(terminal(found))
        sets, about = ensemble.write(found, arguments.out)
        told = say("{count} parameter sets: {file}", count=len(found.sets), file=sets)
        console.print(told, say("how they were found: {file}", file=about), sep="\n", soft_wrap=True)


def _confirm(variant: str, arguments: argparse.Namespace) -> None:
    """`swadaya calibrate --check`: whether the frozen sets still reproduce their targets."""
    from sim.calibration import calibrate, ensemble
    from sim.report import said
    from sim.start import wire

    sets, new = calibrate.completed(ensemble.load(variant, arguments.out), wire(), arguments.seed)
    with Bar() as bar, Workers() as workers:
        told = ensemble.confirm(variant, sets, new, arguments.out, workers, bar)
    found = say("{variant}: {count} sets; {told}", variant=said(variant), count=len(sets), told=told)
    console.print(found, soft_wrap=True)


def validate(arguments: argparse.Namespace) -> None:
    """`swadaya validate`: the scorecard of every structural variant that is asked for."""
    from sim.evidence import standing
    from sim.report import validate as scorecards

    variants = (arguments.variant,) if arguments.variant else VARIANTS
    if arguments.prior is not None:
        with Bar() as bar, Workers() as workers:
            path = scorecards.renew_prior(variants, arguments.prior, workers, bar)
        console.print(say("prior predictive: {file}", file=path), soft_wrap=True)
        return
    asked = scorecards.Asked(variants, arguments.quick, arguments.studies, arguments.store)
    folder = asked.folder(arguments.results)
    with Bar() as bar, drafted(folder) as draft, Workers() as workers:
        cards, ablated = asked.write(draft, workers, bar)
    for card in cards:
        console.print(*scorecards.told(card), sep="\n", soft_wrap=True)
    if asked.quick:
        console.print(asked.first_look(), *standing.warnings(), "", sep="\n", soft_wrap=True)
    if arguments.store:
        console.print(say("verdicts kept: {file}", file=standing.store(cards, ablated)), soft_wrap=True)
    console.print(say("scorecard: {file}", file=folder / "scorecard.html"), soft_wrap=True)


def claims(arguments: argparse.Namespace) -> None:
    """`swadaya claims`: what the ensemble says of the article."""
    import pandas as pd

    from sim.claims import article
    from sim.explain.article import told

    if arguments.sets is not None and arguments.sets < 1:
        raise InputError(f"--sets: is {arguments.sets}; allowed: a whole number from 1")
    if arguments.store and arguments.sets is not None:
        raise InputError("--store keeps verdicts over all parameter sets only: not with --sets")
    variants = (arguments.variant,) if arguments.variant else article.stored_variants()
    with Bar() as bar, Workers() as workers:
        rows = pd.concat([article.ask(name, arguments.sets, workers, bar) for name in variants], ignore_index=True)
    wide().print(told(rows, {name: article.now(name) for name in variants}))
    if arguments.store:
        console.print(say("verdicts kept: {file}", file=article.store(rows)), soft_wrap=True)
