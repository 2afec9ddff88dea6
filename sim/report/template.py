"""Pages from their templates, which lie beside this file; in them too a text is marked by `say`."""

from __future__ import annotations

from base64 import b64encode
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from sim.language import phrase, spoken


def filled(name: str, **words: object) -> str:
    """The text of a page; a word that the template asks for and nobody gives is an error."""
    here = FileSystemLoader(Path(__file__).parent)
    pages = Environment(loader=here, autoescape=True, undefined=StrictUndefined, trim_blocks=True)
    pages.filters["embedded"] = embedded
    return pages.get_template(name).render(words, say=said, language=spoken().code)


def embedded(svg: bytes) -> str:
    """An image as an address that holds all of it: a page needs no other file."""
    return f"data:image/svg+xml;base64,{b64encode(svg).decode()}"


def said(text: str, **parts: object) -> Markup:
    """A text of the template in the reader's language; it is ours and stays as it is, its parts are escaped."""
    told = Markup(phrase(text, parts))
    return told.format(**parts) if parts else told
