"""Pages from their templates, which lie beside this file."""

from __future__ import annotations

from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined


def filled(name: str, **words: object) -> str:
    """The text of a page; a word that the template asks for and nobody gives is an error."""
    here = FileSystemLoader(Path(__file__).parent)
    return (
        Environment(loader=here, autoescape=True, undefined=StrictUndefined, trim_blocks=True)
        .get_template(name)
        .render(words)
    )
