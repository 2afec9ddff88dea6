"""Answers to what the browser asks: a household, an explanation, a published result, a file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sim.app import downloads, evidence, mechanisms
from sim.app.household import story
from sim.app.own import read
from sim.app.record import Pair
from sim.app.session import Answers, Session, Tell
from sim.app.texts import words
from sim.errors import InputError


def _found(session: Session) -> Pair:
    """What was run last."""
    found = session.found
    if found is None:
        raise InputError(words("error.nothing")[0])
    return found


def _household(session: Session, content: Mapping[str, Any], tell: Tell) -> None:
    tell(story(_found(session), session.among, content.get("number"), session.threads))


def _explain(session: Session, content: Mapping[str, Any], tell: Tell) -> None:
    generation, asked = session.generation, session.asked_last("explain")
    if session.workers is not None:
        settings, workers = _found(session).settings, session.workers()
        mechanisms.explain(settings, workers, tell, lambda: session.current(generation) and asked())


def _open(session: Session, content: Mapping[str, Any], tell: Tell) -> None:
    asked = session.asked_last("open")
    if session.workers is not None:
        evidence.opened(content.get("published"), session.workers(), tell, lambda: session.open and asked())


def _download(session: Session, content: Mapping[str, Any], tell: Tell) -> None:
    found = _found(session)
    stories = {}
    if content.get("what") == "html" and isinstance(content.get("stories"), Sequence):
        for number in list(content["stories"])[: downloads.STORIES]:
            stories[number] = story(found, session.among, number, session.threads)
    file = downloads.made(found, session.among, content, session.bands, stories)
    tell({"name": file.name, "mime": file.mime, "bytes": len(file.data)}, [file.data])


def _upload(session: Session, content: Mapping[str, Any], tell: Tell) -> None:
    own = read(content.get("what"), content.get("name"), content.get("text"))
    session.bring(own)
    tell({"name": own.name})


ANSWERS: Answers = {
    "household": _household,
    "explain": _explain,
    "open": _open,
    "download": _download,
    "upload": _upload,
}
