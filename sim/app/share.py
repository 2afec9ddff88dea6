"""The same numbers elsewhere: address, code, Python, a command line, and the digest that says whether they are.

Document: {address, query, code, python, shell, digest, expected, same, own}; `expected` is the digest that came with a
link, `same` whether it is what was found (null without one). A place of the reader's own (`own`) is in no address.
"""

from __future__ import annotations

import json
from urllib.parse import parse_qsl

from sim.app import code
from sim.app.choices import Choices
from sim.app.record import Pair
from sim.app.settings import LONGEST

SHORT = 12  # characters of a digest that an address carries

PYTHON = """\
from sim.app.choices import choices
from sim.app.code import settings_of
from sim.app.record import pair
from sim.app.world import Worlds

may = choices()
found = pair(settings_of("{code}", may), may, Worlds())
print(found.headline("a"), found.headline("b"), found.digest)
"""


def share(pair: Pair, among: Choices, expected: str) -> str:
    """The document of a pair."""
    made = code.of(pair.settings, among)
    query = f"{pair.settings.query()}&d={pair.digest[:SHORT]}"
    told = {
        "address": f"/?{query}",
        "query": query,
        "code": made,
        "python": PYTHON.format(code=made),
        "shell": f"swadaya run --code {made}",
        "digest": pair.digest,
        "expected": expected,
        "same": pair.digest.startswith(expected) if expected else None,
        "own": pair.settings.own is not None,
    }
    return json.dumps(told)


def expected_of(query: str) -> str:
    """The digest that an address carries; empty where there is none."""
    try:
        found = dict(parse_qsl(query.lstrip("?")[:LONGEST], max_num_fields=400)).get("d", "")
    except ValueError:
        return ""
    return found if 6 <= len(found) <= 64 and all(sign in "0123456789abcdef" for sign in found) else ""
