"""The reader's language: every marked text has its translation, and an Indonesian reader meets no English."""

from __future__ import annotations

import ast
import string
import tomllib
from collections.abc import Iterator
from pathlib import Path

import polib
from jinja2 import Environment
from jinja2.ext import extract_from_ast

import sim.start
from sim import ledger, metrics
from sim.experiment import axes, regime_question
from sim.language import catalogue, file
from sim.metrics.decision import RUNGS
from sim.shipped import folder

PACKAGE = Path(sim.__file__).parent
MARKS = ("say", "mark")


def marked() -> Iterator[tuple[str, str]]:
    """Every literal in the code and the templates that is said or marked, with its file."""
    for path in sorted(PACKAGE.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in MARKS and node.args:
                text = node.args[0]
                assert not isinstance(text, ast.JoinedStr), f"{path.name}, line {node.lineno}: name the parts instead"
                if isinstance(text, ast.Constant):
                    yield text.value, path.relative_to(PACKAGE.parent).as_posix()
                else:
                    assert node.func.id == "say", f"{path.name}, line {node.lineno}: only a literal can be marked"
    for path in sorted(PACKAGE.rglob("*.html")):
        tree = Environment().parse(path.read_text(encoding="utf-8"))
        for _, _, text in extract_from_ast(tree, MARKS):
            yield text[0] if isinstance(text, tuple) else text, path.relative_to(PACKAGE.parent).as_posix()


def data() -> Iterator[tuple[str, str]]:
    """The words of what is data elsewhere and read by people: metrics, flows, rungs, axes, scenarios, studies."""
    for metric in metrics.catalogue().values():
        yield from ((text, "metrics") for text in (metric.label, metric.unit))
    yield from ((rule.rule.meaning.rstrip("."), "flows of the ledger") for rule in ledger.RULES)
    yield from ((name, "rungs of decision power") for _, name, *_ in RUNGS)
    for axis in axes.measured_axes(sim.start.wire().parameters).values():
        yield from ((text, "axes of the map") for text in (axis.label, axis.unit, axis.meaning))
    for outcome in regime_question.OUTCOMES.values():
        yield from ((text, "outcomes of the map") for text in (outcome.label, outcome.unit))
    for path in sorted(folder("scenarios").glob("*.toml")):
        read = tomllib.loads(path.read_text(encoding="utf-8"))
        for text in (read["title"], read.get("question"), read.get("report", {}).get("note")):
            yield from [(text, f"scenarios/{path.name}")] if text else []
    for path in sorted((folder("scenarios") / "evidence").glob("*.toml")):
        read = tomllib.loads(path.read_text(encoding="utf-8"))
        told = [read["title"], read.get("bars"), *(one[key] for one in read["outcomes"] for key in ("name", "unit"))]
        yield from ((text, f"scenarios/evidence/{path.name}") for text in told if text)


def wanted() -> dict[str, list[str]]:
    """Every text that needs a translation, and where it is."""
    found: dict[str, list[str]] = {}
    for text, where in [*marked(), *data()]:
        if text and where not in found.setdefault(text, []):
            found[text].append(where)
    return found


def renewed(code: str) -> None:
    """Bring the catalogue up to date: new texts get an empty translation, stale ones go, what is translated stays."""
    said, book = catalogue(code), polib.POFile(wrapwidth=110)
    book.metadata = {
        "Project-Id-Version": "swadaya",
        "Language": code,
        "MIME-Version": "1.0",
        "Content-Type": "text/plain; charset=UTF-8",
        "Content-Transfer-Encoding": "8bit",
        "Plural-Forms": "nplurals=1; plural=0;",
    }
    for text, places in wanted().items():
        book.append(polib.POEntry(msgid=text, msgstr=said.get(text, ""), occurrences=[(one, "") for one in places]))
    book.save(str(file(code)))


def places(text: str) -> set[str]:
    """Names of the places in a text."""
    return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}


def test_catalogue_is_complete_and_holds_nothing_stale(renew):
    if renew:
        renewed("id")
        catalogue.cache_clear()
    texts, said = wanted(), catalogue("id")
    assert sorted(texts.keys() - said.keys()) == [], "add them: pytest tests/test_language.py --renew"
    assert sorted(said.keys() - texts.keys()) == [], "take them out: pytest tests/test_language.py --renew"
    assert [text for text, there in said.items() if not there.strip()] == [], "translate them in sim/language/id.po"
