"""Things that wait for their user's next click: a few, for a while, each seen by its own user only."""

from __future__ import annotations

import secrets
import threading
from collections import OrderedDict
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Generic, TypeVar

from domain.errors import BadInput

_Thing = TypeVar("_Thing")
#: How long a step waits where nothing else is said.
_KEPT = timedelta(minutes=20)


class Kept(Generic[_Thing]):
    """``most`` things at once; the oldest goes first. Lost with the process: nothing in here is decided yet."""

    def __init__(self, clock: Callable[[], datetime], most: int, kept: timedelta = _KEPT) -> None:
        self._clock = clock
        self._most = most
        self._kept = kept
        self._lock = threading.Lock()
        self._things: OrderedDict[str, tuple[str, datetime, _Thing]] = OrderedDict()

    def add(self, owner: str, thing: _Thing) -> str:
        """Keep a thing; return the word by which it is asked for again."""
        token = secrets.token_urlsafe(18)
        with self._lock:
            self._things[token] = (owner, self._clock() + self._kept, thing)
            while len(self._things) > self._most:
                self._things.popitem(last=False)
        return token

    def get(self, token: str, owner: str) -> _Thing:
        """The thing; :class:`BadInput` where it is gone or somebody else's."""
        with self._lock:
            found = self._things.get(token)
        if found is None or found[0] != owner or found[1] < self._clock():
            raise BadInput("这一步已过期或已完成；请重新开始。")
        return found[2]

    def drop(self, token: str) -> None:
        """Forget it."""
        with self._lock:
            self._things.pop(token, None)
