"""What is remembered by what it depends on: the latest so many things, or whatever somebody still holds."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable
from threading import Lock
from typing import Generic, TypeVar
from weakref import WeakValueDictionary

Thing = TypeVar("Thing")


class Kept(Generic[Thing]):
    """The `most` things that were asked for last. Threads may share one; what is kept is never changed."""

    def __init__(self, most: int) -> None:
        self.most, self._found, self._lock = most, OrderedDict[Hashable, Thing](), Lock()

    def __len__(self) -> int:
        return len(self._found)

    def get(self, key: Hashable) -> Thing | None:
        """What is kept under a key; None where there is nothing."""
        with self._lock:
            if key in self._found:
                self._found.move_to_end(key)
            return self._found.get(key)

    def put(self, key: Hashable, thing: Thing) -> Thing:
        """Keep a thing, and forget the oldest where there are too many."""
        with self._lock:
            self._found[key] = thing
            self._found.move_to_end(key)
            while len(self._found) > self.most:
                self._found.popitem(last=False)
        return thing

    def made(self, key: Hashable, make: Callable[[], Thing]) -> Thing:
        """What is kept under a key, or what is made now; made twice where two threads ask at once."""
        found = self.get(key)
        return self.put(key, make()) if found is None else found


class Shared(Generic[Thing]):
    """Things that somebody holds: who asks for the same finds it, and what nobody looks at any more goes."""

    def __init__(self) -> None:
        self._found, self._lock = WeakValueDictionary[Hashable, Thing](), Lock()

    def __len__(self) -> int:
        return len(self._found)

    def made(self, key: Hashable, make: Callable[[], Thing]) -> Thing:
        """What somebody holds under a key, or what is made now; one thing for all, also where threads ask at once."""
        found = self._found.get(key)
        if found is not None:
            return found
        thing = make()
        with self._lock:
            return self._found.setdefault(key, thing)
