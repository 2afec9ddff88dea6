"""Options that several commands have, and where pages of text go."""

from __future__ import annotations

import argparse
from pathlib import Path

from rich.console import Console

from sim.language import ENGLISH, LANGUAGES
from sim.terminal import plain


def own_files(command: argparse.ArgumentParser) -> None:
    """The option that names files with code of the user's own; it has a name for each thing that one may bring."""
    command.add_argument(
        "--policy", "--process", "--metric", type=Path, action="append", default=[], metavar="FILE", dest="own",
        help="a Python file with policies, rules or metrics of yours",
    )  # fmt: skip


def language(command: argparse.ArgumentParser) -> None:
    """The option that says in which language a command tells what it found."""
    told = "language of what is told: en (default) or id, Bahasa Indonesia; files of data do not depend on it"
    command.add_argument("--lang", choices=tuple(LANGUAGES), default=ENGLISH.code, help=told)


def wide() -> Console:
    """Where pages of text go: the terminal as it is, or 100 characters at least in a file or a pipe."""
    console = plain()
    return console if console.is_terminal else plain(width=max(100, console.width))
