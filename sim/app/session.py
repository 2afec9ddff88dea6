"""One reader's view: what is asked, what was found, and the messages between browser and model.

Messages from the browser are ``{kind, …}`` with a number `id` where an answer is wanted:

- ``settings`` {values}: some settings, null for the place's own; ``reset``; ``lesson`` {id, step}: set all at once.
  The answer comes through the traits, under a new generation.
- ``household`` {id, number}, ``explain`` {id}, ``open`` {id, published}, ``download`` {id, what, …}: one or more
  messages of the same kind and id; {error: [en, id]} where it cannot be.
- ``upload`` {id, what, name, text}: a scenario or a survey of one's own as the place.
- ``again`` {generation}: what a browser sends that waits for a later run than it has; the page sends the traits again.

Whatever else arrives is left alone. A session knows nothing of Solara: `put` sets a trait, `send` sends a message.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import cache, partial
from threading import Condition, Lock, Thread
from typing import Any

from sim.app.bands import follow
from sim.app.choices import Choices, choices
from sim.app.crew import Crew, crew
from sim.app.form import form
from sim.app.kept import Shared
from sim.app.lessons import step_of
from sim.app.own import among_of, settings_of
from sim.app.payload import payload
from sim.app.record import Pair, Recording, pair
from sim.app.refusals import refused
from sim.app.settings import Own, Settings, Text, from_query
from sim.app.share import expected_of, share
from sim.app.texts import words
from sim.app.world import Start, Worlds
from sim.errors import InputError, NotFiniteError, PolicyError

JOBS = 2  # answers that one session may wait for at a time
log = logging.getLogger(__name__)
Send = Callable[[Mapping[str, Any], Sequence[bytes]], None]
Put = Callable[[str, str], None]
Tell = Callable[..., None]
Answers = Mapping[str, Callable[["Session", Mapping[str, Any], Tell], None]]


@cache
def worlds() -> Worlds:
    """Worlds at rest that sessions look at."""
    return Worlds()


@cache
def shipped() -> list[Start]:
    """Every place as it is; nobody waits for their worlds, which stay for as long as the process."""
    return [worlds().start(Settings(place=place), choices()) for place in choices().places]


@cache
def recordings() -> Shared[Recording]:
    """Runs of single policies that sessions look at, about 1.5 MB each."""
    return Shared()


@cache
def threads() -> ThreadPoolExecutor:
    """Where the worlds of a pair run beside one another."""
    return ThreadPoolExecutor(2, thread_name_prefix="pair")


class Session:
    """One reader's view.

    Parameters
    ----------
    query
        The address with which the page was opened.
    put, send
        How a trait is set and a message sent.
    answers
        What is done about a message by its kind, beside what a session does itself.
    workers
        Where bands are computed; None: nowhere.
    """

    def __init__(
        self, query: str, put: Put, send: Send, answers: Answers, workers: Callable[[], Crew] | None = crew
    ) -> None:
        self.among: Choices = choices()
        self.put, self.send, self.answers, self.workers = put, send, answers, workers
        self.settings, unknown = from_query(query, self.among)
        self.expected = expected_of(query)
        self.found: Pair | None = None
        self.generation, self.running, self.open = 0, 0, True
        self.bands, self.threads = "", threads()
        self._latest: dict[str, int] = {}
        self._asked, self._jobs = Condition(), Lock()
        self.ask(self.settings, unknown)
        Thread(target=self._work, name="session", daemon=True).start()

    def close(self) -> None:
        """Drop everything: the reader has gone."""
        with self._asked:
            self.open, self.found = False, None
            self._asked.notify_all()

    def ask(self, settings: Settings, unknown: Sequence[Text] = ()) -> None:
        """New settings: whatever is under way for older ones is dropped."""
        with self._asked:
            self.settings, self.generation = settings, self.generation + 1
            generation = self.generation
            self.put("form", form(settings, self.among, generation, list(unknown)))
            self._status(generation, "running", "pair")
            self._asked.notify_all()

    def _status(self, generation: int, state: str, step: str = "", done: int = 0, of: int = 0, said: Any = "") -> None:
        told = {"generation": generation, "state": state, "step": step, "done": done, "of": of, "sentence": said}
        self.put("status", json.dumps(told))

    def current(self, generation: int) -> bool:
        """Whether a generation is still the one that is asked for."""
        return self.open and generation == self.generation

    def asked_last(self, kind: str) -> Callable[[], bool]:
        """Whether the question of a kind that is asked now is still the last of its kind."""
        mine = self._latest[kind] = self._latest.get(kind, 0) + 1
        return lambda: self._latest[kind] == mine

    # -- computing ----------------------------------------------------------------------------------------------------

    def _work(self) -> None:
        done = 0
        while True:
            with self._asked:
                self._asked.wait_for(partial(self._awaited, done))
                if not self.open:
                    return
                done, settings = self.generation, self.settings
            try:
                self._run(settings, done)
            except (InputError, PolicyError, NotFiniteError) as error:
                self._failed(done, refused(error))
            except Exception:  # a page says that it failed, and whoever runs it reads why
                log.exception("%s failed", settings.query())
                self._failed(done, words("error.unexpected"))

    def _awaited(self, done: int) -> bool:
        return not self.open or self.generation != done

    def _failed(self, generation: int, said: tuple[str, str]) -> None:
        if self.current(generation):
            self._status(generation, "failed", said=said)

    def _run(self, settings: Settings, generation: int) -> None:
        found = pair(settings, self.among, worlds(), self.threads, recordings())
        if not self.current(generation):
            return
        self.found, self.bands = found, ""
        self.put("bands", "")
        self.put("payload", payload(found, self.among, generation))
        self.put("share", share(found, self.among, self.expected))
        self.expected = ""  # a link speaks of the settings that it brought, not of later ones
        self._status(generation, "ready")
        if self.workers is not None:
            follow(settings, generation, self.workers(), self._banded, lambda: self.current(generation))
            if self.current(generation):
                self._status(generation, "ready")

    def _banded(self, text: str, step: str, done: int, of: int) -> None:
        self.bands = text
        self.put("bands", text)
        self._status(self.generation, "ready", step, done, of)

    # -- messages -----------------------------------------------------------------------------------------------------

    def heard(self, content: object) -> None:
        """A message from the browser; what is not understood is left alone."""
        if not isinstance(content, dict) or not self.open:
            return
        kind = content.get("kind")
        if kind == "settings" and isinstance(content.get("values"), dict):
            self._set(content["values"])
        elif kind == "reset":
            self.ask(Settings())
        elif kind == "lesson":
            self._lesson(content)
        elif isinstance(kind, str) and kind in self.answers:
            self._answer(kind, content)

    def bring(self, own: Own) -> None:
        """Make a place of the reader's own the place."""
        settings = settings_of(own)
        self.among = among_of(settings)
        self.ask(settings)

    def _set(self, values: Mapping[str, object]) -> None:
        kept = {key: value for key, value in values.items() if value is not None}
        gone = {key for key, value in values.items() if value is None}
        before = self.settings
        numbers = tuple((key, value) for key, value in before.numbers if key not in gone)
        for arm in ("a", "b"):
            if arm in kept and kept[arm] != getattr(before, arm):  # another policy has numbers of its own
                numbers = tuple((key, value) for key, value in numbers if not key.startswith(f"{arm}."))
        base = replace(before, numbers=numbers)
        settings, unknown = base.given(dict(list(kept.items())[:400]), self.among)
        self.ask(settings, unknown)

    def _lesson(self, content: Mapping[str, object]) -> None:
        found = step_of(str(content.get("id")), str(content.get("step")), self.among)
        if found is not None:
            self.ask(found)

    def _answer(self, kind: str, content: Mapping[str, object]) -> None:
        """Answer in a thread of its own, a few at a time."""
        about = {"kind": kind, "id": content.get("id"), "generation": self.generation}
        with self._jobs:
            if self.running >= JOBS:
                self.send(about | {"error": words("error.busy")}, [])
                return
            self.running += 1

        def work() -> None:
            try:
                self.answers[kind](self, content, lambda told, buffers=(): self.send(about | dict(told), list(buffers)))
            except (InputError, PolicyError, NotFiniteError) as error:
                self.send(about | {"error": refused(error)}, [])
            except Exception:
                log.exception("%s failed for %s", kind, self.settings.query())
                self.send(about | {"error": words("error.unexpected")}, [])
            finally:
                with self._jobs:
                    self.running -= 1

        Thread(target=work, name=kind, daemon=True).start()
