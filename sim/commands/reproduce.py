"""`swadaya reproduce` and `swadaya package`."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from sim.commands.options import language
from sim.terminal import Bar, plain

if TYPE_CHECKING:
    from sim.reproduce.runs import Asked


def add_parsers(commands: argparse._SubParsersAction) -> None:
    """Add the commands that make results again, here or elsewhere."""
    reproduce = commands.add_parser("reproduce", help="run published results, or a package, again: is it the same?")
    reproduce.add_argument("name", nargs="*", help="what is published, or the file of a package")
    reproduce.add_argument("--all", action="store_true", help="everything that is published")
    reproduce.add_argument("--renew", action="store_true", help="store what comes out (maintainers)")
    language(reproduce)
    package = commands.add_parser("package", help="results and all that another machine needs to make them again")
    package.add_argument("results", type=Path, help="a folder that `swadaya run` wrote")
    package.add_argument("--out", type=Path, help="the file to write (default: beside the results, .zip)")
    package.add_argument(
        "--beside", type=Path, default=Path(), help="folder of the scenario file, where it names a survey (default: .)"
    )


def reproduce(arguments: argparse.Namespace, kinds: Mapping[str, type[Asked]]) -> int:
    """`swadaya reproduce`: run again, and say identical, equal within tolerance, or where it differs."""
    from sim.known import known
    from sim.reproduce import again

    code, console = 0, plain()
    for name in again.asked(arguments.name, arguments.all, arguments.renew, kinds):
        with Bar() as bar:
            told = (again.renewed if arguments.renew else again.held)(name, known(), bar, kinds)
        console.print(*told.lines, sep="\n", soft_wrap=True)
        code = max(code, told.code)
    return code


def package(arguments: argparse.Namespace) -> None:
    """`swadaya package`: a replication package of a folder of results."""
    from sim.known import known
    from sim.reproduce.archive import hashed
    from sim.reproduce.package import pack

    path = pack(arguments.results, arguments.out, arguments.beside, known())
    plain().print(f"package: {path}\nSHA-256: {hashed(path)}", soft_wrap=True)
