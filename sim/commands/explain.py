"""`swadaya explain`, `show` and `schema`: what the code and the files that come along say of themselves."""

from __future__ import annotations

import argparse
import json
import tomllib

from sim.commands.options import language, own_files, wide
from sim.errors import InputError
from sim.language import ENGLISH
from sim.terminal import plain

TOPICS = ("order", "parameters", "columns", "policies", "metrics", "outcomes", "article", "survey", "odd")
TRANSLATED = ("policies", "article")  # topics that are told in every language


def add_parsers(commands: argparse._SubParsersAction) -> None:
    """Add the commands."""
    explain = commands.add_parser("explain", help="what the code says of itself")
    explain.add_argument("topic", choices=TOPICS)
    explain.add_argument("name", nargs="?", default="", help="after policies: one policy, code or family")
    own_files(explain)
    language(explain)
    told = "print a scenario, or the study of a sweep, that comes along, to be copied: show desa > mine.toml"
    show = commands.add_parser("show", help=told)
    show.add_argument("name", nargs="?", help="which (default: the names of all, with their titles)")
    commands.add_parser("schema", help="JSON Schema of scenario files, for editors")


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
    wide().print(made(arguments.topic, arguments.name, known(arguments.own)))


def show(arguments: argparse.Namespace) -> None:
    """`swadaya show`: the text of a scenario or a study, or the names of those that come along."""
    from sim.scenario.reading import SCENARIOS, STUDIES, original, shipped

    if arguments.name:
        print(original(arguments.name), end="")
        return
    for kind, home in (("scenarios, for swadaya run", SCENARIOS), ("studies, for swadaya sweep", STUDIES)):
        plain().print(f"{kind}:", style="bold")
        for name in shipped(home):
            plain().print(f"  {name:16} {tomllib.loads(original(name))['title']}", soft_wrap=True)


def schema(arguments: argparse.Namespace) -> None:
    """`swadaya schema`: JSON Schema on standard output."""
    from sim.known import known
    from sim.scenario import schema as made

    print(json.dumps(made(known()), indent=2, ensure_ascii=False))
