"""The page: one stage for each reader, and the session behind it. Solara's part ends here."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import solara

from sim.app import evidence, lessons
from sim.app.answers import ANSWERS
from sim.app.memory import give_back_soon
from sim.app.session import Session
from sim.app.stage import Stage
from sim.app.texts import by_language, opened


def _again(stage: Stage, generation: object) -> None:
    """Send once more how far the session is, and what it found where the browser waits for a later run than it has."""
    status = json.loads(stage.status)
    lost = status["state"] == "ready" and status["generation"] != generation
    stage.send_state(("form", "status", "payload", "share", "bands") if lost else ("form", "status"))


def _session(stage: Stage, query: str) -> Session:
    """Tie a session to a stage that is on the page."""

    def put(name: str, text: str) -> None:
        setattr(stage, name, text)

    def send(content: Mapping[str, Any], buffers: Sequence[bytes]) -> None:
        stage.send(content, buffers)

    session = Session(query, put, send, ANSWERS)

    def heard(_: Stage, content: object, buffers: Sequence[bytes]) -> None:
        if isinstance(content, dict) and content.get("kind") == "again":
            _again(stage, content.get("generation"))
        else:
            session.heard(content)

    stage.on_msg(heard)
    return session


@solara.component
def Page() -> None:
    """What a browser opens."""
    router = solara.use_router()
    query = solara.use_memo(lambda: router.search or "", [])
    texts = solara.use_memo(lambda: json.dumps(by_language(), ensure_ascii=False), [])
    solara.Title("Swadaya")
    stage = Stage.element(
        texts=texts, lessons=lessons.document(), evidence=evidence.document(), lang=opened(), mode="live"
    )

    def tie() -> Callable[[], None]:
        session = _session(solara.get_widget(stage), query)

        def untie() -> None:
            session.close()
            give_back_soon()

        return untie

    solara.use_effect(tie, [])
