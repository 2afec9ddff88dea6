"""`swadaya app`, and what of the view other commands have: `swadaya run --code`, `swadaya bench --app`."""

from __future__ import annotations

import argparse
import json
import math

from sim.app.texts import LANGUAGES
from sim.drafted import drafted
from sim.errors import InputError
from sim.terminal import Bar, plain


def add_parsers(commands: argparse._SubParsersAction) -> None:
    """Add the command that opens the view."""
    app = commands.add_parser("app", help="the interactive view, in a browser")
    app.add_argument("--port", type=int, default=8765, help="where to serve (default: 8765)")
    app.add_argument("--host", default="127.0.0.1", help="address to serve at (default: this machine only)")
    app.add_argument("--inside", action="store_true", help="instead: one village, agent by agent, in Mesa's viewer")
    app.add_argument(
        "--lang",
        choices=LANGUAGES,
        default=argparse.SUPPRESS,  # the terminal speaks English then, and a page as its browser
        help="language that pages open in, en or id (default: that of the browser)",
    )
    app.add_argument("--no-open", action="store_true", help="do not open a browser")


def app(arguments: argparse.Namespace) -> None:
    """`swadaya app`: the interactive view, or the look inside one village."""
    from sim.app.serve import serve

    serve(arguments.port, arguments.host, not arguments.no_open, getattr(arguments, "lang", ""), arguments.inside)


def bench() -> None:
    """`swadaya bench --app`: how long the view takes to answer."""
    from sim.app.again import bench as answered

    console = plain()
    for line in answered():
        value = "–" if math.isnan(line.value) else f"{line.value:,.2f}"
        console.print(f"{value:>12}  {line.unit:4} {line.what}", soft_wrap=True)


def run_code(arguments: argparse.Namespace) -> None:
    """`swadaya run --code`: the numbers of the view, to the last bit."""
    from sim.app import again
    from sim.experiment.results import folder_named

    if arguments.quick or arguments.own:
        raise InputError("run --code: takes neither --quick nor --policy; the code says all that is run")
    with Bar() as bar:
        bar("both worlds, and the one without a programme", 0, 1)
        found, among = again.again(arguments.code)
    folder = folder_named(f"view-{found.settings.place}", found.digest, arguments.results)
    with drafted(folder) as draft:
        again.write(found, among, draft)
        about = {"digest": found.digest, "settings": found.settings.query(), "code": arguments.code}
        (draft / "manifest.json").write_text(json.dumps(about, indent=2) + "\n", encoding="utf-8")
    console = plain()
    console.print(again.told(found, among))
    console.print(f"replay: {folder / 'replay.html'}", soft_wrap=True)
